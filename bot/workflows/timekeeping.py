"""A ticket's clocks follow what happens to it: in the same transaction, by the same fold as a replay.

`follow` is called with every timeline event; `replayed` computes the same clocks from the timeline alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, TypeAlias, TypeVar

import structlog
from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.orm import Session

from bot.models import (
    ClockState,
    Outbox,
    ServiceClock,
    ServicePolicy,
    Ticket,
    TimelineEvent,
)
from bot.models.base import EPOCH, MICROSECOND
from bot.models.vocabulary import OPEN_STATES, WAITING_STATES, EventKind, Kind, Speaker
from bot.service_levels.clocks import (
    BY_POLICY,
    BY_PRIORITY,
    DROPPED,
    RESOLVE,
    RESPOND,
    Breach,
    ClockSet,
    Cycle,
    Pause,
    Promise,
    Reached,
    Term,
    reached,
)
from bot.store.connections import connection
from bot.store.dialects import insert_returning_id
from bot.workflows import telling
from bot.workflows.desks import Definition
from bot.workflows.policies import Policy, load_policy

FOLLOWED: Final = frozenset(
    {
        EventKind.CLAIMED,
        EventKind.RELEASED,
        EventKind.ASSIGNED,
        EventKind.WAITED,
        EventKind.RESUMED,
        EventKind.RESOLVED,
        EventKind.REOPENED,
        EventKind.CANCELLED,
        EventKind.COMMENTED,
        EventKind.PRIORITISED,
        EventKind.UNDONE,
    }
)
"""The events that can change a clock."""

TAKEN_BACK: Final = "undone"
"""How a cycle ended that a change had begun which was undone: it is as if it had never been."""

UNREADABLE: Final = (LookupError, ValueError, TypeError)
"""What comes of a row that does not describe a cycle."""

_CHANGES_HANDS: Final = frozenset({EventKind.CLAIMED, EventKind.RELEASED, EventKind.ASSIGNED})

log = structlog.get_logger(__name__)

_INSERT = insert(ServiceClock.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table
_OF_TICKET = (
    select(
        ServiceClock.id,
        ServiceClock.clock,
        ServiceClock.cycle,
        ServiceClock.priority,
        ServiceClock.started_at,
        ServiceClock.stopped_at,
        ServiceClock.history,
        ServiceClock.next_fire_at,
    )
    .where(ServiceClock.ticket_id == bindparam("ticket"))
    .order_by(ServiceClock.id)
)
_WRITTEN: Final = (
    "clock",
    "cycle",
    "priority",
    "policy_id",
    "state",
    "target",
    "started_at",
    "stopped_at",
    "due_at",
    "breached_at",
    "determined_at",
    "elapsed",
    "history",
    "next_fire_at",
)
"""The columns that follow from a cycle."""
_UPDATE = (
    update(ServiceClock.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table
    .where(ServiceClock.__table__.c.id == bindparam("row"))
    .values({name: bindparam(name) for name in _WRITTEN})
)

ClockRow: TypeAlias = ServiceClock | Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class Entry:
    """The row of a cycle, as far as others need it."""

    id: int
    priority: str
    next_fire_at: datetime | None


@dataclass(frozen=True)
class Kept:
    """A cycle and what its row remembers besides: the points decided, and the deliveries that told them."""

    cycle: Cycle
    decided: frozenset[str] = frozenset()
    told: tuple[str, ...] = ()


@dataclass
class Clocks:
    """A ticket's clocks in hand: what the rows say, and what becomes of them."""

    ticket_id: int
    held: ClockSet
    rows: dict[tuple[str, int], Entry] = field(default_factory=dict)
    kept: dict[tuple[str, int], Kept] = field(default_factory=dict)
    noted: set[tuple[str, int]] = field(default_factory=set)
    """The cycles of which something was decided or told."""

    def decided(self, cycle: Cycle) -> frozenset[str]:
        """The names of the points of this cycle that have been decided."""
        kept = self.kept.get((cycle.clock, cycle.number))
        return kept.decided if kept else frozenset()

    def decide(self, cycle: Cycle, names: Iterable[str]) -> None:
        """Remember that these points of a cycle have been decided."""
        key = (cycle.clock, cycle.number)
        kept = self.kept.get(key, Kept(cycle))
        self.kept[key] = replace(kept, decided=kept.decided | set(names))
        self.noted.add(key)

    def remember(self, cycle: Cycle, told_key: str) -> None:
        """Remember the delivery that tells of a point of this cycle."""
        key = (cycle.clock, cycle.number)
        kept = self.kept.get(key, Kept(cycle))
        if told_key not in kept.told:
            self.kept[key] = replace(kept, told=(*kept.told, told_key))
            self.noted.add(key)

    def forget_what_is_ahead(self, cycle: Cycle, at: datetime) -> None:
        """What was decided of an open cycle, but is not reached at `at` after all, is decided when it is."""
        if not cycle.is_open:
            return
        found = (reached(cycle, point) for point in self.held.promise.points(cycle.clock))
        is_reached = {item.point.name for item in found if item is not None and item.at <= at}
        known = {point.name for point in self.held.promise.points(cycle.clock)}
        key = (cycle.clock, cycle.number)
        kept = self.kept.get(key, Kept(cycle))
        self.kept[key] = replace(kept, decided=kept.decided - (known - is_reached))
        self.noted.add(key)

    def next_at(self, cycle: Cycle, promise: Promise) -> datetime | None:
        """When the next of the pending points is reached: what `pending` begins with, at less cost."""
        if cycle.is_open and cycle.breach is None and len(cycle.terms) == 1 and not cycle.carried:
            # Nothing after a breach is known yet, and a smaller part of the target comes before a greater.
            decided = self.decided(cycle)
            ahead = (p for p in promise.points(cycle.clock) if not p.after and p.name not in decided)
            first = min(ahead, key=lambda point: point.percent, default=None)
            found = reached(cycle, first) if first is not None else None
            return found.at if found is not None else None
        pending = self.pending(cycle, promise)
        return pending[0].at if pending else None

    def pending(self, cycle: Cycle, promise: Promise) -> list[Reached]:
        """The points of a cycle that are still to be decided and will be reached, the next one first.

        Of a cycle that has stopped: those that were reached before.
        """
        decided = self.decided(cycle)
        found = (reached(cycle, point) for point in promise.points(cycle.clock) if point.name not in decided)
        end = cycle.stopped_at
        return sorted(
            (item for item in found if item is not None and (end is None or item.at < end)),
            key=lambda item: item.at,
        )


