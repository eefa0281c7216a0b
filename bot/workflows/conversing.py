"""What people write: kept as comments, relayed to the other side once, edits and deletions followed."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from bot.clock import instant_of
from bot.models import Comment, MessageChange, Outbox, Person, StateInterval, Ticket, TimelineEvent
from bot.models.vocabulary import (
    Action,
    EventKind,
    Role,
    Speaker,
    State,
    Visibility,
)
from bot.store.dialects import upsert
from bot.workflows import permissions, service_desk, telling
from bot.workflows.facts import Message
from bot.workflows.outcomes import Done, Refusal, Refused
from bot.workflows.people import SYSTEM, Actor
from bot.workflows.telling import Telling
from bot.workflows.work import Work, permit, record

INTERNAL = re.compile(r"^\s*(note:|🔒|:lock:)\s*", re.IGNORECASE)
"""What an agent puts before words that stay inside."""


def comment(work: Work, ticket: Ticket, message: Message, *, at_card: bool) -> Done | None:
    """Something was written in a ticket's thread; None when this message is known already.

    From the conversation it goes to the card's thread; from the card's thread to the conversation, unless it
    is marked as a note. Raises Refused when the writer may not speak for the desk.
    """
    if work.session.scalar(_comment_of(message)) is not None:
        return None
    change = work.session.get(MessageChange, (message.channel, message.ts))
    text, visibility = _read((change and change.text) or message.text, at_card=at_card)
    if _read(message.text, at_card=at_card)[1] is Visibility.INTERNAL:
        visibility = Visibility.INTERNAL  # also when its mark was edited away since
    if at_card:
        action = Action.NOTE if visibility is Visibility.INTERNAL else Action.SPEAK
        permissions.require(action, work.actor.roles, ticket.state)
    else:
        permissions.require(Action.COMMENT, work.actor.roles, ticket.state)
    if at_card and visibility is Visibility.PUBLIC and _is_awaited_resolution(work, ticket):
        row = _keep(work, ticket, message, text, visibility)
        return service_desk.note_resolution(work, ticket, text, comment_id=row.id)
    row = _keep(work, ticket, message, text, visibility)
    kind = EventKind.NOTED if visibility is Visibility.INTERNAL else EventKind.COMMENTED
    heard = {"speaker": row.speaker.value} if visibility is Visibility.PUBLIC else {}
    record(work, ticket, kind, {"comment": row.id} | heard)
    if visibility is Visibility.PUBLIC:
        _relay(work, ticket, row, at_card=at_card)
    if not at_card:
        _resume_if_awaited(work, ticket, instant_of(message.ts))
    in_the_open = at_card and ticket.is_private
    event = f"{kind.value}_in_the_open" if in_the_open else kind.value
    return Done(event=event, number=ticket.number, ticket_id=ticket.id)


def speak(work: Work, ticket: Ticket, text: str) -> Done:
    """Answer the requester from a form, so that nobody else reads it."""
    permit(work, Action.SPEAK, ticket)
    if not text.strip():
        raise Refused(Refusal.NOTE_REQUIRED)
    is_resolution = _is_awaited_resolution(work, ticket)
    row = Comment(
        ticket_id=ticket.id,
        author_id=work.actor.person_id,
        visibility=Visibility.PUBLIC,
        speaker=speaker_of(work.actor),
        text=text,
        files=[],
        written_at=work.at,
        is_private=ticket.is_private,
    )
    work.session.add(row)
    work.session.flush()
    if is_resolution:
        return service_desk.note_resolution(work, ticket, text, comment_id=row.id)
    record(work, ticket, EventKind.COMMENTED, {"comment": row.id, "speaker": row.speaker.value})
    _relay(work, ticket, row, at_card=True)
    return Done(event="commented", number=ticket.number, ticket_id=ticket.id)


def _comment_of(message: Message) -> Select[int]:
    return select(Comment.id).where(Comment.channel == message.channel, Comment.ts == message.ts)


def _read(text: str, *, at_card: bool) -> tuple[str, Visibility]:
    mark = INTERNAL.match(text) if at_card else None
    if mark is None:
        return text, Visibility.PUBLIC
    return text[mark.end() :], Visibility.INTERNAL


def _is_awaited_resolution(work: Work, ticket: Ticket) -> bool:
    return ticket.state is State.RESOLVED and not ticket.resolution and ticket.resolved_by_id == work.actor.id


def _keep(work: Work, ticket: Ticket, message: Message, text: str, visibility: Visibility) -> Comment:
    change = work.session.get(MessageChange, (message.channel, message.ts))
    row = Comment(
        ticket_id=ticket.id,
        author_id=work.actor.person_id,
        visibility=visibility,
        speaker=speaker_of(work.actor),
        text=text,
        files=[part for pair in message.files for part in pair],
        channel=message.channel,
        ts=message.ts,
        written_at=instant_of(message.ts),
        edited_ts=change.changed_ts if change else None,
        deleted_at=work.at if change and change.is_deleted else None,
        is_private=ticket.is_private,
    )
    work.session.add(row)
    work.session.flush()
    return row


def speaker_of(actor: Actor) -> Speaker:
    """For whom somebody speaks: whoever asked for the ticket speaks for themselves, also as an agent."""
    if Role.REQUESTER in actor.roles:
        return Speaker.REQUESTER
    return Speaker.DESK if actor.roles & {Role.AGENT, Role.LEAD} else Speaker.OTHER


def _relay(work: Work, ticket: Ticket, row: Comment, *, at_card: bool) -> None:
    to_requester = at_card
    telling.tell(
        work.session,
        f"relay:{row.id}",
        Telling.RELAY,
        ticket_id=ticket.id,
        channel=ticket.conversation_channel
        if to_requester
        else telling.card_channel(work.session, ticket_id=ticket.id),
        thread_ts=ticket.conversation_ts if to_requester else None,
        thread_key=_relay_thread_key(ticket, to_requester=to_requester),
        data={"comment_id": row.id},
    )


def _relay_thread_key(ticket: Ticket, *, to_requester: bool) -> str | None:
    if not to_requester:
        return f"card:{ticket.id}"
    return None if ticket.conversation_ts else telling.opening_key(ticket)


def _resume_if_awaited(work: Work, ticket: Ticket, written_at: datetime) -> None:
    """The requester answered: what waited for them goes on, as of the message's own instant."""
    is_awaited = ticket.state is State.WAITING_REQUESTER and Role.REQUESTER in work.actor.roles
    if is_awaited and written_at >= _waiting_since(work.session, ticket):
        # Somebody may have been asked first what it belongs to.
        _resume(work, ticket, min(written_at, work.now))


