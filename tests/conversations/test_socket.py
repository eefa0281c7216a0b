"""A connection that dies without a word: noticed soon, replaced, and nothing of that time is lost."""

from __future__ import annotations

from tests.conversations.desk import HELP, Desk, something

COMBINATIONS = ("socket-sqlite",)


def metric(desk: Desk, name: str) -> float:
    lines = [line for line in desk.bot.metrics().decode().splitlines() if line.startswith(f"{name} ")]
    return float(lines[0].split()[1])


def problems(desk: Desk) -> str:
    return str(desk.bot.health().detail["problems"])


def test_a_cut_connection_is_replaced_and_what_was_written_meanwhile_is_found(desk: Desk) -> None:
    desk.may_log += ["the socket is deaf", "caught up on what no event told of"]
    desk.may_log += ["Failed to check the state of sock"]
    desk.may_log += ["Socket Mode cannot be reached", "Failed to", "Error code"]
    before = metric(desk, "deskbell_socket_reconnects_total")
    off = desk.client.fault("error", "apps.connections.open", error="internal_error")
    desk.client.act("drop_sockets")
    desk.until(lambda: "Socket Mode has been gone" in problems(desk) or None, "the problem")
    desk.client.lift(off)
    text = something()
    ts = desk.client.post("ana", HELP, text)
    desk.client.fault("lose_events")
    desk.client.react("ana", HELP, ts, "ticket")
    desk.client.lift()
    desk.until(lambda: metric(desk, "deskbell_socket_reconnects_total") > before or None, "a new connection")
    desk.appeared(text, HELP, ts)
    desk.until(lambda: metric(desk, "deskbell_socket_connected") == 1 or None, "the gauge")
    assert problems(desk) == "[]"
    assert metric(desk, "deskbell_ready") == 1
    desk.client.forget()  # what Slack gave up on


def test_a_connection_that_slack_refreshes_is_no_gap(desk: Desk) -> None:
    before = metric(desk, "deskbell_socket_reconnects_total")
    desk.client.act("refresh_sockets", reason="refresh_requested")
    ticket = desk.raise_by_emoji()
    assert ticket.number
    assert metric(desk, "deskbell_socket_reconnects_total") == before


def test_a_switched_off_socket_mode_says_what_to_do_until_it_is_on_again(desk: Desk) -> None:
    desk.may_log += [
        "the socket is deaf",
        "Slack asks for another connection",
        "Socket Mode cannot be reached",
    ]
    desk.may_log += ["Failed to", "Error code", "caught up on what no event told of"]
    off = desk.client.fault("error", "apps.connections.open", error="link_disabled")
    desk.client.refresh_sockets("link_disabled")
    desk.until(lambda: "switch it on again" in problems(desk) or None, "the problem", lambda: problems(desk))
    desk.until(
        lambda: desk.bot.health().detail["socket"] == "disconnected" or None, "the socket to be closed"
    )
    desk.client.lift(off)
    desk.until(lambda: desk.bot.health().detail["socket"] == "connected" or None, "a new connection")
    desk.until(lambda: problems(desk) == "[]" or None, "no problem", lambda: problems(desk))


def test_how_often_and_for_what_people_reach_the_desk_is_counted(desk: Desk) -> None:
    raised = 'deskbell_gestures_total{outcome="done",type="reacted"}'
    before = metric(desk, raised) if raised in desk.bot.metrics().decode() else 0.0
    desk.raise_by_emoji()
    assert metric(desk, raised) == before + 1
