"""What a look at the clocks costs: 100 are due, among a thousand open tickets and among a million."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.raising import fill
from bot.models.base import EPOCH, MICROSECOND
from bot.store import Store
from bot.store.migrate import upgrade
from bot.workflows import due

FEW, MANY = 1_000, 1_000_000
DUE, WARM_UP, ROUNDS = 100, 2, 7
MOST = 1.5
BASE = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)
"""A Monday, 11:00 in the desk's zone."""
EARLIER = timedelta(days=3, hours=19)
"""What began so long before BASE has used half of its 24 opening hours at BASE."""
LATER = timedelta(days=1, hours=5)
"""What begins at BASE has used half of them so long after it."""
TARGET = timedelta(hours=24)

# Times are microseconds since 1970. The clocks of each round began early enough to be due in its minute.
NUMBERS = """WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :tickets), t AS (
       SELECT i, i <= :groups AS is_due,
       CASE WHEN i <= :groups THEN :base - :earlier + ((i - 1) / :due) * 60000000 ELSE :base + i END AS began
       FROM n)"""
ROWS = (
    f"""INSERT INTO ticket (id, number, kind, desk_key, title, description, impact, urgency, priority, state,
       state_since, requester_id, raiser_id, assignee_id, source, raised_at, is_private, has_moved,
       version, head_hash)
       {NUMBERS} SELECT i, 'INC-' || i, 'incident', 'it', 'Title', 'Text', 'medium', 'medium', 'P3',
       'assigned', began, 'U1', 'U1', 'U2', 'command', began, 0, 0, 1, '' FROM t""",
    f"""INSERT INTO service_clock (ticket_id, desk_key, kind, clock, cycle, priority, policy_id, state,
       target, started_at, history, next_fire_at)
       {NUMBERS} SELECT i, 'it', 'incident', 'resolve', 1, 'P3', 1, 'running', 86400, began,
       replace(:history, '"began"', began), began + CASE WHEN is_due THEN :earlier ELSE :later END FROM t""",
    f"""INSERT INTO timeline_event (ticket_id, seq, kind, at, recorded_at, actor_id, gesture, data, prev_hash,
       hash)
       {NUMBERS} SELECT i, 1, 'raised', began, began, 'U1', 'form:' || i, '{{}}', '', '' FROM t""",
    f"""INSERT INTO outbox ("key", kind, ticket_id, channel, ts, data, wanted_version, shown_version, state,
       attempts, misses, not_before, created_at)
       {NUMBERS} SELECT 'card:' || i, 'card', i, 'C2', '1.' || i, '{{}}', 1, 1, 'sent', 1, 0, :base, :base
       FROM t""",
)


def history() -> str:
    """A cycle that runs, as a clock keeps it."""
    term = ["began", 1, "P3", TARGET // MICROSECOND, "time"]
    nothing = {"pauses": [], "carried": 0, "stop": None, "cancelled": False, "breach": None}
    return json.dumps({"terms": [term], **nothing, "broken_before": False, "decided": [], "told": []})


@contextmanager
def filled_store(tickets: int) -> Iterator[Store]:
    """A desk with so many open tickets, in a file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        upgrade(f"sqlite:///{path}")
        store = Store(f"sqlite:///{path}")
        fill(store)
        load(path, tickets)
        yield store
        store.close()


def load(path: Path, tickets: int) -> None:
    """Write tickets, clocks, timelines and cards in bulk."""
    values = {
        "tickets": tickets,
        "groups": DUE * (WARM_UP + ROUNDS),
        "due": DUE,
        "base": (BASE - EPOCH) // MICROSECOND,
        "earlier": EARLIER // MICROSECOND,
        "later": LATER // MICROSECOND,
        "history": history(),
    }
    database = sqlite3.connect(path)
    database.execute("PRAGMA synchronous=OFF")
    for statement in ROWS:
        database.execute(statement, values)
    database.commit()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def tick_seconds(store: Store, number: int) -> float:
    """Seconds of the tick of one round."""
    start = perf_counter()
    looked_at = due.tick(store, BASE + timedelta(minutes=number))
    seconds = perf_counter() - start
    if looked_at != DUE:
        raise RuntimeError(f"looked at {looked_at} tickets: the benchmark measures nothing")
    return seconds


def idle_seconds(store: Store) -> float:
    """Seconds of a tick with nothing due."""
    start = perf_counter()
    for _ in range(100):
        due.tick(store, BASE)
    return (perf_counter() - start) / 100


def report() -> bool:
    """Print the figures; whether the bound holds. The two take turns, so that both see the same machine."""
    with filled_store(FEW) as few, filled_store(MANY) as many:
        rounds = [(tick_seconds(few, n), tick_seconds(many, n)) for n in range(WARM_UP + ROUNDS)]
        idle = idle_seconds(many)
    among_few = median(seconds for seconds, _ in rounds[WARM_UP:])
    ratio = median(slow / quick for quick, slow in rounds[WARM_UP:])
    print(f"{f'tick, {DUE} due of {FEW:,}':<30} {among_few * 1e3:6.1f} ms")
    print(f"{f'of {MANY:,} / of {FEW:,}':<30} {ratio:6.2f}x  (at most {MOST}x)")
    print(f"{'tick, nothing due':<30} {idle * 1e3:6.2f} ms")
    return ratio <= MOST
