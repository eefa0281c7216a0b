"""Why a clock shows what it shows: every counted and paused interval, summing to the number on the card."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.errors import DeskbellError
from bot.models import Ticket
from bot.service_levels.clocks import Cycle, Piece
from bot.workflows import timekeeping
from bot.workflows.clock_views import clock_view
from bot.workflows.desks import load_desks
from bot.workflows.policies import load_policy
from bot.workflows.service_views import ExplanationView, PieceView


class UnknownTicket(DeskbellError):
    """No ticket has this number."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"There is no ticket {number}: write its number as its card shows it, such as INC-12."
        )


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Why the clocks of one ticket show what they show."""

    number: str
    desk_key: str
    timezone: str
    """The desk's (IANA); UTC once the desk is gone."""
    as_of: datetime
    clocks: tuple[ExplanationView, ...]
    """Empty: nothing was promised for it."""


def explain_number(session: Session, number: str, now: datetime) -> Explanation:
    """The explanation of the ticket with that number, at `now` (business time). Raises UnknownTicket."""
    ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one_or_none()
    if ticket is None:
        raise UnknownTicket(number)
    desk = load_desks(session).get(ticket.desk_key)
    return Explanation(
        number=ticket.number,
        desk_key=ticket.desk_key,
        timezone=desk.timezone if desk else "UTC",
        as_of=now,
        clocks=tuple(explain(session, ticket, now)),
    )


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
