"""What Slack's client makes of what a person types: escaping, mentions, links and rich text."""

from __future__ import annotations

import re

from sandbox.emoji_names import is_known
from sandbox.ids import short_id
from sandbox.jsontypes import JsonObject
from sandbox.workspace import Workspace

_BROADCASTS = {"here", "channel", "everyone"}
# What Slack's client draws at once when somebody types it; code is taken as it stands.
_STYLES = {"code": "`", "bold": "*", "italic": "_", "strike": "~"}
_STYLED = "|".join(
    rf"(?<![\w{mark}])[{mark}](?P<{style}>[^\s{mark}](?:[^{mark}\n]*[^\s{mark}])?)[{mark}](?![\w{mark}])"
    for style, mark in _STYLES.items()
)
# A style, an emoji, a mention with an id (as picked from the completion list), a handle, a channel name, or a
# bare link.
_TOKEN = re.compile(
    rf"{_STYLED}|(?<![\w:]):(?P<emoji>[a-z0-9_+'-]+):(?![\w:])|"
    r"<@(?P<uid>[UW][A-Z0-9]+)>|<#(?P<cid>[CDG][A-Z0-9]+)(?:\|[^<>]*)?>|<!subteam\^(?P<sid>S[A-Z0-9]+)(?:\|[^<>]*)?>"
    r"|(?<![\w@])@(?P<handle>[\w.-]*\w)|(?<![\w#&])#(?P<name>[a-z0-9][a-z0-9_-]*)|(?P<url>https?://[^\s<>|]+)"
)


def escape(text: str) -> str:
    """The three characters that Slack escapes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def compose(typed: str, workspace: Workspace) -> tuple[str, list[JsonObject]]:
    """The text and the rich_text block of a message that a person typed.

    Everything is escaped except what the client itself turns into markup: `@handle`, `#channel`, links, and
    mentions by the id of somebody who exists. Styles and emoji stay in the text as they were typed.
    """
    text, elements = _parse(typed, workspace, {})
    section = {"type": "rich_text_section", "elements": elements}
    block: JsonObject = {"type": "rich_text", "block_id": short_id(), "elements": [section]}
    return text, [block] if elements else []


def _parse(typed: str, workspace: Workspace, style: dict[str, bool]) -> tuple[str, list[JsonObject]]:
    pieces: list[str] = []
    elements: list[JsonObject] = []
    position = 0
    for match in _TOKEN.finditer(typed):
        found = _within(match, workspace, style)
        if found is None:
            continue
        _add_text(typed[position : match.start()], pieces, elements, style)
        pieces.append(found[0])
        elements += found[1]
        position = match.end()
    _add_text(typed[position:], pieces, elements, style)
    return "".join(pieces), elements


def _within(
    match: re.Match[str], workspace: Workspace, style: dict[str, bool]
) -> tuple[str, list[JsonObject]] | None:
    """Markup and elements of a token, and of what stands within it."""
    name = match.lastgroup or ""
    if name not in _STYLES:
        found = _markup(match, workspace)
        return found and (found[0], [found[1] | ({"style": style} if style else {})])
    inner, mark = match[name], _STYLES[name]
    styled = style | {name: True}
    if name == "code":
        return f"`{escape(inner)}`", [{"type": "text", "text": inner, "style": styled}]
    text, elements = _parse(inner, workspace, styled)
    return f"{mark}{text}{mark}", elements


def compose_command(typed: str, workspace: Workspace, *, should_escape: bool) -> str:
    """The text of a slash command. With `should_escape` mentions carry id and name, as in `<@U1|ana>`."""
    if not should_escape:
        return typed

    def replace(match: re.Match[str]) -> str:
        style = match.lastgroup or ""
        if style in _STYLES and style != "code":
            return _STYLES[style] + _TOKEN.sub(replace, match[style]) + _STYLES[style]
        found = _markup(match, workspace)
        if found is None:
            return match.group(0)
        user, channel = found[1].get("user_id"), found[1].get("channel_id")
        if isinstance(user, str):
            return f"<@{user}|{workspace.users[user].handle}>"
        if isinstance(channel, str):
            return f"<#{channel}|{workspace.channels[channel].name}>"
        return found[0]

    return _TOKEN.sub(replace, typed)


def _add_text(text: str, pieces: list[str], elements: list[JsonObject], style: dict[str, bool]) -> None:
    if text:
        pieces.append(escape(text))
        elements.append({"type": "text", "text": text} | ({"style": style} if style else {}))


def _markup(match: re.Match[str], workspace: Workspace) -> tuple[str, JsonObject] | None:
    """Markup and rich text element of a mention or link; None where there is nothing of that name."""
    if match["emoji"] and is_known(match["emoji"], workspace.custom_emoji):
        return f":{match['emoji']}:", {"type": "emoji", "name": match["emoji"]}
    uid = match["uid"] or (_user_id(match["handle"], workspace) if match["handle"] else "")
    if uid and uid in workspace.users:
        return f"<@{uid}>", {"type": "user", "user_id": uid}
    if match["handle"] in _BROADCASTS:
        return f"<!{match['handle']}>", {"type": "broadcast", "range": match["handle"]}
    cid = match["cid"] or (_channel_id(match["name"], workspace) if match["name"] else "")
    if cid and cid in workspace.channels:
        return f"<#{cid}|>", {"type": "channel", "channel_id": cid}
    sid = match["sid"] or (_usergroup_id(match["handle"], workspace) if match["handle"] else "")
    if sid and sid in workspace.usergroups:
        return f"<!subteam^{sid}>", {"type": "usergroup", "usergroup_id": sid}
    if match["url"]:
        return f"<{escape(match['url'])}>", {"type": "link", "url": match["url"]}
    return None


def _user_id(handle: str, workspace: Workspace) -> str:
    wanted = handle.lower()
    return next((user.id for user in workspace.users.values() if user.handle.lower() == wanted), "")


def _channel_id(name: str, workspace: Workspace) -> str:
    channel = workspace.channel_named(name)
    return channel.id if channel else ""


def _usergroup_id(handle: str, workspace: Workspace) -> str:
    return next((group.id for group in workspace.usergroups.values() if group.handle == handle), "")
