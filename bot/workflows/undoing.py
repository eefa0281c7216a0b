"""Taking an emoji back: undoes what that person did with it, soon after, if nothing followed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from bot.models import Ticket, TimelineEvent
from bot.models.vocabulary import MEASURED, WAITING_STATES, Action, EventKind, Level, State
from bot.workflows.outcomes import Done, Refusal, Refused
from bot.workflows.service_desk import unresolve
from bot.workflows.work import Work, move, next_interval, permit, record, show_as_emoji

MEANING = {EventKind.RESOLVED: "resolve", EventKind.WAITED: "wait", EventKind.PRIORITISED: "urgent"}


def undo(work: Work, ticket: Ticket) -> Done | None:
    """Undo the ticket's newest event if it came from this very gesture; None when there is nothing of it.

    Raises Refused after the desk's `undo_within`, or when something followed: as TOO_LATE_TO_RESUME where it
    still waits, else as TOO_LATE_TO_UNDO.
    """
    events = select(TimelineEvent).where(
        TimelineEvent.ticket_id == ticket.id,
        TimelineEvent.gesture == work.gesture,
        TimelineEvent.kind.in_(list(MEANING)),
    )
    event = work.session.execute(events.order_by(TimelineEvent.seq.desc())).scalars().first()
    if event is None:
        return None
    permit(work, Action.UNDO, ticket)
    if _was_followed(work, event) or work.at - event.at > timedelta(seconds=work.desk.undo_within):
        still_waits = event.kind is EventKind.WAITED and ticket.state in WAITING_STATES
        refusal = Refusal.TOO_LATE_TO_RESUME if still_waits else Refusal.TOO_LATE_TO_UNDO
        raise Refused(refusal, number=ticket.number)
    _revert(work, ticket, event)
    record(work, ticket, EventKind.UNDONE, {"undone": event.kind.value})
    return Done(event="undone", number=ticket.number, ticket_id=ticket.id, data={"undone": event.kind.value})


def _was_followed(work: Work, event: TimelineEvent) -> bool:
    """Whether something was done after it; what the clocks said does not count."""
    later = select(TimelineEvent.id).where(
        TimelineEvent.ticket_id == event.ticket_id,
        TimelineEvent.seq > event.seq,
        TimelineEvent.kind.not_in(list(MEASURED)),
    )
    return work.session.scalar(later.limit(1)) is not None


def _revert(work: Work, ticket: Ticket, event: TimelineEvent) -> None:
    if event.kind is EventKind.PRIORITISED:
        ticket.impact = Level(event.data["impact_from"])
        ticket.urgency = Level(event.data["urgency_from"])
        ticket.priority = work.desk.priority(ticket.impact, ticket.urgency)
        next_interval(work, ticket, EventKind.UNDONE, max(work.at, ticket.state_since))
        return
    if event.kind is EventKind.RESOLVED:
        unresolve(ticket)
    move(work, ticket, State(event.data["from"]), EventKind.UNDONE, assignee_id=event.data["assignee"])
    show_as_emoji(work, ticket, MEANING[event.kind], present=False)
    if ticket.state in WAITING_STATES:
        show_as_emoji(replace(work, on_request=False), ticket, "wait", present=True)
