"""Block elements: what can stand in a section, an actions block, an input, a context.

Limits and places: https://docs.slack.dev/reference/block-kit/block-elements/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from sandbox.validation.composition import (
    BUTTON_VALUE,
    CHANNEL_ID,
    CONFIRM,
    CONVERSATION_FILTER,
    DISPATCH_ACTION_CONFIG,
    IDENTIFIER,
    LABEL,
    LINK,
    OPTION_GROUPS,
    OPTIONS,
    OVERFLOW_OPTION,
    PLACEHOLDER,
    PLAIN_OPTION,
    RICH_OPTION,
    SLACK_FILE,
    STYLE,
    USER_ID,
    WEB_ADDRESS,
    distinct_values,
    options_of,
    plain_text,
    text_object,
)
from sandbox.validation.problems import Problem, problem, step
from sandbox.validation.rich_text import RICH_TEXT
from sandbox.validation.schema import Choice, Flag, Items, Record, Rule, Shape, Text, Variants, Whole, typed

# --- rules that compare fields of one element ---


def _comparable(option: object) -> object:
    """Bring an option to the form Slack compares: `emoji` is true unless it is said to be false."""
    if not isinstance(option, Mapping):
        return option
    if option.get("type") == "plain_text":
        return {"emoji": True, **option}
    return {key: _comparable(value) for key, value in option.items()}


def _initial_among_options(value: Mapping[str, object], at: str) -> Iterator[Problem]:
    options = [_comparable(option) for _, option in options_of(value, at)]
    if "initial_option" in value and _comparable(value["initial_option"]) not in options:
        yield problem(step(at, "initial_option"), "must match one of the options")
    initial = value.get("initial_options")
    for index, option in enumerate(initial if isinstance(initial, list) else []):
        if _comparable(option) not in options:
            yield problem(step(step(at, "initial_options"), index), "must match one of the options")


def _length_range(value: Mapping[str, object], at: str) -> Iterator[Problem]:
    least, most = value.get("min_length", 0), value.get("max_length", 3000)
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield problem(step(at, "min_length"), "must not be greater than max_length")


def _number_range(value: Mapping[str, object], at: str) -> Iterator[Problem]:
    numbers = {
        name: Decimal(str(value[name]))
        for name in ("min_value", "max_value", "initial_value")
        if name in value
    }
    least, most, initial = (numbers.get(name) for name in ("min_value", "max_value", "initial_value"))
    if least is not None and most is not None and least > most:
        yield problem(step(at, "min_value"), "must not be greater than max_value")
    if initial is not None and least is not None and initial < least:
        yield problem(step(at, "initial_value"), "must not be less than min_value")
    if initial is not None and most is not None and initial > most:
        yield problem(step(at, "initial_value"), "must not be greater than max_value")


# --- families of elements ---

_ACTION: dict[str, Shape] = {"action_id": IDENTIFIER}
_FOCUS: dict[str, Shape] = {"focus_on_load": Flag()}
_CONFIRMED: dict[str, Shape] = {**_ACTION, "confirm": CONFIRM}
_CHOSEN: dict[str, Shape] = {**_CONFIRMED, **_FOCUS}
_PICKED: dict[str, Shape] = {**_CHOSEN, "placeholder": PLACEHOLDER}
_TYPED: dict[str, Shape] = {
    **_ACTION,
    **_FOCUS,
    "placeholder": PLACEHOLDER,
    "dispatch_action_config": DISPATCH_ACTION_CONFIG,
}
_FROM_OPTIONS: tuple[Rule, ...] = (distinct_values, _initial_among_options)
_INITIAL_OPTIONS = Items(PLAIN_OPTION, 1, 100)
_DECIMAL = Text(1, None, r"-?[0-9]+(\.[0-9]+)?", "must be a number written as a string")
_DATE = Text(1, None, r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", "must be a date: YYYY-MM-DD")
_TIME = Text(1, None, r"([01][0-9]|2[0-3]):[0-5][0-9]", "must be a time: HH:mm")


def _single(**fields: Shape) -> Record:
    return typed(fields={**_PICKED, **fields})


def _multi(**fields: Shape) -> Record:
    return typed(fields={**_PICKED, "max_selected_items": Whole(1), **fields})


def _static(multiple: Mapping[str, Shape]) -> Record:
    return typed(
        one_of=("options", "option_groups"),
        rules=_FROM_OPTIONS,
        fields={**_PICKED, "options": OPTIONS, "option_groups": OPTION_GROUPS, **multiple},
    )


def _text_input(*required: str, rules: tuple[Rule, ...] = (), **fields: Shape) -> Record:
    return typed(*required, rules=rules, fields={**_TYPED, **fields})


_BUTTON = typed(
    "text",
    newer=("agent_prompt", "agent_prompt_display", "visible_to_user_ids"),
    fields={
        **_CONFIRMED,
        "text": plain_text(75),
        "url": LINK,
        "value": BUTTON_VALUE,
        "style": STYLE,
        "accessibility_label": LABEL,
    },
)

_FEEDBACK = Record(
    {"text": plain_text(75), "value": BUTTON_VALUE, "accessibility_label": LABEL}, ("text", "value")
)

IMAGE = typed(
    "alt_text",
    one_of=("image_url", "slack_file"),
    fields={"alt_text": Text(1, 2000), "image_url": WEB_ADDRESS, "slack_file": SLACK_FILE},
)

_SELECTS: dict[str, Shape] = {
    "static_select": _static({"initial_option": PLAIN_OPTION}),
    "external_select": _single(initial_option=PLAIN_OPTION, min_query_length=Whole(0)),
    "users_select": _single(initial_user=USER_ID),
    "conversations_select": _single(
        initial_conversation=Text(1),
        default_to_current_conversation=Flag(),
        response_url_enabled=Flag(),
        filter=CONVERSATION_FILTER,
    ),
    "channels_select": _single(initial_channel=CHANNEL_ID, response_url_enabled=Flag()),
    "multi_static_select": _static({"initial_options": _INITIAL_OPTIONS, "max_selected_items": Whole(1)}),
    "multi_external_select": _multi(initial_options=_INITIAL_OPTIONS, min_query_length=Whole(0)),
    "multi_users_select": _multi(initial_users=Items(USER_ID, 1)),
    "multi_conversations_select": _multi(
        initial_conversations=Items(Text(1), 1),
        default_to_current_conversation=Flag(),
        filter=CONVERSATION_FILTER,
    ),
    "multi_channels_select": _multi(initial_channels=Items(CHANNEL_ID, 1)),
}

_CHOICES: dict[str, Shape] = {
    "checkboxes": typed(
        "options",
        rules=_FROM_OPTIONS,
        fields={
            **_CHOSEN,
            "options": Items(RICH_OPTION, 1, 10),
            "initial_options": Items(RICH_OPTION, 1, 10),
        },
    ),
    "radio_buttons": typed(
        "options",
        rules=_FROM_OPTIONS,
        fields={**_CHOSEN, "options": Items(RICH_OPTION, 1, 10), "initial_option": RICH_OPTION},
    ),
    "datepicker": _single(initial_date=_DATE),
    "timepicker": _single(initial_time=_TIME, timezone=Text(1)),
}

_DATETIME: dict[str, Shape] = {
    "datetimepicker": typed(fields={**_CHOSEN, "initial_date_time": Whole(10**9, 10**10 - 1)})
}

_OVERFLOW: dict[str, Shape] = {
    "overflow": typed(
        "options", rules=(distinct_values,), fields={**_CONFIRMED, "options": Items(OVERFLOW_OPTION, 1, 5)}
    )
}

_INPUTS: dict[str, Shape] = {
    "plain_text_input": _text_input(
        rules=(_length_range,),
        initial_value=Text(0, 3000),
        multiline=Flag(),
        min_length=Whole(0, 3000),
        max_length=Whole(1, 3000),
    ),
    "email_text_input": _text_input(initial_value=Text()),
    "url_text_input": _text_input(initial_value=Text()),
    "number_input": _text_input(
        "is_decimal_allowed",
        rules=(_number_range,),
        is_decimal_allowed=Flag(),
        initial_value=_DECIMAL,
        min_value=_DECIMAL,
        max_value=_DECIMAL,
    ),
    "rich_text_input": _text_input(
        "action_id",
        initial_value=Variants({"rich_text": RICH_TEXT}),
        min_lines=Whole(1),
        max_lines=Whole(1),
    ),
    "file_input": typed(fields={**_ACTION, "filetypes": Items(Text(1), 1), "max_files": Whole(1, 10)}),
}

_CONTEXT_ACTIONS: dict[str, Shape] = {
    "feedback_buttons": typed(
        "positive_button",
        "negative_button",
        fields={**_ACTION, "positive_button": _FEEDBACK, "negative_button": _FEEDBACK},
    ),
    "icon_button": typed(
        "icon",
        "text",
        fields={
            **_CONFIRMED,
            "icon": Choice(("trash",)),
            "text": plain_text(75),
            "value": BUTTON_VALUE,
            "accessibility_label": LABEL,
            "visible_to_user_ids": Items(USER_ID),
        },
    ),
}

# --- which element may stand where ---

_ALL = frozenset(
    {"button", "image", *_SELECTS, *_CHOICES, *_DATETIME, *_OVERFLOW, *_INPUTS, *_CONTEXT_ACTIONS}
)
_NEWER = frozenset({"workflow_button"})


def _place(*families: Mapping[str, Shape]) -> Variants:
    allowed = {kind: shape for family in families for kind, shape in family.items()}
    return Variants(allowed, elsewhere=_ALL | {"plain_text", "mrkdwn"}, newer=_NEWER)


_BUTTONS = {"button": _BUTTON}
_IMAGES = {"image": IMAGE}

SECTION_ACCESSORY = _place(_BUTTONS, _IMAGES, _SELECTS, _CHOICES, _OVERFLOW)
ACTIONS_ELEMENT = _place(_BUTTONS, _SELECTS, _CHOICES, _DATETIME, _OVERFLOW)
INPUT_ELEMENT = _place(_INPUTS, _SELECTS, _CHOICES, _DATETIME)
CONTEXT_ELEMENT = _place(_IMAGES, text_object(3000).of)
CONTEXT_ACTIONS_ELEMENT = _place(_CONTEXT_ACTIONS)
