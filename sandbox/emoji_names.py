"""Which emoji names exist, and the characters they stand for."""

from __future__ import annotations

import functools
import re

import emoji

_SKIN_TONE = re.compile(r"::skin-tone-[2-6]$")
# Slack stores a reaction under the emoji's first name, whichever alias was used.
_FIRST_NAMES = {"thumbsup": "+1", "thumbsdown": "-1", "thumbs_up": "+1", "thumbs_down": "-1"}

# Slack names these differently from the table of the `emoji` package.
_SLACK_ONLY = frozenset(
    {f"large_{colour}_circle" for colour in ("green", "yellow", "orange", "purple", "brown")}
    | {f"large_{colour}_square" for colour in ("red", "green", "yellow", "orange", "purple", "brown", "blue")}
)


@functools.cache
def _standard_names() -> frozenset[str]:
    names: set[str] = set(_SLACK_ONLY)
    for data in emoji.EMOJI_DATA.values():
        if data["status"] == emoji.STATUS["component"]:
            continue
        names.add(data["en"].strip(":"))
        names.update(alias.strip(":") for alias in data.get("alias", []))
    return frozenset(names)


def is_known(name: str, custom: set[str]) -> bool:
    """True for a name without colons that a person could pick, skin tones included."""
    plain = _SKIN_TONE.sub("", name)
    return plain in custom or plain in _standard_names()


def first_name(name: str) -> str:
    """The name under which Slack keeps the reaction."""
    plain = _SKIN_TONE.sub("", name)
    return _FIRST_NAMES.get(plain, plain) + name[len(plain) :]


@functools.cache
def characters() -> dict[str, str]:
    """Characters by name, without skin tones. A name that two emoji share belongs to its alias."""
    plain = {
        character: data
        for character, data in emoji.EMOJI_DATA.items()
        if data["status"] == emoji.STATUS["fully_qualified"] and "skin_tone" not in data["en"]
    }
    known: dict[str, str] = {}
    for character, data in plain.items():
        for alias in data.get("alias", []):
            known.setdefault(alias.strip(":"), character)
    for character, data in plain.items():
        known.setdefault(data["en"].strip(":"), character)
    return known
