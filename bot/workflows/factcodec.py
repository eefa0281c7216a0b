"""Facts and messages as JSON, for the inbox rows that wait for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bot.workflows.facts import (
    ChannelFact,
    Fact,
    MembersFact,
    Message,
    MessageFact,
    PersonFact,
    UsergroupFact,
)


class UnknownFact(ValueError):
    """A kept fact is of a kind that this version does not know."""


def encode_fact(fact: Fact) -> dict[str, str]:
    """The reverse of `decode_fact`."""
    match fact:
        case PersonFact(person_id):
            return {"fact": "person", "id": person_id}
        case MembersFact(channel_id):
            return {"fact": "members", "id": channel_id}
        case UsergroupFact(usergroup_id):
            return {"fact": "usergroup", "id": usergroup_id}
        case ChannelFact(channel_id):
            return {"fact": "channel", "id": channel_id}
        case MessageFact(channel, ts):
            return {"fact": "message", "channel": channel, "ts": ts}


def decode_fact(data: Mapping[str, Any]) -> Fact:
    """The reverse of `encode_fact`. Raises UnknownFact."""
    match data:
        case {"fact": "person", "id": str(person_id)}:
            return PersonFact(person_id)
        case {"fact": "members", "id": str(channel_id)}:
            return MembersFact(channel_id)
        case {"fact": "usergroup", "id": str(usergroup_id)}:
            return UsergroupFact(usergroup_id)
        case {"fact": "channel", "id": str(channel_id)}:
            return ChannelFact(channel_id)
        case {"fact": "message", "channel": str(channel), "ts": str(ts)}:
            return MessageFact(channel, ts)
    raise UnknownFact(f"The kept fact {dict(data)!r} is of no kind that this version knows.")


def encode_message(message: Message) -> dict[str, Any]:
    """The reverse of `decode_message`."""
    return asdict(message) | {"files": [list(pair) for pair in message.files]}


def decode_message(data: Mapping[str, Any]) -> Message:
    """The reverse of `encode_message`."""
    files = tuple((str(name), str(link)) for name, link in data["files"])
    return Message(**(dict(data) | {"files": files}))


def message_key(message: Message) -> str:
    """Under which a message stands in an inbox row's `messages`."""
    return f"{message.channel}/{message.ts}"
