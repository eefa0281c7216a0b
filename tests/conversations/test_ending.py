"""Resolving, reopening, closing, and what comes after."""

from __future__ import annotations

from bot.models.vocabulary import State
from tests.conversations.desk import DESK_YAML, HELP, TRIAGE, Desk, Raised

DESK = DESK_YAML + "    close_after: 1h\n    undo_within: 10m\n"
SKIPS_TIME = True


def resolved(desk: Desk, resolution: str = "Replaced the fuse") -> Raised:
    """A ticket that Ben resolved with a form."""
    ticket = desk.raise_by_emoji("ana")
    desk.client.click("ben", TRIAGE, ticket.card, "Resolve")
    assert desk.client.submit("ben", {"What fixed it?": resolution}).errors == {}
    desk.card_says(ticket, "Resolved")
    return ticket


def closed(desk: Desk) -> Raised:
    ticket = resolved(desk)
    desk.client.click("ben", TRIAGE, ticket.card, "Close")
    desk.card_says(ticket, "Closed")
    return ticket


def test_a_button_asks_what_fixed_it_and_the_requester_is_told_once(desk: Desk) -> None:
    ticket = resolved(desk)
    card = desk.card_says(ticket, "Resolution: ", "Replaced the fuse")
    assert card.buttons == ["Reopen", "Close", "Note"]
    word = desk.conversation_says(ticket, "is resolved", "Replaced the fuse", "reopen it until")
    assert f"<@{desk.client.user_id('ana')}>" in word.everything
    assert word.buttons == ["Reopen"]
    desk.until(lambda: "white_check_mark" in desk.emoji_of_ours(ticket), "our check mark on the request")
    desk.settle()
    told = [m for m in desk.ours(ticket.channel, ticket.root) if "is resolved" in m.everything]
    assert len(told) == 1


