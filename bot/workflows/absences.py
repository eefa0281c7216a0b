"""Saying that one is away, coming back, and asking how one stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.models import Absence, Person, Ticket
from bot.models.vocabulary import OPEN_STATES, Action, Role
from bot.workflows import people, permissions, untils
from bot.workflows.availability import Away, is_away, stand_in
from bot.workflows.desks import Definition
from bot.workflows.outcomes import Done, Refusal, Refused
from bot.workflows.reading import PersonView, read_person


def go_away(
    session: Session,
    desks: Sequence[Definition],
    person_id: str,
    *,
    until: str,
    cover_id: str | None,
    at: datetime,
) -> Done:
    """Say to be away from `at` on, `until` being as `untils` reads it, in place of any absence until now.

    Raises Refused, or FactsMissing.
    """
    own = _own_desks(session, desks, person_id)
    ends_at = _end(until, at, timezone_of(session, person_id, own))
    if cover_id is not None:
        _require_cover(session, own, person_id, cover_id)
    current = _current(session, person_id, at)
    if all(absence.starts_at <= at for absence in current):  # else a later word came first, and stands
        for absence in current:
            absence.ends_at = at
        session.add(Absence(person_id=person_id, starts_at=at, ends_at=ends_at, cover_id=cover_id))
    session.flush()
    return _done("away", own)


def come_back(session: Session, desks: Sequence[Definition], person_id: str, *, at: datetime) -> Done:
    """End one's absence at `at`. Raises Refused, or FactsMissing."""
    own = _own_desks(session, desks, person_id)
    ended = [absence for absence in _current(session, person_id, at) if absence.starts_at <= at]
    for absence in ended:
        absence.ends_at = at
    session.flush()
    return _done("back" if ended else "was_here", own)


def ask(session: Session, desks: Sequence[Definition], person_id: str) -> Done:
    """Whether somebody may ask how they stand. Raises Refused, or FactsMissing."""
    return _done("absence", _own_desks(session, desks, person_id))


def timezone_of(session: Session, person_id: str, desks: Sequence[Definition]) -> str:
    """The person's time zone as Slack has it, else that of their first desk."""
    named = session.scalar(select(Person.timezone).where(Person.id == person_id))
    for name in (named, *(desk.timezone for desk in desks)):
        if name and _is_timezone(name):
            return name
    return "UTC"


def _is_timezone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; not a key; the name of a directory
        return False
    return True


def _done(event: str, own: Sequence[Definition]) -> Done:
    return Done(event=event, number="", ticket_id=0, data={"desks": ",".join(desk.key for desk in own)})


def _own_desks(session: Session, desks: Sequence[Definition], person_id: str) -> list[Definition]:
    """The desks at which somebody is an agent, at least one."""
    if not desks:
        raise Refused(Refusal.NO_DESK)
    roles = {desk.key: people.actor(session, person_id, desk).roles for desk in desks}
    own = [desk for desk in desks if permissions.is_allowed(Action.ABSENT, roles[desk.key], None)]
    if not own:
        try:
            permissions.require(Action.ABSENT, roles[desks[0].key], None)
        except Refused as refused:
            is_about_roles = refused.refusal in (Refusal.NOT_AN_AGENT, Refusal.NOT_YOURS)
            raise Refused(Refusal.NO_ABSENCE) if is_about_roles else refused from None
    return own


def _end(until: str, at: datetime, timezone: str) -> datetime:
    said = untils.parse_until(until)
    if said is None:
        raise Refused(Refusal.NOT_A_TIME, word=until)
    try:
        return untils.instant_of(said, now=at, timezone=timezone)
    except untils.AlreadyPastError:
        raise Refused(Refusal.ALREADY_PAST, word=until) from None
    except untils.TooFarAheadError:
        raise Refused(Refusal.TOO_FAR_AHEAD, word=until) from None


def _require_cover(session: Session, own: Sequence[Definition], person_id: str, cover_id: str) -> None:
    if cover_id == person_id:
        raise Refused(Refusal.COVERS_ONESELF)
    if not any(Role.AGENT in people.actor(session, cover_id, desk).roles for desk in own):
        raise Refused(Refusal.COVER_IS_NO_AGENT, person=cover_id, desk=own[0].name)


def _current(session: Session, person_id: str, at: datetime) -> Sequence[Absence]:
    """What is not over at `at`, for this transaction alone: two words of one person follow each other."""
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update())
    return session.scalars(select(Absence).where(Absence.person_id == person_id, Absence.ends_at > at)).all()


# --- how somebody stands ---


@dataclass(frozen=True, kw_only=True)
class AbsenceView:
    """How somebody stands, as an answer to them shows it. Instants in UTC; `timezone` is theirs."""

    now: datetime
    timezone: str
    away: Away | None
    cover: PersonView | None
    """Whom they named."""
    stand_in: PersonView | None
    """Who is told in their place, who may be the cover's cover."""
    open_tickets: tuple[str, ...]
    """The numbers of their open tickets, most urgent first."""


def read_absence(session: Session, person_id: str, desks: Sequence[Definition], now: datetime) -> AbsenceView:
    """How somebody stands at the desks whose agent they are."""
    away = is_away(session, person_id, now)
    cover_id = away.cover_id if away else None
    standing = [stand_in(session, desk, person_id, now) for desk in desks] if cover_id else []
    found = next((one for one in standing if one is not None), None)
    return AbsenceView(
        now=now,
        timezone=timezone_of(session, person_id, desks),
        away=away,
        cover=read_person(session, cover_id) if cover_id else None,
        stand_in=read_person(session, found) if found else None,
        open_tickets=_open_tickets(session, person_id),
    )


def _open_tickets(session: Session, person_id: str) -> tuple[str, ...]:
    mine = select(Ticket.number).where(Ticket.assignee_id == person_id, Ticket.state.in_(list(OPEN_STATES)))
    return tuple(session.scalars(mine.order_by(Ticket.priority, Ticket.raised_at, Ticket.id)))
