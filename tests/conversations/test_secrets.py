"""What must be said nowhere: secrets in no output, and in no log what people wrote or who they are."""

from __future__ import annotations

import json
import logging
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import make_url, select, text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from bot.__main__ import cli
from bot.models import Outbox, Workspace
from bot.settings import Settings
from tests.conversations.conftest import fresh_database
from tests.conversations.desk import DESK_YAML, HELP, TRIAGE, Desk, Log, bot_for, logging_to, settings_for
from tests.sandbox_fixture import running_sandbox

COMBINATIONS: Final = ("http", "socket")

PASSWORD: Final = "CanaryPassword-7%2F1"
PREVIOUS: Final = "canaryprevioussigningsecret0"
WORDS: Final = {
    "a title": "Canarytitle",
    "a description": "canarydescription",
    "a message": "canarymessage",
    "a note": "canarynote",
    "an answer": "canaryanswer",
    "a resolution": "canaryresolution",
    "a direct message": "canarydirect",
    "a private ticket": "canaryprivate",
    "a display name": "Canaryname",
    "an address": "canary.mail@example.com",
    "what a command says": "canarycommand",
}
COMMANDS: Final = (
    ["export"],
    ["export", "--include-private"],
    ["doctor"],
    ["outbox", "list"],
    ["outbox", "list", "--json"],
    ["outbox", "retry", "nothing"],
    ["config", "export"],
    ["audit", "verify"],
    ["backup", "copy.db"],
    ["migrate"],
)


@dataclass
class Told:
    """A short story's traces."""

    secrets: Mapping[str, str]
    log: str
    outputs: Mapping[str, str]
    slack: str


@pytest.fixture(scope="module", params=COMBINATIONS)
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """The bot at DEBUG through a day with trouble, and everything that came out of it."""
    folder, is_http = tmp_path_factory.mktemp("secrets"), request.param == "http"
    with fresh_database("postgresql", folder, request) as url, running_sandbox() as server:
        address = make_url(url).set(password="").render_as_string(hide_password=False)
        address = address.replace(":@", f":{PASSWORD}@", 1)
        settings = settings_for(server, address, is_http=is_http)
        if is_http:
            settings = Settings.model_validate(
                settings.model_dump() | {"slack_signing_secret_previous": PREVIOUS}
            )
        log = Log()
        with logging_to(log, "DEBUG", settings.secrets):
            desk = Desk(
                client=server.client(),
                server=server,
                settings=settings,
                bot=bot_for(settings, DESK_YAML),
                log=log,
                is_http=is_http,
            )
            desk.start()
            try:
                _story(desk)
                yield _traces(desk, folder)
            finally:
                desk.stop()


def _story(desk: Desk) -> None:
    person = desk.newcomer("Canaryname", HELP, email=WORDS["an address"])
    desk.raise_directly(person, WORDS["a direct message"])
    ticket = desk.raise_by_emoji(person, WORDS["a title"])
    desk.raise_by_command(person, WORDS["a description"])
    desk.client.command(person, HELP, "/ticket", WORDS["what a command says"])
    desk.client.submit(person, {"Who may read it?": ["private"]})
    desk.client.react("ben", TRIAGE, ticket.card, "eyes")
    desk.client.post(person, ticket.channel, WORDS["a message"], ticket.root)
    desk.client.post("ben", TRIAGE, WORDS["an answer"], ticket.card)
    desk.client.post("ben", TRIAGE, f"note: {WORDS['a note']}", ticket.card)
    desk.client.command("ben", HELP, "/ticket", f"resolve {ticket.number} {WORDS['a resolution']}")
    desk.settle()
    _trouble(desk, person)


def _trouble(desk: Desk, person: str) -> None:
    """A call that fails once, one that is refused for good, a forgery, and errors with all they know."""
    triage = f'"channel": "{desk.client.channel_id(TRIAGE)}"'
    desk.client.fault("error", method="chat.postMessage", contains=triage, error="restricted_action")
    ts = desk.client.post(person, HELP, WORDS["a private ticket"])
    desk.client.react(person, HELP, ts, "shushing_face")
    desk.until(lambda: _parked(desk), "a parked delivery")
    if desk.is_http:
        forged = {"type": "event_callback", "event": {"type": "message", "text": WORDS["a message"]}}
        assert desk.send(forged, signature="v0=" + "0" * 64) == 401
    try:
        with desk.bot.store.write() as session:
            session.execute(text("INSERT INTO person (id, name) VALUES (:id, :name)"), _row())
    except DBAPIError:
        logging.getLogger("bot.test").exception("a statement failed")
    desk.client.lift()