def _waiting_since(session: Session, ticket: Ticket) -> datetime:
    """When the requester was first asked: another assignee meanwhile asks nothing anew."""
    before = select(func.max(StateInterval.ended_at)).where(
        StateInterval.ticket_id == ticket.id, StateInterval.state != ticket.state
    )
    return session.scalar(before) or ticket.raised_at


def _resume(work: Work, ticket: Ticket, at: datetime) -> None:
    resumed = Work(
        session=work.session, desk=work.desk, actor=SYSTEM, at=at, now=work.now, gesture=work.gesture
    )
    service_desk.resume(resumed, ticket)


def wait_for_requester(work: Work, ticket: Ticket) -> Done:
    """Wait for the requester's answer, which may have been heard of before the emoji that asks for it."""
    done = service_desk.wait(work, ticket)
    answer = select(func.min(Comment.written_at)).where(
        Comment.ticket_id == ticket.id,
        Comment.speaker == Speaker.REQUESTER,
        Comment.written_at > work.at,
        Comment.channel != telling.card_channel(work.session, ticket_id=ticket.id),
    )
    answered_at = work.session.scalar(answer) if done.event == "waiting" else None
    if answered_at is not None:
        _resume(work, ticket, min(answered_at, work.now))
    return done


def message_changed(
    session: Session, *, channel: str, ts: str, changed_ts: str, text: str | None, is_deleted: bool
) -> bool:
    """Remember an edit or deletion; False when a newer one is known. Also before the message itself is."""
    known = session.get(MessageChange, (channel, ts))
    if known is not None and (known.is_deleted or float(known.changed_ts) >= float(changed_ts)):
        return False
    values = {
        "channel": channel,
        "ts": ts,
        "changed_ts": changed_ts,
        "is_deleted": is_deleted,
        "text": text,
    }
    upsert(session, MessageChange, values, keys=["channel", "ts"])
    return True


def follow_change(
    work: Work, ticket: Ticket, *, channel: str, ts: str, text: str | None, at_card: bool
) -> None:
    """A ticketed message or a comment was edited (or deleted: no text): noted, and its copies follow."""
    row = work.session.scalars(select(Comment).where(Comment.channel == channel, Comment.ts == ts)).first()
    kind = EventKind.MESSAGE_DELETED if text is None else EventKind.MESSAGE_EDITED
    record(work, ticket, kind, {"comment": row.id} if row else None)
    if row is None:
        return
    if text is None:
        row.deleted_at = work.at
    else:
        row.text, visibility = _read(text, at_card=at_card)
        row.edited_ts = work.gesture.rpartition(":")[2]
        if visibility is Visibility.INTERNAL:
            row.visibility = visibility  # its copy must be taken away: it renders as deleted
    if _is_resolution(work.session, ticket, row):
        ticket.resolution = None if text is None else row.text
    work.session.flush()
    telling.refresh_relay(work.session, comment_id=row.id)


def _is_resolution(session: Session, ticket: Ticket, row: Comment) -> bool:
    """Whether the ticket's resolution is what this comment says, not only the same words."""
    kinds = [EventKind.RESOLVED, EventKind.RESOLUTION_NOTED]
    newest = (
        select(TimelineEvent.data)
        .where(TimelineEvent.ticket_id == ticket.id, TimelineEvent.kind.in_(kinds))
        .order_by(TimelineEvent.seq.desc())
    )
    said = session.scalar(newest.limit(1)) if ticket.resolution is not None else None
    return said is not None and said.get("comment") == row.id


def awaits_posting(session: Session, channel: str) -> bool:
    """Whether a root of ours in this channel is under way, so that a reply may belong to it soon."""
    direct = select(Person.id).where(Person.direct_channel == channel).scalar_subquery()
    rows = select(Outbox.id).where(
        or_(Outbox.channel == channel, Outbox.person_id == direct),
        Outbox.ts.is_(None),
        Outbox.kind.in_([Telling.OPENING.value, Telling.CARD.value]),
        Outbox.state.in_(list(telling.LIVE)),
    )
    return session.scalar(rows.limit(1)) is not None
