"""Whether a Slack status says that somebody is out of office.

Out of office are: one of `EMOJI`; an emoji or a text with one of the words below, in English and German, as
in Slack's own "Out sick" and "Vacationing" or the "Out of office" of calendar apps. Everything else is at
work: "In a meeting", "Commuting", "Working remotely".
"""

from __future__ import annotations

import re
from typing import Final

EMOJI: Final = frozenset(
    {
        "airplane",
        "airplane_departure",
        "baby",
        "baby_bottle",
        "beach_with_umbrella",
        "camping",
        "desert_island",
        "face_with_thermometer",
        "luggage",
        "palm_tree",
    }
)
"""Without colons; skin tones are ignored."""

_AWAY_WORDS: Final = (
    r"(?:"
    r"out of (?:the )?office|ooo|pto|(?:paid )?time off|days? off|on leave|"
    r"(?:annual|family|maternity|medical|parental|paternity|sick) leave|"
    r"vacation(?:s|ing)?|holidays?|sick(?:ness)?|"
    r"urlaub|elternzeit|mutterschutz|krank(?:geschrieben|heit)?"
    r")\b"
)
_AWAY: Final = re.compile(rf"\b{_AWAY_WORDS}")
_BACK: Final = re.compile(rf"\bback from (?:\w+ ){{0,2}}?{_AWAY_WORDS}")
"""Whoever is back from vacation is here."""
_AT_WORK: Final = re.compile(r"(?<!not )\bworking\b|\bwfh\b|\bhome office\b")


def is_out_of_office(emoji: str | None, text: str | None) -> bool:
    """Whether this status says so. The words count for more than the emoji: an airplane may be working."""
    said = _plain(text)
    without_back = _BACK.sub(" ", said)
    if _AWAY.search(without_back):
        return True
    if without_back != said or _AT_WORK.search(said):
        return False
    name = (emoji or "").strip(":").partition("::")[0].casefold()
    return name in EMOJI or bool(_AWAY.search(_plain(name)))


def _plain(text: str | None) -> str:
    return " ".join((text or "").casefold().replace("_", " ").replace("-", " ").split())
