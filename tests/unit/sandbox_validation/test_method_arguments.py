from __future__ import annotations

import pytest

from sandbox.validation.arguments import METHODS, ChannelKind, Method, scopes_for, validate_arguments

Json = dict[str, object]


@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("auth.test", {}),
        ("apps.connections.open", {"token": "xapp-1"}),
        ("chat.postMessage", {"channel": "C1", "text": "x", "blocks": [], "unfurl_links": False}),
        ("chat.postMessage", {"channel": "C1", "blocks": "[]", "metadata": {}, "reply_broadcast": "true"}),
        ("chat.postMessage", {"channel": "C1", "text": None, "thread_ts": None}),
        ("chat.update", {"channel": "C1", "ts": "1.2", "attachments": [], "link_names": "1"}),
        ("conversations.history", {"channel": "C1", "limit": "100", "inclusive": "1", "latest": "1.2"}),
        ("conversations.list", {"types": "public_channel,im", "limit": 200, "team_id": "T1"}),
        ("conversations.open", {"users": "U1,U2", "return_im": 1}),
        ("conversations.open", {"channel": "D1"}),
        ("reactions.remove", {"name": "eyes", "channel": "C1", "timestamp": "1.2"}),
        ("views.open", {"trigger_id": "1.2.a", "view": {}}),
        ("views.update", {"external_id": "e", "view": "{}", "hash": "h"}),
        ("files.getUploadURLExternal", {"filename": "a.csv", "length": "10"}),
        ("files.completeUploadExternal", {"files": [{"id": "F1"}], "channel_id": "C1"}),
    ],
)
def test_a_call_as_documented_is_accepted(method: str, args: Json) -> None:
    assert validate_arguments(method, args) == []


@pytest.mark.parametrize(
    ("method", "args", "pointer", "code"),
    [
        ("chat.postMessage", {"text": "x"}, "/channel", "invalid_arguments"),
        ("chat.postMessage", {"channel": None}, "/channel", "invalid_arguments"),
        ("chat.postMessage", {"channel": "C1", "colour": "red"}, "/colour", "unknown_argument"),
        ("chat.postMessage", {"channel": 7}, "/channel", "invalid_arguments"),
        ("chat.postMessage", {"channel": "C1", "blocks": 7}, "/blocks", "invalid_arguments"),
        ("chat.postMessage", {"channel": "C1", "unfurl_links": "no"}, "/unfurl_links", "invalid_arguments"),
        ("chat.update", {"channel": "C1", "ts": 1700000000.0001}, "/ts", "invalid_arguments"),
        ("chat.update", {"channel": "C1", "ts": "1.2", "thread_ts": "1.2"}, "/thread_ts", "unknown_argument"),
        ("chat.delete", {"channel": "C1"}, "/ts", "invalid_arguments"),
        ("conversations.history", {"channel": "C1", "limit": "many"}, "/limit", "invalid_arguments"),
        ("conversations.history", {"channel": "C1", "limit": True}, "/limit", "invalid_arguments"),
        ("conversations.open", {}, "/users", "users_list_not_supplied"),
        ("conversations.open", {"users": ["U1"]}, "/users", "invalid_arguments"),
        ("reactions.add", {"name": "eyes", "channel": "C1"}, "/timestamp", "no_item_specified"),
        ("reactions.add", {"channel": "C1", "timestamp": "1.2"}, "/name", "invalid_arguments"),
        ("reactions.get", {"channel": "C1"}, "/timestamp", "no_item_specified"),
        ("views.open", {"trigger_id": "1.2.a"}, "/view", "invalid_arguments"),
        ("views.open", {"view": {}}, "/trigger_id", "invalid_arguments"),
        ("views.update", {"view": {}}, "/view_id", "invalid_arguments"),
        ("views.publish", {"view": {}}, "/user_id", "invalid_arguments"),
        ("files.getUploadURLExternal", {"filename": "a"}, "/length", "missing_argument"),
        ("chat.unmake", {}, "", "unknown_method"),
    ],
)
def test_a_wrong_argument_is_named(method: str, args: Json, pointer: str, code: str) -> None:
    (problem,) = validate_arguments(method, args)

    assert (problem.pointer, problem.code) == (pointer, code)


def test_an_unknown_argument_is_a_warning_and_a_missing_one_an_error() -> None:
    unknown, missing = (validate_arguments("users.info", args) for args in ({"user": "U1", "x": "y"}, {}))

    assert [problem.is_warning for problem in (*unknown, *missing)] == [True, False]


@pytest.mark.parametrize(
    ("method", "kind", "scopes"),
    [
        ("auth.test", None, ()),
        ("chat.postMessage", "private", ("chat:write",)),
        ("conversations.info", "public", ("channels:read",)),
        ("conversations.history", "private", ("groups:history",)),
        ("conversations.replies", "im", ("im:history",)),
        ("conversations.members", "mpim", ("mpim:read",)),
        ("conversations.open", "im", ("im:write",)),
        ("conversations.join", "private", ()),
        ("users.conversations", None, ("channels:read", "groups:read", "mpim:read", "im:read")),
    ],
)
def test_scopes_are_narrowed_by_the_kind_of_conversation(
    method: str, kind: ChannelKind | None, scopes: tuple[str, ...]
) -> None:
    assert scopes_for(method, kind) == scopes


@pytest.mark.parametrize(
    ("method", "tier"),
    [
        ("chat.postMessage", "t5"),
        ("chat.update", "t3"),
        ("reactions.add", "t3"),
        ("reactions.remove", "t2"),
        ("users.list", "t2"),
        ("usergroups.users.list", "t2"),
        ("views.open", "t4"),
        ("conversations.members", "t4"),
    ],
)
def test_methods_bear_slacks_rate_limit_tiers(method: str, tier: str) -> None:
    assert METHODS[method].tier == tier


def test_socket_mode_alone_needs_the_app_token() -> None:
    assert [name for name, method in METHODS.items() if method.token == "app"] == ["apps.connections.open"]


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_what_a_method_requires_it_also_accepts(method: Method) -> None:
    assert {*method.required, *method.one_of, *method.missing} <= set(method.accepts)
