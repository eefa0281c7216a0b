"""How fast Slack may be called, in instants that the tests choose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.delivery.pacing import Pacer, rate_of
from bot.store import Store
from bot.store.migrate import upgrade
from bot.store.outbox import POSTS

BEGAN = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
LANE = f"{POSTS}C1"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path_factory.mktemp('pacing') / 'desk.db'}"
    upgrade(url)
    store = Store(url)
    yield store
    store.close()


def turns(store: Store, key: str, asked_at: Iterable[float]) -> list[float]:
    """When there was a turn, of the seconds at which somebody asked for one."""
    pacer = Pacer(store)
    with store.write() as session:
        instants = ((at, BEGAN + timedelta(seconds=at)) for at in asked_at)
        found = [at for at, now in instants if pacer.take(session, key, now)]
        session.rollback()
    return found


def test_a_channel_gets_a_message_a_second(store: Store) -> None:
    asked = [tenth / 10 for tenth in range(50)]
    assert turns(store, LANE, asked) == [0, 1, 2, 3, 4]


def test_a_turn_that_is_taken_a_little_late_does_not_put_the_later_ones_off(store: Store) -> None:
    assert turns(store, LANE, [0, 1.09, 1.95, 2.0, 3.05, 3.9, 4.0]) == [0, 1.09, 2.0, 3.05, 4.0]


def test_a_channel_that_was_quiet_has_nothing_to_catch_up(store: Store) -> None:
    assert turns(store, LANE, [0, 7.5, 8.4, 8.5]) == [0, 7.5, 8.5]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    key=st.sampled_from([LANE, "chat.update", "reactions.remove", "users.info"]),
    gaps=st.lists(st.floats(0.001, 3.0) | st.floats(30, 90), max_size=150),
)
def test_no_minute_has_more_calls_than_its_rate_and_one_burst(
    store: Store, key: str, gaps: list[float]
) -> None:
    asked = [sum(gaps[:place]) for place in range(len(gaps))]
    taken, rate = turns(store, key, asked), rate_of(key)
    for start in taken:
        within = sum(start <= at < start + 60 for at in taken)
        assert within <= rate.per_minute + rate.burst
