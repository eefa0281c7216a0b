"""kill -9, two replicas and lost answers around a digest: one message for each date, with its pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import func, select, update

from bot.clock import real_now
from bot.models import Outbox, PictureState, Report, ReportSeries, ReportState
from bot.store import Store
from sandbox.client import SandboxClient
from sandbox.jsontypes import as_object, as_text
from sandbox.seen import SeenMessage
from sandbox.server import SandboxServer
from tests.faults.processes import BotProcess
from tests.sandbox_fixture import running_sandbox, tuesday_morning

MANAGERS: Final = "it-managers"
PATIENCE: Final = 60.0
"""Seconds: on PostgreSQL what a killed process held is free again after its lease of 20 s."""
DESK: Final = """
calendars: {always: 24x7}
slas:
  hours:
    calendar: always
    targets:
      P1: {respond: 1h, resolve: 4h}
      P2: {respond: 1h, resolve: 4h}
      P3: {respond: 1h, resolve: 4h}
      P4: {respond: 1h, resolve: 4h}
      P5: {respond: 1h, resolve: 4h}
desks:
  it:
    name: IT Service Desk
    timezone: Etc/UTC
    request_channels: ["#it-help"]
    triage_channel: "#it-triage"
    managers_channel: "#it-managers"
    agents: {members_of: "#it-triage"}
    leads: ["@lea"]
    managers: ["@maria"]
    slas: {incident: hours, request: hours}
    digest: {at: "09:00", days: daily}
"""


class DigestBot(BotProcess):
    """A bot whose desk has a digest, on the workspace's clock."""

    def __init__(self, server: SandboxServer, database_url: str, folder: Path) -> None:
        super().__init__(server, database_url, folder)
        (folder / "desk.yaml").write_text(DESK)


class Office:
    """The workspace, its bots, and what they have written down."""

    def __init__(self, server: SandboxServer, store: Store, bots: list[DigestBot]) -> None:
        self.client: SandboxClient = server.client()
        self.store = store
        self.bots = bots

    def begin(self) -> None:
        """The bots run and the desk has a digest that is due one day."""
        for bot in self.bots:
            bot.start(self.client)
        self.until(lambda: self.next_at() is not None, "the series to begin")

    def until(self, look: Callable[[], object], message: str) -> None:
        self.client.wait_until(look, timeout=PATIENCE, message=message)

    def next_at(self) -> datetime | None:
        with self.store.read() as session:
            return session.scalar(select(ReportSeries.next_at))

    def skip_to_digest(self) -> None:
        """Time passes until the next digest is due."""
        at, offset = self.next_at(), self.client.skip(0)
        assert at is not None
        self.client.skip((at - datetime.now(UTC)).total_seconds() - offset)

    def raise_ticket(self, text: str) -> None:
        """Somebody files a form; returns once its card is there."""
        assert self.client.command("ana", "it-help", "/ticket", text).acked
        assert self.client.submit("ana", {}).acked
        self.until(lambda: any(text in each.text for each in self.client.messages("it-triage")), "the card")

    def digests(self) -> list[SeenMessage]:
        return [each for each in self.client.messages(MANAGERS) if "Daily digest" in each.text]

    def has_digests(self, number: int) -> bool:
        return len(self.digests()) >= number

    def pictures(self) -> int:
        """How many the only digest shows."""
        (digest,) = self.digests()
        return sum(block.get("type") == "image" for block in digest.blocks)

    def uploads(self) -> int:
        return len(self.client.calls("files.completeUploadExternal"))

    def told(self) -> int:
        """How many digests were decided to be told."""
        with self.store.read() as session:
            told = select(func.count()).select_from(Report).where(Report.state == ReportState.TOLD)
            return session.scalar(told) or 0

    def are_ready(self, state: PictureState) -> bool:
        with self.store.read() as session:
            return session.scalar(select(Report.picture_state)) is state

    def tried(self) -> bool:
        """Somebody tried to post a digest."""
        calls = self.client.calls("chat.postMessage")
        return any("Daily digest" in as_text(as_object(call.args).get("text")) for call in calls)

    def a_minute_passes(self) -> None:
        """As if leases had ended, and the digest had waited for as long as it waits for pictures."""
        with self.store.write() as session:
            session.execute(update(Report).values(picture_lease=real_now()))
            session.execute(update(Outbox).where(Outbox.kind == "report").values(not_before=real_now()))

    def stays_calm(self) -> None:
        """Whatever was still to come has come: another ticket's card is there, and the same digests."""
        before = len(self.digests())
        self.raise_ticket("something else entirely")
        assert len(self.digests()) == before
        assert self.client.violations() == []


