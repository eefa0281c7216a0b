"""Slack repeats and shuffles; outsiders try everything. Neither changes what the desk has done."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.models import Ticket
from bot.models.vocabulary import Action, Level
from bot.workflows.gestures import AnyGesture
from bot.workflows.outcomes import Ignored, Refusal, Refused
from tests.records.workflows.world import (
    ANA,
    APP,
    BEN,
    BOB,
    DIRECT,
    FORMER,
    GUEST,
    HELP,
    LEA,
    MARIA,
    OUTSIDERS,
    ROOT,
    STRANGER,
    TRIAGE,
    World,
    refused,
    root_of,
)

Make = Callable[[World, str, Ticket], AnyGesture]


def written(
    world: World, who: str, channel: str, thread_ts: str | None, *, is_mention: bool = False
) -> AnyGesture:
    return world.wrote(world.message(who, "Hello", channel, thread_ts=thread_ts), is_mention=is_mention)


def acting(action: Action, **more: object) -> Make:
    return lambda world, who, ticket: world.acted(who, action, ticket.number, **more)


def reacting(emoji: str, *, on_card: bool = False, added: bool = True) -> Make:
    def make(world: World, who: str, ticket: Ticket) -> AnyGesture:
        at = world.card(ticket) if on_card else root_of(ticket)
        return world.reacted(who, at, emoji, added=added)

    return make


ON_A_TICKET: dict[str, Make] = {
    "claim": acting(Action.CLAIM),
    "assign": acting(Action.ASSIGN, assignee_id=LEA),
    "wait": acting(Action.WAIT),
    "resolve": acting(Action.RESOLVE, text="Done"),
    "note": acting(Action.NOTE, text="Hm"),
    "prioritise": acting(Action.PRIORITISE, text="Hm", urgency=Level.HIGH),
    "cancel": acting(Action.CANCEL),
    "👀": reacting("eyes"),
    "👀 on the card": reacting("eyes", on_card=True),
    "✅": reacting("white_check_mark"),
    "⏳": reacting("hourglass"),
    "🚨": reacting("rotating_light"),
    "at the card": lambda world, who, ticket: written(world, who, *world.card(ticket)),
}
"""What agents do to a ticket."""

BY_ANYBODY: dict[str, Make] = {
    "form": lambda world, who, _: world.filed(who, "Help"),
    "shortcut": lambda world, who, _: world.pointed(who, world.message(BOB, "Help")),
    "mention": lambda world, who, _: written(world, who, HELP, None, is_mention=True),
    "in the thread": lambda world, who, ticket: written(world, who, *root_of(ticket)),
}
"""What anybody in the company may do."""

FORBIDDEN_TO_OUTSIDERS = (
    ON_A_TICKET
    | BY_ANYBODY
    | {
        "release": acting(Action.RELEASE),
        "resume": acting(Action.RESUME),
        "reopen": acting(Action.REOPEN),
        "close": acting(Action.CLOSE),
        "direct message": lambda world, who, _: written(world, who, DIRECT[GUEST], None),
        "🎫 on a plain message": lambda world, who, _: world.reacted(who, (HELP, world.ts()), "ticket"),
        "👀 taken away": reacting("eyes", added=False),
    }
)


@pytest.mark.parametrize("name", [*ON_A_TICKET, *BY_ANYBODY])
def test_a_gesture_repeated_three_times_is_one(world: World, name: str) -> None:
    ticket = world.raised()
    world.tick()
    gesture = (ON_A_TICKET | BY_ANYBODY)[name](world, BEN, ticket)
    world.handle(gesture)
    before = world.snapshot()
    for _ in range(3):
        assert world.handle(gesture) == Ignored()
    assert world.snapshot() == before


def test_an_edit_repeated_three_times_is_one(world: World) -> None:
    message = world.message(ANA, "Printer")
    world.raise_on(message)
    world.tick()
    change = world.edited(message, "The printer")
    world.handle(change)
    before = world.snapshot()
    for key in (change.key, change.key + ":again", change.key + ":and again"):
        assert world.handle(change.model_copy(update={"key": key})) == Ignored()
    assert world.snapshot() == before


@pytest.mark.parametrize("emoji", ["eyes", "white_check_mark", "hourglass", "rotating_light"])
def test_an_emoji_repeated_under_other_event_ids_is_one(world: World, emoji: str) -> None:
    ticket = world.raised()
    world.tick()
    on, off = (world.reacted(BEN, root_of(ticket), emoji, added=added) for added in (True, False))
    for gesture in (on, off):
        world.handle(gesture)
        before = world.snapshot()
        for number in range(3):
            world.handle(gesture.model_copy(update={"key": f"{gesture.key}:{number}"}))
        assert world.snapshot() == before


def test_a_refused_emoji_delivered_again_later_changes_nothing(world: World) -> None:
    ticket = world.raised()
    world.act(BEN, Action.CLAIM, ticket.number)
    world.tick()
    too_late = world.reacted(LEA, root_of(ticket), "eyes")
    assert refused(world.handle(too_late)).refusal is Refusal.ALREADY_CLAIMED
    world.act(BEN, Action.RELEASE, ticket.number)
    before = world.snapshot()
    assert world.handle(too_late) == Ignored()
    assert world.snapshot() == before


def test_a_removal_that_meant_nothing_delivered_again_later_changes_nothing(world: World) -> None:
    ticket = world.raised()
    world.react(BEN, root_of(ticket), "eyes")
    world.act(LEA, Action.ASSIGN, ticket.number, assignee_id=LEA)
    world.tick()
    removal = world.reacted(BEN, root_of(ticket), "eyes", added=False)
    world.handle(removal)
    world.act(LEA, Action.ASSIGN, ticket.number, assignee_id=BEN)
    before = world.snapshot()
    assert world.handle(removal) == Ignored()
    assert world.snapshot() == before


def test_a_refusal_by_emoji_is_told_once(world: World) -> None:
    ticket = world.raised()
    reaction = world.reacted(BOB, root_of(ticket), "eyes")
    assert refused(world.handle(reaction)).refusal is Refusal.NOT_AN_AGENT
    for _ in range(2):
        assert world.handle(reaction) == Ignored()


@pytest.mark.parametrize("who", OUTSIDERS)
def test_an_outsider_changes_nothing(world: World, who: str) -> None:
    ticket = world.raised()
    for name, make in FORBIDDEN_TO_OUTSIDERS.items():
        world.tick()
        gesture = make(world, who, ticket)
        before = world.snapshot()
        assert isinstance(world.handle(gesture), Refused | Ignored), name
        assert world.snapshot() == before, name


@pytest.mark.parametrize("who", [ANA, BOB, MARIA, ROOT])
def test_who_is_no_agent_changes_nothing_of_what_agents_do(world: World, who: str) -> None:
    ticket = world.raised("Not theirs", BEN)
    for name, make in ON_A_TICKET.items():
        if (who, name) == (MARIA, "assign"):
            continue  # a manager may: that is what an escalation's Reassign is for
        world.tick()
        gesture = make(world, who, ticket)
        before = world.snapshot()
        assert isinstance(world.handle(gesture), Refused), name
        assert world.snapshot() == before, name


@pytest.mark.parametrize(
    ("who", "why"),
    [
        (GUEST, Refusal.GUEST),
        (STRANGER, Refusal.STRANGER),
        (APP, Refusal.APP),
        (FORMER, Refusal.DEACTIVATED),
        (BOB, Refusal.NOT_AN_AGENT),
        (ANA, Refusal.NOT_AN_AGENT),
        (MARIA, Refusal.NOT_AN_AGENT),
        (ROOT, Refusal.NOT_AN_AGENT),
    ],
)
def test_who_is_no_agent_is_told_why(world: World, who: str, why: Refusal) -> None:
    ticket = world.raised()
    for name in ("claim", "👀", "👀 on the card", "✅", "⏳", "🚨"):
        world.tick()
        assert refused(world.handle(ON_A_TICKET[name](world, who, ticket))).refusal is why, name


def test_an_agent_of_one_desk_is_nobody_at_another(world: World) -> None:
    world.add_second_desk(agents=(LEA,))
    ticket = world.raise_on(world.message(ANA, "Holiday", "CHR"))
    assert refused(world.act(BEN, Action.CLAIM, ticket.number)).refusal is Refusal.NOT_AN_AGENT


def test_an_agent_who_left_the_company_is_no_agent(world: World) -> None:
    ticket = world.raised()
    world.act(BEN, Action.CLAIM, ticket.number)
    world.deactivate(BEN)
    assert refused(world.act(BEN, Action.RESOLVE, ticket.number)).refusal is Refusal.DEACTIVATED


def test_writing_in_the_triage_channel_outside_of_cards_means_nothing(world: World) -> None:
    before = world.snapshot()
    assert world.say(BEN, "Lunch?", TRIAGE) == Ignored()
    assert world.snapshot() == before
