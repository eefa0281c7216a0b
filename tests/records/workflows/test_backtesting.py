"""A proposed policy tried on past tickets: the records hold what happened, a replay what would have."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from bot import config
from bot.models import Ticket, TimelineEvent
from bot.models.service_levels import ClockName
from bot.models.vocabulary import Action, EventKind, Kind, Level, State
from bot.store import Store
from bot.workflows.backtesting import (
    MOST_KEPT,
    Backtest,
    Difference,
    Differences,
    Line,
    NoSuchDesk,
    Tally,
    Under,
    backtest,
)
from bot.workflows.metrics import Period
from tests.records.workflows.test_clocks_are_the_fold import (
    AGENTS,
    EMOJI,
    LATE,
    LEVELS,
    WAITING,
    Life,
    Step,
    step,
)
from tests.records.workflows.world import ANA, BEN, CORA, MINUTE, SECOND, SLA, World, desk_text, done, empty

HOUR = timedelta(hours=1)
RESPOND, RESOLVE = ClockName.RESPOND, ClockName.RESOLVE
AS_IT_IS = desk_text()
TWICE_AS_STRICT = desk_text(SLA.replace("respond: 4h, resolve: 24h", "respond: 2h, resolve: 12h"))
TWICE_AS_KIND = desk_text(SLA.replace("respond: 4h, resolve: 24h", "respond: 8h, resolve: 48h"))
IN_OFFICE_HOURS = desk_text(SLA.replace("calendar: always", "calendar: office"))
NOTHING_PROMISED = desk_text(kinds="{}")


def tried(world: World, policy: str, *, days: float = 90, desk_key: str | None = None) -> Backtest:
    now = world.clock.at
    with world.store.read() as session:
        period = Period(now - timedelta(days=days), now)
        return backtest(session, config.load(policy).config, period, desk_key=desk_key, batch=2)


def ticket(
    world: World, *, claimed: timedelta | None, resolved: timedelta | None, took: timedelta = 30 * HOUR
) -> str:
    """A P3 incident that was claimed and resolved so long after it was raised, `took` ago by now."""
    raised, start = world.raised(f"Number {len(world.tickets())}"), world.clock.at
    for after, action in ((claimed, Action.CLAIM), (resolved, Action.RESOLVE)):
        if after is not None:
            world.pass_time(start + after - world.clock.at, step=30 * MINUTE)
            done(world.act(BEN, action, raised.number, text="Done"))
    world.pass_time(start + took - world.clock.at, step=30 * MINUTE)
    return raised.number


def differences(found: Differences) -> list[tuple[str, str, timedelta]]:
    return sorted((each.number, each.clock.value, each.late) for each in found.gravest)


def tally(found: Backtest, clock: ClockName, under: Under, priority: str = "") -> Tally:
    line = Line(Kind.INCIDENT, clock, priority)
    return found.tallies.get(line, {}).get(under, Tally())


def test_a_policy_twice_as_strict_breaks_the_tickets_that_took_longer(world: World) -> None:
    world.configure(AS_IT_IS)
    world.tick()
    ticket(world, claimed=HOUR, resolved=10 * HOUR)
    slow_answer = ticket(world, claimed=3 * HOUR, resolved=12 * HOUR)  # resolved as it is due: in time
    slow_work = ticket(world, claimed=HOUR, resolved=20 * HOUR)
    hopeless = ticket(world, claimed=5 * HOUR, resolved=25 * HOUR)  # broken under either
    still_open = ticket(world, claimed=HOUR, resolved=None, took=13 * HOUR)
    found = tried(world, TWICE_AS_STRICT)
    assert differences(found.would_break) == [
        (slow_answer, "respond", HOUR),
        (slow_work, "resolve", 8 * HOUR),
        (still_open, "resolve", HOUR),
    ]
    assert hopeless not in {number for number, *_ in differences(found.would_break)}
    assert {each.number for each in found.would_break.gravest if each.is_open} == {still_open}
    assert found.would_keep.count == 0
    assert (found.tickets, found.differing, found.without_clocks) == (5, 3, 0)
    # The open one is in time as it was, and therefore in neither.
    assert (tally(found, RESPOND, "recorded"), tally(found, RESPOND, "proposed")) == (
        Tally(4, 5),
        Tally(3, 5),
    )
    assert (tally(found, RESOLVE, "recorded"), tally(found, RESOLVE, "proposed")) == (
        Tally(3, 4),
        Tally(2, 5),
    )
    for clock in (RESPOND, RESOLVE):
        assert (
            tally(found, clock, "present")
            == tally(found, clock, "recorded")
            == tally(found, clock, "recorded", "P3")
        )


def test_a_kinder_policy_keeps_what_was_broken_and_says_how_late_it_was(world: World) -> None:
    world.configure(AS_IT_IS)
    world.tick()
    late = ticket(world, claimed=5 * HOUR, resolved=27 * HOUR)
    found = tried(world, TWICE_AS_KIND)
    assert differences(found.would_keep) == [(late, "resolve", 3 * HOUR), (late, "respond", HOUR)]
    assert found.would_break.count == 0


def test_what_is_not_promised_any_more_is_not_said_to_be_kept(world: World) -> None:
    world.configure(AS_IT_IS)
    world.tick()
    ticket(world, claimed=5 * HOUR, resolved=10 * HOUR)
    found = tried(world, NOTHING_PROMISED)
    assert (found.would_keep.count, found.unpromised, found.without_promise) == (0, 1, 1)
    assert tally(found, RESPOND, "proposed") == Tally()


def test_tickets_from_before_there_were_clocks_are_replayed_too(world: World) -> None:
    late = ticket(world, claimed=5 * HOUR, resolved=10 * HOUR)
    found = tried(world, AS_IT_IS)
    assert differences(found.would_break) == [(late, "respond", HOUR)]
    assert not found.would_break.gravest[0].had_clock
    assert (found.without_clocks, tally(found, RESPOND, "recorded"), tally(found, RESPOND, "present")) == (
        1,
        Tally(),
        Tally(),
    )
    assert (tally(found, RESPOND, "proposed"), tally(found, RESOLVE, "proposed")) == (
        Tally(0, 1),
        Tally(1, 1),
    )


def strip(world: World, kind: EventKind, key: str) -> None:
    """Take away what timelines did not say when they were younger."""
    with world.store.write() as session:
        for event in session.scalars(select(TimelineEvent).where(TimelineEvent.kind == kind)):
            event.data = {name: value for name, value in event.data.items() if name != key}
        session.flush()


def test_a_reply_that_an_old_timeline_does_not_ascribe_is_ascribed_by_the_comment(world: World) -> None:
    raised = world.raised()
    world.forward(HOUR)
    channel, card = world.card(raised)
    done(world.say(BEN, "I am looking", channel, thread_ts=card))
    strip(world, EventKind.COMMENTED, "speaker")
    world.forward(9 * HOUR)
    assert tally(tried(world, AS_IT_IS), RESPOND, "proposed") == Tally(1, 1)


def test_without_a_priority_at_first_it_is_the_one_that_was_changed_or_that_it_has(world: World) -> None:
    changed, unchanged = world.raised("One"), world.raised("Two")
    world.forward(5 * HOUR)
    high = {"impact": Level.HIGH, "urgency": Level.HIGH, "text": "Many are affected"}
    done(world.act(BEN, Action.PRIORITISE, changed.number, **high))
    strip(world, EventKind.RAISED, "priority")
    world.forward(HOUR)
    found = tried(world, AS_IT_IS)
    broken = {(each.number, each.clock.value, each.priority) for each in found.would_break.gravest}
    assert broken == {
        (changed.number, "respond", "P3"),
        (changed.number, "resolve", "P1"),
        (changed.number, "update", "P1"),
        (unchanged.number, "respond", "P3"),
    }


def test_tickets_keep_the_priorities_they_had_whatever_the_new_matrix_says(world: World) -> None:
    world.configure(AS_IT_IS)
    world.tick()
    ticket(world, claimed=HOUR, resolved=2 * HOUR)
    always = "{high: P1, medium: P1, low: P1}"
    matrix = f"priorities: {{matrix: {{high: {always}, medium: {always}, low: {always}}}}}\n"
    found = tried(world, matrix + AS_IT_IS)
    assert {line.priority for line in found.tallies} == {"P3", ""}


def test_only_what_was_raised_in_the_period_counts_its_start_included(world: World) -> None:
    world.configure(AS_IT_IS)
    world.tick()
    ticket(world, claimed=5 * HOUR, resolved=6 * HOUR, took=24 * HOUR)
    assert tried(world, AS_IT_IS, days=1).tickets == 1
    world.forward(SECOND)
    assert tried(world, AS_IT_IS, days=1).tickets == 0


def test_cancelled_tickets_count_only_if_they_were_broken_before(world: World) -> None:
    world.configure(AS_IT_IS)
    world.tick()
    for hours in (1, 3):
        raised = world.raised(f"After {hours} hours")
        world.forward(hours * HOUR)
        done(world.act(ANA, Action.CANCEL, raised.number))
    found = tried(world, TWICE_AS_STRICT)
    assert tally(found, RESPOND, "recorded") == tally(found, RESOLVE, "proposed") == Tally()
    assert tally(found, RESPOND, "proposed") == Tally(0, 1)


def test_other_desks_are_left_out_and_counted(world: World) -> None:
    world.configure(AS_IT_IS)
    world.tick()
    world.raised("Here")
    elsewhere = world.raised("There")
    with world.store.write() as session:
        session.execute(update(Ticket).where(Ticket.id == elsewhere.id).values(desk_key="hr"))
    world.forward(HOUR)
    found = tried(world, AS_IT_IS)
    assert (found.tickets, found.elsewhere) == (1, 1)
    assert tried(world, AS_IT_IS, desk_key="it").tickets == 1
    with pytest.raises(NoSuchDesk, match=r'has no desk "hr"\. It has it\.'):
        tried(world, AS_IT_IS, desk_key="hr")


def test_the_names_in_escalations_need_not_be_anybodys(world: World) -> None:
    world.configure(AS_IT_IS)
    world.tick()
    ticket(world, claimed=HOUR, resolved=2 * HOUR)
    assert tried(world, AS_IT_IS.replace("to: managers", 'to: ["@nobody", "#nowhere"]')).tickets == 1


def test_it_goes_on_in_batches_and_says_how_far_it_is(world: World) -> None:
    world.configure(AS_IT_IS)
    for number in range(5):
        world.tick()
        world.raised(f"Number {number}")
    world.tick()
    told: list[tuple[int, int]] = []
    with world.store.read() as session:
        period = Period(world.clock.at - HOUR, world.clock.at)
        backtest(
            session,
            config.load(AS_IT_IS).config,
            period,
            advanced=lambda done, of: told.append((done, of)),
            batch=2,
        )
    assert told == [(0, 5), (2, 5), (4, 5), (5, 5)]


def test_the_database_may_forbid_writing(world: World) -> None:
    world.configure(AS_IT_IS)
    world.tick()
    ticket(world, claimed=5 * HOUR, resolved=25 * HOUR)
    forbid = "PRAGMA query_only = ON" if world.store.is_sqlite else "SET TRANSACTION READ ONLY"
    before = world.snapshot()
    with world.store.read() as session:
        session.execute(text(forbid))
        period = Period(world.clock.at - 48 * HOUR, world.clock.at)
        try:
            found = backtest(session, config.load(TWICE_AS_STRICT).config, period)
        finally:
            if world.store.is_sqlite:  # the connection is used again
                session.execute(text("PRAGMA query_only = OFF"))
    assert found.tickets == 1
    assert world.snapshot() == before


def test_of_very_many_differences_the_latest_are_kept() -> None:
    found = Differences()
    for late in range(MOST_KEPT + 7):
        found.add(
            Difference(
                number=f"INC-{late}",
                clock=RESOLVE,
                priority="P3",
                late=late * SECOND,
                is_open=False,
                had_clock=True,
            )
        )
    assert found.count == MOST_KEPT + 7
    assert [each.late for each in found.gravest[:2]] == [(MOST_KEPT + 6) * SECOND, (MOST_KEPT + 5) * SECOND]
    assert (len(found.gravest), found.gravest[-1].late) == (MOST_KEPT, 7 * SECOND)


# --- random lives ---

ACTIONS = [Action.CLAIM, Action.RELEASE, Action.RESUME, Action.RESOLVE, Action.REOPEN]
STEPS: st.SearchStrategy[Step] = st.one_of(
    step("pass_time", seconds=st.sampled_from([1, 59, 300, 1800, 7200, 90_000])),
    step("act", who=st.sampled_from([BEN, CORA, ANA]), action=st.sampled_from(ACTIONS), late=LATE),
    step("act", who=st.just(ANA), action=st.just(Action.CANCEL)),
    step("assign", who=AGENTS, to=AGENTS, late=LATE),
    step("wait", who=AGENTS, state=st.sampled_from(WAITING), late=LATE),
    step("prioritise", impact=LEVELS, urgency=LEVELS, late=LATE),
    step("reply", who=AGENTS, late=LATE),
    step("answer", late=LATE),
    step("react", who=AGENTS, emoji=st.sampled_from(EMOJI), late=LATE),
    step("take_back"),
)


def lived(world: World, lives: list[list[Step]]) -> None:
    """Tickets under one policy that was in force before, looked at after everything that happens."""
    world.configure(IN_OFFICE_HOURS)
    for steps in lives:
        world.tick()
        life = Life(world, world.raised(f"Number {len(world.tickets())}"))
        for name, values in steps:
            world.tick()
            getattr(life, name)(**values)
            world.look()


@pytest.mark.parametrize("database_kind", ["sqlite"])
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(lives=st.lists(st.lists(STEPS, max_size=12), min_size=1, max_size=2), left=st.sampled_from([1, 86400]))
def test_the_present_policy_replayed_gives_the_outcomes_that_were_recorded(
    store: Store, lives: list[list[Step]], left: int
) -> None:
    empty(store)
    world = World(store)
    lived(world, lives)
    world.forward(left * SECOND)
    found = tried(world, IN_OFFICE_HOURS)
    for tallies in found.tallies.values():
        assert tallies.get("recorded") == tallies.get("present") == tallies.get("proposed")
    assert (found.would_break.count, found.would_keep.count, found.differing) == (0, 0, 0)
    assert found.tickets == len(world.tickets())


@pytest.mark.parametrize(
    ("steps", "would_break"),
    [
        pytest.param(["resolve 20", "reopen 1", "resolve 2"], {"resolve"}, id="reopened"),
        pytest.param(["hourglass 3", "back 0", "resolve 20"], {"resolve"}, id="undone"),
        pytest.param(["claim 1", "wait 1", "resume 30", "resolve 12"], {"resolve"}, id="waited"),
        pytest.param(["claim 1", "wait 1", "resume 30", "resolve 10"], set(), id="waited in time"),
        pytest.param(["claim 1", "prioritise 1", "resolve 1"], set(), id="prioritised"),
        pytest.param(["reply 3", "resolve 20"], {"respond", "resolve"}, id="commented"),
    ],
)
def test_each_sort_of_history_is_replayed_as_it_was_recorded(
    world: World, steps: list[str], would_break: set[str]
) -> None:
    world.configure(AS_IT_IS)
    world.tick()
    life = Life(world, world.raised())
    for each in steps:
        what, hours = each.split()
        world.pass_time(int(hours) * HOUR or MINUTE, step=30 * MINUTE)
        happen(life, what)
    world.tick()
    same, stricter = tried(world, AS_IT_IS), tried(world, TWICE_AS_STRICT)
    assert tally(same, RESOLVE, "recorded").n > 0
    for clock in ClockName:
        recorded = tally(same, clock, "recorded")
        assert recorded == tally(same, clock, "present") == tally(same, clock, "proposed")
    assert same.differing == 0
    assert {each.clock.value for each in stricter.would_break.gravest} == would_break


def happen(life: Life, what: str) -> None:
    match what:
        case "hourglass":
            life.react(BEN, what, 0)
        case "back":
            life.take_back()
        case "wait":
            life.wait(BEN, State.WAITING_REQUESTER, 0)
        case "prioritise":
            life.prioritise(Level.HIGH, Level.HIGH, 0)
        case "reply":
            life.reply(BEN, 0)
        case _:
            life.act(BEN, Action(what), 0)
