"""What a long run of trouble says at its end."""

from __future__ import annotations

from tests.faults.chaos.checker import Breach, Kind
from tests.faults.chaos.runs import Plan, Summary
from tests.faults.chaos.troubles import Count
from tests.faults.soak import totals


def _summary(database: str, *, crashes: int, lost_answers: int = 0, found: tuple[Kind, ...] = ()) -> Summary:
    return Summary(
        plan=Plan(seed=1, seconds=40),
        database=database,
        replicas=1,
        count=Count(crashes=crashes, skipped=7200.0),
        lost_answers=lost_answers,
        found=[Breach(kind, "planted") for kind in found],
        seconds=60.4,
    )


def test_the_totals_add_up_for_each_database_and_for_all_runs() -> None:
    done = [
        _summary("sqlite", crashes=20, lost_answers=3),
        _summary("postgresql", crashes=70, found=("duplicate",)),
        _summary("sqlite", crashes=10, lost_answers=4, found=("loss", "disagreement")),
    ]
    sqlite, postgresql, together = totals(done)
    assert sqlite.startswith("sqlite      runs 2  121 s, 4 h  ")
    assert "crashes 30  " in sqlite
    assert "lost answers 7  " in sqlite
    assert sqlite.endswith("duplicates 0  losses 1  disagreements 1")
    assert postgresql.endswith("duplicates 1  losses 0  disagreements 0")
    assert together.startswith("together    runs 3  ")
    assert "crashes 100  " in together
    assert together.endswith("duplicates 1  losses 1  disagreements 1")


def test_databases_without_a_run_are_not_told_of() -> None:
    assert [line.split()[0] for line in totals([_summary("postgresql", crashes=1)])] == [
        "postgresql",
        "together",
    ]
