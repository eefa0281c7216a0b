"""The single values of desk.yaml: channels, people, durations, emoji, short texts."""

from __future__ import annotations

import re
import unicodedata

from bot.config.model import ROLES, ChannelRef, PersonRef, Recipient, Role, without_skin_tone
from bot.config.problems import BadValueError, did_you_mean
from bot.config.shapes import Shape, word
from bot.service_levels.calendars import parse_time
from bot.service_levels.durations import parse_duration

_CHANNEL_NAME = re.compile(r"#[^\s#@:,.A-Z]{1,80}")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_DURATION_PATTERN = r"^(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$"


def parse_channel(text: str) -> ChannelRef:
    """A `#name` or a channel id. Raises `BadValueError`."""
    ref = ChannelRef(text)
    if ref.is_id or _CHANNEL_NAME.fullmatch(text):
        return ref
    meant = "#" + text.lstrip("#").lower()
    hint = (
        f'Write "{meant}".' if _CHANNEL_NAME.fullmatch(meant) else 'Write it like "#it-help", or give its id.'
    )
    raise BadValueError(f'"{text}" is not a channel. {hint}')


def parse_person(text: str) -> PersonRef:
    """An id, an e-mail address or `@name`. Raises `BadValueError`."""
    ref = PersonRef(text)
    if ref.is_id or _EMAIL.fullmatch(text) or re.fullmatch(r"@[^@#\s][^@#\n]{0,79}", text):
        return ref
    hint = "" if not re.fullmatch(r"[^@#\s]+", text) else f' Write "@{text}".'
    raise BadValueError(f'"{text}" is not a person.{hint or " Write @name, an e-mail address or an id."}')


def parse_recipient(text: str) -> Recipient:
    """One of `ROLES`, a person or a channel. Raises `BadValueError`."""
    if text in ROLES:
        return Role(text)
    if text.startswith("#") or ChannelRef(text).is_id:
        return parse_channel(text)
    if "@" in text or PersonRef(text).is_id:
        return parse_person(text)
    hint = did_you_mean(text, ROLES) or f" Known: {', '.join(ROLES)}, @name, #channel."
    raise BadValueError(f'"{text}" is nobody that can be told.{hint}')


def parse_usergroup(text: str) -> str:
    """The handle of a user group, with or without @. Raises `BadValueError`."""
    handle = text.removeprefix("@")
    if not re.fullmatch(r"[^\s@#:,]{1,80}", handle):
        raise BadValueError(f'"{text}" is not a user group. Write its handle, such as it-agents.')
    return handle


def parse_percentage(text: str) -> int:
    """The number of `80%`, from 1 to 99. Raises `BadValueError`."""
    written = re.fullmatch(r"([0-9]{1,4})%", text)
    if written is None:
        raise BadValueError(f'"{text}" is not a percentage. Write it like 80%.')
    if not 1 <= int(written[1]) <= 99:
        raise BadValueError(f'"{text}" is out of range. A warning comes between 1% and 99% of the target.')
    return int(written[1])


def parse_emoji(text: str) -> str:
    """An emoji's name, its skin tone removed. Raises `BadValueError`."""
    name = without_skin_tone(text)
    if ":" in name:
        bare = without_skin_tone(name.strip(":")).strip(":")
        hint = f'Write "{bare}".' if bare and ":" not in bare else 'Write it like "ticket".'
        raise BadValueError(f'"{text}" has colons. {hint}')
    if any(unicodedata.category(c) in {"So", "Sk", "Cf"} for c in name) or not name:
        raise BadValueError(f'"{text}" is not an emoji\'s name. Write the name, such as "ticket".')
    if re.search(r"[\s,#@]", name) or name != name.lower():
        raise BadValueError(
            f'"{text}" is not an emoji\'s name. Names are lowercase without spaces, such as "ticket".'
        )
    return name


def _parse_positive(text: str) -> int:
    seconds = parse_duration(text)
    if seconds == 0:
        raise BadValueError(f'"{text}" is no time at all. Write a duration of at least 1s.')
    return seconds


def short_text(longest: int, *, may_be_empty: bool = False) -> Shape[str]:
    """One line of text."""

    def parse(text: str) -> str:
        if not (text or may_be_empty) or "\n" in text or "\t" in text:
            raise BadValueError("One line of text belongs here.")
        if len(text) > longest:
            raise BadValueError(f'"{text[:20]}…" has {len(text)} characters. At most {longest} fit here.')
        return text

    return word(
        parse, {"type": ["string", "number"], "minLength": 0 if may_be_empty else 1, "maxLength": longest}
    )


channel = word(parse_channel, {"type": "string", "pattern": r"^(#[^\s#@:,.A-Z]{1,80}|[CG][A-Z0-9]+)$"})
person = word(
    parse_person, {"type": "string", "pattern": r"^(@[^@#\s][^@#]*|[UW][A-Z0-9]+|[^\s@]+@[^\s@]+\.[^\s@]+)$"}
)
recipient = word(parse_recipient, {"type": "string"})
usergroup = word(parse_usergroup, {"type": "string", "pattern": r"^@?[^\s@#:,]{1,80}$"})
percentage = word(parse_percentage, {"type": "string", "pattern": "^[1-9][0-9]?%$"})
emoji = word(parse_emoji, {"type": ["string", "integer"], "pattern": r"^[^\s,#@A-Z:]+(::skin-tone-[2-6])?$"})
duration = word(_parse_positive, {"type": "string", "pattern": _DURATION_PATTERN})
duration_or_none = word(parse_duration, {"type": "string", "pattern": _DURATION_PATTERN})
time_of_day = word(parse_time, {"type": "string", "pattern": r"^([01]?[0-9]|2[0-3]):[0-5][0-9]$"})
