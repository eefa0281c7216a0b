"""`GET /control/<reading>`, `POST /control/<act>`; `/control/events` and `/control/supervision` stream."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sandbox.control import app_gestures, app_process, conditions, messages, rooms
from sandbox.control.readings import READINGS
from sandbox.control.request import ACTS, Gesture
from sandbox.core import Sandbox
from sandbox.elements import ElementNotFound, ValueNotPossible
from sandbox.faults import FaultInvalid
from sandbox.interactions import Interactions, NotPossible
from sandbox.jsontypes import JsonObject, parse
from sandbox.seed import SeedInvalid
from sandbox.settings import SettingInvalid
from sandbox.supervision import SupervisorMissing, SupervisorSilent
from sandbox.workspace import NotInWorkspace

# Importing a family registers its acts.
FAMILIES = (app_gestures, app_process, conditions, messages, rooms)

Refused = (
    ElementNotFound,
    FaultInvalid,
    NotInWorkspace,
    NotPossible,
    SeedInvalid,
    SettingInvalid,
    SupervisorMissing,
    SupervisorSilent,
    ValueNotPossible,
)


def control_routes(sandbox: Sandbox) -> list[Route]:
    """The routes of the control API. Refused gestures answer 400 with a sentence."""
    interactions = Interactions(sandbox)

    async def read(request: Request) -> Response:
        reading = READINGS.get(request.path_params["name"])
        if reading is None:
            return _refusal(f"There is no reading {request.path_params['name']!r}.", status=404)
        try:
            return JSONResponse(reading(sandbox, request.query_params))
        except Refused as error:
            return _refusal(str(error))

    async def perform(request: Request) -> Response:
        handler = ACTS.get(request.path_params["name"])
        if handler is None:
            return _refusal(f"There is no act {request.path_params['name']!r}.", status=404)
        # Asking for JSON keeps foreign web pages from posting here without a preflight.
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return _refusal("Send application/json.", status=415)
        try:
            args = _body(await request.body())
            return JSONResponse(await handler(Gesture(sandbox, interactions, args)))
        except Refused as error:
            return _refusal(str(error))

    async def events(_request: Request) -> Response:
        return _event_stream(sandbox.feed.listen())

    async def supervision(_request: Request) -> Response:
        return _event_stream(_wishes(sandbox))

    return [
        Route("/control/events", events),
        Route("/control/supervision", supervision),
        Route("/control/{name}", read, methods=["GET"]),
        Route("/control/{name}", perform, methods=["POST"]),
    ]


def _event_stream(lines: AsyncIterator[str]) -> Response:
    headers = {"Cache-Control": "no-store"}
    return StreamingResponse(_framed(lines), media_type="text/event-stream", headers=headers)


async def _framed(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    yield ": connected\n\n"
    async for line in lines:
        yield f"data: {line}\n\n"


async def _wishes(sandbox: Sandbox) -> AsyncIterator[str]:
    async for wish in sandbox.supervision.follow():
        yield json.dumps({"want": wish})


def _body(raw: bytes) -> JsonObject:
    try:
        data = parse(raw or b"{}")
    except ValueError as error:
        raise NotPossible("The body is not JSON.") from error
    if not isinstance(data, dict):
        raise NotPossible("The body must be a JSON object.")
    return data


def _refusal(sentence: str, *, status: int = 400) -> Response:
    return JSONResponse({"error": sentence}, status_code=status)
