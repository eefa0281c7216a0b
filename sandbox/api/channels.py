"""conversations.* that rename, close and empty conversations."""

from __future__ import annotations

import re

from sandbox import shapes
from sandbox.api.call import ApiError, Call, argument, method
from sandbox.entities import Channel
from sandbox.jsontypes import JsonObject
from sandbox.workspace import is_ts

_NAME = re.compile(r"^(?=[_-]*[^\W_])[\w-]+$")
MOST_NAME = 80
MOST_PURPOSE = 250


def checked_name(call: Call) -> str:
    """A free name for a channel. Raises invalid_name_* or name_taken."""
    name = call.text("name")
    if not name:
        raise ApiError("invalid_name_required")
    if len(name) > MOST_NAME:
        raise ApiError("invalid_name_maxlength")
    if not name.strip("-_"):
        raise ApiError("invalid_name_punctuation")
    if not _NAME.match(name) or name != name.lower():
        raise ApiError("invalid_name_specials")
    if call.workspace.channel_named(name) is not None:
        raise ApiError("name_taken")
    return name


def open_room(call: Call) -> Channel:
    """A channel, not a direct conversation, that the bot is in and that is not archived."""
    channel = call.joined_conversation(argument(call, "channel"))
    if channel.kind not in {"public", "private"}:
        raise ApiError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise ApiError("is_archived")
    return channel


def _shown(call: Call, channel: Channel) -> JsonObject:
    return {"channel": shapes.channel(channel, call.workspace, viewer=call.bot_user)}


@method("conversations.unarchive")
def unarchive(call: Call) -> JsonObject:
    channel = call.conversation(argument(call, "channel"))
    if channel.kind not in {"public", "private"}:
        raise ApiError("method_not_supported_for_channel_type")
    if not channel.is_archived:
        raise ApiError("not_archived")
    call.workspace.set_archived(channel, archived=False, actor=call.bot_user)
    return {}


@method("conversations.setPurpose")
def set_purpose(call: Call) -> JsonObject:
    channel = open_room(call)
    purpose = call.text("purpose")
    if len(purpose) > MOST_PURPOSE:
        raise ApiError("too_long")
    call.workspace.set_purpose(channel, purpose, actor=call.bot_user)
    return _shown(call, channel)


@method("conversations.rename")
def rename(call: Call) -> JsonObject:
    channel = open_room(call)
    name = checked_name(call)
    # https://docs.slack.dev/reference/methods/conversations.rename: an app renames only what it created.
    if channel.creator != call.bot_user:
        raise ApiError("not_authorized")
    call.workspace.rename(channel, name, actor=call.bot_user)
    return _shown(call, channel)


@method("conversations.kick")
def kick(call: Call) -> JsonObject:
    channel = open_room(call)
    user = argument(call, "user")
    if user == call.bot_user:
        raise ApiError("cant_kick_self")
    if channel.is_general:
        raise ApiError("cant_kick_from_general")
    if user not in channel.members:
        raise ApiError("user_not_found" if user not in call.workspace.users else "not_in_channel")
    call.workspace.leave(channel, user)
    return {"errors": {}}


@method("conversations.leave")
def leave(call: Call) -> JsonObject:
    channel = call.conversation(argument(call, "channel"))
    if channel.kind == "im":
        raise ApiError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise ApiError("is_archived")
    if channel.is_general:
        raise ApiError("cant_leave_general")
    if channel.is_private and channel.members == [call.bot_user]:
        raise ApiError("last_member")
    return {} if call.workspace.leave(channel, call.bot_user) else {"not_in_channel": True}


@method("conversations.close")
def close(call: Call) -> JsonObject:
    channel = call.conversation(argument(call, "channel"))
    if channel.kind not in {"im", "mpim"}:
        raise ApiError("method_not_supported_for_channel_type")
    return {}


@method("conversations.mark")
def mark(call: Call) -> JsonObject:
    call.joined_conversation(argument(call, "channel"))
    if not is_ts(argument(call, "ts")):
        raise ApiError("invalid_timestamp")
    return {}
