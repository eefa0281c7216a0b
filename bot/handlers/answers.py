"""From an outcome to the words for the person who made the gesture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from bot.models import Ticket
from bot.surfaces import absence, blocks, confirmations, explanations, lists, notices, sentences
from bot.surfaces.rendered import Rendered
from bot.workflows import absences, explaining, reading
from bot.workflows.desks import load_desks
from bot.workflows.gestures import AnyGesture, Asked, CameBack, Reacted, WentAway
from bot.workflows.outcomes import Deferred, Done, Ignored, Outcome, Refused, Reply


@dataclass(frozen=True)
class Ack:
    """What goes back to Slack as the acknowledgement, and the direct replies after it."""

    body: dict[str, object] | None = None
    after: list[Reply] = field(default_factory=list)


def told(rendered: Rendered) -> Ack:
    """A command's answer, seen by the person alone."""
    shown = blocks.shortened(rendered)
    return Ack({"response_type": "ephemeral", "text": shown.text, "blocks": shown.blocks})


def render(session: Session, gesture: AnyGesture, outcome: Outcome) -> Rendered | None:
    """What the person is told of an outcome; None when what they see changing says it already."""
    match outcome:
        case Ignored():
            return None
        case Deferred():
            return notices.told(sentences.refusal(sentences.Answer.LOOKING_UP))
        case Refused():
            return notices.told(refusal_sentence(session, outcome))
        case Done() if isinstance(gesture, Asked):
            return ASKED[gesture.query](session, gesture, outcome)
        case Done() if isinstance(gesture, WentAway | CameBack):
            return _absence(session, gesture, outcome)
        case Done():
            names = reading.with_names(session, outcome.data)
            return confirmations.confirmation(outcome.event, outcome.number, names)


def refusal_sentence(session: Session, refused: Refused) -> str:
    """Why nothing changed, with names instead of ids."""
    return sentences.refusal(refused.refusal, **reading.with_names(session, refused.data))


def quiet_reply(session: Session, gesture: AnyGesture, outcome: Outcome) -> Reply | None:
    """The direct word after an emoji, a button or a message: only where nothing visible says it."""
    return reply(session, gesture, outcome) if needs_a_word(outcome) else None


def needs_a_word(outcome: Outcome) -> bool:
    """Whether nothing visible tells the person what came of an emoji, a button or a message."""
    if isinstance(outcome, Done):
        noted = outcome.event == "resolved" and outcome.data.get("noted")
        return outcome.event in confirmations.WORTH_A_WORD and not noted
    return isinstance(outcome, Refused)


def reply(session: Session, gesture: AnyGesture, outcome: Outcome) -> Reply | None:
    """The word for the person, addressed; None where nothing is to be said, or there is no place for it."""
    rendered = render(session, gesture, outcome)
    if rendered is None or gesture.reply_to.is_nowhere:
        return None
    return Reply(
        person_id=gesture.person_id,
        channel=gesture.reply_to.channel,
        thread_ts=gesture.reply_to.thread_ts or _thread_of(session, gesture),
        response_url=gesture.reply_to.response_url,
        text=rendered.text,
    )


def _thread_of(session: Session, gesture: AnyGesture) -> str | None:
    """The thread of an emoji's message, where only the records say that it is a reply."""
    if not isinstance(gesture, Reacted):
        return None
    return reading.thread_of_origin(session, gesture.channel, gesture.ts)


def _mine(session: Session, gesture: Asked, _done: Done) -> Rendered:
    page = reading.list_tickets(session, page=gesture.page, requester_id=gesture.person_id)
    return lists.ticket_list(page, heading="Your open tickets", command="list")


def _queue(session: Session, gesture: Asked, done: Done) -> Rendered:
    keys = tuple(done.data["desks"].split(","))
    only_unassigned = gesture.query == "unassigned"
    readable = tuple(done.data["readable"].split(","))
    page = reading.list_tickets(
        session, page=gesture.page, desk_keys=keys, unassigned=only_unassigned, readable=readable
    )
    heading = "Nobody has these" if only_unassigned else "The queue"
    return lists.ticket_list(page, heading=heading, command=gesture.query, link="card")


def _show(session: Session, _gesture: Asked, done: Done) -> Rendered:
    audience = audience_of(done)
    view = reading.read_ticket(session, done.ticket_id, audience)
    return lists.ticket_detail(view, reading.read_events(session, done.ticket_id, audience))


def audience_of(done: Done) -> reading.Audience:
    """As whom somebody reads the ticket that they asked for: decided with the question, by permission."""
    return reading.Audience.INSIDERS if done.data.get("reads") else reading.Audience.ANYBODY


def _details(_session: Session, _gesture: Asked, _done: Done) -> Rendered:
    """The answer came too late for a modal: that opens only in answer to a press."""
    return notices.told("You may read this ticket; please press “Show details” once more.")


def _sla(session: Session, gesture: Asked, done: Done) -> Rendered:
    ticket = session.get_one(Ticket, done.ticket_id)
    return explanations.explanation(explaining.explain(session, ticket, gesture.at))


def _report(_session: Session, _gesture: Asked, _done: Done) -> Rendered:
    """The answer came too late for a list: that opens only in answer to a press."""
    return notices.told("You may see these tickets; please choose the line in the report once more.")


def _absence(session: Session, gesture: Asked | WentAway | CameBack, done: Done) -> Rendered:
    keys = done.data["desks"].split(",")
    own = [desk for desk in load_desks(session).all if desk.key in keys]
    view = absences.read_absence(session, gesture.person_id, own, gesture.at)
    return absence.ANSWERS[done.event](view)


def _list(_session: Session, _gesture: Asked, _done: Done) -> Rendered:
    """The answer came too late for a list: that opens only in answer to a press."""
    return notices.told("You may see these tickets; please press the button once more.")


ASKED: Mapping[str, Callable[[Session, Asked, Done], Rendered]] = {
    "mine": _mine,
    "queue": _queue,
    "unassigned": _queue,
    "assigned": _list,
    "standing": _list,
    "show": _show,
    "sla": _sla,
    "absence": _absence,
    "report": _report,
    "details": _details,
}
