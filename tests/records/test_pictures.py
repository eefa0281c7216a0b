"""The pictures of a report: made once, uploaded unshared, and shown by its message; never waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.clock import real_now
from bot.delivery.client import NotSent, Refused, SlackClient, Unknown
from bot.delivery.pictures import MOST_ATTEMPTS, Pictures, upload
from bot.models import Outbox, OutboxState, PictureState, Report, ReportState, SeriesName
from bot.pictures import DrawingFailed, Picture
from bot.store import Store
from bot.workflows import telling
from bot.workflows.telling import Telling
from sandbox.client import SandboxClient
from sandbox.jsontypes import JsonObject
from sandbox.server import SandboxServer
from tests.sandbox_fixture import QUICK, running_sandbox

CHARTS: dict[str, object] = {
    "desk": "IT Service Desk",
    "date": "2026-11-21",
    "flow": {"days": ["2026-11-20", "2026-11-21"], "came_in": [3, 4], "finished": [2, 5], "open": [9, 8]},
    "attainment": [{"label": "Incidents P1", "clock": "respond", "met": 9, "breached": 1}],
}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
DRAWN = [
    Picture("backlog.png", "Open tickets: 8. The desk.", PNG + b"1"),
    Picture("levels.png", "In time.", PNG + b"2"),
]
DUE = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
KEY = "digest:it:2026-11-21"


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with running_sandbox(settings={**QUICK, "file_processing": 0.1}) as running:
        yield running


@pytest.fixture
def slack(server: SandboxServer) -> SandboxClient:
    return server.client()


@pytest.fixture
def client(server: SandboxServer) -> SlackClient:
    return SlackClient(server.bot_token, base_url=server.api_url)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url)
    yield store
    store.close()


class Studio:
    """Draws what it is told to, counts how often, and keeps a report and its delivery."""

    def __init__(self, store: Store, client: SlackClient) -> None:
        self.store = store
        self.client = client
        self.drawings = 0
        self.told = 0
        self.then: Callable[[], list[Picture]] = lambda: DRAWN
        self.worker = self.another()

    def another(self) -> Pictures:
        """A worker, as another replica runs one."""
        return Pictures(self.store, self.client, told=self._tell, draw=self._draw)

    def _tell(self) -> None:
        self.told += 1

    def _draw(self, _charts: Mapping[str, object], _stop: threading.Event) -> list[Picture]:
        self.drawings += 1
        return self.then()

    def fail(self) -> list[Picture]:
        raise DrawingFailed("the pencil broke")

    def report(self, series: SeriesName = SeriesName.DAILY, *, key: str = KEY, **changes: Any) -> int:
        """A decided report whose message is due in a minute."""
        row = Report(
            desk_key="it",
            series=series,
            local_date="2026-11-21",
            period_from=DUE - timedelta(days=1),
            period_to=DUE,
            decided_at=DUE,
            is_late=False,
            state=ReportState.TOLD,
            figures={"charts": CHARTS},
            picture_state=PictureState.WANTED,
            pictures=[],
            picture_lease=None,
            picture_attempts=0,
        )
        for name, value in changes.items():
            setattr(row, name, value)
        with self.store.write() as session:
            session.add(row)
            telling.tell(session, key, Telling.NOTICE, channel="C1", delay=timedelta(seconds=60))
            session.flush()
            return row.id

    def change(self, **values: Any) -> None:
        with self.store.write() as session:
            session.execute(update(Report).values(values))

    def change_delivery(self, **values: Any) -> None:
        with self.store.write() as session:
            session.execute(update(Outbox).values(values))

    def now(self) -> Report:
        with self.store.read() as session:
            return session.scalars(select(Report)).one()

    def delivery(self) -> Outbox:
        with self.store.read() as session:
            return session.scalars(select(Outbox)).one()

    def try_again(self) -> None:
        """As if the pause were over."""
        self.change(picture_lease=real_now() - timedelta(seconds=1))
        self.worker.step()


@pytest.fixture
def studio(store: Store, client: SlackClient) -> Studio:
    return Studio(store, client)


def showing(file_id: str) -> list[JsonObject]:
    return [{"type": "image", "alt_text": "A chart", "slack_file": {"id": file_id}}]


# --- one picture ---


def test_an_uploaded_picture_can_be_shown_and_is_shared_with_nobody(
    client: SlackClient, slack: SandboxClient
) -> None:
    file_id = upload(client, DRAWN[0], stop=threading.Event())
    assert slack.file(file_id) == DRAWN[0].png
    file = slack.read("file", id=file_id)
    assert (file["title"], file["alt_txt"], file["channels"]) == (
        "Open tickets: 8",
        "Open tickets: 8. The desk.",
        [],
    )
    channel = slack.channel_id("#it-managers")
    client.call("chat.postMessage", channel=channel, text="Digest", blocks=showing(file_id))
    assert slack.violations() == []


def test_a_picture_that_is_not_processed_ends_the_attempt_when_the_bot_stops(
    client: SlackClient, slack: SandboxClient
) -> None:
    slack.settings(file_processing=3600)
    stop = threading.Event()
    stop.set()
    with pytest.raises(NotSent, match="stopping"):
        upload(client, DRAWN[0], stop=stop)


@pytest.mark.parametrize(("status", "failure"), [(502, Unknown), (403, Refused)])
def test_a_failed_upload_is_told_by_its_kind(
    client: SlackClient, slack: SandboxClient, status: int, failure: type[Exception]
) -> None:
    slack.fault("http_error", "upload", status=status)
    with pytest.raises(failure):
        upload(client, DRAWN[0], stop=threading.Event())


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
def test_a_refusal_is_a_refusal(client: SlackClient, slack: SandboxClient, method: str) -> None:
    slack.fault("error", method, error="file_uploads_disabled")
    with pytest.raises(Refused, match="file_uploads_disabled"):
        upload(client, DRAWN[0], stop=threading.Event())


def test_an_alternative_text_that_is_too_long_is_cut(client: SlackClient, slack: SandboxClient) -> None:
    file_id = upload(client, Picture("a.png", "x" * 3000, PNG), stop=threading.Event())
    assert slack.read("file", id=file_id)["alt_txt"] == "x" * 1000


# --- a report's pictures ---


def test_a_message_that_was_not_posted_yet_goes_at_once(studio: Studio, slack: SandboxClient) -> None:
    studio.report()
    studio.worker.step()
    report, delivery = studio.now(), studio.delivery()
    assert (report.picture_state, report.picture_lease) == (PictureState.READY, None)
    assert [slack.file(file_id) for file_id in report.pictures] == [picture.png for picture in DRAWN]
    assert delivery.not_before <= real_now()
    assert delivery.wanted_version == 1
    assert studio.told == 1


@pytest.mark.parametrize("state", [OutboxState.SENT, OutboxState.SENDING, OutboxState.UNKNOWN])
def test_a_message_that_is_posted_or_on_its_way_is_edited(studio: Studio, state: OutboxState) -> None:
    studio.report()
    ts = "1.0" if state is OutboxState.SENT else None
    studio.change_delivery(state=state, ts=ts, attempts=1, shown_version=1)
    studio.worker.step()
    delivery = studio.delivery()
    assert delivery.wanted_version == 2
    assert delivery.state is (OutboxState.PENDING if state is OutboxState.SENT else state)


@pytest.mark.parametrize(
    ("series", "key"),
    [
        (SeriesName.WEEKLY, "review-weekly:it:2026-11-21"),
        (SeriesName.MONTHLY, "review-monthly:it:2026-11-21"),
    ],
)
def test_a_review_has_its_own_message(studio: Studio, series: SeriesName, key: str) -> None:
    studio.report(series, key=key)
    studio.worker.step()
    assert studio.delivery().not_before <= real_now()


@pytest.mark.parametrize(
    "changes",
    [
        {"picture_state": PictureState.READY},
        {"picture_state": PictureState.NONE},
        {"state": ReportState.SUPERSEDED},
        {"picture_lease": real_now() + timedelta(hours=1)},
    ],
)
def test_pictures_that_nobody_wants_or_somebody_else_draws_are_not_drawn(
    studio: Studio, changes: dict[str, Any]
) -> None:
    studio.report(**changes)
    assert studio.worker.step() > 0
    assert studio.drawings == 0


def test_two_processes_do_not_make_the_same_pictures(studio: Studio) -> None:
    studio.report()
    waits: list[float] = []

    def meanwhile() -> list[Picture]:
        waits.append(studio.another().step())
        return DRAWN

    studio.then = meanwhile
    studio.worker.step()
    assert (studio.drawings, studio.now().picture_state) == (1, PictureState.READY)
    assert waits[0] > 0


def test_who_was_too_slow_leaves_it_to_who_took_over(studio: Studio) -> None:
    studio.report()

    def meanwhile() -> list[Picture]:
        studio.change(picture_lease=real_now() + timedelta(seconds=60), picture_attempts=2)
        return DRAWN

    studio.then = meanwhile
    studio.worker.step()
    report = studio.now()
    assert (report.picture_state, report.pictures, report.picture_attempts) == (PictureState.WANTED, [], 2)
    assert studio.told == 0


def test_a_report_with_nothing_to_draw_is_posted_without_pictures(studio: Studio) -> None:
    studio.report()
    studio.then = list
    studio.worker.step()
    assert studio.now().picture_state is PictureState.NONE
    assert studio.delivery().not_before <= real_now()


@pytest.mark.parametrize("figures", [{}, {"charts": None}, {"charts": [1]}])
def test_a_report_without_figures_for_pictures_is_posted_without_them(
    studio: Studio, figures: dict[str, object]
) -> None:
    studio.report(figures=figures)
    studio.worker.step()
    studio.try_again()
    assert (studio.now().picture_state, studio.drawings) == (PictureState.NONE, 0)


@pytest.mark.parametrize("error", ["missing_scope", "unknown_method", "storage_limit_reached"])
def test_what_slack_will_never_have_is_not_tried_again(
    studio: Studio, slack: SandboxClient, error: str
) -> None:
    slack.fault("error", "files.getUploadURLExternal", error=error)
    studio.report()
    studio.worker.step()
    assert studio.now().picture_state is PictureState.NONE
    assert studio.delivery().not_before <= real_now()
    assert len(slack.calls("files.getUploadURLExternal")) == 1


def test_a_posted_message_is_left_alone_when_no_pictures_come(studio: Studio, slack: SandboxClient) -> None:
    slack.fault("error", "files.getUploadURLExternal", error="missing_scope")
    studio.report()
    studio.change_delivery(state=OutboxState.SENT, ts="1.0", attempts=0, shown_version=1)
    studio.worker.step()
    assert (studio.delivery().state, studio.delivery().wanted_version) == (OutboxState.SENT, 1)


def test_a_drawing_that_fails_twice_is_given_up(studio: Studio) -> None:
    studio.report()
    studio.then = studio.fail
    studio.worker.step()
    assert studio.now().picture_state is PictureState.WANTED
    assert studio.delivery().not_before > real_now()
    studio.try_again()
    assert (studio.now().picture_state, studio.drawings) == (PictureState.NONE, 2)
    assert studio.delivery().not_before <= real_now()


def test_an_uncertain_upload_is_tried_three_times_and_drawn_once(
    studio: Studio, slack: SandboxClient
) -> None:
    slack.fault("http_error", "upload", status=500)
    studio.report()
    studio.worker.step()
    assert studio.worker.step() > 0  # not before its pause is over
    for _ in range(1, MOST_ATTEMPTS):
        assert studio.now().picture_state is PictureState.WANTED
        studio.try_again()
    assert (studio.now().picture_state, studio.drawings) == (PictureState.NONE, 1)
    assert len(slack.calls("upload")) == MOST_ATTEMPTS


def test_only_what_is_missing_is_uploaded_again(studio: Studio, slack: SandboxClient) -> None:
    slack.fault("http_error", "files.completeUploadExternal", status=500, contains="In time", times=1)
    studio.report()
    studio.worker.step()
    studio.try_again()
    assert studio.now().picture_state is PictureState.READY
    assert len(slack.calls("upload")) == len(DRAWN) + 1


def test_while_slack_is_away_no_attempt_is_counted(studio: Studio, slack: SandboxClient) -> None:
    slack.fault("ratelimited", "files.getUploadURLExternal", seconds=30)
    studio.report()
    for _ in range(MOST_ATTEMPTS + 1):
        studio.try_again()
    report = studio.now()
    assert (report.picture_state, report.picture_attempts) == (PictureState.WANTED, 0)
    slack.lift()
    studio.try_again()
    assert studio.now().picture_state is PictureState.READY


def test_who_dies_of_a_report_does_not_take_everybody_along(studio: Studio) -> None:
    studio.report(picture_attempts=MOST_ATTEMPTS, picture_lease=real_now() - timedelta(seconds=1))
    studio.worker.step()
    assert (studio.now().picture_state, studio.drawings) == (PictureState.NONE, 0)
    assert studio.delivery().not_before <= real_now()


def test_a_worker_that_stops_gives_back_what_it_has_in_hand(studio: Studio) -> None:
    studio.report()
    is_drawing = threading.Event()
    worker = Pictures(studio.store, studio.client, draw=lambda _charts, stop: _until(is_drawing, stop))
    worker.start()
    assert is_drawing.wait(10)
    assert worker.stop(10)
    report = studio.now()
    assert (report.picture_state, report.picture_attempts) == (PictureState.WANTED, 0)
    studio.worker.step()
    assert studio.now().picture_state is PictureState.READY


def _until(is_drawing: threading.Event, stop: threading.Event) -> list[Picture]:
    is_drawing.set()
    stop.wait(10)
    raise DrawingFailed("the bot is stopping")


def test_a_report_is_found_without_being_called_and_its_pictures_are_real(
    store: Store, client: SlackClient, slack: SandboxClient, studio: Studio
) -> None:
    worker = Pictures(store, client)
    worker.start()
    try:
        studio.report()
        worker.wake()
        slack.wait_until(
            lambda: studio.now().picture_state is PictureState.READY, timeout=40, message="the pictures"
        )
    finally:
        worker.stop(10)
    files = [slack.read("file", id=file_id) for file_id in studio.now().pictures]
    assert [file["name"] for file in files] == ["backlog-2026-11-21.png", "service-levels-2026-11-21.png"]
    assert all(str(file["alt_txt"]).startswith(("Open tickets: 8", "In time")) for file in files)
