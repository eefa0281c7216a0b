"""The details of a private ticket: a modal for those who may read it, checked each time it is opened."""

from __future__ import annotations

import structlog

from bot.delivery.client import CallFailed
from bot.handlers.answers import Ack, audience_of, refusal_sentence, render
from bot.handlers.context import Handling
from bot.handlers.payloads import Payload, is_on_home, optional, text
from bot.surfaces import forms, sentences
from bot.surfaces.details import details
from bot.workflows import reading
from bot.workflows.gestures import Acted, Asked, ReplyTo
from bot.workflows.outcomes import Done, Outcome, Refused, Reply

log = structlog.get_logger(__name__)


def on_details(handling: Handling, payload: Payload, pressed: Payload) -> Ack:
    """Show what a private ticket says, or why not."""
    outcome = handling.intake.handle(_asked(handling, payload, pressed))
    if not isinstance(outcome, Done):
        return Ack(after=[_word(payload, _sentence(handling, outcome))])
    if not handling.open_view(text(payload, "trigger_id"), _view(handling, outcome)):
        return Ack(after=[_word(payload, sentences.refusal(sentences.Answer.TEMPORARY))])
    return Ack()


def _asked(handling: Handling, payload: Payload, pressed: Payload) -> Asked:
    person_id, pressed_at = text(payload, "user", "id"), text(pressed, "action_ts")
    number = text(pressed, "value")
    return Asked(
        key=f"details:{person_id}:{pressed_at}:{number}",
        person_id=person_id,
        at=handling.now(),
        reply_to=ReplyTo(
            channel=optional(payload, "channel", "id"),
            response_url=optional(payload, "response_url"),
            is_home=is_on_home(payload),
        ),
        query="details",
        number=number,
    )


def _view(handling: Handling, done: Done) -> dict[str, object]:
    speaks, audience = bool(done.data["speaks"]), audience_of(done)
    with handling.store.read() as session:
        return details(
            reading.read_ticket(session, done.ticket_id, audience),
            reading.read_events(session, done.ticket_id, audience),
            reading.read_conversation(session, done.ticket_id, internal=speaks),
            speaks=speaks,
        )


def made_public(handling: Handling, payload: Payload, gesture: Acted) -> Ack:
    """Make a ticket public again from its details; the open modal says what came of it."""
    outcome = handling.intake.handle(gesture)
    with handling.store.read() as session:
        said = render(session, gesture, outcome)
    view_id = optional(payload, "view", "id")
    if said is None or view_id is None:
        return Ack(after=[_word(payload, said.text)] if said else [])
    try:
        view = forms.message_view(gesture.number, said.text)
        handling.views.call("views.update", view_id=view_id, view=view)
    except CallFailed as failure:
        log.warning("a modal could not say what was done", reason=str(failure))
    return Ack()


def _sentence(handling: Handling, outcome: Outcome) -> str:
    if not isinstance(outcome, Refused):
        return sentences.refusal(sentences.Answer.LOOKING_UP)
    with handling.store.read() as session:
        return refusal_sentence(session, outcome)


def _word(payload: Payload, sentence: str) -> Reply:
    return Reply(
        person_id=text(payload, "user", "id"),
        channel=optional(payload, "channel", "id"),
        response_url=optional(payload, "response_url"),
        text=sentence,
    )
