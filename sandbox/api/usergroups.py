"""usergroups.*: groups of people. Slack has them on paid plans only."""

from __future__ import annotations

from sandbox import shapes
from sandbox.api.call import ApiError, Call, argument, method
from sandbox.entities import Usergroup
from sandbox.jsontypes import JsonObject, texts
from sandbox.seed import UsergroupSeed


def _require_plan(call: Call) -> None:
    if call.workspace.team.plan == "free":
        raise ApiError("plan_upgrade_required")


def _group(call: Call) -> Usergroup:
    """The named group. Raises plan_upgrade_required or no_such_subteam."""
    _require_plan(call)
    group = call.workspace.usergroups.get(argument(call, "usergroup"))
    if group is None:
        raise ApiError("no_such_subteam")
    return group


def _shown(call: Call, group: Usergroup) -> JsonObject:
    counted = call.flag("include_count")
    return {"usergroup": shapes.usergroup(group, call.workspace, users=True, count=counted)}


def _check_free(call: Call, name: str, handle: str, own: Usergroup | None = None) -> None:
    for group in call.workspace.usergroups.values():
        if group is not own and name and group.name == name:
            raise ApiError("name_already_exists")
        if group is not own and handle and group.handle == handle:
            raise ApiError("handle_already_exists")


@method("usergroups.list")
def list_usergroups(call: Call) -> JsonObject:
    _require_plan(call)
    with_disabled, users = call.flag("include_disabled"), call.flag("include_users")
    counted = users or call.flag("include_count")
    shown = [
        shapes.usergroup(group, call.workspace, users=users, count=counted)
        for group in call.workspace.usergroups.values()
        if with_disabled or not group.deleted
    ]
    return {"usergroups": shown}


@method("usergroups.users.list")
def list_members(call: Call) -> JsonObject:
    group = _group(call)
    if group.deleted and not call.flag("include_disabled"):
        raise ApiError("no_such_subteam")
    return {"users": list(group.users)}


@method("usergroups.create")
def create(call: Call) -> JsonObject:
    _require_plan(call)
    name = argument(call, "name")
    handle = call.text("handle") or name.lower().replace(" ", "-")
    _check_free(call, name, handle)
    return _shown(call, call.workspace.add_usergroup(UsergroupSeed(handle, name)))


@method("usergroups.update")
def update(call: Call) -> JsonObject:
    group = _group(call)
    _check_free(call, call.text("name"), call.text("handle"), own=group)
    changed = {key: call.text(key) for key in ("name", "handle") if call.text(key)}
    call.workspace.change_usergroup(group, **changed)
    return _shown(call, group)


@method("usergroups.enable")
def enable(call: Call) -> JsonObject:
    group = _group(call)
    call.workspace.change_usergroup(group, deleted=False)
    return _shown(call, group)


@method("usergroups.disable")
def disable(call: Call) -> JsonObject:
    group = _group(call)
    call.workspace.change_usergroup(group, deleted=True)
    return _shown(call, group)


@method("usergroups.users.update")
def set_members(call: Call) -> JsonObject:
    group = _group(call)
    people = list(dict.fromkeys(texts(call.args.get("users"))))
    if not people:
        raise ApiError("no_users_provided")
    known = call.workspace.users
    if any(person not in known or known[person].deleted for person in people):
        raise ApiError("invalid_users")
    call.workspace.set_usergroup_members(group, people)
    return _shown(call, group)
