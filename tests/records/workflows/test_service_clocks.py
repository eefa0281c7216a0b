"""A ticket's clocks follow what happens to it: start, stop, pause, another priority, reopening, undoing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from bot.models import ServiceClock, Ticket
from bot.models.vocabulary import Action, Level, State
from tests.records.workflows.world import (
    ANA,
    BEN,
    CORA,
    LEA,
    MINUTE,
    SLA,
    START,
    World,
    desk_text,
    done,
    root_of,
)

HOUR = timedelta(hours=1)
URGENT = {"impact": Level.HIGH, "urgency": Level.HIGH, "text": "everybody is affected"}
USUAL = {"impact": Level.MEDIUM, "urgency": Level.MEDIUM, "text": "not so bad"}
RESPOND, RESOLVE, UPDATE = "respond/1", "resolve/1", "update/1"


@pytest.fixture
def ticket(world: World) -> Ticket:
    """A P3 ticket of a desk with service levels: respond within 4 h, resolve within 24 h."""
    world.configure(desk_text())
    return world.raised()


def say(world: World, who: str, at: tuple[str, str], text: str = "hello") -> None:
    world.say(who, text, at[0], thread_ts=at[1])


def test_raising_starts_the_clocks_of_what_is_promised(world: World, ticket: Ticket) -> None:
    clocks = world.clocks(ticket)
    assert {name: (row.state.value, row.due_at) for name, row in clocks.items()} == {
        RESPOND: ("running", START + 4 * HOUR),
        RESOLVE: ("running", START + 24 * HOUR),
    }
    assert [row.next_fire_at for row in clocks.values()] == [START + 2 * HOUR, START + 12 * HOUR]


def test_without_a_promise_nothing_is_measured(world: World) -> None:
    world.configure(desk_text(kinds="{request: standard}"))
    assert world.clocks(world.raised()) == {}


def test_a_ticket_raised_from_an_old_message_counts_from_the_message(world: World) -> None:
    world.configure(desk_text())
    message = replace(world.message(ANA, "since yesterday"), ts=world.ts(START - 3 * HOUR))
    clocks = world.clocks(world.raise_on(message))
    assert clocks[RESPOND].started_at == world.ticket("INC-1").raised_at < START - 2 * HOUR
    assert clocks[RESPOND].due_at == clocks[RESPOND].started_at + 4 * HOUR


@pytest.mark.parametrize(
    ("raised", "due"),
    [
        (datetime(2026, 3, 1, 12, 0, tzinfo=UTC), datetime(2026, 3, 2, 12, 0, tzinfo=UTC)),  # a Sunday
        (datetime(2026, 3, 2, 16, 0, tzinfo=UTC), datetime(2026, 3, 3, 12, 0, tzinfo=UTC)),  # at closing
        (datetime(2026, 4, 3, 9, 0, tzinfo=UTC), datetime(2026, 4, 7, 11, 0, tzinfo=UTC)),  # Good Friday
        (datetime(2026, 3, 27, 15, 0, tzinfo=UTC), datetime(2026, 3, 30, 10, 0, tzinfo=UTC)),  # clocks change
    ],
)
def test_outside_hours_nothing_counts(world: World, raised: datetime, due: datetime) -> None:
    calendars = '\n  office: {timezone: Europe/Berlin, mon-fri: ["09:00-17:00"], holidays: DE-BE}\n'
    world.configure(desk_text(SLA.replace("always", "office"), calendars=calendars))
    world.clock.at = raised
    assert world.clocks(world.raised())[RESPOND].due_at == due


@pytest.mark.parametrize("who", [BEN, LEA])
def test_claiming_is_the_response(world: World, ticket: Ticket, who: str) -> None:
    world.forward(HOUR)
    world.act(who, Action.CLAIM, ticket.number)
    row = world.clocks(ticket)[RESPOND]
    assert (row.state.value, row.stopped_at, row.elapsed) == ("met", START + HOUR, 3600)
    assert row.next_fire_at is None
    assert row.determined_at == START + HOUR


def test_an_agents_words_are_the_response_and_the_requesters_are_not(world: World, ticket: Ticket) -> None:
    say(world, ANA, root_of(ticket))
    assert world.clocks(ticket)[RESPOND].state.value == "running"
    world.act(BEN, Action.NOTE, ticket.number, text="odd")
    assert world.clocks(ticket)[RESPOND].state.value == "running"
    say(world, BEN, world.card(ticket))
    assert world.clocks(ticket)[RESPOND].state.value == "met"


def test_being_given_a_ticket_is_no_response_until_it_is_claimed(world: World, ticket: Ticket) -> None:
    world.act(LEA, Action.ASSIGN, ticket.number, assignee_id=BEN)
    assert world.clocks(ticket)[RESPOND].state.value == "running"
    world.forward(HOUR)
    assert done(world.act(BEN, Action.CLAIM, ticket.number)).event == "claimed"
    assert world.clocks(ticket)[RESPOND].stopped_at == START + HOUR
    assert done(world.act(BEN, Action.CLAIM, ticket.number)).event == "already_yours"


def test_where_only_a_reply_responds_claiming_does_not(world: World) -> None:
    world.configure(desk_text(SLA.replace("[claim, reply]", "[reply]")))
    ticket = world.raised()
    world.act(BEN, Action.CLAIM, ticket.number)
    assert world.clocks(ticket)[RESPOND].state.value == "running"


def test_met_exactly_when_due_is_met(world: World, ticket: Ticket) -> None:
    world.forward(4 * HOUR)
    world.act(BEN, Action.CLAIM, ticket.number)
    assert world.clocks(ticket)[RESPOND].state.value == "met"


def test_a_claim_that_arrives_late_was_in_time_when_it_was_made(world: World, ticket: Ticket) -> None:
    world.forward(4 * HOUR + MINUTE)
    world.look()
    assert world.clocks(ticket)[RESPOND].breached_at == START + 4 * HOUR
    gesture = world.acted(BEN, Action.CLAIM, ticket.number)
    world.handle(gesture.model_copy(update={"at": START + 3 * HOUR}))
    row = world.clocks(ticket)[RESPOND]
    assert (row.state.value, row.stopped_at, row.breached_at) == ("met", START + 3 * HOUR, None)


def test_waiting_pauses_resolve_and_not_respond(world: World, ticket: Ticket) -> None:
    world.forward(HOUR)
    world.act(BEN, Action.WAIT, ticket.number)
    clocks = world.clocks(ticket)
    assert clocks[RESPOND].state.value == "running"
    row = clocks[RESOLVE]
    assert (row.state.value, row.due_at, row.next_fire_at) == ("paused", None, None)


def test_a_state_that_the_policy_does_not_name_pauses_nothing(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.WAIT, ticket.number, wait_for=State.WAITING_APPROVAL)
    assert world.clocks(ticket)[RESOLVE].state.value == "running"


def test_the_requesters_words_resume_as_of_when_they_were_written(world: World, ticket: Ticket) -> None:
    world.forward(HOUR)
    world.act(BEN, Action.WAIT, ticket.number)
    world.forward(5 * HOUR)
    message = replace(world.message(ANA, "here it is"), thread_ts=root_of(ticket)[1])
    world.forward(HOUR)
    world.handle(world.wrote(message))
    due = world.clocks(ticket)[RESOLVE].due_at
    assert due is not None
    assert abs(due - (START + 29 * HOUR)) < timedelta(milliseconds=1)


def test_waiting_for_somebody_else_is_one_pause_after_another(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.WAIT, ticket.number)
    world.act(BEN, Action.WAIT, ticket.number)  # twice changes nothing
    world.forward(HOUR)
    world.act(BEN, Action.WAIT, ticket.number, wait_for=State.WAITING_SUPPLIER)
    world.forward(HOUR)
    world.act(BEN, Action.RESUME, ticket.number)
    row = world.clocks(ticket)[RESOLVE]
    assert row.due_at == START + 26 * HOUR
    assert [pause[2] for pause in row.history["pauses"]] == ["waiting_requester", "waiting_supplier"]


def test_resolved_while_waiting_counts_nothing_of_the_wait(world: World, ticket: Ticket) -> None:
    world.forward(HOUR)
    world.act(BEN, Action.WAIT, ticket.number)
    world.forward(100 * HOUR)
    world.act(BEN, Action.RESOLVE, ticket.number, text="done")
    row = world.clocks(ticket)[RESOLVE]
    assert (row.state.value, row.elapsed) == ("met", 3600)


def test_a_raised_priority_counts_from_the_start_and_breaks_at_the_change(
    world: World, ticket: Ticket
) -> None:
    world.forward(5 * HOUR)
    world.look()
    world.act(BEN, Action.PRIORITISE, ticket.number, **URGENT)
    clocks = world.clocks(ticket)
    assert clocks[RESOLVE].breached_at == START + 5 * HOUR
    assert clocks[RESOLVE].priority == "P1"
    assert clocks[UPDATE].started_at == START + 5 * HOUR
    world.look()
    told = world.dispositions(ticket)
    assert told["resolve/1 50%"] == told["resolve/1 80%"] == "silent"
    assert told["resolve/1 breach"] == "told"


def test_what_is_broken_stays_so_under_a_lower_priority(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.PRIORITISE, ticket.number, **URGENT)
    world.forward(4 * HOUR)
    world.look()
    world.act(BEN, Action.PRIORITISE, ticket.number, **USUAL)
    row = world.clocks(ticket)[RESOLVE]
    assert (row.breached_at, row.priority, row.due_at) == (START + 4 * HOUR, "P1", START + 24 * HOUR)
    world.forward(MINUTE)
    world.act(BEN, Action.RESOLVE, ticket.number, text="done")
    assert world.clocks(ticket)[RESOLVE].state.value == "missed"


def test_a_pause_stays_when_the_priority_changes(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.WAIT, ticket.number)
    world.forward(10 * HOUR)
    world.act(BEN, Action.RESUME, ticket.number)
    world.act(BEN, Action.PRIORITISE, ticket.number, impact=Level.HIGH, urgency=Level.MEDIUM, text="why")
    assert world.clocks(ticket)[RESOLVE].due_at == START + 18 * HOUR


def test_a_reopened_ticket_has_what_is_left(world: World, ticket: Ticket) -> None:
    world.forward(20 * HOUR)
    world.act(BEN, Action.RESOLVE, ticket.number, text="done")
    world.forward(10 * HOUR)
    world.act(ANA, Action.REOPEN, ticket.number)
    clocks = world.clocks(ticket)
    assert clocks[RESOLVE].state.value == "met"
    assert clocks["resolve/2"].due_at == START + 34 * HOUR
    assert "respond/2" not in clocks
    world.look()
    assert not [name for name in world.milestones(ticket) if name == "resolve/2 breach"]
    world.forward(4 * HOUR)
    world.look()
    assert world.dispositions(ticket)["resolve/2 breach"] == "told"


def test_a_cancelled_ticket_counts_in_neither(world: World, ticket: Ticket) -> None:
    world.act(ANA, Action.CANCEL, ticket.number)
    clocks = world.clocks(ticket)
    assert {row.state.value for row in clocks.values()} == {"cancelled"}
    assert {row.determined_at for row in clocks.values()} == {None}
    world.pass_time(30 * HOUR, step=HOUR)
    assert world.milestones(ticket) == {}


def test_news_are_due_again_after_each_reply(world: World, ticket: Ticket) -> None:
    world.act(BEN, Action.PRIORITISE, ticket.number, **URGENT)
    world.forward(20 * MINUTE)
    say(world, BEN, world.card(ticket))
    clocks = world.clocks(ticket)
    assert clocks[UPDATE].state.value == "met"
    started = clocks["update/2"].started_at
    assert clocks["update/2"].due_at == started + 30 * MINUTE
    world.forward(31 * MINUTE)
    world.look()
    say(world, CORA, world.card(ticket))
    assert world.clocks(ticket)["update/2"].state.value == "missed"
    assert world.clocks(ticket)["update/3"].state.value == "running"


# --- undoing ---


def test_an_undone_resolution_leaves_the_clock_as_if_it_had_run_on(world: World, ticket: Ticket) -> None:
    before = world.clocks(ticket)[RESOLVE]
    world.react(BEN, world.card(ticket), "white_check_mark")
    assert world.clocks(ticket)[RESOLVE].state.value == "met"
    world.tick()
    world.unreact(BEN, world.card(ticket), "white_check_mark")
    after = world.clocks(ticket)[RESOLVE]
    assert (after.state, after.due_at, after.next_fire_at) == (
        before.state,
        before.due_at,
        before.next_fire_at,
    )


def test_undoing_a_wait_keeps_a_breach_that_time_brought(world: World, ticket: Ticket) -> None:
    world.pass_time(25 * HOUR, step=HOUR)
    world.react(BEN, world.card(ticket), "hourglass")
    world.tick()
    world.unreact(BEN, world.card(ticket), "hourglass")
    row = world.clocks(ticket)[RESOLVE]
    assert (row.state.value, row.breached_at) == ("running", START + 24 * HOUR)


def test_a_breach_by_an_urgency_that_was_a_mistake_can_still_come_in_earnest(
    world: World, ticket: Ticket
) -> None:
    world.pass_time(23 * HOUR, step=HOUR)
    world.react(BEN, world.card(ticket), "rotating_light")
    world.look()
    assert world.clocks(ticket)[RESOLVE].breached_at == START + 23 * HOUR
    world.tick()
    done(world.unreact(BEN, world.card(ticket), "rotating_light"))
    assert world.clocks(ticket)[RESOLVE].breached_at is None
    world.pass_time(2 * HOUR, step=MINUTE)
    assert world.clocks(ticket)[RESOLVE].breached_at == START + 24 * HOUR
    milestone = world.milestones(ticket)["resolve/1 breach"]
    assert (milestone.due_at, milestone.disposition.value) == (START + 24 * HOUR, "told")
    told = [key for key in world.outbox("sla:") if ":resolve:1:breach" in key and "+" not in key]
    assert len(told) == 2


def test_a_clock_begun_by_a_mistake_begins_anew_when_it_is_meant(world: World, ticket: Ticket) -> None:
    critical = {"impact": Level.HIGH, "urgency": Level.MEDIUM, "text": "why"}
    world.act(BEN, Action.PRIORITISE, ticket.number, **critical)
    world.react(BEN, world.card(ticket), "rotating_light")
    world.forward(MINUTE)
    world.unreact(BEN, world.card(ticket), "rotating_light")
    assert world.clocks(ticket)[UPDATE].state.value == "cancelled"
    world.forward(HOUR)
    world.look()
    assert not [name for name in world.milestones(ticket) if name.startswith("update")]
    world.act(BEN, Action.PRIORITISE, ticket.number, **URGENT)
    row = world.clocks(ticket)[UPDATE]
    assert (row.state.value, row.started_at) == ("running", START + HOUR + MINUTE)
    world.forward(31 * MINUTE)
    world.look()
    assert world.dispositions(ticket)["update/1 breach"] == "told"


# --- rows that cannot be read ---


def test_a_ticket_whose_clocks_cannot_be_read_works_as_before(world: World, ticket: Ticket) -> None:
    with world.store.write() as session:
        session.execute(update(ServiceClock).values(history={"terms": "nonsense"}))
    for action in (Action.CLAIM, Action.WAIT, Action.RESUME, Action.RESOLVE, Action.REOPEN):
        done(world.act(BEN, action, ticket.number, text="done"))
    assert world.ticket(ticket.number).state is State.ASSIGNED
