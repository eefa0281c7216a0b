"""The sandbox as a Starlette application, and a runner for tests."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from sandbox import response_urls
from sandbox.api import dispatch
from sandbox.client import SandboxClient
from sandbox.control.routes import control_routes
from sandbox.core import Sandbox, SandboxConfig
from sandbox.entities import File
from sandbox.forms import UnreadableForm, read_form
from sandbox.jsontypes import JsonObject, as_text
from sandbox.page import HEADERS, page_routes
from sandbox.slack_files import image_type, is_processed

START_TIMEOUT = 10.0


def create_app(sandbox: Sandbox) -> Starlette:
    """All of the sandbox's HTTP and WebSocket routes."""

    async def api(request: Request) -> Response:
        return await dispatch.handle(sandbox, request)

    async def response_url(request: Request) -> Response:
        return await response_urls.handle(sandbox, request)

    async def upload(request: Request) -> Response:
        return await _receive_file(sandbox, request)

    async def picture(request: Request) -> Response:
        file = _known_file(sandbox, request)
        return _shown(file) if file is not None and image_type(file) else _no_file()

    async def file(request: Request) -> Response:
        found = _known_file(sandbox, request)
        if found is None:
            return _no_file()
        return _shown(found) if image_type(found) else _download(found)

    async def link(websocket: WebSocket) -> None:
        outage = sandbox.faults.standing("outage")
        if outage is not None:
            await websocket.close()
            return
        await sandbox.sockets.serve(websocket)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await sandbox.close()

    return Starlette(
        routes=[
            Route("/api/{method:path}", api, methods=["GET", "POST"]),
            Route("/response/{key:path}", response_url, methods=["POST"]),
            Route("/upload/{file}", upload, methods=["POST"]),
            Route("/files/{file}/picture", picture, methods=["GET"]),
            Route("/files/{file}/{name}", file, methods=["GET"]),
            WebSocketRoute("/link/", link),
            *control_routes(sandbox),
            *page_routes(),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=_hosts(sandbox.config.host))],
        lifespan=lifespan,
    )


def _hosts(host: str) -> list[str]:
    # Only names of this machine: a foreign page must not reach the control API by a name of its own.
    return ["*"] if host == "0.0.0.0" else [host, "localhost", "127.0.0.1"]  # noqa: S104 - comparison


async def _receive_file(sandbox: Sandbox, request: Request) -> Response:
    """One POST to an upload_url: the address itself is the right to use it, no token goes there."""
    content = await _uploaded_bytes(request)
    shown: JsonObject = {"file": request.path_params["file"], "bytes": len(content)}
    fault = sandbox.faults.standing("outage") or sandbox.faults.for_call("upload", shown)
    status, words = (503, "unavailable") if fault is not None else _keep(sandbox, shown, content)
    if fault is not None and fault.kind == "http_error":
        status = fault.status
    if "authorization" in request.headers:
        sandbox.violate("token_leaked", "upload", "an upload_url was sent the app's token")
    sandbox.journal.call(
        "upload",
        shown,
        status=status,
        answer={"ok": status == 200},
        fault=fault.kind if fault else "",
        duration_ms=0,
    )
    return PlainTextResponse(words, status_code=status)


def _keep(sandbox: Sandbox, upload: JsonObject, content: bytes) -> tuple[int, str]:
    file = sandbox.workspace.files.get(as_text(upload["file"]))
    if file is None or file.completed:
        return 404, "file_not_found"
    if len(content) != file.length:
        sandbox.violate("bad_upload", "upload", f"{len(content)} bytes; {file.length} were announced")
        return 400, "length does not match"
    file.content, file.uploaded = content, True
    return 200, f"OK - {len(content)}"


def _known_file(sandbox: Sandbox, request: Request) -> File | None:
    """The file of the address, once Slack would show it."""
    file = sandbox.workspace.files.get(request.path_params["file"])
    return file if file is not None and is_processed(file) else None


