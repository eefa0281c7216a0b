"""Every change of state as a stream, for the page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from sandbox import happenings as happened
from sandbox import shapes
from sandbox.entities import Ephemeral
from sandbox.journal import Entry, as_json
from sandbox.jsontypes import JsonObject
from sandbox.workspace import Workspace


class Feed:
    """Fans entries out to whoever listens. Slow listeners keep their own queue."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[str | None]] = set()

    def publish(self, kind: str, entry: JsonObject) -> None:
        """Sends `{"type": kind, …}` to all listeners."""
        if not self._queues:
            return
        line = json.dumps(
            {"type": kind, **{key: v for key, v in entry.items() if key != "type"}}, default=str
        )
        for queue in self._queues:
            queue.put_nowait(line)

    def entry(self, kind: str, entry: Entry) -> None:
        """Publishes an entry of the journal."""
        if self._queues:
            self.publish(kind, as_json(entry))

    def happening(self, happening: happened.Happening, workspace: Workspace) -> None:
        """Publishes a change of the workspace."""
        if self._queues:
            kind, entry = _entry(happening, workspace)
            self.publish(kind, entry)

    async def listen(self) -> AsyncIterator[str]:
        """JSON lines from now on, until the sandbox closes."""
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._queues.add(queue)
        try:
            while (line := await queue.get()) is not None:
                yield line
        finally:
            self._queues.discard(queue)

    def close(self) -> None:
        for queue in self._queues:
            queue.put_nowait(None)


def ephemeral_shape(ephemeral: Ephemeral) -> JsonObject:
    """An ephemeral as the control API and the page see it."""
    return {
        "user": ephemeral.user,
        "channel": ephemeral.channel,
        "ts": ephemeral.ts,
        "text": ephemeral.text,
        "thread_ts": ephemeral.thread_ts,
        "blocks": ephemeral.blocks,
        "attachments": ephemeral.attachments,
        "source": ephemeral.source,
        "deleted": ephemeral.deleted,
    }


def _entry(happening: happened.Happening, workspace: Workspace) -> tuple[str, JsonObject]:
    match happening:
        case happened.MessagePosted(channel, message) | happened.MessageChanged(channel, message, _):
            return "message", {"channel": channel.id, "message": shapes.message(message, workspace)}
        case happened.MessageDeleted(channel, previous):
            return "message_deleted", {"channel": channel.id, "ts": previous.ts}
        case happened.ReactionChanged(channel, message):
            return "message", {"channel": channel.id, "message": shapes.message(message, workspace)}
        case happened.EphemeralShown(ephemeral):
            return "ephemeral", ephemeral_shape(ephemeral)
        case happened.ViewsChanged(user):
            return "views", {"user": user}
        case happened.HomeOpened(user, tab):
            return "home_opened", {"user": user, "tab": tab}
        case _:
            return "workspace", {"change": type(happening).__name__}
