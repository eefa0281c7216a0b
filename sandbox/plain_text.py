"""Messages as a person reads them, in plain text: for a terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from sandbox.emoji_names import characters
from sandbox.jsontypes import JsonObject, as_number, as_object, as_text, objects
from sandbox.seen import SeenMessage

_TOKEN = re.compile(r"<([^<>\n]+)>")
_EMOJI = re.compile(r":([a-z0-9_+'-]+):")
_BOLD = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])")
_FORMAT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Reader:
    """Who reads: what people and channels are called (by id), what time it is, and where."""

    names: Mapping[str, str]
    now: datetime
    zone: tzinfo

    def lines(self, message: SeenMessage) -> list[str]:
        """What a message shows, line by line; buttons as `[Claim]`."""
        if not message.blocks:
            return self.mrkdwn(message.text).splitlines()
        return [line for block in message.blocks for line in self._block(block)]

    # -- blocks -------------------------------------------------------------------------------------------

    def _block(self, block: JsonObject) -> list[str]:
        kind = block.get("type")
        if kind == "rich_text":
            return [line for part in objects(block.get("elements")) for line in self._rich(part)]
        if kind == "context":
            return ["".join(self._text(element) for element in objects(block.get("elements")))]
        if kind == "actions":
            labels = [as_text(as_object(e.get("text")).get("text")) for e in objects(block.get("elements"))]
            return [" ".join(f"[{label}]" for label in labels)]
        return self._text(as_object(block.get("text"))).splitlines()

    def _text(self, value: JsonObject) -> str:
        text = as_text(value.get("text"))
        return self.mrkdwn(text) if value.get("type") == "mrkdwn" else _with_emoji(text)

    def _rich(self, part: JsonObject) -> list[str]:
        if part.get("type") == "rich_text_list":
            items = [line for item in objects(part.get("elements")) for line in self._rich(item)]
            return [f"• {line}" for line in items]
        words = "".join(self._inline(item) for item in objects(part.get("elements")))
        mark = "│ " if part.get("type") == "rich_text_quote" else ""
        return [f"{mark}{line}" for line in words.splitlines()]

    def _inline(self, item: JsonObject) -> str:
        match item.get("type"):
            case "user":
                return f"@{self._name(as_text(item.get('user_id')))}"
            case "channel":
                return f"#{self._name(as_text(item.get('channel_id')))}"
            case "emoji":
                return _character(as_text(item.get("name")))
            case "date":
                return self.instant(as_text(item.get("format")), as_number(item.get("timestamp")))
            case "link":
                return as_text(item.get("text")) or as_text(item.get("url"))
            case _:
                return as_text(item.get("text"))

    # -- texts --------------------------------------------------------------------------------------------

    def mrkdwn(self, text: str) -> str:
        """Slack's mrkdwn without its marks."""
        shown = _BOLD.sub(r"\1", _TOKEN.sub(self._token, text))
        return _with_emoji(shown).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")

    def _token(self, match: re.Match[str]) -> str:
        target, _, label = match[1].partition("|")
        if target.startswith("!date^"):
            _, seconds, form, *_ = target.split("^")
            return self.instant(form, float(seconds))
        if target.startswith("@"):
            return f"@{self._name(target[1:])}"
        if target.startswith("#"):
            return f"#{self._name(target[1:])}"
        return label or target

    def _name(self, record_id: str) -> str:
        return self.names.get(record_id, record_id)

    def instant(self, form: str, seconds: float) -> str:
        """Slack's date formats, such as `{date_short_pretty} at {time}`."""
        at = datetime.fromtimestamp(seconds, self.zone)
        return _FORMAT.sub(lambda match: self._date_part(match[1], at), form)

    def _date_part(self, name: str, at: datetime) -> str:
        if name == "time":
            return f"{at:%H:%M}"
        today = self.now.astimezone(self.zone).date()
        near = {
            today: "today",
            today - timedelta(days=1): "yesterday",
            today + timedelta(days=1): "tomorrow",
        }
        if name.endswith("pretty") and at.date() in near:
            return near[at.date()]
        return f"{at.day} {at:%b}"


def _with_emoji(text: str) -> str:
    return _EMOJI.sub(lambda match: characters().get(match[1], match[0]), text)


def _character(name: str) -> str:
    return characters().get(name.partition("::")[0], f":{name}:")
