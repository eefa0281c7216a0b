"""`deskbell sla explain`: every interval of a ticket's clocks, in the desk's local time, and their sum."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.models.service_levels import ClockState
from bot.models.vocabulary import WAITING_STATES, State
from bot.surfaces.badges import badge, is_overdue, while_words
from bot.surfaces.durations import exact_words
from bot.surfaces.sentences import time_words
from bot.surfaces.text import one_line
from bot.terminal.words import aligned, instant_words, local_iso, plain, seconds
from bot.workflows.explaining import Explanation
from bot.workflows.service_views import ExplanationView, PieceView

_NOTHING: Final = timedelta(0)
_SECOND: Final = timedelta(seconds=1)
_MOST_NAME: Final = 40
_OPEN: Final = (ClockState.RUNNING, ClockState.PAUSED)
_PAUSES: Final = frozenset(state.value for state in WAITING_STATES)


def explanation_lines(explanation: Explanation) -> list[str]:
    """What is printed."""
    if not explanation.clocks:
        return [f"{explanation.number}: no service level was promised for this ticket."]
    zone = ZoneInfo(explanation.timezone)
    is_open = any(view.clock.state in _OPEN for view in explanation.clocks)
    as_of = f" as of {instant_words(explanation.as_of, zone)}" if is_open else ""
    lines = [f"{explanation.number} · service levels{as_of} · times in {explanation.timezone}"]
    for view in explanation.clocks:
        lines += ["", *_clock(view, zone)]
    return lines


def _clock(view: ExplanationView, zone: ZoneInfo) -> Iterator[str]:
    nth = f" (cycle {view.cycle})" if view.cycle > 1 else ""
    yield f"{time_words(view.clock.clock).capitalize()}{nth} · {_standing(view, zone)}"
    if view.carried:
        yield f"  carried over from before: {exact_words(view.carried)}"
    if view.pieces:
        yield from aligned(list(_rows(view, zone)), indent="  ")
    yield f"  Sum: {_sum(view)}."
    yield f"  Began {', '.join(_instants(view, zone))}."


def _standing(view: ExplanationView, zone: ZoneInfo) -> str:
    if view.clock.state is ClockState.CANCELLED:
        return "no longer measured"
    return plain(badge(view.clock), zone) or "running, never due"


def _rows(view: ExplanationView, zone: ZoneInfo) -> Iterator[list[str]]:
    """Amounts are cut to seconds so that those which count add up to the sum, itself cut to seconds."""
    exact = view.carried
    for piece in view.pieces:
        before = exact // _SECOND
        exact += piece.open_time if piece.counts else _NOTHING
        counted = (exact // _SECOND - before) * _SECOND
        yield [
            f"{instant_words(piece.start, zone)} – {instant_words(piece.end, zone)}",
            _what(piece, counted),
            one_line(piece.calendar, _MOST_NAME),
            one_line(piece.priority, _MOST_NAME),
            f"{_policy(view, piece)} version {piece.policy}",
        ]


def _what(piece: PieceView, counted: timedelta) -> str:
    if piece.counts:
        return f"counted {exact_words(counted)}"
    if piece.reason not in _PAUSES:
        return "closed, not counted"
    open_time = f" ({exact_words(piece.open_time)} of open time)" if piece.open_time else ""
    return f"{while_words(State(piece.reason))}, not counted{open_time}"


def _policy(view: ExplanationView, piece: PieceView) -> str:
    return one_line(view.policy_names.get(piece.policy, ""), _MOST_NAME) or "policy"


def _counted(view: ExplanationView) -> timedelta:
    return sum((piece.open_time for piece in view.pieces if piece.counts), _NOTHING)


def _sum(view: ExplanationView) -> str:
    """The intervals together, and what that makes of the target: the number that the card shows."""
    total = view.carried + _counted(view)
    left, is_open = view.target - total, view.clock.state in _OPEN
    said = f"{exact_words(total)} of {exact_words(view.target)}"
    if left < _NOTHING:
        return f"{said}, {exact_words(-left)} {'over' if is_open else 'late'}"
    if view.clock.state is ClockState.MISSED:
        return f"{said}; an earlier target was missed"
    if is_open:
        return said if is_overdue(view.clock) else f"{said}, {exact_words(left)} left"
    return f"{said}, {exact_words(left)} early" if left and view.clock.state is ClockState.MET else said


def _instants(view: ExplanationView, zone: ZoneInfo) -> Iterator[str]:
    clock = view.clock
    yield instant_words(clock.started_at, zone)
    named = (
        ("paused since", clock.paused_since),
        ("stopped", clock.stopped_at),
        ("broken since" if clock.stopped_at is None else "broke", clock.breached_at),
        ("due", clock.due_at if clock.breached_at is None else None),
    )
    yield from (f"{name} {instant_words(at, zone)}" for name, at in named if at is not None)


def explanation_json(explanation: Explanation) -> dict[str, Any]:
    """The same as data: instants in the desk's local time with their offset, amounts in seconds."""
    zone = ZoneInfo(explanation.timezone)
    return {
        "ticket": explanation.number,
        "desk": explanation.desk_key,
        "timezone": explanation.timezone,
        "as_of": local_iso(explanation.as_of, zone),
        "clocks": [_clock_json(view, zone) for view in explanation.clocks],
    }


def _clock_json(view: ExplanationView, zone: ZoneInfo) -> dict[str, Any]:
    clock, counted = view.clock, _counted(view)
    return {
        "clock": clock.clock.value,
        "cycle": view.cycle,
        "state": clock.state.value,
        "started_at": local_iso(clock.started_at, zone),
        "stopped_at": local_iso(clock.stopped_at, zone),
        "paused_since": local_iso(clock.paused_since, zone),
        "due_at": local_iso(clock.due_at, zone),
        "breached_at": local_iso(clock.breached_at, zone),
        "target_seconds": seconds(view.target),
        "carried_seconds": seconds(view.carried),
        "counted_seconds": seconds(counted),
        "elapsed_seconds": seconds(clock.elapsed),
        "left_seconds": seconds(view.target - clock.elapsed),
        "intervals": [
            {
                "start": local_iso(piece.start, zone),
                "end": local_iso(piece.end, zone),
                "counts": piece.counts,
                "reason": piece.reason,
                "calendar": piece.calendar,
                "priority": piece.priority,
                "policy": view.policy_names.get(piece.policy, ""),
                "policy_version": piece.policy,
                "open_seconds": seconds(piece.open_time),
            }
            for piece in view.pieces
        ],
    }
