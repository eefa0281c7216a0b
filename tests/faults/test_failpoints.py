"""A process dies at every failpoint there is, one after the other: nothing is lost, nothing is said twice.

Each process that starts recovers from the death of the one before it, on its way to its own.
"""

from __future__ import annotations

import signal
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Final

import pytest
from slack_sdk import WebClient
from sqlalchemy import delete, select, update

from bot import failpoints
from bot.clock import Clock, real_now
from bot.commands import outbox
from bot.delivery import janitor
from bot.delivery.client import SlackClient
from bot.delivery.pacing import Pacer
from bot.delivery.reads import Reader
from bot.directory.facts import FactReader
from bot.failpoints import AFTER, BEFORE, Ack, Call, Commit
from bot.models import Inbox, InboxState, Membership, Outbox, Person, SeriesName, ServiceClock
from bot.settings import Settings
from bot.store import Store
from bot.workflows import auditing, configuring, due, housekeeping, reports
from bot.workflows.desks import load_desks
from sandbox.client import SandboxClient, SandboxRefused
from sandbox.http_delivery import sign
from sandbox.jsontypes import as_object, as_text, objects
from sandbox.seen import SeenCall, SeenMessage
from tests.faults.chaos.evidence import key_in
from tests.faults.chaos.load import LEVELS
from tests.faults.chaos.runs import Desk, running_desk
from tests.faults.processes import becomes, forked

PATIENCE: Final = 45.0
"""Seconds until a process must have reached its failpoint."""
TRIAGE, HELP, MANAGERS = "#it-triage", "#it-help", "#it-managers"
DAY: Final = 24 * 3600
DESK: Final = """
calendars:
  always: 24x7
  office: {{timezone: Etc/UTC, mon-fri: ["09:00-17:00"], holidays: DE-BE}}
slas:
  swift:
    calendar: always
    targets: {{P1: {quick}, P2: {slow}, P3: {slow}, P4: {slow}, P5: {slow}}}
  slow:
    calendar: office
    targets: {{P1: {slow}, P2: {slow}, P3: {slow}, P4: {slow}, P5: {slow}}}
desks:
  it:
    name: IT Service Desk
    timezone: Etc/UTC
    request_channels: ["#it-help"]
    triage_channel: "#it-triage"
    managers_channel: "#it-managers"
    agents: {{members_of: "#it-triage"}}
    leads: ["@lea"]
    managers: ["@maria"]
    slas: {{incident: swift, request: swift}}
    close_after: 2h
    digest: {{at: "{digest_at}", days: daily}}
  hr:
    name: People
    timezone: Etc/UTC
    request_channels: ["#random"]
    triage_channel: "#it-managers"
    agents: {{usergroup: it-agents}}
    slas: {{incident: slow, request: slow}}
"""
QUICK, SLOW = "{respond: 1s, resolve: 2s}", "{respond: 1h, resolve: 8h}"
_numbers = count(1)
Provocation = Callable[["Scene"], None]


