"""Waiting, resolving, reopening, closing, cancelling, noting and prioritising."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.models import Ticket
from bot.models.vocabulary import Action, EventKind, Level, State, Visibility
from bot.workflows import closing
from bot.workflows.outcomes import Refusal
from tests.records.workflows.world import (
    ANA,
    BEN,
    BOB,
    CORA,
    DESK,
    HELP,
    MINUTE,
    START,
    TRIAGE,
    World,
    done,
    refused,
    root_of,
)

CLOSE_AFTER = timedelta(seconds=DESK.close_after)


@pytest.fixture
def ticket(world: World) -> Ticket:
    """A ticket that Ben has."""
    ticket = world.raised()
    world.act(BEN, Action.CLAIM, ticket.number)
    return world.ticket(ticket.number)


def now(world: World, ticket: Ticket) -> Ticket:
    return world.ticket(ticket.number)


def emoji_data(world: World, ticket: Ticket, meaning: str) -> object:
    row = world.outbox().get(f"emoji:{ticket.id}:{meaning}")
    return row.data if row else None


# --- waiting ---


def test_an_agent_waits_on_the_requester_and_goes_on(world: World, ticket: Ticket) -> None:
    world.forward(MINUTE)
    assert done(world.react(BEN, root_of(ticket), "hourglass")).event == "waiting"
    waiting = now(world, ticket)
    assert (waiting.state, waiting.assignee_id) == (State.WAITING_REQUESTER, BEN)
    world.forward(MINUTE)
    assert done(world.act(BEN, Action.RESUME, ticket.number)).event == "resumed"
    assert now(world, ticket).state is State.ASSIGNED


@pytest.mark.parametrize("state", [State.WAITING_REQUESTER, State.WAITING_SUPPLIER, State.WAITING_APPROVAL])
def test_waiting_says_for_whom(world: World, ticket: Ticket, state: State) -> None:
    world.act(BEN, Action.WAIT, ticket.number, wait_for=state)
    assert now(world, ticket).state is state
    before = world.snapshot()
    assert done(world.act(CORA, Action.WAIT, ticket.number, wait_for=state)).event == "already_waiting"
    assert world.snapshot() == before


def test_waiting_for_somebody_else_is_a_state_of_its_own(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.WAIT, ticket.number)
    world.act(BEN, Action.WAIT, ticket.number, wait_for=State.WAITING_SUPPLIER)
    assert now(world, ticket).state is State.WAITING_SUPPLIER


@pytest.mark.parametrize("state", [State.CLOSED, State.RESOLVED, State.CANCELLED, State.NEW])
def test_nothing_but_waiting_comes_of_waiting(world: World, ticket: Ticket, state: State) -> None:
    before = world.snapshot()
    with pytest.raises(ValueError, match="wait"):
        world.act(BEN, Action.WAIT, ticket.number, wait_for=state)
    assert world.snapshot() == before


def test_a_ticket_without_an_assignee_goes_on_as_new(world: World) -> None:
    ticket = world.raised()
    world.act(BEN, Action.WAIT, ticket.number)
    world.act(BEN, Action.RESUME, ticket.number)
    assert now(world, ticket).state is State.NEW


def test_what_does_not_wait_cannot_go_on(world: World, ticket: Ticket) -> None:
    assert refused(world.act(BEN, Action.RESUME, ticket.number)).refusal is Refusal.NOT_IN_THIS_STATE


def test_the_waiting_emoji_comes_and_goes(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.WAIT, ticket.number)
    assert emoji_data(world, ticket, "wait") == {"name": "hourglass", "present": True}
    world.act(BEN, Action.RESUME, ticket.number)
    assert emoji_data(world, ticket, "wait") == {"name": "hourglass", "present": False}


# --- resolving ---


def test_resolving_with_a_form_keeps_the_resolution_and_tells_the_requester(
    world: World, ticket: Ticket
) -> None:
    world.forward(MINUTE)
    outcome = done(world.act(BEN, Action.RESOLVE, ticket.number, text="Changed the toner"))
    resolved = now(world, ticket)
    assert (outcome.event, outcome.data["noted"]) == ("resolved", "yes")
    assert (resolved.state, resolved.resolution, resolved.resolved_by_id) == (
        State.RESOLVED,
        "Changed the toner",
        BEN,
    )
    assert resolved.resolved_at == world.clock.at
    assert resolved.close_at == world.clock.at + CLOSE_AFTER
    (word,) = world.outbox("resolved:").values()
    assert (word.kind, word.channel, word.thread_ts) == ("resolved_word", *root_of(ticket))


def test_the_word_waits_for_a_conversation_that_is_not_posted_yet(world: World) -> None:
    number = done(world.handle(world.filed(ANA, "Help", None))).number
    world.act(BEN, Action.RESOLVE, number)
    ticket = world.ticket(number)
    (word,) = world.outbox("resolved:").values()
    assert (word.thread_ts, word.thread_key) == (None, f"opening:{ticket.id}")


def test_an_emoji_resolves_and_the_note_in_the_cards_thread_becomes_the_resolution(
    world: World, ticket: Ticket
) -> None:
    world.react(BEN, root_of(ticket), "white_check_mark")
    assert now(world, ticket).resolution is None
    card = world.card(ticket)
    world.tick()
    assert done(world.say(BEN, "Changed the toner", TRIAGE, thread_ts=card[1])).event == "resolution_noted"
    resolved = now(world, ticket)
    assert (resolved.state, resolved.resolution) == (State.RESOLVED, "Changed the toner")
    (word,) = world.outbox("resolved:").values()
    assert word.wanted_version == resolved.version
    assert world.outbox("relay:") == {}


def test_only_the_first_note_becomes_the_resolution(world: World, ticket: Ticket) -> None:
    world.react(BEN, root_of(ticket), "white_check_mark")
    _, ts = world.card(ticket)
    for text in ("Changed the toner", "Tell me if it jams again"):
        world.tick()
        world.say(BEN, text, TRIAGE, thread_ts=ts)
    assert now(world, ticket).resolution == "Changed the toner"
    assert len(world.outbox("relay:")) == 1


def test_what_a_colleague_writes_is_not_the_resolution(world: World, ticket: Ticket) -> None:
    world.react(BEN, root_of(ticket), "white_check_mark")
    _, ts = world.card(ticket)
    world.say(CORA, "Nice one", TRIAGE, thread_ts=ts)
    assert now(world, ticket).resolution is None


def test_an_internal_note_is_not_the_resolution(world: World, ticket: Ticket) -> None:
    world.react(BEN, root_of(ticket), "white_check_mark")
    _, ts = world.card(ticket)
    world.say(BEN, "note: user error", TRIAGE, thread_ts=ts)
    assert now(world, ticket).resolution is None


def test_who_resolves_what_nobody_has_has_it(world: World) -> None:
    ticket = world.raised()
    world.act(CORA, Action.RESOLVE, ticket.number, text="Done")
    assert now(world, ticket).assignee_id == CORA


def test_a_colleague_who_resolves_does_not_take_the_ticket(world: World, ticket: Ticket) -> None:
    world.act(CORA, Action.RESOLVE, ticket.number, text="Done")
    resolved = now(world, ticket)
    assert (resolved.assignee_id, resolved.resolved_by_id) == (BEN, CORA)


def test_a_resolved_ticket_is_not_resolved_again(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.RESOLVE, ticket.number, text="Done")
    before = world.snapshot()
    again = world.act(CORA, Action.RESOLVE, ticket.number, text="No, I did it")
    assert refused(again).refusal is Refusal.NOT_IN_THIS_STATE
    assert world.snapshot() == before


def test_a_resolved_ticket_no_longer_shows_that_it_waits(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.WAIT, ticket.number)
    world.act(BEN, Action.RESOLVE, ticket.number)
    assert emoji_data(world, ticket, "wait") == {"name": "hourglass", "present": False}
    assert emoji_data(world, ticket, "resolve") == {"name": "white_check_mark", "present": True}


# --- reopening ---


@pytest.mark.parametrize("person", [ANA, BEN, CORA])
def test_the_requester_and_agents_reopen_the_same_ticket(world: World, ticket: Ticket, person: str) -> None:
    world.act(BEN, Action.RESOLVE, ticket.number, text="Done")
    world.forward(MINUTE)
    assert done(world.act(person, Action.REOPEN, ticket.number)).number == ticket.number
    reopened = now(world, ticket)
    assert (reopened.state, reopened.assignee_id) == (State.ASSIGNED, BEN)
    assert (reopened.resolution, reopened.resolved_at, reopened.resolved_by_id, reopened.close_at) == (
        None,
        None,
        None,
        None,
    )
    assert emoji_data(world, ticket, "resolve") == {"name": "white_check_mark", "present": False}


def test_somebody_elses_ticket_is_not_reopened(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.RESOLVE, ticket.number, text="Done")
    before = world.snapshot()
    refused(world.act(BOB, Action.REOPEN, ticket.number))
    assert world.snapshot() == before


def test_somebody_elses_open_ticket_is_refused_too(world: World, ticket: Ticket) -> None:
    refused(world.act(BOB, Action.REOPEN, ticket.number))


def test_an_open_ticket_is_open_already(world: World, ticket: Ticket) -> None:
    before = world.snapshot()
    assert done(world.act(ANA, Action.REOPEN, ticket.number)).event == "already_open"
    assert world.snapshot() == before


def test_each_resolution_is_told_once(world: World, ticket: Ticket) -> None:
    for _ in range(2):
        world.act(BEN, Action.RESOLVE, ticket.number, text="Done")
        world.act(ANA, Action.REOPEN, ticket.number)
    assert len(world.outbox("resolved:")) == 2


# --- closing ---


def test_a_resolved_ticket_closes_by_itself_when_its_time_has_come(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.RESOLVE, ticket.number, text="Done")
    due = world.clock.at + CLOSE_AFTER
    assert closing.close_due(world.store, due - timedelta(microseconds=1)) == 0
    assert closing.close_due(world.store, due + timedelta(hours=2)) == 1
    closed = now(world, ticket)
    assert (closed.state, closed.state_since, closed.close_at) == (State.CLOSED, due, None)
    assert (world.events(ticket)[-1].at, world.events(ticket)[-1].actor_id) == (due, None)
    assert closing.close_due(world.store, due + timedelta(hours=2)) == 0


def test_a_reopened_ticket_does_not_close_by_itself(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.RESOLVE, ticket.number, text="Done")
    world.act(ANA, Action.REOPEN, ticket.number)
    assert closing.close_due(world.store, world.clock.at + 2 * CLOSE_AFTER) == 0


def test_resolved_again_it_has_its_whole_time_again(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.RESOLVE, ticket.number, text="Done")
    world.forward(timedelta(days=2))
    world.act(ANA, Action.REOPEN, ticket.number)
    world.act(BEN, Action.RESOLVE, ticket.number, text="Done now")
    assert closing.close_due(world.store, world.clock.at + timedelta(days=2)) == 0
    assert closing.close_due(world.store, world.clock.at + timedelta(days=3)) == 1


def test_an_agent_closes_at_once(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.RESOLVE, ticket.number, text="Done")
    assert done(world.act(BEN, Action.CLOSE, ticket.number)).event == "closed"
    assert closing.close_due(world.store, world.clock.at + 2 * CLOSE_AFTER) == 0


def test_what_is_not_resolved_cannot_be_closed(world: World, ticket: Ticket) -> None:
    assert refused(world.act(BEN, Action.CLOSE, ticket.number)).refusal is Refusal.NOT_IN_THIS_STATE


def test_a_closed_ticket_stays_closed(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.RESOLVE, ticket.number, text="Done")
    world.act(BEN, Action.CLOSE, ticket.number)
    before = world.snapshot()
    for action in (Action.CLAIM, Action.WAIT, Action.RESOLVE, Action.REOPEN, Action.CLOSE, Action.CANCEL):
        assert refused(world.act(BEN, action, ticket.number)).refusal is Refusal.NOT_IN_THIS_STATE
    assert world.snapshot() == before


def test_replicas_share_the_closing(world: World) -> None:
    for _ in range(5):
        world.act(BEN, Action.RESOLVE, world.raised().number, text="Done")
    later = world.clock.at + 2 * CLOSE_AFTER
    assert sum(closing.close_due(world.store, later) for _ in range(3)) == 5


# --- after closing ---


def closed(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.RESOLVE, ticket.number, text="Done")
    world.act(BEN, Action.CLOSE, ticket.number)
    world.tick()


def test_the_requesters_reply_after_closing_opens_a_linked_ticket(world: World, ticket: Ticket) -> None:
    closed(world, ticket)
    reply = done(world.say(ANA, "It burns again", thread_ts=ticket.conversation_ts))
    assert (reply.event, reply.number) == ("raised", "INC-2")
    old, new = now(world, ticket), world.ticket(reply.number)
    assert (new.continues_id, old.continued_by_id) == (old.id, new.id)
    assert (new.requester_id, new.description, new.state) == (ANA, "It burns again", State.NEW)
    assert root_of(new) == root_of(old)
    assert (old.state, world.kinds(old)[-1]) == (State.CLOSED, "continued")


def test_later_replies_and_emoji_belong_to_the_ticket_that_continues(world: World, ticket: Ticket) -> None:
    closed(world, ticket)
    new = world.ticket(done(world.say(ANA, "It burns again", thread_ts=ticket.conversation_ts)).number)
    world.tick()
    assert done(world.say(ANA, "And it smells", thread_ts=ticket.conversation_ts)).number == new.number
    assert done(world.react(CORA, root_of(ticket), "eyes")).number == new.number
    assert now(world, ticket).assignee_id == BEN
    assert world.ticket(new.number).assignee_id == CORA
    assert [comment.text for comment in world.comments(new)] == ["And it smells"]


def test_a_ticket_can_be_continued_again_and_again(world: World, ticket: Ticket) -> None:
    numbers = [ticket.number]
    for _ in range(3):
        closed(world, world.ticket(numbers[-1]))
        numbers.append(done(world.say(ANA, "Again", thread_ts=ticket.conversation_ts)).number)
    assert numbers == ["INC-1", "INC-2", "INC-3", "INC-4"]
    chain = [world.ticket(number) for number in numbers]
    assert [t.continues_id for t in chain] == [None, *[t.id for t in chain[:-1]]]


def test_a_repeated_reply_after_closing_opens_one_ticket(world: World, ticket: Ticket) -> None:
    closed(world, ticket)
    reply = world.wrote(world.message(ANA, "It burns again", thread_ts=ticket.conversation_ts))
    world.handle(reply)
    before = world.snapshot()
    for _ in range(2):
        world.handle(reply.model_copy(update={"key": f"{reply.key}:again"}))
    assert world.snapshot() == before


def test_what_an_agent_writes_after_closing_opens_nothing(world: World, ticket: Ticket) -> None:
    closed(world, ticket)
    world.say(BEN, "Glad it works", thread_ts=ticket.conversation_ts)
    assert len(world.tickets()) == 1


# --- cancelling, noting, prioritising ---


@pytest.mark.parametrize("person", [ANA, BEN, CORA])
def test_the_requester_and_agents_cancel(world: World, ticket: Ticket, person: str) -> None:
    assert done(world.act(person, Action.CANCEL, ticket.number)).event == "cancelled"
    assert now(world, ticket).state is State.CANCELLED


def test_a_cancelled_ticket_no_longer_shows_that_it_waits(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.WAIT, ticket.number)
    world.act(BEN, Action.CANCEL, ticket.number)
    assert emoji_data(world, ticket, "wait") == {"name": "hourglass", "present": False}


def test_a_note_stays_inside(world: World, ticket: Ticket) -> None:
    assert done(world.act(BEN, Action.NOTE, ticket.number, text="He always says that")).event == "noted"
    (note,) = world.comments(ticket)
    assert (note.visibility, note.text) == (Visibility.INTERNAL, "He always says that")
    assert world.outbox("relay:") == {}


@pytest.mark.parametrize("text", [None, "", "   \n"])
def test_an_empty_note_is_asked_for_again(world: World, ticket: Ticket, text: str | None) -> None:
    assert refused(world.act(BEN, Action.NOTE, ticket.number, text=text)).refusal is Refusal.NOTE_REQUIRED


def test_the_priority_comes_from_the_matrix_and_a_work_note_is_asked_for(
    world: World, ticket: Ticket
) -> None:
    high = {"impact": Level.HIGH, "urgency": Level.HIGH}
    assert refused(world.act(BEN, Action.PRIORITISE, ticket.number, **high)).refusal is Refusal.NOTE_REQUIRED
    outcome = done(world.act(BEN, Action.PRIORITISE, ticket.number, text="The whole floor", **high))
    assert outcome.data["priority"] == "P1"
    changed = now(world, ticket)
    assert (changed.impact, changed.urgency, changed.priority) == (Level.HIGH, Level.HIGH, "P1")
    (note,) = world.comments(ticket)
    assert (note.visibility, note.text) == (Visibility.INTERNAL, "The whole floor")


def test_a_note_with_an_unchanged_priority_is_kept_and_nothing_at_all_is_refused(
    world: World, ticket: Ticket
) -> None:
    same = {"impact": ticket.impact, "urgency": ticket.urgency}
    outcome = world.act(BEN, Action.PRIORITISE, ticket.number, text="Asked her, it can wait", **same)
    assert done(outcome).event == "noted"
    (note,) = world.comments(ticket)
    assert (note.visibility, note.text) == (Visibility.INTERNAL, "Asked her, it can wait")
    assert world.kinds(ticket)[-1] == "noted"
    nothing = refused(world.act(BEN, Action.PRIORITISE, ticket.number, text=" ", **same))
    assert nothing.refusal is Refusal.NOTHING_TO_CHANGE


def test_an_emoji_sets_urgency_high_and_needs_no_note(world: World, ticket: Ticket) -> None:
    assert done(world.react(BEN, world.card(ticket), "rotating_light")).data["priority"] == "P2"
    assert (now(world, ticket).impact, now(world, ticket).urgency) == (Level.MEDIUM, Level.HIGH)


def test_the_same_priority_again_changes_nothing(world: World, ticket: Ticket) -> None:
    world.react(BEN, root_of(ticket), "rotating_light")
    before = world.snapshot()
    assert done(world.react(CORA, root_of(ticket), "rotating_light")).event == "same_priority"
    assert world.snapshot() == before


def test_the_timeline_keeps_no_words_that_people_wrote(world: World, ticket: Ticket) -> None:
    secret = "Zebra-4711"
    world.act(BEN, Action.NOTE, ticket.number, text=secret)
    world.act(BEN, Action.PRIORITISE, ticket.number, text=secret, urgency=Level.HIGH)
    world.say(ANA, secret, HELP, thread_ts=ticket.conversation_ts)
    world.act(BEN, Action.RESOLVE, ticket.number, text=secret)
    assert not any(secret in repr(event.data) for event in world.events(ticket))


def test_what_happened_has_its_own_instant_and_the_one_it_was_recorded_at(world: World) -> None:
    ticket = world.raised()
    late = world.acted(BEN, Action.CLAIM, ticket.number)
    world.forward(10 * MINUTE)
    world.handle(late)
    event = world.events(ticket)[-1]
    assert (event.kind, event.at, event.recorded_at) == (EventKind.CLAIMED, START, START + 10 * MINUTE)


def test_a_gesture_from_the_future_happened_now(world: World, ticket: Ticket) -> None:
    early = world.acted(BEN, Action.WAIT, ticket.number)
    world.handle(early.model_copy(update={"at": world.clock.at + timedelta(hours=1)}))
    assert now(world, ticket).state_since <= world.clock.at
