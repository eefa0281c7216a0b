"""Metrics say the same as a replay of the timeline, event by event, in plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.models import Base, Comment, Ticket, TimelineEvent
from bot.models.service_levels import (
    ClockName,
    ClockState,
    Disposition,
    Milestone,
    ServiceClock,
    ServicePolicy,
)
from bot.models.vocabulary import (
    OPEN_STATES,
    WAITING_STATES,
    Action,
    EventKind,
    Kind,
    Level,
    Speaker,
    State,
    Visibility,
)
from bot.store import Store
from bot.workflows import metrics
from bot.workflows.closing import close_due
from bot.workflows.metrics import Limits, Period, Rate
from tests.records.workflows.world import ANA, BEN, CORA, LEA, MINUTE, START, World, done, root_of

DESK_KEY = "it"
DAY = timedelta(days=1)
INCIDENT, REQUEST = Kind.INCIDENT, Kind.REQUEST


# --- the oracle: a replay of the timeline, without state intervals ---


@dataclass(frozen=True)
class Stand:
    """How a ticket stands from an instant on."""

    at: datetime
    cause: EventKind
    state: State
    assignee: str | None
    priority: str


@dataclass(frozen=True)
class History:
    """A ticket's stands in order; what was undone never happened."""

    ticket: Ticket
    stands: tuple[Stand, ...]

    def at(self, instant: datetime) -> Stand | None:
        return next((stand for stand in reversed(self.stands) if stand.at <= instant), None)

    def instants(self, *causes: EventKind) -> list[datetime]:
        return [stand.at for stand in self.stands if stand.cause in causes]


def history(world: World, ticket: Ticket) -> History:
    kept: list[TimelineEvent] = []
    for event in world.events(ticket):
        if event.kind is EventKind.UNDONE:
            kept.pop()
        else:
            kept.append(event)
    stands: list[Stand] = []
    for event in kept:
        stand = after(stands[-1] if stands else None, event)
        if stand is not None:
            stands.append(stand)
    return History(ticket, tuple(stands))


def after(before: Stand | None, event: TimelineEvent) -> Stand | None:
    """What an event makes of a ticket; None where it changes nothing that is counted."""
    if before is None:
        return Stand(event.at, event.kind, State.NEW, None, event.data["priority"])
    same = replace(before, at=event.at, cause=event.kind)
    at_work = State.ASSIGNED if before.assignee else State.NEW
    match event.kind:
        case EventKind.CLAIMED | EventKind.ASSIGNED:
            state = State.ASSIGNED if before.state is State.NEW else before.state
            return replace(same, state=state, assignee=event.data.get("to", event.actor_id))
        case EventKind.RELEASED:
            return replace(same, state=State.NEW, assignee=None)
        case EventKind.WAITED:
            return replace(same, state=State(event.data["to"]))
        case EventKind.RESUMED | EventKind.REOPENED:
            return replace(same, state=at_work)
        case EventKind.RESOLVED:
            return replace(same, state=State.RESOLVED, assignee=before.assignee or event.actor_id)
        case EventKind.CLOSED:
            return replace(same, state=State.CLOSED)
        case EventKind.CANCELLED:
            return replace(same, state=State.CANCELLED)
        case EventKind.PRIORITISED:
            return replace(same, priority=event.data["to"])
        case _:
            return None


def inside(period: Period, instants: Sequence[datetime]) -> list[datetime]:
    return [instant for instant in instants if period.start <= instant < period.end]


# --- random lives of tickets ---

OPERATIONS = (
    "raise",
    "claim",
    "release",
    "assign",
    "wait",
    "wait_and_undo",
    "answer",
    "resolve",
    "resolve_and_undo",
    "reopen",
    "cancel",
    "prioritise",
    "urgent_and_undo",
)
UNDONE = {
    "wait_and_undo": "hourglass",
    "resolve_and_undo": "white_check_mark",
    "urgent_and_undo": "rotating_light",
}
STEPS = st.lists(
    st.tuples(
        st.sampled_from(OPERATIONS),
        st.integers(0, 3),
        st.sampled_from([BEN, CORA, LEA]),
        st.sampled_from([1, 30, 600, 2000, 5000]),
    ),
    min_size=4,
    max_size=16,
)


def live(world: World, steps: Sequence[tuple[str, int, str, int]]) -> list[History]:
    """Let tickets live; gestures that are refused change nothing."""
    tickets = [world.raised()]
    for operation, which, person, minutes in steps:
        world.forward(minutes * MINUTE)
        close_due(world.store, world.clock.now())
        if operation == "raise":
            kind = REQUEST if which % 2 else INCIDENT
            number = done(world.handle(world.filed(ANA, "Something", kind=kind))).number
            world.posted(f"opening:{world.ticket(number).id}")
            world.posted(f"card:{world.ticket(number).id}")
            tickets.append(world.ticket(number))
            continue
        _do(world, world.ticket(tickets[which % len(tickets)].number), operation, person)
    return [history(world, ticket) for ticket in world.tickets()]


