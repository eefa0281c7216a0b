"""`/ticket away` and `/ticket back`, and what a Slack status says of somebody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.workflows import availability
from bot.workflows.desks import load_desks
from tests.conversations.desk import HELP, Desk, something

COMBINATIONS = ("socket-sqlite", "http-postgresql")


def said(desk: Desk, person: str, words: str) -> str:
    """The answer that only this person sees."""
    result = desk.client.command(person, HELP, "/ticket", words)
    assert result.acked
    assert result.ack.get("response_type") == "ephemeral"
    return result.text


def there(desk: Desk) -> set[str]:
    """Who is available now."""
    with desk.bot.store.read() as session:
        [it] = load_desks(session).all
        return set(availability.available(session, it, desk.bot.clock.now()))


@pytest.fixture(autouse=True)
def everybody_is_back(desk: Desk) -> Iterator[None]:
    yield
    said(desk, "ben", "back")
    said(desk, "lea", "back")


def test_away_until_a_day_with_a_cover_and_back(desk: Desk) -> None:
    ben = desk.client.user_id("ben")
    assert ben in there(desk)
    text = said(desk, "ben", f"away until tomorrow cover <@{desk.client.user_id('lea')}>")
    assert "You are away until tomorrow" in text
    assert "Lea is told about your tickets instead." in text
    assert ben not in there(desk)
    assert "/ticket back ends it." in said(desk, "ben", "away")
    assert "Welcome back. You are told about your tickets again." in said(desk, "ben", "back")
    assert ben in there(desk)
    assert "nothing has changed" in said(desk, "ben", "back")


@pytest.mark.parametrize("words", ["away for 2h cover @lea", "away today, covered by lea", "away for 3d"])
def test_other_ways_to_say_it(desk: Desk, words: str) -> None:
    text = said(desk, "ben", words)
    assert text.startswith("You are away until ")
    assert ("Lea is told" in text) == ("lea" in words)


def test_open_tickets_without_a_cover_are_named_with_the_way_to_hand_them_over(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    said(desk, "ben", f"claim {ticket.number}")
    text = said(desk, "ben", "away for 2h")
    assert "You have 1 open ticket that nobody covers" in text
    assert f"/ticket assign {ticket.number}" in text
    said(desk, "ben", f"assign {ticket.number} @lea")
    assert "open ticket" not in said(desk, "ben", "away for 2h")


def test_away_alone_says_how_one_stands_and_how_to_write_it(desk: Desk) -> None:
    text = said(desk, "ben", "away")
    assert "You are not away." in text
    assert "/ticket away until Monday" in text


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("away until 2020-01-01", "which is past already"),
        ("away for 60 weeks", "more than a year ahead"),
        ("away until Mondey", "could not read “until Mondey” as a time"),
        ("away until tomorrow cover @nobody", "found nobody called nobody"),
        ("away until tomorrow cover @ana", "Ana is not an agent of IT Service Desk"),
        ("away until tomorrow cover @ben", "Nobody can cover for themselves"),
        ("away tomorrow", "Did you mean /ticket away until tomorrow"),
    ],
)
def test_what_cannot_be_is_answered_with_what_to_write(desk: Desk, words: str, answer: str) -> None:
    before = there(desk)
    assert answer in said(desk, "ben", words)
    assert there(desk) == before


def test_only_agents_are_away_here(desk: Desk) -> None:
    for words in ("away until tomorrow", "away", "back"):
        assert "Only the agents of a desk" in said(desk, "ana", words)


@pytest.mark.parametrize("words", ["away from keyboard light broken", "back button does not work"])
def test_a_description_that_begins_alike_still_opens_the_form(desk: Desk, words: str) -> None:
    assert desk.client.command("ben", HELP, "/ticket", words).acked
    form = desk.client.view("ben")
    assert form is not None
    assert words in str(form.blocks)
    desk.client.close("ben", everything=True)


def test_a_status_in_slack_counts_until_it_is_cleared(desk: Desk) -> None:
    ben = desk.client.user_id("ben")
    desk.client.set_status("ben", ":palm_tree:", "Vacationing")
    desk.until(lambda: ben not in there(desk) or None, "ben to be away")
    assert "Your Slack status says that you are out of office" in said(desk, "ben", "away")
    assert "Clear it in Slack" in said(desk, "ben", "back")
    desk.client.set_status("ben", ":bus:", something("bus"))
    desk.until(lambda: ben in there(desk) or None, "ben to be there")
