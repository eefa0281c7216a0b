"""A small company with one desk, its directory fresh, and hands to make gestures with.

Business time stands still until `World.forward` moves it, and starts at `START`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from bot import config
from bot.clock import Clock, instant_of, real_now
from bot.models import (
    Anchor,
    Base,
    Channel,
    Comment,
    Desk,
    Inbox,
    InboxState,
    Membership,
    Milestone,
    Numbering,
    Outbox,
    OutboxState,
    Person,
    ServiceClock,
    ServicePolicy,
    StateInterval,
    Ticket,
    TimelineEvent,
    Workspace,
)
from bot.models.vocabulary import Action, Kind, Level
from bot.store import Store
from bot.workflows import configuring, due, telling
from bot.workflows.desks import AgentSource, Definition
from bot.workflows.factcodec import encode_message, message_key
from bot.workflows.facts import Message
from bot.workflows.gestures import Acted, AnyGesture, Changed, Chose, Filed, Pointed, Reacted, Wrote
from bot.workflows.intake import Intake
from bot.workflows.outcomes import Deferred, Done, Outcome, Refused

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)

ANA, BOB = "UANA", "UBOB"  # members
BEN, CORA, LEA = "UBEN", "UCORA", "ULEA"  # agents; Lea leads
MARIA, ROOT = "UMARIA", "UROOT"  # a manager, the workspace's owner
GUEST, STRANGER, APP, FORMER = "UGUEST", "USTRANGER", "UAPP", "UFORMER"
OUTSIDERS = (GUEST, STRANGER, APP, FORMER)
AGENTS = (BEN, CORA, LEA)
BOT = "UBOT"

HELP, TRIAGE, RANDOM, ELSEWHERE = "CHELP", "CTRIAGE", "CRANDOM", "CELSEWHERE"
"""The request channel, the triage channel, one that the bot is in, and one that it is not in."""
MANAGERS = "CMANAGERS"
"""The managers' channel of a desk with service levels."""
DIRECT = {person: f"D{person[1:]}" for person in (ANA, BOB, BEN, CORA, LEA, MARIA, ROOT, GUEST)}
"""The bot's direct messages with people."""

DESK = Definition(
    key="it",
    name="IT Service Desk",
    timezone="Europe/Berlin",
    request_channels=(HELP,),
    triage_channel=TRIAGE,
    managers_channel=None,
    agents=AgentSource(kind="channel", ids=(TRIAGE,)),
    leads=(LEA,),
    managers=(MARIA,),
    administrators=None,
    close_after=3 * 24 * 3600,
    undo_within=5 * 60,
    emoji={
        "raise": ("ticket",),
        "claim": ("eyes", "raised_hand"),
        "resolve": ("white_check_mark",),
        "wait": ("hourglass",),
        "urgent": ("rotating_light",),
        "private": ("shushing_face",),
    },
    categories=("Hardware", "Other"),
    matrix={
        f"{impact.value}/{urgency.value}": f"P{5 - i - u}"
        for i, impact in enumerate(Level)
        for u, urgency in enumerate(Level)
    },
)


SLA = """
    calendar: always
    respond_by: [claim, reply]
    pause_while: [waiting_requester, waiting_supplier]
    warn_at: [50%, 80%]
    targets:
      P1: {respond: 15m, resolve: 4h, update: 30m, pause_while: []}
      P2: {respond: 1h, resolve: 8h}
      P3: {respond: 4h, resolve: 24h}
      P4: {respond: 24h, resolve: 5d}
      P5: {respond: 48h, resolve: 10d}
    escalate:
      - {at: "resolve breach", to: [assignee, leads]}
      - {at: "resolve breach + 1h", to: managers}
"""
"""What the desk promises unless a test says otherwise, around the clock. P3 is the usual priority."""
CALENDARS = """
  always: 24x7
  office: {timezone: Europe/Berlin, mon-fri: ["09:00-17:00"]}
"""


def desk_text(
    sla: str = SLA, *, kinds: str = "{incident: standard}", calendars: str = CALENDARS, **changes: str
) -> str:
    """A desk.yaml for the world's desk with this service level. `changes` are keys of the desk."""
    desk = {
        "name": "IT Service Desk",
        "timezone": "Europe/Berlin",
        "request_channels": '["#it-help"]',
        "triage_channel": '"#it-triage"',
        "managers_channel": '"#it-managers"',
        "agents": '{members_of: "#it-triage"}',
        "leads": '["@lea"]',
        "managers": '["@maria"]',
        "close_after": "3d",
        "undo_within": "5m",
        "slas": kinds,
    } | changes
    lines = "".join(f"    {key}: {value}\n" for key, value in desk.items() if value)
    return f"calendars:{calendars}slas:\n  standard:{sla}desks:\n  it:\n{lines}"


