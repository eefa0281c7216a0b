from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.doctor import Finding, examine
from bot.settings import Settings
from sandbox.core import Sandbox
from sandbox.jsontypes import JsonObject, as_object
from sandbox.seed import APP, ChannelSeed, TeamSeed, WorkspaceSeed, default_seed
from tests.sandbox_fixture import ROOT, repository_manifest, running_sandbox


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copyfile(ROOT / "desk.example.yaml", tmp_path / "desk.yaml")
    return tmp_path


@pytest.fixture
def settings(folder: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """An installation in which everything is well."""
    shutil.copyfile(sqlite_template, folder / "deskbell.db")
    with running_sandbox() as server:
        yield connected(server.sandbox, monkeypatch)


def connected(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    defaults = {
        "SLACK_API_URL": f"{sandbox.base_url}/api/",
        "SLACK_BOT_TOKEN": sandbox.app.bot_token,
        "SLACK_APP_TOKEN": sandbox.app.app_token,
    }
    for name, value in {**defaults, **variables}.items():
        monkeypatch.setenv(name, value)
    return Settings.load()


def to_mend(settings: Settings) -> list[str]:
    return [finding.line() for finding in examine(settings) if not finding.ok]


def without_scope(scope: str) -> JsonObject:
    manifest = repository_manifest()
    scopes = as_object(as_object(manifest["oauth_config"])["scopes"])
    granted = scopes["bot"]
    assert isinstance(granted, list)
    granted.remove(scope)
    return manifest


def adapt(folder: Path, old: str, new: str) -> None:
    desk = folder / "desk.yaml"
    text = desk.read_text(encoding="utf-8")
    assert old in text
    desk.write_text(text.replace(old, new), encoding="utf-8")


def agents_from(folder: Path, handle: str) -> None:
    adapt(folder, 'members_of: "#it-triage"', f"usergroup: {handle}")


def with_channels(*changed: ChannelSeed) -> WorkspaceSeed:
    seed = default_seed()
    names = {channel.name for channel in changed}
    kept = [channel for channel in seed.channels if channel.name not in names]
    return dataclasses.replace(seed, channels=[*kept, *changed])


def test_a_good_installation_has_nothing_to_mend(settings: Settings) -> None:
    findings = list(examine(settings))
    assert [finding.line() for finding in findings if not finding.ok] == []
    told = "\n".join(finding.line() for finding in findings)
    for subject in (
        "bot token",
        "scopes",
        "app token",
        "clock",
        "desk.yaml",
        "#it-help",
        "people",
        "database",
    ):
        assert subject in told


def test_a_line_begins_with_ok_or_fix() -> None:
    assert Finding.well("The clock agrees").line() == "ok   The clock agrees"
    assert Finding.to_mend("The clock is off", "set it.").line() == "fix  The clock is off: set it."


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-wrong"}, "fix  The bot token does not work: Slack says invalid_auth"),
        ({"SLACK_BOT_TOKEN": "xapp-mixed-up"}, "fix  SLACK_BOT_TOKEN is not a bot token: copy"),
        (
            {"SLACK_APP_TOKEN": "xapp-wrong"},
            "fix  The app token does not work (it needs connections:write): ",
        ),
        (
            {"SLACK_API_URL": "http://127.0.0.1:9/api/"},
            "fix  The bot token does not work: Slack does not answer",
        ),
    ],
)
def test_a_token_that_does_not_work_is_told_with_the_place_to_find_it(
    variables: dict[str, str], expected: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    (line,) = to_mend(Settings.load())
    assert line.startswith(expected)


def test_a_scope_that_was_not_granted_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_sandbox(manifest=without_scope("channels:join")) as server:
        (line,) = to_mend(connected(server.sandbox, monkeypatch))
    assert line.startswith("fix  Scopes are missing (channels:join): paste what `deskbell manifest` prints")


def test_a_channel_the_bot_is_not_in_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = ChannelSeed("it-help", members=["ana"])
    with running_sandbox(seed=with_channels(outside)) as server:
        (line,) = to_mend(connected(server.sandbox, monkeypatch))
    assert line.startswith("fix  The bot is not in #it-help: ")


@pytest.mark.parametrize(
    "channel",
    [
        ChannelSeed("it-help", members=["ana", APP], is_archived=True),
        ChannelSeed("it-help", kind="private", members=["ana"]),
    ],
    ids=["archived", "private"],
)
def test_a_channel_the_bot_cannot_use_is_named(
    channel: ChannelSeed, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_sandbox(seed=with_channels(channel)) as server:
        (line,) = to_mend(connected(server.sandbox, monkeypatch))
    assert line.startswith("fix  The channel #it-help is not visible to the bot: ")


def test_somebody_unknown_or_departed_is_named(settings: Settings, folder: Path) -> None:
    adapt(folder, '"@lea"', '"@nobody"')
    adapt(folder, '"@maria"', '"@dora"')
    lines = to_mend(settings)
    assert [line.partition(" is not clear")[0] for line in lines] == ["fix  @nobody", "fix  @dora"]


def test_people_on_shift_are_examined_too(settings: Settings, folder: Path) -> None:
    adapt(folder, 'leads: ["@lea"]', 'shifts: [{hours: "09:00-17:00", people: "@nobody"}]')
    (line,) = to_mend(settings)
    assert line.startswith("fix  @nobody is not clear: ")


def test_a_user_group_must_exist(settings: Settings, folder: Path) -> None:
    agents_from(folder, "it-heroes")
    (line,) = to_mend(settings)
    assert line.startswith("fix  There is no user group @it-heroes: ")


def test_the_handle_of_a_user_group_is_found_in_any_case(settings: Settings, folder: Path) -> None:
    agents_from(folder, "IT-Agents")
    assert to_mend(settings) == []


def test_without_user_groups_everything_else_is_examined(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = dataclasses.replace(default_seed(), team=TeamSeed(plan="free"))
    with running_sandbox(seed=seed) as server:
        free = connected(server.sandbox, monkeypatch)
        assert to_mend(free) == []
        assert any("people" in finding.line() for finding in examine(free))
        agents_from(folder, "it-agents")
        (line,) = to_mend(free)
    assert line.startswith("fix  The user group @it-agents cannot be used: ")


def test_mistakes_in_the_desk_yaml_are_left_to_its_own_check(settings: Settings, folder: Path) -> None:
    (folder / "desk.yaml").write_text("desk: {}\n", encoding="utf-8")
    assert to_mend(settings) == [
        "fix  desk.yaml has a mistake: run `deskbell config check` to see each with its line."
    ]


def test_a_missing_desk_yaml_is_told(settings: Settings, folder: Path) -> None:
    (folder / "desk.yaml").unlink()
    (line,) = to_mend(Settings.load())
    assert line.startswith("fix  There is no desk.yaml: ")


def test_a_missing_database_is_told_and_not_created(settings: Settings, folder: Path) -> None:
    (folder / "deskbell.db").unlink()
    assert to_mend(settings) == [
        "fix  The database deskbell.db does not exist yet: run `deskbell migrate`.",
    ]
    assert not (folder / "deskbell.db").exists()


def test_an_old_database_is_told(settings: Settings, folder: Path) -> None:
    (folder / "deskbell.db").unlink()
    (folder / "deskbell.db").touch()
    assert to_mend(settings) == ["fix  The database is not up to date: run `deskbell migrate`."]


def test_a_database_that_is_down_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://desk:planted@127.0.0.1:9/desk")
    (line,) = to_mend(Settings.load())
    assert line.startswith("fix  The database is not reachable: start it, or correct DATABASE_URL")
    assert "planted" not in line


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_good_postgresql_is_fine(
    settings: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert to_mend(Settings.load()) == []
