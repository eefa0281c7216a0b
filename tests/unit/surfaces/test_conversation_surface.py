"""What the requester sees."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest

from bot.models.vocabulary import ENDED_STATES, EventKind, Kind, State
from bot.surfaces.conversation import (
    Place,
    asked_for_note,
    choose_for_direct_message,
    chosen_for_direct_message,
    opening,
    resolved_word,
)
from bot.surfaces.ids import DIRECT_ADD, DIRECT_NEW, ActionId
from bot.workflows.service_views import EstimateView
from tests.unit.surfaces.builders import (
    BEN,
    HR,
    IT,
    assert_sendable,
    buttons,
    event,
    in_state,
    labels,
    resolved,
    spoken,
    ticket,
)

PLACES: tuple[Place, ...] = get_args(Place)

STANDS = {
    State.NEW: "raised with IT Service Desk, nobody has taken it yet",
    State.ASSIGNED: "Ben Okafor is on it",
    State.WAITING_REQUESTER: "Ben Okafor is waiting for",
    State.WAITING_SUPPLIER: "Ben Okafor is waiting for a supplier",
    State.WAITING_APPROVAL: "waiting for approval",
    State.RESOLVED: "resolved",
    State.CLOSED: "closed",
    State.CANCELLED: "cancelled",
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("state", list(State))
def test_the_opening_says_how_the_ticket_stands(state: State, place: Place) -> None:
    rendered = opening(in_state(state), place=place)
    assert "INC-12" in rendered.text
    assert STANDS[state] in rendered.text
    assert "\n" not in rendered.text
    assert [block["type"] for block in rendered.blocks] == ["rich_text"]
    assert_sendable(rendered)


@pytest.mark.parametrize(("place", "mentions"), [("channel", True), ("thread", False), ("direct", False)])
def test_only_the_root_in_a_channel_mentions_the_requester_who_then_follows_it(
    place: Place, mentions: bool
) -> None:
    assert ("<@U0ANA>" in opening(ticket(), place=place).text) is mentions


def estimate(*, place: int = 3, is_working_time: bool = True, is_known: bool = True) -> EstimateView:
    return EstimateView(
        place=place,
        of=max(9, place),
        usual=timedelta(minutes=50) if is_known else None,
        nine_in_ten=timedelta(hours=4) if is_known else None,
        is_working_time=is_working_time,
    )


@pytest.mark.parametrize("place", PLACES)
def test_whoever_raised_it_hears_what_to_expect(place: Place) -> None:
    rendered = opening(ticket(estimate=estimate()), place=place)
    assert ". 3rd of 9 · usually 50 min, 9 in 10 within 4 h (working hours). Write in" in rendered.text
    assert_sendable(rendered)


def test_where_history_says_too_little_only_the_place_is_told() -> None:
    text = opening(ticket(estimate=estimate(is_known=False)), place="thread").text
    assert ". 3rd of 9. Write in" in text
    assert "usually" not in text


def test_wall_clock_time_is_not_called_working_hours() -> None:
    text = opening(ticket(estimate=estimate(is_working_time=False)), place="thread").text
    assert "9 in 10 within 4 h. Write" in text


@pytest.mark.parametrize(
    ("place", "said"), [(1, "1st"), (2, "2nd"), (4, "4th"), (11, "11th"), (21, "21st"), (112, "112th")]
)
def test_places_are_counted_as_people_do(place: int, said: str) -> None:
    assert f" {said} of " in opening(ticket(estimate=estimate(place=place)), place="thread").text


@pytest.mark.parametrize("state", sorted(set(State) - {State.NEW}))
def test_once_somebody_has_it_nothing_is_estimated(state: State) -> None:
    assert "usually" not in opening(replace(in_state(state), estimate=estimate()), place="thread").text


def test_under_a_message_the_title_is_not_repeated() -> None:
    assert "Printer" not in opening(ticket(), place="thread").text
    assert "Printer" in opening(ticket(), place="channel").text


def test_a_person_alone_with_the_bot_is_spoken_to() -> None:
    view = in_state(State.WAITING_REQUESTER)
    assert "your answer" in opening(view, place="direct").text
    assert "an answer from Ana Ruiz" in opening(view, place="channel").text


@pytest.mark.parametrize("state", sorted(ENDED_STATES))
def test_an_ended_ticket_says_what_a_reply_does(state: State) -> None:
    assert "opens a new ticket linked to this one" in opening(ticket(state=state), place="thread").text
    continued = ticket(state=state, continued_by="INC-40")
    assert opening(continued, place="thread").text.endswith("It goes on in INC-40.")


def test_a_ticket_that_continues_another_says_so() -> None:
    assert "It continues INC-3." in opening(ticket(continues="INC-3"), place="thread").text


def test_the_word_tells_the_requester_what_fixed_it_and_until_when_to_reopen() -> None:
    rendered = resolved_word(resolved())
    assert rendered.text.startswith("<@U0ANA>, INC-12")
    assert "Put out the fire and replaced the fuser." in rendered.text
    assert "You can reopen it until <!date^1772701200^" in rendered.text
    assert labels(rendered) == ["Reopen"]
    assert buttons(rendered)[0]["action_id"] == ActionId.REQUESTER_REOPEN
    assert buttons(rendered)[0]["value"] == "INC-12"
    assert_sendable(rendered)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (State.ASSIGNED, "was resolved, and is open again"),
        (State.CLOSED, "is resolved and closed"),
        (State.CANCELLED, "is cancelled"),
    ],
)
def test_the_word_follows_the_ticket_and_offers_no_reopening_then(state: State, said: str) -> None:
    rendered = resolved_word(in_state(state))
    assert said in rendered.text
    assert "<@" not in rendered.text
    assert labels(rendered) == []
    assert_sendable(rendered)


def test_a_resolution_without_words_is_no_empty_quote() -> None:
    rendered = resolved_word(resolved(resolution=None))
    assert "is resolved. Not solved?" in rendered.text
    assert_sendable(rendered)


def test_a_resolved_ticket_that_cannot_be_reopened_offers_nothing() -> None:
    rendered = resolved_word(resolved(possible=()))
    assert "reopen" not in rendered.text
    assert labels(rendered) == []


@pytest.mark.parametrize(
    ("kind", "question"), [(Kind.INCIDENT, "What fixed it?"), (Kind.REQUEST, "What was done?")]
)
def test_after_an_emoji_the_resolver_is_asked_for_words(kind: Kind, question: str) -> None:
    rendered = asked_for_note(resolved(kind=kind, resolution=None, last_event=event(EventKind.RESOLVED, BEN)))
    assert rendered.text.startswith("<@U0BEN>, ")
    assert question in rendered.text
    assert_sendable(rendered)


def test_a_new_direct_message_may_belong_to_an_open_ticket() -> None:
    tickets = [ticket(number=f"INC-{n}") for n in range(1, 7)]
    rendered = choose_for_direct_message("the toner <!channel>", tickets, [IT])
    assert labels(rendered) == ["Add to INC-1", "Add to INC-2", "Add to INC-3", "Add to INC-4", "New ticket"]
    assert [button["value"] for button in buttons(rendered)] == ["INC-1", "INC-2", "INC-3", "INC-4", "it"]
    assert "the toner @channel" in spoken(rendered)
    assert "and 2 more" in rendered.text
    assert_sendable(rendered)


def test_among_several_desks_each_has_its_button() -> None:
    rendered = choose_for_direct_message("hello", [], [IT, HR])
    assert labels(rendered) == ["New for IT Service Desk", "New for People Desk"]
    assert rendered.text == "Which desk is this for?"
    assert_sendable(rendered)


def test_desks_without_a_button_are_reached_by_the_form() -> None:
    desks = [replace(IT, key=f"desk{n}", name=f"Desk {n}") for n in range(1, 7)]
    rendered = choose_for_direct_message("hello", [], desks)
    assert labels(rendered) == [f"New for Desk {n}" for n in range(1, 5)]
    assert rendered.text.endswith("and 2 more desks: /ticket opens a form with all of them.")
    assert_sendable(rendered)
    assert "more desk" not in choose_for_direct_message("hello", [], desks[:4]).text


def test_an_answered_question_quotes_the_message_and_has_no_buttons() -> None:
    rendered = chosen_for_direct_message("the toner <!channel>", "INC-7", is_new=True)
    assert rendered.text == "Raised as INC-7."
    assert "the toner @channel" in spoken(rendered)
    assert buttons(rendered) == []
    assert_sendable(rendered)


def test_handlers_can_match_the_buttons_of_the_choice() -> None:
    for desks in ([], [IT], [IT, HR]):
        ids = [button["action_id"] for button in buttons(choose_for_direct_message("x", [ticket()], desks))]
        assert DIRECT_ADD.fullmatch(ids[0])
        assert all(DIRECT_NEW.fullmatch(action_id) for action_id in ids[1:])
