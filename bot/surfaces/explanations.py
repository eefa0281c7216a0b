"""Why a clock shows its number: the answer to `/ticket sla INC-12`, for one person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from typing import Final

from slack_sdk.models.blocks import Block, RichTextBlock, RichTextElement, RichTextListElement

from bot.models.service_levels import ClockState
from bot.models.vocabulary import WAITING_STATES, State
from bot.surfaces import blocks
from bot.surfaces.badges import badge, is_overdue, while_words
from bot.surfaces.durations import exact_words
from bot.surfaces.inline import MOST_TEXT, Part, When, Words, as_text, joined
from bot.surfaces.rendered import Rendered
from bot.surfaces.sentences import time_words
from bot.surfaces.text import length, one_line
from bot.workflows.service_views import ExplanationView, PieceView

_MOST_CYCLES: Final = 8
_MOST_LINES: Final = 30
_FEW_LINES: Final = 12
"""As long as there are no more, spans in which the calendar is closed have a line of their own."""
_MOST_NAME: Final = 40
_NOTHING: Final = timedelta(0)
_PAUSES: Final = frozenset(state.value for state in WAITING_STATES)


@dataclass(frozen=True, kw_only=True)
class _Cycle:
    """How a cycle is written: what it is, its parts, and what they add up to."""

    head: list[Part]
    lines: list[list[Part]]
    total: list[Part]


def explanation(views: Sequence[ExplanationView]) -> Rendered:
    """Every counted and paused interval of each clock and cycle, and their sum; in their order."""
    if not views:
        return blocks.note([Words("No service level was promised for this ticket.")], "sla.none")
    head: list[Part] = [Words(f"{one_line(views[0].number, _MOST_NAME)} · service levels", bold=True)]
    shown, left_out = views[-_MOST_CYCLES:], len(views) - _MOST_CYCLES
    if left_out > 0:
        head.append(Words(f" ({left_out} earlier cycles are left out)"))
    most = max(_FEW_LINES, 2 * _MOST_LINES // len(shown))
    cycles = [_cycle(view, min(most, _MOST_LINES)) for view in shown]
    body: list[Block] = [blocks.paragraph(head, "sla.head")]
    body += [_block(cycle, f"sla.{place}") for place, cycle in enumerate(cycles, 1)]
    return Rendered(text=_text(head, cycles), blocks=[block.to_dict() for block in body])


def _block(cycle: _Cycle, block_id: str) -> Block:
    elements: list[RichTextElement] = [blocks.section(cycle.head)]
    if cycle.lines:
        items = [blocks.section(line) for line in cycle.lines]
        elements.append(RichTextListElement(style="bullet", elements=items))
    elements.append(blocks.section(cycle.total))
    return RichTextBlock(block_id=block_id, elements=elements)


def _text(head: Sequence[Part], cycles: Sequence[_Cycle]) -> str:
    """Heads and sums of all cycles, and of the lines as many as fit, newest cycle first."""
    fixed = joined([head, *(joined([cycle.head, cycle.total]) for cycle in cycles)], by="\n")
    written = as_text(fixed)
    for cycle in reversed(cycles):
        for line in cycle.lines:
            more = "\n" + as_text(line)
            if length(written) + length(more) > MOST_TEXT:
                return written
            written += more
    return written


def _cycle(view: ExplanationView, most: int) -> _Cycle:
    folded = _folded(view.pieces)
    closed = [piece for piece in folded if _is_closed(piece)]
    hides_closed = len(folded) > _FEW_LINES
    pieces = [piece for piece in folded if not (hides_closed and _is_closed(piece))]
    lines = [_line(piece, view.policy_names) for piece in pieces[-most:]]
    if left_out := pieces[:-most]:
        lines.insert(0, _earlier(left_out))
    if view.carried > _NOTHING:
        lines.insert(0, [Words(f"carried over from before: {exact_words(view.carried)}")])
    if hides_closed and closed:
        lines.append([Words(f"closed {len(closed)} times in between, not counted")])
    return _Cycle(head=_head(view), lines=lines, total=_total(view))


def _head(view: ExplanationView) -> list[Part]:
    time = time_words(view.clock.clock).capitalize()
    nth = f" (cycle {view.cycle})" if view.cycle > 1 else ""
    return joined([[Words(f"{time}{nth}", bold=True)], _standing(view)])


def _standing(view: ExplanationView) -> list[Part]:
    if view.clock.state is ClockState.CANCELLED:
        return [Words("no longer measured")]
    return badge(view.clock)


# --- the intervals ---


def _folded(pieces: Sequence[PieceView]) -> list[PieceView]:
    """The pieces in their order; neighbours that do not count, for the same reason, are one."""
    found: list[PieceView] = []
    for (counts, *_rest), run in groupby(pieces, key=_kind):
        several = list(run)
        found += several if counts else [_merged(several)]
    return found


def _kind(piece: PieceView) -> tuple[bool, str, str, int, str]:
    return piece.counts, piece.reason, piece.calendar, piece.policy, piece.priority


def _merged(pieces: Sequence[PieceView]) -> PieceView:
    return replace(pieces[0], end=pieces[-1].end, open_time=_sum(pieces))


def _is_closed(piece: PieceView) -> bool:
    return not piece.counts and piece.reason not in _PAUSES


def _line(piece: PieceView, policy_names: Mapping[int, str]) -> list[Part]:
    span: list[Part] = [When(piece.start), Words(" – "), When(piece.end)]
    return [*span, Words(f" · {_what(piece)} · {', '.join(_under(piece, policy_names))}")]


def _what(piece: PieceView) -> str:
    if piece.counts:
        return f"counted {exact_words(piece.open_time)}"
    if _is_closed(piece):
        return "closed, not counted"
    open_time = f" ({exact_words(piece.open_time)} of open time)" if piece.open_time else ""
    return f"{while_words(State(piece.reason))}, not counted{open_time}"


def _under(piece: PieceView, policy_names: Mapping[int, str]) -> Iterator[str]:
    yield one_line(piece.calendar, _MOST_NAME) or "no calendar"
    yield one_line(piece.priority, _MOST_NAME)
    name = one_line(policy_names.get(piece.policy, ""), _MOST_NAME)
    yield f"{name or 'policy'} version {piece.policy}"


def _earlier(pieces: Sequence[PieceView]) -> list[Part]:
    """What there is no room for, in one line; its time is in the sum."""
    counted = exact_words(_sum([piece for piece in pieces if piece.counts]))
    count = "1 earlier interval" if len(pieces) == 1 else f"{len(pieces)} earlier intervals"
    return [
        When(pieces[0].start),
        Words(" – "),
        When(pieces[-1].end),
        Words(f" · {count}, counted {counted}"),
    ]


# --- the sum ---


def _total(view: ExplanationView) -> list[Part]:
    counted = _sum([piece for piece in view.pieces if piece.counts])
    total = exact_words(view.carried + counted)
    carried = f"{exact_words(view.carried)} + {exact_words(counted)} = " if view.carried else ""
    return [Words(f"Sum: {carried}{total} of {exact_words(view.target)}{_left(view, counted)}.")]


def _left(view: ExplanationView, counted: timedelta) -> str:
    """What the sum means: the number that the card shows."""
    left = view.target - view.carried - counted
    is_open = view.clock.state in (ClockState.RUNNING, ClockState.PAUSED)
    if left < _NOTHING:
        return f", {exact_words(-left)} {'over' if is_open else 'late'}"
    if is_open:
        return f", {exact_words(left)} left" if left or not is_overdue(view.clock) else ""
    if view.clock.state is ClockState.MISSED:
        return "; an earlier target was missed"
    return f", {exact_words(left)} early" if left else ""


def _sum(pieces: Sequence[PieceView]) -> timedelta:
    return sum((piece.open_time for piece in pieces), _NOTHING)