# --- what happens to a ticket, as it changes the clocks ---


class Event(Protocol):
    """A timeline event, as far as clocks look at it."""

    @property
    def kind(self) -> EventKind:
        """What happened."""

    @property
    def at(self) -> datetime:
        """When it happened."""

    @property
    def recorded_at(self) -> datetime:
        """When it was heard of."""

    @property
    def actor_id(self) -> str | None:
        """Who did it."""

    @property
    def data(self) -> Mapping[str, Any]:
        """What belongs to it."""


@dataclass(frozen=True)
class Happening:
    """A timeline event as clocks see it. `at` is when it counts: never before the state it ended."""

    kind: EventKind
    at: datetime
    actor_id: str | None
    data: Mapping[str, Any]


def changed_by(clocks: ClockSet, event: Happening, policy: Policy) -> ClockSet:
    """The clocks after an event. Undoing is not here: it is a replay without what was undone."""
    change = _CHANGES.get(event.kind)
    if change is not None:
        return change(clocks, event.at)
    match event.kind:
        case EventKind.ASSIGNED if event.data.get("to") == event.actor_id:
            # Being given a ticket is not yet an answer to it; taking it is.
            return clocks.claimed(event.at)
        case EventKind.ASSIGNED:
            return clocks.given()
        case EventKind.COMMENTED if event.data.get("speaker") == Speaker.DESK.value:
            return clocks.replied(event.at)
        case EventKind.WAITED:
            return clocks.waits(event.at, str(event.data["to"]))
        case EventKind.PRIORITISED if event.data["to"] != clocks.promise.priority:
            return clocks.promised(policy.promises[event.data["to"]], event.at, BY_PRIORITY)
        case EventKind.BREACHED:
            # It was decided by then: a pause that is heard of later does not take it back.
            return clocks.settled(event.at)
        case _:
            return clocks


