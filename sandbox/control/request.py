"""Arguments of a control request, with the references that people use resolved to records."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sandbox.core import Sandbox
from sandbox.entities import Channel, Ephemeral, Message, User
from sandbox.interactions import Interactions, NotPossible
from sandbox.jsontypes import JsonObject, as_flag, as_number, as_text
from sandbox.workspace import Workspace


@dataclass(frozen=True)
class Gesture:
    """One request: who does what where. References are ids, `@handle`, `#name`; `@app` is the app."""

    sandbox: Sandbox
    interactions: Interactions
    args: JsonObject

    @property
    def workspace(self) -> Workspace:
        return self.sandbox.workspace

    def text(self, name: str, default: str = "") -> str:
        return as_text(self.args.get(name)) or default

    def needed(self, name: str) -> str:
        """A text that must be given. Raises NotPossible."""
        value = as_text(self.args.get(name))
        if not value:
            raise NotPossible(f"Give {name}.")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        return as_flag(self.args.get(name), default=default)

    def number(self, name: str, default: float = 0.0) -> float:
        return as_number(self.args.get(name), default)

    def user(self, name: str = "user") -> User:
        """Raises NotInWorkspace."""
        return self.workspace.user(self.needed(name))

    def actor(self) -> User:
        """The user who does something. Raises NotPossible for deactivated ones."""
        user = self.user()
        if user.deleted:
            raise NotPossible(f"{user.handle} is deactivated.")
        return user

    def visible_channel(self) -> Channel:
        """A channel whose content `user` can see. Raises NotPossible."""
        user, channel = self.actor(), self.channel()
        if channel.is_private and user.id not in channel.members:
            raise NotPossible(f"{user.handle} cannot see {channel.name or channel.id}.")
        return channel

    def channel(self, name: str = "channel") -> Channel:
        """A channel, or a direct conversation of `user` named by the other person. Raises NotInWorkspace."""
        reference = self.needed(name)
        if reference.startswith("@") or reference in self.workspace.users:
            other = self.workspace.user(reference).id
            return self.workspace.open_im(self.user().id, other)
        return self.workspace.channel(reference)

    def message(self) -> Message:
        """The message at `channel` and `ts`. Raises NotInWorkspace or NotPossible."""
        return self.workspace.message(self.visible_channel().id, self.needed("ts"))

    def seen_message(self) -> Message | Ephemeral:
        """A message, or an ephemeral of `user`. Raises NotInWorkspace."""
        channel, ts, user = self.visible_channel().id, self.needed("ts"), self.actor().id
        for ephemeral in self.workspace.ephemerals:
            if (ephemeral.channel, ephemeral.ts, ephemeral.user) == (
                channel,
                ts,
                user,
            ) and not ephemeral.deleted:
                return ephemeral
        return self.workspace.message(channel, ts)

    def member_channel(self) -> Channel:
        """A channel that `user` is in and that is open. Raises NotPossible."""
        user, channel = self.actor(), self.channel()
        if user.id not in channel.members:
            raise NotPossible(f"{user.handle} is not in {channel.name or channel.id}.")
        if channel.is_archived:
            raise NotPossible(f"{channel.name} is archived.")
        return channel


Act = Callable[[Gesture], Awaitable[JsonObject]]
ACTS: dict[str, Act] = {}


def act(name: str) -> Callable[[Act], Act]:
    """Registers a handler of `POST /control/<name>`."""

    def register(handler: Act) -> Act:
        ACTS[name] = handler
        return handler

    return register
