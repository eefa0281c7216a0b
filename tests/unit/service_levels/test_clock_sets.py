"""All clocks of a ticket: what happens to it starts, stops, pauses, changes and joins them."""

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
    NEXT_REPLY,
    RESOLVE,
    RESPOND,
    UPDATE,
    ClockSet,
    Cycle,
    Point,
    Promise,
    reached,
)
from tests.unit.service_levels.building import ALWAYS, BERLIN, h, hours, m, ny, promise

MONDAY = ny("2026-03-09 09:00")
WAITING = "waiting_requester"
P1 = promise(ALWAYS, "P1", respond=m(15), resolve=h(4), update=m(30), pause_while=())
P3 = promise(respond=h(1), resolve=h(8))
P4 = promise(priority="P4", respond=h(2), resolve=h(16))


def at(clock: str, day: int = 9) -> datetime:
    """A time of Monday 2026-03-09 in New York, or of another day of that month."""
    return ny(f"2026-03-{day:02} {clock}")


def raised(of: Promise = P3, when: datetime = MONDAY) -> ClockSet:
    return ClockSet.raised(of, when, when)


def the(clocks: ClockSet, clock: str) -> Cycle:
    """The newest cycle of a clock, which must be there."""
    found = clocks.of(clock)
    assert found is not None
    return found


def due(clocks: ClockSet, clock: str = RESOLVE) -> datetime | None:
    return the(clocks, clock).due()


# --- raised, answered, resolved ---


def test_a_ticket_starts_the_clocks_that_are_promised() -> None:
    assert [(cycle.clock, cycle.due()) for cycle in raised(P1).cycles] == [
        (RESPOND, at("09:15")),
        (RESOLVE, at("13:00")),
        (UPDATE, at("09:30")),
    ]
    assert [cycle.clock for cycle in raised(promise(resolve=h(1))).cycles] == [RESOLVE]


def test_raised_out_of_hours_the_clocks_begin_to_count_at_the_next_opening() -> None:
    clocks = raised(P3, at("22:00", 6))
    assert due(clocks, RESPOND) == at("10:00")
    assert due(clocks) == at("17:00")
    assert the(clocks, RESOLVE).elapsed(at("09:30")) == m(30)


def test_a_ticket_raised_from_an_old_message_is_born_broken() -> None:
    born = ClockSet.raised(P3, at("09:00", 4), MONDAY)
    respond, resolve = the(born, RESPOND), the(born, RESOLVE)
    assert respond.breach is not None
    assert (respond.breach.at, respond.breach.cause) == (at("10:00", 4), BORN)
    assert resolve.breach is not None
    assert (resolve.breach.at, resolve.breach.cause) == (at("17:00", 4), BORN)
    assert raised().settled(at("11:00")).cycles[0].breach is not None


def test_looked_at_as_late_as_it_is_due_it_is_not_broken_by_an_answer_of_that_instant() -> None:
    born = ClockSet.raised(P3, MONDAY, at("10:00"))
    assert the(born.replied(at("10:00")), RESPOND).breach is None


@pytest.mark.parametrize(
    ("respond_by", "claim_stops", "reply_stops"),
    [(("claim", "reply"), True, True), (("reply",), False, True), (("claim",), True, False)],
)
def test_what_counts_as_a_response_is_the_policys(
    respond_by: tuple[str, ...], claim_stops: bool, reply_stops: bool
) -> None:
    clocks = raised(promise(respond=h(1), resolve=h(8), respond_by=respond_by))
    assert (the(clocks.claimed(at("09:30")), RESPOND).stop_cause == "claim") == claim_stops
    assert (the(clocks.replied(at("09:30")), RESPOND).stop_cause == "reply") == reply_stops


def test_the_response_is_given_once_and_the_earliest_counts() -> None:
    answered = raised().claimed(at("09:50"))
    assert answered.replied(at("09:55")) == answered
    assert the(answered.replied(at("09:40")), RESPOND).stopped_at == at("09:40")
    reopened = answered.resolved(at("11:00")).reopened(at("12:00"))
    assert reopened.open(RESPOND) is None
    assert [cycle.number for cycle in reopened.cycles if cycle.clock == RESPOND] == [1]


def test_an_answer_that_is_heard_of_after_the_breach_takes_it_back() -> None:
    late = raised().settled(at("10:30"))
    assert the(late, RESPOND).breach is not None
    assert the(late.replied(at("09:59")), RESPOND).breach is None
    claimed_late = raised().claimed(at("10:30"))
    assert the(claimed_late, RESPOND).breach is not None
    assert the(claimed_late.replied(at("09:59")), RESPOND).breach is None


