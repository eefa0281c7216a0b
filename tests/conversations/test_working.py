"""Claiming, giving away, waiting, priorities: what agents do with a ticket, by gesture, button and word."""

from __future__ import annotations

import threading

import pytest

from bot.models.vocabulary import Level, State
from tests.conversations.desk import HELP, TRIAGE, Desk, Raised


def claimed_by(desk: Desk, person: str, **details: str) -> Raised:
    """A ticket that this agent has."""
    ticket = desk.raise_by_emoji("ana", **details)
    desk.client.react(person, TRIAGE, ticket.card, "eyes")
    desk.card_says(ticket, "In progress")
    return ticket


def test_eyes_on_the_card_claim_and_show_on_the_request(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.react("ben", TRIAGE, ticket.card, "eyes")
    card = desk.card_says(ticket, "In progress", "Ben claimed it")
    assert card.buttons == ["Release", "Assign", "Waiting", "Resolve", "Note", "Priority", "Cancel"]
    desk.conversation_says(ticket, "Ben is on it")
    desk.until(lambda: "eyes" in desk.emoji_of_ours(ticket), "our eyes on the request")


def test_eyes_on_the_request_claim_without_a_second_emoji_of_ours(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.react("ben", ticket.channel, ticket.root, "eyes")
    desk.card_says(ticket, "In progress", "Ben")
    desk.settle()
    assert desk.emoji_of_ours(ticket) == set()


def test_a_button_claims_and_the_request_shows_eyes(desk: Desk) -> None:
    ticket = desk.raise_by_command("ana")
    assert desk.client.click("ben", TRIAGE, ticket.card, "Claim").acked
    desk.card_says(ticket, "In progress", "Ben")
    desk.until(lambda: desk.emoji_of_ours(ticket) == {"eyes"}, "our eyes on the request")


def test_a_word_claims_and_answers(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    said = desk.client.command("ben", HELP, "/ticket", f"claim {ticket.number}")
    assert f"{ticket.number} is yours" in said.text
    desk.card_says(ticket, "In progress", "Ben")


def test_of_two_who_claim_in_one_instant_one_wins_and_the_other_hears_who(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    start = threading.Barrier(2)

    def claim(person: str) -> None:
        start.wait()
        desk.server.client().react(person, TRIAGE, ticket.card, "eyes")

    threads = [threading.Thread(target=claim, args=(person,)) for person in ("ben", "lea")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    desk.card_says(ticket, "In progress")
    winner = desk.ticket(ticket.number).assignee
    assert winner is not None
    loser = "lea" if winner.id == desk.client.user_id("ben") else "ben"
    desk.told(loser, winner.name, ticket.number)
    desk.settle()
    assert desk.timeline(ticket.number) == ["raised", "claimed"]


def test_taking_the_eyes_away_releases(desk: Desk) -> None:
    ticket = claimed_by(desk, "ben")
    desk.client.unreact("ben", TRIAGE, ticket.card, "eyes")
    card = desk.card_says(ticket, "nobody has it yet", "Ben released it")
    assert "Claim" in card.buttons
    desk.conversation_says(ticket, "nobody has taken it yet")
    desk.until(lambda: desk.emoji_of_ours(ticket) == set(), "our eyes to go")


def test_a_button_releases(desk: Desk) -> None:
    ticket = claimed_by(desk, "ben")
    desk.client.click("ben", TRIAGE, ticket.card, "Release")
    desk.card_says(ticket, "nobody has it yet")
    desk.until(lambda: desk.emoji_of_ours(ticket) == set(), "our eyes to go")


def test_another_agent_cannot_release_but_a_lead_can(desk: Desk) -> None:
    other = desk.newcomer("Olu", TRIAGE)
    ticket = claimed_by(desk, "ben")
    desk.client.click(other, TRIAGE, ticket.card, "Release")
    desk.told(other, "Ben has")
    assert desk.ticket(ticket.number).state is State.ASSIGNED
    desk.client.click("lea", TRIAGE, ticket.card, "Release")
    desk.card_says(ticket, "Lea released it")


def test_an_hourglass_waits_and_an_answer_goes_on(desk: Desk) -> None:
    ticket = claimed_by(desk, "ben")
    desk.client.react("ben", TRIAGE, ticket.card, "hourglass")
    card = desk.card_says(ticket, "Waiting for the requester")
    assert "Waiting" not in card.buttons
    desk.conversation_says(ticket, "Ben is waiting for an answer from Ana")
    desk.until(lambda: "hourglass" in desk.emoji_of_ours(ticket), "our hourglass on the request")
    desk.client.post("maria", ticket.channel, "I have no idea", ticket.root)
    desk.card_thread_says(ticket, "I have no idea")
    assert desk.ticket(ticket.number).state is State.WAITING_REQUESTER
    desk.client.post("ana", ticket.channel, "It is the one on floor 3", ticket.root)
    desk.card_says(ticket, "In progress")
    desk.conversation_says(ticket, "Ben is on it")
    desk.until(lambda: "hourglass" not in desk.emoji_of_ours(ticket), "our hourglass to go")


def test_a_button_and_a_word_wait_and_go_on(desk: Desk) -> None:
    ticket = claimed_by(desk, "ben")
    desk.client.click("ben", TRIAGE, ticket.card, "Waiting")
    desk.card_says(ticket, "Waiting for the requester")
    assert desk.client.command("ben", HELP, "/ticket", f"resume {ticket.number}").acked
    desk.card_says(ticket, "In progress")
    assert desk.client.command("ben", HELP, "/ticket", f"wait {ticket.number} supplier").acked
    desk.card_says(ticket, "Waiting for a supplier")


def test_taking_the_hourglass_away_undoes_the_waiting(desk: Desk) -> None:
    ticket = claimed_by(desk, "ben")
    desk.client.react("ben", TRIAGE, ticket.card, "hourglass")
    desk.card_says(ticket, "Waiting for the requester")
    desk.client.unreact("ben", TRIAGE, ticket.card, "hourglass")
    desk.card_says(ticket, "In progress", "Ben took back the waiting")


def test_who_is_assigned_is_told_by_mention_under_the_card(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.click("ben", TRIAGE, ticket.card, "Assign")
    assert desk.client.submit("ben", {"Who takes it?": "lea"}).errors == {}
    desk.card_says(ticket, "Lea", "Ben assigned it to Lea")
    word = desk.card_thread_says(ticket, "Ben assigned", ticket.number)
    assert f"<@{desk.client.user_id('lea')}>" in word.everything
    desk.conversation_says(ticket, "Lea is on it")


def test_a_word_assigns(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    said = desk.client.command("lea", HELP, "/ticket", f"assign {ticket.number} @ben")
    assert "Ben" in said.text
    desk.card_says(ticket, "Lea assigned it to Ben")


def test_only_an_agent_can_be_assigned(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.click("ben", TRIAGE, ticket.card, "Assign")
    result = desk.client.submit("ben", {"Who takes it?": "ana"})
    assert "Ana is not an agent" in result.errors["assign.person"]
    desk.client.close("ben", everything=True)
    assert desk.ticket(ticket.number).assignee is None


def test_a_change_of_priority_needs_a_reason(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.click("ben", TRIAGE, ticket.card, "Priority")
    high = {"How many people does it touch?": "Many people, or a whole site"}
    without = desk.client.submit("ben", {**high, "Why does it change?": " "})
    assert list(without.errors) == ["priority.note"]
    assert desk.client.submit("ben", {**high, "Why does it change?": "Everybody prints there"}).errors == {}
    desk.card_says(ticket, "P2", "Ben changed the priority from P3 to P2")
    assert "Everybody prints there" not in str([m.raw for m in desk.thread(ticket.channel, ticket.root)])


def test_a_siren_makes_it_urgent_and_can_be_taken_back(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.react("ben", TRIAGE, ticket.card, "rotating_light")
    desk.card_says(ticket, "P2")
    assert desk.ticket(ticket.number).urgency is Level.HIGH
    desk.client.unreact("ben", TRIAGE, ticket.card, "rotating_light")
    desk.card_says(ticket, "P3", "took back the change of priority")
    assert desk.ticket(ticket.number).urgency is Level.MEDIUM


def test_an_emoji_that_means_nothing_changes_nothing(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    for emoji in ("tada", "thumbsup"):
        desk.client.react("ben", TRIAGE, ticket.card, emoji)
    desk.settle()
    assert desk.timeline(ticket.number) == ["raised"]


@pytest.mark.parametrize("name", ["eyes::skin-tone-3"])
def test_a_skin_tone_does_not_change_what_an_emoji_means(desk: Desk, name: str) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.react("ben", TRIAGE, ticket.card, name)
    desk.card_says(ticket, "In progress", "Ben")


def test_a_note_by_button_stays_inside(desk: Desk) -> None:
    ticket = claimed_by(desk, "ben")
    desk.client.click("ben", TRIAGE, ticket.card, "Note")
    assert desk.client.submit("ben", {"Note": "Called the supplier about it"}).errors == {}
    desk.card_says(ticket, "Ben added a note")
    desk.settle()
    assert all("supplier" not in m.everything for m in desk.thread(ticket.channel, ticket.root))


def test_cancelling_ends_a_ticket(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.click("ben", TRIAGE, ticket.card, "Cancel")
    card = desk.card_says(ticket, "Cancelled")
    assert card.buttons == ["Note"]
    desk.conversation_says(ticket, "cancelled")
