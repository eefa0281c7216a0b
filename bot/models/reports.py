"""Digests and service reviews: which series a desk has, and what was posted of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, words


class SeriesName(StrEnum):
    """How often something is reported."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class ReportSeries(Base):
    """A report that a desk posts again and again. `next_at` is a business instant in UTC."""

    __tablename__ = "report_series"

    desk_key: Mapped[str] = mapped_column(primary_key=True)
    series: Mapped[SeriesName] = mapped_column(words(SeriesName, "series"), primary_key=True)
    rule: Mapped[str]
    """When it is due, as the desk says it (time, days, zone); another rule makes another `next_at`."""
    since: Mapped[datetime]
    """When the desk began with it: nothing is due before."""
    next_at: Mapped[datetime]

    __table_args__ = (Index("ix_report_series_next_at", "next_at"),)


class ReportState(StrEnum):
    """What became of a due report."""

    TOLD = "told"
    SUPERSEDED = "superseded"
    """A newer one was due as well; it names this one's date."""


class PictureState(StrEnum):
    """How the pictures of a report stand."""

    WANTED = "wanted"
    READY = "ready"
    NONE = "none"
    """They cannot be had; the report says everything without them."""


class Report(Base):
    """One report of a series: decided once for its local date."""

    __tablename__ = "report"

    id: Mapped[int] = mapped_column(primary_key=True)
    desk_key: Mapped[str]
    series: Mapped[SeriesName] = mapped_column(words(SeriesName, "series"))
    local_date: Mapped[str]
    """The date in the desk's zone, `2026-11-21`."""
    period_from: Mapped[datetime]
    period_to: Mapped[datetime]
    """What it covers: [from, to). `to` is the instant at which it was due."""
    decided_at: Mapped[datetime]
    is_late: Mapped[bool]
    state: Mapped[ReportState] = mapped_column(words(ReportState, "state"))
    figures: Mapped[dict[str, Any]]
    """Every number it shows, as of `period_to`; empty when superseded."""
    picture_state: Mapped[PictureState] = mapped_column(words(PictureState, "picture_state"))
    pictures: Mapped[list[str]]
    """Slack's ids of the uploaded files, in their order."""
    picture_lease: Mapped[datetime | None]
    """Until when a process is drawing (real time)."""
    picture_attempts: Mapped[int]

    __table_args__ = (
        UniqueConstraint("desk_key", "series", "local_date"),
        Index(
            "ix_report_pictures",
            "id",
            sqlite_where=text("picture_state = 'wanted'"),
            postgresql_where=text("picture_state = 'wanted'"),
        ),
    )
