"""What somebody wrote on one side, as the other side sees it: with name and picture, pinging nobody."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from slack_sdk.models.blocks import RichTextBlock, RichTextElement

from bot.surfaces import blocks
from bot.surfaces.card import show_details
from bot.surfaces.inline import Part, Web, Words, as_text, joined, name_of
from bot.surfaces.lines import MOST_FACT
from bot.surfaces.rendered import Rendered
from bot.surfaces.styles import prose
from bot.surfaces.text import Address, cut, fit, one_line, plain, read
from bot.workflows.reading import CommentView

MOST_USERNAME: Final = 80
_MOST_MESSAGE: Final = (8000, 6000, 4000, 3000, 2000)
"""Characters shown of a message: the first of these with which the block is not too long."""
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
    if comment.is_veiled:
        return _veiled(comment)
    if comment.deleted:
        return blocks.note([Words(_REMOVED, italic=True)], "relay")
    pieces = read(comment.text, comment.names)
    shown = (_shown(comment, pieces, limit) for limit in _MOST_MESSAGE)
    return next((each for each in shown if not each.is_too_long), _shown(comment, pieces, _MOST_MESSAGE[-1]))


def _shown(comment: CommentView, written: Sequence[str | Address], limit: int) -> Rendered:
    pieces, is_cut = fit(written, limit=limit)
    sections: list[RichTextElement] = []
    if pieces:
        sections += prose(pieces)
    notes: list[Sequence[Part]] = []
    if is_cut:
        notes.append([Words(_CUT_SHORT, italic=True)])
    if comment.files:
        notes.append(attached(comment))
    if notes or not sections:
        sections.append(blocks.section(joined(notes, by="\n") or [Words("(no text)", italic=True)]))
    text = _text(comment, notes)
    return Rendered(text=text, blocks=[RichTextBlock(block_id="relay", elements=sections).to_dict()])


def _veiled(comment: CommentView) -> Rendered:
    """That something was written on a private ticket; what, opens for those who may read it."""
    number = one_line(comment.ticket, MOST_FACT)
    verb = "removed a message" if comment.deleted else "wrote a message"
    said = f"{name_of(comment.author)} {verb} on {number}, which is private."
    row = blocks.buttons("relay.actions", show_details(number))
    return blocks.note([Words(said, italic=True)], "relay", row)


def attribution(comment: CommentView) -> dict[str, str]:
    """The `username` and `icon_url` arguments under which a comment is posted."""
    if comment.is_veiled:
        return {"username": f"{one_line(comment.ticket, MOST_FACT)} (private)"}
    said: dict[str, str] = {"username": one_line(comment.author.name, MOST_USERNAME) or "Somebody"}
    picture = comment.author.image_url
    if picture and _PICTURE.fullmatch(picture):
        said["icon_url"] = picture
    return said


def attached(comment: CommentView) -> list[Part]:
    """Links to what was attached."""
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
