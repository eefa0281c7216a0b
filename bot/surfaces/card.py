"""The card of a ticket in the triage channel. It is a mirror: rendered anew whenever the ticket changes."""

from __future__ import annotations

from typing import Final

from slack_sdk.models.blocks import Block, ButtonElement, ConfirmObject, RichTextBlock, RichTextElement

from bot.models.vocabulary import OPEN_STATES, Action, EventKind, State
from bot.surfaces import blocks
from bot.surfaces.badges import badges
from bot.surfaces.ids import CARD_BUTTONS, ActionId
from bot.surfaces.inline import Part, When, Words, joined, link_to
from bot.surfaces.lines import (
    MOST_TITLE,
    description_of,
    facts_line,
    headline,
    links_line,
    number_of,
    raised_line,
    resolution_of,
    state_line,
    title_of,
)
from bot.surfaces.rendered import Rendered
from bot.surfaces.sentences import event_sentence
from bot.surfaces.text import Address, fit, one_line
from bot.workflows.reading import TicketView

_MOST_EXCERPT: Final = 500
_MOST_EXCERPT_LINES: Final = 6
_MOST_EXCERPT_ADDRESSES: Final = 5
_MOST_SENTENCE: Final = 150


def card(view: TicketView) -> Rendered:
    """A ticket for agents: what it is, how it stands, what happened last, and what can be done now."""
    parts: list[Block] = [
        _body(view),
        blocks.context(_small_print(view), f"card.facts:{view.version}"),
    ]
    if row := _buttons(view):
        parts.append(blocks.buttons(f"card.actions:{view.version}", *row))
    told = [headline(view), state_line(view), badges(view), raised_line(view), _happened(view)]
    said = joined(told, by=". ")
    return blocks.message(said, parts)


def _body(view: TicketView) -> RichTextBlock:
    elements: list[RichTextElement] = [
        blocks.section(joined([headline(view), state_line(view), badges(view)], by="\n")),
    ]
    if said := _said(view):
        elements.append(blocks.quote(said))
    return RichTextBlock(block_id=f"card.body:{view.version}", elements=elements)


def _said(view: TicketView) -> list[str | Address]:
    """What is worth reading now and is not in the title: the problem while it is open, then what fixed it."""
    if view.state in OPEN_STATES:
        return _excerpt(_beyond_title(view), number_of(view))
    if view.state is State.CANCELLED or not view.resolution:
        return []
    return ["Resolution: ", *_excerpt(resolution_of(view), number_of(view))]


def _beyond_title(view: TicketView) -> list[str | Address]:
    description = description_of(view)
    if description and isinstance(description[0], str):
        first, _, rest = description[0].lstrip().partition("\n")
        is_whole_line = bool(rest) or len(description) == 1
        if is_whole_line and one_line(first, MOST_TITLE) == title_of(view):
            return [*([rest.lstrip()] if rest.strip() else []), *description[1:]]
    return description


def _excerpt(pieces: list[str | Address], number: str) -> list[str | Address]:
    kept, is_cut = fit(
        pieces, limit=_MOST_EXCERPT, lines=_MOST_EXCERPT_LINES, addresses=_MOST_EXCERPT_ADDRESSES
    )
    return [*kept, f"\n(/ticket {number} shows all of it)"] if is_cut else kept


def _small_print(view: TicketView) -> list[Part]:
    return joined(
        [
            facts_line(view),
            raised_line(view),
            _happened(view),
            links_line(view),
            [link_to(view.conversation, "Conversation")] if view.conversation else [],
        ]
    )


def _happened(view: TicketView) -> list[Part]:
    """The last thing that happened, unless that is the raising."""
    if view.last_event.kind is EventKind.RAISED:
        return []
    sentence = one_line(event_sentence(view.last_event), _MOST_SENTENCE)
    return [Words(f"{sentence} "), When(view.last_event.at)]


def _buttons(view: TicketView) -> list[ButtonElement]:
    row = [action_button(action, view) for action in dict.fromkeys(view.possible) if action in CARD_BUTTONS]
    return [show_details(number_of(view)), *row] if view.is_veiled else row


def show_details(number: str) -> ButtonElement:
    """Opens what a private ticket says, for those who may read it."""
    return blocks.button(
        "Show details", action_id=ActionId.DETAILS, value=number, about=f"Show details of {number}"
    )


def action_button(action: Action, view: TicketView, *, stands_out: bool = True) -> ButtonElement:
    """The button of an action on a ticket; on a card, claiming stands out."""
    label, action_id = CARD_BUTTONS[action]
    number = number_of(view)
    return blocks.button(
        label,
        action_id=action_id,
        value=number,
        about=f"{label} {number}",
        style="primary" if stands_out and action is Action.CLAIM else None,
        confirm=_confirm_cancel(number) if action is Action.CANCEL else None,
    )


def _confirm_cancel(number: str) -> ConfirmObject:
    """Cancelling is the one step that the card cannot take back."""
    return ConfirmObject(
        title=f"Cancel {number}?",
        text=blocks.plain(f"{number} ends without being resolved, and the requester sees that."),
        confirm="Cancel ticket",
        deny="Keep it",
        style="danger",
    )
