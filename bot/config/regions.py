"""Time zones and the public holidays of countries and their subdivisions."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import lru_cache

import holidays

from bot.config.problems import BadValueError, did_you_mean
from bot.service_levels.calendars import Calendar


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


@lru_cache(maxsize=1)
def _countries() -> dict[str, list[str]]:
    return holidays.list_supported_countries(include_aliases=True)


def parse_timezone(text: str) -> str:
    """An IANA time zone. Raises `BadValueError`."""
    if text not in _zones():
        hint = did_you_mean(text, _zones()) or " Write it like Europe/Berlin."
        raise BadValueError(f'"{text}" is not a time zone.{hint}')
    return text


def parse_region(text: str) -> str:
    """A country ("DE") or a part of one ("DE-BE") whose holidays are known. Raises `BadValueError`."""
    country, dash, subdivision = text.partition("-")
    if country not in _countries():
        hint = did_you_mean(text, _regions()) or " Write one like DE or DE-BE, or dates."
        raise BadValueError(f'"{text}" is not a region whose holidays are known.{hint}')
    known = _countries()[country]
    if dash and subdivision not in known:
        parts = f" Known: {', '.join(known)}." if known else f" Write {country} alone."
        raise BadValueError(f'"{subdivision}" is not a part of {country} whose holidays are known.{parts}')
    return text


def _regions() -> Iterable[str]:
    yield from _countries()
    for country, parts in _countries().items():
        yield from (f"{country}-{part}" for part in parts)


def holiday_dates(region: str, years: Iterable[int]) -> dict[date, str]:
    """The public holidays of a region in these years, with their names, in order of date.

    A library update may change them: whoever measures time by them keeps what was answered once.
    """
    country, _, subdivision = region.partition("-")
    found = holidays.country_holidays(country, subdiv=subdivision or None, years=tuple(years))
    return dict(sorted(found.items()))


def materialised(calendar: Calendar, first: date, last: date) -> Calendar:
    """The calendar with its region's public holidays from `first` to `last`, both included, as dates.

    It has no region any more, so that it measures the same when a library update changes the holidays.
    """
    found = holiday_dates(calendar.region, range(first.year, last.year + 1)) if calendar.region else {}
    between = (day for day in found if first <= day <= last)
    return replace(calendar, region=None, holidays=tuple(sorted({*calendar.holidays, *between})))
