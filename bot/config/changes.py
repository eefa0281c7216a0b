"""What applying a configuration would change, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator

from bot.config.canonical import Branch, Tree, tree
from bot.config.model import DeskConfig

_SECTIONS = {
    "calendars": "Calendar",
    "slas": "SLA",
    "desks": "Desk",
    "catalogue": "Catalogue item",
    "services": "Service",
}


def plan(old: DeskConfig | None, new: DeskConfig) -> list[str]:
    """One sentence for each difference; empty when nothing would change. `old` is None at first."""
    before, after = tree(old or DeskConfig()), tree(new)
    sentences = list(_administrators(before, after))
    if before["priorities"] != after["priorities"]:
        sentences += _differences("The priorities", before["priorities"], after["priorities"], "")
    for section, noun in _SECTIONS.items():
        sentences += _section(noun, _as_tree(before[section]), _as_tree(after[section]))
    return sentences


def _administrators(before: Tree, after: Tree) -> Iterator[str]:
    was, becomes = before.get("administrators"), after.get("administrators")
    if was != becomes:
        owners = "the workspace's owners"
        yield f"The administrators change from {_show(was or owners)} to {_show(becomes or owners)}."


def _section(noun: str, before: Tree, after: Tree) -> Iterator[str]:
    for name, value in after.items():
        if name not in before:
            yield f"{noun} {name} is new{_gist(value)}."
        else:
            yield from _differences(f"{noun} {name}", before[name], value, "")
    for name in before:
        if name not in after:
            yield f"{noun} {name} is removed."


def _gist(value: Branch) -> str:
    if isinstance(value, dict) and "triage_channel" in value:
        return f": {value['name']}, with its cards in {value['triage_channel']}"
    return ""


def _differences(subject: str, before: Branch, after: Branch, path: str) -> Iterator[str]:
    if before == after:
        return
    if not (isinstance(before, dict) and isinstance(after, dict)):
        yield f"{subject}: {path or 'it'} changes from {_show(before)} to {_show(after)}."
        return
    for key in [*before, *(key for key in after if key not in before)]:
        inner = f"{path}.{key}" if path else key
        if key not in after:
            yield f"{subject}: {inner} is removed (it was {_show(before[key])})."
        elif key not in before:
            yield f"{subject}: {inner} is added: {_show(after[key])}."
        else:
            yield from _differences(subject, before[key], after[key], inner)


def _show(value: Branch) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_show(item)}" for key, item in value.items()) or "nothing"
    if isinstance(value, list):
        between = "; " if any(isinstance(item, dict) for item in value) else ", "
        return between.join(_show(item) for item in value) or "nothing"
    return str(value)


def _as_tree(value: Branch) -> Tree:
    return value if isinstance(value, dict) else {}
