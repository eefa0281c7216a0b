"""Homes follow what happens to tickets: off the way of gestures, at a pace that people can read.

The timeline says what happened. Whoever concerns a change and looked at their Home within hours has it drawn
again. Cost follows what happened and who looks, not how many tickets there are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.clock import real_now
from bot.failpoints import Commit
from bot.models import HomeTab, Ticket, TimelineEvent
from bot.store import Store
from bot.workflows import homes

REST: Final = timedelta(seconds=10)
"""Between two drawings of a Home that nobody waits for."""
OVERLAP: Final = timedelta(seconds=10)
"""On PostgreSQL a transaction may commit an event after one with a greater id: so long it is looked for."""


@dataclass(frozen=True)
class Change:
    """Something that happened to a ticket, and whom it concerns."""

    event_id: int
    actor_id: str | None
    desk_key: str
    requester_id: str
    assignee_id: str | None


class Follower:
    """Remembers up to where it has read. Every replica may have one: a Home is drawn once for all of them."""

    def __init__(self, store: Store, *, pace: float = 1.0) -> None:
        """`pace` is DELIVERY_PACE."""
        self._store = store
        self._rest = REST / pace
        self._overlap = timedelta(0) if store.is_sqlite else OVERLAP
        self._marks: deque[tuple[datetime, int]] = deque()
        self._seen: set[int] = set()

    def look(self) -> int:
        """Have the Homes drawn again that a change concerns; how many. Raises StoreUnavailable."""
        now = real_now()
        with self._store.read() as session:
            is_first = not self._marks
            newest = session.scalar(select(func.max(TimelineEvent.id))) or 0
            looking = _looking(session, now)
            changes = [] if is_first else self._news(session, newest)
        # What happened while nothing ran is not known: every Home is looked at once.
        stale = {tab.person_id for tab in looking} if is_first else _concerned(looking, changes)
        awaited = {tab.person_id for tab in looking} & {change.actor_id for change in changes}
        count = 0
        if stale or awaited:
            count = self._store.run(
                lambda session: homes.draw_again(
                    session, stale, rest=self._rest, awaited=[each for each in awaited if each]
                ),
                Commit.HOMES,
            )
        self._remember(now, newest, changes)
        return count

    def _news(self, session: Session, newest: int) -> list[Change]:
        since = self._marks[0][1]
        if newest <= since:
            return []
        rows = session.execute(
            select(
                TimelineEvent.id,
                TimelineEvent.actor_id,
                Ticket.desk_key,
                Ticket.requester_id,
                Ticket.assignee_id,
            )
            .join(Ticket, Ticket.id == TimelineEvent.ticket_id)
            .where(TimelineEvent.id > since)
        )
        return [Change(*row) for row in rows if row[0] not in self._seen]

    def _remember(self, now: datetime, newest: int, changes: Iterable[Change]) -> None:
        """The oldest mark is the newest event of so long ago that nothing before it is still to come."""
        self._seen |= {change.event_id for change in changes}
        self._marks.append((now, newest))
        while len(self._marks) > 1 and self._marks[1][0] <= now - self._overlap:
            self._marks.popleft()
        self._seen = {event_id for event_id in self._seen if event_id > self._marks[0][1]}


def _looking(session: Session, now: datetime) -> list[HomeTab]:
    tabs = select(HomeTab).where(HomeTab.opened_at > now - homes.KEPT_CURRENT)
    return list(session.scalars(tabs))


def _concerned(tabs: Iterable[HomeTab], changes: Sequence[Change]) -> set[str]:
    """Whose Homes may show it: who raised or has the ticket, and those who look at its desk's."""
    desks = {change.desk_key for change in changes}
    people = {person for change in changes for person in (change.requester_id, change.assignee_id)}
    return {tab.person_id for tab in tabs if tab.person_id in people or not desks.isdisjoint(tab.desks)}
