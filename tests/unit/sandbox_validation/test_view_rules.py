from __future__ import annotations

import json

import pytest

from sandbox.validation.views import validate_view

Json = dict[str, object]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


INPUT: Json = {"type": "input", "label": plain("Name"), "element": {"type": "plain_text_input"}}
TABLE: Json = {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}


def modal(**fields: object) -> Json:
    return {"type": "modal", "title": plain("Raise"), "blocks": [], **fields}


def home(**fields: object) -> Json:
    return {"type": "home", "blocks": [], **fields}


@pytest.mark.parametrize(
    "view",
    [
        modal(),
        modal(title=plain("a" * 24), submit=plain("a" * 24), close=plain("a" * 24)),
        modal(private_metadata="a" * 3000, callback_id="a" * 255, external_id="a" * 255),
        modal(notify_on_close=True, clear_on_close=False),
        modal(submit=plain("Send"), blocks=[INPUT]),
        modal(blocks=[{"type": "divider"}] * 100),
        home(),
        home(private_metadata="x", callback_id="home", external_id="e"),
        home(blocks=[INPUT]),
        json.dumps(modal()),
    ],
)
def test_a_view_within_the_rules_is_accepted(view: object) -> None:
    assert validate_view(view) == []


@pytest.mark.parametrize(
    ("view", "pointer", "part"),
    [
        (None, "/view", "must provide an object"),
        ([], "/view", "must provide an object"),
        ("{", "/view", "must be valid JSON"),
        ({"blocks": []}, "/view", "missing required field: type"),
        ({"type": "panel"}, "/view/type", "unsupported type: panel"),
        ({"type": "modal", "blocks": []}, "/view", "missing required field: title"),
        ({"type": "modal", "title": plain("a")}, "/view", "missing required field: blocks"),
        ({"type": "home"}, "/view", "missing required field: blocks"),
        (modal(title=plain("a" * 25)), "/view/title/text", "must be less than 25 characters"),
        (modal(title=plain("")), "/view/title/text", "must be more than 0 characters"),
        (modal(title={"type": "mrkdwn", "text": "a"}), "/view/title/type", "mrkdwn is not allowed here"),
        (modal(submit=plain("a" * 25)), "/view/submit/text", "must be less than 25"),
        (modal(close="Cancel"), "/view/close", "must provide an object"),
        (modal(private_metadata="a" * 3001), "/view/private_metadata", "must be less than 3001"),
        (modal(private_metadata={"a": 1}), "/view/private_metadata", "must provide a string"),
        (modal(callback_id="a" * 256), "/view/callback_id", "must be less than 256"),
        (modal(external_id="a" * 256), "/view/external_id", "must be less than 256"),
        (modal(notify_on_close="yes"), "/view/notify_on_close", "must provide a boolean"),
        (modal(state={"values": {}}), "/view/state", "additional property: state"),
        (modal(hash="1.a"), "/view/hash", "additional property: hash"),
        (modal(id="V1"), "/view/id", "additional property: id"),
        (home(title=plain("a")), "/view/title", "additional property: title"),
        (home(submit=plain("a")), "/view/submit", "additional property: submit"),
        (modal(blocks=[INPUT]), "/view", "missing required field: submit"),
        (modal(blocks={}), "/view/blocks", "must provide an array"),
        (modal(blocks=[{"type": "divider"}] * 101), "/view/blocks", "no more than 100 items"),
        (modal(blocks=[{"type": "section"}]), "/view/blocks/0", "at least one of: text, fields"),
        (modal(blocks=[TABLE]), "/view/blocks/0/type", "table is not allowed here"),
        (home(blocks=[TABLE]), "/view/blocks/0/type", "table is not allowed here"),
    ],
)
def test_a_breach_of_a_view_is_named_with_its_place(view: object, pointer: str, part: str) -> None:
    (problem,) = validate_view(view)

    assert (problem.code, problem.pointer) == ("invalid_arguments", pointer)
    assert part in problem.message


def test_a_view_over_250_kilobytes_is_too_large() -> None:
    # 90 sections of 2,800 characters are more than 252,000 bytes, each within its own limit.
    text = {"type": "mrkdwn", "text": "a" * 2_800}
    view = home(blocks=[{"type": "section", "text": text}] * 90)

    (problem,) = validate_view(view)

    assert problem.code == "view_too_large"


def test_a_block_that_the_sandbox_lacks_keeps_its_own_code_in_a_view() -> None:
    (problem,) = validate_view(modal(blocks=[{"type": "alert", "text": plain("a")}]))

    assert problem.code == "not_supported_by_sandbox"
