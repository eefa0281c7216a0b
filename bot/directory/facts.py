"""Reading the one fact that a decision lacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from bot.clock import real_now
from bot.delivery.client import Refused
from bot.delivery.reads import Reader, UnreadableAnswer, objects, strings
from bot.directory import keeping, shapes
from bot.failpoints import Commit
from bot.models import Channel, Usergroup
from bot.store import Store
from bot.workflows.facts import (
    ChannelFact,
    Fact,
    MembersFact,
    Message,
    MessageFact,
    PersonFact,
    UsergroupFact,
)

_NOBODY: Final = frozenset({"user_not_found", "user_not_visible", "users_not_found"})
_OUT_OF_REACH: Final = frozenset(
    {"channel_not_found", "not_in_channel", "thread_not_found", "message_not_found", "is_archived"}
)
NO_USERGROUPS: Final = frozenset(
    {"plan_upgrade_required", "paid_teams_only", "permission_denied", "missing_scope"}
)
"""What Slack answers where there are no user groups, or none for the bot to see."""


class FactReader:
    """Reads facts from Slack into the directory; messages are returned instead.

    Raises Busy and every CallFailed of `Reader.call`.
    """

    def __init__(self, store: Store, reader: Reader) -> None:
        self._store = store
        self._reader = reader

    def fetch(self, fact: Fact) -> Message | None:
        """Read one fact. A message that is not there comes back as missing."""
        match fact:
            case PersonFact(person_id):
                self.person(person_id)
            case MembersFact(channel_id):
                self.members(channel_id)
            case UsergroupFact(usergroup_id):
                self.usergroup(usergroup_id)
            case ChannelFact(channel_id):
                self.channel(channel_id)
            case MessageFact(channel, ts):
                return self.message(channel, ts)
        return None

    def person(self, person_id: str) -> None:
        """Who somebody is. Whom Slack does not show us is kept as a stranger."""
        try:
            user = _object(self._reader.call("users.info", user=person_id), "user")
        except Refused as refusal:
            if refusal.error not in _NOBODY:
                raise
            values = shapes.nobody(person_id, now=real_now())
        else:
            with self._store.read() as session:
                home = keeping.home(session)
            values = shapes.person(user, home=home, now=real_now())
        self._store.run(lambda session: keeping.keep_person(session, values), Commit.DIRECTORY)

    def channel(self, channel_id: str) -> None:
        """What a channel is."""
        found = _object(self._reader.call("conversations.info", channel=channel_id), "channel")
        values = shapes.channel(found, now=real_now())
        self._store.run(lambda session: keeping.keep_channel(session, values), Commit.DIRECTORY)

    def members(self, channel_id: str) -> None:
        """Who is in a channel, as of the beginning of the reading."""
        with self._store.read() as session:
            is_known = session.get(Channel, channel_id) is not None
        if not is_known:
            self.channel(channel_id)
        now = real_now()
        pages = self._reader.pages("conversations.members", channel=channel_id)
        members = [person_id for page in pages for person_id in strings(page, "members")]
        self._store.run(
            lambda session: keeping.keep_members(session, channel_id, members, now), Commit.DIRECTORY
        )

    def usergroup(self, usergroup_id: str) -> None:
        """Who is in a user group; one that is gone has no members."""
        now = real_now()
        with self._store.read() as session:
            is_known = session.get(Usergroup, usergroup_id) is not None
        if not is_known:
            self.usergroups()
        try:
            members = strings(self._reader.call("usergroups.users.list", usergroup=usergroup_id), "users")
        except Refused as refusal:
            if refusal.error != "no_such_subteam":
                raise
            members = []
            self._store.run(
                lambda session: keeping.keep_usergroup(
                    session, {"id": usergroup_id, "handle": "", "name": "", "is_disabled": True}, [], now
                ),
                Commit.DIRECTORY,
            )
        self._store.run(
            lambda session: keeping.keep_usergroup_members(session, usergroup_id, members, now),
            Commit.DIRECTORY,
        )

    def usergroups(self) -> bool:
        """Every user group with its members; False where the workspace has none to show."""
        now = real_now()
        try:
            answer = self._reader.call("usergroups.list", include_users=True, include_disabled=True)
        except Refused as refusal:
            if refusal.error not in NO_USERGROUPS:
                raise
            return False
        for group in shapes.with_id(objects(answer, "usergroups")):
            values, listed = shapes.usergroup(group), group.get("users")
            members = [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else None
            self._keep_usergroup(values, members, now)
        return True

    def _keep_usergroup(self, values: dict[str, Any], members: list[str] | None, now: Any) -> None:
        self._store.run(
            lambda session: keeping.keep_usergroup(session, values, members, now), Commit.DIRECTORY
        )

    def message(self, channel_id: str, ts: str) -> Message:
        """What a message says: from the channel, or from the thread that it is in."""
        try:
            found = next((m for m in self._candidates(channel_id, ts) if m.get("ts") == ts), None)
        except Refused as refusal:
            if refusal.error not in _OUT_OF_REACH:
                raise
            found = None
        if found is None:
            return Message(channel=channel_id, ts=ts, text="", author_id=None, is_missing=True)
        return shapes.message(found, channel_id=channel_id)

    def _candidates(self, channel_id: str, ts: str) -> Iterator[dict[str, Any]]:
        window = {"channel": channel_id, "oldest": ts, "latest": ts, "inclusive": True}
        yield from objects(self._reader.call("conversations.history", limit=1, **window), "messages")
        # History holds no replies; asked for a reply, a thread begins with its root and may need all pages.
        yield from self._reader.entries("conversations.replies", "messages", channel=channel_id, ts=ts)


def _object(answer: dict[str, Any], field: str) -> dict[str, Any]:
    found = answer.get(field)
    if not isinstance(found, dict) or not shapes.with_id([found]):
        raise UnreadableAnswer(f"{field} is missing")
    return found
