"""Reading back what events may have missed: the same messages and emoji, through the same handlers.

What is found has the keys that its events would have had, so that an event that comes after all changes
nothing. Slack does not say when an emoji was put on a message: one that is found counts from then on.
A slash command, a button or a form that failed is in no history; Slack told the person at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

import structlog

from bot.clock import Clock, instant_of, monotonic
from bot.delivery.client import AuthRefused, NotSent, Refused, SlackClient, Unknown
from bot.delivery.metrics import SWEEP_BEHIND, SWEEP_FAILED, SWEEP_FOUND
from bot.delivery.pacing import Busy, Pacer, rate_of
from bot.delivery.reads import Reader, objects
from bot.directory import shapes
from bot.failpoints import Commit
from bot.handlers.context import Handling, count
from bot.handlers.events import EVENTS
from bot.handlers.payloads import MalformedPayload, Payload
from bot.store import Store
from bot.store.worker import Worker
from bot.workflows import watching
from bot.workflows.by_emoji import RAISING
from bot.workflows.desks import Desks
from bot.workflows.gestures import AnyGesture, Reacted, ReplyTo
from bot.workflows.intake import Intake
from bot.workflows.outcomes import Ignored, Outcome, Reply
from bot.workflows.watching import Known, Stretch

POLL: Final = 5.0
"""Seconds between two looks for what is due."""
FOLLOW_EVERY: Final = 60.0
"""Seconds between two looks at which channels desks have."""
SETTLED: Final = timedelta(minutes=2)
"""What an event said so recently is believed rather than what was read: Slack's history may lag behind."""
IN_TRANSIT: Final = timedelta(minutes=1)
"""The event of something so recent may still be on its way; that it was found first proves no gap."""
PROVED_FOR: Final = 600.0
"""Seconds in which what is found in channels has threads looked at no more than once."""
FAR_EVERY: Final = 3600.0
"""Seconds between two looks at a channel's older messages, unless there was a gap."""
FAR_PAGES: Final = 10
"""Older messages are looked at in so many pages at most, the newest first, so that deliveries have room."""
_PATIENCE: Final = 60.0
_AT_ONCE: Final = 300
_GONE: Final = frozenset({"channel_not_found", "not_in_channel", "is_archived", "thread_not_found"})
_KEPT: Final = (
    "subtype",
    "ts",
    "thread_ts",
    "user",
    "bot_id",
    "text",
    "files",
    "reactions",
    "edited",
    "parent_user_id",
)
"""What is looked at of a message; a long history must not be held whole."""

log = structlog.get_logger(__name__)


class _Observed(Intake):
    """Takes gestures like any other intake, and remembers which of them were news."""

    def __init__(self, store: Store, clock: Clock, *, wake: Callable[[], None]) -> None:
        super().__init__(store, clock, wake=wake, told=count)
        self.news: list[AnyGesture] = []

    def handle(self, gesture: AnyGesture) -> Outcome:
        """Decide a gesture. Raises StoreUnavailable."""
        outcome = super().handle(gesture)
        if not isinstance(outcome, Ignored):
            self.news.append(gesture)
        return outcome


@dataclass(frozen=True)
class Look:
    """What was read of one conversation, and what it is compared with."""

    stretch: Stretch
    desks: Desks
    known: Known
    begun: datetime
    """By Slack's clock."""


