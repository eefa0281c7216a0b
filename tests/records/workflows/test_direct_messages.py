"""Direct messages to the bot: a new ticket, or part of one that is open."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.clock import instant_of
from bot.models import Desk, OutboxState, Ticket
from bot.models.vocabulary import Action, Source, State
from bot.workflows.facts import Message
from bot.workflows.outcomes import Ignored, Refusal
from tests.records.workflows.world import (
    ANA,
    BEN,
    BOB,
    DESK,
    DIRECT,
    GUEST,
    TRIAGE,
    World,
    add_desk,
    done,
    refused,
    root_of,
    second_desk,
)


def direct(world: World, text: str, author: str = ANA) -> Message:
    world.tick()
    return world.message(author, text, DIRECT[author])


def offered(world: World, text: str = "It still burns") -> Message:
    """A direct message of Ana's for which she was asked where it belongs."""
    message = direct(world, text)
    assert done(world.handle(world.wrote(message))).event == "asked"
    return message


def test_a_direct_message_raises_a_ticket_and_is_its_conversation(world: World) -> None:
    message = direct(world, "My mouse is gone")
    ticket = world.ticket(done(world.handle(world.wrote(message))).number)
    assert (ticket.source, ticket.requester_id) == (Source.DIRECT_MESSAGE, ANA)
    assert root_of(ticket) == (DIRECT[ANA], message.ts)
    assert world.outbox()[f"opening:{ticket.id}"].channel == DIRECT[ANA]
    world.tick()
    reply = world.message(ANA, "Found it", DIRECT[ANA], thread_ts=message.ts)
    assert done(world.handle(world.wrote(reply))).event == "commented"


def test_with_an_open_ticket_the_person_is_asked_and_nothing_is_decided_yet(world: World) -> None:
    first, second = world.raised(), world.raised("Another")
    message = offered(world)
    (choice,) = world.outbox("choice:").values()
    assert (choice.kind, choice.channel, choice.thread_ts) == ("choice", DIRECT[ANA], message.ts)
    assert choice.data["tickets"] == [second.number, first.number]
    assert world.count(Ticket) == 2
    assert world.comments(first) == []


def test_said_to_belong_to_a_ticket_it_becomes_a_comment(world: World) -> None:
    ticket = world.raised()
    world.act(BEN, Action.WAIT, ticket.number)
    message = offered(world)
    assert done(world.handle(world.chose(ANA, message, ticket.number))).event == "commented"
    assert [comment.text for comment in world.comments(ticket)] == ["It still burns"]
    (relay,) = world.outbox("relay:").values()
    assert relay.channel == TRIAGE
    assert world.ticket(ticket.number).state is State.NEW


def test_an_answer_ends_the_wait_when_it_was_written_however_late_it_is_said_what_it_belongs_to(
    world: World,
) -> None:
    ticket = world.raised()
    world.act(BEN, Action.WAIT, ticket.number)
    world.forward(timedelta(minutes=5))
    message = offered(world, "Here is the log")
    world.forward(timedelta(hours=2))
    world.handle(world.chose(ANA, message, ticket.number))
    waited, worked = world.intervals(ticket)[-2:]
    assert (waited.state, worked.state) == (State.WAITING_REQUESTER, State.NEW)
    assert waited.ended_at == worked.started_at == instant_of(message.ts)


def test_said_to_be_new_it_raises_a_ticket(world: World) -> None:
    world.raised()
    message = offered(world, "And my mouse is gone")
    new = world.ticket(done(world.handle(world.chose(ANA, message, None))).number)
    assert (new.number, new.description) == ("INC-2", "And my mouse is gone")
    assert root_of(new) == (DIRECT[ANA], message.ts)


@pytest.mark.parametrize("is_new", [True, False])
def test_the_first_choice_counts_and_every_further_one_is_told_of_it(world: World, is_new: bool) -> None:
    ticket = world.raised()
    message = offered(world)
    first = done(world.handle(world.chose(ANA, message, None if is_new else ticket.number)))
    before = world.snapshot()
    for number in (ticket.number, None):
        again = done(world.handle(world.chose(ANA, message, number)))
        assert (again.event, again.number) == ("chosen_already", first.number)
    assert world.snapshot() == before


