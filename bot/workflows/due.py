"""What is due: the thresholds that clocks have reached, decided once each and told where they concern.

Each look takes clocks whose `next_fire_at` has come, ticket by ticket under its lock, so that replicas share
the work. A threshold becomes a `Milestone` row; what must be said becomes one delivery for each place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from bot.failpoints import Commit
from bot.models import Disposition, Milestone, Person, ServiceClock, ServicePolicy, Ticket, TimelineEvent
from bot.models.vocabulary import OPEN_STATES, EventKind, Kind
from bot.service_levels.clocks import Cycle, Point, Reached
from bot.store import Store
from bot.store.dialects import upsert
from bot.workflows import availability, configuring, telling, timekeeping
from bot.workflows.desks import Definition, Desks, load_desks
from bot.workflows.people import SYSTEM
from bot.workflows.policies import Recipient, load_policy
from bot.workflows.telling import Telling
from bot.workflows.timekeeping import Clocks
from bot.workflows.work import Work, record

BATCH: Final = 40
"""Clocks in one transaction."""
LATE: Final = timedelta(minutes=1)
"""Decided so much after it was due, a threshold is said to be late."""
MOST_NAMED: Final = 5
"""More agents than this are not mentioned at all."""

DESK_IS_OFF: Final = timedelta(minutes=1)
CANNOT_BE_READ: Final = timedelta(minutes=10)
"""When a ticket is looked at again that could not be decided."""
THREAD: Final = "thread"

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Decided:
    """A threshold that was reached, what becomes of it, and whom it tells."""

    cycle: Cycle
    item: Reached
    to: tuple[Recipient, ...]
    stands: bool
    """Its cause has not gone meanwhile."""

    @property
    def name(self) -> str:
        """The point's name."""
        return self.item.point.name

    @property
    def address(self) -> list[Any]:
        """How a delivery's data names the point."""
        return [self.cycle.clock, self.cycle.number, self.name]


@dataclass
class Audience:
    """Whom a place tells: people to mention, and for whom they stand in."""

    told: dict[str, None] = field(default_factory=dict)
    covers: dict[str, str] = field(default_factory=dict)
    nobody: bool = False

    def add(self, person_id: str, absent_id: str | None = None) -> None:
        """Mention somebody, once."""
        self.told.setdefault(person_id)
        if absent_id is not None and absent_id != person_id:
            self.covers[person_id] = absent_id


def tick(store: Store, now: datetime) -> int:
    """Decide what is due at `now` (business time); the number of tickets looked at."""
    looked_at = 0
    while True:
        with store.read() as session:
            if session.scalar(_due(now).limit(1)) is None:
                return looked_at
        done, is_last = _batch_or_each(store, now)
        looked_at += done
        if is_last or not done:  # none: others are at them
            return looked_at


def overdue(store: Store, now: datetime) -> timedelta:
    """Since when the oldest threshold has been waiting to be decided."""
    oldest = select(func.min(ServiceClock.next_fire_at)).where(ServiceClock.next_fire_at.is_not(None))
    with store.read() as session:
        at = session.scalar(oldest)
    return max(now - at, timedelta(0)) if at is not None else timedelta(0)


def _due(now: datetime) -> Any:
    return (
        select(ServiceClock.ticket_id)
        .where(ServiceClock.next_fire_at.is_not(None), ServiceClock.next_fire_at <= now)
        .order_by(ServiceClock.next_fire_at)
    )


def _batch_or_each(store: Store, now: datetime) -> tuple[int, bool]:
    """A batch; where that fails, each of its tickets by itself, and the one that fails is put off."""
    try:
        return store.run(lambda session: _batch(session, now), Commit.TICK)
    except timekeeping.UNREADABLE:
        log.exception("a batch of clocks could not be decided; each of its tickets is tried alone")
    with store.read() as session:
        ids = list(dict.fromkeys(session.scalars(_due(now).limit(BATCH))))
    for ticket_id in ids:
        _alone(store, ticket_id, now)
    return len(ids), False


def _alone(store: Store, ticket_id: int, now: datetime) -> None:
    try:
        store.run(lambda session: _batch(session, now, only=ticket_id), Commit.TICK_ALONE)
    except timekeeping.UNREADABLE as error:
        reason = type(error).__name__
        log.exception("a ticket's clocks cannot be decided", ticket_id=ticket_id)
        store.run(lambda session: _give_up_for_now(session, ticket_id, now, reason), Commit.TICK_ALONE)


