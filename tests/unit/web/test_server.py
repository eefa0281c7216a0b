from __future__ import annotations

import http.client
import logging
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager

import pytest

from bot.clock import real_now
from bot.web import (
    CannotListen,
    HealthReport,
    PortTaken,
    SlackAnswer,
    SlackEdge,
    WebServer,
    create_web,
    serve,
)
from bot.web.signature import sign
from bot.web.slack import BODY_LIMIT

SECRET = "a signing secret"


@contextmanager
def running(edge: SlackEdge | None = None) -> Iterator[WebServer]:
    web = create_web(health=lambda: HealthReport(ready=True), metrics=lambda: b"", slack=edge)
    server = serve(web, host="127.0.0.1", port=0)
    try:
        yield server
    finally:
        server.stop()


def request(server: WebServer, method: str, path: str, body: bytes = b"", **headers: str) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as connection:
        connection.request(method, path, body, headers)
        return connection.getresponse().status


def post_signed(server: WebServer, body: bytes) -> int:
    timestamp = str(int(real_now().timestamp()))
    headers = {
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": sign(SECRET, timestamp=timestamp, body=body),
    }
    return request(server, "POST", "/slack/events", body, **headers)


def test_a_started_server_answers_and_a_stopped_one_does_not_listen() -> None:
    with running() as server:
        assert request(server, "GET", "/health") == 200
    with pytest.raises(ConnectionRefusedError):
        request(server, "GET", "/health")


def test_a_taken_port_is_told_with_the_fix() -> None:
    web = create_web(health=lambda: HealthReport(ready=True), metrics=lambda: b"", slack=None)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port} is taken .*: stop that program, or set PORT"):
            serve(web, host="127.0.0.1", port=port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host"])
def test_an_address_of_another_machine_is_told_with_the_fix(host: str) -> None:
    web = create_web(health=lambda: HealthReport(ready=True), metrics=lambda: b"", slack=None)
    with pytest.raises(CannotListen, match="set HOST to an address of this machine"):
        serve(web, host=host, port=0)


def test_a_sender_of_a_too_large_body_gets_to_see_the_refusal() -> None:
    edge = SlackEdge(signing_secrets=(SECRET,), dispatch=lambda _body, _headers: SlackAnswer())
    with running(edge) as server:
        assert post_signed(server, b"x" * (4 * BODY_LIMIT)) == 413


def test_what_comes_after_the_answer_does_not_delay_it() -> None:
    answered, done = threading.Event(), threading.Event()

    def after() -> None:
        if answered.wait(10):
            done.set()

    edge = SlackEdge(signing_secrets=(SECRET,), dispatch=lambda _body, _headers: SlackAnswer(after=after))
    with running(edge) as server:
        assert post_signed(server, b"{}") == 200
        answered.set()
        assert done.wait(10)


def test_health_answers_while_every_thread_for_slack_is_busy() -> None:
    release, waiting = threading.Event(), threading.Semaphore(0)

    def hold(_body: bytes, _headers: Mapping[str, str]) -> SlackAnswer:
        waiting.release()
        release.wait(30)
        return SlackAnswer()

    edge = SlackEdge(signing_secrets=(SECRET,), dispatch=hold)
    with running(edge) as server:
        senders = [threading.Thread(target=post_signed, args=(server, b"{}")) for _ in range(25)]
        for sender in senders:
            sender.start()
        try:
            assert all(waiting.acquire(timeout=10) for _ in range(20))
            assert request(server, "GET", "/health") == 200
        finally:
            release.set()
            for sender in senders:
                sender.join()


def test_nothing_of_a_refused_body_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    edge = SlackEdge(signing_secrets=(SECRET,), dispatch=lambda _body, _headers: SlackAnswer())
    with running(edge) as server:
        assert request(server, "POST", "/slack/events", b'{"planted": "word"}') == 401
    assert "planted" not in caplog.text
