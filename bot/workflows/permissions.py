"""The permission table: role × action × state. What is not written here is denied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.models.vocabulary import ENDED_STATES, OPEN_STATES, OUTSIDERS, WAITING_STATES, Action, Role, State
from bot.workflows.outcomes import Refusal, Refused

ANY = frozenset(State)
OPEN = frozenset(OPEN_STATES)
RESOLVED = frozenset({State.RESOLVED})
LIVE = OPEN | RESOLVED
ENDED = frozenset(ENDED_STATES)
NOT_IN_A_STATE: frozenset[State] = frozenset()
"""For actions without a ticket (raise, queue): holding the role is enough."""

DESK = (Role.AGENT, Role.LEAD)
OVERSIGHT = (Role.MANAGER, Role.ADMINISTRATOR)

Grant = Mapping[Role, frozenset[State]]


def _grant(roles: Iterable[Role], states: frozenset[State]) -> dict[Role, frozenset[State]]:
    return dict.fromkeys(roles, states)


PERMISSIONS: Mapping[Action, Grant] = {
    Action.RAISE: _grant((Role.MEMBER,), NOT_IN_A_STATE),
    Action.QUEUE: _grant((*DESK, *OVERSIGHT), NOT_IN_A_STATE),
    Action.SHOW: _grant((Role.REQUESTER, *DESK, *OVERSIGHT), ANY),
    Action.CLAIM: _grant(DESK, OPEN),
    Action.RELEASE: _grant((Role.ASSIGNEE, Role.LEAD), OPEN),
    Action.ASSIGN: _grant((*DESK, Role.MANAGER), OPEN),
    Action.WAIT: _grant(DESK, OPEN),
    Action.RESUME: _grant((*DESK, Role.SYSTEM), frozenset(WAITING_STATES)),
    Action.RESOLVE: _grant(DESK, OPEN),
    Action.REOPEN: _grant((Role.REQUESTER, *DESK), RESOLVED),
    Action.CLOSE: _grant((*DESK, Role.SYSTEM), RESOLVED),
    Action.CANCEL: _grant((Role.REQUESTER, *DESK), OPEN),
    Action.NOTE: _grant(DESK, ANY),
    Action.COMMENT: _grant((Role.MEMBER,), ANY),
    Action.SPEAK: _grant(DESK, ANY),
    Action.PRIORITISE: _grant(DESK, OPEN),
    Action.UNDO: _grant(DESK, LIVE),
    Action.ACKNOWLEDGE: _grant((*DESK, *OVERSIGHT), OPEN),
    Action.ABSENT: _grant(DESK, NOT_IN_A_STATE),
    Action.REPORT: _grant((*DESK, *OVERSIGHT), NOT_IN_A_STATE),
    Action.READ: _grant((Role.REQUESTER, *DESK), ANY),
    Action.MAKE_PRIVATE: _grant((Role.REQUESTER, *DESK), ANY),
    Action.MAKE_PUBLIC: _grant(DESK, ANY),
    Action.UNPARK: _grant((Role.ADMINISTRATOR,), NOT_IN_A_STATE),
}

OUTSIDER_REFUSALS = {
    Role.GUEST: Refusal.GUEST,
    Role.STRANGER: Refusal.STRANGER,
    Role.APP: Refusal.APP,
    Role.DEACTIVATED: Refusal.DEACTIVATED,
    Role.UNKNOWN: Refusal.UNKNOWN_PERSON,
}


OVERVIEW_REFUSALS = {Action.QUEUE: Refusal.NO_QUEUE, Action.REPORT: Refusal.NO_REPORT}
"""What concerns no ticket that the sentence could name."""


def is_allowed(action: Action, roles: Iterable[Role], state: State | None) -> bool:
    """Whether somebody in these roles may do this to a ticket in this state (None: no ticket is involved)."""
    held = frozenset(roles)
    if held & OUTSIDERS:
        return False
    grants = PERMISSIONS.get(action, {})
    return any(role in grants and (state is None or state in grants[role]) for role in held)


def require(action: Action, roles: Iterable[Role], state: State | None) -> None:
    """Raises Refused with the reason unless `is_allowed`."""
    held = frozenset(roles)
    if is_allowed(action, held, state):
        return
    for role, refusal in OUTSIDER_REFUSALS.items():
        if role in held:
            raise Refused(refusal)
    grants = PERMISSIONS.get(action, {})
    if held & grants.keys() and state is not None:
        raise Refused(Refusal.NOT_IN_THIS_STATE, action=action.value, state=state.value)
    if Role.AGENT in held and Role.LEAD in grants:
        raise Refused(Refusal.NEEDS_A_LEAD)
    if action in OVERVIEW_REFUSALS:
        raise Refused(OVERVIEW_REFUSALS[action])
    raise Refused(Refusal.NOT_AN_AGENT if Role.AGENT in grants else Refusal.NOT_YOURS)


def require_sight(roles: Iterable[Role], state: State, *, number: str, is_private: bool) -> None:
    """Raises Refused(NO_SUCH_TICKET) where somebody may not even know that there is this private ticket."""
    if is_private and not is_allowed(Action.SHOW, roles, state):
        raise Refused(Refusal.NO_SUCH_TICKET, number=number)


def possible_actions(state: State, *, is_assigned: bool) -> tuple[Action, ...]:
    """What a state allows to the desk, in the order of the card's buttons."""
    order = (
        Action.CLAIM,
        Action.RELEASE,
        Action.ASSIGN,
        Action.WAIT,
        Action.RESOLVE,
        Action.REOPEN,
        Action.CLOSE,
        Action.NOTE,
        Action.PRIORITISE,
        Action.CANCEL,
    )
    hidden = {Action.CLAIM} if is_assigned else {Action.RELEASE}
    if state is State.WAITING_REQUESTER:
        hidden |= {Action.WAIT}
    return tuple(a for a in order if a not in hidden and is_allowed(a, (Role.LEAD, Role.ASSIGNEE), state))
