"""The only source of "now"."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path


def real_now() -> datetime:
    """The machine's own instant, in UTC: for leases, freshness, pacing and signature windows."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds that never go back: for deadlines inside one process."""
    return time.monotonic()


def instant_of(ts: str) -> datetime:
    """The UTC instant of a Slack `ts` ("1712345678.000200")."""
    seconds, _, fraction = ts.partition(".")
    return datetime.fromtimestamp(int(seconds), UTC) + timedelta(microseconds=int((fraction + "000000")[:6]))


class Clock:
    """Business time: the real instant, shifted by the seconds that a file holds.

    The file (`DESK_CLOCK_OFFSET`) lets a local workspace skip time; without it the shift is zero.
    """

    def __init__(self, offset_file: Path | None = None) -> None:
        self._offset_file = offset_file

    def offset(self) -> timedelta:
        """How far business time is ahead of the machine; an unreadable file counts as zero."""
        if self._offset_file is None:
            return timedelta(0)
        try:
            return timedelta(seconds=float(self._offset_file.read_text() or "0"))
        except (OSError, ValueError):
            return timedelta(0)

    def now(self) -> datetime:
        """The current business instant, in UTC."""
        return real_now() + self.offset()
