"""Claiming, releasing and assigning: by emoji, button and word alike."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.models import Ticket
from bot.models.vocabulary import Action, State
from bot.workflows.outcomes import Ignored, Outcome, Refusal
from tests.records.workflows.world import (
    ANA,
    BEN,
    BOB,
    CORA,
    DESK,
    GUEST,
    LEA,
    MARIA,
    MINUTE,
    START,
    TRIAGE,
    World,
    done,
    refused,
    root_of,
)

Gesture = Callable[[World, str, Ticket], Outcome]

CLAIMS: dict[str, Gesture] = {
    "emoji on the request": lambda world, who, ticket: world.react(who, root_of(ticket), "eyes"),
    "emoji on the card": lambda world, who, ticket: world.react(who, world.card(ticket), "eyes"),
    "button or word": lambda world, who, ticket: world.act(who, Action.CLAIM, ticket.number),
}


@pytest.fixture(params=list(CLAIMS))
def claim(request: pytest.FixtureRequest) -> Gesture:
    return CLAIMS[request.param]


def emoji_row(world: World, ticket: Ticket, meaning: str) -> dict[str, object] | None:
    row = world.outbox().get(f"emoji:{ticket.id}:{meaning}")
    return row.data if row else None


def test_a_claim_takes_the_ticket_however_it_is_made(world: World, claim: Gesture) -> None:
    ticket = world.raised()
    world.forward(MINUTE)
    assert done(claim(world, BEN, ticket)).event == "claimed"
    ticket = world.ticket(ticket.number)
    assert (ticket.state, ticket.assignee_id, ticket.state_since) == (State.ASSIGNED, BEN, START + MINUTE)
    assert world.kinds(ticket) == ["raised", "claimed"]
    assert world.events(ticket)[-1].actor_id == BEN


def test_who_comes_second_is_told_who_has_it(world: World, claim: Gesture) -> None:
    ticket = world.raised()
    claim(world, BEN, ticket)
    before = world.snapshot()
    refusal = refused(claim(world, CORA, ticket))
    assert (refusal.refusal, refusal.data["by"]) == (Refusal.ALREADY_CLAIMED, BEN)
    assert world.snapshot() == before


def test_claiming_ones_own_ticket_again_changes_nothing(world: World, claim: Gesture) -> None:
    ticket = world.raised()
    world.act(BEN, Action.CLAIM, ticket.number)
    before = world.snapshot()
    assert done(claim(world, BEN, ticket)).event == "already_yours"
    assert world.snapshot() == before


def test_what_a_button_did_shows_as_an_emoji_on_the_request(world: World) -> None:
    ticket = world.raised()
    world.act(BEN, Action.CLAIM, ticket.number)
    row = world.outbox()[f"emoji:{ticket.id}:claim"]
    assert row.data == {"name": "eyes", "present": True}
    assert (row.channel, row.thread_ts) == root_of(ticket)
    world.act(BEN, Action.RELEASE, ticket.number)
    assert emoji_row(world, ticket, "claim") == {"name": "eyes", "present": False}


def test_an_emoji_that_is_on_the_request_already_needs_none_of_ours(world: World) -> None:
    ticket = world.raised()
    world.react(BEN, root_of(ticket), "eyes")
    assert emoji_row(world, ticket, "claim") is None


def test_an_emoji_of_ours_waits_for_a_root_that_is_not_posted_yet(world: World) -> None:
    number = done(world.handle(world.filed(ANA, "Help"))).number
    world.act(BEN, Action.CLAIM, number)
    ticket = world.ticket(number)
    row = world.outbox()[f"emoji:{ticket.id}:claim"]
    assert (row.thread_ts, row.thread_key) == (None, f"opening:{ticket.id}")


def test_a_claim_brings_card_and_opening_up_to_date(world: World) -> None:
    ticket = world.raised()
    world.act(BEN, Action.CLAIM, ticket.number)
    for key in (f"card:{ticket.id}", f"opening:{ticket.id}"):
        row = world.outbox()[key]
        assert (row.state.value, row.wanted_version, row.shown_version) == ("pending", 2, 1)


def test_taking_the_emoji_away_releases(world: World) -> None:
    ticket = world.raised()
    world.react(BEN, root_of(ticket), "eyes")
    assert done(world.unreact(BEN, root_of(ticket), "eyes")).event == "released"
    ticket = world.ticket(ticket.number)
    assert (ticket.state, ticket.assignee_id) == (State.NEW, None)


def test_taking_away_an_emoji_of_somebody_who_does_not_have_it_changes_nothing(world: World) -> None:
    ticket = world.raised()
    world.react(BEN, root_of(ticket), "eyes")
    world.react(CORA, root_of(ticket), "eyes")
    before = world.snapshot()
    assert world.unreact(CORA, root_of(ticket), "eyes") == Ignored()
    assert world.snapshot() == before


def test_an_emoji_put_on_again_claims_again_though_the_removal_meant_nothing(world: World) -> None:
    ticket = world.raised()
    world.react(BEN, root_of(ticket), "eyes")
    world.act(LEA, Action.ASSIGN, ticket.number, assignee_id=CORA)
    world.unreact(BEN, root_of(ticket), "eyes")
    world.act(CORA, Action.RELEASE, ticket.number)
    assert done(world.react(BEN, root_of(ticket), "eyes")).event == "claimed"


def test_only_the_assignee_or_a_lead_releases(world: World) -> None:
    ticket = world.raised()
    world.act(BEN, Action.CLAIM, ticket.number)
    assert refused(world.act(CORA, Action.RELEASE, ticket.number)).refusal is Refusal.NEEDS_A_LEAD
    assert refused(world.act(ANA, Action.RELEASE, ticket.number)).refusal in (
        Refusal.NOT_YOURS,
        Refusal.NOT_AN_AGENT,
    )
    assert done(world.act(LEA, Action.RELEASE, ticket.number)).event == "released"


@pytest.mark.parametrize("agent", [LEA, BEN])
def test_releasing_what_nobody_has_changes_nothing(world: World, agent: str) -> None:
    ticket = world.raised()
    world.act(agent, Action.CLAIM, ticket.number)
    world.act(agent, Action.RELEASE, ticket.number)
    before = world.snapshot()
    assert done(world.act(agent, Action.RELEASE, ticket.number)).event == "nobody_had_it"
    assert world.snapshot() == before


def test_what_nobody_has_is_released_by_no_outsider_and_not_once_it_has_ended(world: World) -> None:
    ticket = world.raised()
    assert refused(world.act(ANA, Action.RELEASE, ticket.number)).refusal is Refusal.NOT_YOURS
    world.act(BEN, Action.CANCEL, ticket.number)
    refused(world.act(LEA, Action.RELEASE, ticket.number))


def test_a_waiting_ticket_can_be_claimed_and_goes_on_waiting(world: World) -> None:
    ticket = world.raised()
    world.act(BEN, Action.WAIT, ticket.number)
    world.act(CORA, Action.CLAIM, ticket.number)
    ticket = world.ticket(ticket.number)
    assert (ticket.state, ticket.assignee_id) == (State.WAITING_REQUESTER, CORA)


def test_a_released_ticket_shows_no_sign_of_waiting(world: World) -> None:
    ticket = world.raised()
    world.act(BEN, Action.CLAIM, ticket.number)
    world.act(BEN, Action.WAIT, ticket.number)
    world.act(BEN, Action.RELEASE, ticket.number)
    assert world.ticket(ticket.number).state is State.NEW
    assert emoji_row(world, ticket, "wait") == {"name": "hourglass", "present": False}


# --- assigning ---


def test_an_agent_gives_a_ticket_to_a_colleague_who_is_told(world: World) -> None:
    ticket = world.raised()
    outcome = done(world.act(BEN, Action.ASSIGN, ticket.number, assignee_id=CORA))
    ticket = world.ticket(ticket.number)
    assert (outcome.event, outcome.data["assignee"]) == ("assigned", CORA)
    assert (ticket.state, ticket.assignee_id) == (State.ASSIGNED, CORA)
    told = list(world.outbox("assigned:").values())
    assert [row.data for row in told] == [{"assignee_id": CORA, "by_id": BEN}]
    assert (told[0].channel, told[0].thread_key) == (TRIAGE, f"card:{ticket.id}")


def test_assigning_to_oneself_tells_nobody(world: World) -> None:
    ticket = world.raised()
    world.act(BEN, Action.ASSIGN, ticket.number, assignee_id=BEN)
    assert world.ticket(ticket.number).assignee_id == BEN
    assert world.outbox("assigned:") == {}


def test_taking_a_ticket_from_a_colleague_needs_a_lead(world: World) -> None:
    ticket = world.raised()
    world.act(BEN, Action.CLAIM, ticket.number)
    refusal = refused(world.act(CORA, Action.ASSIGN, ticket.number, assignee_id=CORA))
    assert (refusal.refusal, refusal.data["by"]) == (Refusal.NEEDS_A_LEAD, BEN)
    assert done(world.act(LEA, Action.ASSIGN, ticket.number, assignee_id=CORA)).event == "assigned"


def test_who_has_a_ticket_may_hand_it_on(world: World) -> None:
    ticket = world.raised()
    world.act(BEN, Action.CLAIM, ticket.number)
    world.act(BEN, Action.ASSIGN, ticket.number, assignee_id=CORA)
    assert world.ticket(ticket.number).assignee_id == CORA


def test_a_manager_who_takes_over_is_told_how_to_give_it_to_an_agent(world: World) -> None:
    ticket = world.raised()
    refusal = refused(world.act(MARIA, Action.ASSIGN, ticket.number, assignee_id=MARIA))
    assert refusal.refusal is Refusal.TAKER_IS_NO_AGENT
    assert refusal.data == {"number": ticket.number, "desk": DESK.name}
    assert done(world.act(MARIA, Action.ASSIGN, ticket.number, assignee_id=BEN)).event == "assigned"


@pytest.mark.parametrize("person", [BOB, MARIA, GUEST])
def test_only_agents_are_assigned(world: World, person: str) -> None:
    ticket = world.raised()
    before = world.snapshot()
    refusal = refused(world.act(LEA, Action.ASSIGN, ticket.number, assignee_id=person))
    assert (refusal.refusal, refusal.data["person"]) == (Refusal.ASSIGNEE_IS_NO_AGENT, person)
    assert world.snapshot() == before


def test_assigning_to_whoever_has_it_already_changes_nothing(world: World) -> None:
    ticket = world.raised()
    world.act(BEN, Action.CLAIM, ticket.number)
    before = world.snapshot()
    assert done(world.act(CORA, Action.ASSIGN, ticket.number, assignee_id=BEN)).event == "already_theirs"
    assert world.snapshot() == before


def test_each_assignment_is_told_once(world: World) -> None:
    ticket = world.raised()
    for person in (CORA, BEN, CORA):
        world.act(LEA, Action.ASSIGN, ticket.number, assignee_id=person)
    assert [row.data["assignee_id"] for row in world.outbox("assigned:").values()] == [CORA, BEN, CORA]


@pytest.mark.parametrize("number", ["INC-99", "", "INC-1; DROP TABLE ticket"])
def test_a_number_that_does_not_exist_is_said_to_be_unknown(world: World, number: str) -> None:
    assert refused(world.act(BEN, Action.CLAIM, number)).refusal is Refusal.NO_SUCH_TICKET
