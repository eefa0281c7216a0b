"""The bot joins the channels that its desks need; where it cannot, it says who can help and how."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.clock import real_now
from bot.delivery.client import CallFailed, Refused
from bot.delivery.pacing import Busy
from bot.delivery.reads import Reader
from bot.directory import keeping
from bot.failpoints import Commit
from bot.models import Channel, Person
from bot.store import Store, outbox
from bot.workflows import policies
from bot.workflows.desks import load_desks

_CANNOT: Final = {
    "is_archived": "#{channel} is archived. Unarchive it, or name another channel in desk.yaml.",
    "missing_scope": "The bot may not join #{channel}: install the app again from the current manifest, "
    "or invite it: /invite @{bot}.",
}
_INVITE: Final = "Invite @{bot} to #{channel}: /invite @{bot}."


def needed(session: Session) -> list[str]:
    """The channels that the active desks use, without repeats."""
    found: dict[str, None] = {}
    for desk in load_desks(session).all:
        channels = (*desk.request_channels, desk.triage_channel, desk.managers_channel)
        found |= dict.fromkeys(channel for channel in channels if channel is not None)
        found |= dict.fromkeys(sorted(policies.channels(session, desk)))
    return list(found)


def join_channels(store: Store, reader: Reader) -> list[str]:
    """Join what is public and needed. Returns a sentence for each channel that the bot cannot use."""
    with store.read() as session:
        bot = _bot_name(session)
        channels = [(channel_id, session.get(Channel, channel_id)) for channel_id in needed(session)]
        missing = [
            (channel_id, found.name if found else channel_id, found)
            for channel_id, found in channels
            if found is None or not found.is_member or found.is_archived
        ]
        plans = [(channel_id, name, _obstacle(found)) for channel_id, name, found in missing]
        usable = {channel_id for channel_id, _ in channels} - {channel_id for channel_id, _, _ in missing}
        stuck = outbox.parked_channels(session) & usable
    for channel_id in stuck:
        store.run(partial(entered, channel_id=channel_id), Commit.DIRECTORY)
    return list(_join_each(store, reader, plans, bot))


def _join_each(
    store: Store, reader: Reader, plans: list[tuple[str, str, str | None]], bot: str
) -> Iterator[str]:
    for channel_id, name, obstacle in plans:
        error = obstacle or _join(store, reader, channel_id)
        if error is not None:
            yield _CANNOT.get(error, _INVITE).format(channel=name, bot=bot)


def _obstacle(channel: Channel | None) -> str | None:
    """Why joining need not even be tried."""
    if channel is None or channel.is_private:
        return "is_private"
    return "is_archived" if channel.is_archived else None


def _join(store: Store, reader: Reader, channel_id: str) -> str | None:
    try:
        reader.call("conversations.join", channel=channel_id)
    except Refused as refusal:
        return refusal.error
    except (CallFailed, Busy) as failure:
        return str(failure)
    store.run(lambda session: entered(session, channel_id), Commit.DIRECTORY)
    return None


def entered(session: Session, channel_id: str) -> None:
    """The bot is in a channel now: what could not be posted there can be."""
    session.execute(update(Channel).where(Channel.id == channel_id).values(is_member=True))
    outbox.unpark(session, channel=channel_id, now=real_now())


def _bot_name(session: Session) -> str:
    user_id = keeping.bot_user_id(session)
    person = session.get(Person, user_id) if user_id else None
    return person.name if person else "deskbell"
