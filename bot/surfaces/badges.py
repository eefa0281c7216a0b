"""How a ticket stands against its targets, in one phrase for each clock.

Badges hold instants, never what is left until then: they change at transitions and thresholds alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.models.service_levels import ClockName, ClockState
from bot.models.vocabulary import State
from bot.surfaces.durations import open_words
from bot.surfaces.inline import Part, When, Words, joined
from bot.surfaces.sentences import state_words
from bot.workflows.reading import TicketView
from bot.workflows.service_views import ClockView

_ORDER: Final = (ClockName.RESPOND, ClockName.RESOLVE, ClockName.UPDATE)
_VERBS: Final = {ClockName.RESPOND: "Respond", ClockName.RESOLVE: "Resolve", ClockName.UPDATE: "Update"}
_NOUNS: Final = {
    ClockName.RESPOND: "Response",
    ClockName.RESOLVE: "Resolution",
    ClockName.UPDATE: "Update",
}
_DONE: Final = {
    ClockName.RESPOND: "responded",
    ClockName.RESOLVE: "resolved",
    ClockName.UPDATE: "updated",
}


def badges(view: TicketView) -> list[Part]:
    """A phrase for each clock that matters now, what still runs first; nothing without a target."""
    found = clocks_of(view)
    shown = [*filter(_is_open, found), *(clock for clock in found if not _is_open(clock))]
    return joined([badge(clock) for clock in shown if _matters(clock, found)])


def badge_in_short(view: TicketView) -> list[Part]:
    """The one phrase that a line of a list has room for: what is overdue, or falls due first."""
    running = [clock for clock in clocks_of(view) if _is_open(clock)]
    return badge(min(running, key=_urgency)) if running else []


def badge(clock: ClockView) -> list[Part]:
    """How one clock stands. Nothing for one that was cancelled or that can never fall due."""
    match clock.state:
        case ClockState.RUNNING:
            return _running(clock)
        case ClockState.PAUSED:
            return _paused(clock)
        case ClockState.MET:
            early = _amount(clock.early_by)
            return [Words(f"✅ {_DONE[clock.clock]} {f'{early} early' if early else 'in time'}")]
        case ClockState.MISSED if clock.is_cancelled:
            return [Words(f"⚫ {_NOUNS[clock.clock].lower()} target missed, no longer measured")]
        case ClockState.MISSED:
            late = _amount(clock.late_by)
            return [
                Words(f"⚫ {_DONE[clock.clock]} {f'{late} late' if late else 'after a target was missed'}")
            ]
        case ClockState.CANCELLED:
            return []


def clocks_of(view: TicketView) -> list[ClockView]:
    """The newest cycle of each clock that was not cancelled, in the order in which they matter."""
    newest = {
        clock.clock: clock
        for clock in sorted(view.clocks, key=lambda clock: clock.started_at)
        if clock.state is not ClockState.CANCELLED
    }
    return [newest[name] for name in _ORDER if name in newest]


def is_overdue(clock: ClockView) -> bool:
    """Whether it is open beyond the target that holds now; a breach under an earlier target alone is not."""
    if not _is_open(clock) or clock.breached_at is None:
        return False
    return clock.due_at is None or clock.due_at <= max(clock.breached_at, clock.started_at)


def clock_named(clocks: Sequence[ClockView], name: ClockName) -> ClockView | None:
    """The clock of that name, if there is one."""
    return next((clock for clock in clocks if clock.clock is name), None)


def _is_open(clock: ClockView) -> bool:
    return clock.state in (ClockState.RUNNING, ClockState.PAUSED)


def _matters(clock: ClockView, all_of_it: Sequence[ClockView]) -> bool:
    """Responding comes before resolving, unless resolving presses; updates matter while they are owed."""
    if clock.clock is ClockName.UPDATE:
        return clock.state is ClockState.RUNNING
    respond = clock_named(all_of_it, ClockName.RESPOND)
    if clock.clock is ClockName.RESOLVE and respond is not None and respond.state is ClockState.RUNNING:
        return is_overdue(clock) or clock.is_at_risk or not _is_open(clock)
    return True


def _running(clock: ClockView) -> list[Part]:
    if clock.breached_at is not None and is_overdue(clock):
        return [Words(f"🔴 {_NOUNS[clock.clock]} overdue since "), When(clock.breached_at)]
    if clock.due_at is None:
        return []
    if clock.breached_at is not None:
        return _missed_before(clock, clock.breached_at, clock.due_at)
    mark = "🟡" if clock.is_at_risk else "🟢"
    risk = ", at risk" if clock.is_at_risk else ""
    return [Words(f"{mark} {_VERBS[clock.clock]} by "), When(clock.due_at), Words(risk)]


def _missed_before(clock: ClockView, breached_at: datetime, due_at: datetime) -> list[Part]:
    """Missed under an earlier target. Red, because nothing redraws it when this one is over too."""
    missed: list[Part] = [Words(f"🔴 {_NOUNS[clock.clock]} target missed "), When(breached_at)]
    return [*missed, Words(f", now {_VERBS[clock.clock].lower()} by "), When(due_at)]


def _paused(clock: ClockView) -> list[Part]:
    why = f" while {while_words(clock.pause_reason)}" if clock.pause_reason else ""
    if clock.breached_at is not None:
        missed: list[Part] = [Words(f"🔴 {_NOUNS[clock.clock]} target missed "), When(clock.breached_at)]
        return [*missed, Words(f", paused{why}")]
    return [Words(f"⏸ paused{why}")]


def while_words(reason: State) -> str:
    """What a ticket in this state is doing: "waiting for the requester"."""
    words = state_words(reason)
    return words[:1].lower() + words[1:]


def _urgency(clock: ClockView) -> tuple[int, bool, datetime]:
    is_running = clock.state is ClockState.RUNNING
    rank = 0 if is_overdue(clock) and is_running else 1 if is_running else 2
    return rank, clock.due_at is None, clock.due_at or clock.started_at


def _amount(span: timedelta | None) -> str:
    return open_words(span) if span is not None and span >= timedelta(seconds=1) else ""
