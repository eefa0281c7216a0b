"""Private tickets: what makes one private, and public again."""

from __future__ import annotations

from sqlalchemy import update

from bot.models import Comment, Ticket
from bot.models.vocabulary import Action, EventKind
from bot.workflows import telling
from bot.workflows.outcomes import Done
from bot.workflows.work import Work, permit, record


def make_private(work: Work, ticket: Ticket) -> Done:
    """From now on only its people and the desk's agents read what it says.

    A conversation in a channel goes on in the requester's direct messages. Raises Refused.
    """
    permit(work, Action.MAKE_PRIVATE, ticket)
    if ticket.is_private:
        return Done(event="already_private", number=ticket.number, ticket_id=ticket.id)
    ticket.is_private = True
    was_in_channel = not is_direct(ticket.conversation_channel) and not ticket.has_moved
    if was_in_channel and not _opens_directly(work, ticket):
        telling.move_to_direct(work.session, ticket)
    # Their copies stay veiled, also once the ticket is public again.
    written = update(Comment).where(Comment.ticket_id == ticket.id)
    work.session.execute(written.values(is_private=True))
    record(work, ticket, EventKind.MADE_PRIVATE)
    telling.redraw_everything(work.session, ticket_id=ticket.id)
    event = "made_private_here" if was_in_channel else "made_private"
    return Done(event=event, number=ticket.number, ticket_id=ticket.id)


def make_public(work: Work, ticket: Ticket) -> Done:
    """Its title, description and resolution show on the card again; the conversation stays where it is.

    What was said while it was private stays veiled. Raises Refused.
    """
    permit(work, Action.MAKE_PUBLIC, ticket)
    if not ticket.is_private:
        return Done(event="already_public", number=ticket.number, ticket_id=ticket.id)
    ticket.is_private = False
    record(work, ticket, EventKind.MADE_PUBLIC)
    telling.redraw_everything(work.session, ticket_id=ticket.id)
    return Done(event="made_public", number=ticket.number, ticket_id=ticket.id)


def is_direct(channel: str | None) -> bool:
    """Whether a conversation is in direct messages."""
    return channel is not None and channel.startswith("D")


def _opens_directly(work: Work, ticket: Ticket) -> bool:
    """Whether the opening goes to the requester's direct messages, and is only not there yet."""
    return ticket.conversation_ts is None and telling.opens_directly(work.session, ticket_id=ticket.id)
