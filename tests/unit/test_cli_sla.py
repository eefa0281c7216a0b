"""`deskbell sla`: what is printed, for people and for programs, and that nothing is written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.clock import real_now
from bot.models.vocabulary import Action
from bot.service_levels.clocks import RESPOND
from bot.store import Store, migrate
from bot.store.lock import FileLock
from bot.terminal.words import rate_words
from bot.workflows.metrics import Rate
from tests import command
from tests.command import Completed
from tests.records.workflows.world import BEN, MINUTE, SLA, World, desk_text, done

ROOT = Path(__file__).parents[2]
STRICT = desk_text(SLA.replace("respond: 4h, resolve: 24h", "respond: 10m, resolve: 1h"))


def deskbell(folder: Path, *arguments: str, **environment: str) -> Completed:
    ours = {"DATABASE_URL": f"sqlite:///{folder / 'desk.db'}", "COLUMNS": "40"}  # whose width changes nothing
    return command.deskbell(folder, *arguments, **(ours | environment))


@contextmanager
def world_in(folder: Path) -> Iterator[World]:
    """A desk in this folder with twelve incidents of ten days ago, answered after 20 minutes each."""
    url = f"sqlite:///{folder / 'desk.db'}"
    migrate.upgrade(url)
    store = Store(url)
    world = World(store)
    world.clock.at = real_now().replace(microsecond=0) - timedelta(days=10)
    world.configure(desk_text())
    try:
        yield world
    finally:
        store.close()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database whose tickets are all done, and a stricter desk.yaml."""
    folder = tmp_path_factory.mktemp("desk")
    with world_in(folder) as world:
        for number in range(12):
            world.tick()
            ticket = world.raised(f"Number {number}")
            world.forward(20 * MINUTE)
            done(world.act(BEN, Action.CLAIM, ticket.number))
            done(world.act(BEN, Action.RESOLVE, ticket.number, text="Done"))
    (folder / "new.yaml").write_text(STRICT, encoding="utf-8")
    return folder


