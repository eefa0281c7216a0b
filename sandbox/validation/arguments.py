"""The Web API methods a service desk uses: their arguments, scopes and rate limits.

Facts from Slack's method reference, https://docs.slack.dev/reference/methods/, as of 2026-08-20.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from sandbox.validation.problems import Problem, problem, step

Kind = Literal["str", "int", "bool", "json", "list"]
Tier = Literal["t1", "t2", "t3", "t4", "t5"]
TokenKind = Literal["bot", "app"]
ChannelKind = Literal["public", "private", "mpim", "im"]

CALLS_PER_MINUTE: Final[Mapping[Tier, int | None]] = {"t1": 1, "t2": 20, "t3": 50, "t4": 100, "t5": None}
"""What Slack grants at least, per method and workspace; methods of tier `t5` have limits of their own."""

SCOPE_FAMILY: Final[Mapping[ChannelKind, str]] = {
    "public": "channels",
    "private": "groups",
    "mpim": "mpim",
    "im": "im",
}
"""The first word of the scopes that open each kind of conversation."""

_UNDERSTOOD: Final = frozenset({"token", "team_id"})
_KINDS: Final[Mapping[str, Kind]] = {kind: kind for kind in get_args(Kind)}


@dataclass(frozen=True, slots=True)
class Method:
    """What Slack's reference says of one method.

    `accepts` maps every argument, required or not, to its kind; `token` and `team_id` need not be listed. Of
    the arguments in `one_of` at least one is needed. `scopes` are alternatives, see `scopes_for`. `missing`
    holds the error for an absent argument where Slack has a better one than `invalid_arguments`.
    """

    name: str
    tier: Tier
    accepts: Mapping[str, Kind]
    required: tuple[str, ...]
    one_of: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    token: TokenKind = "bot"  # noqa: S105 - a kind of token, not a secret
    missing: Mapping[str, str] = field(default_factory=dict)


def _method(
    name: str,
    tier: Tier,
    arguments: str = "",
    *,
    one_of: str = "",
    scopes: str = "",
    token: TokenKind = "bot",  # noqa: S107 - a kind of token, not a secret
    missing: Mapping[str, str] | None = None,
) -> Method:
    """Read a line of the table: `ts!` is a required string, `limit:int` an optional integer."""
    accepts: dict[str, Kind] = {}
    required = []
    for word in arguments.split():
        argument, _, kind = word.rstrip("!").partition(":")
        accepts[argument] = _KINDS[kind or "str"]
        if word.endswith("!"):
            required.append(argument)
    return Method(
        name,
        tier,
        accepts,
        tuple(required),
        tuple(one_of.split()),
        tuple(scopes.split()),
        token,
        missing or {},
    )


_READ: Final = "channels:read groups:read mpim:read im:read"
_HISTORY: Final = "channels:history groups:history mpim:history im:history"
_MANAGE: Final = "channels:manage groups:write mpim:write im:write"
_TOPIC: Final = f"channels:write.topic groups:write.topic mpim:write.topic im:write.topic {_MANAGE}"
_CONTENT: Final = (
    "text blocks:json attachments:json metadata:json markdown_text parse link_names:bool as_user:bool"
)
_AUTHOR: Final = "username icon_emoji icon_url"
_UNFURL: Final = "unfurl_links:bool unfurl_media:bool"
_THREAD: Final = "thread_ts reply_broadcast:bool"
_PAGE: Final = "cursor limit:int"
_WINDOW: Final = "latest oldest inclusive:bool include_all_metadata:bool"
_OPENS: Final = "trigger_id interactivity_pointer view:json!"
_REACTED: Final = "channel timestamp file file_comment"
_GROUP: Final = "channels:list additional_channels:list include_count:bool enable_section:bool"
_NO_ITEM: Final = {"timestamp": "no_item_specified", "channel": "no_item_specified"}

_TABLE: Final = (
    _method("auth.test", "t5"),
    _method("apps.connections.open", "t3", scopes="connections:write", token="app"),  # noqa: S106 - a kind
    _method("team.info", "t3", "team domain", scopes="team:read"),
    _method("bots.info", "t3", "bot", scopes="users:read"),
    _method("emoji.list", "t2", "include_categories:bool", scopes="emoji:read"),
    # chat
    _method(
        "chat.postMessage",
        "t5",
        f"channel! {_CONTENT} {_AUTHOR} {_UNFURL} {_THREAD} mrkdwn:bool current_draft_last_updated_ts",
        scopes="chat:write",
    ),
    _method(
        "chat.update",
        "t3",
        f"channel! ts! {_CONTENT} unfurled_attachments:json reply_broadcast:bool file_ids:json",
        scopes="chat:write",
    ),
    _method("chat.delete", "t3", "channel! ts! as_user:bool", scopes="chat:write"),
    _method(
        "chat.postEphemeral", "t4", f"channel! user! {_CONTENT} {_AUTHOR} thread_ts", scopes="chat:write"
    ),
    _method("chat.getPermalink", "t5", "channel! message_ts!"),
    _method("chat.meMessage", "t3", "channel! text!", scopes="chat:write", missing={"text": "no_text"}),
    _method(
        "chat.deleteScheduledMessage",
        "t3",
        "channel! scheduled_message_id! as_user:bool",
        scopes="chat:write",
    ),
    _method("chat.scheduledMessages.list", "t3", f"channel latest oldest {_PAGE}"),
    _method(
        "chat.scheduleMessage",
        "t3",
        f"channel! post_at:int! {_CONTENT} {_UNFURL} {_THREAD}",
        scopes="chat:write",
    ),
    _method(
        "chat.unfurl",
        "t3",
        "channel ts unfurls:json! unfurl_id source user_auth_message user_auth_required:bool user_auth_url "
        "user_auth_blocks:json metadata:json",
        one_of="channel unfurl_id",
        scopes="links:write",
        missing={"unfurls": "missing_unfurls", "channel": "missing_channel"},
    ),
    # conversations
    _method(
        "conversations.info", "t3", "channel! include_locale:bool include_num_members:bool", scopes=_READ
    ),
    _method("conversations.list", "t2", f"types exclude_archived:bool {_PAGE}", scopes=_READ),
    _method("conversations.members", "t4", f"channel! {_PAGE}", scopes=_READ),
    _method("conversations.history", "t3", f"channel! {_WINDOW} {_PAGE}", scopes=_HISTORY),
    _method("conversations.replies", "t3", f"channel! ts! {_WINDOW} {_PAGE}", scopes=_HISTORY),
    _method("conversations.join", "t3", "channel!", scopes="channels:join"),
    _method(
        "conversations.open",
        "t3",
        "channel users return_im:bool prevent_creation:bool",
        one_of="users channel",
        scopes=_MANAGE,
        missing={"users": "users_list_not_supplied"},
    ),
    _method(
        "conversations.create",
        "t2",
        "name! is_private:bool",
        scopes=_MANAGE,
        missing={"name": "invalid_name_required"},
    ),
    _method(
        "conversations.invite",
        "t3",
        "channel! users! force:bool",
        scopes=f"channels:write.invites groups:write.invites {_MANAGE}",
        missing={"users": "no_user"},
    ),
    _method("conversations.archive", "t2", "channel!", scopes=_MANAGE),
    _method("conversations.setTopic", "t2", "channel! topic!", scopes=_TOPIC),
    _method("conversations.unarchive", "t2", "channel!", scopes=_MANAGE),
    _method("conversations.setPurpose", "t2", "channel! purpose!", scopes=_TOPIC),
    _method(
        "conversations.rename",
        "t2",
        "channel! name!",
        scopes=_MANAGE,
        missing={"name": "invalid_name_required"},
    ),
    _method("conversations.kick", "t3", "channel! user", scopes="channels:manage groups:write"),
    _method("conversations.leave", "t3", "channel!", scopes=_MANAGE),
    _method("conversations.close", "t2", "channel!", scopes=_MANAGE),
    _method("conversations.mark", "t3", "channel! ts!", scopes=_MANAGE),
    # users and user groups
    _method("users.info", "t4", "user! include_locale:bool", scopes="users:read"),
    _method("users.list", "t2", f"include_locale:bool {_PAGE}", scopes="users:read"),
    _method("users.lookupByEmail", "t3", "email!", scopes="users:read.email"),
    _method(
        "users.conversations",
        "t3",
        f"user types exclude_archived:bool exclude_muted:bool {_PAGE}",
        scopes=_READ,
    ),
    _method(
        "usergroups.list",
        "t2",
        "include_count:bool include_disabled:bool include_users:bool",
        scopes="usergroups:read",
    ),
    _method("usergroups.users.list", "t2", "usergroup! include_disabled:bool", scopes="usergroups:read"),
    _method(
        "usergroups.create",
        "t2",
        f"name! handle description {_GROUP}",
        scopes="usergroups:write",
        missing={"name": "missing_subteam_name"},
    ),
    _method(
        "usergroups.update", "t2", f"usergroup! name handle description {_GROUP}", scopes="usergroups:write"
    ),
    _method("usergroups.enable", "t2", "usergroup! include_count:bool", scopes="usergroups:write"),
    _method("usergroups.disable", "t2", "usergroup! include_count:bool", scopes="usergroups:write"),
    _method(
        "usergroups.users.update",
        "t2",
        "usergroup! users:list! include_count:bool additional_channels:list is_shared:bool",
        scopes="usergroups:write",
        missing={"users": "no_users_provided"},
    ),
    _method("users.getPresence", "t3", "user", scopes="users:read"),
    _method("users.profile.get", "t4", "user include_labels:bool", scopes="users.profile:read"),
    # reactions, pins, bookmarks
    _method("reactions.add", "t3", "name! channel! timestamp!", scopes="reactions:write", missing=_NO_ITEM),
    _method(
        "reactions.remove",
        "t2",
        f"name! {_REACTED}",
        one_of="timestamp file file_comment",
        scopes="reactions:write",
        missing=_NO_ITEM,
    ),
    _method(
        "reactions.get",
        "t3",
        f"{_REACTED} full:bool",
        one_of="timestamp file file_comment",
        scopes="reactions:read",
        missing=_NO_ITEM,
    ),
    _method("pins.add", "t2", "channel! timestamp!", scopes="pins:write", missing=_NO_ITEM),
    _method("pins.list", "t2", "channel!", scopes="pins:read"),
    _method(
        "pins.remove",
        "t2",
        "channel! timestamp",
        one_of="timestamp",
        scopes="pins:write",
        missing=_NO_ITEM,
    ),
    _method("reactions.list", "t2", f"user full:bool count:int page:int {_PAGE}", scopes="reactions:read"),
    _method("bookmarks.list", "t3", "channel_id", scopes="bookmarks:read"),
    _method("bookmarks.edit", "t2", "channel_id bookmark_id title link emoji", scopes="bookmarks:write"),
    _method("bookmarks.remove", "t2", "channel_id bookmark_id quip_section_id", scopes="bookmarks:write"),
    _method(
        "bookmarks.add",
        "t2",
        "channel_id! title! type! link emoji entity_id access_level parent_id",
        scopes="bookmarks:write",
    ),
    # views
    _method("views.open", "t4", _OPENS, one_of="trigger_id interactivity_pointer"),
    _method("views.push", "t4", _OPENS, one_of="trigger_id interactivity_pointer"),
    _method("views.update", "t4", "view:json! view_id external_id hash", one_of="view_id external_id"),
    _method("views.publish", "t4", "user_id! view:json! hash interactivity_pointer"),
    # files
    _method(
        "files.getUploadURLExternal",
        "t4",
        "filename! length:int! alt_txt snippet_type",
        scopes="files:write",
        missing={"filename": "missing_argument", "length": "missing_argument"},
    ),
    _method(
        "files.completeUploadExternal",
        "t4",
        f"files:json! channel_id channels thread_ts initial_comment blocks:json {_AUTHOR}",
        scopes="files:write",
    ),
    _method("files.info", "t4", f"file! count:int page:int {_PAGE}", scopes="files:read"),
)

METHODS: Final[Mapping[str, Method]] = {method.name: method for method in _TABLE}

FORMS_ONLY: Final = frozenset(
    {
        "bots.info", "chat.getPermalink", "conversations.info", "conversations.list", "conversations.members",
        "conversations.replies", "emoji.list", "files.getUploadURLExternal", "files.info", "pins.list",
        "reactions.get", "reactions.list", "usergroups.list", "usergroups.users.list", "users.conversations",
        "users.getPresence", "users.info", "users.list", "users.lookupByEmail", "users.profile.get",
    }
)  # fmt: skip
"""Methods that read no JSON body: https://docs.slack.dev/apis/web-api/#post_bodies"""


