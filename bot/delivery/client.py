"""The one place where Slack is called, and what may come of a call."""

from __future__ import annotations

import http.client
import json
import logging
import re
import socket
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, Final

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web import SlackResponse

from bot import failpoints
from bot.delivery.metrics import CALLS
from bot.errors import DeskbellError
from bot.failpoints import Call
from bot.store import refuse_inside_transaction

SLACK_API: Final = "https://slack.com/api/"
HTTP_TIMEOUT: Final = 10.0
"""Seconds that one call may take."""

_AUTH: Final = frozenset(
    {
        "not_authed",
        "invalid_auth",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "not_allowed_token_type",
        "team_access_not_granted",
        "org_login_required",
        "two_factor_setup_required",
    }
)
_RATE: Final = frozenset({"ratelimited", "rate_limited"})
# Slack says of these that some aspect of the operation may have succeeded.
_UNSURE: Final = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
)
_CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]*")
# slack_sdk logs each failed call, with its address; the sender says what matters, once.
_SILENT: Final = logging.getLogger("bot.delivery.slack_sdk")
_SILENT.setLevel(logging.CRITICAL + 1)

Args = Mapping[str, object]
Answer = dict[str, Any]


class CallFailed(DeskbellError):
    """A call to Slack did not succeed."""


class NotSent(CallFailed):
    """It certainly had no effect: Slack was not reached, or said to come back in `retry_after` seconds."""

    def __init__(self, error: str, retry_after: float | None = None) -> None:
        self.error = error
        self.retry_after = retry_after
        super().__init__(f"Slack was not reached ({error}); the call is made again later.")


class Refused(CallFailed):
    """Slack answered with a definite error: it had no effect, and repeating it is pointless."""

    def __init__(self, error: str, *, needed: str | None = None, detail: str = "") -> None:
        self.error = error
        self.needed = needed
        self.detail = detail
        hint = f"; add the scope {needed} and install the app again" if needed else ""
        super().__init__(f"Slack refused the call ({error}{f': {detail}' if detail else ''}){hint}.")


class AuthRefused(CallFailed):
    """Slack does not accept the bot's token."""

    def __init__(self, error: str) -> None:
        self.error = error
        super().__init__(f"Slack does not accept the bot token ({error}); check SLACK_BOT_TOKEN.")


