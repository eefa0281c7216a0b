"""What the desk promises, played in plain Python: no database, no product code but its vocabulary.

Written from the documentation and the reviewed table of permissions, to be held against the real thing.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from bot.models.vocabulary import (
    ENDED_STATES,
    OPEN_STATES,
    OUTSIDERS,
    WAITING_STATES,
    Action,
    Level,
    Role,
    State,
)
from tests.records.workflows.world import (
    AGENTS,
    APP,
    DESK,
    FORMER,
    GUEST,
    LEA,
    MARIA,
    ROOT,
    STRANGER,
    TRIAGE,
)

At = tuple[str, str]
"""Channel and ts of a message."""
CLOSE_AFTER: Final = timedelta(seconds=DESK.close_after)
UNDO_WITHIN: Final = timedelta(seconds=DESK.undo_within)
ACKNOWLEDGED: Final = "acknowledged"
"""Nothing that was done to the ticket: it keeps nothing from being undone."""
STANDINGS: Final = {
    GUEST: Role.GUEST,
    STRANGER: Role.STRANGER,
    APP: Role.APP,
    FORMER: Role.DEACTIVATED,
}
DESK_ROLES: Final = {
    **dict.fromkeys(AGENTS, frozenset({Role.AGENT})),
    LEA: frozenset({Role.AGENT, Role.LEAD}),
    MARIA: frozenset({Role.MANAGER}),
    ROOT: frozenset({Role.ADMINISTRATOR}),
}


def _reviewed() -> frozenset[tuple[Action, Role, State]]:
    path = Path(__file__).parents[2] / "permissions.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return frozenset(
        (Action(row["action"]), Role(row["role"]), state)
        for row in rows
        for state in State
        if row[state.value] == "allow"
    )


GRANTED: Final = _reviewed()


class Denied(Exception):
    """The person is refused, and nothing changes."""


class Meaningless(Exception):
    """It means nothing to the desk, and nothing changes."""


@dataclass(frozen=True)
class Standing:
    """What an undo gives back."""

    state: State = State.NEW
    assignee: str | None = None
    impact: Level = Level.MEDIUM
    urgency: Level = Level.MEDIUM
    resolved_by: str | None = None
    resolution: str | None = None
    noted_at: At | None = None
    """The message that is the resolution."""

    @property
    def priority(self) -> str:
        """By the desk's matrix."""
        return DESK.matrix[f"{self.impact.value}/{self.urgency.value}"]

    @property
    def working(self) -> State:
        """The state of whoever has it, or nobody."""
        return State.ASSIGNED if self.assignee else State.NEW


@dataclass
class Said:
    """A comment."""

    author: str
    text: str
    is_internal: bool
    is_private: bool
    at: At | None = None
    is_deleted: bool = False


@dataclass
class Deed:
    """What an emoji did: which event it became, when, and how the ticket stood before."""

    seq: int
    at: datetime
    before: Standing


