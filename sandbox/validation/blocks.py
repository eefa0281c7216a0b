"""Blocks, and the rules that hold across the blocks of one message, modal or Home tab.

Limits and surfaces: https://docs.slack.dev/reference/block-kit/blocks/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from sandbox.validation.composition import IDENTIFIER, SLACK_FILE, WEB_ADDRESS, plain_text, text_object
from sandbox.validation.elements import (
    ACTIONS_ELEMENT,
    CONTEXT_ACTIONS_ELEMENT,
    CONTEXT_ELEMENT,
    INPUT_ELEMENT,
    SECTION_ACCESSORY,
)
from sandbox.validation.problems import Problem, problem, recode, step
from sandbox.validation.rich_text import CONTAINERS, RICH_TEXT
from sandbox.validation.schema import (
    Choice,
    Flag,
    Items,
    Number,
    Record,
    Rule,
    Shape,
    Text,
    Variants,
    Whole,
    typed,
)

Surface = Literal["message", "modal", "home"]

MOST_BLOCKS: Final[Mapping[Surface, int]] = {"message": 50, "modal": 100, "home": 100}
MOST_MARKDOWN: Final = 12_000
MOST_TABLE_TEXT: Final = 10_000

NEWER_BLOCKS: Final = frozenset(
    {
        "alert",
        "auth_provider",
        "call",
        "card",
        "carousel",
        "container",
        "data_table",
        "data_visualization",
        "file",
        "plan",
        "task_card",
        "video",
    }
)
"""Blocks that exist in Slack and that the sandbox does not show."""

_MESSAGE_ONLY: Final = frozenset({"markdown", "table", "context_actions"})


def _no_dispatch_of_files(value: Mapping[str, object], at: str) -> Iterator[Problem]:
    element = value["element"]
    if isinstance(element, Mapping) and element.get("type") == "file_input" and value.get("dispatch_action"):
        yield problem(step(at, "dispatch_action"), "must be false for a file_input")


def _table_text(value: Mapping[str, object], at: str) -> Iterator[Problem]:
    if sum(map(len, _strings(value["rows"]))) > MOST_TABLE_TEXT:
        yield problem(step(at, "rows"), f"must hold less than {MOST_TABLE_TEXT + 1} characters")


def _strings(value: object) -> Iterator[str]:
    """Yield the text of table cells of the right shape: that of `text` fields, at any depth."""
    if isinstance(value, Mapping):
        for name, content in value.items():
            if name == "text" and isinstance(content, str):
                yield content
            else:
                yield from _strings(content)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


_TABLE_CELL = Variants(
    {
        "raw_text": typed("text", fields={"text": Text()}),
        "raw_number": typed("value", fields={"value": Number(), "text": Text(1)}),
        "rich_text": typed("elements", fields={"elements": Items(CONTAINERS)}),
    }
)


class _ColumnSetting:
    """The settings of one table column, or null for none."""

    _shape = Record({"align": Choice(("left", "center", "right")), "is_wrapped": Flag()})

    def check(self, value: object, at: str, /) -> Iterator[Problem]:
        if value is not None:
            yield from self._shape.check(value, at)


def _block(
    *required: str,
    one_of: tuple[str, ...] = (),
    any_of: tuple[str, ...] = (),
    rules: tuple[Rule, ...] = (),
    **fields: Shape,
) -> Record:
    return typed(
        *required, one_of=one_of, any_of=any_of, rules=rules, fields={**fields, "block_id": IDENTIFIER}
    )


_BLOCKS: dict[str, Shape] = {
    "section": _block(
        any_of=("text", "fields"),
        text=text_object(3000),
        fields=Items(text_object(2000), 1, 10),
        accessory=SECTION_ACCESSORY,
        expand=Flag(),
    ),
    "header": _block("text", text=plain_text(150), level=Whole(1, 4)),
    "divider": _block(),
    "context": _block("elements", elements=Items(CONTEXT_ELEMENT, 1, 10)),
    "actions": _block("elements", elements=Items(ACTIONS_ELEMENT, 1, 25)),
    "context_actions": _block("elements", elements=Items(CONTEXT_ACTIONS_ELEMENT, 1, 5)),
    "image": _block(
        "alt_text",
        one_of=("image_url", "slack_file"),
        alt_text=Text(1, 2000),
        image_url=WEB_ADDRESS,
        slack_file=SLACK_FILE,
        title=plain_text(2000),
    ),
    "input": _block(
        "label",
        "element",
        rules=(_no_dispatch_of_files,),
        label=plain_text(2000),
        element=INPUT_ELEMENT,
        hint=plain_text(2000),
        optional=Flag(),
        dispatch_action=Flag(),
    ),
    "rich_text": RICH_TEXT,
    "markdown": _block("text", text=Text(1, MOST_MARKDOWN)),
    "table": _block(
        "rows",
        rules=(_table_text,),
        rows=Items(Items(_TABLE_CELL, 1, 20), 1, 100),
        column_settings=Items(_ColumnSetting(), 0, 20),
    ),
}


def _on(surface: Surface) -> Variants:
    away = frozenset() if surface == "message" else _MESSAGE_ONLY
    return Variants({kind: shape for kind, shape in _BLOCKS.items() if kind not in away}, away, NEWER_BLOCKS)


_SHAPES: Final[Mapping[Surface, Items]] = {
    surface: Items(_on(surface), 0, most) for surface, most in MOST_BLOCKS.items()
}


def validate_blocks(blocks: object, *, surface: Surface) -> list[Problem]:
    """List what Slack would refuse in a list of blocks; pointers begin at `/blocks`.

    Codes: `invalid_blocks`, `not_supported_by_sandbox`, the warning `duplicate_option_value`, and for rules
    of a whole message `msg_blocks_too_long` and `invalid_attachments` (Slack's name for a second table).
    Input blocks are accepted on every surface.
    """
    return recode(check_blocks(blocks, surface=surface, at="/blocks"), "invalid_blocks")


def check_blocks(blocks: object, *, surface: Surface, at: str) -> Iterator[Problem]:
    """Yield the problems of blocks that stand at any pointer, for use by views and attachments."""
    yield from _SHAPES[surface].check(blocks, at)
    found = list(_blocks_at(blocks, at))
    yield from _repeated_block_ids(found)
    yield from _focus_stealers(found)
    for pointer, block in found:
        yield from _repeated_action_ids(block, pointer)
        for place, element in _elements_of(block, pointer):
            yield from _element_off_its_surface(element, place, block=block, surface=surface)
    if surface == "message":
        yield from _whole_message(found, at)


Placed = tuple[str, Mapping[str, object]]


def _blocks_at(value: object, at: str) -> Iterator[Placed]:
    for index, item in enumerate(value if isinstance(value, list) else []):
        if isinstance(item, Mapping):
            yield step(at, index), item


def _elements_of(block: Mapping[str, object], at: str) -> Iterator[Placed]:
    for name in ("accessory", "element"):
        element = block.get(name)
        if isinstance(element, Mapping):
            yield step(at, name), element
    if block.get("type") in ("actions", "context_actions"):
        yield from _blocks_at(block.get("elements"), step(at, "elements"))


def _repeated_block_ids(blocks: list[Placed]) -> Iterator[Problem]:
    seen: set[str] = set()
    for pointer, block in blocks:
        block_id = block.get("block_id")
        if isinstance(block_id, str):
            if block_id in seen:
                yield problem(step(pointer, "block_id"), f"block_id {block_id} already exists")
            seen.add(block_id)


def _repeated_action_ids(block: Mapping[str, object], at: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for pointer, element in _elements_of(block, at):
        action_id = element.get("action_id")
        if isinstance(action_id, str):
            if action_id in seen:
                yield problem(step(pointer, "action_id"), f"action_id {action_id} already exists")
            seen.add(action_id)


def _focus_stealers(blocks: list[Placed]) -> Iterator[Problem]:
    focused = [
        place
        for pointer, block in blocks
        for place, element in _elements_of(block, pointer)
        if element.get("focus_on_load") is True
    ]
    for place in focused[1:]:
        yield problem(step(place, "focus_on_load"), "only one element may have focus_on_load")


def _element_off_its_surface(
    element: Mapping[str, object], at: str, *, block: Mapping[str, object], surface: Surface
) -> Iterator[Problem]:
    if element.get("type") == "file_input" and surface != "modal":
        yield problem(step(at, "type"), "type file_input is allowed in modals only")
    in_modal_input = surface == "modal" and block.get("type") == "input"
    if element.get("response_url_enabled") is True and not in_modal_input:
        yield problem(step(at, "response_url_enabled"), "works in the input blocks of modals only")


def _whole_message(blocks: list[Placed], at: str) -> Iterator[Problem]:
    markdown = [block.get("text") for _, block in blocks if block.get("type") == "markdown"]
    if len(markdown) > 1 and sum(len(text) for text in markdown if isinstance(text, str)) > MOST_MARKDOWN:
        sentence = f"markdown blocks together must be less than {MOST_MARKDOWN + 1} characters"
        yield problem(at, sentence, "msg_blocks_too_long")
    tables = [pointer for pointer, block in blocks if block.get("type") == "table"]
    for pointer in tables[1:]:
        yield problem(pointer, "only_one_table_allowed", "invalid_attachments")
