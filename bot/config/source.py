"""YAML text → a tree of nodes with line numbers.

The parser's events are read directly. Text stays as it was written: `on`, `24x7`, `09:00`, `+1` and
`2026-12-24` are the words a person typed, and what they mean is decided by the key they stand under.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from bot.config.problems import ConfigError, ConfigProblem

_MOST_CHARACTERS = 1_000_000
_DEEPEST = 30
# Aliases count as often as they are used, so that ten lines cannot stand for a billion nodes.
_MOST_NODES = 100_000

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUES = frozenset({"true", "True", "TRUE"})
_FALSES = frozenset({"false", "False", "FALSE"})

_PARSER_SAYS = {
    "'\\t'": "A tab stands where YAML needs spaces. Indent with spaces.",
    "'@'": 'A name that begins with @ must be in quotes: "@lea".',
    "'`'": "A text that begins with ` must be in quotes.",
    "'%'": "A text that begins with % must be in quotes.",
    "mapping values are not allowed": (
        "A colon stands where no key can be. Check the indentation, and put text with a colon in quotes."
    ),
    "could not find expected ':'": "This line is no key with a value. Write `key: value`.",
    "expected ',' or": (
        "A list or mapping in brackets is not closed. Names that begin with # must be in quotes, as in"
        ' ["#it-help"], because # starts a comment.'
    ),
    "found unexpected end of stream": "A quote is opened here and never closed. Close it.",
    "but found '<stream end>'": "Brackets are not closed. Close them, and put names with # in quotes.",
    "expected <block end>": "This line is indented differently from those it belongs to. Align them.",
}


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value. `plain` means: written without quotes."""

    line: int
    text: str
    plain: bool
    size: int = 1

    @property
    def is_null(self) -> bool:
        """Whether nothing is given here."""
        return self.plain and self.text in _NULLS

    @property
    def truth(self) -> bool | None:
        """True or false when the value is one of these two words, otherwise None."""
        if self.plain and self.text in _TRUES:
            return True
        return False if self.plain and self.text in _FALSES else None


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    line: int
    items: tuple[Node, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A key and its value."""

    key: str
    line: int
    value: Node


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with values, in the order of the file."""

    line: int
    entries: tuple[Entry, ...]
    size: int


Node = Scalar | Sequence | Mapping

# What is left open is reported where it was opened, not where the parser gave up.
_LEFT_OPEN = ("expected ',' or", "found unexpected end of stream")


def read_source(text: str, *, source: str) -> tuple[Node | None, list[ConfigProblem]]:
    """The tree of the one document in `text` (None when it is empty) and the duplicate keys found.

    Raises `ConfigError` when the text is no YAML that can be read further.
    """
    if len(text) > _MOST_CHARACTERS:
        problem = ConfigProblem(
            None, "", f"The file has more than {_MOST_CHARACTERS:,} characters. Shorten it."
        )
        raise ConfigError([problem], source=source)
    composer = _Composer(_events(text))
    try:
        return composer.document(), composer.duplicates
    except _StopError as stop:
        raise ConfigError([*composer.duplicates, stop.problem], source=source) from stop


class _StopError(Exception):
    """The text cannot be read further."""

    def __init__(self, line: int | None, message: str) -> None:
        self.problem = ConfigProblem(line, "", message)
        super().__init__(message)


def _events(text: str) -> Iterator[Event]:
    parser = YAML(typ="safe", pure=True)
    try:
        yield from parser.parse(text)
    except MarkedYAMLError as error:
        raise _StopError(
            _line_of(error, text), _explain(str(error.problem or error.context or ""))
        ) from error
    except YAMLError as error:
        raise _StopError(
            None, "A character in this file cannot stand in YAML. Save it as plain UTF-8 text."
        ) from error
    # Malformed escapes, directives and marks make the parser fail with these instead of its own errors.
    except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise _StopError(
            None, "This is not YAML that can be read. Check the quotes and the escapes."
        ) from error


def _line_of(error: MarkedYAMLError, text: str) -> int | None:
    left_open = any(part in str(error.problem) for part in _LEFT_OPEN)
    mark = (error.context_mark if left_open else None) or error.problem_mark or error.context_mark
    return None if mark is None else min(mark.line + 1, max(1, len(text.splitlines())))


def _explain(problem: str) -> str:
    for part, sentence in _PARSER_SAYS.items():
        if part in problem:
            return sentence
    return f"This is not valid YAML: {problem}." if problem else "This is not valid YAML."


@dataclass
class _Composer:
    """Turns events into nodes; anchors hold finished nodes, so that no node can contain itself."""

    events: Iterator[Event]
    duplicates: list[ConfigProblem] = field(default_factory=list)
    _anchors: dict[str, Node] = field(default_factory=dict)

    def document(self) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                self._check_document(event, documents)
            elif isinstance(event, NodeEvent):
                root = self._node(event, "", depth=0)
        return root

    @staticmethod
    def _check_document(event: DocumentStartEvent, documents: int) -> None:
        if documents > 1:
            raise _StopError(
                _line(event), "A second document starts here. Keep one, and remove the line with ---."
            )
        if event.version is not None and tuple(event.version) != (1, 2):
            raise _StopError(1, "desk.yaml is YAML 1.2. Remove the %YAML line.")

    def _node(self, event: Event, path: str, *, depth: int) -> Node:
        if isinstance(event, AliasEvent):
            return self._alias(event)
        if depth > _DEEPEST:
            raise _StopError(
                _line(event), f"This is nested more than {_DEEPEST} levels deep. Make it flatter."
            )
        if getattr(event, "tag", None) is not None:
            raise _StopError(
                _line(event), "Tags (words that begin with !) have no meaning here. Remove the tag."
            )
        node = self._content(event, path, depth)
        if node.size > _MOST_NODES:
            raise _StopError(node.line, f"This stands for more than {_MOST_NODES:,} values. Make it shorter.")
        if (anchor := getattr(event, "anchor", None)) is not None:
            self._anchors[anchor] = node
        return node

    def _content(self, event: Event, path: str, depth: int) -> Node:
        if isinstance(event, ScalarEvent):
            return _scalar(event)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(event, path, depth)
        if isinstance(event, MappingStartEvent):
            return self._mapping(event, path, depth)
        raise _StopError(_line(event), "This is not YAML that can be read.")

    def _alias(self, event: AliasEvent) -> Node:
        node = self._anchors.get(event.anchor)
        if node is None:
            raise _StopError(
                _line(event),
                f"*{event.anchor} is not defined above this line. Define it with &{event.anchor}.",
            )
        return node

    def _sequence(self, event: SequenceStartEvent, path: str, depth: int) -> Sequence:
        items: list[Node] = []
        while not isinstance(inner := next(self.events), SequenceEndEvent):
            items.append(self._node(inner, f"{path}[{len(items) + 1}]", depth=depth + 1))
        return Sequence(_line(event), tuple(items), 1 + sum(item.size for item in items))

    def _mapping(self, event: MappingStartEvent, path: str, depth: int) -> Mapping:
        entries: dict[str, Entry] = {}
        size = 1
        while not isinstance(inner := next(self.events), MappingEndEvent):
            entry = self._entry(inner, path, depth)
            size += 1 + entry.value.size
            first = entries.setdefault(entry.key, entry)
            if first is not entry:
                message = f'"{entry.key}" is already given in line {first.line}. Keep one of the two.'
                self.duplicates.append(ConfigProblem(entry.line, join_path(path, entry.key), message))
        return Mapping(_line(event), tuple(entries.values()), size)

    def _entry(self, event: Event, path: str, depth: int) -> Entry:
        key = self._node(event, path, depth=depth + 1)
        if not isinstance(key, Scalar):
            raise _StopError(key.line, "A key must be a single word, not a list or a mapping.")
        value = self._node(next(self.events), join_path(path, key.text), depth=depth + 1)
        if isinstance(value, Scalar) and not value.text and value.plain:
            # The parser places an absent value where the next token begins, often lines below.
            value = Scalar(key.line, "", plain=True)
        line = _line(event)
        return Entry(key.text, line, value)


def join_path(path: str, key: str) -> str:
    """The path of a key inside `path`."""
    return f"{path}.{key}" if path else key


def _scalar(event: ScalarEvent) -> Scalar:
    text = str(event.value)
    if any(unicodedata.category(c) in {"Cc", "Zl", "Zp", "Cs"} and c not in "\n\t" for c in text):
        raise _StopError(_line(event), "This text contains an invisible control character. Remove it.")
    return Scalar(_line(event), text, plain=event.style is None)


def _line(event: Event) -> int:
    line: int = event.start_mark.line
    return line + 1
