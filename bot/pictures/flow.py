"""Backlog and flow: what is open as a line, below it what came in and what was finished each day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from bot.pictures import canvas as paper
from bot.pictures import words
from bot.pictures.canvas import PADDING, WIDTH, Canvas, Style
from bot.pictures.charts import Charts, Flow
from bot.pictures.heading import draw_heading, heading_height

_LEFT: Final = PADDING + 30.0
_RIGHT: Final = WIDTH - PADDING - 34.0
_LABEL: Final = 22.0
_LINE: Final = 84.0
_BARS: Final = 44.0
_GAP: Final = 12.0
_DAYS: Final = 18.0
_MOST_DAY_LABELS: Final = 5
_FEWEST_SLOTS: Final = 7
_STEPS: Final = (1, 2, 3, 4, 5, 6, 8, 10)

_TICK: Final = Style(size=10, color=paper.SOFT, across="right", down="center_baseline")
_DAY: Final = Style(size=10, color=paper.SOFT, across="center")
_ASIDE: Final = Style(size=10.5, color=paper.SOFT, across="center")
_STRONG: Final = Style(size=11, is_bold=True)


def draw_flow(charts: Charts) -> bytes:
    """The picture as a PNG."""
    flow, finding = charts.flow, words.flow_finding(charts.flow)
    top = heading_height(finding)
    sheet = Canvas(top + _LABEL + _LINE + _GAP + _LABEL + 2 * _BARS + _LABEL + _DAYS + PADDING - 1)
    draw_heading(sheet, finding, f"{words.clean(charts.desk)} · {words.period(flow)}")
    columns = _Columns(len(flow.days))
    line_top = top + _LABEL
    _draw_line(sheet, flow, columns, line_top)
    bars_top = line_top + _LINE + _GAP + _LABEL
    _draw_bars(sheet, flow, columns, bars_top)
    _draw_days(sheet, flow, columns, bars_top + 2 * _BARS + _LABEL + 15)
    return sheet.png()


@dataclass(frozen=True)
class _Columns:
    """Where each day stands; few days stand at the right, as wide as if there were a week of them."""

    count: int

    @property
    def width(self) -> float:
        return (_RIGHT - _LEFT) / max(self.count, _FEWEST_SLOTS)

    def center(self, place: int) -> float:
        return _RIGHT - (self.count - place - 0.5) * self.width


def _draw_line(sheet: Canvas, flow: Flow, columns: _Columns, top: float) -> None:
    # A little room above, so that the line never lies on the rule.
    floor, highest = top + _LINE, _scale(max(flow.open) * 21 // 20 + 1)
    until = f" ({words.short_day(flow.days[-1])}: at {flow.until})" if flow.until else ""
    sheet.words(PADDING, top - 11, f"Open at the end of the day{until}", _STRONG)
    for value in _ticks(highest):
        _draw_rule(sheet, floor - _LINE * value / highest, value)
    xs = [columns.center(place) for place in range(len(flow.days))]
    ys = [floor - _LINE * value / highest for value in flow.open]
    sheet.area(xs, ys, floor, color=paper.TRACK)
    sheet.line(xs, ys, color=paper.INK, width=2.2)
    _draw_week_ago(sheet, flow, xs, ys, floor=floor)
    sheet.dot(xs[-1], ys[-1], color=paper.INK, radius=4)
    beside = Style(size=12, is_bold=True, down="center_baseline")
    sheet.words(_RIGHT + 5, ys[-1], words.compact(flow.open[-1]), beside)


def _draw_week_ago(sheet: Canvas, flow: Flow, xs: list[float], ys: list[float], *, floor: float) -> None:
    """A ring, and what it stands for below the line, or above where there is no room."""
    place = words.week_ago(flow)
    if place is None:
        return
    said = f"{words.compact(flow.open[place])} a week ago"
    reach = sheet.width_of(said, _ASIDE) / 2 + 4
    x = min(max(xs[place], _LEFT + reach), _RIGHT - reach)
    near = [height for at, height in zip(xs, ys, strict=True) if abs(at - x) <= reach + 8]
    below = max(near) + 16
    if below < floor - 3:
        sheet.words(x, below, said, replace(_ASIDE, behind=paper.TRACK))
    else:
        sheet.words(x, min(near) - 9, said, replace(_ASIDE, behind=paper.PAPER))
    sheet.dot(xs[place], ys[place], color=paper.INK, is_hollow=True)


def _draw_bars(sheet: Canvas, flow: Flow, columns: _Columns, top: float) -> None:
    middle, highest = top + _BARS, _scale(max((*flow.came_in, *flow.finished)))
    came_in = f"Came in {sum(flow.came_in):,}"
    finished = f"Finished {sum(flow.finished):,}"
    sheet.words(PADDING, top - 11, came_in, _in_color(paper.ORANGE_WORDS))
    sheet.words(PADDING, middle + _BARS + 20, finished, _in_color(paper.BLUE_WORDS))
    for side in (-1, 1):
        _draw_rule(sheet, middle + side * _BARS, highest)
    wide = min(columns.width * 0.72, 16.0)
    for place in range(len(flow.days)):
        x = columns.center(place) - wide / 2
        up, down = (_BARS * count / highest for count in (flow.came_in[place], flow.finished[place]))
        sheet.box(x, middle - up, wide, up, color=paper.ORANGE)
        sheet.box(x, middle, wide, down, color=paper.BLUE)
    sheet.line((_LEFT, _RIGHT), (middle, middle), color=paper.SOFT, width=1)
    sheet.words(_LEFT - 6, middle, "0", _TICK)


def _draw_rule(sheet: Canvas, y: float, value: int) -> None:
    sheet.line((_LEFT, _RIGHT), (y, y), color=paper.RULE, width=1)
    sheet.words(_LEFT - 6, y, words.compact(value), _TICK)


def _draw_days(sheet: Canvas, flow: Flow, columns: _Columns, y: float) -> None:
    for place in _labelled(flow):
        sheet.words(columns.center(place), y, words.short_day(flow.days[place]), _DAY)


def _labelled(flow: Flow) -> list[int]:
    """Mondays, as many as there is room for; of a few days the first and the last."""
    count = len(flow.days)
    if count <= 10:
        return sorted({0, count - 1}) if count > 2 else [count - 1]
    mondays = [place for place, day in enumerate(flow.days) if day.weekday() == 0]
    step = -(-len(mondays) // _MOST_DAY_LABELS)
    return mondays[::step] if step else [0, count - 1]


def _in_color(color: str) -> Style:
    return Style(size=_STRONG.size, is_bold=True, color=color)


def _scale(highest: int) -> int:
    """A round number that is at least as great."""
    power = 1
    while power * 10 < highest:
        power *= 10
    return next(step * power for step in _STEPS if step * power >= highest)


def _ticks(highest: int) -> Iterator[int]:
    yield 0
    if highest % 2 == 0:
        yield highest // 2
    yield highest
