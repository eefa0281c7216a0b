"""Home tabs: who looked at theirs, what each may show, and whose must be drawn again.

A Home shows what its person may see at the moment it is drawn. It stays on their screen when they may not any
more, so of private tickets it says what cards say, except to those who raised them or have them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from bot.clock import real_now
from bot.models import HomeTab, Outbox, OutboxState, Ticket
from bot.models.vocabulary import CATEGORY_OF, OPEN_STATES, Action, Category, Kind, Role, State
from bot.store.dialects import insert_once
from bot.workflows import metrics, people, permissions, reading, telling
from bot.workflows.desks import Definition, load_desks
from bot.workflows.outcomes import Refusal, Refused
from bot.workflows.people import Actor
from bot.workflows.reading import IS_OPEN, PAGE_LENGTH, TicketPage, TicketView
from bot.workflows.telling import Telling

KEPT_CURRENT: Final = timedelta(hours=8)
"""How long after it was opened, or something was pressed there, a Home follows what happens (real time)."""
MOST_COUNTED: Final = 8
"""Rows of counts: one for each desk and kind of ticket."""

_AT_REST: Final = (OutboxState.SENT, OutboxState.SUPERSEDED, OutboxState.PARKED)


class HomeList(StrEnum):
    """What a Home counts, and opens as a list."""

    MINE = "mine"
    ASSIGNED = "assigned"
    UNASSIGNED = "unassigned"
    OPEN = "open"
    AT_RISK = "at_risk"
    OVERDUE = "overdue"
    WAITING = "waiting"


STANDING: Final = (HomeList.OPEN, HomeList.AT_RISK, HomeList.OVERDUE, HomeList.WAITING)
"""How a desk stands now: for those who lead or manage it."""


@dataclass(frozen=True, kw_only=True)
class CountsView:
    """How a desk stands with one kind of ticket."""

    desk_key: str
    desk_name: str
    kind: Kind
    counts: Mapping[HomeList, int]


@dataclass(frozen=True, kw_only=True)
class HomeView:
    """What somebody's Home shows. `refusal`: why it shows nothing."""

    refusal: Refusal | None
    said: str | None = None
    mine: TicketPage | None = None
    assigned: TicketPage | None = None
    """None for those who work at no desk."""
    unassigned: TicketPage | None = None
    counts: tuple[CountsView, ...] = ()
    desks: tuple[str, ...] = ()
    """The keys of the desks whose tickets it shows, whoever raised them."""

    @property
    def lacks_links(self) -> bool:
        """A ticket's card or conversation is not in Slack yet."""
        at_work = (*_tickets(self.assigned), *_tickets(self.unassigned))
        return any(ticket.card is None for ticket in at_work) or any(
            ticket.conversation is None for ticket in _tickets(self.mine)
        )


def _tickets(page: TicketPage | None) -> tuple[TicketView, ...]:
    return page.tickets if page is not None else ()


# --- what it shows ---


def read_home(session: Session, tab: HomeTab) -> HomeView:
    """What somebody may see now. Raises FactsMissing."""
    person_id, desks = tab.person_id, load_desks(session).all
    actors = roles_at(session, person_id, desks)
    refusal = _refusal(session, person_id, actors)
    if refusal is not None:
        return HomeView(refusal=refusal)
    works = tuple(key for key, actor in actors.items() if works_there(actor))
    readable = tuple(key for key in works if permissions.is_allowed(Action.READ, actors[key].roles, None))
    overseen = [desk for desk in desks if actors[desk.key].roles & {Role.LEAD, Role.MANAGER}]
    return HomeView(
        refusal=None,
        said=tab.said,
        mine=reading.list_tickets(session, page=1, requester_id=person_id),
        assigned=_assigned(session, person_id, works, readable) if works else None,
        unassigned=reading.list_tickets(session, page=1, desk_keys=works, unassigned=True) if works else None,
        counts=_counts(session, overseen),
        desks=tuple(dict.fromkeys([*works, *(desk.key for desk in overseen)])),
    )


def roles_at(session: Session, person_id: str, desks: Iterable[Definition]) -> dict[str, Actor]:
    """What somebody is to each desk. Raises FactsMissing."""
    return {desk.key: people.actor(session, person_id, desk) for desk in desks}


def works_there(actor: Actor) -> bool:
    """Whether somebody takes tickets at a desk."""
    return permissions.is_allowed(Action.CLAIM, actor.roles, State.NEW)


