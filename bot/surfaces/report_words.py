"""What a report says, part by part, as plain sentences of ours; surfaces set them into blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
_HOURS_SHOW_FROM: Final = timedelta(hours=2)
_DAYS_SHOW_FROM: Final = timedelta(hours=48)

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
    return f"{_DAYS[day.weekday()]} {_date_words(day)}"


def _date_words(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]}"


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
        begin = f"{first.day}" if first.month == last.month else _date_words(first)
        return f"{name}: week of {begin} to {_date_words(last)}"
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
    """That it is late, and what became of earlier ones; nothing where neither is so."""
    late = "This report is late." if is_late else ""
    dates = [_date_words(day) for day in figures.superseded]
    if not dates:
        return late
    if len(dates) > _MOST_DATES:
        dates = [*dates[:_MOST_DATES], f"{len(dates) - _MOST_DATES} more"]
    if figures.series is SeriesName.DAILY:
        which = "one" if len(dates) == 1 else "ones"
        return f"{late} It covers the missed {which} of {_listed(dates)} as well.".strip()
    return f"{late} The report{'s' if len(dates) > 1 else ''} of {_listed(dates)} will not be posted.".strip()


# --- what matters first ---


def summary(figures: Figures) -> list[str]:
    """A few sentences: what needs somebody now, what moved, what is out of the ordinary."""
    known = figures.kinds
    if all(known[kind].is_quiet for kind in Kind):
        return ["All quiet: nothing came in, and nothing is open."]
    return list(filter(None, (_needs_somebody(figures), _flowed(figures))))


def missed(figures: Figures) -> str:
    """How many broke a promise, or that none did; nothing where none fell due."""
    counts = [
        counted(figures.kinds[kind].behind[Line.BREACHED], kind)
        for kind in Kind
        if figures.kinds[kind].behind[Line.BREACHED]
    ]
    if counts:
        return f"{_listed(counts)} missed a target."
    if any(figures.kinds[kind].attained for kind in Kind):
        return "Every target that fell due was met."
    return ""


def is_review(figures: Figures) -> bool:
    """Whether it looks back at a week or month that is over, and not at how things stand."""
    return figures.series is not SeriesName.DAILY


def _needs_somebody(figures: Figures) -> str:
    past = is_review(figures)
    risk = 0 if past else _total(figures, Line.AT_RISK)
    unowned, waiting = (_total(figures, line) for line in (Line.UNASSIGNED, Line.WAITING))
    said = []
    if risk:
        said.append(f"{counted(risk)} {_is(risk)} at risk")
    if unowned:
        had = "had" if past else _has(unowned)
        said.append(f"{unowned if said else counted(unowned)} {had} no owner")
    if waiting:
        had = "had" if past else _has(waiting)
        said.append(f"{waiting if said else counted(waiting)} {had} been waiting too long")
    if said:
        return f"{'At its end' if past else 'Right now'} {_listed(said)}."
    return f"Every open ticket {'had' if past else 'has'} an owner." if _total(figures, Line.OPEN) else ""


def _flowed(figures: Figures) -> str:
    came, done, still = (_total(figures, line) for line in (Line.CAME_IN, Line.FINISHED, Line.OPEN))
    stands = f"{_was(still)} open at its end" if is_review(figures) else f"{_is(still)} open"
    said = f"{counted(came)} came in, {done:,} {_was(done)} finished, {still:,} {stands}."
    return " ".join([said, *_out_of_the_ordinary(figures)])


def _out_of_the_ordinary(figures: Figures) -> list[str]:
    said = []
    for kind in Kind:
        known, noun = figures.kinds[kind], _NOUNS[kind][1]
        if more := _compared(known.behind[Line.CAME_IN], known.usually.came_in):
            said.append(f"{more.capitalize()} {noun} than usual came in.")
        if more := _compared(known.behind[Line.FINISHED], known.usually.finished):
            said.append(f"{more.capitalize()} {noun} than usual were finished.")
    return said


def _total(figures: Figures, line: Line) -> int:
    return sum(figures.kinds[kind].behind[line] for kind in Kind)


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
    """What came in and went out, compared with the same weekdays before; nothing where nothing moved."""
    came, done = figures.behind[Line.CAME_IN], figures.behind[Line.FINISHED]
    said = [
        f"{came:,} came in{_usual(came, figures.usually.came_in)}",
        f"{done:,} finished{_usual(done, figures.usually.finished)}",
    ]
    for line, word in ((Line.CANCELLED, "cancelled"), (Line.REOPENED, "reopened")):
        if figures.behind[line]:
            said.append(f"{figures.behind[line]:,} {word}")
    moved = came or done or len(said) > 2
    is_odd = _compared(came, figures.usually.came_in) or _compared(done, figures.usually.finished)
    return [" · ".join(said)] if moved or is_odd else []


def _compared(number: int, usual: Limits | None) -> str:
    """Whether chance explains it: "more", "fewer", or nothing when it does or nobody knows."""
    if usual is None or usual.low <= number <= usual.high:
        return ""
    return "more" if number > usual.high else "fewer"


def _usual(number: int, usual: Limits | None) -> str:
    if usual is None:
        return ""
    limits = f"{usual.low:,}–{usual.high:,}" if usual.low < usual.high else f"{usual.low:,}"
    unusual = _compared(number, usual)
    return f", {unusual} than the usual {limits}" if unusual else f" (usually {limits})"


def open_lines(figures: KindFigures, *, in_detail: bool) -> list[str]:
    """How old is what is open, and what of it needs somebody; nothing where nothing is open.

    A review tells more of the past, and nothing of what is at risk now.
    """
    number = figures.behind[Line.OPEN]
    if not number or figures.ages is None:
        return []
    lines = [_ages(figures.ages)]
    if in_detail and number >= _FEWEST_FOR_BUCKETS:
        lines.append(f"By age: {_buckets(figures.buckets)}")
    needs = []
    if unowned := figures.behind[Line.UNASSIGNED]:
        needs.append(f"{unowned:,} without an owner")
    if waiting := figures.behind[Line.WAITING]:
        needs.append(_waiting(waiting, figures))
    risk = figures.behind[Line.AT_RISK]
    if risk and not in_detail:
        needs.append(f"{risk:,} at risk of missing a target")
    if needs:
        lines.append(" · ".join(needs))
    if in_detail and figures.days_of_backlog is not None and number >= _FEWEST_FOR_BUCKETS:
        lines.append(f"At the pace of the last {LONG_RUN.days} days that is {_pace(figures.days_of_backlog)}")
    return lines


def _ages(ages: Spread) -> str:
    oldest = _age(ages.longest)
    if ages.n == 1:
        return f"It is {oldest} old"
    if ages.n == 2:
        return f"The older one is {oldest} old"
    return f"Age: {_spread_words(ages, _age, 'oldest')}"


def _waiting(number: int, figures: KindFigures) -> str:
    """What for, too; where it is one thing without counting it twice."""
    known = [(_WAITS_FOR[state], count) for state, count in figures.waiting_for if state in _WAITS_FOR]
    span = f"for more than {WAITING_TOO_LONG.days} days"
    if len(known) == 1:
        return f"{number:,} waiting {known[0][0]} {span}"
    apart = f" ({', '.join(f'{count:,} {what}' for what, count in known)})" if known else ""
    return f"{number:,} waiting {span}{apart}"


def _age(seconds: float) -> str:
    """Nobody plans by the minute of what is a day old, nor by the hour of what is a week old."""
    span = timedelta(seconds=seconds)
    if span >= _DAYS_SHOW_FROM:
        return f"{span.days:,} days"
    return span_words(span) if span < _HOURS_SHOW_FROM else f"{span // timedelta(hours=1)} h"


def _spread_words(spread: Spread, words: Callable[[float], str], most: str) -> str:
    """Of ten and more with the 90th percentile; of fewer that is the largest value."""
    said = [f"median {words(spread.median)}"]
    if spread.n >= FEWEST_FOR_PERCENT:
        said.append(f"90th percentile {words(spread.p90)}")
    return ", ".join([*said, f"{most} {words(spread.longest)}"])


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
    for clock in (ClockName.RESPOND, ClockName.RESOLVE):
        rows = [row for row in figures.attained if row.clock is clock]
        if rows:
            lines.append(f"{clock_word(clock).capitalize()}: {' · '.join(_attained(row) for row in rows)}")
    return lines


def _attained(row: Attained) -> str:
    rate = Rate(row.met, row.met + row.breached)
    if rate.n >= FEWEST_FOR_PERCENT:
        return f"{row.priority} {_percent(rate)} of {rate.n:,}"
    return f"{row.priority} {rate.hits} of {rate.n}"


def clock_word(clock: ClockName) -> str:
    """What a clock promises: "resolution"."""
    return _CLOCKS[clock]


def clock_words(clocks: Sequence[ClockName]) -> str:
    """ "response, resolution"."""
    return ", ".join(clock_word(clock) for clock in clocks)


def time_lines(figures: KindFigures) -> list[str]:
    """How long things took."""
    took = figures.took
    named = [
        ("First reply", took.first_reply),
        ("Later replies", took.next_reply),
        ("Claimed", took.acknowledged),
        ("First owner", took.owned if took.owned != took.acknowledged else None),
        ("Resolved", took.resolved),
    ]
    lines = [f"{name}: {_took(spread, span_words)}" for name, spread in named if spread is not None]
    if took.resolved_open is not None and took.resolved_open.longest > 0:
        lines.append(f"Resolved, in working time: {_took(took.resolved_open, open_words)}")
    return lines


def _took(spread: Spread, words: Callable[[timedelta], str]) -> str:
    def said(seconds: float) -> str:
        return words(timedelta(seconds=seconds))

    if spread.n == 1:
        return f"{said(spread.longest)} ({counted(1)})"
    if spread.n == 2:
        return f"at most {said(spread.longest)} ({counted(2)})"
    return f"{_spread_words(spread, said, 'longest')} ({counted(spread.n)})"


def category_words(category: str | None) -> str:
    """A category's name."""
    return one_line(category or "", _MOST_CATEGORY) or "No category"


def category_lines(figures: KindFigures) -> list[str]:
    """Which categories were busiest; nothing where nobody chose one."""
    named = [f"{category_words(name)} {count:,}" for name, count in figures.categories if name]
    if not named:
        return []
    without = [f"without a category {count:,}" for name, count in figures.categories if not name]
    return [f"Busiest categories: {' · '.join([*named, *without])}"]


def kind_label(kind: Kind) -> str:
    """ "Incidents"."""
    return KIND_LABELS[kind]


def foot(figures: Figures) -> str:
    """How to read it."""
    said = "“⋯” lists the tickets behind the numbers beside it."
    usually = [figures.kinds[kind].usually for kind in Kind]
    if any(each.came_in or each.finished for each in usually):
        spans = "weeks" if figures.series is SeriesName.WEEKLY else "same weekdays"
        said += f" “Usual” is what chance explains, judged by the {spans} before."
    return said
