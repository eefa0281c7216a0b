"""How long something took, in words."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.surfaces.durations import exact_words, open_words, span_words

SPANS = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3000))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (45, "45 s"),
        (60, "1 min"),
        (90, "1 min 30 s"),
        (150, "2 min"),
        (50 * 60, "50 min"),
        (3600, "1 h"),
        (4 * 3600, "4 h"),
        (3 * 3600 + 20 * 60 + 59, "3 h 20 min"),
        (30 * 3600 + 20 * 60, "30 h"),
        (48 * 3600, "2 days"),
        (50 * 3600, "2 days 2 h"),
        (-5, "0 s"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(seconds: float, words: str) -> None:
    assert span_words(timedelta(seconds=seconds)) == words


def test_open_time_is_never_told_in_days_because_a_desk_s_day_is_shorter() -> None:
    assert open_words(timedelta(hours=60)) == "60 h"
    assert span_words(timedelta(hours=60)) == "2 days 12 h"


def test_exact_words_leave_nothing_out() -> None:
    assert exact_words(timedelta(hours=30, minutes=20, seconds=5)) == "30 h 20 min 5 s"


@given(SPANS)
def test_exact_words_can_be_added_up(span: timedelta) -> None:
    units = {"h": 3600, "min": 60, "s": 1}
    parts = re.findall(r"(\d+) (h|min|s)", exact_words(span))
    assert sum(int(count) * units[unit] for count, unit in parts) == int(span.total_seconds())


@given(SPANS)
def test_rounding_goes_down(span: timedelta) -> None:
    units = {"days": 86400, "h": 3600, "min": 60, "s": 1}
    parts = re.findall(r"(\d+) (days|h|min|s)", span_words(span))
    assert len(parts) <= 2
    assert 0 <= span.total_seconds() - sum(int(count) * units[unit] for count, unit in parts) < 3600
