"""Requester and agents talk: each word reaches the other side once, and what is inside stays inside."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from bot.delivery.client import SlackClient
from bot.models.vocabulary import State
from sandbox.seen import SeenMessage
from tests.conversations.desk import HELP, TRIAGE, Desk, Raised, number_in, something


def test_what_the_requester_writes_is_shown_under_the_card_in_their_name(desk: Desk) -> None:
    picture = "https://example.com/pia.png"
    person = desk.newcomer("Pia", HELP, image=picture)
    ticket = desk.raise_by_emoji(person)
    desk.client.post(person, ticket.channel, "It smells of *smoke*", ticket.root)
    word = desk.card_thread_says(ticket, "It smells of")
    assert word.raw["username"] == "Pia"
    desk.settle()
    posted = [call for call in desk.client.calls("chat.postMessage") if "smells" in str(call.args)]
    assert [call.args["icon_url"] for call in posted] == [picture]
    assert len(desk.ours(TRIAGE, ticket.card)) == 1


def test_what_an_agent_writes_under_the_card_is_shown_to_the_requester_once(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.post("ben", TRIAGE, "Please switch it off", ticket.card)
    word = desk.conversation_says(ticket, "Please switch it off")
    assert word.raw["username"] == "Ben"
    desk.settle()
    said = [m for m in desk.thread(ticket.channel, ticket.root) if "switch it off" in m.everything]
    assert len(said) == 1


def test_an_agent_who_writes_in_the_conversation_is_shown_under_the_card(desk: Desk) -> None:
    ticket = desk.raise_by_command("ana")
    desk.client.post("ben", ticket.channel, "I am on my way", ticket.root)
    assert desk.card_thread_says(ticket, "I am on my way").raw["username"] == "Ben"


def test_talk_in_direct_messages_goes_both_ways(desk: Desk) -> None:
    ticket = desk.raise_by_command("maria", channel="#general")
    desk.client.post("maria", ticket.channel, "Any news?", ticket.root)
    desk.card_thread_says(ticket, "Any news?")
    desk.client.post("ben", TRIAGE, "Not yet", ticket.card)
    desk.conversation_says(ticket, "Not yet")


@pytest.mark.parametrize("mark", ["note: ", "Note:", "🔒 ", ":lock:"])
def test_a_note_under_the_card_stays_inside(desk: Desk, mark: str) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.post("ben", TRIAGE, f"{mark}they always say that", ticket.card)
    desk.card_says(ticket, "Ben added a note")
    desk.settle()
    assert all("always say" not in m.everything for m in desk.thread(ticket.channel, ticket.root))


def test_words_of_other_bots_are_not_relayed(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.invite("otherbot", HELP)
    desk.client.post("otherbot", ticket.channel, "I am a bot", ticket.root)
    desk.client.post("ben", TRIAGE, "A person speaks", ticket.card)
    desk.conversation_says(ticket, "A person speaks")
    desk.settle()
    assert desk.ours(TRIAGE, ticket.card) == []


def test_talk_elsewhere_is_nobodys_business(desk: Desk) -> None:
    desk.raise_by_emoji("ana")
    root = desk.client.post("ana", HELP, "Lunch?")
    desk.client.post("ben", HELP, "Yes please", root)
    desk.settle()
    assert all("Yes please" not in m.everything for m in desk.client.messages(TRIAGE))


def test_an_edited_message_is_noted_and_its_copy_follows(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    ts = desk.client.post("ana", ticket.channel, "It is on floor 2", ticket.root)
    desk.card_thread_says(ticket, "floor 2")
    desk.client.edit("ana", ticket.channel, ts, "It is on floor 4")
    desk.card_thread_says(ticket, "floor 4")
    assert "message_edited" in desk.timeline(ticket.number)


def test_a_deleted_message_is_noted_and_its_copy_says_so(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    ts = desk.client.post("ana", ticket.channel, "My password is swordfish", ticket.root)
    desk.card_thread_says(ticket, "swordfish")
    desk.client.delete("ana", ticket.channel, ts)
    desk.card_thread_says(ticket, "This message was removed")
    assert all("swordfish" not in str(m.raw) for m in desk.ours(TRIAGE, ticket.card))
    assert "message_deleted" in desk.timeline(ticket.number)


def test_when_our_opening_is_deleted_the_talk_goes_on_under_the_new_one(desk: Desk) -> None:
    ticket = desk.raise_by_command("ana")
    app = SlackClient(desk.server.bot_token, base_url=desk.server.api_url)
    app.call("chat.delete", channel=ticket.channel, ts=ticket.root)
    desk.client.click("ben", TRIAGE, ticket.card, "Claim")
    openings = partial(_openings, desk, ticket)
    again = replace(ticket, root=desk.until(openings, "the opening to be posted anew")[0].ts)
    desk.settle()
    desk.client.post("ben", TRIAGE, "Look at the fuse", ticket.card)
    desk.conversation_says(again, "Look at the fuse")
    desk.client.post("ana", ticket.channel, "It was the fuse", again.root)
    desk.card_thread_says(ticket, "It was the fuse")


def _openings(desk: Desk, ticket: Raised) -> list[SeenMessage]:
    return [
        m for m in desk.client.messages(ticket.channel) if m.app_id and number_in(m.text) == ticket.number
    ]


def test_who_deleted_their_message_before_it_was_answered_is_answered_directly(desk: Desk) -> None:
    text = something("fuse box")
    ts = desk.client.post("ana", HELP, text)
    desk.client.fault("ratelimited", "chat.postMessage", contains=ts, seconds=3, times=1)
    desk.client.react("ana", HELP, ts, "ticket")
    ticket = desk.appeared(text, HELP, ts)
    desk.client.post("ben", TRIAGE, "Look at the fuse", ticket.card)
    desk.until(lambda: "commented" in desk.timeline(ticket.number) or None, "the comment")
    desk.client.delete("ana", HELP, ts)
    here = replace(ticket, channel=desk.client.open_dm("ana"))
    opening = desk.until(partial(_openings, desk, here), "the opening in direct messages")[0]
    again = replace(here, root=opening.ts)
    desk.conversation_says(again, "Look at the fuse")
    desk.client.click("ben", TRIAGE, ticket.card, "Claim")
    desk.client.post("ana", again.channel, "It was the fuse", again.root)
    desk.card_thread_says(ticket, "It was the fuse")
    desk.client.react("ben", TRIAGE, ticket.card, "white_check_mark")
    desk.conversation_says(again, "resolved")
    assert text not in [m.text for m in desk.client.messages(HELP)]


def test_an_answer_under_a_message_that_was_deleted_meanwhile_is_given_directly(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    _clear(desk, ticket.channel, ticket.root)
    desk.client.post("ben", TRIAGE, "Look at the fuse", ticket.card)
    here = replace(ticket, channel=desk.client.open_dm("ana"))
    opening = desk.until(partial(_openings, desk, here), "the opening in direct messages")[0]
    desk.conversation_says(replace(here, root=opening.ts), "Look at the fuse")


def test_what_belongs_under_a_deleted_message_of_ours_goes_under_the_one_that_replaces_it(desk: Desk) -> None:
    ticket = desk.raise_by_command("ana")
    _clear(desk, TRIAGE, ticket.card)
    desk.client.post("ana", ticket.channel, "It smells burnt", ticket.root)
    card = desk.until(lambda: desk.card_about(ticket.title), "the card to be posted anew")
    desk.card_thread_says(replace(ticket, card=card.ts), "It smells burnt")
    _clear(desk, ticket.channel, ticket.root)
    desk.client.post("ben", TRIAGE, "Leave the room", card.ts)
    opening = desk.until(partial(_openings, desk, ticket), "the opening to be posted anew")[0]
    desk.conversation_says(replace(ticket, root=opening.ts), "Leave the room")


def _clear(desk: Desk, channel: str, root: str) -> None:
    """A message and all that stands under it are deleted."""
    desk.settle()
    app = SlackClient(desk.server.bot_token, base_url=desk.server.api_url)
    for message in reversed(desk.client.messages(channel, thread_ts=root)):
        if message.app_id:
            app.call("chat.delete", channel=desk.client.channel_id(channel), ts=message.ts)
        else:
            desk.client.delete(message.user, channel, message.ts)
    desk.settle()


def test_edits_of_the_ticketed_message_itself_are_noted(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.edit("ana", ticket.channel, ticket.root, "Never mind the printer")
    desk.until(lambda: "message_edited" in desk.timeline(ticket.number), "the edit to be noted")
    desk.client.delete("ana", ticket.channel, ticket.root)
    desk.until(lambda: "message_deleted" in desk.timeline(ticket.number), "the deletion to be noted")


def test_a_file_is_relayed_as_a_link(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.post("ana", ticket.channel, "Look at this", ticket.root, files=["smoke.png"])
    word = desk.card_thread_says(ticket, "Look at this", "smoke.png")
    assert "https://harbour.slack.com/files/" in str(word.blocks)


def test_a_thread_reply_also_sent_to_the_channel_is_relayed_once(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.post("ana", ticket.channel, "Everybody should know", ticket.root, broadcast=True)
    desk.card_thread_says(ticket, "Everybody should know")
    desk.settle()
    assert len(desk.ours(TRIAGE, ticket.card)) == 1


def test_a_requesters_word_under_the_root_of_a_command_resumes_a_waiting_ticket(desk: Desk) -> None:
    ticket = desk.raise_by_command("ana")
    desk.client.click("ben", TRIAGE, ticket.card, "Waiting")
    desk.card_says(ticket, "Waiting for the requester")
    desk.client.post("ana", ticket.channel, "Here I am", ticket.root)
    desk.until(lambda: desk.ticket(ticket.number).state is State.NEW, "the ticket to go on")
