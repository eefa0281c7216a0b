"""What a workspace consists of. Plain records; `workspace.py` keeps them consistent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sandbox.jsontypes import JsonObject

ChannelKind = Literal["public", "private", "im", "mpim"]
ViewType = Literal["modal", "home"]
Subtype = Literal[
    "",
    "bot_message",
    "channel_join",
    "channel_leave",
    "file_share",
    "me_message",
    "thread_broadcast",
    "tombstone",
]
"""What kinds of messages there are here; a tombstone is what is left of a deleted parent with replies."""


@dataclass
class Team:
    """The workspace itself. On the `free` plan there are no user groups."""

    id: str
    name: str
    domain: str
    plan: str = "pro"


@dataclass
class User:
    """A person, a guest, a stranger of another team, or a bot."""

    id: str
    team_id: str
    handle: str
    real_name: str
    display_name: str = ""
    email: str = ""
    title: str = ""
    tz: str = "Europe/Berlin"
    image: str = ""
    is_bot: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    is_admin: bool = False
    is_owner: bool = False
    is_primary_owner: bool = False
    deleted: bool = False
    bot_id: str = ""
    app_id: str = ""
    status_text: str = ""
    status_emoji: str = ""
    status_expiration: int = 0
    updated: int = 0


@dataclass
class Edited:
    user: str
    ts: str


@dataclass
class Message:
    """One message; `ts` is unique in its channel only. `user` is empty for messages with a custom name."""

    channel: str
    ts: str
    text: str
    user: str = ""
    thread_ts: str = ""
    subtype: Subtype = ""
    bot_id: str = ""
    app_id: str = ""
    username: str = ""
    icons: JsonObject = field(default_factory=dict)
    blocks: list[JsonObject] = field(default_factory=list)
    attachments: list[JsonObject] = field(default_factory=list)
    metadata: JsonObject = field(default_factory=dict)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    client_msg_id: str = ""
    inviter: str = ""
    edited: Edited | None = None
    posted_at_real: float = 0.0
    earlier: list[list[JsonObject]] = field(default_factory=list)
    """Its blocks before they were updated, the newest first: somebody may be about to click there."""

    @property
    def is_reply(self) -> bool:
        return bool(self.thread_ts) and self.thread_ts != self.ts

    @property
    def is_customised(self) -> bool:
        """Posted under another name, hence without a user."""
        return self.subtype == "bot_message"


@dataclass
class Ephemeral:
    """A message that only one person sees. It is in no history."""

    user: str
    channel: str
    ts: str
    text: str
    thread_ts: str = ""
    blocks: list[JsonObject] = field(default_factory=list)
    attachments: list[JsonObject] = field(default_factory=list)
    source: str = "api"
    deleted: bool = False


@dataclass
class Scheduled:
    """A message that Slack will post at `post_at`, in Unix seconds of workspace time."""

    id: str
    channel: str
    post_at: int
    created: int
    message: Message


@dataclass
class Channel:
    """A conversation of any kind. Members keep the order in which they joined.

    `messages`, and `replies` by the ts of their parent, are oldest first; only the workspace changes them.
    """

    id: str
    name: str
    kind: ChannelKind
    creator: str = ""
    created: int = 0
    members: list[str] = field(default_factory=list)
    is_archived: bool = False
    is_general: bool = False
    is_ext_shared: bool = False
    topic: str = ""
    purpose: str = ""
    previous_names: list[str] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    replies: dict[str, dict[str, Message]] = field(default_factory=dict)
    pins: list[str] = field(default_factory=list)
    bookmarks: list[JsonObject] = field(default_factory=list)
    last_ts: float = 0.0

    @property
    def is_private(self) -> bool:
        return self.kind != "public"

    @property
    def type_name(self) -> str:
        """`channel_type` in message events."""
        return {"public": "channel", "private": "group", "im": "im", "mpim": "mpim"}[self.kind]

    @property
    def type_letter(self) -> str:
        """`channel_type` in membership events."""
        return {"public": "C", "private": "G", "im": "D", "mpim": "G"}[self.kind]


@dataclass
class Usergroup:
    id: str
    handle: str
    name: str
    users: list[str] = field(default_factory=list)
    deleted: bool = False
    date_create: int = 0
    date_update: int = 0


@dataclass
class View:
    """A modal on somebody's screen, or somebody's App Home."""

    id: str
    type: ViewType
    user: str
    content: JsonObject
    hash: str
    root_view_id: str
    previous_view_id: str = ""
    state: dict[str, dict[str, JsonObject]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    opened_at_real: float = 0.0
    earlier: list[list[JsonObject]] = field(default_factory=list)
    """Its blocks before they were updated, as with messages."""

    @property
    def external_id(self) -> str:
        value = self.content.get("external_id")
        return value if isinstance(value, str) else ""


@dataclass
class Trigger:
    """A one-time right to open a modal for `user`, for 3 seconds of real time."""

    id: str
    user: str
    born: float
    used: bool = False
    view_id: str = ""


@dataclass
class ResponseUrl:
    """A one-interaction address: 5 uses within 30 minutes of real time."""

    key: str
    user: str
    channel: str
    born: float
    uses: int = 0
    message_ts: str = ""
    ephemeral_ts: str = ""
    thread_ts: str = ""


@dataclass
class File:
    id: str
    name: str
    length: int
    user: str
    created: int
    title: str = ""
    alt_txt: str = ""
    content: bytes = b""
    uploaded: bool = False
    completed: bool = False
    ready_at_real: float = 0.0
    """Monotonic seconds from which on it can be shown in a block."""
    channels: list[str] = field(default_factory=list)
    permalink: str = ""
