"""The Web API, called with Slack's own client."""

from __future__ import annotations

import http.client
import json
import urllib.request

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.client import SandboxClient
from sandbox.seed import ChannelSeed, TeamSeed, UserSeed, WorkspaceSeed, default_seed
from sandbox.server import SandboxServer
from tests.sandbox.apps import MANIFEST, error_of, manifest_without, web
from tests.sandbox_fixture import running_sandbox


def test_a_bot_learns_who_it_is_from_auth_test(slack: WebClient, client: SandboxClient) -> None:
    answer = slack.auth_test()
    assert answer["user_id"] == client.user_id("@app")
    assert "chat:write" in answer.headers["x-oauth-scopes"]


@pytest.mark.parametrize(("token", "error"), [("", "not_authed"), ("xoxb-wrong", "invalid_auth")])
def test_a_missing_or_wrong_token_is_refused(server: SandboxServer, token: str, error: str) -> None:
    assert error_of(WebClient(token, base_url=server.api_url).auth_test) == error


def test_the_app_token_posts_no_messages(server: SandboxServer, client: SandboxClient) -> None:
    slack = WebClient(server.app_token, base_url=server.api_url)
    channel = client.channel_id("#it-help")
    assert error_of(slack.chat_postMessage, channel=channel, text="hi") == "not_allowed_token_type"


def test_an_uninstalled_app_has_no_valid_token(slack: WebClient, client: SandboxClient) -> None:
    client.uninstall()
    assert error_of(slack.auth_test) == "token_revoked"


def test_an_unknown_method_is_an_error_and_a_violation(slack: WebClient, client: SandboxClient) -> None:
    assert error_of(slack.api_call, api_method="chat.postTelegram") == "unknown_method"
    assert [v.kind for v in client.violations()] == ["unknown_method"]


def test_a_method_the_sandbox_lacks_is_named_as_such(slack: WebClient, client: SandboxClient) -> None:
    assert error_of(slack.reminders_add, text="later", time="1") == "unknown_method"
    assert "not_supported_by_sandbox" in {v.kind for v in client.violations()}


def test_a_message_is_stored_and_answered_as_slack_does(slack: WebClient, client: SandboxClient) -> None:
    channel = client.channel_id("#it-help")
    metadata = {"event_type": "probe", "event_payload": {"key": "1"}}
    answer = slack.chat_postMessage(channel=channel, text="Hello", metadata=metadata)
    assert answer["channel"] == channel
    assert answer["message"]["app_id"]
    [message] = client.messages("#it-help")
    assert (message.ts, message.text, message.metadata) == (answer["ts"], "Hello", metadata)
    assert client.violations() == []


def test_the_ts_of_messages_in_a_channel_rise_and_differ(slack: WebClient, client: SandboxClient) -> None:
    channel = client.channel_id("#it-help")
    stamps = [slack.chat_postMessage(channel=channel, text=str(n))["ts"] for n in range(20)]
    assert stamps == sorted(set(stamps))


def test_posting_where_the_bot_is_no_member_is_refused(slack: WebClient, client: SandboxClient) -> None:
    channel = client.channel_id("#random")
    assert error_of(slack.chat_postMessage, channel=channel, text="hi") == "not_in_channel"
    assert [v.kind for v in client.violations()] == ["not_in_channel"]


def test_a_private_channel_without_the_bot_does_not_exist_for_it(
    slack: WebClient, client: SandboxClient
) -> None:
    secret = client.create_channel("ana", "secret", private=True)
    assert error_of(slack.chat_postMessage, channel=secret, text="hi") == "channel_not_found"
    assert error_of(slack.conversations_info, channel=secret) == "channel_not_found"


def test_an_archived_channel_takes_no_messages(slack: WebClient, client: SandboxClient) -> None:
    client.archive("root", "#it-help")
    channel = client.channel_id("#it-help")
    assert error_of(slack.chat_postMessage, channel=channel, text="hi") == "is_archived"