def _do(world: World, ticket: Ticket, operation: str, person: str) -> None:
    if operation in UNDONE:
        world.react(person, world.card(ticket), UNDONE[operation])
        world.forward(2 * MINUTE)
        world.unreact(person, world.card(ticket), UNDONE[operation])
        return
    match operation:
        case "assign":
            world.act(person, Action.ASSIGN, ticket.number, assignee_id=CORA)
        case "answer":
            channel, ts = root_of(ticket)
            world.say(ANA, "Here it is", channel, thread_ts=ts)
        case "resolve":
            world.act(person, Action.RESOLVE, ticket.number, text="Done")
        case "cancel":
            world.act(ANA, Action.CANCEL, ticket.number)
        case "prioritise":
            more = {"impact": Level.HIGH, "urgency": Level.HIGH, "text": "Many are affected"}
            world.act(person, Action.PRIORITISE, ticket.number, **more)
        case _:
            world.act(person, Action(operation), ticket.number)


def cut(histories: Sequence[History], picks: tuple[int, int], world: World) -> Period:
    """A period whose ends are instants at which something happened, to meet the half-open edges."""
    instants = sorted({stand.at for each in histories for stand in each.stands} | {START, world.clock.now()})
    first, last = sorted(pick % len(instants) for pick in picks)
    return Period(instants[first], instants[last] if first != last else instants[last] + MINUTE)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS, picks=st.tuples(st.integers(0, 60), st.integers(0, 60)))
def test_every_count_is_that_of_a_replay_of_the_timeline(
    sqlite_store: Store, steps: list[tuple[str, int, str, int]], picks: tuple[int, int]
) -> None:
    with sqlite_store.write() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())
    world = World(sqlite_store)
    histories = live(world, steps)
    period = cut(histories, picks, world)
    for at in (period.start, period.end):
        check_standing(world, histories, at)
    check_flow(world, histories, period)
    check_times(world, histories, period)


def check_standing(world: World, histories: Sequence[History], at: datetime) -> None:
    expected, waiting = {}, set()
    for each in histories:
        stand = each.at(at)
        if stand is None or stand.state not in OPEN_STATES:
            continue
        expected[each.ticket.id] = (stand.state, stand.assignee, stand.priority)
        since = waiting_since(each, at)
        if since is not None and at - since > metrics.WAITING_TOO_LONG:
            waiting.add(each.ticket.id)
    with world.store.read() as session:
        standing = metrics.open_at(session, DESK_KEY, at)
        late = metrics.waiting_too_long(session, standing, at)
    found = {each.ticket_id: (each.state, each.assignee_id, each.priority) for each in standing}
    assert found == expected
    assert {each.ticket_id for each in late} == waiting
    assert sum(metrics.age_buckets(standing, at)) == len(expected)


def waiting_since(each: History, at: datetime) -> datetime | None:
    since = None
    for stand in each.stands:
        if stand.at <= at:
            since = (since or stand.at) if stand.state in WAITING_STATES else None
    return since


def check_flow(world: World, histories: Sequence[History], period: Period) -> None:
    definitions = {
        EventKind.RAISED: metrics.arrivals,
        EventKind.RESOLVED: metrics.finished,
        EventKind.CANCELLED: metrics.cancelled,
        EventKind.REOPENED: metrics.reopened,
    }
    with world.store.read() as session:
        for cause, definition in definitions.items():
            hits = [each.ticket for each in histories if inside(period, each.instants(cause))]
            selected = definition(DESK_KEY, period)
            for kind in Kind:
                expected = sorted(ticket.id for ticket in hits if ticket.kind is kind)
                assert metrics.ids_of(session, selected, kind) == expected, cause
                assert metrics.count_by_kind(session, selected)[kind] == len(expected)
        flow = metrics.flow(session, DESK_KEY, period)
        rate = metrics.reopen_rate(session, DESK_KEY, Period(period.start + 7 * DAY, period.end + 7 * DAY))
        before, after_it = (
            len(metrics.open_at(session, DESK_KEY, at - timedelta(microseconds=1)))
            for at in (period.start, period.end)
        )
    assert flow.change == after_it - before
    for kind in Kind:
        assert rate[kind] == replayed_rate([h for h in histories if h.ticket.kind is kind], period)


def replayed_rate(histories: Sequence[History], cohort: Period) -> Rate:
    hits = n = 0
    for each in histories:
        resolved = inside(cohort, each.instants(EventKind.RESOLVED))
        n += bool(resolved)
        back = each.instants(EventKind.REOPENED)
        follow = {at: min((b for b in back if b >= at), default=None) for at in resolved}
        hits += any(b is not None and b - at <= timedelta(days=7) for at, b in follow.items())
    return Rate(hits, n)


