"""Attainment: for response and resolution apart, how often each kind and priority was in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.pictures import canvas as paper
from bot.pictures import words
from bot.pictures.canvas import PADDING, WIDTH, Canvas, Style
from bot.pictures.charts import CLOCKS, MOST_ROWS, Charts, Row
from bot.pictures.heading import draw_heading, heading_height

_SECTION: Final = 26.0
_APART: Final = 6.0
_ROW: Final = 22.0
_BAR: Final = 12.0
_WIDEST_LABEL: Final = 118.0
_BETWEEN: Final = 8.0

_TITLE: Final = Style(size=11, is_bold=True)
_LABEL: Final = Style(size=11, down="center_baseline")
_COUNT: Final = Style(size=11, across="right", down="center_baseline")
_MORE: Final = Style(size=10, color=paper.SOFT)


@dataclass(frozen=True)
class _Columns:
    """Where bars begin and end; labels stand before them, counts after."""

    begin: float
    end: float


def draw_attainment(charts: Charts) -> bytes:
    """The picture as a PNG."""
    rows, finding = charts.rows[:MOST_ROWS], words.attainment_finding(charts.rows)
    hidden = len(charts.rows) - len(rows)
    sections = [(clock, [row for row in rows if row.clock == clock]) for clock in CLOCKS]
    sections = [(clock, of_clock) for clock, of_clock in sections if of_clock]
    height = (
        heading_height(finding) + (_SECTION + _APART) * len(sections) + _ROW * len(rows) + PADDING - _APART
    )
    sheet = Canvas(height + (14 if hidden else 0))
    draw_heading(
        sheet, finding, f"{words.clean(charts.desk)} · {words.short_day(charts.day)} {charts.day.year}"
    )
    columns = _columns(sheet, rows)
    y = heading_height(finding)
    for place, (clock, of_clock) in enumerate(sections):
        _draw_title(sheet, words.clock_name(clock), y + (_APART if place else 0), with_key=place == 0)
        y += _SECTION if place == 0 else _SECTION + _APART
        for row in of_clock:
            _draw_row(sheet, row, columns, y)
            y += _ROW
    if hidden:
        sheet.words(PADDING, y + 10, f"and {hidden} more in the report", _MORE)
    return sheet.png()


def _columns(sheet: Canvas, rows: tuple[Row, ...]) -> _Columns:
    labels = max(sheet.width_of(words.clean(row.label), _LABEL) for row in rows)
    counts = max(sheet.width_of(words.kept(row.met, row.total), _COUNT) for row in rows)
    begin = PADDING + min(labels, _WIDEST_LABEL) + _BETWEEN
    return _Columns(begin=begin, end=WIDTH - PADDING - counts - _BETWEEN)


def _draw_title(sheet: Canvas, title: str, y: float, *, with_key: bool) -> None:
    """The name of a clock; beside the first one, what the colours mean."""
    sheet.words(PADDING, y + 15, title, _TITLE)
    if not with_key:
        return
    late = Style(size=10.5, color=paper.ORANGE_WORDS, is_bold=True, across="right")
    in_time = Style(size=10.5, color=paper.BLUE_WORDS, is_bold=True, across="right")
    right = WIDTH - PADDING
    sheet.words(right, y + 15, "late", late)
    sheet.words(right - sheet.width_of("late", late) - 10, y + 15, "in time", in_time)


def _draw_row(sheet: Canvas, row: Row, columns: _Columns, y: float) -> None:
    middle = y + _ROW / 2
    sheet.words(PADDING, middle, sheet.fitted(words.clean(row.label), _LABEL, _WIDEST_LABEL), _LABEL)
    sheet.words(WIDTH - PADDING, middle, words.kept(row.met, row.total), _COUNT)
    if row.total < words.ENOUGH:
        _draw_each(sheet, row, columns, middle - _BAR / 2)
    else:
        _draw_share(sheet, row, columns, middle - _BAR / 2)


def _draw_share(sheet: Canvas, row: Row, columns: _Columns, y: float) -> None:
    width = columns.end - columns.begin
    # One that was late among thousands is still seen.
    late = max(width * row.breached / row.total, 2.0) if row.breached else 0.0
    late = min(late, width - 2.0) if row.met else width
    gap = 1.0 if row.met and row.breached else 0.0
    sheet.box(columns.begin, y, width - late - gap, _BAR, color=paper.BLUE)
    sheet.box(columns.end - late, y, late, _BAR, color=paper.ORANGE)


def _draw_each(sheet: Canvas, row: Row, columns: _Columns, y: float) -> None:
    """A few are drawn one by one: a share would look surer than it is."""
    step = (columns.end - columns.begin + 2.0) / words.ENOUGH
    for place in range(row.total):
        color = paper.BLUE if place < row.met else paper.ORANGE
        sheet.box(columns.begin + place * step, y, step - 2.0, _BAR, color=color)
