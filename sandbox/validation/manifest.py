"""App manifests: what an app declares, read and crossed with what its declarations need.

Limits: https://docs.slack.dev/reference/app-manifest/ and Slack's manifest schema, version 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from sandbox.validation.event_scopes import BOT_SCOPES, EVENT_SCOPES
from sandbox.validation.problems import Problem, problem, recode, step
from sandbox.validation.schema import Anything, Choice, Flag, Items, Record, Shape, Text, Whole

__all__ = [
    "BOT_SCOPES",
    "EVENT_SCOPES",
    "INVALID_MANIFEST",
    "Command",
    "InvalidManifestError",
    "Manifest",
    "Shortcut",
    "load_manifest",
    "validate_manifest",
]

INVALID_MANIFEST: Final = "invalid_manifest"

_SCOPE_NEEDS: Final = (
    ("users:read.email", "users:read"),
    ("chat:write.public", "chat:write"),
    ("chat:write.customize", "chat:write"),
)

# --- shape ---

_ADDRESS = Text(1, 3500, r"https?://.+", "must be a web address")
_SCOPES = Items(Text(1, 50), 0, 255, unique=True)
_EVENTS = Items(Text(1, 50), 0, 100, unique=True)
_NOTHING = Anything()


def _record(*required: str, **fields: Shape) -> Record:
    return Record(fields, required)


_COMMAND = _record(
    "command",
    "description",
    command=Text(2, 32, r"/[^\s/A-Z]+", "must be a slash and one word in lower case"),
    url=Text(1, 3000, r"https?://.+", "must be a web address"),
    description=Text(1, 2000),
    usage_hint=Text(1, 1000),
    should_escape=Flag(),
)
_SHORTCUT = _record(
    "name",
    "type",
    "callback_id",
    "description",
    name=Text(1, 24),
    type=Choice(("message", "global")),
    callback_id=Text(1, 255),
    description=Text(1, 150),
)
_FEATURES = _record(
    app_home=_record(
        home_tab_enabled=Flag(), messages_tab_enabled=Flag(), messages_tab_read_only_enabled=Flag()
    ),
    bot_user=_record("display_name", display_name=Text(1, 80), always_online=Flag()),
    shortcuts=Items(_SHORTCUT, 1, 10),
    slash_commands=Items(_COMMAND, 1, 50),
    unfurl_domains=Items(
        Text(1, 255, r"(?![.\-])[-a-z0-9.]+[a-z0-9]", "must be a domain"), 1, 5, unique=True
    ),
    **dict.fromkeys(("functions", "workflow_steps", "assistant_view", "agent_view"), _NOTHING),
)
_SETTINGS = _record(
    event_subscriptions=_record(
        request_url=_ADDRESS,
        bot_events=_EVENTS,
        user_events=_EVENTS,
        metadata_subscriptions=Items(
            _record("app_id", "event_type", app_id=Text(), event_type=Text(0, 50)), 1, 20
        ),
    ),
    interactivity=_record(
        "is_enabled", is_enabled=Flag(), request_url=_ADDRESS, message_menu_options_url=_ADDRESS
    ),
    org_deploy_enabled=Flag(),
    socket_mode_enabled=Flag(),
    token_rotation_enabled=Flag(),
    is_hosted=Flag(),
    is_mcp_enabled=Flag(),
    **dict.fromkeys(
        (
            "allowed_ip_address_ranges",
            "incoming_webhooks",
            "siws_links",
            "hermes_app_type",
            "function_runtime",
        ),
        _NOTHING,
    ),
)
_MANIFEST: Final = Record(
    {
        "_metadata": _record(
            schema_version=Whole(), min_version=Whole(), major_version=Whole(), minor_version=Whole()
        ),
        "display_information": _record(
            "name",
            name=Text(1, 35),
            description=Text(1, 140),
            long_description=Text(175, 4000),
            background_color=Text(4, 7, r"#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?", "must be a hex color"),
        ),
        "features": _FEATURES,
        "oauth_config": _record(
            redirect_urls=Items(Text(0, 2500), 0, 1000, unique=True),
            scopes=_record(bot=_SCOPES, user=_SCOPES, bot_optional=_SCOPES, user_optional=_SCOPES),
            token_management_enabled=Flag(),
            pkce_enabled=Flag(),
        ),
        "settings": _SETTINGS,
        **dict.fromkeys(
            (
                "$schema",
                "app_directory",
                "functions",
                "workflows",
                "datastores",
                "outgoing_domains",
                "types",
                "external_auth_providers",
                "mcp_servers",
            ),
            _NOTHING,
        ),
    },
    ("display_information",),
)

# --- reading ---


@dataclass(frozen=True, slots=True)
class Command:
    """A declared slash command; `command` begins with its slash."""

    command: str
    description: str
    url: str | None
    usage_hint: str | None
    should_escape: bool


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A declared shortcut: `message` ones stand in a message's menu, `global` ones everywhere."""

    name: str
    type: Literal["message", "global"]
    callback_id: str
    description: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an app declares about itself, as far as a workspace acts on it."""

    name: str
    display_name: str | None
    commands: tuple[Command, ...]
    shortcuts: tuple[Shortcut, ...]
    bot_events: frozenset[str]
    bot_scopes: frozenset[str]
    optional_bot_scopes: frozenset[str]
    unfurl_domains: tuple[str, ...]
    socket_mode_enabled: bool
    interactivity_enabled: bool
    home_tab_enabled: bool
    messages_tab_enabled: bool
    messages_tab_read_only: bool
    events_request_url: str | None
    interactivity_request_url: str | None
    options_load_url: str | None

    def command(self, name: str) -> Command | None:
        """Return the declared command of that name (with its slash), or None."""
        return next((command for command in self.commands if command.command == name), None)

    def shortcut(self, callback_id: str) -> Shortcut | None:
        """Return the declared shortcut with that callback id, or None."""
        return next((shortcut for shortcut in self.shortcuts if shortcut.callback_id == callback_id), None)


class InvalidManifestError(Exception):
    """The manifest is malformed; correct the places it names and load it again."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        listed = "; ".join(problem.message for problem in problems)
        super().__init__(f"The manifest is malformed; correct these places and load it again: {listed}")


