"""Transactions on both databases: nothing is lost, one writes at a time, and failures have a name."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import make_url, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError, StatementError
from sqlalchemy.orm import Session

from bot.clock import monotonic, real_now
from bot.models import Configuration, Inbox, InboxState, Numbering
from bot.models.base import NaiveInstant
from bot.store import NetworkInsideTransaction, Store, StoreUnavailable, refuse_inside_transaction
from bot.store.dialects import insert_once, upsert
from bot.store.lock import AlreadyRunning, FileLock

THREADS, ROUNDS = 4, 25


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url)
    yield store
    store.close()


def number(store: Store) -> int:
    with store.read() as session:
        return session.execute(select(Numbering.last).where(Numbering.prefix == "INC")).scalar_one()


def begin_at_zero(store: Store) -> None:
    with store.write() as session:
        session.add(Numbering(prefix="INC", last=0))


def count_up(session: Session) -> None:
    """Read, then write what was read plus one: the update that careless transactions lose."""
    row = session.execute(select(Numbering).where(Numbering.prefix == "INC").with_for_update()).scalar_one()
    row.last += 1


# --- transactions ---


def test_a_transaction_is_kept_as_a_whole_or_not_at_all(store: Store) -> None:
    begin_at_zero(store)
    with pytest.raises(RuntimeError, match="half way"), store.write() as session:  # noqa: PT012  # the block is the point
        count_up(session)
        session.flush()
        raise RuntimeError("half way")
    assert number(store) == 0
    with store.write() as session:
        count_up(session)
    assert number(store) == 1


def test_no_update_is_lost_between_threads(store: Store) -> None:
    begin_at_zero(store)

    def work(_: int) -> None:
        for _ in range(ROUNDS):
            store.run(count_up)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    assert number(store) == THREADS * ROUNDS


def test_no_update_is_lost_between_stores(store: Store, database_url: str) -> None:
    begin_at_zero(store)
    stores = [Store(database_url) for _ in range(THREADS)]

    def work(mine: Store) -> None:
        for _ in range(ROUNDS):
            mine.run(count_up)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, stores))
    for each in stores:
        each.close()
    assert number(store) == THREADS * ROUNDS


def test_reading_does_not_wait_for_a_writer_and_sees_what_was_committed(store: Store) -> None:
    begin_at_zero(store)
    with ThreadPoolExecutor(1) as pool, store.write() as session:
        count_up(session)
        session.flush()
        assert pool.submit(number, store).result(10) == 0
    assert number(store) == 1


def test_what_was_read_can_be_used_after_the_transaction(store: Store) -> None:
    begin_at_zero(store)
    with store.read() as session:
        row = session.get(Numbering, "INC")
    assert row is not None
    assert row.last == 0


def test_one_writer_at_a_time_inside_a_process(store: Store) -> None:
    """On PostgreSQL it is the row that is locked; on SQLite the whole database."""
    begin_at_zero(store)
    order: list[str] = []

    def second() -> None:
        with store.write() as session:
            count_up(session)
            order.append("second")

    with ThreadPoolExecutor(1) as pool:
        with store.write() as session:
            count_up(session)
            session.flush()
            waiting = pool.submit(second)
            assert not waiting.done()
            order.append("first")
        waiting.result(10)
    assert order == ["first", "second"]


def test_each_store_has_an_owner_of_its_own(store: Store, database_url: str) -> None:
    with closing(Store(database_url)) as other:
        assert other.owner != store.owner


# --- no network inside a transaction ---


def test_a_slack_call_inside_a_transaction_is_refused(store: Store) -> None:
    refuse_inside_transaction()
    for transaction in (store.write, store.read):
        with transaction(), pytest.raises(NetworkInsideTransaction):
            refuse_inside_transaction()
        refuse_inside_transaction()


def test_after_a_failed_transaction_slack_may_be_called_again(store: Store) -> None:
    with pytest.raises(KeyError), store.write():
        raise KeyError
    refuse_inside_transaction()


def test_another_threads_transaction_is_none_of_ours(store: Store) -> None:
    with ThreadPoolExecutor(1) as pool, store.write():
        pool.submit(refuse_inside_transaction).result(10)


# --- SQLite ---

only_sqlite = pytest.mark.parametrize("database_kind", ["sqlite"])


@only_sqlite
@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("busy_timeout", 10_000),
        ("foreign_keys", 1),
        ("trusted_schema", 0),
    ],
)
def test_every_connection_is_prepared(store: Store, pragma: str, value: object) -> None:
    with store.read() as reading, store.write() as writing:
        for session in (reading, writing):
            assert session.execute(text(f"PRAGMA {pragma}")).scalar_one() == value


@only_sqlite
def test_a_write_transaction_holds_the_lock_before_it_writes(store: Store, database_url: str) -> None:
    """Otherwise what it has read may be old by the time that it writes."""
    begin_at_zero(store)
    with closing(Store(database_url)) as other, store.write() as session:
        session.execute(select(Numbering)).all()
        impatient = sqlite3.connect(make_url(database_url).database or "", timeout=0)
        with closing(impatient), pytest.raises(sqlite3.OperationalError, match="locked"):
            impatient.execute("UPDATE numbering SET last = 9")
        other.ping()
    assert number(store) == 0


@only_sqlite
def test_a_database_that_stays_locked_is_unavailable_for_now(store: Store, database_url: str) -> None:
    begin_at_zero(store)
    with closing(Store(database_url)) as other, store.write() as session:
        session.execute(select(Numbering)).all()
        do_not_wait(other)
        with pytest.raises(StoreUnavailable) as unavailable:
            other.run(count_up)
        assert unavailable.value.may_pass
    assert number(store) == 0


def do_not_wait(store: Store) -> None:
    """Let the store's one connection give up at once instead of after ten seconds."""
    with store.read() as session:
        session.execute(text("PRAGMA busy_timeout=0"))