def _give_up_for_now(session: Session, ticket_id: int, now: datetime, reason: str) -> None:
    """One ticket that cannot be measured must not stop the others' clocks."""
    due = update(ServiceClock).where(ServiceClock.ticket_id == ticket_id, ServiceClock.next_fire_at <= now)
    later = due.values(next_fire_at=now + CANNOT_BE_READ)
    session.execute(later.execution_options(synchronize_session=False))
    number = session.get_one(Ticket, ticket_id).number
    configuring.tell_administrators(
        session,
        f"clocks:{number}",
        "A ticket's clocks cannot be read",
        f"{number} gets no warnings at present ({reason}).",
        fix="Please report it with the log; the ticket itself works as before.",
    )


def _batch(session: Session, now: datetime, *, only: int | None = None) -> tuple[int, bool]:
    """How many tickets were looked at, and whether these were all that is due."""
    due = list(session.scalars(_due(now).limit(BATCH))) if only is None else [only]
    tickets = list(session.scalars(_locked(list(dict.fromkeys(due)))))
    Tour(session, now, load_desks(session)).go(tickets)
    session.flush()
    return len(tickets), len(due) < BATCH


def _locked(ids: list[int]) -> Any:
    locked = select(Ticket).where(Ticket.id.in_(ids)).order_by(Ticket.id)
    return locked.with_for_update(skip_locked=True).execution_options(populate_existing=True)


@dataclass
class Look:
    """A ticket whose clocks were looked at: the thresholds decided, and which delivery tells each."""

    ticket: Ticket
    desk: Definition
    clocks: Clocks
    decided: list[Decided]
    told: dict[int, str] = field(default_factory=dict)

    def tells(self, ones: list[Decided], key: str) -> None:
        """A delivery tells these."""
        for index, one in enumerate(self.decided):
            if any(one is told for told in ones):
                self.told.setdefault(index, key)
                self.clocks.remember(one.cycle, key)


