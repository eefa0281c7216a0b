"""Schema migrations (Alembic), run from the code that needs them."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

import migrations
from bot.errors import DeskbellError
from bot.store.database import as_store_error, make_engine

# Any constant: it keeps two replicas from migrating one PostgreSQL at once.
ADVISORY_LOCK = 0x6465736B


class SchemaMismatch(DeskbellError):
    """The database's schema is not the one that this version of Deskbell works with."""


def script_config() -> Config:
    """Alembic's configuration, independent of the working directory."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    return config


@cache
def scripts() -> ScriptDirectory:
    """The revisions that this version knows, read once."""
    return ScriptDirectory.from_config(script_config())


def upgrade(url: str) -> None:
    """Bring the schema to the newest revision. Raises StoreUnavailable, SchemaMismatch for a newer one.

    A new SQLite file can be read by its owner alone, and so can what SQLite writes beside it.
    """
    engine = make_engine(url)
    try:
        _make_privately(engine)
        config = script_config()
        config.attributes["engine"] = engine
        with engine.connect() as guard:
            if engine.dialect.name == "postgresql":
                # The session lock outlives migrations' own transactions; closing the connection frees it.
                guard.execute(text("SET lock_timeout = 0"))
                guard.execute(text("SET statement_timeout = 0"))
                guard.execute(text("SET idle_in_transaction_session_timeout = 0"))
                guard.execute(text(f"SELECT pg_advisory_lock({ADVISORY_LOCK})"))
                guard.commit()
            else:
                guard.close()
            refuse_unknown(engine)
            current, head = current_and_head(engine)
            if current != head:
                command.upgrade(config, "head")
    except DBAPIError as error:
        raise as_store_error(error) from error
    finally:
        engine.dispose()


def _make_privately(engine: Engine) -> None:
    if (file := _sqlite_file(engine)) is not None:
        with suppress(OSError):  # it is there already, or SQLite will say what is wrong
            os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def current_and_head(engine: Engine) -> tuple[str | None, str | None]:
    """The revision the database is at, and the newest one known to the code."""
    head = scripts().get_current_head()
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision(), head
    except DBAPIError as error:
        raise as_store_error(error) from error


def refuse_unknown(engine: Engine) -> None:
    """Raises SchemaMismatch when the database is at a revision of another version, most likely a newer."""
    current, _ = current_and_head(engine)
    known = {script.revision for script in scripts().walk_revisions()}
    if current is not None and current not in known:
        raise SchemaMismatch(
            f"The database is at revision {current}, which this version does not know: a newer Deskbell has "
            "used it; start that one, or restore a backup from before."
        )


def _sqlite_file(engine: Engine) -> Path | None:
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    return Path(file) if file and not file.startswith((":memory:", "file:")) else None


def _refuse_missing(engine: Engine) -> None:
    """SQLite would make the file that a mistyped name asks for, and find it empty."""
    file = _sqlite_file(engine)
    if file is not None and not file.exists():
        raise SchemaMismatch(
            f"There is no {file}: correct DATABASE_URL, or make a new desk there with `deskbell migrate`."
        )


def require_head(engine: Engine) -> None:
    """Raises SchemaMismatch unless the database is there, and at the newest revision."""
    _refuse_missing(engine)
    refuse_unknown(engine)
    current, head = current_and_head(engine)
    if current != head:
        raise SchemaMismatch(
            f"The database is at revision {current or 'none'} but this version needs {head}; "
            "run `deskbell migrate` (or start without --no-migrate)."
        )
