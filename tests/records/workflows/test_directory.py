"""Facts that a payload does not say: asked for when they are missing or too old, then decided as of then."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from bot.models import Channel, Inbox, Person
from bot.models.vocabulary import Action
from bot.store import Store, StoreUnavailable
from bot.workflows.facts import MembersFact, MessageFact, PersonFact
from bot.workflows.intake import Intake
from bot.workflows.outcomes import Deferred, Ignored, Refusal
from tests.records.workflows.world import (
    ANA,
    APP,
    BEN,
    BOB,
    CORA,
    FORMER,
    GUEST,
    HELP,
    LEA,
    MINUTE,
    START,
    STRANGER,
    TRIAGE,
    World,
    deferred,
    done,
    refused,
    root_of,
)

STALE, FRESH = timedelta(minutes=6), timedelta(minutes=4)


def test_what_is_known_for_less_than_five_minutes_is_enough(world: World) -> None:
    ticket = world.raised()
    world.age_directory(FRESH)
    assert done(world.act(BEN, Action.CLAIM, ticket.number)).event == "claimed"


def test_a_stale_person_is_looked_up_first(world: World) -> None:
    ticket = world.raised()
    world.age_directory(STALE)
    before = world.snapshot()
    assert deferred(world.act(BEN, Action.CLAIM, ticket.number)).facts == (PersonFact(BEN),)
    assert world.snapshot() == before


def test_stale_memberships_are_looked_up_first(world: World) -> None:
    ticket = world.raised()
    with world.store.write() as session:
        session.execute(update(Channel).values(members_refreshed_at=None))
    assert deferred(world.act(BEN, Action.CLAIM, ticket.number)).facts == (MembersFact(TRIAGE),)
    assert done(world.act(LEA, Action.CLAIM, ticket.number)).event == "claimed"


def test_somebody_never_heard_of_is_looked_up_first(world: World) -> None:
    assert deferred(world.handle(world.filed("UNEW", "Help"))).facts == (PersonFact("UNEW"),)


def test_the_author_of_a_ticketed_message_is_looked_up_too(world: World) -> None:
    message = world.message("UNEW", "Help")
    deferred(world.react(BOB, (HELP, message.ts), "ticket"))
    assert deferred(world.supply(message)[1]).facts == (PersonFact("UNEW"),)
    world.meet("UNEW")
    ticket = world.ticket(done(world.decide_waiting()[1]).number)
    assert (ticket.requester_id, ticket.description) == ("UNEW", "Help")


def test_when_the_facts_are_there_it_is_decided_as_of_the_gestures_own_instant(world: World) -> None:
    ticket = world.raised()
    world.age_directory(STALE)
    world.forward(MINUTE)
    claim = world.acted(BEN, Action.CLAIM, ticket.number)
    deferred(world.handle(claim))
    world.forward(20 * MINUTE)
    world.age_directory(timedelta(0))

    gesture, outcome = world.decide_waiting()

    assert (gesture, done(outcome).event) == (claim, "claimed")
    claimed = world.ticket(ticket.number)
    assert (claimed.assignee_id, claimed.state_since) == (BEN, START + MINUTE)
    assert world.events(ticket)[-1].recorded_at == START + 21 * MINUTE


def test_a_kept_gesture_is_decided_once(world: World) -> None:
    ticket = world.raised()
    world.age_directory(STALE)
    deferred(world.act(BEN, Action.CLAIM, ticket.number))
    with world.store.read() as session:
        row_id = world.waiting_rows(session)[0].id
    world.age_directory(timedelta(0))
    assert world.intake.decide_waiting(row_id) is not None
    before = world.snapshot()
    assert world.intake.decide_waiting(row_id) is None
    assert world.snapshot() == before


def test_a_kept_gesture_that_is_refused_says_so_and_is_over(world: World) -> None:
    ticket = world.raised()
    world.age_directory(STALE)
    deferred(world.act(BOB, Action.CLAIM, ticket.number))
    world.age_directory(timedelta(0))
    assert refused(world.decide_waiting()[1]).refusal is Refusal.NOT_AN_AGENT
    with world.store.read() as session:
        assert world.waiting_rows(session) == []
        row = session.query(Inbox).filter_by(reason="not_an_agent").one()
        assert row.payload is None


def test_still_missing_facts_keep_a_gesture_waiting(world: World) -> None:
    message = world.message(ANA, "Help")
    deferred(world.react(BOB, (HELP, message.ts), "ticket"))
    world.age_directory(STALE)
    assert deferred(world.decide_waiting()[1]).facts == (PersonFact(BOB),)
    world.age_directory(timedelta(0))
    assert deferred(world.decide_waiting()[1]).facts == (MessageFact(HELP, message.ts),)
    assert done(world.supply(message)[1]).event == "raised"


def test_a_repeat_of_a_kept_gesture_is_not_kept_twice(world: World) -> None:
    message = world.message(ANA, "Help")
    reaction = world.reacted(BOB, (HELP, message.ts), "ticket")
    deferred(world.handle(reaction))
    for _ in range(2):
        assert world.handle(reaction) == Ignored()
    assert world.inbox_states() == ["waiting"]
    done(world.supply(message)[1])
    assert world.handle(reaction) == Ignored()
    assert len(world.tickets()) == 1


def test_of_two_kept_claims_the_first_decided_wins(world: World) -> None:
    ticket = world.raised()
    world.age_directory(STALE)
    for person in (BEN, CORA):
        deferred(world.react(person, root_of(ticket), "eyes"))
    world.age_directory(timedelta(0))
    assert done(world.decide_waiting()[1]).event == "claimed"
    loser = refused(world.decide_waiting()[1])
    assert (loser.refusal, loser.data["by"]) == (Refusal.ALREADY_CLAIMED, BEN)


@pytest.mark.parametrize(
    ("person", "refusal"),
    [
        (GUEST, Refusal.GUEST),
        (STRANGER, Refusal.STRANGER),
        (APP, Refusal.APP),
        (FORMER, Refusal.DEACTIVATED),
        (BOB, Refusal.NOT_AN_AGENT),
    ],
)
def test_a_form_is_refused_before_it_opens(world: World, person: str, refusal: Refusal) -> None:
    ticket = world.raised()
    found = world.intake.would_refuse(person, Action.RESOLVE, ticket.number)
    assert found is not None
    assert found.refusal is refusal


def test_a_form_opens_for_whoever_may_and_for_whoever_is_not_known_yet(world: World) -> None:
    ticket = world.raised()
    before = world.snapshot()
    assert world.intake.would_refuse(BEN, Action.RESOLVE, ticket.number) is None
    assert world.intake.would_refuse("UNEW", Action.RESOLVE, ticket.number) is None
    assert world.snapshot() == before


def test_losing_the_triage_channel_loses_the_desk(world: World) -> None:
    ticket = world.raised()
    world.leave(TRIAGE, BEN)
    assert refused(world.act(BEN, Action.CLAIM, ticket.number)).refusal is Refusal.NOT_AN_AGENT


def test_what_can_never_work_is_parked_with_its_reason(world: World) -> None:
    for _ in range(2):
        world.intake.park("event", "Ev1", {"type": "weird"}, "no channel")
    with world.store.read() as session:
        row = session.query(Inbox).one()
    assert (row.state.value, row.reason, row.payload) == ("parked", "no channel", {"type": "weird"})


def test_without_a_database_nothing_is_acknowledged(world: World) -> None:
    gone = Intake(Store("sqlite:////nowhere/at/all/desk.db"), world.clock)
    with pytest.raises(StoreUnavailable):
        gone.handle(world.filed(ANA, "Help"))


def test_somebody_forgotten_is_not_let_in(world: World) -> None:
    ticket = world.raised()
    with world.store.write() as session:
        session.execute(delete(Person).where(Person.id == BEN))
    assert isinstance(world.act(BEN, Action.CLAIM, ticket.number), Deferred)
    assert world.ticket(ticket.number).assignee_id is None
