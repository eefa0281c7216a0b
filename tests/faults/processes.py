"""Real bot processes that can be killed, paused and made to die, against a sandbox that outlives them.

They are forked from a server that has imported the bot already: a start costs half a second, not three.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final

from sandbox.client import SandboxClient
from sandbox.server import SandboxServer
from tests.sandbox_fixture import ROOT

DESK: Final = """
desks:
  it:
    name: IT Service Desk
    request_channels: ["#it-help"]
    triage_channel: "#it-triage"
    agents: {members_of: "#it-triage"}
    leads: ["@lea"]
"""
SETTLE: Final = 1.0
"""Seconds before an uncertain post may be repeated."""
START_WITHIN: Final = 60.0
"""Seconds; generous, for machines with other things to do."""

FORKING: Final = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(
    [
        "bot.__main__",
        "tests.faults.warm",
        "bot.app",
        "alembic.command",
        "apscheduler.schedulers.background",
        "psycopg",
        "slack_sdk.socket_mode.builtin.client",
        "sqlalchemy.dialects.postgresql.psycopg",
        "sqlalchemy.dialects.sqlite",
        "uvicorn.protocols.http.h11_impl",
    ]
)


def _run_bot(environment: Mapping[str, str], folder: str) -> None:
    """What a forked process does: as `python -m bot run` in that folder, its output in bot.log."""
    _move_in(environment, folder)
    sys.argv = ["deskbell", "run"]
    from bot.__main__ import main

    main()


def forked(work: Callable[..., None], *args: object, environment: Mapping[str, str], folder: Path) -> int:
    """Do something else in a process of its own, in the same way; its exit code."""
    process = FORKING.Process(target=_work, args=(work, args, environment, str(folder)), daemon=True)
    process.start()
    process.join(START_WITHIN)
    return -1 if process.exitcode is None else process.exitcode


def _work(
    work: Callable[..., None], args: tuple[object, ...], environment: Mapping[str, str], folder: str
) -> None:
    _move_in(environment, folder)
    work(*args)


def _move_in(environment: Mapping[str, str], folder: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    log = os.open("bot.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w", buffering=1), os.fdopen(2, "w", buffering=1)
    faulthandler.register(signal.SIGUSR1, file=sys.stderr)


class DidNotStop(AssertionError):
    """The bot did not stop when it was told to; the message is the end of its log."""


class BotProcess:
    """A bot, started again and again on one database; several on PostgreSQL, each in its own folder."""

    def __init__(
        self,
        server: SandboxServer,
        database_url: str,
        folder: Path,
        *,
        desk_yaml: str = DESK,
        is_http: bool = False,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        (folder / "desk.yaml").write_text(desk_yaml)
        self.folder = folder
        self.database_url = database_url
        self.environment = {
            **os.environ,
            "SLACK_BOT_TOKEN": server.bot_token,
            "SLACK_SIGNING_SECRET" if is_http else "SLACK_APP_TOKEN": (
                server.signing_secret if is_http else server.app_token
            ),
            "SLACK_API_URL": server.api_url,
            "DATABASE_URL": database_url,
            "DESK_CONFIG": str(folder / "desk.yaml"),
            "DELIVERY_PACE": "50",
            "DELIVERY_SETTLE": str(SETTLE),
            "PYTHONPATH": str(ROOT),
            **(variables or {}),
        }
        if server.clock_offset is not None:
            self.environment["DESK_CLOCK_OFFSET"] = str(server.clock_offset)
        self.port = _free_port()
        self._process: ForkServerProcess | None = None

    @property
    def log(self) -> str:
        """What all its processes logged."""
        path = self.folder / "bot.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.is_alive()

    def start(self, client: SandboxClient, *, failpoint: str | None = None) -> None:
        """Start a process and wait until it is ready."""
        self.launch(failpoint=failpoint)
        self.await_ready(client)

    def launch(self, *, failpoint: str | None = None) -> None:
        """Start a process, to die at `failpoint` if one is named."""
        armed = {} if failpoint is None else {"DESK_FAILPOINT": failpoint}
        environment = {**self.environment, "PORT": str(self.port), **armed}
        self._process = FORKING.Process(target=_run_bot, args=(environment, str(self.folder)), daemon=True)
        self._process.start()

    def await_ready(self, client: SandboxClient) -> None:
        """Wait until the process is ready."""
        client.wait_until(self._is_ready, timeout=START_WITHIN, message="the bot is ready")

    def is_ready(self) -> bool:
        """Whether it says that it is."""
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _is_ready(self) -> bool:
        assert self.is_alive, self.log
        return self.is_ready()

    def await_death(self, seconds: float) -> bool:
        """Whether the process ends by itself within so many seconds."""
        if self._process is None:
            return True
        self._process.join(seconds)
        return not self._process.is_alive()

    def pause(self) -> None:
        """SIGSTOP: frozen where it is."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL: nothing is cleaned up."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        return self._end(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        process = self._process
        if process is not None and process.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(process.pid, number)

    def _end(self, number: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None or process.pid is None:
            return 0
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)
            os.kill(process.pid, signal.SIGCONT)  # what is frozen hears nothing else
        process.join(15)
        if process.is_alive():
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGUSR1)  # it writes down where its threads are
            process.join(1)
            process.kill()
            process.join()
            raise DidNotStop(self.log[-12000:])
        code = process.exitcode or 0
        process.close()
        return code


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def becomes(look: Callable[[], object], *, seconds: float, pause: float = 0.05) -> bool:
    """Whether `look()` becomes true within so many seconds."""
    give_up_at = time.monotonic() + seconds
    while time.monotonic() < give_up_at:
        if look():
            return True
        time.sleep(pause)
    return bool(look())
