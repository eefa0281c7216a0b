"""What the desk remembers."""

from __future__ import annotations

from bot.models.base import Base
from bot.models.desks import Configuration, Desk
from bot.models.directory import Channel, Membership, Person, Usergroup, UsergroupMember, Workspace
from bot.models.tickets import (
    Anchor,
    Comment,
    MessageChange,
    Numbering,
    Reaction,
    StateInterval,
    Ticket,
    TimelineEvent,
)
from bot.models.traffic import Heartbeat, Inbox, InboxState, Outbox, OutboxState, Pace

__all__ = [
    "Anchor",
    "Base",
    "Channel",
    "Comment",
    "Configuration",
    "Desk",
    "Heartbeat",
    "Inbox",
    "InboxState",
    "Membership",
    "MessageChange",
    "Numbering",
    "Outbox",
    "OutboxState",
    "Pace",
    "Person",
    "Reaction",
    "StateInterval",
    "Ticket",
    "TimelineEvent",
    "Usergroup",
    "UsergroupMember",
    "Workspace",
]
