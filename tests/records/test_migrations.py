"""The migrated schema is the declared one, on both databases, and every step can be taken both ways."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from sqlalchemy.engine.interfaces import ReflectedIndex
from sqlalchemy.schema import CheckConstraint

from bot.clock import monotonic, real_now
from bot.models import Base, Inbox, InboxState, Numbering
from bot.store import Store, StoreUnavailable, migrate
from bot.store.database import make_engine
from bot.store.migrate import SchemaMismatch

SCRIPTS = ScriptDirectory.from_config(migrate.script_config())
ROLLING_SINCE = "0005"
"""From this revision on, replicas of two neighbouring versions work on one database."""
REVISIONS = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    engine = make_engine(url)
    yield engine
    engine.dispose()


def alembic(engine: Engine) -> Config:
    config = migrate.script_config()
    config.attributes["engine"] = engine
    return config


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def schema(engine: Engine) -> dict[str, object]:
    """Tables, columns, constraints and indexes, to compare."""
    seen = inspect(engine)
    return {
        name: (
            [(column["name"], str(column["type"]), column["nullable"]) for column in seen.get_columns(name)],
            seen.get_pk_constraint(name)["constrained_columns"],
            sorted(_described(index) for index in seen.get_indexes(name)),
            sorted(str(unique["column_names"]) for unique in seen.get_unique_constraints(name)),
            sorted(str(foreign["constrained_columns"]) for foreign in seen.get_foreign_keys(name)),
            sorted(str(check["name"]) for check in seen.get_check_constraints(name)),
        )
        for name in seen.get_table_names()
    }


def _described(index: ReflectedIndex) -> str:
    options = {key: str(value) for key, value in index.get("dialect_options", {}).items()}
    return f"{index['name']} {index['column_names']} {index['unique']} {options}"


def test_there_is_one_line_of_migrations() -> None:
    assert len(SCRIPTS.get_heads()) == 1
    assert len(SCRIPTS.get_bases()) == 1


def test_the_migrated_schema_is_the_declared_one(database_url: str) -> None:
    with engine_of(database_url) as engine:
        assert differences(engine) == []


def test_the_comparison_sees_what_is_missing(empty_database_url: str) -> None:
    with engine_of(empty_database_url) as engine:
        assert len(differences(engine)) >= len(Base.metadata.tables)


def test_every_declared_check_is_in_the_database(database_url: str) -> None:
    with engine_of(database_url) as engine:
        seen = inspect(engine)
        for table in Base.metadata.sorted_tables:
            declared = {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
            assert {str(check["name"]) for check in seen.get_check_constraints(table.name)} == declared


def test_migrated_again_nothing_changes(database_url: str) -> None:
    with engine_of(database_url) as engine:
        before = schema(engine)
        migrate.upgrade(database_url)
        assert schema(engine) == before


def test_every_step_can_be_taken_back_and_again(empty_database_url: str) -> None:
    with engine_of(empty_database_url) as engine:
        config = alembic(engine)
        for revision in REVISIONS:
            before = schema(engine)
            command.upgrade(config, revision)
            after = schema(engine)
            command.downgrade(config, "-1")
            assert schema(engine) | {"alembic_version": None} == before | {"alembic_version": None}
            command.upgrade(config, revision)
            assert schema(engine) == after
        assert differences(engine) == []


def columns(engine: Engine) -> dict[str, dict[str, bool]]:
    """Of each table its columns, and whether a row may leave them out."""
    seen = inspect(engine)
    return {
        table: {
            str(column["name"]): bool(column["nullable"]) or column["default"] is not None
            for column in seen.get_columns(table)
        }
        for table in seen.get_table_names()
    }


def test_a_version_goes_on_working_while_the_next_one_has_migrated(empty_database_url: str) -> None:
    with engine_of(empty_database_url) as engine:
        config = alembic(engine)
        command.upgrade(config, ROLLING_SINCE)
        for revision in REVISIONS[REVISIONS.index(ROLLING_SINCE) + 1 :]:
            before = columns(engine)
            command.upgrade(config, revision)
            after = columns(engine)
            for table, known in before.items():
                assert known.keys() <= after[table].keys(), f"{revision} takes from {table}"
                must = {name for name, optional in after[table].items() if not optional}
                assert must <= known.keys(), f"{revision} demands of {table} what the version before lacks"


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_new_sqlite_file_is_its_owners_alone(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url)
    file = Path(empty_database_url.removeprefix("sqlite:///"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_database_knows_where_it_stands(empty_database_url: str) -> None:
    with engine_of(empty_database_url) as engine:
        head = SCRIPTS.get_current_head()
        assert migrate.current_and_head(engine) == (None, head)
        with pytest.raises(SchemaMismatch, match="deskbell migrate"):
            migrate.require_head(engine)
        migrate.upgrade(empty_database_url)
        assert migrate.current_and_head(engine) == (head, head)
        migrate.require_head(engine)


def test_a_database_of_a_newer_version_is_refused(database_url: str) -> None:
    with engine_of(database_url) as engine:
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = 'from_the_future'"))
        with pytest.raises(SchemaMismatch, match=r"from_the_future.*newer Deskbell"):
            migrate.require_head(engine)
        with pytest.raises(SchemaMismatch, match=r"from_the_future.*newer Deskbell"):
            migrate.upgrade(database_url)


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_replica_waits_while_another_migrates(empty_database_url: str) -> None:
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'"
    )
    give_up_at = monotonic() + 20
    with ThreadPoolExecutor(1) as pool:
        with engine_of(empty_database_url) as engine, engine.connect() as plain:
            other = plain.execution_options(isolation_level="AUTOCOMMIT")
            other.execute(text(f"SELECT pg_advisory_lock({migrate.ADVISORY_LOCK})"))
            migrating = pool.submit(migrate.upgrade, empty_database_url)
            while not other.execute(waiting).scalar_one():
                assert monotonic() < give_up_at
            assert not inspect(other).has_table("ticket")
            other.execute(text("SELECT pg_advisory_unlock_all()"))
        migrating.result(30)
    with engine_of(empty_database_url) as engine:
        migrate.require_head(engine)


def test_records_survive_a_migration_that_changes_nothing(database_url: str) -> None:
    store = Store(database_url)
    with store.write() as session:
        session.add(Numbering(prefix="INC", last=41))
        session.add(
            Inbox(source="s", dedupe_key="k", state=InboxState.DONE, received_at=real_now(), attempts=0)
        )
    migrate.upgrade(database_url)
    with store.read() as session:
        numbering = session.get(Numbering, "INC")
        assert numbering is not None
        assert numbering.last == 41
        assert session.query(Inbox).count() == 1
    store.close()


@pytest.mark.parametrize("url", ["sqlite:////nowhere/at/all/desk.db", "mysql://localhost/desk", "nonsense"])
def test_a_database_that_cannot_be_had_is_one_sentence(url: str) -> None:
    with pytest.raises(StoreUnavailable) as unavailable:
        migrate.upgrade(url)
    assert "\n" not in str(unavailable.value)


TICKET_0002 = """
INSERT INTO ticket (id, number, kind, desk_key, title, description, impact, urgency, priority, state,
                    state_since, requester_id, raiser_id, source, raised_at, conversation_channel,
                    continues_id, version, head_hash)
