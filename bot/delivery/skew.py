"""How far this machine's clock is from Slack's and the database's: signatures and leases rest on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import structlog

from bot.clock import real_now
from bot.delivery.metrics import SKEW
from bot.store import Store

TOLD: Final = timedelta(seconds=5)
NOT_READY: Final = timedelta(seconds=120)
"""Slack's signatures are refused at 300 s."""
SLACK, DATABASE = "slack", "database"

log = structlog.get_logger(__name__)


class Skew:
    """What was last heard of each other clock. Used from any thread."""

    def __init__(self, now: Callable[[], datetime] = real_now) -> None:
        self._now = now
        self._ahead: dict[str, timedelta] = {}

    def heard_from_slack(self, date: str) -> None:
        """The `Date` header of an answer, in whole seconds; what cannot be read says nothing."""
        try:
            instant = parsedate_to_datetime(date)
        except ValueError:
            return
        aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
        self._heard(SLACK, aware + timedelta(seconds=0.5))

    def ask_database(self, store: Store) -> None:
        """Raises StoreUnavailable. SQLite has no clock of its own."""
        if not store.is_sqlite:
            with store.read() as session:
                self._heard(DATABASE, store.now(session))

    def _heard(self, whose: str, instant: datetime) -> None:
        ahead, before = instant - self._now(), self._ahead.get(whose, timedelta(0))
        self._ahead[whose] = ahead
        SKEW.labels(whose).set(ahead.total_seconds())
        if abs(ahead) > TOLD >= abs(before):
            log.warning("the clocks differ", other=whose, ahead_seconds=round(ahead.total_seconds(), 1))

    def problem(self) -> str | None:
        """A sentence when the clocks differ by more than is healthy."""
        far = [(whose, ahead) for whose, ahead in self._ahead.items() if abs(ahead) > TOLD]
        if not far:
            return None
        whose, ahead = max(far, key=lambda pair: abs(pair[1]))
        seconds = abs(ahead).total_seconds()
        way = "behind" if ahead > timedelta(0) else "ahead of"
        name = "Slack's" if whose == SLACK else "the database's"
        return f"This machine's clock is {seconds:.0f} s {way} {name}: let it follow a time server (NTP)."

    def is_too_far(self) -> bool:
        """Whether no work can be trusted to be right."""
        return any(abs(ahead) > NOT_READY for ahead in self._ahead.values())