class Sweep(Worker):
    """Reads back in a thread of its own, slowly, so that deliveries need not wait. Every replica has one."""

    def __init__(
        self,
        handling: Handling,
        client: SlackClient,
        *,
        send: Callable[[Iterable[Reply]], None],
        wake: Callable[[], None],
        pace: float = 1.0,
    ) -> None:
        """`send` makes the direct replies to what is found, `pace` is DELIVERY_PACE."""
        super().__init__(
            "sweep",
            without_database="nothing can be read back without the database",
            failed="reading back failed unexpectedly; this conversation is tried again",
        )
        self._store, self._clock = handling.store, handling.clock
        self._intake = _Observed(self._store, self._clock, wake=wake)
        self._handling = replace(handling, intake=self._intake)
        self._send = send
        self._pace = pace
        self._reader = Reader(client, Pacer(self._store, factor=pace), self._stop, patience=_PATIENCE)
        self._gap_in_channels, self._gap_everywhere = threading.Event(), threading.Event()
        self._follow_at, self._proved_at = 0.0, -PROVED_FOR
        self._far_at: dict[str, float] = {}

    def start(self) -> None:
        """Begin, as after a gap: nobody knows what happened before."""
        self.gap(everywhere=True)
        self._thread.start()

    def gap(self, *, everywhere: bool) -> None:
        """Events may have been missed; `everywhere`: for so long that threads are looked at as well."""
        (self._gap_everywhere if everywhere else self._gap_in_channels).set()
        self._woken.set()

    def is_done(self) -> bool:
        """Whether everything that is due was read back."""
        if self._gap_everywhere.is_set() or self._gap_in_channels.is_set():
            return False
        with self._store.read() as session:
            return not watching.is_pending(session, self._store.now(session))

    def step(self) -> float:
        """Read one conversation back, if one is due. Returns for how many seconds there is nothing to do."""
        self._keep_watch()
        stretch = self._store.run(
            lambda session: watching.claim(session, at=self._clock.now(), now=self._store.now(session)),
            Commit.WATERMARK,
        )
        if stretch is None:
            return POLL
        begun = self._clock.now()
        try:
            self._read_back(stretch, begun)
            self._look_far(stretch)
        except Refused as refusal:
            self._give_up(stretch, refusal)
        except (NotSent, Unknown, AuthRefused, Busy) as failure:
            SWEEP_FAILED.inc()
            log.warning("a conversation is not read back yet", channel=stretch.channel, reason=str(failure))
            self._store.run(lambda s: watching.failed(s, stretch, now=self._store.now(s)), Commit.WATERMARK)
        else:
            self._store.run(
                lambda s: watching.finished(s, stretch, until=begun, now=self._store.now(s)), Commit.WATERMARK
            )
        return 0.0

    def _keep_watch(self) -> None:
        """Follow desks and note gaps; both are cheap."""
        everywhere = self._gap_everywhere.is_set()
        if everywhere or self._gap_in_channels.is_set() or monotonic() >= self._follow_at:
            is_gap = everywhere or self._gap_in_channels.is_set()
            if everywhere:
                self._far_at.clear()
            self._gap_everywhere.clear()
            self._gap_in_channels.clear()
            self._follow_at = monotonic() + FOLLOW_EVERY
            self._store.run(
                lambda s: watching.follow(s, at=self._clock.now(), now=self._store.now(s)), Commit.WATERMARK
            )
            if is_gap:
                at = self._clock.now()
                self._store.run(
                    lambda s: watching.gap(s, at=at, now=self._store.now(s), everywhere=everywhere),
                    Commit.WATERMARK,
                )
        with self._store.read() as session:
            SWEEP_BEHIND.set(watching.behind(session, self._clock.now()).total_seconds())

    def _give_up(self, stretch: Stretch, refusal: Refused) -> None:
        if refusal.error in _GONE and not stretch.is_lasting:
            self._store.run(lambda session: watching.forget(session, stretch), Commit.WATERMARK)
            return
        SWEEP_FAILED.inc()
        log.warning("a conversation cannot be read back", channel=stretch.channel, error=refusal.error)
        until = stretch.since + watching.OVERLAP  # as before: it is looked at again at the usual time
        self._store.run(
            lambda s: watching.finished(s, stretch, until=until, now=self._store.now(s)), Commit.WATERMARK
        )

    # --- reading ---

    def _read_back(self, stretch: Stretch, begun: datetime) -> None:
        """Raises what the reader raises."""
        self._intake.news.clear()
        messages = [self._complete(stretch, message) for message in self._messages(stretch)]
        messages.sort(key=lambda message: str(message["ts"]))
        for start in range(0, len(messages), _AT_ONCE):
            self._handle_all(stretch, messages[start : start + _AT_ONCE], begun)
        self._tell(stretch, is_proof=any(_since(each) < begun - IN_TRANSIT for each in self._intake.news))

    def _look_far(self, stretch: Stretch) -> None:
        """Look for emoji on older messages that raise; where that fails, what was read back stays so."""
        if stretch.far is None or monotonic() < self._far_at.get(stretch.channel, 0.0):
            return
        self._intake.news.clear()
        span = {"oldest": _stamp(stretch.far), "latest": _stamp(stretch.since)}
        pages = self._reader.pages("conversations.history", channel=stretch.channel, **span)
        begun = self._clock.now()
        try:
            for page in islice(pages, FAR_PAGES):
                self._handle_far(stretch, objects(page, "messages"), begun)
                self._rest("conversations.history")
                begun = self._clock.now()
        except (Refused, NotSent, Unknown, AuthRefused, Busy) as failure:
            SWEEP_FAILED.inc()
            log.warning("older messages are not looked at yet", channel=stretch.channel, reason=str(failure))
        else:
            self._far_at[stretch.channel] = monotonic() + FAR_EVERY
        # The event may be on its way: how old an emoji is nobody knows.
        self._tell(stretch, is_proof=False)

    def _messages(self, stretch: Stretch) -> Iterator[dict[str, Any]]:
        args = {"channel": stretch.channel, "oldest": _stamp(stretch.since)}
        method = "conversations.history"
        if stretch.is_thread:
            method, args = "conversations.replies", args | {"ts": stretch.thread_ts}
        for page in self._reader.pages(method, **args):
            for message in objects(page, "messages"):
                if isinstance(message.get("ts"), str):
                    yield kept(message)
            self._rest(method)

    def _rest(self, method: str) -> None:
        """Take every second turn at most: deliveries look for uncertain posts by the same methods."""
        self._stop.wait(rate_of(method).interval(self._pace).total_seconds())

    def _complete(self, stretch: Stretch, message: dict[str, Any]) -> dict[str, Any]:
        """Of an emoji with many people on it Slack names some; then all of them are asked for."""
        if not any(_names_too_few(each) for each in reactions_of(message)):
            return message
        place = {"channel": stretch.channel, "timestamp": message["ts"]}
        answer = self._reader.call("reactions.get", full=True, **place)
        whole = answer.get("message")
        return message | {"reactions": whole.get("reactions", [])} if isinstance(whole, Mapping) else message

    # --- handling ---

    def _handle_all(self, stretch: Stretch, messages: list[dict[str, Any]], begun: datetime) -> None:
        look = self._look(stretch, messages, begun)
        for message in messages:
            try:
                self._handle(look, message)
            except MalformedPayload as error:
                log.warning("a message cannot be understood", channel=stretch.channel, reason=str(error))

    def _look(self, stretch: Stretch, messages: list[dict[str, Any]], begun: datetime) -> Look:
        stamps = {
            str(message[key]) for message in messages for key in ("ts", "thread_ts") if message.get(key)
        }
        with self._store.read() as session:
            known = watching.known_of(session, stretch.channel, sorted(stamps))
        return Look(stretch, self._handling.desks(), known, begun)

    def _handle_far(self, stretch: Stretch, messages: list[dict[str, Any]], begun: datetime) -> None:
        """What was written so long ago was heard and decided; only an emoji that raises can be new."""
        desks = self._handling.desks()
        marked = [each for each in messages if each.get("ts") and raises(desks, stretch.channel, each)]
        marked = [self._complete(stretch, each) for each in marked]
        look = self._look(stretch, marked, begun)
        for message in marked:
            if not _is_ticketed(look, message):
                self._handle_emoji(look, message)

    def _handle(self, look: Look, message: dict[str, Any]) -> None:
        is_root = look.stretch.is_thread and message["ts"] == look.stretch.thread_ts
        if not is_root and "bot_id" not in message:
            for event in self._events(look, message):
                self._send(EVENTS[str(event["type"])](self._handling, event).after)
        self._handle_emoji(look, message)

    def _handle_emoji(self, look: Look, message: dict[str, Any]) -> None:
        for gesture in missed_reactions(look, message, self._handling.bot_user_id()):
            self._send(self._handling.quietly(gesture).after)

    def _events(self, look: Look, message: dict[str, Any]) -> Iterator[Payload]:
        """What Slack would have sent."""
        event = {**message, "channel": look.stretch.channel, "type": "message"}
        is_mention = f"<@{self._handling.bot_user_id()}>" in str(message.get("text"))
        yield {**event, "type": "app_mention"} if is_mention else event
        edited = message.get("edited")
        if isinstance(edited, Mapping) and isinstance(edited.get("ts"), str):
            place = {"channel": look.stretch.channel, "type": "message", "subtype": "message_changed"}
            yield {**place, "ts": edited["ts"], "message": message, "previous_message": {}}

    def _tell(self, stretch: Stretch, *, is_proof: bool) -> None:
        news = self._intake.news
        for gesture in news:
            SWEEP_FOUND.labels(gesture.type).inc()
        if not news:
            return
        tell = log.warning if is_proof else log.info
        tell("caught up on what no event told of", channel=stretch.channel, gestures=len(news))
        if stretch.is_lasting and is_proof and monotonic() > self._proved_at + PROVED_FOR:
            self._proved_at = monotonic()
            self.gap(everywhere=True)


