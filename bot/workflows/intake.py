"""The one way in: a gesture, its inbox row and its effect are one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.clock import Clock, real_now
from bot.failpoints import Commit
from bot.models import Inbox, InboxState, Ticket
from bot.models.vocabulary import Action
from bot.store import Store
from bot.store.dialects import insert_once
from bot.workflows import configuring, people, permissions, telling
from bot.workflows.by_emoji import remember
from bot.workflows.deciding import decide
from bot.workflows.desks import load_desks
from bot.workflows.factcodec import decode_message, encode_fact
from bot.workflows.facts import Message
from bot.workflows.gestures import GESTURES, Acted, AnyGesture, Asked, Filed, Reacted, Wrote
from bot.workflows.outcomes import Conflict, Deferred, Done, FactsMissing, Ignored, Outcome, Refusal, Refused
from bot.workflows.telling import Telling
from bot.workflows.work import about

Result = TypeVar("Result")

CONFLICT_RETRIES = 5
POINTING = frozenset({"exists", "raised", "raised_privately"})
"""What an emoji on a plain message may come to; a repeat of it must not be told again."""
UNREACHABLE = frozenset({Refusal.APP, Refusal.DEACTIVATED})
"""Who is refused for this reads no messages."""
RECHECK = timedelta(seconds=1)
"""How soon a gesture is looked at again that waits for something other than a fact to be read."""


class Intake:
    """Takes gestures, at most once each, and decides them now or when the facts are there."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        wake: Callable[[], None] = lambda: None,
        told: Callable[[AnyGesture, Outcome], None] = lambda _gesture, _outcome: None,
    ) -> None:
        """`told` hears of each gesture and what came of it, once that is committed."""
        self._told = told
        self._store = store
        self._clock = clock
        self._wake = wake

    def handle(self, gesture: AnyGesture) -> Outcome:
        """Decide a gesture. A repeat is Ignored. Raises StoreUnavailable: then nothing was kept."""
        outcome = self._until_settled(lambda session: self._first(session, gesture), Commit.GESTURE)
        self._told(gesture, outcome)
        if not isinstance(outcome, Ignored):
            self._wake()
        return outcome

    def would_refuse(self, person_id: str, action: Action, number: str) -> Refused | None:
        """Whether an action would be refused now, as far as is known; changes nothing."""
        with self._store.read() as session:
            ticket = session.scalars(select(Ticket).where(Ticket.number == number)).first()
            desk = load_desks(session).get(ticket.desk_key) if ticket else None
            if ticket is None or desk is None:
                return None
            try:
                actor = people.actor(session, person_id, desk, ticket)
                permissions.require_sight(
                    actor.roles, ticket.state, number=number, is_private=ticket.is_private
                )
                permissions.require(action, actor.roles, ticket.state)
            except Refused as refused:
                return about(refused, ticket, desk)
            except FactsMissing:
                return None
        return None

    def decide_waiting(self, row_id: int) -> tuple[AnyGesture, Outcome] | None:
        """Decide a kept gesture again, as of its own instant; None when it is decided already."""
        decided = self._until_settled(lambda session: self._again(session, row_id), Commit.KEPT_GESTURE)
        if decided is not None:
            self._told(*decided)
            self._wake()
        return decided

    def park(self, source: str, key: str, payload: dict[str, Any], reason: str) -> None:
        """Keep what can never work, with the reason; administrators hear of each reason once a day."""

        def work(session: Session) -> None:
            if _keep(session, source, key, InboxState.PARKED, payload=payload, reason=reason):
                day = self._clock.now().date().isoformat()
                title = "Something from Slack could not be understood"
                configuring.tell_administrators(session, f"inbox:{source}:{day}:{reason}", title, reason)

        self._store.run(work, Commit.PARKED_GESTURE)
        self._wake()

    def _until_settled(self, work: Callable[[Session], Result], at: Commit) -> Result:
        """Run again when somebody else committed first: the second look sees what they did."""
        for _ in range(CONFLICT_RETRIES):
            try:
                return self._store.run(work, at)
            except (Conflict, IntegrityError):
                continue
        return self._store.run(work, at)

    def _first(self, session: Session, gesture: AnyGesture) -> Outcome:
        # What a person last did with an emoji is kept by itself and tells a repeat.
        keeps_itself = isinstance(gesture, Reacted)
        if not keeps_itself and not _keep(session, gesture.type, gesture.key, InboxState.DONE):
            return Ignored()
        try:
            outcome = decide(session, gesture, now=self._clock.now())
            points = keeps_itself and isinstance(outcome, Done) and outcome.event in POINTING
            if points and not _keep(session, gesture.type, gesture.key, InboxState.DONE):
                session.rollback()
                return Ignored()
        except Refused as refusal:
            session.rollback()
            if isinstance(gesture, Reacted):
                remember(session, gesture)
            if isinstance(gesture, Reacted | Wrote):
                # A repeat must not tell the person twice; a form may be corrected and sent again.
                reason = refusal.refusal.value
                is_new = _keep(session, gesture.type, gesture.key, InboxState.DONE, reason=reason)
                return refusal if is_new else Ignored()
            return refusal
        except FactsMissing as missing:
            session.rollback()
            is_new = keep_waiting(session, gesture, missing)
            return Deferred(facts=missing.facts) if is_new else Ignored()
        # That an emoji was taken away counts also when it arrives before that it was put on.
        if (isinstance(outcome, Ignored) and not keeps_itself) or isinstance(gesture, Asked):
            session.rollback()
        return outcome

    def _again(self, session: Session, row_id: int) -> tuple[AnyGesture, Outcome] | None:
        row = _waiting_row(session, row_id)
        if row is None or row.payload is None:
            return None
        gesture = GESTURES.validate_python(row.payload["gesture"])
        messages = [decode_message(message) for message in row.payload["messages"].values()]
        known = {(message.channel, message.ts): message for message in messages}
        try:
            outcome = decide(session, gesture, now=self._clock.now(), messages=known)
        except Refused as refusal:
            session.rollback()
            if isinstance(gesture, Reacted):
                remember(session, gesture)
            outcome = refusal
        except FactsMissing as missing:
            session.rollback()
            return self._wait_on(session, row_id, gesture, missing)
        settled = _waiting_row(session, row_id)
        if settled is not None:
            settled.state = InboxState.DONE
            settled.reason = outcome.refusal.value if isinstance(outcome, Refused) else None
            settled.payload = None
            if isinstance(outcome, Refused) and isinstance(gesture, Acted | Filed):
                _tell_of_refusal(session, row_id, gesture, outcome)
        return _answered_in_thread(gesture, known), outcome

    def _wait_on(
        self, session: Session, row_id: int, gesture: AnyGesture, missing: FactsMissing
    ) -> tuple[AnyGesture, Outcome]:
        row = _waiting_row(session, row_id)
        if row is not None and row.payload is not None:
            row.payload = row.payload | {"missing": [encode_fact(fact) for fact in missing.facts]}
            row.not_before = real_now() if missing.facts else real_now() + RECHECK
        return gesture, Deferred(facts=missing.facts)