class _Reader:
    """Reads a manifest whose shape is known to be right: what is absent is empty, false or None."""

    def __init__(self, value: Mapping[str, object]) -> None:
        self._value = value

    def inside(self, *names: str) -> _Reader:
        reader = self
        for name in names:
            found = reader._value.get(name)
            reader = _Reader(found if isinstance(found, Mapping) else {})
        return reader

    def text(self, name: str) -> str | None:
        found = self._value.get(name)
        return found if isinstance(found, str) else None

    def flag(self, name: str) -> bool:
        found = self._value.get(name)
        return found is True

    def texts(self, name: str) -> tuple[str, ...]:
        found = self._value.get(name)
        return tuple(item for item in found if isinstance(item, str)) if isinstance(found, list) else ()

    def records(self, name: str) -> tuple[_Reader, ...]:
        found = self._value.get(name)
        items = found if isinstance(found, list) else []
        return tuple(_Reader(item) for item in items if isinstance(item, Mapping))


def load_manifest(manifest: Mapping[str, object]) -> Manifest:
    """Read a manifest.

    Raises InvalidManifestError if its shape is wrong. Declarations that contradict each other are no
    hindrance: see `validate_manifest`.
    """
    malformed = recode(_MANIFEST.check(manifest, ""), INVALID_MANIFEST)
    if malformed:
        raise InvalidManifestError(malformed)
    return _read(_Reader(manifest))


def _read(top: _Reader) -> Manifest:
    features, settings = top.inside("features"), top.inside("settings")
    home, events = features.inside("app_home"), settings.inside("event_subscriptions")
    scopes, interactivity = top.inside("oauth_config", "scopes"), settings.inside("interactivity")
    return Manifest(
        name=top.inside("display_information").text("name") or "",
        display_name=features.inside("bot_user").text("display_name"),
        commands=tuple(map(_command, features.records("slash_commands"))),
        shortcuts=tuple(map(_shortcut, features.records("shortcuts"))),
        bot_events=frozenset(events.texts("bot_events")),
        bot_scopes=frozenset(scopes.texts("bot")),
        optional_bot_scopes=frozenset(scopes.texts("bot_optional")),
        unfurl_domains=features.texts("unfurl_domains"),
        socket_mode_enabled=settings.flag("socket_mode_enabled"),
        interactivity_enabled=interactivity.flag("is_enabled"),
        home_tab_enabled=home.flag("home_tab_enabled"),
        messages_tab_enabled=home.flag("messages_tab_enabled"),
        messages_tab_read_only=home.flag("messages_tab_read_only_enabled"),
        events_request_url=events.text("request_url"),
        interactivity_request_url=interactivity.text("request_url"),
        options_load_url=interactivity.text("message_menu_options_url"),
    )


