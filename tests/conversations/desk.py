"""A real bot at a real (if local) Slack: what tests do there and what they look at."""

from __future__ import annotations

import io
import itertools
import json
import logging
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar

import structlog
from sqlalchemy import func, select

from bot import config
from bot.app import Bot
from bot.logs import configure_logging
from bot.models import Inbox, InboxState, Outbox, OutboxState, Ticket, TimelineEvent
from bot.models.vocabulary import OPEN_STATES
from bot.settings import Settings
from bot.surfaces.ids import COMMAND
from bot.workflows import due, reading, records
from bot.workflows.reading import TicketView
from sandbox.client import POLL_INTERVAL, SandboxClient, WaitTimeout
from sandbox.http_delivery import sign
from sandbox.seed import WorkspaceSeed
from sandbox.seen import SeenMessage
from sandbox.server import SandboxServer
from tests.sandbox_fixture import running_sandbox

Found = TypeVar("Found")

DESK_YAML: Final = """
desks:
  it:
    name: IT Service Desk
    timezone: Europe/Berlin
    request_channels: ["#it-help"]
    triage_channel: "#it-triage"
    managers_channel: "#it-managers"
    agents: {members_of: "#it-triage"}
    leads: ["@lea"]
    managers: ["@maria"]
    categories: [Hardware, Software]
"""
HELP: Final = "#it-help"
TRIAGE: Final = "#it-triage"
PACE: Final = 50.0
"""Delivery to this machine goes so many times faster than to Slack."""

_NUMBER: Final = re.compile(r"\b(?:INC|REQ)-\d+\b")
_UNSETTLED: Final = (OutboxState.PENDING, OutboxState.SENDING, OutboxState.UNKNOWN)
_PATIENCE: Final = 15.0
_counter = itertools.count(1)


def something(what: str = "printer") -> str:
    """A problem that no other test has."""
    return f"The {what} number {next(_counter)} is broken"


@dataclass(frozen=True, kw_only=True)
class Raised:
    """A ticket as Slack shows it: its card, and the root of the thread in which it is talked about."""

    number: str
    title: str
    card: str
    channel: str
    root: str


