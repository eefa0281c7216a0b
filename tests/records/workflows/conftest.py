"""A world on each database.

Each process keeps one store per database and empties it before each test: a new database, and statements
compiled anew for its engine, would take longer than the tests themselves.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store import Store
from tests.postgres import Server
from tests.records.workflows.edge import Edge
from tests.records.workflows.world import World, empty


@pytest.fixture(scope="session")
def sqlite_store(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path = tmp_path_factory.mktemp("workflows") / "deskbell.db"
    shutil.copyfile(sqlite_template, path)
    store = Store(f"sqlite:///{path}")
    yield store
    store.close()


@pytest.fixture(scope="session")
def postgresql_store(postgres: Server) -> Iterator[Store]:
    with postgres.database(migrated=True) as url:
        store = Store(url)
        yield store
        store.close()


@pytest.fixture
def store(database_kind: str, request: pytest.FixtureRequest) -> Store:
    """An empty, migrated database that nobody else uses at the moment."""
    store: Store = request.getfixturevalue(f"{database_kind}_store")
    empty(store)
    return store


@pytest.fixture
def database_url(store: Store) -> str:
    """The address of the same database, for a second store."""
    return store.engine.url.render_as_string(hide_password=False)


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


@pytest.fixture
def edge(world: World) -> Edge:
    return Edge(world)
