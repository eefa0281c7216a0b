"""Views to render, and the rules that every payload of ours has to keep."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final, TypedDict, Unpack

from bot.models.vocabulary import CATEGORY_OF, Action, Category, EventKind, Kind, Level, State, Visibility
from bot.surfaces import blocks
from bot.surfaces.rendered import Rendered
from bot.workflows.reading import (
    CommentView,
    DeskView,
    EventView,
    MessageLink,
    PersonView,
    TicketPage,
    TicketView,
)
from bot.workflows.service_views import ClockView, EstimateView
from sandbox.validation.messages import live_markup, validate_message
from sandbox.validation.views import validate_view

MONDAY: Final = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANA: Final = PersonView(id="U0ANA", name="Ana Ruiz", image_url="https://avatars.slack-edge.com/ana_72.png")
BEN: Final = PersonView(id="U0BEN", name="Ben Okafor", image_url="https://avatars.slack-edge.com/ben_72.png")
LEA: Final = PersonView(id="U0LEA", name="Lea Brandt")
IT: Final = DeskView(key="it", name="IT Service Desk", categories=("Hardware", "Accounts", "Network"))
HR: Final = DeskView(key="hr", name="People Desk", categories=("Contract",))
OUR_PEOPLE: Final = frozenset({ANA.id, BEN.id, LEA.id})

CONVERSATION: Final = MessageLink(
    channel="C0HELP",
    ts="1772442000.000100",
    url="https://example.slack.com/archives/C0HELP/p1772442000000100",
)
CARD: Final = MessageLink(
    channel="C0TRIAGE", ts="1772442001.000200", url="https://example.slack.com/archives/C0TRIAGE/p177"
)


class TicketFields(TypedDict, total=False):
    """The fields of a ticket that a test may choose."""

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
    desk_name: str
    requester: PersonView
    raiser: PersonView
    assignee: PersonView | None
    resolution: str | None
    closes_at: datetime | None
    last_event: EventView
    conversation: MessageLink | None
    card: MessageLink | None
    possible: tuple[Action, ...]
    version: int
    continues: str | None
    continued_by: str | None
    clocks: tuple[ClockView, ...]
    estimate: EstimateView | None


def event(kind: EventKind = EventKind.RAISED, actor: PersonView | None = ANA, **data: str) -> EventView:
    return EventView(kind=kind, at=MONDAY + timedelta(minutes=7), actor=actor, data=data)


def ticket(**fields: Unpack[TicketFields]) -> TicketView:
    """A new incident of Ana's, except for what is said."""
    plain = TicketView(
        number="INC-12",
        kind=Kind.INCIDENT,
        title="Printer on floor 3 is on fire",
        description="Printer on floor 3 is on fire\nIt began after lunch. The display says E-52.",
        category="Hardware",
        affected="the printer on floor 3",
        impact=Level.MEDIUM,
        urgency=Level.MEDIUM,
        priority="P3",
        state=State.NEW,
        desk_key="it",
        desk_name="IT Service Desk",
        requester=ANA,
        raiser=ANA,
        assignee=None,
        raised_at=MONDAY,
        state_since=MONDAY,
        resolved_at=None,
        resolution=None,
        closes_at=None,
        last_event=event(),
        conversation=CONVERSATION,
        origin=None,
        card=CARD,
        possible=(
            Action.CLAIM,
            Action.ASSIGN,
            Action.RESOLVE,
            Action.CANCEL,
            Action.NOTE,
            Action.PRIORITISE,
            Action.SHOW,
            Action.COMMENT,
        ),
        version=1,
    )
    return replace(plain, **fields)


def resolved(**fields: Unpack[TicketFields]) -> TicketView:
    """A ticket that Ben resolved and that can be reopened for three days."""
    plain = ticket(
        state=State.RESOLVED,
        assignee=BEN,
        resolution="Put out the fire and replaced the fuser.",
        closes_at=MONDAY + timedelta(days=3),
        last_event=event(EventKind.RESOLVED, BEN),
        possible=(Action.REOPEN, Action.CLOSE, Action.NOTE),
        version=4,
    )
    return replace(plain, **fields)


def in_state(state: State) -> TicketView:
    """A ticket in any state, with what usually comes with it."""
    if CATEGORY_OF[state] in (Category.RESOLVED, Category.CLOSED):
        return resolved(state=state, possible=(Action.REOPEN,) if state is State.RESOLVED else ())
    return ticket(state=state, assignee=None if state is State.NEW else BEN)


