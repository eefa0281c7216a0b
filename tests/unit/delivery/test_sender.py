"""The sender against a Slack that loses answers, forgets, limits and refuses."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TypeVar

import pytest
from prometheus_client import Counter
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.clock import real_now
from bot.delivery import marker, uprooted
from bot.delivery.client import Refused, SlackClient
from bot.delivery.metrics import DUPLICATES_REMOVED
from bot.delivery.places import Place
from bot.delivery.rendering import Content, Rendering, Superseded
from bot.failpoints import Commit
from bot.models import Outbox, OutboxState, Person
from bot.store import Store, outbox
from bot.store.outbox import Claim
from bot.workflows import telling
from bot.workflows.telling import Telling
from tests.unit.delivery.workplace import SECRET, Workplace, plainly

KINDS = frozenset(kind.value for kind in Telling)
Result = TypeVar("Result")


# --- the plain way ---


def test_a_due_message_is_posted_at_once_and_once(place: Workplace) -> None:
    place.start()
    begun = time.monotonic()
    place.tell("a")
    place.wait_for("a")
    assert time.monotonic() - begun < 2
    assert place.texts() == ["a v1"]


def test_a_sender_finds_work_that_nobody_called_it_for(place: Workplace) -> None:
    place.start()
    with place.store.write() as session:
        telling.tell(session, "a", Telling.RELAY, channel=place.slack.channel_id("#it-help"))
    assert place.wait_for("a").ts == place.ours()[0].ts


def test_a_message_carries_a_mark_that_only_we_can_sign(place: Workplace) -> None:
    place.start()
    place.tell("a")
    place.wait_for("a")
    channel = place.slack.channel_id("#it-help")
    message = place.ours()[0].raw
    assert marker.is_marked(message, SECRET, key="a", channel=channel, thread_ts=None)
    assert not marker.is_marked(message, "another secret", key="a", channel=channel, thread_ts=None)


def test_a_message_has_no_link_previews(place: Workplace) -> None:
    place.start()
    place.tell("a")
    place.wait_for("a")
    args = place.slack.calls("chat.postMessage")[0].args
    assert (args["unfurl_links"], args["unfurl_media"], args["parse"]) == (False, False, "none")


def test_a_reply_goes_into_the_thread_of_the_message_it_waited_for(place: Workplace) -> None:
    place.tell("root")
    place.tell("reply", thread_key="root")
    place.start()
    place.wait_for("reply")
    assert place.texts(thread_ts=place.row("root").ts) == ["root v1", "reply v1"]


def test_a_message_in_somebodys_name_carries_their_picture(place: Workplace) -> None:
    def draw(_session: Session, _claim: Claim) -> Rendering:
        who = {"username": "Ana", "icon_url": "https://example.com/ana.png"}
        return Content(text="hello", blocks=[], version=1, attribution=who)

    place.start(draw=draw)
    place.tell("a")
    place.wait_for("a")
    args = place.slack.calls("chat.postMessage")[0].args
    assert (args["username"], args["icon_url"]) == ("Ana", "https://example.com/ana.png")


# --- uncertain posts ---


def test_a_post_whose_answer_was_lost_is_found_and_not_repeated(place: Workplace) -> None:
    place.slack.fault("lost_answer", "chat.postMessage", times=1)
    place.start()
    place.tell("a")
    sent = place.wait_for("a")
    assert [message.ts for message in place.ours()] == [sent.ts]


def test_a_reply_whose_answer_was_lost_is_found_in_its_thread(place: Workplace) -> None:
    ts = place.slack.post("ana", "#it-help", "My screen is black")
    place.slack.fault("lost_answer", "chat.postMessage", times=1)
    place.start()
    place.tell("a", thread_ts=ts)
    place.wait_for("a")
    assert place.texts(thread_ts=ts) == ["a v1"]


@pytest.mark.parametrize("kind", ["drop", "http_error", "garbage"])
def test_a_post_that_never_arrived_is_made_again_after_the_settling_time(place: Workplace, kind: str) -> None:
    place.slack.fault(kind, "chat.postMessage", times=1)
    place.start()
    begun = time.monotonic()
    place.tell("a")
    place.wait_for("a")
    assert time.monotonic() - begun >= 0.6
    assert place.texts() == ["a v1"]


def test_a_history_that_lags_less_than_the_settling_time_causes_no_second_post(place: Workplace) -> None:
    place.slack.fault("history_lag", seconds=1.0)
    place.slack.fault("lost_answer", "chat.postMessage", times=1)
    place.start(settle=3.0)
    place.tell("a")
    place.wait_for("a")
    assert place.texts() == ["a v1"]


def test_a_history_in_small_pages_is_read_to_the_end(place: Workplace) -> None:
    place.slack.fault("page_cap", count=2)
    place.slack.fault("lost_answer", "chat.postMessage", times=1)
    place.start(settle=2.0)
    place.tell("a")
    place.wait(lambda: place.row("a").state is OutboxState.UNKNOWN, "the answer to be lost")
    for number in range(7):
        place.slack.post("ana", "#it-help", f"noise {number}")
    place.wait_for("a")
    assert place.texts() == ["a v1"]


def test_a_history_that_lags_in_small_pages_and_is_limited_causes_no_second_post(place: Workplace) -> None:
    place.slack.fault("history_lag", seconds=1.0)
    place.slack.fault("page_cap", count=15)
    place.slack.fault("ratelimited", "conversations.history", times=2, seconds=1)
    place.slack.fault("lost_answer", "chat.postMessage", times=3)
    for key in ("a", "b", "c"):
        place.tell(key)
    place.start(settle=3.0)
    place.wait(lambda: len(place.ours()) == 3, "all three to be posted, which nobody knows")
    for number in range(20):
        place.slack.post("ana", "#it-help", f"noise {number}")
    for key in ("a", "b", "c"):
        place.wait_for(key)
    assert sorted(place.texts()) == ["a v1", "b v1", "c v1"]


def test_second_copies_are_removed_and_the_earliest_stays(place: Workplace) -> None:
    before = _count(DUPLICATES_REMOVED)
    client = place.client()
    place.tell("a")
    sender = place.sender()
    claim = _claim(place.store)
    channel = claim.channel
    assert channel is not None
    mark = marker.metadata(SECRET, key="a", channel=channel, thread_ts=None)
    copies = [
        client.call("chat.postMessage", channel=channel, text="a", metadata=mark)["ts"] for _ in range(3)
    ]
    _uncertain(place.store, claim)
    sender.start()
    place.wait(lambda: len(place.ours()) == 1, "the copies to go")
    assert place.ours()[0].ts == place.wait_for("a").ts == copies[0]
    place.wait(lambda: _count(DUPLICATES_REMOVED) - before == 2, "both to be counted")


def test_a_mark_that_is_not_ours_suppresses_nothing(place: Workplace) -> None:
    place.tell("a")
    claim = _claim(place.store)
    assert claim.channel is not None
    forged = marker.metadata("another secret", key="a", channel=claim.channel, thread_ts=None)
    place.client().call("chat.postMessage", channel=claim.channel, text="forged", metadata=forged)
    _uncertain(place.store, claim)
    place.start()
    place.wait_for("a")
    assert place.texts() == ["forged", "a v1"]


def test_a_place_that_cannot_be_read_keeps_the_post_uncertain_and_is_told(place: Workplace) -> None:
    place.slack.fault("lost_answer", "chat.postMessage", times=1)
    place.slack.fault("error", "conversations.history", error="missing_scope")
    place.start()
    place.tell("a")
    place.wait(
        lambda: any(row.kind == Telling.NOTICE for row in place.rows()), "the administrator to be told"
    )
    row = place.row("a")
    assert (row.state, row.error) == (OutboxState.UNKNOWN, "missing_scope")
    assert place.texts() == ["a v1"]


def test_a_crash_between_claim_and_post_loses_nothing(place: Workplace) -> None:
    place.tell("a")
    _claim(place.store, owner="a process that died")
    if not place.store.is_sqlite:
        place.change("a", lease_until=real_now() - timedelta(seconds=61))
    place.start()
    place.wait_for("a")
    assert place.texts() == ["a v1"]


def test_a_crash_between_post_and_settling_doubles_nothing(place: Workplace) -> None:
    place.tell("a")
    claim = _claim(place.store, owner="a process that died")
    assert claim.channel is not None
    mark = marker.metadata(SECRET, key="a", channel=claim.channel, thread_ts=None)
    ts = place.client().call("chat.postMessage", channel=claim.channel, text="a v1", metadata=mark)["ts"]
    if not place.store.is_sqlite:
        place.change("a", lease_until=real_now() - timedelta(seconds=61))
    place.start()
    assert place.wait_for("a").ts == ts
    assert place.texts() == ["a v1"]


@pytest.fixture
def replica(place: Workplace, database_url: str) -> Iterator[Store]:
    store = Store(database_url)
    yield store
    place.stop()  # who still works on it would leave a connection open
    store.close()


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_two_replicas_post_each_message_once_while_answers_are_lost(place: Workplace, replica: Store) -> None:
    place.slack.fault("lost_answer", "chat.postMessage", probability=0.3)
    place.slack.fault("http_error", "chat.postMessage", probability=0.1)
    place.start()
    place.start(store=replica)
    keys = [f"k{number:02}" for number in range(20)]
    for key in keys:
        place.tell(key, to=secrets.choice(["#it-help", "#general"]))
    place.wait(
        lambda: all(row.state is OutboxState.SENT for row in place.rows()), "all to be sent", timeout=60
    )
    posted = [text.split()[0] for channel in ("#it-help", "#general") for text in place.texts(channel)]
    assert sorted(posted) == keys


# --- Slack's limits and refusals ---


def test_a_limited_channel_waits_as_long_as_slack_says_and_holds_no_other_back(place: Workplace) -> None:
    help_id = place.slack.channel_id("#it-help")
    place.slack.fault("ratelimited", "chat.postMessage", times=1, seconds=1, contains=help_id)
    place.start()
    begun = time.monotonic()
    place.tell("limited")
    place.tell("free", to="#general")
    place.wait_for("free")
    place.slack.wait_until(lambda: place.row("limited").state is OutboxState.PENDING, message="it to wait")
    place.wait_for("limited")
    assert time.monotonic() - begun >= 1.0
    assert place.texts() == ["limited v1"]


def test_messages_in_one_channel_keep_slacks_pace(place: Workplace) -> None:
    for number in range(4):
        place.tell(f"k{number}")
    begun = time.monotonic()
    place.start(pace=5.0)  # five messages a second
    place.wait_for("k3")
    assert time.monotonic() - begun >= 0.6
    assert sorted(place.texts()) == [f"k{number} v1" for number in range(4)]


def test_messages_keep_their_pace_also_when_calls_hung_before_them(place: Workplace) -> None:
    place.slack.fault("hang", "chat.postMessage", times=3, seconds=2.5, apply=True)
    for number in range(2):
        place.tell(f"a{number}")
    for number in range(3):
        place.tell(f"b{number}", to="#general")
    place.start(
        pace=2.0, client=SlackClient(place.server.bot_token, base_url=place.server.api_url, timeout=2)
    )
    for key in ("a0", "a1", "b0", "b1", "b2"):
        place.wait_for(key)
    first, second, third = sorted(float(str(place.row(f"b{number}").ts)) for number in range(3))
    assert second - first > 0.3
    assert third - second > 0.3


def test_what_slack_refuses_is_parked_and_the_rest_goes_on(place: Workplace) -> None:
    place.start()
    place.tell("refused", to="#random")  # the bot is not in it
    place.tell("fine")
    place.wait_for("fine")
    parked = place.wait_for("refused", OutboxState.PARKED)
    assert "not_in_channel" in (parked.error or "")


def test_a_refusal_is_told_to_the_administrator_once_per_cause(place: Workplace) -> None:
    place.start()
    for number in range(3):
        place.tell(f"k{number}", to="#random")
    for number in range(3):
        place.wait_for(f"k{number}", OutboxState.PARKED)
    notices = [row for row in place.rows() if row.kind == Telling.NOTICE]
    assert [row.person_id for row in notices] == [place.slack.user_id("root")]
    place.wait_for(notices[0].key)
    told = place.slack.messages(place.slack.open_dm("root"))
    assert "not_in_channel" in told[0].everything


def test_a_notice_that_is_refused_is_not_told_about(place: Workplace) -> None:
    place.slack.fault("error", "conversations.open", error="user_disabled")
    place.start()
    data = {"title": "t", "detail": "d", "fix": "f"}
    place.tell("notice", Telling.NOTICE, to=None, person_id=place.slack.user_id("root"), data=data)
    place.wait_for("notice", OutboxState.PARKED)
    assert [row.key for row in place.rows()] == ["notice"]


def test_a_delivery_that_cannot_be_rendered_is_parked_alone(place: Workplace) -> None:
    def draw(session: Session, claim: Claim) -> Rendering:
        if claim.key == "poison":
            raise ValueError("a fault of ours")
        return plainly(session, claim)

    place.start(draw=draw)
    place.tell("poison")
    place.tell("fine")
    place.wait_for("fine")
    place.wait_for("poison", OutboxState.PARKED)
    assert place.texts() == ["fine v1"]


def test_what_is_no_longer_true_is_not_said(place: Workplace) -> None:
    place.start(draw=lambda _session, _claim: Superseded("It was reopened before."))
    place.tell("a")
    assert place.wait_for("a", OutboxState.SUPERSEDED).error == "It was reopened before."
    assert place.texts() == []


def test_a_refused_token_parks_nothing_and_is_reported(place: Workplace) -> None:
    sender = place.start(client=SlackClient("xoxb-wrong", base_url=place.server.api_url))
    place.tell("a")
    place.wait(lambda: sender.health().problem, "the problem to be reported")
    assert "SLACK_BOT_TOKEN" in (sender.health().problem or "")
    row = place.wait_for("a", OutboxState.PENDING)
    assert (row.first_try_at, row.attempts) == (None, 0)


class Stumbling(Store):
    """A store that fails once in a way that nobody foresaw."""

    fails = 3

    def run(self, work: Callable[[Session], Result], at: Commit | None = None) -> Result:
        if at is Commit.CLAIM and self.fails:
            self.fails -= 1
            raise ArithmeticError("a row that cannot be read")
        return super().run(work, at)


def test_a_fault_while_looking_for_work_does_not_end_delivery(place: Workplace, database_url: str) -> None:
    stumbling = Stumbling(database_url)
    place.start(store=stumbling)
    place.tell("a")
    place.wait_for("a")
    assert place.texts() == ["a v1"]
    place.stop()
    stumbling.close()


def test_while_slack_cannot_be_reached_nothing_becomes_uncertain(place: Workplace) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/api/"
        for number in range(5):
            place.tell(f"k{number}")
        sender = place.start(client=SlackClient("xoxb-any", base_url=address))
        place.wait(lambda: sender.health().problem, "the outage to be noticed")
        assert sender.stop(10)
    rows = place.rows()
    assert {row.state for row in rows} == {OutboxState.PENDING}
    assert {row.first_try_at for row in rows} == {None}
    assert sum(row.attempts > 0 for row in rows) <= 3


def test_after_an_outage_everything_is_posted_once(place: Workplace) -> None:
    outage = place.slack.fault("outage", mode="drop")
    place.start()
    for number in range(5):
        place.tell(f"k{number}")
    place.wait(lambda: place.senders[0].health().problem, "the outage to be noticed")
    place.slack.lift(outage)
    for number in range(5):
        place.wait_for(f"k{number}", timeout=40)
    assert sorted(place.texts()) == [f"k{number} v1" for number in range(5)]


# --- direct messages ---


def test_a_direct_message_opens_the_conversation_once(place: Workplace) -> None:
    ana = place.slack.user_id("ana")
    place.start()
    place.tell("one", to=None, person_id=ana)
    place.wait_for("one")
    place.tell("two", to=None, person_id=ana)
    place.wait_for("two")
    assert len(place.slack.calls("conversations.open")) == 1
    direct = place.slack.open_dm("ana")
    assert place.texts(direct) == ["one v1", "two v1"]
    with place.store.read() as session:
        assert session.get_one(Person, ana).direct_channel == direct
    assert place.row("one").channel == direct


def test_a_direct_message_whose_answer_was_lost_is_found(place: Workplace) -> None:
    place.slack.fault("lost_answer", "chat.postMessage", times=1)
    place.start()
    place.tell("one", to=None, person_id=place.slack.user_id("ana"))
    place.wait_for("one")
    assert place.texts(place.slack.open_dm("ana")) == ["one v1"]


# --- order ---


def test_the_messages_of_a_ticket_keep_their_order_through_a_lost_answer(place: Workplace) -> None:
    place.slack.fault("drop", "chat.postMessage", times=1)
    for number in range(3):
        place.tell(f"k{number}", ticket_id=1)
    place.start()
    place.wait_for("k2")
    assert place.texts() == ["k0 v1", "k1 v1", "k2 v1"]


# --- mirrors ---


def _refresh(place: Workplace, version: int) -> None:
    with place.store.write() as session:
        telling.refresh(session, ticket_id=1, version=version)
    place.senders[0].wake()


def _shows(place: Workplace, version: int) -> None:
    place.wait(lambda: f"card v{version}" in place.texts(), f"version {version} to be shown")


def test_a_card_follows_its_ticket_in_place(place: Workplace, ticket: int) -> None:
    place.start()
    place.tell("card", Telling.CARD, ticket_id=ticket)
    ts = place.wait_for("card").ts
    _refresh(place, 2)
    _shows(place, 2)
    assert [message.ts for message in place.ours()] == [ts]


def test_many_changes_in_a_moment_are_one_update(place: Workplace, ticket: int) -> None:
    place.tell("card", Telling.CARD, ticket_id=ticket)
    sender = place.start()
    place.wait_for("card")
    sender.stop(10)
    again = place.sender()
    for version in range(2, 12):
        _refresh(place, version)
    again.start()
    _shows(place, 11)
    assert len(place.slack.calls("chat.update")) == 1


def test_an_update_whose_answer_was_lost_is_simply_made_again(place: Workplace, ticket: int) -> None:
    place.start()
    place.tell("card", Telling.CARD, ticket_id=ticket)
    place.wait_for("card")
    place.slack.fault("lost_answer", "chat.update", times=1)
    _refresh(place, 2)
    place.wait(lambda: place.row("card").shown_version == 2, "the update to be settled")
    assert place.texts() == ["card v2"]
    assert place.slack.calls("conversations.history") == []


def test_a_card_that_was_deleted_in_slack_is_posted_anew(place: Workplace, ticket: int) -> None:
    place.start()
    place.tell("card", Telling.CARD, ticket_id=ticket)
    ts = place.wait_for("card").ts
    place.client().call("chat.delete", channel=place.row("card").channel, ts=ts)
    _refresh(place, 2)
    _shows(place, 2)
    place.wait_for("card")
    assert place.row("card").ts != ts


@pytest.mark.parametrize("error", ["update_failed", "external_channel_migrating"])
def test_a_card_follows_after_a_refusal_that_passes_by_itself(
    place: Workplace, ticket: int, error: str
) -> None:
    place.start()
    place.tell("card", Telling.CARD, ticket_id=ticket)
    ts = place.wait_for("card").ts
    place.slack.fault("error", "chat.update", times=1, error=error)
    _refresh(place, 2)
    _shows(place, 2)
    assert [message.ts for message in place.ours()] == [ts]


def test_a_card_that_may_not_be_edited_any_more_is_posted_anew(place: Workplace, ticket: int) -> None:
    place.start()
    place.tell("card", Telling.CARD, ticket_id=ticket)
    ts = place.wait_for("card").ts
    place.slack.fault("error", "chat.update", times=1, error="edit_window_closed")
    _refresh(place, 2)
    _shows(place, 2)
    assert place.wait_for("card").ts != ts


def test_an_uncertain_reply_under_a_card_that_was_deleted_is_said_once_under_the_new_one(
    place: Workplace, ticket: int
) -> None:
    place.start()
    place.tell("card", Telling.CARD, ticket_id=ticket)
    card = place.wait_for("card")
    place.slack.fault("drop", "chat.postMessage", times=1)
    place.tell("alert", Telling.ALERT, ticket_id=ticket, thread_key="card")
    place.wait_for("alert", OutboxState.UNKNOWN)
    place.client().call("chat.delete", channel=card.channel, ts=card.ts)
    place.wait_for("alert")
    anew = place.wait_for("card")
    assert anew.ts != card.ts
    assert place.texts(thread_ts=anew.ts)[1:] == ["alert v1"]


def test_a_relay_to_a_card_that_was_posted_anew_meanwhile_stays_with_the_card(
    place: Workplace, ticket: int
) -> None:
    place.tell("relay:1", ticket_id=ticket, thread_key="card:1")
    with place.store.write() as session:
        now = place.store.now(session)
        due = outbox.Due(session.scalars(select(Outbox)).one(), "lane")
        held = outbox.take(session, due, owner=place.store.owner, now=now)
        gone = Place(channel="C1", thread_ts="1.0")
        assert uprooted.replant(session, held, Refused("cannot_reply_to_message"), gone=gone, now=now)
    row = place.row("relay:1")
    assert (row.state, row.thread_key, row.person_id) == (OutboxState.PENDING, "card:1", None)


def test_a_reply_that_is_refused_under_a_root_that_is_there_is_parked_in_the_end(
    place: Workplace, ticket: int
) -> None:
    refusal = "cannot_reply_to_message"
    sender = place.start()
    place.tell("card", Telling.CARD, ticket_id=ticket)
    card = place.wait_for("card")
    place.slack.fault("error", "chat.postMessage", contains=card.ts, error=refusal)
    place.tell("alert", Telling.ALERT, ticket_id=ticket, thread_key="card")
    place.wait(lambda: place.row("alert").error == refusal, "the alert to be refused")
    sender.stop(10)
    place.change("alert", attempts=8, not_before=real_now())
    place.start()
    place.wait_for("alert", OutboxState.PARKED)
    assert place.wait_for("card").ts == card.ts


def test_a_relayed_message_that_was_deleted_in_slack_stays_deleted(place: Workplace) -> None:
    place.start()
    place.tell("relay:1")
    row = place.wait_for("relay:1")
    place.client().call("chat.delete", channel=row.channel, ts=row.ts)
    with place.store.write() as session:
        telling.refresh_relay(session, comment_id=1)
    place.wait_for("relay:1", OutboxState.SUPERSEDED)
    assert place.texts() == []


# --- emoji ---


def _emoji(place: Workplace, ts: str, *, present: bool) -> None:
    with place.store.write() as session:
        telling.show_emoji(
            session,
            key="emoji",
            ticket_id=1,
            name="eyes",
            present=present,
            channel=place.slack.channel_id("#it-help"),
            message_ts=ts,
        )
    place.senders[0].wake()


def _has_emoji(place: Workplace, ts: str) -> bool:
    message = place.slack.message("#it-help", ts)
    return message is not None and "eyes" in message.reactions


def test_an_emoji_comes_and_goes(place: Workplace) -> None:
    ts = place.slack.post("ana", "#it-help", "My screen is black")
    place.start()
    _emoji(place, ts, present=True)
    place.wait(lambda: _has_emoji(place, ts), "the emoji to come")
    _emoji(place, ts, present=False)
    place.wait(lambda: not _has_emoji(place, ts), "the emoji to go")
    _emoji(place, ts, present=True)
    place.wait(lambda: _has_emoji(place, ts), "the emoji to come again")


def test_an_emoji_comes_after_a_refusal_that_passes_by_itself(place: Workplace) -> None:
    ts = place.slack.post("ana", "#it-help", "My screen is black")
    place.slack.fault("error", "reactions.add", times=1, error="external_channel_migrating")
    place.start()
    _emoji(place, ts, present=True)
    place.wait(lambda: _has_emoji(place, ts), "the emoji to come")


def test_an_emoji_that_is_there_already_is_well(place: Workplace) -> None:
    ts = place.slack.post("ana", "#it-help", "My screen is black")
    channel = place.slack.channel_id("#it-help")
    place.client().call("reactions.add", channel=channel, timestamp=ts, name="eyes")
    place.start()
    _emoji(place, ts, present=True)
    place.wait_for("emoji")


def test_an_emoji_that_never_was_needs_no_removal(place: Workplace) -> None:
    ts = place.slack.post("ana", "#it-help", "My screen is black")
    sender = place.sender()
    _emoji(place, ts, present=True)
    _emoji(place, ts, present=False)
    sender.start()
    place.wait_for("emoji")
    assert place.slack.calls("reactions.add") + place.slack.calls("reactions.remove") == []
    _emoji(place, ts, present=True)
    place.wait(lambda: _has_emoji(place, ts), "the emoji to come after all")


def test_an_emoji_wanted_again_in_the_moment_of_its_removal_stays(place: Workplace) -> None:
    ts = place.slack.post("ana", "#it-help", "My screen is black")
    has_changed = threading.Event()

    def draw(session: Session, claim: Claim) -> Rendering:
        if not claim.data["present"] and not has_changed.is_set():
            has_changed.set()
            _emoji(place, ts, present=True)  # claimed to be removed, and wanted by now
        return plainly(session, claim)

    place.start(draw=draw)
    _emoji(place, ts, present=True)
    place.wait(lambda: _has_emoji(place, ts), "the emoji to come")
    place.wait_for("emoji")
    _emoji(place, ts, present=False)
    place.wait(lambda: place.row("emoji").shown_version == 3, "what is wanted last to be shown")
    assert _has_emoji(place, ts)


def test_an_emoji_that_may_have_come_is_removed(place: Workplace) -> None:
    ts = place.slack.post("ana", "#it-help", "My screen is black")
    fault = place.slack.fault("error", "reactions.add", error="internal_error", apply=True)
    place.start()
    _emoji(place, ts, present=True)
    place.wait_for("emoji", OutboxState.UNKNOWN)
    _emoji(place, ts, present=False)
    place.slack.lift(fault)
    place.wait(lambda: not _has_emoji(place, ts), "the emoji to go")
    place.wait_for("emoji")


def test_an_emoji_on_a_message_that_is_gone_is_dropped(place: Workplace) -> None:
    ts = place.slack.post("ana", "#it-help", "My screen is black")
    place.slack.delete("ana", "#it-help", ts)
    place.start()
    _emoji(place, ts, present=True)
    place.wait_for("emoji", OutboxState.SUPERSEDED)


# --- stopping ---


def test_a_stopped_sender_leaves_nothing_in_hand(place: Workplace) -> None:
    place.slack.fault("hang", "chat.postMessage", seconds=0.5, apply=True)
    sender = place.start()
    for number in range(8):
        place.tell(f"k{number}", to=secrets.choice(["#it-help", "#general"]))
    place.wait(lambda: place.slack.calls("chat.postMessage"), "a call to be under way")
    assert sender.stop(10)
    states = {row.state for row in place.rows()}
    assert OutboxState.SENDING not in states
    assert OutboxState.PENDING in states


def test_health_tells_the_age_of_the_oldest_delivery_that_is_due(place: Workplace) -> None:
    sender = place.sender()
    assert sender.health().oldest_due_seconds == 0
    place.tell("a")
    place.change("a", created_at=real_now() - timedelta(seconds=30))
    health = sender.health()
    assert 30 <= health.oldest_due_seconds < 60
    assert health.counts == {"pending": 1, "sending": 0, "unknown": 0, "parked": 0}


# --- helpers ---


def _count(counter: Counter) -> float:
    return next(sample.value for metric in counter.collect() for sample in metric.samples)


def _claim(store: Store, *, owner: str | None = None) -> Claim:
    def work(session: Session) -> Claim:
        now = store.now(session) + timedelta(seconds=1)
        due = outbox.next_due(session, now, kinds=KINDS)
        assert due is not None
        return outbox.take(session, due, owner=owner or store.owner, now=now)

    return store.run(work)


def _uncertain(store: Store, claim: Claim) -> None:
    with store.write() as session:
        now = store.now(session)
        assert outbox.unknown(session, claim, not_before=now, error="reset", last_try_at=now, misses=0)
