"""Slack's objects as the values of our records: plain functions, tolerant of fields that are missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from bot.workflows.facts import Message

SLACKBOT: Final = "USLACKBOT"
MOST_ATTACHED: Final = 40_000
"""Characters that are read of all that is attached to a message: as many as Slack takes for its own text."""
_MOST_FILES: Final = 50
_OF_A_FILE: Final = ("name", "title", "permalink", "mode")
_NO_FALLBACK: Final = "[no preview available]"
"""Slack's own `fallback` of an attachment of blocks."""
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
    """A `message` object."""
    author = found.get("user")
    thread_ts = found.get("thread_ts")
    return Message(
        channel=channel_id,
        ts=str(found["ts"]),
        text=words_of(found),
        author_id=author if isinstance(author, str) else None,
        is_app=bool(found.get("bot_id")) or found.get("subtype") == "bot_message",
        thread_ts=thread_ts if isinstance(thread_ts, str) else None,
        files=files_of(found),
    )


def words_of(found: SlackObject) -> str:
    """What a message says: its text and what it forwards; without a text, all that its attachments say."""
    attached = "\n".join(filter(None, map(_said, _attachments(found))))
    if len(attached) > MOST_ATTACHED:
        attached = attached[: MOST_ATTACHED - 1] + "…"
    return "\n".join(filter(None, [_text(found, "text"), attached]))


def files_of(found: SlackObject) -> tuple[tuple[str, str], ...]:
    """Name and permalink (empty where there is none) of each file of a message, and of what it forwards."""
    forwarded = [file for item in _attachments(found) for file in _objects(item, "files")]
    return tuple(
        (_text(file, "name") or _text(file, "title") or "file", _text(file, "permalink"))
        for file in [*_objects(found, "files"), *forwarded][:_MOST_FILES]
        if file.get("mode") != "tombstone"
    )


def attachments_in_brief(found: SlackObject) -> list[SlackObject]:
    """One attachment from which `words_of` and `files_of` read the same as from all of them."""
    if not (attachments := _attachments(found)):
        return []
    files = [file for item in attachments for file in _objects(item, "files")][:_MOST_FILES]
    named = [{key: file[key] for key in _OF_A_FILE if key in file} for file in files]
    return [{"is_share": True, "text": words_of({"attachments": attachments}), "files": named}]


def _attachments(found: SlackObject) -> list[SlackObject]:
    """Those that are part of what somebody says: beside a text, only a forwarded message, no preview."""
    attachments = _objects(found, "attachments")
    return [item for item in attachments if item.get("is_share") or not _text(found, "text")]


def _said(attachment: SlackObject) -> str:
    """Its `fallback`; of a forwarded message the words alone, without the hour and name before them."""
    said = [_text(attachment, key) for key in ("pretext", "title", "text")]
    words = "\n".join(filter(None, said + _in_blocks(attachment)))
    fallback = _text(attachment, "fallback")
    is_forwarded = attachment.get("is_share") or attachment.get("is_msg_unfurl")
    if is_forwarded or fallback == _NO_FALLBACK:
        return words or fallback.replace(_NO_FALLBACK, "")
    return fallback or words


def _in_blocks(attachment: SlackObject) -> list[str]:
    """What headers, sections and contexts say."""
    return [
        _text(part, "text")
        for block in _objects(attachment, "blocks")
        for part in (_object(block, "text"), *_objects(block, "fields"), *_objects(block, "elements"))
    ]


def _objects(found: SlackObject, key: str) -> list[SlackObject]:
    value = found.get(key)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
