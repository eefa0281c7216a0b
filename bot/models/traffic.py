"""What came in and what must go out. Instants here are real, not business, instants."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, words


class InboxState(StrEnum):
    """What became of a gesture."""

    DONE = "done"
    WAITING = "waiting"
    """Facts are missing; the worker reads them and runs the same action."""
    PARKED = "parked"
    """It can never work; the reason stands beside it."""


class Inbox(Base):
    """A gesture that reached us, written in the transaction of its effect."""

    __tablename__ = "inbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str]
    dedupe_key: Mapped[str]
    state: Mapped[InboxState] = mapped_column(words(InboxState, "state"))
    received_at: Mapped[datetime]
    payload: Mapped[dict[str, Any] | None]
    reason: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("source", "dedupe_key"),
        Index(
            "ix_inbox_waiting",
            "not_before",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_inbox_received_at", "received_at"),
        Index(
            "ix_inbox_parked",
            "received_at",
            sqlite_where=text("state = 'parked'"),
            postgresql_where=text("state = 'parked'"),
        ),
    )


class OutboxState(StrEnum):
    """Where a delivery stands. A fact ends as sent, superseded or parked; a mirror goes on."""

    PENDING = "pending"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    SUPERSEDED = "superseded"
    PARKED = "parked"


class Outbox(Base):
    """One thing that must be, or is, in Slack: a message that is posted once, a card that mirrors a ticket,
    an emoji of ours on a message. The key names the fact."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    """Which renderer and which Slack method: `bot.workflows.telling.Telling`."""
    ticket_id: Mapped[int | None] = mapped_column(index=True)
    channel: Mapped[str | None]
    """Where it goes; none for a direct message whose channel is not open yet."""
    person_id: Mapped[str | None]
    """Whose direct message it goes to."""
    thread_ts: Mapped[str | None]
    thread_key: Mapped[str | None]
    """The key of the delivery whose message is the thread's root; this one waits for it."""
    data: Mapped[dict[str, Any]]
    wanted_version: Mapped[int] = mapped_column(default=1)
    shown_version: Mapped[int] = mapped_column(default=0)
    state: Mapped[OutboxState] = mapped_column(words(OutboxState, "state"))
    owner: Mapped[str | None]
    """The process that holds the lease."""
    token: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    misses: Mapped[int] = mapped_column(default=0)
    """How often a look into Slack did not find it since the last attempt."""
    not_before: Mapped[datetime]
    first_try_at: Mapped[datetime | None]
    last_try_at: Mapped[datetime | None]
    ts: Mapped[str | None]
    """Slack's ts of the message, once known."""
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    uncertain_at: Mapped[datetime | None]
    """When nobody knew last whether a try had reached Slack: there may be a second copy."""

    __table_args__ = (
        Index(
            "ix_outbox_uncertain",
            "uncertain_at",
            sqlite_where=text("uncertain_at IS NOT NULL"),
            postgresql_where=text("uncertain_at IS NOT NULL"),
        ),
        Index(
            "ix_outbox_due",
            "not_before",
            sqlite_where=text("state IN ('pending', 'sending', 'unknown')"),
            postgresql_where=text("state IN ('pending', 'sending', 'unknown')"),
        ),
        Index("ix_outbox_thread_key", "thread_key"),
        Index(
            "ix_outbox_parked",
            "settled_at",
            sqlite_where=text("state = 'parked'"),
            postgresql_where=text("state = 'parked'"),
        ),
    )


class Pace(Base):
    """When the next Slack call of one method (in one channel) may start: shared by all replicas."""

    __tablename__ = "pace"

    key: Mapped[str] = mapped_column(primary_key=True)
    free_at: Mapped[datetime]
    """The theoretical arrival time of the generic cell rate algorithm."""


class Watermark(Base):
    """Up to where a conversation, or one thread of it, has been read back for what events may have missed."""

    __tablename__ = "watermark"

    channel: Mapped[str] = mapped_column(primary_key=True)
    thread_ts: Mapped[str] = mapped_column(primary_key=True)
    """Empty for the conversation itself."""
    read_until: Mapped[datetime]
    """By Slack's clock, like the `ts` of messages: everything before was seen."""
    due_at: Mapped[datetime] = mapped_column(index=True)
    """When it is read again; while somebody reads it, until when nobody else does."""


class HomeTab(Base):
    """Somebody's Home of the bot, kept current for some hours after they looked at it."""

    __tablename__ = "home_tab"

    person_id: Mapped[str] = mapped_column(primary_key=True)
    opened_at: Mapped[datetime] = mapped_column(index=True)
    said: Mapped[str | None]
    """A line on top: why what was pressed there last did nothing."""
    desks: Mapped[list[str]]
    """The keys of the desks whose tickets it shows, whoever raised them."""
    digest: Mapped[str | None]
    """Of what was published last; none when that is not known."""
    slack_hash: Mapped[str | None]
    """Slack's own hash of that view, which guards it against an older one that arrives late."""
    looks: Mapped[int] = mapped_column(default=0)
    """How often it was drawn again because links of its tickets were still missing."""


class Heartbeat(Base):
    """When each loop of each process last went round."""

    __tablename__ = "heartbeat"

    owner: Mapped[str] = mapped_column(primary_key=True)
    concern: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
