"""Places where a process can be made to die, so that tests can prove that no place is a bad one.

Every transaction that changes something, every call of Slack and every acknowledgement passes here, before
and after. `DESK_FAILPOINT=after.claim:2` kills the process (SIGKILL, nothing is cleaned up) when it is there
for the second time; it is accepted only against a workspace on this machine. Unarmed, a place costs a
comparison.
"""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass, field
from enum import StrEnum


class Commit(StrEnum):
    """The transactions that change something, by what they keep."""

    GESTURE = "gesture"
    KEPT_GESTURE = "kept_gesture"
    PARKED_GESTURE = "parked_gesture"
    FORGOTTEN_GESTURES = "forgotten_gestures"
    DIRECTORY_EVENT = "directory_event"
    DIRECTORY = "directory"
    CONFIGURATION = "configuration"
    DESKS = "desks"
    CALENDARS = "calendars"
    POLICIES = "policies"
    CLOCK_STEP = "clock_step"
    TICK = "tick"
    TICK_ALONE = "tick_alone"
    CLOSING = "closing"
    SERIES = "series"
    REPORT = "report"
    REPORT_FAILURE = "report_failure"
    PICTURES_CLAIM = "pictures_claim"
    PICTURES = "pictures"
    CLAIM = "claim"
    RECOVERY = "recovery"
    TURN = "turn"
    LOOK = "look"
    SECOND_ATTEMPT = "second_attempt"
    SETTLEMENT = "settlement"
    CHORES = "chores"
    FACTS_CLAIM = "facts_claim"
    FACTS = "facts"
    WATERMARK = "watermark"
    JANITOR = "janitor"
    AUDIT_ANCHOR = "audit_anchor"
    OPERATOR = "operator"
    HEARTBEAT = "heartbeat"
    HOMES = "homes"


class Call(StrEnum):
    """What is asked of Slack, by method; `upload` and `respond` go to addresses that Slack gave out."""

    TEST = "auth.test"
    BOT = "bots.info"
    PERSON = "users.info"
    PEOPLE = "users.list"
    CHANNEL = "conversations.info"
    CHANNELS = "conversations.list"
    MEMBERS = "conversations.members"
    JOIN = "conversations.join"
    OPEN_DIRECT = "conversations.open"
    USERGROUP = "usergroups.users.list"
    USERGROUPS = "usergroups.list"
    HISTORY = "conversations.history"
    REPLIES = "conversations.replies"
    POST = "chat.postMessage"
    UPDATE = "chat.update"
    DELETE = "chat.delete"
    EPHEMERAL = "chat.postEphemeral"
    ADD_EMOJI = "reactions.add"
    REMOVE_EMOJI = "reactions.remove"
    EMOJI = "reactions.get"
    OPEN_VIEW = "views.open"
    UPDATE_VIEW = "views.update"
    PUBLISH = "views.publish"
    UPLOAD_URL = "files.getUploadURLExternal"
    COMPLETE_UPLOAD = "files.completeUploadExternal"
    FILE = "files.info"
    UPLOAD = "upload"
    RESPOND = "respond"


class Ack(StrEnum):
    """The ways in which Slack hears "ok"."""

    SOCKET = "socket_ack"
    HTTP = "http_ack"


BEFORE, AFTER = "before", "after"
NAMES = tuple(f"{side}.{place}" for place in (*Commit, *Call, *Ack) for side in (BEFORE, AFTER))
"""Every failpoint, as `DESK_FAILPOINT` names it."""


class UnknownFailpoint(ValueError):
    """There is no failpoint of that name."""


@dataclass
class _Armed:
    name: str
    nth: int
    seen: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reached(self, name: str) -> None:
        if name != self.name:
            return
        with self.lock:
            self.seen += 1
            if self.seen >= self.nth:
                os.kill(os.getpid(), signal.SIGKILL)


_armed: _Armed | None = None


def parse(text: str) -> tuple[str, int]:
    """The name and the count in `name[:nth]`. Raises UnknownFailpoint."""
    name, _, nth = text.partition(":")
    if name not in NAMES or not (nth or "1").isdecimal() or nth == "0":
        raise UnknownFailpoint(text)
    return name, int(nth or 1)


def arm(text: str) -> None:
    """This process dies when it is for the nth time where `name[:nth]` says. Raises UnknownFailpoint."""
    global _armed  # noqa: PLW0603 - one process, one death
    _armed = _Armed(*parse(text))


def before(place: str) -> None:
    """The process is about to commit, to call or to acknowledge."""
    if _armed is not None:
        _armed.reached(f"{BEFORE}.{place}")


def after(place: str) -> None:
    """It has just done so, and has not yet noted what came of it."""
    if _armed is not None:
        _armed.reached(f"{AFTER}.{place}")
