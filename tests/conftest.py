"""Shared fixtures: databases."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import hypothesis
import pytest
import structlog

from bot.settings import VARIABLES
from bot.store import migrate
from sandbox.server import SandboxServer
from tests.availability import NotRunReport, not_run
from tests.postgres import Cluster, NoPostgres, Server, new_home
from tests.sandbox_fixture import running_sandbox

# On a developer's machine examples are new each time; in CI a change must not fail by what another one left.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("ci")

_POSTGRES_HOME = pytest.StashKey[Path]()


class _Worker(Protocol):
    """What pytest-xdist hands over to each of its processes."""

    config: pytest.Config
    workerinput: dict[str, str]


def _plain_tracebacks() -> None:
    """Those with every local variable, which structlog draws by itself, take seconds."""
    *processors, _ = structlog.get_config()["processors"]
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*processors, plain])


def pytest_configure(config: pytest.Config) -> None:
    _plain_tracebacks()
    for name in VARIABLES:  # what the developer's shell holds must not decide what a test sees
        os.environ.pop(name, None)
    handed_over: dict[str, str] | None = getattr(config, "workerinput", None)
    if handed_over is not None:
        config.stash[_POSTGRES_HOME] = Path(handed_over["postgres_home"])
        return
    config.stash[_POSTGRES_HOME] = new_home()
    config.pluginmanager.register(NotRunReport())


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: _Worker) -> None:
    node.workerinput["postgres_home"] = str(node.config.stash[_POSTGRES_HOME])


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and _POSTGRES_HOME in config.stash:
        Cluster(config.stash[_POSTGRES_HOME]).stop()


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Server:
    """The run's PostgreSQL server, which no test may stop: others use it too."""
    try:
        return Cluster(pytestconfig.stash[_POSTGRES_HOME]).server()
    except NoPostgres as missing:
        not_run("postgresql", str(missing))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Which database the test runs on; parametrise this to have only one."""
    return str(request.param)


@pytest.fixture
def database_url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a fresh, migrated database that nobody else uses."""
    if database_kind == "sqlite":
        path = tmp_path / "deskbell.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: Server = request.getfixturevalue("postgres")
    with server.database(migrated=True) as url:
        yield url


@pytest.fixture
def empty_database_url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a fresh database without any table."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: Server = request.getfixturevalue("postgres")
    with server.database(migrated=False) as url:
        yield url


@pytest.fixture(scope="session")
def one_server() -> Iterator[SandboxServer]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def server(one_server: SandboxServer) -> SandboxServer:
    """A workspace as it is in the beginning."""
    one_server.client().reset()
    return one_server