def test_a_missing_scope_names_what_is_needed() -> None:
    with running_sandbox(manifest=manifest_without(scopes=("reactions:write",))) as server:
        channel = server.client().channel_id("#it-help")
        with pytest.raises(SlackApiError) as caught:
            web(server).reactions_add(channel=channel, timestamp="1.000000", name="eyes")
    assert caught.value.response["error"] == "missing_scope"
    assert caught.value.response["needed"] == "reactions:write"
    assert "chat:write" in caught.value.response["provided"]


def test_scopes_are_asked_for_by_kind_of_channel() -> None:
    with running_sandbox(manifest=manifest_without(scopes=("groups:history",))) as server:
        client, slack = server.client(), web(server)
        slack.conversations_history(channel=client.channel_id("#it-help"))
        private = client.channel_id("#it-triage")
        with pytest.raises(SlackApiError) as caught:
            slack.conversations_history(channel=private)
    assert caught.value.response["needed"] == "groups:history"


def test_invalid_blocks_are_refused_with_a_pointer(slack: WebClient, client: SandboxClient) -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]
    with pytest.raises(SlackApiError) as caught:
        slack.chat_postMessage(channel=client.channel_id("#it-help"), text="hi", blocks=blocks)
    assert caught.value.response["error"] == "invalid_blocks"
    assert "/blocks/0/text" in caught.value.response["response_metadata"]["messages"][0]
    assert client.messages("#it-help") == []


def test_a_lenient_sandbox_accepts_bad_blocks_but_records_them() -> None:
    with running_sandbox(manifest=MANIFEST, settings={"strict": False, "rate_scale": 0}) as server:
        client = server.client()
        blocks = [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]
        web(server).chat_postMessage(channel=client.channel_id("#it-help"), text="hi", blocks=blocks)
        assert [v.kind for v in client.violations()] == ["invalid_blocks"]


def test_pinging_everyone_is_on_record(slack: WebClient, client: SandboxClient) -> None:
    channel = client.channel_id("#it-help")
    slack.chat_postMessage(channel=channel, text="escaped &lt;!channel&gt;")
    assert client.violations() == []
    slack.chat_postMessage(channel=channel, text="live <!channel>")
    assert [v.kind for v in client.violations()] == ["live_markup"]


def test_blocks_without_text_are_on_record(slack: WebClient, client: SandboxClient) -> None:
    blocks = [{"type": "divider"}]
    slack.api_call("chat.postMessage", json={"channel": client.channel_id("#it-help"), "blocks": blocks})
    assert [v.kind for v in client.violations()] == ["missing_text_in_message"]


def test_an_update_changes_own_messages_only(slack: WebClient, client: SandboxClient) -> None:
    channel = client.channel_id("#it-help")
    theirs = client.post("ana", "#it-help", "mine")
    assert error_of(slack.chat_update, channel=channel, ts=theirs, text="no") == "cant_update_message"
    own = slack.chat_postMessage(channel=channel, text="one", blocks=[{"type": "divider"}])["ts"]
    slack.chat_update(channel=channel, ts=own, text="two")
    message = client.message("#it-help", own)
    assert message is not None
    assert (message.text, message.blocks) == ("two", [])


def test_an_update_keeps_metadata_unless_it_sends_new(slack: WebClient, client: SandboxClient) -> None:
    channel = client.channel_id("#it-help")
    metadata = {"event_type": "probe", "event_payload": {"key": "1"}}
    ts = slack.chat_postMessage(channel=channel, text="one", metadata=metadata)["ts"]
    slack.chat_update(channel=channel, ts=ts, text="two")
    message = client.message("#it-help", ts)
    assert message is not None
    assert message.metadata == metadata


def test_an_update_over_4000_characters_is_too_long(slack: WebClient, client: SandboxClient) -> None:
    channel = client.channel_id("#it-help")
    ts = slack.chat_postMessage(channel=channel, text="one")["ts"]
    assert error_of(slack.chat_update, channel=channel, ts=ts, text="x" * 4001) == "msg_too_long"


