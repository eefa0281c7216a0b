"""The App Home: what people see and do there, from the event to the view in Slack."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.clock import real_now
from bot.models import Person
from tests.conversations.desk import HELP, TRIAGE, Desk, Raised, something

COMBINATIONS = ("socket-sqlite", "http-postgresql")


def shown(desk: Desk, person: str) -> str:
    """All of somebody's Home, as text."""
    home = desk.client.home(person)
    return json.dumps(home.raw, ensure_ascii=False) if home else ""


def home_says(desk: Desk, person: str, *words: str) -> str:
    return desk.until(
        lambda: found if all(word in (found := shown(desk, person)) for word in words) else None,
        f"the Home of {person} to say {words}",
        lambda: shown(desk, person),
    )


def home_says_no_more(desk: Desk, person: str, word: str) -> None:
    desk.until(lambda: word not in shown(desk, person) or None, f"{word} to leave the Home of {person}")


def modal(desk: Desk, person: str) -> str:
    """The modal that somebody sees, as text."""
    stack = desk.client.views(person)
    return json.dumps(stack[-1].raw, ensure_ascii=False) if stack else ""


def alone(desk: Desk) -> Raised:
    """The only open ticket there is."""
    desk.cancel_everything()
    return desk.raise_by_emoji("ana")


