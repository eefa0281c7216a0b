"""What the body of an acknowledgement does: replies to commands, answers to submitted modals."""

from __future__ import annotations

from sandbox.core import Sandbox
from sandbox.elements import fill_ids
from sandbox.entities import Channel, Ephemeral, Message, View
from sandbox.happenings import ViewsChanged
from sandbox.jsontypes import JsonObject, as_object, as_text, objects
from sandbox.modals import StackFull, replace_content
from sandbox.slack_files import problems_of_files
from sandbox.validation.answers import validate_view_answer
from sandbox.validation.messages import live_markup, validate_message


def acceptable(sandbox: Sandbox, content: JsonObject, where: str) -> bool:
    """True if Slack shows this message; breaches go on record."""
    files = problems_of_files(content, sandbox.workspace, viewer=sandbox.app.bot_user)
    problems = [*validate_message(content, method="response_url"), *files]
    for item in problems:
        sandbox.violate(item.code, where, item.message)
    if any(found.startswith(("<!channel", "<!here", "<!everyone")) for found in live_markup(content)):
        sandbox.violate("live_markup", where, "the message pings everyone")
    return not sandbox.settings.strict or all(item.is_warning for item in problems)


def show(
    sandbox: Sandbox, content: JsonObject, *, user: str, channel: Channel, source: str, thread_ts: str = ""
) -> None:
    """A message to the person, or to the channel with `response_type: in_channel`."""
    workspace, app = sandbox.workspace, sandbox.app
    text = as_text(content.get("text"))
    blocks = fill_ids(objects(content.get("blocks")))
    attachments = objects(content.get("attachments"))
    if content.get("response_type") == "in_channel":
        message = Message(
            channel=channel.id,
            ts="",
            text=text,
            user=app.bot_user,
            bot_id=app.bot_id,
            app_id=app.app_id,
            blocks=blocks,
            attachments=attachments,
            thread_ts=thread_ts,
        )
        workspace.post(channel, message)
        return
    ephemeral = Ephemeral(
        user=user,
        channel=channel.id,
        ts=workspace.next_ts(channel),
        text=text,
        thread_ts=thread_ts,
        blocks=blocks,
        attachments=attachments,
        source=source,
    )
    workspace.show_ephemeral(ephemeral)


def command_reply(sandbox: Sandbox, ack: JsonObject, *, user: str, channel: Channel, name: str) -> None:
    """Shows the reply that came with the acknowledgement of a command, if any."""
    if ack and acceptable(sandbox, ack, name):
        show(sandbox, ack, user=user, channel=channel, source="command")


def submission_reply(sandbox: Sandbox, ack: JsonObject, view: View) -> dict[str, str]:
    """Carries out the response_action. Returns the errors the person now sees, by block_id."""
    workspace = sandbox.workspace
    screens = workspace.screens
    action = as_text(ack.get("response_action"))
    is_sound = _judge(sandbox, ack, view)
    if action == "errors":
        view.errors = _errors(ack, view)
    elif action in {"update", "push"} and is_sound:
        _show_view(sandbox, as_object(ack.get("view")), view, push=action == "push")
    elif action == "clear":
        screens.clear(view.user)
    elif not ack and screens.top(view.user) is view:
        screens.close_top(view.user)
    workspace.tell(ViewsChanged(view.user))
    return view.errors


def _judge(sandbox: Sandbox, ack: JsonObject, view: View) -> bool:
    """True if Slack follows this answer; breaches go on record."""
    found = validate_view_answer(ack, blocks=view.content.get("blocks"))
    answer = "bad_errors" if ack.get("response_action") == "errors" else "bad_response_action"
    for item in found:
        kind = answer if item.code == "invalid_response_action" else item.code
        sandbox.violate(kind, "view_submission", item.message)
    return not sandbox.settings.strict or all(item.is_warning for item in found)


def _errors(ack: JsonObject, view: View) -> dict[str, str]:
    inputs = {
        as_text(block.get("block_id"))
        for block in objects(view.content.get("blocks"))
        if block.get("type") == "input"
    }
    given = as_object(ack.get("errors"))
    return {key: text for key, text in given.items() if key in inputs and isinstance(text, str)}


def _show_view(sandbox: Sandbox, content: JsonObject, view: View, *, push: bool) -> None:
    screens = sandbox.workspace.screens
    other = screens.find_external(as_text(content.get("external_id")))
    if content.get("type") != "modal":
        detail = f"a form is followed by a modal, not by {content.get('type')}"
        sandbox.violate("bad_response_action", "view_submission", detail)
    elif other is not None and (push or other is not view):
        sandbox.violate("duplicate_external_id", "view_submission", "another open view has this external_id")
    elif not push:
        replace_content(view, content)
    else:
        _push(sandbox, content, view.user)


def _push(sandbox: Sandbox, content: JsonObject, user: str) -> None:
    try:
        sandbox.workspace.screens.push(user, content)
    except StackFull:
        sandbox.violate("push_limit_reached", "view_submission", "three modals are open already")