def test_replies_count_on_their_parent(slack: WebClient, client: SandboxClient) -> None:
    channel = client.channel_id("#it-help")
    parent = client.post("ana", "#it-help", "help")
    reply = slack.chat_postMessage(channel=channel, text="sure", thread_ts=parent)["ts"]
    client.post("ana", "#it-help", "thanks", thread_ts=parent)
    history = slack.conversations_history(channel=channel)["messages"]
    assert [m["ts"] for m in history] == [parent]
    assert (history[0]["reply_count"], history[0]["thread_ts"]) == (2, parent)
    thread = slack.conversations_replies(channel=channel, ts=parent)["messages"]
    assert [m["text"] for m in thread] == ["help", "sure", "thanks"]
    alone = slack.conversations_replies(channel=channel, ts=reply)["messages"]
    assert [m["ts"] for m in alone] == [reply]


def test_a_reply_is_no_parent(slack: WebClient, client: SandboxClient) -> None:
    channel = client.channel_id("#it-help")
    parent = client.post("ana", "#it-help", "help")
    reply = client.post("ben", "#it-help", "yes", thread_ts=parent)
    refusal = error_of(slack.chat_postMessage, channel=channel, text="no", thread_ts=reply)
    assert refusal == "cannot_reply_to_message"
    assert "thread_ts_of_reply" in {v.kind for v in client.violations()}


def test_history_pages_stay_in_place_while_messages_arrive(slack: WebClient, client: SandboxClient) -> None:
    channel = client.channel_id("#it-help")
    for number in range(5):
        client.post("ana", "#it-help", str(number))
    first = slack.conversations_history(channel=channel, limit=2)
    client.post("ana", "#it-help", "new")
    second = slack.conversations_history(
        channel=channel, limit=2, cursor=first["response_metadata"]["next_cursor"]
    )
    assert [m["text"] for m in first["messages"]] == ["4", "3"]
    assert [m["text"] for m in second["messages"]] == ["2", "1"]


def test_history_windows_follow_inclusive(slack: WebClient, client: SandboxClient) -> None:
    channel = client.channel_id("#it-help")
    stamps = [client.post("ana", "#it-help", str(number)) for number in range(3)]
    open_window = slack.conversations_history(channel=channel, oldest=stamps[0], latest=stamps[2])
    closed = slack.conversations_history(channel=channel, oldest=stamps[0], latest=stamps[2], inclusive=True)
    assert [m["text"] for m in open_window["messages"]] == ["1"]
    assert [m["text"] for m in closed["messages"]] == ["2", "1", "0"]


def test_metadata_is_empty_unless_asked_for(slack: WebClient, client: SandboxClient) -> None:
    channel = client.channel_id("#it-help")
    metadata = {"event_type": "probe", "event_payload": {"key": "1"}}
    slack.chat_postMessage(channel=channel, text="one", metadata=metadata)
    plain = slack.conversations_history(channel=channel)["messages"][0]
    full = slack.conversations_history(channel=channel, include_all_metadata=True)["messages"][0]
    assert plain["metadata"]["event_payload"] == {}
    assert full["metadata"] == metadata


def test_a_deleted_parent_with_replies_leaves_a_tombstone(slack: WebClient, client: SandboxClient) -> None:
    channel = client.channel_id("#it-help")
    parent = client.post("ana", "#it-help", "help")
    client.post("ben", "#it-help", "yes", thread_ts=parent)
    client.delete("ana", "#it-help", parent)
    thread = slack.conversations_replies(channel=channel, ts=parent)["messages"]
    assert [m.get("subtype") for m in thread] == ["tombstone", None]


def test_a_deleted_message_is_gone(slack: WebClient, client: SandboxClient) -> None:
    channel = client.channel_id("#it-help")
    ts = slack.chat_postMessage(channel=channel, text="one")["ts"]
    slack.chat_delete(channel=channel, ts=ts)
    assert error_of(slack.chat_delete, channel=channel, ts=ts) == "message_not_found"
    assert error_of(slack.conversations_replies, channel=channel, ts=ts) == "thread_not_found"


