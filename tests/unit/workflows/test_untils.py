"""Until when somebody is away: which texts say it, and which instant they mean."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workflows.untils import (
    LONGEST,
    AlreadyPastError,
    DaysAhead,
    Lasting,
    OnDate,
    OnDayOfYear,
    OnWeekday,
    TooFarAheadError,
    Until,
    instant_of,
    parse_until,
)

BERLIN = "Europe/Berlin"
SATURDAY = datetime(2026, 11, 21, 10, 30, tzinfo=ZoneInfo(BERLIN))

READ: list[tuple[str, Until]] = [
    ("today", DaysAhead(1, 0)),
    ("for today", DaysAhead(1, 0)),
    ("until tomorrow", DaysAhead(1, 0)),
    ("until tomorrow 9:00", DaysAhead(1, 540)),
    ("until 14:00", DaysAhead(0, 840)),
    ("until 2pm", DaysAhead(0, 840)),
    ("till 2:30 pm", DaysAhead(0, 870)),
    ("until 12am", DaysAhead(0, 0)),
    ("until noon", DaysAhead(0, 720)),
    ("until Monday", OnWeekday(0, 0)),
    ("Until next MONDAY.", OnWeekday(0, 0)),
    ("until Monday 9:00", OnWeekday(0, 540)),
    ("until Monday, 9:00", OnWeekday(0, 540)),
    ("until thurs at 17:30", OnWeekday(3, 1050)),
    ("until 2026-12-01", OnDate(date(2026, 12, 1), 0)),
    ("until 2026-12-01 8:15", OnDate(date(2026, 12, 1), 495)),
    ("until 1 Dec", OnDayOfYear(12, 1, 0)),
    ("until Dec 1st 9am", OnDayOfYear(12, 1, 540)),
    ("until 1. december at 9:00", OnDayOfYear(12, 1, 540)),
    ("until Monday, 23 Nov", OnDayOfYear(11, 23, 0)),
    ("until 29 Feb", OnDayOfYear(2, 29, 0)),
    ("until 4 Jan 2027 9:00", OnDate(date(2027, 1, 4), 540)),
    ("for 3d", Lasting(3 * 86400)),
    ("for 1h30m", Lasting(5400)),
    ("for 2 weeks", Lasting(14 * 86400)),
    ("for an hour", Lasting(3600)),
    ("for 45 minutes", Lasting(2700)),
]

NO_TIMES = [
    "",
    "until",
    "for",
    "monday",
    "tomorrow",
    "until then",
    "until further notice",
    "until the printer works",
    "until 9",
    "until 25:00",
    "until 9:75",
    "until 13pm",
    "until 2026-13-01",
    "until 2026-02-30",
    "until 30 Feb",
    "until 1 smarch",
    "until monday maybe",
    "for lunch",
    "for 3",
    "from monday",
    "todays",
]


@pytest.mark.parametrize(("text", "until"), READ)
def test_what_people_write_is_read(text: str, until: Until) -> None:
    assert parse_until(text) == until


@pytest.mark.parametrize("text", NO_TIMES)
def test_what_is_no_time_is_none(text: str) -> None:
    assert parse_until(text) is None


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("today", "2026-11-22 00:00"),
        ("until tomorrow", "2026-11-22 00:00"),
        ("until 14:00", "2026-11-21 14:00"),
        ("until Monday", "2026-11-23 00:00"),
        ("until Monday 9:00", "2026-11-23 09:00"),
        ("until Saturday", "2026-11-28 00:00"),
        ("until Saturday 23:00", "2026-11-28 23:00"),
        ("until 2026-12-01", "2026-12-01 00:00"),
        ("until 1 Dec", "2026-12-01 00:00"),
        ("until 4 Jan", "2027-01-04 00:00"),
        ("until 21 Nov 14:00", "2026-11-21 14:00"),
        ("for 2h", "2026-11-21 12:30"),
        ("for 3d", "2026-11-24 10:30"),
    ],
)
def test_a_time_means_an_instant_in_the_persons_own_zone(text: str, local: str) -> None:
    expected = datetime.strptime(local, "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo(BERLIN))
    assert at(text) == expected.astimezone(UTC)


def at(text: str, now: datetime = SATURDAY, timezone: str = BERLIN) -> datetime:
    until = parse_until(text)
    assert until is not None
    return instant_of(until, now=now, timezone=timezone)


def test_the_day_is_the_one_of_the_persons_zone() -> None:
    now = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)  # Sunday already in Auckland
    assert at("until tomorrow", now, "Pacific/Auckland") == datetime(2026, 11, 22, 11, tzinfo=UTC)
    assert at("until Sunday", now, "Pacific/Auckland") == datetime(2026, 11, 28, 11, tzinfo=UTC)
    assert at("until Sunday", now, "UTC") == datetime(2026, 11, 22, tzinfo=UTC)


def test_a_time_that_the_clocks_skip_is_as_much_later() -> None:
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert at("until tomorrow 2:30", before) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["until 10:30", "until 9:00", "until 2026-11-21", "until 21 Nov", "until 2020-01-01", "for 0h"]
)
def test_what_is_past_is_refused(text: str) -> None:
    with pytest.raises(AlreadyPastError):
        at(text)


@pytest.mark.parametrize(
    "text", ["until 2027-11-23", "until 9999-12-31", "for 53 weeks", "for 9999w", "until 29 Feb"]
)
def test_what_is_more_than_a_year_ahead_is_refused(text: str) -> None:
    with pytest.raises(TooFarAheadError):
        at(text)


@given(st.sampled_from([until for _, until in READ]), st.integers(0, 20 * 366 * 24))
def test_every_instant_is_ahead_and_within_a_year(until: Until, hours: int) -> None:
    now = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    try:
        found = instant_of(until, now=now, timezone="America/New_York")
    except (AlreadyPastError, TooFarAheadError):
        return
    assert timedelta(0) < found - now <= LONGEST


@given(st.text(max_size=60).map("until ".__add__) | st.text(max_size=60))
def test_any_text_is_read_or_is_none(text: str) -> None:
    until = parse_until(text)
    assert until is None or isinstance(until, OnDate | OnDayOfYear | OnWeekday | DaysAhead | Lasting)
