from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.settings import VARIABLES
from bot.trial import HOST, Child, TrialFailed, child_environment, free_port, require_free


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server((HOST, 0)) as other:
        yield other.getsockname()[1]


def test_a_taken_port_is_passed_over(taken: int) -> None:
    assert free_port(taken) > taken


def test_two_parts_do_not_get_the_same_port(taken: int) -> None:
    first = free_port(taken)
    assert free_port(taken, besides=first) > first


def test_a_port_that_was_asked_for_and_is_taken_is_told_with_the_fix(taken: int) -> None:
    with pytest.raises(TrialFailed, match=f"Port {taken} is taken .*--port"):
        require_free(taken)


def test_the_trial_inherits_no_token_and_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.setenv(name, "real")
    environment = child_environment({"PORT": "3001"})
    assert {name: environment[name] for name in VARIABLES if name in environment} == {"PORT": "3001"}


def test_a_part_that_ends_by_itself_is_told_with_its_last_words(tmp_path: Path) -> None:
    child = Child("bot", ["bot", "claim"], folder=tmp_path, environment=child_environment({}))
    child.wait()
    with pytest.raises(TrialFailed, match="The bot ended by itself with exit code 2") as caught:
        child.require_running()
    assert "No such command 'claim'" in str(caught.value)


def test_stopping_a_part_leaves_no_process(tmp_path: Path) -> None:
    child = Child("server", ["http.server", "0"], folder=tmp_path, environment=child_environment({}))
    child.require_running()
    child.stop()
    with pytest.raises(TrialFailed, match="ended by itself"):
        child.require_running()
