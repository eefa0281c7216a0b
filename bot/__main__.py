"""The command line. Exit codes: 0 ok, 1 failed (one plain sentence on standard error), 2 wrong usage."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bot.commands import audit, moving, outbox
from bot.commands.common import AsJson, load_settings, print_out, say
from bot.errors import DeskbellError
from bot.settings import DEFAULT_DESK_CONFIG, Settings

# What a command needs is imported inside it: --help and manifest should not wait for a database driver.

cli = typer.Typer(
    name="deskbell",
    help="A service desk that lives in Slack.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
config_cli = typer.Typer(
    help="Check, compare and apply desk.yaml.", no_args_is_help=True, rich_markup_mode=None
)
sla_cli = typer.Typer(
    help="Unfold a ticket's clocks, and try a policy on past tickets.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
cli.add_typer(config_cli, name="config")
cli.add_typer(sla_cli, name="sla")
cli.add_typer(audit.cli, name="audit")
cli.add_typer(outbox.cli, name="outbox")
cli.command()(moving.backup)
cli.command()(moving.copy)

DeskYaml = Annotated[
    Path | None,
    typer.Argument(
        metavar="[PATH]", help="The file to read. [default: DESK_CONFIG, else desk.yaml]", show_default=False
    ),
]


class NoDeskConfig(DeskbellError):
    """There is no desk.yaml to work on."""


def _show_version(asked: bool) -> None:
    if not asked:
        return
    try:
        version = importlib.metadata.version("deskbell")
    except importlib.metadata.PackageNotFoundError:
        version = "(not installed)"
    say(f"deskbell {version}")
    raise typer.Exit


@cli.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """A service desk that lives in Slack."""


@cli.command()
def run(
    no_migrate: Annotated[
        bool, typer.Option("--no-migrate", help="Do not bring the database up to date first.")
    ] = False,
) -> None:
    """Run the bot against Slack, until SIGTERM or Ctrl-C."""
    from bot import app

    raise typer.Exit(app.run(load_settings(), migrate=not no_migrate))


@cli.command()
def migrate() -> None:
    """Bring the database up to date."""
    from bot import app

    app.migrate(load_settings())
    say("The database is up to date.")


@cli.command()
def doctor() -> None:
    """Examine the installation: each line is ok, or the fix."""
    from bot.doctor import examine

    is_well = True
    for finding in examine(load_settings(log_level="CRITICAL")):  # the findings say it already
        say(finding.line())
        is_well = is_well and finding.ok
    raise typer.Exit(0 if is_well else 1)


@cli.command()
def manifest(
    url: Annotated[
        str | None,
        typer.Option(
            help="Your bot's https address: Slack sends to it instead of over Socket Mode.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Print the app manifest to paste into Slack."""
    from bot.manifest import render_manifest

    if url is not None and not url.startswith("https://"):
        raise typer.BadParameter("Slack needs an address that starts with https://.", param_hint="--url")
    say(render_manifest(request_url=url), nl=False)


@cli.command()
def sandbox(
    tour: Annotated[
        bool, typer.Option("--tour", help="Play a scripted story in the terminal and exit.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(
            help="Where the page is served. [default: 3300, or the next free one]",
            min=1,
            max=65535,
            show_default=False,
        ),
    ] = None,
    http: Annotated[bool, typer.Option("--http", help="Use signed HTTP instead of Socket Mode.")] = False,
) -> None:
    """Try Deskbell on this machine: a local workspace with the bot in it, no Slack account needed."""
    from bot import trial

    raise typer.Exit(trial.run(port=port, over_http=http, tour=tour))


@cli.command()
def export(
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The file to write. [default: standard output]", show_default=False),
    ] = None,
    include_private: Annotated[
        bool,
        typer.Option("--include-private", help="With what private tickets say; otherwise that is left out."),
    ] = False,
) -> None:
    """Export all records."""
    from bot import app

    app.export_records(load_settings(), out, include_private=include_private)


@config_cli.command("check")
def config_check(path: DeskYaml = None) -> None:
    """Check desk.yaml and name every mistake with its line."""
    from bot.config import load_file

    file = _desk_yaml(path)
    loaded = load_file(file)
    for warning in loaded.warnings:
        say(warning.render(str(file)))
    for section in loaded.inactive:
        say(f"{file}: {section}: checked and stored, but nothing acts on it yet.")
    say(f"{file}: ok")


@config_cli.command("plan")
def config_plan(path: DeskYaml = None) -> None:
    """Show what applying desk.yaml would change."""
    from bot import app

    changes = app.plan_config(load_settings(), _desk_yaml(path))
    for change in changes or ["Nothing would change."]:
        say(change)


@config_cli.command("apply")
def config_apply(path: DeskYaml = None) -> None:
    """Apply desk.yaml (deskbell run does it at start)."""
    from bot import app

    changes = app.apply_config(load_settings(), _desk_yaml(path))
    for change in changes or ["Nothing changed."]:
        say(change)


@config_cli.command("export")
def config_export() -> None:
    """Print the configuration in force as a desk.yaml."""
    from bot import app

    typer.echo(app.export_config(load_settings()), nl=False)  # YAML has escapes of its own


@sla_cli.command("explain")
def sla_explain(
    number: Annotated[str, typer.Argument(metavar="TICKET", help="Its number, such as INC-12.")],
    as_json: AsJson = False,
) -> None:
    """Show every counted and paused interval of a ticket's clocks, and their sum."""
    from bot import app
    from bot.surfaces.commands import ticket_number
    from bot.terminal.explanation import explanation_json, explanation_lines

    explained = app.explain_sla(load_settings(), ticket_number(number) or number)
    print_out(explanation_json(explained) if as_json else explanation_lines(explained))


@sla_cli.command("backtest")
def sla_backtest(
    policy: Annotated[
        Path, typer.Option("--policy", metavar="PATH", help="A whole desk.yaml with the proposed targets.")
    ],
    days: Annotated[
        int, typer.Option(help="Replay the tickets raised in so many days until now.", min=1, max=3650)
    ] = 90,
    desk: Annotated[
        str | None, typer.Option(metavar="KEY", help="Only this desk's tickets.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Replay past tickets under a proposed policy: what it would have met and breached. Writes nothing."""
    from bot import app
    from bot.config import load_file
    from bot.terminal.backtest import backtest_json, backtest_lines
    from bot.terminal.progress import progress

    if not os.path.isfile(policy):
        raise NoDeskConfig(f"There is no {policy}: name the desk.yaml with the proposed policy.")
    loaded = load_file(policy)
    for warning in loaded.warnings:
        say(warning.render(str(policy)), err=True)
    settings = load_settings()
    with progress("Replaying tickets") as advanced:
        found = app.backtest_sla(settings, loaded.config, days=days, desk_key=desk, advanced=advanced)
    source = policy.name
    print_out(backtest_json(found, source=source) if as_json else backtest_lines(found, source=source))


def main() -> NoReturn:
    """Run the command line of this process and exit."""
    try:
        cli(prog_name="deskbell")
    except DeskbellError as error:
        say(str(error), err=True)
        sys.exit(1)
    sys.exit(0)


def _desk_yaml(path: Path | None) -> Path:
    file = path or Settings.load().desk_config or DEFAULT_DESK_CONFIG
    if not os.path.isfile(file):
        raise NoDeskConfig(
            f"There is no {file}: copy desk.example.yaml to desk.yaml, or name the file to read."
        )
    return file


if __name__ == "__main__":
    main()
