"""Acknowledgements, redelivery, sockets, signed HTTP and injected faults."""

from __future__ import annotations

import asyncio
import http.client
import json
import time
import urllib.parse
from collections.abc import Callable

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from sandbox.client import SandboxClient
from sandbox.delivery import RETRY_DELAYS, Answer, Outgoing
from sandbox.http_delivery import HttpDelivery
from sandbox.jsontypes import as_object
from sandbox.server import SandboxServer
from tests.sandbox.apps import MANIFEST, bolt_app, connected, error_of, hang_up, http_listener, web
from tests.sandbox.reference import table
from tests.sandbox_fixture import running_sandbox, sandbox_process

Requests = list[SocketModeRequest]


def raw_socket(
    server: SandboxServer, seen: Requests, acks: Callable[[SocketModeRequest], bool]
) -> SocketModeClient:
    """A bare Socket Mode client that acknowledges what `acks` says."""
    socket = SocketModeClient(
        app_token=server.app_token, web_client=WebClient(server.app_token, base_url=server.api_url)
    )

    def on_request(_client: object, request: SocketModeRequest) -> None:
        seen.append(request)
        if acks(request):
            socket.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))

    socket.socket_mode_request_listeners.append(on_request)
    client = server.client()
    before = client.sockets()
    socket.connect()
    client.wait_until(lambda: client.sockets() > before, message="the socket")
    return socket


def outcomes(client: SandboxClient) -> list[list[str]]:
    return [[attempt.outcome for attempt in envelope.attempts] for envelope in client.envelopes()]


def test_an_unacknowledged_event_comes_again_and_says_so(
    server: SandboxServer, client: SandboxClient
) -> None:
    client.settings(ack_timeout=0.2)
    seen: Requests = []
    socket = raw_socket(server, seen, lambda request: bool(request.retry_attempt))
    client.post("ana", "#it-help", "hello")
    client.wait_until(lambda: client.envelopes()[0].acked, message="the second try")
    hang_up(server, socket)
    assert [(r.retry_attempt, r.retry_reason) for r in seen] == [(0, ""), (1, "timeout")]
    assert seen[0].payload["event_id"] == seen[1].payload["event_id"]
    assert outcomes(client) == [["timeout", "acked"]]
    assert [v.kind for v in client.violations()] == ["ack_timeout"]


def test_slack_gives_up_after_three_redeliveries(server: SandboxServer, client: SandboxClient) -> None:
    client.settings(ack_timeout=0.05, retry_scale=0.001)
    socket = raw_socket(server, [], lambda _request: False)
    client.post("ana", "#it-help", "hello")
    client.wait_until(lambda: outcomes(client) == [["timeout"] * 4], message="four tries")
    hang_up(server, socket)


def test_each_envelope_goes_to_one_socket(server: SandboxServer, client: SandboxClient) -> None:
    first: Requests = []
    second: Requests = []
    sockets = [raw_socket(server, seen, lambda _request: True) for seen in (first, second)]
    for number in range(6):
        client.post("ana", "#it-help", str(number))
    client.wait_until(lambda: all(e.acked for e in client.envelopes()), message="six acks")
    hang_up(server, *sockets)
    assert len(first) + len(second) == 6
    assert first
    assert second


def test_an_eleventh_socket_is_turned_away(server: SandboxServer, client: SandboxClient) -> None:
    sockets = [raw_socket(server, [], lambda _request: True) for _ in range(10)]
    eleventh = SocketModeClient(
        app_token=server.app_token,
        auto_reconnect_enabled=False,
        web_client=WebClient(server.app_token, base_url=server.api_url),
    )
    told: list[str] = []

    def listen(message: str) -> None:
        told.append(message)

    eleventh.on_message_listeners.append(listen)
    eleventh.connect()
    client.wait_until(lambda: told, message="the refusal")
    assert json.loads(told[0])["reason"] == "too_many_websockets"
    assert client.sockets() == 10
    hang_up(server, *sockets, eleventh)


def test_the_app_reconnects_after_a_refresh_and_loses_nothing(
    server: SandboxServer, client: SandboxClient
) -> None:
    seen: Requests = []
    socket = raw_socket(server, seen, lambda _request: True)
    client.refresh_sockets()
    client.post("ana", "#it-help", "hello")
    client.wait_until(lambda: client.envelopes() and client.envelopes()[0].acked, message="the event")
    hang_up(server, socket)


