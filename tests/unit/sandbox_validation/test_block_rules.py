from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.validation.blocks import NEWER_BLOCKS, Surface, validate_blocks

Json = dict[str, object]


def plain(text: str = "Text") -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str = "Text") -> Json:
    return {"type": "mrkdwn", "text": text}


def option(value: str = "a", text: str = "A") -> Json:
    return {"text": plain(text), "value": value}


def options(count: int) -> list[Json]:
    return [option(f"v{number}") for number in range(count)]


def section(**fields: object) -> Json:
    return {"type": "section", "text": mrkdwn(), **fields}


def button(**fields: object) -> Json:
    return {"type": "button", "text": plain(), "action_id": "go", **fields}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def labelled(element: Json, **fields: object) -> Json:
    return {"type": "input", "label": plain(), "element": element, **fields}


def rich(*leaves: Json) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(leaves)}]}


def table(rows: list[list[Json]], **fields: object) -> Json:
    return {"type": "table", "rows": rows, **fields}


def cell(text: str = "x") -> Json:
    return {"type": "raw_text", "text": text}


CONFIRM: Json = {"title": plain(), "text": mrkdwn(), "confirm": plain("Yes"), "deny": plain("No")}
PICTURE: Json = {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "A"}
SELECT: Json = {"type": "static_select", "options": options(2)}
GROUPS: list[Json] = [{"label": plain(), "options": options(1)}]
TEXT_INPUT: Json = {"type": "plain_text_input", "action_id": "t"}

PLAIN_SELECTS: tuple[Json, ...] = (
    {"type": "users_select", "initial_user": "U123"},
    {"type": "conversations_select", "filter": {"include": ["public", "private"]}},
    {"type": "conversations_select", "default_to_current_conversation": True},
    {"type": "channels_select", "initial_channel": "C123"},
    {"type": "external_select", "min_query_length": 0, "initial_option": option()},
    {"type": "multi_users_select", "initial_users": ["U1", "W2"], "max_selected_items": 3},
    {"type": "multi_conversations_select", "initial_conversations": ["C1"]},
    {"type": "multi_channels_select", "initial_channels": ["C1"]},
    {"type": "multi_external_select", "min_query_length": 3},
    {"type": "multi_static_select", "options": options(2), "initial_options": [option("v0")]},
    {"type": "static_select", "option_groups": [{"label": plain(), "options": options(100)}]},
    {**SELECT, "initial_option": option("v1"), "placeholder": plain(), "confirm": CONFIRM},
)
CHOICES: tuple[Json, ...] = (
    {"type": "checkboxes", "options": [{**option("v0"), "text": mrkdwn("A")}, option("v1")]},
    {"type": "radio_buttons", "options": options(10), "initial_option": option("v9")},
    {"type": "datepicker", "initial_date": "2026-11-21", "placeholder": plain()},
    {"type": "timepicker", "initial_time": "23:59", "timezone": "Europe/Berlin"},
)
OVERFLOW: Json = {
    "type": "overflow",
    "options": [{**option(), "url": "https://example.com"}],
    "confirm": CONFIRM,
}
DATETIME: Json = {"type": "datetimepicker", "initial_date_time": 1_700_000_000}
INPUTS: tuple[Json, ...] = (
    {**TEXT_INPUT, "multiline": True, "min_length": 0, "max_length": 3000, "initial_value": "a" * 3000},
    {**TEXT_INPUT, "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]}},
    {"type": "number_input", "is_decimal_allowed": False, "min_value": "1", "max_value": "9"},
    {"type": "email_text_input", "placeholder": plain()},
    {"type": "url_text_input", "initial_value": "https://example.com"},
    {"type": "rich_text_input", "action_id": "r", "initial_value": rich({"type": "text", "text": "x"})},
)
FEEDBACK: Json = {
    "type": "feedback_buttons",
    "positive_button": {"text": plain(), "value": "+"},
    "negative_button": {"text": plain(), "value": "-"},
}
LEAVES: tuple[Json, ...] = (
    {"type": "text", "text": "x", "style": {"bold": True, "code": True}},
    {"type": "emoji", "name": "eyes", "skin_tone": 2},
    {"type": "user", "user_id": "U1", "style": {"italic": True}},
    {"type": "usergroup", "usergroup_id": "S1"},
    {"type": "channel", "channel_id": "C1"},
    {"type": "team", "team_id": "T1"},
    {"type": "link", "url": "https://example.com", "text": "here", "unsafe": True},
    {"type": "date", "timestamp": 1_700_000_000, "format": "{date}", "fallback": "then"},
    {"type": "broadcast", "range": "here"},
    {"type": "color", "value": "#00ff00"},
)

ACCEPTED: list[Json] = [
    section(),
    section(block_id="b" * 255, expand=True),
    section(text=plain("a" * 3000)),
    {"type": "section", "fields": [mrkdwn("a" * 2000)] * 10},
    *(section(accessory=element) for element in (button(), PICTURE, OVERFLOW, *PLAIN_SELECTS, *CHOICES)),
    {"type": "header", "text": plain("a" * 150), "level": 4},
    {"type": "divider"},
    {"type": "context", "elements": [mrkdwn(), plain(), PICTURE]},
    actions(*[button(action_id=f"b{number}") for number in range(25)]),
    *(actions(element) for element in (button(), OVERFLOW, DATETIME, *PLAIN_SELECTS, *CHOICES)),
    actions(button(style="danger", value="v" * 2000, url="https://example.com", confirm=CONFIRM)),
    {**PICTURE, "title": plain("a" * 2000)},
    {"type": "image", "alt_text": "A", "slack_file": {"id": "F0CHART0001"}},
    *(labelled(element) for element in (*INPUTS, DATETIME, *PLAIN_SELECTS, *CHOICES)),
    labelled(TEXT_INPUT, hint=plain("a" * 2000), optional=True, dispatch_action=True),
    rich(*LEAVES),
    {"type": "rich_text", "elements": []},
    {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_section", "elements": []},
            {
                "type": "rich_text_list",
                "style": "bullet",
                "indent": 1,
                "border": 0,
                "elements": [{"type": "rich_text_section", "elements": [LEAVES[0]]}],
            },
            {"type": "rich_text_quote", "elements": [LEAVES[0]], "border": 1},
            {"type": "rich_text_preformatted", "elements": [LEAVES[0]], "language": "python"},
        ],
    },
]

