"""A manifest with everything on, and apps built with Slack's own libraries."""

from __future__ import annotations

import contextlib
import copy
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode import SocketModeClient

from sandbox.jsontypes import JsonObject, as_text
from sandbox.server import SandboxServer

MANIFEST: JsonObject = {
    "display_information": {"name": "Probe"},
    "features": {
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
        "bot_user": {"display_name": "probe"},
        "slash_commands": [
            {"command": "/probe", "description": "Probes", "should_escape": True},
            {"command": "/plain", "description": "Probes without escaping"},
        ],
        "shortcuts": [
            {"name": "Raise", "type": "message", "callback_id": "raise_it", "description": "Raises it"},
            {"name": "Start", "type": "global", "callback_id": "start_it", "description": "Starts it"},
        ],
    },
    "oauth_config": {
        "scopes": {
            "bot": [
                "app_mentions:read", "bookmarks:write", "channels:history", "channels:join",
                "channels:manage", "channels:read", "chat:write", "chat:write.customize",
                "commands", "emoji:read", "files:read", "files:write", "groups:history",
                "groups:read", "im:history", "im:read", "im:write", "mpim:history", "mpim:read",
                "mpim:write", "pins:write", "reactions:read", "reactions:write", "team:read",
                "usergroups:read", "users:read", "users:read.email",
            ]
        }
    },
    "settings": {
        "event_subscriptions": {
            "bot_events": [
                "app_home_opened", "app_mention", "app_uninstalled", "channel_archive", "channel_created",
                "channel_deleted", "channel_id_changed", "channel_rename", "channel_unarchive",
                "group_archive", "group_rename", "member_joined_channel", "member_left_channel",
                "message.channels", "message.groups", "message.im", "message.mpim", "reaction_added",
                "reaction_removed", "subteam_created", "subteam_members_changed", "subteam_updated",
                "team_join", "tokens_revoked", "user_change",
            ]
        },
        "interactivity": {"is_enabled": True},
        "socket_mode_enabled": True,
    },
}  # fmt: skip


def manifest_without(*, scopes: tuple[str, ...] = (), events: tuple[str, ...] = ()) -> JsonObject:
    """The manifest minus some grants."""
    manifest = copy.deepcopy(MANIFEST)
    _drop(manifest, ("oauth_config", "scopes", "bot"), scopes)
    _drop(manifest, ("settings", "event_subscriptions", "bot_events"), events)
    return manifest


def _drop(manifest: JsonObject, path: tuple[str, ...], names: tuple[str, ...]) -> None:
    found: object = manifest
    for key in path:
        assert isinstance(found, dict)
        found = found[key]
    assert isinstance(found, list)
    found[:] = [item for item in found if item not in names]


def web(server: SandboxServer) -> WebClient:
    """Slack's client with the bot token, without silent retries."""
    return WebClient(server.bot_token, base_url=server.api_url, retry_handlers=[])


def error_of(call: Callable[..., object], /, **arguments: object) -> str:
    """Slack's error code of a call that must fail."""
    try:
        call(**arguments)
    except SlackApiError as error:
        return as_text(error.response["error"])
    raise AssertionError("The call succeeded.")


def bolt_app(server: SandboxServer) -> App:
    """An app that acknowledges when its listeners end."""
    return App(client=web(server), process_before_response=True)


@contextlib.contextmanager
def connected(server: SandboxServer, app: App) -> Iterator[SocketModeHandler]:
    """The app on Socket Mode."""
    before = server.client().sockets()
    handler = SocketModeHandler(
        app, server.app_token, web_client=WebClient(server.app_token, base_url=server.api_url)
    )
    handler.connect()  # type: ignore[no-untyped-call]  # slack_bolt leaves it untyped
    client = server.client()
    client.wait_until(lambda: client.sockets() > before, message="the app to connect")
    try:
        yield handler
    finally:
        hang_up(server, handler.client)


def hang_up(server: SandboxServer, *sockets: SocketModeClient) -> None:
    """Closes sockets for good, cut from the other side first: a waiting client takes 3 s to close."""
    for socket in sockets:
        socket.auto_reconnect_enabled = socket.default_auto_reconnect_enabled = False
    server.client().drop_sockets()
    for socket in sockets:
        socket.close()


class Listener:
    """An HTTP endpoint that keeps what it got and answers what it is told to."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.url = ""


@contextlib.contextmanager
def http_listener() -> Iterator[Listener]:
    """A request URL on a free port. Answers 200 with an empty body unless `answers` holds something else."""
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            listener.requests.append(({k.lower(): v for k, v in self.headers.items()}, body))
            status, headers, answer = listener.answers.pop(0) if listener.answers else (200, {}, b"")
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.url = f"http://127.0.0.1:{server.server_address[1]}/slack/events"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
