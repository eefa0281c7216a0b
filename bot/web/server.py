"""Serving the web application in a thread of its own."""

from __future__ import annotations

import errno
import socket
import threading

import uvicorn
from starlette.types import ASGIApp

from bot.errors import DeskbellError
from bot.web.patience import DEFAULT, Patience, impatient

_START_TIMEOUT = 10.0
_GRACE = 5  # seconds for requests that are being answered when the server stops


class CannotListen(DeskbellError):
    """The HTTP edge cannot listen where it should."""


class PortTaken(CannotListen):
    """Another program listens there already."""


class WebServer:
    """A running server. `port` is where it listens, also when any free one was asked for."""

    def __init__(self, app: ASGIApp, listener: socket.socket, patience: Patience = DEFAULT) -> None:
        self._listener = listener
        self.port = int(listener.getsockname()[1])
        self._server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                http=impatient(patience),
                ws="none",
                lifespan="off",
                server_header=False,
                timeout_graceful_shutdown=_GRACE,
            )
        )
        self._thread = threading.Thread(target=self._serve, name="web", daemon=True)

    def start(self) -> None:
        """Returns once requests are answered. Raises `CannotListen`."""
        self._thread.start()
        self._server.settled.wait(_START_TIMEOUT)
        if not self._server.started:
            self.stop()
            raise CannotListen("The HTTP edge did not start: the log says why.")

    def stop(self) -> None:
        """Stop listening, let the requests in hand finish (at most five seconds), and return."""
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        try:
            self._server.run(sockets=[self._listener])
        finally:
            self._server.settled.set()


class _Server(uvicorn.Server):
    """Tells when it is up. uvicorn takes over no signals outside the main thread."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.settled.set()


def serve(app: ASGIApp, *, host: str, port: int, patience: Patience = DEFAULT) -> WebServer:
    """Listen at `host` and `port` (0: any free one) and serve `app` until stopped.

    Raises `PortTaken` or `CannotListen`, each a sentence with the fix.
    """
    server = WebServer(app, _listen(host, port), patience)
    server.start()
    return server


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"Port {port} is taken by another program: stop that program, or set PORT to a free one."
            ) from None
        if error.errno == errno.EACCES:
            raise CannotListen(
                f"Port {port} is not allowed for this user: set PORT to 1024 or more."
            ) from None
        reason = error.strerror or error
        raise CannotListen(
            f"Cannot listen at {host}:{port} ({reason}): set HOST to an address of this machine."
        ) from None
    # asyncio does so for its own sockets alone: an answer would wait 40 ms for its head to be acknowledged.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
