"""A digest that a manager would forward: what matters first, plainly, and every line opens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.models.reports import SeriesName
from bot.models.service_levels import ClockName
from bot.models.vocabulary import Kind, State
from bot.pictures.charts import parse_charts
from bot.pictures.words import attainment_alt, flow_alt
from bot.surfaces import report as surface
from bot.surfaces import report_words
from bot.workflows.figures import (
    Attained,
    Breach,
    Durations,
    Figures,
    KindFigures,
    Line,
    Quality,
    Usually,
)
from bot.workflows.metrics import Heard, Limits, Rate, Spread
from bot.workflows.reports import BehindView, NamedBreach, ReportView
from tests.unit.surfaces.builders import assert_openable, assert_postable, page, spoken, ticket

FROM, TO = datetime(2026, 11, 20, 8, tzinfo=UTC), datetime(2026, 11, 21, 8, tzinfo=UTC)
NOTHING = Durations(
    first_reply=None, next_reply=None, acknowledged=None, owned=None, resolved=None, resolved_open=None
)
QUIET = KindFigures(
    behind=dict.fromkeys(Line, 0),
    usually=Usually(came_in=None, finished=None),
    ages=None,
    buckets=(0, 0, 0, 0, 0, 0),
    waiting_for=(),
    attained=(),
    breaches=(),
    at_risk=(),
    took=NOTHING,
    categories=(),
    quality=Quality(attained=Rate(0, 0), reopened=Rate(0, 0)),
    days_of_backlog=None,
)
LINK = "https://example.slack.com/archives/C0TRIAGE/p177"
HOUR, DAY = 3600, 86400
BUSY = replace(
    QUIET,
    behind={
        **dict.fromkeys(Line, 0),
        Line.CAME_IN: 31,
        Line.FINISHED: 9,
        Line.CANCELLED: 1,
        Line.REOPENED: 2,
        Line.OPEN: 40,
        Line.UNASSIGNED: 4,
        Line.WAITING: 2,
        Line.AT_RISK: 1,
        Line.BREACHED: 2,
        Line.RESPOND: 22,
        Line.RESOLVE: 3,
        Line.FIRST_REPLY: 9,
    },
    usually=Usually(came_in=Limits(12, 25), finished=Limits(5, 14)),
    ages=Spread(n=40, median=2 * DAY, p90=9 * DAY, longest=23 * DAY),
    buckets=(5, 15, 10, 5, 5, 0),
    waiting_for=((State.WAITING_REQUESTER, 1), (State.WAITING_SUPPLIER, 1)),
    attained=(
        Attained(priority="P1", clock=ClockName.RESPOND, met=2, breached=0),
        Attained(priority="P2", clock=ClockName.RESPOND, met=19, breached=1),
        Attained(priority="P2", clock=ClockName.RESOLVE, met=2, breached=1),
    ),
    breaches=(
        Breach(ticket_id=1, clock=ClockName.RESOLVE, priority="P2"),
        Breach(ticket_id=2, clock=ClockName.RESPOND, priority="P2"),
    ),
    at_risk=(7,),
    took=replace(NOTHING, first_reply=Spread(n=9, median=720, p90=3900, longest=5000)),
    categories=(("Network <!channel> *x*", 5), (None, 4)),
    days_of_backlog=6.2,
)
CHARTS = {
    "desk": "IT",
    "date": "2026-11-21",
    "flow": {
        "days": ["2026-11-20", "2026-11-21"],
        "until": "09:00",
        "came_in": [3, 31],
        "finished": [4, 9],
        "open": [18, 40],
    },
    "attainment": [{"label": "Incidents P2", "clock": "resolve", "met": 2, "breached": 1}],
}


def figures(incidents: KindFigures = BUSY, requests: KindFigures = QUIET, **more: object) -> Figures:
    values: dict[str, object] = {
        "desk_key": "it",
        "desk_name": "IT Service Desk",
        "timezone": "Europe/Berlin",
        "series": SeriesName.DAILY,
        "day": date(2026, 11, 21),
        "start": FROM,
        "end": TO,
        "superseded": (),
        "heard": Heard(until=40),
        "kinds": {Kind.INCIDENT: incidents, Kind.REQUEST: requests},
        "charts": CHARTS,
    }
    return Figures(**(values | more))  # type: ignore[arg-type]  # a test may choose any field


def view(
    known: Figures | None = None, *, is_late: bool = False, pictures: tuple[str, ...] = ()
) -> ReportView:
    known = known or figures()
    named = tuple(
        NamedBreach(
            ticket=ticket(number=f"INC-{b.ticket_id}", title="<!here> & friends"),
            priority=b.priority,
            clocks=(ClockName.RESPOND, b.clock) if b.clock is ClockName.RESOLVE else (b.clock,),
        )
        for b in known.kinds[Kind.INCIDENT].breaches
    )
    return ReportView(id=12, figures=known, is_late=is_late, breaches=named, pictures=pictures)


def kinds_of(blocks: list[dict[str, object]]) -> list[object]:
    return [block["type"] for block in blocks]


def test_it_begins_with_the_desk_the_day_and_what_matters_first() -> None:
    rendered = surface.report(view())
    assert_postable(rendered)
    assert rendered.text.splitlines()[:7] == [
        "IT Service Desk: Saturday 21 November",
        "Daily digest · Fri 20 Nov 09:00 to Sat 21 Nov 09:00 (Europe/Berlin)",
        "2 incidents missed a target.",
        f"• <{LINK}|INC-1> · P2 · response, resolution · @here &amp; friends",
        f"• <{LINK}|INC-2> · P2 · response · @here &amp; friends",
        "Right now 1 ticket is at risk, 4 have no owner and 2 have been waiting too long.",
        "31 tickets came in, 9 were finished, 40 are open. More incidents than usual came in.",
    ]


def test_it_compares_with_the_same_weekdays_and_says_more_only_outside_the_limits() -> None:
    said = spoken(surface.report(view()))
    assert "31 came in, more than the usual 12–25 · 9 finished (usually 5–14)" in said
    assert "same weekdays before" in said


def test_it_compares_with_nothing_where_there_is_too_little() -> None:
    alone = replace(BUSY, usually=Usually(came_in=None, finished=None))
    said = spoken(surface.report(view(figures(alone))))
    assert "31 came in · 9 finished · 1 cancelled · 2 reopened" in said
    assert "usual" not in said.lower()


def test_few_are_told_as_a_count_and_many_as_a_share() -> None:
    said = spoken(surface.report(view()))
    assert "Response: P1 2 of 2 · P2 95% of 20" in said
    assert "Resolution: P2 2 of 3" in said


@pytest.mark.parametrize(
    ("ages", "said"),
    [
        (Spread(n=1, median=5 * DAY, p90=5 * DAY, longest=5 * DAY), "It is 5 days old"),
        (Spread(n=1, median=90, p90=90, longest=90), "It is 1 min 30 s old"),
        (Spread(n=2, median=HOUR, p90=5 * HOUR, longest=5 * HOUR + 99), "The older one is 5 h old"),
        (Spread(n=9, median=47 * HOUR, p90=6 * DAY, longest=6 * DAY), "Age: median 47 h, oldest 6 days"),
        (
            Spread(n=10, median=2 * DAY, p90=9 * DAY, longest=23 * DAY + HOUR),
            "Age: median 2 days, 90th percentile 9 days, oldest 23 days",
        ),
    ],
)
def test_how_old_what_is_open_is(ages: Spread, said: str) -> None:
    known = replace(BUSY, ages=ages, behind={**BUSY.behind, Line.OPEN: ages.n})
    assert report_words.open_lines(known, in_detail=False)[0] == said


def test_what_is_open_and_needs_somebody_is_counted() -> None:
    said = spoken(surface.report(view()))
    assert "Incidents: 40 open" in said
    assert (
        "4 without an owner · 2 waiting for more than 3 days (1 for the requester, 1 for a supplier)" in said
    )
    assert "1 at risk of missing a target" in said


def test_what_waits_for_one_thing_says_it_once() -> None:
    known = replace(BUSY, waiting_for=((State.WAITING_SUPPLIER, 2),))
    assert (
        "2 waiting for a supplier for more than 3 days" in report_words.open_lines(known, in_detail=False)[1]
    )


def test_a_kind_of_which_there_is_nothing_takes_no_room() -> None:
    assert "Requests" not in spoken(surface.report(view()))
    waiting = replace(
        QUIET,
        behind={**QUIET.behind, Line.OPEN: 1},
        ages=Spread(n=1, median=DAY, p90=DAY, longest=DAY),
    )
    said = spoken(surface.report(view(figures(requests=waiting))))
    assert "Requests: 1 open" in said
    assert "0 came in" not in said


def test_fewer_than_usual_is_told_even_when_it_is_none() -> None:
    missing = replace(QUIET, usually=Usually(came_in=Limits(3, 9), finished=Limits(0, 4)))
    said = spoken(surface.report(view(figures(requests=missing))))
    assert "0 came in, fewer than the usual 3–9 · 0 finished (usually 0–4)" in said


def test_how_long_things_took_is_for_the_reviews() -> None:
    assert "First reply" not in spoken(surface.report(view()))
    week = figures(series=SeriesName.WEEKLY)
    assert "First reply: median 12 min, longest 1 h 23 min (9 tickets)" in spoken(surface.report(view(week)))


def test_a_review_speaks_of_its_end_and_not_of_now() -> None:
    rendered = surface.report(view(figures(series=SeriesName.WEEKLY)))
    assert "At its end 4 tickets had no owner and 2 had been waiting too long." in rendered.text
    assert "40 were open at its end." in rendered.text
    assert "Incidents: 40 open at its end" in spoken(rendered)
    assert "at risk" not in spoken(rendered)


def test_times_say_only_what_they_know() -> None:
    some = Spread(n=12, median=2 * HOUR, p90=9 * HOUR, longest=2 * DAY)
    took = replace(
        NOTHING,
        acknowledged=some,
        owned=some,
        resolved=Spread(n=1, median=60, p90=60, longest=60),
        resolved_open=Spread(n=1, median=0, p90=0, longest=0),
    )
    assert report_words.time_lines(replace(QUIET, took=took)) == [
        "Claimed: median 2 h, 90th percentile 9 h, longest 2 days (12 tickets)",
        "Resolved: 1 min (1 ticket)",
    ]


def test_categories_are_told_where_somebody_chose_them() -> None:
    said = spoken(surface.report(view()))
    assert "Busiest categories: Network <!channel> *x* 5 · without a category 4" in said
    unsorted = replace(BUSY, categories=((None, 31),))
    assert "categor" not in spoken(surface.report(view(figures(unsorted)))).lower()


@pytest.mark.parametrize(("met", "n", "said"), [(199, 200, "99%"), (1, 200, "1%"), (200, 200, "100%")])
def test_a_share_is_never_rounded_to_all_or_nothing(met: int, n: int, said: str) -> None:
    row = Attained(priority="P1", clock=ClockName.RESOLVE, met=met, breached=n - met)
    assert f"P1 {said} of {n}" in report_words.level_lines(replace(QUIET, attained=(row,)))[0]


def test_a_ticket_that_missed_several_targets_is_named_once() -> None:
    said = spoken(surface.report(view()))
    assert said.count("INC-1") == 1
    assert "INC-1 · P2 · response, resolution ·" in said.replace("\n", "")


def test_of_many_broken_promises_the_rest_is_counted() -> None:
    known = replace(BUSY, behind={**BUSY.behind, Line.BREACHED: 9})
    said = spoken(surface.report(view(figures(known))))
    assert "9 incidents missed a target." in said
    assert "and 7 more" in said


def test_without_a_broken_promise_it_says_that_all_were_kept() -> None:
    kept = replace(BUSY, breaches=(), behind={**BUSY.behind, Line.BREACHED: 0})
    assert "Every target that fell due was met." in surface.report(view(figures(kept))).text


def test_nothing_that_people_wrote_is_live_and_nobody_is_mentioned() -> None:
    rendered = surface.report(view())
    assert_postable(rendered)
    assert "<!" not in str(rendered.blocks).replace("<!here> & friends", "").replace(
        "Network <!channel> *x*", ""
    )


def test_a_watermelon_is_named() -> None:
    rotten = Quality(attained=Rate(96, 100), reopened=Rate(12, 80))
    said = surface.report(view(figures(replace(BUSY, quality=rotten)))).text
    assert "Targets look green, but 12 of 80 (15%) incidents came back" in said
    assert "96% were resolved in time" in said


@pytest.mark.parametrize(
    "quality",
    [
        Quality(attained=Rate(89, 100), reopened=Rate(12, 80)),
        Quality(attained=Rate(96, 100), reopened=Rate(8, 80)),
        Quality(attained=Rate(96, 100), reopened=Rate(5, 9)),
        Quality(attained=Rate(9, 9), reopened=Rate(12, 80)),
    ],
)
def test_without_enough_of_both_there_is_no_watermelon(quality: Quality) -> None:
    assert "look green" not in surface.report(view(figures(replace(BUSY, quality=quality)))).text


def test_a_quiet_day_is_said_in_a_sentence() -> None:
    empty = figures(QUIET, charts={**CHARTS, "attainment": []})
    rendered = surface.report(view(empty))
    assert_postable(rendered)
    assert "All quiet" in rendered.text
    assert kinds_of(rendered.blocks) == ["header", "context", "rich_text", "context"]


def test_a_late_one_says_so_and_names_those_it_replaces() -> None:
    known = figures(superseded=(date(2026, 11, 19), date(2026, 11, 20)))
    said = surface.report(view(known, is_late=True)).text
    assert "This report is late. It covers the missed ones of 19 November and 20 November as well." in said


def test_a_late_review_names_those_that_will_not_come() -> None:
    known = figures(series=SeriesName.WEEKLY, superseded=(date(2026, 11, 9),))
    said = surface.report(view(known, is_late=True)).text
    assert "This report is late. The report of 9 November will not be posted." in said


def test_reviews_name_their_week_or_month() -> None:
    week = figures(
        series=SeriesName.WEEKLY,
        start=datetime(2026, 11, 8, 23, tzinfo=UTC),
        end=datetime(2026, 11, 15, 23, tzinfo=UTC),
    )
    assert report_words.headline(week) == "IT Service Desk: week of 9 to 15 November"
    across = replace(
        week, start=datetime(2026, 10, 25, 23, tzinfo=UTC), end=datetime(2026, 11, 1, 23, tzinfo=UTC)
    )
    assert report_words.headline(across) == "IT Service Desk: week of 26 October to 1 November"
    month = replace(week, series=SeriesName.MONTHLY, start=datetime(2026, 9, 30, 22, tzinfo=UTC))
    assert report_words.headline(month) == "IT Service Desk: October 2026"


def test_pictures_come_with_words_for_those_who_cannot_see_them() -> None:
    rendered = surface.report(view(pictures=("F0000000001", "F0000000002")))
    assert_postable(rendered)
    images = [block for block in rendered.blocks if block["type"] == "image"]
    assert [image["slack_file"] for image in images] == [{"id": "F0000000001"}, {"id": "F0000000002"}]
    drawn = parse_charts(CHARTS)
    assert [image["alt_text"] for image in images] == [flow_alt(drawn), attainment_alt(drawn)]
    assert "Open tickets: 40" in str(images[0]["alt_text"])
    assert "20 Nov to 21 Nov 2026, until 09:00" in str(images[0]["alt_text"])


def test_every_line_with_tickets_can_be_opened() -> None:
    reports = [surface.report(view(figures(series=series))) for series in SeriesName]
    menus = [block["accessory"] for each in reports for block in each.blocks if "accessory" in block]
    values = [option["value"] for menu in menus for option in menu["options"]]  # type: ignore[index]
    opened = {surface.Reference.from_value(value).line for value in values}
    wanted = {line.value for line, count in BUSY.behind.items() if count}
    assert opened == wanted | {"category.0", "category.1"}


@pytest.mark.parametrize(
    "value", ["", "1|incident|open", "x|incident|open|1", "1|ghost|open|1", "1|incident|open|-1"]
)
def test_a_value_that_is_not_ours_is_not_read(value: str) -> None:
    with pytest.raises(surface.UnreadableReference):
        surface.Reference.from_value(value)


def test_the_tickets_behind_a_line_are_listed_page_by_page() -> None:
    behind = BehindView(
        report=view(), kind=Kind.INCIDENT, line="open", told=25, page=page(10, number=2, pages=3, total=25)
    )
    modal = surface.behind(behind)
    assert_openable(modal)
    assert "Open: 25 tickets" in str(modal)
    assert "Page 2 of 3" in str(modal)
    assert [f"12|incident|open|{number}" in str(modal) for number in (1, 3)] == [True, True]
    assert "The report says" not in str(modal)


def test_what_was_heard_of_later_is_explained() -> None:
    behind = BehindView(report=view(), kind=Kind.INCIDENT, line="category.0", told=5, page=page(6))
    assert_openable(surface.behind(behind))
    assert "The report says 5" in str(surface.behind(behind))


def test_the_largest_report_fits_into_one_message() -> None:
    most = replace(
        BUSY,
        behind=dict.fromkeys(Line, 10**9),
        attained=tuple(
            Attained(priority=f"P{p}", clock=clock, met=10**9, breached=10**9)
            for p in range(1, 6)
            for clock in (ClockName.RESPOND, ClockName.RESOLVE)
        ),
        categories=(("x" * 200, 10**9),) * 5,
        took=Durations(**dict.fromkeys(Durations.__dataclass_fields__, Spread(10**9, 1e9, 1e9, 1e9))),
    )
    known = figures(
        most,
        most,
        series=SeriesName.MONTHLY,
        superseded=tuple(TO.date() - timedelta(days=n) for n in range(400)),
    )
    rendered = surface.report(view(known, is_late=True, pictures=("F0000000001", "F0000000002")))
    assert_postable(rendered)
    assert len(rendered.blocks) <= 50
