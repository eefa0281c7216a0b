"""The composition root: the only place that wires the parts together."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog
from prometheus_client import generate_latest

from bot import config, failpoints
from bot.allocator import use_few_arenas
from bot.clock import Clock, real_now
from bot.config import LoadedConfig
from bot.delivery.client import AuthRefused, Refused, SlackClient
from bot.delivery.metrics import (
    CLOCKS_DUE,
    INBOX_OLDEST,
    INBOX_PARKED,
    READY,
    REGISTRY,
    SOCKET,
    TICK_LAG,
    forget_the_database,
)
from bot.delivery.pictures import Pictures
from bot.delivery.replies import REPLY_TIMEOUT, DirectReplies
from bot.delivery.sender import Sender
from bot.delivery.skew import Skew
from bot.directory.fill import Directory, SlackNotReady
from bot.directory.worker import FactsWorker
from bot.errors import DeskbellError
from bot.failpoints import Commit
from bot.handlers.adapters import SocketMode, SocketRefused, http_dispatcher
from bot.handlers.answers import quiet_reply, reply
from bot.handlers.bolt import Identity, build_bolt
from bot.handlers.context import Handling, count
from bot.handlers.sweep import Sweep
from bot.models import Workspace
from bot.schedule import Concern, Schedule
from bot.settings import Settings, SlackAccess
from bot.stopping import Departure, end_at_the_latest, end_now
from bot.store import Store, StoreUnavailable
from bot.store.lock import FileLock
from bot.store.migrate import require_head, upgrade
from bot.web.application import HealthReport, create_web
from bot.web.server import WebServer, serve
from bot.web.slack import SlackAnswer, SlackEdge
from bot.workflows import (
    auditing,
    backtesting,
    closing,
    configuring,
    due,
    explaining,
    heartbeats,
    housekeeping,
    records,
    reports,
)
from bot.workflows.backlog import InboxBacklog, inbox_backlog
from bot.workflows.following import Follower
from bot.workflows.intake import Intake
from bot.workflows.metrics import Period
from bot.workflows.outcomes import Reply

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
"""Seconds between attempts while the database or Slack cannot be reached."""
BACKGROUND = 4.0
"""Seconds that what works in the background may take to end."""
_LISTEN_EVERY = 0.5
CLOCK_SLACK = timedelta(minutes=1)
"""A clock that goes back by more is told to the administrators."""


class SlackRefuses(DeskbellError):
    """Slack answers, and no waiting will change its answer."""


def refuse_hopeless(error: DeskbellError) -> None:
    """Raise what waiting cannot mend, with the fix; return when it may pass."""
    if isinstance(error, StoreUnavailable) and not error.may_pass:
        raise error
    cause = error.__cause__
    if isinstance(error, SocketRefused) and error.is_final:
        raise SlackRefuses(
            f"Slack does not accept SLACK_APP_TOKEN ({error.reason}): copy an app-level token with the scope "
            "connections:write from Basic Information of your Slack app into .env, and switch Socket Mode on."
        ) from error
    if isinstance(cause, AuthRefused):
        raise SlackRefuses(
            f"Slack does not accept SLACK_BOT_TOKEN ({cause.error}): copy the Bot User OAuth Token from "
            "OAuth & Permissions of your Slack app into .env."
        ) from error
    if isinstance(cause, Refused) and cause.error == "missing_scope":
        raise SlackRefuses(
            f"The Slack app lacks the scope {cause.needed or 'that is needed'}: paste what "
            "`deskbell manifest` prints into the app's manifest and install it again."
        ) from error


class Stopped(Exception):
    """The process was told to stop while it waited."""


@dataclass
class Status:
    """What `/health` says while the parts come up."""

    waiting_for: str = "starting"
    is_ready: bool = False
    problems: list[str] = field(default_factory=list)


class Bot:
    """A running desk: its parts, how they come up, and how they go down."""

    def __init__(self, settings: Settings, access: SlackAccess, loaded: LoadedConfig | None) -> None:
        self._settings = settings
        self._access = access
        self._loaded = loaded
        self._stop = threading.Event()
        self.status = Status()
        self.clock = Clock(settings.desk_clock_offset)
        self.store = Store(settings.database_url)
        self.skew = Skew()
        self._client = self._slack(timeout=10.0)
        self.replies = DirectReplies(self._slack(timeout=REPLY_TIMEOUT))
        self.sender = Sender(
            self.store, self._client, settle=settings.delivery_settle, pace=settings.delivery_pace
        )
        self.intake = Intake(self.store, self.clock, wake=self.wake, told=count)
        self.directory = Directory(
            self.store,
            self._slack(timeout=10.0),
            pace=settings.delivery_pace,
            refreshed=self._settle_desks,
        )
        self.facts = self._facts_worker()
        self.pictures = Pictures(self.store, self._slack(timeout=10.0), told=self.sender.wake)
        self._newest: datetime | None = None
        self._identity: Identity | None = None
        handling = Handling(
            store=self.store,
            clock=self.clock,
            intake=self.intake,
            views=self._slack(timeout=REPLY_TIMEOUT),
            bot_user_id=lambda: self._identity.bot_user_id if self._identity else None,
            look_again=self.directory.nudge,
            wake=self.wake,
            missed=lambda: self.sweep.gap(everywhere=True),
        )
        self._handling = handling
        self._bolt = build_bolt(handling, lambda: self._identity)
        self.sweep = self._sweep(handling)
        self._follower = Follower(self.store, pace=settings.delivery_pace)
        self._schedule = Schedule(self._concerns())
        self._socket = self._socket_mode()
        self._web: WebServer | None = None
        self.left_behind: list[str] = []
        """What did not end in time."""

    def _facts_worker(self) -> FactsWorker:
        return FactsWorker(
            self.store,
            self._slack(timeout=10.0),
            self._decide_waiting,
            send=self.replies.send_all,
            pace=self._settings.delivery_pace,
            settle=self._settings.delivery_settle,
        )

    def _sweep(self, handling: Handling) -> Sweep:
        return Sweep(
            handling,
            self._slack(timeout=10.0),
            send=self.replies.send_all,
            wake=self.wake,
            pace=self._settings.delivery_pace,
        )

    def _concerns(self) -> dict[str, Concern]:
        """What the clock alone makes due, and how often it is looked for."""
        return {
            "service_levels": Concern(self._decide_due, every=0.5),
            "close": Concern(self._close_due),
            "reports": Concern(self._report_due),
            "calendars": Concern(self._extend_calendars, every=3600.0),
            "policies": Concern(self._catch_up_policies, every=10.0),
            "audit": Concern(lambda: auditing.take_anchor(self.store, self.clock.now()), every=60.0),
            "janitor": Concern(self.sender.remove_duplicates, every=600.0),
            "heartbeat": Concern(self._beat, every=5.0),
            "socket": Concern(self._watch_socket),
            "forget": Concern(lambda: housekeeping.forget_old_gestures(self.store), every=600.0),
            "homes": Concern(self._follow_homes),
            "old_homes": Concern(lambda: housekeeping.forget_old_homes(self.store), every=600.0),
        }

    def _slack(self, *, timeout: float) -> SlackClient:
        return SlackClient(
            self._access.bot_token,
            base_url=self._settings.slack_api_url,
            timeout=timeout,
            dated=self.skew.heard_from_slack,
        )

    def _socket_mode(self) -> SocketMode | None:
        if self._access.app_token is None:
            return None
        return SocketMode(
            self._bolt,
            app_token=self._access.app_token,
            base_url=self._settings.slack_api_url,
            replies=self.replies.send_all,
            park=self._park,
            missed=lambda was_long: self.sweep.gap(everywhere=was_long),
        )

    @property
    def port(self) -> int | None:
        """Where the HTTP edge listens, once it does."""
        return self._web.port if self._web is not None else None

    def _decide_due(self) -> None:
        self._watch_clock()
        if self.skew.is_too_far():  # what is due by a wrong clock would be told too early; health says why
            return
        if due.tick(self.store, self.clock.now()):
            self.sender.wake()

    def _watch_clock(self) -> None:
        """The machine's own clock: a local workspace may move business time as it likes."""
        newest, now = self._newest, real_now()
        if newest is not None and now < newest - CLOCK_SLACK:
            self.store.run(lambda session: configuring.tell_of_clock(session, newest, now), Commit.CLOCK_STEP)
        self._newest = now

    def _catch_up_policies(self) -> None:
        due.catch_up_policies(self.store, self.clock.now())

    def _report_due(self) -> None:
        if not self.skew.is_too_far() and reports.reports_due(self.store, self.clock.now()):
            self.pictures.wake()
            self.sender.wake()

    def _extend_calendars(self) -> None:
        configuring.extend_calendars(self.store, self.clock.now())

    def _beat(self) -> None:
        heartbeats.beat(self.store, self._schedule.last_rounds())
        self.skew.ask_database(self.store)

    def _watch_socket(self) -> None:
        if self._socket is not None and self.status.is_ready:
            self._socket.watch()
            SOCKET.set(self._socket.is_connected())

    def _follow_homes(self) -> None:
        if self._follower.look():
            self.sender.wake()

    def _close_due(self) -> None:
        if not self.skew.is_too_far() and closing.close_due(self.store, self.clock.now()):
            self.sender.wake()

    def wake(self) -> None:
        """Something was committed: let delivery and the facts worker look at once."""
        self.sender.wake()
        self.facts.wake()

    def stop(self, *_signal: object) -> None:
        """Ask the process to stop; may be called from a signal handler."""
        self._stop.set()

    def run(self, *, migrate: bool) -> None:
        """Come up, work until stopped, go down. Raises DeskbellError when coming up cannot succeed."""
        self._web = self._serve()
        try:
            self._come_up(migrate=migrate)
            log.info("Deskbell is ready", port=self._web.port)
            # A signal that another thread took, as after a freeze, is heard only when this one wakes.
            while not self._stop.wait(_LISTEN_EVERY):
                pass
        except Stopped:
            log.info("stopped while starting")
        finally:
            self._go_down()

    def _come_up(self, *, migrate: bool) -> None:
        self._patiently("the database", lambda: self._prepare_database(migrate=migrate))
        self._learn_identity()
        self.replies.start()
        self._patiently("Slack", self.directory.start)
        self._learn_identity()
        self._patiently("the configuration", self._configure)
        # A new desk's reports begin now, before anybody's gesture and before anybody moves the clock.
        self._patiently("the reports", self._report_due)
        self.directory.start_refreshing()
        self.sender.start()
        self.facts.start()
        self.pictures.start()
        self._schedule.start()
        if self._socket is not None:
            self._patiently("Socket Mode", self._socket.connect)
        self.status.is_ready = True
        self.sweep.start()
        self.wake()

    def _prepare_database(self, *, migrate: bool) -> None:
        if migrate:
            upgrade(self._settings.database_url)
        require_head(self.store.engine)

    def _patiently(self, what: str, attempt: Callable[[], Result]) -> Result:
        """Try until it works, with growing pauses; what can never work raises its own DeskbellError."""
        pause = FIRST_WAIT
        while True:
            try:
                return attempt()
            except (StoreUnavailable, SlackNotReady, SocketRefused) as error:
                refuse_hopeless(error)
                self.status.waiting_for = f"{what}: {error}"
                log.warning("waiting", what=what, reason=str(error), seconds=pause)
            if self._stop.wait(pause):
                raise Stopped
            pause = min(LONGEST_WAIT, pause * 2)

    def _learn_identity(self) -> None:
        with self.store.read() as session:
            row = session.query(Workspace).first()
        if row is not None:
            self._identity = Identity(
                team_id=row.team_id,
                bot_id=row.bot_id,
                bot_user_id=row.bot_user_id,
                bot_token=self._access.bot_token,
            )

    def _configure(self) -> None:
        """Put desk.yaml in force when it changed; a desk that cannot work is off, the others are not."""
        loaded = self._loaded
        if loaded is not None:
            self.store.run(
                lambda session: configuring.apply_config(session, loaded, self.clock.now()),
                Commit.CONFIGURATION,
            )
            for section in loaded.inactive:
                log.info("checked and stored, but inactive until it is built", section=section)
        self._settle_desks()
        self.directory.refresh_members()

    def _settle_desks(self) -> None:
        """Find what desks name, join what is public; say what is in the way."""
        problems = self.store.run(configuring.resolve_desks, Commit.DESKS)
        closed = self.directory.join_channels()
        self.store.run(lambda session: configuring.tell_of_channels(session, closed), Commit.DESKS)
        found = [*problems, *closed]
        for problem in found:
            if problem not in self.status.problems:
                log.warning("a desk needs attention", problem=problem)
        self.status.problems = found

    def _serve(self) -> WebServer:
        slack = None
        if self._socket is None:
            dispatcher = http_dispatcher(self._bolt, replies=self.replies.send_all, park=self._park)
            slack = SlackEdge(
                signing_secrets=self._access.signing_secrets,
                dispatch=lambda body, headers: self._if_known(dispatcher, body, headers),
            )
        web = create_web(health=self.health, metrics=self.metrics, slack=slack)
        return serve(web, host=self._settings.host, port=self._settings.port)

    def _if_known(self, dispatcher: Callable[..., SlackAnswer], body: bytes, headers: object) -> SlackAnswer:
        """Until the bot knows who it is, Slack is asked to come again."""
        if self._identity is None or self._stop.is_set():
            return SlackAnswer(status=503)
        return dispatcher(body, headers)

    def _park(self, kind: str, payload: dict[str, object], reason: str) -> None:
        key = f"{kind}:{real_now().astimezone(UTC).isoformat()}"
        self.intake.park(kind, key, payload, reason)

    def _decide_waiting(self, row_id: int) -> list[Reply]:
        decided = self.intake.decide_waiting(row_id)
        if decided is None:
            return []
        gesture, outcome = decided
        with self.store.read() as session:
            speaks = reply if gesture.reply_to.response_url else quiet_reply
            word = speaks(session, gesture, outcome)
        if word and gesture.reply_to.is_home:
            self._handling.say_on_home(gesture.person_id, word.text)
            return []
        return [word] if word else []

    def health(self) -> HealthReport:
        """Whether work is being done, and what explains it."""
        if not self.status.is_ready:
            return HealthReport(ready=False, detail={"waiting_for": self.status.waiting_for})
        try:
            sender = self.sender.health()
            inbox = self._inbox()
            overdue = self._clocks_overdue()
        except StoreUnavailable as error:
            return HealthReport(ready=False, detail={"waiting_for": f"the database: {error}"})
        skewed = self.skew.problem()
        problems = [*self.status.problems, *self._schedule.problems(), *([skewed] if skewed else [])]
        detail: dict[str, object] = {
            "oldest_due_seconds": round(max(sender.oldest_due_seconds, overdue), 3),
            "clocks_due_seconds": round(overdue, 3),
            "outbox": sender.counts,
            "delivery": sender.problem or "ok",
            "tick_lag_seconds": round(self._schedule.lag(), 3),
            "gestures": {"waiting": inbox.waiting, "parked": inbox.parked},
            "problems": problems,
        }
        if self._socket is not None:
            detail["socket"] = "connected" if self._socket.is_connected() else "disconnected"
            detail["problems"] = [*problems, *self._socket.problems()]
        return HealthReport(ready=not self.skew.is_too_far(), detail=detail)

    def _inbox(self) -> InboxBacklog:
        with self.store.read() as session:
            inbox, now = inbox_backlog(session), self.store.now(session)
        oldest = inbox.oldest_waiting
        INBOX_OLDEST.set(max(0.0, (now - oldest).total_seconds()) if oldest else 0.0)
        INBOX_PARKED.set(inbox.parked)
        return inbox

    def _clocks_overdue(self) -> float:
        """Seconds since when the oldest threshold has been waiting to be decided."""
        seconds = due.overdue(self.store, self.clock.now()).total_seconds()
        CLOCKS_DUE.set(seconds)
        return seconds

    def metrics(self) -> bytes:
        """What `/metrics` shows; what only the database knows is no number while it is away."""
        for concern, lag in self._schedule.lags().items():
            TICK_LAG.labels(concern).set(lag)
        is_ready = self.status.is_ready and not self.skew.is_too_far()
        try:
            self.sender.health()
            self._inbox()
            self._clocks_overdue()
        except StoreUnavailable:
            log.warning("metrics are taken without the database")
            forget_the_database()
            is_ready = False
        READY.set(is_ready)
        # Over signed HTTP there is none that could be away.
        SOCKET.set(self._socket.is_connected() if self._socket is not None else math.nan)
        return generate_latest(REGISTRY)

    def _leave(self) -> None:
        """Nobody need wait for the beat of a process that has stopped."""
        try:
            heartbeats.leave(self.store)
        except StoreUnavailable as error:
            log.warning("the heartbeat stays until it is forgotten", reason=str(error))

    def _go_down(self) -> None:
        """Intake first, then what works in the background, the database last."""
        departure = Departure()
        self.status.is_ready, self.status.waiting_for = False, "stopping"
        if self._socket is not None:
            departure.end({"socket": self._socket.close}, at_most=2.5)
        background = (self.sweep, self.pictures, self.facts, self.directory, self.sender)
        works = {type(part).__name__.lower(): partial(part.stop, BACKGROUND) for part in background}
        departure.end({"schedule": self._schedule.stop, **works}, at_most=BACKGROUND)
        last: dict[str, Callable[[], object]] = {"replies": partial(self.replies.stop, 1.0)}
        if self._web is not None:
            last["web"] = self._web.stop
        if self._schedule.last_rounds():
            last["heartbeat"] = self._leave
        departure.end(last, at_most=departure.left())
        self.store.close()
        self.left_behind = departure.left_behind
        log.info("stopped")


