"""What faults do and errors mean, in words that the page shows."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.faults import FaultKind


@dataclass(frozen=True)
class Choice:
    """A property of a fault that can be chosen, with its label and the words of each value."""

    field: str
    label: str
    options: tuple[tuple[float | bool | str, str], ...]


@dataclass(frozen=True)
class FaultWords:
    """`hit` is what happened to a call that met the fault."""

    kind: FaultKind
    name: str
    words: str
    hit: str = ""
    choices: tuple[Choice, ...] = field(default=())


def _seconds(words: str, *counts: int) -> Choice:
    options = ((n, f"{words} {n} s" if n < 60 else f"{words} {n // 60} min") for n in counts)
    return Choice("seconds", "How long", tuple(options))


_OFTEN = Choice(
    "probability", "How often", ((1, "every call"), (0.5, "every other call"), (0.1, "one call in ten"))
)
_SIZES = Choice("count", "How small", ((1, "1 each"), (3, "3 each"), (20, "20 each")))
_SAME_ID = Choice("same_id", "Under which id", ((True, "same id"), (False, "new id")))
_OUTAGE = Choice("mode", "How", (("drop", "cut"), ("503", "answered 503")))

FAULT_GROUPS: dict[str, tuple[FaultWords, ...]] = {
    "When the app calls": (
        FaultWords(
            "ratelimited",
            "Rate limit",
            "Calls are refused: “429, come back later”.",
            "a fault asked to wait",
            (_OFTEN, _seconds("in", 1, 5, 30)),
        ),
        FaultWords(
            "http_error",
            "Server error",
            "Calls fail with status 500. Nothing is carried out.",
            "a fault answered with an error",
            (_OFTEN,),
        ),
        FaultWords(
            "lost_answer",
            "Lost answer",
            "Calls are carried out, but the app never hears so. A careless one now posts twice.",
            "carried out, the answer was lost by a fault",
            (_OFTEN,),
        ),
        FaultWords(
            "drop",
            "Cut connection",
            "Calls break off before they are carried out.",
            "cut by a fault, not carried out",
            (_OFTEN,),
        ),
        FaultWords(
            "hang",
            "Slow answers",
            "Calls take long.",
            "a fault made it wait",
            (_OFTEN, _seconds("wait", 2, 8, 20)),
        ),
        FaultWords(
            "error",
            "Internal error",
            "Calls are refused: “internal_error”.",
            "refused by a fault",
            (_OFTEN,),
        ),
        FaultWords(
            "garbage",
            "A web page",
            "Calls are answered with HTML in place of JSON.",
            "a fault answered with a web page",
            (_OFTEN,),
        ),
    ),
    "When it reads": (
        FaultWords(
            "history_lag",
            "Late history",
            "What was written last is missing from history.",
            choices=(_seconds("last", 5, 30, 120),),
        ),
        FaultWords("page_cap", "Small pages", "Lists come in many small pages.", choices=(_SIZES,)),
    ),
    "When it is told": (
        FaultWords("duplicate_events", "Events twice", "Each event is delivered again.", choices=(_SAME_ID,)),
        FaultWords(
            "shuffle_events",
            "Events out of order",
            "Each event waits a random time.",
            choices=(_seconds("up to", 1, 5, 20),),
        ),
        FaultWords("lose_events", "Events lost", "Events are never sent, not even later."),
        FaultWords(
            "withhold_events",
            "Events held back",
            "No event is delivered. All of them come when you lift this.",
        ),
    ),
    "Everything": (
        FaultWords(
            "outage",
            "Slack is down",
            "Every call and every connection is cut.",
            "cut by the outage",
            (_OUTAGE,),
        ),
    ),
}

ERROR_WORDS = {
    "ack_failed": "The app answered with an error instead of an acknowledgement.",
    "ack_payload": "An event is acknowledged without a payload.",
    "ack_timeout": "The app must acknowledge within three seconds.",
    "bad_errors": "Errors of a form must name its inputs.",
    "bad_options": "Slack does not show these options.",
    "bad_response_action": "A form is answered with nothing, its errors, or another form.",
    "channel_not_found": "There is no such channel, or the app cannot see it.",
    "edit_window_closed": "The workspace does not let this message be edited any more.",
    "expired_trigger_id": "A trigger is good for three seconds.",
    "invalid_arguments": "Slack does not take these arguments.",
    "invalid_auth": "Slack does not know this token.",
    "invalid_blocks": "Slack does not show these blocks.",
    "is_inactive": "Nothing is edited in an archived channel.",
    "live_markup": "Somebody’s text would have pinged everyone.",
    "message_not_found": "There is no such message.",
    "missing_scope": "The manifest does not grant the scope for this.",
    "missing_text_in_message": "A message needs text beside its blocks: notifications read it out.",
    "msg_blocks_too_long": "Together, these blocks are too long for a message.",
    "not_authed": "The call came without a token.",
    "not_in_channel": "The app is not in this channel.",
    "not_supported_by_sandbox": "Slack has this, the sandbox does not.",
    "ratelimited": "Too many calls: the app must wait.",
    "token_leaked": "An upload address was sent the app’s token.",
    "unknown_method": "Slack has no such method.",
}
"""By the codes of Slack's errors and of breaches of its protocol."""
