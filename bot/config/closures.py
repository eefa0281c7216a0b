"""What holidays and special dates leave of a calendar's hours."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from itertools import accumulate

from bot.config import minutes
from bot.config.regions import materialised
from bot.service_levels.calendars import Calendar, Window
from bot.service_levels.openings import HORIZON

# Public holidays recur, so these years speak for all: what a file says must not depend on when it is checked.
_SAMPLE = (date(2024, 1, 1), date(2028, 12, 31))


def ordinary_open_seconds(calendar: Calendar) -> int:
    """Open time in the days within which a target has to fall due, if every week were ordinary."""
    return HORIZON.days * calendar.weekly_open_seconds // 7


@lru_cache(maxsize=64)
def least_open_seconds(calendar: Calendar) -> int:
    """Open time in the emptiest stretch of as many days that holidays and special dates make.

    Seconds by the wall clock. An estimate: a region's holidays are those of some sample years, and windows
    that overlap across midnight are not merged. Dates long past count too.
    """
    changes = _changes(materialised(calendar, *_SAMPLE))
    days = sorted(changes)
    sums = list(accumulate((changes[day] for day in days), initial=0))
    # What lies in a stretch of days differs only where one of its ends passes a changed day.
    starts = {start for day in days for start in (day, day + 1, day - HORIZON.days, day - HORIZON.days + 1)}
    between = ((bisect_left(days, start), bisect_left(days, start + HORIZON.days)) for start in starts)
    fewest = min((sums[end] - sums[begin] for begin, end in between), default=0)
    return ordinary_open_seconds(calendar) + min(fewest, 0)


def is_hardly_open(calendar: Calendar) -> bool:
    """Whether holidays and special dates leave less than one ordinary week of all those days."""
    return least_open_seconds(calendar) < calendar.weekly_open_seconds


def _changes(calendar: Calendar) -> Mapping[int, int]:
    """Seconds that single days are open longer (or, negative, shorter) than their weekday, by ordinal."""
    special = dict(calendar.special)
    return {
        day.toordinal(): _seconds(special.get(day, ())) - _seconds(calendar.week[day.weekday()])
        for day in {*calendar.holidays, *special}
    }


def _seconds(windows: tuple[Window, ...]) -> int:
    return 60 * minutes.of_windows(windows).bit_count()
