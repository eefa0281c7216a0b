"""Digests and service reviews: which series each desk has, what of them is due, and what was decided.

A report is due at the desk's local time on its days. It is decided once for its local date: the row of
`report` is what makes it once, the row of `report_series` what says when the next one is due. Instants are
business instants in UTC.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Select, Text, delete, func, select, type_coerce
from sqlalchemy.orm import Session

from bot.failpoints import Commit
from bot.models import Desk
from bot.models.reports import PictureState, Report, ReportSeries, ReportState, SeriesName
from bot.models.service_levels import ClockName
from bot.models.vocabulary import Kind
from bot.service_levels.calendars import format_time, format_weekdays
from bot.service_levels.openings import instant_of_local
from bot.store import Store
from bot.store.connections import connection
from bot.store.dialects import insert_once, insert_returning_id
from bot.workflows import configuring, reading, telling
from bot.workflows import figures as figuring
from bot.workflows.desks import Definition, DigestDefinition, definition_from
from bot.workflows.figures import Figures, Line, Occasion
from bot.workflows.metrics import Period
from bot.workflows.reading import TicketView
from bot.workflows.telling import Telling

log = structlog.get_logger(__name__)

LATE: Final = timedelta(minutes=10)
"""A report that is decided later than this after its due instant says so."""
PICTURES_WITHIN: Final = timedelta(seconds=60)
"""How long (real time) a report waits for its pictures; then it goes out, and they are edited in."""
PAGE_LENGTH: Final = 10
MOST_NAMED: Final = 5
"""Tickets that a report names of those that broke a promise."""
_LOOK_AHEAD: Final = 800
"""Days in which some day must be a report's; also how far back missed ones are recorded."""

_PREFIX: Final = {
    SeriesName.DAILY: "digest",
    SeriesName.WEEKLY: "review-weekly",
    SeriesName.MONTHLY: "review-monthly",
}


def report_key(series: SeriesName, desk_key: str, local_date: str) -> str:
    """What names the delivery of a report: one for each local date, ever."""
    return f"{_PREFIX[series]}:{desk_key}:{local_date}"


# --- when it is due: pure ---


@dataclass(frozen=True)
class Due:
    """A report's local date and the instant at which it is due."""

    day: date
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Rule:
    """When the reports of a series are due: minutes after local midnight on some weekdays, in a zone.

    Of a weekly or monthly series only the first such day of each ISO week or calendar month. A time that
    does not exist moves forward by the gap; one that comes twice is the first.
    """

    series: SeriesName
    at: int
    days: tuple[int, ...]
    timezone: str

    @property
    def text(self) -> str:
        """As it is compared: another text is another rule."""
        return f"{self.series.value} {format_time(self.at)} {format_weekdays(self.days)} {self.timezone}"

    def falls_on(self, day: date) -> bool:
        """Whether a report belongs to this local date."""
        if day.weekday() not in self.days:
            return False
        if self.series is SeriesName.WEEKLY:
            return day.weekday() == min(self.days)
        before = (day - timedelta(days=back) for back in range(1, 7))
        return self.series is SeriesName.DAILY or not any(
            each.month == day.month and each.weekday() in self.days for each in before
        )

    def instant(self, day: date) -> datetime:
        """When the report of a local date is due."""
        return instant_of_local(day, self.at, self.timezone)

    def after(self, at: datetime, *, last_day: date | None = None) -> Due:
        """The first report due after `at` whose date is later than `last_day`."""
        return next(due for due in self._from(at, last_day) if due.at > at)

    def between(self, first: datetime, last: datetime) -> list[Due]:
        """Every report due in [first, last], oldest first."""
        found = []
        for due in self._from(first, None):
            if due.at > last:
                break
            if due.at >= first:
                found.append(due)
        return found

    def before(self, day: date) -> datetime:
        """The due instant of the report before that of `day`."""
        earlier = (day - timedelta(days=back) for back in range(1, _LOOK_AHEAD))
        return self.instant(next(each for each in earlier if self.falls_on(each)))

    def _from(self, at: datetime, last_day: date | None) -> Iterator[Due]:
        begin = at.astimezone(ZoneInfo(self.timezone)).date() - timedelta(days=1)
        if last_day is not None:
            begin = max(begin, last_day + timedelta(days=1))
        for ahead in range(_LOOK_AHEAD):
            day = begin + timedelta(days=ahead)
            if self.falls_on(day) and self._exists(day):
                yield Due(day, self.instant(day))

    def _exists(self, day: date) -> bool:
        """Whether the zone has this date: one that it skipped has no report."""
        noon = instant_of_local(day, 12 * 60, self.timezone)
        return noon.astimezone(ZoneInfo(self.timezone)).date() == day

    def period(self, due: Due, *, last_end: datetime | None) -> Period:
        """What a report covers; `last_end` is where the one before ended, if the series has had one.

        Daily: from the due instant before (Monday's covers the weekend), or from where the last one ended.
        Weekly: the ISO week before. Monthly: the calendar month before. Both by local midnights.
        """
        if self.series is SeriesName.DAILY:
            return Period(min(last_end or self.before(due.day), due.at), due.at)
        if self.series is SeriesName.WEEKLY:
            end = due.day - timedelta(days=due.day.weekday())
            begin = end - timedelta(days=7)
        else:
            end = due.day.replace(day=1)
            begin = (end - timedelta(days=1)).replace(day=1)
        return Period(instant_of_local(begin, 0, self.timezone), instant_of_local(end, 0, self.timezone))


