"""The signed mark on our messages, by which an uncertain post is found again.

Everybody in the workspace may read a message's metadata: it names the fact and nothing personal, and the
signature keeps another app from planting a mark that would suppress a message of ours.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

EVENT_TYPE: Final = "deskbell_outbox"


def sign(secret: str, *, key: str, channel: str, thread_ts: str | None) -> str:
    """The signature of one delivery in one place."""
    said = f"{key}|{channel}|{thread_ts or ''}"
    return hmac.new(secret.encode(), said.encode(), hashlib.sha256).hexdigest()


def metadata(secret: str, *, key: str, channel: str, thread_ts: str | None) -> dict[str, object]:
    """The `metadata` argument of `chat.postMessage`."""
    mark = sign(secret, key=key, channel=channel, thread_ts=thread_ts)
    return {"event_type": EVENT_TYPE, "event_payload": {"k": key, "m": mark}}


def is_marked(
    message: Mapping[str, object], secret: str, *, key: str, channel: str, thread_ts: str | None
) -> bool:
    """Whether a message that Slack returned carries the mark of this delivery."""
    held = message.get("metadata")
    if not isinstance(held, dict) or held.get("event_type") != EVENT_TYPE:
        return False
    payload = held.get("event_payload")
    if not isinstance(payload, dict) or payload.get("k") != key:
        return False
    mark = payload.get("m")
    expected = sign(secret, key=key, channel=channel, thread_ts=thread_ts)
    return isinstance(mark, str) and hmac.compare_digest(mark.encode(), expected.encode())
