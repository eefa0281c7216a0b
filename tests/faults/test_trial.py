"""`deskbell sandbox` as somebody runs it: the page kills the bot, and nothing is lost."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.trial.children import child_environment
from sandbox.client import SandboxClient


@pytest.fixture
def client(tmp_path: Path) -> Iterator[SandboxClient]:
    """The example desk, with its bot, once both are ready."""
    command = [sys.executable, "-m", "bot", "sandbox"]
    environment = child_environment({})
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as trial:
        try:
            assert trial.stdout is not None
            said = next(filter(None, (re.search(r"open (http\S+)/ ", line) for line in trial.stdout)))
            client = SandboxClient(said[1])
            client.wait_until(lambda: client.read("app")["state"] == "ready", message="the supervisor")
            yield client
        finally:
            trial.terminate()
    assert trial.returncode == 0


def test_a_ticket_raised_while_the_bot_is_dead_has_one_card_once_it_lives(client: SandboxClient) -> None:
    def app_is(state: str) -> None:
        client.wait_until(lambda: client.read("app")["state"] == state, timeout=60, message=state)

    client.act("app", want="killed")
    app_is("dead")
    asked = client.post("ana", "#it-help", "My mouse ran away")
    client.react("ana", "#it-help", asked, "ticket")
    client.act("app", want="running")
    app_is("ready")
    client.wait_until(lambda: client.sockets() > 0, message="the bot's socket")
    client.act("redeliver")

    def cards() -> int:
        return sum("My mouse ran away" in message.everything for message in client.messages("#it-triage"))

    client.wait_until(lambda: cards() == 1, timeout=30, message="the card")
    client.wait_until(
        lambda: any(message.app_id for message in client.messages("#it-help", asked)),
        timeout=30,
        message="word to Ana",
    )
    assert cards() == 1
    client.act("reset")
    app_is("ready")
    assert client.messages("#it-triage") == []
