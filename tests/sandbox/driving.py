"""A sandbox without a network: calls go straight to the dispatcher, every envelope is acknowledged."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.api.dispatch import execute
from sandbox.core import Sandbox, SandboxConfig
from sandbox.delivery import Answer, Outgoing
from sandbox.elements import find_element
from sandbox.entities import Channel, Message
from sandbox.events import OFFERED
from sandbox.jsontypes import JsonObject, as_object, as_text, objects
from tests.sandbox.apps import MANIFEST
from tests.sandbox_fixture import QUICK

BUTTON: JsonObject = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
BLOCKS: list[JsonObject] = [{"type": "actions", "block_id": "row", "elements": [BUTTON]}]
INPUT: JsonObject = {
    "type": "input",
    "block_id": "words",
    "label": {"type": "plain_text", "text": "Words"},
    "element": {"type": "plain_text_input", "action_id": "typed"},
}
MODAL: JsonObject = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Form"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [INPUT],
}
HOME: JsonObject = {"type": "home", "blocks": BLOCKS}
MORE_SCOPES = (
    "bookmarks:read", "groups:write", "links:write", "pins:read", "team:read", "usergroups:write",
    "users.profile:read",
)  # fmt: skip


class Agreeable:
    """A transport whose app acknowledges everything at once."""

    name = "agreeable"

    async def send(self, outgoing: Outgoing, timeout: float) -> Answer:
        return Answer("acked", self.name)


def granted() -> JsonObject:
    """The manifest of the probe, with every scope that a method here asks for, and every event there is."""
    scopes = as_object(as_object(MANIFEST["oauth_config"])["scopes"])["bot"]
    assert isinstance(scopes, list)
    events = {"event_subscriptions": {"bot_events": sorted(OFFERED)}}
    return MANIFEST | {
        "oauth_config": {"scopes": {"bot": sorted({*scopes, *MORE_SCOPES})}},
        "settings": as_object(MANIFEST["settings"]) | events,
    }


class Drive:
    """One workspace and what a test needs to know of it. Use inside a running event loop."""

    def __init__(self, manifest: JsonObject | None = None) -> None:
        config = SandboxConfig(manifest=manifest or granted(), settings={**QUICK, "file_processing": 0})
        self.sandbox = Sandbox(config)
        self.sandbox.delivery.transport = Agreeable()
        self.space = self.sandbox.workspace
        self.room = self.space.channel("it-help")
        self.ana = self.space.user("ana").id
        self.asked = self.said("Look at https://example.com/1")

    def said(self, text: str, room: Channel | None = None) -> str:
        """A message of Ana's, in #it-help if nothing else is said."""
        where = room or self.room
        return self.space.post(where, Message(where.id, "", text, user=self.ana, client_msg_id="c")).ts

    def call(self, method: str, **args: object) -> JsonObject:
        """The answer of a method, called with the token it wants."""
        app = self.sandbox.app
        token = app.app_token if method == "apps.connections.open" else app.bot_token
        return execute(self.sandbox, method, args=dict(args), token=token).answer

    def own(self, **args: object) -> str:
        """A message of the app's in #it-help."""
        return as_text(self.call("chat.postMessage", **{"channel": self.room.id, "text": "hi", **args})["ts"])

    def upload(self) -> str:
        """An uploaded file that is not complete yet."""
        name = as_text(self.call("files.getUploadURLExternal", filename="a.txt", length=2)["file_id"])
        self.space.files[name].content, self.space.files[name].uploaded = b"ok", True
        return name

    def trigger(self) -> str:
        return self.space.new_trigger(self.ana).id

    def envelopes(self) -> Iterator[tuple[str, JsonObject]]:
        """Names and payloads of everything sent to the app."""
        for record in self.sandbox.journal.envelopes:
            yield record.name, record.payload

    def placed(self, blocks: object, name: str) -> JsonObject:
        return find_element(objects(blocks), name).element
