"""chat.meMessage and messages that Slack posts later."""

from __future__ import annotations

import asyncio

from sandbox import shapes
from sandbox.api.call import ApiError, Call, argument, method
from sandbox.api.chat import check_content, draft, post_target
from sandbox.api.paging import paginate
from sandbox.entities import Message, Scheduled
from sandbox.ids import new_id
from sandbox.jsontypes import JsonObject

FURTHEST = 120 * 24 * 3600
"""Seconds; https://docs.slack.dev/reference/methods/chat.scheduleMessage: at most 120 days ahead."""
LOOK_EVERY = 0.2


@method("chat.meMessage")
def me_message(call: Call) -> JsonObject:
    channel = post_target(call, argument(call, "channel"))
    if call.bot_user not in channel.members:
        raise ApiError("not_in_channel")
    if not call.text("text").strip():
        raise ApiError("no_text")
    app = call.sandbox.app
    message = Message(
        channel.id,
        "",
        call.text("text"),
        user=app.bot_user,
        bot_id=app.bot_id,
        app_id=app.app_id,
        subtype="me_message",
    )
    return {"channel": channel.id, "ts": call.workspace.post(channel, message).ts}


@method("chat.scheduleMessage")
def schedule(call: Call) -> JsonObject:
    check_content(call, "chat.scheduleMessage")
    channel = post_target(call, argument(call, "channel"))
    post_at, now = call.whole("post_at", 0), call.workspace.clock.now()
    if post_at <= now:
        raise ApiError("time_in_past")
    if post_at > now + FURTHEST:
        raise ApiError("time_too_far")
    message = draft(call, channel)
    entry = Scheduled(new_id("Q"), channel.id, post_at, int(now), message)
    call.workspace.scheduled[entry.id] = entry
    call.sandbox.delivery.later(_post_when_due(call, entry))
    shown = {
        key: value
        for key, value in shapes.message(message, call.workspace).items()
        if key in {"type", "text", "user", "bot_id", "app_id", "team", "bot_profile", "blocks", "attachments"}
    }
    return {
        "channel": channel.id,
        "scheduled_message_id": entry.id,
        "post_at": post_at,
        "message": shown,
    }


async def _post_when_due(call: Call, entry: Scheduled) -> None:
    """Waits on workspace time, which people may move."""
    workspace = call.workspace
    while entry.id in workspace.scheduled and workspace.clock.now() < entry.post_at:
        await asyncio.sleep(LOOK_EVERY)
    if workspace.scheduled.pop(entry.id, None) is None:
        return
    channel = workspace.channels.get(entry.channel)
    if channel is not None and not channel.is_archived and call.sandbox.app.is_installed:
        workspace.post(channel, entry.message)


@method("chat.deleteScheduledMessage")
def unschedule(call: Call) -> JsonObject:
    channel = call.conversation(argument(call, "channel"))
    entry = call.workspace.scheduled.get(argument(call, "scheduled_message_id"))
    if entry is None or entry.channel != channel.id:
        raise ApiError("invalid_scheduled_message_id")
    del call.workspace.scheduled[entry.id]
    return {}


@method("chat.scheduledMessages.list")
def scheduled(call: Call) -> JsonObject:
    wanted = call.text("channel")
    if wanted and wanted not in call.workspace.channels:
        raise ApiError("invalid_channel")
    found = [e for e in call.workspace.scheduled.values() if wanted in {"", e.channel}]
    found.sort(key=lambda entry: entry.post_at)
    page, cursor = paginate(call, found, [e.id for e in found], default=100, maximum=1000)
    entries = [
        {
            "id": entry.id,
            "channel_id": entry.channel,
            "post_at": entry.post_at,
            "date_created": entry.created,
            "text": entry.message.text,
        }
        for entry in page
    ]
    return {"scheduled_messages": entries, "response_metadata": {"next_cursor": cursor}}
