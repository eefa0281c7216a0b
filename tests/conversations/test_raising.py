"""Raising a ticket, in every way there is, and how it then stands in Slack."""

from __future__ import annotations

from tests.conversations.desk import HELP, TRIAGE, Desk, number_in, something


def test_a_command_opens_a_filled_form_and_its_ticket_is_a_thread_in_the_request_channel(desk: Desk) -> None:
    text = something()
    assert desk.client.command("ana", HELP, "/ticket", text).acked
    form = desk.client.view("ana")
    assert form is not None
    assert text in str(form.values)
    ticket = desk.appeared(text) if desk.client.submit("ana").acked else None
    assert ticket is not None
    root = desk.client.message(ticket.channel, ticket.root)
    assert root is not None
    assert root.app_id and not root.thread_ts
    assert ticket.channel == desk.client.channel_id(HELP)
    assert ticket.number in root.text and text in root.text
