"""What surfaces are told of a ticket: plain values, read in one go, names resolved."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, TextClause, func, select, text
from sqlalchemy.orm import Session

from bot.models import (
    Anchor,
    Channel,
    Comment,
    Desk,
    Outbox,
    Person,
    StateInterval,
    Ticket,
    TimelineEvent,
    Workspace,
)
from bot.models.vocabulary import (
    MEASURED,
    Action,
    EventKind,
    Kind,
    Level,
    Speaker,
    State,
    Visibility,
)
from bot.workflows.clock_views import read_clock_views
from bot.workflows.permissions import possible_actions
from bot.workflows.service_views import ClockView, EstimateView


class Audience(StrEnum):
    """Who reads what is read here. What a private ticket says is veiled unless its reader is known."""

    ANYBODY = "anybody"
    """A channel, or somebody whose permission was not looked at: the default everywhere."""
    INSIDERS = "insiders"
    """Its requester's direct messages, or one person with the permission `Action.READ`."""


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
    is_private: bool = False
    is_veiled: bool = False
    """What it says is left out here: number, state, priority, assignee and clocks are all there is."""


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
    speaker: Speaker = Speaker.OTHER
    is_veiled: bool = False
    """Who wrote what is left out."""


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


# The words of the partial index: SQLite uses it only where it sees them.
IS_OPEN = text("ticket.state NOT IN ('closed', 'cancelled')")
PAGE_LENGTH = 10
"""Tickets on a page of a list."""


def read_person(session: Session, person_id: str) -> PersonView:
    """A person's name and picture; somebody unknown is shown by id."""
    person = session.get(Person, person_id)
    if person is None:
        return PersonView(id=person_id, name=person_id)
    return PersonView(id=person.id, name=person.name, image_url=person.image_url)


def thread_of_origin(session: Session, channel: str, ts: str) -> str | None:
    """The root of the thread with the reply that a ticket was raised from; None for every other message."""
    root = select(Ticket.conversation_ts).join(Anchor, Anchor.ticket_id == Ticket.id)
    is_origin = (Anchor.channel == channel, Anchor.ts == ts, Anchor.role == "origin")
    return session.scalar(root.where(*is_origin, Ticket.conversation_channel == channel))


def with_names(session: Session, data: Mapping[str, str]) -> dict[str, str]:
    """What a refusal or a confirmation says, with names instead of people's ids."""
    people = {"by": "by", "person": "who", "assignee": "assignee"}
    return {
        people.get(key, key): read_person(session, value).name if key in people and value else value
        for key, value in data.items()
    }


def read_ticket(session: Session, ticket_id: int, audience: Audience = Audience.ANYBODY) -> TicketView:
    """A ticket with everything that surfaces show of it to this audience."""
    ticket = session.get(Ticket, ticket_id)
    if ticket is None:
        raise LookupError(f"There is no ticket with id {ticket_id}.")
    return _view(session, ticket, audience)


def _view(session: Session, ticket: Ticket, audience: Audience) -> TicketView:
    view = _whole_view(session, ticket, audience)
    return _veiled(view) if _is_veiled(ticket, audience) else view


SOMEBODY = PersonView(id="", name="Somebody")
REQUESTER = PersonView(id="", name="The requester")


def _is_veiled(ticket: Ticket, audience: Audience) -> bool:
    return ticket.is_private and audience is Audience.ANYBODY


def _veiled(view: TicketView) -> TicketView:
    """What may be known of a private ticket by everybody: how it stands, not what it says or whose it is."""
    return replace(
        view,
        title="",
        description="",
        category=None,
        affected=None,
        requester=REQUESTER,
        raiser=REQUESTER,
        resolution=None,
        conversation=None,
        origin=None,
        names={},
        is_veiled=True,
    )


