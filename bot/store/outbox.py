"""The outbox: who may send what next, and what came of it. No statement settles a row without its token.

Instants are the store's own (`Store.now`), so that replicas agree on leases.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Select,
    Text,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.orm import Session, aliased

from bot.models import Outbox, OutboxState

LEASE: Final = timedelta(seconds=20)
"""Twice the longest call: what a killed replica had in hand is looked for so much later."""
EMOJI: Final = "emoji"
HOME: Final = "home"
ORPHANED: Final = "root_not_posted"
LIVE: Final = (OutboxState.PENDING, OutboxState.SENDING, OutboxState.UNKNOWN)
UPDATES: Final = "chat.update"
HOMES: Final = "views.publish"
"""The lane of Homes that somebody waits for: just opened, or something was pressed there."""
REFRESHED_HOMES: Final = "views.publish:refresh"
"""The lane of Homes that follow what happened elsewhere."""
POSTS: Final = "chat.postMessage:"
"""The lane of new messages in one channel begins with this."""

CHANNEL_CLOSED: Final = ("is_archived", "is_inactive", "not_in_channel", "channel_not_found")
# Spelled out, because SQLite uses a partial index only where it sees the index's own words.
IS_PARKED: Final = text("outbox.state = 'parked'")
IS_LIVE: Final = text("outbox.state IN ('pending', 'sending', 'unknown')")
_IS_SENDING: Final = and_(IS_LIVE, Outbox.state == OutboxState.SENDING)
_NO_LEASE: Final[Mapping[str, Any]] = {"owner": None, "token": None, "lease_until": None}


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A delivery that this process alone may work on until `lease_until`, as it stood when it was claimed."""

    id: int
    key: str
    kind: str
    token: str
    lane: str
    """What it is paced by: a Slack method, for new messages together with the channel."""
    lease_until: datetime
    ticket_id: int | None
    channel: str | None
    person_id: str | None
    thread_ts: str | None
    thread_key: str | None
    data: Mapping[str, Any]
    ts: str | None
    shown_version: int
    from_state: OutboxState
    attempts: int
    misses: int
    first_try_at: datetime | None
    """When it was first tried, before this claim; None if a copy cannot be in Slack."""
    last_try_at: datetime | None
    created_at: datetime

    @property
    def is_emoji(self) -> bool:
        """It is an emoji on a message, not a message."""
        return self.kind == EMOJI

    @property
    def is_posting(self) -> bool:
        """It makes a new message: the one thing that Slack would do twice if asked twice."""
        return self.ts is None and self.kind not in (EMOJI, HOME)

    @property
    def may_be_posted(self) -> bool:
        """A message may be in Slack already: look before posting."""
        return self.is_posting and self.first_try_at is not None


@dataclass(frozen=True)
class Due:
    """A row that may be claimed, and its lane."""

    row: Outbox
    lane: str


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """What has not ended yet."""

    counts: Mapping[str, int]
    oldest_due: datetime | None
    """Since when the oldest of it has been due; None when nothing is."""


IS_AWAITED: Final = or_(Outbox.kind != HOME, Outbox.shown_version == 0)
"""Of Homes those that somebody waits for: the others take their time, and are never late."""


# --- what may be sent next ---


def next_due(
    session: Session, now: datetime, *, kinds: Collection[str], shut: Collection[str] = ()
) -> Due | None:
    """The row that has been due for longest, locked; what other replicas hold and shut lanes are passed over.

    `kinds` are those that this version can send: others are left to the version that knows them. A shut lane
    that ends in `:` shuts every lane that begins with it.
    """
    statement = _NEXT_DUE.where(Outbox.kind.in_(kinds), _LANE.not_in(list(shut)))
    for lane in shut:
        if lane.endswith(":"):
            statement = statement.where(not_(_LANE.startswith(lane, autoescape=True)))
    found = session.execute(statement, {"now": now}).first()
    return Due(found[0], found[1]) if found is not None else None


def next_instant(session: Session, now: datetime) -> datetime | None:
    """When the next row that is not due yet falls due."""
    statement = select(func.min(Outbox.not_before)).where(IS_LIVE, Outbox.not_before > now)
    return session.scalar(statement)


