"""What a service desk counts, defined once. Every figure is a query over immutable records.

A cohort is chosen by the date of the event that is counted, in a half-open period [start, end) of UTC
instants, for one desk; incidents and requests are apart in every answer. Flow is read from state intervals
(what was undone counts nowhere), attainment from service clocks. Durations are seconds. Definitions follow
ITIL 4 and the HDI's support centre practices; where those leave room, the docstring says what was chosen.

Percentiles are by nearest rank (`bot.workflows.metrics.statistics`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from sqlalchemy import ColumnElement, Select, TextClause, and_, case, func, or_, select, text
from sqlalchemy.orm import Session, aliased

from bot.models import StateInterval, Ticket
from bot.models.service_levels import ClockName, ClockState, Milestone, ServiceClock
from bot.models.tickets import Comment
from bot.models.vocabulary import Category, EventKind, Kind, Speaker, Visibility
from bot.workflows.metrics.expectations import Usual, queue_position, usual_resolution
from bot.workflows.metrics.replay import UNDONE, Standing, standing_at
from bot.workflows.metrics.statistics import (
    FEWEST_FOR_PERCENT,
    LIMITS_MOST,
    Limits,
    Period,
    Rate,
    Spread,
    control_limits,
    percentile,
    spread,
)

__all__ = [
    "FEWEST_FOR_PERCENT",
    "LIMITS_MOST",
    "Limits",
    "Period",
    "Rate",
    "Spread",
    "Standing",
    "Usual",
    "control_limits",
    "percentile",
    "queue_position",
    "spread",
    "usual_resolution",
]

WAITING_TOO_LONG: Final = timedelta(days=3)
REOPEN_WINDOW: Final = timedelta(days=7)
AGE_DAYS: Final = (1, 3, 7, 14, 30)
"""Where the buckets of age end; the last one has no end."""

OUTCOMES: Final = (ClockName.RESPOND, ClockName.RESOLVE)
"""The clocks whose attainment is reported."""

# SQLite uses a partial index only where it sees the index's own words; so does a prepared PostgreSQL plan.
_IS_REPLY: Final = text("comment.speaker = 'desk' AND comment.visibility = 'public'")
_CLOCK_IS_OPEN: Final = text("service_clock.stopped_at IS NULL")

TicketsSelect: TypeAlias = Select[int, Kind]


# --- flow ---


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What one report of a series had heard of, so that each ticket came in in exactly one of them.

    A ticket raised from an old message belongs to a period that was reported before anybody knew of it. Ids
    count up as tickets are recorded, whatever their `raised_at`.
    """

    until: int
    """The newest ticket there was when the report was made."""
    after: int | None = None
    """The same of the report before it; None when there is none."""
    before: datetime | None = None
    """Where the report before it ended."""


def arrivals(desk_key: str, period: Period, heard: Heard | None = None) -> TicketsSelect:
    """Arrivals (came in). Formula: tickets raised. Population: `raised_at` in the period. Unit: tickets.

    Cancelled tickets came in too; `cancelled` says how many left that way. A ticket raised from an old
    message came in when the message was written; a report that says what it had `heard` of counts it when
    it was raised after the report of that day was made. Source: ITIL 4 service desk, "demand".
    """
    of_desk = select(Ticket.id, Ticket.kind).where(Ticket.desk_key == desk_key)
    came = and_(Ticket.raised_at >= period.start, Ticket.raised_at < period.end)
    if heard is None:
        return of_desk.where(came)
    known = of_desk.where(Ticket.id <= heard.until)
    if heard.after is None or heard.before is None:
        return known.where(came)
    return known.where(or_(came, and_(Ticket.id > heard.after, Ticket.raised_at < heard.before)))


def newest(session: Session) -> int:
    """The id of the newest ticket, whatever its desk; 0 without any."""
    return session.scalar(select(func.max(Ticket.id))) or 0


def finished(desk_key: str, period: Period) -> TicketsSelect:
    """Finished (throughput). Formula: tickets with a resolution. Population: resolved in the period.

    A resolution that was undone does not count; one that was followed by reopening does, on its date, and
    the ticket shows under `reopened` too. Closing counts nothing: it follows from resolving. Unit: tickets.
    Source: ITIL 4, "completions".
    """
    return _began(desk_key, period, EventKind.RESOLVED)


