"""What desk.yaml promises, as versions: what was promised when, and what a change does to open tickets."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.models import Channel, ServiceClock, ServicePolicy, Ticket
from bot.models.vocabulary import Action, Level
from bot.workflows import configuring, due, policies, timekeeping
from bot.workflows.deciding import decide
from bot.workflows.policies import Policy, Recipient
from tests.records.workflows.world import (
    ANA,
    BEN,
    MINUTE,
    SLA,
    START,
    World,
    desk_text,
    done,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SHORTER = SLA.replace("resolve: 24h", "resolve: 10h")
LONGER = SLA.replace("resolve: 24h", "resolve: 48h")
RESPOND_ONLY = SLA.replace("resolve: 24h", "warn_at: [50%]")
IN_BERLIN = '\n  office: {timezone: Europe/Berlin, mon-fri: ["09:00-17:00"], holidays: DE-BE}\n'


@pytest.fixture
def ticket(world: World) -> Ticket:
    """A P3 ticket that Ben has, of a desk with service levels: resolve within 24 h."""
    world.configure(desk_text())
    ticket = world.raised()
    world.act(BEN, Action.CLAIM, ticket.number)
    return world.ticket(ticket.number)


def versions(world: World) -> list[Policy]:
    with world.store.read() as session:
        ids = select(ServicePolicy.id).where(ServicePolicy.desk_key == "it").order_by(ServicePolicy.id)
        return [policies.load_policy(session, id_) for id_ in session.scalars(ids)]


def test_the_same_promise_is_no_new_version(world: World, ticket: Ticket) -> None:
    world.configure(desk_text(close_after="4d"))
    assert len(versions(world)) == 1


def test_a_version_never_changes(world: World, ticket: Ticket) -> None:
    (first,) = versions(world)
    world.forward(HOUR)
    world.configure(desk_text(SHORTER))
    assert versions(world)[0] == first
    assert versions(world)[1].effective_from == START + HOUR


def test_an_open_ticket_is_measured_by_a_new_version_from_the_next_look(world: World, ticket: Ticket) -> None:
    world.forward(HOUR)
    world.configure(desk_text(LONGER))
    world.look()
    row = world.clocks(ticket)["resolve/1"]
    assert (row.due_at, row.policy_id) == (START + 48 * HOUR, versions(world)[1].id)
    assert row.next_fire_at == START + 24 * HOUR


def test_an_ended_ticket_stays_as_it_was_measured(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.RESOLVE, ticket.number, text="done")
    before = world.clocks(ticket)["resolve/1"]
    world.forward(HOUR)
    world.configure(desk_text(SHORTER))
    world.look()
    after = world.clocks(ticket)["resolve/1"]
    assert (after.policy_id, after.target, after.history) == (before.policy_id, before.target, before.history)


def test_a_shorter_target_breaks_at_the_change(world: World, ticket: Ticket) -> None:
    world.pass_time(11 * HOUR, step=HOUR)
    world.configure(desk_text(SHORTER))
    world.look()
    row = world.clocks(ticket)["resolve/1"]
    assert (row.breached_at, row.history["breach"][2]) == (START + 11 * HOUR, "policy")
    told = world.dispositions(ticket)
    assert (told["resolve/1 50%"], told["resolve/1 breach"]) == ("silent", "told")


def test_what_was_reached_before_a_change_counts_under_the_old_version(world: World, ticket: Ticket) -> None:
    world.forward(25 * HOUR)  # the desk stands still
    world.configure(desk_text(LONGER))
    world.look()
    row = world.clocks(ticket)["resolve/1"]
    assert (row.breached_at, row.history["breach"][2]) == (START + 24 * HOUR, "time")
    milestone = world.milestones(ticket)["resolve/1 breach"]
    assert (milestone.due_at, milestone.disposition.value) == (START + 24 * HOUR, "told")


def test_two_changes_between_two_looks_count_one_after_the_other(world: World, ticket: Ticket) -> None:
    world.forward(11 * HOUR)
    world.configure(desk_text(SHORTER))
    world.forward(HOUR)
    world.configure(desk_text(LONGER))
    world.look()
    assert world.clocks(ticket)["resolve/1"].breached_at == START + 11 * HOUR
    assert [term[1] for term in world.clocks(ticket)["resolve/1"].history["terms"]] == [
        version.id for version in versions(world)
    ]


def test_a_gesture_before_the_look_is_measured_by_the_new_version(world: World, ticket: Ticket) -> None:
    world.forward(HOUR)
    world.configure(desk_text(LONGER))
    world.act(BEN, Action.WAIT, ticket.number)
    world.act(BEN, Action.RESUME, ticket.number)
    assert world.clocks(ticket)["resolve/1"].due_at == START + 48 * HOUR


# --- promised for the first time, and no more ---


def test_what_is_promised_later_counts_from_then_on(world: World) -> None:
    world.configure(desk_text(kinds="{request: standard}"))
    fresh, claimed, waiting = world.raised(), world.raised(), world.raised()
    world.act(BEN, Action.CLAIM, claimed.number)
    world.act(BEN, Action.WAIT, waiting.number)
    world.forward(5 * HOUR)
    world.configure(desk_text())
    assert world.clocks(fresh)["respond/1"].due_at == START + 9 * HOUR
    assert list(world.clocks(claimed)) == ["resolve/1"]
    assert world.clocks(waiting)["resolve/1"].state.value == "paused"
    world.pass_time(10 * HOUR, step=HOUR)
    assert world.dispositions(fresh)["respond/1 breach"] == "told"


def test_an_undone_wait_from_before_the_promise_can_be_undone_after_it(world: World) -> None:
    world.configure(desk_text(kinds="{request: standard}"))
    ticket = world.raised()
    world.react(BEN, world.card(ticket), "hourglass")
    world.forward(MINUTE)
    world.configure(desk_text())
    world.forward(MINUTE)
    done(world.unreact(BEN, world.card(ticket), "hourglass"))
    assert world.clocks(ticket)["resolve/1"].due_at == START + MINUTE + 24 * HOUR


def test_what_is_promised_no_more_ends_uncounted(world: World, ticket: Ticket) -> None:
    world.forward(HOUR)
    world.configure(desk_text(kinds="{request: standard}"))
    world.look()
    row = world.clocks(ticket)["resolve/1"]
    assert (row.state.value, row.determined_at, row.next_fire_at) == ("cancelled", None, None)
    world.pass_time(30 * HOUR, step=HOUR)
    assert world.milestones(ticket) == {}
    assert world.clocks(world.raised()) == {}


def test_undoing_brings_nothing_back_that_is_promised_no_more(world: World, ticket: Ticket) -> None:
    world.react(BEN, world.card(ticket), "hourglass")
    world.forward(MINUTE)
    world.configure(desk_text(kinds="{request: standard}"))
    world.look()
    world.forward(MINUTE)
    done(world.unreact(BEN, world.card(ticket), "hourglass"))
    assert world.clocks(ticket)["resolve/1"].state.value == "cancelled"


def test_a_clock_that_a_new_version_adds_counts_from_the_start_of_the_ticket(world: World) -> None:
    world.configure(desk_text(RESPOND_ONLY))
    ticket = world.raised()
    world.act(BEN, Action.CLAIM, ticket.number)
    ended = world.raised()
    world.act(BEN, Action.RESOLVE, ended.number, text="done")
    world.forward(HOUR)
    world.configure(desk_text())
    world.look()
    assert world.clocks(ticket)["resolve/1"].due_at == START + 24 * HOUR
    world.act(BEN, Action.NOTE, ended.number, text="odd")
    world.say(BEN, "all well?", world.card(ended)[0], thread_ts=world.card(ended)[1])
    assert "resolve/1" not in world.clocks(ended)


def test_a_priority_that_promises_more_starts_what_it_promises(world: World) -> None:
    world.configure(desk_text(RESPOND_ONLY))
    ticket = world.raised()
    world.act(BEN, Action.CLAIM, ticket.number)
    world.forward(HOUR)
    world.act(BEN, Action.PRIORITISE, ticket.number, impact=Level.HIGH, urgency=Level.HIGH, text="why")
    clocks = world.clocks(ticket)
    assert (clocks["resolve/1"].due_at, clocks["update/1"].due_at) == (
        START + 4 * HOUR,
        START + HOUR + 30 * MINUTE,
    )


# --- holidays ---


def test_holidays_of_later_years_move_no_deadline(world: World) -> None:
    world.configure(desk_text(SLA.replace("always", "office"), calendars=IN_BERLIN))
    world.forward(700 * DAY)
    ticket = world.raised()
    before = world.clocks(ticket)["resolve/1"]
    (first,) = versions(world)
    assert configuring.extend_calendars(world.store, world.clock.at) == 1
    assert configuring.extend_calendars(world.store, world.clock.at) == 0
    second = versions(world)[1]
    assert first.last_holiday is not None
    assert second.last_holiday is not None
    assert second.last_holiday > first.last_holiday
    world.look()
    after = world.clocks(ticket)["resolve/1"]
    assert (after.due_at, after.next_fire_at) == (before.due_at, before.next_fire_at)
    assert after.policy_id == second.id
    known = first.promises["P3"].hours.calendar.holidays
    assert second.promises["P3"].hours.calendar.holidays[: len(known)] == known


def test_later_holidays_leave_what_names_mean_as_it_was(world: World) -> None:
    world.see_channel("CALERTS", "it-alerts")
    sla = SLA.replace("always", "office").replace("to: managers", 'to: "#it-alerts"')
    world.configure(desk_text(sla, calendars=IN_BERLIN))
    with world.store.write() as session:
        session.execute(update(Channel).where(Channel.id == "CALERTS").values(name="alarms"))
    configuring.extend_calendars(world.store, START + 700 * DAY)
    first, second = versions(world)
    assert second.recipients == first.recipients
    assert Recipient("channel", "CALERTS") in first.recipients["P3"][1]


def test_a_calendar_that_follows_no_region_needs_no_extension(world: World, ticket: Ticket) -> None:
    assert configuring.extend_calendars(world.store, START + 3000 * DAY) == 0


# --- the two ways to the same clocks ---


def test_a_replay_of_the_timeline_gives_the_rows(world: World, ticket: Ticket) -> None:
    world.forward(HOUR)
    world.act(BEN, Action.WAIT, ticket.number)
    world.forward(HOUR)
    world.configure(desk_text(SHORTER))
    world.look()
    world.act(BEN, Action.RESUME, ticket.number)
    with world.store.read() as session:
        known = session.merge(ticket, load=False)
        held = timekeeping.read_clocks(session, known)
        assert held is not None
        assert held.held.cycles == timekeeping.replayed(session, known).cycles


def test_a_clock_that_missed_a_new_version_is_looked_at_again(world: World, ticket: Ticket) -> None:
    """As when a gesture that had read the old version commits after the new one was put in force."""
    world.forward(HOUR)
    world.configure(desk_text(SHORTER))
    with world.store.write() as session:
        missed = update(ServiceClock).where(ServiceClock.clock == "resolve")
        session.execute(missed.values(next_fire_at=START + 5 * DAY))
    assert due.catch_up_policies(world.store, world.clock.now()) == 1
    world.look()
    assert world.clocks(ticket)["resolve/1"].target == 10 * 3600
    world.forward(HOUR)
    assert due.catch_up_policies(world.store, world.clock.now()) == 0


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_ticket_that_was_being_raised_while_a_version_took_effect_is_measured_by_it(world: World) -> None:
    world.configure(desk_text())
    filed = world.filed(ANA, "The printer is on fire")
    with world.store.write() as session:
        done(decide(session, filed, now=world.clock.now()))
        world.tick()
        world.configure(desk_text(SHORTER))  # another process, which does not see the ticket yet
    (ticket,) = world.tickets()
    assert world.clocks(ticket)["resolve/1"].target == 24 * 3600
    world.forward(MINUTE)
    due.catch_up_policies(world.store, world.clock.now())
    world.look()
    assert world.clocks(ticket)["resolve/1"].target == 10 * 3600


def test_a_clock_that_went_back_is_told_once(world: World) -> None:
    for _ in range(2):
        world.store.run(lambda session: configuring.tell_of_clock(session, START + HOUR, START))
    assert len(world.outbox("notice:clock:")) == 1
