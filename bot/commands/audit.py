"""`deskbell audit`."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.commands.common import load_settings, say

cli = typer.Typer(
    help="Prove that the records were not altered.", no_args_is_help=True, rich_markup_mode=None
)


@cli.command("verify")
def verify(
    anchor: Annotated[
        list[str] | None,
        typer.Option(
            "--anchor",
            metavar="DATE:HASH",
            help="Prove that what this anchor saw is still there; the log's line will do.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Check the hash chain of every ticket's timeline, and the newest anchor."""
    from bot import app
    from bot.terminal.progress import progress

    settings = load_settings()
    with progress("Checking timelines") as advanced:
        audit = app.verify_audit(settings, anchor or [], advanced)
    for sentence in audit.broken:
        say(sentence, err=True)
    if audit.broken:
        raise typer.Exit(1)
    counted = f"{audit.tickets:,} tickets, {audit.events:,} events"
    say(f"Every timeline is complete and unaltered: {counted}.")
    for held in audit.anchors:
        say(f"The anchor of {held} holds.")
