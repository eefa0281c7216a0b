"""A proposed desk.yaml tried on real past tickets: what it would have kept and broken. Nothing is written.

The population is the tickets raised in the period [now − days, now), whatever became of them. Raised, not
determined: when an outcome is determined depends on the policy, so only raising gives every policy the same
tickets. Each ticket's timeline is folded as its own clocks are (`timekeeping.replay`), under one policy from
the moment it was raised. What people did, and the priorities that they gave, stay as they were.

An outcome is counted as in `bot.workflows.metrics.outcomes`: met, or broken by now; what still runs in time
and what was cancelled unbroken is in neither. It belongs to the priority it ended or broke under. Unit:
clocks.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import config
from bot.config import DeskConfig
from bot.errors import DeskbellError
from bot.models import Comment, ServiceClock, Ticket, TimelineEvent
from bot.models.service_levels import ClockName
from bot.models.vocabulary import EventKind, Kind, Visibility
from bot.service_levels.clocks import Cycle
from bot.workflows import timekeeping
from bot.workflows.desks import load_desks
from bot.workflows.metrics import Period, Rate
from bot.workflows.policies import Policy, Resolver, content_of, load_policy, policy_from

BATCH: Final = 500
"""Tickets in memory at a time."""
MOST_KEPT: Final = 10_000
"""So many tickets of each kind of difference are kept by number, those that are the latest."""
PROPOSED: Final = 0
"""The id of the proposed policies: no version that is written down has it."""

_NOTHING: Final = timedelta(0)
_READ: Final = timedelta(days=366)

Under = Literal["recorded", "present", "proposed"]
"""What a figure was measured by: the clocks as they ran, the policies in force now, the proposed ones."""
PolicyOf = Mapping[tuple[str, Kind], Policy]
"""Policies by desk and kind of ticket."""


class NoSuchDesk(DeskbellError):
    """The proposed configuration has no desk of that key."""


@dataclass(frozen=True, order=True)
class Line:
    """What a rate is of. An empty priority: all of them together."""

    kind: Kind
    clock: ClockName
    priority: str


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A ticket one of whose clocks was kept under one policy and broken under the other."""

    number: str
    clock: ClockName
    priority: str
    late: timedelta
    """How much more open time than its target it took, under the policy that broke it; so far, if open."""
    is_open: bool
    had_clock: bool
    """Its records hold such a clock."""

    @property
    def gravity(self) -> tuple[timedelta, str, str]:
        """The latest are the gravest; ties by number, so that the order is always the same."""
        return self.late, self.number, self.clock


@dataclass
class Differences:
    """How many there are, and the gravest of them."""

    count: int = 0
    _kept: list[tuple[tuple[timedelta, str, str], Difference]] = field(default_factory=list)

    def add(self, one: Difference) -> None:
        """Count it; keep it if it is one of the gravest."""
        self.count += 1
        item = (one.gravity, one)
        if len(self._kept) < MOST_KEPT:
            heapq.heappush(self._kept, item)
        elif item[0] > self._kept[0][0]:
            heapq.heapreplace(self._kept, item)

    @property
    def gravest(self) -> list[Difference]:
        """Those that were kept, the latest first."""
        return [one for _, one in sorted(self._kept, key=lambda item: item[0], reverse=True)]


@dataclass
class Tally:
    """Clocks that met their target, and all whose outcome is known."""

    met: int = 0
    n: int = 0

    @property
    def rate(self) -> Rate:
        """The same, to be told as a share."""
        return Rate(self.met, self.n)


@dataclass(kw_only=True)
class Backtest:
    """What a proposed policy would have meant for the tickets of a period."""

    period: Period
    desks: tuple[str, ...]
    tickets: int = 0
    """Replayed."""
    without_clocks: int = 0
    """Of these, tickets for which nothing was promised at their time: they have no recorded outcome."""
    without_promise: int = 0
    """Of these, tickets for whose kind the proposed configuration promises nothing."""
    elsewhere: int = 0
    """Tickets of the period at desks that the proposed configuration does not have: not replayed."""
    differing: int = 0
    """Tickets with at least one difference."""
    tallies: dict[Line, dict[Under, Tally]] = field(default_factory=dict)
    would_break: Differences = field(default_factory=Differences)
    """Broken under the proposal, not broken in the records."""
    would_keep: Differences = field(default_factory=Differences)
    """Broken in the records, not under the proposal."""
    unpromised: int = 0
    """Clocks broken in the records that the proposal does not promise at all."""

    def count(self, outcome: Outcome, kind: Kind, under: Under) -> None:
        """Add a clock whose outcome is known, to its priority and to all together."""
        for priority in (outcome.priority, ""):
            line = Line(kind, outcome.clock, priority)
            tally = self.tallies.setdefault(line, {}).setdefault(under, Tally())
            tally.n += 1
            tally.met += outcome.is_met


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a cycle of a clock ended, or that it is broken already."""

    clock: ClockName
    priority: str
    is_met: bool
    late: timedelta
    is_open: bool


@dataclass(frozen=True)
class Fate:
    """What became of a ticket's clocks: which there were, and the outcomes that are known."""

    clocks: frozenset[str] = frozenset()
    outcomes: tuple[Outcome, ...] = ()

    def broken(self) -> dict[str, Outcome]:
        """The clocks that broke, each with the outcome of the cycle that was the latest."""
        missed = [outcome for outcome in self.outcomes if not outcome.is_met]
        return {outcome.clock: outcome for outcome in sorted(missed, key=lambda outcome: outcome.late)}


