"""Resolved tickets close by themselves after the desk's `close_after`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from bot.failpoints import Commit
from bot.models import Ticket
from bot.models.vocabulary import State
from bot.store import Store
from bot.workflows import service_desk
from bot.workflows.desks import load_desks
from bot.workflows.people import SYSTEM
from bot.workflows.work import Work

BATCH = 100


def close_due(store: Store, now: datetime) -> int:
    """Close what is due at `now`, a batch in one transaction; returns how many. Replicas share the work."""
    due = select(Ticket).where(Ticket.close_at <= now, Ticket.state == State.RESOLVED)
    with store.read() as session:
        if session.scalars(due.limit(1)).first() is None:
            return 0
    with store.write(Commit.CLOSING) as session:
        desks = load_desks(session)
        active = Ticket.desk_key.in_([desk.key for desk in desks.all])  # others wait for their desk
        tickets = session.scalars(
            due.where(active).order_by(Ticket.close_at).limit(BATCH).with_for_update(skip_locked=True)
        )
        closed = 0
        for ticket in tickets.all():
            desk = desks.get(ticket.desk_key)
            if desk is None or ticket.close_at is None:
                continue
            work = Work(
                session=session, desk=desk, actor=SYSTEM, at=ticket.close_at, now=now, gesture="close_after"
            )
            service_desk.close(work, ticket)
            closed += 1
        session.flush()
    return closed
