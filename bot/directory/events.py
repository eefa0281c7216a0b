"""Slack's events about people, channels and user groups, applied in the handler's transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from bot.directory import joining, keeping, shapes
from bot.models import (
    Anchor,
    Channel,
    Comment,
    Membership,
    MessageChange,
    Outbox,
    Reaction,
    Ticket,
    Usergroup,
    Watermark,
)
from bot.store import outbox
from bot.store.dialects import insert_once
from bot.workflows.desks import follow_channel

Event = Mapping[str, Any]
Apply = Callable[[Session, Event, datetime], bool]


def apply_event(session: Session, event: Event, now: datetime) -> bool:
    """Bring the directory up to date. True when a name may mean somebody or something else from now on.

    An event of another kind, or one that lacks what it should say, changes nothing: the next refresh sees it.
    """
    apply = _APPLY.get(str(event.get("type")))
    if apply is None:
        return False
    try:
        return apply(session, event, now)
    except (KeyError, TypeError, AttributeError):
        return False


# --- people ---


def _user(session: Session, event: Event, now: datetime) -> bool:
    values = shapes.person(event["user"], home=keeping.home(session), now=now)
    return keeping.keep_person(session, values)


def _joined(session: Session, event: Event, _now: datetime) -> bool:
    channel_id, person_id = str(event["channel"]), str(event["user"])
    keeping.join(session, channel_id, person_id)
    if person_id == keeping.bot_user_id(session):
        joining.entered(session, channel_id)
        return True
    return False


def _left(session: Session, event: Event, _now: datetime) -> bool:
    channel_id, person_id = str(event["channel"]), str(event["user"])
    keeping.leave(session, channel_id, person_id)
    if person_id == keeping.bot_user_id(session):
        _change(session, channel_id, is_member=False)
    return False


def _bot_left(session: Session, event: Event, _now: datetime) -> bool:
    channel_id = str(event["channel"])
    bot = keeping.bot_user_id(session)
    if bot is not None:
        keeping.leave(session, channel_id, bot)
    _change(session, channel_id, is_member=False)
    return False


# --- channels ---


def _created(session: Session, event: Event, now: datetime) -> bool:
    values = shapes.channel(event["channel"], now=now)
    return insert_once(session, Channel, values, keys=["id"])


def _renamed(session: Session, event: Event, _now: datetime) -> bool:
    channel = event["channel"]
    _change(session, str(channel["id"]), name=str(channel["name"]))
    return True


def _archived(session: Session, event: Event, _now: datetime) -> bool:
    _change(session, str(event["channel"]), is_archived=True)
    return True


def _unarchived(session: Session, event: Event, now: datetime) -> bool:
    channel_id = str(event["channel"])
    _change(session, channel_id, is_archived=False)
    outbox.unpark(session, channel=channel_id, now=now)
    return True


def _deleted(session: Session, event: Event, _now: datetime) -> bool:
    channel_id = str(event["channel"])
    session.execute(delete(Membership).where(Membership.channel_id == channel_id))
    session.execute(delete(Channel).where(Channel.id == channel_id))
    return True


def _shared(session: Session, event: Event, _now: datetime) -> bool:
    _change(session, str(event["channel"]), is_shared=event["type"] == "channel_shared")
    return False


def _change(session: Session, channel_id: str, **values: Any) -> None:
    session.execute(update(Channel).where(Channel.id == channel_id).values(values))


_HOLD_CHANNELS: Final = (
    Anchor.channel,
    Channel.id,
    Comment.channel,
    Membership.channel_id,
    MessageChange.channel,
    Outbox.channel,
    Reaction.channel,
    Ticket.conversation_channel,
    Ticket.origin_channel,
    Watermark.channel,
)
"""Every column that names a channel."""


def _id_changed(session: Session, event: Event, _now: datetime) -> bool:
    old, new = str(event["old_channel_id"]), str(event["new_channel_id"])
    # What the new id has gathered already is what the next refresh reads anyway.
    session.execute(delete(Channel).where(Channel.id == new))
    session.execute(delete(Membership).where(Membership.channel_id == new))
    session.execute(delete(Watermark).where(Watermark.channel == new))
    for column in _HOLD_CHANNELS:
        session.execute(update(column.class_).where(column == old).values({column.key: new}))
    follow_channel(session, old, new)
    return True


# --- user groups ---


def _usergroup(session: Session, event: Event, now: datetime) -> bool:
    group = event["subteam"]
    users = group.get("users")
    members = [user for user in users if isinstance(user, str)] if isinstance(users, list) else None
    if members is not None and _count(group.get("user_count")) > len(members):
        members = None  # Slack names 500 at most
    keeping.keep_usergroup(session, shapes.usergroup(group), members, now)
    return True


def _count(value: object) -> int:
    """A number that Slack writes as one or as a text."""
    return int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()) else 0


def _usergroup_members(session: Session, event: Event, _now: datetime) -> bool:
    group_id = str(event["subteam_id"])
    if session.get(Usergroup, group_id) is None:
        return False
    keeping.change_usergroup_members(
        session,
        group_id,
        added=[str(person_id) for person_id in event.get("added_users") or ()],
        removed=[str(person_id) for person_id in event.get("removed_users") or ()],
    )
    return False


_APPLY: Final[Mapping[str, Apply]] = {
    "user_change": _user,
    "team_join": _user,
    "member_joined_channel": _joined,
    "member_left_channel": _left,
    "channel_left": _bot_left,
    "group_left": _bot_left,
    "channel_created": _created,
    "channel_rename": _renamed,
    "group_rename": _renamed,
    "channel_archive": _archived,
    "group_archive": _archived,
    "channel_unarchive": _unarchived,
    "group_unarchive": _unarchived,
    "channel_deleted": _deleted,
    "group_deleted": _deleted,
    "channel_shared": _shared,
    "channel_unshared": _shared,
    "channel_id_changed": _id_changed,
    "subteam_created": _usergroup,
    "subteam_updated": _usergroup,
    "subteam_members_changed": _usergroup_members,
}

DIRECTORY_EVENTS: Final = frozenset(_APPLY)
"""The types of event that the directory follows."""
