"""Taking an emoji back: soon, one's own, and only if nothing followed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.models import Ticket
from bot.models.vocabulary import Action, Level, State
from bot.workflows.outcomes import Ignored, Refusal
from tests.records.workflows.world import (
    ANA,
    BEN,
    CORA,
    DESK,
    SECOND,
    TRIAGE,
    World,
    done,
    refused,
    root_of,
)

UNDO_WITHIN = timedelta(seconds=DESK.undo_within)
EMOJI = ("white_check_mark", "hourglass", "rotating_light")
# Each says what changes it now: no button of the card ends a wait.
TOO_LATE = dict.fromkeys(EMOJI, Refusal.TOO_LATE_TO_UNDO) | {"hourglass": Refusal.TOO_LATE_TO_RESUME}
Fact = tuple[State, str | None, Level, str, str | None]


@pytest.fixture
def ticket(world: World) -> Ticket:
    """A ticket that Ben has."""
    ticket = world.raised()
    world.act(BEN, Action.CLAIM, ticket.number)
    return world.ticket(ticket.number)


def facts(world: World, ticket: Ticket) -> Fact:
    known = world.ticket(ticket.number)
    return known.state, known.assignee_id, known.urgency, known.priority, known.resolved_by_id


@pytest.mark.parametrize("emoji", EMOJI)
@pytest.mark.parametrize("where", [root_of, None], ids=["request", "card"])
def test_taking_the_emoji_back_undoes_what_it_did(
    world: World, ticket: Ticket, emoji: str, where: Callable[[Ticket], tuple[str, str]] | None
) -> None:
    at = where(ticket) if where else world.card(ticket)
    before = facts(world, ticket)
    world.tick()
    done(world.react(BEN, at, emoji))
    assert facts(world, ticket) != before
    world.forward(UNDO_WITHIN)
    assert done(world.unreact(BEN, at, emoji)).event == "undone"
    assert facts(world, ticket) == before
    assert world.kinds(ticket)[-1] == "undone"


def test_undoing_a_resolution_leaves_nothing_to_close(world: World, ticket: Ticket) -> None:
    world.react(BEN, root_of(ticket), "white_check_mark")
    world.tick()
    world.unreact(BEN, root_of(ticket), "white_check_mark")
    undone = world.ticket(ticket.number)
    assert (undone.close_at, undone.resolved_at, undone.resolution) == (None, None, None)


def test_undoing_gives_back_a_ticket_that_nobody_had(world: World) -> None:
    ticket = world.raised()
    world.react(BEN, root_of(ticket), "white_check_mark")
    world.tick()
    world.unreact(BEN, root_of(ticket), "white_check_mark")
    assert facts(world, ticket)[:2] == (State.NEW, None)


def test_undoing_a_resolution_goes_back_to_waiting_and_shows_it(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.WAIT, ticket.number, wait_for=State.WAITING_SUPPLIER)
    world.tick()
    world.react(BEN, root_of(ticket), "white_check_mark")
    world.tick()
    world.unreact(BEN, root_of(ticket), "white_check_mark")
    assert facts(world, ticket)[0] is State.WAITING_SUPPLIER
    assert world.outbox()[f"emoji:{ticket.id}:wait"].data == {"name": "hourglass", "present": True}


@pytest.mark.parametrize("emoji", EMOJI)
def test_later_than_the_desk_allows_it_stays(world: World, ticket: Ticket, emoji: str) -> None:
    world.react(BEN, root_of(ticket), emoji)
    before = world.snapshot()
    world.forward(UNDO_WITHIN + SECOND)
    assert refused(world.unreact(BEN, root_of(ticket), emoji)).refusal is TOO_LATE[emoji]
    assert world.snapshot() == before


def test_too_late_for_a_wait_that_is_over_there_is_nothing_to_resume(world: World, ticket: Ticket) -> None:
    world.react(BEN, root_of(ticket), "hourglass")
    world.tick()
    world.act(CORA, Action.RESUME, ticket.number)
    late = refused(world.unreact(BEN, root_of(ticket), "hourglass"))
    assert late.refusal is Refusal.TOO_LATE_TO_UNDO


@pytest.mark.parametrize("emoji", EMOJI)
def test_once_something_followed_it_stays(world: World, ticket: Ticket, emoji: str) -> None:
    world.react(BEN, root_of(ticket), emoji)
    world.tick()
    world.act(CORA, Action.NOTE, ticket.number, text="Seen")
    before = world.snapshot()
    assert refused(world.unreact(BEN, root_of(ticket), emoji)).refusal is TOO_LATE[emoji]
    assert world.snapshot() == before


def test_once_the_resolution_was_noted_it_stays(world: World, ticket: Ticket) -> None:
    world.react(BEN, root_of(ticket), "white_check_mark")
    world.tick()
    world.say(BEN, "New toner", TRIAGE, thread_ts=world.card(ticket)[1])
    world.tick()
    refused(world.unreact(BEN, root_of(ticket), "white_check_mark"))
    assert facts(world, ticket)[0] is State.RESOLVED


@pytest.mark.parametrize("emoji", EMOJI)
def test_what_another_person_did_is_not_undone(world: World, ticket: Ticket, emoji: str) -> None:
    world.react(BEN, root_of(ticket), emoji)
    before = world.snapshot()
    world.tick()
    assert world.unreact(CORA, root_of(ticket), emoji) == Ignored()
    assert world.snapshot() == before


@pytest.mark.parametrize("emoji", EMOJI)
def test_an_emoji_taken_from_another_message_undoes_nothing(world: World, ticket: Ticket, emoji: str) -> None:
    world.react(BEN, root_of(ticket), emoji)
    before = world.snapshot()
    world.tick()
    assert world.unreact(BEN, world.card(ticket), emoji) == Ignored()
    assert world.snapshot() == before


def test_what_a_button_did_is_not_undone_by_an_emoji(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.RESOLVE, ticket.number, text="Done")
    before = world.snapshot()
    assert world.unreact(BEN, root_of(ticket), "white_check_mark") == Ignored()
    assert world.snapshot() == before


def test_undone_and_done_again_counts_anew(world: World, ticket: Ticket) -> None:
    root = root_of(ticket)
    for _ in range(3):
        world.tick()
        assert done(world.react(BEN, root, "white_check_mark")).event == "resolved"
        world.tick()
        assert done(world.unreact(BEN, root, "white_check_mark")).event == "undone"
    assert len(world.outbox("resolved:")) == 3


def test_an_emoji_put_on_again_after_a_refused_undo_counts(world: World, ticket: Ticket) -> None:
    root = root_of(ticket)
    world.react(BEN, root, "white_check_mark")
    world.forward(UNDO_WITHIN + SECOND)
    refused(world.unreact(BEN, root, "white_check_mark"))
    world.act(ANA, Action.REOPEN, ticket.number)
    world.tick()
    assert done(world.react(BEN, root, "white_check_mark")).event == "resolved"


def test_somebody_who_is_no_agent_any_more_undoes_nothing(world: World, ticket: Ticket) -> None:
    world.react(BEN, root_of(ticket), "white_check_mark")
    world.tick()
    world.leave(TRIAGE, BEN)
    assert refused(world.unreact(BEN, root_of(ticket), "white_check_mark")).refusal is Refusal.NOT_AN_AGENT
    assert facts(world, ticket)[0] is State.RESOLVED
