"""What must be told: rows of the outbox, enqueued by the transaction that decides; delivery sends them."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Update, bindparam, case, select, update
from sqlalchemy.orm import Session, aliased

from bot.clock import real_now
from bot.models import Anchor, Milestone, Outbox, OutboxState, ServiceClock, Ticket
from bot.store.connections import connection
from bot.store.dialects import insert_once
from bot.store.outbox import ORPHANED


class Telling(StrEnum):
    """The kinds of delivery."""

    CARD = "card"
    """Mirror: the ticket's card in the triage channel."""
    OPENING = "opening"
    """Mirror: our one message in the conversation with the requester."""
    RELAY = "relay"
    """Mirror: what one side wrote, shown to the other."""
    RESOLVED_WORD = "resolved_word"
    """Mirror: the word that a ticket is resolved."""
    CANCELLED_WORD = "cancelled_word"
    """Fact: tells the requester that the desk cancelled a ticket."""
    EMOJI = "emoji"
    """Mirror: an emoji of ours on a message."""
    ASSIGNED = "assigned"
    """Fact: tells somebody that a ticket is now theirs."""
    FORM_REFUSED = "form_refused"
    """Fact: tells somebody that their form, which was kept for later, could not be done after all."""
    CHOICE = "choice"
    """Mirror: asks whether a direct message belongs to an open ticket or is a new one, then says which."""
    ALERT = "alert"
    """Mirror: what the clocks of a ticket have to say, in the card's thread."""
    ESCALATION = "escalation"
    """Mirror: the same for the people of a channel."""
    BOARD = "board"
    """Mirror: several tickets' escalations that came due together, in one post."""
    UNROUTED = "unrouted"
    """Mirror: nobody is available for a ticket."""
    NOTICE = "notice"
    """Mirror: tells an administrator about a failure."""
    HOME = "home"
    """Mirror: somebody's Home tab. It replaces what it showed before, so it needs no marker."""
    REPORT = "report"
    """Mirror: a digest or service review in the managers' channel; pictures that come late are edited in."""


MIRRORS = frozenset(
    {
        Telling.CARD,
        Telling.OPENING,
        Telling.RELAY,
        Telling.RESOLVED_WORD,
        Telling.CHOICE,
        Telling.EMOJI,
        Telling.ALERT,
        Telling.ESCALATION,
        Telling.BOARD,
        Telling.UNROUTED,
        Telling.HOME,
        Telling.REPORT,
        Telling.NOTICE,
    }
)
"""Brought up to date whenever `wanted_version > shown_version`; the others are posted once."""

REPOSTED = frozenset({Telling.CARD.value, Telling.OPENING.value})
"""The messages that a ticket cannot do without: deleted in Slack, they are posted anew."""

CONVERSATION = frozenset(
    {
        Telling.OPENING.value,
        Telling.RELAY.value,
        Telling.RESOLVED_WORD.value,
        Telling.CANCELLED_WORD.value,
    }
)
"""What is said to the requester in the ticket's conversation; a relay also goes to the card's thread."""

CONVERSATION_FIRST = timedelta(seconds=1)
"""For so long a card waits for its conversation to be opened, so that it can link to it."""

CAUSE_GONE: Final = "Its cause had gone."
"""Why an alert was not said."""

LIVE = (OutboxState.PENDING, OutboxState.SENDING, OutboxState.UNKNOWN)


def tell(
    session: Session,
    key: str,
    kind: Telling,
    *,
    ticket_id: int | None = None,
    channel: str | None = None,
    person_id: str | None = None,
    thread_ts: str | None = None,
    thread_key: str | None = None,
    data: dict[str, Any] | None = None,
    version: int = 1,
    delay: timedelta = timedelta(0),
) -> bool:
    """Enqueue a delivery once; False when the key is already known. The key names the fact."""
    now = real_now()
    values = {
        "key": key,
        "kind": kind.value,
        "ticket_id": ticket_id,
        "channel": channel,
        "person_id": person_id,
        "thread_ts": thread_ts,
        "thread_key": thread_key,
        "data": data or {},
        "wanted_version": version,
        "shown_version": 0,
        "state": OutboxState.PENDING,
        "attempts": 0,
        "misses": 0,
        "not_before": now + delay,
        "created_at": now,
    }
    return insert_once(session, Outbox, values, keys=["key"])


