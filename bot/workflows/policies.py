"""Service level policies: what desk.yaml promises, kept as versions that never change.

A version holds for tickets raised from its effective instant on, and for the rest of those that are open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from bot import config
from bot.config import ChannelRef, DeskConfig, Escalation, Sla, Target
from bot.models import ServiceClock, ServicePolicy
from bot.models.base import canonical
from bot.models.vocabulary import Kind
from bot.service_levels.calendars import Calendar, Window
from bot.service_levels.clocks import Point, Promise
from bot.service_levels.openings import hours_of
from bot.store.connections import connection
from bot.workflows.desks import Definition

_WRITTEN_HERE: Final = "deskbell_policies"

YEARS_BACK: Final = 1
YEARS_AHEAD: Final = 2
"""Holidays are written into a version for so many calendar years around the one it begins in."""


@dataclass(frozen=True)
class Recipient:
    """Who is told by a step: a role at the desk, a person's id, or a channel's id."""

    kind: Literal["role", "person", "channel", "unknown"]
    id: str
    """Of what is unknown the name, as desk.yaml writes it."""

    def at(self, desk: Definition) -> Recipient:
        """Itself; what was unknown when the version was written is whom its name means at the desk by now.

        A channel is followed to the id that it has by now.
        """
        if self.kind == "channel":
            return Recipient("channel", desk.moved.get(self.id, self.id))
        found = desk.ids.get(self.id) if self.kind == "unknown" else None
        if found is None:
            return self
        is_channel = isinstance(config.parse_recipient(self.id), ChannelRef)
        return Recipient("channel" if is_channel else "person", found)


@dataclass(frozen=True)
class Policy:
    """One version. `effective_from` is a business instant in UTC."""

    id: int
    name: str
    effective_from: datetime
    promises: Mapping[str, Promise]
    """By priority."""
    recipients: Mapping[str, tuple[tuple[Recipient, ...], ...]]
    """By priority: whom each step of the escalation tells."""
    last_holiday: date | None
    """Until when its holidays are written out; None where no calendar follows a region."""


# --- from desk.yaml to records ---


@dataclass(frozen=True)
class Resolver:
    """Finds the people and channels that an escalation names, by the `ids` that names mean."""

    ids: Mapping[str, str]

    def recipient(self, to: config.Recipient) -> Recipient:
        """A name that means nobody yet stays as it is written."""
        if isinstance(to, config.Role):
            return Recipient("role", to.name)
        found = self.ids.get(str(to))
        if found is None:
            return Recipient("unknown", str(to))
        return Recipient("channel" if isinstance(to, ChannelRef) else "person", found)


def put_in_force(
    session: Session,
    desired: DeskConfig,
    desk_key: str,
    resolver: Resolver,
    at: datetime,
    *,
    keeps_holidays: bool = False,
) -> dict[str, int]:
    """The ids of the versions that hold from `at` on, by kind of ticket; new ones are written.

    Open tickets follow by the next tick. With `keeps_holidays` dates that the newest version knows stay as
    they are, so that an update of the library of holidays moves no deadline.
    """
    named = desired.desks[desk_key].slas
    for kind in Kind:
        if kind not in named and newest_version(session, desk_key, kind) is not None:
            look_again(session, desk_key, kind, at)  # nothing is promised any more
    return {
        kind.value: _version(
            session,
            desk_key,
            kind,
            content_of(desired.slas[name], desired.calendars, resolver, at.date()),
            at,
            keeps_holidays=keeps_holidays,
        )
        for kind, name in named.items()
    }


def _version(
    session: Session,
    desk_key: str,
    kind: Kind,
    content: dict[str, Any],
    at: datetime,
    *,
    keeps_holidays: bool,
) -> int:
    newest = newest_version(session, desk_key, kind)
    if newest is not None and keeps_holidays:
        content = _with_known_holidays(content, newest.content)
    digest = hashlib.sha256(canonical(content).encode()).hexdigest()
    if newest is not None and newest.digest == digest:
        return newest.id
    row = ServicePolicy(
        desk_key=desk_key,
        kind=kind,
        name=content["name"],
        content=content,
        digest=digest,
        effective_from=at,
    )
    session.add(row)
    session.flush()
    session.info.setdefault(_WRITTEN_HERE, set()).add(row.id)
    look_again(session, desk_key, kind, at)
    return row.id


def _with_known_holidays(content: dict[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    until = known["last_holiday"]
    if until is None:
        return content
    calendars = {
        name: calendar | {"holidays": _holidays(calendar, known["calendars"].get(name), until)}
        for name, calendar in content["calendars"].items()
    }
    return content | {"calendars": calendars}


def _holidays(calendar: Mapping[str, Any], known: Mapping[str, Any] | None, until: str) -> list[str]:
    if known is None:
        return list(calendar["holidays"])
    return [*known["holidays"], *(day for day in calendar["holidays"] if day > until)]


def channels(session: Session, desk: Definition) -> set[str]:
    """The channels that a desk's escalations tell."""
    in_force = (load_policy(session, id_).recipients.values() for id_ in desk.policies.values())
    told = (to.at(desk) for priorities in in_force for steps in priorities for step in steps for to in step)
    return {to.id for to in told if to.kind == "channel"}


def newest_version(session: Session, desk_key: str, kind: Kind) -> ServicePolicy | None:
    """The newest version for a desk and kind of ticket."""
    of_desk = select(ServicePolicy).where(ServicePolicy.desk_key == desk_key, ServicePolicy.kind == kind)
    return session.scalars(of_desk.order_by(ServicePolicy.id.desc()).limit(1)).first()