@dataclass
class Ticket:
    """A ticket as it should be."""

    number: str
    requester: str
    is_private: bool = False
    origin: At | None = None
    now: Standing = Standing()
    kinds: list[str] = field(default_factory=lambda: ["raised"])
    said: list[Said] = field(default_factory=list)
    close_at: datetime | None = None
    waiting_since: datetime | None = None
    continued_by: Ticket | None = None
    deeds: dict[tuple[str, At, str], Deed] = field(default_factory=dict)
    origin_is_deleted: bool = False

    def roles(self, person: str) -> frozenset[Role]:
        """What somebody is to this ticket."""
        if person in STANDINGS:
            return frozenset({STANDINGS[person]})
        roles = {Role.MEMBER} | DESK_ROLES.get(person, frozenset())
        if person == self.requester:
            roles.add(Role.REQUESTER)
        if person == self.now.assignee and Role.AGENT in roles:
            roles.add(Role.ASSIGNEE)
        return frozenset(roles)

    def require(self, action: Action, person: str, state: State | None = None) -> None:
        """Raises Denied unless the reviewed table allows it."""
        held = self.roles(person)
        if held & OUTSIDERS or not any((action, role, state or self.now.state) in GRANTED for role in held):
            raise Denied

    def become(self, kind: str, at: datetime, **changes: object) -> None:
        """Something happened."""
        before, self.now = self.now, replace(self.now, **changes)  # type: ignore[arg-type]
        self.kinds.append(kind)
        if self.now.state is not before.state:
            self.waiting_since = at if self.now.state in WAITING_STATES else None
        if self.now.state is State.RESOLVED and before.state is not State.RESOLVED:
            self.close_at = at + CLOSE_AFTER
        elif self.now.state is not State.RESOLVED:
            self.close_at = None

    # --- what agents and requesters do ---

    def claim(self, person: str, at: datetime) -> None:
        """Take it; between persons the first one has it."""
        self.require(Action.CLAIM, person)
        if self.now.assignee == person:
            return
        if self.now.assignee is not None:
            raise Denied
        state = State.ASSIGNED if self.now.state is State.NEW else self.now.state
        self.become("claimed", at, state=state, assignee=person)

    def release(self, person: str, at: datetime) -> None:
        """Back to the queue; who could have it hears that nobody has."""
        if self.now.assignee is None:
            self.require(Action.CLAIM, person)
            return
        self.require(Action.RELEASE, person)
        self.become("released", at, state=State.NEW, assignee=None)

    def assign(self, person: str, at: datetime, to: str) -> None:
        """Give it to an agent; taking it from another takes a lead, or a manager."""
        self.require(Action.ASSIGN, person)
        if Role.AGENT not in self.roles(to):
            raise Denied
        if self.now.assignee == to:
            return
        is_anothers = self.now.assignee not in (None, person)
        if is_anothers and not self.roles(person) & {Role.LEAD, Role.MANAGER}:
            raise Denied
        state = State.ASSIGNED if self.now.state is State.NEW else self.now.state
        self.become("assigned", at, state=state, assignee=to)

    def wait(self, person: str, at: datetime, state: State = State.WAITING_REQUESTER) -> None:
        """Wait for somebody outside of the desk."""
        self.require(Action.WAIT, person)
        if self.now.state is not state:
            self.become("waited", at, state=state)

    def resume(self, person: str, at: datetime) -> None:
        """Go on."""
        self.require(Action.RESUME, person)
        self.become("resumed", at, state=self.now.working)

    def resolve(self, person: str, at: datetime, resolution: str | None = None) -> None:
        """It works again; nobody's ticket becomes the resolver's."""
        self.require(Action.RESOLVE, person)
        assignee = self.now.assignee or person
        self.become(
            "resolved",
            at,
            state=State.RESOLVED,
            assignee=assignee,
            resolved_by=person,
            resolution=resolution,
        )

    def reopen(self, person: str, at: datetime) -> None:
        """It does not work after all."""
        if self.now.state in OPEN_STATES:
            self.require(Action.REOPEN, person, State.RESOLVED)
            return
        self.require(Action.REOPEN, person)
        self.become("reopened", at, state=self.now.working, resolved_by=None, resolution=None, noted_at=None)

    def close(self, person: str, at: datetime) -> None:
        """For good."""
        self.require(Action.CLOSE, person)
        self.become("closed", at, state=State.CLOSED)

    def cancel(self, person: str, at: datetime) -> None:
        """It needs no resolution."""
        self.require(Action.CANCEL, person)
        self.become("cancelled", at, state=State.CANCELLED)

    def acknowledge(self, person: str, at: datetime) -> None:
        """An escalation was seen."""
        self.require(Action.ACKNOWLEDGE, person)
        self.become(ACKNOWLEDGED, at)

    def prioritise(self, person: str, at: datetime, impact: Level, urgency: Level, note: str = "") -> None:
        """The priority follows from the matrix."""
        self.require(Action.PRIORITISE, person)
        if (impact, urgency) == (self.now.impact, self.now.urgency):
            if note:
                self.note(person, at, note)
            return
        if note:
            self._keep(person, note, is_internal=True)
        self.become("prioritised", at, impact=impact, urgency=urgency)

    def make_private(self, person: str, at: datetime) -> None:
        """From now on its people alone read it; what was said stays veiled for good."""
        self.require(Action.MAKE_PRIVATE, person)
        if self.is_private:
            return
        self.is_private = True
        for said in self.said:
            said.is_private = True
        self.become("made_private", at)

    def make_public(self, person: str, at: datetime) -> None:
        """Everybody may read it again."""
        self.require(Action.MAKE_PUBLIC, person)
        if self.is_private:
            self.is_private = False
            self.become("made_public", at)

    # --- what people write ---

    def note(self, person: str, at: datetime, text: str, where: At | None = None) -> None:
        """For the desk alone."""
        self.require(Action.NOTE, person)
        self._keep(person, text, is_internal=True, where=where)
        self.become("noted", at)

    def speak(self, person: str, at: datetime, text: str, where: At | None = None) -> None:
        """To the requester; the resolver's first words after a bare resolution are the resolution."""
        self.require(Action.SPEAK, person)
        is_awaited = self.now.state is State.RESOLVED and not self.now.resolution
        self._keep(person, text, is_internal=False, where=where)
        if is_awaited and self.now.resolved_by == person:
            self.become("resolution_noted", at, resolution=text, noted_at=where)
        else:
            self.become("commented", at)

    def comment(self, person: str, at: datetime, text: str, where: At, written_at: datetime) -> None:
        """In the conversation; the requester's answer ends the waiting for them."""
        self.require(Action.COMMENT, person)
        self._keep(person, text, is_internal=False, where=where)
        self.become("commented", at)
        is_awaited = self.now.state is State.WAITING_REQUESTER and person == self.requester
        if is_awaited and self.waiting_since is not None and written_at >= self.waiting_since:
            self.become("resumed", at, state=self.now.working)

    def _keep(self, person: str, text: str, *, is_internal: bool, where: At | None = None) -> None:
        self.said.append(Said(person, text, is_internal, self.is_private, where))

    def change(self, where: At, at: datetime, text: str | None) -> None:
        """A message of the ticket was edited, or deleted."""
        self.become("message_deleted" if text is None else "message_edited", at)
        for said in self.said:
            if said.at == where:
                self._change_said(said, text, at_card=where[0] == TRIAGE)

    def _change_said(self, said: Said, text: str | None, *, at_card: bool) -> None:
        if text is None:
            said.is_deleted = True
        else:
            is_marked = at_card and text.startswith("note: ")
            said.text = text.removeprefix("note: ") if is_marked else text
            said.is_internal |= is_marked
        if said.at == self.now.noted_at:
            self.now = replace(self.now, resolution=None if text is None else said.text)

    # --- emoji ---

    def put(self, person: str, at: datetime, where: At, meaning: str, emoji: str) -> None:
        """An emoji on the card or the conversation."""
        before, count = self.now, len(self.kinds)
        self.deeds.pop((person, where, emoji), None)
        match meaning:
            case "claim":
                self.claim(person, at)
            case "resolve":
                self.resolve(person, at)
            case "wait":
                self.wait(person, at)
            case "urgent":
                self.prioritise(person, at, self.now.impact, Level.HIGH)
            case "private":
                if self.is_private:
                    raise Meaningless
                self.make_private(person, at)
        if len(self.kinds) > count and meaning in ("resolve", "wait", "urgent"):
            self.deeds[person, where, emoji] = Deed(len(self.kinds), at, before)

    def take(self, person: str, at: datetime, where: At, meaning: str, emoji: str) -> None:
        """Taken away: undoes what it did, soon after, if nothing followed."""
        if meaning == "claim":
            if self.now.assignee != person:
                raise Meaningless
            self.release(person, at)
            return
        deed = self.deeds.pop((person, where, emoji), None)
        if deed is None:
            raise Meaningless
        self.require(Action.UNDO, person)
        followed = [kind for kind in self.kinds[deed.seq :] if kind != ACKNOWLEDGED]
        if followed or at - deed.at > UNDO_WITHIN:
            raise Denied
        before = deed.before
        self.become(
            "undone",
            at,
            **{name: getattr(before, name) for name in Standing.__dataclass_fields__},
        )


