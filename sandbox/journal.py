"""What the sandbox remembers of the app's behaviour: calls, envelopes and violations."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.jsontypes import JsonObject

KEPT = 20_000
"""Entries of each kind; the oldest go first. A busy test makes some hundreds."""

Watcher = Callable[[str, "Entry"], None]


@dataclass
class ApiCall:
    """One call of the Web API. `time` is workspace time; `answered` is False where a fault ate the answer.

    `applied`: the workspace did it, whatever the app heard of it.
    """

    number: int
    time: float
    method: str
    args: JsonObject
    status: int
    answer: JsonObject
    answered: bool = True
    fault: str = ""
    applied: bool = False
    duration_ms: float = 0.0


@dataclass
class Attempt:
    """One try to hand over an envelope. `outcome`: pending, acked, timeout, lost, refused or failed."""

    number: int
    envelope_id: str
    sent_at: float
    via: str
    outcome: str = "pending"
    ack_ms: float | None = None
    ack: JsonObject = field(default_factory=dict)
    detail: str = ""


@dataclass
class EnvelopeRecord:
    """Something sent to the app, with all tries. `kind` is events_api, interactive or slash_commands.

    `waits` says why nothing is under way although it is not acknowledged: `redelivery` (until `next_try`, in
    real seconds since the epoch), `withheld` by a fault, `given_up`; empty otherwise.
    """

    number: int
    time: float
    kind: str
    name: str
    payload: JsonObject
    attempts: list[Attempt] = field(default_factory=list)
    waits: str = ""
    next_try: float | None = None

    @property
    def acked(self) -> bool:
        return any(attempt.outcome == "acked" for attempt in self.attempts)


@dataclass(frozen=True)
class Violation:
    """A breach of Slack's protocol by the app. `kind` is a short code, `method` a method or envelope kind."""

    time: float
    kind: str
    method: str
    detail: str
    number: int = 0


Entry = ApiCall | EnvelopeRecord | Violation


def as_json(entry: Entry) -> JsonObject:
    """An entry for people to read. Payloads are not copied: write it out, do not change it."""
    shown = dict(vars(entry))
    if isinstance(entry, EnvelopeRecord):
        shown["attempts"] = [dict(vars(attempt)) for attempt in entry.attempts]
    return shown


class Journal:
    """What happened, oldest first, cleared by a reset; of each kind the last `KEPT`."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._watchers: list[Watcher] = []
        self.calls: deque[ApiCall] = deque(maxlen=KEPT)
        self.envelopes: deque[EnvelopeRecord] = deque(maxlen=KEPT)
        self.violations: deque[Violation] = deque(maxlen=KEPT)
        self._number = 0

    def watch(self, watcher: Watcher) -> None:
        """Calls `watcher(kind, entry)` for each new or changed entry."""
        self._watchers.append(watcher)

    def call(
        self,
        method: str,
        args: JsonObject,
        *,
        status: int,
        answer: JsonObject,
        fault: str,
        duration_ms: float,
        applied: bool = False,
    ) -> ApiCall:
        entry = ApiCall(
            number=self._next(),
            time=self._now(),
            method=method,
            args=args,
            status=status,
            answer=answer,
            answered=fault not in {"lost_answer", "drop", "outage"},
            fault=fault,
            applied=applied,
            duration_ms=round(duration_ms, 2),
        )
        self.calls.append(entry)
        self._notify("call", entry)
        return entry

    def envelope(self, kind: str, name: str, payload: JsonObject) -> EnvelopeRecord:
        entry = EnvelopeRecord(self._next(), self._now(), kind, name, payload)
        self.envelopes.append(entry)
        return entry

    def changed(self, entry: EnvelopeRecord) -> None:
        """Tells the watchers that an envelope got a new attempt or outcome."""
        self._notify("envelope", entry)

    def violation(self, kind: str, method: str, detail: str) -> None:
        entry = Violation(self._now(), kind, method, detail, self._next())
        self.violations.append(entry)
        self._notify("violation", entry)

    def last(self, count: int) -> list[tuple[str, Entry]]:
        """The newest entries with their kinds as the feed names them, oldest first."""
        found: list[tuple[str, Entry]] = [
            *(("call", entry) for entry in self.calls),
            *(("envelope", entry) for entry in self.envelopes),
            *(("violation", entry) for entry in self.violations),
        ]
        return heapq.nlargest(count, found, key=lambda item: item[1].number)[::-1]

    def clear(self) -> None:
        self.calls.clear()
        self.envelopes.clear()
        self.violations.clear()

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _notify(self, kind: str, entry: Entry) -> None:
        for watcher in self._watchers:
            watcher(kind, entry)
