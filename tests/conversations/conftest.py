"""A desk in each of the four ways to run it, shared by the tests of a module."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conversations.desk import DESK_YAML, Desk, running_desk
from tests.postgres import Server
from tests.sandbox_fixture import tuesday_morning

ALL = ("socket-sqlite", "socket-postgresql", "http-sqlite", "http-postgresql")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A module may name fewer in COMBINATIONS; `DESK` there is its desk.yaml, `SEED` its workspace."""
    if "running" in metafunc.fixturenames:
        combinations = getattr(metafunc.module, "COMBINATIONS", ALL)
        metafunc.parametrize("running", combinations, indirect=True, scope="module")


@contextmanager
def fresh_database(kind: str, directory: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated database for more than one test."""
    if kind == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_template"), directory / "deskbell.db")
        yield f"sqlite:///{directory / 'deskbell.db'}"
        return
    server: Server = request.getfixturevalue("postgres")
    with server.database(migrated=True) as url:
        yield url


@pytest.fixture(scope="module")
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The module's desk."""
    way, _, kind = str(request.param).partition("-")
    directory = tmp_path_factory.mktemp("desk")
    skips_time = getattr(request.module, "SKIPS_TIME", False)
    with (
        fresh_database(kind, directory, request) as url,
        running_desk(
            url,
            is_http=way == "http",
            desk_yaml=getattr(request.module, "DESK", DESK_YAML),
            seed=getattr(request.module, "SEED", None),
            clock_offset=tuesday_morning(directory / "clock") if skips_time else None,
        ) as desk,
    ):
        yield desk


@pytest.fixture
def desk(running: Desk) -> Iterator[Desk]:
    """The module's desk with its logs empty, examined when the test is over."""
    running.client.forget()
    running.log.clear()
    running.may_log, running.expected_parked = [], running.parked()
    yield running
    running.client.lift()
    running.check()


@pytest.fixture
def calm(desk: Desk) -> Iterator[None]:
    """Afterwards no ticket is open, so that no clock of one test speaks up in the next."""
    yield
    desk.client.lift()
    desk.cancel_everything()
