"""Private tickets in a workspace: raised, made private, read and answered, and nothing said elsewhere."""

from __future__ import annotations

import json

from tests.conversations.desk import HELP, TRIAGE, Desk, number_in
from tests.conversations.desk import something as secret

COMBINATIONS = ("socket-sqlite", "http-postgresql")
NOTHING_THERE = "I cannot find {}, or you may not see it. /ticket list shows your tickets."


def said_in_public(desk: Desk, channel: str) -> str:
    """Everything of ours in a channel and its threads, with what is hidden in it."""
    roots = desk.client.messages(channel)
    written = [*roots, *(reply for root in roots for reply in desk.thread(channel, root.ts))]
    return json.dumps([message.raw for message in written if message.app_id])


def test_a_ticket_from_a_direct_message_is_read_and_answered_in_a_modal_alone(desk: Desk) -> None:
    words, more, answer = secret("salary"), secret("contract"), secret("promise")
    person = desk.newcomer("Ida", HELP)
    ticket = desk.raise_directly(person, words)
    direct, root, card = ticket.channel, ticket.root, ticket.card
    desk.client.post(person, direct, more, root)
    desk.settle()
    assert desk.client.click("ben", TRIAGE, card, "Show details").acked
    view = desk.until(lambda: desk.client.view("ben"), "the details to open")
    assert words in json.dumps(view.raw)
    assert more in json.dumps(view.raw)
    assert desk.client.submit("ben", {"Answer": answer}).errors == {}
    desk.until(
        lambda: next((m for m in desk.ours(direct, root) if answer in m.everything), None),
        "the answer in her direct messages",
    )
    desk.settle()
    for channel in (TRIAGE, HELP):
        assert [word for word in (words, more, answer) if word in said_in_public(desk, channel)] == []
    assert [word for word in (words, more, answer) if word in desk.log.stream.getvalue()] == []


def test_the_emoji_takes_a_conversation_out_of_the_channel_and_an_agent_brings_its_card_back(
    desk: Desk,
) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.post("ana", ticket.channel, "It is about Robin", ticket.root)
    desk.card_thread_says(ticket, "about Robin")
    desk.client.react("ana", ticket.channel, ticket.root, "shushing_face")
    desk.told("ana", f"{ticket.number} is private now", "cannot delete")
    desk.card_says(ticket, "Private ticket")
    desk.settle()
    assert ticket.title not in said_in_public(desk, TRIAGE)
    assert "about Robin" not in said_in_public(desk, TRIAGE)
    assert ticket.title in desk.client.messages(desk.client.open_dm("ana"))[-1].text
    assert desk.client.command("maria", HELP, "/ticket", ticket.number).text.count(ticket.title) == 0
    assert ticket.title in desk.client.command("ben", HELP, "/ticket", ticket.number).text
    assert desk.client.click("ben", TRIAGE, ticket.card, "Show details").acked
    assert desk.client.click_view("ben", "Make public").acked
    desk.card_says(ticket, ticket.title)
    desk.client.close("ben", everything=True)
    assert "about Robin" not in said_in_public(desk, TRIAGE)


def test_the_form_raises_one_and_is_ticked_in_direct_messages(desk: Desk) -> None:
    words = secret("illness")
    assert desk.client.command("ana", desk.client.open_dm("ana"), "/ticket", words).acked
    before = desk.tickets()
    assert desk.client.submit("ana").acked
    desk.until(lambda: desk.tickets() > before or None, "the ticket")
    desk.settle()
    assert words not in said_in_public(desk, TRIAGE)
    newest = desk.client.messages(TRIAGE)[-1]
    assert "Private ticket" in newest.text
    person = desk.newcomer("Bob", HELP)
    stranger = desk.client.command(person, HELP, "/ticket", number_in(newest.text)).text
    assert stranger == desk.client.command(person, HELP, "/ticket", "INC-987").text.replace(
        "INC-987", number_in(newest.text)
    )


def test_forms_that_were_open_when_somebody_left_the_desk_change_nothing_and_say_nothing(desk: Desk) -> None:
    words, more, answer = secret("salary"), secret("contract"), secret("promise")
    person, agent = desk.newcomer("Ida", HELP), desk.newcomer("Kim", HELP, TRIAGE)
    ticket = desk.raise_directly(person, words)
    desk.client.post(person, ticket.channel, more, ticket.root)
    desk.settle()
    assert desk.client.click(agent, TRIAGE, ticket.card, "Show details").acked
    view = desk.until(lambda: desk.client.view(agent), "the details to open")
    assert words in json.dumps(view.raw)
    desk.client.leave(agent, TRIAGE)
    desk.settle()
    before = desk.timeline(ticket.number)
    refused = desk.client.submit(agent, {"Answer": answer})
    assert list(refused.errors.values()) == [NOTHING_THERE.format(ticket.number)]
    assert desk.client.click_view(agent, "Make public").acked
    (left,) = [json.dumps(view.raw) for view in desk.client.views(agent)]
    assert NOTHING_THERE.format(ticket.number) in left
    assert [word for word in (words, more) if word in left] == []
    desk.settle()
    assert desk.timeline(ticket.number) == before
    assert answer not in json.dumps([m.raw for m in desk.ours(ticket.channel, ticket.root)])
