"""Uploads as Slack treats them: three steps, some processing, and then they can be shown."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from urllib.parse import urlsplit

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.client import SandboxClient
from sandbox.jsontypes import JsonObject, as_text
from sandbox.server import SandboxServer
from tests.sandbox.apps import MANIFEST, error_of, manifest_without, web
from tests.sandbox_fixture import QUICK, running_sandbox

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.fixture
def slow() -> Iterator[SandboxServer]:
    """A sandbox that never ends processing what it was sent."""
    with running_sandbox(manifest=MANIFEST, settings={**QUICK, "file_processing": 3600.0}) as running:
        yield running


def send(url: str, content: bytes, **headers: str) -> int:
    request = urllib.request.Request(url, data=content, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def uploaded(slack: WebClient, content: bytes = PNG, *, name: str = "chart.png", alt: str = "A chart") -> str:
    """A file whose bytes have arrived, not yet completed."""
    answer = slack.files_getUploadURLExternal(filename=name, length=len(content), alt_txt=alt)
    assert send(answer["upload_url"], content) == 200
    return as_text(answer["file_id"])


def completed(slack: WebClient, content: bytes = PNG, *, name: str = "chart.png") -> str:
    file_id = uploaded(slack, content, name=name)
    slack.files_completeUploadExternal(files=[{"id": file_id, "title": "Chart"}])
    return file_id


def processed(client: SandboxClient, slack: WebClient, file_id: str) -> JsonObject:
    return client.wait_until(
        lambda: (file := slack.files_info(file=file_id)["file"])["mimetype"] and file,
        message="the file to be processed",
    )


def showing(file_id: str) -> list[JsonObject]:
    return [{"type": "image", "alt_text": "A chart", "slack_file": {"id": file_id}}]


def get(server: SandboxServer, path: str) -> tuple[int, str, bytes]:
    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.getheader("content-type") or "", answer.read()
    finally:
        connection.close()


def test_an_upload_without_a_channel_stays_private(slack: WebClient, client: SandboxClient) -> None:
    file_id = completed(slack)
    file = processed(client, slack, file_id)
    assert (file["channels"], file["is_public"], file["title"]) == ([], False, "Chart")
    assert (file["mimetype"], file["filetype"], file["alt_txt"]) == ("image/png", "png", "A chart")
    assert client.file(file_id) == PNG
    assert [message for room in ("#it-help", "#it-triage") for message in client.messages(room)] == []


def test_a_processed_picture_can_be_shown_in_a_message(slack: WebClient, client: SandboxClient) -> None:
    file_id = completed(slack)
    processed(client, slack, file_id)
    channel = client.channel_id("#it-managers")
    ts = slack.chat_postMessage(channel=channel, text="The digest", blocks=showing(file_id))["ts"]
    slack.chat_update(channel=channel, ts=ts, text="The digest", blocks=showing(file_id))
    [message] = client.messages("#it-managers")
    assert [block["slack_file"] for block in message.blocks] == [{"id": file_id}]
    assert client.violations() == []


def test_until_it_is_processed_nothing_is_known_of_it_and_no_block_may_show_it(slow: SandboxServer) -> None:
    slack, client = web(slow), slow.client()
    file_id = completed(slack)
    assert slack.files_info(file=file_id)["file"]["mimetype"] == ""
    channel = client.channel_id("#it-managers")
    with pytest.raises(SlackApiError) as refused:
        slack.chat_postMessage(channel=channel, text="The digest", blocks=showing(file_id))
    assert refused.value.response["error"] == "invalid_blocks"
    assert refused.value.response["response_metadata"]["messages"] == [
        "[ERROR] invalid slack file [json-pointer:/blocks/0/slack_file]"
    ]
    assert [violation.kind for violation in client.violations()] == ["invalid_blocks"]
    assert get(slow, f"/files/{file_id}/picture")[0] == 404


@pytest.mark.parametrize("file_id", ["F0UNKNOWN00", "https://example.org/x.png"])
def test_a_block_that_names_no_file_is_refused(slack: WebClient, client: SandboxClient, file_id: str) -> None:
    channel = client.channel_id("#it-managers")
    refusal = error_of(slack.chat_postMessage, channel=channel, text="Look", blocks=showing(file_id))
    assert refusal == "invalid_blocks"


def test_a_file_that_is_no_picture_cannot_be_shown(slack: WebClient, client: SandboxClient) -> None:
    file_id = completed(slack, b"a,b\n1,2\n", name="chart.png")
    processed(client, slack, file_id)
    channel = client.channel_id("#it-managers")
    assert error_of(slack.chat_postMessage, channel=channel, text="Look", blocks=showing(file_id)) == (
        "invalid_blocks"
    )


def test_pictures_inside_of_other_blocks_and_attachments_are_looked_at_too(
    slack: WebClient, client: SandboxClient
) -> None:
    channel = client.channel_id("#it-managers")
    inner = {"type": "image", "alt_text": "A chart", "slack_file": {"id": "F0UNKNOWN00"}}
    context = [{"type": "context", "elements": [inner]}]
    for content in ({"blocks": context}, {"attachments": [{"blocks": context}]}):
        assert error_of(slack.chat_postMessage, channel=channel, text="Look", **content) == "invalid_blocks"


def test_an_upload_is_completed_once(slack: WebClient) -> None:
    file_id = completed(slack)
    assert error_of(slack.files_completeUploadExternal, files=[{"id": file_id}]) == "file_not_found"


def test_what_never_arrived_cannot_be_completed(slack: WebClient) -> None:
    answer = slack.files_getUploadURLExternal(filename="chart.png", length=10)
    assert error_of(slack.files_completeUploadExternal, files=[{"id": answer["file_id"]}]) == "file_not_found"
    assert error_of(slack.files_info, file=answer["file_id"]) == "file_not_found"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"filename": "chart.png", "length": 0}, "missing_argument"),
        ({"filename": "chart.png", "length": 10, "alt_txt": "x" * 1001}, "alt_txt_too_large"),
    ],
)
def test_a_wrong_announcement_is_refused(slack: WebClient, arguments: JsonObject, error: str) -> None:
    assert error_of(slack.files_getUploadURLExternal, **arguments) == error


@pytest.mark.parametrize("files", [[], ["F0"], "F0"])
def test_completing_needs_a_list_of_files(slack: WebClient, files: object) -> None:
    complete = partial(slack.api_call, "files.completeUploadExternal")
    assert error_of(complete, json={"files": files}) == "invalid_arguments"


def test_other_bytes_than_announced_are_refused(slack: WebClient, client: SandboxClient) -> None:
    answer = slack.files_getUploadURLExternal(filename="chart.png", length=10)
    assert send(answer["upload_url"], b"too short") == 400
    assert [violation.kind for violation in client.violations()] == ["bad_upload"]


def test_the_token_has_no_business_at_an_upload_url(slack: WebClient, client: SandboxClient) -> None:
    answer = slack.files_getUploadURLExternal(filename="chart.png", length=len(PNG))
    assert send(answer["upload_url"], PNG, Authorization="Bearer xoxb") == 200
    assert [violation.kind for violation in client.violations()] == ["token_leaked"]


def test_an_upload_can_fail(slack: WebClient, client: SandboxClient) -> None:
    client.fault("http_error", "upload", status=502, times=1)
    answer = slack.files_getUploadURLExternal(filename="chart.png", length=len(PNG))
    assert send(answer["upload_url"], PNG) == 502
    assert send(answer["upload_url"], PNG) == 200
    assert [call.fault for call in client.calls("upload")] == ["http_error", ""]


@pytest.mark.parametrize(
    ("scope", "method"),
    [("files:write", "files_getUploadURLExternal"), ("files:read", "files_info")],
)
def test_files_need_their_scopes(scope: str, method: str) -> None:
    arguments: JsonObject = {"file": "F0"} if method == "files_info" else {"filename": "a.png", "length": 1}
    with running_sandbox(manifest=manifest_without(scopes=(scope,))) as server:
        assert error_of(getattr(web(server), method), **arguments) == "missing_scope"


def test_the_page_is_given_pictures_and_nothing_else(
    server: SandboxServer, slack: WebClient, client: SandboxClient
) -> None:
    picture, page = completed(slack), completed(slack, b"<script>alert(1)</script>", name="page.png")
    for file_id in (picture, page):
        processed(client, slack, file_id)
    assert get(server, f"/files/{picture}/picture") == (200, "image/png", PNG)
    assert get(server, f"/files/{page}/picture")[0] == 404
    assert get(server, "/files/F0UNKNOWN00/picture")[0] == 404


def test_any_other_file_is_a_download_that_no_browser_shows(
    server: SandboxServer, slack: WebClient, client: SandboxClient
) -> None:
    content = b"<script>alert(1)</script>"
    file_id = completed(slack, content, name='Übersicht "neu".html')
    processed(client, slack, file_id)
    with urllib.request.urlopen(f"{server.url}/files/{file_id}/download", timeout=10) as answer:
        headers, body = answer.headers, answer.read()
    assert body == content
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"] == "attachment; filename*=UTF-8''%C3%9Cbersicht%20%22neu%22.html"
    assert headers["x-content-type-options"] == "nosniff"
