"""kill -9 at the worst moments: nothing acknowledged is lost, nothing is said twice."""

from __future__ import annotations

import pytest

from sandbox.client import SandboxClient
from sandbox.server import SandboxServer
from tests.faults.conftest import BotProcess

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


def test_a_kill_between_commit_and_post_ends_in_exactly_one_post(
    sandbox: SandboxServer, bot: BotProcess
) -> None:
    client = sandbox.client()
    fault = client.fault("http_error", "chat.postMessage", status=503)
    raise_ticket(client, "the badge reader is dark")
    client.wait_until(lambda: client.calls("chat.postMessage"), message="a post is tried")
    bot.kill()
    client.lift(fault)
    bot.start(client)
    client.wait_until(lambda: settled(client, "badge reader"), timeout=PATIENCE, message="card and opening")
    raise_ticket(client, "a second one to be sure that all is calm")
    client.wait_until(lambda: settled(client, "second one"), timeout=PATIENCE, message="the second ticket")
    assert (cards(client, "badge reader"), openings(client, "badge reader")) == (1, 1)


def test_a_post_whose_answer_was_lost_is_found_again_after_a_kill(
    sandbox: SandboxServer, bot: BotProcess
) -> None:
    client = sandbox.client()
    fault = client.fault("lost_answer", "chat.postMessage")
    raise_ticket(client, "the coffee machine wants a password")
    client.wait_until(lambda: settled(client, "coffee machine"), timeout=PATIENCE, message="posted, unheard")
    bot.kill()
    client.lift(fault)
    bot.start(client)
    client.wait_until(
        lambda: client.react("ben", "it-triage", client.messages("it-triage")[-1].ts, "eyes") or True,
        message="a claim",
    )
    client.wait_until(
        lambda: "Ben" in client.messages("it-triage")[-1].text,
        timeout=PATIENCE,
        message="the card is ours again",
    )
    assert (cards(client, "coffee machine"), openings(client, "coffee machine")) == (1, 1)


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
    with pytest.raises(AssertionError, match="move to PostgreSQL"):
        second.start(sandbox.client())


def test_sigterm_ends_the_bot_cleanly(bot: BotProcess) -> None:
    assert bot.stop() == 0


def test_kills_at_random_moments_lose_nothing_and_repeat_nothing(
    sandbox: SandboxServer, bot: BotProcess
) -> None:
    client = sandbox.client()
    fault = client.fault("lost_answer", "chat.postMessage", probability=0.3)
    texts = [
        f"problem number {number} of the day" for number in ["one", "two", "three", "four", "five", "six"]
    ]
    for number, text in enumerate(texts):
        raise_ticket(client, text)
        if number % 2 == 1:
            bot.kill()
            bot.start(client)
    client.lift(fault)
    client.wait_until(lambda: all(settled(client, text) for text in texts), timeout=90, message="all told")
    raise_ticket(client, "and a last one")
    client.wait_until(lambda: settled(client, "and a last one"), timeout=PATIENCE, message="the last ticket")
    assert [(cards(client, text), openings(client, text)) for text in texts] == [(1, 1)] * len(texts)
    assert client.violations() == []
