"""The few statements that the two databases spell differently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import CursorResult
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.models import Base

Insert: TypeAlias = postgresql.Insert | sqlite.Insert


def _insert(session: Session, model: type[Base]) -> Insert:
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(model)
    return postgresql.insert(model)


def insert_once(
    session: Session, model: type[Base], values: Mapping[str, Any], *, keys: Sequence[str]
) -> bool:
    """INSERT … ON CONFLICT (keys) DO NOTHING; True when this call wrote the row."""
    statement = _insert(session, model).values(dict(values)).on_conflict_do_nothing(index_elements=list(keys))
    result = session.execute(statement)
    return isinstance(result, CursorResult) and result.rowcount == 1


def upsert(session: Session, model: type[Base], values: Mapping[str, Any], *, keys: Sequence[str]) -> None:
    """INSERT … ON CONFLICT (keys) DO UPDATE of all other columns given."""
    statement = _insert(session, model).values(dict(values))
    changes = {name: statement.excluded[name] for name in values if name not in keys}
    if changes:
        session.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=changes))
    else:
        session.execute(statement.on_conflict_do_nothing(index_elements=list(keys)))
