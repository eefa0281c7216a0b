"""What a call to Slack may come to, against a server that misbehaves on demand."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from bot.delivery.client import (
    AuthRefused,
    CallFailed,
    NotSent,
    Refused,
    SlackClient,
    Unknown,
)
from bot.delivery.replies import DirectReplies
from bot.store import NetworkInsideTransaction, Store
from bot.workflows.outcomes import Reply

Answer = Callable[[BaseHTTPRequestHandler], None]


def says(status: int, body: object, **headers: str) -> Answer:
    """An answer with a JSON body, or with a string as it is."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)

    return answer


def cuts(request: BaseHTTPRequestHandler) -> None:
    """The connection is reset without a word."""
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    request.connection.close()


def stops_midway(request: BaseHTTPRequestHandler) -> None:
    """Fewer bytes than announced."""
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.wfile.write(b'{"ok": true')


class Stub:
    """A Slack that answers as it is told, and keeps what it was asked."""

    def __init__(self, server: ThreadingHTTPServer, asked: list[tuple[str, str]]) -> None:
        self._server = server
        self.asked = asked
        self.url = f"http://127.0.0.1:{server.server_address[1]}/"

    def answer(self, answer: Answer) -> None:
        self._server.RequestHandlerClass.answer = staticmethod(answer)  # type: ignore[attr-defined]  # ours

    def client(self, timeout: float = 10.0) -> SlackClient:
        return SlackClient("xoxb-test", base_url=self.url, timeout=timeout)


@pytest.fixture
def stub() -> Iterator[Stub]:
    asked: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        answer: ClassVar[Answer] = staticmethod(says(200, {"ok": True}))

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            asked.append((self.path, self.rfile.read(length).decode()))
            type(self).answer(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is inherited
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield Stub(server, asked)
    server.shutdown()
    server.server_close()
    thread.join()


CASES: list[tuple[str, Answer, type[CallFailed]]] = [
    ("429", says(429, {"ok": False, "error": "ratelimited"}, Retry_After="7"), NotSent),
    ("ratelimited with 200", says(200, {"ok": False, "error": "rate_limited"}), NotSent),
    ("definite error", says(200, {"ok": False, "error": "channel_not_found"}), Refused),
    ("missing scope", says(200, {"ok": False, "error": "missing_scope", "needed": "chat:write"}), Refused),
    ("invalid token", says(200, {"ok": False, "error": "invalid_auth"}), AuthRefused),
    ("revoked token", says(401, {"ok": False, "error": "token_revoked"}), AuthRefused),
    ("internal error", says(200, {"ok": False, "error": "internal_error"}), Unknown),
    ("fatal error", says(200, {"ok": False, "error": "fatal_error"}), Unknown),
    ("service unavailable", says(503, {"ok": False, "error": "service_unavailable"}), Unknown),
    ("request timeout", says(200, {"ok": False, "error": "request_timeout"}), Unknown),
    ("500", says(500, "oops"), Unknown),
    ("502 as HTML", says(502, "<html>Bad gateway</html>"), Unknown),
    ("HTML with 200", says(200, "<html>Welcome</html>"), Unknown),
    ("a JSON list", says(200, [1]), Unknown),
    ("an empty object", says(200, {}), Unknown),
    ("a connection reset", cuts, Unknown),
    ("half an answer", stops_midway, Unknown),
]


@pytest.mark.parametrize(("answer", "outcome"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_each_answer_is_what_slack_means_by_it(stub: Stub, answer: Answer, outcome: type[CallFailed]) -> None:
    stub.answer(answer)
    with pytest.raises(outcome):
        stub.client().call("chat.postMessage", channel="C1", text="x")
    assert len(stub.asked) == 1


def test_an_answer_that_takes_too_long_is_unknown(stub: Stub) -> None:
    gone = threading.Event()

    def hangs(_request: BaseHTTPRequestHandler) -> None:
        gone.wait(10)

    stub.answer(hangs)
    try:
        with pytest.raises(Unknown):
            stub.client(timeout=1).call("chat.postMessage", channel="C1", text="x")
    finally:
        gone.set()


def test_a_refused_connection_is_certainly_not_sent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        client = SlackClient("xoxb-test", base_url=f"http://127.0.0.1:{taken.getsockname()[1]}/")
        with pytest.raises(NotSent, match="connection refused"):
            client.call("chat.postMessage", channel="C1", text="x")


def test_a_limit_says_how_long_to_wait(stub: Stub) -> None:
    stub.answer(says(429, {"ok": False, "error": "ratelimited"}, Retry_After="7"))
    with pytest.raises(NotSent) as caught:
        stub.client().call("chat.update", channel="C1", ts="1.0", text="x")
    assert caught.value.retry_after == 7


def test_a_missing_scope_is_named(stub: Stub) -> None:
    stub.answer(says(200, {"ok": False, "error": "missing_scope", "needed": "chat:write"}))
    with pytest.raises(Refused, match="chat:write"):
        stub.client().call("chat.postMessage", channel="C1", text="x")


def test_arguments_that_are_none_are_left_out(stub: Stub) -> None:
    stub.client().call("chat.postMessage", channel="C1", text="x", thread_ts=None)
    assert json.loads(stub.asked[0][1]) == {"channel": "C1", "text": "x"}


def test_no_call_is_made_inside_a_transaction(stub: Stub, sqlite_store: Store) -> None:
    with sqlite_store.read(), pytest.raises(NetworkInsideTransaction):
        stub.client().call("auth.test")
    assert stub.asked == []


@pytest.fixture
def sqlite_store(tmp_path: object) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path}/empty.db")
    yield store
    store.close()


def test_no_message_of_a_failure_holds_the_token(stub: Stub) -> None:
    stub.answer(says(200, {"ok": False, "error": "invalid_auth"}))
    with pytest.raises(AuthRefused) as caught:
        stub.client().call("auth.test")
    assert "xoxb" not in repr(caught.value) + str(caught.value)


# --- direct replies ---


@pytest.fixture
def replies(stub: Stub) -> Iterator[DirectReplies]:
    replies = DirectReplies(stub.client(timeout=2))
    replies.start()
    yield replies
    replies.stop(5)


def _until(condition: Callable[[], object]) -> None:
    for _ in range(1000):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("It did not happen.")


def test_a_direct_reply_is_an_ephemeral_message(stub: Stub, replies: DirectReplies) -> None:
    replies.send(Reply(person_id="U1", channel="C1", text="only you", thread_ts="1.0"))
    _until(lambda: stub.asked)
    path, body = stub.asked[0]
    assert path == "/chat.postEphemeral"
    assert json.loads(body) == {"channel": "C1", "user": "U1", "thread_ts": "1.0", "text": "only you"}


def test_a_direct_reply_prefers_the_response_url(stub: Stub, replies: DirectReplies) -> None:
    url = f"{stub.url}commands/1"
    replies.send(Reply(person_id="U1", channel="C1", text="only you", response_url=url))
    _until(lambda: stub.asked)
    path, body = stub.asked[0]
    assert path == "/commands/1"
    assert json.loads(body)["response_type"] == "ephemeral"


def test_a_direct_reply_that_fails_is_not_repeated_and_stops_no_other(
    stub: Stub, replies: DirectReplies
) -> None:
    stub.answer(says(500, "oops"))
    replies.send_all([Reply(person_id="U1", channel="C1", text=text) for text in ("one", "two")])
    _until(lambda: len(stub.asked) == 2)
    assert sorted(json.loads(body)["text"] for _, body in stub.asked) == ["one", "two"]
