"""Who may do what: the reviewed table `tests/permissions.csv` against the one that the desk uses."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models.vocabulary import OUTSIDERS, Action, Role, State
from bot.workflows.outcomes import Refusal, Refused
from bot.workflows.permissions import is_allowed, possible_actions, require

TABLE = Path(__file__).parent.parent / "permissions.csv"
WITHOUT_TICKET = (Action.RAISE, Action.QUEUE, Action.ABSENT, Action.REPORT, Action.UNPARK)
WORDS = {"allow": True, "deny": False}


def reviewed() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ROWS = reviewed()
GRANTS = {
    (Action(row["action"]), Role(row["role"]), state): WORDS[row[state.value]]
    for row in ROWS
    for state in State
}


def granted(action: Action, roles: Iterable[Role], state: State) -> bool:
    """What the reviewed table says of somebody who holds several roles."""
    held = frozenset(roles)
    return not held & OUTSIDERS and any(GRANTS[action, role, state] for role in held)


def test_the_table_has_each_action_and_role_exactly_once() -> None:
    written = [(row["action"], row["role"]) for row in ROWS]
    assert sorted(written) == sorted((action.value, role.value) for action in Action for role in Role)


def test_the_table_names_every_state() -> None:
    assert set(ROWS[0]) == {"action", "role", *(state.value for state in State)}


@pytest.mark.parametrize("action", list(Action))
def test_the_desk_allows_what_the_table_allows_and_nothing_else(action: Action) -> None:
    for role in Role:
        for state in State:
            asked = None if action in WITHOUT_TICKET else state
            assert is_allowed(action, [role], asked) == GRANTS[action, role, state], (role, state)


@pytest.mark.parametrize("action", WITHOUT_TICKET)
def test_what_needs_no_ticket_depends_on_no_state(action: Action) -> None:
    for role in Role:
        assert len({GRANTS[action, role, state] for state in State}) == 1


@given(
    action=st.sampled_from([action for action in Action if action not in WITHOUT_TICKET]),
    roles=st.frozensets(st.sampled_from(Role)),
    state=st.sampled_from(State),
)
def test_several_roles_give_what_each_gives(action: Action, roles: frozenset[Role], state: State) -> None:
    assert is_allowed(action, roles, state) == granted(action, roles, state)


@given(
    action=st.sampled_from(Action),
    outsider=st.sampled_from(sorted(OUTSIDERS)),
    others=st.frozensets(st.sampled_from(Role)),
    state=st.one_of(st.none(), st.sampled_from(State)),
)
def test_an_outsider_may_do_nothing_whatever_else_they_are(
    action: Action, outsider: Role, others: frozenset[Role], state: State | None
) -> None:
    assert not is_allowed(action, others | {outsider}, state)


@given(action=st.sampled_from(Action), state=st.one_of(st.none(), st.sampled_from(State)))
def test_nobody_in_particular_may_do_nothing(action: Action, state: State | None) -> None:
    assert not is_allowed(action, [], state)


@given(
    action=st.sampled_from(Action),
    roles=st.frozensets(st.sampled_from(Role)),
    state=st.one_of(st.none(), st.sampled_from(State)),
)
def test_whoever_may_not_is_refused_and_whoever_may_is_not(
    action: Action, roles: frozenset[Role], state: State | None
) -> None:
    try:
        require(action, roles, state)
    except Refused:
        assert not is_allowed(action, roles, state)
    else:
        assert is_allowed(action, roles, state)


@pytest.mark.parametrize(
    ("action", "roles", "state", "refusal"),
    [
        (Action.CLAIM, {Role.MEMBER}, State.NEW, Refusal.NOT_AN_AGENT),
        (Action.CLAIM, {Role.GUEST}, State.NEW, Refusal.GUEST),
        (Action.CLAIM, {Role.STRANGER}, State.NEW, Refusal.STRANGER),
        (Action.CLAIM, {Role.APP}, State.NEW, Refusal.APP),
        (Action.CLAIM, {Role.DEACTIVATED}, State.NEW, Refusal.DEACTIVATED),
        (Action.CLAIM, {Role.UNKNOWN}, State.NEW, Refusal.UNKNOWN_PERSON),
        (Action.CLAIM, {Role.MEMBER, Role.AGENT}, State.CLOSED, Refusal.NOT_IN_THIS_STATE),
        (Action.RELEASE, {Role.MEMBER, Role.AGENT}, State.ASSIGNED, Refusal.NEEDS_A_LEAD),
        (Action.RESOLVE, {Role.MEMBER, Role.REQUESTER}, State.ASSIGNED, Refusal.NOT_AN_AGENT),
        (Action.REOPEN, {Role.MEMBER, Role.REQUESTER}, State.CLOSED, Refusal.NOT_IN_THIS_STATE),
    ],
)
def test_a_refusal_says_what_stands_in_the_way(
    action: Action, roles: set[Role], state: State, refusal: Refusal
) -> None:
    with pytest.raises(Refused) as refused:
        require(action, roles, state)
    assert refused.value.refusal is refusal


# --- what the card offers ---


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("is_assigned", [True, False])
def test_the_card_offers_only_what_the_table_allows_to_the_desk(state: State, is_assigned: bool) -> None:
    for action in possible_actions(state, is_assigned=is_assigned):
        assert granted(action, [Role.AGENT, Role.LEAD, Role.ASSIGNEE], state)


@pytest.mark.parametrize("state", list(State))
def test_a_ticket_is_either_claimed_or_released_never_both(state: State) -> None:
    assert Action.CLAIM not in possible_actions(state, is_assigned=True)
    assert Action.RELEASE not in possible_actions(state, is_assigned=False)


@pytest.mark.parametrize("state", [State.CLOSED, State.CANCELLED])
def test_an_ended_ticket_offers_a_note_at_most(state: State) -> None:
    assert set(possible_actions(state, is_assigned=True)) <= {Action.NOTE}


def test_a_resolved_ticket_offers_to_reopen_and_to_close_and_a_new_one_does_not() -> None:
    assert {Action.REOPEN, Action.CLOSE} <= set(possible_actions(State.RESOLVED, is_assigned=True))
    assert not {Action.REOPEN, Action.CLOSE} & set(possible_actions(State.NEW, is_assigned=False))
