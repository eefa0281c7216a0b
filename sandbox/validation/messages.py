"""Messages: what chat.postMessage, chat.update, chat.postEphemeral and a response_url are sent.

https://docs.slack.dev/reference/methods/chat.postMessage and
https://docs.slack.dev/interactivity/handling-user-interaction/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, Literal

from sandbox.validation.blocks import check_blocks
from sandbox.validation.decoding import NotJsonError, decoded, json_length, json_size
from sandbox.validation.mentions import live_markup
from sandbox.validation.problems import Problem, problem, recode, step
from sandbox.validation.schema import Anything, Choice, Flag, Record, Shape, Text

__all__ = ["Method", "live_markup", "validate_message"]

Method = Literal[
    "chat.postMessage", "chat.update", "chat.postEphemeral", "chat.scheduleMessage", "response_url"
]

MOST_TEXT: Final = 40_000
MOST_UPDATE_TEXT: Final = 4_000
MOST_MARKDOWN_TEXT: Final = 12_000
MOST_OF_BLOCKS: Final = 13_200
"""Characters of a posted message's blocks as JSON. Not published; measured by others, who found no such limit
for a response_url: https://github.com/slackapi/bolt-js/issues/2509 and /2867 of the same repository.
"""
MOST_ATTACHMENTS: Final = 100
MOST_METADATA_BYTES: Final = 8_000
"""Slack documents the error `metadata_too_large` and not the limit: a cautious guess."""

_CONTENT: Final = ("text", "markdown_text", "blocks", "attachments")
_TS: Final = r"\d{10}\.\d{6}"


def validate_message(args: Mapping[str, object], *, method: Method) -> list[Problem]:
    """List what Slack would refuse or warn of in the content of a message; each code is Slack's `error`.

    Whether channel, user and thread exist, and which arguments the method takes, is not judged here.
    `blocks`, `attachments` and `metadata` may be JSON text. Warnings: `message_truncated`,
    `missing_text_in_message` and, for a response_url, `unknown_argument`.
    """
    given = {name: value for name, value in args.items() if value is not None}
    found = [problem for check in _CHECKS for problem in check(given, method)]
    return recode(found, "invalid_arguments")


def _filled(args: Mapping[str, object], name: str) -> bool:
    """Tell whether an argument holds anything that could be seen."""
    value = args.get(name)
    if isinstance(value, str) and name in ("blocks", "attachments"):
        return value.strip() not in ("", "[]")
    return bool(value.strip()) if isinstance(value, str) else bool(value)


def _presence(args: Mapping[str, object], method: Method) -> Iterator[Problem]:
    deletes = method == "response_url" and args.get("delete_original") is True
    if deletes or (method == "chat.update" and _filled(args, "file_ids")):
        return
    if not any(_filled(args, name) for name in _CONTENT):
        yield problem("/text", "the message has neither text nor blocks nor attachments", "no_text")
    elif not _filled(args, "text") and not _filled(args, "markdown_text"):
        sentence = "give text too: it is the notification and what screen readers read"
        yield problem("/text", sentence, "missing_text_in_message")


def _text(args: Mapping[str, object], method: Method) -> Iterator[Problem]:
    text = args.get("text", "")
    if not isinstance(text, str):
        yield problem("/text", "must provide a string")
    elif method == "chat.update" and len(text) > MOST_UPDATE_TEXT:
        yield problem("/text", f"must be less than {MOST_UPDATE_TEXT + 1} characters", "msg_too_long")
    elif len(text) > MOST_TEXT:
        code = "msg_too_long" if method == "chat.postEphemeral" else "message_truncated"
        yield problem("/text", f"must be less than {MOST_TEXT + 1} characters", code)


def _markdown_text(args: Mapping[str, object], _method: Method) -> Iterator[Problem]:
    text = args.get("markdown_text", "")
    if not isinstance(text, str):
        yield problem("/markdown_text", "must provide a string")
    elif len(text) > MOST_MARKDOWN_TEXT:
        sentence = f"must be less than {MOST_MARKDOWN_TEXT + 1} characters"
        yield problem("/markdown_text", sentence, "msg_too_long")
    if _filled(args, "markdown_text") and (_filled(args, "text") or _filled(args, "blocks")):
        yield problem(
            "/markdown_text", "cannot be used together with text or blocks", "markdown_text_conflict"
        )


def _blocks(args: Mapping[str, object], method: Method) -> Iterator[Problem]:
    if args.get("blocks", "") == "":
        return
    try:
        blocks = decoded(args["blocks"])
    except NotJsonError:
        yield problem("/blocks", "must be valid JSON", "invalid_blocks_format")
        return
    if not isinstance(blocks, list):
        yield problem("/blocks", "must provide an array", "invalid_blocks_format")
        return
    found = recode(check_blocks(blocks, surface="message", at="/blocks"), "invalid_blocks")
    yield from found
    if not found and method == "chat.postMessage" and json_length(blocks) > MOST_OF_BLOCKS:
        sentence = f"must be at most {MOST_OF_BLOCKS} characters as JSON"
        yield problem("/blocks", sentence, "msg_blocks_too_long")


def _attachments(args: Mapping[str, object], _method: Method) -> Iterator[Problem]:
    if args.get("attachments", "") == "":
        return
    try:
        attachments = decoded(args["attachments"])
    except NotJsonError:
        yield problem("/attachments", "must be valid JSON", "invalid_attachments")
        return
    if not isinstance(attachments, list):
        yield problem("/attachments", "must provide an array", "invalid_attachments")
        return
    if len(attachments) > MOST_ATTACHMENTS:
        sentence = f"no more than {MOST_ATTACHMENTS} items allowed"
        yield problem("/attachments", sentence, "too_many_attachments")
    for index, attachment in enumerate(attachments[:MOST_ATTACHMENTS]):
        yield from _attachment(attachment, step("/attachments", index))


def _attachment(attachment: object, at: str) -> Iterator[Problem]:
    if not isinstance(attachment, Mapping):
        yield problem(at, "must provide an object", "invalid_attachments")
    elif "blocks" in attachment:
        found = check_blocks(attachment["blocks"], surface="message", at=step(at, "blocks"))
        yield from recode(found, "invalid_blocks")


def _metadata(args: Mapping[str, object], _method: Method) -> Iterator[Problem]:
    if args.get("metadata", "") == "":
        return
    try:
        metadata = decoded(args["metadata"])
    except NotJsonError:
        yield problem("/metadata", "must be valid JSON", "invalid_metadata_format")
        return
    yield from recode(_METADATA.check(metadata, "/metadata"), "invalid_metadata_format")
    if json_size(metadata) > MOST_METADATA_BYTES:
        yield problem("/metadata", f"must be at most {MOST_METADATA_BYTES} bytes", "metadata_too_large")


class _Object:
    """Any JSON object."""

    def check(self, value: object, at: str, /) -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            yield problem(at, "must provide an object")


def _event_complete(value: Mapping[str, object], at: str) -> Iterator[Problem]:
    for name in ("event_type", "event_payload"):
        if name not in value and "entities" not in value:
            yield problem(at, f"missing required field: {name}")


_METADATA: Final = Record(
    {"event_type": Text(1, 255), "event_payload": _Object(), "entities": Anything()}, rules=(_event_complete,)
)


def _thread(args: Mapping[str, object], _method: Method) -> Iterator[Problem]:
    thread_ts = args.get("thread_ts", "")
    if thread_ts != "" and not (isinstance(thread_ts, str) and re.fullmatch(_TS, thread_ts)):
        yield problem("/thread_ts", "must be a timestamp such as 1700000000.000100", "invalid_thread_ts")


_RESPONSE: Final[Mapping[str, Shape]] = {
    **dict.fromkeys((*_CONTENT, "metadata", "thread_ts"), Anything()),
    "response_type": Choice(("in_channel", "ephemeral")),
    **dict.fromkeys(
        ("replace_original", "delete_original", "unfurl_links", "unfurl_media", "mrkdwn"), Flag()
    ),
}


def _response(args: Mapping[str, object], method: Method) -> Iterator[Problem]:
    if method != "response_url":
        return
    for name, value in args.items():
        shape = _RESPONSE.get(name)
        if shape is None:
            yield problem(step("", name), f"a response_url takes no {name}", "unknown_argument")
        else:
            yield from shape.check(value, step("", name))
    if args.get("delete_original") is True and len(args) > 1:
        yield problem("/delete_original", "must be sent alone")


_CHECKS: Final[tuple[Callable[[Mapping[str, object], Method], Iterator[Problem]], ...]] = (
    _presence,
    _text,
    _markdown_text,
    _blocks,
    _attachments,
    _metadata,
    _thread,
    _response,
)
