"""What the desk remembers."""

from __future__ import annotations

from bot.models.availability import Absence
from bot.models.base import Base
from bot.models.desks import Configuration, Desk
from bot.models.directory import Channel, Membership, Person, Usergroup, UsergroupMember, Workspace
from bot.models.reports import PictureState, Report, ReportSeries, ReportState, SeriesName
from bot.models.service_levels import (
    ClockName,
    ClockState,
    Disposition,
    Milestone,
    ServiceClock,
    ServicePolicy,
)
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
from bot.models.traffic import Heartbeat, HomeTab, Inbox, InboxState, Outbox, OutboxState, Pace, Watermark
from bot.models.upkeep import AuditAnchor, Chore

__all__ = [
    "Absence",
    "Anchor",
    "AuditAnchor",
    "Base",
    "Channel",
    "Chore",
    "ClockName",
    "ClockState",
    "Comment",
    "Configuration",
    "Desk",
    "Disposition",
    "Heartbeat",
    "HomeTab",
    "Inbox",
    "InboxState",
    "Membership",
    "MessageChange",
    "Milestone",
    "Numbering",
    "Outbox",
    "OutboxState",
    "Pace",
    "Person",
    "PictureState",
    "Reaction",
    "Report",
    "ReportSeries",
    "ReportState",
    "SeriesName",
    "ServiceClock",
    "ServicePolicy",
    "StateInterval",
    "Ticket",
    "TimelineEvent",
    "Usergroup",
    "UsergroupMember",
    "Watermark",
    "Workspace",
]
