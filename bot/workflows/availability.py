"""Who is there: the agents of a desk, their shifts, who is away and who covers for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Row, Select, and_, or_, select
from sqlalchemy.orm import Session

from bot.models import Absence, Membership, Person, UsergroupMember
from bot.service_levels.openings import hours_of
from bot.workflows.desks import Definition
from bot.workflows.statuses import is_out_of_office

MOST_COVERS: Final = 5
"""How many covers are followed: of somebody away, of their cover who is away, and so on."""


@dataclass(frozen=True, kw_only=True)
class Away:
    """Somebody is away. `until` is None where nobody knows."""

    until: datetime | None
    cover_id: str | None
    by_status: bool
    """Their Slack status says so; coming back does not end that."""


@dataclass(frozen=True)
class _Somebody:
    is_agent: bool
    away: Away | None


# --- who is there ---


def agents_of(session: Session, desk: Definition) -> list[str]:
    """The ids of the desk's agents, its leads included, in their order. Outsiders are none."""
    found = select(Person.id).where(_is_named_by(desk), *_NO_OUTSIDER).order_by(Person.id)
    return list(session.scalars(found))


def available(session: Session, desk: Definition, now: datetime) -> list[str]:
    """The ids of the agents who are on duty at this business instant and not away, in their order."""
    on_duty = _on_duty(desk, now)
    return [
        person_id
        for person_id, somebody in _known(session, desk, now).items()
        if somebody.is_agent and somebody.away is None and (on_duty is None or person_id in on_duty)
    ]


def is_away(session: Session, person_id: str, now: datetime) -> Away | None:
    """Whether somebody is away: they said so, their Slack status does, or their account is deactivated."""
    rows = session.execute(_people_at(now).where(Person.id == person_id)).all()
    return _away(rows[-1], now) if rows else None


def stand_in(session: Session, desk: Definition, person_id: str, now: datetime) -> str | None:
    """Whom to tell for somebody: them, else who covers for them; None when nobody does."""
    return stand_ins(session, desk, [person_id], now)[person_id]


def stand_ins(
    session: Session, desk: Definition, person_ids: Collection[str], now: datetime
) -> dict[str, str | None]:
    """`stand_in` for several. A cover counts as long as they are an agent of this desk."""
    known = _known(session, desk, now, also=person_ids)
    return {person_id: _stand_in(known, person_id) for person_id in person_ids}


def _stand_in(known: Mapping[str, _Somebody], person_id: str) -> str | None:
    asked: set[str] = set()
    candidate: str | None = person_id
    while candidate is not None and candidate not in asked and len(asked) <= MOST_COVERS:
        somebody = known.get(candidate)
        if somebody is None or (asked and not somebody.is_agent):
            return None
        if somebody.away is None:
            return candidate
        asked.add(candidate)
        candidate = somebody.away.cover_id
    return None


def _on_duty(desk: Definition, now: datetime) -> frozenset[str] | None:
    """The people of the shifts that are open now; None where the desk has no shifts."""
    if not desk.shifts:
        return None
    is_open = (shift for shift in desk.shifts if hours_of(shift.calendar).is_open(now))
    return frozenset(person for shift in is_open for person in shift.people)


# --- reading, in one statement however many agents there are ---

_NO_OUTSIDER: Final = tuple(
    flag.is_(False) for flag in (Person.is_app, Person.is_guest, Person.is_stranger, Person.is_deactivated)
)

_AnyRow: TypeAlias = Row[*tuple[Any, ...]]


def _is_named_by(desk: Definition) -> ColumnElement[bool]:
    ids = desk.agents.ids
    members = {
        "channel": select(Membership.person_id).where(Membership.channel_id.in_(ids)),
        "usergroup": select(UsergroupMember.person_id).where(UsergroupMember.usergroup_id.in_(ids)),
    }
    if desk.agents.kind == "people":
        return Person.id.in_((*ids, *desk.leads))
    return or_(Person.id.in_(members[desk.agents.kind]), Person.id.in_(desk.leads))


def _people_at(now: datetime) -> Select[*tuple[Any, ...]]:
    is_current = and_(Absence.person_id == Person.id, Absence.starts_at <= now, Absence.ends_at > now)
    columns = (
        Person.id,
        Person.is_deactivated,
        Person.status_emoji,
        Person.status_text,
        Person.status_until,
        Absence.ends_at,
        Absence.cover_id,
    )
    return select(*columns).outerjoin(Absence, is_current).order_by(Person.id, Absence.starts_at, Absence.id)


def _known(
    session: Session, desk: Definition, now: datetime, also: Collection[str] = ()
) -> dict[str, _Somebody]:
    """The desk's agents and some other people, by id. Of several absences the latest counts."""
    is_agent = and_(_is_named_by(desk), *_NO_OUTSIDER)
    statement = _people_at(now).add_columns(is_agent.label("is_agent"))
    rows = session.execute(statement.where(or_(is_agent, Person.id.in_(also))))
    return {row.id: _Somebody(bool(row.is_agent), _away(row, now)) for row in rows}


def _away(row: _AnyRow, now: datetime) -> Away | None:
    if row.is_deactivated:
        return Away(until=None, cover_id=row.cover_id, by_status=False)
    says_so = is_out_of_office(row.status_emoji, row.status_text)
    if says_so and (row.status_until is None or row.status_until > now):
        ends = (row.status_until, row.ends_at or row.status_until)
        until = None if row.status_until is None else max(ends)
        return Away(until=until, cover_id=row.cover_id, by_status=True)
    if row.ends_at is None:
        return None
    return Away(until=row.ends_at, cover_id=row.cover_id, by_status=False)
