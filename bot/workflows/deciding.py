"""From a gesture to the action it means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from bot.workflows import by_emoji, by_message, by_word
from bot.workflows.desks import load_desks
from bot.workflows.facts import Message
from bot.workflows.gestures import (
    Acted,
    AnyGesture,
    Asked,
    CameBack,
    Changed,
    Chose,
    Filed,
    LookedHome,
    Pointed,
    Reacted,
    Spoken,
    Unparked,
    WentAway,
    Wrote,
)
from bot.workflows.outcomes import Outcome
from bot.workflows.scene import Scene


def decide(
    session: Session,
    gesture: AnyGesture,
    *,
    now: datetime,
    messages: Mapping[tuple[str, str], Message] | None = None,
) -> Outcome:
    """Do what a gesture means, in the caller's transaction.

    Raises Refused (nothing changed, and why), FactsMissing (nothing changed yet) or Conflict (run it again).
    """
    scene = Scene(session=session, now=now, desks=load_desks(session), messages=messages or {})
    match gesture:
        case Reacted():
            return by_emoji.reacted(scene, gesture)
        case Wrote():
            return by_message.wrote(scene, gesture)
        case Changed():
            return by_message.changed(scene, gesture)
        case Filed():
            return by_word.filed(scene, gesture)
        case Pointed():
            return by_message.pointed(scene, gesture)
        case Acted():
            return by_word.acted(scene, gesture)
        case Chose():
            return by_message.chose(scene, gesture)
        case Asked():
            return by_word.asked(scene, gesture)
        case WentAway() | CameBack() | Unparked() | LookedHome():
            return _without_ticket(scene, gesture)


def _without_ticket(scene: Scene, gesture: Spoken) -> Outcome:
    if isinstance(gesture, Unparked):
        return by_word.unparked(scene, gesture)
    if isinstance(gesture, LookedHome):
        return by_word.looked_home(scene, gesture)
    return by_word.said_absence(scene, gesture)
