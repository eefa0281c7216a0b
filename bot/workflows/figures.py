"""The figures of a report, computed once as of its end and kept; and the tickets behind each line of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from bot.models.reports import SeriesName
from bot.models.service_levels import ClockName
from bot.models.vocabulary import Kind, State
from bot.service_levels.openings import instant_of_local
from bot.workflows import metrics
from bot.workflows.desks import Definition
from bot.workflows.metrics import Heard, Limits, Outcome, Period, Rate, Spread, Standing, Taken

CHART_DAYS: Final = 30
FEWEST_CHART_DAYS: Final = 7
"""A desk that is younger has a picture of its own days; a single one would be no picture."""
COMPARED_UP_TO: Final = timedelta(days=8)
"""A longer period (a month, or after a long outage) has no same weekdays before it."""
LONG_RUN: Final = timedelta(days=28)
"""Over how much quality is judged where a single day would say too little."""
GREEN: Final = 90.0
RED: Final = 10.0
"""A watermelon is green outside (attainment, percent) and red inside (reopen rate, percent)."""
MOST_CATEGORIES: Final = 5
KIND_LABELS: Final = {Kind.INCIDENT: "Incidents", Kind.REQUEST: "Requests"}


class Line(StrEnum):
    """A line of a report that opens to the tickets behind it."""

    CAME_IN = "came_in"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    REOPENED = "reopened"
    OPEN = "open"
    UNASSIGNED = "unassigned"
    WAITING = "waiting"
    AT_RISK = "at_risk"
    BREACHED = "breached"
    RESPOND = "respond"
    RESOLVE = "resolve"
    FIRST_REPLY = "first_reply"
    NEXT_REPLY = "next_reply"
    ACKNOWLEDGED = "acknowledged"
    OWNED = "owned"


@dataclass(frozen=True, kw_only=True)
class Usually:
    """What chance alone explains, from the same weekdays before; None where there are too few of them."""

    came_in: Limits | None
    finished: Limits | None


@dataclass(frozen=True, kw_only=True)
class Attained:
    """Clocks of one priority whose outcome was determined."""

    priority: str
    clock: ClockName
    met: int
    breached: int


@dataclass(frozen=True, kw_only=True)
class Breach:
    """A promise that was broken."""

    ticket_id: int
    clock: ClockName
    priority: str


@dataclass(frozen=True, kw_only=True)
class Durations:
    """How long things took, in seconds; None where nothing of the sort happened. The last is open time."""

    first_reply: Spread | None
    next_reply: Spread | None
    acknowledged: Spread | None
    owned: Spread | None
    resolved: Spread | None
    resolved_open: Spread | None


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Over the long run: resolutions in time, and tickets that came back."""

    attained: Rate
    reopened: Rate

    @property
    def is_watermelon(self) -> bool:
        """Targets look green, but what was finished comes back."""
        kept, back = self.attained.percent, self.reopened.percent
        return kept is not None and back is not None and kept >= GREEN and back > RED


@dataclass(frozen=True, kw_only=True)
class KindFigures:
    """Everything that a report says of incidents, or of requests."""

    behind: Mapping[Line, int]
    """How many tickets each line stands for."""
    usually: Usually
    ages: Spread | None
    buckets: tuple[int, ...]
    waiting_for: tuple[tuple[State, int], ...]
    attained: tuple[Attained, ...]
    breaches: tuple[Breach, ...]
    at_risk: tuple[int, ...]
    """Ids: who is at risk is known of the present only."""
    took: Durations
    categories: tuple[tuple[str | None, int], ...]
    quality: Quality
    days_of_backlog: float | None

    @property
    def is_quiet(self) -> bool:
        """There is nothing to say."""
        return not any(self.behind.values())


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Every number of a report, as of `end`; `charts` is what the pictures are drawn from."""

    desk_key: str
    desk_name: str
    timezone: str
    series: SeriesName
    day: date
    """The report's local date."""
    start: datetime
    end: datetime
    superseded: tuple[date, ...]
    """Earlier dates whose reports were missed and are not posted any more."""
    heard: Heard
    """Which tickets it knew of."""
    kinds: Mapping[Kind, KindFigures]
    charts: dict[str, Any]

    @property
    def period(self) -> Period:
        """What the report covers."""
        return Period(self.start, self.end)

    @property
    def has_charts(self) -> bool:
        """There is something to draw."""
        flow = self.charts["flow"]
        return bool(self.charts["attainment"]) or any(
            any(flow[key]) for key in ("came_in", "finished", "open")
        )


_FIGURES: Final = TypeAdapter(Figures)