def run(settings: Settings, *, migrate: bool) -> int:
    """Run the bot until SIGTERM or SIGINT; the exit code. Raises DeskbellError when it cannot start."""
    use_few_arenas()
    access = settings.require_slack()
    loaded = config.load_file(settings.desk_config) if settings.desk_config else None
    if settings.desk_failpoint is not None:
        failpoints.arm(settings.desk_failpoint)
    with FileLock(settings.database_url):
        bot = Bot(settings, access, loaded)

        def leave(*_signal: object) -> None:
            bot.stop()
            end_at_the_latest()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, leave)
        bot.run(migrate=migrate)
        if bot.left_behind:
            end_now()
    return 0


def migrate(settings: Settings) -> None:
    """Bring the database to the newest revision."""
    with FileLock(settings.database_url):
        upgrade(settings.database_url)


def plan_config(settings: Settings, path: Path) -> list[str]:
    """What applying a desk.yaml would change, a sentence each."""
    loaded = config.load_file(path)
    with reading(settings) as store, store.read() as session:
        current = configuring.in_force(session)
    old = config.load(current.text).config if current else None
    return config.plan(old, loaded.config)


def apply_config(settings: Settings, path: Path) -> list[str]:
    """Put a desk.yaml in force; what changed."""
    changes = plan_config(settings, path)
    loaded = config.load_file(path)
    with FileLock(settings.database_url), reading(settings) as store:
        store.run(
            lambda session: configuring.apply_config(
                session, loaded, Clock(settings.desk_clock_offset).now()
            ),
            Commit.CONFIGURATION,
        )
    return changes


