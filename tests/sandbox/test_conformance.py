"""The sandbox against Slack's own reference: arguments, errors, answers, events and payloads."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest

from sandbox import payloads
from sandbox.api.call import HANDLERS
from sandbox.elements import find_element
from sandbox.entities import Channel, Ephemeral, Subtype
from sandbox.events import OFFERED
from sandbox.happenings import AppRemoved, HomeOpened
from sandbox.jsontypes import JsonObject, as_list, as_object, as_text, texts
from sandbox.seed import UsergroupSeed, UserSeed
from sandbox.validation.arguments import FORMS_ONLY, METHODS
from tests.sandbox.driving import BLOCKS, HOME, MODAL, Drive
from tests.sandbox.good_calls import good_calls
from tests.sandbox.reference import table
from tests.sandbox.reference.distil import paths

ROOT = Path(__file__).parent.parent.parent
# Documented on every method's page and mostly not repeated in the data.
GENERIC = frozenset(
    {
        "access_denied", "account_inactive", "fatal_error", "internal_error", "invalid_args",
        "invalid_arg_name", "invalid_argument_value", "invalid_arguments", "invalid_array_arg",
        "invalid_auth",
        "invalid_charset", "invalid_cursor", "invalid_form_data", "invalid_json", "invalid_limit",
        "invalid_post_type", "json_not_object", "missing_post_type", "missing_scope", "no_permission",
        "not_allowed_token_type", "not_authed", "rate_limited", "ratelimited", "request_timeout",
        "request_too_large", "service_unavailable", "team_access_not_granted", "token_expired",
        "token_revoked", "unknown_method",
    }
)  # fmt: skip
KINDS = {
    "str": {"string"},
    "int": {"integer", "number", "string"},
    "bool": {"boolean"},
    "json": {"string", "array", "object"},
    "list": {"array"},
}


METHODS_OF_SLACK = table("methods.json")
SHAPES = {key: as_object(value) for key, value in table("shapes.json").items()}
DOCUMENTED = as_object(table("documented.json")["payloads"])
DIFFERENCES = {as_text(key): as_text(why) for key, why in table("differences.json").items()}


def _reference(method: str) -> JsonObject:
    return as_object(METHODS_OF_SLACK[method])


def _assert_listed(found: set[str], area: str) -> None:
    """What differs from Slack is exactly what differences.json says of that area."""
    listed = {key for key in DIFFERENCES if key.startswith(f"{area}: ")}
    here = {f"{area}: {item}" for item in found}
    assert sorted(here - listed) == [], "these differ from Slack and are not listed"
    assert sorted(listed - here) == [], "these are listed and do not differ any more"


def _argument_differences() -> Iterator[str]:
    for name, method in METHODS.items():
        reference = _reference(name)
        known = as_object(reference["arguments"])
        for argument in sorted(set(method.accepts) ^ (set(known) - {"token", "team_id"})):
            yield f"{name} {'takes' if argument in method.accepts else 'lacks'} {argument}"
        for argument in sorted(set(method.required) ^ (set(texts(reference["required"])) - {"token"})):
            yield f"{name} {'requires' if argument in method.required else 'does not require'} {argument}"
        for argument, kind in method.accepts.items():
            types = set(texts(known.get(argument)))
            if types and not types & KINDS[kind]:
                yield f"{name} takes {argument} as {kind}, not {'/'.join(sorted(types))}"


def test_every_method_takes_slacks_arguments() -> None:
    _assert_listed(set(_argument_differences()), "arguments")


def test_every_method_has_slacks_rate_limit_tier() -> None:
    assert {name: method.tier for name, method in METHODS.items()} == {
        name: _reference(name)["tier"] for name in METHODS
    }


def test_every_method_reads_json_where_slack_does() -> None:
    assert set(FORMS_ONLY) == {name for name in METHODS if not _reference(name)["json"]}


def test_every_method_asks_for_slacks_scopes() -> None:
    found = set()
    for name, method in METHODS.items():
        found |= {f"{name} {scope}" for scope in set(method.scopes) ^ set(texts(_reference(name)["scopes"]))}
    # The reference lists the users' scope among those of bots; bots have channels:manage in its place.
    _assert_listed({item for item in found if not item.endswith(" channels:write")}, "scopes")


def test_every_method_that_is_described_is_offered() -> None:
    assert set(METHODS) == set(HANDLERS)


def _driven(work: Callable[[Drive], Awaitable[None]]) -> Drive:
    """A workspace after `work`, with everything under way ended."""
    kept: list[Drive] = []

    async def run() -> None:
        drive = Drive()
        kept.append(drive)
        await work(drive)
        await asyncio.sleep(0)
        await drive.sandbox.close()

    asyncio.run(run())
    return kept[0]


@pytest.fixture(scope="module")
def answers() -> list[tuple[str, JsonObject, JsonObject]]:
    """One good call of each method: name, arguments, answer."""
    made: list[tuple[str, JsonObject, JsonObject]] = []

    async def work(drive: Drive) -> None:
        for name, args in good_calls(drive):
            made.append((name, args, drive.call(name, **args)))

    _driven(work)
    return made


def test_a_correct_call_of_every_method_works(answers: list[tuple[str, JsonObject, JsonObject]]) -> None:
    assert {name for name, _, _ in answers} == set(METHODS)
    assert [(name, answer) for name, _, answer in answers if answer["ok"] is not True] == []


def test_answers_hold_what_slack_declares_and_nothing_it_never_sent(
    answers: list[tuple[str, JsonObject, JsonObject]],
) -> None:
    found = set()
    for name, _, answer in answers:
        found |= {f"{name} sends {path}" for path in _strange(answer, texts(SHAPES["answers"][name]))}
        declared = set(texts(_reference(name)["declared"]))
        found |= {f"{name} lacks {key}" for key in declared - set(answer)}
    _assert_listed(found, "answers")


def _messages() -> set[str]:
    """What was ever recorded of a message, wherever messages are shown."""
    answers, events = SHAPES["answers"], SHAPES["events"]
    found = [(texts(answers[f"conversations.{name}"]), "messages[].") for name in ("history", "replies")]
    found += [(texts(answers["chat.postMessage"]), "message."), (texts(events["Message"]), "event.")]
    return {p.removeprefix(at) for known, at in found for p in known if p.startswith(at)} | METADATA


METADATA = {"metadata", "metadata.event_type", "metadata.event_payload"}
"""https://docs.slack.dev/messaging/message-metadata"""
MESSAGE = _messages()
# Where an answer, an event or a payload holds a whole message.
HOLDERS = re.compile(
    r"^(event\.(root|previous_message|message)|event|message|messages\[\]|items\[\]\.message)\."
)


