"""One call of a Web API method, as its handler sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.core import Sandbox
from sandbox.entities import Channel, Message
from sandbox.jsontypes import JsonObject, as_flag, as_text
from sandbox.validation.arguments import scopes_for
from sandbox.validation.decoding import NotJsonError, decoded
from sandbox.validation.problems import Problem
from sandbox.workspace import Workspace, is_ts


class ApiError(Exception):
    """An answer with `ok: false`; `extra` joins the answer."""

    def __init__(self, code: str, **extra: object) -> None:
        super().__init__(code)
        self.code = code
        self.extra: JsonObject = extra


@dataclass(frozen=True)
class Call:
    """Method, arguments and the sandbox to work on; `by_bot` is False for the app-level token."""

    sandbox: Sandbox
    method: str
    args: JsonObject
    by_bot: bool = True

    @property
    def workspace(self) -> Workspace:
        return self.sandbox.workspace

    @property
    def bot_user(self) -> str:
        return self.sandbox.app.bot_user

    def has(self, name: str) -> bool:
        """True if the argument was given and is not null."""
        return self.args.get(name) is not None

    def text(self, name: str, default: str = "") -> str:
        value = self.args.get(name)
        return value if isinstance(value, str) else default

    def flag(self, name: str, *, default: bool = False) -> bool:
        return as_flag(self.args.get(name), default=default)

    def whole(self, name: str, default: int) -> int:
        """An integer argument; its form was checked before."""
        value = self.args.get(name)
        text = str(value)
        is_whole = isinstance(value, int | str) and text.removeprefix("-").isdecimal() and len(text) <= 18
        return int(text) if is_whole else default

    def json(self, name: str) -> object:
        """An argument that may travel as JSON text; None where it is absent or no JSON."""
        try:
            return decoded(self.args.get(name)) if self.args.get(name) != "" else None
        except NotJsonError:
            return None

    # -- checks shared by the methods ---------------------------------------------------------------------

    def require_scope(self, *any_of: str) -> None:
        """Raises missing_scope unless one of the scopes was granted."""
        if any_of and not self.sandbox.app.has_scope(*any_of):
            provided = ",".join(sorted(self.sandbox.app.scopes))
            raise ApiError("missing_scope", needed=",".join(any_of), provided=provided)

    def conversation(self, reference: str) -> Channel:
        """A conversation the bot can see; private ones only as a member. Raises channel_not_found."""
        channel = self.workspace.channels.get(reference)
        if channel is None or (channel.is_private and self.bot_user not in channel.members):
            raise ApiError("channel_not_found")
        self.require_scope(*scopes_for(self.method, channel.kind))
        return channel

    def joined_conversation(self, reference: str) -> Channel:
        """A conversation the bot is a member of. Raises channel_not_found or not_in_channel."""
        channel = self.conversation(reference)
        if self.bot_user not in channel.members:
            raise ApiError("not_in_channel")
        return channel

    def message_at(self, channel: Channel, ts: str, *, bad_ts: str = "message_not_found") -> Message:
        """Raises message_not_found, or `bad_ts` for what is no ts."""
        if not is_ts(ts):
            raise ApiError(bad_ts)
        message = channel.messages.get(ts)
        if message is None or message.subtype == "tombstone":
            raise ApiError("message_not_found")
        return message

    def refuse(self, problems: list[Problem]) -> None:
        """Raises the first error of the problems; warnings are only recorded, errors too if not strict."""
        for item in problems:
            if item.is_warning:
                self.sandbox.violate(item.code, self.method, item.message)
        errors = [item for item in problems if not item.is_warning]
        if not errors:
            return
        if not self.sandbox.settings.strict:
            self.sandbox.violate(errors[0].code, self.method, errors[0].message)
            return
        messages = [f"[ERROR] {item.message}" for item in errors]
        raise ApiError(errors[0].code, response_metadata={"messages": messages})


Handler = Callable[[Call], JsonObject]
HANDLERS: dict[str, Handler] = {}


def method(name: str) -> Callable[[Handler], Handler]:
    """Registers a handler under the name of its method."""

    def register(handler: Handler) -> Handler:
        HANDLERS[name] = handler
        return handler

    return register


def argument(call: Call, name: str) -> str:
    """A required argument that must not be empty. Raises invalid_arguments."""
    value = as_text(call.args.get(name))
    if not value:
        raise ApiError(
            "invalid_arguments", response_metadata={"messages": [f"[ERROR] missing required field: {name}"]}
        )
    return value
