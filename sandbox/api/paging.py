"""Cursor pagination as Slack does it: opaque cursors, `limit` clamped to a maximum."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TypeVar

from sandbox.api.call import ApiError, Call

Item = TypeVar("Item")


def page_size(call: Call, *, default: int, maximum: int) -> int:
    """The page size to use. Raises invalid_limit for negative numbers."""
    limit = call.whole("limit", default) or default
    if limit < 0:
        raise ApiError("invalid_limit")
    cap = call.sandbox.faults.standing("page_cap")
    limit = min(limit, maximum)
    return min(limit, cap.count) if cap is not None and cap.count > 0 else limit


def encode_cursor(position: str) -> str:
    return base64.b64encode(f"next:{position}".encode()).decode()


def decode_cursor(call: Call) -> str:
    """The position the cursor stands for, empty for the first page. Raises invalid_cursor."""
    cursor = call.text("cursor")
    if not cursor:
        return ""
    try:
        word, _, position = base64.b64decode(cursor, validate=True).decode().partition(":")
    except ValueError as error:
        raise ApiError("invalid_cursor") from error
    if word != "next" or not position:
        raise ApiError("invalid_cursor")
    return position


def paginate(
    call: Call, items: Sequence[Item], keys: Sequence[str], *, default: int, maximum: int
) -> tuple[list[Item], str]:
    """The page the call asks for and the cursor of the next one (empty at the end).

    `keys` name the items: a cursor is the key of the first item of its page.
    """
    size = page_size(call, default=default, maximum=maximum)
    start_key = decode_cursor(call)
    if start_key and start_key not in keys:
        raise ApiError("invalid_cursor")
    start = keys.index(start_key) if start_key else 0
    following = keys[start + size] if start + size < len(items) else ""
    return list(items[start : start + size]), encode_cursor(following) if following else ""
