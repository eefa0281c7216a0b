"""What a report says, part by part, as plain sentences of ours; surfaces set them into blocks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.models.reports import SeriesName
from bot.models.service_levels import ClockName
from bot.models.vocabulary import Kind, State
from bot.surfaces.durations import open_words, span_words
from bot.surfaces.text import one_line
from bot.workflows.figures import KIND_LABELS, LONG_RUN, Attained, Figures, KindFigures, Line
from bot.workflows.metrics import AGE_DAYS, FEWEST_FOR_PERCENT, WAITING_TOO_LONG, Limits, Rate, Spread

MOST_NAME: Final = 80
_MOST_CATEGORY: Final = 40
_MOST_DATES: Final = 5
_FEWEST_FOR_BUCKETS: Final = 10

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_NOUNS: Final = {Kind.INCIDENT: ("incident", "incidents"), Kind.REQUEST: ("request", "requests")}
_WAITS_FOR: Final = {
    State.WAITING_REQUESTER: "for the requester",
    State.WAITING_SUPPLIER: "for a supplier",
    State.WAITING_APPROVAL: "for approval",
}
_CLOCKS: Final = {
    ClockName.RESPOND: "response",
    ClockName.RESOLVE: "resolution",
    ClockName.UPDATE: "update",
}
LABELS: Final = {
    Line.CAME_IN: "Came in",
    Line.FINISHED: "Finished",
    Line.CANCELLED: "Cancelled",
    Line.REOPENED: "Reopened",
    Line.OPEN: "Open",
    Line.UNASSIGNED: "Without an owner",
    Line.WAITING: "Waiting too long",
    Line.AT_RISK: "At risk",
    Line.BREACHED: "Missed a target",
    Line.RESPOND: "Response targets",
    Line.RESOLVE: "Resolution targets",
    Line.FIRST_REPLY: "First replies",
    Line.NEXT_REPLY: "Later replies",
    Line.ACKNOWLEDGED: "Claimed",
    Line.OWNED: "First owner",
}


def counted(number: int, kind: Kind | None = None) -> str:
    """ "1 incident", "2 requests", "3 tickets"."""
    one, many = _NOUNS[kind] if kind else ("ticket", "tickets")
    return f"{number:,} {one if number == 1 else many}"


def day_words(day: date) -> str:
    """ "Saturday 21 November"."""
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


# --- the head ---


def headline(figures: Figures) -> str:
    """The desk, and which day, week or month."""
    name = one_line(figures.desk_name, MOST_NAME)
    zone = ZoneInfo(figures.timezone)
    first = figures.start.astimezone(zone).date()
    last = (figures.end - timedelta(microseconds=1)).astimezone(zone).date()
    if figures.series is SeriesName.WEEKLY:
        return f"{name}: week of {first.day} {_MONTHS[first.month - 1]} to {day_words(last).split(' ', 1)[1]}"
    if figures.series is SeriesName.MONTHLY:
        return f"{name}: {_MONTHS[first.month - 1]} {first.year}"
    return f"{name}: {day_words(figures.day)}"


_SERIES: Final = {
    SeriesName.DAILY: "Daily digest",
    SeriesName.WEEKLY: "Weekly service review",
    SeriesName.MONTHLY: "Monthly service review",
}


def period_words(figures: Figures) -> str:
    """What kind of report it is, and what it covers, by the desk's own clock."""
    zone = ZoneInfo(figures.timezone)
    covered = f"{_local(figures.start, zone)} to {_local(figures.end, zone)}"
    return f"{_SERIES[figures.series]} · {covered} ({figures.timezone})"