def test_a_cut_socket_is_no_violation_and_the_event_comes_again(
    server: SandboxServer, client: SandboxClient
) -> None:
    lost = raw_socket(server, [], lambda _request: False)
    lost.auto_reconnect_enabled = lost.default_auto_reconnect_enabled = False
    client.post("ana", "#it-help", "hello")
    client.wait_until(client.envelopes, message="the event")
    assert client.drop_sockets() == 1
    lost.close()
    seen: Requests = []
    socket = raw_socket(server, seen, lambda _request: True)
    client.redeliver()
    client.wait_until(lambda: client.envelopes()[0].acked, message="the redelivery")
    hang_up(server, socket)
    assert outcomes(client)[0][0] == "lost"
    assert client.violations() == []


def test_a_ticket_opens_one_socket_only(server: SandboxServer) -> None:
    url = WebClient(server.app_token, base_url=server.api_url).apps_connections_open(
        app_token=server.app_token
    )["url"]
    parts = urllib.parse.urlsplit(url)
    headers = {
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }  # fmt: skip
    statuses = []
    for _ in range(2):
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 0)
        connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
        statuses.append(connection.getresponse().status)
        connection.close()
    assert statuses == [101, 403]


@pytest.mark.parametrize("frame", ["nonsense", "[]", '{"envelope_id": 7}', '{"envelope_id": "unknown"}'])
def test_odd_frames_harm_nothing(server: SandboxServer, client: SandboxClient, frame: str) -> None:
    seen: Requests = []
    socket = raw_socket(server, seen, lambda _request: True)
    socket.send_message(frame)
    client.post("ana", "#it-help", "hello")
    client.wait_until(
        lambda: client.envelopes() and client.envelopes()[0].acked, message="an ack all the same"
    )
    hang_up(server, socket)


def test_duplicates_have_the_same_or_a_new_event_id(server: SandboxServer, client: SandboxClient) -> None:
    seen: Requests = []
    socket = raw_socket(server, seen, lambda _request: True)
    client.fault("duplicate_events", times=1)
    client.post("ana", "#it-help", "same id")
    client.fault("duplicate_events", times=1, same_id=False)
    client.post("ana", "#it-help", "new id")
    client.post("ana", "#it-help", "single")
    client.wait_until(lambda: len(seen) == 5, message="five deliveries")
    hang_up(server, socket)
    ids = [e.payload["event_id"] for e in client.envelopes()]
    assert ids[0] == ids[1]
    assert ids[2] != ids[3]


def test_withheld_events_come_when_the_fault_is_lifted(server: SandboxServer, client: SandboxClient) -> None:
    seen: Requests = []
    socket = raw_socket(server, seen, lambda _request: True)
    client.fault("withhold_events")
    client.post("ana", "#it-help", "hello")
    assert outcomes(client) == [[]]
    client.lift()
    client.wait_until(lambda: client.envelopes()[0].acked, message="the release")
    hang_up(server, socket)


def test_an_answer_can_be_lost_after_the_message_was_posted(slack: WebClient, client: SandboxClient) -> None:
    channel = client.channel_id("#it-help")
    client.fault("lost_answer", "chat.postMessage", times=1)
    with pytest.raises(http.client.RemoteDisconnected):
        slack.chat_postMessage(channel=channel, text="applied")
    assert [m.text for m in client.messages("#it-help")] == ["applied"]
    [call] = client.calls("chat.postMessage")
    assert (call.answered, call.fault) == (False, "lost_answer")
    assert call.applied
    slack.chat_postMessage(channel=channel, text="second")


def test_a_dropped_call_was_not_applied(slack: WebClient, client: SandboxClient) -> None:
    client.fault("drop", "chat.*", times=1)
    with pytest.raises(http.client.RemoteDisconnected):
        slack.chat_postMessage(channel=client.channel_id("#it-help"), text="never")
    assert client.messages("#it-help") == []