def test_a_resolution_is_mandatory_in_the_form(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.click("ben", TRIAGE, ticket.card, "Resolve")
    assert list(desk.client.submit("ben", {"What fixed it?": " "}).errors) == ["resolve.resolution"]
    desk.client.close("ben", everything=True)
    assert desk.ticket(ticket.number).state is State.NEW


def test_a_check_mark_resolves_and_the_reply_to_the_question_is_the_resolution(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.react("ben", TRIAGE, ticket.card, "white_check_mark")
    desk.card_says(ticket, "Resolved")
    desk.told("ben", "What fixed it?")
    desk.client.post("ben", TRIAGE, "Turned it off and on", ticket.card)
    desk.card_says(ticket, "Resolution: ", "Turned it off and on")
    desk.conversation_says(ticket, "is resolved", "Turned it off and on")
    desk.settle()
    said = [m for m in desk.ours(ticket.channel, ticket.root) if "off and on" in m.everything]
    assert len(said) == 1


def test_taking_the_check_mark_away_undoes_the_resolution(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.react("ben", TRIAGE, ticket.card, "white_check_mark")
    desk.conversation_says(ticket, "is resolved")
    desk.client.unreact("ben", TRIAGE, ticket.card, "white_check_mark")
    desk.card_says(ticket, "nobody has it yet", "Ben took back the resolution")
    desk.conversation_says(ticket, "was resolved, and is open again")
    desk.until(lambda: desk.emoji_of_ours(ticket) == set(), "our check mark to go")


def test_what_something_followed_cannot_be_taken_back(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.react("ben", TRIAGE, ticket.card, "white_check_mark")
    desk.card_says(ticket, "Resolved")
    desk.client.post("ben", TRIAGE, "New cable", ticket.card)
    desk.card_says(ticket, "New cable")
    desk.client.unreact("ben", TRIAGE, ticket.card, "white_check_mark")
    desk.told("ben", "too late", ticket.number)
    assert desk.ticket(ticket.number).state is State.RESOLVED


def test_after_undo_within_it_is_too_late(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.react("ben", TRIAGE, ticket.card, "hourglass")
    desk.card_says(ticket, "Waiting for the requester")
    desk.client.skip(601)
    desk.client.unreact("ben", TRIAGE, ticket.card, "hourglass")
    desk.told("ben", "too late", f"/ticket resume {ticket.number}")
    assert desk.ticket(ticket.number).state is State.WAITING_REQUESTER


def test_another_persons_emoji_undoes_nothing(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.react("ben", TRIAGE, ticket.card, "hourglass")
    desk.card_says(ticket, "Waiting for the requester")
    desk.client.react("lea", TRIAGE, ticket.card, "hourglass")
    desk.settle()
    desk.client.unreact("lea", TRIAGE, ticket.card, "hourglass")
    desk.settle()
    assert desk.ticket(ticket.number).state is State.WAITING_REQUESTER


def test_the_requester_reopens_with_the_button(desk: Desk) -> None:
    ticket = resolved(desk)
    word = desk.conversation_says(ticket, "is resolved")
    desk.client.click("ana", ticket.channel, word.ts, "Reopen")
    card = desk.card_says(ticket, "Ana reopened it", "In progress", "Ben")
    assert "Resolve" in card.buttons
    word = desk.conversation_says(ticket, "was resolved, and is open again")
    assert word.buttons == []
    desk.until(lambda: "white_check_mark" not in desk.emoji_of_ours(ticket), "our check mark to go")


def test_the_requester_reopens_with_a_word(desk: Desk) -> None:
    ticket = resolved(desk)
    assert "open again" in desk.client.command("ana", HELP, "/ticket", f"reopen {ticket.number}").text
    desk.card_says(ticket, "Ana reopened it")


def test_somebody_else_may_not_reopen(desk: Desk) -> None:
    ticket = resolved(desk)
    word = desk.conversation_says(ticket, "is resolved")
    desk.client.click("maria", ticket.channel, word.ts, "Reopen")
    desk.told("maria", "Only agents")
    assert desk.ticket(ticket.number).state is State.RESOLVED


def test_resolved_again_is_told_again(desk: Desk) -> None:
    ticket = resolved(desk, "First try")
    desk.client.click("ben", TRIAGE, ticket.card, "Reopen")
    desk.card_says(ticket, "Ben reopened it")
    desk.client.click("ben", TRIAGE, ticket.card, "Resolve")
    desk.client.submit("ben", {"What fixed it?": "Second try"})
    desk.conversation_says(ticket, "is resolved", "Second try")
    desk.settle()
    texts = [m.everything for m in desk.ours(ticket.channel, ticket.root)]
    assert sum("Second try" in text for text in texts) == 1


def test_a_resolved_ticket_closes_by_itself(desk: Desk) -> None:
    ticket = resolved(desk)
    desk.client.skip(3601)
    card = desk.card_says(ticket, "Closed", "It closed by itself")
    assert card.buttons == ["Note"]
    word = desk.conversation_says(ticket, "is resolved and closed")
    assert word.buttons == []
    said = desk.client.command("ana", HELP, "/ticket", f"reopen {ticket.number}").text
    assert "closed" in said


def test_after_closing_a_reply_opens_a_linked_new_ticket(desk: Desk) -> None:
    ticket = closed(desk)
    desk.client.post("ana", ticket.channel, "It is broken again, sorry", ticket.root)
    desk.card_says(ticket, "It goes on in")
    following = desk.ticket(ticket.number).continued_by
    assert following is not None
    assert desk.ticket(following).continues == ticket.number
    again = desk.until(lambda: desk.ticket(following).card, "the new card")
    desk.until(
        lambda: (
            desk.client.message(ticket.channel, ticket.root)
            and any(following in m.text for m in desk.ours(ticket.channel, ticket.root))
        ),
        "the conversation to name the new ticket",
    )
    desk.client.post("ana", ticket.channel, "And it smells", ticket.root)
    desk.until(lambda: "smells" in str(desk.ours(TRIAGE, again.ts)), "the new card to get what follows")
    desk.client.react("maria", ticket.channel, ticket.root, "ticket")
    desk.told("maria", following)


def test_others_who_write_after_closing_open_nothing(desk: Desk) -> None:
    ticket = closed(desk)
    before = desk.tickets()
    desk.client.post("ben", ticket.channel, "You are welcome", ticket.root)
    desk.settle()
    assert desk.tickets() == before
