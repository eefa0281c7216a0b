"""Buttons, forms and the message shortcut."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping

from bot.handlers import homes
from bot.handlers.answers import Ack, refusal_sentence, reply
from bot.handlers.commands import form_for
from bot.handlers.context import Handling, desk_views
from bot.handlers.details import made_public, on_details
from bot.handlers.payloads import (
    MalformedPayload,
    Payload,
    is_on_home,
    mapping,
    message_of,
    objects,
    optional,
    text,
)
from bot.handlers.unfolding import UNFOLDING, on_unfold
from bot.models.vocabulary import Action, Source
from bot.surfaces import forms, sentences
from bot.surfaces.ids import (
    ACTION_OF,
    DIRECT_ADD,
    DIRECT_NEW,
    ActionId,
    BlockId,
    CallbackId,
    FormContext,
    FormContextError,
)
from bot.surfaces.text import escape, plain
from bot.workflows import privacy
from bot.workflows.gestures import Acted, AnyGesture, Chose, Filed, Pointed, ReplyTo, Unparked
from bot.workflows.outcomes import Deferred, Refusal, Refused, Reply

FORM_ACTIONS = frozenset({Action.RESOLVE, Action.ASSIGN, Action.NOTE, Action.PRIORITISE})
"""Buttons that ask something first."""

BUTTON_ACTIONS: Mapping[str, Action] = {
    **{action_id.value: action for action_id, action in ACTION_OF.items()},
    ActionId.REQUESTER_REOPEN.value: Action.REOPEN,
    ActionId.REASSIGN.value: Action.ASSIGN,
    ActionId.ACKNOWLEDGE.value: Action.ACKNOWLEDGE,
}
"""What a button does, by its action id."""


OPENING: Mapping[str, Callable[[Handling, Payload, Payload], Ack]] = {
    ActionId.DETAILS: on_details,
    ActionId.HOME_RAISE: homes.on_raise,
    **dict.fromkeys(UNFOLDING, on_unfold),
    **dict.fromkeys(homes.LISTS, homes.on_list),
}
"""Buttons that show something and change nothing."""


def on_button(handling: Handling, payload: Payload) -> Ack:
    """A button: open its form, or do at once what it says. Other elements mean nothing by themselves."""
    pressed = next(iter(objects(payload, "actions")), None)
    if pressed is None:
        raise MalformedPayload("actions", "a list with an action in it")
    action_id = text(pressed, "action_id")
    ack = _pressed(handling, payload, pressed, action_id)
    if not is_on_home(payload):
        return ack
    action = BUTTON_ACTIONS.get(action_id)
    return homes.answered(handling, payload, ack, changed=action is not None and action not in FORM_ACTIONS)


def _pressed(handling: Handling, payload: Payload, pressed: Payload, action_id: str) -> Ack:
    if DIRECT_NEW.fullmatch(action_id) or DIRECT_ADD.fullmatch(action_id):
        return _chose(handling, payload, pressed)
    if action_id in OPENING:
        return OPENING[action_id](handling, payload, pressed)
    if action_id == ActionId.MAKE_PUBLIC:
        return made_public(handling, payload, _acted(handling, payload, pressed, Action.MAKE_PUBLIC))
    if action_id == ActionId.TAKE_OVER:
        return handling.quietly(_acted(handling, payload, pressed, Action.ASSIGN, to_self=True))
    if action_id in (ActionId.NOTICE_RETRY, ActionId.NOTICE_DROP):
        return handling.quietly(_unparked(handling, payload, pressed))
    action = BUTTON_ACTIONS.get(action_id)
    if action is None:
        return Ack()
    if action in FORM_ACTIONS:
        return _open_form(handling, payload, action, _chosen(pressed))
    return handling.quietly(_acted(handling, payload, pressed, action))


def _chosen(pressed: Payload) -> str:
    """The value of a button, or of what was chosen from a menu."""
    return optional(pressed, "selected_option", "value") or text(pressed, "value")


def _reply_to(payload: Payload) -> ReplyTo:
    return ReplyTo(
        channel=optional(payload, "channel", "id"),
        response_url=optional(payload, "response_url"),
        is_home=is_on_home(payload),
    )


def _key(payload: Payload, pressed: Payload) -> str:
    parts = (text(payload, "user", "id"), text(pressed, "action_id"), text(pressed, "action_ts"))
    return "button:" + ":".join((*parts, _chosen(pressed)))


def _acted(
    handling: Handling, payload: Payload, pressed: Payload, action: Action, *, to_self: bool = False
) -> Acted:
    person_id = text(payload, "user", "id")
    return Acted(
        key=_key(payload, pressed),
        person_id=person_id,
        at=handling.now(),
        reply_to=_reply_to(payload),
        action=action,
        number=_chosen(pressed),
        assignee_id=person_id if to_self else None,
    )


def _unparked(handling: Handling, payload: Payload, pressed: Payload) -> Unparked:
    return Unparked(
        key=_key(payload, pressed),
        person_id=text(payload, "user", "id"),
        at=handling.now(),
        reply_to=_reply_to(payload),
        notice=text(pressed, "value"),
        drop=text(pressed, "action_id") == ActionId.NOTICE_DROP,
    )


def _open_form(handling: Handling, payload: Payload, action: Action, number: str) -> Ack:
    """Say no before the form rather than after it, where what is known allows."""
    refused = handling.intake.would_refuse(text(payload, "user", "id"), action, number)
    if refused is not None:
        return Ack(after=[_refusal_reply(handling, payload, refused)])
    view = handling.ticket(number)
    if view is None:
        return Ack(after=[_refusal_reply(handling, payload, Refused(Refusal.NO_SUCH_TICKET, number=number))])
    if not handling.open_view(
        text(payload, "trigger_id"), form_for(action, view, optional(payload, "channel", "id"))
    ):
        sentence = sentences.refusal(sentences.Answer.TEMPORARY)
        return Ack(after=[_reply(payload, sentence)])
    return Ack()


def _refusal_reply(handling: Handling, payload: Payload, refused: Refused) -> Reply:
    with handling.store.read() as session:
        return _reply(payload, refusal_sentence(session, refused))


def _reply(payload: Payload, sentence: str) -> Reply:
    to = _reply_to(payload)
    return Reply(
        person_id=text(payload, "user", "id"),
        channel=to.channel,
        response_url=to.response_url,
        text=sentence,
    )


def _chose(handling: Handling, payload: Payload, pressed: Payload) -> Ack:
    message = mapping(payload, "message")
    adds = DIRECT_ADD.fullmatch(text(pressed, "action_id")) is not None
    value = text(pressed, "value")
    gesture = Chose(
        key=_key(payload, pressed),
        person_id=text(payload, "user", "id"),
        at=handling.now(),
        reply_to=_reply_to(payload),
        channel=text(payload, "channel", "id"),
        ts=text(message, "thread_ts"),
        number=value if adds else None,
        desk_key=None if adds else value,
    )
    outcome = handling.intake.handle(gesture)
    with handling.store.read() as session:
        word = reply(session, gesture, outcome)
    return Ack(after=[word] if word else [])


def on_shortcut(handling: Handling, payload: Payload) -> Ack:
    """«Raise a ticket» on a message."""
    channel = text(payload, "channel", "id")
    message = message_of(mapping(payload, "message"), channel)
    desks = handling.desks()
    if desks.all and desks.of_channel(channel) is None and len(desks.all) > 1:
        view = forms.raise_form(
            desk_views(desks),
            text=plain(message.text, handling.names_in(message.text)),
            context=FormContext(channel=channel, message_ts=message.ts, source=Source.SHORTCUT.value),
            is_private=privacy.is_direct(channel),
        )
        if handling.open_view(text(payload, "trigger_id"), view):
            return Ack()
        return Ack(after=[_reply(payload, sentences.refusal(sentences.Answer.TEMPORARY))])
    return handling.quietly(
        Pointed(
            key=f"shortcut:{text(payload, 'trigger_id')}",
            person_id=text(payload, "user", "id"),
            at=handling.now(),
            reply_to=ReplyTo(channel=channel, response_url=optional(payload, "response_url")),
            message=message,
        )
    )


def on_form(handling: Handling, payload: Payload) -> Ack:
    """A form was sent: errors stand beside their fields, otherwise it closes."""
    view = mapping(payload, "view")
    try:
        gesture = _submitted(handling, payload, view)
    except forms.FormError as error:
        return _field_error(error.block_id, error.sentence)
    except FormContextError as error:
        return _replaced("Please start again", str(error))
    outcome = handling.intake.handle(gesture)
    if isinstance(outcome, Refused):
        with handling.store.read() as session:
            sentence = refusal_sentence(session, outcome)
        return _field_error(FIRST_FIELD[CallbackId(text(view, "callback_id"))], sentence)
    if isinstance(outcome, Deferred):
        return _replaced("Got it", sentences.refusal(sentences.Answer.LOOKING_UP))
    return Ack()


FIRST_FIELD = {
    CallbackId.RAISE: BlockId.DESCRIPTION,
    CallbackId.RESOLVE: BlockId.RESOLUTION,
    CallbackId.ASSIGN: BlockId.ASSIGNEE,
    CallbackId.NOTE: BlockId.NOTE,
    CallbackId.PRIORITY: BlockId.WORK_NOTE,
    CallbackId.DETAILS: BlockId.REPLY,
}
"""The field that a refusal stands beside."""


def _field_error(block_id: str, sentence: str) -> Ack:
    return Ack({"response_action": "errors", "errors": {str(block_id): sentence}})


def _replaced(title: str, sentence: str) -> Ack:
    return Ack({"response_action": "update", "view": forms.message_view(title, sentence)})


def _submitted(handling: Handling, payload: Payload, view: Payload) -> AnyGesture:
    """The gesture that a form means; what was typed is kept as Slack's markup, like every other text.

    Raises FormError, FormContextError or MalformedPayload.
    """
    callback_id = text(view, "callback_id")
    if callback_id not in FIRST_FIELD:
        raise MalformedPayload("view.callback_id", "one of our forms")
    values = mapping(view, "state", "values")
    form = forms.read_form(callback_id, values)
    context = FormContext.from_metadata(optional(view, "private_metadata"))
    common = {
        "key": f"form:{text(view, 'id')}:{_digest(values)}",
        "person_id": text(payload, "user", "id"),
        "at": handling.now(),
        "reply_to": ReplyTo(channel=handling.reachable(context.channel)),
    }
    if isinstance(form, forms.RaiseForm):
        return _filed(handling, form, context, common)
    return Acted.model_validate({**common, "number": context.ticket or "", **_action(form)})


def _digest(values: Payload) -> str:
    """The same form with the same content is the same gesture; corrected, it is another."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def _filed(
    handling: Handling, form: forms.RaiseForm, context: FormContext, common: dict[str, object]
) -> Filed:
    desk_key = form.desk_key or context.desk_key
    if desk_key is None and len(desks := handling.desks().all) == 1:
        desk_key = desks[0].key
    return Filed.model_validate(
        {
            **common,
            "desk_key": desk_key or "",
            "channel": context.channel,
            "message_ts": context.message_ts,
            "title": escape(form.title or ""),
            "description": escape(form.description),
            "kind": form.kind,
            "affected": form.affected,
            "category": form.category,
            "impact": form.impact,
            "urgency": form.urgency,
            "is_private": form.is_private,
        }
    )


def _action(
    form: forms.ResolveForm | forms.AssignForm | forms.NoteForm | forms.PriorityForm | forms.ReplyForm,
) -> dict[str, object]:
    match form:
        case forms.ResolveForm():
            return {"action": Action.RESOLVE, "text": escape(form.resolution)}
        case forms.AssignForm():
            return {"action": Action.ASSIGN, "assignee_id": form.person_id}
        case forms.NoteForm():
            return {"action": Action.NOTE, "text": escape(form.text)}
        case forms.ReplyForm():
            return {"action": Action.SPEAK, "text": escape(form.text)}
        case forms.PriorityForm():
            return {
                "action": Action.PRIORITISE,
                "impact": form.impact,
                "urgency": form.urgency,
                "text": escape(form.note),
            }
