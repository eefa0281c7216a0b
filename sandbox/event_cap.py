"""How many events Slack sends an app in an hour: https://docs.slack.dev/apis/events-api/#rate-limiting"""

from __future__ import annotations

from collections import Counter
from typing import Literal

Verdict = Literal["pass", "tell", "drop"]


class EventCap:
    """Counts by the minute, in real time. What is over the cap is lost; each such minute is told once."""

    def __init__(self) -> None:
        self._sent: Counter[int] = Counter()
        self._told = 0

    def take(self, now: float, most: float) -> Verdict:
        """Counts one event at `now`, in Unix seconds. `most` of 0 or less means that there is no cap."""
        if most <= 0:
            return "pass"
        minute = int(now) // 60
        for old in [known for known in self._sent if known <= minute - 60]:
            del self._sent[old]
        if self._sent.total() < most:
            self._sent[minute] += 1
            return "pass"
        if self._told == minute:
            return "drop"
        self._told = minute
        return "tell"
