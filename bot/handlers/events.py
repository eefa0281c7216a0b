"""Events: emoji, messages, and what the directory follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog

from bot.handlers.answers import Ack
from bot.handlers.context import Handling
from bot.handlers.homes import on_home_opened
from bot.handlers.payloads import Payload, instant, mapping, message_of, optional, text, words_of
from bot.store.storable import storable
from bot.workflows.facts import Message
from bot.workflows.gestures import Changed, Reacted, ReplyTo, Wrote

log = structlog.get_logger(__name__)

TALK = frozenset({None, "file_share", "thread_broadcast", "me_message"})
"""Subtypes of messages that somebody wrote."""


ARCHIVING = frozenset({"channel_archive", "channel_unarchive", "group_archive", "group_unarchive"})
"""Subtypes of messages that say what became of a channel."""


def on_event(handling: Handling, body: Payload) -> Ack:
    """Route an event by its type; what the desk does not use is acknowledged and forgotten."""
    event = mapping(body, "event")
    handle = EVENTS.get(text(event, "type"))
    return handle(handling, event) if handle else Ack()


def _on_reaction(handling: Handling, event: Payload) -> Ack:
    item = mapping(event, "item")
    if optional(item, "type") != "message":
        return Ack()
    channel, ts = text(item, "channel"), text(item, "ts")
    person_id, event_ts = text(event, "user"), text(event, "event_ts")
    emoji = text(event, "reaction").partition("::")[0]
    added = text(event, "type") == "reaction_added"
    instant(ts)
    return handling.quietly(
        Reacted(
            key=f"{channel}:{ts}:{person_id}:{emoji}:{event_ts}:{'on' if added else 'off'}",
            person_id=person_id,
            at=instant(event_ts),
            reply_to=ReplyTo(channel=channel),
            channel=channel,
            ts=ts,
            emoji=emoji,
            event_ts=event_ts,
            added=added,
            author_id=optional(event, "item_user"),
        )
    )


def _on_message(handling: Handling, event: Payload) -> Ack:
    subtype = optional(event, "subtype")
    if subtype in ARCHIVING:
        return _on_directory(handling, {**event, "type": subtype})
    if subtype == "message_changed":
        return _on_edit(handling, event)
    if subtype == "message_deleted":
        return _on_deletion(handling, event)
    if subtype not in TALK or optional(event, "user") is None:
        return Ack()
    return _wrote(handling, event, is_mention=False)


def _on_mention(handling: Handling, event: Payload) -> Ack:
    return _wrote(handling, event, is_mention=True)


def _wrote(handling: Handling, event: Payload, *, is_mention: bool) -> Ack:
    channel = text(event, "channel")
    message = message_of(event, channel)
    if message.is_app or message.author_id is None:
        return Ack()
    return handling.quietly(
        Wrote(
            key=f"{channel}:{message.ts}",
            person_id=message.author_id,
            at=instant(message.ts),
            reply_to=ReplyTo(channel=channel, thread_ts=message.root_ts),
            message=_without_mention(handling, message) if is_mention else message,
            is_direct=channel.startswith("D"),
            is_mention=is_mention,
            parent_id=optional(event, "parent_user_id"),
        )
    )


def _without_mention(handling: Handling, message: Message) -> Message:
    """What is said to the bot, without its own name."""
    mention = f"<@{handling.bot_user_id()}>"
    return Message(
        channel=message.channel,
        ts=message.ts,
        text=message.text.replace(mention, "").strip() or message.text,
        author_id=message.author_id,
        is_app=message.is_app,
        thread_ts=message.thread_ts,
        files=message.files,
    )


def _on_edit(handling: Handling, event: Payload) -> Ack:
    """Unfurling links also sends `message_changed`: only changed words count."""
    message, previous = mapping(event, "message"), event.get("previous_message")
    if optional(message, "subtype") == "tombstone":
        return _changed(handling, event, message, new_text=None)
    before = words_of(previous) if isinstance(previous, Mapping) else None
    after = words_of(message) or ""
    if before == after or optional(message, "bot_id") is not None:
        return Ack()
    return _changed(handling, event, message, new_text=after)


def _on_deletion(handling: Handling, event: Payload) -> Ack:
    previous = event.get("previous_message")
    known = previous if isinstance(previous, Mapping) else {}
    if optional(known, "bot_id") is not None:
        return Ack()
    return _changed(handling, event, {"ts": text(event, "deleted_ts"), **known}, new_text=None)


def _changed(handling: Handling, event: Payload, message: Payload, *, new_text: str | None) -> Ack:
    channel, ts = text(event, "channel"), text(message, "ts")
    changed_ts = optional(event, "event_ts") or text(event, "ts")
    instant(ts)
    return handling.quietly(
        Changed(
            key=f"{channel}:{ts}:{changed_ts}",
            person_id=optional(message, "user") or "",
            at=instant(changed_ts),
            channel=channel,
            ts=ts,
            changed_ts=changed_ts,
            text=new_text,
            thread_ts=optional(message, "thread_ts"),
        )
    )


def _on_directory(handling: Handling, event: Payload) -> Ack:
    handling.directory_event(mapping({"event": storable(event)}, "event"))
    return Ack()


def _on_farewell(_handling: Handling, event: Payload) -> Ack:
    """Nobody can be told in Slack any more; delivery pauses by itself when Slack refuses the token."""
    log.error("the app was removed from the workspace; install it again", type=text(event, "type"))
    return Ack()


EVENTS: Mapping[str, Callable[[Handling, Payload], Ack]] = {
    "reaction_added": _on_reaction,
    "reaction_removed": _on_reaction,
    "message": _on_message,
    "app_home_opened": on_home_opened,
    "app_mention": _on_mention,
    "app_uninstalled": _on_farewell,
    "tokens_revoked": _on_farewell,
    "user_change": _on_directory,
    "team_join": _on_directory,
    "channel_created": _on_directory,
    "channel_deleted": _on_directory,
    "channel_rename": _on_directory,
    "channel_id_changed": _on_directory,
    "channel_left": _on_directory,
    "group_deleted": _on_directory,
    "group_left": _on_directory,
    "group_rename": _on_directory,
    "member_joined_channel": _on_directory,
    "member_left_channel": _on_directory,
    "subteam_created": _on_directory,
    "subteam_updated": _on_directory,
    "subteam_members_changed": _on_directory,
}
"""Which event is handled by what."""
