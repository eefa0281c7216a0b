"""What is open and what must go out is found by partial indexes, among all that is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, text, update
from sqlalchemy.orm import Session

from bot.models import Outbox, OutboxState, Ticket, TimelineEvent
from bot.models.vocabulary import EventKind, State
from bot.store import Store, outbox
from bot.workflows import reading, undelivered
from bot.workflows.telling import Telling
from tests.records.test_due_plans import ticket
from tests.records.workflows.world import START

OVER, LIVE = 4000, 20
LATER = START + timedelta(hours=1)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """Thousands of closed tickets whose cards were sent, and a few that are open and wait to be sent."""
    store = Store(database_url)
    numbers = range(1, OVER + LIVE + 1)
    with store.write() as session:
        session.execute(insert(Ticket), [ticket(number) for number in numbers])
        session.execute(update(Ticket).where(Ticket.id <= OVER).values(state=State.CLOSED))
        session.execute(insert(TimelineEvent), [raised(number) for number in numbers[OVER:]])
        session.execute(insert(Outbox), [card(number) for number in numbers])
    with store.engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()
    yield store
    store.close()


def raised(number: int) -> dict[str, object]:
    return {
        "ticket_id": number,
        "seq": 1,
        "kind": EventKind.RAISED,
        "at": START,
        "recorded_at": START,
        "data": {},
        "prev_hash": "",
        "hash": "",
    }


def card(number: int) -> dict[str, object]:
    return {
        "key": f"card:{number}",
        "kind": Telling.CARD.value,
        "ticket_id": number,
        "channel": f"C{number % 3}",
        "data": {},
        "state": OutboxState.SENT if number <= OVER else OutboxState.PENDING,
        "not_before": START,
        "created_at": START,
    }


READS: dict[str, tuple[Callable[[Session], object], str]] = {
    "the next delivery": (
        lambda session: outbox.next_due(session, LATER, kinds=[Telling.CARD]),
        "ix_outbox_due",
    ),
    "when the next one falls due": (lambda session: outbox.next_instant(session, START), "ix_outbox_due"),
    "how much waits": (lambda session: outbox.backlog(session, LATER), "ix_outbox_due"),
    "what was under way": (
        lambda session: outbox.recover(session, owner="us", now=LATER),
        "ix_outbox_due",
    ),
    "what is stuck": (lambda session: undelivered.stuck(session, LATER), "ix_outbox_due"),
    "what is parked": (undelivered.parked_keys, "ix_outbox_parked"),
    "a desk's open tickets": (
        lambda session: reading.list_tickets(session, page=1, desk_keys=("it",)),
        "ix_ticket_open",
    ),
}


def test_what_is_live_is_found_without_looking_through_what_is_over(store: Store) -> None:
    for what, (read, index) in READS.items():
        found = [step for plan in plans(store, read) for step in plan]
        assert any(index in step for step in found), f"{what}: {found}"
        assert [step for step in found if is_whole(step)] == [], what


def is_whole(step: str) -> bool:
    """It reads a table from end to end; a partial index holds only what is live."""
    walks = ("SCAN outbox", "SCAN ticket", "Seq Scan on outbox", "Seq Scan on ticket")
    return any(walk in step for walk in walks) and not any(index in step for _, index in READS.values())


def plans(store: Store, read: Callable[[Session], object]) -> list[list[str]]:
    """How the database goes about the statements of a read."""
    seen: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        if statement.startswith(("SELECT", "UPDATE")):
            seen[statement] = values

    event.listen(store.engine, "before_cursor_execute", note)
    with store.write() as session:
        read(session)
    event.remove(store.engine, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN" if store.is_sqlite else "EXPLAIN"
    with closing(store.engine.raw_connection()) as connection:
        cursor = connection.cursor()
        found = []
        for statement, values in seen.items():
            cursor.execute(f"{explain} {statement}", values)
            found.append([str(row[-1]) for row in cursor.fetchall()])
    return found
