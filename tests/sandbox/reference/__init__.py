"""Slack's reference, distilled; README.md says from what."""

from __future__ import annotations

import json
from pathlib import Path

from sandbox.jsontypes import JsonObject, as_object


def table(name: str) -> JsonObject:
    """One of the JSON files beside this one."""
    return as_object(json.loads((Path(__file__).parent / name).read_text(encoding="utf-8")))
