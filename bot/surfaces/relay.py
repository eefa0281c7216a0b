"""What somebody wrote on one side, as the other side sees it: with name and picture, pinging nobody."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from slack_sdk.models.blocks import RichTextBlock, RichTextElement

from bot.surfaces import blocks
from bot.surfaces.inline import Part, Web, Words, as_text, joined
from bot.surfaces.rendered import Rendered
from bot.surfaces.text import Address, cut, length, one_line, plain, read, shown
from bot.workflows.reading import CommentView

MOST_USERNAME: Final = 80
_MOST_MESSAGE: Final = 8000
_MOST_ADDRESSES: Final = 20
_MOST_WRITTEN: Final = 3000
_MOST_FILES: Final = 10
_MOST_FILE_NAME: Final = 100
_PICTURE: Final = re.compile(r"https://[^\s<>|]{1,1000}")
_REMOVED: Final = "This message was removed."
_CUT_SHORT: Final = "(The message is longer than fits here.)"


def relayed(comment: CommentView) -> Rendered:
    """A comment for the other side. Mentions are shown as names, so that a relay never pings.

    It is rich text in every case: Slack refuses to replace rich text by anything else.
    """
    if comment.deleted:
        return blocks.note([Words(_REMOVED, italic=True)], "relay")
    pieces, is_cut = _within(read(comment.text, comment.names))
    sections: list[RichTextElement] = []
    if pieces:
        sections.append(blocks.inline([element for piece in pieces for element in shown(piece)]))
    notes: list[Sequence[Part]] = []
    if is_cut:
        notes.append([Words(_CUT_SHORT, italic=True)])
    if comment.files:
        notes.append(_files(comment))
    if notes or not sections:
        sections.append(blocks.section(joined(notes, by="\n") or [Words("(no text)", italic=True)]))
    text = _text(comment, notes)
    return Rendered(text=text, blocks=[RichTextBlock(block_id="relay", elements=sections).to_dict()])


def attribution(comment: CommentView) -> dict[str, str]:
    """The `username` and `icon_url` arguments under which a comment is posted."""
    said: dict[str, str] = {"username": one_line(comment.author.name, MOST_USERNAME) or "Somebody"}
    picture = comment.author.image_url
    if picture and _PICTURE.fullmatch(picture):
        said["icon_url"] = picture
    return said


def _within(pieces: Sequence[str | Address]) -> tuple[list[str | Address], bool]:
    """As many pieces as fit one message, and whether something was left out. Too many links become words."""
    kept: list[str | Address] = []
    room, links = _MOST_MESSAGE, 0
    for piece in pieces:
        words = piece.url if isinstance(piece, Address) else piece
        if length(words) > room:
            if isinstance(piece, str) and room > 1:
                kept.append(cut(words, room))
            return kept, True
        room -= length(words)
        links += isinstance(piece, Address)
        kept.append(words if links > _MOST_ADDRESSES else piece)
    return kept, False


def _files(comment: CommentView) -> list[Part]:
    shown = comment.files[:_MOST_FILES]
    links: list[Sequence[Part]] = [
        [Web(url, one_line(name, _MOST_FILE_NAME) or "file")] for name, url in shown
    ]
    if left_out := len(comment.files) - len(shown):
        links.append([Words(f"and {left_out} more")])
    return [Words("Attached: "), *joined(links, by=", ")]


def _text(comment: CommentView, notes: Sequence[Sequence[Part]]) -> str:
    words: list[Sequence[Part]] = []
    if written := plain(comment.text, comment.names):
        words.append([Words(cut(written, _MOST_WRITTEN))])
    return as_text(joined([*words, *notes], by="\n")) or "(no text)"
