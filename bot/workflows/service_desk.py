"""The service desk: claim, release, assign, wait, resume, resolve, reopen, close, cancel, note, prioritise.

Each takes the locked ticket, checks the permission table, changes the records and says what must be told.
All raise Refused when nothing may change; doing again what is already so changes nothing and is Done.
"""

from __future__ import annotations

from datetime import timedelta

from bot.models import Comment, Ticket
from bot.models.vocabulary import (
    Action,
    EventKind,
    Level,
    Role,
    Speaker,
    State,
    Visibility,
)
from bot.workflows import people, permissions, telling, timekeeping
from bot.workflows.outcomes import Done, Refusal, Refused
from bot.workflows.telling import Telling
from bot.workflows.work import Work, move, next_interval, permit, record, show_as_emoji


def _done(ticket: Ticket, event: str, **data: str) -> Done:
    return Done(event=event, number=ticket.number, ticket_id=ticket.id, data=data)


def claim(work: Work, ticket: Ticket) -> Done:
    """Take a ticket. Between persons the first commit wins: the other is Refused(ALREADY_CLAIMED, by=…)."""
    permit(work, Action.CLAIM, ticket)
    if ticket.assignee_id == work.actor.person_id:
        if not timekeeping.awaits_claim(work.session, ticket):
            return _done(ticket, "already_yours")
        next_interval(work, ticket, EventKind.CLAIMED, max(work.at, ticket.state_since))
        record(work, ticket, EventKind.CLAIMED)
        return _done(ticket, "claimed")
    if ticket.assignee_id is not None:
        raise Refused(Refusal.ALREADY_CLAIMED, by=ticket.assignee_id, number=ticket.number)
    state = State.ASSIGNED if ticket.state is State.NEW else ticket.state
    move(work, ticket, state, EventKind.CLAIMED, assignee_id=work.actor.person_id)
    record(work, ticket, EventKind.CLAIMED)
    show_as_emoji(work, ticket, "claim", present=True)
    return _done(ticket, "claimed")


def release(work: Work, ticket: Ticket) -> Done:
    """Give a ticket back to the queue."""
    # Before permission, which looks at who has it: pressed twice, nobody has.
    if ticket.assignee_id is None and permissions.is_allowed(Action.CLAIM, work.actor.roles, ticket.state):
        return _done(ticket, "nobody_had_it")
    permit(work, Action.RELEASE, ticket)
    data = {"from": ticket.assignee_id}
    move(work, ticket, State.NEW, EventKind.RELEASED, assignee_id=None)
    record(work, ticket, EventKind.RELEASED, data)
    show_as_emoji(work, ticket, "claim", present=False)
    show_as_emoji(work, ticket, "wait", present=False)
    return _done(ticket, "released")


def assign(work: Work, ticket: Ticket, assignee_id: str) -> Done:
    """Give a ticket to an agent of the desk. Taking it from somebody else needs a lead."""
    permit(work, Action.ASSIGN, ticket)
    assignee = people.actor(work.session, assignee_id, work.desk)
    if Role.AGENT not in assignee.roles and assignee_id == work.actor.id:
        raise Refused(Refusal.TAKER_IS_NO_AGENT, number=ticket.number, desk=work.desk.name)
    if Role.AGENT not in assignee.roles:
        known = {"number": ticket.number, "desk": work.desk.name}
        raise Refused(Refusal.ASSIGNEE_IS_NO_AGENT, person=assignee_id, **known)
    if ticket.assignee_id == assignee_id:
        return _done(ticket, "already_theirs", assignee=assignee_id)
    held_by_other = ticket.assignee_id not in (None, work.actor.id)
    if held_by_other and not work.actor.roles & {Role.LEAD, Role.MANAGER}:
        raise Refused(Refusal.NEEDS_A_LEAD, by=ticket.assignee_id or "")
    state = State.ASSIGNED if ticket.state is State.NEW else ticket.state
    data = {"to": assignee_id, "from": ticket.assignee_id}
    move(work, ticket, state, EventKind.ASSIGNED, assignee_id=assignee_id)
    record(work, ticket, EventKind.ASSIGNED, data)
    show_as_emoji(work, ticket, "claim", present=True)
    if assignee_id != work.actor.id:
        _tell_assignee(work, ticket, assignee_id)
    return _done(ticket, "assigned", assignee=assignee_id)