def _whole_view(session: Session, ticket: Ticket, audience: Audience) -> TicketView:
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
        last_event=_last_deed(session, ticket, audience),
        conversation=links.conversation(),
        origin=links.origin(),
        card=links.card(),
        possible=possible_actions(ticket.state, is_assigned=ticket.assignee_id is not None),
        version=ticket.version,
        continues=_number_of(session, ticket.continues_id),
        continued_by=_number_of(session, ticket.continued_by_id),
        clocks=read_clock_views(session, ticket),
        is_private=ticket.is_private,
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


def read_events(
    session: Session, ticket_id: int, audience: Audience = Audience.ANYBODY, *, limit: int = 20
) -> list[EventView]:
    """The newest events of a ticket, oldest first."""
    ticket = session.get_one(Ticket, ticket_id)
    newest = select(TimelineEvent).where(TimelineEvent.ticket_id == ticket_id)
    rows = session.scalars(newest.order_by(TimelineEvent.seq.desc()).limit(limit)).all()
    return event_views(session, ticket, list(reversed(rows)), audience)


def event_views(
    session: Session,
    ticket: Ticket,
    rows: Sequence[TimelineEvent],
    audience: Audience = Audience.ANYBODY,
) -> list[EventView]:
    """Timeline events of a ticket as surfaces show them."""
    return [_event_view(session, ticket, row, audience) for row in rows]


def read_actor(
    session: Session, ticket: Ticket, person_id: str, audience: Audience = Audience.ANYBODY
) -> PersonView:
    """Who did something to a ticket: of a private one, the desk's people by name, and nobody else."""
    if not _is_veiled(ticket, audience):
        return read_person(session, person_id)
    if person_id == ticket.assignee_id:
        return read_person(session, person_id)
    return REQUESTER if person_id == ticket.requester_id else _known_to_the_desk(session, ticket, person_id)


def _known_to_the_desk(session: Session, ticket: Ticket, person_id: str) -> PersonView:
    """Somebody who has had the ticket or spoken for the desk; others are not named."""
    held = select(StateInterval.id).where(
        StateInterval.ticket_id == ticket.id, StateInterval.assignee_id == person_id
    )
    spoke = select(Comment.id).where(
        Comment.ticket_id == ticket.id, Comment.author_id == person_id, Comment.speaker == Speaker.DESK
    )
    is_known = session.scalar(held.limit(1)) or session.scalar(spoke.limit(1))
    return read_person(session, person_id) if is_known else SOMEBODY


def _last_deed(session: Session, ticket: Ticket, audience: Audience) -> EventView:
    """The last thing that somebody did; what the clocks said has a badge of its own."""
    deeds = select(TimelineEvent).where(
        TimelineEvent.ticket_id == ticket.id, TimelineEvent.kind.not_in(list(MEASURED))
    )
    newest = session.scalars(deeds.order_by(TimelineEvent.seq.desc()).limit(1)).one()
    return _event_view(session, ticket, newest, audience)


def _event_view(session: Session, ticket: Ticket, row: TimelineEvent, audience: Audience) -> EventView:
    data = {key: str(value) for key, value in row.data.items() if value is not None}
    for key in ("to", "from", "assignee"):
        if row.kind in (EventKind.ASSIGNED, EventKind.RELEASED) and key in data:
            data[f"{key}_name"] = read_actor(session, ticket, data[key], audience).name
    comment = session.get(Comment, row.data["comment"]) if "comment" in row.data else None
    if comment is not None and not (comment.is_private and audience is Audience.ANYBODY):
        data["text"] = "" if comment.deleted_at or _is_veiled(ticket, audience) else comment.text
    actor = read_actor(session, ticket, row.actor_id, audience) if row.actor_id else None
    return EventView(kind=row.kind, at=row.at, actor=actor, data=data)


