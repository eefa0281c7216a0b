"""Bolt, wired to the handlers: one listener for each kind of traffic, tables decide the rest.

`process_before_response` makes the acknowledgement leave after the commit: a listener that raises leaves an
event unacknowledged, and Slack delivers it again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt import App, BoltContext, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot.clock import monotonic
from bot.delivery.metrics import EVENTS_LIMITED, HANDLED, REDELIVERIES
from bot.handlers.answers import Ack, told
from bot.handlers.commands import on_command
from bot.handlers.context import Handling
from bot.handlers.events import on_event
from bot.handlers.interactions import FIRST_FIELD, on_button, on_form, on_shortcut
from bot.handlers.payloads import MalformedPayload, Payload, optional
from bot.store import StoreUnavailable, TooMuchToStore
from bot.surfaces import forms, notices, sentences
from bot.surfaces.ids import CallbackId, FormContextError
from bot.workflows.outcomes import Reply

log = structlog.get_logger(__name__)

ANYTHING = re.compile(r"[\s\S]*")
AFTER = "deskbell_after"
"""Where a request carries the direct replies that are made once its acknowledgement has left."""

RETRY_REASONS = frozenset(
    {
        "http_timeout",
        "http_error",
        "connection_failed",
        "ssl_error",
        "too_many_redirects",
        "unknown_error",
        "timeout",
    }
)
"""Slack's own words; others are not counted by name."""
UNROUTABLE = 422
"""Our own status for a payload that Bolt cannot route."""
BOLT_STUMBLES = (TypeError, AttributeError, KeyError, IndexError, ValueError, RecursionError)
"""What Bolt raises on a payload whose parts are of the wrong kind; what a listener raises it catches."""

