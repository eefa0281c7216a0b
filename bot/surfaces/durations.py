"""Durations in words that people say: "50 min", "3 h 20 min", "2 days"."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from bot.service_levels.durations import DAY, HOUR, MINUTE

_SECONDS_SHOW_BELOW: Final = 2 * MINUTE
_MINUTES_SHOW_BELOW: Final = 24 * HOUR
_DAYS_SHOW_FROM: Final = 2 * DAY


def span_words(span: timedelta) -> str:
    """A span of wall-clock time, rounded down to its two largest units; from 48 hours on in days."""
    seconds = _whole_seconds(span)
    if seconds < _DAYS_SHOW_FROM:
        return _in_hours(seconds)
    days, rest = divmod(seconds, DAY)
    return _together((days, "days"), (rest // HOUR, "h"))


def open_words(span: timedelta) -> str:
    """A span of open time, rounded down. Hours are its largest unit: a day's length depends on the desk."""
    return _in_hours(_whole_seconds(span))


def exact_words(span: timedelta) -> str:
    """A span of open time to the second, for numbers that have to add up."""
    seconds = _whole_seconds(span)
    hours, rest = divmod(seconds, HOUR)
    return _together((hours, "h"), (rest // MINUTE, "min"), (rest % MINUTE, "s"))


def _in_hours(seconds: int) -> str:
    hours, rest = divmod(seconds, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    shown_minutes = minutes if seconds < _MINUTES_SHOW_BELOW else 0
    shown_seconds = rest if seconds < _SECONDS_SHOW_BELOW else 0
    return _together((hours, "h"), (shown_minutes, "min"), (shown_seconds, "s"))


def _together(*parts: tuple[int, str]) -> str:
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"


def _whole_seconds(span: timedelta) -> int:
    return max(0, int(span.total_seconds()))
