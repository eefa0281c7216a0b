"""What surfaces are told of a ticket: plain values, read in one go, names resolved."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.models.vocabulary import Action, EventKind, Kind, Level, State, Visibility


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
