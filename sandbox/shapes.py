"""Records in the JSON shapes that Slack's API and events use."""

from __future__ import annotations

import datetime
import zoneinfo

from sandbox import slack_files
from sandbox.entities import Channel, File, Message, Team, User, Usergroup, View
from sandbox.installation import Installation
from sandbox.jsontypes import JsonObject
from sandbox.workspace import Workspace


def team(record: Team) -> JsonObject:
    return {
        "id": record.id,
        "name": record.name,
        "domain": record.domain,
        "email_domain": "",
        "url": f"https://{record.domain}.slack.com/",
        "icon": {"image_default": True},
    }


def user(record: User, *, with_email: bool) -> JsonObject:
    """A user object. Strangers' addresses are hidden, others need users:read.email."""
    profile: JsonObject = {
        "title": record.title,
        "phone": "",
        "real_name": record.real_name,
        "real_name_normalized": record.real_name,
        "display_name": record.display_name,
        "display_name_normalized": record.display_name,
        "status_text": record.status_text,
        "status_emoji": record.status_emoji,
        "status_expiration": record.status_expiration,
        "avatar_hash": "sandbox",
        "team": record.team_id,
        **{f"image_{size}": record.image for size in (24, 32, 48, 72, 192, 512)},
    }
    if with_email and record.email and not record.is_stranger:
        profile["email"] = record.email
    if record.is_bot:
        profile |= {"api_app_id": record.app_id, "bot_id": record.bot_id, "always_active": True}
    shape: JsonObject = {
        "id": record.id,
        "team_id": record.team_id,
        "name": record.handle,
        "deleted": record.deleted,
        "real_name": record.real_name,
        "profile": profile,
        "is_bot": record.is_bot,
        "is_app_user": False,
        "updated": record.updated,
    }
    if record.is_stranger:
        shape["is_stranger"] = True
    if not record.deleted:
        shape |= _standing(record)
    return shape


def _standing(record: User) -> JsonObject:
    # Slack leaves these out for deactivated users.
    return {
        "color": "9f69e7",
        "tz": record.tz,
        "tz_label": record.tz,
        "tz_offset": _tz_offset(record.tz),
        "is_admin": record.is_admin,
        "is_owner": record.is_owner,
        "is_primary_owner": record.is_primary_owner,
        "is_restricted": record.is_restricted,
        "is_ultra_restricted": record.is_ultra_restricted,
        "is_email_confirmed": bool(record.email),
        "who_can_share_contact_card": "EVERYONE",
    }


def _tz_offset(name: str) -> int:
    offset = datetime.datetime.now(zoneinfo.ZoneInfo(name)).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def channel(record: Channel, workspace: Workspace, *, viewer: str, num_members: bool = False) -> JsonObject:
    """A conversation object as `viewer` gets it."""
    if record.kind == "im":
        return _im(record, workspace, viewer=viewer)
    shape: JsonObject = {
        "id": record.id,
        "name": record.name,
        "name_normalized": record.name,
        "is_channel": record.kind == "public",
        "is_group": record.kind == "private",
        "is_im": False,
        "is_mpim": record.kind == "mpim",
        "is_private": record.is_private,
        "is_member": viewer in record.members,
        "is_archived": record.is_archived,
        "is_general": record.is_general,
        "is_shared": record.is_ext_shared,
        "is_ext_shared": record.is_ext_shared,
        "is_org_shared": False,
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "created": record.created,
        "creator": record.creator,
        "updated": int(record.last_ts * 1000),
        "unlinked": 0,
        "context_team_id": workspace.team.id,
        "topic": {"value": record.topic, "creator": record.creator if record.topic else "", "last_set": 0},
        "purpose": {
            "value": record.purpose,
            "creator": record.creator if record.purpose else "",
            "last_set": 0,
        },
        "previous_names": list(record.previous_names),
    }
    if num_members:
        shape["num_members"] = len(record.members)
    return shape


def _im(record: Channel, workspace: Workspace, *, viewer: str) -> JsonObject:
    other = next((member for member in record.members if member != viewer), viewer)
    known = workspace.users.get(other)
    return {
        "id": record.id,
        "created": record.created,
        "is_archived": record.is_archived,
        "is_im": True,
        "is_org_shared": False,
        "context_team_id": workspace.team.id,
        "user": other,
        "is_user_deleted": bool(known and known.deleted),
        "is_open": True,
        "priority": 0,
    }


def bot_profile(record: User) -> JsonObject:
    return {
        "id": record.bot_id,
        "app_id": record.app_id,
        "name": record.real_name,
        "deleted": record.deleted,
        "updated": record.updated,
        "icons": {"image_36": "", "image_48": "", "image_72": ""},
        "team_id": record.team_id,
    }


