"""From a gesture to the action it means: the table of emoji, the table of actions, and who may do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.clock import instant_of
from bot.models import Channel, Comment, Outbox, Reaction, Ticket, Workspace
from bot.models.vocabulary import ENDED_STATES, Action, Level, Role, Source
from bot.store.dialects import upsert
from bot.workflows import conversing, people, permissions, raising, service_desk, telling, undoing
from bot.workflows.desks import Definition, Desks, load_desks
from bot.workflows.facts import Message, MessageFact
from bot.workflows.gestures import Acted, AnyGesture, Asked, Changed, Chose, Filed, Pointed, Reacted, Wrote
from bot.workflows.outcomes import Done, FactsMissing, Ignored, Outcome, Refusal, Refused
from bot.workflows.raising import Draft, Place
from bot.workflows.telling import Telling
from bot.workflows.titles import title_from
from bot.workflows.work import Work, locked_ticket


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What a decision is made with. `messages`: those read from Slack for it, by (channel, ts)."""

    session: Session
    now: datetime
    desks: Desks
    messages: Mapping[tuple[str, str], Message] = field(default_factory=dict)

    def work(
        self, gesture: AnyGesture, desk: Definition, ticket: Ticket | None = None, *, on_request: bool = False
    ) -> Work:
        """The unit of work; without a ticket no role at the desk counts. Raises FactsMissing."""
        if ticket is None:
            actor = people.member(self.session, gesture.person_id)
        else:
            actor = people.actor(self.session, gesture.person_id, desk, ticket)
        return Work(
            session=self.session,
            desk=desk,
            actor=actor,
            at=min(gesture.at, self.now),
            now=self.now,
            gesture=gesture.trace,
            on_request=on_request,
        )

    def message(self, channel: str, ts: str) -> Message:
        """What a message says. Raises FactsMissing until it has been read."""
        known = self.messages.get((channel, ts))
        if known is None:
            raise FactsMissing(MessageFact(channel, ts))
        return known

    def desk_of(self, ticket: Ticket) -> Definition:
        """The ticket's desk. Raises Refused when it is disabled."""
        desk = self.desks.get(ticket.desk_key)
        if desk is None:
            raise Refused(Refusal.NO_DESK)
        return desk

    def ticket_at(self, channel: str, ts: str) -> Ticket | None:
        """The ticket that a message stands for today, locked."""
        first = raising.anchored_ticket_id(self.session, channel, ts)
        return None if first is None else locked_ticket(self.session, raising.current_of(self.session, first))


def decide(
    session: Session,
    gesture: AnyGesture,
    *,
    now: datetime,
    messages: Mapping[tuple[str, str], Message] | None = None,
) -> Outcome:
    """Do what a gesture means, in the caller's transaction.

    Raises Refused (nothing changed, and why), FactsMissing (nothing changed yet) or Conflict (run it again).
    """
    scene = Scene(session=session, now=now, desks=load_desks(session), messages=messages or {})
    match gesture:
        case Reacted():
            return _reacted(scene, gesture)
        case Wrote():
            return _wrote(scene, gesture)
        case Changed():
            return _changed(scene, gesture)
        case Filed():
            return _filed(scene, gesture)
        case Pointed():
            return _pointed(scene, gesture)
        case Acted():
            return _acted(scene, gesture)
        case Chose():
            return _chose(scene, gesture)
        case Asked():
            return _asked(scene, gesture)


def _reacted(scene: Scene, gesture: Reacted) -> Outcome:
    if not scene.desks.meaning_anywhere(gesture.emoji):
        return Ignored()
    ticket = scene.ticket_at(gesture.channel, gesture.ts)
    if ticket is None:
        return _reacted_to_plain_message(scene, gesture)
    desk = scene.desk_of(ticket)
    meaning = desk.meaning(gesture.emoji)
    if meaning is None:
        return Ignored()
    if meaning == "raise":
        return _points_to(ticket) if gesture.added else Ignored()
    on_request = (gesture.channel, gesture.ts) == (ticket.conversation_channel, ticket.conversation_ts)
    work = scene.work(gesture, desk, ticket, on_request=on_request)
    if not _is_news(scene.session, gesture):
        return Ignored()
    if gesture.added:
        return EMOJI_ACTIONS[meaning](work, ticket)
    return _taken_back(work, ticket, meaning)


def _is_news(session: Session, gesture: Reacted) -> bool:
    """Whether this changes what is known of that person's emoji: add and remove converge by `event_ts`."""
    key = (gesture.channel, gesture.ts, gesture.person_id, gesture.emoji)
    known = session.get(Reaction, key)
    if known is not None and float(known.event_ts) >= float(gesture.event_ts):
        return False
    values = {
        "channel": gesture.channel,
        "ts": gesture.ts,
        "person_id": gesture.person_id,
        "emoji": gesture.emoji,
        "event_ts": gesture.event_ts,
        "is_present": gesture.added,
    }
    changes = known is None or known.is_present != gesture.added
    upsert(session, Reaction, values, keys=["channel", "ts", "person_id", "emoji"])
    return changes