def take(session: Session, due: Due, *, owner: str, now: datetime) -> Claim:
    """Lease a row found by `next_due` in the same transaction."""
    row = due.row
    # A sender that died may have written to Slack until its lease ended.
    last_try_at = row.lease_until if row.state is OutboxState.SENDING else row.last_try_at
    claim = Claim(
        id=row.id,
        key=row.key,
        kind=row.kind,
        token=secrets.token_hex(8),
        lane=due.lane,
        lease_until=now + LEASE,
        ticket_id=row.ticket_id,
        channel=row.channel,
        person_id=row.person_id,
        thread_ts=row.thread_ts,
        thread_key=row.thread_key,
        data=row.data,
        ts=row.ts,
        shown_version=row.shown_version,
        from_state=row.state,
        attempts=row.attempts,
        misses=row.misses,
        first_try_at=row.first_try_at,
        last_try_at=last_try_at,
        created_at=row.created_at,
    )
    values = {
        "state": OutboxState.SENDING,
        "owner": owner,
        "token": claim.token,
        "lease_until": claim.lease_until,
        "attempts": row.attempts + 1,
        "first_try_at": row.first_try_at or now,
        "last_try_at": last_try_at or now,
    }
    if row.state is OutboxState.SENDING:
        values["uncertain_at"] = last_try_at
    session.execute(update(Outbox).where(Outbox.id == row.id).values(values))
    return claim


# Scalar subqueries, not EXISTS: PostgreSQL would join a whole backlog to find the one row that goes next.


def _has_root() -> ColumnElement[bool]:
    root = aliased(Outbox)
    ts = select(root.ts).where(root.key == Outbox.thread_key).scalar_subquery()
    return or_(Outbox.thread_key.is_(None), ts.is_not(None))


def _is_in_turn() -> ColumnElement[bool]:
    """New messages of one ticket appear in one channel in the order in which they were decided."""
    earlier = aliased(Outbox)
    waits_for = select(func.count()).where(
        earlier.ticket_id == Outbox.ticket_id,
        earlier.id < Outbox.id,
        _place(earlier) == _place(Outbox),
        earlier.ts.is_(None),
        earlier.kind != EMOJI,
        earlier.state.in_(LIVE),
        earlier.thread_key.is_distinct_from(Outbox.key),  # what moved under a newer root waits for it
    )
    needs_no_turn = or_(Outbox.ticket_id.is_(None), Outbox.ts.is_not(None), Outbox.kind == EMOJI)
    return or_(needs_no_turn, waits_for.scalar_subquery() == 0)


def _place(row: type[Outbox]) -> ColumnElement[str]:
    return func.coalesce(row.channel, row.person_id, row.thread_key, "")


def _lane() -> ColumnElement[str]:
    adds = type_coerce(Outbox.data, Text).like('%"present":true%')  # the column is canonical JSON
    emoji = case((adds, literal("reactions.add")), else_=literal("reactions.remove"))
    posts = literal(POSTS).concat(_place(Outbox))
    home = case((Outbox.shown_version == 0, literal(HOMES)), else_=literal(REFRESHED_HOMES))
    return case(
        (Outbox.kind == EMOJI, emoji),
        (Outbox.kind == HOME, home),
        (Outbox.ts.is_not(None), literal(UPDATES)),
        else_=posts,
    )


_LANE: Final = _lane()


def _next_due() -> Select[Outbox, str]:
    """The row that has been due for longest at `:now`: put together once, as every look asks for it."""
    now = bindparam("now", type_=Outbox.not_before.type)
    expired = or_(Outbox.state != OutboxState.SENDING, Outbox.lease_until <= now)
    return (
        select(Outbox, _LANE)
        .where(IS_LIVE, Outbox.not_before <= now, expired, _has_root(), _is_in_turn())
        .order_by(Outbox.not_before, Outbox.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=Outbox)
        .execution_options(populate_existing=True)
    )


_NEXT_DUE: Final = _next_due()


# --- what came of it: each returns False when somebody else has taken the row meanwhile ---


def begin_again(session: Session, claim: Claim, *, now: datetime) -> bool:
    """Looked for and not found: a new attempt begins now, with a new lease."""
    return _settle(session, claim, last_try_at=now, misses=0, lease_until=now + LEASE)


def sent(
    session: Session, claim: Claim, *, channel: str | None, ts: str | None, shown_version: int, now: datetime
) -> bool:
    """Slack shows `shown_version`. A mirror that has fallen behind meanwhile is due again at once.

    So is one whose `shown_version` was changed meanwhile: what it shows beside its version has changed.
    """
    was_changed = Outbox.shown_version != claim.shown_version
    is_behind = or_(Outbox.wanted_version > shown_version, was_changed)
    values: dict[str, Any] = {
        "state": case((is_behind, OutboxState.PENDING.value), else_=OutboxState.SENT.value),
        "shown_version": case((was_changed, shown_version - 1), else_=shown_version),
        "attempts": 0,
        "misses": 0,
        "not_before": now,
        "error": None,
        "settled_at": now,
    }
    if channel is not None:
        values["channel"] = channel
    if ts is not None:
        values["ts"] = ts
    return _settle(session, claim, **values, **_NO_LEASE)


