"""Short messages: to the assignee, to somebody who was late, to an administrator, and ephemeral answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from slack_sdk.models.blocks import ButtonElement, ConfirmObject

from bot.surfaces import blocks
from bot.surfaces.commands import Mistyped
from bot.surfaces.ids import COMMAND, ActionId
from bot.surfaces.inline import Mention, Part, When, Words, joined, link_to, name_of
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


def form_refused(sentence: str) -> Rendered:
    """Tell somebody in direct messages why the form that they sent a while ago could not be done."""
    return told(f"About the form you sent: {sentence}")


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


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What was done about what a notice tells of."""

    by: PersonView
    at: datetime
    was_dropped: bool
    count: int


def administrator_notice(
    title: str, detail: str, fix: str, *, key: str | None = None, settled: Settled | None = None
) -> Rendered:
    """Something that an administrator has to look at: what, the facts, and the way out.

    With a `key` it can be retried or dropped, until it is `settled`.
    """
    head = one_line(title, _MOST_DETAIL)
    way_out = f"To fix it: {clean(fix, _MOST_DETAIL)}" if fix.strip() else ""
    rest = "\n".join(filter(None, [clean(detail, _MOST_DETAIL), way_out]))
    said: list[Part] = [Words(f"⚠️ {head}", bold=True), Words(f"\n{rest}")]
    if settled is not None:
        return blocks.note([*said, *_settled(settled)], "administrator")
    if key is None:
        return blocks.note(said, "administrator")
    return blocks.note(said, "administrator", blocks.buttons("unpark", *_ways_out(key)))


def _settled(settled: Settled) -> list[Part]:
    if not settled.count:
        ended = "\nIt was retried or dropped already when "
        return [Words(f"{ended}{name_of(settled.by)} pressed the button, "), When(settled.at), Words(".")]
    did = "gave it up" if settled.was_dropped else "had it tried again"
    many = f" ({settled.count} messages)" if settled.count > 1 else ""
    return [Words(f"\n{name_of(settled.by)} {did}{many}, "), When(settled.at), Words(".")]


def _ways_out(key: str) -> tuple[ButtonElement, ButtonElement]:
    retry = blocks.button(
        "Retry", action_id=ActionId.NOTICE_RETRY, value=key, about="Try again to deliver it", style="primary"
    )
    confirm = ConfirmObject(
        title=blocks.plain("Give it up?"),
        text=blocks.plain("It is never delivered, nor is what was refused there for the same reason."),
        confirm=blocks.plain("Drop"),
        deny=blocks.plain("Keep"),
        style="danger",
    )
    drop = blocks.button(
        "Drop",
        action_id=ActionId.NOTICE_DROP,
        value=key,
        about="Never deliver it",
        style="danger",
        confirm=confirm,
    )
    return retry, drop


def _about(view: TicketView, said: list[Part]) -> Rendered:
    link: list[Part] = [link_to(view.conversation, "Conversation")] if view.conversation else []
    return blocks.note(joined([said, link]), "about")
