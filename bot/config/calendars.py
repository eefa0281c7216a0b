"""The `calendars` section."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from bot.config import source
from bot.config.closures import is_hardly_open
from bot.config.problems import BadValueError, ConfigProblem, did_you_mean, hint_for
from bot.config.regions import parse_region, parse_timezone
from bot.config.shapes import (
    Place,
    Schema,
    Shape,
    UnreadableError,
    Values,
    many,
    optional,
    read_table,
    required,
    table_schema,
    word,
)
from bot.service_levels.calendars import (
    EVERY_DAY,
    WEEKDAYS,
    Calendar,
    InvalidWeekdaysError,
    Window,
    always,
    overlaps,
    parse_weekdays,
    parse_window,
)

ALWAYS = "24x7"
MON_FRI = (0, 1, 2, 3, 4)

_DATE_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_DAY = f"({'|'.join(WEEKDAYS)})(-({'|'.join(WEEKDAYS)}))?"
_WEEKDAYS_PATTERN = f"^(daily|{_DAY}(, ?{_DAY})*)$"
_WINDOW_SCHEMA: Schema = {"type": "string", "pattern": r"^[0-9]{1,2}:[0-9]{2} ?- ?[0-9]{1,2}:[0-9]{2}$"}


def parse_date(text: str) -> date:
    """The day of `2026-12-24`. Raises `BadValueError`."""
    try:
        if re.fullmatch(_DATE_PATTERN, text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # well written, but not a day of the calendar
    raise BadValueError(f'"{text}" is not a date. Write it like 2026-12-24.')


timezone: Shape[str] = word(parse_timezone, {"type": "string"})
window: Shape[Window] = word(parse_window, _WINDOW_SCHEMA)
windows: Shape[tuple[Window, ...]] = many(window)
day: Shape[date] = word(parse_date, {"type": "string", "pattern": _DATE_PATTERN})
region: Shape[str] = word(parse_region, {"type": "string"})
weekdays: Shape[tuple[int, ...]] = word(parse_weekdays, {"type": "string", "pattern": _WEEKDAYS_PATTERN})

_weekday_groups = many(weekdays, at_least=1)


def _read_weekday_list(place: Place) -> tuple[int, ...]:
    days = [day for group in _weekday_groups.read(place) for day in group]
    if len(set(days)) < len(days):
        raise place.fail("A day is named twice. Name each day once.")
    return tuple(sorted(days))


weekday_list: Shape[tuple[int, ...]] = Shape(_read_weekday_list, _weekday_groups.schema)


def _read_holidays(place: Place) -> str | tuple[date, ...]:
    if isinstance(place.node, source.Scalar) and not re.fullmatch(_DATE_PATTERN, place.node.text.strip()):
        return region.read(place)
    return many(day).read(place)


def _read_special(place: Place) -> tuple[tuple[date, tuple[Window, ...]], ...]:
    found: dict[date, tuple[Window, ...]] = {}
    failed: UnreadableError | None = None
    for entry in place.entries():
        try:
            on = day.read(Place(source.Scalar(entry.line, entry.key, plain=False), place.path, place.reading))
            found[on] = windows.read(place.entry(entry))
        except UnreadableError as error:
            failed = error
    if failed is not None:
        raise failed
    return tuple(sorted(found.items()))


TIMEZONE = required("timezone", timezone, "The IANA time zone of the hours, such as Europe/Berlin.")
HOLIDAYS = optional(
    "holidays",
    Shape(_read_holidays, {"anyOf": [region.schema, many(day).schema]}),
    "A country or a part of it whose public holidays are closed, such as DE or DE-BE, or a list of dates.",
    (),
    shown=(),
)
SPECIAL = optional(
    "special",
    Shape(
        _read_special,
        {
            "type": ["object", "null"],
            "propertyNames": {"pattern": _DATE_PATTERN},
            "additionalProperties": windows.schema,
        },
    ),
    "Hours of single dates, in place of the weekday's; they count on a holiday too.",
    (),
    shown={},
)
_KEYS = (TIMEZONE, HOLIDAYS, SPECIAL)
_NAMES = tuple(key.name for key in _KEYS)
_SUGGESTED = (*_NAMES, *WEEKDAYS, "mon-fri", "sat,sun", "daily")


def _read_calendar(place: Place) -> Calendar:
    name = place.path.rpartition(".")[2]
    if isinstance(place.node, source.Scalar) and not place.node.is_null:
        if place.text() == ALWAYS:
            return always(name)
        message = f'"{place.text()}" is not a calendar. Write {ALWAYS}, or keys such as timezone and mon-fri.'
        raise place.fail(message)
    entries = place.entries()
    settings = tuple(entry for entry in entries if entry.key in _NAMES)
    hours = [entry for entry in entries if entry.key not in _NAMES]
    week = _read_week(place, hours)
    values = read_table(_with_entries(place, settings), _KEYS)
    if week is None:
        raise UnreadableError(place.path)
    return _build(place, name, week, values)


def _with_entries(place: Place, entries: tuple[source.Entry, ...]) -> Place:
    return replace(place, node=source.Mapping(place.node.line, entries, place.node.size))


def _build(place: Place, name: str, week: tuple[tuple[Window, ...], ...], values: Values) -> Calendar:
    off = values[HOLIDAYS]
    calendar = Calendar(
        name=name,
        timezone=values[TIMEZONE],
        week=week,
        region=off if isinstance(off, str) else None,
        holidays=() if isinstance(off, str) else tuple(sorted(off)),
        special=values[SPECIAL],
    )
    _refuse_closed(place, calendar)
    if overlaps(week):
        place.warn("Some of these hours overlap. They count once.")
    return calendar


def _refuse_closed(place: Place, calendar: Calendar) -> None:
    if not calendar.open_weekdays:
        when = "open on single dates only" if any(hours for _, hours in calendar.special) else "never open"
        raise place.fail(
            f"This calendar is {when}, so no target could fall due. Add weekly hours, such as"
            ' mon-fri: "09:00-17:00".'
        )
    if is_hardly_open(calendar):
        raise place.fail(
            "Holidays and special dates close this calendar for more than two years, so no target could"
            " fall due. Remove some of them."
        )


def _read_week(place: Place, entries: Iterable[source.Entry]) -> tuple[tuple[Window, ...], ...] | None:
    """The windows of Monday to Sunday, or None when some could not be read."""
    week: list[tuple[Window, ...]] = [()] * len(EVERY_DAY)
    given: dict[int, str] = {}
    readable = True
    for entry in entries:
        days = _read_days(place, entry, given)
        try:
            hours = _read_hours(place.entry(entry))
        except UnreadableError:
            days = None
        if days is None:
            readable = False
            continue
        for on in days:
            week[on] = hours
    return tuple(week) if readable else None


def _read_days(place: Place, entry: source.Entry, given: dict[int, str]) -> tuple[int, ...] | None:
    """The days a key names, which `given` must not hold yet; None when the key has to be corrected."""
    message = None
    days: tuple[int, ...] = ()
    try:
        days = parse_weekdays(entry.key)
    except InvalidWeekdaysError as error:
        hint = did_you_mean(entry.key, _SUGGESTED)
        message = f'Unknown key "{entry.key}".{hint}' if hint else str(error)
    for on in days:
        if given.setdefault(on, entry.key) != entry.key:
            message = f'{WEEKDAYS[on]} is in "{given[on]}" and in "{entry.key}". Name each day once.'
    if message is None:
        return days
    place.reading.problems.append(ConfigProblem(entry.line, place.entry(entry).path, message))
    return None


def _read_hours(place: Place) -> tuple[Window, ...]:
    if isinstance(place.node, source.Scalar) and place.node.is_null:
        raise place.fail('This has no hours. Write [] for closed; inside {…}, "sat,sun" must be in quotes.')
    hours = windows.read(place)
    for whole in (w for w in hours if w.closes - w.opens == 24 * 60 and w.opens):
        place.warn(f"{whole} is open for 24 hours.")
    return hours


def _schema() -> Schema:
    return {
        "anyOf": [
            {"const": ALWAYS},
            {**table_schema(_KEYS), "patternProperties": {_WEEKDAYS_PATTERN: windows.schema}},
        ]
    }


calendar: Shape[Calendar] = Shape(_read_calendar, _schema())


def _read_name(place: Place) -> str:
    name = place.text()
    known = place.reading.calendars
    if name not in known:
        raise place.fail(f'There is no calendar "{name}".{hint_for(name, known, "calendars")}')
    return name


calendar_name: Shape[str] = Shape(_read_name, {"type": "string"})
