"""What a surface hands to delivery."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

_MOST_JSON: Final = 12_500
"""Characters. Slack publishes no figure for `msg_blocks_too_long`; others met it at 13,200."""


@dataclass(frozen=True)
class Rendered:
    """A message: `blocks` for the eye, `text` (mrkdwn, escaped) for notifications and screen readers.

    `text` says everything that matters without the blocks and fits `chat.update` (4,000 characters). Send it
    with `parse="none"`: the default of `chat.update` would turn plain words into links.
    """

    text: str
    blocks: list[dict[str, object]]

    @property
    def is_too_long(self) -> bool:
        """Slack may refuse to post these blocks."""
        return len(json.dumps(self.blocks, ensure_ascii=False, separators=(",", ":"))) > _MOST_JSON
