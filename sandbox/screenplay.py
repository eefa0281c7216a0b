"""How the tour is written down: scenes, what people do, and what appears on whose screen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

WIDTH = 88
_INDENT = 2
_QUOTE = 6
_NAMES = 12


class Screenplay:
    """Writes to a console, in colour only where that is a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._width = min(WIDTH, console.width) if console.is_terminal else WIDTH

    def title(self, text: str) -> None:
        self._line(Text(text.upper(), style="bold"))

    def scene(self, title: str) -> None:
        """A heading."""
        heading = f" {title} "
        self._line(Text())
        self._line(Text(f"──{heading}{'─' * (self._width - len(heading) - 2)}", style="bold cyan"))

    def tell(self, *paragraphs: str) -> None:
        """What the narrator says."""
        for paragraph in paragraphs:
            self._line(Text())
            self._wrapped(Text(paragraph), _INDENT)

    def types(self, words: str) -> None:
        """What somebody types, set off."""
        self._wrapped(Text(f"› {words}", style="yellow"), _QUOTE)

    def screen(self, place: str) -> None:
        """Where the next messages appear."""
        self._line(Text())
        self._wrapped(Text(place, style="dim"), _QUOTE)

    def message(self, author: str, lines: Sequence[str]) -> None:
        """A message, its author in a column of its own."""
        left = _QUOTE + _NAMES
        room = self._width - left
        wrapped = [part for line in lines for part in Text(line).wrap(self._console, room)]
        for place, part in enumerate(wrapped):
            part.rstrip()
            name = author if place == 0 else ""
            self._line(Text.assemble(" " * _QUOTE, (f"{name:<{_NAMES}}", "bold green"), part))

    def form(self, title: str, fields: Sequence[tuple[str, str]], buttons: str) -> None:
        """A form, with what stands in its fields."""
        widest = max((len(label) for label, _ in fields), default=0)
        self._line(Text.assemble(" " * _QUOTE, (title, "bold")))
        for label, value in fields:
            self._line(Text.assemble(" " * _QUOTE, (f"│ {label:<{widest}}  ", "dim"), value))
        self._line(Text.assemble(" " * _QUOTE, ("└ ", "dim"), buttons))

    def _wrapped(self, text: Text, indent: int) -> None:
        for line in text.wrap(self._console, self._width - indent):
            line.rstrip()
            self._line(Text.assemble(" " * indent, line))

    def _line(self, text: Text) -> None:
        self._console.print(text, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)
