"""What an alert says, read from the records when it is sent or edited: which causes stand or have gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.models import Milestone, Ticket, TimelineEvent
from bot.models.service_levels import ClockName
from bot.models.vocabulary import MEASURED, EventKind, State
from bot.service_levels.clocks import BY_TIME, Cycle, Point, reached
from bot.workflows import reading, timekeeping
from bot.workflows.clock_views import parsed_point
from bot.workflows.service_views import BREACH, AlertView, BoardView, Cause, Gone, PointView
from bot.workflows.timekeeping import Clocks, Entry

MOST_DONE = 4
"""Events that an escalation lists."""

_HELD = (EventKind.CLAIMED, EventKind.ASSIGNED)
_BY_CHANGE: Mapping[str, Gone] = {"priority": "priority", "policy": "policy"}


def read_alert(session: Session, data: Mapping[str, Any]) -> AlertView:
    """What a delivery with these data has to say now. Raises LookupError when its records are not there."""
    ticket = session.get_one(Ticket, data["ticket"])
    clocks = timekeeping.read_clocks(session, ticket)
    if clocks is None:
        raise LookupError(f"{ticket.number} has no clocks.")
    events = _events(session, ticket.id)
    points = [_Teller(session, ticket, clocks, events).point(*address) for address in data["points"]]
    covers = {told: reading.read_person(session, absent) for told, absent in data["covers"].items()}
    return AlertView(
        ticket=reading.read_ticket(session, ticket.id),
        points=tuple(points),
        told=tuple(reading.read_person(session, person_id) for person_id in data["told"]),
        nobody="nobody_available" if data["nobody"] and ticket.assignee_id is None else None,
        covers=covers,
        done=tuple(reading.event_views(session, ticket, _done(events))),
        acknowledged=_acknowledged(session, events, since=min(point.due_at for point in points)),
        held_since=next((event.at for event in reversed(events) if event.kind in _HELD), None)
        if ticket.assignee_id
        else None,
    )


def read_board(session: Session, data: Mapping[str, Any]) -> BoardView:
    """What a post about several tickets has to say now."""
    alerts = tuple(read_alert(session, alert) for alert in data["alerts"])
    return BoardView(alerts=alerts, desk_name=alerts[0].ticket.desk_name)


def is_gone(view: AlertView) -> bool:
    """Whether nothing that an alert tells is so any more."""
    return all(point.gone is not None for point in view.points)


def _events(session: Session, ticket_id: int) -> list[TimelineEvent]:
    of_ticket = select(TimelineEvent).where(TimelineEvent.ticket_id == ticket_id)
    return list(session.scalars(of_ticket.order_by(TimelineEvent.seq)))


def _done(events: list[TimelineEvent]) -> list[TimelineEvent]:
    return [event for event in events if event.kind not in MEASURED][-MOST_DONE:]


def _acknowledged(
    session: Session, events: Iterable[TimelineEvent], *, since: datetime
) -> tuple[reading.PersonView, datetime] | None:
    """Who said first that they had seen it, once there was something to see."""
    for event in events:
        if event.kind is EventKind.ACKNOWLEDGED and event.actor_id is not None and event.at >= since:
            return reading.read_person(session, event.actor_id), event.at
    return None


@dataclass(frozen=True)
class _Teller:
    """Finds what one threshold of a ticket's clocks is about, and whether its cause has gone."""

    session: Session
    ticket: Ticket
    clocks: Clocks
    events: list[TimelineEvent]

    def point(self, clock: str, number: int, name: str) -> PointView:
        """The threshold of that name. Raises LookupError."""
        row = self.clocks.rows[clock, number]
        cycle = self.clocks.kept[clock, number].cycle
        milestone = self._milestone(row, name)
        percent, after = parsed_point(name)
        gone = self._gone(cycle, percent, after, milestone)
        event = self._ending(cycle) if gone is not None else None
        who = event.actor_id if event else None
        actor = reading.read_actor(self.session, self.ticket, who) if who else None
        return PointView(
            clock=ClockName(clock),
            percent=percent,
            after=after,
            due_at=milestone.due_at,
            target=cycle.term.target,
            priority=row.priority,
            cause=_cause(cycle, percent),
            is_late=milestone.is_late,
            gone=gone,
            gone_by=actor,
            gone_at=(cycle.stopped_at or (event.at if event else None)) if gone else None,
            was_in_time=percent == BREACH and _is_met(cycle),
        )

    def _milestone(self, row: Entry, name: str) -> Milestone:
        known = select(Milestone).where(Milestone.clock_id == row.id, Milestone.point == name)
        return self.session.scalars(known).one()

    def _gone(self, cycle: Cycle, percent: int, after: timedelta, milestone: Milestone) -> Gone | None:
        if cycle.is_cancelled:
            return self._gone_by_dropping(cycle)
        if not cycle.is_open:
            goes_on = percent == BREACH and self._is_reopened(cycle)
            return None if goes_on else _gone_by_stop(cycle)
        if percent < BREACH and not cycle.is_running:
            return "paused"
        again = reached(cycle, Point(percent, after))
        is_ahead = again is None or again.at > milestone.decided_at
        could_go = percent < BREACH or cycle.breach is None
        return _BY_CHANGE.get(cycle.term.cause) if could_go and is_ahead else None

    def _gone_by_dropping(self, cycle: Cycle) -> Gone:
        if self.ticket.state is State.CANCELLED:
            return "cancelled"
        event = self._ending(cycle)
        return "priority" if event is not None and event.kind is EventKind.PRIORITISED else "policy"

    def _is_reopened(self, cycle: Cycle) -> bool:
        """Whether a later cycle goes on with what this one missed."""
        newest = self.clocks.held.of(cycle.clock)
        return newest is not None and newest.is_open and newest.goes_on_broken

    def _ending(self, cycle: Cycle) -> TimelineEvent | None:
        """The event that made its cause go."""
        at = cycle.stopped_at or (cycle.pause.since if cycle.pause else cycle.term.since)
        near = [event for event in self.events if event.kind not in MEASURED and event.at == at]
        return near[-1] if near else None


def _is_met(cycle: Cycle) -> bool:
    """Whether it ended in time, also where that was only heard of after it had seemed broken."""
    return not cycle.is_open and not cycle.is_cancelled and cycle.breach is None


def _gone_by_stop(cycle: Cycle) -> Gone:
    if cycle.stop_cause == "claim":
        return "claimed"
    if cycle.stop_cause == "reply":
        return "updated" if cycle.clock == ClockName.UPDATE.value else "replied"
    return "resolved"


def _cause(cycle: Cycle, percent: int) -> Cause:
    if percent < BREACH or cycle.breach is None:
        return "time"
    cause = cycle.breach.cause
    return cast(Cause, cause if cause in ("priority", "policy", "born", "reopened") else BY_TIME)