def published(
    session: Session, claim: Claim, *, shown_version: int, now: datetime, rest: timedelta, again: bool
) -> bool:
    """A Home shows `shown_version`. Where it fell behind meanwhile, or `again` is asked for, it is drawn
    anew after a rest; at once where somebody waits for it."""
    is_behind = Outbox.wanted_version > shown_version
    is_awaited = and_(is_behind, Outbox.shown_version == 0)
    at_once, rested = (literal(at, Outbox.not_before.type) for at in (now, now + rest))
    is_due = OutboxState.PENDING.value
    return _settle(
        session,
        claim,
        state=is_due if again else case((is_behind, is_due), else_=OutboxState.SENT.value),
        wanted_version=Outbox.wanted_version + (1 if again else 0),
        shown_version=case((is_awaited, 0), else_=shown_version),
        attempts=0,
        misses=0,
        not_before=case((is_awaited, at_once), else_=rested),
        first_try_at=None,
        last_try_at=None,
        error=None,
        settled_at=now,
        **_NO_LEASE,
    )


def superseded(session: Session, claim: Claim, *, reason: str, now: datetime) -> bool:
    """It is no longer true, and will not be said."""
    return _end(session, claim, OutboxState.SUPERSEDED, reason, now)


def parked(session: Session, claim: Claim, *, error: str, now: datetime) -> bool:
    """Slack will not have it, however often it is asked. This attempt left nothing behind."""
    return _end(session, claim, OutboxState.PARKED, error, now, first_try_at=claim.first_try_at)


def not_sent(session: Session, claim: Claim, *, not_before: datetime, error: str, misses: int) -> bool:
    """This attempt certainly did not reach Slack; an earlier one may have."""
    return _settle(session, claim, **_as_before(claim), not_before=not_before, error=error, misses=misses)


def unknown(
    session: Session,
    claim: Claim,
    *,
    not_before: datetime,
    error: str | None,
    last_try_at: datetime,
    misses: int,
) -> bool:
    """It may be in Slack: nobody posts it again before having looked."""
    return _settle(
        session,
        claim,
        state=OutboxState.UNKNOWN,
        not_before=not_before,
        error=error,
        last_try_at=last_try_at,
        uncertain_at=last_try_at,
        misses=misses,
        **_NO_LEASE,
    )


def release(session: Session, claim: Claim, *, not_before: datetime | None = None) -> bool:
    """Give it back as if it had never been claimed."""
    later = {} if not_before is None else {"not_before": not_before}
    return _settle(session, claim, **_as_before(claim), attempts=claim.attempts, **later)


def post_anew(session: Session, claim: Claim, *, now: datetime) -> bool:
    """The message was deleted in Slack: forget it and post another."""
    return _settle(
        session,
        claim,
        state=OutboxState.PENDING,
        ts=None,
        shown_version=0,
        first_try_at=None,
        last_try_at=None,
        attempts=0,
        misses=0,
        not_before=now,
        **_NO_LEASE,
    )


def replant(
    session: Session,
    claim: Claim,
    *,
    place: Mapping[str, str | None],
    not_before: datetime,
    error: str,
    attempts: int,
) -> bool:
    """The root of its thread is gone, and no copy is in Slack: it is posted in another place."""
    return _settle(
        session,
        claim,
        **place,
        state=OutboxState.PENDING,
        first_try_at=None,
        last_try_at=None,
        attempts=attempts,
        misses=0,
        not_before=not_before,
        error=error,
        **_NO_LEASE,
    )


def _as_before(claim: Claim) -> dict[str, Any]:
    state = OutboxState.UNKNOWN if claim.may_be_posted else OutboxState.PENDING
    return {
        "state": state,
        "first_try_at": claim.first_try_at,
        "last_try_at": claim.last_try_at,
        **_NO_LEASE,
    }


def _end(session: Session, claim: Claim, state: OutboxState, error: str, now: datetime, **more: Any) -> bool:
    return _settle(session, claim, state=state, error=error, settled_at=now, **_NO_LEASE, **more)


