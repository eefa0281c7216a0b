"""The pictures of a report: drawn, uploaded unshared, and shown by its message once Slack has processed them.

A message never waits for them longer than its own `not_before` says, and files that no message shows are seen
by nobody: whatever fails here is simply done again, a few times.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Select, func, or_, select, text, update
from sqlalchemy.orm import Session

from bot import pictures
from bot.clock import monotonic
from bot.delivery.client import Answer, AuthRefused, CallFailed, NotSent, Refused, SlackClient, Unknown
from bot.failpoints import Commit
from bot.models import PictureState, Report, ReportState
from bot.pictures import DrawingFailed, Picture
from bot.store import Store
from bot.store.worker import POLL, Worker
from bot.workflows import telling
from bot.workflows.reports import report_key

MOST_ATTEMPTS: Final = 3
MOST_DRAWINGS: Final = 2
"""Drawing is always the same: a second failure is final."""
MOST_ALT_TEXT: Final = 1000
_LEASE: Final = timedelta(seconds=60)
_LOOK_FOR: Final = 20.0
"""Seconds that Slack is given to process one picture."""
_FIRST_LOOK: Final = 0.25
_LONGEST_LOOK: Final = 2.0
_AGAIN_AFTER: Final = 5.0
_UNREACHED_PAUSE: Final = 30.0
_SHORTEST_WAIT: Final = 0.01
_WANTED: Final = text("report.picture_state = 'wanted'")  # the words of the partial index, for SQLite's sake
_IS_TOLD: Final = Report.state == ReportState.TOLD
# Slack says this of a file that it has not seen everywhere yet, too.
_NOT_THERE_YET: Final = "file_not_found"

log = structlog.get_logger(__name__)

Draw = Callable[[Mapping[str, object], threading.Event], list[Picture]]


class _LeaseLost(Exception):
    """Another process has taken the report meanwhile."""


# --- one picture ---


def upload(client: SlackClient, picture: Picture, *, stop: threading.Event) -> str:
    """Slack's id of the uploaded picture, which a block may name from now on. It is shared with nobody.

    Raises NotSent, Refused, AuthRefused or Unknown; in every case it may be uploaded again.
    """
    answer = client.call(
        "files.getUploadURLExternal",
        filename=picture.filename,
        length=len(picture.png),
        alt_txt=picture.alt[:MOST_ALT_TEXT],
    )
    file_id = _word(answer, "file_id")
    client.upload(_word(answer, "upload_url"), picture.png)
    title = picture.alt.partition(". ")[0]
    # A form, as this method takes it: the list travels as JSON text.
    client.call("files.completeUploadExternal", files=json.dumps([{"id": file_id, "title": title}]))
    _wait_until_processed(client, file_id, stop)
    return file_id


def _wait_until_processed(client: SlackClient, file_id: str, stop: threading.Event) -> None:
    """Slack refuses a block that names a file which it has not read yet; until then it knows no mimetype.

    https://github.com/slackapi/node-slack-sdk/issues/1865
    """
    give_up_at = monotonic() + _LOOK_FOR
    pause = _FIRST_LOOK
    while not _is_processed(client, file_id):
        if monotonic() + pause > give_up_at:
            raise Unknown("the picture is still being processed")
        if stop.wait(pause):
            raise NotSent("the bot is stopping")
        pause = min(_LONGEST_LOOK, pause * 2)


def _is_processed(client: SlackClient, file_id: str) -> bool:
    try:
        found = client.call("files.info", file=file_id).get("file")
    except Refused as refusal:
        if refusal.error == _NOT_THERE_YET:
            return False
        raise
    return isinstance(found, dict) and bool(found.get("mimetype"))


def _word(answer: Answer, name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise Unknown(f"the answer names no {name}")
    return value


# --- the pictures of a report ---


@dataclass(frozen=True)
class _Work:
    """A report whose pictures this process alone makes while the row holds one of its `leases`."""

    id: int
    key: str
    charts: object
    attempts: int
    leases: set[datetime]


@dataclass
class _Progress:
    """What has been made of the report in hand, so that nothing is made twice by one process."""

    report_id: int = 0
    drawn: list[Picture] | None = None
    files: list[str] = field(default_factory=list)


def _draw(charts: Mapping[str, object], stop: threading.Event) -> list[Picture]:
    return pictures.draw(charts, stop=stop)


class Pictures(Worker):
    """A thread that makes the pictures which reports want, one report at a time. Every replica may run one.

    `told` is called after a report's message fell due again: wake the sender.
    """

    def __init__(
        self,
        store: Store,
        client: SlackClient,
        *,
        told: Callable[[], None] = lambda: None,
        draw: Draw = _draw,
    ) -> None:
        super().__init__(
            "pictures",
            without_database="the pictures of reports cannot be looked for",
            failed="the pictures of a report failed unexpectedly; they are begun again after the lease",
        )
        self._store = store
        self._client = client
        self._told = told
        self._draw = draw
        self._progress = _Progress()

    def start(self) -> None:
        """Begin. What an earlier process on the same SQLite file was drawing is begun again at once."""
        if self._store.is_sqlite:
            self._store.run(self._recover, Commit.RECOVERY)
        self._thread.start()

    def step(self) -> float:
        """Make the pictures of one report, if one wants them. Returns for how long there is nothing to do."""
        wait = self._idle_for()
        if wait:
            return wait
        work = self._store.run(self._claim, Commit.PICTURES_CLAIM)
        if work is None:
            return _SHORTEST_WAIT  # somebody else has it
        try:
            files = self._make(work)
        except _LeaseLost:
            log.info("the pictures of a report are made by somebody else", report_id=work.id)
        except (CallFailed, DrawingFailed) as failure:
            self._failed(work, failure)
        else:
            self._end(work, files)
        return 0.0

    # --- drawing and uploading: no transaction is open ---

    def _make(self, work: _Work) -> list[str]:
        """The ids of the uploaded pictures; none when there is nothing to show."""
        if self._progress.report_id != work.id:
            self._progress = _Progress(work.id)
        progress = self._progress
        if progress.drawn is None:
            if not isinstance(work.charts, Mapping):
                raise DrawingFailed("the report holds no figures for them")
            progress.drawn = self._draw(work.charts, self._stop)
        for picture in progress.drawn[len(progress.files) :]:
            if self._stop.is_set():
                raise NotSent("the bot is stopping")
            self._store.run(lambda session: self._renew(session, work), Commit.PICTURES_CLAIM)
            progress.files.append(upload(self._client, picture, stop=self._stop))
        return progress.files

    def _failed(self, work: _Work, failure: CallFailed | DrawingFailed) -> None:
        """Again, later; or never when that is pointless."""
        if self._stop.is_set():
            self._put_off(work, seconds=0.0, counts=False)
        elif isinstance(failure, NotSent | AuthRefused):
            # Nobody was asked: no attempt, however long Slack is away.
            asked_for = failure.retry_after if isinstance(failure, NotSent) else None
            pause = _UNREACHED_PAUSE if asked_for is None else asked_for
            self._put_off(work, seconds=pause, counts=False)
        elif _is_final(work, failure):
            log.error("a report stays without pictures", report=work.key, reason=str(failure))
            self._end(work, [])
        else:
            log.warning("the pictures of a report are tried again", report=work.key, reason=str(failure))
            self._put_off(work, seconds=_AGAIN_AFTER, counts=True)

    def _put_off(self, work: _Work, *, seconds: float, counts: bool) -> None:
        self._store.run(
            lambda session: self._later(session, work, seconds=seconds, counts=counts), Commit.PICTURES
        )

    def _end(self, work: _Work, files: list[str]) -> None:
        if self._store.run(lambda session: self._settle(session, work, files), Commit.PICTURES):
            self._told()
        self._progress = _Progress()

    # --- transactions ---

    def _recover(self, session: Session) -> None:
        session.execute(update(Report).where(_WANTED, _IS_TOLD).values(picture_lease=None))

    def _idle_for(self) -> float:
        """Seconds until a report is due, looked up without waiting for the writer; 0 when one is."""
        with self._store.read() as session:
            now = self._store.now(session)
            if session.scalar(_due(now).with_only_columns(Report.id)) is not None:
                return 0.0
            at = session.scalar(select(func.min(Report.picture_lease)).where(_WANTED, _IS_TOLD))
        return POLL if at is None else min(POLL, max(_SHORTEST_WAIT, (at - now).total_seconds()))

    def _claim(self, session: Session) -> _Work | None:
        now = self._store.now(session)
        row = session.scalar(_due(now).with_for_update(skip_locked=True))
        if row is None:
            return None
        key = report_key(row.series, row.desk_key, row.local_date)
        if row.picture_attempts >= MOST_ATTEMPTS:
            # Whoever tried did not live to say what came of it.
            log.error("a report stays without pictures", report=key, reason="every attempt ended early")
            _give(session, row, key, [])
            return None
        row.picture_attempts += 1
        row.picture_lease = now + _LEASE
        return _Work(row.id, key, row.figures.get("charts"), row.picture_attempts, {row.picture_lease})

    def _renew(self, session: Session, work: _Work) -> None:
        row = _mine(session, work)
        if row is None:
            raise _LeaseLost
        lease = self._store.now(session) + _LEASE
        row.picture_lease = lease
        # Repeated after a lost commit, the row holds either of them.
        work.leases.add(lease)

    def _later(self, session: Session, work: _Work, *, seconds: float, counts: bool) -> None:
        row = _mine(session, work)
        if row is None:
            return
        row.picture_lease = self._store.now(session) + timedelta(seconds=seconds)
        row.picture_attempts = work.attempts if counts else work.attempts - 1

    def _settle(self, session: Session, work: _Work, files: list[str]) -> bool:
        row = _mine(session, work)
        if row is None:
            return False
        _give(session, row, work.key, files)
        return True


def _due(now: datetime) -> Select[Report]:
    is_free = or_(Report.picture_lease.is_(None), Report.picture_lease <= now)
    return select(Report).where(_WANTED, _IS_TOLD, is_free).order_by(Report.id).limit(1)


def _mine(session: Session, work: _Work) -> Report | None:
    """The report, locked, unless somebody else has taken it meanwhile."""
    statement = select(Report).where(_WANTED, Report.id == work.id, Report.picture_lease.in_(work.leases))
    return session.scalar(statement.with_for_update().execution_options(populate_existing=True))


def _give(session: Session, row: Report, key: str, files: list[str]) -> None:
    """The report has its pictures, or none, and its message is told; all in one transaction."""
    row.pictures = list(files)
    row.picture_state = PictureState.READY if files else PictureState.NONE
    row.picture_lease = None
    session.flush()
    telling.pictures_ready(session, key, show=bool(files))


def _is_final(work: _Work, failure: CallFailed | DrawingFailed) -> bool:
    if isinstance(failure, DrawingFailed):
        return work.attempts >= MOST_DRAWINGS
    if isinstance(failure, Refused) and failure.error != _NOT_THERE_YET:
        return True
    return work.attempts >= MOST_ATTEMPTS