class Tour:
    """One look at a batch of tickets; what several of them have to say to one channel is one post."""

    def __init__(self, session: Session, now: datetime, desks: Desks) -> None:
        self._session = session
        self._now = now
        self._desks = desks
        self._channels: dict[tuple[str, str], list[tuple[Look, list[Decided]]]] = defaultdict(list)
        """By desk and channel: desks that share a channel do not speak for each other."""
        self._available: dict[str, list[str]] = {}

    def go(self, tickets: Iterable[Ticket]) -> None:
        """Look at each ticket, tell what stands, write down what was decided."""
        looks = [look for ticket in tickets if (look := self._look_at(ticket)) is not None]
        for look in looks:
            self._tell(look)
        self._tell_channels()
        for look in looks:
            self._record(look)
            self._warn_of_never(look)
            timekeeping.save(self._session, look.ticket, look.clocks, all_rows=True)
            self._keep(look)

    def _look_at(self, ticket: Ticket) -> Look | None:
        desk = self._desks.get(ticket.desk_key)
        try:
            clocks = timekeeping.read_clocks(self._session, ticket)
            if clocks is None:
                return None
            if desk is None:
                self._put_off(ticket, DESK_IS_OFF)
                return None
            measured = _measured_by(clocks)
            look = Look(ticket, desk, clocks, self._settle(desk, ticket, clocks))
            if _measured_by(clocks) != measured:
                telling.redraw_card(self._session, ticket_id=ticket.id)
            return look
        except timekeeping.UNREADABLE as error:
            # One ticket that cannot be measured must not stop the others' clocks.
            log.exception("a ticket's clocks cannot be read", ticket=ticket.number)
            _give_up_for_now(self._session, ticket.id, self._now, type(error).__name__)
            return None

    def _put_off(self, ticket: Ticket, until: timedelta) -> None:
        due = update(ServiceClock).where(
            ServiceClock.ticket_id == ticket.id, ServiceClock.next_fire_at <= self._now
        )
        later = due.values(next_fire_at=self._now + until)
        self._session.execute(later.execution_options(synchronize_session=False))

    def _settle(self, desk: Definition, ticket: Ticket, clocks: Clocks) -> list[Decided]:
        """Thresholds reached before a new version took effect count under the old one."""
        found: list[Decided] = []
        is_over = ticket.state not in OPEN_STATES
        for policy in timekeeping.later_versions(self._session, desk, ticket.kind, clocks.held):
            found += self._reached(desk, clocks, min(policy.effective_from, self._now))
            clocks.held = timekeeping.under(policy, clocks.held, is_over=is_over)
        clocks.held = timekeeping.under_present_policy(
            self._session, desk, ticket.kind, clocks.held, self._now, is_over=is_over
        )
        found += self._reached(desk, clocks, self._now)
        return [replace(one, stands=_stands(clocks, one)) for one in found]

    def _reached(self, desk: Definition, clocks: Clocks, at: datetime) -> list[Decided]:
        clocks.held = clocks.held.settled(at)
        promise = clocks.held.promise
        steps = load_policy(self._session, promise.policy).recipients[promise.priority]
        found = []
        for cycle in clocks.held.cycles:
            due = [item for item in clocks.pending(cycle, promise) if item.at <= at]
            found += [Decided(cycle, item, _recipients(desk, item.point, steps), stands=True) for item in due]
            clocks.decide(cycle, (item.point.name for item in due))
        return found

    def _record(self, look: Look) -> None:
        """What the clocks did belongs into the timeline; cards are drawn again by it."""
        for index, one in sorted(enumerate(look.decided), key=lambda pair: pair[1].item.at):
            point = one.item.point
            is_breach = point.is_breach and point.step is None
            if one.item.is_silent or not (index in look.told or is_breach):
                continue
            kind = _event_of(point)
            data: dict[str, Any] = {"clock": one.cycle.clock, "percent": point.percent}
            if point.after:
                data["after"] = int(point.after.total_seconds())
            if kind is EventKind.ESCALATED:
                data["to"] = [to.id for to in one.to]
            record(self._work(look.desk, one.item.at), look.ticket, kind, data)

    def _work(self, desk: Definition, at: datetime) -> Work:
        return Work(
            session=self._session, desk=desk, actor=SYSTEM, at=at, now=self._now, gesture="service_levels"
        )

    def _keep(self, look: Look) -> None:
        """A milestone for each threshold, whatever became of it."""
        for index, one in enumerate(look.decided):
            key = look.told.get(index)
            untold = Disposition.SILENT if one.item.is_silent else Disposition.SUPERSEDED
            values = {
                "clock_id": look.clocks.rows[one.cycle.clock, one.cycle.number].id,
                "point": one.name,
                "due_at": one.item.at,
                "decided_at": self._now,
                "disposition": Disposition.TOLD if key else untold,
                "is_late": self._is_late(look, one),
                "told_key": key,
            }
            # There is one already where what it passed was undone: this is when it was reached in truth.
            upsert(self._session, Milestone, values, keys=["clock_id", "point"])

    def _is_late(self, look: Look, one: Decided) -> bool:
        """Of a ticket that was raised long after its message, nothing is late before it was known."""
        if self._now - one.item.at <= LATE:
            return False
        first = select(TimelineEvent.recorded_at).where(
            TimelineEvent.ticket_id == look.ticket.id, TimelineEvent.seq == 1
        )
        known_since = self._session.execute(first).scalar_one()
        return self._now - max(one.item.at, known_since) > LATE

    # --- what is said, and where ---

    def _tell(self, look: Look) -> None:
        """What stands goes to its places: of each clock the last threshold, all of a place in one post."""
        places: dict[str, list[Decided]] = defaultdict(list)
        for one in look.decided:
            if one.stands and not one.item.is_silent:
                for place in self._places(look.desk, one):
                    places[place].append(one)
        for place, ones in places.items():
            gravest = _gravest_of_each_clock(ones)
            if place == THREAD:
                # Whom an earlier threshold would have told hears it now.
                self._tell_thread(look, gravest, [to for one in ones for to in one.to])
            else:
                self._channels[look.desk.key, place].append((look, gravest))

    def _places(self, desk: Definition, one: Decided) -> Iterable[str]:
        return dict.fromkeys(_place(desk, to) for to in one.to if to.kind != "unknown")

    def _tell_thread(self, look: Look, ones: list[Decided], to: list[Recipient]) -> None:
        ticket, desk = look.ticket, look.desk
        audience = self._audience(desk, ticket, to)
        key = self._tell_anew(
            _key(ticket, ones[0], THREAD),
            Telling.ALERT,
            ticket_id=ticket.id,
            channel=telling.card_channel(self._session, ticket_id=ticket.id),
            thread_key=f"card:{ticket.id}",
            data=_said(ticket, ones, audience),
        )
        look.tells(ones, key)
        if audience.nobody:
            self._tell_unrouted(look, ones, audience)

    def _tell_unrouted(self, look: Look, ones: list[Decided], audience: Audience) -> None:
        """Nobody is there to be told: whoever leads the desk hears of it, once while it stays so."""
        ticket, desk = look.ticket, look.desk
        elsewhere = desk.managers_channel is not None
        alarmed = Audience(nobody=True, covers=audience.covers)
        if not elsewhere:
            for lead in desk.leads:
                alarmed.add(lead)
        key = f"unrouted:{ticket.id}:{int(ticket.state_since.timestamp())}"
        telling.tell(
            self._session,
            key,
            Telling.UNROUTED,
            ticket_id=ticket.id,
            channel=desk.managers_channel or telling.card_channel(self._session, ticket_id=ticket.id),
            thread_key=None if elsewhere else f"card:{ticket.id}",
            data=_said(ticket, ones, alarmed),
        )
        look.clocks.remember(ones[0].cycle, key)

    def _tell_channels(self) -> None:
        """What is due together for one channel is one post."""
        for (_, channel), entries in self._channels.items():
            if len(entries) > 1:
                self._tell_board(channel, entries)
                continue
            look, ones = entries[0]
            key = self._tell_anew(
                _key(look.ticket, ones[0], channel),
                Telling.ESCALATION,
                ticket_id=look.ticket.id,
                channel=channel,
                data=_said(look.ticket, ones, Audience()),
            )
            look.tells(ones, key)

    def _tell_board(self, channel: str, entries: list[tuple[Look, list[Decided]]]) -> None:
        entries = sorted(entries, key=lambda entry: entry[1][0].item.point.gravity, reverse=True)
        first, ones = entries[0]
        key = self._tell_anew(
            f"board:{_key(first.ticket, ones[0], channel)}",
            Telling.BOARD,
            channel=channel,
            data={
                "desk": first.desk.key,
                "alerts": [_said(look.ticket, ones, Audience()) for look, ones in entries],
            },
        )
        for look, ones in entries:
            look.tells(ones, key)

    def _tell_anew(self, key: str, kind: Telling, **more: Any) -> str:
        """Tell under this key, or the next free one after it: what was undone and comes again is news."""
        told, again = key, 1
        while not telling.tell(self._session, told, kind, **more):
            again += 1
            told = f"{key}:{again}"
        return told

    # --- who is told ---

    def _audience(self, desk: Definition, ticket: Ticket, recipients: list[Recipient]) -> Audience:
        audience = Audience()
        for to in dict.fromkeys(recipients):
            if to.kind == "person":
                self._add_person(desk, audience, to.id)
            elif to.kind == "role":
                self._add_role(desk, ticket, audience, to.id)
        return audience

    def _add_role(self, desk: Definition, ticket: Ticket, audience: Audience, role: str) -> None:
        if role in ("assignee", "assignee_or_agents") and ticket.assignee_id is not None:
            stand_in = availability.stand_in(self._session, desk, ticket.assignee_id, self._now)
            if stand_in is not None:
                audience.add(stand_in, ticket.assignee_id)
                return
            role = "agents"  # its owner is away and nobody stands in
        if role in ("agents", "assignee_or_agents"):
            self._add_agents(desk, audience)
        elif role == "leads":
            for lead in desk.leads:
                self._add_person(desk, audience, lead)
        elif role == "managers" and desk.managers_channel is None:
            for manager in desk.managers:
                self._add_person(desk, audience, manager)

    def _add_agents(self, desk: Definition, audience: Audience) -> None:
        if desk.key not in self._available:
            self._available[desk.key] = availability.available(self._session, desk, self._now)
        agents = self._available[desk.key]
        audience.nobody = audience.nobody or not agents
        if len(agents) <= MOST_NAMED:
            for agent in agents:
                audience.add(agent)

    def _add_person(self, desk: Definition, audience: Audience, person_id: str) -> None:
        person = self._session.get(Person, person_id)
        if person is None or person.is_deactivated:
            configuring.tell_administrators(
                self._session,
                f"left:{desk.key}:{person_id}",
                "An escalation names somebody who left",
                f"{person.name if person else person_id} is to be told by an escalation of {desk.name}.",
                fix="Name somebody else in desk.yaml and start Deskbell again.",
            )
            return
        stand_in = availability.stand_in(self._session, desk, person_id, self._now)
        audience.add(stand_in or person_id, person_id)

    def _warn_of_never(self, look: Look) -> None:
        """A target that its calendar can never reach is a fault of the configuration."""
        ticket, desk = look.ticket, look.desk
        for cycle in look.clocks.held.cycles:
            if cycle.is_running and cycle.breach is None and cycle.due() is None:
                look.clocks.decide(cycle, [timekeeping.never(cycle)])
                calendar = cycle.term.hours.calendar.name
                configuring.tell_administrators(
                    self._session,
                    f"never:{desk.key}:{calendar}:{cycle.term.policy}",
                    "A target can never fall due",
                    f"The calendar “{calendar}” has no open time left within 800 days, so {ticket.number} "
                    f"at {desk.name} will never be overdue.",
                    fix="Give the calendar opening hours in desk.yaml and start Deskbell again.",
                )


