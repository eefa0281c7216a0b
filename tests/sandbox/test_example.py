"""The example desk and the tour, played with the bot itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from sandbox import story, tour
from sandbox.example import example_seed
from sandbox.stage import HELP, TRIAGE
from tests.conversations.desk import Desk, running_desk
from tests.sandbox_fixture import ROOT

EXAMPLE = (ROOT / "desk.example.yaml").read_text(encoding="utf-8")
WIDTH = 88


@pytest.fixture(params=["socket", "http"])
def desk(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A fresh example workspace with the bot in it."""
    with running_desk(
        database_url,
        is_http=request.param == "http",
        desk_yaml=EXAMPLE,
        seed=example_seed(),
        clock_offset=tmp_path / "clock",
    ) as running:
        yield running


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_the_tour_ends_as_told_and_reads_well(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert tour.main(["--url", desk.server.url]) == 0
    script, complaints = capsys.readouterr()
    assert complaints == ""
    assert max(map(cell_len, script.splitlines())) <= WIDTH
    assert not re.search(r"<[@#!]|&(amp|lt|gt);|:\w+:|\bU[A-Z0-9]{8,}|\x1b| $", script, re.MULTILINE)
    assert desk.client.violations() == []


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("desk", ["socket"], indirect=True)
def test_the_tour_says_which_scene_went_differently(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.client.post("ana", HELP, "I was here before")
    assert tour.main(["--url", desk.server.url]) == 1
    assert capsys.readouterr().err == (
        "Somebody has written in this workspace already; start a new sandbox.\n"
    )


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_the_example_desk_has_tickets_in_every_state_and_of_every_age(desk: Desk) -> None:
    began = desk.client.now()
    assert story.main(["--url", desk.server.url]) == 0
    assert abs(desk.client.now() - began) < 300
    cards = [message for message in desk.client.messages(TRIAGE) if message.app_id]
    states = Counter(
        next(state for state in STATES if state in card.everything.splitlines()[2]) for card in cards
    )
    assert set(states) == set(STATES)
    assert len(cards) == 12
    assert float(cards[0].ts) < began - 4 * 86400
    assert float(cards[-1].ts) > began - 3600
    assert desk.client.violations() == []


STATES = (
    "New since",
    "In progress since",
    "Waiting for the requester since",
    "Waiting for a supplier since",
    "Resolved",
    "Closed",
    "Cancelled",
)
