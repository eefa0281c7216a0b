"""What the clocks say: a warning or breach in a card's thread, an escalation in a channel, several at once.

A message whose cause has gone is edited to say so: it then mentions nobody and has no buttons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    Option,
    RichTextBlock,
    RichTextElement,
    RichTextListElement,
    StaticSelectElement,
)

from bot.models.vocabulary import MEASURED, OPEN_STATES, Action
from bot.surfaces import blocks
from bot.surfaces.badges import badge_in_short, badges, clock_named, clocks_of
from bot.surfaces.durations import open_words
from bot.surfaces.explanations import explanation
from bot.surfaces.ids import COMMAND, ActionId
from bot.surfaces.inline import Mention, Part, When, Words, joined, link_to, name_of
from bot.surfaces.lines import headline, number_of, option_of, raised_line
from bot.surfaces.rendered import Rendered
from bot.surfaces.sentences import event_sentence, past_words, time_words, used_words
from bot.surfaces.text import one_line
from bot.workflows.reading import EventView, PersonView, TicketView
from bot.workflows.service_views import BREACH, AlertView, BoardView, ClockView, PointView

__all__ = ["alert", "badge_in_short", "badges", "board", "escalation", "explanation", "unrouted"]

MOST_TOLD: Final = 5
MOST_TICKETS: Final = 10
_MOST_DONE: Final = 5
_MOST_SENTENCE: Final = 150
_MOST_DESK: Final = 60


def alert(view: AlertView) -> Rendered:
    """In the thread of the card: what has been reached, for those who can do something about it."""
    said: list[Part] = [Words(f"{number_of(view.ticket)}: "), *_points(view), *_remarks(view)]
    parts = [Words(f"{_mark(view)} "), *joined([_called(view), said])]
    return blocks.note(parts, f"alert:{view.ticket.version}")


def escalation(view: AlertView) -> Rendered:
    """In a channel: how late it is, who had it, what was done, and what can be done now."""
    return _about_one(view, [_called(view), headline(view.ticket)], _sentences(view), "escalation")


def unrouted(view: AlertView) -> Rendered:
    """In a channel: a ticket waits, and nobody is there to take it."""
    desk = _desk(view.ticket.desk_name)
    lead: list[Part] = [] if _is_over(view) else [Words(f"No agent of {desk} is available to take it.")]
    said = joined([lead, _sentences(view)], by=" ")
    view = replace(view, nobody=None)
    return _about_one(view, [_called(view), headline(view.ticket)], said, "unrouted")


def board(view: BoardView) -> Rendered:
    """In a channel: several tickets in one post, the gravest first; about one alone, an escalation."""
    if len(view.alerts) == 1:
        return escalation(view.alerts[0])
    alerts = sorted(view.alerts, key=_gravity)
    head = _board_head(view)
    late = _lateness([point for each in alerts for point in each.points])
    lines = [(_board_line(each), _links(each.ticket)[:1]) for each in alerts[:MOST_TICKETS]]
    items = [blocks.section(joined([line, *links])) for line, links in lines]
    elements: list[RichTextElement] = [blocks.section([*head, *late])]
    if items:
        elements.append(RichTextListElement(style="bullet", elements=items))
    left_out = len(alerts) - MOST_TICKETS
    rest: list[Part] = [Words(f"and {left_out} more: {COMMAND} queue")] if left_out > 0 else []
    if rest:
        elements.append(blocks.section(rest))
    text = joined([[*head, *late], *(line for line, _ in lines), rest], by="\n")
    body: list[Block] = [RichTextBlock(block_id="board", elements=elements)]
    body += _board_menus([each for each in alerts[:MOST_TICKETS] if not _is_over(each)])
    return blocks.message(text, body)


# --- one ticket in a channel ---


def _about_one(
    view: AlertView, heads: Sequence[Sequence[Part]], said: Sequence[Part], block_id: str
) -> Rendered:
    ticket, is_over = view.ticket, _is_over(view)
    paragraph = joined([joined(heads), [*said, *_remarks(view)]], by="\n")
    holder = [] if is_over else _holder(view)
    done = [] if is_over else _done(view)
    elements: list[RichTextElement] = [blocks.section(joined([paragraph, holder], by="\n"))]
    if done:
        items = [blocks.section(line) for line in done]
        elements += [
            blocks.section([Words("Done so far:")]),
            RichTextListElement(style="bullet", elements=items),
        ]
    body: list[Block] = [RichTextBlock(block_id=f"{block_id}.body:{ticket.version}", elements=elements)]
    if links := _links(ticket):
        body.append(blocks.context(joined(links), f"{block_id}.links:{ticket.version}"))
    if not is_over and (row := _buttons(view, f"{block_id}.actions:{ticket.version}")):
        body.append(row)
    return blocks.message(joined([paragraph, holder, *done], by="\n"), body)


def _holder(view: AlertView) -> list[Part]:
    """Who has it, and since when."""
    ticket = view.ticket
    if ticket.assignee is None:
        return [Words("Nobody has it. "), *raised_line(ticket), Words(".")]
    who = name_of(ticket.assignee)
    if view.held_since is None:
        return [Words(f"{who} has it.")]
    return [Words(f"{who} has had it since "), When(view.held_since), Words(".")]


def _done(view: AlertView) -> list[list[Part]]:
    """What people did; what the clocks did is what the message itself says."""
    people_did = [event for event in view.done if event.kind not in MEASURED]
    return [_done_line(event) for event in people_did[-_MOST_DONE:]]


def _done_line(event: EventView) -> list[Part]:
    return [When(event.at), Words(f" · {one_line(event_sentence(event), _MOST_SENTENCE)}")]


def _links(ticket: TicketView) -> list[list[Part]]:
    known = [(ticket.card, "Card"), (ticket.conversation, "Conversation")]
    return [[link_to(message, label)] for message, label in known if message]


def _buttons(view: AlertView, block_id: str) -> Block | None:
    number = number_of(view.ticket)
    row = []
    if Action.ASSIGN in view.ticket.possible:
        row += [("Take over", ActionId.TAKE_OVER), ("Reassign", ActionId.REASSIGN)]
    if view.acknowledged is None:
        row.append(("Acknowledge", ActionId.ACKNOWLEDGE))
    made = [
        blocks.button(label, action_id=action_id, value=number, about=f"{label} {number}")
        for label, action_id in row
    ]
    return blocks.buttons(block_id, *made) if made else None


# --- several tickets ---


def _board_head(view: BoardView) -> list[Part]:
    desk = _desk(view.desk_name)
    waiting = [each for each in view.alerts if not _is_over(each)]
    if not waiting:
        return [Words(f"{desk}: none of these needs attention any more", bold=True)]
    told = {person.id: person for each in waiting for person in each.told}
    covers = {key: person for each in waiting for key, person in each.covers.items()}
    count = "1 ticket needs" if len(waiting) == 1 else f"{len(waiting)} tickets need"
    head: list[Part] = [Words(f"{desk}: {count} attention", bold=True)]
    return joined([_mentions(tuple(told.values()), covers), head])


def _board_line(view: AlertView) -> list[Part]:
    ticket = view.ticket
    first = view.points[0] if view.points else None
    said = _sentence(first, _clock(view, first)) if first else []
    who = [] if _is_over(view) or ticket.assignee is None else [Words(name_of(ticket.assignee))]
    seen = [] if _is_over(view) or view.acknowledged is None else _seen(view.acknowledged)
    return joined([headline(ticket), said, who, seen])


def _board_menus(waiting: Sequence[AlertView]) -> list[Block]:
    """What an escalation of one ticket has buttons for: here the ticket is chosen with it."""
    movable = [each for each in waiting if Action.ASSIGN in each.ticket.possible]
    unseen = [each for each in waiting if each.acknowledged is None]
    menus = [
        _board_menu(label, action_id, choices)
        for label, action_id, choices in (
            ("Take over…", ActionId.TAKE_OVER, movable),
            ("Reassign…", ActionId.REASSIGN, movable),
            ("Acknowledge…", ActionId.ACKNOWLEDGE, unseen),
        )
        if choices
    ]
    # What was chosen stays in the menu until its block is another one.
    version = sum(each.ticket.version for each in waiting)
    return [ActionsBlock(block_id=f"board.actions:{version}", elements=menus)] if menus else []


def _board_menu(label: str, action_id: ActionId, choices: Sequence[AlertView]) -> StaticSelectElement:
    by_number = {number_of(each.ticket): option_of(each.ticket) for each in choices}
    options = [Option(text=blocks.plain(said), value=number) for number, said in by_number.items()]
    return StaticSelectElement(action_id=action_id.value, placeholder=label, options=options)


def _gravity(view: AlertView) -> tuple[bool, int, timedelta, str]:
    """What is worst comes first, of equals the higher priority; what is over comes last."""
    worst = max(((point.percent, point.after) for point in view.points), default=(0, timedelta(0)))
    return _is_over(view), -worst[0], -worst[1], view.ticket.priority


# --- what was reached ---


def _mark(view: AlertView) -> str:
    """A colour beside the words that say the same; the badges use them alike."""
    is_over = _is_over(view)
    if any(_is_broken(point, _clock(view, point) if is_over else None) for point in view.points):
        return "⚫" if is_over else "🔴"
    return "✅" if is_over else "🟡"


def _sentences(view: AlertView) -> list[Part]:
    return _capital(_points(view))


def _points(view: AlertView) -> list[Part]:
    """A sentence for the gravest point of each clock."""
    gravest: dict[str, PointView] = {}
    for point in view.points:
        gravest.setdefault(point.clock, point)
    told = [_sentence(point, _clock(view, point)) for point in gravest.values()]
    said = joined([told[0], *map(_capital, told[1:])] if told else [], by=". ")
    return [*said, *_lateness(view.points), Words(".")] if said else []


def _clock(view: AlertView, point: PointView) -> ClockView | None:
    """The cycle that the point is of; None once a later one has begun."""
    clock = clock_named(clocks_of(view.ticket), point.clock)
    return clock if clock and clock.started_at <= point.due_at else None


def _sentence(point: PointView, clock: ClockView | None) -> list[Part]:
    if point.gone is None:
        return _reached(point, clock)
    return joined([_was_reached(point, clock), _capital(_ending(point, clock))], by=". ")


def _reached(point: PointView, clock: ClockView | None) -> list[Part]:
    """How it stands: without a full stop, beginning small."""
    time = time_words(point.clock)
    if point.percent < BREACH:
        due: list[Part] = [Words(", due "), When(clock.due_at)] if clock and clock.due_at else []
        return [Words(f"{_under(point)}{used_words(point.clock, point.percent)} is used"), *due]
    if point.after:
        due = [Words(", which was due "), When(clock.breached_at)] if clock and clock.breached_at else []
        return [Words(past_words(point.clock, point.after)), *due]
    if point.cause == "born":
        return [Words(f"the {time} was over when it was raised")]
    if point.cause == "reopened":
        return [Words(f"it was reopened with no {time} left")]
    return [Words(f"{_under(point)}the {time} has been over since "), When(point.due_at)]


def _was_reached(point: PointView, clock: ClockView | None) -> list[Part]:
    """The same, looking back."""
    if point.percent < BREACH:
        return [Words(f"{used_words(point.clock, point.percent)} was used")]
    if point.was_in_time:
        # A later step knows when it was due itself, not when the time was up.
        at: list[Part] = [] if point.after else [Words(" "), When(point.due_at)]
        return [Words(f"the {time_words(point.clock)} seemed to have run out"), *at]
    if point.after or point.cause in ("born", "reopened"):
        return _reached(point, clock)
    return [Words(f"{_under(point)}the {time_words(point.clock)} ran out "), When(point.due_at)]


def _under(point: PointView) -> str:
    """The change that made it so."""
    if point.cause == "priority":
        return f"now that it is {one_line(point.priority, _MOST_DESK)}, "
    return "under the new service levels, " if point.cause == "policy" else ""


_ENDED: Final[Mapping[str, str]] = {
    "claimed": "claimed",
    "replied": "answered",
    "resolved": "resolved",
    "updated": "updated",
    "cancelled": "cancelled",
}
_CHANGED: Final[Mapping[str, str]] = {
    "priority": "the priority was changed",
    "policy": "the service levels were changed",
}


def _ending(point: PointView, clock: ClockView | None) -> list[Part]:
    """What became of it."""
    gone = point.gone or ""
    by = f" by {name_of(point.gone_by)}" if point.gone_by else ""
    at: list[Part] = [Words(" "), When(point.gone_at)] if point.gone_at else []
    if gone == "paused":
        since: list[Part] = [Words(" since "), When(point.gone_at)] if point.gone_at else []
        return [Words("its clock has been paused"), *since]
    if gone in _CHANGED:
        return [Words(f"{_CHANGED[gone]}{by}"), *at, Words(": no longer due")]
    return [Words(f"{_ENDED.get(gone, 'done')}{by}"), *at, Words(_verdict(point, clock))]


def _verdict(point: PointView, clock: ClockView | None) -> str:
    if point.gone == "cancelled":
        return ": no longer due"
    if point.was_in_time:
        return ", which was in time"
    late = clock.late_by if clock else None
    if late:
        return f", {open_words(late)} late"
    return "" if clock is None or _is_broken(point, clock) else ": in time after all"


def _is_broken(point: PointView, clock: ClockView | None) -> bool:
    """Whether the target was missed; an answer that was heard of too late had kept it."""
    if point.was_in_time:
        return False
    return point.percent >= BREACH or (clock is not None and clock.breached_at is not None)


# --- who is told, and what else there is to say ---


def _called(view: AlertView) -> list[Part]:
    """Those who are to look; once nothing is left to look at, by name alone."""
    if not _is_over(view):
        return _mentions(view.told, view.covers)
    return [Words(", ".join(name_of(person) for person in view.told[:MOST_TOLD]))] if view.told else []


def _mentions(told: Sequence[PersonView], covers: Mapping[str, PersonView]) -> list[Part]:
    each = [_mention(person, covers.get(person.id)) for person in told[:MOST_TOLD]]
    return joined(each, by=", ")


def _mention(person: PersonView, absent: PersonView | None) -> list[Part]:
    cover = f" (for {name_of(absent)}, who is away)" if absent else ""
    return [Mention(person), Words(cover)]


def _remarks(view: AlertView) -> list[Part]:
    """That nobody was there, and who has seen it."""
    parts: list[Part] = []
    if view.nobody and not _is_over(view):
        parts.append(Words(f" No agent of {_desk(view.ticket.desk_name)} is available right now."))
    if view.acknowledged:
        parts += [Words(" "), *_capital(_seen(view.acknowledged)), Words(".")]
    return parts


def _seen(acknowledged: tuple[PersonView, datetime]) -> list[Part]:
    person, at = acknowledged
    return [Words(f"acknowledged by {name_of(person)} "), When(at)]


def _lateness(points: Sequence[PointView]) -> list[Part]:
    """That it comes late, and what it came late for unless that is said already; nothing once it is over."""
    late = [point for point in points if point.is_late and not point.gone]
    if not late:
        return []
    first = min(late, key=lambda point: point.due_at)
    if first.percent >= BREACH and not first.after:
        return [Words(" (told late)")]
    return [Words(" (told late: reached "), When(first.due_at), Words(")")]


def _is_over(view: AlertView) -> bool:
    if not view.points:
        return view.ticket.assignee is not None or view.ticket.state not in OPEN_STATES
    return all(point.gone for point in view.points)


def _desk(name: str) -> str:
    return one_line(name, _MOST_DESK) or "the desk"


def _capital(parts: Sequence[Part]) -> list[Part]:
    """The parts as the beginning of a sentence."""
    match parts:
        case [Words(text=text) as first, *rest]:
            capital = Words(text[:1].upper() + text[1:], bold=first.bold, italic=first.italic)
            return [capital, *rest]
        case _:
            return list(parts)
