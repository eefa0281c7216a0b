"""What a picture says: its title is the finding, its alt text the numbers."""

from __future__ import annotations

import unicodedata
from datetime import date, timedelta
from typing import Final

from bot.pictures.charts import CLOCKS, Charts, Flow, Row

ENOUGH: Final = 10
"""Fewer than these say nothing as a percentage."""
MOST_ALT: Final = 1000
"""Slack's limit for `alt_txt`."""
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CLOCK_NAMES: Final = dict(zip(CLOCKS, ("Response", "Resolution"), strict=True))
_UNITS: Final = ((1_000, "k"), (1_000_000, "M"), (1_000_000_000, "G"))


def clean(text: str) -> str:
    """One line without what is not meant to be seen: controls, marks that turn the writing around."""
    spaced = (character if not unicodedata.category(character).startswith("C") else " " for character in text)
    return " ".join("".join(spaced).split())


def short_day(day: date) -> str:
    """`2 Nov`."""
    return f"{day.day} {_MONTHS[day.month - 1]}"


def compact(number: int) -> str:
    """A number in at most six characters: `9,999`, `12k`, `3.4M`."""
    if number < 10_000:
        return f"{number:,}"
    unit, letter = next((unit for unit in _UNITS if number / unit[0] < 999.5), _UNITS[-1])
    scaled = number / unit
    return f"{scaled:.1f}{letter}" if scaled < 9.95 and number % unit else f"{scaled:,.0f}{letter}"


def period(flow: Flow) -> str:
    """`22 Oct to 20 Nov 2026`."""
    first, last = flow.days[0], flow.days[-1]
    if first == last:
        return f"{short_day(last)} {last.year}"
    year = f" {first.year}" if first.year != last.year else ""
    return f"{short_day(first)}{year} to {short_day(last)} {last.year}"


def week_ago(flow: Flow) -> int | None:
    """The place of the day a week before the newest."""
    wanted = flow.days[-1] - timedelta(days=7)
    return flow.days.index(wanted) if wanted in flow.days else None


def flow_finding(flow: Flow) -> str:
    """`Open tickets: 42, 5 more than a week ago`."""
    now, before = flow.open[-1], week_ago(flow)
    said = f"Open tickets: {now:,}"
    if before is None:
        return said
    change = now - flow.open[before]
    if change == 0:
        return f"{said}, as many as a week ago"
    return f"{said}, {abs(change):,} {'more' if change > 0 else 'fewer'} than a week ago"


def alternative_texts(charts: Charts) -> list[str]:
    """What the pictures show, in their order, for whoever cannot see them."""
    flow = [flow_alt(charts)] if charts.has_flow else []
    return flow + ([attainment_alt(charts)] if charts.rows else [])


def flow_alt(charts: Charts) -> str:
    """The numbers of the picture of backlog and flow."""
    flow = charts.flow
    desk = clean(charts.desk)
    moved = f"{sum(flow.came_in):,} came in and {sum(flow.finished):,} were finished."
    least, most = min(flow.open), max(flow.open)
    spread = f" Between {least:,} and {most:,} were open at the end of a day." if least < most else ""
    until = f", until {flow.until}" if flow.until else ""
    return _cut(f"{flow_finding(flow)}. {desk}, {period(flow)}{until}: {moved}{spread}")


def clock_name(clock: str) -> str:
    """`Response` or `Resolution`."""
    return _CLOCK_NAMES[clock]


def kept(met: int, total: int) -> str:
    """`9 of 10`, with a percentage where there are enough of them."""
    counts = f"{compact(met)} of {compact(total)}"
    return f"{counts} · {percent(met, total)}" if total >= ENOUGH else counts


def percent(met: int, total: int) -> str:
    """Rounded down, so that 100% means all of them."""
    return f"{met * 100 // total}%"


def attainment_finding(rows: tuple[Row, ...]) -> str:
    """`In time: response 93%, resolution 5 of 6`."""
    parts = []
    for clock in CLOCKS:
        met, total = _sums(rows, clock)
        if total:
            share = percent(met, total) if total >= ENOUGH else f"{met} of {total}"
            parts.append(f"{clock_name(clock).lower()} {share}")
    return f"In time: {', '.join(parts)}"


def attainment_alt(charts: Charts) -> str:
    """The numbers of the picture of attainment."""
    parts = []
    for clock in CLOCKS:
        rows = [
            f"{clean(row.label)} {row.met:,} of {row.total:,}" for row in charts.rows if row.clock == clock
        ]
        if rows:
            met, total = _sums(charts.rows, clock)
            parts.append(f"{clock_name(clock)} in time {met:,} of {total:,}: {', '.join(rows)}.")
    head = (
        f"{attainment_finding(charts.rows)}. {clean(charts.desk)}, {short_day(charts.day)} {charts.day.year}."
    )
    return _cut(f"{head} {' '.join(parts)}")


def _sums(rows: tuple[Row, ...], clock: str) -> tuple[int, int]:
    of_clock = [row for row in rows if row.clock == clock]
    return sum(row.met for row in of_clock), sum(row.total for row in of_clock)


def _cut(text: str) -> str:
    return text if len(text) <= MOST_ALT else text[: MOST_ALT - 1] + "…"
