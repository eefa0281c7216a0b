"""Durations as people write them: `90s`, `15m`, `4h`, `2d`, `1h30m`."""

from __future__ import annotations

import re

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_WRITTEN = re.compile(r"(?:([0-9]{1,9})d)?(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?")
_LONGEST = 3650 * DAY


class InvalidDurationError(ValueError):
    """The text is not a duration; the message says how to write one."""


def parse_duration(text: str, *, day: int = DAY) -> int:
    """The seconds that `text` stands for.

    `day` is what `1d` is worth, in seconds: 24 hours, or the working day of a calendar
    (`Calendar.day_seconds`). Raises `InvalidDurationError`.
    """
    written = _WRITTEN.fullmatch(text)
    if written is None or not text:
        raise InvalidDurationError(f'"{text}" is not a duration. Write it like 90s, 15m, 4h, 2d or 1h30m.')
    days, hours, minutes, seconds = (int(part or 0) for part in written.groups())
    total = days * day + hours * HOUR + minutes * MINUTE + seconds
    if total > _LONGEST:
        raise InvalidDurationError(f'"{text}" is longer than ten years. Write a shorter duration.')
    return total


def format_duration(seconds: int, *, day: int | None = DAY) -> str:
    """`seconds` in the shortest form that `parse_duration` reads back to the same number.

    With `day=None` hours are the largest unit: for a duration whose days would depend on a calendar.
    """
    units = [(HOUR, "h"), (MINUTE, "m"), (1, "s")]
    if day is not None:
        units.insert(0, (day, "d"))
    parts = []
    for size, unit in units:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
