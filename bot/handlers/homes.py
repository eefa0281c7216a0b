"""Home: opened, its buttons, the lists they open. It has no channel: what is to be said stands on top."""

from __future__ import annotations

from bot.handlers.answers import Ack, refusal_sentence
from bot.handlers.commands import raise_form_for
from bot.handlers.context import Handling
from bot.handlers.payloads import MalformedPayload, Payload, is_on_home, optional, text
from bot.handlers.unfolding import show
from bot.surfaces import forms, home, sentences
from bot.surfaces.ids import ActionId
from bot.workflows import homes
from bot.workflows.gestures import Asked, LookedHome, ReplyTo
from bot.workflows.homes import STANDING, Shown
from bot.workflows.outcomes import Done, Outcome, Refused, Reply
from bot.workflows.reading import TicketPage

LISTS = frozenset(
    {
        ActionId.HOME_MORE,
        ActionId.HOME_OPEN,
        ActionId.HOME_AT_RISK,
        ActionId.HOME_OVERDUE,
        ActionId.HOME_WAITING,
        ActionId.LIST_PREVIOUS,
        ActionId.LIST_NEXT,
    }
)
"""Buttons that open a list, or turn its page."""


def on_home_opened(handling: Handling, event: Payload) -> Ack:
    """Somebody looks at their Home. The Messages tab is theirs to write in, nothing else."""
    if optional(event, "tab") != "home":
        return Ack()
    now, person_id = handling.now(), text(event, "user")
    # Here Slack's event_ts is no timestamp like others: it only tells one opening from the next.
    opened_at = optional(event, "event_ts") or now.isoformat()
    return handling.quietly(LookedHome(key=f"home:{person_id}:{opened_at}", person_id=person_id, at=now))


def answered(handling: Handling, payload: Payload, ack: Ack, *, changed: bool) -> Ack:
    """Say it on top of the Home in place of a direct word, and show what a press has changed."""
    word = ack.after[0].text if ack.after else None
    if word is not None or changed:
        handling.say_on_home(text(payload, "user", "id"), word)
    return Ack(ack.body)


def on_raise(handling: Handling, payload: Payload, _pressed: Payload) -> Ack:
    """The form, as `/ticket` opens it where no channel says which desk is meant."""
    view = raise_form_for(handling, channel=None)
    if handling.open_view(text(payload, "trigger_id"), view):
        return Ack()
    return _word(payload, sentences.refusal(sentences.Answer.TEMPORARY))


def on_list(handling: Handling, payload: Payload, pressed: Payload) -> Ack:
    """Show a list to those who may see it: in a new modal or the open one."""
    try:
        reference = home.ListReference.from_value(text(pressed, "value"))
    except home.UnreadableList as error:
        raise MalformedPayload("actions.value", "a list of Home") from error
    outcome = handling.intake.handle(_asked(handling, payload, pressed, reference))
    if not isinstance(outcome, Done):
        return _say(handling, payload, outcome)
    page = _read(handling, payload, reference, outcome)
    return _show(handling, payload, home.ticket_list(page, reference))


def _asked(handling: Handling, payload: Payload, pressed: Payload, reference: home.ListReference) -> Asked:
    person_id, pressed_at = text(payload, "user", "id"), text(pressed, "action_ts")
    is_count = reference.which in STANDING
    values = {
        "key": f"list:{person_id}:{pressed_at}:{reference.to_value()}",
        "person_id": person_id,
        "at": handling.now(),
        "reply_to": ReplyTo(is_home=is_on_home(payload)),
        "query": "standing" if is_count else reference.which.value,
        "number": reference.desk_key if is_count else None,
    }
    return Asked.model_validate(values)


def _read(handling: Handling, payload: Payload, reference: home.ListReference, done: Done) -> TicketPage:
    shown = Shown(
        person_id=text(payload, "user", "id"),
        works=tuple(done.data.get("works", "").split(",")),
        readable=tuple(done.data.get("readable", "").split(",")),
    )
    which, page = reference.which, reference.page
    with handling.store.read() as session:
        if which not in STANDING:
            return homes.read_list(session, shown, which, page=page)
        return homes.read_standing(
            session, shown, which, desk_key=reference.desk_key, kind=reference.kind, page=page
        )


def _say(handling: Handling, payload: Payload, outcome: Outcome) -> Ack:
    """Why there is no list: in the open modal, or on top of the Home."""
    sentence = sentences.refusal(sentences.Answer.LOOKING_UP)
    if isinstance(outcome, Refused):
        with handling.store.read() as session:
            sentence = refusal_sentence(session, outcome)
    if is_on_home(payload):
        return _word(payload, sentence)
    return _show(handling, payload, forms.message_view("Tickets", sentence))


def _word(payload: Payload, sentence: str) -> Ack:
    return Ack(after=[Reply(person_id=text(payload, "user", "id"), channel=None, text=sentence)])


def _show(handling: Handling, payload: Payload, view: dict[str, object]) -> Ack:
    if show(handling, payload, view):
        return Ack()
    return _word(payload, sentences.refusal(sentences.Answer.TEMPORARY))
