"""What things are called and what is said when something cannot be done. Everything here is plain text.

Show it as `Words`, through `notices.told`, or in a plain_text object; escaping happens there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Final

from bot.models.service_levels import ClockName
from bot.models.vocabulary import Action, EventKind, Kind, Level, State
from bot.surfaces.durations import open_words
from bot.surfaces.inline import name_of
from bot.surfaces.text import one_line
from bot.workflows.outcomes import Refusal
from bot.workflows.reading import EventView, TicketView

NOBODY_YET: Final = "nobody has it yet"
_MOST_DATUM: Final = 80

_STATES: Final = {
    State.NEW: "New",
    State.ASSIGNED: "In progress",
    State.WAITING_REQUESTER: "Waiting for the requester",
    State.WAITING_SUPPLIER: "Waiting for a supplier",
    State.WAITING_APPROVAL: "Waiting for approval",
    State.RESOLVED: "Resolved",
    State.CLOSED: "Closed",
    State.CANCELLED: "Cancelled",
}
_KINDS: Final = {Kind.INCIDENT: "Incident", Kind.REQUEST: "Request"}
_LEVELS: Final = {Level.LOW: "low", Level.MEDIUM: "medium", Level.HIGH: "high"}
_STATE_VALUES: Final = frozenset(state.value for state in State)
_ACTION_VALUES: Final = frozenset(action.value for action in Action)
_POSSIBLE: Final = {
    Action.CLAIM: "claim it",
    Action.RELEASE: "release it",
    Action.ASSIGN: "assign it",
    Action.WAIT: "set it to waiting",
    Action.RESUME: "resume it",
    Action.RESOLVE: "resolve it",
    Action.REOPEN: "reopen it",
    Action.CLOSE: "close it",
    Action.CANCEL: "cancel it",
    Action.NOTE: "add a note",
    Action.PRIORITISE: "change its priority",
    Action.ACKNOWLEDGE: "acknowledge it",
    Action.SPEAK: "answer",
    Action.MAKE_PRIVATE: "make it private",
    Action.MAKE_PUBLIC: "make it public",
}
_TIMES: Final[dict[str, str]] = {
    ClockName.RESPOND: "time to respond",
    ClockName.RESOLVE: "time to resolve",
    ClockName.UPDATE: "time to the next update",
}
_TARGETS: Final[dict[str, str]] = {
    ClockName.RESPOND: "respond target",
    ClockName.RESOLVE: "resolve target",
    ClockName.UPDATE: "update target",
}
_FRACTIONS: Final = {25: "a quarter", 50: "half", 75: "three quarters"}


def state_words(state: State) -> str:
    """A state, as people say it."""
    return _STATES[state]


def kind_words(kind: Kind) -> str:
    """A kind of ticket, as people say it."""
    return _KINDS[kind]


def level_words(level: Level) -> str:
    """A level of impact or urgency."""
    return _LEVELS[level]


def resolution_question(kind: Kind) -> str:
    """What an agent is asked for when a ticket is resolved."""
    return "What fixed it?" if kind is Kind.INCIDENT else "What was done?"


def possible_words(actions: Sequence[Action]) -> str:
    """What can be done, as the end of a sentence: "claim it, assign it or add a note"."""
    words = [_POSSIBLE[action] for action in actions if action in _POSSIBLE]
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} or {words[-1]}"


def time_words(clock: ClockName | str) -> str:
    """What a clock measures."""
    return _TIMES.get(clock, "time")


def used_words(clock: ClockName | str, percent: int) -> str:
    """How much of a target is used: "half of the time to respond"."""
    return f"{_FRACTIONS.get(percent, f'{percent}%')} of the {time_words(clock)}"


def past_words(clock: ClockName | str, after: timedelta) -> str:
    """How much time has gone by since a breach: "1 h past the resolve target"."""
    return f"{open_words(after)} past the {_TARGETS.get(clock, 'target')}"


def raised_by(view: TicketView) -> str:
    """Who raised a ticket, and for whom."""
    if view.raiser.id == view.requester.id:
        return f"{name_of(view.requester)} raised it"
    return f"{name_of(view.raiser)} raised it for {name_of(view.requester)}"


# --- the timeline ---


def event_sentence(event: EventView) -> str:
    """What happened, in one sentence without a full stop. It never shows the text of a note or a message.

    Read of `event.data`, each where it is there: `to_name` (assigned), `to` (waited: the state), `from` and
    `to` (prioritised), `undone` (the kind of event taken back), `by` (continued: the other ticket), `clock`
    and `point`, as in `Milestone.point`, or `percent` (warned, breached, escalated), `to_name` or `to`
    (escalated: whom).
    """
    actor = name_of(event.actor) if event.actor else None
    return _EVENTS[event.kind](actor, _Data(event.data))


class _Data:
    """An event's own facts, each on one line; what is missing is an empty text."""

    def __init__(self, facts: dict[str, str]) -> None:
        self._facts = facts

    def __getitem__(self, name: str) -> str:
        return one_line(str(self._facts.get(name) or ""), _MOST_DATUM)


