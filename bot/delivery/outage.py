"""Whether Slack can be spoken to at all, so that an outage costs a call now and then, not one per row."""

from __future__ import annotations

import random
import threading
from typing import Final

from bot.clock import monotonic

_FAILURES_IN_A_ROW: Final = 3
_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 15.0


class Outage:
    """Counts failures in a row. After enough of them it is open: the sender rests, then asks how Slack is.

    Shared by the sender's threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._until = 0.0
        self._reason: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether Slack has to answer a harmless question before anything is sent."""
        with self._lock:
            return self._failures >= _FAILURES_IN_A_ROW

    @property
    def reason(self) -> str | None:
        """Why nothing is sent at the moment; None while all is well."""
        with self._lock:
            return self._reason if self._failures >= _FAILURES_IN_A_ROW else None

    def remaining(self) -> float:
        """Seconds to rest."""
        with self._lock:
            return max(0.0, self._until - monotonic())

    def failed(self, reason: str, *, is_certain: bool = False) -> float:
        """A call failed by Slack's fault; `is_certain` if one is enough. Returns the seconds to rest."""
        with self._lock:
            self._failures = max(self._failures + 1, _FAILURES_IN_A_ROW if is_certain else 0)
            self._reason = reason
            over = self._failures - _FAILURES_IN_A_ROW
            if over < 0:
                return 0.0
            rest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(over, 16)) * random.uniform(0.75, 1.0)
            self._until = max(self._until, monotonic() + rest)
            return rest

    def pause(self, reason: str, seconds: float) -> None:
        """Nothing can be sent for so long, whatever Slack's health."""
        with self._lock:
            self._failures = max(self._failures, _FAILURES_IN_A_ROW)
            self._reason = reason
            self._until = monotonic() + seconds

    def succeeded(self) -> None:
        """Slack answered."""
        with self._lock:
            self._failures = 0
            self._reason = None