class HandClock(Clock):
    """Business time that is moved by hand."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.at = at

    def now(self) -> datetime:
        """Where the hand stands."""
        return self.at


class World:
    """Records with a directory and a desk, and people who do things."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = HandClock(START)
        self.woken = 0
        self.intake = Intake(store, self.clock, wake=self._woken)
        self._counter = count(1)
        with store.write() as session:
            fill_directory(session)
            add_desk(session, DESK)

    def _woken(self) -> None:
        self.woken += 1

    # --- time ---

    def forward(self, by: timedelta) -> None:
        """Let business time pass."""
        self.clock.at += by

    def ts(self, at: datetime | None = None) -> str:
        """A new Slack timestamp, now or at another instant; never the same twice."""
        seconds = int((at or self.clock.at).timestamp())
        return f"{seconds}.{next(self._counter):06d}"

    def tick(self) -> None:
        """Let a second pass, so that what comes next is later."""
        self.forward(SECOND)

    # --- service levels ---

    def configure(self, text: str) -> None:
        """Put a desk.yaml in force, now."""
        with self.store.write() as session:
            if session.get(Channel, MANAGERS) is None:
                session.add(channel(MANAGERS, "it-managers"))
                session.flush()
            configuring.apply_config(session, config.load(text), self.clock.at)
        self.resolve()

    def resolve(self) -> None:
        """Let the desks look for what they name, as when the directory has learned something."""
        with self.store.write() as session:
            assert configuring.resolve_desks(session) == []

    def see_channel(self, id_: str, name: str) -> None:
        """Let the bot be invited into a channel that it could not see."""
        with self.store.write() as session:
            session.add(channel(id_, name))

    def look(self) -> int:
        """Let the clocks be looked at, as the tick does; how many tickets that were."""
        return due.tick(self.store, self.clock.at)

    def pass_time(self, by: timedelta, *, step: timedelta = MINUTE) -> None:
        """Let business time pass under a bot that ticks every `step`."""
        end = self.clock.at + by
        while self.clock.at < end:
            self.clock.at = min(end, self.clock.at + step)
            self.look()

    def clocks(self, ticket: Ticket) -> dict[str, ServiceClock]:
        """The cycles of a ticket's clocks, by clock and number: `resolve/1`."""
        with self.store.read() as session:
            rows = select(ServiceClock).where(ServiceClock.ticket_id == ticket.id).order_by(ServiceClock.id)
            return {f"{row.clock.value}/{row.cycle}": row for row in session.scalars(rows)}

    def milestones(self, ticket: Ticket) -> dict[str, Milestone]:
        """What was decided of a ticket's clocks, by address: `resolve/1 breach>0`."""
        with self.store.read() as session:
            rows = session.execute(
                select(Milestone, ServiceClock)
                .join(ServiceClock, ServiceClock.id == Milestone.clock_id)
                .where(ServiceClock.ticket_id == ticket.id)
                .order_by(Milestone.id)
            )
            return {f"{c.clock.value}/{c.cycle} {m.point}": m for m, c in rows}

    def dispositions(self, ticket: Ticket) -> dict[str, str]:
        """What became of each point that was decided."""
        return {name: row.disposition.value for name, row in self.milestones(ticket).items()}

    # --- gestures ---

    def handle(self, gesture: AnyGesture) -> Outcome:
        """Hand a gesture in."""
        return self.intake.handle(gesture)

    def reacted(
        self,
        person: str,
        at: tuple[str, str],
        emoji: str,
        *,
        added: bool = True,
        event_ts: str | None = None,
    ) -> Reacted:
        """An emoji put on the message `at`, or taken away."""
        event_ts = event_ts or self.ts()
        channel, ts = at
        return Reacted(
            key=f"{channel}:{ts}:{person}:{emoji}:{event_ts}:{'on' if added else 'off'}",
            person_id=person,
            at=instant_of(event_ts),
            channel=channel,
            ts=ts,
            emoji=emoji,
            event_ts=event_ts,
            added=added,
        )

    def react(self, person: str, at: tuple[str, str], emoji: str) -> Outcome:
        """Put an emoji on."""
        return self.handle(self.reacted(person, at, emoji))

    def unreact(self, person: str, at: tuple[str, str], emoji: str) -> Outcome:
        """Take an emoji away."""
        return self.handle(self.reacted(person, at, emoji, added=False))

    def message(
        self, author: str | None, text: str, channel: str = HELP, *, thread_ts: str | None = None
    ) -> Message:
        """A message as Slack has it."""
        return Message(channel=channel, ts=self.ts(), text=text, author_id=author, thread_ts=thread_ts)

    def wrote(
        self, message: Message, *, is_mention: bool = False, parent: str | None = None, by: str | None = None
    ) -> Wrote:
        """A message event."""
        return Wrote(
            key=f"{message.channel}:{message.ts}",
            person_id=by or message.author_id or "",
            at=instant_of(message.ts),
            message=message,
            is_direct=message.channel.startswith("D"),
            is_mention=is_mention,
            parent_id=parent,
        )

    def say(self, person: str, text: str, channel: str = HELP, *, thread_ts: str | None = None) -> Outcome:
        """Write a message."""
        return self.handle(self.wrote(self.message(person, text, channel, thread_ts=thread_ts)))

    def edited(self, message: Message, text: str | None) -> Changed:
        """A message edited by its author, or deleted."""
        changed_ts = self.ts()
        return Changed(
            key=f"{message.channel}:{message.ts}:{changed_ts}",
            person_id=message.author_id or "",
            at=instant_of(changed_ts),
            channel=message.channel,
            ts=message.ts,
            changed_ts=changed_ts,
            text=text,
            thread_ts=message.thread_ts,
        )

    def filed(self, person: str, description: str, channel: str | None = HELP, **more: Any) -> Filed:
        """The form, sent."""
        values: dict[str, Any] = {
            "title": "",
            "kind": Kind.INCIDENT,
            "affected": None,
            "category": None,
            "impact": Level.MEDIUM,
            "urgency": Level.MEDIUM,
            "desk_key": DESK.key,
        } | more
        return Filed(
            key=f"form:{next(self._counter)}",
            person_id=person,
            at=self.clock.at,
            channel=channel,
            description=description,
            **values,
        )

    def pointed(self, person: str, message: Message) -> Pointed:
        """The shortcut on a message."""
        return Pointed(
            key=f"shortcut:{next(self._counter)}", person_id=person, at=self.clock.at, message=message
        )

    def acted(self, person: str, action: Action, number: str, **more: Any) -> Acted:
        """A button, a form or a word."""
        key = f"button:{person}:{action.value}:{number}:{next(self._counter)}"
        return Acted(key=key, person_id=person, at=self.clock.at, action=action, number=number, **more)

    def act(self, person: str, action: Action, number: str, **more: Any) -> Outcome:
        """Press a button, send a form or say a word."""
        return self.handle(self.acted(person, action, number, **more))

    def chose(self, person: str, message: Message, number: str | None, *, desk: str | None = None) -> Chose:
        """A press of the question whether a direct message belongs to a ticket."""
        return Chose(
            key=f"button:{person}:{next(self._counter)}",
            person_id=person,
            at=self.clock.at,
            channel=message.channel,
            ts=message.ts,
            number=number,
            desk_key=desk,
        )

    # --- short ways to a ticket ---

    def raise_on(self, message: Message, by: str = ANA) -> Ticket:
        """A ticket raised with the shortcut on a message."""
        return self.ticket(done(self.handle(self.pointed(by, message))).number)

    def raised(self, text: str = "The printer is on fire", author: str = ANA) -> Ticket:
        """A ticket whose conversation is the thread of a message in the request channel, its card posted."""
        message = self.message(author, text)
        ticket = self.raise_on(message, author)
        self.posted(f"opening:{ticket.id}")
        self.posted(f"card:{ticket.id}")
        return self.ticket(ticket.number)

    def posted(self, key: str) -> tuple[str, str]:
        """Let a delivery be in Slack, up to date; returns where."""
        row = self.outbox(key)[key]
        if row.ts is None:
            return self.put(key, row.channel or DIRECT[row.person_id or ""], self.ts())
        return self.put(key, row.channel or "", row.ts)

    def put(self, key: str, channel: str, ts: str) -> tuple[str, str]:
        """Let a delivery be this message in Slack, as delivery records it."""
        with self.store.write() as session:
            row = session.execute(select(Outbox).where(Outbox.key == key)).scalar_one()
            row.channel, row.ts = channel, ts
            row.state, row.shown_version = OutboxState.SENT, row.wanted_version
            telling.record_sent(session, row, channel=channel, ts=ts)
        return channel, ts

    def card(self, ticket: Ticket) -> tuple[str, str]:
        """Where the card is."""
        row = self.outbox(f"card:{ticket.id}")[f"card:{ticket.id}"]
        assert row.ts is not None
        return row.channel or "", row.ts

    # --- facts ---

    def supply(self, message: Message) -> tuple[AnyGesture, Outcome]:
        """Give the oldest kept gesture the message it lacks, and let it be decided again."""
        self.give(message)
        return self.decide_waiting()

    def give(self, message: Message) -> int:
        """Give the oldest kept gesture the message it lacks; returns the id of its inbox row."""
        with self.store.write() as session:
            row = self.waiting_rows(session)[0]
            assert row.payload is not None
            messages = {message_key(message): encode_message(message)}
            row.payload = row.payload | {"messages": row.payload["messages"] | messages}
            return row.id

    def decide_waiting(self) -> tuple[AnyGesture, Outcome]:
        """Let the oldest kept gesture be decided again."""
        with self.store.read() as session:
            row_id = self.waiting_rows(session)[0].id
        decided = self.intake.decide_waiting(row_id)
        assert decided is not None
        return decided

    @staticmethod
    def waiting_rows(session: Session) -> list[Inbox]:
        """The gestures that are kept until facts are there, oldest first."""
        rows = select(Inbox).where(Inbox.state == InboxState.WAITING).order_by(Inbox.id)
        return list(session.scalars(rows))

    def age_directory(self, by: timedelta) -> None:
        """Everything the directory knows was read that long ago."""
        at = real_now() - by
        with self.store.write() as session:
            session.execute(update(Person).values(refreshed_at=at))
            session.execute(update(Channel).values(refreshed_at=at, members_refreshed_at=at))

    def leave(self, channel_id: str, person_id: str) -> None:
        """Take somebody out of a channel."""
        with self.store.write() as session:
            gone = (Membership.channel_id == channel_id, Membership.person_id == person_id)
            session.execute(delete(Membership).where(*gone))

    def meet(self, person_id: str) -> None:
        """Learn of somebody new."""
        with self.store.write() as session:
            session.add(person(person_id))

    def deactivate(self, person_id: str) -> None:
        """Let somebody leave the company."""
        with self.store.write() as session:
            gone = update(Person).where(Person.id == person_id)
            session.execute(gone.values(is_deactivated=True))

    def add_second_desk(self, *, agents: tuple[str, ...]) -> None:
        """Open a second desk with these agents."""
        definition = replace(second_desk(), agents=AgentSource(kind="people", ids=agents), leads=())
        with self.store.write() as session:
            add_desk(session, definition, 1)

    def forget_event(self, ticket: Ticket, seq: int) -> None:
        """Tamper: take an event out of a timeline."""
        with self.store.write() as session:
            found = (TimelineEvent.ticket_id == ticket.id, TimelineEvent.seq == seq)
            session.execute(delete(TimelineEvent).where(*found))

    def close_desks(self) -> None:
        """Leave no desk at all."""
        with self.store.write() as session:
            session.execute(delete(Desk))

    # --- looking ---

    def ticket(self, number: str) -> Ticket:
        """A ticket as it is recorded."""
        with self.store.read() as session:
            return session.execute(select(Ticket).where(Ticket.number == number)).scalar_one()

    def tickets(self) -> list[Ticket]:
        """All tickets, oldest first."""
        with self.store.read() as session:
            return list(session.scalars(select(Ticket).order_by(Ticket.id)))

    def events(self, ticket: Ticket) -> list[TimelineEvent]:
        """A ticket's timeline."""
        with self.store.read() as session:
            rows = select(TimelineEvent).where(TimelineEvent.ticket_id == ticket.id)
            return list(session.scalars(rows.order_by(TimelineEvent.seq)))

    def kinds(self, ticket: Ticket) -> list[str]:
        """What the timeline says happened, in order."""
        return [event.kind.value for event in self.events(ticket)]

    def intervals(self, ticket: Ticket) -> list[StateInterval]:
        """A ticket's state intervals, oldest first."""
        with self.store.read() as session:
            rows = select(StateInterval).where(StateInterval.ticket_id == ticket.id)
            return list(session.scalars(rows.order_by(StateInterval.id)))

    def comments(self, ticket: Ticket) -> list[Comment]:
        """What people wrote on a ticket."""
        with self.store.read() as session:
            rows = select(Comment).where(Comment.ticket_id == ticket.id)
            return list(session.scalars(rows.order_by(Comment.id)))

    def outbox(self, prefix: str = "") -> dict[str, Outbox]:
        """What must be told, by key."""
        with self.store.read() as session:
            rows = select(Outbox).where(Outbox.key.startswith(prefix, autoescape=True)).order_by(Outbox.id)
            return {row.key: row for row in session.scalars(rows)}

    def inbox_states(self) -> list[str]:
        """What became of the gestures that were kept."""
        with self.store.read() as session:
            return [state.value for state in session.scalars(select(Inbox.state).order_by(Inbox.id))]

    def snapshot(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything the desk has done and must tell, to compare."""
        records: tuple[type[Base], ...] = (
            Ticket,
            TimelineEvent,
            StateInterval,
            Comment,
            Anchor,
            Numbering,
            Outbox,
        )
        with self.store.read() as session:
            return {
                record.__tablename__: sorted(
                    (tuple(row) for row in session.execute(select(*record.__table__.columns))), key=repr
                )
                for record in records
            }

    def count(self, record: type[Base]) -> int:
        """How many rows there are."""
        with self.store.read() as session:
            return session.scalar(select(func.count()).select_from(record)) or 0


_generations = count(1)


def empty(store: Store) -> None:
    """Forget everything, but give no id of a service policy again: what a version says is remembered."""
    with store.write() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())
        if store.is_sqlite:  # PostgreSQL gives no id twice by itself
            values = {"desk_key": "", "kind": Kind.INCIDENT, "name": "", "content": {}, "digest": ""}
            first = next(_generations) * 1_000_000
            session.add(ServicePolicy(id=first, effective_from=START, **values))


def root_of(ticket: Ticket) -> tuple[str, str]:
    """The root of the conversation."""
    assert ticket.conversation_channel is not None
    assert ticket.conversation_ts is not None
    return ticket.conversation_channel, ticket.conversation_ts


def done(outcome: Outcome) -> Done:
    """The outcome, which must be Done."""
    assert isinstance(outcome, Done), outcome
    return outcome


def refused(outcome: Outcome) -> Refused:
    """The outcome, which must be Refused."""
    assert isinstance(outcome, Refused), outcome
    return outcome


def deferred(outcome: Outcome) -> Deferred:
    """The outcome, which must be Deferred."""
    assert isinstance(outcome, Deferred), outcome
    return outcome


def fill_directory(session: Session) -> None:
    """Everybody and every channel, known a moment ago."""
    session.add(
        Workspace(
            team_id="T1",
            name="Acme",
            url="https://acme.slack.com/",
            bot_user_id=BOT,
            bot_id="B1",
            app_id="A1",
            marker_secret="marker",
            filled_at=real_now(),
        )
    )
    people = [person(id_) for id_ in (ANA, BOB, BEN, CORA, LEA, MARIA)]
    people += [
        person(ROOT, is_owner=True),
        person(GUEST, is_guest=True),
        person(STRANGER, is_stranger=True, team_id="T2"),
        person(APP, is_app=True),
        person(FORMER, is_deactivated=True),
    ]
    session.add_all(people)
    channels = {HELP: "it-help", TRIAGE: "it-triage", RANDOM: "random", ELSEWHERE: "elsewhere"}
    for channel_id, name in channels.items():
        session.add(channel(channel_id, name, is_member=channel_id != ELSEWHERE))
    # Outsiders sit in the triage channel too: being there must not make them agents.
    add_members(session, TRIAGE, (*AGENTS, *OUTSIDERS))


def channel(id_: str, name: str, *, is_member: bool = True) -> Channel:
    """A channel, known a moment ago."""
    now = real_now()
    return Channel(id=id_, name=name, is_member=is_member, refreshed_at=now, members_refreshed_at=now)


def person(id_: str, **more: Any) -> Person:
    """Somebody, known a moment ago."""
    name = id_[1:].lower()
    values: dict[str, Any] = {
        "team_id": "T1",
        "handle": name,
        "name": name.title(),
        "direct_channel": DIRECT.get(id_),
        "refreshed_at": real_now(),
    }
    return Person(id=id_, **(values | more))


def add_members(session: Session, channel_id: str, people: Iterable[str]) -> None:
    """Put people into a channel."""
    session.add_all([Membership(channel_id=channel_id, person_id=person_id) for person_id in people])


def add_desk(session: Session, definition: Definition, position: int = 0) -> None:
    """A desk whose names are resolved."""
    session.add(
        Desk(
            key=definition.key,
            position=position,
            name=definition.name,
            definition=definition.to_json(),
            configuration_id=0,
        )
    )


def second_desk() -> Definition:
    """A desk of its own for another department."""
    return replace(DESK, key="hr", name="HR", request_channels=("CHR",), triage_channel="CHRTRIAGE")
