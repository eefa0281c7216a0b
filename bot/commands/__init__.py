"""Groups of commands that operators use. What a command needs is imported inside it."""

from __future__ import annotations
