"""One sandbox: the workspace and everything that works on it, wired together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sandbox import clock as clocks
from sandbox import happenings as happened
from sandbox.clock import SandboxClock
from sandbox.delivery import Delivery, Transport
from sandbox.events import events_for
from sandbox.faults import Faults
from sandbox.feed import Feed
from sandbox.http_delivery import HttpDelivery
from sandbox.ids import new_secret
from sandbox.installation import Installation
from sandbox.journal import Journal
from sandbox.limits import RateLimits
from sandbox.seed import WorkspaceSeed, default_seed
from sandbox.settings import Settings
from sandbox.sockets import SocketHub
from sandbox.supervision import Supervision
from sandbox.workspace import Workspace


@dataclass(frozen=True)
class SandboxConfig:
    """How to start a sandbox.

    `manifest` is the app's manifest as a dictionary. With `http_url` everything is delivered there, signed
    with `signing_secret`; without it over Socket Mode. `settings` are the names of `Settings`.
    """

    manifest: Mapping[str, object]
    seed: WorkspaceSeed = field(default_factory=default_seed)
    host: str = "127.0.0.1"
    port: int = 0
    bot_token: str = ""
    app_token: str = ""
    signing_secret: str = ""
    http_url: str = ""
    clock_offset: Path | None = None
    settings: Mapping[str, object] = field(default_factory=dict)


class Sandbox:
    """The state behind the server. Lives in one event loop; nothing here is thread-safe."""

    def __init__(self, config: SandboxConfig) -> None:
        self.config = config
        self.base_url = f"http://{config.host}:{config.port}"
        # The server that carries the sandbox replaces this with a way to cut a client's connection.
        self.cut_connection: Callable[[object], bool] = lambda _client: False
        self.clock = SandboxClock(config.clock_offset)
        self.settings = Settings()
        self.settings.change(dict(config.settings))
        self.faults = Faults()
        self.limits = RateLimits(clocks.real, self.settings.rate_scale)
        self.journal = Journal(self.clock.now)
        self.feed = Feed()
        self.journal.watch(self.feed.entry)
        self.app = _install(config)
        self.sockets = SocketHub(
            journal=self.journal, app_id=self.app.app_id, abort=self._cut, changed=self._on_sockets
        )
        self.supervision = Supervision(lambda state: self.feed.publish("app", state))
        self.run = new_secret(8)
        self._transport: Transport = self.sockets
        if config.http_url:
            self._transport = HttpDelivery(config.http_url, self.app.signing_secret)
        self._settle()

    def _cut(self, client: object) -> bool:
        # Looked up at each call: the server replaces `cut_connection` after this object is made.
        return self.cut_connection(client)

    def _on_sockets(self, count: int) -> None:
        self.feed.publish("sockets", {"count": count})

    def _settle(self) -> None:
        self.workspace = Workspace(self.config.seed, clock=self.clock, app=self.app)
        self.workspace.subscribe(self._on_happening)
        self.delivery = Delivery(
            self.workspace,
            journal=self.journal,
            settings=self.settings,
            faults=self.faults,
            transport=self._transport,
        )

    def _on_happening(self, happening: happened.Happening) -> None:
        self.feed.happening(happening, self.workspace)
        if not self.app.is_installed and not isinstance(happening, happened.AppRemoved):
            return
        for event in events_for(happening, self.workspace):
            self.delivery.send_event(event)

    async def reset(self) -> None:
        """Back to the seed: state, logs, faults, limits and clock. Sockets and tokens stay.

        Where somebody looks after its process, the app forgets everything, too. Raises SupervisorSilent.
        """
        async with self.supervision.erased():
            await self._forget()

    async def _forget(self) -> None:
        await self.delivery.stop()
        self.faults.lift()
        self.limits.clear()
        self.journal.clear()
        self.clock.set_offset(0.0)
        self.app.is_installed = True
        self.run = new_secret(8)
        self._settle()
        self.feed.publish("reset", {})

    async def close(self) -> None:
        """Ends everything under way."""
        self.feed.close()
        await self.supervision.close()
        await self.delivery.stop()
        if isinstance(self._transport, HttpDelivery):
            self._transport.close()

    def deliver_to(self, url: str) -> None:
        """Delivers signed HTTP to the URL from now on; with an empty one over Socket Mode."""
        if isinstance(self._transport, HttpDelivery):
            self._transport.close()
        self._transport = HttpDelivery(url, self.app.signing_secret) if url else self.sockets
        self.delivery.transport = self._transport

    def violate(self, kind: str, method: str, detail: str) -> None:
        """Puts a breach of protocol by the app on record."""
        self.journal.violation(kind, method, detail)

    @property
    def socket_url(self) -> str:
        """Base of the addresses that apps.connections.open hands out."""
        return self.base_url.replace("http", "ws", 1) + "/link/"


def _install(config: SandboxConfig) -> Installation:
    return Installation.create(
        config.manifest,
        bot_token=config.bot_token or f"xoxb-sandbox-{new_secret()}",
        app_token=config.app_token or f"xapp-1-sandbox-{new_secret()}",
        signing_secret=config.signing_secret or new_secret(32),
    )
