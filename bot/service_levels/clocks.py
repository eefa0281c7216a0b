"""Service level clocks as values: cycles of open time against a target, and what changes them.

A ticket's clocks are a fold of what happened to it (`ClockSet`): the same history gives the same clocks,
whoever computes them and whenever. Instants are aware UTC datetimes, amounts are open time.

The semantics (ITIL 4 service level management; the particular choices are this project's):

* A target is met when the clock stops at or before the instant at which it is due.
* A change of priority or policy keeps the cycle: what has elapsed and was paused stays, the new target counts
  from the start. Where that is over already, the target breaks at the instant of the change.
* What is broken stays broken, also when the priority is lowered. Only a stop that turns out to have happened
  before (its event came late) takes a breach back.
* The response clock is never paused and never starts again. A reopened ticket goes on with what is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from bot.service_levels.openings import Hours

RESPOND: Final = "respond"
RESOLVE: Final = "resolve"
UPDATE: Final = "update"
NEXT_REPLY: Final = "next_reply"
NOTHING: Final = timedelta(0)
UNPROMISED: Final = timedelta(days=365_000)
"""The target for as long as nothing is promised: no calendar ever uses it up."""

BY_TIME, BY_PRIORITY, BY_POLICY, BY_REOPENING, BY_MERGING = "time", "priority", "policy", "reopened", "merged"
DROPPED: Final = "dropped"
"""A clock ended because it was promised no more."""
BORN: Final = "born"
"""Broken when it was first looked at: raised from an old message, or while the desk was not running."""


@dataclass(frozen=True, slots=True)
class Term:
    """What a cycle is measured by from `since` on. `policy` is the id of the policy's version."""

    since: datetime
    hours: Hours
    target: timedelta
    priority: str
    policy: int
    cause: str = BY_TIME


@dataclass(frozen=True, slots=True)
class Pause:
    """A span [since, until) that does not count, and why; without an end it lasts."""

    since: datetime
    until: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Breach:
    """When a target broke, under which priority, by what, and how much open time had gone by."""

    at: datetime
    priority: str
    cause: str
    elapsed: timedelta

    def comes_after(self, stop: datetime) -> bool:
        """Whether a stop at this instant was in time: at the due instant it is, at that of a change not."""
        return stop < self.at or (stop == self.at and self.cause in (BY_TIME, BORN))


