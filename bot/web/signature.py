"""Slack's request signature, checked over the raw bytes before anything reads them.

Rule: https://docs.slack.dev/authentication/verifying-requests-from-slack/
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

WINDOW = 300
"""Seconds that a request's timestamp may be away from our clock, in either direction."""

_VERSION = "v0"
_LONGEST_TIMESTAMP = 12  # digits; enough for thirty thousand years


def sign(secret: str, *, timestamp: str, body: bytes) -> str:
    """The value of `X-Slack-Signature` for a body sent at `timestamp` (whole seconds since 1970)."""
    base = f"{_VERSION}:{timestamp}:".encode() + body
    return f"{_VERSION}={hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()}"


def verify(
    secrets: Sequence[str],
    *,
    timestamp: str | None,
    signature: str | None,
    body: bytes,
    now: float,
) -> bool:
    """Whether one of `secrets` signed this body within the last five minutes. Never raises.

    `now` is real time in seconds since 1970. An empty secret signs nothing.
    """
    if timestamp is None or signature is None or not signature.isascii():
        return False
    # int() alone would also take "1_0", " 10 " and digits of other scripts.
    if not (timestamp.isascii() and timestamp.isdigit()) or len(timestamp) > _LONGEST_TIMESTAMP:
        return False
    if abs(now - int(timestamp)) > WINDOW:
        return False
    # Every secret is tried, so that the time taken does not say which one is current.
    matches = [
        hmac.compare_digest(sign(secret, timestamp=timestamp, body=body), signature)
        for secret in secrets
        if secret
    ]
    return any(matches)