ACCEPTED_IN_MESSAGES: list[Json] = [
    {"type": "markdown", "text": "a" * 12_000},
    {
        "type": "context_actions",
        "elements": [FEEDBACK, {"type": "icon_button", "icon": "trash", "text": plain()}],
    },
    table(
        [
            [cell(), {"type": "raw_number", "value": 1.5, "text": "1.5"}],
            [{"type": "rich_text", "elements": []}],
        ],
        column_settings=[{"align": "right", "is_wrapped": True}, None],
    ),
    table([[cell()] * 20] * 100),
]


@pytest.mark.parametrize("surface", ["message", "modal", "home"])
@pytest.mark.parametrize("block", ACCEPTED)
def test_a_block_within_the_rules_is_accepted_on_every_surface(block: Json, surface: Surface) -> None:
    assert validate_blocks([block], surface=surface) == []


@pytest.mark.parametrize("block", ACCEPTED_IN_MESSAGES)
def test_some_blocks_are_accepted_in_messages_alone(block: Json) -> None:
    assert validate_blocks([block], surface="message") == []
    for surface in ("modal", "home"):
        (problem,) = validate_blocks([block], surface="modal" if surface == "modal" else "home")
        assert problem.pointer == "/blocks/0/type"


REFUSED: list[tuple[Json, str, str]] = [
    # block, pointer below /blocks/0, part of the message
    ({"type": "nonsense"}, "/type", "unsupported type: nonsense"),
    ({}, "", "missing required field: type"),
    ({"type": 7}, "/type", "must provide a string"),
    ({"type": "section"}, "", "at least one of: text, fields"),
    (section(text=mrkdwn("a" * 3001)), "/text/text", "must be less than 3001 characters"),
    (section(text=mrkdwn("")), "/text/text", "must be more than 0 characters"),
    (section(text="hello"), "/text", "must provide an object"),
    (section(text={"type": "mrkdwn"}), "/text", "missing required field: text"),
    (section(text={"type": "markdown", "text": "a"}), "/text/type", "unsupported type: markdown"),
    (section(text={**plain(), "verbatim": True}), "/text/verbatim", "additional property: verbatim"),
    (section(text={**mrkdwn(), "emoji": True}), "/text/emoji", "additional property: emoji"),
    (section(text={**plain(), "emoji": "yes"}), "/text/emoji", "must provide a boolean"),
    (section(colour="red"), "/colour", "additional property: colour"),
    (section(fields=[]), "/fields", "no fewer than 1 items"),
    (section(fields=[mrkdwn()] * 11), "/fields", "no more than 10 items"),
    (section(fields=[mrkdwn("a" * 2001)]), "/fields/0/text", "must be less than 2001"),
    (section(block_id="b" * 256), "/block_id", "must be less than 256"),
    (section(block_id=""), "/block_id", "must be more than 0"),
    (section(accessory=TEXT_INPUT), "/accessory/type", "plain_text_input is not allowed here"),
    (section(accessory=DATETIME), "/accessory/type", "datetimepicker is not allowed here"),
    (section(accessory={"type": "knob"}), "/accessory/type", "unsupported type: knob"),
    ({"type": "header", "text": plain("a" * 151)}, "/text/text", "must be less than 151"),
    ({"type": "header", "text": mrkdwn()}, "/text/type", "mrkdwn is not allowed here"),
    ({"type": "header", "text": plain(), "level": 5}, "/level", "must be 4 or less"),
    ({"type": "header", "text": plain(), "level": True}, "/level", "must provide an integer"),
    ({"type": "divider", "text": plain()}, "/text", "additional property: text"),
    ({"type": "context", "elements": [mrkdwn()] * 11}, "/elements", "no more than 10 items"),
    ({"type": "context", "elements": [button()]}, "/elements/0/type", "button is not allowed here"),
    (actions(), "/elements", "no fewer than 1 items"),
    (actions(*[button(action_id=f"b{n}") for n in range(26)]), "/elements", "no more than 25 items"),
    (actions(PICTURE), "/elements/0/type", "image is not allowed here"),
    (actions(FEEDBACK), "/elements/0/type", "feedback_buttons is not allowed here"),
    (actions(button(text=plain("a" * 76))), "/elements/0/text/text", "must be less than 76"),
    (actions(button(text=mrkdwn())), "/elements/0/text/type", "mrkdwn is not allowed here"),
    (actions(button(value="v" * 2001)), "/elements/0/value", "must be less than 2001"),
    (actions(button(url="https://" + "a" * 3000)), "/elements/0/url", "must be less than 3001"),
    (actions(button(url="no address")), "/elements/0/url", "must be a valid URL"),
    (actions(button(style="default")), "/elements/0/style", "must be one of: primary, danger"),
    (actions(button(action_id="a" * 256)), "/elements/0/action_id", "must be less than 256"),
    (actions(button(accessibility_label="a" * 76)), "/elements/0/accessibility_label", "less than 76"),
    (actions(button(focus_on_load=True)), "/elements/0/focus_on_load", "additional property"),
    (
        actions(button(confirm={**CONFIRM, "title": plain("a" * 101)})),
        "/elements/0/confirm/title/text",
        "101",
    ),
    (actions(button(confirm={**CONFIRM, "text": plain("a" * 301)})), "/elements/0/confirm/text/text", "301"),
    (actions(button(confirm={**CONFIRM, "deny": plain("a" * 31)})), "/elements/0/confirm/deny/text", "31"),
    (
        actions(button(confirm={name: CONFIRM[name] for name in ("title", "text", "confirm")})),
        "/elements/0/confirm",
        "missing required field: deny",
    ),
    (actions(button(), button()), "/elements/1/action_id", "action_id go already exists"),
    (actions({"type": "static_select"}), "/elements/0", "exactly one of: options, option_groups"),
    (actions({**SELECT, "option_groups": GROUPS}), "/elements/0", "exactly one of: options, option_groups"),
    (actions({**SELECT, "options": []}), "/elements/0/options", "no fewer than 1 items"),
    (actions({**SELECT, "options": options(101)}), "/elements/0/options", "no more than 100 items"),
    (actions({**SELECT, "placeholder": plain("a" * 151)}), "/elements/0/placeholder/text", "less than 151"),
    (
        actions({**SELECT, "options": [option(text="a" * 76)]}),
        "/elements/0/options/0/text/text",
        "less than 76",
    ),
    (actions({**SELECT, "options": [option("v" * 151)]}), "/elements/0/options/0/value", "less than 151"),
    (
        actions({**SELECT, "options": [{**option(), "description": plain("a" * 76)}]}),
        "/elements/0/options/0/description/text",
        "less than 76",
    ),
    (
        actions({**SELECT, "options": [{**option(), "text": mrkdwn()}]}),
        "/elements/0/options/0/text/type",
        "mrkdwn is not allowed here",
    ),
    (
        actions({**SELECT, "options": [{**option(), "url": "https://example.com"}]}),
        "/elements/0/options/0/url",
        "additional property: url",
    ),
    (
        actions(
            {"type": "static_select", "option_groups": [{"label": plain("a" * 76), "options": options(1)}]}
        ),
        "/elements/0/option_groups/0/label/text",
        "less than 76",
    ),
    (
        actions({**SELECT, "initial_option": option("v7")}),
        "/elements/0/initial_option",
        "match one of the options",
    ),
    (
        actions({**SELECT, "initial_option": option("v0", "Other")}),
        "/elements/0/initial_option",
        "match one of the options",
    ),
    (
        actions({"type": "multi_static_select", "options": options(2), "initial_options": [option("v7")]}),
        "/elements/0/initial_options/0",
        "match one of the options",
    ),
    (actions({"type": "overflow", "options": options(6)}), "/elements/0/options", "no more than 5 items"),
    (actions({"type": "checkboxes", "options": options(11)}), "/elements/0/options", "no more than 10 items"),
    (actions({"type": "radio_buttons", "options": options(11)}), "/elements/0/options", "no more than 10"),
    (actions({"type": "datepicker", "initial_date": "21.11.2026"}), "/elements/0/initial_date", "YYYY-MM-DD"),
    (actions({"type": "timepicker", "initial_time": "24:00"}), "/elements/0/initial_time", "HH:mm"),
    (actions({"type": "datetimepicker", "initial_date_time": 1}), "/elements/0/initial_date_time", "or more"),
    (actions({"type": "users_select", "initial_user": "@ada"}), "/elements/0/initial_user", "user ID"),
    (actions({"type": "conversations_select", "filter": {}}), "/elements/0/filter", "at least one of"),
    (
        actions({"type": "conversations_select", "filter": {"include": ["im", "im"]}}),
        "/elements/0/filter/include/1",
        "must not be given twice",
    ),
    (
        actions({"type": "multi_users_select", "max_selected_items": 0}),
        "/elements/0/max_selected_items",
        "1 or",
    ),
    ({"type": "image", "alt_text": "A"}, "", "exactly one of: image_url, slack_file"),
    ({**PICTURE, "slack_file": {"id": "F0CHART0001"}}, "", "exactly one of: image_url, slack_file"),
    ({**PICTURE, "alt_text": "a" * 2001}, "/alt_text", "less than 2001"),
    ({**PICTURE, "image_url": "javascript:alert(1)"}, "/image_url", "valid URL"),
    ({**PICTURE, "image_url": "https://" + "a" * 3000}, "/image_url", "less than 3001"),
    ({"type": "image", "alt_text": "A", "slack_file": {}}, "/slack_file", "exactly one of: id, url"),
    ({"type": "image", "alt_text": "A", "slack_file": {"id": "f1"}}, "/slack_file/id", "F[A-Z0-9]{8,}"),
    (labelled(button()), "/element/type", "button is not allowed here"),
    (labelled(OVERFLOW), "/element/type", "overflow is not allowed here"),
    (labelled(TEXT_INPUT, label=plain("a" * 2001)), "/label/text", "less than 2001"),
    (labelled(TEXT_INPUT, hint=mrkdwn()), "/hint/type", "mrkdwn is not allowed here"),
    ({"type": "input", "element": TEXT_INPUT}, "", "missing required field: label"),
    (labelled({**TEXT_INPUT, "max_length": 3001}), "/element/max_length", "must be 3000 or less"),
    (labelled({**TEXT_INPUT, "min_length": 9, "max_length": 8}), "/element/min_length", "greater than max"),
    (labelled({**TEXT_INPUT, "initial_value": "a" * 3001}), "/element/initial_value", "less than 3001"),
    (labelled({"type": "number_input"}), "/element", "missing required field: is_decimal_allowed"),
    (
        labelled({"type": "number_input", "is_decimal_allowed": True, "min_value": 1}),
        "/element/min_value",
        "must provide a string",
    ),
    (
        labelled({"type": "number_input", "is_decimal_allowed": True, "min_value": "10", "max_value": "9"}),
        "/element/min_value",
        "greater than max_value",
    ),
    (
        labelled(
            {"type": "number_input", "is_decimal_allowed": True, "max_value": "9", "initial_value": "10"}
        ),
        "/element/initial_value",
        "greater than max_value",
    ),
    (labelled({"type": "rich_text_input"}), "/element", "missing required field: action_id"),
    (
        labelled({**TEXT_INPUT, "dispatch_action_config": {"trigger_actions_on": ["on_blur"]}}),
        "/element/dispatch_action_config/trigger_actions_on/0",
        "must be one of",
    ),
    (rich({"type": "text", "text": ""}), "/elements/0/elements/0/text", "more than 0"),
    (
        rich({"type": "text", "text": "x", "style": {"blink": True}}),
        "/elements/0/elements/0/style/blink",
        "blink",
    ),
    (rich({"type": "smile"}), "/elements/0/elements/0/type", "unsupported type: smile"),
    (rich({"type": "broadcast", "range": "world"}), "/elements/0/elements/0/range", "must be one of"),
    (
        rich({"type": "date", "timestamp": "1", "format": "{date}"}),
        "/elements/0/elements/0/timestamp",
        "integer",
    ),
    (rich({"type": "color", "value": "red"}), "/elements/0/elements/0/value", "hex color"),
    (
        {"type": "rich_text", "elements": [{"type": "rich_text_list", "elements": []}]},
        "/elements/0",
        "missing required field: style",
    ),
    (
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_list",
                    "style": "bullet",
                    "elements": [{"type": "rich_text_quote", "elements": []}],
                }
            ],
        },
        "/elements/0/elements/0/type",
        "rich_text_quote is not allowed here",
    ),
    ({"type": "markdown", "text": "a" * 12_001}, "/text", "less than 12001"),
    ({"type": "context_actions", "elements": [button()]}, "/elements/0/type", "button is not allowed here"),
    ({"type": "context_actions", "elements": [FEEDBACK] * 6}, "/elements", "no more than 5"),
    (table([]), "/rows", "no fewer than 1"),
    (table([[cell()]] * 101), "/rows", "no more than 100"),
    (table([[cell()] * 21]), "/rows/0", "no more than 20"),
    (table([[cell("a" * 5001)], [cell("a" * 5000)]]), "/rows", "less than 10001"),
    (table([[cell()]], column_settings=[{"align": "top"}]), "/column_settings/0/align", "must be one of"),
]


