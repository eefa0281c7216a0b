"""What a delivery says, rendered from the records when it is sent; or why it need not be said any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.models import Outbox, Person, Ticket
from bot.models.vocabulary import OPEN_STATES, State
from bot.store.outbox import Claim
from bot.surfaces import blocks, card, conversation, notices, relay, report, sentences, service_levels
from bot.surfaces.ids import MOST_DIRECT_CHOICES
from bot.surfaces.rendered import Rendered
from bot.workflows import alerts as reading_alerts
from bot.workflows import estimating, reading, reports
from bot.workflows.desks import load_desks
from bot.workflows.outcomes import Refusal
from bot.workflows.reading import Audience
from bot.workflows.telling import CAUSE_GONE, Telling, is_escalation


class NothingToRender(LookupError):
    """A delivery names records that are not there."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """A message. `version` is what the delivery shows once it is in Slack."""

    text: str
    blocks: list[dict[str, object]]
    version: int
    attribution: Mapping[str, str] = field(default_factory=dict)
    """`username` and `icon_url`, where it is posted in somebody's name."""


@dataclass(frozen=True)
class Emoji:
    """Not a message: an emoji of ours. `is_done`: nothing has to be called.

    As the delivery stands now, not as it was claimed: `version` is what is shown once that is done.
    """

    version: int
    name: str
    present: bool
    is_done: bool = False


@dataclass(frozen=True)
class Superseded:
    """It is no longer true, for this reason."""

    reason: str


Rendering = Content | Emoji | Superseded
Render = Callable[[Session, Claim], Rendering]


def render(session: Session, claim: Claim) -> Rendering:
    """Render a claimed delivery in a read transaction. Raises NothingToRender.

    The wanted version is read before the records: what is shown is then never older than it claims to be.
    """
    row = session.get(Outbox, claim.id)
    if row is None:
        raise NothingToRender(f"The delivery {claim.key} is not in the database any more.")
    kind = Telling(claim.kind)
    if kind is Telling.EMOJI:
        was_never_there = claim.shown_version == 0 and claim.first_try_at is None
        name, present = row.data["name"], row.data["present"]
        return Emoji(row.wanted_version, name, present, is_done=was_never_there and not present)
    if claim.ts is None:
        reason = _VALIDITY.get(kind, _always)(session, row)
        if reason is not None:
            return Superseded(reason)
    rendered = blocks.shortened(_RENDERERS[kind](session, row))
    attribution = _attribution(session, row) if kind is Telling.RELAY else {}
    return Content(
        text=rendered.text, blocks=rendered.blocks, version=row.wanted_version, attribution=attribution
    )


# --- who reads it? ---


def _audience(session: Session, row: Outbox) -> Audience:
    """Whoever is where it goes: a private ticket is told whole in its requester's direct messages alone."""
    if row.ticket_id is None:
        return Audience.ANYBODY
    return _reaches(session, row, _ticket(session, row).requester_id)


def _reaches(session: Session, row: Outbox, person_id: str) -> Audience:
    if row.channel is None:
        is_theirs = row.person_id == person_id or _root_is_direct(session, row, person_id)
    else:
        direct = session.scalar(select(Person.direct_channel).where(Person.id == person_id))
        is_theirs = row.channel == direct
    return Audience.INSIDERS if is_theirs else Audience.ANYBODY


def _root_is_direct(session: Session, row: Outbox, person_id: str) -> bool:
    """A reply to a message of ours goes where that is."""
    root = session.scalar(select(Outbox).where(Outbox.key == row.thread_key)) if row.thread_key else None
    return root is not None and _reaches(session, root, person_id) is Audience.INSIDERS


# --- is it still true? ---

Validity = Callable[[Session, Outbox], str | None]


def _always(_session: Session, _row: Outbox) -> None:
    return None


def _still_there(session: Session, row: Outbox) -> str | None:
    """A conversation that left a channel before it was opened there leaves no trace."""
    has_left = row.person_id is None and _ticket(session, row).has_moved
    return "The ticket became private before." if has_left else None


def _still_assigned(session: Session, row: Outbox) -> str | None:
    ticket = _ticket(session, row)
    if ticket.state not in OPEN_STATES:
        return "The work had ended."
    if ticket.assignee_id != row.data["assignee_id"]:
        return "Somebody else had it by then."
    return None


def _still_resolved(session: Session, row: Outbox) -> str | None:
    if _ticket(session, row).state in OPEN_STATES | {State.CANCELLED}:
        return "It was reopened before."
    return "It was reopened and resolved again before." if _has_newer(session, row) else None


def _has_newer(session: Session, row: Outbox) -> bool:
    newer = select(Outbox.id).where(
        Outbox.ticket_id == row.ticket_id, Outbox.kind == row.kind, Outbox.id > row.id
    )
    return session.scalar(newer.limit(1)) is not None


def _still_so(session: Session, row: Outbox) -> str | None:
    alerts = row.data.get("alerts", [row.data])
    views = [reading_alerts.read_alert(session, alert) for alert in alerts]
    return CAUSE_GONE if all(reading_alerts.is_gone(view) for view in views) else None


def _still_written(session: Session, row: Outbox) -> str | None:
    return "It was deleted before." if reading.read_comment(session, row.data["comment_id"]).deleted else None


_VALIDITY: Final[Mapping[Telling, Validity]] = {
    Telling.OPENING: _still_there,
    Telling.ASSIGNED: _still_assigned,
    Telling.RESOLVED_WORD: _still_resolved,
    Telling.RELAY: _still_written,
    Telling.ALERT: _still_so,
    Telling.ESCALATION: _still_so,
    Telling.BOARD: _still_so,
    Telling.UNROUTED: _still_so,
}


