"""Files in messages: when Slack has processed one, and whether an image block may show it.

An upload is scanned and read after it was completed; until then `files.info` names no mimetype, and an image
block that names the file is refused: https://github.com/slackapi/node-slack-sdk/issues/1865
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sandbox import clock as clocks
from sandbox.entities import File
from sandbox.jsontypes import as_text
from sandbox.validation.decoding import NotJsonError, decoded
from sandbox.validation.problems import Problem, problem, step
from sandbox.workspace import Workspace

# What an image block can show, by the bytes that such files begin with.
_IMAGES = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"GIF87a": "gif", b"GIF89a": "gif"}


def image_type(file: File) -> str:
    """`png`, `jpeg` or `gif`; empty for everything else."""
    return next((name for start, name in _IMAGES.items() if file.content.startswith(start)), "")


def is_processed(file: File) -> bool:
    """True once Slack has read an upload."""
    return file.completed and clocks.real() >= file.ready_at_real


def problems_of_files(args: Mapping[str, object], workspace: Workspace, *, viewer: str) -> list[Problem]:
    """The `slack_file` objects in blocks and attachments that cannot be shown to others by `viewer`."""
    return [
        found
        for name in ("blocks", "attachments")
        for found in _walk(_json(args.get(name)), f"/{name}", workspace, viewer)
    ]


def _json(value: object) -> object:
    try:
        return decoded(value) if value != "" else None
    except NotJsonError:
        return None


def _walk(value: object, at: str, workspace: Workspace, viewer: str) -> Iterator[Problem]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            pointer = step(at, str(name))
            if name == "slack_file" and isinstance(inner, Mapping):
                if not _can_be_shown(inner, workspace, viewer):
                    yield problem(pointer, "invalid slack file", "invalid_blocks")
            else:
                yield from _walk(inner, pointer, workspace, viewer)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk(inner, step(at, index), workspace, viewer)


def _can_be_shown(reference: Mapping[object, object], workspace: Workspace, viewer: str) -> bool:
    file = _named(reference, workspace)
    if file is None or not is_processed(file) or not image_type(file):
        return False
    rooms = [workspace.channels[channel] for channel in file.channels if channel in workspace.channels]
    return file.user == viewer or any(viewer in room.members for room in rooms)


def _named(reference: Mapping[object, object], workspace: Workspace) -> File | None:
    url = as_text(reference.get("url"))
    if not url:
        return workspace.files.get(as_text(reference.get("id")))
    return next((file for file in workspace.files.values() if url in {file.permalink, address(file)}), None)


def address(file: File) -> str:
    """Where this server shows the file, `url_private`."""
    return f"/files/{file.id}/{file.name}"