def _settle(session: Session, claim: Claim, **values: Any) -> bool:
    mine = and_(Outbox.id == claim.id, Outbox.token == claim.token, Outbox.state == OutboxState.SENDING)
    result = session.execute(
        update(Outbox).where(mine).values(values).execution_options(synchronize_session=False)
    )
    return isinstance(result, CursorResult) and result.rowcount == 1


# --- housekeeping ---


def recover(session: Session, *, owner: str, now: datetime) -> int:
    """SQLite at boot: nobody else can be alive, so what an earlier process was sending is unknown at once."""
    left = update(Outbox).where(_IS_SENDING, Outbox.owner.is_distinct_from(owner))
    values = {
        "state": OutboxState.UNKNOWN,
        "not_before": now,
        "last_try_at": now,
        "uncertain_at": now,
        **_NO_LEASE,
    }
    return _count(session, left, values)


def let_go(session: Session, *, owner: str, now: datetime) -> int:
    """A process ends with calls under way: what it was sending is looked for at once, not after its lease."""
    held = update(Outbox).where(_IS_SENDING, Outbox.owner == owner)
    values = {"state": OutboxState.UNKNOWN, "not_before": now, "last_try_at": now, **_NO_LEASE}
    return _count(session, held, values)


def park_orphans(session: Session, now: datetime) -> int:
    """Park what should stand under a message that will never be posted."""
    root = aliased(Outbox)
    ended = (OutboxState.PARKED, OutboxState.SUPERSEDED)
    lost = exists().where(root.key == Outbox.thread_key, root.ts.is_(None), root.state.in_(ended))
    values = {"state": OutboxState.PARKED, "error": ORPHANED, "settled_at": now}
    waits = update(Outbox).where(IS_LIVE, Outbox.state != OutboxState.SENDING, Outbox.thread_key.is_not(None))
    return _count(session, waits.where(lost), values)


def unpark(session: Session, *, channel: str, now: datetime) -> int:
    """A channel can be written to again: what was parked on its way there, and what hung from it, is due."""
    root = aliased(Outbox)
    hangs = exists().where(root.key == Outbox.thread_key, root.channel == channel)
    stuck = update(Outbox).where(Outbox.state == OutboxState.PARKED, or_(Outbox.channel == channel, hangs))
    return _count(session, stuck, _due_again(now))


def _due_again(now: datetime) -> dict[str, Any]:
    # Where an earlier try is uncertain, the claim looks before it posts: `first_try_at` stays.
    return {
        "state": OutboxState.PENDING,
        "not_before": now,
        "attempts": 0,
        "error": None,
        "settled_at": None,
    }


def retry(session: Session, *, key: str, now: datetime) -> bool:
    """A parked delivery, and what was parked because it hangs from it, is due; False if it is not parked."""
    hangs = and_(Outbox.thread_key == key, Outbox.error == ORPHANED)
    stuck = update(Outbox).where(Outbox.state == OutboxState.PARKED, or_(Outbox.key == key, hangs))
    parked = select(Outbox.id).where(Outbox.key == key, Outbox.state == OutboxState.PARKED)
    if session.scalar(parked) is None:
        return False
    _count(session, stuck, _due_again(now))
    return True


def parked_channels(session: Session) -> set[str]:
    """The channels that something is parked on its way to because they could not be written to."""
    closed = Outbox.error.regexp_match("|".join(CHANNEL_CLOSED))
    rows = select(Outbox.channel).where(IS_PARKED, closed, Outbox.channel.is_not(None)).distinct()
    return {channel for channel in session.scalars(rows) if channel is not None}


def parked_count(session: Session) -> int:
    """How many deliveries are parked."""
    return session.scalar(select(func.count()).select_from(Outbox).where(IS_PARKED)) or 0


def backlog(session: Session, now: datetime) -> Backlog:
    """How much has not ended, by state, and since when the oldest of it has been due."""
    rows = session.execute(select(Outbox.state, func.count()).where(IS_LIVE).group_by(Outbox.state)).all()
    # A retry puts off the next try, not the instant since when the message has been missing.
    since = case((Outbox.shown_version == 0, Outbox.created_at), else_=Outbox.not_before)
    late = and_(or_(Outbox.not_before <= now, Outbox.attempts > 0), IS_AWAITED)
    oldest = session.scalar(select(func.min(since)).where(IS_LIVE, late))
    return Backlog(counts={state.value: count for state, count in rows}, oldest_due=oldest)


def _count(session: Session, statement: Any, values: Mapping[str, Any]) -> int:
    result = session.execute(statement.values(values).execution_options(synchronize_session=False))
    return result.rowcount if isinstance(result, CursorResult) else 0
