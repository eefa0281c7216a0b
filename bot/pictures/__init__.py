"""Pictures for reports, drawn by a short-lived process of their own so that the bot stays small.

Nothing that the bot imports from here imports matplotlib: only `python -m bot.pictures` does.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.clock import monotonic
from bot.errors import DeskbellError

TIMEOUT: Final = 30.0
"""Seconds that a drawing may take; the first one on a machine looks for fonts, which takes longest."""
_GLANCE: Final = 0.25
# The tokens of the bot are none of the child's business.
_PASSED_ON: Final = ("PATH", "HOME", "TMPDIR", "MPLCONFIGDIR", "XDG_CACHE_HOME", "SYSTEMROOT", "TEMP", "TMP")


class DrawingFailed(DeskbellError):
    """The pictures of a report could not be drawn."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The pictures could not be drawn ({reason}); the report is posted without them.")


@dataclass(frozen=True)
class Picture:
    """A PNG, and what somebody who cannot see it is told."""

    filename: str
    alt: str
    png: bytes


def draw(
    charts: Mapping[str, object], *, timeout: float = TIMEOUT, stop: threading.Event | None = None
) -> list[Picture]:
    """Draw what `charts` holds (see `bot.pictures.charts`); a picture with nothing to show is left out.

    `timeout` is in seconds of real time; `stop` ends the drawing early. Raises DrawingFailed.
    """
    try:
        asked = json.dumps(charts).encode()
    except (TypeError, ValueError) as error:
        raise DrawingFailed("the figures are not JSON") from error
    return _read(_drawn(asked, timeout=timeout, stop=stop))


def _drawn(asked: bytes, *, timeout: float, stop: threading.Event | None) -> bytes:
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot.pictures"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
        )
    except OSError as error:
        raise DrawingFailed(f"no process could be started: {error.strerror}") from error
    with process:
        try:
            answer, complaint = _wait(process, asked, timeout=timeout, stop=stop)
        finally:
            process.kill()
    if process.returncode != 0:
        raise DrawingFailed(_last_line(complaint) or f"exit code {process.returncode}")
    return answer


def _wait(
    process: subprocess.Popen[bytes], asked: bytes, *, timeout: float, stop: threading.Event | None
) -> tuple[bytes, bytes]:
    give_up_at = monotonic() + timeout
    to_write: bytes | None = asked
    while True:
        remaining = give_up_at - monotonic()
        try:
            return process.communicate(to_write, timeout=max(0.0, min(_GLANCE, remaining)))
        except subprocess.TimeoutExpired as expired:
            to_write = None  # what is left of it is written by the next call
            if remaining <= 0:
                raise DrawingFailed(f"it took longer than {timeout:g} s") from expired
            if stop is not None and stop.is_set():
                raise DrawingFailed("the bot is stopping") from expired


def _environment() -> dict[str, str]:
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    # The child finds the same modules, however this process was started.
    return {**passed, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PYTHONUTF8": "1"}


def _read(answer: bytes) -> list[Picture]:
    try:
        return [
            Picture(
                filename=str(entry["filename"]),
                alt=str(entry["alt"]),
                png=base64.b64decode(entry["png"], validate=True),
            )
            for entry in json.loads(answer)["pictures"]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise DrawingFailed("the answer of the drawing process could not be read") from error


def _last_line(complaint: bytes) -> str:
    lines = complaint.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else ""