def test_reactions_exist_once_per_person(slack: WebClient, client: SandboxClient) -> None:
    channel = client.channel_id("#it-help")
    ts = client.post("ana", "#it-help", "help")
    slack.reactions_add(channel=channel, timestamp=ts, name="eyes")
    again = error_of(slack.reactions_add, channel=channel, timestamp=ts, name="eyes")
    unknown = error_of(slack.reactions_add, channel=channel, timestamp=ts, name="no_such_emoji")
    assert (again, unknown) == ("already_reacted", "invalid_name")
    slack.reactions_add(channel=channel, timestamp=ts, name="deskbell")
    slack.reactions_remove(channel=channel, timestamp=ts, name="eyes")
    assert error_of(slack.reactions_remove, channel=channel, timestamp=ts, name="eyes") == "no_reaction"
    assert slack.reactions_get(channel=channel, timestamp=ts)["message"]["reactions"][0]["name"] == "deskbell"


def test_a_direct_conversation_is_opened_once(slack: WebClient, client: SandboxClient) -> None:
    ana = client.user_id("ana")
    first = slack.conversations_open(users=[ana])
    second = slack.conversations_open(users=[ana])
    assert first["channel"]["id"] == second["channel"]["id"] == client.open_dm("ana")
    assert second["already_open"] is True
    slack.chat_postMessage(channel=first["channel"]["id"], text="psst")
    assert client.messages(client.open_dm("ana"))[0].text == "psst"


def test_nobody_writes_to_deactivated_people(slack: WebClient, client: SandboxClient) -> None:
    dora = client.user_id("dora")
    assert error_of(slack.conversations_open, users=[dora]) == "user_disabled"


def test_people_of_every_kind_are_described(slack: WebClient, client: SandboxClient) -> None:
    def user(handle: str) -> dict[str, object]:
        shape: dict[str, object] = slack.users_info(user=client.user_id(handle))["user"]
        return shape

    assert user("gus")["is_restricted"] is True
    assert user("root")["is_owner"] is True
    assert user("dora")["deleted"] is True
    assert user("sam")["is_stranger"] is True
    assert user("sam")["team_id"] != user("ana")["team_id"]
    sam = user("sam")["profile"]
    assert isinstance(sam, dict)
    assert "email" not in sam


def test_lookup_by_mail_finds_active_members_only(slack: WebClient, client: SandboxClient) -> None:
    assert slack.users_lookupByEmail(email="Ana@example.com")["user"]["id"] == client.user_id("ana")
    for unknown in ("dora@example.com", "sam@other.example", "nobody@example.com"):
        assert error_of(slack.users_lookupByEmail, email=unknown) == "users_not_found"


def test_lists_are_paged_by_cursor(slack: WebClient) -> None:
    pages = [page["members"] for page in slack.users_list(limit=4)]
    assert [len(page) for page in pages[:-1]] == [4] * (len(pages) - 1)
    assert len({member["id"] for page in pages for member in page}) == sum(map(len, pages))


def test_a_made_up_cursor_is_refused(slack: WebClient) -> None:
    assert error_of(slack.users_list, cursor="x") == "invalid_cursor"


def test_private_channels_are_listed_on_request_only(slack: WebClient) -> None:
    public = {channel["name"] for channel in slack.conversations_list()["channels"]}
    both = slack.conversations_list(types="public_channel,private_channel")["channels"]
    assert "random" in public
    assert "it-triage" not in public
    assert "it-triage" in {channel["name"] for channel in both}


def test_user_groups_need_a_paid_plan(slack: WebClient, client: SandboxClient) -> None:
    [group] = slack.usergroups_list(include_users=True)["usergroups"]
    assert group["users"] == [client.user_id("ben"), client.user_id("lea")]
    seed = WorkspaceSeed(
        TeamSeed(plan="free"), [UserSeed("ana", "Ana")], [ChannelSeed("general", members=["ana"])]
    )
    with running_sandbox(manifest=MANIFEST, seed=seed) as poor:
        assert error_of(web(poor).usergroups_list) == "plan_upgrade_required"


