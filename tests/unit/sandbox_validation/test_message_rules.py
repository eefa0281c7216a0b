from __future__ import annotations

import json

import pytest

from sandbox.validation.messages import Method, live_markup, validate_message

Json = dict[str, object]

SECTION: Json = {"type": "section", "text": {"type": "mrkdwn", "text": "Hello"}}
BROKEN: Json = {"type": "section"}
MARKER: Json = {"event_type": "post", "event_payload": {"key": "k"}}
METHODS: tuple[Method, ...] = (
    "chat.postMessage",
    "chat.update",
    "chat.postEphemeral",
    "chat.scheduleMessage",
    "response_url",
)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "args",
    [
        {"text": "Hello"},
        {"text": "Hello", "blocks": [SECTION]},
        {"text": "Hello", "blocks": json.dumps([SECTION])},
        {"text": "Hello", "blocks": []},
        {"text": "Hello", "blocks": None, "attachments": None, "metadata": None, "thread_ts": None},
        {"text": "Hello", "attachments": [{"color": "#ff0000", "blocks": [SECTION]}] * 100},
        {"text": "Hello", "attachments": json.dumps([{"text": "Legacy"}])},
        {"text": "Hello", "metadata": MARKER},
        {"text": "Hello", "metadata": json.dumps(MARKER), "thread_ts": "1700000000.000100"},
        {"text": "Hello", "metadata": {"entities": []}},
        {"markdown_text": "a" * 12_000},
        {"text": "a" * 4_000},
    ],
)
def test_a_message_within_the_rules_is_accepted(args: Json, method: Method) -> None:
    assert validate_message(args, method=method) == []


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"text": " \n"}, "no_text"),
        ({"blocks": []}, "no_text"),
        ({"blocks": "[]"}, "no_text"),
        ({"attachments": []}, "no_text"),
        ({"text": 7}, "invalid_arguments"),
        ({"blocks": [SECTION]}, "missing_text_in_message"),
        ({"attachments": [{"blocks": [SECTION]}]}, "missing_text_in_message"),
        ({"text": "x", "blocks": [BROKEN]}, "invalid_blocks"),
        ({"text": "x", "blocks": [SECTION] * 51}, "invalid_blocks"),
        ({"text": "x", "blocks": "[{"}, "invalid_blocks_format"),
        ({"text": "x", "blocks": SECTION}, "invalid_blocks_format"),
        ({"text": "x", "blocks": 7}, "invalid_blocks_format"),
        ({"text": "x", "blocks": [{"type": "card"}]}, "not_supported_by_sandbox"),
        ({"text": "x", "attachments": [{}] * 101}, "too_many_attachments"),
        ({"text": "x", "attachments": "nonsense"}, "invalid_attachments"),
        ({"text": "x", "attachments": {}}, "invalid_attachments"),
        ({"text": "x", "attachments": ["nonsense"]}, "invalid_attachments"),
        ({"text": "x", "attachments": [{"blocks": [BROKEN]}]}, "invalid_blocks"),
        ({"text": "x", "metadata": "nonsense"}, "invalid_metadata_format"),
        ({"text": "x", "metadata": []}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {"event_type": "a"}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {**MARKER, "event_type": 1}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {**MARKER, "event_payload": []}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {**MARKER, "event_payload": {"a": "b" * 9_000}}}, "metadata_too_large"),
        ({"text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
        ({"markdown_text": "y", "blocks": [SECTION]}, "markdown_text_conflict"),
        ({"markdown_text": "a" * 12_001}, "msg_too_long"),
        ({"text": "x", "thread_ts": "1700000000"}, "invalid_thread_ts"),
        ({"text": "x", "thread_ts": 1700000000.0001}, "invalid_thread_ts"),
    ],
)
def test_a_breach_of_a_message_bears_slacks_error(args: Json, code: str, method: Method) -> None:
    (problem,) = validate_message(args, method=method)

    assert problem.code == code


@pytest.mark.parametrize(
    ("method", "length", "code"),
    [
        ("chat.update", 4_001, "msg_too_long"),
        ("chat.postMessage", 40_001, "message_truncated"),
        ("chat.postEphemeral", 40_001, "msg_too_long"),
        ("response_url", 40_001, "message_truncated"),
    ],
)
def test_the_length_of_text_is_limited_by_method(method: Method, length: int, code: str) -> None:
    (problem,) = validate_message({"text": "a" * length}, method=method)

    assert problem.code == code
    assert validate_message({"text": "a" * (length - 1)}, method=method) == []


