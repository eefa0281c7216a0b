"""SIGTERM: the process ends within ten seconds and takes along what it held, also where something hangs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil
import pytest
from sqlalchemy import text

from bot.store import migrate
from bot.store.database import make_engine
from sandbox.client import SandboxClient
from sandbox.server import SandboxServer
from tests.faults.conftest import BotProcess


def raise_ticket(client: SandboxClient) -> None:
    assert client.command("ana", "it-help", "/ticket", "the shutters are stuck").acked
    assert client.submit("ana", {}).acked


def states(url: str) -> list[tuple[str, str | None]]:
    """The state and the owner of each delivery."""
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            return [
                (state, owner) for state, owner in connection.execute(text("SELECT state, owner FROM outbox"))
            ]
    finally:
        engine.dispose()


@contextmanager
def frozen(url: str) -> Iterator[None]:
    """The bot's connections to PostgreSQL answer nothing."""
    engine = make_engine(url)
    mine = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with engine.connect() as connection:
        backends = [psutil.Process(pid) for pid in connection.execute(text(mine)).scalars()]
        connection.rollback()
    engine.dispose()
    for backend in backends:
        backend.suspend()
    try:
        yield
    finally:
        for backend in backends:
            with suppress(psutil.NoSuchProcess):
                backend.resume()


def test_a_post_that_hangs_is_uncertain_at_once_and_made_once_by_the_next_process(
    sandbox: SandboxServer, bot: BotProcess
) -> None:
    client = sandbox.client()
    fault = client.fault("hang", "chat.postMessage", seconds=12, apply=True)
    raise_ticket(client)
    client.wait_until(lambda: client.messages("it-triage"), message="a post is under way")
    assert bot.stop() == 0
    held = states(bot.database_url)
    assert ("unknown", None) in held
    assert [row for row in held if row[0] == "sending"] == []
    client.lift(fault)
    bot.start(client)
    client.wait_until(
        lambda: all(state == "sent" for state, _ in states(bot.database_url)), timeout=30, message="all sent"
    )
    assert sum("shutters" in message.text for message in client.messages("it-triage")) == 1


def test_a_process_that_is_told_to_stop_while_it_is_frozen_stops_when_it_thaws(bot: BotProcess) -> None:
    bot.pause()
    assert bot.stop() == 0


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_database_that_answers_nothing_keeps_no_process_alive(bot: BotProcess) -> None:
    with frozen(bot.database_url):
        assert bot.stop() == 0


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_process_that_waits_for_another_ones_migration_can_be_stopped(
    sandbox: SandboxServer, bot: BotProcess
) -> None:
    client = sandbox.client()
    assert bot.stop() == 0
    engine = make_engine(bot.database_url)
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory'")
    with engine.connect() as plain:
        other = plain.execution_options(isolation_level="AUTOCOMMIT")
        other.execute(text("SELECT pg_advisory_lock(:key)"), {"key": migrate.ADVISORY_LOCK})
        bot.launch()
        client.wait_until(lambda: other.execute(waiting).scalar_one(), timeout=30, message="it waits")
        assert bot.stop() == 0
    engine.dispose()