def _row() -> dict[str, str]:
    return {"id": WORDS["an address"], "name": WORDS["a display name"]}


def _parked(desk: Desk) -> str | None:
    with desk.bot.store.read() as session:
        return session.scalar(select(Outbox.key).where(Outbox.state == "parked").limit(1))


def _traces(desk: Desk, folder: Path) -> Told:
    with desk.bot.store.read() as session:
        marker = session.scalars(select(Workspace.marker_secret)).one()
    secrets = {
        "the bot token": desk.server.bot_token,
        "the app token": desk.server.app_token,
        "the signing secret": desk.server.signing_secret,
        "the previous signing secret": PREVIOUS,
        "the password of the database": PASSWORD,
        "the password as it is": PASSWORD.replace("%2F", "/"),
        "the secret of the markers": marker,
    }
    outputs = {path: _got(desk, path) for path in ("/health", "/health/live", "/metrics")}
    log, slack = desk.log.stream.getvalue(), _everything_in_slack(desk)
    outputs |= {" ".join(command): _ran(desk, command, folder) for command in COMMANDS}
    return Told(secrets, log, outputs, slack)


def _got(desk: Desk, path: str) -> str:
    with urllib.request.urlopen(f"{desk.url}{path}", timeout=10) as answer:
        return str(answer.read().decode())


def _everything_in_slack(desk: Desk) -> str:
    """Every call that the bot made, with metadata and all."""
    return json.dumps([[call.method, call.args] for call in desk.client.calls()])


def _ran(desk: Desk, command: list[str], folder: Path) -> str:
    """What a command prints, its error and its traceback included."""
    settings = desk.settings
    environment = {
        "DATABASE_URL": settings.database_url,
        "SLACK_BOT_TOKEN": desk.server.bot_token,
        "SLACK_APP_TOKEN": desk.server.app_token,
        "SLACK_SIGNING_SECRET": desk.server.signing_secret,
        "SLACK_SIGNING_SECRET_PREVIOUS": PREVIOUS,
        "SLACK_API_URL": settings.slack_api_url,
        "LOG_LEVEL": "DEBUG",
    }
    with logging_to(Log()):  # the command sets up its own
        done = CliRunner().invoke(cli, command, env=environment)
    return f"{done.output}\n{done.exception!r}"


def found_in(text: str, planted: Mapping[str, str]) -> list[str]:
    return [what for what, secret in planted.items() if secret in text]


def test_the_log_was_caught_at_debug_with_what_went_wrong(told: Told) -> None:
    lines = [json.loads(line) for line in told.log.splitlines()]
    assert {"debug", "info", "error"} <= {line["level"] for line in lines}
    assert any("restricted_action" in json.dumps(line) for line in lines)
    assert any("NotNullViolation" in json.dumps(line) for line in lines)


def test_the_canaries_were_planted(told: Told) -> None:
    whole = told.outputs["export --include-private"] + told.slack
    assert set(found_in(whole, WORDS)) >= set(WORDS) - {"an address"}


def test_no_log_holds_a_secret_or_what_people_wrote(told: Told) -> None:
    assert found_in(told.log, told.secrets) == []
    assert found_in(told.log, WORDS) == []


def test_no_output_holds_a_secret(told: Told) -> None:
    assert all(told.outputs.values())
    leaks = {where: found_in(said, told.secrets) for where, said in told.outputs.items()}
    assert {where: what for where, what in leaks.items() if what} == {}


def test_what_is_sent_to_slack_holds_no_secret(told: Told) -> None:
    assert "chat.postMessage" in told.slack
    assert found_in(told.slack, told.secrets) == []


def test_health_and_metrics_say_nothing_of_people_and_tickets(told: Told) -> None:
    for path in ("/health", "/metrics", "outbox list", "doctor", "audit verify", "config export"):
        assert found_in(told.outputs[path], WORDS) == [], path
