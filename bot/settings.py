"""The environment, read once and typed. The names of the variables are the field names in capitals."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot import failpoints
from bot.errors import DeskbellError

SLACK_API = "https://slack.com/api/"
DEFAULT_DESK_CONFIG = Path("desk.yaml")

_WHERE = "correct it in .env or in the environment."
_EXPECTED: Mapping[str, str] = {
    "port": "a port number from 1 to 65535, such as 3000",
    "slack_api_url": f"an https address such as {SLACK_API} (http only on this machine)",
    "database_url": "sqlite:///… with a file name, or postgresql+psycopg://…",
    "desk_config": "the path of an existing desk.yaml",
    "delivery_settle": "a number of seconds, 0 or more",
    "delivery_pace": "a number greater than 0",
    "desk_failpoint": "a place of bot/failpoints.py, such as after.claim or after.claim:2",
    "log_level": "DEBUG, INFO, WARNING, ERROR or CRITICAL",
    "log_format": "text or json",
}
"""What each variable that can be wrong should hold; its error is built from this."""


class SettingsError(DeskbellError):
    """The environment cannot be used; `problems` holds one sentence for each thing to correct."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


@dataclass(frozen=True)
class SlackAccess:
    """Credentials of the right kind. Without an app token all of Slack's traffic comes over signed HTTP."""

    bot_token: str = field(repr=False)
    app_token: str | None = field(repr=False)
    signing_secrets: tuple[str, ...] = field(repr=False)
    """The current signing secret and, while it is being rotated, the previous one."""


