"""Calendars and clocks against a walk through time that knows no spans (`brute_force`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bot.service_levels.calendars import Calendar, Window
from bot.service_levels.clocks import BY_PRIORITY, Cycle, Term
from bot.service_levels.openings import Hours
from tests.unit.service_levels.brute_force import STEP, Change, is_ambiguous, is_open, walk
from tests.unit.service_levels.building import utc

WIDE = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])

# A Sunday around which the clocks of the zone change, or any; in each the offset is odd in its own way.
SUNDAYS = {
    "Europe/Berlin": ("2026-03-29", "2026-10-25"),
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),  # by half an hour
    "Asia/Kathmandu": ("2026-06-07",),  # +5:45, never changes
    "Pacific/Chatham": ("2026-04-05", "2026-09-27"),  # +12:45 and +13:45
    "America/St_Johns": ("2026-03-08", "2026-11-01"),  # -3:30
    "America/Havana": ("2026-03-08", "2026-11-01"),  # at midnight
    "Asia/Beirut": ("2026-03-29", "2026-10-25"),  # at midnight
    "Africa/Casablanca": ("2026-02-15", "2026-03-22"),  # back for Ramadan, and forward
    "UTC": ("2026-05-10",),
}
DAYS = 9
"""How long a walk is, beginning four days before the Sunday."""


class Setting(NamedTuple):
    """A calendar, and the instant at which a walk begins."""

    calendar: Calendar
    first: datetime

    @property
    def last(self) -> datetime:
        return self.first + timedelta(days=DAYS)


def quarters(at_least: int, at_most: int) -> st.SearchStrategy[int]:
    """Minutes that are whole quarters of an hour."""
    return st.integers(at_least // 15, at_most // 15).map(lambda quarter: quarter * 15)


@st.composite
def windows(draw: st.DrawFn) -> tuple[Window, ...]:
    """None; one, also overnight; or several with gaps between them."""
    match draw(st.sampled_from(["none", "one", "night", "several"])):
        case "one":
            opens = draw(quarters(0, 1380))
            return (Window(opens, draw(quarters(opens + 15, 1440))),)
        case "night":
            opens = draw(quarters(720, 1425))
            return (Window(opens, draw(quarters(1455, opens + 1440))),)
        case "several":
            edges = sorted(draw(st.sets(quarters(300, 1440), min_size=4, max_size=6)))
            return tuple(Window(a, b) for a, b in list(pairwise(edges))[::2])
        case _:
            return ()


@st.composite
def calendars(draw: st.DrawFn, timezone: str, sunday: date) -> Calendar:
    """A week, and some holidays and special dates around a Sunday."""
    near = st.integers(-4, 8).map(lambda days: sunday + timedelta(days=days))
    return Calendar(
        name="drawn",
        timezone=timezone,
        week=tuple(draw(windows()) for _ in range(7)),
        holidays=tuple(draw(st.sets(near, max_size=2))),
        special=tuple(draw(st.dictionaries(near, windows(), max_size=2)).items()),
    )


@st.composite
def settings_in_time(draw: st.DrawFn) -> Setting:
    """A calendar whose zone tells when its windows open and close, and when to look at it."""
    timezone = draw(st.sampled_from(sorted(SUNDAYS)))
    sunday = date.fromisoformat(draw(st.sampled_from(SUNDAYS[timezone])))
    calendar = draw(calendars(timezone, sunday))
    first = utc(f"{sunday} 00:00") - timedelta(days=4)
    assume(not is_ambiguous(calendar, first, first + timedelta(days=DAYS)))
    return Setting(calendar, first)


def steps(most: int = DAYS * 96) -> st.SearchStrategy[timedelta]:
    """Whole quarters of an hour, up to the end of a walk."""
    return st.integers(0, most).map(lambda count: count * STEP)


@WIDE
@given(settings_in_time())
def test_spans_are_where_the_wall_clock_says_open(setting: Setting) -> None:
    calendar, first, last = setting.calendar, setting.first, setting.last
    assert Hours(calendar).spans(first, last) == list(_runs(calendar, first, last))


def _runs(calendar: Calendar, first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
    at, since = first, None
    while at < last:
        if is_open(calendar, at):
            since = since or at
        elif since:
            yield since, at
            since = None
        at += STEP
    if since:
        yield since, last


@WIDE
@given(settings_in_time(), steps(), st.integers(1, 120).map(lambda count: count * STEP), st.data())
def test_a_clock_with_pauses_runs_as_a_walk_through_time_says(
    setting: Setting, begins: timedelta, target: timedelta, data: st.DataObject
) -> None:
    start = setting.first + begins
    pauses = data.draw(_pauses(setting))
    seen = walk([Change(start, setting.calendar, target)], pauses, setting.last)
    cycle = _begun(start, setting.calendar, target)
    for since, until in pauses:
        cycle = cycle.paused(max(since, start), "waiting_requester").resumed(max(until, start))
    cycle = cycle.settled(setting.last)
    for at, used in list(seen.elapsed.items())[::7]:
        assert cycle.elapsed(at) == used
    due = cycle.due()
    assert (due if due is not None and due <= setting.last else None) == seen.broken_at
    assert (cycle.breach.at if cycle.breach else None) == seen.broken_at


@st.composite
def _pauses(draw: st.DrawFn, setting: Setting) -> list[tuple[datetime, datetime]]:
    """Up to three pauses that follow each other, also without anything between them."""
    edges = sorted(draw(st.lists(steps(), max_size=6)))
    return [
        (setting.first + a, setting.first + b) for a, b in list(zip(edges[::2], edges[1::2], strict=False))
    ]


@WIDE
@given(settings_in_time(), steps(300), st.data())
def test_changed_targets_and_calendars_break_when_a_walk_through_time_says(
    setting: Setting, begins: timedelta, data: st.DataObject
) -> None:
    start = setting.first + begins
    other = data.draw(st.sampled_from([setting.calendar, _ALWAYS, _LONG_DAYS]))
    offsets = sorted(data.draw(st.lists(steps(DAYS * 96 - 1), max_size=3)))
    changes = [
        Change(start, setting.calendar, data.draw(_TARGETS)),
        *(Change(max(start, setting.first + offset), other, data.draw(_TARGETS)) for offset in offsets),
    ]
    pauses = data.draw(_pauses(setting))
    seen = walk(changes, pauses, setting.last)
    cycle = _folded(changes, pauses, setting.last)
    for at, used in list(seen.elapsed.items())[::7]:
        assert cycle.elapsed(at) == used
    assert (cycle.breach.at if cycle.breach else None) == seen.broken_at


_TARGETS = st.integers(1, 160).map(lambda count: count * STEP)
_ALWAYS = Calendar(name="always", timezone="UTC", week=((Window(0, 1440),),) * 7)
_LONG_DAYS = Calendar(name="long", timezone="Asia/Kolkata", week=((Window(420, 1320),),) * 7)


def _begun(start: datetime, calendar: Calendar, target: timedelta) -> Cycle:
    term = Term(start, Hours(calendar), target, "P3", 1)
    return Cycle(clock="resolve", number=1, started_at=start, terms=(term,))


def _folded(changes: list[Change], pauses: list[tuple[datetime, datetime]], last: datetime) -> Cycle:
    """The cycle after everything in the order in which it happens; at one instant a pause comes last."""
    first, *later = changes
    happens = [(change.at, _CHANGE, index) for index, change in enumerate(later)]
    for since, until in pauses:
        if max(since, first.at) < until:
            happens += [(max(since, first.at), _PAUSE, 0), (until, _RESUME, 0)]
    cycle = _begun(first.at, first.calendar, first.target)
    for at, what, index in sorted(happens):
        if what == _CHANGE:
            hours, target = Hours(later[index].calendar), later[index].target
            cycle = cycle.measured_by(Term(at, hours, target, "P1", 2, BY_PRIORITY))
        else:
            cycle = cycle.paused(at, "waiting_requester") if what == _PAUSE else cycle.resumed(at)
    return cycle.settled(last)


_CHANGE, _RESUME, _PAUSE = range(3)
