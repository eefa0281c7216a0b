"""Faults injected on purpose. They never count as violations of the app."""

from __future__ import annotations

import fnmatch
import json
import random
from dataclasses import dataclass
from typing import Literal, get_args

from sandbox.ids import new_secret
from sandbox.jsontypes import JsonObject, as_flag, as_number, as_text

ApiFault = Literal["lost_answer", "drop", "ratelimited", "http_error", "hang", "error", "garbage"]
StandingFault = Literal[
    "outage",
    "history_lag",
    "page_cap",
    "duplicate_events",
    "shuffle_events",
    "withhold_events",
    "lose_events",
]
FaultKind = ApiFault | StandingFault

_API_KINDS = frozenset(get_args(ApiFault))
_STANDING_KINDS = frozenset(get_args(StandingFault))


class FaultInvalid(ValueError):
    """The fault is not one the sandbox can inject; see sandbox/README.md for the kinds."""


@dataclass
class Fault:
    """One rule.

    `method` is a pattern such as `chat.*`; `contains` a piece of the arguments as JSON; `times` 0 means
    until it is lifted; `seconds` and `status`, `error`, `count` are read by the kinds that need them.
    """

    id: str
    kind: str
    method: str = "*"
    contains: str = ""
    times: int = 0
    probability: float = 1.0
    seconds: float = 0.0
    status: int = 500
    error: str = "internal_error"
    count: int = 0
    same_id: bool = True
    mode: str = "drop"
    apply: bool = False
    used: int = 0

    def applies(self, method: str, args: JsonObject) -> bool:
        """True if this call is hit; draws lots when a probability is set."""
        if self.spent or not fnmatch.fnmatchcase(method, self.method):
            return False
        if self.contains and self.contains not in json.dumps(args, ensure_ascii=False):
            return False
        return self.probability >= 1.0 or random.random() < self.probability

    @property
    def spent(self) -> bool:
        return 0 < self.times <= self.used


class Faults:
    """All rules in force, oldest first."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []

    def add(self, data: JsonObject) -> Fault:
        """Adds a rule from its JSON form. Raises FaultInvalid."""
        kind = as_text(data.get("kind"))
        if kind not in _API_KINDS | _STANDING_KINDS:
            known = ", ".join(sorted(_API_KINDS | _STANDING_KINDS))
            raise FaultInvalid(f"There is no fault {kind!r}; there is: {known}.")
        fault = Fault(
            id=new_secret(8),
            kind=kind,
            method=as_text(data.get("method")) or "*",
            contains=as_text(data.get("contains")),
            times=int(as_number(data.get("times"), 0)),
            probability=as_number(data.get("probability"), 1.0),
            seconds=as_number(data.get("seconds"), 1.0 if kind == "ratelimited" else 0.0),
            status=int(as_number(data.get("status"), 500)),
            error=as_text(data.get("error")) or "internal_error",
            count=int(as_number(data.get("count"), 0)),
            same_id=as_flag(data.get("same_id"), default=True),
            mode=as_text(data.get("mode")) or "drop",
            apply=as_flag(data.get("apply")),
        )
        self.rules.append(fault)
        return fault

    def lift(self, fault_id: str = "") -> None:
        """Removes one rule, or all."""
        self.rules = [rule for rule in self.rules if fault_id and rule.id != fault_id]

    def for_call(self, method: str, args: JsonObject) -> Fault | None:
        """The first rule that hits this call of the Web API; it is used up by one."""
        for rule in self.rules:
            if rule.kind in _API_KINDS and rule.applies(method, args):
                rule.used += 1
                return rule
        return None

    def standing(self, kind: StandingFault) -> Fault | None:
        """The rule of that kind in force, if any."""
        return next((rule for rule in self.rules if rule.kind == kind and not rule.spent), None)
