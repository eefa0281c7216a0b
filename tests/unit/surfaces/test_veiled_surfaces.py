"""A veiled ticket on every surface: number, state, priority, assignee and clocks, and that it is private."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.surfaces import card, conversation, lists, notices, relay
from bot.surfaces.rendered import Rendered
from bot.workflows.reading import TicketView
from tests.unit.surfaces.builders import BEN, comment, labels, page, ticket

VEILED = replace(
    ticket(),
    title="",
    description="",
    requester=BEN,
    raiser=BEN,
    conversation=None,
    is_private=True,
    is_veiled=True,
)


def everything(rendered: Rendered) -> str:
    return json.dumps([rendered.text, rendered.blocks], ensure_ascii=False)


def test_the_card_says_that_it_is_private_and_offers_the_details_first() -> None:
    shown = card.card(VEILED)
    assert labels(shown)[:2] == ["Show details", "Claim"]
    assert "🔒 INC-12 · P3 · Private ticket" in shown.text
    assert "raised it" not in everything(shown)


@pytest.mark.parametrize(
    "surface",
    [
        lambda view: conversation.opening(view, place="thread"),
        conversation.resolved_word,
        conversation.cancelled_word,
    ],
)
def test_what_was_said_to_the_requester_in_a_channel_shrinks_to_a_pointer(
    surface: Callable[[TicketView], Rendered],
) -> None:
    assert surface(VEILED).text == "🔒 INC-12 is private. It goes on in direct messages."


def test_a_list_for_somebody_who_may_not_read_it_names_the_number_alone() -> None:
    found = replace(page(1), tickets=(VEILED,))
    assert (
        "🔒 INC-12 · P3 · Private ticket"
        in lists.ticket_list(found, heading="The queue", command="queue").text
    )


def test_those_who_may_read_it_see_that_it_is_private() -> None:
    assert "🔒 INC-12" in lists.ticket_detail(replace(ticket(), is_private=True), []).text
    assert "Printer on floor 3" in lists.ticket_detail(replace(ticket(), is_private=True), []).text


def test_a_card_of_a_ticket_that_is_not_private_offers_no_details() -> None:
    assert "Show details" not in everything(card.card(ticket()))


def test_the_assignee_learns_the_number_alone() -> None:
    view = replace(VEILED, assignee=BEN)
    assert "assigned INC-12 to you: Private ticket" in notices.assigned(view, BEN).text


def test_a_veiled_relay_names_the_ticket_and_opens_its_details() -> None:
    view = replace(comment("x"), is_veiled=True)
    assert relay.attribution(view) == {"username": "INC-12 (private)"}
    shown = relay.relayed(view)
    assert "which is private" in shown.text
    assert "ticket.details" in everything(shown)
