"""Interactive elements in blocks: finding them, and the state Slack keeps of what people entered."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sandbox.ids import short_id
from sandbox.jsontypes import JsonObject, as_list, as_object, as_text, objects

State = dict[str, dict[str, JsonObject]]

_TEXT_INPUTS = {"plain_text_input", "number_input", "email_text_input", "url_text_input"}
# element type -> (key in the state, key of the initial value in the element)
_SINGLE = {
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "rich_text_input": ("rich_text_value", "initial_value"),
}
_MULTIPLE = {
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "file_input": ("files", ""),
}
_STATELESS = {"button", "overflow", "workflow_button", "icon_button", "feedback_buttons"}
# Versions of a message or view that somebody may still see while it is being updated.
_STILL_SHOWN = 3
INTERACTIVE = _TEXT_INPUTS | set(_SINGLE) | set(_MULTIPLE) | _STATELESS


class ElementNotFound(LookupError):
    """There is no such element on the screen; check the label or id."""


class ValueNotPossible(ValueError):
    """A person could not enter this value here; choose one that the element offers."""


@dataclass(frozen=True)
class Placed:
    """An interactive element together with the block that holds it."""

    block: JsonObject
    element: JsonObject

    @property
    def block_id(self) -> str:
        return as_text(self.block.get("block_id"))

    @property
    def action_id(self) -> str:
        return as_text(self.element.get("action_id"))

    @property
    def type(self) -> str:
        return as_text(self.element.get("type"))

    @property
    def is_input(self) -> bool:
        return self.block.get("type") == "input"

    @property
    def label(self) -> str:
        """What a person calls it: a button's text, an input's label, a select's placeholder."""
        for holder, key in ((self.element, "text"), (self.block, "label"), (self.element, "placeholder")):
            text = as_text(as_object(holder.get(key)).get("text"))
            if text:
                return text
        return ""

    @property
    def options(self) -> list[JsonObject]:
        """All options, those in groups too."""
        grouped = [
            o for group in objects(self.element.get("option_groups")) for o in objects(group.get("options"))
        ]
        return objects(self.element.get("options")) + grouped


def placed_elements(blocks: list[JsonObject]) -> Iterator[Placed]:
    """Every interactive element of the blocks, in reading order, also inside containers and cards."""
    for block in blocks:
        for key in ("accessory", "element"):
            element = as_object(block.get(key))
            if as_text(element.get("type")) in INTERACTIVE:
                yield Placed(block, element)
        for key in ("elements", "actions"):
            for element in objects(block.get(key)):
                if as_text(element.get("type")) in INTERACTIVE:
                    yield Placed(block, element)
        for key in ("blocks", "children", "cards"):
            yield from placed_elements(objects(block.get(key)))
        if as_text(block.get("type")) in {"container", "carousel"}:
            yield from placed_elements(objects(block.get("elements")))


def still_shown(blocks: list[JsonObject], earlier: list[list[JsonObject]]) -> list[list[JsonObject]]:
    """The versions to remember when these blocks are replaced."""
    return [blocks, *earlier][:_STILL_SHOWN]


def find_element(
    blocks: list[JsonObject], reference: str, earlier: Iterable[list[JsonObject]] = ()
) -> Placed:
    """By action_id, block_id, `block_id/action_id`, or label. Raises ElementNotFound.

    `earlier` versions, from the newest on, are looked through for `block_id/action_id` only: an update gives
    new ids where the app gave none, and who clicks at that moment means what they still see.
    """
    everything = list(placed_elements(blocks))
    for matches in (
        [p for p in everything if reference in {p.action_id, f"{p.block_id}/{p.action_id}"}],
        [p for p in everything if p.block_id == reference],
        [p for p in everything if plain_label(p.label) == plain_label(reference)],
    ):
        if matches:
            return matches[0]
    for placed in (p for version in earlier for p in placed_elements(version)):
        if reference == f"{placed.block_id}/{placed.action_id}":
            return placed
    known = ", ".join(sorted({p.label or p.action_id for p in everything})) or "none"
    raise ElementNotFound(f"There is no {reference!r} here; there is: {known}.")


def plain_label(text: str) -> str:
    """A label as people compare it: no case, no marks for optional or required."""
    return text.strip().rstrip("*").removesuffix("(optional)").strip().casefold()


