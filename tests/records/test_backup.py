"""A backup is one sound file of one moment, and starts a desk again."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.models import Outbox, OutboxState
from bot.store import Store, outbox
from bot.store.backup import NoBackup, back_up
from bot.store.lock import FileLock
from bot.workflows import telling
from bot.workflows.telling import Telling


@pytest.fixture
def path(sqlite_template: Path, tmp_path: Path) -> Path:
    file = tmp_path / "deskbell.db"
    shutil.copyfile(sqlite_template, file)
    return file


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """A desk that runs and holds its file."""
    url = f"sqlite:///{path}"
    with FileLock(url):
        store = Store(url)
        yield store
        store.close()


def tell(store: Store, key: str) -> None:
    with store.write() as session:
        assert telling.tell(session, key, Telling.RELAY, channel="C1")


def url(store: Store) -> str:
    return str(store.engine.url)


def keys(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return [key for (key,) in connection.execute("SELECT key FROM outbox ORDER BY id")]


def test_a_running_desk_is_copied_as_it_is_at_one_moment(store: Store, tmp_path: Path) -> None:
    tell(store, "before")
    with store.engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE ballast (bytes BLOB)")
        connection.exec_driver_sql("INSERT INTO ballast VALUES (zeroblob(20000000))")
        connection.commit()
    steps = 0

    def write(_done: int, _of: int) -> None:
        nonlocal steps
        steps += 1
        tell(store, f"during:{steps}")

    copy = tmp_path / "copy.db"
    back_up(url(store), copy, force=False, advanced=write)
    assert steps > 1
    assert keys(copy) == ["before"]
    assert sorted(file.name for file in tmp_path.iterdir() if "copy" in file.name) == ["copy.db"]


def test_what_is_there_is_replaced_only_by_force(store: Store, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_text("precious")
    with pytest.raises(NoBackup, match="--force"):
        back_up(url(store), copy, force=False, advanced=lambda _done, _of: None)
    assert copy.read_text() == "precious"
    back_up(url(store), copy, force=True, advanced=lambda _done, _of: None)
    assert keys(copy) == []


@pytest.mark.parametrize("force", [False, True])
def test_the_database_is_never_its_own_backup(store: Store, path: Path, force: bool) -> None:
    with pytest.raises(NoBackup, match="the database itself"):
        back_up(url(store), path, force=force, advanced=lambda _done, _of: None)


@pytest.mark.parametrize("end", ["-wal", "-shm", "-journal", ".lock"])
def test_what_belongs_to_the_database_is_not_replaced(store: Store, path: Path, end: str) -> None:
    tell(store, "only in the log so far")
    (folder := path.parent / "another way there").symlink_to(path.parent)
    with pytest.raises(NoBackup, match="belongs to the database"):
        back_up(url(store), folder / f"{path.name}{end}", force=True, advanced=lambda _done, _of: None)
    assert keys(path) == ["only in the log so far"]


def test_a_device_is_not_replaced(store: Store, tmp_path: Path) -> None:
    os.mkfifo(pipe := tmp_path / "pipe")
    with pytest.raises(NoBackup, match="not a file"):
        back_up(url(store), pipe, force=True, advanced=lambda _done, _of: None)
    assert pipe.is_fifo()


def test_a_failed_backup_leaves_nothing_behind(store: Store, tmp_path: Path) -> None:
    def fail(_done: int, _of: int) -> None:
        raise KeyboardInterrupt

    (folder := tmp_path / "backups").mkdir()
    with pytest.raises(KeyboardInterrupt):
        back_up(url(store), folder / "copy.db", force=False, advanced=fail)
    assert list(folder.iterdir()) == []


def test_postgresql_has_its_own_way(tmp_path: Path) -> None:
    with pytest.raises(NoBackup, match="pg_dump"):
        back_up("postgresql+psycopg://h/d", tmp_path / "f", force=False, advanced=lambda _done, _of: None)


def test_a_restored_desk_looks_for_what_was_being_sent(store: Store, tmp_path: Path) -> None:
    tell(store, "half sent")
    with store.write() as session:
        now = store.now(session)
        due = outbox.next_due(session, now, kinds=[Telling.RELAY.value])
        assert due is not None
        outbox.take(session, due, owner="a process that is gone", now=now)
    back_up(url(store), copy := tmp_path / "copy.db", force=False, advanced=lambda _done, _of: None)
    restored = Store(f"sqlite:///{copy}")
    restored.run(lambda session: outbox.recover(session, owner=restored.owner, now=restored.now(session)))
    with restored.read() as session:
        row = session.scalars(select(Outbox)).one()
    restored.close()
    assert row.state is OutboxState.UNKNOWN
    assert row.first_try_at is not None
