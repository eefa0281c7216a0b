"""What the tick and a gesture read of the clocks comes by an index, on both databases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, text
from sqlalchemy.engine.interfaces import DBAPICursor, ExecutionContext

from bot.models import ServiceClock, ServicePolicy, Ticket
from bot.models.service_levels import ClockName, ClockState
from bot.models.vocabulary import Kind, Level, Source, State
from bot.store import Store
from bot.workflows import due, timekeeping
from tests.records.workflows.world import START

TICKETS = 3000


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """Many open tickets whose clocks are due tomorrow."""
    store = Store(database_url)
    with store.write() as session:
        policy = {"desk_key": "it", "kind": Kind.INCIDENT, "name": "standard", "content": {}}
        session.execute(insert(ServicePolicy), [policy | {"id": 1, "digest": "", "effective_from": START}])
        session.execute(insert(Ticket), [ticket(number) for number in range(1, TICKETS + 1)])
        session.execute(insert(ServiceClock), [clock(number) for number in range(1, TICKETS + 1)])
    if not store.is_sqlite:
        with store.write() as session:
            session.execute(text("ANALYZE"))
    yield store
    store.close()


def ticket(number: int) -> dict[str, object]:
    return {
        "id": number,
        "number": f"INC-{number}",
        "kind": Kind.INCIDENT,
        "desk_key": "it",
        "title": "Printer",
        "description": "It burns",
        "impact": Level.MEDIUM,
        "urgency": Level.MEDIUM,
        "priority": "P3",
        "state": State.NEW,
        "state_since": START,
        "requester_id": "UANA",
        "raiser_id": "UANA",
        "source": Source.COMMAND,
        "raised_at": START,
        "version": 1,
        "head_hash": "",
    }


def clock(number: int) -> dict[str, object]:
    return {
        "ticket_id": number,
        "desk_key": "it",
        "kind": Kind.INCIDENT,
        "clock": ClockName.RESOLVE,
        "cycle": 1,
        "priority": "P3",
        "policy_id": 1,
        "state": ClockState.RUNNING,
        "target": 86400,
        "started_at": START,
        "history": {},
        "next_fire_at": START + timedelta(days=1, seconds=number),
    }


@contextmanager
def plans(store: Store) -> Iterator[list[str]]:
    """The plans of the statements about clocks that run meanwhile."""
    found: list[str] = []
    explain = "EXPLAIN QUERY PLAN" if store.is_sqlite else "EXPLAIN"

    def note(
        connection: Connection,
        cursor: DBAPICursor,
        statement: str,
        parameters: Sequence[Any] | Mapping[str, Any] | None,
        context: ExecutionContext | None,
        executemany: bool,
    ) -> None:
        if "FROM service_clock" not in statement or statement.startswith("EXPLAIN"):
            return
        rows = connection.connection.cursor()
        rows.execute(f"{explain} {statement}", parameters)
        found.append("\n".join(str(row[-1]) for row in rows.fetchall()))

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(store.engine, "before_cursor_execute", note)


def test_the_tick_finds_what_is_due_by_the_partial_index(store: Store) -> None:
    with plans(store) as found:
        due.tick(store, START)
    assert found
    assert all("ix_service_clock_due" in plan for plan in found)


def test_the_age_of_the_oldest_comes_by_the_partial_index(store: Store) -> None:
    with plans(store) as found:
        due.overdue(store, START)
    assert len(found) == 1
    assert "ix_service_clock_due" in found[0]


def test_a_tickets_clocks_are_found_by_an_index(store: Store) -> None:
    with plans(store) as found, store.read() as session:
        known = session.get_one(Ticket, 7)
        with pytest.raises(KeyError):  # these rows are for the planner alone
            timekeeping.read_clocks(session, known)
    assert len(found) == 1
    assert "service_clock_ticket_id" in found[0] or "sqlite_autoindex_service_clock" in found[0]
    assert "SCAN" not in found[0].upper().replace("INDEX SCAN", "")
