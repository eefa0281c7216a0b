"""Watermarks: up to where conversations were read back"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.models import base

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "watermark",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("thread_ts", sa.Text(), nullable=False),
        sa.Column("read_until", base.Instant(), nullable=False),
        sa.Column("due_at", base.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "thread_ts", name=op.f("pk_watermark")),
    )
    op.create_index(op.f("ix_watermark_due_at"), "watermark", ["due_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_watermark_due_at"), table_name="watermark")
    op.drop_table("watermark")
