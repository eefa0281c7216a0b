"""The same questions answered another way: by walking through time a quarter of an hour at a step.

Nothing here knows of spans. At each step the wall clock of the zone is read and looked up in the windows of
its date. That needs nothing but the calendar's data and the zone, but it cannot know what a window means that
opens or closes within an hour that is skipped or comes twice; `is_ambiguous` says when that is so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from bot.service_levels.calendars import Calendar, Window

STEP = timedelta(minutes=15)


def windows_on(calendar: Calendar, day: date) -> tuple[Window, ...]:
    """The windows that start on a date."""
    for date_, windows in calendar.special:
        if date_ == day:
            return windows
    return () if day in calendar.holidays else calendar.week[day.weekday()]


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Whether the wall clock shows a time that lies in a window of today, or of yesterday's night."""
    wall = at.astimezone(ZoneInfo(calendar.timezone))
    minute = wall.hour * 60 + wall.minute
    today, yesterday = wall.date(), wall.date() - timedelta(days=1)
    return any(window.opens <= minute < window.closes for window in windows_on(calendar, today)) or any(
        window.opens <= minute + 1440 < window.closes for window in windows_on(calendar, yesterday)
    )


@cache
def changes(
    timezone: str, first: datetime, last: datetime
) -> tuple[tuple[datetime, datetime, datetime], ...]:
    """The instants at which the zone's offset changes, each with the wall clock before and after."""
    zone = ZoneInfo(timezone)
    found, at = [], first
    while at < last:
        before, after = at.astimezone(zone).utcoffset(), (at + STEP).astimezone(zone).utcoffset()
        assert before is not None
        assert after is not None
        if before != after:
            naive = (at + STEP).replace(tzinfo=None)
            found.append((at + STEP, naive + before, naive + after))
        at += STEP
    return tuple(found)


def is_ambiguous(calendar: Calendar, first: datetime, last: datetime) -> bool:
    """Whether a window opens or closes where, as the clocks change, the wall clock does not tell when."""
    for _, before, after in changes(calendar.timezone, first, last):
        for back in range(-1, 3):
            day = before.date() - timedelta(days=back)
            midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - wall clock
            for window in windows_on(calendar, day):
                opens = midnight + timedelta(minutes=window.opens)
                closes = midnight + timedelta(minutes=window.closes)
                if before < after and (before < opens < after or before < closes < after):
                    return True
                if after < opens < before or after <= closes < before:
                    return True
    return False


@dataclass(frozen=True)
class Change:
    """From `at` on another calendar and target hold."""

    at: datetime
    calendar: Calendar
    target: timedelta


@dataclass(frozen=True)
class Walked:
    """What was seen on the way: open time used, by step; when the target then in force was used up."""

    elapsed: dict[datetime, timedelta]
    broken_at: datetime | None


def walk(changes_: Sequence[Change], pauses: Sequence[tuple[datetime, datetime]], until: datetime) -> Walked:
    """Walk from the first change to `until`. Everything lies on quarters of an hour."""
    at, used, broken_at = changes_[0].at, timedelta(0), None
    elapsed, index = {at: used}, 0
    while at < until:
        while index + 1 < len(changes_) and changes_[index + 1].at <= at:
            index += 1
            if broken_at is None and used >= changes_[index].target:
                broken_at = at
        present = changes_[index]
        is_paused = any(since <= at < end for since, end in pauses)
        if not is_paused and is_open(present.calendar, at):
            used += STEP
        at += STEP
        elapsed[at] = used
        if broken_at is None and used >= present.target:
            broken_at = at
    return Walked(elapsed, broken_at)
