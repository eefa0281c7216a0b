"""What Deskbell needs of Slack, each scope and event with its reason, and the manifest built from that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

NAME = "Deskbell"
EVENTS_PATH = "/slack/events"
"""Where all of Slack's traffic arrives in HTTP mode."""

COMMAND = "/ticket"
RAISE_SHORTCUT = "raise_ticket"
"""The callback id of the message shortcut."""

APP_TOKEN_SCOPE = "connections:write"  # noqa: S105  # the scope's name; app-level tokens stand in no manifest

SCOPES: Mapping[str, str] = MappingProxyType(
    {
        "app_mentions:read": "answer somebody who mentions the bot",
        "channels:history": "read the message that a ticket is raised from, and look before posting again",
        "channels:join": "join the public channels that desk.yaml names",
        "channels:read": "find channels by name and know who is in them",
        "chat:write": "post cards, conversations and answers",
        "chat:write.customize": "show whose words are relayed, by name and picture",
        "commands": "offer /ticket and the message shortcut",
        "files:read": "know when the pictures of a report can be shown",
        "files:write": "upload the pictures of a report",
        "groups:history": "the same as channels:history, in private channels the bot was invited to",
        "groups:read": "the same as channels:read, in private channels the bot was invited to",
        "im:history": "read what people write to the bot, and look before posting again",
        "im:write": "open a direct message with a requester",
        "reactions:read": "understand emoji as gestures",
        "reactions:write": "show the state of a ticket on its message",
        "usergroups:read": "know the agents of a desk that names a user group",
        "users:read": "know names, guests and deactivated people, and who is an owner",
        "users:read.email": "find people that desk.yaml names by e-mail",
    }
)
"""Every bot scope, and what it is used for."""

EVENTS: Mapping[str, str] = MappingProxyType(
    {
        "app_home_opened": "somebody looks at their Home",
        "app_mention": "somebody asks the bot for help",
        "app_uninstalled": "stop working for this workspace",
        "channel_created": "a channel that desk.yaml names may exist now",
        "channel_deleted": "a channel is gone",
        "channel_id_changed": "a channel has a new id",
        "channel_left": "the bot is in a channel no more",
        "channel_rename": "a channel has a new name",
        "group_deleted": "a private channel is gone",
        "group_left": "the bot is in a private channel no more",
        "group_rename": "a private channel has a new name",
        "member_joined_channel": "who is in a channel, and whether the bot is",
        "member_left_channel": "who is in a channel, and whether the bot is",
        "message.channels": "conversations, edits and deletions in public channels",
        "message.groups": "the same in private channels",
        "message.im": "conversations in direct messages",
        "reaction_added": "a gesture",
        "reaction_removed": "a gesture taken back",
        "subteam_created": "a user group that desk.yaml names may exist now",
        "subteam_members_changed": "who is in a user group",
        "subteam_updated": "a user group was renamed, disabled or changed",
        "team_join": "somebody is new",
        "tokens_revoked": "the bot's token no longer works",
        "user_change": "a new name, a guest, somebody deactivated",
    }
)
"""Every event the bot subscribes to, and what it is used for.

Archiving needs none of its own: channels that the bot is in say so with a message.
"""


@dataclass(frozen=True)
class SlashCommand:
    """A slash command as the manifest declares it."""

    command: str
    description: str
    usage_hint: str


@dataclass(frozen=True)
class MessageShortcut:
    """An entry in the menu of every message."""

    name: str
    callback_id: str
    description: str


COMMANDS = (
    SlashCommand(
        command=COMMAND,
        description="Raise a ticket, or look after yours",
        usage_hint="[what is wrong] or help, list, INC-12",
    ),
)
SHORTCUTS = (
    MessageShortcut(
        name="Raise a ticket",
        callback_id=RAISE_SHORTCUT,
        description="Turn this message into a ticket for the service desk",
    ),
)

_DESCRIPTION = "A service desk that lives in Slack"
_LONG_DESCRIPTION = (
    "Deskbell is a service desk that lives in Slack. Raise a ticket with /ticket, with an emoji on a message "
    "or from a message's menu; agents claim it by reacting, and the conversation stays in its thread. "
    "It is open source and runs on your own machine."
)


def build_manifest(*, request_url: str | None = None) -> dict[str, object]:
    """The app manifest to paste into Slack: for Socket Mode, or with a `request_url` for signed HTTP.

    `request_url` is the https address that Slack reaches the bot at; `/slack/events` is added when missing.
    """
    url = None if request_url is None else _events_url(request_url)
    addressed = {} if url is None else {"request_url": url}
    return {
        "display_information": {
            "name": NAME,
            "description": _DESCRIPTION,
            "long_description": _LONG_DESCRIPTION,
            "background_color": "#1f4b5c",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": NAME, "always_online": True},
            "shortcuts": [_shortcut(shortcut) for shortcut in SHORTCUTS],
            "slash_commands": [_command(command, url) for command in COMMANDS],
        },
        "oauth_config": {"scopes": {"bot": sorted(SCOPES)}},
        "settings": {
            "event_subscriptions": {**addressed, "bot_events": sorted(EVENTS)},
            "interactivity": {"is_enabled": True, **addressed},
            "org_deploy_enabled": False,
            "socket_mode_enabled": url is None,
            "token_rotation_enabled": False,
        },
    }


def render_manifest(*, request_url: str | None = None) -> str:
    """The manifest as the text of `manifest.json`."""
    return json.dumps(build_manifest(request_url=request_url), indent=2) + "\n"


def _events_url(address: str) -> str:
    base = address.rstrip("/")
    return base if base.endswith(EVENTS_PATH) else base + EVENTS_PATH


def _command(command: SlashCommand, url: str | None) -> dict[str, object]:
    declared: dict[str, object] = {
        "command": command.command,
        "description": command.description,
        "usage_hint": command.usage_hint,
        # Mentions arrive as ids instead of names that anybody could have typed.
        "should_escape": True,
    }
    return declared if url is None else {**declared, "url": url}


def _shortcut(shortcut: MessageShortcut) -> dict[str, object]:
    return {
        "name": shortcut.name,
        "type": "message",
        "callback_id": shortcut.callback_id,
        "description": shortcut.description,
    }
