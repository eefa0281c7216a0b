"""People can do in the sandbox what they can do in Slack, and no more."""

from __future__ import annotations

import copy
import json
import urllib.request
from collections.abc import Callable

import pytest
from slack_sdk import WebClient

from sandbox.client import SandboxClient, SandboxRefused, WaitTimeout
from sandbox.jsontypes import as_object, objects
from sandbox.server import SandboxServer
from tests.sandbox.apps import MANIFEST, web
from tests.sandbox_fixture import running_sandbox

Gesture = Callable[[SandboxClient], object]

IMPOSSIBLE: dict[str, tuple[Gesture, str]] = {
    "post as a stranger to the channel": (lambda c: c.post("ana", "#it-triage", "hi"), "not in it-triage"),
    "post as a deactivated person": (lambda c: c.post("dora", "#general", "hi"), "deactivated"),
    "post nothing": (lambda c: c.post("ana", "#general", ""), "Give text"),
    "post as nobody": (lambda c: c.post("zoe", "#general", "hi"), "no user 'zoe'"),
    "post nowhere": (lambda c: c.post("ana", "#nowhere", "hi"), "no channel '#nowhere'"),
    "react to nothing": (lambda c: c.react("ana", "#general", "1.000000", "eyes"), "no message"),
    "react with words": (lambda c: c.react("ana", "#general", "1.000000", "not an emoji"), "no message"),
    "join a private channel": (lambda c: c.join("ana", "#it-triage"), "public channels only"),
    "submit no modal": (lambda c: c.submit("ana"), "no such view"),
    "close no modal": (lambda c: c.close("ana"), "No modal is open"),
    "create a channel twice": (lambda c: c.create_channel("ana", "general"), "exists already"),
    "inject an unknown fault": (lambda c: c.fault("gremlins"), "no fault 'gremlins'"),
    "change an unknown setting": (lambda c: c.settings(colour=1), "no setting 'colour'"),
    "change a setting to nonsense": (lambda c: c.settings(strict=3), "true or false"),
    "perform an unknown act": (lambda c: c.act("dance"), "no act 'dance'"),
    "read an unknown reading": (lambda c: c.read("tea-leaves"), "no reading"),
    "add a person with unknown keys": (lambda c: c.add_user("kim", "Kim", shoe_size=42), "shoe_size"),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_nobody_can_do_is_refused_in_a_sentence(client: SandboxClient, name: str) -> None:
    gesture, sentence = IMPOSSIBLE[name]
    with pytest.raises(SandboxRefused, match=sentence):
        gesture(client)


def test_an_archived_channel_takes_no_posts_of_people(client: SandboxClient) -> None:
    ts = client.post("ana", "#it-help", "hi")
    client.archive("root", "#it-help")
    with pytest.raises(SandboxRefused, match="archived"):
        client.post("ana", "#it-help", "hi")
    with pytest.raises(SandboxRefused, match="archived"):
        client.react("ben", "#it-help", ts, "eyes")


def test_only_members_see_a_private_card(server: SandboxServer, client: SandboxClient) -> None:
    ts = web(server).chat_postMessage(channel=client.channel_id("#it-triage"), text="secret")["ts"]
    with pytest.raises(SandboxRefused, match="cannot see"):
        client.react("ana", "#it-triage", ts, "eyes")


def test_own_messages_only_are_edited_and_deleted(client: SandboxClient) -> None:
    ts = client.post("ana", "#it-help", "mine")
    with pytest.raises(SandboxRefused, match="own messages only"):
        client.edit("ben", "#it-help", ts, "yours")
    with pytest.raises(SandboxRefused, match="own messages only"):
        client.delete("ben", "#it-help", ts)
    client.delete("root", "#it-help", ts)
    assert client.message("#it-help", ts) is None


def test_a_read_only_messages_tab_takes_no_messages() -> None:
    manifest = copy.deepcopy(MANIFEST)
    home = as_object(as_object(manifest["features"])["app_home"])
    home["messages_tab_read_only_enabled"] = True
    with running_sandbox(manifest=manifest) as server, pytest.raises(SandboxRefused, match="turned off"):
        server.client().post("ana", "@app", "hello")


def test_people_write_to_the_app_and_to_each_other(client: SandboxClient) -> None:
    client.post("ana", "@app", "hello app")
    client.post("ana", "@ben", "hello ben")
    assert [e.event["channel_type"] for e in client.envelopes("message")] == ["im"]
    assert [m.text for m in client.messages(client.open_dm("ben", "ana"))] == ["hello ben"]


def test_styles_and_emoji_are_drawn_at_once_and_stay_in_the_text(client: SandboxClient) -> None:
    typed = "*On _floor 3_, @ben*: `*this* & that`, 2*3*4 ~no~ :tada: 10:30:15"
    client.post("ana", "#it-help", typed)
    message = client.messages("#it-help")[0]
    ben = client.user_id("ben")
    assert message.text == typed.replace("@ben", f"<@{ben}>").replace("&", "&amp;")
    [section] = objects(objects(message.raw["blocks"])[0]["elements"])
    assert objects(section["elements"]) == [
        {"type": "text", "text": "On ", "style": {"bold": True}},
        {"type": "text", "text": "floor 3", "style": {"bold": True, "italic": True}},
        {"type": "text", "text": ", ", "style": {"bold": True}},
        {"type": "user", "user_id": ben, "style": {"bold": True}},
        {"type": "text", "text": ": "},
        {"type": "text", "text": "*this* & that", "style": {"code": True}},
        {"type": "text", "text": ", 2*3*4 "},
        {"type": "text", "text": "no", "style": {"strike": True}},
        {"type": "text", "text": " "},
        {"type": "emoji", "name": "tada"},
        {"type": "text", "text": " 10:30:15"},
    ]


def test_raw_text_is_taken_as_slacks_markup(client: SandboxClient) -> None:
    client.post("ana", "#it-help", "<!here> &amp; more", raw=True)
    assert client.messages("#it-help")[0].text == "<!here> &amp; more"


def test_waiting_says_what_did_not_happen(client: SandboxClient) -> None:
    with pytest.raises(WaitTimeout, match="pigs to fly"):
        client.wait_until(lambda: False, timeout=0.05, message="pigs to fly")


def test_what_a_message_shows_is_read_as_one_text(slack: WebClient, client: SandboxClient) -> None:
    ana = client.user_id("ana")
    blocks: list[dict[str, object]] = [
        {"type": "header", "text": {"type": "plain_text", "text": "INC-1"}},
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [{"type": "text", "text": "by "}, {"type": "user", "user_id": ana}],
                }
            ],
        },
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "*P3*"}]},
    ]
    slack.chat_postMessage(channel=client.channel_id("#it-help"), text="INC-1 raised", blocks=blocks)
    [message] = client.messages("#it-help")
    assert message.everything == f"INC-1 raised\nINC-1\nby <@{ana}>\n*P3*"


def test_every_change_is_streamed(server: SandboxServer, client: SandboxClient) -> None:
    with urllib.request.urlopen(f"{server.url}/control/events", timeout=10) as stream:
        assert stream.readline().startswith(b":")
        client.post("ana", "#it-help", "hello")
        kinds = set()
        while "envelope" not in kinds:
            line = stream.readline().strip()
            if line.startswith(b"data: "):
                kinds.add(json.loads(line[6:])["type"])
    assert "message" in kinds
