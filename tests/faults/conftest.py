"""A sandbox with a bot process at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sandbox.server import SandboxServer
from tests.faults.processes import DESK, SETTLE, BotProcess
from tests.sandbox_fixture import running_sandbox

__all__ = ["DESK", "SETTLE", "BotProcess"]


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with running_sandbox() as server:
        yield server


@pytest.fixture
def bot(sandbox: SandboxServer, database_url: str, tmp_path: Path) -> Iterator[BotProcess]:
    process = BotProcess(sandbox, database_url, tmp_path)
    with ExitStack() as stack:
        stack.callback(process.kill)
        process.start(sandbox.client())
        yield process
