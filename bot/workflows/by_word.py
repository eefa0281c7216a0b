"""Forms, buttons and words: raising by form, acting on a ticket, asking for lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import select

from bot.models import Ticket
from bot.models.vocabulary import Action, Role, Source
from bot.workflows import (
    absences,
    conversing,
    homes,
    people,
    permissions,
    privacy,
    raising,
    service_desk,
    undelivered,
)
from bot.workflows.by_message import can_answer_in, raise_from
from bot.workflows.desks import Definition
from bot.workflows.facts import Message
from bot.workflows.gestures import Acted, Asked, CameBack, Filed, LookedHome, Unparked, WentAway
from bot.workflows.outcomes import Done, Ignored, Outcome, Refusal, Refused
from bot.workflows.raising import Draft, Place
from bot.workflows.scene import Scene
from bot.workflows.titles import title_from
from bot.workflows.work import Work


def filed(scene: Scene, gesture: Filed) -> Outcome:
    """The form was sent."""
    desk = scene.desks.get(gesture.desk_key)
    if desk is None:
        raise Refused(Refusal.NO_DESK)
    work = scene.work(gesture, desk)
    if gesture.channel is not None and gesture.message_ts is not None:
        message = _formed_on(scene, desk, gesture.channel, gesture.message_ts)
        return raise_from(scene, work, message, Source.SHORTCUT, form=gesture)
    in_request_channel = gesture.channel in desk.request_channels
    draft = Draft(
        requester_id=gesture.person_id,
        raiser_id=gesture.person_id,
        title=gesture.title or title_from(gesture.description),
        description=gesture.description,
        source=Source.COMMAND,
        raised_at=min(gesture.at, scene.now),
        place=Place(channel=gesture.channel if in_request_channel and not gesture.is_private else None),
        kind=gesture.kind,
        category=gesture.category,
        affected=gesture.affected,
        impact=gesture.impact,
        urgency=gesture.urgency,
        is_private=gesture.is_private,
    )
    return raising.raise_ticket(work, draft)


def _formed_on(scene: Scene, desk: Definition, channel: str, ts: str) -> Message:
    """The message that a form was opened on. Where the bot is not, Slack would not show it."""
    if can_answer_in(scene.session, desk, channel):
        return scene.message(channel, ts)
    return Message(channel=channel, ts=ts, text="", author_id=None, is_missing=True)


def acted(scene: Scene, gesture: Acted) -> Outcome:
    """An action on a ticket that was named by its number."""
    ticket = scene.ticket_numbered(gesture.number)
    work = scene.work(gesture, scene.desk_of(ticket), ticket)
    permissions.require_sight(
        work.actor.roles, ticket.state, number=gesture.number, is_private=ticket.is_private
    )
    _hide_from_outsiders(work, ticket)
    return WORD_ACTIONS[gesture.action](work, ticket, gesture)


def _hide_from_outsiders(work: Work, ticket: Ticket) -> None:
    """An outsider hears why at once, whatever the ticket's state."""
    if work.actor.is_outsider:
        permissions.require(Action.SHOW, work.actor.roles, ticket.state)


def _prioritise(work: Work, ticket: Ticket, gesture: Acted) -> Done:
    impact, urgency = gesture.impact or ticket.impact, gesture.urgency or ticket.urgency
    if not (gesture.text or "").strip():
        permissions.require(Action.PRIORITISE, work.actor.roles, ticket.state)
        is_same = (impact, urgency) == (ticket.impact, ticket.urgency)
        raise Refused(Refusal.NOTHING_TO_CHANGE if is_same else Refusal.NOTE_REQUIRED)
    return service_desk.prioritise(work, ticket, impact, urgency, gesture.text)


def _assign(work: Work, ticket: Ticket, gesture: Acted) -> Done:
    if gesture.assignee_id is None:
        raise Refused(Refusal.ASSIGNEE_IS_NO_AGENT, person="")
    return service_desk.assign(work, ticket, gesture.assignee_id)


WORD_ACTIONS: Mapping[Action, Callable[[Work, Ticket, Acted], Done]] = {
    Action.CLAIM: lambda work, ticket, _: service_desk.claim(work, ticket),
    Action.RELEASE: lambda work, ticket, _: service_desk.release(work, ticket),
    Action.ASSIGN: _assign,
    Action.WAIT: lambda work, ticket, gesture: service_desk.wait(work, ticket, gesture.wait_for),
    Action.RESUME: lambda work, ticket, _: service_desk.resume(work, ticket),
    Action.RESOLVE: lambda work, ticket, gesture: service_desk.resolve(work, ticket, gesture.text),
    Action.REOPEN: lambda work, ticket, _: service_desk.reopen(work, ticket),
    Action.CLOSE: lambda work, ticket, _: service_desk.close(work, ticket),
    Action.CANCEL: lambda work, ticket, _: service_desk.cancel(work, ticket),
    Action.NOTE: lambda work, ticket, gesture: service_desk.note(work, ticket, gesture.text or ""),
    Action.PRIORITISE: _prioritise,
    Action.ACKNOWLEDGE: lambda work, ticket, _: service_desk.acknowledge(work, ticket),
    Action.SPEAK: lambda work, ticket, gesture: conversing.speak(work, ticket, gesture.text or ""),
    Action.MAKE_PRIVATE: lambda work, ticket, _: privacy.make_private(work, ticket),
    Action.MAKE_PUBLIC: lambda work, ticket, _: privacy.make_public(work, ticket),
}
"""Which button, form or word means which action."""