def _reopened(clocks: ClockSet, at: datetime) -> ClockSet:
    """What is promised since the ticket was resolved counts from its reopening on."""
    after = clocks.reopened(at)
    if after.of(RESOLVE) is not None or RESOLVE not in after.promise.targets:
        return after
    first = Cycle(clock=RESOLVE, number=1, started_at=at, terms=(after.promise.term(RESOLVE, at),))
    return replace(after, cycles=(*after.cycles, first))


_CHANGES: Final[Mapping[EventKind, Callable[[ClockSet, datetime], ClockSet]]] = {
    EventKind.CLAIMED: ClockSet.claimed,
    EventKind.RESUMED: ClockSet.resumed,
    EventKind.RELEASED: ClockSet.resumed,
    EventKind.RESOLVED: ClockSet.resolved,
    EventKind.REOPENED: _reopened,
    EventKind.CANCELLED: ClockSet.cancelled,
}


def begin(
    session: Session,
    desk: Definition,
    *,
    ticket_id: int,
    kind: Kind,
    priority: str,
    at: datetime,
    now: datetime,
) -> None:
    """Start the clocks of a ticket raised at `at`; nothing where its desk promises nothing for its kind."""
    policy_id = desk.policies.get(kind.value)
    if policy_id is None:
        return
    promise = load_policy(session, policy_id).promises[priority]
    clocks = Clocks(ticket_id, ClockSet.raised(promise, at, now))
    rows = [
        {"ticket_id": ticket_id, "desk_key": desk.key, "kind": kind, **_columns(clocks, cycle)}
        for cycle in clocks.held.cycles
    ]
    if rows:
        connection(session).execute(_INSERT, rows)


