"""What a decision is made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.models import Anchor, Comment, Ticket
from bot.workflows import people
from bot.workflows.desks import Definition, Desks
from bot.workflows.facts import Message, MessageFact
from bot.workflows.gestures import AnyGesture
from bot.workflows.outcomes import FactsMissing, Refusal, Refused
from bot.workflows.work import Work, anchored_ticket, current_of, locked_ticket


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
            at=min(gesture.at, self.now).astimezone(UTC),
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
        first = anchored_ticket(self.session, channel, ts)
        return None if first is None else current_of(self.session, first)

    def is_card(self, channel: str, ts: str) -> bool:
        """Whether a message is a ticket's card, in whichever channel that was posted."""
        card = select(Anchor.role).where(Anchor.channel == channel, Anchor.ts == ts)
        return self.session.scalar(card) == "card"

    def ticket_numbered(self, number: str) -> Ticket:
        """The ticket of that number, locked. Raises Refused when there is none."""
        ticket_id = self.session.scalar(select(Ticket.id).where(Ticket.number == number))
        if ticket_id is None:
            raise Refused(Refusal.NO_SUCH_TICKET, number=number)
        return locked_ticket(self.session, ticket_id)

    def ticket_written_in(self, channel: str, ts: str) -> Ticket | None:
        """The ticket that a message raised or is a comment of, locked."""
        origin = select(Ticket.id).where(Ticket.origin_channel == channel, Ticket.origin_ts == ts)
        comment = select(Comment.ticket_id).where(Comment.channel == channel, Comment.ts == ts)
        ticket_id = self.session.scalar(origin) or self.session.scalar(comment)
        return None if ticket_id is None else locked_ticket(self.session, ticket_id)
