"""Stopping in time: what does not end by itself is left behind, so that the process ends all the same."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping
from typing import Final

import structlog

from bot.clock import monotonic

STOP_WITHIN: Final = 8.0
"""Seconds that everything together may take to stop, of the ten that an operator waits."""
AT_THE_LATEST: Final = 9.0
"""Seconds after which the process ends whatever still hangs: a migration, a thread in a call."""

log = structlog.get_logger(__name__)


class Departure:
    """The time there is to stop in."""

    def __init__(self, seconds: float = STOP_WITHIN) -> None:
        self._give_up_at = monotonic() + seconds
        self.left_behind: list[str] = []

    def left(self) -> float:
        """Seconds; never quite none, so that what ends at once can."""
        return max(0.1, self._give_up_at - monotonic())

    def end(self, works: Mapping[str, Callable[[], object]], *, at_most: float) -> None:
        """Do all of it side by side, for at most so many seconds; what takes longer is left behind."""
        give_up_at = monotonic() + min(self.left(), at_most)
        threads = [
            threading.Thread(target=work, name=f"stop-{what}", daemon=True) for what, work in works.items()
        ]
        for thread in threads:
            thread.start()
        for what, thread in zip(works, threads, strict=True):
            thread.join(max(0.0, give_up_at - monotonic()))
            if thread.is_alive():
                log.warning("left behind while stopping", what=what)
                self.left_behind.append(what)


def end_at_the_latest() -> None:
    """From now on the process has `AT_THE_LATEST` seconds to live. May be called from a signal handler."""
    timer = threading.Timer(AT_THE_LATEST, end_now)
    timer.daemon = True
    timer.start()


def end_now() -> None:
    """End the process without waiting for its threads; what they held is taken up after its lease."""
    log.warning("stopped without waiting any longer")
    logging.shutdown()
    os._exit(0)
