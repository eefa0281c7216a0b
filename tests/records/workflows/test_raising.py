"""Raising tickets: by form, emoji, shortcut and mention; one per thread, ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.clock import instant_of, real_now
from bot.models import Inbox, Ticket
from bot.models.vocabulary import Action, Kind, Level, Source, State
from bot.workflows.facts import MessageFact
from bot.workflows.outcomes import Done, Ignored, Refusal
from tests.records.workflows.world import (
    ANA,
    APP,
    BEN,
    BOB,
    DESK,
    ELSEWHERE,
    FORMER,
    GUEST,
    HELP,
    MINUTE,
    RANDOM,
    START,
    STRANGER,
    TRIAGE,
    World,
    add_desk,
    deferred,
    done,
    refused,
    root_of,
    second_desk,
)

# --- by form ---


def test_a_form_needs_only_a_description(world: World) -> None:
    raised = done(world.handle(world.filed(ANA, "The VPN drops\nevery ten minutes")))
    ticket = world.ticket(raised.number)
    assert raised.event == "raised"
    assert (ticket.number, ticket.title) == ("INC-1", "The VPN drops")
    assert (ticket.state, ticket.priority) == (State.NEW, "P3")
    assert (ticket.requester_id, ticket.raiser_id, ticket.source) == (ANA, ANA, Source.COMMAND)
    assert ticket.raised_at == START


def test_a_form_keeps_what_was_filled_in(world: World) -> None:
    form = world.filed(
        ANA,
        "I need a second screen",
        title="Second screen",
        kind=Kind.REQUEST,
        affected="My desk",
        category="Hardware",
        impact=Level.HIGH,
        urgency=Level.LOW,
    )
    ticket = world.ticket(done(world.handle(form)).number)
    assert (ticket.number, ticket.title, ticket.kind) == ("REQ-1", "Second screen", Kind.REQUEST)
    assert (ticket.affected, ticket.category) == ("My desk", "Hardware")
    assert (ticket.impact, ticket.urgency, ticket.priority) == (Level.HIGH, Level.LOW, "P3")


def test_incidents_and_requests_are_numbered_apart(world: World) -> None:
    kinds = (Kind.INCIDENT, Kind.REQUEST, Kind.INCIDENT)
    numbers = [done(world.handle(world.filed(ANA, "x", kind=kind))).number for kind in kinds]
    assert numbers == ["INC-1", "REQ-1", "INC-2"]


def test_from_a_request_channel_our_message_there_becomes_the_root(world: World) -> None:
    ticket = world.ticket(done(world.handle(world.filed(ANA, "Help", HELP))).number)
    opening, card = world.outbox()[f"opening:{ticket.id}"], world.outbox()[f"card:{ticket.id}"]
    assert (opening.kind, opening.channel, opening.person_id) == ("opening", HELP, None)
    assert opening.data == {"place": "channel"}
    assert opening.thread_ts is None
    assert (card.kind, card.channel, card.thread_ts) == ("card", TRIAGE, None)
    assert ticket.conversation_ts is None
    channel, ts = world.posted(f"opening:{ticket.id}")
    assert root_of(world.ticket(ticket.number)) == (channel, ts)


@pytest.mark.parametrize("channel", [None, RANDOM, TRIAGE, "D0THERS"])
def test_from_elsewhere_the_conversation_is_a_direct_message(world: World, channel: str | None) -> None:
    ticket = world.ticket(done(world.handle(world.filed(ANA, "Help", channel))).number)
    opening = world.outbox()[f"opening:{ticket.id}"]
    assert (opening.channel, opening.person_id, opening.data) == (None, ANA, {"place": "direct"})


def test_a_form_for_a_desk_that_is_gone_says_so(world: World) -> None:
    outcome = world.handle(world.filed(ANA, "Help", desk_key="old"))
    assert refused(outcome).refusal is Refusal.NO_DESK
    assert world.tickets() == []


def test_a_form_sent_again_after_a_refusal_is_a_new_try(world: World) -> None:
    form = world.filed(ANA, "Help", desk_key="hr")
    refused(world.handle(form))
    with world.store.write() as session:
        add_desk(session, second_desk(), 1)
    assert done(world.handle(form)).event == "raised"


def test_raising_leaves_exactly_one_message_and_one_card_to_post(world: World) -> None:
    world.handle(world.filed(ANA, "Help"))
    assert [row.kind for row in world.outbox().values()] == ["opening", "card"]


# --- by emoji: a reaction says neither text nor author ---


def test_a_raise_emoji_waits_for_the_message_and_is_then_decided(world: World) -> None:
    message = world.message(ANA, "The printer is on fire")
    world.forward(MINUTE)
    reaction = world.reacted(BOB, (HELP, message.ts), "ticket")
    assert deferred(world.handle(reaction)).facts == (MessageFact(HELP, message.ts),)
    assert world.tickets() == []
    world.forward(10 * MINUTE)

    gesture, outcome = world.supply(message)

    ticket = world.ticket(done(outcome).number)
    assert gesture == reaction
    assert (ticket.requester_id, ticket.raiser_id, ticket.source) == (ANA, BOB, Source.EMOJI)
    assert (ticket.description, ticket.raised_at) == ("The printer is on fire", instant_of(message.ts))
    assert (ticket.origin_channel, ticket.origin_ts) == (HELP, message.ts)
    assert root_of(ticket) == (HELP, message.ts)
    assert [event.at for event in world.events(ticket)] == [reaction.at]
    assert world.inbox_states() == ["done"]


def test_a_ticket_raised_from_a_message_answers_in_its_thread(world: World) -> None:
    message = world.message(ANA, "Help")
    ticket = world.raise_on(message)
    opening = world.outbox()[f"opening:{ticket.id}"]
    assert (opening.channel, opening.thread_ts, opening.data) == (HELP, message.ts, {"place": "thread"})


def test_skin_tones_make_no_difference(world: World) -> None:
    ticket = world.raised()
    assert done(world.react(BEN, root_of(ticket), "raised_hand::skin-tone-4")).event == "claimed"


@pytest.mark.parametrize("emoji", ["eyes", "white_check_mark", "tada"])
def test_other_emoji_on_a_plain_message_mean_nothing(world: World, emoji: str) -> None:
    assert world.react(BEN, (HELP, world.ts()), emoji) == Ignored()
    assert world.count(Inbox) == 0


def test_the_raise_emoji_means_nothing_outside_request_channels(world: World) -> None:
    assert world.react(BEN, (RANDOM, world.ts()), "ticket") == Ignored()


def test_taking_the_raise_emoji_away_means_nothing(world: World) -> None:
    ticket = world.raised()
    assert world.unreact(ANA, root_of(ticket), "ticket") == Ignored()
    assert world.unreact(ANA, (HELP, world.ts()), "ticket") == Ignored()


def test_a_message_that_is_gone_when_it_is_read_raises_nothing(world: World) -> None:
    message = world.message(None, "")
    deferred(world.react(ANA, (HELP, message.ts), "ticket"))
    _, outcome = world.supply(replace(message, is_missing=True))
    assert refused(outcome).refusal is Refusal.NO_SUCH_MESSAGE
    assert world.tickets() == []


@pytest.mark.parametrize("author", [None, APP])
def test_on_the_words_of_an_app_the_raiser_is_the_requester(world: World, author: str | None) -> None:
    message = replace(world.message(author, "Disk 93 % full"), is_app=True)
    deferred(world.react(BOB, (HELP, message.ts), "ticket"))
    ticket = world.ticket(done(world.supply(message)[1]).number)
    assert (ticket.requester_id, ticket.raiser_id) == (BOB, BOB)


@pytest.mark.parametrize("author", [GUEST, STRANGER, FORMER])
def test_a_member_may_raise_what_an_outsider_wrote(world: World, author: str) -> None:
    ticket = world.raise_on(world.message(author, "Help"), by=BEN)
    assert (ticket.requester_id, ticket.raiser_id) == (author, BEN)


# --- by shortcut and by mention ---


def test_the_shortcut_works_where_the_bot_is(world: World) -> None:
    message = world.message(BOB, "Help", RANDOM)
    ticket = world.raise_on(message)
    assert (ticket.requester_id, ticket.raiser_id, ticket.source) == (BOB, ANA, Source.SHORTCUT)
    assert root_of(ticket) == (RANDOM, message.ts)


def test_where_the_bot_is_not_the_conversation_is_a_direct_message(world: World) -> None:
    ticket = world.raise_on(world.message(BOB, "Help", ELSEWHERE))
    opening = world.outbox()[f"opening:{ticket.id}"]
    assert (opening.channel, opening.person_id) == (None, BOB)


def test_between_two_people_the_bot_cannot_answer_so_the_conversation_is_a_direct_message(
    world: World,
) -> None:
    ticket = world.raise_on(world.message(BOB, "Help", "DANAANDBOB"))
    opening = world.outbox()[f"opening:{ticket.id}"]
    assert (opening.channel, opening.person_id) == (None, BOB)


def test_a_form_on_a_message_where_the_bot_is_not_is_raised_by_its_own_words(world: World) -> None:
    world.add_second_desk(agents=(BEN,))
    message = world.message(BOB, "Help", ELSEWHERE)
    form = world.filed(ANA, "The door is locked", ELSEWHERE, message_ts=message.ts)
    ticket = world.ticket(done(world.handle(form)).number)
    assert (ticket.description, ticket.source) == ("The door is locked", Source.SHORTCUT)
    assert (ticket.requester_id, ticket.raiser_id) == (ANA, ANA)
    assert (ticket.origin_channel, ticket.origin_ts) == (ELSEWHERE, message.ts)
    opening = world.outbox()[f"opening:{ticket.id}"]
    assert (opening.channel, opening.person_id, opening.data) == (None, ANA, {"place": "direct"})
    again = world.filed(BOB, "It is locked", ELSEWHERE, message_ts=message.ts)
    assert done(world.handle(again)).number == ticket.number


def test_a_form_on_a_message_that_is_gone_by_then_loses_nothing(world: World) -> None:
    message = world.message(BOB, "Help", RANDOM)
    deferred(world.handle(world.filed(ANA, "The door is locked", RANDOM, message_ts=message.ts)))
    gone = replace(message, text="", author_id=None, is_missing=True)
    ticket = world.ticket(done(world.supply(gone)[1]).number)
    assert (ticket.description, ticket.requester_id) == ("The door is locked", ANA)
    assert world.outbox()[f"opening:{ticket.id}"].person_id == ANA


def test_a_form_on_two_people_s_messages_stays_private_to_who_sent_it(world: World) -> None:
    form = world.filed(ANA, "My salary", "DANAANDBOB", message_ts=world.ts())
    ticket = world.ticket(done(world.handle(form)).number)
    assert (ticket.requester_id, ticket.is_private) == (ANA, True)


def test_a_mention_in_a_request_channel_raises_a_ticket(world: World) -> None:
    message = world.message(ANA, "Help")
    assert done(world.handle(world.wrote(message, is_mention=True))).event == "raised"
    assert world.tickets()[0].source is Source.MENTION


def test_a_mention_and_its_message_are_one_gesture_in_either_order(world: World) -> None:
    for mention_first in (True, False):
        message = world.message(ANA, "Help")
        for is_mention in (mention_first, not mention_first):
            world.handle(world.wrote(message, is_mention=is_mention))
    assert world.count(Ticket) == 2


def test_an_ordinary_message_in_a_request_channel_is_not_a_ticket(world: World) -> None:
    assert world.say(ANA, "Good morning") == Ignored()
    assert world.count(Inbox) == 0


# --- one ticket per thread ---


def test_the_raise_emoji_on_a_ticketed_thread_points_to_its_ticket(world: World) -> None:
    ticket = world.raised()
    again = done(world.react(BOB, root_of(ticket), "ticket"))
    assert (again.event, again.number) == ("exists", ticket.number)

    reply = world.message(BOB, "me too", thread_ts=ticket.conversation_ts)
    deferred(world.react(BEN, (HELP, reply.ts), "ticket"))
    again = done(world.supply(reply)[1])
    assert (again.event, again.number) == ("exists", ticket.number)
    assert world.count(Ticket) == 1


def test_a_ticket_raised_from_a_reply_belongs_to_the_whole_thread(world: World) -> None:
    root = world.message(ANA, "Good morning")
    reply = world.message(BOB, "My screen is black", thread_ts=root.ts)
    ticket = world.raise_on(reply, by=BEN)
    assert (ticket.origin_ts, ticket.conversation_ts, ticket.requester_id) == (reply.ts, root.ts, BOB)
    other_reply = world.message(ANA, "Mine too", thread_ts=root.ts)
    for message in (root, reply, other_reply):
        again = done(world.handle(world.pointed(ANA, message)))
        assert (again.event, again.number) == ("exists", ticket.number)
    assert done(world.react(BEN, (HELP, reply.ts), "eyes")).number == ticket.number


def test_a_ticketed_thread_stays_ticketed_after_the_ticket_ended(world: World) -> None:
    ticket = world.raised()
    world.act(BEN, Action.CANCEL, ticket.number)
    assert done(world.react(BOB, root_of(ticket), "ticket")).event == "exists"


def test_a_comment_cannot_become_a_ticket_of_its_own(world: World) -> None:
    ticket = world.raised()
    reply = world.message(ANA, "Also the scanner", thread_ts=ticket.conversation_ts)
    world.handle(world.wrote(reply))
    assert done(world.handle(world.pointed(BEN, replace(reply, thread_ts=None)))).event == "exists"


# --- desks ---


def test_the_channel_decides_which_desk_it_is(world: World) -> None:
    with world.store.write() as session:
        add_desk(session, second_desk(), 1)
    assert world.raise_on(world.message(ANA, "Holiday", "CHR")).desk_key == "hr"
    assert world.raise_on(world.message(ANA, "Printer", HELP)).desk_key == DESK.key


def test_the_raise_emoji_of_another_desk_means_nothing_here(world: World) -> None:
    with world.store.write() as session:
        add_desk(session, replace(second_desk(), emoji={**DESK.emoji, "raise": ("sos",)}), 1)
    assert world.react(ANA, (HELP, world.ts()), "sos") == Ignored()
    deferred(world.react(ANA, ("CHR", world.ts()), "sos"))


def test_a_long_first_line_becomes_a_short_title_and_loses_nothing(world: World) -> None:
    text = "word " * 800
    ticket = world.raise_on(world.message(ANA, text))
    assert len(ticket.title) <= 70
    assert ticket.title.endswith("word…")
    assert ticket.description == text


def test_raising_wakes_delivery_and_what_means_nothing_does_not(world: World) -> None:
    assert isinstance(world.handle(world.filed(ANA, "Help")), Done)
    assert world.woken == 1
    world.say(ANA, "Good morning")
    assert world.woken == 1


def test_the_card_leaves_as_soon_as_it_can_link_to_the_conversation(world: World) -> None:
    ticket = world.ticket(done(world.handle(world.filed(ANA, "The printer is on fire"))).number)
    key = f"card:{ticket.id}"
    assert world.outbox(key)[key].not_before > real_now() + timedelta(seconds=0.2)
    world.posted(f"opening:{ticket.id}")
    assert world.outbox(key)[key].not_before <= real_now()