# --- the proposed policies ---


def proposed_policies(
    desired: DeskConfig, period: Period, desk_key: str | None
) -> dict[tuple[str, Kind], Policy]:
    """What a configuration promises, with the holidays of every year of the period. Raises NoSuchDesk."""
    if desk_key is not None and desk_key not in desired.desks:
        known = f"It has {', '.join(desired.desks)}." if desired.desks else "It has none."
        raise NoSuchDesk(f'The proposed configuration has no desk "{desk_key}". {known}')
    return {
        (key, kind): policy_from(PROPOSED, period.start, _content(desired, name, period))
        for key, desk in desired.desks.items()
        if desk_key in (None, key)
        for kind, name in desk.slas.items()
    }


def _content(desired: DeskConfig, name: str, period: Period) -> dict[str, Any]:
    """As a version that is written down, but for the names in its escalations: nobody is told."""
    first, last = date(period.start.year - 1, 1, 1), date((period.end + _READ).year, 12, 31)
    calendars = {
        key: config.materialised(calendar, first, last) for key, calendar in desired.calendars.items()
    }
    names = Resolver({})
    return content_of(desired.slas[name], calendars, names, period.end.date())


# --- replay ---


def backtest(
    session: Session,
    desired: DeskConfig,
    period: Period,
    *,
    desk_key: str | None = None,
    advanced: Callable[[int, int], None] = lambda _done, _of: None,
    batch: int = BATCH,
) -> Backtest:
    """Replay the tickets raised in a period; `period.end` is now, in business time.

    `advanced` is told how many tickets are done, of how many. Raises NoSuchDesk. Reads in batches: what is
    held in memory does not grow with the number of tickets.
    """
    proposed = proposed_policies(desired, period, desk_key)
    desks = tuple(key for key in desired.desks if desk_key in (None, key))
    present = _present_policies(session, desks)
    found = Backtest(period=period, desks=desks)
    found.elsewhere = _count(session, period, None) - _count(session, period, tuple(desired.desks))
    total = _count(session, period, desks)
    advanced(0, total)
    for tickets in _batches(session, period, desks, batch):
        _compare_all(session, found, tickets, proposed=proposed, present=present)
        found.tickets += len(tickets)
        advanced(found.tickets, max(total, found.tickets))
    return found


def _present_policies(session: Session, desks: Iterable[str]) -> PolicyOf:
    """The versions in force; none for a desk that is off."""
    known = load_desks(session)
    return {
        (key, Kind(kind)): load_policy(session, policy_id)
        for key in desks
        if (desk := known.get(key)) is not None
        for kind, policy_id in desk.policies.items()
    }


def _raised_in(period: Period, desks: tuple[str, ...] | None) -> list[Any]:
    within = [Ticket.raised_at >= period.start, Ticket.raised_at < period.end]
    return within if desks is None else [*within, Ticket.desk_key.in_(desks)]


def _count(session: Session, period: Period, desks: tuple[str, ...] | None) -> int:
    counted = select(func.count()).select_from(Ticket).where(*_raised_in(period, desks))
    return session.scalar(counted) or 0


def _batches(
    session: Session, period: Period, desks: tuple[str, ...], batch: int
) -> Iterator[Sequence[Ticket]]:
    """The tickets by id, some at a time."""
    last = 0
    while True:
        following = select(Ticket).where(*_raised_in(period, desks), Ticket.id > last)
        tickets = session.scalars(following.order_by(Ticket.id).limit(batch)).all()
        if not tickets:
            return
        yield tickets
        last = tickets[-1].id
        session.expunge_all()


def _compare_all(
    session: Session, found: Backtest, tickets: Sequence[Ticket], *, proposed: PolicyOf, present: PolicyOf
) -> None:
    ids = [ticket.id for ticket in tickets]
    events, recorded = _events(session, ids), _recorded(session, ids)
    now = found.period.end
    for ticket in tickets:
        of, rows = (ticket.desk_key, ticket.kind), events[ticket.id]
        fates: dict[Under, Fate | None] = {
            "recorded": _fate(recorded.get(ticket.id), now),
            "present": _fate(_replayed(rows, ticket, present.get(of)), now),
            "proposed": _fate(_replayed(rows, ticket, proposed.get(of)), now),
        }
        found.without_clocks += fates["recorded"] is None
        found.without_promise += fates["proposed"] is None
        for under, fate in fates.items():
            for outcome in fate.outcomes if fate else ():
                found.count(outcome, ticket.kind, under)
        found.differing += _compare(found, ticket, fates["recorded"] or Fate(), fates["proposed"] or Fate())


