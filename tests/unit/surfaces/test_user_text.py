"""What people write is cleaned, cut, escaped and read in one place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.surfaces.styles import inline
from bot.surfaces.text import (
    Address,
    clean,
    cut,
    elements,
    escape,
    first_line_title,
    fit,
    length,
    one_line,
    plain,
    read,
)

NAMES = {"U0LEA": "Lea Brandt", "C0HELP": "it-help"}

INVISIBLE = [
    pytest.param("pay\u202etxt.exe", "paytxt.exe", id="bidi override"),
    pytest.param("a\u2066b\u2069c\u200e", "abc", id="bidi isolates and marks"),
    pytest.param("ad\u200bmin\ufeff", "admin", id="zero width"),
    pytest.param("so\u00adft\u2060", "soft", id="soft hyphen and word joiner"),
    pytest.param("a\x00b\x07c\x1b[0m", "abc[0m", id="controls"),
    pytest.param("half \ud800 a pair", "half  a pair", id="lone surrogate"),
    pytest.param("x\U000e0041\U000e0042", "x", id="tag characters that spell something"),
    pytest.param("ㅤᅠname", "name", id="Hangul fillers"),
    pytest.param("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour", id="line breaks"),
    pytest.param("a\n \n\n\t\nb", "a\n\nb", id="tall gaps"),
    pytest.param("  \n hello \n", "hello", id="edges"),
    pytest.param("tab\tstays", "tab\tstays", id="tab"),
]


@pytest.mark.parametrize(("text", "expected"), INVISIBLE)
def test_what_is_not_seen_is_taken_out(text: str, expected: str) -> None:
    assert clean(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "👩‍🔧",
        "🏳️‍🌈",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "1️⃣",
        "👍🏽",
        "🙂‍↔️",
        "می‌خواهم",
        "क्‍ष",
        "שלום",
        "José",
    ],
    ids=[
        "joined emoji",
        "flag with selector",
        "flag of tags",
        "keycap",
        "skin tone",
        "arrow joined",
        "Persian",
        "Hindi",
        "Hebrew",
        "accent",
    ],
)
def test_scripts_and_emoji_that_need_joiners_keep_them(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize("text", ["a\u200db", "\u200dx", "👩\u200d", "a\ufe0f", "\u200c1\u200c2"])
def test_a_joiner_that_joins_nothing_goes(text: str) -> None:
    assert not set(clean(text)) & {"\u200c", "\u200d", "\ufe0f"}


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text(), st.integers(1, 50))
def test_a_cut_text_fits_and_says_that_it_was_cut(text: str, limit: int) -> None:
    cleaned = clean(text)
    short = clean(text, limit)
    assert length(short) <= limit
    assert short == cleaned if length(cleaned) <= limit else short.endswith("…")


def test_a_cut_does_not_split_an_emoji() -> None:
    assert cut("ab🔥🔥", 5) == "ab🔥…"
    assert cut("👩‍🔧👩‍🔧", 5) == "👩…"


def test_an_emoji_counts_twice_because_slack_may_count_it_twice() -> None:
    assert length("🔥") == 2


def test_one_line_joins_lines_and_spaces() -> None:
    assert one_line(" a\n\n b\u00a0 c ", 20) == "a b c"


def test_escaping_touches_what_slack_reads_as_markup_and_nothing_else() -> None:
    assert escape("<!channel> & *bold* “x”") == "&lt;!channel&gt; &amp; *bold* “x”"


@given(st.text(alphabet="<>&ab "), st.integers(1, 30))
def test_a_cut_leaves_escapes_whole(text: str, limit: int) -> None:
    escaped = escape(text, limit)
    assert length(escaped) <= limit
    left = escaped.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
    assert not set(left) & set("<>&")


INCOMING = [
    pytest.param("<@U0LEA> hi", "@Lea Brandt hi", id="person"),
    pytest.param("<@U0NEW|ben> hi", "@ben hi", id="person by Slack's label"),
    pytest.param("<@U0NEW> hi", "@someone hi", id="unknown person"),
    pytest.param("see <#C0HELP>", "see #it-help", id="channel"),
    pytest.param("see <#C0NEW|general>", "see #general", id="channel by Slack's label"),
    pytest.param("see <#C0NEW|>", "see #private-channel", id="private channel"),
    pytest.param("<!channel> <!here|here> <!everyone>", "@channel @here @everyone", id="broadcasts"),
    pytest.param("<!subteam^S012|@oncall>", "@oncall", id="user group"),
    pytest.param("<!subteam^S012>", "@group", id="user group without a label"),
    pytest.param("<!date^1700000000^{date}|yesterday>", "yesterday", id="date"),
    pytest.param("<https://a.test/x>", "https://a.test/x", id="link"),
    pytest.param("<http://a.test|a.test>", "http://a.test", id="link that Slack made of a.test"),
    pytest.param("<https://evil.test|bank>", "bank (https://evil.test)", id="link with another label"),
    pytest.param("<https://a.test/?a=1&amp;b=2>", "https://a.test/?a=1&b=2", id="escaped link"),
    pytest.param("<mailto:a@b.test|a@b.test>", "a@b.test", id="mail address"),
    pytest.param("<mailto:a@b.test|boss>", "boss (a@b.test)", id="mail address with another label"),
    pytest.param("&lt;b&gt; &amp;amp; done", "<b> &amp; done", id="escapes are undone once"),
    pytest.param("if a < b then c", "if a < b then c", id="a stray angle bracket"),
    pytest.param("type <name> here", "type <name> here", id="what Slack does not write stays"),
    pytest.param("<javascript:alert(1)|x>", "<javascript:alert(1)|x>", id="another scheme stays text"),
]


@pytest.mark.parametrize(("incoming", "expected"), INCOMING)
def test_incoming_mrkdwn_is_read_as_a_person_sees_it(incoming: str, expected: str) -> None:
    assert plain(incoming, NAMES) == expected


def test_a_link_is_a_link_only_when_its_label_says_the_same() -> None:
    shown = [element.to_dict() for element in inline(read("<https://a.test> <https://evil.test|bank>", {}))]
    assert shown == [
        {"type": "link", "url": "https://a.test"},
        {"type": "text", "text": " bank (https://evil.test)"},
    ]


def test_an_address_with_hidden_characters_is_no_link() -> None:
    assert read("<https://bank.test\u202e/moc.live>", {}) == ["<https://bank.test/moc.live>"]


def test_a_display_name_cannot_bring_markup_or_lines() -> None:
    assert plain("<@U1>", {"U1": "<!channel>\nboss"}) == "@<!channel> boss"


@given(st.text(), st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3))
def test_reading_makes_words_and_links_only(incoming: str, names: dict[str, str]) -> None:
    kinds = {element.to_dict()["type"] for element in inline(read(incoming, names))}
    assert kinds <= {"text", "link", "emoji"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("on :fire: now", [("text", "on "), ("emoji", "fire"), ("text", " now")]),
        (":+1::tada:", [("emoji", "+1"), ("emoji", "tada")]),
        ("at 10:30:45", [("text", "at 10:30:45")]),
        ("std::vector::size", [("text", "std::vector::size")]),
        ("10:2:3", [("text", "10:2:3")]),
    ],
)
def test_emoji_by_name_become_emoji(text: str, expected: list[tuple[str, str]]) -> None:
    shown = [element.to_dict() for element in elements(text)]
    assert [(each["type"], each.get("text", each.get("name"))) for each in shown] == expected


def test_an_emoji_keeps_its_skin_tone() -> None:
    assert elements(":wave::skin-tone-3:")[0].to_dict() == {"type": "emoji", "name": "wave", "skin_tone": 3}


@pytest.mark.parametrize(
    ("description", "title"),
    [
        ("Printer is on fire\nsince lunch", "Printer is on fire"),
        ("\n\n---\n> Hello there", "Hello there"),
        ("   ", "No title"),
        ("???", "???"),
        ("word " * 30, ("word " * 13).strip() + "…"),
        ("x" * 100, "x" * 69 + "…"),
    ],
)
def test_a_title_is_the_first_line_that_says_something(description: str, title: str) -> None:
    assert first_line_title(description) == title


@given(st.text(), st.integers(10, 80))
def test_a_derived_title_is_one_short_line(description: str, limit: int) -> None:
    title = first_line_title(description, limit)
    assert title
    assert "\n" not in title
    assert length(title) <= limit


def test_fitting_keeps_whole_pieces_and_says_what_was_cut() -> None:
    pieces = read("see <https://a.test/long> and more", {})
    assert fit(pieces, limit=100) == (pieces, False)
    assert fit(pieces, limit=10) == (["see "], True)
    assert fit(["a\nb\nc\nd"], limit=100, lines=2) == (["a\nb …"], True)


def test_more_links_than_a_person_writes_become_words() -> None:
    kept, is_cut = fit(read("<https://a.test> <https://b.test>", {}), limit=100, addresses=1)
    assert kept == [Address("https://a.test"), " ", "https://b.test"]
    assert not is_cut
