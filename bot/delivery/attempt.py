"""One claimed delivery, from the look into Slack to the settling: the posting protocol, step by step."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.clock import monotonic
from bot.delivery import calls, failures, pacing, places, uprooted
from bot.delivery.calls import Call
from bot.delivery.client import Answer, AuthRefused, CallFailed, NotSent, Refused, SlackClient, Unknown
from bot.delivery.metrics import (
    DUPLICATES_REMOVED,
    RECONCILE_HITS,
    RECONCILE_MISSES,
    SETTLED,
    UNKNOWN_OUTCOMES,
)
from bot.delivery.outage import Outage
from bot.delivery.pacing import Busy, Pacer
from bot.delivery.places import Place
from bot.delivery.reads import Reader
from bot.delivery.reconcile import Found, Identity, Unreadable, judge, look
from bot.delivery.rendering import Content, Emoji, Render, Rendering, Superseded
from bot.failpoints import Commit
from bot.models import Outbox, Person
from bot.store import Store, outbox
from bot.store.outbox import LEASE, Claim
from bot.workflows import telling

MARGIN: Final = 5.0
"""Seconds between the end of the last possible call and the end of the lease."""
AUTH_PAUSE: Final = 30.0
FIRST_LOOK: Final = timedelta(seconds=1)
"""After an uncertain post: most often it is there, and a look soon ends the uncertainty."""
UNREADABLE_PAUSE: Final = timedelta(minutes=5)
_MOST_REPEATS: Final = 100
"""With the longest backoff, more than an hour for a refusal that passes by itself."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What attempts work with; shared by the sender's threads."""

    store: Store
    client: SlackClient
    pacer: Pacer
    reader: Reader
    outage: Outage
    render: Render
    settle: timedelta
    """How long an uncertain post may stay invisible before it may be repeated."""
    stop: threading.Event


class Stopping(Exception):
    """There is no time left to begin a call."""


