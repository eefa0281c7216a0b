"""What surfaces are told of a ticket: plain values, read in one go, names resolved."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from bot.models import Channel, Comment, Desk, Outbox, Person, Ticket, TimelineEvent, Workspace
from bot.models.vocabulary import ENDED_STATES, MEASURED, Action, EventKind, Kind, Level, State, Visibility
from bot.workflows.clock_views import read_clock_views
from bot.workflows.permissions import possible_actions
from bot.workflows.service_views import ClockView, EstimateView


@dataclass(frozen=True, kw_only=True)
class PersonView:
    """A person as surfaces show them."""

    id: str
    name: str
    image_url: str | None = None


@dataclass(frozen=True, kw_only=True)
class MessageLink:
    """A Slack message and its address."""

    channel: str
    ts: str
    url: str


@dataclass(frozen=True, kw_only=True)
class EventView:
    """One thing that happened; `data` holds the event's own facts (text, from, to, reason …)."""

    kind: EventKind
    at: datetime
    actor: PersonView | None
    data: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class TicketView:
    """A ticket as surfaces show it. Instants are UTC."""

    number: str
    kind: Kind
    title: str
    description: str
    category: str | None
    affected: str | None
    impact: Level
    urgency: Level
    priority: str
    state: State
    desk_key: str
    desk_name: str
    requester: PersonView
    raiser: PersonView
    assignee: PersonView | None
    raised_at: datetime
    state_since: datetime
    resolved_at: datetime | None
    resolution: str | None
    closes_at: datetime | None
    last_event: EventView
    conversation: MessageLink | None
    origin: MessageLink | None
    card: MessageLink | None
    possible: tuple[Action, ...]
    """What the state allows, in the order of the card's buttons."""
    version: int
    continues: str | None = None
    continued_by: str | None = None
    names: dict[str, str] = field(default_factory=dict)
    """Display names of people and channels that title and description mention, by id."""
    clocks: tuple[ClockView, ...] = ()
    """The newest cycle of each clock."""
    estimate: EstimateView | None = None


@dataclass(frozen=True, kw_only=True)
class CommentView:
    """Something somebody wrote on a ticket. `text` is Slack's incoming mrkdwn, as received."""

    ticket: str
    author: PersonView
    visibility: Visibility
    text: str
    files: tuple[tuple[str, str], ...] = field(default=())
    """Names and permalinks of what was attached."""
    names: dict[str, str] = field(default_factory=dict)
    """Display names of people (and channels) that the text mentions, by id."""
    deleted: bool = False


@dataclass(frozen=True, kw_only=True)
class TicketPage:
    """One page of a list. `page` counts from 1."""

    tickets: tuple[TicketView, ...]
    page: int
    pages: int
    total: int


@dataclass(frozen=True, kw_only=True)
class DeskView:
    """A desk as a form offers it."""

    key: str
    name: str
    categories: tuple[str, ...]


PAGE_LENGTH = 10
"""Tickets on a page of a list."""


def read_person(session: Session, person_id: str) -> PersonView:
    """A person's name and picture; somebody unknown is shown by id."""
    person = session.get(Person, person_id)
    if person is None:
        return PersonView(id=person_id, name=person_id)
    return PersonView(id=person.id, name=person.name, image_url=person.image_url)


def read_ticket(session: Session, ticket_id: int) -> TicketView:
    """A ticket with everything that surfaces show of it."""
    ticket = session.get(Ticket, ticket_id)
    if ticket is None:
        raise LookupError(f"There is no ticket with id {ticket_id}.")
    return _view(session, ticket)


def _view(session: Session, ticket: Ticket) -> TicketView:
    desk = session.get(Desk, ticket.desk_key)
    links = _Links(session, ticket)
    return TicketView(
        number=ticket.number,
        kind=ticket.kind,
        title=ticket.title,
        description=ticket.description,
        category=ticket.category,
        affected=ticket.affected,
        impact=ticket.impact,
        urgency=ticket.urgency,
        priority=ticket.priority,
        state=ticket.state,
        desk_key=ticket.desk_key,
        desk_name=desk.name if desk else ticket.desk_key,
        requester=read_person(session, ticket.requester_id),
        raiser=read_person(session, ticket.raiser_id),
        assignee=read_person(session, ticket.assignee_id) if ticket.assignee_id else None,
        raised_at=ticket.raised_at,
        state_since=ticket.state_since,
        resolved_at=ticket.resolved_at,
        resolution=ticket.resolution,
        closes_at=ticket.close_at,
        last_event=_last_deed(session, ticket.id),
        conversation=links.conversation(),
        origin=links.origin(),
        card=links.card(),
        possible=possible_actions(ticket.state, is_assigned=ticket.assignee_id is not None),
        version=ticket.version,
        continues=_number_of(session, ticket.continues_id),
        continued_by=_number_of(session, ticket.continued_by_id),
        clocks=read_clock_views(session, ticket),
        names=mentioned_names(session, f"{ticket.title}\n{ticket.description}\n{ticket.resolution}"),
    )


def _number_of(session: Session, ticket_id: int | None) -> str | None:
    return session.scalar(select(Ticket.number).where(Ticket.id == ticket_id)) if ticket_id else None