def rules_of(desk: Definition) -> dict[SeriesName, Rule]:
    """The series that a desk wants; none without a digest or a managers' channel."""
    digest: DigestDefinition | None = desk.digest
    if digest is None or desk.managers_channel is None or not digest.days:
        return {}
    names = [SeriesName.DAILY, *(SeriesName(name) for name in digest.reviews)]
    return {name: Rule(series=name, at=digest.at, days=digest.days, timezone=desk.timezone) for name in names}


# --- what is due: the tick ---

_WANTED: Final = (
    select(
        type_coerce(Desk.definition, Text),
        ReportSeries.series,
        ReportSeries.rule,
        ReportSeries.next_at,
    )
    .outerjoin(ReportSeries, ReportSeries.desk_key == Desk.key)
    .where(Desk.is_active)
)
"""Each active desk with its series, in one statement over two small tables."""


@dataclass(frozen=True)
class _Known:
    rule: str
    next_at: datetime


def reports_due(store: Store, clock_now: datetime) -> int:
    """Keep the series in step with the desks and decide the reports that are due; returns how many.

    Replicas may call it at once: each report is decided by one of them. Raises StoreUnavailable.
    """
    with store.read() as session:
        wanted = _wanted(session)
    decided = 0
    for desk, known in wanted:
        rules = rules_of(desk)
        if {name: rule.text for name, rule in rules.items()} != {
            name: series.rule for name, series in known.items()
        }:
            store.run(partial(_follow, desk=desk, rules=rules, now=clock_now), Commit.SERIES)
            continue  # what is due by the new rules is seen at the next tick
        for name, rule in rules.items():
            if known[name].next_at <= clock_now:
                decided += _decide_or_put_off(store, desk, rule, known[name].next_at, clock_now)
    return decided


PUT_OFF: Final = timedelta(minutes=10)
"""When a report that could not be made up is tried again."""


def _decide_or_put_off(store: Store, desk: Definition, rule: Rule, next_at: datetime, now: datetime) -> int:
    """One desk's report that cannot be made up must not keep the others from theirs."""
    since = (store.owner, desk.key, rule.series)
    if _PUT_OFF_UNTIL.get(since, now) > now:
        return 0
    try:
        return decide(store, desk, rule, next_at=next_at, now=now)
    except (LookupError, ValueError, TypeError) as error:
        _PUT_OFF_UNTIL[since] = now + PUT_OFF
        log.exception("a report cannot be made up", desk=desk.key, series=rule.series.value)
        told = partial(_tell_of_failure, desk=desk, series=rule.series, reason=type(error).__name__, now=now)
        store.run(told, Commit.REPORT_FAILURE)
        return 0


