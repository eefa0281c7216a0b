"""`python -m sandbox`: a Slack workspace on this machine."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from sandbox.core import Sandbox, SandboxConfig
from sandbox.example import example_seed
from sandbox.jsontypes import JsonObject
from sandbox.seed import SeedInvalid, WorkspaceSeed, default_seed
from sandbox.server import bound_socket, build_server
from sandbox.settings import SettingInvalid
from sandbox.validation.manifest import InvalidManifestError


class BadUsage(Exception):
    """The command line cannot be carried out; the sentence says what to change."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="A Slack workspace on this machine, strict as Slack."
    )
    parser.add_argument("--manifest", type=Path, required=True, help="the app's manifest.json")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument("--port-file", type=Path, help="write the port there when ready")
    people = parser.add_mutually_exclusive_group()
    people.add_argument("--example", action="store_true", help="the small company of the example desk")
    people.add_argument("--state", type=Path, help="JSON file with team, users, channels, usergroups")
    parser.add_argument("--clock-offset", type=Path, help="file with the seconds by which time is shifted")
    parser.add_argument("--http-url", default="", help="deliver signed HTTP to this URL, not over sockets")
    parser.add_argument("--signing-secret", default="", help="secret for --http-url (default: a new one)")
    parser.add_argument("--bot-token", default="", help="the xoxb- token to accept (default: a new one)")
    parser.add_argument("--app-token", default="", help="the xapp- token to accept (default: a new one)")
    parser.add_argument(
        "--setting", action="append", default=[], metavar="NAME=VALUE", help="for example rate_scale=0"
    )
    return parser


def _config(options: argparse.Namespace) -> SandboxConfig:
    try:
        manifest = json.loads(options.manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadUsage(f"Cannot read the manifest {options.manifest}: {error}.") from error
    return SandboxConfig(
        manifest=manifest,
        seed=_seed(options),
        host=options.host,
        port=options.port,
        bot_token=options.bot_token,
        app_token=options.app_token,
        signing_secret=options.signing_secret,
        http_url=options.http_url,
        clock_offset=options.clock_offset,
        settings=_settings(options.setting),
    )


def _seed(options: argparse.Namespace) -> WorkspaceSeed:
    if options.example:
        return example_seed()
    return WorkspaceSeed.from_file(options.state) if options.state else default_seed()


def _settings(pairs: list[str]) -> JsonObject:
    settings: JsonObject = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            settings[name] = json.loads(value)
        except ValueError as error:
            raise BadUsage(f"Write --setting {name}=<number, true or false>.") from error
    return settings


def _announce(sandbox: Sandbox, port_file: Path | None) -> None:
    port = sandbox.base_url.rpartition(":")[2]
    line = {
        "url": sandbox.base_url,
        "api_url": f"{sandbox.base_url}/api/",
        "control_url": f"{sandbox.base_url}/control",
        "port": int(port),
        "bot_token": sandbox.app.bot_token,
        "app_token": sandbox.app.app_token,
        "signing_secret": sandbox.app.signing_secret,
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    if port_file is not None:
        partial = port_file.with_name(port_file.name + ".part")
        partial.write_text(port, encoding="utf-8")
        os.replace(partial, port_file)


def main(arguments: list[str] | None = None) -> int:
    """Runs until interrupted. Exit codes: 0 ended, 1 could not start, 2 usage."""
    options = _parser().parse_args(arguments)
    try:
        sandbox = Sandbox(_config(options))
        listener = bound_socket(options.host, options.port)
    except (BadUsage, InvalidManifestError, SeedInvalid, SettingInvalid) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(
            f"Cannot listen on {options.host}:{options.port} ({error.strerror}): choose another --port.\n"
        )
        return 1
    server = build_server(sandbox, listener)
    _announce(sandbox, options.port_file)
    server.run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())
