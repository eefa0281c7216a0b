"""The way of a Web API call: faults, token, arguments, scopes, rate limit, handler, log."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox.api import (
    auth,
    channels,
    chat,
    conversations,
    files,
    history,
    marks,
    reactions,
    scheduling,
    unfurling,
    usergroups,
    users,
    views,
)
from sandbox.api.call import HANDLERS, ApiError, Call
from sandbox.core import Sandbox
from sandbox.faults import Fault
from sandbox.forms import UnreadableForm, read_form
from sandbox.jsontypes import JsonObject, as_object, as_text, parse, texts
from sandbox.validation.arguments import FORMS_ONLY, METHODS, scopes_for, validate_arguments
from sandbox.validation.other_methods import is_slacks

# Importing a family registers its methods.
FAMILIES = (
    auth, channels, chat, conversations, files, history, marks, reactions, scheduling, unfurling, usergroups,
    users, views,
)  # fmt: skip

MAX_BODY = 2_000_000
_ARGUMENT = re.compile(r"[A-Za-z0-9_]+")

# What a correct app can meet at any time, because people act too. Every other error is a breach.
FORGIVEN = frozenset(
    {
        "account_inactive", "already_archived", "already_in_channel", "already_pinned",
        "already_reacted", "bot_not_found", "cannot_reply_to_message", "channel_not_found",
        "duplicate_external_id", "edit_window_closed", "file_not_found", "hash_conflict", "is_archived",
        "is_inactive", "message_not_found", "name_taken", "no_reaction", "no_such_subteam", "not_found",
        "plan_upgrade_required", "ratelimited", "team_not_found", "thread_not_found", "token_revoked",
        "too_many_emoji", "too_many_reactions", "user_disabled", "user_not_found", "user_not_in_channel",
        "users_not_found",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What goes back: the JSON answer, the HTTP status and extra headers."""

    answer: JsonObject
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    applied: bool = False
    """The workspace did what was asked, whatever the app hears of it."""


async def handle(sandbox: Sandbox, request: Request) -> Response:
    """Answers one call of `/api/<method>`."""
    started = time.perf_counter()
    name = request.path_params["method"]
    try:
        args = await read_arguments(request)
        problem = ""
    except ApiError as error:
        args, problem = {}, error.code
    except ClientDisconnect:
        return Response(status_code=400)
    is_json = _content_type(request) == "application/json"
    token = _token(request, {} if is_json or name == "apps.connections.open" else args)
    if name == "apps.connections.open" and request.method != "POST":
        problem = problem or "insecure_request"
    if is_json and name in FORMS_ONLY and not problem:
        args = _without_json(sandbox, request, name, args)
    shown = {key: value for key, value in args.items() if key != "token"}
    outage = sandbox.faults.standing("outage")
    fault = None if outage else sandbox.faults.for_call(name, shown)
    if outage is not None:
        outcome, label = _outage(outage), "outage"
    elif fault is not None:
        outcome = await _under_fault(sandbox, fault, name, args=shown, token=token)
        label = fault.kind
    else:
        outcome = _failed(problem) if problem else execute(sandbox, name, args=shown, token=token)
        outcome, label = _warned(outcome, request), ""
    sandbox.journal.call(
        name,
        shown,
        status=outcome.status,
        answer=outcome.answer,
        fault=label,
        applied=outcome.applied,
        duration_ms=(time.perf_counter() - started) * 1000,
    )
    cut = label in {"lost_answer", "drop"} or (outage is not None and outage.mode == "drop")
    if cut and sandbox.cut_connection(request.scope.get("client")):
        # The connection is gone; give the server a turn to notice before this answer is thrown away.
        await asyncio.sleep(0.01)
    return _response(sandbox, outcome, fault)


def _response(sandbox: Sandbox, outcome: Outcome, fault: Fault | None) -> Response:
    if fault is not None and fault.kind == "garbage":
        return HTMLResponse("<html><body>Something went wrong.</body></html>", status_code=200)
    headers = {"x-oauth-scopes": ",".join(sorted(sandbox.app.scopes)), "x-slack-req-id": "sandbox"}
    return JSONResponse(outcome.answer, status_code=outcome.status, headers=headers | dict(outcome.headers))


async def read_arguments(request: Request) -> JsonObject:
    """Query, form or JSON body as one object. Raises ApiError for bodies that cannot be read."""
    # Apps made since 2021 cannot send their token in an address, where every log would keep it:
    # https://docs.slack.dev/changelog/2020-11-no-more-tokens-in-querystrings-for-newly-created-apps
    args: JsonObject = {name: value for name, value in request.query_params.items() if name != "token"}
    header = request.headers.get("content-type", "")
    content_type = _content_type(request)
    if _charset(header) not in {"", "utf-8", "utf8"}:
        raise ApiError("invalid_charset")
    body = await bounded_body(request, MAX_BODY)
    if body is None:
        raise ApiError("request_too_large")
    if content_type == "application/json":
        args |= _json_body(body)
    elif content_type in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        args |= _form_body(body, header)
    elif body:
        raise ApiError("invalid_post_type" if content_type else "missing_post_type")
    _check_names(args)
    return args


def _check_names(args: JsonObject) -> None:
    """Raises invalid_array_arg for `users[]=U1`, invalid_arg_name for other names that no method has."""
    for name in args:
        if name.endswith("]") and "[" in name:
            raise ApiError("invalid_array_arg")
        if not _ARGUMENT.fullmatch(name):
            raise ApiError("invalid_arg_name")


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _charset(content_type: str) -> str:
    _, _, rest = content_type.lower().partition("charset=")
    return rest.partition(";")[0].strip(" \"'")


