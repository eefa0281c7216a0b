"""reactions.*, pins.*, bookmarks.*"""

from __future__ import annotations

from sandbox import shapes
from sandbox.api.call import ApiError, Call, argument, method
from sandbox.emoji_names import first_name, is_known
from sandbox.entities import Message
from sandbox.ids import new_id
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
    if name not in message.reactions and len(message.reactions) >= MAX_EMOJI_PER_MESSAGE:
        raise ApiError("too_many_emoji")
    if sum(call.bot_user in people for people in message.reactions.values()) >= MAX_EMOJI_PER_USER:
        raise ApiError("too_many_reactions")
    if not call.workspace.react(message, user=call.bot_user, name=name):
        raise ApiError("already_reacted")
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


@method("pins.add")
def pin(call: Call) -> JsonObject:
    message = _message(call)
    channel = call.workspace.channels[message.channel]
    if message.ts in channel.pins:
        raise ApiError("already_pinned")
    channel.pins.append(message.ts)
    return {}


@method("bookmarks.add")
def bookmark(call: Call) -> JsonObject:
    channel = call.joined_conversation(argument(call, "channel_id"))
    if argument(call, "type") != "link":
        raise ApiError("invalid_bookmark_type")
    if not call.text("link").startswith(("http://", "https://")):
        raise ApiError("invalid_link")
    now = int(call.workspace.clock.now())
    entry: JsonObject = {
        "id": new_id("Bk"),
        "channel_id": channel.id,
        "title": call.text("title"),
        "link": call.text("link"),
        "emoji": call.text("emoji"),
        "type": "link",
        "date_created": now,
        "date_updated": now,
        "app_id": call.sandbox.app.app_id,
    }
    channel.bookmarks.append(entry)
    return {"bookmark": entry}
