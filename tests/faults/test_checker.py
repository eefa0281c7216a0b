"""The checker finds what it is there to find: each breach is planted, and named."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.store import Store
from sandbox.seen import SeenMessage
from tests.conversations.desk import Desk, running_desk
from tests.faults.chaos.checker import breaches
from tests.faults.chaos.evidence import Evidence, Seen, look
from tests.faults.chaos.runs import DESK as DESK_YAML


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> tuple[Seen, Path]:
    """What a short and sound life of a desk left behind."""
    path = tmp_path_factory.mktemp("lived") / "deskbell.db"
    shutil.copyfile(sqlite_template, path)
    with running_desk(f"sqlite:///{path}", is_http=False, desk_yaml=DESK_YAML) as desk:
        live(desk)
        seen = look(desk.client)
    return seen, path


def live(desk: Desk) -> None:
    ticket = desk.raise_by_emoji()
    desk.client.react("ben", "#it-triage", ticket.card, "eyes")
    desk.card_says(ticket, "Ben")
    desk.client.post("ana", ticket.channel, "and it smells", thread_ts=ticket.root)
    desk.settle()
    desk.raise_by_command()
    desk.settle()


@pytest.fixture
def evidence(lived: tuple[Seen, Path], tmp_path: Path) -> Iterator[Evidence]:
    """A copy of it, to be spoilt."""
    seen, path = lived
    for file in path.parent.glob("deskbell.db*"):
        shutil.copyfile(file, tmp_path / file.name)
    store = Store(f"sqlite:///{tmp_path / 'deskbell.db'}")
    yield Evidence(seen, store)
    store.close()


def found(evidence: Evidence) -> list[str]:
    return [str(breach) for breach in breaches(evidence)]


def test_a_sound_life_has_no_breach(evidence: Evidence) -> None:
    assert found(evidence) == []


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        ("UPDATE outbox SET state = 'pending' WHERE key = 'card:1'", "card:1 is still pending"),
        ("UPDATE outbox SET state = 'sending' WHERE key = 'card:1'", "card:1 is still sending"),
        ("UPDATE outbox SET state = 'unknown' WHERE key = 'opening:1'", "opening:1 is still unknown"),
        ("UPDATE outbox SET state = 'parked' WHERE key = 'relay:1'", "relay:1 is parked"),
        ("UPDATE outbox SET ts = '1.000001' WHERE key = 'card:1'", "sent, but is not in Slack"),
        ("UPDATE outbox SET ts = '1.000001' WHERE key = 'card:1'", "No delivery knows the message"),
        ("DELETE FROM outbox WHERE key = 'card:2'", "No delivery knows the message"),
        ("UPDATE outbox SET wanted_version = 99 WHERE key = 'card:1'", "card:1 shows"),
        ("UPDATE ticket SET title = 'something else' WHERE id = 1", "card:1 says"),
        (
            "UPDATE outbox SET data = replace(data, 'true', 'false') WHERE kind = 'emoji'",
            "should not be there",
        ),
        ("DELETE FROM reaction", "is not known"),
        ("DELETE FROM comment", "is on no ticket"),
        ("DELETE FROM inbox WHERE source = 'filed'", "was accepted and is not known"),
        ("UPDATE ticket SET origin_ts = '1.000001'; DELETE FROM anchor", "No ticket was raised from"),
        ("UPDATE inbox SET state = 'waiting' WHERE source = 'filed'", "A gesture (filed) is waiting"),
        ("UPDATE inbox SET state = 'parked' WHERE source = 'filed'", "A gesture (filed) is parked"),
        ("UPDATE timeline_event SET actor_id = 'U0' WHERE kind = 'claimed'", "was altered"),
        ("UPDATE ticket SET state = 'new' WHERE id = 1", "its timeline says"),
        ("UPDATE ticket SET assignee_id = 'U0' WHERE id = 1", "its timeline says"),
        ("UPDATE state_interval SET assignee_id = NULL", "is not where it stands"),
        ("UPDATE state_interval SET ended_at = ended_at + 1", "do not follow each other"),
        ("UPDATE service_clock SET started_at = started_at + 1 WHERE clock = 'resolve'", "The clocks of"),
    ],
)
def test_a_breach_in_the_records_is_found(evidence: Evidence, spoil: str, sentence: str) -> None:
    with evidence.store.write() as session:
        for statement in spoil.split(";"):
            session.execute(text(statement))
    assert any(sentence in breach for breach in found(evidence)), found(evidence)


def test_a_threshold_that_nothing_tells_is_found(evidence: Evidence) -> None:
    with evidence.store.write() as session:
        session.execute(
            text(
                "INSERT INTO milestone (clock_id, point, due_at, decided_at, disposition, is_late, told_key) "
                "SELECT id, '50%', started_at, started_at, 'told', 0, 'sla:9' FROM service_clock LIMIT 1"
            )
        )
    assert any("sla:9 should tell has no delivery" in breach for breach in found(evidence))


def posted_twice(seen: Seen) -> Seen:
    """Also when the copy has been deleted since."""
    again = next(call for call in seen.calls if call.method == "chat.postMessage")
    return replace(seen, calls=[*seen.calls, replace(again, fault="lost_answer")])


def posted_without_a_mark(seen: Seen) -> Seen:
    post = next(call for call in seen.calls if call.method == "chat.postMessage")
    return replace(seen, calls=[*seen.calls, replace(post, args={"channel": "C1", "text": "hello"})])


def deleted(seen: Seen) -> Seen:
    return replace(seen, messages={channel: [] for channel in seen.messages})


def unknown_message(seen: Seen) -> Seen:
    channel, message = seen.ours()[0]
    copy = SeenMessage({**message.raw, "ts": "9999999999.000001"})
    return replace(seen, messages={**seen.messages, channel: [*seen.messages[channel], copy]})


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (posted_twice, "was posted 2 times"),
        (posted_without_a_mark, "posted without a marker"),
        (deleted, "counts as sent, but is not in Slack"),
        (unknown_message, "No delivery knows the message 9999999999.000001"),
    ],
)
def test_a_breach_in_slack_is_found(evidence: Evidence, spoil: Callable[[Seen], Seen], sentence: str) -> None:
    spoilt = Evidence(spoil(evidence.seen), evidence.store)
    assert any(sentence in breach for breach in found(spoilt)), found(spoilt)
