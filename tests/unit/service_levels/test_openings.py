"""Opening hours: worked cases by hand, and the laws that hold for every calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.service_levels.openings import Hours, instant_of_local
from tests.unit.service_levels.building import (
    ALWAYS,
    BER,
    BERLIN,
    NEW_YORK,
    NY,
    cycle,
    h,
    hours,
    local,
    m,
    ny,
    utc,
)

NY_ALWAYS = hours(NEW_YORK, "daily 00:00-24:00")
NY_NIGHT = hours(NEW_YORK, "daily 22:00-06:00")
CLOSED_AT_CHRISTMAS = ("2026-12-25", "2026-12-28", "2027-01-01")
CHRISTMAS = hours(BERLIN, "mon-fri 09:00-17:00", holidays=CLOSED_AT_CHRISTMAS)
HALF_DAY = hours(
    BERLIN,
    "mon-fri 09:00-17:00",
    holidays=CLOSED_AT_CHRISTMAS,
    special={"2026-12-24": ["09:00-12:00"]},
)
FRIDAY_NIGHT = hours(BERLIN, "fri 22:00-06:00", holidays=("2026-12-26",))
LUNCH = hours(NEW_YORK, "mon-fri 09:00-12:00 13:00-17:00")
KOLKATA = hours("Asia/Kolkata", "mon-fri 10:00-18:00")
LORD_HOWE = hours("Australia/Lord_Howe", "daily 00:00-24:00")
APIA = hours("Pacific/Apia", "mon-fri 09:00-17:00")
CAIRO = hours("Africa/Cairo", "sun-thu 09:00-17:00")


class Case(NamedTuple):
    """A clock started at a wall clock time; `due` is UTC. Pauses are wall clock times too."""

    hours: Hours
    start: str
    target: timedelta
    due: str | None
    pauses: tuple[tuple[str, str], ...] = ()


CASES = {
    "over the weekend on which the clocks go forward": Case(NY, "2026-03-06 16:00", h(2), "2026-03-09 14:00"),
    "created at the closing instant": Case(NY, "2026-03-06 17:00", h(1), "2026-03-09 14:00"),
    "used up at the closing instant, not at the next opening": Case(
        NY, "2026-03-06 17:30", h(8), "2026-03-09 21:00"
    ),
    "a day and night, an hour later by the wall clock in spring": Case(
        NY_ALWAYS, "2026-03-07 12:00", h(24), "2026-03-08 17:00"
    ),
    "a day and night, an hour earlier by the wall clock in autumn": Case(
        NY_ALWAYS, "2026-10-31 12:00", h(24), "2026-11-01 16:00"
    ),
    "a night shift of seven hours": Case(NY_NIGHT, "2026-03-07 22:00", h(8), "2026-03-09 03:00"),
    "a night shift of nine hours": Case(NY_NIGHT, "2026-10-31 22:00", h(8), "2026-11-01 10:00"),
    "a window that opens where the clocks skip": Case(
        hours(NEW_YORK, "daily 02:30-10:00"), "2026-03-08 00:00", h(1), "2026-03-08 08:30"
    ),
    "a window in the hour that comes twice": Case(
        hours(NEW_YORK, "daily 01:30-02:00"), "2026-11-01 00:00", h(1), "2026-11-01 06:30"
    ),
    "holidays on both sides of a weekend": Case(CHRISTMAS, "2026-12-24 16:00", h(9), "2026-12-29 16:00"),
    "half a day before the holidays": Case(HALF_DAY, "2026-12-24 11:00", h(9), "2026-12-29 16:00"),
    "new year": Case(CHRISTMAS, "2026-12-31 16:00", h(2), "2027-01-04 09:00"),
    "a shift belongs to the day on which it starts": Case(
        FRIDAY_NIGHT, "2026-12-25 23:00", h(4), "2026-12-26 02:00"
    ),
    "lunch": Case(LUNCH, "2026-03-09 11:30", h(1), "2026-03-09 17:30"),
    "a pause over the weekend": Case(
        NY, "2026-03-06 15:00", h(4), "2026-03-09 17:00", (("2026-03-06 16:00", "2026-03-09 10:00"),)
    ),
    "a pause while closed is worth nothing": Case(
        NY, "2026-03-06 16:00", h(2), "2026-03-09 14:00", (("2026-03-07 10:00", "2026-03-08 20:00"),)
    ),
    "pauses that overlap count once": Case(
        NY,
        "2026-03-09 09:00",
        h(4),
        "2026-03-09 19:00",
        (("2026-03-09 10:00", "2026-03-09 11:00"), ("2026-03-09 10:30", "2026-03-09 12:00")),
    ),
    "five and a half hours east": Case(KOLKATA, "2026-03-09 09:30", h(1), "2026-03-09 05:30"),
    "clocks that go forward by half an hour": Case(LORD_HOWE, "2026-10-03 12:00", h(24), "2026-10-04 01:30"),
    "a Friday that never was": Case(APIA, "2011-12-29 16:00", h(2), "2012-01-01 20:00"),
    "a week that begins on Sunday": Case(CAIRO, "2026-03-05 16:00", h(2), "2026-03-08 08:00"),
    "a calendar that is never open": Case(hours(NEW_YORK), "2026-03-06 16:00", h(1), None),
    "created on a holiday": Case(CHRISTMAS, "2026-12-25 11:00", h(1), "2026-12-29 09:00"),
    "created before opening": Case(BER, "2026-03-09 07:00", m(30), "2026-03-09 08:30"),
    "longer than a week": Case(BER, "2026-03-02 09:00", h(60), "2026-03-11 12:00"),
    "longer than a year": Case(BER, "2026-01-05 09:00", h(40 * 60), "2027-02-26 16:00"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_clock_falls_due(case: Case) -> None:
    pauses = [(local(case.hours, since), local(case.hours, until)) for since, until in case.pauses]
    measured = cycle(case.hours, local(case.hours, case.start), case.target, *pauses)
    due = measured.due()
    assert due == (utc(case.due) if case.due else None)
    if due is not None:
        assert measured.elapsed(due) == case.target
        assert measured.elapsed(due - timedelta(microseconds=1)) < case.target


def test_windows_are_half_open() -> None:
    opening, closing = ny("2026-03-09 09:00"), ny("2026-03-09 17:00")
    tick = timedelta(microseconds=1)
    assert not NY.is_open(opening - tick)
    assert NY.is_open(opening)
    assert NY.is_open(closing - tick)
    assert not NY.is_open(closing)
    assert NY.elapsed(closing, closing + h(1)) == h(0)


def test_a_span_asked_for_backwards_has_no_open_time() -> None:
    later, earlier = ny("2026-03-09 12:00"), ny("2026-03-09 10:00")
    assert NY.elapsed(later, earlier) == h(0)
    assert NY.spans(later, earlier) == []
    assert ALWAYS.elapsed(later, earlier) == h(0)
    assert ALWAYS.spans(later, earlier) == []


def test_no_time_at_all_is_over_at_once_also_while_closed() -> None:
    saturday = ny("2026-03-07 12:00")
    assert NY.after(saturday, h(0)) == saturday
    assert ALWAYS.after(saturday, h(0)) == saturday


def test_windows_that_overlap_or_touch_are_one_span() -> None:
    overlapping = hours(BERLIN, "mon 09:00-13:00 12:00-15:00 15:00-17:00")
    assert overlapping.spans(utc("2026-03-09 00:00"), utc("2026-03-10 00:00")) == [
        (utc("2026-03-09 08:00"), utc("2026-03-09 16:00"))
    ]


def test_a_night_that_reaches_into_the_next_days_hours_counts_once() -> None:
    overlapping = hours(BERLIN, "mon 22:00-08:00", "tue 06:00-12:00")
    assert overlapping.elapsed(utc("2026-03-09 12:00"), utc("2026-03-11 00:00")) == h(14)


def test_a_special_date_counts_on_a_holiday_and_replaces_its_weekday() -> None:
    special = hours(
        BERLIN,
        "mon-fri 09:00-17:00",
        holidays=("2026-12-25",),
        special={"2026-12-25": ["10:00-11:00"], "2026-12-26": ["10:00-12:00"], "2026-12-28": []},
    )
    assert special.spans(utc("2026-12-25 00:00"), utc("2026-12-29 00:00")) == [
        (utc("2026-12-25 09:00"), utc("2026-12-25 10:00")),
        (utc("2026-12-26 09:00"), utc("2026-12-26 11:00")),
    ]


def test_a_holiday_leaves_the_night_before_it_open_and_takes_its_own_night_away() -> None:
    nights = hours(BERLIN, "daily 22:00-06:00", holidays=("2026-06-10",))
    assert nights.spans(utc("2026-06-09 12:00"), utc("2026-06-12 00:00")) == [
        (utc("2026-06-09 20:00"), utc("2026-06-10 04:00")),
        (utc("2026-06-11 20:00"), utc("2026-06-12 00:00")),
    ]


def test_a_region_that_is_not_written_out_closes_nothing() -> None:
    from_region = Hours(hours(BERLIN, "mon-fri 09:00-17:00").calendar)
    assert from_region.is_open(local(BERLIN, "2026-12-25 12:00"))


@pytest.mark.parametrize(
    ("day", "minutes", "is_closing", "instant"),
    [
        (date(2026, 3, 29), 150, False, "2026-03-29 01:30"),  # 02:30 is skipped: 03:30
        (date(2026, 3, 29), 150, True, "2026-03-29 01:30"),
        (date(2026, 10, 25), 150, False, "2026-10-25 00:30"),  # 02:30 comes twice: the first
        (date(2026, 10, 25), 150, True, "2026-10-25 01:30"),  # and the last
        (date(2026, 10, 24), 1440 + 150, True, "2026-10-25 01:30"),
        (date(2026, 7, 1), 540, False, "2026-07-01 07:00"),
    ],
)
def test_a_wall_clock_time_is_one_instant_also_when_the_clocks_change(
    day: date, minutes: int, is_closing: bool, instant: str
) -> None:
    assert instant_of_local(day, minutes, BERLIN, is_closing=is_closing) == utc(instant)


def test_a_window_within_the_skipped_hour_keeps_its_length() -> None:
    skipped = hours(BERLIN, "sun 02:15-02:45")
    assert skipped.spans(utc("2026-03-29 00:00"), utc("2026-03-30 00:00")) == [
        (utc("2026-03-29 01:15"), utc("2026-03-29 01:45"))
    ]


def test_a_window_that_ends_before_its_moved_opening_is_closed_that_day() -> None:
    squeezed = hours(BERLIN, "sun 02:45-03:15")
    assert squeezed.spans(utc("2026-03-29 00:00"), utc("2026-03-30 00:00")) == []


@pytest.mark.parametrize(
    ("timezone", "around"),
    [
        ("Pacific/Apia", "2011-12-30 00:00"),  # a date is skipped
        ("America/Havana", "2026-03-08 05:00"),  # midnight is skipped
        ("America/Havana", "2026-11-01 05:00"),  # midnight comes twice
        ("America/Sao_Paulo", "2018-02-18 02:00"),  # the last hour of a day comes twice
        ("Australia/Lord_Howe", "2026-04-04 15:00"),
        ("Africa/Casablanca", "2026-02-15 02:00"),
    ],
)
def test_open_day_and_night_is_open_through_every_change_of_the_clocks(timezone: str, around: str) -> None:
    first, last = utc(around) - timedelta(days=3), utc(around) + timedelta(days=3)
    assert hours(timezone, "daily 00:00-24:00").spans(first, last) == [(first, last)]


def test_a_night_before_a_date_that_never_was_has_its_hours() -> None:
    nights = hours("Pacific/Apia", "daily 22:00-06:00")
    thursday = local(nights, "2011-12-29 22:00")
    assert nights.spans(thursday, thursday + h(30)) == [
        (thursday, thursday + h(8)),
        (thursday + h(24), thursday + h(30)),
    ]


def test_what_would_fall_due_beyond_eight_hundred_days_never_does() -> None:
    yearly = hours("UTC", special={"2028-03-01": ["09:00-10:00"]})
    assert yearly.after(utc("2026-03-01 09:30"), h(1)) == utc("2028-03-01 10:00")
    assert yearly.after(utc("2025-12-01 09:30"), h(1)) is None
    assert ALWAYS.after(utc("2026-03-01 00:00"), timedelta(days=800)) == utc("2028-05-09 00:00")
    assert ALWAYS.after(utc("2026-03-01 00:00"), timedelta(days=801)) is None
    assert ALWAYS.after(utc("2026-03-01 00:00"), timedelta.max) is None
    assert NY.after(ny("2026-03-06 16:00"), timedelta.max) is None


def test_the_order_of_questions_changes_no_answer() -> None:
    asked_late_first, asked_once = Hours(NY.calendar), Hours(NY.calendar)
    asked_late_first.elapsed(ny("2028-01-01 00:00"), ny("2028-02-01 00:00"))
    asked_late_first.is_open(ny("2024-01-01 12:00"))
    span = ny("2026-01-01 00:00"), ny("2026-03-01 00:00")
    assert asked_late_first.spans(*span) == asked_once.spans(*span)
    assert asked_late_first.elapsed(*span) == asked_once.elapsed(*span)


# --- laws ---

LAW = settings(deadline=None)  # the first question to a calendar writes it out, which takes longer

CALENDARS = st.sampled_from(
    [
        NY,
        NY_ALWAYS,
        NY_NIGHT,
        CHRISTMAS,
        HALF_DAY,
        FRIDAY_NIGHT,
        LUNCH,
        KOLKATA,
        LORD_HOWE,
        APIA,
        CAIRO,
        ALWAYS,
    ]
)
INSTANTS = st.datetimes(
    datetime(2026, 1, 1),  # noqa: DTZ001 - Hypothesis wants it naive
    datetime(2027, 1, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)
AMOUNTS = st.timedeltas(timedelta(microseconds=1), timedelta(hours=90))


@LAW
@given(CALENDARS, INSTANTS, AMOUNTS, AMOUNTS)
def test_a_longer_target_is_never_due_earlier(
    calendar: Hours, start: datetime, one: timedelta, more: timedelta
) -> None:
    due, later = calendar.after(start, one), calendar.after(start, one + more)
    assert due is not None
    assert later is not None
    assert start < due < later


@LAW
@given(CALENDARS, INSTANTS, AMOUNTS)
def test_due_is_the_first_instant_at_which_the_target_has_elapsed(
    calendar: Hours, start: datetime, target: timedelta
) -> None:
    due = calendar.after(start, target)
    assert due is not None
    assert calendar.elapsed(start, due) == target
    assert calendar.elapsed(start, due - timedelta(microseconds=1)) < target


@LAW
@given(CALENDARS, INSTANTS, INSTANTS, INSTANTS)
def test_open_time_adds_up(calendar: Hours, a: datetime, b: datetime, c: datetime) -> None:
    first, second, third = sorted((a, b, c))
    both = calendar.elapsed(first, second) + calendar.elapsed(second, third)
    assert calendar.elapsed(first, third) == both
    assert both <= third - first


@LAW
@given(CALENDARS, INSTANTS, st.timedeltas(timedelta(0), timedelta(days=20)))
def test_spans_are_in_order_apart_and_sum_to_what_elapsed(
    calendar: Hours, start: datetime, length: timedelta
) -> None:
    end = start + length
    spans = calendar.spans(start, end)
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(set(edges))
    assert all(start <= edge <= end for edge in edges)
    assert sum((b - a for a, b in spans), timedelta(0)) == calendar.elapsed(start, end)


@LAW
@given(CALENDARS, INSTANTS)
def test_it_is_open_where_time_counts(calendar: Hours, at: datetime) -> None:
    tick = timedelta(microseconds=1)
    assert calendar.is_open(at) == (calendar.elapsed(at, at + tick) == tick)


@LAW
@given(INSTANTS, AMOUNTS)
def test_without_closing_due_is_plain_addition(start: datetime, target: timedelta) -> None:
    assert ALWAYS.after(start, target) == start + target
    assert hours("Europe/Paris", "daily 00:00-24:00").after(start, target) == start + target


@LAW
@given(
    st.sampled_from([KOLKATA, hours("UTC", "mon-thu 08:00-11:30 12:15-19:00", "fri 20:00-04:00")]),
    INSTANTS,
    AMOUNTS,
)
def test_a_week_later_everything_is_a_week_later_where_clocks_never_change(
    calendar: Hours, start: datetime, target: timedelta
) -> None:
    due = calendar.after(start, target)
    assert due is not None
    assert calendar.after(start + timedelta(days=7), target) == due + timedelta(days=7)