def to_json(figures: Figures) -> dict[str, Any]:
    """For the `report.figures` column; the charts stand under `charts`."""
    written: dict[str, Any] = _FIGURES.dump_python(figures, mode="json")
    return written


def from_json(data: Mapping[str, Any]) -> Figures:
    """The reverse of `to_json`."""
    return _FIGURES.validate_python(dict(data))


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """Which report it is: its series, its local date and what it covers."""

    series: SeriesName
    day: date
    period: Period
    superseded: tuple[date, ...] = ()
    before: tuple[datetime, int] | None = None
    """Where the report before it ended, and the newest ticket that it knew of."""


class Gathering:
    """Reads the records of one desk for one period, each at most once."""

    def __init__(self, session: Session, desk_key: str, period: Period, heard: Heard) -> None:
        self.session, self.desk_key, self.period, self.heard = session, desk_key, period, heard
        self._selected: dict[str, list[tuple[int, Kind]]] = {}
        self._taken: dict[str, list[Taken]] = {}

    @cached_property
    def began(self) -> datetime | None:
        """When the desk's first ticket came in."""
        return metrics.first_arrival(self.session, self.desk_key)

    @cached_property
    def standing(self) -> list[Standing]:
        """What is open at the end."""
        return metrics.open_at(self.session, self.desk_key, self.period.end)

    @cached_property
    def waiting(self) -> list[Standing]:
        """What has been waiting too long at the end."""
        return metrics.waiting_too_long(self.session, self.standing, self.period.end)

    @cached_property
    def outcomes(self) -> list[Outcome]:
        """How clocks came out."""
        return metrics.outcomes(self.session, self.desk_key, self.period)

    @cached_property
    def at_risk(self) -> dict[Kind, list[int]]:
        """What is at risk now."""
        return metrics.at_risk(self.session, self.desk_key, self.period.end)

    def arrived(self, kind: Kind) -> list[int]:
        """The tickets of one kind that came in, as far as the report had heard of them."""
        return self._chosen("arrivals", metrics.arrivals(self.desk_key, self.period, self.heard), kind)

    def selected(self, definition: Callable[[str, Period], metrics.TicketsSelect], kind: Kind) -> list[int]:
        """The tickets of one kind that a definition of flow selects."""
        return self._chosen(definition.__name__, definition(self.desk_key, self.period), kind)

    def _chosen(self, name: str, tickets: metrics.TicketsSelect, kind: Kind) -> list[int]:
        if name not in self._selected:
            self._selected[name] = list(self.session.execute(tickets))
        return sorted(ticket for ticket, of in self._selected[name] if of is kind)

    def taken(self, definition: Callable[[Session, str, Period], list[Taken]]) -> list[Taken]:
        """How long something took."""
        if definition.__name__ not in self._taken:
            self._taken[definition.__name__] = definition(self.session, self.desk_key, self.period)
        return self._taken[definition.__name__]

    def determined(self, kind: Kind, clock: ClockName) -> list[int]:
        """The tickets with an outcome of one clock."""
        return _of(kind, (each for each in self.outcomes if each.clock is clock))

    def breaches(self, kind: Kind) -> tuple[Breach, ...]:
        """The promises that were broken, the most urgent first."""
        broken = [each for each in self.outcomes if each.kind is kind and not each.met]
        broken.sort(key=lambda each: (each.priority, each.clock != ClockName.RESOLVE, each.ticket_id))
        return tuple(Breach(ticket_id=b.ticket_id, clock=b.clock, priority=b.priority) for b in broken)


def _of(kind: Kind, rows: Iterable[Standing | Outcome | Taken]) -> list[int]:
    return sorted({row.ticket_id for row in rows if row.kind is kind})


_BEHIND: Final[Mapping[Line, Callable[[Gathering, Kind], list[int]]]] = {
    Line.CAME_IN: lambda records, kind: records.arrived(kind),
    Line.FINISHED: lambda records, kind: records.selected(metrics.finished, kind),
    Line.CANCELLED: lambda records, kind: records.selected(metrics.cancelled, kind),
    Line.REOPENED: lambda records, kind: records.selected(metrics.reopened, kind),
    Line.OPEN: lambda records, kind: _of(kind, records.standing),
    Line.UNASSIGNED: lambda records, kind: _of(kind, metrics.unassigned(records.standing)),
    Line.WAITING: lambda records, kind: _of(kind, records.waiting),
    Line.AT_RISK: lambda records, kind: records.at_risk[kind],
    Line.BREACHED: lambda records, kind: sorted({broken.ticket_id for broken in records.breaches(kind)}),
    Line.RESPOND: lambda records, kind: records.determined(kind, ClockName.RESPOND),
    Line.RESOLVE: lambda records, kind: records.determined(kind, ClockName.RESOLVE),
    Line.FIRST_REPLY: lambda records, kind: _of(kind, records.taken(metrics.first_replies)),
    Line.NEXT_REPLY: lambda records, kind: _of(kind, records.taken(metrics.next_replies)),
    Line.ACKNOWLEDGED: lambda records, kind: _of(kind, records.taken(metrics.acknowledgements)),
    Line.OWNED: lambda records, kind: _of(kind, records.taken(metrics.times_to_own)),
}
"""Each line, as the definition that counts it."""


