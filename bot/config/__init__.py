"""desk.yaml: read, checked, compared, written back. Knows names, not Slack."""

from __future__ import annotations

from bot.config.canonical import dump
from bot.config.changes import plan
from bot.config.loading import LoadedConfig, UnreadableFile, load, load_file
from bot.config.model import (
    Agents,
    CatalogueItem,
    ChannelRef,
    Desk,
    DeskConfig,
    Digest,
    EmojiMap,
    Escalation,
    EscalationPoint,
    MembersOf,
    People,
    PersonRef,
    PriorityMatrix,
    Recipient,
    Role,
    Service,
    Shift,
    Sla,
    Target,
    Usergroup,
)
from bot.config.problems import ConfigError, ConfigProblem
from bot.config.regions import holiday_dates, materialised
from bot.config.resolving import (
    Ambiguous,
    ChannelCard,
    ChannelTaken,
    PersonCard,
    Unresolved,
    resolve_channel,
    resolve_person,
)
from bot.config.schema import config_schema
from bot.config.values import parse_recipient

__all__ = [
    "Agents",
    "Ambiguous",
    "CatalogueItem",
    "ChannelCard",
    "ChannelRef",
    "ChannelTaken",
    "ConfigError",
    "ConfigProblem",
    "Desk",
    "DeskConfig",
    "Digest",
    "EmojiMap",
    "Escalation",
    "EscalationPoint",
    "LoadedConfig",
    "MembersOf",
    "People",
    "PersonCard",
    "PersonRef",
    "PriorityMatrix",
    "Recipient",
    "Role",
    "Service",
    "Shift",
    "Sla",
    "Target",
    "UnreadableFile",
    "Unresolved",
    "Usergroup",
    "config_schema",
    "dump",
    "holiday_dates",
    "load",
    "load_file",
    "materialised",
    "parse_recipient",
    "plan",
    "resolve_channel",
    "resolve_person",
]