def page(count: int, *, number: int = 1, pages: int = 1, total: int | None = None) -> TicketPage:
    tickets = tuple(ticket(number=f"INC-{n}") for n in range(1, count + 1))
    return TicketPage(tickets=tickets, page=number, pages=pages, total=count if total is None else total)


def comment(text: str, *, author: PersonView = ANA, names: dict[str, str] | None = None) -> CommentView:
    return CommentView(
        ticket="INC-12", author=author, visibility=Visibility.PUBLIC, text=text, names=names or {}
    )


# --- the rules ---

_PING = re.compile(r"<@([A-Z0-9]+)")
_OUR_DATES = re.compile(r"<!date\^\d+\^\{date_short_pretty\} at \{time\}\|\d{4}-\d\d-\d\d \d\d:\d\d UTC>")
_OUR_LINKS = re.compile(r"<https://example\.slack\.com/[^|>]*\|[^<>]*>")


def assert_sendable(rendered: Rendered) -> None:
    """Hold a message against Slack's rules, and against ours: nothing of a user's is live in it."""
    args = {"text": rendered.text, "blocks": rendered.blocks}
    assert validate_message(args, method="chat.update") == []
    assert live_markup(args) == []
    for mrkdwn in [rendered.text, *_mrkdwn(rendered.blocks)]:
        assert_inert(mrkdwn)
    assert _pinged(rendered.blocks) <= OUR_PEOPLE


def assert_postable(rendered: Rendered) -> None:
    """As above, for what stands in a channel: there Slack bounds all blocks together."""
    assert_sendable(rendered)
    shown = blocks.shortened(rendered)
    assert_sendable(shown)
    assert not shown.is_too_long


def assert_openable(view: dict[str, object]) -> None:
    """Hold a modal against Slack's rules."""
    assert validate_view(view) == []
    for mrkdwn in _mrkdwn(view):
        assert_inert(mrkdwn)


def assert_inert(mrkdwn: str) -> None:
    """Only mentions of the people we mean, our dates and our links are markup; every other `<` is escaped."""
    assert set(_PING.findall(mrkdwn)) <= OUR_PEOPLE
    left = _OUR_DATES.sub("", _OUR_LINKS.sub("", re.sub(r"<@[A-Z0-9]+>", "", mrkdwn)))
    assert "<" not in left
    assert ">" not in left


def spoken(rendered: Rendered) -> str:
    """What the blocks show, as one text: dates in UTC, people by id."""
    return " ".join(_spoken(rendered.blocks))


def labels(rendered: Rendered) -> list[str]:
    """The labels of the buttons, in their order."""
    return [str(button["text"]["text"]) for button in buttons(rendered)]


class Button(TypedDict, total=False):
    """A button of a payload."""

    type: str
    text: dict[str, str]
    action_id: str
    value: str
    style: str
    confirm: dict[str, object]
    accessibility_label: str


def buttons(rendered: Rendered) -> list[Button]:
    return [
        Button(**found)  # type: ignore[typeddict-item]  # payloads are JSON; the validator has checked them
        for found in _walk(rendered.blocks)
        if found.get("type") == "button"
    ]


def _walk(value: object) -> Iterator[dict[str, object]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner)


def _mrkdwn(payload: object) -> list[str]:
    return [str(found["text"]) for found in _walk(payload) if found.get("type") == "mrkdwn"]


def _pinged(payload: object) -> set[str]:
    kinds = {"user": "user_id", "usergroup": "usergroup_id", "broadcast": "range"}
    found = (each for each in _walk(payload) if each.get("type") in kinds)
    return {str(each[kinds[str(each["type"])]]) for each in found}


def _spoken(payload: object) -> Iterator[str]:
    for found in _walk(payload):
        match found:
            case {"type": "text" | "mrkdwn" | "plain_text", "text": str(text)}:
                yield text.strip()
            case {"type": "date", "fallback": str(text)} | {"type": "link", "text": str(text)}:
                yield text
            case {"type": "link", "url": str(url)}:
                yield url
            case {"type": "user", "user_id": str(user)}:
                yield f"<@{user}>"
            case {"type": "emoji", "name": str(name)}:
                yield f":{name}:"
