"""The outbox: who may send what next, and what becomes of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.clock import real_now
from bot.models import Outbox, OutboxState
from bot.store import Store, outbox
from bot.store.outbox import LEASE, Claim
from bot.workflows import telling
from bot.workflows.telling import Telling

KINDS = frozenset(kind.value for kind in Telling)
SECOND = timedelta(seconds=1)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url)
    yield store
    store.close()


def tell(store: Store, key: str, kind: Telling = Telling.RELAY, **values: Any) -> None:
    values.setdefault("channel", "C1")
    with store.write() as session:
        assert telling.tell(session, key, kind, **values)


def claim(store: Store, *, at: datetime | None = None, shut: tuple[str, ...] = ()) -> Claim | None:
    def work(session: Session) -> Claim | None:
        now = at or store.now(session) + SECOND
        due = outbox.next_due(session, now, kinds=KINDS, shut=shut)
        return None if due is None else outbox.take(session, due, owner=store.owner, now=now)

    return store.run(work)


def claimed(store: Store, *, at: datetime | None = None) -> Claim:
    found = claim(store, at=at)
    assert found is not None
    return found


def post(store: Store, claim: Claim, ts: str = "1.0", *, version: int = 1, channel: str = "C1") -> bool:
    with store.write() as session:
        return outbox.sent(
            session, claim, channel=channel, ts=ts, shown_version=version, now=store.now(session)
        )


def row(store: Store, key: str) -> Outbox:
    with store.read() as session:
        found = session.execute(select(Outbox).where(Outbox.key == key)).scalar_one()
        session.expunge(found)
        return found


# --- claiming ---


def test_a_claimed_delivery_is_nobody_elses(store: Store) -> None:
    tell(store, "a")
    assert claimed(store).key == "a"
    assert claim(store) is None


def test_a_first_claim_was_never_tried_and_notes_that_it_now_is(store: Store) -> None:
    tell(store, "a")
    assert not claimed(store).may_be_posted
    assert row(store, "a").first_try_at is not None


def test_a_delivery_is_not_due_before_its_time(store: Store) -> None:
    tell(store, "a")
    assert claim(store, at=real_now() - timedelta(minutes=1)) is None


def test_a_kind_of_a_newer_version_is_left_alone(store: Store) -> None:
    tell(store, "a")
    with store.write() as session:
        now = store.now(session) + SECOND
        assert outbox.next_due(session, now, kinds=KINDS - {Telling.RELAY.value}) is None


def test_what_a_dead_sender_held_may_be_in_slack(store: Store) -> None:
    tell(store, "a")
    first = claimed(store)
    assert claim(store, at=first.lease_until - SECOND) is None
    second = claimed(store, at=first.lease_until + SECOND)
    assert second.may_be_posted
    assert second.last_try_at == first.lease_until


def test_a_shut_lane_is_passed_over(store: Store) -> None:
    tell(store, "a", channel="C1")
    tell(store, "b", channel="C2")
    found = claim(store, shut=("chat.postMessage:C1",))
    assert found is not None
    assert found.key == "b"


def test_all_new_messages_can_be_shut_at_once_without_the_updates(store: Store) -> None:
    tell(store, "card", Telling.CARD)
    assert post(store, claimed(store))
    tell(store, "other", channel="C2")
    assert claim(store, shut=("chat.postMessage:",)) is None
    with store.write() as session:
        behind = {"wanted_version": 2, "state": OutboxState.PENDING}
        session.execute(update(Outbox).where(Outbox.key == "card").values(behind))
    found = claim(store, shut=("chat.postMessage:",))
    assert found is not None
    assert found.lane == "chat.update"


@pytest.mark.parametrize(("present", "lane"), [(True, "reactions.add"), (False, "reactions.remove")])
def test_an_emoji_goes_the_way_of_its_method(store: Store, present: bool, lane: str) -> None:
    data = {"name": "eyes", "present": present}
    tell(store, "e", Telling.EMOJI, thread_ts="1.0", data=data)
    assert claimed(store).lane == lane


def test_many_threads_share_the_work_without_a_double_claim(store: Store) -> None:
    for number in range(40):
        tell(store, f"k{number}")
    keys: list[str] = []

    def work() -> None:
        while (found := claim(store)) is not None:
            keys.append(found.key)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(keys) == sorted(f"k{number}" for number in range(40))


# --- order ---


@pytest.fixture
def ticket_id() -> int:
    return 7  # the outbox asks for no ticket to be there


def test_messages_of_a_ticket_appear_in_one_channel_in_the_order_they_were_decided(
    store: Store, ticket_id: int
) -> None:
    tell(store, "first", ticket_id=ticket_id)
    tell(store, "second", ticket_id=ticket_id)
    first = claimed(store)
    assert first.key == "first"
    assert claim(store) is None
    assert post(store, first)
    assert claimed(store).key == "second"


def test_an_uncertain_message_holds_back_the_next_one(store: Store, ticket_id: int) -> None:
    tell(store, "first", ticket_id=ticket_id)
    tell(store, "second", ticket_id=ticket_id)
    first = claimed(store)
    with store.write() as session:
        now = store.now(session)
        later = now + timedelta(minutes=1)
        assert outbox.unknown(session, first, not_before=later, error="reset", last_try_at=now, misses=0)
    assert claim(store) is None


@pytest.mark.parametrize("end", ["parked", "superseded"])
def test_a_message_that_ended_unposted_holds_nobody_back(store: Store, ticket_id: int, end: str) -> None:
    tell(store, "first", ticket_id=ticket_id)
    tell(store, "second", ticket_id=ticket_id)
    first = claimed(store)
    with store.write() as session:
        now = store.now(session)
        if end == "parked":
            assert outbox.parked(session, first, error="is_archived", now=now)
        else:
            assert outbox.superseded(session, first, reason="too late", now=now)
    assert claimed(store).key == "second"


@pytest.mark.parametrize("error", ["is_archived", "is_inactive"])  # a post's word for it, and an edit's
def test_what_an_archived_channel_refused_is_due_once_that_is_open_again(store: Store, error: str) -> None:
    tell(store, "first")
    held = claimed(store)
    with store.write() as session:
        now = store.now(session)
        assert outbox.parked(session, held, error=f"Slack refused the call ({error}).", now=now)
        assert outbox.parked_channels(session) == {"C1"}
        assert outbox.unpark(session, channel="C1", now=now) == 1
    assert claimed(store).key == "first"


def test_other_channels_and_tickets_do_not_wait(store: Store, ticket_id: int) -> None:
    tell(store, "first", ticket_id=ticket_id)
    tell(store, "elsewhere", ticket_id=ticket_id, channel="C2")
    tell(store, "other ticket", ticket_id=ticket_id + 1)
    assert {claimed(store).key for _ in range(3)} == {"first", "elsewhere", "other ticket"}


def test_an_update_of_a_posted_message_does_not_wait_for_new_ones(store: Store, ticket_id: int) -> None:
    tell(store, "first", ticket_id=ticket_id)
    tell(store, "card", Telling.CARD, ticket_id=ticket_id, channel="C2")
    card = next(c for c in (claimed(store), claimed(store)) if c.key == "card")
    assert post(store, card, channel="C1")
    with store.write() as session:
        telling.refresh(session, ticket_id=ticket_id, version=2)
    assert claimed(store).key == "card"


def test_a_root_does_not_wait_for_what_was_moved_under_it(store: Store, ticket_id: int) -> None:
    tell(store, "reply", ticket_id=ticket_id, thread_key="root")
    tell(store, "root", ticket_id=ticket_id)
    root = claimed(store)
    assert root.key == "root"
    assert post(store, root)
    assert claimed(store).key == "reply"


def test_a_reply_waits_for_the_root_of_its_thread(store: Store) -> None:
    tell(store, "root")
    tell(store, "reply", thread_key="root")
    root = claimed(store)
    assert root.key == "root"
    assert claim(store) is None
    assert post(store, root)
    assert claimed(store).key == "reply"


def test_an_emoji_waits_for_its_own_message_only(store: Store, ticket_id: int) -> None:
    tell(store, "root", ticket_id=ticket_id)
    tell(store, "blocked", ticket_id=ticket_id)
    data = {"name": "eyes", "present": True}
    tell(store, "emoji", Telling.EMOJI, ticket_id=ticket_id, thread_key="root", data=data)
    root = claimed(store)
    assert claim(store) is None
    assert post(store, root)
    assert {claimed(store).key, claimed(store).key} == {"blocked", "emoji"}


# --- settling ---


def test_a_late_settling_changes_nothing_once_somebody_else_holds_the_row(store: Store) -> None:
    tell(store, "a")
    late = claimed(store)
    current = claimed(store, at=late.lease_until + SECOND)
    assert not post(store, late, "1.0")
    assert row(store, "a").ts is None
    assert post(store, current, "2.0")
    assert row(store, "a").ts == "2.0"


def test_a_fact_that_was_sent_ends(store: Store) -> None:
    tell(store, "a")
    assert post(store, claimed(store), "1.0")
    sent = row(store, "a")
    assert (sent.state, sent.ts, sent.shown_version, sent.token) == (OutboxState.SENT, "1.0", 1, None)
    assert claim(store) is None


def test_a_mirror_that_fell_behind_while_it_was_sent_is_due_again(store: Store, ticket_id: int) -> None:
    tell(store, "card", Telling.CARD, ticket_id=ticket_id)
    card = claimed(store)
    with store.write() as session:
        telling.refresh(session, ticket_id=ticket_id, version=5)
    assert post(store, card, version=1)
    again = claimed(store)
    assert (again.key, again.ts, again.is_posting) == ("card", "1.0", False)


def test_a_card_whose_surroundings_changed_while_it_was_sent_is_due_again(
    store: Store, ticket_id: int
) -> None:
    tell(store, f"card:{ticket_id}", Telling.CARD, ticket_id=ticket_id)
    card = claimed(store)
    with store.write() as session:
        telling.redraw_card(session, ticket_id=ticket_id)
    assert post(store, card, version=1)
    again = claimed(store)
    assert (again.key, again.is_posting) == (card.key, False)
    assert post(store, again, version=1)
    assert claim(store) is None
    with store.write() as session:
        telling.refresh(session, ticket_id=ticket_id, version=2)
    assert claimed(store).key == card.key


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_change_decided_while_a_replica_takes_the_message_is_shown(store: Store) -> None:
    tell(store, "a")
    with store.write() as session:
        row_ = session.scalars(select(Outbox).where(Outbox.key == "a")).one()
        taken = claimed(store)  # rendered from what was committed before
        telling.redraw(session, row_)
    assert post(store, taken, version=1)
    assert claimed(store).ts == "1.0"


def test_what_was_dropped_by_hand_is_not_said_when_it_changes(store: Store) -> None:
    tell(store, "a")
    taken = claimed(store)
    with store.write() as session:
        assert outbox.superseded(session, taken, reason="Dropped by ops: is_archived", now=real_now())
    with store.write() as session:
        telling.redraw(session, session.scalars(select(Outbox).where(Outbox.key == "a")).one())
    assert claim(store) is None


def test_an_attempt_that_did_not_reach_slack_leaves_nothing_to_look_for(store: Store) -> None:
    tell(store, "a")
    first = claimed(store)
    with store.write() as session:
        now = store.now(session)
        assert outbox.not_sent(session, first, not_before=now, error="connection refused", misses=0)
    assert row(store, "a").state is OutboxState.PENDING
    assert not claimed(store).may_be_posted


def test_an_attempt_that_did_not_reach_slack_does_not_forget_an_earlier_uncertain_one(store: Store) -> None:
    tell(store, "a")
    first = claimed(store)
    with store.write() as session:
        now = store.now(session)
        assert outbox.unknown(session, first, not_before=now, error="reset", last_try_at=now, misses=0)
    second = claimed(store)
    with store.write() as session:
        assert outbox.begin_again(session, second, now=now)
        assert outbox.not_sent(session, second, not_before=now, error="ratelimited", misses=2)
    third = claimed(store)
    assert third.may_be_posted
    assert (third.misses, third.last_try_at) == (2, now)


def test_a_delivery_given_back_is_as_it_was(store: Store) -> None:
    tell(store, "a")
    with store.write() as session:
        before = {name: value for name, value in vars(_row(session)).items() if not name.startswith("_")}
    first = claimed(store)
    with store.write() as session:
        assert outbox.release(session, first)
    with store.write() as session:
        after = {name: value for name, value in vars(_row(session)).items() if not name.startswith("_")}
    assert after == before


def _row(session: Session) -> Outbox:
    return session.execute(select(Outbox)).scalar_one()


def test_a_deleted_card_is_posted_anew_without_a_look_back(store: Store, ticket_id: int) -> None:
    tell(store, "card", Telling.CARD, ticket_id=ticket_id)
    assert post(store, claimed(store))
    with store.write() as session:
        telling.refresh(session, ticket_id=ticket_id, version=2)
    update = claimed(store)
    with store.write() as session:
        assert outbox.post_anew(session, update, now=store.now(session))
    again = claimed(store)
    assert again.is_posting
    assert not again.may_be_posted


# --- housekeeping ---


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_what_an_earlier_process_was_sending_is_uncertain_at_once(store: Store) -> None:
    tell(store, "a")
    claimed(store)
    with store.write() as session:
        assert outbox.recover(session, owner="the next process", now=store.now(session)) == 1
    left = row(store, "a")
    assert (left.state, left.token) == (OutboxState.UNKNOWN, None)
    assert claimed(store).may_be_posted


def test_what_this_process_is_sending_is_not_recovered(store: Store) -> None:
    tell(store, "a")
    claimed(store)
    with store.write() as session:
        assert outbox.recover(session, owner=store.owner, now=store.now(session)) == 0


def test_what_hangs_from_a_message_that_was_never_posted_is_parked_with_it(store: Store) -> None:
    tell(store, "root")
    tell(store, "reply", thread_key="root")
    root = claimed(store)
    with store.write() as session:
        assert outbox.parked(session, root, error="not_in_channel", now=store.now(session))
    with store.write() as session:
        assert outbox.park_orphans(session, store.now(session)) == 1
    assert row(store, "reply").state is OutboxState.PARKED


def test_what_was_parked_goes_out_once_the_channel_can_be_written_to(store: Store) -> None:
    tell(store, "root")
    tell(store, "reply", thread_key="root", channel=None)
    root = claimed(store)
    with store.write() as session:
        outbox.parked(session, root, error="not_in_channel", now=store.now(session))
        outbox.park_orphans(session, store.now(session))
    with store.write() as session:
        assert outbox.unpark(session, channel="C1", now=store.now(session)) == 2
    again = claimed(store)
    assert again.key == "root"
    assert not again.may_be_posted


def test_the_backlog_knows_since_when_the_oldest_delivery_has_been_missing(store: Store) -> None:
    tell(store, "a")
    first = claimed(store)
    with store.write() as session:
        now = store.now(session)
        retry_at = now + timedelta(minutes=10)
        assert outbox.not_sent(session, first, not_before=retry_at, error="down", misses=0)
    with store.read() as session:
        backlog = outbox.backlog(session, now)
    assert backlog.counts == {"pending": 1}
    assert backlog.oldest_due == row(store, "a").created_at


def test_an_empty_outbox_has_nothing_overdue(store: Store) -> None:
    with store.read() as session:
        backlog = outbox.backlog(session, real_now())
    assert (backlog.counts, backlog.oldest_due) == ({}, None)


def test_the_lease_is_longer_than_any_call(store: Store) -> None:
    tell(store, "a")
    found = claimed(store)
    assert found.lease_until - real_now() > LEASE / 2
