"""Kept gestures: their facts are read, they are decided, and what stays undecidable is parked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.clock import real_now
from bot.delivery.client import SlackClient
from bot.directory.fill import Directory
from bot.directory.worker import FactsWorker
from bot.models import Inbox, InboxState, Outbox
from bot.store import Store
from bot.workflows.factcodec import (
    UnknownFact,
    decode_fact,
    decode_message,
    encode_fact,
    encode_message,
)
from bot.workflows.facts import (
    ChannelFact,
    Fact,
    MembersFact,
    Message,
    MessageFact,
    PersonFact,
    UsergroupFact,
)
from bot.workflows.outcomes import Reply
from sandbox.client import SandboxClient
from sandbox.server import SandboxServer

FACTS: list[Fact] = [
    PersonFact("U1"),
    MembersFact("C1"),
    UsergroupFact("S1"),
    ChannelFact("C1"),
    MessageFact("C1", "1.0"),
]

SETTLE = 60.0
"""Seconds by which a history may be behind."""


@pytest.fixture
def slack(server: SandboxServer) -> SandboxClient:
    return server.client()


@pytest.fixture
def store(database_url: str, server: SandboxServer) -> Iterator[Store]:
    store = Store(database_url)
    client = SlackClient(server.bot_token, base_url=server.api_url)
    Directory(store, client, pace=100.0).start()
    yield store
    store.close()


class Desk:
    """Decides as it is told, and keeps what it was asked and what was said."""

    def __init__(self, store: Store, server: SandboxServer) -> None:
        self._store = store
        self.decided: list[int] = []
        self.said: list[Reply] = []
        self.then: Callable[[int], list[Reply]] = self.settle
        client = SlackClient(server.bot_token, base_url=server.api_url)
        self.worker = FactsWorker(
            store, client, self._decide, send=self.said.extend, pace=100.0, settle=SETTLE
        )

    def _decide(self, row_id: int) -> list[Reply]:
        self.decided.append(row_id)
        return self.then(row_id)

    def settle(self, row_id: int) -> list[Reply]:
        self.change(row_id, state=InboxState.DONE)
        return [Reply(person_id="U1", channel="C1", text="done")]

    def wait_for_more(self, row_id: int) -> list[Reply]:
        self.then = self.settle
        row = self.row(row_id)
        missing = [encode_fact(ChannelFact("C404"))]
        self.change(row_id, payload={**(row.payload or {}), "missing": missing}, not_before=real_now())
        return []

    def change(self, row_id: int, **values: Any) -> None:
        with self._store.write() as session:
            session.execute(update(Inbox).where(Inbox.id == row_id).values(values))

    def keep(self, *facts: Fact, age: timedelta = timedelta(0)) -> int:
        """A gesture that lacks these facts."""
        now = real_now()
        row = Inbox(
            source="reacted",
            dedupe_key="k",
            state=InboxState.WAITING,
            received_at=now - age,
            payload={"gesture": {}, "missing": [encode_fact(fact) for fact in facts], "messages": {}},
            attempts=0,
            not_before=now,
        )
        with self._store.write() as session:
            session.add(row)
            session.flush()
            return row.id

    def row(self, row_id: int) -> Inbox:
        with self._store.read() as session:
            found = session.get_one(Inbox, row_id)
            session.expunge(found)
            return found

    def notices(self) -> list[Outbox]:
        with self._store.read() as session:
            found = list(session.scalars(select(Outbox)))
            session.expunge_all()
            return found


@pytest.fixture
def desk(store: Store, server: SandboxServer) -> Desk:
    return Desk(store, server)


@pytest.mark.parametrize("fact", FACTS)
def test_a_fact_is_kept_as_it_was(fact: Fact) -> None:
    assert decode_fact(encode_fact(fact)) == fact


def test_a_fact_of_a_newer_version_is_not_guessed_at() -> None:
    with pytest.raises(UnknownFact):
        decode_fact({"fact": "weather", "id": "U1"})


def test_a_message_is_kept_as_it_was() -> None:
    message = Message(
        channel="C1", ts="1.0", text="x", author_id=None, files=(("a.png", "https://x"),), is_missing=True
    )
    assert decode_message(encode_message(message)) == message


def test_the_message_that_a_gesture_lacks_is_read_before_it_is_decided(
    desk: Desk, slack: SandboxClient
) -> None:
    ts = slack.post("ana", "#it-help", "My screen is black")
    channel = slack.channel_id("#it-help")
    row_id = desk.keep(MessageFact(channel, ts))
    desk.worker.step()
    messages = (desk.row(row_id).payload or {})["messages"]
    assert decode_message(messages[f"{channel}/{ts}"]).text == "My screen is black"
    assert desk.decided == [row_id]
    assert desk.row(row_id).state is InboxState.DONE


def test_a_message_that_the_history_does_not_show_yet_is_looked_for_again(
    desk: Desk, slack: SandboxClient
) -> None:
    fault = slack.fault("history_lag", seconds=600)
    ts, channel = slack.post("ana", "#it-help", "My screen is black"), slack.channel_id("#it-help")
    row_id = desk.keep(MessageFact(channel, ts))
    desk.then = lambda _row_id: []
    desk.worker.step()
    assert (desk.row(row_id).payload or {})["messages"] == {}
    slack.lift(fault)
    desk.change(row_id, not_before=real_now())
    desk.worker.step()
    messages = (desk.row(row_id).payload or {})["messages"]
    assert decode_message(messages[f"{channel}/{ts}"]).text == "My screen is black"


def test_a_message_that_stays_away_for_longer_than_a_history_lags_is_missing(
    desk: Desk, slack: SandboxClient
) -> None:
    channel = slack.channel_id("#it-help")
    row_id = desk.keep(MessageFact(channel, "1.000001"), age=timedelta(seconds=SETTLE))
    desk.worker.step()
    messages = (desk.row(row_id).payload or {})["messages"]
    assert decode_message(messages[f"{channel}/1.000001"]).is_missing


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_what_an_earlier_process_had_in_hand_is_taken_up_at_once(desk: Desk, slack: SandboxClient) -> None:
    row_id = desk.keep()
    desk.change(row_id, not_before=real_now() + timedelta(seconds=30))
    desk.worker.start()
    slack.wait_until(lambda: desk.decided == [row_id], message="the decision")
    desk.worker.stop(5)


def test_what_the_decision_says_is_said(desk: Desk) -> None:
    desk.keep()
    desk.worker.step()
    assert [reply.text for reply in desk.said] == ["done"]


def test_a_gesture_that_lacks_something_new_is_taken_up_again_at_once(desk: Desk) -> None:
    row_id = desk.keep()
    desk.then = desk.wait_for_more
    desk.worker.step()
    assert desk.row(row_id).not_before <= real_now()  # type: ignore[operator]  # a waiting row has one


def test_a_gesture_in_hand_is_nobody_elses(desk: Desk) -> None:
    row_id = desk.keep()
    inner: list[float] = []

    def decide(_row_id: int) -> list[Reply]:
        inner.append(desk.worker.step())
        return desk.settle(row_id)

    desk.then = decide
    desk.worker.step()
    assert desk.decided == [row_id]
    assert inner[0] > 0


def test_a_fact_that_cannot_be_read_now_is_read_later(desk: Desk, slack: SandboxClient) -> None:
    fault = slack.fault("http_error", "users.info")
    row_id = desk.keep(PersonFact(slack.user_id("ana")))
    desk.worker.step()
    assert desk.decided == []
    assert desk.row(row_id).state is InboxState.WAITING
    slack.lift(fault)
    desk.change(row_id, not_before=real_now())
    desk.worker.step()
    assert desk.decided == [row_id]


def test_a_gesture_that_stays_undecidable_for_a_day_is_parked_and_told(
    desk: Desk, slack: SandboxClient
) -> None:
    slack.fault("error", "users.info", error="missing_scope")
    row_id = desk.keep(PersonFact(slack.user_id("ana")), age=timedelta(hours=25))
    desk.worker.step()
    row = desk.row(row_id)
    assert row.state is InboxState.PARKED
    assert "missing_scope" in (row.reason or "")
    assert [notice.person_id for notice in desk.notices()] == [slack.user_id("root")]


def test_a_gesture_that_waits_for_less_than_a_day_goes_on_waiting(desk: Desk, slack: SandboxClient) -> None:
    slack.fault("error", "users.info", error="missing_scope")
    row_id = desk.keep(PersonFact(slack.user_id("ana")), age=timedelta(hours=23))
    desk.worker.step()
    assert desk.row(row_id).state is InboxState.WAITING
    assert desk.notices() == []


def test_the_worker_wakes_up_for_a_new_gesture(desk: Desk, slack: SandboxClient) -> None:
    desk.worker.start()
    row_id = desk.keep()
    desk.worker.wake()
    slack.wait_until(lambda: desk.row(row_id).state is InboxState.DONE, message="the decision")
    desk.worker.stop(5)
