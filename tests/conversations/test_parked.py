"""What Slack refuses for good is brought back, or given up, by an administrator's button."""

from __future__ import annotations

from functools import partial

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


def test_what_slack_never_accepts_is_told_once_and_holds_nobody_up(desk: Desk) -> None:
    desk.may_log += ["parked", "a desk needs attention"]
    direct = desk.client.open_dm("root")
    desk.client.fault("error", method="chat.*", contains="Poisoned", error="invalid_blocks")
    raised = ["Poisoned printer", "A lamp is out", "Poisoned scanner", "The door sticks"]
    for words in raised:
        desk.client.react("ana", HELP, desk.client.post("ana", HELP, words), "ticket")
    for words in raised[1::2]:
        desk.until(partial(desk.card_about, words), f"the card about {words}")
    notice(desk, direct, "invalid_blocks")
    about = [m for m in desk.client.messages(direct) if "invalid_blocks" in m.everything]
    assert len(about) == 1
    posts = [call for call in desk.client.calls("chat.postMessage") if "Poisoned" in str(call.args)]
    keys = [str(call.args["metadata"]) for call in posts]
    assert len(keys) == len(set(keys)), "what Slack refused for good was tried again"
    desk.client.lift()
    desk.client.click("root", direct, about[0].ts, "Retry")
    for words in raised[::2]:
        desk.until(partial(desk.card_about, words), f"the card about {words}")
