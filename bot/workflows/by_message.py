"""Messages: raising from one, talking in a ticket's thread, direct messages, edits and deletions."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.clock import instant_of
from bot.models import Channel, Comment, Outbox, Person, Ticket, TimelineEvent, Workspace
from bot.models.vocabulary import ENDED_STATES, Action, Role, Source
from bot.workflows import conversing, people, permissions, privacy, raising, telling
from bot.workflows.desks import Definition
from bot.workflows.facts import Message
from bot.workflows.gestures import Changed, Chose, Filed, Pointed, Wrote
from bot.workflows.outcomes import Conflict, Done, FactsMissing, Ignored, Outcome, Refusal, Refused
from bot.workflows.raising import Draft, Place
from bot.workflows.scene import Scene
from bot.workflows.telling import Telling
from bot.workflows.titles import title_from
from bot.workflows.work import Work

TALKED_BEFORE = {
    Source.EMOJI: timedelta(seconds=10),
    Source.MENTION: timedelta(seconds=10),
    Source.SHORTCUT: timedelta(minutes=2),
}
"""How tickets come to be in threads that people talk in already, and how far off the instant may be.

An event may be stamped when it is sent; when a form is sent, only our clock says. Better a word too many
on a ticket than one lost.
"""


def points_to(ticket: Ticket) -> Done:
    """There is a ticket already: that one."""
    return Done(event="exists", number=ticket.number, ticket_id=ticket.id)


def raise_from(
    scene: Scene,
    work: Work,
    message: Message,
    source: Source,
    *,
    form: Filed | None = None,
    is_private: bool = False,
    not_before: datetime | None = None,
) -> Outcome:
    """One ticket per thread, ever: where there is one, it is pointed at. The words of a `form` come first.

    With a form, a message that Slack does not show us will do: who sent the form is the requester then.
    What is said in direct messages is private by nature; of a private ticket nothing is said in a channel.
    """
    # Also before a ticket is pointed at: who may not raise one learns of none.
    permissions.require(Action.RAISE, work.actor.roles, None)
    if message.is_missing and form is None:
        raise Refused(Refusal.NO_SUCH_MESSAGE)
    root = message.thread_ts or message.ts
    existing = scene.ticket_at(message.channel, root) or scene.ticket_written_in(message.channel, message.ts)
    if existing is not None:
        return points_to(existing)
    raiser = work.actor.person_id
    # Words of another app belong to nobody: who pointed at them is the requester.
    requester = raiser if message.is_app or message.author_id is None else message.author_id
    people.known_person(scene.session, requester)
    is_direct = privacy.is_direct(message.channel)
    is_private = is_private or is_direct or (form is not None and form.is_private)
    is_open = is_private and not is_direct
    answers = not message.is_missing and can_answer_in(scene.session, work.desk, message.channel)
    reachable = answers and not is_open
    draft = Draft(
        requester_id=requester,
        raiser_id=raiser,
        title=title_from(message.text, message.files),
        description=message.text,
        files=message.files,
        source=source,
        raised_at=min(instant_of(message.ts), scene.now),
        place=Place(channel=message.channel, root_ts=root) if reachable else Place(),
        origin=(message.channel, message.ts),
        is_private=is_private,
        not_before=not_before,
    )
    done = raising.raise_ticket(work, _as_filed(draft, form) if form else draft)
    return replace(done, event="raised_privately") if is_open else done


def _as_filed(draft: Draft, form: Filed) -> Draft:
    return replace(
        draft,
        title=form.title or title_from(form.description),
        description=form.description,
        kind=form.kind,
        category=form.category,
        affected=form.affected,
        impact=form.impact,
        urgency=form.urgency,
    )


def can_answer_in(session: Session, desk: Definition, channel_id: str) -> bool:
    """Where the bot is not, the conversation is a direct message."""
    return channel_id in desk.request_channels or is_heard_in(session, channel_id)


def is_heard_in(session: Session, channel_id: str) -> bool:
    """Whether the bot may write in a channel, or in direct messages: those that are its own."""
    if channel_id.startswith("D"):
        return session.scalar(select(Person.id).where(Person.direct_channel == channel_id)) is not None
    channel = session.get(Channel, channel_id)
    return channel is not None and channel.is_member


def pointed(scene: Scene, gesture: Pointed) -> Outcome:
    """The shortcut works on any message that the bot can answer under."""
    message = gesture.message
    desk = scene.desks.of_channel(message.channel) or scene.desks.get(gesture.desk_key or "")
    desk = desk or (scene.desks.all[0] if len(scene.desks.all) == 1 else None)
    if desk is None:
        raise Refused(Refusal.NO_DESK)
    source = Source.DIRECT_MESSAGE if message.channel.startswith("D") else Source.SHORTCUT
    return raise_from(scene, scene.work(gesture, desk), message, source)


def wrote(scene: Scene, gesture: Wrote) -> Outcome:
    """A message: part of a conversation, a direct message, a mention, or nothing to the desk."""
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
    return raise_from(scene, scene.work(gesture, desk), message, Source.MENTION)


def _replied(scene: Scene, gesture: Wrote, root: str) -> Outcome:
    message = gesture.message
    ticket = scene.ticket_at(message.channel, root)
    if ticket is None:
        return _replied_to_unknown(scene, gesture)
    if (ticket.origin_channel, ticket.origin_ts) == (message.channel, message.ts):
        return Ignored()
    if _precedes(scene.session, message.ts, ticket):
        return Ignored()
    desk = scene.desk_of(ticket)
    at_card = scene.is_card(message.channel, root)
    work = scene.work(gesture, desk, ticket)
    if work.actor.is_outsider and not (ticket.requester_id == gesture.person_id and not at_card):
        return Ignored()
    if not at_card and ticket.state in ENDED_STATES and Role.REQUESTER in work.actor.roles:
        return _continue(scene, work, ticket, message, root)
    return conversing.comment(work, ticket, message, at_card=at_card) or Ignored()


def _precedes(session: Session, ts: str, ticket: Ticket) -> bool:
    """Whether a message is older than its thread's ticket, and so no part of it, whenever it is heard of.

    Otherwise an old reply that is read back would be news, and the response that the clock waits for.
    """
    while ticket.continues_id is not None:
        ticket = session.get_one(Ticket, ticket.continues_id)
    if ticket.source not in TALKED_BEFORE:
        return False
    first = select(TimelineEvent.at, TimelineEvent.data).where(
        TimelineEvent.ticket_id == ticket.id, TimelineEvent.seq == 1
    )
    raised = session.execute(first).one_or_none()
    if raised is None:
        return False
    not_before = raised.data.get("not_before")
    raised_at = datetime.fromisoformat(not_before) if not_before else raised.at
    return instant_of(ts) < raised_at - TALKED_BEFORE[ticket.source]


def _replied_to_unknown(scene: Scene, gesture: Wrote) -> Outcome:
    message = gesture.message
    wait_for_posting(scene, message.channel, message.thread_ts or message.ts, author_id=gesture.parent_id)
    return Ignored()


def wait_for_posting(scene: Scene, channel: str, ts: str, *, author_id: str | None) -> None:
    """A message of ours may be in Slack before we know: what people do with it waits until we do.

    Raises FactsMissing while a card or an opening of ours is on its way into that channel, and Conflict when
    it arrived between the two looks.
    """
    workspace = scene.session.scalars(select(Workspace)).first()
    ours = workspace is not None and author_id in (None, workspace.bot_user_id)
    if ours and conversing.awaits_posting(scene.session, channel):
        raise FactsMissing
    if ours and scene.ticket_at(channel, ts) is not None:
        raise Conflict


def _continue(scene: Scene, work: Work, closed: Ticket, message: Message, root: str) -> Outcome:
    if scene.session.scalar(
        select(Comment.id).where(Comment.channel == message.channel, Comment.ts == message.ts)
    ):
        return Ignored()
    in_the_open = closed.is_private and not privacy.is_direct(message.channel)
    draft = Draft(
        requester_id=closed.requester_id,
        raiser_id=work.actor.person_id,
        title=title_from(message.text, message.files),
        description=message.text,
        files=message.files,
        source=Source.REPLY,
        raised_at=min(instant_of(message.ts), scene.now),
        place=Place() if in_the_open else Place(channel=message.channel, root_ts=root),
        kind=closed.kind,
        category=closed.category,
        affected=closed.affected,
        impact=closed.impact,
        urgency=closed.urgency,
        origin=(message.channel, message.ts),
        continues=closed,
        is_private=closed.is_private,
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
    # Their direct messages with us are where they write to us.
    opened = update(Person).where(Person.id == gesture.person_id, Person.direct_channel.is_(None))
    scene.session.execute(opened.values(direct_channel=message.channel))
    permissions.require(Action.RAISE, work.actor.roles, None)
    mine = select(Ticket.number).where(
        Ticket.requester_id == gesture.person_id, Ticket.state.not_in(list(ENDED_STATES))
    )
    open_tickets = scene.session.scalars(mine.order_by(Ticket.id.desc())).all()
    if not open_tickets and len(scene.desks.all) == 1:
        return raise_from(scene, work, message, Source.DIRECT_MESSAGE)
    telling.tell(
        scene.session,
        f"choice:{message.channel}:{message.ts}",
        Telling.CHOICE,
        channel=message.channel,
        thread_ts=message.ts,
        data={
            "text": message.text,
            "tickets": list(open_tickets),
            "desks": [desk.key for desk in scene.desks.all],
            "author": gesture.person_id,
            "files": [list(pair) for pair in message.files],
        },
    )
    return Done(event="asked", number="", ticket_id=0)


def chose(scene: Scene, gesture: Chose) -> Outcome:
    """A direct message that belongs to an open ticket becomes a comment; otherwise it raises one.

    The first choice counts, and the question then says what it was.
    """
    offer = _offer(scene, gesture)
    chosen = scene.ticket_written_in(gesture.channel, gesture.ts)
    if chosen is not None:
        return Done(event="chosen_already", number=chosen.number, ticket_id=chosen.id)
    outcome = _put_where_it_belongs(scene, gesture, _offered_message(gesture, offer))
    telling.redraw(scene.session, offer)
    return outcome


def _put_where_it_belongs(scene: Scene, gesture: Chose, message: Message) -> Outcome:
    if gesture.number is None:
        desk = scene.desks.all[0] if gesture.desk_key is None else scene.desks.get(gesture.desk_key)
        if desk is None:
            raise Refused(Refusal.DESK_GONE)
        return raise_from(scene, scene.work(gesture, desk), message, Source.DIRECT_MESSAGE)
    ticket = scene.ticket_numbered(gesture.number)
    work = scene.work(gesture, scene.desk_of(ticket), ticket)
    if Role.REQUESTER not in work.actor.roles:
        raise Refused(Refusal.NO_SUCH_TICKET, number=gesture.number)
    done = conversing.comment(work, ticket, message, at_card=False)
    return done or Done(event="commented", number=ticket.number, ticket_id=ticket.id)


def _offer(scene: Scene, gesture: Chose) -> Outbox:
    """The question that was asked, locked. Raises Refused when it was asked of somebody else."""
    key = f"choice:{gesture.channel}:{gesture.ts}"
    row = scene.session.scalars(select(Outbox).where(Outbox.key == key).with_for_update()).first()
    if row is None or row.data["author"] != gesture.person_id:
        raise Refused(Refusal.NO_SUCH_MESSAGE)
    if not scene.desks.all:
        raise Refused(Refusal.NO_DESK)
    return row


def _offered_message(gesture: Chose, offer: Outbox) -> Message:
    """What the person wrote, as kept beside the offer."""
    files = tuple((name, link) for name, link in offer.data["files"])
    return Message(
        channel=gesture.channel,
        ts=gesture.ts,
        text=offer.data["text"],
        author_id=gesture.person_id,
        files=files,
    )


def changed(scene: Scene, gesture: Changed) -> Outcome:
    """Edits and deletions of ticketed messages and of comments are noted."""
    ticket = scene.ticket_written_in(gesture.channel, gesture.ts)
    if ticket is None:
        return _changed_too_early(scene, gesture)
    desk = scene.desk_of(ticket)
    if not _is_newest_change(scene, gesture):
        return Ignored()
    work = Work(
        session=scene.session,
        desk=desk,
        actor=replace(people.SYSTEM, id=gesture.person_id),
        at=min(gesture.at, scene.now),
        now=scene.now,
        gesture=gesture.key,
    )
    at_card = _is_at_card(scene, ticket, gesture)
    conversing.follow_change(
        work, ticket, channel=gesture.channel, ts=gesture.ts, text=gesture.text, at_card=at_card
    )
    return Done(event="message_changed", number=ticket.number, ticket_id=ticket.id)


def _is_at_card(scene: Scene, ticket: Ticket, gesture: Changed) -> bool:
    """Whether it was written under a card; where the thread is not said, its channel has to do."""
    if gesture.thread_ts is None:
        return gesture.channel == telling.card_channel(scene.session, ticket_id=ticket.id)
    return scene.is_card(gesture.channel, gesture.thread_ts)


def _changed_too_early(scene: Scene, gesture: Changed) -> Outcome:
    """An edit that overtook its message, or our own above it, is kept for it.

    Raises Conflict when the message has come by now, and FactsMissing while ours is on its way.
    """
    ticket = scene.ticket_at(gesture.channel, gesture.thread_ts) if gesture.thread_ts else None
    if scene.ticket_written_in(gesture.channel, gesture.ts) is not None:
        raise Conflict
    if ticket is None and gesture.thread_ts:
        wait_for_posting(scene, gesture.channel, gesture.thread_ts, author_id=None)
    is_early = ticket is not None and not _precedes(scene.session, gesture.ts, ticket)
    if ticket is None or not is_early or not _is_newest_change(scene, gesture):
        return Ignored()
    return Done(event="message_changed", number=ticket.number, ticket_id=ticket.id)


def _is_newest_change(scene: Scene, gesture: Changed) -> bool:
    return conversing.message_changed(
        scene.session,
        channel=gesture.channel,
        ts=gesture.ts,
        changed_ts=gesture.changed_ts,
        text=gesture.text,
        is_deleted=gesture.text is None,
    )
