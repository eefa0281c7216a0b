"""Tokens, scopes and clock, and a look at who and what is in the workspace."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry import RetryHandler
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.web import SlackResponse

from bot.clock import real_now
from bot.config import ChannelCard, PersonCard
from bot.directory import shapes
from bot.directory.facts import NO_USERGROUPS
from bot.doctor.finding import Finding
from bot.manifest import APP_TOKEN_SCOPE, EVENTS_PATH, SCOPES
from bot.settings import Settings, SettingsError, SlackAccess

SKEW_LIMIT = timedelta(seconds=5)

_TIMEOUT = 10  # seconds
_PAGE = 200
_REINSTALL = (
    "paste what `deskbell manifest` prints into your app's manifest at api.slack.com/apps, "
    "then install the app again."
)


@dataclass(frozen=True)
class Connection:
    """A bot token that Slack accepts."""

    client: WebClient
    team: str


class Refused(Exception):
    """Slack did not give what was asked for; `sentence` says what to do, `error` is Slack's word for it."""

    def __init__(self, sentence: str, error: str = "") -> None:
        self.sentence = sentence
        self.error = error
        super().__init__(sentence)


@dataclass(frozen=True)
class Channel:
    """A channel that the bot can see."""

    card: ChannelCard
    is_member: bool
    is_archived: bool


@dataclass(frozen=True)
class Directory:
    """Who and what is in the workspace at this moment."""

    channels: tuple[Channel, ...]
    people: tuple[PersonCard, ...]
    usergroups: frozenset[str] | None
    """Handles in lower case; None where the workspace shows no user groups."""


def examine_tokens(settings: Settings) -> Generator[Finding, None, Connection | None]:
    """Findings about tokens, scopes and the clock; returns a connection when the bot token works."""
    try:
        access = settings.require_slack()
    except SettingsError as error:
        for problem in error.problems:
            what, _, fix = problem.partition(": ")
            yield Finding.to_mend(what, fix)
        return None
    client = _client(settings, access.bot_token)
    try:
        answer = _ask(client, "auth.test")
    except Refused as refusal:
        yield Finding.to_mend("The bot token does not work", refusal.sentence)
        return None
    connection = Connection(client, str(answer.get("team", "")))
    yield Finding.well(f"The bot token works in the workspace {connection.team}")
    headers = {str(name).lower(): str(value) for name, value in answer.headers.items()}
    yield _scopes(headers)
    yield _traffic(settings, access)
    yield from _skew(headers, real_now())
    return connection


def read_directory(connection: Connection) -> Directory:
    """Every channel, person and user group that the bot can see. Raises `Refused`."""
    client = connection.client
    kinds = {"types": "public_channel,private_channel"}
    channels = _pages(client, "conversations.list", "channels", kinds)
    members = _pages(client, "users.list", "members", {})
    return Directory(
        channels=tuple(_channel(channel) for channel in channels),
        people=tuple(_people(members)),
        usergroups=_usergroups(client),
    )


def _usergroups(client: WebClient) -> frozenset[str] | None:
    try:
        answer = _ask(client, "usergroups.list")
    except Refused as refusal:
        if refusal.error not in NO_USERGROUPS:
            raise
        return None
    return frozenset(str(group.get("handle", "")).lower() for group in _items(answer, "usergroups"))


def _client(settings: Settings, token: str) -> WebClient:
    waiting: list[RetryHandler] = [
        RateLimitErrorRetryHandler(max_retry_count=2)
    ]  # only reads happen here, so repeating is safe
    return WebClient(token, base_url=settings.slack_api_url, timeout=_TIMEOUT, retry_handlers=waiting)


def _ask(client: WebClient, method: str, arguments: Mapping[str, str] | None = None) -> SlackResponse:
    try:
        return client.api_call(method, params=dict(arguments or {}))
    except SlackApiError as error:
        raise Refused(_advice(method, error), str(error.response.get("error"))) from None
    except (OSError, HTTPException, SlackClientError) as error:
        where = f"{client.base_url} ({_reason(error)})"
        raise Refused(f"Slack does not answer at {where}; check the network and SLACK_API_URL.") from None


def _reason(error: Exception) -> str:
    cause = error.reason if isinstance(error, URLError) else error
    return cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)


def _advice(method: str, error: SlackApiError) -> str:
    code = str(error.response.get("error", "unknown"))
    if code == "missing_scope":
        return f"the scope {error.response.get('needed')} is missing; {_REINSTALL}"
    if code in ("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"):
        return (
            f"Slack says {code}; copy the token again from your app's pages at api.slack.com/apps into .env."
        )
    return f"Slack answered {method} with {code}; try again, and look this code up in Slack's reference."


def _scopes(headers: Mapping[str, str]) -> Finding:
    granted = headers.get("x-oauth-scopes")
    if granted is None:
        return Finding.to_mend(
            "Slack did not say which scopes are granted",
            "check SLACK_API_URL: a proxy may drop x-oauth-scopes.",
        )
    missing = sorted(SCOPES.keys() - {scope.strip() for scope in granted.split(",")})
    if missing:
        return Finding.to_mend(f"Scopes are missing ({', '.join(missing)})", _REINSTALL)
    return Finding.well(f"All {len(SCOPES)} scopes are granted")


def _traffic(settings: Settings, access: SlackAccess) -> Finding:
    if access.app_token is None:
        return Finding.well(f"Slack's traffic is expected over signed HTTP at {EVENTS_PATH}")
    try:
        _ask(_client(settings, access.app_token), "apps.connections.open")
    except Refused as refusal:
        return Finding.to_mend(f"The app token does not work (it needs {APP_TOKEN_SCOPE})", refusal.sentence)
    return Finding.well("The app token works, Socket Mode is on")


def _skew(headers: Mapping[str, str], now: datetime) -> Iterator[Finding]:
    try:
        skew = now - parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError, TypeError):
        return
    if abs(skew) <= SKEW_LIMIT:
        yield Finding.well("The clock agrees with Slack's")
        return
    direction = "ahead of" if skew > timedelta(0) else "behind"
    yield Finding.to_mend(
        f"The clock is {abs(skew).total_seconds():.0f} s {direction} Slack's",
        "turn on time synchronisation (NTP).",
    )


def _pages(
    client: WebClient, method: str, key: str, arguments: Mapping[str, str]
) -> Iterator[Mapping[str, object]]:
    cursor = ""
    while True:
        onward = {"cursor": cursor} if cursor else {}
        answer = _ask(client, method, {**arguments, "limit": str(_PAGE), **onward})
        yield from _items(answer, key)
        metadata = answer.get("response_metadata")
        cursor = str(metadata.get("next_cursor") or "") if isinstance(metadata, dict) else ""
        if not cursor:
            return


def _items(answer: SlackResponse, key: str) -> list[Mapping[str, object]]:
    found = answer.get(key)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _channel(channel: Mapping[str, object]) -> Channel:
    return Channel(
        card=ChannelCard(id=str(channel.get("id")), name=str(channel.get("name"))),
        is_member=channel.get("is_member") is True,
        is_archived=channel.get("is_archived") is True,
    )


def _people(members: Iterable[Mapping[str, object]]) -> Iterator[PersonCard]:
    """Those who may be named: neither apps nor people who have left, as in the bot's own directory."""
    now = real_now()
    for values in (shapes.person(member, home="", now=now) for member in shapes.with_id(members)):
        if not values["is_app"] and not values["is_deactivated"]:
            yield PersonCard(values["id"], values["handle"], values["name"], values["email"])
