"""What people wrote, with the looks they gave it: bold, italic, struck through, code.

https://docs.slack.dev/messaging/formatting-message-text/#basic-formatting
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from slack_sdk.models.blocks import (
    RichTextElement,
    RichTextElementParts,
    RichTextPreformattedElement,
    RichTextSectionElement,
)

from bot.surfaces.text import Address, elements

_FENCE: Final = "```"
_STYLED: Final = re.compile(
    r"`(?P<code>[^`\n]+)`"
    # A mark stands at a word's edge and touches what it marks; a line's end ends its reach.
    r"|(?<![\w*_~`])(?:\*(?=\S)(?P<bold>[^\n*]*[^\s*])\*|_(?=\S)(?P<italic>[^\n_]*[^\s_])_"
    r"|~(?=\S)(?P<strike>[^\n~]*[^\s~])~)(?![\w*_~`])"
)
_MOST_STYLED: Final = 40
"""Runs in one piece; no sane text has more, and blocks have a limit that Slack does not document."""


@dataclass(frozen=True)
class _Style:
    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False


@dataclass(frozen=True)
class _Block:
    """A block of code."""

    text: str


def inline(pieces: Sequence[str | Address]) -> list[RichTextElement]:
    """Pieces of `text.read` as elements of one section or quote, never a mention.

    Blocks of code become code in its lines: there is no block within a quote.
    """
    return [element for part in _parts(pieces) for element in _shown(part)]


def prose(pieces: Sequence[str | Address]) -> list[RichTextElement]:
    """Pieces of `text.read` as sections, with blocks of code between them."""
    made: list[RichTextElement] = []
    line: list[RichTextElement] = []
    for part in _parts(pieces):
        if not isinstance(part, _Block):
            line += _shown(part)
            continue
        if line:
            made.append(RichTextSectionElement(elements=line))
        line = []
        made.append(RichTextPreformattedElement(elements=[RichTextElementParts.Text(text=part.text)]))
    return [*made, RichTextSectionElement(elements=line)] if line else made


def _parts(pieces: Sequence[str | Address]) -> Iterator[str | Address | _Block]:
    for piece in _whole_code(pieces):
        if isinstance(piece, Address):
            yield piece
        else:
            yield from _blocks(piece)


def _whole_code(pieces: Sequence[str | Address]) -> Iterator[str | Address]:
    """Addresses within code are words of it: they do not part it."""
    words = ""
    for piece in pieces:
        if isinstance(piece, str):
            words += piece
        elif _is_open(words):
            words += piece.url
        else:
            if words:
                yield words
            yield piece
            words = ""
    if words:
        yield words


def _is_open(words: str) -> bool:
    """Code was begun and did not end."""
    outside, *inside = words.split(_FENCE)
    if len(inside) % 2:
        return True
    last = inside[-1] if inside else outside
    return last.rpartition("\n")[2].count("`") % 2 == 1


def _blocks(words: str) -> Iterator[str | _Block]:
    """Every second part between fences; a fence that stays alone is words."""
    parts = words.split(_FENCE)
    if len(parts) % 2 == 0:
        parts[-2:] = [_FENCE.join(parts[-2:])]
    for number, part in enumerate(parts):
        if number % 2:
            yield _Block(part.strip("\n")) if part.strip() else _FENCE + part + _FENCE
        elif words := _beside_blocks(part, is_first=number == 0, is_last=number + 1 == len(parts)):
            yield words


def _beside_blocks(part: str, *, is_first: bool, is_last: bool) -> str:
    """A block is a paragraph by itself: the line breaks around it are not shown besides."""
    part = part if is_first else part.removeprefix("\n")
    return part if is_last else part.removesuffix("\n")


def _shown(part: str | Address | _Block) -> list[RichTextElement]:
    if isinstance(part, Address):
        return [RichTextElementParts.Link(url=part.url)]
    if isinstance(part, _Block):
        return [_text(part.text, _Style(code=True))]
    return list(_runs(part, _Style()))


def _runs(words: str, style: _Style) -> Iterator[RichTextElement]:
    """The words as runs of one style each; a style may stand within another."""
    last = 0
    for count, match in enumerate(_STYLED.finditer(words)):
        if count == _MOST_STYLED:
            break
        yield from _plain(words[last : match.start()], style)
        name = str(match.lastgroup)
        inner = replace(style, **{name: True})
        if name == "code":
            yield _text(match[name], inner)
        else:
            yield from _runs(match[name], inner)
        last = match.end()
    yield from _plain(words[last:], style)


def _plain(words: str, style: _Style) -> list[RichTextElement]:
    return elements(words, style=_text_style(style)) if words else []


def _text(words: str, style: _Style) -> RichTextElement:
    return RichTextElementParts.Text(text=words, style=_text_style(style))


def _text_style(style: _Style) -> RichTextElementParts.TextStyle | None:
    if style == _Style():
        return None
    return RichTextElementParts.TextStyle(
        bold=style.bold or None,
        italic=style.italic or None,
        strike=style.strike or None,
        code=style.code or None,
    )