def _urgent(work: Work, ticket: Ticket) -> Done:
    return service_desk.prioritise(work, ticket, ticket.impact, Level.HIGH, None)


EMOJI_ACTIONS: Mapping[str, Callable[[Work, Ticket], Done]] = {
    "claim": service_desk.claim,
    "resolve": lambda work, ticket: service_desk.resolve(work, ticket, None),
    "wait": service_desk.wait,
    "urgent": _urgent,
}
"""Which emoji means which action, on a card or on the root of a conversation."""


def _taken_back(work: Work, ticket: Ticket, meaning: str) -> Outcome:
    if meaning != "claim":
        return undoing.undo(work, ticket) or Ignored()
    if ticket.assignee_id != work.actor.id:
        return Ignored()
    return service_desk.release(work, ticket)


def _reacted_to_plain_message(scene: Scene, gesture: Reacted) -> Outcome:
    desk = scene.desks.of_request_channel(gesture.channel)
    if desk is None or not gesture.added or desk.meaning(gesture.emoji) != "raise":
        return Ignored()
    work = scene.work(gesture, desk)
    permissions.require(Action.RAISE, work.actor.roles, None)
    message = scene.message(gesture.channel, gesture.ts)
    return _raise_from(scene, work, message, Source.EMOJI)


def _points_to(ticket: Ticket) -> Done:
    return Done(event="exists", number=ticket.number, ticket_id=ticket.id)


def _raise_from(scene: Scene, work: Work, message: Message, source: Source) -> Outcome:
    """One ticket per thread, ever: where there is one, it is pointed at."""
    if message.is_missing:
        raise Refused(Refusal.NO_SUCH_MESSAGE)
    root = message.thread_ts or message.ts
    existing = scene.ticket_at(message.channel, root) or _ticket_written_in(
        scene.session, message.channel, message.ts
    )
    if existing is not None:
        return _points_to(existing)
    raiser = work.actor.person_id
    # Words of another app belong to nobody: who pointed at them is the requester.
    requester = raiser if message.is_app or message.author_id is None else message.author_id
    people.known_person(scene.session, requester)
    reachable = _can_answer_in(scene.session, work.desk, message.channel)
    draft = Draft(
        requester_id=requester,
        raiser_id=raiser,
        title=title_from(message.text),
        description=message.text,
        source=source,
        raised_at=min(instant_of(message.ts), scene.now),
        place=Place(channel=message.channel, root_ts=root) if reachable else Place(),
        origin=(message.channel, message.ts),
    )
    return raising.raise_ticket(work, draft)


def _can_answer_in(session: Session, desk: Definition, channel_id: str) -> bool:
    """Where the bot is not, the conversation is a direct message."""
    if channel_id.startswith("D") or channel_id in desk.request_channels:
        return True
    channel = session.get(Channel, channel_id)
    return channel is not None and channel.is_member


def _filed(scene: Scene, gesture: Filed) -> Outcome:
    desk = scene.desks.get(gesture.desk_key)
    if desk is None:
        raise Refused(Refusal.NO_DESK)
    in_request_channel = gesture.channel in desk.request_channels
    draft = Draft(
        requester_id=gesture.person_id,
        raiser_id=gesture.person_id,
        title=gesture.title or title_from(gesture.description),
        description=gesture.description,
        source=Source.COMMAND,
        raised_at=min(gesture.at, scene.now),
        place=Place(channel=gesture.channel if in_request_channel else None),
        kind=gesture.kind,
        category=gesture.category,
        affected=gesture.affected,
        impact=gesture.impact,
        urgency=gesture.urgency,
    )
    return raising.raise_ticket(scene.work(gesture, desk), draft)


def _pointed(scene: Scene, gesture: Pointed) -> Outcome:
    """The shortcut works on any message that the bot can answer under."""
    message = gesture.message
    desk = scene.desks.of_channel(message.channel) or scene.desks.get(gesture.desk_key or "")
    desk = desk or (scene.desks.all[0] if len(scene.desks.all) == 1 else None)
    if desk is None:
        raise Refused(Refusal.NO_DESK)
    source = Source.DIRECT_MESSAGE if message.channel.startswith("D") else Source.SHORTCUT
    return _raise_from(scene, scene.work(gesture, desk), message, source)