@dataclass(frozen=True, slots=True)
class Stretch:
    """A span in which one term counts; without an end it goes on."""

    start: datetime
    end: datetime | None
    term: Term


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A part of a cycle, for whoever asks why. Counted pieces' `open_time` sums to what has elapsed."""

    start: datetime
    end: datetime
    counts: bool
    reason: str
    """`open`, `closed`, or the state that it was paused in."""
    calendar: str
    priority: str
    policy: int
    open_time: timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Cycle:
    """One run of a clock. `carried` is what earlier cycles used of the same budget."""

    clock: str
    number: int
    started_at: datetime
    terms: tuple[Term, ...]
    pauses: tuple[Pause, ...] = ()
    carried: timedelta = NOTHING
    stopped_at: datetime | None = None
    stop_cause: str | None = None
    is_cancelled: bool = False
    breach: Breach | None = None
    goes_on_broken: bool = False
    """The breach is the one of an earlier cycle, which counted it."""

    @property
    def term(self) -> Term:
        """What measures it now."""
        return self.terms[-1]

    @property
    def is_open(self) -> bool:
        """It has neither been stopped nor cancelled."""
        return self.stopped_at is None

    @property
    def pause(self) -> Pause | None:
        """The pause that lasts."""
        return next((pause for pause in self.pauses if pause.until is None), None) if self.is_open else None

    @property
    def is_running(self) -> bool:
        """It is open and not paused."""
        return self.is_open and self.pause is None

    @property
    def determined_at(self) -> datetime | None:
        """When it was certain whether the target was met; None while it is not, or if it is not counted."""
        if self.goes_on_broken:
            return None
        if self.breach is not None:
            return self.breach.at
        return None if self.is_cancelled else self.stopped_at

    def elapsed(self, at: datetime) -> timedelta:
        """The open time from the start to `at` (or to the stop) without pauses, and what was carried."""
        return self.carried + sum(
            (
                stretch.term.hours.elapsed(stretch.start, _until(stretch, at))
                for stretch in self._stretches(at)
            ),
            NOTHING,
        )

    def instant_at(self, amount: timedelta) -> datetime | None:
        """When `amount` had or will have elapsed if nothing changes; None while paused before, or never."""
        left = amount - self.carried
        if left <= NOTHING:
            return self.started_at
        if self.stopped_at is None and not self.pauses and len(self.terms) == 1:  # most are like this
            return self.term.hours.after(self.started_at, left)
        for stretch in self._stretches(None):
            if stretch.end is None:
                return stretch.term.hours.after(stretch.start, left)
            part = stretch.term.hours.elapsed(stretch.start, stretch.end)
            if left <= part:
                return stretch.term.hours.after(stretch.start, left)
            left -= part
        return None

    def due(self) -> datetime | None:
        """The instant at which the present target is used up; None while paused before, or never."""
        return self.instant_at(self.term.target)

    def pieces(self, at: datetime) -> list[Piece]:
        """Every open, closed and paused part up to `at` (or to the stop), in order."""
        found = [piece for stretch in self._stretches(at) for piece in _unfold(stretch, at)]
        found += [piece for pause in self.pauses for piece in self._paused(pause, at)]
        return sorted(found, key=lambda piece: piece.start)

    def _paused(self, pause: Pause, at: datetime) -> Iterator[Piece]:
        last = at if self.stopped_at is None else min(at, self.stopped_at)
        start, end = max(pause.since, self.started_at), min(pause.until or last, last)
        if start >= end:
            return
        term = next((term for term in reversed(self.terms) if term.since <= start), self.terms[0])
        yield Piece(
            start=start,
            end=end,
            counts=False,
            reason=pause.reason,
            calendar=term.hours.calendar.name,
            priority=term.priority,
            policy=term.policy,
            open_time=term.hours.elapsed(start, end),
        )

    def _stretches(self, at: datetime | None) -> Iterator[Stretch]:
        """The parts that count, one for each term between pauses; open-ended where nothing ends it."""
        end = self.stopped_at if at is None else _earlier(at, self.stopped_at)
        gaps = _union(self.pauses)
        for index, term in enumerate(self.terms):
            start = self.started_at if index == 0 else max(term.since, self.started_at)
            following = self.terms[index + 1].since if index + 1 < len(self.terms) else None
            yield from _without(Stretch(start, _earlier(following, end), term), gaps)

    # --- what changes it ---

    def settled(self, at: datetime, cause: str | None = None) -> Cycle:
        """The cycle as it stands at `at`: broken, if its target was used up by then."""
        if self.breach is not None or not self.is_open:
            return self
        due = self.due()
        return self if due is None or due > at else self._broken(due, cause)

    def stopped(self, at: datetime, cause: str) -> Cycle:
        """The promise was kept, or at last.

        `at` may lie before a breach that was decided too early, and before a stop that was heard of first.
        """
        at = max(at, self.started_at)
        if self.is_cancelled or (self.stopped_at is not None and self.stopped_at <= at):
            return self
        # What was promised after the stop never measured it.
        terms = tuple(term for term in self.terms if term.since <= at) or self.terms[:1]
        ended = replace(self, stopped_at=at, stop_cause=cause, pauses=_closed(self.pauses, at), terms=terms)
        if ended.term.target == UNPROMISED:  # nothing was promised when it happened: neither met nor missed
            return replace(ended, is_cancelled=True, breach=None)
        if ended.goes_on_broken or (ended.breach is not None and not ended.breach.comes_after(at)):
            return ended
        ended = replace(ended, breach=None)
        due = ended.due()
        return ended if due is None or due >= at else ended._broken(due, None)

    def cancelled(self, at: datetime, cause: str = "cancelled") -> Cycle:
        """It is not measured any more; what is broken stays so."""
        if not self.is_open:
            return self
        cycle = self.settled(at)
        at = max(at, cycle.started_at)
        return replace(
            cycle,
            stopped_at=at,
            stop_cause=cause,
            is_cancelled=True,
            pauses=_closed(cycle.pauses, at),
        )

    def paused(self, at: datetime, reason: str) -> Cycle:
        """It stands still from `at` on."""
        if not self.is_open or (self.pause is not None and self.pause.reason == reason):
            return self
        cycle = self.settled(at).resumed(at)
        return replace(cycle, pauses=(*cycle.pauses, Pause(max(at, cycle.started_at), None, reason)))

    def resumed(self, at: datetime) -> Cycle:
        """It goes on from `at`."""
        return replace(self, pauses=_closed(self.pauses, at)) if self.pause is not None else self

    def measured_by(self, term: Term) -> Cycle:
        """From `term.since` on it has another target or calendar (ITIL: retroactive start and pause)."""
        if not self.is_open:
            return self
        before = self.settled(term.since)
        term = replace(term, since=max(term.since, before.term.since, before.started_at))
        return replace(before, terms=(*before.terms, term)).settled(term.since)

    def going_on(self, at: datetime, term: Term) -> Cycle:
        """The next cycle, with what this one left of the budget; never before this one ended."""
        at = at if self.stopped_at is None else max(at, self.stopped_at)
        return Cycle(
            clock=self.clock,
            number=self.number + 1,
            started_at=at,
            terms=(replace(term, since=at),),
            carried=self.elapsed(at),
            breach=self.breach,
            goes_on_broken=self.breach is not None,
        ).settled(at)

    def _broken(self, due: datetime, cause: str | None) -> Cycle:
        at = max(due, self.term.since)
        by_change = due <= self.term.since and (len(self.terms) > 1 or self.carried > NOTHING)
        cause = cause or (self.term.cause if by_change else BY_TIME)
        elapsed = max(self.elapsed(at), self.term.target)
        return replace(self, breach=Breach(at, self.term.priority, cause, elapsed))


