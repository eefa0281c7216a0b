"""Desks with their names resolved to Slack ids, as actions use them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import lru_cache
from typing import Any, Final, Literal

from sqlalchemy import Text, select, type_coerce
from sqlalchemy.orm import Session

from bot.models import Desk
from bot.models.vocabulary import Level
from bot.service_levels.calendars import EVERY_DAY, Calendar, Window
from bot.store.connections import connection


@dataclass(frozen=True, kw_only=True)
class AgentSource:
    """Who the agents are: the members of a channel, a user group, or the people named."""

    kind: Literal["channel", "usergroup", "people"]
    ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ShiftDefinition:
    """Who is on duty when. `days` count from Monday (0); a window belongs to the day it starts on."""

    days: tuple[int, ...]
    windows: tuple[Window, ...]
    timezone: str
    people: tuple[str, ...]

    @property
    def calendar(self) -> Calendar:
        """The shift as opening hours; holidays do not end a shift."""
        week = tuple(self.windows if day in self.days else () for day in EVERY_DAY)
        return Calendar(name="shift", timezone=self.timezone, week=week)


@dataclass(frozen=True, kw_only=True)
class DigestDefinition:
    """When the managers' digest is posted: minutes after local midnight, on these days (Monday is 0)."""

    at: int
    days: tuple[int, ...]
    reviews: tuple[str, ...] = ()
    """The service reviews that come with it: `weekly`, `monthly`."""


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A desk. `close_after` and `undo_within` are seconds of elapsed time."""

    key: str
    name: str
    timezone: str
    request_channels: tuple[str, ...]
    triage_channel: str
    managers_channel: str | None
    agents: AgentSource
    leads: tuple[str, ...]
    managers: tuple[str, ...]
    administrators: tuple[str, ...] | None
    """None: the workspace's owners."""
    close_after: int
    undo_within: int
    emoji: Mapping[str, tuple[str, ...]]
    """Meaning (`raise`, `claim`, `resolve`, `wait`, `urgent`, `private`) → names without colons."""
    categories: tuple[str, ...]
    matrix: Mapping[str, str]
    """`impact/urgency` → priority."""
    policies: Mapping[str, int] = field(default_factory=dict)
    """Kind of ticket → the id of the service policy's version in force."""
    shifts: tuple[ShiftDefinition, ...] = ()
    """Empty: every agent is on duty at any time."""
    digest: DigestDefinition | None = None
    ids: Mapping[str, str] = field(default_factory=dict)
    """What names mean here, as desk.yaml writes them: found once, they keep their meaning."""
    missing: tuple[str, ...] = ()
    """Names that the desk does without until somebody or something bears them."""
    moved: Mapping[str, str] = field(default_factory=dict)
    """Channels that Slack gave another id since, and which: older versions of policies name the old one."""

    def meaning(self, emoji: str) -> str | None:
        """What an emoji means here; skin tones are ignored."""
        name = emoji.partition("::")[0]
        found = next((meaning for meaning, names in self.emoji.items() if name in names), None)
        return found or self._meaning_of_character(name)

    def _meaning_of_character(self, name: str) -> str | None:
        """Slack says `+1` where people write `thumbsup`: one emoji under two names."""
        character = _character(name)
        if character is None:
            return None
        same = (meaning for meaning, names in self.emoji.items() if character in map(_character, names))
        return next(same, None)

    def priority(self, impact: Level, urgency: Level) -> str:
        """The priority that impact and urgency give."""
        return self.matrix[f"{impact.value}/{urgency.value}"]

    def to_json(self) -> dict[str, Any]:
        """For the `desk.definition` column."""
        return asdict(self)


@lru_cache(maxsize=4096)
def _character(name: str) -> str | None:
    """The emoji of that name; None for one that a workspace has made itself."""
    import emoji  # it is large, and most desks never come here

    written = f":{name}:"
    character = emoji.emojize(written, language="alias")
    return None if character == written else character


def definition_from(data: Mapping[str, Any]) -> Definition:
    """The reverse of `Definition.to_json`."""
    lists = ("request_channels", "leads", "managers", "categories")
    values = dict(data) | {name: tuple(data[name]) for name in lists}
    values["agents"] = AgentSource(kind=data["agents"]["kind"], ids=tuple(data["agents"]["ids"]))
    # A desk that was configured before there were private tickets has the default.
    meant = {**data["emoji"], "private": data["emoji"].get("private", ("shushing_face",))}
    values["emoji"] = {meaning: tuple(names) for meaning, names in meant.items()}
    administrators = data["administrators"]
    values["administrators"] = None if administrators is None else tuple(administrators)
    values["digest"] = _digest_from(data.get("digest"))
    values["missing"] = tuple(data.get("missing", ()))
    values["shifts"] = tuple(_shift_from(shift) for shift in data.get("shifts", ()))
    # A newer version's process may have written more, while this one is still at work.
    return Definition(**{name: value for name, value in values.items() if name in _FIELDS})


_FIELDS: Final = frozenset(each.name for each in fields(Definition))


def follow_channel(session: Session, old: str, new: str) -> None:
    """Slack gave a channel another id: desks use it as before."""
    for row in session.scalars(select(Desk)).all():
        if row.definition:
            moved = row.definition.get("moved", {}) | {old: new}
            row.definition = {**_renamed(row.definition, old, new), "moved": _renamed(moved, old, new)}


def _renamed(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(each, old, new) for key, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, old, new) for each in value]
    return new if value == old else value


def _digest_from(data: Mapping[str, Any] | None) -> DigestDefinition | None:
    if data is None:
        return None
    return DigestDefinition(at=data["at"], days=tuple(data["days"]), reviews=tuple(data["reviews"]))


def _shift_from(data: Mapping[str, Any]) -> ShiftDefinition:
    return ShiftDefinition(
        days=tuple(data["days"]),
        windows=tuple(Window(**window) for window in data["windows"]),
        timezone=data["timezone"],
        people=tuple(data["people"]),
    )


@dataclass(frozen=True)
class Desks:
    """All active desks, in the order of desk.yaml."""

    all: tuple[Definition, ...]

    def get(self, key: str) -> Definition | None:
        """The desk of that key, if it is active."""
        return next((desk for desk in self.all if desk.key == key), None)

    def of_request_channel(self, channel: str) -> Definition | None:
        """The desk whose requests are raised in this channel."""
        return next((desk for desk in self.all if channel in desk.request_channels), None)

    def of_channel(self, channel: str) -> Definition | None:
        """The one desk that uses this channel in any way; None where several have their managers there."""
        users = [
            desk
            for desk in self.all
            if channel in (*desk.request_channels, desk.triage_channel, desk.managers_channel)
        ]
        return users[0] if len(users) == 1 else None

    def meaning_anywhere(self, emoji: str) -> bool:
        """Whether any desk gives this emoji a meaning."""
        return any(desk.meaning(emoji) for desk in self.all)


ACTIVE = select(type_coerce(Desk.definition, Text)).where(Desk.is_active).order_by(Desk.position)


def load_desks(session: Session) -> Desks:
    """The active desks."""
    return Desks(tuple(_parsed(text) for text in connection(session).execute(ACTIVE).scalars()))


@lru_cache(maxsize=256)
def _parsed(text: str) -> Definition:
    """Definitions change rarely and are read with every gesture; equal text is an equal desk."""
    return definition_from(json.loads(text))
