"""People use the app: commands, shortcuts, buttons, modals, App Home."""

from __future__ import annotations

import dataclasses

from sandbox.control.request import Gesture, act
from sandbox.entities import Message, View
from sandbox.interactions import NotPossible, Result
from sandbox.jsontypes import JsonObject, as_object


def _result(result: Result) -> JsonObject:
    return dataclasses.asdict(result)


@act("command")
async def command(gesture: Gesture) -> JsonObject:
    """`user, channel, command, text?` → the result with the acknowledgement's body."""
    result = await gesture.interactions.command(
        user=gesture.actor().id,
        channel=gesture.visible_channel(),
        name=gesture.needed("command"),
        text=gesture.text("text"),
    )
    return _result(result)


@act("shortcut")
async def shortcut(gesture: Gesture) -> JsonObject:
    """`user, callback_id` and, for a message shortcut, `channel, ts`."""
    user, callback_id = gesture.actor().id, gesture.needed("callback_id")
    if gesture.text("ts"):
        result = await gesture.interactions.message_shortcut(
            user=user, message=gesture.message(), callback_id=callback_id
        )
    else:
        result = await gesture.interactions.global_shortcut(user=user, callback_id=callback_id)
    return _result(result)


@act("click")
async def click(gesture: Gesture) -> JsonObject:
    """`user, element, value?` and `channel, ts` for a message; without them the visible modal or App Home."""
    element, value = gesture.needed("element"), gesture.args.get("value")
    if gesture.text("ts"):
        result = await gesture.interactions.click_message(
            user=gesture.actor().id, message=gesture.seen_message(), reference=element, value=value
        )
    else:
        result = await gesture.interactions.click_view(view=_view(gesture), reference=element, value=value)
    return _result(result)


def _view(gesture: Gesture) -> View:
    """The modal the person sees, else their App Home; `view_id` names another open one."""
    screens, user = gesture.workspace.screens, gesture.actor()
    wanted = gesture.text("view_id")
    view = screens.find(wanted) if wanted else screens.top(user.id) or screens.homes.get(user.id)
    if view is None or view.user != user.id:
        raise NotPossible(f"{user.handle} has no such view open.")
    return view


@act("suggest")
async def suggest(gesture: Gesture) -> JsonObject:
    """`user, element, query` (and `channel, ts`) → `options` of an external select."""
    holder: View | Message = gesture.message() if gesture.text("ts") else _view(gesture)
    options = await gesture.interactions.suggest(
        user=gesture.user().id,
        holder=holder,
        reference=gesture.needed("element"),
        query=gesture.text("query"),
    )
    return {"options": options}


@act("submit")
async def submit(gesture: Gesture) -> JsonObject:
    """`user, values` (by input label, block_id or action_id) → the result with the `errors` shown."""
    view = _view(gesture)
    if view.type != "modal":
        raise NotPossible("No modal is open.")
    return _result(await gesture.interactions.submit(view=view, values=as_object(gesture.args.get("values"))))


@act("close")
async def close(gesture: Gesture) -> JsonObject:
    """`user, everything?`: closes the visible modal or all of them."""
    result = await gesture.interactions.close(user=gesture.user().id, everything=gesture.flag("everything"))
    return _result(result)


@act("open_home")
async def open_home(gesture: Gesture) -> JsonObject:
    """`user, tab?` (home or messages) → `channel`, the direct conversation with the app."""
    messages = gesture.text("tab", "home") == "messages"
    channel = gesture.interactions.open_home(gesture.user().id, messages_tab=messages)
    return {"channel": channel.id}


@act("open_dm")
async def open_dm(gesture: Gesture) -> JsonObject:
    """`user, with?` (default: the app) → `channel`."""
    other = gesture.workspace.user(gesture.text("with", "@app"))
    return {"channel": gesture.workspace.open_im(gesture.user().id, other.id).id}