def _brought_up(*which: ColumnElement[bool]) -> Update:
    """Mirrors that show less than `version` want it; those at rest are put in line again."""
    at_rest = Outbox.state == OutboxState.SENT
    return (
        update(Outbox)
        .where(*which, Outbox.wanted_version < bindparam("version"))
        .values(
            wanted_version=bindparam("version"),
            state=case((at_rest, OutboxState.PENDING.value), else_=Outbox.state),
            not_before=case(
                (at_rest, bindparam("now", type_=Outbox.not_before.type)), else_=Outbox.not_before
            ),
            attempts=case((at_rest, 0), else_=Outbox.attempts),
        )
    )


_REFRESH_TICKET = _brought_up(
    Outbox.ticket_id == bindparam("ticket"),
    Outbox.kind.in_([Telling.CARD.value, Telling.OPENING.value, Telling.RESOLVED_WORD.value]),
)
_REFRESH_CARD = _brought_up(Outbox.ticket_id == bindparam("ticket"), Outbox.kind == Telling.CARD.value)
_REFRESH_ROW = _brought_up(Outbox.id == bindparam("row"))


def refresh(session: Session, *, ticket_id: int, version: int, only_card: bool = False) -> None:
    """The ticket changed: its mirrors (not relays, not emoji) must show at least `version`."""
    values = {"ticket": ticket_id, "version": version, "now": real_now()}
    connection(session).execute(_REFRESH_CARD if only_card else _REFRESH_TICKET, values)


def _refresh_row(session: Session, row: Outbox) -> None:
    session.flush()
    values = {"row": row.id, "version": row.wanted_version + 1, "now": real_now()}
    connection(session).execute(_REFRESH_ROW, values)
    session.expire(row)


def redraw(session: Session, row: Outbox) -> None:
    """What a message says has changed: in Slack it is edited, and what is to be said is rendered anew.

    A sender may take it at this moment: whatever is not over is asked for. What was not said because its
    cause had gone is looked at again.
    """
    if row.ts is None and row.state is OutboxState.SUPERSEDED and row.error == CAUSE_GONE:
        session.flush()
        session.execute(_revived(row), execution_options={"synchronize_session": False})
        session.expire(row)
    elif row.ts is not None or row.state not in (OutboxState.SUPERSEDED, OutboxState.PARKED):
        _refresh_row(session, row)


def _revived(row: Outbox) -> Update:
    is_over = (Outbox.id == row.id, Outbox.state == OutboxState.SUPERSEDED, Outbox.ts.is_(None))
    again = {"state": OutboxState.PENDING, "not_before": real_now(), "attempts": 0, "misses": 0}
    anew = {"first_try_at": None, "last_try_at": None, "error": None, "settled_at": None}
    return update(Outbox).where(*is_over).values(**again, **anew)


def opening_key(ticket: Ticket) -> str:
    """The key of our one message in the ticket's conversation, wherever that is now."""
    return f"opening:{ticket.id}:direct" if ticket.has_moved else f"opening:{ticket.id}"


_CARD_CHANNEL = select(Outbox.channel).where(Outbox.key == bindparam("key"))


def card_channel(session: Session, *, ticket_id: int) -> str | None:
    """Where a ticket's card is, or will be. One that is in Slack stays when its desk gets another channel."""
    return connection(session).execute(_CARD_CHANNEL, {"key": f"card:{ticket_id}"}).scalar_one_or_none()


def opens_directly(session: Session, *, ticket_id: int) -> bool:
    """Whether the first message to the requester goes to their direct messages."""
    opening = select(Outbox.person_id).where(Outbox.key == f"opening:{ticket_id}")
    return session.scalar(opening) is not None


def redraw_everything(session: Session, *, ticket_id: int) -> None:
    """Who may read a ticket has changed: what was said about it in Slack is edited, facts too.

    Those that follow its version are so already.
    """
    kinds = [kind.value for kind in (Telling.RELAY, Telling.ASSIGNED, Telling.CANCELLED_WORD)]
    said = select(Outbox).where(Outbox.ticket_id == ticket_id, Outbox.kind.in_(kinds))
    for row in session.scalars(said).all():
        redraw(session, row)
    redraw_alerts(session, ticket_id=ticket_id)