@dataclass(frozen=True, slots=True)
class Point:
    """A moment on a clock: `percent` of its target, then `after` of its open time.

    `step` is the position in the escalation, if it belongs to one.
    """

    percent: int = 100
    after: timedelta = NOTHING
    step: int | None = None

    @property
    def is_breach(self) -> bool:
        """The target itself, whoever is told."""
        return self.percent == 100 and not self.after

    @property
    def gravity(self) -> tuple[timedelta, int]:
        """Later moments are graver."""
        return (self.after, self.percent)

    @property
    def name(self) -> str:
        """`50%`, `breach`, `breach+3600`; a step has its position behind `>`."""
        moment = f"{self.percent}%" if self.percent < 100 else "breach"
        moment += f"+{int(self.after.total_seconds())}" if self.after else ""
        return moment if self.step is None else f"{moment}>{self.step}"


@dataclass(frozen=True, slots=True)
class Reached:
    """When a point is or was reached. `is_silent`: a change passed it, not time."""

    point: Point
    at: datetime
    is_silent: bool


def reached(cycle: Cycle, point: Point) -> Reached | None:
    """When a cycle comes to a point if nothing changes; None while it is paused before, or never.

    What comes after a breach is counted from the breach, on the same calendar and pauses, and known only
    once it is broken. Of what is broken no warning is due any more, also when the target became longer.
    """
    if point.is_breach and cycle.breach is not None:
        return Reached(point, cycle.breach.at, is_silent=cycle.goes_on_broken)
    if point.after:
        if cycle.breach is None:
            return None
        amount = cycle.breach.elapsed + point.after
    else:
        amount = cycle.term.target * point.percent / 100
    at = cycle.instant_at(amount)
    if at is None or (cycle.breach is not None and not point.after and at > cycle.breach.at):
        return None
    since = cycle.term.since
    changed = len(cycle.terms) > 1 or cycle.carried > NOTHING
    passed = changed and (at < since or amount <= cycle.carried)
    at = max(at, since) if changed else at
    if cycle.breach is not None and not point.after:
        at = min(at, cycle.breach.at)
    return Reached(point, at, is_silent=passed and not point.is_breach)


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What one priority is promised under one version of a policy."""

    policy: int
    priority: str
    hours: Hours
    targets: Mapping[str, timedelta]
    """By clock; a clock that is missing is not promised."""
    respond_by: frozenset[str] = frozenset({"claim", "reply"})
    pause_while: frozenset[str] = frozenset()
    warn_at: tuple[int, ...] = ()
    steps: tuple[tuple[str, Point], ...] = ()
    """The escalation's moments: clock and point, each with its position as `step`."""
    _points: dict[str, tuple[Point, ...]] = field(default_factory=dict, init=False, compare=False, repr=False)

    def term(self, clock: str, since: datetime, cause: str = BY_TIME) -> Term:
        """The term of a clock. Raises KeyError if it is not promised."""
        return Term(since, self.hours, self.targets[clock], self.priority, self.policy, cause)

    def points(self, clock: str) -> tuple[Point, ...]:
        """The moments of a clock at which something is due."""
        known = self._points.get(clock)
        if known is None:
            warnings = self.warn_at if clock in (RESPOND, RESOLVE) else ()
            known = (
                *(Point(percent) for percent in warnings),
                Point(),
                *(point for name, point in self.steps if name == clock),
            )
            self._points[clock] = known
        return known


