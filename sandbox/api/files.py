"""files.*: ask for an address, upload there, complete."""

from __future__ import annotations

import asyncio

from sandbox import clock as clocks
from sandbox import shapes
from sandbox.api.call import ApiError, Call, argument, method
from sandbox.api.chat import post_target
from sandbox.entities import Channel, File, Message
from sandbox.ids import new_id
from sandbox.jsontypes import JsonObject, as_text, objects, texts

MOST_ALT_TEXT = 1000
MOST_CHANNELS = 100


@method("files.getUploadURLExternal")
def get_upload_url(call: Call) -> JsonObject:
    length = call.whole("length", 0)
    if length <= 0:
        raise ApiError("missing_argument")
    if len(call.text("alt_txt")) > MOST_ALT_TEXT:
        raise ApiError("alt_txt_too_large")
    file = File(
        id=new_id("F"),
        name=argument(call, "filename"),
        length=length,
        user=call.bot_user,
        created=int(call.workspace.clock.now()),
        alt_txt=call.text("alt_txt"),
    )
    call.workspace.files[file.id] = file
    return {"upload_url": f"{call.sandbox.base_url}/upload/{file.id}", "file_id": file.id}


@method("files.completeUploadExternal")
def complete_upload(call: Call) -> JsonObject:
    """Without a channel the files are private: only the bot sees them, until a message of its own does."""
    files = [_uploaded(call, entry) for entry in _entries(call)]
    references = texts(call.text("channels")) or texts(call.text("channel_id"))
    if len(references) > MOST_CHANNELS:
        raise ApiError("channels_limit_exceeded")
    targets = [post_target(call, reference) for reference in references]
    for channel in targets:
        if call.bot_user not in channel.members:
            raise ApiError("not_in_channel")
    for file in files:
        file.completed = True
        file.ready_at_real = clocks.real() + call.sandbox.settings.file_processing
    for channel in targets:
        call.sandbox.delivery.later(_share(call, channel, files))
    return {"files": [shapes.file(file) for file in files]}


async def _share(call: Call, channel: Channel, files: list[File]) -> None:
    """Slack shares after it has answered: which message it became is told by the event alone."""
    await asyncio.sleep(call.sandbox.settings.file_processing)
    if channel.is_archived or call.bot_user not in channel.members:
        return
    for file in files:
        file.channels.append(channel.id)
    app = call.sandbox.app
    message = Message(
        channel=channel.id,
        ts="",
        text=call.text("initial_comment"),
        user=app.bot_user,
        bot_id=app.bot_id,
        app_id=app.app_id,
        subtype="file_share",
        thread_ts=call.text("thread_ts"),
        files=[file.id for file in files],
    )
    call.workspace.post(channel, message)


def _entries(call: Call) -> list[JsonObject]:
    given = call.json("files")
    entries = objects(given)
    if not entries or not isinstance(given, list) or len(entries) != len(given):
        message = "[ERROR] must provide an array of objects [json-pointer:/files]"
        raise ApiError("invalid_arguments", response_metadata={"messages": [message]})
    return entries


def _uploaded(call: Call, entry: JsonObject) -> File:
    file = call.workspace.files.get(as_text(entry.get("id")))
    # The ticket for an upload is used up by completing it.
    if file is None or not file.uploaded or file.completed:
        raise ApiError("file_not_found")
    file.title = as_text(entry.get("title")) or file.name
    return file


@method("files.info")
def info(call: Call) -> JsonObject:
    file = call.workspace.files.get(argument(call, "file"))
    if file is None or not file.completed:
        raise ApiError("file_not_found")
    return {"file": shapes.file(file), "comments": [], "response_metadata": {"next_cursor": ""}}
