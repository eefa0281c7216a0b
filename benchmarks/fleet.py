"""Real processes to measure: a workspace, a database, and as many bots as wanted over signed HTTP."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy import func, select

from bot.models import Outbox, OutboxState
from bot.settings import VARIABLES
from bot.store import Store
from bot.surfaces.ids import INPUT, BlockId, CallbackId, FormContext
from sandbox.client import SandboxClient
from sandbox.jsontypes import as_object, as_text
from tests.sandbox_fixture import ROOT, SandboxProcess, sandbox_process

DESK = """
calendars: {always: 24x7}
slas:
  standard:
    calendar: always
    targets:
      P1: {respond: 1h, resolve: 4h}
      P2: {respond: 1h, resolve: 8h}
      P3: {respond: 4h, resolve: 24h}
      P4: {respond: 8h, resolve: 40h}
      P5: {respond: 16h, resolve: 80h}
desks:
  it:
    name: IT Service Desk
    request_channels: ["#it-help"]
    triage_channel: "#it-triage"
    agents: {members_of: "#it-triage"}
    leads: ["@lea"]
    slas: {incident: standard, request: standard}
"""

_FORM = "application/x-www-form-urlencoded"
_HEADERS_OF = {"json": "application/json", "form": _FORM}
_START = 60.0


@dataclass(frozen=True)
class Gesture:
    """The body of one request of Slack's, and whether it is JSON or a form."""

    body: bytes
    kind: str


