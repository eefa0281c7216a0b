"""What must hold after every run, whatever went wrong meanwhile. Knows nothing of how the run went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.clock import real_now
from bot.delivery.rendering import Content, render
from bot.models import (
    Inbox,
    InboxState,
    Milestone,
    Outbox,
    OutboxState,
    PictureState,
    Report,
    ReportState,
    StateInterval,
    Ticket,
    TimelineEvent,
)
from bot.models.vocabulary import EventKind, State
from bot.store.outbox import Claim
from bot.workflows import records, telling, timekeeping
from bot.workflows.reports import report_key
from bot.workflows.telling import Telling
from tests.faults.chaos.acknowledged import lost_gestures
from tests.faults.chaos.evidence import POST, Evidence, Seen, key_in

Kind = Literal["duplicate", "loss", "disagreement"]
CHAOS: Final = frozenset({"ack_timeout", "ack_failed", "expired_trigger_id"})
"""What a process that is killed or frozen does to Slack's protocol, and nobody can help."""
Standing = tuple[State, str | None]


@dataclass(frozen=True)
class Breach:
    """Something that does not hold, in a sentence."""

    kind: Kind
    sentence: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.sentence}"


@dataclass(frozen=True)
class Scene:
    """The evidence with the database open."""

    seen: Seen
    session: Session
    now: datetime
    """Business time."""


Check = Callable[[Scene], Iterator[Breach]]


def breaches(evidence: Evidence, *, now: datetime | None = None) -> list[Breach]:
    """All that does not hold; none after a sound run. `now` is business time, the real one by default."""
    with evidence.store.read() as session:
        scene = Scene(evidence.seen, session, now or real_now())
        return [breach for check in CHECKS for breach in check(scene)]


# --- each fact once ---


def posted_once(scene: Scene) -> Iterator[Breach]:
    """Whatever was deleted since counts, too: somebody has seen it."""
    posts = (call for call in scene.seen.calls if call.method == POST and call.applied)
    for key, count in Counter(key_in(call.args.get("metadata")) for call in posts).items():
        if key is None:
            yield Breach("duplicate", f"{count} messages were posted without a marker.")
        elif count > 1:
            yield Breach("duplicate", f"{key} was posted {count} times.")


def known_messages(scene: Scene) -> Iterator[Breach]:
    """No message of ours is in Slack that no row knows."""
    known = {(row.channel, row.ts): row.key for row in _rows(scene) if row.ts is not None}
    for channel, message in scene.seen.ours():
        key = key_in(message.metadata)
        if key is None or known.get((channel, message.ts)) != key:
            yield Breach("duplicate", f"No delivery knows the message {message.ts} in {channel} ({key}).")


# --- nothing lost ---


def ended(scene: Scene) -> Iterator[Breach]:
    """Each fact that was due is sent or superseded; here nothing is so wrong that it must be parked."""
    for row in _rows(scene):
        if row.state in (OutboxState.PENDING, OutboxState.SENDING, OutboxState.UNKNOWN):
            yield Breach("loss", f"{row.key} is still {row.state.value} ({row.error}).")
        elif row.state is OutboxState.PARKED:
            yield Breach("loss", f"{row.key} is parked ({row.error}).")


def _home(scene: Scene, row: Outbox) -> Iterator[Breach]:
    calls = (call for call in scene.seen.calls if call.method == "views.publish" and call.applied)
    if all(call.args.get("user_id") != row.person_id for call in calls):
        yield Breach("loss", f"{row.key} counts as sent, but was never published.")


def in_slack(scene: Scene) -> Iterator[Breach]:
    """What counts as sent is there."""
    for row in _rows(scene):
        if row.state is not OutboxState.SENT:
            continue
        if row.kind == Telling.EMOJI:
            yield from _emoji(scene, row)
        elif row.kind == Telling.HOME:
            yield from _home(scene, row)
        elif scene.seen.message(row.channel, row.ts) is None:
            yield Breach("loss", f"{row.key} counts as sent, but is not in Slack.")


