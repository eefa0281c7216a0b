"""The tick: APScheduler as a ticker, one in-memory interval job for each concern. Due work is rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from bot.clock import real_now
from bot.store import StoreUnavailable

log = structlog.get_logger(__name__)

TICK = 1.0
"""Seconds between two ticks."""


@dataclass(frozen=True)
class Concern:
    """Something to look after, every so many seconds."""

    work: Callable[[], object]
    every: float = TICK


class Schedule:
    """Runs each concern at its interval, never twice at once, and remembers when it last went round."""

    def __init__(self, concerns: Mapping[str, Concern]) -> None:
        self._concerns = concerns
        self._started_at: datetime | None = None
        self._problems: dict[str, str] = {}
        self._skipped: set[str] = set()
        """What could not go round for want of the database when it last should have."""
        self._last: dict[str, datetime] = {}
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        for name, concern in concerns.items():
            self._scheduler.add_job(
                self._go_round, "interval", seconds=concern.every, args=(name, concern.work), id=name
            )

    def start(self) -> None:
        """Begin to tick."""
        self._started_at = real_now()
        self._scheduler.start()

    def stop(self) -> None:
        """Stop; a round under way finishes."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def lag(self) -> float:
        """Seconds that the concern most behind is late; 0 before the start."""
        return max([0.0, *self.lags().values()])

    def lags(self) -> dict[str, float]:
        """Seconds that each concern is late; what has not gone round yet counts from the start."""
        now = real_now()
        return {
            name: max(0.0, (now - last).total_seconds() - concern.every)
            for name, concern in self._concerns.items()
            if (last := self._last.get(name, self._started_at)) is not None
        }

    def last_rounds(self) -> dict[str, datetime]:
        """When each concern last went round (real time)."""
        return dict(self._last)

    def _go_round(self, name: str, work: Callable[[], object]) -> None:
        try:
            work()
        except StoreUnavailable as error:
            # Once for each outage: a line for each round would bury what else is said.
            if name not in self._skipped:
                log.warning("rounds are skipped", concern=name, reason=str(error))
            self._skipped.add(name)
            return
        except Exception as error:
            # One concern that fails must not stop the others, and must not fill the log each second.
            problem = f"{name}: {type(error).__name__}: {error}"
            if self._problems.get(name) != problem:
                log.exception("a round failed and is tried again", concern=name)
            self._problems[name] = problem
            return
        self._problems.pop(name, None)
        if name in self._skipped:
            self._skipped.remove(name)
            log.info("rounds are made again", concern=name)
        self._last[name] = real_now()

    def problems(self) -> list[str]:
        """What fails at the moment, a sentence for each concern."""
        return [f"The schedule cannot do its work ({problem})." for problem in self._problems.values()]
