"""All records from one database to an empty one, in one transaction there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Table, func, insert, inspect, select, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from bot.errors import DeskbellError
from bot.models import Base, Outbox, OutboxState, Report
from bot.store.database import UNREADABLE, as_store_error, first_line, is_unreadable

BATCH: Final = 1000
"""Rows in memory at once."""
_PATIENT: Final = ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout")


class NotEmpty(DeskbellError):
    """Where the records should go there are some already."""


class NotCopied(DeskbellError):
    """The copy is not what it was copied from; it was taken back."""


def refuse_tables_of_others(engine: Engine) -> None:
    """Raises NotEmpty where tables stand that this program would make, but did not."""
    try:
        there = set(inspect(engine).get_table_names())
    except DBAPIError as error:
        raise as_store_error(error) from error
    if "alembic_version" not in there and (taken := sorted(there & set(Base.metadata.tables))):
        raise NotEmpty(f"The target has a table {taken[0]} of something else: name an empty database.")


@contextmanager
def one_transaction(engine: Engine) -> Iterator[Connection]:
    """A transaction that may take hours; rolled back unless the block ends well."""
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                for limit in _PATIENT:
                    connection.execute(text(f"SET LOCAL {limit} = 0"))
            yield connection
    except DBAPIError as error:
        raise as_store_error(error) from error


def copy_all(
    source: Connection, target: Connection, *, now: datetime, advanced: Callable[[int, int], None]
) -> dict[str, int]:
    """Copy every table, parents first; the rows of each. `now` (real) is when nobody is sending any more.

    Raises NotEmpty before anything is written, and NotCopied when the counts differ.
    """
    tables = Base.metadata.sorted_tables
    for table in tables:
        if target.execute(select(table).limit(1)).first() is not None:
            raise NotEmpty(f"The target has rows in {table.name} already: name an empty database.")
    counts = {table.name: _count(source, table) for table in tables}
    of, done = sum(counts.values()), 0
    for table in tables:
        with _named(table):
            for rows in _batches(source, table):
                target.execute(insert(table), [_settled(table, row, now) for row in rows])
                done += len(rows)
                advanced(done, of)
        _continue_ids(target, table)
        if (found := _count(target, table)) != counts[table.name]:
            raise NotCopied(f"{table.name} has {counts[table.name]} rows, and {found} arrived.")
    return counts


@contextmanager
def _named(table: Table) -> Iterator[None]:
    """What cannot be read here or stored there is an error of the table; of a connection it is not."""
    try:
        yield
    except (DBAPIError, *UNREADABLE) as error:
        if not is_unreadable(error) and not isinstance(error, (DataError, IntegrityError)):
            raise
        raise NotCopied(
            f"{table.name} has a row that cannot be copied ({first_line(error)}). Nothing was copied: mend "
            "that row with the sqlite3 program, or restore a backup."
        ) from error


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _batches(source: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    statement = select(table).order_by(*table.primary_key).execution_options(yield_per=BATCH)
    rows = source.execute(statement)
    for part in rows.mappings().partitions():
        yield [dict(row) for row in part]


def _settled(table: Table, row: dict[str, Any], now: datetime) -> dict[str, Any]:
    """What a process had in hand is nobody's: whether it was sent must be looked for."""
    if table.name == Outbox.__tablename__ and row["state"] is OutboxState.SENDING:
        freed = dict.fromkeys(("owner", "token", "lease_until"))
        instants = dict.fromkeys(("not_before", "last_try_at", "uncertain_at"), now)
        return row | freed | instants | {"state": OutboxState.UNKNOWN}
    if table.name == Report.__tablename__:
        return row | {"picture_lease": None}
    return row


def _continue_ids(target: Connection, table: Table) -> None:
    """PostgreSQL gives ids out by itself: the next one follows those that came along."""
    if target.dialect.name != "postgresql" or table.autoincrement_column is None:
        return
    column = table.autoincrement_column
    sequence = func.pg_get_serial_sequence(table.name, column.name)
    last = select(func.coalesce(func.max(column), 1), func.max(column).is_not(None)).subquery()
    target.execute(select(func.setval(sequence, *last.c)))