def _emoji(scene: Scene, row: Outbox) -> Iterator[Breach]:
    channel, ts = row.channel, row.thread_ts
    root = scene.session.scalars(select(Outbox).where(Outbox.key == row.thread_key)).first()
    if root is not None:
        channel, ts = channel or root.channel, ts or root.ts
    message = scene.seen.message(channel, ts)
    shown = message is not None and scene.seen.bot_user in message.reactions.get(row.data["name"], [])
    if shown != row.data["present"]:
        yield Breach("disagreement", f"{row.key} should {'' if row.data['present'] else 'not '}be there.")


def acknowledged(scene: Scene) -> Iterator[Breach]:
    """Every gesture that Slack was told "ok" about has left its trace."""
    for sentence in lost_gestures(scene.seen, scene.session):
        yield Breach("loss", sentence)


def decided_is_told(scene: Scene) -> Iterator[Breach]:
    """A threshold or report that was decided to be told has a delivery."""
    keys = {row.key for row in _rows(scene)}
    told = scene.session.scalars(select(Milestone.told_key).where(Milestone.told_key.is_not(None)))
    for key in set(told) - keys:
        yield Breach("loss", f"The threshold that {key} should tell has no delivery.")
    for report in scene.session.scalars(select(Report).where(Report.state == ReportState.TOLD)):
        key = report_key(report.series, report.desk_key, report.local_date)
        if key not in keys:
            yield Breach("loss", f"The report {key} has no delivery.")


def let_go(scene: Scene) -> Iterator[Breach]:
    """Nobody holds or waits for anything."""
    for inbox in scene.session.scalars(select(Inbox).where(Inbox.state != InboxState.DONE)):
        yield Breach("loss", f"A gesture ({inbox.source}) is {inbox.state.value}: {inbox.reason}.")
    wanted = select(Report).where(
        Report.state == ReportState.TOLD, Report.picture_state == PictureState.WANTED
    )
    for report in scene.session.scalars(wanted):
        yield Breach("loss", f"The pictures of the report of {report.local_date} are still to be made.")


# --- what is shown and what is known agree ---


def newest_version(scene: Scene) -> Iterator[Breach]:
    """Cards and the other mirrors show what the records say."""
    for row in _rows(scene):
        if row.state is not OutboxState.SENT or row.kind not in telling.MIRRORS:
            continue
        if row.shown_version < row.wanted_version:
            yield Breach("disagreement", f"{row.key} shows {row.shown_version} of {row.wanted_version}.")
        elif row.kind == Telling.CARD:
            yield from _says_what_it_should(scene, row)


def _says_what_it_should(scene: Scene, row: Outbox) -> Iterator[Breach]:
    content, message = render(scene.session, _as_claimed(row)), scene.seen.message(row.channel, row.ts)
    if isinstance(content, Content) and message is not None and content.text != message.text:
        yield Breach("disagreement", f"{row.key} says {message.text!r} instead of {content.text!r}.")


def _as_claimed(row: Outbox) -> Claim:
    fields = {name: getattr(row, name) for name in Claim.__dataclass_fields__ if hasattr(row, name)}
    return Claim(
        **(fields | {"token": "", "lane": "", "lease_until": row.created_at, "from_state": row.state})
    )


def chains(scene: Scene) -> Iterator[Breach]:
    """Timelines are whole."""
    for sentence in records.verify(scene.session):
        yield Breach("disagreement", sentence)


def states_are_the_fold(scene: Scene) -> Iterator[Breach]:
    """A ticket stands where its timeline says, and its intervals say the same."""
    for ticket in scene.session.scalars(select(Ticket)):
        events = _events(scene, ticket)
        stands, folded = (ticket.state, ticket.assignee_id), fold(events)
        if stands != folded:
            yield Breach("disagreement", f"{ticket.number} is {stands}, its timeline says {folded}.")
        intervals = _intervals(scene, ticket)
        if any(one.ended_at != next_.started_at for one, next_ in pairwise(intervals)):
            yield Breach("disagreement", f"The intervals of {ticket.number} do not follow each other.")
        last = intervals[-1]
        if last.ended_at is not None or (last.state, last.assignee_id) != stands:
            yield Breach("disagreement", f"The last interval of {ticket.number} is not where it stands.")


