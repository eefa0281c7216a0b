from __future__ import annotations

import http.client
import logging
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager

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
from bot.web.patience import DEFAULT, Patience
from bot.web.signature import sign
from bot.web.slack import BODY_LIMIT

SECRET = "a signing secret"


@contextmanager
def running(edge: SlackEdge | None = None, patience: Patience = DEFAULT) -> Iterator[WebServer]:
    web = create_web(health=lambda: HealthReport(ready=True), metrics=lambda: b"", slack=edge)
    server = serve(web, host="127.0.0.1", port=0, patience=patience)
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


# --- clients that take their time ---


def slow(server: WebServer, begun: bytes) -> socket.socket:
    """A client that has sent so much, and sends no more."""
    client = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    client.sendall(begun)
    return client


def is_cut_off(client: socket.socket) -> bool:
    """Whether the server ends the connection without an answer. Waits for it."""
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


BEGUN = [b"", b"GET /hea", b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: "]
COMPLETE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"


def is_answered(client: socket.socket, rest: bytes) -> None:
    """The rest of a request for `/health/live` is sent, and answered whole."""
    client.sendall(rest)
    received = b""
    while not received.endswith(b'{"alive":true}'):
        received += (more := client.recv(4096))
        assert more, "it was cut off"
    assert received.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("begun", BEGUN)
def test_whoever_does_not_finish_a_request_in_time_is_cut_off(begun: bytes) -> None:
    with running(patience=Patience(head_within=0.1)) as server, slow(server, begun) as client:
        assert is_cut_off(client)


def test_a_byte_now_and_then_buys_no_time() -> None:
    with running(patience=Patience(head_within=0.3)) as server, slow(server, b"GET /") as client:
        client.settimeout(0.02)
        for _ in range(500):
            try:
                client.sendall(b"x")
                assert client.recv(1) == b""
                return
            except TimeoutError:
                continue
            except ConnectionError:
                return
        pytest.fail("it was never cut off")


def test_a_second_request_on_the_same_connection_has_its_own_time_and_no_more() -> None:
    with running(patience=Patience(head_within=0.3)) as server, slow(server, b"") as client:
        is_answered(client, COMPLETE)
        is_answered(client, COMPLETE)
        client.sendall(b"GET /hea")
        assert is_cut_off(client)


def test_five_hundred_slow_clients_hold_nobody_from_the_server() -> None:
    with running() as server, ExitStack() as clients:
        begun = [clients.enter_context(slow(server, b"GET /hea")) for _ in range(500)]
        assert request(server, "GET", "/health") == 200
        assert is_cut_off(begun[0])


def test_of_too_many_the_one_that_kept_waiting_longest_goes() -> None:
    with running(patience=Patience(connections=2)) as server, ExitStack() as clients:
        first, second, third = (clients.enter_context(slow(server, b"")) for _ in range(3))
        assert is_cut_off(first)
        is_answered(second, COMPLETE)
        is_answered(third, COMPLETE)


def test_a_body_that_never_ends_gives_way_and_an_answer_in_hand_does_not() -> None:
    release, is_waiting = threading.Event(), threading.Event()

    def hold(_body: bytes, _headers: Mapping[str, str]) -> SlackAnswer:
        is_waiting.set()
        release.wait(30)
        return SlackAnswer()

    edge, statuses = SlackEdge(signing_secrets=(SECRET,), dispatch=hold), []
    head = b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"
    with running(edge, Patience(connections=2)) as server:
        sender = threading.Thread(target=lambda: statuses.append(post_signed(server, b"{}")))
        sender.start()
        try:
            assert is_waiting.wait(10)
            with slow(server, head) as endless, slow(server, b"GET /") as newcomer:
                assert is_cut_off(endless)
                is_answered(newcomer, COMPLETE.removeprefix(b"GET /"))
        finally:
            release.set()
            sender.join()
    assert statuses == [200]
