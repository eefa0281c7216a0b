"""A bot without any desk says so, and loses nobody's words silently."""

from __future__ import annotations

import pytest

from tests.conversations.desk import HELP, Desk

COMBINATIONS = ("socket-sqlite", "http-postgresql")
DESK = ""


@pytest.mark.parametrize("words", ["", "help", "the printer burns", "list", "queue", "INC-1", "claim INC-1"])
def test_every_command_says_that_no_desk_is_configured(desk: Desk, words: str) -> None:
    result = desk.client.command("ana", HELP, "/ticket", words)
    assert "No desk is configured" in result.text or "cannot find INC-1" in result.text


def test_a_direct_message_says_so_too(desk: Desk) -> None:
    desk.client.post("ana", desk.client.open_dm("ana"), "Hello?")
    desk.told("ana", "No desk is configured")


def test_the_shortcut_says_so_too(desk: Desk) -> None:
    ts = desk.client.post("ana", HELP, "Help")
    assert desk.client.shortcut("ana", "raise_ticket", HELP, ts).acked
    desk.told("ana", "No desk is configured")


def test_emoji_mean_nothing(desk: Desk) -> None:
    ts = desk.client.post("ana", HELP, "Help")
    desk.client.react("ana", HELP, ts, "ticket")
    desk.settle()
    assert desk.tickets() == 0
