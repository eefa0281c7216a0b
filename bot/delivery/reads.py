"""Reading from Slack: at a permitted pace, page by page, and again after a failure if there is time."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from typing import Any, Final

from bot.clock import monotonic
from bot.delivery.client import Answer, NotSent, SlackClient, Unknown
from bot.delivery.pacing import Pacer
from bot.store.storable import storable

PAGE: Final = 200
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0


class UnreadableAnswer(Unknown):
    """Slack's answer lacks what its reference promises."""


class Reader:
    """Calls that only read, or that may be repeated without harm.

    `patience` is for how many seconds a call may wait for its turn and be tried again; with 0 the first
    failure is final.
    """

    def __init__(
        self, client: SlackClient, pacer: Pacer, stop: threading.Event, *, patience: float = 0.0
    ) -> None:
        self._client = client
        self._pacer = pacer
        self._stop = stop
        self._patience = patience

    def call(self, method: str, **args: object) -> Answer:
        """One answer, every text of it storable. Raises Busy, NotSent, Refused, AuthRefused or Unknown."""
        give_up_at = monotonic() + self._patience
        pause = _FIRST_PAUSE
        while True:
            self._pacer.wait(method, at_most=max(2.0, give_up_at - monotonic()), stop=self._stop)
            try:
                return _storable(self._client.call(method, **args))
            except NotSent as failure:
                if failure.retry_after is not None:
                    self._pacer.push(method, failure.retry_after)
                delay = failure.retry_after or pause
                self._rest(delay, give_up_at, failure)
            except Unknown as failure:
                self._rest(pause, give_up_at, failure)
            pause = min(_LONGEST_PAUSE, pause * 2)

    def _rest(self, seconds: float, give_up_at: float, failure: NotSent | Unknown) -> None:
        seconds *= random.uniform(1.0, 1.25)
        if monotonic() + seconds > give_up_at or self._stop.wait(seconds):
            raise failure

    def pages(self, method: str, **args: object) -> Iterator[Answer]:
        """Every page, to the end: Slack may return fewer entries than asked for and still have more."""
        cursor: str | None = None
        while True:
            answer = self.call(method, limit=PAGE, cursor=cursor, **args)
            yield answer
            cursor = next_cursor(answer)
            if cursor is None:
                return

    def entries(self, method: str, field: str, **args: object) -> Iterator[dict[str, Any]]:
        """The objects in the list `field` of every page."""
        for answer in self.pages(method, **args):
            yield from objects(answer, field)


def _storable(answer: Answer) -> Answer:
    """What people are called and write comes to the records this way, as it does in events."""
    return {key: storable(value) for key, value in answer.items()}


def next_cursor(answer: Answer) -> str | None:
    """Where the next page begins; None on the last one."""
    metadata = answer.get("response_metadata")
    cursor = metadata.get("next_cursor") if isinstance(metadata, dict) else None
    return cursor if isinstance(cursor, str) and cursor else None


def objects(answer: Answer, field: str) -> list[dict[str, Any]]:
    """The objects in a list of an answer. Raises UnreadableAnswer when there is no such list."""
    found = answer.get(field)
    if not isinstance(found, list):
        raise UnreadableAnswer(f"{field} is missing")
    return [entry for entry in found if isinstance(entry, dict)]


def strings(answer: Answer, field: str) -> list[str]:
    """The strings in a list of an answer. Raises UnreadableAnswer when there is no such list."""
    found = answer.get(field)
    if not isinstance(found, list):
        raise UnreadableAnswer(f"{field} is missing")
    return [entry for entry in found if isinstance(entry, str)]
