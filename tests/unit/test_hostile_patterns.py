"""No text makes a regular expression of the product slow: none is worse than linear."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Final

import pytest

import bot
import sandbox

LENGTH: Final = 40_000
"""The longest text that Slack lets anybody write, in characters."""
SECONDS: Final = 1.0
"""Of the processor. A linear pattern takes milliseconds, a quadratic one seconds, an exponential one days."""
USES: Final = frozenset({"search", "match", "fullmatch", "sub", "subn", "findall", "finditer", "split"})
PIECES: Final = (
    *" \t\n\r\u2028aA0_-.:/@#<>&|*~`'\"(){}[]\\%+,;!?é\u0301🖨\u202e",
    *("\n ", " \n", "a ", "a\n", "<@", "<a", "<a|", "&a", "&amp;", "://", "://:", "a:", ":a:", "a@a."),
    *("*a", "0 ", "0:", "00:00", "#0", "INC ", "INC-0", "note: ", "https://", "xoxb-", "xoxe.xoxb-"),
    *("\U0001f3fb", "\u200d🖨"),
)
ENDS: Final = ("\x00", "@")


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not found.name.endswith("__main__") and ".migrations" not in found.name:
            yield importlib.import_module(found.name)


def _uses(module: ModuleType) -> Iterator[tuple[str, re.Pattern[str]]]:
    """How each pattern is asked in a module: by a name, or at once through `re`."""
    with open(str(module.__file__), encoding="utf-8") as source:
        tree = ast.parse(source.read())
    for call in ast.walk(tree):
        if not (
            isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in USES
        ):
            continue
        asked = call.func.value
        if isinstance(asked, ast.Name):
            pattern = getattr(module, asked.id, None)
            if pattern is re and call.args:
                pattern = _written(module, call.args[0])
            if isinstance(pattern, re.Pattern) and isinstance(pattern.pattern, str):
                yield call.func.attr, pattern


def _written(module: ModuleType, written: ast.expr) -> re.Pattern[str] | None:
    if isinstance(written, ast.Constant) and isinstance(written.value, str):
        return re.compile(written.value)
    known = getattr(module, written.id, None) if isinstance(written, ast.Name) else None
    return re.compile(known) if isinstance(known, str) else None


def _cases() -> list[tuple[str, str, re.Pattern[str]]]:
    found = {
        (how, pattern): module.__name__
        for package in (bot, sandbox)
        for module in _modules(package)
        for how, pattern in _uses(module)
    }
    return sorted(
        ((where, how, pattern) for (how, pattern), where in found.items()),
        key=lambda case: (case[0], case[1], case[2].pattern),
    )


CASES: Final = _cases()


def _slowest(how: str, pattern: re.Pattern[str]) -> tuple[float, str]:
    words = re.findall(r"[a-zA-Z]{2,}", pattern.pattern)
    slowest = (0.0, "")
    for piece in (*PIECES, *words, *(f"{word} " for word in words)):
        for end in ENDS:
            text = (piece * (LENGTH // len(piece) + 1))[: LENGTH - len(end)] + end
            begun = time.process_time()
            _ask(how, pattern, text)
            slowest = max(slowest, (time.process_time() - begun, f"{piece!r} and {end!r}"))
            if slowest[0] > SECONDS:
                return slowest
    return slowest


def _ask(how: str, pattern: re.Pattern[str], text: str) -> None:
    if how in ("sub", "subn"):
        pattern.sub("", text)
    elif how == "finditer":
        for _ in pattern.finditer(text):
            pass
    else:
        getattr(pattern, how)(text)


def test_the_patterns_of_the_product_are_found() -> None:
    assert len(CASES) > 40


@pytest.mark.parametrize(("where", "how", "pattern"), CASES, ids=lambda value: str(value)[:60])
def test_no_text_makes_a_pattern_slow(where: str, how: str, pattern: re.Pattern[str]) -> None:
    seconds, text = _slowest(how, pattern)
    assert seconds < SECONDS, f"{where}: {pattern.pattern!r} is slow with many {text}"


def test_a_pattern_that_is_quadratic_would_be_noticed() -> None:
    assert _slowest("search", re.compile(r"[^\s@]+@"))[0] > SECONDS
