"""Tickets and what happened to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, words
from bot.models.vocabulary import Category, EventKind, Kind, Level, Source, Speaker, State, Visibility

_IS_REPLY = text("speaker = 'desk' AND visibility = 'public'")


class Numbering(Base):
    """The last number given out for each prefix. Gaps are allowed, repeats are not."""

    __tablename__ = "numbering"

    prefix: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]


class Ticket(Base):
    """An incident or a request. All instants are business instants in UTC."""

    __tablename__ = "ticket"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[Kind] = mapped_column(words(Kind, "kind"))
    desk_key: Mapped[str]
    title: Mapped[str]
    description: Mapped[str]
    category: Mapped[str | None]
    affected: Mapped[str | None]
    impact: Mapped[Level] = mapped_column(words(Level, "impact"))
    urgency: Mapped[Level] = mapped_column(words(Level, "urgency"))
    priority: Mapped[str]
    state: Mapped[State] = mapped_column(words(State, "state"))
    state_since: Mapped[datetime]
    requester_id: Mapped[str] = mapped_column(index=True)
    raiser_id: Mapped[str]
    assignee_id: Mapped[str | None]
    source: Mapped[Source] = mapped_column(words(Source, "source"))
    raised_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolved_by_id: Mapped[str | None]
    resolution: Mapped[str | None]
    close_at: Mapped[datetime | None]
    """When a resolved ticket closes by itself."""
    origin_channel: Mapped[str | None]
    origin_ts: Mapped[str | None]
    """The message that the ticket was raised from; none for a form."""
    conversation_channel: Mapped[str | None]
    conversation_ts: Mapped[str | None]
    """The root of the thread with the requester; unknown until our own root is posted."""
    is_private: Mapped[bool] = mapped_column(default=False)
    """Only its people and the desk's agents read what it says (see `reading.Audience`)."""
    has_moved: Mapped[bool] = mapped_column(default=False)
    """Its conversation went to direct messages: it became private, or the message above it was deleted."""
    continues_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    continued_by_id: Mapped[int | None]
    version: Mapped[int]
    """Counts the timeline's events; cards say which version they show."""
    head_hash: Mapped[str]
    """The hash of the newest timeline event."""

    __table_args__ = (
        UniqueConstraint("origin_channel", "origin_ts"),
        Index(
            "ix_ticket_open",
            "desk_key",
            "raised_at",
            sqlite_where=text("state NOT IN ('closed', 'cancelled')"),
            postgresql_where=text("state NOT IN ('closed', 'cancelled')"),
        ),
        Index(
            "ix_ticket_close_at",
            "close_at",
            sqlite_where=text("close_at IS NOT NULL"),
            postgresql_where=text("close_at IS NOT NULL"),
        ),
        Index("ix_ticket_raised", "desk_key", "raised_at"),
    )


class TimelineEvent(Base):
    """One thing that happened to a ticket: append-only, each row's hash covers the row before it."""

    __tablename__ = "timeline_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    seq: Mapped[int]
    kind: Mapped[EventKind] = mapped_column(words(EventKind, "kind"))
    at: Mapped[datetime]
    """When it happened: the gesture's own instant."""
    recorded_at: Mapped[datetime]
    actor_id: Mapped[str | None]
    """Who did it; none for the desk itself."""
    gesture: Mapped[str | None]
    """The key of the gesture, e.g. `reaction:C1:1712.0001:U1:eyes`; what an undo looks for."""
    data: Mapped[dict[str, Any]]
    prev_hash: Mapped[str]
    hash: Mapped[str]

    __table_args__ = (UniqueConstraint("ticket_id", "seq"),)


class StateInterval(Base):
    """A span [started_at, ended_at) that a ticket spent in one state, with one assignee and one priority.

    Written when it begins and when it ends, never otherwise: every metric of flow is a query over it.
    """

    __tablename__ = "state_interval"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    state: Mapped[State] = mapped_column(words(State, "state"))
    category: Mapped[Category] = mapped_column(words(Category, "category"))
    assignee_id: Mapped[str | None]
    desk_key: Mapped[str]
    kind: Mapped[Kind] = mapped_column(words(Kind, "kind"))
    """The ticket's: incidents and requests are never counted together."""
    priority: Mapped[str]
    cause: Mapped[str]
    """The event (`EventKind`) that began it."""
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    """The event that ended it; `undone` takes it out of every metric."""

    __table_args__ = (
        Index("ix_state_interval_began", "desk_key", "cause", "started_at"),
        Index("ix_state_interval_ended", "desk_key", "ended_at"),
        Index(
            "ix_state_interval_open",
            "desk_key",
            "started_at",
            sqlite_where=text("ended_at IS NULL AND category IN ('new', 'in_progress', 'waiting')"),
            postgresql_where=text("ended_at IS NULL AND category IN ('new', 'in_progress', 'waiting')"),
        ),
    )


class Comment(Base):
    """What somebody wrote on a ticket, in the conversation or at the card."""

    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    author_id: Mapped[str]
    visibility: Mapped[Visibility] = mapped_column(words(Visibility, "visibility"))
    speaker: Mapped[Speaker] = mapped_column(words(Speaker, "speaker"))
    text: Mapped[str]
    files: Mapped[list[str]]
    """Pairs of name and permalink, flattened."""
    channel: Mapped[str | None]
    ts: Mapped[str | None]
    """The message it was written in; none for a form."""
    written_at: Mapped[datetime]
    edited_ts: Mapped[str | None]
    deleted_at: Mapped[datetime | None]
    is_private: Mapped[bool] = mapped_column(default=False)
    """Written before or while the ticket was private: it stays so, also when the ticket does not."""

    __table_args__ = (
        UniqueConstraint("channel", "ts"),
        Index(
            "ix_comment_reply",
            "written_at",
            sqlite_where=_IS_REPLY,
            postgresql_where=_IS_REPLY,
        ),
    )


class Anchor(Base):
    """A Slack message that stands for a ticket: reactions on it and replies under it belong to the ticket."""

    __tablename__ = "anchor"

    channel: Mapped[str] = mapped_column(primary_key=True)
    ts: Mapped[str] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    role: Mapped[str]
    """`conversation` (the root of the thread with the requester), `card` (in the triage channel), `origin`
    (a reply that the ticket was raised from)."""


class Reaction(Base):
    """The last thing one person did with one emoji on one message, so that add and remove converge."""

    __tablename__ = "reaction"

    channel: Mapped[str] = mapped_column(primary_key=True)
    ts: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(primary_key=True)
    emoji: Mapped[str] = mapped_column(primary_key=True)
    event_ts: Mapped[str]
    is_present: Mapped[bool]
    was_present: Mapped[bool | None]
    """What it was before the last event that was news."""


class MessageChange(Base):
    """The newest edit or deletion heard of a message, also one that arrives before the message itself."""

    __tablename__ = "message_change"

    channel: Mapped[str] = mapped_column(primary_key=True)
    ts: Mapped[str] = mapped_column(primary_key=True)
    """The message that changed."""
    changed_ts: Mapped[str]
    is_deleted: Mapped[bool]
    text: Mapped[str | None]