def _refusal(session: Session, person_id: str, actors: Mapping[str, Actor]) -> Refusal | None:
    """Why somebody could not raise a ticket here. Raises FactsMissing."""
    actor = next(iter(actors.values()), None) or people.member(session, person_id)
    try:
        permissions.require(Action.RAISE, actor.roles, None)
    except Refused as refused:
        return refused.refusal
    return None if actors else Refusal.NO_DESK


def _assigned(
    session: Session, person_id: str, works: Sequence[str], readable: Sequence[str], page: int = 1
) -> TicketPage:
    return reading.list_tickets(
        session, page=page, desk_keys=tuple(works), assignee_id=person_id, readable=tuple(readable)
    )


def _counts(session: Session, desks: Sequence[Definition]) -> tuple[CountsView, ...]:
    rows = [row for desk in desks for row in _counts_of(session, desk)]
    return tuple(rows[:MOST_COUNTED])


def _counts_of(session: Session, desk: Definition) -> list[CountsView]:
    """By kind, which are never counted together; a kind of which nothing is open has no row."""
    at_risk, overdue = metrics.at_risk_now(session, desk.key), metrics.overdue_now(session, desk.key)
    standing: dict[Kind, dict[HomeList, int]] = {}
    counted = select(Ticket.kind, Ticket.state, func.count()).where(Ticket.desk_key == desk.key, IS_OPEN)
    for kind, state, count in session.execute(counted.group_by(Ticket.kind, Ticket.state)):
        if state in OPEN_STATES:
            found = standing.setdefault(kind, dict.fromkeys(STANDING, 0))
            found[HomeList.OPEN] += count
            found[HomeList.WAITING] += count if CATEGORY_OF[state] is Category.WAITING else 0
    for kind, found in standing.items():
        found[HomeList.AT_RISK], found[HomeList.OVERDUE] = len(at_risk[kind]), len(overdue[kind])
    return [
        CountsView(desk_key=desk.key, desk_name=desk.name, kind=kind, counts=standing[kind])
        for kind in Kind
        if kind in standing
    ]


# --- what its numbers stand for ---


@dataclass(frozen=True, kw_only=True)
class Shown:
    """As whom somebody opens a list: decided with the question, by permission. Keys of desks."""

    person_id: str
    works: tuple[str, ...] = ()
    readable: tuple[str, ...] = ()


def read_list(session: Session, shown: Shown, which: HomeList, *, page: int) -> TicketPage:
    """A page of a person's own list; `page` is clamped."""
    if which is HomeList.MINE:
        return reading.list_tickets(session, page=page, requester_id=shown.person_id)
    if which is HomeList.ASSIGNED:
        return _assigned(session, shown.person_id, shown.works, shown.readable, page)
    return reading.list_tickets(
        session, page=page, desk_keys=shown.works, unassigned=True, readable=shown.readable
    )


