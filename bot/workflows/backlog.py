"""What came in and is not decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from bot.models import Inbox

# The words of the partial indexes, for SQLite's sake.
_WAITING = text("inbox.state = 'waiting'")
_PARKED = text("inbox.state = 'parked'")


@dataclass(frozen=True)
class InboxBacklog:
    """How many gestures wait for facts, since when the oldest does, and how many are parked."""

    waiting: int
    oldest_waiting: datetime | None
    parked: int


def inbox_backlog(session: Session) -> InboxBacklog:
    """How the inbox stands. Instants are real."""
    waiting, oldest = session.execute(
        select(func.count(), func.min(Inbox.received_at)).select_from(Inbox).where(_WAITING)
    ).one()
    parked = session.scalar(select(func.count()).select_from(Inbox).where(_PARKED)) or 0
    return InboxBacklog(waiting=waiting, oldest_waiting=oldest, parked=parked)
