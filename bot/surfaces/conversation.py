"""What the requester sees: one message that is edited as things change, and the word that it is resolved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from slack_sdk.models.blocks import Block, ButtonElement, RichTextBlock, RichTextElement

from bot.models.vocabulary import ENDED_STATES, OPEN_STATES, Action, EventKind, State
from bot.surfaces import blocks
from bot.surfaces.durations import open_words, span_words
from bot.surfaces.ids import MOST_DIRECT_CHOICES, ActionId, direct_add, direct_new
from bot.surfaces.inline import Mention, Part, When, Words, joined, name_of
from bot.surfaces.lines import number_of, resolution_of, title_of
from bot.surfaces.rendered import Rendered
from bot.surfaces.sentences import resolution_question, state_words
from bot.surfaces.text import fit, one_line, plain, told
from bot.workflows.reading import DeskView, PersonView, TicketView
from bot.workflows.service_views import EstimateView

Place = Literal["channel", "thread", "direct"]
"""Where the conversation is: under a root of ours in a channel, under a message, or direct messages."""

_MOST_RESOLUTION: Final = 3000
_MOST_TITLE: Final = 60
_MOST_QUESTION: Final = 120
_MOST_DESK: Final = 40
_ENDINGS: Final = {1: "st", 2: "nd", 3: "rd"}
_A_REPLY_CONTINUES: Final = "A reply in this thread opens a new ticket linked to this one."


def opening(view: TicketView, *, place: Place) -> Rendered:
    """Our one message at the conversation: that the ticket exists and how it stands.

    In a channel it is the one-line root of the thread, and mentions the requester, who then follows it.
    """
    if view.is_veiled:
        return _gone_private(view, f"opening:{view.version}")
    number: list[Part] = [Words(f"{_mark(view)} {number_of(view)}", bold=place == "thread")]
    title: list[Part] = [Words(title_of(view), bold=True)]
    whose: list[Part] = [Mention(view.requester)]
    heads = {"channel": [number, title, whose], "thread": [number], "direct": [number, title]}
    parts = [*joined([*heads[place], _status(view, place)]), Words(".")]
    if expected := _expected(view):
        parts.append(Words(f" {expected}."))
    if hint := _hint(view, place):
        parts.append(Words(f" {hint}"))
    return blocks.note(parts, f"opening:{view.version}")


def resolved_word(view: TicketView, *, was_reopened: bool = False) -> Rendered:
    """The word that it is resolved, with what fixed it and, as long as that is possible, a way to reopen.

    `was_reopened`: this word is of an earlier resolution, and a newer one says how it stands.
    """
    if view.is_veiled:
        return _gone_private(view, f"resolved.body:{view.version}")
    if was_reopened:
        return blocks.note(
            [Words(f"{_what(view)} was resolved, and reopened.")], f"resolved.body:{view.version}"
        )
    parts = _resolved_sentence(view)
    fixed, _ = fit(resolution_of(view), limit=_MOST_RESOLUTION)
    elements: list[RichTextElement] = [blocks.section(parts)]
    said = list(parts)
    if fixed:
        elements.append(blocks.quote(fixed))
        said.append(Words(f"\n{told(fixed)}\n"))
    body: list[Block] = [RichTextBlock(block_id=f"resolved.body:{view.version}", elements=elements)]
    if after := _afterwards(view):
        body.append(blocks.context(after, f"resolved.after:{view.version}"))
        said += [Words(" "), *after] if not fixed else after
    if _can_reopen(view):
        body.append(_reopen(view))
    return blocks.message(said, body)


def _gone_private(view: TicketView, block_id: str) -> Rendered:
    """What is left in a channel of a conversation that went on in direct messages."""
    said = f"🔒 {number_of(view)} is private. It goes on in direct messages."
    return blocks.note([Words(said)], block_id)


def cancelled_word(view: TicketView) -> Rendered:
    """Told to the requester when the desk cancels a ticket."""
    if view.is_veiled:
        return _gone_private(view, f"cancelled:{view.version}")
    by = f" by {name_of(view.last_event.actor)}" if _was_cancelled_now(view) and view.last_event.actor else ""
    said = f", {number_of(view)} “{title_of(view, _MOST_TITLE)}” was cancelled{by}. "
    after = "If you still need it, reply in this thread: that opens a new ticket linked to this one."
    return blocks.note([Mention(view.requester), Words(said + after)], f"cancelled:{view.version}")


def _was_cancelled_now(view: TicketView) -> bool:
    return view.last_event.kind is EventKind.CANCELLED


def asked_for_note(view: TicketView) -> Rendered:
    """In the card's thread, after a resolution without words: ask for what fixed it."""
    resolver = _resolver(view)
    whom: list[Part] = [Mention(resolver), Words(", ")] if resolver else []
    question = f"{number_of(view)} is resolved. {resolution_question(view.kind)}"
    ask = " Reply here in a few words; the requester is told."
    return blocks.note([*whom, Words(question + ask)], f"asked:{view.version}")


