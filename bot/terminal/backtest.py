"""`deskbell sla backtest`: attainment as it was and as it would have been, and the tickets that differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.surfaces.durations import open_words
from bot.terminal.words import aligned, local_iso, rate_words, seconds
from bot.workflows.backtesting import Backtest, Difference, Differences, Line, Tally, Under
from bot.workflows.metrics import Rate

MOST_NAMED: Final = 25
"""So many tickets of each list are printed; JSON has more."""
_COLUMNS: Final[tuple[Under, ...]] = ("recorded", "present", "proposed")
_HEADS: Final = ("Kind", "Clock", "Priority", "As it was", "Present policy", "Proposed policy")
_UTC: Final = ZoneInfo("UTC")


def backtest_lines(found: Backtest, *, source: str) -> list[str]:
    """What is printed; the summary comes last."""
    start, end = (at.astimezone(UTC) for at in (found.period.start, found.period.end))
    days = round(found.period.days)
    head = (
        f"{source}, tried on the {_many(found.tickets, 'ticket')} raised in the last {_many(days, 'day')} "
        f"({start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC)"
    )
    lines = [head, ""]
    if found.tallies:
        lines += [*aligned([_HEADS, *_table(found)]), ""]
    lines += _list(found.would_break, "Would have breached, and did not", is_proposed=True)
    lines += _list(found.would_keep, "Breached, and would not have", is_proposed=False)
    lines += [*_notes(found, source), "", summary(found, source=source)]
    return lines


def summary(found: Backtest, *, source: str) -> str:
    """What it comes to, in one sentence."""
    if not found.tickets:
        return "No ticket was raised in that time, so there is nothing to compare."
    if not found.differing:
        return f"Under {source} the same clocks of {_many(found.tickets, 'ticket')} would have breached."
    worse, better = found.would_break.count, found.would_keep.count
    of = f"of {_many(found.tickets, 'ticket')}"
    return (
        f"Under {source}, {_clocks(worse)} {of} would have breached that did not, "
        f"and {_clocks(better)} that did would not have."
    )


def _clocks(count: int) -> str:
    return _many(count, "clock") if count else "no clock"


# --- attainment ---


def _table(found: Backtest) -> Iterator[list[str]]:
    for line, rates in _rates(found):
        name = [line.kind.value, line.clock.value, line.priority or "all"]
        yield [*name, *(rate_words(rates[under]) for under in _COLUMNS)]


def _rates(found: Backtest) -> Iterator[tuple[Line, dict[Under, Rate]]]:
    """By kind, clock and priority; all priorities together come last."""
    for line in sorted(found.tallies, key=lambda line: (line.kind, line.clock, line.priority or "~")):
        tallies = found.tallies[line]
        yield line, {under: tallies.get(under, Tally()).rate for under in _COLUMNS}


# --- what differs ---


def _list(differences: Differences, what: str, *, is_proposed: bool) -> list[str]:
    if not differences.count:
        return [f"{what}: none.", ""]
    shown = differences.gravest[:MOST_NAMED]
    more = f", the {len(shown)} latest" if len(shown) < differences.count else ""
    head = f"{what} ({_many(differences.count, 'clock')}{more}):"
    return [head, *aligned([_row(one, is_proposed) for one in shown], indent="  "), ""]


def _row(one: Difference, is_proposed: bool) -> Sequence[str]:
    late = f"{open_words(one.late)} late" if one.late else "an earlier target was missed"
    so_far = ", still open" if one.is_open else ""
    before = "" if one.had_clock or not is_proposed else ", it had no such clock"
    return one.number, one.clock.value, one.priority, f"{late}{so_far}{before}"


# --- what to know when reading it ---


def _notes(found: Backtest, source: str) -> Iterator[str]:
    yield "As it was: what the tickets' clocks recorded. The other two are replays of the same timelines."
    yield "A share counts the clocks that met their target, of those whose outcome is known by now."
    yield f"Tickets keep the priorities they had: the matrix in {source} is not replayed."
    yield "People would have acted otherwise under other targets; what they did is taken as it was."
    if found.without_clocks:
        count = _many(found.without_clocks, "ticket")
        yield f"{count} had no clocks, as nothing was promised when raised: only replays count them."
    if found.without_promise:
        yield f"{_many(found.without_promise, 'ticket')}: {source} promises nothing for their kind."
    if found.unpromised:
        yield f"{_many(found.unpromised, 'clock')} breached that {source} does not promise at all."
    if found.elsewhere:
        yield f"{_many(found.elsewhere, 'ticket')} left out: {source} does not have their desks."


def _many(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count:,} {what}s"


# --- as data ---


def backtest_json(found: Backtest, *, source: str) -> dict[str, Any]:
    """The same as data: instants in UTC, amounts in seconds."""
    return {
        "policy": source,
        "from": local_iso(found.period.start, _UTC),
        "to": local_iso(found.period.end, _UTC),
        "desks": list(found.desks),
        "tickets": found.tickets,
        "tickets_without_clocks": found.without_clocks,
        "tickets_without_promise": found.without_promise,
        "tickets_elsewhere": found.elsewhere,
        "tickets_differing": found.differing,
        "attainment": [
            {"kind": line.kind.value, "clock": line.clock.value, "priority": line.priority or None}
            | {under: _rate_json(rate) for under, rate in rates.items()}
            for line, rates in _rates(found)
        ],
        "would_have_breached": _differences_json(found.would_break),
        "would_not_have_breached": _differences_json(found.would_keep),
        "breached_and_not_promised": found.unpromised,
        "summary": summary(found, source=source),
    }


def _rate_json(rate: Rate) -> dict[str, Any]:
    percent = None if rate.percent is None else round(rate.percent, 2)
    return {"met": rate.hits, "n": rate.n, "percent": percent}


def _differences_json(differences: Differences) -> dict[str, Any]:
    clocks = [
        {
            "ticket": one.number,
            "clock": one.clock.value,
            "priority": one.priority,
            "late_seconds": seconds(one.late),
            "is_open": one.is_open,
            "had_clock": one.had_clock,
        }
        for one in differences.gravest
    ]
    return {"count": differences.count, "clocks": clocks}