def asked(scene: Scene, gesture: Asked) -> Outcome:
    """Whether the person may see what they ask for; `data["desks"]` names the desks of a queue."""
    if not scene.desks.all:
        raise Refused(Refusal.NO_DESK)
    if gesture.query in ("show", "sla", "details"):
        return _asked_for_ticket(scene, gesture)
    if gesture.query == "report":
        return _asked_for_report(scene, gesture)
    if gesture.query == "standing":
        return _asked_for_standing(scene, gesture)
    if gesture.query == "absence":
        return absences.ask(scene.session, scene.desks.all, gesture.person_id)
    actors = homes.roles_at(scene.session, gesture.person_id, scene.desks.all)
    if gesture.query == "mine":
        permissions.require(Action.RAISE, next(iter(actors.values())).roles, None)
        return Done(event="mine", number="", ticket_id=0)
    allowed = [key for key, who in actors.items() if permissions.is_allowed(Action.QUEUE, who.roles, None)]
    if not allowed:
        permissions.require(Action.QUEUE, next(iter(actors.values())).roles, None)
    readable = [key for key in allowed if permissions.is_allowed(Action.READ, actors[key].roles, None)]
    works = [key for key in allowed if homes.works_there(actors[key])]
    data = {"desks": ",".join(allowed), "readable": ",".join(readable), "works": ",".join(works)}
    return Done(event=gesture.query, number="", ticket_id=0, data=data)


def _asked_for_report(scene: Scene, gesture: Asked) -> Outcome:
    """Whether the person may see the tickets behind a report of the desk `number`."""
    desk = scene.desks.get(gesture.number or "")
    if desk is None:
        raise Refused(Refusal.NO_DESK)
    actor = people.actor(scene.session, gesture.person_id, desk)
    permissions.require(Action.REPORT, actor.roles, None)
    return Done(event="report", number="", ticket_id=0)


def _asked_for_standing(scene: Scene, gesture: Asked) -> Outcome:
    """Whether the person may see how the desk `number` stands; what they may read there."""
    desk = scene.desks.get(gesture.number or "")
    if desk is None:
        raise Refused(Refusal.NO_DESK)
    actor = people.actor(scene.session, gesture.person_id, desk)
    permissions.require(Action.QUEUE, actor.roles, None)
    readable = desk.key if permissions.is_allowed(Action.READ, actor.roles, None) else ""
    return Done(event="standing", number="", ticket_id=0, data={"readable": readable})


def _asked_for_ticket(scene: Scene, gesture: Asked) -> Outcome:
    number = gesture.number or ""
    ticket = scene.session.scalars(select(Ticket).where(Ticket.number == number)).first()
    # Also for no ticket at all: whoever asks learns the same, and as fast or as late.
    desk = scene.desk_of(ticket) if ticket else scene.desks.all[0]
    actor = people.actor(scene.session, gesture.person_id, desk, ticket)
    if ticket is None or not permissions.is_allowed(Action.SHOW, actor.roles, ticket.state):
        raise Refused(Refusal.NO_SUCH_TICKET, number=number)
    reads = permissions.is_allowed(Action.READ, actor.roles, ticket.state)
    if gesture.query == "details" and not reads:
        raise Refused(Refusal.NOT_YOURS, number=number)
    speaks = permissions.is_allowed(Action.SPEAK, actor.roles, ticket.state)
    data = {"reads": "yes" if reads else "", "speaks": "yes" if speaks else ""}
    return Done(event=gesture.query, number=ticket.number, ticket_id=ticket.id, data=data)


def said_absence(scene: Scene, gesture: WentAway | CameBack) -> Outcome:
    """Somebody says that they are away, or back: as of the gesture's own instant."""
    at, desks = min(gesture.at, scene.now), scene.desks.all
    if isinstance(gesture, CameBack):
        return absences.come_back(scene.session, desks, gesture.person_id, at=at)
    return absences.go_away(
        scene.session, desks, gesture.person_id, until=gesture.until, cover_id=gesture.cover_id, at=at
    )


def unparked(scene: Scene, gesture: Unparked) -> Outcome:
    """An administrator retries or drops what a notice tells of."""
    person = people.known_person(scene.session, gesture.person_id)
    roles = {people.standing(person)}
    named = scene.desks.all[0].administrators if scene.desks.all else None
    if person.id in people.administrators(scene.session, named):
        roles.add(Role.ADMINISTRATOR)
    permissions.require(Action.UNPARK, roles, None)
    count = undelivered.settle_notice(scene.session, gesture.notice, by=person.id, drop=gesture.drop)
    if count is None:
        return Ignored()
    event = "dropped" if gesture.drop else "retried"
    return Done(event=event, number="", ticket_id=0, data={"count": str(count)})


def looked_home(scene: Scene, gesture: LookedHome) -> Outcome:
    """Everybody may look: what they see is decided when it is drawn."""
    homes.looked(scene.session, gesture.person_id, is_opening=gesture.is_opening)
    return Done(event="home", number="", ticket_id=0)
