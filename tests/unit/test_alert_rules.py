"""The alert rules that come with Deskbell: they watch what there is to watch, and say what to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot.delivery.metrics import REGISTRY

DOCS = Path(__file__).parents[2] / "docs"
RULES: list[dict[str, Any]] = YAML(typ="safe").load((DOCS / "alerts.yaml").read_text())["groups"][0]["rules"]
_METRIC = re.compile(r"\bdeskbell_\w+")


def exposed() -> set[str]:
    """The names under which Prometheus stores what is counted."""
    names = set()
    for family in REGISTRY.collect():
        endings = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}.get(family.type, [""])
        names |= {f"{family.name}{ending}" for ending in endings}
    return names


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_each_rule_watches_metrics_that_exist_and_says_what_to_do(rule: dict[str, Any]) -> None:
    assert set(_METRIC.findall(rule["expr"])) <= exposed()
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["annotations"]["action"].endswith(".")


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_what_can_go_down_is_not_taken_for_a_counter(rule: dict[str, Any]) -> None:
    """Of a gauge, `increase` and `rate` would take a value that sinks for a restart, and add it up."""
    counted = re.findall(r"\b(?:increase|rate)\((\w+)", rule["expr"])
    assert [name for name in counted if not name.endswith(("_total", "_count", "_bucket", "_sum"))] == []


def test_each_metric_is_explained_to_operators() -> None:
    explained = (DOCS / "operations.md").read_text()
    missing = {family.name for family in REGISTRY.collect()} - set(_METRIC.findall(explained))
    assert missing == set()
