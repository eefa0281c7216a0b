"""What tests of service levels look at: what was said where, who was mentioned, how a clock stands."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from sqlalchemy import select

from bot.models import Milestone, ServiceClock, Ticket, TimelineEvent
from bot.models.vocabulary import EventKind
from sandbox.seen import SeenMessage
from tests.conversations.desk import TRIAGE, Desk, Raised

MANAGERS: Final = "#it-managers"
MINUTE: Final = 60.0
HOUR: Final = 3600.0

CRITICAL: Final = {
    "How many people does it touch?": "Many people, or a whole site",
    "How much does it hold up?": "Work has stopped",
}
"""What makes a ticket P1 in the form."""

_MENTION: Final = re.compile(r"<@([UW][A-Z0-9]+)>")
_TO_EVERYBODY: Final = ("<!channel", "<!here", "<!everyone")

MINUTES: Final = """
calendars: {always: 24x7}
slas:
  minutes:
    calendar: always
    respond_by: [claim, reply]
    pause_while: [waiting_requester, waiting_supplier]
    warn_at: [50%, 80%]
    targets:
      P1: {respond: 15m, resolve: 4h, update: 30m}
      P2: {respond: 30m, resolve: 5h}
      P3: {respond: 1h, resolve: 10h}
      P4: {respond: 2h, resolve: 20h}
      P5: {respond: 2h, resolve: 40h}
    escalate:
      - {at: "resolve breach", to: [assignee, leads]}
      - {at: "resolve breach + 1h", to: managers}
"""
DESK: Final = """
desks:
  it:
    name: IT Service Desk
    timezone: Europe/Berlin
    request_channels: ["#it-help"]
    triage_channel: "#it-triage"
    managers_channel: "#it-managers"
    agents: {members_of: "#it-triage"}
    leads: ["@lea"]
    managers: ["@maria"]
    undo_within: 5m
"""
WITH_MINUTES: Final = MINUTES + DESK + "    slas: {incident: minutes, request: minutes}\n"


def alerts(desk: Desk, ticket: Raised) -> list[SeenMessage]:
    """What the bot wrote under the card."""
    return desk.ours(TRIAGE, ticket.card)


def in_managers_channel(desk: Desk, ticket: Raised) -> list[SeenMessage]:
    """What managers were told about a ticket."""
    return [m for m in desk.client.messages(MANAGERS) if m.app_id and ticket.number in numbers_in(m)]


def numbers_in(message: SeenMessage) -> set[str]:
    """The tickets that a message names."""
    return set(re.findall(r"\b(?:INC|REQ)-\d+\b", message.everything))


def only(messages: list[SeenMessage]) -> SeenMessage:
    """The one message there is."""
    assert len(messages) == 1, [message.text for message in messages]
    return messages[0]


def called(desk: Desk, message: SeenMessage) -> set[str]:
    """The handles of those whom a message mentions, in its blocks as in its text."""
    assert not any(word in message.everything for word in _TO_EVERYBODY), message.everything
    in_text = set(_MENTION.findall(message.text))
    in_blocks = set(_MENTION.findall(message.everything.removeprefix(message.text)))
    assert in_text == in_blocks, message.everything
    people = {str(user["id"]): str(user["name"]) for user in _users(desk)}
    return {people[id_] for id_ in in_text}


def _users(desk: Desk) -> list[dict[str, object]]:
    users = desk.client.workspace()["users"]
    assert isinstance(users, list)
    return [user for user in users if isinstance(user, dict)]


def claim(desk: Desk, ticket: Raised, by: str = "ben") -> None:
    """An agent takes a ticket."""
    desk.client.react(by, TRIAGE, ticket.card, "eyes")
    desk.card_says(ticket, "In progress")
    desk.settle()


def raised(desk: Desk, *, critical: bool = False) -> Raised:
    """A ticket of Ana's."""
    return desk.raise_by_command("ana", **(CRITICAL if critical else {}))


def say(desk: Desk, person: str, words: str) -> str:
    """`/ticket` with these words; the answer."""
    result = desk.client.command(person, "#it-help", "/ticket", words)
    assert result.acked, result
    desk.settle()
    return result.text


def clock(desk: Desk, ticket: Raised, name: str) -> ServiceClock:
    """The newest cycle of a clock."""
    return cycles(desk, ticket, name)[-1]


def cycles(desk: Desk, ticket: Raised, name: str) -> list[ServiceClock]:
    """The cycles of a clock, oldest first."""
    with desk.bot.store.read() as session:
        rows = select(ServiceClock).join(Ticket, Ticket.id == ServiceClock.ticket_id)
        found = rows.where(Ticket.number == ticket.number, ServiceClock.clock == name)
        return list(session.scalars(found.order_by(ServiceClock.cycle)))


def due_of(desk: Desk, ticket: Raised, name: str) -> datetime:
    """When a clock falls due."""
    due_at = clock(desk, ticket, name).due_at
    assert due_at is not None
    return due_at


def milestones(desk: Desk, ticket: Raised) -> dict[str, str]:
    """What became of each threshold: `respond 50%` → `told`."""
    with desk.bot.store.read() as session:
        rows = select(ServiceClock.clock, Milestone.point, Milestone.disposition)
        rows = rows.join(Milestone, Milestone.clock_id == ServiceClock.id)
        rows = rows.join(Ticket, Ticket.id == ServiceClock.ticket_id).where(Ticket.number == ticket.number)
        return {f"{name.value} {point}": became.value for name, point, became in session.execute(rows)}


def when(desk: Desk, ticket: Raised, kind: EventKind) -> datetime:
    """The instant of the newest event of this kind."""
    with desk.bot.store.read() as session:
        rows = select(TimelineEvent.at).join(Ticket, Ticket.id == TimelineEvent.ticket_id)
        found = rows.where(Ticket.number == ticket.number, TimelineEvent.kind == kind)
        return session.scalars(found.order_by(TimelineEvent.seq.desc())).first() or _missing(kind)


def _missing(kind: EventKind) -> datetime:
    raise AssertionError(f"There is no event {kind}.")