_PUT_OFF_UNTIL: Final[dict[tuple[str, str, SeriesName], datetime]] = {}
"""Of this process alone: another one may know better."""


def _tell_of_failure(
    session: Session, *, desk: Definition, series: SeriesName, reason: str, now: datetime
) -> None:
    configuring.tell_administrators(
        session,
        f"report:{desk.key}:{series.value}:{now:%Y-%m-%d}",
        "A report cannot be made up",
        f"The {series.value} report of {desk.name} fails ({reason}); it is tried again every ten minutes.",
        fix="Please report it with the log; tickets and warnings work as before.",
    )


def _wanted(session: Session) -> list[tuple[Definition, dict[SeriesName, _Known]]]:
    found: dict[str, dict[SeriesName, _Known]] = {}
    for definition, series, rule, next_at in connection(session).execute(_WANTED):
        known = found.setdefault(definition, {})
        if series is not None:
            known[series] = _Known(rule, next_at)
    return [(definition_from(json.loads(definition)), known) for definition, known in found.items()]


def _follow(session: Session, *, desk: Definition, rules: dict[SeriesName, Rule], now: datetime) -> None:
    """The desk says something else than its series: begin, move and end them."""
    of_desk = ReportSeries.desk_key == desk.key
    session.execute(delete(ReportSeries).where(of_desk, ReportSeries.series.not_in(list(rules))))
    rows = session.scalars(select(ReportSeries).where(of_desk).with_for_update())
    known = {row.series: row for row in rows}
    for name, rule in rules.items():
        last_day, row = _last_day(session, desk.key, name), known.get(name)
        next_at = rule.after(now, last_day=last_day).at
        if row is None:
            values = {"desk_key": desk.key, "series": name, "since": now}
            new = values | {"rule": rule.text, "next_at": next_at}
            insert_once(session, ReportSeries, new, keys=["desk_key", "series"])
        elif row.rule != rule.text:
            row.rule, row.next_at = rule.text, next_at
    session.flush()


def _last_day(session: Session, desk_key: str, series: SeriesName) -> date | None:
    newest = select(func.max(Report.local_date)).where(Report.desk_key == desk_key, Report.series == series)
    found = session.scalar(newest)
    return date.fromisoformat(found) if found else None


def decide(store: Store, desk: Definition, rule: Rule, *, next_at: datetime, now: datetime) -> int:
    """Compute in a read transaction, then write, if it is still to be decided. Returns how many were told."""
    dues = rule.between(next_at, now)
    if not dues:
        return 0
    newest, missed = dues[-1], dues[:-1]
    with store.read() as session:
        periods = _periods(session, desk.key, rule, dues)
        figures = figuring.compute(session, desk, _occasion(session, desk.key, rule, dues, periods))

    def write(session: Session) -> int:
        row = _locked(session, desk.key, rule, next_at)
        if row is None:
            return 0
        for due in missed:
            _record(session, desk.key, rule.series, due, periods[due.day], now, figures=None)
        row.next_at = rule.after(now, last_day=newest.day).at
        report_id = _record(session, desk.key, rule.series, newest, figures.period, now, figures=figures)
        if report_id is not None:
            _tell(session, desk, figures, report_id)
        session.flush()
        return 0 if report_id is None else 1

    return store.run(write, Commit.REPORT)


