"""`POST /slack/events`: all of Slack's traffic in HTTP mode."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import anyio
import anyio.to_thread
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from bot import failpoints
from bot.clock import real_now
from bot.failpoints import Ack
from bot.web.signature import verify

BODY_LIMIT = 1 << 20
"""Bytes of a request's body that are kept; Slack's own payloads stay far below."""

_DRAIN_LIMIT = 8 * BODY_LIMIT  # a too large body is read this far, so that its sender gets to see the answer
_READ_TIMEOUT = 10.0  # seconds for the whole body
_THREADS = 20


@dataclass(frozen=True)
class SlackAnswer:
    """What to answer Slack, and what to do once the answer has left (a direct reply, never a fact)."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    after: Callable[[], None] | None = None


@dataclass(frozen=True)
class SlackEdge:
    """How a request of Slack is trusted and handled.

    `dispatch` gets the verified raw body and the headers (names in lower case). It runs in a thread; what it
    raises is answered with 500, so that Slack delivers again.
    """

    signing_secrets: tuple[str, ...] = field(repr=False)
    dispatch: Callable[[bytes, Mapping[str, str]], SlackAnswer]
    now: Callable[[], float] = lambda: real_now().timestamp()


class BodyTooLarge(Exception):
    """The request's body is over the limit."""


class SlackEndpoint:
    """Receives, verifies, dispatches; owns the threads for it, so that nothing else waits for them."""

    def __init__(self, edge: SlackEdge) -> None:
        self._edge = edge
        self._handling = anyio.CapacityLimiter(_THREADS)
        self._replying = anyio.CapacityLimiter(_THREADS)

    async def __call__(self, request: Request) -> Response:
        try:
            with anyio.fail_after(_READ_TIMEOUT):
                body = await read_body(request)
        except BodyTooLarge:
            return Response(status_code=413, headers={"Connection": "close"})
        except (TimeoutError, ClientDisconnect):
            return Response(status_code=401, headers={"Connection": "close"})
        if not self._is_authentic(request, body):
            return Response(status_code=401)
        return _formality(request, body) or await self._dispatch(request, body)

    def _is_authentic(self, request: Request, body: bytes) -> bool:
        return verify(
            self._edge.signing_secrets,
            timestamp=_only(request, "x-slack-request-timestamp"),
            signature=_only(request, "x-slack-signature"),
            body=body,
            now=self._edge.now(),
        )

    async def _dispatch(self, request: Request, body: bytes) -> Response:
        headers = dict(request.headers)
        answer = await anyio.to_thread.run_sync(self._edge.dispatch, body, headers, limiter=self._handling)
        failpoints.before(Ack.HTTP)
        background = BackgroundTask(self._afterwards, answer.after)
        return Response(answer.body, answer.status, dict(answer.headers), background=background)

    async def _afterwards(self, after: Callable[[], None] | None) -> None:
        failpoints.after(Ack.HTTP)
        if after is not None:
            await anyio.to_thread.run_sync(after, limiter=self._replying)


async def read_body(request: Request, *, limit: int = BODY_LIMIT) -> bytes:
    """The body as it came, at most `limit` bytes of it in memory. Raises `BodyTooLarge`."""
    kept, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > _DRAIN_LIMIT:
            break
        if size <= limit:
            kept += chunk
    if size > limit:
        raise BodyTooLarge
    return bytes(kept)


def _only(request: Request, name: str) -> str | None:
    """A header that must come once: of two, which one was signed would be anybody's guess."""
    values = request.headers.getlist(name)
    return values[0] if len(values) == 1 else None


def _formality(request: Request, body: bytes) -> Response | None:
    """The answer when Slack only checks the address (`url_verification`, `ssl_check`)."""
    is_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    if is_form:
        # Latin-1 reads any bytes, and the one field that matters here is ASCII.
        is_check = b"ssl_check=1" in body and parse_qs(body.decode("latin-1")).get("ssl_check") == ["1"]
        return Response() if is_check else None
    challenge = _challenge(body) if b"url_verification" in body else None
    return None if challenge is None else JSONResponse({"challenge": challenge})


def _challenge(body: bytes) -> str | None:
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(payload, dict) or payload.get("type") != "url_verification":
        return None
    challenge = payload.get("challenge")
    return challenge if isinstance(challenge, str) else None
