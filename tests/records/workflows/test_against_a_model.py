"""The whole life of tickets, played by several people at random, against a model in plain Python."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import groupby, pairwise
from typing import Any, Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from bot.models import Comment, StateInterval, TimelineEvent
from bot.models import Ticket as Record
from bot.models.vocabulary import ENDED_STATES, WAITING_STATES, Action, EventKind, Level, State, Visibility
from bot.store import Store
from bot.workflows import closing, records
from bot.workflows.facts import Message
from bot.workflows.gestures import AnyGesture
from bot.workflows.outcomes import Deferred, Done, Ignored, Outcome, Refused
from tests.records.workflows.model import STANDINGS, Denied, Meaningless, Model, Said, Standing, Ticket
from tests.records.workflows.world import (
    ANA,
    APP,
    BEN,
    BOB,
    CORA,
    DESK,
    DIRECT,
    FORMER,
    GUEST,
    HELP,
    LEA,
    MARIA,
    RANDOM,
    ROOT,
    STRANGER,
    TRIAGE,
    World,
    empty,
)

At = tuple[str, str]
Fold = tuple[State, str | None, str]
"""State, assignee and priority."""

REQUESTER, ASSIGNEE = "the requester", "the assignee"
ANYBODY: Final = (ANA, BOB, BEN, CORA, LEA, MARIA, ROOT, GUEST, STRANGER, APP, FORMER)
AT_THE_DESK: Final = (BEN, CORA, LEA)
PEOPLE = st.sampled_from([*AT_THE_DESK, ASSIGNEE, REQUESTER] * 3 + list(ANYBODY))
RAISERS = st.sampled_from([ANA, BEN] * 3 + list(ANYBODY))
WRITERS = st.sampled_from([ANA, BOB, BEN, ANA, GUEST])
WITH_DIRECT_MESSAGES = st.sampled_from([ANA, BOB, ANA, BEN, GUEST])
LEVELS = st.sampled_from(list(Level))
WAITS = st.sampled_from([State.WAITING_REQUESTER, *sorted(WAITING_STATES)])
TEXTS = st.sampled_from(["It is fixed", "Still broken", "Thanks"])
PICK = st.sampled_from([0, 0, 0, 1, 2, 3, 4, 5, 6])
"""Mostly the newest."""
MEANINGS = st.sampled_from(["claim", "resolve", "wait", "urgent", "claim", "private"])
PAUSES: Final = (timedelta(minutes=1), timedelta(minutes=6), timedelta(hours=30), timedelta(days=3))
MOST_TICKETS: Final = 3
NAMED: Final = (Action.CLAIM, Action.RELEASE, Action.RESUME, Action.REOPEN, Action.CLOSE, Action.CANCEL)
"""Actions that say nothing more."""
SELDOM: Final = (Action.ACKNOWLEDGE, Action.MAKE_PRIVATE, Action.MAKE_PUBLIC)


class Desk(RuleBasedStateMachine):
    """People at a desk. Each step does something to the records and to the model."""

    store: Store

    def __init__(self) -> None:
        super().__init__()
        empty(self.store)
        self.world = World(self.store)
        self.model = Model()
        self.last: AnyGesture | None = None

    # --- raising ---

    @initialize(person=WRITERS.filter(lambda person: person not in STANDINGS))
    def begin(self, person: str) -> None:
        self.raise_by_form(person, is_private=False, in_channel=True, impact=Level.MEDIUM)
        self.deliver()

    def has_room(self) -> bool:
        return len(self.model.tickets) < MOST_TICKETS

    def raise_by_form(self, person: str, *, is_private: bool, in_channel: bool, impact: Level) -> None:
        self.world.tick()
        channel = HELP if in_channel else None
        gesture = self.world.filed(person, "Help", channel, is_private=is_private, impact=impact)
        outcome = self.hear(gesture, lambda: self.model.require_member(person))
        self.raised(outcome, person, is_private=is_private, impact=impact)

    def raise_by_emoji(self, person: str, author: str, *, is_private: bool) -> None:
        self.world.tick()
        message = self.world.message(author, "Help")
        where = (message.channel, message.ts)
        emoji = "shushing_face" if is_private else "ticket"
        outcome = self.world.react(person, where, emoji)
        self.model.present[person, where, emoji] = None
        if person in STANDINGS:
            assert isinstance(outcome, Refused)
            return
        assert isinstance(outcome, Deferred)  # what it says must be read first
        _, outcome = self.world.supply(message)
        self.raised(outcome, author, is_private=is_private, message=message, is_open=True)

    def raise_by_shortcut(self, person: str, author: str, channel: str) -> None:
        self.world.tick()
        message = self.world.message(author, "Help", channel)
        outcome = self.hear(self.world.pointed(person, message), lambda: self.model.require_member(person))
        self.raised(outcome, author, message=message)

    def raise_by_mention(self, person: str) -> None:
        self.world.tick()
        message = self.world.message(person, "Help")
        gesture = self.world.wrote(message, is_mention=True)
        outcome = self.hear(gesture, lambda: self.model.require_member(person))
        self.raised(outcome, person, message=message)

    @precondition(has_room)
    @rule(how=st.sampled_from(["form", "emoji", "shortcut", "mention"]), person=RAISERS, data=st.data())
    def raise_one(self, how: str, person: str, data: st.DataObject) -> None:
        match how:
            case "form":
                is_private, in_channel = data.draw(st.booleans()), data.draw(st.booleans())
                impact = data.draw(LEVELS)
                self.raise_by_form(person, is_private=is_private, in_channel=in_channel, impact=impact)
            case "emoji":
                self.raise_by_emoji(person, data.draw(WRITERS), is_private=data.draw(st.booleans()))
            case "shortcut":
                channel = data.draw(st.sampled_from([HELP, RANDOM]))
                self.raise_by_shortcut(person, data.draw(WRITERS), channel)
            case _:
                self.raise_by_mention(person)

    @precondition(has_room)
    @rule(person=WITH_DIRECT_MESSAGES)
    def write_directly(self, person: str) -> None:
        """The first direct message raises a ticket; while one is open the person is asked."""
        self.world.tick()
        message = self.world.message(person, "Help", DIRECT[person])
        outcome = self.hear(self.world.wrote(message), lambda: self.model.require_member(person))
        if isinstance(outcome, Done) and self.model.open_of(person):
            assert outcome.event == "asked"
            self.model.offers[message.channel, message.ts] = (person, message.text, self.world.clock.at)
            return
        self.raised(outcome, person, message=message, is_private=True)

    @precondition(lambda self: self.model.offers)
    @rule(pick=PICK, is_new=st.booleans())
    def choose(self, pick: int, *, is_new: bool) -> None:
        """The answer to where a direct message belongs."""
        where, (person, text, written_at) = list(self.model.offers.items())[pick % len(self.model.offers)]
        mine = [ticket for ticket in self.model.tickets if ticket.requester == person]
        is_new = is_new and self.has_room()
        self.world.tick()
        del self.model.offers[where]
        ticket = None if is_new or not mine else mine[pick % len(mine)]
        message = Message(channel=where[0], ts=where[1], text=text, author_id=person)
        gesture = self.world.chose(person, message, ticket.number if ticket else None)
        now = self.world.clock.at
        if ticket is None:
            self.raised(self.hear(gesture, lambda: None), person, message=message, is_private=True)
        else:
            self.hear(gesture, lambda: ticket.comment(person, now, text, where, written_at))

    # --- buttons, forms and words ---

    @rule(person=PEOPLE, action=st.sampled_from([*NAMED, *NAMED, *SELDOM]), pick=PICK)
    def press(self, person: str, action: Action, pick: int) -> None:
        ticket = self.ticket(pick)
        person = self.who(person, ticket)
        self.act(person, action, ticket, lambda now: getattr(ticket, action.value)(person, now))

    @rule(person=PEOPLE, to=st.sampled_from([*AT_THE_DESK * 3, ANA, MARIA, GUEST]), pick=PICK)
    def assign(self, person: str, to: str, pick: int) -> None:
        ticket = self.ticket(pick)
        person = self.who(person, ticket)
        more = {"assignee_id": to}
        self.act(person, Action.ASSIGN, ticket, lambda now: ticket.assign(person, now, to), **more)

    @rule(person=PEOPLE, state=WAITS, pick=PICK)
    def wait(self, person: str, state: State, pick: int) -> None:
        ticket = self.ticket(pick)
        person = self.who(person, ticket)
        more = {"wait_for": state}
        self.act(person, Action.WAIT, ticket, lambda now: ticket.wait(person, now, state), **more)

    @rule(person=PEOPLE, text=st.none() | TEXTS, pick=PICK)
    def resolve(self, person: str, text: str | None, pick: int) -> None:
        ticket = self.ticket(pick)
        person = self.who(person, ticket)
        self.act(person, Action.RESOLVE, ticket, lambda now: ticket.resolve(person, now, text), text=text)

    @rule(person=PEOPLE, impact=LEVELS, urgency=LEVELS, pick=PICK)
    def prioritise(self, person: str, impact: Level, urgency: Level, pick: int) -> None:
        ticket = self.ticket(pick)
        person = self.who(person, ticket)
        more = {"impact": impact, "urgency": urgency, "text": "why"}
        act = lambda now: ticket.prioritise(person, now, impact, urgency, "why")  # noqa: E731
        self.act(person, Action.PRIORITISE, ticket, act, **more)

    @rule(person=PEOPLE, action=st.sampled_from([Action.NOTE, Action.SPEAK]), text=TEXTS, pick=PICK)
    def fill_in(self, person: str, action: Action, text: str, pick: int) -> None:
        ticket = self.ticket(pick)
        person = self.who(person, ticket)
        self.act(
            person, action, ticket, lambda now: getattr(ticket, action.value)(person, now, text), text=text
        )

    # --- messages ---

    @precondition(lambda self: self.model.anchors)
    @rule(person=PEOPLE, text=TEXTS, is_note=st.booleans(), pick=PICK)
    def reply(self, person: str, text: str, pick: int, *, is_note: bool) -> None:
        """In a card's thread or in a conversation."""
        person, where = self.anchor(pick, person)
        self.world.tick()
        said = f"note: {text}" if is_note else text
        message = self.world.message(person, said, where[0], thread_ts=where[1])
        ticket = self.model.at(where)
        assert ticket is not None
        at = (message.channel, message.ts)
        begins = (
            where[0] != TRIAGE and ticket.now.state in ENDED_STATES and person == ticket.requester
        ) and person not in STANDINGS
        if begins:
            self.continue_with(ticket, message, person)
            return
        now = self.world.clock.at

        def expect() -> None:
            if person in STANDINGS and (person != ticket.requester or where[0] == TRIAGE):
                raise Meaningless
            if where[0] != TRIAGE:
                ticket.comment(person, now, said, at, now)
            elif is_note:
                ticket.note(person, now, text, at)
            else:
                ticket.speak(person, now, text, at)

        self.hear(self.world.wrote(message, parent=ANA), expect)

    def continue_with(self, ended: Ticket, message: Message, person: str) -> None:
        """After the end the requester's reply opens another ticket: the thread's from then on."""
        outcome = self.hear(self.world.wrote(message, parent=ANA), lambda: None)
        ticket = self.raised(outcome, person, message=message, is_private=ended.is_private, continues=ended)
        ended.become("continued", self.world.clock.at)
        ended.continued_by = ticket

    @rule(text=st.none() | TEXTS.flatmap(lambda text: st.sampled_from([text, f"note: {text}"])), pick=PICK)
    def change(self, text: str | None, pick: int) -> None:
        """A message is edited or deleted. Nothing that was deleted is heard of again."""
        places = [(t, at) for t in self.model.tickets for at in self.messages_of(t)]
        if not places:
            return
        ticket, where = places[pick % len(places)]
        self.world.tick()
        message = Message(channel=where[0], ts=where[1], text="", author_id=ANA)
        is_gone = self.model.changes.get(where, False)
        self.model.changes[where] = is_gone or text is None
        now = self.world.clock.at

        def expect() -> None:
            if is_gone:
                raise Meaningless
            ticket.change(where, now, text)

        self.hear(self.world.edited(message, text), expect)

    @staticmethod
    def messages_of(ticket: Ticket) -> list[At]:
        return [at for at in (ticket.origin, *(said.at for said in ticket.said)) if at is not None]

    # --- emoji ---

    @precondition(lambda self: self.model.anchors)
    @rule(person=PEOPLE, meaning=MEANINGS, pick=PICK)
    def toggle(self, person: str, meaning: str, pick: int) -> None:
        """An emoji is put on a card or a conversation, or taken away where it is."""
        person, where = self.anchor(pick, person)
        self.flip(person, where, meaning, DESK.emoji[meaning][0])

    @precondition(lambda self: self.model.present)
    @rule(pick=PICK)
    def take_back(self, pick: int) -> None:
        """The one put on last, or one of those before."""
        known = [entry for entry in self.model.present if entry[1] in self.model.anchors]
        if known:
            person, where, emoji = known[-1 - pick % len(known)]
            meaning = next(meaning for meaning, names in DESK.emoji.items() if emoji in names)
            self.flip(person, where, meaning, emoji)

    def flip(self, person: str, where: At, meaning: str, emoji: str) -> None:
        self.world.tick()
        added = (person, where, emoji) not in self.model.present
        if added:
            self.model.present[person, where, emoji] = None
        else:
            del self.model.present[person, where, emoji]
        ticket = self.model.at(where)
        assert ticket is not None
        now = self.world.clock.at

        def expect() -> None:
            if meaning == "raise" or (meaning == "private" and not added):
                raise Meaningless
            (ticket.put if added else ticket.take)(person, now, where, meaning, emoji)

        self.hear(self.world.reacted(person, where, emoji, added=added), expect)

    # --- time, delivery, repeats ---

    @rule(pause=st.sampled_from(PAUSES))
    def pass_time(self, pause: timedelta) -> None:
        self.world.forward(pause)
        closing.close_due(self.store, self.world.clock.at)
        for ticket in self.model.tickets:
            if ticket.close_at is not None and ticket.close_at <= self.world.clock.at:
                ticket.become("closed", ticket.close_at, state=State.CLOSED)

    @rule()
    def deliver(self) -> None:
        """Openings and cards arrive in Slack; from then on they stand for their tickets."""
        for kind in ("opening", "card"):
            for key, row in self.world.outbox(f"{kind}:").items():
                if row.ts is None:
                    ticket_id = row.ticket_id
                    where = self.world.posted(key)
                    number = next(t.number for t in self.world.tickets() if t.id == ticket_id)
                    self.model.anchors[where] = self.model.numbered(number)

    @precondition(lambda self: self.last is not None)
    @rule()
    def repeat(self) -> None:
        """What was done and is delivered again means nothing any more."""
        assert self.last is not None
        assert isinstance(self.world.handle(self.last), Ignored)

    # --- both sides ---

    def ticket(self, pick: int) -> Ticket:
        return self.model.tickets[-1 - pick % len(self.model.tickets)]

    @staticmethod
    def who(person: str, ticket: Ticket) -> str:
        if person == ASSIGNEE:
            return ticket.now.assignee or BEN
        return ticket.requester if person == REQUESTER else person

    def anchor(self, pick: int, person: str) -> tuple[str, At]:
        """A message that stands for a ticket, and who is there: direct messages are one person's alone."""
        places = list(self.model.anchors)
        where = places[-1 - pick % len(places)]
        ticket = self.model.at(where)
        assert ticket is not None
        owners = [owner for owner, channel in DIRECT.items() if channel == where[0]]
        return (owners or [self.who(person, ticket)])[0], where

    def act(
        self, person: str, action: Action, ticket: Ticket, expect: Callable[[Any], None], **more: Any
    ) -> None:
        self.world.tick()
        now = self.world.clock.at
        self.hear(self.world.acted(person, action, ticket.number, **more), lambda: expect(now))

    def hear(self, gesture: AnyGesture, expect: Callable[[], None]) -> Outcome:
        """Let the desk and the model decide; they must agree on whether it counts."""
        outcome = self.world.handle(gesture)
        try:
            expect()
            expected: type = Done
        except Denied:
            expected = Refused
        except Meaningless:
            expected = Ignored
        assert isinstance(outcome, expected), (gesture, outcome, expected)
        self.last = gesture if isinstance(outcome, Done) else None
        return outcome

    def raised(
        self,
        outcome: Outcome,
        requester: str,
        *,
        message: Message | None = None,
        is_private: bool = False,
        is_open: bool = False,
        impact: Level = Level.MEDIUM,
        continues: Ticket | None = None,
    ) -> Ticket | None:
        """The model learns of a new ticket, if there is one."""
        if isinstance(outcome, Refused):
            return None
        assert isinstance(outcome, Done)
        assert outcome.event in ("raised", "raised_privately")
        origin = (message.channel, message.ts) if message else None
        ticket = Ticket(outcome.number, requester, is_private, origin)
        if continues is None:
            ticket.now = Standing(impact=impact)
        else:
            ticket.now = Standing(impact=continues.now.impact, urgency=continues.now.urgency)
        self.model.tickets.append(ticket)
        if origin is not None and continues is None:
            self.model.anchors[origin] = ticket
        return ticket

    # --- what must hold after each step ---

    @invariant()
    def the_records_are_the_model(self) -> None:
        with self.store.read() as session:
            known = {ticket.number: ticket for ticket in session.scalars(select(Record))}
            assert set(known) == {ticket.number for ticket in self.model.tickets}
            events = grouped(session.scalars(select(TimelineEvent).order_by(TimelineEvent.seq)))
            spans = grouped(session.scalars(select(StateInterval).order_by(StateInterval.id)))
            said = grouped(session.scalars(select(Comment).order_by(Comment.id)))
            assert records.verify(session) == []
        for ticket in self.model.tickets:
            record = known[ticket.number]
            check_ticket(record, ticket)
            check_timeline(record, events[record.id], ticket)
            check_intervals(record, spans[record.id])
            assert [as_said(row) for row in said.get(record.id, [])] == ticket.said