def choose_for_direct_message(
    text: str,
    tickets: Sequence[TicketView],
    desks: Sequence[DeskView] = (),
    *,
    more: int = 0,
    names: Mapping[str, str] | None = None,
) -> Rendered:
    """Ask whether a new direct message belongs to an open ticket, and else to which desk.

    Post it in the thread of that message, whose `text` is as received. The first four tickets, and of several
    desks the first four, get a button each: `value` is the ticket's number, or the desk's key. `more` is how
    many open tickets there are beside `tickets`.
    """
    offered = tickets[:MOST_DIRECT_CHOICES]
    question = (
        "Is this about an open ticket of yours, or something new?" if offered else "Which desk is this for?"
    )
    listed = [f"{number_of(ticket)}: {title_of(ticket, _MOST_TITLE)}" for ticket in offered]
    if left_out := len(tickets) - len(offered) + more:
        listed.append(f"and {left_out} more: to add to one of those, write in its thread.")
    if (left_out := len(desks) - MOST_DIRECT_CHOICES) > 0:
        desk = "desk" if left_out == 1 else "desks"
        listed.append(f"and {left_out} more {desk}: /ticket opens a form with all of them.")
    elements = _about(question, text, names)
    if listed:
        elements.append(blocks.section([Words("\n".join(listed))]))
    row = [*map(_add_to, range(1, len(offered) + 1), offered), *_new_tickets(desks)]
    body: list[Block] = [
        RichTextBlock(block_id="direct.question", elements=elements),
        blocks.buttons("direct.answer", *row),
    ]
    return blocks.message([Words("\n".join([question, *listed]))], body)


def chosen_for_direct_message(
    text: str, number: str, *, is_new: bool, names: Mapping[str, str] | None = None
) -> Rendered:
    """What the question becomes once it is answered: the message is part of this ticket, or raised it."""
    said = f"{'Raised as' if is_new else 'Added to'} {one_line(number, _MOST_DESK)}."
    body = RichTextBlock(block_id="direct.answered", elements=_about(said, text, names))
    return blocks.message([Words(said)], [body])


def _about(said: str, text: str, names: Mapping[str, str] | None) -> list[RichTextElement]:
    """A sentence about a message, with how that begins."""
    elements: list[RichTextElement] = [blocks.section([Words(said)])]
    if quoted := one_line(plain(text, names or {}), _MOST_QUESTION):
        elements.append(blocks.quote([quoted]))
    return elements


def _add_to(place: int, ticket: TicketView) -> ButtonElement:
    number = number_of(ticket)
    return blocks.button(
        f"Add to {number}", action_id=direct_add(place), value=number, about=f"Add this message to {number}"
    )


def _new_tickets(desks: Sequence[DeskView]) -> list[ButtonElement]:
    if len(desks) < 2:
        value = desks[0].key if desks else "new"
        about = "Raise a new ticket"
        return [blocks.button("New ticket", action_id=ActionId.DIRECT_NEW, value=value, about=about)]
    names = [one_line(desk.name, _MOST_DESK) or desk.key for desk in desks]
    return [
        blocks.button(
            f"New for {name}", action_id=direct_new(place), value=desk.key, about=f"New ticket for {name}"
        )
        for place, (desk, name) in enumerate(zip(desks, names, strict=True), 1)
    ][:MOST_DIRECT_CHOICES]


# --- how it stands, in the requester's words ---


def _mark(view: TicketView) -> str:
    return "✅" if view.state in (State.RESOLVED, State.CLOSED) else "🎫"


