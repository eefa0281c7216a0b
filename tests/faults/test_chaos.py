"""Trouble of every kind at once, for some seconds; `make faults` goes on for as long as you like."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.chaos.runs import Plan, run, running_desk


@pytest.mark.parametrize(("database_kind", "replicas"), [("sqlite", 1), ("postgresql", 2)])
def test_in_all_that_trouble_nothing_is_lost_and_nothing_said_twice(
    database_url: str, tmp_path: Path, replicas: int
) -> None:
    with running_desk(database_url, tmp_path, replicas=replicas) as desk:
        summary = run(desk, Plan(seed=11, seconds=10, people=3, kill_every=(1.0, 3.0)))
    assert summary.found == [], f"{summary}"
    assert summary.acknowledged > 0
    assert summary.facts > 0
