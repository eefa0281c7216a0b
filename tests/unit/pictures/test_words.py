"""What the pictures say in words."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot.pictures import words
from bot.pictures.charts import Charts, Flow, Row


def flow(*still_open: int, until: date = date(2026, 11, 20)) -> Flow:
    days = tuple(until - timedelta(days=len(still_open) - 1 - place) for place in range(len(still_open)))
    return Flow(days, tuple(1 for _ in days), tuple(2 for _ in days), still_open)


def charts(flow: Flow, *rows: Row) -> Charts:
    return Charts(desk="IT", day=date(2026, 11, 21), flow=flow, rows=rows)


@pytest.mark.parametrize(
    ("still_open", "finding"),
    [
        ((37, 0, 0, 0, 0, 0, 0, 42), "Open tickets: 42, 5 more than a week ago"),
        ((1042, 0, 0, 0, 0, 0, 0, 42), "Open tickets: 42, 1,000 fewer than a week ago"),
        ((42, 0, 0, 0, 0, 0, 0, 42), "Open tickets: 42, as many as a week ago"),
        ((0, 0, 0, 0, 0, 0, 42), "Open tickets: 42"),
    ],
)
def test_the_title_says_how_the_backlog_moved(still_open: tuple[int, ...], finding: str) -> None:
    assert words.flow_finding(flow(*still_open)) == finding


def test_a_week_ago_is_a_date_not_a_place_in_the_list() -> None:
    days = (date(2026, 11, 9), date(2026, 11, 13), date(2026, 11, 20))
    assert words.week_ago(Flow(days, (0, 0, 0), (0, 0, 0), (1, 2, 3))) == 1


def test_the_backlog_in_words_holds_its_numbers() -> None:
    said = words.flow_alt(charts(flow(37, 35, 36, 38, 40, 41, 45, 42)))
    assert said == (
        "Open tickets: 42, 5 more than a week ago. IT, 13 Nov to 20 Nov 2026: 8 came in and 16 "
        "were finished. Between 35 and 45 were open at the end of a day."
    )


def test_attainment_in_words_holds_its_numbers() -> None:
    rows = (Row("Incidents P1", "respond", 9, 1), Row("Requests P3", "resolve", 2, 1))
    assert words.attainment_alt(charts(flow(1), *rows)) == (
        "In time: response 90%, resolution 2 of 3. IT, 21 Nov 2026. "
        "Response in time 9 of 10: Incidents P1 9 of 10. Resolution in time 2 of 3: Requests P3 2 of 3."
    )


@pytest.mark.parametrize(
    ("met", "total", "said"),
    [
        (9, 9, "9 of 9"),
        (9, 10, "9 of 10 · 90%"),
        (999, 1000, "999 of 1,000 · 99%"),
        (0, 12_345, "0 of 12k · 0%"),
        (2, 3, "2 of 3"),
    ],
)
def test_few_are_never_a_percentage_and_only_all_are_a_hundred(met: int, total: int, said: str) -> None:
    assert words.kept(met, total) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0"),
        (9_999, "9,999"),
        (10_000, "10k"),
        (999_999, "1.0M"),
        (1_500_000, "1.5M"),
        (2_000_000_000, "2G"),
    ],
)
def test_large_numbers_take_little_room(number: int, said: str) -> None:
    assert words.compact(number) == said


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (date(2026, 11, 20), date(2026, 11, 20), "20 Nov 2026"),
        (date(2026, 10, 22), date(2026, 11, 20), "22 Oct to 20 Nov 2026"),
        (date(2026, 12, 22), date(2027, 1, 20), "22 Dec 2026 to 20 Jan 2027"),
    ],
)
def test_a_period_names_a_year_once(first: date, last: date, said: str) -> None:
    days = (first,) if first == last else (first, last)
    assert words.period(Flow(days, (), (), ())) == said
