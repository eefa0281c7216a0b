"""reactions.*"""

from __future__ import annotations

from sandbox import shapes
from sandbox.api.call import ApiError, Call, argument, method
from sandbox.api.paging import paginate
from sandbox.emoji_names import first_name, is_known
from sandbox.entities import Message
from sandbox.jsontypes import JsonObject

MAX_EMOJI_PER_MESSAGE = 50
MAX_EMOJI_PER_USER = 23


def _message(call: Call) -> Message:
    channel = call.joined_conversation(argument(call, "channel"))
    return call.message_at(channel, argument(call, "timestamp"), bad_ts="bad_timestamp")


def _emoji(call: Call) -> str:
    name = argument(call, "name").strip(":")
    if not is_known(name, call.workspace.custom_emoji):
        raise ApiError("invalid_name")
    return first_name(name)


@method("reactions.add")
def add(call: Call) -> JsonObject:
    name = _emoji(call)
    message = _message(call)
    if call.workspace.channels[message.channel].is_archived:
        raise ApiError("is_archived")
    if call.bot_user in message.reactions.get(name, []):
        raise ApiError("already_reacted")
    if name not in message.reactions and len(message.reactions) >= MAX_EMOJI_PER_MESSAGE:
        raise ApiError("too_many_emoji")
    if sum(call.bot_user in people for people in message.reactions.values()) >= MAX_EMOJI_PER_USER:
        raise ApiError("too_many_reactions")
    call.workspace.react(message, user=call.bot_user, name=name)
    return {}


@method("reactions.remove")
def remove(call: Call) -> JsonObject:
    name = _emoji(call)
    message = _message(call)
    if not call.workspace.unreact(message, user=call.bot_user, name=name):
        raise ApiError("no_reaction")
    return {}


@method("reactions.get")
def get(call: Call) -> JsonObject:
    message = _message(call)
    return {
        "type": "message",
        "channel": message.channel,
        "message": shapes.message(message, call.workspace, all_metadata=False),
    }


@method("reactions.list")
def listed(call: Call) -> JsonObject:
    """What one person reacted to, newest first, where the bot can see it."""
    user = call.text("user") or call.bot_user
    if user not in call.workspace.users:
        raise ApiError("user_not_found")
    found = [
        message
        for channel in call.workspace.channels.values()
        if call.bot_user in channel.members
        for message in channel.messages.values()
        if any(user in people for people in message.reactions.values())
    ]
    found.sort(key=lambda message: float(message.ts), reverse=True)
    keys = [f"{message.channel}-{message.ts}" for message in found]
    page, cursor = paginate(call, found, keys, default=100, maximum=1000)
    items = [
        {
            "type": "message",
            "channel": message.channel,
            "message": shapes.message(message, call.workspace, all_metadata=False),
        }
        for message in page
    ]
    return {"items": items, "response_metadata": {"next_cursor": cursor}}
