"""A desk with a million tickets and a hundred thousand deliveries to send, on both databases: run by hand.

    python -m benchmarks.scale 1000000

fills an SQLite file, measures what people and the clock ask of it, copies it with `deskbell copy` to
PostgreSQL, and measures the same there. Takes minutes; not part of `make bench`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import psutil
from sqlalchemy import event, text

from benchmarks import ticking
from bot.clock import real_now
from bot.delivery import rendering
from bot.models.base import EPOCH, MICROSECOND
from bot.store import Store, outbox
from bot.workflows import due, reading, undelivered
from bot.workflows.work import GENESIS, event_hash
from tests.postgres import Cluster, new_home

TICKETS, BACKLOG, OPEN = 1_000_000, 100_000, 5_000
TICK, READ = 1.0, 1.0
"""The most seconds that a tick, or an answer to a person, may take."""
ROUNDS = 3
AGING = (
    "UPDATE ticket SET state = 'closed' WHERE id > :open",
    """UPDATE service_clock SET state = 'met', next_fire_at = NULL, stopped_at = started_at
       WHERE ticket_id > :open""",
    "UPDATE timeline_event SET prev_hash = :genesis, hash = chain(ticket_id, at)",
    "UPDATE ticket SET requester_id = 'U' || (id % 2000),"
    " head_hash = (SELECT hash FROM timeline_event WHERE ticket_id = ticket.id)",
    """INSERT INTO outbox ("key", kind, ticket_id, channel, data, wanted_version, shown_version, state,
       attempts, misses, not_before, created_at)
       SELECT 'relay:' || id, 'card', id, 'C' || (id % 20), '{}', 1, 0, 'pending', 0, 0, :past, :past
       FROM ticket WHERE id <= :backlog""",
)
"""Most tickets are closed, every timeline has its hash, and much is to be sent."""


@dataclass(frozen=True)
class Figure:
    """What took how long, and by which ways the database found it."""

    name: str
    seconds: float
    bound: float
    walks: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """It was quick enough."""
        return self.seconds <= self.bound

    def __str__(self) -> str:
        mark = "" if self.holds else "  TOO SLOW"
        walks = "".join(f"\n      reads all of it: {walk}" for walk in self.walks)
        return f"  {self.name:<40} {self.seconds * 1e3:9.1f} ms  (at most {self.bound:.0f} s){mark}{walks}"


def chain(ticket_id: int, at: int) -> str:
    """The hash of a ticket's first event, as `ticking.ROWS` writes it."""
    instant = EPOCH + at * MICROSECOND
    row: dict[str, Any] = {"seq": 1, "kind": "raised", "at": instant, "recorded_at": instant, "data": {}}
    return event_hash(GENESIS, f"INC-{ticket_id}", row | {"actor_id": "U1", "gesture": f"form:{ticket_id}"})


def age(store: Store, tickets: int) -> None:
    """Give a desk filled by `ticking` a past and a backlog."""
    values = {
        "open": min(OPEN, tickets),
        "backlog": min(BACKLOG, tickets),
        "genesis": GENESIS,
        "past": (real_now() - timedelta(hours=1) - EPOCH) // MICROSECOND,
    }
    with store.write() as session:
        driver: Any = session.connection().connection.driver_connection
        driver.create_function("chain", 2, chain, deterministic=True)
        for statement in AGING:
            session.execute(text(statement), values)


