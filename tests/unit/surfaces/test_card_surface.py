"""The card: one ticket for agents, compact, with a button for what is possible and nothing else."""

from __future__ import annotations

import pytest

from bot.models.vocabulary import Action, EventKind, State
from bot.surfaces.card import card
from bot.surfaces.ids import ACTION_OF, CARD_BUTTONS, ActionId
from bot.workflows.permissions import possible_actions
from tests.unit.surfaces.builders import (
    ANA,
    BEN,
    LEA,
    assert_sendable,
    buttons,
    event,
    in_state,
    labels,
    resolved,
    spoken,
    ticket,
)


def test_a_new_card_says_what_who_since_when_and_where() -> None:
    rendered = card(ticket())
    shown = spoken(rendered)
    for said in (
        "INC-12",
        "P3",
        "Printer on floor 3 is on fire",
        "New since",
        "nobody has it yet",
        "It began after lunch. The display says E-52.",
        "Incident · Hardware",
        "affects the printer on floor 3",
        "Ana Ruiz raised it",
        "|Conversation>",
    ):
        assert said in shown
    assert_sendable(rendered)


def test_the_text_without_blocks_says_the_same() -> None:
    view = ticket(
        state=State.ASSIGNED, assignee=BEN, priority="P1", last_event=event(EventKind.CLAIMED, BEN), version=2
    )
    text = card(view).text
    for said in ("INC-12", "P1", "Printer on floor 3", "In progress", "Ben Okafor claimed it", "Ana Ruiz"):
        assert said in text


def test_buttons_are_those_that_are_possible_in_their_order() -> None:
    view = ticket(possible=(Action.SHOW, Action.RESOLVE, Action.WAIT, Action.PRIORITISE, Action.UNDO))
    assert labels(card(view)) == ["Resolve", "Waiting", "Priority"]


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("is_assigned", [True, False])
def test_every_state_has_a_card(state: State, is_assigned: bool) -> None:
    view = ticket(
        state=state,
        assignee=BEN if is_assigned else None,
        possible=possible_actions(state, is_assigned=is_assigned),
    )
    rendered = card(view)
    assert_sendable(rendered)
    assert labels(rendered) == [CARD_BUTTONS[action][0] for action in view.possible]


def test_a_card_without_possible_actions_has_no_row_of_buttons() -> None:
    assert [block["type"] for block in card(resolved(possible=())).blocks] == ["rich_text", "context"]


def test_each_button_carries_the_number_and_says_it_to_screen_readers() -> None:
    for button in buttons(card(ticket())):
        assert button["value"] == "INC-12"
        assert button["accessibility_label"] == f"{button['text']['text']} INC-12"


def test_the_labels_of_buttons_are_a_contract() -> None:
    assert [label for label, _ in CARD_BUTTONS.values()] == [
        "Claim",
        "Release",
        "Assign",
        "Waiting",
        "Resolve",
        "Reopen",
        "Close",
        "Cancel",
        "Note",
        "Priority",
    ]
    assert ACTION_OF[ActionId.PRIORITISE] is Action.PRIORITISE


def test_only_cancelling_asks_for_confirmation() -> None:
    confirmed = [
        button["action_id"] for button in buttons(card(ticket(possible=tuple(Action)))) if "confirm" in button
    ]
    assert confirmed == [ActionId.CANCEL]


@pytest.mark.parametrize(("priority", "mark"), [("P1", "🔴"), ("P2", "🟠"), ("P3", ""), ("P5", "")])
def test_urgent_open_tickets_stand_out(priority: str, mark: str) -> None:
    assert card(ticket(priority=priority)).text.startswith(f"{mark} INC-12".strip())


def test_an_urgent_ticket_that_is_resolved_is_calm() -> None:
    assert "🔴" not in card(resolved(priority="P1")).text


def test_a_ticket_raised_for_somebody_names_both() -> None:
    assert "Lea Brandt raised it for Ana Ruiz" in spoken(card(ticket(raiser=LEA, requester=ANA)))


def test_a_description_that_is_the_title_is_not_said_twice() -> None:
    shown = spoken(card(ticket(description="Printer on floor 3 is on fire")))
    assert shown.count("Printer on floor 3 is on fire") == 1


def test_a_long_description_is_cut_and_says_how_to_see_all_of_it() -> None:
    rendered = card(ticket(description="line\n" * 400))
    assert "/ticket INC-12 shows all of it" in spoken(rendered)
    assert len(spoken(rendered)) < 1000


def test_a_resolved_card_shows_the_resolution_in_place_of_the_problem() -> None:
    shown = spoken(card(resolved()))
    assert "Resolution:" in shown
    assert "replaced the fuser" in shown
    assert "E-52" not in shown


def test_tickets_that_continue_each_other_are_linked() -> None:
    shown = spoken(card(resolved(continues="INC-3", continued_by="INC-40")))
    assert "continues INC-3" in shown
    assert "goes on in INC-40" in shown


def test_a_link_in_the_description_shows_its_address() -> None:
    shown = spoken(card(ticket(description="look\n<https://evil.test|bank> <https://a.test>")))
    assert "bank (https://evil.test)" in shown
    assert "https://a.test" in shown


def test_a_title_cut_inside_a_link_ends_before_it() -> None:
    assert "please open …" in card(ticket(title="please open <https://a.test/very/long…")).text


@pytest.mark.parametrize("state", list(State))
def test_rich_text_stays_rich_text_because_slack_refuses_to_replace_it(state: State) -> None:
    assert card(in_state(state)).blocks[0]["type"] == "rich_text"


def test_a_new_version_has_new_block_ids() -> None:
    first, second = (card(ticket(version=version)) for version in (1, 2))
    assert not {str(b["block_id"]) for b in first.blocks} & {str(b["block_id"]) for b in second.blocks}
