from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from sandbox.jsontypes import JsonObject
from sandbox.plain_text import Reader
from sandbox.seen import SeenMessage

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
READER = Reader({"U1": "Ana", "C1": "it-help"}, NOON, ZoneInfo("Europe/Berlin"))


def seconds(*, days: int) -> int:
    return int(NOON.timestamp()) + days * 86400


@pytest.mark.parametrize(
    ("mrkdwn", "read"),
    [
        ("*bold* and a*b*c", "bold and a*b*c"),
        ("<@U1> in <#C1|> &amp; &lt;b&gt;", "@Ana in #it-help & <b>"),
        ("<https://example.com/|the site> :eyes: :no-such:", "the site 👀 :no-such:"),
        (f"<!date^{seconds(days=0)}^{{date_short_pretty}} at {{time}}|then>", "today at 13:00"),
        (f"<!date^{seconds(days=-1)}^{{date_short_pretty}}|then>", "yesterday"),
        (f"<!date^{seconds(days=5)}^{{date_short}} {{time}}|then>", "9 Mar 13:00"),
    ],
)
def test_mrkdwn_reads_as_slack_shows_it(mrkdwn: str, read: str) -> None:
    assert READER.mrkdwn(mrkdwn) == read


def rich(kind: str, *elements: JsonObject) -> JsonObject:
    return {"type": kind, "elements": list(elements)}


def test_blocks_read_line_by_line_with_buttons_in_brackets() -> None:
    words: JsonObject = {"type": "text", "text": "It is fixed,\nfor "}
    section = rich("rich_text_section", words, {"type": "user", "user_id": "U1"})
    quote = rich("rich_text_quote", {"type": "text", "text": "A new cable"})
    button: JsonObject = {"type": "button", "text": {"type": "plain_text", "text": "Reopen"}}
    context: JsonObject = {"type": "context", "elements": [{"type": "mrkdwn", "text": "Not *solved*?"}]}
    blocks = [rich("rich_text", section, quote), context, rich("actions", button, button)]
    message = SeenMessage({"text": "for notifications", "blocks": blocks})
    assert READER.lines(message) == [
        "It is fixed,",
        "for @Ana",
        "│ A new cable",
        "Not solved?",
        "[Reopen] [Reopen]",
    ]


def test_a_message_without_blocks_reads_as_its_text() -> None:
    assert READER.lines(SeenMessage({"text": "one\n<@U1>"})) == ["one", "@Ana"]
