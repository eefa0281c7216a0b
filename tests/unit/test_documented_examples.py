"""The worked examples of docs/service-levels.md, computed.

A block marked `sla` is read from top to bottom: what is promised, what happens, and what comes of it by then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from bot.service_levels.calendars import Calendar, Window, always, parse_weekdays, parse_window
from bot.service_levels.clocks import (
    BORN,
    BY_POLICY,
    BY_PRIORITY,
    BY_REOPENING,
    BY_TIME,
    ClockSet,
    Cycle,
    Point,
    Promise,
    reached,
)
from bot.service_levels.durations import format_duration, parse_duration
from bot.service_levels.openings import hours_of

PAGE: Final = Path(__file__).parents[2] / "docs" / "service-levels.md"
CAUSES: Final = {
    "time": BY_TIME,
    "priority": BY_PRIORITY,
    "policy": BY_POLICY,
    "reopening": BY_REOPENING,
    "birth": BORN,
}
WAITING: Final = frozenset({"waiting_requester", "waiting_supplier", "waiting_approval"})
TIME: Final = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{4}-\d\d-\d\d \d\d:\d\d(?: (?!on\b)[A-Z]{2,5})?"


def blocks(page: str) -> Iterator[tuple[int, list[str]]]:
    """The lines of each example, and the number of its first line."""
    lines = page.splitlines()
    for number, line in enumerate(lines):
        if line == "```sla":
            yield number + 2, lines[number + 1 : lines.index("```", number)]


def duration(text: str) -> timedelta:
    return timedelta(seconds=parse_duration(text))


def written(amount: timedelta) -> str:
    return format_duration(int(amount.total_seconds()), day=None)


def parsed_week(texts: list[str]) -> tuple[tuple[Window, ...], ...]:
    """The windows of `mon-fri 09:00-12:00 13:00-17:00`, several of them apart by a semicolon."""
    week: list[tuple[Window, ...]] = [()] * 7
    for text in texts:
        days, *windows = text.split()
        for day in parse_weekdays(days):
            week[day] = tuple(parse_window(window) for window in windows)
    return tuple(week)


def parsed_calendar(name: str, text: str) -> Calendar:
    if text == "24x7":
        return always(name)
    zone, _, week = text.partition(" ")
    return Calendar(name=name, timezone=zone, week=parsed_week([part for part in week.split(";") if part]))


@dataclass
class Example:
    """An example as it is read: each line is done by the method that its key names."""

    calendars: dict[str, Calendar] = field(default_factory=dict)
    clock: str = "resolve"
    priority: str = "P3"
    version: int = 1
    target: timedelta | None = None
    start: datetime | None = None
    clocks: ClockSet | None = None
    parts: list[str] = field(default_factory=list)
    claims: int = 0
    """Lines that say what comes of it."""

    def read(self, lines: list[str]) -> None:
        """Do line after line. Raises AssertionError where a line claims what is not so."""
        for line in lines:
            key, colon, value = line.rpartition(": ")
            assert colon, f"no colon in: {line}"
            self._do(key, value)
        if self.parts:
            self._check_parts()
        assert self.claims, "an example that claims nothing"

    def _do(self, key: str, value: str) -> None:
        for pattern, do in SETTING.items():
            if found := re.fullmatch(pattern, key):
                do(self, value, *found.groups())
                return
        for pattern, claim in CLAIMS.items():
            if found := re.fullmatch(pattern, key):
                self.claims += 1
                claimed = claim(self, value, *found.groups())
                assert claimed == value, f"{key}: {claimed} (the page says {value})"
                return
        raise AssertionError(f"{key}: nobody knows what this means")

    # --- times ---

    def at(self, text: str) -> datetime:
        """The instant of `Mon 2026-03-09 10:00` in the first calendar; `EST` may tell which."""
        _, day, clock, *abbreviation = text.split()
        zone = ZoneInfo(next(iter(self.calendars.values())).timezone)
        wall = datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=zone)
        found = wall.astimezone(UTC)
        if abbreviation and wall.tzname() != abbreviation[0]:
            found = wall.replace(fold=1).astimezone(UTC)
        assert text in (self.text(found), self.text(found, zoned=True)), f"{text} does not exist"
        return found

    def text(self, at: datetime, *, zoned: bool = False) -> str:
        zone = ZoneInfo(next(iter(self.calendars.values())).timezone)
        return at.astimezone(zone).strftime("%a %Y-%m-%d %H:%M" + (" %Z" if zoned else ""))

    def text_like(self, at: datetime, value: str) -> str:
        """As it is written on the page, with the zone if that is there too."""
        return self.text(at, zoned=re.search(r"\d [A-Z]{2,5}\b", value) is not None)

    # --- what is promised ---

    def add_calendar(self, value: str, name: str | None) -> None:
        self.calendars[name or "office"] = parsed_calendar(name or "office", value)

    def add_holiday(self, value: str) -> None:
        office = self.calendars["office"]
        days = (*office.holidays, date.fromisoformat(value))
        self.calendars["office"] = replace(office, holidays=days)

    def add_special(self, value: str) -> None:
        office = self.calendars["office"]
        day, *windows = value.split()
        hours = tuple(parse_window(window) for window in windows)
        special = (*office.special, (date.fromisoformat(day), hours))
        self.calendars["office"] = replace(office, special=special)

    def set_clock(self, value: str) -> None:
        self.clock = value

    def set_target(self, value: str) -> None:
        *priority, target = value.split()
        self.priority = priority[0] if priority else self.priority
        self.target = duration(target)

    def set_start(self, value: str) -> None:
        self.start = self.at(value)

    def promise(self, target: timedelta, calendar: str = "office") -> Promise:
        return Promise(
            policy=self.version,
            priority=self.priority,
            hours=hours_of(self.calendars[calendar]),
            targets={self.clock: target},
            pause_while=WAITING,
        )

    def so_far(self) -> ClockSet:
        """The clocks after what has been read."""
        if self.clocks is None:
            assert self.start is not None
            assert self.target is not None
            self.clocks = ClockSet.raised(self.promise(self.target), self.start, self.start)
        return self.clocks

    @property
    def cycle(self) -> Cycle:
        found = self.so_far().of(self.clock)
        assert found is not None
        return found

    # --- what happens ---

    def first_seen(self, value: str) -> None:
        assert self.start is not None
        assert self.target is not None
        self.clocks = ClockSet.raised(self.promise(self.target), self.start, self.at(value))

    def pause(self, value: str) -> None:
        found = re.fullmatch(rf"({TIME}) – ({TIME}) (\w+)", value)
        assert found, value
        self.clocks = self.so_far().waits(self.at(found[1]), found[3]).resumed(self.at(found[2]))

    def wait(self, value: str) -> None:
        time, _, state = value.rpartition(" ")
        assert state in WAITING
        self.clocks = self.so_far().waits(self.at(time), state)

    def another_priority(self, value: str) -> None:
        found = re.fullmatch(rf"({TIME}) (P\d) (\w+)(?: on (\w+))?", value)
        assert found, value
        before, self.priority = self.so_far(), found[2]
        promised = self.promise(duration(found[3]), found[4] or "office")
        self.clocks = before.promised(promised, self.at(found[1]), BY_PRIORITY)

    def another_version(self, value: str) -> None:
        found = re.fullmatch(rf"({TIME}) version (\d+), (\w+)(?: on (\w+))?", value)
        assert found, value
        before, self.version = self.so_far(), int(found[2])
        promised = self.promise(duration(found[3]), found[4] or "office")
        self.clocks = before.promised(promised, self.at(found[1]), BY_POLICY)

    def happens(self, value: str, what: str) -> None:
        self.clocks = HAPPENINGS[what](self.so_far(), self.at(value))

    # --- what comes of it ---

    def due(self, value: str) -> str:
        due = self.cycle.due()
        if due is not None:
            return self.text_like(due, value)
        return "none" if self.cycle.pause else "never"

    def breach(self, value: str) -> str:
        breach = self.cycle.breach
        if breach is None:
            return "none"
        said = self.text_like(breach.at, value)
        cause = next(word for word, known in CAUSES.items() if known == breach.cause)
        if cause != "time" or " by " in value:
            said += f" by {cause}"
        return said + (f" under {breach.priority}" if " under " in value else "")

    def state(self, _: str) -> str:
        cycle = self.cycle
        if cycle.is_open:
            return "running" if cycle.is_running else "paused"
        return "met" if cycle.breach is None else "missed"

    def elapsed(self, _: str, at: str) -> str:
        return written(self.cycle.elapsed(self.at(at)))

    def left(self, _: str, at: str) -> str:
        return written(self.cycle.term.target - self.cycle.elapsed(self.at(at)))

    def warning(self, value: str, percent: str) -> str:
        return self._reached(Point(int(percent)), value)

    def after_breach(self, value: str, after: str) -> str:
        return self._reached(Point(after=duration(after)), value)

    def _reached(self, point: Point, value: str) -> str:
        found = reached(self.cycle, point)
        if found is None:
            return "none"
        return self.text_like(found.at, value) + (" silently" if found.is_silent else "")

    def part(self, value: str) -> str:
        """Noted; compared when all parts are known, for none may be missing."""
        self.parts.append(value)
        return value

    def _check_parts(self) -> None:
        pieces = self.cycle.pieces(datetime.max.replace(tzinfo=UTC))
        assert self.parts == [
            f"{self.text(piece.start)} – {self.text(piece.end)} {piece.reason}" for piece in pieces
        ]


HAPPENINGS: Final[dict[str, Callable[[ClockSet, datetime], ClockSet]]] = {
    "look": ClockSet.settled,
    "resume": ClockSet.resumed,
    "claimed": ClockSet.claimed,
    "replied": ClockSet.replied,
    "resolved": ClockSet.resolved,
    "reopened": ClockSet.reopened,
    "cancelled": ClockSet.cancelled,
}
SETTING: Final[dict[str, Callable[..., None]]] = {
    r"calendar(?: (\w+))?": Example.add_calendar,
    "holiday": Example.add_holiday,
    "special": Example.add_special,
    "clock": Example.set_clock,
    "target": Example.set_target,
    "start": Example.set_start,
    "first seen": Example.first_seen,
    "pause": Example.pause,
    "wait": Example.wait,
    "priority": Example.another_priority,
    "policy": Example.another_version,
    "(" + "|".join(HAPPENINGS) + ")": Example.happens,
}
CLAIMS: Final[dict[str, Callable[..., str]]] = {
    "due": Example.due,
    "breach": Example.breach,
    "state": Example.state,
    rf"elapsed at ({TIME})": Example.elapsed,
    rf"left at ({TIME})": Example.left,
    r"warning (\d+)%": Example.warning,
    r"breach \+ (\w+)": Example.after_breach,
    "part": Example.part,
}

EXAMPLES: Final = list(blocks(PAGE.read_text(encoding="utf-8")))


@pytest.mark.parametrize("lines", [lines for _, lines in EXAMPLES], ids=[f"line {at}" for at, _ in EXAMPLES])
def test_an_example_of_the_page_on_service_levels_is_true(lines: list[str]) -> None:
    Example().read(lines)


def test_the_page_has_examples_of_every_claim() -> None:
    keys = [line.rpartition(": ")[0] for _, lines in EXAMPLES for line in lines]
    unused = [pattern for pattern in CLAIMS if not any(re.fullmatch(pattern, key) for key in keys)]
    assert unused == []


SMALL: Final = [
    "calendar: Europe/Berlin mon-fri 09:00-17:00",
    "start: Fri 2026-03-06 16:00",
    "target: 2h",
    "resolved: Mon 2026-03-09 10:00",
]


@pytest.mark.parametrize(
    "line",
    [
        "due: Mon 2026-03-09 10:01",
        "due: Tue 2026-03-09 10:00",
        "due: none",
        "breach: Mon 2026-03-09 10:00",
        "state: missed",
        "elapsed at Sat 2026-03-07 10:00: 2h",
        "left at Sat 2026-03-07 10:00: 2h",
        "warning 50%: none",
        "breach + 1h: Mon 2026-03-09 11:00",
        "part: Fri 2026-03-06 16:00 – Fri 2026-03-06 17:00 open",
        "holiday: 2026-03-09",
        "nonsense: 1h",
    ],
)
def test_an_example_that_is_not_true_or_claims_nothing_is_noticed(line: str) -> None:
    with pytest.raises(AssertionError):
        Example().read([*SMALL, line])
