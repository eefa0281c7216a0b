from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.manifest import render_manifest
from tests import command
from tests.command import Completed

ROOT = Path(__file__).parents[2]
COMMANDS = [
    "",
    "run",
    "migrate",
    "config",
    "config check",
    "config plan",
    "config apply",
    "config export",
    "doctor",
    "manifest",
    "sandbox",
    "export",
    "audit",
    "audit verify",
    "backup",
    "copy",
    "outbox",
    "outbox list",
    "outbox retry",
    "outbox drop",
    "sla",
    "sla explain",
    "sla backtest",
]


def deskbell(folder: Path, *arguments: str, **environment: str) -> Completed:
    return command.deskbell(folder, *arguments, COLUMNS="100", **environment)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, tmp_path: Path) -> None:
    done = deskbell(tmp_path, *command.split(), "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: deskbell {command}".rstrip())
    assert done.stderr == ""


def test_the_version_is_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "--version"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("deskbell ")


@pytest.mark.parametrize(
    "arguments",
    [
        ["claim"],
        ["run", "--fast"],
        ["config", "guess"],
        ["manifest", "--url", "http://desk.example.org"],
        ["sandbox", "--port", "many"],
        ["config", "check", "one.yaml", "two.yaml"],
    ],
)
def test_wrong_usage_is_exit_code_two(arguments: list[str], tmp_path: Path) -> None:
    done = deskbell(tmp_path, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Error: " in done.stderr
    assert "Traceback" not in done.stderr


def test_the_manifest_is_printed_as_it_is_pasted(tmp_path: Path) -> None:
    assert deskbell(tmp_path, "manifest").stdout == render_manifest()
    over_http = deskbell(tmp_path, "manifest", "--url", "https://desk.example.org")
    assert over_http.stdout == render_manifest(request_url="https://desk.example.org")


def test_a_good_desk_yaml_is_ok(tmp_path: Path) -> None:
    (tmp_path / "desk.yaml").write_text("", encoding="utf-8")
    done = deskbell(tmp_path, "config", "check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "desk.yaml: ok\n", "")


def test_mistakes_in_a_desk_yaml_are_named_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("calendars: {}\ndesk: {}\n", encoding="utf-8")
    done = deskbell(tmp_path, "config", "check", "mine.yaml")
    assert (done.returncode, done.stdout) == (1, "")
    assert any(line.startswith("mine.yaml:2: desk: ") for line in done.stderr.splitlines())


@pytest.mark.parametrize("command", ["config check", "doctor"])
def test_a_wrong_variable_is_one_sentence_and_no_traceback(command: str, tmp_path: Path) -> None:
    done = deskbell(tmp_path, *command.split(), PORT="http")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("PORT is not a port number")
    assert done.stderr.count("\n") == 1


NOT_UTF8 = "name: Büro".encode("latin-1")


@pytest.mark.parametrize(
    ("command", "content", "sentence"),
    [
        ("config check", None, "There is no desk.yaml"),
        ("config check", NOT_UTF8, "desk.yaml is not UTF-8 text"),
        ("config apply", NOT_UTF8, "desk.yaml is not UTF-8 text"),
        ("run", NOT_UTF8, "desk.yaml is not UTF-8 text"),
    ],
)
def test_an_unusable_desk_yaml_is_one_sentence(
    command: str, content: bytes | None, sentence: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "desk.yaml").write_bytes(content)
    tokens = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
    done = deskbell(tmp_path, *command.split(), **tokens)
    assert done.returncode == 1
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1