def read_standing(
    session: Session, shown: Shown, which: HomeList, *, desk_key: str, kind: Kind, page: int
) -> TicketPage:
    """A page of the tickets behind a count, the most urgent first; `page` is clamped."""
    ids = _behind(session, which, desk_key, kind)
    pages = max(1, -(-len(ids) // PAGE_LENGTH))
    page = min(max(page, 1), pages)
    is_reader = desk_key in shown.readable
    audience = reading.Audience.INSIDERS if is_reader else reading.Audience.ANYBODY
    views = [
        reading.read_ticket(session, ticket_id, audience)
        for ticket_id in ids[(page - 1) * PAGE_LENGTH : page * PAGE_LENGTH]
    ]
    return TicketPage(tickets=tuple(views), page=page, pages=pages, total=len(ids))


def _behind(session: Session, which: HomeList, desk_key: str, kind: Kind) -> list[int]:
    states = OPEN_STATES
    if which is HomeList.WAITING:
        states = frozenset(state for state in OPEN_STATES if CATEGORY_OF[state] is Category.WAITING)
    found = select(Ticket.id).where(
        Ticket.desk_key == desk_key, Ticket.kind == kind, IS_OPEN, Ticket.state.in_(sorted(states))
    )
    ids = list(session.scalars(found.order_by(Ticket.priority, Ticket.raised_at, Ticket.id)))
    if which not in (HomeList.AT_RISK, HomeList.OVERDUE):
        return ids
    counted = metrics.at_risk_now if which is HomeList.AT_RISK else metrics.overdue_now
    chosen = set(counted(session, desk_key)[kind])
    return [ticket_id for ticket_id in ids if ticket_id in chosen]


# --- who looks at theirs ---


def key_of(person_id: str) -> str:
    """The key of the delivery that is somebody's Home."""
    return f"home:{person_id}"


def is_current(tab: HomeTab | None, now: datetime) -> bool:
    """Whether a Home still follows what happens; `now` is real."""
    return tab is not None and tab.opened_at > now - KEPT_CURRENT


def looked(session: Session, person_id: str, *, is_opening: bool) -> None:
    """Somebody opened their Home, or what it lacked is known now. Raises FactsMissing."""
    people.known_person(session, person_id)
    roles_at(session, person_id, load_desks(session).all)
    if is_opening:
        opened(session, person_id)
    else:
        draw_again(session, [person_id], rest=timedelta(0))


def opened(session: Session, person_id: str, *, said: str | None = None) -> None:
    """Somebody looks at their Home: it is published at once, whatever it showed. `said` stands on top."""
    news: dict[str, Any] = {"opened_at": real_now(), "said": said, "digest": None, "looks": 0}
    new = {"person_id": person_id, "desks": [], "slack_hash": None, **news}
    if not insert_once(session, HomeTab, new, keys=["person_id"]):
        session.execute(update(HomeTab).where(HomeTab.person_id == person_id).values(news))
    if not telling.tell(session, key_of(person_id), Telling.HOME, person_id=person_id):
        row = session.execute(_rows([person_id])).scalar_one()
        _await(row, real_now())


def _rows(person_ids: Iterable[str]) -> Select[Outbox]:
    """Their deliveries, locked in one order."""
    keys = [key_of(person_id) for person_id in person_ids]
    found = select(Outbox).where(Outbox.key.in_(keys)).order_by(Outbox.id).with_for_update()
    return found.execution_options(populate_existing=True)


def _await(row: Outbox, now: datetime) -> None:
    """Somebody waits for it: what it shows counts as nothing."""
    row.wanted_version += 1
    row.shown_version, row.created_at = 0, now
    if row.state is not OutboxState.SENDING:
        row.state, row.not_before, row.attempts, row.error = OutboxState.PENDING, now, 0, None


def draw_again(
    session: Session, person_ids: Iterable[str], *, rest: timedelta, awaited: Iterable[str] = ()
) -> int:
    """Homes show something that changed: each is drawn again, `rest` after it was last; `awaited` at once.

    What is to be drawn anyway is left as it is, and what is parked until it is opened again. How many rows
    changed.
    """
    now, waited_for = real_now(), {key_of(person_id) for person_id in awaited}
    changed = 0
    for row in session.scalars(_rows(sorted({*person_ids, *awaited}))).all():
        if row.state in (OutboxState.PARKED, OutboxState.SUPERSEDED):
            continue
        if row.key in waited_for:
            _await(row, now)
        elif row.state is OutboxState.PENDING:
            continue
        else:
            row.wanted_version += 1
            if row.state is OutboxState.SENT:
                since = row.settled_at or now
                row.state, row.not_before = OutboxState.PENDING, max(now, since + rest)
        changed += 1
    return changed


def published(
    session: Session, person_id: str, view: HomeView, *, digest: str, slack_hash: str | None
) -> None:
    """What a Home shows now, from whom else's tickets it is drawn, and whether it is complete."""
    looks = HomeTab.looks + 1 if view.lacks_links else 0
    shows = {"digest": digest, "desks": list(view.desks), "slack_hash": slack_hash, "looks": looks}
    session.execute(update(HomeTab).where(HomeTab.person_id == person_id).values(shows))


def forget(session: Session, now: datetime, *, at_most: int) -> int:
    """Forget Homes that nobody looks at any more; how many. `now` is real."""
    old = select(HomeTab.person_id).where(HomeTab.opened_at <= now - KEPT_CURRENT).limit(at_most)
    person_ids = list(session.scalars(old))
    rows = session.scalars(_rows(person_ids)).all() if person_ids else []
    busy = {row.person_id for row in rows if row.state not in _AT_REST}
    gone = [person_id for person_id in person_ids if person_id not in busy]
    if gone:
        session.execute(delete(Outbox).where(Outbox.key.in_([key_of(person_id) for person_id in gone])))
        session.execute(delete(HomeTab).where(HomeTab.person_id.in_(gone)))
    return len(gone)