def cancelled(desk_key: str, period: Period) -> TicketsSelect:
    """Cancelled (excluded). Formula: tickets ended without resolution. Population: cancelled in the period.

    They are in no attainment and no time to resolve; their count is shown instead. Unit: tickets.
    """
    return _began(desk_key, period, EventKind.CANCELLED)


def reopened(desk_key: str, period: Period) -> TicketsSelect:
    """Reopened. Formula: distinct tickets that went on after resolution. Population: reopened in the period.

    Whenever they were resolved; see `reopen_rate` for the share. Unit: tickets. Source: HDI.
    """
    return _began(desk_key, period, EventKind.REOPENED)


def _began(desk_key: str, period: Period, *causes: EventKind) -> TicketsSelect:
    began = _began_in(desk_key, period, causes)
    return select(StateInterval.ticket_id, StateInterval.kind).where(*began).distinct()


def _began_in(desk_key: str, period: Period, causes: Iterable[EventKind]) -> list[ColumnElement[bool]]:
    return [
        StateInterval.desk_key == desk_key,
        StateInterval.cause.in_([cause.value for cause in causes]),
        StateInterval.started_at >= period.start,
        StateInterval.started_at < period.end,
        StateInterval.ended_by.is_distinct_from(UNDONE),
    ]


def count_by_kind(session: Session, tickets: TicketsSelect) -> dict[Kind, int]:
    """How many tickets a definition selects, apart by kind; every kind is there."""
    chosen = tickets.subquery()
    rows = session.execute(select(chosen.c.kind, func.count()).group_by(chosen.c.kind))
    return dict.fromkeys(Kind, 0) | dict(rows.all())


def ids_of(session: Session, tickets: TicketsSelect, kind: Kind) -> list[int]:
    """The tickets of one kind that a definition selects, by id."""
    return sorted(ticket_id for ticket_id, is_of in session.execute(tickets) if is_of is kind)


def _told_category() -> ColumnElement[str | None]:
    """A private ticket counts among those without a category: its own would say what it is about."""
    return case((Ticket.is_private, None), else_=Ticket.category).label("category")


def categories(
    session: Session, desk_key: str, period: Period, heard: Heard | None = None
) -> dict[Kind, list[tuple[str | None, int]]]:
    """Busiest categories. Formula: arrivals by category, the most first. Population and unit: `arrivals`."""
    chosen = arrivals(desk_key, period, heard).add_columns(_told_category()).subquery()
    counted = select(chosen.c.kind, chosen.c.category, func.count()).group_by(
        chosen.c.kind, chosen.c.category
    )
    found: dict[Kind, list[tuple[str | None, int]]] = {kind: [] for kind in Kind}
    for kind, category, count in session.execute(counted):
        found[kind].append((category, count))
    return {kind: sorted(rows, key=lambda row: (-row[1], row[0] or "~")) for kind, rows in found.items()}


def in_category(
    desk_key: str, period: Period, category: str | None, heard: Heard | None = None
) -> TicketsSelect:
    """The arrivals of one category."""
    return arrivals(desk_key, period, heard).where(_told_category().is_not_distinct_from(category))


def first_arrival(session: Session, desk_key: str) -> datetime | None:
    """Since when a desk has had tickets."""
    return session.scalar(select(func.min(Ticket.raised_at)).where(Ticket.desk_key == desk_key))


@dataclass(frozen=True)
class Flow:
    """What moved in one period, all kinds: tickets that came in and were finished, and how `open` changed."""

    came_in: int
    finished: int
    change: int
    """Entered (raised, reopened) less left (resolved, cancelled): open at the end less open at the start."""


def flow(session: Session, desk_key: str, period: Period) -> Flow:
    """Net flow. Formula: entered − left. Population: transitions in the period, none undone."""

    def count(cause: EventKind) -> tuple[int, int]:
        began = _began_in(desk_key, period, [cause])
        counted = select(func.count(), func.count(StateInterval.ticket_id.distinct())).where(*began)
        transitions, tickets = session.execute(counted).one()
        return transitions, tickets

    raised = arrivals(desk_key, period).with_only_columns(func.count())
    came_in = session.scalar(raised) or 0
    resolved, tickets = count(EventKind.RESOLVED)
    change = came_in + count(EventKind.REOPENED)[0] - resolved - count(EventKind.CANCELLED)[0]
    return Flow(came_in=came_in, finished=tickets, change=change)


