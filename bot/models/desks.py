"""The configuration in force, and the desks it names."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base


class Configuration(Base):
    """One version of desk.yaml. The newest row is in force; old ones stay for the record."""

    __tablename__ = "configuration"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str]
    text: Mapped[str]
    applied_at: Mapped[datetime]


class Desk(Base):
    """A desk, its names resolved to ids. A name that cannot be resolved disables its desk alone."""

    __tablename__ = "desk"

    key: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    name: Mapped[str]
    definition: Mapped[dict[str, Any]]
    """The resolved definition (`bot.workflows.desks.Definition`)."""
    is_active: Mapped[bool] = mapped_column(default=True)
    problem: Mapped[str | None]
    """Why the desk is disabled, in one sentence."""
    configuration_id: Mapped[int]