def _local(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{_DAYS[local.weekday()][:3]} {local.day} {_MONTHS[local.month - 1][:3]} {local:%H:%M}"


def late_words(figures: Figures, *, is_late: bool) -> str:
    """That it is late, and which earlier ones it takes the place of; nothing where neither is so."""
    said = "This report is late: the desk was not running when it was due." if is_late else ""
    dates = [f"{day.day} {_MONTHS[day.month - 1]}" for day in figures.superseded]
    if not dates:
        return said
    if len(dates) > _MOST_DATES:
        dates = [*dates[:_MOST_DATES], f"{len(dates) - _MOST_DATES} more"]
    return (
        f"{said} Not posted any more: the report{'s' if len(dates) > 1 else ''} of {_listed(dates)}.".strip()
    )


# --- what matters first ---


def summary(figures: Figures) -> list[str]:
    """Two or three sentences: broken promises, what needs somebody now, what is out of the ordinary."""
    known = figures.kinds
    if all(known[kind].is_quiet for kind in Kind):
        return ["All quiet: nothing came in, and nothing is open."]
    return list(filter(None, (_missed(figures), _needs_somebody(figures), _flowed(figures))))


def _missed(figures: Figures) -> str:
    missed = [
        counted(figures.kinds[kind].behind[Line.BREACHED], kind)
        for kind in Kind
        if figures.kinds[kind].behind[Line.BREACHED]
    ]
    if missed:
        return f"{_listed(missed)} missed a target."
    if any(figures.kinds[kind].attained for kind in Kind):
        return "Every target that fell due was met."
    return ""


def _needs_somebody(figures: Figures) -> str:
    def total(line: Line) -> int:
        return sum(figures.kinds[kind].behind[line] for kind in Kind)

    risk, unowned, waiting = total(Line.AT_RISK), total(Line.UNASSIGNED), total(Line.WAITING)
    said = []
    if risk:
        said.append(f"{counted(risk)} {_is(risk)} at risk")
    if unowned:
        said.append(f"{counted(unowned) if not said else unowned} {_has(unowned)} no owner")
    if waiting:
        said.append(f"{counted(waiting) if not said else waiting} {_has(waiting)} been waiting too long")
    if said:
        return f"Right now {_listed(said)}."
    return "Right now every open ticket has an owner." if total(Line.OPEN) else ""


def _flowed(figures: Figures) -> str:
    def total(line: Line) -> int:
        return sum(figures.kinds[kind].behind[line] for kind in Kind)

    came, done, still = total(Line.CAME_IN), total(Line.FINISHED), total(Line.OPEN)
    return f"{counted(came)} came in, {done:,} {_was(done)} finished, {still:,} {_is(still)} open."


def watermelon(figures: Figures) -> list[str]:
    """Where targets are met and work comes back all the same: one sentence for each kind."""
    return [
        f"Targets look green, but {_of(quality.reopened)} {_NOUNS[kind][1]} came back within 7 days of being "
        f"resolved, while {_percent(quality.attained)} were resolved in time "
        f"(over {int(LONG_RUN.days)} days)."
        for kind in Kind
        if (quality := figures.kinds[kind].quality).is_watermelon
    ]


def _of(rate: Rate) -> str:
    return f"{rate.hits:,} of {rate.n:,} ({_percent(rate)})"


def _percent(rate: Rate) -> str:
    """Never rounded up to 100% or down to 0% where one ticket says otherwise."""
    share = 100 * rate.hits / rate.n
    return f"{int(share) if share > 50 else -int(-share // 1)}%"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _was(number: int) -> str:
    return "was" if number == 1 else "were"


def _has(number: int) -> str:
    return "has" if number == 1 else "have"


# --- the parts ---


def flow_lines(figures: KindFigures) -> list[str]:
    """What came in and went out."""
    came, done = figures.behind[Line.CAME_IN], figures.behind[Line.FINISHED]
    said = [
        f"{came:,} came in{_unusual(came, figures.usually.came_in)}",
        f"{done:,} finished{_unusual(done, figures.usually.finished)}",
    ]
    for line, word in ((Line.CANCELLED, "cancelled"), (Line.REOPENED, "reopened")):
        if figures.behind[line]:
            said.append(f"{figures.behind[line]:,} {word}")
    return [" · ".join(said)]


def _unusual(number: int, usual: Limits | None) -> str:
    if usual is None or usual.low <= number <= usual.high:
        return ""
    limits = f"{usual.low:,}–{usual.high:,}" if usual.low < usual.high else f"{usual.low:,}"
    return f" ({'more' if number > usual.high else 'fewer'} than usual: {limits})"


def open_lines(figures: KindFigures) -> list[str]:
    """What is open, how old it is, and what of it needs somebody."""
    number = figures.behind[Line.OPEN]
    if not number or figures.ages is None:
        return ["Nothing is open."]
    ages = figures.ages
    lines = [f"{number:,} open, the oldest for {_age(ages.longest)}"]
    if number > 2:
        lines[0] += f"; half for at most {_age(ages.median)}, 9 in 10 for at most {_age(ages.p90)}"
    if number >= _FEWEST_FOR_BUCKETS:
        lines.append(f"By age: {_buckets(figures.buckets)}")
    needs = []
    if unowned := figures.behind[Line.UNASSIGNED]:
        needs.append(f"{unowned:,} without an owner")
    if waiting := figures.behind[Line.WAITING]:
        needs.append(f"{waiting:,} waiting for more than {WAITING_TOO_LONG.days} days{_waits(figures)}")
    if risk := figures.behind[Line.AT_RISK]:
        needs.append(f"{risk:,} at risk of missing a target")
    if needs:
        lines.append(" · ".join(needs))
    if figures.days_of_backlog is not None and number >= _FEWEST_FOR_BUCKETS:
        lines.append(f"At the pace of the last {LONG_RUN.days} days that is {_pace(figures.days_of_backlog)}")
    return lines


def _waits(figures: KindFigures) -> str:
    known = [(_WAITS_FOR[state], count) for state, count in figures.waiting_for if state in _WAITS_FOR]
    if len(known) == 1:
        return f", {known[0][0]}"
    return f" ({', '.join(f'{count:,} {what}' for what, count in known)})" if known else ""


def _age(seconds: float) -> str:
    return span_words(timedelta(seconds=seconds))


def _pace(days: float) -> str:
    if days < 1:
        return "less than a day of work"
    return "1 day of work" if round(days) == 1 else f"{round(days):,} days of work"


def _buckets(buckets: Sequence[int]) -> str:
    starts = (0, *AGE_DAYS)
    named = [f"{start}–{end} days" for start, end in zip(starts, AGE_DAYS, strict=False)]
    named[0] = f"under {AGE_DAYS[0]} day"
    names = [*named, f"over {AGE_DAYS[-1]} days"]
    return " · ".join(f"{name} {count:,}" for name, count in zip(names, buckets, strict=True) if count)


def level_lines(figures: KindFigures) -> list[str]:
    """How targets were met, response and resolution apart, by priority."""
    lines = []
    for clock, word in ((ClockName.RESPOND, "Responded in time"), (ClockName.RESOLVE, "Resolved in time")):
        rows = [row for row in figures.attained if row.clock is clock]
        if rows:
            lines.append(f"{word}: {' · '.join(_attained(row) for row in rows)}")
    if missed := figures.behind[Line.BREACHED]:
        lines.append(f"{counted(missed)} missed a target")
    return lines


def _attained(row: Attained) -> str:
    rate = Rate(row.met, row.met + row.breached)
    if rate.n >= FEWEST_FOR_PERCENT:
        return f"{row.priority} {_percent(rate)} of {rate.n:,}"
    return f"{row.priority} {rate.hits} of {rate.n}"


def clock_word(clock: ClockName) -> str:
    """What a clock promises: "resolution"."""
    return _CLOCKS[clock]


def time_lines(figures: KindFigures) -> list[str]:
    """How long things took."""
    took = figures.took
    named = (
        ("First reply", took.first_reply),
        ("Later replies", took.next_reply),
        ("Claimed", took.acknowledged),
        ("First owner", took.owned),
        ("Resolved", took.resolved),
    )
    lines = [f"{name}: {_spread(spread)}" for name, spread in named if spread is not None]
    if took.resolved_open is not None:
        open_time = took.resolved_open
        lines.append(f"Resolved, in working time: {_spread(open_time, is_open=True)}")
    return lines


def _spread(spread: Spread, *, is_open: bool = False) -> str:
    words = open_words if is_open else span_words
    if spread.n <= 2:
        return f"within {words(timedelta(seconds=spread.longest))} ({counted(spread.n)})"
    half, most = (words(timedelta(seconds=value)) for value in (spread.median, spread.p90))
    return f"half within {half}, 9 in 10 within {most} ({counted(spread.n)})"


def category_words(category: str | None) -> str:
    """A category's name."""
    return one_line(category or "", _MOST_CATEGORY) or "No category"


def category_lines(figures: KindFigures) -> list[str]:
    """Which categories were busiest."""
    named = [f"{category_words(name)} {count:,}" for name, count in figures.categories]
    return [f"Busiest: {' · '.join(named)}"] if named else []


def kind_label(kind: Kind) -> str:
    """ "Incidents"."""
    return KIND_LABELS[kind]


FOOT: Final = (
    "“⋮” beside a part shows the tickets behind its numbers. Percentages are told from "
    f"{FEWEST_FOR_PERCENT} on. “Usual” is what chance explains on the same weekdays before."
)