_Sentence = Callable[[str | None, _Data], str]


def _did(words: str, *, by_itself: str | None = None) -> _Sentence:
    """A sentence whose subject is the actor; without one, what the desk says of itself."""
    alone = by_itself or f"The desk {words}"
    return lambda actor, _data: f"{actor} {words}" if actor else alone


def _assigned(actor: str | None, data: _Data) -> str:
    if actor and actor == data["to_name"]:
        return f"{actor} took it over"
    return f"{actor or 'The desk'} assigned it to {data['to_name'] or 'somebody else'}"


_WAITING: Final[dict[str, str]] = {
    State.WAITING_REQUESTER: "is waiting for the requester",
    State.WAITING_SUPPLIER: "is waiting for a supplier",
    State.WAITING_APPROVAL: "is waiting for approval",
}


def _waited(actor: str | None, data: _Data) -> str:
    return f"{actor or 'The desk'} {_WAITING.get(data['to'], 'set it to waiting')}"


def _prioritised(actor: str | None, data: _Data) -> str:
    change = f" from {data['from']} to {data['to']}" if data["from"] and data["to"] else ""
    return f"{actor or 'The desk'} changed the priority{change}"


def _undone(actor: str | None, data: _Data) -> str:
    return f"{actor or 'The desk'} took back {_TAKEN_BACK.get(data['undone'], 'the last step')}"


def _continued(_actor: str | None, data: _Data) -> str:
    return f"It goes on in {data['by'] or 'another ticket'}"


_POINT: Final = re.compile(r"(?P<percent>[0-9]{1,3})%?|breach(?:\+(?P<after>[0-9]{1,9}))?")
_TOLD: Final = {
    "assignee": "the assignee",
    "agents": "the agents",
    "assignee_or_agents": "the assignee or the agents",
    "leads": "the leads",
    "managers": "the managers",
}


def _reached(data: _Data) -> str:
    """The point that a clock had reached; nothing if that is not said."""
    clock, written = data["clock"], (data["point"] or data["percent"]).partition(">")[0]
    point = _POINT.fullmatch(written)
    if point is None:
        return ""
    if point["percent"] and point["percent"] != "100":
        return f"{used_words(clock, int(point['percent']))} was used"
    if point["after"] and int(point["after"]):
        return past_words(clock, timedelta(seconds=int(point["after"])))
    return f"the {time_words(clock)} was over"


def _warned(_actor: str | None, data: _Data) -> str:
    return _capital(_reached(data) or f"a part of the {time_words(data['clock'])} was used")


def _breached(_actor: str | None, data: _Data) -> str:
    return f"The {time_words(data['clock'])} was over"


def _escalated(_actor: str | None, data: _Data) -> str:
    known = [_TOLD[word] for word in re.findall(r"[a-z_]+", data["to"]) if word in _TOLD]
    whom = data["to_name"] or " and ".join(known)
    reached = _reached(data)
    return "It was escalated" + (f" to {whom}" if whom else "") + (f": {reached}" if reached else "")


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


