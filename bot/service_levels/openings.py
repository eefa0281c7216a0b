"""A calendar's opening hours as spans of UTC, and how much open time lies between two instants.

The rules, each with its reason:

* Windows are wall-clock times in the calendar's zone and half-open: what arrives at the closing instant
  starts with the next opening.
* A wall-clock time that does not exist (clocks go forward) means the instant as far after it as the gap is
  long; one that exists twice (clocks go back) opens at its first and closes at its last occurrence.
* A date that does not exist (Apia skipped 2011-12-30) has no windows.
* A special date's windows replace all others; a holiday takes away the windows that start on it.
* Overlapping windows count once. Amounts are physical time: a night of nine hours has nine.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from bot.service_levels.calendars import Calendar, Window

HORIZON: Final = timedelta(days=800)
"""An amount of open time that is not found within this counts as never."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = date(1970, 1, 1)
_DAY: Final = timedelta(days=1)
_MICROSECOND: Final = timedelta(microseconds=1)
_DAY_TICKS: Final = _DAY // _MICROSECOND
_MARGIN: Final = 3
"""Days: a zone is at most a day off UTC, a window reaches at most a day further."""
_BLOCK: Final = 120
"""Days that the expansion grows by at least."""

Span = tuple[datetime, datetime]


def _ticks(at: datetime) -> int:
    return (at - EPOCH) // _MICROSECOND


def _instant(ticks: int) -> datetime:
    return EPOCH + timedelta(microseconds=ticks)


def instant_of_local(day: date, minutes: int, timezone: str, *, is_closing: bool = False) -> datetime:
    """The UTC instant at which a wall clock shows `minutes` past the midnight that begins `day`.

    A time in a gap moves forward by the gap. One that comes twice is the first, for a closing time the last.
    """
    zone = ZoneInfo(timezone)
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001 - wall clock
    at = wall.replace(tzinfo=zone, fold=1 if is_closing else 0)
    instant = at.astimezone(UTC)
    if is_closing and instant.astimezone(zone).replace(tzinfo=None) != wall:
        instant = at.replace(fold=0).astimezone(UTC)
    return instant


def _exists(day: date, timezone: str) -> bool:
    """Whether the zone has this date at all."""
    zone = ZoneInfo(timezone)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone)
    return noon.astimezone(UTC).astimezone(zone).date() == day


class Hours:
    """The opening hours of one calendar. Its `region` is not looked at: holidays are dates by now.

    Instants are aware; what is returned is UTC. Safe to share between threads.
    """

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._special = dict(calendar.special)
        self._holidays = frozenset(calendar.holidays)
        self._never_shut = calendar.is_always_open
        # Replaced as a whole when it grows, so that readers in other threads see one or the other.
        self._expanded = _Expanded.none()

    def spans(self, start: datetime, end: datetime) -> list[Span]:
        """The open spans inside [start, end), in order, cut to it."""
        return [(_instant(a), _instant(b)) for a, b in self._cut(_ticks(start), _ticks(end))]

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """The open time inside [start, end); zero when end is not after start."""
        first, last = _ticks(start), _ticks(end)
        if last <= first:
            return timedelta(0)
        if self._never_shut:
            return timedelta(microseconds=last - first)
        expanded = self._covering(first, last)
        return timedelta(microseconds=expanded.before(last) - expanded.before(first))

    def after(self, start: datetime, amount: timedelta) -> datetime | None:
        """The instant at which `amount` of open time has gone by since `start`, the earliest such.

        `start` itself for no amount; None when it is more than 800 days away.
        """
        first, wanted = _ticks(start), amount // _MICROSECOND
        if wanted <= 0:
            return start.astimezone(UTC)
        if self._never_shut:
            return _instant(first + wanted) if amount <= HORIZON else None
        reach = _DAY_TICKS * 8 + wanted * 8
        limit = HORIZON // _MICROSECOND
        while True:
            expanded = self._covering(first, first + min(reach, limit))
            found = expanded.reached(expanded.before(first) + wanted)
            if found is not None:
                return _instant(found) if found - first <= limit else None
            if reach >= limit:
                return None
            reach *= 4

    def is_open(self, at: datetime) -> bool:
        """Whether `at` lies in a window."""
        ticks = _ticks(at)
        return self._never_shut or bool(self._cut(ticks, ticks + 1))

    def _cut(self, first: int, last: int) -> list[tuple[int, int]]:
        if last <= first:
            return []
        if self._never_shut:
            return [(first, last)]
        return self._covering(first, last).cut(first, last)

    def _covering(self, first: int, last: int) -> _Expanded:
        expanded = self._expanded
        low, high = first // _DAY_TICKS - _MARGIN, last // _DAY_TICKS + _MARGIN
        if expanded.low <= low and high <= expanded.high:
            return expanded
        if expanded.low < expanded.high:
            low, high = min(low, expanded.low), max(high, expanded.high)
        expanded = self._expanded = self._expand(low - _MARGIN, high + _BLOCK)
        return expanded

    def _expand(self, low: int, high: int) -> _Expanded:
        spans: list[tuple[int, int]] = []
        for number in range(low, high + 1):
            day = _EPOCH_DAY + timedelta(days=number)
            for window in self._windows(day):
                opens = instant_of_local(day, window.opens, self.calendar.timezone)
                closes = instant_of_local(day, window.closes, self.calendar.timezone, is_closing=True)
                if opens < closes:
                    spans.append((_ticks(opens), _ticks(closes)))
        return _Expanded(low, high, _merged(spans))

    def _windows(self, day: date) -> tuple[Window, ...]:
        windows = self._special.get(day)
        if windows is None:
            windows = () if day in self._holidays else self.calendar.week[day.weekday()]
        return windows if windows and _exists(day, self.calendar.timezone) else ()


class _Expanded:
    """Open spans of the days from `low` to `high` (since 1970), and the open time before each of them."""

    def __init__(self, low: int, high: int, spans: list[tuple[int, int]]) -> None:
        self.low, self.high = low, high
        self._starts = [start for start, _ in spans]
        self._ends = [end for _, end in spans]
        self._sums = [0]
        for start, end in spans:
            self._sums.append(self._sums[-1] + end - start)

    @classmethod
    def none(cls) -> _Expanded:
        return cls(0, 0, [])

    def before(self, ticks: int) -> int:
        """The open time from the beginning of the expansion to this instant."""
        index = bisect_right(self._starts, ticks)
        if not index:
            return 0
        return self._sums[index] - max(0, self._ends[index - 1] - ticks)

    def reached(self, amount: int) -> int | None:
        """The first instant with this much open time before it; None beyond the expansion."""
        index = bisect_left(self._sums, amount)
        if index >= len(self._sums):
            return None
        return self._ends[index - 1] - (self._sums[index] - amount)

    def cut(self, first: int, last: int) -> list[tuple[int, int]]:
        """The spans inside [first, last)."""
        begin, end = bisect_right(self._ends, first), bisect_left(self._starts, last)
        return [(max(self._starts[i], first), min(self._ends[i], last)) for i in range(begin, end)]


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


@lru_cache(maxsize=512)
def hours_of(calendar: Calendar) -> Hours:
    """The opening hours of a calendar; equal calendars share one expansion."""
    return Hours(calendar)