def tickets_behind(session: Session, figures: Figures, line: Line, kind: Kind) -> list[int]:
    """The ids of the tickets that a line stands for, by the definition that counted them.

    Those at risk and those that broke a promise are the ones that the report was made with.
    """
    known = figures.kinds[kind]
    if line is Line.AT_RISK:
        return list(known.at_risk)
    if line is Line.BREACHED:
        return sorted({broken.ticket_id for broken in known.breaches})
    return _BEHIND[line](Gathering(session, figures.desk_key, figures.period, figures.heard), kind)


def tickets_in_category(session: Session, figures: Figures, category: str | None, kind: Kind) -> list[int]:
    """The ids of the tickets of one category that came in."""
    chosen = metrics.in_category(figures.desk_key, figures.period, category, figures.heard)
    return metrics.ids_of(session, chosen, kind)


# --- computing them ---


def compute(session: Session, desk: Definition, occasion: Occasion) -> Figures:
    """Every number of a report. Reads only."""
    period, heard = occasion.period, _heard(session, occasion)
    records = Gathering(session, desk.key, period, heard)
    usually = _usually(records, desk)
    quality, done = _quality(session, desk.key, period), _done_lately(session, desk.key, period)
    categories = metrics.categories(session, desk.key, period, heard)
    kinds = {
        kind: _of_kind(
            records,
            kind,
            usually=usually[kind],
            quality=quality[kind],
            done=done[kind],
            categories=categories[kind],
        )
        for kind in Kind
    }
    return Figures(
        desk_key=desk.key,
        desk_name=desk.name,
        timezone=desk.timezone,
        series=occasion.series,
        day=occasion.day,
        start=period.start,
        end=period.end,
        superseded=occasion.superseded,
        heard=heard,
        kinds=kinds,
        charts=_charts(records, desk, occasion.day, kinds),
    )


def _heard(session: Session, occasion: Occasion) -> Heard:
    before, after = occasion.before or (None, None)
    return Heard(until=metrics.newest(session), after=after, before=before)


def _of_kind(
    records: Gathering,
    kind: Kind,
    *,
    usually: Usually,
    quality: Quality,
    done: int,
    categories: list[tuple[str | None, int]],
) -> KindFigures:
    at = records.period.end
    standing = [each for each in records.standing if each.kind is kind]
    waiting = Counter(each.state for each in records.waiting if each.kind is kind)
    took, behind = _took(records, kind)
    for line, tickets in _BEHIND.items():
        if line not in behind:
            behind[line] = len(tickets(records, kind))
    return KindFigures(
        behind=behind,
        usually=usually,
        ages=metrics.spread([each.age(at) for each in standing]),
        buckets=tuple(metrics.age_buckets(standing, at)),
        waiting_for=tuple(waiting.most_common()),
        attained=_attained(records.outcomes, kind),
        breaches=records.breaches(kind),
        at_risk=tuple(records.at_risk[kind]),
        took=took,
        categories=tuple(categories[:MOST_CATEGORIES]),
        quality=quality,
        days_of_backlog=metrics.days_of_backlog(len(standing), done, LONG_RUN / timedelta(days=1)),
    )


_TOOK: Final = {
    Line.FIRST_REPLY: metrics.first_replies,
    Line.NEXT_REPLY: metrics.next_replies,
    Line.ACKNOWLEDGED: metrics.acknowledgements,
    Line.OWNED: metrics.times_to_own,
}


def _took(records: Gathering, kind: Kind) -> tuple[Durations, dict[Line, int]]:
    taken = {line: records.taken(definition) for line, definition in _TOOK.items()}
    resolved = [each for each in records.taken(metrics.resolutions) if each.kind is kind]
    spreads = {
        line.value: metrics.spread([each.seconds for each in rows if each.kind is kind])
        for line, rows in taken.items()
    }
    durations = Durations(
        **spreads,
        resolved=metrics.spread([each.seconds for each in resolved]),
        resolved_open=metrics.spread(
            [each.open_seconds for each in resolved if each.open_seconds is not None]
        ),
    )
    return durations, {line: len(_of(kind, rows)) for line, rows in taken.items()}


