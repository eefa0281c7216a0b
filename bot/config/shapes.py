"""How the values of desk.yaml are read, and the JSON Schema of each: one table serves both.

A `Shape` reads a node into a value. It notes every problem it finds and raises `UnreadableError` when there
is no value to go on with; tables and lists read all their parts first, so that one run finds everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar, cast

from bot.config import source
from bot.config.model import Plain, Sla, frozen
from bot.config.problems import BadValueError, ConfigProblem, did_you_mean
from bot.service_levels.calendars import Calendar, InvalidTimeError, InvalidWeekdaysError, InvalidWindowError
from bot.service_levels.durations import InvalidDurationError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
D = TypeVar("D")

Schema = Mapping[str, object]

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$"
_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_LONGEST_NAME = 40

_BAD_TEXT = (BadValueError, InvalidDurationError, InvalidTimeError, InvalidWeekdaysError, InvalidWindowError)


class UnreadableError(Exception):
    """There is no value here; what is wrong has been noted."""


@dataclass
class Reading:
    """What one run over a file has found. A name maps to None when its section could not be read."""

    problems: list[ConfigProblem] = field(default_factory=list)
    warnings: list[ConfigProblem] = field(default_factory=list)
    calendars: dict[str, Calendar | None] = field(default_factory=dict)
    slas: dict[str, Sla | None] = field(default_factory=dict)
    desks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """A node, where it is, and the run that reads it."""

    node: source.Node
    path: str
    reading: Reading
    key_line: int | None = None

    @property
    def line(self) -> int:
        """Where a person looks: a value's own line, and the key's line for what a whole block lacks."""
        return self.node.line if isinstance(self.node, source.Scalar) else self.key_line or self.node.line

    def problem(self, message: str) -> None:
        """Note something to correct here."""
        self.reading.problems.append(ConfigProblem(self.line, self.path, message))

    def fail(self, message: str) -> UnreadableError:
        """Note something to correct here, and give back what to raise."""
        self.problem(message)
        return UnreadableError(message)

    def warn(self, message: str) -> None:
        """Note something that works but is probably not meant."""
        self.reading.warnings.append(ConfigProblem(self.line, self.path, message))

    def entry(self, entry: source.Entry) -> Place:
        """The value under a key."""
        return Place(entry.value, source.join_path(self.path, entry.key), self.reading, entry.line)

    def at(self, key: str) -> Place:
        """The value under `key`, or this place when the key is not given."""
        return next((self.entry(e) for e in self.entries() if e.key == key), self)

    def entries(self) -> tuple[source.Entry, ...]:
        """The keys of a mapping; nothing for an empty value. Raises `UnreadableError`."""
        if isinstance(self.node, source.Mapping):
            return self.node.entries
        if isinstance(self.node, source.Scalar) and self.node.is_null:
            return ()
        raise self.fail("Keys with values belong here, one per line: `key: value`.")

    def items(self) -> tuple[Place, ...]:
        """The items of a list; a single value is a list of one."""
        if isinstance(self.node, source.Sequence):
            return tuple(
                Place(item, f"{self.path}[{position}]", self.reading)
                for position, item in enumerate(self.node.items, start=1)
            )
        return (self,)

    def text(self) -> str:
        """The words that are written here. Raises `UnreadableError`."""
        node = self.node
        if not isinstance(node, source.Scalar):
            found = "a list" if isinstance(node, source.Sequence) else "keys with values"
            raise self.fail(f"One value belongs here, not {found}.")
        if node.is_null:
            raise self.fail(
                'This has no value. Give one or remove it. A name with # needs quotes: "#it-help".'
            )
        if node.truth is not None:
            raise self.fail(f"`{node.text}` is not a text. Put it in quotes if it is meant as one.")
        return node.text.strip()


@dataclass(frozen=True)
class Shape(Generic[T_co]):
    """How one kind of value is read and described."""

    read: Callable[[Place], T_co]
    schema: Schema


@dataclass(frozen=True, eq=False)
class Key(Generic[T_co]):
    """A key of a table. `default` is shown to readers of the schema and used when the key is absent."""

    name: str
    shape: Shape[T_co]
    doc: str
    required: bool = False
    default: object = None
    shown: Plain = None


def required(name: str, shape: Shape[T], doc: str) -> Key[T]:
    """A key that must be given."""
    return Key(name, shape, doc, required=True)


def optional(name: str, shape: Shape[T], doc: str, default: D, *, shown: Plain = None) -> Key[T | D]:
    """A key that may be left out; `shown` is how its default would be written."""
    return Key(name, cast(Shape[T | D], shape), doc, default=default, shown=shown)


def section(name: str, shape: Shape[Mapping[str, T]], doc: str) -> Key[Mapping[str, T]]:
    """A part of the file that is empty when left out."""
    return Key(name, shape, doc, default=frozen({}), shown=frozen({}))


class Values:
    """What a table held: every key's value, or its default."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def __getitem__(self, key: Key[T]) -> T:
        return cast(T, self._values[key.name])


def word(parse: Callable[[str], T], schema: Schema) -> Shape[T]:
    """A text that `parse` turns into a value or refuses with a sentence."""

    def read(place: Place) -> T:
        text = place.text()
        try:
            return parse(text)
        except _BAD_TEXT as error:
            raise place.fail(str(error)) from error

    return Shape(read, schema)


def choice(options: Sequence[T], what: str) -> Shape[T]:
    """One of a few words."""
    by_word = {str(option): option for option in options}

    def parse(text: str) -> T:
        if text not in by_word:
            hint = did_you_mean(text, by_word) or f" Known: {', '.join(by_word)}."
            raise BadValueError(f'"{text}" is not {what}.{hint}')
        return by_word[text]

    return word(parse, {"type": "string", "enum": list(by_word)})


