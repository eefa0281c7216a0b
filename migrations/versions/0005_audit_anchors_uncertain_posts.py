"""Audit anchors, hourly chores, and since when a delivery was uncertain"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.models import base

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

WAS_UNCERTAIN = sa.text("uncertain_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "audit_anchor",
        sa.Column("date", sa.Text(), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("taken_at", base.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("date", name=op.f("pk_audit_anchor")),
    )
    op.create_table(
        "chore",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", "slot", name=op.f("pk_chore")),
    )
    op.add_column("outbox", sa.Column("uncertain_at", base.Instant(), nullable=True))
    op.create_index(
        op.f("ix_outbox_uncertain"),
        "outbox",
        ["uncertain_at"],
        sqlite_where=WAS_UNCERTAIN,
        postgresql_where=WAS_UNCERTAIN,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_outbox_uncertain"), table_name="outbox")
    op.drop_column("outbox", "uncertain_at")
    op.drop_table("chore")
    op.drop_table("audit_anchor")
