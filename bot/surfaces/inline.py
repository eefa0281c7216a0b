"""Sentences made of parts, shown twice from one source: as rich text, and as the text without blocks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, assert_never

from slack_sdk.models.blocks import RichTextElement, RichTextElementParts

from bot.surfaces import instants
from bot.surfaces.text import MOST_NAME, elements, escape, length, one_line
from bot.workflows.reading import MessageLink, PersonView

MOST_TEXT: Final = 3900
"""`chat.update` refuses a text of more than 4,000 characters."""

_PERSON_ID: Final = re.compile(r"[UW][A-Z0-9]{2,30}")
_WEB_ADDRESS: Final = re.compile(r"https?://[^\s<>|]{1,1000}")


@dataclass(frozen=True)
class Words:
    """Words, ours or a person's (then already cleaned): never read as markup."""

    text: str
    bold: bool = False
    italic: bool = False


@dataclass(frozen=True)
class When:
    """An instant, in each reader's own time zone."""

    at: datetime


@dataclass(frozen=True)
class Mention:
    """A person who is to be told: this one pings."""

    person: PersonView


@dataclass(frozen=True)
class Web:
    """A link of ours. An address that is not http(s) leaves its label alone."""

    url: str
    label: str


Part = Words | When | Mention | Web


def name_of(person: PersonView) -> str:
    """A person's name on one line, as plain text."""
    return one_line(person.name, MOST_NAME) or "somebody"


def link_to(message: MessageLink, label: str) -> Web:
    """A link to a message of Slack's."""
    return Web(message.url, label)


def joined(sentences: Sequence[Sequence[Part]], by: str = " · ") -> list[Part]:
    """Put a separator between the sentences that say anything."""
    parts: list[Part] = []
    for sentence in sentences:
        if not any(not isinstance(part, Words) or part.text for part in sentence):
            continue
        if parts:
            parts.append(Words(by))
        parts += sentence
    return parts


def as_rich(parts: Sequence[Part]) -> list[RichTextElement]:
    """The parts as elements of a rich text section."""
    return [element for part in parts for element in _elements(part)]


def as_text(parts: Sequence[Part], limit: int = MOST_TEXT) -> str:
    """The parts as mrkdwn of at most `limit` characters: words are cut, tokens and links never."""
    written = ""
    for part in parts:
        room = limit - length(written)
        if room <= 1:
            break
        if isinstance(part, Words):
            written += escape(part.text, room)
        elif length(token := _token(part)) <= room:
            written += token
    return written


def _elements(part: Part) -> list[RichTextElement]:
    match part:
        case Words(text=text, bold=bold, italic=italic):
            return elements(text, style=_style(bold=bold, italic=italic))
        case When(at=at):
            return [instants.element(at)]
        case Mention(person=person) if _PERSON_ID.fullmatch(person.id):
            return [RichTextElementParts.User(user_id=person.id)]
        case Mention(person=person):
            return elements(name_of(person))
        case Web(url=url, label=label) if _WEB_ADDRESS.fullmatch(url):
            return [RichTextElementParts.Link(url=url, text=label)]
        case Web(label=label):
            return elements(label)
        case _:
            assert_never(part)


def _style(*, bold: bool, italic: bool) -> RichTextElementParts.TextStyle | None:
    if not bold and not italic:
        return None
    return RichTextElementParts.TextStyle(bold=bold or None, italic=italic or None)


def _token(part: When | Mention | Web) -> str:
    match part:
        case When(at=at):
            return instants.token(at)
        case Mention(person=person) if _PERSON_ID.fullmatch(person.id):
            return f"<@{person.id}>"
        case Mention(person=person):
            return escape(name_of(person))
        case Web(url=url, label=label) if _WEB_ADDRESS.fullmatch(url):
            return f"<{escape(url)}|{escape(label)}>"
        case Web(label=label):
            return escape(label)
        case _:
            assert_never(part)
