"""Private tickets"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BEFORE = (
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
    "warned",
    "breached",
    "escalated",
    "acknowledged",
)
PRIVACY = ("made_private", "made_public")

# What was said to the bot alone was never meant for a channel.
DIRECT = "UPDATE ticket SET is_private = true WHERE source = 'direct_message'"
FOLLOWING = """
UPDATE ticket SET is_private = true
WHERE source = 'reply' AND conversation_channel LIKE 'D%'
  AND continues_id IN (SELECT id FROM ticket WHERE is_private)
"""
SAID = """
UPDATE comment SET is_private = true
WHERE ticket_id IN (SELECT id FROM ticket WHERE is_private)
"""
# Their messages in channels are edited until they say no more than a channel may read.
DRAWN_AGAIN = """
UPDATE outbox SET
    shown_version = shown_version - 1,
    state = CASE WHEN state = 'sent' THEN 'pending' ELSE state END,
    attempts = CASE WHEN state = 'sent' THEN 0 ELSE attempts END
WHERE ts IS NOT NULL AND (
    (kind IN ('card', 'relay', 'assigned', 'alert', 'escalation', 'unrouted')
     AND ticket_id IN (SELECT id FROM ticket WHERE is_private))
    OR (kind = 'board' AND key IN (
        SELECT told_key FROM milestone JOIN service_clock ON service_clock.id = milestone.clock_id
        JOIN ticket ON ticket.id = service_clock.ticket_id WHERE ticket.is_private)))
"""


def _enum(kinds: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*kinds, name="kind", native_enum=False, create_constraint=True, length=32)


def _change_kinds(before: tuple[str, ...], after: tuple[str, ...]) -> None:
    with op.batch_alter_table("timeline_event", schema=None) as batch_op:
        batch_op.alter_column(
            "kind", existing_type=_enum(before), type_=_enum(after), existing_nullable=False
        )


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def upgrade() -> None:
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.add_column(_flag("is_private"))
        batch_op.add_column(_flag("has_moved"))
    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.add_column(_flag("is_private"))
    _change_kinds(BEFORE, (*BEFORE, *PRIVACY))
    op.execute(DIRECT)
    known = -1
    private = sa.text("SELECT count(*) FROM ticket WHERE is_private")
    while (now := op.get_bind().execute(private).scalar_one()) != known:
        known = now
        op.execute(FOLLOWING)
    for statement in (SAID, DRAWN_AGAIN):
        op.execute(statement)
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.alter_column("is_private", server_default=None)
        batch_op.alter_column("has_moved", server_default=None)
    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.alter_column("is_private", server_default=None)


def downgrade() -> None:
    known = sa.text("SELECT count(*) FROM timeline_event WHERE kind IN :privacy")
    rows = op.get_bind().execute(known.bindparams(sa.bindparam("privacy", PRIVACY, expanding=True)))
    if rows.scalar_one():
        # Their hashes carry the timeline: taking them out would forge it.
        raise RuntimeError(
            "Timelines hold who made a ticket private, which the older schema cannot: restore a backup."
        )
    _change_kinds((*BEFORE, *PRIVACY), BEFORE)
    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.drop_column("is_private")
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.drop_column("has_moved")
        batch_op.drop_column("is_private")
