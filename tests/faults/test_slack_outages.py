"""Slack is away for a while and people go on: afterwards each fact is told once, at Slack's own pace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Final

import pytest

from sandbox.jsontypes import as_text
from tests.faults.chaos.evidence import POST
from tests.faults.chaos.load import HELP
from tests.faults.chaos.runs import Desk, running_desk
from tests.faults.chaos.troubles import Fault, inject

OUTAGES: Final[Mapping[str, Fault]] = {
    "cut": Fault(kind="drop", method="chat.*"),
    "503": Fault(kind="http_error", method="chat.*", details=(("status", 503),)),
    "500 that was done": Fault(
        kind="http_error", method="chat.*", details=(("status", 500), ("apply", True), ("times", 2))
    ),
    "limits": Fault(kind="ratelimited", method="chat.*", details=(("seconds", 1),)),
}
"""How posting fails, as faults of the sandbox; events go on."""
HANG: Final = Fault(kind="hang", method="chat.*", details=(("seconds", 11), ("apply", True)))
"""Longer than a call waits: every post is done, and nobody hears of it."""
AT_SLACKS_PACE: Final = "1"
JITTER: Final = 0.7
"""Seconds that a slow machine may lose between a turn and the post: less than a turn."""
TICKETS: Final = 3


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with running_desk(database_url, tmp_path, DELIVERY_PACE=AT_SLACKS_PACE) as desk:
        desk.start()
        yield desk


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_after_outages_of_every_kind_each_fact_is_told_once_and_slowly(desk: Desk) -> None:
    for name, outage in OUTAGES.items():
        fail(desk, name, outage, tickets=1)
    assert [str(breach) for breach in desk.calm_down()] == []
    assert ahead(desk) < JITTER


@pytest.mark.soak
@pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("outage", [*OUTAGES, "hang"])
def test_after_one_outage_each_fact_is_told_once_and_slowly(desk: Desk, outage: str) -> None:
    fail(desk, outage, OUTAGES.get(outage, HANG), tickets=TICKETS)
    assert [str(breach) for breach in desk.calm_down()] == []
    assert ahead(desk) < JITTER


def fail(desk: Desk, name: str, outage: Fault, *, tickets: int) -> None:
    """People file tickets while posting fails, until a post has failed that way."""
    before = len(desk.client.calls(POST))
    fault = inject(desk.client, outage)
    for number in range(tickets):
        assert desk.client.command("ana", HELP, "/ticket", f"trouble {number}: {name}").acked
        assert desk.client.submit("ana", {}).acked

    def has_failed() -> bool:
        return any(call.fault == outage.kind for call in desk.client.calls(POST)[before:])

    desk.client.wait_until(has_failed, timeout=30, message=f"a post to fail: {name}")
    desk.client.lift(fault)


def ahead(desk: Desk) -> float:
    """By how many seconds messages came before their turn: one a second in each channel, by Slack's clock."""
    posted: dict[str, list[float]] = {}
    for call in desk.client.calls(POST):
        if call.applied:
            # A call that hangs goes on record when it ends; its message was there before.
            at = float(as_text(call.answer.get("ts")) or call.time)
            posted.setdefault(as_text(call.args.get("channel")), []).append(at)
    assert max(len(times) for times in posted.values()) >= TICKETS
    pairs = [pair for times in posted.values() for pair in combinations(enumerate(sorted(times)), 2)]
    return max((later - earlier) - (end - start) for (earlier, start), (later, end) in pairs)
