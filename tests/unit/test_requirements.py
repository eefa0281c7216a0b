"""What is installed is what was reviewed: every requirement is pinned to one version."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent.parent / "requirements"
PIN = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==[^\s;*,]+(?:\s*;.*)?")


def lines(name: str) -> list[str]:
    bare = (
        line.partition(" #")[0].strip() for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()
    )
    return [line for line in bare if line and not line.startswith(("#", "-r", "-c"))]


def canonical(requirement: str) -> str:
    name = re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", ["run.txt", "test.txt"])
def test_every_requirement_is_pinned_exactly_and_once(name: str) -> None:
    assert [line for line in lines(name) if not PIN.fullmatch(line)] == []
    names = [canonical(line) for line in lines(name)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", ["run", "test"])
def test_everything_asked_for_is_pinned(name: str) -> None:
    pinned = {canonical(line) for file in ("run.txt", "test.txt") for line in lines(file)}
    assert {canonical(line) for line in lines(f"{name}.in")} <= pinned


def test_the_tests_run_with_the_versions_that_are_deployed() -> None:
    run, test = ({canonical(line): line for line in lines(name)} for name in ("run.txt", "test.txt"))
    assert [name for name in run.keys() & test.keys() if run[name] != test[name]] == []
