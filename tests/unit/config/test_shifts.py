from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import ConfigError, ConfigProblem, PersonRef, Shift, load
from bot.config.minutes import first, later, of_week
from bot.service_levels.calendars import MINUTES_A_WEEK, Window

DESK = 'desks:\n  it:\n    triage_channel: "#triage"\n    timezone: Europe/Berlin\n    shifts:\n'


def shifts_of(*lines: str) -> tuple[Shift, ...]:
    return load(DESK + "".join(f"      - {line}\n" for line in lines)).config.desks["it"].shifts


def clashes_of(*lines: str) -> list[ConfigProblem]:
    try:
        shifts_of(*lines)
    except ConfigError as error:
        return list(error.problems)
    return []


def test_a_shift_is_read_as_written() -> None:
    assert shifts_of(
        "{days: [mon, wed-fri], hours: ['08:00-12:00', '22:00-06:00'],"
        " timezone: Asia/Kolkata, people: [U01A]}"
    ) == (
        Shift(
            days=(0, 2, 3, 4),
            windows=(Window(480, 720), Window(1320, 1800)),
            timezone="Asia/Kolkata",
            people=(PersonRef("U01A"),),
        ),
    )


def test_a_shift_that_says_no_more_is_on_weekdays_in_the_zone_of_its_desk() -> None:
    assert shifts_of("{hours: '08:00-16:00', people: '@tom'}") == (
        Shift(
            days=(0, 1, 2, 3, 4),
            windows=(Window(480, 960),),
            timezone="Europe/Berlin",
            people=(PersonRef("@tom"),),
        ),
    )


def test_a_desk_without_shifts_has_none() -> None:
    assert load(DESK.replace("shifts:", "shifts: []")).config.desks["it"].shifts == ()


def test_one_person_in_two_shifts_at_once_is_an_error_that_names_them_and_both_lines() -> None:
    text = DESK + (
        "      - {days: mon-fri, hours: '08:00-16:00', people: ['@tom', '@ann']}\n"
        "      - days: fri-sat\n"
        "        hours: '15:00-23:00'\n"
        "        people:\n"
        "          - '@lea'\n"
        "          - '@Tom'\n"
    )
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert caught.value.problems == (
        ConfigProblem(
            11,
            "desks.it.shifts[2].people[2]",
            '"@Tom" is also in shift 1 (line 6), and both run at fri 15:00 (Europe/Berlin).'
            " Take @Tom out of one, or change its hours.",
        ),
    )


def test_a_person_who_is_in_three_shifts_at_once_is_told_of_the_first_for_each_later_one() -> None:
    found = clashes_of(
        *["{hours: '08:00-16:00', people: '@tom'}"] * 2, "{hours: '15:00-17:00', people: '@tom'}"
    )
    assert [(problem.line, "shift 1 (line 6)" in problem.message) for problem in found] == [
        (7, True),
        (8, True),
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hours: '08:00-16:00'", "hours: '16:00-23:00'"),
        ("days: mon, hours: '22:00-06:00'", "days: tue, hours: '06:00-14:00'"),
        ("days: sun, hours: '22:00-06:00'", "days: mon, hours: '06:00-14:00'"),
        ("days: mon-wed, hours: '08:00-16:00'", "days: thu-fri, hours: '08:00-16:00'"),
        ("hours: '00:00-24:00'", "days: 'sat,sun', hours: '00:00-24:00'"),
        # 16:00 in Berlin is 10:00 in New York, and 11:00 in the weeks when only one has moved its clocks.
        ("hours: '08:00-16:00'", "hours: '11:00-19:00', timezone: America/New_York"),
        ("hours: '08:00-16:00'", "hours: '00:00-11:30', timezone: Asia/Kolkata"),
        # Monday morning in Auckland is Sunday in Berlin.
        ("days: mon, hours: '00:00-24:00'", "days: mon, hours: '08:00-10:00', timezone: Pacific/Auckland"),
    ],
)
def test_one_person_may_be_in_shifts_that_only_touch(one: str, other: str) -> None:
    lines = (f"{{{one}, people: '@tom'}}", f"{{{other}, people: '@tom'}}")
    assert clashes_of(*lines) == []
    assert clashes_of(*reversed(lines)) == []


@pytest.mark.parametrize(
    ("one", "other", "moment"),
    [
        ("days: mon, hours: '22:00-06:01'", "days: tue, hours: '06:00-14:00'", "tue 06:00 (Europe/Berlin)"),
        ("days: sun, hours: '22:00-06:01'", "days: mon, hours: '06:00-14:00'", "mon 06:00 (Europe/Berlin)"),
        (
            "hours: ['06:00-07:00', '15:59-16:30']",
            "days: wed, hours: '09:00-16:00'",
            "wed 15:59 (Europe/Berlin)",
        ),
        (
            "hours: '08:00-16:00'",
            "hours: '10:59-19:00', timezone: America/New_York",
            "mon 10:59 (America/New_York)",
        ),
        (
            "days: sun, hours: '20:00-23:00'",
            "days: mon, hours: '08:00-10:00', timezone: Pacific/Auckland",
            "mon 08:00 (Pacific/Auckland)",
        ),
    ],
)
def test_shifts_that_share_a_minute_of_the_week_in_any_season_overlap(
    one: str, other: str, moment: str
) -> None:
    (clash,) = clashes_of(f"{{{one}, people: '@tom'}}", f"{{{other}, people: '@tom'}}")
    assert f"both run at {moment}." in clash.message


def test_different_people_may_work_at_the_same_time() -> None:
    assert (
        clashes_of("{hours: '08:00-16:00', people: '@tom'}", "{hours: '08:00-16:00', people: '@ann'}") == []
    )


def test_one_person_may_have_shifts_on_two_desks() -> None:
    text = (
        "desks:\n"
        "  it: {triage_channel: '#it', shifts: {hours: '08:00-16:00', people: '@tom'}}\n"
        "  hr: {triage_channel: '#hr', shifts: {hours: '08:00-16:00', people: '@tom'}}\n"
    )
    assert len(load(text).config.desks) == 2


spans = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).map(lambda s: Window(s[0], s[0] + s[1]))


@given(
    days=st.sets(st.integers(0, 6), min_size=1),
    windows=st.lists(spans, min_size=1, max_size=3),
    by=st.integers(-MINUTES_A_WEEK, MINUTES_A_WEEK),
)
def test_the_minutes_of_a_week_are_those_inside_a_window(
    days: set[int], windows: list[Window], by: int
) -> None:
    counted = {
        (day * 1440 + minute) % MINUTES_A_WEEK
        for day in days
        for w in windows
        for minute in range(w.opens, w.closes)
    }
    minutes = of_week(days, windows)
    assert minutes == sum(1 << minute for minute in counted)
    assert later(minutes, by) == sum(1 << (minute + by) % MINUTES_A_WEEK for minute in counted)
    assert first(minutes).endswith(f"{min(counted) % 1440 // 60:02}:{min(counted) % 60:02}")
