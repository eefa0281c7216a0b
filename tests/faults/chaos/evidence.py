"""What a run left behind: what is in Slack, what was asked of Slack, what Slack sent, and the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.delivery.marker import EVENT_TYPE
from bot.store import Store
from sandbox.client import SandboxClient
from sandbox.jsontypes import as_object, as_text, objects
from sandbox.seen import SeenCall, SeenEnvelope, SeenMessage, SeenViolation

POST: Final = "chat.postMessage"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What Slack knows. `messages` are by channel, those in threads and in direct messages included."""

    app_id: str
    bot_user: str
    messages: Mapping[str, Sequence[SeenMessage]]
    calls: Sequence[SeenCall]
    envelopes: Sequence[SeenEnvelope]
    violations: Sequence[SeenViolation]

    def ours(self) -> list[tuple[str, SeenMessage]]:
        """Our messages, each with its channel."""
        return [
            (channel, message)
            for channel, found in self.messages.items()
            for message in found
            if message.app_id == self.app_id
        ]

    def message(self, channel: str | None, ts: str | None) -> SeenMessage | None:
        """One message."""
        found = self.messages.get(channel or "", ())
        return next((message for message in found if message.ts == ts), None)


@dataclass(frozen=True)
class Evidence:
    """All that a checker looks at."""

    seen: Seen
    store: Store


def look(client: SandboxClient) -> Seen:
    """Read the workspace, once nothing changes any more."""
    space = client.workspace()
    app = as_object(space.get("app"))
    channels = [as_text(channel.get("id")) for channel in objects(space.get("channels"))]
    return Seen(
        app_id=as_text(app.get("id")),
        bot_user=as_text(app.get("bot_user")),
        messages={channel: client.everything(channel) for channel in channels},
        calls=client.calls(),
        envelopes=client.envelopes(),
        violations=client.violations(),
    )


def key_in(metadata: object) -> str | None:
    """The fact that a message's marker names; None without one."""
    held = as_object(metadata)
    if held.get("event_type") != EVENT_TYPE:
        return None
    return as_text(as_object(held.get("event_payload")).get("k")) or None
