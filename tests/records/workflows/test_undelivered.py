"""What was parked is shown, tried again or given up, by administrators alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.clock import real_now
from bot.delivery import failures, rendering
from bot.models import Inbox, InboxState, Outbox, OutboxState
from bot.store import outbox
from bot.store.outbox import Claim
from bot.workflows import undelivered
from bot.workflows.gestures import Unparked
from bot.workflows.outcomes import Deferred, Done, Ignored, Outcome, Refused
from bot.workflows.undelivered import CannotRetry, NoSuchDelivery
from tests.records.workflows.world import ANA, BEN, GUEST, LEA, MARIA, ROOT, TRIAGE, World

REFUSED = "Slack refused the call (is_archived)."


def claim(world: World, key: str) -> Claim:
    """Nobody else sends this delivery."""
    with world.store.write() as session:
        row = session.scalars(select(Outbox).where(Outbox.key == key)).one()
        due = outbox.Due(row, "lane")
        return outbox.take(session, due, owner=world.store.owner, now=world.store.now(session))


def park(world: World, key: str) -> None:
    """Slack refuses a delivery, and the administrators are told."""
    held = claim(world, key)
    with world.store.write() as session:
        now = world.store.now(session)
        assert outbox.parked(session, held, error=REFUSED, now=now)
        failures.tell_parked(session, held, channel=TRIAGE, error="is_archived", now=now)


def notice(world: World) -> Outbox:
    (row,) = world.outbox("notice:").values()
    return row


def show(world: World) -> str:
    """The notice is in Slack; its words."""
    held = claim(world, notice(world).key)
    with world.store.write() as session:
        content = rendering.render(session, held)
        assert isinstance(content, rendering.Content)
        outbox.sent(
            session,
            held,
            channel="DROOT",
            ts="9.0",
            shown_version=content.version,
            now=world.store.now(session),
        )
    return content.text + str(content.blocks)


def press(world: World, person: str, *, drop: bool = False) -> Outcome:
    world.tick()
    key = f"button:{person}:{world.ts()}"
    return world.handle(
        Unparked(key=key, person_id=person, at=world.clock.now(), notice=notice(world).key, drop=drop)
    )


@pytest.fixture
def card(world: World) -> str:
    """A card whose channel was archived."""
    key = f"card:{world.raised().id}"
    park(world, key)
    return key


def test_the_notice_offers_to_retry_and_to_drop(world: World, card: str) -> None:
    said = show(world)
    assert card
    assert "notice.retry" in said
    assert "Give it up?" in said


def test_an_administrators_retry_makes_it_due_and_is_written_into_the_notice(world: World, card: str) -> None:
    show(world)
    assert isinstance(press(world, ROOT), Done)
    assert world.outbox(card)[card].state is OutboxState.PENDING
    assert notice(world).state is OutboxState.PENDING
    said = show(world)
    assert "had it tried again" in said
    assert "notice.retry" not in said


def test_an_administrators_drop_keeps_the_delivery_with_its_reason(world: World, card: str) -> None:
    show(world)
    assert isinstance(press(world, ROOT, drop=True), Done)
    row = world.outbox(card)[card]
    assert row.state is OutboxState.SUPERSEDED
    assert row.error == f"Dropped by {ROOT}: {REFUSED}"
    assert "gave it up" in show(world)


@pytest.mark.parametrize("person", [ANA, BEN, LEA, MARIA, GUEST])
@pytest.mark.parametrize("drop", [False, True])
def test_nobody_else_may(world: World, card: str, person: str, drop: bool) -> None:
    assert isinstance(press(world, person, drop=drop), Refused)
    assert world.outbox(card)[card].state is OutboxState.PARKED


def test_who_is_not_known_freshly_is_looked_up_first(world: World, card: str) -> None:
    world.age_directory(timedelta(minutes=6))
    assert isinstance(press(world, ROOT), Deferred)
    assert world.outbox(card)[card].state is OutboxState.PARKED


def test_what_is_refused_again_is_told_in_the_same_notice(world: World, card: str) -> None:
    show(world)
    press(world, ROOT)
    show(world)
    park(world, card)
    assert "notice.retry" in show(world)


def test_one_notice_stands_for_all_that_was_refused_alike(world: World, card: str) -> None:
    second = f"card:{world.raised('Another one').id}"
    park(world, second)
    outcome = press(world, ROOT)
    assert isinstance(outcome, Done)
    assert outcome.data["count"] == "2"
    assert {world.outbox(key)[key].state for key in (card, second)} == {OutboxState.PENDING}


def test_a_button_pressed_too_late_claims_nothing(world: World, card: str) -> None:
    show(world)
    with world.store.write() as session:
        undelivered.retry(session, card, real_now())
    press(world, ROOT, drop=True)
    said = show(world)
    assert "retried or dropped already" in said
    assert "gave it up" not in said
    assert world.outbox(card)[card].state is OutboxState.PENDING


def test_of_two_administrators_the_first_one_is_named(world: World, card: str) -> None:
    show(world)
    press(world, ROOT)
    before = show(world)
    press(world, ROOT, drop=True)
    assert show(world) == before
    assert world.outbox(card)[card].state is OutboxState.PENDING


def test_a_forged_notice_means_nothing(world: World, card: str) -> None:
    gesture = Unparked(key="button:x", person_id=ROOT, at=world.clock.now(), notice=card, drop=True)
    assert isinstance(world.handle(gesture), Ignored)
    assert world.outbox(card)[card].state is OutboxState.PARKED


def test_the_list_says_what_where_why_and_leaves_out_what_is_well(world: World, card: str) -> None:
    with world.store.read() as session:
        (found,) = undelivered.stuck(session, real_now())
    assert (found.key, found.state, found.place, found.why) == (card, "parked", "#it-triage", REFUSED)


def test_what_hangs_from_a_retried_message_is_tried_with_it(world: World, card: str) -> None:
    with world.store.write() as session:
        held = {"thread_key": card, "state": OutboxState.PARKED, "error": outbox.ORPHANED}
        session.execute(update(Outbox).where(Outbox.key.startswith("opening:")).values(held))
        undelivered.retry(session, card, world.store.now(session))
    assert {row.state for row in world.outbox("opening:").values()} == {OutboxState.PENDING}


def test_only_what_is_parked_can_be_retried_or_dropped(world: World) -> None:
    key = f"card:{world.raised().id}"
    with world.store.write() as session:
        for wrong in (
            key,
            "card:999",
            "inbox:999",
            "inbox:x",
            "inbox:²",
            f"inbox:{2**31}",
            "inbox:" + "9" * 5000,
        ):
            with pytest.raises(NoSuchDelivery):
                undelivered.retry(session, wrong, real_now())
            with pytest.raises(NoSuchDelivery):
                undelivered.drop_parked(session, wrong, by="ops", now=real_now())


def test_a_parked_gesture_is_decided_again_and_does_what_it_meant(world: World) -> None:
    ticket = world.raised()
    world.age_directory(timedelta(minutes=6))
    world.handle(world.reacted(BEN, world.card(ticket), "eyes"))
    with world.store.write() as session:
        row = session.scalars(select(Inbox).where(Inbox.state == InboxState.WAITING)).one()
        row.state, row.reason = InboxState.PARKED, "Slack did not say who that is."
        session.flush()
        undelivered.retry(session, f"inbox:{row.id}", real_now())
    world.age_directory(timedelta(0))
    _, outcome = world.decide_waiting()
    assert isinstance(outcome, Done)
    assert world.ticket(ticket.number).assignee_id == BEN


def test_what_can_never_be_understood_is_only_dropped(world: World) -> None:
    world.intake.park("event", "k", {"type": "odd"}, "type should be known")
    with world.store.write() as session:
        (found,) = undelivered.stuck(session, real_now())
        with pytest.raises(CannotRetry, match="drop it"):
            undelivered.retry(session, found.key, real_now())
        assert undelivered.parked_keys(session) == []
        undelivered.drop_parked(session, found.key, by="ops", now=real_now())
        row = session.scalars(select(Inbox)).one()
    assert (row.state, row.reason) == (InboxState.DONE, "Dropped by ops: type should be known")