@pytest.fixture
def replicas() -> int:
    """How many bots there are; parametrise this to have more."""
    return 1


@pytest.fixture
def office(database_url: str, tmp_path: Path, replicas: int) -> Iterator[Office]:
    with ExitStack() as stack:
        server = stack.enter_context(running_sandbox(clock_offset=tuesday_morning(tmp_path / "clock")))
        store = Store(database_url)
        stack.callback(store.close)
        folders = [tmp_path / f"bot{number}" for number in range(replicas)]
        for folder in folders:
            folder.mkdir()
        bots = [DigestBot(server, database_url, folder) for folder in folders]
        for bot in bots:
            stack.callback(bot.kill)
        office = Office(server, store, bots)
        office.begin()
        yield office


@pytest.mark.parametrize("database_kind", ["postgresql"])
@pytest.mark.parametrize("replicas", [2])
def test_of_two_replicas_one_decides_and_posts_each_digest(office: Office) -> None:
    for day in range(1, 4):
        if day == 2:
            office.raise_ticket("the badge reader is dark")
        office.skip_to_digest()
        office.until(partial(office.has_digests, day), "the digest")
    office.stays_calm()
    assert (len(office.digests()), office.told()) == (3, 3)
    assert len({each.text.splitlines()[0] for each in office.digests()}) == 3


def test_a_kill_between_upload_and_post_ends_in_one_message_with_the_same_pictures(office: Office) -> None:
    office.raise_ticket("the lift speaks Latin")
    fault = office.client.fault("http_error", "chat.postMessage", status=503, contains="Daily digest")
    office.skip_to_digest()
    office.until(office.tried, "a post to be tried")
    office.bots[0].kill()
    assert office.are_ready(PictureState.READY)
    office.client.lift(fault)
    office.bots[0].start(office.client)
    office.until(office.digests, "the digest")
    office.stays_calm()
    assert (len(office.digests()), office.pictures(), office.uploads()) == (1, 2, 2)


def test_a_kill_while_a_picture_is_uploaded_ends_in_one_message_with_all_pictures(office: Office) -> None:
    office.raise_ticket("the coffee machine wants a password")
    fault = office.client.fault("hang", "files.completeUploadExternal", seconds=5)
    office.skip_to_digest()
    office.until(office.uploads, "an upload")
    office.bots[0].kill()
    office.client.lift(fault)
    office.a_minute_passes()
    office.bots[0].start(office.client)
    office.until(lambda: office.are_ready(PictureState.READY), "the pictures to be uploaded")
    office.until(lambda: office.digests() and office.pictures() == 2, "the pictures to be shown")
    office.stays_calm()
    assert (len(office.digests()), office.told()) == (1, 1)


def test_lost_answers_repeat_neither_the_message_nor_its_pictures(office: Office) -> None:
    office.raise_ticket("the projector shows green only")
    office.client.fault("lost_answer", "files.completeUploadExternal", times=1)
    office.client.fault("lost_answer", "chat.postMessage", times=1, contains="Daily digest")
    office.skip_to_digest()
    office.until(lambda: office.digests() and office.pictures() == 2, "the digest with its pictures")
    office.stays_calm()
    assert (len(office.digests()), office.told(), office.pictures()) == (1, 1, 2)