def _wrote(scene: Scene, gesture: Wrote) -> Outcome:
    message = gesture.message
    if message.is_app:
        return Ignored()
    root = message.thread_ts
    if root is not None and root != message.ts:
        return _replied(scene, gesture, root)
    if gesture.is_direct:
        return _wrote_directly(scene, gesture)
    desk = scene.desks.of_request_channel(message.channel)
    if not gesture.is_mention or desk is None:
        return Ignored()
    return _raise_from(scene, scene.work(gesture, desk), message, Source.MENTION)


def _replied(scene: Scene, gesture: Wrote, root: str) -> Outcome:
    message = gesture.message
    ticket = scene.ticket_at(message.channel, root)
    if ticket is None:
        return _replied_to_unknown(scene, gesture)
    desk = scene.desk_of(ticket)
    at_card = message.channel == desk.triage_channel and ticket.conversation_ts != root
    work = scene.work(gesture, desk, ticket)
    if work.actor.is_outsider:
        return Ignored()
    if not at_card and ticket.state in ENDED_STATES and Role.REQUESTER in work.actor.roles:
        return _continue(scene, work, ticket, message, root)
    return conversing.comment(work, ticket, message, at_card=at_card) or Ignored()


def _replied_to_unknown(scene: Scene, gesture: Wrote) -> Outcome:
    """A reply under a root of ours that is still being posted waits for it; other threads are not ours."""
    workspace = scene.session.scalars(select(Workspace)).first()
    ours = workspace is not None and gesture.parent_id == workspace.bot_user_id
    if ours and conversing.awaits_posting(scene.session, gesture.message.channel):
        raise FactsMissing
    return Ignored()


def _continue(scene: Scene, work: Work, closed: Ticket, message: Message, root: str) -> Outcome:
    if scene.session.scalar(
        select(Comment.id).where(Comment.channel == message.channel, Comment.ts == message.ts)
    ):
        return Ignored()
    draft = Draft(
        requester_id=closed.requester_id,
        raiser_id=work.actor.person_id,
        title=title_from(message.text),
        description=message.text,
        source=Source.REPLY,
        raised_at=min(instant_of(message.ts), scene.now),
        place=Place(channel=message.channel, root_ts=root),
        kind=closed.kind,
        category=closed.category,
        affected=closed.affected,
        impact=closed.impact,
        urgency=closed.urgency,
        origin=(message.channel, message.ts),
        continues=closed,
    )
    return raising.raise_ticket(work, draft)


def _wrote_directly(scene: Scene, gesture: Wrote) -> Outcome:
    """A new direct message raises a ticket; with open ones, the person is asked whether it belongs to one."""
    message = gesture.message
    if scene.ticket_at(message.channel, message.ts) is not None:
        return Ignored()
    if not scene.desks.all:
        raise Refused(Refusal.NO_DESK)
    work = scene.work(gesture, scene.desks.all[0])
    permissions.require(Action.RAISE, work.actor.roles, None)
    mine = select(Ticket).where(
        Ticket.requester_id == gesture.person_id, Ticket.state.not_in(list(ENDED_STATES))
    )
    open_tickets = scene.session.scalars(mine.order_by(Ticket.id.desc()).limit(4)).all()
    if not open_tickets and len(scene.desks.all) == 1:
        return _raise_from(scene, work, message, Source.DIRECT_MESSAGE)
    telling.tell(
        scene.session,
        f"choice:{message.channel}:{message.ts}",
        Telling.CHOICE,
        channel=message.channel,
        thread_ts=message.ts,
        data={
            "text": message.text,
            "tickets": [ticket.number for ticket in open_tickets],
            "author": gesture.person_id,
            "files": [list(pair) for pair in message.files],
        },
    )
    return Done(event="asked", number="", ticket_id=0)


def _chose(scene: Scene, gesture: Chose) -> Outcome:
    """A direct message that belongs to an open ticket becomes a comment; otherwise it raises one."""
    message = _offered_message(scene, gesture)
    if gesture.number is None:
        work = scene.work(gesture, scene.desks.all[0])
        return _raise_from(scene, work, message, Source.DIRECT_MESSAGE)
    ticket = _ticket_numbered(scene, gesture.number)
    work = scene.work(gesture, scene.desk_of(ticket), ticket)
    if Role.REQUESTER not in work.actor.roles:
        raise Refused(Refusal.NO_SUCH_TICKET, number=gesture.number)
    done = conversing.comment(work, ticket, message, at_card=False)
    return done or Done(event="commented", number=ticket.number, ticket_id=ticket.id)


