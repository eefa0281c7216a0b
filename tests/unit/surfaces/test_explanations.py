"""The answer to `/ticket sla INC-12`: every interval, and a sum that is the number on the card."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.models.service_levels import ClockName, ClockState
from bot.surfaces.rendered import Rendered
from bot.surfaces.service_levels import explanation
from bot.workflows.service_views import PieceView
from tests.unit.surfaces.builders import MONDAY, assert_sendable, spoken
from tests.unit.surfaces.service_level_builders import HOUR, MINUTE, clock, explained, piece

DAY = timedelta(days=1)
WAITED = piece(
    MONDAY + HOUR, 2 * HOUR, counts=False, reason="waiting_requester", open_time=2 * HOUR - 30 * MINUTE
)
NIGHT = piece(MONDAY + 8 * HOUR, 16 * HOUR, counts=False, reason="closed")


def workdays(count: int) -> list[PieceView]:
    """Days of eight open hours and the nights between them."""
    days = (MONDAY + DAY * n for n in range(count))
    return [
        part
        for day in days
        for part in (piece(day, 8 * HOUR), piece(day + 8 * HOUR, 16 * HOUR, counts=False, reason="closed"))
    ]


def total(rendered: Rendered) -> str:
    found = re.search(r"Sum: (.*?)\.", spoken(rendered))
    assert found is not None
    return found[1]


def test_each_interval_names_its_span_calendar_reason_and_policy() -> None:
    rendered = explanation([explained(piece(MONDAY, HOUR), WAITED, piece(MONDAY + 3 * HOUR, HOUR), NIGHT)])
    shown = spoken(rendered)
    for said in (
        "INC-12 · service levels",
        "Time to resolve",
        "2026-03-02 09:00 UTC – 2026-03-02 10:00 UTC · counted 1 h · office, P3, standard version 3",
        "waiting for the requester, not counted (1 h 30 min of open time) · office, P3, standard version 3",
        "closed, not counted · office",
        "Sum: 2 h of 8 h, 6 h left.",
    ):
        assert said in shown
    assert_sendable(rendered)


def test_a_change_of_policy_shows_in_the_lines() -> None:
    shown = spoken(explanation([explained(piece(MONDAY, HOUR), piece(MONDAY + HOUR, HOUR, policy=4))]))
    assert "standard version 3" in shown
    assert "standard version 4" in shown


def test_what_earlier_cycles_used_is_part_of_the_sum() -> None:
    rendered = explanation([explained(piece(MONDAY, 20 * MINUTE), carried=HOUR, cycle=2)])
    assert "Time to resolve (cycle 2)" in spoken(rendered)
    assert "carried over from before: 1 h" in spoken(rendered)
    assert total(rendered) == "1 h + 20 min = 1 h 20 min of 8 h, 6 h 40 min left"


def test_the_sum_ends_in_the_number_on_the_card() -> None:
    late = clock(state=ClockState.MISSED, late_by=HOUR)
    early = clock(state=ClockState.MET, early_by=7 * HOUR)
    assert total(explanation([explained(piece(MONDAY, 9 * HOUR), of=late)])).endswith("9 h of 8 h, 1 h late")
    assert total(explanation([explained(piece(MONDAY, HOUR), of=early)])).endswith("1 h of 8 h, 7 h early")
    over = explained(piece(MONDAY, 9 * HOUR), of=clock(breached_at=MONDAY))
    assert total(explanation([over])).endswith("9 h of 8 h, 1 h over")
    broken_before = explained(piece(MONDAY, HOUR), of=clock(state=ClockState.MISSED))
    assert total(explanation([broken_before])).endswith("an earlier target was missed")


def test_a_ticket_without_a_promise_says_so() -> None:
    assert explanation([]).text == "No service level was promised for this ticket."


def test_a_cancelled_clock_is_named_as_no_longer_measured() -> None:
    gone = explained(piece(MONDAY, HOUR), of=clock(clock=ClockName.UPDATE, state=ClockState.CANCELLED))
    assert "Time to the next update · no longer measured" in spoken(explanation([gone]))


def test_neighbouring_spans_that_do_not_count_for_the_same_reason_are_one() -> None:
    nights = [piece(MONDAY + DAY * n, DAY, counts=False, reason="closed") for n in range(3)]
    shown = spoken(explanation([explained(*nights)]))
    assert shown.count("closed, not counted") == 1
    assert "2026-03-02 09:00 UTC – 2026-03-05 09:00 UTC" in shown


def test_forty_intervals_stay_compact_and_show_everything_that_counts_or_pauses() -> None:
    parts = [*workdays(19), WAITED, piece(MONDAY + 30 * DAY, HOUR)]
    rendered = explanation([explained(*parts, target=200 * HOUR)])
    shown = spoken(rendered)
    assert shown.count("· counted 8 h ·") == 19
    assert "waiting for the requester, not counted" in shown
    assert "closed 19 times in between, not counted" in shown
    assert total(rendered) == "153 h of 200 h, 47 h left"
    assert_sendable(rendered)


def test_what_is_beyond_the_room_is_folded_and_stays_in_the_sum() -> None:
    rendered = explanation([explained(*workdays(100), target=1000 * HOUR)])
    shown = spoken(rendered)
    assert "70 earlier intervals, counted 560 h" in shown
    assert shown.count("· counted 8 h ·") == 30
    assert total(rendered) == "800 h of 1000 h, 200 h left"
    assert_sendable(rendered)


def test_the_text_without_blocks_says_every_sum_first() -> None:
    many = [explained(*workdays(60), cycle=n, target=1000 * HOUR) for n in (1, 2)]
    text = explanation(many).text
    assert text.count("Sum: 480 h of 1000 h") == 2
    assert text.rindex("Sum: ") < text.index("counted 8 h")


def test_of_many_cycles_the_newest_are_shown() -> None:
    rendered = explanation([explained(piece(MONDAY, HOUR), cycle=n) for n in range(1, 31)])
    assert "(22 earlier cycles are left out)" in spoken(rendered)
    assert "(cycle 30)" in spoken(rendered)
    assert_sendable(rendered)


REASONS = st.sampled_from(["open", "closed", "waiting_requester", "waiting_supplier"])


@given(
    st.lists(st.tuples(REASONS, st.integers(1, 300_000)), max_size=60),
    st.integers(0, 100_000),
    st.integers(1, 4),
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_folded_the_sum_is_what_counted(
    spans: list[tuple[str, int]], carried: int, cycles: int
) -> None:
    at, counted, pieces = MONDAY, 0, []
    for reason, seconds in spans:
        counts = reason == "open"
        pieces.append(piece(at, timedelta(seconds=seconds), counts=counts, reason=reason))
        at, counted = _after(at, seconds), counted + seconds * counts
    view = explained(*pieces, carried=timedelta(seconds=carried), target=100_000 * HOUR)
    rendered = explanation([view] * cycles)
    assert_sendable(rendered)
    left = _seconds(total(rendered).rsplit(", ", 1)[1])
    assert left == 100_000 * 3600 - carried - counted


def _after(at: datetime, seconds: int) -> datetime:
    return at + timedelta(seconds=seconds)


def _seconds(words: str) -> int:
    units = {"h": 3600, "min": 60, "s": 1}
    return sum(int(count) * units[unit] for count, unit in re.findall(r"(\d+) (h|min|s)", words))
