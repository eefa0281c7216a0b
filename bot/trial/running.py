"""Starts a workspace and the bot, and keeps both until somebody ends them."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import typer

from bot.clock import monotonic
from bot.manifest import EVENTS_PATH, render_manifest
from bot.trial.children import HOME, START_TIMEOUT, Child, TrialFailed, child_environment
from bot.trial.ports import HOST, Ports
from bot.trial.supervisor import Supervisor

PAGE_PORT = 3300
BOT_PORT = 3000

Found = TypeVar("Found")

_POLL = 0.1  # seconds
_CLOCK_OFFSET = "clock-offset"
_DATABASE = "deskbell.db"
_PACE = 50  # times Slack's own; the sandbox sets no limits


@dataclass(frozen=True)
class Workspace:
    """What the sandbox says about itself when it is up."""

    url: str
    api_url: str
    bot_token: str
    app_token: str
    signing_secret: str


def run(*, port: int | None, over_http: bool, tour: bool) -> int:
    """Start both, then play the tour or wait for Ctrl-C or SIGTERM; stop both. Returns the exit code."""
    try:
        with _interrupted_by_sigterm(), ExitStack() as ending:
            ports = ending.enter_context(Ports())
            page_port = ports.first_free(PAGE_PORT) if port is None else ports.require(port)
            bot_port = ports.first_free(BOT_PORT)
            folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="deskbell-sandbox-")))
            workspace, sandbox, bot = _start(
                ending, folder, page_port=page_port, bot_port=bot_port, over_http=over_http
            )
            if tour:
                return _play("tour", workspace)
            # What it could not do it says itself; the desk works all the same.
            _play("story", workspace)
            typer.echo(f"The sandbox is ready: open {workspace.url}/ in a browser. Ctrl-C ends it.")
            typer.echo("As Ana, type /ticket in #it-help; then be Ben and put 👀 on the card in #it-triage.")
            supervisor = Supervisor(
                bot,
                url=workspace.url,
                is_ready=lambda: _is_ready(bot_port),
                forget=lambda: _forget(folder),
                report=typer.echo,
            )
            _look_after(sandbox, supervisor)
    except KeyboardInterrupt:
        return 1 if tour else 0
    return 0


def _start(
    ending: ExitStack, folder: Path, *, page_port: int, bot_port: int, over_http: bool
) -> tuple[Workspace, Child, Child]:
    bot_url = f"http://{HOST}:{bot_port}"
    manifest = folder / "manifest.json"
    manifest.write_text(render_manifest(request_url=bot_url if over_http else None), encoding="utf-8")
    arguments = ["sandbox", "--port", str(page_port), "--manifest", str(manifest)]
    arguments += ["--clock-offset", str(folder / _CLOCK_OFFSET), "--example", "--setting", "rate_scale=0"]
    if over_http:
        arguments += ["--http-url", bot_url + EVENTS_PATH]
    sandbox = Child("sandbox", arguments, folder=folder, environment=child_environment({}))
    ending.callback(sandbox.stop)
    workspace = _when(lambda: _announced(sandbox), sandbox)
    variables = _bot_variables(workspace, folder, port=bot_port, over_http=over_http)
    bot = Child("bot", ["bot", "run"], folder=folder, environment=child_environment(variables))
    ending.callback(bot.stop)
    _when(lambda: _is_ready(bot_port) or None, sandbox, bot)
    return workspace, sandbox, bot


def _bot_variables(workspace: Workspace, folder: Path, *, port: int, over_http: bool) -> dict[str, str]:
    receiving = (
        {"SLACK_SIGNING_SECRET": workspace.signing_secret}
        if over_http
        else {"SLACK_APP_TOKEN": workspace.app_token}
    )
    return {
        **receiving,
        "SLACK_API_URL": workspace.api_url,
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "DATABASE_URL": f"sqlite:///{folder / _DATABASE}",
        "DESK_CONFIG": str(HOME / "desk.example.yaml"),
        "DESK_CLOCK_OFFSET": str(folder / _CLOCK_OFFSET),
        "DELIVERY_PACE": str(_PACE),
        "HOST": HOST,
        "PORT": str(port),
    }


def _announced(sandbox: Child) -> Workspace | None:
    lines = sandbox.printed()
    if not lines:
        return None
    told = json.loads(lines[0])
    return Workspace(**{name: told[name] for name in Workspace.__dataclass_fields__})


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=3)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _when(find: Callable[[], Found | None], *children: Child) -> Found:
    """What `find` finds, as soon as it does. Raises `TrialFailed` when a child ends or it takes too long."""
    deadline = monotonic() + START_TIMEOUT
    while monotonic() < deadline:
        found = find()
        if found is not None:
            return found
        for child in children:
            child.require_running()
        time.sleep(_POLL)
    slow = children[-1]
    raise TrialFailed(
        f"The {slow.name} was not ready after {START_TIMEOUT:.0f} s; it said:\n{slow.last_words()}"
    )


def _play(play: str, workspace: Workspace) -> int:
    """Plays `sandbox.story` or `sandbox.tour` on our terminal; its exit code."""
    command = [sys.executable, "-m", f"sandbox.{play}", "--url", workspace.url]
    with subprocess.Popen(command, env=child_environment({})) as player:  # noqa: S603  # our own module
        try:
            return player.wait()
        except KeyboardInterrupt:
            player.terminate()
            raise


def _look_after(sandbox: Child, supervisor: Supervisor) -> None:
    supervisor.start()
    try:
        while True:
            sandbox.require_running()
            supervisor.step()
            time.sleep(_POLL)
    finally:
        supervisor.stop()


def _forget(folder: Path) -> None:
    for file in folder.glob(f"{_DATABASE}*"):
        file.unlink(missing_ok=True)


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
