"""SQLite cannot write: nobody is told "ok", nothing breaks, and with room again everything goes on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from sandbox.seen import GestureResult, SeenEnvelope
from tests.conversations.desk import HELP, Desk, running_desk, something
from tests.faults.chaos.checker import breaches
from tests.faults.chaos.evidence import Evidence, look

UNABLE = {
    "disk full": ("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1073741823"),  # no page more than now
    "read-only": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
}

SMELL = "It smells. " * 250


@pytest.fixture(params=["sqlite"])
def database_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    with sqlite3.connect(database_url.removeprefix("sqlite:///")) as connection:
        connection.execute("VACUUM")  # no room is left over from the migrations
    connection.close()
    with running_desk(database_url, is_http=False) as desk:
        yield desk


@contextmanager
def unable(desk: Desk, how: str) -> Iterator[None]:
    """No connection of the bot can write meanwhile."""
    is_unable, engine = [True], desk.bot.store.engine
    begin, end = UNABLE[how]

    def set_up(connection: DBAPIConnection, _record: ConnectionPoolEntry, _proxy: object) -> None:
        cursor = connection.cursor()
        cursor.execute(begin if is_unable[0] else end)
        cursor.close()

    event.listen(engine, "checkout", set_up)
    yield
    is_unable[0] = False


@pytest.mark.parametrize("how", list(UNABLE))
def test_what_cannot_be_kept_is_not_acknowledged_and_counts_once_it_can(desk: Desk, how: str) -> None:
    desk.raise_by_command()
    mention = f"<@{desk.client.user_id('@app')}> {SMELL}"
    with unable(desk, how):
        # The first ones may fit into pages that there are.
        refused = next(result for _ in range(100) if (result := file(desk)).errors)
        assert refused.acked
        desk.client.post("ana", HELP, mention, raw=True)
        desk.until(lambda: unacknowledged(desk) or None, "a mention that is not acknowledged")
        assert desk.client.command("ana", HELP, "/ticket", "list").text
        kept = desk.tickets()
    assert desk.client.submit("ana", {}).errors == {}
    desk.until(lambda: desk.tickets() == kept + 2 or None, "both tickets, once there is room")
    desk.settle()
    with desk.bot.store.read() as session:
        assert session.scalar(text("PRAGMA integrity_check")) == "ok"
    assert [str(breach) for breach in breaches(Evidence(look(desk.client), desk.bot.store))] == []


def file(desk: Desk) -> GestureResult:
    assert desk.client.command("ana", HELP, "/ticket", something()).acked
    return desk.client.submit("ana", {"What is it about?": SMELL})


def unacknowledged(desk: Desk) -> list[SeenEnvelope]:
    """What Slack was not told "ok" about, though it asked."""
    asked = [each for each in desk.client.envelopes() if each.kind == "events_api" and each.attempts]
    return [each for each in asked if not each.acked and each.attempts[0].outcome != "pending"]
