"""users.*"""

from __future__ import annotations

from sandbox import shapes
from sandbox.api.call import ApiError, Call, argument, method
from sandbox.api.conversations import listed, wanted_kinds
from sandbox.api.paging import paginate
from sandbox.entities import User
from sandbox.jsontypes import JsonObject, as_object


def _shape(call: Call, user: User) -> JsonObject:
    return shapes.user(user, with_email=call.sandbox.app.has_scope("users:read.email"))


@method("users.info")
def info(call: Call) -> JsonObject:
    user = call.workspace.users.get(argument(call, "user"))
    if user is None:
        raise ApiError("user_not_found")
    return {"user": _shape(call, user)}


@method("users.list")
def list_users(call: Call) -> JsonObject:
    own = [user for user in call.workspace.users.values() if not user.is_stranger]
    page, cursor = paginate(call, own, [user.id for user in own], default=200, maximum=1000)
    return {
        "members": [_shape(call, user) for user in page],
        "cache_ts": int(call.workspace.clock.now()),
        "response_metadata": {"next_cursor": cursor},
    }


@method("users.lookupByEmail")
def lookup_by_email(call: Call) -> JsonObject:
    wanted = argument(call, "email").lower()
    for user in call.workspace.users.values():
        if user.email.lower() == wanted and not user.deleted and not user.is_stranger:
            return {"user": _shape(call, user)}
    raise ApiError("users_not_found")


@method("users.conversations")
def conversations(call: Call) -> JsonObject:
    kinds = wanted_kinds(call)
    person = call.text("user") or call.bot_user
    if person not in call.workspace.users:
        raise ApiError("user_not_found")
    shared = [
        channel
        for channel in call.workspace.channels.values()
        if channel.kind in kinds
        and person in channel.members
        and (not channel.is_private or call.bot_user in channel.members)
    ]
    return listed(call, shared, num_members=False)


@method("users.getPresence")
def presence(call: Call) -> JsonObject:
    user = call.workspace.users.get(call.text("user") or call.bot_user)
    if user is None:
        raise ApiError("user_not_found")
    return {"presence": "away" if user.deleted else "active"}


@method("users.profile.get")
def profile(call: Call) -> JsonObject:
    user = call.workspace.users.get(call.text("user") or call.bot_user)
    if user is None:
        raise ApiError("user_not_found")
    shown = as_object(_shape(call, user)["profile"])
    return {"profile": {key: value for key, value in shown.items() if key != "team"}}
