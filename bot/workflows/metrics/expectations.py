"""What a requester may expect: their place in the queue, and how long such tickets usually take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.models import Ticket
from bot.models.service_levels import ClockName, ClockState, ServiceClock
from bot.models.vocabulary import Kind
from bot.workflows.metrics.replay import standing_at
from bot.workflows.metrics.statistics import spread

USUAL_WITHIN: Final = timedelta(days=90)
USUAL_MOST, USUAL_FEWEST = 500, 10


def queue_position(session: Session, ticket: Ticket) -> tuple[int, int]:
    """Place and length of the queue when the ticket came: it is the place-th of so many.

    Population: tickets of its desk open at its `raised_at`, itself included. Order: priority as it was then,
    then raised first, then id.
    """
    queue = {each.ticket_id: each for each in standing_at(session, ticket.desk_key, ticket.raised_at)}
    itself = queue.pop(ticket.id, None)
    own = (itself.priority if itself else ticket.priority, ticket.raised_at, ticket.id)
    ahead = sum((each.priority, each.raised_at, each.ticket_id) < own for each in queue.values())
    return ahead + 1, len(queue) + 1


@dataclass(frozen=True)
class Usual:
    """How long resolutions usually take, in seconds of open time."""

    n: int
    median_seconds: float
    p90_seconds: float


def usual_resolution(
    session: Session, desk_key: str, kind: Kind, priority: str, before: datetime
) -> Usual | None:
    """What a requester may expect: median and 90th percentile of the open time of resolutions like theirs.

    Population: resolve clocks of that kind and priority that were stopped and determined in the 90 days
    before, at most the 500 newest, one for each ticket; None of fewer than 10.
    """
    newest = (
        select(ServiceClock.ticket_id, ServiceClock.elapsed)
        .where(
            ServiceClock.desk_key == desk_key,
            ServiceClock.determined_at >= before - USUAL_WITHIN,
            ServiceClock.determined_at < before,
            ServiceClock.clock == ClockName.RESOLVE,
            ServiceClock.kind == kind,
            ServiceClock.priority == priority,
            ServiceClock.state.in_([ClockState.MET, ClockState.MISSED]),
            ServiceClock.stopped_at < before,
        )
        .order_by(ServiceClock.determined_at.desc(), ServiceClock.cycle.desc())
        .limit(USUAL_MOST)
    )
    each: dict[int, int] = {}
    for ticket_id, elapsed in session.execute(newest):
        if elapsed is not None:
            each.setdefault(ticket_id, elapsed)
    found = spread(list(each.values()))
    if found is None or found.n < USUAL_FEWEST:
        return None
    return Usual(n=found.n, median_seconds=found.median, p90_seconds=found.p90)
