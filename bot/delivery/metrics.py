"""What delivery counts, for /metrics. One registry for the process."""

from __future__ import annotations

import math
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY: Final = CollectorRegistry()

CALLS: Final = Counter(
    "deskbell_slack_calls", "Calls to Slack, by method and outcome.", ["method", "outcome"], registry=REGISTRY
)
SETTLED: Final = Counter(
    "deskbell_deliveries", "Deliveries that ended, by how.", ["outcome"], registry=REGISTRY
)
OUTBOX: Final = Gauge(
    "deskbell_outbox", "Deliveries that have not ended, by state.", ["state"], registry=REGISTRY
)
OLDEST_DUE: Final = Gauge(
    "deskbell_outbox_oldest_due_seconds", "Since when the oldest due delivery waits.", registry=REGISTRY
)
RECONCILE_HITS: Final = Counter(
    "deskbell_reconcile_hits", "Uncertain posts that were found in Slack.", registry=REGISTRY
)
RECONCILE_MISSES: Final = Counter(
    "deskbell_reconcile_misses", "Looks for an uncertain post that did not find it.", registry=REGISTRY
)
DUPLICATES_REMOVED: Final = Counter(
    "deskbell_duplicates_removed", "Second copies of a post that were deleted.", registry=REGISTRY
)
UNKNOWN_OUTCOMES: Final = Counter(
    "deskbell_unknown_outcomes", "Posts of which nobody knew whether Slack had them.", registry=REGISTRY
)
REPLIES_DROPPED: Final = Counter(
    "deskbell_replies_dropped", "Direct replies that could not be made.", ["why"], registry=REGISTRY
)
FACTS_WAITING: Final = Gauge(
    "deskbell_gestures_waiting", "Gestures that wait for facts from Slack.", registry=REGISTRY
)
TICK_LAG: Final = Gauge(
    "deskbell_tick_lag_seconds", "How late each concern of the schedule is.", ["concern"], registry=REGISTRY
)
INBOX_OLDEST: Final = Gauge(
    "deskbell_gestures_oldest_waiting_seconds",
    "Since when the oldest gesture waits for facts from Slack.",
    registry=REGISTRY,
)
INBOX_PARKED: Final = Gauge(
    "deskbell_gestures_parked", "Gestures that could not be decided and are kept.", registry=REGISTRY
)
HANDLED: Final = Histogram(
    "deskbell_handling_seconds",
    "From the arrival of a request of Slack's to its decision, by kind and result.",
    ["kind", "result"],
    registry=REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3),
)
REDELIVERIES: Final = Counter(
    "deskbell_redeliveries", "Requests that Slack sent again, by its reason.", ["reason"], registry=REGISTRY
)
SKEW: Final = Gauge(
    "deskbell_clock_skew_seconds",
    "How far another clock is ahead of this machine's.",
    ["other"],
    registry=REGISTRY,
)
RECONNECTS: Final = Counter(
    "deskbell_socket_reconnects", "Times that the socket heard again after it was deaf.", registry=REGISTRY
)
SOCKET: Final = Gauge(
    "deskbell_socket_connected", "1 while envelopes can arrive over Socket Mode.", registry=REGISTRY
)
SWEEP_FOUND: Final = Counter(
    "deskbell_sweep_found",
    "Gestures that no event told of, found by reading back.",
    ["type"],
    registry=REGISTRY,
)
SWEEP_BEHIND: Final = Gauge(
    "deskbell_sweep_behind_seconds",
    "How long ago the channel was last read back that has waited for longest.",
    registry=REGISTRY,
)
SWEEP_FAILED: Final = Counter(
    "deskbell_sweep_failures",
    "Conversations that could not be read back when it was time.",
    registry=REGISTRY,
)
GESTURES: Final = Counter(
    "deskbell_gestures",
    "Gestures by type and outcome; ignored are repeats and what means nothing to the desk.",
    ["type", "outcome"],
    registry=REGISTRY,
)
EVENTS_LIMITED: Final = Counter(
    "deskbell_events_limited",
    "Minutes in which Slack left out events because it had sent too many.",
    registry=REGISTRY,
)
DISCONNECTS: Final = Counter(
    "deskbell_socket_disconnects",
    "Times that Slack asked for another connection, by its reason.",
    ["reason"],
    registry=REGISTRY,
)
CLOCKS_DUE: Final = Gauge(
    "deskbell_clocks_oldest_due_seconds",
    "Since when the oldest service level threshold waits to be decided.",
    registry=REGISTRY,
)
READY: Final = Gauge("deskbell_ready", "1 while /health answers 200.", registry=REGISTRY)


def forget_the_database() -> None:
    """The numbers that are read from the database: none is better than how it stood before it went away."""
    for gauge in (OLDEST_DUE, INBOX_OLDEST, INBOX_PARKED, FACTS_WAITING, CLOCKS_DUE):
        gauge.set(math.nan)
    OUTBOX.clear()
