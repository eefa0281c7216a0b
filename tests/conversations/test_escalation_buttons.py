"""The buttons of an escalation, as Slack sends them."""

from __future__ import annotations

from bot.models.vocabulary import State
from bot.surfaces.ids import ActionId
from sandbox.jsontypes import as_object, objects
from tests.conversations.desk import TRIAGE, Desk, Raised

COMBINATIONS = ("http-sqlite",)


def press(desk: Desk, ticket: Raised, action_id: ActionId, who: str) -> None:
    """Press a button in a channel: the payload is that of a button on the card, with another action."""
    desk.client.click("ben", TRIAGE, ticket.card, "Waiting")
    payload = desk.client.envelopes("block_actions")[-1].payload
    user = {**as_object(payload["user"]), "id": desk.client.user_id(who)}
    pressed = {**objects(payload["actions"])[0], "action_id": action_id, "action_ts": "1.000001"}
    assert desk.send({**payload, "user": user, "actions": [pressed]}, as_form=True) == 200
    desk.settle()


def test_taking_over_makes_it_that_persons_ticket(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    press(desk, ticket, ActionId.TAKE_OVER, "lea")
    assignee = desk.ticket(ticket.number).assignee
    assert assignee is not None
    assert assignee.id == desk.client.user_id("lea")


def test_somebody_who_is_no_agent_cannot_take_over(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    press(desk, ticket, ActionId.TAKE_OVER, "ana")
    view = desk.ticket(ticket.number)
    assert (view.assignee, view.state) == (None, State.WAITING_REQUESTER)


def test_reassigning_asks_to_whom(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    press(desk, ticket, ActionId.REASSIGN, "ben")
    assert desk.client.view("ben") is not None
    desk.client.close("ben", everything=True)
    assert desk.ticket(ticket.number).assignee is None
