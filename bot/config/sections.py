"""The top of desk.yaml: its sections, in the order in which they know of each other."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TypeVar, cast

from bot.config import source
from bot.config.calendars import calendar
from bot.config.desks import desks
from bot.config.model import PRIORITIES, CatalogueItem, DeskConfig, Plain, PriorityMatrix, Service, frozen
from bot.config.problems import hint_for
from bot.config.shapes import (
    Key,
    Place,
    Reading,
    Shape,
    UnreadableError,
    Values,
    choice,
    many,
    named,
    optional,
    plain,
    refuse_unknown,
    required,
    section,
    table,
)
from bot.config.slas import sla, sla_name
from bot.config.values import person, short_text
from bot.models.vocabulary import Level

T = TypeVar("T")

_LONGEST_DESCRIPTION = 500

_by_urgency = [
    required(str(u), choice(PRIORITIES, "a priority"), f"The priority at urgency {u}.") for u in Level
]
_row = table(_by_urgency, lambda _place, values: {key.name: values[key] for key in _by_urgency})
_by_impact = [required(str(i), _row, f"The priorities at impact {i}.") for i in Level]
_cells = table(
    _by_impact,
    lambda _place, values: PriorityMatrix(
        frozen({(i, u): values[row][str(u)] for i, row in zip(Level, _by_impact, strict=True) for u in Level})
    ),
)


def _read_matrix(place: Place) -> PriorityMatrix:
    if isinstance(place.node, source.Scalar) and not place.node.is_null:
        choice(("default",), "a matrix").read(place)
        return PriorityMatrix()
    return _cells.read(place)


MATRIX = optional(
    "matrix",
    Shape(_read_matrix, {"anyOf": [{"const": "default"}, _cells.schema]}),
    "`default`, or the priority for each impact and, inside it, each urgency.",
    PriorityMatrix(),
    shown="default",
)


def _read_desk_name(place: Place) -> str:
    name = place.text()
    known = place.reading.desks
    if name not in known:
        raise place.fail(f'There is no desk "{name}".{hint_for(name, known, "desks")}')
    return name


def _read_plain_list(place: Place) -> tuple[Plain, ...]:
    return tuple(plain(item) for item in place.items())


_anything: Shape[tuple[Plain, ...]] = Shape(_read_plain_list, {"type": "array"})
NAME = optional("name", short_text(75), "What people call it; without it, its key.", None)
DESCRIPTION = optional(
    "description", short_text(_LONGEST_DESCRIPTION, may_be_empty=True), "One line about it.", "", shown=""
)
DESK = optional("desk", Shape(_read_desk_name, {"type": "string"}), "The desk that fulfils it.", None)
ITEM_SLA = optional("sla", sla_name, "Its SLA, if not the desk's for requests.", None)
FORM = optional("form", _anything, "The questions asked.", (), shown=())
APPROVALS = optional("approvals", _anything, "Who has to approve.", (), shown=())
TASKS = optional("tasks", _anything, "What has to be done.", (), shown=())
OWNERS = optional("owners", many(person), "Who owns it.", (), shown=())


def _build_item(place: Place, values: Values) -> CatalogueItem:
    key = place.path.rpartition(".")[2]
    return CatalogueItem(
        key=key,
        name=values[NAME] or key,
        description=values[DESCRIPTION],
        desk=values[DESK],
        sla=values[ITEM_SLA],
        form=values[FORM],
        approvals=values[APPROVALS],
        tasks=values[TASKS],
    )


def _build_service(place: Place, values: Values) -> Service:
    key = place.path.rpartition(".")[2]
    return Service(key=key, name=values[NAME] or key, description=values[DESCRIPTION], owners=values[OWNERS])


ADMINISTRATORS = optional(
    "administrators",
    many(person, at_least=1),
    "Who administers Deskbell; without it, the workspace's owners.",
    None,
)
CALENDARS = section("calendars", named(calendar), "Opening hours, by name.")
PRIORITY_TABLE = optional(
    "priorities",
    table((MATRIX,), lambda _place, values: values[MATRIX]),
    "How impact and urgency make a priority.",
    PriorityMatrix(),
)
SLAS = section("slas", named(sla), "Service level agreements, by name.")
DESKS = section("desks", desks, "The service desks, by key.")
CATALOGUE = section(
    "catalogue",
    named(table((NAME, DESCRIPTION, DESK, ITEM_SLA, FORM, APPROVALS, TASKS), _build_item)),
    "What people can request, by key.",
)
SERVICES = section(
    "services",
    named(table((NAME, DESCRIPTION, OWNERS), _build_service)),
    "What the desks support, by key.",
)
# In this order, because later sections name what earlier ones define.
KEYS = (ADMINISTRATORS, CALENDARS, PRIORITY_TABLE, SLAS, DESKS, CATALOGUE, SERVICES)


def read_config(root: source.Node | None, reading: Reading) -> DeskConfig:
    """The configuration under `root`; `reading` holds what is wrong with it.

    A section that cannot be read is left out, so that the others are still checked: the result counts
    only when `reading` has no problems.
    """
    top = Place(root or source.Mapping(1, (), 1), "", reading)
    try:
        known = {entry.key: top.entry(entry) for entry in top.entries()}
    except UnreadableError:
        return DeskConfig()
    refuse_unknown(top, [key.name for key in KEYS])
    reading.calendars = dict.fromkeys(_names(known.get("calendars")))
    reading.slas = dict.fromkeys(_names(known.get("slas")))
    reading.desks = _names(known.get("desks"))
    calendars = _read(CALENDARS, known)
    reading.calendars |= calendars
    slas = _read(SLAS, known)
    reading.slas |= slas
    return DeskConfig(
        administrators=_read(ADMINISTRATORS, known),
        calendars=calendars,
        priorities=_read(PRIORITY_TABLE, known),
        slas=slas,
        desks=_read(DESKS, known),
        catalogue=_read(CATALOGUE, known),
        services=_read(SERVICES, known),
    )


def _read(key: Key[T], known: Mapping[str, Place]) -> T:
    """A section's value; its default when it is absent or unreadable."""
    place = known.get(key.name)
    if place is not None:
        with suppress(UnreadableError):
            return key.shape.read(place)
    return cast(T, key.default)


def _names(place: Place | None) -> tuple[str, ...]:
    if place is None or not isinstance(place.node, source.Mapping):
        return ()
    return tuple(entry.key for entry in place.node.entries)
