"""Slack is away for a while and people go on: afterwards each fact is told once, at Slack's own pace."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
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
    "limits": Fault(kind="ratelimited", method="chat.*", details=(("seconds", 1),)),
    "hang": Fault(kind="hang", method="chat.*", details=(("seconds", 11), ("apply", True))),
}
"""How posting fails, as faults of the sandbox; events go on."""
AT_SLACKS_PACE: Final = "1"
TICKETS: Final = 3


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(
    "outage",
    ["503", *(pytest.param(name, marks=pytest.mark.soak) for name in ("cut", "limits", "hang"))],
)
def test_after_an_outage_each_fact_is_told_once_and_slowly(
    database_url: str, tmp_path: Path, outage: str
) -> None:
    with running_desk(database_url, tmp_path, DELIVERY_PACE=AT_SLACKS_PACE) as desk:
        desk.start()
        fault = inject(desk.client, OUTAGES[outage])
        for number in range(TICKETS):
            assert desk.client.command("ana", HELP, "/ticket", f"trouble {number}").acked
            assert desk.client.submit("ana", {}).acked
        desk.client.wait_until(lambda: desk.client.calls(POST), timeout=30, message="a post to fail")
        desk.client.lift(fault)
        assert [str(breach) for breach in desk.calm_down()] == []
        assert min(gaps(desk), default=1.0) > 0.9


def gaps(desk: Desk) -> list[float]:
    """Seconds between one message and the next in one channel."""
    posted: dict[str, list[float]] = {}
    for call in desk.client.calls(POST):
        if call.applied:
            posted.setdefault(as_text(call.args.get("channel")), []).append(call.time)
    return [later - earlier for times in posted.values() for earlier, later in pairwise(sorted(times))]
