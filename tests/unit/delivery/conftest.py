"""A sandbox, a database that knows its workspace, and a sender between them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.clock import real_now
from bot.models import Ticket
from bot.models.vocabulary import Kind, Level, Source, State
from bot.store import Store
from sandbox.client import SandboxClient
from sandbox.server import SandboxServer
from tests.unit.delivery.workplace import Workplace, know_workspace


@pytest.fixture
def slack(server: SandboxServer) -> SandboxClient:
    return server.client()


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url)
    yield store
    store.close()


@pytest.fixture
def place(server: SandboxServer, store: Store) -> Iterator[Workplace]:
    know_workspace(store, server)
    workplace = Workplace(server=server, store=store)
    yield workplace
    workplace.stop()


@pytest.fixture
def ticket(store: Store) -> int:
    """The id of a ticket, for the deliveries that need one to be there."""
    now = real_now()
    ticket = Ticket(
        id=1,
        number="INC-1",
        kind=Kind.INCIDENT,
        desk_key="it",
        title="My screen is black",
        description="",
        impact=Level.MEDIUM,
        urgency=Level.MEDIUM,
        priority="P3",
        state=State.NEW,
        state_since=now,
        requester_id="U1",
        raiser_id="U1",
        source=Source.COMMAND,
        raised_at=now,
        version=1,
        head_hash="",
    )
    with store.write() as session:
        session.add(ticket)
    return 1
