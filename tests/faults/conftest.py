"""Real bot processes that can be killed, against a sandbox that outlives them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sandbox.client import SandboxClient
from sandbox.server import SandboxServer
from tests.sandbox_fixture import ROOT, running_sandbox

DESK = """
desks:
  it:
    name: IT Service Desk
    request_channels: ["#it-help"]
    triage_channel: "#it-triage"
    agents: {members_of: "#it-triage"}
    leads: ["@lea"]
"""

SETTLE = 1.0
"""Seconds before an uncertain post may be repeated."""


class BotProcess:
    """`python -m bot run`, again and again on one database; several on PostgreSQL, each in its folder."""

    def __init__(
        self, server: SandboxServer, database_url: str, folder: Path, *, desk_yaml: str = DESK
    ) -> None:
        (folder / "desk.yaml").write_text(desk_yaml)
        self.folder = folder
        self.database_url = database_url
        self._environment = {
            **os.environ,
            "SLACK_BOT_TOKEN": server.bot_token,
            "SLACK_APP_TOKEN": server.app_token,
            "SLACK_API_URL": server.api_url,
            "DATABASE_URL": database_url,
            "DESK_CONFIG": str(folder / "desk.yaml"),
            "DELIVERY_PACE": "50",
            "DELIVERY_SETTLE": str(SETTLE),
            "PYTHONPATH": str(ROOT),
        }
        if server.clock_offset is not None:
            self._environment["DESK_CLOCK_OFFSET"] = str(server.clock_offset)
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    def start(self, client: SandboxClient) -> None:
        """Start a process and wait until it is ready."""
        self.launch()
        self.await_ready(client)

    def launch(self) -> None:
        """Start a process."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        log = (self.folder / "bot.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot", "run"],
                cwd=self.folder,
                env={**self._environment, "PORT": str(self._port)},
                stderr=log,
                stdout=log,
            )

    def await_ready(self, client: SandboxClient) -> None:
        """Wait until the process is ready."""
        client.wait_until(self._is_ready, timeout=30, message="the bot is ready")

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "bot.log").read_text()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def kill(self) -> None:
        """SIGKILL: nothing is cleaned up."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        if self._process is None:
            return 0
        self._process.send_signal(number)
        code = self._process.wait(timeout=10)
        self._process = None
        return code


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with running_sandbox() as server:
        yield server


@pytest.fixture
def bot(sandbox: SandboxServer, database_url: str, tmp_path: Path) -> Iterator[BotProcess]:
    process = BotProcess(sandbox, database_url, tmp_path)
    with ExitStack() as stack:
        stack.callback(process.kill)
        process.start(sandbox.client())
        yield process