class Scene:
    """The desk, and what people may do there to bring a process to its failpoint."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.client: SandboxClient = desk.client
        self.store = desk.store
        self.bot = desk.bots[0]
        self.copied: set[str] = set()

    # --- what people do ---

    def file(self, *, channel: str = HELP, urgent: bool = False) -> None:
        levels = {question: answers[0] for question, answers in LEVELS.items()} if urgent else {}
        if self.client.command("ana", channel, "/ticket", f"form {next(_numbers)}").acked:
            self.client.submit("ana", levels)

    def point(self, who: str = "ana") -> None:
        ts = self.client.post("ana", HELP, f"message {next(_numbers)}")
        self.client.react(who, HELP, ts, "ticket")

    def press(self, label: str, *people: str) -> None:
        """On the youngest card with that button."""
        cards = [message for message in self.client.messages(TRIAGE) if label in message.buttons]
        for who in (people or ("lea",)) if cards else ():
            self.client.click(who, TRIAGE, cards[-1].ts, label)

    def look_home(self) -> None:
        """Somebody looks at their Home, and something happens that it shows."""
        self.client.open_home("ana")
        self.file()

    def file_urgently(self) -> None:
        self.file(urgent=True)

    def file_elsewhere(self) -> None:
        """Where no desk is at home: the conversation is a direct message."""
        if self.client.command("ana", "#general", "/ticket", f"form {next(_numbers)}").acked:
            self.client.submit("ana", {"Who should take care of it?": "IT Service Desk"})

    def claim_and_release(self) -> None:
        self.file()
        self.press("Release")
        self.press("Claim")

    def compete(self) -> None:
        """Somebody is refused a button."""
        self.file()
        self.press("Claim", "lea", "ben")

    def be_a_guest(self) -> None:
        """Somebody is refused an emoji."""
        self.client.react("gus", HELP, self.client.post("gus", HELP, f"message {next(_numbers)}"), "ticket")

    def answer(self) -> None:
        """A message in a thread that has to be copied into another one."""
        self.file()
        cards = self.client.messages(TRIAGE)
        if cards:
            self.client.post("lea", TRIAGE, f"answer {next(_numbers)}", thread_ts=cards[-1].ts)

    def resolve_and_wait(self) -> None:
        self.file()
        cards = self.client.messages(TRIAGE)
        if cards:
            self.client.react("lea", TRIAGE, cards[-1].ts, "white_check_mark")
        self.client.skip(3 * 3600)

    def sleep_a_day(self) -> None:
        self.file()
        self.client.skip(DAY)

    def rename(self) -> None:
        self.client.change_user("gus", real_name=f"Gus the {next(_numbers)}th")

    def turn_a_page(self) -> None:
        """In the list behind a line of a digest, long enough to have pages."""
        for _ in range(11):
            self.file()
        before = len(self._digests())
        self.client.skip(DAY)
        becomes(lambda: len(self._digests()) > before or not self.bot.is_alive, seconds=PATIENCE)
        if len(self._digests()) <= before:
            return  # it died of something else; it is tried again
        digest = self._digests()[-1]
        for block in digest.blocks:
            for option in objects(as_object(block.get("accessory")).get("options")):
                part, value = as_text(block.get("block_id")), as_text(option.get("value"))
                self.client.click("maria", MANAGERS, digest.ts, part, value)
                view = self.client.view("maria")
                if view is not None and "Next" in view.buttons:
                    self.client.click_view("maria", "Next")
                    return

    def _digests(self) -> list[SeenMessage]:
        return [message for message in self.client.messages(MANAGERS) if "digest" in message.text]

    def be_forgotten(self) -> None:
        """Somebody whom the directory does not know puts an emoji on a message."""
        with self.store.write() as session:
            session.execute(delete(Person).where(Person.id == self.client.user_id("maria")))
        self.point("maria")

    def nothing(self) -> None:
        """The clock alone gets it there."""

    # --- what goes wrong ---

    def lose_an_answer(self) -> None:
        self.client.lift()
        self.client.fault("lost_answer", "chat.postMessage", times=3)
        self.answer()

    def lose_a_post(self) -> None:
        self.client.lift()
        self.client.fault("drop", "chat.postMessage", times=2)
        self.file()

    def copy_a_post(self) -> None:
        """What no protocol can rule out: somebody has posted the same fact besides."""
        self.client.lift()
        before = len(self._lost())
        self.client.fault("lost_answer", "chat.postMessage", times=1)
        self.file()
        if not becomes(lambda: len(self._lost()) > before, seconds=5):
            return
        args = self._lost()[-1].args
        self.copied.add(key_in(args["metadata"]) or "")
        slack = WebClient(self.desk.server.bot_token, base_url=self.desk.server.api_url)
        slack.api_call("chat.postMessage", json=dict(args))

    def _lost(self) -> list[SeenCall]:
        return [call for call in self.client.calls("chat.postMessage") if call.fault == "lost_answer"]

    def send_garbage(self) -> None:
        """Over signed HTTP."""
        body, stamp = b'{"number": %d}' % next(_numbers), str(int(time.time()))
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": sign(self.desk.server.signing_secret, stamp, body),
        }
        request = urllib.request.Request(f"{self.bot.url}/slack/events", body, headers)
        with suppress(OSError), urllib.request.urlopen(request, timeout=10):
            pass

    # --- what is written before a process starts ---

    def another_digest(self) -> None:
        """The desk's series change."""
        minute = next(_numbers) % 60
        (self.bot.folder / "desk.yaml").write_text(desk_yaml(digest_at=f"09:{minute:02}"))

    def outside(self) -> None:
        """The bot is not in a channel that it may join."""
        self.client.leave("@app", "#random")

    def no_direct_channel(self) -> None:
        """Nobody's direct messages are open."""
        with self.store.write() as session:
            session.execute(update(Person).values(direct_channel=None))


def desk_yaml(*, digest_at: str = "09:00") -> str:
    return DESK.format(digest_at=digest_at, quick=QUICK, slow=SLOW)


