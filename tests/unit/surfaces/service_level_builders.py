"""Clocks, points and alerts to render."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypedDict, Unpack

from bot.models.service_levels import ClockName, ClockState
from bot.models.vocabulary import State
from bot.workflows.reading import EventView, PersonView, TicketView
from bot.workflows.service_views import (
    AlertView,
    Cause,
    ClockView,
    ExplanationView,
    Gone,
    PieceView,
    PointView,
)
from tests.unit.surfaces.builders import BEN, LEA, MONDAY, ticket

TOM: Final = PersonView(id="U0TOM", name="Tom Weber")
NOTHING: Final = timedelta(0)
HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)
NOON: Final = MONDAY + 3 * HOUR
AT_NOON: Final = "2026-03-02 12:00 UTC"
AT_ONE: Final = "2026-03-02 13:00 UTC"


class ClockFields(TypedDict, total=False):
    """The fields of a clock that a test may choose."""

    clock: ClockName
    state: ClockState
    target: timedelta
    elapsed: timedelta
    due_at: datetime | None
    breached_at: datetime | None
    stopped_at: datetime | None
    paused_since: datetime | None
    pause_reason: State | None
    is_at_risk: bool
    early_by: timedelta | None
    late_by: timedelta | None
    started_at: datetime


def clock(**fields: Unpack[ClockFields]) -> ClockView:
    """A clock to resolve that runs and is due at noon, except for what is said."""
    plain = ClockView(
        clock=ClockName.RESOLVE,
        state=ClockState.RUNNING,
        target=3 * HOUR,
        elapsed=HOUR,
        due_at=NOON,
        breached_at=None,
        stopped_at=None,
        paused_since=None,
        pause_reason=None,
        is_at_risk=False,
        early_by=None,
        late_by=None,
        started_at=MONDAY,
    )
    return replace(plain, **fields)


def overdue(name: ClockName = ClockName.RESOLVE) -> ClockView:
    """A clock that runs on after it was due at noon."""
    return clock(clock=name, breached_at=NOON)


class PointFields(TypedDict, total=False):
    """The fields of a point that a test may choose."""

    clock: ClockName
    percent: int
    after: timedelta
    due_at: datetime
    priority: str
    cause: Cause
    is_late: bool
    gone: Gone | None
    gone_by: PersonView | None
    gone_at: datetime | None
    was_in_time: bool


def point(**fields: Unpack[PointFields]) -> PointView:
    """The breach of the time to resolve at noon, except for what is said."""
    plain = PointView(
        clock=ClockName.RESOLVE,
        percent=100,
        after=NOTHING,
        due_at=NOON,
        target=3 * HOUR,
        priority="P3",
        cause="time",
        is_late=False,
        gone=None,
        gone_by=None,
        gone_at=None,
    )
    return replace(plain, **fields)


def warning(name: ClockName = ClockName.RESPOND, **fields: Unpack[PointFields]) -> PointView:
    """Half of the time to respond is used at ten."""
    return replace(point(clock=name, percent=50, due_at=MONDAY + HOUR), **fields)


class AlertFields(TypedDict, total=False):
    """The fields of an alert that a test may choose."""

    told: tuple[PersonView, ...]
    covers: dict[str, PersonView]
    done: tuple[EventView, ...]
    acknowledged: tuple[PersonView, datetime] | None
    held_since: datetime | None


def alert_view(
    *points: PointView, about: TicketView | None = None, nobody: bool = False, **fields: Unpack[AlertFields]
) -> AlertView:
    """An alert about INC-12 that tells Ben, except for what is said."""
    plain = AlertView(
        ticket=about or ticket(clocks=(overdue(), clock(clock=ClockName.RESPOND))),
        points=points,
        told=(BEN,),
        nobody="nobody_available" if nobody else None,
        covers={},
        done=(),
        acknowledged=None,
    )
    return replace(plain, **fields)


def gone(of: PointView, how: Gone = "claimed") -> PointView:
    """The same point, after Lea did something about it at one."""
    return replace(of, gone=how, gone_by=LEA, gone_at=MONDAY + 4 * HOUR)


def piece(
    start: datetime,
    span: timedelta,
    *,
    counts: bool = True,
    reason: str = "open",
    open_time: timedelta | None = None,
    policy: int = 3,
) -> PieceView:
    """A part of a cycle in the office's hours."""
    return PieceView(
        start=start,
        end=start + span,
        counts=counts,
        reason=reason,
        calendar="office",
        policy=policy,
        open_time=open_time if open_time is not None else (span if counts else NOTHING),
        priority="P3",
    )


def explained(
    *pieces: PieceView,
    of: ClockView | None = None,
    cycle: int = 1,
    carried: timedelta = NOTHING,
    target: timedelta = 8 * HOUR,
) -> ExplanationView:
    """One cycle of the clock to resolve."""
    return ExplanationView(
        number="INC-12",
        clock=of or clock(target=target),
        cycle=cycle,
        pieces=pieces,
        target=target,
        carried=carried,
        policy_names={3: "standard", 4: "standard"},
    )
