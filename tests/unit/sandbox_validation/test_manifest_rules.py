from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from sandbox.validation.manifest import (
    BOT_SCOPES,
    EVENT_SCOPES,
    Command,
    InvalidManifestError,
    Shortcut,
    load_manifest,
    validate_manifest,
)

# Tests change a part of a nested JSON value: `Any` is what JSON is.
Json = dict[str, Any]

SOUND: Json = {
    "_metadata": {"major_version": 1},
    "display_information": {"name": "Desk", "description": "A desk", "background_color": "#2c2d30"},
    "features": {
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
        "bot_user": {"display_name": "desk", "always_online": True},
        "slash_commands": [{"command": "/ticket", "description": "Raise a ticket", "should_escape": True}],
        "shortcuts": [
            {"name": "Raise", "type": "message", "callback_id": "raise", "description": "Raise a ticket"}
        ],
    },
    "oauth_config": {
        "scopes": {
            "bot": ["commands", "chat:write", "reactions:read", "channels:history", "users:read"],
            "bot_optional": ["links:read"],
        }
    },
    "settings": {
        "event_subscriptions": {"bot_events": ["app_home_opened", "reaction_added", "message.channels"]},
        "interactivity": {"is_enabled": True},
        "socket_mode_enabled": True,
        "org_deploy_enabled": False,
        "token_rotation_enabled": False,
    },
}


def changed(change: Callable[[Json], object]) -> Json:
    manifest = deepcopy(SOUND)
    change(manifest)
    return manifest


def test_a_sound_manifest_is_accepted() -> None:
    assert validate_manifest(SOUND) == []


def test_the_smallest_manifest_is_accepted() -> None:
    assert validate_manifest({"display_information": {"name": "Desk"}}) == []


def test_a_manifest_is_read() -> None:
    manifest = load_manifest(SOUND)

    assert (manifest.name, manifest.display_name) == ("Desk", "desk")
    assert manifest.commands == (Command("/ticket", "Raise a ticket", None, None, True),)
    assert manifest.shortcuts == (Shortcut("Raise", "message", "raise", "Raise a ticket"),)
    assert manifest.bot_events == {"app_home_opened", "reaction_added", "message.channels"}
    assert "chat:write" in manifest.bot_scopes
    assert manifest.optional_bot_scopes == {"links:read"}
    assert manifest.socket_mode_enabled
    assert manifest.interactivity_enabled
    assert manifest.home_tab_enabled
    assert manifest.messages_tab_enabled
    assert not manifest.messages_tab_read_only
    assert manifest.events_request_url is None


def test_declarations_are_found_by_name() -> None:
    manifest = load_manifest(SOUND)

    assert manifest.command("/ticket") == manifest.commands[0]
    assert manifest.command("ticket") is None
    assert manifest.shortcut("raise") == manifest.shortcuts[0]
    assert manifest.shortcut("lower") is None


def test_request_urls_are_read() -> None:
    def serve(m: Json) -> None:
        m["settings"]["event_subscriptions"]["request_url"] = "https://a.example/e"
        m["settings"]["interactivity"] |= {
            "request_url": "https://a.example/i",
            "message_menu_options_url": "https://a.example/o",
        }
        m["features"]["slash_commands"][0]["url"] = "https://a.example/c"

    manifest = load_manifest(changed(serve))

    assert manifest.events_request_url == "https://a.example/e"
    assert manifest.interactivity_request_url == "https://a.example/i"
    assert manifest.options_load_url == "https://a.example/o"
    assert manifest.commands[0].url == "https://a.example/c"


def test_a_malformed_manifest_is_not_read() -> None:
    with pytest.raises(InvalidManifestError, match="missing required field: name") as caught:
        load_manifest({"display_information": {}})

    assert [problem.pointer for problem in caught.value.problems] == ["/display_information"]


def test_a_manifest_with_contradictions_is_still_read() -> None:
    lacking = changed(lambda m: m["oauth_config"]["scopes"].update(bot=[]))

    assert load_manifest(lacking).bot_scopes == frozenset()


def commands(*names: str) -> list[Json]:
    return [{"command": name, "description": "x"} for name in names]


def shortcut(**fields: object) -> list[Json]:
    return [{"name": "a", "type": "global", "callback_id": "a", "description": "a", **fields}]


