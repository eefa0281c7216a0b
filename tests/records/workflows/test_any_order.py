"""One story, heard of in any order, several times and by several replicas, ends as it does in order and once.

What converges: one person's emoji on one message by `event_ts`, messages by `ts`, their edits and deletions.
Between persons the first commit wins, so each story has one emoji of one person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.models import Comment, Reaction, Ticket
from bot.models.vocabulary import State, Visibility
from bot.store import Store
from bot.workflows import records
from bot.workflows.facts import Message
from bot.workflows.gestures import AnyGesture
from bot.workflows.intake import Intake
from tests.records.workflows.world import ANA, BEN, START, TRIAGE, World, root_of

REPLICAS = 3
LASTS = timedelta(minutes=1)
"""How long a story takes, at most."""
ADD, REMOVE = True, False


@dataclass(frozen=True)
class Event:
    """Something that Slack tells: at a second of the story, by whom, on the card or in the conversation."""

    second: int
    person: str
    at_card: bool
    emoji: str | None = None
    added: bool = ADD
    message: int | None = None
    """Which message it is, or changes."""
    text: str | None = None
    is_change: bool = False


@dataclass(frozen=True)
class Ending:
    """What can be seen when everything was heard of."""

    state: State
    assignee: str | None
    said: tuple[tuple[int, str, bool, bool], ...]
    """By message: the text, whether it is internal, whether it was deleted."""
    emoji_is_there: bool | None


@dataclass
class Stage:
    """A fresh ticket to play a story on, with several replicas that hear of it."""

    world: World
    replicas: list[Intake]

    def __post_init__(self) -> None:
        world = self.world
        world.age_directory(timedelta(0))
        world.clock.at = max(world.clock.at, START + LASTS)
        message = world.message(ANA, "The printer is on fire")
        self.ticket = world.raise_on(message)
        world.posted(f"opening:{self.ticket.id}")
        self.card = (TRIAGE, world.ts())
        self.is_posted = False
        self.base = int(world.clock.at.timestamp())
        world.forward(LASTS)

    def post(self) -> None:
        """We learn that the card is in Slack, and what waited for it is decided."""
        if self.is_posted:
            return
        self.is_posted = True
        self.world.put(f"card:{self.ticket.id}", *self.card)
        self.settle()

    def settle(self) -> None:
        """Decide what was kept."""
        with self.world.store.read() as session:
            waiting = [row.id for row in self.world.waiting_rows(session)]
        for number, row_id in enumerate(waiting):
            self.replicas[number % REPLICAS].decide_waiting(row_id)

    def hear(self, event: Event, delivery: int) -> None:
        """One delivery of an event, under an id of its own."""
        gesture = self.gesture(event)
        key = f"{gesture.key}:{delivery}"
        self.replicas[delivery % REPLICAS].handle(gesture.model_copy(update={"key": key}))

    def gesture(self, event: Event) -> AnyGesture:
        channel, root = self.card if event.at_card else root_of(self.ticket)
        own_ts = f"{self.base + event.second}.{self.ticket.id:06d}"
        if event.emoji is not None:
            put = self.world.reacted
            return put(event.person, (channel, root), event.emoji, added=event.added, event_ts=own_ts)
        ts = self.ts_of(event.message or 0)
        message = Message(
            channel=channel, ts=ts, text=event.text or "", author_id=event.person, thread_ts=root
        )
        if not event.is_change:
            return self.world.wrote(message)
        change = self.world.edited(message, event.text)
        return change.model_copy(update={"changed_ts": own_ts, "key": f"{channel}:{ts}:{own_ts}"})

    def ts_of(self, message: int) -> str:
        return f"{self.base + message}.{500_000 + self.ticket.id:06d}"

    def ending(self) -> Ending:
        with self.world.store.read() as session:
            assert records.verify(session) == []
            ticket = session.get_one(Ticket, self.ticket.id)
            rows = session.scalars(select(Comment).where(Comment.ticket_id == ticket.id)).all()
            there = session.scalars(
                select(Reaction.is_present).where(Reaction.ts.in_([self.card[1], ticket.conversation_ts]))
            ).first()
            told = {f"relay:{row.id}" for row in rows if row.visibility is Visibility.PUBLIC}
        assert told <= self.world.outbox("relay:").keys()
        said = sorted(as_said(row, self.base) for row in rows)
        return Ending(ticket.state, ticket.assignee_id, tuple(said), there)


def as_said(row: Comment, base: int) -> tuple[int, str, bool, bool]:
    message = int((row.ts or "").partition(".")[0]) - base
    is_deleted = row.deleted_at is not None
    # What a message said last before it was deleted is nowhere to be seen.
    return message, "" if is_deleted else row.text, row.visibility is Visibility.INTERNAL, is_deleted


# --- stories ---

WHERE = st.sampled_from([(ANA, False), (BEN, True), (BEN, False)])
UNMARKED = st.sampled_from(["Hello", "It is hot"])
TEXTS = st.one_of(UNMARKED, st.just("note: careful"))
LAST: st.SearchStrategy[list[str | None]] = st.sampled_from([[], [None], ["note: careful"]])


@st.composite
def messages(draw: st.DrawFn) -> list[Event]:
    """Messages with their edits, and perhaps their deletion, at seconds that nothing else has."""
    events = []
    for number in range(draw(st.integers(0, 3))):
        person, at_card = draw(WHERE)
        second = 1 + 10 * number
        event = Event(second, person, at_card, message=second, text=draw(TEXTS))
        events.append(event)
        texts = [*draw(st.lists(UNMARKED, max_size=2)), *draw(LAST)]
        for later, text in enumerate(texts, start=1):
            events.append(replace(event, second=second + later, text=text, is_change=True))
    return events


@st.composite
def emoji(draw: st.DrawFn) -> list[Event]:
    """One emoji of one agent, put on and taken off."""
    name, most = draw(st.sampled_from([("eyes", 4), ("hourglass", 1), ("rotating_light", 1)]))
    first, at_card = draw(st.integers(0, 3)), draw(st.booleans())
    return [
        Event(5 + 10 * (first + number), BEN, at_card, emoji=name, added=number % 2 == 0)
        for number in range(draw(st.integers(0, most)))
    ]


@st.composite
def stories(draw: st.DrawFn) -> list[Event]:
    """In the order in which it happened."""
    return sorted(draw(messages()) + draw(emoji()), key=lambda event: event.second)


@pytest.fixture
def replicas(world: World, store: Store) -> Iterator[list[Intake]]:
    """Each with connections of its own on PostgreSQL; SQLite has one process."""
    url = store.engine.url.render_as_string(hide_password=False)
    own = [] if store.is_sqlite else [Store(url) for _ in range(REPLICAS - 1)]
    yield [Intake(each, world.clock) for each in (store, *own, *[store] * REPLICAS)][:REPLICAS]
    for each in own:
        each.close()


def in_order(stage: Stage, story: list[Event]) -> Ending:
    stage.post()
    for event in story:
        stage.hear(event, 0)
    return stage.ending()


def check(world: World, replicas: list[Intake], story: list[Event], data: st.DataObject) -> None:
    expected = in_order(Stage(world, replicas), story)
    repeats = data.draw(st.lists(st.sampled_from(story), max_size=2 * len(story))) if story else []
    heard = data.draw(st.permutations(story + repeats))
    posted = data.draw(st.integers(0, len(heard)))
    stage = Stage(world, replicas)
    for number, event in enumerate(heard):
        if number == posted:
            stage.post()
        stage.hear(event, number)
    stage.post()
    assert stage.ending() == expected


FEW = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize("database_kind", ["sqlite"])
@settings(FEW, max_examples=25)
@given(story=stories(), data=st.data())
def test_a_story_ends_the_same_however_it_is_heard(
    world: World, replicas: list[Intake], story: list[Event], data: st.DataObject
) -> None:
    check(world, replicas, story, data)


@pytest.mark.parametrize("database_kind", ["postgresql"])
@settings(FEW, max_examples=6)
@given(story=stories(), data=st.data())
def test_a_story_ends_the_same_whichever_replica_hears_of_it(
    world: World, replicas: list[Intake], story: list[Event], data: st.DataObject
) -> None:
    check(world, replicas, story, data)
