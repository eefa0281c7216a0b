"""Homes: what each person may see there, and whose are drawn again when something happens."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Connection, event, update

from bot.clock import real_now
from bot.delivery.pacing import rate_of
from bot.handlers.answers import Ack
from bot.handlers.events import on_event
from bot.models import HomeTab, Outbox, OutboxState
from bot.models.vocabulary import Action, Kind
from bot.store import outbox
from bot.store.outbox import HOMES, REFRESHED_HOMES
from bot.surfaces.badges import clocks_of, is_overdue
from bot.workflows import homes, housekeeping, undelivered
from bot.workflows.following import REST, Follower
from bot.workflows.gestures import Asked, LookedHome
from bot.workflows.homes import STANDING, HomeList, HomeView, Shown
from bot.workflows.outcomes import Ignored, Outcome, Refusal
from bot.workflows.reading import TicketPage
from tests.records.workflows.views import Views, handling
from tests.records.workflows.world import (
    AGENTS,
    ANA,
    APP,
    BEN,
    BOB,
    CORA,
    FORMER,
    GUEST,
    HELP,
    LEA,
    MARIA,
    STRANGER,
    World,
    deferred,
    desk_text,
    done,
    refused,
)

_openings = count(1)


def opening(world: World, person: str) -> LookedHome:
    return LookedHome(key=f"home:{person}:{next(_openings)}", person_id=person, at=world.clock.at)


def look(world: World, *people: str) -> None:
    for person in people:
        done(world.handle(opening(world, person)))


def seen(world: World, person: str) -> HomeView:
    """What their Home would show now."""
    with world.store.read() as session:
        return homes.read_home(session, session.get_one(HomeTab, person))


def drawn(world: World, *people: str) -> None:
    """Their Homes are in Slack, as delivery records it."""
    for person in people:
        view = seen(world, person)
        with world.store.write() as session:
            homes.published(session, person, view, digest="d", slack_hash="h")
            of = update(Outbox).where(Outbox.key == homes.key_of(person))
            now = {"settled_at": real_now(), "shown_version": Outbox.wanted_version}
            session.execute(of.values(state=OutboxState.SENT, **now))


def due(world: World) -> set[str]:
    """Whose Homes are to be drawn."""
    rows = world.outbox("home:").values()
    return {row.person_id or "" for row in rows if row.state is OutboxState.PENDING}


def numbers(view: HomeView, which: HomeList) -> list[str]:
    page = {HomeList.MINE: view.mine, HomeList.ASSIGNED: view.assigned, HomeList.UNASSIGNED: view.unassigned}
    found = page[which]
    return [ticket.number for ticket in found.tickets] if found else []


@pytest.fixture
def follower(world: World) -> Follower:
    """It has read all that has happened by now."""
    follower = Follower(world.store)
    follower.look()
    return follower


# --- opening ---


def test_opening_publishes_once_however_often_slack_tells_of_it(world: World) -> None:
    gesture = opening(world, ANA)
    done(world.handle(gesture))
    assert isinstance(world.handle(gesture), Ignored)
    (row,) = world.outbox().values()
    assert (row.key, row.kind, row.person_id, row.wanted_version) == ("home:UANA", "home", ANA, 1)


def test_opening_again_makes_the_same_delivery_due_at_once(world: World) -> None:
    look(world, ANA)
    drawn(world, ANA)
    look(world, ANA)
    (row,) = world.outbox().values()
    assert (row.state, row.shown_version) == (OutboxState.PENDING, 0)
    assert row.not_before <= real_now()


def test_what_slack_refused_before_is_tried_again_when_it_is_opened(world: World) -> None:
    look(world, ANA)
    with world.store.write() as session:
        session.execute(update(Outbox).values(state=OutboxState.PARKED, error="not_enabled"))
    look(world, ANA)
    (row,) = world.outbox().values()
    assert (row.state, row.error) == (OutboxState.PENDING, None)


def test_somebody_not_known_freshly_is_looked_up_first(world: World) -> None:
    world.age_directory(timedelta(hours=1))
    deferred(world.handle(opening(world, ANA)))
    assert world.outbox() == {}
    world.age_directory(timedelta(0))
    done(world.decide_waiting()[1])
    assert due(world) == {ANA}


# --- who sees what ---


def test_each_sees_their_own_and_only_agents_see_what_waits(world: World) -> None:
    mine, theirs = world.raised(), world.raised("The VPN is slow", author=BOB)
    world.act(BEN, Action.CLAIM, theirs.number)
    look(world, ANA, BEN, CORA, MARIA)
    views = {who: seen(world, who) for who in (ANA, BEN, CORA, MARIA)}
    assert {who: numbers(view, HomeList.MINE) for who, view in views.items()} == {
        ANA: [mine.number],
        BEN: [],
        CORA: [],
        MARIA: [],
    }
    assert {who: numbers(view, HomeList.ASSIGNED) for who, view in views.items()} == {
        ANA: [],
        BEN: [theirs.number],
        CORA: [],
        MARIA: [],
    }
    assert {who: numbers(view, HomeList.UNASSIGNED) for who, view in views.items()} == {
        ANA: [],
        BEN: [mine.number],
        CORA: [mine.number],
        MARIA: [],
    }
    assert [bool(view.counts) for view in views.values()] == [False, False, False, True]


@pytest.mark.parametrize(
    ("person", "why"),
    [
        (GUEST, Refusal.GUEST),
        (STRANGER, Refusal.STRANGER),
        (APP, Refusal.APP),
        (FORMER, Refusal.DEACTIVATED),
    ],
)
def test_outsiders_see_why_there_is_nothing_for_them(world: World, person: str, why: Refusal) -> None:
    world.raised()
    look(world, person)
    assert seen(world, person) == HomeView(refusal=why)


def test_without_a_desk_everybody_reads_that_there_is_none(world: World) -> None:
    world.close_desks()
    look(world, ANA)
    assert seen(world, ANA) == HomeView(refusal=Refusal.NO_DESK)


def test_who_lost_a_role_sees_no_more_than_they_may_when_it_is_drawn_again(world: World) -> None:
    ticket = world.raised()
    world.act(CORA, Action.CLAIM, ticket.number)
    look(world, CORA)
    assert numbers(seen(world, CORA), HomeList.ASSIGNED) == [ticket.number]
    world.leave("CTRIAGE", CORA)
    after = seen(world, CORA)
    assert (after.assigned, after.unassigned, after.desks) == (None, None, ())
    world.deactivate(CORA)
    assert seen(world, CORA).refusal is Refusal.DEACTIVATED


def test_a_private_ticket_says_what_it_is_about_to_its_people_alone(world: World) -> None:
    number = done(world.handle(world.filed(ANA, "My salary is wrong", None, is_private=True))).number
    look(world, ANA, BEN, LEA)
    assert "My salary is wrong" in repr(seen(world, ANA).mine)
    for agent in (BEN, LEA):
        assert "salary" not in repr(seen(world, agent))
        assert numbers(seen(world, agent), HomeList.UNASSIGNED) == [number]
    world.act(BEN, Action.CLAIM, number)
    assert "My salary is wrong" in repr(seen(world, BEN).assigned)
    assert "salary" not in repr(seen(world, LEA))


# --- numbers and what they stand for ---


def test_every_count_opens_to_the_tickets_it_counts(world: World) -> None:
    world.configure(desk_text())
    raised = [world.raised(f"Problem {n}") for n in range(4)]
    world.act(BEN, Action.CLAIM, raised[1].number)
    world.pass_time(timedelta(hours=5), step=timedelta(minutes=30))
    raised.append(world.raised("New"))
    world.act(BEN, Action.WAIT, raised[2].number)
    world.handle(world.filed(ANA, "A mouse", HELP, kind=Kind.REQUEST))
    look(world, LEA)
    rows = seen(world, LEA).counts
    assert [row.kind for row in rows] == [Kind.INCIDENT, Kind.REQUEST]
    assert rows[0].counts[HomeList.OPEN] == 5
    assert rows[0].counts[HomeList.WAITING] == 1
    assert rows[0].counts[HomeList.OVERDUE] > 0
    for row in rows:
        for which in STANDING:
            page = listed(world, which, row.kind)
            assert page.total == row.counts[which], which
            if which is HomeList.OVERDUE:
                assert all(any(map(is_overdue, clocks_of(ticket))) for ticket in page.tickets)


def listed(world: World, which: HomeList, kind: Kind = Kind.INCIDENT) -> TicketPage:
    shown = Shown(person_id=LEA, works=("it",), readable=("it",))
    with world.store.read() as session:
        return homes.read_standing(session, shown, which, desk_key="it", kind=kind, page=1)


def test_at_risk_is_what_its_badge_says(world: World) -> None:
    world.configure(desk_text())
    ticket = world.raised()
    world.act(BEN, Action.CLAIM, ticket.number)
    world.pass_time(timedelta(hours=13), step=timedelta(minutes=30))
    assert [view.number for view in listed(world, HomeList.AT_RISK).tickets] == [ticket.number]
    world.pass_time(timedelta(hours=12), step=timedelta(minutes=30))
    assert listed(world, HomeList.AT_RISK).total == 0
    assert [view.number for view in listed(world, HomeList.OVERDUE).tickets] == [ticket.number]


def test_a_list_has_all_that_the_home_has_no_room_for(world: World) -> None:
    for n in range(12):
        world.raise_on(world.message(ANA, f"Problem {n}"))
    look(world, BEN)
    view = seen(world, BEN)
    assert view.unassigned is not None
    assert (len(view.unassigned.tickets), view.unassigned.total) == (10, 12)
    shown = Shown(person_id=BEN, works=("it",), readable=("it",))
    with world.store.read() as session:
        page = homes.read_list(session, shown, HomeList.UNASSIGNED, page=2)
    assert (len(page.tickets), page.pages) == (2, 2)


def asked(world: World, person: str, **values: object) -> Outcome:
    common = {"key": world.ts(), "person_id": person, "at": world.clock.at}
    return world.handle(Asked.model_validate(common | values))


def test_counts_are_for_those_who_may_see_the_queue(world: World) -> None:
    assert done(asked(world, MARIA, query="standing", number="it")).data == {"readable": ""}
    assert done(asked(world, BEN, query="standing", number="it")).data == {"readable": "it"}
    assert refused(asked(world, ANA, query="standing", number="it")).refusal is Refusal.NO_QUEUE
    assert refused(asked(world, LEA, query="standing", number="moon")).refusal is Refusal.NO_DESK


# --- following what happens ---


def test_a_change_is_drawn_for_whom_it_concerns_and_who_looked(world: World, follower: Follower) -> None:
    look(world, ANA, BOB, BEN)
    drawn(world, ANA, BOB, BEN)
    world.raised(author=ANA)
    follower.look()
    assert due(world) == {ANA, BEN}
    assert set(world.outbox("home:")) == {"home:UANA", "home:UBOB", "home:UBEN"}


def test_the_same_change_is_drawn_once(world: World, follower: Follower) -> None:
    look(world, BEN)
    drawn(world, BEN)
    world.raised()
    assert follower.look() == 1
    drawn(world, BEN)
    assert follower.look() == 0
    assert due(world) == set()


def test_two_replicas_draw_a_change_once(world: World, follower: Follower) -> None:
    other = Follower(world.store)
    other.look()
    look(world, BEN)
    drawn(world, BEN)
    world.raised()
    assert (follower.look(), other.look()) == (1, 0)


def test_a_burst_draws_each_home_once_and_not_before_it_has_rested(world: World, follower: Follower) -> None:
    look(world, *AGENTS)
    drawn(world, *AGENTS)
    before = world.outbox("home:")
    for n in range(30):
        world.raise_on(world.message(ANA, f"Problem {n}"))
        follower.look()
    for key, row in world.outbox("home:").items():
        assert row.state is OutboxState.PENDING
        assert row.wanted_version == before[key].wanted_version + 1
        assert row.not_before == (before[key].settled_at or real_now()) + REST


def test_what_somebody_did_themselves_shows_on_their_home_at_once(world: World, follower: Follower) -> None:
    ticket = world.raised()
    follower.look()
    look(world, ANA, BEN)
    drawn(world, ANA, BEN)
    world.act(BEN, Action.CLAIM, ticket.number)
    follower.look()
    rows = world.outbox("home:")
    assert rows["home:UBEN"].not_before <= real_now()
    assert rows["home:UANA"].not_before > real_now()


def test_who_had_a_ticket_before_sees_it_go(world: World, follower: Follower) -> None:
    ticket = world.raised()
    world.act(BEN, Action.CLAIM, ticket.number)
    follower.look()
    look(world, BEN)
    drawn(world, BEN)
    world.act(LEA, Action.ASSIGN, ticket.number, assignee_id=CORA)
    follower.look()
    assert due(world) == {BEN}


def test_a_home_in_delivery_is_drawn_once_more_when_something_happens(
    world: World, follower: Follower
) -> None:
    look(world, BEN)
    drawn(world, BEN)
    with world.store.write() as session:
        session.execute(update(Outbox).values(state=OutboxState.SENDING))
    world.raised()
    follower.look()
    row = world.outbox("home:")["home:UBEN"]
    assert (row.state, row.wanted_version) == (OutboxState.SENDING, row.shown_version + 1)


def test_after_a_start_every_home_is_looked_at(world: World) -> None:
    look(world, ANA, BEN)
    drawn(world, ANA, BEN)
    world.raised(author=BOB)
    Follower(world.store).look()
    assert due(world) == {ANA, BEN}


def test_a_home_that_nobody_looked_at_for_hours_rests_and_is_forgotten(
    world: World, follower: Follower
) -> None:
    look(world, ANA, BEN)
    drawn(world, ANA, BEN)
    long_ago = real_now() - homes.KEPT_CURRENT - timedelta(minutes=1)
    with world.store.write() as session:
        session.execute(update(HomeTab).where(HomeTab.person_id == ANA).values(opened_at=long_ago))
    world.raised()
    follower.look()
    assert due(world) == {BEN}
    assert housekeeping.forget_old_homes(world.store) == 1
    assert set(world.outbox("home:")) == {"home:UBEN"}
    assert world.count(HomeTab) == 1
    assert housekeeping.forget_old_homes(world.store) == 0


def test_a_desk_whose_homes_nobody_opened_writes_nothing_for_them(world: World, follower: Follower) -> None:
    world.raised()
    assert follower.look() == 0
    assert world.outbox("home:") == {}
    assert world.count(HomeTab) == 0


# --- buttons ---


def test_a_word_stands_on_the_home_until_the_next_press_or_look(world: World) -> None:
    look(world, CORA)
    with world.store.write() as session:
        homes.opened(session, CORA, said="Ben has INC-1 already.")
    assert seen(world, CORA).said == "Ben has INC-1 already."
    look(world, CORA)
    assert seen(world, CORA).said is None


def test_the_messages_tab_and_what_names_no_tab_do_nothing(world: World) -> None:
    tabs: list[dict[str, object]] = [{"tab": "messages"}, {"tab": "home2"}, {}]
    for tab in tabs:
        event = {
            "type": "app_home_opened",
            "user": ANA,
            "channel": "D1",
            "event_ts": "1515449522000016",
        } | tab
        assert on_event(handling(world, Views()), {"event": event}) == Ack()
    assert world.outbox() == {}
    assert on_event(handling(world, Views()), {"event": event | {"tab": "home"}}) == Ack()
    assert due(world) == {ANA}


# --- turns ---


def test_somebody_who_waits_does_not_stand_behind_what_only_follows(world: World) -> None:
    look(world, ANA, BEN)
    drawn(world, ANA, BEN)
    look(world, ANA)
    with world.store.write() as session:
        homes.draw_again(session, [BEN], rest=timedelta(0))
    with world.store.write() as session:
        found = {
            shut: outbox.next_due(session, real_now(), kinds={"home"}, shut=[shut])
            for shut in (REFRESHED_HOMES, HOMES)
        }
    assert [(each.row.person_id, each.lane) for each in found.values() if each] == [
        (ANA, HOMES),
        (BEN, REFRESHED_HOMES),
    ]


def test_a_home_that_nobody_waits_for_is_never_late(world: World) -> None:
    look(world, BEN)
    drawn(world, BEN)
    with world.store.write() as session:
        homes.draw_again(session, [BEN], rest=timedelta(0))
    later = real_now() + timedelta(hours=1)
    with world.store.read() as session:
        assert outbox.backlog(session, later).oldest_due is None
        assert undelivered.stuck(session, later) == []
    look(world, BEN)
    with world.store.read() as session:
        assert outbox.backlog(session, later).oldest_due is not None
        assert [stuck.place for stuck in undelivered.stuck(session, later)] == ["Home of UBEN"]


def test_both_lanes_together_keep_slacks_limit() -> None:
    rates = [rate_of(lane) for lane in (HOMES, REFRESHED_HOMES)]
    assert sum(rate.per_minute + rate.burst for rate in rates) <= 100


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_home_reads_what_is_open_not_what_ever_was(world: World) -> None:
    look(world, LEA)
    plans: list[str] = []

    def note(connection: Connection, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if "FROM ticket" in statement and "requester_id = ?" not in statement and "EXPLAIN" not in statement:
            plan = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.append(" ".join(str(row[-1]) for row in plan.fetchall()))

    event.listen(world.store.engine, "before_cursor_execute", note)
    try:
        seen(world, LEA)
    finally:
        event.remove(world.store.engine, "before_cursor_execute", note)
    assert len(plans) == 5
    assert [plan for plan in plans if "ix_ticket_open" not in plan] == []
