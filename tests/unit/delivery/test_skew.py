"""Clocks that differ are noticed and named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from bot.delivery.skew import Skew

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def heard(ahead: float) -> Skew:
    skew = Skew(lambda: NOW)
    skew.heard_from_slack(format_datetime(NOW + timedelta(seconds=ahead), usegmt=True))
    return skew


@pytest.mark.parametrize("ahead", [-4, 0, 4])
def test_a_few_seconds_are_nothing(ahead: float) -> None:
    assert heard(ahead).problem() is None


def test_a_minute_is_a_problem_with_a_fix() -> None:
    assert heard(60).problem() == (
        "This machine's clock is 60 s behind Slack's: let it follow a time server (NTP)."
    )
    assert (heard(-60).problem() or "").startswith("This machine's clock is 60 s ahead of Slack's")
    assert not heard(60).is_too_far()


def test_beyond_two_minutes_nothing_can_be_trusted() -> None:
    assert heard(130).is_too_far()
    assert heard(-130).is_too_far()


@pytest.mark.parametrize("header", ["", "yesterday", "Mon, 99 Foo 2026"])
def test_a_date_that_cannot_be_read_says_nothing(header: str) -> None:
    skew = Skew(lambda: NOW)
    skew.heard_from_slack(header)
    assert skew.problem() is None
