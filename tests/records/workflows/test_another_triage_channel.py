"""A desk gets another triage channel: cards that are in Slack stay there, and go on working."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.delivery.places import Place, place_of
from bot.models import Outbox, OutboxState, Ticket
from bot.models.vocabulary import Action, Speaker, State, Visibility
from bot.store import outbox
from bot.workflows.gestures import WentAway
from tests.records.workflows.world import (
    AGENTS,
    ANA,
    BEN,
    HELP,
    LEA,
    RANDOM,
    TRIAGE,
    World,
    desk_text,
    done,
    root_of,
)

HOUR = timedelta(hours=1)


def move_triage(world: World, **changes: str) -> None:
    """From now on new cards are posted in another channel."""
    world.configure(desk_text(triage_channel='"#random"', **changes))
    world.tick()


@pytest.fixture
def ticket(world: World) -> Ticket:
    """An open ticket whose card is in the triage channel of before."""
    world.configure(desk_text())
    ticket = world.raised()
    move_triage(world)
    return ticket


def move_triage_back(world: World) -> None:
    world.configure(desk_text())
    world.tick()


def place(world: World, row: Outbox) -> Place:
    with world.store.read() as session:
        return place_of(session, row)


def only(world: World, prefix: str) -> Outbox:
    (row,) = world.outbox(prefix).values()
    return row


def assert_under_the_card(world: World, ticket: Ticket, prefix: str) -> None:
    """It is posted under the card, and paced with what else goes into that channel."""
    row = only(world, prefix)
    channel, ts = world.card(ticket)
    assert (channel, place(world, row)) == (TRIAGE, Place(channel=TRIAGE, thread_ts=ts))
    assert row.channel == TRIAGE


def test_an_agents_answer_under_the_card_reaches_the_requester(world: World, ticket: Ticket) -> None:
    channel, ts = world.card(ticket)
    world.say(BEN, "Have you tried water?", channel, thread_ts=ts)
    (comment,) = world.comments(ticket)
    assert (comment.speaker, comment.visibility) == (Speaker.DESK, Visibility.PUBLIC)
    assert place(world, only(world, "relay:")) == Place(channel=HELP, thread_ts=root_of(ticket)[1])
    assert world.clocks(ticket)["respond/1"].stopped_at is not None


def test_a_note_under_the_card_stays_inside_also_when_its_mark_is_edited_in(
    world: World, ticket: Ticket
) -> None:
    channel, ts = world.card(ticket)
    world.say(BEN, "note: she said it herself", channel, thread_ts=ts)
    message = world.message(BEN, "Not for her eyes", channel, thread_ts=ts)
    world.handle(world.wrote(message))
    world.tick()
    world.handle(world.edited(message, "note: not for her eyes"))
    assert [c.visibility for c in world.comments(ticket)] == [Visibility.INTERNAL] * 2
    assert [row for row in world.outbox("relay:").values() if row.kind == "relay"][1:] == []


def test_somebody_who_is_no_agent_does_not_speak_under_the_card(world: World, ticket: Ticket) -> None:
    channel, ts = world.card(ticket)
    world.say(ANA, "I am the desk", channel, thread_ts=ts)
    assert world.comments(ticket) == []


def test_what_the_requester_writes_goes_under_the_card(world: World, ticket: Ticket) -> None:
    world.say(ANA, "It is getting hotter", thread_ts=ticket.conversation_ts)
    assert_under_the_card(world, ticket, "relay:")


def test_the_assignee_is_told_under_the_card(world: World, ticket: Ticket) -> None:
    world.act(LEA, Action.ASSIGN, ticket.number, assignee_id=BEN)
    assert_under_the_card(world, ticket, "assigned:")


def test_alerts_are_told_under_the_card(world: World, ticket: Ticket) -> None:
    world.forward(4 * HOUR)
    world.look()
    assert_under_the_card(world, ticket, f"sla:{ticket.id}:respond")


def test_that_nobody_is_there_is_told_under_the_card(world: World, ticket: Ticket) -> None:
    move_triage(world, managers_channel="")
    for agent in AGENTS:
        away = WentAway(key=agent, person_id=agent, at=world.clock.at, until="until 2026-03-09")
        done(world.handle(away))
    world.forward(4 * HOUR)
    world.look()
    assert_under_the_card(world, ticket, "unrouted:")


def test_what_an_agent_writes_under_the_card_of_their_own_ticket_is_no_answer_of_the_requester(
    world: World, ticket: Ticket
) -> None:
    own = world.raised("My own screen", BEN)
    move_triage_back(world)
    asks = world.reacted(LEA, world.card(own), "hourglass")
    world.tick()
    channel, ts = world.card(own)
    world.say(BEN, "note: thinking", channel, thread_ts=ts)
    done(world.handle(asks))
    assert world.ticket(own.number).state is State.WAITING_REQUESTER


def test_what_hangs_on_a_card_that_was_not_posted_yet_goes_where_the_card_goes(world: World) -> None:
    world.configure(desk_text())
    ticket = world.raise_on(world.message(ANA, "The printer is on fire"))
    world.posted(f"opening:{ticket.id}")
    ticket = world.ticket(ticket.number)
    world.say(ANA, "It is getting hotter", thread_ts=ticket.conversation_ts)
    move_triage(world)
    card = world.posted(f"card:{ticket.id}")
    assert card[0] == RANDOM
    assert place(world, only(world, "relay:")) == Place(channel=RANDOM, thread_ts=card[1])


def test_what_was_given_up_with_its_card_is_told_where_the_card_goes(world: World) -> None:
    world.configure(desk_text())
    ticket = world.raise_on(world.message(ANA, "The printer is on fire"))
    world.act(LEA, Action.ASSIGN, ticket.number, assignee_id=BEN)
    with world.store.write() as session:
        card = update(Outbox).where(Outbox.key == f"card:{ticket.id}")
        session.execute(card.values(state=OutboxState.PARKED, error="is_archived"))
        assert outbox.park_orphans(session, world.store.now(session)) == 1
    move_triage(world)
    states = {row.kind: row.state for row in world.outbox().values()}
    assert states["card"] is states["assigned"] is OutboxState.PENDING


def test_of_a_private_ticket_too_the_card_stays_the_desks_side(world: World) -> None:
    world.configure(desk_text())
    number = done(world.handle(world.filed(ANA, "My salary", is_private=True))).number
    ticket = world.ticket(number)
    world.posted(f"opening:{ticket.id}")
    world.posted(f"card:{ticket.id}")
    move_triage(world)
    channel, ts = world.card(ticket)
    assert done(world.say(BEN, "note: hm", channel, thread_ts=ts)).event == "noted_in_the_open"
    root = root_of(world.ticket(number))
    world.say(ANA, "Well?", root[0], thread_ts=root[1])
    assert_under_the_card(world, ticket, "relay:")
