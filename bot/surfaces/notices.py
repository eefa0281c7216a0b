"""Short messages: to the assignee, to somebody who was late, to an administrator, and ephemeral answers."""

from __future__ import annotations

from typing import Final

from bot.surfaces import blocks
from bot.surfaces.commands import Mistyped
from bot.surfaces.ids import COMMAND
from bot.surfaces.inline import Mention, Part, Words, joined, link_to, name_of
from bot.surfaces.lines import number_of, state_line, title_of
from bot.surfaces.rendered import Rendered
from bot.surfaces.sentences import Answer, refusal
from bot.surfaces.text import clean, one_line, plain
from bot.workflows.reading import PersonView, TicketView

_MOST_SENTENCE: Final = 1000
_MOST_DETAIL: Final = 800
_MOST_WORD: Final = 60


def told(sentence: str) -> Rendered:
    """A sentence for one person (see `sentences.refusal`), as an ephemeral or a command's answer."""
    return blocks.note([Words(clean(sentence, _MOST_SENTENCE) or "Done.")], "told")


def mistyped(command: Mistyped) -> Rendered:
    """What was probably meant by a command that was not understood."""
    word = one_line(plain(command.word, {}), _MOST_WORD)
    meant = f"{COMMAND} {one_line(command.suggestion, _MOST_WORD)}"
    return told(refusal(Answer.NOT_UNDERSTOOD, word=word, suggestion=meant))


def assigned(view: TicketView, by: PersonView) -> Rendered:
    """Tell the assignee, by mention, in the thread of the card. Raises ValueError if nobody is assigned."""
    if view.assignee is None:
        raise ValueError(
            f"{number_of(view)} has no assignee to tell; send this notice after assigning somebody."
        )
    said: list[Part] = [
        Mention(view.assignee),
        Words(f", {name_of(by)} assigned {number_of(view)} to you: {title_of(view)}"),
    ]
    return blocks.note(said, "assigned")


def lost_race(view: TicketView) -> Rendered:
    """Tell somebody who claimed a moment too late."""
    who = name_of(view.assignee) if view.assignee else "Somebody else"
    return told(f"{who} was a moment faster and has {number_of(view)} now. Nothing for you to do.")


def raised(view: TicketView) -> Rendered:
    """Confirm to the raiser, where they stand, that the ticket exists and where it is talked about."""
    return _about(view, [Words(f"Raised {number_of(view)}: "), Words(title_of(view), bold=True)])


def already_raised(view: TicketView) -> Rendered:
    """Point somebody to the ticket that a thread has already: there is one per thread, ever."""
    head: list[Part] = [Words(f"This is {number_of(view)} already: "), Words(title_of(view), bold=True)]
    return _about(view, joined([head, state_line(view)]))


def administrator_notice(title: str, detail: str, fix: str) -> Rendered:
    """Something that an administrator has to look at: what, the facts, and the way out."""
    head = one_line(title, _MOST_DETAIL)
    way_out = f"To fix it: {clean(fix, _MOST_DETAIL)}" if fix.strip() else ""
    rest = "\n".join(filter(None, [clean(detail, _MOST_DETAIL), way_out]))
    return blocks.note([Words(f"⚠️ {head}", bold=True), Words(f"\n{rest}")], "administrator")


def _about(view: TicketView, said: list[Part]) -> Rendered:
    link: list[Part] = [link_to(view.conversation, "Conversation")] if view.conversation else []
    return blocks.note(joined([said, link]), "about")
