from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import TypeAlias

import anyio
import httpx
import pytest
from starlette.types import ASGIApp

from bot.web import HealthReport, SlackAnswer, SlackEdge, create_web
from bot.web.signature import sign
from bot.web.slack import BODY_LIMIT

SECRET = "a signing secret"
NOW = 1_700_000_000.0
STAMP = str(int(NOW))
Headers: TypeAlias = dict[str, str] | list[tuple[str, str]]
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Desk:
    """Stands where Slack's requests are handled; remembers what came."""

    def __init__(self, answer: SlackAnswer | None = None) -> None:
        self.answer = answer or SlackAnswer()
        self.seen: list[tuple[bytes, Mapping[str, str]]] = []
        self.threads: list[str] = []

    def dispatch(self, body: bytes, headers: Mapping[str, str]) -> SlackAnswer:
        self.seen.append((body, headers))
        self.threads.append(threading.current_thread().name)
        return self.answer

    def web(self, *, secrets: tuple[str, ...] = (SECRET,)) -> ASGIApp:
        edge = SlackEdge(signing_secrets=secrets, dispatch=self.dispatch, now=lambda: NOW)
        return create_web(health=lambda: HealthReport(ready=True), metrics=lambda: b"", slack=edge)


def signed(body: bytes, **more: str) -> dict[str, str]:
    signature = sign(SECRET, timestamp=STAMP, body=body)
    return {"x-slack-request-timestamp": STAMP, "x-slack-signature": signature, **more}


def call(
    app: ASGIApp, method: str, path: str, *, body: bytes = b"", headers: Headers | None = None
) -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
            return await client.request(method, path, content=body, headers=headers)

    return anyio.run(send)


def post(app: ASGIApp, body: bytes, headers: Headers | None = None) -> httpx.Response:
    return call(app, "POST", "/slack/events", body=body, headers=headers)


def probes(ready: bool, detail: dict[str, object]) -> ASGIApp:
    report = HealthReport(ready=ready, detail=detail)
    return create_web(health=lambda: report, metrics=lambda: b"deskbell_up 1.0\n", slack=None)


@pytest.mark.parametrize(("ready", "status"), [(False, 503), (True, 200)])
def test_health_says_whether_work_is_done_and_why(ready: bool, status: int) -> None:
    answer = call(probes(ready, {"oldest_due_seconds": 0.5}), "GET", "/health")
    assert answer.status_code == status
    assert answer.json() == {"ready": ready, "oldest_due_seconds": 0.5}


def test_a_bot_that_is_not_ready_is_alive_all_the_same() -> None:
    assert call(probes(ready=False, detail={}), "GET", "/health/live").status_code == 200


def test_metrics_are_served_as_prometheus_reads_them() -> None:
    answer = call(probes(ready=True, detail={}), "GET", "/metrics")
    assert (answer.status_code, answer.text) == (200, "deskbell_up 1.0\n")
    assert answer.headers["content-type"].startswith("text/plain; version=")


def test_health_that_hangs_is_not_ready() -> None:
    hanging = threading.Event()

    def hang() -> HealthReport:
        hanging.wait(30)
        return HealthReport(ready=True)

    try:
        answer = call(create_web(health=hang, metrics=lambda: b"", slack=None), "GET", "/health")
    finally:
        hanging.set()
    assert answer.status_code == 503
    assert answer.json()["ready"] is False


def test_without_http_mode_slack_has_no_address() -> None:
    app = create_web(health=lambda: HealthReport(ready=True), metrics=lambda: b"", slack=None)
    assert post(app, b"{}", signed(b"{}")).status_code == 404


def test_a_signed_request_is_handled_in_a_thread_with_its_raw_body_and_headers() -> None:
    desk = Desk(SlackAnswer(status=200, headers={"content-type": "application/json"}, body=b'{"text":"ok"}'))
    body = "command=%2Fticket&text=caf\u00e9".encode()
    answer = post(desk.web(), body, signed(body, **FORM, **{"X-Slack-Retry-Num": "1"}))
    assert (answer.status_code, answer.json()) == (200, {"text": "ok"})
    assert answer.headers["content-type"] == "application/json"
    ((seen, headers),) = desk.seen
    assert seen == body
    assert headers["x-slack-retry-num"] == "1"
    assert desk.threads != [threading.main_thread().name]


