"""desk.yaml, and whether everything it names exists."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

from bot.config import (
    Ambiguous,
    ChannelRef,
    ConfigError,
    Desk,
    DeskConfig,
    MembersOf,
    People,
    PersonRef,
    UnreadableFile,
    Unresolved,
    Usergroup,
    load_file,
    resolve_channel,
    resolve_person,
)
from bot.doctor.finding import Finding
from bot.doctor.slack import Channel, Directory
from bot.manifest import NAME


def examine_file(path: Path | None) -> Generator[Finding, None, DeskConfig | None]:
    """Whether there is a desk.yaml that can be used; returns what it says."""
    if path is None:
        yield Finding.to_mend("There is no desk.yaml", "copy desk.example.yaml to desk.yaml and adapt it.")
        return None
    try:
        config = load_file(path).config
    except ConfigError as error:
        count = len(error.problems)
        mistakes = "a mistake" if count == 1 else f"{count} mistakes"
        yield Finding.to_mend(
            f"{path} has {mistakes}", "run `deskbell config check` to see each with its line."
        )
        return None
    except UnreadableFile as error:
        yield Finding.to_mend(error.what, error.fix)
        return None
    yield Finding.well(
        f"{path} is valid, with {len(config.desks)} desk{'' if len(config.desks) == 1 else 's'}"
    )
    return config


def examine_channels(config: DeskConfig, directory: Directory) -> Iterator[Finding]:
    """Whether each channel exists and the bot is in it."""
    by_id = {channel.card.id: channel for channel in directory.channels}
    cards = [channel.card for channel in directory.channels if not channel.is_archived]
    for ref in dict.fromkeys(_channels(config)):
        try:
            yield _membership(by_id[resolve_channel(ref, cards)])
        except Ambiguous as error:
            yield Finding.to_mend(f"The channel {ref} is ambiguous", str(error))
        except Unresolved:
            yield Finding.to_mend(
                f"The channel {ref} is not visible to the bot",
                f"create or unarchive it; if it is private, type /invite @{NAME} there.",
            )


def examine_people(config: DeskConfig, directory: Directory) -> Iterator[Finding]:
    """Whether each person is somebody, and only one."""
    refs = list(dict.fromkeys(_people(config)))
    wrong = 0
    for ref in refs:
        try:
            resolve_person(ref, directory.people)
        except (Unresolved, Ambiguous) as error:
            wrong += 1
            yield Finding.to_mend(f"{ref} is not clear", str(error))
    if refs and not wrong:
        yield Finding.well(f"All people of desk.yaml are known ({len(refs)})")


def examine_usergroups(config: DeskConfig, directory: Directory) -> Iterator[Finding]:
    """Whether each user group that agents come from exists."""
    for desk in config.desks.values():
        if not isinstance(desk.agents, Usergroup):
            continue
        handle = desk.agents.handle.removeprefix("@")
        if directory.usergroups is None:
            yield Finding.to_mend(
                f"The user group @{handle} cannot be used",
                "Slack shows the bot none in this workspace (they need a paid plan); "
                "name the agents by a channel or as a list.",
            )
        elif handle.lower() in directory.usergroups:
            yield Finding.well(f"The user group @{handle} exists")
        else:
            yield Finding.to_mend(
                f"There is no user group @{handle}", "create it in Slack, or name the agents another way."
            )


def _membership(channel: Channel) -> Finding:
    name = f"#{channel.card.name}"
    if channel.is_member:
        return Finding.well(f"The bot is in {name}")
    return Finding.to_mend(
        f"The bot is not in {name}",
        f"start it, it joins public channels itself, or type /invite @{NAME} there.",
    )


def _channels(config: DeskConfig) -> Iterator[ChannelRef]:
    for desk in config.desks.values():
        yield from desk.request_channels
        yield desk.triage_channel
        if desk.managers_channel is not None:
            yield desk.managers_channel
        if isinstance(desk.agents, MembersOf):
            yield desk.agents.channel
    yield from (to for to in _recipients(config) if isinstance(to, ChannelRef))


def _people(config: DeskConfig) -> Iterator[PersonRef]:
    yield from config.administrators or ()
    for desk in config.desks.values():
        yield from _people_of(desk)
    for service in config.services.values():
        yield from service.owners
    yield from (to for to in _recipients(config) if isinstance(to, PersonRef))


def _people_of(desk: Desk) -> Iterator[PersonRef]:
    yield from desk.leads
    yield from desk.managers
    if isinstance(desk.agents, People):
        yield from desk.agents.people
    for shift in desk.shifts:
        yield from shift.people


def _recipients(config: DeskConfig) -> Iterator[object]:
    for sla in config.slas.values():
        for steps in (sla.escalate, *(target.escalate for target in sla.targets.values())):
            for step in steps:
                yield from step.to