def look_again(session: Session, desk_key: str, kind: Kind, at: datetime) -> None:
    """Open clocks are due for a look: what measures them has changed."""
    open_clocks = update(ServiceClock).where(
        ServiceClock.desk_key == desk_key, ServiceClock.kind == kind, ServiceClock.stopped_at.is_(None)
    )
    session.execute(open_clocks.values(next_fire_at=at).execution_options(synchronize_session=False))


def content_of(
    sla: Sla, calendars: Mapping[str, Calendar], resolver: Resolver, today: date
) -> dict[str, Any]:
    """A version's content as JSON: targets in seconds, calendars with their holidays written out."""
    named = sorted({target.calendar for target in sla.targets.values()})
    first, last = date(today.year - YEARS_BACK, 1, 1), date(today.year + YEARS_AHEAD, 12, 31)
    follows_region = any(calendars[name].region for name in named)
    return {
        "name": sla.name,
        "calendars": {
            name: _calendar_to_json(config.materialised(calendars[name], first, last)) for name in named
        },
        "last_holiday": last.isoformat() if follows_region else None,
        "priorities": {
            priority: _target_to_json(target, resolver) for priority, target in sla.targets.items()
        },
    }


def _calendar_to_json(calendar: Calendar) -> dict[str, Any]:
    return {
        "timezone": calendar.timezone,
        "week": [[[window.opens, window.closes] for window in day] for day in calendar.week],
        "holidays": [day.isoformat() for day in calendar.holidays],
        "special": [[day.isoformat(), [[w.opens, w.closes] for w in ws]] for day, ws in calendar.special],
    }


def _target_to_json(target: Target, resolver: Resolver) -> dict[str, Any]:
    promised = {"respond": target.respond, "resolve": target.resolve, "update": target.update}
    return {
        "calendar": target.calendar,
        "targets": {clock: seconds for clock, seconds in promised.items() if seconds is not None},
        "respond_by": list(target.respond_by),
        "pause_while": [state.value for state in target.pause_while],
        "warn_at": list(target.warn_at),
        "steps": [_step_to_json(step, resolver) for step in target.escalate],
    }


def _step_to_json(step: Escalation, resolver: Resolver) -> dict[str, Any]:
    found = [resolver.recipient(to) for to in step.to]
    return {
        "clock": step.at.clock,
        "percent": step.at.percent,
        "after": step.at.after,
        "to": [[to.kind, to.id] for to in found],
    }


# --- from records to promises ---

_KNOWN: WeakKeyDictionary[Engine, dict[int, Policy]] = WeakKeyDictionary()
"""Versions never change, so each is read once per process and database."""


def load_policy(session: Session, policy_id: int) -> Policy:
    """A version by its id. Raises LookupError."""
    known = _KNOWN.setdefault(connection(session).engine, {})
    policy = known.get(policy_id)
    if policy is None:
        row = session.get(ServicePolicy, policy_id)
        if row is None:
            raise LookupError(f"There is no service policy with id {policy_id}.")
        policy = policy_from(row.id, row.effective_from, row.content)
        # One whose transaction is rolled back must not be remembered: ids are given again.
        if policy_id not in session.info.get(_WRITTEN_HERE, ()):
            known[policy_id] = policy
    return policy


def policy_from(policy_id: int, effective_from: datetime, content: Mapping[str, Any]) -> Policy:
    """The policy that a version's content describes."""
    calendars = {name: _calendar_from(name, data) for name, data in content["calendars"].items()}
    promises = {
        priority: _promise_from(policy_id, priority, data, calendars[data["calendar"]])
        for priority, data in content["priorities"].items()
    }
    recipients = {
        priority: tuple(tuple(Recipient(kind, id_) for kind, id_ in step["to"]) for step in data["steps"])
        for priority, data in content["priorities"].items()
    }
    last = content["last_holiday"]
    return Policy(
        id=policy_id,
        name=content["name"],
        effective_from=effective_from,
        promises=promises,
        recipients=recipients,
        last_holiday=date.fromisoformat(last) if last else None,
    )


def _calendar_from(name: str, data: Mapping[str, Any]) -> Calendar:
    return Calendar(
        name=name,
        timezone=data["timezone"],
        week=tuple(_windows(day) for day in data["week"]),
        holidays=tuple(date.fromisoformat(day) for day in data["holidays"]),
        special=tuple((date.fromisoformat(day), _windows(windows)) for day, windows in data["special"]),
    )


def _windows(pairs: list[list[int]]) -> tuple[Window, ...]:
    return tuple(Window(opens, closes) for opens, closes in pairs)


def _promise_from(policy_id: int, priority: str, data: Mapping[str, Any], calendar: Calendar) -> Promise:
    steps = (
        (step["clock"], Point(step["percent"], timedelta(seconds=step["after"]), index))
        for index, step in enumerate(data["steps"])
    )
    return Promise(
        policy=policy_id,
        priority=priority,
        hours=hours_of(calendar),
        targets={clock: timedelta(seconds=seconds) for clock, seconds in data["targets"].items()},
        respond_by=frozenset(data["respond_by"]),
        pause_while=frozenset(data["pause_while"]),
        warn_at=tuple(data["warn_at"]),
        steps=tuple(steps),
    )
