"""What people do with the app: commands, shortcuts, clicks, modals. Waits for the acknowledgement."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox import payloads
from sandbox.acks import command_reply, submission_reply
from sandbox.composing import compose_command
from sandbox.core import Sandbox
from sandbox.delivery import Answer
from sandbox.elements import (
    ElementNotFound,
    Placed,
    State,
    ValueNotPossible,
    entered_value,
    find_element,
    initial_state,
    is_empty,
    placed_elements,
    plain_label,
)
from sandbox.entities import Channel, Ephemeral, Message, View
from sandbox.happenings import HomeOpened, ViewsChanged
from sandbox.jsontypes import JsonObject, as_list, as_object, as_text, objects
from sandbox.validation.answers import validate_options_answer


class NotPossible(ValueError):
    """A person could not do this in Slack; the sentence says why."""


@dataclass(frozen=True)
class Result:
    """How the app took it. `error` is what Slack would show: operation_timeout or dispatch_failed."""

    acked: bool
    error: str = ""
    ack: JsonObject = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, answer: Answer, errors: dict[str, str] | None = None) -> Result:
        error = {"acked": "", "timeout": "operation_timeout"}.get(answer.outcome, "dispatch_failed")
        return cls(answer.outcome == "acked", error, answer.ack, errors or {})


# Options of one external select that a person was shown: what they choose need not be searched for again.
_REMEMBERED = 500

# What was never handed to the app, for example typing into an input without dispatch_action.
SILENT = Result(acked=True)


class Interactions:
    """The gestures of people. `user` and `channel` are ids."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._message_states: dict[tuple[str, str, str], State] = {}
        self._offered: dict[tuple[str, str, str], list[JsonObject]] = {}

    async def command(self, *, user: str, channel: Channel, name: str, text: str) -> Result:
        """Runs a slash command. Raises NotPossible for one the manifest does not declare."""
        declared = self._sandbox.app.manifest.command(name)
        if declared is None:
            raise NotPossible(f"{name} is not a valid command.")
        typed = compose_command(text, self._sandbox.workspace, should_escape=declared.should_escape)
        payload = payloads.command(self._sandbox, user=user, channel=channel, name=name, text=typed)
        answer = await self._sandbox.delivery.send_interaction("slash_commands", name, payload)
        result = Result.of(answer)
        if result.error:
            self._tell_failure(user, channel, f"{name} failed with the error {result.error!r}")
        else:
            command_reply(self._sandbox, answer.ack, user=user, channel=channel, name=name)
        return result

    async def global_shortcut(self, *, user: str, callback_id: str) -> Result:
        self._declared_shortcut(callback_id, "global")
        payload = payloads.global_shortcut(self._sandbox, user=user, callback_id=callback_id)
        return await self._send("shortcut", callback_id, payload)

    async def message_shortcut(self, *, user: str, message: Message, callback_id: str) -> Result:
        self._declared_shortcut(callback_id, "message")
        channel = self._sandbox.workspace.channels[message.channel]
        payload = payloads.message_shortcut(
            self._sandbox, user=user, channel=channel, message=message, callback_id=callback_id
        )
        return await self._send("message_action", callback_id, payload)

    def _declared_shortcut(self, callback_id: str, kind: str) -> None:
        declared = self._sandbox.app.manifest.shortcut(callback_id)
        if declared is None or declared.type != kind:
            raise NotPossible(f"The manifest declares no {kind} shortcut {callback_id!r}.")

    async def click_message(
        self, *, user: str, message: Message | Ephemeral, reference: str, value: object
    ) -> Result:
        """A click or a choice in a message. Raises NotPossible, ElementNotFound or ValueNotPossible."""
        if isinstance(message, Message) and message.app_id != self._sandbox.app.app_id:
            raise NotPossible("That message is not by the app under test.")
        blocks = _all_blocks(message)
        holder = message if isinstance(message, Message) else None
        placed = find_element(blocks, reference, holder.earlier if holder else ())
        state = self._message_states.setdefault((user, message.channel, message.ts), {})
        _refresh(state, blocks)
        entered = await self._enter(placed, value, state=state, holder=holder, user=user)
        if _is_silent(placed):
            return SILENT
        payload = payloads.message_action(
            self._sandbox, user=user, message=message, action=self._action(placed, entered), state=state
        )
        return await self._send("block_actions", placed.action_id, payload)

    async def click_view(self, *, view: View, reference: str, value: object) -> Result:
        """A click or a choice in a modal or App Home."""
        blocks = objects(view.content.get("blocks"))
        placed = find_element(blocks, reference, view.earlier)
        # What is entered into a version that is no more does not belong to the present one.
        state = view.state if placed.block in blocks else {}
        entered = await self._enter(placed, value, state=state, holder=view, user=view.user)
        if _is_silent(placed):
            return SILENT
        payload = payloads.view_action(self._sandbox, view=view, action=self._action(placed, entered))
        return await self._send("block_actions", placed.action_id, payload)

    def _action(self, placed: Placed, entered: JsonObject) -> JsonObject:
        return payloads.action(placed, entered, self._sandbox.workspace.event_ts())

    async def suggest(
        self, *, user: str, holder: View | Message, reference: str, query: str
    ) -> list[JsonObject]:
        """The options an external select offers for what was typed."""
        blocks = _all_blocks(holder) if isinstance(holder, Message) else objects(holder.content.get("blocks"))
        return await self._suggestions(find_element(blocks, reference), query, holder=holder, user=user)

    async def _suggestions(
        self, placed: Placed, query: str, *, holder: View | Message, user: str
    ) -> list[JsonObject]:
        payload = payloads.suggestion(self._sandbox, holder=holder, user=user, placed=placed, query=query)
        answer = await self._sandbox.delivery.send_interaction(
            "interactive", f"block_suggestion {placed.action_id}", payload
        )
        options = self._options_of(answer)
        key = (user, placed.block_id, placed.action_id)
        self._offered[key] = (options + self._offered.get(key, []))[:_REMEMBERED]
        return options

    def _options_of(self, answer: Answer) -> list[JsonObject]:
        """What Slack shows of an answer; nothing of one that breaks a rule."""
        found = validate_options_answer(answer.ack) if answer.outcome == "acked" else []
        for item in found:
            kind = item.code if item.is_warning else "bad_options"
            self._sandbox.violate(kind, "block_suggestion", item.message)
        if self._sandbox.settings.strict and not all(item.is_warning for item in found):
            return []
        grouped = objects(answer.ack.get("option_groups"))
        return objects(answer.ack.get("options")) + [o for g in grouped for o in objects(g.get("options"))]

    async def _enter(
        self, placed: Placed, value: object, *, state: State, holder: View | Message | None, user: str
    ) -> JsonObject:
        """Takes over what the person entered and returns its part of the action."""
        if placed.type in {"button", "workflow_button", "icon_button"}:
            return {}
        if placed.type == "overflow":
            stand_in = Placed(placed.block, placed.element | {"type": "static_select"})
            return {"selected_option": entered_value(stand_in, value)["selected_option"]}
        offered = await self._options_for(placed, value, holder=holder, user=user)
        entered = entered_value(placed, self._ids_of(placed, value), offered)
        state.setdefault(placed.block_id, {})[placed.action_id] = entered
        return entered

    async def _options_for(
        self, placed: Placed, value: object, *, holder: View | Message | None, user: str
    ) -> list[JsonObject] | None:
        """What an external select offers: what the person saw, else what a search for the value finds."""
        if not placed.type.endswith("external_select") or value in (None, "", []) or holder is None:
            return None
        wanted = [str(item) for item in value] if isinstance(value, list) else [str(value)]
        chosen = [*as_list(placed.element.get("initial_options")), placed.element.get("initial_option")]
        known = self._offered.get((user, placed.block_id, placed.action_id), []) + objects(chosen)
        if set(wanted) <= {as_text(option.get("value")) for option in known}:
            return known
        return await self._suggestions(placed, wanted[0], holder=holder, user=user)

    def _ids_of(self, placed: Placed, value: object) -> object:
        """Ids for people and channels that a test names by handle."""
        if isinstance(value, list):
            return [self._ids_of(placed, item) for item in value]
        if not isinstance(value, str) or not value:
            return value
        if "users_select" in placed.type:
            return self._sandbox.workspace.user(value).id
        if "channels_select" in placed.type or "conversations_select" in placed.type:
            return self._sandbox.workspace.channel(value).id
        return value

    async def submit(self, *, view: View, values: JsonObject) -> Result:
        """Fills in a modal and submits it. Raises NotPossible where Slack's client would not let it go."""
        if not view.content.get("submit"):
            raise NotPossible("This modal has no submit button.")
        for reference, value in values.items():
            placed = _input_named(view, reference)
            await self._enter(placed, value, state=view.state, holder=view, user=view.user)
        _check_required(view)
        view.errors = {}
        name = as_text(view.content.get("callback_id"))
        payload = payloads.view_submission(self._sandbox, view)
        answer = await self._sandbox.delivery.send_interaction(
            "interactive", f"view_submission {name}".strip(), payload
        )
        if answer.outcome != "acked":
            return Result.of(answer)
        errors = submission_reply(self._sandbox, answer.ack, view)
        return Result.of(answer, errors)

    async def close(self, *, user: str, everything: bool) -> Result:
        """Closes the visible modal, or all of them. The app hears of it only with notify_on_close."""
        screens = self._sandbox.workspace.screens
        top = screens.top(user)
        if top is None:
            raise NotPossible("No modal is open.")
        whole = everything or bool(top.content.get("clear_on_close"))
        closed = list(reversed(screens.clear(user))) if whole else [top]
        if not whole:
            screens.close_top(user)
        self._sandbox.workspace.tell(ViewsChanged(user))
        result = SILENT
        for view in closed:
            if view.content.get("notify_on_close"):
                payload = payloads.view_closed(self._sandbox, view, is_cleared=whole)
                result = await self._send("view_closed", as_text(view.content.get("callback_id")), payload)
        return result

    def open_home(self, user: str, *, messages_tab: bool = False) -> Channel:
        """The person opens the app; returns the direct conversation with it."""
        manifest = self._sandbox.app.manifest
        if messages_tab and not manifest.messages_tab_enabled:
            raise NotPossible("The manifest does not enable the Messages tab.")
        if not messages_tab and not manifest.home_tab_enabled:
            raise NotPossible("The manifest does not enable the Home tab.")
        workspace = self._sandbox.workspace
        channel = workspace.open_im(self._sandbox.app.bot_user, user)
        workspace.tell(HomeOpened(user, "messages" if messages_tab else "home", channel.id))
        return channel

    async def _send(self, kind: str, name: str, payload: JsonObject) -> Result:
        if not self._sandbox.app.manifest.interactivity_enabled:
            raise NotPossible("The manifest does not enable interactivity.")
        answer = await self._sandbox.delivery.send_interaction(
            "interactive", f"{kind} {name}".strip(), payload
        )
        if answer.outcome == "acked" and answer.ack and answer.via != "http":
            self._sandbox.violate("ack_payload", kind, f"{name} was acknowledged with a payload")
        return Result.of(answer)

    def _tell_failure(self, user: str, channel: Channel, text: str) -> None:
        workspace = self._sandbox.workspace
        notice = Ephemeral(user, channel.id, workspace.next_ts(channel), text, source="slackbot")
        workspace.show_ephemeral(notice)