def grouped(rows: Any) -> dict[int, list[Any]]:
    """By ticket, each in the order given."""
    by_ticket = sorted(rows, key=lambda row: row.ticket_id)
    return {ticket_id: list(of) for ticket_id, of in groupby(by_ticket, key=lambda row: row.ticket_id)}


def as_said(row: Comment) -> Said:
    return Said(
        author=row.author_id,
        text=row.text,
        is_internal=row.visibility is Visibility.INTERNAL,
        is_private=row.is_private,
        at=(row.channel, row.ts) if row.channel and row.ts else None,
        is_deleted=row.deleted_at is not None,
    )


def check_ticket(record: Record, ticket: Ticket) -> None:
    now = ticket.now
    assert (record.state, record.assignee_id, record.priority) == (now.state, now.assignee, now.priority)
    assert (record.impact, record.urgency) == (now.impact, now.urgency)
    assert (record.requester_id, record.is_private) == (ticket.requester, ticket.is_private)
    assert (record.resolved_by_id, record.resolution) == (now.resolved_by, now.resolution)
    assert record.close_at == ticket.close_at


def check_timeline(record: Record, events: list[TimelineEvent], ticket: Ticket) -> None:
    assert [event.kind.value for event in events] == ticket.kinds
    assert [event.seq for event in events] == list(range(1, record.version + 1))
    assert fold(events) == (record.state, record.assignee_id, record.priority)
    veils = [e.kind for e in events if e.kind in (EventKind.MADE_PRIVATE, EventKind.MADE_PUBLIC)]
    assert not veils or (veils[-1] is EventKind.MADE_PRIVATE) == record.is_private