def test_errors_and_limits_can_be_injected(slack: WebClient, client: SandboxClient) -> None:
    channel = client.channel_id("#it-help")

    def failure() -> tuple[int, str]:
        with pytest.raises(SlackApiError) as caught:
            slack.chat_postMessage(channel=channel, text="hi")
        return caught.value.response.status_code, caught.value.response["error"]

    client.fault("ratelimited", "chat.postMessage", times=1, seconds=7)
    assert failure() == (429, "ratelimited")
    client.fault("http_error", "chat.postMessage", times=1, status=503)
    assert failure()[0] == 503
    client.fault("error", "chat.postMessage", times=1, error="internal_error", apply=True)
    assert failure() == (200, "internal_error")
    assert len(client.messages("#it-help")) == 1
    assert client.violations() == []


def test_a_fault_can_pick_its_calls_by_content(slack: WebClient, client: SandboxClient) -> None:
    channel = client.channel_id("#it-help")
    client.fault("error", "chat.postMessage", contains="unlucky", error="fatal_error")
    slack.chat_postMessage(channel=channel, text="fine")
    assert error_of(slack.chat_postMessage, channel=channel, text="unlucky") == "fatal_error"


def test_a_hanging_call_runs_into_the_clients_timeout(server: SandboxServer, client: SandboxClient) -> None:
    slow = WebClient(server.bot_token, base_url=server.api_url, timeout=1, retry_handlers=[])
    client.fault("hang", "chat.postMessage", times=1, seconds=1.3, apply=True)
    with pytest.raises(TimeoutError):
        slow.chat_postMessage(channel=client.channel_id("#it-help"), text="slow")
    assert len(client.messages("#it-help")) == 1


def test_an_outage_ends_when_it_is_lifted(slack: WebClient, client: SandboxClient) -> None:
    client.fault("outage")
    with pytest.raises(http.client.RemoteDisconnected):
        slack.auth_test()
    client.lift()
    client.fault("outage", mode="503")
    with pytest.raises(SlackApiError):
        slack.auth_test()
    client.lift()
    assert slack.auth_test()["ok"]


def test_history_can_lag_and_pages_can_shrink(slack: WebClient, client: SandboxClient) -> None:
    channel = client.channel_id("#it-help")
    for number in range(3):
        client.post("ana", "#it-help", str(number))
    client.fault("page_cap", count=1)
    assert len(slack.conversations_history(channel=channel, limit=100)["messages"]) == 1
    client.lift()
    client.fault("history_lag", seconds=30)
    assert slack.conversations_history(channel=channel)["messages"] == []
    client.skip(60)
    texts = [each["text"] for each in slack.conversations_history(channel=channel)["messages"]]
    assert texts[:3] == ["2", "1", "0"]
    client.post("ana", "#it-help", "younger")
    assert [each["text"] for each in slack.conversations_history(channel=channel)["messages"]] == texts


# -- signed HTTP --------------------------------------------------------------------------------------------


def form(body: bytes) -> dict[str, str]:
    return dict(urllib.parse.parse_qsl(body.decode()))


def test_http_requests_are_signed_and_encoded_as_slack_does() -> None:
    with http_listener() as listener, running_sandbox(manifest=MANIFEST, http_url=listener.url) as server:
        client = server.client()
        client.post("ana", "#it-help", "hello")
        client.wait_until(lambda: listener.requests, message="the event")
        assert client.command("ana", "#it-help", "/plain", "a & b").acked
        verifier = SignatureVerifier(server.signing_secret)
        assert all(verifier.is_valid_request(body, headers) for headers, body in listener.requests)
    (event_headers, event), (_, command) = listener.requests
    assert event_headers["content-type"] == "application/json"
    assert json.loads(event)["event"]["text"] == "hello"
    assert form(command)["text"] == "a & b"
    assert form(command)["is_enterprise_install"] == "false"


def test_http_answers_decide_over_retries() -> None:
    with http_listener() as listener, running_sandbox(manifest=MANIFEST, http_url=listener.url) as server:
        client = server.client()
        listener.answers += [(500, {}, b""), (200, {}, b""), (503, {"X-Slack-No-Retry": "1"}, b"")]
        client.post("ana", "#it-help", "retried")
        client.wait_until(lambda: outcomes(client) == [["failed", "acked"]], message="the retry")
        client.post("ana", "#it-help", "not retried")
        client.wait_until(lambda: len(listener.requests) == 3, message="the last event")
        client.wait_until(lambda: outcomes(client)[1] == ["failed"], message="the refusal")
    headers = [request[0] for request in listener.requests]
    assert "x-slack-retry-num" not in headers[0]
    assert (headers[1]["x-slack-retry-num"], headers[1]["x-slack-retry-reason"]) == ("1", "http_error")


