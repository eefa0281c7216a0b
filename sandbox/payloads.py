"""Payloads of commands and interactions, as Slack sends them."""

from __future__ import annotations

from sandbox import shapes
from sandbox.core import Sandbox
from sandbox.elements import Placed, State
from sandbox.entities import Channel, Ephemeral, Message, ResponseUrl, View
from sandbox.jsontypes import JsonObject, as_object


def channel_name(channel: Channel) -> str:
    """Slack does not reveal the names of private conversations here."""
    return {"private": "privategroup", "im": "directmessage", "mpim": channel.name}.get(
        channel.kind, channel.name
    )


def response_address(sandbox: Sandbox, entry: ResponseUrl) -> str:
    return f"{sandbox.base_url}/response/{entry.key}"


def _common(sandbox: Sandbox, user: str) -> JsonObject:
    workspace = sandbox.workspace
    person = workspace.users[user]
    return {
        "user": {
            "id": user,
            "username": person.handle,
            "name": person.handle,
            "team_id": person.team_id,
        },
        "team": {"id": workspace.team.id, "domain": workspace.team.domain},
        "enterprise": None,
        "is_enterprise_install": False,
        "api_app_id": sandbox.app.app_id,
        "token": sandbox.app.verification_token,
    }


def _shortcut(sandbox: Sandbox, user: str, *, left_out: str) -> JsonObject:
    """Shortcuts name the person with fewer keys, and not the app."""
    shape = _common(sandbox, user)
    del shape["api_app_id"]
    person = as_object(shape["user"])
    shape["user"] = {key: value for key, value in person.items() if key != left_out}
    return shape


def command(sandbox: Sandbox, *, user: str, channel: Channel, name: str, text: str) -> JsonObject:
    workspace = sandbox.workspace
    address = workspace.new_response_url(user=user, channel=channel.id)
    return {
        "token": sandbox.app.verification_token,
        "team_id": workspace.team.id,
        "team_domain": workspace.team.domain,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": user,
        "user_name": workspace.users[user].handle,
        "command": name,
        "text": text,
        "api_app_id": sandbox.app.app_id,
        "is_enterprise_install": "false",
        "response_url": response_address(sandbox, address),
        "trigger_id": workspace.new_trigger(user).id,
    }


def global_shortcut(sandbox: Sandbox, *, user: str, callback_id: str) -> JsonObject:
    return {
        "type": "shortcut",
        **_shortcut(sandbox, user, left_out="name"),
        "action_ts": sandbox.workspace.event_ts(),
        "callback_id": callback_id,
        "trigger_id": sandbox.workspace.new_trigger(user).id,
    }


def message_shortcut(
    sandbox: Sandbox, *, user: str, channel: Channel, message: Message, callback_id: str
) -> JsonObject:
    workspace = sandbox.workspace
    # Its response_url leads back to the person who used the shortcut, not to the message.
    address = workspace.new_response_url(user=user, channel=channel.id, thread_ts=message.thread_ts)
    return {
        "type": "message_action",
        **_shortcut(sandbox, user, left_out="username"),
        "action_ts": workspace.event_ts(),
        "callback_id": callback_id,
        "trigger_id": workspace.new_trigger(user).id,
        "response_url": response_address(sandbox, address),
        "message_ts": message.ts,
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "message": shapes.message(message, workspace),
    }


def message_action(
    sandbox: Sandbox, *, user: str, message: Message | Ephemeral, action: JsonObject, state: State
) -> JsonObject:
    """block_actions from a message; what only one person sees is not repeated in the payload."""
    workspace = sandbox.workspace
    channel = workspace.channels[message.channel]
    hidden = isinstance(message, Ephemeral)
    address = workspace.new_response_url(
        user=user,
        channel=channel.id,
        message_ts="" if hidden else message.ts,
        ephemeral_ts=message.ts if hidden else "",
        thread_ts=message.thread_ts,
    )
    payload: JsonObject = {
        "type": "block_actions",
        **_common(sandbox, user),
        "container": _message_container(message, hidden=hidden),
        "trigger_id": workspace.new_trigger(user).id,
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "state": {"values": state},
        "response_url": response_address(sandbox, address),
        "actions": [action],
    }
    if isinstance(message, Message):
        payload["message"] = shapes.message(message, workspace)
    return payload


def _message_container(message: Message | Ephemeral, *, hidden: bool) -> JsonObject:
    container: JsonObject = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": hidden,
    }
    if message.thread_ts and message.thread_ts != message.ts:
        container["thread_ts"] = message.thread_ts
    return container


def _view(sandbox: Sandbox, view: View) -> JsonObject:
    return shapes.view(view, sandbox.app, sandbox.workspace.team.id)


def view_action(sandbox: Sandbox, *, view: View, action: JsonObject) -> JsonObject:
    """block_actions from a modal or App Home."""
    return {
        "type": "block_actions",
        **_common(sandbox, view.user),
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": sandbox.workspace.new_trigger(view.user, view_id=view.id).id,
        "view": _view(sandbox, view),
        "actions": [action],
    }


def view_submission(sandbox: Sandbox, view: View) -> JsonObject:
    return {
        "type": "view_submission",
        **_common(sandbox, view.user),
        "trigger_id": sandbox.workspace.new_trigger(view.user, view_id=view.id).id,
        "view": _view(sandbox, view),
        "response_urls": [],
    }


def view_closed(sandbox: Sandbox, view: View, *, is_cleared: bool) -> JsonObject:
    return {
        "type": "view_closed",
        **_common(sandbox, view.user),
        "view": _view(sandbox, view),
        "is_cleared": is_cleared,
    }


def suggestion(
    sandbox: Sandbox, *, holder: View | Message, user: str, placed: Placed, query: str
) -> JsonObject:
    """block_suggestion: options for an external select."""
    payload: JsonObject = {
        "type": "block_suggestion",
        **_common(sandbox, user),
        "action_id": placed.action_id,
        "block_id": placed.block_id,
        "value": query,
    }
    if isinstance(holder, View):
        return payload | {"container": {"type": "view", "view_id": holder.id}, "view": _view(sandbox, holder)}
    channel = sandbox.workspace.channels[holder.channel]
    return payload | {
        "container": _message_container(holder, hidden=False),
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "message": shapes.message(holder, sandbox.workspace),
    }


def action(placed: Placed, entered: JsonObject, action_ts: str) -> JsonObject:
    """One entry of `actions`."""
    entry: JsonObject = {"type": placed.type, "action_id": placed.action_id, "block_id": placed.block_id}
    for key in ("text", "value", "style", "url", "placeholder", "confirm"):
        if key in placed.element:
            entry[key] = placed.element[key]
    return entry | entered | {"action_ts": action_ts}
