"""Identifiers that look like Slack's."""

from __future__ import annotations

import hashlib
import random
import string
import uuid

_ALPHABET = string.ascii_uppercase + string.digits


def named_id(prefix: str, kind: str, name: str) -> str:
    """The same id for the same name each time, so that a seeded workspace is reproducible."""
    number = int.from_bytes(hashlib.sha256(f"{kind}:{name}".encode()).digest()[:8], "big")
    letters = []
    for _ in range(9):
        number, index = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[index])
    return f"{prefix}0{''.join(letters)}"


def new_id(prefix: str) -> str:
    """A fresh id, for example `F0…` for a file."""
    return f"{prefix}0{''.join(random.choices(_ALPHABET, k=9))}"


def short_id() -> str:
    """What Slack fills in for a missing block_id or action_id."""
    return "".join(random.choices(string.ascii_letters + string.digits, k=5))


def new_uuid() -> str:
    """An envelope id or client message id."""
    return str(uuid.uuid4())


def new_secret(length: int = 24) -> str:
    """The random part of tokens and one-time addresses."""
    return "".join(random.choices(string.ascii_letters + string.digits, k=length))