class _Links:
    """The addresses of a ticket's messages, built as Slack builds permalinks."""

    def __init__(self, session: Session, ticket: Ticket) -> None:
        self._session = session
        self._ticket = ticket
        self._base = session.scalars(select(Workspace.url)).first() or "https://slack.com/"

    def _link(self, channel: str, ts: str, thread_ts: str | None = None) -> MessageLink:
        url = f"{self._base}archives/{channel}/p{ts.replace('.', '')}"
        if thread_ts is not None and thread_ts != ts:
            url += f"?thread_ts={thread_ts}&cid={channel}"
        return MessageLink(channel=channel, ts=ts, url=url)

    def conversation(self) -> MessageLink | None:
        ticket = self._ticket
        if ticket.conversation_channel is None or ticket.conversation_ts is None:
            return None
        return self._link(ticket.conversation_channel, ticket.conversation_ts)

    def origin(self) -> MessageLink | None:
        ticket = self._ticket
        if ticket.origin_channel is None or ticket.origin_ts is None:
            return None
        return self._link(ticket.origin_channel, ticket.origin_ts, ticket.conversation_ts)

    def card(self) -> MessageLink | None:
        row = self._session.scalars(select(Outbox).where(Outbox.key == f"card:{self._ticket.id}")).first()
        if row is None or row.ts is None or row.channel is None:
            return None
        return self._link(row.channel, row.ts)


def read_events(session: Session, ticket_id: int, *, limit: int = 20) -> list[EventView]:
    """The newest events of a ticket, oldest first."""
    newest = select(TimelineEvent).where(TimelineEvent.ticket_id == ticket_id)
    rows = session.scalars(newest.order_by(TimelineEvent.seq.desc()).limit(limit)).all()
    return event_views(session, list(reversed(rows)))


def event_views(session: Session, rows: Sequence[TimelineEvent]) -> list[EventView]:
    """Timeline events as surfaces show them."""
    return [_event_view(session, row) for row in rows]


def _last_deed(session: Session, ticket_id: int) -> EventView:
    """The last thing that somebody did; what the clocks said has a badge of its own."""
    deeds = select(TimelineEvent).where(
        TimelineEvent.ticket_id == ticket_id, TimelineEvent.kind.not_in(list(MEASURED))
    )
    return _event_view(session, session.scalars(deeds.order_by(TimelineEvent.seq.desc()).limit(1)).one())


def _event_view(session: Session, row: TimelineEvent) -> EventView:
    data = {key: str(value) for key, value in row.data.items() if value is not None}
    for key in ("to", "from", "assignee"):
        if row.kind in (EventKind.ASSIGNED, EventKind.RELEASED) and key in data:
            data[f"{key}_name"] = read_person(session, data[key]).name
    comment = session.get(Comment, row.data["comment"]) if "comment" in row.data else None
    if comment is not None:
        data["text"] = "" if comment.deleted_at else comment.text
    actor = read_person(session, row.actor_id) if row.actor_id else None
    return EventView(kind=row.kind, at=row.at, actor=actor, data=data)


def read_comment(session: Session, comment_id: int) -> CommentView:
    """A comment with its author and the names that it mentions."""
    comment = session.get(Comment, comment_id)
    if comment is None:
        raise LookupError(f"There is no comment with id {comment_id}.")
    number = session.scalar(select(Ticket.number).where(Ticket.id == comment.ticket_id))
    return CommentView(
        ticket=number or "",
        author=read_person(session, comment.author_id),
        visibility=comment.visibility,
        text=comment.text,
        files=tuple(zip(comment.files[::2], comment.files[1::2], strict=True)),
        names=mentioned_names(session, comment.text),
        deleted=comment.deleted_at is not None or comment.visibility is Visibility.INTERNAL,
    )


MENTION = re.compile(r"<[@#]([UWC][A-Z0-9]+)")


def mentioned_names(session: Session, text: str) -> dict[str, str]:
    """The names of the people and channels that a text mentions, by id."""
    ids = set(MENTION.findall(text))
    if not ids:
        return {}
    people = session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
    channels = session.execute(select(Channel.id, Channel.name).where(Channel.id.in_(ids)))
    return dict(people.all()) | dict(channels.all())


def find_ticket(session: Session, number: str) -> Ticket | None:
    """The ticket of that number."""
    return session.scalars(select(Ticket).where(Ticket.number == number.upper())).first()


def list_tickets(
    session: Session,
    *,
    page: int,
    requester_id: str | None = None,
    desk_keys: tuple[str, ...] | None = None,
    unassigned: bool = False,
) -> TicketPage:
    """A page of tickets that are not closed: most urgent first, then oldest first; `page` is clamped."""
    where: list[ColumnElement[bool]] = [Ticket.state.not_in(list(ENDED_STATES))]
    if requester_id is not None:
        where.append(Ticket.requester_id == requester_id)
    if desk_keys is not None:
        where += [Ticket.desk_key.in_(desk_keys), Ticket.state != State.RESOLVED]
    if unassigned:
        where.append(Ticket.assignee_id.is_(None))
    total = session.scalar(select(func.count()).select_from(Ticket).where(*where)) or 0
    pages = max(1, -(-total // PAGE_LENGTH))
    page = min(max(page, 1), pages)
    rows = select(Ticket).where(*where).order_by(Ticket.priority, Ticket.raised_at, Ticket.id)
    tickets = session.scalars(rows.offset((page - 1) * PAGE_LENGTH).limit(PAGE_LENGTH)).all()
    return TicketPage(
        tickets=tuple(_view(session, ticket) for ticket in tickets), page=page, pages=pages, total=total
    )