def move_to_direct(session: Session, ticket: Ticket) -> None:
    """The conversation goes on in the requester's direct messages, under a new opening."""
    left = ticket.conversation_channel, ticket.conversation_ts
    ticket.has_moved, ticket.conversation_channel, ticket.conversation_ts = True, None, None
    session.flush()
    tell(
        session,
        opening_key(ticket),
        Telling.OPENING,
        ticket_id=ticket.id,
        person_id=ticket.requester_id,
        data={"place": "direct"},
    )
    _follow_move(session, ticket, left=left)


def _follow_move(session: Session, ticket: Ticket, *, left: tuple[str | None, str | None]) -> None:
    """The conversation left a thread for direct messages: what was to be said there is said here."""
    before = f"opening:{ticket.id}"
    there = Outbox.thread_key == before
    if left[1] is not None:
        there = there | ((Outbox.channel == left[0]) & (Outbox.thread_ts == left[1]))
    unsent = update(Outbox).where(
        Outbox.ticket_id == ticket.id,
        there,
        Outbox.ts.is_(None),
        Outbox.first_try_at.is_(None),
        Outbox.kind.in_([kind.value for kind in (Telling.RELAY, *_WORDS_TO_REQUESTER)]),
    )
    direct = {"channel": None, "thread_ts": None, "thread_key": opening_key(ticket)}
    session.execute(unsent.values(person_id=ticket.requester_id, **direct))


_WORDS_TO_REQUESTER = (Telling.RESOLVED_WORD, Telling.CANCELLED_WORD)


def is_escalation(row: Outbox) -> bool:
    """Whether an alert tells a step of the escalation, and therefore who has the ticket."""
    if row.kind != Telling.ALERT.value:
        return True
    return any(">" in name for _, _, name in row.data["points"])


def redraw_card(session: Session, *, ticket_id: int) -> None:
    """A card shows something that is no event of its ticket's: it is drawn again.

    Its version is the ticket's, which has not changed: it counts as showing less. A sender that has it in
    hand finds that when it settles.
    """
    session.execute(_shown_again(Outbox.state == OutboxState.SENT).where(Outbox.key == f"card:{ticket_id}"))


def show_again(session: Session, root: Outbox) -> None:
    """A message that should be there seems to be gone: it is written again, also where that was given up."""
    at_rest = Outbox.state.in_([OutboxState.SENT, OutboxState.PARKED])
    again = _shown_again(at_rest).where(Outbox.id == root.id, Outbox.ts.is_not(None))
    session.execute(again, execution_options={"synchronize_session": False})


def _shown_again(at_rest: ColumnElement[bool]) -> Update:
    now = bindparam("now", real_now(), type_=Outbox.not_before.type)
    again = {
        "shown_version": Outbox.shown_version - 1,
        "state": case((at_rest, OutboxState.PENDING.value), else_=Outbox.state),
        "not_before": case((at_rest, now), else_=Outbox.not_before),
        "attempts": case((at_rest, 0), else_=Outbox.attempts),
    }
    return update(Outbox).values(again)


def redraw_alerts(session: Session, *, ticket_id: int) -> None:
    """Something that a ticket's alerts show has changed, also where it is one of several."""
    kinds = [Telling.ALERT.value, Telling.ESCALATION.value, Telling.UNROUTED.value]
    alone = select(Outbox).where(Outbox.ticket_id == ticket_id, Outbox.kind.in_(kinds))
    told = select(Milestone.told_key).join(ServiceClock, ServiceClock.id == Milestone.clock_id)
    boards = Outbox.key.in_(told.where(ServiceClock.ticket_id == ticket_id))
    among = select(Outbox).where(boards, Outbox.kind == Telling.BOARD.value)
    for row in (*session.scalars(alone), *session.scalars(among)):
        redraw(session, row)


def refresh_relay(session: Session, *, comment_id: int) -> None:
    """A comment was edited or deleted: its copy follows."""
    row = session.scalar(select(Outbox).where(Outbox.key == f"relay:{comment_id}"))
    if row is not None:
        _refresh_row(session, row)


def pictures_ready(session: Session, key: str, *, show: bool = True) -> None:
    """The pictures of a report are there, or with `show` False will not come: its message need not wait.

    What is in Slack, or on its way, is edited to show them; what was never tried is due at once.
    """
    row = session.scalar(select(Outbox).where(Outbox.key == key).with_for_update())
    if row is None:
        return
    if row.ts is None and row.state is OutboxState.PENDING and row.attempts == 0:
        row.not_before = min(row.not_before, real_now())
        session.flush()
    elif show:
        _refresh_row(session, row)


