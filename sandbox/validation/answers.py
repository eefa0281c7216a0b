"""What an app answers with its acknowledgement: options of an external select, the fate of a submitted modal.

https://docs.slack.dev/reference/interaction-payloads/block_suggestion-payload/ and
https://docs.slack.dev/surfaces/modals
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from sandbox.validation.composition import PLAIN_OPTION, distinct_values, plain_text
from sandbox.validation.problems import Problem, problem, recode, step
from sandbox.validation.schema import Anything, Choice, Items, Record
from sandbox.validation.views import validate_view

# Unlike the options of a static select, an answer may be empty: nothing matches what was typed.
_OPTIONS: Final = Items(PLAIN_OPTION, 0, 100)
_OPTIONS_ANSWER: Final = Record(
    {
        "options": _OPTIONS,
        "option_groups": Items(
            Record({"label": plain_text(75), "options": _OPTIONS}, ("label", "options")), 0, 100
        ),
    },
    one_of=("options", "option_groups"),
    rules=(distinct_values,),
)
_VIEW_ANSWER: Final = Record(
    {
        "response_action": Choice(("errors", "update", "push", "clear")),
        "errors": Anything(),
        "view": Anything(),
    },
    ("response_action",),
)


def validate_options_answer(answer: object) -> list[Problem]:
    """List what is wrong with the answer to a block_suggestion; code `invalid_options`."""
    return recode(_OPTIONS_ANSWER.check(answer, ""), "invalid_options")


def validate_view_answer(answer: object, *, blocks: object) -> list[Problem]:
    """List what is wrong with the answer to a view_submission of a view with these blocks.

    An empty answer (None, `""` or `{}`) closes the view and is always right. Code: `invalid_response_action`,
    or what `validate_view` finds in the view of `update` and `push`.
    """
    if answer is None or answer in ("", {}):
        return []
    found = list(_VIEW_ANSWER.check(answer, ""))
    if not found and isinstance(answer, Mapping):
        found = list(_fitting(answer, blocks))
    return recode(found, "invalid_response_action")


def _fitting(answer: Mapping[str, object], blocks: object) -> Iterator[Problem]:
    action = answer["response_action"]
    needed = {"errors": "errors", "update": "view", "push": "view"}.get(str(action))
    if needed is not None and needed not in answer:
        yield problem("", f"missing required field: {needed}")
    elif needed == "errors":
        yield from _field_errors(answer["errors"], _input_ids(blocks))
    elif needed == "view":
        yield from validate_view(answer["view"])


def _input_ids(blocks: object) -> set[str]:
    found = blocks if isinstance(blocks, list) else []
    inputs = [block for block in found if isinstance(block, Mapping) and block.get("type") == "input"]
    return {block_id for block in inputs if isinstance(block_id := block.get("block_id"), str)}


def _field_errors(errors: object, inputs: set[str]) -> Iterator[Problem]:
    if not isinstance(errors, Mapping) or not errors:
        yield problem("/errors", "must provide an object with an error for at least one block")
        return
    for block_id, sentence in errors.items():
        at = step("/errors", block_id)
        if block_id not in inputs:
            yield problem(at, f"the view has no input block with the block_id {block_id}")
        elif not isinstance(sentence, str) or not sentence:
            yield problem(at, "must be more than 0 characters")