def _occasion(
    session: Session, desk_key: str, rule: Rule, dues: list[Due], periods: Mapping[date, Period]
) -> Occasion:
    """The newest of what is due. A digest covers what those before it would have, so that nothing is lost."""
    newest, missed = dues[-1], dues[:-1]
    period = periods[newest.day]
    if rule.series is SeriesName.DAILY:
        period = Period(periods[dues[0].day].start, period.end)
    told = _last_told(session, desk_key, rule.series)
    return Occasion(
        series=rule.series,
        day=newest.day,
        period=period,
        superseded=tuple(due.day for due in missed),
        before=(told.end, told.heard.until) if told else None,
    )


def _locked(session: Session, desk_key: str, rule: Rule, next_at: datetime) -> ReportSeries | None:
    """The series, if nobody has decided or changed it meanwhile."""
    row = session.execute(
        select(ReportSeries)
        .where(ReportSeries.desk_key == desk_key, ReportSeries.series == rule.series)
        .with_for_update()
    ).scalar_one_or_none()
    return row if row is not None and row.next_at == next_at and row.rule == rule.text else None


def _periods(session: Session, desk_key: str, rule: Rule, dues: list[Due]) -> dict[date, Period]:
    """What each report covers: one begins where the one before ended, also when the rule has changed."""
    last_end = _last_end(session, desk_key, rule.series)
    periods = {}
    for due in dues:
        periods[due.day] = rule.period(due, last_end=last_end)
        last_end = periods[due.day].end
    return periods


def _last_end(session: Session, desk_key: str, series: SeriesName) -> datetime | None:
    """Where the last report ended, unless the series began anew since."""
    return session.scalar(_newest_of(desk_key, series).with_only_columns(Report.period_to))


def _last_told(session: Session, desk_key: str, series: SeriesName) -> Figures | None:
    """What the last report said, unless the series began anew since."""
    row = session.scalar(_newest_of(desk_key, series).where(Report.state == ReportState.TOLD))
    try:
        return read_figures(row) if row is not None else None
    except ValueError:  # written by a version that counted differently
        log.warning("the report before cannot be read", desk=desk_key, series=series.value)
        return None


def _newest_of(desk_key: str, series: SeriesName) -> Select[Report]:
    same = (ReportSeries.desk_key == Report.desk_key) & (ReportSeries.series == Report.series)
    since = select(Report).join(ReportSeries, same).where(Report.period_to >= ReportSeries.since)
    of_series = since.where(Report.desk_key == desk_key, Report.series == series)
    return of_series.order_by(Report.local_date.desc()).limit(1)


def _record(
    session: Session,
    desk_key: str,
    series: SeriesName,
    due: Due,
    period: Period,
    now: datetime,
    *,
    figures: Figures | None,
) -> int | None:
    """Write a report down, superseded without figures; its id, None when its date has one already."""
    day = due.day.isoformat()
    of_day = (Report.desk_key == desk_key, Report.series == series, Report.local_date == day)
    if session.scalar(select(Report.id).where(*of_day)) is not None:
        return None
    draws = figures is not None and figures.has_charts
    values: dict[str, Any] = {
        "desk_key": desk_key,
        "series": series,
        "local_date": day,
        "period_from": period.start,
        "period_to": period.end,
        "decided_at": now,
        "is_late": now - due.at > LATE,
        "state": ReportState.SUPERSEDED if figures is None else ReportState.TOLD,
        "figures": {} if figures is None else figuring.to_json(figures),
        "picture_state": PictureState.WANTED if draws else PictureState.NONE,
        "pictures": [],
        "picture_attempts": 0,
    }
    return insert_returning_id(session, Report, values)


def _tell(session: Session, desk: Definition, figures: Figures, report_id: int) -> None:
    telling.tell(
        session,
        report_key(figures.series, desk.key, figures.day.isoformat()),
        Telling.REPORT,
        channel=desk.managers_channel,
        data={"report_id": report_id},
        delay=PICTURES_WITHIN if figures.has_charts else timedelta(0),
    )


# --- what surfaces are told of it ---


