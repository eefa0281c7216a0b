"""The words of `/ticket`: declared once, for the help and for the parser.

A description is what most people type, so whatever is not surely a command raises a ticket.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.models.vocabulary import PREFIXES, Action, State
from bot.surfaces.text import clean
from bot.workflows.untils import parse_until


class Audience(StrEnum):
    """Whom a word is for."""

    EVERYBODY = "everybody"
    AGENTS = "agents"


@dataclass(frozen=True, kw_only=True)
class CommandWord:
    """A word of `/ticket`, as help shows it."""

    word: str
    argument: str
    sentence: str
    who: Audience
    action: Action | None
    aliases: tuple[str, ...] = ()


def _word(
    word: str,
    argument: str,
    sentence: str,
    action: Action | None,
    who: Audience = Audience.AGENTS,
    *aliases: str,
) -> CommandWord:
    return CommandWord(
        word=word, argument=argument, sentence=sentence, who=who, action=action, aliases=aliases
    )


COMMANDS: Final = (
    _word("", "", "opens the form", Action.RAISE, Audience.EVERYBODY),
    _word("", "printer on floor 3 is on fire", "opens it filled in", Action.RAISE, Audience.EVERYBODY),
    _word("", "INC-12", "shows a ticket", Action.SHOW, Audience.EVERYBODY, "show"),
    _word("sla", "INC-12", "shows how its clocks were counted", Action.SHOW, Audience.EVERYBODY),
    _word("list", "", "lists your open tickets", Action.QUEUE, Audience.EVERYBODY),
    _word("help", "", "shows this", None, Audience.EVERYBODY, "?"),
    _word("reopen", "INC-12", "reopens a resolved ticket", Action.REOPEN, Audience.EVERYBODY),
    _word(
        "cancel", "INC-12", "cancels a ticket that is not needed any more", Action.CANCEL, Audience.EVERYBODY
    ),
    _word(
        "private",
        "INC-12",
        "hides what it says from all but you and the desk's agents",
        Action.MAKE_PRIVATE,
        Audience.EVERYBODY,
    ),
    _word("queue", "", "lists the open tickets of your desks", Action.QUEUE),
    _word("unassigned", "", "lists those that nobody has", Action.QUEUE),
    _word("claim", "INC-12", "takes it", Action.CLAIM),
    _word("release", "INC-12", "gives it back", Action.RELEASE),
    _word("assign", "INC-12 @lea", "gives it to somebody, who is told", Action.ASSIGN),
    _word(
        "wait",
        "INC-12 supplier",
        "waits for the requester, or for a supplier",
        Action.WAIT,
        Audience.AGENTS,
        "waiting",
    ),
    _word("resume", "INC-12", "goes on after waiting", Action.RESUME),
    _word("resolve", "INC-12 replaced the cable", "resolves it; the requester is told", Action.RESOLVE),
    _word("close", "INC-12", "closes a resolved ticket", Action.CLOSE),
    _word("note", "INC-12 called the supplier", "adds a note that stays with the desk", Action.NOTE),
    _word("priority", "INC-12", "opens the form for impact and urgency", Action.PRIORITISE),
    _word("away", "until Monday cover @lea", "has others told about your tickets until then", Action.ABSENT),
    _word("back", "", "ends that", Action.ABSENT),
)
"""What can be typed after `/ticket`, in the order of the help."""


@dataclass(frozen=True)
class Help:
    """Show what can be typed."""


@dataclass(frozen=True)
class Raise:
    """Open the form. `text` is as received (Slack's mrkdwn), empty for an empty form."""

    text: str


@dataclass(frozen=True)
class ListMine:
    """List the person's own tickets; pages count from 1."""

    page: int = 1


@dataclass(frozen=True)
class Queue:
    """List the desk's open tickets."""

    page: int = 1


@dataclass(frozen=True)
class Unassigned:
    """List the desk's open tickets that nobody has."""

    page: int = 1


@dataclass(frozen=True)
class Show:
    """Show one ticket."""

    number: str


@dataclass(frozen=True)
class Explain:
    """Show how a ticket's clocks come to what they show."""

    number: str


@dataclass(frozen=True)
class Act:
    """Do something to a ticket. `rest` is what followed the number, as received."""

    action: Action
    number: str
    rest: str = ""


@dataclass(frozen=True)
class Away:
    """Be away. `until` is as typed, with its first word: `until Monday`; it may still be no time at all."""

    until: str
    cover: PersonId | Handle | None = None


@dataclass(frozen=True)
class AskAbsence:
    """Show whether one is away, and how to say so."""


@dataclass(frozen=True)
class Back:
    """Be back."""


@dataclass(frozen=True)
class Mistyped:
    """Probably a command. `suggestion` is what may have been meant, without `/ticket`."""

    word: str
    suggestion: str
    number: str | None = None


Command = (
    Help | Raise | ListMine | Queue | Unassigned | Show | Explain | Act | Away | AskAbsence | Back | Mistyped
)

_LISTS: Final[Mapping[str, type[ListMine | Queue | Unassigned]]] = {
    "list": ListMine,
    "queue": Queue,
    "unassigned": Unassigned,
}
_HELP: Final = frozenset({"help", "?"})
_ABSENCE: Final = frozenset({"away", "back"})
_VERBS: Final = {
    word: command.action
    for command in COMMANDS
    for word in (command.word, *command.aliases)
    if word and command.action and word not in _LISTS and word not in _ABSENCE
}
_GUESSED: Final = (*_HELP, *_LISTS, *_VERBS)
"""What a slip may have meant. Not `back`: too many words of descriptions are one letter away from it."""
_KNOWN: Final = (*_GUESSED, *_ABSENCE)

_PREFIX: Final = "|".join(PREFIXES.values())
_NUMBER: Final = re.compile(rf"({_PREFIX})-?0*([1-9][0-9]{{0,8}})[.,:;!?]?", re.IGNORECASE)
_BARE_NUMBER: Final = re.compile(r"#?0*([1-9][0-9]{0,8})")
_SPLIT_NUMBER: Final = re.compile(rf"({_PREFIX})\s+#?0*([1-9][0-9]{{0,8}})", re.IGNORECASE)
_PAGE: Final = re.compile(r"[0-9]{1,6}")


def parse_command(text: str) -> Command:
    """Read what followed `/ticket`. Every text means something; what is no command is a description."""
    text = clean(text)
    words = text.split(None, 2)
    if not words:
        return Raise("")
    word = words[0].casefold()
    if word in _HELP:
        return _help(words, text)
    if word in _LISTS:
        return _list(word, words, text)
    if word in _ABSENCE:
        return _away(text) if word == "away" else _back(words, text)
    if word in _VERBS:
        return _act(word, words, text)
    if number := ticket_number(words[0]):
        return _numbered(number, words, text)
    return _unknown(word, words, text)


def ticket_number(word: str) -> str | None:
    """Read a ticket's number in any case, with or without its hyphen: `inc-12`, `INC12`."""
    match = _NUMBER.fullmatch(word)
    return f"{match[1].upper()}-{match[2]}" if match else None


def waiting_for(rest: str) -> State | None:
    """Read for whom a ticket waits; nothing said means the requester, None that it was not understood."""
    word = rest.strip().casefold().removeprefix("for ").removeprefix("the ").removeprefix("a ")
    if word in ("", "requester", "user", "answer"):
        return State.WAITING_REQUESTER
    return State.WAITING_SUPPLIER if word in ("supplier", "vendor") else None


@dataclass(frozen=True)
class PersonId:
    """A person picked from Slack's list."""

    id: str


@dataclass(frozen=True)
class Handle:
    """A person typed by name, without the @."""

    name: str


_PICKED: Final = re.compile(r"<@([UW][A-Z0-9]{2,30})(?:\|[^<>]*)?>")


def person_in(rest: str) -> PersonId | Handle | None:
    """Read whom `assign INC-12 @lea` names; None if nobody."""
    said = rest.strip().removeprefix("to ").strip()
    if match := _PICKED.match(said):
        return PersonId(match[1])
    name = said.removeprefix("@").strip()
    return Handle(name) if name else None


def _help(words: list[str], text: str) -> Command:
    asks_only = len(words) == 1 or (len(words) == 2 and words[1].casefold() in _KNOWN)
    return Help() if asks_only else Raise(text)


def _list(word: str, words: list[str], text: str) -> Command:
    listing = _LISTS[word]
    if len(words) == 1:
        return listing()
    if len(words) == 2 and _PAGE.fullmatch(words[1]):
        return listing(max(1, int(words[1])))
    return Raise(text)


def _act(word: str, words: list[str], text: str) -> Command:
    if len(words) == 1:
        return Mistyped(words[0], f"{word} INC-12")
    if number := ticket_number(words[1]):
        rest = words[2].strip() if len(words) == 3 else ""
        action = _VERBS[word]
        if word == "sla":
            return Explain(number)
        return Show(number) if action is Action.SHOW else Act(action, number, rest)
    return _without_prefix(text.split(None, 1)[1], word) or Raise(text)


_COVER: Final = re.compile(r"(?:^|\s)(?:cover(?:ed)?(?:\s+by)?)(?:\s*:)?\s+(\S.*)", re.IGNORECASE)
_SAYS_WHEN: Final = re.compile(r"(?:until|till?|for)(?:\s+\S+){1,2}", re.IGNORECASE)


def _away(text: str) -> Command:
    """Only what is surely an absence is one: `away from keyboard` may be a ticket about a keyboard."""
    said = text.split(None, 1)
    if len(said) == 1:
        return AskAbsence()
    when, named = _parted(said[1])
    cover = _person_alone(named)
    if named and cover is None:
        return Raise(text)
    if parse_until(when) or _SAYS_WHEN.fullmatch(when):
        return Away(when, cover)
    if parse_until(f"until {when}"):
        return Mistyped(text, f"away until {said[1]}")
    return Mistyped(text, f"away until Monday {said[1]}") if cover and not when else Raise(text)


def _parted(said: str) -> tuple[str, str]:
    """When somebody is away, and what is said of who covers."""
    found = _COVER.search(said)
    if found is None:
        return said.strip(), ""
    return said[: found.start()].strip().rstrip(","), found[1].strip().rstrip(".,;!")


def _person_alone(named: str) -> PersonId | Handle | None:
    """The person, if nothing but a person is named."""
    is_person = _PICKED.fullmatch(named) or named.startswith("@") or " " not in named
    return person_in(named) if is_person else None


def _back(words: list[str], text: str) -> Command:
    return Back() if len(words) == 1 else Raise(text)


def _without_prefix(said: str, verb: str = "") -> Mistyped | None:
    """Help with `claim 12`, `#12` and `inc 12`: the number alone does not say which ticket."""
    said = said.strip()
    bare, split = _BARE_NUMBER.fullmatch(said), _SPLIT_NUMBER.fullmatch(said)
    if split:
        number = f"{split[1].upper()}-{split[2]}"
    elif bare:
        number = f"INC-{bare[1]}"
    else:
        return None
    return Mistyped(said, f"{verb} {number}".strip())


def _numbered(number: str, words: list[str], text: str) -> Command:
    if len(words) == 1:
        return Show(number)
    if len(words) == 2 and words[1].casefold() in _VERBS:
        return Mistyped(text, f"{words[1].casefold()} {number}", number)
    return Raise(text)


def _unknown(word: str, words: list[str], text: str) -> Command:
    if mistyped := _without_prefix(text):
        return mistyped
    number = ticket_number(words[1]) if len(words) > 1 else None
    if len(words) == 1 and (near := _nearest(word, _GUESSED)):
        return Mistyped(words[0], near if near not in _VERBS else f"{near} INC-12")
    if number and (near := _nearest(word, tuple(_VERBS))):
        return Mistyped(words[0], f"{near} {number}", number)
    return Raise(text)


def _nearest(word: str, known: tuple[str, ...]) -> str | None:
    """The known word at most one slip away, two in a longer word."""
    allowed = 1 if len(word) < 6 else 2
    if not 3 <= len(word) <= 14:
        return None
    distance, nearest = min((_slips(word, candidate), candidate) for candidate in known)
    return nearest if distance <= allowed else None


def _slips(a: str, b: str) -> int:
    """Letters left out, added, mistaken or swapped with their neighbour (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, char in enumerate(a, 1):
        older, before, row = before, row, [i]
        for j, other in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (char != other))
            if i > 1 and j > 1 and char == b[j - 2] and a[i - 2] == other:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]