def _is_of_a_message(path: str, payload: JsonObject) -> bool:
    match = HOLDERS.match(path)
    if match is None or (match[0] == "event." and as_object(payload["event"]).get("type") != "message"):
        return False
    return path[match.end() :] in MESSAGE


def _strange(value: JsonObject, known: list[str]) -> list[str]:
    """Key paths that were never recorded; below an unknown key nothing more is told."""
    strange: list[str] = []
    for path in paths(value):
        if path in known or _is_of_a_message(path, value):
            continue
        if not any(path.startswith((f"{s}.", f"{s}[")) for s in strange):
            strange.append(path)
    return strange


HOSTILE: dict[str, list[object]] = {
    "channel": ["", "C0NOWHERE", 7, ["x"], {"a": 1}, "#nowhere", "it-triage-secret"],
    "text": ["", 5, "x" * 4001, "x" * 40_001, {}],
    "ts": ["", "1", "1.000000", "later", 5],
    "timestamp": ["", "1", "1.000000", "later"],
    "thread_ts": ["1.000000", "1700000000.000100", "x"],
    "view": ["", "{", {}, [], {"type": "modal"}, MODAL, HOME],
    "trigger_id": ["", "x"],
    "user": ["", "U0NOBODY", 3],
    "users": ["", "U0NOBODY", []],
    "name": ["", "Not A Name", "x" * 81, "general", ":nope:"],
    "limit": [-1, "x", 0],
    "cursor": ["x", "bmV4dDp4"],
    "blocks": ["{", {}, [{"type": "nonsense"}], [{}] * 51],
    "attachments": ["{", {}, [{}] * 101],
    "metadata": ["{", [], {"event_type": "x", "event_payload": {"a": "x" * 9000}}],
    "files": ["", [], [{"id": "F0"}], [1], {}],
    "unfurls": ["", {}, [], {"https://other.example": {}}, {"https://example.com/1": 1}],
    "post_at": [0, 1, "x", 99_999_999_999],
    "types": ["nonsense"],
    "latest": ["x"],
    "oldest": ["x"],
    "link": ["javascript:alert(1)"],
    "length": [0, -1, "x"],
    "hash": ["x"],
}


def _spoilt(args: JsonObject, method: str) -> Iterator[JsonObject]:
    """The arguments with one left out, or one made wrong."""
    for name in args:
        yield {key: value for key, value in args.items() if key != name}
    for name in METHODS[method].accepts:
        for value in HOSTILE.get(name, [""]):
            yield args | {name: value}