# --- what does it say? ---


def _card(session: Session, row: Outbox) -> Rendered:
    return card.card(reading.read_ticket(session, _ticket(session, row).id))


def _opening(session: Session, row: Outbox) -> Rendered:
    ticket = _ticket(session, row)
    view = reading.read_ticket(session, ticket.id, _audience(session, row))
    view = replace(view, estimate=estimating.estimate(session, ticket))
    return conversation.opening(view, place=row.data["place"])


def _resolved_word(session: Session, row: Outbox) -> Rendered:
    view = reading.read_ticket(session, _ticket(session, row).id, _audience(session, row))
    return conversation.resolved_word(view, was_reopened=_has_newer(session, row))


def _cancelled_word(session: Session, row: Outbox) -> Rendered:
    view = reading.read_ticket(session, _ticket(session, row).id, _audience(session, row))
    return conversation.cancelled_word(view)


def _relay(session: Session, row: Outbox) -> Rendered:
    return relay.relayed(_comment(session, row))


def _attribution(session: Session, row: Outbox) -> Mapping[str, str]:
    return relay.attribution(_comment(session, row))


def _comment(session: Session, row: Outbox) -> reading.CommentView:
    return reading.read_comment(session, row.data["comment_id"], _audience(session, row))


def _assigned(session: Session, row: Outbox) -> Rendered:
    view = reading.read_ticket(session, _ticket(session, row).id)
    # Drawn again later, it still tells whom it told.
    view = replace(view, assignee=reading.read_person(session, row.data["assignee_id"]))
    return notices.assigned(view, reading.read_person(session, row.data["by_id"]))


def _form_refused(session: Session, row: Outbox) -> Rendered:
    about = reading.with_names(session, row.data["about"])
    return notices.form_refused(sentences.refusal(Refusal(row.data["refusal"]), **about))


def _choice(session: Session, row: Outbox) -> Rendered:
    text = row.data["text"]
    names = reading.mentioned_names(session, text)
    chosen = reading.find_written(session, row.channel, row.thread_ts)
    if chosen is not None:
        return conversation.chosen_for_direct_message(text, chosen.number, is_new=chosen.is_new, names=names)
    numbers, offered = row.data["tickets"], row.data["tickets"][:MOST_DIRECT_CHOICES]
    tickets = session.scalars(select(Ticket).where(Ticket.number.in_(offered)))
    found = {ticket.number: ticket.id for ticket in tickets}
    # They are the person's own, in their own direct messages.
    audience = _reaches(session, row, row.data["author"])
    views = [reading.read_ticket(session, found[number], audience) for number in offered if number in found]
    desks = [
        reading.DeskView(key=desk.key, name=desk.name, categories=desk.categories)
        for desk in load_desks(session).all
        if desk.key in row.data.get("desks", [])
    ]
    more = len(numbers) - len(offered)
    return conversation.choose_for_direct_message(text, views, desks, more=more, names=names)


def _alert(session: Session, row: Outbox) -> Rendered:
    """In the card's thread; a step of the escalation says more, and can be acted on."""
    view = reading_alerts.read_alert(session, row.data)
    return service_levels.escalation(view) if is_escalation(row) else service_levels.alert(view)


def _escalation(session: Session, row: Outbox) -> Rendered:
    return service_levels.escalation(reading_alerts.read_alert(session, row.data))


def _board(session: Session, row: Outbox) -> Rendered:
    return service_levels.board(reading_alerts.read_board(session, row.data))


def _unrouted(session: Session, row: Outbox) -> Rendered:
    return service_levels.unrouted(reading_alerts.read_alert(session, row.data))


def _notice(session: Session, row: Outbox) -> Rendered:
    data, done = row.data, row.data.get("done")
    said = None
    if done is not None:
        who, at = reading.read_person(session, done["by"]), datetime.fromisoformat(done["at"])
        said = notices.Settled(by=who, at=at, was_dropped=done["drop"], count=done["count"])
    key = row.key if "delivery" in data else None
    return notices.administrator_notice(data["title"], data["detail"], data["fix"], key=key, settled=said)


def _report(session: Session, row: Outbox) -> Rendered:
    return report.report(reports.read_report(session, row.data["report_id"]))


def _ticket(session: Session, row: Outbox) -> Ticket:
    ticket = session.get(Ticket, row.ticket_id) if row.ticket_id is not None else None
    if ticket is None:
        raise NothingToRender(f"The ticket of the delivery {row.key} is not in the database.")
    return ticket


_RENDERERS: Final[Mapping[Telling, Callable[[Session, Outbox], Rendered]]] = {
    Telling.CARD: _card,
    Telling.OPENING: _opening,
    Telling.RESOLVED_WORD: _resolved_word,
    Telling.CANCELLED_WORD: _cancelled_word,
    Telling.RELAY: _relay,
    Telling.ASSIGNED: _assigned,
    Telling.FORM_REFUSED: _form_refused,
    Telling.CHOICE: _choice,
    Telling.NOTICE: _notice,
    Telling.REPORT: _report,
    Telling.ALERT: _alert,
    Telling.ESCALATION: _escalation,
    Telling.BOARD: _board,
    Telling.UNROUTED: _unrouted,
}

KINDS: Final = frozenset(kind.value for kind in (*_RENDERERS, Telling.EMOJI, Telling.HOME))
"""What this version can send; other kinds are left to the version that knows them."""
