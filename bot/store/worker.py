"""What works beside the people: one step after the other, in a thread of its own."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import Final

import structlog

from bot.store.database import StoreUnavailable

POLL: Final = 1.0
"""Seconds after which a worker looks again even if nobody called `wake`."""

log = structlog.get_logger(__name__)


class Worker(ABC):
    """A thread that steps until it is stopped. Every replica may run one: what a step takes, it leases."""

    def __init__(self, name: str, *, without_database: str, failed: str) -> None:
        """The two sentences are what the log says when a step fails."""
        self._stop = threading.Event()
        self._woken = threading.Event()
        self._without_database, self._step_failed = without_database, failed
        self._is_cut_off = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def step(self) -> float:
        """Do one thing, if one is due. Returns for how many seconds there is nothing to do."""

    def wake(self) -> None:
        """Something fell due: look at once. Never waits."""
        self._woken.set()

    def stop(self, timeout: float) -> bool:
        """End; what is in hand is free after its lease. False if that took longer than `timeout` seconds."""
        self._stop.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._woken.clear()
            wait = self._guarded()
            if wait:
                self._woken.wait(wait)

    def _guarded(self) -> float:
        try:
            wait = self.step()
            self._is_cut_off = False
            return wait
        except StoreUnavailable as error:
            if not self._is_cut_off:  # once for each outage
                log.warning(self._without_database, reason=str(error))
            self._is_cut_off = True
        except Exception:
            # A thread that dies would leave undone all that comes later; the lease of this step ends.
            log.exception(self._step_failed)
        return POLL
