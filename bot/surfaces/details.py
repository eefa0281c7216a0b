"""What a private ticket says, in a modal for one person who may read it, with a field to answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    ConfirmObject,
    InputBlock,
    PlainTextInputElement,
    PlainTextObject,
    RichTextBlock,
    RichTextElement,
)
from slack_sdk.models.views import View

from bot.models.vocabulary import Visibility
from bot.surfaces import blocks
from bot.surfaces.ids import INPUT, ActionId, BlockId, CallbackId, FormContext
from bot.surfaces.inline import Part, When, Words, name_of
from bot.surfaces.lines import number_of
from bot.surfaces.lists import ticket_detail
from bot.surfaces.relay import attached
from bot.surfaces.submissions import MOST_PARAGRAPH
from bot.surfaces.text import cut, fit, read
from bot.workflows.reading import CommentView, EventView, TicketView

_MOST_HEADING: Final = 24
_MOST_COMMENT: Final = 2000
_MOST_ADDRESSES: Final = 5
_MOST_SAID: Final = 8000
"""Characters of the conversation altogether: Slack takes views of at most 250 kB."""


def details(
    view: TicketView,
    events: Sequence[EventView],
    said: Sequence[tuple[datetime, CommentView]],
    *,
    speaks: bool,
) -> dict[str, object]:
    """The whole ticket with its conversation; `speaks`: for an agent, who can answer and make it public."""
    body: list[Block | dict[str, object]] = [*ticket_detail(view, events).blocks]
    shown = _newest(said)
    if left_out := len(said) - len(shown):
        body.append(blocks.context([Words(f"({left_out} earlier messages)")], "details.earlier"))
    body += [_comment(at, comment, place) for place, (at, comment) in enumerate(shown)]
    if speaks and view.is_private:
        body.append(blocks.buttons("details.actions", _make_public(number_of(view))))
    if speaks:
        body.append(_reply())
    return View(
        type="modal",
        callback_id=CallbackId.DETAILS.value,
        title=PlainTextObject(text=cut(number_of(view), _MOST_HEADING)),
        submit=PlainTextObject(text="Send") if speaks else None,
        close=PlainTextObject(text="Close"),
        private_metadata=FormContext(ticket=number_of(view)).to_metadata(),
        blocks=body,
    ).to_dict()


def _newest(said: Sequence[tuple[datetime, CommentView]]) -> Sequence[tuple[datetime, CommentView]]:
    room, first = _MOST_SAID, len(said)
    while first > 0 and room > 0:
        first -= 1
        room -= min(len(said[first][1].text), _MOST_COMMENT)
    return said[first:]


def _comment(at: datetime, comment: CommentView, place: int) -> RichTextBlock:
    note = " · note" if comment.visibility is Visibility.INTERNAL else ""
    head: list[Part] = [Words(name_of(comment.author), bold=True), Words(f"{note} · "), When(at)]
    pieces, _ = fit(read(comment.text, comment.names), limit=_MOST_COMMENT, addresses=_MOST_ADDRESSES)
    elements: list[RichTextElement] = [blocks.section(head)]
    if pieces:
        elements.append(blocks.quote(pieces))
    if comment.files:
        elements.append(blocks.section(attached(comment)))
    return RichTextBlock(block_id=f"details.comment:{place}", elements=elements)


def _make_public(number: str) -> ButtonElement:
    said = (
        "Its title, description and resolution show on the card again. "
        "What was said in private stays where it was said."
    )
    return blocks.button(
        "Make public",
        action_id=ActionId.MAKE_PUBLIC,
        value=number,
        about=f"Make {number} public",
        confirm=ConfirmObject(
            title=f"Make {number} public?",
            text=blocks.plain(said),
            confirm="Make public",
            deny="Keep it private",
        ),
    )


def _reply() -> InputBlock:
    element = PlainTextInputElement(action_id=INPUT, multiline=True, max_length=MOST_PARAGRAPH)
    return InputBlock(
        block_id=BlockId.REPLY.value,
        label=PlainTextObject(text="Answer"),
        element=element,
        hint=PlainTextObject(text="The requester reads it in their direct messages."),
    )
