"""The configuration of a service desk, checked and frozen. Names only: ids are found elsewhere.

Durations are seconds, times of day are minutes since midnight in the desk's own zone, weekdays count
from Monday = 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from bot.models.vocabulary import Kind, Level, State
from bot.service_levels.calendars import Calendar, Window
from bot.service_levels.durations import DAY, MINUTE

K = TypeVar("K")
V = TypeVar("V")

Plain = str | int | bool | tuple["Plain", ...] | Mapping[str, "Plain"] | None
"""Data kept as it was written, for a section whose practice gives it its meaning."""

PRIORITIES = ("P1", "P2", "P3", "P4", "P5")
CLOCKS = ("respond", "resolve", "update")
RESPONSES = ("claim", "reply")
REVIEWS = ("weekly", "monthly")
ROLES = ("assignee", "agents", "assignee_or_agents", "leads", "managers")
PAUSING_STATES = (State.WAITING_REQUESTER, State.WAITING_SUPPLIER, State.WAITING_APPROVAL)
DEFAULT_CATEGORIES = ("Hardware", "Software", "Access", "Network", "Other")

_CHANNEL_ID = re.compile(r"[CG][A-Z0-9]+")
_PERSON_ID = re.compile(r"[UW][A-Z0-9]+")
_SKIN_TONE = re.compile(r"::skin-tone-[2-6]$")


def frozen(mapping: Mapping[K, V]) -> Mapping[K, V]:
    """A copy of `mapping` that cannot be changed."""
    return MappingProxyType(dict(mapping))


@dataclass(frozen=True, slots=True)
class ChannelRef:
    """A channel as the file names it: `#name` or an id."""

    text: str

    @property
    def is_id(self) -> bool:
        """Whether `text` is an id of Slack's rather than a name."""
        return _CHANNEL_ID.fullmatch(self.text) is not None

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class PersonRef:
    """A person as the file names them: an id, an e-mail address, or `@handle` or `@Display Name`."""

    text: str

    @property
    def is_id(self) -> bool:
        """Whether `text` is an id of Slack's."""
        return _PERSON_ID.fullmatch(self.text) is not None

    @property
    def is_email(self) -> bool:
        """Whether `text` is an e-mail address."""
        return "@" in self.text[1:] and not self.text.startswith("@")

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Role:
    """People named by what they are to a ticket: one of `ROLES`."""

    name: str

    def __str__(self) -> str:
        return self.name


Recipient = Role | PersonRef | ChannelRef


@dataclass(frozen=True, slots=True)
class MembersOf:
    """Everybody in a channel."""

    channel: ChannelRef


@dataclass(frozen=True, slots=True)
class Usergroup:
    """Everybody in a user group, named by its handle without @."""

    handle: str


@dataclass(frozen=True, slots=True)
class People:
    """People listed one by one."""

    people: tuple[PersonRef, ...]


Agents = MembersOf | Usergroup | People


def _default_cells() -> Mapping[tuple[Level, Level], str]:
    rank = {Level.HIGH: 1, Level.MEDIUM: 2, Level.LOW: 3}
    return {(i, u): f"P{rank[i] + rank[u] - 1}" for i in rank for u in rank}


@dataclass(frozen=True, slots=True)
class PriorityMatrix:
    """Impact × urgency → priority. The default is ITIL's diagonal: high × high P1 … low × low P5."""

    cells: Mapping[tuple[Level, Level], str] = field(default_factory=lambda: frozen(_default_cells()))

    def priority(self, impact: Level | str, urgency: Level | str) -> str:
        """The priority for this impact and urgency."""
        return self.cells[Level(impact), Level(urgency)]

    @property
    def is_default(self) -> bool:
        """Whether this is the matrix that is written `default`."""
        return self.cells == _default_cells()


@dataclass(frozen=True, slots=True)
class EscalationPoint:
    """A moment on a clock: `percent` of its target, then `after` seconds of the clock's open time."""

    clock: str
    percent: int = 100
    after: int = 0


