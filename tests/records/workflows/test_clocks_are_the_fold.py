"""However a ticket was worked on, the rows of its clocks say what a replay of its timeline says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.models import Ticket
from bot.models.vocabulary import WAITING_STATES, Action, Level, State
from bot.service_levels.clocks import Cycle, Promise
from bot.store import Store
from bot.workflows import timekeeping
from tests.records.workflows.world import (
    ANA,
    BEN,
    CORA,
    LEA,
    SECOND,
    SLA,
    World,
    desk_text,
    empty,
    root_of,
)

TIGHTER = """
    calendar: always
    respond_by: [reply]
    pause_while: [waiting_requester, waiting_approval]
    warn_at: [60%]
    targets:
      P1: {respond: 5m, resolve: 1h, update: 10m}
      P2: {respond: 10m, resolve: 2h, update: 20m}
      P3: {respond: 20m, resolve: 5h}
      P4: {respond: 1h, resolve: 9h}
      P5: {respond: 2h}
    escalate:
      - {at: "respond breach + 30m", to: managers}
      - {at: "resolve 90%", to: leads}
"""
IN_OFFICE_HOURS = SLA.replace("calendar: always", "calendar: office").replace("P3: {", "P3: {update: 2h, ")
WITHOUT_RESOLVE = SLA.replace("resolve: 24h", "warn_at: [50%]").replace("resolve: 4h, ", "")
URGENT_RESPONSES: Final = TIGHTER.replace("P3: {respond: 20m, ", "P3: {").replace(
    "P4: {respond: 1h, ", "P4: {"
)
POLICIES: Final = {
    "usual": SLA,
    "urgent responses": URGENT_RESPONSES,
    "tighter": TIGHTER,
    "office": IN_OFFICE_HOURS,
    "without resolve": WITHOUT_RESOLVE,
}
EMOJI: Final = ("white_check_mark", "hourglass", "rotating_light")

AGENTS = st.sampled_from([BEN, CORA, LEA])
LEVELS = st.sampled_from(list(Level))
WAITING = sorted(WAITING_STATES)


@dataclass
class Life:
    """A ticket, and what may happen to it."""

    world: World
    ticket: Ticket
    reacted: tuple[str, str] | None = None

    def pass_time(self, seconds: int) -> None:
        self.world.forward(timedelta(seconds=seconds))

    def act(self, who: str, action: Action, late: int = 0, **more: object) -> None:
        gesture = self.world.acted(who, action, self.ticket.number, **more)
        self.world.handle(gesture.model_copy(update={"at": self.earlier(late)}))

    def assign(self, who: str, to: str, late: int) -> None:
        self.act(who, Action.ASSIGN, late, assignee_id=to)

    def wait(self, who: str, state: State, late: int) -> None:
        self.act(who, Action.WAIT, late, wait_for=state)

    def prioritise(self, impact: Level, urgency: Level, late: int) -> None:
        self.act(BEN, Action.PRIORITISE, late, impact=impact, urgency=urgency, text="why")

    def reply(self, who: str, late: int) -> None:
        self.say(who, late, *self.world.card(self.ticket))

    def answer(self, late: int) -> None:
        self.say(ANA, late, *root_of(self.ticket))

    def say(self, who: str, late: int, channel: str, thread_ts: str) -> None:
        message = self.world.message(who, "hello", channel, thread_ts=thread_ts)
        self.world.handle(self.world.wrote(replace(message, ts=self.world.ts(self.earlier(late)))))

    def react(self, who: str, emoji: str, late: int) -> None:
        at = self.world.ts(self.earlier(late))
        self.world.handle(self.world.reacted(who, self.world.card(self.ticket), emoji, event_ts=at))
        self.reacted = who, emoji

    def take_back(self) -> None:
        if self.reacted is not None:
            who, emoji = self.reacted
            self.world.unreact(who, self.world.card(self.ticket), emoji)

    def promise(self, policy: str) -> None:
        # No two things happen in one instant: what was before a version and what after it must be clear.
        self.world.tick()
        self.world.configure(desk_text(POLICIES[policy]))
        self.world.tick()

    def earlier(self, late: int) -> datetime:
        return self.world.clock.at - timedelta(seconds=late)


Step = tuple[str, dict[str, Any]]


def step(name: str, **values: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return st.tuples(st.just(name), st.fixed_dictionaries(values))


LATE = st.sampled_from([0, 0, 0, 1, 40, 1000])
ACTIONS = [Action.CLAIM, Action.RELEASE, Action.RESUME, Action.RESOLVE, Action.REOPEN]
STEPS: st.SearchStrategy[Step] = st.one_of(
    step("pass_time", seconds=st.sampled_from([0, 1, 59, 300, 1800, 7200, 90_000])),
    step("act", who=st.sampled_from([BEN, CORA, ANA]), action=st.sampled_from(ACTIONS), late=LATE),
    step("act", who=st.just(ANA), action=st.just(Action.CANCEL)),
    step("assign", who=AGENTS, to=AGENTS, late=LATE),
    step("wait", who=AGENTS, state=st.sampled_from(WAITING), late=LATE),
    step("prioritise", impact=LEVELS, urgency=LEVELS, late=LATE),
    step("reply", who=AGENTS, late=LATE),
    step("answer", late=LATE),
    step("react", who=AGENTS, emoji=st.sampled_from(EMOJI), late=LATE),
    step("take_back"),
    step("promise", policy=st.sampled_from(sorted(POLICIES))),
)


def check(world: World, ticket: Ticket) -> None:
    """The rows say what the replay says, and fire when a search through time says so."""
    now = world.clock.at
    with world.store.read() as session:
        known = session.scalars(select(Ticket).where(Ticket.id == ticket.id)).one()
        clocks = timekeeping.read_clocks(session, known)
        if clocks is None:
            return
        expected = timekeeping.replayed(session, known).settled(now)
        assert by_name(clocks.held.settled(now).cycles) == by_name(expected.cycles)
        if any(cycle.is_open for cycle in expected.cycles):
            assert (clocks.held.promise, clocks.held.waiting) == (expected.promise, expected.waiting)
        for key, kept in clocks.kept.items():
            fires_at = clocks.rows[key].next_fire_at
            assert fires_at == searched(kept.cycle, kept.decided, clocks.held.promise), key


def by_name(cycles: tuple[Cycle, ...]) -> Mapping[str, Cycle]:
    return {f"{cycle.clock}/{cycle.number}": cycle for cycle in cycles}


def searched(cycle: Cycle, decided: frozenset[str], promise: Promise) -> datetime | None:
    """The earliest second at which something is still to be decided of a clock that was just looked at."""
    if not cycle.is_running:
        return None
    found = []
    for point in promise.points(cycle.clock):
        if point.name in decided or (point.percent < 100 and cycle.breach is not None):
            continue
        if point.after and cycle.breach is None:
            continue
        target = cycle.term.target * point.percent / 100
        amount = cycle.breach.elapsed + point.after if cycle.breach and point.after else target
        found.append(first_second(cycle, amount))
    return min(found, default=None)


def first_second(cycle: Cycle, amount: timedelta) -> datetime:
    low, high = cycle.started_at, cycle.started_at + timedelta(days=400)
    while high - low > SECOND / 1_000_000:
        middle = low + (high - low) / 2
        low, high = (low, middle) if cycle.elapsed(middle) >= amount else (middle, high)
    return high


@pytest.mark.parametrize("database_kind", ["sqlite"])
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    steps=st.lists(STEPS, max_size=16),
    was_promised=st.booleans(),
    backdated=st.sampled_from([0, 600, 20_000]),
)
def test_the_rows_say_what_a_replay_says(
    store: Store, steps: list[Step], was_promised: bool, backdated: int
) -> None:
    empty(store)
    world = World(store)
    if was_promised:
        world.configure(desk_text())
    message = replace(
        world.message(ANA, "The printer is on fire"),
        ts=world.ts(world.clock.at - timedelta(seconds=backdated)),
    )
    ticket = world.raise_on(message)
    world.posted(f"opening:{ticket.id}")
    world.posted(f"card:{ticket.id}")
    life = Life(world, world.ticket(ticket.number))
    for name, values in steps:
        getattr(life, name)(**values)
        world.look()
        check(world, ticket)
    world.pass_time(timedelta(days=2), step=timedelta(hours=5))
    check(world, ticket)
