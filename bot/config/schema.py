"""The JSON Schema of desk.yaml, for editors: made from the tables that read the file."""

from __future__ import annotations

import json

from bot.config.canonical import Branch, Tree
from bot.config.sections import KEYS
from bot.config.shapes import table_schema


def config_schema() -> Tree:
    """A JSON Schema (draft 2020-12). It knows form, not meaning: names are checked by `load` alone."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "desk.yaml",
        "description": "The configuration of Deskbell.",
        **table_schema(KEYS),
        "type": ["object", "null"],
    }
    return _plain(schema)


def _plain(schema: object) -> Tree:
    """The schema as JSON data: lists for tuples, dictionaries for frozen mappings."""
    return _tree(json.loads(json.dumps(schema, default=dict)))


def _tree(value: Branch) -> Tree:
    if not isinstance(value, dict):
        raise TypeError("A schema is an object.")
    return value
