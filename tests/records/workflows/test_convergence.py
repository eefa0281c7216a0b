"""Emoji events come late, twice and in any order; the desk ends where the emoji ended."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.models import Ticket
from bot.models.vocabulary import State
from tests.records.workflows.world import BEN, CORA, SECOND, START, World, root_of

EMOJI = ("eyes", "white_check_mark", "hourglass", "rotating_light")
Ending = tuple[State, str | None, str, str | None]

IN_ONE_WORLD = settings(
    max_examples=25,
    deadline=None,
    # Each example has a ticket of its own.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def ending(world: World, ticket: Ticket) -> Ending:
    known = world.ticket(ticket.number)
    return known.state, known.assignee_id, known.priority, known.resolved_by_id


def play(world: World, person: str, emoji: str, order: list[tuple[int, bool]]) -> Ending:
    """Put on and take away at the seconds given, heard of in this order; how a fresh ticket ends."""
    ticket = world.raised()
    world.clock.at = max(world.clock.at, START + 60 * SECOND)
    base = int(world.clock.at.timestamp())
    world.forward(10 * SECOND)
    for second, added in order:
        event_ts = f"{base + second}.000100"
        world.handle(world.reacted(person, root_of(ticket), emoji, added=added, event_ts=event_ts))
    return ending(world, ticket)


@pytest.mark.parametrize("emoji", EMOJI)
@pytest.mark.parametrize("events", [1, 2, 3])
def test_every_order_ends_in_the_same_state(world: World, emoji: str, events: int) -> None:
    in_order = [(second, second % 2 == 0) for second in range(events)]  # on, off, on
    expected = play(world, BEN, emoji, in_order)
    for order in permutations(in_order):
        assert play(world, BEN, emoji, list(order)) == expected, order


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("emoji", EMOJI)
@IN_ONE_WORLD
@given(data=st.data())
def test_repeats_in_any_order_end_in_the_same_state(world: World, emoji: str, data: st.DataObject) -> None:
    in_order = [(second, second % 2 == 0) for second in range(data.draw(st.integers(1, 5)))]
    repeats = data.draw(st.lists(st.sampled_from(in_order), max_size=3))
    order = data.draw(st.permutations(in_order + repeats))
    assert play(world, BEN, emoji, order) == play(world, BEN, emoji, in_order)


def test_a_removal_that_overtakes_its_emoji_leaves_nothing_behind(world: World) -> None:
    assert play(world, BEN, "eyes", [(1, False), (0, True)]) == (State.NEW, None, "P3", None)


def test_between_persons_the_first_commit_wins_whatever_the_event_says(world: World) -> None:
    ticket = world.raised()
    later, earlier = world.ts(START + 30 * SECOND), world.ts(START + 20 * SECOND)
    world.forward(60 * SECOND)
    world.handle(world.reacted(CORA, root_of(ticket), "eyes", event_ts=later))
    world.handle(world.reacted(BEN, root_of(ticket), "eyes", event_ts=earlier))
    assert world.ticket(ticket.number).assignee_id == CORA


def test_one_persons_emoji_does_not_age_anothers(world: World) -> None:
    ticket = world.raised()
    early, late = world.ts(START + 20 * SECOND), world.ts(START + 30 * SECOND)
    world.forward(60 * SECOND)
    world.handle(world.reacted(CORA, root_of(ticket), "hourglass", event_ts=late))
    world.handle(world.reacted(BEN, root_of(ticket), "eyes", event_ts=early))
    assert world.ticket(ticket.number).assignee_id == BEN
