"""Every machine installs the same: what is asked for is pinned exactly, and what is audited is judged."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tools.audit import verdict

FOLDER = Path(__file__).parents[2] / "requirements"
PIN = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(\[[a-z,]+\])?==[0-9][A-Za-z0-9.]*( ; .+)?")
ASKED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def lines(name: str) -> list[str]:
    stripped = (line.strip() for line in (FOLDER / name).read_text().splitlines())
    return [line for line in stripped if line and not line.startswith(("#", "-r "))]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(name: str) -> list[str]:
    return [canonical(found["name"]) for line in lines(name) if (found := PIN.fullmatch(line))]


@pytest.mark.parametrize("name", ["run.txt", "test.txt"])
def test_every_requirement_is_pinned_exactly_and_names_no_index(name: str) -> None:
    assert [line for line in lines(name) if not PIN.fullmatch(line)] == []
    assert len(pinned(name)) > 10


def test_nothing_is_pinned_twice() -> None:
    both = pinned("run.txt") + pinned("test.txt")
    assert sorted({name for name in both if both.count(name) > 1}) == []


@pytest.mark.parametrize(("asked", "given"), [("run.in", ["run.txt"]), ("test.in", ["run.txt", "test.txt"])])
def test_what_is_asked_for_is_pinned(asked: str, given: list[str]) -> None:
    names = {canonical(found[0]) for line in lines(asked) if (found := ASKED.match(line))}
    assert names - {name for file in given for name in pinned(file)} == set()


def audited(**package: object) -> str:
    return json.dumps({"dependencies": [{"name": "rich", "version": "1.0", **package}], "fixes": []})


def test_a_known_vulnerability_fails_the_audit_and_names_the_version_that_mends_it() -> None:
    words, code = verdict(audited(vulns=[{"id": "PYSEC-1", "fix_versions": ["1.1"]}]))
    assert code == 1
    assert "rich 1.0: PYSEC-1, fixed in 1.1" in words


@pytest.mark.parametrize("report", ["", '{"dependencies": []}', audited(skip_reason="not found")])
def test_an_audit_that_could_not_ask_says_so_and_does_not_fail(report: str) -> None:
    words, code = verdict(report)
    assert code == 0
    assert words.startswith("NOT AUDITED")


def test_a_package_that_no_advisory_speaks_of_is_named_beside_those_that_were_audited() -> None:
    report = json.loads(audited(vulns=[]))
    report["dependencies"].append({"name": "ours", "skip_reason": "not found"})
    words, code = verdict(json.dumps(report))
    assert code == 0
    assert words.startswith("NOT AUDITED")
    assert "ours" in words
    assert "rich" not in words


def test_an_audit_that_found_nothing_passes() -> None:
    assert verdict(audited(vulns=[])) == ("No known vulnerability in 1 packages.", 0)
