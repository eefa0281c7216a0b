"""`/ticket` and its words."""

from __future__ import annotations

import pytest

from bot.models.vocabulary import State
from tests.conversations.desk import HELP, Desk, something

COMBINATIONS = ("socket-sqlite", "http-postgresql")


def said(desk: Desk, person: str, words: str) -> str:
    """The answer that only this person sees."""
    result = desk.client.command(person, HELP, "/ticket", words)
    assert result.acked
    assert result.ack.get("response_type") == "ephemeral"
    assert result.ack.get("text")
    return result.text


def test_help_names_every_word(desk: Desk) -> None:
    text = said(desk, "ana", "help")
    for word in ("list", "queue", "unassigned", "claim", "resolve", "note", "IT Service Desk"):
        assert word in text


def test_a_number_shows_the_ticket_to_its_requester_and_to_agents_only(desk: Desk) -> None:
    ticket = desk.raise_by_command("ana")
    for person in ("ana", "ben"):
        text = said(desk, person, ticket.number.lower())
        assert ticket.title in text
        assert "Ana raised it" in text
    assert "cannot find" in said(desk, desk.newcomer("Eve", HELP), ticket.number)


def test_a_number_that_does_not_exist_is_said_to_be_unknown(desk: Desk) -> None:
    assert "cannot find INC-99999" in said(desk, "ben", "INC-99999")
    assert "cannot find INC-99999" in said(desk, "ben", "claim INC-99999")
    assert "cannot find INC-99999" in said(desk, "ben", "resolve INC-99999")


def test_list_shows_my_open_tickets_only(desk: Desk) -> None:
    person = desk.newcomer("Lin", HELP)
    assert "none right now" in said(desk, person, "list")
    mine, other = desk.raise_by_command(person), desk.raise_by_command("ana")
    text = said(desk, person, "list")
    assert mine.title in text
    assert other.title not in text


def test_the_queue_is_for_agents(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.command("lea", HELP, "/ticket", f"claim {ticket.number}")
    assert ticket.number in said(desk, "lea", "queue")
    assert ticket.title not in said(desk, "lea", "unassigned")
    text = said(desk, "ana", "queue")
    assert "for the desk's agents" in text
    assert ticket.number not in text


@pytest.mark.parametrize(("typed", "meant"), [("hlep", "help"), ("claim", "claim INC-12"), ("12", "INC-12")])
def test_what_is_mistyped_gets_a_suggestion_and_raises_nothing(desk: Desk, typed: str, meant: str) -> None:
    assert f"/ticket {meant}" in said(desk, "ana", typed)
    assert desk.client.view("ana") is None


@pytest.mark.parametrize("words", ["close the window please", "list of broken things", "noet to self: help"])
def test_words_that_are_no_command_open_the_form_with_them(desk: Desk, words: str) -> None:
    assert desk.client.command("ana", HELP, "/ticket", words).acked
    form = desk.client.view("ana")
    assert form is not None
    assert words in str(form.blocks)
    desk.client.close("ana", everything=True)


def test_every_action_has_a_word(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    for words, answer in (
        ("claim {}", "is yours"),
        ("claim {}", "is yours already"),
        ("wait {}", "is waiting"),
        ("resume {}", "goes on"),
        ("release {}", "back in the queue"),
        ("assign {} @lea", "Lea"),
        ("note {} this is odd", "Only the desk reads it"),
        ("resolve {} replaced it", "is resolved"),
        ("reopen {}", "open again"),
        ("resolve {} again", "is resolved"),
        ("close {}", "is closed"),
    ):
        assert answer in said(desk, "lea", words.format(ticket.number))
    assert desk.ticket(ticket.number).state is State.CLOSED
    desk.card_says(ticket, "Closed")


def test_words_that_ask_for_more_open_their_form(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    for words, title in (("resolve", "Resolve"), ("note", "Note on"), ("priority", "Priority of")):
        assert desk.client.command("ben", HELP, "/ticket", f"{words} {ticket.number}").acked
        form = desk.client.view("ben")
        assert form is not None
        assert form.title == f"{title} {ticket.number}"
        desk.client.close("ben", everything=True)


def test_a_word_out_of_place_says_how_the_ticket_stands(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    said(desk, "ben", f"resolve {ticket.number} done")
    text = said(desk, "ben", f"claim {ticket.number}")
    assert f"{ticket.number} is resolved, so you cannot claim it now" in text


def test_a_form_takes_a_while_and_still_counts(desk: Desk) -> None:
    text = something()
    desk.client.command("ana", HELP, "/ticket", text)
    desk.client.command("ben", HELP, "/ticket", "help")
    assert desk.client.submit("ana", {"Title": "Short and sweet"}).acked
    desk.until(lambda: desk.card_about("Short and sweet"), "the card with the title that was given")
