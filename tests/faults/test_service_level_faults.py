"""Service levels while the bot is down, and when the clock steps back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.clock import real_now
from bot.models import Heartbeat, Milestone, Outbox, OutboxState, ServiceClock, Ticket, TimelineEvent
from bot.models.vocabulary import MEASURED
from bot.store import Store
from sandbox.client import SandboxClient
from sandbox.seen import SeenMessage
from sandbox.server import SandboxServer
from tests.faults.processes import BotProcess
from tests.sandbox_fixture import running_sandbox, tuesday_morning

PATIENCE = 60.0
"""Seconds: on PostgreSQL what a killed process held is free again after its lease of 20 s."""
TICKETS = 10
TRIAGE, MANAGERS = "#it-triage", "#it-managers"

DESK = """
calendars: {{always: 24x7}}
slas:
  quick:
    calendar: always
    warn_at: [50%, 80%]
    targets:
      P1: {targets}
      P2: {targets}
      P3: {targets}
      P4: {targets}
      P5: {targets}
    escalate:
      - {{at: "resolve breach", to: [assignee, leads]}}
      - {{at: "resolve breach + {after}", to: managers}}
desks:
  it:
    name: IT Service Desk
    request_channels: ["#it-help"]
    triage_channel: "#it-triage"
    managers_channel: "#it-managers"
    agents: {{members_of: "#it-triage"}}
    leads: ["@lea"]
    managers: ["@maria"]
    slas: {{incident: quick, request: quick}}
