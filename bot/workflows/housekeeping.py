"""What the desk may forget: the names of gestures that nobody will deliver again."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select

from bot.clock import real_now
from bot.failpoints import Commit
from bot.models import Inbox, InboxState
from bot.store import Store

REMEMBER_GESTURES = timedelta(days=14)
"""Slack's last repeat comes after minutes, a delayed delivery after hours; a week would do."""
BATCH = 1000


def forget_old_gestures(store: Store) -> int:
    """Delete a batch of decided inbox rows that are older than two weeks (real time); returns how many.

    What waits or is parked stays.
    """
    before = real_now() - REMEMBER_GESTURES
    old = select(Inbox.id).where(Inbox.state == InboxState.DONE, Inbox.received_at < before).limit(BATCH)
    with store.read() as session:
        ids = list(session.scalars(old))
    if ids:
        old_ones = delete(Inbox).where(Inbox.id.in_(ids))
        store.run(lambda session: session.execute(old_ones), Commit.FORGOTTEN_GESTURES)
    return len(ids)
