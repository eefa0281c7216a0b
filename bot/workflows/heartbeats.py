"""What each process last did, kept where operators and other replicas see it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete
from sqlalchemy.orm import Session

from bot.clock import real_now
from bot.failpoints import Commit
from bot.models import Heartbeat
from bot.store import Store
from bot.store.dialects import upsert

FORGOTTEN_AFTER: Final = timedelta(hours=1)


def beat(store: Store, rounds: Mapping[str, datetime]) -> None:
    """Write when this process last looked after each concern (real time); forget the dead."""

    def write(session: Session) -> None:
        for concern, at in rounds.items():
            upsert(
                session,
                Heartbeat,
                {"owner": store.owner, "concern": concern, "at": at},
                keys=["owner", "concern"],
            )
        session.execute(delete(Heartbeat).where(Heartbeat.at < real_now() - FORGOTTEN_AFTER))

    store.run(write, Commit.HEARTBEAT)


def leave(store: Store) -> None:
    """This process stops: nobody waits for its beat."""
    ours = delete(Heartbeat).where(Heartbeat.owner == store.owner)
    store.run(lambda session: session.execute(ours), Commit.HEARTBEAT)