def _tell_assignee(work: Work, ticket: Ticket, assignee_id: str) -> None:
    telling.tell(
        work.session,
        f"assigned:{ticket.id}:{ticket.version}",
        Telling.ASSIGNED,
        ticket_id=ticket.id,
        channel=telling.card_channel(work.session, ticket_id=ticket.id),
        thread_key=f"card:{ticket.id}",
        data={"assignee_id": assignee_id, "by_id": work.actor.id},
    )


def wait(work: Work, ticket: Ticket, state: State = State.WAITING_REQUESTER) -> Done:
    """Wait on the requester, a supplier or an approval."""
    permit(work, Action.WAIT, ticket)
    if ticket.state is state:
        return _done(ticket, "already_waiting")
    data = {"from": ticket.state.value, "assignee": ticket.assignee_id, "to": state.value}
    move(work, ticket, state, EventKind.WAITED, assignee_id=ticket.assignee_id)
    record(work, ticket, EventKind.WAITED, data)
    show_as_emoji(work, ticket, "wait", present=True)
    return _done(ticket, "waiting", state=state.value)


def resume(work: Work, ticket: Ticket) -> Done:
    """Go on after waiting."""
    permit(work, Action.RESUME, ticket)
    data = {"from": ticket.state.value}
    move(work, ticket, _working_state(ticket), EventKind.RESUMED, assignee_id=ticket.assignee_id)
    record(work, ticket, EventKind.RESUMED, data)
    show_as_emoji(work, ticket, "wait", present=False)
    return _done(ticket, "resumed")


def _working_state(ticket: Ticket) -> State:
    return State.ASSIGNED if ticket.assignee_id else State.NEW


def resolve(work: Work, ticket: Ticket, resolution: str | None) -> Done:
    """Say that it works again. Without a resolution the resolver is asked; nobody's ticket becomes theirs."""
    permit(work, Action.RESOLVE, ticket)
    data = {"from": ticket.state.value, "assignee": ticket.assignee_id}
    move(work, ticket, State.RESOLVED, EventKind.RESOLVED, assignee_id=ticket.assignee_id or work.actor.id)
    ticket.resolved_at = ticket.state_since
    ticket.resolved_by_id = work.actor.id
    ticket.resolution = resolution
    ticket.close_at = ticket.state_since + timedelta(seconds=work.desk.close_after)
    record(work, ticket, EventKind.RESOLVED, data)
    show_as_emoji(work, ticket, "wait", present=False)
    show_as_emoji(work, ticket, "resolve", present=True)
    _tell_requester(work, ticket, Telling.RESOLVED_WORD)
    private = "yes" if ticket.is_private else ""
    return _done(ticket, "resolved", noted="yes" if resolution else "", private=private)


def _tell_requester(work: Work, ticket: Ticket, word: Telling) -> None:
    telling.tell(
        work.session,
        f"{word.value.removesuffix('_word')}:{ticket.id}:{ticket.version}",
        word,
        ticket_id=ticket.id,
        channel=ticket.conversation_channel,
        thread_ts=ticket.conversation_ts,
        thread_key=None if ticket.conversation_ts else telling.opening_key(ticket),
        data={"cycle": ticket.version},
        version=ticket.version,
    )


def note_resolution(work: Work, ticket: Ticket, text: str, *, comment_id: int) -> Done:
    """The note that a resolution by emoji lacked; it shows on the card and in the word to the requester."""
    ticket.resolution = text
    record(work, ticket, EventKind.RESOLUTION_NOTED, {"comment": comment_id})
    return _done(ticket, "resolution_noted")


