"""The parts of the posting protocol that need no Slack: marks, verdicts, the pace, the rest in an outage."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery import marker
from bot.delivery.outage import Outage
from bot.delivery.pacing import ALL_POSTS, Busy, Pacer, rate_of
from bot.delivery.reconcile import Identity, judge
from bot.store import Store
from bot.store.outbox import POSTS

NOW = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SETTLE = timedelta(seconds=60)


# --- marks ---


@given(st.text(), st.text(), st.text())
def test_a_mark_is_good_for_its_own_delivery_and_place_only(key: str, channel: str, other: str) -> None:
    message = {"metadata": marker.metadata("secret", key=key, channel=channel, thread_ts=None)}
    assert marker.is_marked(message, "secret", key=key, channel=channel, thread_ts=None)
    assert not marker.is_marked(message, "secret", key=key, channel=channel, thread_ts="1.0")
    if other != channel:
        assert not marker.is_marked(message, "secret", key=key, channel=other, thread_ts=None)


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        "text",
        {},
        {"event_type": "deskbell_outbox"},
        {"event_type": "deskbell_outbox", "event_payload": []},
        {"event_type": "deskbell_outbox", "event_payload": {"k": "a"}},
        {"event_type": "deskbell_outbox", "event_payload": {"k": "a", "m": 1}},
        {"event_type": "deskbell_outbox", "event_payload": {"k": "a", "m": "é"}},
        {"event_type": "another_outbox", "event_payload": {"k": "a", "m": "x"}},
    ],
)
def test_what_is_not_a_mark_of_ours_is_none(metadata: object) -> None:
    assert not marker.is_marked({"metadata": metadata}, "secret", key="a", channel="C1", thread_ts=None)


@pytest.mark.parametrize(
    ("message", "ours"),
    [
        ({"bot_id": "B1"}, True),
        ({"user": "U1"}, True),
        ({"app_id": "A1"}, True),
        ({"bot_id": "B2", "user": "U2", "app_id": "A2"}, False),
        ({}, False),
    ],
)
def test_our_messages_are_known_by_any_of_our_names(message: dict[str, object], ours: bool) -> None:
    assert Identity(user_id="U1", bot_id="B1", app_id="A1", secret="s").wrote(message) is ours


def test_a_name_that_is_not_known_matches_nobody() -> None:
    assert not Identity(user_id="U1", bot_id="B1", app_id="", secret="s").wrote({"app_id": ""})


# --- when to post again ---


@pytest.mark.parametrize(
    ("misses", "seconds_since_the_attempt", "may_post", "look_in"),
    [
        (1, 1, False, 30),  # half a settling time later
        (1, 200, False, 30),  # one look is never enough, however late
        (2, 31, False, 29),  # the rest of the settling time
        (2, 60, True, 0),
        (3, 59, False, 1),
    ],
)
def test_a_post_is_repeated_after_two_looks_and_the_settling_time(
    misses: int, seconds_since_the_attempt: int, may_post: bool, look_in: int
) -> None:
    last_try_at = NOW - seconds_since_the_attempt * SECOND
    verdict = judge(misses=misses, last_try_at=last_try_at, now=NOW, settle=SETTLE)
    assert (verdict.may_post, verdict.look_at - NOW) == (may_post, look_in * SECOND)


# --- pace ---


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url)
    yield store
    store.close()


def _taken(pacer: Pacer, store: Store, key: str, at: datetime) -> bool:
    with store.write() as session:
        return pacer.take(session, key, at)


def test_one_channel_gets_one_message_a_second(store: Store) -> None:
    pacer = Pacer(store)
    key = f"{POSTS}C1"
    assert _taken(pacer, store, key, NOW)
    assert not _taken(pacer, store, key, NOW + 0.9 * SECOND)
    assert _taken(pacer, store, key, NOW + SECOND)


def test_one_channel_does_not_slow_another(store: Store) -> None:
    pacer = Pacer(store)
    assert _taken(pacer, store, f"{POSTS}C1", NOW)
    assert _taken(pacer, store, f"{POSTS}C2", NOW)


@pytest.mark.parametrize(
    ("method", "per_minute"),
    [("chat.update", 50), ("reactions.add", 50), ("reactions.remove", 20), ("users.info", 100)],
)
def test_no_minute_holds_more_calls_than_slack_allows(store: Store, method: str, per_minute: int) -> None:
    pacer = Pacer(store)
    made = sum(_taken(pacer, store, method, NOW + second * SECOND) for second in range(60) for _ in range(12))
    assert per_minute * 0.8 <= made <= per_minute


def test_replicas_share_one_pace(store: Store) -> None:
    one, other = Pacer(store), Pacer(store)
    assert _taken(one, store, f"{POSTS}C1", NOW)
    assert not _taken(other, store, f"{POSTS}C1", NOW)


def test_what_slack_asks_to_wait_is_waited(store: Store) -> None:
    pacer = Pacer(store)
    pacer.push("chat.update", 30)
    with store.write() as session:
        now = store.now(session)
        opens = pacer.shut(session, now)["chat.update"]
        assert 29 * SECOND < opens - now <= 30 * SECOND
        assert not pacer.take(session, "chat.update", now)
        assert pacer.take(session, "chat.update", opens)


def test_a_local_workspace_may_be_paced_faster(store: Store) -> None:
    pacer = Pacer(store, factor=10)
    assert _taken(pacer, store, f"{POSTS}C1", NOW)
    assert _taken(pacer, store, f"{POSTS}C1", NOW + 0.1 * SECOND)


def test_who_cannot_wait_for_a_turn_is_told_when_it_comes(store: Store) -> None:
    pacer = Pacer(store)
    pacer.push("chat.delete", 30)
    with pytest.raises(Busy) as caught:
        pacer.wait("chat.delete", at_most=1, stop=threading.Event())
    with store.read() as session:
        assert caught.value.until - store.now(session) > 20 * SECOND


def test_keys_that_say_nothing_any_more_are_forgotten(store: Store) -> None:
    pacer = Pacer(store)
    assert _taken(pacer, store, f"{POSTS}C1", NOW)
    with store.write() as session:
        assert pacer.forget(session, NOW + timedelta(minutes=30)) == 0
        assert pacer.forget(session, NOW + timedelta(hours=2)) == 1


def test_a_method_that_is_not_known_goes_slowly() -> None:
    assert rate_of("some.method").per_minute <= 1
    assert rate_of(ALL_POSTS).per_minute > rate_of(f"{POSTS}C1").per_minute


# --- outages ---


def test_one_failure_is_no_outage_but_three_in_a_row_are() -> None:
    outage = Outage()
    assert [outage.failed("reset") > 0 for _ in range(3)] == [False, False, True]
    assert outage.is_open
    assert outage.reason == "reset"


def test_an_answer_ends_an_outage() -> None:
    outage = Outage()
    outage.failed("refused", is_certain=True)
    outage.succeeded()
    assert not outage.is_open
    assert outage.reason is None


def test_the_rest_between_attempts_grows_to_a_limit() -> None:
    outage = Outage()
    rests = [outage.failed("refused", is_certain=True) for _ in range(12)]
    assert rests[0] < 1
    assert 10 < rests[-1] <= 15