_TAKEN_BACK: Final[dict[str, str]] = {
    EventKind.RESOLVED: "the resolution",
    EventKind.WAITED: "the waiting",
    EventKind.PRIORITISED: "the change of priority",
}


_EVENTS: Final[dict[EventKind, _Sentence]] = {
    EventKind.RAISED: _did("raised it"),
    EventKind.CLAIMED: _did("claimed it"),
    EventKind.RELEASED: _did("released it"),
    EventKind.ASSIGNED: _assigned,
    EventKind.WAITED: _waited,
    EventKind.RESUMED: _did("resumed it", by_itself="It goes on after an answer"),
    EventKind.RESOLVED: _did("resolved it"),
    EventKind.REOPENED: _did("reopened it"),
    EventKind.CLOSED: _did("closed it", by_itself="It closed by itself"),
    EventKind.CANCELLED: _did("cancelled it"),
    EventKind.NOTED: _did("added a note"),
    EventKind.COMMENTED: _did("wrote a message"),
    EventKind.PRIORITISED: _prioritised,
    EventKind.UNDONE: _undone,
    EventKind.MESSAGE_EDITED: _did("edited a message", by_itself="A message was edited"),
    EventKind.MESSAGE_DELETED: _did("deleted a message", by_itself="A message was deleted"),
    EventKind.RESOLUTION_NOTED: _did("noted what fixed it"),
    EventKind.CONTINUED: _continued,
    EventKind.WARNED: _warned,
    EventKind.BREACHED: _breached,
    EventKind.ESCALATED: _escalated,
    EventKind.MADE_PRIVATE: _did("made it private"),
    EventKind.MADE_PUBLIC: _did("made it public again"),
    EventKind.ACKNOWLEDGED: _did("acknowledged the escalation", by_itself="The escalation was acknowledged"),
}


# --- refusals ---


class Answer(StrEnum):
    """What a person is told when the surface itself, not an action, has to say no."""

    NO_DESK_HERE = "no_desk_here"
    NO_SUCH_PERSON = "no_such_person"
    NOT_UNDERSTOOD = "not_understood"
    TEMPORARY = "temporary"
    LOOKING_UP = "looking_up"
    MALFORMED = "malformed"