def fill_ids(blocks: list[JsonObject]) -> list[JsonObject]:
    """The blocks with the ids that Slack adds where the app gave none."""
    filled = copy.deepcopy(blocks)
    for block in filled:
        block.setdefault("block_id", short_id())
    for placed in placed_elements(filled):
        placed.block.setdefault("block_id", short_id())
        placed.element.setdefault("action_id", short_id())
    return filled


def initial_state(blocks: list[JsonObject]) -> State:
    """The state before anyone touched the elements."""
    state: State = {}
    for placed in placed_elements(blocks):
        if placed.type not in _STATELESS:
            state.setdefault(placed.block_id, {})[placed.action_id] = initial_value(placed.element)
    return state


def initial_value(element: JsonObject) -> JsonObject:
    """One entry of `state.values` as the element starts."""
    kind = as_text(element.get("type"))
    if kind in _TEXT_INPUTS:
        return {"type": kind, "value": element.get("initial_value")}
    if kind in _MULTIPLE:
        key, initial = _MULTIPLE[kind]
        return {"type": kind, key: as_list(element.get(initial))}
    key, initial = _SINGLE[kind]
    return {"type": kind, key: element.get(initial)}


def entered_value(placed: Placed, value: object, options: list[JsonObject] | None = None) -> JsonObject:
    """The state entry after a person entered `value`.

    For selects, `value` is an option's value or text (or a list of them); `options` are those an
    external select was offered; a search that finds one option picks it. Raises ValueNotPossible.
    """
    kind = placed.type
    if kind in _TEXT_INPUTS:
        return {"type": kind, "value": _entered_text(placed, value)}
    if kind in {"static_select", "external_select", "radio_buttons"}:
        option = None if value in (None, "") else _option(placed, value, options)
        return {"type": kind, "selected_option": option}
    if kind in {"multi_static_select", "multi_external_select", "checkboxes"}:
        chosen = [_option(placed, item, options) for item in _several(value)]
        return {"type": kind, "selected_options": chosen}
    if kind == "rich_text_input":
        return {"type": kind, "rich_text_value": _rich_text(value)}
    if kind in _MULTIPLE:
        return {"type": kind, _MULTIPLE[kind][0]: _several(value)}
    return {"type": kind, _SINGLE[kind][0]: value}


def is_empty(entry: JsonObject) -> bool:
    """True if a required input with this entry would keep the modal from being submitted."""
    values = [value for key, value in entry.items() if key != "type"]
    return all(value in (None, "", []) for value in values)


def _several(value: object) -> list[object]:
    if value in (None, ""):
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _entered_text(placed: Placed, value: object) -> str | None:
    if value in (None, ""):
        return None
    text = str(value)
    shortest, longest = placed.element.get("min_length"), placed.element.get("max_length")
    if isinstance(shortest, int) and len(text) < shortest:
        raise ValueNotPossible(f"{placed.label!r} takes at least {shortest} characters.")
    if len(text) > (longest if isinstance(longest, int) else 3000):
        raise ValueNotPossible(f"{placed.label!r} takes at most {longest or 3000} characters.")
    if placed.type == "email_text_input" and "@" not in text:
        raise ValueNotPossible(f"{placed.label!r} takes an e-mail address.")
    if placed.type == "url_text_input" and "://" not in text:
        raise ValueNotPossible(f"{placed.label!r} takes an address such as https://example.com.")
    if placed.type == "number_input":
        _check_number(placed, text)
    return text


def _check_number(placed: Placed, text: str) -> None:
    try:
        number = float(text)
    except ValueError as error:
        raise ValueNotPossible(f"{placed.label!r} takes a number.") from error
    if not placed.element.get("is_decimal_allowed") and not number.is_integer():
        raise ValueNotPossible(f"{placed.label!r} takes a whole number.")


def _option(placed: Placed, value: object, offered: list[JsonObject] | None) -> JsonObject:
    options = placed.options if offered is None else offered
    wanted = str(value)
    for option in options:
        if option.get("value") == wanted:
            return option
    for option in options:
        if plain_label(as_text(as_object(option.get("text")).get("text"))) == plain_label(wanted):
            return option
    if offered is not None and len(offered) == 1:
        # What was typed was a search, and this is all it found.
        return offered[0]
    known = ", ".join(as_text(as_object(option.get("text")).get("text")) for option in options)
    raise ValueNotPossible(f"{placed.label!r} has no option {wanted!r}; it has: {known}.")


def _rich_text(value: object) -> JsonObject | None:
    if value in (None, ""):
        return None
    if isinstance(value, dict):
        return value
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": str(value)}]}
    return {"type": "rich_text", "elements": [section]}
