from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.manifest import EVENTS, SCOPES, build_manifest, render_manifest
from sandbox.validation.manifest import load_manifest, validate_manifest

COMMITTED = Path(__file__).parents[2] / "manifest.json"


def test_the_committed_manifest_is_the_one_the_code_needs() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == render_manifest(), (
        "run: deskbell manifest > manifest.json"
    )


@pytest.mark.parametrize("request_url", [None, "https://desk.example.org"])
def test_slack_would_accept_the_manifest(request_url: str | None) -> None:
    assert validate_manifest(build_manifest(request_url=request_url)) == []


def test_over_socket_mode_no_address_is_needed() -> None:
    declared = load_manifest(build_manifest())
    assert declared.socket_mode_enabled
    assert declared.interactivity_enabled
    assert "http" not in json.dumps(build_manifest())


@pytest.mark.parametrize(
    "address",
    ["https://desk.example.org", "https://desk.example.org/", "https://desk.example.org/slack/events"],
)
def test_over_http_everything_arrives_at_one_address(address: str) -> None:
    declared = load_manifest(build_manifest(request_url=address))
    expected = "https://desk.example.org/slack/events"
    assert not declared.socket_mode_enabled
    assert declared.events_request_url == declared.interactivity_request_url == expected
    assert [command.url for command in declared.commands] == [expected]


def test_people_can_write_to_the_bot_and_mentions_arrive_as_ids() -> None:
    declared = load_manifest(build_manifest())
    assert declared.messages_tab_enabled
    assert not declared.messages_tab_read_only
    assert [(command.command, command.should_escape) for command in declared.commands] == [("/ticket", True)]
    assert [(shortcut.callback_id, shortcut.type) for shortcut in declared.shortcuts] == [
        ("raise_ticket", "message")
    ]


def test_every_scope_and_event_has_a_reason() -> None:
    assert all(reason for reason in [*SCOPES.values(), *EVENTS.values()])
