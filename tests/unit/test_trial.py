from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import typer

from bot.settings import VARIABLES
from bot.trial.children import Child, TrialFailed, child_environment
from bot.trial.ports import HOST, Ports
from bot.trial.supervisor import Supervisor
from sandbox.client import SandboxClient
from tests.sandbox_fixture import running_sandbox


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server((HOST, 0)) as other:
        yield other.getsockname()[1]


@pytest.fixture
def ports() -> Iterator[Ports]:
    with Ports() as ours:
        yield ours


def test_a_taken_port_is_passed_over(taken: int, ports: Ports) -> None:
    assert ports.first_free(taken) > taken


def test_two_parts_do_not_get_the_same_port(taken: int, ports: Ports) -> None:
    first = ports.first_free(taken)
    assert ports.first_free(first) > first


def test_two_trials_do_not_get_the_same_port_before_either_listens(taken: int, ports: Ports) -> None:
    first = ports.first_free(taken)
    with Ports() as theirs:
        assert theirs.first_free(first) > first
        with pytest.raises(TrialFailed, match=f"Port {first} is taken"):
            theirs.require(first)


def test_a_port_is_free_again_when_its_trial_has_ended(taken: int, ports: Ports) -> None:
    with Ports() as theirs:
        first = theirs.first_free(taken)
    assert ports.require(first) == first


def test_a_port_that_was_asked_for_and_is_taken_is_told_with_the_fix(taken: int, ports: Ports) -> None:
    with pytest.raises(TrialFailed, match=f"Port {taken} is taken .*--port"):
        ports.require(taken)


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


@pytest.fixture
def client() -> Iterator[SandboxClient]:
    with running_sandbox() as server:
        yield server.client()


@contextmanager
def supervised(
    client: SandboxClient, folder: Path, arguments: list[str]
) -> Iterator[tuple[Child, Supervisor]]:
    """A child that is ready as soon as it runs, and remembers one file."""
    child = Child("bot", arguments, folder=folder, environment=child_environment({}))
    memory = folder / "memory"
    memory.touch()
    supervisor = Supervisor(
        child,
        url=client.url,
        is_ready=lambda: child.is_running,
        forget=memory.unlink,
        report=typer.echo,
    )
    supervisor.start()
    try:
        yield child, supervisor
    finally:
        supervisor.stop()
        child.stop()


def app_is(client: SandboxClient, supervisor: Supervisor, state: str) -> None:
    def look() -> bool:
        supervisor.step()
        app = client.read("app")
        return bool(app["supervised"]) and app["state"] == state

    client.wait_until(look, message=f"the app to be {state}")


def stopped(child: Child) -> bool:
    return bool(child.how_it_ended())


SERVER = ["http.server", "0", "--bind", HOST]


def test_the_bot_is_killed_and_started_again_as_the_page_wants(client: SandboxClient, tmp_path: Path) -> None:
    with supervised(client, tmp_path, SERVER) as (child, supervisor):
        app_is(client, supervisor, "ready")
        first = child.pid
        client.act("app", want="killed")
        app_is(client, supervisor, "dead")
        assert stopped(child)
        client.act("app", want="running")
        app_is(client, supervisor, "ready")
        assert not stopped(child)
        assert child.pid != first
        assert client.read("app")["kills"] == 1


def test_a_bot_that_ends_by_itself_leaves_the_page_and_says_why(
    client: SandboxClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with supervised(client, tmp_path, ["bot", "claim"]) as (child, supervisor):
        child.wait()
        app_is(client, supervisor, "dead")
        assert "No such command 'claim'" in str(client.read("app")["detail"])
        assert "Start it again on the page" in capsys.readouterr().out


def test_a_reset_makes_the_bot_forget_before_it_starts_again(client: SandboxClient, tmp_path: Path) -> None:
    with supervised(client, tmp_path, SERVER) as (child, supervisor):
        app_is(client, supervisor, "ready")
        client.post("ana", "#it-help", "hello")
        first = child.pid
        with ThreadPoolExecutor() as somebody:
            resetting = somebody.submit(client.act, "reset")
            while not resetting.done():
                supervisor.step()
            resetting.result()
        app_is(client, supervisor, "ready")
        assert child.pid != first
        assert not (tmp_path / "memory").exists()
        assert client.messages("#it-help") == []
