"""What the installation does for itself, each thing once however many replicas run."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base


class AuditAnchor(Base):
    """What all timelines held at the beginning of a day, as one hash that was also written to the log."""

    __tablename__ = "audit_anchor"

    date: Mapped[str] = mapped_column(primary_key=True)
    """`2026-11-27`: everything recorded before that day began (UTC)."""
    tickets: Mapped[int]
    events: Mapped[int]
    hash: Mapped[str]
    taken_at: Mapped[datetime]
    """A business instant."""


class Chore(Base):
    """That a chore was taken on for a span of time, named by its beginning: by one replica."""

    __tablename__ = "chore"

    name: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[str] = mapped_column(primary_key=True)
