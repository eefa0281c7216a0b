"""The words that records, actions and surfaces share."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What sort of record a ticket is; the prefix of its number stands in `PREFIXES`."""

    INCIDENT = "incident"
    REQUEST = "request"


PREFIXES = {Kind.INCIDENT: "INC", Kind.REQUEST: "REQ"}


class State(StrEnum):
    """The states of a ticket."""

    NEW = "new"
    ASSIGNED = "assigned"
    WAITING_REQUESTER = "waiting_requester"
    WAITING_SUPPLIER = "waiting_supplier"
    WAITING_APPROVAL = "waiting_approval"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Category(StrEnum):
    """The base category that each state maps to; metrics speak of these."""

    NEW = "new"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"


CATEGORY_OF = {
    State.NEW: Category.NEW,
    State.ASSIGNED: Category.IN_PROGRESS,
    State.WAITING_REQUESTER: Category.WAITING,
    State.WAITING_SUPPLIER: Category.WAITING,
    State.WAITING_APPROVAL: Category.WAITING,
    State.RESOLVED: Category.RESOLVED,
    State.CLOSED: Category.CLOSED,
    State.CANCELLED: Category.CLOSED,
}

WAITING_STATES = frozenset(s for s in State if CATEGORY_OF[s] is Category.WAITING)
OPEN_STATES = frozenset({State.NEW, State.ASSIGNED}) | WAITING_STATES
ENDED_STATES = frozenset({State.CLOSED, State.CANCELLED})


class Level(StrEnum):
    """Impact or urgency."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Action(StrEnum):
    """The operations of the desk. A button, an emoji, a word and the command line name the same ones."""

    RAISE = "raise"
    SHOW = "show"
    CLAIM = "claim"
    RELEASE = "release"
    ASSIGN = "assign"
    WAIT = "wait"
    RESUME = "resume"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    CLOSE = "close"
    CANCEL = "cancel"
    NOTE = "note"
    COMMENT = "comment"
    """Write in the conversation."""
    SPEAK = "speak"
    """Write in the card's thread, to the requester."""
    PRIORITISE = "prioritise"
    UNDO = "undo"
    ACKNOWLEDGE = "acknowledge"
    """Say that an escalation has been seen."""
    QUEUE = "queue"
    ABSENT = "absent"
    """Say that one is away, or back."""
    REPORT = "report"
    """Unfold a line of a digest."""
    READ = "read"
    """Read what a private ticket says."""
    MAKE_PRIVATE = "make_private"
    MAKE_PUBLIC = "make_public"
    UNPARK = "unpark"
    """Retry or drop what could not be delivered."""


class Role(StrEnum):
    """What a person is to a ticket. People hold several; the first five deny everything."""

    GUEST = "guest"
    STRANGER = "stranger"
    APP = "app"
    DEACTIVATED = "deactivated"
    UNKNOWN = "unknown"
    MEMBER = "member"
    REQUESTER = "requester"
    AGENT = "agent"
    ASSIGNEE = "assignee"
    LEAD = "lead"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"
    SYSTEM = "system"


OUTSIDERS = frozenset({Role.GUEST, Role.STRANGER, Role.APP, Role.DEACTIVATED, Role.UNKNOWN})


class EventKind(StrEnum):
    """What a timeline event says happened."""

    RAISED = "raised"
    CLAIMED = "claimed"
    RELEASED = "released"
    ASSIGNED = "assigned"
    WAITED = "waited"
    RESUMED = "resumed"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    NOTED = "noted"
    COMMENTED = "commented"
    PRIORITISED = "prioritised"
    UNDONE = "undone"
    MESSAGE_EDITED = "message_edited"
    MESSAGE_DELETED = "message_deleted"
    RESOLUTION_NOTED = "resolution_noted"
    CONTINUED = "continued"
    WARNED = "warned"
    BREACHED = "breached"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    MADE_PRIVATE = "made_private"
    MADE_PUBLIC = "made_public"


MEASURED = frozenset({EventKind.WARNED, EventKind.BREACHED, EventKind.ESCALATED, EventKind.ACKNOWLEDGED})
"""What the clocks did, not what somebody did to the ticket: it keeps nothing from being undone."""


class Visibility(StrEnum):
    """Who reads a comment: everybody in the conversation, or the desk alone."""

    PUBLIC = "public"
    INTERNAL = "internal"


class Speaker(StrEnum):
    """For whom somebody wrote a comment."""

    REQUESTER = "requester"
    DESK = "desk"
    """An agent of the desk who is not the requester."""
    OTHER = "other"


class Source(StrEnum):
    """How a ticket came in."""

    COMMAND = "command"
    EMOJI = "emoji"
    SHORTCUT = "shortcut"
    MENTION = "mention"
    DIRECT_MESSAGE = "direct_message"
    REPLY = "reply"
