"""The finding at the top of a picture, and below it what it is about."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from bot.pictures import canvas as paper
from bot.pictures.canvas import PADDING, WIDTH, Canvas, Style

_SIZES: Final = (14.5, 14.0, 13.5, 13.0)
_ABOUT: Final = Style(size=11, color=paper.SOFT)
_LINE: Final = 19.0
_ROOM: Final = WIDTH - 2 * PADDING


def heading_height(finding: str) -> float:
    """How far down the heading reaches."""
    return PADDING + _LINE * len(_set(finding)[1]) + 26


def draw_heading(sheet: Canvas, finding: str, about: str) -> None:
    """Draw it at the top of the sheet."""
    y = PADDING + 12
    style, lines = _set(finding)
    for line in lines:
        sheet.words(PADDING, y, line, style)
        y += _LINE
    sheet.words(PADDING, y, sheet.fitted(about, _ABOUT, _ROOM), _ABOUT)


@lru_cache(maxsize=8)
def _set(finding: str) -> tuple[Style, list[str]]:
    """In one line, a little smaller if need be; otherwise in several."""
    scratch = Canvas(100)
    styles = [Style(size=size, is_bold=True) for size in _SIZES]
    fits = next((style for style in styles if scratch.width_of(finding, style) <= _ROOM), styles[0])
    return fits, scratch.wrapped(finding, fits, _ROOM)