def fold(events: list[TimelineEvent]) -> Standing:
    """Where a timeline says that its ticket stands. An undo takes back the change right before it."""
    past: list[Standing] = [(State.NEW, None)]
    for event in events:
        if event.kind is EventKind.UNDONE:
            past.append(past[-2] if event.data["undone"] != EventKind.PRIORITISED else past[-1])
        elif event.kind in _STEPS:
            past.append(_STEPS[event.kind](past[-1], event))
    return past[-1]


def _working(before: Standing, _event: TimelineEvent) -> Standing:
    return (State.ASSIGNED if before[1] else State.NEW), before[1]


def _taken(before: Standing, who: str | None) -> Standing:
    return (State.ASSIGNED if before[0] is State.NEW else before[0]), who


_STEPS: Final[dict[EventKind, Callable[[Standing, TimelineEvent], Standing]]] = {
    EventKind.RAISED: lambda _before, _event: (State.NEW, None),
    EventKind.CLAIMED: lambda before, event: _taken(before, event.actor_id),
    EventKind.ASSIGNED: lambda before, event: _taken(before, event.data["to"]),
    EventKind.RELEASED: lambda _before, _event: (State.NEW, None),
    EventKind.WAITED: lambda before, event: (State(event.data["to"]), before[1]),
    EventKind.RESUMED: _working,
    EventKind.RESOLVED: lambda before, event: (State.RESOLVED, before[1] or event.actor_id),
    EventKind.REOPENED: _working,
    EventKind.CLOSED: lambda before, _event: (State.CLOSED, before[1]),
    EventKind.CANCELLED: lambda before, _event: (State.CANCELLED, before[1]),
}


def clocks_are_the_fold(scene: Scene) -> Iterator[Breach]:
    """The rows of a ticket's clocks say what a replay of its timeline says."""
    for ticket in scene.session.scalars(select(Ticket)):
        clocks = timekeeping.read_clocks(scene.session, ticket)
        if clocks is None:
            continue
        replayed = timekeeping.replayed(scene.session, ticket).settled(scene.now)
        held = clocks.held.settled(scene.now)
        ours, theirs = ({(c.clock, c.number): c for c in which.cycles} for which in (held, replayed))
        if ours != theirs:
            yield Breach("disagreement", f"The clocks of {ticket.number} are not what its timeline says.")


def spoke_properly(scene: Scene) -> Iterator[Breach]:
    """Slack's protocol was kept."""
    for violation in scene.seen.violations:
        if violation.kind not in CHAOS:
            yield Breach("disagreement", f"Slack would have refused: {violation}.")


CHECKS: Final[tuple[Check, ...]] = (
    posted_once,
    known_messages,
    ended,
    in_slack,
    acknowledged,
    decided_is_told,
    let_go,
    newest_version,
    chains,
    states_are_the_fold,
    clocks_are_the_fold,
    spoke_properly,
)


def _rows(scene: Scene) -> list[Outbox]:
    return list(scene.session.scalars(select(Outbox).order_by(Outbox.id)))


def _events(scene: Scene, ticket: Ticket) -> list[TimelineEvent]:
    of_ticket = select(TimelineEvent).where(TimelineEvent.ticket_id == ticket.id)
    return list(scene.session.scalars(of_ticket.order_by(TimelineEvent.seq)))


def _intervals(scene: Scene, ticket: Ticket) -> list[StateInterval]:
    of_ticket = select(StateInterval).where(StateInterval.ticket_id == ticket.id)
    return list(scene.session.scalars(of_ticket.order_by(StateInterval.id)))
