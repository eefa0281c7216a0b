"""The action core: one gesture's work in one transaction, and how a ticket changes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from bot.models import StateInterval, Ticket, TimelineEvent
from bot.models.base import canonical
from bot.models.vocabulary import CATEGORY_OF, Action, EventKind, State
from bot.workflows import permissions, telling
from bot.workflows.desks import Definition
from bot.workflows.people import Actor

GENESIS = "0" * 64
"""What the first event of a timeline follows."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """What an action is given. `at` is the gesture's own instant, `now` the instant of processing (UTC)."""

    session: Session
    desk: Definition
    actor: Actor
    at: datetime
    now: datetime
    gesture: str
    on_request: bool = False
    """The gesture is an emoji on the request message itself, which therefore needs none of ours."""


def locked_ticket(session: Session, ticket_id: int) -> Ticket:
    """The ticket, locked for this transaction (on SQLite the transaction already is the lock)."""
    statement = select(Ticket).where(Ticket.id == ticket_id).with_for_update()
    return session.execute(statement.execution_options(populate_existing=True)).scalar_one()


def permit(work: Work, action: Action, ticket: Ticket) -> None:
    """Raises Refused unless the actor may do this now."""
    permissions.require(action, work.actor.roles, ticket.state)


def event_hash(prev: str, ticket_id: int, values: dict[str, Any]) -> str:
    """SHA-256 over the previous hash and the canonical JSON of the event."""
    payload = {
        "ticket": ticket_id,
        "seq": values["seq"],
        "kind": str(values["kind"]),
        "at": values["at"].isoformat(),
        "recorded_at": values["recorded_at"].isoformat(),
        "actor": values["actor_id"],
        "gesture": values["gesture"],
        "data": values["data"],
    }
    return hashlib.sha256((prev + canonical(payload)).encode()).hexdigest()


def record(work: Work, ticket: Ticket, kind: EventKind, data: dict[str, Any] | None = None) -> None:
    """Append to the timeline, count the version up and let the ticket's mirrors follow.

    `data` holds ids and words of the vocabulary, never text that people wrote: that must stay erasable.
    """
    ticket.version += 1
    values: dict[str, Any] = {
        "ticket_id": ticket.id,
        "seq": ticket.version,
        "kind": kind,
        "at": work.at,
        "recorded_at": work.now,
        "actor_id": work.actor.id,
        "gesture": work.gesture,
        "data": data or {},
        "prev_hash": ticket.head_hash,
    }
    values["hash"] = ticket.head_hash = event_hash(ticket.head_hash, ticket.id, values)
    work.session.execute(insert(TimelineEvent).values(values))
    if ticket.version > 1:
        work.session.flush()
        telling.refresh(work.session, ticket_id=ticket.id, version=ticket.version)


def move(work: Work, ticket: Ticket, state: State, *, assignee_id: str | None) -> None:
    """Put the ticket into a state with an assignee: ends the open interval and begins the next."""
    if ticket.state is state and ticket.assignee_id == assignee_id:
        return
    # An older gesture that arrives late may not reach back before the interval it ends.
    at = max(work.at, ticket.state_since)
    work.session.execute(
        update(StateInterval)
        .where(StateInterval.ticket_id == ticket.id, StateInterval.ended_at.is_(None))
        .values(ended_at=at)
    )
    ticket.state, ticket.assignee_id, ticket.state_since = state, assignee_id, at
    open_interval(work, ticket, at)


def open_interval(work: Work, ticket: Ticket, at: datetime) -> None:
    """Begin an interval in the ticket's present state."""
    values = {
        "ticket_id": ticket.id,
        "state": ticket.state,
        "category": CATEGORY_OF[ticket.state],
        "assignee_id": ticket.assignee_id,
        "started_at": at,
    }
    work.session.execute(insert(StateInterval).values(values))


def show_as_emoji(work: Work, ticket: Ticket, meaning: str, *, present: bool) -> None:
    """What was done elsewhere shows as the desk's emoji on the request message."""
    if work.on_request and present:
        return
    names = work.desk.emoji.get(meaning, ())
    if not names:
        return
    telling.show_emoji(
        work.session,
        key=f"emoji:{ticket.id}:{meaning}",
        ticket_id=ticket.id,
        name=names[0],
        present=present,
        channel=ticket.conversation_channel,
        message_ts=ticket.conversation_ts,
        message_key=None if ticket.conversation_ts else f"opening:{ticket.id}",
    )
