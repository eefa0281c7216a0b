"""The `slas` section: targets, warnings, escalations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from bot.config.calendars import calendar_name
from bot.config.closures import least_open_seconds, ordinary_open_seconds
from bot.config.model import (
    CLOCKS,
    PAUSING_STATES,
    PRIORITIES,
    RESPONSES,
    ROLES,
    Escalation,
    EscalationPoint,
    Recipient,
    Sla,
    Target,
    frozen,
)
from bot.config.problems import BadValueError, did_you_mean, hint_for
from bot.config.shapes import (
    Key,
    Place,
    Shape,
    UnreadableError,
    Values,
    choice,
    in_order,
    many,
    optional,
    read_all,
    required,
    table,
    word,
)
from bot.config.values import duration, percentage, recipient
from bot.models.vocabulary import State
from bot.service_levels.calendars import Calendar
from bot.service_levels.durations import format_duration, parse_duration
from bot.service_levels.openings import HORIZON

T = TypeVar("T")

_AT = re.compile(r"(\S+) +(?:([0-9]{1,4})%|breach(?: *\+ *(\S+))?)")
_CLOCK_NAMES = "|".join(CLOCKS)


def parse_point(text: str) -> EscalationPoint:
    """The moment of `resolve 90%`, `resolve breach` or `resolve breach + 1h`. Raises `BadValueError`."""
    written = _AT.fullmatch(text)
    if written is None or written[1] not in CLOCKS:
        first = text.split(" ")[0]
        hint = "" if first in CLOCKS else did_you_mean(first, CLOCKS)
        hint = hint or " Write it like `resolve 90%` or `resolve breach + 1h`."
        raise BadValueError(f'"{text}" is not a moment.{hint}')
    clock, percent, after = written.groups()
    if percent is None:
        return EscalationPoint(clock, 100, parse_duration(after) if after else 0)
    if not 1 <= int(percent) <= 100:
        raise BadValueError(f'"{text}" is out of range. Use 1% to 99%, or breach and what comes after it.')
    return EscalationPoint(clock, int(percent))


def format_point(point: EscalationPoint) -> str:
    """The text that `parse_point` reads back."""
    if point.percent < 100:
        return f"{point.clock} {point.percent}%"
    return f"{point.clock} breach" + (f" + {format_duration(point.after)}" if point.after else "")


AT = required(
    "at",
    word(
        parse_point,
        {"type": "string", "pattern": rf"^({_CLOCK_NAMES}) +([0-9]+%|breach( *\+ *[0-9dhms]+)?)$"},
    ),
    "The moment: respond, resolve or update, then N% or breach, optionally + a duration.",
)
TO = required(
    "to",
    many(recipient, at_least=1),
    f"Who is told: {', '.join(ROLES)}, a person, a channel, or a list of these.",
)


def _build_step(_place: Place, values: Values) -> Escalation:
    to: tuple[Recipient, ...] = values[TO]
    return Escalation(at=values[AT], to=to)


escalation = many(table((AT, TO), _build_step))
responses = in_order(many(choice(RESPONSES, "a response"), at_least=1), RESPONSES)
pausing = in_order(many(choice(PAUSING_STATES, "a state that can pause")), PAUSING_STATES)
warnings = in_order(many(percentage), range(1, 100))

_RESPOND_BY_DOC = "What counts as the first response: claim, reply, or both."
_PAUSE_DOC = "The states in which the resolve clock stands still."
_WARN_DOC = "Shares of the respond and resolve targets at which a warning is due."
_ESCALATE_DOC = "Steps, each taken once, until their cause is gone."

# The same keys stand in an SLA, with defaults, and in a row of its targets, where None means: as the SLA.
ROW_CALENDAR = optional("calendar", calendar_name, "The calendar of this priority, if another.", None)
ROW_RESPOND_BY = optional("respond_by", responses, _RESPOND_BY_DOC, None)
ROW_PAUSE = optional("pause_while", pausing, _PAUSE_DOC, None)
ROW_WARN = optional("warn_at", warnings, _WARN_DOC, None)
ROW_ESCALATE = optional("escalate", escalation, _ESCALATE_DOC, None)


def _parse_target(text: str) -> str:
    if parse_duration(text) == 0:
        raise BadValueError(f'"{text}" is no time at all. Write a duration of at least 1s.')
    return text


_target: Shape[str] = word(_parse_target, duration.schema)
RESPOND = optional("respond", _target, "Time until the first response.", None)
RESOLVE = optional("resolve", _target, "Time until the resolution.", None)
UPDATE = optional("update", _target, "Longest time without news for the requester.", None)
_TARGET_KEYS = (RESPOND, RESOLVE, UPDATE)


@dataclass(frozen=True)
class _Row:
    """A row of targets as written; what `1d` is worth depends on its calendar."""

    place: Place
    values: Values


def _build_row(place: Place, values: Values) -> _Row:
    if all(values[key] is None for key in _TARGET_KEYS):
        raise place.fail("This promises nothing. Add respond, resolve or update.")
    return _Row(place, values)


_row = table(
    (*_TARGET_KEYS, ROW_CALENDAR, ROW_RESPOND_BY, ROW_PAUSE, ROW_WARN, ROW_ESCALATE),
    _build_row,
)
_ROW_KEYS = tuple(
    required(priority, _row, f"The targets of {priority}, such as {{respond: 4h, resolve: 3d}}.")
    for priority in PRIORITIES
)
_rows = table(_ROW_KEYS, lambda _place, values: {key.name: values[key] for key in _ROW_KEYS})

CALENDAR = required("calendar", calendar_name, "The calendar whose open time is measured.")
RESPOND_BY = optional("respond_by", responses, _RESPOND_BY_DOC, RESPONSES, shown=RESPONSES)
PAUSE_WHILE = optional(
    "pause_while", pausing, _PAUSE_DOC, PAUSING_STATES, shown=tuple(map(str, PAUSING_STATES))
)
WARN_AT = optional("warn_at", warnings, _WARN_DOC, (50, 80), shown=("50%", "80%"))
TARGETS = required("targets", _rows, "A row for each priority, P1 to P5.")
ESCALATE = optional("escalate", escalation, _ESCALATE_DOC, (), shown=())


@dataclass(frozen=True)
class _Terms:
    """What holds for every priority that does not say otherwise."""

    calendar: str
    respond_by: tuple[str, ...]
    pause_while: tuple[State, ...]
    warn_at: tuple[int, ...]
    escalate: tuple[Escalation, ...]

    def overridden_by(self, row: Values) -> _Terms:
        return _Terms(
            calendar=_or(row[ROW_CALENDAR], self.calendar),
            respond_by=_or(row[ROW_RESPOND_BY], self.respond_by),
            pause_while=_or(row[ROW_PAUSE], self.pause_while),
            warn_at=_or(row[ROW_WARN], self.warn_at),
            escalate=_or(row[ROW_ESCALATE], self.escalate),
        )


def _or(value: T | None, otherwise: T) -> T:
    return otherwise if value is None else value


def _build_sla(place: Place, values: Values) -> Sla:
    terms = _Terms(
        calendar=values[CALENDAR],
        respond_by=values[RESPOND_BY],
        pause_while=values[PAUSE_WHILE],
        warn_at=values[WARN_AT],
        escalate=values[ESCALATE],
    )
    rows = values[TARGETS]
    built = read_all(partial(_build_target, row, terms) for row in rows.values())
    targets = dict(zip(rows, built, strict=True))
    inheriting = [targets[priority] for priority, row in rows.items() if row.values[ROW_ESCALATE] is None]
    _check_steps(place.at("escalate"), terms.escalate, inheriting)
    return Sla(
        name=place.path.rpartition(".")[2],
        calendar=terms.calendar,
        respond_by=terms.respond_by,
        pause_while=terms.pause_while,
        warn_at=terms.warn_at,
        escalate=terms.escalate,
        targets=frozen(targets),
    )


def _build_target(row: _Row, terms: _Terms) -> Target:
    own = terms.overridden_by(row.values)
    calendar = row.place.reading.calendars[own.calendar]
    if calendar is None:
        raise UnreadableError(own.calendar)  # what is wrong with it has been noted there
    respond, resolve, update = (_seconds(row, key, calendar) for key in _TARGET_KEYS)
    if respond is not None and resolve is not None and respond > resolve:
        row.place.warn("The first response is due after the resolution.")
    target = Target(
        respond=respond,
        resolve=resolve,
        update=update,
        calendar=own.calendar,
        respond_by=own.respond_by,
        pause_while=own.pause_while,
        warn_at=own.warn_at,
        escalate=own.escalate,
    )
    if row.values[ROW_ESCALATE] is not None:
        _check_steps(row.place.at("escalate"), target.escalate, [target])
    return target


def _seconds(row: _Row, key: Key[str | None], calendar: Calendar) -> int | None:
    written = row.values[key]
    if written is None:
        return None
    seconds = parse_duration(written, day=calendar.day_seconds)
    if seconds > least_open_seconds(calendar):
        counted = "" if seconds > ordinary_open_seconds(calendar) else ", holidays and special dates counted"
        raise row.place.at(key.name).fail(
            f'"{written}" would fall due more than {HORIZON.days} days ahead on calendar "{calendar.name}"'
            f"{counted}. Shorten it."
        )
    return seconds


def _check_steps(place: Place, steps: tuple[Escalation, ...], targets: list[Target]) -> None:
    measured = {
        clock
        for target in targets
        for clock, seconds in zip(CLOCKS, (target.respond, target.resolve, target.update), strict=True)
        if seconds is not None
    }
    for step in steps:
        if targets and step.at.clock not in measured:
            place.warn(f"`{format_point(step.at)}` never comes: no target for {step.at.clock} is set.")


sla: Shape[Sla] = table((CALENDAR, RESPOND_BY, PAUSE_WHILE, WARN_AT, TARGETS, ESCALATE), _build_sla)


def _read_name(place: Place) -> str:
    name = place.text()
    known = place.reading.slas
    if name not in known:
        raise place.fail(f'There is no SLA "{name}".{hint_for(name, known, "slas")}')
    return name


sla_name: Shape[str] = Shape(_read_name, {"type": "string"})
