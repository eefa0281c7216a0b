"""How fast Slack may be called: the generic cell rate algorithm, its state shared by all replicas.

The rates stay below Slack's (https://docs.slack.dev/apis/web-api/rate-limits/): rate and burst together are
at most what a method may be called in any one minute.
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.orm import Session

from bot.failpoints import Commit
from bot.models import Pace
from bot.store import Store
from bot.store.dialects import create_once, insert_once
from bot.store.outbox import HOMES, POSTS, REFRESHED_HOMES

_CAUGHT_UP: Final = timedelta(milliseconds=100)
"""A turn that is taken so much late does not put the later ones off."""


@dataclass(frozen=True)
class Rate:
    """So many calls a minute, of which `burst` may be made at once."""

    per_minute: float
    burst: int

    def interval(self, factor: float) -> timedelta:
        """Between two calls in the long run."""
        return timedelta(minutes=1 / (self.per_minute * factor))

    def tolerance(self, factor: float) -> timedelta:
        """How far ahead of the rate a burst may run."""
        return self.interval(factor) * (self.burst - 1)


_LONGEST_BACKOFF: Final = 60.0


def backoff(tries: int) -> float:
    """Seconds until the next try after so many: about twice as long each time, up to a minute."""
    return min(_LONGEST_BACKOFF, 0.5 * 2.0 ** min(tries, 10)) * random.uniform(0.5, 1.0)


ALL_POSTS: Final = POSTS
"""The key of new messages in the whole workspace; followed by a channel it is the lane of that channel."""

_TIER_1: Final = Rate(1, 1)
_TIER_2: Final = Rate(14, 6)
_TIER_3: Final = Rate(40, 10)
_TIER_4: Final = Rate(75, 25)
_RATES: Final = {
    # Together at most 100 in a minute (tier 4): what somebody waits for does not stand behind refreshes.
    HOMES: Rate(40, 20),
    REFRESHED_HOMES: Rate(30, 10),
    ALL_POSTS: Rate(240, 30),
    "chat.update": _TIER_3,
    "chat.delete": _TIER_3,
    "reactions.add": _TIER_3,
    "reactions.remove": _TIER_2,
    "reactions.get": _TIER_3,
    "conversations.open": _TIER_3,
    "conversations.join": _TIER_3,
    "conversations.info": _TIER_3,
    "conversations.history": _TIER_3,
    "conversations.replies": _TIER_3,
    "conversations.list": _TIER_2,
    "conversations.members": _TIER_4,
    "users.list": _TIER_2,
    "users.info": _TIER_4,
    "usergroups.list": _TIER_2,
    "usergroups.users.list": _TIER_2,
    "team.info": _TIER_3,
    "auth.test": _TIER_4,
    "bots.info": _TIER_3,
}
_IN_ONE_CHANNEL: Final = Rate(60, 1)


def rate_of(key: str) -> Rate:
    """The rate of a method, or of the lane of one channel's new messages; what is not known goes slowly."""
    known = _RATES.get(key)
    if known is not None:
        return known
    return _IN_ONE_CHANNEL if key.startswith(POSTS) else _TIER_1


class Busy(Exception):
    """It is not the caller's turn before `until`."""

    def __init__(self, key: str, until: datetime) -> None:
        super().__init__(f"{key} is busy until {until.isoformat()}")
        self.until = until


class Pacer:
    """Hands out turns. `factor` makes everything that many times faster (only against a local workspace)."""

    def __init__(self, store: Store, *, factor: float = 1.0) -> None:
        self._store = store
        self._factor = factor

    @property
    def factor(self) -> float:
        """How many times faster than against Slack."""
        return self._factor

    def shut(self, session: Session, now: datetime) -> dict[str, datetime]:
        """The keys whose turn is not now, and when it is."""
        rows = session.execute(select(Pace.key, Pace.free_at).where(Pace.free_at > now)).all()
        opens = {key: free_at - rate_of(key).tolerance(self._factor) for key, free_at in rows}
        return {key: at for key, at in opens.items() if at > now}

    def take(self, session: Session, key: str, now: datetime) -> bool:
        """Use a turn of `key` if there is one. In the caller's transaction; waits for nobody."""
        free_at = self._locked(session, key, now)
        rate = rate_of(key)
        if free_at is None or free_at - rate.tolerance(self._factor) > now:
            return False
        is_in_use = free_at >= now - _CAUGHT_UP
        next_at = (free_at if is_in_use else now) + rate.interval(self._factor)
        session.execute(update(Pace).where(Pace.key == key).values(free_at=next_at))
        return True

    @staticmethod
    def _locked(session: Session, key: str, now: datetime) -> datetime | None:
        """Until when turns have been given out; None while another replica is taking one."""
        row = select(Pace.free_at).where(Pace.key == key)
        free_at = session.scalar(row.with_for_update(skip_locked=True))
        if free_at is not None or session.scalar(row) is not None:
            return free_at
        create_once(session, Pace, {"key": key, "free_at": now}, keys=["key"])
        return session.scalar(row.with_for_update(skip_locked=True))

    def wait(self, key: str, *, at_most: float, stop: threading.Event) -> None:
        """Take a turn, waiting up to `at_most` seconds for it. Raises Busy."""
        waited = 0.0
        while (turn := self._store.run(lambda session: self._try(session, key), Commit.TURN)) is not None:
            until, pause = turn
            waited += pause
            if waited > at_most or stop.wait(pause):
                raise Busy(key, until)

    def _try(self, session: Session, key: str) -> tuple[datetime, float] | None:
        """None for a turn taken; else when there is one, and in how many seconds."""
        now = self._store.now(session)
        if self.take(session, key, now):
            return None
        until = self.shut(session, now).get(key, now)
        return until, max(0.01, (until - now).total_seconds())

    def push(self, key: str, seconds: float) -> None:
        """Slack said to wait: nobody calls `key` for so long."""
        self._store.run(lambda session: self._push(session, key, seconds), Commit.TURN)

    def _push(self, session: Session, key: str, seconds: float) -> None:
        now = self._store.now(session)
        free_at = now + timedelta(seconds=seconds) + rate_of(key).tolerance(self._factor)
        if not insert_once(session, Pace, {"key": key, "free_at": free_at}, keys=["key"]):
            later = update(Pace).where(Pace.key == key, Pace.free_at < free_at)
            session.execute(later.values(free_at=free_at))

    def forget(self, session: Session, now: datetime) -> int:
        """Remove the keys that say nothing any more; returns how many."""
        result = session.execute(delete(Pace).where(Pace.free_at < now - timedelta(hours=1)))
        return result.rowcount if isinstance(result, CursorResult) else 0
