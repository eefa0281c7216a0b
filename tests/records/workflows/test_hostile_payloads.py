"""Signed bodies that make no sense, from Bolt down to the records: acknowledged at first sight."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import count
from urllib.parse import urlencode

import pytest

from bot.delivery.client import SlackClient
from bot.handlers.adapters import http_dispatcher
from bot.handlers.bolt import Identity, build_bolt
from bot.handlers.context import Handling
from bot.models import Person
from bot.web.slack import SlackAnswer
from tests.records.workflows.world import ANA, BOT, HELP, World

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
PARTS = ("user", "channel", "team", "view", "actions", "message", "trigger_id", "item", "subteam", "files")
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


class Edge:
    """The bot from a verified body down to the records."""

    def __init__(self, world: World) -> None:
        handling = Handling(
            store=world.store,
            clock=world.clock,
            intake=world.intake,
            views=SlackClient("xoxb-none", base_url="http://127.0.0.1:1/api/"),
            bot_user_id=lambda: BOT,
        )
        me = Identity(team_id="T1", bot_id="B1", bot_user_id=BOT, bot_token="xoxb-none")
        keys = count()

        def park(kind: str, payload: dict[str, object], reason: str) -> None:
            world.intake.park(kind, f"{kind}:{next(keys)}", payload, reason)

        self._dispatch = http_dispatcher(build_bolt(handling, lambda: me), replies=lambda _: None, park=park)

    def event(self, event: Mapping[str, object], **beside: object) -> SlackAnswer:
        """An event, as Slack sends it over HTTP."""
        body = json.dumps({"type": "event_callback", "team_id": "T1", "event": event} | beside).encode()
        return self._dispatch(body, {"content-type": "application/json"})

    def form(self, **fields: str) -> SlackAnswer:
        """A command or an interaction, as Slack sends it over HTTP."""
        body = urlencode(fields).encode()
        return self._dispatch(body, {"content-type": "application/x-www-form-urlencoded"})


@pytest.fixture
def edge(world: World) -> Edge:
    return Edge(world)


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