def begin_for_open(session: Session, desk: Definition, policies: Mapping[str, int], at: datetime) -> None:
    """What is promised for the first time counts from now on, also for tickets that are open already."""
    desk = replace(desk, policies=policies)
    measured = select(ServiceClock.id).where(ServiceClock.ticket_id == Ticket.id)
    runs = measured.where(ServiceClock.stopped_at.is_(None)).exists()
    for kind, policy_id in policies.items():
        tickets = (
            select(Ticket)
            .where(
                Ticket.desk_key == desk.key,
                Ticket.kind == kind,
                Ticket.state.in_(list(OPEN_STATES)),
                Ticket.raised_at <= at,
            )
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        for ticket in session.scalars(tickets.where(~measured.exists())):
            _begin_for(session, ticket, load_policy(session, policy_id), at)
        # A clock that runs is brought up to date by the tick; these have none.
        for ticket in session.scalars(tickets.where(measured.exists(), ~runs)):
            _go_on_for(session, desk, ticket, at)


def _begin_for(session: Session, ticket: Ticket, policy: Policy, at: datetime) -> None:
    clocks = Clocks(ticket.id, ClockSet.raised(policy.promises[ticket.priority], at, at))
    if ticket.assignee_id is not None:  # it was answered before anything was promised
        clocks.held = clocks.held.given().without(RESPOND)
    if ticket.state in WAITING_STATES:
        clocks.held = clocks.held.waits(at, ticket.state.value)
    save(session, ticket, clocks)
    telling.redraw_card(session, ticket_id=ticket.id)


def _go_on_for(session: Session, desk: Definition, ticket: Ticket, at: datetime) -> None:
    clocks = readable_clocks(session, ticket)
    if clocks is not None:
        clocks.held = under_present_policy(session, desk, ticket.kind, clocks.held, at, is_over=False)
        save(session, ticket, clocks)
        telling.redraw_card(session, ticket_id=ticket.id)


def follow(session: Session, desk: Definition, ticket: Ticket, event: Happening) -> None:
    """Bring the ticket's clocks up to date with an event that is being recorded."""
    if event.kind not in FOLLOWED:
        return
    if event.kind is EventKind.COMMENTED and event.data.get("speaker") != Speaker.DESK.value:
        return
    before = str(event.data["from"]) if event.kind is EventKind.PRIORITISED else None
    clocks = readable_clocks(session, ticket, priority=before)
    if clocks is None:
        return
    was_over = event.kind is EventKind.REOPENED or (
        ticket.state not in OPEN_STATES and event.kind not in (EventKind.RESOLVED, EventKind.CANCELLED)
    )
    clocks.held = under_present_policy(session, desk, ticket.kind, clocks.held, event.at, is_over=was_over)
    if event.kind is EventKind.UNDONE:
        _take_back(session, desk, ticket, clocks, event.at)
    else:
        policy = load_policy(session, clocks.held.promise.policy)
        clocks.held = changed_by(clocks.held, event, policy)
    save(session, ticket, clocks)
    if event.kind in _CHANGES_HANDS:
        _name_the_holder(session, clocks)
    if event.kind is EventKind.REOPENED:  # what was missed before is missed again
        draw_again(session, {key for kept in clocks.kept.values() for key in kept.told})


def _name_the_holder(session: Session, clocks: Clocks) -> None:
    """Escalations say who has the ticket; warnings do not."""
    told = {key for kept in clocks.kept.values() for key in kept.told}
    if told:
        draw_again(session, told, which=telling.is_escalation)


def _take_back(session: Session, desk: Definition, ticket: Ticket, clocks: Clocks, at: datetime) -> None:
    """The clocks as if what was undone had never been done; what it had passed is still ahead."""
    before = clocks.held.cycles
    latest = max([at, *(cycle.breach.at for cycle in before if cycle.breach)])
    after = replayed(session, ticket).settled(latest)
    if desk.policies.get(ticket.kind.value) is None:  # the timeline does not know when that began
        after = after.cancelled(
            min((c.stopped_at for c in before if c.is_cancelled and c.stopped_at), default=at)
        )
    clocks.held = after
    known = {(cycle.clock, cycle.number) for cycle in after.cycles}
    gone: list[dict[str, Any]] = []
    for key, kept in clocks.kept.items():
        if key not in known:
            cycle = replace(kept.cycle.cancelled(at), stop_cause=TAKEN_BACK, is_cancelled=True, breach=None)
            clocks.kept[key] = Kept(cycle, told=kept.told)
            gone.append(_change(clocks, cycle) | {"next_fire_at": None})
    if gone:
        connection(session).execute(_UPDATE, gone)
    for cycle in after.cycles:
        clocks.forget_what_is_ahead(cycle, latest)


def later_versions(session: Session, desk: Definition, kind: Kind, clocks: ClockSet) -> list[Policy]:
    """The versions that took effect since the one that measures these clocks, in order."""
    present = desk.policies.get(kind.value)
    if present is None or present == clocks.promise.policy:
        return []
    of_desk = select(ServicePolicy.id).where(ServicePolicy.desk_key == desk.key, ServicePolicy.kind == kind)
    since = of_desk.where(ServicePolicy.id > clocks.promise.policy, ServicePolicy.id <= present)
    return [load_policy(session, id_) for id_ in session.scalars(since.order_by(ServicePolicy.id))]


def under(policy: Policy, clocks: ClockSet, *, is_over: bool) -> ClockSet:
    """The clocks as a version measures them, from the instant on at which it took effect.

    Of a ticket that is over nothing new is measured.
    """
    promise = policy.promises[clocks.promise.priority]
    if is_over:
        return replace(clocks, promise=promise)
    return clocks.promised(promise, policy.effective_from, BY_POLICY)


def under_present_policy(
    session: Session, desk: Definition, kind: Kind, clocks: ClockSet, at: datetime, *, is_over: bool
) -> ClockSet:
    """The clocks as every version since has measured them; at an end where nothing is promised any more."""
    if desk.policies.get(kind.value) is None:
        return clocks.cancelled(at)
    for policy in later_versions(session, desk, kind, clocks):
        clocks = under(policy, clocks, is_over=is_over)
    return clocks


def awaits_claim(session: Session, ticket: Ticket) -> bool:
    """Whether taking the ticket would be the response that its clock still waits for."""
    clocks = readable_clocks(session, ticket)
    if clocks is None or clocks.held.open(RESPOND) is None:
        return False
    return "claim" in clocks.held.promise.respond_by


# --- rows ---


def read_clocks(session: Session, ticket: Ticket, *, priority: str | None = None) -> Clocks | None:
    """The clocks of a locked ticket; None when nothing is or was promised for it.

    `priority` is the one before a change that is just being recorded.
    """
    rows = connection(session).execute(_OF_TICKET, {"ticket": ticket.id}).all()
    if not rows:
        return None
    return clocks_from(session, ticket, rows, priority or ticket.priority)


def readable_clocks(session: Session, ticket: Ticket, *, priority: str | None = None) -> Clocks | None:
    """`read_clocks` for work that must not stop where a row cannot be read; the tick tells of that."""
    try:
        return read_clocks(session, ticket, priority=priority)
    except UNREADABLE:
        log.exception("a ticket's clocks cannot be read", ticket=ticket.number)
        return None


def clocks_from(session: Session, ticket: Ticket, rows: Iterable[ClockRow], priority: str) -> Clocks:
    """The clocks that these rows of a ticket describe. `priority` is the one that was promised by."""
    kept, by_cycle = {}, {}
    for row in rows:
        key = (row.clock.value, row.cycle)
        kept[key], by_cycle[key] = kept_from(session, row), Entry(row.id, row.priority, row.next_fire_at)
    cycles = tuple(item.cycle for item in kept.values() if item.cycle.stop_cause != TAKEN_BACK)
    newest = max(cycles, key=lambda cycle: (cycle.is_open, cycle.term.policy))
    # An open cycle knows the priority before a change that is just being recorded.
    priority = newest.term.priority if newest.is_open else priority
    promise = load_policy(session, newest.term.policy).promises[priority]
    waiting = ticket.state.value if ticket.state in WAITING_STATES else None
    clock_set = ClockSet(promise=promise, cycles=cycles, waiting=waiting)
    response = clock_set.of(RESPOND)
    if response is None or response.stop_cause == DROPPED:
        clock_set = replace(clock_set, answered=_answered(session, ticket))
    return Clocks(ticket.id, clock_set, by_cycle, kept)


def _answered(session: Session, ticket: Ticket) -> frozenset[str]:
    """How somebody has turned to a ticket of which no response was promised; its rows do not say that."""
    events = select(TimelineEvent).where(TimelineEvent.ticket_id == ticket.id)
    return answered_by(without_undone(session.scalars(events.order_by(TimelineEvent.seq))))


def answered_by(standing: Iterable[Event]) -> frozenset[str]:
    """The ways in which these events, of which none was undone, turned to a ticket."""
    ways = set()
    for event in standing:
        if event.kind in (EventKind.CLAIMED, EventKind.ASSIGNED):
            ways.add("claim")
        elif event.kind is EventKind.COMMENTED and event.data.get("speaker") == Speaker.DESK.value:
            ways.add("reply")
    return frozenset(ways)


def save(session: Session, ticket: Ticket, clocks: Clocks, *, all_rows: bool = False) -> None:
    """Write the cycles that changed, and let the deliveries that spoke of them be drawn again.

    With `all_rows` also what fires next, where a row was only to be looked at again.
    """
    stale: dict[str, None] = {}
    changed: list[dict[str, Any]] = []
    for cycle in clocks.held.cycles:
        key = (cycle.clock, cycle.number)
        kept, row = clocks.kept.get(key), clocks.rows.get(key)
        if row is None:
            _insert_row(session, ticket, clocks, cycle)
        elif kept is None or kept.cycle != cycle or key in clocks.noted:
            changed.append(_change(clocks, cycle))
        elif all_rows and row.next_fire_at is not None:
            values = _change(clocks, cycle)
            changed += [values] if values["next_fire_at"] != row.next_fire_at else []
        if kept is not None and _says_otherwise(kept.cycle, cycle):
            stale |= dict.fromkeys(kept.told)
        clocks.kept[key] = replace(kept or Kept(cycle), cycle=cycle)
    clocks.noted.clear()
    if changed:
        connection(session).execute(_UPDATE, changed)
    if stale:
        draw_again(session, stale)


def _insert_row(session: Session, ticket: Ticket, clocks: Clocks, cycle: Cycle) -> None:
    values = _columns(clocks, cycle)
    values |= {"ticket_id": ticket.id, "desk_key": ticket.desk_key, "kind": ticket.kind}
    row_id = insert_returning_id(session, ServiceClock, values)
    entry = Entry(row_id, values["priority"], values["next_fire_at"])
    clocks.rows[cycle.clock, cycle.number] = entry


def _change(clocks: Clocks, cycle: Cycle) -> dict[str, Any]:
    return {"row": clocks.rows[cycle.clock, cycle.number].id, **_columns(clocks, cycle)}


def _says_otherwise(before: Cycle, after: Cycle) -> bool:
    """Whether what was told of a cycle may have lost its cause, or got it back."""
    return (before.stopped_at, before.pauses, before.terms) != (after.stopped_at, after.pauses, after.terms)


def draw_again(
    session: Session, keys: Iterable[str], which: Callable[[Outbox], bool] = lambda _: True
) -> None:
    """What these deliveries say may have changed: those that are in Slack are edited."""
    for row in session.scalars(select(Outbox).where(Outbox.key.in_(list(keys)))):
        if which(row):
            telling.redraw(session, row)


def _columns(clocks: Clocks, cycle: Cycle) -> dict[str, Any]:
    kept = clocks.kept.get((cycle.clock, cycle.number), Kept(cycle))
    next_at = clocks.next_at(cycle, clocks.held.promise)
    term, breach = cycle.term, cycle.breach
    due = cycle.due() if cycle.is_running else None
    return {
        "clock": cycle.clock,
        "cycle": cycle.number,
        "priority": breach.priority if breach else term.priority,
        "policy_id": term.policy,
        "state": state_of(cycle),
        "target": int(min(term.target, timedelta(days=36500)).total_seconds()),
        "started_at": cycle.started_at,
        "stopped_at": cycle.stopped_at,
        "due_at": due,
        "breached_at": breach.at if breach else None,
        "determined_at": cycle.determined_at,
        "elapsed": int(cycle.elapsed(cycle.stopped_at).total_seconds()) if cycle.stopped_at else None,
        "history": _to_json(replace(kept, cycle=cycle)),
        "next_fire_at": next_at or _at_once(cycle, due, kept),
    }


def never(cycle: Cycle) -> str:
    """What is remembered as decided once an administrator was told that this target never falls due."""
    return f"never:{cycle.term.policy}"


def _at_once(cycle: Cycle, due: datetime | None, kept: Kept) -> datetime | None:
    """A target that never falls due is looked at once, to tell of it."""
    is_never = cycle.is_running and cycle.breach is None and due is None
    return cycle.term.since if is_never and never(cycle) not in kept.decided else None


def state_of(cycle: Cycle) -> ClockState:
    """How a cycle stands, as it is kept."""
    if cycle.is_cancelled:
        return ClockState.CANCELLED if cycle.breach is None else ClockState.MISSED
    if not cycle.is_open:
        return ClockState.MET if cycle.breach is None else ClockState.MISSED
    return ClockState.RUNNING if cycle.is_running else ClockState.PAUSED


# --- a cycle as JSON: instants are microseconds since 1970, amounts microseconds ---


def _ticks(at: datetime | None) -> int | None:
    return None if at is None else (at - EPOCH) // MICROSECOND


def _instant(ticks: int | None) -> datetime | None:
    return None if ticks is None else EPOCH + ticks * MICROSECOND


def _at(ticks: int) -> datetime:
    return EPOCH + ticks * MICROSECOND


def _to_json(kept: Kept) -> dict[str, Any]:
    cycle, breach = kept.cycle, kept.cycle.breach
    return {
        "terms": [
            [_ticks(t.since), t.policy, t.priority, t.target // MICROSECOND, t.cause] for t in cycle.terms
        ],
        "pauses": [[_ticks(p.since), _ticks(p.until), p.reason] for p in cycle.pauses],
        "carried": cycle.carried // MICROSECOND,
        "stop": cycle.stop_cause,
        "cancelled": cycle.is_cancelled,
        "breach": breach
        and [_ticks(breach.at), breach.priority, breach.cause, breach.elapsed // MICROSECOND],
        "broken_before": cycle.goes_on_broken,
        "decided": sorted(kept.decided),
        "told": list(kept.told),
    }


def kept_from(session: Session, row: ClockRow) -> Kept:
    """The cycle that a row describes."""
    data = row.history
    breach = data["breach"]
    cycle = Cycle(
        clock=row.clock.value,
        number=row.cycle,
        started_at=row.started_at,
        terms=tuple(_term(session, *term) for term in data["terms"]),
        pauses=tuple(Pause(_at(since), _instant(until), reason) for since, until, reason in data["pauses"]),
        carried=data["carried"] * MICROSECOND,
        stopped_at=row.stopped_at,
        stop_cause=data["stop"],
        is_cancelled=data["cancelled"],
        breach=Breach(_at(breach[0]), breach[1], breach[2], breach[3] * MICROSECOND) if breach else None,
        goes_on_broken=data["broken_before"],
    )
    return Kept(cycle, frozenset(data["decided"]), tuple(data["told"]))


def _term(session: Session, since: int, policy: int, priority: str, target: int, cause: str) -> Term:
    hours = load_policy(session, policy).promises[priority].hours
    return Term(_at(since), hours, target * MICROSECOND, priority, policy, cause)


# --- replay ---


def replayed(session: Session, ticket: Ticket) -> ClockSet:
    """The clocks of a ticket, computed from its timeline and the versions of its policy alone."""
    events = select(TimelineEvent).where(TimelineEvent.ticket_id == ticket.id)
    rows = list(session.scalars(events.order_by(TimelineEvent.seq)))
    first = connection(session).execute(_OF_TICKET, {"ticket": ticket.id}).first()
    if first is None:
        raise LookupError(f"{ticket.number} has no clocks.")
    began = kept_from(session, first).cycle
    policies = _policies_since(session, ticket, began.terms[0].policy)
    was_answered = began.clock != RESPOND and RESPOND in policies[0].promises[began.terms[0].priority].targets
    if began.started_at != ticket.raised_at or was_answered:
        return _replayed_from_within(rows, policies, began, ticket)
    return replay(
        rows,
        policies=policies,
        raised_at=began.started_at,
        looked_at=rows[0].recorded_at,
        priority=priority_at_first(rows, ticket),
    )


def _replayed_from_within(
    rows: list[TimelineEvent], policies: list[Policy], began: Cycle, ticket: Ticket
) -> ClockSet:
    """The clocks of a ticket that was open already when something was first promised for it."""
    at, stand = began.started_at, _Stand(ticket.raised_at, priority_at_first(rows, ticket))
    standing = without_undone(rows)  # also what was undone only later had never been
    for row in standing:
        if row.recorded_at <= at:
            stand.follow(row)
    first = ClockSet.raised(policies[0].promises[stand.priority], at, at)
    first = replace(first, answered=answered_by(row for row in standing if row.recorded_at <= at))
    if began.clock != RESPOND:
        first = first.without(RESPOND)
    if stand.waiting is not None:
        first = first.waits(at, stand.waiting)
    return _fold(first, [row for row in standing if row.recorded_at > at], policies, stand)


def _policies_since(session: Session, ticket: Ticket, first: int) -> list[Policy]:
    later = select(ServicePolicy.id).where(
        ServicePolicy.desk_key == ticket.desk_key,
        ServicePolicy.kind == ticket.kind,
        ServicePolicy.id >= first,
    )
    return [load_policy(session, id_) for id_ in session.scalars(later.order_by(ServicePolicy.id))]


def priority_at_first(rows: Iterable[Event], ticket: Ticket) -> str:
    """The priority that a ticket was raised with."""
    for row in rows:
        if row.kind is EventKind.RAISED and "priority" in row.data:
            return str(row.data["priority"])
        if row.kind is EventKind.PRIORITISED:
            return str(row.data["from"])
    return ticket.priority


def replay(
    rows: Iterable[Event],
    *,
    policies: list[Policy],
    raised_at: datetime,
    looked_at: datetime,
    priority: str,
) -> ClockSet:
    """Fold a timeline. `policies` are the versions in force from the first one on, in order.

    What was undone is left out, as if it had never been done.
    """
    first = ClockSet.raised(policies[0].promises[priority], raised_at, looked_at)
    return _fold(first, without_undone(rows), policies, _Stand(raised_at, priority))


def _fold(clocks: ClockSet, rows: Iterable[Event], policies: list[Policy], stand: _Stand) -> ClockSet:
    """`rows` are the events that stand, `stand` is how the ticket stood before them."""
    policy, later = policies[0], list(policies[1:])
    for row in rows:
        while later and later[0].effective_from <= row.recorded_at:
            policy = later.pop(0)
            clocks = under(policy, clocks, is_over=stand.is_over)
        event = Happening(row.kind, stand.follow(row), row.actor_id, row.data)
        clocks = changed_by(clocks, event, policy)
    for policy in later:
        clocks = under(policy, clocks, is_over=stand.is_over)
    return clocks


_ENDS: Final = {EventKind.RESOLVED: True, EventKind.CANCELLED: True, EventKind.REOPENED: False}
_ENDS_WAITING: Final = frozenset(
    {EventKind.RELEASED, EventKind.RESUMED, EventKind.RESOLVED, EventKind.CANCELLED}
)


@dataclass
class _Stand:
    """How a ticket stands while its timeline is replayed, and since when."""

    since: datetime
    priority: str
    assignee_id: str | None = None
    waiting: str | None = None
    is_over: bool = False

    def follow(self, row: Event) -> datetime:
        """Stand as it does after an event; when that counts."""
        at = when(row.kind, row.at, self.since)
        # Who was given a ticket and then claims it says so, and it stands as before.
        if moves(row.kind, row.data) and not (row.kind is EventKind.CLAIMED and self._has_it(row.actor_id)):
            self.since = at
        self.is_over = _ENDS.get(row.kind, self.is_over)
        self.waiting = None if row.kind in _ENDS_WAITING else self.waiting
        match row.kind:
            case EventKind.CLAIMED:
                self.assignee_id = row.actor_id
            case EventKind.ASSIGNED:
                self.assignee_id = str(row.data["to"])
            case EventKind.RELEASED:
                self.assignee_id = None
            case EventKind.RESOLVED:
                self.assignee_id = self.assignee_id or row.actor_id
            case EventKind.PRIORITISED:
                self.priority = str(row.data["to"])
            case EventKind.WAITED:
                self.waiting = str(row.data["to"])
            case _:
                pass
        return at

    def _has_it(self, person_id: str | None) -> bool:
        return self.assignee_id is not None and self.assignee_id == person_id


_MOVES: Final = frozenset(
    {
        EventKind.CLAIMED,
        EventKind.RELEASED,
        EventKind.ASSIGNED,
        EventKind.WAITED,
        EventKind.RESUMED,
        EventKind.RESOLVED,
        EventKind.REOPENED,
        EventKind.CLOSED,
        EventKind.CANCELLED,
    }
)


def moves(kind: EventKind, data: Mapping[str, Any]) -> bool:
    """Whether an event puts a ticket into another state or into other hands."""
    return kind in _MOVES or (kind is EventKind.UNDONE and data.get("undone") != EventKind.PRIORITISED.value)


def when(kind: EventKind, at: datetime, state_since: datetime) -> datetime:
    """When an event counts: what changes how a ticket stands never reaches back before its state."""
    counts_late = kind in _MOVES or kind in (EventKind.PRIORITISED, EventKind.UNDONE)
    return max(at, state_since) if counts_late else at


AnEvent = TypeVar("AnEvent", bound=Event)


def without_undone(rows: Iterable[AnEvent]) -> list[AnEvent]:
    """The events that stand: what an `undone` took back is left out."""
    standing: list[AnEvent] = []
    for row in rows:
        if row.kind is EventKind.UNDONE:
            kinds = [earlier.kind.value for earlier in standing]
            last = len(kinds) - 1 - kinds[::-1].index(row.data["undone"])
            del standing[last]
        standing.append(row)
    return standing
