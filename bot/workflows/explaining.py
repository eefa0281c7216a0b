"""Why a clock shows what it shows: every counted and paused interval, summing to the number on the card."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.models import Ticket
from bot.service_levels.clocks import Cycle, Piece
from bot.workflows import timekeeping
from bot.workflows.clock_views import clock_view
from bot.workflows.policies import load_policy
from bot.workflows.service_views import ExplanationView, PieceView


def explain(session: Session, ticket: Ticket, now: datetime) -> list[ExplanationView]:
    """Every cycle of a ticket's clocks as it stands at `now` (business time), in the order they began."""
    clocks = timekeeping.read_clocks(session, ticket)
    if clocks is None:
        return []
    cycles = sorted(clocks.held.settled(now).cycles, key=lambda cycle: (cycle.started_at, cycle.number))
    return [_explanation(session, ticket, cycle, now) for cycle in cycles]


def _explanation(session: Session, ticket: Ticket, cycle: Cycle, now: datetime) -> ExplanationView:
    versions = {term.policy for term in cycle.terms}
    return ExplanationView(
        number=ticket.number,
        clock=clock_view(cycle, warned=False, at=now),
        cycle=cycle.number,
        pieces=tuple(_piece(piece) for piece in cycle.pieces(now)),
        target=cycle.term.target,
        carried=cycle.carried,
        policy_names={version: load_policy(session, version).name for version in versions},
    )


def _piece(piece: Piece) -> PieceView:
    return PieceView(
        start=piece.start,
        end=piece.end,
        counts=piece.counts,
        reason=piece.reason,
        calendar=piece.calendar,
        policy=piece.policy,
        open_time=piece.open_time,
        priority=piece.priority,
    )