@dataclass(frozen=True, slots=True)
class Escalation:
    """One step: told once, at that moment, to these."""

    at: EscalationPoint
    to: tuple[Recipient, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What a priority is promised. Seconds of the named calendar's open time; None is no promise."""

    respond: int | None
    resolve: int | None
    update: int | None
    calendar: str
    respond_by: tuple[str, ...]
    pause_while: tuple[State, ...]
    warn_at: tuple[int, ...]
    escalate: tuple[Escalation, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sla:
    """A service level agreement. `targets` holds every priority with its overrides worked in."""

    name: str
    calendar: str
    respond_by: tuple[str, ...]
    pause_while: tuple[State, ...]
    warn_at: tuple[int, ...]
    escalate: tuple[Escalation, ...]
    targets: Mapping[str, Target]

    def recipients(self) -> Iterator[Recipient]:
        """Whom the escalations of its targets tell, with repeats."""
        for target in self.targets.values():
            for step in target.escalate:
                yield from step.to


@dataclass(frozen=True, kw_only=True, slots=True)
class EmojiMap:
    """The emoji of a desk's gestures, by name without colons."""

    raise_: tuple[str, ...] = ("ticket",)
    claim: tuple[str, ...] = ("eyes",)
    resolve: tuple[str, ...] = ("white_check_mark",)
    wait: tuple[str, ...] = ("hourglass",)
    urgent: tuple[str, ...] = ("rotating_light",)
    private: tuple[str, ...] = ("shushing_face",)

    def meaning(self, name: str) -> str | None:
        """The name of the gesture ("raise", "claim" …), or None. A skin tone makes no difference."""
        plain = without_skin_tone(name)
        return next((gesture for gesture, names in self.gestures().items() if plain in names), None)

    def gestures(self) -> dict[str, tuple[str, ...]]:
        """The emoji of each gesture, by the gesture's name."""
        return {
            "raise": self.raise_,
            "claim": self.claim,
            "resolve": self.resolve,
            "wait": self.wait,
            "urgent": self.urgent,
            "private": self.private,
        }


def without_skin_tone(name: str) -> str:
    """`wave` for `wave::skin-tone-3`."""
    return _SKIN_TONE.sub("", name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Digest:
    """When the managers' digest is posted: a local time of day on these weekdays.

    `reviews` names the service reviews that come besides: some of `REVIEWS`, in that order.
    """

    at: int
    days: tuple[int, ...]
    reviews: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Shift:
    """Who works when. The windows start on each of `days`, by the clocks of `timezone`."""

    days: tuple[int, ...]
    windows: tuple[Window, ...]
    timezone: str
    people: tuple[PersonRef, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """One service desk."""

    key: str
    name: str
    triage_channel: ChannelRef
    agents: Agents
    timezone: str = "UTC"
    request_channels: tuple[ChannelRef, ...] = ()
    managers_channel: ChannelRef | None = None
    leads: tuple[PersonRef, ...] = ()
    managers: tuple[PersonRef, ...] = ()
    shifts: tuple[Shift, ...] = ()
    slas: Mapping[Kind, str] = field(default_factory=lambda: frozen({}))
    close_after: int = 3 * DAY
    undo_within: int = 5 * MINUTE
    digest: Digest | None = None
    emoji: EmojiMap = field(default_factory=EmojiMap)
    categories: tuple[str, ...] = DEFAULT_CATEGORIES

    def uses(self) -> Iterator[tuple[ChannelRef, str]]:
        """The channels that have one use, for this desk alone, and which: request channels first."""
        yield from ((ref, f"request channel of desk {self.key}") for ref in self.request_channels)
        yield self.triage_channel, f"triage channel of desk {self.key}"


@dataclass(frozen=True, kw_only=True, slots=True)
class CatalogueItem:
    """Something people can request."""

    key: str
    name: str
    description: str = ""
    desk: str | None = None
    sla: str | None = None
    form: tuple[Plain, ...] = ()
    approvals: tuple[Plain, ...] = ()
    tasks: tuple[Plain, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """Something the desk supports."""

    key: str
    name: str
    description: str = ""
    owners: tuple[PersonRef, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DeskConfig:
    """A whole desk.yaml. `administrators` is None for the workspace's owners."""

    administrators: tuple[PersonRef, ...] | None = None
    calendars: Mapping[str, Calendar] = field(default_factory=lambda: frozen({}))
    priorities: PriorityMatrix = field(default_factory=PriorityMatrix)
    slas: Mapping[str, Sla] = field(default_factory=lambda: frozen({}))
    desks: Mapping[str, Desk] = field(default_factory=lambda: frozen({}))
    catalogue: Mapping[str, CatalogueItem] = field(default_factory=lambda: frozen({}))
    services: Mapping[str, Service] = field(default_factory=lambda: frozen({}))