@dataclass(frozen=True, kw_only=True)
class ClockSet:
    """All cycles of a ticket, oldest first, and what is promised now. `waiting` is the state it waits in."""

    promise: Promise
    cycles: tuple[Cycle, ...] = ()
    waiting: str | None = None
    answered: frozenset[str] = field(default=frozenset(), compare=False)
    """How somebody has turned to it so far, promised or not: `claim` (also given to them), `reply`."""

    @classmethod
    def raised(cls, promise: Promise, at: datetime, now: datetime) -> ClockSet:
        """The clocks of a ticket raised at `at` and first looked at at `now`."""
        cycles = (
            Cycle(clock=clock, number=1, started_at=at, terms=(promise.term(clock, at),))
            for clock in (RESPOND, RESOLVE, UPDATE)
            if clock in promise.targets
        )
        return cls(promise=promise, cycles=tuple(cycle.settled(now, BORN) for cycle in cycles))

    def of(self, clock: str) -> Cycle | None:
        """The newest cycle of a clock."""
        return next((cycle for cycle in reversed(self.cycles) if cycle.clock == clock), None)

    def open(self, clock: str) -> Cycle | None:
        """The open cycle of a clock."""
        cycle = self.of(clock)
        return cycle if cycle is not None and cycle.is_open else None

    def without(self, clock: str) -> ClockSet:
        """The same without the cycles of a clock."""
        return replace(self, cycles=tuple(cycle for cycle in self.cycles if cycle.clock != clock))

    def settled(self, at: datetime) -> ClockSet:
        """As it stands at `at`: broken is what was used up by then."""
        return self._with(cycle.settled(at) for cycle in self.cycles if cycle.is_open)

    def claimed(self, at: datetime) -> ClockSet:
        """Somebody took it upon themselves."""
        return self.given()._responding(at, "claim")

    def given(self) -> ClockSet:
        """Somebody else gave it to them: no response, but nobody is asked for one that was not promised."""
        return replace(self, answered=self.answered | {"claim"})

    def replied(self, at: datetime) -> ClockSet:
        """An agent wrote to the requester: the response, and the news that the update clock asks for."""
        after = replace(self, answered=self.answered | {"reply"})._responding(at, "reply")
        update = after.open(UPDATE)
        if update is None or at <= update.started_at:
            return after
        following = Cycle(
            clock=UPDATE, number=update.number + 1, started_at=at, terms=(self.promise.term(UPDATE, at),)
        )
        return after._with([update.stopped(at, "reply"), following])

    def waits(self, at: datetime, state: str) -> ClockSet:
        """It waits in `state`, which stops the resolve clock where the policy says so."""
        return replace(self, waiting=state)._pausing(at)

    def resumed(self, at: datetime) -> ClockSet:
        """It waits no longer."""
        return replace(self, waiting=None)._pausing(at)

    def promised(self, promise: Promise, at: datetime, cause: str) -> ClockSet:
        """From `at` on something else is promised: another priority, policy, calendar or desk.

        Open cycles keep what has elapsed. A clock that is not promised any more is cancelled; promised
        again, it goes on with what is left. One that is promised for the first time counts from the
        ticket's start (update: from now, either way); a response only where nobody has the ticket yet.
        """
        changed = [self._promised(cycle, promise, at, cause) for cycle in self.cycles if cycle.is_open]
        after = replace(self, promise=promise)._with(changed)
        return after._with(after._newly_promised(at, cause))._pausing(at)

    def _promised(self, cycle: Cycle, promise: Promise, at: datetime, cause: str) -> Cycle:
        if cycle.clock not in promise.targets:
            return cycle.cancelled(at, DROPPED)
        return cycle.measured_by(promise.term(cycle.clock, at, cause))

    def _newly_promised(self, at: datetime, cause: str) -> Iterator[Cycle]:
        resolve, update = self.of(RESOLVE), self.of(UPDATE)
        is_over = resolve is not None and not resolve.is_open and resolve.stop_cause != DROPPED
        if not self.cycles or is_over:
            return
        if UPDATE in self.promise.targets and (update is None or update.stop_cause == DROPPED):
            number = update.number + 1 if update else 1
            term = self.promise.term(UPDATE, at, cause)
            yield Cycle(clock=UPDATE, number=number, started_at=at, terms=(term,))
        if not self.answered & self.promise.respond_by:
            yield from self._counted_from_the_start(RESPOND, at, cause)
        yield from self._counted_from_the_start(RESOLVE, at, cause)

    def _counted_from_the_start(self, clock: str, at: datetime, cause: str) -> Iterator[Cycle]:
        """A clock that is promised for the first time, or again."""
        known = self.of(clock)
        if clock not in self.promise.targets:
            return
        if known is None:
            start = min(cycle.started_at for cycle in self.cycles)
            first = replace(self.promise.term(clock, start), target=UNPROMISED)
            whole = Cycle(clock=clock, number=1, started_at=start, terms=(first,))
            yield whole.measured_by(self.promise.term(clock, at, cause))
        elif known.stop_cause == DROPPED:
            yield known.going_on(at, self.promise.term(clock, at, cause))

    def resolved(self, at: datetime) -> ClockSet:
        """It works again: every clock stops."""
        after = replace(self, waiting=None)._pausing(at)
        return after._with(cycle.stopped(at, "resolve") for cycle in after.cycles if cycle.is_open)

    def reopened(self, at: datetime) -> ClockSet:
        """It does not after all: the resolve clock goes on with what is left, news are due from now on."""
        new: list[Cycle] = []
        resolve, update = self.of(RESOLVE), self.of(UPDATE)
        if resolve is not None and not resolve.is_open and RESOLVE in self.promise.targets:
            new.append(resolve.going_on(at, self.promise.term(RESOLVE, at, BY_REOPENING)))
        if UPDATE in self.promise.targets and (update is None or not update.is_open):
            number = update.number + 1 if update else 1
            term = self.promise.term(UPDATE, at)
            new.append(Cycle(clock=UPDATE, number=number, started_at=at, terms=(term,)))
        return self._with(new)

    def cancelled(self, at: datetime) -> ClockSet:
        """It ended without a resolution: nothing is measured any more."""
        return replace(self, waiting=None)._with(
            cycle.cancelled(at) for cycle in self.cycles if cycle.is_open
        )

    def merged(self, other: ClockSet, at: datetime) -> ClockSet:
        """Another ticket became part of this one: of each clock the cycle that began first goes on here.

        A response that was given stays given.
        """
        earlier = [
            self._taken_over(cycle, mine, at)
            for cycle in other.cycles
            if cycle.is_open
            and (mine := self.open(cycle.clock)) is not None
            and cycle.started_at < mine.started_at
            and cycle.clock in self.promise.targets
        ]
        return self._with(earlier)._pausing(at)

    def _taken_over(self, cycle: Cycle, mine: Cycle, at: datetime) -> Cycle:
        """Another ticket's cycle in the place of mine; what is broken of either stays broken."""
        moved = replace(cycle, number=mine.number).measured_by(self.promise.term(cycle.clock, at, BY_MERGING))
        breaches = [
            (breach.at, breach, of.goes_on_broken)
            for of in (moved, mine.settled(at))
            if (breach := of.breach)
        ]
        if not breaches:
            return moved
        _, breach, goes_on_broken = min(breaches, key=lambda known: known[0])
        return replace(moved, breach=breach, goes_on_broken=goes_on_broken)

    def _responding(self, at: datetime, how: str) -> ClockSet:
        return self._stopping(RESPOND, at, how) if how in self.promise.respond_by else self

    def _stopping(self, clock: str, at: datetime, cause: str) -> ClockSet:
        cycle = self.of(clock)
        return self if cycle is None else self._with([cycle.stopped(at, cause)])

    def _pausing(self, at: datetime) -> ClockSet:
        cycle = self.open(RESOLVE)
        if cycle is None:
            return self
        if self.waiting is not None and self.waiting in self.promise.pause_while:
            return self._with([cycle.paused(at, self.waiting)])
        return self._with([cycle.resumed(at)])

    def _with(self, changed: Iterable[Cycle]) -> ClockSet:
        """These cycles in place of those of the same clock and number, new ones behind."""
        newer = {(cycle.clock, cycle.number): cycle for cycle in changed}
        kept = tuple(newer.pop((cycle.clock, cycle.number), cycle) for cycle in self.cycles)
        return replace(self, cycles=(*kept, *newer.values()))


