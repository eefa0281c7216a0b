"""A synchronous client of the control API, for tests and the tour. Standard library only."""

from __future__ import annotations

import base64
import http.client
import json
import time
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from sandbox.jsontypes import JsonObject, as_flag, as_number, as_object, as_text, objects, texts
from sandbox.seen import (
    CommandResult,
    GestureResult,
    SeenCall,
    SeenEnvelope,
    SeenMessage,
    SeenView,
    SeenViolation,
)

Found = TypeVar("Found")

POLL_INTERVAL = 0.02


class SandboxRefused(RuntimeError):
    """A person could not do that in Slack, or the request was wrong; the sentence says why."""


class SandboxUnreachable(ConnectionError):
    """The sandbox does not answer; start it first."""


class WaitTimeout(AssertionError):
    """What was waited for did not happen in time."""


class SandboxClient:
    """Users are named by handle or id (`ana`), channels by `#name`, id, or `@handle` for a DM of the user.

    `@app` is the app under test. Raises SandboxRefused for what a person could not do.
    """

    def __init__(self, url: str, *, timeout: float = 15.0) -> None:
        parts = urllib.parse.urlsplit(url)
        self.url = url.rstrip("/")
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._timeout = timeout

    # -- transport ----------------------------------------------------------------------------------------

    def act(self, name: str, /, **args: object) -> JsonObject:
        """`POST /control/<name>`; arguments that are None are left out."""
        body = json.dumps({key: value for key, value in args.items() if value is not None})
        return self._request("POST", f"/control/{name}", body)

    def read(self, name: str, /, **query: str) -> JsonObject:
        """`GET /control/<name>`."""
        given = {key: value for key, value in query.items() if value}
        return self._request("GET", f"/control/{name}?{urllib.parse.urlencode(given)}", None)

    def _request(self, verb: str, path: str, body: str | None) -> JsonObject:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            connection.request(verb, path, body, headers)
            response = connection.getresponse()
            data = as_object(json.loads(response.read() or b"{}"))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise SandboxUnreachable(f"The sandbox at {self.url} does not answer: {error}.") from error
        finally:
            connection.close()
        if response.status != 200:
            raise SandboxRefused(as_text(data.get("error")) or f"HTTP {response.status}")
        return data

    # -- messages and reactions ---------------------------------------------------------------------------

    def post(
        self,
        user: str,
        channel: str,
        text: str,
        thread_ts: str | None = None,
        *,
        broadcast: bool = False,
        raw: bool = False,
        files: Sequence[str] = (),
    ) -> str:
        """Posts as a person and returns the ts. The text is what they type; `raw` is Slack's markup as is.

        `files` are names of files that come with it.
        """
        answer = self.act(
            "post",
            user=user,
            channel=channel,
            text=text,
            thread_ts=thread_ts,
            broadcast=broadcast,
            raw=raw,
            files=list(files),
        )
        return as_text(answer.get("ts"))

    def post_webhook(self, channel: str, text: str, *, username: str | None = None) -> str:
        """A message of an incoming webhook: it has no user."""
        return as_text(self.act("post_webhook", channel=channel, text=text, username=username).get("ts"))

    def edit(self, user: str, channel: str, ts: str, text: str) -> None:
        self.act("edit", user=user, channel=channel, ts=ts, text=text)

    def delete(self, user: str, channel: str, ts: str) -> None:
        self.act("delete", user=user, channel=channel, ts=ts)

    def react(self, user: str, channel: str, ts: str, emoji: str) -> bool:
        """True if the reaction was not there before."""
        return as_flag(self.act("react", user=user, channel=channel, ts=ts, emoji=emoji).get("changed"))

    def unreact(self, user: str, channel: str, ts: str, emoji: str) -> bool:
        """True if the reaction was there."""
        return as_flag(self.act("unreact", user=user, channel=channel, ts=ts, emoji=emoji).get("changed"))

    # -- the app ------------------------------------------------------------------------------------------

    def command(self, user: str, channel: str, command: str, text: str = "") -> CommandResult:
        """Runs a slash command and waits for its acknowledgement (3 s at most)."""
        return GestureResult.of(self.act("command", user=user, channel=channel, command=command, text=text))

    def shortcut(
        self, user: str, callback_id: str, channel: str | None = None, ts: str | None = None
    ) -> GestureResult:
        """A global shortcut, or with `channel` and `ts` a message shortcut."""
        answer = self.act("shortcut", user=user, callback_id=callback_id, channel=channel, ts=ts)
        return GestureResult.of(answer)

    def click(self, user: str, channel: str, ts: str, element: str, value: object = None) -> GestureResult:
        """Clicks a button (by label or action_id) or chooses `value` in a select of a message."""
        answer = self.act("click", user=user, channel=channel, ts=ts, element=element, value=value)
        return GestureResult.of(answer)

    def click_view(
        self, user: str, element: str, value: object = None, *, view_id: str | None = None
    ) -> GestureResult:
        """The same in the modal the person sees, or in their App Home."""
        return GestureResult.of(self.act("click", user=user, element=element, value=value, view_id=view_id))

    def suggest(
        self, user: str, element: str, query: str, channel: str | None = None, ts: str | None = None
    ) -> list[JsonObject]:
        """The options an external select offers for what was typed."""
        answer = self.act("suggest", user=user, element=element, query=query, channel=channel, ts=ts)
        return objects(answer.get("options"))

    def submit(
        self, user: str, values: Mapping[str, object] | None = None, *, view_id: str | None = None
    ) -> GestureResult:
        """Fills in the visible modal, by input label, block_id or action_id, and submits it."""
        return GestureResult.of(self.act("submit", user=user, values=dict(values or {}), view_id=view_id))

    def close(self, user: str, *, everything: bool = False) -> GestureResult:
        """Closes the visible modal, or all of them."""
        return GestureResult.of(self.act("close", user=user, everything=everything))

    def open_home(self, user: str, *, tab: str = "home") -> str:
        """Opens the app's Home or Messages tab and returns the id of the direct conversation with it."""
        return as_text(self.act("open_home", user=user, tab=tab).get("channel"))

    def open_dm(self, user: str, other: str = "@app") -> str:
        """The id of a direct conversation, by default with the app."""
        return as_text(self.act("open_dm", user=user, **{"with": other}).get("channel"))

    # -- channels and people ------------------------------------------------------------------------------

    def create_channel(
        self, user: str, name: str, *, private: bool = False, members: Sequence[str] = ()
    ) -> str:
        answer = self.act("create_channel", user=user, name=name, private=private, members=list(members))
        return as_text(answer.get("channel"))

    def join(self, user: str, channel: str) -> bool:
        return as_flag(self.act("join", user=user, channel=channel).get("changed"))

    def invite(self, user: str, channel: str, *, inviter: str | None = None) -> bool:
        """Brings `user` into the channel."""
        return as_flag(self.act("invite", user=user, channel=channel, inviter=inviter).get("changed"))

    def leave(self, user: str, channel: str) -> bool:
        return as_flag(self.act("leave", user=user, channel=channel).get("changed"))

    def rename(self, user: str, channel: str, name: str) -> None:
        self.act("rename", user=user, channel=channel, name=name)

    def archive(self, user: str, channel: str, *, archived: bool = True) -> None:
        self.act("archive", user=user, channel=channel, archived=archived)

    def delete_channel(self, user: str, channel: str) -> None:
        self.act("delete_channel", user=user, channel=channel)

    def change_channel_id(self, channel: str) -> str:
        """Gives the channel a new id and returns it."""
        return as_text(self.act("change_channel_id", channel=channel).get("channel"))

    def add_user(self, handle: str, real_name: str, **details: object) -> str:
        """Adds a person (`display_name`, `email`, `is_restricted`, …) and returns the id."""
        answer = self.act("add_user", handle=handle, real_name=real_name, **details)
        return as_text(as_object(answer.get("user")).get("id"))

    def change_user(self, user: str, **changes: object) -> None:
        """For example `deleted=True`, `email="new@example.com"`, `is_restricted=True`."""
        self.act("change_user", user=user, changes=changes)

    def set_status(self, user: str, emoji: str = "", text: str = "", *, until: int = 0) -> None:
        """What a person shows beside their name: the emoji with its colons; `until` in Unix seconds, or 0."""
        changes = {"status_emoji": emoji, "status_text": text, "status_expiration": until}
        self.act("change_user", user=user, changes=changes)

    def add_usergroup(self, handle: str, name: str, users: Sequence[str] = ()) -> str:
        return as_text(
            self.act("add_usergroup", handle=handle, name=name, users=list(users)).get("usergroup")
        )

    def set_usergroup(self, usergroup: str, users: Sequence[str]) -> None:
        """Replaces the members of a user group (by handle or id)."""
        self.act("set_usergroup", usergroup=usergroup, users=list(users))

    def uninstall(self, *, tokens_only: bool = False) -> None:
        """Removes the app, or only revokes its tokens; `reset` installs it again."""
        self.act("uninstall", tokens_only=tokens_only)

    # -- reading ------------------------------------------------------------------------------------------

    def workspace(self) -> JsonObject:
        """Team, app, users, channels with members, user groups."""
        return self.read("workspace")

    def user_id(self, handle: str) -> str:
        """The id of a person; `@app` is the bot."""
        space = self.workspace()
        if handle == "@app":
            return as_text(as_object(space.get("app")).get("bot_user"))
        wanted = handle.removeprefix("@")
        return self._only([u for u in objects(space.get("users")) if wanted in {u["name"], u["id"]}], handle)

    def channel_id(self, name: str) -> str:
        wanted = name.removeprefix("#")
        channels = objects(self.workspace().get("channels"))
        return self._only([c for c in channels if wanted in {c.get("name"), c["id"]}], name)

    def members(self, channel: str) -> list[str]:
        """User ids."""
        wanted = self.channel_id(channel)
        found = [c for c in objects(self.workspace().get("channels")) if c["id"] == wanted]
        return texts(found[0].get("members"))

    @staticmethod
    def _only(found: list[JsonObject], name: str) -> str:
        if not found:
            raise SandboxRefused(f"There is no {name!r}.")
        return as_text(found[0].get("id"))

    def messages(self, channel: str, thread_ts: str | None = None) -> list[SeenMessage]:
        """The main conversation, or one thread with its parent; oldest first.

        For a direct conversation give the id from `open_dm`.
        """
        answer = self.read("messages", channel=channel, thread_ts=thread_ts or "")
        return [SeenMessage(item) for item in objects(answer.get("messages"))]

    def everything(self, channel: str) -> list[SeenMessage]:
        """All messages of a channel, those in threads included; oldest first."""
        answer = self.read("messages", channel=channel, threads="yes")
        return [SeenMessage(item) for item in objects(answer.get("messages"))]

    def message(self, channel: str, ts: str) -> SeenMessage | None:
        """One message by its ts, None if it is gone."""
        found = [message for message in self.messages(channel, thread_ts=ts) if message.ts == ts]
        return found[0] if found else None

    def ephemerals(self, user: str, channel: str | None = None) -> list[SeenMessage]:
        """What only this person sees, command replies and Slackbot's failure notes included; oldest first."""
        answer = self.read("ephemerals", user=user, channel=channel or "")
        return [SeenMessage(item) for item in objects(answer.get("ephemerals"))]

    def view(self, user: str) -> SeenView | None:
        """The modal the person sees now."""
        stack = self.views(user)
        return stack[-1] if stack else None

    def views(self, user: str) -> list[SeenView]:
        """The stack of modals, the visible one last."""
        return [SeenView(item) for item in objects(self.read("views", user=user).get("stack"))]

    def home(self, user: str) -> SeenView | None:
        """The person's App Home, if the app published one."""
        home = as_object(self.read("views", user=user).get("home"))
        return SeenView(home) if home else None

    def file(self, file_id: str) -> bytes:
        """The bytes of a file. Raises SandboxRefused when there is none."""
        return base64.b64decode(as_text(self.read("file", id=file_id).get("base64")))

    def calls(self, method: str | None = None) -> list[SeenCall]:
        """Calls of the Web API, oldest first."""
        answer = self.read("calls", method=method or "")
        return [SeenCall.of(item) for item in objects(answer.get("calls"))]

    def envelopes(self, name: str | None = None) -> list[SeenEnvelope]:
        """What was sent to the app; `name` is a prefix such as `message`, `reaction_added`, `/ticket`."""
        answer = self.read("envelopes", name=name or "")
        return [SeenEnvelope.of(item) for item in objects(answer.get("envelopes"))]

    def violations(self, *ignore: str) -> list[SeenViolation]:
        """Breaches of Slack's protocol by the app, without the kinds named."""
        found = objects(self.read("violations").get("violations"))
        seen = [
            SeenViolation(as_text(item.get("kind")), as_text(item.get("method")), as_text(item.get("detail")))
            for item in found
        ]
        return [item for item in seen if item.kind not in ignore]

    def sockets(self) -> int:
        """Open Socket Mode connections."""
        return int(as_number(self.read("conditions").get("sockets")))

    def now(self) -> float:
        """Workspace time in Unix seconds."""
        return as_number(as_object(self.read("conditions").get("clock")).get("now"))

    # -- faults, settings, time ---------------------------------------------------------------------------

    def fault(self, kind: str, method: str = "*", **details: object) -> str:
        """Injects a fault and returns its id; see sandbox/README.md for kinds and details."""
        return as_text(self.act("fault", kind=kind, method=method, **details).get("id"))

    def lift(self, fault_id: str | None = None) -> None:
        """Ends one fault, or all."""
        self.act("lift", id=fault_id)

    def drop_sockets(self) -> int:
        """Cuts all sockets; returns how many there were."""
        return int(as_number(self.act("drop_sockets").get("dropped")))

    def refresh_sockets(self, reason: str = "refresh_requested") -> int:
        """Sends a `disconnect` of that reason to all sockets."""
        return int(as_number(self.act("refresh_sockets", reason=reason).get("sockets")))

    def deliver_to(self, url: str = "") -> None:
        """Signed HTTP to this request URL from now on; without one Socket Mode."""
        self.act("deliver_to", url=url)

    def verify_url(self) -> bool:
        """Slack's check of a request URL: True if the challenge came back."""
        return as_flag(self.act("verify_url").get("verified"))

    def redeliver(self) -> None:
        """Lets events that wait for their next try go now."""
        self.act("redeliver")

    def settings(self, **changes: object) -> JsonObject:
        """Changes settings and returns all of them."""
        return self.act("settings", **changes)

    def skip(self, seconds: float) -> float:
        """Moves workspace time forward and returns the new offset."""
        return as_number(self.act("skip", seconds=seconds).get("offset"))

    def forget(self) -> None:
        """Clears calls, envelopes and violations."""
        self.act("forget")

    def reset(self) -> None:
        """Back to the seed."""
        self.act("reset")

    # -- waiting ------------------------------------------------------------------------------------------

    def wait_until(
        self, predicate: Callable[[], Found], timeout: float = 10.0, message: str = "it to happen"
    ) -> Found:
        """Polls until `predicate` is true and returns its value. Raises WaitTimeout."""
        deadline = time.monotonic() + timeout
        while True:
            found = predicate()
            if found:
                return found
            if time.monotonic() > deadline:
                raise WaitTimeout(f"Waited {timeout:g} s for {message}.")
            time.sleep(POLL_INTERVAL)
