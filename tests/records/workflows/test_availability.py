"""Who is there: agents, shifts, statuses, absences and covers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from typing import Any

import pytest
from sqlalchemy import event, select, update

from bot.models import Absence, Desk, Person, Usergroup, UsergroupMember
from bot.models.vocabulary import Action
from bot.service_levels.calendars import Window
from bot.store import Store
from bot.workflows import absences, availability
from bot.workflows.absences import AbsenceView
from bot.workflows.availability import Away
from bot.workflows.desks import AgentSource, Definition, ShiftDefinition, load_desks
from bot.workflows.gestures import Asked, CameBack, WentAway
from bot.workflows.outcomes import Ignored, Outcome, Refusal
from tests.records.workflows.world import (
    AGENTS,
    ANA,
    APP,
    BEN,
    CORA,
    DESK,
    FORMER,
    GUEST,
    LEA,
    MARIA,
    MINUTE,
    START,
    STRANGER,
    TRIAGE,
    World,
    add_members,
    deferred,
    done,
    person,
    refused,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_keys = count(1)


def away(world: World, who: str, until: str = "until Thursday", cover: str | None = None) -> Outcome:
    return world.handle(went_away(world, who, until, cover))


def went_away(world: World, who: str, until: str = "until Thursday", cover: str | None = None) -> WentAway:
    key = f"command:{next(_keys)}"
    return WentAway(key=key, person_id=who, at=world.clock.at, until=until, cover_id=cover)


def back(world: World, who: str) -> Outcome:
    return world.handle(CameBack(key=f"command:{next(_keys)}", person_id=who, at=world.clock.at))


def asks(world: World, who: str) -> Outcome:
    key = f"command:{next(_keys)}"
    return world.handle(Asked(key=key, person_id=who, at=world.clock.at, query="absence"))


def change(world: World, who: str, **values: Any) -> None:
    with world.store.write() as session:
        session.execute(update(Person).where(Person.id == who).values(values))


def agents(world: World, desk: Definition = DESK) -> list[str]:
    with world.store.read() as session:
        return availability.agents_of(session, desk)


def available(world: World, desk: Definition = DESK) -> list[str]:
    with world.store.read() as session:
        return availability.available(session, desk, world.clock.at)


def is_away(world: World, who: str) -> Away | None:
    with world.store.read() as session:
        return availability.is_away(session, who, world.clock.at)


def stand_in(world: World, who: str, desk: Definition = DESK) -> str | None:
    with world.store.read() as session:
        return availability.stand_in(session, desk, who, world.clock.at)


def view(world: World, who: str) -> AbsenceView:
    with world.store.read() as session:
        return absences.read_absence(session, who, load_desks(session).all, world.clock.at)


def rows(world: World) -> list[tuple[str, datetime, datetime, str | None]]:
    with world.store.read() as session:
        found = session.scalars(select(Absence).order_by(Absence.id))
        return [(row.person_id, row.starts_at, row.ends_at, row.cover_id) for row in found]


# --- agents ---


def test_the_agents_are_the_members_of_the_channel_without_outsiders(world: World) -> None:
    assert agents(world) == sorted(AGENTS)
    world.deactivate(CORA)
    assert agents(world) == [BEN, LEA]


def test_a_lead_is_an_agent_wherever_they_are(world: World) -> None:
    world.leave(TRIAGE, LEA)
    assert LEA in agents(world)


def test_agents_can_be_named(world: World) -> None:
    source = AgentSource(kind="people", ids=(CORA, ANA, GUEST, STRANGER, APP, FORMER))
    assert agents(world, replace(DESK, agents=source)) == [ANA, CORA, LEA]


def test_agents_can_be_a_user_group(world: World) -> None:
    with world.store.write() as session:
        session.add(Usergroup(id="S1", handle="it-agents", name="IT"))
        session.flush()
        session.add_all([UsergroupMember(usergroup_id="S1", person_id=one) for one in (CORA, ANA, GUEST)])
    source = AgentSource(kind="usergroup", ids=("S1",))
    assert agents(world, replace(DESK, agents=source, leads=())) == [ANA, CORA]


# --- who is away ---


def test_everybody_is_there_who_is_not_away(world: World) -> None:
    assert available(world) == [BEN, CORA, LEA]
    away(world, BEN)
    assert available(world) == [CORA, LEA]
    world.deactivate(CORA)
    assert available(world) == [LEA]


def test_an_absence_ends_at_its_instant(world: World) -> None:
    away(world, BEN, "for 2h")
    world.forward(2 * HOUR - timedelta(microseconds=1))
    assert is_away(world, BEN) == Away(until=START + 2 * HOUR, cover_id=None, by_status=False)
    world.forward(timedelta(microseconds=1))
    assert is_away(world, BEN) is None
    assert BEN in available(world)


def test_a_status_counts_until_it_ends(world: World) -> None:
    change(world, BEN, status_emoji="palm_tree", status_text="Vacationing", status_until=START + HOUR)
    assert is_away(world, BEN) == Away(until=START + HOUR, cover_id=None, by_status=True)
    assert available(world) == [CORA, LEA]
    world.forward(HOUR)
    assert is_away(world, BEN) is None


def test_a_status_without_an_end_counts_until_it_is_cleared(world: World) -> None:
    change(world, BEN, status_text="Out sick")
    world.forward(30 * DAY)
    assert is_away(world, BEN) == Away(until=None, cover_id=None, by_status=True)
    change(world, BEN, status_text="In a meeting")
    assert is_away(world, BEN) is None


def test_of_a_word_and_a_status_the_later_end_counts_and_the_cover_stays(world: World) -> None:
    away(world, BEN, "for 3h", CORA)
    change(world, BEN, status_emoji="airplane", status_until=START + HOUR)
    assert is_away(world, BEN) == Away(until=START + 3 * HOUR, cover_id=CORA, by_status=True)
    change(world, BEN, status_until=START + DAY)
    assert is_away(world, BEN) == Away(until=START + DAY, cover_id=CORA, by_status=True)


def test_somebody_deactivated_is_away_for_good(world: World) -> None:
    world.deactivate(BEN)
    assert is_away(world, BEN) == Away(until=None, cover_id=None, by_status=False)
    assert stand_in(world, BEN) is None


# --- shifts ---


def shift(*people: str, hours: str = "09:00-17:00", days: tuple[int, ...] = (0,)) -> ShiftDefinition:
    opens, closes = (60 * int(time[:2]) + int(time[3:]) for time in hours.split("-"))
    window = Window(opens, closes if closes > opens else closes + 1440)
    return ShiftDefinition(days=days, windows=(window,), timezone="Europe/Berlin", people=people)


def test_with_shifts_only_those_on_duty_are_there(world: World) -> None:
    desk = replace(DESK, shifts=(shift(BEN, ANA), shift(CORA, hours="17:00-20:00")))
    assert available(world, desk) == [BEN]  # Monday, 10:00 in Berlin; Ana is no agent
    world.forward(7 * HOUR)
    assert available(world, desk) == [CORA]
    world.forward(3 * HOUR)
    assert available(world, desk) == []


def test_shifts_may_overlap_and_whoever_is_away_is_not_on_duty(world: World) -> None:
    desk = replace(DESK, shifts=(shift(BEN, CORA), shift(BEN, LEA)))
    away(world, CORA)
    assert available(world, desk) == [BEN, LEA]


def test_a_night_shift_belongs_to_the_day_it_starts_on(world: World) -> None:
    desk = replace(DESK, shifts=(shift(BEN, hours="22:00-06:00"),))
    world.forward(12 * HOUR)  # 22:00 on Monday
    assert available(world, desk) == [BEN]
    world.forward(7 * HOUR)  # 05:00 on Tuesday
    assert available(world, desk) == [BEN]
    world.forward(17 * HOUR)  # 22:00 on Tuesday
    assert available(world, desk) == []


def test_a_desk_keeps_its_shifts_in_the_records(world: World) -> None:
    desk = replace(DESK, shifts=(shift(BEN),))
    with world.store.write() as session:
        session.execute(update(Desk).values(definition=desk.to_json()))
    with world.store.read() as session:
        assert load_desks(session).all == (desk,)


# --- covers ---


def test_whoever_is_there_stands_for_themselves(world: World) -> None:
    assert [stand_in(world, who) for who in (BEN, ANA)] == [BEN, ANA]
    assert stand_in(world, "UNOBODY") is None


def test_a_cover_stands_in_while_somebody_is_away(world: World) -> None:
    away(world, BEN, "for 2h", CORA)
    assert stand_in(world, BEN) == CORA
    world.forward(2 * HOUR)
    assert stand_in(world, BEN) == BEN


def test_without_a_cover_nobody_stands_in(world: World) -> None:
    away(world, BEN)
    assert stand_in(world, BEN) is None


def test_a_cover_who_is_away_is_covered_in_turn(world: World) -> None:
    away(world, BEN, cover=CORA)
    away(world, CORA, cover=LEA)
    assert stand_in(world, BEN) == LEA
    change(world, LEA, status_text="OOO")
    assert stand_in(world, BEN) is None


def test_two_who_cover_for_each_other_leave_nobody(world: World) -> None:
    away(world, BEN, cover=CORA)
    away(world, CORA, cover=BEN)
    assert stand_in(world, BEN) is None


def test_a_cover_counts_as_long_as_they_are_an_agent_of_the_desk(world: World) -> None:
    away(world, BEN, cover=CORA)
    world.leave(TRIAGE, CORA)
    assert stand_in(world, BEN) is None
    with world.store.write() as session:
        add_members(session, TRIAGE, (CORA,))
    assert stand_in(world, BEN) == CORA
    world.deactivate(CORA)
    assert stand_in(world, BEN) is None


def test_covers_are_followed_five_times_at_most(world: World) -> None:
    chain = [f"UCHAIN{number}" for number in range(7)]
    hire(world, chain)
    for somebody, cover in pairwise(chain):
        away(world, somebody, cover=cover)
    assert stand_in(world, chain[1]) == chain[6]
    assert stand_in(world, chain[0]) is None


def hire(world: World, people: list[str]) -> None:
    with world.store.write() as session:
        session.add_all([person(one) for one in people])
        add_members(session, TRIAGE, people)


@contextmanager
def counted(store: Store) -> Iterator[list[str]]:
    """The statements that run inside."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(store.engine, "before_cursor_execute", note)


