"""The worker that reads what a kept gesture lacks, and has it decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import func, or_, select, text, update
from sqlalchemy.orm import Session

from bot.clock import real_now
from bot.delivery import failures, replies
from bot.delivery.client import AuthRefused, CallFailed, NotSent, Refused, SlackClient, Unknown
from bot.delivery.metrics import FACTS_WAITING
from bot.delivery.pacing import Busy, Pacer
from bot.delivery.reads import Reader
from bot.directory.facts import FactReader
from bot.failpoints import Commit
from bot.models import Inbox, InboxState
from bot.store import Store
from bot.store.worker import POLL, Worker
from bot.workflows import telling
from bot.workflows.factcodec import UnknownFact, decode_fact, encode_message, message_key
from bot.workflows.outcomes import Reply
from bot.workflows.telling import Telling

GIVE_UP_AFTER: Final = timedelta(hours=24)
_LEASE: Final = timedelta(seconds=30)
"""What a killed process had in hand is taken up again so much later; deciding it twice does no harm."""
_SHORTEST_WAIT: Final = 0.01
_LONGEST_BACKOFF: Final = 60.0
_WAITING: Final = text("inbox.state = 'waiting'")  # the words of the partial index, for SQLite's sake

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Waiting:
    """A kept gesture in hand: nobody else takes it before `lease_until`."""

    id: int
    missing: list[dict[str, Any]]
    attempts: int
    received_at: datetime
    lease_until: datetime


class FactsWorker(Worker):
    """Claims kept gestures, reads their facts and calls `decide`, which acts as of the gesture's instant.

    `decide` is given the row's id and returns direct replies, which `send` makes.
    """

    def __init__(
        self,
        store: Store,
        client: SlackClient,
        decide: Callable[[int], list[Reply]],
        *,
        send: Callable[[Iterable[Reply]], None] | None = None,
        pace: float = 1.0,
        settle: float = 0.0,
    ) -> None:
        """`settle` is DELIVERY_SETTLE in seconds: by how much Slack's history may be behind."""
        super().__init__(
            "facts",
            without_database="kept gestures cannot be read",
            failed="a kept gesture failed unexpectedly; it is tried again later",
        )
        self._store = store
        self._client = client
        self._decide = decide
        self._send = send or self._say
        self._settle = timedelta(seconds=settle)
        self._facts = FactReader(store, Reader(client, Pacer(store, factor=pace), self._stop))

    def start(self) -> None:
        """Begin. What an earlier process on the same SQLite file had in hand is taken up at once."""
        if self._store.is_sqlite:
            self._store.run(self._recover, Commit.RECOVERY)
        self._thread.start()

    def step(self) -> float:
        """Work on one kept gesture, if one is due. Returns for how many seconds there is nothing to do."""
        waiting, wait = self._store.run(self._claim, Commit.FACTS_CLAIM)
        if waiting is None:
            return wait
        try:
            self._read_facts(waiting)
            decided = self._decide(waiting.id)
        except (NotSent, Unknown, AuthRefused, Busy) as failure:
            self._put_off(waiting, str(failure))
            return POLL
        except (Refused, UnknownFact) as failure:
            self._put_off(waiting, str(failure))
        else:
            self._store.run(lambda session: self._follow_up(session, waiting), Commit.FACTS)
            self._send(decided)
        return 0.0

    def _read_facts(self, waiting: Waiting) -> None:
        messages = {}
        for data in waiting.missing:
            message = self._facts.fetch(decode_fact(data))
            if message is not None and not (message.is_missing and self._may_be_behind(waiting)):
                messages[message_key(message)] = encode_message(message)
        if messages:
            self._store.run(lambda session: self._keep(session, waiting, messages), Commit.FACTS)

    def _may_be_behind(self, waiting: Waiting) -> bool:
        """Slack tells of a message before its history shows it: what is missing is looked for again."""
        return real_now() - waiting.received_at < self._settle

    def _say(self, words: Iterable[Reply]) -> None:
        for word in words:
            try:
                replies.say(self._client, word)
            except CallFailed as failure:
                log.warning("direct reply failed", reason=str(failure))

    def _put_off(self, waiting: Waiting, reason: str) -> None:
        log.warning("a fact could not be read", inbox_id=waiting.id, reason=reason)
        self._store.run(lambda session: self._later(session, waiting, reason), Commit.FACTS)

    # --- transactions ---

    def _recover(self, session: Session) -> None:
        now = self._store.now(session)
        session.execute(update(Inbox).where(_WAITING, Inbox.not_before > now).values(not_before=now))

    def _claim(self, session: Session) -> tuple[Waiting | None, float]:
        now = self._store.now(session)
        due = select(Inbox).where(_WAITING, or_(Inbox.not_before.is_(None), Inbox.not_before <= now))
        row = session.execute(
            due.order_by(Inbox.not_before, Inbox.id).limit(1).with_for_update(skip_locked=True)
        ).scalar_one_or_none()
        if row is None:
            return None, self._nothing_due(session, now)
        lease_until = now + _LEASE
        session.execute(
            update(Inbox).where(Inbox.id == row.id).values(attempts=row.attempts + 1, not_before=lease_until)
        )
        missing = list((row.payload or {}).get("missing", ()))
        return Waiting(row.id, missing, row.attempts, row.received_at, lease_until), 0.0

    def _nothing_due(self, session: Session, now: datetime) -> float:
        count, at = session.execute(
            select(func.count(), func.min(Inbox.not_before)).select_from(Inbox).where(_WAITING)
        ).one()
        FACTS_WAITING.set(count)
        return POLL if at is None else min(POLL, max(_SHORTEST_WAIT, (at - now).total_seconds()))

    def _keep(self, session: Session, waiting: Waiting, messages: dict[str, Any]) -> None:
        row = _still_waiting(session, waiting)
        if row is not None:
            payload = row.payload or {}
            row.payload = payload | {"messages": payload.get("messages", {}) | messages}

    def _follow_up(self, session: Session, waiting: Waiting) -> None:
        """Decided, most often. Else it lacks something new, or waits for something that nobody can read."""
        row = _still_waiting(session, waiting)
        if row is None:
            return
        missing = (row.payload or {}).get("missing", [])
        if missing and missing != waiting.missing:
            row.not_before = self._store.now(session)
        elif row.not_before == waiting.lease_until or missing:
            self._later(session, waiting, "the facts that it needs do not settle it")
        else:
            self._give_up_if_old(session, row, "what it waits for did not come")

    def _later(self, session: Session, waiting: Waiting, reason: str) -> None:
        row = _still_waiting(session, waiting)
        if row is None or self._give_up_if_old(session, row, reason):
            return
        seconds = min(_LONGEST_BACKOFF, 0.5 * 2.0 ** min(waiting.attempts, 10))
        row.not_before = self._store.now(session) + timedelta(seconds=seconds)
        row.reason = reason

    def _give_up_if_old(self, session: Session, row: Inbox, reason: str) -> bool:
        if self._store.now(session) - row.received_at < GIVE_UP_AFTER:
            return False
        log.error("a gesture is parked", inbox_id=row.id, reason=reason)
        row.state = InboxState.PARKED
        row.reason = reason
        data = {
            "title": "Something that somebody did could not be decided",
            "detail": f"A gesture ({row.source}) of {row.received_at:%Y-%m-%d %H:%M} UTC is parked: {reason}",
            "fix": "See the log for the reason; ask the person to do it again once it is mended.",
        }
        for person_id in failures.administrators(session):
            key = f"notice:inbox:{row.id}:{person_id}"
            telling.tell(session, key, Telling.NOTICE, person_id=person_id, data=data)
        return True


def _still_waiting(session: Session, waiting: Waiting) -> Inbox | None:
    statement = select(Inbox).where(Inbox.id == waiting.id, Inbox.state == InboxState.WAITING)
    statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.execute(statement).scalar_one_or_none()