def test_every_error_is_one_that_slack_documents_for_the_method() -> None:
    seen: set[tuple[str, str]] = set()

    async def work(drive: Drive) -> None:
        for name, args in good_calls(drive):
            for spoilt in _spoilt(args, name):
                # What works in spite of it would change the workspace for the next good call.
                if name in {"conversations.leave", "conversations.archive", "conversations.rename"}:
                    continue
                answer = drive.call(name, **spoilt)
                seen.add((name, as_text(answer.get("error"))))
            drive.call(name, **args)

    _driven(work)
    assert len(seen) > 150
    undocumented = {
        f"{name} answers {error}"
        for name, error in seen
        if error and error not in GENERIC and error not in texts(_reference(name)["errors"])
    }
    _assert_listed(undocumented, "errors")


async def _live(drive: Drive) -> None:
    """Everything that makes an event."""
    space, room, ana = drive.space, drive.room, drive.ana
    bot = drive.sandbox.app.bot_user
    drive.said(f"<@{bot}> hello")
    own = drive.own(blocks=BLOCKS)
    drive.own(thread_ts=drive.asked)
    drive.own(thread_ts=drive.asked, reply_broadcast=True)
    drive.own(username="Somebody", icon_emoji=":eyes:")
    drive.call("chat.update", channel=room.id, ts=own, text="ho")
    drive.call(
        "chat.unfurl", channel=room.id, ts=drive.asked, unfurls={"https://example.com/1": {"text": "x"}}
    )
    space.react(room.messages[own], user=ana, name="eyes")
    space.unreact(room.messages[own], user=ana, name="eyes")
    drive.call("chat.delete", channel=room.id, ts=own)
    drive.call("files.completeUploadExternal", files=[{"id": drive.upload()}], channel_id=room.id)
    drive.said("psst", space.open_im(bot, ana))
    drive.said("we three", space.open_mpim([bot, ana, space.user("ben").id]))
    drive.call("chat.meMessage", channel=room.id, text="waves")
    made = space.create_channel("made", creator=ana)
    _lives(drive, made)
    space.change_channel_id(made)
    space.delete_channel(made, actor=ana)
    hidden = space.create_channel("hidden", creator=ana, kind="private")
    _lives(drive, hidden)
    space.join(hidden, bot, inviter=ana)
    space.delete_channel(hidden, actor=ana)
    space.change_user(space.add_user(UserSeed("new", "New Person")), title="Engineer")
    group = space.add_usergroup(UsergroupSeed("shift", "Shift"))
    space.set_usergroup_members(group, [ana])
    space.tell(HomeOpened(ana, "home", space.open_im(bot, ana).id))
    space.tell(AppRemoved(uninstalled=False, bot_user=bot))
    space.tell(AppRemoved(uninstalled=True, bot_user=bot))
    while not any(message.files for message in room.messages.values()):
        await asyncio.sleep(0)


def _lives(drive: Drive, channel: Channel) -> None:
    space, ana, bot = drive.space, drive.ana, drive.sandbox.app.bot_user
    space.join(channel, bot, inviter=ana)
    drive.said("hello", channel)
    space.rename(channel, f"{channel.name}-renamed", actor=ana)
    space.set_archived(channel, archived=True, actor=ana)
    space.set_archived(channel, archived=False, actor=ana)
    space.leave(channel, ana)
    space.leave(channel, bot)


RECORDED_AS = {
    "message": ("Message", "MessageBot"),
    "message.bot_message": ("MessageBot",),
    "message.channel_join": ("MessageChannelJoin",),
    "message.channel_leave": ("MessageChannelLeave",),
    "message.file_share": ("MessageFileShare",),
    "message.me_message": ("MessageMe",),
}


def _known_paths(name: str) -> list[str]:
    """What was recorded of an event, and what the example on its page shows."""
    camel = "".join(part.capitalize() for part in name.replace("message.", "").split("_"))
    default = (f"Message{camel.removeprefix('Message')}",) if name.startswith("message.") else (camel,)
    known = [path for key in RECORDED_AS.get(name, default) for path in texts(SHAPES["events"].get(key))]
    pages = [name, *([f"{name}.channels"] if name == "message" else [])]
    return known + [f"event.{path}" for page in pages for path in texts(SHAPES["examples"].get(page))]


def test_every_event_has_slacks_envelope_and_only_keys_that_slack_sends() -> None:
    drive = _driven(_live)
    found = set()
    for name, payload in drive.envelopes():
        assert {"token", "team_id", "api_app_id", "event", "event_id", "event_time", "authorizations"} < set(
            payload
        )
        known = _known_paths(name)
        assert known, name
        found |= {f"{name} sends {path}" for path in _strange(payload, [*known, *_OUTER])}
    _assert_listed(found, "events")


