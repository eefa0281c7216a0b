"""The menus of a report: a modal with the tickets behind a line, page by page."""

from __future__ import annotations

import structlog

from bot.delivery.client import CallFailed
from bot.handlers.answers import Ack, refusal_sentence
from bot.handlers.context import Handling
from bot.handlers.payloads import MalformedPayload, Payload, is_on_home, mapping, optional, text
from bot.surfaces import forms, report, sentences
from bot.surfaces.ids import ActionId
from bot.workflows import reports
from bot.workflows.gestures import Asked, ReplyTo
from bot.workflows.outcomes import Done, Outcome, Refused, Reply

log = structlog.get_logger(__name__)

UNFOLDING = frozenset({ActionId.REPORT_BEHIND, ActionId.REPORT_PREVIOUS, ActionId.REPORT_NEXT})


def on_unfold(handling: Handling, payload: Payload, pressed: Payload) -> Ack:
    """Show the tickets behind a line to those who may see them: in a new modal or the open one."""
    reference = _reference(pressed)
    outcome = handling.intake.handle(_asked(handling, payload, pressed, reference))
    if not isinstance(outcome, Done):
        return _say(handling, payload, outcome)
    with handling.store.read() as session:
        view = reports.read_behind(
            session, reference.report_id, kind=reference.kind, line=reference.line, page=reference.page
        )
    return _show(handling, payload, report.behind(view))


def _reference(pressed: Payload) -> report.Reference:
    value = optional(pressed, "selected_option", "value") or text(pressed, "value")
    try:
        return report.Reference.from_value(value)
    except report.UnreadableReference as error:
        raise MalformedPayload("actions.value", "a line of a report") from error


def _asked(handling: Handling, payload: Payload, pressed: Payload, reference: report.Reference) -> Asked:
    with handling.store.read() as session:
        desk_key = reports.desk_of(session, reference.report_id)
    person_id, pressed_at = text(payload, "user", "id"), text(pressed, "action_ts")
    return Asked(
        key=f"report:{person_id}:{pressed_at}:{reference.to_value()}",
        person_id=person_id,
        at=handling.now(),
        reply_to=ReplyTo(
            channel=optional(payload, "channel", "id"), response_url=optional(payload, "response_url")
        ),
        query="report",
        number=desk_key,
    )


def _say(handling: Handling, payload: Payload, outcome: Outcome) -> Ack:
    """Why there is no list: where the person looks, in the open modal or beside the report."""
    sentence = sentences.refusal(sentences.Answer.LOOKING_UP)
    if isinstance(outcome, Refused):
        with handling.store.read() as session:
            sentence = refusal_sentence(session, outcome)
    if optional(payload, "view", "id") is not None:
        return _show(handling, payload, forms.message_view("Tickets", sentence))
    return _word(payload, sentence)


def _word(payload: Payload, sentence: str) -> Ack:
    word = Reply(
        person_id=text(payload, "user", "id"),
        channel=optional(payload, "channel", "id"),
        response_url=optional(payload, "response_url"),
        text=sentence,
    )
    return Ack(after=[word])


def _show(handling: Handling, payload: Payload, view: dict[str, object]) -> Ack:
    if show(handling, payload, view):
        return Ack()
    return _word(payload, sentences.refusal(sentences.Answer.TEMPORARY))


def show(handling: Handling, payload: Payload, view: dict[str, object]) -> bool:
    """A list in the modal whose button was pressed, else in a new one. False when none could be opened."""
    view_id = optional(payload, "view", "id")
    if view_id is None or is_on_home(payload):
        return handling.open_view(text(payload, "trigger_id"), view)
    try:
        # The hash makes sure that of two quick turns the second does not show what the first one left.
        newest = text(mapping(payload, "view"), "hash")
        handling.views.call("views.update", view_id=view_id, hash=newest, view=view)
    except CallFailed as failure:
        log.warning("a list could not be turned", reason=str(failure))
    return True