def test_resolving_stops_every_clock_also_the_one_that_nobody_answered() -> None:
    done = raised(P1).resolved(at("09:10"))
    assert [(cycle.clock, cycle.stopped_at, cycle.breach) for cycle in done.cycles] == [
        (RESPOND, at("09:10"), None),
        (RESOLVE, at("09:10"), None),
        (UPDATE, at("09:10"), None),
    ]


def test_cancelling_measures_nothing_more_and_keeps_what_was_broken() -> None:
    cancelled = raised().cancelled(at("11:00"))
    assert the(cancelled, RESPOND).breach is not None
    assert the(cancelled, RESOLVE).breach is None
    assert the(cancelled, RESOLVE).determined_at is None
    assert not any(cycle.is_open for cycle in cancelled.cycles)


# --- waiting ---


def test_waiting_pauses_the_resolve_clock_alone() -> None:
    waiting = raised(promise(respond=h(1), resolve=h(8), update=h(1))).waits(at("09:30"), WAITING)
    assert the(waiting, RESOLVE).pause is not None
    assert due(waiting) is None
    assert due(waiting, RESPOND) == at("10:00")
    assert due(waiting, UPDATE) == at("10:00")
    assert due(waiting.resumed(at("11:30"))) == at("11:00", 10)


def test_waiting_for_what_the_policy_does_not_name_pauses_nothing() -> None:
    assert due(raised().waits(at("10:00"), "waiting_supplier")) == at("17:00")
    over = raised().waits(at("10:00"), WAITING).waits(at("11:00"), "waiting_supplier")
    assert due(over) == at("10:00", 10)


def test_waiting_twice_is_waiting_once() -> None:
    once = raised().waits(at("10:00"), WAITING)
    assert once.waits(at("11:00"), WAITING) == once


def test_resolved_while_waiting_it_ends_with_what_had_elapsed_and_waits_no_longer() -> None:
    done = raised().waits(at("10:00"), WAITING).resolved(at("16:00"))
    assert done.waiting is None
    assert the(done, RESOLVE).elapsed(at("17:00")) == h(1)
    assert due(done.reopened(at("09:00", 10))) == at("16:00", 10)


def test_cancelled_while_waiting_it_ends_with_what_had_elapsed() -> None:
    cancelled = raised().waits(at("10:00"), WAITING).cancelled(at("16:00"))
    assert cancelled.waiting is None
    assert the(cancelled, RESOLVE).elapsed(at("17:00")) == h(1)


def test_while_waiting_another_policy_may_pause_or_not() -> None:
    waiting = raised().waits(at("10:00"), WAITING)
    running = waiting.promised(promise(resolve=h(8), respond=h(1), pause_while=()), at("12:00"), BY_POLICY)
    assert the(running, RESOLVE).pause is None
    assert due(running) == at("11:00", 10)
    again = running.promised(P3, at("13:00"), BY_POLICY)
    assert the(again, RESOLVE).pause is not None
    assert due(again.resumed(at("15:00"))) == at("13:00", 10)


def test_a_priority_that_does_not_pause_keeps_the_pauses_that_were() -> None:
    urgent = raised().waits(at("10:00"), WAITING).promised(P1, at("12:00"), BY_PRIORITY)
    assert the(urgent, RESOLVE).elapsed(at("12:00")) == h(1)
    assert due(urgent) == at("15:00")


# --- another promise ---


def test_a_priority_raised_to_around_the_clock_counts_office_hours_until_then() -> None:
    urgent = raised(P3, at("15:00", 6)).claimed(at("15:10", 6)).promised(P1, at("16:00", 6), BY_PRIORITY)
    assert due(urgent) == at("19:00", 6)


def test_news_are_due_from_when_they_are_first_promised_and_no_longer_when_they_are_not() -> None:
    urgent = raised().promised(P1, at("10:00"), BY_PRIORITY)
    assert due(urgent, UPDATE) == at("10:30")
    calm = urgent.promised(P4, at("10:20"), BY_PRIORITY)
    assert the(calm, UPDATE).is_cancelled
    assert the(calm, UPDATE).determined_at is None
    urgent_again = calm.promised(P1, at("11:00"), BY_PRIORITY)
    assert the(urgent_again, UPDATE).number == 2
    assert due(urgent_again, UPDATE) == at("11:30")


