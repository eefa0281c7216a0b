"""Whatever people write, wherever: every payload keeps Slack's limits and mentions nobody by itself."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import re
import sys
from dataclasses import replace
from datetime import timedelta
from typing import Final, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import surfaces
from bot.models.service_levels import ClockName, ClockState
from bot.models.vocabulary import WAITING_STATES, Action, EventKind, Kind, Level, State, Visibility
from bot.surfaces import (
    absence,
    blocks,
    card,
    conversation,
    details,
    explanations,
    forms,
    lists,
    notices,
    relay,
    report,
    service_levels,
)
from bot.surfaces.commands import Mistyped
from bot.surfaces.conversation import Place
from bot.surfaces.ids import FormContext
from bot.surfaces.inline import Words
from bot.workflows.absences import AbsenceView
from bot.workflows.availability import Away
from bot.workflows.reading import CommentView, DeskView, EventView, PersonView, TicketPage, TicketView
from bot.workflows.reports import BehindView
from bot.workflows.service_views import (
    AlertView,
    BoardView,
    Cause,
    ClockView,
    EstimateView,
    ExplanationView,
    Gone,
    PieceView,
    PointView,
)
from tests.unit.surfaces.builders import (
    CARD,
    CONVERSATION,
    MONDAY,
    OUR_PEOPLE,
    assert_openable,
    assert_postable,
    assert_sendable,
    comment,
    page,
    ticket,
)
from tests.unit.surfaces.test_report import view as report_view

NASTY = (
    "",
    " ",
    "\u200b",
    "<!channel>",
    "<!here|x> <!everyone> <!subteam^S012|@all>",
    "<@U0OTHER> <@U0OTHER|x>",
    "<https://evil.test|https://bank.test>",
    "<!date^1^{date}^https://evil.test|now>",
    "&lt;!channel&gt; &amp;lt;",
    "\u202eevil\u2066",
    "@channel #general https://a.test",
    "`code` *bold* _x_ ~y~ > quote",
    "🔥👩‍🔧🏳️‍🌈 :fire:",
    "\ud800",
    "x" * 4000,
    "🔥" * 4000,
    "&" * 4000,
    "<" * 4000,
    "\n" * 4000,
    "a\n" * 2000,
    ":a: " * 1000,
    "<https://a.test> " * 250,
    "<https://a.test/" + "x" * 3500 + ">",
    "a\x00b\x1b[31mred\x1b]8;;https://evil.test\x07bank\x9b2J",
    "<#C0HELP|<!here>>",
)
NASTY_TEXT = st.integers(0, len(NASTY) - 1).map(lambda n: NASTY[n])
TEXT = NASTY_TEXT | st.text(max_size=60) | st.tuples(NASTY_TEXT, NASTY_TEXT).map("".join)
PEOPLE = st.builds(
    PersonView,
    id=st.sampled_from(sorted(OUR_PEOPLE)) | st.just("not an id"),
    name=TEXT,
    image_url=st.none() | TEXT,
)
NAMES = st.dictionaries(st.sampled_from(["U0OTHER", "C0HELP"]), TEXT, max_size=2)
EVENTS = st.builds(
    EventView,
    kind=st.sampled_from(EventKind),
    at=st.just(MONDAY),
    actor=st.none() | PEOPLE,
    data=st.dictionaries(
        st.sampled_from(["to", "from", "to_name", "by", "text", "undone", "clock", "point"]), TEXT, max_size=3
    ),
)
TICKETS = st.builds(
    TicketView,
    number=st.sampled_from(["INC-1", "REQ-999999999"]),
    kind=st.sampled_from(Kind),
    title=TEXT,
    description=TEXT,
    category=st.none() | TEXT,
    affected=st.none() | TEXT,
    impact=st.sampled_from(Level),
    urgency=st.sampled_from(Level),
    priority=st.sampled_from(["P1", "P2", "P3", "P4", "P5"]),
    state=st.sampled_from(State),
    desk_key=st.just("it"),
    desk_name=TEXT,
    requester=PEOPLE,
    raiser=PEOPLE,
    assignee=st.none() | PEOPLE,
    raised_at=st.just(MONDAY),
    state_since=st.just(MONDAY),
    resolved_at=st.none(),
    resolution=st.none() | TEXT,
    closes_at=st.none() | st.just(MONDAY),
    last_event=EVENTS,
    conversation=st.sampled_from([None, CONVERSATION]),
    origin=st.none(),
    card=st.sampled_from([None, CARD]),
    possible=st.lists(st.sampled_from(Action), unique=True).map(tuple),
    version=st.integers(1, 10**6),
    continues=st.sampled_from([None, "INC-3"]),
    continued_by=st.sampled_from([None, "INC-40"]),
    names=NAMES,
    is_private=st.booleans(),
    is_veiled=st.booleans(),
)
COMMENTS = st.builds(
    CommentView,
    ticket=st.just("INC-1"),
    author=PEOPLE,
    visibility=st.just(Visibility.PUBLIC),
    text=TEXT,
    files=st.lists(st.tuples(TEXT, TEXT | st.just(CONVERSATION.url)), max_size=15).map(tuple),
    names=NAMES,
    deleted=st.booleans(),
    is_veiled=st.booleans(),
)
DESKS = st.lists(
    st.builds(
        DeskView,
        key=st.sampled_from(["it", "hr", "a"]),
        name=TEXT,
        categories=st.lists(TEXT, max_size=5).map(tuple),
    ),
    max_size=3,
    unique_by=lambda desk: desk.key,
)

INSTANTS = st.none() | st.just(MONDAY)
AMOUNTS = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4000))
CLOCKS = st.builds(
    ClockView,
    clock=st.sampled_from(ClockName),
    state=st.sampled_from(ClockState),
    target=AMOUNTS,
    elapsed=AMOUNTS,
    due_at=INSTANTS,
    breached_at=INSTANTS,
    stopped_at=INSTANTS,
    paused_since=INSTANTS,
    pause_reason=st.none() | st.sampled_from(sorted(WAITING_STATES)),
    is_at_risk=st.booleans(),
    early_by=st.none() | AMOUNTS,
    late_by=st.none() | AMOUNTS,
    started_at=st.just(MONDAY),
)
MEASURED_TICKETS = st.builds(
    lambda view, clocks, estimate: replace(view, clocks=tuple(clocks), estimate=estimate),
    TICKETS,
    st.lists(CLOCKS, max_size=6),
    st.builds(
        EstimateView,
        place=st.integers(0, 10**6),
        of=st.integers(0, 10**6),
        usual=st.none() | AMOUNTS,
        nine_in_ten=st.none() | AMOUNTS,
        is_working_time=st.booleans(),
    ),
)
POINTS = st.builds(
    PointView,
    clock=st.sampled_from(ClockName),
    percent=st.integers(1, 100),
    after=AMOUNTS,
    due_at=st.just(MONDAY),
    target=AMOUNTS,
    priority=TEXT,
    cause=st.sampled_from(get_args(Cause)),
    is_late=st.booleans(),
    gone=st.none() | st.sampled_from(get_args(Gone)),
    gone_by=st.none() | PEOPLE,
    gone_at=INSTANTS,
)
ALERTS = st.builds(
    AlertView,
    ticket=MEASURED_TICKETS,
    points=st.lists(POINTS, max_size=4).map(tuple),
    told=st.lists(PEOPLE, max_size=8).map(tuple),
    nobody=st.sampled_from([None, "nobody_available"]),
    covers=st.dictionaries(st.sampled_from(sorted(OUR_PEOPLE)), PEOPLE, max_size=2),
    done=st.lists(EVENTS, max_size=7).map(tuple),
    acknowledged=st.none() | st.tuples(PEOPLE, st.just(MONDAY)),
    held_since=INSTANTS,
)
PIECES = st.builds(
    PieceView,
    start=st.just(MONDAY),
    end=st.just(MONDAY),
    counts=st.booleans(),
    reason=st.sampled_from(["open", "closed", *WAITING_STATES]),
    calendar=TEXT,
    policy=st.integers(1, 3),
    open_time=AMOUNTS,
    priority=TEXT,
)
EXPLANATIONS = st.builds(
    ExplanationView,
    number=TEXT,
    clock=CLOCKS,
    cycle=st.integers(1, 40),
    pieces=st.lists(PIECES, max_size=6).map(lambda few: tuple(few * 20)),
    target=AMOUNTS,
    carried=AMOUNTS,
    policy_names=st.dictionaries(st.integers(1, 3), TEXT),
)

ABSENCES = st.builds(
    AbsenceView,
    now=st.just(MONDAY),
    timezone=st.just("Europe/Berlin"),
    away=st.none() | st.builds(Away, until=INSTANTS, cover_id=st.none(), by_status=st.booleans()),
    cover=st.none() | PEOPLE,
    stand_in=st.none() | PEOPLE,
    open_tickets=st.lists(st.just("INC-1"), max_size=40).map(tuple),
)

many = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@given(TICKETS)
@many
def test_cards(view: TicketView) -> None:
    assert_postable(card.card(view))


@given(TICKETS, st.sampled_from(["channel", "thread", "direct"]))
@many
def test_conversations(view: TicketView, place: Place) -> None:
    assert_postable(conversation.opening(view, place=place))
    assert_postable(conversation.resolved_word(view))
    assert_postable(conversation.asked_for_note(view))


@given(TEXT, st.lists(TICKETS, max_size=5), DESKS)
@many
def test_choices(text: str, tickets: list[TicketView], desks: list[DeskView]) -> None:
    assert_postable(conversation.choose_for_direct_message(text, tickets, desks))
    assert_postable(conversation.chosen_for_direct_message(text, text, is_new=bool(tickets)))


@given(COMMENTS)
@many
def test_relays(comment: CommentView) -> None:
    assert_postable(relay.relayed(comment))
    attribution = relay.attribution(comment)
    assert 1 <= len(attribution["username"]) <= 80
    assert "\n" not in attribution["username"]


@given(TICKETS, PEOPLE, TEXT)
@many
def test_notices(view: TicketView, by: PersonView, text: str) -> None:
    if view.assignee:
        assert_postable(notices.assigned(view, by))
    assert_sendable(notices.lost_race(view))
    assert_sendable(notices.raised(view))
    assert_sendable(notices.already_raised(view))
    assert_sendable(notices.told(text))
    assert_postable(notices.administrator_notice(text, text, text))


@given(st.lists(TICKETS, max_size=3), TEXT, st.sampled_from(["queue", "list", "unassigned"]))
@many
def test_lists(tickets: list[TicketView], heading: str, command: str) -> None:
    found = TicketPage(tickets=tuple(tickets), page=2, pages=6, total=60)
    assert_sendable(lists.ticket_list(found, heading=heading, command=command))


@given(TICKETS, st.lists(EVENTS, max_size=3).map(lambda few: few * 6), DESKS)
@many
def test_details_and_help(view: TicketView, events: list[EventView], desks: list[DeskView]) -> None:
    assert_sendable(lists.ticket_detail(view, events))
    assert_sendable(lists.help_text(desks))


@given(TICKETS, st.lists(EVENTS, max_size=3), st.lists(COMMENTS, max_size=3), st.booleans())
@many
def test_details_of_private_tickets(
    view: TicketView, events: list[EventView], comments: list[CommentView], speaks: bool
) -> None:
    said = [(MONDAY, comment) for comment in comments * 10]
    opened = details.details(view, events, said, speaks=speaks)
    assert_openable(opened)
    assert len(json.dumps(opened)) < 250_000


@given(TICKETS, DESKS, TEXT)
@many
def test_modals(view: TicketView, desks: list[DeskView], text: str) -> None:
    for form in (forms.resolve_form, forms.assign_form, forms.note_form, forms.priority_form):
        assert_openable(form(view))
    assert_openable(forms.raise_form(desks, text=text, context=FormContext(channel="C1")))
    assert_openable(forms.message_view(text, text))


@given(MEASURED_TICKETS, st.sampled_from(["channel", "thread", "direct"]))
@many
def test_badges_and_estimates(view: TicketView, place: Place) -> None:
    assert_postable(card.card(view))
    assert_postable(conversation.opening(view, place=place))
    found = TicketPage(tickets=(view,) * 10, page=1, pages=1, total=10)
    assert_sendable(lists.ticket_list(found, heading="The queue", command="queue", link="card"))


@given(ALERTS)
@many
def test_alerts(view: AlertView) -> None:
    assert_postable(service_levels.alert(view))
    assert_postable(service_levels.escalation(view))
    assert_postable(service_levels.unrouted(view))


@given(st.lists(ALERTS, max_size=3), st.integers(1, 12), TEXT)
@many
def test_boards(alerts: list[AlertView], times: int, desk_name: str) -> None:
    assert_postable(service_levels.board(BoardView(alerts=tuple(alerts * times), desk_name=desk_name)))


@given(st.lists(EXPLANATIONS, max_size=10))
@many
def test_explanations(views: list[ExplanationView]) -> None:
    assert_sendable(explanations.explanation(views))


@given(ABSENCES)
@many
def test_absences(view: AbsenceView) -> None:
    for say in (absence.went_away, absence.standing, absence.came_back, absence.was_here):
        assert_sendable(say(view))


@given(TICKETS, TEXT, TEXT)
@many
def test_answers_and_last_words(view: TicketView, text: str, more: str) -> None:
    assert_postable(conversation.cancelled_word(view))
    assert_sendable(lists.empty_list(text, hint=more))
    assert_sendable(notices.mistyped(Mistyped(text, more)))
    assert_postable(notices.form_refused(text))


@given(st.lists(TICKETS, max_size=10))
@many
def test_the_tickets_behind_a_line_of_a_report(tickets: list[TicketView]) -> None:
    found = TicketPage(tickets=tuple(tickets), page=1, pages=1, total=len(tickets))
    shown = BehindView(report=report_view(), kind=Kind.INCIDENT, line="category.0", told=5, page=found)
    assert_openable(report.behind(shown))


@pytest.mark.parametrize("text", ["<@U0OTHER>" * 10_000, "<!channel> " * 3000])
def test_thousands_of_mentions(text: str) -> None:
    view = ticket(title=text, description=text, affected=text, resolution=text, desk_name=text)
    for say in (card.card, notices.raised, notices.already_raised):
        assert_sendable(say(view))
    assert_postable(conversation.opening(view, place="channel"))
    assert_sendable(lists.ticket_detail(view, []))
    assert_postable(relay.relayed(comment(text, names={"U0OTHER": "<!channel>" * 8})))
    assert_sendable(notices.told(text))
    assert_openable(forms.raise_form([], text=text, context=FormContext(channel="C1")))
    assert_openable(details.details(view, [], [(MONDAY, comment(text))] * 30, speaks=True))


PARTS: Final = {"blocks.message", "blocks.note"}
"""What the others are made of."""
HELD_ELSEWHERE: Final = {"report.report", "home.home", "home.ticket_list"}
"""By the tests of reports and of the Home, which know what can be in them."""


def renderers() -> set[str]:
    """Everything that makes a message or a modal."""
    modules = [
        importlib.import_module(f"bot.surfaces.{found.name}")
        for found in pkgutil.iter_modules(surfaces.__path__)
    ]
    return {
        f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in modules
        for name, made in inspect.getmembers(module, inspect.isfunction)
        if made.__module__ == module.__name__ and not name.startswith("_")
        if made.__annotations__["return"] in ("Rendered", "ViewPayload", "dict[str, object]")
    }


def test_what_is_too_long_for_slack_keeps_its_words_and_its_buttons() -> None:
    short = conversation.resolved_word(ticket(state=State.RESOLVED, resolution="A new fuse"))
    assert blocks.shortened(short) == short
    quotes = blocks.paragraph([Words('"' * 9000)], "quotes").to_dict()
    long = replace(short, blocks=[quotes, *short.blocks])
    shown = blocks.shortened(long).blocks
    assert "is resolved" in json.dumps(shown)
    assert [block for block in short.blocks if block["type"] == "actions"] == shown[1:]


def test_no_renderer_is_left_out() -> None:
    tried = set(re.findall(r"\b[a-z_]+\.[a-z_]+\b", inspect.getsource(sys.modules[__name__])))
    assert renderers() - PARTS - HELD_ELSEWHERE - tried == set()


@pytest.mark.parametrize("count", [1, 10, 60])
def test_a_list_of_any_length_fits_one_message(count: int) -> None:
    assert_sendable(lists.ticket_list(page(count), heading="The queue", command="queue"))