def show_emoji(
    session: Session,
    *,
    key: str,
    ticket_id: int,
    name: str,
    present: bool,
    channel: str | None = None,
    message_ts: str | None = None,
    message_key: str | None = None,
) -> None:
    """Our emoji on a message (known by its ts, or by the key of its delivery) should be there, or not."""
    data = {"name": name, "present": present}
    if present and tell(
        session,
        key,
        Telling.EMOJI,
        ticket_id=ticket_id,
        data=data,
        channel=channel,
        thread_ts=message_ts,
        thread_key=message_key,
    ):
        return
    row = session.scalar(select(Outbox).where(Outbox.key == key))
    if row is not None and row.data != data:
        row.data = data
        _refresh_row(session, row)


def record_sent(session: Session, row: Outbox, *, channel: str, ts: str) -> None:
    """A message of ours is in Slack: from now on reactions to it and replies to it belong to the ticket.

    Called by delivery in the transaction that marks the row as sent.
    """
    role = {Telling.CARD: "card", Telling.OPENING: "conversation"}.get(Telling(row.kind))
    if role is None or row.ticket_id is None:
        return
    values = {"channel": channel, "ts": ts, "ticket_id": row.ticket_id, "role": role}
    insert_once(session, Anchor, values, keys=["channel", "ts"])
    if role == "conversation" and row.thread_ts is None:
        root = update(Ticket).where(Ticket.id == row.ticket_id, Ticket.conversation_ts.is_(None))
        if row.person_id is None:  # a root in a channel that the conversation has left is none any more
            root = root.where(Ticket.has_moved.is_(False))
        session.execute(root.values(conversation_channel=channel, conversation_ts=ts))
        _let_card_go(session, ticket_id=row.ticket_id)
        redraw_card(session, ticket_id=row.ticket_id)  # it was faster, and links to the conversation


def _let_card_go(session: Session, *, ticket_id: int) -> None:
    """What the card waited for is there."""
    now = bindparam("now", real_now(), type_=Outbox.not_before.type)
    waits = (Outbox.state == OutboxState.PENDING, Outbox.attempts == 0, Outbox.not_before > now)
    session.execute(update(Outbox).where(Outbox.key == f"card:{ticket_id}", *waits).values(not_before=now))


def root_deleted(session: Session, row: Outbox) -> None:
    """A message of ours was deleted in Slack, and is posted anew: the conversation goes on under the new one.

    Called by delivery in the transaction that asks for the new one. What waits goes there too.
    """
    if row.kind != Telling.OPENING.value or row.thread_ts is not None:
        return
    was_root = (Ticket.conversation_channel == row.channel, Ticket.conversation_ts == row.ts)
    forgotten = update(Ticket).where(Ticket.id == row.ticket_id, *was_root).values(conversation_ts=None)
    unsent = update(Outbox).where(
        Outbox.ticket_id == row.ticket_id,
        Outbox.channel == row.channel,
        Outbox.thread_ts == row.ts,
        Outbox.ts.is_(None),
        Outbox.first_try_at.is_(None),
        Outbox.kind != Telling.EMOJI.value,
    )
    for statement in (forgotten, unsent.values(thread_ts=None, thread_key=row.key)):
        session.execute(statement, execution_options={"synchronize_session": False})


def repoint_cards(session: Session, *, desk_key: str, channel: str) -> None:
    """A desk has another triage channel: cards that were never posted go there, and what hangs from them."""
    card = aliased(Outbox)
    never_posted = select(card.key).where(
        card.kind == Telling.CARD.value,
        card.ts.is_(None),
        card.first_try_at.is_(None) | (card.state == OutboxState.PARKED),
        card.channel != channel,
        card.ticket_id.in_(select(Ticket.id).where(Ticket.desk_key == desk_key)),
    )
    again = {"state": OutboxState.PENDING, "not_before": real_now(), "attempts": 0, "error": None}
    orphans = update(Outbox).where(Outbox.error == ORPHANED, Outbox.thread_key.in_(never_posted))
    session.execute(orphans.values(**again))
    session.execute(update(Outbox).where(Outbox.key.in_(never_posted)).values(channel=channel, **again))
