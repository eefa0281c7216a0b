"""Until when somebody is away, as they write it: `until Monday 9:00`, `until 1 Dec`, `for 3d`, `today`.

Reading is apart from computing: whether a text is such a time depends on nothing, which instant it means
depends on the person's time zone and on when they said it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.service_levels.calendars import WEEKDAYS
from bot.service_levels.durations import DAY, HOUR, MINUTE, InvalidDurationError, parse_duration
from bot.service_levels.openings import instant_of_local

LONGEST: Final = timedelta(days=366)
"""Nobody is away for more than a year."""

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY_NAMES: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTH_NAMES: Final = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)


class AlreadyPastError(ValueError):
    """The time is over already."""

    def __init__(self) -> None:
        super().__init__("That time is past. Write one that is still to come.")


class TooFarAheadError(ValueError):
    """The time is more than `LONGEST` ahead."""

    def __init__(self) -> None:
        super().__init__("That is more than a year ahead. Write an earlier time.")


@dataclass(frozen=True)
class OnDate:
    """A date; `minutes` are past its midnight."""

    day: date
    minutes: int


@dataclass(frozen=True)
class OnDayOfYear:
    """A date without its year: the next such day."""

    month: int
    day: int
    minutes: int


@dataclass(frozen=True)
class OnWeekday:
    """The next such day (Monday is 0), never today."""

    weekday: int
    minutes: int


@dataclass(frozen=True)
class DaysAhead:
    """So many days from today."""

    days: int
    minutes: int


@dataclass(frozen=True)
class Lasting:
    """So long from now; a day is 24 hours."""

    seconds: int


Until = OnDate | OnDayOfYear | OnWeekday | DaysAhead | Lasting

_CLOCK: Final = r"(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-9]{2}))? ?(?P<half>am|pm)?"
_TIME: Final = re.compile(_CLOCK)
_DATED: Final = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})")
_DAY_MONTH: Final = re.compile(
    r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?\.? (?P<month>[a-z]{3,9})(?: (?P<year>[0-9]{4}))?"
)
_MONTH_DAY: Final = re.compile(
    r"(?P<month>[a-z]{3,9}) (?P<day>[0-9]{1,2})(?:st|nd|rd|th)?(?: (?P<year>[0-9]{4}))?"
)
_AMOUNT: Final = re.compile(
    r"(?P<count>[0-9]{1,4}|an?|one) ?(?P<unit>w|weeks?|days?|hours?|hrs?|minutes?|mins?)"
)
_UNITS: Final = {"w": 7 * DAY, "d": DAY, "h": HOUR, "m": MINUTE}


def parse_until(text: str) -> Until | None:
    """Read `until …`, `till …`, `for …` or `today`; None when the text is no such time."""
    words = " ".join(text.casefold().replace(",", " ").split()).rstrip(".!;")
    if words in ("today", "for today"):
        return DaysAhead(1, 0)
    keyword, _, rest = words.partition(" ")
    if keyword == "for":
        return _lasting(rest)
    return _moment(rest) if keyword in ("until", "till", "til") else None


def instant_of(until: Until, *, now: datetime, timezone: str) -> datetime:
    """The UTC instant that somebody in this time zone (IANA) means who says it at `now`.

    Raises AlreadyPastError or TooFarAheadError.
    """
    try:
        at = _instant(until, now, timezone)
    except OverflowError:
        raise TooFarAheadError from None
    if at <= now:
        raise AlreadyPastError
    if at - now > LONGEST:
        raise TooFarAheadError
    return at


def _instant(until: Until, now: datetime, timezone: str) -> datetime:
    today = now.astimezone(ZoneInfo(timezone)).date()
    match until:
        case Lasting(seconds):
            return (now + timedelta(seconds=seconds)).astimezone(UTC)
        case DaysAhead(days, minutes):
            day = today + timedelta(days=days)
        case OnWeekday(weekday, minutes):
            day = today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
        case OnDayOfYear(month, number, minutes):
            day = _next_day_of_year(today, month, number)
        case OnDate(day, minutes):
            pass
    return instant_of_local(day, minutes, timezone)


def _next_day_of_year(today: date, month: int, number: int) -> date:
    # 29 February can be eight years away.
    days = (_date(today.year + years, month, number) for years in range(9))
    return next(day for day in days if day is not None and day >= today)


def _lasting(words: str) -> Lasting | None:
    if amount := _AMOUNT.fullmatch(words):
        count = int(amount["count"]) if amount["count"].isdigit() else 1
        return Lasting(count * _UNITS[amount["unit"][0]])
    try:
        return Lasting(parse_duration(words))
    except InvalidDurationError:
        return None


def _moment(words: str) -> Until | None:
    """A day, a day and a time, or a time of today. Every way to part the words is tried: `1 dec 9:00`."""
    if (minutes := _minutes(words)) is not None:
        return DaysAhead(0, minutes)
    for day, time in _parted(words):
        minutes = _minutes(time) if time else 0
        if minutes is None:
            continue
        for read in _READERS:
            if until := read(day, minutes):
                return until
    return None


def _parted(words: str) -> Iterator[tuple[str, str]]:
    yield words, ""
    parts = words.split(" ")
    for index in range(1, len(parts)):
        yield " ".join(parts[:index]), " ".join(parts[index:]).removeprefix("at ")


def _minutes(words: str) -> int | None:
    """Minutes since midnight of `14:00`, `9am` or `noon`. A number alone is no time: it may be a day."""
    if words == "noon":
        return 12 * 60
    said = _TIME.fullmatch(words)
    if said is None or not (said["minute"] or said["half"]):
        return None
    hour, minute = int(said["hour"]), int(said["minute"] or 0)
    if said["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if said["half"] == "pm" else 0)
    return hour * 60 + minute if hour < 24 and minute < 60 else None


def _weekday(words: str, minutes: int) -> Until | None:
    weekday = _weekday_named(words.removeprefix("next "))
    return None if weekday is None else OnWeekday(weekday, minutes)


def _weekday_named(name: str) -> int | None:
    for weekday, (short, long) in enumerate(zip(WEEKDAYS, _DAY_NAMES, strict=True)):
        if name in (short, long) or (name in ("tues", "thur", "thurs") and name[:3] == short):
            return weekday
    return None


def _near_day(words: str, minutes: int) -> Until | None:
    days = {"today": 0, "tomorrow": 1}.get(words)
    return None if days is None else DaysAhead(days, minutes)


def _day(words: str, minutes: int) -> Until | None:
    first, _, rest = words.partition(" ")
    if rest and _weekday_named(first) is not None:
        words = rest
    if said := _DATED.fullmatch(words):
        found = _date(int(said["year"]), int(said["month"]), int(said["day"]))
        return OnDate(found, minutes) if found else None
    said = _DAY_MONTH.fullmatch(words) or _MONTH_DAY.fullmatch(words)
    month = _month(said["month"]) if said else None
    if said is None or month is None:
        return None
    # 2028 has every day that any year has.
    found = _date(int(said["year"] or 2028), month, int(said["day"]))
    if found is None:
        return None
    return OnDate(found, minutes) if said["year"] else OnDayOfYear(found.month, found.day, minutes)


_READERS: Final[tuple[Callable[[str, int], Until | None], ...]] = (_near_day, _weekday, _day)


def _month(word: str) -> int | None:
    for month, (short, long) in enumerate(zip(_MONTHS, _MONTH_NAMES, strict=True), 1):
        if word in (short, long) or (word == "sept" and short == "sep"):
            return month
    return None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
