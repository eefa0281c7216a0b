"""Events that Slack never sends: what people wrote and did all the same is found, once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from bot.models import Ticket
from tests.conversations.desk import HELP, TRIAGE, Desk, something

COMBINATIONS = ("socket-sqlite", "http-postgresql")
SKIPS_TIME = True
FOUND = "caught up on what no event told of"


@pytest.fixture
def silence(desk: Desk) -> Iterator[Desk]:
    """Slack loses events until the bot reads back."""
    desk.may_log.append(FOUND)
    desk.client.fault("lose_events")
    yield desk
    desk.client.lift()


def read_back(desk: Desk) -> None:
    """The incident is over; the bot notices a gap and has read back what it watches."""
    desk.client.lift()
    before = len(desk.client.calls("conversations.history"))
    desk.bot.sweep.gap(everywhere=True)
    desk.until(lambda: len(desk.client.calls("conversations.history")) > before or None, "a look at channels")
    desk.until(lambda: desk.bot.sweep.is_done() or None, "everything to be read back")
    desk.settle()


def test_an_emoji_that_nobody_heard_of_raises_one_ticket(silence: Desk) -> None:
    text = something()
    ts = silence.client.post("ana", HELP, text)
    silence.client.react("ana", HELP, ts, "ticket")
    read_back(silence)
    ticket = silence.appeared(text, HELP, ts)
    view = silence.ticket(ticket.number)
    assert f"{view.raised_at.timestamp():.3f}" == f"{float(ts):.3f}"
    read_back(silence)
    silence.card_about(text)
    assert silence.said_to("ana") == []


def test_an_emoji_that_nobody_heard_of_on_a_message_of_hours_ago_raises_one_ticket(desk: Desk) -> None:
    text, taken_back = something(), something()
    ts, other = (desk.client.post("ana", HELP, each) for each in (text, taken_back))
    desk.client.post("ben", HELP, "Off and on again?", thread_ts=ts)
    desk.settle()
    for _ in range(2):
        desk.skip(2 * 3600)
        read_back(desk)
    desk.client.fault("lose_events")
    desk.client.react("ana", HELP, ts, "ticket")
    desk.client.react("ana", HELP, other, "ticket")
    desk.client.unreact("ana", HELP, other, "ticket")
    desk.client.post("ben", HELP, "I come and look", thread_ts=ts)
    before = desk.tickets()
    read_back(desk)
    ticket = desk.appeared(text, HELP, ts)
    for _ in range(2):
        read_back(desk)
    desk.card_thread_says(ticket, "I come and look")
    assert desk.timeline(ticket.number) == ["raised", "commented"]
    assert desk.tickets() == before + 1
    assert desk.said_to("ana") == []


def test_a_deleted_request_stays_with_whoever_claimed_it(desk: Desk) -> None:
    ticket = desk.raise_by_emoji()
    desk.client.react("ben", HELP, ticket.root, "eyes")
    desk.card_says(ticket, "In progress")
    desk.settle()
    desk.client.delete("ana", HELP, ticket.root)
    desk.skip(600)
    read_back(desk)
    assert "released" not in desk.timeline(ticket.number)


def test_talk_on_both_sides_of_an_open_ticket_is_made_up_for(desk: Desk) -> None:
    ticket = desk.raise_by_emoji()
    desk.settle()
    desk.may_log.append(FOUND)
    desk.client.fault("lose_events")
    desk.client.post("ana", HELP, "it smells of smoke now", thread_ts=ticket.root)
    desk.client.post("ben", TRIAGE, "I bring the extinguisher", thread_ts=ticket.card)
    desk.client.react("ben", TRIAGE, ticket.card, "eyes")
    read_back(desk)
    desk.card_says(ticket, "In progress", "Ben")
    desk.card_thread_says(ticket, "it smells of smoke now")
    desk.conversation_says(ticket, "I bring the extinguisher")
    assert desk.timeline(ticket.number).count("commented") == 2
    read_back(desk)
    assert desk.timeline(ticket.number).count("commented") == 2
    assert desk.timeline(ticket.number).count("claimed") == 1


def test_an_emoji_that_was_taken_away_meanwhile_gives_the_ticket_back(desk: Desk) -> None:
    ticket = desk.raise_by_emoji()
    desk.client.react("ben", TRIAGE, ticket.card, "eyes")
    desk.card_says(ticket, "In progress")
    desk.settle()
    desk.may_log.append(FOUND)
    desk.client.fault("lose_events")
    desk.client.unreact("ben", TRIAGE, ticket.card, "eyes")
    read_back(desk)
    assert desk.timeline(ticket.number).count("released") == 0, (
        "so young an event is believed, not the history"
    )


def test_what_was_said_in_a_thread_before_it_became_a_ticket_is_no_news(desk: Desk) -> None:
    text = something()
    ts = desk.client.post("ana", HELP, text)
    desk.client.post("ben", HELP, "Off and on again?", thread_ts=ts)
    desk.client.post("ana", HELP, "Twice", thread_ts=ts)
    desk.settle()
    desk.skip(60)
    desk.client.react("ana", HELP, ts, "ticket")
    ticket = desk.appeared(text, HELP, ts)
    desk.settle()
    read_back(desk)
    assert desk.timeline(ticket.number) == ["raised"]


def test_a_direct_message_raises_a_ticket(desk: Desk) -> None:
    desk.cancel_everything()
    first, second = something(), something()
    desk.raise_directly("ana", first)
    desk.cancel_everything()
    desk.may_log.append(FOUND)
    desk.client.fault("lose_events")
    channel = desk.client.open_dm("ana")
    ts = desk.client.post("ana", channel, second)
    read_back(desk)
    desk.appeared_privately(second, channel, ts)


def test_a_screenshot_in_a_direct_message_raises_a_ticket_that_links_to_it(desk: Desk) -> None:
    person = desk.newcomer("Nik", HELP)
    channel = desk.client.open_dm(person)
    desk.client.post(person, channel, "Hello")
    desk.settle()
    desk.cancel_everything()
    desk.may_log.append(FOUND)
    desk.client.fault("lose_events")
    sent = desk.client.act("upload", user=person, channel=channel, name="blue.png", content="")
    read_back(desk)
    raised = desk.appeared_privately("blue.png", channel, str(sent["ts"]))
    with desk.bot.store.read() as session:
        (ticket,) = session.scalars(select(Ticket).where(Ticket.number == raised.number))
    assert ticket.title == "blue.png"
    assert "https://harbour.slack.com/files/" in ticket.description


def test_events_that_come_after_all_change_nothing(desk: Desk) -> None:
    desk.may_log.append(FOUND)
    fault = desk.client.fault("withhold_events")
    text = something()
    ts = desk.client.post("ana", HELP, text)
    desk.client.react("ana", HELP, ts, "ticket")
    before = desk.tickets()
    desk.bot.sweep.gap(everywhere=False)
    ticket = desk.appeared(text, HELP, ts)
    desk.client.lift(fault)
    desk.client.redeliver()
    desk.settle()
    assert desk.tickets() == before + 1
    assert desk.timeline(ticket.number).count("raised") == 1
    assert desk.said_to("ana") == []


def test_pages_of_fifteen_are_read_to_the_end(silence: Desk) -> None:
    texts = [something() for _ in range(4)]
    for text in texts:
        ts = silence.client.post("ana", HELP, text)
        silence.client.react("ana", HELP, ts, "ticket")
        for number in range(8):
            silence.client.post("ben", HELP, f"small talk {number}")
    silence.client.lift()
    silence.client.fault("page_cap", count=15)
    silence.bot.sweep.gap(everywhere=False)
    for text in texts:
        silence.appeared(text)


def test_an_emoji_on_what_was_no_ticket_yet_claims_nothing_later(desk: Desk) -> None:
    text = something()
    ts = desk.client.post("ana", HELP, text)
    desk.client.react("ben", HELP, ts, "eyes")
    desk.settle()
    desk.client.react("ana", HELP, ts, "ticket")
    ticket = desk.appeared(text, HELP, ts)
    desk.settle()
    read_back(desk)
    assert "claimed" not in desk.timeline(ticket.number)


def test_events_that_slack_left_out_because_there_were_too_many_are_read_back(desk: Desk) -> None:
    desk.may_log += [FOUND, "Slack left out events because there were too many"]
    text = something()
    ts = desk.client.post("ana", HELP, text)
    desk.settle()
    desk.client.settings(rate_scale=1000, events_per_hour=0.001)  # one in the whole hour
    desk.client.react("ana", HELP, ts, "ticket")
    ticket = desk.appeared(text, HELP, ts)
    desk.client.settings(rate_scale=0, events_per_hour=30_000)
    assert desk.timeline(ticket.number) == ["raised"]
    assert desk.parked() == 0