def _attained(outcomes: Iterable[Outcome], kind: Kind) -> tuple[Attained, ...]:
    counted: dict[tuple[str, ClockName], list[int]] = {}
    for each in outcomes:
        if each.kind is kind and each.clock in metrics.OUTCOMES:
            counted.setdefault((each.priority, each.clock), [0, 0])[not each.met] += 1
    return tuple(
        Attained(priority=priority, clock=clock, met=met, breached=breached)
        for clock in metrics.OUTCOMES
        for (priority, of_clock), (met, breached) in sorted(counted.items())
        if of_clock is clock
    )


def _long_run(period: Period) -> Period:
    """The period, made longer into the past where it is short."""
    return Period(min(period.start, period.end - LONG_RUN), period.end)


def _quality(session: Session, desk_key: str, period: Period) -> dict[Kind, Quality]:
    lately = _long_run(period)
    attained = metrics.attainment(session, desk_key, lately, ClockName.RESOLVE)
    back = metrics.reopen_rate(session, desk_key, lately)
    return {kind: Quality(attained=attained[kind], reopened=back[kind]) for kind in Kind}


def _done_lately(session: Session, desk_key: str, period: Period) -> dict[Kind, int]:
    lately = Period(period.end - LONG_RUN, period.end)
    return metrics.count_by_kind(session, metrics.finished(desk_key, lately))


def weeks_before(at: datetime, weeks: int, timezone: str) -> datetime:
    """The same weekday and wall-clock time so many weeks earlier."""
    local = at.astimezone(ZoneInfo(timezone))
    day = local.date() - timedelta(weeks=weeks)
    return instant_of_local(day, local.hour * 60 + local.minute, timezone)


def _usually(records: Gathering, desk: Definition) -> dict[Kind, Usually]:
    """Control limits from the same weekdays before; a month has no such thing."""
    period = records.period
    if records.began is None or period.end - period.start > COMPARED_UP_TO:
        return dict.fromkeys(Kind, Usually(came_in=None, finished=None))
    earlier = [
        Period(
            weeks_before(period.start, weeks, desk.timezone),
            weeks_before(period.end, weeks, desk.timezone),
        )
        for weeks in range(metrics.LIMITS_MOST, 0, -1)
    ]
    known = [each for each in earlier if each.start >= records.began]
    came = [metrics.count_by_kind(records.session, metrics.arrivals(desk.key, each)) for each in known]
    done = [metrics.count_by_kind(records.session, metrics.finished(desk.key, each)) for each in known]
    return {
        kind: Usually(
            came_in=metrics.control_limits([counts[kind] for counts in came]),
            finished=metrics.control_limits([counts[kind] for counts in done]),
        )
        for kind in Kind
    }


def _charts(
    records: Gathering, desk: Definition, day: date, kinds: Mapping[Kind, KindFigures]
) -> dict[str, Any]:
    return {
        "desk": desk.name,
        "date": day.isoformat(),
        "flow": _flow(records, desk),
        "attainment": [
            {
                "label": f"{KIND_LABELS[kind]} {row.priority}",
                "clock": row.clock.value,
                "met": row.met,
                "breached": row.breached,
            }
            for kind, figures in kinds.items()
            for row in figures.attained
        ],
    }


def _flow(records: Gathering, desk: Definition) -> dict[str, Any]:
    """The last local days, as many as there have been up to 30; `open` is what was open when each ended.

    The last day ends where the report does, at the local time `until` if that is no midnight, so that the
    picture ends with the number that the report says.
    """
    zone = ZoneInfo(desk.timezone)
    end = records.period.end
    last = (end - timedelta(microseconds=1)).astimezone(zone).date()
    first = records.began.astimezone(zone).date() if records.began else last
    count = min(CHART_DAYS, max(FEWEST_CHART_DAYS, (last - first).days + 1))
    days = [last - timedelta(days=back) for back in range(count - 1, -1, -1)]
    bounds = [*(instant_of_local(each, 0, desk.timezone) for each in days), end]
    flows = [metrics.flow(records.session, desk.key, Period(start, stop)) for start, stop in pairwise(bounds)]
    open_then, still = len(records.standing), list[int]()
    for each in reversed(flows):
        still.append(open_then)
        open_then -= each.change
    whole = instant_of_local(last + timedelta(days=1), 0, desk.timezone) <= end
    return {
        "days": [each.isoformat() for each in days],
        "until": "" if whole else f"{end.astimezone(zone):%H:%M}",
        "came_in": [each.came_in for each in flows],
        "finished": [each.finished for each in flows],
        "open": still[::-1],
    }
