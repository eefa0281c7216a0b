"""Service levels, availability, reports"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.models import base

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KINDS = (
    "raised",
    "claimed",
    "released",
    "assigned",
    "waited",
    "resumed",
    "resolved",
    "reopened",
    "closed",
    "cancelled",
    "noted",
    "commented",
    "prioritised",
    "undone",
    "message_edited",
    "message_deleted",
    "resolution_noted",
    "continued",
)
MEASURED = ("warned", "breached", "escalated", "acknowledged")

# What is known of the past: the event at the instant of a change, else what the state itself says.
CAUSES = """
UPDATE state_interval SET
    desk_key = (SELECT desk_key FROM ticket WHERE ticket.id = state_interval.ticket_id),
    kind = (SELECT kind FROM ticket WHERE ticket.id = state_interval.ticket_id),
    priority = (SELECT priority FROM ticket WHERE ticket.id = state_interval.ticket_id),
    cause = COALESCE(
        (SELECT kind FROM timeline_event AS event
         WHERE event.ticket_id = state_interval.ticket_id AND event.at = state_interval.started_at
         AND event.kind NOT IN ('noted', 'commented', 'message_edited', 'message_deleted',
                                'resolution_noted', 'continued', 'prioritised')
         ORDER BY event.seq DESC LIMIT 1),
        CASE state WHEN 'new' THEN 'raised' WHEN 'assigned' THEN 'claimed' WHEN 'resolved' THEN 'resolved'
                   WHEN 'closed' THEN 'closed' WHEN 'cancelled' THEN 'cancelled' ELSE 'waited' END)
"""
ENDS = """
UPDATE state_interval SET ended_by = (
    SELECT next.cause FROM state_interval AS next
    WHERE next.ticket_id = state_interval.ticket_id AND next.id > state_interval.id
    ORDER BY next.id LIMIT 1)
WHERE ended_at IS NOT NULL
"""
SPEAKERS = """
UPDATE comment SET speaker = CASE
    WHEN author_id = (SELECT requester_id FROM ticket WHERE ticket.id = comment.ticket_id) THEN 'requester'
    WHEN EXISTS (SELECT 1 FROM state_interval WHERE state_interval.assignee_id = comment.author_id) THEN 'desk'
    ELSE 'other' END