def next_reply_cycles(messages: Sequence[tuple[datetime, bool]], term: Term) -> list[Cycle]:
    """The next-reply clock: from the oldest unanswered message of the requester to the desk's next reply.

    `messages` are (instant, whether the requester wrote it), in order; several in a row are one cycle.
    """
    cycles: list[Cycle] = []
    for at, is_requesters in messages:
        is_waiting = bool(cycles) and cycles[-1].is_open
        if is_requesters and not is_waiting:
            begun = replace(term, since=at)
            cycles.append(Cycle(clock=NEXT_REPLY, number=len(cycles) + 1, started_at=at, terms=(begun,)))
        elif not is_requesters and is_waiting:
            cycles[-1] = cycles[-1].stopped(at, "reply")
    return cycles


def _until(stretch: Stretch, at: datetime) -> datetime:
    return at if stretch.end is None else stretch.end


def _earlier(a: datetime | None, b: datetime | None) -> datetime | None:
    if a is None or b is None:
        return a if b is None else b
    return min(a, b)


def _closed(pauses: tuple[Pause, ...], at: datetime) -> tuple[Pause, ...]:
    return tuple(
        replace(pause, until=max(at, pause.since)) if pause.until is None else pause for pause in pauses
    )


def _union(pauses: Iterable[Pause]) -> list[tuple[datetime, datetime | None]]:
    """The paused spans, none overlapping another, in order."""
    merged: list[tuple[datetime, datetime | None]] = []
    for pause in sorted(pauses, key=lambda pause: pause.since):
        if pause.until is not None and pause.until <= pause.since:
            continue
        if merged:
            start, end = merged[-1]
            if end is None or pause.since <= end:
                later = None if end is None or pause.until is None else max(end, pause.until)
                merged[-1] = (start, later)
                continue
        merged.append((pause.since, pause.until))
    return merged