def check_times(world: World, histories: Sequence[History], period: Period) -> None:
    with world.store.read() as session:
        acknowledged = metrics.acknowledgements(session, DESK_KEY, period)
        owned = metrics.times_to_own(session, DESK_KEY, period)
        resolved = metrics.resolutions(session, DESK_KEY, period)
    claims: dict[int, float] = {}
    owners: dict[int, float] = {}
    ends: dict[int, float] = {}
    for each in histories:
        raised_at = each.stands[0].at
        for found, instants in (
            (claims, each.instants(EventKind.CLAIMED)[:1]),
            (owners, [stand.at for stand in each.stands if stand.assignee][:1]),
            (ends, inside(period, each.instants(EventKind.RESOLVED))[-1:]),
        ):
            for at in inside(period, instants):
                found[each.ticket.id] = (at - raised_at).total_seconds()
    assert {each.ticket_id: each.seconds for each in acknowledged} == claims
    assert {each.ticket_id: each.seconds for each in owned} == owners
    assert {each.ticket_id: each.seconds for each in resolved} == ends


# --- by hand ---


def test_a_resolution_that_was_undone_counts_nowhere(world: World) -> None:
    ticket = world.raised()
    world.act(BEN, Action.CLAIM, ticket.number)
    world.tick()
    world.react(BEN, world.card(ticket), "white_check_mark")
    resolved_at = world.clock.now()
    world.forward(MINUTE)
    world.unreact(BEN, world.card(ticket), "white_check_mark")
    period = Period(START, world.clock.now() + DAY)
    with world.store.read() as session:
        assert metrics.ids_of(session, metrics.finished(DESK_KEY, period), INCIDENT) == []
        assert [each.state for each in metrics.open_at(session, DESK_KEY, resolved_at)] == [State.ASSIGNED]
        assert metrics.resolutions(session, DESK_KEY, period) == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([4, 4, 4, 4, 4], None),
        ([4, 4, 4, 4, 4, 4], Limits(4, 4)),
        # mean 10, moving ranges 2 4 2 2 2 (mean 2.4): 10 ± 6.384
        ([9, 11, 7, 9, 11, 13], Limits(4, 16)),
        # only the last eight count: mean 1, ranges all 2: 1 ± 5.32, never below nothing
        ([90, 2, 0, 2, 0, 2, 0, 2, 0], Limits(0, 6)),
    ],
)
def test_control_limits_are_those_of_an_xmr_chart(values: list[int], expected: Limits | None) -> None:
    assert metrics.control_limits(values) == expected


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([], 50, None), ([7], 90, 7), ([1, 2, 3, 4], 50, 2), (range(1, 11), 90, 9), (range(1, 12), 90, 10)],
)
def test_percentiles_are_by_nearest_rank(values: Sequence[int], percent: int, expected: int | None) -> None:
    assert metrics.percentile(list(values), percent) == expected


def policy(world: World) -> int:
    with world.store.write() as session:
        row = ServicePolicy(
            desk_key=DESK_KEY, kind=INCIDENT, name="standard", content={}, digest="", effective_from=START
        )
        session.add(row)
        session.flush()
        return row.id


def clock(world: World, ticket: Ticket, policy_id: int, **more: object) -> int:
    """A resolve clock that runs, but for what is said."""
    values: dict[str, object] = {
        "ticket_id": ticket.id,
        "desk_key": DESK_KEY,
        "kind": ticket.kind,
        "clock": ClockName.RESOLVE,
        "cycle": 1,
        "priority": ticket.priority,
        "policy_id": policy_id,
        "state": ClockState.RUNNING,
        "target": 3600,
        "started_at": START,
        "due_at": START + timedelta(hours=1),
        "history": {},
    }
    with world.store.write() as session:
        row = ServiceClock(**(values | more))
        session.add(row)
        session.flush()
        return row.id


def stopped(at: datetime, **more: object) -> dict[str, object]:
    return {"state": ClockState.MET, "stopped_at": at, "determined_at": at, "elapsed": 60} | more


