"""Which Slack call makes a delivery real."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.delivery import marker
from bot.delivery.rendering import Content, Emoji
from bot.store.outbox import Claim

NO_PREVIEWS: Final = {"unfurl_links": False, "unfurl_media": False}
DONE_ALREADY: Final = {"reactions.add": "already_reacted", "reactions.remove": "no_reaction"}
"""The refusals that say that things are as they should be."""
GONE: Final = frozenset({"message_not_found"})
"""The refusals that say that the message is not there any more."""
NO_ROOT: Final = GONE | {"cannot_reply_to_message", "thread_not_found"}
"""The refusals that say that nothing can be posted under a message: it was deleted."""
CLOSED: Final = "edit_window_closed"
"""The refusal that says that the message is there, and stays as it is."""
PASSING: Final = frozenset({"update_failed", "external_channel_migrating"})
"""The refusals that pass by themselves; what may be done twice is done again later."""


@dataclass(frozen=True)
class Call:
    """A method of Slack's Web API and its arguments."""

    method: str
    args: dict[str, object]


def reacting(emoji: Emoji, *, channel: str, message_ts: str) -> Call:
    """Put our emoji on a message, or take it off."""
    method = "reactions.add" if emoji.present else "reactions.remove"
    return Call(method, {"channel": channel, "timestamp": message_ts, "name": emoji.name})


def writing(claim: Claim, content: Content, *, channel: str, thread_ts: str | None, secret: str) -> Call:
    """Post the message, or bring the posted one up to date.

    The marker goes along with updates, too: whether Slack keeps it otherwise is not documented.
    """
    mark = marker.metadata(secret, key=claim.key, channel=channel, thread_ts=thread_ts)
    args: dict[str, object] = {
        "channel": channel,
        "text": content.text,
        "blocks": content.blocks,
        "parse": "none",
        "metadata": mark,
    }
    if claim.ts is not None:
        return Call("chat.update", args | {"ts": claim.ts})
    return Call("chat.postMessage", args | NO_PREVIEWS | {"thread_ts": thread_ts} | dict(content.attribution))
