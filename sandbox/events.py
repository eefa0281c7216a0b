"""Which Events API events follow from a happening, and whether the app gets them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sandbox import happenings as happened
from sandbox import shapes
from sandbox.entities import Channel, ChannelKind, Message
from sandbox.jsontypes import JsonObject
from sandbox.validation.manifest import EVENT_SCOPES
from sandbox.workspace import Workspace

MESSAGE_EVENTS: dict[ChannelKind, str] = {
    "public": "message.channels",
    "private": "message.groups",
    "im": "message.im",
    "mpim": "message.mpim",
}

OFFERED = frozenset(
    {
        *MESSAGE_EVENTS.values(), "app_home_opened", "app_mention", "app_uninstalled", "channel_archive",
        "channel_created", "channel_deleted", "channel_id_changed", "channel_left", "channel_rename",
        "channel_unarchive", "group_archive", "group_deleted", "group_left", "group_rename",
        "group_unarchive", "member_joined_channel", "member_left_channel", "reaction_added",
        "reaction_removed", "subteam_created", "subteam_members_changed", "subteam_updated", "team_join",
        "tokens_revoked", "user_change",
    }
)  # fmt: skip
"""The subscriptions that the sandbox serves; each of them is compared with what Slack sends."""


@dataclass(frozen=True)
class AppEvent:
    """An inner event and the subscription it belongs to, such as `message.channels`."""

    subscription: str
    body: JsonObject
    channel: Channel | None = None
    needs_membership: bool = False


def events_for(happening: happened.Happening, workspace: Workspace) -> list[AppEvent]:
    """The events that reach the app: subscribed, within its scopes, in channels it is a member of."""
    return [event for event in _all_events(happening, workspace) if _reaches(event, workspace)]


def _reaches(event: AppEvent, workspace: Workspace) -> bool:
    app = workspace.app
    name = event.subscription
    if name not in OFFERED or name not in app.manifest.bot_events:
        return False
    if event.needs_membership and event.channel is not None and app.bot_user not in event.channel.members:
        return False
    wanted = _scopes_for(name, event.channel)
    return not wanted or app.has_scope(*wanted)


def _scopes_for(name: str, channel: Channel | None) -> list[str]:
    if channel is not None and name in {"member_joined_channel", "member_left_channel"}:
        return ["channels:read"] if channel.kind == "public" else ["groups:read"]
    return sorted(EVENT_SCOPES.get(name, ()))


def _all_events(happening: happened.Happening, workspace: Workspace) -> Iterator[AppEvent]:
    match happening:
        case happened.MessagePosted(channel, message):
            yield from _posted(channel, message, workspace)
        case happened.MessageChanged(channel, message, previous):
            yield _message_event(channel, _changed(channel, message, previous, workspace))
        case happened.MessageDeleted(channel, previous):
            yield _message_event(channel, _deleted(channel, previous, workspace))
        case happened.ReactionChanged():
            yield _reaction(happening)
        case happened.MembershipChanged():
            yield from _membership(happening, workspace)
        case _:
            yield from _workspace_events(happening, workspace)


def _workspace_events(happening: happened.Happening, workspace: Workspace) -> Iterator[AppEvent]:
    match happening:
        case happened.ChannelChanged():
            yield from _channel_changed(happening, workspace)
        case happened.ChannelIdChanged(channel, old_id):
            ids = {"old_channel_id": old_id, "new_channel_id": channel.id}
            yield _plain("channel_id_changed", workspace, ids)
        case happened.UserChanged(user, is_new):
            shape = shapes.user(user, with_email=workspace.app.has_scope("users:read.email"))
            name = "team_join" if is_new else "user_change"
            yield _plain(name, workspace, {"user": shape, "cache_ts": user.updated})
        case happened.UsergroupChanged():
            yield _usergroup(happening, workspace)
        case happened.HomeOpened():
            yield _home_opened(happening, workspace)
        case happened.AppRemoved(uninstalled, bot_user):
            if uninstalled:
                yield AppEvent("app_uninstalled", {"type": "app_uninstalled"})
            else:
                tokens = {"oauth": [], "bot": [bot_user]}
                yield AppEvent("tokens_revoked", {"type": "tokens_revoked", "tokens": tokens})
        case _:
            return


def _plain(name: str, workspace: Workspace, body: Mapping[str, object]) -> AppEvent:
    return AppEvent(name, {"type": name, **body, "event_ts": workspace.event_ts()})


def _message_event(channel: Channel, body: JsonObject) -> AppEvent:
    return AppEvent(MESSAGE_EVENTS[channel.kind], body, channel, needs_membership=True)


def _posted(channel: Channel, message: Message, workspace: Workspace) -> Iterator[AppEvent]:
    body = shapes.message(message, workspace) | {
        "channel": channel.id,
        "channel_type": channel.type_name,
        "event_ts": message.ts,
    }
    if message.subtype == "thread_broadcast":
        parent = channel.messages.get(message.thread_ts)
        body["root"] = shapes.message(parent, workspace) if parent else {}
    yield _message_event(channel, body)
    mention = f"<@{workspace.app.bot_user}"
    own = message.app_id == workspace.app.app_id
    if mention in message.text and channel.kind != "im" and not own and not message.inviter:
        kept = {key: value for key, value in body.items() if key != "channel_type"}
        yield AppEvent("app_mention", kept | {"type": "app_mention"}, channel, needs_membership=True)


def _changed(channel: Channel, message: Message, previous: Message, workspace: Workspace) -> JsonObject:
    ts = workspace.event_ts()
    return {
        "type": "message",
        "subtype": "message_changed",
        "message": shapes.message(message, workspace),
        "previous_message": shapes.message(previous, workspace),
        "channel": channel.id,
        "hidden": True,
        "ts": ts,
        "event_ts": ts,
        "channel_type": channel.type_name,
    }


def _deleted(channel: Channel, previous: Message, workspace: Workspace) -> JsonObject:
    ts = workspace.event_ts()
    return {
        "type": "message",
        "subtype": "message_deleted",
        "previous_message": shapes.message(previous, workspace),
        "channel": channel.id,
        "hidden": True,
        "deleted_ts": previous.ts,
        "ts": ts,
        "event_ts": ts,
        "channel_type": channel.type_name,
    }


def _reaction(happening: happened.ReactionChanged) -> AppEvent:
    name = "reaction_added" if happening.added else "reaction_removed"
    item = {"type": "message", "channel": happening.channel.id, "ts": happening.message.ts}
    body: JsonObject = {"type": name, "user": happening.user, "reaction": happening.name, "item": item}
    # Messages under a custom name have no user, hence no item_user.
    if happening.message.user:
        body["item_user"] = happening.message.user
    body["event_ts"] = happening.event_ts
    return AppEvent(name, body, happening.channel, needs_membership=True)


def _membership(happening: happened.MembershipChanged, workspace: Workspace) -> Iterator[AppEvent]:
    channel, user = happening.channel, happening.user
    itself = user.id == workspace.app.bot_user
    body: JsonObject = {
        "user": user.id,
        "channel": channel.id,
        "channel_type": channel.type_letter,
        "team": user.team_id,
    }
    if happening.inviter:
        body["inviter"] = happening.inviter
    name = "member_joined_channel" if happening.joined else "member_left_channel"
    event = _plain(name, workspace, body)
    # The one who leaves is no member any more when the event is made, yet hears of it.
    yield AppEvent(name, event.body, channel, needs_membership=not (itself and not happening.joined))
    if itself and not happening.joined:
        left = "channel_left" if channel.kind == "public" else "group_left"
        yield _plain(left, workspace, {"channel": channel.id, "actor_id": user.id})


def _channel_changed(happening: happened.ChannelChanged, workspace: Workspace) -> Iterator[AppEvent]:
    channel, change = happening.channel, happening.change
    if channel.kind not in {"public", "private"} or change in {"topic", "purpose"}:
        return
    name = f"{'channel' if channel.kind == 'public' else 'group'}_{change}"
    body: JsonObject = {"channel": channel.id, "actor_id": happening.actor}
    if change == "created":
        shape = shapes.channel(channel, workspace, viewer=workspace.app.bot_user)
        body = {"channel": {key: value for key, value in shape.items() if key != "is_member"}}
    elif change == "rename":
        names = {"id": channel.id, "name": channel.name, "name_normalized": channel.name}
        body = {"channel": names | {"created": channel.created, "is_channel": channel.kind == "public"}}
    elif name != "group_unarchive" and change in {"archive", "unarchive"}:
        body = {"channel": channel.id, "user": happening.actor}
    event = _plain(name, workspace, body)
    yield AppEvent(name, event.body, channel, needs_membership=channel.kind == "private")


def _usergroup(happening: happened.UsergroupChanged, workspace: Workspace) -> AppEvent:
    group = happening.group
    if happening.change != "members":
        shape = shapes.usergroup(group, workspace, users=True, count=True)
        return _plain(f"subteam_{happening.change}", workspace, {"subteam": shape})
    body = {
        "subteam_id": group.id,
        "team_id": workspace.team.id,
        "date_previous_update": happening.previous_update,
        "date_update": group.date_update,
        "added_users": list(happening.added),
        "added_users_count": len(happening.added),
        "removed_users": list(happening.removed),
        "removed_users_count": len(happening.removed),
    }
    return _plain("subteam_members_changed", workspace, body)


def _home_opened(happening: happened.HomeOpened, workspace: Workspace) -> AppEvent:
    body: JsonObject = {"user": happening.user, "channel": happening.channel, "tab": happening.tab}
    home = workspace.screens.homes.get(happening.user)
    if home is not None and happening.tab == "home":
        body["view"] = shapes.view(home, workspace.app, workspace.team.id)
    return _plain("app_home_opened", workspace, body)
