"""What a second replica costs: CPU seconds for each gesture, and how long anybody waits for a lock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from sqlalchemy import select, text

from benchmarks import fleet
from bot.models import Anchor
from bot.store import Store
from tests.postgres import Cluster, new_home

TICKETS, ROUNDS = 300, 3
AT_ONCE = 8
FASTER = 1000.0
"""Delivery keeps no pace: what is measured is work, not waiting."""
MOST = 1.15
LONG_WAIT = "50ms"
_WAITED: Final = re.compile(r"acquired \w+ on .* after ([0-9.]+) ms")


@dataclass(frozen=True)
class Cost:
    """CPU seconds that all bots used for each gesture, and the long waits for a lock, in milliseconds."""

    cpu: float
    waits: tuple[float, ...]


def measure(cluster: Cluster, log: Path, *, bots: int) -> Cost:
    """Raise and claim tickets, and deliver what is to be said of them."""
    with cluster.server().database(migrated=True) as url:
        store = Store(url)
        try:
            _tell_of_long_waits(store)
            with fleet.running(url, bots=bots, pace=FASTER, rate_scale=0) as running:
                return _worked(running, store, log)
        finally:
            store.close()


def _worked(running: fleet.Fleet, store: Store, log: Path) -> Cost:
    slack = fleet.Slack(running.client)
    running.send([slack.form(10**6 + number) for number in range(40)], at_once=AT_ONCE)
    fleet.until(lambda: fleet.unsettled(store) == 0, "the warm-up to be delivered")
    begun, seen = running.cpu_seconds(), log.stat().st_size
    running.send([slack.form(number) for number in range(TICKETS)], at_once=AT_ONCE)
    fleet.until(lambda: fleet.unsettled(store) == 0, "the cards", seconds=120)
    claims = [slack.reaction(number, ts) for number, ts in enumerate(_cards(store)[-TICKETS:])]
    running.send(claims, at_once=AT_ONCE)
    fleet.until(lambda: fleet.unsettled(store) == 0, "the claims to be shown", seconds=120)
    cpu = (running.cpu_seconds() - begun) / (2 * TICKETS)
    with log.open(encoding="utf-8", errors="replace") as lines:
        lines.seek(seen)
        return Cost(cpu, tuple(float(ms) for ms in _WAITED.findall(lines.read())))


def _tell_of_long_waits(store: Store) -> None:
    """PostgreSQL writes down whoever waits for a lock for so long."""
    name = store.engine.url.database
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" SET log_lock_waits = on'))
        connection.execute(text(f"ALTER DATABASE \"{name}\" SET deadlock_timeout = '{LONG_WAIT}'"))


def _cards(store: Store) -> list[str]:
    with store.read() as session:
        return list(
            session.scalars(select(Anchor.ts).where(Anchor.role == "card").order_by(Anchor.ticket_id))
        )


def report() -> bool:
    """Print the figures; whether the bounds hold. One and two take turns on the same machine."""
    cluster = Cluster(new_home())
    try:
        cluster.server()
        log = next(cluster.home.glob("*/log"))
        rounds = [(measure(cluster, log, bots=1), measure(cluster, log, bots=2)) for _ in range(ROUNDS)]
    finally:
        cluster.stop()
    alone = median(one.cpu for one, _ in rounds)
    ratio = median(two.cpu / one.cpu for one, two in rounds)
    longest = max((ms for pair in rounds for cost in pair for ms in cost.waits), default=0.0)
    print(f"{'one replica, CPU for a gesture':<36} {alone * 1e3:6.1f} ms")
    print(f"{'two replicas / one':<36} {ratio:6.2f}x  (at most {MOST}x)")
    print(f"{f'longest wait over {LONG_WAIT} for a lock':<36} {longest:6.0f} ms  (none)")
    return ratio <= MOST and not longest
