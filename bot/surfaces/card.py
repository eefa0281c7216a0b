"""The card of a ticket in the triage channel. It is a mirror: rendered anew whenever the ticket changes."""

from __future__ import annotations

from typing import Final

from slack_sdk.models.blocks import Block, ButtonElement, ConfirmObject, RichTextBlock, RichTextElement

from bot.models.vocabulary import CATEGORY_OF, OPEN_STATES, Action, Category, EventKind, State
from bot.surfaces import blocks
from bot.surfaces.ids import CARD_BUTTONS
from bot.surfaces.inline import Part, When, Words, joined, link_to, name_of
from bot.surfaces.rendered import Rendered
from bot.surfaces.sentences import NOBODY_YET, event_sentence, kind_words, raised_by, state_words
from bot.surfaces.text import NO_TITLE, clean, cut, one_line
from bot.workflows.reading import TicketView

MOST_TITLE: Final = 100
_MOST_EXCERPT: Final = 500
_MOST_EXCERPT_LINES: Final = 6
_MOST_RESOLUTION: Final = 300
_MOST_FACT: Final = 60
_MOST_SENTENCE: Final = 150

_DOTS: Final = {"P1": "🔴 ", "P2": "🟠 "}
_MARKS: Final = {Category.WAITING: "⏳ ", Category.RESOLVED: "✅ "}


def card(view: TicketView) -> Rendered:
    """A ticket for agents: what it is, how it stands, what happened last, and what can be done now."""
    parts: list[Block] = [
        _body(view),
        blocks.context(_small_print(view), f"card.facts:{view.version}"),
    ]
    if row := _buttons(view):
        parts.append(blocks.buttons(f"card.actions:{view.version}", *row))
    said = joined([headline(view), state_line(view), _raised(view)], by=". ")
    return blocks.message(said, parts)


def headline(view: TicketView) -> list[Part]:
    """Number, priority and title. Colour is for what is urgent and still open."""
    dot = _DOTS.get(view.priority, "") if view.state in OPEN_STATES else ""
    return [
        Words(f"{dot}{one_line(view.number, _MOST_FACT)} · {one_line(view.priority, _MOST_FACT)} · "),
        Words(title_of(view), bold=True),
    ]


def title_of(view: TicketView, limit: int = MOST_TITLE) -> str:
    """A ticket's title on one line."""
    return one_line(view.title, limit) or NO_TITLE


def state_line(view: TicketView) -> list[Part]:
    """The state, since when, and who has it."""
    mark = _MARKS.get(CATEGORY_OF[view.state], "")
    since = " since" if view.state in OPEN_STATES else ""
    line: list[Part] = [Words(f"{mark}{state_words(view.state)}{since} "), When(view.state_since)]
    if view.assignee:
        line.append(Words(f" · {name_of(view.assignee)}"))
    elif view.state in OPEN_STATES:
        line.append(Words(f" · {NOBODY_YET}"))
    return line


def _body(view: TicketView) -> RichTextBlock:
    elements: list[RichTextElement] = [
        blocks.section([*headline(view), Words("\n"), *state_line(view)]),
    ]
    if said := _said(view):
        elements.append(blocks.quote(said))
    return RichTextBlock(block_id=f"card.body:{view.version}", elements=elements)


def _said(view: TicketView) -> str:
    """What is worth reading now and is not in the title: the problem while it is open, then what fixed it."""
    if view.state in OPEN_STATES:
        first, _, rest = clean(view.description).partition("\n")
        said = rest.strip() if one_line(first, MOST_TITLE) == title_of(view) else clean(view.description)
        return _excerpt(said, view.number)
    if view.state is State.CANCELLED or not view.resolution:
        return ""
    return f"Resolution: {clean(view.resolution, _MOST_RESOLUTION)}"


def _excerpt(said: str, number: str) -> str:
    lines = said.split("\n")
    short = cut("\n".join(lines[:_MOST_EXCERPT_LINES]), _MOST_EXCERPT)
    if short == said:
        return said
    return f"{short.removesuffix('…')}…\n(/ticket {one_line(number, _MOST_FACT)} shows all of it)"


def _small_print(view: TicketView) -> list[Part]:
    happened: list[Part] = []
    if view.last_event.kind is not EventKind.RAISED:
        sentence = one_line(event_sentence(view.last_event), _MOST_SENTENCE)
        happened = [Words(f"{sentence} "), When(view.last_event.at)]
    return joined(
        [
            [Words(_facts(view))],
            _raised(view),
            happened,
            [Words(f"continues {one_line(view.continues, _MOST_FACT)}")] if view.continues else [],
            [Words(f"goes on in {one_line(view.continued_by, _MOST_FACT)}")] if view.continued_by else [],
            [link_to(view.conversation, "Conversation")] if view.conversation else [],
        ]
    )


def _facts(view: TicketView) -> str:
    facts = [kind_words(view.kind), one_line(view.category or "", _MOST_FACT)]
    if affected := one_line(view.affected or "", _MOST_FACT):
        facts.append(f"affects {affected}")
    return " · ".join(filter(None, facts))


def _raised(view: TicketView) -> list[Part]:
    return [Words(f"{raised_by(view)} "), When(view.raised_at)]


def _buttons(view: TicketView) -> list[ButtonElement]:
    return [_button(action, view) for action in dict.fromkeys(view.possible) if action in CARD_BUTTONS]


def _button(action: Action, view: TicketView) -> ButtonElement:
    label, action_id = CARD_BUTTONS[action]
    number = one_line(view.number, _MOST_FACT)
    return blocks.button(
        label,
        action_id=action_id,
        value=number,
        about=f"{label} {number}",
        style="primary" if action is Action.CLAIM else None,
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
