"""A title from what somebody wrote."""

from __future__ import annotations

TITLE_LENGTH = 70
"""Characters; what is longer is cut at a word."""


def title_from(text: str) -> str:
    """The first line that says something, at most 70 characters. Text as received; surfaces make it inert."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if not line:
        return "No description"
    if len(line) <= TITLE_LENGTH:
        return line
    head = line[: TITLE_LENGTH - 1]
    return (head.rpartition(" ")[0] or head).rstrip() + "…"