def test_an_ephemeral_reaches_one_member_only(slack: WebClient, client: SandboxClient) -> None:
    channel = client.channel_id("#it-triage")
    slack.chat_postEphemeral(channel=channel, user=client.user_id("ben"), text="only you")
    assert [e.text for e in client.ephemerals("ben")] == ["only you"]
    assert client.ephemerals("lea") == []
    assert client.messages("#it-triage") == []
    ana = client.user_id("ana")
    refusal = error_of(slack.chat_postEphemeral, channel=channel, user=ana, text="no")
    assert refusal == "user_not_in_channel"


def test_an_ephemeral_in_a_thread_is_shown_only_where_that_has_a_reply(
    slack: WebClient, client: SandboxClient
) -> None:
    channel, ben = client.channel_id("#it-triage"), client.user_id("ben")
    root = client.post("ben", "#it-triage", "a message")

    def whisper(thread_ts: str) -> list[str]:
        assert slack.chat_postEphemeral(channel=channel, user=ben, text="psst", thread_ts=thread_ts)["ok"]
        return [str(e.raw["thread_ts"]) for e in client.ephemerals("ben")]

    assert whisper(root) == []
    reply = client.post("lea", "#it-triage", "a reply", root)
    assert whisper(reply) == []
    assert whisper(root) == [root]


def test_a_custom_name_makes_a_message_without_a_user(slack: WebClient, client: SandboxClient) -> None:
    slack.chat_postMessage(
        channel=client.channel_id("#it-help"), text="hi", username="Robin", icon_emoji=":bell:"
    )
    [message] = client.messages("#it-help")
    assert (message.user, message.subtype, message.raw["username"]) == ("", "bot_message", "Robin")


def test_a_file_travels_in_three_steps(slack: WebClient, client: SandboxClient) -> None:
    channel = client.channel_id("#it-help")
    answer = slack.files_upload_v2(
        channel=channel, content="a,b\n1,2\n", filename="report.csv", title="Report"
    )
    assert client.read("file", id=answer["file"]["id"])["content"] == "a,b\n1,2\n"
    client.wait_until(lambda: client.messages("#it-help"), message="the shared file")
    [message] = client.messages("#it-help")
    assert message.subtype == "file_share"


def test_pins_bookmarks_emoji_and_permalinks_answer(slack: WebClient, client: SandboxClient) -> None:
    channel = client.channel_id("#it-help")
    ts = client.post("ana", "#it-help", "help")
    slack.pins_add(channel=channel, timestamp=ts)
    assert error_of(slack.pins_add, channel=channel, timestamp=ts) == "already_pinned"
    slack.bookmarks_add(channel_id=channel, title="Help", type="link", link="https://example.com")
    assert "deskbell" in slack.emoji_list()["emoji"]
    assert ts.replace(".", "") in slack.chat_getPermalink(channel=channel, message_ts=ts)["permalink"]
    assert slack.team_info()["team"]["id"] == slack.auth_test()["team_id"]
    assert slack.bots_info(bot=slack.auth_test()["bot_id"])["bot"]["user_id"] == client.user_id("@app")


def test_a_bot_joins_public_channels_only(slack: WebClient, client: SandboxClient) -> None:
    slack.conversations_join(channel=client.channel_id("#random"))
    assert client.user_id("@app") in client.members("#random")
    private = client.channel_id("#it-triage")
    assert error_of(slack.conversations_join, channel=private) == "method_not_supported_for_channel_type"