def _measured_by(clocks: Clocks) -> list[tuple[Any, ...]]:
    """What a card shows of the cycles: another policy is no event of the ticket's, and yet may change it."""
    return [
        (
            cycle.clock,
            cycle.number,
            cycle.term.target,
            cycle.due() if cycle.is_running else None,
            cycle.is_cancelled,
        )
        for cycle in clocks.held.cycles
    ]


def _recipients(
    desk: Definition, point: Point, steps: tuple[tuple[Recipient, ...], ...]
) -> tuple[Recipient, ...]:
    if point.step is not None:
        return tuple(to.at(desk) for to in steps[point.step])
    return (Recipient("role", "assignee_or_agents"),)


def _place(desk: Definition, to: Recipient) -> str:
    if to.kind == "channel":
        return to.id
    is_managers = to == Recipient("role", "managers")
    return desk.managers_channel or THREAD if is_managers else THREAD


def _stands(clocks: Clocks, one: Decided) -> bool:
    cycle = next(
        cycle
        for cycle in clocks.held.cycles
        if (cycle.clock, cycle.number) == (one.cycle.clock, one.cycle.number)
    )
    if not cycle.is_open:
        return False
    is_warning = one.item.point.percent < 100
    return not (is_warning and (cycle.breach is not None or not cycle.is_running))


