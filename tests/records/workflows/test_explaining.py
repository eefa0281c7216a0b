"""Why a clock shows its number: intervals that follow each other and add up to it."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.models.service_levels import ClockName
from bot.models.vocabulary import Action, Level
from bot.store import Store
from bot.workflows import explaining
from bot.workflows.clock_views import read_clock_views
from bot.workflows.explaining import Explanation, UnknownTicket
from bot.workflows.service_views import ExplanationView
from tests.records.workflows.test_clocks_are_the_fold import STEPS, Life, Step
from tests.records.workflows.world import BEN, MINUTE, SECOND, SLA, World, desk_text, done, empty

HOUR = timedelta(hours=1)
NOTHING = timedelta(0)
RESPOND, RESOLVE = ClockName.RESPOND, ClockName.RESOLVE


def explained(world: World, number: str) -> Explanation:
    with world.store.read() as session:
        return explaining.explain_number(session, number, world.clock.at)


def counted(view: ExplanationView) -> timedelta:
    return sum((piece.open_time for piece in view.pieces if piece.counts), NOTHING)


def check(world: World, number: str) -> None:
    """The intervals cover each cycle without gaps, and what counts adds up."""
    explanation = explained(world, number)
    for view in explanation.clocks:
        assert view.carried + counted(view) == view.clock.elapsed
        end = view.clock.stopped_at or explanation.as_of
        edges = [view.clock.started_at, *(edge for piece in view.pieces for edge in (piece.start, piece.end))]
        for before, after in list(pairwise([*edges, max(end, view.clock.started_at)]))[::2]:
            assert before == after
        for piece in view.pieces:
            assert piece.start < piece.end
            assert not piece.counts or piece.open_time == piece.end - piece.start


def test_a_ticket_is_explained_by_interval_calendar_reason_and_version(world: World) -> None:
    world.configure(desk_text(SLA.replace("calendar: always", "calendar: office")))
    world.tick()
    number = world.raised().number
    start = world.clock.at
    world.forward(HOUR)
    done(world.act(BEN, Action.WAIT, number))
    world.forward(2 * HOUR)
    done(world.act(BEN, Action.RESUME, number))
    world.forward(24 * HOUR)
    world.configure(desk_text(SLA))
    changed = world.clock.at
    world.look()
    world.forward(HOUR)
    done(world.act(BEN, Action.RESOLVE, number, text="Done"))
    explanation = explained(world, number)
    assert (explanation.number, explanation.desk_key, explanation.timezone) == (number, "it", "Europe/Berlin")
    resolve = next(view for view in explanation.clocks if view.clock.clock == "resolve")
    evening, morning = start.replace(hour=16, minute=0, second=0), start.replace(hour=8, minute=0, second=0)
    morning += timedelta(days=1)
    old, new = sorted(resolve.policy_names)
    assert [
        (piece.start, piece.end, piece.counts, piece.reason, piece.calendar, piece.policy)
        for piece in resolve.pieces
    ] == [
        (start, start + HOUR, True, "open", "office", old),
        (start + HOUR, start + 3 * HOUR, False, "waiting_requester", "office", old),
        (start + 3 * HOUR, evening, True, "open", "office", old),
        (evening, morning, False, "closed", "office", old),
        (morning, changed, True, "open", "office", old),
        (changed, changed + HOUR, True, "open", "always", new),
    ]
    check(world, number)


def test_the_sum_is_what_the_card_counts(world: World) -> None:
    world.configure(desk_text())
    world.tick()
    ticket = world.raised()
    world.forward(20 * MINUTE)
    done(world.act(BEN, Action.CLAIM, ticket.number))
    done(world.act(BEN, Action.PRIORITISE, ticket.number, impact=Level.HIGH, urgency=Level.HIGH, text="why"))
    world.pass_time(6 * HOUR, step=30 * MINUTE)
    done(world.act(BEN, Action.RESOLVE, ticket.number, text="Done"))
    world.forward(HOUR)
    with world.store.read() as session:
        card = {view.clock: view for view in read_clock_views(session, world.ticket(ticket.number))}
    sums = {view.clock.clock: view for view in explained(world, ticket.number).clocks}
    assert card[RESPOND].early_by == sums[RESPOND].target - counted(sums[RESPOND])
    assert card[RESOLVE].late_by == counted(sums[RESOLVE]) - sums[RESOLVE].target > NOTHING


def test_a_reopened_ticket_carries_over_what_it_used(world: World) -> None:
    world.configure(desk_text())
    world.tick()
    number = world.raised().number
    for action, hours in ((Action.RESOLVE, 3), (Action.REOPEN, 1), (Action.RESOLVE, 2)):
        world.forward(hours * HOUR)
        done(world.act(BEN, action, number))
    first, second = [view for view in explained(world, number).clocks if view.clock.clock == "resolve"]
    assert (counted(first), second.carried, counted(second)) == (3 * HOUR, 3 * HOUR, 2 * HOUR)
    check(world, number)


def test_a_ticket_without_a_promise_has_nothing_to_explain(world: World) -> None:
    assert explained(world, world.raised().number).clocks == ()


def test_an_unknown_number_is_told_with_what_to_do(world: World) -> None:
    with pytest.raises(UnknownTicket, match="no ticket INC-99: write its number as its card shows it"):
        explained(world, "INC-99")


def test_without_its_desk_times_are_utc(world: World) -> None:
    world.configure(desk_text())
    world.tick()
    number = world.raised().number
    world.close_desks()
    assert explained(world, number).timezone == "UTC"
    check(world, number)


@pytest.mark.parametrize("database_kind", ["sqlite"])
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, max_size=14))
def test_whatever_happened_the_intervals_add_up(store: Store, steps: list[Step]) -> None:
    empty(store)
    world = World(store)
    world.configure(desk_text(SLA.replace("calendar: always", "calendar: office")))
    world.tick()
    life = Life(world, world.raised())
    for name, values in steps:
        world.tick()
        getattr(life, name)(**values)
        world.look()
    world.forward(SECOND)
    check(world, life.ticket.number)
