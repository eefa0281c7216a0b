"""Views: modals and Home tabs.

https://docs.slack.dev/reference/views/modal-views/ and https://docs.slack.dev/reference/views/home-tab-views/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from sandbox.validation.blocks import check_blocks
from sandbox.validation.composition import plain_text
from sandbox.validation.decoding import NotJsonError, decoded, json_size
from sandbox.validation.problems import Problem, problem, recode, step
from sandbox.validation.schema import Anything, Flag, Shape, Text, Variants, typed

MOST_VIEW_BYTES: Final = 250_000

_COMMON: dict[str, Shape] = {
    # Blocks need to know their surface: they are checked apart.
    "blocks": Anything(),
    "private_metadata": Text(0, 3000),
    "callback_id": Text(0, 255),
    "external_id": Text(0, 255),
}
_VIEW: Final = Variants(
    {
        "modal": typed(
            "title",
            "blocks",
            fields={
                **_COMMON,
                "title": plain_text(24),
                "submit": plain_text(24),
                "close": plain_text(24),
                "clear_on_close": Flag(),
                "notify_on_close": Flag(),
            },
        ),
        "home": typed("blocks", fields=_COMMON),
    },
    newer=frozenset({"workflow_step"}),
)


def validate_view(view: object) -> list[Problem]:
    """List what Slack would refuse in the view of a views.* call, given as an object or as its JSON text.

    Pointers begin at `/view`. Codes: `invalid_arguments`, `view_too_large`, `not_supported_by_sandbox` and
    the warning `duplicate_option_value`.
    """
    return recode(_check(view, "/view"), "invalid_arguments")


def _check(view: object, at: str) -> Iterator[Problem]:
    try:
        view = decoded(view)
    except NotJsonError:
        yield problem(at, "must be valid JSON")
        return
    yield from _VIEW.check(view, at)
    if isinstance(view, Mapping):
        yield from _blocks(view, at)
        yield from _submit(view, at)
        if json_size(view) > MOST_VIEW_BYTES:
            yield problem(at, "must be less than 250 kB", "view_too_large")


def _blocks(view: Mapping[str, object], at: str) -> Iterator[Problem]:
    kind = view.get("type")
    if "blocks" in view and (kind == "modal" or kind == "home"):
        yield from check_blocks(view["blocks"], surface=kind, at=step(at, "blocks"))


def _submit(view: Mapping[str, object], at: str) -> Iterator[Problem]:
    blocks = view.get("blocks")
    if view.get("type") != "modal" or "submit" in view or not isinstance(blocks, list):
        return
    if any(isinstance(block, Mapping) and block.get("type") == "input" for block in blocks):
        yield problem(at, "missing required field: submit (the view has input blocks)")
