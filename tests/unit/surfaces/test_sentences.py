"""What things are called, and what is said when something cannot be done."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models.vocabulary import Action, EventKind, State
from bot.surfaces.sentences import Answer, event_sentence, possible_words, refusal, state_words
from bot.workflows.outcomes import Refusal
from bot.workflows.reading import EventView, PersonView
from tests.unit.surfaces.builders import ANA, BEN, event

HAPPENED = [
    (event(EventKind.RAISED, ANA), "Ana Ruiz raised it"),
    (event(EventKind.CLAIMED, BEN), "Ben Okafor claimed it"),
    (
        event(EventKind.ASSIGNED, BEN, to="U0LEA", to_name="Lea Brandt"),
        "Ben Okafor assigned it to Lea Brandt",
    ),
    (event(EventKind.ASSIGNED, BEN), "Ben Okafor assigned it to somebody else"),
    (event(EventKind.WAITED, BEN, to="waiting_supplier"), "Ben Okafor is waiting for a supplier"),
    (event(EventKind.RESUMED, None), "It goes on after an answer"),
    (event(EventKind.CLOSED, None), "It closed by itself"),
    (event(EventKind.CLOSED, BEN), "Ben Okafor closed it"),
    (
        event(EventKind.PRIORITISED, BEN, **{"from": "P3", "to": "P1"}),
        "Ben Okafor changed the priority from P3 to P1",
    ),
    (event(EventKind.PRIORITISED, BEN), "Ben Okafor changed the priority"),
    (event(EventKind.UNDONE, BEN, undone="resolved"), "Ben Okafor took back the resolution"),
    (event(EventKind.CONTINUED, ANA, by="INC-40"), "It goes on in INC-40"),
    (event(EventKind.WARNED, None, clock="respond", point="50%"), "Half of the time to respond was used"),
    (event(EventKind.WARNED, None, clock="resolve", percent="80"), "80% of the time to resolve was used"),
    (event(EventKind.BREACHED, None, clock="update", point="breach"), "The time to the next update was over"),
    (
        event(EventKind.ESCALATED, None, clock="resolve", point="breach+3600>1", to="managers"),
        "It was escalated to the managers: 1 h past the resolve target",
    ),
    (
        event(EventKind.ESCALATED, None, clock="resolve", point="breach>0", to="['assignee', 'leads']"),
        "It was escalated to the assignee and the leads: the time to resolve was over",
    ),
    (event(EventKind.ESCALATED, None, to_name="Lea Brandt"), "It was escalated to Lea Brandt"),
    (event(EventKind.ACKNOWLEDGED, BEN), "Ben Okafor acknowledged the escalation"),
]


@pytest.mark.parametrize(("happened", "sentence"), HAPPENED)
def test_an_event_is_one_sentence(happened: EventView, sentence: str) -> None:
    assert event_sentence(happened) == sentence


@pytest.mark.parametrize("kind", list(EventKind))
@pytest.mark.parametrize("actor", [BEN, None])
def test_every_event_has_a_sentence_and_shows_no_text_of_a_note(
    kind: EventKind, actor: PersonView | None
) -> None:
    happened = event(kind, actor, text="the password is hunter2")
    assert event_sentence(happened)
    assert "hunter2" not in event_sentence(happened)


@pytest.mark.parametrize("kind", [*Refusal, *Answer])
def test_every_refusal_is_a_whole_sentence_with_and_without_data(kind: Refusal | Answer) -> None:
    data = {"number": "INC-12", "by": "Ben", "who": "Lea", "desk": "IT", "state": "closed", "action": "claim"}
    for sentence in (refusal(kind), refusal(kind, **data)):
        assert sentence[0].isupper()
        assert sentence.endswith((".", "?"))
        assert "{" not in sentence
        assert "!" not in sentence


def test_who_cannot_take_a_ticket_over_is_told_what_can_be_done() -> None:
    said = refusal(Refusal.TAKER_IS_NO_AGENT, number="INC-12", desk="IT Service Desk")
    assert said.startswith("Only an agent of IT Service Desk can have INC-12")
    assert "“Reassign”" in said


def test_a_refusal_says_what_the_state_is_and_what_is_possible() -> None:
    possible = possible_words([Action.REOPEN, Action.CLOSE, Action.NOTE])
    said = refusal(
        Refusal.NOT_IN_THIS_STATE, number="INC-12", state="resolved", action="claim", possible=possible
    )
    assert (
        said == "INC-12 is resolved, so you cannot claim it now. You can reopen it, close it or add a note."
    )


def test_a_state_may_be_given_as_its_value_or_in_words() -> None:
    words = state_words(State.WAITING_SUPPLIER)
    assert refusal(Refusal.NOT_IN_THIS_STATE, state="waiting_supplier") == refusal(
        Refusal.NOT_IN_THIS_STATE, state=words
    )


@given(st.sampled_from([*Refusal, *Answer]), st.text())
def test_no_name_makes_a_refusal_dangerous(kind: Refusal | Answer, name: str) -> None:
    sentence = refusal(kind, by=name, who=name, number=name, desk=name, word=name, action=name, state=name)
    assert not set(sentence) & set("<>\n\u202e")


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        ([], ""),
        ([Action.CLAIM], "claim it"),
        ([Action.CLAIM, Action.SHOW, Action.NOTE], "claim it or add a note"),
    ],
)
def test_what_is_possible_ends_a_sentence(actions: list[Action], words: str) -> None:
    assert possible_words(actions) == words
