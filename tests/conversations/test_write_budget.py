"""How much a ticket's life costs in Slack: at most three posts and ten writing calls."""

from __future__ import annotations

from collections import Counter

from tests.conversations.desk import HELP, TRIAGE, Desk, something

MOST_POSTS = 3
MOST_WRITES = 10

REASONS = {
    "chat.postMessage": {
        "opening": "the conversation: that the ticket exists, with the requester's words as its thread",
        "card": "the card for the agents",
        "resolved": "the word to the requester that it is resolved",
    },
    "chat.update": {
        "opening after the claim": "who is on it",
        "card after the claim": "who has it, and other buttons",
        "opening after the resolution": "that it is resolved",
        "card after the resolution": "that it is resolved, and other buttons",
    },
    "reactions.add": {
        "eyes": "the claim shows on the request",
        "white_check_mark": "the resolution shows on the request",
    },
    "conversations.open": {
        "direct message": "only where the conversation is a direct message, once a person"
    },
}
"""Every writing call and its reason. Opening a form (`views.open`) writes nothing that stays."""

WRITES = ("chat.", "reactions.add", "reactions.remove", "conversations.open")

COMBINATIONS = ("socket-sqlite", "http-postgresql")


def writes(desk: Desk) -> Counter[str]:
    """The calls that change something in Slack."""
    methods = [call.method for call in desk.client.calls()]
    return Counter(method for method in methods if method.startswith(WRITES))


def life(desk: Desk, channel: str) -> Counter[str]:
    """Raise, claim and resolve, each after what came before is delivered: nothing is saved by coalescing."""
    person = desk.newcomer("Tess", HELP)
    desk.client.forget()
    text = something()
    desk.client.command(person, channel, "/ticket", text)
    desk.client.submit(person)
    ticket = desk.appeared(text)
    desk.settle()
    desk.client.react("ben", TRIAGE, ticket.card, "eyes")
    desk.conversation_says(ticket, "Ben is on it")
    desk.settle()
    desk.client.click("ben", TRIAGE, ticket.card, "Resolve")
    desk.client.submit("ben", {"What fixed it?": "A new fuse"})
    desk.conversation_says(ticket, "is resolved", "A new fuse")
    desk.settle()
    return writes(desk)


def test_a_ticket_in_a_request_channel_stays_within_its_budget(desk: Desk) -> None:
    calls = life(desk, HELP)
    assert set(calls) <= set(REASONS)
    assert calls["chat.postMessage"] <= MOST_POSTS == len(REASONS["chat.postMessage"])
    assert calls["conversations.open"] == 0
    assert all(count <= len(REASONS[method]) for method, count in calls.items())
    assert sum(calls.values()) <= MOST_WRITES


def test_a_ticket_in_direct_messages_stays_within_its_budget(desk: Desk) -> None:
    calls = life(desk, "#general")
    assert set(calls) <= set(REASONS)
    assert calls["chat.postMessage"] <= MOST_POSTS
    assert all(count <= len(REASONS[method]) for method, count in calls.items())
    assert sum(calls.values()) <= MOST_WRITES


def test_a_burst_of_changes_is_told_with_few_edits(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.settle()
    desk.client.forget()
    withheld = desk.client.fault("withhold_events")
    for n in range(10):
        desk.client.post("ana", ticket.channel, f"One more thing {n}", ticket.root)
    desk.client.lift(withheld)
    desk.settle()
    assert len(desk.ours(TRIAGE, ticket.card)) == 10
    assert writes(desk)["chat.postMessage"] == 10
