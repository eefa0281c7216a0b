"""A process that is not there for a while, one too many, and one that is told to stop."""

from __future__ import annotations

import pytest

from sandbox.client import SandboxClient
from sandbox.server import SandboxServer
from tests.faults.processes import BotProcess

PATIENCE = 45.0
"""Seconds: on PostgreSQL what a killed process held is free again after its lease of 20 s."""


def raise_ticket(client: SandboxClient, text: str) -> None:
    """File a ticket with the form, in the request channel; returns once Slack heard "ok"."""
    assert client.command("ana", "it-help", "/ticket", text).acked
    assert client.submit("ana", {}).acked


def cards(client: SandboxClient, text: str) -> int:
    return sum(text in message.text for message in client.messages("it-triage"))


def openings(client: SandboxClient, text: str) -> int:
    return sum(text in message.text and bool(message.app_id) for message in client.messages("it-help"))


def settled(client: SandboxClient, text: str) -> bool:
    return cards(client, text) >= 1 and openings(client, text) >= 1


def test_a_gesture_that_was_not_acknowledged_arrives_again_and_counts_once(
    sandbox: SandboxServer, bot: BotProcess
) -> None:
    client = sandbox.client()
    client.settings(retry_scale=1)  # Slack tries again at once, after a minute, after five
    bot.kill()
    ts = client.post("ana", "it-help", "the lift speaks Latin")
    client.react("ana", "it-help", ts, "ticket")
    bot.start(client)
    client.redeliver()
    client.wait_until(lambda: cards(client, "Latin") == 1, timeout=PATIENCE, message="the card")
    client.redeliver()
    raise_ticket(client, "something else")
    client.wait_until(lambda: settled(client, "something else"), timeout=PATIENCE, message="the next ticket")
    assert cards(client, "Latin") == 1


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_second_process_on_one_sqlite_file_refuses_to_start(
    sandbox: SandboxServer, bot: BotProcess
) -> None:
    second = BotProcess(sandbox, bot.database_url, bot.folder)
    with pytest.raises(AssertionError, match=r"move to PostgreSQL .*deskbell copy"):
        second.start(sandbox.client())


def test_sigterm_ends_the_bot_cleanly(bot: BotProcess) -> None:
    assert bot.stop() == 0