def days_of_backlog(open_now: int, done: int, days: float) -> float | None:
    """Days of backlog. Formula: open ÷ mean completions a day (Little's law). None when nothing was done."""
    return open_now * days / done if done and days else None


# --- what is open at an instant ---


def open_at(session: Session, desk_key: str, at: datetime) -> list[Standing]:
    """Backlog. Formula: tickets with a state interval over `at` that is new, in progress or waiting.

    Population: point in time, the same for a past `at` whenever it is asked: reopenings are replayed, and
    under a resolution, waiting or priority that was undone a ticket stood as it went on afterwards.
    Unit: tickets. Source: ITIL 4, "backlog at t".
    """
    return standing_at(session, desk_key, at)


def age_buckets(standing: Iterable[Standing], at: datetime) -> list[int]:
    """Backlog age. Formula: open tickets by calendar days since raised: under 1, 3, 7, 14, 30 days, older."""
    buckets = [0] * (len(AGE_DAYS) + 1)
    for ticket in standing:
        days = ticket.age(at) / 86400
        buckets[next((i for i, end in enumerate(AGE_DAYS) if days < end), len(AGE_DAYS))] += 1
    return buckets


def unassigned(standing: Iterable[Standing]) -> list[Standing]:
    """Unassigned. Formula: open tickets without an assignee. Population: open at the instant."""
    return [ticket for ticket in standing if ticket.assignee_id is None]


def waiting_too_long(
    session: Session, standing: Iterable[Standing], at: datetime, *, longer_than: timedelta = WAITING_TOO_LONG
) -> list[Standing]:
    """Waiting too long. Formula: open tickets that have been waiting without a break for over `longer_than`.

    Population: waiting at the instant, whatever for; a change of what is waited for, of assignee or of
    priority is no break. Calendar time. Unit: tickets.
    """
    waiting = {ticket.ticket_id: ticket for ticket in standing if ticket.category is Category.WAITING}
    if not waiting:
        return []
    rows = select(StateInterval).where(
        StateInterval.ticket_id.in_(list(waiting)), StateInterval.started_at <= at
    )
    since: dict[int, datetime | None] = {}
    for row in session.scalars(rows.order_by(StateInterval.id)):
        if row.ended_by == UNDONE:
            continue  # the ticket stood as before and after it
        begins = since.get(row.ticket_id) or row.started_at
        since[row.ticket_id] = begins if row.category is Category.WAITING else None
    late = {key for key, began in since.items() if began is not None and at - began > longer_than}
    return [ticket for key, ticket in waiting.items() if key in late]


