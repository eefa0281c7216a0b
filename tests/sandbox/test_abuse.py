"""What a broken or hostile app sends: Slack's error comes back, and the sandbox goes on working."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from sandbox.client import SandboxClient
from sandbox.jsontypes import JsonObject, as_object, as_text, parse, texts
from sandbox.server import SandboxServer
from tests.sandbox.apps import MANIFEST, web
from tests.sandbox.driving import MODAL
from tests.sandbox.reference import table
from tests.sandbox.reference.distil import paths
from tests.sandbox_fixture import running_sandbox

JSON = "application/json; charset=utf-8"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def shared() -> Iterator[SandboxServer]:
    with running_sandbox(manifest=MANIFEST) as running:
        yield running


@pytest.fixture
def client(shared: SandboxServer) -> SandboxClient:
    """The shared sandbox with empty logs."""
    client = shared.client()
    client.act("forget")
    return client


def _send(
    server: SandboxServer, method: str, body: bytes, content_type: str = JSON, *, token: str | None = None
) -> tuple[int, JsonObject]:
    """Status and answer of a raw call, with the bot token unless another one, or none, is given."""
    parts = urllib.parse.urlsplit(server.api_url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    bearer = server.bot_token if token is None else token
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": content_type}
    try:
        connection.request("POST", f"/api/{method}", body, headers)
        response = connection.getresponse()
        return response.status, as_object(json.loads(response.read()))
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("body", "content_type", "error"),
    [
        (b"{", JSON, "invalid_json"),
        (b"\xff\xfe", JSON, "invalid_json"),
        (b'{"text": NaN}', JSON, "invalid_json"),
        (b'{"text": 1e999}', JSON, "invalid_json"),
        (b'{"text":' + b"[" * 5000 + b"]" * 5000 + b"}", JSON, "invalid_json"),
        (b'{"a":' * 200 + b"1" + b"}" * 200, JSON, "invalid_json"),
        (b"[]", JSON, "json_not_object"),
        (b'"text"', JSON, "json_not_object"),
        (b"text=\xff", FORM, "invalid_form_data"),
        (b"nonsense", "multipart/form-data", "invalid_form_data"),
        (b"<a/>", "application/xml", "invalid_post_type"),
        (b"channel=C1", "", "missing_post_type"),
        (b"channel%5B%5D=C1&channel%5B%5D=C2", FORM, "invalid_array_arg"),
        (b"chan.nel=C1", FORM, "invalid_arg_name"),
        (b'{"": 1}', JSON, "invalid_arg_name"),
        (b"{}", "application/json; charset=latin-1", "invalid_charset"),
        (b"x" * 10_000_000, JSON, "request_too_large"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_body_that_cannot_be_read_is_answered_with_slacks_error(
    shared: SandboxServer, body: bytes, content_type: str, error: str
) -> None:
    status, answer = _send(shared, "chat.postMessage", body, content_type)
    assert (status, answer["error"]) == (200, error)


def _get(server: SandboxServer, path: str, headers: dict[str, str] | None = None) -> JsonObject:
    request = urllib.request.Request(f"{server.api_url}{path}", headers=headers or {})
    with urllib.request.urlopen(request, timeout=10) as response:
        return as_object(json.loads(response.read()))


def test_a_token_comes_in_the_header_or_in_a_form(shared: SandboxServer) -> None:
    token = f"token={shared.bot_token}"
    assert _get(shared, f"auth.test?{token}")["error"] == "not_authed"
    for body, content_type, error in (
        (token.encode(), FORM, None),
        (json.dumps({"token": shared.bot_token}).encode(), JSON, "not_authed"),
        (b"token=x&" + token.encode(), FORM, None),
    ):
        answer = _send(shared, "auth.test", body, content_type, token="")
        assert answer[1].get("error") == error


def test_an_app_token_opens_sockets_by_post_and_from_the_header_alone(shared: SandboxServer) -> None:
    header = {"Authorization": f"Bearer {shared.app_token}"}
    assert _get(shared, "apps.connections.open", header)["error"] == "insecure_request"
    body = f"token={shared.app_token}".encode()
    assert _send(shared, "apps.connections.open", body, FORM, token="")[1]["error"] == "not_authed"
    assert _send(shared, "apps.connections.open", b"", FORM)[1]["error"] == "not_allowed_token_type"


@pytest.mark.parametrize("path", ["chat.postMessag", "", "chat/postMessage", "%00", "..%2fcontrol", "🎫"])
def test_whatever_the_name_of_a_method_the_answer_has_slacks_shape(shared: SandboxServer, path: str) -> None:
    assert _get(shared, urllib.parse.quote(path, safe="/%"))["error"] == "unknown_method"


def test_of_an_argument_given_twice_the_last_counts(shared: SandboxServer, client: SandboxClient) -> None:
    channel = client.channel_id("#it-help")
    body = f"channel=C0NOWHERE&channel={channel}".encode()
    assert _send(shared, "conversations.info?channel=C0OTHER", body, FORM)[1]["ok"] is True


def test_a_method_that_takes_forms_only_ignores_json(shared: SandboxServer, client: SandboxClient) -> None:
    channel = client.channel_id("#it-help")
    body = json.dumps({"channel": channel}).encode()
    assert _send(shared, "conversations.info", body)[1]["error"] == "invalid_arguments"
    assert {v.kind for v in client.violations()} == {"unknown_argument", "invalid_arguments"}
    assert _send(shared, "conversations.info", f"channel={channel}".encode(), FORM)[1]["ok"] is True


@pytest.mark.parametrize("name", ["channel", "text", "blocks", "metadata", "thread_ts"])
def test_an_object_where_text_belongs_is_an_invalid_argument(
    shared: SandboxServer, client: SandboxClient, name: str
) -> None:
    args = {"channel": client.channel_id("#it-help"), "text": "hi", name: {"a": [1]}}
    _, answer = _send(shared, "chat.postMessage", json.dumps(args).encode())
    assert as_text(answer["error"]).startswith("invalid_")


def test_nul_and_half_characters_pass_as_text(shared: SandboxServer, client: SandboxClient) -> None:
    channel = client.channel_id("#it-help")
    body = b'{"channel": "%s", "text": "a\\u0000\\ud800b"}' % channel.encode()
    _, answer = _send(shared, "chat.postMessage", body)
    assert answer["ok"] is True
    assert as_object(answer["message"])["text"] == "a\x00?b"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(JSON_VALUES, st.sampled_from(["blocks", "attachments", "metadata", "view", "files", "channel", "ts"]))
@settings(max_examples=60, deadline=None)
def test_any_json_in_any_argument_gets_an_answer_of_slacks_shape(
    shared: SandboxServer, value: object, name: str
) -> None:
    for method in ("chat.postMessage", "views.open"):
        status, answer = _send(shared, method, json.dumps({"text": "x", name: value}).encode())
        assert (status, answer["ok"]) == (200, False)


@given(st.binary(max_size=200))
def test_whatever_bytes_come_json_is_read_or_refused(raw: bytes) -> None:
    with contextlib.suppress(ValueError):
        json.dumps(parse(raw), allow_nan=False).encode()


def test_a_view_over_250_kb_is_too_large_and_one_below_it_is_not(
    shared: SandboxServer, client: SandboxClient
) -> None:
    client.post("ana", "#it-help", "hi")
    text = {"type": "mrkdwn", "text": "x" * 2900}
    blocks = [{"type": "section", "text": text} for _ in range(90)]
    args = {"trigger_id": "none", "view": MODAL | {"blocks": blocks}}
    assert _send(shared, "views.open", json.dumps(args).encode())[1]["error"] == "view_too_large"
    args["view"] = MODAL | {"blocks": blocks[:80]}
    assert _send(shared, "views.open", json.dumps(args).encode())[1]["error"] == "invalid_trigger_id"


# -- Socket Mode ------------------------------------------------------------------------------------------


def _address(server: SandboxServer) -> str:
    request = urllib.request.Request(
        f"{server.api_url}apps.connections.open",
        data=b"",
        headers={"Authorization": f"Bearer {server.app_token}"},
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return as_text(json.loads(response.read())["url"])


@contextlib.contextmanager
def _socket(server: SandboxServer) -> Iterator[ClientConnection]:
    with connect(_address(server), max_size=None, max_queue=None, proxy=None) as websocket:
        hello = json.loads(websocket.recv(timeout=5))
        assert hello["type"] == "hello"
        yield websocket
    client = server.client()
    client.wait_until(lambda: client.sockets() == 0, message="the socket to be gone")


@pytest.mark.parametrize(
    "frame",
    ["{", "[]", '"x"', "null", "{}", '{"envelope_id": 5}', b"\x00\x01", "[" * 100_000],
    ids=lambda frame: repr(frame)[:12],
)
def test_a_frame_that_means_nothing_is_on_record_and_the_socket_goes_on(
    shared: SandboxServer, client: SandboxClient, frame: str | bytes
) -> None:
    with _socket(shared) as websocket:
        websocket.send(frame)
        client.wait_until(client.violations, message="the bad frame")
        assert [v.kind for v in client.violations()] == ["bad_frame"]
        _post_and_acknowledge(client, websocket)


def _post_and_acknowledge(client: SandboxClient, websocket: ClientConnection) -> JsonObject:
    client.post("ana", "#it-help", "still there?")
    envelope = as_object(json.loads(websocket.recv(timeout=5)))
    websocket.send(json.dumps({"envelope_id": envelope["envelope_id"]}))
    return envelope


def _keys(name: str) -> set[str]:
    """What Slack documents of a frame."""
    return set(texts(as_object(table("documented.json")["frames"])[name]))


@pytest.mark.parametrize("closing", ["refresh_requested", "link_disabled"])
def test_frames_have_only_keys_that_slack_documents(
    shared: SandboxServer, client: SandboxClient, closing: str
) -> None:
    with connect(_address(shared), proxy=None) as websocket:
        hello = as_object(json.loads(websocket.recv(timeout=5)))
        assert set(paths(hello)) <= _keys("hello")
        assert (hello["type"], hello["num_connections"]) == ("hello", 1)
        assert set(_post_and_acknowledge(client, websocket)) == _keys("envelope")
        for reason in ("warning", closing):
            client.refresh_sockets(reason)
            told = as_object(json.loads(websocket.recv(timeout=5)))
            assert (set(paths(told)), told["reason"]) == (_keys("disconnect"), reason)
        with pytest.raises(ConnectionClosed):
            websocket.recv(timeout=5)
    client.wait_until(lambda: client.sockets() == 0, message="the socket to be gone")


def test_a_ping_is_answered(shared: SandboxServer) -> None:
    with _socket(shared) as websocket:
        assert websocket.ping("are you there").wait(5)


def test_fragments_are_one_frame(shared: SandboxServer, client: SandboxClient) -> None:
    with _socket(shared) as websocket:
        websocket.send(iter(['{"envelope', '_id": "nobody', ' knows"}']))
        _post_and_acknowledge(client, websocket)
    assert client.violations() == []


def test_an_acknowledgement_twice_or_for_nothing_does_no_harm(
    shared: SandboxServer, client: SandboxClient
) -> None:
    with _socket(shared) as websocket:
        envelope = _post_and_acknowledge(client, websocket)
        websocket.send(json.dumps({"envelope_id": envelope["envelope_id"]}))
        websocket.send(json.dumps({"envelope_id": "never sent"}))
        again = _post_and_acknowledge(client, websocket)
    assert again["envelope_id"] != envelope["envelope_id"]
    assert client.violations() == []


def test_a_payload_where_none_is_accepted_is_on_record(shared: SandboxServer, client: SandboxClient) -> None:
    with _socket(shared) as websocket:
        client.post("ana", "#it-help", "hi")
        envelope = json.loads(websocket.recv(timeout=5))
        assert envelope["accepts_response_payload"] is False
        websocket.send(json.dumps({"envelope_id": envelope["envelope_id"], "payload": {"text": "x"}}))
        client.wait_until(client.violations, message="the record")
    assert [v.kind for v in client.violations()] == ["ack_payload"]


def test_an_address_of_a_socket_works_once(shared: SandboxServer) -> None:
    address = _address(shared)
    with connect(address, proxy=None) as websocket:
        websocket.recv(timeout=5)
        with pytest.raises((InvalidStatus, ConnectionClosed)), connect(address, proxy=None) as second:
            second.recv(timeout=5)


def test_the_eleventh_socket_is_told_that_there_are_too_many(
    shared: SandboxServer, client: SandboxClient
) -> None:
    client.wait_until(lambda: client.sockets() == 0, message="earlier sockets to be gone")
    with contextlib.ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(connect(_address(shared), proxy=None)).recv(timeout=5)
        for _ in range(5):
            extra = stack.enter_context(connect(_address(shared), proxy=None))
            told = json.loads(extra.recv(timeout=5))
            assert (told["type"], told["reason"]) == ("disconnect", "too_many_websockets")
        assert client.sockets() == 10
    client.wait_until(lambda: client.sockets() == 0, message="all sockets to be gone")


# -- floods, and what is kept -----------------------------------------------------------------------------


def test_a_flood_of_calls_is_answered(shared: SandboxServer, client: SandboxClient) -> None:
    slack = web(shared)
    threads = [
        threading.Thread(target=lambda: [slack.auth_test() for _ in range(25)], daemon=True) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(client.calls("auth.test")) == 100


@pytest.mark.parametrize(("content", "status"), [(b"", 400), (b"ab", 200), (b"abc", 400)])
def test_an_upload_must_have_the_length_it_was_announced_with(
    shared: SandboxServer, client: SandboxClient, content: bytes, status: int
) -> None:
    url = as_text(web(shared).files_getUploadURLExternal(filename="a.txt", length=2)["upload_url"])
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request("POST", parts.path, content, {"Content-Type": "application/octet-stream"})
        assert connection.getresponse().status == status
    finally:
        connection.close()
    assert [v.kind for v in client.violations()] == ([] if status == 200 else ["bad_upload"])


def test_a_thousand_calls_at_once_are_answered(shared: SandboxServer, client: SandboxClient) -> None:
    with ThreadPoolExecutor(50) as crowd:
        answers = list(crowd.map(lambda _: _send(shared, "auth.test", b"{}"), range(1000)))
    assert {(status, answer["ok"]) for status, answer in answers} == {(200, True)}
    assert len(client.calls("auth.test")) == 1000


def test_of_two_hundred_sockets_ten_stay_open(shared: SandboxServer, client: SandboxClient) -> None:
    client.wait_until(lambda: client.sockets() == 0, message="earlier sockets to be gone")
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(20) as crowd:
        opened = crowd.map(lambda _: connect(_address(shared), proxy=None, open_timeout=30), range(200))
        sockets = [stack.enter_context(each) for each in opened]
        kinds = Counter(json.loads(each.recv(timeout=10))["type"] for each in sockets)
        assert kinds == {"hello": 10, "disconnect": 190}
        assert client.sockets() == 10
    client.wait_until(lambda: client.sockets() == 0, message="all sockets to be gone")


def test_an_app_that_never_acknowledges_is_waited_for_and_does_no_harm() -> None:
    with running_sandbox(manifest=MANIFEST, settings={"ack_timeout": 0.2}) as server:
        client = server.client()
        with _socket(server) as websocket:
            for number in range(20):
                client.post("ana", "#it-help", f"Anybody? {number}")
            assert websocket.recv(timeout=5)
            failed = client.command("ana", "#it-help", "/probe")
            assert failed.error == "operation_timeout"
            client.wait_until(
                lambda: "ack_timeout" in {v.kind for v in client.violations()},
                message="the late app on record",
            )
        assert len(client.messages("#it-help")) == 20


def test_a_body_without_charset_is_read_and_warned_about(
    shared: SandboxServer, client: SandboxClient
) -> None:
    args = json.dumps({"channel": client.channel_id("#it-help"), "text": "hi"}).encode()
    _, warned = _send(shared, "chat.postMessage", args, "application/json")
    _, plain = _send(shared, "chat.postMessage", args)
    assert (warned["ok"], warned["warning"]) == (True, "missing_charset")
    assert "warning" not in plain


def test_a_form_needs_no_charset(shared: SandboxServer) -> None:
    for content_type, warning in ((FORM, None), (f"{FORM}; charset=utf-8", "superfluous_charset")):
        _, answer = _send(shared, "auth.test", b"", content_type)
        assert (answer["ok"], answer.get("warning")) == (True, warning)
