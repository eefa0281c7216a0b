"""A digest reads what its period and the open set need: no query of it walks through a whole table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, text

from bot.models import Base, Comment, StateInterval, Ticket
from bot.models.reports import SeriesName
from bot.models.service_levels import ClockName, ClockState, ServiceClock, ServicePolicy
from bot.models.vocabulary import Category, Kind, Level, Source, Speaker, State, Visibility
from bot.store import Store
from bot.workflows import figures, metrics
from bot.workflows.figures import Line, Occasion
from bot.workflows.metrics import Period
from tests.records.workflows.world import DESK

BLOCK, BLOCKS = 1_200, 25
"""Tickets of a month or so, and how many such months: the older ones are copies of the first."""
SPAN = timedelta(days=30)
END = datetime(2026, 11, 20, 8, tzinfo=UTC)
BEGAN = END - BLOCKS * SPAN
RECORDS: tuple[type[Base], ...] = (Ticket, StateInterval, ServiceClock, Comment)
MEASURED = ("ticket", "state_interval", "service_clock", "timeline_event", "comment")
Plan = tuple[str, list[str]]


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url)
    with store.write() as session:
        fill(session.connection())
    with store.engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()
    yield store
    store.close()


def fill(connection: Connection) -> None:
    """Two years of tickets in the order of time, nearly all of them closed after two days."""
    connection.execute(
        insert(ServicePolicy),
        {
            "id": 1,
            "desk_key": "it",
            "kind": Kind.INCIDENT,
            "name": "standard",
            "content": {},
            "digest": "",
            "effective_from": BEGAN,
        },
    )
    write(connection, range(1, BLOCK + 1))
    for block in range(1, BLOCKS - 1):
        for record in RECORDS:
            copy(connection, record, block)
    write(connection, range((BLOCKS - 1) * BLOCK + 1, BLOCKS * BLOCK + 1))


def write(connection: Connection, numbers: range) -> None:
    connection.execute(insert(Ticket), [ticket(number) for number in numbers])
    connection.execute(insert(StateInterval), [row for number in numbers for row in intervals(number)])
    connection.execute(insert(ServiceClock), [row for number in numbers for row in clocks(number)])
    connection.execute(insert(Comment), [reply(number) for number in numbers])


def copy(connection: Connection, record: type[Base], block: int) -> None:
    """The first block once more, so many blocks later."""
    later = block * SPAN
    values: dict[str, object] = {"ids": block * BLOCK, "first": BLOCK}
    values["later"] = later // timedelta(microseconds=1) if connection.dialect.name == "sqlite" else later
    moved = {"id": "id + :ids", "number": "'INC-' || (id + :ids)", "ticket_id": "ticket_id + :ids"}
    columns = [column.name for column in record.__table__.columns if record is Ticket or column.name != "id"]
    shown = [moved.get(name, f"{name} + :later" if name.endswith("_at") else name) for name in columns]
    key = "id" if record is Ticket else "ticket_id"
    names = ", ".join(columns)
    connection.execute(
        text(
            f"INSERT INTO {record.__tablename__} ({names}) SELECT {', '.join(shown)} "
            f"FROM {record.__tablename__} WHERE {key} <= :first"
        ),
        values,
    )


def raised_at(number: int) -> datetime:
    return BEGAN + (END - BEGAN) * (number - 1) / (BLOCK * BLOCKS)


def is_over(number: int) -> bool:
    return raised_at(number) + timedelta(days=2) < END and number % 200 != 0


def ticket(number: int) -> dict[str, Any]:
    over = is_over(number)
    return {
        "id": number,
        "number": f"INC-{number}",
        "kind": Kind.INCIDENT if number % 4 else Kind.REQUEST,
        "desk_key": "it",
        "title": "Title",
        "description": "Text",
        "impact": Level.MEDIUM,
        "urgency": Level.MEDIUM,
        "priority": "P3",
        "state": State.CLOSED if over else State.ASSIGNED,
        "state_since": raised_at(number),
        "requester_id": f"U{number % 500}",
        "raiser_id": "U1",
        "assignee_id": "U2",
        "source": Source.EMOJI,
        "raised_at": raised_at(number),
        "version": 1,
        "head_hash": "",
    }


def intervals(number: int) -> list[dict[str, Any]]:
    begin = raised_at(number)
    spans = [
        (State.NEW, Category.NEW, "raised", begin, begin + timedelta(hours=1), "claimed"),
        (State.ASSIGNED, Category.IN_PROGRESS, "claimed", begin + timedelta(hours=1), None, None),
    ]
    if is_over(number):
        done = begin + timedelta(days=1)
        spans[1] = (*spans[1][:4], done, "resolved")
        spans.append(
            (State.RESOLVED, Category.RESOLVED, "resolved", done, done + timedelta(days=1), "closed")
        )
        spans.append((State.CLOSED, Category.CLOSED, "closed", done + timedelta(days=1), None, None))
    names = ("state", "category", "cause", "started_at", "ended_at", "ended_by")
    kind = Kind.INCIDENT if number % 4 else Kind.REQUEST
    same = {"ticket_id": number, "desk_key": "it", "kind": kind, "priority": "P3"}
    return [
        dict(zip(names, span, strict=True)) | same | {"assignee_id": None if span[2] == "raised" else "U2"}
        for span in spans
    ]


def clocks(number: int) -> list[dict[str, Any]]:
    begin, over = raised_at(number), is_over(number)
    stops = {ClockName.RESPOND: begin + timedelta(hours=1), ClockName.RESOLVE: begin + timedelta(days=1)}
    return [
        {
            "ticket_id": number,
            "desk_key": "it",
            "kind": Kind.INCIDENT if number % 4 else Kind.REQUEST,
            "clock": clock,
            "cycle": 1,
            "priority": "P3",
            "policy_id": 1,
            "state": ClockState.MET if over else ClockState.RUNNING,
            "target": 172800,
            "started_at": begin,
            "stopped_at": stop if over else None,
            "due_at": begin + timedelta(days=2),
            "breached_at": None,
            "determined_at": stop if over else None,
            "elapsed": 3600 if over else None,
            "history": {},
            "next_fire_at": None,
        }
        for clock, stop in stops.items()
    ]


def reply(number: int) -> dict[str, Any]:
    return {
        "ticket_id": number,
        "author_id": "U2",
        "visibility": Visibility.PUBLIC,
        "speaker": Speaker.DESK,
        "text": "Looking",
        "files": [],
        "written_at": raised_at(number) + timedelta(minutes=10),
    }


@contextmanager
def statements(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """What is executed meanwhile."""
    seen: list[tuple[str, Any]] = []

    def remember(_connection: object, _cursor: object, statement: str, values: Any, *_more: object) -> None:
        # The least value of an index is one look, whatever EXPLAIN calls it.
        if statement.startswith("SELECT") and not statement.startswith("SELECT min("):
            seen.append((statement, values))

    event.listen(store.engine, "before_cursor_execute", remember)
    yield seen
    event.remove(store.engine, "before_cursor_execute", remember)


def plans(store: Store, executed: list[tuple[str, Any]]) -> list[Plan]:
    explain = "EXPLAIN QUERY PLAN " if store.is_sqlite else "EXPLAIN "
    found = []
    connection = store.engine.raw_connection()
    try:
        cursor = connection.cursor()
        for statement, values in dict(executed).items():
            cursor.execute(explain + statement, values)
            found.append((statement, [str(row[-1]) for row in cursor.fetchall()]))
    finally:
        connection.close()
    return found


def walks(store: Store, plan: list[str]) -> list[str]:
    """The steps of a plan that read one of our tables without an index, or only by its desk."""
    tables = "|".join(MEASURED)
    if store.is_sqlite:
        whole = re.compile(rf"SCAN (?:{tables})(?:_\d+)?\b|INDEX \w+ \(desk_key=\?\)")
    else:
        whole = re.compile(rf"Seq Scan on (?:{tables})\b")
    return [step for step in plan if whole.search(step)]


def test_no_query_of_a_digest_walks_through_a_whole_table(store: Store) -> None:
    period = Period(END - timedelta(days=1), END)
    occasion = Occasion(
        series=SeriesName.DAILY,
        day=END.date(),
        period=period,
        before=(period.start, BLOCKS * BLOCK - 200),
    )
    with statements(store) as executed, store.read() as session:
        known = figures.compute(session, DESK, occasion)
        metrics.usual_resolution(session, "it", Kind.INCIDENT, "P3", END)
    assert known.kinds[Kind.INCIDENT].behind[Line.CAME_IN] > 3
    bad = {statement: walks(store, plan) for statement, plan in plans(store, executed)}
    assert {statement: steps for statement, steps in bad.items() if steps} == {}
