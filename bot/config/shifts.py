"""The `shifts` of a desk: who works when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.config import minutes
from bot.config.calendars import MON_FRI, timezone, weekday_list, window
from bot.config.model import PersonRef, Shift
from bot.config.shapes import Place, Shape, Values, many, optional, required, table
from bot.config.values import person
from bot.service_levels.calendars import EVERY_DAY, Window, format_weekdays, overlaps

_MOST_SHIFTS = 200
_MOST_WINDOWS = 24
# The clocks of two zones are compared on every day of a year; which one hardly matters.
_SAMPLE = tuple(datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=day) for day in range(365))

DAYS = optional(
    "days",
    weekday_list,
    "The weekdays on which the shift starts.",
    MON_FRI,
    shown=format_weekdays(MON_FRI),
)
HOURS = required(
    "hours",
    many(window, at_least=1, at_most=_MOST_WINDOWS),
    'The hours of the shift, such as "08:00-16:00", or a list of them.',
)
TIMEZONE = optional("timezone", timezone, "The IANA time zone of the hours; without it, the desk's.", None)
PEOPLE = required("people", many(person, at_least=1), 'Who works in this shift, such as ["@tom"].')


@dataclass(frozen=True, slots=True)
class WrittenShift:
    """A shift where it stands in the file. `timezone` is None for that of its desk."""

    place: Place
    days: tuple[int, ...]
    windows: tuple[Window, ...]
    timezone: str | None
    people: tuple[PersonRef, ...]


def _build(place: Place, values: Values) -> WrittenShift:
    days, windows, people = values[DAYS], values[HOURS], values[PEOPLE]
    _refuse_repeats(place, people)
    if overlaps(tuple(windows if day in days else () for day in EVERY_DAY)):
        place.at("hours").warn("Some of these hours overlap. They count once.")
    return WrittenShift(place, days, windows, values[TIMEZONE], people)


def _refuse_repeats(place: Place, people: tuple[PersonRef, ...]) -> None:
    names = [_same_person(ref) for ref in people]
    for position, (ref, at) in enumerate(zip(people, place.at("people").items(), strict=True)):
        if names[position] in names[:position]:
            at.problem(f'"{ref}" is listed twice. Keep it once.')


shifts: Shape[tuple[WrittenShift, ...]] = many(
    table((DAYS, HOURS, TIMEZONE, PEOPLE), _build), at_most=_MOST_SHIFTS
)


def settled(written: tuple[WrittenShift, ...], *, desk_timezone: str) -> tuple[Shift, ...]:
    """The shifts of a desk. Notes as a problem who is in two of them at the same time.

    People are the same when their texts are, in any case: `@tom` and `tom@example.org` are not compared.
    Shifts are compared by the clock on the wall, for each difference that their zones have in a year.
    """
    found = tuple(
        Shift(days=w.days, windows=w.windows, timezone=w.timezone or desk_timezone, people=w.people)
        for w in written
    )
    names = [frozenset(map(_same_person, shift.people)) for shift in found]
    for position, shift in enumerate(found):
        moments = {n: _first_common_minute(found[n], shift) for n in range(position)}
        for ref, at in zip(shift.people, written[position].place.at("people").items(), strict=True):
            clashes = (n for n, moment in moments.items() if moment and _same_person(ref) in names[n])
            if (other := next(clashes, None)) is not None:
                at.problem(_clash(ref, other, written[other], f"{moments[other]} ({shift.timezone})"))
    return found


def _clash(ref: PersonRef, position: int, other: WrittenShift, moment: str) -> str:
    return (
        f'"{ref}" is also in shift {position + 1} (line {other.place.line}), and both run at {moment}.'
        f" Take {ref} out of one, or change its hours."
    )


def _same_person(ref: PersonRef) -> str:
    return ref.text.casefold()


def _first_common_minute(one: Shift, other: Shift) -> str | None:
    """When both run, such as `mon 14:00` on the clock of `other`; None when they never do."""
    ours, theirs = _minutes(one.days, one.windows), _minutes(other.days, other.windows)
    common = (minutes.later(ours, ahead) & theirs for ahead in _minutes_ahead(other.timezone, one.timezone))
    return next((minutes.first(both) for both in common if both), None)


@lru_cache(maxsize=_MOST_SHIFTS)
def _minutes(days: tuple[int, ...], windows: tuple[Window, ...]) -> int:
    return minutes.of_week(days, windows)


@lru_cache(maxsize=64)
def _minutes_ahead(zone: str, of: str) -> tuple[int, ...]:
    """How far the clocks of `zone` are ahead of those of another, at different times of the year."""
    here, there = ZoneInfo(zone), ZoneInfo(of)
    ahead = {
        at.astimezone(here).replace(tzinfo=None) - at.astimezone(there).replace(tzinfo=None) for at in _SAMPLE
    }
    return tuple(sorted(difference // timedelta(minutes=1) for difference in ahead))