def message(record: Message, workspace: Workspace, *, all_metadata: bool = True) -> JsonObject:
    """A message as history, answers and events show it (without `channel`)."""
    shape: JsonObject = {"type": "message", "ts": record.ts, "text": record.text}
    if record.user:
        shape["user"] = record.user
        author = workspace.users.get(record.user)
        shape["team"] = author.team_id if author else workspace.team.id
        if author is not None and author.is_bot and record.bot_id:
            shape["bot_profile"] = bot_profile(author)
    _add_present(
        shape,
        subtype=record.subtype,
        bot_id=record.bot_id,
        app_id=record.app_id,
        username=record.username,
        icons=record.icons,
        blocks=record.blocks,
        attachments=record.attachments,
        client_msg_id=record.client_msg_id,
        inviter=record.inviter,
    )
    if record.subtype == "tombstone":
        shape["hidden"] = True
    if record.edited is not None:
        shape["edited"] = {"user": record.edited.user, "ts": record.edited.ts}
    if record.files:
        shape["files"] = [file(workspace.files[name]) for name in record.files if name in workspace.files]
    if record.reactions:
        shape["reactions"] = reactions(record)
    if record.metadata:
        payload = record.metadata.get("event_payload") if all_metadata else {}
        shape["metadata"] = {"event_type": record.metadata.get("event_type"), "event_payload": payload}
    _add_thread(shape, record, workspace)
    return shape


def _add_present(shape: JsonObject, **values: object) -> None:
    shape |= {key: value for key, value in values.items() if value}


def _add_thread(shape: JsonObject, record: Message, workspace: Workspace) -> None:
    owner = workspace.channels.get(record.channel)
    if owner is None:
        return
    if record.is_reply:
        shape["thread_ts"] = record.thread_ts
        parent = owner.messages.get(record.thread_ts)
        if parent is not None and parent.user:
            shape["parent_user_id"] = parent.user
        return
    replies = workspace.replies(owner, record.ts)
    if replies:
        people = list(dict.fromkeys(reply.user or reply.bot_id for reply in replies))
        shape |= {
            "thread_ts": record.ts,
            "reply_count": len(replies),
            "reply_users_count": len(people),
            "latest_reply": replies[-1].ts,
            "reply_users": people[:5],
            "is_locked": False,
            "subscribed": False,
        }


def reactions(record: Message) -> list[JsonObject]:
    return [
        {"name": name, "users": list(people), "count": len(people)}
        for name, people in record.reactions.items()
        if people
    ]


def usergroup(record: Usergroup, workspace: Workspace, *, users: bool, count: bool) -> JsonObject:
    shape: JsonObject = {
        "id": record.id,
        "team_id": workspace.team.id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": record.name,
        "description": "",
        "handle": record.handle,
        "is_external": False,
        "date_create": record.date_create,
        "date_update": record.date_update,
        "date_delete": record.date_update if record.deleted else 0,
        "prefs": {"channels": [], "groups": []},
    }
    if users:
        shape["users"] = list(record.users)
    if count:
        shape["user_count"] = len(record.users)
    return shape


def view(record: View, app: Installation, team_id: str) -> JsonObject:
    """A view as answers and payloads show it."""
    content = record.content
    return {
        "id": record.id,
        "team_id": team_id,
        "type": record.type,
        "title": content.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True},
        "submit": content.get("submit"),
        "close": content.get("close"),
        "blocks": content.get("blocks", []),
        "private_metadata": content.get("private_metadata") or "",
        "callback_id": content.get("callback_id") or "",
        "external_id": content.get("external_id") or "",
        "state": {"values": record.state},
        "hash": record.hash,
        "clear_on_close": bool(content.get("clear_on_close")),
        "notify_on_close": bool(content.get("notify_on_close")),
        "submit_disabled": bool(content.get("submit_disabled")),
        "root_view_id": record.root_view_id,
        "previous_view_id": record.previous_view_id or None,
        "app_id": app.app_id,
        "app_installed_team_id": team_id,
        "bot_id": app.bot_id,
    }


def file(record: File) -> JsonObject:
    """A file object. What Slack finds out by reading an upload is empty until it has read it."""
    is_processed = slack_files.is_processed(record)
    image = slack_files.image_type(record)
    shape: JsonObject = {
        "id": record.id,
        "created": record.created,
        "timestamp": record.created,
        "name": record.name,
        "title": record.title or record.name,
        "mimetype": "",
        "filetype": "",
        "pretty_type": "",
        "user": record.user,
        "size": record.length,
        "mode": "hosted",
        "is_external": False,
        "is_public": False,
        "channels": list(record.channels),
        "url_private": slack_files.address(record),
        "permalink": record.permalink or slack_files.address(record),
    }
    if record.alt_txt:
        shape["alt_txt"] = record.alt_txt
    if is_processed:
        kind = image or (record.name.rpartition(".")[2] if "." in record.name else "text")
        mimetype = f"image/{image}" if image else "application/octet-stream"
        shape |= {"mimetype": mimetype, "filetype": kind, "pretty_type": kind.upper()}
    return shape
