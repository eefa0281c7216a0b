"""The action core: one gesture's work in one transaction, and how a ticket changes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, select, update
from sqlalchemy.orm import Session

from bot.models import Anchor, StateInterval, Ticket, TimelineEvent
from bot.models.base import canonical
from bot.models.vocabulary import CATEGORY_OF, MEASURED, Action, EventKind, Kind, State
from bot.store.connections import connection
from bot.store.dialects import insert_row
from bot.workflows import permissions, telling, timekeeping
from bot.workflows.desks import Definition
from bot.workflows.outcomes import Refused
from bot.workflows.people import Actor

GENESIS = "0" * 64
"""What the first event of a timeline follows."""


_END = bindparam("end", type_=StateInterval.started_at.type)
END_INTERVAL = (
    update(StateInterval)
    .where(StateInterval.ticket_id == bindparam("ticket"), StateInterval.ended_at.is_(None))
    # What arrives late may not reach back before the interval that it ends.
    .values(
        ended_at=case((StateInterval.started_at > _END, StateInterval.started_at), else_=_END),
        ended_by=bindparam("by"),
    )
    .returning(StateInterval.ended_at)
)
ANCHORED_TICKET = (
    select(Ticket)
    .join(Anchor, Anchor.ticket_id == Ticket.id)
    .where(Anchor.channel == bindparam("channel"), Anchor.ts == bindparam("ts"))
    .with_for_update(of=Ticket)
)
LOCKED_TICKET = select(Ticket).where(Ticket.id == bindparam("ticket")).with_for_update()


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
    options = {"populate_existing": True}
    return session.execute(LOCKED_TICKET, {"ticket": ticket_id}, execution_options=options).scalar_one()


def anchored_ticket(session: Session, channel: str, ts: str) -> Ticket | None:
    """The ticket that a message stands for, locked; None for any other message."""
    options = {"populate_existing": True}
    found = session.execute(ANCHORED_TICKET, {"channel": channel, "ts": ts}, execution_options=options)
    return found.scalar_one_or_none()


def current_of(session: Session, ticket: Ticket) -> Ticket:
    """Follow a closed ticket to the one that continues it (and so on): what the thread is about today."""
    while ticket.continued_by_id is not None:
        ticket = locked_ticket(session, ticket.continued_by_id)
    return ticket


def permit(work: Work, action: Action, ticket: Ticket) -> None:
    """Raises Refused unless the actor may do this now."""
    try:
        permissions.require(action, work.actor.roles, ticket.state)
    except Refused as refused:
        raise about(refused, ticket, work.desk) from None


def about(refused: Refused, ticket: Ticket, desk: Definition) -> Refused:
    """The refusal with what a sentence may name: the ticket, its desk, and who has it."""
    known = {"number": ticket.number, "desk": desk.name}
    if ticket.assignee_id is not None:
        known["by"] = ticket.assignee_id
    return Refused(refused.refusal, **(known | refused.data))


def event_hash(prev: str, number: str, values: dict[str, Any]) -> str:
    """SHA-256 over the previous hash and the canonical JSON of the event of the ticket with that number."""
    payload = {
        "ticket": number,
        "seq": values["seq"],
        "kind": str(values["kind"]),
        "at": values["at"].isoformat(),
        "recorded_at": values["recorded_at"].isoformat(),
        "actor": values["actor_id"],
        "gesture": values["gesture"],
        "data": values["data"],
    }
    return hashlib.sha256((prev + canonical(payload)).encode()).hexdigest()


def next_event(
    work: Work, kind: EventKind, data: dict[str, Any] | None, *, number: str, seq: int, prev: str
) -> dict[str, Any]:
    """The row of a timeline event that follows the one with hash `prev`; the ticket's id is still missing."""
    values: dict[str, Any] = {
        "seq": seq,
        "kind": kind,
        "at": work.at,
        "recorded_at": work.now,
        "actor_id": work.actor.id,
        "gesture": work.gesture,
        "data": data or {},
        "prev_hash": prev,
    }
    return values | {"hash": event_hash(prev, number, values)}


def record(work: Work, ticket: Ticket, kind: EventKind, data: dict[str, Any] | None = None) -> None:
    """Append to the timeline, count the version up and let the ticket's mirrors follow.

    `data` holds ids and words of the vocabulary, never text that people wrote: that must stay erasable.
    """
    event = next_event(work, kind, data, number=ticket.number, seq=ticket.version + 1, prev=ticket.head_hash)
    ticket.version, ticket.head_hash = event["seq"], event["hash"]
    insert_row(work.session, TimelineEvent, event | {"ticket_id": ticket.id})
    work.session.flush()
    at = timekeeping.when(kind, work.at, ticket.state_since)
    happened = timekeeping.Happening(kind, at, work.actor.id, event["data"])
    timekeeping.follow(work.session, work.desk, ticket, happened)
    # What the clocks did is shown to the desk alone.
    telling.refresh(work.session, ticket_id=ticket.id, version=ticket.version, only_card=kind in MEASURED)


def move(work: Work, ticket: Ticket, state: State, cause: EventKind, *, assignee_id: str | None) -> None:
    """Put the ticket into a state with an assignee: ends the open interval and begins the next."""
    if ticket.state is state and ticket.assignee_id == assignee_id:
        return
    # An older gesture that arrives late may not reach back before the interval it ends.
    at = max(work.at, ticket.state_since)
    ticket.state, ticket.assignee_id, ticket.state_since = state, assignee_id, at
    next_interval(work, ticket, cause, at)


def next_interval(work: Work, ticket: Ticket, cause: EventKind, at: datetime) -> None:
    """End the open interval and begin one that says how the ticket stands now."""
    ending = {"ticket": ticket.id, "end": at, "by": cause.value}
    ended_at = connection(work.session).execute(END_INTERVAL, ending).scalar_one()
    begin_interval(
        work,
        ticket.id,
        ticket.state,
        ended_at or at,
        cause,
        kind=ticket.kind,
        assignee_id=ticket.assignee_id,
        priority=ticket.priority,
    )


def begin_interval(
    work: Work,
    ticket_id: int,
    state: State,
    at: datetime,
    cause: EventKind,
    *,
    kind: Kind,
    priority: str,
    assignee_id: str | None = None,
) -> None:
    """Begin an interval that is open towards the future."""
    values = {
        "ticket_id": ticket_id,
        "state": state,
        "category": CATEGORY_OF[state],
        "assignee_id": assignee_id,
        "desk_key": work.desk.key,
        "kind": kind,
        "priority": priority,
        "cause": cause.value,
        "started_at": at,
    }
    insert_row(work.session, StateInterval, values)


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
        message_key=None if ticket.conversation_ts else telling.opening_key(ticket),
    )
