"""`deskbell backup` and `deskbell copy`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.commands.common import load_settings, say


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
) -> None:
    """Copy the SQLite database to a file, also while the bot runs."""
    from bot.store.backup import back_up
    from bot.terminal.progress import progress

    settings = load_settings()
    with progress("Copying pages") as advanced:
        back_up(settings.database_url, file, force=force, advanced=advanced)
    say(f"{file} is a complete copy of this moment, and was checked.")


def copy(
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="URL", help="An empty database: postgresql+psycopg://user:password@host/name."
        ),
    ],
) -> None:
    """Copy the whole desk from SQLite to another database: all of it, or nothing. Stop the bot first."""
    from bot.moving import copy_desk
    from bot.settings import database_address
    from bot.terminal.progress import progress

    settings = load_settings()
    try:
        target = database_address(to)
    except ValueError:
        raise typer.BadParameter(
            "Give postgresql+psycopg://user:password@host/name.", param_hint="--to"
        ) from None
    moved = copy_desk(settings, target, watched=progress)
    say(f"Copied and checked: {moved.rows:,} rows, {moved.tickets:,} tickets, {moved.events:,} events.")
    say("Next: set DATABASE_URL to that address, start Deskbell, and keep the SQLite file as a backup.")
