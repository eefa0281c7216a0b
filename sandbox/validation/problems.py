"""What a validator returns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

MALFORMED: Final = "malformed"
"""Code of a breach of shape until the caller knows which error Slack answers for that surface."""

NOT_SUPPORTED: Final = "not_supported_by_sandbox"
"""Code of something that is real in Slack and missing in the sandbox: not the app's mistake."""

WARNINGS: Final = frozenset(
    {
        "duplicate_option_value",
        "message_truncated",
        "missing_text_in_message",
        "unknown_argument",
    }
)
"""Codes that Slack lets pass, with a warning or in silence. A careful app never causes one."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One breach of a rule.

    `pointer` is a JSON pointer into what was sent, `message` a sentence in the manner of Slack's
    `response_metadata.messages`, `code` the value of Slack's `error` that it leads to.
    """

    pointer: str
    message: str
    code: str

    @property
    def is_warning(self) -> bool:
        """True if Slack would accept the call all the same."""
        return self.code in WARNINGS


def problem(pointer: str, sentence: str, code: str = MALFORMED) -> Problem:
    """Build a problem whose message ends, as Slack's do, with the place it speaks of."""
    return Problem(pointer, f"{sentence} [json-pointer:{pointer}]", code)


def step(pointer: str, key: str | int) -> str:
    """Extend a JSON pointer by one object key or list index (RFC 6901)."""
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


def recode(problems: Iterable[Problem], code: str) -> list[Problem]:
    """Give breaches of shape the error code of the surface they were found on."""
    return [replace(p, code=code) if p.code == MALFORMED else p for p in problems]