def many(shape: Shape[T], *, at_least: int = 0, at_most: int = 1000) -> Shape[tuple[T, ...]]:
    """A list, each item once; a single value is a list of one."""

    def read(place: Place) -> tuple[T, ...]:
        items = place.items()
        if not at_least <= len(items) <= at_most:
            few = "The list is empty. Write at least one." if at_least == 1 else f"Write at least {at_least}."
            raise place.fail(few if len(items) < at_least else f"At most {at_most} belong here. Keep fewer.")
        values = read_all(partial(shape.read, item) for item in items)
        _refuse_repeats(items, values)
        return values

    array = {"type": "array", "items": shape.schema, "uniqueItems": True}
    if at_least:
        array["minItems"] = at_least
    return Shape(read, {"anyOf": [array, shape.schema]})


def in_order(shape: Shape[tuple[T, ...]], order: Sequence[T]) -> Shape[tuple[T, ...]]:
    """The same list, sorted: for lists whose order says nothing."""
    return Shape(lambda place: tuple(sorted(shape.read(place), key=order.index)), shape.schema)


def _refuse_repeats(items: Sequence[Place], values: Sequence[object]) -> None:
    for position, value in enumerate(values):
        if value in values[:position]:
            node = items[position].node
            shown = f'"{node.text}"' if isinstance(node, source.Scalar) else "This"
            raise items[position].fail(f"{shown} is listed twice. Keep it once.")


def read_all(reads: Iterable[Callable[[], T]]) -> tuple[T, ...]:
    """What each of `reads` returns. All of them run before `UnreadableError` is raised."""
    values: list[T] = []
    failed: UnreadableError | None = None
    for read in reads:
        try:
            values.append(read())
        except UnreadableError as error:
            failed = error
    if failed is not None:
        raise failed
    return tuple(values)


def table(keys: Sequence[Key[object]], build: Callable[[Place, Values], T]) -> Shape[T]:
    """A mapping with known keys, from which `build` makes a value."""
    return Shape(lambda place: build(place, read_table(place, keys)), table_schema(keys))


def read_table(place: Place, keys: Sequence[Key[object]]) -> Values:
    """The values of a mapping with known keys. Raises `UnreadableError` once all of them have been read."""
    given = {entry.key: entry for entry in place.entries()}
    refuse_unknown(place, [key.name for key in keys])
    values: dict[str, object] = {}
    failed: UnreadableError | None = None
    for key in keys:
        try:
            values[key.name] = _read_key(place, key, given.get(key.name))
        except UnreadableError as error:
            failed = error
    if failed is not None:
        raise failed
    return Values(values)


def _read_key(place: Place, key: Key[T], entry: source.Entry | None) -> T:
    if entry is not None:
        return key.shape.read(place.entry(entry))
    if key.required:
        raise place.fail(f'"{key.name}" is missing. Add it: {key.doc[0].lower()}{key.doc[1:]}')
    return cast(T, key.default)


def refuse_unknown(place: Place, known: Sequence[str]) -> None:
    """Note every key that is not one of `known`."""
    for entry in place.entries():
        if entry.key not in known:
            hint = did_you_mean(entry.key, known) or f" Known here: {', '.join(known)}."
            problem = ConfigProblem(entry.line, place.entry(entry).path, f'Unknown key "{entry.key}".{hint}')
            place.reading.problems.append(problem)


def table_schema(keys: Sequence[Key[object]]) -> dict[str, object]:
    """The schema of a mapping with known keys."""
    properties = {key.name: _key_schema(key) for key in keys}
    schema: dict[str, object] = {"type": "object", "additionalProperties": False, "properties": properties}
    needed = [key.name for key in keys if key.required]
    return {**schema, "required": needed} if needed else schema


def _key_schema(key: Key[object]) -> dict[str, object]:
    shown = {} if key.shown is None else {"default": key.shown}
    return {"description": key.doc, **shown, **key.shape.schema}


def named(shape: Shape[T]) -> Shape[Mapping[str, T]]:
    """A mapping whose keys are names that people choose. Keeps what could be read."""

    def read(place: Place) -> Mapping[str, T]:
        values: dict[str, T] = {}
        for entry in place.entries():
            _check_name(place, entry)
            try:
                values[entry.key] = shape.read(place.entry(entry))
            except UnreadableError:
                continue  # noted already; the others are still worth reading
        return frozen(values)

    names = {"pattern": NAME_PATTERN}
    schema = {"type": ["object", "null"], "propertyNames": names, "additionalProperties": shape.schema}
    return Shape(read, schema)


def _check_name(place: Place, entry: source.Entry) -> None:
    good = 0 < len(entry.key) <= _LONGEST_NAME and _NAME_CHARACTERS.issuperset(entry.key)
    if not good or entry.key[0] in "-_":
        message = (
            f'"{entry.key}" cannot be a name. Use up to {_LONGEST_NAME} letters, digits, - and _,'
            " beginning with a letter or digit."
        )
        place.reading.problems.append(ConfigProblem(entry.line, place.entry(entry).path, message))


def plain(place: Place) -> Plain:
    """The node as plain data, words as they were written."""
    node = place.node
    if isinstance(node, source.Sequence):
        return tuple(plain(item) for item in place.items())
    if isinstance(node, source.Mapping):
        return frozen({entry.key: plain(place.entry(entry)) for entry in node.entries})
    if node.is_null:
        return None
    if node.truth is not None:
        return node.truth
    return _number(node) if node.plain and len(node.text) < 16 else node.text


def _number(node: source.Scalar) -> int | str:
    digits = node.text.removeprefix("-")
    canonical = digits.isascii() and digits.isdigit() and str(int(digits)) == digits and node.text != "-0"
    return int(node.text) if canonical else node.text
