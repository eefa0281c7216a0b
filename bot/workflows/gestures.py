"""What reaches the desk, as typed values that can be kept and decided later.

`key` names the gesture: the same key is the same gesture, however often it is delivered.
`at` is its own instant (UTC), by Slack's clock where Slack says.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from bot.models.vocabulary import Action, Kind, Level, State
from bot.workflows.facts import Message


class ReplyTo(BaseModel):
    """Where a direct word to the person may go."""

    model_config = ConfigDict(frozen=True)

    channel: str | None = None
    thread_ts: str | None = None
    """The root of the thread that the gesture was made in. Slack shows a word for one person in a thread
    only when that has a reply: so None for a message without, and for a root."""
    response_url: str | None = None
    is_home: bool = False
    """On top of the person's Home: it was pressed there, and a Home has no channel."""

    @property
    def is_nowhere(self) -> bool:
        """There is no place for a direct word."""
        return self.channel is None and self.response_url is None and not self.is_home


class _Gesture(BaseModel):
    model_config = ConfigDict(frozen=True)

    key: str
    person_id: str
    at: AwareDatetime
    reply_to: ReplyTo = ReplyTo()

    @property
    def trace(self) -> str:
        """What the timeline keeps of the gesture."""
        return self.key


class Reacted(_Gesture):
    """An emoji was put on a message, or taken away."""

    type: Literal["reacted"] = "reacted"
    channel: str
    ts: str
    emoji: str
    event_ts: str
    added: bool
    author_id: str | None = None
    """Who wrote the message, if said."""
    not_before: AwareDatetime | None = None
    """Of one that was found by reading back: `at` is when it was found, it was not there before this."""

    @property
    def trace(self) -> str:
        """The same for putting on and taking away: an undo finds what it takes back by this."""
        return f"emoji:{self.channel}:{self.ts}:{self.person_id}:{self.emoji}"


class Wrote(_Gesture):
    """A message in a channel that the bot is in. `parent_id` is the author of the thread's root, if said."""

    type: Literal["wrote"] = "wrote"
    message: Message
    is_direct: bool = False
    is_mention: bool = False
    parent_id: str | None = None


class Changed(_Gesture):
    """A message was edited, or deleted (`text` is None)."""

    type: Literal["changed"] = "changed"
    channel: str
    ts: str
    changed_ts: str
    text: str | None
    thread_ts: str | None = None


class Filed(_Gesture):
    """The form was sent. `channel` is where it was opened from."""

    type: Literal["filed"] = "filed"
    desk_key: str
    channel: str | None
    message_ts: str | None = None
    """The message in `channel` that the form was opened on, if any."""
    title: str
    description: str
    kind: Kind
    affected: str | None
    category: str | None
    impact: Level
    urgency: Level
    is_private: bool = False


class Pointed(_Gesture):
    """A message was pointed at with the shortcut, or chosen to become a ticket."""

    type: Literal["pointed"] = "pointed"
    message: Message
    desk_key: str | None = None


class Acted(_Gesture):
    """An action on a ticket by button, form or word."""

    type: Literal["acted"] = "acted"
    action: Action
    number: str
    text: str | None = None
    """A resolution or note."""
    assignee_id: str | None = None
    impact: Level | None = None
    urgency: Level | None = None
    wait_for: Literal[State.WAITING_REQUESTER, State.WAITING_SUPPLIER, State.WAITING_APPROVAL] = (
        State.WAITING_REQUESTER
    )


class Chose(_Gesture):
    """A direct message was said to belong to a ticket, or (no number) to be a new one."""

    type: Literal["chose"] = "chose"
    channel: str
    ts: str
    """The message that the choice was offered for."""
    number: str | None = None
    desk_key: str | None = None


class Asked(_Gesture):
    """A list or a ticket is asked for; changes nothing."""

    type: Literal["asked"] = "asked"
    query: Literal[
        "mine",
        "queue",
        "unassigned",
        "assigned",
        "standing",
        "show",
        "sla",
        "absence",
        "report",
        "details",
    ]
    page: int = 1
    number: str | None = None
    """Of a ticket; the key of a desk where that is asked about."""


class WentAway(_Gesture):
    """Somebody says until when they are away (as `untils` reads it), and perhaps who covers for them."""

    type: Literal["went_away"] = "went_away"
    until: str
    cover_id: str | None = None


class CameBack(_Gesture):
    """Somebody says that they are back."""

    type: Literal["came_back"] = "came_back"


class Unparked(_Gesture):
    """A button of the notice about what could not be delivered: retry it, or drop it."""

    type: Literal["unparked"] = "unparked"
    notice: str
    """The key of the notice's delivery."""
    drop: bool


class LookedHome(_Gesture):
    """Somebody opened their Home; or what it needs to be drawn again had to be looked up."""

    type: Literal["looked_home"] = "looked_home"
    is_opening: bool = True


Spoken = WentAway | CameBack | Unparked | LookedHome
"""What concerns no ticket of its own."""

AnyGesture = Reacted | Wrote | Changed | Filed | Pointed | Acted | Chose | Asked | Spoken

GESTURES: TypeAdapter[AnyGesture] = TypeAdapter(Annotated[AnyGesture, Field(discriminator="type")])
"""Reads a gesture back from the inbox."""
