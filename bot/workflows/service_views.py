"""What surfaces are told of service levels: plain values. Instants are UTC, amounts are business time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from bot.models.service_levels import ClockName, ClockState
from bot.models.vocabulary import State

if TYPE_CHECKING:  # a ticket's view holds its clocks, and an alert holds its ticket's view
    from bot.workflows.reading import EventView, PersonView, TicketView

BREACH: Final = 100
"""The percentage at which a target is broken."""

Cause = Literal["time", "priority", "policy", "born", "reopened"]
"""What brought a clock to a point: time going by, or a change that found the point passed already."""

Gone = Literal[
    "claimed",
    "replied",
    "resolved",
    "cancelled",
    "paused",
    "priority",
    "policy",
    "updated",
]
"""Why a point needs nobody's attention any more."""


@dataclass(frozen=True, kw_only=True)
class ClockView:
    """One cycle of a clock, as badges show it."""

    clock: ClockName
    state: ClockState
    target: timedelta
    elapsed: timedelta
    """Open time without pauses, with what earlier cycles used."""
    due_at: datetime | None
    """None while paused, and when it can never fall due."""
    breached_at: datetime | None
    stopped_at: datetime | None
    paused_since: datetime | None
    pause_reason: State | None
    is_at_risk: bool
    """A warning's threshold is passed, the target not yet."""
    early_by: timedelta | None
    """For a cycle that met its target: what was left of it."""
    late_by: timedelta | None
    """For a cycle that missed its target: how much more than the target it took."""
    started_at: datetime
    is_cancelled: bool = False
    """It ended without being done; what it had missed by then stays missed."""


@dataclass(frozen=True, kw_only=True)
class EstimateView:
    """What a requester may expect, from the desk's own history; None where that says too little."""

    place: int
    """In the queue, counted from 1."""
    of: int
    usual: timedelta | None
    """The median."""
    nine_in_ten: timedelta | None
    """The 90th percentile."""
    is_working_time: bool
    """The amounts count the desk's open hours, not the wall clock's."""


@dataclass(frozen=True, kw_only=True)
class PointView:
    """A threshold of a clock that was reached."""

    clock: ClockName
    percent: int
    """Of the target; 100 is the breach."""
    after: timedelta
    """After the breach; zero for warnings and for the breach itself."""
    due_at: datetime
    """When this point was reached, which is not when its clock falls due."""
    target: timedelta
    priority: str
    cause: Cause
    is_late: bool
    """Decided long after it was due, because the desk was not running."""
    gone: Gone | None
    gone_by: PersonView | None
    gone_at: datetime | None
    was_in_time: bool = False
    """It is a breach that was taken back: what ended it was only heard of later."""


@dataclass(frozen=True, kw_only=True)
class AlertView:
    """What one post says about one ticket."""

    ticket: TicketView
    points: tuple[PointView, ...]
    """The gravest first."""
    told: tuple[PersonView, ...]
    """Whom to mention."""
    nobody: Literal["nobody_available"] | None
    """Agents should be told, and none is available."""
    covers: Mapping[str, PersonView]
    """Ids of people who are told → the absent person they stand in for."""
    done: tuple[EventView, ...]
    """What was done so far: the newest few, oldest first."""
    acknowledged: tuple[PersonView, datetime] | None
    held_since: datetime | None = None
    """Since when its assignee has had it, where that is known."""


@dataclass(frozen=True, kw_only=True)
class BoardView:
    """A post in a channel that may name several tickets at once."""

    alerts: tuple[AlertView, ...]
    desk_name: str


@dataclass(frozen=True, kw_only=True)
class PieceView:
    """A part of a cycle's time, half-open [start, end)."""

    start: datetime
    end: datetime
    counts: bool
    reason: str
    """`open`, `closed`, or the state that it was paused in."""
    calendar: str
    policy: int
    """The version of the policy that measures it."""
    open_time: timedelta
    """The calendar's open time in it: it adds to what has elapsed if it counts."""
    priority: str


@dataclass(frozen=True, kw_only=True)
class ExplanationView:
    """How one cycle of a clock comes to its number: `carried` and the pieces' open time add up to it."""

    number: str
    """The ticket's."""
    clock: ClockView
    cycle: int
    """Counts from 1."""
    pieces: tuple[PieceView, ...]
    target: timedelta
    carried: timedelta
    """What earlier cycles used of the target."""
    policy_names: Mapping[int, str] = field(default_factory=dict)
    """The names of the policies, by version."""
