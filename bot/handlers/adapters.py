"""The two ways in: Socket Mode, and signed HTTP."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

import structlog
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError, SlackClientNotConnectedError
from slack_sdk.socket_mode.builtin.client import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot import failpoints
from bot.clock import monotonic
from bot.delivery.metrics import DISCONNECTS, RECONNECTS
from bot.errors import DeskbellError
from bot.failpoints import Ack
from bot.handlers.bolt import Answered, dispatch
from bot.handlers.payloads import MalformedPayload
from bot.web.slack import SlackAnswer
from bot.workflows.outcomes import Reply

log = structlog.get_logger(__name__)

Replies = Callable[[Iterable[Reply]], None]
Park = Callable[[str, dict[str, Any], str], None]
"""Keeps a payload that can never work: kind, payload, reason."""

PING_INTERVAL = 2
"""Seconds."""
SILENT_FOR = 2.5 * PING_INTERVAL
"""Seconds without an answer to a ping after which a connection counts as dead."""
RECONNECT_EVERY = 5.0
"""Seconds that a new connection is given before the next one is tried."""
LONG_DEAF = 10.0
"""Seconds without a connection after which people may have written what nobody heard."""
DRAIN_FOR = 2.0
"""Seconds that handling may go on once the process was told to stop."""
CLOSE_WITHIN = 2.0
"""Seconds that the connection may take to close once nothing is handled any more."""
CONCURRENCY = 10
RECEIVE_AT_ONCE = 1 << 16
"""Bytes; slack_sdk now and then cuts a frame that it has to read in pieces."""
MOST_OPENED, OPENED_WITHIN = 6, 30.0
"""So many connections may be opened in so many seconds: Slack may turn each of them away at once."""
TROUBLES: Mapping[str, str] = {
    "too_many_websockets": "Slack has ten connections of this app already and refuses another: stop other "
    "processes that run with the same SLACK_APP_TOKEN.",
    "link_disabled": "Socket Mode was switched off in the settings of the Slack app: switch it on again, or "
    "unset SLACK_APP_TOKEN and use signed HTTP.",
}
"""Reasons for which Slack closes a connection that somebody has to mend, and how."""
USUAL = frozenset({"refresh_requested", "warning"})


class SocketRefused(DeskbellError):
    """No Socket Mode connection could be opened."""

    FINAL = frozenset(
        {
            "invalid_auth",
            "not_authed",
            "token_revoked",
            "account_inactive",
            "not_allowed_token_type",
            "missing_scope",
            "no_permission",
            "socket_mode_disabled",
            "link_disabled",
        }
    )

    def __init__(self, reason: str) -> None:
        super().__init__(f"Socket Mode is not connected: {reason}")
        self.reason = reason

    @property
    def is_final(self) -> bool:
        """Whether another try would get the same answer."""
        return self.reason in self.FINAL


class _Client(SocketModeClient):
    """Slack's client, except that it never sleeps: who asks for a connection is told to come again."""

    def issue_new_wss_url(self) -> str:
        """Raises SlackApiError and SlackClientNotConnectedError."""
        opened: deque[float] = self.__dict__.setdefault("opened", deque(maxlen=MOST_OPENED))
        if len(opened) == MOST_OPENED and monotonic() - opened[0] < OPENED_WITHIN:
            raise SlackClientNotConnectedError("too many connections were opened in a short time")
        opened.append(monotonic())
        return str(self.web_client.apps_connections_open(app_token=self.app_token)["url"])

    def is_alive(self) -> bool:
        """Whether all threads that a connection needs are there."""
        runners = (self.current_session_runner, self.message_processor, self.current_app_monitor)
        return all(runner.is_alive() for runner in runners)

    def abandon(self) -> None:
        """Leave it without waiting for anything."""
        self.closed = True
        self.auto_reconnect_enabled = False
        self.current_session_state.terminated = True
        self.disconnect()