@dataclass(frozen=True, kw_only=True)
class NamedBreach:
    """A ticket whose promises were broken, and which of them."""

    ticket: TicketView
    priority: str
    """The gravest under which one broke."""
    clocks: tuple[ClockName, ...]
    """Each once, in the order in which they are promised."""


@dataclass(frozen=True, kw_only=True)
class ReportView:
    """A report as a message shows it. `pictures` are ids of files in Slack, empty while there are none."""

    id: int
    figures: Figures
    is_late: bool
    breaches: tuple[NamedBreach, ...]
    """The gravest, at most five tickets."""
    pictures: tuple[str, ...]


def read_report(session: Session, report_id: int) -> ReportView:
    """A report that was posted or will be. Raises LookupError."""
    row = session.get(Report, report_id)
    if row is None or row.state is not ReportState.TOLD:
        raise LookupError(f"There is no report with id {report_id}.")
    figures = read_figures(row)
    return ReportView(
        id=row.id,
        figures=figures,
        is_late=row.is_late,
        breaches=_named(session, figures),
        pictures=tuple(row.pictures) if row.picture_state is PictureState.READY else (),
    )


def read_figures(row: Report) -> Figures:
    """The figures of a report that was told."""
    return figuring.from_json(row.figures)


def desk_of(session: Session, report_id: int) -> str | None:
    """The key of the desk that a report is about."""
    return session.scalar(select(Report.desk_key).where(Report.id == report_id))


def _named(session: Session, figures: Figures) -> tuple[NamedBreach, ...]:
    broken: dict[int, list[figuring.Breach]] = {}
    for kind in Kind:
        for breach in figures.kinds[kind].breaches:
            broken.setdefault(breach.ticket_id, []).append(breach)
    gravest = sorted(
        broken, key=lambda ticket_id: (min(each.priority for each in broken[ticket_id]), ticket_id)
    )
    return tuple(
        NamedBreach(
            ticket=reading.read_ticket(session, ticket_id),
            priority=min(each.priority for each in broken[ticket_id]),
            clocks=tuple(name for name in ClockName if name in {each.clock for each in broken[ticket_id]}),
        )
        for ticket_id in gravest[:MOST_NAMED]
    )


@dataclass(frozen=True, kw_only=True)
class BehindView:
    """A page of the tickets behind one line of a report; `told` is what the line said."""

    report: ReportView
    kind: Kind
    line: str
    """A `Line`, or `category.` and its place."""
    told: int
    page: reading.TicketPage


def read_behind(session: Session, report_id: int, *, kind: Kind, line: str, page: int) -> BehindView:
    """The tickets behind a line, oldest first; `page` is clamped. Raises LookupError."""
    report = read_report(session, report_id)
    ids, told = _behind(session, report.figures, kind, line)
    pages = max(1, -(-len(ids) // PAGE_LENGTH))
    page = min(max(page, 1), pages)
    shown = ids[(page - 1) * PAGE_LENGTH : page * PAGE_LENGTH]
    views = tuple(reading.read_ticket(session, ticket_id) for ticket_id in shown)
    tickets = reading.TicketPage(tickets=views, page=page, pages=pages, total=len(ids))
    return BehindView(report=report, kind=kind, line=line, told=told, page=tickets)


def _behind(session: Session, figures: Figures, kind: Kind, line: str) -> tuple[list[int], int]:
    name, _, place = line.partition(".")
    if name == CATEGORY:
        if not place.isdecimal() or int(place) >= len(figures.kinds[kind].categories):
            raise LookupError(f"The report has no line {line!r}.")
        category, told = figures.kinds[kind].categories[int(place)]
        return figuring.tickets_in_category(session, figures, category, kind), told
    if line not in set(Line):
        raise LookupError(f"The report has no line {line!r}.")
    known = figures.kinds[kind].behind[Line(line)]
    return figuring.tickets_behind(session, figures, Line(line), kind), known


CATEGORY: Final = "category"
