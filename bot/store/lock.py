"""One bot per SQLite file: a lock file beside it, held for the life of the process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

from sqlalchemy import make_url

from bot.errors import DeskbellError


class AlreadyRunning(DeskbellError):
    """Another process writes to this SQLite file."""


class NoSuchPlace(DeskbellError):
    """The folder of the SQLite file is missing or cannot be written to."""


class FileLock:
    """`flock` on `<database>.lock`. Does nothing for PostgreSQL or an in-memory database."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        name = parsed.database if parsed.get_backend_name() == "sqlite" else None
        self._path = Path(f"{name}.lock") if name and name != ":memory:" else None
        self._handle: int | None = None

    def __enter__(self) -> FileLock:
        """Raises AlreadyRunning at once when somebody else holds the file."""
        if self._path is not None:
            self._handle = self._open(self._path)
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                os.close(self._handle)
                self._handle = None
                raise AlreadyRunning(
                    f"Another Deskbell is running on {self._path.with_suffix('')}. Stop it first; "
                    "to run more than one, move to PostgreSQL "
                    "(`deskbell copy --to postgresql+psycopg://…`, then set DATABASE_URL to it)."
                ) from error
        return self

    def _open(self, path: Path) -> int:
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise NoSuchPlace(
                f"{path.parent} cannot hold the database ({error.strerror}); "
                "create that folder, let this user write to it, or change DATABASE_URL."
            ) from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
