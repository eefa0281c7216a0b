"""Whatever is done to a ticket, in whatever order: its records agree with each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from bot.models import StateInterval, Ticket, TimelineEvent
from bot.models.vocabulary import CATEGORY_OF, Action, EventKind, Level, State
from bot.workflows import closing, records
from bot.workflows.by_word import WORD_ACTIONS
from bot.workflows.work import GENESIS, event_hash
from tests.records.workflows.world import ANA, BEN, BOB, CORA, LEA, SECOND, World, root_of

Standing = tuple[State, str | None]
PEOPLE = (ANA, BEN, CORA, LEA, BOB)
EMOJI = ("eyes", "white_check_mark", "hourglass", "rotating_light")
WORDS = list(WORD_ACTIONS)


# --- an independent reading of the timeline ---


def _working(before: Standing) -> Standing:
    return (State.ASSIGNED if before[1] else State.NEW), before[1]


def _claimed(before: Standing, who: str | None) -> Standing:
    return (State.ASSIGNED if before[0] is State.NEW else before[0]), who


FOLD: dict[EventKind, Callable[[Standing, TimelineEvent], Standing]] = {
    EventKind.RAISED: lambda _before, _event: (State.NEW, None),
    EventKind.CLAIMED: lambda before, event: _claimed(before, event.actor_id),
    EventKind.ASSIGNED: lambda before, event: _claimed(before, event.data["to"]),
    EventKind.RELEASED: lambda _before, _event: (State.NEW, None),
    EventKind.WAITED: lambda before, event: (State(event.data["to"]), before[1]),
    EventKind.RESUMED: lambda before, _event: _working(before),
    EventKind.RESOLVED: lambda before, event: (State.RESOLVED, before[1] or event.actor_id),
    EventKind.REOPENED: lambda before, _event: _working(before),
    EventKind.CLOSED: lambda before, _event: (State.CLOSED, before[1]),
    EventKind.CANCELLED: lambda before, _event: (State.CANCELLED, before[1]),
}


def fold(events: Sequence[TimelineEvent]) -> Standing:
    """Where the timeline says that the ticket stands. An undo takes back the event right before it."""
    past: list[Standing] = [(State.NEW, None)]
    for event in events:
        if event.kind is EventKind.UNDONE:
            past.append(past[-2])
        else:
            step = FOLD.get(event.kind)
            past.append(step(past[-1], event) if step else past[-1])
    return past[-1]


def columns(event: TimelineEvent) -> dict[str, Any]:
    return {column.key: getattr(event, column.key) for column in TimelineEvent.__table__.columns}


def check(world: World, number: str) -> None:
    """Everything that must hold of a ticket at all times."""
    ticket = world.ticket(number)
    events = world.events(ticket)
    check_chain(ticket, events)
    assert fold(events) == (ticket.state, ticket.assignee_id)
    check_intervals(ticket, world.intervals(ticket))
    is_resolved = ticket.state is State.RESOLVED
    assert (ticket.close_at is not None) == is_resolved
    if is_resolved:
        assert ticket.resolved_at == ticket.state_since


def check_chain(ticket: Ticket, events: Sequence[TimelineEvent]) -> None:
    assert [event.seq for event in events] == list(range(1, ticket.version + 1))
    previous = GENESIS
    for event in events:
        assert event.prev_hash == previous
        assert event.hash == event_hash(previous, ticket.number, columns(event))
        previous = event.hash
    assert ticket.head_hash == previous


def check_intervals(ticket: Ticket, intervals: Sequence[StateInterval]) -> None:
    assert intervals[0].started_at == ticket.raised_at
    for one, following in pairwise(intervals):
        assert one.ended_at == following.started_at
        assert one.started_at <= following.started_at
        changed = (one.state, one.assignee_id, one.priority) != (
            following.state,
            following.assignee_id,
            following.priority,
        )
        assert changed or following.cause == "claimed"  # given to somebody who then took it
        assert one.ended_by == following.cause
    last = intervals[-1]
    assert last.ended_at is None
    assert (last.state, last.assignee_id, last.priority) == (
        ticket.state,
        ticket.assignee_id,
        ticket.priority,
    )
    assert last.started_at >= ticket.state_since
    assert all(interval.category is CATEGORY_OF[interval.state] for interval in intervals)


# --- after anything ---

steps = st.one_of(
    st.tuples(st.just("act"), st.sampled_from(PEOPLE), st.sampled_from(WORDS)),
    st.tuples(st.just("react"), st.sampled_from(PEOPLE), st.sampled_from(EMOJI)),
    st.tuples(st.just("unreact"), st.sampled_from(PEOPLE), st.sampled_from(EMOJI)),
    st.tuples(st.just("say"), st.sampled_from(PEOPLE), st.sampled_from(("request", "card"))),
    st.tuples(st.just("pass"), st.integers(1, 4 * 24 * 3600), st.none()),
)


def take(world: World, number: str, step: tuple[str, Any, Any], late: int) -> None:
    """One step; what people do was done `late` seconds ago."""
    verb, who, what = step
    ticket = world.ticket(number)
    if ticket.conversation_ts is None:  # it has moved to direct messages
        world.posted(f"opening:{ticket.id}:direct")
        ticket = world.ticket(number)
    then = world.clock.at - late * SECOND
    if verb == "pass":
        world.forward(who * SECOND)
        closing.close_due(world.store, world.clock.at)
    elif verb == "act":
        more = {"text": "why", "assignee_id": CORA, "urgency": Level.LOW}
        world.handle(world.acted(who, what, number, **more).model_copy(update={"at": then}))
    elif verb == "say":
        channel, ts = conversation(world, ticket) if what == "request" else world.card(ticket)
        message = world.message(who, "Hello", channel, thread_ts=ts)
        world.handle(world.wrote(message).model_copy(update={"at": then}))
    else:
        added = verb == "react"
        reaction = world.reacted(who, conversation(world, ticket), what, added=added)
        world.handle(reaction.model_copy(update={"at": then}))
    world.forward(SECOND)


def conversation(world: World, ticket: Ticket) -> tuple[str, str]:
    """Its root; one that moves to direct messages has none before it is posted there."""
    return root_of(ticket) if ticket.conversation_ts else world.posted(f"opening:{ticket.id}")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(st.tuples(steps, st.sampled_from((0, 0, 0, 30, 3600))), min_size=1, max_size=14))
def test_the_records_of_a_ticket_agree_after_anything(
    world: World, history: list[tuple[tuple[str, Any, Any], int]]
) -> None:
    ticket = world.raised()
    for step, late in history:
        take(world, ticket.number, step, late)
    check(world, ticket.number)


def test_a_continued_ticket_and_its_continuation_agree(world: World) -> None:
    ticket = world.raised()
    world.act(BEN, Action.RESOLVE, ticket.number)
    world.act(BEN, Action.CLOSE, ticket.number)
    world.tick()
    world.say(ANA, "Again", thread_ts=ticket.conversation_ts)
    for each in world.tickets():
        check(world, each.number)


@pytest.mark.parametrize("hours", [-8, 0, 2, 5.75])
def test_the_chain_holds_whatever_zone_a_gesture_speaks(world: World, hours: float) -> None:
    ticket = world.raised()
    claim = world.acted(BEN, Action.CLAIM, ticket.number)
    there = world.clock.at.astimezone(timezone(timedelta(hours=hours)))
    world.handle(claim.model_copy(update={"at": there}))
    check(world, ticket.number)
    with world.store.read() as session:
        assert records.verify(session) == []


@pytest.mark.parametrize(
    "change",
    [
        {"actor_id": CORA},
        {"at": datetime(2020, 1, 1, tzinfo=UTC)},
        {"data": {"to": "somebody"}},
        {"kind": EventKind.CANCELLED},
        {"gesture": "another"},
    ],
    ids=lambda change: str(next(iter(change))),
)
def test_a_forged_event_is_found(world: World, change: dict[str, Any]) -> None:
    ticket = world.raised()
    world.act(BEN, Action.CLAIM, ticket.number)
    world.act(BEN, Action.WAIT, ticket.number)
    with world.store.read() as session:
        assert records.verify(session) == []
    with world.store.write() as session:
        where = (TimelineEvent.ticket_id == ticket.id, TimelineEvent.seq == 2)
        session.execute(update(TimelineEvent).where(*where).values(change))
    with world.store.read() as session:
        (sentence,) = records.verify(session)
    assert sentence.startswith(f"{ticket.number}: event 2")


@pytest.mark.parametrize("seq", [1, 2, 3])
def test_a_removed_event_is_found(world: World, seq: int) -> None:
    ticket = world.raised()
    world.act(BEN, Action.CLAIM, ticket.number)
    world.act(BEN, Action.WAIT, ticket.number)
    world.forget_event(ticket, seq)
    with world.store.read() as session:
        assert len(records.verify(session)) == 1


def test_an_event_cannot_be_moved_to_another_ticket(world: World) -> None:
    first, second = world.raised(), world.raised()
    one, other = world.events(first)[0], world.events(second)[0]
    assert event_hash(GENESIS, first.number, columns(one)) != event_hash(GENESIS, second.number, columns(one))
    assert one.hash != other.hash