def test_a_resolution_that_is_promised_for_the_first_time_counts_from_the_start() -> None:
    nothing_but_a_reply = raised(promise(respond=h(1)))
    promised = nothing_but_a_reply.promised(P3, at("11:00"), BY_POLICY)
    assert due(promised) == at("17:00")
    assert the(promised, RESOLVE).breach is None
    hurried = nothing_but_a_reply.promised(promise(respond=h(1), resolve=h(1)), at("11:00"), BY_POLICY)
    breach = the(hurried, RESOLVE).breach
    assert breach is not None
    assert (breach.at, breach.cause) == (at("11:00"), BY_POLICY)


def test_a_response_that_is_promised_for_the_first_time_counts_from_the_start() -> None:
    untouched = raised(promise(resolve=h(8)))
    urgent = untouched.promised(promise(respond=h(3), resolve=h(8)), at("11:00"), BY_PRIORITY)
    assert due(urgent, RESPOND) == at("12:00")
    hurried = untouched.promised(promise(respond=h(1), resolve=h(8)), at("11:00"), BY_PRIORITY)
    breach = the(hurried, RESPOND).breach
    assert breach is not None
    assert (breach.at, breach.cause) == (at("11:00"), BY_PRIORITY)


@pytest.mark.parametrize("how", ["claimed", "given", "replied"])
def test_whoever_has_the_ticket_already_owes_no_response_that_was_not_promised(how: str) -> None:
    before = raised(promise(resolve=h(8)))
    touched = before.given() if how == "given" else getattr(before, how)(at("10:00"))
    urgent = touched.promised(promise(respond=h(1), resolve=h(8)), at("11:00"), BY_PRIORITY)
    assert urgent.of(RESPOND) is None


def test_an_answer_heard_of_late_that_was_given_before_it_was_promised_counts_as_neither_met_nor_missed() -> (
    None
):
    urgent = raised(promise(resolve=h(8))).promised(
        promise(respond=h(3), resolve=h(8)), at("11:00"), BY_PRIORITY
    )
    response = the(urgent.replied(at("10:30")), RESPOND)
    assert (response.is_open, response.is_cancelled, response.determined_at) == (False, True, None)


def test_a_resolution_that_is_promised_again_goes_on_with_what_is_left() -> None:
    dropped = raised().promised(promise(respond=h(1)), at("11:00"), BY_PRIORITY)
    assert the(dropped, RESOLVE).is_cancelled
    again = dropped.promised(P3, at("14:00"), BY_PRIORITY)
    assert the(again, RESOLVE).number == 2
    assert the(again, RESOLVE).elapsed(at("14:00")) == h(2)
    assert due(again) == at("12:00", 10)


@pytest.mark.parametrize("end", ["resolved", "cancelled"])
def test_what_is_promised_after_the_end_starts_no_clock(end: str) -> None:
    over = raised().resolved(at("11:00")) if end == "resolved" else raised().cancelled(at("11:00"))
    assert over.promised(P1, at("12:00"), BY_POLICY).cycles == over.cycles


def test_a_new_version_while_resolved_measures_what_is_reopened() -> None:
    again = (
        raised()
        .resolved(at("11:00"))
        .promised(promise(respond=h(1), resolve=h(4), policy=2), at("12:00"), BY_POLICY)
        .reopened(at("13:00"))
    )
    assert the(again, RESOLVE).term.policy == 2
    assert due(again) == at("15:00")


def test_a_breach_is_reported_under_the_priority_it_happened_under() -> None:
    lowered = raised(P1).settled(at("13:30")).promised(P4, at("14:00"), BY_PRIORITY)
    breach = the(lowered, RESOLVE).breach
    assert breach is not None
    assert (breach.priority, breach.at) == ("P1", at("13:00"))
    assert the(lowered, RESOLVE).term.priority == "P4"


# --- reopened ---


def test_reopened_the_rest_of_the_time_is_left_and_news_are_due_from_now() -> None:
    again = raised(P1).replied(at("09:10")).resolved(at("11:00")).reopened(at("15:00"))
    assert due(again) == at("17:00")
    assert due(again, UPDATE) == at("15:30")
    assert [(cycle.clock, cycle.number) for cycle in again.cycles] == [
        (RESPOND, 1),
        (RESOLVE, 1),
        (UPDATE, 1),
        (UPDATE, 2),
        (RESOLVE, 2),
        (UPDATE, 3),
    ]


def test_reopened_twice_the_time_of_both_is_used() -> None:
    again = (
        raised().resolved(at("11:00")).reopened(at("13:00")).resolved(at("15:00")).reopened(at("09:00", 10))
    )
    assert the(again, RESOLVE).carried == h(4)
    assert due(again) == at("13:00", 10)


