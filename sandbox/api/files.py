"""files.*: ask for an address, upload there, complete."""

from __future__ import annotations

from sandbox import shapes
from sandbox.api.call import ApiError, Call, argument, method
from sandbox.api.chat import post_target
from sandbox.entities import File, Message
from sandbox.ids import new_id
from sandbox.jsontypes import JsonObject, as_text, objects, texts


@method("files.getUploadURLExternal")
def get_upload_url(call: Call) -> JsonObject:
    length = call.whole("length", 0)
    if length <= 0:
        raise ApiError("invalid_arguments")
    file = File(
        id=new_id("F"),
        name=argument(call, "filename"),
        length=length,
        user=call.bot_user,
        created=int(call.workspace.clock.now()),
    )
    call.workspace.files[file.id] = file
    return {"upload_url": f"{call.sandbox.base_url}/upload/{file.id}", "file_id": file.id}


@method("files.completeUploadExternal")
def complete_upload(call: Call) -> JsonObject:
    entries = objects(call.json("files"))
    files = [_uploaded(call, entry) for entry in entries]
    references = texts(call.text("channels")) or texts(call.text("channel_id"))
    targets = [post_target(call, reference) for reference in references]
    for channel in targets:
        if call.bot_user not in channel.members:
            raise ApiError("not_in_channel")
    for file in files:
        file.completed = True
        file.channels = [channel.id for channel in targets]
    app = call.sandbox.app
    for channel in targets:
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
    return {"files": [shapes.file(file) for file in files]}


def _uploaded(call: Call, entry: JsonObject) -> File:
    file = call.workspace.files.get(as_text(entry.get("id")))
    if file is None or not file.uploaded:
        raise ApiError("file_not_found")
    file.title = as_text(entry.get("title")) or file.name
    return file


@method("files.info")
def info(call: Call) -> JsonObject:
    file = call.workspace.files.get(argument(call, "file"))
    if file is None or not file.completed:
        raise ApiError("file_not_found")
    return {"file": shapes.file(file), "comments": [], "response_metadata": {"next_cursor": ""}}
