"""What the requester of a new ticket is told to expect, from the desk's own history."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from bot.models import Ticket
from bot.models.vocabulary import State
from bot.service_levels.clocks import RESOLVE
from bot.workflows import timekeeping
from bot.workflows.metrics.expectations import queue_position, usual_resolution
from bot.workflows.service_views import EstimateView


def estimate(session: Session, ticket: Ticket) -> EstimateView | None:
    """The place in the queue when the ticket was raised, and how long such tickets usually take.

    None once somebody has it, and where nothing useful is known.
    """
    if ticket.state is not State.NEW:
        return None
    place, of = queue_position(session, ticket)
    usual = usual_resolution(session, ticket.desk_key, ticket.kind, ticket.priority, ticket.raised_at)
    if of == 1 and usual is None:
        return None
    clocks = timekeeping.read_clocks(session, ticket)
    resolve = clocks.held.of(RESOLVE) if clocks else None
    return EstimateView(
        place=place,
        of=of,
        usual=timedelta(seconds=usual.median_seconds) if usual else None,
        nine_in_ten=timedelta(seconds=usual.p90_seconds) if usual else None,
        is_working_time=resolve is not None and not resolve.term.hours.calendar.is_always_open,
    )
