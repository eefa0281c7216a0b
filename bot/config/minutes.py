"""Minutes as the bits of a number: bit 0 is the first minute of a day, or of Monday for a week."""

from __future__ import annotations

from collections.abc import Iterable

from bot.service_levels.calendars import MINUTES_A_DAY, MINUTES_A_WEEK, WEEKDAYS, Window, format_time

_WEEK = (1 << MINUTES_A_WEEK) - 1


def of_windows(windows: Iterable[Window]) -> int:
    """The minutes inside any of these windows of one day; those past midnight are bits from 1440 on."""
    minutes = 0
    for window in windows:
        minutes |= ((1 << (window.closes - window.opens)) - 1) << window.opens
    return minutes


def of_week(days: Iterable[int], windows: Iterable[Window]) -> int:
    """The minutes of a week with these windows on these days; Sunday's night runs into Monday."""
    of_a_day = of_windows(windows)
    minutes = 0
    for day in days:
        minutes |= of_a_day << day * MINUTES_A_DAY
    return (minutes | minutes >> MINUTES_A_WEEK) & _WEEK


def later(minutes: int, by: int) -> int:
    """A week's minutes, each moved `by` minutes (back when negative), round the end of the week."""
    by %= MINUTES_A_WEEK
    moved = minutes << by
    return (moved | moved >> MINUTES_A_WEEK) & _WEEK


def first(minutes: int) -> str:
    """The first of a week's minutes, such as `mon 14:00`. There must be one."""
    day, minute = divmod((minutes & -minutes).bit_length() - 1, MINUTES_A_DAY)
    return f"{WEEKDAYS[day]} {format_time(minute)}"
