"""chat.*"""

from __future__ import annotations

from sandbox import clock as clocks
from sandbox import shapes
from sandbox.api.call import ApiError, Call, argument, method
from sandbox.elements import fill_ids
from sandbox.entities import Channel, Ephemeral, Message
from sandbox.jsontypes import JsonObject, as_object, as_text, objects
from sandbox.slack_files import problems_of_files
from sandbox.validation.messages import MOST_TEXT, live_markup, validate_message
from sandbox.validation.messages import Method as MessageMethod

MASS_MENTIONS = ("<!channel", "<!here", "<!everyone", "@channel", "@here", "@everyone")


def check_content(call: Call, message_method: MessageMethod) -> None:
    """Refuses what Slack refuses, and puts careless content on record."""
    problems = validate_message(call.args, method=message_method)
    files = problems_of_files(call.args, call.workspace, viewer=call.bot_user)
    call.refuse([*problems, *files])
    loud = [found for found in live_markup(call.args) if found.startswith(MASS_MENTIONS)]
    if loud:
        call.sandbox.violate("live_markup", call.method, f"the message pings everyone: {', '.join(loud)}")


def post_target(call: Call, reference: str) -> Channel:
    """Where a message goes: a conversation, a public channel by name, or a person's DM."""
    workspace = call.workspace
    if reference in workspace.users:
        return _direct_message(call, reference)
    if reference.startswith("#") or reference not in workspace.channels:
        named = workspace.channel_named(reference.removeprefix("#"))
        if named is None or (named.is_private and call.bot_user not in named.members):
            raise ApiError("channel_not_found")
        reference = named.id
    channel = workspace.channels[reference]
    _check_postable(call, channel)
    return channel


def _direct_message(call: Call, user: str) -> Channel:
    person = call.workspace.users[user]
    if person.is_bot:
        raise ApiError("channel_not_found")
    channel = call.workspace.open_im(call.bot_user, user)
    _check_postable(call, channel)
    return channel


def _check_postable(call: Call, channel: Channel) -> None:
    if call.bot_user not in channel.members:
        if channel.is_private:
            raise ApiError("channel_not_found")
        if not call.sandbox.app.has_scope("chat:write.public"):
            raise ApiError("not_in_channel")
    if channel.is_archived:
        raise ApiError("is_archived")
    if channel.kind == "im" and not call.sandbox.app.manifest.messages_tab_enabled:
        raise ApiError("messages_tab_disabled")


def _warned(call: Call) -> JsonObject:
    if len(call.text("text")) <= MOST_TEXT:
        return {}
    return {"warning": "message_truncated", "response_metadata": {"warnings": ["message_truncated"]}}


def _has_rich_text(blocks: list[JsonObject]) -> bool:
    return any(block.get("type") == "rich_text" for block in blocks)


def _thread(call: Call, channel: Channel) -> str:
    """The parent's ts, or empty. A reply cannot be a parent."""
    thread_ts = call.text("thread_ts")
    if not thread_ts:
        return ""
    parent = channel.messages.get(thread_ts)
    if parent is None:
        raise ApiError("cannot_reply_to_message")
    if parent.is_reply:
        detail = f"thread_ts {thread_ts} is a reply; give its parent {parent.thread_ts}"
        call.sandbox.violate("thread_ts_of_reply", call.method, detail)
        raise ApiError("cannot_reply_to_message")
    return thread_ts


def draft(call: Call, channel: Channel) -> Message:
    """The message the arguments describe, not yet posted."""
    app = call.sandbox.app
    message = Message(
        channel=channel.id,
        ts="",
        text=call.text("text")[:MOST_TEXT] or call.text("markdown_text"),
        user=app.bot_user,
        thread_ts=_thread(call, channel),
        bot_id=app.bot_id,
        app_id=app.app_id,
        blocks=fill_ids(objects(call.json("blocks"))),
        attachments=objects(call.json("attachments")),
        metadata=as_object(call.json("metadata")),
    )
    _customise(call, message)
    if message.thread_ts and call.flag("reply_broadcast"):
        message.subtype = "thread_broadcast"
    return message


