"""A desk moves from its SQLite file to another database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, make_url
from sqlalchemy.orm import Session

from bot.clock import real_now
from bot.errors import DeskbellError
from bot.settings import Settings
from bot.store import Store, StoreUnavailable
from bot.store.copying import NotCopied, copy_all, one_transaction, refuse_tables_of_others
from bot.store.lock import AlreadyRunning, FileLock, NoSuchPlace
from bot.store.migrate import SchemaMismatch, require_head, upgrade
from bot.workflows import auditing, records

EVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
Advanced = Callable[[int, int], None]
Watched = Callable[[str], AbstractContextManager[Advanced]]
"""Opens a progress bar with a title."""


class CannotMove(DeskbellError):
    """The desk cannot be copied from or to there."""


@dataclass(frozen=True, kw_only=True)
class Moved:
    """What was copied, and checked."""

    rows: int
    tickets: int
    events: int


def copy_desk(settings: Settings, to: str, *, watched: Watched) -> Moved:
    """Copy all records to the database at `to` and check them there; all of it, or nothing.

    Raises CannotMove, AlreadyRunning, SchemaMismatch, NotEmpty, NotCopied or StoreUnavailable.
    """
    if make_url(settings.database_url).get_backend_name() != "sqlite":
        raise CannotMove("This desk is on PostgreSQL already: move it with pg_dump and pg_restore.")
    _refuse_same(settings.database_url, to)
    with closing(Store(settings.database_url)) as source:
        require_head(source.engine)
        with FileLock(settings.database_url), _prepared(to) as target:
            return _copy(source, target, watched)


def _refuse_same(source: str, target: str) -> None:
    if make_url(target).get_backend_name() != "sqlite":
        return
    if len({Path(make_url(url).database or "").resolve() for url in (source, target)}) == 1:
        raise CannotMove("That is the database itself: name another one with --to.")


@contextmanager
def _prepared(to: str) -> Iterator[Store]:
    """The target, with tables. Raises CannotMove or NotEmpty."""
    with ExitStack() as opened:
        try:
            opened.enter_context(FileLock(to))
            target = opened.enter_context(closing(Store(to)))
            refuse_tables_of_others(target.engine)
            upgrade(to)
        except SchemaMismatch as error:
            raise CannotMove(
                "A newer Deskbell has used the target already: name an empty database."
            ) from error
        except AlreadyRunning as error:
            raise CannotMove("A Deskbell is running on the target: name an empty database.") from error
        except (NoSuchPlace, StoreUnavailable) as error:
            # They speak of the database that a bot runs on.
            words = str(error).replace("The database", "The target").replace("DATABASE_URL", "--to")
            raise CannotMove(words) from error
        yield target


def _copy(source: Store, target: Store, watched: Watched) -> Moved:
    with source.read() as reading, one_transaction(target.engine) as connection:
        with watched("Copying rows") as advanced:
            rows = copy_all(reading.connection(), connection, now=real_now(), advanced=advanced)
        with watched("Checking timelines") as advanced:
            tickets, events = _check(reading, connection, advanced)
    return Moved(rows=sum(rows.values()), tickets=tickets, events=events)


def _check(reading: Session, connection: Connection, advanced: Advanced) -> tuple[int, int]:
    """Every timeline's chain, and that both hold the same heads. Raises NotCopied."""
    with Session(connection) as session:
        broken = records.verify(session, advanced)
        if broken:
            raise NotCopied(
                f"{broken[0]} Nothing was copied: `deskbell audit verify` says more of this database."
            )
        if auditing.contents(session, EVER) != auditing.contents(reading, EVER):
            raise NotCopied("The timelines that arrived are not those that were sent. Nothing was copied.")
        return records.counts(session)