def test_forty_agents_cost_one_statement_each_time(world: World) -> None:
    people = [f"UHIRED{number:02}" for number in range(40)]
    hire(world, people)
    for one in people[:5]:
        away(world, one, cover=people[10])
    with world.store.read() as session, counted(world.store) as statements:
        assert len(availability.available(session, DESK, world.clock.at)) == 38
        assert len(availability.agents_of(session, DESK)) == 43
        instead = availability.stand_ins(session, DESK, people, world.clock.at)
    assert set(instead.values()) == set(people[5:])
    assert len([one for one in statements if one.lstrip().startswith("SELECT")]) == 3


# --- saying it ---


def test_away_is_recorded_from_now_until_then_in_the_persons_own_zone(world: World) -> None:
    change(world, BEN, timezone="America/New_York")
    assert done(away(world, BEN, "until Thursday 9:00", CORA)).event == "away"
    assert rows(world) == [(BEN, START, datetime(2026, 3, 5, 14, tzinfo=UTC), CORA)]


@pytest.mark.parametrize("timezone", [None, "", "Mars/Olympus", "../etc"])
def test_without_a_zone_of_their_own_it_is_the_desks(world: World, timezone: str | None) -> None:
    change(world, BEN, timezone=timezone)
    away(world, BEN, "until Thursday")
    assert rows(world) == [(BEN, START, datetime(2026, 3, 4, 23, tzinfo=UTC), None)]