class Settings(BaseSettings):
    """Everything the environment decides. `.env` in the working directory is read; the environment wins."""

    model_config = SettingsConfigDict(
        frozen=True,
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        str_strip_whitespace=True,
        hide_input_in_errors=True,
    )

    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_signing_secret_previous: SecretStr | None = None
    """Still accepted beside the current one, so that the secret can be rotated without losing a request."""
    host: str = "127.0.0.1"
    port: int = Field(default=3000, ge=0, le=65535)
    """Where the HTTP edge listens; 0 takes any free port."""
    slack_api_url: str = SLACK_API
    database_url: str = Field(default="sqlite:///deskbell.db", repr=False)
    desk_config: Path | None = None
    """The desk configuration; none when `DESK_CONFIG` is not set and there is no desk.yaml."""
    delivery_settle: float = Field(default=60.0, ge=0, allow_inf_nan=False)
    """Real seconds before an uncertain post may be repeated."""
    delivery_pace: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """How many times faster than Slack's limits delivery may go; only against a local workspace."""
    desk_clock_offset: Path | None = None
    """A file with the seconds that business time is ahead; only against a local workspace."""
    desk_failpoint: str | None = None
    """Where this process shall die (`bot.failpoints`); only against a local workspace."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    log_format: Literal["text", "json"] = "text"

    @classmethod
    def load(cls) -> Self:
        """Read `.env` and the environment. Raises `SettingsError` with one sentence per problem."""
        try:
            settings = cls()
        except ValidationError as error:
            raise SettingsError(*_sentences(error)) from None
        except UnicodeDecodeError:
            raise SettingsError(".env is not UTF-8 text: save it as UTF-8.") from None
        except OSError as error:
            raise SettingsError(f".env cannot be read ({error.strerror}): check its permissions.") from None
        if settings.desk_config is None and DEFAULT_DESK_CONFIG.is_file():
            return settings.model_copy(update={"desk_config": DEFAULT_DESK_CONFIG})
        return settings

    @field_validator("slack_api_url")
    @classmethod
    def _end_with_slash(cls, value: str) -> str:
        url = urlsplit(value)
        if not url.hostname or url.port == 0 or url.scheme not in ("http", "https"):
            raise ValueError("not a web address")
        if url.scheme == "http" and not is_loopback(value):
            raise ValueError("tokens would travel unencrypted")
        return value if value.endswith("/") else value + "/"

    @field_validator("database_url")
    @classmethod
    def _name_the_driver(cls, value: str) -> str:
        return database_address(value)

    @field_validator("desk_config")
    @classmethod
    def _find_desk_config(cls, value: Path | None) -> Path | None:
        if value is None:
            return None
        # Unlike those of Path these take a path that nobody could open for one where nothing is.
        file = os.path.expanduser(value)
        if not os.path.isfile(file):
            raise ValueError("no such file")
        return Path(file)

    @field_validator("desk_failpoint")
    @classmethod
    def _know_the_failpoint(cls, value: str | None) -> str | None:
        if value is not None:
            failpoints.parse(value)
        return value

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _ignore_case(cls, value: object, info: ValidationInfo) -> object:
        if not isinstance(value, str):
            return value
        return value.strip().upper() if info.field_name == "log_level" else value.strip().lower()

    @model_validator(mode="after")
    def _keep_trial_knobs_local(self) -> Self:
        trial = {
            "DESK_CLOCK_OFFSET": self.desk_clock_offset is not None,
            "DELIVERY_PACE": self.delivery_pace != 1.0,
            "DESK_FAILPOINT": self.desk_failpoint is not None,
        }
        wrong = [name for name, is_used in trial.items() if is_used]
        if wrong and not is_loopback(self.slack_api_url):
            raise ValueError(
                f"{' and '.join(wrong)} may only be set for a workspace on this machine: "
                "remove it, or point SLACK_API_URL at the sandbox."
            )
        return self

    @property
    def socket_mode(self) -> bool:
        """Whether Slack's traffic comes over Socket Mode (an app token is set) instead of signed HTTP."""
        return self.slack_app_token is not None

    @property
    def is_local_workspace(self) -> bool:
        """Whether the Slack that we speak to runs on this machine."""
        return is_loopback(self.slack_api_url)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret value, for the log to hide."""
        kept = (
            self.slack_bot_token,
            self.slack_app_token,
            self.slack_signing_secret,
            self.slack_signing_secret_previous,
        )
        password = urlsplit(self.database_url).password
        return (*(secret.get_secret_value() for secret in kept if secret), *([password] if password else []))

    def require_slack(self) -> SlackAccess:
        """The credentials to run with. Raises `SettingsError` that says which to set and where to find it."""
        problems = [*_token_problems(self), *_traffic_problems(self)]
        if problems or self.slack_bot_token is None:
            raise SettingsError(*problems)
        secrets = (self.slack_signing_secret, self.slack_signing_secret_previous)
        return SlackAccess(
            bot_token=self.slack_bot_token.get_secret_value(),
            app_token=self.slack_app_token.get_secret_value() if self.slack_app_token else None,
            signing_secrets=tuple(secret.get_secret_value() for secret in secrets if secret),
        )


VARIABLES = tuple(name.upper() for name in Settings.model_fields)
"""The name of every variable that Deskbell reads."""


def database_address(value: str) -> str:
    """The address of a database with the driver that is used for it. Raises ValueError."""
    scheme, _, rest = value.partition("://")
    urlsplit(value)  # raises ValueError for an address that nothing could read
    if scheme == "sqlite" and rest.strip("/") not in ("", ":memory:"):
        return value
    # A password may hold anything, also what would end it in the address of a page.
    host = rest.rpartition("@")[2].partition("/")[0].partition("?")[0]
    port = host.rpartition("]")[2].partition(":")[2]
    if scheme in ("postgresql+psycopg", "postgresql", "postgres") and rest and (port or "0").isdecimal():
        return f"postgresql+psycopg://{rest}"
    raise ValueError("not a supported database")


def is_loopback(url: str) -> bool:
    """Whether an address stays on this machine: `localhost`, 127.0.0.0/8 or ::1."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _sentences(error: ValidationError) -> list[str]:
    return [
        _sentence(str(problem["loc"][0])) if problem["loc"] else problem["msg"].removeprefix("Value error, ")
        for problem in error.errors(include_url=False, include_context=False)
    ]


def _sentence(variable: str) -> str:
    expected = _EXPECTED.get(variable, "readable text")
    return f"{variable.upper()} is not {expected}: {_WHERE}"


def _token_problems(settings: Settings) -> list[str]:
    problems = []
    token = settings.slack_bot_token
    find = 'copy the "Bot User OAuth Token" (xoxb-…) from "OAuth & Permissions" of your Slack app into .env.'
    if token is None:
        problems.append(f"SLACK_BOT_TOKEN is not set: {find}")
    elif not token.get_secret_value().startswith("xoxb-"):
        problems.append(f"SLACK_BOT_TOKEN is not a bot token: {find}")
    app_token = settings.slack_app_token
    if app_token is not None and not app_token.get_secret_value().startswith("xapp-"):
        problems.append(
            "SLACK_APP_TOKEN is not an app-level token: create one (xapp-…) with the scope connections:write "
            'under "Basic Information" of your Slack app and put it into .env.'
        )
    return problems


def _traffic_problems(settings: Settings) -> list[str]:
    if settings.slack_app_token is not None or settings.slack_signing_secret is not None:
        return []
    return [
        "Neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET is set, so Slack cannot reach Deskbell: "
        "put an app-level token (xapp-…, for Socket Mode) into .env."
    ]