class Process:
    """One `deskbell run`."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        folder.mkdir()
        (folder / "desk.yaml").write_text(DESK)
        with (folder / "bot.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot", "run"],
                cwd=folder,
                env={**environment, "PORT": str(self.port)},
                stdout=log,
                stderr=log,
            )
        self._known = psutil.Process(self._process.pid)

    def is_ready(self) -> bool:
        """Whether it works. Raises RuntimeError when it has ended."""
        if self._process.poll() is not None:
            raise RuntimeError("the bot ended by itself: the benchmark measures nothing")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def cpu_seconds(self) -> float:
        """What it has used since it started, its own and the system's for it."""
        times = self._known.cpu_times()
        return float(times.user + times.system)

    def memory(self) -> int:
        """Resident bytes."""
        return int(self._known.memory_info().rss)

    def stop(self) -> None:
        """SIGTERM, and wait."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(15)


@dataclass
class Fleet:
    """Bots on one database, and the workspace that they serve."""

    workspace: SandboxProcess
    client: SandboxClient
    bots: list[Process]
    secret: str

    def cpu_seconds(self) -> float:
        """What all bots have used."""
        return sum(bot.cpu_seconds() for bot in self.bots)

    def send(self, gestures: Sequence[Gesture], *, at_once: int) -> list[float]:
        """Send all, so many at a time, to the bots in turn; the seconds until each was acknowledged."""
        shares = [gestures[start::at_once] for start in range(at_once)]
        with ThreadPoolExecutor(at_once) as pool:
            done = pool.map(self._send_share, range(at_once), shares)
            return [seconds for share in done for seconds in share]

    def _send_share(self, number: int, share: Iterable[Gesture]) -> list[float]:
        bot = self.bots[number % len(self.bots)]
        connection = http.client.HTTPConnection("127.0.0.1", bot.port, timeout=30)
        try:
            return [self._send_one(connection, gesture) for gesture in share]
        finally:
            connection.close()

    def _send_one(self, connection: http.client.HTTPConnection, gesture: Gesture) -> float:
        stamp = str(int(time.time()))
        base = b"v0:" + stamp.encode() + b":" + gesture.body
        signature = hmac.new(self.secret.encode(), base, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": _HEADERS_OF[gesture.kind],
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={signature}",
        }
        begun = time.perf_counter()
        connection.request("POST", "/slack/events", gesture.body, headers)
        answer = connection.getresponse()
        answer.read()
        seconds = time.perf_counter() - begun
        if answer.status != 200:
            raise RuntimeError(f"answered {answer.status}: the benchmark measures nothing")
        return seconds


@contextmanager
def running(database_url: str, *, bots: int, pace: float, rate_scale: float) -> Iterator[Fleet]:
    """Bots that are ready; delivery is `pace` times as fast as for Slack, its limits `rate_scale` times."""
    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory()))
        settings = {"rate_scale": rate_scale, "retry_scale": 0.01}
        workspace = ending.enter_context(sandbox_process(folder, settings=settings))
        environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        environment |= {
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_SIGNING_SECRET": workspace.signing_secret,
            "SLACK_API_URL": workspace.api_url,
            "DATABASE_URL": database_url,
            "DELIVERY_PACE": str(pace),
            "LOG_LEVEL": "WARNING",
            "PYTHONPATH": str(ROOT),
        }
        processes = []
        for number in range(bots):
            process = Process(folder / f"bot{number}", environment)
            ending.callback(process.stop)
            processes.append(process)
            until(process.is_ready, "the bot to be ready")
        client = workspace.client()
        client.deliver_to(f"http://127.0.0.1:{processes[0].port}/slack/events")
        yield Fleet(workspace=workspace, client=client, bots=processes, secret=workspace.signing_secret)


def until(look: Callable[[], bool], what: str, *, seconds: float = _START, every: float = 0.05) -> float:
    """Wait for a condition; how many seconds it took. Raises RuntimeError after `seconds`."""
    begun = time.perf_counter()
    while not look():
        if time.perf_counter() - begun > seconds:
            raise RuntimeError(f"waited {seconds:g} s for {what}: the benchmark measures nothing")
        time.sleep(every)
    return time.perf_counter() - begun


def unsettled(store: Store) -> int:
    """How many messages are not yet in Slack, or not as they should be."""
    going = (OutboxState.PENDING, OutboxState.SENDING, OutboxState.UNKNOWN)
    with store.read() as session:
        return session.scalar(select(func.count()).select_from(Outbox).where(Outbox.state.in_(going))) or 0


class Slack:
    """Makes the gestures of a workspace's people."""

    def __init__(self, client: SandboxClient) -> None:
        self._team = as_text(as_object(client.workspace().get("team")).get("id"))
        self._ana, self._ben = client.user_id("ana"), client.user_id("ben")
        self._help, self._triage = client.channel_id("#it-help"), client.channel_id("#it-triage")

    def form(self, number: int) -> Gesture:
        """A filled form that raises a ticket."""
        description = {"type": "plain_text_input", "value": f"Printer {number} is on fire"}
        payload = {
            "type": "view_submission",
            "team": {"id": self._team, "domain": "bench"},
            "user": {"id": self._ana, "team_id": self._team},
            "api_app_id": "A1",
            "trigger_id": f"{number}.1",
            "view": {
                "id": f"V{number}",
                "team_id": self._team,
                "type": "modal",
                "callback_id": CallbackId.RAISE.value,
                "hash": "1.a",
                "private_metadata": FormContext(channel=self._help, desk_key="it").to_metadata(),
                "state": {"values": {BlockId.DESCRIPTION.value: {INPUT: description}}},
            },
        }
        return Gesture(urllib.parse.urlencode({"payload": json.dumps(payload)}).encode(), "form")

    def reaction(self, number: int, ts: str, name: str = "eyes", *, added: bool = True) -> Gesture:
        """An emoji of Ben's on a card, put there or taken away."""
        event = {
            "type": "reaction_added" if added else "reaction_removed",
            "user": self._ben,
            "reaction": name,
            "item": {"type": "message", "channel": self._triage, "ts": ts},
            "event_ts": f"{1_700_000_000 + number}.{number % 1_000_000:06}",
        }
        body = {
            "type": "event_callback",
            "team_id": self._team,
            "api_app_id": "A1",
            "event_id": f"Ev{number}{name}{added}",
            "event": event,
        }
        return Gesture(json.dumps(body).encode(), "json")
