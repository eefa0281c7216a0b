"""What goes wrong: with Slack, with processes, with the database, and with time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final

from sandbox.client import SandboxClient
from tests.faults.processes import BotProcess, DidNotStop, becomes

LAG: Final = 0.5
"""Seconds by which Slack's history is behind; less than DELIVERY_SETTLE, as the protocol presumes."""


@dataclass
class Count:
    """How often what went wrong."""

    crashes: int = 0
    pauses: int = 0
    stops: int = 0
    database: int = 0
    stuck: list[str] = field(default_factory=list)
    """The logs of those that did not stop when told to."""
    skipped: float = 0.0
    """Seconds of business time."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault of the sandbox, for a while."""

    kind: str
    method: str = "*"
    details: tuple[tuple[str, object], ...] = ()


STANDING: Final = (
    Fault(kind="lost_answer", method="chat.postMessage", details=(("probability", 0.3),)),
    Fault(kind="http_error", method="chat.*", details=(("probability", 0.04), ("status", 503))),
    Fault(
        kind="http_error",
        method="chat.*",
        details=(("probability", 0.04), ("status", 500), ("apply", True)),
    ),
    Fault(kind="drop", method="chat.*", details=(("probability", 0.03),)),
    Fault(kind="ratelimited", details=(("probability", 0.02), ("seconds", 1))),
    Fault(kind="error", method="chat.postMessage", details=(("probability", 0.02),)),
    Fault(kind="garbage", method="chat.postMessage", details=(("probability", 0.02), ("apply", True))),
    Fault(kind="history_lag", details=(("seconds", LAG),)),
    Fault(kind="page_cap", details=(("count", 15),)),
    Fault(kind="duplicate_events", details=(("same_id", False),)),
    Fault(kind="shuffle_events", details=(("seconds", 0.3),)),
)
"""In force all the time."""
PASSING: Final = (
    Fault(kind="outage"),
    Fault(kind="outage", details=(("mode", "503"),)),
    Fault(kind="ratelimited", details=(("seconds", 1),)),
    Fault(kind="hang", method="chat.*", details=(("seconds", 12), ("apply", True), ("times", 2))),
    Fault(kind="hang", method="conversations.*", details=(("seconds", 1),)),
    Fault(kind="http_error", method="conversations.*", details=(("status", 502),)),
    Fault(kind="lost_answer", method="reactions.*"),
    Fault(kind="lost_answer", method="files.*"),
    Fault(kind="drop", method="conversations.open"),
)
"""In force for a moment, one after the other."""


def inject(client: SandboxClient, fault: Fault) -> str:
    """Put a fault in force; its id."""
    return client.fault(fault.kind, fault.method, **dict(fault.details))


class Trouble(threading.Thread):
    """Something that goes wrong again and again until told to stop."""

    def __init__(
        self, name: str, *, every: tuple[float, float], lots: Random, happen: Callable[[], None]
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._every = every
        self._lots = lots
        self._happen = happen
        self._stop_it = threading.Event()
        self.failure: BaseException | None = None

    def finish(self) -> None:
        """Stop. Raises what went wrong in the harness itself."""
        self._stop_it.set()
        self.join(60)
        if self.failure is not None:
            raise self.failure

    def run(self) -> None:
        try:
            while not self._stop_it.wait(self._lots.uniform(*self._every)):
                self._happen()
        except BaseException as failure:  # noqa: BLE001 - raised again by `finish`
            self.failure = failure


class Killer:
    """kill -9, SIGSTOP and SIGTERM, each time at another moment of a process's life."""

    def __init__(self, bot: BotProcess, count: Count, lots: Random) -> None:
        self._bot = bot
        self._count = count
        self._lots = lots

    def strike(self) -> None:
        """End or freeze the process; what ended is started again at once."""
        bot = self._bot
        if self._lots.random() < 0.8:  # otherwise it is hit while it starts
            becomes(bot.is_ready, seconds=10)
        lot = self._lots.random()
        if lot < 0.2 and bot.is_alive:
            self._count.pauses += 1
            bot.pause()
            threading.Event().wait(self._lots.uniform(1, 4))
            bot.go_on()
            return
        if lot < 0.25:
            self._count.stops += 1
            try:
                bot.stop()
            except DidNotStop as stuck:
                self._count.stuck.append(str(stuck))
        else:
            self._count.crashes += 1
            bot.kill()
        bot.launch()


class Weather:
    """Faults of Slack that come and go, and sockets that drop."""

    def __init__(self, client: SandboxClient, lots: Random) -> None:
        self._client = client
        self._lots = lots

    def turn(self) -> None:
        """A moment of bad weather."""
        lot = self._lots.random()
        if lot < 0.15:
            self._client.drop_sockets()
        elif lot < 0.25:
            self._client.refresh_sockets(self._lots.choice(("warning", "refresh_requested")))
        else:
            fault = inject(self._client, self._lots.choice(PASSING))
            threading.Event().wait(self._lots.uniform(0.3, 2.0))
            self._client.lift(fault)


class Time:
    """Business time that flies."""

    def __init__(self, client: SandboxClient, count: Count, lots: Random, *, at_most: float) -> None:
        """`at_most` is for how many seconds time may jump."""
        self._client = client
        self._count = count
        self._lots = lots
        self._at_most = at_most

    def jump(self) -> None:
        """Some minutes pass."""
        seconds = self._lots.uniform(0.02, 1.0) * self._at_most
        self._client.skip(seconds)
        self._count.skipped += seconds
