"""Several processes that start at once on one PostgreSQL, and one that is too old for its database."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.store import migrate
from bot.store.database import make_engine
from sandbox.server import SandboxServer
from tests.faults.conftest import BotProcess


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_two_that_start_on_an_empty_database_migrate_it_once_and_one_too_old_for_it_says_so(
    sandbox: SandboxServer, empty_database_url: str, tmp_path: Path
) -> None:
    client = sandbox.client()
    folders = [tmp_path / name for name in ("first", "second")]
    for folder in folders:
        folder.mkdir()
    replicas = [BotProcess(sandbox, empty_database_url, folder) for folder in folders]
    engine = make_engine(empty_database_url)
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        for replica in replicas:
            stack.callback(replica.kill)
            replica.launch()
        for replica in replicas:
            replica.await_ready(client)
        migrate.require_head(engine)
        logs = [(folder / "bot.log").read_text() for folder in folders]
        assert not any("Traceback" in log for log in logs)
        assert [replica.stop() for replica in replicas] == [0, 0]
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = 'from_the_future'"))
        with pytest.raises(AssertionError, match="a newer Deskbell has used it"):
            replicas[0].start(client)
    assert "Traceback" not in (folders[0] / "bot.log").read_text()
