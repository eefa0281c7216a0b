"""The configuration as plain data and as text: everything spelled out, in one order.

Targets are written in hours and smaller, because what a day is worth depends on the calendar.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Mapping

from ruamel.yaml import YAML

from bot.config.calendars import ALWAYS
from bot.config.model import (
    Agents,
    CatalogueItem,
    Desk,
    DeskConfig,
    Digest,
    Escalation,
    MembersOf,
    Plain,
    PriorityMatrix,
    Service,
    Shift,
    Sla,
    Target,
    Usergroup,
)
from bot.config.slas import format_point
from bot.models.vocabulary import Level
from bot.service_levels.calendars import Calendar, Window, format_time, format_weekdays
from bot.service_levels.durations import format_duration

Tree = dict[str, "Branch"]
Branch = Tree | list["Branch"] | str | int | bool | None


def tree(config: DeskConfig) -> Tree:
    """The configuration as JSON-like data with every default written out."""
    top: Tree = {}
    if config.administrators is not None:
        top["administrators"] = _words(config.administrators)
    return {
        **top,
        "calendars": {name: calendar_tree(calendar) for name, calendar in config.calendars.items()},
        "priorities": {"matrix": _matrix(config.priorities)},
        "slas": {name: _sla(sla) for name, sla in config.slas.items()},
        "desks": {key: _desk(desk) for key, desk in config.desks.items()},
        "catalogue": {key: _item(item) for key, item in config.catalogue.items()},
        "services": {key: _service(service) for key, service in config.services.items()},
    }


def dump(config: DeskConfig) -> str:
    """The configuration as a desk.yaml that loads to the same digest."""
    yaml = YAML(pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.width = 4096
    out = io.StringIO()
    yaml.dump(tree(config), out)
    return out.getvalue()


def digest(config: DeskConfig) -> str:
    """SHA-256 of the canonical form: equal when two files mean the same."""
    canonical = json.dumps(tree(config), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def calendar_tree(calendar: Calendar) -> Branch:
    """A calendar as it would be written; neighbouring weekdays with equal hours share a key."""
    if calendar.is_always_open:
        return ALWAYS
    written: Tree = {"timezone": calendar.timezone}
    by_hours: dict[tuple[Window, ...], list[int]] = {}
    for day, windows in enumerate(calendar.week):
        by_hours.setdefault(windows, []).append(day)
    for windows, days in by_hours.items():
        if windows:
            written[format_weekdays(tuple(days))] = _words(windows)
    if calendar.region or calendar.holidays:
        written["holidays"] = calendar.region or _words(calendar.holidays)
    if calendar.special:
        written["special"] = {on.isoformat(): _words(windows) for on, windows in calendar.special}
    return written


def _matrix(matrix: PriorityMatrix) -> Branch:
    if matrix.is_default:
        return "default"
    return {str(i): {str(u): matrix.priority(i, u) for u in Level} for i in Level}


def _sla(sla: Sla) -> Tree:
    return {
        "calendar": sla.calendar,
        "respond_by": _words(sla.respond_by),
        "pause_while": _words(sla.pause_while),
        "warn_at": _percentages(sla.warn_at),
        "targets": {priority: _target(target, sla) for priority, target in sla.targets.items()},
        "escalate": _steps(sla.escalate),
    }


def _target(target: Target, sla: Sla) -> Tree:
    promised = {"respond": target.respond, "resolve": target.resolve, "update": target.update}
    row: Tree = {clock: format_duration(s, day=None) for clock, s in promised.items() if s is not None}
    if target.calendar != sla.calendar:
        row["calendar"] = target.calendar
    if target.respond_by != sla.respond_by:
        row["respond_by"] = _words(target.respond_by)
    if target.pause_while != sla.pause_while:
        row["pause_while"] = _words(target.pause_while)
    if target.warn_at != sla.warn_at:
        row["warn_at"] = _percentages(target.warn_at)
    if target.escalate != sla.escalate:
        row["escalate"] = _steps(target.escalate)
    return row


def _steps(steps: tuple[Escalation, ...]) -> Branch:
    return [{"at": format_point(step.at), "to": _words(step.to)} for step in steps]


def _desk(desk: Desk) -> Tree:
    written: Tree = {
        "name": desk.name,
        "timezone": desk.timezone,
        "request_channels": _words(desk.request_channels),
        "triage_channel": str(desk.triage_channel),
    }
    if desk.managers_channel is not None:
        written["managers_channel"] = str(desk.managers_channel)
    written |= {
        "agents": _agents(desk.agents),
        "leads": _words(desk.leads),
        "managers": _words(desk.managers),
    }
    if desk.shifts:
        written["shifts"] = [_shift(shift) for shift in desk.shifts]
    written |= {
        "slas": {str(kind): name for kind, name in sorted(desk.slas.items())},
        "close_after": format_duration(desk.close_after),
        "undo_within": format_duration(desk.undo_within),
    }
    if desk.digest is not None:
        written["digest"] = _digest(desk.digest)
    written["emoji"] = {gesture: _words(names) for gesture, names in desk.emoji.gestures().items()}
    written["categories"] = _words(desk.categories)
    return written


def _shift(shift: Shift) -> Branch:
    return {
        "days": format_weekdays(shift.days),
        "hours": _words(shift.windows),
        "timezone": shift.timezone,
        "people": _words(shift.people),
    }


def _digest(digest: Digest) -> Tree:
    written: Tree = {"at": format_time(digest.at), "days": format_weekdays(digest.days)}
    return written | {"reviews": _words(digest.reviews)} if digest.reviews else written


def _agents(agents: Agents) -> Branch:
    if isinstance(agents, MembersOf):
        return {"members_of": str(agents.channel)}
    if isinstance(agents, Usergroup):
        return {"usergroup": agents.handle}
    return _words(agents.people)


def _item(item: CatalogueItem) -> Tree:
    written: Tree = {"name": item.name, "description": item.description}
    if item.desk is not None:
        written["desk"] = item.desk
    if item.sla is not None:
        written["sla"] = item.sla
    return written | {"form": thaw(item.form), "approvals": thaw(item.approvals), "tasks": thaw(item.tasks)}


def _service(service: Service) -> Tree:
    return {"name": service.name, "description": service.description, "owners": _words(service.owners)}


def thaw(value: Plain) -> Branch:
    """Frozen plain data as lists and dictionaries."""
    if isinstance(value, tuple):
        return [thaw(item) for item in value]
    if isinstance(value, Mapping):
        return {key: thaw(item) for key, item in value.items()}
    return value


def _percentages(numbers: tuple[int, ...]) -> Branch:
    return [f"{number}%" for number in numbers]


def _words(values: Iterable[object]) -> Branch:
    return [str(value) for value in values]
