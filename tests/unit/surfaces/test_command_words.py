"""What follows `/ticket` is either surely a command, or a description."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models.vocabulary import Action, State
from bot.surfaces.commands import (
    COMMANDS,
    Act,
    AskAbsence,
    Away,
    Back,
    Command,
    CommandWord,
    Handle,
    Help,
    ListMine,
    Mistyped,
    PersonId,
    Queue,
    Raise,
    Show,
    Unassigned,
    parse_command,
    person_in,
    ticket_number,
    waiting_for,
)

COMMANDS_TYPED: list[tuple[str, Command]] = [
    ("", Raise("")),
    ("  \n ", Raise("")),
    ("printer on floor 3 is on fire", Raise("printer on floor 3 is on fire")),
    ("help", Help()),
    ("HELP", Help()),
    ("?", Help()),
    ("help claim", Help()),
    ("list", ListMine()),
    ("list 2", ListMine(2)),
    ("list 0", ListMine(1)),
    ("queue", Queue()),
    ("Queue 3", Queue(3)),
    ("unassigned 2", Unassigned(2)),
    ("INC-12", Show("INC-12")),
    ("inc-12", Show("INC-12")),
    ("inc12", Show("INC-12")),
    ("REQ-007", Show("REQ-7")),
    ("INC-12.", Show("INC-12")),
    ("show req-3", Show("REQ-3")),
    ("claim INC-12", Act(Action.CLAIM, "INC-12")),
    ("Claim  inc-12 ", Act(Action.CLAIM, "INC-12")),
    ("release INC-12", Act(Action.RELEASE, "INC-12")),
    ("assign INC-12 <@U0LEA|lea>", Act(Action.ASSIGN, "INC-12", "<@U0LEA|lea>")),
    ("wait INC-12", Act(Action.WAIT, "INC-12")),
    ("waiting INC-12 supplier", Act(Action.WAIT, "INC-12", "supplier")),
    ("resume INC-12", Act(Action.RESUME, "INC-12")),
    ("resolve INC-12 replaced the\ncable", Act(Action.RESOLVE, "INC-12", "replaced the\ncable")),
    ("reopen INC-12", Act(Action.REOPEN, "INC-12")),
    ("close INC-12", Act(Action.CLOSE, "INC-12")),
    ("cancel INC-12", Act(Action.CANCEL, "INC-12")),
    ("note INC-12: called them", Act(Action.NOTE, "INC-12", "called them")),
    ("priority INC-12", Act(Action.PRIORITISE, "INC-12")),
    ("away", AskAbsence()),
    ("AWAY", AskAbsence()),
    ("away today", Away("today")),
    ("away until Monday", Away("until Monday")),
    ("Away until Monday 9:00 ", Away("until Monday 9:00")),
    ("away until 2026-12-01", Away("until 2026-12-01")),
    ("away for 3d", Away("for 3d")),
    ("away until Monday cover <@U0LEA|lea>", Away("until Monday", PersonId("U0LEA"))),
    ("away until Monday, covered by <@U0LEA>", Away("until Monday", PersonId("U0LEA"))),
    ("away for 2h cover: @lea.", Away("for 2h", Handle("lea"))),
    ("away today cover lea", Away("today", Handle("lea"))),
    ("away today cover @Lea Brandt", Away("today", Handle("Lea Brandt"))),
    ("away until Mondey", Away("until Mondey")),
    ("away until 2026-13-40", Away("until 2026-13-40")),
    ("away until further notice", Away("until further notice")),
    ("back", Back()),
    ("help away", Help()),
]

DESCRIPTIONS = [
    "close the door is stuck",
    "note to self does not sync",
    "help my screen is black",
    "list of printers is empty",
    "queue at the printer is long",
    "queue 2 is stuck",
    "claim 12 laptops from the store",
    "INC-12 is broken again",
    "see INC-12, it is back",
    "printer",
    "vpn",
    "12 new laptops please",
    "&lt;script&gt; does not load",
    "away from keyboard light broken",
    "away message does not send",
    "away until the printer is fixed it says",
    "away for maintenance sign is broken",
    "away until Monday cover is missing on my desk",
    "back button does not work",
    "back up the server",
    "pack",
    "black",
]

MISTYPED: list[tuple[str, Mistyped]] = [
    ("hlep", Mistyped("hlep", "help")),
    ("unasigned", Mistyped("unasigned", "unassigned")),
    ("qeue", Mistyped("qeue", "queue")),
    ("claim", Mistyped("claim", "claim INC-12")),
    ("reslove", Mistyped("reslove", "resolve INC-12")),
    ("clam INC-7", Mistyped("clam", "claim INC-7", "INC-7")),
    ("INC-7 claim", Mistyped("INC-7 claim", "claim INC-7", "INC-7")),
    ("12", Mistyped("12", "INC-12")),
    ("#12", Mistyped("#12", "INC-12")),
    ("inc 12", Mistyped("inc 12", "INC-12")),
    ("claim 12", Mistyped("12", "claim INC-12")),
    ("claim req #12", Mistyped("req #12", "claim REQ-12")),
    ("away Monday", Mistyped("away Monday", "away until Monday")),
    ("away cover @lea", Mistyped("away cover @lea", "away until Monday cover @lea")),
]


@pytest.mark.parametrize(("text", "command"), COMMANDS_TYPED)
def test_a_command_is_understood(text: str, command: Command) -> None:
    assert parse_command(text) == command


@pytest.mark.parametrize("text", DESCRIPTIONS)
def test_whatever_is_not_surely_a_command_is_a_description(text: str) -> None:
    assert parse_command(text) == Raise(text)


@pytest.mark.parametrize(("text", "mistyped"), MISTYPED)
def test_a_slip_is_answered_with_what_was_probably_meant(text: str, mistyped: Mistyped) -> None:
    assert parse_command(text) == mistyped


@pytest.mark.parametrize("suggestion", [mistyped.suggestion for _, mistyped in MISTYPED])
def test_what_is_suggested_is_understood_when_it_is_typed(suggestion: str) -> None:
    assert not isinstance(parse_command(suggestion), Mistyped | Raise)


@pytest.mark.parametrize(
    "command", COMMANDS, ids=lambda command: f"{command.word} {command.argument}".strip()
)
def test_what_the_help_shows_can_be_typed(command: CommandWord) -> None:
    parsed = parse_command(f"{command.word} {command.argument}")
    assert not isinstance(parsed, Mistyped)
    assert isinstance(parsed, Raise) == (command.action is Action.RAISE)
    if isinstance(parsed, Act):
        assert parsed.action is command.action


@given(st.text(max_size=200))
def test_every_text_means_something(text: str) -> None:
    parsed = parse_command(text)
    assert not isinstance(parsed, Queue | ListMine | Unassigned) or parsed.page >= 1


@pytest.mark.parametrize("word", ["INC-0", "INC-", "INC-1234567890", "ABC-1", "INC-12x", "INC-１２"])
def test_what_is_no_ticket_number_is_none(word: str) -> None:
    assert ticket_number(word) is None


@pytest.mark.parametrize(
    ("rest", "state"),
    [
        ("", State.WAITING_REQUESTER),
        ("requester", State.WAITING_REQUESTER),
        ("for the supplier", State.WAITING_SUPPLIER),
        ("Vendor", State.WAITING_SUPPLIER),
        ("christmas", None),
    ],
)
def test_for_whom_a_ticket_waits_is_read(rest: str, state: State | None) -> None:
    assert waiting_for(rest) is state


@pytest.mark.parametrize(
    ("rest", "person"),
    [
        ("<@U0LEA|lea>", PersonId("U0LEA")),
        ("<@W0LEA>", PersonId("W0LEA")),
        ("to <@U0LEA|lea> please", PersonId("U0LEA")),
        ("@lea", Handle("lea")),
        ("Lea Brandt", Handle("Lea Brandt")),
        ("@", None),
        ("", None),
    ],
)
def test_whom_an_assignment_names_is_read(rest: str, person: PersonId | Handle | None) -> None:
    assert person_in(rest) == person