def _gravest_of_each_clock(ones: list[Decided]) -> list[Decided]:
    """Of each clock the last thresholds reached; the gravest clock first."""
    gravest: dict[str, tuple[timedelta, int]] = {}
    for one in ones:
        gravity = one.item.point.gravity
        gravest[one.cycle.clock] = max(gravity, gravest.get(one.cycle.clock, gravity))
    kept = [one for one in ones if one.item.point.gravity == gravest[one.cycle.clock]]
    return sorted(kept, key=lambda one: (one.item.point.gravity, one.item.point.step is None), reverse=True)


def _event_of(point: Point) -> EventKind:
    if point.step is not None:
        return EventKind.ESCALATED
    return EventKind.BREACHED if point.is_breach else EventKind.WARNED


def _key(ticket: Ticket, one: Decided, place: str) -> str:
    key = f"sla:{ticket.id}:{one.cycle.clock}:{one.cycle.number}:{one.name}"
    return key if place == THREAD else f"{key}:{place}"


def _said(ticket: Ticket, ones: list[Decided], audience: Audience) -> dict[str, Any]:
    """What a delivery keeps: which thresholds it tells, and whom it mentioned when it was decided."""
    return {
        "ticket": ticket.id,
        "points": [one.address for one in ones],
        "told": list(audience.told),
        "covers": audience.covers,
        "nobody": audience.nobody,
    }


SETTLING: Final = timedelta(minutes=15)
"""How long after a new version of a policy clocks are looked for that missed it."""


def catch_up_policies(store: Store, now: datetime) -> int:
    """Look again at open clocks that a gesture, begun before a new version, still measured by the old one.

    Returns how many versions are new enough for that; without one it costs a look at a small table.
    """
    recent = select(ServicePolicy).where(
        ServicePolicy.effective_from > now - SETTLING, ServicePolicy.effective_from <= now
    )
    with store.read() as session:
        versions = list(session.scalars(recent.order_by(ServicePolicy.id)))
    if versions:
        newest = {(version.desk_key, version.kind): version.id for version in versions}
        store.run(lambda session: _look_for_missed(session, newest, now), Commit.POLICIES)
    return len(versions)


def _look_for_missed(session: Session, newest: Mapping[tuple[str, Kind], int], now: datetime) -> None:
    for (desk_key, kind), version in newest.items():
        missed = update(ServiceClock).where(
            ServiceClock.desk_key == desk_key,
            ServiceClock.kind == kind,
            ServiceClock.stopped_at.is_(None),
            ServiceClock.policy_id < version,
            or_(ServiceClock.next_fire_at.is_(None), ServiceClock.next_fire_at > now),
        )
        session.execute(missed.values(next_fire_at=now).execution_options(synchronize_session=False))