def test_a_ticket_raised_anew_has_its_time_to_itself() -> None:
    assert due(raised(P3, at("09:00", 10))) == at("17:00", 10)


def test_reopening_what_is_open_changes_nothing() -> None:
    clocks = raised(P1)
    assert clocks.reopened(at("10:00")) == clocks


# --- news ---


def test_each_reply_starts_the_next_period_of_news() -> None:
    told = raised(P1).replied(at("09:20")).replied(at("10:05"))
    updates = [cycle for cycle in told.cycles if cycle.clock == UPDATE]
    assert [(one.number, one.started_at, one.stopped_at) for one in updates] == [
        (1, at("09:00"), at("09:20")),
        (2, at("09:20"), at("10:05")),
        (3, at("10:05"), None),
    ]
    assert [one.breach.at if one.breach else None for one in updates] == [None, at("09:50"), None]
    assert due(told, UPDATE) == at("10:35")


def test_a_claim_is_no_news() -> None:
    assert due(raised(P1).claimed(at("09:05")), UPDATE) == at("09:30")


def test_a_reply_from_before_the_period_began_ends_no_period() -> None:
    told = raised(P1).replied(at("09:20"))
    assert told.replied(at("09:10")).of(UPDATE) == told.of(UPDATE)


# --- moved, merged, split ---


def test_moved_to_another_desk_each_part_counts_in_its_own_calendar() -> None:
    berlin = promise(hours(BERLIN, "mon-fri 09:00-17:00", name="berlin"), resolve=h(8), policy=7)
    moved = raised().promised(berlin, at("12:00"), BY_POLICY)  # 17:00 in Berlin
    assert the(moved, RESOLVE).elapsed(at("12:00")) == h(3)
    assert the(moved, RESOLVE).elapsed(at("09:00", 10)) == h(3) + h(5)  # Berlin had opened at 04:00
    assert due(moved) == at("09:00", 10)
    assert [part.calendar for part in the(moved, RESOLVE).pieces(at("09:00", 10)) if part.counts] == [
        "office",
        "berlin",
    ]


def test_of_merged_tickets_the_clock_that_began_first_goes_on() -> None:
    older, newer = raised(P3, at("15:00", 6)), raised(P3, MONDAY)
    merged = newer.merged(older, at("10:00"))
    assert the(merged, RESOLVE).started_at == at("15:00", 6)
    assert due(merged) == at("15:00")
    assert older.merged(newer, at("10:00")).cycles == older.cycles
    assert the(merged, RESOLVE).number == 1


def test_a_response_that_was_given_stays_given_in_a_merger() -> None:
    merged = raised(P3, MONDAY).claimed(at("09:10")).merged(raised(P3, at("15:00", 6)), at("10:00"))
    assert merged.open(RESPOND) is None
    assert the(merged, RESPOND).stopped_at == at("09:10")


def test_in_a_merger_the_promise_of_what_remains_holds_and_what_waits_no_longer_runs() -> None:
    older = raised(P4, at("15:00", 6)).waits(at("16:00", 6), WAITING)
    merged = raised(P3, MONDAY).merged(older, at("10:00"))
    resolve = the(merged, RESOLVE)
    assert (resolve.term.priority, resolve.is_running) == ("P3", True)
    assert resolve.elapsed(at("10:00")) == h(1)


def test_a_merger_erases_no_breach() -> None:
    waiting = raised(P4, at("15:00", 6)).waits(at("15:30", 6), WAITING)
    broken = raised(promise(resolve=h(1)), MONDAY)
    merged = broken.merged(waiting, at("11:00"))
    breach = the(merged, RESOLVE).breach
    assert breach is not None
    assert breach.at == at("10:00")


def test_a_part_that_is_split_off_has_its_own_start() -> None:
    whole, part = raised(P3, at("15:00", 6)), raised(P3, at("11:00"))
    assert due(whole) == at("15:00")
    assert due(part) == at("11:00", 10)


def test_clocks_of_a_kind_can_be_left_out() -> None:
    assert [cycle.clock for cycle in raised(P1).without(RESPOND).cycles] == [RESOLVE, UPDATE]
    assert raised(P1).of(NEXT_REPLY) is None


# --- points ---


