"""What an operator should know before Deskbell works. It only reads."""

from __future__ import annotations

from collections.abc import Iterator

from bot.config import DeskConfig
from bot.doctor import desk, slack, storage
from bot.doctor.finding import Finding
from bot.settings import Settings

__all__ = ["Finding", "examine"]


def examine(settings: Settings) -> Iterator[Finding]:
    """Every finding, in the order in which things should be mended, as soon as it is known."""
    connection = yield from slack.examine_tokens(settings)
    config = yield from desk.examine_file(settings.desk_config)
    if connection is not None and config is not None:
        yield from _names(connection, config)
    yield from storage.examine_storage(settings.database_url)


def _names(connection: slack.Connection, config: DeskConfig) -> Iterator[Finding]:
    try:
        directory = slack.read_directory(connection)
    except slack.Refused as refusal:
        yield Finding.to_mend("The names in desk.yaml cannot be compared with Slack", refusal.sentence)
        return
    yield from desk.examine_channels(config, directory)
    yield from desk.examine_people(config, directory)
    yield from desk.examine_usergroups(config, directory)
