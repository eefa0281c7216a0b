"""What a payload does not say and the desk must know before it decides (rule 11 of the design)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

FRESH_FOR = timedelta(minutes=5)
"""How old a directory entry may be when permission rests on it (real time)."""


@dataclass(frozen=True)
class PersonFact:
    """Who somebody is: `users.info`."""

    person_id: str


@dataclass(frozen=True)
class MembersFact:
    """Who is in a channel: `conversations.members`."""

    channel_id: str


@dataclass(frozen=True)
class UsergroupFact:
    """Who is in a user group: `usergroups.users.list`."""

    usergroup_id: str


@dataclass(frozen=True)
class ChannelFact:
    """What a channel is: `conversations.info`."""

    channel_id: str


@dataclass(frozen=True)
class MessageFact:
    """What a message says, who wrote it and which thread it is in: `conversations.history` or `.replies`."""

    channel: str
    ts: str


Fact: TypeAlias = PersonFact | MembersFact | UsergroupFact | ChannelFact | MessageFact


@dataclass(frozen=True, kw_only=True)
class Message:
    """A Slack message as it was read (or as an event brought it). `text` is incoming mrkdwn.

    `author_id` is None for messages of apps without a user; `is_app` marks messages of any app.
    `thread_ts` is the thread's root, None outside of threads. `files` are pairs of name and permalink.
    """

    channel: str
    ts: str
    text: str
    author_id: str | None
    is_app: bool = False
    thread_ts: str | None = None
    files: tuple[tuple[str, str], ...] = field(default=())
    is_missing: bool = False
    """The message was looked for and is not there (deleted, or out of reach)."""

    @property
    def root_ts(self) -> str | None:
        """The root of the thread that this is a reply in; None for what is no reply."""
        return None if self.thread_ts == self.ts else self.thread_ts
