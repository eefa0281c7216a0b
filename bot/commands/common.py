"""What every command does first, and last."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from bot.logs import configure_logging, harmless, log_uncaught_errors
from bot.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def load_settings(*, log_level: str | None = None) -> Settings:
    """The environment, with logging set up. Raises SettingsError."""
    settings = Settings.load()
    configure_logging(
        level=log_level or settings.log_level, style=settings.log_format, secrets=settings.secrets
    )
    log_uncaught_errors()
    return settings


def say(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Print: the one way in which commands do, so that no title or name can act on the terminal."""
    typer.echo(harmless(text), err=err, nl=nl)


def print_out(what: list[str] | dict[str, Any] | list[dict[str, Any]], *, as_json: bool = False) -> None:
    """Lines as they are, data as JSON."""
    if isinstance(what, list) and not as_json:
        say("\n".join(map(str, what)))
        return
    say(json.dumps(what, indent=2, ensure_ascii=False))
