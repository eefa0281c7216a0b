"""pins.* and bookmarks.*"""

from __future__ import annotations

from sandbox import shapes
from sandbox.api.call import ApiError, Call, argument, method
from sandbox.entities import Channel
from sandbox.ids import new_id
from sandbox.jsontypes import JsonObject

MOST_PINS = 100
WEB = ("http://", "https://")


@method("pins.add")
def pin(call: Call) -> JsonObject:
    channel = call.joined_conversation(argument(call, "channel"))
    message = call.message_at(channel, argument(call, "timestamp"), bad_ts="bad_timestamp")
    if message.ts in channel.pins:
        raise ApiError("already_pinned")
    if len(channel.pins) >= MOST_PINS:
        raise ApiError("too_many_pins")
    channel.pins.append(message.ts)
    return {}


@method("pins.remove")
def unpin(call: Call) -> JsonObject:
    channel = call.joined_conversation(argument(call, "channel"))
    message = call.message_at(channel, argument(call, "timestamp"), bad_ts="bad_timestamp")
    if message.ts not in channel.pins:
        raise ApiError("no_pin")
    channel.pins.remove(message.ts)
    return {}


@method("pins.list")
def pinned(call: Call) -> JsonObject:
    channel = call.joined_conversation(argument(call, "channel"))
    found = [channel.messages[ts] for ts in channel.pins if ts in channel.messages]
    items = [
        {
            "type": "message",
            "channel": channel.id,
            "created": int(float(message.ts)),
            "created_by": call.bot_user,
            "message": shapes.message(message, call.workspace, all_metadata=False),
        }
        for message in found
    ]
    return {"items": items}


@method("bookmarks.add")
def bookmark(call: Call) -> JsonObject:
    channel = call.joined_conversation(argument(call, "channel_id"))
    if argument(call, "type") != "link":
        raise ApiError("invalid_bookmark_type")
    if not call.text("link").startswith(WEB):
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


@method("bookmarks.list")
def bookmarks(call: Call) -> JsonObject:
    return {"bookmarks": list(call.joined_conversation(argument(call, "channel_id")).bookmarks)}


def _entry(call: Call) -> tuple[Channel, JsonObject]:
    channel = call.joined_conversation(argument(call, "channel_id"))
    wanted = argument(call, "bookmark_id")
    entry = next((item for item in channel.bookmarks if item["id"] == wanted), None)
    if entry is None:
        raise ApiError("not_found")
    return channel, entry


@method("bookmarks.edit")
def edit_bookmark(call: Call) -> JsonObject:
    _channel, entry = _entry(call)
    if call.text("link") and not call.text("link").startswith(WEB):
        raise ApiError("invalid_link")
    entry |= {key: call.text(key) for key in ("title", "link", "emoji") if call.has(key)}
    entry["date_updated"] = int(call.workspace.clock.now())
    return {"bookmark": entry}


@method("bookmarks.remove")
def remove_bookmark(call: Call) -> JsonObject:
    channel, entry = _entry(call)
    channel.bookmarks.remove(entry)
    return {}
