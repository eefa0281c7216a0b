"""What Slack refuses for good is brought back, or given up, by an administrator's button."""

from __future__ import annotations

from sandbox.seen import SeenMessage
from tests.conversations.desk import HELP, TRIAGE, Desk

COMBINATIONS = ("http-sqlite",)


def notice(desk: Desk, direct: str, *words: str) -> SeenMessage:
    """The notice in the owner's direct messages, once it says all of this."""

    def look() -> SeenMessage | None:
        found = desk.client.messages(direct)
        return next((m for m in found if m.app_id and all(w in m.everything for w in words)), None)

    return desk.until(look, f"a notice that says {words}", lambda: desk.client.messages(direct))


def test_a_refused_card_is_brought_back_by_an_administrator(desk: Desk) -> None:
    desk.may_log += ["parked", "a desk needs attention"]
    direct = desk.client.open_dm("root")
    triage = f'"channel": "{desk.client.channel_id(TRIAGE)}"'
    desk.client.fault("error", method="chat.postMessage", contains=triage, error="restricted_action")
    ts = desk.client.post("ana", HELP, "The lift is stuck")
    desk.client.react("ana", HELP, ts, "ticket")
    told = notice(desk, direct, "restricted_action")
    desk.client.lift()
    desk.client.click("root", direct, told.ts, "Retry")
    notice(desk, direct, "had it tried again")
    desk.until(lambda: desk.card_about("The lift is stuck"), "the card")