@pytest.mark.parametrize(("block", "pointer", "part"), REFUSED)
def test_a_breach_is_named_with_its_place(block: Json, pointer: str, part: str) -> None:
    (problem,) = validate_blocks([block], surface="message")

    assert problem.code == "invalid_blocks"
    assert problem.pointer == f"/blocks/0{pointer}"
    assert part in problem.message
    assert problem.message.endswith(f" [json-pointer:/blocks/0{pointer}]")


@pytest.mark.parametrize("blocks", [None, "[]", {}, 7, True])
def test_blocks_must_be_a_list(blocks: object) -> None:
    (problem,) = validate_blocks(blocks, surface="home")

    assert problem.message == "must provide an array [json-pointer:/blocks]"


@pytest.mark.parametrize(("surface", "most"), [("message", 50), ("modal", 100), ("home", 100)])
def test_the_number_of_blocks_is_limited_by_surface(surface: Surface, most: int) -> None:
    divider = {"type": "divider"}

    assert validate_blocks([divider] * most, surface=surface) == []
    (problem,) = validate_blocks([divider] * (most + 1), surface=surface)
    assert problem.message == f"no more than {most} items allowed [json-pointer:/blocks]"


@pytest.mark.parametrize("kind", sorted(NEWER_BLOCKS))
def test_a_real_block_that_the_sandbox_lacks_is_called_so(kind: str) -> None:
    (problem,) = validate_blocks([{"type": kind}], surface="message")

    assert problem.code == "not_supported_by_sandbox"
    assert kind in problem.message


