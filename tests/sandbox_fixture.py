"""Sandboxes for tests: in a thread of this process, or as a process of their own."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from sandbox.client import SandboxClient
from sandbox.core import SandboxConfig
from sandbox.jsontypes import JsonObject, as_object, as_text
from sandbox.seed import WorkspaceSeed, default_seed
from sandbox.server import SandboxServer

ROOT = Path(__file__).parent.parent

# No rate limits, and redeliveries after 0, 0.6 and 3 seconds. The three seconds for acks stay.
QUICK: Mapping[str, object] = {"rate_scale": 0, "retry_scale": 0.01}


def repository_manifest() -> JsonObject:
    """The manifest that ships with the product."""
    return as_object(json.loads((ROOT / "manifest.json").read_text(encoding="utf-8")))


def tuesday_morning(offset_file: Path) -> Path:
    """A clock that begins on the Tuesday to come, at 10:00 in Berlin: what is due when, and whether anybody
    works, must not depend on when the tests run."""
    now = dt.datetime.now(ZoneInfo("Europe/Berlin"))
    days = (1 - now.weekday()) % 7 or 7
    begin = (now + dt.timedelta(days=days)).replace(hour=10, minute=0, second=0, microsecond=0)
    offset_file.write_text(f"{begin.timestamp() - now.timestamp()}\n", encoding="utf-8")
    return offset_file


@contextlib.contextmanager
def running_sandbox(
    *,
    manifest: Mapping[str, object] | None = None,
    seed: WorkspaceSeed | None = None,
    http_url: str = "",
    clock_offset: Path | None = None,
    settings: Mapping[str, object] = QUICK,
) -> Iterator[SandboxServer]:
    """A sandbox on a free port, in a thread. Use `server.client()` to act and look."""
    config = SandboxConfig(
        manifest=manifest if manifest is not None else repository_manifest(),
        seed=seed if seed is not None else default_seed(),
        http_url=http_url,
        clock_offset=clock_offset,
        settings=settings,
    )
    with SandboxServer(config) as server:
        yield server


@dataclass(frozen=True)
class SandboxProcess:
    """A sandbox that outlives anything that happens to this process's threads."""

    url: str
    api_url: str
    bot_token: str
    app_token: str
    signing_secret: str
    pid: int

    def client(self) -> SandboxClient:
        return SandboxClient(self.url)


@contextlib.contextmanager
def sandbox_process(
    directory: Path,
    *,
    manifest: Mapping[str, object] | None = None,
    clock_offset: Path | None = None,
    settings: Mapping[str, object] = QUICK,
) -> Iterator[SandboxProcess]:
    """`python -m sandbox` on a free port; `directory` is for its manifest."""
    path = directory / "sandbox-manifest.json"
    path.write_text(json.dumps(manifest if manifest is not None else repository_manifest()), encoding="utf-8")
    command = [sys.executable, "-m", "sandbox", "--manifest", str(path)]
    for name, value in settings.items():
        command += ["--setting", f"{name}={json.dumps(value)}"]
    if clock_offset is not None:
        command += ["--clock-offset", str(clock_offset)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        yield _ready(process)
    finally:
        process.terminate()
        process.communicate(timeout=15)


def _ready(process: subprocess.Popen[str]) -> SandboxProcess:
    line = process.stdout.readline() if process.stdout is not None else ""
    if not line:
        raise RuntimeError("The sandbox did not start; run the same command by hand to see why.")
    data = as_object(json.loads(line))
    return SandboxProcess(
        url=as_text(data.get("url")),
        api_url=as_text(data.get("api_url")),
        bot_token=as_text(data.get("bot_token")),
        app_token=as_text(data.get("app_token")),
        signing_secret=as_text(data.get("signing_secret")),
        pid=process.pid,
    )
