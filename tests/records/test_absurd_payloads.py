"""Whatever Slack, or somebody with its secret, sends: it is handled, refused or parked, never a crash.

What is acknowledged is not sent again, so nothing that can never work comes back for ever.
"""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.delivery.client import SlackClient
from bot.handlers.adapters import http_dispatcher
from bot.handlers.bolt import Identity, build_bolt
from bot.handlers.context import Handling
from bot.models import Inbox
from bot.store import Store
from bot.surfaces.ids import INPUT, ActionId, BlockId, CallbackId, FormContext
from bot.web.slack import SlackAnswer
from bot.workflows import records
from tests.postgres import Server
from tests.records.workflows.world import ANA, BEN, BOT, HELP, TRIAGE, World, desk_text

TEAM: Final = "T1"
Handle = Callable[[bytes, str], SlackAnswer]
Payload = dict[str, Any]


def event(**inner: object) -> Payload:
    outer = {
        "type": "event_callback",
        "team_id": TEAM,
        "api_app_id": "A1",
        "event_id": "Ev1",
        "event_time": 1,
    }
    authorizations = [{"team_id": TEAM, "user_id": BOT, "is_bot": True, "is_enterprise_install": False}]
    return {**outer, "event": inner, "authorizations": authorizations, "is_ext_shared_channel": False}


def interaction(kind: str, **more: object) -> Payload:
    common = {"type": kind, "team": {"id": TEAM, "domain": "x"}, "user": {"id": BEN, "team_id": TEAM}}
    return {**common, "api_app_id": "A1", "trigger_id": "1.2.3", "token": "t", **more}


def view(callback_id: CallbackId, **values: object) -> Payload:
    entered = {
        block_id: {INPUT: {"type": "plain_text_input", "value": value}} for block_id, value in values.items()
    }
    metadata = FormContext(channel=HELP, desk_key="it", ticket="INC-1").to_metadata()
    known = {"id": "V1", "team_id": TEAM, "type": "modal", "hash": "1.a", "private_metadata": metadata}
    return {**known, "callback_id": callback_id.value, "state": {"values": entered}, "blocks": []}


