"""Instants and amounts as the command line writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil, floor
from typing import assert_never
from zoneinfo import ZoneInfo

from bot.surfaces.inline import Mention, Part, Web, When, Words, name_of
from bot.workflows.metrics import Rate


def instant_words(at: datetime, zone: ZoneInfo) -> str:
    """To the second, with the zone's own name for its offset: `2026-03-02 10:00:00 CET`."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


def local_iso(at: datetime | None, zone: ZoneInfo) -> str | None:
    """For JSON: local time with its offset from UTC."""
    return None if at is None else at.astimezone(zone).isoformat()


def seconds(amount: timedelta) -> float:
    """For JSON."""
    return amount.total_seconds()


def plain(parts: Sequence[Part], zone: ZoneInfo) -> str:
    """A surface's sentence without markup; instants in this zone."""
    return "".join(_plain(part, zone) for part in parts)


def _plain(part: Part, zone: ZoneInfo) -> str:
    match part:
        case Words(text=text):
            return text
        case When(at=at):
            return instant_words(at, zone)
        case Mention(person=person):
            return name_of(person)
        case Web(label=label):
            return label
        case _:
            assert_never(part)


def rate_words(rate: Rate) -> str:
    """`92% of 24`; fewer than ten as they are: `2 of 3`.

    Never rounded up to 100% or down to 0% where one says otherwise.
    """
    if not rate.n:
        return "–"
    if rate.percent is None:
        return f"{rate.hits} of {rate.n}"
    whole = floor(rate.percent) if rate.percent > 50 else ceil(rate.percent)
    return f"{whole}% of {rate.n:,}"


def aligned(rows: Sequence[Sequence[str]], *, indent: str = "") -> list[str]:
    """The rows as lines, their columns under each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        (indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()
        for row in rows
    ]
