"""Whether the bot stays as small as it was: resident memory over a hundred thousand gestures."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from rich.progress import track
from sqlalchemy import select

from benchmarks import fleet
from bot.models import Anchor
from bot.store import Store
from bot.store.migrate import upgrade

GESTURES, SHARES, AT_ONCE = 100_000, 20, 10
TICKETS = 50
FASTER = 1000.0
MOST = 0.10


def gestures(slack: fleet.Slack, cards: list[str]) -> Iterator[fleet.Gesture]:
    """Tickets that are claimed and given back, over and over."""
    number = 0
    while True:
        for card in cards:
            for added in (True, False):
                number += 1
                yield slack.reaction(number, card, added=added)


def report() -> bool:
    """Print the figures; whether the bound holds. The first tenth only warms up."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        upgrade(url)
        with fleet.running(url, bots=1, pace=FASTER, rate_scale=0) as running:
            slack = fleet.Slack(running.client)
            running.send([slack.form(number) for number in range(TICKETS)], at_once=AT_ONCE)
            store = Store(url)
            fleet.until(lambda: fleet.unsettled(store) == 0, "the cards")
            with store.read() as session:
                cards = list(session.scalars(select(Anchor.ts).where(Anchor.role == "card")))
            store.close()
            sizes = _sizes(running, gestures(slack, cards))
    first, last = max(sizes[1:3]), sizes[-1]
    growth = last / first - 1
    print(f"{f'memory after {GESTURES // 10:,} gestures':<36} {first / 2**20:6.0f} MiB")
    print(f"{f'growth until {GESTURES:,}':<36} {growth:+6.1%}   (at most {MOST:.0%})")
    return growth <= MOST


def _sizes(running: fleet.Fleet, endless: Iterator[fleet.Gesture]) -> list[int]:
    sizes = []
    for _ in track(range(SHARES), "a hundred thousand gestures", disable=not sys.stderr.isatty()):
        running.send(list(islice(endless, GESTURES // SHARES)), at_once=AT_ONCE)
        running.client.forget()  # the workspace keeps a log of every call
        sizes.append(running.bots[0].memory())
    return sizes