def _status(view: TicketView, place: Place) -> list[Part]:
    if view.state is State.RESOLVED:
        return [Words("resolved "), When(view.state_since)]
    return [Words(_status_words(view, place))]


def _status_words(view: TicketView, place: Place) -> str:
    who = name_of(view.assignee) if view.assignee else None
    match view.state:
        case State.NEW:
            return f"raised with {_desk(view)}, nobody has taken it yet"
        case State.ASSIGNED:
            return f"{who or 'somebody'} is on it"
        case State.WAITING_REQUESTER:
            answer = "your answer" if place == "direct" else f"an answer from {name_of(view.requester)}"
            return f"{who} is waiting for {answer}" if who else f"waiting for {answer}"
        case State.WAITING_SUPPLIER:
            return f"{who} is waiting for a supplier" if who else "waiting for a supplier"
        case State.WAITING_APPROVAL | State.RESOLVED | State.CLOSED | State.CANCELLED:
            return state_words(view.state).lower()


def _expected(view: TicketView) -> str:
    """The place in the queue and how long it usually takes, while nobody has taken it: "3rd of 9 · …"."""
    if view.state is not State.NEW or view.estimate is None:
        return ""
    return " · ".join(filter(None, [_place_words(view.estimate), _usually(view.estimate)]))


def _place_words(estimate: EstimateView) -> str:
    return f"{_ordinal(estimate.place)} of {estimate.of}" if 0 < estimate.place <= estimate.of else ""


def _ordinal(place: int) -> str:
    is_teen = place % 100 in (11, 12, 13)
    return f"{place}{'th' if is_teen else _ENDINGS.get(place % 10, 'th')}"


def _usually(estimate: EstimateView) -> str:
    words = open_words if estimate.is_working_time else span_words
    parts = [
        f"usually {words(estimate.usual)}" if estimate.usual is not None else "",
        f"9 in 10 within {words(estimate.nine_in_ten)}" if estimate.nine_in_ten is not None else "",
    ]
    said = ", ".join(filter(None, parts))
    return f"{said} (working hours)" if said and estimate.is_working_time else said


def _hint(view: TicketView, place: Place) -> str:
    """What to do next, if anything."""
    thread = "in this thread" if place == "thread" else "in the thread"
    if view.state in ENDED_STATES:
        return _goes_on(view)
    if view.state is State.WAITING_REQUESTER:
        return f"Answer {thread} and the work goes on."
    if view.state is State.NEW:
        before = f"It continues {view.continues}. " if view.continues else ""
        return f"{before}Write {thread} to add anything."
    return ""


def _goes_on(view: TicketView) -> str:
    return f"It goes on in {view.continued_by}." if view.continued_by else _A_REPLY_CONTINUES


def _desk(view: TicketView) -> str:
    return one_line(view.desk_name, _MOST_TITLE) or "the desk"


def _what(view: TicketView) -> str:
    return f"{number_of(view)} “{title_of(view, _MOST_TITLE)}”"


def _resolved_sentence(view: TicketView) -> list[Part]:
    what = _what(view)
    if view.state in OPEN_STATES:
        return [Words(f"{what} was resolved, and is open again.")]
    if view.state is State.CANCELLED:
        return [Words(f"{what} is cancelled.")]
    if view.state is State.CLOSED:
        return [Words(f"{what} is resolved and closed.")]
    return [Mention(view.requester), Words(f", {what} is resolved.")]


def _afterwards(view: TicketView) -> list[Part]:
    if view.state in ENDED_STATES:
        return [Words(_goes_on(view))]
    if not _can_reopen(view):
        return []
    if view.closes_at is None:
        return [Words("Not solved? Reopen it.")]
    return [Words("Not solved? You can reopen it until "), When(view.closes_at), Words(".")]


def _can_reopen(view: TicketView) -> bool:
    return view.state is State.RESOLVED and Action.REOPEN in view.possible


def _reopen(view: TicketView) -> Block:
    button = blocks.button(
        "Reopen",
        action_id=ActionId.REQUESTER_REOPEN,
        value=number_of(view),
        about=f"Reopen {number_of(view)}",
    )
    return blocks.buttons(f"resolved.actions:{view.version}", button)


def _resolver(view: TicketView) -> PersonView | None:
    event = view.last_event
    return event.actor if event.kind is EventKind.RESOLVED and event.actor else view.assignee