TS: Final = "1772442000.000100"
MESSAGE: Final = {"type": "message", "channel": HELP, "user": ANA, "text": "My <@UBEN> is on fire", "ts": TS}
EVENTS: Final = [
    event(**MESSAGE, client_msg_id="c", team=TEAM, channel_type="channel", event_ts=TS, blocks=[], files=[]),
    event(
        **MESSAGE | {"thread_ts": "1772441000.000100", "parent_user_id": BEN, "subtype": "thread_broadcast"}
    ),
    event(**MESSAGE | {"type": "app_mention", "text": f"<@{BOT}> help"}),
    event(**MESSAGE | {"channel": "DANA", "channel_type": "im"}),
    event(
        type="message",
        subtype="message_changed",
        channel=HELP,
        ts=TS,
        event_ts=TS,
        message={**MESSAGE, "edited": {"user": ANA, "ts": TS}},
        previous_message=MESSAGE,
    ),
    event(
        type="message",
        subtype="message_deleted",
        channel=HELP,
        ts=TS,
        event_ts=TS,
        deleted_ts=TS,
        previous_message=MESSAGE,
    ),
    event(
        type="reaction_added",
        user=BEN,
        reaction="eyes::skin-tone-2",
        item_user=ANA,
        event_ts=TS,
        item={"type": "message", "channel": TRIAGE, "ts": TS},
    ),
    event(
        type="reaction_removed",
        user=ANA,
        reaction="ticket",
        event_ts=TS,
        item={"type": "message", "channel": HELP, "ts": TS},
    ),
    event(
        type="user_change",
        user={"id": ANA, "team_id": TEAM, "name": "ana", "profile": {"display_name": "Ana"}},
    ),
    event(type="team_join", user={"id": "UNEW", "team_id": TEAM, "name": "new", "profile": {}}),
    event(type="channel_rename", channel={"id": HELP, "name": "help", "created": 1}),
    event(type="channel_created", channel={"id": "CNEW", "name": "new", "created": 1, "creator": ANA}),
    event(type="member_joined_channel", user=ANA, channel=TRIAGE, channel_type="G", team=TEAM, inviter=BEN),
    event(type="member_left_channel", user=ANA, channel=TRIAGE, channel_type="G", team=TEAM),
    event(type="subteam_members_changed", subteam_id="S1", team_id=TEAM, added_users=[ANA], removed_users=[]),
    event(type="app_home_opened", user=BEN, channel="DBEN", tab="home", event_ts=TS, view={"id": "V1"}),
    event(type="channel_id_changed", old_channel_id="COLD", new_channel_id="CNEW", event_ts=TS),
    {
        "type": "event_callback",
        "team_id": TEAM,
        "event": {"type": "tokens_revoked", "tokens": {"bot": ["UX"]}},
    },
    {"type": "app_rate_limited", "team_id": TEAM, "minute_rate_limited": 1, "api_app_id": "A1"},
]
PRESSED: Final = {
    "type": "button",
    "action_id": ActionId.CLAIM.value,
    "block_id": "b",
    "value": "INC-1",
    "action_ts": TS,
}
ON_MESSAGE: Final = {
    "channel": {"id": TRIAGE, "name": "t"},
    "message": MESSAGE,
    "response_url": "http://127.0.0.1:9/x",
}
ON_HOME: Final = {"view": {"id": "V1", "type": "home", "hash": "1.a"}, "container": {"type": "view"}}
FORMS: Final = [
    interaction("block_actions", actions=[PRESSED], **ON_HOME),
    interaction("block_actions", actions=[PRESSED | {"action_id": ActionId.HOME_RAISE.value}], **ON_HOME),
    interaction(
        "block_actions",
        actions=[PRESSED | {"action_id": ActionId.HOME_OPEN.value, "value": "open|1|incident|it"}],
        **ON_HOME,
    ),
    interaction("block_actions", actions=[PRESSED], **ON_MESSAGE),
    interaction("block_actions", actions=[PRESSED | {"action_id": ActionId.TAKE_OVER.value}], **ON_MESSAGE),
    interaction("block_actions", actions=[PRESSED | {"action_id": ActionId.RESOLVE.value}], **ON_MESSAGE),
    interaction("block_actions", actions=[PRESSED | {"action_id": "direct.new"}], **ON_MESSAGE),
    interaction(
        "block_actions",
        actions=[
            {
                "type": "overflow",
                "action_id": ActionId.REPORT_BEHIND.value,
                "action_ts": TS,
                "selected_option": {"value": "1:incident:came_in:1"},
            }
        ],
        **ON_MESSAGE,
    ),
    interaction("view_submission", view=view(CallbackId.RAISE, **{BlockId.DESCRIPTION.value: "fire"})),
    interaction("view_submission", view=view(CallbackId.RESOLVE, **{BlockId.RESOLUTION.value: "water"})),
    interaction("view_submission", view=view(CallbackId.NOTE, **{BlockId.NOTE.value: "hm"})),
    interaction("view_closed", view=view(CallbackId.RAISE), is_cleared=False),
    interaction("message_action", callback_id="raise_ticket", message_ts=TS, action_ts=TS, **ON_MESSAGE),
    interaction("shortcut", callback_id="raise_ticket", action_ts=TS),
    interaction("block_suggestion", action_id="x", block_id="y", value="z", view=view(CallbackId.RAISE)),
]
COMMAND: Final = {
    "token": "t",
    "team_id": TEAM,
    "channel_id": HELP,
    "user_id": ANA,
    "command": "/ticket",
    "text": "list",
    "response_url": "http://127.0.0.1:9/x",
    "trigger_id": "1.2.3",
    "api_app_id": "A1",
    "is_enterprise_install": "false",
}

DEEP: Final[list[object]] = []
_level: list[object] = DEEP
for _ in range(200):
    _level.append([])
    _level = _level[0]  # type: ignore[assignment]
ABSURD: Final[st.SearchStrategy[object]] = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1.5,
        10**40,
        "",
        " ",
        "0",
        "x" * 70_000,
        "\x00",
        "a\x00b",
        "\ud800",
        "\ufeff",
        "\u202eabc",
        "9" * 400,
        "1772442000.abc",
        "1e308",
        "-1.5",
        "inf",
        "nan",
        "<!channel>",
        [],
        {},
        [None],
        [[]],
        {"": None},
        {"id": None},
        {"id": {"id": 1}},
        ["U1"],
        [{"type": "x"}],
        DEEP,
        "C" * 300,
        "INC-999999999999999999999",
    ]
)


