"""Who acts, and in which roles. Fails closed: what is not known freshly is asked for, never assumed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from bot.clock import real_now
from bot.models import Channel, Membership, Person, Ticket, Usergroup, UsergroupMember
from bot.models.vocabulary import OUTSIDERS, Role
from bot.workflows.desks import Definition
from bot.workflows.facts import FRESH_FOR, MembersFact, PersonFact, UsergroupFact
from bot.workflows.outcomes import FactsMissing


@dataclass(frozen=True)
class Actor:
    """Somebody who does something to a ticket."""

    id: str | None
    roles: frozenset[Role]

    @property
    def person_id(self) -> str:
        """The person's id; only a person can do what asks for it."""
        if self.id is None:
            raise LookupError("The desk itself cannot do what needs a person.")
        return self.id

    @property
    def is_outsider(self) -> bool:
        """A guest, a stranger, an app, somebody deactivated or unknown."""
        return bool(self.roles & OUTSIDERS)


SYSTEM = Actor(None, frozenset({Role.SYSTEM}))


def _is_fresh(refreshed_at: datetime | None) -> bool:
    return refreshed_at is not None and real_now() - refreshed_at <= FRESH_FOR


@dataclass(frozen=True)
class Known:
    """What permission needs to know of a person."""

    id: str
    is_app: bool
    is_guest: bool
    is_stranger: bool
    is_deactivated: bool
    is_owner: bool
    refreshed_at: datetime


PERSON = select(
    Person.id,
    Person.is_app,
    Person.is_guest,
    Person.is_stranger,
    Person.is_deactivated,
    Person.is_owner,
    Person.refreshed_at,
).where(Person.id == bindparam("person"))
CHANNEL_MEMBER = (
    select(Channel.members_refreshed_at, Membership.person_id)
    .outerjoin(
        Membership, and_(Membership.channel_id == Channel.id, Membership.person_id == bindparam("person"))
    )
    .where(Channel.id == bindparam("place"))
)
USERGROUP_MEMBER = (
    select(Usergroup.members_refreshed_at, UsergroupMember.person_id)
    .outerjoin(
        UsergroupMember,
        and_(UsergroupMember.usergroup_id == Usergroup.id, UsergroupMember.person_id == bindparam("person")),
    )
    .where(Usergroup.id == bindparam("place"))
)


def known_person(session: Session, person_id: str) -> Known:
    """The person, freshly known. Raises FactsMissing."""
    row = session.connection().execute(PERSON, {"person": person_id}).first()
    if row is None or not _is_fresh(row.refreshed_at):
        raise FactsMissing(PersonFact(person_id))
    return Known(*row)


def standing(person: Known) -> Role:
    """What somebody is in the workspace, before any desk or ticket."""
    if person.is_deactivated:
        return Role.DEACTIVATED
    if person.is_app:
        return Role.APP
    if person.is_stranger:
        return Role.STRANGER
    if person.is_guest:
        return Role.GUEST
    return Role.MEMBER


def actor(session: Session, person_id: str, desk: Definition, ticket: Ticket | None = None) -> Actor:
    """A person with every role they hold for this desk and ticket. Raises FactsMissing."""
    person = known_person(session, person_id)
    role = standing(person)
    if role in OUTSIDERS:
        return Actor(person_id, frozenset({role}))
    roles = {role} | _desk_roles(session, person, desk)
    if ticket is not None and ticket.requester_id == person_id:
        roles.add(Role.REQUESTER)
    if ticket is not None and ticket.assignee_id == person_id and Role.AGENT in roles:
        roles.add(Role.ASSIGNEE)
    return Actor(person_id, frozenset(roles))


def member(session: Session, person_id: str) -> Actor:
    """A person with no more than their standing in the workspace, for what needs no role at a desk."""
    return Actor(person_id, frozenset({standing(known_person(session, person_id))}))


def _desk_roles(session: Session, person: Known, desk: Definition) -> set[Role]:
    roles = set()
    if person.id in desk.leads:
        roles |= {Role.LEAD, Role.AGENT}
    elif is_agent(session, person.id, desk):
        roles.add(Role.AGENT)
    if person.id in desk.managers:
        roles.add(Role.MANAGER)
    if is_administrator(person, desk):
        roles.add(Role.ADMINISTRATOR)
    return roles


def is_administrator(person: Known, desk: Definition) -> bool:
    """Named in `administrators`, or an owner where nobody is named."""
    if desk.administrators is None:
        return person.is_owner
    return person.id in desk.administrators


def is_agent(session: Session, person_id: str, desk: Definition) -> bool:
    """Whether somebody is an agent of the desk, leads aside. Raises FactsMissing when that is not known."""
    source = desk.agents
    if source.kind == "people":
        return person_id in source.ids
    place = source.ids[0]
    is_channel = source.kind == "channel"
    statement = CHANNEL_MEMBER if is_channel else USERGROUP_MEMBER
    row = session.connection().execute(statement, {"person": person_id, "place": place}).first()
    if row is None or not _is_fresh(row.members_refreshed_at):
        raise FactsMissing(MembersFact(place) if is_channel else UsergroupFact(place))
    return row.person_id is not None


def administrators(session: Session, named: tuple[str, ...] | None) -> list[str]:
    """The ids of the people to tell about failures: those named, else the workspace's owners."""
    if named is not None:
        return list(named)
    owners = select(Person.id).where(
        Person.is_owner, Person.is_deactivated.is_(False), Person.is_app.is_(False)
    )
    return list(session.scalars(owners.order_by(Person.id)))