def export_config(settings: Settings) -> str:
    """The configuration in force, as a desk.yaml. Raises NothingConfigured."""
    with reading(settings) as store, store.read() as session:
        current = configuring.in_force(session)
    if current is None:
        raise NothingConfigured
    return current.text


class CannotWrite(DeskbellError):
    """The file to write to cannot be written."""


class NothingConfigured(DeskbellError):
    """No configuration has been applied yet; run `deskbell config apply`."""

    def __init__(self) -> None:
        super().__init__(self.__doc__ or "")


def export_records(settings: Settings, out: Path | None, *, include_private: bool = False) -> None:
    """Write all tickets with their timelines as JSON lines, to a file or to standard output."""
    try:
        with reading(settings) as store, store.read() as session:
            records.export(session, out, include_private=include_private)
    except OSError as error:
        raise CannotWrite(f"{out} cannot be written ({error.strerror}): choose another file.") from error


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What was looked at, and what was found wrong: a sentence each."""

    tickets: int
    events: int
    broken: list[str]
    anchors: list[str]
    """The days whose anchors were asked for, and hold."""


def verify_audit(settings: Settings, written: list[str], advanced: Callable[[int, int], None]) -> Audit:
    """Check every timeline, the newest anchor kept here, and those given. Raises UnreadableAnchor."""
    anchors = [auditing.Anchor.read(line) for line in written]
    with reading(settings) as store, store.read() as session:
        broken = [*records.verify(session, advanced), *auditing.verify_newest(session)]
        for anchor in anchors:
            broken += auditing.verify_anchor(session, anchor)
        tickets, events = records.counts(session)
    days = [anchor.date.isoformat() for anchor in anchors]
    return Audit(tickets=tickets, events=events, broken=broken, anchors=days)


def reading(settings: Settings) -> _Closing:
    """The store of a command, at the newest revision. Raises SchemaMismatch or StoreUnavailable."""
    store = Store(settings.database_url)
    require_head(store.engine)
    return _Closing(store)


class _Closing:
    """A store that is closed at the end of a `with`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __enter__(self) -> Store:
        return self._store

    def __exit__(self, *_error: object) -> None:
        self._store.close()


def explain_sla(settings: Settings, number: str) -> explaining.Explanation:
    """Why the clocks of a ticket show what they show, now. Raises UnknownTicket."""
    with reading(settings) as store, store.read() as session:
        return explaining.explain_number(session, number, Clock(settings.desk_clock_offset).now())


def backtest_sla(
    settings: Settings,
    desired: config.DeskConfig,
    *,
    days: int,
    desk_key: str | None = None,
    advanced: Callable[[int, int], None],
) -> backtesting.Backtest:
    """Replay the tickets raised in the last `days` (of 24 hours) under a proposed configuration; only reads.

    `advanced` is told how many tickets are done, of how many. Raises NoSuchDesk.
    """
    now = Clock(settings.desk_clock_offset).now()
    period = Period(now - timedelta(days=days), now)
    with reading(settings) as store, store.read() as session:
        return backtesting.backtest(session, desired, period, desk_key=desk_key, advanced=advanced)
