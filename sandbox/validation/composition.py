"""Composition objects of Block Kit: texts, options, confirmation dialogs and the like.

Limits: https://docs.slack.dev/reference/block-kit/composition-objects/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sandbox.validation.problems import Problem, problem, step
from sandbox.validation.schema import Choice, Flag, Items, Record, Shape, Text, Variants, typed

IDENTIFIER = Text(1, 255)
LINK = Text(1, 3000, r"[A-Za-z][A-Za-z0-9+.-]*:.+", "must be a valid URL")
WEB_ADDRESS = Text(1, 3000, r"https?://.+", "must be a valid URL")
USER_ID = Text(1, None, r"[UW][A-Z0-9]+", "must be a user ID")
CHANNEL_ID = Text(1, None, r"[CG][A-Z0-9]+", "must be a channel ID")
LABEL = Text(1, 75)
BUTTON_VALUE = Text(1, 2000)
STYLE = Choice(("primary", "danger"))


def _plain(most: int) -> Record:
    return typed("text", fields={"text": Text(1, most), "emoji": Flag()})


def _mrkdwn(most: int) -> Record:
    return typed("text", fields={"text": Text(1, most), "verbatim": Flag()})


def plain_text(most: int) -> Variants:
    """Return the shape of a `plain_text` object of 1 to `most` characters."""
    return Variants({"plain_text": _plain(most)}, elsewhere=frozenset({"mrkdwn"}))


def text_object(most: int) -> Variants:
    """Return the shape of a `plain_text` or `mrkdwn` object of 1 to `most` characters."""
    return Variants({"plain_text": _plain(most), "mrkdwn": _mrkdwn(most)})


def distinct_values(value: Mapping[str, object], at: str) -> Iterator[Problem]:
    """Flag two options with one value: the app could not tell which was chosen."""
    seen: set[object] = set()
    for pointer, option in options_of(value, at):
        if option["value"] in seen:
            yield problem(
                step(pointer, "value"), "repeats the value of another option", "duplicate_option_value"
            )
        seen.add(option["value"])


def options_of(value: Mapping[str, object], at: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Walk the options of an element of the right shape, grouped or not, each with its pointer."""
    for name in ("options", "option_groups"):
        items = value.get(name)
        for index, item in enumerate(items if isinstance(items, list) else []):
            pointer = step(step(at, name), index)
            if name == "options":
                yield pointer, item
            else:
                yield from options_of(item, pointer)


def _option(text: Shape, *, description: Shape, extra: Mapping[str, Shape] | None = None) -> Record:
    return Record(
        {"text": text, "value": Text(1, 150), "description": description, **(extra or {})}, ("text", "value")
    )


PLAIN_OPTION = _option(plain_text(75), description=plain_text(75))
RICH_OPTION = _option(text_object(75), description=text_object(75))
OVERFLOW_OPTION = _option(plain_text(75), description=plain_text(75), extra={"url": LINK})

OPTIONS = Items(PLAIN_OPTION, 1, 100)
OPTION_GROUPS = Items(Record({"label": plain_text(75), "options": OPTIONS}, ("label", "options")), 1, 100)

CONFIRM = Record(
    {
        "title": plain_text(100),
        "text": text_object(300),
        "confirm": plain_text(30),
        "deny": plain_text(30),
        "style": STYLE,
    },
    ("title", "text", "confirm", "deny"),
)
PLACEHOLDER = plain_text(150)
_FILE_ID = r"F[A-Z0-9]{8,}"
SLACK_FILE = Record(
    {"id": Text(1, pattern=_FILE_ID, wanted=f"input must match regex pattern: ^{_FILE_ID}$"), "url": LINK},
    one_of=("id", "url"),
)
DISPATCH_ACTION_CONFIG = Record(
    {"trigger_actions_on": Items(Choice(("on_enter_pressed", "on_character_entered")), 1, 2, unique=True)},
    ("trigger_actions_on",),
)
CONVERSATION_FILTER = Record(
    {
        "include": Items(Choice(("im", "mpim", "private", "public")), 1, 4, unique=True),
        "exclude_external_shared_channels": Flag(),
        "exclude_bot_users": Flag(),
    },
    any_of=("include", "exclude_external_shared_channels", "exclude_bot_users"),
)
