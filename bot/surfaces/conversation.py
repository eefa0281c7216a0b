"""What the requester sees: one message that is edited as things change, and the word that it is resolved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from slack_sdk.models.blocks import Block, RichTextBlock, RichTextElement

from bot.models.vocabulary import ENDED_STATES, OPEN_STATES, Action, EventKind, State
from bot.surfaces import blocks
from bot.surfaces.card import title_of
from bot.surfaces.ids import MOST_DIRECT_CHOICES, ActionId, direct_add
from bot.surfaces.inline import Mention, Part, When, Words, joined, name_of
from bot.surfaces.rendered import Rendered
from bot.surfaces.text import clean, one_line
from bot.workflows.reading import PersonView, TicketView

Place = Literal["channel", "thread", "direct"]
"""Where the conversation is: under a root of ours in a channel, under a message, or direct messages."""

_MOST_RESOLUTION: Final = 3000
_MOST_TITLE: Final = 60
_MOST_QUESTION: Final = 120
_A_REPLY_CONTINUES: Final = "A reply here opens a new ticket linked to this one."


def opening(view: TicketView, *, place: Place) -> Rendered:
    """Our one message at the conversation: that the ticket exists and how it stands.

    In a channel it is the one-line root of the thread and names the requester, who then follows the thread.
    """
    number: list[Part] = [Words(f"{_mark(view)} {view.number}", bold=place == "thread")]
    title: list[Part] = [Words(title_of(view), bold=True)]
    whose: list[Part] = [Mention(view.requester)]
    heads = {"channel": [number, title, whose], "thread": [number], "direct": [number, title]}
    parts = [*joined([*heads[place], _status(view)]), Words(".")]
    if hint := _hint(view, place):
        parts.append(Words(f" {hint}"))
    return blocks.note(parts, f"opening:{view.version}")


def resolved_word(view: TicketView) -> Rendered:
    """The word that it is resolved, with what fixed it and, as long as that is possible, a way to reopen."""
    parts = _resolved_sentence(view)
    fixed = clean(view.resolution or "", _MOST_RESOLUTION) if view.state not in OPEN_STATES else ""
    elements: list[RichTextElement] = [blocks.section(parts)]
    said = list(parts)
    if fixed:
        elements.append(blocks.quote(fixed))
        said.append(Words(f"\n{fixed}\n"))
    body: list[Block] = [RichTextBlock(block_id=f"resolved.body:{view.version}", elements=elements)]
    if after := _afterwards(view):
        body.append(blocks.context(after, f"resolved.after:{view.version}"))
        said += [Words(" "), *after] if not fixed else after
    if _can_reopen(view):
        body.append(_reopen(view))
    return blocks.message(said, body)


def asked_for_note(view: TicketView) -> Rendered:
    """In the card's thread, after a resolution without words: ask for what fixed it."""
    resolver = _resolver(view)
    whom: list[Part] = [Mention(resolver), Words(", ")] if resolver else []
    question = (
        f"{view.number} is resolved. What fixed it? Reply here in a few words and the requester is told."
    )
    return blocks.note([*whom, Words(question)], f"asked:{view.version}")


def choose_for_direct_message(text: str, tickets: Sequence[TicketView]) -> Rendered:
    """Ask whether a new direct message belongs to an open ticket. Post it in the thread of that message.

    `text` is plain. The first four tickets get a button each; the answer's `value` is the number.
    """
    quoted = one_line(text, _MOST_QUESTION)
    offered = tickets[:MOST_DIRECT_CHOICES]
    question: list[Part] = [Words("Is this about an open ticket of yours, or something new?")]
    listed: list[Part] = [
        Words("\n".join(f"{ticket.number}: {title_of(ticket, _MOST_TITLE)}" for ticket in offered))
    ]
    if left_out := len(tickets) - len(offered):
        listed.append(Words(f"\nand {left_out} more: to add to one of those, write in its thread."))
    row = [
        blocks.button(
            f"Add to {ticket.number}",
            action_id=direct_add(place),
            value=ticket.number,
            about=f"Add this message to {ticket.number}",
        )
        for place, ticket in enumerate(offered, 1)
    ]
    new = blocks.button("New ticket", action_id=ActionId.DIRECT_NEW, value="new", about="Raise a new ticket")
    elements: list[RichTextElement] = [blocks.section(question)]
    if quoted:
        elements.append(blocks.quote(quoted))
    elements.append(blocks.section(listed))
    body = [
        RichTextBlock(block_id="direct.question", elements=elements),
        blocks.buttons("direct.answer", *row, new),
    ]
    return blocks.message([*question, Words("\n"), *listed], body)


