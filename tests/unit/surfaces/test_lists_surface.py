"""Lists, one ticket in full, and the help."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.models.vocabulary import EventKind
from bot.surfaces.commands import COMMANDS
from bot.surfaces.lists import empty_list, help_text, ticket_detail, ticket_list
from tests.unit.surfaces.builders import (
    BEN,
    HR,
    IT,
    MONDAY,
    assert_sendable,
    event,
    page,
    resolved,
    spoken,
    ticket,
)


def test_a_page_names_its_tickets_and_what_shows_the_next() -> None:
    rendered = ticket_list(page(10, number=1, pages=6, total=60), heading="The queue", command="queue")
    assert "The queue · 60 tickets" in rendered.text
    assert "Page 1 of 6 · /ticket queue 2 for the next" in rendered.text
    assert all(f"INC-{n} " in spoken(rendered) for n in range(1, 11))
    assert_sendable(rendered)


@pytest.mark.parametrize(
    ("number", "pages", "foot"),
    [(6, 6, "Page 6 of 6"), (1, 1, "")],
)
def test_the_last_page_points_nowhere(number: int, pages: int, foot: str) -> None:
    rendered = ticket_list(page(2, number=number, pages=pages), heading="Yours", command="/ticket list")
    assert rendered.text.endswith(foot)
    assert "for the next" not in rendered.text


def test_agents_are_linked_to_the_card_and_requesters_to_the_conversation() -> None:
    assert "|Conversation>" in ticket_list(page(1), heading="Yours", command="list").text
    assert "|Card>" in ticket_list(page(1), heading="The queue", command="queue", link="card").text


def test_a_page_past_the_end_says_which_is_the_last() -> None:
    rendered = ticket_list(page(0, number=9, pages=6, total=60), heading="The queue", command="queue")
    assert rendered.text == "There is no page 9; /ticket queue 6 shows the last one."


def test_an_empty_list_says_so() -> None:
    assert ticket_list(page(0), heading="Your open tickets", command="list").text == (
        "Your open tickets: none right now."
    )
    assert (
        empty_list("Yours", hint="/ticket raises one.").text == "Yours: none right now. /ticket raises one."
    )


def test_a_ticket_in_full_has_its_facts_and_its_history() -> None:
    events = [event(), event(EventKind.CLAIMED, BEN), event(EventKind.RESOLVED, BEN)]
    rendered = ticket_detail(resolved(), events)
    shown = spoken(rendered)
    for said in (
        "It began after lunch. The display says E-52.",
        "impact medium, urgency medium",
        "Put out the fire and replaced the fuser.",
        "Ben Okafor claimed it",
        "closes",
        "|Card>",
    ):
        assert said in shown
    assert "Ben Okafor claimed it" in rendered.text
    assert_sendable(rendered)


def test_a_description_of_four_thousand_characters_is_shown_whole() -> None:
    description = "word " * 800
    assert description.strip() in spoken(ticket_detail(ticket(description=description), []))


def test_a_long_history_shows_the_newest_and_how_many_came_before() -> None:
    rendered = ticket_detail(ticket(), [event(EventKind.COMMENTED, BEN)] * 20)
    assert "(5 earlier)" in rendered.text
    assert rendered.text.count("wrote a message") == 15


def test_an_open_ticket_does_not_speak_of_closing() -> None:
    assert "closes" not in ticket_detail(ticket(closes_at=MONDAY + timedelta(days=1)), []).text


def test_the_help_shows_every_command_and_the_desks() -> None:
    rendered = help_text([IT, HR])
    assert "IT Service Desk, People Desk" in rendered.text
    for command in COMMANDS:
        assert f"{command.word} {command.argument}".strip() in rendered.text
        assert command.sentence in rendered.text
    assert_sendable(rendered)


def test_without_desks_the_help_says_what_is_missing() -> None:
    assert "No desk is configured" in help_text([]).text
