"""Engines and transactions. What differs between SQLite and PostgreSQL lives in this package alone."""

from __future__ import annotations

import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from bot import failpoints
from bot.clock import real_now
from bot.errors import DeskbellError
from bot.failpoints import Commit

Result = TypeVar("Result")

BUSY_TIMEOUT_MS = 10_000
RETRIES = 5
# Serialisation failure, deadlock, and the ways a PostgreSQL server goes away (SQLSTATE classes 08 and 57P).
RETRYABLE = ("40001", "40P01", "08", "57P")
# Insufficient privilege, read-only transaction: for an operator to mend.
_FORBIDDEN = ("42501", "25006")
# Such as a key that no index can hold. PostgreSQL calls that operational, but no waiting will help.
_TOO_MUCH = "54"
UNREADABLE = (ArithmeticError, LookupError, RecursionError, TypeError, ValueError)
"""What reading a row raises when a value is none that its column can hold."""


class StoreUnavailable(DeskbellError):
    """The database cannot be used; `may_pass` says whether waiting can help."""

    def __init__(self, message: str, *, may_pass: bool = True) -> None:
        super().__init__(message)
        self.may_pass = may_pass


class TooMuchToStore(DeskbellError):
    """What should be written is larger than the database can hold, now and at every other try."""


class NetworkInsideTransaction(AssertionError):
    """A Slack call was about to happen while a transaction is open (rule 2 of the design)."""


class _Depth(threading.local):
    open = 0


_depth = _Depth()


def refuse_inside_transaction() -> None:
    """Called before every Slack call; raises NetworkInsideTransaction while a transaction is open here."""
    if _depth.open:
        raise NetworkInsideTransaction("A Slack call was made inside a database transaction.")


