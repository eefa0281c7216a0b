"""What a surface hands to delivery."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rendered:
    """A message: `blocks` for the eye, `text` (mrkdwn, escaped) for notifications and screen readers.

    `text` says everything that matters without the blocks and fits `chat.update` (4,000 characters). Send it
    with `parse="none"`: the default of `chat.update` would turn plain words into links.
    """

    text: str
    blocks: list[dict[str, object]]