Handler = Callable[[Handling, Payload], Ack]


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who the bot is, from the directory: listeners never wait for `auth.test`."""

    team_id: str
    bot_id: str
    bot_user_id: str
    bot_token: str


class NotReady(Exception):
    """The bot does not know yet who it is."""


def build_bolt(handling: Handling, identity: Callable[[], Identity | None]) -> App:
    """The Bolt application. Requests are verified before they get here."""

    def authorize(**_arguments: object) -> AuthorizeResult:
        who = identity()
        if who is None:
            raise NotReady
        return AuthorizeResult(
            enterprise_id=None,
            team_id=who.team_id,
            bot_id=who.bot_id,
            bot_user_id=who.bot_user_id,
            bot_token=who.bot_token,
        )

    app = App(
        name="deskbell",  # Bolt would read its callers' source files to find one
        process_before_response=True,
        request_verification_enabled=False,
        authorize=authorize,
        client=WebClient(retry_handlers=[], timeout=2),
        logger=_logger(),
    )
    app.use(_limits(handling))
    app.error(_on_error)
    app.event(ANYTHING)(_listener(handling, "event", on_event))
    app.command(ANYTHING)(_listener(handling, "command", on_command))
    app.action(ANYTHING)(_listener(handling, "action", on_button))
    app.shortcut(ANYTHING)(_listener(handling, "shortcut", on_shortcut))
    app.view(ANYTHING)(_listener(handling, "form", on_form))
    app.view_closed(ANYTHING)(_listener(handling, "view_closed", lambda _handling, _payload: Ack()))
    return app


def _limits(handling: Handling) -> Callable[..., BoltResponse]:
    """Slack left events out because there were too many, and says so outside of any event.

    https://docs.slack.dev/reference/events/app_rate_limited/
    """

    def listen(body: dict[str, Any], next: Callable[[], BoltResponse]) -> BoltResponse:  # noqa: A002
        if body.get("type") != "app_rate_limited":
            return next()
        log.warning("Slack left out events because there were too many; they are read back")
        EVENTS_LIMITED.inc()
        handling.missed()
        return BoltResponse(status=200, body="")

    return listen


def _on_error(error: Exception) -> BoltResponse:
    """What a listener raises leaves the request unacknowledged; what Bolt stumbles over can never work."""
    if isinstance(error, StoreUnavailable | NotReady):
        return BoltResponse(status=503)
    log.warning("a payload cannot be routed", reason=f"{type(error).__name__}: {error}")
    return BoltResponse(status=UNROUTABLE)


def _logger() -> logging.Logger:
    """Bolt warns about tokens in the environment and logs bodies; errors are all that is wanted of it."""
    logger = logging.getLogger("slack_bolt.deskbell")
    logger.setLevel(logging.ERROR)
    return logger


def _listener(handling: Handling, kind: str, handler: Handler) -> Callable[..., BoltResponse]:
    def listen(body: dict[str, Any], context: BoltContext) -> BoltResponse:
        with _timed(kind):
            ack = guarded(handling, kind, handler, body)
        after: list[Reply] = context.get(AFTER, [])
        after.extend(ack.after)
        return _response(ack)

    return listen


@contextmanager
def _timed(kind: str) -> Iterator[None]:
    begun, result = monotonic(), "unacknowledged"
    try:
        yield
        result = "acknowledged"
    finally:
        HANDLED.labels(kind, result).observe(monotonic() - begun)


def _response(ack: Ack) -> BoltResponse:
    if ack.body is None:
        return BoltResponse(status=200, body="")
    return BoltResponse(
        status=200, body=json.dumps(ack.body), headers={"content-type": ["application/json;charset=utf-8"]}
    )


def guarded(handling: Handling, kind: str, handler: Handler, body: Payload) -> Ack:
    """Run a handler at the edge of the process: what can never work is parked, with a word to the person.

    Raises StoreUnavailable for an event, so that it stays unacknowledged.
    """
    try:
        return handler(handling, body)
    except (MalformedPayload, FormContextError, TooMuchToStore) as error:
        log.warning("a payload was parked", kind=kind, reason=str(error))
        handling.intake.park(kind, digest(body), {"body": dict(body)}, str(error))
        return _sorry(kind, body, sentences.Answer.MALFORMED)
    except StoreUnavailable as error:
        log.warning("the database cannot be used", kind=kind, reason=str(error))
        if kind not in ("command", "form"):
            # Unacknowledged: Slack delivers an event again, and shows that a button did not work.
            raise
        return _sorry(kind, body, sentences.Answer.TEMPORARY)
    except Exception as error:
        reference = secrets.token_hex(4)
        log.exception("a gesture failed", kind=kind, reference=reference)
        handling.intake.park(
            kind, digest(body), {"body": dict(body)}, f"{type(error).__name__} ({reference})"
        )
        return _sorry(kind, body, sentences.Answer.TEMPORARY)


def digest(body: Payload) -> str:
    """What names a payload without a key of its own: its content, less what changes with each delivery."""
    changing = {"event_id", "event_time", "token", "authorizations", "event_context"}
    stable = {key: value for key, value in body.items() if key not in changing}
    return hashlib.sha256(json.dumps(stable, sort_keys=True, default=str).encode()).hexdigest()[:32]


def _sorry(kind: str, body: Payload, answer: sentences.Answer) -> Ack:
    """Say that it did not work: in the acknowledgement where there is room, else directly."""
    sentence = sentences.refusal(answer)
    if kind == "command":
        return told(notices.told(sentence))
    if kind == "form":
        return _keep_form(body, sentence)
    try:
        person_id, response_url = optional(body, "user", "id"), optional(body, "response_url")
    except MalformedPayload:
        return Ack()
    if person_id is None or response_url is None:
        return Ack()
    return Ack(after=[Reply(person_id=person_id, channel=None, response_url=response_url, text=sentence)])


def _keep_form(body: Payload, sentence: str) -> Ack:
    """The sentence beside the first field: what was typed stays."""
    try:
        field = FIRST_FIELD.get(CallbackId(optional(body, "view", "callback_id") or ""))
    except (MalformedPayload, ValueError):
        field = None
    if field is None:
        return Ack({"response_action": "update", "view": forms.message_view("That did not work", sentence)})
    return Ack({"response_action": "errors", "errors": {field.value: sentence}})


@dataclass(frozen=True)
class Answered:
    """Bolt's answer to one request, and the replies to make once it has left."""

    status: int
    body: str
    content_type: str
    after: list[Reply]


def dispatch(app: App, body: dict[str, Any], headers: Mapping[str, str]) -> Answered:
    """Let Bolt handle one request that was read. Raises MalformedPayload for what Bolt would stumble over.

    For what a listener raised it raises nothing: the status says it.
    """
    after: list[Reply] = []
    if "x-slack-retry-num" in headers:
        reason = headers.get("x-slack-retry-reason", "")
        REDELIVERIES.labels(reason if reason in RETRY_REASONS else "other").inc()
    try:
        request = BoltRequest(
            body=body,
            headers={name: [value] for name, value in headers.items()},
            context={AFTER: after},
            mode="socket_mode",  # Bolt's name for a body that is read already
        )
        answer = app.dispatch(request)
    except NotReady:
        return Answered(503, "", "text/plain", [])
    except BOLT_STUMBLES as error:
        raise MalformedPayload("the payload", "as Slack sends it") from error
    if answer.status in (404, UNROUTABLE):
        raise MalformedPayload("the payload", "something that Deskbell listens to")
    content_type = answer.first_headers().get("content-type", "text/plain")
    return Answered(answer.status, answer.body or "", content_type, after)
