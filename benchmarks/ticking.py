"""What a look at the clocks costs: 100 are due, among a thousand open tickets and among a million."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.raising import fill
from bot.models.base import EPOCH, MICROSECOND
from bot.store import Store
from bot.store.migrate import upgrade
from bot.workflows import due

FEW, MANY = 1_000, 1_000_000
DUE, WARM_UP, ROUNDS = 100, 2, 7
MOST = 1.5
BASE = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)
TARGET = timedelta(hours=24)
HALF = timedelta(days=3, hours=3)
"""In opening hours half of the target is reached so long after BASE; all but those due now begin then."""

# Times are microseconds since 1970. Of each round's tickets a clock began three days before it.
BEGINNING = "CASE WHEN i <= :groups THEN :before + ((i - 1) / :due) * 60000000 ELSE :base + i END"
NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :tickets)"
ROWS = (
    f"""INSERT INTO ticket (id, number, kind, desk_key, title, description, impact, urgency, priority, state,
       state_since, requester_id, raiser_id, assignee_id, source, raised_at, version, head_hash)
       {NUMBERS} SELECT i, 'INC-' || i, 'incident', 'it', 'Title', 'Text', 'medium', 'medium', 'P3',
       'assigned', {BEGINNING}, 'U1', 'U1', 'U2', 'form', {BEGINNING}, 1, '' FROM n""",
    f"""INSERT INTO service_clock (ticket_id, desk_key, kind, clock, cycle, priority, policy_id, state, target,
       started_at, due_at, history, next_fire_at)
       {NUMBERS} SELECT i, 'it', 'incident', 'resolve', 1, 'P3', :policy, 'running', 86400, {BEGINNING},
       {BEGINNING} + 2 * :half, replace(:history, '"began"', {BEGINNING}), {BEGINNING} + :half FROM n""",
    f"""INSERT INTO timeline_event (ticket_id, seq, kind, at, recorded_at, actor_id, gesture, data, prev_hash,
       hash)
       {NUMBERS} SELECT i, 1, 'raised', {BEGINNING}, {BEGINNING}, 'U1', 'form:' || i, '{{}}', '', '' FROM n""",
    f"""INSERT INTO outbox ("key", kind, ticket_id, channel, ts, data, wanted_version, shown_version, state,
       attempts, misses, not_before, created_at)
       {NUMBERS} SELECT 'card:' || i, 'card', i, 'C2', '1.' || i, '{{}}', 1, 1, 'sent', 1, 0, :base, :base
       FROM n""",
)
