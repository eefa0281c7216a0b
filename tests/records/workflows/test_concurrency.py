"""Several at once, each with a connection of their own: one wins, nobody is lost, nothing is doubled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import pytest
from sqlalchemy import text

from bot.clock import monotonic
from bot.models.vocabulary import Action, State
from bot.store import Store
from bot.workflows import closing
from bot.workflows.deciding import decide
from bot.workflows.facts import Message
from bot.workflows.gestures import AnyGesture
from bot.workflows.intake import Intake
from bot.workflows.outcomes import Done, Ignored, Outcome, Refusal
from tests.records.workflows.world import (
    ANA,
    BOB,
    DIRECT,
    HELP,
    LEA,
    TRIAGE,
    World,
    add_members,
    done,
    person,
    refused,
    root_of,
)

Result = TypeVar("Result")

RACERS = 4
ROUNDS = 10


@pytest.fixture
def stores(world: World, database_url: str) -> Iterator[list[Store]]:
    """One per racer: on PostgreSQL each a replica's own; SQLite has one process with one writer."""
    if world.store.is_sqlite:
        yield [world.store] * RACERS
        return
    stores = [Store(database_url) for _ in range(RACERS)]
    yield stores
    for store in stores:
        store.close()


@pytest.fixture
def replicas(world: World, stores: list[Store]) -> list[Intake]:
    return [Intake(store, world.clock) for store in stores]


def race(runs: Sequence[Callable[[], Result]]) -> list[Result]:
    """Start all at the same instant; what each came to."""
    barrier = threading.Barrier(len(runs))

    def start(run: Callable[[], Result]) -> Result:
        barrier.wait(30)
        return run()

    with ThreadPoolExecutor(len(runs)) as pool:
        return list(pool.map(start, runs))


def hand_in(replicas: list[Intake], gestures: Sequence[AnyGesture]) -> list[Outcome]:
    """Each gesture to a replica of its own, all at once."""
    pairs = zip(replicas, gestures, strict=True)
    return race([partial(intake.handle, gesture) for intake, gesture in pairs])


def agents(world: World) -> list[str]:
    ids = [f"UAGENT{number}" for number in range(RACERS)]
    with world.store.write() as session:
        session.add_all([person(id_) for id_ in ids])
        add_members(session, TRIAGE, ids)
    return ids


def test_of_many_who_claim_at_once_exactly_one_wins_and_the_others_hear_who(
    world: World, replicas: list[Intake]
) -> None:
    people = agents(world)
    for round_ in range(ROUNDS):
        ticket = world.raised()
        gestures: list[AnyGesture] = [
            world.reacted(who, root_of(ticket), "eyes")
            if (number + round_) % 2
            else world.acted(who, Action.CLAIM, ticket.number)
            for number, who in enumerate(people)
        ]
        outcomes = hand_in(replicas, gestures)
        winner = world.ticket(ticket.number).assignee_id
        won = [who for who, outcome in zip(people, outcomes, strict=True) if isinstance(outcome, Done)]
        assert won == [winner]
        lost = [refused(outcome) for outcome in outcomes if not isinstance(outcome, Done)]
        assert [(loser.refusal, loser.data["by"]) for loser in lost] == [
            (Refusal.ALREADY_CLAIMED, winner)
        ] * (RACERS - 1)
        assert world.kinds(ticket) == ["raised", "claimed"]


def test_a_thread_that_several_raise_from_at_once_has_one_ticket(
    world: World, replicas: list[Intake]
) -> None:
    for round_ in range(ROUNDS):
        root = world.message(ANA, "Help")
        messages = [root] + [world.message(BOB, "Me too", thread_ts=root.ts) for _ in range(RACERS - 2)]
        messages.append(root)
        outcomes = hand_in(replicas, [world.pointed(BOB, message) for message in messages])
        assert len({done(outcome).number for outcome in outcomes}) == 1
        assert sorted(done(outcome).event for outcome in outcomes) == ["exists"] * (RACERS - 1) + ["raised"]
        assert len(world.tickets()) == round_ + 1


def test_numbers_given_out_at_once_are_all_different(world: World, replicas: list[Intake]) -> None:
    numbers: list[str] = []
    for _ in range(ROUNDS):
        outcomes = hand_in(replicas, [world.filed(ANA, "Help") for _ in replicas])
        numbers += [done(outcome).number for outcome in outcomes]
    assert len(numbers) == len(set(numbers)) == RACERS * ROUNDS


