"""What reading back keeps of a message: little, and enough to understand it as its event would be."""

from __future__ import annotations

import json

import pytest

from bot.directory import shapes
from bot.handlers.payloads import message_of
from bot.handlers.sweep import kept

TS = "1772445600.000100"
FILE = {"id": "F1", "name": "shot.png", "permalink": "https://t.slack.com/files/UANA/F1/shot.png"}
FORWARDED = {"is_share": True, "fallback": "[9:00 AM] bob: VPN", "text": "VPN", "files": [FILE]}
PREVIEW = {"is_msg_unfurl": True, "text": "Lunch?"}
ALERT = {"fallback": "Disk full", "text": "on db1"}


@pytest.mark.parametrize("text", ["", "Me too"])
def test_a_message_that_is_read_back_says_what_its_event_would_have_said(text: str) -> None:
    attachments = [FORWARDED, PREVIEW, ALERT]
    found = {"ts": TS, "user": "UANA", "text": text, "files": [FILE], "attachments": attachments}
    heard = message_of(found, "DANA")
    assert message_of(kept(found), "DANA") == heard == shapes.message(found, channel_id="DANA")
    assert heard.text == ("Me too\nVPN" if text else "VPN\nLunch?\nDisk full")
    assert [name for name, _ in heard.files] == ["shot.png", "shot.png"]


def test_of_a_hundred_long_attachments_no_more_is_kept_than_of_a_long_message() -> None:
    long = {
        "is_share": True,
        "text": "x" * 10_000,
        "blocks": [{"type": "section"}] * 50,
        "files": [FILE] * 10,
    }
    brief = kept({"ts": TS, "user": "UANA", "text": "", "attachments": [long] * 100})
    assert len(json.dumps(brief)) < shapes.MOST_ATTACHED + 10_000
    assert len(message_of(brief, "DANA").text) == shapes.MOST_ATTACHED
