"""A desk moves from SQLite to PostgreSQL whole, or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, make_url, select, text, update

from bot.errors import DeskbellError
from bot.models import Base, Outbox, OutboxState, Ticket, TimelineEvent
from bot.models.vocabulary import Action
from bot.moving import CannotMove, copy_desk
from bot.settings import Settings
from bot.store import Store
from bot.store.copying import NotCopied
from bot.store.lock import FileLock
from bot.workflows import records
from tests.postgres import Server
from tests.records.workflows.world import BEN, World

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])

DIES = """
import os, signal, sys
from contextlib import contextmanager
from bot.moving import copy_desk
from bot.settings import Settings

@contextmanager
def watched(title):
    yield lambda done, of: os.kill(os.getpid(), signal.SIGKILL) if done > of / 2 else None

copy_desk(Settings(database_url=sys.argv[1]), sys.argv[2], watched=watched)
"""


@contextmanager
def unwatched(_title: str) -> Iterator[Callable[[int, int], None]]:
    yield lambda _done, _of: None


@contextmanager
def interrupted(_title: str) -> Iterator[Callable[[int, int], None]]:
    def interrupt(done: int, of: int) -> None:
        if done > of / 2:
            raise KeyboardInterrupt

    yield interrupt


@pytest.fixture
def target(postgres: Server) -> Iterator[str]:
    with postgres.database(migrated=False) as url:
        yield url


@pytest.fixture
def settings(world: World, database_url: str) -> Settings:
    """A desk with tickets, one of whose cards somebody is sending."""
    for what in ("printer", "screen", "mouse"):
        world.act(BEN, Action.CLAIM, world.raised(f"The {what} is broken: ü, 💥").number)
    with world.store.write() as session:
        is_card = Outbox.key == f"card:{session.scalar(select(func.min(Ticket.id)))}"
        held = {"state": OutboxState.SENDING, "owner": "x", "token": "y", "lease_until": world.clock.now()}
        session.execute(update(Outbox).where(is_card).values(held))
    return Settings(database_url=database_url)


def rows(store: Store, table: str) -> list[tuple[object, ...]]:
    with store.read() as session:
        found = Base.metadata.tables[table]
        return [tuple(row) for row in session.execute(select(found).order_by(*found.primary_key))]


@contextmanager
def opened(url: str) -> Iterator[Store]:
    store = Store(url)
    yield store
    store.close()


def is_without_data(url: str) -> bool:
    with opened(url) as store:
        return not any(rows(store, name) for name in Base.metadata.tables)


def test_everything_arrives_and_what_was_being_sent_is_looked_for(
    world: World, settings: Settings, target: str
) -> None:
    moved = copy_desk(settings, target, watched=unwatched)
    assert (moved.tickets, moved.events) == (3, 6)
    with opened(target) as there:
        for name in set(Base.metadata.tables) - {"outbox"}:
            assert rows(there, name) == rows(world.store, name), name
        with there.read() as session:
            assert records.verify(session) == []
            sending = session.scalars(select(Outbox).where(Outbox.state == OutboxState.UNKNOWN)).one()
            assert (sending.owner, sending.token, sending.lease_until) == (None, None, None)
            assert sending.key.startswith("card:")


def test_work_goes_on_where_it_arrived(settings: Settings, target: str) -> None:
    copy_desk(settings, target, watched=unwatched)
    with opened(target) as there:
        with there.write() as session:
            last = session.scalar(select(func.max(TimelineEvent.id))) or 0
            following = session.scalar(text("SELECT nextval(pg_get_serial_sequence('timeline_event', 'id'))"))
        assert following == last + 1


def test_an_interrupted_copy_leaves_nothing_and_can_be_made_again(settings: Settings, target: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        copy_desk(settings, target, watched=interrupted)
    assert is_without_data(target)
    assert copy_desk(settings, target, watched=unwatched).tickets == 3


def test_a_killed_copy_leaves_nothing(settings: Settings, target: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DIES, settings.database_url, target],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert is_without_data(target)


def test_an_altered_timeline_is_not_moved(world: World, settings: Settings, target: str) -> None:
    with world.store.write() as session:
        session.execute(update(TimelineEvent).where(TimelineEvent.seq == 2).values(actor_id="UEVIL"))
    with pytest.raises(DeskbellError, match="was altered"):
        copy_desk(settings, target, watched=unwatched)
    assert is_without_data(target)


@pytest.mark.parametrize(
    ("title", "why"), [("'a' || char(0) || 'b'", "NUL"), ("CAST(x'eda080' AS TEXT)", "UTF-8")]
)
def test_text_that_cannot_be_copied_is_named_and_nothing_is(
    world: World, settings: Settings, target: str, title: str, why: str
) -> None:
    with world.store.write() as session:
        session.execute(text(f"UPDATE ticket SET title = {title}"))
    with pytest.raises(NotCopied, match=f"^ticket has a row that cannot be copied .*{why}"):
        copy_desk(settings, target, watched=unwatched)
    assert is_without_data(target)


def test_a_target_that_is_not_empty_is_refused(settings: Settings, target: str) -> None:
    copy_desk(settings, target, watched=unwatched)
    with pytest.raises(DeskbellError, match="name an empty database"):
        copy_desk(settings, target, watched=unwatched)


def test_a_target_with_somebody_elses_tables_is_refused(settings: Settings, target: str) -> None:
    with opened(target) as there, there.write() as session:
        session.execute(text("CREATE TABLE ticket (id integer)"))
    with pytest.raises(DeskbellError, match="a table ticket of something else"):
        copy_desk(settings, target, watched=unwatched)


def test_a_target_of_a_newer_version_is_refused(settings: Settings, target: str) -> None:
    with opened(target) as there, there.write() as session:
        session.execute(text("CREATE TABLE alembic_version (version_num text)"))
        session.execute(text("INSERT INTO alembic_version VALUES ('9999')"))
    with pytest.raises(CannotMove, match="name an empty database"):
        copy_desk(settings, target, watched=unwatched)


def test_a_target_that_may_not_be_written_to_is_told_in_one_sentence(settings: Settings, target: str) -> None:
    with opened(target) as there, there.write() as session:
        name = make_url(target).database
        session.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    with pytest.raises(CannotMove, match=r"^The target cannot be used .* --to names") as refusal:
        copy_desk(settings, target, watched=unwatched)
    assert "DATABASE_URL" not in str(refusal.value)


@pytest.mark.parametrize(
    "nowhere",
    [
        "sqlite:////no/such/folder/desk.db",
        "postgresql+psycopg://u@127.0.0.1:1/desk",
        "postgresql+psycopg://u@127.0.0.1:1/desk?no_such_option=1",
    ],
)
def test_a_target_that_is_not_there_is_told_of_the_option_that_names_it(
    settings: Settings, nowhere: str
) -> None:
    with pytest.raises(CannotMove, match="--to"):
        copy_desk(settings, nowhere, watched=unwatched)


def test_a_running_bot_is_not_copied_behind_its_back(settings: Settings, target: str) -> None:
    with FileLock(settings.database_url), pytest.raises(DeskbellError, match="Stop it first"):
        copy_desk(settings, target, watched=unwatched)


def test_another_revision_is_refused(settings: Settings, target: str, tmp_path: Path) -> None:
    (file := tmp_path / "old.db").touch()
    old = settings.model_copy(update={"database_url": f"sqlite:///{file}"})
    with pytest.raises(DeskbellError, match=r"is at revision none .*deskbell migrate"):
        copy_desk(old, target, watched=unwatched)


def test_a_mistyped_file_is_not_made(settings: Settings, target: str, tmp_path: Path) -> None:
    mistyped = settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'deskbel.db'}"})
    with pytest.raises(DeskbellError, match=r"There is no .*correct DATABASE_URL"):
        copy_desk(mistyped, target, watched=unwatched)
    assert list(tmp_path.glob("deskbel.db*")) == []


def test_a_second_sqlite_file_will_do_as_well(settings: Settings, tmp_path: Path) -> None:
    other = f"sqlite:///{tmp_path / 'other.db'}"
    assert copy_desk(settings, other, watched=unwatched).tickets == 3
    file = Path(make_url(settings.database_url).database or "")
    (tmp_path / "there").symlink_to(file.parent)
    for same in (settings.database_url, f"sqlite:///{tmp_path / 'there' / file.name}"):
        with pytest.raises(DeskbellError, match="the database itself"):
            copy_desk(settings, same, watched=unwatched)