def test_one_gesture_delivered_to_every_replica_at_once_is_one(world: World, replicas: list[Intake]) -> None:
    for _ in range(ROUNDS):
        outcomes = hand_in(replicas, [world.filed(ANA, "Help")] * RACERS)
        assert sum(isinstance(outcome, Done) for outcome in outcomes) == 1
        assert outcomes.count(Ignored()) == RACERS - 1
    assert len(world.tickets()) == ROUNDS


def test_one_kept_gesture_is_decided_by_one_replica(world: World, replicas: list[Intake]) -> None:
    for _ in range(ROUNDS):
        message = world.message(ANA, "Help")
        world.react(BOB, (HELP, message.ts), "ticket")
        row_id = world.give(message)
        deciding = [partial(intake.decide_waiting, row_id) for intake in replicas]
        decided = [outcome for outcome in race(deciding) if outcome is not None]
        assert len(decided) == 1
        assert done(decided[0][1]).event == "raised"


def test_a_message_heard_of_by_every_replica_is_one_comment(world: World, replicas: list[Intake]) -> None:
    ticket = world.raised()
    for round_ in range(ROUNDS):
        message = world.message(ANA, "Hello", thread_ts=ticket.conversation_ts)
        gesture = world.wrote(message)
        copies = [gesture.model_copy(update={"key": f"{gesture.key}:{n}"}) for n in range(RACERS)]
        hand_in(replicas, copies)
        assert len(world.comments(ticket)) == len(world.outbox("relay:")) == round_ + 1


def test_of_different_answers_to_one_question_at_once_the_first_counts(
    world: World, replicas: list[Intake]
) -> None:
    tickets = [world.raised(f"Screen {number}") for number in range(3)]
    message = world.message(ANA, "It flickers", DIRECT[ANA])
    done(world.handle(world.wrote(message)))
    answers = [None, *(ticket.number for ticket in tickets)]
    outcomes = hand_in(replicas, [world.chose(ANA, message, answer) for answer in answers])
    events = sorted(done(outcome).event for outcome in outcomes)
    assert events.count("chosen_already") == RACERS - 1
    assert len({done(outcome).number for outcome in outcomes}) == 1
    said = sum(len(world.comments(ticket)) for ticket in tickets) + len(world.tickets()) - len(tickets)
    assert said == 1


def test_every_comment_made_at_once_is_kept_in_the_chain(world: World, replicas: list[Intake]) -> None:
    ticket = world.raised()
    for _ in range(ROUNDS):
        messages = [world.message(ANA, "Hello", thread_ts=ticket.conversation_ts) for _ in replicas]
        hand_in(replicas, [world.wrote(message) for message in messages])
    assert world.ticket(ticket.number).version == 1 + RACERS * ROUNDS
    assert [event.seq for event in world.events(ticket)] == list(range(1, 2 + RACERS * ROUNDS))


def test_each_due_ticket_is_closed_by_one_replica(world: World, stores: list[Store]) -> None:
    tickets = [world.raised() for _ in range(RACERS)]
    for ticket in tickets:
        world.act(LEA, Action.RESOLVE, ticket.number, text="Done")
    later = tickets[0].raised_at.replace(year=2027)
    assert sum(race([partial(closing.close_due, store, later) for store in stores])) == RACERS
    assert [world.ticket(ticket.number).state for ticket in tickets] == [State.CLOSED] * RACERS


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_two_replies_at_once_to_a_closed_ticket_open_one(world: World, database_url: str) -> None:
    ticket = world.raised()
    world.act(LEA, Action.RESOLVE, ticket.number, text="Done")
    world.act(LEA, Action.CLOSE, ticket.number)
    world.tick()
    one, two = (reply_to(world, ticket.conversation_ts, words) for words in ("Again", "It burns"))
    other = Store(database_url)
    with ThreadPoolExecutor(1) as pool:
        with world.store.write() as session:
            first = decide(session, world.wrote(one), now=world.clock.at)
            second = pool.submit(Intake(other, world.clock).handle, world.wrote(two))
            wait_until_somebody_waits_for_a_lock(world.store)
        outcome = second.result(30)
    other.close()
    assert done(outcome).number == done(first).number
    assert len(world.tickets()) == 2


def reply_to(world: World, thread_ts: str | None, words: str) -> Message:
    return world.message(ANA, words, thread_ts=thread_ts)


def wait_until_somebody_waits_for_a_lock(store: Store) -> None:
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    give_up_at = monotonic() + 20
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.execute(waiting).scalar_one():
            assert monotonic() < give_up_at
