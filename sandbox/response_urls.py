"""The addresses in payloads that let the app answer without a channel membership."""

from __future__ import annotations

import dataclasses

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from sandbox import clock as clocks
from sandbox.acks import acceptable, show
from sandbox.api.dispatch import MAX_BODY, bounded_body
from sandbox.core import Sandbox
from sandbox.elements import fill_ids
from sandbox.entities import Ephemeral, ResponseUrl
from sandbox.happenings import EphemeralShown
from sandbox.jsontypes import JsonObject, as_object, as_text, objects, parse

MAX_USES = 5


async def handle(sandbox: Sandbox, request: Request) -> Response:
    """One POST to a response_url."""
    entry = sandbox.workspace.response_urls.get(request.path_params["key"])
    try:
        content = as_object(parse(await bounded_body(request, MAX_BODY) or b""))
    except (ValueError, ClientDisconnect):
        content = {}
    outcome = _refusal(sandbox, entry, content)
    fault = sandbox.faults.for_call("response_url", content)
    if fault is not None and fault.kind in {"http_error", "drop", "error"}:
        outcome = fault.error
    if not outcome and entry is not None:
        entry.uses += 1
        _apply(sandbox, entry, content)
    status = 200 if not outcome else 404
    answer: JsonObject = {"ok": not outcome} | ({"error": outcome} if outcome else {})
    sandbox.journal.call(
        "response_url",
        content,
        status=status,
        answer=answer,
        fault=fault.kind if fault else "",
        duration_ms=0,
    )
    return PlainTextResponse("ok") if not outcome else JSONResponse(answer, status_code=status)


def _refusal(sandbox: Sandbox, entry: ResponseUrl | None, content: JsonObject) -> str:
    """Why Slack would refuse, or nothing."""
    if entry is None:
        code, detail = "expired_url", "there is no such response_url"
    elif clocks.real() - entry.born > sandbox.settings.response_url_lifetime:
        code, detail = "expired_url", "a response_url lives 30 minutes"
    elif entry.uses >= MAX_USES:
        code, detail = "used_url", f"a response_url can be used {MAX_USES} times"
    elif not content:
        code, detail = "invalid_payload", "the body must be a JSON object"
    else:
        return "" if acceptable(sandbox, content, "response_url") else "invalid_blocks"
    sandbox.violate(code, "response_url", detail)
    return code


def _apply(sandbox: Sandbox, entry: ResponseUrl, content: JsonObject) -> None:
    if content.get("delete_original") is True:
        _delete_original(sandbox, entry)
    elif content.get("replace_original") is True and (entry.message_ts or entry.ephemeral_ts):
        _replace_original(sandbox, entry, content)
    else:
        channel = sandbox.workspace.channels[entry.channel]
        thread_ts = as_text(content.get("thread_ts")) or entry.thread_ts
        show(sandbox, content, user=entry.user, channel=channel, source="response_url", thread_ts=thread_ts)


def _original(sandbox: Sandbox, entry: ResponseUrl) -> Ephemeral | None:
    shown = sandbox.workspace.ephemerals
    return next((e for e in shown if e.ts == entry.ephemeral_ts and e.channel == entry.channel), None)


def _delete_original(sandbox: Sandbox, entry: ResponseUrl) -> None:
    workspace = sandbox.workspace
    message = workspace.channels[entry.channel].messages.get(entry.message_ts)
    if message is not None:
        workspace.delete(message)
    ephemeral = _original(sandbox, entry)
    if ephemeral is not None:
        ephemeral.deleted = True
        workspace.tell(EphemeralShown(ephemeral))


def _replace_original(sandbox: Sandbox, entry: ResponseUrl, content: JsonObject) -> None:
    workspace = sandbox.workspace
    text = as_text(content.get("text"))
    blocks = fill_ids(objects(content.get("blocks")))
    attachments = objects(content.get("attachments"))
    message = workspace.channels[entry.channel].messages.get(entry.message_ts)
    if message is not None:
        workspace.change(message, editor="", text=text, blocks=blocks, attachments=attachments)
    ephemeral = _original(sandbox, entry)
    if ephemeral is not None:
        changed = dataclasses.replace(ephemeral, text=text, blocks=blocks, attachments=attachments)
        workspace.ephemerals[workspace.ephemerals.index(ephemeral)] = changed
        workspace.tell(EphemeralShown(changed))
