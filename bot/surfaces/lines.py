"""Lines about one ticket that several surfaces share. Titles and descriptions are kept as Slack sent them."""

from __future__ import annotations

import re
from typing import Final

from bot.models.vocabulary import CATEGORY_OF, OPEN_STATES, Category
from bot.surfaces.inline import Part, When, Words, name_of
from bot.surfaces.sentences import NOBODY_YET, kind_words, raised_by, state_words
from bot.surfaces.text import ELLIPSIS, NO_TITLE, Address, one_line, plain, read
from bot.workflows.reading import TicketView

MOST_TITLE: Final = 100
MOST_FACT: Final = 60
MOST_OPTION: Final = 75
PRIVATE: Final = "Private ticket"
"""What stands for the title of a ticket whose reader is not known."""

_DOTS: Final = {"P1": "🔴 ", "P2": "🟠 "}
_MARKS: Final = {Category.WAITING: "⏳ ", Category.RESOLVED: "✅ "}
_CUT_TOKEN: Final = re.compile(rf"(?:<[^<>]*|&[a-z]{{0,3}}){ELLIPSIS}$")


def number_of(view: TicketView) -> str:
    """A ticket's number."""
    return one_line(view.number, MOST_FACT)


def title_of(view: TicketView, limit: int = MOST_TITLE) -> str:
    """A ticket's title on one line. A title that was cut inside a link or a mention ends before it."""
    if view.is_veiled:
        return PRIVATE
    title = _CUT_TOKEN.sub(ELLIPSIS, view.title)
    return one_line(plain(title, view.names), limit) or NO_TITLE


def option_of(view: TicketView) -> str:
    """A ticket as a choice in a menu: its number and title, within Slack's 75 characters."""
    return one_line(f"{number_of(view)} · {title_of(view)}", MOST_OPTION)


def description_of(view: TicketView) -> list[str | Address]:
    """A ticket's description, as words and web addresses."""
    return read(view.description, view.names)


def resolution_of(view: TicketView) -> list[str | Address]:
    """What fixed it, as words and web addresses; nothing while the ticket is open."""
    return [] if view.state in OPEN_STATES else read(view.resolution or "", view.names)


def headline(view: TicketView) -> list[Part]:
    """Number, priority and title. Colour is for what is urgent and still open."""
    dot = _DOTS.get(view.priority, "") if view.state in OPEN_STATES else ""
    lock = "🔒 " if view.is_private else ""
    return [
        Words(f"{dot}{lock}{number_of(view)} · {one_line(view.priority, MOST_FACT)} · "),
        Words(title_of(view), bold=True),
    ]


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


def raised_line(view: TicketView) -> list[Part]:
    """Who raised it, for whom, and when."""
    if view.is_veiled:
        return [Words("Raised "), When(view.raised_at)]
    return [Words(f"{raised_by(view)} "), When(view.raised_at)]


def facts_line(view: TicketView, *more: str) -> list[Part]:
    """Kind, category, what is affected, and `more`."""
    facts = [kind_words(view.kind), _fact(view.category), *more]
    if affected := _fact(view.affected):
        facts.append(f"affects {affected}")
    return [Words(" · ".join(filter(None, facts)))]


def links_line(view: TicketView) -> list[Part]:
    """The tickets before and after this one."""
    known = [("continues", view.continues), ("goes on in", view.continued_by)]
    return [Words(" · ".join(f"{word} {one_line(number, MOST_FACT)}" for word, number in known if number))]


def _fact(fact: str | None) -> str:
    return one_line(plain(fact or "", {}), MOST_FACT)
