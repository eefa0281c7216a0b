"""Digests and reviews: due once for each local date, whatever the clock, the rule and the replicas do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from bot.models import Desk, Outbox, Ticket
from bot.models.reports import PictureState, Report, ReportSeries, ReportState, SeriesName
from bot.models.service_levels import ClockName
from bot.models.vocabulary import Action, Kind
from bot.service_levels.calendars import EVERY_DAY
from bot.store import Store
from bot.workflows import reports
from bot.workflows.desks import DigestDefinition
from bot.workflows.figures import Line
from bot.workflows.metrics import Period
from bot.workflows.reports import Due, Rule
from tests.records.workflows.world import ANA, BEN, DESK, MINUTE, START, World, add_desk

BERLIN = "Europe/Berlin"
WEEKDAYS = (0, 1, 2, 3, 4)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MANAGERS = "CMANAGERS"
DAILY = DigestDefinition(at=9 * 60, days=WEEKDAYS)


def rule(series: SeriesName = SeriesName.DAILY, at: int = 540, days: tuple[int, ...] = WEEKDAYS) -> Rule:
    return Rule(series=series, at=at, days=days, timezone=BERLIN)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]  # year, month, day, hour, minute


def set_digest(world: World, digest: DigestDefinition | None, channel: str | None = MANAGERS) -> None:
    with world.store.write() as session:
        row = session.get(Desk, DESK.key)
        assert row is not None
        row.definition = replace(DESK, digest=digest, managers_channel=channel).to_json()


def tick(world: World, at: datetime) -> int:
    """Two seconds of the schedule: one may follow the desk, the other decides."""
    return sum(reports.reports_due(world.store, at) for _ in range(2))


def told(world: World, series: SeriesName = SeriesName.DAILY) -> dict[str, Report]:
    with world.store.read() as session:
        rows = select(Report).where(Report.series == series).order_by(Report.local_date)
        return {row.local_date: row for row in session.scalars(rows)}


def posts(world: World) -> dict[str, Outbox]:
    with world.store.read() as session:
        rows = select(Outbox).where(Outbox.kind == "report").order_by(Outbox.id)
        return {row.key: row for row in session.scalars(rows)}


# --- the rule ---


def test_a_time_that_does_not_exist_moves_forward_and_one_that_comes_twice_is_the_first() -> None:
    at_night = rule(at=150, days=EVERY_DAY)
    assert at_night.instant(date(2026, 3, 29)) == utc(2026, 3, 29, 1, 30)  # 03:30 CEST
    assert at_night.instant(date(2026, 10, 25)) == utc(2026, 10, 25, 0, 30)  # 02:30 CEST


def test_a_date_that_the_zone_skipped_has_no_report() -> None:
    apia = Rule(series=SeriesName.DAILY, at=540, days=EVERY_DAY, timezone="Pacific/Apia")
    days = [due.day.day for due in apia.between(utc(2011, 12, 28), utc(2012, 1, 1))]
    assert days == [28, 29, 31, 1]


def test_mondays_digest_covers_the_weekend() -> None:
    monday = Due(date(2026, 11, 23), utc(2026, 11, 23, 8))
    assert rule().period(monday, last_end=None) == Period(utc(2026, 11, 20, 8), utc(2026, 11, 23, 8))


def test_a_weekly_review_comes_with_the_first_digest_of_a_week_and_covers_the_week_before() -> None:
    weekly = rule(SeriesName.WEEKLY, days=(1, 3))
    due = weekly.after(utc(2026, 11, 21))
    assert due == Due(date(2026, 11, 24), utc(2026, 11, 24, 8))
    expected = Period(utc(2026, 11, 15, 23), utc(2026, 11, 22, 23))
    assert weekly.period(due, last_end=None) == expected


def test_a_monthly_review_comes_with_the_first_digest_of_a_month_and_covers_the_month_before() -> None:
    monthly = rule(SeriesName.MONTHLY)
    due = monthly.after(utc(2026, 10, 15))
    assert due.day == date(2026, 11, 2)  # the 1st is a Sunday
    assert monthly.period(due, last_end=None) == Period(utc(2026, 9, 30, 22), utc(2026, 10, 31, 23))


# --- the series ---


def test_a_new_digest_starts_at_its_first_due_instant(world: World) -> None:
    set_digest(world, DAILY)
    assert tick(world, START) == 0  # Monday 10:00 in Berlin: nine o'clock has passed
    assert tick(world, START + DAY - HOUR - timedelta(seconds=1)) == 0
    assert tick(world, START + DAY - HOUR) == 1
    assert list(told(world)) == ["2026-03-03"]


def test_a_digest_is_told_once_in_the_managers_channel(world: World) -> None:
    set_digest(world, DAILY)
    tick(world, START)
    world.raised()
    due = START + DAY - HOUR
    assert [tick(world, due + second * timedelta(seconds=1)) for second in range(3)] == [1, 0, 0]
    (post,) = posts(world).values()
    assert (post.key, post.channel) == ("digest:it:2026-03-03", MANAGERS)
    report = told(world)["2026-03-03"]
    assert (report.state, report.is_late) == (ReportState.TOLD, False)
    assert report.figures["kinds"]["incident"]["behind"]["came_in"] == 1


def test_it_waits_for_pictures_only_where_there_is_something_to_draw(world: World) -> None:
    set_digest(world, DAILY)
    tick(world, START)
    tick(world, START + DAY - HOUR)
    world.raised()
    tick(world, START + 2 * DAY - HOUR)
    quiet, busy = told(world).values()
    assert (quiet.picture_state, busy.picture_state) == (PictureState.NONE, PictureState.WANTED)
    waits = [post.not_before - post.created_at for post in posts(world).values()]
    assert waits == [timedelta(0), reports.PICTURES_WITHIN]


def test_without_a_managers_channel_there_is_no_digest(world: World) -> None:
    set_digest(world, DAILY, channel=None)
    tick(world, START)
    assert tick(world, START + 3 * DAY) == 0
    assert told(world) == {}


def test_after_days_of_downtime_the_newest_is_told_late_and_names_the_others(world: World) -> None:
    set_digest(world, DAILY)
    tick(world, START)
    ticket = world.raised()
    assert tick(world, START + 4 * DAY) == 1  # Friday, an hour late
    known = told(world)
    assert [row.state.value for row in known.values()] == ["superseded"] * 3 + ["told"]
    newest = known["2026-03-06"]
    assert newest.is_late
    assert newest.figures["superseded"] == ["2026-03-03", "2026-03-04", "2026-03-05"]
    # Nothing that happened meanwhile is lost: it covers what the missed ones would have.
    assert (newest.period_from, newest.period_to) == (known["2026-03-03"].period_from, START + 4 * DAY - HOUR)
    assert newest.figures["kinds"]["incident"]["behind"]["came_in"] == 1
    assert list(posts(world)) == ["digest:it:2026-03-06"]
    assert newest.figures["kinds"]["incident"]["behind"]["open"] == 1
    assert ticket.number


def test_a_late_review_keeps_to_its_own_week(world: World) -> None:
    set_digest(world, replace(DAILY, reviews=("weekly",)))
    tick(world, START)
    tick(world, START + 15 * DAY)
    missed, newest = told(world, SeriesName.WEEKLY).values()
    assert (missed.state, newest.state) == (ReportState.SUPERSEDED, ReportState.TOLD)
    assert (newest.period_from, newest.period_to) == (utc(2026, 3, 8, 23), utc(2026, 3, 15, 23))
    assert newest.figures["superseded"] == ["2026-03-09"]


def test_a_few_minutes_are_not_late(world: World) -> None:
    set_digest(world, DAILY)
    tick(world, START)
    tick(world, START + DAY - HOUR + 10 * MINUTE)
    assert not told(world)["2026-03-03"].is_late


def test_a_clock_that_steps_back_changes_nothing(world: World) -> None:
    set_digest(world, DAILY)
    tick(world, START)
    due = START + DAY - HOUR
    tick(world, due)
    assert [tick(world, due - 2 * DAY), tick(world, due - MINUTE), tick(world, due)] == [0, 0, 0]
    assert list(told(world)) == ["2026-03-03"]
    assert tick(world, due + DAY) == 1


def test_another_time_never_gives_a_second_digest_on_one_date_and_loses_nothing(world: World) -> None:
    set_digest(world, DAILY)
    tick(world, START)
    due = START + DAY - HOUR
    tick(world, due)
    set_digest(world, replace(DAILY, at=15 * 60))
    assert tick(world, due + 7 * HOUR) == 0
    assert tick(world, due + DAY + 6 * HOUR) == 1
    first, second = told(world).values()
    assert (second.local_date, second.period_from) == ("2026-03-04", first.period_to)
    assert second.period_to == due + DAY + 6 * HOUR


def test_a_digest_that_was_taken_away_begins_anew(world: World) -> None:
    set_digest(world, DAILY)
    tick(world, START)
    set_digest(world, None)
    assert tick(world, START + 10 * DAY) == 0
    set_digest(world, DAILY)
    assert tick(world, START + 10 * DAY) == 0
    assert tick(world, START + 11 * DAY - HOUR) == 1
    assert list(told(world)) == ["2026-03-13"]
    assert told(world)["2026-03-13"].figures["superseded"] == []


def test_reviews_come_with_the_digest_under_keys_of_their_own(world: World) -> None:
    set_digest(world, replace(DAILY, reviews=("weekly", "monthly")))
    tick(world, START)
    decided = sum(tick(world, START + day * DAY - HOUR) for day in range(1, 32))
    assert decided == 23 + 4 + 1
    keys = {key for key in posts(world) if not key.startswith("digest:")}
    weeks = {f"review-weekly:it:2026-03-{day:02}" for day in (9, 16, 23, 30)}
    assert keys == weeks | {"review-monthly:it:2026-04-01"}


def test_each_desk_has_its_own(world: World) -> None:
    set_digest(world, DAILY)
    other = replace(DESK, key="hr", timezone="America/New_York", digest=DAILY, managers_channel=MANAGERS)
    with world.store.write() as session:
        add_desk(session, other, 1)
    tick(world, START)
    assert tick(world, START + 6 * HOUR) == 1  # nine o'clock in New York, daylight saving not begun
    assert list(posts(world)) == ["digest:hr:2026-03-02"]


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_report_that_cannot_be_made_up_keeps_no_other_desk_from_its_own_and_is_tried_again(
    world: World,
) -> None:
    set_digest(world, DAILY)
    other = replace(DESK, key="hr", digest=DAILY, managers_channel=MANAGERS, request_channels=("CHR",))
    with world.store.write() as session:
        add_desk(session, other, 1)
    ticket = world.raise_on(world.message(ANA, "My contract is gone", "CHR"))
    tick(world, START)
    morning = START + DAY - HOUR
    damage(world, ticket, "'soon'")
    assert (tick(world, morning), tick(world, morning + 5 * MINUTE)) == (1, 0)
    assert list(posts(world)) == ["digest:it:2026-03-03"]
    assert len(world.outbox("notice:report:hr:")) == 1
    damage(world, ticket, str(int(START.timestamp() * 1_000_000)))
    assert tick(world, morning + 11 * MINUTE) == 1
    assert set(posts(world)) == {"digest:it:2026-03-03", "digest:hr:2026-03-03"}


def damage(world: World, ticket: Ticket, value: str) -> None:
    """Write into a ticket what is no instant, or mend it."""
    with world.store.write() as session:
        session.execute(text(f"UPDATE ticket SET raised_at = {value} WHERE id = {ticket.id}"))


def test_of_two_replicas_one_decides(world: World, database_url: str) -> None:
    set_digest(world, DAILY)
    tick(world, START)
    due = START + DAY - HOUR
    with world.store.read() as session:
        row = session.scalars(select(ReportSeries)).one()
    desk = replace(DESK, digest=DAILY, managers_channel=MANAGERS)
    daily = reports.rules_of(desk)[SeriesName.DAILY]
    other = Store(database_url)
    try:
        # Both saw the same series before either wrote.
        decided = [
            reports.decide(store, desk, daily, next_at=row.next_at, now=due) for store in (world.store, other)
        ]
    finally:
        other.close()
    assert decided == [1, 0]
    assert len(posts(world)) == 1


# --- what came in ---


def came_in(report: Report) -> int:
    return int(report.figures["kinds"]["incident"]["behind"]["came_in"])


def at(world: World, instant: datetime) -> None:
    """Time passes until then."""
    world.forward(instant - world.clock.now())


def test_a_ticket_raised_from_an_old_message_came_in_in_exactly_one_digest(world: World) -> None:
    set_digest(world, DAILY)
    tick(world, START)
    monday = world.message(ANA, "The door squeaks")
    world.raised("On Monday")
    tick(world, START + DAY - HOUR)
    at(world, START + DAY)
    world.raise_on(monday)
    world.raised("On Tuesday")
    tick(world, START + 2 * DAY - HOUR)
    at(world, START + 2 * DAY)
    world.raised("On Wednesday")
    tick(world, START + 3 * DAY - HOUR)
    assert [came_in(report) for report in told(world).values()] == [1, 2, 1]


def test_what_was_raised_before_the_newest_of_several_missed_digests_is_counted_once(world: World) -> None:
    set_digest(world, DAILY)
    tick(world, START)
    world.raised("On Monday")
    tick(world, START + DAY - HOUR)
    at(world, START + DAY)
    old = world.message(ANA, "The door squeaks")
    world.raised("On Tuesday")
    at(world, START + 2 * DAY)
    world.raise_on(old)
    tick(world, START + 3 * DAY)
    at(world, START + 3 * DAY + HOUR)
    world.raised("On Thursday")
    tick(world, START + 4 * DAY - HOUR)
    told_ones = [report for report in told(world).values() if report.state is ReportState.TOLD]
    assert [came_in(report) for report in told_ones] == [1, 2, 1]


def test_what_was_raised_afterwards_does_not_change_what_a_line_opens(world: World) -> None:
    set_digest(world, DAILY)
    tick(world, START)
    monday = world.message(ANA, "The door squeaks")
    world.raised("On Monday")
    tick(world, START + DAY - HOUR)
    at(world, START + DAY)
    world.raise_on(monday)
    with world.store.read() as session:
        report_id = session.scalars(select(Report.id)).one()
        view = reports.read_behind(session, report_id, kind=Kind.INCIDENT, line="came_in", page=1)
    assert (view.told, view.page.total) == (1, 1)


# --- the pictures' numbers ---


def flow_of(report: Report) -> dict[str, Any]:
    flow: dict[str, Any] = report.figures["charts"]["flow"]
    return flow


def test_the_picture_ends_with_what_the_digest_says_is_open(world: World) -> None:
    set_digest(world, DAILY)
    tick(world, START)
    world.raised("On Monday")
    at(world, START + DAY - 2 * HOUR)
    world.raised("On Tuesday at eight")
    tick(world, START + DAY - HOUR)
    (report,) = told(world).values()
    flow = flow_of(report)
    assert report.figures["kinds"]["incident"]["behind"]["open"] == 2
    assert (flow["days"][-2:], flow["open"][-2:]) == (["2026-03-02", "2026-03-03"], [1, 2])
    assert (flow["came_in"][-2:], flow["until"]) == ([1, 1], "09:00")


def test_a_review_draws_whole_days(world: World) -> None:
    set_digest(world, replace(DAILY, reviews=("weekly",)))
    tick(world, START)
    world.raised("On Monday")
    tick(world, START + 7 * DAY - HOUR)
    (weekly,) = told(world, SeriesName.WEEKLY).values()
    flow = flow_of(weekly)
    assert (flow["days"][-1], flow["until"], flow["open"][-1]) == ("2026-03-08", "", 1)


@pytest.mark.parametrize(("after", "days"), [(1, 7), (6, 7), (7, 8), (20, 21), (45, 30)])
def test_the_picture_begins_with_the_desks_first_day_but_shows_at_least_a_week(
    world: World, after: int, days: int
) -> None:
    set_digest(world, replace(DAILY, days=EVERY_DAY))
    tick(world, START)
    world.raised("On Monday")
    tick(world, START + after * DAY - HOUR)
    flow = flow_of(list(told(world).values())[-1])
    assert [len(flow[key]) for key in ("days", "came_in", "finished", "open")] == [days] * 4


# --- who missed a target ---


def test_a_ticket_with_several_broken_promises_is_named_once_with_all_of_them(world: World) -> None:
    set_digest(world, DAILY)
    tick(world, START)
    ids = [world.raised(f"Number {number}").id for number in range(7)]
    tick(world, START + DAY - HOUR)
    missed = [(ids[6], "update", "P1"), (ids[6], "respond", "P2"), (ids[6], "update", "P2")]
    missed += [(ticket_id, "resolve", "P3") for ticket_id in ids[:6]]
    breaches = [
        {"ticket_id": ticket, "clock": clock, "priority": priority} for ticket, clock, priority in missed
    ]
    with world.store.write() as session:
        row = session.scalars(select(Report)).one()
        incidents = row.figures["kinds"]["incident"] | {"breaches": breaches}
        row.figures = row.figures | {"kinds": row.figures["kinds"] | {"incident": incidents}}
        session.flush()
        view = reports.read_report(session, row.id)
    named = [(each.ticket.number, each.priority) for each in view.breaches]
    assert named == [("INC-7", "P1"), *((f"INC-{number}", "P3") for number in range(1, 5))]
    assert view.breaches[0].clocks == (ClockName.RESPOND, ClockName.UPDATE)


# --- what is behind a line ---


@pytest.mark.parametrize("line", list(Line))
def test_as_many_tickets_stand_behind_a_line_as_it_says(world: World, line: Line) -> None:
    set_digest(world, DAILY)
    tick(world, START)
    for number in range(12):
        ticket = world.raised(f"Number {number}")
        world.tick()
        if number % 2:
            world.act(BEN, Action.CLAIM, ticket.number)
        if number % 3 == 0:
            world.act(BEN, Action.RESOLVE, ticket.number, text="Done")
        if number == 3:
            world.act(ANA, Action.REOPEN, ticket.number)
        if number == 4:
            world.act(ANA, Action.CANCEL, ticket.number)
    tick(world, START + DAY - HOUR)
    world.forward(2 * DAY)
    world.act(BEN, Action.RESOLVE, "INC-2", text="Done")  # afterwards: no line knows of it
    with world.store.read() as session:
        report_id = session.scalars(select(Report.id)).one()
        first = reports.read_behind(session, report_id, kind=Kind.INCIDENT, line=line.value, page=1)
        last = reports.read_behind(session, report_id, kind=Kind.INCIDENT, line=line.value, page=99)
    assert first.page.total == first.told
    assert len(first.page.tickets) == min(first.told, reports.PAGE_LENGTH)
    assert last.page.page == last.page.pages


def test_a_line_that_no_report_has_is_not_found(world: World) -> None:
    set_digest(world, DAILY)
    tick(world, START)
    tick(world, START + DAY - HOUR)
    with world.store.read() as session:
        report_id = session.scalars(select(Report.id)).one()
        for line in ("nothing", "category.7", "category.x"):
            with pytest.raises(LookupError):
                reports.read_behind(session, report_id, kind=Kind.INCIDENT, line=line, page=1)
