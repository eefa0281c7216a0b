"""One run: a desk, people at work, trouble of every kind, and then the question whether all is well."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.models import Inbox, InboxState, Outbox, PictureState, Report, ReportState
from bot.store import Store
from bot.workflows import due
from sandbox.client import SandboxClient
from sandbox.seen import SeenEnvelope
from sandbox.server import SandboxServer
from tests.faults.chaos.checker import Breach, breaches
from tests.faults.chaos.evidence import Evidence, Seen, look
from tests.faults.chaos.load import Board, Person, Tally
from tests.faults.chaos.troubles import STANDING, Count, Killer, Time, Trouble, Weather, inject
from tests.faults.processes import BotProcess, DidNotStop
from tests.sandbox_fixture import running_sandbox

SETTLE: Final = 2.0
"""DELIVERY_SETTLE of the bots, in seconds: longer than a history lags, or a call hangs before it counts."""
CALM_WITHIN: Final = 900.0
"""Seconds after which everything must have been said."""
STILL_FOR: Final = 60.0
"""Seconds without progress after which nothing more is waited for: a slow machine is late, not at a loss."""
READ_WITHIN: Final = 300.0
"""Seconds for all that a workspace has seen: after minutes of trouble that is a lot."""
DESK: Final = """
calendars: {always: 24x7}
slas:
  swift:
    calendar: always
    warn_at: [50%, 80%]
    targets:
      P1: {respond: 2s, resolve: 6s, update: 4s}
      P2: {respond: 5s, resolve: 10m}
      P3: {respond: 30m, resolve: 4h}
      P4: {respond: 2h, resolve: 1d}
      P5: {respond: 1d, resolve: 5d}
    escalate:
      - {at: "resolve breach", to: [assignee, leads]}
      - {at: "resolve breach + 3s", to: managers}
desks:
  it:
    name: IT Service Desk
    timezone: Etc/UTC
    request_channels: ["#it-help"]
    triage_channel: "#it-triage"
    managers_channel: "#it-managers"
    agents: {members_of: "#it-triage"}
    leads: ["@lea"]
    managers: ["@maria"]
    slas: {incident: swift, request: swift}
    close_after: 2h
    digest: {at: "09:00", days: daily}
"""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a run goes."""

    seed: int
    seconds: float
    """Of trouble; the quiet end comes on top."""
    people: int = 4
    pause: float = 0.25
    """The mean of the seconds between two gestures of a person."""
    kill_every: tuple[float, float] = (0.3, 1.0)
    """Seconds from when a process is ready."""
    hours: float = 24.0
    """Business time that passes."""


@dataclass(kw_only=True)
class Summary:
    """What came of a run, in numbers."""

    plan: Plan
    database: str
    replicas: int
    count: Count
    gestures: int = 0
    acknowledged: int = 0
    facts: int = 0
    redeliveries: int = 0
    lost_answers: int = 0
    other_faults: int = 0
    found: list[Breach] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"seed {self.plan.seed:<5} {self.database} x{self.replicas}  {_told([self])}"


def in_all(summaries: Sequence[Summary]) -> str:
    """What runs came to, on one line."""
    return f"runs {len(summaries)}  {_told(summaries)}"


def _told(summaries: Sequence[Summary]) -> str:
    def total(number: Callable[[Summary], float]) -> float:
        return sum(map(number, summaries))

    kinds = Counter(breach.kind for each in summaries for breach in each.found)
    return (
        f"{total(lambda each: each.seconds):.0f} s, {total(lambda each: each.count.skipped) / 3600:.0f} h  "
        f"gestures {total(lambda each: each.gestures)} "
        f"(acknowledged {total(lambda each: each.acknowledged)})  "
        f"facts {total(lambda each: each.facts)}  "
        f"crashes {total(lambda each: each.count.crashes)}  "
        f"pauses {total(lambda each: each.count.pauses)}  "
        f"database {total(lambda each: each.count.database)}  "
        f"redeliveries {total(lambda each: each.redeliveries)}  "
        f"lost answers {total(lambda each: each.lost_answers)}  "
        f"other faults {total(lambda each: each.other_faults)}  "
        f"duplicates {kinds['duplicate']}  losses {kinds['loss']}  disagreements {kinds['disagreement']}"
    )


