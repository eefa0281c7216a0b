"""Badges: how a ticket stands against its targets."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bot.models.service_levels import ClockName, ClockState
from bot.models.vocabulary import WAITING_STATES, State
from bot.surfaces.card import card
from bot.surfaces.inline import as_text
from bot.surfaces.lists import ticket_list
from bot.surfaces.service_levels import badge_in_short, badges
from bot.workflows.reading import TicketPage
from bot.workflows.service_views import ClockView
from tests.unit.surfaces.builders import BEN, MONDAY, assert_sendable, spoken, ticket
from tests.unit.surfaces.service_level_builders import AT_NOON, HOUR, MINUTE, NOON, clock, overdue

RESPOND, RESOLVE, UPDATE = ClockName.RESPOND, ClockName.RESOLVE, ClockName.UPDATE
PAUSED = clock(
    state=ClockState.PAUSED, due_at=None, paused_since=MONDAY, pause_reason=State.WAITING_REQUESTER
)
STANDS = [
    (clock(), "🟢 Resolve by {noon}"),
    (clock(clock=RESPOND), "🟢 Respond by {noon}"),
    (clock(clock=UPDATE), "🟢 Update by {noon}"),
    (clock(is_at_risk=True), "🟡 Resolve by {noon}, at risk"),
    (overdue(), "🔴 Resolution overdue since {noon}"),
    (overdue(RESPOND), "🔴 Response overdue since {noon}"),
    (
        clock(breached_at=MONDAY + HOUR, due_at=NOON),
        "🔴 Resolution target missed {then}, now resolve by {noon}",
    ),
    (
        clock(started_at=NOON + HOUR, due_at=NOON + HOUR, breached_at=NOON),  # reopened after its breach
        "🔴 Resolution overdue since {noon}",
    ),
    (PAUSED, "⏸ paused while waiting for the requester"),
    (
        clock(state=ClockState.PAUSED, due_at=None, pause_reason=State.WAITING_SUPPLIER, breached_at=NOON),
        "🔴 Resolution target missed {noon}, paused while waiting for a supplier",
    ),
    (clock(state=ClockState.PAUSED, due_at=None), "⏸ paused"),
    (clock(clock=RESPOND, state=ClockState.MET, early_by=20 * MINUTE), "✅ responded 20 min early"),
    (clock(state=ClockState.MET, early_by=timedelta(0)), "✅ resolved in time"),
    (clock(state=ClockState.MISSED, late_by=HOUR), "⚫ resolved 1 h late"),
    (clock(state=ClockState.MISSED), "⚫ resolved after a target was missed"),
    (clock(state=ClockState.CANCELLED), ""),
    (clock(due_at=None), ""),
]


def said(*clocks: ClockView) -> str:
    return in_words(as_text(badges(ticket(clocks=clocks))))


def in_words(text: str) -> str:
    """Date tokens as noon, the instant that matters here, or as some other."""
    start = f"<!date^{int(NOON.timestamp())}^{{date_short_pretty}} at {{time}}|{AT_NOON}>"
    return re.sub(r"<!date[^>]*>", "{then}", text.replace(start, "{noon}"))


@pytest.mark.parametrize(("stands", "words"), STANDS)
def test_each_state_of_a_clock_has_its_phrase(stands: ClockView, words: str) -> None:
    assert said(stands) == words


@pytest.mark.parametrize(("stands", "_words"), STANDS)
def test_no_badge_tells_what_is_left_because_that_changes_by_the_minute(
    stands: ClockView, _words: str
) -> None:
    is_open = stands.state in (ClockState.RUNNING, ClockState.PAUSED)
    assert not (is_open and re.search(r"\d|\bleft\b", said(stands)))


@pytest.mark.parametrize("state", sorted(WAITING_STATES))
def test_a_pause_says_what_it_waits_for(state: State) -> None:
    assert "paused while waiting for " in said(clock(state=ClockState.PAUSED, pause_reason=state))


def test_a_ticket_without_targets_has_no_badge_and_no_empty_line() -> None:
    assert said() == ""
    assert "\n\n" not in spoken(card(ticket()))


def test_while_nobody_has_responded_that_is_what_counts() -> None:
    assert said(clock(), clock(clock=RESPOND)) == "🟢 Respond by {noon}"


def test_resolving_shows_beside_responding_once_it_presses() -> None:
    respond = clock(clock=RESPOND)
    assert "Resolve by" in said(clock(is_at_risk=True), respond)
    assert "Resolution overdue" in said(overdue(), respond)


def test_after_the_response_the_resolution_leads() -> None:
    met = clock(clock=RESPOND, state=ClockState.MET, early_by=20 * MINUTE)
    assert said(met, clock()) == "🟢 Resolve by {noon} · ✅ responded 20 min early"


def test_the_periodic_update_shows_only_while_it_runs() -> None:
    assert said(clock(), clock(clock=UPDATE)) == "🟢 Resolve by {noon} · 🟢 Update by {noon}"
    done = clock(clock=UPDATE, state=ClockState.MET)
    assert said(clock(), done) == "🟢 Resolve by {noon}"


def test_of_several_cycles_the_newest_speaks() -> None:
    first = clock(state=ClockState.MISSED, late_by=HOUR)
    again = clock(started_at=MONDAY + HOUR)
    assert said(again, first) == said(first, again) == "🟢 Resolve by {noon}"


def test_the_card_shows_the_badges_under_the_state() -> None:
    rendered = card(ticket(state=State.ASSIGNED, assignee=BEN, clocks=(overdue(),)))
    assert f"🔴 Resolution overdue since {AT_NOON}" in spoken(rendered)
    assert "🔴 Resolution overdue since {noon}" in in_words(rendered.text)
    assert rendered.text.index("In progress") < rendered.text.index("overdue") < rendered.text.index("Ana")
    assert_sendable(rendered)


def test_a_list_has_room_for_what_presses_most() -> None:
    view = ticket(clocks=(overdue(), clock(clock=RESPOND, due_at=NOON - HOUR)))
    assert in_words(as_text(badge_in_short(view))) == "🔴 Resolution overdue since {noon}"
    both = ticket(clocks=(clock(), clock(clock=RESPOND, due_at=NOON - HOUR)))
    assert "Respond by" in as_text(badge_in_short(both))


def test_a_running_clock_is_shown_before_a_paused_one() -> None:
    assert "Respond by" in as_text(badge_in_short(ticket(clocks=(PAUSED, clock(clock=RESPOND)))))
    assert "paused" in as_text(badge_in_short(ticket(clocks=(PAUSED,))))


def test_a_list_says_nothing_of_clocks_that_ended() -> None:
    assert badge_in_short(ticket(clocks=(clock(state=ClockState.MET),))) == []


def test_agents_see_badges_in_their_lists_and_requesters_do_not() -> None:
    page = TicketPage(tickets=(ticket(clocks=(overdue(),)),), page=1, pages=1, total=1)
    queue = ticket_list(page, heading="The queue", command="queue", link="card")
    mine = ticket_list(page, heading="Yours", command="list")
    assert "overdue since" in spoken(queue)
    assert "overdue" not in spoken(mine)
    assert_sendable(queue)
