"""What is parked: deliveries that Slack refused, gestures that could not be decided; retried or dropped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from pydantic import ValidationError
from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from bot.clock import real_now
from bot.errors import DeskbellError
from bot.models import Channel, Inbox, InboxState, Outbox, OutboxState
from bot.store import outbox
from bot.workflows import telling
from bot.workflows.gestures import GESTURES

INBOX: Final = "inbox:"
"""How the key of a parked gesture begins; the rest is the number of its row."""
LATE: Final = timedelta(minutes=2)
_MOST: Final = 500
_LARGEST_ID: Final = 2**31 - 1
"""That a row of PostgreSQL's can have; a larger number is refused by the database itself."""
_DROPPED: Final = "Dropped by {by}: {error}"


class NoSuchDelivery(DeskbellError):
    """Nothing of that name is parked."""

    def __init__(self, key: str) -> None:
        super().__init__(f"Nothing parked is called {key}: `deskbell outbox list` shows what is.")


class CannotRetry(DeskbellError):
    """A gesture that cannot be decided, however often it is tried."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key} can never be understood, so it cannot be retried: drop it.")


@dataclass(frozen=True, kw_only=True)
class Stuck:
    """Something that has not reached Slack, or was not decided."""

    key: str
    state: Literal["parked", "unknown", "late"]
    kind: str
    place: str
    since: datetime
    why: str


def stuck(session: Session, now: datetime) -> list[Stuck]:
    """What is parked or uncertain, or has been due for minutes, oldest first; `now` is real."""
    return sorted([*_deliveries(session, now), *_gestures(session)], key=lambda each: each.since)


def _deliveries(session: Session, now: datetime) -> list[Stuck]:
    is_late = and_(Outbox.not_before < now - LATE, outbox.IS_AWAITED)
    unsettled = or_(Outbox.state == OutboxState.UNKNOWN, is_late)
    # Each in the order of its partial index: by id, SQLite would look through all that was ever sent.
    ways = (
        select(Outbox).where(outbox.IS_PARKED).order_by(Outbox.settled_at),
        select(Outbox).where(outbox.IS_LIVE, unsettled).order_by(Outbox.not_before),
    )
    rows = [row for way in ways for row in session.scalars(way.limit(_MOST))][:_MOST]
    return [_delivery(session, row) for row in rows]


def _delivery(session: Session, row: Outbox) -> Stuck:
    known = session.get(Channel, row.channel) if row.channel else None
    personal = "Home of" if row.kind == telling.Telling.HOME else "direct message to"
    place = f"#{known.name}" if known else row.channel or f"{personal} {row.person_id}"
    states: dict[OutboxState, Literal["parked", "unknown"]] = {
        OutboxState.PARKED: "parked",
        OutboxState.UNKNOWN: "unknown",
    }
    return Stuck(
        key=row.key,
        state=states.get(row.state, "late"),
        kind=row.kind,
        place=place,
        since=row.settled_at or row.first_try_at or row.created_at,
        why=row.error or "not said",
    )


def _gestures(session: Session) -> list[Stuck]:
    parked = select(Inbox).where(Inbox.state == InboxState.PARKED).order_by(Inbox.id).limit(_MOST)
    return [
        Stuck(
            key=f"{INBOX}{row.id}",
            state="parked",
            kind=row.source,
            place="from Slack",
            since=row.received_at,
            why=row.reason or "not said",
        )
        for row in session.scalars(parked)
    ]


def parked_keys(session: Session, *, to_retry: bool = True) -> list[str]:
    """Everything that is parked; `to_retry` leaves out the gestures that were not understood."""
    deliveries = session.scalars(select(Outbox.key).where(Outbox.state == OutboxState.PARKED))
    rows = session.scalars(select(Inbox).where(Inbox.state == InboxState.PARKED))
    return [*deliveries, *(f"{INBOX}{row.id}" for row in rows if not to_retry or _is_understood(row))]


def retry(session: Session, key: str, now: datetime) -> None:
    """Try it again now, and what hangs from it. Raises NoSuchDelivery or CannotRetry."""
    if key.startswith(INBOX):
        _decide_again(session, key, now)
    elif not outbox.retry(session, key=key, now=now):
        raise NoSuchDelivery(key)


def drop_parked(session: Session, key: str, *, by: str, now: datetime) -> None:
    """Give it up; it stays on record with who did it, when, and why it was parked. Raises NoSuchDelivery."""
    if key.startswith(INBOX):
        row = _gesture(session, key)
        row.state, row.payload = InboxState.DONE, None
        row.reason = _DROPPED.format(by=by, error=row.reason)
        session.flush()
        return
    row_ = session.scalar(select(Outbox).where(Outbox.key == key, Outbox.state == OutboxState.PARKED))
    if row_ is None:
        raise NoSuchDelivery(key)
    ended = {"state": OutboxState.SUPERSEDED, "settled_at": now}
    mine = update(Outbox).where(Outbox.id == row_.id, Outbox.state == OutboxState.PARKED)
    session.execute(mine.values(error=_DROPPED.format(by=by, error=row_.error), **ended))


def _gesture(session: Session, key: str) -> Inbox:
    number = key.removeprefix(INBOX)
    is_id = len(number) <= len(str(_LARGEST_ID)) and number.isdecimal() and int(number) <= _LARGEST_ID
    is_it = Inbox.id == (int(number) if is_id else -1)
    row = session.scalar(select(Inbox).where(is_it, Inbox.state == InboxState.PARKED).with_for_update())
    if row is None:
        raise NoSuchDelivery(key)
    return row


def _is_understood(row: Inbox) -> bool:
    try:
        GESTURES.validate_python((row.payload or {}).get("gesture"))
    except ValidationError:
        return False
    return True


def _decide_again(session: Session, key: str, now: datetime) -> None:
    row = _gesture(session, key)
    if not _is_understood(row):
        raise CannotRetry(key)
    row.payload = {"messages": {}, "missing": []} | (row.payload or {})
    row.state, row.reason, row.not_before, row.attempts = InboxState.WAITING, None, now, 0
    row.received_at = real_now()  # its day to be decided in begins anew
    session.flush()


# --- the notice to the administrators ---


def settle_notice(session: Session, key: str, *, by: str, drop: bool) -> int | None:
    """Retry or drop what a notice tells of, and say so in it; how many. None if there is no such notice.

    One notice stands for all that was refused for one reason in one place that day.
    """
    notice = session.scalar(select(Outbox).where(Outbox.key == key).with_for_update())
    if notice is None or "delivery" not in notice.data:
        return None
    now, keys = real_now(), _told_of(session, notice.data)
    for each in keys:
        if drop:
            drop_parked(session, each, by=by, now=now)
        else:
            outbox.retry(session, key=each, now=now)
    if not keys and "done" in notice.data:
        return 0  # two administrators at once: the first one did it
    done = {"by": by, "at": now.isoformat(), "drop": drop, "count": len(keys)}
    for row in _alike(session, notice):
        row.data = row.data | {"done": done}
        telling.redraw(session, row)
    return len(keys)


def open_again(session: Session, key: str) -> None:
    """What a notice tells of was refused once more: it offers its buttons again, in the same message."""
    row = session.scalar(select(Outbox).where(Outbox.key == key).with_for_update())
    if row is not None and "done" in row.data:
        row.data = {name: value for name, value in row.data.items() if name != "done"}
        telling.redraw(session, row)


def _told_of(session: Session, data: Mapping[str, Any]) -> list[str]:
    alike = and_(Outbox.channel == data["place"], Outbox.error.contains(data["error"], autoescape=True))
    is_told = or_(Outbox.key == data["delivery"], alike)
    return list(session.scalars(select(Outbox.key).where(Outbox.state == OutboxState.PARKED, is_told)))


def _alike(session: Session, notice: Outbox) -> list[Outbox]:
    """The same notice to every administrator."""
    subject = notice.key.rpartition(":")[0]
    others = Outbox.key.startswith(f"{subject}:", autoescape=True)
    return list(session.scalars(select(Outbox).where(Outbox.kind == notice.kind, others)))