class Desk:
    """A workspace with its bots and their database."""

    def __init__(self, server: SandboxServer, bots: Sequence[BotProcess], store: Store) -> None:
        self.server = server
        self.client: SandboxClient = server.client()
        self.bots = bots
        self.store = store

    def start(self) -> None:
        """All bots run and are ready."""
        for bot in self.bots:
            bot.launch()
        for bot in self.bots:
            bot.await_ready(self.client)

    def now(self) -> datetime:
        """Business time."""
        return datetime.now(UTC) + timedelta(seconds=self.client.skip(0))

    def calm_down(self) -> list[Breach]:
        """Nothing goes wrong any more: wait until everything is said, stop the bots, and check."""
        self.client.lift()
        for bot in self.bots:
            bot.go_on()
            if not bot.is_alive:
                bot.kill()
                bot.launch()
        for bot in self.bots:
            bot.await_ready(self.client)
        give_up_at = time.monotonic() + CALM_WITHIN
        while True:
            has_settled = self._settle(give_up_at)
            found = [breach for bot in self.bots for breach in _stop(bot)]
            found += breaches(Evidence(self.look(), self.store), now=self.now())
            if not has_settled or self.is_calm() or time.monotonic() > give_up_at:
                return found
            self.start()  # something fell due while they stopped

    def _settle(self, give_up_at: float) -> bool:
        """Wait until it is calm, for as long as something moves; whether it is."""
        moved_at, before = time.monotonic(), -1
        while not self.is_calm():
            if time.monotonic() > min(give_up_at, moved_at + STILL_FOR):
                return False
            with self.store.read() as session:
                settled = _settled(session)
            if settled != before:
                moved_at, before = time.monotonic(), settled
            time.sleep(0.2)
        return True

    def look(self) -> Seen:
        """What Slack knows."""
        return look(SandboxClient(self.server.url, timeout=READ_WITHIN))

    def is_calm(self) -> bool:
        """Nothing is on its way, into the desk or out of it."""
        with self.store.read() as session:
            if _is_under_way(session):
                return False
        if due.overdue(self.store, self.now()):
            return False
        return all(_is_over(envelope) for envelope in self.client.envelopes())


def _stop(bot: BotProcess) -> Iterator[Breach]:
    try:
        code = bot.stop()
    except DidNotStop as stuck:
        yield Breach("disagreement", f"A bot did not stop when told to: {stuck}")
    else:
        if code:
            yield Breach("disagreement", f"A bot stopped with {code}.")


def _is_over(envelope: SeenEnvelope) -> bool:
    """It was acknowledged, or Slack has given up: on events after four attempts, on the rest after one."""
    attempts = [attempt for attempt in envelope.attempts if attempt.outcome != "pending"]
    return envelope.acked or len(attempts) >= (4 if envelope.kind == "events_api" else 1)


def _is_under_way(session: Session) -> bool:
    live = select(func.count()).where(Outbox.state.in_(("pending", "sending", "unknown")))
    waiting = select(func.count()).where(Inbox.state == InboxState.WAITING)
    drawing = select(func.count()).where(
        Report.state == ReportState.TOLD, Report.picture_state == PictureState.WANTED
    )
    return any(session.scalar(each) for each in (live, waiting, drawing))


def _settled(session: Session) -> int:
    """Grows with everything that ends."""
    ended = select(func.count()).where(Outbox.state.not_in(("pending", "sending", "unknown")))
    shown = select(func.coalesce(func.sum(Outbox.shown_version), 0))
    decided = select(func.count()).where(Inbox.state != InboxState.WAITING)
    return sum(session.scalar(each) or 0 for each in (ended, shown, decided))


