"""Events that come again, out of order or late, and clicks that come twice."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from bot.models.vocabulary import State
from sandbox.client import SandboxRefused
from tests.conversations.desk import HELP, TRIAGE, Desk

COMBINATIONS = ("socket-sqlite", "http-postgresql")


@pytest.fixture
def thrice(desk: Desk) -> Iterator[Desk]:
    """Every event comes three times, each time under a new event id."""
    desk.client.fault("duplicate_events", same_id=False, count=2)
    yield desk
    desk.client.lift()


@pytest.fixture
def shuffled(desk: Desk) -> Iterator[Desk]:
    """Events overtake each other."""
    desk.client.fault("shuffle_events", seconds=0.4)
    yield desk
    desk.client.lift()


def test_a_whole_story_delivered_three_times_is_one_story(thrice: Desk) -> None:
    desk = thrice
    before = desk.tickets()
    ticket = desk.raise_by_emoji("ana", by="maria")
    desk.client.react("ben", TRIAGE, ticket.card, "eyes")
    desk.card_says(ticket, "Ben")
    desk.client.post("ana", ticket.channel, "It is hot", ticket.root)
    desk.card_thread_says(ticket, "It is hot")
    ts = desk.client.post("ben", TRIAGE, "Leave it", ticket.card)
    desk.conversation_says(ticket, "Leave it")
    desk.client.edit("ben", TRIAGE, ts, "Leave it alone")
    desk.conversation_says(ticket, "Leave it alone")
    desk.client.react("ben", TRIAGE, ticket.card, "white_check_mark")
    desk.card_says(ticket, "Resolved")
    desk.client.post("ben", TRIAGE, "New fuse", ticket.card)
    desk.card_says(ticket, "New fuse")
    desk.settle()
    assert desk.tickets() == before + 1
    kinds = ["raised", "claimed", "commented", "commented", "message_edited", "resolved", "resolution_noted"]
    assert desk.timeline(ticket.number) == kinds
    assert len(desk.ours(TRIAGE, ticket.card)) == 1
    assert len(desk.ours(ticket.channel, ticket.root)) == 3
    assert sum("What fixed it?" in said for said in desk.said_to("ben")) == 1


def test_an_emoji_that_is_refused_is_refused_once(thrice: Desk) -> None:
    desk = thrice
    desk.client.invite("maria", TRIAGE)
    other = desk.newcomer("Gil", HELP)
    ticket = desk.raise_by_command("ana")
    desk.client.react(other, ticket.channel, ticket.root, "eyes")
    desk.told(other, "Only agents")
    desk.settle()
    assert len(desk.said_to(other)) == 1


def test_a_second_raise_is_pointed_to_the_first_once(thrice: Desk) -> None:
    desk = thrice
    ticket = desk.raise_by_emoji("ana")
    desk.client.react("lea", ticket.channel, ticket.root, "ticket")
    desk.told("lea", ticket.number)
    desk.settle()
    assert sum(ticket.number in said for said in desk.said_to("lea")) == 1


def test_a_direct_message_raises_once(thrice: Desk) -> None:
    desk = thrice
    person = desk.newcomer("Mio", HELP)
    before = desk.tickets()
    channel = desk.client.open_dm(person)
    desk.client.post(person, channel, "My chair squeaks")
    desk.until(lambda: desk.tickets() > before, "the ticket")
    desk.settle()
    assert desk.tickets() == before + 1


@pytest.mark.parametrize("ends_with", ["eyes", "nothing"])
def test_an_emoji_put_on_and_taken_off_ends_as_it_stands_in_slack(shuffled: Desk, ends_with: str) -> None:
    desk = shuffled
    ticket = desk.raise_by_emoji("ana")
    desk.client.react("ben", TRIAGE, ticket.card, "eyes")
    desk.client.unreact("ben", TRIAGE, ticket.card, "eyes")
    if ends_with == "eyes":
        desk.client.react("ben", TRIAGE, ticket.card, "eyes")
    desk.settle()
    assert (desk.ticket(ticket.number).assignee is not None) == (ends_with == "eyes")
    desk.card_says(ticket, "In progress" if ends_with == "eyes" else "nobody has it yet")


def test_an_edit_that_overtakes_its_message_still_counts(shuffled: Desk) -> None:
    desk = shuffled
    ticket = desk.raise_by_emoji("ana")
    for n in range(4):
        ts = desk.client.post("ana", ticket.channel, f"draft {n}", ticket.root)
        desk.client.edit("ana", ticket.channel, ts, f"final {n}")
    desk.settle()
    said = [m.everything for m in desk.ours(TRIAGE, ticket.card)]
    assert sorted(text for text in said if "final" in text) == sorted(said)
    assert len(said) == 4


def test_raising_at_once_with_a_reply_loses_neither(shuffled: Desk) -> None:
    desk = shuffled
    ts = desk.client.post("ana", HELP, "The tap drips")
    desk.client.react("maria", HELP, ts, "ticket")
    ticket = desk.appeared("The tap drips", HELP, ts)
    desk.client.react("ben", TRIAGE, ticket.card, "hourglass")
    desk.card_says(ticket, "Waiting for the requester")
    desk.client.post("ana", HELP, "Faster now", ts)
    desk.card_thread_says(ticket, "Faster now")
    desk.until(lambda: desk.ticket(ticket.number).state is State.NEW, "the ticket to go on")
    desk.client.delete("ana", HELP, ts)
    desk.settle()


def test_a_button_that_is_pressed_three_times_does_it_once(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    with contextlib.suppress(SandboxRefused):  # the card may lose the button in between
        for _ in range(3):
            desk.client.click("ben", TRIAGE, ticket.card, "Waiting")
    desk.card_says(ticket, "Waiting for the requester")
    desk.settle()
    assert desk.timeline(ticket.number) == ["raised", "waited"]