def fold(events: list[TimelineEvent]) -> Fold:
    """How a ticket stands, from nothing but its timeline."""
    now: Fold = (State.NEW, None, events[0].data["priority"])
    stood: list[Fold] = []
    for event in events:
        stood.append(now)
        if event.kind is EventKind.UNDONE:
            kinds = [known.kind.value for known in events[: len(stood) - 1]]
            now = stood[len(kinds) - 1 - kinds[::-1].index(event.data["undone"])]
        else:
            now = after(event, *now)
    return now


def after(event: TimelineEvent, state: State, assignee: str | None, priority: str) -> Fold:
    match event.kind:
        case EventKind.CLAIMED | EventKind.ASSIGNED:
            working = State.ASSIGNED if state is State.NEW else state
            return working, event.data.get("to", event.actor_id), priority
        case EventKind.RELEASED:
            return State.NEW, None, priority
        case EventKind.WAITED:
            return State(event.data["to"]), assignee, priority
        case EventKind.RESUMED | EventKind.REOPENED:
            return State.ASSIGNED if assignee else State.NEW, assignee, priority
        case EventKind.RESOLVED:
            return State.RESOLVED, assignee or event.actor_id, priority
        case EventKind.CLOSED | EventKind.CANCELLED:
            return State(event.kind.value), assignee, priority
        case EventKind.PRIORITISED:
            return state, assignee, event.data["to"]
    return state, assignee, priority


def check_intervals(record: Record, spans: list[StateInterval]) -> None:
    """They follow each other without gap or overlap, and the last says how the ticket stands."""
    assert spans[0].started_at == record.raised_at
    for earlier, later in pairwise(spans):
        assert earlier.ended_at is not None
        assert earlier.started_at <= earlier.ended_at == later.started_at
    last = spans[-1]
    assert last.ended_at is None
    assert (last.state, last.assignee_id, last.priority) == (
        record.state,
        record.assignee_id,
        record.priority,
    )


EXAMPLES: Final = {"sqlite": 20, "postgresql": 5}


def test_whatever_people_do_the_records_are_what_the_model_says(store: Store, database_kind: str) -> None:
    machine = type("DeskOn", (Desk,), {"store": store})
    few = settings(
        max_examples=EXAMPLES[database_kind],
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=few)
