"""What Slack refuses for good is brought back, or given up, by an administrator's button."""

from __future__ import annotations

from bot.models import OutboxState
from sandbox.seen import SeenMessage
from sqlalchemy import select
from bot.models import Outbox
from tests.conversations.desk import TRIAGE, Desk

COMBINATIONS = ("http-sqlite",)


def notice(desk: Desk, *words: str) -> SeenMessage:
    """The notice in the owner's direct messages, once it says all of this."""

    def look() -> SeenMessage | None:
        found = desk.client.messages("@root")
        return next((m for m in found if m.app_id and all(w in m.everything for w in words)), None)

    return desk.until(look, f"a notice that says {words}", lambda: desk.client.messages("@root"))


def test_a_card_refused_by_an_archived_channel_comes_back_by_retry(desk: Desk) -> None:
    desk.may_log = ["parked", "a desk needs attention"]
    desk.client.archive(TRIAGE)
    ts = desk.client.post("ana", "#it-help", "The lift is stuck")
    desk.client.react("ana", "#it-help", ts, "ticket")
    told = notice(desk, "The card", "is_archived")
    desk.client.unarchive(TRIAGE)
    desk.client.click("root", "@root", told.ts, "Retry")
    notice(desk, "had it tried again")
    desk.until(lambda: desk.card_about("The lift is stuck"), "the card")
    with desk.bot.store.read() as session:
        parked = select(Outbox.key).where(Outbox.state == OutboxState.PARKED)
        assert session.scalars(parked).all() == []
