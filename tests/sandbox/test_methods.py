"""What the methods do to the workspace, called without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from sandbox.jsontypes import JsonObject, as_object, objects
from tests.sandbox.driving import BLOCKS, Drive

RICH: list[JsonObject] = [
    {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "hi"}]}],
    }
]


def driven(work: Callable[[Drive], None]) -> None:
    """Runs `work` on a workspace inside an event loop."""

    async def run() -> None:
        drive = Drive()
        work(drive)
        await drive.sandbox.close()

    asyncio.run(run())


def events_of(drive: Drive, name: str) -> list[JsonObject]:
    return [as_object(payload["event"]) for found, payload in drive.envelopes() if found == name]


async def until(condition: Callable[[], bool]) -> None:
    """Lets the loop turn until it is so."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


def test_text_over_40000_characters_is_cut_with_a_warning() -> None:
    def work(drive: Drive) -> None:
        answer = drive.call("chat.postMessage", channel=drive.room.id, text="x" * 40_001)
        assert answer["warning"] == "message_truncated"
        assert len(str(as_object(answer["message"])["text"])) == 40_000

    driven(work)


def test_rich_text_is_not_replaced_by_other_blocks() -> None:
    def work(drive: Drive) -> None:
        ts = drive.own(blocks=RICH)
        where = {"channel": drive.room.id, "ts": ts, "text": "x"}
        assert drive.call("chat.update", **where, blocks=BLOCKS)["error"] == "block_mismatch"
        assert drive.call("chat.update", **where, blocks=RICH)["ok"] is True
        assert drive.call("chat.update", **where)["ok"] is True
        assert drive.room.messages[ts].blocks == []

    driven(work)


def test_a_deleted_parent_is_told_as_changed_and_its_tombstone_goes_with_the_last_reply() -> None:
    def work(drive: Drive) -> None:
        reply = drive.own(thread_ts=drive.asked)
        drive.space.delete(drive.room.messages[drive.asked])
        [changed] = events_of(drive, "message.message_changed")
        message = as_object(changed["message"])
        assert (message["subtype"], message["hidden"], message["user"]) == ("tombstone", True, "USLACKBOT")
        drive.call("chat.delete", channel=drive.room.id, ts=reply)
        deleted = events_of(drive, "message.message_deleted")
        assert [event["deleted_ts"] for event in deleted] == [reply, drive.asked]
        answer = drive.call("conversations.replies", channel=drive.room.id, ts=drive.asked)
        assert answer["error"] == "thread_not_found"

    driven(work)


def test_a_scheduled_message_comes_when_workspace_time_has_come() -> None:
    async def run() -> None:
        drive = Drive()
        at = int(drive.space.clock.now()) + 600
        where = {"channel": drive.room.id, "post_at": at}
        kept = drive.call("chat.scheduleMessage", **where, text="later")["scheduled_message_id"]
        dropped = drive.call("chat.scheduleMessage", **where, text="never")["scheduled_message_id"]
        drive.call("chat.deleteScheduledMessage", channel=drive.room.id, scheduled_message_id=dropped)
        waiting = objects(drive.call("chat.scheduledMessages.list")["scheduled_messages"])
        assert [entry["id"] for entry in waiting] == [kept]
        drive.sandbox.clock.skip(601)
        await until(lambda: not drive.space.scheduled)
        assert [m.text for m in drive.room.messages.values()][1:] == ["later"]
        await drive.sandbox.close()

    asyncio.run(run())


@pytest.mark.parametrize(("ahead", "error"), [(-1, "time_in_past"), (121 * 86400, "time_too_far")])
def test_a_message_is_scheduled_for_the_next_120_days(ahead: int, error: str) -> None:
    def work(drive: Drive) -> None:
        at = int(drive.space.clock.now()) + ahead
        answer = drive.call("chat.scheduleMessage", channel=drive.room.id, post_at=at, text="x")
        assert answer["error"] == error

    driven(work)


def test_an_unfurl_shows_below_the_link_and_nowhere_else() -> None:
    def work(drive: Drive) -> None:
        where = {"channel": drive.room.id, "ts": drive.asked}
        card = {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "INC-1"}}]}
        strange = drive.call("chat.unfurl", **where, unfurls={"https://other.example": card})
        assert strange["error"] == "cannot_unfurl_url"
        assert drive.call("chat.unfurl", **where, unfurls={"https://example.com/1": card})["ok"] is True
        [shown] = drive.room.messages[drive.asked].attachments
        assert shown["from_url"] == "https://example.com/1"
        assert len(events_of(drive, "message.message_changed")) == 1

    driven(work)


def test_an_app_renames_only_the_channels_it_created() -> None:
    def work(drive: Drive) -> None:
        answer = drive.call("conversations.rename", channel=drive.room.id, name="other")
        assert answer["error"] == "not_authorized"

    driven(work)


def test_the_free_plan_has_no_user_groups() -> None:
    def work(drive: Drive) -> None:
        drive.space.team.plan = "free"
        for method, args in (("usergroups.list", {}), ("usergroups.create", {"name": "x"})):
            assert drive.call(method, **args)["error"] == "plan_upgrade_required"

    driven(work)


def test_a_disabled_user_group_is_listed_on_request_only() -> None:
    def work(drive: Drive) -> None:
        [group] = drive.space.usergroups
        drive.call("usergroups.disable", usergroup=group)
        assert drive.call("usergroups.list")["usergroups"] == []
        assert len(objects(drive.call("usergroups.list", include_disabled=True)["usergroups"])) == 1
        assert as_object(events_of(drive, "subteam_updated")[-1]["subteam"])["date_delete"] != 0

    driven(work)


def test_an_app_home_keeps_its_id_and_guards_its_hash() -> None:
    def work(drive: Drive) -> None:
        home = {"type": "home", "blocks": BLOCKS}
        first = as_object(drive.call("views.publish", user_id=drive.ana, view=home)["view"])
        stale = drive.call("views.publish", user_id=drive.ana, view=home, hash="1.old")
        assert stale["error"] == "hash_conflict"
        fresh = drive.call("views.publish", user_id=drive.ana, view=home, hash=first["hash"])
        assert as_object(fresh["view"])["id"] == first["id"]

    driven(work)


def test_the_oldest_entries_of_a_full_journal_go_first() -> None:
    def work(drive: Drive) -> None:
        journal = drive.sandbox.journal
        for number in range(20_010):
            journal.violation("probe", "test", str(number))
        assert (len(journal.violations), journal.violations[0].detail) == (20_000, "10")

    driven(work)