@dataclass
class Model:
    """The desk as it should be: its tickets, and the messages that stand for them."""

    tickets: list[Ticket] = field(default_factory=list)
    anchors: dict[At, Ticket] = field(default_factory=dict)
    conversations: set[At] = field(default_factory=set)
    """Those anchors that are the roots of conversations, not cards."""
    present: dict[tuple[str, At, str], None] = field(default_factory=dict)
    """Which emoji are there, the newest last: by whom, on which message."""
    offers: dict[At, tuple[str, str, datetime]] = field(default_factory=dict)
    """Direct messages of which it was asked where they belong: author, text and when."""
    changes: dict[At, bool] = field(default_factory=dict)
    """Messages that were edited, and whether that was their deletion."""

    def require_member(self, person: str) -> None:
        """Raises Denied for outsiders."""
        if person in STANDINGS:
            raise Denied

    def at(self, where: At) -> Ticket | None:
        """What a message is about today."""
        ticket = self.anchors.get(where)
        while ticket is not None and ticket.continued_by is not None:
            ticket = ticket.continued_by
        return ticket

    def numbered(self, number: str) -> Ticket:
        """The ticket of that number."""
        return next(ticket for ticket in self.tickets if ticket.number == number)

    def open_of(self, person: str) -> list[Ticket]:
        """Whose tickets are not ended."""
        return [t for t in self.tickets if t.requester == person and t.now.state not in ENDED_STATES]