def test_what_is_open_and_overdue_is_broken_now_and_what_runs_is_in_neither(world: World) -> None:
    policy_id, hour = policy(world), START + timedelta(hours=1)
    tickets = [world.raised(f"Number {number}") for number in range(5)]
    clock(world, tickets[0], policy_id, **stopped(hour))
    clock(world, tickets[1], policy_id, breached_at=hour, determined_at=hour)
    clock(world, tickets[2], policy_id)  # overdue, and nobody has decided so yet
    clock(world, tickets[3], policy_id, due_at=START + DAY)
    clock(world, tickets[4], policy_id, state=ClockState.CANCELLED, stopped_at=hour, due_at=None)
    period = Period(START, START + timedelta(hours=2))
    with world.store.read() as session:
        met = {each.ticket_id: each.met for each in metrics.outcomes(session, DESK_KEY, period)}
        rates = metrics.attainment(session, DESK_KEY, period, ClockName.RESOLVE)
        nothing = metrics.outcomes(session, DESK_KEY, Period(START, hour))
    assert met == {tickets[0].id: True, tickets[1].id: False, tickets[2].id: False}
    assert rates == {INCIDENT: Rate(1, 3), REQUEST: Rate(0, 0)}
    assert nothing == []


def test_at_risk_is_past_a_warning_running_and_not_broken(world: World) -> None:
    policy_id = policy(world)
    tickets = [world.raised(f"Number {number}") for number in range(4)]
    ids = [
        clock(world, tickets[0], policy_id),
        clock(world, tickets[1], policy_id, state=ClockState.PAUSED, due_at=None),
        clock(world, tickets[2], policy_id, breached_at=START + MINUTE, determined_at=START + MINUTE),
        clock(world, tickets[3], policy_id),
    ]
    points = ["50%", "50%", "50%", "50%>0"]
    with world.store.write() as session:
        for clock_id, point in zip(ids, points, strict=True):
            told = {"disposition": Disposition.TOLD, "is_late": False, "told_key": None}
            session.add(Milestone(clock_id=clock_id, point=point, due_at=START, decided_at=START, **told))
    with world.store.read() as session:
        found = metrics.at_risk(session, DESK_KEY, START + 30 * MINUTE)
    assert found == {INCIDENT: [tickets[0].id], REQUEST: []}


def test_replies_are_public_words_of_agents_and_several_questions_are_one_wait(world: World) -> None:
    ticket = world.raised()
    said = [
        (1, Speaker.DESK, Visibility.INTERNAL),
        (2, Speaker.OTHER, Visibility.PUBLIC),
        (5, Speaker.DESK, Visibility.PUBLIC),
        (10, Speaker.REQUESTER, Visibility.PUBLIC),
        (20, Speaker.REQUESTER, Visibility.PUBLIC),
        (40, Speaker.DESK, Visibility.PUBLIC),
        (50, Speaker.DESK, Visibility.PUBLIC),
    ]
    with world.store.write() as session:
        for minute, speaker, visibility in said:
            session.add(
                Comment(
                    ticket_id=ticket.id,
                    author_id=BEN,
                    visibility=visibility,
                    speaker=speaker,
                    text="Hello",
                    files=[],
                    written_at=ticket.raised_at + minute * MINUTE,
                )
            )
    period = Period(ticket.raised_at, ticket.raised_at + DAY)
    with world.store.read() as session:
        assert [each.seconds for each in metrics.first_replies(session, DESK_KEY, period)] == [300]
        assert [each.seconds for each in metrics.next_replies(session, DESK_KEY, period)] == [1800]
        later = Period(period.start + 6 * MINUTE, period.end)
        assert metrics.first_replies(session, DESK_KEY, later) == []


def test_the_queue_is_that_of_the_moment_in_which_the_ticket_came(world: World) -> None:
    tickets = []
    for number in range(3):
        tickets.append(world.raised(f"Number {number}"))
        world.tick()
    world.act(BEN, Action.RESOLVE, tickets[0].number, text="Done")
    world.tick()
    world.act(
        BEN, Action.PRIORITISE, tickets[2].number, impact=Level.HIGH, urgency=Level.HIGH, text="All are hit"
    )
    world.tick()
    last = world.raised("The last")
    with world.store.read() as session:
        assert metrics.queue_position(session, world.ticket(tickets[2].number)) == (3, 3)
        assert metrics.queue_position(session, last) == (3, 3)


def test_what_is_usual_needs_ten_tickets_and_counts_each_once(world: World) -> None:
    policy_id = policy(world)
    for number in range(9):
        ticket = world.raised(f"Number {number}")
        at = START + timedelta(hours=number)
        clock(world, ticket, policy_id, **stopped(at, elapsed=60 * (number + 1)))
    clock(world, ticket, policy_id, **stopped(START + DAY, elapsed=700, cycle=2))
    args = (DESK_KEY, INCIDENT, ticket.priority, START + 2 * DAY)
    with world.store.read() as session:
        assert metrics.usual_resolution(session, *args) is None
    tenth = world.raised("Number 10")
    clock(world, tenth, policy_id, **stopped(START + DAY, elapsed=6000))
    with world.store.read() as session:
        usual = metrics.usual_resolution(session, *args)
        assert usual == metrics.Usual(n=10, median_seconds=300, p90_seconds=700)
        assert metrics.usual_resolution(session, *args[:3], START + 100 * DAY) is None
