"""Slack's objects as the values of our records: plain functions, tolerant of fields that are missing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from bot.workflows.facts import Message

SLACKBOT: Final = "USLACKBOT"

SlackObject = Mapping[str, Any]


def person(user: SlackObject, *, home: str, now: datetime) -> dict[str, Any]:
    """A `user` object as the columns of Person; `home` is the id of the bot's own workspace."""
    profile = user.get("profile") or {}
    handle = str(user.get("name") or "")
    name = profile.get("display_name") or profile.get("real_name") or user.get("real_name") or handle
    return {
        "id": user["id"],
        "team_id": str(user.get("team_id") or ""),
        "handle": handle,
        "name": str(name or user["id"]),
        "email": profile.get("email") or None,
        "image_url": profile.get("image_72") or profile.get("image_48") or None,
        "timezone": user.get("tz") or None,
        "status_emoji": str(profile.get("status_emoji") or "").strip(":") or None,
        "status_text": str(profile.get("status_text") or "").strip() or None,
        "status_until": _status_until(profile.get("status_expiration")),
        "is_app": bool(user.get("is_bot")) or user["id"] == SLACKBOT,
        "is_guest": bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        "is_stranger": bool(user.get("is_stranger")) or not _is_at_home(user, home),
        "is_deactivated": bool(user.get("deleted")),
        "is_owner": bool(user.get("is_owner") or user.get("is_primary_owner")),
        "refreshed_at": now,
    }


def _status_until(expiration: object) -> datetime | None:
    """Unix seconds as an instant; 0, or what cannot be one, is a status that does not end by itself."""
    if not isinstance(expiration, int | float) or expiration <= 0:
        return None
    try:
        return datetime.fromtimestamp(expiration, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _is_at_home(user: SlackObject, home: str) -> bool:
    team = user.get("team_id")
    enterprise = user.get("enterprise_user") or {}
    return not team or team == home or home in (enterprise.get("teams") or ())


def nobody(person_id: str, *, now: datetime) -> dict[str, Any]:
    """Somebody whom Slack does not show us: to the desk a stranger, who may do nothing."""
    return {
        "id": person_id,
        "team_id": "",
        "handle": "",
        "name": person_id,
        "is_stranger": True,
        "refreshed_at": now,
    }


def channel(found: SlackObject, *, now: datetime) -> dict[str, Any]:
    """A `channel` object as the columns of Channel."""
    return {
        "id": found["id"],
        "name": str(found.get("name") or found["id"]),
        "is_private": bool(found.get("is_private") or found.get("is_group")),
        "is_archived": bool(found.get("is_archived")),
        "is_shared": bool(found.get("is_ext_shared") or found.get("is_shared")),
        "is_member": bool(found.get("is_member")),
        "refreshed_at": now,
    }


def usergroup(found: SlackObject) -> dict[str, Any]:
    """A `usergroup` (or `subteam`) object as the columns of Usergroup."""
    return {
        "id": found["id"],
        "handle": str(found.get("handle") or ""),
        "name": str(found.get("name") or ""),
        "is_disabled": bool(found.get("date_delete")),
    }


def message(found: SlackObject, *, channel_id: str) -> Message:
    """A `message` object. A message that has no text of its own says what its attachments say."""
    author = found.get("user")
    thread_ts = found.get("thread_ts")
    return Message(
        channel=channel_id,
        ts=str(found["ts"]),
        text=str(found.get("text") or _attached(found)),
        author_id=author if isinstance(author, str) else None,
        is_app=bool(found.get("bot_id")) or found.get("subtype") == "bot_message",
        thread_ts=thread_ts if isinstance(thread_ts, str) else None,
        files=_files(found),
    )


def _attached(found: SlackObject) -> str:
    attachments = [item for item in found.get("attachments") or () if isinstance(item, dict)]
    said = (str(item.get("fallback") or item.get("text") or "") for item in attachments)
    return "\n".join(filter(None, said))


def _files(found: SlackObject) -> tuple[tuple[str, str], ...]:
    files = [item for item in found.get("files") or () if isinstance(item, dict)]
    return tuple(
        (str(item.get("name") or item.get("title") or "file"), str(item["permalink"]))
        for item in files
        if item.get("permalink")
    )