def scopes_for(method: str, kind: ChannelKind | None = None) -> tuple[str, ...]:
    """Return the scopes of which a token needs one; none are returned if none is needed.

    For methods that work on conversations, `kind` leaves only the scopes that open that kind.
    """
    scopes = METHODS[method].scopes
    families = set(SCOPE_FAMILY.values())
    if kind is None or not any(scope.partition(":")[0] in families for scope in scopes):
        return scopes
    return tuple(scope for scope in scopes if scope.partition(":")[0] == SCOPE_FAMILY[kind])


def validate_arguments(method: str, args: Mapping[str, object]) -> list[Problem]:
    """List absent, unknown and ill-typed arguments; an argument that is null counts as absent.

    Form-encoded values are understood: `"true"` and `"1"` are booleans, `"20"` is an integer, text can be
    JSON. Codes: `unknown_method`, `invalid_arguments` or the method's own; the warning `unknown_argument`.
    """
    known = METHODS.get(method)
    if known is None:
        return [problem("", f"the sandbox knows no method {method}", "unknown_method")]
    given = {name: value for name, value in args.items() if value is not None}
    return [*_absent(known, given), *_given(known, given)]


def _absent(method: Method, args: Mapping[str, object]) -> Iterator[Problem]:
    for name in method.required:
        if name not in args:
            yield _missing(method, name, f"missing required field: {name}")
    if method.one_of and not any(name in args for name in method.one_of):
        sentence = f"must provide at least one of: {', '.join(method.one_of)}"
        yield _missing(method, method.one_of[0], sentence)


