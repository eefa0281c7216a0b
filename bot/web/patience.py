"""How long, and with how many, the HTTP edge is patient: nobody can hold it from others by being slow.

uvicorn alone waits for a request's head for ever, and its own limit answers everybody with 503 once too many
are connected.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState


@dataclass(frozen=True)
class Patience:
    """What a client may take."""

    head_within: float = 10.0
    """Seconds for a whole request head, however steadily its bytes come."""
    connections: int = 256
    """At once. One more, and whoever has kept us waiting longest for a request is cut off."""


DEFAULT = Patience()


def impatient(patience: Patience) -> type[H11Protocol]:
    """uvicorn's protocol with these limits."""
    return type("_Impatient", (_Impatient,), {"patience": patience})


class _Impatient(H11Protocol):
    """Ends connections that do not come to the point."""

    patience = DEFAULT

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._deadline: asyncio.TimerHandle | None = None
        self._waiting_since = self.loop.time()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._expect_a_head()
        if len(self.connections) > self.patience.connections:
            _cut_off_the_slowest(each for each in self.connections if isinstance(each, _Impatient))

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_answering:
            self._forget_the_deadline()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._is_answering:  # the next request may have come with the last one
            self._expect_a_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_the_deadline()
        super().connection_lost(exc)

    def cut_off(self) -> None:
        """End the connection at once; what was still to be sent is lost."""
        self.transport.abort()

    @property
    def keeps_waiting_since(self) -> float | None:
        """Since when there has been no whole request, in the loop's seconds; None while we owe an answer."""
        return None if self._is_answering and not self.cycle.more_body else self._waiting_since

    @property
    def _is_answering(self) -> bool:
        # uvicorn has no cycle before the first request, though its type says so.
        cycle = cast("object | None", self.cycle)
        return cycle is not None and not self.cycle.response_complete

    def _expect_a_head(self) -> None:
        self._forget_the_deadline()
        self._waiting_since = self.loop.time()
        self._deadline = self.loop.call_later(self.patience.head_within, self.cut_off)

    def _forget_the_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _cut_off_the_slowest(connections: Iterable[_Impatient]) -> None:
    slow = {each: since for each in connections if (since := each.keeps_waiting_since) is not None}
    if slow:
        min(slow, key=slow.__getitem__).cut_off()