# --- service levels ---


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How one service clock came out."""

    ticket_id: int
    kind: Kind
    clock: ClockName
    priority: str
    met: bool


def outcomes(session: Session, desk_key: str, period: Period) -> list[Outcome]:
    """SLA attainment. Formula: met ÷ (met + breached), by clock, kind and priority.

    Population: service clocks whose outcome was determined in the period: stopped in time, or the breach has
    passed. What is open and overdue counts as breached now, also while the breach is not written down yet;
    what runs in time and what was cancelled unbroken is in neither. The priority is the one it ended or broke
    under. Unit: clocks. Source: ITIL 4 service level management.
    """
    columns = (ServiceClock.ticket_id, ServiceClock.kind, ServiceClock.clock, ServiceClock.priority)
    known = session.execute(select(*columns, ServiceClock.breached_at).where(*_determined(desk_key, period)))
    found = [
        Outcome(ticket_id=ticket, kind=kind, clock=clock, priority=priority, met=breached_at is None)
        for ticket, kind, clock, priority, breached_at in known
    ]
    overdue = session.execute(select(*columns).where(*_overdue(desk_key, period, ClockName)))
    return found + [
        Outcome(ticket_id=ticket, kind=kind, clock=clock, priority=priority, met=False)
        for ticket, kind, clock, priority in overdue
    ]


def _determined(desk_key: str, period: Period) -> tuple[ColumnElement[bool], ...]:
    return (
        ServiceClock.desk_key == desk_key,
        ServiceClock.determined_at >= period.start,
        ServiceClock.determined_at < period.end,
    )


def _overdue(
    desk_key: str, period: Period, clocks: Iterable[ClockName]
) -> tuple[ColumnElement[bool] | TextClause, ...]:
    """Broken by now, though nobody has written it down yet."""
    return (
        ServiceClock.desk_key == desk_key,
        _CLOCK_IS_OPEN,
        ServiceClock.clock.in_(list(clocks)),  # leads SQLite to the index of what is open
        ServiceClock.determined_at.is_(None),
        ServiceClock.breached_at.is_(None),
        ServiceClock.due_at >= period.start,
        ServiceClock.due_at < period.end,
    )


def attainment(session: Session, desk_key: str, period: Period, clock: ClockName) -> dict[Kind, Rate]:
    """Attainment of one clock over all priorities, counted as `outcomes` counts; `hits` were met."""
    known = session.execute(
        select(ServiceClock.kind, func.count(), func.count(ServiceClock.breached_at))
        .where(*_determined(desk_key, period), ServiceClock.clock == clock)
        .group_by(ServiceClock.kind)
    )
    counted = {kind: (n, breached) for kind, n, breached in known}
    # Counted here: SQLite would look for an index in the order of the kinds, and read all of it.
    late = Counter(session.scalars(select(ServiceClock.kind).where(*_overdue(desk_key, period, [clock]))))
    rates = {}
    for kind in Kind:
        n, breached = counted.get(kind, (0, 0))
        rates[kind] = Rate(n - breached, n + late[kind])
    return rates


def at_risk(session: Session, desk_key: str, at: datetime) -> dict[Kind, list[int]]:
    """At risk. Formula: tickets with a clock past its first warning, its target not used up.

    Population: clocks that run now, not paused and not broken, and had begun by `at`. This one is about the
    present: whoever shows it later keeps the ids. Unit: tickets. Source: ITIL 4.
    """
    by_then = (or_(ServiceClock.due_at.is_(None), ServiceClock.due_at >= at), ServiceClock.started_at < at)
    return _with_open_clock(session, desk_key, *_is_at_risk(), *by_then)


def at_risk_now(session: Session, desk_key: str) -> dict[Kind, list[int]]:
    """The same of this moment, as badges show it: a clock is broken once that is decided."""
    return _with_open_clock(session, desk_key, *_is_at_risk())


def overdue_now(session: Session, desk_key: str) -> dict[Kind, list[int]]:
    """Overdue. Formula: tickets with an open clock beyond the target that holds now, as badges show it.

    A target that was missed before, under an earlier promise, does not make a ticket overdue. Unit: tickets.
    """
    beyond = or_(
        ServiceClock.due_at.is_(None),
        ServiceClock.due_at <= ServiceClock.breached_at,
        ServiceClock.due_at <= ServiceClock.started_at,
    )
    still = ServiceClock.state.in_([ClockState.RUNNING, ClockState.PAUSED])
    return _with_open_clock(session, desk_key, still, ServiceClock.breached_at.is_not(None), beyond)


def _is_at_risk() -> tuple[ColumnElement[bool], ...]:
    warned = select(Milestone.id).where(
        Milestone.clock_id == ServiceClock.id, Milestone.point.endswith("%", autoescape=True)
    )
    return (
        ServiceClock.state == ClockState.RUNNING,
        ServiceClock.breached_at.is_(None),
        warned.exists(),
    )


def _with_open_clock(session: Session, desk_key: str, *where: ColumnElement[bool]) -> dict[Kind, list[int]]:
    chosen = select(ServiceClock.ticket_id, ServiceClock.kind).where(
        ServiceClock.desk_key == desk_key,
        _CLOCK_IS_OPEN,
        ServiceClock.clock.in_(list(ClockName)),  # leads SQLite to the index of what is open
        *where,
    )
    found: dict[Kind, set[int]] = {kind: set() for kind in Kind}
    for ticket_id, kind in session.execute(chosen):
        found[kind].add(ticket_id)
    return {kind: sorted(ids) for kind, ids in found.items()}


def reopen_rate(session: Session, desk_key: str, period: Period) -> dict[Kind, Rate]:
    """Reopen rate. Formula: distinct tickets reopened at most 7 days after a resolution ÷ tickets resolved.

    Population: resolved in the period moved back by 7 days, so that each had its 7 days; undone resolutions
    are none. Tickets are counted, not events. Source: HDI.
    """
    cohort = period.earlier(REOPEN_WINDOW)
    n = count_by_kind(session, finished(desk_key, cohort))
    again, done = aliased(StateInterval), aliased(StateInterval)
    came_back = (
        select(again.kind, again.ticket_id, done.started_at, again.started_at)
        .select_from(again)
        .join(done, and_(done.ticket_id == again.ticket_id, done.ended_at == again.started_at))
        .where(
            again.desk_key == desk_key,
            again.cause == EventKind.REOPENED.value,
            again.started_at >= cohort.start,
            again.started_at < period.end,
            done.cause == EventKind.RESOLVED.value,
        )
    )
    hits: dict[Kind, set[int]] = {kind: set() for kind in Kind}
    for kind, ticket_id, resolved_at, reopened_at in session.execute(came_back):
        if cohort.start <= resolved_at < cohort.end and reopened_at - resolved_at <= REOPEN_WINDOW:
            hits[kind].add(ticket_id)
    return {kind: Rate(len(hits[kind]), n[kind]) for kind in Kind}


# --- how long things took ---


@dataclass(frozen=True, kw_only=True)
class Taken:
    """How long something took for one ticket, in calendar seconds; in open time where that is known."""

    ticket_id: int
    kind: Kind
    seconds: float
    open_seconds: float | None = None


def first_replies(session: Session, desk_key: str, period: Period) -> list[Taken]:
    """First response time (FRT). Formula: first public reply of an agent − raised, in calendar time.

    Population: tickets whose first such reply was written in the period. Claims, notes, requesters and our
    own messages are no replies. Source: HDI; Zendesk's "first reply time".
    """
    earlier = aliased(Comment)
    before = select(earlier.id).where(
        earlier.ticket_id == Comment.ticket_id,
        earlier.speaker == Speaker.DESK,
        earlier.visibility == Visibility.PUBLIC,
        earlier.written_at < period.start,
    )
    first = _replies(desk_key, period).add_columns(
        Ticket.kind, Ticket.raised_at, func.min(Comment.written_at)
    )
    rows = first.where(~before.exists()).group_by(Comment.ticket_id, Ticket.kind, Ticket.raised_at)
    return [_taken(*row) for row in session.execute(rows)]


def _replies(desk_key: str, period: Period) -> Select[int]:
    statement = select(Comment.ticket_id).join(Ticket, Ticket.id == Comment.ticket_id)
    return statement.where(
        _IS_REPLY,
        Comment.written_at >= period.start,
        Comment.written_at < period.end,
        # Not as the bare column: SQLite would begin with every ticket of the desk.
        func.coalesce(Ticket.desk_key, "") == desk_key,
    )


def _taken(ticket_id: int, kind: Kind, began: datetime, ended: datetime) -> Taken:
    return Taken(ticket_id=ticket_id, kind=kind, seconds=max(0.0, (ended - began).total_seconds()))


def next_replies(session: Session, desk_key: str, period: Period) -> list[Taken]:
    """Next reply time (NRT). Formula: public reply of an agent − the oldest unanswered message before it.

    Population: replies in the period that answer a requester's message, the first reply of a ticket left out
    (that is FRT). Several messages in a row are one wait. Calendar time. Source: Zendesk.
    """
    said = (
        select(Comment.ticket_id, Ticket.kind, Comment.speaker, Comment.written_at)
        .join(Ticket, Ticket.id == Comment.ticket_id)
        .where(
            Comment.ticket_id.in_(_replies(desk_key, period)),
            Comment.visibility == Visibility.PUBLIC,
            Comment.written_at < period.end,
        )
        .order_by(Comment.ticket_id, Comment.written_at, Comment.id)
    )
    found: list[Taken] = []
    ticket, has_reply, unanswered = 0, False, None
    for ticket_id, kind, speaker, at in session.execute(said):
        if ticket_id != ticket:
            ticket, has_reply, unanswered = ticket_id, False, None
        if speaker is Speaker.REQUESTER:
            unanswered = unanswered or at
        elif speaker is Speaker.DESK:
            if has_reply and unanswered is not None and at >= period.start:
                found.append(_taken(ticket_id, kind, unanswered, at))
            has_reply, unanswered = True, None
    return found


def acknowledgements(session: Session, desk_key: str, period: Period) -> list[Taken]:
    """Mean time to acknowledge, as a distribution (MTTA). Formula: first claim by a person − raised.

    Population: tickets first claimed in the period; being assigned by somebody else is no acknowledgement.
    Calendar time. Source: ITIL 4 incident management.
    """
    earlier = aliased(StateInterval)
    return _firsts(session, desk_key, period, [EventKind.CLAIMED], earlier, earlier.cause == "claimed")


def times_to_own(session: Session, desk_key: str, period: Period) -> list[Taken]:
    """Time to own (TTO). Formula: first assignee, however it came, − raised.

    Population: tickets that had their first assignee in the period; an undone resolution gives none.
    Calendar time. Source: ITIL's "time to own".
    """
    causes = [EventKind.CLAIMED, EventKind.ASSIGNED, EventKind.RESOLVED]
    earlier = aliased(StateInterval)
    return _firsts(session, desk_key, period, causes, earlier, earlier.assignee_id.is_not(None))


def _firsts(
    session: Session,
    desk_key: str,
    period: Period,
    causes: list[EventKind],
    earlier: type[StateInterval],
    is_one: ColumnElement[bool],
) -> list[Taken]:
    """From raised to the first interval that one of the causes began, where none before it `is_one`."""
    before = select(earlier.id).where(
        earlier.ticket_id == StateInterval.ticket_id,
        earlier.started_at < period.start,
        earlier.ended_by.is_distinct_from(UNDONE),
        is_one,
    )
    rows = (
        select(Ticket.id, Ticket.kind, Ticket.raised_at, func.min(StateInterval.started_at))
        .join(StateInterval, StateInterval.ticket_id == Ticket.id)
        .where(*_began_in(desk_key, period, causes), StateInterval.assignee_id.is_not(None), ~before.exists())
        .group_by(Ticket.id, Ticket.kind, Ticket.raised_at)
    )
    return [_taken(*row) for row in session.execute(rows)]


def resolutions(session: Session, desk_key: str, period: Period) -> list[Taken]:
    """Time to resolve (MTTR, the R being resolve), as a distribution.

    Formula: last resolution in the period − raised, in calendar time; in open time what the resolve clock had
    counted when it stopped, pauses and closed hours left out, reopened cycles together. Population:
    `finished`; open time only where a clock ran. Source: HDI.
    """
    last = (
        select(Ticket.id, Ticket.kind, Ticket.raised_at, func.max(StateInterval.started_at))
        .join(StateInterval, StateInterval.ticket_id == Ticket.id)
        .where(*_began_in(desk_key, period, [EventKind.RESOLVED]))
        .group_by(Ticket.id, Ticket.kind, Ticket.raised_at)
    )
    clocks = (
        select(ServiceClock.ticket_id, ServiceClock.elapsed)
        .where(
            ServiceClock.ticket_id.in_(finished(desk_key, period).with_only_columns(StateInterval.ticket_id)),
            ServiceClock.clock == ClockName.RESOLVE,
            ServiceClock.state.in_([ClockState.MET, ClockState.MISSED]),
            ServiceClock.stopped_at < period.end,
        )
        .order_by(ServiceClock.ticket_id, ServiceClock.cycle)
    )
    counted = dict(session.execute(clocks).all())
    return [
        Taken(
            ticket_id=ticket_id,
            kind=kind,
            seconds=max(0.0, (at - raised_at).total_seconds()),
            open_seconds=counted.get(ticket_id),
        )
        for ticket_id, kind, raised_at, at in session.execute(last)
    ]