def keep_waiting(session: Session, gesture: AnyGesture, missing: FactsMissing) -> bool:
    """Keep a gesture until what it lacks is known; False when it is kept already."""
    payload = {
        "gesture": gesture.model_dump(mode="json"),
        "missing": [encode_fact(fact) for fact in missing.facts],
        "messages": {},
    }
    return _keep(session, gesture.type, gesture.key, InboxState.WAITING, payload=payload)


def _answered_in_thread(gesture: AnyGesture, known: Mapping[tuple[str, str], Message]) -> AnyGesture:
    """An emoji does not say that its message is a reply; the message does, once it has been read."""
    message = known.get((gesture.channel, gesture.ts)) if isinstance(gesture, Reacted) else None
    if message is None or message.root_ts is None:
        return gesture
    place = gesture.reply_to.model_copy(update={"thread_ts": message.root_ts})
    return gesture.model_copy(update={"reply_to": place})


def _tell_of_refusal(session: Session, row_id: int, gesture: Acted | Filed, refused: Refused) -> None:
    """Whoever sent a form was promised an answer; without a place for a direct word it is a message."""
    if gesture.reply_to.is_nowhere and refused.refusal not in UNREACHABLE:
        data = {"refusal": refused.refusal.value, "about": refused.data}
        telling.tell(
            session, f"refused:{row_id}", Telling.FORM_REFUSED, person_id=gesture.person_id, data=data
        )


def _waiting_row(session: Session, row_id: int) -> Inbox | None:
    statement = select(Inbox).where(Inbox.id == row_id, Inbox.state == InboxState.WAITING).with_for_update()
    return session.execute(statement.execution_options(populate_existing=True)).scalar_one_or_none()


def _keep(
    session: Session,
    source: str,
    key: str,
    state: InboxState,
    *,
    payload: dict[str, Any] | None = None,
    reason: str | None = None,
) -> bool:
    now = real_now()
    values = {
        "source": source,
        "dedupe_key": key,
        "state": state,
        "received_at": now,
        "payload": payload,
        "reason": reason,
        "attempts": 0,
        "not_before": now if state is InboxState.WAITING else None,
    }
    return insert_once(session, Inbox, values, keys=["source", "dedupe_key"])
