"""How tickets stood at an instant, replayed from their state intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import or_, select, text
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


class _Interval(NamedTuple):
    """What is read of a state interval and its ticket: a plain row, as thousands are read at once."""

    id: int
    ticket_id: int
    kind: Kind
    raised_at: datetime
    priority: str
    state: State
    category: Category
    assignee_id: str | None
    started_at: datetime
    ended_at: datetime | None
    ended_by: str | None


# Looked up for each row: joined, PostgreSQL may find it cheaper to read all tickets there ever were.
_RAISED_AT: Final = (
    select(Ticket.raised_at).where(Ticket.id == StateInterval.ticket_id).correlate(StateInterval)
).scalar_subquery()
_READ: Final = select(
    StateInterval.id,
    StateInterval.ticket_id,
    StateInterval.kind,
    _RAISED_AT,
    StateInterval.priority,
    StateInterval.state,
    StateInterval.category,
    StateInterval.assignee_id,
    StateInterval.started_at,
    StateInterval.ended_at,
    StateInterval.ended_by,
)


def standing_at(session: Session, desk_key: str, at: datetime) -> list[Standing]:
    """The open tickets of a desk as they stood at `at`, by id."""
    begun = _READ.where(StateInterval.desk_key == desk_key, StateInterval.started_at <= at)
    since = begun.where(
        StateInterval.ended_at > at,
        or_(StateInterval.category.in_(_OPEN), StateInterval.ended_by == UNDONE),
    )
    found = [
        *_intervals(session.execute(begun.where(_STANDS_OPEN))),
        *_intervals(session.execute(since)),
    ]
    # One for each ticket, the newest: an event that came late can leave an older interval over it.
    newest = {interval.ticket_id: interval for interval in sorted(found)}
    after = _went_on(
        session, {each.ticket_id: each.ended_at for each in newest.values() if each.ended_by == UNDONE}
    )
    return [_stood(after.get(ticket_id, interval)) for ticket_id, interval in sorted(newest.items())]


def _went_on(session: Session, undone: Mapping[int, datetime | None]) -> dict[int, _Interval]:
    """The intervals that began where something was undone."""
    if not undone:
        return {}
    following = _READ.where(StateInterval.ticket_id.in_(list(undone)), StateInterval.cause == UNDONE)
    found = _intervals(session.execute(following.order_by(StateInterval.id.desc())))
    return {row.ticket_id: row for row in found if row.started_at == undone[row.ticket_id]}


def _intervals(rows: Iterable[Iterable[Any]]) -> list[_Interval]:
    return [_Interval._make(row) for row in rows]


def _stood(interval: _Interval) -> Standing:
    return Standing(
        ticket_id=interval.ticket_id,
        kind=interval.kind,
        raised_at=interval.raised_at,
        priority=interval.priority,
        state=interval.state,
        category=interval.category,
        assignee_id=interval.assignee_id,
    )
