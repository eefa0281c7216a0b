"""Writing down what is known of people, channels and user groups, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.models import Channel, Membership, Person, Usergroup, UsergroupMember, Workspace
from bot.store.dialects import insert_once, upsert

_NAMES: Final = ("handle", "name", "email", "is_deactivated", "is_app")
"""What of a person decides who is meant in desk.yaml."""


def home(session: Session) -> str:
    """The id of the bot's own workspace; empty before it has been read."""
    return session.scalars(select(Workspace.team_id)).first() or ""


def bot_user_id(session: Session) -> str | None:
    """Who the bot is."""
    return session.scalars(select(Workspace.bot_user_id)).first()


def keep_person(session: Session, values: dict[str, Any]) -> bool:
    """Write a person down; True when somebody may be meant by another name now."""
    columns = [getattr(Person, name) for name in _NAMES]
    before = session.execute(select(*columns).where(Person.id == values["id"])).first()
    upsert(session, Person, values, keys=["id"])
    return before is None or tuple(before) != tuple(values.get(name) for name in _NAMES)


def keep_people(session: Session, people: Iterable[dict[str, Any]]) -> None:
    """Write many down."""
    for values in people:
        upsert(session, Person, values, keys=["id"])


def keep_channel(session: Session, values: dict[str, Any]) -> None:
    """Write a channel down; who is in it stays as it was."""
    upsert(session, Channel, values, keys=["id"])


def keep_members(session: Session, channel_id: str, members: Collection[str], now: datetime) -> None:
    """Everybody who is in a channel."""
    known = set(session.scalars(select(Membership.person_id).where(Membership.channel_id == channel_id)))
    for person_id in known - set(members):
        leave(session, channel_id, person_id)
    for person_id in set(members) - known:
        join(session, channel_id, person_id)
    session.execute(update(Channel).where(Channel.id == channel_id).values(members_refreshed_at=now))


def join(session: Session, channel_id: str, person_id: str) -> None:
    """Somebody is in a channel."""
    values = {"channel_id": channel_id, "person_id": person_id}
    insert_once(session, Membership, values, keys=["channel_id", "person_id"])


def leave(session: Session, channel_id: str, person_id: str) -> None:
    """Somebody is not in a channel."""
    session.execute(
        delete(Membership).where(Membership.channel_id == channel_id, Membership.person_id == person_id)
    )


def keep_usergroup(
    session: Session, values: dict[str, Any], members: Collection[str] | None, now: datetime
) -> None:
    """Write a user group down, with its members where they are known."""
    upsert(session, Usergroup, values, keys=["id"])
    if members is not None:
        keep_usergroup_members(session, values["id"], members, now)


def keep_usergroup_members(
    session: Session, usergroup_id: str, members: Collection[str], now: datetime
) -> None:
    """Everybody who is in a user group that is known already."""
    known = set(
        session.scalars(select(UsergroupMember.person_id).where(UsergroupMember.usergroup_id == usergroup_id))
    )
    change_usergroup_members(session, usergroup_id, added=set(members) - known, removed=known - set(members))
    fresh = update(Usergroup).where(Usergroup.id == usergroup_id)
    session.execute(fresh.values(members_refreshed_at=now))


def change_usergroup_members(
    session: Session, usergroup_id: str, *, added: Iterable[str], removed: Iterable[str]
) -> None:
    """Some came into a user group that is known already, some left it."""
    for person_id in added:
        values = {"usergroup_id": usergroup_id, "person_id": person_id}
        insert_once(session, UsergroupMember, values, keys=["usergroup_id", "person_id"])
    member = UsergroupMember
    for person_id in removed:
        session.execute(
            delete(member).where(member.usergroup_id == usergroup_id, member.person_id == person_id)
        )
