"""The time of the workspace: the machine's clock plus an offset that people can move."""

from __future__ import annotations

import time
from pathlib import Path


class SandboxClock:
    """Workspace time in Unix seconds.

    The offset lives in a file when one is given, so that another process can follow the same shifted time.
    Protocol deadlines do not use this clock: see `real`.
    """

    def __init__(self, offset_file: Path | None = None) -> None:
        self._offset_file = offset_file
        self._offset = 0.0

    @property
    def offset(self) -> float:
        """Seconds by which workspace time is ahead of the machine's clock."""
        if self._offset_file is not None:
            self._offset = _read_offset(self._offset_file, self._offset)
        return self._offset

    def now(self) -> float:
        """Workspace time."""
        return time.time() + self.offset

    def skip(self, seconds: float) -> float:
        """Moves workspace time and returns the new offset."""
        return self.set_offset(self.offset + seconds)

    def set_offset(self, seconds: float) -> float:
        """Sets the offset itself, 0 for real time."""
        self._offset = seconds
        if self._offset_file is not None:
            _write_offset(self._offset_file, seconds)
        return seconds


def real() -> float:
    """Monotonic seconds for deadlines of the protocol: acks, triggers, rate windows."""
    return time.monotonic()


def _read_offset(path: Path, fallback: float) -> float:
    # A missing or half-written file keeps the last offset: time must not jump back for one call.
    try:
        return float(path.read_text(encoding="utf-8").strip() or 0.0)
    except FileNotFoundError:
        return 0.0
    except (OSError, ValueError):
        return fallback


def _write_offset(path: Path, seconds: float) -> None:
    partial = path.with_name(path.name + ".part")
    partial.write_text(f"{seconds}\n", encoding="utf-8")
    partial.replace(path)
