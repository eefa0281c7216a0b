"""desk.yaml put in force: stored as a version, its names resolved to ids by what the directory knows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot import config
from bot.config import ChannelCard, ChannelRef, DeskConfig, LoadedConfig, PersonCard, PersonRef
from bot.errors import DeskbellError
from bot.failpoints import Commit
from bot.models import Channel, Configuration, Desk, Person, Usergroup
from bot.store import Store
from bot.store.dialects import CONFIGURING, one_at_a_time, upsert
from bot.workflows import policies, telling, timekeeping
from bot.workflows.desks import (
    AgentSource,
    Definition,
    DigestDefinition,
    ShiftDefinition,
    definition_from,
    load_desks,
)
from bot.workflows.people import administrators
from bot.workflows.telling import Telling

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Names:
    """The people, channels and user groups that the directory knows."""

    people: tuple[PersonCard, ...]
    channels: tuple[ChannelCard, ...]
    usergroups: dict[str, str]
    """Handle (lower case) → id."""
    former: tuple[PersonCard, ...] = ()
    """People whose accounts are deactivated: they may still be named, and are left out."""

    def person(self, ref: PersonRef) -> str:
        """Raises Unresolved or Ambiguous."""
        return config.resolve_person(ref, self.people)

    def present(self, refs: tuple[PersonRef, ...]) -> tuple[str, ...]:
        """Those who are still there. Raises Unresolved or Ambiguous for a name that nobody ever bore."""
        return tuple(self.person(ref) for ref in refs if not self.has_left(ref))

    def has_left(self, ref: PersonRef) -> bool:
        """Whether a name is that of a deactivated account, and of no other."""
        return not _resolves(ref, self.people) and _resolves(ref, self.former)

    def channel(self, ref: ChannelRef) -> str:
        """Raises Unresolved or Ambiguous."""
        return config.resolve_channel(ref, self.channels)

    def agents(self, source: config.Agents) -> AgentSource:
        """Raises Unresolved or Ambiguous, or UnknownUsergroup."""
        match source:
            case config.MembersOf(channel):
                return AgentSource(kind="channel", ids=(self.channel(channel),))
            case config.People(people):
                return AgentSource(kind="people", ids=self.present(people))
            case config.Usergroup(handle):
                found = self.usergroups.get(handle.removeprefix("@").lower())
                if found is None:
                    raise UnknownUsergroup(handle)
                return AgentSource(kind="usergroup", ids=(found,))


class UnknownUsergroup(DeskbellError):
    """No user group has this handle."""

    def __init__(self, handle: str) -> None:
        super().__init__(f'No user group is known as "{handle}". Correct the handle in desk.yaml.')


class NobodyLeft(DeskbellError):
    """Everybody whom a desk names as an agent has left."""

    def __init__(self) -> None:
        super().__init__("Everybody named in `agents` has left. Name somebody else in desk.yaml.")


def read_names(session: Session) -> Names:
    """What the directory knows at the moment. Archived channels and deactivated people do not count."""
    people = session.scalars(select(Person).where(Person.is_deactivated.is_(False), Person.is_app.is_(False)))
    channels = session.scalars(select(Channel).where(Channel.is_archived.is_(False)))
    groups = session.scalars(select(Usergroup).where(Usergroup.is_disabled.is_(False)))
    return Names(
        people=tuple(PersonCard(p.id, p.handle, p.name, p.email) for p in people),
        channels=tuple(ChannelCard(c.id, c.name) for c in channels),
        usergroups={group.handle.lower(): group.id for group in groups},
        former=tuple(
            PersonCard(p.id, p.handle, p.name, p.email)
            for p in session.scalars(select(Person).where(Person.is_deactivated, Person.is_app.is_(False)))
        ),
    )


def _resolves(ref: PersonRef, people: tuple[PersonCard, ...]) -> bool:
    try:
        config.resolve_person(ref, people)
    except DeskbellError:
        return False
    return True


def in_force(session: Session) -> Configuration | None:
    """The newest configuration."""
    return session.scalars(select(Configuration).order_by(Configuration.id.desc()).limit(1)).first()


def apply_config(session: Session, loaded: LoadedConfig, now: datetime) -> bool:
    """Put a configuration in force; False when the same one is already. Resolves nothing yet."""
    one_at_a_time(session, CONFIGURING)
    current = in_force(session)
    if current is not None and current.digest == loaded.digest:
        return False
    session.add(Configuration(digest=loaded.digest, text=loaded.text, applied_at=now))
    session.flush()
    return True


def resolve_desks(session: Session) -> list[str]:
    """Find ids for the desks whose names are not resolved yet under the configuration in force.

    What is resolved stays so, also when a channel is renamed: the last known ids are valid. Returns the
    problems, a sentence each; a desk with a problem is disabled, the others work.
    """
    one_at_a_time(session, CONFIGURING)
    current = in_force(session)
    if current is None:
        return []
    desired = config.load(current.text).config
    session.execute(delete(Desk).where(Desk.key.not_in(list(desired.desks))))
    names = read_names(session)
    problems = [
        problem
        for position, key in enumerate(desired.desks)
        if (problem := _resolve(session, desired, key, position, current, names))
    ]
    session.expire_all()
    return problems


def _resolve(
    session: Session, desired: DeskConfig, key: str, position: int, version: Configuration, names: Names
) -> str | None:
    row = session.get(Desk, key)
    if row is not None and row.is_active and row.configuration_id == version.id:
        return None
    try:
        definition, problem = define(desired, key, names), None
        if definition.agents.kind == "people" and not definition.agents.ids:
            raise NobodyLeft
        definition = _with_policies(session, desired, definition, names, version.applied_at)
    except DeskbellError as error:
        definition, problem = None, f"The desk “{desired.desks[key].name}” is off: {error}"
    values = {
        "key": key,
        "position": position,
        "name": desired.desks[key].name,
        "definition": definition.to_json() if definition else {},
        "is_active": definition is not None,
        "problem": problem,
        "configuration_id": version.id,
    }
    upsert(session, Desk, values, keys=["key"])
    if definition is not None:
        telling.repoint_cards(session, desk_key=key, channel=definition.triage_channel)
    if problem is not None:
        # Once for each configuration: a mistake that was mended and is made again is news.
        tell_administrators(session, f"desk:{key}:{version.id}:{_short(problem)}", "A desk is off", problem)
    return problem


def _with_policies(
    session: Session,
    desired: DeskConfig,
    definition: Definition,
    names: Names,
    at: datetime,
    *,
    keeps_holidays: bool = False,
) -> Definition:
    """The desk with the versions of its service policies; tell of names in them that nobody bears."""
    key = definition.key
    resolver = policies.Resolver(person=names.person, channel=names.channel)
    in_force = policies.put_in_force(session, desired, key, resolver, at, keeps_holidays=keeps_holidays)
    timekeeping.begin_for_open(session, definition, in_force, at)
    told = {name for id_ in in_force.values() for name in policies.unknown(session, id_)}
    for name in sorted(told | _missing(desired, desired.desks[key], names)):
        tell_administrators(
            session,
            f"nobody:{key}:{_short(name)}",
            "Somebody in desk.yaml cannot be found",
            f"desk.yaml names “{name}” at {definition.name}, and nobody active bears that name. "
            "Everybody else there is told as before.",
            fix="Correct the name in desk.yaml and start Deskbell again.",
        )
    return replace(definition, policies=in_force)


def _missing(desired: DeskConfig, desk: config.Desk, names: Names) -> set[str]:
    """The people of a desk who have left, and those of its shifts whom nobody knows."""
    named = (*desk.leads, *desk.managers, *_listed(desk.agents), *(desired.administrators or ()))
    on_shift = (ref for shift in desk.shifts for ref in shift.people)
    left = {str(ref) for ref in named if names.has_left(ref)}
    return left | {str(ref) for ref in on_shift if not _knows(names, ref)}


def _listed(agents: config.Agents) -> tuple[PersonRef, ...]:
    return agents.people if isinstance(agents, config.People) else ()


def _knows(names: Names, ref: PersonRef) -> bool:
    try:
        names.person(ref)
    except DeskbellError:
        return False
    return True


def _shifts(desk: config.Desk, names: Names) -> tuple[ShiftDefinition, ...]:
    """The shifts with those of their people who can be found."""
    return tuple(
        ShiftDefinition(
            days=shift.days,
            windows=shift.windows,
            timezone=shift.timezone,
            people=tuple(names.person(ref) for ref in shift.people if _knows(names, ref)),
        )
        for shift in desk.shifts
    )


def _digest(desk: config.Desk) -> DigestDefinition | None:
    if desk.digest is None:
        return None
    return DigestDefinition(at=desk.digest.at, days=desk.digest.days, reviews=desk.digest.reviews)


def define(desired: DeskConfig, key: str, names: Names) -> Definition:
    """A desk with its names resolved. Raises Unresolved, Ambiguous or UnknownUsergroup."""
    desk = desired.desks[key]
    matrix = desired.priorities.cells
    return Definition(
        key=key,
        name=desk.name,
        timezone=desk.timezone,
        request_channels=tuple(names.channel(ref) for ref in desk.request_channels),
        triage_channel=names.channel(desk.triage_channel),
        managers_channel=names.channel(desk.managers_channel) if desk.managers_channel else None,
        agents=names.agents(desk.agents),
        leads=names.present(desk.leads),
        managers=names.present(desk.managers),
        administrators=_administrators(desired, names),
        close_after=desk.close_after,
        undo_within=desk.undo_within,
        emoji=desk.emoji.gestures(),
        categories=desk.categories,
        matrix={f"{impact.value}/{urgency.value}": name for (impact, urgency), name in matrix.items()},
        shifts=_shifts(desk, names),
        digest=_digest(desk),
    )


def _administrators(desired: DeskConfig, names: Names) -> tuple[str, ...] | None:
    """Those named who are still there; None where nobody is named or all have left: then the owners are."""
    return names.present(desired.administrators or ()) or None


def tell_of_clock(session: Session, before: datetime, now: datetime) -> None:
    """Tell the administrators, once for each step, that the machine's clock went back."""
    log.warning("the clock went back", from_=before.isoformat(), to=now.isoformat())
    tell_administrators(
        session,
        f"clock:{before:%Y-%m-%dT%H:%M}",
        "The clock of this machine went back",
        f"It went from {before:%Y-%m-%d %H:%M} to {now:%Y-%m-%d %H:%M} UTC. "
        "Nothing is said twice, but what is due until then comes late.",
        fix="See that the machine's time is kept by NTP.",
    )


