"""Arguments as they travel: form-encoded calls send objects and lists as JSON text."""

from __future__ import annotations

import json

from sandbox.jsontypes import parse


class NotJsonError(Exception):
    """The text is not JSON; send the argument as an object or as JSON text."""


def decoded(value: object) -> object:
    """Return the value that an argument stands for: JSON text is parsed, anything else is itself."""
    if not isinstance(value, str):
        return value
    try:
        return parse(value)
    except ValueError as error:
        raise NotJsonError from error


def json_size(value: object) -> int:
    """Return the size of a value as compact JSON, in bytes of UTF-8; 0 if it cannot be written as JSON."""
    return len(_compact(value).encode("utf-8", "surrogatepass"))


def json_length(value: object) -> int:
    """Return the length of a value as compact JSON, in characters; 0 if it cannot be written as JSON."""
    return len(_compact(value))


def _compact(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    except (TypeError, ValueError, RecursionError):
        # Whatever is nested that deep, or is no JSON at all, fails the checks of shape.
        return ""
