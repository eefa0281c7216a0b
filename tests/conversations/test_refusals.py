"""Who may not: nothing changes, and a person is told why, seen by nobody else."""

from __future__ import annotations

import pytest

from bot.models.vocabulary import State
from tests.conversations.desk import DESK_YAML, HELP, TRIAGE, Desk, something

COMBINATIONS = ("socket-sqlite", "http-postgresql")

# Ana and Maria see the cards, but are no agents.
DESK = DESK_YAML.replace('{members_of: "#it-triage"}', '["@ben", "lea@example.com"]')


@pytest.fixture(autouse=True, scope="module")
def onlookers(running: Desk) -> None:
    for person in ("ana", "gus", "otherbot"):
        running.client.invite(person, TRIAGE)
    running.client.invite("sam", HELP)
    running.client.invite("sam", TRIAGE)
    running.settle()


@pytest.mark.parametrize("emoji", ["eyes", "white_check_mark", "hourglass", "rotating_light"])
def test_the_emoji_of_somebody_who_is_no_agent_changes_nothing(desk: Desk, emoji: str) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.react("ana", TRIAGE, ticket.card, emoji)
    desk.told("ana", "Only agents of IT Service Desk", ticket.number)
    assert desk.timeline(ticket.number) == ["raised"]


@pytest.mark.parametrize("label", ["Claim", "Assign", "Waiting", "Resolve", "Note", "Priority"])
def test_the_button_of_somebody_who_is_no_agent_changes_nothing(desk: Desk, label: str) -> None:
    ticket = desk.raise_by_emoji("maria")
    desk.client.click("ana", TRIAGE, ticket.card, label)
    desk.told("ana", "Only agents of IT Service Desk", ticket.number)
    assert desk.client.view("ana") is None
    assert desk.timeline(ticket.number) == ["raised"]


@pytest.mark.parametrize("words", ["claim {}", "wait {}", "resolve {} done", "assign {} @ben", "note {} hm"])
def test_the_words_of_somebody_who_is_no_agent_change_nothing(desk: Desk, words: str) -> None:
    ticket = desk.raise_by_emoji("maria")
    said = desk.client.command("ana", HELP, "/ticket", words.format(ticket.number))
    assert "Only agents" in said.text
    assert desk.timeline(ticket.number) == ["raised"]


def test_a_form_that_somebody_may_no_longer_send_says_so(desk: Desk) -> None:
    agent = desk.newcomer("Ada", TRIAGE)
    ticket = desk.raise_by_emoji("ana")
    said = desk.client.command(agent, HELP, "/ticket", f"resolve {ticket.number}")
    result = desk.client.submit(agent, {"What fixed it?": "Magic"}) if desk.client.view(agent) else said
    assert "Only agents" in str(result.errors) + said.text
    if desk.client.view(agent):  # it opened before it was known who she is
        desk.client.close(agent, everything=True)
    assert desk.ticket(ticket.number).state is State.NEW


def test_what_somebody_who_is_no_agent_writes_under_a_card_is_not_relayed(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("maria")
    desk.client.post("ana", TRIAGE, "I am the desk", ticket.card)
    desk.told("ana", "Only agents")
    desk.settle()
    assert all("I am the desk" not in m.everything for m in desk.thread(ticket.channel, ticket.root))


def test_a_guest_is_told_and_nothing_is_raised(desk: Desk) -> None:
    before = desk.tickets()
    ts = desk.client.post("gus", HELP, something())
    desk.client.react("gus", HELP, ts, "ticket")
    desk.told("gus", "Guest accounts")
    desk.client.command("gus", HELP, "/ticket", something())
    result = desk.client.submit("gus")
    assert "Guest accounts" in str(result.errors)
    desk.client.close("gus", everything=True)
    assert desk.tickets() == before


def test_a_guest_claims_nothing(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.react("gus", TRIAGE, ticket.card, "eyes")
    desk.told("gus", "Guest accounts")
    assert desk.timeline(ticket.number) == ["raised"]


def test_a_person_of_another_organisation_is_told_and_changes_nothing(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.react("sam", TRIAGE, ticket.card, "eyes")
    desk.told("sam", "This desk serves its own organisation")
    ts = desk.client.post("sam", HELP, something())
    before = desk.tickets()
    desk.client.react("sam", HELP, ts, "ticket")
    desk.until(lambda: len(desk.client.ephemerals("sam", HELP)) == 1, "the word to Sam")
    assert desk.timeline(ticket.number) == ["raised"]
    assert desk.tickets() == before


def test_another_app_changes_nothing(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    for emoji in ("eyes", "white_check_mark"):
        desk.client.react("otherbot", TRIAGE, ticket.card, emoji)
    desk.settle()
    assert desk.timeline(ticket.number) == ["raised"]


def test_a_deactivated_person_changes_nothing(desk: Desk) -> None:
    agent = desk.newcomer("Dan", HELP, TRIAGE)
    ticket = desk.raise_by_emoji("ana")
    withheld = desk.client.fault("withhold_events")
    desk.client.react(agent, TRIAGE, ticket.card, "eyes")
    desk.client.change_user(agent, deleted=True)
    assert desk.bot.directory.refresh()
    desk.client.lift(withheld)
    desk.may_log.append("direct reply failed")
    desk.settle()
    assert desk.timeline(ticket.number) == ["raised"]


def test_what_a_stranger_writes_in_a_conversation_goes_no_further(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.post("sam", ticket.channel, "Greetings from outside", ticket.root)
    desk.client.post("ana", ticket.channel, "Do not mind Sam", ticket.root)
    desk.card_thread_says(ticket, "Do not mind Sam")
    desk.settle()
    assert all("outside" not in m.everything for m in desk.thread(TRIAGE, ticket.card))