def tell_of_channels(session: Session, problems: list[str]) -> None:
    """Tell the administrators which channels the bot cannot use, once for each."""
    for problem in problems:
        tell_administrators(session, f"channel:{_short(problem)}", "A channel cannot be used", problem)


def tell_administrators(session: Session, key: str, title: str, detail: str, fix: str = "") -> None:
    """Tell each administrator once about a failure; the key names it."""
    for person_id in administrators(session, _named_administrators(session)):
        telling.tell(
            session,
            f"notice:{key}:{person_id}",
            Telling.NOTICE,
            person_id=person_id,
            data={"title": title, "detail": detail, "fix": fix},
        )


def _named_administrators(session: Session) -> tuple[str, ...] | None:
    """The administrators of desk.yaml, as far as their names can be resolved."""
    current = in_force(session)
    named = config.load(current.text).config.administrators if current else None
    if named is None:
        return None
    names = read_names(session)
    found = []
    for ref in named:
        try:
            found.append(names.person(ref))
        except DeskbellError:
            continue
    return tuple(found) or None


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


EXTEND_AHEAD = timedelta(days=400)
"""Holidays are written out anew when the newest version knows them for less than this."""


def extend_calendars(store: Store, now: datetime) -> int:
    """Write out the holidays of later years before they are needed; how many desks got a new version.

    What an earlier version says of a date stays as it is.
    """
    with store.read() as session:
        ending = [desk for desk in load_desks(session).all if _ends_soon(session, desk, now)]
    if ending:
        keys = [desk.key for desk in ending]
        store.run(lambda session: _extend(session, keys, now), Commit.CALENDARS)
    return len(ending)


def _ends_soon(session: Session, desk: Definition, now: datetime) -> bool:
    known = [policies.load_policy(session, id_).last_holiday for id_ in desk.policies.values()]
    return any(last is not None and last < (now + EXTEND_AHEAD).date() for last in known)


def _extend(session: Session, keys: list[str], now: datetime) -> None:
    one_at_a_time(session, CONFIGURING)
    current = in_force(session)
    if current is None:
        return
    desired, names = config.load(current.text).config, read_names(session)
    for row in session.scalars(select(Desk).where(Desk.key.in_(keys), Desk.is_active)):
        definition = definition_from(row.definition)
        extended = _with_policies(session, desired, definition, names, now, keeps_holidays=True)
        row.definition = extended.to_json()
    session.flush()
