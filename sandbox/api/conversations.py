"""conversations.* that describe, list and change conversations."""

from __future__ import annotations

from sandbox import shapes
from sandbox.api.call import ApiError, Call, argument, method
from sandbox.api.channels import checked_name
from sandbox.api.paging import paginate
from sandbox.entities import Channel, ChannelKind
from sandbox.jsontypes import JsonObject, texts

KIND_OF_TYPE: dict[str, ChannelKind] = {
    "public_channel": "public",
    "private_channel": "private",
    "im": "im",
    "mpim": "mpim",
}
_READ_SCOPE: dict[ChannelKind, str] = {
    "public": "channels:read",
    "private": "groups:read",
    "im": "im:read",
    "mpim": "mpim:read",
}


@method("conversations.info")
def info(call: Call) -> JsonObject:
    channel = call.conversation(argument(call, "channel"))
    counted = call.flag("include_num_members")
    return {"channel": shapes.channel(channel, call.workspace, viewer=call.bot_user, num_members=counted)}


def wanted_kinds(call: Call) -> list[ChannelKind]:
    """The kinds that `types` asks for. Raises invalid_types or missing_scope."""
    names = texts(call.text("types") or "public_channel")
    if any(name not in KIND_OF_TYPE for name in names):
        raise ApiError("invalid_types")
    kinds = [KIND_OF_TYPE[name] for name in names]
    for kind in kinds:
        call.require_scope(_READ_SCOPE[kind])
    return kinds


def listed(call: Call, channels: list[Channel], *, num_members: bool) -> JsonObject:
    """One page of conversation objects."""
    if call.flag("exclude_archived"):
        channels = [channel for channel in channels if not channel.is_archived]
    page, cursor = paginate(call, channels, [c.id for c in channels], default=100, maximum=1000)
    shown = [
        shapes.channel(channel, call.workspace, viewer=call.bot_user, num_members=num_members)
        for channel in page
    ]
    return {"channels": shown, "response_metadata": {"next_cursor": cursor}}


@method("conversations.list")
def list_conversations(call: Call) -> JsonObject:
    kinds = wanted_kinds(call)
    visible = [
        channel
        for channel in call.workspace.channels.values()
        if channel.kind in kinds and (not channel.is_private or call.bot_user in channel.members)
    ]
    return listed(call, visible, num_members=True)


@method("conversations.members")
def members(call: Call) -> JsonObject:
    channel = call.conversation(argument(call, "channel"))
    page, cursor = paginate(call, channel.members, channel.members, default=100, maximum=1000)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


@method("conversations.join")
def join(call: Call) -> JsonObject:
    channel = call.workspace.channels.get(argument(call, "channel"))
    if channel is None or (channel.is_private and call.bot_user not in channel.members):
        raise ApiError("channel_not_found")
    if channel.kind != "public":
        raise ApiError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise ApiError("is_archived")
    joined = call.workspace.join(channel, call.bot_user)
    answer: JsonObject = {"channel": shapes.channel(channel, call.workspace, viewer=call.bot_user)}
    if not joined:
        answer |= {"warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
    return answer


@method("conversations.open")
def open_conversation(call: Call) -> JsonObject:
    if call.has("channel") and not call.has("users"):
        channel = call.conversation(call.text("channel"))
        return _opened(call, channel, known=True)
    wanted = texts(call.args.get("users"))
    if not wanted:
        raise ApiError("users_list_not_supplied")
    people = [person for person in dict.fromkeys(wanted) if person != call.bot_user]
    _check_people(call, people)
    workspace = call.workspace
    if len(people) == 1:
        call.require_scope("im:write")
        known = workspace.im_between(call.bot_user, people[0])
        return _opened(call, known or workspace.open_im(call.bot_user, people[0]), known=known is not None)
    call.require_scope("mpim:write")
    return _opened(call, workspace.open_mpim([*people, call.bot_user]), known=False)


def _check_people(call: Call, people: list[str]) -> None:
    if not people:
        raise ApiError("not_enough_users")
    if len(people) > 8:
        raise ApiError("too_many_users")
    for person in people:
        user = call.workspace.users.get(person)
        if user is None:
            raise ApiError("user_not_found")
        if user.deleted:
            raise ApiError("user_disabled")


def _opened(call: Call, channel: Channel, *, known: bool) -> JsonObject:
    shape: JsonObject = {"id": channel.id}
    if call.flag("return_im"):
        shape = shapes.channel(channel, call.workspace, viewer=call.bot_user)
    return {"channel": shape} | ({"no_op": True, "already_open": True} if known else {})


@method("conversations.create")
def create(call: Call) -> JsonObject:
    private = call.flag("is_private")
    call.require_scope("groups:write" if private else "channels:manage")
    name = checked_name(call)
    kind: ChannelKind = "private" if private else "public"
    channel = call.workspace.create_channel(name, creator=call.bot_user, kind=kind)
    return {"channel": shapes.channel(channel, call.workspace, viewer=call.bot_user)}


@method("conversations.invite")
def invite(call: Call) -> JsonObject:
    channel = call.joined_conversation(argument(call, "channel"))
    people = texts(call.args.get("users"))
    if channel.kind not in {"public", "private"}:
        raise ApiError("method_not_supported_for_channel_type")
    if not people:
        raise ApiError("no_user")
    if channel.is_archived:
        raise ApiError("is_archived")
    for person in people:
        user = call.workspace.users.get(person)
        if user is None or user.deleted:
            raise ApiError("user_not_found")
        if person == call.bot_user:
            raise ApiError("cant_invite_self")
        if user.is_ultra_restricted:
            raise ApiError("ura_max_channels")
    if all(person in channel.members for person in people):
        raise ApiError("already_in_channel")
    for person in people:
        call.workspace.join(channel, person, inviter=call.bot_user)
    return {"channel": shapes.channel(channel, call.workspace, viewer=call.bot_user)}


@method("conversations.archive")
def archive(call: Call) -> JsonObject:
    channel = call.joined_conversation(argument(call, "channel"))
    if channel.is_archived:
        raise ApiError("already_archived")
    if channel.is_general:
        raise ApiError("cant_archive_general")
    call.workspace.set_archived(channel, archived=True, actor=call.bot_user)
    return {}


@method("conversations.setTopic")
def set_topic(call: Call) -> JsonObject:
    channel = call.joined_conversation(argument(call, "channel"))
    if channel.is_archived:
        raise ApiError("is_archived")
    topic = call.text("topic")
    if len(topic) > 250:
        raise ApiError("too_long")
    call.workspace.set_topic(channel, topic, actor=call.bot_user)
    return {"channel": shapes.channel(channel, call.workspace, viewer=call.bot_user)}
