"""What the tests of delivery share: a sender at work on simple messages, and a look at both ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.clock import real_now
from bot.delivery.client import SlackClient
from bot.delivery.rendering import Content, Render, Rendering, render
from bot.delivery.sender import Sender
from bot.models import Outbox, OutboxState, Person, Workspace
from bot.store import Store
from bot.store.dialects import upsert
from bot.store.outbox import Claim
from bot.workflows import telling
from bot.workflows.telling import Telling
from sandbox.client import SandboxClient
from sandbox.seen import SeenMessage
from sandbox.server import SandboxServer

SETTLE = 0.6
QUICK_PACE = 100.0
SECRET = "a secret of the tests"


def know_workspace(store: Store, server: SandboxServer) -> None:
    """What the directory would have read."""
    client = SlackClient(server.bot_token, base_url=server.api_url)
    who = client.call("auth.test")
    values = {
        "team_id": who["team_id"],
        "name": who["team"],
        "url": who["url"],
        "bot_user_id": who["user_id"],
        "bot_id": who["bot_id"],
        "app_id": "",
        "marker_secret": SECRET,
    }
    people = client.call("users.list")["members"]
    with store.write() as session:
        upsert(session, Workspace, values, keys=["team_id"])
        for user in people:
            person = {
                "id": user["id"],
                "team_id": user["team_id"],
                "handle": user["name"],
                "name": user["real_name"],
                "is_app": bool(user.get("is_bot")),
                "is_guest": False,
                "is_stranger": False,
                "is_deactivated": bool(user.get("deleted")),
                "is_owner": bool(user.get("is_owner")),
                "refreshed_at": real_now(),
            }
            upsert(session, Person, person, keys=["id"])


def plainly(session: Session, claim: Claim) -> Rendering:
    """A message that says its key and the version it shows; emoji and notices as in the product."""
    if claim.kind in (Telling.EMOJI, Telling.NOTICE):
        return render(session, claim)
    row = session.get_one(Outbox, claim.id)
    return Content(text=f"{row.key} v{row.wanted_version}", blocks=[], version=row.wanted_version)


@dataclass
class Workplace:
    """One database, one sandbox, any number of senders."""

    server: SandboxServer
    store: Store
    senders: list[Sender] = field(default_factory=list)

    @property
    def slack(self) -> SandboxClient:
        return self.server.client()

    def client(self) -> SlackClient:
        return SlackClient(self.server.bot_token, base_url=self.server.api_url)

    def sender(
        self,
        *,
        settle: float = SETTLE,
        pace: float = QUICK_PACE,
        draw: Render = plainly,
        store: Store | None = None,
        client: SlackClient | None = None,
    ) -> Sender:
        """A sender, not yet at work."""
        sender = Sender(store or self.store, client or self.client(), settle=settle, pace=pace, render=draw)
        self.senders.append(sender)
        return sender

    def start(self, **options: Any) -> Sender:
        """A sender at work."""
        sender = self.sender(**options)
        sender.start()
        return sender

    def stop(self) -> None:
        for sender in self.senders:
            sender.stop(15)

    def tell(
        self, key: str, kind: Telling = Telling.RELAY, *, to: str | None = "#it-help", **values: Any
    ) -> None:
        """Enqueue a delivery to a channel, by name."""
        if to is not None:
            values["channel"] = self.slack.channel_id(to)
        with self.store.write() as session:
            assert telling.tell(session, key, kind, **values)
        for sender in self.senders:
            sender.wake()

    def change(self, key: str, **values: Any) -> None:
        with self.store.write() as session:
            session.execute(update(Outbox).where(Outbox.key == key).values(values))

    def row(self, key: str) -> Outbox:
        with self.store.read() as session:
            found = session.execute(select(Outbox).where(Outbox.key == key)).scalar_one()
            session.expunge(found)
            return found

    def rows(self) -> list[Outbox]:
        with self.store.read() as session:
            found = list(session.scalars(select(Outbox).order_by(Outbox.id)))
            session.expunge_all()
            return found

    def wait(self, predicate: Callable[[], object], what: str, *, timeout: float = 15.0) -> None:
        self.slack.wait_until(lambda: bool(predicate()), timeout=timeout, message=what)

    def wait_for(self, key: str, state: OutboxState = OutboxState.SENT, *, timeout: float = 15.0) -> Outbox:
        self.wait(lambda: self.row(key).state is state, f"{key} to be {state.value}", timeout=timeout)
        return self.row(key)

    def ours(self, channel: str = "#it-help", thread_ts: str | None = None) -> list[SeenMessage]:
        """What the bot wrote there, oldest first."""
        bot = self.slack.user_id("@app")
        return [m for m in self.slack.messages(channel, thread_ts) if m.user == bot]

    def texts(self, channel: str = "#it-help", thread_ts: str | None = None) -> list[str]:
        return [message.text for message in self.ours(channel, thread_ts)]
