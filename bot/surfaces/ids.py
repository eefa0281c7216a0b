"""The names by which Slack's payloads and our handlers know each other, and what a form remembers."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Final

from bot.models.vocabulary import Action

COMMAND: Final = "/ticket"
SHORTCUT: Final = "raise_ticket"
SHORTCUT_LABEL: Final = "Raise a ticket"


class ActionId(StrEnum):
    """Action ids of buttons. A button's `value` is the number of its ticket."""

    CLAIM = "ticket.claim"
    RELEASE = "ticket.release"
    ASSIGN = "ticket.assign"
    WAIT = "ticket.wait"
    RESOLVE = "ticket.resolve"
    REOPEN = "ticket.reopen"
    CLOSE = "ticket.close"
    CANCEL = "ticket.cancel"
    NOTE = "ticket.note"
    PRIORITISE = "ticket.prioritise"
    REQUESTER_REOPEN = "requester.reopen"
    DIRECT_NEW = "direct.new"
    TAKE_OVER = "escalation.take_over"
    REASSIGN = "escalation.reassign"
    ACKNOWLEDGE = "escalation.acknowledge"
    DETAILS = "ticket.details"
    MAKE_PUBLIC = "ticket.make_public"
    REPORT_BEHIND = "report.behind"
    NOTICE_RETRY = "notice.retry"
    NOTICE_DROP = "notice.drop"
    REPORT_PREVIOUS = "report.previous"
    REPORT_NEXT = "report.next"
    HOME_RAISE = "home.raise"
    HOME_MORE = "home.more"
    HOME_OPEN = "home.open"
    HOME_AT_RISK = "home.at_risk"
    HOME_OVERDUE = "home.overdue"
    HOME_WAITING = "home.waiting"
    LIST_PREVIOUS = "list.previous"
    LIST_NEXT = "list.next"


CARD_BUTTONS: Final = {
    Action.CLAIM: ("Claim", ActionId.CLAIM),
    Action.RELEASE: ("Release", ActionId.RELEASE),
    Action.ASSIGN: ("Assign", ActionId.ASSIGN),
    Action.WAIT: ("Waiting", ActionId.WAIT),
    Action.RESOLVE: ("Resolve", ActionId.RESOLVE),
    Action.REOPEN: ("Reopen", ActionId.REOPEN),
    Action.CLOSE: ("Close", ActionId.CLOSE),
    Action.CANCEL: ("Cancel", ActionId.CANCEL),
    Action.NOTE: ("Note", ActionId.NOTE),
    Action.PRIORITISE: ("Priority", ActionId.PRIORITISE),
}
"""Label and action id of each action that has a button on the card. The labels are a contract."""

ACTION_OF: Final = {action_id: action for action, (_, action_id) in CARD_BUTTONS.items()}

MOST_DIRECT_CHOICES: Final = 4
DIRECT_ADD: Final = re.compile(r"direct\.add\.[0-9]")
"""Matches the buttons "Add to INC-12" (value: the number): within one block each needs an id of its own."""
DIRECT_NEW: Final = re.compile(r"direct\.new(?:\.[0-9])?")
"""Matches the buttons for a new ticket: `ActionId.DIRECT_NEW`, or one for each desk (value: its key)."""


def direct_add(place: int) -> str:
    """The action id of the button at a place that counts from 1."""
    return f"direct.add.{place}"


def direct_new(place: int) -> str:
    """The action id of the button at a place that counts from 1."""
    return f"direct.new.{place}"


class CallbackId(StrEnum):
    """Callback ids of modals."""

    RAISE = "form.raise"
    RESOLVE = "form.resolve"
    ASSIGN = "form.assign"
    NOTE = "form.note"
    PRIORITY = "form.priority"
    MESSAGE = "view.message"
    BEHIND = "view.behind"
    DETAILS = "form.details"
    HOME = "view.home"
    LIST = "view.list"


class BlockId(StrEnum):
    """Block ids of the inputs of forms; errors are shown under them."""

    DESCRIPTION = "raise.description"
    TITLE = "raise.title"
    KIND = "raise.kind"
    AFFECTED = "raise.affected"
    IMPACT = "raise.impact"
    URGENCY = "raise.urgency"
    CATEGORY = "raise.category"
    DESK = "raise.desk"
    RESOLUTION = "resolve.resolution"
    ASSIGNEE = "assign.person"
    NOTE = "note.text"
    NEW_IMPACT = "priority.impact"
    NEW_URGENCY = "priority.urgency"
    WORK_NOTE = "priority.note"
    PRIVATE = "raise.private"
    REPLY = "details.reply"


INPUT: Final = "value"
"""The action id of the one element that each input block holds."""

MOST_METADATA: Final = 3000
_MOST_VALUE: Final = 255


class FormContextError(ValueError):
    """A form's memory cannot be read or kept; the person opens the form again."""


@dataclass(frozen=True, kw_only=True)
class FormContext:
    """What a form remembers (`private_metadata`). It proves nothing: who acts on what is checked anew."""

    ticket: str | None = None
    channel: str | None = None
    message_ts: str | None = None
    thread_ts: str | None = None
    desk_key: str | None = None
    source: str | None = None
    """A `Source`: how the form was opened."""

    def to_metadata(self) -> str:
        """Write as JSON of at most 3,000 characters. Raises FormContextError if a value is too long."""
        known = {name: value for name, value in asdict(self).items() if value is not None}
        written = json.dumps(known, separators=(",", ":"))
        if any(len(value) > _MOST_VALUE for value in known.values()) or len(written) > MOST_METADATA:
            raise FormContextError("A form can remember short values only; open it with ids, not with text.")
        return written

    @classmethod
    def from_metadata(cls, metadata: object) -> FormContext:
        """Read what `to_metadata` wrote. Raises FormContextError on anything else."""
        if not isinstance(metadata, str) or len(metadata) > MOST_METADATA:
            raise FormContextError(_UNREADABLE)
        try:
            known = json.loads(metadata or "{}")
        except (ValueError, RecursionError):
            raise FormContextError(_UNREADABLE) from None
        if not isinstance(known, dict) or not known.keys() <= {field.name for field in fields(cls)}:
            raise FormContextError(_UNREADABLE)
        if not all(isinstance(value, str) and len(value) <= _MOST_VALUE for value in known.values()):
            raise FormContextError(_UNREADABLE)
        return cls(**known)


_UNREADABLE: Final = "This form no longer knows what it was opened for; please close it and open it again."
