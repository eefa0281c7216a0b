"""Which Slack statuses say that somebody is out of office."""

from __future__ import annotations

import pytest

from bot.workflows.statuses import is_out_of_office


@pytest.mark.parametrize(
    ("emoji", "text"),
    [
        ("palm_tree", "Vacationing"),
        ("face_with_thermometer", "Out sick"),
        ("palm_tree", ""),
        (":airplane:", None),
        ("baby::skin-tone-3", None),
        ("desert_island", "somewhere"),
        ("ooo", ""),
        ("out-of-office", ""),
        (None, "Out of office until Monday"),
        (None, "OOO, back on 1 December"),
        (None, "OOO, back from Monday on"),
        ("calendar", "PTO"),
        ("spiral_calendar_pad", "On parental leave"),
        (None, "Out-of-office"),
        (None, "Im Urlaub"),
        (None, "krank"),
        ("palm_tree", "not working today"),
    ],
)
def test_somebody_is_away(emoji: str | None, text: str | None) -> None:
    assert is_out_of_office(emoji, text)


@pytest.mark.parametrize(
    ("emoji", "text"),
    [
        (None, None),
        ("", ""),
        ("spiral_calendar_pad", "In a meeting"),
        ("bus", "Commuting"),
        ("house_with_garden", "Working remotely"),
        ("airplane", "Working from the plane"),
        ("headphones", "Focus"),
        ("coffee", "brb"),
        (None, "Back from vacation"),
        ("palm_tree", "Back from my summer vacation, catching up"),
        (None, "cooperating"),
        (None, "laptop"),
        (None, "Moving to the Krankenhaus project"),
    ],
)
def test_somebody_is_at_work(emoji: str | None, text: str | None) -> None:
    assert not is_out_of_office(emoji, text)
