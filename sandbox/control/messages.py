"""People write, edit, delete and react."""

from __future__ import annotations

import base64
import binascii

from sandbox import shapes
from sandbox.composing import compose
from sandbox.control.request import Gesture, act
from sandbox.emoji_names import first_name, is_known
from sandbox.entities import Channel, File, Message, User
from sandbox.ids import named_id, new_id, new_uuid
from sandbox.interactions import NotPossible
from sandbox.jsontypes import JsonObject, objects, texts


@act("post")
async def post(gesture: Gesture) -> JsonObject:
    """`user, channel, text, thread_ts?, broadcast?, raw?, files?` → `ts`. `raw` text is markup already."""
    author, channel = gesture.actor(), gesture.member_channel()
    _check_messages_tab(gesture, channel)
    message = _composed(gesture, author)
    for name in texts(gesture.args.get("files")):
        message.files.append(_attached(gesture, author, name).id)
        message.subtype = "file_share"
    message.thread_ts = gesture.text("thread_ts")
    if message.thread_ts:
        parent = gesture.workspace.message(channel.id, message.thread_ts)
        message.thread_ts = parent.thread_ts or parent.ts
        if gesture.flag("broadcast"):
            message.subtype = "thread_broadcast"
    posted = gesture.workspace.post(channel, message)
    return _posted(gesture, posted)


@act("upload")
async def upload(gesture: Gesture) -> JsonObject:
    """`user, channel, name, content (base64), text?, thread_ts?`: a file with its content → `ts`."""
    author, channel = gesture.actor(), gesture.member_channel()
    _check_messages_tab(gesture, channel)
    file = _attached(gesture, author, gesture.needed("name"))
    try:
        file.content = base64.b64decode(gesture.text("content"), validate=True)
    except binascii.Error as error:
        raise NotPossible("The content of the file is no base64.") from error
    file.length, file.uploaded, file.channels = len(file.content), True, [channel.id]
    text = gesture.text("text")
    message = Message(channel="", ts="", text=text, user=author.id, files=[file.id], subtype="file_share")
    message.client_msg_id = new_uuid()
    message.thread_ts = gesture.text("thread_ts")
    return _posted(gesture, gesture.workspace.post(channel, message))


def _check_messages_tab(gesture: Gesture, channel: Channel) -> None:
    app = gesture.sandbox.app
    writable = app.manifest.messages_tab_enabled and not app.manifest.messages_tab_read_only
    if channel.kind == "im" and app.bot_user in channel.members and not writable:
        raise NotPossible("Sending messages to this app has been turned off.")


def _attached(gesture: Gesture, author: User, name: str) -> File:
    file = File(new_id("F"), name, 0, author.id, int(gesture.workspace.clock.now()), completed=True)
    domain = gesture.workspace.team.domain
    file.permalink = f"https://{domain}.slack.com/files/{author.id}/{file.id}/{name}"
    gesture.workspace.files[file.id] = file
    return file


def _posted(gesture: Gesture, message: Message) -> JsonObject:
    return {
        "ts": message.ts,
        "channel": message.channel,
        "message": shapes.message(message, gesture.workspace),
    }


def _composed(gesture: Gesture, author: User) -> Message:
    typed = gesture.needed("text")
    text, blocks = (typed, []) if gesture.flag("raw") else compose(typed, gesture.workspace)
    message = Message(channel="", ts="", text=text, user=author.id, blocks=blocks)
    if author.is_bot:
        message.bot_id, message.app_id, message.blocks = author.bot_id, author.app_id, []
        message.text = typed
    else:
        message.client_msg_id = new_uuid()
    return message


@act("post_webhook")
async def post_webhook(gesture: Gesture) -> JsonObject:
    """`channel, text, username?, blocks?` → `ts`: an incoming webhook, a message without a user."""
    channel = gesture.channel()
    message = Message(
        channel=channel.id,
        ts="",
        text=gesture.needed("text"),
        subtype="bot_message",
        bot_id=named_id("B", "webhook", "incoming-webhook"),
        username=gesture.text("username", "incoming-webhook"),
        blocks=objects(gesture.args.get("blocks")),
    )
    return _posted(gesture, gesture.workspace.post(channel, message))


@act("edit")
async def edit(gesture: Gesture) -> JsonObject:
    """`user, channel, ts, text`: edits an own message."""
    author, message = gesture.actor(), gesture.message()
    if message.user != author.id:
        raise NotPossible("People can edit their own messages only.")
    text, blocks = compose(gesture.needed("text"), gesture.workspace)
    gesture.workspace.change(message, editor=author.id, text=text, blocks=blocks)
    return {"ts": message.ts}


@act("delete")
async def delete(gesture: Gesture) -> JsonObject:
    """`user, channel, ts`: deletes an own message; administrators may delete any."""
    author, message = gesture.actor(), gesture.message()
    if message.user != author.id and not author.is_admin:
        raise NotPossible("People can delete their own messages only.")
    gesture.workspace.delete(message)
    return {}


def _emoji(gesture: Gesture) -> str:
    name = gesture.needed("emoji").strip(":")
    if not is_known(name, gesture.workspace.custom_emoji):
        raise NotPossible(f"There is no emoji :{name}:.")
    return first_name(name)


def _reactable(gesture: Gesture) -> tuple[User, Message]:
    user, message = gesture.actor(), gesture.message()
    channel = gesture.channel()
    if channel.is_archived:
        raise NotPossible(f"{channel.name} is archived.")
    return user, message


@act("react")
async def react(gesture: Gesture) -> JsonObject:
    """`user, channel, ts, emoji` → `changed`."""
    user, message = _reactable(gesture)
    return {"changed": gesture.workspace.react(message, user=user.id, name=_emoji(gesture))}


@act("unreact")
async def unreact(gesture: Gesture) -> JsonObject:
    """`user, channel, ts, emoji` → `changed`."""
    user, message = _reactable(gesture)
    return {"changed": gesture.workspace.unreact(message, user=user.id, name=_emoji(gesture))}
