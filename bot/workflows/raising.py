"""Raising a ticket: one per message, one per thread, ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from bot.models import Anchor, Ticket, TimelineEvent
from bot.models.vocabulary import PREFIXES, Action, EventKind, Kind, Level, Source, State
from bot.store.dialects import insert_once, insert_returning_id, insert_row, next_number
from bot.workflows import permissions, telling, timekeeping
from bot.workflows.outcomes import Conflict, Done
from bot.workflows.telling import Telling
from bot.workflows.titles import with_files
from bot.workflows.work import GENESIS, Work, begin_interval, next_event, record


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the conversation with the requester is.

    A thread that exists (`channel` and `root_ts`), a channel in which our message becomes the root (`channel`
    alone), or direct messages (neither).
    """

    channel: str | None = None
    root_ts: str | None = None

    @property
    def word(self) -> str:
        """`thread`, `channel` or `direct`, as the opening message is told."""
        if self.root_ts:
            return "thread"
        return "channel" if self.channel else "direct"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What is known of a ticket to be. `raised_at` is the message's own instant where there is one."""

    requester_id: str
    raiser_id: str
    title: str
    description: str
    source: Source
    raised_at: datetime
    place: Place
    kind: Kind = Kind.INCIDENT
    category: str | None = None
    affected: str | None = None
    impact: Level = Level.MEDIUM
    urgency: Level = Level.MEDIUM
    files: tuple[tuple[str, str], ...] = ()
    """Name and permalink of what the message has attached."""
    origin: tuple[str, str] | None = None
    """Channel and ts of the message that it is raised from."""
    continues: Ticket | None = None
    is_private: bool = False
    not_before: datetime | None = None
    """Where it is not known when the gesture was made: from when on it may have been."""


def raise_ticket(work: Work, draft: Draft) -> Done:
    """Open a ticket, its card and its conversation.

    Raises Refused, or Conflict when the thread has a ticket by now.
    """
    permissions.require(Action.RAISE, work.actor.roles, None)
    prefix = PREFIXES[draft.kind]
    number = f"{prefix}-{next_number(work.session, prefix)}"
    priority = work.desk.priority(draft.impact, draft.urgency)
    data = {"source": draft.source.value, "priority": priority}
    if draft.not_before is not None:
        data["not_before"] = draft.not_before.isoformat()
    event = next_event(work, EventKind.RAISED, data, number=number, seq=1, prev=GENESIS)
    columns = _columns(work, draft) | {"number": number, "version": 1, "head_hash": event["hash"]}
    ticket_id = insert_returning_id(work.session, Ticket, columns)
    insert_row(work.session, TimelineEvent, event | {"ticket_id": ticket_id})
    begin_interval(
        work, ticket_id, State.NEW, draft.raised_at, EventKind.RAISED, kind=draft.kind, priority=priority
    )
    timekeeping.begin(
        work.session,
        work.desk,
        ticket_id=ticket_id,
        kind=draft.kind,
        priority=priority,
        at=draft.raised_at,
        now=work.now,
    )
    _anchor(work.session, ticket_id, draft)
    if draft.continues is not None:
        _link(work, draft.continues, ticket_id, number)
    _tell(work, ticket_id, draft)
    return Done(event="raised", number=number, ticket_id=ticket_id)


def _columns(work: Work, draft: Draft) -> dict[str, Any]:
    channel, ts = draft.origin or (None, None)
    place = draft.place
    return {
        "kind": draft.kind,
        "desk_key": work.desk.key,
        "title": draft.title,
        "description": with_files(draft.description, draft.files),
        "category": draft.category,
        "affected": draft.affected,
        "impact": draft.impact,
        "urgency": draft.urgency,
        "priority": work.desk.priority(draft.impact, draft.urgency),
        "state": State.NEW,
        "state_since": draft.raised_at,
        "requester_id": draft.requester_id,
        "raiser_id": draft.raiser_id,
        "source": draft.source,
        "raised_at": draft.raised_at,
        "origin_channel": channel,
        "origin_ts": ts,
        "conversation_channel": place.channel if place.root_ts else None,
        "conversation_ts": place.root_ts,
        "is_private": draft.is_private,
        "has_moved": False,
        "continues_id": draft.continues.id if draft.continues else None,
    }


def _anchor(session: Session, ticket_id: int, draft: Draft) -> None:
    """The thread's root stands for the ticket, and so does the reply that it was raised from."""
    if draft.continues is not None:
        return
    messages: dict[tuple[str | None, str], str] = {}
    if draft.place.root_ts is not None:
        messages[draft.place.channel, draft.place.root_ts] = "conversation"
    if draft.origin is not None:
        messages.setdefault(draft.origin, "origin")
    for (channel, ts), role in messages.items():
        values = {"channel": channel, "ts": ts, "ticket_id": ticket_id, "role": role}
        if not insert_once(session, Anchor, values, keys=["channel", "ts"]):
            raise Conflict


def _link(work: Work, earlier: Ticket, ticket_id: int, number: str) -> None:
    earlier.continued_by_id = ticket_id
    record(work, earlier, EventKind.CONTINUED, {"by": number})


def _tell(work: Work, ticket_id: int, draft: Draft) -> None:
    place = draft.place
    telling.tell(
        work.session,
        f"opening:{ticket_id}",
        Telling.OPENING,
        ticket_id=ticket_id,
        channel=place.channel,
        person_id=None if place.channel else draft.requester_id,
        thread_ts=place.root_ts,
        data={"place": place.word},
    )
    telling.tell(
        work.session,
        f"card:{ticket_id}",
        Telling.CARD,
        ticket_id=ticket_id,
        channel=work.desk.triage_channel,
        delay=timedelta(0) if place.root_ts else telling.CONVERSATION_FIRST,
    )