@contextmanager
def walked(store: Store) -> Iterator[list[str]]:
    """The steps that read a whole table, of every statement meanwhile."""
    seen: dict[str, Any] = {}
    found: list[str] = []

    def remember(_connection: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        if statement.startswith("SELECT"):
            seen[statement] = values

    event.listen(store.engine, "before_cursor_execute", remember)
    yield found
    event.remove(store.engine, "before_cursor_execute", remember)
    explain, sign = ("EXPLAIN QUERY PLAN ", "SCAN ") if store.is_sqlite else ("EXPLAIN ", "Seq Scan on ")
    with closing(store.engine.raw_connection()) as connection:
        cursor = connection.cursor()
        for statement, values in seen.items():
            cursor.execute(explain + statement, values)
            steps = [str(row[-1]).strip() for row in cursor.fetchall()]
            found += [step for step in steps if _is_whole(step, sign)]


def _is_whole(step: str, sign: str) -> bool:
    big = ("ticket", "timeline_event", "service_clock", "outbox")
    is_partial = (
        "_due" in step or "_open" in step or "_parked" in step
    )  # holds what is live, not what is over
    return not is_partial and any(f"{sign}{table}" in step for table in big)


def timed(store: Store, name: str, bound: float, work: Callable[[], object]) -> Figure:
    """The median of some rounds; the plans are looked at in one more before them."""
    with walked(store) as walks:
        work()
    seconds = []
    for _ in range(ROUNDS):
        start = perf_counter()
        work()
        seconds.append(perf_counter() - start)
    return Figure(name, median(seconds), bound, tuple(dict.fromkeys(walks)))


def figures(store: Store, minutes: Iterator[int]) -> Iterator[Figure]:
    """What the clock, delivery and people ask for. In each of these minutes clocks fall due."""

    def in_session(work: Callable[..., object], **more: Any) -> Callable[[], object]:
        def run() -> object:
            with store.read() as session:
                return work(session, **more)

        return run

    yield timed(store, f"a tick, {ticking.DUE} due", TICK, lambda: ticking.tick_seconds(store, next(minutes)))
    yield timed(store, "the age of what is due", READ, lambda: due.overdue(store, ticking.BASE))
    yield timed(store, "claim of the next delivery", TICK, lambda: _claim(store))
    for name, work in _reads().items():
        yield timed(store, name, READ, in_session(work))


def _reads() -> dict[str, Callable[..., object]]:
    now: datetime = real_now()
    return {
        "the backlog, for /health": lambda session: outbox.backlog(session, now),
        "when the next delivery falls due": lambda session: outbox.next_instant(session, now),
        "what is stuck": lambda session: undelivered.stuck(session, now),
        "what is parked": undelivered.parked_keys,
        "/ticket list: mine": lambda session: reading.list_tickets(session, page=1, requester_id="U7"),
        "/ticket list: the desk's": lambda session: reading.list_tickets(session, page=1, desk_keys=("it",)),
        "its last page": lambda session: reading.list_tickets(session, page=10**6, desk_keys=("it",)),
        "/ticket list: unassigned": lambda session: reading.list_tickets(
            session, page=1, desk_keys=("it",), unassigned=True
        ),
        "/ticket show": lambda session: reading.find_ticket(session, "INC-4711"),
    }


def _claim(store: Store) -> None:
    with store.write() as session:
        now = store.now(session)
        found = outbox.next_due(session, now, kinds=rendering.KINDS, shut=("chat.postMessage:C1",))
        if found is None:
            raise RuntimeError("nothing is due: the benchmark measures nothing")
        outbox.take(session, found, owner=store.owner, now=now)


def command(url: str, *words: str) -> bool:
    """Run a command of `deskbell` and print its seconds and the most memory it had; whether it succeeded."""
    start = perf_counter()
    # The shift of a clock or a token of the developer's has no place here.
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": url}
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", *words], env=environment, stdout=subprocess.DEVNULL
    )
    most = 0
    while process.poll() is None:
        try:
            most = max(most, psutil.Process(process.pid).memory_info().rss)
            process.wait(0.2)
        except (psutil.NoSuchProcess, subprocess.TimeoutExpired):
            continue
    name = f"deskbell {' '.join(words[:2])}".removesuffix(" --to")
    print(f"  {name:<40} {perf_counter() - start:9.1f} s   peak {most / 2**20:.0f} MiB", flush=True)
    return process.returncode == 0


def measured(url: str, minutes: Iterator[int]) -> bool:
    """Print what one database takes; whether all bounds hold."""
    with closing(Store(url)) as store:
        with store.write() as session:
            session.execute(text("ANALYZE"))
        print(store.engine.dialect.name, flush=True)
        held = []
        for figure in figures(store, minutes):
            print(figure, flush=True)
            held.append(figure.holds)
    return command(url, "audit", "verify") and all(held)


def main() -> int:
    """Measure both; 1 when a bound does not hold."""
    tickets = int(sys.argv[1].replace("_", "")) if len(sys.argv) > 1 else TICKETS
    start = perf_counter()
    with ticking.filled_store(tickets) as store:
        age(store, tickets)
        url = str(store.engine.url)
        size = Path(store.engine.url.database or "").stat().st_size
        print(f"{tickets:,} tickets in {perf_counter() - start:.0f} s, {size / 2**20:.0f} MiB", flush=True)
        minutes = iter(range(ticking.WARM_UP + ticking.ROUNDS))
        held = [measured(url, minutes)]
        cluster = Cluster(new_home())
        try:
            with cluster.server().database(migrated=False) as target:
                held += [command(url, "copy", "--to", target), measured(target, minutes)]
        finally:
            cluster.stop()
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