def make_engine(url: str) -> Engine:
    """An engine by the rules of both databases; raises StoreUnavailable when the address is not usable."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite_engine(url)
        if parsed.get_backend_name() == "postgresql":
            return _postgresql_engine(url)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise StoreUnavailable(f"DATABASE_URL cannot be read ({error}).", may_pass=False) from error
    raise StoreUnavailable(
        "DATABASE_URL must begin with sqlite:/// or postgresql+psycopg://.", may_pass=False
    )


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,  # an error that is logged must not carry what people wrote
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        # SQLAlchemy must not let the driver decide when a transaction begins: its default loses updates.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "foreign_keys=ON",
            "trusted_schema=OFF",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _postgresql_engine(url: str) -> Engine:
    options = "-c lock_timeout=5s -c statement_timeout=30s -c idle_in_transaction_session_timeout=30s"
    return create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=10,
        max_overflow=20,
        connect_args={
            "options": options,
            "connect_timeout": 5,
            "keepalives_idle": 30,
            "tcp_user_timeout": 30_000,
        },
    )


class Store:
    """The database of one process: short write transactions, and read-only ones that never wait for them."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._reader = self.engine.execution_options(read_only=True)
        if not self.is_sqlite:
            # One snapshot for the whole transaction, as SQLite gives it.
            self._reader = self._reader.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        self.owner = secrets.token_hex(8)
        # One writer at a time inside the process: waiting here is fair, waiting in SQLite is a lottery.
        self._writer = threading.Lock() if self.is_sqlite else None

    @contextmanager
    def write(self, at: Commit | None = None) -> Iterator[Session]:
        """One transaction; commits at the end, rolls back when the block raises. Raises StoreUnavailable.

        `at` names the commit, as every one in the product is.
        """
        lock = self._writer
        if lock is not None:
            lock.acquire()
        try:
            with self._session(self.engine) as session:
                yield session
                session.flush()
                if at is not None:
                    failpoints.before(at)
                session.commit()
                if at is not None:
                    failpoints.after(at)
        finally:
            if lock is not None:
                lock.release()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A read-only transaction on one snapshot; never waits for a writer. Raises StoreUnavailable."""
        with self._session(self._reader) as session:
            yield session
            # What was read may be used after the transaction: a rollback would empty it.
            session.expunge_all()
            session.rollback()

    @contextmanager
    def _session(self, engine: Engine) -> Iterator[Session]:
        _depth.open += 1
        try:
            with Session(engine, expire_on_commit=False, autoflush=False) as session:
                yield session
        except DBAPIError as error:
            raise as_store_error(error) from error
        except NoConnectionFree as error:
            raise StoreUnavailable("No connection to the database is free.") from error
        finally:
            _depth.open -= 1

    def run(self, work: Callable[[Session], Result], at: Commit | None = None) -> Result:
        """Run `work` in a write transaction, again as a whole when the database says that a retry may help.

        `work` must be repeatable: a commit whose answer was lost is run again. `at` names the commit. Raises
        StoreUnavailable.
        """
        for attempt in range(RETRIES):
            try:
                with self.write(at) as session:
                    return work(session)
            except StoreUnavailable as error:
                if attempt == RETRIES - 1 or not is_retryable(error.__cause__):
                    raise
                time.sleep(0.05 * 2**attempt)
        raise AssertionError("unreachable")

    def now(self, session: Session) -> datetime:
        """The database's own instant, for leases between replicas; on SQLite the process's."""
        if self.is_sqlite:
            return real_now()
        instant = session.scalar(select(func.clock_timestamp()))
        return instant if isinstance(instant, datetime) else real_now()

    def ping(self) -> None:
        """Raises StoreUnavailable unless the database answers."""
        with self.read() as session:
            session.execute(select(1))

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def as_store_error(error: DBAPIError) -> Exception:
    """An error of the connection or the disk becomes StoreUnavailable; a wrong statement stays what it is.

    What exceeds a limit of the database becomes TooMuchToStore.
    """
    # SQLite calls a wrong statement an operational error too.
    is_wrong = getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
    is_operational = type(error).__name__ == "OperationalError" and not is_wrong
    # psycopg calls an unknown option in the address a programming error.
    is_unconnected = error.statement is None
    state = getattr(error.orig, "sqlstate", None) or ""
    if state.startswith(_TOO_MUCH):
        return TooMuchToStore(f"the database cannot hold that much ({first_line(error)})")
    if state in _FORBIDDEN:
        return StoreUnavailable(
            f"The database cannot be used ({first_line(error)}); "
            "let the user that DATABASE_URL names make tables there, read and write.",
            may_pass=False,
        )
    if error.connection_invalidated or is_retryable(error) or is_operational or is_unconnected:
        return StoreUnavailable(
            f"The database cannot be used ({first_line(error)}); check DATABASE_URL and that it is running.",
            may_pass=_may_pass(error),
        )
    return error


def is_unreadable(error: Exception) -> bool:
    """Whether a stored value was at fault, and not the connection: somebody wrote past us."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, UNREADABLE)
    # Text that is no UTF-8: Python says so and not SQLite, so there is no code.
    return isinstance(error.orig, sqlite3.OperationalError) and not hasattr(error.orig, "sqlite_errorcode")


def _may_pass(error: DBAPIError) -> bool:
    """A wrong password, an unknown database or a folder that is not there will not mend themselves."""
    state = getattr(error.orig, "sqlstate", None)
    if isinstance(state, str):
        return state.startswith((*RETRYABLE, "53"))
    words = str(error.orig)
    hopeless = (
        "unable to open database file",
        "not a database",
        "readonly",
        "read-only",
        "password",
        "does not exist",
        "invalid connection option",
        "invalid port",
    )
    return not any(word in words for word in hopeless)


def is_retryable(error: BaseException | None) -> bool:
    """Whether running the whole transaction again may help."""
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or (isinstance(state, str) and state.startswith(RETRYABLE))


def first_line(error: Exception) -> str:
    """What the database said, without the statement and what people wrote."""
    lines = str(error.orig if isinstance(error, DBAPIError) else error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