def test_a_new_absence_replaces_the_one_before(world: World) -> None:
    away(world, BEN, "until Thursday", CORA)
    world.forward(HOUR)
    away(world, BEN, "for 2h", LEA)
    assert rows(world)[0][2] == START + HOUR
    assert is_away(world, BEN) == Away(until=START + 3 * HOUR, cover_id=LEA, by_status=False)


def test_coming_back_ends_it_now(world: World) -> None:
    away(world, BEN)
    world.forward(HOUR)
    assert done(back(world, BEN)).event == "back"
    assert is_away(world, BEN) is None
    assert rows(world)[0][2] == START + HOUR
    world.forward(HOUR)
    assert done(back(world, BEN)).event == "was_here"
    assert rows(world)[0][2] == START + HOUR


def test_going_and_coming_back_at_once_leaves_somebody_there(world: World) -> None:
    away(world, BEN)
    back(world, BEN)
    assert is_away(world, BEN) is None


def test_a_repeated_word_changes_nothing(world: World) -> None:
    gesture = went_away(world, BEN, "for 2h")
    world.handle(gesture)
    world.forward(MINUTE)
    back(world, BEN)
    before = rows(world)
    assert isinstance(world.handle(gesture), Ignored)
    assert rows(world) == before


def test_a_word_that_arrives_late_does_not_undo_a_later_one(world: World) -> None:
    late = went_away(world, BEN, "until Friday")
    world.forward(MINUTE)
    away(world, BEN, "for 2h", CORA)
    world.handle(late)
    assert is_away(world, BEN) == Away(until=START + MINUTE + 2 * HOUR, cover_id=CORA, by_status=False)


