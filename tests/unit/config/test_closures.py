"""Holidays and special dates: written into a calendar, and what they leave of its hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.config import holiday_dates, materialised
from bot.config.closures import is_hardly_open, least_open_seconds
from bot.service_levels.calendars import Calendar, Window, always
from bot.service_levels.durations import HOUR

EIGHT_HOURS = (Window(540, 1020),)
OFFICE = Calendar(name="office", timezone="UTC", week=(EIGHT_HOURS,) * 5 + ((), ()))
MONDAYS = Calendar(name="mondays", timezone="UTC", week=(EIGHT_HOURS,) + ((),) * 6)
MONDAY = date(2026, 1, 5)


def mondays(count: int) -> tuple[date, ...]:
    return tuple(MONDAY + timedelta(weeks=week) for week in range(count))


def test_the_holidays_of_a_region_become_dates_between_two_days_that_count_both() -> None:
    christmas, boxing_day = date(2026, 12, 25), date(2026, 12, 26)
    calendar = materialised(replace(OFFICE, region="DE-BE"), christmas, boxing_day)
    assert calendar == replace(OFFICE, region=None, holidays=(christmas, boxing_day))


def test_holidays_over_the_turn_of_a_year_are_all_there() -> None:
    calendar = materialised(replace(OFFICE, region="DE"), date(2026, 12, 26), date(2028, 1, 1))
    assert (calendar.holidays[0], calendar.holidays[-1]) == (date(2026, 12, 26), date(2028, 1, 1))
    assert len(calendar.holidays) == 1 + len(holiday_dates("DE", [2027])) + 1


def test_dates_that_were_listed_stay_in_order_and_once() -> None:
    own = (date(2030, 1, 1), date(2026, 12, 25), date(2020, 1, 1))
    calendar = materialised(
        replace(OFFICE, region="DE", holidays=own), date(2026, 12, 24), date(2026, 12, 25)
    )
    assert calendar.holidays == (date(2020, 1, 1), date(2026, 12, 25), date(2030, 1, 1))


@pytest.mark.parametrize("calendar", [OFFICE, replace(OFFICE, holidays=mondays(3)), always("always")])
def test_a_calendar_without_a_region_stays_as_it_is(calendar: Calendar) -> None:
    assert materialised(calendar, date(2026, 1, 1), date(2027, 1, 1)) == calendar


def test_a_period_that_ends_before_it_starts_has_no_holidays() -> None:
    assert materialised(replace(OFFICE, region="DE"), date(2027, 1, 1), date(2026, 1, 1)) == OFFICE


def test_without_closed_days_800_days_are_114_weeks_and_two_days() -> None:
    assert least_open_seconds(OFFICE) == 800 * 40 * HOUR // 7


def test_each_closed_day_takes_its_hours() -> None:
    weekend = date(2026, 1, 10)
    assert least_open_seconds(replace(OFFICE, holidays=(MONDAY, weekend))) == 800 * 40 * HOUR // 7 - 8 * HOUR


def test_a_special_date_counts_its_own_hours_also_on_a_holiday() -> None:
    short = replace(OFFICE, holidays=(MONDAY,), special=((MONDAY, (Window(540, 600),)),))
    assert least_open_seconds(short) == 800 * 40 * HOUR // 7 - 7 * HOUR


def test_longer_hours_on_other_days_do_not_make_up_for_closed_ones() -> None:
    """The emptiest stretch begins after the long days."""
    long_days = tuple((MONDAY - timedelta(weeks=week), (Window(0, 1440),)) for week in range(1, 50))
    closed = replace(OFFICE, holidays=mondays(10), special=tuple(sorted(long_days)))
    assert least_open_seconds(closed) == 800 * 40 * HOUR // 7 - 10 * 8 * HOUR


def test_closed_days_that_lie_further_apart_than_800_days_do_not_add_up() -> None:
    apart = replace(OFFICE, holidays=(MONDAY, MONDAY + timedelta(days=800)))
    near = replace(OFFICE, holidays=(MONDAY, MONDAY + timedelta(days=799)))
    assert near.holidays[1].weekday() < 5, "or the day would take nothing"
    assert least_open_seconds(apart) - least_open_seconds(near) == 8 * HOUR


def test_the_holidays_of_a_region_take_their_hours_too() -> None:
    assert least_open_seconds(replace(OFFICE, region="DE")) < least_open_seconds(OFFICE) - 12 * 8 * HOUR


@pytest.mark.parametrize(
    ("closed", "hardly"), [(mondays(115), True), (mondays(114), True), (mondays(100), False)]
)
def test_a_calendar_whose_only_day_is_taken_away_for_two_years_is_hardly_open(
    closed: tuple[date, ...], hardly: bool
) -> None:
    assert is_hardly_open(replace(MONDAYS, holidays=closed)) is hardly


def test_days_at_the_ends_of_the_calendar_of_python_do_no_harm() -> None:
    assert (
        least_open_seconds(replace(OFFICE, holidays=(date.min, date.max))) == 800 * 40 * HOUR // 7 - 8 * HOUR
    )
