"""A small company to try a service desk in: its people, their pictures, and the channels of the desk.

The names are those of `desk.example.yaml`.
"""

from __future__ import annotations

from sandbox.example_guide import example_guide
from sandbox.page.avatars import picture_of
from sandbox.seed import APP, ChannelSeed, TeamSeed, UsergroupSeed, UserSeed, WorkspaceSeed

AGENTS = ["ben", "kim", "lea"]
COLLEAGUES = ["ana", "noor", "tom", "maria", "root"]
EVERYBODY = [*COLLEAGUES, *AGENTS]


def example_seed() -> WorkspaceSeed:
    """The workspace as it is before anything was written."""
    return WorkspaceSeed(
        team=TeamSeed(name="Harbour", domain="harbour"),
        users=_people(),
        channels=_channels(),
        usergroups=[UsergroupSeed("it-agents", "IT agents", users=AGENTS)],
        guide=example_guide(),
    )


def _person(
    handle: str, real_name: str, title: str, *, is_owner: bool = False, is_guest: bool = False
) -> UserSeed:
    first_name = real_name.split()[0]
    return UserSeed(
        handle,
        real_name,
        display_name=first_name,
        email=f"{handle}@harbour.example",
        title=title,
        image=picture_of(handle),
        is_owner=is_owner,
        is_primary_owner=is_owner,
        is_restricted=is_guest,
    )


def _people() -> list[UserSeed]:
    return [
        _person("ana", "Ana Costa", "Sales"),
        _person("noor", "Noor Haddad", "Accounting"),
        _person("tom", "Tom Becker", "Warehouse"),
        _person("ben", "Ben Okafor", "IT support"),
        _person("kim", "Kim Park", "IT support"),
        _person("lea", "Lea Lindqvist", "IT support, lead"),
        _person("maria", "Maria Rossi", "Head of IT"),
        _person("root", "Robin Root", "Administrator", is_owner=True),
        _person("gus", "Gus Lindner", "Auditor", is_guest=True),
        UserSeed(
            "sam",
            "Sam Rivera",
            display_name="Sam",
            email="sam@lighthouse.example",
            title="Lighthouse Logistics",
            image=picture_of("sam"),
            team="Lighthouse",
        ),
        UserSeed("watchtower", "Watchtower", image=picture_of("watchtower"), is_bot=True),
    ]


def _channels() -> list[ChannelSeed]:
    return [
        ChannelSeed(
            "it-help",
            members=[*EVERYBODY, "gus", "watchtower", APP],
            creator="lea",
            purpose="Something is broken, or you need something? Ask here.",
        ),
        ChannelSeed(
            "it-triage",
            kind="private",
            members=[*AGENTS, APP],
            creator="lea",
            purpose="Every ticket has its card here",
        ),
        ChannelSeed(
            "it-managers",
            kind="private",
            members=["lea", "maria", "root", APP],
            creator="maria",
            purpose="How the desk is doing",
        ),
        ChannelSeed(
            "general",
            members=[*EVERYBODY, "gus", APP],
            is_general=True,
            creator="root",
            purpose="News for everybody",
        ),
        ChannelSeed(
            "lighthouse",
            members=["ana", "tom", "ben", "sam", APP],
            creator="ana",
            is_ext_shared=True,
            purpose="Shared with Lighthouse Logistics",
        ),
    ]