BY: Final[Mapping[str, Provocation]] = {
    Commit.KEPT_GESTURE: Scene.point,
    Commit.FACTS_CLAIM: Scene.point,
    Commit.FACTS: Scene.point,
    Commit.DIRECTORY_EVENT: Scene.rename,
    Commit.TICK: Scene.file_urgently,
    Commit.CLOSING: Scene.resolve_and_wait,
    Commit.REPORT: Scene.sleep_a_day,
    Commit.PICTURES_CLAIM: Scene.sleep_a_day,
    Commit.PICTURES: Scene.sleep_a_day,
    Commit.LOOK: Scene.lose_a_post,
    Commit.SECOND_ATTEMPT: Scene.lose_a_post,
    Commit.HEARTBEAT: Scene.nothing,
    Commit.HOMES: Scene.look_home,
    Commit.PARKED_GESTURE: Scene.send_garbage,
    Call.PERSON: Scene.be_forgotten,
    Call.OPEN_DIRECT: Scene.file_elsewhere,
    Call.HISTORY: Scene.point,
    Call.REPLIES: Scene.lose_an_answer,
    Call.UPDATE: Scene.claim_and_release,
    Call.DELETE: Scene.copy_a_post,
    Call.EPHEMERAL: Scene.be_a_guest,
    Call.ADD_EMOJI: Scene.claim_and_release,
    Call.REMOVE_EMOJI: Scene.claim_and_release,
    Call.UPDATE_VIEW: Scene.turn_a_page,
    Call.PUBLISH: Scene.look_home,
    Call.UPLOAD_URL: Scene.sleep_a_day,
    Call.COMPLETE_UPLOAD: Scene.sleep_a_day,
    Call.FILE: Scene.sleep_a_day,
    Call.UPLOAD: Scene.sleep_a_day,
    Call.RESPOND: Scene.compete,
}
"""What brings a process to a failpoint; everywhere else that is a form, or the start itself."""
BEFORE_START: Final[Mapping[str, Provocation]] = {
    Commit.SERIES: Scene.another_digest,
    Call.OPEN_DIRECT: Scene.no_direct_channel,
    Call.JOIN: Scene.outside,
}


# --- what a running process does too seldom: done by itself in a process that dies ---


def _forget(store: Store, _settings: Settings) -> None:
    long_ago = real_now() - timedelta(days=15)
    with store.write() as session:
        session.add(
            Inbox(source="test", dedupe_key=str(long_ago), state=InboxState.DONE, received_at=long_ago)
        )
    housekeeping.forget_old_gestures(store)


def _extend_calendars(store: Store, _settings: Settings) -> None:
    configuring.extend_calendars(store, real_now() + timedelta(days=3650))


def _catch_up(store: Store, _settings: Settings) -> None:
    due.catch_up_policies(store, real_now())


def _step_back(store: Store, _settings: Settings) -> None:
    now = real_now()
    store.run(
        lambda session: configuring.tell_of_clock(session, now, now - timedelta(hours=1)), Commit.CLOCK_STEP
    )


def _look_alone(store: Store, settings: Settings) -> None:
    with store.read() as session:
        ticket_id = session.scalars(select(ServiceClock.ticket_id)).first()
    assert ticket_id is not None
    due._alone(store, ticket_id, Clock(settings.desk_clock_offset).now())


def _fail_to_report(store: Store, _settings: Settings) -> None:
    with store.read() as session:
        desk = load_desks(session).all[0]
    store.run(
        lambda session: reports._tell_of_failure(
            session, desk=desk, series=SeriesName.DAILY, reason="Test", now=real_now()
        ),
        Commit.REPORT_FAILURE,
    )


def _reader(store: Store, settings: Settings) -> Reader:
    assert settings.slack_bot_token is not None
    client = SlackClient(settings.slack_bot_token.get_secret_value(), base_url=settings.slack_api_url)
    return Reader(client, Pacer(store, factor=50), threading.Event())


def _tidy_up(store: Store, settings: Settings) -> None:
    janitor.sweep(store, _reader(store, settings))


def _take_anchor(store: Store, _settings: Settings) -> None:
    auditing.take_anchor(store, real_now() + timedelta(days=1))


def _operate(_store: Store, _settings: Settings) -> None:
    outbox._write(lambda session, now: session.execute(select(Outbox).limit(1)).first() and now)


def _read_emoji(store: Store, settings: Settings) -> None:
    with store.read() as session:
        card = session.scalars(select(Outbox).where(Outbox.key == "card:1")).one()
    _reader(store, settings).call("reactions.get", channel=card.channel, timestamp=card.ts, full=True)


def _read_channel(store: Store, settings: Settings) -> None:
    with store.read() as session:
        channel_id = session.scalars(select(Membership.channel_id)).first()
    assert channel_id is not None
    FactReader(store, _reader(store, settings)).channel(channel_id)