VALUES (:id, :number, 'incident', 'it', 'T', 'D', 'medium', 'medium', 'P3', 'new', {at}, 'U1', 'U1', :source,
        {at}, :channel, :continues, 1, 'h')
"""
COMMENT_0002 = """
INSERT INTO comment (ticket_id, author_id, visibility, speaker, text, files, written_at)
VALUES (:ticket, 'U1', 'public', 'requester', 'words', '[]', {at})
"""
CARD_0002 = """
INSERT INTO outbox (key, kind, ticket_id, channel, ts, data, wanted_version, shown_version, state, attempts,
                    misses, not_before, created_at)
VALUES (:key, 'card', :ticket, 'C1', :key, '{{}}', 4, 4, 'sent', 0, 0, {at}, {at})
"""


def test_tickets_from_direct_messages_become_private_and_their_cards_are_drawn_again(
    empty_database_url: str,
) -> None:
    """Both ways, with data."""
    with engine_of(empty_database_url) as engine:
        config = alembic(engine)
        command.upgrade(config, "0002")
        at = "1" if engine.dialect.name == "sqlite" else "now()"
        tickets = [
            (1, "direct_message", "D1", None),
            (2, "emoji", "C2", None),
            (3, "reply", "D1", 1),
            (4, "reply", "C2", 2),
        ]
        with engine.begin() as connection:
            for id_, source, channel, continues in tickets:
                values = {"id": id_, "number": f"INC-{id_}", "source": source, "channel": channel}
                connection.execute(text(TICKET_0002.format(at=at)), values | {"continues": continues})
                connection.execute(text(COMMENT_0002.format(at=at)), {"ticket": id_})
                connection.execute(text(CARD_0002.format(at=at)), {"key": f"card:{id_}", "ticket": id_})
        for _ in range(2):
            command.upgrade(config, "0003")
            with engine.begin() as connection:
                private = "SELECT id FROM ticket WHERE is_private ORDER BY id"
                said = "SELECT ticket_id FROM comment WHERE is_private ORDER BY ticket_id"
                drawn = "SELECT ticket_id FROM outbox WHERE state = 'pending' ORDER BY ticket_id"
                for statement in (private, said, drawn):
                    assert list(connection.execute(text(statement)).scalars()) == [1, 3]
                assert connection.execute(text("SELECT count(*) FROM ticket WHERE has_moved")).scalar() == 0
            command.downgrade(config, "0002")
        with engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM ticket")).scalar() == len(tickets)


def test_a_timeline_that_says_who_made_a_ticket_private_keeps_the_schema_from_going_back(
    empty_database_url: str,
) -> None:
    with engine_of(empty_database_url) as engine:
        config = alembic(engine)
        command.upgrade(config, "0003")
        at = "1" if engine.dialect.name == "sqlite" else "now()"
        values = {"id": 1, "number": "INC-1", "source": "emoji", "channel": "C1", "continues": None}
        raised = TICKET_0002.format(at=at).replace("head_hash)", "head_hash, is_private, has_moved)")
        event = """
            INSERT INTO timeline_event (ticket_id, seq, kind, at, recorded_at, data, prev_hash, hash)
            VALUES (1, 1, 'made_private', {at}, {at}, '{{}}', '', 'h')
        """
        with engine.begin() as connection:
            connection.execute(text(raised.replace("'h')", "'h', true, true)")), values)
            connection.execute(text(event.format(at=at)))
        with pytest.raises(RuntimeError, match="restore a backup"):
            command.downgrade(config, "0002")
