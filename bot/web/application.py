"""The web application: health, metrics and, in HTTP mode, Slack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import anyio
import anyio.to_thread
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.web.slack import SlackEdge, SlackEndpoint

_PROBE_TIMEOUT = 2.0  # seconds; a probe that hangs says nothing, "not ready" does
_PROBE_THREADS = 4


@dataclass(frozen=True)
class HealthReport:
    """Whether work is being done, and the JSON values that explain it."""

    ready: bool
    detail: dict[str, object] = field(default_factory=dict)


class Probes:
    """What operators' tools ask. Their threads are their own: they never wait behind Slack's requests."""

    def __init__(self, health: Callable[[], HealthReport], metrics: Callable[[], bytes]) -> None:
        self._health = health
        self._metrics = metrics
        self._threads = anyio.CapacityLimiter(_PROBE_THREADS)

    async def live(self, _request: Request) -> Response:
        return JSONResponse({"alive": True})

    async def ready(self, _request: Request) -> Response:
        report = HealthReport(ready=False, detail={"reason": f"no answer within {_PROBE_TIMEOUT:g} s"})
        with anyio.move_on_after(_PROBE_TIMEOUT):
            report = await anyio.to_thread.run_sync(
                self._health, limiter=self._threads, abandon_on_cancel=True
            )
        return JSONResponse({"ready": report.ready, **report.detail}, 200 if report.ready else 503)

    async def metrics(self, _request: Request) -> Response:
        text = await anyio.to_thread.run_sync(self._metrics, limiter=self._threads)
        return Response(text, media_type=CONTENT_TYPE_LATEST)


def create_web(
    *,
    health: Callable[[], HealthReport],
    metrics: Callable[[], bytes],
    slack: SlackEdge | None,
) -> Starlette:
    """The application. `health` and `metrics` are called in threads; without `slack` only they are served."""
    probes = Probes(health, metrics)
    routes = [
        Route("/health", probes.ready),
        Route("/health/live", probes.live),
        Route("/metrics", probes.metrics),
    ]
    if slack is not None:
        routes.append(Route("/slack/events", SlackEndpoint(slack).__call__, methods=["POST"]))
    return Starlette(routes=routes)