@pytest.mark.parametrize(
    ("hops", "outcome", "reason"), [(2, "acked", ""), (3, "failed", "too_many_redirects")]
)
def test_two_redirects_are_followed(hops: int, outcome: str, reason: str) -> None:
    with http_listener() as listener:
        listener.answers += [(302, {"Location": "/slack/events"}, b"")] * hops
        answer = sent(listener.url)
    assert (answer.outcome, answer.reason) == (outcome, reason)
    assert {body for _, body in listener.requests} == {b'{"type": "x"}'}


def test_a_certificate_that_fails_is_told_as_such() -> None:
    with http_listener() as listener:
        answer = sent(listener.url.replace("http://", "https://"))
    assert (answer.outcome, answer.retry_reason) == ("refused", "ssl_error")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer("timeout"), "http_timeout"),
        (Answer("failed"), "http_error"),
        (Answer("refused"), "connection_failed"),
        (Answer("lost"), "connection_failed"),
    ],
)
def test_a_redelivery_says_why_it_comes(answer: Answer, reason: str) -> None:
    assert answer.retry_reason == reason


def test_events_come_again_at_once_after_a_minute_and_after_five() -> None:
    assert RETRY_DELAYS == (0, 60, 300)


def sent(url: str) -> Answer:
    """How one event fares at this request URL."""
    delivery = HttpDelivery(url, "secret")
    try:
        return asyncio.run(delivery.send(Outgoing("E", "events_api", {"type": "x"}), 3))
    finally:
        delivery.close()


def test_the_body_of_an_http_answer_replies_to_the_command() -> None:
    with http_listener() as listener, running_sandbox(manifest=MANIFEST, http_url=listener.url) as server:
        client = server.client()
        answer = json.dumps({"text": "hello"}).encode()
        listener.answers.append((200, {"Content-Type": "application/json"}, answer))
        assert client.command("ana", "#it-help", "/probe").text == "hello"
        listener.answers.append((500, {}, b""))
        assert client.command("ana", "#it-help", "/probe").error == "dispatch_failed"


def test_a_request_url_is_verified_by_its_challenge() -> None:
    with http_listener() as listener, running_sandbox(manifest=MANIFEST) as server:
        client = server.client()
        client.deliver_to(listener.url)
        assert not client.verify_url()
        asked = json.loads(listener.requests[0][1])
        assert sorted(asked) == as_object(table("documented.json")["frames"])["url_verification"]
        with connected(server, bolt_app(server)):
            client.deliver_to()
            assert client.verify_url()


def test_a_closed_port_is_a_failed_connection() -> None:
    with running_sandbox(manifest=MANIFEST, http_url="http://127.0.0.1:9/slack/events") as server:
        client = server.client()
        assert client.command("ana", "#it-help", "/probe").error == "dispatch_failed"
        assert client.violations() == []


# -- as a process -------------------------------------------------------------------------------------------


def test_the_sandbox_runs_as_a_process_and_announces_itself(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    directory = tmp_path_factory.mktemp("sandbox")
    with sandbox_process(directory, manifest=MANIFEST) as process:
        slack = WebClient(process.bot_token, base_url=process.api_url)
        assert slack.auth_test()["ok"]
        process.client().post("ana", "#it-help", "hello")


def test_a_thread_of_400_replies_is_read_at_once() -> None:
    with running_sandbox(manifest=MANIFEST) as server:
        client, slack = server.client(), web(server)
        parent = client.post("ana", "#it-help", "start")
        for number in range(400):
            client.post("ana", "#it-help", str(number), thread_ts=parent)
        started = time.monotonic()
        slack.conversations_replies(channel=client.channel_id("#it-help"), ts=parent, limit=500)
        assert time.monotonic() - started < 1
        assert as_object(client.workspace()["team"])["name"] == "Harbour"