def test_a_promise_names_the_moments_of_each_clock() -> None:
    steps = ((RESOLVE, Point(after=h(1), step=0)), (RESPOND, Point(step=1)))
    full = replace(promise(respond=h(1), resolve=h(8), update=h(1)), warn_at=(50, 80), steps=steps)
    assert [point.name for point in full.points(RESOLVE)] == ["50%", "80%", "breach", "breach+3600>0"]
    assert [point.name for point in full.points(RESPOND)] == ["50%", "80%", "breach", "breach>1"]
    assert [point.name for point in full.points(UPDATE)] == ["breach"]
    assert replace(full, warn_at=()).points(UPDATE) == full.points(UPDATE)
    assert [point.name for point in replace(full, warn_at=()).points(RESPOND)] == ["breach", "breach>1"]


def test_after_days_without_the_desk_every_moment_is_known_to_have_been_when_it_was() -> None:
    late = raised().settled(at("12:00", 12))
    resolve = the(late, RESOLVE)
    found = [reached(resolve, point) for point in (Point(50), Point(80), Point(), Point(after=h(1)))]
    assert [(one.at, one.is_silent) for one in found if one] == [
        (at("13:00"), False),
        (at("15:24"), False),
        (at("17:00"), False),
        (at("10:00", 10), False),
    ]


# --- laws ---

STARTS = st.timedeltas(timedelta(0), timedelta(days=7))
NIGHT = promise(hours("America/New_York", "daily 22:00-06:00"), "P2", resolve=h(5), respond=h(2), update=h(1))
GESTURES = st.lists(
    st.tuples(
        STARTS,
        st.sampled_from(
            [
                "claim",
                "reply",
                "wait",
                "wait for a supplier",
                "resume",
                "resolve",
                "reopen",
                "P1",
                "P3",
                "P4",
                "night",
            ]
        ),
    ),
    max_size=8,
)
PROMISES = {"P1": P1, "P3": P3, "P4": P4, "night": NIGHT}


def happened(clocks: ClockSet, when: datetime, what: str) -> ClockSet:
    match what:
        case "claim":
            return clocks.claimed(when)
        case "reply":
            return clocks.replied(when)
        case "wait":
            return clocks.waits(when, WAITING)
        case "wait for a supplier":
            return clocks.waits(when, "waiting_supplier")
        case "resume":
            return clocks.resumed(when)
        case "resolve":
            return clocks.resolved(when)
        case "reopen":
            return clocks.reopened(when)
        case _:
            return clocks.promised(PROMISES[what], when, BY_PRIORITY)


def lived(gestures: list[tuple[timedelta, str]], looks: list[timedelta]) -> ClockSet:
    """The clocks after what happened, in order, looked at now and then."""
    clocks = raised(P3, at("12:00", 5))
    happenings = [(when, what) for when, what in gestures] + [(when, "look") for when in looks]
    for offset, what in sorted(happenings, key=lambda one: one[0]):
        when = at("12:00", 5) + offset
        clocks = clocks.settled(when) if what == "look" else happened(clocks, when, what)
    return clocks.settled(at("12:00", 20))


@settings(deadline=None)
@given(GESTURES, st.lists(STARTS, max_size=4))
def test_how_often_it_is_looked_at_changes_nothing(
    gestures: list[tuple[timedelta, str]], looks: list[timedelta]
) -> None:
    assert lived(gestures, looks) == lived(gestures, [])


@settings(deadline=None)
@given(GESTURES)
def test_of_each_clock_at_most_one_cycle_is_open_and_cycles_follow_each_other(
    gestures: list[tuple[timedelta, str]],
) -> None:
    clocks = lived(gestures, [])
    for clock in (RESPOND, RESOLVE, UPDATE):
        cycles = [cycle for cycle in clocks.cycles if cycle.clock == clock]
        assert [cycle.number for cycle in cycles] == list(range(1, len(cycles) + 1))
        assert all(not cycle.is_open for cycle in cycles[:-1])
        ends = [cycle.stopped_at or at("12:00", 20) for cycle in cycles]
        assert all(end <= after.started_at for end, after in zip(ends, cycles[1:], strict=False))


@settings(deadline=None)
@given(GESTURES, GESTURES)
def test_a_breach_outlives_whatever_happens_later(
    gestures: list[tuple[timedelta, str]], later: list[tuple[timedelta, str]]
) -> None:
    clocks = lived(gestures, [])
    broken = {(cycle.clock, cycle.number): cycle.breach for cycle in clocks.cycles if cycle.breach}
    for offset, what in sorted(later, key=lambda one: one[0]):
        clocks = happened(clocks, at("12:00", 20) + offset, what)
    known = {(cycle.clock, cycle.number): cycle.breach for cycle in clocks.cycles}
    assert broken.items() <= known.items()
