"""What people may write, and call themselves: nothing pings, nothing breaks, nothing is lost."""

from __future__ import annotations

import pytest

from bot.delivery.marker import EVENT_TYPE
from sandbox.validation.mentions import live_markup
from tests.conversations.desk import HELP, TRIAGE, Desk, something

COMBINATIONS = ("socket-sqlite", "http-postgresql")

NASTY = {
    "a mass mention": "<!channel> <!here> <!everyone>",
    "a user group": "<!subteam^S012345|@everyone>",
    "a link in disguise": "<https://evil.example|bank.example>",
    "escaped markup": "&lt;!channel&gt; &amp;lt;!channel&amp;gt;",
    "half a mention": "<!channel <@U <#C> <https://",
    "right to left": "\u202edlrow olleh\u202c مرحبا \u2066x\u2069",
    "zero width": "a\u200bb\u200d\ufeff\u2060c",
    "mrkdwn": "*bold* _it_ ~no~ `code` ```block``` > quote",
    "emoji": "🧯👩🏽‍🚒 :fire: :not_an_emoji:",
    "combining": "Z̷̢̛a̶l̸g̷o̵" * 20,
    "lines": "one\n\n\n\n\n\n\n\n\n\n\n\ntwo",
    "a template": "{number} %s ${x} {{y}} \\u0000",
    "SQL": "'; DROP TABLE ticket; --",
}


def harmless(desk: Desk) -> None:
    """Nothing that was posted pings anybody's crowd, or shows a link with another face."""
    for call in desk.client.calls():
        if call.method.startswith("chat."):
            assert live_markup(call.args) == []
            assert "<https://evil.example" not in str(call.args.get("text"))
            assert "'url': 'https://evil.example', 'text': 'bank" not in str(call.args.get("blocks"))


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY.keys())
def test_a_message_with_it_becomes_a_ticket_that_keeps_every_word(desk: Desk, text: str) -> None:
    marked = f"{something()} {text}"
    ts = desk.client.post("ana", HELP, marked, raw=True)
    desk.client.react("ana", HELP, ts, "ticket")
    ticket = desk.appeared(marked.split(" is broken", maxsplit=1)[0], HELP, ts)
    assert desk.ticket(ticket.number).description == marked
    desk.client.post("ana", HELP, f"Also {text}", ts, raw=True)
    desk.card_thread_says(ticket, "Also")
    desk.client.post("ben", TRIAGE, f"Answer {text}", ticket.card, raw=True)
    desk.conversation_says(ticket, "Answer")
    desk.settle()
    harmless(desk)


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY.keys())
def test_a_form_takes_it(desk: Desk, text: str) -> None:
    marked = f"{something()} {text}"
    desk.client.command("ana", "#general", "/ticket", marked)
    values = {"What is it about?": marked, "What is affected?": text[:40], "Title": marked[:150]}
    assert desk.client.submit("ana", values).errors == {}
    ticket = desk.appeared(marked.split(" is broken", maxsplit=1)[0])
    desk.client.click("ben", TRIAGE, ticket.card, "Resolve")
    assert desk.client.submit("ben", {"What fixed it?": text}).errors == {}
    desk.card_says(ticket, "Resolved")
    desk.conversation_says(ticket, "is resolved")
    assert desk.client.command("ana", HELP, "/ticket", ticket.number).acked
    desk.settle()
    harmless(desk)


def test_four_thousand_characters_are_kept(desk: Desk) -> None:
    head = something()
    text = (head + " " + "word " * 1000)[:3990] + "the end"
    ts = desk.client.post("ana", HELP, text)
    desk.client.react("ana", HELP, ts, "ticket")
    ticket = desk.appeared(head, HELP, ts)
    assert desk.ticket(ticket.number).description == text
    assert f"/ticket {ticket.number} shows all of it" in desk.card(ticket).everything
    assert "the end" in desk.client.command("ana", HELP, "/ticket", ticket.number).text
    desk.client.post("ana", HELP, text + " again", ts)
    desk.card_thread_says(ticket, "the end again")


def test_a_command_that_is_too_long_for_the_form_says_so(desk: Desk) -> None:
    text = (something() + " " + "word " * 1000)[:4000]
    assert desk.client.command("ana", HELP, "/ticket", text).acked
    form = desk.client.view("ana")
    assert form is not None
    assert "longer than this form takes" in form.text
    desk.client.close("ana", everything=True)


@pytest.mark.parametrize(
    "name", ["Zoë 🦊", "<!channel>", "*Bold* _Name_", "\u202eeve", "A" * 80, ":tada: &lt;x&gt;"]
)
def test_names_are_shown_and_do_nothing(desk: Desk, name: str) -> None:
    person = desk.newcomer("Odd", HELP, TRIAGE)
    desk.client.change_user(person, display_name=name)
    desk.settle()
    ticket = desk.raise_by_emoji(person)
    desk.client.react(person, TRIAGE, ticket.card, "eyes")
    desk.card_says(ticket, "In progress")
    desk.client.post(person, TRIAGE, "Hello there", ticket.card)
    desk.conversation_says(ticket, "Hello there")
    desk.settle()
    harmless(desk)


def test_our_posts_are_marked(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    assert desk.card(ticket).metadata["event_type"] == EVENT_TYPE


def test_an_empty_message_becomes_a_ticket_with_a_title(desk: Desk) -> None:
    before = desk.tickets()
    ts = desk.client.post("ana", HELP, "\u200b", raw=True)
    desk.client.react("ana", HELP, ts, "ticket")
    desk.settle()
    assert desk.tickets() == before + 1
