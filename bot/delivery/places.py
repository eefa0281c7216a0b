"""Where a delivery goes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.delivery.reconcile import Identity
from bot.models import Outbox, Person, Workspace
from bot.store.outbox import EMOJI, Claim


@dataclass(frozen=True, kw_only=True)
class Place:
    """A channel (None: a direct message that is not open yet), and the thread in it.

    For an emoji, `thread_ts` is the message that it sits on.
    """

    channel: str | None
    thread_ts: str | None


def place_of(session: Session, claim: Claim | Outbox) -> Place:
    """Where a delivery goes, as the records stand now: a reply to where its root is."""
    channel, thread_ts = claim.channel, claim.thread_ts
    if claim.thread_key is not None:
        root = session.scalar(select(Outbox).where(Outbox.key == claim.thread_key))
        if root is not None:
            known = (root.channel, channel) if claim.ts is None else (channel, root.channel)
            channel = known[0] or known[1]
            thread_ts = thread_ts or _root_ts(claim, root)
    if channel is None and claim.person_id is not None:
        channel = session.scalar(select(Person.direct_channel).where(Person.id == claim.person_id))
    return Place(channel=channel, thread_ts=thread_ts)


def _root_ts(claim: Claim | Outbox, root: Outbox) -> str | None:
    """An emoji sits on the very message; a reply goes under the root of its thread."""
    return root.ts if claim.kind == EMOJI else root.thread_ts or root.ts


def identity(session: Session) -> Identity | None:
    """Who we are; None until the directory has been filled for the first time."""
    workspace = session.scalars(select(Workspace)).first()
    if workspace is None:
        return None
    return Identity(
        user_id=workspace.bot_user_id,
        bot_id=workspace.bot_id,
        app_id=workspace.app_id,
        secret=workspace.marker_secret,
    )
