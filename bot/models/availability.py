"""Who is away."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base


class Absence(Base):
    """A span [starts_at, ends_at) in which somebody said to be away. Business instants in UTC."""

    __tablename__ = "absence"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    """Coming back early moves it."""
    cover_id: Mapped[str | None]
    """Who is told instead."""

    __table_args__ = (Index("ix_absence_person", "person_id", "ends_at"),)
