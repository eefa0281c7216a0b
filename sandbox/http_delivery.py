"""Signed HTTP: the transport of apps with a request URL."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import http.client
import json
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sandbox.delivery import Answer, Outgoing
from sandbox.jsontypes import JsonObject, as_object, parse

MAX_BODY = 1_000_000
MOST_REDIRECTS = 2
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class TooManyRedirects(Exception):
    """The app sends from one address to the next; answer at the request URL itself."""


@dataclass(frozen=True)
class _Response:
    status: int
    headers: dict[str, str]
    body: bytes


class HttpDelivery:
    """Posts to one request URL, signed with version v0."""

    name = "http"

    def __init__(self, url: str, signing_secret: str) -> None:
        self._url = url
        self._secret = signing_secret
        self._pool = ThreadPoolExecutor(max_workers=32, thread_name_prefix="sandbox-http")

    async def send(self, outgoing: Outgoing, timeout: float) -> Answer:
        """Posts one envelope and reads the acknowledgement from the response."""
        body, content_type = _encode(outgoing)
        headers = {"Content-Type": content_type, "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)"}
        if outgoing.retry_attempt:
            headers["X-Slack-Retry-Num"] = str(outgoing.retry_attempt)
            headers["X-Slack-Retry-Reason"] = outgoing.retry_reason
        headers |= self._signature(body)
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._pool, _post, self._url, body, headers, timeout)
        try:
            # The socket's timeout is per read; Slack's three seconds are for the whole exchange.
            response = await asyncio.wait_for(work, timeout)
        except TimeoutError:
            return Answer("timeout", self.name)
        except TooManyRedirects as error:
            return Answer("failed", self.name, detail=str(error), reason="too_many_redirects")
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            is_tls = isinstance(getattr(error, "reason", None), ssl.SSLError)
            reason = "ssl_error" if is_tls else "connection_failed"
            return Answer("refused", self.name, detail=str(error), reason=reason)
        return _answer(response, self.name)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _signature(self, body: bytes) -> dict[str, str]:
        stamp = str(int(time.time()))
        return {
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": sign(self._secret, stamp, body),
        }


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Slack's v0 signature of a request."""
    base = f"v0:{timestamp}:".encode() + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def _encode(outgoing: Outgoing) -> tuple[bytes, str]:
    form = "application/x-www-form-urlencoded"
    if outgoing.kind == "slash_commands":
        fields = {key: _form_value(value) for key, value in outgoing.payload.items()}
        return urllib.parse.urlencode(fields).encode(), form
    if outgoing.kind == "interactive":
        return urllib.parse.urlencode({"payload": json.dumps(outgoing.payload)}).encode(), form
    return json.dumps(outgoing.payload).encode(), "application/json"


def _form_value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        return None


def _post(url: str, body: bytes, headers: dict[str, str], timeout: float) -> _Response:
    """Follows two redirects, as Slack does. Raises TooManyRedirects at the third."""
    for _ in range(MOST_REDIRECTS + 1):
        response = _post_once(url, body, headers, timeout)
        if response.status not in _REDIRECTS:
            return response
        url = urllib.parse.urljoin(url, response.headers.get("location", ""))
        if not url.startswith(("http://", "https://")):
            return response
    raise TooManyRedirects(f"more than {MOST_REDIRECTS} redirects")


def _post_once(url: str, body: bytes, headers: dict[str, str], timeout: float) -> _Response:
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310  # the operator's URL
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects())
    try:
        with opener.open(request, timeout=timeout) as response:
            return _Response(response.status, _lower(response.headers.items()), response.read(MAX_BODY))
    except urllib.error.HTTPError as error:
        with error:
            return _Response(error.code, _lower(error.headers.items()), error.read(MAX_BODY))


def _lower(items: list[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in items}


def _answer(response: _Response, via: str) -> Answer:
    if not 200 <= response.status < 300:
        may_retry = response.headers.get("x-slack-no-retry") != "1"
        return Answer("failed", via, detail=f"HTTP {response.status}", may_retry=may_retry)
    return Answer("acked", via, _ack_body(response))


def _ack_body(response: _Response) -> JsonObject:
    text = response.body.decode("utf-8", "replace").strip()
    if not text:
        return {}
    if "json" in response.headers.get("content-type", ""):
        try:
            return as_object(parse(text))
        except ValueError:
            return {"text": text}
    return {"text": text}
