"""A backup of the SQLite file while others write to it."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import make_url

from bot.errors import DeskbellError

PAGES: Final = 2000
"""Copied in one step; between steps the bar moves, and Ctrl-C is heard."""


_BESIDE: Final = ("-wal", "-shm", "-journal", ".lock")


class NoBackup(DeskbellError):
    """A backup could not be made; what was there before is as it was."""


def back_up(url: str, file: Path, *, force: bool, advanced: Callable[[int, int], None]) -> None:
    """Copy the database at `url` to `file`, as it is now, checked and on disk. Raises NoBackup."""
    source = _source(url)
    _refuse_unusable(source, file, force=force)
    partial = file.with_name(f".{file.name}.{secrets.token_hex(4)}.partial")
    try:
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _copy(source, partial, advanced)
        _put_in_place(partial, file)
    except OSError as error:
        raise NoBackup(
            f"{file} cannot be written ({error.strerror}): choose another file, or make room."
        ) from error
    except sqlite3.Error as error:
        raise NoBackup(
            f"The backup could not be made ({error}); {source} is as it was. "
            "Try again, with more room for the copy or in another place."
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _source(url: str) -> Path:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise NoBackup(
            "This desk is on PostgreSQL: back it up with pg_dump --format=custom, restore it with pg_restore."
        )
    source = Path(parsed.database)
    if not source.is_file():
        raise NoBackup(f"There is no {source} to back up: correct DATABASE_URL.")
    return source


def _refuse_unusable(source: Path, file: Path, *, force: bool) -> None:
    if file.exists() and file.samefile(source):
        raise NoBackup(f"{file} is the database itself: name another file.")
    beside = {source.resolve().with_name(source.resolve().name + end) for end in _BESIDE}
    if file.resolve() in beside:
        raise NoBackup(f"{file} belongs to the database: name another file.")
    if file.is_dir():
        raise NoBackup(f"{file} is a folder: name a file in it.")
    if file.exists() and not file.is_file():
        raise NoBackup(f"{file} is a device, not a file: name a file.")
    if file.exists() and not force:
        raise NoBackup(f"{file} is there already: name another file, or replace it with --force.")


def _copy(source: Path, partial: Path, advanced: Callable[[int, int], None]) -> None:
    address = f"{source.absolute().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=10)) as before,
        closing(sqlite3.connect(partial, isolation_level=None)) as after,
    ):
        # One snapshot for all steps: what is written meanwhile would otherwise begin the copy anew.
        before.execute("BEGIN")
        before.execute("SELECT count(*) FROM sqlite_master").fetchone()
        before.backup(after, pages=PAGES, progress=lambda _, left, of: advanced(of - left, of))
        after.execute("PRAGMA journal_mode=DELETE")  # one file, complete by itself
        (found,) = after.execute("PRAGMA integrity_check").fetchone()
    if found != "ok":
        raise NoBackup(f"The copy is not sound ({found}): look at the disk, and at {source} itself.")


def _put_in_place(partial: Path, file: Path) -> None:
    with partial.open("rb") as written:
        os.fsync(written.fileno())
    partial.replace(file)
    folder = os.open(file.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
