from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import SLACK_API, VARIABLES, Settings, SettingsError, is_loopback

LOCAL = "http://127.0.0.1:3300/api/"


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Settings.load()


def test_without_any_variable_the_documented_defaults_hold() -> None:
    settings = Settings.load()
    assert (settings.host, settings.port) == ("127.0.0.1", 3000)
    assert settings.slack_api_url == SLACK_API
    assert settings.database_url == "sqlite:///deskbell.db"
    assert (settings.delivery_settle, settings.delivery_pace) == (60.0, 1.0)
    assert (settings.log_level, settings.log_format) == ("INFO", "text")
    assert settings.desk_config is None
    assert not settings.socket_mode


def test_the_environment_wins_over_the_env_file(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty_folder / ".env").write_text("PORT=4000\nHOST=0.0.0.0\nSOMETHING_ELSE=1\n", encoding="utf-8")
    settings = load(monkeypatch, PORT="5000")
    assert (settings.host, settings.port) == ("0.0.0.0", 5000)


def test_an_env_file_that_is_not_utf8_is_one_sentence(empty_folder: Path) -> None:
    (empty_folder / ".env").write_bytes("# Büro\nPORT=4000\n".encode("latin-1"))
    with pytest.raises(SettingsError, match=r"^\.env is not UTF-8 text: save it as UTF-8\.$"):
        Settings.load()


@pytest.mark.parametrize("path", ["x" * 300, "~nobody-here/desk.yaml"])
def test_a_path_where_no_desk_yaml_can_be_is_one_sentence(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"^DESK_CONFIG is not the path of an existing desk\.yaml: "):
        load(monkeypatch, DESK_CONFIG=path)


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not load(monkeypatch, SLACK_APP_TOKEN="").socket_mode


def test_a_desk_yaml_in_the_working_directory_is_found(empty_folder: Path) -> None:
    (empty_folder / "desk.yaml").touch()
    assert Settings.load().desk_config == Path("desk.yaml")


