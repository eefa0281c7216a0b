"""Opening hours as frozen values: what a calendar says, before any arithmetic with instants.

Times are local wall clock in the calendar's own zone. A window belongs to the day it starts on, also
when it reaches into the next one; windows that overlap count once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = tuple(range(7))
MINUTES_A_DAY = 24 * 60
MINUTES_A_WEEK = 7 * MINUTES_A_DAY

_WINDOW = re.compile(r"([0-9]{1,2}):([0-9]{2}) ?- ?([0-9]{1,2}):([0-9]{2})")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")


class InvalidTimeError(ValueError):
    """The text is not a time of day; the message says how to write one."""


class InvalidWindowError(ValueError):
    """The text is not a window of opening hours; the message says how to write one."""


class InvalidWeekdaysError(ValueError):
    """The text does not name weekdays; the message says how to name them."""


@dataclass(frozen=True, order=True, slots=True)
class Window:
    """One stretch of opening hours: minutes since midnight of the day it starts on, end excluded.

    `closes` is past 1440 for a window that reaches into the next day.
    """

    opens: int
    closes: int

    def __post_init__(self) -> None:
        if not (0 <= self.opens < MINUTES_A_DAY and self.opens < self.closes <= self.opens + MINUTES_A_DAY):
            raise InvalidWindowError(f"A window from minute {self.opens} to minute {self.closes} cannot be.")

    def __str__(self) -> str:
        whole_day_end = self.closes == MINUTES_A_DAY
        closes = self.closes if whole_day_end else self.closes % MINUTES_A_DAY
        return f"{format_time(self.opens)}-{format_time(closes)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Calendar:
    """When a desk is open. `timezone` is an IANA name; `week` holds the windows of Monday to Sunday.

    A holiday takes away the windows that start on that day; a special date replaces them, also on a
    holiday. `region` names public holidays by country or country-subdivision ("DE-BE").
    """

    name: str
    timezone: str
    week: tuple[tuple[Window, ...], ...]
    region: str | None = None
    holidays: tuple[date, ...] = ()
    special: tuple[tuple[date, tuple[Window, ...]], ...] = ()

    @property
    def is_always_open(self) -> bool:
        """Whether this is the plain `24x7`, which knows no holidays."""
        return self == always(self.name)

    @property
    def open_weekdays(self) -> int:
        """How many days of the week have a window that starts on them."""
        return sum(1 for windows in self.week if windows)

    @property
    def weekly_open_seconds(self) -> int:
        """Open time of an ordinary week by the wall clock, holidays aside."""
        return 60 * _measure(self.week)

    @property
    def day_seconds(self) -> int:
        """What `1d` is worth in a target: weekly open time ÷ open weekdays, 0 when never open."""
        return self.weekly_open_seconds // self.open_weekdays if self.open_weekdays else 0


def always(name: str) -> Calendar:
    """The calendar that people write as `24x7`."""
    return Calendar(name=name, timezone="UTC", week=((Window(0, MINUTES_A_DAY),),) * 7)


def parse_time(text: str) -> int:
    """Minutes since midnight of `09:00`. Raises `InvalidTimeError`."""
    written = _TIME.fullmatch(text)
    if written is None or int(written[1]) > 23 or int(written[2]) > 59:
        raise InvalidTimeError(f'"{text}" is not a time of day. Write it like 09:00.')
    return int(written[1]) * 60 + int(written[2])


def format_time(minutes: int) -> str:
    """`09:00` for 540; 1440 is `24:00`."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def parse_window(text: str) -> Window:
    """The window of `09:00-17:30`; one that ends where or before it starts reaches into the next day.

    Raises `InvalidWindowError`.
    """
    written = _WINDOW.fullmatch(text)
    if written is None:
        raise InvalidWindowError(f'"{text}" is not a window of hours. Write it like 09:00-17:30.')
    hour, minute, end_hour, end_minute = (int(part) for part in written.groups())
    opens, closes = hour * 60 + minute, end_hour * 60 + end_minute
    if hour > 23 or max(minute, end_minute) > 59 or closes > MINUTES_A_DAY:
        raise InvalidWindowError(f'"{text}" goes past the clock. Hours run from 00:00 to 24:00.')
    return Window(opens, closes if closes > opens else closes + MINUTES_A_DAY)


def parse_weekdays(text: str) -> tuple[int, ...]:
    """The days (Monday is 0) of `mon`, `mon-fri`, `fri-mon`, `sat,sun` or `daily`, in the week's order.

    Raises `InvalidWeekdaysError`.
    """
    if text == "daily":
        return EVERY_DAY
    days: list[int] = []
    for part in text.split(","):
        days += _span(part.strip(), text)
    if len(set(days)) < len(days):
        raise InvalidWeekdaysError(f'"{text}" names a day twice. Name each day once.')
    return tuple(sorted(days))


def _span(part: str, text: str) -> list[int]:
    first, dash, last = part.partition("-")
    last = last if dash else first
    if first not in WEEKDAYS or last not in WEEKDAYS:
        raise InvalidWeekdaysError(
            f'"{text}" does not name weekdays. Write them like mon, mon-fri, "sat,sun" or daily.'
        )
    start, end = WEEKDAYS.index(first), WEEKDAYS.index(last)
    return [day % 7 for day in range(start, (end if end >= start else end + 7) + 1)]


def format_weekdays(days: tuple[int, ...]) -> str:
    """The shortest text that `parse_weekdays` reads back: runs of three and more become `mon-fri`."""
    if days == EVERY_DAY:
        return "daily"
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(_format_run(run) for run in runs)


def _format_run(run: list[int]) -> str:
    if len(run) > 2:
        return f"{WEEKDAYS[run[0]]}-{WEEKDAYS[run[-1]]}"
    return ",".join(WEEKDAYS[day] for day in run)


def overlaps(week: tuple[tuple[Window, ...], ...]) -> bool:
    """Whether some minute of an ordinary week lies in two windows."""
    return _measure(week) < sum(w.closes - w.opens for windows in week for w in windows)


def _measure(week: tuple[tuple[Window, ...], ...]) -> int:
    """Minutes of a week inside any window; Sunday's night runs into Monday."""
    spans: list[tuple[int, int]] = []
    for day, windows in enumerate(week):
        for window in windows:
            start, end = day * MINUTES_A_DAY + window.opens, day * MINUTES_A_DAY + window.closes
            spans.append((start, min(end, MINUTES_A_WEEK)))
            spans.append((0, max(end - MINUTES_A_WEEK, 0)))
    total, reached = 0, 0
    for start, end in sorted(spans):
        total += max(0, end - max(start, reached))
        reached = max(reached, end)
    return total
