"""Signed bodies that make no sense, from Bolt down to the records: acknowledged at first sight."""

from __future__ import annotations

import json

import pytest

from bot.models import Person
from tests.records.workflows.edge import Edge
from tests.records.workflows.world import ANA, HELP, World

UNSTORABLE = "\ud800\x00Ana"
ABSURD: tuple[object, ...] = (
    None,
    5,
    -0.5,
    10**30,
    [],
    {},
    [None],
    [[]],
    [{}],
    UNSTORABLE,
    {"id": UNSTORABLE},
)
PARTS = (
    "user",
    "channel",
    "team",
    "view",
    "actions",
    "message",
    "trigger_id",
    "item",
    "subteam",
    "files",
    "attachments",
)
KINDS = ("block_actions", "view_submission", "view_closed", "shortcut", "message_action", "block_suggestion")
EVENTS = (
    "message",
    "reaction_added",
    "user_change",
    "channel_rename",
    "member_joined_channel",
    "subteam_updated",
)
STAMPS = ("", "nan", "1e5", "-5.0", "99999999999.0", "9" * 5000, "1_0.0", "\ud800")


def test_interactions_of_any_shape_are_acknowledged(world: World, edge: Edge) -> None:
    for kind in KINDS:
        for part in PARTS:
            for value in (ABSURD[1], ABSURD[7], ABSURD[9]):
                payload = {"type": kind, "user": {"id": ANA}, "callback_id": "raise_ticket", part: value}
                assert edge.form(payload=json.dumps(payload)).status == 200, (kind, part, value)
    assert world.tickets() == []


def test_events_of_any_shape_are_acknowledged(world: World, edge: Edge) -> None:
    for kind in EVENTS:
        for value in ABSURD:
            event = {"type": kind, **dict.fromkeys(PARTS, value), "ts": "1.0"}
            assert edge.event(event).status == 200, (kind, value)
    assert world.tickets() == []


@pytest.mark.parametrize("ts", STAMPS, ids=lambda ts: repr(ts[:16]))
def test_instants_that_are_none_are_acknowledged(world: World, edge: Edge, ts: str) -> None:
    item = {"type": "message", "channel": HELP, "ts": ts}
    event = {"type": "reaction_added", "user": ANA, "reaction": "ticket", "item": item, "event_ts": ts}
    assert edge.event(event).status == 200
    assert world.tickets() == []


@pytest.mark.parametrize("depth", [100, 900, 20_000])
def test_nesting_of_any_depth_is_acknowledged(edge: Edge, depth: int) -> None:
    nested = "[" * depth + "]" * depth
    payload = f'{{"type": "block_actions", "user": {{"id": "{ANA}"}}, "actions": {nested}}}'
    assert edge.form(payload=payload).status == 200


def test_a_name_that_no_database_can_store_arrives_without_what_cannot_be_stored(
    world: World, edge: Edge
) -> None:
    profile = {"display_name": UNSTORABLE, "real_name": "Ana"}
    user = {"id": ANA, "team_id": "T1", "name": "ana", "profile": profile}
    assert edge.event({"type": "user_change", "user": user}).status == 200
    with world.store.read() as session:
        person = session.get(Person, ANA)
        assert person is not None
        assert person.name == "?Ana"
    assert "parked" not in world.inbox_states()