def test_too_many_posts_in_one_channel_are_limited() -> None:
    with running_sandbox(manifest=MANIFEST, settings={"rate_scale": 1}) as server:
        slack, channel = web(server), server.client().channel_id("#it-help")
        for number in range(4):
            slack.chat_postMessage(channel=channel, text=str(number))
        with pytest.raises(SlackApiError) as caught:
            slack.chat_postMessage(channel=channel, text="one too many")
        assert caught.value.response.status_code == 429
        assert int(caught.value.response.headers["Retry-After"]) >= 1
        assert server.client().violations() == []


def test_limits_can_count_as_violations() -> None:
    settings = {"rate_scale": 1, "count_rate_limits": True}
    with running_sandbox(manifest=MANIFEST, settings=settings) as server:
        slack = web(server)
        for _ in range(20):
            slack.usergroups_list()
        assert error_of(slack.usergroups_list) == "ratelimited"
        assert {v.kind for v in server.client().violations()} == {"ratelimited"}


@pytest.mark.parametrize(
    ("content_type", "body", "error"),
    [
        ("application/json", b"{", "invalid_json"),
        ("application/json", b"[]", "json_not_object"),
        ("application/json", b"[" * 100_000, "invalid_json"),
        ("application/json", b"\xff\xfe", "invalid_json"),
        ("application/json", b'{"limit": ' + b"9" * 5000 + b"}", "invalid_json"),
        ("text/plain", b"channel=C1", "invalid_post_type"),
        ("application/x-www-form-urlencoded", b"channel=C1&blocks=%5B", "invalid_blocks_format"),
        ("application/json", b'{"channel": 7, "text": "hi"}', "invalid_arguments"),
        ("application/json", b'{"channel": "C1", "text": {"a": 1}}', "invalid_arguments"),
    ],
)
def test_malformed_calls_get_slacks_error(
    server: SandboxServer, content_type: str, body: bytes, error: str
) -> None:
    headers = {"Content-Type": content_type, "Authorization": f"Bearer {server.bot_token}"}
    request = urllib.request.Request(f"{server.api_url}chat.postMessage", data=body, headers=headers)
    with urllib.request.urlopen(request) as response:
        answer = json.loads(response.read())
    assert (answer["ok"], answer["error"]) == (False, error)


def test_half_a_character_breaks_nothing(server: SandboxServer, client: SandboxClient) -> None:
    body = json.dumps({"channel": client.channel_id("#it-help"), "text": "half \ud83d"}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {server.bot_token}"}
    request = urllib.request.Request(f"{server.api_url}chat.postMessage", data=body, headers=headers)
    with urllib.request.urlopen(request) as response:
        assert json.loads(response.read())["ok"]
    client.post("ana", "#it-help", "whole \U0001f642, half \ud83d")
    assert [m.text for m in client.messages("#it-help")] == ["half ?", "whole \U0001f642, half ?"]


def test_the_control_api_answers_this_machine_only(server: SandboxServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", int(server.url.rpartition(":")[2]))
    connection.request("GET", "/control/workspace", headers={"Host": "evil.example"})
    assert connection.getresponse().status == 400
    connection.close()


def test_a_reset_brings_the_seed_back(slack: WebClient, client: SandboxClient) -> None:
    client.post("ana", "#it-help", "help")
    slack.chat_postMessage(channel=client.channel_id("#it-help"), text="hi")
    client.reset()
    assert client.messages("#it-help") == []
    assert client.calls() == []


def test_a_workspace_can_be_described_as_json() -> None:
    seed = WorkspaceSeed.from_dict(
        {
            "team": {"name": "Quay"},
            "users": [{"handle": "kim", "real_name": "Kim Day"}],
            "channels": [{"name": "desk", "kind": "private", "members": ["kim", "@app"]}],
        }
    )
    with running_sandbox(manifest=MANIFEST, seed=seed) as server:
        answer = web(server).conversations_list(types="private_channel")
        assert [channel["name"] for channel in answer["channels"]] == ["desk"]


def test_the_default_seed_holds_every_kind_of_person() -> None:
    handles = {user.handle for user in default_seed().users}
    assert {"ana", "ben", "lea", "maria", "root", "gus", "sam", "dora", "otherbot"} <= handles
