"""The connection of a session's transaction, asked for once."""

from __future__ import annotations

from sqlalchemy import Connection
from sqlalchemy.orm import Session

_KEY = "deskbell_connection"


def connection(session: Session) -> Connection:
    """As `session.connection()`, which costs as much as a small statement; remembered per transaction."""
    known = session.info.get(_KEY)
    if known is not None and known[0] is session.get_transaction():
        remembered: Connection = known[1]
        return remembered
    found = session.connection()
    session.info[_KEY] = (session.get_transaction(), found)
    return found
