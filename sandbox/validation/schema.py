"""A small vocabulary for the shape of JSON, made to word its findings as Slack does.

A general JSON Schema validator would report "is not valid under any of the given schemas" where an app's
author needs the one field that is wrong; so objects that differ by `type` are looked up by it (`Variants`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sandbox.validation.problems import NOT_SUPPORTED, Problem, problem, step

Rule = Callable[[Mapping[str, object], str], Iterator[Problem]]


class Shape(Protocol):
    """Anything that can judge a JSON value found at a pointer."""

    def check(self, value: object, at: str, /) -> Iterator[Problem]:
        """Yield what is wrong with `value`; never raises, whatever JSON it is given."""


@dataclass(frozen=True, slots=True)
class Anything:
    """Any JSON value."""

    def check(self, _value: object, _at: str, /) -> Iterator[Problem]:
        yield from ()


@dataclass(frozen=True, slots=True)
class Text:
    """A string of `least` to `most` characters, fully matching `pattern` if there is one."""

    least: int = 0
    most: int | None = None
    pattern: str | None = None
    wanted: str = "must match the expected format"

    def check(self, value: object, at: str, /) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield problem(at, "must provide a string")
        elif len(value) < self.least:
            yield problem(at, f"must be more than {self.least - 1} characters")
        elif self.most is not None and len(value) > self.most:
            yield problem(at, f"must be less than {self.most + 1} characters")
        elif self.pattern is not None and not re.fullmatch(self.pattern, value, re.DOTALL):
            yield problem(at, self.wanted)


@dataclass(frozen=True, slots=True)
class Whole:
    """An integer between `least` and `most`, both included."""

    least: int | None = None
    most: int | None = None

    def check(self, value: object, at: str, /) -> Iterator[Problem]:
        if isinstance(value, bool) or not isinstance(value, int):
            yield problem(at, "must provide an integer")
        elif self.least is not None and value < self.least:
            yield problem(at, f"must be {self.least} or more")
        elif self.most is not None and value > self.most:
            yield problem(at, f"must be {self.most} or less")


@dataclass(frozen=True, slots=True)
class Number:
    """A finite JSON number."""

    def check(self, value: object, at: str, /) -> Iterator[Problem]:
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if not is_number and not (isinstance(value, float) and math.isfinite(value)):
            yield problem(at, "must provide a number")


@dataclass(frozen=True, slots=True)
class Flag:
    """A boolean."""

    def check(self, value: object, at: str, /) -> Iterator[Problem]:
        if not isinstance(value, bool):
            yield problem(at, "must provide a boolean")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few strings or integers."""

    allowed: tuple[str | int, ...]

    def check(self, value: object, at: str, /) -> Iterator[Problem]:
        # `True == 1` in Python, and not in JSON.
        if isinstance(value, bool) or not isinstance(value, str | int) or value not in self.allowed:
            yield problem(at, f"must be one of: {', '.join(map(str, self.allowed))}")


@dataclass(frozen=True, slots=True)
class Items:
    """A list of `least` to `most` items of one shape; with `unique`, no string twice."""

    of: Shape
    least: int = 0
    most: int | None = None
    unique: bool = False

    def check(self, value: object, at: str, /) -> Iterator[Problem]:
        if not isinstance(value, list):
            yield problem(at, "must provide an array")
            return
        if len(value) < self.least:
            yield problem(at, f"no fewer than {self.least} items allowed")
        if self.most is not None and len(value) > self.most:
            # The surplus is not looked at: one sentence says it all.
            yield problem(at, f"no more than {self.most} items allowed")
        for index, item in enumerate(value[: self.most]):
            yield from self.of.check(item, step(at, index))
        if self.unique:
            yield from _repeated(value[: self.most], at)


def _repeated(values: Sequence[object], at: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, value in enumerate(values):
        if isinstance(value, str):
            if value in seen:
                yield problem(step(at, index), "must not be given twice")
            seen.add(value)


@dataclass(frozen=True, slots=True)
class Record:
    """An object with known fields; a field that is not listed is a problem.

    `one_of` names fields of which exactly one must be given, `any_of` fields of which at least one must be.
    `newer` names fields that Slack knows and the sandbox does not. `rules` compare fields with each other;
    they run only on an object whose shape is right, so they may rely on it.
    """

    fields: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    newer: frozenset[str] = frozenset()
    rules: tuple[Rule, ...] = field(default=())

    def check(self, value: object, at: str, /) -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            yield problem(at, "must provide an object")
            return
        found = [*self._presence(value, at), *self._fields(value, at)]
        yield from found
        if not found:
            for rule in self.rules:
                yield from rule(value, at)

    def _presence(self, value: Mapping[str, object], at: str) -> Iterator[Problem]:
        for name in self.required:
            if name not in value:
                yield problem(at, f"missing required field: {name}")
        if self.one_of and sum(name in value for name in self.one_of) != 1:
            yield problem(at, f"must provide exactly one of: {', '.join(self.one_of)}")
        if self.any_of and not any(name in value for name in self.any_of):
            yield problem(at, f"must provide at least one of: {', '.join(self.any_of)}")

    def _fields(self, value: Mapping[str, object], at: str) -> Iterator[Problem]:
        for name, content in value.items():
            shape = self.fields.get(name)
            if shape is not None:
                yield from shape.check(content, step(at, name))
            elif name in self.newer:
                yield problem(step(at, name), f"the sandbox does not support the field {name}", NOT_SUPPORTED)
            else:
                yield problem(step(at, name), f"invalid additional property: {name}")


@dataclass(frozen=True, slots=True)
class Variants:
    """Objects told apart by their `type`.

    `elsewhere` names types that exist in Slack but not in this place, `newer` those that the sandbox does not
    support anywhere.
    """

    of: Mapping[str, Shape]
    elsewhere: frozenset[str] = frozenset()
    newer: frozenset[str] = frozenset()

    def check(self, value: object, at: str, /) -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            yield problem(at, "must provide an object")
        elif "type" not in value:
            yield problem(at, "missing required field: type")
        else:
            yield from self._by_type(value, value["type"], at)

    def _by_type(self, value: Mapping[str, object], kind: object, at: str) -> Iterator[Problem]:
        if not isinstance(kind, str):
            yield problem(step(at, "type"), "must provide a string")
        elif kind in self.of:
            yield from self.of[kind].check(value, at)
        elif kind in self.newer:
            yield problem(step(at, "type"), f"the sandbox does not support the type {kind}", NOT_SUPPORTED)
        elif kind in self.elsewhere:
            yield problem(step(at, "type"), f"type {kind} is not allowed here")
        else:
            yield problem(step(at, "type"), f"unsupported type: {kind}")


def typed(
    *required: str,
    one_of: tuple[str, ...] = (),
    any_of: tuple[str, ...] = (),
    newer: tuple[str, ...] = (),
    rules: tuple[Rule, ...] = (),
    fields: Mapping[str, Shape],
) -> Record:
    """Make a `Record` for use in `Variants`: its `type` is known to be right."""
    return Record({"type": Anything(), **fields}, required, one_of, any_of, frozenset(newer), rules)
