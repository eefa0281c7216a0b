"""Look before posting again: is the message of an uncertain attempt in Slack?

The protocol's limits, to be honest about them: somebody may have deleted the message, or Slack's history may
lag for longer than `DELIVERY_SETTLE`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from bot.delivery import marker
from bot.delivery.client import Refused
from bot.delivery.reads import Reader
from bot.store.outbox import Claim

SKEW: Final = timedelta(minutes=3)
"""How far Slack's clock may be from the store's."""
_NO_SUCH_THREAD: Final = "thread_not_found"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who we are in Slack, and what signs our marks."""

    user_id: str
    bot_id: str
    app_id: str
    secret: str

    def wrote(self, message: dict[str, Any]) -> bool:
        """Whether Slack says that a message is ours."""
        pairs = (("bot_id", self.bot_id), ("app_id", self.app_id), ("user", self.user_id))
        return any(mine and message.get(field) == mine for field, mine in pairs)


@dataclass(frozen=True)
class Found:
    """It is in Slack; `extras` are later copies that should not be."""

    ts: str
    extras: tuple[str, ...] = ()


@dataclass(frozen=True)
class Missing:
    """It was not seen this time."""


@dataclass(frozen=True)
class Unreadable:
    """The place cannot be read, so nobody can tell."""

    error: str


Look = Found | Missing | Unreadable


def look(reader: Reader, claim: Claim, identity: Identity, *, channel: str, thread_ts: str | None) -> Look:
    """Search the place from before the first attempt on. Raises Busy, NotSent, AuthRefused or Unknown."""
    since = (claim.first_try_at or claim.created_at) - SKEW
    try:
        copies = sorted(
            (
                str(message["ts"])
                for message in messages(reader, channel, thread_ts, since=since)
                if identity.wrote(message)
                and marker.is_marked(
                    message, identity.secret, key=claim.key, channel=channel, thread_ts=thread_ts
                )
            ),
            key=_in_time,
        )
    except Refused as refusal:
        return Missing() if refusal.error == _NO_SUCH_THREAD else Unreadable(refusal.error)
    return Found(copies[0], tuple(copies[1:])) if copies else Missing()


def messages(
    reader: Reader, channel: str, thread_ts: str | None, *, since: datetime
) -> Iterator[dict[str, Any]]:
    """What was written in a place since. Raises Busy, NotSent, Refused, AuthRefused or Unknown."""
    args = {"channel": channel, "oldest": f"{since.timestamp():.6f}", "include_all_metadata": True}
    if thread_ts is None:
        return reader.entries("conversations.history", "messages", **args)
    return reader.entries("conversations.replies", "messages", ts=thread_ts, **args)


def _in_time(ts: str) -> tuple[int, int]:
    seconds, _, part = ts.partition(".")
    return int(seconds), int(part or 0)


@dataclass(frozen=True)
class Verdict:
    """After a look without a find: post again, or look again at `look_at`."""

    may_post: bool
    look_at: datetime


def judge(*, misses: int, last_try_at: datetime, now: datetime, settle: timedelta) -> Verdict:
    """`misses` counts this look. Two looks, half a settling time apart, the last one after a whole of it."""
    settled_at = last_try_at + settle
    if misses >= 2 and now >= settled_at:
        return Verdict(True, now)
    return Verdict(False, now + settle / 2 if misses < 2 else max(settled_at, now))
