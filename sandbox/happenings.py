"""What happened in the workspace, as values. Events for the app and for the page derive from these."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sandbox.entities import Channel, Ephemeral, Message, User, Usergroup


@dataclass(frozen=True)
class MessagePosted:
    channel: Channel
    message: Message


@dataclass(frozen=True)
class MessageChanged:
    channel: Channel
    message: Message
    previous: Message


@dataclass(frozen=True)
class MessageDeleted:
    channel: Channel
    previous: Message


@dataclass(frozen=True)
class ReactionChanged:
    channel: Channel
    message: Message
    user: str
    name: str
    added: bool
    event_ts: str


@dataclass(frozen=True)
class MembershipChanged:
    channel: Channel
    user: User
    joined: bool
    inviter: str = ""


@dataclass(frozen=True)
class ChannelChanged:
    channel: Channel
    change: Literal["created", "rename", "archive", "unarchive", "deleted", "topic", "purpose"]
    actor: str


@dataclass(frozen=True)
class ChannelIdChanged:
    channel: Channel
    old_id: str


@dataclass(frozen=True)
class ConversationOpened:
    """A direct or group conversation that was not there before. Slack tells apps nothing of it."""

    channel: Channel


@dataclass(frozen=True)
class UserChanged:
    user: User
    is_new: bool = False


@dataclass(frozen=True)
class UsergroupChanged:
    group: Usergroup
    change: Literal["created", "updated", "members"]
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    previous_update: int = 0


@dataclass(frozen=True)
class HomeOpened:
    user: str
    tab: Literal["home", "messages"]
    channel: str


@dataclass(frozen=True)
class AppRemoved:
    """The app was uninstalled (`uninstalled`) or its tokens were revoked."""

    uninstalled: bool
    bot_user: str


@dataclass(frozen=True)
class EphemeralShown:
    ephemeral: Ephemeral


@dataclass(frozen=True)
class ViewsChanged:
    """The modal stack or the App Home of a person changed."""

    user: str


Happening = (
    MessagePosted
    | MessageChanged
    | MessageDeleted
    | ReactionChanged
    | MembershipChanged
    | ChannelChanged
    | ChannelIdChanged
    | ConversationOpened
    | UserChanged
    | UsergroupChanged
    | HomeOpened
    | AppRemoved
    | EphemeralShown
    | ViewsChanged
)