def _offered_message(scene: Scene, gesture: Chose) -> Message:
    """What the person wrote, as kept beside the offer. Raises Refused when it was somebody else's."""
    key = f"choice:{gesture.channel}:{gesture.ts}"
    row = scene.session.scalars(select(Outbox).where(Outbox.key == key)).first()
    if row is None or row.data["author"] != gesture.person_id or not scene.desks.all:
        raise Refused(Refusal.NO_SUCH_MESSAGE)
    files = tuple((name, link) for name, link in row.data["files"])
    return Message(
        channel=gesture.channel,
        ts=gesture.ts,
        text=row.data["text"],
        author_id=gesture.person_id,
        files=files,
    )


def _asked(scene: Scene, gesture: Asked) -> Outcome:
    """Whether the person may see what they ask for; `data["desks"]` names the desks of a queue."""
    if not scene.desks.all:
        raise Refused(Refusal.NO_DESK)
    if gesture.query == "show":
        return _asked_for_ticket(scene, gesture)
    actors = {desk.key: people.actor(scene.session, gesture.person_id, desk) for desk in scene.desks.all}
    if gesture.query == "mine":
        permissions.require(Action.RAISE, next(iter(actors.values())).roles, None)
        return Done(event="mine", number="", ticket_id=0)
    allowed = [key for key, who in actors.items() if permissions.is_allowed(Action.QUEUE, who.roles, None)]
    if not allowed:
        permissions.require(Action.QUEUE, next(iter(actors.values())).roles, None)
    return Done(event=gesture.query, number="", ticket_id=0, data={"desks": ",".join(allowed)})


def _asked_for_ticket(scene: Scene, gesture: Asked) -> Outcome:
    number = gesture.number or ""
    ticket = scene.session.scalars(select(Ticket).where(Ticket.number == number)).first()
    if ticket is None:
        raise Refused(Refusal.NO_SUCH_TICKET, number=number)
    actor = people.actor(scene.session, gesture.person_id, scene.desk_of(ticket), ticket)
    if not permissions.is_allowed(Action.SHOW, actor.roles, ticket.state):
        raise Refused(Refusal.NO_SUCH_TICKET, number=number)
    return Done(event="show", number=ticket.number, ticket_id=ticket.id)


def _changed(scene: Scene, gesture: Changed) -> Outcome:
    """Edits and deletions of ticketed messages and of comments are noted."""
    ticket = _ticket_written_in(scene.session, gesture.channel, gesture.ts)
    if ticket is None:
        return Ignored()
    desk = scene.desk_of(ticket)
    news = conversing.message_changed(
        scene.session,
        channel=gesture.channel,
        ts=gesture.ts,
        changed_ts=gesture.changed_ts,
        text=gesture.text,
        is_deleted=gesture.text is None,
    )
    if not news:
        return Ignored()
    work = Work(
        session=scene.session,
        desk=desk,
        actor=replace(people.SYSTEM, id=gesture.person_id),
        at=min(gesture.at, scene.now),
        now=scene.now,
        gesture=gesture.key,
    )
    conversing.follow_change(work, ticket, channel=gesture.channel, ts=gesture.ts, text=gesture.text)
    return Done(event="message_changed", number=ticket.number, ticket_id=ticket.id)


def _ticket_written_in(session: Session, channel: str, ts: str) -> Ticket | None:
    """The ticket that a message raised or is a comment of, locked."""
    origin = select(Ticket.id).where(Ticket.origin_channel == channel, Ticket.origin_ts == ts)
    comment = select(Comment.ticket_id).where(Comment.channel == channel, Comment.ts == ts)
    ticket_id = session.scalar(origin) or session.scalar(comment)
    return None if ticket_id is None else locked_ticket(session, ticket_id)


def _ticket_numbered(scene: Scene, number: str) -> Ticket:
    ticket_id = scene.session.scalar(select(Ticket.id).where(Ticket.number == number))
    if ticket_id is None:
        raise Refused(Refusal.NO_SUCH_TICKET, number=number)
    return locked_ticket(scene.session, ticket_id)


def _acted(scene: Scene, gesture: Acted) -> Outcome:
    ticket = _ticket_numbered(scene, gesture.number)
    work = scene.work(gesture, scene.desk_of(ticket), ticket)
    _hide_from_outsiders(work, ticket)
    return WORD_ACTIONS[gesture.action](work, ticket, gesture)


def _hide_from_outsiders(work: Work, ticket: Ticket) -> None:
    """An outsider hears why at once, whatever the ticket's state."""
    if work.actor.is_outsider:
        permissions.require(Action.SHOW, work.actor.roles, ticket.state)


def _prioritise(work: Work, ticket: Ticket, gesture: Acted) -> Done:
    if not (gesture.text or "").strip():
        permissions.require(Action.PRIORITISE, work.actor.roles, ticket.state)
        raise Refused(Refusal.NOTE_REQUIRED)
    impact, urgency = gesture.impact or ticket.impact, gesture.urgency or ticket.urgency
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
}
"""Which button, form or word means which action."""
