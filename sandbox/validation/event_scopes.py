"""The events a bot can subscribe to with the scopes they need, and the scopes a bot can have.

Facts from Slack's event and method reference, https://docs.slack.dev/reference/events/ and
https://docs.slack.dev/reference/scopes/, as of 2026-08-20.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_HISTORY: Final = frozenset({"channels:history", "groups:history", "im:history", "mpim:history"})
_FREE: Final[frozenset[str]] = frozenset()


def _events(text: str) -> dict[str, frozenset[str]]:
    """Read lines of `scope or scope: event event`."""
    table: dict[str, frozenset[str]] = {}
    for line in text.strip().splitlines():
        scopes, _, events = line.strip().partition(": ")
        table |= dict.fromkeys(events.split(), frozenset(scopes.split(" or ")))
    return table


EVENT_SCOPES: Final[Mapping[str, frozenset[str]]] = {
    **_events(
        """
        app_mentions:read: app_mention
        channels:history: message.channels
        groups:history: message.groups group_history_changed
        im:history: message.im im_history_changed
        mpim:history: message.mpim
        channels:history or groups:history or mpim:history: channel_history_changed
        channels:read: channel_created channel_deleted channel_left channel_rename
        channels:read or groups:read: channel_shared channel_unshared member_left_channel
        channels:read or groups:read or mpim:read: member_joined_channel
        groups:read: group_close group_deleted group_left group_open group_rename
        im:read: im_close im_created im_open
        dnd:read: dnd_updated dnd_updated_user
        emoji:read: emoji_changed
        files:read: file_change file_created file_deleted file_public file_shared file_unshared
        links:read: link_shared
        metadata.message:read: message_metadata_deleted message_metadata_posted message_metadata_updated
        pins:read: pin_added pin_removed
        reactions:read: reaction_added reaction_removed
        team:read: email_domain_changed team_domain_change team_rename
        usergroups:read: subteam_created subteam_members_changed subteam_self_added
        usergroups:read: subteam_self_removed subteam_updated
        users:read: team_join user_change user_profile_changed user_status_changed
        assistant:write: app_context_changed
        chat:write: agent_session_stopped agent_session_title_changed
        """
    ),
    "channel_posting_permissions": _HISTORY,
    **dict.fromkeys(
        (
            "app_home_opened",
            "app_installed",
            "app_uninstalled",
            "assistant_thread_context_changed",
            "assistant_thread_started",
            "call_rejected",
            "channel_id_changed",
            "entity_comments_requested",
            "entity_details_requested",
            "function_executed",
            "grid_migration_finished",
            "grid_migration_started",
            "message.app_home",
            "shared_channel_invite_accepted",
            "shared_channel_invite_approved",
            "shared_channel_invite_declined",
            "shared_channel_invite_received",
            "shared_channel_invite_requested",
            "team_access_granted",
            "team_access_revoked",
            "tokens_revoked",
            "user_huddle_changed",
        ),
        _FREE,
    ),
}
"""For each event a bot can subscribe to, the scopes of which it needs one; none needed if empty."""


def _scopes(text: str) -> frozenset[str]:
    """Read lines of `area: right right`; an area without rights is a scope by itself."""
    found = set()
    for line in text.strip().splitlines():
        area, _, rights = line.strip().partition(":")
        found |= {f"{area}:{right}" for right in rights.split()} or {area}
    return frozenset(found)


BOT_SCOPES: Final = _scopes(
    """
    app_mentions: read
    assistant: write
    bookmarks: read write
    calls: read write
    canvases: read write
    channels: history join manage read write.invites write.topic
    chat: write write.customize write.public
    commands:
    conversations.connect: manage read write
    datastore: read write
    dnd: read
    emoji: read
    files: read write
    groups: history read write write.invites write.topic
    im: history read write write.topic
    incoming-webhook:
    links: read write
    links.embed: write
    lists: read write
    metadata.message: read
    mpim: history read write write.topic
    pins: read write
    reactions: read write
    reminders: read write
    remote_files: read share write
    search: read.files read.public read.users
    team: read
    team.billing: read
    team.preferences: read
    triggers: read write
    usergroups: read write
    users: read read.email write
    users.profile: read
    workflow.steps: execute
    """
)
