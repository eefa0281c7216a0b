"""Alembic's environment: the engine is handed over by `bot.store.migrate` or by the tests."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, Engine, text

from bot.models.base import Base, Instant, Json


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Spell our own column types in generated migrations."""
    if kind == "type" and isinstance(item, Instant | Json):
        autogen.imports.add("from bot.models import base")
        return f"base.{type(item).__name__}()"
    return False


def migrate(connection: Connection) -> None:
    """Run the migrations; on SQLite with foreign keys off, since a rebuilt table would empty its children."""
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        # The pragma is a no-op inside a transaction, so it goes straight to the driver.
        connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=is_sqlite,
        render_item=render_item,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
        if is_sqlite and (broken := connection.execute(text("PRAGMA foreign_key_check")).all()):
            raise RuntimeError(f"The migration left rows without their parents: {broken[:5]}")
    if is_sqlite:
        connection.commit()
        connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=ON")  # type: ignore[union-attr]


def run() -> None:
    """Migrate over the connection or the engine given."""
    attributes = context.config.attributes
    if isinstance(given := attributes.get("connection"), Connection):
        migrate(given)
        return
    engine = (
        attributes["engine"] if isinstance(attributes.get("engine"), Engine) else attributes["connection"]
    )
    with engine.connect() as connection:
        migrate(connection)
        connection.commit()


run()
