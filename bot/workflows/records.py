"""Reading the records as a whole: export, and the audit of the timelines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.models import Comment, Ticket, TimelineEvent
from bot.workflows.work import GENESIS, event_hash

_TICKET_SAYS = ("title", "description", "category", "affected", "resolution", "requester_id", "raiser_id")
_COMMENT_SAYS = ("text", "files", "author_id")


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
        file.write(json.dumps(record, default=str, ensure_ascii=False) + "\n")


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


def verify(session: Session) -> list[str]:
    """A sentence for each timeline with an edited, removed or reordered event."""
    tickets = session.scalars(select(Ticket).order_by(Ticket.id))
    return [sentence for ticket in tickets for sentence in _broken(session, ticket)]


def _broken(session: Session, ticket: Ticket) -> Iterator[str]:
    prev, seq = GENESIS, 0
    for event in _timeline(session, ticket):
        seq += 1
        if (
            event.seq != seq
            or event.prev_hash != prev
            or event.hash != event_hash(prev, ticket.number, _columns(event))
        ):
            yield f"{ticket.number}: event {event.seq} was altered, or one before it was removed."
            return
        prev = event.hash
    if seq != ticket.version or prev != ticket.head_hash:
        yield f"{ticket.number}: events are missing at the end of its timeline."
