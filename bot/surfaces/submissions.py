"""What people send back with a form. `view.state.values` is untrusted: everything is checked here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeVar

from bot.models.vocabulary import Kind, Level
from bot.surfaces.ids import INPUT, BlockId, CallbackId
from bot.surfaces.text import clean, one_line

MOST_PARAGRAPH: Final = 3000
MOST_LINE: Final = 150
MOST_CATEGORY: Final = 150

_PERSON_ID: Final = re.compile(r"[UW][A-Z0-9]{2,30}")
_UNREADABLE: Final = "I could not read this. Please close the form and open it again."
_TOO_LONG: Final = "Please shorten this to {most:,} characters."
_DESCRIBE: Final = "Please say in a few words what it is about."

_Choice = TypeVar("_Choice", bound=Enum)


class FormError(ValueError):
    """Something in a form has to be corrected; `sentence` is shown under the input `block_id`."""

    def __init__(self, block_id: str, sentence: str) -> None:
        super().__init__(sentence)
        self.block_id = block_id
        self.sentence = sentence


@dataclass(frozen=True, kw_only=True)
class RaiseForm:
    """A new ticket, as somebody described it. Texts are plain and cleaned."""

    description: str
    title: str | None
    kind: Kind
    affected: str | None
    impact: Level
    urgency: Level
    category: str | None
    desk_key: str | None
    """The desk that was chosen; None if the form did not ask (see `FormContext.desk_key`)."""
    is_private: bool = False

    @classmethod
    def read(cls, values: object) -> RaiseForm:
        """Read the state of the raise form. Raises FormError."""
        return cls(
            description=_paragraph(values, BlockId.DESCRIPTION, _DESCRIBE),
            title=_line(values, BlockId.TITLE),
            kind=_choice(values, BlockId.KIND, Kind, Kind.INCIDENT),
            affected=_line(values, BlockId.AFFECTED),
            impact=_choice(values, BlockId.IMPACT, Level, Level.MEDIUM),
            urgency=_choice(values, BlockId.URGENCY, Level, Level.MEDIUM),
            category=_selected(values, BlockId.CATEGORY),
            desk_key=_selected(values, BlockId.DESK),
            is_private=_ticked(values, BlockId.PRIVATE),
        )


@dataclass(frozen=True)
class ResolveForm:
    """What fixed it."""

    resolution: str

    @classmethod
    def read(cls, values: object) -> ResolveForm:
        """Read the state of the resolve form. Raises FormError."""
        return cls(_paragraph(values, BlockId.RESOLUTION, "Please say in a few words what fixed it."))


@dataclass(frozen=True)
class AssignForm:
    """Who takes the ticket."""

    person_id: str

    @classmethod
    def read(cls, values: object) -> AssignForm:
        """Read the state of the assign form. Raises FormError."""
        chosen = _element(values, BlockId.ASSIGNEE).get("selected_user")
        if chosen is None:
            raise FormError(BlockId.ASSIGNEE.value, "Please choose who takes it.")
        if not isinstance(chosen, str) or not _PERSON_ID.fullmatch(chosen):
            raise FormError(BlockId.ASSIGNEE.value, _UNREADABLE)
        return cls(chosen)


@dataclass(frozen=True)
class NoteForm:
    """A note that stays with the desk."""

    text: str

    @classmethod
    def read(cls, values: object) -> NoteForm:
        """Read the state of the note form. Raises FormError."""
        return cls(_paragraph(values, BlockId.NOTE, "Please write the note, or close the form."))


@dataclass(frozen=True, kw_only=True)
class PriorityForm:
    """New impact and urgency, and why."""

    impact: Level
    urgency: Level
    note: str

    @classmethod
    def read(cls, values: object) -> PriorityForm:
        """Read the state of the priority form. Raises FormError."""
        return cls(
            impact=_choice(values, BlockId.NEW_IMPACT, Level),
            urgency=_choice(values, BlockId.NEW_URGENCY, Level),
            note=_paragraph(values, BlockId.WORK_NOTE, "Please say in a few words why it changes."),
        )


@dataclass(frozen=True)
class ReplyForm:
    """An answer to the requester of a private ticket."""

    text: str

    @classmethod
    def read(cls, values: object) -> ReplyForm:
        """Read the state of the details with their reply. Raises FormError."""
        return cls(_paragraph(values, BlockId.REPLY, "Please write the answer, or close this."))


Form = RaiseForm | ResolveForm | AssignForm | NoteForm | PriorityForm | ReplyForm

_FORMS: Final[Mapping[str, type[Form]]] = {
    CallbackId.RAISE: RaiseForm,
    CallbackId.RESOLVE: ResolveForm,
    CallbackId.ASSIGN: AssignForm,
    CallbackId.NOTE: NoteForm,
    CallbackId.PRIORITY: PriorityForm,
    CallbackId.DETAILS: ReplyForm,
}


def read_form(callback_id: str, values: object) -> Form:
    """Read the state of the form with that callback id. Raises FormError, KeyError for an unknown form."""
    return _FORMS[callback_id].read(values)


def _element(values: object, block_id: BlockId) -> Mapping[str, object]:
    """The state of one input; an input that the form did not have has none. Raises FormError."""
    if not isinstance(values, Mapping):
        raise FormError(block_id.value, _UNREADABLE)
    block = values.get(block_id.value, {})
    element = block.get(INPUT, {}) if isinstance(block, Mapping) else None
    if not isinstance(element, Mapping):
        raise FormError(block_id.value, _UNREADABLE)
    return element


def _written(values: object, block_id: BlockId, most: int) -> str:
    written = _element(values, block_id).get("value")
    if written is None:
        return ""
    if not isinstance(written, str):
        raise FormError(block_id.value, _UNREADABLE)
    if len(written) > most:
        raise FormError(block_id.value, _TOO_LONG.format(most=most))
    return written


def _paragraph(values: object, block_id: BlockId, missing: str) -> str:
    written = clean(_written(values, block_id, MOST_PARAGRAPH))
    if not written:
        raise FormError(block_id.value, missing)
    return written


def _line(values: object, block_id: BlockId) -> str | None:
    return one_line(_written(values, block_id, MOST_LINE), MOST_LINE) or None


def _selected(values: object, block_id: BlockId) -> str | None:
    option = _element(values, block_id).get("selected_option")
    if option is None:
        return None
    value = option.get("value") if isinstance(option, Mapping) else None
    if not isinstance(value, str) or not value or len(value) > MOST_CATEGORY:
        raise FormError(block_id.value, _UNREADABLE)
    return value


def _ticked(values: object, block_id: BlockId) -> bool:
    """Whether the one box of a checkbox group is ticked."""
    chosen = _element(values, block_id).get("selected_options")
    if chosen is None:
        return False
    if not isinstance(chosen, list):
        raise FormError(block_id.value, _UNREADABLE)
    return bool(chosen)


def _choice(
    values: object, block_id: BlockId, choices: type[_Choice], default: _Choice | None = None
) -> _Choice:
    value = _selected(values, block_id)
    if value is None and default is not None:
        return default
    try:
        return choices(value)
    except ValueError:
        raise FormError(block_id.value, _UNREADABLE) from None
