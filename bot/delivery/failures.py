"""A delivery that failed for good is told to the administrators, once per cause, place and day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from bot.models import Channel, Ticket
from bot.store.outbox import Claim
from bot.workflows import people, reading, telling, undelivered
from bot.workflows.desks import load_desks
from bot.workflows.telling import Telling

_INVITE: Final = "Invite the bot to that channel: /invite @deskbell. What is parked is then posted."
_UNARCHIVE: Final = "Unarchive the channel, or name another one in desk.yaml."
_FIXES: Final[Mapping[str, str]] = {
    "not_in_channel": _INVITE,
    "channel_not_found": _INVITE,
    "is_archived": _UNARCHIVE,
    "is_inactive": _UNARCHIVE,
    "missing_scope": "Install the app again from the manifest that this version comes with.",
    "restricted_action": "Let the bot post in that channel: see its posting permissions.",
    "user_disabled": "Nothing to fix: that person's account is deactivated.",
    "not_enabled": "Paste what `deskbell manifest` prints into the app's manifest: it has a Home tab now.",
    "invalid_name": "Choose an emoji that exists in this workspace in desk.yaml.",
}
_OTHERWISE: Final = (
    "Look up the delivery in the log; if Slack's rules are not the reason, report it as a bug."
)
_WHAT: Final[Mapping[str, str]] = {
    Telling.CARD: "The card",
    Telling.OPENING: "The first message",
    Telling.RELAY: "A message",
    Telling.RESOLVED_WORD: "The word that it is resolved",
    Telling.CANCELLED_WORD: "The word that it is cancelled",
    Telling.EMOJI: "An emoji",
    Telling.ASSIGNED: "The word to the assignee",
    Telling.FORM_REFUSED: "The answer to a form",
    Telling.CHOICE: "A question about a direct message",
    Telling.ALERT: "A warning",
    Telling.ESCALATION: "An escalation",
    Telling.BOARD: "A list of escalations",
    Telling.UNROUTED: "The alert that nobody is available",
    Telling.HOME: "The Home tab",
    Telling.REPORT: "The digest",
}


def fix_for(error: str) -> str:
    """What an administrator can do about a refusal: Slack's word for it, or the sentence around that."""
    return next((fix for word, fix in _FIXES.items() if word in error), _OTHERWISE)


def tell_parked(session: Session, claim: Claim, *, channel: str | None, error: str, now: datetime) -> None:
    """Slack refused a delivery."""
    detail = f"{_subject(session, claim)} could not be posted in {_place(session, channel)}: {error}."
    if claim.kind == Telling.HOME:
        detail = (
            f"{_subject(session, claim)} of {_name(session, claim.person_id)} could not be shown: {error}."
        )
    _tell(session, claim, "parked", channel, error, ("A message was not delivered", detail), now)


def tell_unreadable(session: Session, claim: Claim, *, channel: str, error: str, now: datetime) -> None:
    """Nobody can find out whether a message was posted."""
    detail = (
        f"{_subject(session, claim)} may or may not have been posted in {_place(session, channel)}, "
        f"and the bot cannot look ({error}). It is not repeated before the bot can."
    )
    _tell(session, claim, "unreadable", channel, error, ("A message may be missing", detail), now)


def _tell(
    session: Session,
    claim: Claim,
    what: str,
    channel: str | None,
    error: str,
    said: tuple[str, str],
    now: datetime,
) -> None:
    if claim.kind == Telling.NOTICE:
        return
    title, detail = said
    data: dict[str, Any] = {"title": title, "detail": detail, "fix": fix_for(error)}
    if what == "parked":
        data |= {"delivery": claim.key, "place": channel, "error": error}
    for person_id in administrators(session):
        key = f"notice:{what}:{error}:{channel}:{now.date().isoformat()}:{person_id}"
        if not telling.tell(session, key, Telling.NOTICE, person_id=person_id, data=data):
            undelivered.open_again(session, key)


def administrators(session: Session) -> list[str]:
    """Whom to tell about failures: those whom desk.yaml names, else the workspace's owners."""
    desks = load_desks(session).all
    return people.administrators(session, desks[0].administrators if desks else None)


def _subject(session: Session, claim: Claim) -> str:
    ticket = session.get(Ticket, claim.ticket_id) if claim.ticket_id is not None else None
    what = _WHAT.get(claim.kind, "A message")
    return f"{what} of {ticket.number}" if ticket is not None else what


def _name(session: Session, person_id: str | None) -> str:
    return reading.read_person(session, person_id or "").name or "somebody"


def _place(session: Session, channel: str | None) -> str:
    if channel is None or channel.startswith("D"):
        return "a direct message"
    known = session.get(Channel, channel)
    return f"#{known.name}" if known is not None else channel
