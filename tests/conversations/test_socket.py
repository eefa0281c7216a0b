"""A connection that dies without a word: noticed soon, replaced, and nothing of that time is lost."""

from __future__ import annotations

from tests.conversations.desk import HELP, Desk, something

COMBINATIONS = ("socket-sqlite",)


def metric(desk: Desk, name: str) -> float:
    lines = [line for line in desk.bot.metrics().decode().splitlines() if line.startswith(f"{name} ")]
    return float(lines[0].split()[1])


def test_a_cut_connection_is_replaced_and_what_was_written_meanwhile_is_found(desk: Desk) -> None:
    desk.may_log += ["the socket is deaf", "caught up on what no event told of"]
    desk.may_log += ["Failed to check the state of sock"]
    before = metric(desk, "deskbell_socket_reconnects_total")
    desk.client.act("drop_sockets")
    text = something()
    ts = desk.client.post("ana", HELP, text)
    desk.client.fault("lose_events")
    desk.client.react("ana", HELP, ts, "ticket")
    desk.client.lift()
    desk.until(lambda: metric(desk, "deskbell_socket_reconnects_total") > before or None, "a new connection")
    desk.appeared(text, HELP, ts)
    assert metric(desk, "deskbell_socket_connected") == 1
    desk.client.forget()  # what Slack gave up on


def test_a_connection_that_slack_refreshes_is_no_gap(desk: Desk) -> None:
    before = metric(desk, "deskbell_socket_reconnects_total")
    desk.client.act("refresh_sockets", reason="refresh_requested")
    ticket = desk.raise_by_emoji()
    assert ticket.number
    assert metric(desk, "deskbell_socket_reconnects_total") == before