def _no_file() -> Response:
    return PlainTextResponse("file_not_found", status_code=404, headers=HEADERS)


def _shown(file: File) -> Response:
    """What a browser cannot take for anything but a picture."""
    return Response(file.content, media_type=f"image/{image_type(file)}", headers=HEADERS)


def _download(file: File) -> Response:
    """To be kept, never to be shown: what somebody uploaded could be a page that runs scripts."""
    kept = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"}
    return Response(file.content, media_type="application/octet-stream", headers=HEADERS | kept)


async def _uploaded_bytes(request: Request) -> bytes:
    content_type, body = request.headers.get("content-type", ""), await request.body()
    if not content_type.startswith("multipart/form-data"):
        return body
    try:
        return next((field.value for field in read_form(body, content_type) if field.is_file), b"")
    except UnreadableForm:
        return b""


class _Server(uvicorn.Server):
    """Ends streams before uvicorn waits for them, and can cut a client's connection."""

    def __init__(self, config: uvicorn.Config, sandbox: Sandbox) -> None:
        super().__init__(config)
        self._sandbox = sandbox
        sandbox.cut_connection = self.cut

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._sandbox.close()
        await super().shutdown(sockets)

    def cut(self, client: object) -> bool:
        """Closes the TCP connection of that peer at once. False if it is not known."""
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None and getattr(connection, "client", None) == client:
                transport.abort()
                return True
        return False


def bound_socket(host: str, port: int) -> socket.socket:
    """A listening socket, in whose queue connections wait for a server; port 0 takes a free one."""
    # Only where the protocol is named asyncio sends small answers at once; otherwise each takes 40 ms more.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # Two sockets may be bound to one port; only one of them can listen.
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def build_server(sandbox: Sandbox, listener: socket.socket) -> uvicorn.Server:
    """A uvicorn server for the sandbox; run it with `sockets=[listener]`."""
    shown = "127.0.0.1" if sandbox.config.host == "0.0.0.0" else sandbox.config.host  # noqa: S104 - comparison
    sandbox.base_url = f"http://{shown}:{listener.getsockname()[1]}"
    config = uvicorn.Config(
        create_app(sandbox),
        http="h11",
        ws="websockets-sansio",
        log_level="error",
        access_log=False,
        timeout_graceful_shutdown=2,
        ws_ping_interval=10.0,
    )
    return _Server(config, sandbox)


class SandboxServer:
    """Runs a sandbox in a thread.

    >>> with SandboxServer(SandboxConfig(manifest=manifest)) as server:
    ...     server.client().post("ana", "#it-help", "My laptop is on fire")
    """

    def __init__(self, config: SandboxConfig) -> None:
        self.sandbox = Sandbox(config)
        self._listener = bound_socket(config.host, config.port)
        self._server = build_server(self.sandbox, self._listener)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._listener]}, name="sandbox", daemon=True
        )

    @property
    def url(self) -> str:
        return self.sandbox.base_url

    @property
    def api_url(self) -> str:
        """Base URL for `slack_sdk.WebClient`, with its trailing slash."""
        return f"{self.url}/api/"

    @property
    def bot_token(self) -> str:
        return self.sandbox.app.bot_token

    @property
    def app_token(self) -> str:
        return self.sandbox.app.app_token

    @property
    def signing_secret(self) -> str:
        return self.sandbox.app.signing_secret

    @property
    def clock_offset(self) -> Path | None:
        return self.sandbox.config.clock_offset

    def client(self) -> SandboxClient:
        """A client of the control API."""
        return SandboxClient(self.url)

    def start(self) -> SandboxServer:
        self._thread.start()
        self.client().wait_until(
            lambda: self._server.started, timeout=START_TIMEOUT, message="sandbox to start"
        )
        return self

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(START_TIMEOUT)
        self._listener.close()

    def __enter__(self) -> SandboxServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
