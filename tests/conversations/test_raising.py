"""Raising a ticket, in every way there is, and how it then stands in Slack."""

from __future__ import annotations

from bot.models.vocabulary import Kind, Level
from tests.conversations.desk import HELP, TRIAGE, Desk, number_in, something


def test_a_command_opens_a_filled_form_and_its_ticket_is_a_thread_in_the_request_channel(desk: Desk) -> None:
    text = something()
    assert desk.client.command("ana", HELP, "/ticket", text).acked
    form = desk.client.view("ana")
    assert form is not None
    assert text in str(form.blocks)
    assert desk.client.submit("ana").acked
    ticket = desk.appeared(text)
    root = desk.client.message(ticket.channel, ticket.root)
    assert root is not None
    assert root.app_id
    assert ticket.channel == desk.client.channel_id(HELP)
    assert ticket.number in root.text
    assert text in root.text
    assert "nobody has taken it yet" in root.text


def test_the_form_says_what_kind_of_ticket_it_is_and_how_urgent(desk: Desk) -> None:
    ticket = desk.raise_by_command(
        "ana",
        Kind.REQUEST.value + something("desk"),
        **{
            "Which is it?": "I need something",
            "What is affected?": "Floor 3",
            "How many people does it touch?": "Many people, or a whole site",
            "How much does it hold up?": "Work has stopped",
            "Category": "Hardware",
        },
    )
    view = desk.ticket(ticket.number)
    assert ticket.number.startswith("REQ-")
    assert (view.kind, view.impact, view.urgency, view.priority) == (
        Kind.REQUEST,
        Level.HIGH,
        Level.HIGH,
        "P1",
    )
    assert (view.affected, view.category) == ("Floor 3", "Hardware")
    desk.card_says(ticket, "P1", "Hardware", "Floor 3")


def test_a_form_without_a_description_is_not_sent(desk: Desk) -> None:
    before = desk.tickets()
    desk.client.command("ana", HELP, "/ticket")
    result = desk.client.submit("ana", {"What is it about?": "   "})
    assert list(result.errors) == ["raise.description"]
    desk.client.close("ana", everything=True)
    assert desk.tickets() == before


def test_a_command_elsewhere_opens_the_conversation_as_a_direct_message(desk: Desk) -> None:
    ticket = desk.raise_by_command("maria", channel="#general")
    assert ticket.channel == desk.client.open_dm("maria")
    root = desk.client.message(ticket.channel, ticket.root)
    assert root is not None
    assert root.app_id
    assert ticket.number in root.text


