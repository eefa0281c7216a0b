"""What the page's workshop reads and does: waiting events, the app's process, the guide."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from urllib.parse import urlsplit

import pytest

from sandbox.client import SandboxClient, SandboxRefused
from sandbox.example import example_seed
from sandbox.jsontypes import JsonObject, as_text, objects
from sandbox.seed import StepSeed, WorkspaceSeed


@contextmanager
def following(client: SandboxClient) -> Iterator[Iterator[str]]:
    """What is wanted of the app, as its supervisor hears it."""
    connection = http.client.HTTPConnection(urlsplit(client.url).netloc, timeout=10)
    with closing(connection):
        connection.request("GET", "/control/supervision")
        lines = (line for line in connection.getresponse() if line.startswith(b"data: "))
        yield (as_text(json.loads(line[6:])["want"]) for line in lines)


def newest(client: SandboxClient) -> JsonObject:
    return objects(client.read("journal", last="1")["entries"])[0]


def test_an_event_that_nobody_heard_says_when_it_comes_again(client: SandboxClient) -> None:
    client.settings(retry_scale=1)
    client.post("ana", "#it-help", "hello")
    client.wait_until(lambda: newest(client)["waits"] == "redelivery", message="the pause")
    assert isinstance(newest(client)["next_try"], float)


def test_an_event_that_was_given_up_says_so(client: SandboxClient) -> None:
    client.settings(retry_scale=0)
    client.post("ana", "#it-help", "hello")
    client.wait_until(lambda: newest(client)["waits"] == "given_up", message="the end of all tries")


def test_a_withheld_event_says_so_until_the_fault_is_lifted(client: SandboxClient) -> None:
    client.fault("withhold_events")
    client.post("ana", "#it-help", "hello")
    client.wait_until(lambda: newest(client)["waits"] == "withheld", message="the event to be held back")
    client.lift()
    client.wait_until(lambda: newest(client)["waits"] != "withheld", message="the event to be sent")


def test_skipped_time_can_be_taken_back(client: SandboxClient) -> None:
    client.skip(3600)
    assert client.act("skip", to_real=True)["offset"] == 0.0


def test_without_a_supervisor_nobody_can_end_the_app(client: SandboxClient) -> None:
    assert client.read("app")["supervised"] is False
    with pytest.raises(SandboxRefused, match="start and end it yourself"):
        client.act("app", want="killed")


def test_what_is_wanted_reaches_the_supervisor_and_its_word_comes_back(client: SandboxClient) -> None:
    with following(client) as wishes:
        assert next(wishes) == "running"
        client.act("app_state", state="ready")
        client.act("app", want="killed")
        assert next(wishes) == "killed"
        client.act("app_state", state="dead")
        app = client.read("app")
        assert (app["state"], app["kills"]) == ("dead", 1)
    client.wait_until(
        lambda: client.read("app")["supervised"] is False, message="the supervisor to be missed"
    )


def test_the_app_is_killed_again_and_again_until_that_is_stopped(client: SandboxClient) -> None:
    with following(client) as wishes:
        next(wishes)
        client.act("app_state", state="ready")
        client.act("app", kill_every=1)
        assert [next(wishes), next(wishes)] == ["running", "killed"]
        client.act("app", kill_every=0)
        assert next(wishes) == "running"
        assert client.read("app")["kill_every"] == 0


@pytest.mark.parametrize("want", ["erased", "asleep"])
def test_people_want_the_app_running_or_killed_and_nothing_else(client: SandboxClient, want: str) -> None:
    with following(client) as wishes:
        next(wishes)
        with pytest.raises(SandboxRefused, match="running or killed"):
            client.act("app", want=want)


def test_the_guide_of_the_example_speaks_of_people_and_channels_that_exist() -> None:
    seed = example_seed()
    known = {f"@{user.handle}" for user in seed.users} | {"@app"} | {f"#{c.name}" for c in seed.channels}
    for item in seed.guide:
        named = set(re.findall(r'"([@#][\w-]+)"', json.dumps(item.when)))
        person, _, channel = item.at.partition("/")
        named |= {f"@{person}", f"#{channel}"} if item.at else set()
        assert named <= known, item.title


def test_what_a_step_of_the_example_remembers_is_kept_by_a_step_before() -> None:
    kept: set[str] = set()
    for item in example_seed().guide:
        assert set(re.findall(r'"\$(\w+)"', json.dumps(item.when))) <= kept
        kept |= set(item.keep)


def test_a_workspace_brings_its_own_guide() -> None:
    step = StepSeed("Say hello.", "Write `hello`.", when=[{"type": "message"}])
    assert WorkspaceSeed.from_dict({"guide": [asdict(step)]}).guide == [step]
