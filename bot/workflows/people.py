"""Who acts, and in which roles. Fails closed: what is not known freshly is asked for, never assumed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.orm import Session

from bot.clock import real_now
from bot.models import Channel, Membership, Person, Ticket, Usergroup, UsergroupMember
from bot.models.vocabulary import OUTSIDERS, Role
from bot.store.connections import connection
from bot.workflows.desks import AgentSource, Definition
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


AnyRow: TypeAlias = Row[*tuple[Any, ...]]

_COLUMNS = (
    Person.id,
    Person.is_app,
    Person.is_guest,
    Person.is_stranger,
    Person.is_deactivated,
    Person.is_owner,
    Person.refreshed_at,
)
_PERSON: Select[*tuple[Any, ...]] = select(*_COLUMNS).where(Person.id == bindparam("person"))


def _with_membership(
    refreshed_at: Select[*tuple[Any, ...]], membership: Select[*tuple[Any, ...]]
) -> Select[*tuple[Any, ...]]:
    """In one statement: the person, since when the place's members are known, and the membership."""
    more = (refreshed_at.scalar_subquery(), membership.scalar_subquery())
    return select(*_COLUMNS, *more).where(Person.id == bindparam("person"))


_IN_CHANNEL = _with_membership(
    select(Channel.members_refreshed_at).where(Channel.id == bindparam("place")),
    select(Membership.person_id).where(
        Membership.channel_id == bindparam("place"), Membership.person_id == bindparam("person")
    ),
)
_IN_USERGROUP = _with_membership(
    select(Usergroup.members_refreshed_at).where(Usergroup.id == bindparam("place")),
    select(UsergroupMember.person_id).where(
        UsergroupMember.usergroup_id == bindparam("place"), UsergroupMember.person_id == bindparam("person")
    ),
)


def known_person(session: Session, person_id: str) -> Known:
    """The person, freshly known. Raises FactsMissing."""
    return _known(person_id, connection(session).execute(_PERSON, {"person": person_id}).first())


def _known(person_id: str, row: AnyRow | None) -> Known:
    if row is None or not _is_fresh(row.refreshed_at):
        raise FactsMissing(PersonFact(person_id))
    return Known(*row[: len(_COLUMNS)])


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
    row, place = _look_up(session, person_id, desk.agents)
    person = _known(person_id, row)
    role = standing(person)
    if role in OUTSIDERS:
        return Actor(person_id, frozenset({role}))
    roles = {role} | _desk_roles(person, desk)
    if Role.AGENT not in roles and _is_agent(person_id, row, place):
        roles.add(Role.AGENT)
    if ticket is not None and ticket.requester_id == person_id:
        roles.add(Role.REQUESTER)
    if ticket is not None and ticket.assignee_id == person_id and Role.AGENT in roles:
        roles.add(Role.ASSIGNEE)
    return Actor(person_id, frozenset(roles))


def _look_up(
    session: Session, person_id: str, source: AgentSource
) -> tuple[AnyRow | None, MembersFact | UsergroupFact | None]:
    """The person with their membership in the agents' source, and the fact that would refresh that."""
    if source.kind == "people":
        return connection(session).execute(_PERSON, {"person": person_id}).first(), None
    place = source.ids[0]
    is_channel = source.kind == "channel"
    statement = _IN_CHANNEL if is_channel else _IN_USERGROUP
    row = connection(session).execute(statement, {"person": person_id, "place": place}).first()
    return row, MembersFact(place) if is_channel else UsergroupFact(place)


def _is_agent(person_id: str, row: AnyRow | None, place: MembersFact | UsergroupFact | None) -> bool:
    """Whether the membership found makes an agent. Raises FactsMissing when it is not freshly known."""
    if row is None or place is None:
        return False
    refreshed_at, member_id = row[-2:]
    if not _is_fresh(refreshed_at):
        raise FactsMissing(place)
    return bool(member_id == person_id)


def member(session: Session, person_id: str) -> Actor:
    """A person with no more than their standing in the workspace, for what needs no role at a desk."""
    return Actor(person_id, frozenset({standing(known_person(session, person_id))}))


def _desk_roles(person: Known, desk: Definition) -> set[Role]:
    """The roles that desk.yaml gives by name."""
    roles = set()
    if person.id in desk.leads:
        roles |= {Role.LEAD, Role.AGENT}
    if desk.agents.kind == "people" and person.id in desk.agents.ids:
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


def administrators(session: Session, named: tuple[str, ...] | None) -> list[str]:
    """The ids of the people to tell about failures: those named, else the workspace's owners."""
    if named is not None:
        return list(named)
    owners = select(Person.id).where(
        Person.is_owner, Person.is_deactivated.is_(False), Person.is_app.is_(False)
    )
    return list(session.scalars(owners.order_by(Person.id)))
