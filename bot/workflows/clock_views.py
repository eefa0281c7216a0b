"""A ticket's clocks as badges show them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.models import Ticket
from bot.models.service_levels import ClockName
from bot.models.vocabulary import State
from bot.service_levels.clocks import Cycle
from bot.workflows import timekeeping
from bot.workflows.service_views import ClockView


def parsed_point(name: str) -> tuple[int, timedelta]:
    """Percent and what comes after the breach, of a point's name."""
    moment = name.partition(">")[0]
    if moment.endswith("%"):
        return int(moment[:-1]), timedelta(0)
    _, _, after = moment.partition("+")
    return 100, timedelta(seconds=int(after or 0))


def read_clock_views(session: Session, ticket: Ticket) -> tuple[ClockView, ...]:
    """The newest cycle of each clock of a ticket, as badges show it."""
    clocks = timekeeping.read_clocks(session, ticket)
    if clocks is None:
        return ()
    newest = {cycle.clock: cycle for cycle in clocks.held.cycles}
    warn_at = min(clocks.held.promise.warn_at, default=None)
    return tuple(
        clock_view(cycle, warned=any(parsed_point(name)[0] == warn_at for name in clocks.decided(cycle)))
        for cycle in newest.values()
    )


def clock_view(cycle: Cycle, *, warned: bool, at: datetime | None = None) -> ClockView:
    """A cycle as surfaces show it; at risk once its first warning is due.

    `at` is as of when its elapsed time is told; badges do not need it.
    """
    at = cycle.stopped_at or at or (cycle.pause.since if cycle.pause else cycle.started_at)
    elapsed, target = cycle.elapsed(at), cycle.term.target
    state = timekeeping.state_of(cycle)
    spare = target - elapsed
    return ClockView(
        clock=ClockName(cycle.clock),
        state=state,
        target=target,
        elapsed=elapsed,
        due_at=cycle.due() if cycle.is_running else None,
        breached_at=cycle.breach.at if cycle.breach else None,
        stopped_at=cycle.stopped_at,
        paused_since=cycle.pause.since if cycle.pause else None,
        pause_reason=State(cycle.pause.reason) if cycle.pause else None,
        is_at_risk=cycle.is_running and warned and cycle.breach is None,
        early_by=spare if not cycle.is_open and cycle.breach is None else None,
        late_by=max(-spare, timedelta(0)) if not cycle.is_open and cycle.breach is not None else None,
        started_at=cycle.started_at,
        is_cancelled=cycle.is_cancelled,
    )
