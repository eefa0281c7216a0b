"""`deskbell sandbox`: a local workspace and the bot, two processes that know each other only by address."""

from __future__ import annotations

from bot.trial.running import run

__all__ = ["run"]
