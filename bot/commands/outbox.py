"""`deskbell outbox`."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bot.commands.common import AsJson, load_settings, print_out, say
from bot.errors import DeskbellError
from bot.failpoints import Commit

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from bot.workflows.undelivered import Stuck

cli = typer.Typer(
    help="See, retry or drop what could not be delivered or decided.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Result = TypeVar("Result")
Key = Annotated[str | None, typer.Argument(metavar="KEY", help="As `list` shows it.", show_default=False)]
Every = Annotated[bool, typer.Option("--all", help="Everything that is parked.")]


class BotRuns(DeskbellError):
    """The bot holds the SQLite file, and has buttons for this."""

    def __init__(self) -> None:
        super().__init__(
            "The bot is running on this database: press Retry or Drop in the notice that it sent to the "
            "administrators, or stop it first."
        )


@cli.command("list")
def list_stuck(as_json: AsJson = False) -> None:
    """Show what is parked, uncertain or late.

    Each with its place, since when, why, and the fix.
    """
    from bot import app
    from bot.clock import real_now
    from bot.workflows import undelivered

    with app.reading(load_settings()) as store, store.read() as session:
        found = undelivered.stuck(session, real_now())
    if as_json:
        print_out([_as_data(each) for each in found], as_json=True)
    else:
        lines = [line for each in found for line in _lines(each)]
        print_out(lines or ["Nothing is parked, uncertain or late."])


def _fix(each: Stuck) -> str:
    from bot.delivery.failures import fix_for
    from bot.workflows.undelivered import INBOX

    if each.state != "parked":
        return "Nothing to do: it is tried again by itself."
    return "Drop it, once you know what it was." if each.key.startswith(INBOX) else fix_for(each.why)


def _as_data(each: Stuck) -> dict[str, object]:
    return asdict(each) | {"since": each.since.astimezone(UTC).isoformat(), "fix": _fix(each)}


def _lines(each: Stuck) -> list[str]:
    since = f"{each.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return [
        each.key,
        f"  {each.state} since {since}: {each.kind}, {each.place}",
        f"  {each.why}",
        f"  {_fix(each)}",
    ]


@cli.command()
def retry(key: Key = None, every: Every = False) -> None:
    """Try again what is parked.

    On SQLite when the bot runs next, on PostgreSQL at once.
    """
    from bot.workflows import undelivered

    _one_or_all(key, every)

    def work(session: Session, now: datetime) -> int:
        keys = undelivered.parked_keys(session) if key is None else [key]
        for each in keys:
            undelivered.retry(session, each, now)
        return len(keys)

    say(f"To be tried again: {_write(work)}.")


@cli.command()
def drop(
    key: Key = None,
    every: Every = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Give up what is parked.

    It is never posted, and stays on record with who dropped it and when.
    """
    from bot.workflows import undelivered

    _one_or_all(key, every)
    keys = _all_parked() if key is None else [key]
    if keys and not yes:
        typer.confirm(f"Never deliver {_named(keys)}?", abort=True)

    def work(session: Session, now: datetime) -> None:
        for each in keys:
            undelivered.drop_parked(session, each, by=getpass.getuser(), now=now)

    _write(work)
    say(f"Dropped: {len(keys)}. What is dropped stays on record." if keys else "Nothing is parked.")


def _one_or_all(key: str | None, every: bool) -> None:
    if (key is None) != every:
        raise typer.BadParameter("Give one key, or --all.", param_hint="KEY")


def _all_parked() -> list[str]:
    from bot import app
    from bot.workflows import undelivered

    with app.reading(load_settings()) as store, store.read() as session:
        return undelivered.parked_keys(session, to_retry=False)


def _named(keys: list[str]) -> str:
    return (
        keys[0] if len(keys) == 1 else f"these {len(keys)} ({', '.join(keys[:3])}{', …' * (len(keys) > 3)})"
    )


def _write(work: Callable[[Session, datetime], Result]) -> Result:
    from bot import app
    from bot.store.lock import AlreadyRunning, FileLock

    settings = load_settings()
    try:
        with FileLock(settings.database_url), app.reading(settings) as store:
            return store.run(lambda session: work(session, store.now(session)), Commit.OPERATOR)
    except AlreadyRunning as error:
        raise BotRuns from error
