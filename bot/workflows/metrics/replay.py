"""How tickets stood at an instant, replayed from their state intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Select, or_, select, text
from sqlalchemy.orm import Session

from bot.models import StateInterval, Ticket
from bot.models.vocabulary import Category, EventKind, Kind, State

# SQLite uses a partial index only where it sees the index's own words; so does a prepared PostgreSQL plan.
_STANDS_OPEN: Final = text(
    "state_interval.ended_at IS NULL AND state_interval.category IN ('new', 'in_progress', 'waiting')"
)
_OPEN: Final = (Category.NEW, Category.IN_PROGRESS, Category.WAITING)
UNDONE: Final = EventKind.UNDONE.value


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How an open ticket stood at an instant."""

    ticket_id: int
    kind: Kind
    raised_at: datetime
    priority: str
    state: State
    category: Category
    assignee_id: str | None

    def age(self, at: datetime) -> float:
        """Calendar seconds since it was raised."""
        return (at - self.raised_at).total_seconds()


def standing_at(session: Session, desk_key: str, at: datetime) -> list[Standing]:
    """The open tickets of a desk as they stood at `at`, by id."""
    began = StateInterval.started_at <= at
    still = _standing(desk_key).where(began, _STANDS_OPEN)
    since = _standing(desk_key).where(
        began,
        StateInterval.ended_at > at,
        or_(StateInterval.category.in_(_OPEN), StateInterval.ended_by == UNDONE),
    )
    rows = [*session.execute(still), *session.execute(since)]
    undone = {interval.ticket_id: interval.ended_at for interval, _, _ in rows if interval.ended_by == UNDONE}
    after = _went_on(session, undone)
    # One row for each ticket, the newest: an event that came late can leave an older interval over it.
    newest = {row[0].ticket_id: row for row in sorted(rows, key=lambda row: row[0].id)}
    return [
        _stood(after.get(ticket_id, interval), kind, raised_at)
        for ticket_id, (interval, kind, raised_at) in sorted(newest.items())
    ]


def _standing(desk_key: str) -> Select[StateInterval, Kind, datetime]:
    joined = select(StateInterval, Ticket.kind, Ticket.raised_at).join(
        Ticket, Ticket.id == StateInterval.ticket_id
    )
    return joined.where(StateInterval.desk_key == desk_key)


def _went_on(session: Session, undone: Mapping[int, datetime | None]) -> dict[int, StateInterval]:
    """The intervals that began where something was undone."""
    if not undone:
        return {}
    following = select(StateInterval).where(
        StateInterval.ticket_id.in_(list(undone)), StateInterval.cause == UNDONE
    )
    found = session.scalars(following.order_by(StateInterval.id.desc()))
    return {row.ticket_id: row for row in found if row.started_at == undone[row.ticket_id]}


def _stood(interval: StateInterval, kind: Kind, raised_at: datetime) -> Standing:
    return Standing(
        ticket_id=interval.ticket_id,
        kind=kind,
        raised_at=raised_at,
        priority=interval.priority,
        state=interval.state,
        category=interval.category,
        assignee_id=interval.assignee_id,
    )
