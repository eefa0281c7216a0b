"""One replica's clock is wrong by an hour or a day: what is due is told once and in time.

A replica that is ahead does tell early what it believes to be due; `deskbell doctor` warns of such clocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.store import Store
from bot.workflows import due, reports
from tests.records.workflows.world import ANA, World, desk_text, empty

HOUR = timedelta(hours=1)
DIGEST = '{at: "09:00", days: daily}'
TOMORROWS = "digest:it:2026-03-04"
"""What a clock that is a day ahead has told already when the story ends."""
LASTS = 30
"""Hours: until everything is breached and told also by the right clock alone."""

Told = tuple[dict[str, str], set[str]]
"""What became of each threshold, and the keys of all that was posted."""


@pytest.fixture
def other(store: Store) -> Iterator[Store]:
    """The other replica's, on PostgreSQL; SQLite has one process."""
    if store.is_sqlite:
        yield store
        return
    own = Store(store.engine.url.render_as_string(hide_password=False))
    yield own
    own.close()


def play(store: Store, wrong: Store, wrong_by: timedelta | None) -> Told:
    """The life of a ticket that nobody touches, looked at by both replicas every hour."""
    empty(store)
    world = World(store)
    world.configure(desk_text(digest=DIGEST))
    ticket = world.raised(author=ANA)
    reports.reports_due(store, world.clock.at)  # the digests begin
    for _ in range(LASTS):
        world.forward(HOUR)
        clocks = [(store, world.clock.at)]
        if wrong_by is not None:
            clocks.insert(0, (wrong, world.clock.at + wrong_by))
        for each, now in clocks:
            due.tick(each, now)
            reports.reports_due(each, now)
    own_id = re.compile(rf"^([a-z]+):{ticket.id}(?=:|$)")  # PostgreSQL gives none twice
    return world.dispositions(ticket), {own_id.sub(r"\1:ticket", key) for key in world.outbox()}


@pytest.mark.parametrize("wrong_by", [-HOUR, -24 * HOUR], ids=["an hour", "a day"])
def test_a_replica_that_is_behind_changes_nothing(store: Store, other: Store, wrong_by: timedelta) -> None:
    assert play(store, other, wrong_by) == play(store, other, None)


@pytest.mark.parametrize("wrong_by", [HOUR, 24 * HOUR], ids=["an hour", "a day"])
def test_what_a_replica_that_is_ahead_has_told_is_not_told_again(
    store: Store, other: Store, wrong_by: timedelta
) -> None:
    points, keys = play(store, other, wrong_by)
    expected_points, expected_keys = play(store, other, None)
    assert points.keys() == expected_points.keys()
    assert keys - expected_keys <= {TOMORROWS}
    assert digests(keys) - {TOMORROWS} == digests(expected_keys)
    told = [point for point, what in points.items() if "breach" in point and what == "told"]
    assert told == [point for point in expected_points if "breach" in point]


def digests(keys: set[str]) -> set[str]:
    return {key for key in keys if key.startswith("digest:")}