"""


def _enum(kinds: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*kinds, name="kind", native_enum=False, create_constraint=True, length=32)


def _change_kinds(before: tuple[str, ...], after: tuple[str, ...]) -> None:
    with op.batch_alter_table("timeline_event", schema=None) as batch_op:
        batch_op.alter_column(
            "kind", existing_type=_enum(before), type_=_enum(after), existing_nullable=False
        )


def upgrade() -> None:
    op.create_table(
        "absence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("starts_at", base.Instant(), nullable=False),
        sa.Column("ends_at", base.Instant(), nullable=False),
        sa.Column("cover_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.create_index("ix_absence_person", ["person_id", "ends_at"], unique=False)

    op.create_table(
        "report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("desk_key", sa.Text(), nullable=False),
        sa.Column(
            "series",
            sa.Enum(
                "daily",
                "weekly",
                "monthly",
                name="series",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("local_date", sa.Text(), nullable=False),
        sa.Column("period_from", base.Instant(), nullable=False),
        sa.Column("period_to", base.Instant(), nullable=False),
        sa.Column("decided_at", base.Instant(), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("told", "superseded", name="state", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("figures", base.Json(), nullable=False),
        sa.Column(
            "picture_state",
            sa.Enum(
                "wanted",
                "ready",
                "none",
                name="picture_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("pictures", base.Json(), nullable=False),
        sa.Column("picture_lease", base.Instant(), nullable=True),
        sa.Column("picture_attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint(
            "desk_key", "series", "local_date", name=op.f("uq_report_desk_key_series_local_date")
        ),
    )
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.create_index(
            "ix_report_pictures",
            ["id"],
            unique=False,
            sqlite_where=sa.text("picture_state = 'wanted'"),
            postgresql_where=sa.text("picture_state = 'wanted'"),
        )

    op.create_table(
        "report_series",
        sa.Column("desk_key", sa.Text(), nullable=False),
        sa.Column(
            "series",
            sa.Enum(
                "daily",
                "weekly",
                "monthly",
                name="series",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("since", base.Instant(), nullable=False),
        sa.Column("next_at", base.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("desk_key", "series", name=op.f("pk_report_series")),
    )
    with op.batch_alter_table("report_series", schema=None) as batch_op:
        batch_op.create_index("ix_report_series_next_at", ["next_at"], unique=False)

    op.create_table(
        "service_policy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("desk_key", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("incident", "request", name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", base.Json(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("effective_from", base.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_policy")),
    )
    with op.batch_alter_table("service_policy", schema=None) as batch_op:
        batch_op.create_index("ix_service_policy_desk", ["desk_key", "kind", "id"], unique=False)

    op.create_table(
        "service_clock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("desk_key", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("incident", "request", name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "clock",
            sa.Enum(
                "respond",
                "resolve",
                "update",
                name="clock",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "running",
                "paused",
                "met",
                "missed",
                "cancelled",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("target", sa.Integer(), nullable=False),
        sa.Column("started_at", base.Instant(), nullable=False),
        sa.Column("stopped_at", base.Instant(), nullable=True),
        sa.Column("due_at", base.Instant(), nullable=True),
        sa.Column("breached_at", base.Instant(), nullable=True),
        sa.Column("determined_at", base.Instant(), nullable=True),
        sa.Column("elapsed", sa.Integer(), nullable=True),
        sa.Column("history", base.Json(), nullable=False),
        sa.Column("next_fire_at", base.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["service_policy.id"], name=op.f("fk_service_clock_policy_id_service_policy")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_service_clock_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_clock")),
        sa.UniqueConstraint(
            "ticket_id", "clock", "cycle", name=op.f("uq_service_clock_ticket_id_clock_cycle")
        ),
    )
    with op.batch_alter_table("service_clock", schema=None) as batch_op:
        batch_op.create_index("ix_service_clock_determined", ["desk_key", "determined_at"], unique=False)
        batch_op.create_index(
            "ix_service_clock_usual",
            ["desk_key", "kind", "priority", "clock", "determined_at"],
            unique=False,
        )
        batch_op.create_index(
            "ix_service_clock_due",
            ["next_fire_at"],
            unique=False,
            sqlite_where=sa.text("next_fire_at IS NOT NULL"),
            postgresql_where=sa.text("next_fire_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_service_clock_open",
            ["desk_key", "clock"],
            unique=False,
            sqlite_where=sa.text("stopped_at IS NULL"),
            postgresql_where=sa.text("stopped_at IS NULL"),
        )

    op.create_table(
        "milestone",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("clock_id", sa.Integer(), nullable=False),
        sa.Column("point", sa.Text(), nullable=False),
        sa.Column("due_at", base.Instant(), nullable=False),
        sa.Column("decided_at", base.Instant(), nullable=False),
        sa.Column(
            "disposition",
            sa.Enum(
                "told",
                "superseded",
                "silent",
                name="disposition",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("told_key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clock_id"], ["service_clock.id"], name=op.f("fk_milestone_clock_id_service_clock")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestone")),
        sa.UniqueConstraint("clock_id", "point", name=op.f("uq_milestone_clock_id_point")),
    )
    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "speaker",
                sa.Enum(
                    "requester",
                    "desk",
                    "other",
                    name="speaker",
                    native_enum=False,
                    create_constraint=True,
                    length=32,
                ),
                nullable=False,
                server_default="other",
            )
        )
        batch_op.create_index(
            "ix_comment_reply",
            ["written_at"],
            unique=False,
            sqlite_where=sa.text("speaker = 'desk' AND visibility = 'public'"),
            postgresql_where=sa.text("speaker = 'desk' AND visibility = 'public'"),
        )

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("status_emoji", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("status_text", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("status_until", base.Instant(), nullable=True))

    with op.batch_alter_table("state_interval", schema=None) as batch_op:
        batch_op.add_column(sa.Column("desk_key", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(
            sa.Column(
                "kind",
                sa.Enum(
                    "incident", "request", name="kind", native_enum=False, create_constraint=True, length=32
                ),
                nullable=False,
                server_default="incident",
            )
        )
        batch_op.add_column(sa.Column("priority", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("cause", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("ended_by", sa.Text(), nullable=True))
        batch_op.create_index("ix_state_interval_began", ["desk_key", "cause", "started_at"], unique=False)
        batch_op.create_index("ix_state_interval_ended", ["desk_key", "ended_at"], unique=False)
        batch_op.create_index(
            "ix_state_interval_open",
            ["desk_key", "started_at"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL AND category IN ('new', 'in_progress', 'waiting')"),
            postgresql_where=sa.text("ended_at IS NULL AND category IN ('new', 'in_progress', 'waiting')"),
        )

    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.create_index("ix_ticket_raised", ["desk_key", "raised_at"], unique=False)

    _change_kinds(KINDS, (*KINDS, *MEASURED))
    for statement in (CAUSES, ENDS, SPEAKERS):
        op.execute(statement)
    with op.batch_alter_table("state_interval", schema=None) as batch_op:
        for column in ("desk_key", "kind", "priority", "cause"):
            batch_op.alter_column(column, server_default=None)
    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.alter_column("speaker", server_default=None)


def downgrade() -> None:
    known = sa.text("SELECT count(*) FROM timeline_event WHERE kind IN :measured")
    rows = op.get_bind().execute(known.bindparams(sa.bindparam("measured", MEASURED, expanding=True)))
    if rows.scalar_one():
        # Their hashes carry the timeline: taking them out would forge it.
        raise RuntimeError(
            "Timelines hold what clocks said, which the older schema cannot: restore a backup."
        )
    _change_kinds((*KINDS, *MEASURED), KINDS)
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.drop_index("ix_ticket_raised")

    with op.batch_alter_table("state_interval", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_state_interval_open",
            sqlite_where=sa.text("ended_at IS NULL AND category IN ('new', 'in_progress', 'waiting')"),
            postgresql_where=sa.text("ended_at IS NULL AND category IN ('new', 'in_progress', 'waiting')"),
        )
        batch_op.drop_index("ix_state_interval_ended")
        batch_op.drop_index("ix_state_interval_began")
        batch_op.drop_column("ended_by")
        batch_op.drop_column("cause")
        batch_op.drop_constraint(op.f("ck_state_interval_kind"), type_="check")
        batch_op.drop_column("kind")
        batch_op.drop_column("priority")
        batch_op.drop_column("desk_key")

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_column("status_until")
        batch_op.drop_column("status_text")
        batch_op.drop_column("status_emoji")

    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_comment_reply",
            sqlite_where=sa.text("speaker = 'desk' AND visibility = 'public'"),
            postgresql_where=sa.text("speaker = 'desk' AND visibility = 'public'"),
        )
        batch_op.drop_constraint(op.f("ck_comment_speaker"), type_="check")
        batch_op.drop_column("speaker")

    op.drop_table("milestone")
    with op.batch_alter_table("service_clock", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_service_clock_open",
            sqlite_where=sa.text("stopped_at IS NULL"),
            postgresql_where=sa.text("stopped_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_service_clock_due",
            sqlite_where=sa.text("next_fire_at IS NOT NULL"),
            postgresql_where=sa.text("next_fire_at IS NOT NULL"),
        )
        batch_op.drop_index("ix_service_clock_usual")
        batch_op.drop_index("ix_service_clock_determined")

    op.drop_table("service_clock")
    with op.batch_alter_table("service_policy", schema=None) as batch_op:
        batch_op.drop_index("ix_service_policy_desk")

    op.drop_table("service_policy")
    with op.batch_alter_table("report_series", schema=None) as batch_op:
        batch_op.drop_index("ix_report_series_next_at")

    op.drop_table("report_series")
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_report_pictures",
            sqlite_where=sa.text("picture_state = 'wanted'"),
            postgresql_where=sa.text("picture_state = 'wanted'"),
        )

    op.drop_table("report")
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.drop_index("ix_absence_person")

    op.drop_table("absence")
