"""A world on each database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.store import Store
from tests.records.workflows.world import World


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url)
    yield store
    store.close()


@pytest.fixture
def world(store: Store) -> World:
    return World(store)
