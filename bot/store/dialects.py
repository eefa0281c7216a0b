"""The few statements that the two databases spell differently, built once and then reused.

Building a statement costs more than running it: on the way from a gesture to its acknowledgement each one is
made once per process and given its values at execution.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import Connection, Engine, Executable, Select, Table, func, select
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import Insert as PlainInsert
from sqlalchemy.sql.dml import ReturningInsert

from bot.models import Base, Numbering
from bot.store.connections import connection

Insert: TypeAlias = postgresql.Insert | sqlite.Insert


CONFIGURING = 0x6465736C
"""Any constant: what `one_at_a_time` locks while desk.yaml is put in force."""


def one_at_a_time(session: Session, key: int) -> None:
    """Until this transaction ends no other replica passes here; on SQLite there is one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        connection(session).execute(select(func.pg_advisory_xact_lock(key)))


@contextmanager
def by_itself(session: Session) -> Iterator[Connection]:
    """A short transaction beside the session's, so that nobody waits for the whole of that one.

    On SQLite, where there is one writer anyway, a part of the session's own. Elsewhere what is
    written in it stays, also when the session's transaction is rolled back.
    """
    bind = session.get_bind()
    if bind.dialect.name == "sqlite" or not isinstance(bind, Engine):
        yield connection(session)
        return
    with bind.begin() as own:
        yield own


def next_number(session: Session, prefix: str) -> int:
    """The next ticket number of a prefix; a transaction that is rolled back may leave a gap."""
    statement = _next_number(session.get_bind().dialect.name)
    with by_itself(session) as own:
        return int(own.execute(statement, {"prefix": prefix, "last": 1}).scalar_one())


def insert_row(session: Session, model: type[Base], values: Mapping[str, Any]) -> None:
    """INSERT one row; `values` are by column."""
    connection(session).execute(_insert(model), dict(values))


def insert_returning_id(session: Session, model: type[Base], values: Mapping[str, Any]) -> int:
    """INSERT one row; the id that the database gave it."""
    return int(connection(session).execute(_insert_returning_id(model), dict(values)).scalar_one())


def insert_once(
    session: Session, model: type[Base], values: Mapping[str, Any], *, keys: Sequence[str]
) -> bool:
    """INSERT … ON CONFLICT (keys) DO NOTHING; True when this call wrote the row."""
    statement = _insert_once(session.get_bind().dialect.name, model, tuple(keys))
    return connection(session).execute(statement, dict(values)).rowcount == 1


def insert_selected_once(
    session: Session,
    model: type[Base],
    columns: Sequence[str],
    rows: Select[*tuple[Any, ...]],
    *,
    keys: Sequence[str],
) -> None:
    """INSERT the rows of a query, except those that are there already."""
    statement = _dialect_insert(session.get_bind().dialect.name, model).from_select(list(columns), rows)
    connection(session).execute(statement.on_conflict_do_nothing(index_elements=list(keys)))


def create_once(
    session: Session, model: type[Base], values: Mapping[str, Any], *, keys: Sequence[str]
) -> None:
    """`insert_once` in a transaction of its own: nobody waits for this one to learn that the row is there."""
    statement = _insert_once(session.get_bind().dialect.name, model, tuple(keys))
    with by_itself(session) as own:
        own.execute(statement, dict(values))


def upsert(session: Session, model: type[Base], values: Mapping[str, Any], *, keys: Sequence[str]) -> None:
    """INSERT … ON CONFLICT (keys) DO UPDATE of all other columns given."""
    changed = tuple(name for name in values if name not in keys)
    statement = _upsert(session.get_bind().dialect.name, model, tuple(keys), changed)
    connection(session).execute(statement, dict(values))


def keep_newest(
    session: Session,
    model: type[Base],
    values: Mapping[str, Any],
    *,
    keys: tuple[str, ...],
    order: str,
    value: str,
    before: str,
) -> tuple[bool, Any]:
    """Keep the row with the greatest `order` for each key, in one statement.

    Whether this one is the newest, and what column `value` was before (None for the first), which is kept
    in column `before`.
    """
    statement = _keep_newest(session.get_bind().dialect.name, model, keys, order, value, before)
    row = connection(session).execute(statement, {**values, before: None}).first()
    return (False, None) if row is None else (True, row[0])


@lru_cache
def _keep_newest(
    dialect: str, model: type[Base], keys: tuple[str, ...], order: str, value: str, before: str
) -> Executable:
    statement, columns = _dialect_insert(dialect, model), _table(model).c
    changes = {
        order: statement.excluded[order],
        value: statement.excluded[value],
        before: columns[value],
    }
    return statement.on_conflict_do_update(
        index_elements=keys, set_=changes, where=columns[order] < statement.excluded[order]
    ).returning(columns[before])


def _table(model: type[Base]) -> Table:
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{model.__name__} is not mapped to a table.")
    return table


@lru_cache
def _insert(model: type[Base]) -> PlainInsert:
    return plain_insert(_table(model))


@lru_cache
def _insert_returning_id(model: type[Base]) -> ReturningInsert[tuple[Any]]:
    table = _table(model)
    return plain_insert(table).returning(table.c.id)


def _dialect_insert(dialect: str, model: type[Base]) -> Insert:
    return sqlite.insert(_table(model)) if dialect == "sqlite" else postgresql.insert(_table(model))


@lru_cache
def _insert_once(dialect: str, model: type[Base], keys: tuple[str, ...]) -> Insert:
    statement = _dialect_insert(dialect, model).on_conflict_do_nothing(index_elements=keys)
    # With an implicit RETURNING (PostgreSQL) the count is lost otherwise.
    return statement.execution_options(preserve_rowcount=True)


@lru_cache
def _upsert(dialect: str, model: type[Base], keys: tuple[str, ...], changed: tuple[str, ...]) -> Insert:
    statement = _dialect_insert(dialect, model)
    if not changed:
        return statement.on_conflict_do_nothing(index_elements=keys)
    changes = {name: statement.excluded[name] for name in changed}
    return statement.on_conflict_do_update(index_elements=keys, set_=changes)


@lru_cache
def _next_number(dialect: str) -> ReturningInsert[tuple[Any]]:
    statement, last = _dialect_insert(dialect, Numbering), _table(Numbering).c.last
    return statement.on_conflict_do_update(index_elements=["prefix"], set_={"last": last + 1}).returning(last)
