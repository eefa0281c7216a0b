"""Once an hour: of what was uncertain and is in Slack twice after all, the later copies are deleted.

Reads only the places where something was uncertain within a day: its cost follows trouble, not traffic.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.delivery import marker, places
from bot.delivery.client import CallFailed
from bot.delivery.metrics import DUPLICATES_REMOVED
from bot.delivery.pacing import Busy
from bot.delivery.reads import Reader
from bot.delivery.reconcile import SKEW, Identity, messages
from bot.failpoints import Commit
from bot.models import Chore, Outbox, OutboxState
from bot.store import Store
from bot.store.dialects import insert_once
from bot.store.outbox import EMOJI

NAME: Final = "janitor"
LOOKS_BACK: Final = timedelta(hours=24)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Doubtful:
    """A message of ours that was uncertain once, and stands in Slack as `ts`."""

    key: str
    ts: str
    since: datetime


Where = tuple[str, str | None]
"""A channel, and the thread in it."""


def sweep(store: Store, reader: Reader) -> int:
    """Delete later copies; how many. Only one replica does it in an hour. Raises StoreUnavailable."""
    if not store.run(lambda session: _claim_hour(session, store.now(session)), Commit.JANITOR):
        return 0
    with store.read() as session:
        identity = places.identity(session)
        doubtful = _doubtful(session, store.now(session) - LOOKS_BACK)
    if identity is None:
        return 0
    return sum(_sweep_place(reader, identity, where, rows) for where, rows in doubtful.items())


def _claim_hour(session: Session, now: datetime) -> bool:
    hour = f"{now:%Y-%m-%dT%H}"
    is_mine = insert_once(session, Chore, {"name": NAME, "slot": hour}, keys=["name", "slot"])
    if is_mine:
        session.execute(delete(Chore).where(Chore.name == NAME, Chore.slot < hour))
    return is_mine


def _doubtful(session: Session, since: datetime) -> dict[Where, list[Doubtful]]:
    was_uncertain = select(Outbox).where(
        Outbox.uncertain_at.is_not(None),
        Outbox.uncertain_at > since,
        Outbox.kind != EMOJI,
        Outbox.ts.is_not(None),
        Outbox.state != OutboxState.UNKNOWN,
    )
    found: dict[Where, list[Doubtful]] = defaultdict(list)
    for row in session.scalars(was_uncertain):
        place = places.place_of(session, row)
        if place.channel is not None and row.ts is not None:
            tried = row.first_try_at or row.created_at
            found[place.channel, place.thread_ts].append(Doubtful(key=row.key, ts=row.ts, since=tried))
    return found


def _sweep_place(reader: Reader, identity: Identity, where: Where, rows: list[Doubtful]) -> int:
    channel, thread_ts = where
    try:
        since = min(row.since for row in rows) - SKEW
        seen = list(messages(reader, channel, thread_ts, since=since))
        extras = [ts for row in rows for ts in _extras(seen, identity, where, row)]
        for ts in extras:
            reader.call("chat.delete", channel=channel, ts=ts)
            DUPLICATES_REMOVED.inc()
            log.info("a second copy was deleted", channel=channel, ts=ts)
    except (CallFailed, Busy) as failure:
        log.warning("a place cannot be searched for second copies", channel=channel, reason=str(failure))
        return 0
    return len(extras)


def _extras(seen: list[dict[str, Any]], identity: Identity, where: Where, row: Doubtful) -> Iterator[str]:
    """The copies beside the one that the records know, by which people's reactions find the ticket."""
    channel, thread_ts = where
    copies = [
        str(message["ts"])
        for message in seen
        if identity.wrote(message)
        and marker.is_marked(message, identity.secret, key=row.key, channel=channel, thread_ts=thread_ts)
    ]
    return (ts for ts in copies if row.ts in copies and ts != row.ts)
