"""What is on people's screens: a stack of modals and an App Home per person."""

from __future__ import annotations

import copy
import json

from sandbox import clock as clocks
from sandbox.elements import fill_ids, initial_state, still_shown
from sandbox.entities import View, ViewType
from sandbox.ids import new_id, new_secret
from sandbox.jsontypes import JsonObject, objects

MAX_STACK = 3
MAX_VIEW_BYTES = 250_000


class StackFull(RuntimeError):
    """Three modals are open already; update one instead of pushing another."""


class Screens:
    """All open views of the workspace."""

    def __init__(self) -> None:
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}

    def stack(self, user: str) -> list[View]:
        """Open modals, the visible one last."""
        return self.stacks.get(user, [])

    def top(self, user: str) -> View | None:
        """The modal the person sees."""
        stack = self.stack(user)
        return stack[-1] if stack else None

    def find(self, view_id: str) -> View | None:
        """An open view by id, modal or App Home."""
        return next((view for view in self.all() if view.id == view_id), None)

    def find_external(self, external_id: str) -> View | None:
        """An open view by the app's own id."""
        return next((view for view in self.all() if external_id and view.external_id == external_id), None)

    def all(self) -> list[View]:
        modals = [view for stack in self.stacks.values() for view in stack]
        return modals + list(self.homes.values())

    def open(self, user: str, content: JsonObject) -> View:
        """Shows a modal alone; whatever was open before is gone, as in Slack's client."""
        view = _new_view("modal", user, content)
        self.stacks[user] = [view]
        return view

    def push(self, user: str, content: JsonObject) -> View:
        """Puts a modal over the visible one. Raises StackFull at three."""
        stack = self.stacks.setdefault(user, [])
        if len(stack) >= MAX_STACK:
            raise StackFull("Three modals are open already.")
        view = _new_view("modal", user, content)
        if stack:
            view.root_view_id = stack[0].id
            view.previous_view_id = stack[-1].id
        stack.append(view)
        return view

    def publish(self, user: str, content: JsonObject) -> View:
        """Replaces a person's App Home; its id stays."""
        known = self.homes.get(user)
        if known is not None:
            return replace_content(known, content)
        view = _new_view("home", user, content)
        self.homes[user] = view
        return view

    def close_top(self, user: str) -> View | None:
        """Takes the visible modal away."""
        stack = self.stacks.get(user, [])
        return stack.pop() if stack else None

    def clear(self, user: str) -> list[View]:
        """Takes all modals away."""
        return self.stacks.pop(user, [])


def replace_content(view: View, content: JsonObject) -> View:
    """Gives a view new content and hash; what the person entered stays where the ids stay."""
    entered = view.state
    view.earlier = still_shown(objects(view.content.get("blocks")), view.earlier)
    view.content = _with_ids(content)
    view.hash = _new_hash()
    view.errors = {}
    view.state = initial_state(objects(view.content.get("blocks")))
    for block_id, values in view.state.items():
        for action_id, value in values.items():
            before = entered.get(block_id, {}).get(action_id)
            if before is not None and before.get("type") == value.get("type"):
                values[action_id] = before
    return view


def content_size(content: JsonObject) -> int:
    """Bytes of a view as JSON."""
    return len(json.dumps(content, separators=(",", ":")).encode())


def _new_view(kind: ViewType, user: str, content: JsonObject) -> View:
    filled = _with_ids(content)
    view_id = new_id("V")
    return View(
        id=view_id,
        type=kind,
        user=user,
        content=filled,
        hash=_new_hash(),
        root_view_id=view_id,
        state=initial_state(objects(filled.get("blocks"))),
        opened_at_real=clocks.real(),
    )


def _with_ids(content: JsonObject) -> JsonObject:
    filled = copy.deepcopy(content)
    filled["blocks"] = fill_ids(objects(filled.get("blocks")))
    return filled


def _new_hash() -> str:
    return f"{int(clocks.real() * 1000)}.{new_secret(8)}"
