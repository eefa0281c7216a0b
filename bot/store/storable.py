"""Texts that either database can store: PostgreSQL takes neither NUL nor lone surrogates."""

from __future__ import annotations

from collections.abc import Mapping


def storable_text(value: str) -> str:
    """The text without NUL, and with a question mark for half a character."""
    return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def storable(value: object) -> object:
    """A whole payload in which every text, keys too, can be stored."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, Mapping):
        return {storable(key): storable(part) for key, part in value.items()}
    return [storable(part) for part in value] if isinstance(value, list) else value