def _command(value: _Reader) -> Command:
    return Command(
        command=value.text("command") or "",
        description=value.text("description") or "",
        url=value.text("url"),
        usage_hint=value.text("usage_hint"),
        should_escape=value.flag("should_escape"),
    )


def _shortcut(value: _Reader) -> Shortcut:
    return Shortcut(
        name=value.text("name") or "",
        type="message" if value.text("type") == "message" else "global",
        callback_id=value.text("callback_id") or "",
        description=value.text("description") or "",
    )


# --- crossing ---


def validate_manifest(manifest: object) -> list[Problem]:
    """List what Slack would refuse in a manifest, and declarations that cannot work together.

    Codes: `invalid_manifest` for its shape; `unknown_event`, `unknown_scope`, `missing_scope`,
    `missing_declaration`, `missing_request_url`, `duplicate_declaration` for the rest, which is looked at
    only if the shape is right.
    """
    malformed = recode(_MANIFEST.check(manifest, ""), INVALID_MANIFEST)
    if malformed or not isinstance(manifest, Mapping):
        return malformed
    declared = load_manifest(manifest)
    return [found for cross in _CROSSINGS for found in cross(declared)]


_EVENTS_AT: Final = "/settings/event_subscriptions/bot_events"
_SCOPES_AT: Final = "/oauth_config/scopes/bot"


def _known_names(manifest: Manifest) -> Iterator[Problem]:
    for event in sorted(manifest.bot_events - EVENT_SCOPES.keys()):
        yield problem(_EVENTS_AT, f"a bot cannot subscribe to the event {event}", "unknown_event")
    for scope in sorted((manifest.bot_scopes | manifest.optional_bot_scopes) - BOT_SCOPES):
        yield problem(_SCOPES_AT, f"there is no bot scope {scope}", "unknown_scope")


def _scopes(manifest: Manifest) -> Iterator[Problem]:
    scopes = manifest.bot_scopes
    for event in sorted(manifest.bot_events):
        needed = EVENT_SCOPES.get(event)
        if needed and not needed & scopes:
            sentence = f"the event {event} needs the scope {' or '.join(sorted(needed))}"
            yield problem(_SCOPES_AT, sentence, "missing_scope")
    for scope, needed_scope in _SCOPE_NEEDS:
        if scope in scopes and needed_scope not in scopes:
            sentence = f"the scope {scope} needs the scope {needed_scope}"
            yield problem(_SCOPES_AT, sentence, "missing_scope")
    if (manifest.commands or manifest.shortcuts) and "commands" not in scopes:
        sentence = "slash commands and shortcuts need the scope commands"
        yield problem(_SCOPES_AT, sentence, "missing_scope")


def _declarations(manifest: Manifest) -> Iterator[Problem]:
    code = "missing_declaration"
    if (manifest.bot_scopes or manifest.bot_events) and manifest.display_name is None:
        yield problem("/features/bot_user", "bot scopes and bot events need a bot user", code)
    if manifest.shortcuts and not manifest.interactivity_enabled:
        yield problem("/settings/interactivity/is_enabled", "shortcuts need interactivity", code)
    if "link_shared" in manifest.bot_events and not manifest.unfurl_domains:
        yield problem("/features/unfurl_domains", "the event link_shared needs unfurl domains", code)


def _request_urls(manifest: Manifest) -> Iterator[Problem]:
    if manifest.socket_mode_enabled:
        return
    code, wanted = "missing_request_url", "needs a request URL, or Socket Mode"
    if manifest.bot_events and manifest.events_request_url is None:
        yield problem("/settings/event_subscriptions/request_url", f"an event {wanted}", code)
    if manifest.interactivity_enabled and manifest.interactivity_request_url is None:
        yield problem("/settings/interactivity/request_url", f"interactivity {wanted}", code)
    for index, command in enumerate(manifest.commands):
        if command.url is None:
            at = step(step("/features/slash_commands", index), "url")
            yield problem(at, f"the command {command.command} {wanted}", code)


def _duplicates(manifest: Manifest) -> Iterator[Problem]:
    named = {
        "/features/slash_commands": [command.command for command in manifest.commands],
        "/features/shortcuts": [shortcut.callback_id for shortcut in manifest.shortcuts],
    }
    for at, names in named.items():
        for index, name in enumerate(names):
            if name in names[:index]:
                yield problem(step(at, index), f"{name} is declared twice", "duplicate_declaration")


_CROSSINGS: Final[tuple[Callable[[Manifest], Iterator[Problem]], ...]] = (
    _known_names,
    _scopes,
    _declarations,
    _request_urls,
    _duplicates,
)
