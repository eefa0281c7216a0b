"""`python -m tests.faults.soak`: runs of trouble, a line for each, and what all come to (`make faults`)."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from tests.faults.chaos.databases import Databases, databases
from tests.faults.chaos.runs import Plan, Summary, in_all, run, running_desk
from tests.faults.chaos.troubles import Count

KINDS: Final = ("sqlite", "postgresql")
KILL_EVERY: Final = ((0.3, 1.0), (0.3, 1.0), (1.0, 3.0), (3.0, 8.0))
"""Seconds of life, by the seed: most die young, some get to do long work."""


def main(arguments: list[str] | None = None) -> int:
    """Exit codes: 0 nothing was lost or said twice, 1 something was, 2 usage."""
    options = _parser().parse_args(arguments)
    done = _at_once(options, options.database or KINDS)
    for line in totals(done):
        sys.stdout.write(f"{line}\n")
    return 1 if any(summary.found for summary in done) else 0


def _at_once(options: argparse.Namespace, kinds: Sequence[str]) -> list[Summary]:
    """Each database in a process of its own: the lots of a seed belong to one run alone."""
    with ProcessPoolExecutor(len(kinds), mp_context=get_context("spawn")) as pool:
        waited = [
            pool.submit(_runs, options, kind, options.seed + 1000 * number)
            for number, kind in enumerate(kinds)
        ]
        try:
            wait(waited)
        except KeyboardInterrupt:
            sys.stdout.write("Stopping; the runs under way do not count.\n")
        return [summary for each in waited for summary in each.result()]


def _runs(options: argparse.Namespace, kind: str, seed: int) -> list[Summary]:
    """One run after the other until the time is up, or somebody stops it."""
    ends_at, done = time.monotonic() + options.minutes * 60, list[Summary]()
    try:
        with databases(kind) as database:
            while not done or time.monotonic() < ends_at:
                done.append(_one(options, database, seed + len(done)))
    except KeyboardInterrupt:
        pass
    return done


def totals(done: Sequence[Summary]) -> Iterator[str]:
    """What runs came to: a line for each database, one for all."""
    for kind in KINDS:
        of_kind = [summary for summary in done if summary.database == kind]
        if of_kind:
            yield f"{kind:<10}  {in_all(of_kind)}"
    yield f"{'together':<10}  {in_all(done)}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="for how long runs are begun (default: 5)")
    parser.add_argument(
        "--database", action="append", choices=KINDS, help="may be repeated (default: both, at once)"
    )
    parser.add_argument("--replicas", type=int, default=3, help="bots at once on postgresql (default: 3)")
    parser.add_argument(
        "--seed",
        type=int,
        default=1,
        help="of the first run; each next one counts up (a second database: from 1000 on)",
    )
    parser.add_argument("--seconds", type=float, default=40.0, help="of trouble in each run (default: 40)")
    parser.add_argument("--hours", type=float, default=24.0, help="of business time a run (default: 24)")
    parser.add_argument(
        "--lives",
        type=float,
        nargs=2,
        metavar=("SHORTEST", "LONGEST"),
        help="seconds that a process lives once it is ready (default: by the seed, 0.3 to 8)",
    )
    parser.add_argument("--keep", type=Path, help="where failed runs leave logs and databases")
    return parser


def _one(options: argparse.Namespace, databases: Databases, seed: int) -> Summary:
    """One run, told when it is over."""
    folder = Path(tempfile.mkdtemp(prefix=f"deskbell-faults-{seed}-", dir=options.keep))
    lives = tuple(options.lives) if options.lives else KILL_EVERY[seed % len(KILL_EVERY)]
    plan = Plan(seed=seed, seconds=options.seconds, hours=options.hours, kill_every=lives)
    replicas = options.replicas if databases.kind == "postgresql" else 1
    with databases.fresh(folder) as url, running_desk(url, folder, replicas=replicas) as desk:
        count = Count()
        summary = run(desk, plan, more=databases.troubles(url, count, seed), count=count)
    _say(summary)
    if summary.found:
        sys.stdout.write(f"    logs and database: {folder}\n")
    else:
        shutil.rmtree(folder)
    return summary


def _say(summary: Summary) -> None:
    sys.stdout.write(f"{summary}\n")
    for breach in summary.found:
        sys.stdout.write(f"    {breach}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
