"""The few Block Kit shapes that our messages are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    MarkdownTextObject,
    PlainTextObject,
    RichTextBlock,
    RichTextQuoteElement,
    RichTextSectionElement,
)

from bot.surfaces.inline import Part, Words, as_rich, as_text
from bot.surfaces.rendered import Rendered
from bot.surfaces.styles import inline
from bot.surfaces.text import Address, clean, cut, read, told

MOST_CONTEXT: Final = 2900


def message(text: Sequence[Part], blocks: Sequence[Block]) -> Rendered:
    """A message of blocks, and the text that says the same."""
    return Rendered(text=as_text(text), blocks=[block.to_dict() for block in blocks])


def shortened(rendered: Rendered) -> Rendered:
    """The same message; where Slack may refuse its blocks for their size, its words without their looks.

    It stays rich text, which Slack lets nothing else replace, and keeps what can be pressed.
    """
    if not rendered.is_too_long:
        return rendered
    words = Words(cut(clean(told(read(rendered.text, {}))), MOST_CONTEXT))
    looks = ("rich_text", "context")
    rest = [block for block in rendered.blocks if block["type"] not in looks]
    return Rendered(rendered.text, [paragraph([words], "shortened").to_dict(), *rest])


def note(parts: Sequence[Part], block_id: str, *more: Block) -> Rendered:
    """A message of one paragraph, and what follows it."""
    return message(parts, [paragraph(parts, block_id), *more])


def paragraph(parts: Sequence[Part], block_id: str) -> RichTextBlock:
    """A block of one paragraph."""
    return RichTextBlock(block_id=block_id, elements=[section(parts)])


def section(parts: Sequence[Part]) -> RichTextSectionElement:
    """One run of inline parts."""
    return RichTextSectionElement(elements=as_rich(parts))


def quote(pieces: Sequence[str | Address]) -> RichTextQuoteElement:
    """What a person wrote (`text.read`), set off as theirs."""
    return RichTextQuoteElement(elements=inline(pieces))


def context(parts: Sequence[Part], block_id: str) -> ContextBlock:
    """A line in small print."""
    text = MarkdownTextObject(text=as_text(parts, MOST_CONTEXT), verbatim=True)
    return ContextBlock(block_id=block_id, elements=[text])


def buttons(block_id: str, *elements: ButtonElement) -> ActionsBlock:
    """A row of buttons."""
    return ActionsBlock(block_id=block_id, elements=list(elements))


def button(
    label: str,
    *,
    action_id: str,
    value: str,
    about: str,
    style: str | None = None,
    confirm: ConfirmObject | None = None,
) -> ButtonElement:
    """A button; `about` is what screen readers say in place of the label."""
    return ButtonElement(
        text=PlainTextObject(text=label),
        action_id=action_id,
        value=value,
        style=style,
        confirm=confirm,
        accessibility_label=about,
    )


def plain(text: str) -> PlainTextObject:
    """A plain_text object."""
    return PlainTextObject(text=text)