def test_settings_cannot_be_changed_after_they_were_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings.load().port = 1


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("https://slack.com/api", "https://slack.com/api/"),
        ("https://slack-gov.com/api/", "https://slack-gov.com/api/"),
        ("http://127.0.0.1:3300/api", LOCAL),
        ("http://localhost:3300/api", "http://localhost:3300/api/"),
        ("http://[::1]:3300/api/", "http://[::1]:3300/api/"),
    ],
)
def test_the_api_address_ends_with_a_slash(given: str, read: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch, SLACK_API_URL=given).slack_api_url == read


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("sqlite:///data/desk.db", "sqlite:///data/desk.db"),
        ("sqlite:////var/lib/desk.db", "sqlite:////var/lib/desk.db"),
        ("postgresql+psycopg://u:p@db/desk", "postgresql+psycopg://u:p@db/desk"),
        ("postgresql://u:p@db/desk", "postgresql+psycopg://u:p@db/desk"),
        ("postgres://u:p@db/desk", "postgresql+psycopg://u:p@db/desk"),
        (
            "postgresql+psycopg://u:a#b/c?d@[::1]:5432/desk?x=y",
            "postgresql+psycopg://u:a#b/c?d@[::1]:5432/desk?x=y",
        ),
    ],
)
def test_both_databases_are_accepted(given: str, read: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch, DATABASE_URL=given).database_url == read


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT", "http"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("SLACK_API_URL", "slack.com/api/"),
        ("SLACK_API_URL", "ftp://slack.com/api/"),
        ("SLACK_API_URL", "http://slack.com/api/"),
        ("SLACK_API_URL", "http://127.0.0.1@evil.example/api/"),
        ("SLACK_API_URL", "http://[::1/api/"),
        ("SLACK_API_URL", "http://127.0.0.1:99999/api/"),
        ("DATABASE_URL", "mysql://u:p@db/desk"),
        ("DATABASE_URL", "postgresql+psycopg://u:p@db:http/desk"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "desk.db"),
        ("DESK_CONFIG", "nowhere.yaml"),
        ("DELIVERY_SETTLE", "soon"),
        ("DELIVERY_SETTLE", "-1"),
        ("DELIVERY_SETTLE", "nan"),
        ("DELIVERY_PACE", "0"),
        ("DESK_FAILPOINT", "after.lunch"),
        ("DESK_FAILPOINT", "after.claim:0"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_its_variable(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(monkeypatch, **{variable: value})
    (sentence,) = caught.value.problems
    assert sentence.startswith(f"{variable} is not ")
    assert sentence.endswith("correct it in .env or in the environment.")


def test_several_wrong_values_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as caught:
        load(monkeypatch, PORT="x", LOG_LEVEL="x")
    assert [problem.split()[0] for problem in caught.value.problems] == ["PORT", "LOG_LEVEL"]


def test_the_log_level_and_format_may_be_written_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, LOG_LEVEL="debug", LOG_FORMAT="JSON")
    assert (settings.log_level, settings.log_format) == ("DEBUG", "json")


@pytest.mark.parametrize(
    ("variable", "value"),
    [("DESK_CLOCK_OFFSET", "offset"), ("DELIVERY_PACE", "50"), ("DESK_FAILPOINT", "after.claim:2")],
)
def test_what_is_for_trials_can_be_set_only_beside_a_local_workspace(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError, match=f"{variable} may only be set for a workspace on this machine"):
        load(monkeypatch, **{variable: value})
    settings = load(monkeypatch, **{variable: value, "SLACK_API_URL": LOCAL})
    assert settings.is_local_workspace


def test_credentials_come_out_as_they_went_in(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(
        monkeypatch,
        SLACK_BOT_TOKEN=" xoxb-1 ",
        SLACK_APP_TOKEN="xapp-1",
        SLACK_SIGNING_SECRET="current",
        SLACK_SIGNING_SECRET_PREVIOUS="previous",
    )
    access = settings.require_slack()
    assert (access.bot_token, access.app_token) == ("xoxb-1", "xapp-1")
    assert access.signing_secrets == ("current", "previous")
    assert settings.socket_mode


@pytest.mark.parametrize(
    ("variables", "mentioned"),
    [
        ({}, ["SLACK_BOT_TOKEN is not set", "Neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET"]),
        ({"SLACK_BOT_TOKEN": "xoxp-1", "SLACK_APP_TOKEN": "xapp-1"}, ["SLACK_BOT_TOKEN is not a bot token"]),
        ({"SLACK_BOT_TOKEN": "xapp-1", "SLACK_APP_TOKEN": "xoxb-1"}, ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"]),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET_PREVIOUS": "old"}, ["Neither SLACK_APP_TOKEN"]),
    ],
)
def test_missing_or_mixed_up_tokens_are_told_with_the_place_to_find_them(
    variables: dict[str, str], mentioned: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(monkeypatch, **variables).require_slack()
    assert len(caught.value.problems) == len(mentioned)
    for problem, mention in zip(caught.value.problems, mentioned, strict=True):
        assert problem.startswith(mention)
        assert ".env" in problem


def test_no_secret_shows_when_settings_or_errors_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(
        monkeypatch,
        SLACK_BOT_TOKEN="xoxb-planted",
        SLACK_SIGNING_SECRET="signing-planted",
        DATABASE_URL="postgresql://desk:planted@db/desk",
    )
    assert "planted" not in f"{settings!r} {settings} {settings.require_slack()!r}"
    with pytest.raises(SettingsError) as caught:
        load(monkeypatch, DATABASE_URL="oracle://desk:planted@db/desk")
    assert "planted" not in str(caught.value)


def test_every_secret_is_known_to_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(
        monkeypatch,
        SLACK_BOT_TOKEN="xoxb-1",
        SLACK_APP_TOKEN="xapp-1",
        SLACK_SIGNING_SECRET="one",
        SLACK_SIGNING_SECRET_PREVIOUS="two",
        DATABASE_URL="postgresql://desk:three@db/desk",
    )
    assert set(settings.secrets) == {"xoxb-1", "xapp-1", "one", "two", "three"}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:1/", True),
        ("http://127.8.8.8/", True),
        ("http://localhost/", True),
        ("http://[::1]/", True),
        ("http://localhost.example.org/", False),
        ("http://10.0.0.1/", False),
        ("http://0.0.0.0/", False),
        ("nonsense", False),
    ],
)
def test_only_addresses_of_this_machine_are_loopback(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected


def test_the_example_env_file_names_every_variable_an_operator_may_set() -> None:
    for_trials_only = {"DESK_CLOCK_OFFSET", "DELIVERY_PACE", "DESK_FAILPOINT"}
    example = (Path(__file__).parents[2] / ".env.example").read_text(encoding="utf-8")
    named = {line.lstrip("# ").partition("=")[0] for line in example.splitlines() if "=" in line}
    assert named == set(VARIABLES) - for_trials_only
