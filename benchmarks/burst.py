"""A burst: a thousand tickets at once. How long Slack waits, and when every card is as it should be."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import quantiles

from benchmarks import fleet
from bot.store import Store
from bot.store.migrate import upgrade

TICKETS = 1_000
AT_ONCE = 10
"""As many as Socket Mode hands to a process at once."""
SCALE = 20
"""Limits and pacing are so many times Slack's own."""
BURST, A_SECOND = 4, 1
"""Slack's published limit for one channel: short bursts, then a message a second."""
MOST_ACK, MOST_WAIT = 0.3, 1.1


def report() -> bool:
    """Print the figures; whether the bounds hold."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        upgrade(url)
        with fleet.running(url, bots=1, pace=SCALE, rate_scale=SCALE) as running:
            slack = fleet.Slack(running.client)
            running.send([slack.form(10**6 + number) for number in range(20)], at_once=AT_ONCE)
            store = Store(url)
            fleet.until(lambda: fleet.unsettled(store) == 0, "the warm-up to be delivered")
            begun = time.perf_counter()
            acks = running.send([slack.form(number) for number in range(TICKETS)], at_once=AT_ONCE)
            acknowledged = time.perf_counter() - begun
            fleet.until(lambda: fleet.unsettled(store) == 0, "every card to be current", seconds=300)
            seconds = time.perf_counter() - begun
            store.close()
    necessary = (TICKETS - BURST * SCALE) / (A_SECOND * SCALE)
    p99 = quantiles(acks, n=100)[98]
    said = f"{TICKETS:,} tickets, acknowledged p99"
    print(f"{said:<36} {p99 * 1e3:6.0f} ms  (at most {MOST_ACK * 1e3:.0f} ms)")
    print(f"{'all acknowledged after':<36} {acknowledged:6.1f} s")
    print(f"{'every card current / necessary':<36} {seconds / necessary:6.2f}x  (at most {MOST_WAIT}x)")
    return p99 <= MOST_ACK and seconds <= MOST_WAIT * necessary
