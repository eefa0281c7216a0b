"""Which conversations are read back for what events may have missed, and up to where they have been.

Slack promises no delivery: in an incident events are dropped, and not sent again. The channels of desks are
therefore read back often; direct messages, and the threads of tickets still going on, now and then and after
a gap. Over signed HTTP nobody notices a gap: only reading tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.orm import Session

from bot.models import Anchor, Comment, Configuration, Outbox, Person, Reaction, Ticket, Watermark
from bot.models.base import Instant
from bot.store.dialects import insert_once, insert_selected_once
from bot.workflows.desks import Desks, load_desks

EVERY: Final = timedelta(minutes=15)
SELDOM: Final = timedelta(hours=1)
"""Between two looks at one thread or at one person's direct messages, while there are few."""
EACH: Final = timedelta(seconds=6)
"""With many of them there is so much time for each, so that reading back leaves room for deliveries."""
OVERLAP: Final = timedelta(minutes=10)
"""Slack may show a message later than it was written."""
FAR: Final = timedelta(days=1)
"""So much older may a message be on which an emoji that raises is looked for, after a gap and now and then.

Slack tells a conversation's messages by when they were written, not by when an emoji was put on them.
"""
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
    """It is a channel of a desk."""
    lease_until: datetime
    """Whoever sets another time to read it (a gap, another replica) is not overruled."""
    far: datetime | None = None
    """Messages from then until `since` may have an emoji by now that raises; None where none raises."""

    @property
    def is_thread(self) -> bool:
        """It is one thread."""
        return self.thread_ts != WHOLE


def follow(session: Session, *, at: datetime, now: datetime) -> None:
    """Watch the channels of desks. What was written in them before they were watched is not read.

    `at` is the business instant, by which Slack's timestamps go, `now` the real one.
    """
    for channel in _channels(load_desks(session)):
        # Read from `at` on: what is older than the desk raises nothing.
        row = select(literal(channel), literal(WHOLE), _instant(at + OVERLAP), _instant(now + EVERY))
        insert_selected_once(session, Watermark, _COLUMNS, row, keys=_KEYS)
    _follow_talk(session, at=at, due_at=now + SELDOM)


def _follow_talk(session: Session, *, at: datetime, due_at: datetime) -> None:
    """Watch direct messages and the threads of tickets going on, from where their channels have been read."""
    channels = _channels(load_desks(session))
    if not channels:
        return
    lasting = Watermark.channel.in_(channels) & (Watermark.thread_ts == WHOLE)
    seen = session.scalar(select(func.min(Watermark.read_until)).where(lasting)) or at
    direct = select(Person.direct_channel, literal(WHOLE), _instant(seen), _instant(due_at))
    known = Person.direct_channel.is_not(None)
    insert_selected_once(session, Watermark, _COLUMNS, direct.where(known), keys=_KEYS)
    threads = select(Anchor.channel, Anchor.ts, _instant(seen), _instant(due_at)).join(
        Ticket, Ticket.id == Anchor.ticket_id
    )
    insert_selected_once(session, Watermark, _COLUMNS, threads.where(_GOES_ON), keys=_KEYS)


def follow_thread(session: Session, channel: str, ts: str, *, since: datetime, now: datetime) -> None:
    """Watch a thread that turned out to be a ticket's: what was written `since` is to be read now."""
    values = {"channel": channel, "thread_ts": ts, "read_until": since + OVERLAP, "due_at": now}
    insert_once(session, Watermark, values, keys=_KEYS)


def gap(session: Session, *, at: datetime, now: datetime, everywhere: bool) -> None:
    """Events may have been missed: read channels back, and `everywhere` also what people may have used."""
    channels = _channels(load_desks(session))
    if not channels:
        return
    soon = update(Watermark).where(Watermark.due_at > now)
    if everywhere:
        _follow_talk(session, at=at, due_at=now)
    else:
        soon = soon.where(Watermark.channel.in_(channels), Watermark.thread_ts == WHOLE)
    session.execute(soon.values(due_at=now))


# In the words of the partial index, for SQLite's sake.
_IS_OPEN: Final = text("ticket.state NOT IN ('closed', 'cancelled')")
_GOES_ON: Final = and_(_IS_OPEN, Anchor.role.in_(["card", "conversation"]))
_KEYS: Final = ("channel", "thread_ts")
_COLUMNS: Final = (*_KEYS, "read_until", "due_at")