class Attempt:
    """Works on one claim, made no earlier than `claimed_at` (monotonic seconds)."""

    def __init__(self, bench: Bench, claim: Claim, *, claimed_at: float) -> None:
        self._bench = bench
        self._claim = claim
        self._claimed_at = claimed_at
        self._misses = claim.misses
        self._channel = claim.channel
        self._log = log.bind(key=claim.key, kind=claim.kind)

    def run(self) -> None:
        """Deliver, or settle why not. Raises StoreUnavailable: the lease then runs out and somebody looks."""
        try:
            self._deliver()
        except Busy as busy:
            self._give_back(busy.until)
        except Stopping:
            self._give_back()
        except AuthRefused as failure:
            self._bench.outage.pause(str(failure), AUTH_PAUSE)
            self._log.error("Slack refused the bot token", error=failure.error)
            self._give_back()
        except NotSent as failure:
            self._not_sent(failure)
        except Unknown as failure:
            # Only calls that may be repeated without harm get here.
            self._bench.outage.failed(str(failure))
            self._repeat(failure)
        except Refused as refusal:
            self._refused(refusal)

    def _deliver(self) -> None:
        claim = self._claim
        place, identity = self._whereabouts()
        channel = self._channel = place.channel or self._open_direct()
        if claim.may_be_posted and not self._is_certainly_missing(identity, channel, place.thread_ts):
            return
        rendering = self._rendered()
        if isinstance(rendering, Superseded):
            self._supersede(rendering.reason)
        elif isinstance(rendering, Emoji):
            self._react(rendering, channel, place.thread_ts)
        elif claim.ts is not None:
            self._update(rendering, identity, channel, place.thread_ts)
        else:
            self._post(rendering, identity, channel, place.thread_ts)

    # --- where, and as whom ---

    def _whereabouts(self) -> tuple[Place, Identity]:
        with self._bench.store.read() as session:
            place, identity = places.place_of(session, self._claim), places.identity(session)
        if identity is None:
            raise NotSent("the workspace has not been read yet")
        return place, identity

    def _open_direct(self) -> str:
        if self._claim.person_id is None:
            raise Refused("no_channel")
        answer = self._bench.reader.call("conversations.open", users=self._claim.person_id)
        found = answer.get("channel")
        channel = found.get("id") if isinstance(found, dict) else None
        if not isinstance(channel, str):
            raise Unknown("conversations.open named no channel")
        opened = update(Person).where(Person.id == self._claim.person_id).values(direct_channel=channel)
        self._bench.store.run(lambda session: session.execute(opened), Commit.DIRECTORY)
        return channel

    # --- look before posting again ---

    def _is_certainly_missing(self, identity: Identity, channel: str, thread_ts: str | None) -> bool:
        """Whether the message may be posted again; otherwise the delivery is settled."""
        claim = self._claim
        seen = look(self._bench.reader, claim, identity, channel=channel, thread_ts=thread_ts)
        if isinstance(seen, Found):
            self._found(seen, channel)
            return False
        if isinstance(seen, Unreadable):
            self._cannot_look(seen.error, channel)
            return False
        RECONCILE_MISSES.inc()
        self._misses += 1
        last_try_at = claim.last_try_at or claim.created_at
        return self._bench.store.run(lambda session: self._judge(session, last_try_at), Commit.LOOK)

    def _judge(self, session: Session, last_try_at: datetime) -> bool:
        now = self._bench.store.now(session)
        verdict = judge(misses=self._misses, last_try_at=last_try_at, now=now, settle=self._bench.settle)
        if not verdict.may_post:
            outbox.unknown(
                session,
                self._claim,
                not_before=verdict.look_at,
                error=None,
                last_try_at=last_try_at,
                misses=self._misses,
            )
        return verdict.may_post

    def _found(self, seen: Found, channel: str) -> None:
        RECONCILE_HITS.inc()
        self._log.info("an uncertain post was found", ts=seen.ts, copies=1 + len(seen.extras))
        # Which version it shows is not known: a mirror is brought up to date.
        is_mirror = self._claim.kind in telling.MIRRORS
        # The extras first: whoever dies meanwhile has not settled it, and the next look finds them again.
        for ts in seen.extras:
            self._remove(channel, ts)
        self._sent(channel=channel, ts=seen.ts, version=0 if is_mirror else 1)

    def _remove(self, channel: str, ts: str) -> None:
        try:
            self._bench.reader.call("chat.delete", channel=channel, ts=ts)
        except (CallFailed, Busy) as failure:
            self._log.warning("a second copy could not be deleted", ts=ts, reason=str(failure))
        else:
            DUPLICATES_REMOVED.inc()

    def _cannot_look(self, error: str, channel: str) -> None:
        def settle(session: Session, now: datetime) -> bool:
            claim = self._claim
            failures.tell_unreadable(session, claim, channel=channel, error=error, now=now)
            return outbox.unknown(
                session,
                claim,
                not_before=now + UNREADABLE_PAUSE,
                error=error,
                last_try_at=claim.last_try_at or now,
                misses=claim.misses,
            )

        self._log.error("cannot look whether a message was posted", channel=channel, error=error)
        self._write(settle)

    # --- say it ---

    def _rendered(self) -> Rendering:
        try:
            with self._bench.store.read() as session:
                return self._bench.render(session, self._claim)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            # A fault of ours in one delivery must not stop the others.
            self._log.exception("a delivery could not be rendered")
            raise Refused(f"could_not_be_rendered: {type(error).__name__}") from error

    def _react(self, emoji: Emoji, channel: str, message_ts: str | None) -> None:
        if emoji.is_done:
            self._sent(channel=None, ts=None, version=emoji.version)
            return
        if message_ts is None:
            raise Refused("no_item_specified")
        call = calls.reacting(emoji, channel=channel, message_ts=message_ts)
        try:
            self._call(call)
        except Refused as refusal:
            if refusal.error in calls.GONE:
                self._supersede("The message was deleted in Slack.")
                return
            if refusal.error != calls.DONE_ALREADY[call.method]:
                raise
        self._sent(channel=None, ts=None, version=emoji.version)

    def _update(self, content: Content, identity: Identity, channel: str, thread_ts: str | None) -> None:
        claim = self._claim
        call = calls.writing(claim, content, channel=channel, thread_ts=thread_ts, secret=identity.secret)
        try:
            self._call(call)
        except Refused as refusal:
            is_gone = refusal.error in calls.GONE
            if claim.kind in telling.REPOSTED and (is_gone or refusal.error == calls.CLOSED):
                self._log.info("the message cannot be edited and is posted anew", error=refusal.error)
                self._write(partial(self._post_anew, is_gone=is_gone))
            elif is_gone:
                self._supersede("The message was deleted in Slack.")
            else:
                raise
        else:
            self._sent(channel=channel, ts=claim.ts, version=content.version)

    def _post_anew(self, session: Session, now: datetime, *, is_gone: bool) -> bool:
        """The conversation stays under a root that is only closed to edits."""
        row = session.get_one(Outbox, self._claim.id)
        is_mine = outbox.post_anew(session, self._claim, now=now)
        if is_mine and is_gone:
            telling.root_deleted(session, row)
        return is_mine

    def _post(self, content: Content, identity: Identity, channel: str, thread_ts: str | None) -> None:
        claim = self._claim
        call = calls.writing(claim, content, channel=channel, thread_ts=thread_ts, secret=identity.secret)
        if claim.may_be_posted and not self._begin_again():
            return
        try:
            answer = self._call(call)
            ts = _ts_of(answer)
        except Unknown as failure:
            self._uncertain(failure)
        except Refused as refusal:
            if thread_ts is None or refusal.error not in calls.NO_ROOT:
                raise
            self._replant(refusal, channel, thread_ts)
        else:
            self._sent(channel=_channel_of(answer) or channel, ts=ts, version=content.version)

    def _replant(self, refusal: Refused, channel: str, thread_ts: str) -> None:
        """Nothing can stand under that message. Raises the refusal where there is no other place."""
        self._log.info("the root of the thread is gone", channel=channel, error=refusal.error)
        place = Place(channel=channel, thread_ts=thread_ts)
        self._write(lambda session, now: uprooted.replant(session, self._claim, refusal, gone=place, now=now))

    def _begin_again(self) -> bool:
        begun_at = monotonic()
        is_mine = self._bench.store.run(
            lambda session: outbox.begin_again(session, self._claim, now=self._bench.store.now(session)),
            Commit.SECOND_ATTEMPT,
        )
        if is_mine:
            self._claimed_at = begun_at
        return is_mine

    def _call(self, call: Call) -> Answer:
        """The one call that matters, not begun unless it ends well within the lease. Raises Stopping."""
        lease = LEASE.total_seconds() - self._bench.client.timeout - MARGIN
        if self._bench.stop.is_set() or monotonic() > self._claimed_at + lease:
            raise Stopping
        answer = self._bench.client.call(call.method, **call.args)
        self._bench.outage.succeeded()
        return answer

    # --- settle ---

    def _sent(self, *, channel: str | None, ts: str | None, version: int) -> bool:
        def settle(session: Session, now: datetime) -> bool:
            claim = self._claim
            is_mine = outbox.sent(session, claim, channel=channel, ts=ts, shown_version=version, now=now)
            if is_mine and claim.is_posting and channel is not None and ts is not None:
                row = session.get_one(Outbox, claim.id)
                telling.record_sent(session, row, channel=channel, ts=ts)
            return is_mine

        return self._write(settle, outcome="sent")

    def _supersede(self, reason: str) -> None:
        self._log.info("superseded", reason=reason)
        self._write(
            lambda session, now: outbox.superseded(session, self._claim, reason=reason, now=now),
            outcome="superseded",
        )

    def _refused(self, refusal: Refused) -> None:
        claim = self._claim
        passes = refusal.error in calls.PASSING and not claim.is_posting and claim.attempts < _MOST_REPEATS
        if not passes:
            self._park(refusal)
            return
        self._log.warning("Slack cannot do it just now", error=refusal.error)
        self._retry(refusal.error, self._backoff())

    def _park(self, refusal: Refused) -> None:
        def settle(session: Session, now: datetime) -> bool:
            claim = self._claim
            is_mine = outbox.parked(session, claim, error=str(refusal), now=now)
            if is_mine:
                failures.tell_parked(session, claim, channel=self._channel, error=refusal.error, now=now)
            return is_mine

        self._log.error("parked", channel=self._channel, error=refusal.error, detail=refusal.detail)
        self._write(settle, outcome="parked")

    def _uncertain(self, failure: Unknown) -> None:
        UNKNOWN_OUTCOMES.inc()
        self._bench.outage.failed(str(failure))
        self._log.warning("nobody knows whether it was posted; looking soon", reason=failure.reason)
        look_in = min(FIRST_LOOK, self._bench.settle / 2)
        self._write(
            lambda session, now: outbox.unknown(
                session,
                self._claim,
                not_before=now + look_in,
                error=failure.reason,
                last_try_at=now,
                misses=0,
            )
        )

    def _not_sent(self, failure: NotSent) -> None:
        if failure.retry_after is not None:
            self._bench.pacer.push(self._claim.lane, failure.retry_after)
            self._retry(failure.error, failure.retry_after)
            return
        rest = self._bench.outage.failed(str(failure), is_certain=True)
        self._log.warning("Slack cannot be reached", reason=failure.error)
        self._retry(failure.error, rest)

    def _give_back(self, not_before: datetime | None = None) -> None:
        self._write(lambda session, _: outbox.release(session, self._claim, not_before=not_before))

    def _retry(self, error: str, seconds: float) -> None:
        delay = timedelta(seconds=seconds)
        self._write(
            lambda session, now: outbox.not_sent(
                session, self._claim, not_before=now + delay, error=error, misses=self._misses
            )
        )

    def _repeat(self, failure: Unknown) -> None:
        seconds = self._backoff()
        if self._claim.is_posting:  # reading failed, or opening the conversation: nothing was posted
            self._retry(failure.reason, seconds)
            return
        self._write(
            lambda session, now: outbox.unknown(
                session,
                self._claim,
                not_before=now + timedelta(seconds=seconds),
                error=failure.reason,
                last_try_at=now,
                misses=0,
            )
        )

    def _backoff(self) -> float:
        return pacing.backoff(self._claim.attempts)

    def _write(self, settle: Callable[[Session, datetime], bool], *, outcome: str | None = None) -> bool:
        store = self._bench.store
        is_mine = store.run(lambda session: settle(session, store.now(session)), Commit.SETTLEMENT)
        if not is_mine:
            self._log.warning("settled too late: the lease had ended")
        elif outcome is not None:
            SETTLED.labels(outcome).inc()
        return is_mine


def _ts_of(answer: Answer) -> str:
    ts = answer.get("ts")
    if not isinstance(ts, str):
        raise Unknown("the answer names no ts")
    return ts


def _channel_of(answer: Answer) -> str | None:
    channel = answer.get("channel")
    return channel if isinstance(channel, str) else None
