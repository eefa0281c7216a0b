"""A title and a description from what somebody wrote and attached."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Final

TITLE_LENGTH = 70
"""Characters; what is longer is cut at a word."""
_MOST_FILES: Final = 10
_MOST_FILE_NAME: Final = 100
_ADDRESS: Final = re.compile(r"https?://[^\s<>|]{1,2000}", re.IGNORECASE)


def title_from(text: str, files: Sequence[tuple[str, str]] = ()) -> str:
    """The first line that says something, at most 70 characters. Text as received; surfaces make it inert.

    Without one it is the name of the first of `files` (pairs of name and permalink).
    """
    names = [_name(name) for name, _ in files[:1]]
    line = next((line.strip() for line in [*text.splitlines(), *names] if line.strip()), "")
    if not line:
        return "No description"
    if len(line) <= TITLE_LENGTH:
        return line
    head = line[: TITLE_LENGTH - 1]
    return (head.rpartition(" ")[0] or head).rstrip() + "…"


def with_files(text: str, files: Sequence[tuple[str, str]]) -> str:
    """A text as received, and a last line of the names and addresses of what was attached to it."""
    if not files:
        return text
    shown = [_linked(name, link) for name, link in files[:_MOST_FILES]]
    if left_out := len(files) - len(shown):
        shown.append(f"and {left_out} more")
    return "\n".join(filter(None, [text, f"Attached: {', '.join(shown)}"]))


def _linked(name: str, link: str) -> str:
    address = f" (<{escape(link, quote=False)}>)" if _ADDRESS.fullmatch(link) else ""
    return _name(name) + address


def _name(name: str) -> str:
    """A file's name is plain; beside text as Slack sends it, its `<`, `>` and `&` are escaped alike."""
    return escape(" ".join(name.split())[:_MOST_FILE_NAME], quote=False) or "file"
