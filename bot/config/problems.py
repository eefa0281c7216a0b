"""What can be wrong with a desk.yaml, and how it is said."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from bot.errors import DeskbellError


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One thing to correct. `line` counts from 1; `path` is empty for the file as a whole."""

    line: int | None
    path: str
    message: str

    def render(self, source: str) -> str:
        """`desk.yaml:12: desks.it.triage_channel: …`, which terminals and editors can follow."""
        place = source if self.line is None else f"{source}:{self.line}"
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"


class ConfigError(DeskbellError):
    """The desk configuration cannot be used; `problems` holds everything found, in the file's order."""

    def __init__(self, problems: Iterable[ConfigProblem], *, source: str = "desk.yaml") -> None:
        self.problems = tuple(sorted(problems, key=lambda p: p.line or 0))
        self.source = source
        count = len(self.problems)
        opening = f"{source} has {'one problem' if count == 1 else f'{count} problems'} to correct:"
        super().__init__("\n".join([opening, *(problem.render(source) for problem in self.problems)]))


class BadValueError(ValueError):
    """A text is not what its place needs; the message is shown to the person who wrote it."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean "claim"?` for the nearest of `known`, or nothing when none is near."""
    by_lower = {candidate.casefold(): candidate for candidate in known}
    close = difflib.get_close_matches(word.casefold(), by_lower, n=1, cutoff=0.6)
    return f' Did you mean "{by_lower[close[0]]}"?' if close else ""


def hint_for(word: str, known: Collection[str], section: str) -> str:
    """What to write in place of a name that `section` does not define."""
    if not known:
        return f" Define it under {section}."
    return did_you_mean(word, known) or f" Known: {', '.join(known)}."
