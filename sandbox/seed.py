"""The data a workspace starts with, as values that load from JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TypeVar

from sandbox.entities import ChannelKind
from sandbox.jsontypes import as_object, objects, texts


class SeedInvalid(ValueError):
    """The workspace description is not usable; correct the named entry."""


@dataclass(frozen=True)
class TeamSeed:
    name: str = "Harbour"
    domain: str = "harbour"
    plan: str = "pro"
    id: str = ""


@dataclass(frozen=True)
class UserSeed:
    """A person or a bot. `team` other than the workspace's own makes a stranger."""

    handle: str
    real_name: str
    display_name: str = ""
    email: str = ""
    title: str = ""
    tz: str = "Europe/Berlin"
    image: str = ""
    team: str = ""
    is_bot: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_admin: bool = False
    is_owner: bool = False
    is_primary_owner: bool = False
    deleted: bool = False
    id: str = ""


@dataclass(frozen=True)
class ChannelSeed:
    """A channel and its members by handle; `@app` stands for the bot under test."""

    name: str
    kind: ChannelKind = "public"
    members: list[str] = field(default_factory=list)
    topic: str = ""
    purpose: str = ""
    is_general: bool = False
    is_archived: bool = False
    is_ext_shared: bool = False
    creator: str = ""
    id: str = ""


@dataclass(frozen=True)
class UsergroupSeed:
    handle: str
    name: str
    users: list[str] = field(default_factory=list)
    id: str = ""


@dataclass(frozen=True)
class StepSeed:
    """One step of a guide to the app: what to do, and what then happens.

    `at` is where it is done, `person/channel`. `when` are patterns of entries of `/control/events`, of which
    one must come (see sandbox/README.md); `keep` names parts of that entry that later patterns speak of.
    `needs: supervisor` leaves the step out where nobody looks after the app's process.
    """

    title: str
    text: str
    at: str = ""
    when: list[dict[str, object]] = field(default_factory=list)
    keep: dict[str, str] = field(default_factory=dict)
    needs: str = ""


@dataclass(frozen=True)
class WorkspaceSeed:
    team: TeamSeed
    users: list[UserSeed]
    channels: list[ChannelSeed]
    usergroups: list[UsergroupSeed] = field(default_factory=list)
    custom_emoji: list[str] = field(default_factory=list)
    guide: list[StepSeed] = field(default_factory=list)

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> WorkspaceSeed:
        """Reads the form `{"team": {…}, "users": […], "channels": […], "usergroups": […], "guide": […]}`.

        Raises SeedInvalid for unknown or missing keys.
        """
        return cls(
            team=build_seed(TeamSeed, as_object(data.get("team")), "team"),
            users=[build_seed(UserSeed, item, "users") for item in objects(data.get("users"))],
            channels=[build_seed(ChannelSeed, item, "channels") for item in objects(data.get("channels"))],
            usergroups=[
                build_seed(UsergroupSeed, item, "usergroups") for item in objects(data.get("usergroups"))
            ],
            custom_emoji=texts(data.get("custom_emoji")),
            guide=[build_seed(StepSeed, item, "guide") for item in objects(data.get("guide"))],
        )

    @classmethod
    def from_file(cls, path: Path) -> WorkspaceSeed:
        """Reads a JSON file. Raises SeedInvalid."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SeedInvalid(f"Cannot read {path}: {error}.") from error
        return cls.from_dict(as_object(data))


Seed = TypeVar("Seed", TeamSeed, UserSeed, ChannelSeed, UsergroupSeed, StepSeed)


def build_seed(kind: type[Seed], data: Mapping[str, object], where: str) -> Seed:
    """One entry of a workspace description. Raises SeedInvalid."""
    known = {item.name for item in fields(kind)}
    unknown = sorted(set(data) - known)
    if unknown:
        raise SeedInvalid(
            f"Remove {', '.join(unknown)} from {where}; known keys are {', '.join(sorted(known))}."
        )
    try:
        return kind(**{str(key): value for key, value in data.items()})  # type: ignore[arg-type]  # JSON values
    except TypeError as error:
        raise SeedInvalid(f"An entry of {where} lacks a key: {error}.") from error


APP = "@app"


def default_seed() -> WorkspaceSeed:
    """A small workspace for tests: every kind of person, one desk's channels."""
    return WorkspaceSeed(
        team=TeamSeed(),
        users=_default_users(),
        channels=[
            ChannelSeed(
                "general",
                members=["ana", "ben", "lea", "maria", "root", "gus", "otherbot", APP],
                is_general=True,
                creator="root",
            ),
            ChannelSeed(
                "it-help",
                members=["ana", "ben", "lea", "maria", "root", "gus", APP],
                creator="lea",
                purpose="Ask IT for help here",
            ),
            ChannelSeed("it-triage", kind="private", members=["ben", "lea", APP], creator="lea"),
            ChannelSeed(
                "it-managers", kind="private", members=["lea", "maria", "root", APP], creator="maria"
            ),
            ChannelSeed("random", members=["ana", "ben", "lea", "maria", "root"], creator="root"),
            ChannelSeed(
                "ext-partners", members=["ana", "ben", "sam", APP], creator="root", is_ext_shared=True
            ),
        ],
        usergroups=[UsergroupSeed("it-agents", "IT agents", users=["ben", "lea"])],
        custom_emoji=["deskbell"],
    )


def _default_users() -> list[UserSeed]:
    return [
        UserSeed("ana", "Ana Costa", "Ana", "ana@example.com", "Sales"),
        UserSeed("ben", "Ben Okafor", "Ben", "ben@example.com", "IT support"),
        UserSeed("lea", "Lea Lindqvist", "Lea", "lea@example.com", "IT support lead"),
        UserSeed("maria", "Maria Rossi", "Maria", "maria@example.com", "Head of IT"),
        UserSeed(
            "root",
            "Robin Root",
            "Robin",
            "root@example.com",
            "Administrator",
            is_admin=True,
            is_owner=True,
            is_primary_owner=True,
        ),
        UserSeed("gus", "Gus Guest", "Gus", "gus@partner.example", is_restricted=True),
        UserSeed("sam", "Sam Stranger", "Sam", "sam@other.example", team="Other"),
        UserSeed("dora", "Dora Departed", "Dora", "dora@example.com", deleted=True),
        UserSeed("otherbot", "Other Bot", "Other Bot", is_bot=True),
    ]
