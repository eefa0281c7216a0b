"""A title from what somebody wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workflows.titles import TITLE_LENGTH, title_from, with_files


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("The printer is on fire", "The printer is on fire"),
        ("\n\n  The printer  \nis on fire", "The printer"),
        ("", "No description"),
        (" \n\t\n", "No description"),
        ("x" * TITLE_LENGTH, "x" * TITLE_LENGTH),
        ("x" * (TITLE_LENGTH + 1), "x" * (TITLE_LENGTH - 1) + "…"),
        ("word " * 20, "word " * 12 + "word…"),
    ],
)
def test_the_first_line_that_says_something_is_the_title(text: str, title: str) -> None:
    assert title_from(text) == title


@given(st.text(), st.lists(st.tuples(st.text(), st.text())))
def test_a_title_is_one_short_line_that_is_never_empty(text: str, files: list[tuple[str, str]]) -> None:
    title = title_from(text, files)
    assert 0 < len(title) <= TITLE_LENGTH
    assert len(title.splitlines()) == 1
    assert title == title.strip()


def test_of_many_files_some_are_named_and_the_others_counted() -> None:
    files = [(f"{number}.png", f"https://t.slack.com/{number}?a=1&b=2") for number in range(12)]
    last = with_files("Look", files).split("\n")[-1]
    assert last.startswith("Attached: 0.png (<https://t.slack.com/0?a=1&amp;b=2>), 1.png")
    assert last.endswith(", and 2 more")


def test_a_link_that_is_no_web_address_is_left_out() -> None:
    assert with_files("", [("a.png", "javascript:x"), ("b.png", "https://x> <!channel")]) == (
        "Attached: a.png, b.png"
    )
