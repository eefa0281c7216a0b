"""Targets of seconds and no skipped time: what is due is said soon after, and once."""

from __future__ import annotations

from statistics import median

import pytest
from sqlalchemy import select

from bot.models import Milestone, Outbox
from tests.conversations.desk import Desk
from tests.conversations.sla import (
    DESK as THE_DESK,
)
from tests.conversations.sla import (
    MINUTES,
    alerts,
    called,
    claim,
    in_managers_channel,
    milestones,
    only,
    raised,
)

SECONDS = MINUTES.replace("P3: {respond: 1h, resolve: 10h}", "P3: {respond: 2s, resolve: 6s}").replace(
    "resolve breach + 1h", "resolve breach + 1s"
)
DESK = SECONDS + THE_DESK + "    slas: {incident: minutes, request: minutes}\n"
COMBINATIONS = ("socket-sqlite", "socket-postgresql")
SOON = 2.0
"""Seconds from the instant at which something is due to its post, when nothing is queued before it."""
pytestmark = pytest.mark.usefixtures("calm")


def test_a_ticket_that_nobody_takes_goes_all_the_way(desk: Desk) -> None:
    ticket = raised(desk)
    desk.card_thread_says(ticket, "Half of the time to respond is used".lower())
    desk.card_says(ticket, "🟡 Respond by", "at risk")
    desk.card_thread_says(ticket, "the time to respond has been over since")
    desk.card_says(ticket, "🔴 Response overdue since")
    claim(desk, ticket)
    desk.card_thread_says(ticket, "ran out", "Claimed by Ben", "late")
    desk.until(lambda: in_managers_channel(desk, ticket), "the managers to be told")
    desk.settle()
    assert "1 s past the resolve target" in only(in_managers_channel(desk, ticket)).text
    assert called(desk, alerts(desk, ticket)[-1]) == {"ben", "lea"}
    assert set(milestones(desk, ticket)) == {
        *(f"respond {point}" for point in ("50%", "80%", "breach")),
        *(f"resolve {point}" for point in ("50%", "80%", "breach", "breach>0", "breach+1>1")),
    }


def test_what_is_due_is_said_soon(desk: Desk) -> None:
    ticket = raised(desk)
    desk.card_thread_says(ticket, "the time to respond has been over since")
    desk.settle()
    with desk.bot.store.read() as session:
        rows = select(Milestone.due_at, Outbox.ts).join(Outbox, Outbox.key == Milestone.told_key)
        told = session.execute(rows.where(Outbox.ts.is_not(None))).all()
    waited = [float(ts or 0) - due_at.timestamp() for due_at, ts in told]
    assert min(waited) >= 0
    assert median(waited) < SOON