def test_the_emoji_raises_a_ticket_from_a_message_for_its_author(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana", by="maria")
    view = desk.ticket(ticket.number)
    assert view.requester.id == desk.client.user_id("ana")
    assert view.raiser.id == desk.client.user_id("maria")
    assert view.origin is not None
    assert f"/p{ticket.root.replace('.', '')}" in view.origin.url
    assert abs(view.raised_at.timestamp() - float(ticket.root)) < 0.01
    desk.card_says(ticket, "Maria raised it for Ana")
    assert ticket.number in desk.conversation_says(ticket, ticket.number).text


def test_the_emoji_on_a_reply_raises_one_ticket_for_the_whole_thread(desk: Desk) -> None:
    root = desk.client.post("ben", HELP, "Does anybody have trouble today?")
    text = something("scanner")
    reply = desk.client.post("ana", HELP, text, root)
    desk.client.react("maria", HELP, reply, "ticket")
    ticket = desk.appeared(text, HELP, root)
    assert desk.ticket(ticket.number).requester.id == desk.client.user_id("ana")
    desk.conversation_says(ticket, ticket.number)
    before = desk.tickets()
    for ts in (root, desk.client.post("lea", HELP, "Same here", root), reply):
        desk.client.react("lea", HELP, ts, "ticket")
        desk.settle()
    assert desk.tickets() == before
    desk.told("lea", ticket.number, "already")
    words = desk.until(
        lambda: found if len(found := desk.client.ephemerals("lea", HELP)) == 3 else None, "a word each time"
    )
    # Who reacts to a reply has its thread open; who reacts to the root reads the channel.
    assert [word.thread_ts for word in words] == ["", root, root]
    assert len(desk.ours(HELP, root)) == 1


def test_the_shortcut_raises_a_ticket_from_any_message_of_the_desk(desk: Desk) -> None:
    text = something("tablet")
    ts = desk.client.post("ana", HELP, text)
    assert desk.client.shortcut("maria", "raise_ticket", HELP, ts).acked
    ticket = desk.appeared(text, HELP, ts)
    assert desk.ticket(ticket.number).requester.id == desk.client.user_id("ana")
    desk.conversation_says(ticket, ticket.number)


def test_the_shortcut_where_the_bot_is_not_talks_in_direct_messages(desk: Desk) -> None:
    text = something("monitor")
    ts = desk.client.post("ana", "#random", text)
    assert desk.client.shortcut("ana", "raise_ticket", "#random", ts).acked
    ticket = desk.appeared(text)
    assert ticket.channel == desk.client.open_dm("ana")


def test_a_mention_in_a_request_channel_raises_a_ticket(desk: Desk) -> None:
    text = something("camera")
    ts = desk.client.post("ana", HELP, f"<@{desk.client.user_id('@app')}> {text}")
    ticket = desk.appeared(text, HELP, ts)
    assert desk.client.user_id("@app") not in desk.ticket(ticket.number).description


def test_a_direct_message_raises_a_ticket(desk: Desk) -> None:
    person = desk.newcomer("Nia", HELP)
    ticket = desk.raise_directly(person, something("badge"))
    desk.conversation_says(ticket, ticket.number)


def test_a_second_direct_message_asks_whether_it_belongs_to_the_first(desk: Desk) -> None:
    person = desk.newcomer("Noa", HELP)
    ticket = desk.raise_directly(person, something("badge"))
    channel = ticket.channel
    second = something("cable")
    ts = desk.client.post(person, channel, second)
    question = desk.until(lambda: desk.ours(channel, ts), "the question")[0]
    assert question.buttons == [f"Add to {ticket.number}", "New ticket"]
    desk.client.click(person, channel, question.ts, f"Add to {ticket.number}")
    desk.card_thread_says(ticket, "wrote a message", "private")
    desk.until(lambda: not desk.ours(channel, ts)[0].buttons or None, "the answered question")
    assert desk.ours(channel, ts)[0].text == f"Added to {ticket.number}."
    third = something("lamp")
    ts = desk.client.post(person, channel, third)
    question = desk.until(lambda: desk.ours(channel, ts), "the question")[0]
    desk.client.click(person, channel, question.ts, "New ticket")
    assert desk.appeared_privately(third, channel, ts).number != ticket.number


def test_words_of_a_bot_belong_to_who_raised_them(desk: Desk) -> None:
    text = something("backup")
    ts = desk.client.post_webhook(HELP, text, username="Monitoring")
    desk.client.react("maria", HELP, ts, "ticket")
    ticket = desk.appeared(text, HELP, ts)
    assert desk.ticket(ticket.number).requester.id == desk.client.user_id("maria")


def test_the_emoji_means_nothing_where_no_desk_listens(desk: Desk) -> None:
    before = desk.tickets()
    ts = desk.client.post("ana", "#general", something())
    desk.client.react("ana", "#general", ts, "ticket")
    desk.settle()
    assert desk.tickets() == before


def test_a_card_shows_the_ticket_and_the_buttons_of_its_state(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    card = desk.card(ticket)
    for words in (ticket.number, "P3", ticket.title, "Ana", "New since", "nobody has it yet", "Conversation"):
        assert words in card.everything
    assert card.buttons == ["Claim", "Assign", "Waiting", "Resolve", "Note", "Priority", "Cancel"]
    assert number_in(card.text) == ticket.number
    assert [m.ts for m in desk.client.messages(TRIAGE) if ticket.title in m.text] == [ticket.card]