class SocketMode:
    """Envelopes in, acknowledgements out; connects again by itself."""

    def __init__(
        self,
        app: App,
        *,
        app_token: str,
        base_url: str,
        replies: Replies,
        park: Park,
        missed: Callable[[bool], None] = lambda _: None,
    ) -> None:
        """`missed` is called after a time without a connection, with whether it was long."""
        self._missed = missed
        self._deaf_since: float | None = None
        self._heard: tuple[str, float] | None = None
        self._heard_at = monotonic()
        self._trouble: str | None = None
        self._retry_at = 0.0
        self._app = app
        self._replies = replies
        self._park = park
        self._handling = 0
        self._is_closing = False
        self._changed = threading.Condition()
        self._app_token, self._base_url = app_token, base_url
        self.client = self._new_client()

    def _new_client(self) -> _Client:
        client = _Client(
            app_token=self._app_token,
            web_client=WebClient(
                token=self._app_token, base_url=self._base_url, timeout=10, retry_handlers=[]
            ),
            ping_interval=PING_INTERVAL,
            concurrency=CONCURRENCY,
            receive_buffer_size=RECEIVE_AT_ONCE,
            on_message_listeners=[self._on_message],
        )
        client.socket_mode_request_listeners.append(self._on_request)
        return client

    def connect(self) -> None:
        """Open the connection. Raises SocketRefused when Slack cannot be reached or says no."""
        try:
            self.client.connect()
        except (SlackApiError, OSError, http.client.HTTPException, SlackClientError) as error:
            reason = _reason(error)
            is_answer = isinstance(error, SlackApiError)
            raise SocketRefused(reason if is_answer else f"it cannot be reached ({reason})") from error
        self._heard_at = monotonic()

    def is_connected(self) -> bool:
        """Whether envelopes can arrive at the moment: connected, and something was heard lately.

        Every ping is answered, also where nobody writes. Told by the process's own clock: a machine whose
        time is set would hear for ever, or not at all.
        """
        session = self.client.current_session
        if session is None or not self.client.is_connected() or not self.client.is_alive():
            return False
        if (answered := session.last_ping_pong_time) is not None:
            heard = (session.session_id, answered)
            if heard != self._heard:
                self._heard, self._heard_at = heard, monotonic()
        return monotonic() - self._heard_at < SILENT_FOR

    def problems(self) -> list[str]:
        """What somebody has to mend, with how."""
        if self._trouble:
            return [self._trouble]
        since = self._deaf_since
        if since is None:
            return []
        return [
            f"Socket Mode has been gone for {monotonic() - since:.0f} seconds: see whether this machine "
            "reaches Slack. New connections are tried; what is written meanwhile is read back then."
        ]

    def _on_message(self, raw: str) -> None:
        """Slack greets, or asks for another connection, which the client then opens."""
        if '"hello"' not in raw and '"disconnect"' not in raw:
            return
        try:
            message = json.loads(raw)
        except ValueError:
            return
        kind = message.get("type") if isinstance(message, dict) else None
        if kind == "hello":
            self._trouble = None
        elif kind == "disconnect":
            self._asked_to_leave(str(message.get("reason")))

    def _asked_to_leave(self, reason: str) -> None:
        self._trouble = TROUBLES.get(reason)
        DISCONNECTS.labels(reason if reason in TROUBLES or reason in USUAL else "other").inc()
        tell = log.info if reason in USUAL else log.warning
        tell("Slack asks for another connection", reason=reason)

    def watch(self) -> None:
        """Called every second: notice a deaf socket, open another, tell that something may have been missed.

        The client reconnects by itself, but after a cut connection only when several pings are overdue. That
        no events come proves nothing: quiet workspaces have none.
        """
        if self._is_closing:
            return
        now = monotonic()
        if self.is_connected():
            if self._deaf_since is not None:
                self._hears_again(now - self._deaf_since)
            self._deaf_since = None
            return
        if self._deaf_since is None:
            self._deaf_since, self._retry_at = now, now + 1.0
            log.warning("the socket is deaf")
        if now >= self._retry_at:
            self._retry_at = now + RECONNECT_EVERY
            self._reconnect()

    def _hears_again(self, seconds: float) -> None:
        RECONNECTS.inc()
        log.info("the socket hears again", seconds=round(seconds, 1))
        self._missed(seconds > LONG_DEAF)

    def _reconnect(self) -> None:
        try:
            if self.client.is_alive():
                self.client.connect_to_new_endpoint(force=True)
            else:
                log.error("the threads of the socket have died; others take their place")
                self.client.abandon()
                self.client = self._new_client()
                self.client.connect()
        except (SlackApiError, OSError, http.client.HTTPException, SlackClientError) as error:
            reason = _reason(error)
            self._trouble = TROUBLES.get(reason, self._trouble)
            log.warning("Socket Mode cannot be reached", reason=reason)

    def close(self) -> None:
        """Stop the intake: what is being handled is acknowledged first, what comes now Slack repeats."""
        with self._changed:
            self._is_closing = True
            self._changed.wait_for(lambda: self._handling == 0, timeout=DRAIN_FOR)
        closing = threading.Thread(target=self._close_client, name="socket-closing", daemon=True)
        closing.start()
        closing.join(CLOSE_WITHIN)
        if closing.is_alive():
            log.warning("the socket is left to end with the process", reason="it is just connecting")

    def _close_client(self) -> None:
        """Waits for as long as slack_sdk takes to connect, if that is what it is doing."""
        self.client.auto_reconnect_enabled = False
        session = self.client.current_session
        if session is not None and session.sock is not None:
            with suppress(OSError, AttributeError):
                session.sock.shutdown(socket.SHUT_RDWR)  # else its reader keeps it until the next ping
        self.client.closed = True
        self.client.message_queue.put(None)  # else its processor waits for a second for one more message
        try:
            self.client.close()
        except AttributeError:
            # slack_sdk closes a socket that its reader has just closed and forgotten; now it is forgotten.
            self.client.close()

    def _on_request(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        with self._changed:
            if self._is_closing:
                return
            self._handling += 1
            self._heard_at = monotonic()
        try:
            self._handle(client, request)
        finally:
            with self._changed:
                self._handling -= 1
                self._changed.notify_all()

    def _handle(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        payload: object = request.payload  # declared as an object, but whatever was sent is in it
        if not isinstance(payload, dict):
            self._park("socket", {"payload": payload}, "The payload is no object.")
            _acknowledge(client, SocketModeResponse(envelope_id=request.envelope_id))
            return
        headers = _retry_headers(request)
        try:
            answered = dispatch(self._app, payload, headers)
        except MalformedPayload as error:
            self._park("socket", payload, str(error))
            answered = Answered(200, "", "text/plain", [])
        if answered.status != 200:
            log.warning("an envelope stays unacknowledged", type=request.type, status=answered.status)
            return
        response = SocketModeResponse(envelope_id=request.envelope_id, payload=_payload(request, answered))
        _acknowledge(client, response)
        self._replies(answered.after)


def _acknowledge(client: BaseSocketModeClient, response: SocketModeResponse) -> None:
    failpoints.before(Ack.SOCKET)
    client.send_socket_mode_response(response)
    failpoints.after(Ack.SOCKET)


def _reason(error: Exception) -> str:
    """Slack's word for it, if it said one."""
    if isinstance(error, SlackApiError):
        data = error.response.data if isinstance(error.response.data, dict) else {}
        return str(data.get("error", "no reason given"))
    return str(error) or type(error).__name__


def _retry_headers(request: SocketModeRequest) -> dict[str, str]:
    headers = {
        "x-slack-retry-num": request.retry_attempt,
        "x-slack-retry-reason": request.retry_reason,
    }
    return {name: str(value) for name, value in headers.items() if value}


def _payload(request: SocketModeRequest, answered: Answered) -> dict[str, Any] | None:
    if not answered.body or not request.accepts_response_payload:
        return None
    if answered.content_type.startswith("application/json"):
        body = json.loads(answered.body)
        return body if isinstance(body, dict) else None
    return {"text": answered.body}


def http_dispatcher(
    app: App, *, replies: Replies, park: Park
) -> Callable[[bytes, Mapping[str, str]], SlackAnswer]:
    """Handle verified raw bodies; what cannot be parsed is parked and acknowledged, it would never work."""

    def handle(body: bytes, headers: Mapping[str, str]) -> SlackAnswer:
        text = body.decode("utf-8", "replace")
        try:
            answered = dispatch(app, _read(text, headers.get("content-type", "")), headers)
        except MalformedPayload as error:
            park("http", {"body": text[:10_000]}, str(error))
            return SlackAnswer()
        return SlackAnswer(
            status=answered.status,
            headers={"content-type": answered.content_type},
            body=answered.body.encode(),
            after=(lambda: replies(answered.after)) if answered.after else None,
        )

    return handle


def _read(text: str, content_type: str) -> dict[str, Any]:
    """A body as Slack means it: JSON, a form with JSON in it, or the form of a command.

    Bolt's own parser takes a command for an interaction as soon as somebody writes the word "payload". Raises
    MalformedPayload.
    """
    raw = text
    if content_type.startswith("application/x-www-form-urlencoded"):
        fields = dict(parse_qsl(text, keep_blank_values=True))
        if "payload" not in fields:
            if "command" not in fields:
                raise MalformedPayload("the form", "a payload or a command")
            return dict[str, Any](fields)
        raw = fields["payload"]
    try:
        payload = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise MalformedPayload("the body", "JSON") from error
    if not isinstance(payload, dict):
        raise MalformedPayload("the body", "an object")
    return payload
