from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.validation.answers import validate_options_answer, validate_view_answer

Json = dict[str, object]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


OPTION: Json = {"text": plain("A"), "value": "a"}
BLOCKS: list[Json] = [
    {"type": "input", "block_id": "title", "label": plain("T"), "element": {"type": "plain_text_input"}},
    {"type": "section", "block_id": "note", "text": plain("N")},
]
MODAL: Json = {"type": "modal", "title": plain("T"), "blocks": []}

anything = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from(["options", "option_groups", "response_action", "errors", "view"]), children
        )
    ),
)


@pytest.mark.parametrize(
    "answer",
    [
        {"options": []},
        {"options": [{"text": plain("A"), "value": str(number)} for number in range(100)]},
        {"option_groups": [{"label": plain("G"), "options": [OPTION]}]},
    ],
)
def test_suggestions_within_the_rules_are_accepted(answer: Json) -> None:
    assert validate_options_answer(answer) == []


@pytest.mark.parametrize(
    ("answer", "pointer"),
    [
        (None, ""),
        ({}, ""),
        ({"options": [], "option_groups": []}, ""),
        ({"options": [OPTION] * 101}, "/options"),
        ({"options": [{"text": plain("a" * 76), "value": "a"}]}, "/options/0/text/text"),
        ({"option_groups": [{"options": [OPTION]}]}, "/option_groups/0"),
    ],
)
def test_a_breach_of_suggestions_is_named(answer: object, pointer: str) -> None:
    (problem,) = validate_options_answer(answer)

    assert (problem.code, problem.pointer) == ("invalid_options", pointer)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "",
        {},
        {"response_action": "clear"},
        {"response_action": "errors", "errors": {"title": "Write a title."}},
        {"response_action": "update", "view": MODAL},
        {"response_action": "push", "view": MODAL},
    ],
)
def test_an_answer_to_a_submission_within_the_rules_is_accepted(answer: object) -> None:
    assert validate_view_answer(answer, blocks=BLOCKS) == []


@pytest.mark.parametrize(
    ("answer", "pointer", "code"),
    [
        ("ok", "", "invalid_response_action"),
        ({"text": "Done"}, "", "invalid_response_action"),
        ({"response_action": "close"}, "/response_action", "invalid_response_action"),
        ({"response_action": "errors"}, "", "invalid_response_action"),
        ({"response_action": "errors", "errors": {}}, "/errors", "invalid_response_action"),
        ({"response_action": "errors", "errors": {"note": "x"}}, "/errors/note", "invalid_response_action"),
        ({"response_action": "errors", "errors": {"title": ""}}, "/errors/title", "invalid_response_action"),
        ({"response_action": "update"}, "", "invalid_response_action"),
        ({"response_action": "push", "view": {"type": "modal", "blocks": []}}, "/view", "invalid_arguments"),
    ],
)
def test_a_breach_of_an_answer_to_a_submission_is_named(answer: object, pointer: str, code: str) -> None:
    found = validate_view_answer(answer, blocks=BLOCKS)

    assert (pointer, code) in [(problem.pointer, problem.code) for problem in found]


@settings(deadline=None)
@given(answer=anything, blocks=anything)
def test_any_answer_is_judged(answer: object, blocks: object) -> None:
    assert isinstance(validate_options_answer(answer), list)
    assert isinstance(validate_view_answer(answer, blocks=blocks), list)