def _without(stretch: Stretch, gaps: Sequence[tuple[datetime, datetime | None]]) -> Iterator[Stretch]:
    start, end = stretch.start, stretch.end
    for gap_start, gap_end in gaps:
        if end is not None and gap_start >= end:
            break
        if gap_start > start:
            yield Stretch(start, gap_start, stretch.term)
        if gap_end is None:
            return
        start = max(start, gap_end)
    if end is None or start < end:
        yield Stretch(start, end, stretch.term)


def _unfold(stretch: Stretch, at: datetime) -> Iterator[Piece]:
    """A stretch's open spans and the closed ones between them."""
    end, reached_to = _until(stretch, at), stretch.start
    for opens, closes in stretch.term.hours.spans(stretch.start, end):
        if opens > reached_to:
            yield _piece(stretch.term, reached_to, opens, counts=False)
        yield _piece(stretch.term, opens, closes, counts=True)
        reached_to = closes
    if reached_to < end:
        yield _piece(stretch.term, reached_to, end, counts=False)


def _piece(term: Term, start: datetime, end: datetime, *, counts: bool) -> Piece:
    return Piece(
        start=start,
        end=end,
        counts=counts,
        reason="open" if counts else "closed",
        calendar=term.hours.calendar.name,
        priority=term.priority,
        policy=term.policy,
        open_time=end - start if counts else NOTHING,
    )