@pytest.mark.parametrize(
    ("block", "pointer"),
    [
        (actions({"type": "workflow_button", "text": plain()}), "/blocks/0/elements/0/type"),
        (actions(button(visible_to_user_ids=["U1"])), "/blocks/0/elements/0/visible_to_user_ids"),
    ],
)
def test_a_real_element_or_field_that_the_sandbox_lacks_is_called_so(block: Json, pointer: str) -> None:
    (problem,) = validate_blocks([block], surface="message")

    assert (problem.code, problem.pointer) == ("not_supported_by_sandbox", pointer)


def test_a_block_id_may_occur_once() -> None:
    blocks = [section(block_id="b"), section(block_id="c"), section(block_id="b")]

    (problem,) = validate_blocks(blocks, surface="message")

    assert problem.pointer == "/blocks/2/block_id"


def test_an_action_id_may_occur_in_two_blocks() -> None:
    assert validate_blocks([actions(button()), section(accessory=button())], surface="message") == []


def test_one_element_may_have_the_focus() -> None:
    eager = {**TEXT_INPUT, "focus_on_load": True}

    assert validate_blocks([labelled(eager)], surface="modal") == []
    (problem,) = validate_blocks([labelled(eager), labelled(eager)], surface="modal")
    assert problem.pointer == "/blocks/1/element/focus_on_load"


