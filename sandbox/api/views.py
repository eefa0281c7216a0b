"""views.*"""

from __future__ import annotations

from sandbox import clock as clocks
from sandbox import shapes
from sandbox.api.call import ApiError, Call, argument, method
from sandbox.entities import Trigger, View
from sandbox.happenings import ViewsChanged
from sandbox.jsontypes import JsonObject, as_object, as_text
from sandbox.modals import StackFull, replace_content
from sandbox.validation.views import validate_view


def _content(call: Call, kind: str) -> JsonObject:
    """The view argument, checked. Raises invalid_arguments and the like."""
    call.refuse(validate_view(call.args.get("view")))
    content = as_object(call.json("view"))
    if content.get("type") != kind:
        message = f"[ERROR] must be a {kind} view [json-pointer:/view/type]"
        raise ApiError("invalid_arguments", response_metadata={"messages": [message]})
    return content


def _check_external_id(call: Call, content: JsonObject, own: View | None = None) -> None:
    external_id = as_text(content.get("external_id"))
    other = call.workspace.screens.find_external(external_id)
    if other is not None and other is not own:
        raise ApiError("duplicate_external_id")


def _exchange(call: Call) -> Trigger:
    """Uses up the trigger. Raises invalid_, exchanged_ or expired_trigger_id."""
    trigger = call.workspace.triggers.get(argument(call, "trigger_id"))
    if trigger is None:
        raise ApiError("invalid_trigger_id")
    if trigger.used:
        raise ApiError("exchanged_trigger_id")
    if clocks.real() - trigger.born > call.sandbox.settings.trigger_lifetime:
        raise ApiError("expired_trigger_id")
    trigger.used = True
    return trigger


def _answer(call: Call, view: View) -> JsonObject:
    call.workspace.tell(ViewsChanged(view.user))
    return {"view": shapes.view(view, call.sandbox.app, call.workspace.team.id)}


@method("views.open")
def open_view(call: Call) -> JsonObject:
    content = _content(call, "modal")
    _check_external_id(call, content)
    trigger = _exchange(call)
    return _answer(call, call.workspace.screens.open(trigger.user, content))


@method("views.push")
def push(call: Call) -> JsonObject:
    content = _content(call, "modal")
    _check_external_id(call, content)
    trigger = _exchange(call)
    if not call.workspace.screens.stack(trigger.user):
        raise ApiError("not_found")
    try:
        return _answer(call, call.workspace.screens.push(trigger.user, content))
    except StackFull as error:
        raise ApiError("push_limit_reached") from error


@method("views.update")
def update(call: Call) -> JsonObject:
    screens = call.workspace.screens
    view_id, external_id = call.text("view_id"), call.text("external_id")
    view = screens.find(view_id) if view_id else screens.find_external(external_id)
    content = _content(call, view.type if view else "modal")
    if view is None:
        raise ApiError("not_found")
    _check_hash(call, view)
    _check_external_id(call, content, own=view)
    return _answer(call, replace_content(view, content))


@method("views.publish")
def publish(call: Call) -> JsonObject:
    if not call.sandbox.app.manifest.home_tab_enabled:
        raise ApiError("not_enabled")
    content = _content(call, "home")
    user = call.workspace.users.get(argument(call, "user_id"))
    if user is None or user.is_bot:
        raise ApiError("invalid_arguments", response_metadata={"messages": ["[ERROR] user_id is no person"]})
    known = call.workspace.screens.homes.get(user.id)
    if known is not None:
        _check_hash(call, known)
    _check_external_id(call, content, own=known)
    return _answer(call, call.workspace.screens.publish(user.id, content))


def _check_hash(call: Call, view: View) -> None:
    given = call.text("hash")
    if given and given != view.hash:
        raise ApiError("hash_conflict")