MALFORMED: list[tuple[Callable[[Json], object], str, str]] = [
    (lambda m: m.pop("display_information"), "", "missing required field"),
    (lambda m: m.update(surprise=1), "/surprise", "additional property"),
    (lambda m: m["display_information"].update(name="a" * 36), "/display_information/name", "less than 36"),
    (
        lambda m: m["display_information"].update(description="a" * 141),
        "/display_information/description",
        "less than 141",
    ),
    (
        lambda m: m["display_information"].update(long_description="short"),
        "/display_information/long_description",
        "more than 174",
    ),
    (
        lambda m: m["display_information"].update(background_color="blue"),
        "/display_information/background_color",
        "hex color",
    ),
    (
        lambda m: m["features"]["bot_user"].update(display_name="a" * 81),
        "/features/bot_user/display_name",
        "less than 81",
    ),
    (
        lambda m: m["features"].update(slash_commands=commands(*[f"/c{n}" for n in range(51)])),
        "/features/slash_commands",
        "no more than 50",
    ),
    (
        lambda m: m["features"].update(slash_commands=commands("/" + "a" * 32)),
        "/features/slash_commands/0/command",
        "less than 33",
    ),
    (
        lambda m: m["features"].update(slash_commands=commands("ticket")),
        "/features/slash_commands/0/command",
        "a slash and one word",
    ),
    (
        lambda m: m["features"].update(slash_commands=[{"command": "/a"}]),
        "/features/slash_commands/0",
        "missing required field: description",
    ),
    (
        lambda m: m["features"]["slash_commands"][0].update(usage_hint="a" * 1001),
        "/features/slash_commands/0/usage_hint",
        "less than 1001",
    ),
    (
        lambda m: m["features"].update(shortcuts=shortcut() * 11),
        "/features/shortcuts",
        "no more than 10",
    ),
    (
        lambda m: m["features"].update(shortcuts=shortcut(name="a" * 25)),
        "/features/shortcuts/0/name",
        "less than 25",
    ),
    (
        lambda m: m["features"].update(shortcuts=shortcut(description="a" * 151)),
        "/features/shortcuts/0/description",
        "less than 151",
    ),
    (
        lambda m: m["features"].update(shortcuts=shortcut(type="panel")),
        "/features/shortcuts/0/type",
        "must be one of",
    ),
    (
        lambda m: m["features"].update(unfurl_domains=[f"a{n}.example" for n in range(6)]),
        "/features/unfurl_domains",
        "no more than 5",
    ),
    (
        lambda m: m["oauth_config"]["scopes"].update(bot=[f"s{n}" for n in range(256)]),
        "/oauth_config/scopes/bot",
        "no more than 255",
    ),
    (
        lambda m: m["settings"]["event_subscriptions"].update(bot_events=["team_join", "team_join"]),
        "/settings/event_subscriptions/bot_events/1",
        "given twice",
    ),
    (
        lambda m: m["settings"]["event_subscriptions"].update(bot_events=[f"e{n}" for n in range(101)]),
        "/settings/event_subscriptions/bot_events",
        "no more than 100",
    ),
    (
        lambda m: m["settings"]["interactivity"].update(request_url="ftp://a"),
        "/settings/interactivity/request_url",
        "web address",
    ),
    (lambda m: m["settings"].update(socket_mode_enabled="yes"), "/settings/socket_mode_enabled", "boolean"),
]


@pytest.mark.parametrize(("change", "pointer", "part"), MALFORMED)
def test_a_breach_of_the_schema_is_named_with_its_place(
    change: Callable[[Json], object], pointer: str, part: str
) -> None:
    (problem,) = validate_manifest(changed(change))

    assert (problem.code, problem.pointer) == ("invalid_manifest", pointer)
    assert part in problem.message


def without_sockets(manifest: Json) -> None:
    manifest["settings"]["socket_mode_enabled"] = False


CONTRADICTIONS: list[tuple[Callable[[Json], object], list[tuple[str, str]]]] = [
    (
        lambda m: m["oauth_config"]["scopes"]["bot"].remove("reactions:read"),
        [("missing_scope", "reaction_added needs the scope reactions:read")],
    ),
    (
        lambda m: m["settings"]["event_subscriptions"]["bot_events"].append("member_joined_channel"),
        [("missing_scope", "channels:read or groups:read or mpim:read")],
    ),
    (
        lambda m: m["settings"]["event_subscriptions"]["bot_events"].append("app_mention"),
        [("missing_scope", "app_mentions:read")],
    ),
    (
        lambda m: m["settings"]["event_subscriptions"]["bot_events"].append("link_shared"),
        [("missing_scope", "links:read"), ("missing_declaration", "unfurl domains")],
    ),
    (
        lambda m: m["settings"]["event_subscriptions"]["bot_events"].append("message"),
        [("unknown_event", "the event message ")],
    ),
    (
        lambda m: m["oauth_config"]["scopes"]["bot"].append("chat:wrote"),
        [("unknown_scope", "chat:wrote")],
    ),
    (
        lambda m: m["oauth_config"]["scopes"]["bot"].append("connections:write"),
        [("unknown_scope", "connections:write")],
    ),
    (
        lambda m: m["oauth_config"]["scopes"]["bot"].remove("commands"),
        [("missing_scope", "need the scope commands")],
    ),
    (
        lambda m: m["oauth_config"]["scopes"].update(
            bot=["commands", "reactions:read", "channels:history", "users:read.email", "chat:write.public"]
        ),
        [("missing_scope", "users:read.email needs"), ("missing_scope", "chat:write.public needs")],
    ),
    (lambda m: m["features"].pop("bot_user"), [("missing_declaration", "need a bot user")]),
    (
        lambda m: m["settings"]["interactivity"].update(is_enabled=False),
        [("missing_declaration", "shortcuts need interactivity")],
    ),
    (
        lambda m: m["features"].update(slash_commands=commands("/a", "/a")),
        [("duplicate_declaration", "/a is declared twice")],
    ),
    (
        lambda m: m["features"].update(shortcuts=shortcut() * 2),
        [("duplicate_declaration", "a is declared twice")],
    ),
    (
        without_sockets,
        [
            ("missing_request_url", "an event"),
            ("missing_request_url", "interactivity"),
            ("missing_request_url", "/ticket"),
        ],
    ),
]


@pytest.mark.parametrize(("change", "expected"), CONTRADICTIONS)
def test_declarations_are_crossed_with_what_they_need(
    change: Callable[[Json], object], expected: list[tuple[str, str]]
) -> None:
    found = validate_manifest(changed(change))

    assert [problem.code for problem in found] == [code for code, _ in expected]
    for problem, (_, part) in zip(found, expected, strict=True):
        assert part in problem.message


def test_every_scope_that_an_event_needs_is_one_a_bot_can_have() -> None:
    assert frozenset().union(*EVENT_SCOPES.values()) <= BOT_SCOPES
