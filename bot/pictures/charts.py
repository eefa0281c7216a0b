"""The figures that are drawn, read from JSON.

    {"desk": "IT Service Desk", "date": "2026-11-21",
     "flow": {"days": ["2026-11-20", ...], "until": "09:00",
              "came_in": [4, ...], "finished": [3, ...], "open": [42, ...]},
     "attainment": [{"label": "Incidents P1", "clock": "respond", "met": 9, "breached": 1}, ...]}

`flow` and `attainment` may be missing or empty. `open` is what was open at the end of each local day, of the
last one at `until`, a local time; without it that day is a whole one like the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from itertools import pairwise
from typing import Final

from bot.errors import DeskbellError

MOST_DAYS: Final = 62
"""More would be narrower than a pixel on a phone; the newest are kept."""
MOST_ROWS: Final = 16
MOST_COUNT: Final = 10**12
CLOCKS: Final = ("respond", "resolve")


class ChartsUnreadable(DeskbellError):
    """The figures do not have the shape that is drawn."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The figures cannot be drawn: {reason}; report this as a bug.")


@dataclass(frozen=True)
class Flow:
    """What came in, was finished and stayed open, day by day, the newest last."""

    days: tuple[date, ...]
    came_in: tuple[int, ...]
    finished: tuple[int, ...]
    open: tuple[int, ...]
    until: str = ""
    """The local time at which the last day ends, if it is not over."""

    @property
    def is_empty(self) -> bool:
        """Nothing ever happened."""
        return not any((*self.came_in, *self.finished, *self.open))


@dataclass(frozen=True)
class Row:
    """How often one clock was kept for one kind and priority."""

    label: str
    clock: str
    met: int
    breached: int

    @property
    def total(self) -> int:
        """How many were promised."""
        return self.met + self.breached


@dataclass(frozen=True)
class Charts:
    """Everything for one report."""

    desk: str
    day: date
    flow: Flow
    rows: tuple[Row, ...]

    @property
    def has_flow(self) -> bool:
        """Backlog and flow can be drawn."""
        return bool(self.flow.days) and not self.flow.is_empty


def parse_charts(data: object) -> Charts:
    """Read the figures. Raises ChartsUnreadable."""
    charts = _object(data, "the figures")
    return Charts(
        desk=_text(charts.get("desk"), "desk"),
        day=_day(charts.get("date"), "date"),
        flow=_flow(_object(charts.get("flow") or {}, "flow")),
        rows=tuple(
            row for row in map(_row, _list(charts.get("attainment") or [], "attainment")) if row.total
        ),
    )


def _flow(data: Mapping[object, object]) -> Flow:
    days = tuple(_day(day, "flow.days") for day in _list(data.get("days") or [], "flow.days"))
    if any(later <= earlier for earlier, later in pairwise(days)):
        raise ChartsUnreadable("flow.days must be in order")
    came_in, finished, still_open = (
        _counts(data, name, len(days)) for name in ("came_in", "finished", "open")
    )
    return Flow(
        days[-MOST_DAYS:],
        came_in[-MOST_DAYS:],
        finished[-MOST_DAYS:],
        still_open[-MOST_DAYS:],
        until=_time(data.get("until") or ""),
    )


def _time(value: object) -> str:
    text = _text(value, "flow.until")
    try:
        return f"{time.fromisoformat(text):%H:%M}" if text else ""
    except ValueError as error:
        raise ChartsUnreadable("flow.until must be a time such as 09:00") from error


def _counts(data: Mapping[object, object], name: str, length: int) -> tuple[int, ...]:
    counts = tuple(_count(value, f"flow.{name}") for value in _list(data.get(name) or [], f"flow.{name}"))
    if len(counts) != length:
        raise ChartsUnreadable(f"flow.{name} must have one number for each day")
    return counts


def _row(data: object) -> Row:
    row = _object(data, "attainment")
    clock = row.get("clock")
    if clock not in CLOCKS:
        raise ChartsUnreadable("attainment.clock must be respond or resolve")
    return Row(
        label=_text(row.get("label"), "attainment.label"),
        clock=str(clock),
        met=_count(row.get("met"), "attainment.met"),
        breached=_count(row.get("breached"), "attainment.breached"),
    )


def _object(value: object, name: str) -> Mapping[object, object]:
    if not isinstance(value, Mapping):
        raise ChartsUnreadable(f"{name} must be an object")
    return value


def _list(value: object, name: str) -> list[object]:
    if not isinstance(value, list):
        raise ChartsUnreadable(f"{name} must be a list")
    return value


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise ChartsUnreadable(f"{name} must be text")
    return value


def _count(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_COUNT:
        raise ChartsUnreadable(f"{name} must be a whole number from 0 to {MOST_COUNT}")
    return value


def _day(value: object, name: str) -> date:
    try:
        return date.fromisoformat(_text(value, name))
    except ValueError as error:
        raise ChartsUnreadable(f"{name} must be a date such as 2026-11-21") from error
