"""Fresh databases, run by run, and what goes wrong with them."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

import psycopg

from bot.store import migrate
from tests.faults.chaos.troubles import Count, Trouble
from tests.postgres import Cluster, new_home

_TERMINATE: Final = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


class Databases:
    """SQLite files, or the databases of a PostgreSQL cluster that nobody else uses."""

    def __init__(self, cluster: Cluster | None) -> None:
        self._cluster = cluster
        self.kind: Final = "postgresql" if cluster else "sqlite"

    @contextmanager
    def fresh(self, folder: Path) -> Iterator[str]:
        """The address of a migrated database."""
        if self._cluster is not None:
            with self._cluster.server().database(migrated=True) as url:
                yield url
            return
        url = f"sqlite:///{folder / 'deskbell.db'}"
        migrate.upgrade(url)
        yield url

    def troubles(self, url: str, count: Count, seed: int) -> list[Trouble]:
        """PostgreSQL loses its connections, is restarted, is killed. A file only fills up."""
        if self._cluster is None:
            return []
        lots = Random(f"{seed}/database")
        upset = partial(self._upset, url, count, lots)
        return [Trouble("database", every=(4.0, 12.0), lots=lots, happen=upset)]

    def _upset(self, url: str, count: Count, lots: Random) -> None:
        count.database += 1
        if self._cluster is None or lots.random() < 0.6:
            with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
                connection.execute(_TERMINATE)
        else:
            self._cluster.restart(lots.choice((signal.SIGINT, signal.SIGKILL)))


@contextmanager
def databases(kind: str) -> Iterator[Databases]:
    """Everything ends with the block. Raises NoPostgres."""
    if kind == "sqlite":
        yield Databases(None)
        return
    cluster = Cluster(new_home())
    try:
        cluster.keep_what_is_committed()
        yield Databases(cluster)
    finally:
        cluster.stop()
