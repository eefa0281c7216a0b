"""The sender: threads that claim what is due and bring it to Slack."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.orm import Session

from bot.clock import monotonic
from bot.delivery import janitor, rendering
from bot.delivery.attempt import AUTH_PAUSE, Attempt, Bench
from bot.delivery.client import AuthRefused, NotSent, Refused, SlackClient, Unknown
from bot.delivery.metrics import OLDEST_DUE, OUTBOX
from bot.delivery.outage import Outage
from bot.delivery.pacing import ALL_POSTS, Pacer
from bot.delivery.publishing import HomeAttempt
from bot.delivery.reads import Reader
from bot.delivery.rendering import Render
from bot.failpoints import Commit
from bot.store import Store, StoreUnavailable, outbox
from bot.store.outbox import HOME, LIVE, POSTS, Claim

POLL: Final = 1.0
"""Seconds after which the outbox is looked at even if nobody called `wake`."""
_SHORTEST_WAIT: Final = 0.01
_CHORES_EVERY: Final = 30.0
_LETTING_GO: Final = 1.0
"""Seconds kept for giving up what did not end when the sender stops."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class SenderHealth:
    """How delivery stands."""

    problem: str | None
    """Why nothing is sent at the moment; None while all is well."""
    oldest_due_seconds: float
    counts: dict[str, int]
    """Deliveries that have not ended, by state."""


@dataclass(frozen=True)
class _Work:
    claim: Claim
    claimed_at: float


