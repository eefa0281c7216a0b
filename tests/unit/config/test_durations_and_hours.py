from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import holiday_dates
from bot.service_levels.calendars import (
    Calendar,
    InvalidTimeError,
    InvalidWeekdaysError,
    InvalidWindowError,
    Window,
    always,
    format_time,
    format_weekdays,
    overlaps,
    parse_time,
    parse_weekdays,
    parse_window,
)
from bot.service_levels.durations import (
    DAY,
    HOUR,
    MINUTE,
    InvalidDurationError,
    format_duration,
    parse_duration,
)


def calendar(**hours: list[str]) -> Calendar:
    week: list[tuple[Window, ...]] = [()] * 7
    for days, windows in hours.items():
        for day in parse_weekdays(days.replace("_", "-")):
            week[day] = tuple(parse_window(window) for window in windows)
    return Calendar(name="c", timezone="UTC", week=tuple(week))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("15m", 900),
        ("4h", 14400),
        ("2d", 172800),
        ("1h30m", 5400),
        ("1d2h3m4s", 93784),
        ("0s", 0),
    ],
)
def test_a_duration_is_read_in_seconds(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "5", "h", "1.5h", "1h 30m", "30m1h", "-1h", "1w", "1H", "١h", "3651d", "1h\n"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(InvalidDurationError):
        parse_duration(text)


def test_a_day_is_worth_what_the_calendar_says() -> None:
    assert parse_duration("2d1h", day=8 * HOUR) == 17 * HOUR


@pytest.mark.parametrize(
    ("seconds", "day", "text"),
    [
        (0, DAY, "0s"),
        (90, DAY, "1m30s"),
        (3 * DAY, DAY, "3d"),
        (3 * DAY, None, "72h"),
        (17 * HOUR, 8 * HOUR, "2d1h"),
    ],
)
def test_a_duration_is_written_in_its_largest_units(seconds: int, day: int | None, text: str) -> None:
    assert format_duration(seconds, day=day) == text


@given(seconds=st.integers(0, 3650 * DAY), days=st.booleans())
def test_a_duration_that_was_written_reads_back(seconds: int, days: bool) -> None:
    assert parse_duration(format_duration(seconds, day=DAY if days else None)) == seconds


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("09:00-17:30", Window(540, 1050)),
        ("9:00 - 17:30", Window(540, 1050)),
        ("22:00-06:00", Window(1320, 1800)),
        ("00:00-24:00", Window(0, 1440)),
        ("18:00-00:00", Window(1080, 1440)),
        ("09:00-09:00", Window(540, 1980)),
    ],
)
def test_a_window_that_ends_before_it_starts_reaches_into_the_next_day(text: str, window: Window) -> None:
    assert parse_window(text) == window


@pytest.mark.parametrize(
    "text", ["", "9-17", "09:00", "24:00-06:00", "09:60-10:00", "09:00-24:01", "09:00–17:00"]
)
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(InvalidWindowError):
        parse_window(text)


@given(opens=st.integers(0, 1439), length=st.integers(1, 1440))
def test_a_window_that_was_written_reads_back(opens: int, length: int) -> None:
    window = Window(opens, opens + length)
    assert parse_window(str(window)) == window


@pytest.mark.parametrize(("opens", "closes"), [(-1, 5), (1440, 1500), (60, 60), (60, 1501)])
def test_a_window_that_cannot_be_is_refused(opens: int, closes: int) -> None:
    with pytest.raises(InvalidWindowError):
        Window(opens, closes)


@pytest.mark.parametrize(("text", "minutes"), [("09:00", 540), ("0:00", 0), ("23:59", 1439)])
def test_a_time_of_day_is_minutes_since_midnight(text: str, minutes: int) -> None:
    assert parse_time(text) == minutes
    assert parse_time(format_time(minutes)) == minutes


@pytest.mark.parametrize("text", ["24:00", "12:60", "9", "9am", "09:00:00"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(InvalidTimeError):
        parse_time(text)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon", (0,)),
        ("mon-fri", (0, 1, 2, 3, 4)),
        ("sat,sun", (5, 6)),
        ("sat, sun", (5, 6)),
        ("fri-mon", (0, 4, 5, 6)),
        ("mon-wed,fri", (0, 1, 2, 4)),
        ("daily", (0, 1, 2, 3, 4, 5, 6)),
    ],
)
def test_weekdays_are_read_as_days_of_the_week(text: str, days: tuple[int, ...]) -> None:
    assert parse_weekdays(text) == days


@pytest.mark.parametrize("text", ["", "monday", "mon-", "mon,mon", "mon-wed,tue", "Mon", "mon-tue-wed"])
def test_what_does_not_name_weekdays_is_refused(text: str) -> None:
    with pytest.raises(InvalidWeekdaysError):
        parse_weekdays(text)


@given(days=st.sets(st.integers(0, 6), min_size=1))
def test_weekdays_that_were_written_read_back(days: set[int]) -> None:
    in_order = tuple(sorted(days))
    assert parse_weekdays(format_weekdays(in_order)) == in_order


@pytest.mark.parametrize(
    ("of", "weekly_hours", "day_seconds"),
    [
        (calendar(mon_fri=["09:00-17:30"]), 42.5, 8 * HOUR + 30 * MINUTE),
        (always("c"), 168, DAY),
        (calendar(mon_fri=["09:00-12:00", "13:00-17:00"]), 35, 7 * HOUR),
        (calendar(mon_thu=["09:00-17:00"], fri=["09:00-13:00"]), 36, 36 * HOUR // 5),
        # Friday's night shift belongs to Friday: one open weekday.
        (calendar(fri=["22:00-06:00"]), 8, 8 * HOUR),
        # Sunday 20:00 to Monday 10:00 overlaps Monday 08:00 to 12:00 by two hours: 14 + 4 - 2.
        (calendar(sun=["20:00-10:00"], mon=["08:00-12:00"]), 16, 8 * HOUR),
        (calendar(mon=["09:00-12:00", "11:00-13:00"]), 4, 4 * HOUR),
        (calendar(daily=["12:00-12:00"]), 168, DAY),
        (calendar(), 0, 0),
    ],
)
def test_a_working_day_is_the_weekly_open_time_by_open_weekdays(
    of: Calendar, weekly_hours: float, day_seconds: int
) -> None:
    assert of.weekly_open_seconds == weekly_hours * HOUR
    assert of.day_seconds == day_seconds


def test_windows_that_touch_do_not_overlap() -> None:
    assert not overlaps(calendar(mon=["09:00-12:00", "12:00-13:00"], sun=["22:00-09:00"]).week)
    assert overlaps(calendar(mon=["09:00-12:00"], sun=["22:00-09:01"]).week)


def test_only_the_plain_calendar_counts_as_always_open() -> None:
    assert always("c").is_always_open
    assert not calendar(mon_fri=["00:00-24:00"]).is_always_open


def test_the_holidays_of_a_region_include_those_of_its_country_alone() -> None:
    assert date(2026, 10, 3) in holiday_dates("DE", [2026])
    womens_day = date(2026, 3, 8)
    assert womens_day in holiday_dates("DE-BE", [2026, 2027])
    assert womens_day not in holiday_dates("DE", [2026])
