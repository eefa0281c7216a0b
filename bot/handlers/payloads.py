"""Reading Slack's payloads: every access says what it expects, and what is not so is named."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias

from bot.clock import instant_of
from bot.directory import shapes
from bot.errors import DeskbellError
from bot.store.storable import storable_text
from bot.workflows.facts import Message

Payload: TypeAlias = Mapping[str, object]


class MalformedPayload(DeskbellError):
    """A payload that can never be understood; it is parked."""

    def __init__(self, path: str, expected: str) -> None:
        super().__init__(f"{path} should be {expected}")


def text(payload: Payload, *path: str) -> str:
    """The string at a path. Raises MalformedPayload when there is none."""
    value = optional(payload, *path)
    if value is None:
        raise MalformedPayload(".".join(path), "a text")
    return value


def optional(payload: Payload, *path: str) -> str | None:
    """The string at a path, None when it or a part of the path is missing. Raises MalformedPayload."""
    value: object = payload
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    if value is None or isinstance(value, str):
        return None if value is None else storable_text(value)
    raise MalformedPayload(".".join(path), "a text")


def mapping(payload: Payload, *path: str) -> Payload:
    """The object at a path. Raises MalformedPayload when there is none."""
    value: object = payload
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping):
        raise MalformedPayload(".".join(path), "an object")
    return value


def is_on_home(payload: Payload) -> bool:
    """Whether a button was pressed in a Home tab, not in a message or a modal."""
    return optional(payload, "view", "type") == "home"


def objects(payload: Payload, key: str) -> list[Payload]:
    """The objects in a list; a missing list is empty. Raises MalformedPayload."""
    value = payload.get(key) or []
    if not isinstance(value, list):
        raise MalformedPayload(key, "a list")
    return [item for item in value if isinstance(item, Mapping)]


def instant(ts: str) -> datetime:
    """The instant of a ts. Raises MalformedPayload."""
    try:
        return instant_of(ts)
    except (ValueError, OverflowError, OSError) as error:
        raise MalformedPayload("ts", f"a Slack timestamp, not {ts[:40]!r}") from error


def message_of(payload: Payload, channel: str) -> Message:
    """A message in an event or a shortcut. Raises MalformedPayload."""
    ts = text(payload, "ts")
    instant(ts)
    author = optional(payload, "user")
    return Message(
        channel=channel,
        ts=ts,
        text=words_of(payload) or "",
        author_id=author,
        is_app=optional(payload, "bot_id") is not None or optional(payload, "subtype") == "bot_message",
        thread_ts=optional(payload, "thread_ts"),
        files=_files(payload),
    )


def words_of(payload: Payload) -> str | None:
    """What a message says, what it forwards included; None when it has neither a text nor attachments.

    Raises MalformedPayload.
    """
    if optional(payload, "text") is None and not objects(payload, "attachments"):
        return None
    return storable_text(shapes.words_of(payload))


def _files(payload: Payload) -> tuple[tuple[str, str], ...]:
    objects(payload, "files")  # what is no list is named
    return tuple((storable_text(name), storable_text(link)) for name, link in shapes.files_of(payload))
