"""Whoever alters the records behind the desk's back is found out, by the chains or by an anchor."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from bot.models import Anchor as MessageAnchor
from bot.models import AuditAnchor, Base, ServiceClock, StateInterval, Ticket, TimelineEvent
from bot.models.vocabulary import Action
from bot.workflows import auditing, records
from bot.workflows.auditing import Anchor, UnreadableAnchor
from tests.records.workflows.world import BEN, World

DAY = timedelta(days=1)


@pytest.fixture
def anchor(world: World) -> Anchor:
    """Two tickets with a history, anchored when the next day has begun."""
    for text in ("The printer is on fire", "The screen is black"):
        ticket = world.raised(text)
        world.act(BEN, Action.CLAIM, ticket.number)
    world.forward(DAY)
    found = auditing.take_anchor(world.store, world.clock.now())
    assert found is not None
    return found


def findings(world: World, anchor: Anchor) -> list[str]:
    with world.store.read() as session:
        return [
            *records.verify(session),
            *auditing.verify_newest(session),
            *auditing.verify_anchor(session, anchor),
        ]


def first(session: Session) -> Ticket:
    return session.scalars(select(Ticket).order_by(Ticket.id)).first() or pytest.fail("no ticket")


def _cut(session: Session, ticket: Ticket, keep: int) -> None:
    """Remove the newest events, and make the ticket agree with what is left."""
    events = TimelineEvent.ticket_id == ticket.id
    head = session.scalar(select(TimelineEvent.hash).where(events, TimelineEvent.seq == keep))
    session.execute(delete(TimelineEvent).where(events, TimelineEvent.seq > keep))
    session.execute(update(Ticket).where(Ticket.id == ticket.id).values(version=keep, head_hash=head))


def _remove(session: Session, ticket_id: int) -> None:
    held: tuple[type[Base], ...] = (MessageAnchor, ServiceClock, StateInterval, TimelineEvent)
    for model in held:
        table = model.__table__
        session.execute(delete(model).where(table.c.ticket_id == ticket_id))
    session.execute(delete(Ticket).where(Ticket.id == ticket_id))


def edit(session: Session) -> None:
    session.execute(update(TimelineEvent).where(TimelineEvent.seq == 2).values(actor_id="UEVIL"))


def reorder(session: Session) -> None:
    of_first = TimelineEvent.ticket_id == first(session).id
    for seq, other in ((1, 99), (2, 1), (99, 2)):
        session.execute(update(TimelineEvent).where(of_first, TimelineEvent.seq == seq).values(seq=other))


def remove_from_the_middle(session: Session) -> None:
    session.execute(
        delete(TimelineEvent).where(TimelineEvent.ticket_id == first(session).id, TimelineEvent.seq == 1)
    )


def remove_the_newest(session: Session) -> None:
    session.execute(
        delete(TimelineEvent).where(TimelineEvent.ticket_id == first(session).id, TimelineEvent.seq == 2)
    )


def remove_the_newest_and_adapt_the_ticket(session: Session) -> None:
    _cut(session, first(session), 1)


def remove_a_whole_ticket(session: Session) -> None:
    _remove(session, first(session).id)


def remove_everything(session: Session) -> None:
    for ticket_id in session.scalars(select(Ticket.id)).all():
        _remove(session, ticket_id)


TAMPERING = [
    edit,
    reorder,
    remove_from_the_middle,
    remove_the_newest,
    remove_the_newest_and_adapt_the_ticket,
    remove_a_whole_ticket,
    remove_everything,
]


def by_another_program(world: World, *statements: str) -> None:
    """What somebody can do who opens the file of SQLite."""
    with closing(sqlite3.connect(world.store.engine.url.database or "")) as connection:
        connection.execute("PRAGMA ignore_check_constraints=ON")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize("tamper", TAMPERING, ids=lambda tamper: tamper.__name__)
def test_tampering_is_found(world: World, anchor: Anchor, tamper: Callable[[Session], None]) -> None:
    assert findings(world, anchor) == []
    with world.store.write() as session:
        tamper(session)
    with world.store.read() as session:
        assert records.verify(session) or auditing.verify_newest(session)


def test_an_anchor_from_the_log_finds_what_was_removed_together_with_the_anchors(
    world: World, anchor: Anchor
) -> None:
    with world.store.write() as session:
        remove_a_whole_ticket(session)
        session.execute(delete(AuditAnchor))
    with world.store.read() as session:
        assert records.verify(session) == [] == auditing.verify_newest(session)
        (sentence,) = auditing.verify_anchor(session, anchor)
    assert "There are 1 tickets with 2 events of that time." in sentence


def test_what_happens_after_an_anchor_does_not_change_it(world: World, anchor: Anchor) -> None:
    ticket = world.tickets()[0]
    world.act(BEN, Action.RESOLVE, ticket.number, text="Water")
    world.raised("The mouse is gone")
    assert findings(world, anchor) == []


def test_a_day_is_anchored_once_by_whichever_replica(world: World, anchor: Anchor) -> None:
    assert auditing.take_anchor(world.store, world.clock.now()) is None
    with world.store.read() as session:
        assert session.scalar(select(func.count()).select_from(AuditAnchor)) == 1
    world.forward(DAY)
    following = auditing.take_anchor(world.store, world.clock.now())
    assert following is not None
    assert following.date == anchor.date + DAY


@pytest.mark.parametrize("database_kind", ["sqlite"])  # PostgreSQL's columns refuse most of these
@pytest.mark.parametrize(
    "change",
    [
        "data = 'no JSON'",
        f"data = '{'[' * 5000}{']' * 5000}'",
        "at = 'yesterday'",
        "at = 9000000000000000000",
        "kind = 'no such kind'",
        "gesture = CAST(x'fffe41' AS TEXT)",
    ],
    ids=lambda change: str(change)[:12],
)
def test_what_cannot_be_read_any_more_is_named(world: World, change: str) -> None:
    one, other = world.raised(), world.raised()
    by_another_program(world, f"UPDATE timeline_event SET {change} WHERE ticket_id = {one.id}")
    with world.store.read() as session:
        (sentence,) = records.verify(session)
    assert sentence.startswith(f"{one.number}: an event cannot be read")
    assert other.number not in sentence


@pytest.mark.parametrize("database_kind", ["sqlite"])  # PostgreSQL keeps the id of a ticket that has events
def test_a_ticket_put_out_of_the_way_is_checked_all_the_same(world: World) -> None:
    ticket = world.raised()
    by_another_program(
        world, "UPDATE ticket SET id = -5", "UPDATE timeline_event SET ticket_id = -5, actor_id = 'UEVIL'"
    )
    with world.store.read() as session:
        (sentence,) = records.verify(session)
    assert sentence.startswith(f"{ticket.number}: event 1 was altered")


@pytest.mark.parametrize("database_kind", ["sqlite"])  # PostgreSQL keeps a ticket that has events
@pytest.mark.usefixtures("anchor")
def test_events_of_a_ticket_that_is_gone_are_named(world: World) -> None:
    by_another_program(world, "DELETE FROM ticket WHERE id = (SELECT min(id) FROM ticket)")
    with world.store.read() as session:
        (sentence,) = records.verify(session)
    assert "2 of its events are left" in sentence
    with world.store.write() as session:
        session.execute(delete(TimelineEvent))


def test_the_logs_line_is_an_anchor(anchor: Anchor) -> None:
    assert Anchor.read(f'{{"event": "audit anchor", "anchor": "{anchor}", "tickets": 2}}') == anchor


@pytest.mark.parametrize("written", ["", "2026-11-27", f"2026-13-27:{'a' * 64}", "2026-11-27:abc"])
def test_what_is_no_anchor_is_said_so(written: str) -> None:
    with pytest.raises(UnreadableAnchor, match="no anchor"):
        Anchor.read(written)