@only_sqlite
def test_foreign_keys_are_enforced(store: Store) -> None:
    with pytest.raises(IntegrityError), store.write() as session:
        session.execute(text("INSERT INTO usergroup_member (usergroup_id, person_id) VALUES ('S1', 'U1')"))


@only_sqlite
def test_a_second_process_on_one_file_is_refused_and_told_of_postgresql(database_url: str) -> None:
    program = (
        "import sys\nfrom bot.store.lock import FileLock\n"
        f"with FileLock({database_url!r}):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning, match="PostgreSQL"), FileLock(database_url):
            pass
        holder.stdin.close()
    with FileLock(database_url):
        pass


@only_sqlite
def test_a_killed_process_leaves_no_lock_behind(database_url: str) -> None:
    program = (
        "import sys\nfrom bot.store.lock import FileLock\n"
        f"with FileLock({database_url!r}):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        holder.kill()
    with FileLock(database_url):
        pass


@only_sqlite
def test_an_error_inside_gives_the_lock_back(database_url: str) -> None:
    with pytest.raises(KeyError), FileLock(database_url):
        raise KeyError
    with FileLock(database_url), pytest.raises(AlreadyRunning), FileLock(database_url):
        pass


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://desk@localhost/desk", "sqlite://", "sqlite:///:memory:"]
)
def test_what_has_no_file_needs_no_lock(url: str) -> None:
    with FileLock(url), FileLock(url):
        pass


# --- when the database is not there ---


@pytest.mark.parametrize(
    ("url", "may_pass"),
    [
        ("nonsense", False),
        ("mysql://localhost/desk", False),
        ("sqlite:////nowhere/at/all/desk.db", False),
        ("postgresql+psycopg://desk@127.0.0.1:1/desk", True),
        ("postgresql+psycopg://desk@127.0.0.1:1/desk?no_such_option=1", False),
    ],
)
def test_a_database_that_cannot_be_had_is_one_sentence_that_says_what_to_do(url: str, may_pass: bool) -> None:
    with pytest.raises(StoreUnavailable) as unavailable:
        Store(url).ping()
    assert "DATABASE_URL" in str(unavailable.value)
    assert "\n" not in str(unavailable.value)
    assert unavailable.value.may_pass is may_pass


def test_a_password_is_never_said() -> None:
    with pytest.raises(StoreUnavailable) as unavailable:
        Store("postgresql+psycopg://desk:hunter2@127.0.0.1:1/desk").ping()
    assert "hunter2" not in str(unavailable.value)


def test_a_wrong_statement_stays_what_it_is(store: Store) -> None:
    expected = OperationalError if store.is_sqlite else ProgrammingError
    with pytest.raises(expected), store.read() as session:
        session.execute(text("SELECT moon FROM numbering"))


def test_a_broken_rule_of_the_records_stays_what_it_is(store: Store) -> None:
    begin_at_zero(store)
    with pytest.raises(IntegrityError):
        begin_at_zero(store)


def test_work_that_fails_for_another_reason_is_not_run_again(store: Store) -> None:
    runs: list[int] = []

    def work(_: Session) -> None:
        runs.append(1)
        raise LookupError

    with pytest.raises(LookupError):
        store.run(work)
    assert runs == [1]


# --- PostgreSQL ---

only_postgresql = pytest.mark.parametrize("database_kind", ["postgresql"])
BACKEND = text("SELECT pg_backend_pid()")


def kill(url: str, pid: int) -> None:
    """End a connection as a restart of the server does."""
    with closing(Store(url)) as other, other.write() as session:
        assert session.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": pid}).scalar_one()


@only_postgresql
def test_a_connection_lost_between_transactions_is_replaced(store: Store, database_url: str) -> None:
    begin_at_zero(store)
    with store.read() as session:
        pid = session.execute(BACKEND).scalar_one()
    kill(database_url, pid)
    assert number(store) == 0
    store.ping()


@only_postgresql
def test_a_transaction_whose_connection_is_lost_is_run_again_as_a_whole(
    store: Store, database_url: str
) -> None:
    begin_at_zero(store)
    runs: list[int] = []

    def work(session: Session) -> None:
        count_up(session)
        session.flush()
        runs.append(1)
        if len(runs) == 1:
            kill(database_url, session.execute(BACKEND).scalar_one())
            session.execute(select(1))

    store.run(work)
    assert len(runs) == 2
    assert number(store) == 1


@only_postgresql
def test_under_load_all_lost_connections_cost_no_transaction_and_less_than_five_seconds(
    store: Store, database_url: str
) -> None:
    begin_at_zero(store)
    is_over, done = threading.Event(), [0] * 4

    def work(mine: int) -> None:
        while not is_over.is_set():
            store.run(count_up)
            done[mine] += 1

    with ThreadPoolExecutor(len(done)) as pool:
        running = [pool.submit(work, mine) for mine in range(len(done))]
        try:
            begun, before = kill_all(database_url), list(done)
            # The second one after it began after it.
            while not all(now >= then + 2 for now, then in zip(done, before, strict=True)):
                assert monotonic() - begun < 5
        finally:
            is_over.set()
        for each in running:
            each.result(10)
    # A commit whose answer was lost is made once more: what is no counter has unique keys for that.
    assert sum(done) <= number(store) <= sum(done) + len(done)


def kill_all(url: str) -> float:
    """End all connections but our own, once there are some that work; when that was."""
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with closing(Store(url)) as other, other.write() as session:
        while session.scalar(text(f"SELECT count(*) {others}")) < 4:
            session.execute(text("SELECT pg_stat_clear_snapshot()"))
        begun = monotonic()
        session.execute(text(f"SELECT pg_terminate_backend(pid, 10000) {others}"))
    return begun


@only_postgresql
def test_two_that_wait_for_each_other_both_get_through(store: Store) -> None:
    with store.write() as session:
        session.add_all([Numbering(prefix="A", last=0), Numbering(prefix="B", last=0)])
    both_hold_one = threading.Barrier(2)
    first_try: set[str] = set()

    def work(session: Session, first: str, second: str) -> None:
        session.execute(update(Numbering).where(Numbering.prefix == first).values(last=Numbering.last + 1))
        if first not in first_try:
            first_try.add(first)
            both_hold_one.wait(20)
        session.execute(update(Numbering).where(Numbering.prefix == second).values(last=Numbering.last + 1))

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(store.run, lambda session: work(session, "A", "B"))
        other = pool.submit(store.run, lambda session: work(session, "B", "A"))
        one.result(30)
        other.result(30)
    with store.read() as session:
        assert session.execute(select(Numbering.last)).scalars().all() == [2, 2]


@only_postgresql
def test_the_databases_own_instant_goes_on_inside_a_transaction(store: Store) -> None:
    with store.write() as session:
        one, other = store.now(session), store.now(session)
    assert one < other
    assert one.tzinfo is not None


# --- what the two databases spell differently ---


def test_insert_once_says_whether_it_wrote(store: Store) -> None:
    values = {
        "source": "s",
        "dedupe_key": "k",
        "state": InboxState.DONE,
        "received_at": real_now(),
        "attempts": 0,
    }
    with store.write() as session:
        assert insert_once(session, Inbox, values, keys=["source", "dedupe_key"])
        assert not insert_once(session, Inbox, values, keys=["source", "dedupe_key"])
        assert insert_once(session, Numbering, {"prefix": "INC", "last": 1}, keys=["prefix"])
        assert not insert_once(session, Numbering, {"prefix": "INC", "last": 2}, keys=["prefix"])
    assert number(store) == 1


def test_of_two_who_insert_at_once_one_writes(store: Store, database_url: str) -> None:
    stores = [store, store if store.is_sqlite else Store(database_url)]

    def write(mine: Store, round_: int) -> bool:
        values = {"prefix": f"P{round_}", "last": 1}
        return mine.run(lambda session: insert_once(session, Numbering, values, keys=["prefix"]))

    with ThreadPoolExecutor(2) as pool:
        for round_ in range(ROUNDS):
            wrote = [pool.submit(write, each, round_) for each in stores]
            assert sorted(each.result(20) for each in wrote) == [False, True]
    stores[1].close()


def test_upsert_changes_what_is_there(store: Store) -> None:
    for last in (1, 5):
        with store.write() as session:
            upsert(session, Numbering, {"prefix": "INC", "last": last}, keys=["prefix"])
    assert number(store) == 5


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 3, 29, 1, 59, 59, 999_999, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC),
        datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    ],
)
def test_an_instant_comes_back_to_the_microsecond_in_utc(store: Store, instant: datetime) -> None:
    with store.write() as session:
        session.add(Configuration(digest="d", text="", applied_at=instant))
    with store.read() as session:
        found = session.execute(select(Configuration.applied_at)).scalar_one()
    assert found == instant
    assert found.utcoffset() == timedelta(0)


def test_an_instant_without_a_zone_is_refused(store: Store) -> None:
    naive = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    with pytest.raises(StatementError, match="no time zone") as refused, store.write() as session:
        session.add(Configuration(digest="d", text="", applied_at=naive))
    assert isinstance(refused.value.orig, NaiveInstant)


def test_a_word_that_is_not_in_the_vocabulary_is_refused_by_the_database_itself(store: Store) -> None:
    statement = text(
        "INSERT INTO inbox (source, dedupe_key, state, received_at, attempts)"
        " VALUES ('s', 'k', 'maybe', CURRENT_TIMESTAMP, 0)"
    )
    with pytest.raises(IntegrityError), store.write() as session:
        session.execute(statement)


def test_reading_never_takes_the_writers_turn(store: Store) -> None:
    begin_at_zero(store)
    began = monotonic()
    with store.read() as session:
        session.execute(select(Numbering)).all()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(store.run, count_up).result(10)
    assert number(store) == 1
    assert monotonic() - began < 10