def _warned(outcome: Outcome, request: Request) -> Outcome:
    """Slack does the work, and says that JSON should come with its charset, and a form without one."""
    warning = _charset_warning(_content_type(request), _charset(request.headers.get("content-type", "")))
    if not warning:
        return outcome
    metadata = as_object(outcome.answer.get("response_metadata"))
    warnings = [*texts(metadata.get("warnings")), warning]
    told = {"warning": ",".join(warnings), "response_metadata": metadata | {"warnings": warnings}}
    return replace(outcome, answer=outcome.answer | told)


def _charset_warning(content_type: str, charset: str) -> str:
    if content_type == "application/json" and not charset:
        return "missing_charset"
    return "superfluous_charset" if content_type == "application/x-www-form-urlencoded" and charset else ""


def _without_json(sandbox: Sandbox, request: Request, name: str, args: JsonObject) -> JsonObject:
    """What is left for a method that does not read JSON bodies."""
    kept: JsonObject = dict(request.query_params)
    if set(args) - set(kept):
        sandbox.violate("unknown_argument", name, "the method takes no JSON; send a form")
    return kept


async def bounded_body(request: Request, most: int) -> bytes | None:
    """The body, or None if it is larger; what is over the limit is not kept."""
    kept, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= most:
            kept.append(chunk)
    return b"".join(kept) if size <= most else None


def _form_body(body: bytes, content_type: str) -> JsonObject:
    try:
        fields = read_form(body, content_type)
    except UnreadableForm as error:
        raise ApiError("invalid_form_data") from error
    return {field.name: field.text for field in fields if not field.is_file}


def _json_body(body: bytes) -> JsonObject:
    if not body.strip():
        return {}
    try:
        data = parse(body)
    except ValueError as error:
        raise ApiError("invalid_json") from error
    if not isinstance(data, dict):
        raise ApiError("json_not_object")
    return data


def _token(request: Request, args: JsonObject) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return as_text(args.get("token"))


def _failed(code: str, **extra: object) -> Outcome:
    return Outcome({"ok": False, "error": code, **extra})


def _outage(fault: Fault) -> Outcome:
    fault.used += 1
    return Outcome({"ok": False, "error": "service_unavailable"}, status=503)


async def _under_fault(sandbox: Sandbox, fault: Fault, name: str, *, args: JsonObject, token: str) -> Outcome:
    if fault.kind == "ratelimited":
        seconds = str(max(1, round(fault.seconds)))
        return Outcome({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": seconds})
    if fault.kind == "hang" and not fault.apply:
        await asyncio.sleep(fault.seconds)
        return execute(sandbox, name, args=args, token=token)
    applied = fault.apply or fault.kind == "lost_answer"
    outcome = execute(sandbox, name, args=args, token=token) if applied else Outcome({"ok": True})
    if fault.kind == "hang":
        await asyncio.sleep(fault.seconds)
    if fault.kind == "http_error":
        return replace(outcome, answer={"ok": False, "error": "internal_error"}, status=fault.status)
    if fault.kind == "error":
        return replace(outcome, answer={"ok": False, "error": fault.error}, status=200)
    return outcome


def execute(sandbox: Sandbox, name: str, *, args: JsonObject, token: str) -> Outcome:
    """Applies a call. Breaches of protocol go on record."""
    try:
        handler_answer = _checked(sandbox, name, args=args, token=token)
        return Outcome({"ok": True, **handler_answer}, applied=True)
    except _RateLimited as limited:
        if sandbox.settings.count_rate_limits:
            sandbox.violate("ratelimited", name, f"over Slack's limit; wait {limited.seconds} s")
        return Outcome({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": str(limited.seconds)})
    except ApiError as error:
        if error.code not in FORGIVEN:
            sandbox.violate(error.code, name, _detail(error))
        return _failed(error.code, **error.extra)


class _RateLimited(Exception):
    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def _checked(sandbox: Sandbox, name: str, *, args: JsonObject, token: str) -> JsonObject:
    handler = HANDLERS.get(name)
    if handler is None:
        if is_slacks(name):
            sandbox.violate("not_supported_by_sandbox", name, "a real method that the sandbox does not offer")
        raise ApiError("unknown_method", req_method=name)
    call = Call(sandbox, name, args, _identify(sandbox, name, token))
    if call.by_bot and scopes_for(name):
        call.require_scope(*scopes_for(name))
    seconds = sandbox.limits.take(name, METHODS[name].tier, _room(call))
    if seconds:
        raise _RateLimited(seconds)
    call.refuse(validate_arguments(name, args))
    return handler(call)


def _room(call: Call) -> str:
    """The conversation that `channel` means, however it is named: a limit per channel knows no names."""
    workspace, reference = call.workspace, call.text("channel")
    if reference in workspace.users:
        direct = workspace.im_between(call.bot_user, reference)
        return direct.id if direct else reference
    named = workspace.channel_named(reference.removeprefix("#"))
    return named.id if named and reference not in workspace.channels else reference


def _identify(sandbox: Sandbox, name: str, token: str) -> bool:
    """True for the bot token. Raises what Slack answers to wrong ones."""
    app = sandbox.app
    if not token:
        raise ApiError("not_authed")
    if token not in {app.bot_token, app.app_token}:
        raise ApiError("invalid_auth")
    if not app.is_installed:
        raise ApiError("token_revoked" if token == app.bot_token else "account_inactive")
    by_bot = token == app.bot_token
    wants_bot = METHODS[name].token == "bot"  # noqa: S105 - a kind of token, not a secret
    if name != "auth.test" and by_bot != wants_bot:
        raise ApiError("not_allowed_token_type")
    return by_bot


def _detail(error: ApiError) -> str:
    return json.dumps(error.extra) if error.extra else error.code