def test_options_with_one_value_are_flagged_as_a_warning() -> None:
    elements: tuple[Json, ...] = (
        {"type": "static_select", "options": [option("a", "A"), option("a", "B")]},
        {"type": "overflow", "options": [option("a", "A"), option("a", "B")]},
        {
            "type": "static_select",
            "option_groups": [{"label": plain(label), "options": [option("a")]} for label in "AB"],
        },
    )
    for element in elements:
        (problem,) = validate_blocks([actions(element)], surface="message")
        assert problem.code == "duplicate_option_value"
        assert problem.is_warning


def test_an_initial_option_may_leave_the_default_of_emoji_unsaid() -> None:
    explicit: Json = {"text": {**plain("A"), "emoji": True}, "value": "a"}

    for shown, initial in ((explicit, option()), (option(), explicit)):
        element: Json = {"type": "static_select", "options": [shown], "initial_option": initial}
        assert validate_blocks([actions(element)], surface="message") == []


def test_an_initial_option_may_come_from_any_group() -> None:
    groups = [{"label": plain(), "options": [option(value)]} for value in "ab"]
    element = {"type": "static_select", "option_groups": groups, "initial_option": option("b")}

    assert validate_blocks([section(accessory=element)], surface="message") == []


@pytest.mark.parametrize(("surface", "accepted"), [("modal", True), ("home", False), ("message", False)])
def test_files_are_asked_for_in_modals_only(surface: Surface, accepted: bool) -> None:
    block = labelled({"type": "file_input", "max_files": 10, "filetypes": ["pdf"]})

    assert (validate_blocks([block], surface=surface) == []) is accepted


