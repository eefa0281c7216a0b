"""Slack's rate limits as token buckets, in real time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

# Calls per minute of Slack's tiers; a whole minute's worth may be spent at once.
PER_MINUTE = {"t1": 1, "t2": 20, "t3": 50, "t4": 100}
POSTS_PER_CHANNEL_BURST = 4
POSTS_PER_MINUTE = 300


@dataclass
class _Bucket:
    tokens: float
    filled_at: float


class RateLimits:
    """One bucket per method (and per channel for posts). `scale` multiplies all limits; 0 turns them off."""

    def __init__(self, now: Callable[[], float], scale: float) -> None:
        self._now = now
        self.scale = scale
        self._buckets: dict[str, _Bucket] = {}

    def take(self, method: str, tier: str, channel: str) -> int:
        """Counts a call. Returns 0 if it may pass, else the seconds to wait (Retry-After)."""
        if self.scale <= 0:
            return 0
        if method == "chat.postMessage":
            wait = self._draw(f"{method}:{channel}", POSTS_PER_CHANNEL_BURST * self.scale, self.scale)
            return wait or self._draw(
                method, POSTS_PER_MINUTE * self.scale, POSTS_PER_MINUTE * self.scale / 60
            )
        per_minute = PER_MINUTE.get(tier)
        if per_minute is None:
            return 0
        return self._draw(method, max(1.0, per_minute * self.scale), per_minute * self.scale / 60)

    def _draw(self, key: str, capacity: float, per_second: float) -> int:
        now = self._now()
        bucket = self._buckets.setdefault(key, _Bucket(capacity, now))
        bucket.tokens = min(capacity, bucket.tokens + (now - bucket.filled_at) * per_second)
        bucket.filled_at = now
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            return 0
        return max(1, math.ceil((1 - bucket.tokens) / per_second))

    def clear(self) -> None:
        self._buckets.clear()
