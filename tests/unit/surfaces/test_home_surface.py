"""The Home tab: what each sees there, in which order, and that it always fits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.models.vocabulary import Action, Kind, State
from bot.surfaces import home
from bot.surfaces.home import ListReference, UnreadableList
from bot.workflows.homes import STANDING, CountsView, HomeList, HomeView
from bot.workflows.outcomes import Refusal
from bot.workflows.permissions import possible_actions
from bot.workflows.reading import TicketPage, TicketView
from tests.unit.surfaces.builders import BEN, assert_openable, page, resolved, ticket
from tests.unit.surfaces.service_level_builders import AT_NOON, clock
from tests.unit.surfaces.test_payloads_always_fit import MEASURED_TICKETS, TEXT, many

NONE = TicketPage(tickets=(), page=1, pages=1, total=0)
HELD = ticket(
    number="INC-7",
    state=State.ASSIGNED,
    assignee=BEN,
    possible=possible_actions(State.ASSIGNED, is_assigned=True),
)


def one(view: TicketView) -> TicketPage:
    return TicketPage(tickets=(view,), page=1, pages=1, total=1)


def counts(**numbers: int) -> CountsView:
    found = {which: numbers.get(which.value, 0) for which in STANDING}
    return CountsView(desk_key="it", desk_name="IT Service Desk", kind=Kind.INCIDENT, counts=found)


def buttons(view: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [each for block in view["blocks"] if block["type"] == "actions" for each in block["elements"]]


def outline(view: Mapping[str, Any]) -> list[str]:
    """The tab from top to bottom: its headings, its lines, its buttons."""
    lines = []
    for block in view["blocks"]:
        match block["type"]:
            case "header":
                lines.append(f"# {block['text']['text']}")
            case "actions":
                lines.append(" ".join(f"[{button['text']['text']}]" for button in block["elements"]))
            case "context":
                lines.append(block["elements"][0]["text"])
            case "rich_text":
                parts = block["elements"][0]["elements"]
                lines.append("".join(part.get("text", "") or part.get("fallback", "") for part in parts))
    return lines


# --- what each sees ---


def test_somebody_without_tickets_is_offered_to_raise_one() -> None:
    assert outline(home.home(HomeView(refusal=None, mine=NONE))) == [
        "# Service desk",
        "[Raise a ticket]",
        "# Your tickets",
        "You have no open tickets. When something is broken, or you need something, raise one.",
    ]


def test_a_requester_sees_their_tickets_and_can_reopen_what_is_resolved() -> None:
    mine = TicketPage(tickets=(ticket(), resolved(number="INC-9")), page=1, pages=1, total=2)
    assert outline(home.home(HomeView(refusal=None, mine=mine))) == [
        "# Service desk",
        "[Raise a ticket]",
        "# Your tickets · 2",
        "INC-12 · P3 · Printer on floor 3 is on fire\n"
        "New since 2026-03-02 09:00 UTC · nobody has it yet\nThread",
        "INC-9 · P3 · Printer on floor 3 is on fire\n✅ Resolved 2026-03-02 09:00 UTC · Ben Okafor\nThread",
        "[Reopen]",
    ]


def test_an_agent_sees_what_they_have_with_its_target_and_what_waits_for_somebody() -> None:
    held = replace(HELD, clocks=(clock(),))
    view = HomeView(refusal=None, mine=NONE, assigned=one(held), unassigned=one(ticket()))
    assert outline(home.home(view))[4:] == [
        "# Assigned to you · 1",
        "INC-7 · P3 · Printer on floor 3 is on fire\nIn progress since 2026-03-02 09:00 UTC · Ben Okafor\n"
        f"🟢 Resolve by {AT_NOON} · Card",
        "[Resolve] [Waiting] [Release]",
        "# Waiting for somebody · 1",
        "INC-12 · P3 · Printer on floor 3 is on fire\n"
        "New since 2026-03-02 09:00 UTC · nobody has it yet\nCard",
        "[Claim]",
    ]


def test_an_agent_with_nothing_to_do_reads_so() -> None:
    view = HomeView(refusal=None, mine=NONE, assigned=NONE, unassigned=NONE)
    assert outline(home.home(view))[4:] == [
        "# Assigned to you",
        "You have no tickets right now.",
        "# Waiting for somebody",
        "Nothing waits: every open ticket has somebody.",
    ]


def test_a_manager_sees_how_the_desk_stands_and_every_number_opens() -> None:
    shown = home.home(HomeView(refusal=None, mine=NONE, counts=(counts(open=12, overdue=1),)))
    assert outline(shown)[4:] == [
        "# How it stands",
        "IT Service Desk · Incidents",
        "[12 open] [0 at risk] [1 overdue] [0 waiting]",
    ]
    values = [each["value"] for each in buttons(shown)][1:]
    references = [ListReference.from_value(value) for value in values]
    assert [(each.which, each.desk_key, each.kind) for each in references] == [
        (which, "it", Kind.INCIDENT) for which in STANDING
    ]


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (Refusal.GUEST, "Guest accounts cannot raise tickets here."),
        (Refusal.STRANGER, "This desk serves its own organisation."),
        (Refusal.DEACTIVATED, "That account is deactivated."),
        (Refusal.NO_DESK, "No desk is configured for this yet"),
    ],
)
def test_who_may_not_raise_a_ticket_reads_one_plain_sentence(refusal: Refusal, said: str) -> None:
    shown = outline(home.home(HomeView(refusal=refusal)))
    assert len(shown) == 2
    assert shown[1].startswith(said)


def test_a_ticket_whose_reader_is_not_known_shows_neither_title_nor_people() -> None:
    veiled = replace(ticket(), is_private=True, is_veiled=True, title="", description="")
    shown = outline(home.home(HomeView(refusal=None, mine=NONE, assigned=NONE, unassigned=one(veiled))))
    assert "🔒 INC-12 · P3 · Private ticket" in shown[-2]
    assert shown[-1] == "[Claim] [Show details]"


def test_why_a_press_did_nothing_stands_on_top_and_reads_as_it_was_written() -> None:
    shown = outline(home.home(HomeView(refusal=None, mine=NONE, said="Cora &amp; Ben have INC-1 already.")))
    assert shown[1] == "⚠️ Cora & Ben have INC-1 already."


def test_a_long_list_says_how_long_it_is_and_opens_whole() -> None:
    mine = page(10, pages=3, total=23)
    assert outline(home.home(HomeView(refusal=None, mine=mine)))[-1] == "[Show all 23]"


# --- the lists ---


def test_a_list_can_be_turned_both_ways_and_keeps_what_it_counts() -> None:
    reference = ListReference(which=HomeList.OVERDUE, page=2, kind=Kind.REQUEST, desk_key="a|b")
    shown = home.ticket_list(page(10, number=2, pages=3, total=23), reference)
    assert_openable(shown)
    assert outline(shown)[-1] == "[Previous] [Next]"
    assert [ListReference.from_value(each["value"]) for each in buttons(shown)] == [
        replace(reference, page=1),
        replace(reference, page=3),
    ]


def test_an_empty_list_says_so() -> None:
    shown = home.ticket_list(NONE, ListReference(which=HomeList.AT_RISK, desk_key="it"))
    assert outline(shown) == ["At risk · 0 tickets", "None right now."]


@pytest.mark.parametrize(
    "value", ["", "mine", "moon|1|incident|", "mine|x|incident|", "mine|1|alert|it", "|||"]
)
def test_what_names_no_list_is_refused(value: str) -> None:
    with pytest.raises(UnreadableList):
        ListReference.from_value(value)


# --- whatever people write, and however much there is ---


@given(
    st.lists(MEASURED_TICKETS, min_size=1, max_size=3),
    TEXT,
    st.sampled_from(list(HomeList)),
)
@settings(many, max_examples=8)
def test_the_fullest_home_keeps_slacks_limits(tickets: list[TicketView], text: str, which: HomeList) -> None:
    views = [replace(each, possible=tuple(Action)) for each in (tickets * 10)[:10]]
    full = TicketPage(tickets=tuple(views), page=1, pages=99, total=990)
    row = replace(counts(open=10**6, at_risk=10**6), desk_name=text)
    shown = home.home(
        HomeView(refusal=None, said=text, mine=full, assigned=full, unassigned=full, counts=(row,) * 8)
    )
    assert_openable(shown)
    assert len(shown["blocks"]) <= 100  # type: ignore[arg-type]  # JSON
    assert len(json.dumps(shown)) < 250_000
    assert_openable(home.ticket_list(full, ListReference(which=which, page=2, desk_key="it")))
