"""Slack's objects as the values of our records: plain functions, tolerant of fields that are missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from bot.workflows.facts import Message

SLACKBOT: Final = "USLACKBOT"
_LATEST: Final = 2**32
"""Unix seconds, in 2106: what is later could not be told in every time zone."""

SlackObject = Mapping[str, Any]


def with_id(found: Iterable[SlackObject]) -> list[SlackObject]:
    """Those that say who or what they are; the others cannot be kept."""
    return [each for each in found if each.get("id") and isinstance(each["id"], str)]


def person(user: SlackObject, *, home: str, now: datetime) -> dict[str, Any]:
    """A `user` object as the columns of Person; `home` is the id of the bot's own workspace."""
    person_id, profile = _id(user), _object(user, "profile")
    handle = _text(user, "name")
    called = _text(profile, "display_name") or _text(profile, "real_name") or _text(user, "real_name")
    return {
        "id": person_id,
        "team_id": _text(user, "team_id"),
        "handle": handle,
        "name": called or handle or person_id,
        "email": _text(profile, "email") or None,
        "image_url": _text(profile, "image_72") or _text(profile, "image_48") or None,
        "timezone": _text(user, "tz") or None,
        "status_emoji": _text(profile, "status_emoji").strip(":") or None,
        "status_text": _text(profile, "status_text").strip() or None,
        "status_until": _status_until(profile.get("status_expiration")),
        "is_app": bool(user.get("is_bot")) or person_id == SLACKBOT,
        "is_guest": bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        "is_stranger": bool(user.get("is_stranger")) or not _is_at_home(user, home),
        "is_deactivated": bool(user.get("deleted")),
        "is_owner": bool(user.get("is_owner") or user.get("is_primary_owner")),
        "refreshed_at": now,
    }


def _status_until(expiration: object) -> datetime | None:
    """Unix seconds as an instant; 0, or what cannot be one, is a status that does not end by itself."""
    if not isinstance(expiration, int | float) or not 0 < expiration < _LATEST:
        return None
    return datetime.fromtimestamp(expiration, UTC)


def _is_at_home(user: SlackObject, home: str) -> bool:
    team, teams = user.get("team_id"), _object(user, "enterprise_user").get("teams")
    return not team or team == home or (isinstance(teams, list) and home in teams)


def _id(found: SlackObject) -> str:
    """Raises TypeError where there is none: such an object cannot be kept."""
    if not isinstance(known := found.get("id"), str) or not known:
        raise TypeError("an object of Slack's without an id")
    return known


def _text(found: SlackObject, key: str) -> str:
    value = found.get(key)
    return value if isinstance(value, str) else ""


def _object(found: SlackObject, key: str) -> SlackObject:
    value = found.get(key)
    return value if isinstance(value, Mapping) else {}


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
        "id": _id(found),
        "name": _text(found, "name") or _id(found),
        "is_private": bool(found.get("is_private") or found.get("is_group")),
        "is_archived": bool(found.get("is_archived")),
        "is_shared": bool(found.get("is_ext_shared") or found.get("is_shared")),
        "is_member": bool(found.get("is_member")),
        "refreshed_at": now,
    }


def usergroup(found: SlackObject) -> dict[str, Any]:
    """A `usergroup` (or `subteam`) object as the columns of Usergroup."""
    return {
        "id": _id(found),
        "handle": _text(found, "handle"),
        "name": _text(found, "name"),
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
