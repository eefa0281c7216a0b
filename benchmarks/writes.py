"""How often Slack is written to in a ticket's life, counted in the sandbox, each call with its reason."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.client import SandboxClient
from sandbox.core import SandboxConfig
from sandbox.seed import default_seed
from sandbox.server import SandboxServer

ROOT = Path(__file__).parent.parent
DESK = """
desks:
  it:
    request_channels: ["#it-help"]
    triage_channel: "#it-triage"
"""
REASONS = {
    "chat.postMessage": "the conversation, the card, the word that it is resolved",
    "chat.update": "card and conversation after claim and resolve",
    "reactions.add": "what was done by button shows as emoji on the request",
}
MOST_POSTS, MOST_WRITES = 3, 10


@contextmanager
def running() -> Iterator[SandboxClient]:
    """A sandbox with the bot in it."""
    manifest = json.loads((ROOT / "manifest.json").read_text(encoding="utf-8"))
    config = SandboxConfig(manifest=manifest, seed=default_seed(), settings={"rate_scale": 0})
    with SandboxServer(config) as server, tempfile.TemporaryDirectory() as folder:
        desk = Path(folder) / "desk.yaml"
        desk.write_text(DESK, encoding="utf-8")
        environment = {
            **os.environ,
            "SLACK_BOT_TOKEN": server.bot_token,
            "SLACK_APP_TOKEN": server.app_token,
            "SLACK_API_URL": server.api_url,
            "DATABASE_URL": f"sqlite:///{folder}/bench.db",
            "DESK_CONFIG": str(desk),
            "DELIVERY_PACE": "50",
            "LOG_LEVEL": "ERROR",
            "PORT": "0",
        }
        process = subprocess.Popen([sys.executable, "-m", "bot", "run"], cwd=ROOT, env=environment)
        try:
            client = server.client()
            client.wait_until(client.sockets, timeout=30, message="the bot to connect")
            yield client
        finally:
            process.terminate()
            process.wait(timeout=15)


def life(client: SandboxClient) -> None:
    """Raise by form in the request channel, claim and resolve by button."""
    client.command("ana", "it-help", "/ticket", "the printer is on fire")
    client.submit("ana", {})
    client.wait_until(lambda: client.messages("it-triage"), message="the card")
    card = client.messages("it-triage")[-1].ts
    client.click("ben", "it-triage", card, "Claim")
    client.wait_until(lambda: _settled(client, 5), message="the claim to show")
    client.click("ben", "it-triage", card, "Resolve")
    client.submit("ben", {"What fixed it?": "put it out"})
    client.wait_until(lambda: _settled(client, 9), message="the resolution to show")


def _settled(client: SandboxClient, writes: int) -> bool:
    return sum(counted(client).values()) >= writes


def counted(client: SandboxClient) -> Counter[str]:
    """Write calls by method; forms, opened by people, are not the ticket's."""
    writing = ("chat.", "reactions.", "conversations.open", "conversations.invite", "pins.")
    return Counter(call.method for call in client.calls() if call.method.startswith(writing))


def report() -> bool:
    """Print the calls with their reasons; whether the bounds hold."""
    with running() as client:
        life(client)
        calls = counted(client)
    print("Slack writes in a ticket's life (raise, claim, resolve):")
    for method, count in sorted(calls.items()):
        print(f"  {count} {method:<18} {REASONS.get(method, 'not foreseen')}")
    total = sum(calls.values())
    print(
        f"  {calls['chat.postMessage']} posts (at most {MOST_POSTS}), {total} calls (at most {MOST_WRITES})"
    )
    return calls["chat.postMessage"] <= MOST_POSTS and total <= MOST_WRITES
