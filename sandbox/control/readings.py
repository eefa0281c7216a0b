"""What tests and the page read."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable, Mapping

from sandbox import shapes
from sandbox.core import Sandbox
from sandbox.entities import View
from sandbox.feed import ephemeral_shape
from sandbox.interactions import NotPossible
from sandbox.journal import as_json
from sandbox.jsontypes import JsonObject, as_number
from sandbox.words import ERROR_WORDS, FAULT_GROUPS
from sandbox.workspace import NotInWorkspace

Query = Mapping[str, str]
Reading = Callable[[Sandbox, Query], JsonObject]


def workspace(sandbox: Sandbox, _query: Query) -> JsonObject:
    """Team, app, people, channels (with members) and user groups in one; `run` changes with a fresh start."""
    space, app = sandbox.workspace, sandbox.app
    return {
        "team": shapes.team(space.team),
        "app": {
            "id": app.app_id,
            "bot_id": app.bot_id,
            "bot_user": app.bot_user,
            "name": app.manifest.name,
            "commands": [dataclasses.asdict(command) for command in app.manifest.commands],
            "shortcuts": [dataclasses.asdict(shortcut) for shortcut in app.manifest.shortcuts],
            "home_tab": app.manifest.home_tab_enabled,
            "messages_tab": app.manifest.messages_tab_enabled,
        },
        "users": [shapes.user(user, with_email=True) for user in space.users.values()],
        "channels": [
            shapes.channel(channel, space, viewer=app.bot_user) | {"members": list(channel.members)}
            for channel in space.channels.values()
        ],
        "usergroups": [
            shapes.usergroup(group, space, users=True, count=True) for group in space.usergroups.values()
        ],
        "emoji": sorted(space.custom_emoji),
        "now": sandbox.clock.now(),
        "run": sandbox.run,
    }


def messages(sandbox: Sandbox, query: Query) -> JsonObject:
    """`channel, thread_ts?, limit?, before?`: the main conversation, or a thread; oldest first.

    With a `limit` the newest, and a thread's parent; `has_more` says whether there are older ones. With
    `before`, a ts, only what is older. With `threads` everything that is in the channel.
    """
    channel = sandbox.workspace.channel(query.get("channel", ""))
    thread_ts = query.get("thread_ts", "")
    if query.get("threads"):
        found = list(channel.messages.values())
    elif thread_ts:
        found = sandbox.workspace.thread(channel, thread_ts)
    else:
        found = [m for m in channel.messages.values() if not m.is_reply or m.subtype == "thread_broadcast"]
    before = query.get("before", "")
    if before:
        found = [message for message in found if float(message.ts) < as_number(before)]
    limit = int(query["limit"]) if query.get("limit", "").isdecimal() else len(found)
    kept = found[-limit:] if limit else []
    if thread_ts and kept and kept[0] is not found[0]:
        kept = [found[0], *kept]
    return {
        "messages": [shapes.message(message, sandbox.workspace) for message in kept],
        "has_more": len(kept) < len(found),
    }


def ephemerals(sandbox: Sandbox, query: Query) -> JsonObject:
    """`user?, channel?`: what only one person sees, oldest first."""
    user = sandbox.workspace.user(query["user"]).id if query.get("user") else ""
    channel = sandbox.workspace.channel(query["channel"]).id if query.get("channel") else ""
    found = [
        ephemeral_shape(ephemeral)
        for ephemeral in sandbox.workspace.ephemerals
        if not ephemeral.deleted and user in {"", ephemeral.user} and channel in {"", ephemeral.channel}
    ]
    return {"ephemerals": found}


def views(sandbox: Sandbox, query: Query) -> JsonObject:
    """`user`: the modal stack, the visible one last, and the App Home."""
    user = sandbox.workspace.user(query.get("user", "")).id
    screens = sandbox.workspace.screens
    home = screens.homes.get(user)
    return {
        "stack": [_view(sandbox, view) for view in screens.stack(user)],
        "home": _view(sandbox, home) if home else None,
    }


def _view(sandbox: Sandbox, view: View) -> JsonObject:
    return shapes.view(view, sandbox.app, sandbox.workspace.team.id) | {"errors": view.errors}


def calls(sandbox: Sandbox, query: Query) -> JsonObject:
    """`method?`: calls of the Web API and of response_urls, oldest first."""
    wanted = query.get("method")
    found = [call for call in sandbox.journal.calls if wanted in {None, "", call.method}]
    return {"calls": [as_json(call) for call in found]}


def envelopes(sandbox: Sandbox, query: Query) -> JsonObject:
    """`name?`: what was sent to the app, with all attempts, oldest first."""
    wanted = query.get("name")
    found = [e for e in sandbox.journal.envelopes if not wanted or e.name.startswith(wanted)]
    return {"envelopes": [as_json(entry) | {"acked": entry.acked} for entry in found]}


def violations(sandbox: Sandbox, _query: Query) -> JsonObject:
    return {"violations": [as_json(violation) for violation in sandbox.journal.violations]}


def journal(sandbox: Sandbox, query: Query) -> JsonObject:
    """`last?` (1000): the newest calls, envelopes and violations as the stream tells them, oldest first."""
    count = query.get("last", "1000")
    if not count.isdecimal() or count == "0":
        raise NotPossible("Give last as a number, 1 or more.")
    found = sandbox.journal.last(int(count))
    return {"entries": [as_json(entry) | {"type": kind} for kind, entry in found]}


def app(sandbox: Sandbox, _query: Query) -> JsonObject:
    """The app's process: whether somebody looks after it, what is wanted, and what it does."""
    return sandbox.supervision.reading()


def guide(sandbox: Sandbox, _query: Query) -> JsonObject:
    """The steps to try the app by, and a word that changes when the workspace begins anew."""
    steps = [dataclasses.asdict(item) for item in sandbox.config.seed.guide]
    return {"steps": steps, "run": sandbox.run}


def words(_sandbox: Sandbox, _query: Query) -> JsonObject:
    """The faults there are, in groups, with what can be chosen for each; and what errors mean."""
    groups = [
        {"title": title, "kinds": [dataclasses.asdict(kind) for kind in kinds]}
        for title, kinds in FAULT_GROUPS.items()
    ]
    return {"faults": groups, "errors": ERROR_WORDS}


def conditions(sandbox: Sandbox, _query: Query) -> JsonObject:
    """Faults in force, settings, clock and open sockets."""
    return {
        "faults": [dataclasses.asdict(fault) for fault in sandbox.faults.rules],
        "settings": dataclasses.asdict(sandbox.settings),
        "clock": {"offset": sandbox.clock.offset, "now": sandbox.clock.now()},
        "sockets": len(sandbox.sockets.connections),
        "transport": sandbox.delivery.transport.name,
    }


def file(sandbox: Sandbox, query: Query) -> JsonObject:
    """`id`: an uploaded file; its content as text, and as it is in base64."""
    found = sandbox.workspace.files.get(query.get("id", ""))
    if found is None:
        raise NotInWorkspace(f"There is no file {query.get('id', '')!r}.")
    content = {
        "content": found.content.decode("utf-8", "replace"),
        "base64": base64.b64encode(found.content).decode(),
    }
    return shapes.file(found) | content


READINGS: dict[str, Reading] = {
    "workspace": workspace,
    "messages": messages,
    "ephemerals": ephemerals,
    "views": views,
    "calls": calls,
    "envelopes": envelopes,
    "violations": violations,
    "journal": journal,
    "app": app,
    "guide": guide,
    "conditions": conditions,
    "words": words,
    "file": file,
}
