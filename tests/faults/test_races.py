"""Two replicas, and two people who do the same in the same millisecond: one wins, the other is told once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import select

from bot.models import Ticket, TimelineEvent
from sandbox.seen import SeenMessage
from tests.faults.chaos.load import HELP, TRIAGE
from tests.faults.chaos.runs import Desk, running_desk

RACERS: Final = ("ben", "lea")
QUIET: Final = """
desks:
  it:
    name: IT Service Desk
    request_channels: ["#it-help"]
    triage_channel: "#it-triage"
    agents: {members_of: "#it-triage"}
    leads: ["@lea"]
"""
PATIENCE: Final = 60.0


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with running_desk(database_url, tmp_path, replicas=2, desk_yaml=QUIET) as desk:
        desk.start()
        desk.client.wait_until(lambda: desk.client.sockets() == 2, timeout=30, message="two sockets")
        yield desk


@pytest.mark.parametrize("database_kind", ["postgresql"])
@pytest.mark.parametrize("rounds", [4, pytest.param(250, marks=pytest.mark.soak)])
def test_of_two_who_claim_in_the_same_millisecond_one_wins_and_the_other_is_told_once(
    desk: Desk, rounds: int
) -> None:
    for number in range(rounds):
        card = raised(desk, number)
        by_emoji = number % 2 == 0
        at_once([claiming(desk, who, card, by_emoji=by_emoji) for who in RACERS])
        until(desk, partial(told, desk, card), "a word to the loser")
        assert len(claims(desk, card)) == 1
        assert not set(told(desk, card)) & set(claims(desk, card))
    assert [str(breach) for breach in desk.calm_down()] == []
    assert all(len(told(desk, card)) == 1 for card in desk.client.messages(TRIAGE) if card.app_id)


@pytest.mark.parametrize("database_kind", ["postgresql"])
@pytest.mark.parametrize("rounds", [3, pytest.param(250, marks=pytest.mark.soak)])
def test_a_claim_and_a_cancellation_in_the_same_millisecond_end_in_one_of_both_orders(
    desk: Desk, rounds: int
) -> None:
    for number in range(rounds):
        card = raised(desk, number)
        at_once([claiming(desk, "ben", card, by_emoji=False), pressing(desk, "lea", card, "Cancel")])
        until(desk, partial(is_cancelled, desk, card), "the cancellation")
        assert kinds(desk, card) in (["raised", "claimed", "cancelled"], ["raised", "cancelled"])
    assert [str(breach) for breach in desk.calm_down()] == []


def until(desk: Desk, look: Callable[[], object], message: str) -> None:
    desk.client.wait_until(look, timeout=PATIENCE, message=message)


def is_cancelled(desk: Desk, card: SeenMessage) -> bool:
    return "cancelled" in kinds(desk, card)


def raised(desk: Desk, number: int) -> SeenMessage:
    """The card of a new ticket that both know."""
    text = f"trouble {number}."
    assert desk.client.command("ana", HELP, "/ticket", text).acked
    assert desk.client.submit("ana", {}).acked

    def card() -> SeenMessage | None:
        return next((each for each in desk.client.messages(TRIAGE) if text in each.text), None)

    found = desk.client.wait_until(card, timeout=PATIENCE, message="the card")
    assert found is not None
    return found


def claiming(desk: Desk, who: str, card: SeenMessage, *, by_emoji: bool) -> Callable[[], object]:
    if not by_emoji:
        return pressing(desk, who, card, "Claim")
    return partial(desk.server.client().react, who, TRIAGE, card.ts, "eyes")


def pressing(desk: Desk, who: str, card: SeenMessage, label: str) -> Callable[[], object]:
    return partial(desk.server.client().click, who, TRIAGE, card.ts, label)


def at_once(gestures: list[Callable[[], object]]) -> None:
    barrier = threading.Barrier(len(gestures))

    def make(gesture: Callable[[], object]) -> None:
        barrier.wait(30)
        gesture()

    threads = [threading.Thread(target=make, args=(gesture,)) for gesture in gestures]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


def number_of(card: SeenMessage) -> str:
    return card.text.split("INC-")[1].split()[0].strip(".:*")


def events(desk: Desk, card: SeenMessage) -> list[TimelineEvent]:
    of_ticket = (
        select(TimelineEvent)
        .join(Ticket, Ticket.id == TimelineEvent.ticket_id)
        .where(Ticket.number == f"INC-{number_of(card)}")
    )
    with desk.store.read() as session:
        return list(session.scalars(of_ticket.order_by(TimelineEvent.seq)))


def kinds(desk: Desk, card: SeenMessage) -> list[str]:
    return [event.kind.value for event in events(desk, card)]


def claims(desk: Desk, card: SeenMessage) -> list[str]:
    """Who claimed it, as ids."""
    return [event.actor_id or "" for event in events(desk, card) if event.kind.value == "claimed"]


def told(desk: Desk, card: SeenMessage) -> list[str]:
    """Who was told that somebody else has it, as ids; more than once if told more than once."""
    number = f"INC-{number_of(card)}"
    return [
        desk.client.user_id(who)
        for who in RACERS
        for word in desk.client.ephemerals(who)
        if number in word.text.replace("*", "").replace(".", " ").replace(",", " ").split()
    ]