def _all_blocks(message: Message | Ephemeral) -> list[JsonObject]:
    return message.blocks + [
        b for attachment in message.attachments for b in objects(attachment.get("blocks"))
    ]


def _refresh(state: State, blocks: list[JsonObject]) -> None:
    """Adds the elements that came with an update of the message, drops those that went."""
    fresh = initial_state(blocks)
    for block_id in [known for known in state if known not in fresh]:
        del state[block_id]
    for block_id, entries in fresh.items():
        state[block_id] = entries | state.get(block_id, {})


def _is_silent(placed: Placed) -> bool:
    return placed.is_input and not placed.block.get("dispatch_action")


def _input_named(view: View, reference: str) -> Placed:
    """Submitting fills inputs first; a select beside text counts too."""
    everything = [p for p in placed_elements(objects(view.content.get("blocks"))) if p.type != "button"]
    for placed in everything:
        if placed.is_input and plain_label(placed.label) == plain_label(reference):
            return placed
    for placed in everything:
        label = as_text(as_object(placed.block.get("text")).get("text"))
        if reference in {placed.block_id, placed.action_id} or plain_label(label) == plain_label(reference):
            return placed
    known = ", ".join(placed.label or placed.action_id for placed in everything) or "none"
    raise ElementNotFound(f"There is no input {reference!r} in this modal; there is: {known}.")


def _check_required(view: View) -> None:
    for placed in placed_elements(objects(view.content.get("blocks"))):
        entry = view.state.get(placed.block_id, {}).get(placed.action_id, {})
        if placed.is_input and not placed.block.get("optional") and is_empty(entry):
            raise ValueNotPossible(f"{placed.label!r} is required.")