def places(value: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    """Every place in a payload."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


@st.composite
def damaged(draw: st.DrawFn, payloads: list[Payload]) -> Payload:
    """A payload in which one to three places hold something absurd, or nothing."""
    payload = copy.deepcopy(draw(st.sampled_from(payloads)))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(payload))))
        holder: Any = payload
        for key in path[:-1]:
            holder = holder[key]
        if draw(st.booleans()) and isinstance(holder, dict):
            del holder[path[-1]]
        else:
            holder[path[-1]] = copy.deepcopy(draw(ABSURD))
    return payload


@pytest.fixture(scope="module")
def store(
    database_of_the_module: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    if database_of_the_module == "sqlite":
        path = tmp_path_factory.mktemp("absurd") / "deskbell.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        opened = Store(f"sqlite:///{path}")
        yield opened
        opened.close()
        return
    server: Server = request.getfixturevalue("postgres")
    with server.database(migrated=True) as url:
        opened = Store(url)
        yield opened
        opened.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database_of_the_module(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def handle(store: Store) -> Handle:
    """The desk's way in, past the signature; Slack itself is not there."""
    world = World(store)
    world.configure(desk_text())
    world.raised()
    client = SlackClient("xoxb-1", base_url="http://127.0.0.1:9/api/", timeout=1)
    handling = Handling(
        store=store, clock=world.clock, intake=world.intake, views=client, bot_user_id=lambda: BOT
    )
    identity = Identity(team_id=TEAM, bot_id="B1", bot_user_id=BOT, bot_token="xoxb-1")
    numbers = count()

    def park(kind: str, payload: Payload, reason: str) -> None:
        world.intake.park(kind, f"{kind}:{next(numbers)}", payload, reason)

    dispatch = http_dispatcher(build_bolt(handling, lambda: identity), replies=lambda _: None, park=park)
    return lambda body, content_type: dispatch(body, {"content-type": content_type})


def is_handled(handle: Handle, body: bytes, content_type: str) -> None:
    """Twice, as Slack would repeat it: acknowledged both times."""
    for _ in range(2):
        answer = handle(body, content_type)
        assert answer.status == 200, answer
    try:
        json.loads(answer.body or b"null")
    except ValueError:
        answer.body.decode()


MANY: Final = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)


@MANY
@given(payload=damaged(EVENTS))
def test_a_damaged_event_is_acknowledged(handle: Handle, payload: Payload) -> None:
    is_handled(handle, json.dumps(payload).encode(), "application/json")


@MANY
@given(payload=damaged(FORMS))
def test_a_damaged_button_form_or_shortcut_is_acknowledged(handle: Handle, payload: Payload) -> None:
    body = urlencode({"payload": json.dumps(payload)}).encode()
    is_handled(handle, body, "application/x-www-form-urlencoded")


@MANY
@given(payload=damaged([COMMAND]))
def test_a_damaged_command_is_acknowledged(handle: Handle, payload: Payload) -> None:
    fields = {key: value if isinstance(value, str) else json.dumps(value) for key, value in payload.items()}
    body = urlencode(fields, errors="surrogatepass").encode()
    is_handled(handle, body, "application/x-www-form-urlencoded")


@settings(MANY, max_examples=60)
@given(
    body=st.binary(max_size=200)
    | st.sampled_from([b"[" * 20_000, b"{", b"\xff\xfe", b"payload=%00", b"null", b"1"])
)
def test_what_is_no_payload_at_all_is_acknowledged(handle: Handle, body: bytes) -> None:
    for content_type in ("application/json", "application/x-www-form-urlencoded", ""):
        is_handled(handle, body, content_type)


@pytest.mark.parametrize("place", [("user",), ("reaction",), ("item", "channel"), ("item", "ts")])
def test_an_id_that_no_index_can_hold_is_acknowledged(handle: Handle, place: tuple[str, ...]) -> None:
    endless = "".join(chr(0x4E00 + number * 7919 % 20_000) for number in range(30_000))
    payload = event(
        type="reaction_added",
        user=BEN,
        reaction="ticket",
        event_ts=TS,
        item={"type": "message", "channel": HELP, "ts": TS},
    )
    holder = payload["event"]
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = endless
    is_handled(handle, json.dumps(payload).encode(), "application/json")


def test_nothing_failed_in_a_way_that_nobody_foresaw(handle: Handle, store: Store) -> None:
    """Parked is what was understood to be impossible; and the timelines are whole."""
    with store.read() as session:
        reasons = set(session.scalars(select(Inbox.reason).where(Inbox.state == "parked")))
        unforeseen = {reason for reason in reasons if reason and "Error" in reason}
        assert unforeseen == set()
        assert records.verify(session) == []
