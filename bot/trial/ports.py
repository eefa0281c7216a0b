"""Ports for the parts of a trial: two trials that start at once never get the same one."""

from __future__ import annotations

import fcntl
import socket
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from bot.trial.children import TrialFailed

HOST = "127.0.0.1"
_TRIED = 100


class Ports:
    """Ports that are ours until the block ends.

    A part listens only seconds after its port was chosen. Until then a locked file keeps other trials away;
    another program that comes in between is told by the part itself.
    """

    def __init__(self) -> None:
        self._locks = ExitStack()

    def __enter__(self) -> Ports:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._locks.close()

    def first_free(self, first: int) -> int:
        """The first port from `first` on that nobody has. Raises `TrialFailed`."""
        for port in range(first, first + _TRIED):
            if self._reserve(port):
                return port
        raise TrialFailed(f"No port from {first} to {first + _TRIED - 1} is free: stop what listens there.")

    def require(self, port: int) -> int:
        """The same port. Raises `TrialFailed` when somebody has it."""
        if not self._reserve(port):
            raise TrialFailed(f"Port {port} is taken by another program: choose another with --port.")
        return port

    def _reserve(self, port: int) -> bool:
        return _is_free(port) and self._lock(port)

    def _lock(self, port: int) -> bool:
        # Files of other users cannot be opened: their ports count as taken, too.
        try:
            file = (Path(tempfile.gettempdir()) / f"deskbell-port-{port}.lock").open("w")
        except OSError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._locks.enter_context(file)
        return True


def _is_free(port: int) -> bool:
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return False
    return True
