from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from bot.commands.common import print_out
from bot.logs import QUIET, Redactor, configure_logging, harmless

SECRETS = ("signing-secret-1", 'quoted"secret', "pass/word%1", "umlaut-sécret")
TOKENS = (
    "xoxb-12-34-abcDEF",
    "xoxp-1-2-3",
    "xoxe.xoxp-1-Mi0yLTE",
    "xoxe-1-My0xLTE",
    "xapp-1-A1-2-abc",
    "xwfp-9-8-7",
)


@pytest.fixture(autouse=True)
def untouched_logging() -> Iterator[None]:
    root = logging.getLogger()
    level, handlers, before = root.level, list(root.handlers), structlog.get_config()
    yield
    root.setLevel(level)
    root.handlers[:] = handlers
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.NOTSET)
    structlog.configure(**before)


def configured(style: Literal["text", "json"], level: str = "DEBUG") -> io.StringIO:
    stream = io.StringIO()
    configure_logging(level=level, style=style, secrets=SECRETS, stream=stream)
    return stream


def fail_with(secret: str) -> None:
    raise RuntimeError(f"in an exception {secret}")


@pytest.mark.parametrize("secret", [*SECRETS, *TOKENS])
@pytest.mark.parametrize("style", ["text", "json"])
def test_a_secret_is_hidden_wherever_it_is_logged(secret: str, style: Literal["text", "json"]) -> None:
    stream = configured(style)
    log = structlog.get_logger("bot.test")
    log.info(f"in the event {secret}", value=secret, nested={"list": [secret]}, raw=secret.encode())
    logging.getLogger("somebody.else").warning("in an argument %s", secret, extra={"more": secret})
    try:
        fail_with(secret)
    except RuntimeError:
        log.exception("failed")
        logging.getLogger("somebody.else").exception("failed")
    written = stream.getvalue()
    assert written.count("RuntimeError: in an exception") == 2
    for tail in (secret, json.dumps(secret)[1:-1], secret.partition("-")[2] or secret):
        assert tail not in written


def test_a_password_in_an_address_is_hidden_though_nobody_registered_it() -> None:
    hidden = Redactor()("connecting to postgresql+psycopg://desk:hunter2@db/desk")
    assert hidden == "connecting to postgresql+psycopg://desk:[hidden]@db/desk"


def test_a_very_short_secret_does_not_make_the_log_unreadable() -> None:
    assert Redactor(["a", ""])("a ticket was raised") == "a ticket was raised"


def test_json_lines_stay_json_when_a_secret_was_hidden() -> None:
    stream = configured("json")
    structlog.get_logger("bot.test").info("raised", number="INC-1", token='quoted"secret')
    line = json.loads(stream.getvalue())
    assert line["event"] == "raised"
    assert line["number"] == "INC-1"
    assert (line["level"], line["logger"]) == ("info", "bot.test")
    assert line["token"] == "[hidden]"


@pytest.mark.parametrize("name", ["slack_sdk.web.base_client", "slack_bolt.App", "slack_sdk"])
def test_the_slack_libraries_never_log_bodies(name: str) -> None:
    stream = configured("text")
    library = logging.getLogger(name)
    library.setLevel(logging.DEBUG)  # as Bolt does to its own loggers
    try:
        library.debug("the whole body")
        library.info("connected")
    finally:
        library.setLevel(logging.NOTSET)
    assert "body" not in stream.getvalue()
    assert "connected" in stream.getvalue()


def test_what_is_below_the_level_is_not_written() -> None:
    stream = configured("text", level="WARNING")
    structlog.get_logger("bot.test").info("quiet")
    structlog.get_logger("bot.test").warning("loud")
    assert "quiet" not in stream.getvalue()
    assert "loud" in stream.getvalue()


def test_configuring_again_replaces_and_does_not_repeat_lines() -> None:
    first, second = configured("text"), configured("text")
    structlog.get_logger("bot.test").info("once")
    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1


HOSTILE = "title\x1b[2J\x1b]0;owned\x07 \x9b31m \x08\r \u202eevil\u2066 \x00"


@pytest.mark.parametrize("style", ["text", "json"])
def test_nothing_that_is_logged_acts_on_a_terminal(style: Literal["text", "json"]) -> None:
    stream = configured(style)
    structlog.get_logger("bot.test").info("raised", name=HOSTILE)
    logging.getLogger("somebody.else").warning("about %s", HOSTILE)
    written = stream.getvalue()
    assert written.count("owned") >= 2
    assert harmless(written) == written


def test_nothing_that_a_command_prints_acts_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_out([HOSTILE, "two\tcolumns"])
    print_out([{"title": HOSTILE}], as_json=True)
    lines, _, data = capsys.readouterr().out.partition("columns\n")
    assert lines.endswith("two\t")
    assert "title\\u001b[2J" in lines
    assert not set(lines + data) & set("\x1b\x07\x08\x9b\r\x00\u202e\u2066")
    assert json.loads(data) == [{"title": HOSTILE}]


def test_the_row_that_postgresql_quotes_is_hidden_and_the_rest_stays() -> None:
    error = "null value\nDETAIL:  Failing row contains (1, secret words).\n[SQL: INSERT]"
    assert Redactor()(error) == "null value\nDETAIL:  [hidden]\n[SQL: INSERT]"
    assert json.loads(Redactor()(json.dumps(error))) == "null value\nDETAIL:  [hidden]\n[SQL: INSERT]"
