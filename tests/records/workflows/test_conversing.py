"""What people write: kept once, relayed to the other side, followed through edits and deletions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.clock import instant_of
from bot.models import Comment, Ticket
from bot.models.vocabulary import Action, State, Visibility
from bot.workflows.facts import Message
from bot.workflows.gestures import AnyGesture
from bot.workflows.outcomes import Ignored, Refusal
from tests.records.workflows.world import (
    ANA,
    APP,
    BEN,
    BOB,
    BOT,
    CORA,
    DIRECT,
    GUEST,
    HELP,
    LEA,
    MINUTE,
    TRIAGE,
    World,
    deferred,
    desk_text,
    done,
    refused,
    root_of,
)


@pytest.fixture
def ticket(world: World) -> Ticket:
    """A ticket that Ben has."""
    ticket = world.raised()
    world.act(BEN, Action.CLAIM, ticket.number)
    world.tick()
    return world.ticket(ticket.number)


def from_requester(world: World, ticket: Ticket, text: str, author: str = ANA) -> Message:
    return world.message(author, text, HELP, thread_ts=ticket.conversation_ts)


def at_card(world: World, ticket: Ticket, text: str, author: str = BEN) -> Message:
    channel, ts = world.card(ticket)
    return world.message(author, text, channel, thread_ts=ts)


def only_comment(world: World, ticket: Ticket) -> Comment:
    (comment,) = world.comments(ticket)
    return comment


# --- both directions ---


def test_what_the_requester_writes_goes_to_the_cards_thread(world: World, ticket: Ticket) -> None:
    message = from_requester(world, ticket, "It is the one by the window")
    assert done(world.handle(world.wrote(message))).event == "commented"
    comment = only_comment(world, ticket)
    assert (comment.author_id, comment.text, comment.visibility) == (ANA, message.text, Visibility.PUBLIC)
    assert comment.written_at == instant_of(message.ts)
    (relay,) = world.outbox("relay:").values()
    assert (relay.channel, relay.thread_key, relay.data) == (
        TRIAGE,
        f"card:{ticket.id}",
        {"comment_id": comment.id},
    )


def test_what_an_agent_writes_at_the_card_goes_to_the_conversation(world: World, ticket: Ticket) -> None:
    world.handle(world.wrote(at_card(world, ticket, "Which floor?")))
    comment = only_comment(world, ticket)
    assert (comment.author_id, comment.visibility) == (BEN, Visibility.PUBLIC)
    (relay,) = world.outbox("relay:").values()
    assert (relay.channel, relay.thread_ts) == root_of(ticket)


def test_a_relay_waits_for_a_conversation_that_is_not_posted_yet(world: World) -> None:
    number = done(world.handle(world.filed(ANA, "Help", None))).number
    ticket = world.ticket(number)
    world.posted(f"card:{ticket.id}")
    world.handle(world.wrote(at_card(world, ticket, "Which floor?")))
    (relay,) = world.outbox("relay:").values()
    assert (relay.thread_ts, relay.thread_key) == (None, f"opening:{ticket.id}")


def test_what_others_write_in_the_conversation_is_relayed_too(world: World, ticket: Ticket) -> None:
    for author in (BOB, BEN):
        world.handle(world.wrote(from_requester(world, ticket, "Same here", author)))
    assert len(world.outbox("relay:")) == 2


def test_files_are_kept_with_their_links(world: World, ticket: Ticket) -> None:
    message = replace(from_requester(world, ticket, ""), files=(("fire.png", "https://files/1"),))
    world.handle(world.wrote(message))
    assert only_comment(world, ticket).files == ["fire.png", "https://files/1"]


def test_a_message_is_relayed_once_however_often_it_is_heard_of(world: World, ticket: Ticket) -> None:
    gesture = world.wrote(from_requester(world, ticket, "Hello?"))
    world.handle(gesture)
    before = world.snapshot()
    for key in (gesture.key, "another-event-id", "and-another"):
        world.handle(gesture.model_copy(update={"key": key}))
    assert world.snapshot() == before


@pytest.mark.parametrize("author", [APP, BOT, None])
def test_apps_are_not_relayed_so_nothing_goes_round_in_circles(
    world: World, ticket: Ticket, author: str | None
) -> None:
    for message in (from_requester(world, ticket, "Beep"), at_card(world, ticket, "Boop")):
        beep = replace(message, author_id=author, is_app=True)
        assert world.handle(world.wrote(beep, by=author or "UBEEP")) == Ignored()
    assert world.comments(ticket) == []


def test_the_message_that_a_ticket_was_raised_from_is_not_a_comment_on_it(world: World) -> None:
    root = world.message(ANA, "Good morning")
    reply = world.message(ANA, "My screen is black", thread_ts=root.ts)
    ticket = world.raise_on(reply, by=BEN)
    world.handle(world.wrote(reply))
    assert world.comments(ticket) == []
    assert world.outbox("relay:") == {}


def test_who_is_no_agent_does_not_speak_for_the_desk(world: World, ticket: Ticket) -> None:
    outcome = world.handle(world.wrote(at_card(world, ticket, "I think it is DNS", BOB)))
    assert refused(outcome).refusal is Refusal.NOT_AN_AGENT
    assert world.comments(ticket) == []


def test_an_outsider_in_the_thread_is_not_relayed(world: World, ticket: Ticket) -> None:
    world.handle(world.wrote(from_requester(world, ticket, "Click here", GUEST)))
    assert world.comments(ticket) == []
    assert world.outbox("relay:") == {}


def test_a_closed_ticket_still_takes_what_agents_write(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.RESOLVE, ticket.number, text="Done")
    world.act(BEN, Action.CLOSE, ticket.number)
    assert done(world.handle(world.wrote(at_card(world, ticket, "For the record")))).event == "commented"


# --- what stays inside ---


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("note: user error", "user error"),
        ("Note:user error", "user error"),
        ("🔒 user error", "user error"),
        (":lock: user error", "user error"),
        ("  NOTE:  user error", "user error"),
        ("note: first\nsecond", "first\nsecond"),
    ],
)
def test_an_agents_marked_words_stay_inside(world: World, ticket: Ticket, text: str, kept: str) -> None:
    assert done(world.handle(world.wrote(at_card(world, ticket, text)))).event == "noted"
    comment = only_comment(world, ticket)
    assert (comment.visibility, comment.text) == (Visibility.INTERNAL, kept)
    assert world.outbox("relay:") == {}


@pytest.mark.parametrize("text", ["Please note: it is fixed", "notebook is new", "I locked it 🔒"])
def test_words_that_only_look_marked_are_relayed(world: World, ticket: Ticket, text: str) -> None:
    world.handle(world.wrote(at_card(world, ticket, text)))
    assert only_comment(world, ticket).visibility is Visibility.PUBLIC


def test_in_the_conversation_nothing_stays_inside(world: World, ticket: Ticket) -> None:
    world.handle(world.wrote(from_requester(world, ticket, "note: I am on holiday tomorrow")))
    comment = only_comment(world, ticket)
    assert (comment.visibility, comment.text) == (Visibility.PUBLIC, "note: I am on holiday tomorrow")


# --- an answer resumes ---


def test_the_requesters_answer_resumes_as_of_its_own_instant(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.WAIT, ticket.number)
    world.forward(MINUTE)
    message = from_requester(world, ticket, "Third floor")
    world.forward(10 * MINUTE)
    world.handle(world.wrote(message))
    resumed = world.ticket(ticket.number)
    assert (resumed.state, resumed.assignee_id) == (State.ASSIGNED, BEN)
    assert resumed.state_since == instant_of(message.ts)
    assert world.kinds(ticket)[-2:] == ["commented", "resumed"]


@pytest.mark.parametrize("author", [BOB, BEN, CORA])
def test_what_others_write_resumes_nothing(world: World, ticket: Ticket, author: str) -> None:
    world.act(BEN, Action.WAIT, ticket.number)
    world.handle(world.wrote(from_requester(world, ticket, "Any news?", author)))
    assert world.ticket(ticket.number).state is State.WAITING_REQUESTER


@pytest.mark.parametrize("state", [State.WAITING_SUPPLIER, State.WAITING_APPROVAL])
def test_an_answer_does_not_replace_a_supplier_or_an_approval(
    world: World, ticket: Ticket, state: State
) -> None:
    world.act(BEN, Action.WAIT, ticket.number, wait_for=state)
    world.handle(world.wrote(from_requester(world, ticket, "Any news?")))
    assert world.ticket(ticket.number).state is state


def test_what_was_written_before_the_question_is_no_answer_to_it(world: World, ticket: Ticket) -> None:
    late = world.wrote(from_requester(world, ticket, "Please hurry"))
    world.forward(MINUTE)
    world.act(BEN, Action.WAIT, ticket.number)
    world.handle(late)
    assert world.ticket(ticket.number).state is State.WAITING_REQUESTER


# --- edits and deletions ---


def test_an_edited_comment_is_noted_and_its_copy_follows(world: World, ticket: Ticket) -> None:
    message = from_requester(world, ticket, "Thrid floor")
    world.handle(world.wrote(message))
    relay = next(iter(world.outbox("relay:")))
    world.posted(relay)
    world.tick()
    change = world.edited(message, "Third floor")
    assert done(world.handle(change)).event == "message_changed"
    comment = only_comment(world, ticket)
    assert (comment.text, comment.edited_ts) == ("Third floor", change.changed_ts)
    assert world.kinds(ticket)[-1] == "message_edited"
    row = world.outbox()[relay]
    assert (row.state.value, row.wanted_version) == ("pending", 2)


def test_a_deleted_comment_is_noted_and_its_copy_follows(world: World, ticket: Ticket) -> None:
    message = from_requester(world, ticket, "My password is hunter2")
    world.handle(world.wrote(message))
    world.tick()
    world.handle(world.edited(message, None))
    assert only_comment(world, ticket).deleted_at == world.clock.at
    assert world.kinds(ticket)[-1] == "message_deleted"
    assert next(iter(world.outbox("relay:").values())).wanted_version == 2


def test_edits_and_deletions_of_the_ticketed_message_are_noted(world: World) -> None:
    message = world.message(ANA, "Printer")
    ticket = world.raise_on(message)
    world.tick()
    world.handle(world.edited(message, "Printer, second floor"))
    world.tick()
    world.handle(world.edited(message, None))
    assert world.kinds(ticket) == ["raised", "message_edited", "message_deleted"]
    assert world.events(ticket)[-1].actor_id == ANA


def test_an_older_edit_that_arrives_late_changes_nothing(world: World, ticket: Ticket) -> None:
    message = from_requester(world, ticket, "one")
    world.handle(world.wrote(message))
    world.tick()
    older = world.edited(message, "two")
    world.tick()
    newer = world.edited(message, "three")
    world.handle(newer)
    before = world.snapshot()
    assert world.handle(older) == Ignored()
    assert world.snapshot() == before
    assert only_comment(world, ticket).text == "three"


def test_what_was_deleted_stays_deleted(world: World, ticket: Ticket) -> None:
    message = from_requester(world, ticket, "one")
    world.handle(world.wrote(message))
    world.tick()
    edit = world.edited(message, "two")
    world.handle(world.edited(message, None))
    world.handle(edit)
    assert only_comment(world, ticket).deleted_at is not None


def test_an_edit_that_arrives_before_its_message_is_not_lost(world: World, ticket: Ticket) -> None:
    message = from_requester(world, ticket, "Thrid floor")
    world.tick()
    world.handle(world.edited(message, "Third floor"))
    world.handle(world.wrote(message))
    assert only_comment(world, ticket).text == "Third floor"


def test_a_deletion_that_arrives_before_its_message_is_not_lost(world: World, ticket: Ticket) -> None:
    message = from_requester(world, ticket, "My password is hunter2")
    world.tick()
    world.handle(world.edited(message, None))
    world.handle(world.wrote(message))
    assert all(comment.deleted_at is not None for comment in world.comments(ticket))


def test_edits_of_other_messages_mean_nothing(world: World, ticket: Ticket) -> None:
    before = world.snapshot()
    assert world.handle(world.edited(world.message(ANA, "Lunch?"), "Lunch!")) == Ignored()
    assert world.snapshot() == before


def test_an_edited_note_loses_its_mark_and_stays_inside(world: World, ticket: Ticket) -> None:
    message = at_card(world, ticket, "note: user error")
    world.handle(world.wrote(message))
    world.tick()
    world.handle(world.edited(message, "note: user error, again"))
    comment = only_comment(world, ticket)
    assert (comment.visibility, comment.text) == (Visibility.INTERNAL, "user error, again")


def test_the_requesters_edited_words_are_kept_as_they_are(world: World, ticket: Ticket) -> None:
    message = from_requester(world, ticket, "note: on holiday")
    world.handle(world.wrote(message))
    world.tick()
    world.handle(world.edited(message, "note: on holiday tomorrow"))
    assert only_comment(world, ticket).text == "note: on holiday tomorrow"


def test_words_that_become_a_note_are_not_shown_to_the_requester(world: World, ticket: Ticket) -> None:
    message = at_card(world, ticket, "He broke it")
    world.handle(world.wrote(message))
    world.tick()
    world.handle(world.edited(message, "note: he broke it on purpose"))
    comment = only_comment(world, ticket)
    assert comment.visibility is Visibility.INTERNAL or "on purpose" not in comment.text


def test_an_edited_resolution_follows(world: World, ticket: Ticket) -> None:
    world.react(BEN, root_of(ticket), "white_check_mark")
    message = at_card(world, ticket, "New tonre")
    world.handle(world.wrote(message))
    world.tick()
    world.handle(world.edited(message, "New toner"))
    assert world.ticket(ticket.number).resolution == "New toner"


# --- a root of ours that is still being posted ---


def test_a_reply_under_a_root_that_is_just_being_posted_waits_for_it(world: World) -> None:
    ticket = world.ticket(done(world.handle(world.filed(ANA, "Help"))).number)
    root_ts = world.ts()
    reply = world.wrote(world.message(ANA, "Hello?", HELP, thread_ts=root_ts), parent=BOT)
    assert deferred(world.handle(reply)).facts == ()
    world.put(f"opening:{ticket.id}", HELP, root_ts)
    assert done(world.decide_waiting()[1]).number == ticket.number
    assert only_comment(world, ticket).text == "Hello?"


def test_a_reply_in_a_direct_message_that_is_just_being_posted_waits_too(world: World) -> None:
    ticket = world.ticket(done(world.handle(world.filed(ANA, "Help", None))).number)
    root_ts = world.ts()
    reply = world.wrote(world.message(ANA, "Hello?", DIRECT[ANA], thread_ts=root_ts), parent=BOT)
    deferred(world.handle(reply))
    world.put(f"opening:{ticket.id}", DIRECT[ANA], root_ts)
    assert done(world.decide_waiting()[1]).number == ticket.number


def test_a_reply_in_somebody_elses_thread_is_not_ours(world: World) -> None:
    world.handle(world.filed(ANA, "Help"))
    reply = world.wrote(world.message(ANA, "Hello?", HELP, thread_ts=world.ts()), parent=BOB)
    assert world.handle(reply) == Ignored()


# --- heard of in another order ---


def test_deleting_words_that_happen_to_be_the_resolutions_leaves_the_resolution(
    world: World, ticket: Ticket
) -> None:
    thanks = from_requester(world, ticket, "New toner")
    world.handle(world.wrote(thanks))
    world.act(BEN, Action.RESOLVE, ticket.number, text="New toner")
    world.tick()
    world.handle(world.edited(thanks, None))
    assert world.ticket(ticket.number).resolution == "New toner"


def test_a_note_whose_mark_was_edited_away_before_it_was_heard_of_stays_inside(
    world: World, ticket: Ticket
) -> None:
    note = at_card(world, ticket, "note: a difficult person")
    world.tick()
    world.handle(world.edited(note, "a difficult person"))
    world.handle(world.wrote(note))
    assert only_comment(world, ticket).visibility is Visibility.INTERNAL
    assert world.outbox("relay:") == {}


def test_an_edit_under_a_card_that_is_only_just_posted_counts(world: World) -> None:
    ticket = world.raise_on(world.message(ANA, "Printer"))
    card = (TRIAGE, world.ts())
    message = world.message(BEN, "Leave it", card[0], thread_ts=card[1])
    deferred(world.handle(world.wrote(message)))
    world.tick()
    deferred(world.handle(world.edited(message, "Leave it alone")))
    world.put(f"card:{ticket.id}", *card)
    for _ in range(2):
        world.decide_waiting()
    assert only_comment(world, ticket).text == "Leave it alone"


def test_an_answer_that_overtakes_the_emoji_that_asks_for_it_ends_the_waiting(
    world: World, ticket: Ticket
) -> None:
    asked = world.reacted(BEN, world.card(ticket), "hourglass")
    world.tick()
    world.handle(world.wrote(from_requester(world, ticket, "The red one")))
    world.handle(asked)
    assert world.ticket(ticket.number).state is State.ASSIGNED
    assert world.kinds(ticket)[-3:] == ["commented", "waited", "resumed"]


def test_what_the_requester_wrote_before_they_were_asked_is_no_answer(world: World, ticket: Ticket) -> None:
    world.handle(world.wrote(from_requester(world, ticket, "It burns")))
    world.tick()
    world.react(BEN, world.card(ticket), "hourglass")
    assert world.ticket(ticket.number).state is State.WAITING_REQUESTER


def test_an_answer_counts_though_somebody_else_has_the_ticket_by_then(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.WAIT, ticket.number)
    world.tick()
    answer = from_requester(world, ticket, "The red one")
    world.tick()
    world.act(LEA, Action.ASSIGN, ticket.number, assignee_id=LEA)
    world.handle(world.wrote(answer))
    assert world.ticket(ticket.number).state is State.ASSIGNED


# --- what was said before there was a ticket ---


@pytest.mark.parametrize("is_found", [False, True], ids=["as events told", "as reading back found"])
def test_what_was_said_in_the_thread_before_is_no_part_of_the_ticket(world: World, is_found: bool) -> None:
    """Reading back, or Slack sending it again, brings it once more."""
    world.configure(desk_text())
    root = world.message(ANA, "The printer is broken")
    world.forward(MINUTE)
    talk = [world.message(who, "Off and on again?", HELP, thread_ts=root.ts) for who in (BEN, ANA)]
    heard: list[AnyGesture] = [world.wrote(each, parent=ANA) for each in talk]
    heard.append(world.edited(talk[0], "Did you turn it off and on again?"))
    assert [world.handle(each) for each in heard] == [Ignored()] * 3
    world.forward(MINUTE)
    raising = world.reacted(ANA, (HELP, root.ts), "ticket")
    if is_found:
        world.forward(20 * MINUTE)
        raising = raising.model_copy(update={"not_before": raising.at, "at": world.clock.at})
    world.handle(raising)
    ticket = world.ticket(done(world.supply(root)[1]).number)
    world.forward(240 * MINUTE)
    world.look()
    before = world.snapshot()
    assert [world.handle(each) for each in heard] == [Ignored()] * 3
    assert world.snapshot() == before
    response = world.clocks(ticket)["respond/1"]
    assert response.breached_at is not None
    assert response.stopped_at is None


def test_what_was_said_since_a_lost_emoji_may_have_been_put_on_counts(world: World) -> None:
    root = world.message(ANA, "The printer is broken")
    world.forward(MINUTE)
    raising = world.reacted(ANA, (HELP, root.ts), "ticket")
    world.forward(MINUTE)
    reply = world.message(BEN, "On my way", HELP, thread_ts=root.ts)
    world.forward(20 * MINUTE)
    world.handle(raising.model_copy(update={"not_before": raising.at, "at": world.clock.at}))
    ticket = world.ticket(done(world.supply(root)[1]).number)
    assert done(world.handle(world.wrote(reply, parent=ANA))).event == "commented"
    assert only_comment(world, ticket).written_at == instant_of(reply.ts)


def test_a_word_written_while_the_emoji_was_on_its_way_counts(world: World) -> None:
    root = world.message(ANA, "The printer is broken")
    reply = world.message(ANA, "It smokes", HELP, thread_ts=root.ts)
    world.handle(world.reacted(ANA, (HELP, root.ts), "ticket"))  # stamped when Slack sent it
    ticket = world.ticket(done(world.supply(root)[1]).number)
    assert done(world.handle(world.wrote(reply, parent=ANA))).number == ticket.number


def test_the_shortcut_goes_by_our_clock_which_may_be_ahead(world: World) -> None:
    root = world.message(ANA, "The printer is broken")
    at_once = world.message(ANA, "It smokes", HELP, thread_ts=root.ts)
    world.forward(MINUTE)  # our clock, not Slack's
    ticket = world.raise_on(root)
    assert done(world.handle(world.wrote(at_once, parent=ANA))).number == ticket.number