UNAUTHENTIC: dict[str, list[tuple[str, str]]] = {
    "no headers": [],
    "no timestamp": [("x-slack-signature", sign(SECRET, timestamp=STAMP, body=b"{}"))],
    "no signature": [("x-slack-request-timestamp", STAMP)],
    "another secret": [
        ("x-slack-request-timestamp", STAMP),
        ("x-slack-signature", sign("other", timestamp=STAMP, body=b"{}")),
    ],
    "another body": [
        ("x-slack-request-timestamp", STAMP),
        ("x-slack-signature", sign(SECRET, timestamp=STAMP, body=b"{ }")),
    ],
    "an old timestamp": [
        ("x-slack-request-timestamp", str(int(NOW) - 301)),
        ("x-slack-signature", sign(SECRET, timestamp=str(int(NOW) - 301), body=b"{}")),
    ],
    "two signatures": [
        ("x-slack-request-timestamp", STAMP),
        ("x-slack-signature", sign(SECRET, timestamp=STAMP, body=b"{}")),
        ("x-slack-signature", "v0=0"),
    ],
    "two timestamps": [
        ("x-slack-request-timestamp", STAMP),
        ("x-slack-request-timestamp", "0"),
        ("x-slack-signature", sign(SECRET, timestamp=STAMP, body=b"{}")),
    ],
}


@pytest.mark.parametrize("headers", UNAUTHENTIC.values(), ids=UNAUTHENTIC.keys())
def test_a_request_that_slack_did_not_sign_gets_an_empty_401(headers: list[tuple[str, str]]) -> None:
    desk = Desk()
    answer = post(desk.web(), b"{}", headers)
    assert (answer.status_code, answer.content) == (401, b"")
    assert desk.seen == []


def test_without_a_signing_secret_nothing_is_authentic() -> None:
    desk = Desk()
    answer = post(desk.web(secrets=()), b"{}", signed(b"{}"))
    assert (answer.status_code, desk.seen) == (401, [])


@pytest.mark.parametrize(
    "body",
    [b"[]", b"123", b"{", b"[" * 20_000, b"payload=null", b"\xff\xfe", b"", b'{"type":"url_verification"}'],
)
def test_a_signed_body_of_any_shape_reaches_the_desk_untouched(body: bytes) -> None:
    desk = Desk()
    assert post(desk.web(), body, signed(body)).status_code == 200
    assert [seen for seen, _ in desk.seen] == [body]


@pytest.mark.parametrize("body", [b"[]", b"{", b"[" * 20_000, b"payload=null", b"ssl_check=1", b"\xff"])
def test_an_unsigned_body_of_any_shape_is_refused_unread(body: bytes) -> None:
    desk = Desk()
    assert post(desk.web(), body, FORM).status_code == 401
    assert desk.seen == []


@pytest.mark.parametrize(
    ("size", "status"), [(BODY_LIMIT, 200), (BODY_LIMIT + 1, 413), (9 * BODY_LIMIT, 413)]
)
def test_a_body_over_the_limit_is_refused_though_it_is_signed(size: int, status: int) -> None:
    desk = Desk()
    body = b"x" * size
    assert post(desk.web(), body, signed(body)).status_code == status
    assert len(desk.seen) == (status == 200)


def test_slack_learns_that_the_address_is_ours() -> None:
    desk = Desk()
    body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1a", "token": "x"}).encode()
    answer = post(desk.web(), body, signed(body, **{"content-type": "application/json"}))
    assert (answer.status_code, answer.json()) == (200, {"challenge": "3eZbrw1a"})
    assert desk.seen == []


def test_a_certificate_check_is_answered_and_goes_no_further() -> None:
    desk = Desk()
    body = b"token=x&ssl_check=1"
    assert post(desk.web(), body, signed(body, **FORM)).status_code == 200
    assert desk.seen == []


@pytest.mark.parametrize("body", [b"command=%2Fticket&text=ssl_check%3D1", b"text=\xff&ssl_check=10"])
def test_words_that_look_like_a_certificate_check_are_a_command(body: bytes) -> None:
    desk = Desk()
    post(desk.web(), body, signed(body, **FORM))
    assert [seen for seen, _ in desk.seen] == [body]


def test_a_message_about_url_verification_is_an_event() -> None:
    desk = Desk()
    body = json.dumps({"type": "event_callback", "event": {"text": "url_verification"}}).encode()
    post(desk.web(), body, signed(body))
    assert [seen for seen, _ in desk.seen] == [body]


def test_a_failure_while_handling_is_a_500_so_that_slack_delivers_again() -> None:
    def fail(_body: bytes, _headers: Mapping[str, str]) -> SlackAnswer:
        raise RuntimeError("the disk is full")

    edge = SlackEdge(signing_secrets=(SECRET,), dispatch=fail, now=lambda: NOW)
    app = create_web(health=lambda: HealthReport(ready=True), metrics=lambda: b"", slack=edge)
    answer = post(app, b"{}", signed(b"{}"))
    assert answer.status_code == 500
    assert "disk" not in answer.text


def test_only_post_is_taken_from_slack() -> None:
    assert call(Desk().web(), "GET", "/slack/events").status_code == 405
