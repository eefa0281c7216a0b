"""The workspace in memory. Its methods keep the records consistent and tell what happened."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable

from sandbox import clock as clocks
from sandbox import happenings as happened
from sandbox.clock import SandboxClock
from sandbox.elements import still_shown
from sandbox.entities import (
    Channel,
    ChannelKind,
    Edited,
    Ephemeral,
    File,
    Message,
    ResponseUrl,
    Scheduled,
    Team,
    Trigger,
    User,
    Usergroup,
)
from sandbox.ids import named_id, new_id, new_secret
from sandbox.installation import Installation
from sandbox.modals import Screens
from sandbox.seed import APP, ChannelSeed, UsergroupSeed, UserSeed, WorkspaceSeed

Listener = Callable[[happened.Happening], None]

_TS = re.compile(r"[0-9]{1,10}\.[0-9]{6}")


class NotInWorkspace(LookupError):
    """There is no such user, channel or message; check the name or id."""


class Workspace:
    """Team, people, channels, messages and what is on people's screens."""

    def __init__(self, seed: WorkspaceSeed, *, clock: SandboxClock, app: Installation) -> None:
        self.clock = clock
        self.app = app
        self.team = Team(
            id=seed.team.id or named_id("T", "team", seed.team.domain),
            name=seed.team.name,
            domain=seed.team.domain,
            plan=seed.team.plan,
        )
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.usergroups: dict[str, Usergroup] = {}
        self.ephemerals: list[Ephemeral] = []
        self.files: dict[str, File] = {}
        self.scheduled: dict[str, Scheduled] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.custom_emoji: set[str] = set(seed.custom_emoji)
        self.screens = Screens()
        self._listeners: list[Listener] = []
        self._last_event_ts = 0.0
        self._load(seed)

    # -- seed ---------------------------------------------------------------------------------------------

    def _load(self, seed: WorkspaceSeed) -> None:
        for user in seed.users:
            self._load_user(user)
        self._load_app_user()
        for channel in seed.channels:
            self._load_channel(channel)
        for group in seed.usergroups:
            self._load_usergroup(group)

    def _load_user(self, seed: UserSeed) -> None:
        foreign = bool(seed.team) and seed.team != self.team.name
        user = User(
            id=seed.id or named_id("U", "user", seed.handle),
            team_id=named_id("T", "team", seed.team) if foreign else self.team.id,
            handle=seed.handle,
            real_name=seed.real_name,
            display_name=seed.display_name,
            email=seed.email,
            title=seed.title,
            tz=seed.tz,
            image=seed.image,
            is_bot=seed.is_bot,
            is_restricted=seed.is_restricted or seed.is_ultra_restricted,
            is_ultra_restricted=seed.is_ultra_restricted,
            is_stranger=foreign,
            is_admin=seed.is_admin or seed.is_owner or seed.is_primary_owner,
            is_owner=seed.is_owner or seed.is_primary_owner,
            is_primary_owner=seed.is_primary_owner,
            deleted=seed.deleted,
            bot_id=named_id("B", "bot", seed.handle) if seed.is_bot else "",
            app_id=named_id("A", "app", seed.handle) if seed.is_bot else "",
            updated=int(self.clock.now()),
        )
        self.users[user.id] = user

    def _load_app_user(self) -> None:
        name = self.app.manifest.display_name or self.app.manifest.name
        self.users[self.app.bot_user] = User(
            id=self.app.bot_user,
            team_id=self.team.id,
            handle=re.sub(r"[^a-z0-9_.-]+", "_", name.lower()).strip("_") or "app",
            real_name=name,
            is_bot=True,
            bot_id=self.app.bot_id,
            app_id=self.app.app_id,
            tz="America/Los_Angeles",
            updated=int(self.clock.now()),
        )

    def _load_channel(self, seed: ChannelSeed) -> None:
        channel = Channel(
            id=seed.id or named_id("C", "channel", seed.name),
            name=seed.name,
            kind=seed.kind,
            creator=self.user(seed.creator).id if seed.creator else self.app.bot_user,
            created=int(self.clock.now()),
            members=[self.user(member).id for member in seed.members],
            is_archived=seed.is_archived,
            is_general=seed.is_general,
            is_ext_shared=seed.is_ext_shared,
            topic=seed.topic,
            purpose=seed.purpose,
        )
        self.channels[channel.id] = channel

    def _load_usergroup(self, seed: UsergroupSeed) -> None:
        now = int(self.clock.now())
        group = Usergroup(
            id=seed.id or named_id("S", "usergroup", seed.handle),
            handle=seed.handle,
            name=seed.name,
            users=[self.user(member).id for member in seed.users],
            date_create=now,
            date_update=now,
        )
        self.usergroups[group.id] = group

    # -- telling ------------------------------------------------------------------------------------------

    def subscribe(self, listener: Listener) -> None:
        """Calls `listener` with everything that happens from now on."""
        self._listeners.append(listener)

    def tell(self, happening: happened.Happening) -> None:
        """Passes a happening to all listeners, in order."""
        for listener in self._listeners:
            listener(happening)

    # -- finding ------------------------------------------------------------------------------------------

    def user(self, reference: str) -> User:
        """By id, `@handle`, handle or display name; `@app` is the bot under test. Raises NotInWorkspace."""
        if reference == APP:
            return self.users[self.app.bot_user]
        if reference in self.users:
            return self.users[reference]
        name = reference.removeprefix("@").lower()
        for user in self.users.values():
            if user.handle.lower() == name:
                return user
        for user in self.users.values():
            if name and name in {user.display_name.lower(), user.real_name.lower()}:
                return user
        raise NotInWorkspace(f"There is no user {reference!r}.")

    def channel(self, reference: str) -> Channel:
        """By id, `#name` or name. Raises NotInWorkspace."""
        if reference in self.channels:
            return self.channels[reference]
        found = self.channel_named(reference.removeprefix("#"))
        if found is None:
            raise NotInWorkspace(f"There is no channel {reference!r}.")
        return found

    def channel_named(self, name: str) -> Channel | None:
        """The public or private channel of that name, archived ones last."""
        matches = [c for c in self.channels.values() if c.name == name and c.kind in {"public", "private"}]
        return min(matches, key=lambda c: c.is_archived, default=None)

    def message(self, channel: str, ts: str) -> Message:
        """Raises NotInWorkspace."""
        found = self.channel(channel).messages.get(ts)
        if found is None:
            raise NotInWorkspace(f"There is no message {ts} in {channel}.")
        return found

    def im_between(self, first: str, second: str) -> Channel | None:
        """The direct conversation of two users, if it was ever opened."""
        pair = {first, second}
        return next((c for c in self.channels.values() if c.kind == "im" and set(c.members) == pair), None)

    def thread(self, channel: Channel, root_ts: str) -> list[Message]:
        """The parent, if it exists, and its replies, oldest first."""
        root = channel.messages.get(root_ts)
        return [*([root] if root else []), *self.replies(channel, root_ts)]

    def replies(self, channel: Channel, root_ts: str) -> list[Message]:
        """The replies of a parent, oldest first."""
        return list(channel.replies.get(root_ts, {}).values())

    # -- time ---------------------------------------------------------------------------------------------

    def next_ts(self, channel: Channel) -> str:
        """A message ts: the workspace's clock, unique and rising within the channel."""
        moment = max(round(self.clock.now(), 6), round(channel.last_ts + 0.000001, 6))
        channel.last_ts = moment
        return format_ts(moment)

    def event_ts(self) -> str:
        """An event ts: the workspace's clock, unique and rising."""
        moment = max(round(self.clock.now(), 6), round(self._last_event_ts + 0.000001, 6))
        self._last_event_ts = moment
        return format_ts(moment)

    # -- messages -----------------------------------------------------------------------------------------

    def post(self, channel: Channel, draft: Message) -> Message:
        """Puts a message into a channel; `ts` is given here."""
        message = dataclasses.replace(
            draft, channel=channel.id, ts=self.next_ts(channel), posted_at_real=clocks.real()
        )
        channel.messages[message.ts] = message
        if message.is_reply:
            channel.replies.setdefault(message.thread_ts, {})[message.ts] = message
        self.tell(happened.MessagePosted(channel, message))
        return message

    def change(self, message: Message, *, editor: str, **changes: object) -> Message:
        """Edits a message in place and remembers who did it."""
        channel = self.channels[message.channel]
        previous = dataclasses.replace(message)
        if "blocks" in changes:
            message.earlier = still_shown(message.blocks, message.earlier)
        for name, value in changes.items():
            setattr(message, name, value)
        if editor:
            message.edited = Edited(editor, self.event_ts())
        self.tell(happened.MessageChanged(channel, message, previous))
        return message

    def delete(self, message: Message) -> None:
        """Deletes a message. A parent with replies becomes a tombstone, which Slack tells as a change; the
        tombstone goes with the last reply.
        """
        channel = self.channels[message.channel]
        if message.subtype != "tombstone" and self.replies(channel, message.ts):
            self._bury(channel, message)
            return
        del channel.messages[message.ts]
        if message.is_reply:
            del channel.replies[message.thread_ts][message.ts]
        if message.ts in channel.pins:
            channel.pins.remove(message.ts)
        self.tell(happened.MessageDeleted(channel, dataclasses.replace(message)))
        parent = channel.messages.get(message.thread_ts)
        if parent is not None and parent.subtype == "tombstone" and not self.replies(channel, parent.ts):
            self.delete(parent)

    def _bury(self, channel: Channel, message: Message) -> None:
        tombstone = Message(
            channel=channel.id,
            ts=message.ts,
            text="This message was deleted.",
            user="USLACKBOT",
            thread_ts=message.ts,
            subtype="tombstone",
            posted_at_real=message.posted_at_real,
        )
        channel.messages[message.ts] = tombstone
        self.tell(happened.MessageChanged(channel, tombstone, dataclasses.replace(message)))

    def react(self, message: Message, *, user: str, name: str) -> bool:
        """Adds a reaction; False if that person already has it there."""
        people = message.reactions.setdefault(name, [])
        if user in people:
            return False
        people.append(user)
        self._tell_reaction(message, user=user, name=name, added=True)
        return True

    def unreact(self, message: Message, *, user: str, name: str) -> bool:
        """Removes a reaction; False if there was none."""
        people = message.reactions.get(name, [])
        if user not in people:
            return False
        people.remove(user)
        if not people:
            del message.reactions[name]
        self._tell_reaction(message, user=user, name=name, added=False)
        return True

    def _tell_reaction(self, message: Message, *, user: str, name: str, added: bool) -> None:
        channel = self.channels[message.channel]
        self.tell(happened.ReactionChanged(channel, message, user, name, added, self.event_ts()))

    def show_ephemeral(self, ephemeral: Ephemeral) -> Ephemeral:
        """Shows a message to one person only."""
        self.ephemerals.append(ephemeral)
        self.tell(happened.EphemeralShown(ephemeral))
        return ephemeral

    # -- channels -----------------------------------------------------------------------------------------

    def create_channel(self, name: str, *, creator: str, kind: ChannelKind = "public") -> Channel:
        """Creates a channel with its creator as the only member."""
        channel = Channel(
            id=new_id("C"), name=name, kind=kind, creator=creator, created=int(self.clock.now())
        )
        self.channels[channel.id] = channel
        self.tell(happened.ChannelChanged(channel, "created", creator))
        self.join(channel, creator)
        return channel

    def open_im(self, first: str, second: str) -> Channel:
        """The direct conversation of two users, opened if needed."""
        existing = self.im_between(first, second)
        if existing is not None:
            return existing
        channel = Channel(
            id=new_id("D"), name="", kind="im", created=int(self.clock.now()), members=[first, second]
        )
        self.channels[channel.id] = channel
        self.tell(happened.ConversationOpened(channel))
        return channel

    def open_mpim(self, members: Iterable[str]) -> Channel:
        """The group conversation of exactly these users, opened if needed."""
        people = sorted(set(members))
        for channel in self.channels.values():
            if channel.kind == "mpim" and sorted(channel.members) == people:
                return channel
        handles = "--".join(self.users[person].handle for person in people)
        channel = Channel(
            id=new_id("C"),
            name=f"mpdm-{handles}-1",
            kind="mpim",
            created=int(self.clock.now()),
            members=people,
        )
        self.channels[channel.id] = channel
        self.tell(happened.ConversationOpened(channel))
        return channel

    def join(self, channel: Channel, user: str, *, inviter: str = "") -> bool:
        """Adds a member, with the join message people see; False if already in."""
        if user in channel.members:
            return False
        channel.members.append(user)
        self.tell(happened.MembershipChanged(channel, self.users[user], joined=True, inviter=inviter))
        if channel.kind in {"public", "private"}:
            text = f"<@{user}> has joined the channel"
            self.post(
                channel, Message(channel.id, "", text, user=user, subtype="channel_join", inviter=inviter)
            )
        return True

    def leave(self, channel: Channel, user: str) -> bool:
        """Removes a member; False if not in."""
        if user not in channel.members:
            return False
        channel.members.remove(user)
        self.tell(happened.MembershipChanged(channel, self.users[user], joined=False))
        if channel.kind in {"public", "private"}:
            text = f"<@{user}> has left the channel"
            self.post(channel, Message(channel.id, "", text, user=user, subtype="channel_leave"))
        return True

    def rename(self, channel: Channel, name: str, *, actor: str) -> None:
        channel.previous_names.append(channel.name)
        channel.name = name
        self.tell(happened.ChannelChanged(channel, "rename", actor))

    def set_archived(self, channel: Channel, *, archived: bool, actor: str) -> None:
        channel.is_archived = archived
        self.tell(happened.ChannelChanged(channel, "archive" if archived else "unarchive", actor))

    def set_topic(self, channel: Channel, topic: str, *, actor: str) -> None:
        channel.topic = topic
        self.tell(happened.ChannelChanged(channel, "topic", actor))

    def set_purpose(self, channel: Channel, purpose: str, *, actor: str) -> None:
        channel.purpose = purpose
        self.tell(happened.ChannelChanged(channel, "purpose", actor))

    def delete_channel(self, channel: Channel, *, actor: str) -> None:
        del self.channels[channel.id]
        self.tell(happened.ChannelChanged(channel, "deleted", actor))

    def change_channel_id(self, channel: Channel) -> None:
        """Gives the channel a new id, as happens when it becomes shared."""
        old = channel.id
        del self.channels[old]
        channel.id = new_id("C")
        for message in channel.messages.values():
            message.channel = channel.id
        self.channels[channel.id] = channel
        self.tell(happened.ChannelIdChanged(channel, old))

    # -- people -------------------------------------------------------------------------------------------

    def add_user(self, seed: UserSeed) -> User:
        self._load_user(seed)
        user = self.user(seed.id or seed.handle)
        self.tell(happened.UserChanged(user, is_new=True))
        return user

    def change_user(self, user: User, **changes: object) -> None:
        for name, value in changes.items():
            setattr(user, name, value)
        user.updated = int(self.clock.now())
        if changes.get("deleted") is True:
            self._forget_memberships(user.id)
        self.tell(happened.UserChanged(user))

    def _forget_memberships(self, user: str) -> None:
        # Slack drops deactivated people from channels and user groups without a message for each.
        for channel in self.channels.values():
            if channel.kind in {"public", "private"} and user in channel.members:
                channel.members.remove(user)
        for group in self.usergroups.values():
            if user in group.users:
                group.users.remove(user)

    def add_usergroup(self, seed: UsergroupSeed) -> Usergroup:
        self._load_usergroup(seed)
        group = self.usergroups[seed.id or named_id("S", "usergroup", seed.handle)]
        self.tell(happened.UsergroupChanged(group, "created"))
        return group

    def change_usergroup(self, group: Usergroup, **changes: object) -> None:
        """Changes name, handle or whether the group is disabled."""
        for name, value in changes.items():
            setattr(group, name, value)
        group.date_update = int(self.clock.now())
        self.tell(happened.UsergroupChanged(group, "updated"))

    def set_usergroup_members(self, group: Usergroup, members: list[str]) -> None:
        added = [m for m in members if m not in group.users]
        removed = [m for m in group.users if m not in members]
        previous = group.date_update
        group.users = list(members)
        group.date_update = int(self.clock.now())
        self.tell(happened.UsergroupChanged(group, "members", added, removed, previous))
        self.tell(happened.UsergroupChanged(group, "updated"))

    # -- one-time rights ----------------------------------------------------------------------------------

    def new_trigger(self, user: str, *, view_id: str = "") -> Trigger:
        """A trigger id for an interaction of this person."""
        key = f"{int(self.clock.now() * 1000)}.{new_secret(12)}.{new_secret(32).lower()}"
        trigger = Trigger(id=key, user=user, born=clocks.real(), view_id=view_id)
        self.triggers[key] = trigger
        return trigger

    def new_response_url(
        self, *, user: str, channel: str, message_ts: str = "", ephemeral_ts: str = "", thread_ts: str = ""
    ) -> ResponseUrl:
        entry = ResponseUrl(
            key=f"{self.team.id}/{new_secret(13)}/{new_secret(24)}",
            user=user,
            channel=channel,
            born=clocks.real(),
            message_ts=message_ts,
            ephemeral_ts=ephemeral_ts,
            thread_ts=thread_ts,
        )
        self.response_urls[entry.key] = entry
        return entry


def format_ts(moment: float) -> str:
    """Slack's message ts: seconds and six decimals, as a string."""
    return f"{moment:.6f}"


def is_ts(value: str) -> bool:
    """True if the string has the form of a ts."""
    return _TS.fullmatch(value) is not None