class Sender:
    """Sends what is due, in the order and at the pace that Slack permits. Every replica may run one."""

    def __init__(
        self,
        store: Store,
        client: SlackClient,
        *,
        settle: float = 60.0,
        pace: float = 1.0,
        threads: int = 3,
        render: Render = rendering.render,
    ) -> None:
        """`settle` is DELIVERY_SETTLE in seconds, `pace` is DELIVERY_PACE."""
        self._store = store
        self._stop = threading.Event()
        self._woken = threading.Event()
        self._leading = threading.Lock()
        self._in_hand: deque[_Work] = deque()
        """Claimed and not begun; belongs to whoever leads."""
        self._busy = 0
        self._counting = threading.Lock()
        self._chores_at = 0.0
        self._is_cut_off = False
        self._pacer = Pacer(store, factor=pace)
        self._bench = Bench(
            store=store,
            client=client,
            pacer=self._pacer,
            reader=Reader(client, self._pacer, self._stop),
            outage=Outage(),
            render=render,
            settle=timedelta(seconds=settle),
            stop=self._stop,
        )
        self._threads = [
            threading.Thread(target=self._run, name=f"sender-{number}", daemon=True)
            for number in range(1, threads + 1)
        ]

    def start(self) -> None:
        """Begin. What an earlier process on the same SQLite file left half-sent is looked for first."""
        if self._store.is_sqlite:
            self._store.run(self._recover, Commit.RECOVERY)
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Something was enqueued: look at once. May be called from any thread; never waits."""
        self._woken.set()

    def stop(self, timeout: float) -> bool:
        """Begin no call, let those under way end. False if some did not within `timeout` seconds.

        What they were sending is then uncertain, and nobody has to wait for the lease to look for it.
        """
        self._stop.set()
        self._woken.set()
        give_up_at = monotonic() + max(timeout - _LETTING_GO, timeout / 2)
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, give_up_at - monotonic()))
        if not any(thread.is_alive() for thread in self._threads):
            return True
        try:
            self._store.run(self._let_go, Commit.RECOVERY)
        except StoreUnavailable as error:
            log.warning("what was being sent is free when its lease ends", reason=str(error))
        return False

    def remove_duplicates(self) -> int:
        """Delete second copies of what was uncertain; once an hour, by one replica. Returns how many."""
        return janitor.sweep(self._store, Reader(self._bench.client, self._pacer, self._stop, patience=60.0))

    def health(self) -> SenderHealth:
        """How delivery stands; also brings the gauges up to date. Never waits for the writer."""
        with self._store.read() as session:
            now = self._store.now(session)
            backlog = outbox.backlog(session, now)
            parked = outbox.parked_count(session)
        seconds = (now - backlog.oldest_due).total_seconds() if backlog.oldest_due else 0.0
        counts = {state.value: backlog.counts.get(state.value, 0) for state in LIVE}
        for state, count in counts.items():
            OUTBOX.labels(state).set(count)
        OLDEST_DUE.set(seconds)
        counts["parked"] = parked
        OUTBOX.labels("parked").set(parked)
        return SenderHealth(
            problem=self._bench.outage.reason, oldest_due_seconds=max(0.0, seconds), counts=counts
        )

    # --- threads: one leads, looking for work; with work in hand it lets the next one lead ---

    def _run(self) -> None:
        while (work := self._take()) is not None:
            self._do(work)

    def _take(self) -> _Work | None:
        """The next delivery, also one to give back when it is time to stop; None when there is none left."""
        with self._leading:
            if not self._in_hand:
                self._in_hand.extend(self._next_work())
            if not self._in_hand:
                return None
            self._count(1)
            return self._in_hand.popleft()

    def _count(self, more: int) -> None:
        with self._counting:
            self._busy += more

    def _do(self, work: _Work) -> None:
        try:
            attempt = HomeAttempt if work.claim.kind == HOME else Attempt
            attempt(self._bench, work.claim, claimed_at=work.claimed_at).run()
        except StoreUnavailable as error:
            log.warning(
                "a delivery was not settled; its lease will end", key=work.claim.key, reason=str(error)
            )
        except Exception:
            # A thread that dies would stop all delivery; the lease ends and the row is looked at again.
            log.exception("a delivery failed unexpectedly", key=work.claim.key)
        finally:
            self._count(-1)
        # Whatever waited for this one may go now.
        self._woken.set()

    def _next_work(self) -> list[_Work]:
        """Wait until there is something to do; nothing when it is time to stop."""
        while not self._stop.is_set():
            rest = self._bench.outage.remaining()
            if rest > 0:
                self._stop.wait(rest)
            elif not self._bench.outage.is_open or self._slack_answers():
                work, wait = self._look()
                if work:
                    return work
                self._woken.wait(wait)
        return []

    def _look(self) -> tuple[list[_Work], float]:
        self._woken.clear()
        claimed_at = monotonic()
        try:
            if claimed_at >= self._chores_at:
                self._chores_at = claimed_at + _CHORES_EVERY
                self._store.run(self._chores, Commit.CHORES)
            claims, wait = self._store.run(self._claim, Commit.CLAIM)
        except StoreUnavailable as error:
            if not self._is_cut_off:  # once for each outage
                log.warning("the outbox cannot be read", reason=str(error))
            self._is_cut_off = True
            return [], POLL
        except Exception:
            # Each thread that leads would die of it in turn, and with the last one all delivery.
            log.exception("looking for work failed unexpectedly")
            return [], POLL
        self._is_cut_off = False
        return [_Work(claim, claimed_at) for claim in claims], wait

    def _slack_answers(self) -> bool:
        """After an outage: one harmless call, before any delivery is risked."""
        outage = self._bench.outage
        try:
            self._bench.client.call("auth.test")
        except AuthRefused as failure:
            outage.pause(str(failure), AUTH_PAUSE)
        except (NotSent, Unknown) as failure:
            outage.failed(str(failure))
        except Refused:
            outage.succeeded()
            return True
        else:
            outage.succeeded()
            return True
        return False

    # --- transactions ---

    def _claim(self, session: Session) -> tuple[list[Claim], float]:
        """A claim for each free thread, as far as there are any, or for how many seconds there is none.

        None waits for a thread: it would have taken its turn, and be posted together with the next one.
        """
        free = len(self._threads) - self._busy
        now = self._store.now(session)
        shut = self._pacer.shut(session, now)
        claims: list[Claim] = []
        while len(claims) < free:
            due = outbox.next_due(session, now, kinds=rendering.KINDS, shut=shut)
            if due is None:
                break
            closed = self._take_turn(session, due.lane, now)
            if closed is None:
                claims.append(outbox.take(session, due, owner=self._store.owner, now=now))
            else:
                shut[closed] = self._pacer.shut(session, now).get(closed, now)
        opens = [*shut.values(), None if claims else outbox.next_instant(session, now)]
        wait = min(((at - now).total_seconds() for at in opens if at is not None), default=POLL)
        return claims, min(POLL, max(_SHORTEST_WAIT, wait))

    def _take_turn(self, session: Session, lane: str, now: datetime) -> str | None:
        """None when it is this lane's turn, else the key that keeps it from going."""
        keys = (lane, ALL_POSTS) if lane.startswith(POSTS) else (lane,)
        return next((key for key in keys if not self._pacer.take(session, key, now)), None)

    def _recover(self, session: Session) -> None:
        found = outbox.recover(session, owner=self._store.owner, now=self._store.now(session))
        if found:
            log.info("deliveries of an earlier process are uncertain and looked for", count=found)

    def _let_go(self, session: Session) -> None:
        held = outbox.let_go(session, owner=self._store.owner, now=self._store.now(session))
        log.warning("calls are left under way; they are looked for at the next start", count=held)

    def _chores(self, session: Session) -> None:
        now = self._store.now(session)
        orphans = outbox.park_orphans(session, now)
        if orphans:
            log.error("parked what belongs under messages that were never posted", count=orphans)
        self._pacer.forget(session, now)
