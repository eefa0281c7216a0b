"""Which conversations are read back for what events may have missed, and up to where they have been.

Slack promises no delivery: in an incident events are dropped, and not sent again. The channels of desks are
therefore read back regularly; after a gap so are direct messages, and the threads of tickets still going on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, func, literal, or_, select, type_coerce, update
from sqlalchemy.orm import Session

from bot.models import Anchor, Comment, Outbox, Person, Reaction, Ticket, Watermark
from bot.models.base import Instant
from bot.models.vocabulary import ENDED_STATES
from bot.store.dialects import insert_selected_once
from bot.workflows.desks import Desks, load_desks

EVERY: Final = timedelta(minutes=15)
OVERLAP: Final = timedelta(minutes=10)
"""Slack may show a message later than it was written."""
FARTHEST: Final = timedelta(days=7)
"""Nothing older is read back; gestures are remembered for longer, so that none counts twice."""
LEASE: Final = timedelta(minutes=10)
AGAIN: Final = timedelta(minutes=1)
"""After a failure."""
WHOLE: Final = ""
"""The `thread_ts` of a conversation itself."""


@dataclass(frozen=True)
class Stretch:
    """A conversation, or a thread of it, in hand: what was written or put on it since is looked at."""

    channel: str
    thread_ts: str
    since: datetime
    """By Slack's clock."""
    is_lasting: bool
    """It is read back regularly, not only after a gap."""

    @property
    def is_thread(self) -> bool:
        """It is one thread."""
        return self.thread_ts != WHOLE


def follow(session: Session, *, at: datetime, now: datetime) -> None:
    """Watch the channels of desks. What was written in them before they were watched is not read.

    `at` is the business instant, by which Slack's timestamps go, `now` the real one.
    """
    for channel in _channels(load_desks(session)):
        row = select(literal(channel), literal(WHOLE), _instant(at), _instant(now + EVERY))
        insert_selected_once(session, Watermark, _COLUMNS, row, keys=_KEYS)


def gap(session: Session, *, at: datetime, now: datetime, everywhere: bool) -> None:
    """Events may have been missed: read back what is watched, and `everywhere` what people may have used."""
    channels = _channels(load_desks(session))
    if not channels:
        return
    lasting = Watermark.channel.in_(channels) & (Watermark.thread_ts == WHOLE)
    session.execute(update(Watermark).where(lasting, Watermark.due_at > now).values(due_at=now))
    if not everywhere:
        return
    seen = session.scalar(select(func.min(Watermark.read_until)).where(lasting)) or at
    later = _instant(now + timedelta(microseconds=1))  # the channels come first
    direct = select(Person.direct_channel, literal(WHOLE), _instant(seen), later)
    known = Person.direct_channel.is_not(None)
    insert_selected_once(session, Watermark, _COLUMNS, direct.where(known), keys=_KEYS)
    threads = select(Anchor.channel, Anchor.ts, _instant(seen), later).join(
        Ticket, Ticket.id == Anchor.ticket_id
    )
    stands = and_(Ticket.state.not_in(list(ENDED_STATES)), Anchor.role.in_(["card", "conversation"]))
    insert_selected_once(session, Watermark, _COLUMNS, threads.where(stands), keys=_KEYS)


_KEYS: Final = ("channel", "thread_ts")
_COLUMNS: Final = (*_KEYS, "read_until", "due_at")


def _instant(at: datetime) -> ColumnElement[datetime]:
    return type_coerce(at, Instant())


def _channels(desks: Desks) -> list[str]:
    named = [channel for desk in desks.all for channel in (*desk.request_channels, desk.triage_channel)]
    return list(dict.fromkeys(named))


def claim(session: Session, *, at: datetime, now: datetime) -> Stretch | None:
    """What is to be read back first, for this process alone until the lease ends; None when nothing is."""
    due = select(Watermark).where(Watermark.due_at <= now).order_by(Watermark.due_at, *_ORDER).limit(1)
    row = session.execute(due.with_for_update(skip_locked=True)).scalar_one_or_none()
    if row is None:
        return None
    row.due_at = now + LEASE
    since = max(min(row.read_until, at) - OVERLAP, at - FARTHEST)
    is_lasting = row.thread_ts == WHOLE and row.channel in _channels(load_desks(session))
    return Stretch(row.channel, row.thread_ts, since, is_lasting)


_ORDER: Final = (Watermark.channel, Watermark.thread_ts)


def finished(session: Session, stretch: Stretch, *, until: datetime, now: datetime) -> None:
    """Everything up to `until` (by Slack's clock) was seen."""
    if stretch.is_lasting:
        seen = update(Watermark).where(*_is(stretch))
        session.execute(seen.values(read_until=until, due_at=now + EVERY))
    else:
        session.execute(delete(Watermark).where(*_is(stretch)))


def failed(session: Session, stretch: Stretch, *, now: datetime) -> None:
    """It could not be read; it is tried again soon."""
    session.execute(update(Watermark).where(*_is(stretch)).values(due_at=now + AGAIN))


def forget(session: Session, stretch: Stretch) -> None:
    """There is nothing to read any more: the message was deleted, or the bot is not there."""
    session.execute(delete(Watermark).where(*_is(stretch)))


def _is(stretch: Stretch) -> tuple[ColumnElement[bool], ...]:
    return Watermark.channel == stretch.channel, Watermark.thread_ts == stretch.thread_ts


def behind(session: Session, now: datetime) -> timedelta:
    """Since when the oldest that is to be read back waits."""
    oldest = session.scalar(select(func.min(Watermark.due_at)))
    return max(now - oldest, timedelta(0)) if oldest is not None else timedelta(0)


def is_pending(session: Session, now: datetime) -> bool:
    """Whether anything is to be read back now, or is being read."""
    soon = Watermark.due_at <= now + LEASE
    return session.scalar(select(Watermark.channel).where(soon).limit(1)) is not None


# --- what is known of messages ---


@dataclass(frozen=True)
class Known:
    """What the desk remembers of some messages of one conversation."""

    reactions: dict[tuple[str, str, str], Reaction]
    """By ts, person and emoji."""
    ticketed: frozenset[str]
    """The `ts` that a ticket has already: as its card, its conversation, what it was raised from, or said."""


def known_of(session: Session, channel: str, stamps: list[str]) -> Known:
    """What is known of the messages with these `ts`."""
    rows = session.scalars(select(Reaction).where(Reaction.channel == channel, Reaction.ts.in_(stamps)))
    anchored = select(Anchor.ts).where(Anchor.channel == channel, Anchor.ts.in_(stamps))
    said = select(Comment.ts).where(Comment.channel == channel, Comment.ts.in_(stamps))
    origin = and_(Ticket.origin_channel == channel, Ticket.origin_ts.in_(stamps))
    root = and_(Ticket.conversation_channel == channel, Ticket.conversation_ts.in_(stamps))
    raised = select(Ticket.origin_ts, Ticket.conversation_ts).where(or_(origin, root))
    of_tickets = {ts for pair in session.execute(raised) for ts in pair}
    offered = session.scalars(
        select(Outbox.key).where(Outbox.key.in_([f"choice:{channel}:{ts}" for ts in stamps]))
    )
    asked = {key.rpartition(":")[2] for key in offered}
    ticketed = {*session.scalars(anchored), *session.scalars(said), *of_tickets, *asked} - {None}
    reactions = {(row.ts, row.person_id, row.emoji): row for row in rows}
    return Known(reactions=reactions, ticketed=frozenset(ts for ts in ticketed if ts))