@contextmanager
def running_desk(
    database_url: str,
    folder: Path,
    *,
    replicas: int = 1,
    desk_yaml: str = DESK,
    is_http: bool = False,
    **variables: str,
) -> Iterator[Desk]:
    """A desk that has not been started yet; everything it runs ends with the block."""
    with ExitStack() as stack:
        server = stack.enter_context(running_sandbox(clock_offset=folder / "clock"))
        store = Store(database_url)
        stack.callback(store.close)
        bots = []
        for number in range(replicas):
            own = folder / f"bot{number}"
            own.mkdir()
            given = {"DELIVERY_SETTLE": str(SETTLE), **variables}
            bots.append(
                BotProcess(server, database_url, own, desk_yaml=desk_yaml, is_http=is_http, variables=given)
            )
            stack.callback(bots[-1].kill)
        yield Desk(server, bots, store)


def run(desk: Desk, plan: Plan, *, more: Sequence[Trouble] = (), count: Count | None = None) -> Summary:
    """Let people work for a while in all that trouble; what came of it."""
    began = time.monotonic()
    random.seed(plan.seed)  # the sandbox, in this process, draws its lots there
    count, tally = count or Count(), Tally()
    desk.start()
    for fault in STANDING:
        inject(desk.client, fault)
    threads: list[Trouble | Person] = [*_troubles(desk, plan, count), *more, *_people(desk, plan, tally)]
    for thread in threads:
        thread.start()
    time.sleep(plan.seconds)
    for thread in threads:
        thread.finish()
    found = desk.calm_down()
    summary = _summary(desk, plan, count, tally)
    found += [Breach("disagreement", f"A bot did not stop when told to: {log}") for log in count.stuck]
    summary.found, summary.seconds = found, time.monotonic() - began
    return summary


def _people(desk: Desk, plan: Plan, tally: Tally) -> list[Person]:
    board = Board(desk.client)
    return [
        Person(desk.server.client(), board, tally, seed=plan.seed * 100 + number, pause=plan.pause)
        for number in range(plan.people)
    ]


def _troubles(desk: Desk, plan: Plan, count: Count) -> list[Trouble]:
    weather_lots, time_lots = (random.Random(f"{plan.seed}/{name}") for name in ("weather", "time"))
    weather = Weather(desk.client, weather_lots)
    steps = max(1.0, plan.seconds / 2)
    flying = Time(desk.client, count, time_lots, at_most=2 * plan.hours * 3600 / steps)
    return [
        *(_killing(bot, number, plan, count) for number, bot in enumerate(desk.bots)),
        Trouble("weather", every=(1.0, 4.0), lots=weather_lots, happen=weather.turn),
        Trouble("time", every=(1.0, 3.0), lots=time_lots, happen=flying.jump),
    ]


def _killing(bot: BotProcess, number: int, plan: Plan, count: Count) -> Trouble:
    """Each process has its own killer: several may be dead at once."""
    lots = random.Random(f"{plan.seed}/killer/{number}")
    killer = Killer(bot, count, lots)
    return Trouble(f"killer-{number}", every=plan.kill_every, lots=lots, happen=killer.strike)


def _summary(desk: Desk, plan: Plan, count: Count, tally: Tally) -> Summary:
    seen = desk.look()
    with desk.store.read() as session:
        facts = session.scalar(select(func.count()).select_from(Outbox)) or 0
    events: dict[str, int] = {}
    for envelope in seen.envelopes:
        name = str(envelope.event) if envelope.kind == "events_api" else str(id(envelope))
        events[name] = events.get(name, 0) + len(envelope.attempts)
    return Summary(
        plan=plan,
        database="sqlite" if desk.store.is_sqlite else "postgresql",
        replicas=len(desk.bots),
        count=count,
        gestures=tally.made.total(),
        acknowledged=sum(envelope.acked for envelope in seen.envelopes),
        facts=facts,
        redeliveries=sum(tries - 1 for tries in events.values()),
        lost_answers=sum(call.fault == "lost_answer" for call in seen.calls),
        other_faults=sum(call.fault not in ("", "lost_answer") for call in seen.calls),
    )