def test_what_had_to_be_looked_up_counts_from_when_it_was_said(world: World) -> None:
    world.age_directory(6 * MINUTE)
    gesture = went_away(world, BEN, "for 2h")
    deferred(world.handle(gesture))
    world.forward(MINUTE)
    world.age_directory(timedelta(0))
    done(world.decide_waiting()[1])
    assert rows(world) == [(BEN, START, START + 2 * HOUR, None)]


@pytest.mark.parametrize(
    ("until", "refusal"),
    [
        ("until 9:00", Refusal.ALREADY_PAST),  # it is 10:00 in Berlin
        ("until 2026-03-01", Refusal.ALREADY_PAST),
        ("until 2027-04-01", Refusal.TOO_FAR_AHEAD),
        ("until Mondey", Refusal.NOT_A_TIME),
        ("until 2026-13-40", Refusal.NOT_A_TIME),
    ],
)
def test_a_time_that_cannot_be_is_refused_with_what_was_typed(
    world: World, until: str, refusal: Refusal
) -> None:
    found = refused(away(world, BEN, until))
    assert (found.refusal, found.data["word"]) == (refusal, until)
    assert rows(world) == []


@pytest.mark.parametrize(
    ("cover", "refusal"),
    [
        (BEN, Refusal.COVERS_ONESELF),
        (ANA, Refusal.COVER_IS_NO_AGENT),
        (GUEST, Refusal.COVER_IS_NO_AGENT),
        (FORMER, Refusal.COVER_IS_NO_AGENT),
    ],
)
def test_only_another_agent_can_cover(world: World, cover: str, refusal: Refusal) -> None:
    assert refused(away(world, BEN, cover=cover)).refusal is refusal
    assert rows(world) == []


@pytest.mark.parametrize("say", [away, back, asks])
@pytest.mark.parametrize(
    ("who", "refusal"),
    [(ANA, Refusal.NO_ABSENCE), (MARIA, Refusal.NO_ABSENCE), (GUEST, Refusal.GUEST), (APP, Refusal.APP)],
)
def test_only_agents_say_it(world: World, say: Any, who: str, refusal: Refusal) -> None:
    assert refused(say(world, who)).refusal is refusal
    assert rows(world) == []


def test_without_a_desk_nobody_is_away(world: World) -> None:
    world.close_desks()
    assert refused(away(world, BEN)).refusal is Refusal.NO_DESK


def test_an_agent_of_one_of_two_desks_is_an_agent(world: World) -> None:
    world.add_second_desk(agents=(ANA, MARIA))
    assert done(away(world, ANA, cover=MARIA)).data["desks"] == "hr"
    assert refused(away(world, ANA, cover=BEN)).refusal is Refusal.COVER_IS_NO_AGENT
    assert done(away(world, LEA, cover=CORA)).data["desks"] == "it"


# --- how somebody stands ---


def test_asking_changes_nothing(world: World) -> None:
    away(world, BEN)
    before = rows(world)
    assert done(asks(world, BEN)).event == "absence"
    assert rows(world) == before


def test_open_tickets_are_listed_most_urgent_first(world: World) -> None:
    mine = [world.raised() for _ in range(3)]
    for ticket in mine:
        world.act(BEN, Action.CLAIM, ticket.number)
    world.act(CORA, Action.CLAIM, world.raised().number)
    world.act(BEN, Action.RESOLVE, mine[0].number, text="done")
    assert view(world, BEN).open_tickets == (mine[1].number, mine[2].number)


def test_who_is_told_instead_is_named(world: World) -> None:
    away(world, BEN, cover=CORA)
    shown = view(world, BEN)
    assert shown.cover is not None
    assert shown.stand_in == shown.cover
    away(world, CORA, cover=LEA)
    shown = view(world, BEN)
    assert shown.stand_in is not None
    assert (shown.cover and shown.cover.id, shown.stand_in.id) == (CORA, LEA)
    assert view(world, LEA).away is None
