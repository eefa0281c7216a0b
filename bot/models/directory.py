"""Who is who in Slack: kept in records, because payloads do not say. `refreshed_at` is a real instant."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base


class Workspace(Base):
    """The Slack workspace (team) that the bot is installed in, and who the bot is there."""

    __tablename__ = "workspace"

    team_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    url: Mapped[str]
    bot_user_id: Mapped[str]
    bot_id: Mapped[str]
    app_id: Mapped[str]
    marker_secret: Mapped[str]
    """Signs the markers on our messages, so that no other app can plant one."""
    filled_at: Mapped[datetime | None]
    """When the whole directory was last read."""


class Person(Base):
    """A Slack user: a member, a guest, a stranger of a shared channel, or an app."""

    __tablename__ = "person"

    id: Mapped[str] = mapped_column(primary_key=True)
    team_id: Mapped[str]
    handle: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    """The display name, else the real name, else the handle."""
    email: Mapped[str | None]
    image_url: Mapped[str | None]
    timezone: Mapped[str | None]
    status_emoji: Mapped[str | None]
    """The emoji of the person's status, without colons."""
    status_text: Mapped[str | None]
    status_until: Mapped[datetime | None]
    """When the status ends (real time); None: when the person ends it."""
    is_app: Mapped[bool] = mapped_column(default=False)
    is_guest: Mapped[bool] = mapped_column(default=False)
    is_stranger: Mapped[bool] = mapped_column(default=False)
    is_deactivated: Mapped[bool] = mapped_column(default=False)
    is_owner: Mapped[bool] = mapped_column(default=False)
    direct_channel: Mapped[str | None]
    """The D… id of the bot's direct messages with this person, once opened."""
    refreshed_at: Mapped[datetime]


class Channel(Base):
    """A Slack conversation."""

    __tablename__ = "channel"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(index=True)
    is_private: Mapped[bool] = mapped_column(default=False)
    is_archived: Mapped[bool] = mapped_column(default=False)
    is_shared: Mapped[bool] = mapped_column(default=False)
    is_member: Mapped[bool] = mapped_column(default=False)
    """Whether the bot is in it."""
    refreshed_at: Mapped[datetime]
    members_refreshed_at: Mapped[datetime | None]


class Membership(Base):
    """That a person is in a channel."""

    __tablename__ = "membership"

    channel_id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(primary_key=True, index=True)


class Usergroup(Base):
    """A Slack user group."""

    __tablename__ = "usergroup"

    id: Mapped[str] = mapped_column(primary_key=True)
    handle: Mapped[str]
    name: Mapped[str]
    is_disabled: Mapped[bool] = mapped_column(default=False)
    members_refreshed_at: Mapped[datetime | None]


class UsergroupMember(Base):
    """That a person is in a user group."""

    __tablename__ = "usergroup_member"

    usergroup_id: Mapped[str] = mapped_column(ForeignKey("usergroup.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(primary_key=True, index=True)