def test_the_question_is_edited_to_say_what_was_chosen(world: World) -> None:
    ticket = world.raised()
    message = offered(world)
    key = f"choice:{message.channel}:{message.ts}"
    world.posted(key)
    world.handle(world.chose(ANA, message, ticket.number))
    row = world.outbox()[key]
    assert (row.state, row.wanted_version > row.shown_version) == (OutboxState.PENDING, True)


def test_all_open_tickets_are_counted_in_the_question(world: World) -> None:
    raised = [world.raised(f"Screen {n}").number for n in range(6)]
    offered(world)
    (choice,) = world.outbox("choice:").values()
    assert choice.data["tickets"] == raised[::-1]


def test_nobody_chooses_for_another_person_or_another_persons_ticket(world: World) -> None:
    world.raised()
    others = world.raised("Not Ana's", BOB)
    message = offered(world)
    before = world.snapshot()
    assert refused(world.handle(world.chose(BOB, message, None))).refusal is Refusal.NO_SUCH_MESSAGE
    not_hers = world.handle(world.chose(ANA, message, others.number))
    assert refused(not_hers).refusal is Refusal.NO_SUCH_TICKET
    assert world.snapshot() == before


def test_a_choice_that_was_never_offered_is_refused(world: World) -> None:
    message = direct(world, "Hello")
    assert refused(world.handle(world.chose(ANA, message, None))).refusal is Refusal.NO_SUCH_MESSAGE


def test_tickets_that_ended_are_not_offered(world: World) -> None:
    ticket = world.raised()
    world.act(ANA, Action.CANCEL, ticket.number)
    assert done(world.handle(world.wrote(direct(world, "Something new")))).event == "raised"


def test_a_direct_message_is_asked_about_once(world: World) -> None:
    world.raised()
    message = offered(world)
    before = world.snapshot()
    world.handle(world.wrote(message))
    world.handle(world.wrote(message).model_copy(update={"key": "another"}))
    assert world.snapshot() == before


def test_an_outsiders_direct_message_raises_nothing_and_they_are_told_why(world: World) -> None:
    outcome = world.handle(world.wrote(direct(world, "Hello", GUEST)))
    assert refused(outcome).refusal is Refusal.GUEST
    assert world.count(Ticket) == 0


def test_without_a_desk_the_person_is_told(world: World) -> None:
    world.close_desks()
    outcome = world.handle(world.wrote(direct(world, "Hello")))
    assert refused(outcome).refusal is Refusal.NO_DESK


def test_with_several_desks_the_person_is_asked(world: World) -> None:
    with world.store.write() as session:
        add_desk(session, second_desk(), 1)
    offered(world, "Holiday")
    assert world.count(Ticket) == 0


def test_a_message_for_a_desk_that_was_switched_off_meanwhile_goes_to_no_other(world: World) -> None:
    world.add_second_desk(agents=(BEN,))
    message = offered(world, "My salary")
    with world.store.write() as session:
        session.execute(update(Desk).where(Desk.key == "hr").values(is_active=False))
    gone = world.handle(world.chose(ANA, message, None, desk="hr"))
    assert refused(gone).refusal is Refusal.DESK_GONE
    assert world.count(Ticket) == 0
    chosen = done(world.handle(world.chose(ANA, message, None, desk=DESK.key)))
    assert world.ticket(chosen.number).desk_key == DESK.key


@pytest.mark.parametrize("text", ["", "   ", "\n\n"])
def test_a_message_without_words_still_has_a_title(world: World, text: str) -> None:
    ticket = world.ticket(done(world.handle(world.wrote(direct(world, text)))).number)
    assert ticket.title == "No description"


def test_other_threads_in_a_direct_message_mean_nothing(world: World) -> None:
    stray = world.message(ANA, "Hm", DIRECT[ANA], thread_ts=world.ts())
    assert world.handle(world.wrote(stray)) == Ignored()