def contents(folder: Path) -> dict[str, str]:
    """Every file of the database, by what is in it."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("desk.db*"))
    }


@pytest.mark.parametrize("command", ["", "explain", "backtest"])
def test_every_command_explains_itself(command: str, tmp_path: Path) -> None:
    shown = deskbell(tmp_path, "sla", *command.split(), "--help")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith(f"Usage: deskbell sla {command}".rstrip())


@pytest.mark.parametrize(
    "arguments",
    [["explain"], ["backtest"], ["backtest", "--policy", "new.yaml", "--days", "0"], ["replay"]],
)
def test_wrong_usage_is_exit_code_two(arguments: list[str], desk: Path) -> None:
    refused = deskbell(desk, "sla", *arguments)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "Error: " in refused.stderr


def test_an_explanation_is_the_same_plain_text_each_time(desk: Path) -> None:
    first, again = (deskbell(desk, "sla", "explain", word) for word in ("INC-3", "inc3"))
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == again.stdout
    assert "\x1b" not in first.stdout
    head, _, *clocks = first.stdout.splitlines()
    assert head == "INC-3 · service levels · times in Europe/Berlin"
    assert clocks[0] == "Time to respond · ✅ responded 3 h 40 min early"
    assert clocks[1].endswith("  counted 20 min  always  P3  standard version 1")
    assert clocks[1].count("CE") == 2  # CET or CEST, at either end
    assert clocks[2] == "  Sum: 20 min of 4 h, 3 h 40 min early."
    assert clocks[3].startswith("  Began 20")
    assert "  Sum: 20 min of 24 h, 23 h 40 min early." in clocks


def test_an_explanation_as_json_holds_the_same(desk: Path) -> None:
    shown: dict[str, Any] = json.loads(deskbell(desk, "sla", "explain", "INC-3", "--json").stdout)
    assert (shown["ticket"], shown["desk"], shown["timezone"]) == ("INC-3", "it", "Europe/Berlin")
    respond = next(clock for clock in shown["clocks"] if clock["clock"] == RESPOND)
    assert (respond["state"], respond["target_seconds"], respond["elapsed_seconds"]) == ("met", 14400, 1200)
    assert sum(each["open_seconds"] for each in respond["intervals"] if each["counts"]) == 1200
    assert respond["intervals"][0]["start"] == respond["started_at"]


def test_an_unknown_ticket_is_one_sentence(desk: Path) -> None:
    refused = deskbell(desk, "sla", "explain", "INC-999")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("There is no ticket INC-999: ")
    assert refused.stderr.count("\n") == 1


def test_a_backtest_says_what_differs_and_writes_nothing(desk: Path) -> None:
    before = contents(desk)
    shown = deskbell(desk, "sla", "backtest", "--policy", "new.yaml", "--days", "30")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert contents(desk) == before
    lines = shown.stdout.splitlines()
    assert lines[0].startswith("new.yaml, tried on the 12 tickets raised in the last 30 days (20")
    words = [" ".join(line.split()) for line in lines]
    assert "incident respond P3 100% of 12 100% of 12 0% of 12" in words
    assert "incident resolve all 100% of 12 100% of 12 100% of 12" in words
    assert "Would have breached, and did not (12 clocks):" in lines
    assert "INC-3 respond P3 10 min late" in words
    assert "Breached, and would not have: none." in lines
    assert lines[-1] == (
        "Under new.yaml, 12 clocks of 12 tickets would have breached that did not, "
        "and no clock that did would not have."
    )
    assert "\x1b" not in shown.stdout


def test_a_backtest_as_json_holds_the_same(desk: Path) -> None:
    shown = deskbell(desk, "sla", "backtest", "--policy", "new.yaml", "--desk", "it", "--json")
    found: dict[str, Any] = json.loads(shown.stdout)
    assert (found["policy"], found["desks"], found["tickets"]) == ("new.yaml", ["it"], 12)
    line = {"kind": "incident", "clock": "respond", "priority": "P3"}
    (rates,) = [each for each in found["attainment"] if line.items() <= each.items()]
    assert rates["recorded"] == rates["present"] == {"met": 12, "n": 12, "percent": 100.0}
    assert rates["proposed"] == {"met": 0, "n": 12, "percent": 0.0}
    assert found["would_have_breached"]["count"] == 12
    assert {each["late_seconds"] for each in found["would_have_breached"]["clocks"]} == {600}


def test_a_policy_that_a_check_refuses_is_refused_in_the_same_words(desk: Path) -> None:
    (desk / "bad.yaml").write_text(STRICT.replace("P1:", "P7:"), encoding="utf-8")
    checked = deskbell(desk, "config", "check", "bad.yaml")
    refused = deskbell(desk, "sla", "backtest", "--policy", "bad.yaml")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == checked.stderr
    assert "bad.yaml:" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--policy", "gone.yaml"], "There is no gone.yaml: "),
        (["--policy", "."], "There is no .: "),
        (["--policy", "new.yaml", "--desk", "hr"], 'The proposed configuration has no desk "hr".'),
    ],
)
def test_what_is_not_there_is_one_sentence(arguments: list[str], sentence: str, desk: Path) -> None:
    refused = deskbell(desk, "sla", "backtest", *arguments)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(sentence)
    assert refused.stderr.count("\n") == 1


def test_it_reads_beside_a_bot_that_runs_and_writes(tmp_path: Path) -> None:
    (tmp_path / "new.yaml").write_text(STRICT, encoding="utf-8")
    with world_in(tmp_path) as world, FileLock(f"sqlite:///{tmp_path / 'desk.db'}"):
        world.tick()
        world.raised()
        with world.store.write():
            explained = deskbell(tmp_path, "sla", "explain", "INC-1")
            tried = deskbell(tmp_path, "sla", "backtest", "--policy", "new.yaml")
    assert (explained.returncode, tried.returncode) == (0, 0)
    assert "as of" in explained.stdout.splitlines()[0]
    assert "\nUnder new.yaml the same clocks of 1 ticket would have breached.\n" in tried.stdout


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (Rate(0, 0), "–"),
        (Rate(2, 3), "2 of 3"),
        (Rate(9, 10), "90% of 10"),
        (Rate(999, 1000), "99% of 1,000"),
        (Rate(1, 1000), "1% of 1,000"),
        (Rate(1000, 1000), "100% of 1,000"),
    ],
)
def test_a_share_is_a_percentage_of_ten_and_more_and_never_rounded_away(rate: Rate, words: str) -> None:
    assert rate_words(rate) == words
