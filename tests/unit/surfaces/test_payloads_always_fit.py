"""Whatever people write, wherever: every payload keeps Slack's limits and mentions nobody by itself."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.models.vocabulary import Action, EventKind, Kind, Level, State, Visibility
from bot.surfaces import card, conversation, forms, lists, notices, relay
from bot.surfaces.conversation import Place
from bot.surfaces.ids import FormContext
from bot.workflows.reading import CommentView, DeskView, EventView, PersonView, TicketPage, TicketView
from tests.unit.surfaces.builders import (
    CARD,
    CONVERSATION,
    MONDAY,
    OUR_PEOPLE,
    assert_openable,
    assert_sendable,
    page,
)

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
        st.sampled_from(["to", "from", "to_name", "by", "text", "undone"]), TEXT, max_size=3
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

many = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@given(TICKETS)
@many
def test_cards(view: TicketView) -> None:
    assert_sendable(card.card(view))


@given(TICKETS, st.sampled_from(["channel", "thread", "direct"]))
@many
def test_conversations(view: TicketView, place: Place) -> None:
    assert_sendable(conversation.opening(view, place=place))
    assert_sendable(conversation.resolved_word(view))
    assert_sendable(conversation.asked_for_note(view))


@given(TEXT, st.lists(TICKETS, max_size=5), DESKS)
@many
def test_choices(text: str, tickets: list[TicketView], desks: list[DeskView]) -> None:
    assert_sendable(conversation.choose_for_direct_message(text, tickets, desks))


@given(COMMENTS)
@many
def test_relays(comment: CommentView) -> None:
    assert_sendable(relay.relayed(comment))
    attribution = relay.attribution(comment)
    assert 1 <= len(attribution["username"]) <= 80
    assert "\n" not in attribution["username"]


@given(TICKETS, PEOPLE, TEXT)
@many
def test_notices(view: TicketView, by: PersonView, text: str) -> None:
    if view.assignee:
        assert_sendable(notices.assigned(view, by))
    assert_sendable(notices.lost_race(view))
    assert_sendable(notices.raised(view))
    assert_sendable(notices.already_raised(view))
    assert_sendable(notices.told(text))
    assert_sendable(notices.administrator_notice(text, text, text))


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


@given(TICKETS, DESKS, TEXT)
@many
def test_modals(view: TicketView, desks: list[DeskView], text: str) -> None:
    for form in (forms.resolve_form, forms.assign_form, forms.note_form, forms.priority_form):
        assert_openable(form(view))
    assert_openable(forms.raise_form(desks, text=text, context=FormContext(channel="C1")))
    assert_openable(forms.message_view(text, text))


@pytest.mark.parametrize("count", [1, 10, 60])
def test_a_list_of_any_length_fits_one_message(count: int) -> None:
    assert_sendable(lists.ticket_list(page(count), heading="The queue", command="queue"))
