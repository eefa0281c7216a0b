from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.validation.arguments import METHODS, validate_arguments
from sandbox.validation.blocks import Surface, validate_blocks
from sandbox.validation.manifest import InvalidManifestError, load_manifest, validate_manifest
from sandbox.validation.messages import Method, live_markup, validate_message
from sandbox.validation.problems import Problem
from sandbox.validation.views import validate_view

# Names and types that Block Kit knows, so that random values get past the first check.
NAMES = re.findall(
    r"\w+",
    """
    type text blocks elements element accessory options option_groups initial_option
    initial_options value label fields rows title submit close block_id action_id confirm style
    focus_on_load image_url slack_file alt_text min_length max_length min_value max_value
    initial_value is_decimal_allowed private_metadata metadata attachments thread_ts markdown_text
    event_type event_payload features settings oauth_config scopes bot display_information name
    slash_commands shortcuts bot_events event_subscriptions
    """,
)
TYPES = re.findall(
    r"\w+",
    """
    section header divider context actions image input rich_text markdown table context_actions
    button static_select multi_static_select checkboxes radio_buttons overflow plain_text_input
    number_input file_input rich_text_input plain_text mrkdwn modal home rich_text_section
    rich_text_list broadcast usergroup raw_text
    """,
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(TYPES)
    | st.just("1700000000.000100")
)


def grown(children: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    keys = st.sampled_from(NAMES) | st.text(max_size=5)
    records = st.dictionaries(keys, children, max_size=5)
    typed = st.builds(lambda record, kind: {**record, "type": kind}, records, st.sampled_from(TYPES))
    return st.lists(children, max_size=4) | records | typed


values: st.SearchStrategy[object] = st.recursive(scalars, grown, max_leaves=12)
objects = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), values, max_size=6)


# A loaded machine is no failure.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def deep(opening: str, closing: str) -> Iterator[object]:
    """Yield what no recursion survives: as JSON text, and as a value."""
    yield opening * 50_000 + closing * 50_000
    value: object = []
    for _ in range(50_000):
        value = [value] if opening == "[" else {"type": "section", "text": value}
    yield value


def sound(problems: list[Problem]) -> bool:
    return all(p.code and p.message.endswith(f"[json-pointer:{p.pointer}]") for p in problems)


@unhurried
@given(value=values, surface=st.sampled_from(["message", "modal", "home"]))
def test_any_blocks_are_judged(value: object, surface: Surface) -> None:
    assert sound(validate_blocks(value, surface=surface))
    assert sound(validate_blocks([value], surface=surface))


@unhurried
@given(value=values | objects)
def test_any_view_is_judged(value: object) -> None:
    assert sound(validate_view(value))


@unhurried
@given(
    args=objects,
    method=st.sampled_from(["chat.postMessage", "chat.update", "chat.postEphemeral", "response_url"]),
)
def test_any_message_is_judged(args: dict[str, object], method: Method) -> None:
    assert sound(validate_message(args, method=method))


@unhurried
@given(value=values | objects)
def test_any_value_is_searched_for_mass_mentions(value: object) -> None:
    assert all(isinstance(found, str) for found in live_markup(value))


@unhurried
@given(method=st.sampled_from(sorted(METHODS)) | st.text(max_size=10), args=objects)
def test_any_arguments_are_judged(method: str, args: dict[str, object]) -> None:
    assert sound(validate_arguments(method, args))


@unhurried
@given(value=values | objects)
def test_any_manifest_is_judged(value: object) -> None:
    assert sound(validate_manifest(value))


@unhurried
@given(value=objects)
def test_a_manifest_is_read_exactly_if_its_shape_is_right(value: dict[str, object]) -> None:
    malformed = any(p.code == "invalid_manifest" for p in validate_manifest(value))
    try:
        load_manifest(value)
    except InvalidManifestError:
        assert malformed
    else:
        assert not malformed


JUDGES: tuple[Callable[[object], object], ...] = (
    lambda value: validate_blocks(value, surface="message"),
    lambda value: validate_blocks([value], surface="modal"),
    validate_view,
    lambda value: validate_view({"type": "home", "blocks": value}),
    lambda value: validate_message(
        {"text": "x", "blocks": value, "attachments": value, "metadata": value}, method="chat.update"
    ),
    lambda value: live_markup({"text": "x", "blocks": value, "attachments": [{"blocks": value}]}),
    validate_manifest,
)


@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_bottomless_nesting_is_judged(judge: Callable[[object], object], opening: str, closing: str) -> None:
    for value in deep(opening, closing):
        assert isinstance(judge(value), list)


@pytest.mark.parametrize("text", [json.dumps("x"), "9" * 5_000, "NaN", '"\\ud800"', "\x00"])
def test_odd_json_text_is_judged(text: str) -> None:
    assert validate_view(text)
    assert validate_message({"text": "x", "blocks": text}, method="chat.postMessage")


def test_a_huge_number_is_judged() -> None:
    huge = 10**5_000

    assert validate_blocks(
        [{"type": "header", "text": {"type": "plain_text", "text": "x"}, "level": huge}], surface="home"
    )
    assert validate_view({"type": "modal", "title": huge, "blocks": huge})
    assert validate_message(
        {"text": "x", "metadata": {"event_type": "a", "event_payload": {"n": huge}}, "blocks": huge},
        method="chat.update",
    )