# --- how it stands, in the requester's words ---


def _mark(view: TicketView) -> str:
    return "✅" if view.state in (State.RESOLVED, State.CLOSED) else "🎫"


def _status(view: TicketView) -> list[Part]:
    if view.state is State.RESOLVED:
        return [Words("resolved "), When(view.state_since)]
    return [Words(_status_words(view))]


def _status_words(view: TicketView) -> str:
    who = name_of(view.assignee) if view.assignee else None
    match view.state:
        case State.NEW:
            return "nobody has taken it yet"
        case State.ASSIGNED:
            return f"{who} is on it" if who else "somebody is on it"
        case State.WAITING_REQUESTER:
            asked = name_of(view.requester)
            return (
                f"{who} is waiting for an answer from {asked}"
                if who
                else f"waiting for an answer from {asked}"
            )
        case State.WAITING_SUPPLIER:
            return f"{who} is waiting for a supplier" if who else "waiting for a supplier"
        case State.WAITING_APPROVAL:
            return "waiting for approval"
        case State.RESOLVED:
            return "resolved"
        case State.CLOSED:
            return "closed"
        case State.CANCELLED:
            return "cancelled"


def _hint(view: TicketView, place: Place) -> str:
    """What to do next, if anything. The root in a channel stays one line: it explains itself once."""
    if view.state in ENDED_STATES:
        return f"It goes on in {view.continued_by}." if view.continued_by else _A_REPLY_CONTINUES
    if view.state is State.RESOLVED:
        return ""
    thread = "in this thread" if place == "thread" else "in the thread"
    if view.state is State.WAITING_REQUESTER:
        return f"Answer {thread} and the work goes on."
    if place == "channel" and view.state is not State.NEW:
        return ""
    before = f"It continues {view.continues}. " if view.continues else ""
    return f"{before}Write {thread} to add anything; {_desk(view)} reads it."


def _desk(view: TicketView) -> str:
    return one_line(view.desk_name, _MOST_TITLE) or "the desk"


def _resolved_sentence(view: TicketView) -> list[Part]:
    what = f"{view.number} “{title_of(view, _MOST_TITLE)}”"
    if view.state in OPEN_STATES:
        return [Words(f"{what} was resolved, and is open again.")]
    if view.state is State.CANCELLED:
        return [Words(f"{what} is cancelled.")]
    if view.state is State.CLOSED:
        return [Words(f"{what} is resolved and closed.")]
    return [Mention(view.requester), Words(f", {what} is resolved.")]


def _afterwards(view: TicketView) -> list[Part]:
    if view.state in ENDED_STATES:
        return [Words(f"It goes on in {view.continued_by}." if view.continued_by else _A_REPLY_CONTINUES)]
    if not _can_reopen(view):
        return []
    if view.closes_at is None:
        return [Words("Not fixed? Reopen it.")]
    return [Words("Not fixed? You can reopen it until "), When(view.closes_at), Words(".")]


def _can_reopen(view: TicketView) -> bool:
    return view.state is State.RESOLVED and Action.REOPEN in view.possible


def _reopen(view: TicketView) -> Block:
    button = blocks.button(
        "Reopen",
        action_id=ActionId.REQUESTER_REOPEN,
        value=view.number,
        about=f"Reopen {view.number}",
    )
    return blocks.buttons(f"resolved.actions:{view.version}", button)


def _resolver(view: TicketView) -> PersonView | None:
    event = view.last_event
    return event.actor if event.kind is EventKind.RESOLVED and event.actor else view.assignee