def _missing(method: Method, name: str, sentence: str) -> Problem:
    return problem(step("", name), sentence, method.missing.get(name, "invalid_arguments"))


def _given(method: Method, args: Mapping[str, object]) -> Iterator[Problem]:
    for name, value in args.items():
        if name in _UNDERSTOOD:
            continue
        if name not in method.accepts:
            yield problem(step("", name), f"{method.name} takes no argument {name}", "unknown_argument")
        elif not _is_a(method.accepts[name], value):
            yield problem(step("", name), _WANTED[method.accepts[name]], "invalid_arguments")


_WANTED: Final[Mapping[Kind, str]] = {
    "str": "must provide a string",
    "int": "must provide an integer",
    "bool": "must provide a boolean",
    "json": "must provide JSON",
    "list": "must provide an array of strings or a comma-separated string",
}


def _is_a(kind: Kind, value: object) -> bool:
    if kind == "str":
        return isinstance(value, str)
    if kind == "list":
        return isinstance(value, str) or (isinstance(value, list) and all(isinstance(v, str) for v in value))
    if kind == "json":
        # What the JSON says is judged by the validator of blocks, views or messages.
        return isinstance(value, str | list | Mapping)
    if kind == "bool":
        return isinstance(value, bool) or value in (0, 1, "0", "1", "true", "false")
    return _is_integer(value)


def _is_integer(value: object) -> bool:
    if isinstance(value, str):
        return re.fullmatch(r"-?[0-9]+", value) is not None
    return isinstance(value, int) and not isinstance(value, bool)
