"""The modals. What people send back is read in `submissions`, which this module offers too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from slack_sdk.models.blocks import (
    Block,
    CheckboxesElement,
    InputBlock,
    InputInteractiveElement,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    RadioButtonsElement,
    SectionBlock,
    StaticSelectElement,
    UserSelectElement,
)
from slack_sdk.models.views import View

from bot.models.vocabulary import Kind, Level
from bot.surfaces import blocks
from bot.surfaces.ids import INPUT, BlockId, CallbackId, FormContext
from bot.surfaces.inline import Words
from bot.surfaces.lines import number_of, title_of
from bot.surfaces.sentences import refusal, resolution_question
from bot.surfaces.submissions import (
    MOST_CATEGORY,
    MOST_LINE,
    MOST_PARAGRAPH,
    AssignForm,
    Form,
    FormError,
    NoteForm,
    PriorityForm,
    RaiseForm,
    ReplyForm,
    ResolveForm,
    read_form,
)
from bot.surfaces.text import clean, cut, length, one_line
from bot.workflows.outcomes import Refusal
from bot.workflows.reading import DeskView, TicketView

__all__ = [
    "AssignForm",
    "Form",
    "FormError",
    "NoteForm",
    "PriorityForm",
    "RaiseForm",
    "ReplyForm",
    "ResolveForm",
    "assign_form",
    "message_view",
    "note_form",
    "priority_form",
    "raise_form",
    "read_form",
    "resolve_form",
]

ViewPayload = dict[str, object]

_MOST_OPTIONS: Final = 100
_MOST_OPTION: Final = 75
_MOST_VALUE: Final = 150
_MOST_HEADING: Final = 24

_KINDS: Final = {Kind.INCIDENT: "Something is broken", Kind.REQUEST: "I need something"}
_IMPACTS: Final = {
    Level.HIGH: "Many people, or a whole site",
    Level.MEDIUM: "A team",
    Level.LOW: "One person",
}
_URGENCIES: Final = {
    Level.HIGH: "Work has stopped",
    Level.MEDIUM: "Work goes on, with difficulty",
    Level.LOW: "It can wait",
}


def raise_form(
    desks: Sequence[DeskView],
    *,
    text: str = "",
    context: FormContext,
    desk_key: str | None = None,
    is_private: bool = False,
) -> ViewPayload:
    """The form for a new ticket. Only the description has to be written; `text` (plain) fills it in.

    `desk_key` is the desk that the channel decided. Otherwise, among several desks, the form asks for one and
    leaves the category to the agents: which categories there are depends on the desk. `is_private` ticks the
    box.
    """
    if not desks:
        return message_view("Raise a ticket", refusal(Refusal.NO_DESK))
    known = _known_desk(desks, desk_key)
    description = clean(text)
    inputs: list[Block] = [] if known else [_desk(desks)]
    if length(description) > MOST_PARAGRAPH:
        inputs.append(_told_too_long())
    inputs += [_description(cut(description, MOST_PARAGRAPH)), _kind(), _affected()]
    inputs += [
        _level(BlockId.IMPACT, "How many people does it touch?", _IMPACTS, Level.MEDIUM),
        _level(BlockId.URGENCY, "How much does it hold up?", _URGENCIES, Level.MEDIUM),
    ]
    if known and (categories := _categories(known)):
        inputs.append(categories)
    inputs += [_title(), _private(is_ticked=is_private)]
    remembered = replace(context, desk_key=known.key) if known else context
    return _modal("Raise a ticket", CallbackId.RAISE, inputs, submit="Raise", context=remembered)


def resolve_form(view: TicketView) -> ViewPayload:
    """Ask for the resolution."""
    asked = _paragraph(BlockId.RESOLUTION, resolution_question(view.kind), hint="The requester reads this.")
    return _ticket_modal(view, "Resolve", CallbackId.RESOLVE, [asked])


def assign_form(view: TicketView) -> ViewPayload:
    """Ask for the assignee."""
    person = UserSelectElement(action_id=INPUT, placeholder="Choose an agent", focus_on_load=True)
    asked = _input(BlockId.ASSIGNEE, "Who takes it?", person, hint="They are told in the thread of the card.")
    return _ticket_modal(view, "Assign", CallbackId.ASSIGN, [asked])


def note_form(view: TicketView) -> ViewPayload:
    """Ask for a note."""
    asked = _paragraph(BlockId.NOTE, "Note", hint="It stays with the desk; the requester does not see it.")
    return _ticket_modal(view, "Note on", CallbackId.NOTE, [asked], submit="Add note")


def priority_form(view: TicketView) -> ViewPayload:
    """Ask for impact, urgency and the reason; the priority follows from the matrix."""
    inputs = [
        _level(BlockId.NEW_IMPACT, "How many people does it touch?", _IMPACTS, view.impact),
        _level(BlockId.NEW_URGENCY, "How much does it hold up?", _URGENCIES, view.urgency),
        _paragraph(BlockId.WORK_NOTE, "Why does it change?", hint="It stays with the desk, on the timeline."),
    ]
    return _ticket_modal(view, "Priority of", CallbackId.PRIORITY, inputs, submit="Change")


def message_view(title: str, text: str) -> ViewPayload:
    """A modal that only says something: that it is loading, or why it is not available."""
    said = PlainTextObject(text=clean(text, 2900) or "Please try again in a minute.")
    body = SectionBlock(block_id="message", text=said)
    heading = one_line(title, _MOST_HEADING) or "Tickets"
    return View(
        type="modal",
        callback_id=CallbackId.MESSAGE.value,
        title=PlainTextObject(text=heading),
        close=PlainTextObject(text="Close"),
        blocks=[body],
    ).to_dict()


# --- the inputs of the raise form ---


def _known_desk(desks: Sequence[DeskView], desk_key: str | None) -> DeskView | None:
    if len(desks) == 1:
        return desks[0]
    return next((desk for desk in desks if desk.key == desk_key), None)


def _desk(desks: Sequence[DeskView]) -> InputBlock:
    options = _options({desk.key: one_line(desk.name, _MOST_OPTION) or desk.key for desk in desks})
    select = StaticSelectElement(action_id=INPUT, placeholder="Choose a desk", options=options)
    return _input(BlockId.DESK, "Who should take care of it?", select)


def _told_too_long() -> Block:
    said = (
        f"Your text is longer than this form takes. Its first {MOST_PARAGRAPH:,} characters are here; "
        "you can write the rest in the conversation."
    )
    return blocks.context([Words(said)], "raise.too_long")


def _description(text: str) -> InputBlock:
    element = PlainTextInputElement(
        action_id=INPUT,
        multiline=True,
        max_length=MOST_PARAGRAPH,
        initial_value=text or None,
        focus_on_load=True,
        placeholder="What happens, and since when? What have you tried?",
    )
    return _input(BlockId.DESCRIPTION, "What is it about?", element)


def _kind() -> InputBlock:
    options = _options({kind.value: words for kind, words in _KINDS.items()})
    element = RadioButtonsElement(action_id=INPUT, options=options, initial_option=options[0])
    return _input(BlockId.KIND, "Which is it?", element)


def _affected() -> InputBlock:
    placeholder = "The printer on floor 3, the VPN, payroll"
    element = PlainTextInputElement(action_id=INPUT, max_length=MOST_LINE, placeholder=placeholder)
    return _input(BlockId.AFFECTED, "What is affected?", element, optional=True)


def _categories(desk: DeskView) -> InputBlock | None:
    """The desk's categories; one too long to be an option's value cannot be offered."""
    offered = {name: one_line(name, _MOST_OPTION) for name in desk.categories if len(name) <= MOST_CATEGORY}
    options = _options({name: label for name, label in offered.items() if label})
    if not options:
        return None
    select = StaticSelectElement(action_id=INPUT, placeholder="Choose a category", options=options)
    return _input(BlockId.CATEGORY, "Category", select, optional=True)


def _title() -> InputBlock:
    element = PlainTextInputElement(action_id=INPUT, max_length=MOST_LINE)
    hint = "Left empty, it is the first line of what you wrote."
    return _input(BlockId.TITLE, "Title", element, optional=True, hint=hint)


def _private(*, is_ticked: bool) -> InputBlock:
    option = Option(
        value="private",
        text=PlainTextObject(text="Private"),
        description=PlainTextObject(text="Only you and the desk's agents read it."),
    )
    element = CheckboxesElement(
        action_id=INPUT, options=[option], initial_options=[option] if is_ticked else None
    )
    return _input(BlockId.PRIVATE, "Who may read it?", element, optional=True)


# --- shapes ---


def _level(block_id: BlockId, label: str, words: Mapping[Level, str], initial: Level) -> InputBlock:
    options = _options({level.value: said for level, said in words.items()})
    chosen = next(option for option in options if option.value == initial.value)
    select = StaticSelectElement(action_id=INPUT, options=options, initial_option=chosen)
    return _input(block_id, label, select)


def _paragraph(block_id: BlockId, label: str, *, hint: str) -> InputBlock:
    element = PlainTextInputElement(
        action_id=INPUT,
        multiline=True,
        max_length=MOST_PARAGRAPH,
        focus_on_load=block_id is not BlockId.WORK_NOTE,
    )
    return _input(block_id, label, element, hint=hint)


def _options(labels: Mapping[str, str]) -> list[Option]:
    usable = [(value, label) for value, label in labels.items() if 0 < len(value) <= _MOST_VALUE]
    return [Option(value=value, text=PlainTextObject(text=label)) for value, label in usable[:_MOST_OPTIONS]]


def _input(
    block_id: BlockId,
    label: str,
    element: InputInteractiveElement,
    *,
    optional: bool = False,
    hint: str | None = None,
) -> InputBlock:
    return InputBlock(
        block_id=block_id.value,
        label=PlainTextObject(text=label),
        element=element,
        optional=optional,
        hint=PlainTextObject(text=hint) if hint else None,
    )


def _ticket_modal(
    view: TicketView, verb: str, callback: CallbackId, inputs: Sequence[Block], *, submit: str | None = None
) -> ViewPayload:
    about = blocks.context([Words(f"{number_of(view)} · {title_of(view)}")], "form.about")
    heading = f"{verb} {number_of(view)}"
    context = FormContext(ticket=number_of(view))
    return _modal(heading, callback, [about, *inputs], submit=submit or verb, context=context)


def _modal(
    heading: str, callback: CallbackId, body: Sequence[Block], *, submit: str, context: FormContext
) -> ViewPayload:
    return View(
        type="modal",
        callback_id=callback.value,
        title=PlainTextObject(text=cut(heading, _MOST_HEADING)),
        submit=PlainTextObject(text=submit),
        close=PlainTextObject(text="Cancel"),
        private_metadata=context.to_metadata(),
        blocks=body,
    ).to_dict()
