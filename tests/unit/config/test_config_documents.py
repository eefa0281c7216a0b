"""The schema, the example and the documentation say what the code does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from bot.config import ConfigError, config_schema, dump, load

ROOT = Path(__file__).parents[3]
EXAMPLE = (ROOT / "desk.example.yaml").read_text()
DOCUMENT = (ROOT / "docs" / "configuration.md").read_text()
DOCUMENTED_ERRORS = re.findall(r"```yaml\n((?:(?!```).)*)```\n```text\n(.*?)```", DOCUMENT, re.DOTALL)


def as_json(text: str) -> object:
    return YAML(typ="safe", pure=True).load(text)


def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(config_schema())


def test_the_schema_is_a_valid_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(config_schema())


DUTIES = """
desks:
  it:
    triage_channel: "#it-triage"
    managers_channel: "#it-managers"
    shifts:
      - {days: [mon-thu, sat], hours: "22:00-06:00", people: "@tom"}
      - {hours: ["08:00-12:00", "13:00-17:00"], timezone: Asia/Kolkata, people: ["@ann", U012AB]}
    digest: {at: "09:00", days: mon-fri, reviews: [weekly, monthly]}
"""


@pytest.mark.parametrize(
    "text", [EXAMPLE, dump(load(EXAMPLE).config), DUTIES, dump(load(DUTIES).config), "", "desks:\n"]
)
def test_the_schema_accepts_what_loads(text: str) -> None:
    load(text)
    validator().validate(as_json(text))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("triage_channel:", "triage_chanel:"),
        ("close_after: 3d", "close_after: 3 days"),
        ("warn_at: [50%, 80%]", "warn_at: [50, 80]"),
        ("mon-fri:", "mon-fry:"),
        ("always: 24x7", "always: 24/7"),
        ("P5: {respond: 2d, resolve: 10d}", ""),
        ("raise: ticket", "raise: ':ticket:'"),
        ('agents: {members_of: "#it-triage"}', 'agents: {channel: "#it-triage"}'),
        ("matrix: default", "matrix: standard"),
        ("resolve breach + 1h", "resolve later"),
        ("respond_by: [claim, reply]", "respond_by: [phone]"),
        ("days: mon-fri}", "days: mon-fri, reviews: daily}"),
        ("close_after: 3d", "shifts: [{hours: '08:00-16:00'}]"),
        ("close_after: 3d", "shifts: [{hours: 8 to 16, people: '@tom'}]"),
    ],
)
def test_the_schema_refuses_a_form_that_does_not_load(old: str, new: str) -> None:
    text = EXAMPLE.replace(old, new)
    assert text != EXAMPLE
    with pytest.raises(ConfigError):
        load(text)
    with pytest.raises(jsonschema.ValidationError):
        validator().validate(as_json(text))


def keys_of(schema: object) -> Iterator[str]:
    """Every key that some part of a schema knows."""
    if isinstance(schema, Mapping):
        properties = schema.get("properties", {})
        assert isinstance(properties, Mapping)
        yield from properties
        for part in schema.values():
            yield from keys_of(part)
    if isinstance(schema, list):
        for part in schema:
            yield from keys_of(part)


def test_the_documentation_names_every_key() -> None:
    keys = set(keys_of(config_schema()))
    assert {"triage_channel", "pause_while", "special", "undo_within"} <= keys
    assert {key for key in keys if not re.search(rf"\b{key}\b", DOCUMENT)} == set()


def test_the_documentation_shows_errors() -> None:
    assert len(DOCUMENTED_ERRORS) > 3


@pytest.mark.parametrize(("text", "shown"), DOCUMENTED_ERRORS)
def test_an_error_in_the_documentation_is_what_the_file_above_it_says(text: str, shown: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert str(caught.value) == shown.strip()


def test_an_example_of_a_desk_in_the_documentation_loads_without_warnings() -> None:
    (example,) = [text for text in re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL) if "reviews" in text]
    assert load(example).warnings == ()