def test_a_file_input_dispatches_no_action() -> None:
    (problem,) = validate_blocks([labelled({"type": "file_input"}, dispatch_action=True)], surface="modal")

    assert problem.pointer == "/blocks/0/dispatch_action"


@pytest.mark.parametrize(
    ("place", "surface", "accepted"),
    [
        (labelled, "modal", True),
        (labelled, "message", False),
        (actions, "modal", False),
        (lambda element: section(accessory=element), "modal", False),
    ],
)
def test_response_urls_are_offered_in_inputs_of_modals_only(
    place: Callable[[Json], Json], surface: Surface, accepted: bool
) -> None:
    element: Json = {"type": "channels_select", "response_url_enabled": True}

    assert (validate_blocks([place(element)], surface=surface) == []) is accepted


def test_markdown_blocks_share_one_limit() -> None:
    half = {"type": "markdown", "text": "a" * 6_000}

    assert validate_blocks([half, half], surface="message") == []
    (problem,) = validate_blocks([half, half, {"type": "markdown", "text": "a"}], surface="message")
    assert problem.code == "msg_blocks_too_long"


def test_a_message_holds_one_table() -> None:
    (problem,) = validate_blocks([table([[cell()]]), table([[cell()]])], surface="message")

    assert (problem.code, problem.pointer) == ("invalid_attachments", "/blocks/1")


