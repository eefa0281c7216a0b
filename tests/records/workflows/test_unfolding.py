"""The menus of a report open the tickets behind a line to the desk's own people, and to nobody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.delivery.client import SlackClient
from bot.handlers.context import Handling
from bot.handlers.interactions import on_button
from bot.handlers.payloads import MalformedPayload
from bot.models import Desk
from bot.models.reports import Report
from bot.workflows import reports
from bot.workflows.desks import DigestDefinition
from tests.records.workflows.world import ANA, BEN, DESK, GUEST, LEA, MARIA, ROOT, START, World


class Views(SlackClient):
    """Slack's views, remembered instead of shown."""

    def __init__(self) -> None:
        super().__init__("xoxb-1")
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def call(self, method: str, **arguments: Any) -> Any:
        self.calls.append((method, arguments))
        return {"ok": True}


@pytest.fixture
def views() -> Views:
    return Views()


@pytest.fixture
def handling(world: World, views: Views) -> Handling:
    """A desk with a digest of yesterday, behind which are twelve tickets."""
    digest = DigestDefinition(at=9 * 60, days=tuple(range(7)))
    with world.store.write() as session:
        row = session.get(Desk, DESK.key)
        assert row is not None
        row.definition = replace(DESK, digest=digest, managers_channel="CMANAGERS").to_json()
    reports.reports_due(world.store, START)
    for number in range(12):
        world.raised(f"Number {number}")
    reports.reports_due(world.store, START + timedelta(hours=23))
    return Handling(
        store=world.store, clock=world.clock, intake=world.intake, views=views, bot_user_id=lambda: "UBOT"
    )


def chosen(world: World, person: str, *, page: int = 1, view: dict[str, str] | None = None) -> dict[str, Any]:
    with world.store.read() as session:
        report_id = session.scalars(select(Report.id)).one()
    value = f"{report_id}|incident|came_in|{page}"
    action: dict[str, Any] = {"action_id": "report.behind", "action_ts": "1.1"}
    if view is None:
        action["selected_option"] = {"value": value}
    else:
        action |= {"action_id": "report.next", "value": value}
    where = {"view": view} if view else {"channel": {"id": "CMANAGERS"}, "response_url": "https://x.test/1"}
    return {"user": {"id": person}, "trigger_id": "1.2", "actions": [action], **where}


@pytest.mark.parametrize("person", [MARIA, LEA, BEN, ROOT])
def test_the_desks_people_see_the_tickets(
    world: World, handling: Handling, views: Views, person: str
) -> None:
    assert on_button(handling, chosen(world, person)).after == []
    ((method, arguments),) = views.calls
    assert method == "views.open"
    assert "Came in: 12 tickets" in str(arguments["view"])


@pytest.mark.parametrize(
    ("person", "said"), [(ANA, "The tickets behind a report"), (GUEST, "Guest accounts")]
)
def test_others_are_told_that_they_may_not(
    world: World, handling: Handling, views: Views, person: str, said: str
) -> None:
    (word,) = on_button(handling, chosen(world, person)).after
    assert word.text.startswith(said)
    assert views.calls == []


def test_turning_the_page_updates_the_open_list(world: World, handling: Handling, views: Views) -> None:
    on_button(handling, chosen(world, MARIA, page=2, view={"id": "V1", "hash": "h1"}))
    ((method, arguments),) = views.calls
    assert (method, arguments["view_id"], arguments["hash"]) == ("views.update", "V1", "h1")
    assert "Page 2 of 2" in str(arguments["view"])


def test_somebody_not_known_freshly_sees_nothing_yet(world: World, handling: Handling, views: Views) -> None:
    world.age_directory(timedelta(hours=1))
    (word,) = on_button(handling, chosen(world, MARIA)).after
    assert word.text
    assert views.calls == []


def test_a_value_that_is_not_ours_can_never_work(world: World, handling: Handling) -> None:
    payload = chosen(world, MARIA)
    payload["actions"][0]["selected_option"]["value"] = "1|incident"
    with pytest.raises(MalformedPayload):
        on_button(handling, payload)