def kept(message: Mapping[str, Any]) -> dict[str, Any]:
    """What is looked at of a message, with no more of its attachments than is read."""
    brief = {key: message[key] for key in _KEPT if key in message}
    attachments = shapes.attachments_in_brief(message)
    return brief | {"attachments": attachments} if attachments else brief


def _stamp(at: datetime) -> str:
    return f"{at.timestamp():.6f}"


def _since(gesture: AnyGesture) -> datetime:
    """An instant before which a gesture was not made: an emoji is younger than its message."""
    return instant_of(gesture.ts) if isinstance(gesture, Reacted) else gesture.at


# --- emoji: what is there against what is remembered ---


def missed_reactions(look: Look, message: Mapping[str, Any], bot_user_id: str | None) -> list[Reacted]:
    """The emoji that were put on a message or taken away without our hearing of it, those that raise first.

    Where a ticket is already, no other is raised; where there is none, an emoji cannot mean anything else.
    What stands for a deleted message has no emoji: that says nothing of those it had.
    """
    if message.get("subtype") == "tombstone":
        return []
    ts = str(message["ts"])
    there = _meaningful(look, message, bot_user_id)
    remembered = {key[1:]: row for key, row in look.known.reactions.items() if key[0] == ts}
    appeared = [key for key in there if key not in remembered or not remembered[key].is_present]
    vanished = [key for key, row in remembered.items() if row.is_present and key not in there]
    changes = [(key, True) for key in sorted(appeared)] + [(key, False) for key in sorted(vanished)]
    found = [
        _reacted(look, message, key, known_ts=known_ts, added=added)
        for key, added in changes
        if _is_settled(look, known_ts := remembered[key].event_ts if key in remembered else None)
    ]
    if look.stretch.is_thread or _is_ticketed(look, message):
        return [gesture for gesture in found if _meaning(look, gesture) != "raise"]
    return [gesture for gesture in found if _meaning(look, gesture) in RAISING]