def _instant(at: datetime) -> ColumnElement[datetime]:
    return type_coerce(at, Instant())


def _channels(desks: Desks) -> list[str]:
    named = [channel for desk in desks.all for channel in (*desk.request_channels, desk.triage_channel)]
    return list(dict.fromkeys(named))


def claim(session: Session, *, at: datetime, now: datetime) -> Stretch | None:
    """What is to be read back first, for this process alone until the lease ends; None when nothing is."""
    desks = load_desks(session)
    channels = _channels(desks)
    # However many threads wait: channels, where tickets are raised, never do.
    is_channel = and_(Watermark.thread_ts == WHOLE, Watermark.channel.in_(channels))
    due = select(Watermark).where(Watermark.due_at <= now)
    first = due.order_by(case((is_channel, 0), else_=1), Watermark.due_at, *_ORDER).limit(1)
    row = session.execute(first.with_for_update(skip_locked=True)).scalar_one_or_none()
    if row is None:
        return None
    row.due_at = now + LEASE
    since = max(min(row.read_until - OVERLAP, at), at - FARTHEST)
    is_lasting = row.thread_ts == WHOLE and row.channel in channels
    raises = row.thread_ts == WHOLE and desks.of_request_channel(row.channel) is not None
    far = _far(session, since, at) if raises else None
    return Stretch(row.channel, row.thread_ts, since, is_lasting, row.due_at, far)


def _far(session: Session, since: datetime, at: datetime) -> datetime | None:
    """No farther than this desk.yaml is in force: before that an emoji may have meant nothing."""
    in_force = select(Configuration.applied_at).order_by(Configuration.id.desc()).limit(1)
    applied_at = session.scalar(in_force)
    far = max(applied_at or at, since - FAR, at - FARTHEST)
    return far if far < since else None


_ORDER: Final = (Watermark.channel, Watermark.thread_ts)


def finished(session: Session, stretch: Stretch, *, until: datetime, now: datetime) -> None:
    """Everything up to `until` (by Slack's clock) was seen."""
    mine = (*_is(stretch), Watermark.due_at == stretch.lease_until)
    if not stretch.is_lasting and not _is_still_used(session, stretch):
        session.execute(delete(Watermark).where(*mine))
        return
    pause = EVERY
    if not stretch.is_lasting:
        count = session.scalar(select(func.count()).select_from(Watermark)) or 0
        pause = max(SELDOM, EACH * count)
    # A new desk's begins ahead of the clock, so that its overlap does not reach back before the desk.
    is_new = and_(Watermark.read_until > until, Watermark.read_until <= until + OVERLAP)
    read_until = case((is_new, Watermark.read_until), else_=_instant(until))
    session.execute(update(Watermark).where(*mine).values(read_until=read_until, due_at=now + pause))


def _is_still_used(session: Session, stretch: Stretch) -> bool:
    """Whether a ticket of this thread goes on, or somebody writes to us here."""
    here = select(Person.id).where(Person.direct_channel == stretch.channel)
    if stretch.is_thread:
        place = (Anchor.channel == stretch.channel, Anchor.ts == stretch.thread_ts)
        here = select(Anchor.ts).join(Ticket, Ticket.id == Anchor.ticket_id).where(*place, _GOES_ON)
    return session.scalar(here.limit(1)) is not None


def failed(session: Session, stretch: Stretch, *, now: datetime) -> None:
    """It could not be read; it is tried again soon."""
    mine = update(Watermark).where(*_is(stretch), Watermark.due_at == stretch.lease_until)
    session.execute(mine.values(due_at=now + AGAIN))


def forget(session: Session, stretch: Stretch) -> None:
    """There is nothing to read any more: the message was deleted, or the bot is not there."""
    session.execute(delete(Watermark).where(*_is(stretch)))


def _is(stretch: Stretch) -> tuple[ColumnElement[bool], ...]:
    return Watermark.channel == stretch.channel, Watermark.thread_ts == stretch.thread_ts


def behind(session: Session, at: datetime) -> timedelta:
    """How long ago (by Slack's clock) the channel was last read back that has waited for longest.

    Not what is due: what fails is put off again and again.
    """
    lasting = and_(Watermark.channel.in_(_channels(load_desks(session))), Watermark.thread_ts == WHOLE)
    oldest = session.scalar(select(func.min(Watermark.read_until)).where(lasting))
    return max(at - oldest, timedelta(0)) if oldest is not None else timedelta(0)


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
