"""Where a reply goes when the message that it should stand under was deleted in Slack."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.delivery.client import Refused
from bot.delivery.pacing import backoff
from bot.delivery.places import Place
from bot.models import Outbox, Ticket
from bot.store import outbox
from bot.store.outbox import Claim
from bot.workflows import telling
from bot.workflows.telling import Telling

_MOST_TRIES: Final = 8
"""Some two minutes for our own root to be found deleted, and be posted anew."""
_MOVED: Final = "The message that it belongs under was deleted: it goes on in direct messages."


def replant(session: Session, claim: Claim, refusal: Refused, *, gone: Place, now: datetime) -> bool:
    """Give a delivery back with the root that it hangs from now; False if somebody else has taken it.

    Whoever posted has looked for earlier tries, so that none of them is in Slack. Raises the refusal where
    there is no other root, or one that is there refuses replies too.
    """
    row = session.get_one(Outbox, claim.id)
    tries = claim.attempts if row.error == refusal.error else 0
    if tries >= _MOST_TRIES:
        raise refusal
    if claim.kind == Telling.CHOICE.value:
        return outbox.superseded(session, claim, reason="The message was deleted in Slack.", now=now)
    place = _own_root(session, claim, gone)
    if place is None:
        place = _conversation(session, claim, gone)
    if place is None:
        raise refusal
    if claim.kind == Telling.OPENING.value and place:
        return outbox.superseded(session, claim, reason=_MOVED, now=now)
    pause = timedelta(seconds=backoff(tries))
    return outbox.replant(
        session, claim, place=place, not_before=now + pause, error=refusal.error, attempts=tries + 1
    )


def _own_root(session: Session, claim: Claim, gone: Place) -> Mapping[str, str | None] | None:
    """A card or opening of the same ticket is brought up to date, and so is found deleted."""
    root = session.scalar(
        select(Outbox).where(
            Outbox.ticket_id == claim.ticket_id,
            Outbox.channel == gone.channel,
            Outbox.ts == gone.thread_ts,
            Outbox.kind.in_(telling.REPOSTED),
        )
    )
    if root is None:
        return None
    telling.show_again(session, root)
    return {"thread_ts": None, "thread_key": root.key}


def _conversation(session: Session, claim: Claim, gone: Place) -> Mapping[str, str | None] | None:
    """A requester who deleted their own message hears in direct messages what it was answered.

    A new root in the channel would repeat there what they took back.
    """
    ticket = session.get(Ticket, claim.ticket_id, with_for_update=True) if claim.ticket_id else None
    if ticket is None or not _is_to_requester(claim, ticket):
        return {} if claim.thread_key is not None else None  # our root was posted anew meanwhile
    if (ticket.conversation_channel, ticket.conversation_ts) == (gone.channel, gone.thread_ts):
        telling.move_to_direct(session, ticket)
    here: dict[str, str | None] = {"thread_ts": None, "thread_key": telling.opening_key(ticket)}
    if claim.key == here["thread_key"]:
        return {}
    if ticket.has_moved:
        here |= {"channel": None, "person_id": ticket.requester_id}
    return here


def _is_to_requester(claim: Claim, ticket: Ticket) -> bool:
    """A relay goes to the card's thread too, and what is said there stays there."""
    openings = (None, f"opening:{ticket.id}", telling.opening_key(ticket))
    return claim.kind in telling.CONVERSATION and claim.thread_key in openings
