"""A sheet to draw on, measured in the pixels of a phone: matplotlib is imported here and nowhere else."""

from __future__ import annotations

import io
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.patches import FancyBboxPatch, Rectangle

WIDTH: Final = 360.0
"""How wide Slack shows a picture on a phone: all sizes here are pixels of that."""
SHARPNESS: Final = 4
"""Pixels of the file for each of those."""
PADDING: Final = 16.0

# Okabe and Ito's palette, told apart by everybody; the words in its hues are darker, to be read easily.
PAPER: Final = "#ffffff"
EDGE: Final = "#d5dae0"
RULE: Final = "#e6e9ed"
INK: Final = "#1b2733"
SOFT: Final = "#55606c"
BLUE: Final = "#0072b2"
BLUE_WORDS: Final = "#005b8f"
ORANGE: Final = "#e69f00"
ORANGE_WORDS: Final = "#8a5a00"
TRACK: Final = "#eef1f4"

_LONGEST: Final = 200
"""No line of this many letters fits."""
_DPI: Final = 100
_POINTS: Final = 72 / _DPI
_FONTS: Final = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
_REGULAR: Final = _FONTS / "DejaVuSans.ttf"
_BOLD: Final = _FONTS / "DejaVuSans-Bold.ttf"


@dataclass(frozen=True)
class Style:
    """How words look; `size` in pixels, `across` and `down` say where the words stand from their point."""

    size: float = 10.5
    color: str = INK
    is_bold: bool = False
    across: str = "left"
    down: str = "baseline"
    behind: str | None = None
    """A colour that keeps what is drawn beneath from crossing the words."""


class Canvas:
    """A sheet of WIDTH × `height`; x runs to the right, y down, from the top left corner."""

    def __init__(self, height: float) -> None:
        matplotlib.rcdefaults()  # whatever matplotlibrc lies on this machine
        self.height = height
        self._figure = Figure(figsize=(WIDTH / _DPI, height / _DPI), dpi=_DPI, facecolor=PAPER)
        FigureCanvasAgg(self._figure)
        self._axes = self._figure.add_axes((0, 0, 1, 1))
        self._axes.set_xlim(0, WIDTH)
        self._axes.set_ylim(height, 0)
        self._axes.axis("off")
        self._axes.add_patch(
            Rectangle((0.5, 0.5), WIDTH - 1, height - 1, fill=False, edgecolor=EDGE, linewidth=_POINTS)
        )

    def box(
        self, x: float, y: float, width: float, height: float, *, color: str, radius: float = 0.0
    ) -> None:
        """A filled rectangle from its top left corner."""
        if width <= 0 or height <= 0:
            return
        round_by = min(radius, width / 2, height / 2)
        if round_by > 0:
            style = f"round,pad=0,rounding_size={round_by}"
            self._axes.add_patch(
                FancyBboxPatch((x, y), width, height, boxstyle=style, facecolor=color, linewidth=0)
            )
        else:
            self._axes.add_patch(Rectangle((x, y), width, height, facecolor=color, linewidth=0))

    def line(self, xs: Sequence[float], ys: Sequence[float], *, color: str, width: float = 1.0) -> None:
        """A line through points."""
        self._axes.plot(
            xs, ys, color=color, linewidth=width * _POINTS, solid_capstyle="round", solid_joinstyle="round"
        )

    def area(self, xs: Sequence[float], ys: Sequence[float], floor: float, *, color: str) -> None:
        """What lies between a line and the floor."""
        self._axes.fill_between(xs, ys, floor, color=color, linewidth=0)

    def dot(self, x: float, y: float, *, color: str, radius: float = 3.0, is_hollow: bool = False) -> None:
        """A dot with a rim in the colour of the paper, or a ring."""
        self._axes.plot(
            [x],
            [y],
            marker="o",
            markersize=2 * radius * _POINTS,
            markerfacecolor=PAPER if is_hollow else color,
            markeredgecolor=color if is_hollow else PAPER,
            markeredgewidth=1.5 * _POINTS,
            zorder=5,
        )

    def words(self, x: float, y: float, text: str, style: Style) -> None:
        """One line of text, exactly as it is: `$` is money, not mathematics."""
        self._axes.text(
            x,
            y,
            printable(text, is_bold=style.is_bold),
            color=style.color,
            fontproperties=_font(style),
            horizontalalignment=style.across,
            verticalalignment=style.down,
            parse_math=False,
            bbox={"facecolor": style.behind, "linewidth": 0, "pad": 1} if style.behind else None,
            zorder=6,
        )

    def width_of(self, text: str, style: Style) -> float:
        """How wide a line of text is."""
        shown = printable(text, is_bold=style.is_bold)
        if not shown.strip():
            return 0.0
        drawn = self._figure.text(0, 0, shown, fontproperties=_font(style), parse_math=False)
        extent = drawn.get_window_extent()
        drawn.remove()
        return float(extent.width)

    def fitted(self, text: str, style: Style, width: float) -> str:
        """The text, cut to `width` with an ellipsis when it is longer."""
        if len(text) <= _LONGEST and self.width_of(text, style) <= width:
            return text
        places = range(min(len(text), _LONGEST) + 1)
        too_long = bisect_left(places, True, key=lambda end: self.width_of(text[:end] + "…", style) > width)
        return text[: max(0, too_long - 1)].rstrip() + "…"

    def wrapped(self, text: str, style: Style, width: float) -> list[str]:
        """The text in as few lines of at most `width` as it takes, about equally long."""
        lines = self._broken(text, style, width)
        narrower = width
        while len(lines) > 1 and narrower > width / 2:
            narrower -= 8
            again = self._broken(text, style, narrower)
            if len(again) > len(lines):
                break
            lines = again
        return lines

    def _broken(self, text: str, style: Style, width: float) -> list[str]:
        lines: list[str] = []
        for word in text.split():
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and self.width_of(longer, style) <= width:
                lines[-1] = longer
            else:
                lines.append(self.fitted(word, style, width))
        return lines

    def png(self) -> bytes:
        """The picture; the same drawing gives the same bytes."""
        written = io.BytesIO()
        self._figure.savefig(
            written, format="png", dpi=_DPI * SHARPNESS, facecolor=PAPER, metadata={"Software": None}
        )
        return written.getvalue()


def printable(text: str, *, is_bold: bool = False) -> str:
    """The text without what the font cannot show, such as emoji."""
    known = get_font(str(_BOLD if is_bold else _REGULAR)).get_charmap()
    return " ".join("".join(character for character in text if ord(character) in known).split())


def _font(style: Style) -> FontProperties:
    return FontProperties(fname=str(_BOLD if style.is_bold else _REGULAR), size=style.size * _POINTS)
