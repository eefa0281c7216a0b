"""Distils Slack's reference to what the conformance test compares with.

    python -m tests.sandbox.reference.distil SLACK_API_REF JAVA_SLACK_SDK

The two arguments are checkouts of https://github.com/slack-ruby/slack-api-ref and
https://github.com/slackapi/java-slack-sdk; README.md names the commits that were used.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from sandbox.jsontypes import JsonObject, as_list, as_object, as_text, texts
from sandbox.validation.arguments import METHODS
from sandbox.validation.manifest import EVENT_SCOPES

HERE = Path(__file__).parent
# Below these keys every kind of block, file or profile was merged into one: nothing to compare with.
MERGED = frozenset(
    {"blocks", "attachments", "files", "fields", "values", "elements", "emoji", "event_payload"}
)
DEPTH = 4
# The recordings of what the sandbox delivers.
EVENTS = (
    "AppHomeOpened", "AppMention", "AppUninstalled", "ChannelArchive", "ChannelCreated", "ChannelDeleted",
    "ChannelIdChanged", "ChannelLeft", "ChannelRename", "ChannelUnarchive", "GroupArchive", "GroupDeleted",
    "GroupLeft", "GroupRename", "GroupUnarchive", "MemberJoinedChannel", "MemberLeftChannel", "Message",
    "MessageBot", "MessageChanged", "MessageChannelJoin", "MessageChannelLeave", "MessageDeleted",
    "MessageFileShare", "MessageMe", "MessageThreadBroadcast", "ReactionAdded", "ReactionRemoved",
    "SubteamCreated", "SubteamMembersChanged", "SubteamUpdated", "TeamJoin", "TokensRevoked", "UserChange",
)  # fmt: skip


def _read(path: Path) -> JsonObject:
    return as_object(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def paths(value: object, at: str = "", depth: int = DEPTH) -> Iterator[str]:
    """The key paths of a JSON value: `message.edited.ts`, `members[].id`."""
    if isinstance(value, list):
        for item in value:
            yield from paths(item, f"{at}[]", depth)
    elif isinstance(value, dict) and depth:
        for key, inner in value.items():
            here = f"{at}.{key}" if at else key
            yield here
            if key not in MERGED:
                yield from paths(inner, here, depth - 1)


def _sorted_paths(*values: object) -> list[str]:
    return sorted({path for value in values for path in paths(value)})


def _types(schema: JsonObject) -> list[str]:
    given = [schema, *map(as_object, as_list(schema.get("anyOf")) + as_list(schema.get("oneOf")))]
    named = {name for item in given for name in texts(item.get("type"))}
    return sorted(named - {"null"})


def _method(root: Path, name: str) -> JsonObject:
    page = _read(root / f"docs.slack.dev/methods/{name}.json")
    arguments = as_object(page.get("args"))
    properties = as_object(arguments.get("properties"))
    return {
        "arguments": {key: _types(as_object(schema)) for key, schema in sorted(properties.items())},
        "required": sorted(texts(arguments.get("required"))),
        "errors": sorted(as_object(page.get("errors"))),
        "scopes": sorted(texts(as_object(page.get("scope")).get("bot"))),
        "json": page.get("json_input_supported") is True,
        "tier": as_text(page.get("rate_limits")),
        "declared": sorted(texts(as_object(page.get("output")).get("required"))),
    }


def distil(reference: Path, samples: Path) -> tuple[JsonObject, JsonObject]:
    """The tables of methods.json and shapes.json."""
    methods: JsonObject = {name: _method(reference, name) for name in sorted(METHODS)}
    recorded = samples / "json-logs/samples"
    answers = {}
    for name in sorted(METHODS):
        page = _read(reference / f"docs.slack.dev/methods/{name}.json")
        examples = [as_object(item).get("example") for item in as_object(page.get("examples")).values()]
        answers[name] = _sorted_paths(_read(recorded / f"api/{name}.json"), *examples)
    events = {name: _sorted_paths(_read(recorded / f"events/{name}Payload.json")) for name in EVENTS}
    examples_of_events = {
        path.stem: _sorted_paths(_read(path).get("example"))
        for path in sorted((reference / "events").glob("*.json"))
        if path.stem in EVENT_SCOPES
    }
    payloads = {
        path.stem.removesuffix("Payload"): _sorted_paths(_read(path))
        for path in sorted((recorded / "app-backend").rglob("*.json"))
        if path.parent.name != "dialogs"
    }
    return methods, {
        "answers": answers,
        "events": events,
        "examples": {name: found for name, found in examples_of_events.items() if found},
        "payloads": payloads,
    }


def main() -> None:
    methods, shapes = distil(Path(sys.argv[1]), Path(sys.argv[2]))
    for name, table in (("methods", methods), ("shapes", shapes)):
        text = json.dumps(table, indent=0, sort_keys=True, ensure_ascii=False)
        (HERE / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
