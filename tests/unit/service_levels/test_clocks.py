"""One cycle of a clock: pauses, changed targets, what is broken, warnings, and the parts it is made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.service_levels.clocks import (
    BORN,
    BY_POLICY,
    BY_PRIORITY,
    BY_TIME,
    Cycle,
    Pause,
    Point,
    Term,
    next_reply_cycles,
    reached,
)
from bot.service_levels.openings import Hours
from tests.unit.service_levels.building import ALWAYS, BER, NEW_YORK, NY, cycle, h, hours, local, m, ny

LUNCH = hours(NEW_YORK, "mon-fri 09:00-12:00 13:00-17:00")
MONDAY = ny("2026-03-09 09:00")
WAITING = "waiting_requester"


def at(clock: str, day: int = 9) -> datetime:
    """A time of Monday 2026-03-09 in New York, or of another day of that month."""
    return ny(f"2026-03-{day:02} {clock}")


def term(since: datetime, target: timedelta, priority: str = "P1", *, of: Hours = NY) -> Term:
    return Term(since, of, target, priority, 1, BY_PRIORITY)


# --- met and missed ---


def test_a_target_that_is_met_at_the_very_instant_is_met() -> None:
    running = cycle(NY, MONDAY, h(2))
    in_time, late = running.stopped(at("11:00"), "resolve"), running.stopped(at("11:01"), "resolve")
    assert in_time.breach is None
    assert in_time.determined_at == at("11:00")
    assert late.breach is not None
    assert (late.breach.at, late.breach.cause, late.breach.elapsed) == (at("11:00"), BY_TIME, h(2))
    assert late.determined_at == at("11:00")
    assert late.elapsed(at("15:00")) == h(2) + m(1)


def test_looked_at_in_the_instant_it_is_due_it_is_broken_until_a_stop_of_that_instant_is_heard_of() -> None:
    broken = cycle(NY, MONDAY, h(2)).settled(at("11:00"))
    assert broken.breach is not None
    assert broken.stopped(at("11:00"), "resolve").breach is None


def test_used_up_at_closing_time_it_is_late_after_closing_time() -> None:
    friday = cycle(NY, at("09:00", 6), h(8))
    assert friday.due() == at("17:00", 6)
    assert friday.stopped(at("17:00", 6), "resolve").breach is None
    saturday = friday.stopped(at("10:00", 7), "resolve")
    assert saturday.breach is not None
    assert saturday.breach.at == at("17:00", 6)


@pytest.mark.parametrize("cause", [None, BORN])
def test_a_stop_that_is_heard_of_late_takes_back_a_breach_that_came_after_it(cause: str | None) -> None:
    broken = cycle(NY, MONDAY, h(2)).settled(at("12:00"), cause)
    assert broken.breach is not None
    for clock in ("10:59", "11:00"):
        stopped = broken.stopped(at(clock), "resolve")
        assert stopped.breach is None
        assert stopped.determined_at == at(clock)
    assert broken.stopped(at("11:01"), "resolve").breach == broken.breach


def test_a_breach_by_a_change_is_not_taken_back_by_a_stop_of_that_instant_but_by_an_earlier_one() -> None:
    broken = cycle(NY, MONDAY, h(8)).measured_by(term(at("12:00"), h(2)))
    assert broken.stopped(at("12:00"), "resolve").breach == broken.breach
    earlier = broken.stopped(at("11:30"), "resolve")
    assert earlier.breach is None
    # The target that was promised after the stop did not measure it.
    assert (earlier.term.priority, earlier.term.target) == ("P3", h(8))


def test_of_two_stops_the_earlier_counts_whichever_is_heard_of_first() -> None:
    running = cycle(NY, MONDAY, h(2))
    claim_first = running.stopped(at("11:30"), "claim").stopped(at("10:30"), "reply")
    reply_first = running.stopped(at("10:30"), "reply").stopped(at("11:30"), "claim")
    assert claim_first == reply_first
    assert (claim_first.stopped_at, claim_first.stop_cause, claim_first.breach) == (
        at("10:30"),
        "reply",
        None,
    )


def test_a_stop_from_before_the_start_stops_at_the_start() -> None:
    stopped = cycle(NY, MONDAY, h(2)).stopped(at("08:00"), "claim")
    assert stopped.stopped_at == MONDAY
    assert stopped.elapsed(at("12:00")) == h(0)
    assert stopped.breach is None


def test_a_cancelled_clock_counts_in_neither_unless_it_was_broken() -> None:
    running = cycle(NY, MONDAY, h(2))
    cancelled, broken = running.cancelled(at("10:00")), running.cancelled(at("12:00"))
    assert (cancelled.breach, cancelled.determined_at) == (None, None)
    assert broken.breach is not None
    assert broken.determined_at == at("11:00")
    assert cancelled.stopped(at("09:30"), "resolve") == cancelled
    assert cancelled.elapsed(at("15:00")) == h(1)


def test_nothing_moves_a_clock_that_has_ended() -> None:
    ended = cycle(NY, MONDAY, h(2)).stopped(at("10:00"), "resolve")
    assert ended.settled(at("15:00")) == ended
    assert ended.paused(at("11:00"), WAITING) == ended
    assert ended.resumed(at("11:00")) == ended
    assert ended.cancelled(at("11:00")) == ended
    assert ended.measured_by(term(at("11:00"), m(30))) == ended
    assert not ended.is_running
    assert ended.pause is None


# --- pauses ---


def test_a_paused_clock_is_not_due_and_its_due_date_moves_by_the_open_time_of_the_pause() -> None:
    paused = cycle(LUNCH, MONDAY, h(3)).paused(at("11:00"), WAITING)
    assert not paused.is_running
    assert paused.due() is None
    assert paused.elapsed(at("16:00")) == h(2)
    resumed = paused.resumed(at("14:00"))
    assert resumed.is_running
    assert resumed.due() == at("15:00")


def test_a_target_that_was_used_up_before_the_pause_is_due_also_while_paused() -> None:
    paused = cycle(NY, MONDAY, h(1)).paused(at("11:00"), WAITING)
    assert paused.due() == at("10:00")
    assert paused.breach is not None
    assert paused.breach.at == at("10:00")


def test_stopped_while_paused_the_pause_ends_with_it() -> None:
    stopped = cycle(NY, MONDAY, h(4)).paused(at("10:00"), WAITING).stopped(at("16:00"), "resolve")
    assert stopped.elapsed(at("17:00")) == h(1)
    assert stopped.pauses == (Pause(at("10:00"), at("16:00"), WAITING),)
    assert stopped.breach is None


def test_a_pause_entered_twice_is_one_pause() -> None:
    once = cycle(NY, MONDAY, h(4)).paused(at("10:00"), WAITING)
    assert once.paused(at("11:00"), WAITING) == once
    assert once.resumed(at("12:00")).resumed(at("13:00")) == once.resumed(at("12:00"))


def test_another_reason_to_wait_goes_on_with_the_pause() -> None:
    other = cycle(NY, MONDAY, h(4)).paused(at("10:00"), WAITING).paused(at("11:00"), "waiting_supplier")
    assert [(pause.since, pause.until, pause.reason) for pause in other.pauses] == [
        (at("10:00"), at("11:00"), WAITING),
        (at("11:00"), None, "waiting_supplier"),
    ]
    assert other.resumed(at("12:00")).due() == at("15:00")


def test_pauses_that_end_before_they_begin_and_those_around_the_cycle_count_where_they_meet_it() -> None:
    odd = replace(
        cycle(NY, MONDAY, h(2)),
        pauses=(
            Pause(at("10:00"), at("09:30"), WAITING),
            Pause(at("08:00"), at("09:30"), WAITING),
            Pause(at("10:30"), at("10:30"), WAITING),
        ),
    )
    assert odd.due() == at("11:30")
    assert odd.elapsed(at("10:00")) == m(30)
    assert [(part.start, part.end, part.counts) for part in odd.pieces(at("10:00"))] == [
        (at("09:00"), at("09:30"), False),
        (at("09:30"), at("10:00"), True),
    ]


def test_a_start_on_a_pause_has_nothing_elapsed() -> None:
    paused = cycle(NY, MONDAY, h(2)).paused(at("08:00"), WAITING)
    assert paused.pauses[0].since == MONDAY
    assert paused.elapsed(at("12:00")) == h(0)


# --- another target ---


def test_a_raised_priority_counts_from_the_start_and_breaks_at_the_change() -> None:
    raised = cycle(NY, MONDAY, h(8)).measured_by(term(at("12:00"), h(2)))
    assert raised.breach is not None
    assert (raised.breach.at, raised.breach.priority, raised.breach.cause, raised.breach.elapsed) == (
        at("12:00"),
        "P1",
        BY_PRIORITY,
        h(3),
    )
    assert raised.due() == at("11:00")


def test_a_lowered_priority_moves_the_due_date_and_keeps_the_breach() -> None:
    lowered = cycle(NY, MONDAY, h(2)).measured_by(term(at("12:00"), h(16), "P4"))
    assert lowered.due() == at("17:00", 10)
    assert lowered.breach is not None
    assert (lowered.breach.at, lowered.breach.priority, lowered.breach.cause) == (at("11:00"), "P3", BY_TIME)
    assert lowered.stopped(at("13:00"), "resolve").breach == lowered.breach
    assert lowered.determined_at == at("11:00")


def test_a_priority_that_goes_up_and_down_again_leaves_nothing_behind_unless_it_broke() -> None:
    running = cycle(NY, MONDAY, h(8))
    back = running.measured_by(term(at("10:00"), h(2))).measured_by(term(at("10:30"), h(8), "P3"))
    assert back.breach is None
    assert back.due() == running.due()
    broken = running.measured_by(term(at("10:00"), h(2))).measured_by(term(at("11:30"), h(8), "P3"))
    assert broken.breach is not None
    assert (broken.breach.at, broken.breach.priority, broken.breach.cause) == (at("11:00"), "P1", BY_TIME)


def test_pauses_survive_a_change_of_the_target() -> None:
    changed = (
        cycle(NY, MONDAY, h(8))
        .paused(at("10:00"), WAITING)
        .resumed(at("12:00"))
        .measured_by(term(at("13:00"), h(4)))
    )
    assert changed.elapsed(at("13:00")) == h(2)
    assert changed.due() == at("15:00")


def test_while_paused_a_shorter_target_breaks_at_the_change() -> None:
    changed = cycle(NY, MONDAY, h(8)).paused(at("12:00"), WAITING).measured_by(term(at("14:00"), h(2)))
    assert changed.breach is not None
    assert (changed.breach.at, changed.breach.elapsed) == (at("14:00"), h(3))


def test_a_target_that_is_exactly_used_up_at_the_change_breaks_by_the_change() -> None:
    changed = cycle(NY, MONDAY, h(8)).measured_by(term(at("11:00"), h(2)))
    assert changed.breach is not None
    assert (changed.breach.at, changed.breach.cause) == (at("11:00"), BY_PRIORITY)


def test_a_target_that_was_used_up_before_the_change_broke_by_time() -> None:
    changed = cycle(NY, MONDAY, h(2)).measured_by(term(at("15:00"), h(1)))
    assert changed.breach is not None
    assert (changed.breach.at, changed.breach.cause, changed.breach.priority) == (at("11:00"), BY_TIME, "P3")


def test_after_a_move_each_part_is_measured_by_its_own_calendar() -> None:
    moved = cycle(NY, at("15:00", 6), h(4)).measured_by(term(at("16:00", 6), h(4), of=ALWAYS))
    assert moved.elapsed(at("16:00", 6)) == h(1)
    assert moved.due() == at("19:00", 6)
    back = cycle(ALWAYS, at("15:00", 6), h(4)).measured_by(term(at("16:00", 6), h(4), of=NY))
    assert back.due() == at("11:00")


def test_a_move_across_time_zones_carries_seconds() -> None:
    berlin_closing = local(BER, "2026-03-09 17:00")  # 12:00 in New York
    moved = cycle(BER, local(BER, "2026-03-09 14:00"), h(5)).measured_by(term(berlin_closing, h(5), of=NY))
    assert moved.elapsed(berlin_closing) == h(3)
    assert moved.due() == at("14:00")


def test_a_change_that_reaches_back_before_an_earlier_one_counts_after_it() -> None:
    changed = cycle(NY, MONDAY, h(8)).measured_by(term(at("12:00"), h(6)))
    late = changed.measured_by(term(at("10:00"), h(7)))
    assert late.term.since == at("12:00")
    assert late.due() == at("16:00")


# --- reopened ---


def test_reopened_a_clock_has_what_is_left() -> None:
    first = cycle(NY, MONDAY, h(4)).stopped(at("11:00"), "resolve")
    again = first.going_on(at("13:00"), term(at("13:00"), h(4)))
    assert (again.number, again.elapsed(at("13:00")), again.due()) == (2, h(2), at("15:00"))
    assert first.determined_at == at("11:00")
    assert again.determined_at is None
    assert again.stopped(at("14:00"), "resolve").determined_at == at("14:00")


def test_reopened_a_broken_clock_stays_broken_and_is_counted_once() -> None:
    first = cycle(NY, MONDAY, h(2)).stopped(at("12:00"), "resolve")
    again = first.going_on(at("13:00"), term(at("13:00"), h(2)))
    assert again.goes_on_broken
    assert again.breach == first.breach
    assert again.determined_at is None
    assert again.stopped(at("13:01"), "resolve").determined_at is None


def test_reopened_with_nothing_left_it_breaks_as_it_reopens() -> None:
    first = cycle(NY, MONDAY, h(2)).stopped(at("11:00"), "resolve")
    assert first.breach is None
    again = first.going_on(at("13:00"), replace(term(at("13:00"), h(2)), cause="reopened"))
    assert again.breach is not None
    assert (again.breach.at, again.breach.cause) == (at("13:00"), "reopened")
    assert not again.goes_on_broken
    assert again.stopped(at("13:00"), "resolve").breach == again.breach


def test_a_priority_raised_after_reopening_breaks_at_its_change() -> None:
    first = cycle(NY, MONDAY, h(8)).stopped(at("12:00"), "resolve")
    again = first.going_on(at("13:00"), replace(term(at("13:00"), h(8)), cause="reopened"))
    raised = again.measured_by(term(at("14:00"), h(2)))
    assert raised.breach is not None
    assert (raised.breach.at, raised.breach.cause) == (at("14:00"), BY_PRIORITY)


def test_a_clock_never_goes_on_before_it_ended() -> None:
    first = cycle(NY, MONDAY, h(4)).stopped(at("11:00"), "resolve")
    again = first.going_on(at("10:00"), term(at("10:00"), h(4)))
    assert (again.started_at, again.due()) == (at("11:00"), at("13:00"))


# --- warnings and what comes after a breach ---


def test_warnings_are_shares_of_the_target_on_the_clocks_own_hours() -> None:
    running = cycle(NY, at("15:00", 6), h(4))
    found = [reached(running, Point(percent)) for percent in (25, 50, 80, 100)]
    assert [one.at for one in found if one] == [
        at("16:00", 6),
        at("17:00", 6),
        at("10:12"),
        at("11:00"),
    ]
    assert not any(one.is_silent for one in found if one)


def test_what_comes_after_a_breach_counts_from_it_in_open_time_and_without_pauses() -> None:
    hour_later = Point(after=h(1))
    running = cycle(NY, at("14:30", 6), h(2))
    assert reached(running, hour_later) is None
    broken = running.settled(at("16:30", 6))
    found = reached(broken, hour_later)
    assert found is not None
    assert found.at == at("09:30")
    paused = broken.paused(at("16:45", 6), WAITING)
    assert reached(paused, hour_later) is None
    resumed = reached(paused.resumed(at("12:00")), hour_later)
    assert resumed is not None
    assert resumed.at == at("12:45")


def test_after_a_breach_by_a_change_the_steps_count_from_the_change() -> None:
    raised = cycle(NY, MONDAY, h(8)).measured_by(term(at("12:00"), h(2)))
    found = reached(raised, Point(after=h(1)))
    assert found is not None
    assert (found.at, found.is_silent) == (at("13:00"), False)


def test_warnings_that_a_change_passes_are_silent_and_later_ones_are_not() -> None:
    raised = cycle(NY, MONDAY, h(8)).measured_by(term(at("11:00"), h(3)))
    passed, ahead, breach = (reached(raised, Point(percent)) for percent in (50, 80, 100))
    assert passed is not None
    assert ahead is not None
    assert breach is not None
    assert (passed.at, passed.is_silent) == (at("11:00"), True)
    assert (ahead.at, ahead.is_silent) == (at("11:24"), False)
    assert (breach.at, breach.is_silent) == (at("12:00"), False)


def test_a_breach_by_a_change_is_told() -> None:
    raised = cycle(NY, MONDAY, h(8)).measured_by(term(at("12:00"), h(2)))
    breach = reached(raised, Point())
    assert breach is not None
    assert (breach.at, breach.is_silent) == (at("12:00"), False)


def test_of_a_broken_clock_no_warning_comes_when_its_target_becomes_longer() -> None:
    lowered = cycle(NY, MONDAY, h(2)).measured_by(term(at("12:00"), h(16), "P4"))
    assert reached(lowered, Point(50)) is None
    breach = reached(lowered, Point())
    assert breach is not None
    assert breach.at == at("11:00")


def test_reopening_repeats_no_warning_and_no_breach_of_the_cycle_before() -> None:
    first = cycle(NY, MONDAY, h(4)).stopped(at("11:30"), "resolve")
    again = first.going_on(at("13:00"), term(at("13:00"), h(4)))
    half, most = reached(again, Point(50)), reached(again, Point(80))
    assert half is not None
    assert most is not None
    assert half.is_silent
    assert (most.at, most.is_silent) == (at("13:42"), False)
    broken = cycle(NY, MONDAY, h(2)).stopped(at("12:00"), "resolve")
    breach = reached(broken.going_on(at("13:00"), term(at("13:00"), h(2))), Point())
    assert breach is not None
    assert breach.is_silent


@pytest.mark.parametrize(
    ("point", "name"),
    [
        (Point(50), "50%"),
        (Point(), "breach"),
        (Point(after=h(1)), "breach+3600"),
        (Point(80, step=0), "80%>0"),
        (Point(after=m(1), step=2), "breach+60>2"),
    ],
)
def test_points_have_names_of_their_own(point: Point, name: str) -> None:
    assert point.name == name


def test_later_points_are_graver() -> None:
    points = [Point(after=h(2)), Point(50), Point(), Point(80), Point(after=h(1))]
    assert [point.name for point in sorted(points, key=lambda point: point.gravity)] == [
        "50%",
        "80%",
        "breach",
        "breach+3600",
        "breach+7200",
    ]


# --- why: the parts ---


def test_the_parts_of_a_clock_say_what_counted_and_why_not() -> None:
    measured = (
        cycle(LUNCH, at("11:00"), h(8))
        .paused(at("14:00"), WAITING)
        .resumed(at("15:00"))
        .measured_by(term(at("16:00"), h(6), of=ALWAYS))
        .stopped(at("18:00"), "resolve")
    )
    parts = measured.pieces(at("12:00", 20))
    assert [(part.start, part.end, part.reason, part.counts, part.calendar) for part in parts] == [
        (at("11:00"), at("12:00"), "open", True, "office"),
        (at("12:00"), at("13:00"), "closed", False, "office"),
        (at("13:00"), at("14:00"), "open", True, "office"),
        (at("14:00"), at("15:00"), WAITING, False, "office"),
        (at("15:00"), at("16:00"), "open", True, "office"),
        (at("16:00"), at("18:00"), "open", True, "always"),
    ]
    assert [part.priority for part in parts] == ["P3"] * 5 + ["P1"]


def test_a_paused_part_says_how_much_open_time_it_was_worth() -> None:
    paused = cycle(NY, at("15:00", 6), h(8)).paused(at("16:00", 6), WAITING)
    part = paused.pieces(at("10:00"))[-1]
    assert (part.reason, part.counts, part.open_time) == (WAITING, False, h(2))


# --- the next reply ---


def messages(*written: str) -> list[tuple[datetime, bool]]:
    """`r 10:00` is a message of the requester, `d 10:30` one of the desk."""
    return [(at(text[2:]), text[0] == "r") for text in written]


def test_several_messages_in_a_row_are_one_wait_for_a_reply_from_the_oldest_on() -> None:
    reply = term(MONDAY, h(1))
    cycles = next_reply_cycles(
        messages("d 09:10", "r 10:00", "r 10:30", "d 10:50", "d 11:00", "r 13:00", "d 14:01", "r 16:00"),
        reply,
    )
    assert [(one.number, one.started_at, one.stopped_at) for one in cycles] == [
        (1, at("10:00"), at("10:50")),
        (2, at("13:00"), at("14:01")),
        (3, at("16:00"), None),
    ]
    assert [one.breach is not None for one in cycles] == [False, True, False]
    assert cycles[2].due() == at("17:00")


def test_without_a_message_no_reply_is_due() -> None:
    assert next_reply_cycles(messages("d 09:10", "d 10:00"), term(MONDAY, h(1))) == []


# --- laws ---

LAW = settings(deadline=None)
CALENDARS = st.sampled_from([NY, LUNCH, ALWAYS, BER, hours(NEW_YORK, "daily 22:00-06:00")])
TARGETS = st.timedeltas(m(1), h(30))
OFFSETS = st.timedeltas(timedelta(0), timedelta(days=6))
START = ny("2026-03-05 12:00")  # the clocks change on the Sunday that follows


@st.composite
def cycles(draw: st.DrawFn) -> Cycle:
    """A cycle to which some things happened, in order; it may be paused or stopped, broken or not."""
    running = cycle(draw(CALENDARS), START, draw(TARGETS))
    for offset in sorted(draw(st.lists(OFFSETS, max_size=5))):
        running = _happened(draw, running, START + offset)
    return running.settled(START + draw(OFFSETS))


def _happened(draw: st.DrawFn, running: Cycle, when: datetime) -> Cycle:
    match draw(st.sampled_from(["pause", "other pause", "resume", "change", "reopen"])):
        case "pause":
            return running.paused(when, WAITING)
        case "other pause":
            return running.paused(when, "waiting_supplier")
        case "resume":
            return running.resumed(when)
        case "change":
            return running.measured_by(term(when, draw(TARGETS), of=draw(CALENDARS)))
        case _:
            return running.stopped(when, "resolve").going_on(when, running.term)


@LAW
@given(cycles(), OFFSETS)
def test_the_parts_cover_the_cycle_without_gaps_and_sum_to_what_elapsed(of: Cycle, offset: timedelta) -> None:
    now = max(of.started_at, START + offset)
    parts = of.pieces(now)
    counted = sum((part.open_time for part in parts if part.counts), timedelta(0))
    assert counted + of.carried == of.elapsed(now)
    edges = [of.started_at, *(part.end for part in parts)]
    assert [part.start for part in parts] == edges[:-1]
    assert edges[-1] == now


@LAW
@given(cycles(), OFFSETS, OFFSETS)
def test_elapsed_never_goes_back(of: Cycle, one: timedelta, other: timedelta) -> None:
    first, second = sorted((one, other))
    assert of.elapsed(START + first) <= of.elapsed(START + second)


@LAW
@given(cycles())
def test_due_is_where_the_target_has_elapsed(of: Cycle) -> None:
    due = of.due()
    if due is None:
        assert of.pause is not None
    elif of.carried < of.term.target:
        assert of.elapsed(due) == of.term.target
    else:
        assert due == of.started_at


@LAW
@given(cycles())
def test_no_point_is_reached_before_an_earlier_one(of: Cycle) -> None:
    points = [Point(10), Point(50), Point(50), Point(80), Point(), Point(after=m(1)), Point(after=h(3))]
    known = [found.at for point in points if (found := reached(of, point)) is not None]
    assert known == sorted(known)


@LAW
@given(cycles(), OFFSETS)
def test_a_breach_is_never_erased_but_by_a_stop_before_it(of: Cycle, offset: timedelta) -> None:
    when = START + offset
    later = [
        of.measured_by(term(when, timedelta(days=90))),
        of.paused(when, WAITING),
        of.resumed(when),
        of.cancelled(when),
        of.settled(when),
        of.settled(when).stopped(when + timedelta(days=9), "resolve"),
    ]
    if of.breach is not None:
        assert {one.breach for one in later} == {of.breach}


@LAW
@given(CALENDARS, TARGETS, OFFSETS, OFFSETS)
def test_a_pause_never_makes_it_due_earlier_and_is_worth_its_open_time(
    of: Hours, target: timedelta, one: timedelta, other: timedelta
) -> None:
    since, until = START + min(one, other), START + max(one, other)
    plain, paused = cycle(of, START, target), cycle(of, START, target, (since, until))
    due, later = plain.due(), paused.due()
    assert due is not None
    assert later is not None
    assert later >= due
    if since < due:
        assert later == of.after(START, target + of.elapsed(since, until))


@LAW
@given(CALENDARS, TARGETS, st.lists(OFFSETS, min_size=3, max_size=3), OFFSETS)
def test_splitting_a_pause_changes_nothing(
    of: Hours, target: timedelta, edges: list[timedelta], now: timedelta
) -> None:
    since, between, until = (START + edge for edge in sorted(edges))
    whole = cycle(of, START, target, (since, until))
    split = cycle(of, START, target, (between, until), (since, between))
    overlapping = cycle(of, START, target, (since, until), (since, between))
    assert whole.due() == split.due() == overlapping.due()
    assert whole.elapsed(START + now) == split.elapsed(START + now) == overlapping.elapsed(START + now)


@LAW
@given(TARGETS, TARGETS, TARGETS, OFFSETS, OFFSETS)
def test_the_last_of_several_changes_counts(
    first: timedelta, second: timedelta, third: timedelta, one: timedelta, other: timedelta
) -> None:
    earlier, later = START + min(one, other), START + max(one, other)
    running = cycle(NY, START, first)
    twice = running.measured_by(term(earlier, second)).measured_by(term(later, third))
    once = running.measured_by(term(later, third))
    assert twice.due() == once.due() == cycle(NY, START, third).due()
    assert twice.elapsed(later) == once.elapsed(later)


@LAW
@given(TARGETS, OFFSETS)
def test_a_new_version_with_the_same_target_changes_nothing(target: timedelta, offset: timedelta) -> None:
    running = cycle(NY, START, target).settled(START + offset)
    changed = running.measured_by(Term(START + offset, NY, target, "P3", 2, BY_POLICY))
    assert changed.breach == running.breach
    assert changed.due() == running.due()
    later = START + timedelta(days=20)
    assert changed.settled(later).breach == running.settled(later).breach


@LAW
@given(cycles(), OFFSETS)
def test_a_stop_breaks_exactly_what_looking_at_it_just_before_would_have_broken(
    of: Cycle, offset: timedelta
) -> None:
    pauses = (pause.since for pause in of.pauses)
    when = max(START + offset, of.started_at, of.term.since, *pauses)
    fresh = replace(of, breach=None, goes_on_broken=False)
    looked = fresh.settled(when - timedelta(microseconds=1))
    assert (fresh.stopped(when, "resolve").breach is None) == (looked.breach is None)
