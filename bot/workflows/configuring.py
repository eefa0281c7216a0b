"""desk.yaml put in force: stored as a version, its names resolved to ids by what the directory knows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot import config
from bot.config import Ambiguous, ChannelRef, ChannelTaken, DeskConfig, LoadedConfig, PersonRef
from bot.errors import DeskbellError
from bot.failpoints import Commit
from bot.models import Configuration, Desk
from bot.store import Store
from bot.store.dialects import CONFIGURING, one_at_a_time, upsert
from bot.workflows import policies, telling, timekeeping
from bot.workflows.desks import (
    Definition,
    DigestDefinition,
    ShiftDefinition,
    definition_from,
    load_desks,
)
from bot.workflows.names import Lookup, Names, read_names
from bot.workflows.people import administrators
from bot.workflows.telling import Telling

log = structlog.get_logger(__name__)


class NobodyLeft(DeskbellError):
    """Everybody whom a desk names as an agent has left."""

    def __init__(self) -> None:
        super().__init__("Everybody named in `agents` has left. Name somebody else in desk.yaml.")


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
    """Find ids for the names of desks that are not resolved yet under the configuration in force.

    What is resolved stays so, also when a channel is renamed: the last known ids are valid. Returns the
    problems, a sentence each; a desk with a problem is disabled, the others work.
    """
    one_at_a_time(session, CONFIGURING)
    current = in_force(session)
    if current is None:
        return []
    desired = config.load(current.text).config
    session.execute(delete(Desk).where(Desk.key.not_in(list(desired.desks))))
    problems = _Resolution(session, desired, current, read_names(session)).go()
    session.flush()
    session.expire_all()
    return problems


@dataclass(frozen=True)
class _Resolution:
    """One look for everything that desks name."""

    session: Session
    desired: DeskConfig
    version: Configuration
    names: Names
    owners: dict[str, str] = field(default_factory=dict)
    """The channels that have a use, by id, and which."""

    def go(self) -> list[str]:
        """The desks that work keep what they have; the others follow in the order of desk.yaml."""
        working = select(Desk).where(Desk.is_active, Desk.configuration_id == self.version.id)
        settled = {row.key: row for row in self.session.scalars(working)}
        for row in settled.values():
            self._settled(row)
        pending = [(position, key) for position, key in enumerate(self.desired.desks) if key not in settled]
        return [problem for position, key in pending if (problem := self._resolve(key, position))]

    def _settled(self, row: Desk) -> None:
        _find_missing(self.desired, row, self.names)
        definition = definition_from(row.definition)
        channels = (*definition.request_channels, definition.triage_channel)
        uses = (use for _, use in self.desired.desks[row.key].uses())
        self.owners.update(zip(channels, uses, strict=False))

    def _resolve(self, key: str, position: int) -> str | None:
        desk, lookup = self.desired.desks[key], Lookup(self.names)
        try:
            definition, problem = self._define(desk, lookup), None
        except DeskbellError as error:
            definition, problem = None, f"The desk “{desk.name}” is off: {error}"
        values = {
            "key": key,
            "position": position,
            "name": desk.name,
            "definition": definition.to_json() if definition else {},
            "is_active": definition is not None,
            "problem": problem,
            "configuration_id": self.version.id,
        }
        upsert(self.session, Desk, values, keys=["key"])
        if definition is not None:
            telling.repoint_cards(self.session, desk_key=key, channel=definition.triage_channel)
            _tell_of_missing(self.session, self.desired, definition, self.version, lookup)
        if problem is not None:
            # Once for each configuration: a mistake that was mended and is made again is news.
            notice = f"desk:{key}:{self.version.id}:{_short(problem)}"
            tell_administrators(self.session, notice, "A desk is off", problem)
        return problem

    def _define(self, desk: config.Desk, lookup: Lookup) -> Definition:
        definition = define(self.desired, desk.key, lookup)
        if definition.agents.kind == "people" and not definition.agents.ids:
            raise NobodyLeft
        self._own_channels(desk, lookup)
        return _with_policies(self.session, self.desired, definition, self.version.applied_at)

    def _own_channels(self, desk: config.Desk, lookup: Lookup) -> None:
        """That two names in desk.yaml are one channel shows by their ids alone. Raises ChannelTaken."""
        owners = dict(self.owners)
        for ref, use in desk.uses():
            taken = owners.setdefault(lookup.channel(ref), use)
            if taken != use:
                raise ChannelTaken(ref, taken)
        self.owners.update(owners)


def _find_missing(desired: DeskConfig, row: Desk, names: Names) -> None:
    """Whom a desk lacked may be there by now.

    What was promised is not written anew: escalations look up in the desk what they did not know.
    """
    known = definition_from(row.definition)
    if known.ids and not known.missing:
        return
    try:
        found = define(desired, known.key, Lookup(names, known))
    except DeskbellError:  # resolved before desks kept what names mean, and something has another name by now
        return
    found = replace(found, policies=known.policies, moved=known.moved)
    if found != known:
        row.definition = found.to_json()


def _with_policies(
    session: Session,
    desired: DeskConfig,
    definition: Definition,
    at: datetime,
    *,
    keeps_holidays: bool = False,
) -> Definition:
    """The desk with the versions of its service policies."""
    resolver = policies.Resolver(definition.ids)
    in_force = policies.put_in_force(
        session, desired, definition.key, resolver, at, keeps_holidays=keeps_holidays
    )
    timekeeping.begin_for_open(session, definition, in_force, at)
    return replace(definition, policies=in_force)


def _tell_of_missing(
    session: Session, desired: DeskConfig, definition: Definition, version: Configuration, lookup: Lookup
) -> None:
    for ref, error in lookup.missing.items():
        is_administrator = ref in (desired.administrators or ())
        place = "among the administrators" if is_administrator else f"at {definition.name}"
        key = f"nobody:{'' if is_administrator else definition.key}:{version.id}:{_short(str(ref))}"
        title, detail, fix = _words_for_missing(ref, error, place)
        tell_administrators(session, key, title, detail, fix)


def _words_for_missing(ref: PersonRef | ChannelRef, error: DeskbellError, place: str) -> tuple[str, str, str]:
    """Title, detail and fix."""
    named = f"desk.yaml names “{ref}” {place}"
    others = "Everybody else there is told as before."
    if isinstance(error, Ambiguous):
        return "A name in desk.yaml is not clear", f"{named}. {error}", ""
    if isinstance(ref, ChannelRef):
        return (
            "A channel in desk.yaml cannot be found",
            f"{named}, and the bot sees no such channel. {others}",
            "If it is private, invite the bot there: then it is found by itself. "
            "Otherwise correct the name in desk.yaml and start Deskbell again.",
        )
    return (
        "Somebody in desk.yaml cannot be found",
        f"{named}, and nobody active bears that name. {others}",
        "Correct the name in desk.yaml and start Deskbell again. Who is yet to join Slack is found then.",
    )


def _shifts(desk: config.Desk, lookup: Lookup) -> tuple[ShiftDefinition, ...]:
    """The shifts with those of their people who can be found."""
    return tuple(
        ShiftDefinition(
            days=shift.days,
            windows=shift.windows,
            timezone=shift.timezone,
            people=lookup.known(shift.people),
        )
        for shift in desk.shifts
    )


def _digest(desk: config.Desk) -> DigestDefinition | None:
    if desk.digest is None:
        return None
    return DigestDefinition(at=desk.digest.at, days=desk.digest.days, reviews=desk.digest.reviews)


def define(desired: DeskConfig, key: str, lookup: Lookup) -> Definition:
    """A desk with its names resolved. Raises Unresolved, Ambiguous or UnknownUsergroup."""
    desk = desired.desks[key]
    matrix = desired.priorities.cells
    definition = Definition(
        key=key,
        name=desk.name,
        timezone=desk.timezone,
        request_channels=tuple(lookup.channel(ref) for ref in desk.request_channels),
        triage_channel=lookup.channel(desk.triage_channel),
        managers_channel=lookup.channel(desk.managers_channel) if desk.managers_channel else None,
        agents=lookup.agents(desk.agents),
        leads=lookup.present(desk.leads),
        managers=lookup.present(desk.managers),
        administrators=_administrators(desired, lookup),
        close_after=desk.close_after,
        undo_within=desk.undo_within,
        emoji=desk.emoji.gestures(),
        categories=desk.categories,
        matrix={f"{impact.value}/{urgency.value}": name for (impact, urgency), name in matrix.items()},
        shifts=_shifts(desk, lookup),
        digest=_digest(desk),
    )
    _look_up_recipients(desired, key, lookup)
    return replace(definition, ids=lookup.ids, missing=tuple(str(ref) for ref in lookup.missing))


def _look_up_recipients(desired: DeskConfig, key: str, lookup: Lookup) -> None:
    for sla in desired.desks[key].slas.values():
        for to in desired.slas[sla].recipients():
            lookup.recipient(to)


def _administrators(desired: DeskConfig, lookup: Lookup) -> tuple[str, ...] | None:
    """Those named who are still there; None where nobody is named or all have left: then the owners are."""
    return lookup.present(desired.administrators or ()) or None


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
    resolved = select(Desk).where(Desk.is_active, Desk.configuration_id == current.id)
    for row in session.scalars(resolved.where(Desk.key.in_(keys))):
        definition = definition_from(row.definition)
        lookup = Lookup(names, definition)
        _look_up_recipients(desired, definition.key, lookup)
        definition = replace(definition, ids=lookup.ids)
        extended = _with_policies(session, desired, definition, now, keeps_holidays=True)
        row.definition = extended.to_json()
    session.flush()
