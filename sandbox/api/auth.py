"""auth.*, apps.*, team.*, bots.*, emoji.*"""

from __future__ import annotations

from sandbox import shapes
from sandbox.api.call import ApiError, Call, method
from sandbox.jsontypes import JsonObject


@method("auth.test")
def auth_test(call: Call) -> JsonObject:
    team, app = call.workspace.team, call.sandbox.app
    if not call.by_bot:
        return {"app_name": app.manifest.name, "app_id": app.app_id}
    return {
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": call.workspace.users[app.bot_user].handle,
        "team_id": team.id,
        "user_id": app.bot_user,
        "bot_id": app.bot_id,
        "is_enterprise_install": False,
    }


@method("apps.connections.open")
def connections_open(call: Call) -> JsonObject:
    if not call.sandbox.app.manifest.socket_mode_enabled:
        call.sandbox.violate("socket_mode_disabled", call.method, "the manifest does not enable Socket Mode")
        raise ApiError("forbidden_team")
    ticket = call.sandbox.sockets.new_ticket()
    return {"url": f"{call.sandbox.socket_url}?ticket={ticket}&app_id={call.sandbox.app.app_id}"}


@method("team.info")
def team_info(call: Call) -> JsonObject:
    wanted = call.text("team")
    if wanted and wanted != call.workspace.team.id:
        raise ApiError("team_not_found")
    return {"team": shapes.team(call.workspace.team)}


@method("bots.info")
def bots_info(call: Call) -> JsonObject:
    wanted = call.text("bot") or call.sandbox.app.bot_id
    for user in call.workspace.users.values():
        if user.is_bot and user.bot_id == wanted:
            profile = shapes.bot_profile(user) | {"user_id": user.id}
            return {"bot": {key: value for key, value in profile.items() if key != "team_id"}}
    raise ApiError("bot_not_found")


@method("emoji.list")
def emoji_list(call: Call) -> JsonObject:
    names = sorted(call.workspace.custom_emoji)
    emoji = {name: f"https://emoji.slack-edge.com/{call.workspace.team.id}/{name}/0.png" for name in names}
    return {"emoji": emoji, "cache_ts": call.workspace.event_ts()}