def test_opening_home_shows_it_within_a_second_and_nothing_else_happens(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.settle()
    desk.client.forget()
    begun = time.monotonic()
    desk.client.open_home("ana")
    home_says(desk, "ana", "Raise a ticket", ticket.number, ticket.title, "Thread")
    assert time.monotonic() - begun < 2
    desk.settle()
    writes = [call.method for call in desk.client.calls() if call.method.startswith(("views.", "chat."))]
    assert writes == ["views.publish"]


def test_the_messages_tab_is_for_writing_and_opens_nothing(desk: Desk) -> None:
    person = desk.newcomer("Mo", HELP)
    desk.client.forget()
    desk.client.open_home(person, tab="messages")
    desk.settle()
    assert [e.event["tab"] for e in desk.client.envelopes("app_home_opened")] == ["messages"]
    assert [call.method for call in desk.client.calls() if call.method.startswith(("views.", "chat."))] == []
    assert desk.client.home(person) is None


def test_a_ticket_is_raised_from_home_and_shows_there(desk: Desk) -> None:
    person = desk.newcomer("Noa", HELP)
    desk.client.open_home(person)
    home_says(desk, person, "You have no open tickets")
    assert desk.client.click_view(person, "Raise a ticket").acked
    text = something()
    assert desk.client.submit(person, {"What is it about?": text}).acked
    home_says(desk, person, text, "nobody has it yet", "Thread")


def test_an_agent_claims_and_resolves_from_home(desk: Desk) -> None:
    ticket = alone(desk)
    desk.client.open_home("ben")
    desk.client.open_home("ana")
    home_says(desk, "ana", ticket.number)
    home_says(desk, "ben", ticket.number, "Waiting for somebody · 1")
    assert desk.client.click_view("ben", "Claim").acked
    home_says(desk, "ben", "Assigned to you · 1", "Resolve", "Nothing waits")
    desk.card_says(ticket, "Ben")
    home_says(desk, "ana", "In progress since")
    assert desk.client.click_view("ben", "Resolve").acked
    assert desk.client.submit("ben", {"What fixed it?": "A new fuse"}).acked
    home_says(desk, "ben", "You have no tickets right now.")
    home_says(desk, "ana", "Resolved", "Reopen")
    assert desk.client.click_view("ana", "Reopen").acked
    home_says(desk, "ben", "Assigned to you · 1")


@pytest.mark.parametrize("is_known", [True, False])
def test_the_loser_of_a_race_reads_it_on_top_of_home_and_is_sent_no_message(
    desk: Desk, is_known: bool
) -> None:
    """Also when who it is had to be looked up first."""
    ticket = alone(desk)
    desk.client.open_home("ben")
    home_says(desk, "ben", "Claim")
    desk.settle()
    stuck = desk.client.fault("error", "views.publish", error="ratelimited")
    desk.client.react("lea", TRIAGE, ticket.card, "eyes")
    desk.card_says(ticket, "Lea")
    if not is_known:
        with desk.bot.store.write() as session:
            session.execute(update(Person).values(refreshed_at=real_now() - timedelta(hours=1)))
    assert desk.client.click_view("ben", "Claim").acked
    desk.client.lift(stuck)
    home_says(desk, "ben", "⚠️", f"Lea has {ticket.number} already")
    assert desk.said_to("ben") == []
    assert desk.timeline(ticket.number) == ["raised", "claimed"]


def test_every_number_of_a_lead_opens_and_long_lists_turn(desk: Desk) -> None:
    desk.cancel_everything()
    for _ in range(12):
        desk.client.command("ana", HELP, "/ticket", something())
        assert desk.client.submit("ana").acked
    desk.client.open_home("lea")
    home_says(desk, "lea", "12 open", "Show all 12")
    assert desk.client.click_view("lea", "Show all 12").acked
    assert "Page 1 of 2" in modal(desk, "lea")
    assert desk.client.click_view("lea", "Next").acked
    assert "Page 2 of 2" in modal(desk, "lea")
    desk.client.close("lea", everything=True)
    assert desk.client.click_view("lea", "12 open").acked
    assert "Open · 12 tickets" in modal(desk, "lea")
    desk.client.close("lea", everything=True)
    assert desk.client.click_view("lea", "0 overdue").acked
    assert "None right now." in modal(desk, "lea")
    desk.client.close("lea", everything=True)
    desk.cancel_everything()


def test_a_guest_reads_a_plain_sentence_and_has_no_button(desk: Desk) -> None:
    desk.client.open_home("gus")
    said = home_says(desk, "gus", "Guest accounts cannot raise tickets here.")
    assert "button" not in said


@pytest.mark.parametrize("is_home", [True, False])
def test_a_form_that_is_refused_later_is_answered_where_the_bot_can(desk: Desk, is_home: bool) -> None:
    """“Got it” promised an answer; a Home has no channel, and the bot is not in every channel."""
    person = desk.newcomer("Ned", HELP, "#random")
    if is_home:
        desk.client.open_home(person)
        home_says(desk, person, "Raise a ticket")
        assert desk.client.click_view(person, "Raise a ticket").acked
    else:
        assert desk.client.command(person, "#random", "/ticket", "").acked
    withheld = desk.client.fault("withhold_events")
    desk.client.change_user(person, is_restricted=True)
    with desk.bot.store.write() as session:
        session.execute(update(Person).values(refreshed_at=real_now() - timedelta(hours=1)))
    assert desk.client.submit(person, {"What is it about?": something()}).acked
    assert "hear from me" in modal(desk, person)
    desk.until(lambda: said_directly(desk, person), "the answer to the form")
    desk.client.lift(withheld)
    desk.settle()
    [said] = said_directly(desk, person)
    assert "the form" in said
    assert "Guest accounts" in said
    assert desk.said_to(person) == []


def said_directly(desk: Desk, person: str) -> list[str]:
    """What the bot wrote to somebody in direct messages."""
    return [m.everything for m in desk.client.messages(desk.client.open_dm(person)) if m.app_id]


def test_a_private_ticket_is_not_told_on_the_homes_of_others(desk: Desk) -> None:
    desk.cancel_everything()
    person = desk.newcomer("Pia", HELP)
    ticket = desk.raise_directly(person, "My salary is wrong")
    desk.client.open_home(person)
    desk.client.open_home("ben")
    home_says(desk, person, "My salary is wrong")
    assert "salary" not in home_says(desk, "ben", ticket.number, "Private ticket", "Show details")


def test_who_lost_their_role_sees_so_when_something_happens(desk: Desk) -> None:
    agent = desk.newcomer("Kit", TRIAGE)
    desk.client.open_home(agent)
    home_says(desk, agent, "Waiting for somebody")
    desk.client.leave(agent, TRIAGE)
    desk.settle()
    desk.raise_by_emoji("ana")
    home_says_no_more(desk, agent, "Waiting for somebody")
