"""Emoji: which one means which action, and taking it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.clock import real_now
from bot.models import Reaction, Ticket, TimelineEvent
from bot.models.vocabulary import Action, Level, Source
from bot.store.dialects import keep_newest
from bot.workflows import conversing, permissions, privacy, service_desk, undoing, watching
from bot.workflows.by_message import points_to, raise_from, wait_for_posting
from bot.workflows.desks import Definition
from bot.workflows.gestures import Reacted
from bot.workflows.outcomes import Done, Ignored, Outcome
from bot.workflows.scene import Scene
from bot.workflows.work import Work

RAISING = ("raise", "private")
"""Meanings of an emoji on a message that has no ticket."""


def reacted(scene: Scene, gesture: Reacted) -> Outcome:
    """An emoji on a card, on the root of a conversation, or on any message of a request channel."""
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
        return _pointed_at(scene, gesture, desk, ticket)
    on_request = (gesture.channel, gesture.ts) == (ticket.conversation_channel, ticket.conversation_ts)
    work = scene.work(gesture, desk, ticket, on_request=on_request)
    if not remember(scene.session, gesture):
        return Ignored()
    if gesture.added:
        return EMOJI_ACTIONS[meaning](work, ticket)
    return _taken_back(work, ticket, meaning)


def _pointed_at(scene: Scene, gesture: Reacted, desk: Definition, ticket: Ticket) -> Outcome:
    """The raise emoji where there is a ticket already: who may raise one is told which."""
    if not gesture.added or _raised_it(scene, gesture, ticket):
        return Ignored()
    permissions.require(Action.RAISE, scene.work(gesture, desk).actor.roles, None)
    return points_to(ticket)


def _raised_it(scene: Scene, gesture: Reacted, ticket: Ticket) -> bool:
    """Whether the ticket was raised by this very emoji, which was found before its event came."""
    first = select(TimelineEvent.recorded_at).where(
        TimelineEvent.ticket_id == ticket.id, TimelineEvent.seq == 1
    )
    recorded_at = scene.session.scalar(first)
    was_there = recorded_at is not None and gesture.at <= recorded_at
    return was_there and ticket.raiser_id == gesture.person_id


def remember(session: Session, gesture: Reacted) -> bool:
    """Whether this changes what is known of that person's emoji: add and remove converge by `event_ts`.

    Kept whatever comes of it: also an emoji that was refused or meant nothing is there, or is not.
    """
    values = {
        "channel": gesture.channel,
        "ts": gesture.ts,
        "person_id": gesture.person_id,
        "emoji": gesture.emoji,
        "event_ts": gesture.event_ts,
        "is_present": gesture.added,
    }
    known, was_present = keep_newest(
        session,
        Reaction,
        values,
        keys=("channel", "ts", "person_id", "emoji"),
        order="event_ts",
        value="is_present",
        before="was_present",
    )
    return known and was_present != gesture.added


def _urgent(work: Work, ticket: Ticket) -> Done:
    return service_desk.prioritise(work, ticket, ticket.impact, Level.HIGH, None)


def _private(work: Work, ticket: Ticket) -> Outcome:
    """The same again, by whomever, says nothing new."""
    return Ignored() if ticket.is_private else privacy.make_private(work, ticket)


EMOJI_ACTIONS: Mapping[str, Callable[[Work, Ticket], Outcome]] = {
    "claim": service_desk.claim,
    "resolve": lambda work, ticket: service_desk.resolve(work, ticket, None),
    "wait": conversing.wait_for_requester,
    "urgent": _urgent,
    "private": _private,
}
"""Which emoji means which action, on a card or on the root of a conversation."""


def _taken_back(work: Work, ticket: Ticket, meaning: str) -> Outcome:
    if meaning == "private":
        return Ignored()  # what is private stays so until an agent says otherwise
    if meaning != "claim":
        return undoing.undo(work, ticket) or Ignored()
    if ticket.assignee_id != work.actor.id:
        return Ignored()
    return service_desk.release(work, ticket)


def _reacted_to_plain_message(scene: Scene, gesture: Reacted) -> Outcome:
    desk = scene.desks.of_request_channel(gesture.channel)
    meaning = desk.meaning(gesture.emoji) if desk else None
    if desk is None or not gesture.added or meaning not in RAISING:
        wait_for_posting(scene, gesture.channel, gesture.ts, author_id=gesture.author_id)
        if desk is not None and desk.meaning(gesture.emoji) is not None:
            # It meant nothing when it was put there, and is not taken for news later.
            remember(scene.session, gesture)
        return Ignored()
    work = scene.work(gesture, desk)
    permissions.require(Action.RAISE, work.actor.roles, None)
    message = scene.message(gesture.channel, gesture.ts)
    is_private = meaning == "private"
    known = scene.ticket_at(message.channel, message.thread_ts or message.ts) if is_private else None
    if known is not None:
        return _private(scene.work(gesture, scene.desk_of(known), known), known)
    since = gesture.not_before
    outcome = raise_from(scene, work, message, Source.EMOJI, is_private=is_private, not_before=since)
    if since is not None:
        root = message.thread_ts or message.ts
        watching.follow_thread(scene.session, message.channel, root, since=since, now=real_now())
    return outcome