def reopen(work: Work, ticket: Ticket) -> Done:
    """It does not work after all: the same ticket goes on, with whoever had it."""
    if ticket.state is not State.RESOLVED and ticket.state not in (State.CLOSED, State.CANCELLED):
        permissions.require(Action.REOPEN, work.actor.roles, State.RESOLVED)
        return _done(ticket, "already_open")
    permit(work, Action.REOPEN, ticket)
    unresolve(ticket)
    move(work, ticket, _working_state(ticket), EventKind.REOPENED, assignee_id=ticket.assignee_id)
    record(work, ticket, EventKind.REOPENED)
    show_as_emoji(work, ticket, "resolve", present=False)
    return _done(ticket, "reopened")


def unresolve(ticket: Ticket) -> None:
    """Forget the resolution of a ticket that is open again."""
    ticket.resolved_at = ticket.resolved_by_id = ticket.resolution = ticket.close_at = None


def close(work: Work, ticket: Ticket) -> Done:
    """End a resolved ticket; after this it cannot be reopened."""
    permit(work, Action.CLOSE, ticket)
    ticket.close_at = None
    move(work, ticket, State.CLOSED, EventKind.CLOSED, assignee_id=ticket.assignee_id)
    record(work, ticket, EventKind.CLOSED)
    return _done(ticket, "closed")


def cancel(work: Work, ticket: Ticket) -> Done:
    """End a ticket that needs no resolution."""
    permit(work, Action.CANCEL, ticket)
    move(work, ticket, State.CANCELLED, EventKind.CANCELLED, assignee_id=ticket.assignee_id)
    record(work, ticket, EventKind.CANCELLED)
    show_as_emoji(work, ticket, "wait", present=False)
    if work.actor.id != ticket.requester_id:
        _tell_requester(work, ticket, Telling.CANCELLED_WORD)
    return _done(ticket, "cancelled")


def acknowledge(work: Work, ticket: Ticket) -> Done:
    """Say that an escalation has been seen; its messages say by whom. The clock goes on."""
    permit(work, Action.ACKNOWLEDGE, ticket)
    record(work, ticket, EventKind.ACKNOWLEDGED)
    telling.redraw_alerts(work.session, ticket_id=ticket.id)
    return _done(ticket, "acknowledged")


def note(work: Work, ticket: Ticket, text: str) -> Done:
    """Write something that only the desk reads."""
    permit(work, Action.NOTE, ticket)
    if not text.strip():
        raise Refused(Refusal.NOTE_REQUIRED)
    comment_id = _work_note(work, ticket, text)
    record(work, ticket, EventKind.NOTED, {"comment": comment_id})
    return _done(ticket, "noted")


def _work_note(work: Work, ticket: Ticket, text: str) -> int:
    comment = Comment(
        ticket_id=ticket.id,
        author_id=work.actor.person_id,
        visibility=Visibility.INTERNAL,
        speaker=Speaker.DESK,
        text=text,
        files=[],
        written_at=work.at,
        is_private=ticket.is_private,
    )
    work.session.add(comment)
    work.session.flush()
    return comment.id


def prioritise(work: Work, ticket: Ticket, impact: Level, urgency: Level, work_note: str | None) -> Done:
    """Change impact and urgency; the priority follows from the desk's matrix, never from a wish.

    Where nothing changes, a work note is kept as a note.
    """
    permit(work, Action.PRIORITISE, ticket)
    if (impact, urgency) == (ticket.impact, ticket.urgency):
        if work_note and work_note.strip():
            return note(work, ticket, work_note)
        return _done(ticket, "same_priority", priority=ticket.priority)
    data: dict[str, str | int] = {
        "impact_from": ticket.impact.value,
        "urgency_from": ticket.urgency.value,
        "from": ticket.priority,
    }
    if work_note and work_note.strip():
        data["comment"] = _work_note(work, ticket, work_note)
    ticket.impact, ticket.urgency = impact, urgency
    ticket.priority = work.desk.priority(impact, urgency)
    data["to"] = ticket.priority
    next_interval(work, ticket, EventKind.PRIORITISED, max(work.at, ticket.state_since))
    record(work, ticket, EventKind.PRIORITISED, data)
    return _done(ticket, "prioritised", priority=ticket.priority)
