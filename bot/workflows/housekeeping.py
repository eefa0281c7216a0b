"""What the desk may forget: the names of gestures that nobody delivers again, Homes that nobody looks at."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select

from bot.clock import real_now
from bot.failpoints import Commit
from bot.models import HomeTab, Inbox, InboxState
from bot.store import Store
from bot.workflows import homes

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


def forget_old_homes(store: Store) -> int:
    """Forget a batch of Homes that nobody has looked at for hours (real time); returns how many."""
    before = real_now() - homes.KEPT_CURRENT
    old = select(HomeTab.person_id).where(HomeTab.opened_at <= before).limit(1)
    with store.read() as session:
        if session.scalar(old) is None:
            return 0
    return store.run(lambda session: homes.forget(session, real_now(), at_most=BATCH), Commit.HOMES)