"""
IN_MINUTES = DESK.format(targets="{respond: 30m, resolve: 60m}", after="30m")
SAID_BY_CLOCKS = ("alert", "escalation", "board", "unrouted")
POINTS = {
    "respond": {"50%", "80%", "breach"},
    "resolve": {"50%", "80%", "breach", "breach>0", "breach+1800>1"},
}


@dataclass
class Desk:
    """A sandbox with bot processes at it, and what they wrote down."""

    server: SandboxServer
    bots: list[BotProcess]
    store: Store
    client: SandboxClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.server.client()

    def start(self) -> None:
        for bot in self.bots:
            bot.launch()
        for bot in self.bots:
            bot.await_ready(self.client)

    def raise_tickets(self, count: int) -> None:
        """So many tickets, each acknowledged."""
        for number in range(count):
            assert self.client.command("ana", "#it-help", "/ticket", f"trouble {number}").acked
            assert self.client.submit("ana", {}).acked
        self.client.wait_until(
            lambda: len(self.said(TRIAGE)) == count, timeout=PATIENCE, message="a card for each ticket"
        )

    def said(self, channel: str, thread: str | None = None) -> list[SeenMessage]:
        """What the bot wrote in a channel or under a message of its."""
        found = self.client.messages(channel, thread) if thread else self.client.messages(channel)
        return [message for message in found if message.app_id and message.ts != thread]

    def alerts(self) -> list[SeenMessage]:
        """What the clocks said, wherever they did."""
        under_cards = [alert for card in self.said(TRIAGE) for alert in self.said(TRIAGE, card.ts)]
        return [*under_cards, *self.said(MANAGERS)]

    def points(self) -> dict[tuple[str, str], set[str]]:
        """The thresholds that were decided, by ticket and clock."""
        rows = select(Ticket.number, ServiceClock.clock, Milestone.point)
        rows = rows.select_from(ServiceClock).join(Ticket, Ticket.id == ServiceClock.ticket_id)
        found: dict[tuple[str, str], set[str]] = {}
        with self.store.read() as session:
            for number, clock, point in session.execute(
                rows.outerjoin(Milestone, Milestone.clock_id == ServiceClock.id)
            ):
                found.setdefault((number, clock.value), set()).update({point} - {None})
        return found

    def is_all_decided(self) -> bool:
        return all(found == POINTS[clock] for (_, clock), found in self.points().items())

    def settle(self) -> None:
        """Everything decided is said."""
        unsettled = select(Outbox.key).where(
            Outbox.state.in_((OutboxState.PENDING, OutboxState.SENDING, OutboxState.UNKNOWN))
        )

        def is_settled() -> bool:
            with self.store.read() as session:
                return session.scalars(unsettled).first() is None

        self.client.wait_until(is_settled, timeout=PATIENCE, message="everything to be said")

    def until_more_is_said(self, *, than: int) -> None:
        """The clocks have said more than so much, or have nothing more to say."""
        self.client.wait_until(
            lambda: len(self.alerts()) > than or self.is_all_decided(),
            timeout=PATIENCE,
            message=f"more than {than} alerts",
        )

    def until_ticked(self) -> None:
        """Each process has looked at the clocks once more, and says so."""
        since = real_now()
        beats = select(func.count()).where(Heartbeat.concern == "service_levels", Heartbeat.at > since)

        def have_ticked() -> bool:
            with self.store.read() as session:
                return (session.scalar(beats) or 0) >= len(self.bots)

        self.client.wait_until(have_ticked, timeout=PATIENCE, message="the clocks to be looked at")

    def texts(self) -> list[str]:
        """What the clocks said, in the order of the threads."""
        return [alert.text for alert in self.alerts()]

    def check(self) -> None:
        """Each fact is in Slack once, and nothing else is there."""
        with self.store.read() as session:
            told = select(Outbox.ts, Outbox.key, Outbox.state).where(Outbox.kind.in_(SAID_BY_CLOCKS))
            posted = {str(ts): key for ts, key, state in session.execute(told) if state is OutboxState.SENT}
            keys = set(session.scalars(select(Milestone.told_key).where(Milestone.told_key.is_not(None))))
            measured = select(TimelineEvent.ticket_id, TimelineEvent.kind, TimelineEvent.data)
            events = [
                (ticket, kind, str(data))
                for ticket, kind, data in session.execute(
                    measured.where(TimelineEvent.kind.in_(list(MEASURED)))
                )
            ]
        assert sorted(message.ts for message in self.alerts()) == sorted(posted)
        assert keys == set(posted.values())
        assert len(events) == len(set(events))
        assert [str(found) for found in self.client.violations()] == []

    def milestones(self) -> list[Milestone]:
        with self.store.read() as session:
            return list(session.scalars(select(Milestone)))


def running(
    server: SandboxServer, database_url: str, database_kind: str, folder: Path, desk_yaml: str
) -> Iterator[Desk]:
    """One process on SQLite, two on PostgreSQL."""
    folders = [folder / name for name in (("one", "two") if database_kind == "postgresql" else ("one",))]
    for each in folders:
        each.mkdir()
    bots = [BotProcess(server, database_url, each, desk_yaml=desk_yaml) for each in folders]
    with ExitStack() as stack:
        store = Store(database_url)
        stack.callback(store.close)
        for bot in bots:
            stack.callback(bot.kill)
        yield Desk(server=server, bots=bots, store=store)


@pytest.fixture
def in_minutes(database_url: str, database_kind: str, tmp_path: Path) -> Iterator[Desk]:
    """Targets of minutes, and a clock that can be moved."""
    with running_sandbox(clock_offset=tuesday_morning(tmp_path / "clock")) as server:
        yield from running(server, database_url, database_kind, tmp_path, IN_MINUTES)


# --- down over deadlines ---


def test_what_fell_due_while_the_bot_was_down_is_one_late_post_for_each_place(in_minutes: Desk) -> None:
    desk = in_minutes
    desk.start()
    desk.raise_tickets(3)
    desk.settle()
    for bot in desk.bots:
        bot.kill()
    desk.client.skip(2 * 3600)
    desk.start()
    desk.client.wait_until(lambda: desk.said(MANAGERS), timeout=PATIENCE, message="the managers to be told")
    desk.settle()
    for card in desk.said(TRIAGE):
        [alert] = desk.said(TRIAGE, card.ts)
        assert "the time to resolve has been over since" in alert.text.lower()
        assert "told late" in alert.text
        assert "Response overdue" in card.text
    boards = desk.said(MANAGERS)
    assert len(boards) <= len(desk.bots)
    assert "told late" in boards[0].text
    milestones = desk.milestones()
    assert len(milestones) == 3 * sum(map(len, POINTS.values()))
    assert all(milestone.is_late for milestone in milestones)
    superseded = {m.point for m in milestones if m.disposition.value == "superseded"}
    assert {"50%", "80%"} <= superseded
    desk.check()


# --- a clock that steps back ---


def test_a_clock_that_steps_back_repeats_nothing(in_minutes: Desk) -> None:
    desk = in_minutes
    desk.start()
    desk.raise_tickets(2)
    for minutes in (16, 10, 5):
        before = len(desk.alerts())
        desk.client.skip(minutes * 60)
        desk.until_more_is_said(than=before + 1)
        desk.settle()
    said = desk.texts()
    desk.client.skip(-25 * 60)
    desk.until_ticked()
    desk.bots[0].kill()
    desk.bots[0].start(desk.client)
    desk.until_ticked()
    desk.settle()
    assert desk.texts() == said
    desk.client.skip(43 * 60)
    desk.until_more_is_said(than=len(said) + 1)
    desk.settle()
    new = [text for text in desk.texts() if text not in said]
    assert len(desk.texts()) == len(said) + 2
    assert ["80% of the time to resolve" in text for text in new] == [True, True]
    desk.check()
