"""The emoji on a message against what is remembered: what the sweep takes for news."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.handlers.sweep import Look, missed_reactions
from bot.models import Reaction
from bot.workflows.desks import Desks
from bot.workflows.watching import Known, Stretch
from tests.records.workflows.world import DESK, HELP

BOT = "UBOT"
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TS = "1772445600.000100"
LONG_AGO = NOW - timedelta(hours=1)


def look(
    *, is_ticketed: bool = False, remembered: dict[tuple[str, str], tuple[bool, datetime]] | None = None
) -> Look:
    reactions = {
        (TS, person, emoji): Reaction(
            channel=HELP,
            ts=TS,
            person_id=person,
            emoji=emoji,
            event_ts=f"{at.timestamp():.6f}",
            is_present=is_present,
        )
        for (person, emoji), (is_present, at) in (remembered or {}).items()
    }
    known = Known(reactions=reactions, ticketed=frozenset({TS} if is_ticketed else ()))
    stretch = Stretch(HELP, "", LONG_AGO, True, NOW)
    return Look(stretch, Desks((DESK,)), known, NOW)


def message(**emoji: list[str]) -> dict[str, Any]:
    reactions = [{"name": name, "users": users, "count": len(users)} for name, users in emoji.items()]
    return {"ts": TS, "user": "UANA", "reactions": reactions}


def found(seen: Look, said: dict[str, Any]) -> list[tuple[str, str, bool]]:
    return [(each.person_id, each.emoji, each.added) for each in missed_reactions(seen, said, BOT)]


def test_an_emoji_that_nobody_told_of_is_news() -> None:
    assert found(look(), message(ticket=["UANA"])) == [("UANA", "ticket", True)]
    assert found(look(is_ticketed=True), message(eyes=["UBEN"])) == [("UBEN", "eyes", True)]


def test_an_emoji_that_is_remembered_is_not_also_when_it_was_refused() -> None:
    known = {("UBEN", "eyes"): (True, LONG_AGO)}
    assert found(look(is_ticketed=True, remembered=known), message(eyes=["UBEN"])) == []


def test_an_emoji_that_was_taken_away_is_taken_back() -> None:
    known = {("UBEN", "eyes"): (True, LONG_AGO)}
    assert found(look(is_ticketed=True, remembered=known), message()) == [("UBEN", "eyes", False)]


def test_of_the_emoji_on_a_deleted_message_nothing_is_taken_back() -> None:
    known = {("UBEN", "eyes"): (True, LONG_AGO)}
    stone = message() | {"subtype": "tombstone", "user": "USLACKBOT", "hidden": True}
    assert found(look(is_ticketed=True, remembered=known), stone) == []


def test_an_emoji_that_was_taken_away_and_is_not_there_is_not_done_again() -> None:
    known = {("UBEN", "eyes"): (False, LONG_AGO)}
    assert found(look(is_ticketed=True, remembered=known), message()) == []


def test_what_an_event_said_just_now_is_believed_rather_than_a_history_that_lags() -> None:
    just_now = NOW - timedelta(seconds=30)
    put_on = {("UBEN", "eyes"): (True, just_now)}
    taken_off = {("UBEN", "eyes"): (False, just_now)}
    assert found(look(is_ticketed=True, remembered=put_on), message()) == []
    assert found(look(is_ticketed=True, remembered=taken_off), message(eyes=["UBEN"])) == []


def test_a_message_with_a_ticket_raises_no_other() -> None:
    assert found(look(is_ticketed=True), message(ticket=["UANA", "UBEN"])) == []


def test_on_a_message_without_a_ticket_only_an_emoji_that_raises_means_anything() -> None:
    assert found(look(), message(eyes=["UBEN"], ticket=["UANA"])) == [("UANA", "ticket", True)]


def test_our_own_emoji_and_unknown_ones_are_nobodys_gesture() -> None:
    assert found(look(is_ticketed=True), message(eyes=[BOT], tada=["UANA"])) == []


def test_found_twice_it_is_one_gesture() -> None:
    first, second = (missed_reactions(look(), message(ticket=["UANA"]), BOT) for _ in range(2))
    assert [each.key for each in first] == [each.key for each in second]