def test_all_breaches_are_reported_at_once() -> None:
    blocks = [section(text=mrkdwn("")), {"type": "nonsense"}, actions(button(style="loud"))]

    assert [problem.pointer for problem in validate_blocks(blocks, surface="message")] == [
        "/blocks/0/text/text",
        "/blocks/1/type",
        "/blocks/2/elements/0/style",
    ]


def test_a_strange_field_name_is_escaped_in_the_pointer() -> None:
    (problem,) = validate_blocks([section(**{"a/b~c": 1})], surface="message")

    assert problem.pointer == "/blocks/0/a~1b~0c"


def paths(value: object, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """List the path of every part of a JSON value, the whole included."""
    parts: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, list):
        parts = list(enumerate(value))
    return [at, *(path for key, part in parts for path in paths(part, (*at, key)))]


def replaced(value: object, path: tuple[str | int, ...], by: object) -> object:
    """Return a copy of a JSON value with the part at `path` replaced."""
    if not path:
        return by
    if isinstance(value, dict):
        return {key: replaced(part, path[1:], by) if key == path[0] else part for key, part in value.items()}
    assert isinstance(value, list)
    return [replaced(part, path[1:], by) if n == path[0] else part for n, part in enumerate(value)]


oddities = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["plain_text", "mrkdwn", "static_select", "button", "1", "-1.5"])
    | st.lists(st.none() | st.just({}) | st.just(option()), max_size=2)
    | st.dictionaries(st.sampled_from(["type", "text", "value", "options"]), st.none() | st.text(max_size=3))
)


@settings(deadline=None)
@given(data=st.data(), surface=st.sampled_from(["message", "modal", "home"]))
def test_a_sound_block_with_one_part_replaced_by_anything_is_judged(
    data: st.DataObject, surface: Surface
) -> None:
    block = data.draw(st.sampled_from(ACCEPTED + ACCEPTED_IN_MESSAGES))
    changed = replaced(block, data.draw(st.sampled_from(paths(block))), data.draw(oddities))

    for problem in validate_blocks([changed], surface=surface):
        assert problem.code
        assert problem.pointer.startswith("/blocks/0")
