"""What people wrote keeps the looks that they gave it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.surfaces.relay import relayed
from bot.surfaces.styles import inline, prose
from bot.surfaces.text import read
from tests.unit.surfaces.builders import assert_postable, comment

BOLD, ITALIC, STRIKE, CODE = ({name: True} for name in ("bold", "italic", "strike", "code"))
Run = tuple[str, dict[str, bool]]


def runs(incoming: str) -> list[Run]:
    shown = [element.to_dict() for element in inline(read(incoming, {}))]
    return [
        (str(each.get("text") or each.get("name") or each["url"]), each.get("style", {})) for each in shown
    ]


STYLED = [
    pytest.param("*bold*", [("bold", BOLD)], id="bold"),
    pytest.param(
        "a _word_, ~gone~.", [("a ", {}), ("word", ITALIC), (", ", {}), ("gone", STRIKE), (".", {})]
    ),
    pytest.param("run `a *b* :fire:` now", [("run ", {}), ("a *b* :fire:", CODE), (" now", {})], id="code"),
    pytest.param("*both _of_ them*", [("both ", BOLD), ("of", BOLD | ITALIC), (" them", BOLD)], id="nested"),
    pytest.param("*hot :fire:*", [("hot ", BOLD), ("fire", {})], id="emoji within"),
    pytest.param("(*a*)", [("(", {}), ("a", BOLD), (")", {})], id="within brackets"),
    pytest.param("see ```\nx = 1\n``` there", [("see ", {}), ("x = 1", CODE), (" there", {})], id="a block"),
]


@pytest.mark.parametrize(("incoming", "expected"), STYLED)
def test_marks_of_mrkdwn_become_looks(incoming: str, expected: list[Run]) -> None:
    assert runs(incoming) == expected


@pytest.mark.parametrize(
    "words",
    [
        "2 * 3 * 4",
        "2*3*4",
        "snake_case_name and __init__.py",
        "*.log and *.txt",
        "from ~/a to ~/b",
        "*over\ntwo lines*",
        "an `unclosed",
        "```unclosed",
        "``````",
        "** and ****",
        "* spaced *",
    ],
)
def test_what_is_no_mark_stays_as_it_was_written(words: str) -> None:
    assert runs(words) == [(words, {})]


def test_an_address_within_code_is_part_of_it() -> None:
    assert runs("`curl <https://a.test>` and <https://b.test>") == [
        ("curl https://a.test", CODE),
        (" and ", {}),
        ("https://b.test", {}),
    ]


def test_a_block_of_code_is_passed_on_as_one() -> None:
    rendered = relayed(comment("Try this:\n```\nsudo reboot\n  --now <https://a.test>\n```\nand *wait*"))
    [block] = rendered.blocks
    assert [(each["type"], each["elements"]) for each in block["elements"]] == [  # type: ignore[attr-defined]
        ("rich_text_section", [{"type": "text", "text": "Try this:"}]),
        (
            "rich_text_preformatted",
            [{"type": "text", "text": "sudo reboot\n  --now https://a.test"}],
        ),
        (
            "rich_text_section",
            [{"type": "text", "text": "and "}, {"type": "text", "text": "wait", "style": BOLD}],
        ),
    ]
    assert "```\nsudo reboot" in rendered.text
    assert_postable(rendered)


PARTS = ("a", "b ", " ", "*", "_", "~", "`", "```", "\n", "<https://a.test>")


@given(st.lists(st.sampled_from(PARTS), max_size=30).map("".join))
def test_no_letter_is_lost_or_made_up_by_looks(incoming: str) -> None:
    pieces = read(incoming, {})
    said = "".join(piece if isinstance(piece, str) else piece.url for piece in pieces)
    shown = "".join(text for text, _ in runs(incoming))
    assert list(filter(str.isalpha, shown)) == list(filter(str.isalpha, said))


@given(st.lists(st.sampled_from(PARTS), max_size=30).map("".join))
def test_no_part_of_a_message_is_empty(incoming: str) -> None:
    for section in prose(read(incoming, {})):
        made = section.to_dict()
        assert made["elements"]
        assert all(each.get("text") or each.get("url") for each in made["elements"])
