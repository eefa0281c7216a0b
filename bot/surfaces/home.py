"""The Home tab: what somebody raised, what they have, what waits for somebody; and the lists it opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    DividerBlock,
    HeaderBlock,
    RichTextBlock,
    RichTextListElement,
)
from slack_sdk.models.views import View

from bot.models.vocabulary import Action, Kind, State
from bot.surfaces import blocks
from bot.surfaces.badges import badge_in_short
from bot.surfaces.card import action_button, show_details
from bot.surfaces.ids import COMMAND, ActionId, CallbackId
from bot.surfaces.inline import Part, Words, joined, link_to
from bot.surfaces.lines import headline, number_of, state_line
from bot.surfaces.lists import LinkTo, ticket_line
from bot.surfaces.report_words import kind_label
from bot.surfaces.sentences import refusal
from bot.surfaces.text import cut, one_line, plain
from bot.workflows.homes import STANDING, CountsView, HomeList, HomeView
from bot.workflows.outcomes import Refusal
from bot.workflows.reading import TicketPage, TicketView

ViewPayload = dict[str, object]

_MOST_HEADING: Final = 24
_MOST_NAME: Final = 60
_MOST_KEY: Final = 255
_MOST_SAID: Final = 500
_HEADINGS: Final = {
    HomeList.MINE: "Your tickets",
    HomeList.ASSIGNED: "Assigned to you",
    HomeList.UNASSIGNED: "Waiting for somebody",
    HomeList.OPEN: "Open",
    HomeList.AT_RISK: "At risk",
    HomeList.OVERDUE: "Overdue",
    HomeList.WAITING: "Waiting",
}
_NOTHING: Final = {
    HomeList.MINE: "You have no open tickets. When something is broken, or you need something, raise one.",
    HomeList.ASSIGNED: "You have no tickets right now.",
    HomeList.UNASSIGNED: "Nothing waits: every open ticket has somebody.",
}
_COUNTED: Final = {
    HomeList.OPEN: ("open", ActionId.HOME_OPEN),
    HomeList.AT_RISK: ("at risk", ActionId.HOME_AT_RISK),
    HomeList.OVERDUE: ("overdue", ActionId.HOME_OVERDUE),
    HomeList.WAITING: ("waiting", ActionId.HOME_WAITING),
}
_AT_WORK: Final = (Action.RESOLVE, Action.WAIT, Action.RELEASE)
"""What the assignee can do from their Home, where the state allows it; the card offers the rest."""
_SHUT: Final = {
    Refusal.GUEST: "Guest accounts cannot raise tickets here. "
    "A full member of the workspace can do it for you.",
    Refusal.STRANGER: "This desk serves its own organisation. Your contact there can raise a ticket for you.",
    Refusal.DEACTIVATED: "That account is deactivated. An administrator of the workspace can help.",
    Refusal.APP: "This is for people.",
}


class UnreadableList(ValueError):
    """The value of a button does not name a list; press the button once more in Home."""


@dataclass(frozen=True, kw_only=True)
class ListReference:
    """The list that a button opens. It proves nothing: permission is checked anew."""

    which: HomeList
    page: int = 1
    kind: Kind = Kind.INCIDENT
    desk_key: str = ""
    """Of counts; people's own lists know neither desk nor kind."""

    def to_value(self) -> str:
        """As a button's value."""
        return "|".join((self.which.value, str(self.page), self.kind.value, self.desk_key))

    @classmethod
    def from_value(cls, value: str) -> ListReference:
        """Read what `to_value` wrote. Raises UnreadableList."""
        which, page, kind, desk_key = (*value.split("|", 3), "", "", "", "")[:4]
        is_page = page.isdecimal() and len(page) < 10
        if which not in set(HomeList) or kind not in set(Kind) or not is_page or len(desk_key) > _MOST_KEY:
            raise UnreadableList("This list cannot be opened any more; press the button once more in Home.")
        return cls(which=HomeList(which), page=int(page), kind=Kind(kind), desk_key=desk_key)


# --- the tab ---


def home(view: HomeView) -> ViewPayload:
    """The whole tab. Nobody is mentioned in it."""
    body: list[Block] = [HeaderBlock(block_id="home.head", text=blocks.plain("Service desk"))]
    if view.refusal is not None:
        sentence = _SHUT.get(view.refusal) or refusal(view.refusal)
        body.append(blocks.paragraph([Words(sentence)], "home.shut"))
    else:
        body += _said(view)
        body.append(blocks.buttons("home.raise", _raise()))
        body += _section(HomeList.MINE, view.mine)
        body += _section(HomeList.ASSIGNED, view.assigned)
        body += _section(HomeList.UNASSIGNED, view.unassigned)
        body += _standing(view.counts)
    return View(type="home", callback_id=CallbackId.HOME.value, blocks=body).to_dict()


def _said(view: HomeView) -> list[Block]:
    """Why what was pressed last did nothing; it goes with the next press."""
    if not view.said:
        return []
    sentence = cut(one_line(plain(view.said, {}), _MOST_SAID), _MOST_SAID)
    return [blocks.paragraph([Words("⚠️ "), Words(sentence, bold=True)], "home.said")]


def _raise() -> ButtonElement:
    return blocks.button(
        "Raise a ticket",
        action_id=ActionId.HOME_RAISE,
        value="raise",
        about="Raise a ticket",
        style="primary",
    )


