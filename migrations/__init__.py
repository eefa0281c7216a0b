"""The schema's history. `bot.store.migrate` runs it."""

from __future__ import annotations
