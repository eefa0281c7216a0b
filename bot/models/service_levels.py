"""What was promised, how long it has taken, and what was said about it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, words
from bot.models.vocabulary import Kind


class ClockName(StrEnum):
    """What is measured."""

    RESPOND = "respond"
    RESOLVE = "resolve"
    UPDATE = "update"


class ClockState(StrEnum):
    """How a cycle of a clock stands. `met` and `missed` say how it ended; `cancelled` counts in neither."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    CANCELLED = "cancelled"


class ServicePolicy(Base):
    """One version of what a desk promises for one kind of ticket: never changed, so that history stays.

    `content` holds the targets of every priority and the calendars they name, their holidays written out.
    """

    __tablename__ = "service_policy"

    id: Mapped[int] = mapped_column(primary_key=True)
    desk_key: Mapped[str]
    kind: Mapped[Kind] = mapped_column(words(Kind, "kind"))
    name: Mapped[str]
    content: Mapped[dict[str, Any]]
    digest: Mapped[str]
    effective_from: Mapped[datetime]
    """From this instant on it holds for new tickets and for the rest of open ones."""

    __table_args__ = (Index("ix_service_policy_desk", "desk_key", "kind", "id"),)


class ServiceClock(Base):
    """One cycle of one clock of a ticket. Instants are business instants; durations are seconds.

    `history` is the cycle itself (`bot.service_levels.clocks.Cycle`); the other columns follow from it and
    are there to be searched.
    """

    __tablename__ = "service_clock"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    desk_key: Mapped[str]
    kind: Mapped[Kind] = mapped_column(words(Kind, "kind"))
    """The ticket's: incidents and requests are never counted together."""
    clock: Mapped[ClockName] = mapped_column(words(ClockName, "clock"))
    cycle: Mapped[int]
    """Counts from 1."""
    priority: Mapped[str]
    """The ticket's priority now; from the end or the breach on, the one it ended or broke under."""
    policy_id: Mapped[int] = mapped_column(ForeignKey("service_policy.id"))
    """The version that measures it now."""
    state: Mapped[ClockState] = mapped_column(words(ClockState, "state"))
    target: Mapped[int]
    started_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    """None while paused, and when it can never fall due."""
    breached_at: Mapped[datetime | None]
    determined_at: Mapped[datetime | None]
    """When it was certain whether the target was met: the stop, or before that the breach. None for a
    cancelled cycle that was not broken, and for one that goes on from a broken cycle (that one counts)."""
    elapsed: Mapped[int | None]
    """Open time from start to stop without pauses and with what earlier cycles used, once stopped."""
    history: Mapped[dict[str, Any]]
    next_fire_at: Mapped[datetime | None]
    """When the next threshold is reached, or at once when its policy has a newer version."""

    __table_args__ = (
        UniqueConstraint("ticket_id", "clock", "cycle"),
        Index(
            "ix_service_clock_due",
            "next_fire_at",
            sqlite_where=text("next_fire_at IS NOT NULL"),
            postgresql_where=text("next_fire_at IS NOT NULL"),
        ),
        Index(
            "ix_service_clock_open",
            "desk_key",
            "clock",
            sqlite_where=text("stopped_at IS NULL"),
            postgresql_where=text("stopped_at IS NULL"),
        ),
        Index("ix_service_clock_determined", "desk_key", "determined_at"),
        Index("ix_service_clock_usual", "desk_key", "kind", "priority", "clock", "determined_at"),
    )


class Disposition(StrEnum):
    """What became of a threshold that was reached."""

    TOLD = "told"
    SUPERSEDED = "superseded"
    """A later or graver one of the same ticket was told instead."""
    SILENT = "silent"
    """It was passed by a change (of policy, of priority, by reopening), not by waiting."""


class Milestone(Base):
    """A threshold of a clock that was reached, decided once."""

    __tablename__ = "milestone"

    id: Mapped[int] = mapped_column(primary_key=True)
    clock_id: Mapped[int] = mapped_column(ForeignKey("service_clock.id"))
    point: Mapped[str]
    """`50%`, `breach`, `breach+3600`; for an escalation step the same with `>` and its position."""
    due_at: Mapped[datetime]
    decided_at: Mapped[datetime]
    disposition: Mapped[Disposition] = mapped_column(words(Disposition, "disposition"))
    is_late: Mapped[bool]
    """Decided long after it was due, because the desk was not running."""
    told_key: Mapped[str | None]
    """The delivery that says it."""

    __table_args__ = (UniqueConstraint("clock_id", "point"),)
