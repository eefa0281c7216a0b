"""Homes: who looked at theirs, and what it shows"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.models import base

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

IS_OPEN = sa.text("state NOT IN ('closed', 'cancelled')")


def upgrade() -> None:
    op.create_table(
        "home_tab",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("opened_at", base.Instant(), nullable=False),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("desks", base.Json(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("slack_hash", sa.Text(), nullable=True),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_home_tab")),
    )
    op.create_index(op.f("ix_home_tab_opened_at"), "home_tab", ["opened_at"])
    if op.get_context().dialect.name == "sqlite":
        # Of two indexes that begin alike SQLite takes the one that was made last: that of what is open.
        op.drop_index("ix_ticket_open", table_name="ticket")
        op.create_index("ix_ticket_open", "ticket", ["desk_key", "raised_at"], sqlite_where=IS_OPEN)


def downgrade() -> None:
    # A version that knows no Homes would not know what to do with their deliveries.
    op.execute("DELETE FROM outbox WHERE kind = 'home'")
    op.drop_index(op.f("ix_home_tab_opened_at"), table_name="home_tab")
    op.drop_table("home_tab")
