"""Which events reach the app, and in which shape."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from slack_sdk import WebClient

from sandbox.client import SandboxClient
from sandbox.jsontypes import JsonObject, as_object
from sandbox.server import SandboxServer
from tests.sandbox.apps import MANIFEST, bolt_app, connected, manifest_without, web
from tests.sandbox_fixture import running_sandbox


def events(client: SandboxClient, name: str) -> list[JsonObject]:
    """Inner events of that name (`message`, `message.message_changed`, …) in the order of sending."""
    return [envelope.event for envelope in client.envelopes(name) if envelope.name == name]


def test_a_message_carries_what_slack_sends(client: SandboxClient) -> None:
    ts = client.post("ana", "#it-help", "Hello & <!channel> @ben see https://example.com/a?b=1&c=2")
    [event] = events(client, "message")
    ben = client.user_id("ben")
    link = "<https://example.com/a?b=1&amp;c=2>"
    assert event["text"] == f"Hello &amp; &lt;!channel&gt; <@{ben}> see {link}"
    assert (event["ts"], event["event_ts"], event["channel_type"]) == (ts, ts, "channel")
    assert {"user", "team", "client_msg_id", "blocks"} <= set(event)


def test_the_envelope_names_team_app_and_authorization(client: SandboxClient) -> None:
    client.post("ana", "#it-help", "Hello")
    [envelope] = client.envelopes("message")
    payload = envelope.payload
    assert payload["type"] == "event_callback"
    assert str(payload["event_id"]).startswith("Ev")
    assert payload["authorizations"] == [
        {
            "enterprise_id": None,
            "team_id": payload["team_id"],
            "user_id": client.user_id("@app"),
            "is_bot": True,
            "is_enterprise_install": False,
        }
    ]
    assert payload["is_ext_shared_channel"] is False


def test_a_mention_comes_as_a_pair(client: SandboxClient) -> None:
    client.post("ana", "#it-help", "@probe help")
    assert [e.name for e in client.envelopes()] == ["message", "app_mention"]
    [mention] = events(client, "app_mention")
    assert mention["text"] == f"<@{client.user_id('@app')}> help"


def test_edits_and_deletions_carry_both_versions(client: SandboxClient) -> None:
    ts = client.post("ana", "#it-help", "one")
    client.edit("ana", "#it-help", ts, "two")
    client.delete("ana", "#it-help", ts)
    [changed] = events(client, "message.message_changed")
    [deleted] = events(client, "message.message_deleted")
    assert as_object(changed["message"])["text"] == "two"
    assert as_object(changed["previous_message"])["text"] == "one"
    assert "edited" in as_object(changed["message"])
    assert deleted["deleted_ts"] == ts
    assert changed["hidden"] is deleted["hidden"] is True


def test_a_broadcast_reply_shows_its_root(client: SandboxClient) -> None:
    parent = client.post("ana", "#it-help", "help")
    client.post("ana", "#it-help", "solved", thread_ts=parent, broadcast=True)
    [event] = events(client, "message.thread_broadcast")
    assert as_object(event["root"])["ts"] == parent


def test_the_bots_own_messages_and_reactions_are_events_too(slack: WebClient, client: SandboxClient) -> None:
    channel = client.channel_id("#it-help")
    ts = slack.chat_postMessage(channel=channel, text="mine")["ts"]
    slack.reactions_add(channel=channel, timestamp=ts, name="eyes")
    [message], [reaction] = events(client, "message"), events(client, "reaction_added")
    assert message["app_id"]
    assert message["bot_id"]
    assert reaction["user"] == reaction["item_user"] == client.user_id("@app")


def test_a_reaction_names_item_author_and_moment(client: SandboxClient) -> None:
    ts = client.post("ana", "#it-help", "help")
    assert client.react("ben", "#it-help", ts, "thumbsup")
    assert not client.react("ben", "#it-help", ts, "+1")
    assert client.unreact("ben", "#it-help", ts, "+1")
    [added], [removed] = events(client, "reaction_added"), events(client, "reaction_removed")
    assert added["reaction"] == "+1"
    assert added["item"] == {"type": "message", "channel": client.channel_id("#it-help"), "ts": ts}
    assert added["item_user"] == client.user_id("ana")
    assert str(added["event_ts"]) < str(removed["event_ts"])


def test_messages_of_webhooks_have_no_item_user(client: SandboxClient) -> None:
    ts = client.post_webhook("#it-help", "disk full")
    client.react("ben", "#it-help", ts, "eyes")
    [reaction] = events(client, "reaction_added")
    assert "item_user" not in reaction
    assert [e.name for e in client.envelopes("message")] == ["message.bot_message"]


def test_another_bot_is_recognisable(client: SandboxClient) -> None:
    client.post("otherbot", "#general", "beep")
    [event] = events(client, "message")
    assert event["bot_id"] != as_object(client.workspace()["app"])["bot_id"]


def test_channels_without_the_bot_stay_silent(client: SandboxClient) -> None:
    ts = client.post("ana", "#random", "lunch?")
    client.react("ben", "#random", ts, "eyes")
    assert client.envelopes() == []


def test_what_is_not_subscribed_is_not_sent() -> None:
    manifest = manifest_without(events=("message.channels",))
    with running_sandbox(manifest=manifest) as server:
        client = server.client()
        client.post("ana", "#it-help", "hello")
        assert client.envelopes() == []


def test_what_no_scope_covers_is_not_sent() -> None:
    manifest = manifest_without(scopes=("channels:history",))
    with running_sandbox(manifest=manifest) as server:
        client = server.client()
        client.post("ana", "#it-help", "hello")
        client.post("ben", "#it-triage", "hello")
        assert [e.event["channel_type"] for e in client.envelopes()] == ["group"]


def test_joining_and_leaving_are_told(client: SandboxClient) -> None:
    client.invite("maria", "#it-triage", inviter="lea")
    client.leave("maria", "#it-triage")
    [joined], [left] = events(client, "member_joined_channel"), events(client, "member_left_channel")
    assert (joined["channel_type"], joined["inviter"]) == ("G", client.user_id("lea"))
    assert left["user"] == client.user_id("maria")


def test_the_bot_hears_of_its_own_invitation(client: SandboxClient) -> None:
    client.invite("@app", "#random", inviter="ana")
    [joined] = events(client, "member_joined_channel")
    assert joined["user"] == client.user_id("@app")


def test_the_life_of_a_channel_is_told(client: SandboxClient) -> None:
    channel = client.create_channel("ana", "fresh")
    client.rename("ana", "#fresh", "stale")
    client.archive("ana", "#stale")
    client.archive("ana", "#stale", archived=False)
    new_id = client.change_channel_id("#stale")
    client.delete_channel("ana", "#stale")
    names = [e.name for e in client.envelopes("channel_")]
    assert names == [
        "channel_created", "channel_rename", "channel_archive", "channel_unarchive", "channel_id_changed",
        "channel_deleted",
    ]  # fmt: skip
    [moved] = events(client, "channel_id_changed")
    assert (moved["old_channel_id"], moved["new_channel_id"]) == (channel, new_id)


def test_people_and_groups_change(client: SandboxClient) -> None:
    client.add_user("kim", "Kim Day", email="kim@example.com")
    client.change_user("kim", deleted=True)
    client.set_usergroup("it-agents", ["ben", "maria"])
    names = [e.name for e in client.envelopes()]
    assert names == ["team_join", "user_change", "subteam_members_changed", "subteam_updated"]
    [change] = events(client, "subteam_members_changed")
    assert change["added_users"] == [client.user_id("maria")]
    assert change["removed_users"] == [client.user_id("lea")]


def test_a_deactivated_person_is_in_no_channel(client: SandboxClient) -> None:
    client.change_user("ben", deleted=True)
    assert client.user_id("ben") not in client.members("#it-triage")


def test_opening_the_app_home_is_told(slack: WebClient, client: SandboxClient) -> None:
    ana = client.user_id("ana")
    client.open_home("ana")
    slack.views_publish(user_id=ana, view={"type": "home", "blocks": [{"type": "divider"}]})
    client.open_home("ana")
    first, second = events(client, "app_home_opened")
    assert (first["tab"], first["user"], first["channel"]) == ("home", ana, client.open_dm("ana"))
    assert "view" not in first
    assert as_object(second["view"])["type"] == "home"


def test_an_uninstalled_app_is_told_once(client: SandboxClient) -> None:
    client.uninstall()
    client.post("ana", "#it-help", "anyone?")
    assert [e.name for e in client.envelopes()] == ["app_uninstalled"]


def test_a_shared_channel_marks_its_events(client: SandboxClient) -> None:
    client.post("sam", "#ext-partners", "hello from outside")
    [envelope] = client.envelopes("message")
    assert envelope.payload["is_ext_shared_channel"] is True
    assert envelope.event["team"] != envelope.payload["team_id"]


@pytest.fixture
def listening(server: SandboxServer) -> Iterator[list[JsonObject]]:
    """Events as a Bolt app on a socket got them."""
    seen: list[JsonObject] = []
    app = bolt_app(server)

    @app.event("message")
    def on_message(event: JsonObject) -> None:
        seen.append(event)

    with connected(server, app):
        yield seen


def test_bolt_receives_and_acknowledges(client: SandboxClient, listening: list[JsonObject]) -> None:
    ts = client.post("ana", "#it-help", "hello")
    client.wait_until(lambda: listening, message="the event")
    client.wait_until(lambda: client.envelopes("message")[0].acked, message="the ack")
    assert [event["ts"] for event in listening] == [ts]
    assert client.violations() == []


def test_time_can_be_skipped_for_everybody(client: SandboxClient) -> None:
    before = float(client.post("ana", "#it-help", "now"))
    client.skip(3600)
    after = float(client.post("ana", "#it-help", "later"))
    assert 3600 <= after - before < 3660


def test_the_offset_is_shared_through_its_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    offset = tmp_path_factory.mktemp("clock") / "offset"
    with running_sandbox(manifest=MANIFEST, clock_offset=offset) as server:
        client = server.client()
        client.skip(100)
        assert float(offset.read_text()) == 100
        offset.write_text("5000")
        ts = float(client.post("ana", "#it-help", "hello"))
        sent = web(server).conversations_history(channel=client.channel_id("#it-help"))["messages"][0]
        assert float(sent["ts"]) == ts
        assert client.now() - ts < 60
