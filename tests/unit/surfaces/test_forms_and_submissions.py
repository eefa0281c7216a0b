"""Modals, and what people send back with them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models.vocabulary import Kind, Level
from bot.surfaces import forms
from bot.surfaces.ids import INPUT, BlockId, CallbackId, FormContext, FormContextError
from bot.surfaces.submissions import (
    AssignForm,
    Form,
    FormError,
    NoteForm,
    PriorityForm,
    RaiseForm,
    ResolveForm,
    read_form,
)
from bot.workflows.reading import DeskView, TicketView
from tests.unit.surfaces.builders import HR, IT, assert_openable, ticket

CONTEXT = FormContext(channel="C0HELP")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


def inputs(view: dict[str, object]) -> dict[str, dict[str, object]]:
    """The input blocks of a view, by their ids."""
    found = view["blocks"]
    assert isinstance(found, list)
    return {block["block_id"]: block for block in found if block["type"] == "input"}


def initial_state(view: dict[str, object]) -> dict[str, dict[str, object]]:
    """What Slack would send if the form were submitted as it opened."""
    state: dict[str, dict[str, object]] = {}
    for block_id, block in inputs(view).items():
        element = block["element"]
        assert isinstance(element, dict)
        kept = {"selected_option": element.get("initial_option"), "value": element.get("initial_value")}
        state[block_id] = {element["action_id"]: {"type": element["type"], **kept}}
    return state


def typed(text: object) -> dict[str, object]:
    return {INPUT: {"type": "plain_text_input", "value": text}}


def chosen(value: object) -> dict[str, object]:
    return {INPUT: {"type": "static_select", "selected_option": {"value": value}}}


def complaint(callback: CallbackId, values: object) -> str | None:
    """The input that a form is refused for, if any."""
    try:
        read_form(callback, values)
    except FormError as error:
        return error.block_id
    return None


# --- the raise form ---


def test_only_the_description_is_mandatory() -> None:
    view = forms.raise_form([IT], context=CONTEXT)
    fields = inputs(view)
    without_value = [
        block_id
        for block_id, block in fields.items()
        if not block["optional"]
        and isinstance(block["element"], dict)
        and "initial_option" not in block["element"]
    ]
    assert without_value == [BlockId.DESCRIPTION]
    assert_openable(view)


def test_a_form_sent_as_it_opened_takes_the_defaults() -> None:
    view = forms.raise_form([IT], text="printer is on fire", context=CONTEXT)
    assert RaiseForm.read(initial_state(view)) == RaiseForm(
        description="printer is on fire",
        title=None,
        kind=Kind.INCIDENT,
        affected=None,
        impact=Level.MEDIUM,
        urgency=Level.MEDIUM,
        category=None,
        desk_key=None,
    )


def test_the_text_that_fills_the_form_in_is_plain_and_cleaned() -> None:
    view = forms.raise_form([IT], text=" <b> &lt; \u202e<!channel>", context=CONTEXT)
    assert RaiseForm.read(initial_state(view)).description == "<b> &lt; <!channel>"


def test_a_text_too_long_for_the_form_is_cut_and_says_so() -> None:
    view = forms.raise_form([IT], text="x" * 4000, context=CONTEXT)
    assert "longer than this form takes" in json.dumps(view)
    assert len(RaiseForm.read(initial_state(view)).description) == 3000
    assert_openable(view)


def test_one_desk_is_not_asked_for_and_offers_its_categories() -> None:
    view = forms.raise_form([IT], context=CONTEXT)
    assert BlockId.DESK not in inputs(view)
    assert BlockId.CATEGORY in inputs(view)
    assert FormContext.from_metadata(view["private_metadata"]).desk_key == "it"


def test_among_several_desks_the_form_asks() -> None:
    view = forms.raise_form([IT, HR], context=CONTEXT)
    assert next(iter(inputs(view))) == BlockId.DESK
    assert BlockId.CATEGORY not in inputs(view)
    assert FormContext.from_metadata(view["private_metadata"]).desk_key is None
    assert_openable(view)


def test_a_channel_that_decides_the_desk_spares_the_question() -> None:
    view = forms.raise_form([IT, HR], context=CONTEXT, desk_key="hr")
    assert BlockId.DESK not in inputs(view)
    assert "Contract" in json.dumps(inputs(view)[BlockId.CATEGORY])
    assert FormContext.from_metadata(view["private_metadata"]).desk_key == "hr"


def test_without_desks_the_form_says_so() -> None:
    view = forms.raise_form([], context=CONTEXT)
    assert "No desk is configured" in json.dumps(view)
    assert_openable(view)


@pytest.mark.parametrize("count", [1, 100, 250])
def test_many_desks_and_categories_fit(count: int) -> None:
    desks = [DeskView(key=f"d{n}", name=f"Desk {n} " + "x" * 100, categories=()) for n in range(count)]
    many = DeskView(key="m", name="M", categories=tuple(f"{n} " + "c" * 100 for n in range(count)))
    assert_openable(forms.raise_form([*desks, IT], context=CONTEXT))
    assert_openable(forms.raise_form([many], context=CONTEXT))


def test_categories_that_cannot_be_offered_are_left_out() -> None:
    desk = DeskView(key="it", name="IT", categories=("", "\u200b", "x" * 200, "Hardware", "Hardware"))
    view = forms.raise_form([desk], context=CONTEXT)
    assert json.dumps(inputs(view)[BlockId.CATEGORY]).count('"value": "Hardware"') == 1
    assert_openable(view)


# --- the other forms ---


@pytest.mark.parametrize(
    ("form", "heading"),
    [
        (forms.resolve_form, "Resolve INC-12"),
        (forms.assign_form, "Assign INC-12"),
        (forms.note_form, "Note on INC-12"),
        (forms.priority_form, "Priority of INC-12"),
    ],
)
def test_a_form_about_a_ticket_names_and_remembers_it(
    form: Callable[[TicketView], dict[str, object]], heading: str
) -> None:
    view = form(ticket())
    assert view["title"] == {"type": "plain_text", "text": heading}
    assert FormContext.from_metadata(view["private_metadata"]).ticket == "INC-12"
    assert_openable(view)


def test_the_priority_form_starts_from_what_is() -> None:
    view = forms.priority_form(ticket(impact=Level.HIGH, urgency=Level.LOW))
    state = initial_state(view) | {BlockId.WORK_NOTE: typed("a whole floor")}
    assert PriorityForm.read(state) == PriorityForm(
        impact=Level.HIGH, urgency=Level.LOW, note="a whole floor"
    )


def test_a_message_view_is_never_empty() -> None:
    assert_openable(forms.message_view("", "\u200b"))
    assert_openable(forms.message_view("x" * 100, "y" * 5000))


# --- what comes back ---

COMPLETE: list[tuple[CallbackId, dict[str, object], Form]] = [
    (CallbackId.RESOLVE, {BlockId.RESOLUTION: typed(" new cable ")}, ResolveForm("new cable")),
    (
        CallbackId.ASSIGN,
        {BlockId.ASSIGNEE: {INPUT: {"type": "users_select", "selected_user": "U0LEA"}}},
        AssignForm("U0LEA"),
    ),
    (CallbackId.NOTE, {BlockId.NOTE: typed("called\u202e them")}, NoteForm("called them")),
    (
        CallbackId.PRIORITY,
        {
            BlockId.NEW_IMPACT: chosen("high"),
            BlockId.NEW_URGENCY: chosen("high"),
            BlockId.WORK_NOTE: typed("everybody"),
        },
        PriorityForm(impact=Level.HIGH, urgency=Level.HIGH, note="everybody"),
    ),
    (
        CallbackId.RAISE,
        {
            BlockId.DESCRIPTION: typed("no light"),
            BlockId.TITLE: typed("Dark"),
            BlockId.KIND: chosen("request"),
            BlockId.AFFECTED: typed("floor 3"),
            BlockId.IMPACT: chosen("low"),
            BlockId.URGENCY: chosen("high"),
            BlockId.CATEGORY: chosen("Hardware"),
            BlockId.DESK: chosen("it"),
        },
        RaiseForm(
            description="no light",
            title="Dark",
            kind=Kind.REQUEST,
            affected="floor 3",
            impact=Level.LOW,
            urgency=Level.HIGH,
            category="Hardware",
            desk_key="it",
        ),
    ),
]


@pytest.mark.parametrize(("callback", "values", "form"), COMPLETE)
def test_a_complete_form_is_read(callback: CallbackId, values: dict[str, object], form: Form) -> None:
    assert read_form(callback, values) == form


WRONG: list[tuple[CallbackId, object, BlockId]] = [
    (CallbackId.RAISE, None, BlockId.DESCRIPTION),
    (CallbackId.RAISE, {}, BlockId.DESCRIPTION),
    (CallbackId.RAISE, {BlockId.DESCRIPTION: typed(" \u200b ")}, BlockId.DESCRIPTION),
    (CallbackId.RAISE, {BlockId.DESCRIPTION: typed(7)}, BlockId.DESCRIPTION),
    (CallbackId.RAISE, {BlockId.DESCRIPTION: typed("x" * 3001)}, BlockId.DESCRIPTION),
    (CallbackId.RAISE, {BlockId.DESCRIPTION: []}, BlockId.DESCRIPTION),
    (CallbackId.RAISE, {BlockId.DESCRIPTION: typed("x"), BlockId.KIND: chosen("wish")}, BlockId.KIND),
    (CallbackId.RAISE, {BlockId.DESCRIPTION: typed("x"), BlockId.TITLE: typed("x" * 151)}, BlockId.TITLE),
    (CallbackId.RAISE, {BlockId.DESCRIPTION: typed("x"), BlockId.DESK: chosen(["it"])}, BlockId.DESK),
    (CallbackId.RESOLVE, {BlockId.RESOLUTION: typed(None)}, BlockId.RESOLUTION),
    (CallbackId.ASSIGN, {BlockId.ASSIGNEE: {INPUT: {"selected_user": None}}}, BlockId.ASSIGNEE),
    (CallbackId.ASSIGN, {BlockId.ASSIGNEE: {INPUT: {"selected_user": "<!channel>"}}}, BlockId.ASSIGNEE),
    (CallbackId.NOTE, {BlockId.NOTE: {INPUT: "text"}}, BlockId.NOTE),
    (CallbackId.PRIORITY, {BlockId.NEW_IMPACT: chosen("P1")}, BlockId.NEW_IMPACT),
    (
        CallbackId.PRIORITY,
        {BlockId.NEW_IMPACT: chosen("low"), BlockId.NEW_URGENCY: chosen("low")},
        BlockId.WORK_NOTE,
    ),
]


@pytest.mark.parametrize(("callback", "values", "block_id"), WRONG)
def test_what_has_to_be_corrected_is_said_under_its_input(
    callback: CallbackId, values: object, block_id: BlockId
) -> None:
    with pytest.raises(FormError) as raised:
        read_form(callback, values)
    assert raised.value.block_id == block_id
    assert raised.value.sentence.endswith(".")


@given(st.sampled_from([c for c in CallbackId if c.startswith("form.")]), JSON)
def test_no_state_breaks_the_reading(callback: CallbackId, values: object) -> None:
    assert complaint(callback, values) in {None, *BlockId}


@given(
    st.sampled_from(list(BlockId)),
    st.dictionaries(st.sampled_from(["value", "selected_option", "selected_user"]), JSON),
    st.sampled_from([c for c in CallbackId if c.startswith("form.")]),
)
def test_no_element_breaks_the_reading(
    block_id: BlockId, element: dict[str, object], callback: CallbackId
) -> None:
    assert complaint(callback, {BlockId.DESCRIPTION: typed("x"), block_id: {INPUT: element}}) in {
        None,
        *BlockId,
    }


# --- what a form remembers ---


def test_a_form_remembers_what_it_was_opened_for() -> None:
    context = FormContext(
        ticket="INC-12", channel="C1", message_ts="1.2", thread_ts="1.1", desk_key="it", source="command"
    )
    assert FormContext.from_metadata(context.to_metadata()) == context
    assert FormContext.from_metadata("") == FormContext()


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        7,
        "{",
        "[]",
        '"x"',
        '{"ticket": 12}',
        '{"ticket": null}',
        '{"admin": "yes"}',
        "[" * 2999,
        "x" * 3001,
    ],
)
def test_nonsense_in_the_memory_of_a_form_is_a_named_error(metadata: object) -> None:
    with pytest.raises(FormContextError, match="open it again"):
        FormContext.from_metadata(metadata)


def test_a_form_does_not_remember_long_texts() -> None:
    with pytest.raises(FormContextError):
        FormContext(channel="x" * 256).to_metadata()
