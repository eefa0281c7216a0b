"""Channels, people and user groups change."""

from __future__ import annotations

import dataclasses

from sandbox import shapes
from sandbox.control.request import Gesture, act
from sandbox.entities import ChannelKind, User
from sandbox.happenings import AppRemoved
from sandbox.interactions import NotPossible
from sandbox.jsontypes import JsonObject, texts
from sandbox.seed import UsergroupSeed, UserSeed, build_seed

_CHANGEABLE = frozenset(field.name for field in dataclasses.fields(User)) - {
    "id",
    "team_id",
    "updated",
    "bot_id",
}


@act("create_channel")
async def create_channel(gesture: Gesture) -> JsonObject:
    """`user, name, private?, members?` → `channel`."""
    name = gesture.needed("name").removeprefix("#")
    if gesture.workspace.channel_named(name) is not None:
        raise NotPossible(f"#{name} exists already.")
    creator = gesture.user().id
    kind: ChannelKind = "private" if gesture.flag("private") else "public"
    channel = gesture.workspace.create_channel(name, creator=creator, kind=kind)
    for member in texts(gesture.args.get("members")):
        gesture.workspace.join(channel, gesture.workspace.user(member).id, inviter=creator)
    return {"channel": channel.id}


@act("join")
async def join(gesture: Gesture) -> JsonObject:
    """`user, channel` → `changed`."""
    user, channel = gesture.user(), gesture.channel()
    if channel.kind != "public":
        raise NotPossible("People join public channels only; use invite.")
    return {"changed": gesture.workspace.join(channel, user.id)}


@act("invite")
async def invite(gesture: Gesture) -> JsonObject:
    """`user, channel, inviter?` → `changed`."""
    inviter = gesture.workspace.user(gesture.text("inviter")).id if gesture.text("inviter") else ""
    return {"changed": gesture.workspace.join(gesture.channel(), gesture.user().id, inviter=inviter)}


@act("leave")
async def leave(gesture: Gesture) -> JsonObject:
    """`user, channel` → `changed`. Also how somebody is removed."""
    return {"changed": gesture.workspace.leave(gesture.channel(), gesture.user().id)}


@act("rename")
async def rename(gesture: Gesture) -> JsonObject:
    """`user, channel, name`."""
    gesture.workspace.rename(
        gesture.channel(), gesture.needed("name").removeprefix("#"), actor=gesture.user().id
    )
    return {}


@act("archive")
async def archive(gesture: Gesture) -> JsonObject:
    """`user, channel, archived?` (default true)."""
    archived = gesture.flag("archived", default=True)
    gesture.workspace.set_archived(gesture.channel(), archived=archived, actor=gesture.user().id)
    return {}


@act("delete_channel")
async def delete_channel(gesture: Gesture) -> JsonObject:
    """`user, channel`."""
    gesture.workspace.delete_channel(gesture.channel(), actor=gesture.user().id)
    return {}


@act("change_channel_id")
async def change_channel_id(gesture: Gesture) -> JsonObject:
    """`channel` → the new `channel`."""
    channel = gesture.channel()
    gesture.workspace.change_channel_id(channel)
    return {"channel": channel.id}


@act("add_user")
async def add_user(gesture: Gesture) -> JsonObject:
    """The keys of a user in a workspace description → `user`."""
    user = gesture.workspace.add_user(build_seed(UserSeed, gesture.args, "the user"))
    return {"user": shapes.user(user, with_email=True)}


@act("change_user")
async def change_user(gesture: Gesture) -> JsonObject:
    """`user, changes`: any of handle, real_name, display_name, email, tz, title, deleted, is_restricted, …"""
    changes = gesture.args.get("changes")
    if not isinstance(changes, dict) or not changes:
        raise NotPossible("Give changes.")
    unknown = sorted(set(changes) - _CHANGEABLE)
    if unknown:
        raise NotPossible(f"{', '.join(unknown)} cannot be changed.")
    user = gesture.user()
    gesture.workspace.change_user(user, **changes)
    return {"user": shapes.user(user, with_email=True)}


@act("add_usergroup")
async def add_usergroup(gesture: Gesture) -> JsonObject:
    """`handle, name, users` → `usergroup`."""
    group = gesture.workspace.add_usergroup(build_seed(UsergroupSeed, gesture.args, "the user group"))
    return {"usergroup": group.id}


@act("set_usergroup")
async def set_usergroup(gesture: Gesture) -> JsonObject:
    """`usergroup` (handle or id), `users`."""
    wanted = gesture.needed("usergroup")
    for group in gesture.workspace.usergroups.values():
        if wanted in {group.id, group.handle}:
            members = [gesture.workspace.user(user).id for user in texts(gesture.args.get("users"))]
            gesture.workspace.set_usergroup_members(group, members)
            return {}
    raise NotPossible(f"There is no user group {wanted!r}.")


@act("uninstall")
async def uninstall(gesture: Gesture) -> JsonObject:
    """`tokens_only?`: removes the app, or only revokes its tokens. `reset` installs it again."""
    only_tokens = gesture.flag("tokens_only")
    gesture.sandbox.app.is_installed = False
    gesture.workspace.tell(AppRemoved(uninstalled=not only_tokens, bot_user=gesture.sandbox.app.bot_user))
    return {}