def raises(desks: Desks, channel: str, message: Mapping[str, Any]) -> bool:
    """Whether there is an emoji on a message of a request channel that raises a ticket."""
    desk = desks.of_request_channel(channel)
    names = [str(each.get("name")) for each in reactions_of(message)]
    return desk is not None and any(desk.meaning(name) in RAISING for name in names)


def _is_ticketed(look: Look, message: Mapping[str, Any]) -> bool:
    """Whether there is a ticket already of a message, or of its thread."""
    return not look.known.ticketed.isdisjoint({str(message["ts"]), str(message.get("thread_ts"))})


def _meaningful(look: Look, message: Mapping[str, Any], bot_user_id: str | None) -> set[tuple[str, str]]:
    """Person and emoji, without skin tones."""
    names = [(str(each.get("name")).partition("::")[0], each) for each in reactions_of(message)]
    return {
        (person, name)
        for name, each in names
        if look.desks.meaning_anywhere(name)
        for person in _users(each)
        if person != bot_user_id
    }


def _is_settled(look: Look, known_ts: str | None) -> bool:
    return known_ts is None or instant_of(known_ts) < look.begun - SETTLED


def _meaning(look: Look, gesture: Reacted) -> str | None:
    desk = look.desks.of_request_channel(gesture.channel)
    return desk.meaning(gesture.emoji) if desk else None


def _reacted(
    look: Look, message: Mapping[str, Any], key: tuple[str, str], *, known_ts: str | None, added: bool
) -> Reacted:
    """The gesture, as of now; found again it has the same key."""
    person_id, emoji = key
    channel, ts = look.stretch.channel, str(message["ts"])
    author, root_ts = message.get("user"), message.get("thread_ts")
    return Reacted(
        key=f"found:{channel}:{ts}:{person_id}:{emoji}:{known_ts or 'first'}:{'on' if added else 'off'}",
        person_id=person_id,
        at=look.begun,
        reply_to=ReplyTo(channel=channel, thread_ts=None if root_ts == ts else root_ts),
        channel=channel,
        ts=ts,
        emoji=emoji,
        event_ts=_stamp(look.begun),
        added=added,
        author_id=author if isinstance(author, str) else None,
        not_before=look.stretch.since,
    )


def reactions_of(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The emoji on a message, as Slack lists them."""
    found = message.get("reactions")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _users(reaction: Mapping[str, Any]) -> list[str]:
    users = reaction.get("users")
    return [user for user in users if isinstance(user, str)] if isinstance(users, list) else []


def _names_too_few(reaction: Mapping[str, Any]) -> bool:
    count = reaction.get("count")
    return isinstance(count, int) and count > len(_users(reaction))