def test_a_cut_or_textless_message_is_a_warning_and_an_empty_one_an_error() -> None:
    for args, is_warning in (({"text": "a" * 40_001}, True), ({"blocks": [SECTION]}, True), ({}, False)):
        (problem,) = validate_message(args, method="chat.postMessage")
        assert problem.is_warning is is_warning


def test_an_update_of_files_needs_no_text() -> None:
    assert validate_message({"file_ids": ["F1"]}, method="chat.update") == []


def test_a_broken_block_of_an_attachment_is_found_where_it_stands() -> None:
    args: Json = {"text": "x", "attachments": [{}, {"blocks": [SECTION, BROKEN]}]}

    (problem,) = validate_message(args, method="chat.postMessage")

    assert problem.pointer == "/attachments/1/blocks/1"


@pytest.mark.parametrize(
    "args",
    [
        {"text": "x", "response_type": "in_channel", "replace_original": False},
        {"text": "x", "response_type": "ephemeral", "unfurl_links": False, "unfurl_media": False},
        {"delete_original": True},
    ],
)
def test_a_response_takes_its_own_fields(args: Json) -> None:
    assert validate_message(args, method="response_url") == []


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({"text": "x", "response_type": "public"}, "invalid_arguments"),
        ({"text": "x", "replace_original": "true"}, "invalid_arguments"),
        ({"text": "x", "delete_original": True}, "invalid_arguments"),
        ({"text": "x", "channel": "C1"}, "unknown_argument"),
    ],
)
def test_a_breach_of_a_response_is_found(args: Json, code: str) -> None:
    (problem,) = validate_message(args, method="response_url")

    assert problem.code == code


def mrkdwn(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def rich(leaf: Json) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [leaf]}]}


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("<!channel> <!here|here> <!everyone>", ["<!channel>", "<!here|here>", "<!everyone>"]),
        ("<!subteam^S1> and <!subteam^S2|@ops>", ["<!subteam^S1>", "<!subteam^S2|@ops>"]),
        ({"text": "<!channel>"}, ["<!channel>"]),
        ({"markdown_text": "<!here>"}, ["<!here>"]),
        ({"blocks": [mrkdwn("<!here>")]}, ["<!here>"]),
        ({"blocks": json.dumps([mrkdwn("<!here>")])}, ["<!here>"]),
        ([mrkdwn("<!here>"), mrkdwn("<!channel>")], ["<!here>", "<!channel>"]),
        ([{"type": "context", "elements": [{"type": "mrkdwn", "text": "<!here>"}]}], ["<!here>"]),
        ([{"type": "section", "fields": [{"type": "mrkdwn", "text": "<!here>"}]}], ["<!here>"]),
        ([{"type": "markdown", "text": "<!here>"}], ["<!here>"]),
        ([rich({"type": "broadcast", "range": "channel"})], ["<!channel>"]),
        ([rich({"type": "usergroup", "usergroup_id": "S1"})], ["<!subteam^S1>"]),
        ({"attachments": [{"text": "<!here>", "pretext": "<!channel>"}]}, ["<!channel>", "<!here>"]),
        ({"attachments": [{"fields": [{"value": "<!here>"}]}]}, ["<!here>"]),
        ({"attachments": json.dumps([{"blocks": [mrkdwn("<!here>")]}])}, ["<!here>"]),
        ({"text": "@here now", "link_names": True}, ["@here"]),
        ({"text": "@channel", "parse": "full"}, ["@channel"]),
    ],
)
def test_live_mass_mentions_are_found(message: object, found: list[str]) -> None:
    assert live_markup(message) == found


@pytest.mark.parametrize(
    "message",
    [
        "&lt;!channel&gt; <@U1> <#C1> <!date^1^{date}|x> <https://example.com|here>",
        "mail me@here.example and @channel",
        {"text": "@channel"},
        {"text": "me@here.example", "link_names": True},
        [{"type": "header", "text": {"type": "plain_text", "text": "<!channel>"}}],
        [rich({"type": "text", "text": "<!channel>"})],
        [rich({"type": "user", "user_id": "U1"})],
        {"blocks": "not JSON"},
        None,
    ],
)
def test_inert_text_is_no_mass_mention(message: object) -> None:
    assert live_markup(message) == []