def _section(which: HomeList, page: TicketPage | None) -> list[Block]:
    """A heading, a row or two of blocks for each ticket, and the way to the others."""
    if page is None:
        return []
    name = f"home.{which.value}"
    title = _HEADINGS[which] + (f" · {page.total:,}" if page.total else "")
    body: list[Block] = [
        DividerBlock(block_id=f"{name}.line"),
        HeaderBlock(block_id=f"{name}.head", text=blocks.plain(title)),
    ]
    if not page.tickets:
        return [*body, blocks.context([Words(_NOTHING[which])], f"{name}.none")]
    for place, ticket in enumerate(page.tickets):
        body += _row(which, ticket, f"{name}:{place}")
    if page.total > len(page.tickets):
        body.append(blocks.buttons(f"{name}.more", _more(which, page.total)))
    return body


def _row(which: HomeList, ticket: TicketView, block_id: str) -> list[Block]:
    shows = [headline(ticket), state_line(ticket)]
    target, label = (ticket.card, "Card") if which is not HomeList.MINE else (ticket.conversation, "Thread")
    small = joined([badge_in_short(ticket), [link_to(target, label)] if target else []])
    parts = joined([*shows, small] if small else shows, by="\n")
    row: list[Block] = [blocks.paragraph(parts, block_id)]
    if can_do := _buttons(which, ticket):
        row.append(blocks.buttons(f"{block_id}:do", *can_do))
    return row


def _buttons(which: HomeList, ticket: TicketView) -> list[ButtonElement]:
    if which is HomeList.MINE:
        return [_reopen(number_of(ticket))] if ticket.state is State.RESOLVED else []
    offered = _AT_WORK if which is HomeList.ASSIGNED else (Action.CLAIM,)
    row = [action_button(action, ticket, stands_out=False) for action in offered if action in ticket.possible]
    return [*row, show_details(number_of(ticket))] if ticket.is_veiled else row


def _reopen(number: str) -> ButtonElement:
    return blocks.button(
        "Reopen", action_id=ActionId.REQUESTER_REOPEN, value=number, about=f"Reopen {number}"
    )


def _more(which: HomeList, total: int) -> ButtonElement:
    return blocks.button(
        f"Show all {total:,}",
        action_id=ActionId.HOME_MORE,
        value=ListReference(which=which).to_value(),
        about=f"Show all {total:,}: {_HEADINGS[which]}",
    )


def _standing(counts: Sequence[CountsView]) -> list[Block]:
    """Each number opens to the tickets that it counts."""
    if not counts:
        return []
    body: list[Block] = [
        DividerBlock(block_id="home.standing.line"),
        HeaderBlock(block_id="home.standing.head", text=blocks.plain("How it stands")),
    ]
    for place, row in enumerate(counts):
        name = one_line(row.desk_name, _MOST_NAME) or row.desk_key
        title = f"{name} · {kind_label(row.kind)}"
        body.append(blocks.paragraph([Words(title, bold=True)], f"home.standing:{place}"))
        body.append(
            blocks.buttons(f"home.standing:{place}:open", *(_count(row, which) for which in STANDING))
        )
    return body


def _count(row: CountsView, which: HomeList) -> ButtonElement:
    words, action_id = _COUNTED[which]
    label = f"{row.counts[which]:,} {words}"
    reference = ListReference(which=which, kind=row.kind, desk_key=row.desk_key)
    return blocks.button(
        label,
        action_id=action_id,
        value=reference.to_value(),
        about=cut(f"{label}: show these tickets", 75),
    )


# --- a list ---


def ticket_list(page: TicketPage, reference: ListReference) -> ViewPayload:
    """A modal with a page of the tickets that a Home counts."""
    which = reference.which
    link: LinkTo = "conversation" if which is HomeList.MINE else "card"
    title = _HEADINGS[which]
    count = "1 ticket" if page.total == 1 else f"{page.total:,} tickets"
    body: list[Block] = [blocks.paragraph([Words(f"{title} · {count}", bold=True)], "list.head")]
    if page.tickets:
        lines = [blocks.section(ticket_line(ticket, link)) for ticket in page.tickets]
        items = RichTextListElement(style="bullet", elements=lines)
        body.append(RichTextBlock(block_id="list.body", elements=[items]))
    else:
        body.append(blocks.context([Words("None right now.")], "list.none"))
    body += _foot(page, reference)
    return View(
        type="modal",
        callback_id=CallbackId.LIST.value,
        title=blocks.plain(cut(title, _MOST_HEADING)),
        close=blocks.plain("Close"),
        blocks=body,
    ).to_dict()


def _foot(page: TicketPage, reference: ListReference) -> list[Block]:
    about: list[Part] = [Words(f"Page {page.page} of {page.pages}")] if page.pages > 1 else []
    measured = [ticket for ticket in page.tickets if badge_in_short(ticket)]
    if measured and reference.which is not HomeList.MINE:
        number = number_of(measured[0])
        about = joined([about, [Words(f"{COMMAND} sla {number} says how such a time came about")]])
    turns: list[ButtonElement] = []
    if page.page > 1:
        turns.append(_turn(reference, "Previous", ActionId.LIST_PREVIOUS, page.page - 1))
    if page.page < page.pages:
        turns.append(_turn(reference, "Next", ActionId.LIST_NEXT, page.page + 1))
    foot: list[Block] = [blocks.context(about, "list.foot")] if about else []
    return [*foot, blocks.buttons("list.turn", *turns)] if turns else foot


def _turn(reference: ListReference, label: str, action_id: ActionId, page: int) -> ButtonElement:
    target = ListReference(which=reference.which, page=page, kind=reference.kind, desk_key=reference.desk_key)
    return blocks.button(
        label, action_id=action_id, value=target.to_value(), about=f"{label} page of the list"
    )
