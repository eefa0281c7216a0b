"""Reading the records as a whole: export, and the audit of the timelines."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple, TextIO

from sqlalchemy import exists, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot.logs import harmless
from bot.models import Comment, Ticket, TimelineEvent
from bot.store.database import UNREADABLE, is_unreadable
from bot.workflows.work import GENESIS, event_hash

_TICKET_SAYS = ("title", "description", "category", "affected", "resolution", "requester_id", "raiser_id")
_COMMENT_SAYS = ("text", "files", "author_id")
BATCH: Final = 500
"""Tickets that are in memory at once."""


class Head(NamedTuple):
    """A ticket, and where its timeline should end."""

    id: int
    number: str
    version: int
    head_hash: str


def export(session: Session, out: Path | None, *, include_private: bool = False) -> None:
    """One JSON object a line: each ticket with its timeline and comments.

    What private tickets say, and whose they are, is left out unless `include_private`: `withheld` names it.
    """
    if out is None:
        _write(session, sys.stdout, include_private=include_private)
        return
    with out.open("w", encoding="utf-8") as file:
        _write(session, file, include_private=include_private)


def _write(session: Session, file: TextIO, *, include_private: bool) -> None:
    for ticket in session.scalars(select(Ticket).order_by(Ticket.id)):
        record = _columns(ticket) | {
            "timeline": [_columns(event) for event in _timeline(session, ticket)],
            "comments": [_columns(row) for row in _comments(session, ticket)],
        }
        if not include_private:
            _withhold(ticket, record)
        file.write(harmless(json.dumps(record, default=str, ensure_ascii=False)) + "\n")


def _withhold(ticket: Ticket, record: dict[str, Any]) -> None:
    """Leave out what only its people may read; what was said in private also of a ticket made public."""
    for comment in record["comments"]:
        if ticket.is_private or comment["is_private"]:
            comment.update(dict.fromkeys(_COMMENT_SAYS), withheld=list(_COMMENT_SAYS))
    if not ticket.is_private:
        return
    record.update(dict.fromkeys(_TICKET_SAYS), withheld=list(_TICKET_SAYS))
    for event in record["timeline"]:
        # Also where it is the requester's own id, or the message that it was said in.
        if event["actor_id"] == ticket.requester_id or event["actor_id"] == ticket.raiser_id:
            event["actor_id"] = None
        event["gesture"] = None
    for name in ("origin_channel", "origin_ts", "conversation_channel", "conversation_ts"):
        record[name] = None


def _columns(row: Ticket | TimelineEvent | Comment) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


def _timeline(session: Session, ticket: Ticket) -> list[TimelineEvent]:
    rows = select(TimelineEvent).where(TimelineEvent.ticket_id == ticket.id).order_by(TimelineEvent.seq)
    return list(session.scalars(rows))


def _comments(session: Session, ticket: Ticket) -> list[Comment]:
    return list(session.scalars(select(Comment).where(Comment.ticket_id == ticket.id).order_by(Comment.id)))


def verify(session: Session, advanced: Callable[[int, int], None] | None = None) -> list[str]:
    """A sentence for each timeline with an edited, removed or reordered event, and for events of no ticket.

    What is missing without a trace (a whole ticket) is found by anchors: see `auditing`. Reads some hundred
    tickets at a time; `advanced` is told how many are done, of how many.
    """
    of, done = session.scalar(select(func.count()).select_from(Ticket)) or 0, 0
    broken: list[str] = []
    for tickets in batches(session):
        broken += _broken(session, tickets)
        done += len(tickets)
        if advanced is not None:
            advanced(done, of)
    return broken + _orphans(session)


def batches(session: Session) -> Iterator[list[Head]]:
    """All tickets by id, some hundred at a time."""
    heads = select(Ticket.id, Ticket.number, Ticket.version, Ticket.head_hash)
    heads = heads.order_by(Ticket.id).limit(BATCH)
    rows = session.execute(heads).all()
    while rows:
        yield [Head(*row) for row in rows]
        rows = session.execute(heads.where(Ticket.id > rows[-1].id)).all()


def _broken(session: Session, tickets: list[Head]) -> list[str]:
    try:
        return _broken_chains(session, tickets)
    except (DBAPIError, *UNREADABLE) as error:
        if not is_unreadable(error):
            raise
    if len(tickets) == 1:
        return [f"{tickets[0].number}: an event cannot be read: it was altered, or the database is damaged."]
    return [sentence for ticket in tickets for sentence in _broken(session, [ticket])]


def _broken_chains(session: Session, tickets: list[Head]) -> list[str]:
    within = TimelineEvent.ticket_id.between(tickets[0].id, tickets[-1].id)
    rows = session.execute(
        select(TimelineEvent.__table__).where(within).order_by(TimelineEvent.ticket_id, TimelineEvent.seq)
    ).mappings()
    of_ticket: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        of_ticket.setdefault(row["ticket_id"], []).append(dict(row))
    found = (_broken_chain(ticket, of_ticket.get(ticket.id, [])) for ticket in tickets)
    return [sentence for sentence in found if sentence is not None]


def _broken_chain(ticket: Head, events: list[dict[str, Any]]) -> str | None:
    prev, seq = GENESIS, 0
    for event in events:
        seq += 1
        is_whole = event["seq"] == seq and event["prev_hash"] == prev
        if not is_whole or event["hash"] != event_hash(prev, ticket.number, event):
            return f"{ticket.number}: event {event['seq']} was altered, or one before it was removed."
        prev = event["hash"]
    if seq != ticket.version or prev != ticket.head_hash:
        return f"{ticket.number}: events are missing at the end of its timeline."
    return None


def counts(session: Session) -> tuple[int, int]:
    """How many tickets and events there are."""
    tickets, events = (session.scalar(select(func.count()).select_from(t)) for t in (Ticket, TimelineEvent))
    return tickets or 0, events or 0


def _orphans(session: Session) -> list[str]:
    there = exists().where(Ticket.id == TimelineEvent.ticket_id)
    lost = select(TimelineEvent.ticket_id, func.count()).where(~there).group_by(TimelineEvent.ticket_id)
    return [
        f"A ticket was removed (row {id_}), and {count} of its events are left."
        for id_, count in session.execute(lost.order_by(TimelineEvent.ticket_id))
    ]