def read_comment(session: Session, comment_id: int, audience: Audience = Audience.ANYBODY) -> CommentView:
    """A comment with its author and the names that it mentions, as this audience may read it."""
    comment = session.get(Comment, comment_id)
    if comment is None:
        raise LookupError(f"There is no comment with id {comment_id}.")
    ticket = session.get_one(Ticket, comment.ticket_id)
    view = _comment_view(session, ticket, comment)
    is_veiled = comment.is_private and audience is Audience.ANYBODY
    if not is_veiled and not _is_veiled(ticket, audience):
        return view
    author = read_actor(session, ticket, comment.author_id)
    if not ticket.is_private:
        author = REQUESTER if comment.speaker is Speaker.REQUESTER else SOMEBODY
    return replace(view, author=replace(author, image_url=None), text="", files=(), names={}, is_veiled=True)


def read_conversation(
    session: Session, ticket_id: int, *, internal: bool, limit: int = 30
) -> list[tuple[datetime, CommentView]]:
    """The newest comments of a ticket with when they were written, oldest first, for one with `Action.READ`.

    `internal`: with the notes that stay with the desk.
    """
    ticket = session.get_one(Ticket, ticket_id)
    rows = select(Comment).where(Comment.ticket_id == ticket_id, Comment.deleted_at.is_(None))
    if not internal:
        rows = rows.where(Comment.visibility == Visibility.PUBLIC)
    newest = session.scalars(rows.order_by(Comment.written_at.desc(), Comment.id.desc()).limit(limit)).all()
    return [
        (row.written_at, replace(_comment_view(session, ticket, row), deleted=False))
        for row in reversed(newest)
    ]


def _comment_view(session: Session, ticket: Ticket, comment: Comment) -> CommentView:
    return CommentView(
        ticket=ticket.number,
        speaker=comment.speaker,
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


@dataclass(frozen=True, kw_only=True)
class Written:
    """What a message of a person is part of. `is_new`: the ticket was raised from it."""

    number: str
    is_new: bool


def find_written(session: Session, channel: str | None, ts: str | None) -> Written | None:
    """The ticket that a message raised or is a comment of."""
    raised = select(Ticket.number).where(Ticket.origin_channel == channel, Ticket.origin_ts == ts)
    number = session.scalar(raised)
    if number is not None:
        return Written(number=number, is_new=True)
    comment = select(Ticket.number).join(Comment, Comment.ticket_id == Ticket.id)
    number = session.scalar(comment.where(Comment.channel == channel, Comment.ts == ts))
    return None if number is None else Written(number=number, is_new=False)


def list_tickets(
    session: Session,
    *,
    page: int,
    requester_id: str | None = None,
    desk_keys: tuple[str, ...] | None = None,
    unassigned: bool = False,
    assignee_id: str | None = None,
    readable: tuple[str, ...] = (),
) -> TicketPage:
    """A page of tickets that are not closed: most urgent first, then oldest first; `page` is clamped.

    `requester_id` is who reads their own; a reader with `Action.READ` at the desks `readable` reads theirs.
    """
    where: list[ColumnElement[bool] | TextClause] = [IS_OPEN]
    if requester_id is not None:
        where.append(Ticket.requester_id == requester_id)
    if desk_keys is not None:
        where += [Ticket.desk_key.in_(desk_keys), Ticket.state != State.RESOLVED]
    if unassigned:
        where.append(Ticket.assignee_id.is_(None))
    if assignee_id is not None:
        where.append(Ticket.assignee_id == assignee_id)
    total = session.scalar(select(func.count()).select_from(Ticket).where(*where)) or 0
    pages = max(1, -(-total // PAGE_LENGTH))
    page = min(max(page, 1), pages)
    rows = select(Ticket).where(*where).order_by(Ticket.priority, Ticket.raised_at, Ticket.id)
    tickets = session.scalars(rows.offset((page - 1) * PAGE_LENGTH).limit(PAGE_LENGTH)).all()
    return TicketPage(
        tickets=tuple(
            _view(
                session,
                ticket,
                Audience.INSIDERS
                if ticket.requester_id == requester_id or ticket.desk_key in readable
                else Audience.ANYBODY,
            )
            for ticket in tickets
        ),
        page=page,
        pages=pages,
        total=total,
    )
