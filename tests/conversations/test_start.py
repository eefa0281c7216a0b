"""Starting and stopping `python -m bot run`: what is wrong is one sentence, what may pass is waited for."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.client import SandboxClient
from sandbox.jsontypes import JsonObject, as_object
from sandbox.server import SandboxServer
from tests.conversations.desk import DESK_YAML, HELP
from tests.sandbox_fixture import ROOT, repository_manifest, running_sandbox

STOPS_WITHIN = 10.0
GIVES_UP_WITHIN = 30.0


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with running_sandbox() as running:
        yield running


class Process:
    """A bot process and where it listens."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self._url = f"http://127.0.0.1:{port}"

    def health(self) -> tuple[int, JsonObject]:
        """Status and body of `/health`; 0 while nothing listens."""
        try:
            with urllib.request.urlopen(f"{self._url}/health", timeout=5) as answer:
                return int(answer.status), as_object(json.loads(answer.read()))
        except urllib.error.HTTPError as error:
            with error:
                return error.code, as_object(json.loads(error.read()))
        except OSError:
            return 0, {}

    def metrics(self) -> list[str]:
        """The lines of `/metrics`."""
        with urllib.request.urlopen(f"{self._url}/metrics", timeout=5) as answer:
            return str(answer.read().decode()).splitlines()

    def ended(self) -> tuple[int, str]:
        """Exit code and standard error, once it gave up by itself."""
        _, said = self.process.communicate(timeout=GIVES_UP_WITHIN)
        return self.process.returncode, said

    def stop(self) -> tuple[int, str, float]:
        """Exit code, standard error, and the seconds from SIGTERM to the end."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        _, said = self.process.communicate(timeout=2 * STOPS_WITHIN)
        return self.process.returncode, said, time.monotonic() - began


@contextmanager
def started(
    server: SandboxServer, folder: Path, desk_yaml: str = DESK_YAML, **environment: str
) -> Iterator[Process]:
    (folder / "desk.yaml").write_text(desk_yaml, encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    given = {
        "SLACK_BOT_TOKEN": server.bot_token,
        "SLACK_APP_TOKEN": server.app_token,
        "SLACK_API_URL": server.api_url,
        "DATABASE_URL": f"sqlite:///{folder}/deskbell.db",
        "DESK_CONFIG": str(folder / "desk.yaml"),
        "DELIVERY_PACE": "50",
        "PORT": str(port),
        "PYTHONPATH": str(ROOT),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "run"],
        cwd=folder,
        env={**os.environ, **given, **environment},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Process(process, port)
    finally:
        process.kill()
        process.communicate()


def until_health(client: SandboxClient, bot: Process, status: int) -> JsonObject:
    client.wait_until(lambda: bot.health()[0] == status, timeout=20, message=f"/health to answer {status}")
    return bot.health()[1]


def one_sentence(said: str) -> str:
    """The last word on standard error; before it only the log may stand."""
    assert "Traceback" not in said
    lines = [line for line in said.splitlines() if line.strip()]
    return lines[-1]


def test_it_starts_works_and_stops_within_ten_seconds(server: SandboxServer, tmp_path: Path) -> None:
    client = server.client()
    with started(server, tmp_path) as bot:
        until_health(client, bot, 200)
        assert client.command("ana", HELP, "/ticket", "help").acked
        code, said, seconds = bot.stop()
    assert code == 0
    assert seconds < STOPS_WITHIN
    assert "Traceback" not in said
    assert client.violations() == []


def test_a_wrong_token_is_one_sentence(server: SandboxServer, tmp_path: Path) -> None:
    with started(server, tmp_path, SLACK_BOT_TOKEN="xoxb-not-the-one") as bot:
        code, said = bot.ended()
    assert code == 1
    assert "SLACK_BOT_TOKEN" in one_sentence(said)
    assert "xoxb-not-the-one" not in said


def test_a_wrong_app_token_is_one_sentence(server: SandboxServer, tmp_path: Path) -> None:
    with started(server, tmp_path, SLACK_APP_TOKEN="xapp-not-the-one") as bot:
        code, said = bot.ended()
    assert code == 1
    assert "SLACK_APP_TOKEN" in one_sentence(said)


def test_no_token_is_one_sentence(server: SandboxServer, tmp_path: Path) -> None:
    with started(server, tmp_path, SLACK_BOT_TOKEN="") as bot:
        code, said = bot.ended()
    assert code == 1
    assert "SLACK_BOT_TOKEN is not set" in one_sentence(said)


def test_a_missing_scope_is_one_sentence_that_names_it(tmp_path: Path) -> None:
    manifest = repository_manifest()
    scopes = as_object(as_object(manifest["oauth_config"])["scopes"])
    scopes["bot"] = [scope for scope in as_list_of_text(scopes["bot"]) if scope != "users:read"]
    with (
        running_sandbox(manifest=without_what_needs_it(manifest)) as server,
        started(server, tmp_path) as bot,
    ):
        code, said = bot.ended()
    assert code == 1
    assert "users:read" in one_sentence(said)


def as_list_of_text(value: object) -> list[str]:
    assert isinstance(value, list)
    return [str(item) for item in value]


def without_what_needs_it(manifest: JsonObject) -> JsonObject:
    """Slack refuses a manifest whose events lack their scope."""
    subscriptions = as_object(as_object(manifest["settings"])["event_subscriptions"])
    gone = {"team_join", "user_change"}
    subscriptions["bot_events"] = [
        event for event in as_list_of_text(subscriptions["bot_events"]) if event not in gone
    ]
    bot = as_object(as_object(manifest["oauth_config"])["scopes"])
    bot["bot"] = [scope for scope in as_list_of_text(bot["bot"]) if scope != "users:read.email"]
    return manifest


@pytest.mark.parametrize(
    ("desk_yaml", "said_of_it"),
    [
        (DESK_YAML.replace("triage_channel", "triage_chanel"), "triage_channel"),
        (DESK_YAML.replace("Europe/Berlin", "Mars/Base"), "Mars/Base"),
        ("desks: [", "desk.yaml"),
    ],
)
def test_a_desk_yaml_that_is_wrong_is_named_with_its_line(
    server: SandboxServer, tmp_path: Path, desk_yaml: str, said_of_it: str
) -> None:
    with started(server, tmp_path, desk_yaml) as bot:
        code, said = bot.ended()
    assert code == 1
    assert "Traceback" not in said
    assert "desk.yaml:" in said
    assert said_of_it in said
    assert server.client().calls() == []


@pytest.mark.parametrize("mode", ["drop", "503"])
def test_while_slack_is_down_it_waits_and_then_is_ready(
    server: SandboxServer, tmp_path: Path, mode: str
) -> None:
    client = server.client()
    client.fault("outage", mode=mode)
    with started(server, tmp_path) as bot:
        waiting = until_health(client, bot, 503)
        client.wait_until(
            lambda: "Slack" in str(bot.health()[1]), message="/health to name what is waited for"
        )
        assert waiting.get("status") != "ok"
        client.lift()
        until_health(client, bot, 200)
        assert client.command("ana", HELP, "/ticket", "help").acked
        assert bot.stop()[0] == 0


def test_it_stops_at_once_while_it_waits_for_slack(server: SandboxServer, tmp_path: Path) -> None:
    client = server.client()
    client.fault("outage")
    with started(server, tmp_path) as bot:
        until_health(client, bot, 503)
        client.wait_until(lambda: "Slack" in str(bot.health()[1]), message="it to wait")
        code, said, seconds = bot.stop()
    assert code == 0
    assert seconds < STOPS_WITHIN
    assert "Traceback" not in said


def test_a_private_channel_without_the_bot_asks_for_an_invitation(
    server: SandboxServer, tmp_path: Path
) -> None:
    client = server.client()
    client.leave("@app", "#it-triage")
    with started(server, tmp_path) as bot:
        problems = str(until_health(client, bot, 200).get("problems"))
        assert "it-triage" in problems
        assert bot.stop()[0] == 0


def test_an_invitation_later_makes_the_desk_work(server: SandboxServer, tmp_path: Path) -> None:
    client = server.client()
    client.leave("@app", "#it-triage")
    with started(server, tmp_path) as bot:
        until_health(client, bot, 200)
        client.invite("@app", "#it-triage", inviter="lea")

        def raised() -> bool:
            client.command("ana", HELP, "/ticket", "The lamp flickers")
            if client.view("ana") is None:
                return False
            client.submit("ana")
            return True

        client.wait_until(raised, message="the desk to take tickets")
        client.wait_until(lambda: "The lamp" in str(client.messages("#it-triage")), message="the card")
        assert bot.stop()[0] == 0


def test_an_unreachable_database_is_waited_for(server: SandboxServer, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"postgresql+psycopg://somebody@127.0.0.1:{port}/deskbell"
    with started(server, tmp_path, DATABASE_URL=url) as bot:
        server.client().wait_until(
            lambda: "database" in str(bot.health()[1]), timeout=20, message="/health to name the database"
        )
        assert bot.health()[0] == 503
        shown = bot.metrics()
        code, said, seconds = bot.stop()
    assert "deskbell_ready 0.0" in shown
    assert "deskbell_outbox_oldest_due_seconds NaN" in shown, "what nobody can know is no number"
    assert code == 0
    assert seconds < STOPS_WITHIN
    assert "Traceback" not in said
