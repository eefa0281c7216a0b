"""What a person is told when something they did took place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.surfaces import notices
from bot.surfaces.rendered import Rendered

_CONFIRMATIONS: Final[Mapping[str, str]] = {
    "raised": "{number} is raised. You'll hear from us in its conversation.",
    "exists": "{number} covers that message already, so no second ticket was raised.",
    "asked": "",
    "chosen_already": "You have chosen already: that message is in {number}.",
    "claimed": "{number} is yours.",
    "already_yours": "{number} is yours already.",
    "released": "{number} is back in the queue.",
    "nobody_had_it": "Nobody had {number}, so nothing has changed.",
    "assigned": "{number} is {assignee}'s now. They are told.",
    "already_theirs": "{assignee} has {number} already.",
    "waiting": "{number} is waiting.",
    "already_waiting": "{number} is waiting already.",
    "resumed": "{number} goes on.",
    "resolved": "{number} is resolved; the requester is told.",
    "resolution_noted": "Noted as what fixed {number}.",
    "reopened": "{number} is open again.",
    "already_open": "{number} is open already.",
    "closed": "{number} is closed.",
    "cancelled": "{number} is cancelled.",
    "acknowledged": "Noted that you have seen the escalation of {number}.",
    "noted": "Your note is on {number}. Only the desk reads it.",
    "commented": "Added to {number}.",
    "commented_in_the_open": "The requester has your message. {number} is private, but everybody in this "
    "channel reads this thread: “Show details” on the card answers out of their sight.",
    "noted_in_the_open": "Your note is on {number}, which is private, but everybody in this channel reads "
    "this thread. “Note” on the card keeps it between the desk's agents.",
    "raised_privately": "{number} is raised, and private: it goes on in direct messages. I cannot delete "
    "the message here, so everybody in this channel still reads it; please delete it if it says too much.",
    "made_private": "{number} is private now.",
    "made_private_here": "{number} is private now and goes on in direct messages. I cannot delete what "
    "people wrote here, so everybody in this channel still reads it; please delete what says too much.",
    "already_private": "{number} is private already.",
    "made_public": "{number} is public again. What was said in private stays where it was said.",
    "already_public": "{number} is not private, so nothing has changed.",
    "prioritised": "{number} is {priority} now.",
    "same_priority": "{number} is {priority} already, so nothing has changed.",
}

_ASK_FOR_RESOLUTION: Final = (
    "{number} is resolved. What fixed it? Reply under its card, and the requester reads it too."
)

_ASK_IN_PRIVATE: Final = (
    "{number} is resolved. What fixed it? “Show details” on the card has a field for the answer; "
    "the requester reads it, this channel does not."
)

WORTH_A_WORD: Final = frozenset(
    {
        "exists",
        "resolved",
        "already_theirs",
        "same_priority",
        "commented_in_the_open",
        "noted_in_the_open",
        "raised_privately",
        "made_private",
        "made_private_here",
        "already_private",
        "made_public",
        "already_public",
    }
)
"""Events that nothing visible shows; the others need no word after an emoji or a button."""


def confirmation(event: str, number: str, data: Mapping[str, str]) -> Rendered | None:
    """The sentence for an event; None when there is nothing to say."""
    asks = event == "resolved" and not data.get("noted")
    ask = _ASK_IN_PRIVATE if data.get("private") else _ASK_FOR_RESOLUTION
    sentence = ask if asks else _CONFIRMATIONS.get(event, "")
    if not sentence:
        return None
    known = {"assignee": "somebody", "priority": "changed", **data, "number": number}
    return notices.told(sentence.format_map(known))
