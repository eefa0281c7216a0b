"""What comes of a gesture, as values that a reader can enumerate."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from bot.errors import DeskbellError
from bot.workflows.facts import Fact


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A direct word to one person, seen by nobody else. Best effort: never the only carrier of a fact."""

    person_id: str
    channel: str | None
    text: str
    thread_ts: str | None = None
    response_url: str | None = None


class Refusal(StrEnum):
    """Why nothing changed."""

    NOT_AN_AGENT = "not_an_agent"
    NO_QUEUE = "no_queue"
    NO_REPORT = "no_report"
    GUEST = "guest"
    STRANGER = "stranger"
    APP = "app"
    DEACTIVATED = "deactivated"
    UNKNOWN_PERSON = "unknown_person"
    NOT_IN_THIS_STATE = "not_in_this_state"
    ALREADY_CLAIMED = "already_claimed"
    NOT_YOURS = "not_yours"
    NEEDS_A_LEAD = "needs_a_lead"
    ASSIGNEE_IS_NO_AGENT = "assignee_is_no_agent"
    TAKER_IS_NO_AGENT = "taker_is_no_agent"
    """Who wants it for themselves may assign it, but cannot have it: a manager."""
    NO_SUCH_TICKET = "no_such_ticket"
    NO_DESK = "no_desk"
    DESK_GONE = "desk_gone"
    """The desk that was chosen takes no tickets any more."""
    NOTE_REQUIRED = "note_required"
    TOO_LATE_TO_UNDO = "too_late_to_undo"
    TOO_LATE_TO_RESUME = "too_late_to_resume"
    """The same for a wait that goes on, which no button of the card ends."""
    NO_SUCH_MESSAGE = "no_such_message"
    NOTHING_TO_CHANGE = "nothing_to_change"
    NO_ABSENCE = "no_absence"
    """Only agents say that they are away."""
    NOT_A_TIME = "not_a_time"
    ALREADY_PAST = "already_past"
    TOO_FAR_AHEAD = "too_far_ahead"
    COVER_IS_NO_AGENT = "cover_is_no_agent"
    COVERS_ONESELF = "covers_oneself"


class Refused(DeskbellError):
    """An action that may not or cannot be done; `refusal` and `data` let a surface say why."""

    def __init__(self, refusal: Refusal, **data: str) -> None:
        super().__init__(f"{refusal.value} {data}" if data else refusal.value)
        self.refusal = refusal
        self.data = data


class FactsMissing(Exception):
    """The decision needs facts that the directory does not hold (or not freshly). Raised before any write."""

    def __init__(self, *facts: Fact) -> None:
        super().__init__(f"facts are missing: {facts}")
        self.facts = facts


class Conflict(Exception):
    """Somebody else committed first; run again and see what they did."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """The action took place (or had already). `event` is the word for what happened; `number` the ticket."""

    event: str
    number: str
    ticket_id: int
    data: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Deferred:
    """Facts are missing: the gesture is kept and decided when they are there."""

    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Ignored:
    """The gesture means nothing to the desk, or was seen before."""


Outcome = Done | Refused | Deferred | Ignored
