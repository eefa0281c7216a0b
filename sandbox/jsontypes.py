"""JSON as Slack sends it: objects whose values must be looked at before use."""

from __future__ import annotations

import json
import math
from typing import TypeAlias

JsonObject: TypeAlias = dict[str, object]


def as_object(value: object) -> JsonObject:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """The value if it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: object) -> str:
    """The value if it is a string, else the empty string."""
    return value if isinstance(value, str) else ""


def as_number(value: object, default: float = 0.0) -> float:
    """The value as a number, or `default` where it is none."""
    if isinstance(value, bool):
        return default
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return default
    return default


def as_flag(value: object, *, default: bool = False) -> bool:
    """A boolean as JSON or as a form field (`true`, `1`)."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value:
        return value.lower() in {"1", "true", "yes", "on"}
    if isinstance(value, int):
        return value != 0
    return default


def objects(value: object) -> list[JsonObject]:
    """The JSON objects in an array; whatever else it holds is left out."""
    return [item for item in as_list(value) if isinstance(item, dict)]


def texts(value: object) -> list[str]:
    """The strings of an array, or of a comma-separated string."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [item for item in as_list(value) if isinstance(item, str)]


DEEPEST = 100
"""Levels of nesting; a view or message needs about ten."""


def parse(raw: bytes | str) -> object:
    """JSON text as a value. Half characters become question marks, since nothing could send them on.

    Raises ValueError for what is no JSON (NaN is none), nested too deeply, or not UTF-8.
    """
    text = raw.decode("utf-8") if isinstance(raw, bytes) else raw
    try:
        value: object = json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    _check_depth(value)
    return _whole_characters(value) if "\\u" in text else value


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _no_number(digits)


def _check_depth(value: object) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for item in level if isinstance(item, list | dict) for inner in _within(item)]
        if not level:
            return
    raise ValueError("nested too deeply")


def _within(item: list[object] | JsonObject) -> list[object]:
    return item if isinstance(item, list) else list(item.values())


def _whole_characters(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_whole_characters(item) for item in value]
    if isinstance(value, dict):
        return {str(_whole_characters(key)): _whole_characters(item) for key, item in value.items()}
    return value
