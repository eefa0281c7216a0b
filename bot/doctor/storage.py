"""The database: reachable, migrated, and with room to write."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from bot.doctor.finding import Finding
from bot.store.database import StoreUnavailable, make_engine
from bot.store.migrate import current_and_head

ROOM_NEEDED = 100 * 1024 * 1024
"""Bytes of free disk below which SQLite should not be trusted to go on."""

# Before this version SQLite can corrupt a file that several connections write at once (its WAL-reset bug).
_SAFE_FOR_MANY_WRITERS = (3, 51, 3)


def examine_storage(url: str) -> Iterator[Finding]:
    """Findings about the database at `url` and, for SQLite, the disk that it is on."""
    scheme, _, path = url.partition(":///")
    if scheme != "sqlite":
        yield from _schema(url)
        return
    file = Path(path)
    yield from _disk(file)
    yield _sqlite_version()
    if file.is_file():
        yield from _schema(url)
    else:
        yield Finding.to_mend(f"The database {file} does not exist yet", "run `deskbell migrate`.")


def _schema(url: str) -> Iterator[Finding]:
    try:
        engine = make_engine(url)
    except StoreUnavailable as error:
        yield Finding.to_mend("DATABASE_URL cannot be used", str(error))
        return
    try:
        current, head = current_and_head(engine)
    except StoreUnavailable as error:
        yield Finding.to_mend(
            "The database is not reachable", f"start it, or correct DATABASE_URL ({error})."
        )
        return
    finally:
        engine.dispose()
    yield Finding.well("The database is reachable")
    if current == head:
        yield Finding.well("The database is up to date")
    else:
        yield Finding.to_mend("The database is not up to date", "run `deskbell migrate`.")


def _disk(file: Path) -> Iterator[Finding]:
    folder = file.absolute().parent
    if not folder.is_dir():
        yield Finding.to_mend(f"The folder {folder} does not exist", "create it, or correct DATABASE_URL.")
        return
    if not os.access(file if file.exists() else folder, os.W_OK):
        yield Finding.to_mend(
            f"{file} cannot be written", "give the user that runs Deskbell write permission."
        )
        return
    free = shutil.disk_usage(folder).free
    if free < ROOM_NEEDED:
        yield Finding.to_mend(
            f"Only {free // 1024**2} MiB are free on the disk of {file}", "make room there."
        )
    else:
        yield Finding.well(f"{folder} can be written and has {free // 1024**3} GiB free")


def _sqlite_version() -> Finding:
    if sqlite3.sqlite_version_info >= _SAFE_FOR_MANY_WRITERS:
        return Finding.well(f"SQLite {sqlite3.sqlite_version}")
    return Finding.well(
        f"SQLite {sqlite3.sqlite_version} (safe for the one process that Deskbell allows; "
        "do not let other programs write to the file)"
    )
