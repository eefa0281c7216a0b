"""Who may put which emoji where: the reviewed table `tests/places.csv` against what the desk does."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from sqlalchemy import delete

from bot.models import Inbox
from bot.models.vocabulary import Action
from bot.workflows.gestures import ReplyTo
from bot.workflows.outcomes import Done, Refused
from tests.records.workflows.world import (
    ANA,
    APP,
    BEN,
    BOB,
    DIRECT,
    ELSEWHERE,
    FORMER,
    GUEST,
    HELP,
    LEA,
    MARIA,
    RANDOM,
    ROOT,
    STRANGER,
    TRIAGE,
    World,
)

TABLE = Path(__file__).parent.parent.parent / "places.csv"
PEOPLE = {
    "member": BOB,
    "requester": ANA,
    "agent": BEN,
    "lead": LEA,
    "manager": MARIA,
    "administrator": ROOT,
    "guest": GUEST,
    "stranger": STRANGER,
    "app": APP,
    "deactivated": FORMER,
}
PLACES = {
    "request": HELP,
    "triage": TRIAGE,
    "foreign": RANDOM,
    "not_joined": ELSEWHERE,
    "direct": DIRECT[ANA],
    "group_direct": "GMANY",
    "unheard_of": "CNOBODY",
}


def raises(world: World, person: str, channel: str) -> bool:
    """Whether the raise emoji of this person makes a ticket of a message there, with its text at hand."""
    message = world.message(ANA, "The printer is on fire", channel)
    before = len(world.tickets())
    world.react(person, (channel, message.ts), "ticket")
    if "waiting" in world.inbox_states():
        world.supply(message)
    with world.store.write() as session:
        session.execute(delete(Inbox))  # an undecidable gesture must not stand before the next one
    return len(world.tickets()) > before


def test_the_raise_emoji_works_where_and_for_whom_the_table_says_and_nowhere_else(world: World) -> None:
    with TABLE.open(encoding="utf-8", newline="") as file:
        reviewed = {row.pop("who"): row for row in csv.DictReader(file)}
    seen = {
        who: {
            place: "allow" if raises(world, person, channel) else "deny" for place, channel in PLACES.items()
        }
        for who, person in PEOPLE.items()
    }
    assert seen == reviewed


@pytest.mark.parametrize("where", [HELP, RANDOM, ELSEWHERE, DIRECT[ANA], None])
def test_a_button_counts_by_who_presses_it_wherever_it_was_copied_to(world: World, where: str | None) -> None:
    ticket = world.raised()
    for who, person in PEOPLE.items():
        outcome = world.act(person, Action.CLAIM, ticket.number, reply_to=ReplyTo(channel=where))
        assert isinstance(outcome, Done) == (who in ("agent", "lead")), who
        if isinstance(outcome, Done):
            world.act(LEA, Action.RELEASE, ticket.number)
        else:
            assert isinstance(outcome, Refused)


def test_agents_of_another_desk_may_not_work_on_this_desks_ticket(world: World) -> None:
    world.add_second_desk(agents=(BOB,))
    ticket = world.raised()
    for action in (
        Action.CLAIM,
        Action.WAIT,
        Action.RESOLVE,
        Action.CANCEL,
        Action.NOTE,
        Action.MAKE_PRIVATE,
    ):
        assert isinstance(world.act(BOB, action, ticket.number, text="Mine"), Refused), action
    assert world.kinds(world.ticket(ticket.number)) == ["raised"]
