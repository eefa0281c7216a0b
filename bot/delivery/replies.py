"""Direct replies: after the acknowledgement, once, best effort, never the only carrier of a fact."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable
from typing import Final

import structlog

from bot.delivery.client import CallFailed, SlackClient
from bot.delivery.metrics import REPLIES_DROPPED
from bot.workflows.outcomes import Reply

REPLY_TIMEOUT: Final = 2.0
"""Seconds; give the client of `DirectReplies` this timeout."""
_MOST_WAITING: Final = 200

log = structlog.get_logger(__name__)


class DirectReplies:
    """Says a word to one person, in threads of its own, so that nobody waits for it."""

    def __init__(self, client: SlackClient, *, threads: int = 2) -> None:
        self._client = client
        self._waiting: queue.Queue[Reply | None] = queue.Queue(_MOST_WAITING)
        self._threads = [
            threading.Thread(target=self._work, name=f"reply-{number}", daemon=True)
            for number in range(1, threads + 1)
        ]

    def start(self) -> None:
        """Begin to work."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float) -> None:
        """Let the replies under way finish, for at most `timeout` seconds; what still waits is dropped."""
        while not self._waiting.empty():
            try:
                self._waiting.get_nowait()
            except queue.Empty:
                break
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout / len(self._threads))

    def send(self, reply: Reply) -> None:
        """Hand over a reply; never waits. When too many wait, it is dropped and counted."""
        try:
            self._waiting.put_nowait(reply)
        except queue.Full:
            REPLIES_DROPPED.labels("queue full").inc()
            log.warning("direct reply dropped", reason="too many are waiting")

    def send_all(self, replies: Iterable[Reply]) -> None:
        """`send` each."""
        for reply in replies:
            self.send(reply)

    def _work(self) -> None:
        while (reply := self._waiting.get()) is not None:
            try:
                say(self._client, reply)
            except CallFailed as failure:
                REPLIES_DROPPED.labels("refused").inc()
                log.warning("direct reply failed", reason=str(failure))


def say(client: SlackClient, reply: Reply) -> None:
    """Make one reply: through its response_url, else as an ephemeral message. Raises CallFailed."""
    if reply.response_url is not None:
        body = {"response_type": "ephemeral", "replace_original": False, "text": reply.text}
        client.respond(reply.response_url, body)
    elif reply.channel is not None:
        client.call(
            "chat.postEphemeral",
            channel=reply.channel,
            user=reply.person_id,
            thread_ts=reply.thread_ts,
            text=reply.text,
        )
    else:
        log.info("direct reply has no place to go")
