"""Answers to `/ticket list`, `queue`, `unassigned`, `help` and `INC-12`: all ephemeral, for one person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from slack_sdk.models.blocks import Block, RichTextBlock, RichTextElement, RichTextListElement

from bot.models.vocabulary import State
from bot.surfaces import blocks
from bot.surfaces.badges import badge_in_short
from bot.surfaces.commands import COMMANDS, Audience, CommandWord
from bot.surfaces.ids import COMMAND, SHORTCUT_LABEL
from bot.surfaces.inline import Part, When, Words, joined, link_to
from bot.surfaces.lines import (
    description_of,
    facts_line,
    headline,
    links_line,
    raised_line,
    resolution_of,
    state_line,
)
from bot.surfaces.rendered import Rendered
from bot.surfaces.sentences import event_sentence, level_words, refusal
from bot.surfaces.text import clean, cut, fit, one_line, told
from bot.workflows.outcomes import Refusal
from bot.workflows.reading import DeskView, EventView, TicketPage, TicketView

PAGE_SIZE: Final = 10
_MOST_DESCRIPTION: Final = 6000
_MOST_RESOLUTION: Final = 3000
_MOST_EVENTS: Final = 15
_MOST_FACT: Final = 200
_MOST_SPOKEN: Final = 1500
_MOST_DESKS: Final = 20

LinkTo = Literal["conversation", "card"]


def ticket_list(page: TicketPage, *, heading: str, command: str, link: LinkTo = "conversation") -> Rendered:
    """One page of tickets, one line each. `command` is the word that shows it: `queue`.

    Requesters are linked to the conversation, agents to the card: a direct message opens for its owner only.
    Agents also see how a ticket stands against its targets.
    """
    command, heading = f"{COMMAND} {command.removeprefix(COMMAND).strip()}", one_line(heading, _MOST_FACT)
    if not page.tickets:
        return _past_the_end(page, heading=heading, command=command)
    count = "1 ticket" if page.total == 1 else f"{page.total} tickets"
    head: list[Part] = [Words(f"{heading} · {count}", bold=True)]
    lines = [ticket_line(ticket, link) for ticket in page.tickets]
    items = RichTextListElement(style="bullet", elements=[blocks.section(line) for line in lines])
    body: list[Block] = [RichTextBlock(block_id="list.body", elements=[blocks.section(head), items])]
    foot = _foot(page, command)
    if foot:
        body.append(blocks.context([Words(foot)], "list.foot"))
    return blocks.message(joined([head, *lines, [Words(foot)] if foot else []], by="\n"), body)


def empty_list(heading: str, *, hint: str = "") -> Rendered:
    """A list with nothing on it; `hint` says what to do about that, if anything."""
    said = [Words(f"{one_line(heading, _MOST_FACT)}: none right now.", bold=True)]
    more = clean(hint, _MOST_SPOKEN)
    return blocks.note([*said, Words(f" {more}")] if more else said, "list.empty")


def ticket_detail(view: TicketView, events: Sequence[EventView]) -> Rendered:
    """Everything about one ticket. `events` in their order; the newest fifteen are shown.

    Give only the events that the reader may know of.
    """
    description, _ = fit(description_of(view), limit=_MOST_DESCRIPTION)
    resolution, _ = fit(resolution_of(view), limit=_MOST_RESOLUTION)
    body: list[RichTextElement] = [blocks.section([*headline(view), Words("\n"), *state_line(view)])]
    said: list[Sequence[Part]] = [headline(view), state_line(view)]
    if description:
        body.append(blocks.quote(description))
        said.append([Words(cut(told(description), _MOST_SPOKEN))])
    if resolution:
        body += [blocks.section([Words("Resolution:")]), blocks.quote(resolution)]
        said.append([Words(f"Resolution: {cut(told(resolution), _MOST_FACT)}")])
    facts, history = _facts(view), _history(events)
    blocks_: list[Block] = [
        RichTextBlock(block_id="detail.body", elements=body),
        blocks.context(facts, "detail.facts"),
    ]
    if history:
        items = RichTextListElement(style="bullet", elements=[blocks.section(line) for line in history])
        blocks_.append(RichTextBlock(block_id="detail.history", elements=[items]))
    return blocks.message(joined([*said, facts, *history], by="\n"), blocks_)


def help_text(desks: Sequence[DeskView]) -> Rendered:
    """What can be done, from the registry of commands."""
    if not desks:
        return blocks.note([Words(refusal(Refusal.NO_DESK))], "help.nobody")
    names = ", ".join(one_line(desk.name, _MOST_FACT) or desk.key for desk in desks[:_MOST_DESKS])
    everybody = [_command_line(command) for command in COMMANDS if command.who is Audience.EVERYBODY]
    agents = [_command_line(command) for command in COMMANDS if command.who is Audience.AGENTS]
    intro: list[Part] = [Words(f"Tickets go to {names}.", bold=True)]
    also: list[Part] = [
        Words(f"You can also choose “{SHORTCUT_LABEL}” from the menu of a message, or write to me directly.")
    ]
    body = RichTextBlock(
        block_id="help",
        elements=[
            blocks.section(intro),
            _bullets(everybody),
            blocks.section(also),
            blocks.section([Words("For agents", bold=True)]),
            _bullets(agents),
        ],
    )
    return blocks.message(joined([intro, *everybody, also, [Words("For agents:")], *agents], by="\n"), [body])


def ticket_line(view: TicketView, link: LinkTo) -> list[Part]:
    """A ticket as a line of a list."""
    target = view.card if link == "card" else view.conversation
    stands = badge_in_short(view) if link == "card" else []
    linked: list[Part] = [link_to(target, link.capitalize())] if target else []
    return joined([headline(view), state_line(view), stands, linked])


def _foot(page: TicketPage, command: str) -> str:
    if page.pages < 2:
        return ""
    following = f" · {command} {page.page + 1} for the next" if page.page < page.pages else ""
    return f"Page {page.page} of {page.pages}{following}"


def _past_the_end(page: TicketPage, *, heading: str, command: str) -> Rendered:
    if not page.total:
        return empty_list(heading)
    last = f"{command} {page.pages}" if page.pages > 1 else command
    said = f"There is no page {page.page}; {last} shows the last one."
    return blocks.note([Words(said)], "list.past")


def _facts(view: TicketView) -> list[Part]:
    levels = f"impact {level_words(view.impact)}, urgency {level_words(view.urgency)}"
    closes: list[Part] = []
    if view.closes_at and view.state is State.RESOLVED:
        closes = [Words("closes "), When(view.closes_at)]
    return joined(
        [
            facts_line(view, levels),
            raised_line(view),
            closes,
            links_line(view),
            [link_to(view.conversation, "Conversation")] if view.conversation else [],
            [link_to(view.card, "Card")] if view.card else [],
        ]
    )


def _history(events: Sequence[EventView]) -> list[list[Part]]:
    lines: list[list[Part]] = []
    if left_out := max(0, len(events) - _MOST_EVENTS):
        lines.append([Words(f"({left_out} earlier)")])
    lines.extend(
        [When(event.at), Words(f" · {one_line(event_sentence(event), _MOST_FACT)}")]
        for event in events[left_out:]
    )
    return lines


def _command_line(command: CommandWord) -> list[Part]:
    typed = " ".join(filter(None, [COMMAND, command.word, command.argument]))
    return [Words(typed, bold=True), Words(f": {command.sentence}")]


def _bullets(lines: Sequence[Sequence[Part]]) -> RichTextListElement:
    return RichTextListElement(style="bullet", elements=[blocks.section(line) for line in lines])
