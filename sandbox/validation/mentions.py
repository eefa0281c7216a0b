"""Mass mentions: the markup that makes every member of a channel or a group look up.

https://docs.slack.dev/messaging/formatting-message-text/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from sandbox.validation.decoding import NotJsonError, decoded

_MARKUP: Final = re.compile(r"<!(?:channel|here|everyone|group|subteam\^[A-Z0-9]+)(?:\|[^<>]*)?>")
_BY_NAME: Final = re.compile(r"(?<![\w.])@(?:channel|here|everyone)\b")


def live_markup(message: object) -> list[str]:
    """List the mass mentions that would notify people, in the order in which they stand.

    `message` is mrkdwn text, a list of blocks, or the arguments of a message (`text`, `markdown_text`,
    `blocks`, `attachments`; JSON text is read). Text of `plain_text` objects and of rich_text `text` elements
    is inert, escaped markup (`&lt;!channel&gt;`) too. A plain `@channel` counts only with `link_names` or
    `parse: full`.
    """
    if isinstance(message, str):
        return _MARKUP.findall(message)
    if isinstance(message, list):
        return list(_in_blocks(message))
    if isinstance(message, Mapping):
        return list(_in_message(message))
    return []


def _in_message(message: Mapping[str, object]) -> Iterator[str]:
    links_names = message.get("parse") == "full" or message.get("link_names") in (True, "true", "1", 1)
    for name in ("text", "markdown_text"):
        text = message.get(name)
        if isinstance(text, str):
            yield from _MARKUP.findall(text)
            yield from _BY_NAME.findall(text) if links_names else ()
    yield from _in_blocks(_read(message.get("blocks")))
    attachments = _read(message.get("attachments"))
    for attachment in attachments if isinstance(attachments, list) else []:
        if isinstance(attachment, Mapping):
            yield from _in_attachment(attachment)


def _read(value: object) -> object:
    try:
        return decoded(value)
    except NotJsonError:
        return None


def _in_attachment(attachment: Mapping[str, object]) -> Iterator[str]:
    fields = attachment.get("fields")
    texts = [attachment.get("pretext"), attachment.get("text")]
    texts += [
        field.get("value")
        for field in (fields if isinstance(fields, list) else [])
        if isinstance(field, Mapping)
    ]
    for text in texts:
        if isinstance(text, str):
            yield from _MARKUP.findall(text)
    yield from _in_blocks(attachment.get("blocks"))


def _in_blocks(blocks: object) -> Iterator[str]:
    """Walk blocks of any depth; a list of what is left, since JSON may be nested deeper than Python calls."""
    left = [blocks]
    while left:
        value = left.pop()
        if isinstance(value, Mapping):
            yield from _in_object(value)
            left += reversed(list(value.values()))
        elif isinstance(value, list):
            left += reversed(value)


def _in_object(value: Mapping[str, object]) -> Iterator[str]:
    kind, text = value.get("type"), value.get("text")
    if kind in ("mrkdwn", "markdown") and isinstance(text, str):
        yield from _MARKUP.findall(text)
    elif kind == "broadcast" and value.get("range") in ("channel", "here", "everyone"):
        yield f"<!{value['range']}>"
    elif kind == "usergroup" and isinstance(value.get("usergroup_id"), str):
        yield f"<!subteam^{value['usergroup_id']}>"