BY_ITSELF: Final[Mapping[str, Callable[[Store, Settings], None]]] = {
    Commit.FORGOTTEN_GESTURES: _forget,
    Commit.CALENDARS: _extend_calendars,
    Commit.POLICIES: _catch_up,
    Commit.CLOCK_STEP: _step_back,
    Commit.TICK_ALONE: _look_alone,
    Commit.REPORT_FAILURE: _fail_to_report,
    Commit.JANITOR: _tidy_up,
    Commit.AUDIT_ANCHOR: _take_anchor,
    Commit.OPERATOR: _operate,
    Call.CHANNEL: _read_channel,
    Call.EMOJI: _read_emoji,
}


def _do_it(work: Callable[[Store, Settings], None]) -> None:
    settings = Settings.load()
    if settings.desk_failpoint is not None:
        failpoints.arm(settings.desk_failpoint)
    work(Store(settings.database_url), settings)


# --- one after the other ---

OVER_HTTP: Final = (Ack.HTTP, Commit.PARKED_GESTURE)
OVER_SOCKETS: Final = tuple(
    place for place in (*Commit, *Call, *Ack) if place not in OVER_HTTP and place not in BY_ITSELF
)
CHAINS: Final[Mapping[str, Sequence[str]]] = {
    **{f"sockets-{number}": OVER_SOCKETS[number::6] for number in range(6)},
    "http": OVER_HTTP,
}
ON_SQLITE_ONLY: Final = (Commit.RECOVERY,)
"""Only one process works on a file: what an earlier one held is nobody else's."""
SAMPLE: Final = (Commit.GESTURE, Call.POST, Commit.SETTLEMENT, Commit.TICK)
"""The way of a gesture and of what is told of it."""


@pytest.fixture
def is_http() -> bool:
    return False


@pytest.fixture
def scene(database_url: str, tmp_path: Path, is_http: bool) -> Iterator[Scene]:
    with running_desk(database_url, tmp_path, desk_yaml=desk_yaml(), is_http=is_http) as desk:
        if is_http:
            desk.client.deliver_to(f"{desk.bots[0].url}/slack/events")
        yield Scene(desk)


def die_at(scene: Scene, side: str, place: str) -> None:
    """A process starts, is brought to its failpoint, and dies there."""
    BEFORE_START.get(place, Scene.nothing)(scene)
    scene.bot.launch(failpoint=f"{side}.{place}")
    provoke, give_up_at = BY.get(place, Scene.file), time.monotonic() + PATIENCE
    while not scene.bot.await_death(0.3):
        assert time.monotonic() < give_up_at, f"Nothing passed {side}.{place}. {scene.bot.log[-3000:]}"
        if scene.bot.is_ready():
            with suppress(SandboxRefused):
                provoke(scene)
            scene.bot.await_death(0.7)
    scene.client.lift()


def check(scene: Scene) -> None:
    """All is well, but for what a test did on purpose."""
    found = [str(breach) for breach in scene.desk.calm_down()]
    unforeseen = [sentence for sentence in found if not any(key in sentence for key in scene.copied)]
    assert [sentence for sentence in unforeseen if "is parked" not in sentence] == []


@pytest.mark.parametrize("database_kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.soak)])
@pytest.mark.parametrize(
    ("is_http", "chain"), [pytest.param(name == "http", name, id=name) for name in CHAINS]
)
def test_a_death_at_any_place_loses_nothing_and_repeats_nothing(scene: Scene, chain: str) -> None:
    places = [place for place in CHAINS[chain] if scene.desk.store.is_sqlite or place not in ON_SQLITE_ONLY]
    for place in places:
        for side in (BEFORE, AFTER):
            die_at(scene, side, place)
    check(scene)


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_death_on_postgresql_loses_nothing_and_repeats_nothing(scene: Scene) -> None:
    for place in SAMPLE:
        for side in (BEFORE, AFTER):
            die_at(scene, side, place)
    check(scene)


@pytest.mark.parametrize("database_kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.soak)])
def test_a_death_at_what_is_done_seldom_loses_nothing_and_repeats_nothing(scene: Scene) -> None:
    scene.bot.start(scene.client)
    scene.file()
    assert becomes(lambda: scene.client.messages(TRIAGE), seconds=PATIENCE)
    scene.bot.stop()
    for place, work in BY_ITSELF.items():
        for side in (BEFORE, AFTER):
            environment = {**scene.bot.environment, "DESK_FAILPOINT": f"{side}.{place}"}
            assert forked(_do_it, work, environment=environment, folder=scene.bot.folder) == -signal.SIGKILL
        assert forked(_do_it, work, environment=scene.bot.environment, folder=scene.bot.folder) == 0
    check(scene)


def test_every_failpoint_has_its_death() -> None:
    died = {place for chain in CHAINS.values() for place in chain} | set(BY_ITSELF)
    assert died == {*Commit, *Call, *Ack}
