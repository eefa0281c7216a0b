"""How strict and how fast the sandbox is. All of it can be changed while it runs."""

from __future__ import annotations

from dataclasses import dataclass, fields

from sandbox.jsontypes import JsonObject


class SettingInvalid(ValueError):
    """There is no such setting, or its value has the wrong type; see sandbox/README.md."""


@dataclass
class Settings:
    """Real seconds throughout.

    `strict`: refuse what Slack refuses (False: accept invalid blocks and views, but record the violation).
    `rate_scale`: 1 is Slack's limits, 2 twice as many calls, 0 none at all.
    `events_per_hour`: how many events the app is sent within an hour, times `rate_scale`.
    `count_rate_limits`: a 429 by `rate_scale` is a violation.
    `retry_scale`: 1 redelivers at once, after 60 s and after 300 s; 0.01 after 0.6 s and 3 s.
    `file_processing`: how long after its completion an upload cannot be shown in a block yet.
    `edit_window`: how long a message can be edited, as workspaces may decide; 0 is for ever.
    """

    strict: bool = True
    rate_scale: float = 1.0
    count_rate_limits: bool = False
    events_per_hour: float = 30_000.0
    retry_scale: float = 1.0
    ack_timeout: float = 3.0
    trigger_lifetime: float = 3.0
    response_url_lifetime: float = 1800.0
    file_processing: float = 0.5
    edit_window: float = 0.0

    def change(self, data: JsonObject) -> None:
        """Sets the named settings. Raises SettingInvalid, in which case nothing has changed."""
        known = {item.name: getattr(self, item.name) for item in fields(self)}
        for name, value in data.items():
            if name not in known:
                raise SettingInvalid(f"There is no setting {name!r}; there is: {', '.join(known)}.")
            is_flag = isinstance(known[name], bool)
            if isinstance(value, bool) != is_flag or not isinstance(value, bool | int | float):
                raise SettingInvalid(f"{name} takes {'true or false' if is_flag else 'a number'}.")
        for name, value in data.items():
            setattr(self, name, value)
