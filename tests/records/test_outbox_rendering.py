"""What deliveries say, rendered from records that real gestures made; and when they are not said any more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from bot.delivery import rendering
from bot.delivery.rendering import Content, Emoji, Rendering, Superseded
from bot.models import Outbox, Ticket
from bot.models.vocabulary import Action
from bot.store import Store, outbox
from bot.store.outbox import Claim, Due
from tests.records.workflows.world import ANA, BEN, CORA, LEA, World, done


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    store = Store(database_url)
    yield World(store)
    store.close()


@pytest.fixture
def ticket(world: World) -> Ticket:
    """Raised, its first messages posted."""
    return world.raised()


def claim(world: World, key: str) -> Claim:
    def work(session: Session) -> Claim:
        row = session.get_one(Outbox, world.outbox()[key].id)
        now = world.store.now(session) + timedelta(seconds=1)
        return outbox.take(session, Due(row, "lane"), owner=world.store.owner, now=now)

    return world.store.run(work)


def rendered(world: World, key: str) -> Rendering:
    taken = claim(world, key)
    with world.store.read() as session:
        return rendering.render(session, taken)


def said(world: World, key: str) -> Content:
    content = rendered(world, key)
    assert isinstance(content, Content)
    return content


def only(world: World, prefix: str) -> str:
    (key,) = world.outbox(prefix)
    return key


def test_the_opening_and_the_card_show_the_ticket(world: World) -> None:
    ticket = world.raise_on(world.message(ANA, "The printer is on fire"))
    assert ticket.number in said(world, f"opening:{ticket.id}").text
    card = said(world, f"card:{ticket.id}")
    assert "The printer is on fire" in card.text
    assert card.blocks != []


def test_a_rendering_shows_the_newest_state_and_says_so(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.CLAIM, ticket.number)
    world.act(BEN, Action.RESOLVE, ticket.number, text="Put it out")
    card = said(world, f"card:{ticket.id}")
    assert card.version == world.ticket(ticket.number).version
    assert "Resolved" in card.text


def test_what_the_requester_writes_is_relayed_in_their_name(world: World, ticket: Ticket) -> None:
    world.say(ANA, "It is getting hotter", thread_ts=ticket.conversation_ts)
    content = said(world, only(world, "relay:"))
    assert content.text == "It is getting hotter"
    assert content.attribution["username"]


def test_what_was_deleted_before_it_was_relayed_is_not_relayed(world: World, ticket: Ticket) -> None:
    message = world.message(ANA, "My password is hunter2", thread_ts=ticket.conversation_ts)
    world.handle(world.wrote(message))
    world.handle(world.edited(message, None))
    assert isinstance(rendered(world, only(world, "relay:")), Superseded)


def test_a_relay_that_is_in_slack_shows_that_its_original_was_deleted(world: World, ticket: Ticket) -> None:
    message = world.message(ANA, "My password is hunter2", thread_ts=ticket.conversation_ts)
    world.handle(world.wrote(message))
    key = only(world, "relay:")
    world.posted(key)
    world.handle(world.edited(message, None))
    content = said(world, key)
    assert "hunter2" not in content.text + str(content.blocks)


def test_the_assignee_is_told_while_they_are_the_assignee(world: World, ticket: Ticket) -> None:
    world.act(LEA, Action.ASSIGN, ticket.number, assignee_id=BEN)
    assert f"<@{BEN}>" in said(world, only(world, "assigned:")).text


def test_somebody_who_is_not_the_assignee_any_more_is_not_told(world: World, ticket: Ticket) -> None:
    world.act(LEA, Action.ASSIGN, ticket.number, assignee_id=BEN)
    key = only(world, "assigned:")
    world.act(LEA, Action.ASSIGN, ticket.number, assignee_id=CORA)
    assert isinstance(rendered(world, key), Superseded)


def test_nobody_is_told_of_work_that_has_ended(world: World, ticket: Ticket) -> None:
    world.act(LEA, Action.ASSIGN, ticket.number, assignee_id=BEN)
    world.act(LEA, Action.RESOLVE, ticket.number, text="Put it out")
    assert isinstance(rendered(world, only(world, "assigned:")), Superseded)


def test_the_word_that_it_is_resolved_says_what_fixed_it(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.RESOLVE, ticket.number, text="Put it out")
    assert "Put it out" in said(world, only(world, "resolved:")).text


def test_the_word_is_not_said_of_a_ticket_that_was_reopened_first(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.RESOLVE, ticket.number, text="Put it out")
    world.act(BEN, Action.REOPEN, ticket.number)
    assert isinstance(rendered(world, only(world, "resolved:")), Superseded)


def test_of_two_resolutions_only_the_last_is_said(world: World, ticket: Ticket) -> None:
    for fix in ("Put it out", "Bought another"):
        world.act(BEN, Action.RESOLVE, ticket.number, text=fix)
        world.act(BEN, Action.REOPEN, ticket.number)
    world.act(BEN, Action.RESOLVE, ticket.number, text="Went paperless")
    words = [rendered(world, key) for key in world.outbox("resolved:")]
    assert [isinstance(word, Superseded) for word in words] == [True, True, False]


def test_a_word_that_is_in_slack_follows_the_ticket_when_it_is_reopened(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.RESOLVE, ticket.number, text="Put it out")
    key = only(world, "resolved:")
    world.posted(key)
    world.act(BEN, Action.REOPEN, ticket.number)
    assert "open again" in said(world, key).text


def test_an_emoji_is_called_for_when_it_should_be_there(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.CLAIM, ticket.number)
    emoji = rendered(world, only(world, "emoji:"))
    assert isinstance(emoji, Emoji)
    assert not emoji.is_done


def test_an_emoji_that_was_taken_back_before_it_came_needs_no_call(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.CLAIM, ticket.number)
    world.act(BEN, Action.RELEASE, ticket.number)
    emoji = rendered(world, f"emoji:{ticket.id}:claim")
    assert isinstance(emoji, Emoji)
    assert emoji.is_done


@pytest.mark.parametrize("is_new", [True, False])
def test_a_question_that_was_answered_says_what_was_chosen(
    world: World, ticket: Ticket, is_new: bool
) -> None:
    message = world.message(ANA, "And another thing", "DANA")
    world.handle(world.wrote(message))
    key = only(world, "choice:")
    world.posted(key)
    chosen = done(world.handle(world.chose(ANA, message, None if is_new else ticket.number)))
    answered = said(world, key)
    assert answered.text == f"{'Raised as' if is_new else 'Added to'} {chosen.number}."
    assert "And another thing" in str(answered.blocks)
    assert "button" not in str(answered.blocks)


def test_a_question_about_a_direct_message_counts_what_it_has_no_button_for(world: World) -> None:
    for n in range(6):
        world.raised(f"Screen {n}")
    world.say(ANA, "And another thing", "DANA")
    assert "and 2 more" in said(world, only(world, "choice:")).text


def test_a_question_about_a_direct_message_offers_the_open_tickets(world: World, ticket: Ticket) -> None:
    world.say(ANA, "And another thing", "DANA")
    question = said(world, only(world, "choice:"))
    assert ticket.number in question.text
    assert "And another thing" in str(question.blocks)