@dataclass
class Desk:
    """The workspace with the bot in it. `user` and `channel` are as the client of the sandbox takes them."""

    client: SandboxClient
    server: SandboxServer
    settings: Settings
    bot: Bot
    log: Log
    is_http: bool
    expected_parked: int = 0
    """Set it where a test wants payloads to be parked."""
    may_log: list[str] = field(default_factory=list)
    """Events of the log, from warnings on, that the test wants or does not mind."""
    _thread: threading.Thread | None = None

    # --- the bot itself ---

    def start(self) -> None:
        """The bot runs and is ready."""
        self._thread = threading.Thread(target=self.bot.run, kwargs={"migrate": False}, name="bot")
        self._thread.start()
        self.until(lambda: self.bot.port, "the bot to listen")
        if self.is_http:
            self.client.deliver_to(f"{self.url}/slack/events")
        self.until(lambda: self.bot.health().ready, "the bot to be ready")

    def stop(self) -> None:
        """The bot has stopped."""
        self.bot.stop()
        if self._thread is not None:
            self._thread.join(15)
            assert not self._thread.is_alive(), "the bot did not stop"

    def restart(self, desk_yaml: str) -> None:
        """The same database under another desk.yaml."""
        self.settle()
        self.settle()  # the first one's last posts are events, too
        self.stop()
        self.bot = bot_for(self.settings, desk_yaml)
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.bot.port}"

    # --- waiting ---

    def until(
        self, look: Callable[[], Found | None], message: str, instead: Callable[[], object] = str
    ) -> Found:
        """What `look` finds, as soon as it finds something; `instead` says what there is, if that fails."""
        try:
            found = self.client.wait_until(look, message=message)
            assert found is not None
            return found
        except WaitTimeout as timeout:
            raise AssertionError(f"{timeout} There is: {instead()}") from timeout

    def settle(self) -> None:
        """Everything that was sent to the bot is decided, and everything it has to say is said."""
        deadline = time.monotonic() + _PATIENCE
        while left := self._unsettled():
            assert time.monotonic() < deadline, left
            time.sleep(POLL_INTERVAL)

    def _unsettled(self) -> list[str]:
        left = [
            f"{envelope.name} is not acknowledged: {envelope.attempts}"
            for envelope in self.client.envelopes()
            if not envelope.acked
        ]
        with self.bot.store.read() as session:
            waiting = select(Inbox.payload).where(Inbox.state == InboxState.WAITING)
            left += [f"not decided: {payload}" for payload in session.scalars(waiting)]
            going = select(Outbox.key, Outbox.state, Outbox.error).where(Outbox.state.in_(_UNSETTLED))
            left += [f"not delivered: {tuple(row)}" for row in session.execute(going)]
        return left

    def skip(self, seconds: float) -> None:
        """Time passes; what fell due meanwhile is decided and said."""
        self.client.skip(seconds)
        self.decided()

    def decided(self) -> None:
        """What is due by now is decided and said."""
        now = self.bot.clock.now()
        overdue = timedelta(0)
        self.until(
            lambda: due.overdue(self.bot.store, now) == overdue or None,
            "the clocks to be looked at",
            lambda: due.overdue(self.bot.store, now),
        )
        self.settle()

    # --- raising ---

    def raise_by_emoji(
        self, author: str = "ana", text: str = "", *, by: str = "", channel: str = HELP
    ) -> Raised:
        """Somebody writes in a request channel, and somebody puts the emoji on it."""
        text = text or something()
        ts = self.client.post(author, channel, text)
        self.client.react(by or author, channel, ts, "ticket")
        return self.appeared(text, channel, ts)

    def raise_by_command(
        self, person: str = "ana", text: str = "", *, channel: str = HELP, **values: object
    ) -> Raised:
        """`/ticket` with a few words, and the form sent as it comes, or with other values."""
        text = text or something()
        assert self.client.command(person, channel, COMMAND, text).acked
        result = self.client.submit(person, values)
        assert result.acked
        assert not result.errors
        return self.appeared(text)

    def appeared(self, title: str, channel: str = "", root: str = "") -> Raised:
        """The ticket of that title, once its card and the root of its conversation are there."""
        card = self.until(lambda: self.card_about(title), f"the card of {title!r}")
        number = number_in(card.text)
        if not root:
            link = self.until(lambda: self.ticket(number).conversation, f"the conversation of {number}")
            channel, root = link.channel, link.ts
        return Raised(number=number, title=title, card=card.ts, channel=channel, root=root)

    def raise_directly(self, person: str, text: str = "") -> Raised:
        """Somebody writes to the bot; the card of such a ticket is private."""
        text = text or something()
        channel = self.client.open_dm(person)
        return self.appeared_privately(text, channel, self.client.post(person, channel, text))

    def appeared_privately(self, title: str, channel: str, root: str) -> Raised:
        """The ticket that a direct message raised, once its card is there."""
        number = self.until(
            lambda: next((number_in(m.text) for m in self.ours(channel, root) if "🎫" in m.text), None),
            f"the ticket of {title!r}",
        )
        card = self.until(lambda: self._card_numbered(number), f"the card of {number}")
        return Raised(number=number, title=title, card=card.ts, channel=channel, root=root)

    def cancel_everything(self, by: str = "lea") -> None:
        """No ticket is open any more."""
        with self.bot.store.read() as session:
            numbers = list(session.scalars(select(Ticket.number).where(Ticket.state.in_(OPEN_STATES))))
        for number in numbers:
            assert self.client.command(by, HELP, COMMAND, f"cancel {number}").acked
        self.settle()

    # --- looking ---

    def card_about(self, title: str, channel: str = TRIAGE) -> SeenMessage | None:
        found = [m for m in self.client.messages(channel) if title in m.text and m.app_id]
        assert len(found) < 2, f"{title!r} has {len(found)} cards"
        return found[0] if found else None

    def _card_numbered(self, number: str) -> SeenMessage | None:
        cards = (m for m in self.client.messages(TRIAGE) if m.app_id and number_in(m.text) == number)
        return next(cards, None)

    def card(self, ticket: Raised, channel: str = TRIAGE) -> SeenMessage:
        found = self.client.message(channel, ticket.card)
        assert found is not None
        return found

    def card_says(self, ticket: Raised, *words: str, channel: str = TRIAGE) -> SeenMessage:
        """The card, once it says all of this."""
        return self.until(
            lambda: self._saying(self.card(ticket, channel), words),
            f"the card of {ticket.number} to say {words}",
            lambda: self.card(ticket, channel).everything,
        )

    @staticmethod
    def _saying(message: SeenMessage, words: tuple[str, ...]) -> SeenMessage | None:
        return message if all(word in message.everything for word in words) else None

    def thread(self, channel: str, root: str) -> list[SeenMessage]:
        """The replies under a message, without it."""
        return [m for m in self.client.messages(channel, thread_ts=root) if m.ts != root]

    def ours(self, channel: str, root: str) -> list[SeenMessage]:
        """What the bot wrote under a message."""
        return [message for message in self.thread(channel, root) if message.app_id]

    def conversation_says(self, ticket: Raised, *words: str) -> SeenMessage:
        """The bot's message in the conversation that says all of this, the root included."""

        def look() -> SeenMessage | None:
            written = self.client.messages(ticket.channel, thread_ts=ticket.root)
            return next((m for m in written if m.app_id and self._saying(m, words)), None)

        return self.until(
            look,
            f"the conversation of {ticket.number} to say {words}",
            lambda: [m.everything for m in self.client.messages(ticket.channel, thread_ts=ticket.root)],
        )

    def card_thread_says(self, ticket: Raised, *words: str) -> SeenMessage:
        """The bot's message in the card's thread that says all of this."""

        def look() -> SeenMessage | None:
            return next((m for m in self.ours(TRIAGE, ticket.card) if self._saying(m, words)), None)

        return self.until(
            look,
            f"the thread of the card of {ticket.number} to say {words}",
            lambda: [m.everything for m in self.thread(TRIAGE, ticket.card)],
        )

    def told(self, person: str, *words: str) -> SeenMessage:
        """The ephemeral word to a person that says all of this."""

        def look() -> SeenMessage | None:
            return next((m for m in self.client.ephemerals(person) if self._saying(m, words)), None)

        return self.until(look, f"{person} to be told {words}", lambda: self.said_to(person))

    def said_to(self, person: str) -> list[str]:
        return [message.everything for message in self.client.ephemerals(person)]

    def emoji_of_ours(self, ticket: Raised) -> set[str]:
        """What the bot shows on the root of the conversation."""
        root = self.client.message(ticket.channel, ticket.root)
        assert root is not None
        bot = self.client.user_id("@app")
        return {name for name, people in root.reactions.items() if bot in people}

    def ticket(self, number: str) -> TicketView:
        with self.bot.store.read() as session:
            found = reading.find_ticket(session, number)
            assert found is not None
            return reading.read_ticket(session, found.id)

    def tickets(self) -> int:
        """How many there are."""
        with self.bot.store.read() as session:
            return session.scalar(select(func.count()).select_from(Ticket)) or 0

    def timeline(self, number: str) -> list[str]:
        """The kinds of what happened, oldest first."""
        with self.bot.store.read() as session:
            found = reading.find_ticket(session, number)
            assert found is not None
            kinds = select(TimelineEvent.kind).where(TimelineEvent.ticket_id == found.id)
            return [kind.value for kind in session.scalars(kinds.order_by(TimelineEvent.seq))]

    def send(self, payload: object, *, signature: str = "", as_form: bool = False, raw: bytes = b"") -> int:
        """POST to the bot as Slack does, over signed HTTP; the status of the answer."""
        body = raw or json.dumps(payload).encode()
        if as_form:
            body = urllib.parse.urlencode({"payload": body.decode()}).encode()
        stamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/x-www-form-urlencoded" if as_form else "application/json",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature or sign(self.server.signing_secret, stamp, body),
        }
        request = urllib.request.Request(f"{self.url}/slack/events", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    def newcomer(self, name: str, *channels: str, **details: object) -> str:
        """A new person who is in these channels; their handle."""
        handle = f"{name.lower()}{next(_counter)}"
        self.client.add_user(handle, f"{name} New", display_name=name, **details)
        for channel in channels:
            self.client.invite(handle, channel)
        self.settle()
        return handle

    def parked(self) -> int:
        """How many gestures are parked."""
        with self.bot.store.read() as session:
            parked = select(func.count()).select_from(Inbox).where(Inbox.state == InboxState.PARKED)
            return session.scalar(parked) or 0

    # --- at the end ---

    def check(self) -> None:
        """What holds after every test."""
        self.settle()
        violations = [str(violation) for violation in self.client.violations()]
        assert violations == [], violations
        with self.bot.store.read() as session:
            parked = select(Outbox.key, Outbox.error).where(Outbox.state == OutboxState.PARKED)
            undelivered = session.execute(parked).all()
            assert undelivered == [], undelivered
            unread = select(Inbox.reason).where(Inbox.state == InboxState.PARKED)
            assert len(session.scalars(unread).all()) == self.expected_parked
            assert records.verify(session) == []
        complaints = self.log.complaints(self.may_log)
        assert complaints == [], complaints


def number_in(text: str) -> str:
    """The ticket's number in a text."""
    found = _NUMBER.search(text)
    assert found is not None, text
    return found.group()


class Log:
    """What the bot logs."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    def complaints(self, expected: list[str]) -> list[str]:
        """The warnings and errors that nobody expects: none that begins like one of these."""
        lines = [json.loads(line) for line in self.stream.getvalue().splitlines()]
        loud = [line for line in lines if line["level"] in ("warning", "error", "critical")]
        return [json.dumps(line) for line in loud if not line["event"].startswith(tuple(expected))]

    def clear(self) -> None:
        self.stream.seek(0)
        self.stream.truncate()


@contextmanager
def logging_to(log: Log, level: str = "INFO", secrets: Sequence[str] = ()) -> Iterator[None]:
    """The bot's own logging, read by the test; afterwards everything is as it was."""
    root = logging.getLogger()
    handlers, before, processors = list(root.handlers), root.level, structlog.get_config()
    configure_logging(level=level, style="json", secrets=secrets, stream=log.stream)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(before)
        structlog.configure(**processors)


def settings_for(server: SandboxServer, database_url: str, *, is_http: bool, settle: float = 1.0) -> Settings:
    return Settings.model_validate(
        {
            "slack_bot_token": server.bot_token,
            "slack_app_token": None if is_http else server.app_token,
            "slack_signing_secret": server.signing_secret if is_http else None,
            "slack_api_url": server.api_url,
            "database_url": database_url,
            "port": 0,
            "delivery_pace": PACE,
            "delivery_settle": settle,
            "desk_clock_offset": server.clock_offset,
        }
    )


def bot_for(settings: Settings, desk_yaml: str) -> Bot:
    return Bot(settings, settings.require_slack(), config.load(desk_yaml, source="desk.yaml"))


@contextmanager
def running_desk(
    database_url: str,
    *,
    is_http: bool,
    desk_yaml: str = DESK_YAML,
    seed: WorkspaceSeed | None = None,
    clock_offset: Path | None = None,
) -> Iterator[Desk]:
    """A workspace with the bot in it, ready to be used."""
    log = Log()
    with logging_to(log), running_sandbox(seed=seed, clock_offset=clock_offset) as server:
        settings = settings_for(server, database_url, is_http=is_http)
        desk = Desk(
            client=server.client(),
            server=server,
            settings=settings,
            bot=bot_for(settings, desk_yaml),
            log=log,
            is_http=is_http,
        )
        try:
            desk.start()
            yield desk
        finally:
            desk.stop()