_REFUSALS: Final[dict[Refusal | Answer, str]] = {
    Refusal.NOT_AN_AGENT: "Only agents of {desk} can do that, so {number} stays as it was. "
    "If something should change, write it in the conversation.",
    Refusal.NO_QUEUE: "The queue is for the desk's agents. /ticket list shows your own tickets.",
    Refusal.NO_REPORT: "The tickets behind a report are for the agents, leads and managers of its desk. "
    "/ticket list shows your own tickets.",
    Refusal.GUEST: "Guest accounts cannot do that here, so nothing has changed. "
    "A full member of the workspace can do it for you.",
    Refusal.STRANGER: "This desk serves its own organisation, so nothing has changed. "
    "Your contact there can do it for you.",
    Refusal.APP: "Apps cannot do that, so nothing has changed. A person has to.",
    Refusal.DEACTIVATED: "That account is deactivated, so nothing has changed. "
    "An administrator of the workspace can help.",
    Refusal.UNKNOWN_PERSON: "I could not see yet who you are, so nothing has changed. "
    "Please try again in a minute.",
    Refusal.NOT_IN_THIS_STATE: "{number} is {state}, so you cannot {action} now.{possible}",
    Refusal.NOTHING_TO_CHANGE: "That is so already; nothing has changed.",
    Refusal.ALREADY_CLAIMED: "{by} has {number} already. If you want it, ask them to release it.",
    Refusal.NOT_YOURS: "That is for the people of {number} alone, so nothing has changed.",
    Refusal.NEEDS_A_LEAD: "{by} has {number}. They can do that, or a lead can.",
    Refusal.ASSIGNEE_IS_NO_AGENT: "{who} is not an agent of {desk}, so {number} stays as it was. "
    "Please choose one of its agents.",
    Refusal.TAKER_IS_NO_AGENT: "Only an agent of {desk} can have {number}, so it stays as it was. "
    "“Reassign” and /ticket assign give it to one of them.",
    Answer.NO_SUCH_PERSON: "I found nobody called {who}. Type @ and pick the person from Slack's list.",
    Refusal.NO_SUCH_TICKET: "I cannot find {number}, or you may not see it. /ticket list shows your tickets.",
    Refusal.NO_SUCH_MESSAGE: "That message is gone, so there is nothing to raise. "
    "/ticket and a few words raise a ticket too.",
    Refusal.NO_DESK: "No desk is configured for this yet, so nobody would read it. "
    "An administrator can set one up in desk.yaml.",
    Refusal.DESK_GONE: "That desk takes no tickets at the moment, so nothing was raised. "
    "Please choose another, or send your message again later.",
    Refusal.NO_ABSENCE: "Only the agents of a desk say here when they are away, so nothing has changed.",
    Refusal.NOT_A_TIME: "I could not read “{word}” as a time, so nothing has changed. "
    "/ticket away until Monday, until 1 Dec 9:00, until 14:00 or for 3d are times that I can read.",
    Refusal.ALREADY_PAST: "You wrote “{word}”, which is past already, so nothing has changed. "
    "Write a time that is still to come, like /ticket away until tomorrow 9:00.",
    Refusal.TOO_FAR_AHEAD: "You wrote “{word}”, which is more than a year ahead, so nothing has changed. "
    "Write an earlier time; you can say it again when that is over.",
    Refusal.COVER_IS_NO_AGENT: "{who} is not an agent of {desk}, so nothing has changed. "
    "Please name one of its agents as cover.",
    Refusal.COVERS_ONESELF: "Nobody can cover for themselves, so nothing has changed. "
    "Please name another agent as cover.",
    Answer.NO_DESK_HERE: "No desk listens in this channel. /ticket raises a ticket from anywhere.",
    Refusal.NOTE_REQUIRED: "Please say it in a few words; they go on the timeline of {number}.",
    Refusal.TOO_LATE_TO_UNDO: "It is too late to take that back on {number}, so it stays. "
    "The buttons on the card still change it.",
    Refusal.TOO_LATE_TO_RESUME: "It is too late to take that back on {number}, so it is still waiting. "
    "/ticket resume {number} goes on with it.",
    Answer.NOT_UNDERSTOOD: "I don't know “{word}”. Did you mean {suggestion}? To raise a ticket, "
    "describe the problem in a few words, or type /ticket alone for the form.",
    Answer.TEMPORARY: "That did not work just now, and nothing has changed. Please try again in a minute.",
    Answer.LOOKING_UP: "Looking that up; you'll hear from me.",
    Answer.MALFORMED: "I could not read that, so nothing has changed. /ticket help shows what works.",
}
_WITHOUT_DATA: Final = {
    "number": "the ticket",
    "by": "somebody else",
    "desk": "this desk",
    "state": "in another state",
    "action": "do that",
    "possible": "",
    "who": "that person",
    "word": "that",
    "suggestion": "/ticket help",
}


def refusal(kind: Refusal | Answer, **data: str) -> str:
    """Say why something was not done and what to do next, as plain text.

    Data, all of which may be missing: `number`, `desk` (its name), `by`, `who` (names), `state` and `action`
    (of the vocabulary, or in words), `possible` (of `possible_words`), `word`, `suggestion`.
    """
    known = {name: _worded(name, _inert(value)) for name, value in data.items() if value}
    sentence = _REFUSALS[kind].format_map({**_WITHOUT_DATA, **known})
    return _capital(sentence)


def _worded(name: str, value: str) -> str:
    """Words of the vocabulary as people say them; everything else as it is."""
    if name == "state":
        return (_STATES[State(value)] if value in _STATE_VALUES else value).lower()
    if name == "action" and value in _ACTION_VALUES:
        return _POSSIBLE.get(Action(value), "do that")
    return f" You can {value}." if name == "possible" else value


def _inert(value: str) -> str:
    """One line without angle brackets: harmless even where somebody forgets to escape it."""
    return one_line(value, 300).replace("<", "‹").replace(">", "›")