class Unknown(CallFailed):
    """It may or may not have had an effect."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"Nobody knows whether Slack did it ({reason}); delivery looks before it repeats.")


class SlackClient:
    """Calls Slack once, without silent retries, never inside a transaction. Used from any thread."""

    def __init__(
        self,
        token: str,
        *,
        base_url: str = SLACK_API,
        timeout: float = HTTP_TIMEOUT,
        dated: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`dated` is given the Date header of each answer."""
        self.timeout = timeout
        self._dated = dated
        self._web = WebClient(
            token=token, base_url=base_url, timeout=_whole(timeout), retry_handlers=[], logger=_SILENT
        )

    def call(self, method: str, **args: object) -> Answer:
        """Slack's answer to one call; arguments that are None are left out.

        Raises NotSent, Refused, AuthRefused or Unknown.
        """
        refuse_inside_transaction()
        given = {name: value for name, value in args.items() if value is not None}
        try:
            answer = self._send(method, given)
        except CallFailed as failure:
            CALLS.labels(method, type(failure).__name__.lower()).inc()
            raise
        CALLS.labels(method, "ok").inc()
        return answer

    def _send(self, method: str, args: dict[str, object]) -> Answer:
        # Reading methods take forms only; the writing ones take JSON, which keeps nested values whole.
        body: dict[str, Any] = {"json": args} if method.startswith(("chat.", "views.")) else {"params": args}
        try:
            failpoints.before(method)
            response = self._web.api_call(method, **body)
            failpoints.after(method)
        except SlackApiError as error:
            self._dated(_header(error.response.headers, "date"))
            raise classify(error.response) from error
        except urllib.error.URLError as error:
            raise _unreached(error) from error
        except (OSError, http.client.HTTPException) as error:
            raise Unknown(type(error).__name__) from error
        except (ValueError, AttributeError, SlackRequestError) as error:
            raise Unknown("the answer could not be read") from error
        self._dated(_header(response.headers, "date"))
        return dict(response.data) if isinstance(response.data, dict) else {}

    def upload(self, url: str, content: bytes) -> None:
        """Post the bytes of a file to an upload_url, once; it has its own right in it and gets no token.

        Raises NotSent, Refused or Unknown.
        """
        self._post(url, content, "application/octet-stream", refusal="invalid_upload_url", at=Call.UPLOAD)

    def respond(self, url: str, body: Args) -> None:
        """Post to a response_url, once. Raises NotSent, Refused or Unknown."""
        data = json.dumps(dict(body)).encode()
        kind = "application/json; charset=utf-8"
        self._post(url, data, kind, refusal="invalid_response_url", at=Call.RESPOND)

    def _post(self, url: str, data: bytes, content_type: str, *, refusal: str, at: Call) -> None:
        """Post to an address that Slack gave out, without a token."""
        refuse_inside_transaction()
        if urllib.parse.urlsplit(url).scheme not in ("https", "http"):
            raise Refused(refusal)
        headers = {"Content-Type": content_type}
        request = urllib.request.Request(url, data=data, headers=headers, method="POST")  # noqa: S310 - checked
        try:
            failpoints.before(at)
            with urllib.request.urlopen(request, timeout=self.timeout) as response:  # noqa: S310 - checked
                response.read()
            failpoints.after(at)
        except urllib.error.HTTPError as error:
            with error:
                raise (Unknown if error.code >= 500 else Refused)(f"http_{error.code}") from error
        except urllib.error.URLError as error:
            raise _unreached(error) from error
        except (OSError, http.client.HTTPException) as error:
            raise Unknown(type(error).__name__) from error


def classify(response: SlackResponse) -> CallFailed:
    """Which kind of failure an answer is; what is not certainly refused is unknown."""
    status = int(response.status_code)
    data = response.data if isinstance(response.data, dict) else {}
    error = str(data.get("error") or f"http_{status}")
    if status == 429 or error in _RATE:
        return NotSent("ratelimited", _retry_after(response.headers))
    if status >= 500 or error in _UNSURE or not _CODE.fullmatch(error) or "error" not in data:
        return Unknown(error if _CODE.fullmatch(error) else f"http_{status}, no JSON")
    if error in _AUTH:
        return AuthRefused(error)
    return Refused(error, needed=_words(data.get("needed")), detail=_detail(data))


def _unreached(error: urllib.error.URLError) -> CallFailed:
    reason = error.reason
    if isinstance(reason, ConnectionRefusedError):
        return NotSent("connection refused")
    if isinstance(reason, socket.gaierror):
        return NotSent("its name could not be looked up")
    if isinstance(reason, ssl.SSLCertVerificationError):
        return NotSent("its certificate is not valid")
    return Unknown(type(reason).__name__ if isinstance(reason, Exception) else "connection failed")


def _retry_after(headers: Mapping[str, str]) -> float:
    try:
        return max(0.0, float(_header(headers, "retry-after")))
    except ValueError:
        return 1.0


def _header(headers: Mapping[str, str], wanted: str) -> str:
    return next((value for name, value in headers.items() if name.lower() == wanted), "")


def _detail(data: Mapping[str, object]) -> str:
    """What Slack found wrong in the arguments: positions and rules, not what people wrote."""
    metadata = data.get("response_metadata")
    messages = metadata.get("messages") if isinstance(metadata, dict) else None
    return "; ".join(str(message) for message in messages)[:500] if isinstance(messages, list) else ""


def _words(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _whole(seconds: float) -> int:
    return max(1, round(seconds))
