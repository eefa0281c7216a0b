"""What anybody could send to the bot's address."""

from __future__ import annotations

import pytest

from sandbox.jsontypes import as_object, objects
from tests.conversations.desk import HELP, TRIAGE, Desk, something

COMBINATIONS = ("http-sqlite", "http-postgresql")


def test_a_desk_without_a_socket_shows_none_that_is_away(desk: Desk) -> None:
    shown = desk.bot.metrics().decode().splitlines()
    assert "deskbell_socket_connected NaN" in shown
    assert "deskbell_ready 1.0" in shown


def test_a_command_may_say_payload(desk: Desk) -> None:
    what = something("empty payload")
    assert desk.client.command("ana", HELP, "/ticket", f"{what}&payload={{}}").acked
    assert desk.client.submit("ana").acked
    desk.appeared(what)


def test_a_forged_signature_changes_nothing(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.click("ben", TRIAGE, ticket.card, "Waiting")
    payload = desk.client.envelopes("block_actions")[-1].payload
    claim = {**payload, "actions": [{**objects(payload["actions"])[0], "action_id": "ticket.claim"}]}
    assert desk.send(claim, as_form=True, signature="v0=" + "0" * 64) == 401
    desk.settle()
    assert desk.ticket(ticket.number).assignee is None


def test_a_button_that_its_sender_never_had_proves_nothing(desk: Desk) -> None:
    ticket = desk.raise_by_emoji("ana")
    desk.client.click("ben", TRIAGE, ticket.card, "Waiting")
    payload = desk.client.envelopes("block_actions")[-1].payload
    user = {**as_object(payload["user"]), "id": desk.client.user_id("ana")}
    press = {**objects(payload["actions"])[0], "action_id": "ticket.claim", "action_ts": "1.000001"}
    assert desk.send({**payload, "user": user, "actions": [press]}, as_form=True) == 200
    desk.settle()
    assert desk.ticket(ticket.number).assignee is None


def test_interactions_that_come_three_times_count_once(desk: Desk) -> None:
    text = something()
    desk.client.command("ana", HELP, "/ticket", text)
    desk.client.submit("ana")
    ticket = desk.appeared(text)
    desk.client.click("ben", TRIAGE, ticket.card, "Claim")
    before = desk.tickets()
    for envelope in [e for e in desk.client.envelopes() if e.kind == "interactive"] * 3:
        assert desk.send(envelope.payload, as_form=True) == 200
    desk.settle()
    assert desk.tickets() == before
    assert desk.timeline(ticket.number) == ["raised", "claimed"]


@pytest.mark.parametrize(
    "payload",
    [
        {},
        [],
        {"type": "event_callback"},
        {"type": "event_callback", "event": {"type": "reaction_added"}},
        {"type": "event_callback", "event": {"type": "message", "channel": 5, "user": "U1", "ts": "x"}},
        {"type": "event_callback", "event": {"type": "something_new"}},
        {"type": "block_actions", "user": {"id": "U1"}, "actions": []},
        {"type": "block_actions", "user": {}, "actions": [{"action_id": "ticket.claim"}]},
        {"type": "block_actions", "user": {"id": "U1"}, "actions": [{"action_id": "who.knows"}]},
        {"type": "view_submission", "user": {"id": "U1"}, "view": {"callback_id": "who.knows"}},
        {"type": "view_submission", "user": {"id": "U1"}, "view": {"callback_id": "form.raise", "id": "V1"}},
        {"type": "shortcut", "callback_id": "who_knows"},
        {"type": "message_action", "callback_id": "raise_ticket"},
    ],
    ids=str,
)
def test_what_can_never_work_is_acknowledged_and_breaks_nothing(desk: Desk, payload: object) -> None:
    before = desk.tickets()
    is_event = isinstance(payload, dict) and payload.get("type") == "event_callback"
    assert desk.send(payload, as_form=not is_event) == 200
    desk.may_log += ["a payload was parked"]
    desk.expected_parked = desk.parked()
    assert desk.tickets() == before
    desk.raise_by_emoji("ana")


@pytest.mark.parametrize("body", [b"", b"null", b"{", b"\xff\xfe", b"[" * 100_000], ids=repr)
def test_what_is_no_json_is_acknowledged_and_breaks_nothing(desk: Desk, body: bytes) -> None:
    assert desk.send(None, raw=body or b" ") in (200, 400)
    desk.expected_parked = desk.parked()
    desk.raise_by_emoji("ana")