def test_every_event_and_kind_of_message_that_the_sandbox_serves_was_compared() -> None:
    events = [as_object(payload["event"]) for _, payload in _driven(_live).envelopes()]
    assert {_subscription(event) for event in events} == OFFERED
    kinds = {as_text(event.get("subtype")) for event in events if event["type"] == "message"}
    # What is left of a deleted parent comes inside of message_changed.
    assert kinds == {*get_args(Subtype), "message_changed", "message_deleted"} - {"tombstone"}


def _subscription(event: JsonObject) -> str:
    kinds = {"channel": "channels", "group": "groups"}
    kind = as_text(event.get("channel_type"))
    return f"message.{kinds.get(kind, kind)}" if event["type"] == "message" else as_text(event["type"])


# Of newer envelopes; the examples on docs.slack.dev show them around every event.
_OUTER = (
    "context_team_id", "context_enterprise_id", "event_context", "is_ext_shared_channel", "authorizations",
    "authorizations[].enterprise_id", "authorizations[].team_id", "authorizations[].user_id",
    "authorizations[].is_bot", "authorizations[].is_enterprise_install", "event_id", "event_time",
)  # fmt: skip


PICKER: JsonObject = {
    "type": "input",
    "block_id": "who",
    "label": {"type": "plain_text", "text": "Who"},
    "element": {"type": "external_select", "action_id": "person"},
}
# Public functions of the module that make a part of a payload only.
PARTS = {"action", "channel_name", "response_address"}


def _makers() -> set[str]:
    """Every function of the sandbox that makes an interaction's payload."""
    made_here = inspect.getmembers(
        payloads, lambda f: inspect.isfunction(f) and f.__module__ == payloads.__name__
    )
    return {name for name, _ in made_here if not name.startswith("_")} - PARTS


def _interactions(drive: Drive) -> Iterator[tuple[str, str, JsonObject]]:
    """Who made it, what it is compared with, the payload."""
    sandbox, room, ana = drive.sandbox, drive.room, drive.ana
    message = room.messages[drive.own(blocks=BLOCKS, thread_ts=drive.asked)]
    hidden = Ephemeral(ana, room.id, drive.space.next_ts(room), "psst", blocks=BLOCKS)
    action = payloads.action(find_element(BLOCKS, "Go"), {}, "1.000000")
    view = drive.space.screens.open(ana, MODAL)
    picker = find_element([PICKER], "Who")
    command = payloads.command(sandbox, user=ana, channel=room, name="/probe", text="x")
    yield "command", "SlashCommand", command
    shortcut = payloads.message_shortcut(
        sandbox, user=ana, channel=room, message=message, callback_id="raise_it"
    )
    yield "message_shortcut", "MessageShortcut", shortcut
    start = payloads.global_shortcut(sandbox, user=ana, callback_id="start_it")
    yield "global_shortcut", "GlobalShortcut", start
    for clicked in (message, hidden):
        made = payloads.message_action(sandbox, user=ana, message=clicked, action=action, state={})
        yield "message_action", "BlockAction", made
    yield "view_action", "BlockAction", payloads.view_action(sandbox, view=view, action=action)
    for holder in (message, view):
        asked = payloads.suggestion(sandbox, holder=holder, user=ana, placed=picker, query="a")
        yield "suggestion", "BlockSuggestion", asked
    yield "view_submission", "ViewSubmission", payloads.view_submission(sandbox, view)
    yield "view_closed", "ViewClosed", payloads.view_closed(sandbox, view, is_cleared=False)


def _known_of(name: str) -> list[str]:
    """What was recorded of a payload, or else what its page documents."""
    documented = texts(DOCUMENTED.get(name))
    # A view or message is the same wherever it is shown.
    shown = [p for p in texts(SHAPES["payloads"]["BlockAction"]) if p.startswith(("view.", "message."))]
    return texts(SHAPES["payloads"].get(name)) + (documented and [*documented, *shown])


def test_every_interaction_has_only_keys_that_slack_sends() -> None:
    found: set[str] = set()
    made: set[str] = set()

    async def work(drive: Drive) -> None:
        for maker, name, payload in _interactions(drive):
            made.add(maker)
            found.update(f"{name} sends {path}" for path in _strange(payload, _known_of(name)))

    _driven(work)
    assert made == _makers()
    _assert_listed(found, "payloads")


def test_the_documentation_lists_every_difference() -> None:
    page = (ROOT / "docs/sandbox.md").read_text(encoding="utf-8")
    rows = [f"| {key} | {why} |" for key, why in sorted(DIFFERENCES.items())]
    begin = page.index("| difference | why |\n|---|---|\n") + len("| difference | why |\n|---|---|\n")
    assert page[begin : begin + len("\n".join(rows))] == "\n".join(rows)
    assert as_list(rows)
