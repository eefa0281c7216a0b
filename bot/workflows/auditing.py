"""Anchors: what all timelines held when a day began, as one hash that is kept outside of the database too.

A hash chain shows what was changed in the middle. Who can write to the database can also remove the newest
events together with the ticket's own count, or a whole ticket: only what was noted elsewhere shows that.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import structlog
from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from bot.errors import DeskbellError
from bot.failpoints import Commit
from bot.models import AuditAnchor, TimelineEvent
from bot.store import Store
from bot.store.dialects import insert_once
from bot.workflows.records import Head, batches

SETTLED_AFTER: Final = timedelta(minutes=10)
"""No transaction is open for so long, nor are the clocks of replicas so far apart: the past stands still."""
_WRITTEN: Final = re.compile(r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}):(?P<hash>[0-9a-f]{64})")

log = structlog.get_logger(__name__)


class UnreadableAnchor(DeskbellError):
    """An anchor is a date and a hash."""

    def __init__(self) -> None:
        super().__init__(
            "That is no anchor: give the log's line, or 2026-11-27:HASH with the 64 characters of its hash."
        )


@dataclass(frozen=True)
class Anchor:
    """A day, and the hash over the heads of all timelines as they were when it began (UTC)."""

    date: date
    hash: str

    def __str__(self) -> str:
        return f"{self.date.isoformat()}:{self.hash}"

    @property
    def until(self) -> datetime:
        """Events recorded before this are in it."""
        return datetime.combine(self.date, time(), UTC)

    @classmethod
    def read(cls, written: str) -> Anchor:
        """Find an anchor in what was written, such as a line of the log. Raises UnreadableAnchor."""
        found = _WRITTEN.search(written)
        try:
            return cls(date.fromisoformat(found["date"]), found["hash"]) if found else _unreadable()
        except ValueError:
            raise UnreadableAnchor from None


def _unreadable() -> Anchor:
    raise UnreadableAnchor


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What the timelines held at an instant."""

    tickets: int
    events: int
    hash: str


def contents(session: Session, until: datetime) -> Contents:
    """What was recorded before `until`: SHA-256 over a line `number seq hash` for each ticket, by their ids.

    `seq` and `hash` are those of the ticket's newest event at that time. Timelines only grow, so that this
    can be computed again at any later time.
    """
    digest, tickets, events = hashlib.sha256(), 0, 0
    for batch in batches(session):
        for line, count in _lines(session, batch, until):
            digest.update(line.encode())
            tickets += 1
            events += count
    return Contents(tickets=tickets, events=events, hash=digest.hexdigest())


def _lines(session: Session, batch: list[Head], until: datetime) -> Iterator[tuple[str, int]]:
    number = {ticket.id: ticket.number for ticket in batch}
    within = TimelineEvent.ticket_id.between(batch[0].id, batch[-1].id)
    newest = (
        select(
            TimelineEvent.ticket_id, func.max(TimelineEvent.seq).label("seq"), func.count().label("events")
        )
        .where(within, TimelineEvent.recorded_at < until)
        .group_by(TimelineEvent.ticket_id)
        .subquery()
    )
    is_newest = and_(TimelineEvent.ticket_id == newest.c.ticket_id, TimelineEvent.seq == newest.c.seq)
    heads = select(newest.c.ticket_id, newest.c.seq, newest.c.events, TimelineEvent.hash)
    rows = session.execute(heads.join(TimelineEvent, is_newest).order_by(newest.c.ticket_id))
    for ticket_id, seq, events, hash_ in rows:
        if ticket_id in number:
            yield f"{number[ticket_id]} {seq} {hash_}\n", events


def take_anchor(store: Store, now: datetime) -> Anchor | None:
    """Keep and log the anchor of the day that has begun; None if that was done, by whichever replica."""
    day = (now - SETTLED_AFTER).astimezone(UTC).date()
    with store.read() as session:
        if session.get(AuditAnchor, day.isoformat()) is not None:
            return None
        found = contents(session, datetime.combine(day, time(), UTC))
    values = {
        "date": day.isoformat(),
        "tickets": found.tickets,
        "events": found.events,
        "hash": found.hash,
        "taken_at": now,
    }

    def write(session: Session) -> bool:
        return insert_once(session, AuditAnchor, values, keys=["date"])

    if not store.run(write, Commit.AUDIT_ANCHOR):
        return None
    anchor = Anchor(day, found.hash)
    log.info("audit anchor", anchor=str(anchor), tickets=found.tickets, events=found.events)
    return anchor


def verify_newest(session: Session) -> list[str]:
    """What contradicts the newest anchor that the database itself keeps: a sentence, or nothing."""
    newest = select(AuditAnchor).order_by(AuditAnchor.date.desc()).limit(1)
    kept = session.scalars(newest).first()
    if kept is None:
        return []
    anchor = Anchor(date.fromisoformat(kept.date), kept.hash)
    found = contents(session, anchor.until)
    if (found.hash, found.tickets, found.events) == (kept.hash, kept.tickets, kept.events):
        return []
    return [
        f"The anchor of {kept.date} does not hold: it counted {kept.tickets} tickets with {kept.events} "
        f"events recorded before that day, and there are {found.tickets} with {found.events}."
    ]


def verify_anchor(session: Session, anchor: Anchor) -> list[str]:
    """What contradicts an anchor that was kept elsewhere: a sentence, or nothing."""
    found = contents(session, anchor.until)
    if found.hash == anchor.hash:
        return []
    return [
        f"The anchor of {anchor.date.isoformat()} does not hold: events recorded before that day were "
        f"altered or removed since, or it is another database's. There are {found.tickets} tickets with "
        f"{found.events} events of that time."
    ]
