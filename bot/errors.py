"""The root of all named errors: `str(error)` is one plain sentence that says what to do next."""

from __future__ import annotations


class DeskbellError(Exception):
    """Something went wrong that a person can mend."""
