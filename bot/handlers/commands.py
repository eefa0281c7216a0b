"""`/ticket`: parse the words, open a form or do what they say, answer in the acknowledgement."""

from __future__ import annotations

from bot.handlers.answers import Ack, refusal_sentence, render, told
from bot.handlers.context import Handling, desk_views
from bot.handlers.payloads import MalformedPayload, Payload, optional, text
from bot.models.vocabulary import Action, Source, State
from bot.surfaces import commands, forms, lists, notices, sentences
from bot.surfaces.ids import COMMAND, FormContext
from bot.surfaces.text import plain
from bot.workflows import privacy
from bot.workflows.gestures import Acted, AnyGesture, Asked, CameBack, ReplyTo, WentAway
from bot.workflows.outcomes import Refusal
from bot.workflows.reading import TicketView


def on_command(handling: Handling, payload: Payload) -> Ack:
    """Whatever is typed means something; the answer is the acknowledgement."""
    if text(payload, "command") != COMMAND:
        raise MalformedPayload("command", COMMAND)
    command = commands.parse_command(optional(payload, "text") or "")
    match command:
        case commands.Help():
            return told(lists.help_text(desk_views(handling.desks())))
        case commands.Mistyped():
            return told(notices.mistyped(command))
        case commands.Raise(description):
            return _open_form(handling, payload, description)
        case commands.Act():
            return _act(handling, payload, command)
        case commands.Away():
            return _away(handling, payload, command)
        case commands.Back():
            return _answer(handling, CameBack.model_validate(_common(handling, payload)))
        case _:
            return _answer(handling, _question(handling, payload, command))


def _question(
    handling: Handling,
    payload: Payload,
    command: commands.ListMine
    | commands.Queue
    | commands.Unassigned
    | commands.Show
    | commands.Explain
    | commands.AskAbsence,
) -> Asked:
    words = {commands.ListMine: "mine", commands.Queue: "queue", commands.Unassigned: "unassigned"}
    common = _common(handling, payload)
    if isinstance(command, commands.AskAbsence):
        return Asked.model_validate({**common, "query": "absence"})
    if isinstance(command, commands.Show | commands.Explain):
        query = "show" if isinstance(command, commands.Show) else "sla"
        return Asked.model_validate({**common, "query": query, "number": command.number})
    return Asked.model_validate({**common, "query": words[type(command)], "page": command.page})


def _common(handling: Handling, payload: Payload) -> dict[str, object]:
    return {
        "key": f"command:{text(payload, 'trigger_id')}",
        "person_id": text(payload, "user_id"),
        "at": handling.now(),
        "reply_to": ReplyTo(
            channel=optional(payload, "channel_id"), response_url=optional(payload, "response_url")
        ),
    }


def _answer(handling: Handling, gesture: AnyGesture) -> Ack:
    outcome = handling.intake.handle(gesture)
    with handling.store.read() as session:
        rendered = render(session, gesture, outcome)
    return told(rendered) if rendered else Ack()


def _open_form(handling: Handling, payload: Payload, description: str) -> Ack:
    if not handling.desks().all:
        return _say(Refusal.NO_DESK)
    view = raise_form_for(handling, channel=optional(payload, "channel_id"), description=description)
    return _opened(handling, payload, view)


def raise_form_for(handling: Handling, *, channel: str | None, description: str = "") -> dict[str, object]:
    """The form for a new ticket: for the desk of the channel, or the only one; else it asks which."""
    desks = handling.desks()
    here = desks.of_channel(channel or "")
    here = here or (desks.all[0] if len(desks.all) == 1 else None)
    return forms.raise_form(
        desk_views(desks),
        text=plain(description, handling.names_in(description)),
        context=FormContext(channel=channel, source=Source.COMMAND.value),
        desk_key=here.key if here else None,
        is_private=privacy.is_direct(channel),
    )


def _opened(handling: Handling, payload: Payload, view: dict[str, object]) -> Ack:
    if handling.open_view(text(payload, "trigger_id"), view):
        return Ack()
    return _say(sentences.Answer.TEMPORARY)


def _say(refusal: Refusal | sentences.Answer, **data: str) -> Ack:
    return told(notices.told(sentences.refusal(refusal, **data)))


def _act(handling: Handling, payload: Payload, command: commands.Act) -> Ack:
    form = _form_instead(command)
    if form is not None:
        # A form says what the ticket is about: who may not do this gets none, as with the card's buttons.
        refused = handling.intake.would_refuse(text(payload, "user_id"), form, command.number)
        if refused is not None:
            with handling.store.read() as session:
                return told(notices.told(refusal_sentence(session, refused)))
        view = handling.ticket(command.number)
        if view is None:
            return _say(Refusal.NO_SUCH_TICKET, number=command.number)
        return _opened(handling, payload, form_for(form, view, optional(payload, "channel_id")))
    wait_for = commands.waiting_for(command.rest) if command.action is Action.WAIT else None
    if command.action is Action.WAIT and wait_for is None:
        return _say(sentences.Answer.MALFORMED)
    assignee_id = None
    if command.action is Action.ASSIGN:
        assignee_id = handling.person_named(commands.person_in(command.rest))
        if assignee_id is None:
            return _say(sentences.Answer.NO_SUCH_PERSON, who=command.rest)
    gesture = Acted.model_validate(
        {
            **_common(handling, payload),
            "action": command.action,
            "number": command.number,
            "text": command.rest.strip() or None,
            "assignee_id": assignee_id,
            "wait_for": wait_for or State.WAITING_REQUESTER,
        }
    )
    return _answer(handling, gesture)


def _away(handling: Handling, payload: Payload, command: commands.Away) -> Ack:
    cover_id = handling.person_named(command.cover)
    if command.cover is not None and cover_id is None:
        name = command.cover.name if isinstance(command.cover, commands.Handle) else ""
        return _say(sentences.Answer.NO_SUCH_PERSON, who=name)
    said = {"until": command.until, "cover_id": cover_id}
    return _answer(handling, WentAway.model_validate({**_common(handling, payload), **said}))


def _form_instead(command: commands.Act) -> Action | None:
    """What asks for more than was typed opens its form."""
    asks = {Action.RESOLVE, Action.NOTE, Action.ASSIGN}
    if command.action is Action.PRIORITISE or (command.action in asks and not command.rest.strip()):
        return command.action
    return None


def form_for(action: Action, view: TicketView, channel: str | None) -> dict[str, object]:
    """The form of an action that needs one; it remembers where it was asked for, for a late answer."""
    form = {
        Action.RESOLVE: forms.resolve_form,
        Action.NOTE: forms.note_form,
        Action.ASSIGN: forms.assign_form,
        Action.PRIORITISE: forms.priority_form,
    }[action](view)
    return form | {"private_metadata": FormContext(ticket=view.number, channel=channel).to_metadata()}
