"""What people are told who say that they are away, or back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.surfaces.absence import ANSWERS, came_back, standing, was_here, went_away, when_words
from bot.surfaces.commands import Away as AwayCommand
from bot.surfaces.commands import parse_command
from bot.workflows.absences import AbsenceView
from bot.workflows.availability import Away
from bot.workflows.reading import PersonView
from bot.workflows.untils import parse_until
from tests.unit.surfaces.builders import assert_inert, assert_sendable

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)  # Saturday 10:30 in Berlin
MONDAY = datetime(2026, 11, 22, 23, tzinfo=UTC)  # midnight in Berlin
BERLIN = "Europe/Berlin"
AMY, CORA = PersonView(id="UAMY", name="Amy"), PersonView(id="UCORA", name="Cora")


def view(
    until: datetime | None = MONDAY,
    *,
    cover: PersonView | None = None,
    stand_in: PersonView | None = None,
    tickets: tuple[str, ...] = (),
    by_status: bool = False,
) -> AbsenceView:
    away = Away(until=until, cover_id=cover.id if cover else None, by_status=by_status)
    return AbsenceView(
        now=NOW, timezone=BERLIN, away=away, cover=cover, stand_in=stand_in, open_tickets=tickets
    )


HERE = AbsenceView(now=NOW, timezone=BERLIN, away=None, cover=None, stand_in=None, open_tickets=("INC-1",))


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2026, 11, 21, 13, tzinfo=UTC), "14:00 today"),
        (datetime(2026, 11, 21, 23, tzinfo=UTC), "tomorrow, 22 Nov"),
        (datetime(2026, 11, 22, 8, tzinfo=UTC), "tomorrow, 22 Nov at 09:00"),
        (MONDAY, "Monday, 23 Nov"),
        (datetime(2026, 11, 23, 8, tzinfo=UTC), "Monday, 23 Nov at 09:00"),
        (datetime(2027, 1, 3, 23, tzinfo=UTC), "Monday, 4 Jan 2027"),
    ],
)
def test_a_time_is_said_as_the_person_reads_clocks(at: datetime, words: str) -> None:
    assert when_words(at, now=NOW, timezone=BERLIN) == words


def test_an_absence_with_a_cover_says_until_when_and_who() -> None:
    said = went_away(view(cover=AMY, stand_in=AMY, tickets=("INC-1",)))
    assert said.text == "You are away until Monday, 23 Nov. Amy is told about your tickets instead."


def test_an_absence_without_tickets_or_cover_is_one_sentence() -> None:
    assert went_away(view()).text == "You are away until Monday, 23 Nov."


def test_open_tickets_that_nobody_covers_are_counted_and_the_command_named() -> None:
    said = went_away(view(tickets=("INC-3", "REQ-7"))).text
    assert "You have 2 open tickets that nobody covers: INC-3, REQ-7." in said
    assert "/ticket assign INC-3" in said
    assert "1 open ticket that" in went_away(view(tickets=("INC-3",))).text
    many = went_away(view(tickets=tuple(f"INC-{number}" for number in range(1, 41)))).text
    assert "40 open tickets" in many
    assert "INC-5 and 35 more" in many
    assert "INC-6" not in many


def test_a_cover_who_is_away_too_is_said_with_who_is_told_instead() -> None:
    said = went_away(view(cover=AMY, stand_in=CORA, tickets=("INC-3",))).text
    assert "Amy is away too, so Cora is told about your tickets instead." in said
    assert "INC-3" not in said
    nobody = went_away(view(cover=AMY, tickets=("INC-3",))).text
    assert "nobody covers for you" in nobody
    assert "/ticket assign INC-3" in nobody


def test_whoever_is_not_away_learns_how_to_say_it() -> None:
    said = standing(HERE).text
    assert said.startswith("You are not away.")
    typed = said.partition("type /ticket ")[2].split(", ")[0]
    assert isinstance(parse_command(typed), AwayCommand)
    for example in ("until 1 Dec 9:00", "until 14:00", "for 3d", "today"):
        assert example in said
        assert parse_until(example)


def test_whoever_is_away_learns_how_to_end_it() -> None:
    assert "/ticket back" in standing(view()).text


def test_a_status_is_named_as_the_reason_and_ended_in_slack() -> None:
    endless, ending = standing(view(None, by_status=True)).text, standing(view(by_status=True)).text
    for said in (endless, ending):
        assert "Your Slack status says that you are out of office" in said
        assert "Clear it in Slack" in said
        assert "/ticket back" not in said
    assert "until you clear it" in endless
    assert "until Monday, 23 Nov" in ending


def test_coming_back_says_so_unless_the_status_says_otherwise() -> None:
    assert came_back(HERE).text == "Welcome back. You are told about your tickets again."
    assert "Clear it in Slack" in came_back(view(None, by_status=True)).text
    assert "nothing has changed" in was_here(HERE).text
    assert "Clear it in Slack" in was_here(view(None, by_status=True)).text


@pytest.mark.parametrize("event", list(ANSWERS))
def test_every_answer_can_be_sent_whatever_people_are_called(event: str) -> None:
    bad = PersonView(id="UBAD", name="<!channel> *bold* " + "x" * 5000)
    for shown in (HERE, view(), view(cover=bad, stand_in=bad), view(cover=bad, tickets=("INC-1",))):
        rendered = ANSWERS[event](shown)
        assert_sendable(rendered)
        assert_inert(rendered.text)