def _replayed(rows: Sequence[Event], ticket: Ticket, policy: Policy | None) -> Iterable[Cycle] | None:
    if policy is None or not rows:
        return None
    clocks = timekeeping.replay(
        rows,
        policies=[policy],
        raised_at=ticket.raised_at,
        looked_at=rows[0].recorded_at,
        priority=timekeeping.priority_at_first(rows, ticket),
    )
    return clocks.cycles


def _fate(cycles: Iterable[Cycle] | None, now: datetime) -> Fate | None:
    if cycles is None:
        return None
    settled = [cycle.settled(now) for cycle in cycles]
    known = (_outcome(cycle, now) for cycle in settled if cycle.determined_at is not None)
    return Fate(frozenset(cycle.clock for cycle in settled), tuple(known))


def _outcome(cycle: Cycle, now: datetime) -> Outcome:
    breach = cycle.breach
    late = cycle.elapsed(cycle.stopped_at or now) - cycle.term.target if breach else _NOTHING
    return Outcome(
        clock=ClockName(cycle.clock),
        priority=breach.priority if breach else cycle.term.priority,
        is_met=breach is None,
        late=max(late, _NOTHING),
        is_open=cycle.is_open,
    )


def _compare(found: Backtest, ticket: Ticket, was: Fate, would: Fate) -> bool:
    """Note what differs between the records and the proposal; whether anything does."""
    was_broken, would_break = was.broken(), would.broken()
    for clock in sorted(would_break.keys() - was_broken.keys()):
        found.would_break.add(_difference(ticket, would_break[clock], had_clock=clock in was.clocks))
    for clock in sorted(was_broken.keys() - would_break.keys()):
        if clock in would.clocks:
            found.would_keep.add(_difference(ticket, was_broken[clock], had_clock=True))
        else:
            found.unpromised += 1
    return was_broken.keys() != would_break.keys()


def _difference(ticket: Ticket, outcome: Outcome, *, had_clock: bool) -> Difference:
    return Difference(
        number=ticket.number,
        clock=outcome.clock,
        priority=outcome.priority,
        late=outcome.late,
        is_open=outcome.is_open,
        had_clock=had_clock,
    )


# --- records ---


@dataclass(frozen=True, slots=True)
class Event:
    """A timeline event, without what a replay does not ask for."""

    kind: EventKind
    at: datetime
    recorded_at: datetime
    actor_id: str | None
    data: Mapping[str, Any]


_REPLAYED: Final = (
    *timekeeping.FOLLOWED,
    EventKind.RAISED,
    EventKind.CLOSED,
    EventKind.BREACHED,
)


def _events(session: Session, ids: list[int]) -> Mapping[int, list[Event]]:
    """The timelines of these tickets, in order."""
    row = TimelineEvent
    rows = session.execute(
        select(row.ticket_id, row.kind, row.at, row.recorded_at, row.actor_id, row.data)
        .where(row.ticket_id.in_(ids), row.kind.in_(_REPLAYED))
        .order_by(row.ticket_id, row.seq)
    ).all()
    speakers = _speakers(session, [data["comment"] for _, kind, *_, data in rows if _is_silent(kind, data)])
    found: dict[int, list[Event]] = defaultdict(list)
    for ticket_id, kind, at, recorded_at, actor_id, data in rows:
        speaker = speakers.get(data["comment"]) if _is_silent(kind, data) else None
        heard = data | {"speaker": speaker} if speaker else data
        found[ticket_id].append(Event(kind, at, recorded_at, actor_id, heard))
    return found


def _is_silent(kind: EventKind, data: Mapping[str, Any]) -> bool:
    """Older timelines do not say for whom somebody wrote; the comment itself does."""
    return kind is EventKind.COMMENTED and "speaker" not in data and "comment" in data


def _speakers(session: Session, comment_ids: list[int]) -> dict[int, str]:
    if not comment_ids:
        return {}
    rows = select(Comment.id, Comment.speaker).where(
        Comment.id.in_(comment_ids), Comment.visibility == Visibility.PUBLIC
    )
    return {comment_id: speaker.value for comment_id, speaker in session.execute(rows)}


def _recorded(session: Session, ids: list[int]) -> Mapping[int, list[Cycle]]:
    """The cycles as the clocks of these tickets ran."""
    rows = select(ServiceClock).where(ServiceClock.ticket_id.in_(ids)).order_by(ServiceClock.id)
    found: dict[int, list[Cycle]] = {}
    for row in session.scalars(rows):
        found.setdefault(row.ticket_id, []).append(timekeeping.kept_from(session, row).cycle)
    return found