def _customise(call: Call, message: Message) -> None:
    icon_emoji, icon_url = call.text("icon_emoji"), call.text("icon_url")
    username = call.text("username")
    if not (icon_emoji or icon_url or username):
        return
    call.require_scope("chat:write.customize")
    if icon_emoji:
        message.icons = {"emoji": icon_emoji}
    elif icon_url:
        message.icons = {"image_48": icon_url}
    if username:
        message.username, message.user, message.subtype = username, "", "bot_message"


@method("chat.postMessage")
def post_message(call: Call) -> JsonObject:
    check_content(call, "chat.postMessage")
    channel = post_target(call, argument(call, "channel"))
    message = call.workspace.post(channel, draft(call, channel))
    answer: JsonObject = {
        "channel": channel.id,
        "ts": message.ts,
        "message": shapes.message(message, call.workspace),
    }
    return answer | _warned(call)


@method("chat.update")
def update(call: Call) -> JsonObject:
    check_content(call, "chat.update")
    channel = call.conversation(argument(call, "channel"))
    message = call.message_at(channel, argument(call, "ts"))
    if message.app_id != call.sandbox.app.app_id:
        raise ApiError("cant_update_message")
    _check_editable(call, channel, message)
    changes: JsonObject = {}
    if call.has("text") or call.has("markdown_text") or call.has("blocks"):
        changes["text"] = call.text("text") or call.text("markdown_text")
        # Text without blocks removes the blocks.
        blocks = fill_ids(objects(call.json("blocks")))
        if blocks and _has_rich_text(message.blocks) and not _has_rich_text(blocks):
            raise ApiError("block_mismatch")
        changes["blocks"] = blocks
    if call.has("attachments"):
        changes["attachments"] = objects(call.json("attachments"))
    if call.has("metadata"):
        changes["metadata"] = as_object(call.json("metadata"))
    call.workspace.change(message, editor=call.bot_user, **changes)
    return {
        "channel": channel.id,
        "ts": message.ts,
        "text": message.text,
        "message": shapes.message(message, call.workspace),
    }


def _check_editable(call: Call, channel: Channel, message: Message) -> None:
    if channel.is_archived:
        raise ApiError("is_inactive")
    window = call.sandbox.settings.edit_window
    if window > 0 and clocks.real() - message.posted_at_real > window:
        raise ApiError("edit_window_closed")


@method("chat.delete")
def delete(call: Call) -> JsonObject:
    channel = call.conversation(argument(call, "channel"))
    message = call.message_at(channel, argument(call, "ts"))
    if message.app_id != call.sandbox.app.app_id:
        raise ApiError("cant_delete_message")
    call.workspace.delete(message)
    return {"channel": channel.id, "ts": message.ts}


@method("chat.postEphemeral")
def post_ephemeral(call: Call) -> JsonObject:
    check_content(call, "chat.postEphemeral")
    channel = post_target(call, argument(call, "channel"))
    if call.bot_user not in channel.members:
        raise ApiError("not_in_channel")
    user = argument(call, "user")
    if user not in channel.members:
        raise ApiError("user_not_in_channel")
    ephemeral = Ephemeral(
        user=user,
        channel=channel.id,
        ts=call.workspace.next_ts(channel),
        text=call.text("text") or call.text("markdown_text"),
        thread_ts=call.text("thread_ts"),
        blocks=fill_ids(objects(call.json("blocks"))),
        attachments=objects(call.json("attachments")),
    )
    # "Ephemeral messages in threads are only shown if there is already an active thread": Slack's reference.
    if not ephemeral.thread_ts or call.workspace.replies(channel, ephemeral.thread_ts):
        call.workspace.show_ephemeral(ephemeral)
    return {"message_ts": ephemeral.ts}


@method("chat.getPermalink")
def permalink(call: Call) -> JsonObject:
    channel = call.conversation(argument(call, "channel"))
    message = call.message_at(channel, argument(call, "message_ts"))
    link = (
        f"https://{call.workspace.team.domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    )
    if message.is_reply:
        link += f"?thread_ts={as_text(message.thread_ts)}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}
