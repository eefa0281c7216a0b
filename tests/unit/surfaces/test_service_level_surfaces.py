"""What the clocks say in Slack: calm, to the right people, and no longer once it is dealt with."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest

from bot.models.service_levels import ClockName, ClockState
from bot.models.vocabulary import EventKind, State
from bot.surfaces.ids import ActionId
from bot.surfaces.rendered import Rendered
from bot.surfaces.service_levels import alert, board, escalation, unrouted
from bot.workflows.reading import PersonView
from bot.workflows.service_views import AlertView, BoardView, Cause, Gone, PointView
from sandbox.jsontypes import as_object, as_text, objects
from tests.unit.surfaces.builders import (
    ANA,
    BEN,
    LEA,
    MONDAY,
    assert_sendable,
    buttons,
    event,
    labels,
    resolved,
    spoken,
    ticket,
)
from tests.unit.surfaces.service_level_builders import (
    AT_NOON,
    AT_ONE,
    HOUR,
    NOON,
    TOM,
    alert_view,
    clock,
    gone,
    overdue,
    point,
    warning,
)

RESPOND, RESOLVE, UPDATE = ClockName.RESPOND, ClockName.RESOLVE, ClockName.UPDATE
HELD = ticket(state=State.ASSIGNED, assignee=BEN, clocks=(overdue(),))
HOUR_AFTER = point(after=HOUR, due_at=NOON + HOUR)
ALL_POINTS = [point(clock=name, percent=percent) for name in ClockName for percent in (25, 50, 80, 99, 100)]
ALL_POINTS += [point(cause=cause) for cause in get_args(Cause)]
ALL_POINTS += [point(clock=name, after=HOUR, is_late=True) for name in ClockName]
ALL_POINTS += [gone(each, how) for each in (warning(), point()) for how in get_args(Gone)]


def sentence(rendered: Rendered) -> str:
    """The text, with instants as times of day in braces."""
    return re.sub(r"<!date\^[^|]*\|\S+ (\d\d:\d\d) UTC>", r"{\1}", rendered.text)


# --- in the thread of the card ---


@pytest.mark.parametrize(
    ("reached", "said"),
    [
        (warning(), "half of the time to respond is used, due {12:00}."),
        (warning(RESOLVE, percent=80), "80% of the time to resolve is used, due {12:00}."),
        (warning(percent=75), "three quarters of the time to respond is used, due {12:00}."),
        (point(), "the time to resolve has been over since {12:00}."),
        (point(clock=RESPOND), "the time to respond has been over since {12:00}."),
        (point(clock=UPDATE), "the time to the next update has been over since {12:00}."),
        (HOUR_AFTER, "1 h past the resolve target, which was due {12:00}."),
        (
            point(cause="priority", priority="P1"),
            "now that it is P1, the time to resolve has been over since {12:00}.",
        ),
        (
            point(cause="policy"),
            "under the new service levels, the time to resolve has been over since {12:00}.",
        ),
        (point(cause="born"), "the time to resolve was over when it was raised."),
        (point(cause="reopened"), "it was reopened with no time to resolve left."),
    ],
)
def test_what_was_reached_is_one_sentence_to_those_who_are_told(reached: PointView, said: str) -> None:
    mark = "🔴" if reached.percent == 100 else "🟡"
    assert sentence(alert(alert_view(reached))) == f"{mark} <@U0BEN> · INC-12: {said}"


def test_a_warning_about_a_paused_clock_names_no_instant() -> None:
    paused = clock(state=ClockState.PAUSED, due_at=None)
    said = sentence(alert(alert_view(warning(RESOLVE), about=ticket(clocks=(paused,)))))
    assert said.endswith("half of the time to resolve is used.")


def test_a_step_of_an_earlier_cycle_does_not_guess_when_it_was_due() -> None:
    later = clock(started_at=NOON + 2 * HOUR)
    said = sentence(alert(alert_view(gone(HOUR_AFTER, "resolved"), about=ticket(clocks=(later,)))))
    assert said.endswith("INC-12: 1 h past the resolve target. Resolved by Lea Brandt {13:00}.")


def test_several_points_are_one_message_with_the_gravest_first() -> None:
    said = sentence(alert(alert_view(point(), warning())))
    assert said.endswith(
        "INC-12: the time to resolve has been over since {12:00}. "
        "Half of the time to respond is used, due {12:00}."
    )


def test_of_one_clock_only_the_gravest_point_is_said() -> None:
    assert "half" not in alert(alert_view(point(), warning(RESOLVE))).text


def test_what_comes_late_says_why_and_when_it_should_have_come() -> None:
    said = sentence(alert(alert_view(warning(is_late=True))))
    assert said.endswith("due {12:00} (told late: reached {10:00}).")


def test_a_late_breach_names_its_instant_once() -> None:
    said = sentence(alert(alert_view(point(is_late=True))))
    assert said.endswith("the time to resolve has been over since {12:00} (told late).")


def test_what_is_over_does_not_say_any_more_that_it_came_late() -> None:
    assert "told late" not in alert(alert_view(gone(warning(is_late=True), "claimed"))).text


def test_at_most_five_people_are_mentioned_and_never_everybody() -> None:
    crowd = tuple(PersonView(id=f"U0{n}AA", name=f"Person {n}") for n in range(8))
    rendered = alert(alert_view(point(), told=crowd))
    assert len(re.findall(r"<@U", rendered.text)) == 5
    assert "<!channel" not in rendered.text
    assert "<!here" not in rendered.text


def test_who_stands_in_for_somebody_is_told_for_whom() -> None:
    said = sentence(alert(alert_view(warning(), told=(LEA, BEN), covers={LEA.id: TOM})))
    assert said.startswith("🟡 <@U0LEA> (for Tom Weber, who is away), <@U0BEN> · INC-12")


def test_that_nobody_is_available_is_said_plainly() -> None:
    rendered = alert(alert_view(warning(), told=(), nobody=True))
    assert sentence(rendered) == (
        "🟡 INC-12: half of the time to respond is used, due {12:00}. "
        "No agent of IT Service Desk is available right now."
    )


def test_without_anybody_to_mention_nothing_is_said_about_it() -> None:
    assert sentence(alert(alert_view(warning(), told=()))).endswith(
        "INC-12: half of the time to respond is used, due {12:00}."
    )


# --- once it is dealt with ---


@pytest.mark.parametrize(
    ("was", "how", "said"),
    [
        (warning(), "claimed", "Claimed by Lea Brandt {13:00}: in time after all."),
        (warning(), "replied", "Answered by Lea Brandt {13:00}: in time after all."),
        (warning(UPDATE), "updated", "Updated by Lea Brandt {13:00}."),
        (warning(), "cancelled", "Cancelled by Lea Brandt {13:00}: no longer due."),
        (warning(), "paused", "Its clock has been paused since {13:00}."),
        (warning(), "priority", "The priority was changed by Lea Brandt {13:00}: no longer due."),
        (warning(), "policy", "The service levels were changed by Lea Brandt {13:00}: no longer due."),
        (point(was_in_time=True), "claimed", "Claimed by Lea Brandt {13:00}, which was in time."),
        (point(was_in_time=True), "replied", "Answered by Lea Brandt {13:00}, which was in time."),
        (point(was_in_time=True), "resolved", "Resolved by Lea Brandt {13:00}, which was in time."),
        (point(), "resolved", "Resolved by Lea Brandt {13:00}."),
    ],
)
def test_an_alert_whose_cause_is_gone_says_so_and_pings_nobody(was: PointView, how: Gone, said: str) -> None:
    rendered = alert(alert_view(gone(was, how), told=(BEN, LEA), covers={BEN.id: TOM}, nobody=True))
    assert sentence(rendered).endswith(said)
    assert "<@" not in rendered.text
    assert "Ben Okafor, Lea Brandt · INC-12: " in rendered.text
    assert "available" not in rendered.text
    assert not re.search("🔴|🟡", rendered.text)


def test_a_breach_that_ended_says_how_late_it_was() -> None:
    missed = clock(state=ClockState.MISSED, breached_at=NOON, late_by=HOUR)
    view = alert_view(gone(point(), "resolved"), about=ticket(clocks=(missed,)))
    assert sentence(alert(view)) == (
        "⚫ Ben Okafor · INC-12: the time to resolve ran out {12:00}. "
        "Resolved by Lea Brandt {13:00}, 1 h late."
    )


def test_a_warning_after_which_the_target_was_missed_does_not_claim_otherwise() -> None:
    missed = clock(clock=RESPOND, state=ClockState.MISSED, breached_at=NOON, late_by=HOUR)
    said = sentence(alert(alert_view(gone(warning()), about=ticket(clocks=(missed,)))))
    assert said.endswith("Claimed by Lea Brandt {13:00}, 1 h late.")
    assert said.startswith("⚫")


def test_a_later_cycle_of_the_clock_says_nothing_about_the_earlier_one() -> None:
    later = clock(clock=UPDATE, started_at=MONDAY + 4 * HOUR, due_at=MONDAY + 6 * HOUR)
    said = sentence(alert(alert_view(gone(warning(UPDATE), "updated"), about=ticket(clocks=(later,)))))
    assert said.endswith("Updated by Lea Brandt {13:00}.")


def test_an_answer_that_was_heard_of_late_takes_the_breach_back() -> None:
    was = point(clock=RESPOND, was_in_time=True)
    said = sentence(alert(alert_view(gone(was, "replied"))))
    assert said.startswith("✅ Ben Okafor · INC-12: the time to respond seemed to have run out {12:00}.")
    later = replace(was, after=HOUR, due_at=NOON + HOUR)
    said = sentence(escalation(alert_view(gone(later, "replied"))))
    assert "The time to respond seemed to have run out. Answered by Lea Brandt {13:00}, which was in" in said


def test_as_long_as_one_cause_is_left_people_stay_mentioned() -> None:
    rendered = alert(alert_view(point(), gone(warning())))
    assert "<@U0BEN>" in rendered.text
    assert "the time to resolve has been over since" in rendered.text
    assert "Claimed by Lea Brandt" in rendered.text


# --- in a channel ---


def test_an_escalation_says_how_late_who_had_it_what_was_done_and_where_it_is() -> None:
    done = (event(EventKind.CLAIMED, BEN), event(EventKind.NOTED, BEN, text="secret"))
    rendered = escalation(alert_view(HOUR_AFTER, about=HELD, held_since=MONDAY + HOUR, done=done))
    shown = spoken(rendered)
    for said in (
        "<@U0BEN>",
        "INC-12 · P3 · Printer on floor 3 is on fire",
        "1 h past the resolve target",
        f"which was due {AT_NOON}",
        "Ben Okafor has had it since 2026-03-02 10:00 UTC",
        "Ben Okafor claimed it",
        "Ben Okafor added a note",
        "|Card>",
        "|Conversation>",
    ):
        assert said in shown
    assert "secret" not in shown
    assert "<@U0BEN>" in rendered.text
    assert "INC-12" in rendered.text
    assert_sendable(rendered)


def test_an_escalation_offers_three_buttons_that_carry_the_number() -> None:
    pressed = buttons(escalation(alert_view(point(), about=HELD)))
    assert [(each["text"]["text"], each["action_id"], each["value"]) for each in pressed] == [
        ("Take over", ActionId.TAKE_OVER, "INC-12"),
        ("Reassign", ActionId.REASSIGN, "INC-12"),
        ("Acknowledge", ActionId.ACKNOWLEDGE, "INC-12"),
    ]
    assert [each["accessibility_label"] for each in pressed] == [
        "Take over INC-12",
        "Reassign INC-12",
        "Acknowledge INC-12",
    ]


def test_an_acknowledged_escalation_says_by_whom_and_loses_that_button() -> None:
    rendered = escalation(alert_view(point(), about=HELD, acknowledged=(LEA, NOON)))
    assert "Acknowledged by Lea Brandt {12:00}." in sentence(rendered)
    assert labels(rendered) == ["Take over", "Reassign"]


def test_a_ticket_that_cannot_be_given_away_offers_only_to_acknowledge() -> None:
    rendered = escalation(alert_view(point(), about=ticket(possible=())))
    assert labels(rendered) == ["Acknowledge"]
    assert labels(escalation(alert_view(point(), about=ticket(possible=()), acknowledged=(LEA, NOON)))) == []


def test_an_escalation_whose_cause_is_gone_has_no_buttons_and_pings_nobody() -> None:
    rendered = escalation(alert_view(gone(point(), "resolved"), about=resolved(clocks=(overdue(),))))
    assert labels(rendered) == []
    assert "<@" not in rendered.text
    assert "Resolved by Lea Brandt {13:00}" in sentence(rendered)
    assert "|Card>" in spoken(rendered)


def test_a_ticket_that_nobody_has_says_so() -> None:
    said = sentence(escalation(alert_view(point())))
    assert "Nobody has it. Ana Ruiz raised it {09:00}." in said


def test_what_the_clocks_did_is_not_what_was_done() -> None:
    measured = (event(EventKind.WARNED, None, clock="resolve", point="50%"), event(EventKind.BREACHED, None))
    assert "Done so far" not in spoken(escalation(alert_view(point(), about=HELD, done=measured)))


def test_the_newest_few_steps_are_shown() -> None:
    done = (event(EventKind.RAISED, ANA), *[event(EventKind.COMMENTED, BEN)] * 5)
    shown = spoken(escalation(alert_view(point(), about=HELD, done=done)))
    assert shown.count("wrote a message") == 5
    assert "raised it" not in shown


def test_an_unrouted_ticket_says_that_nobody_is_there_to_take_it() -> None:
    rendered = unrouted(alert_view(warning(), nobody=True))
    said = sentence(rendered)
    assert said.count("No agent of IT Service Desk is available") == 1
    assert "available to take it. Half of the time to respond is used" in said
    assert labels(rendered) == ["Take over", "Reassign", "Acknowledge"]
    assert_sendable(rendered)


@pytest.mark.parametrize(
    "view",
    [alert_view(gone(warning()), nobody=True), alert_view(about=HELD, nobody=True)],
    ids=["its cause is gone", "it was taken before any clock spoke"],
)
def test_an_unrouted_ticket_that_was_taken_needs_nobody(view: AlertView) -> None:
    rendered = unrouted(view)
    assert "available" not in rendered.text
    assert labels(rendered) == []
    assert "<@" not in rendered.text


# --- several tickets in one post ---


def board_of(*alerts: AlertView) -> BoardView:
    return BoardView(alerts=alerts, desk_name="IT Service Desk")


def about(number: str, *points: PointView, priority: str = "P3") -> AlertView:
    return alert_view(*points, about=ticket(number=number, priority=priority, clocks=(overdue(),)))


def test_a_board_lists_the_gravest_first() -> None:
    view = board_of(
        about("INC-1", warning(RESOLVE)),
        about("INC-2", point()),
        about("INC-3", gone(HOUR_AFTER)),
        about("INC-4", HOUR_AFTER),
        about("INC-5", point(), priority="P1"),
    )
    rendered = board(view)
    assert re.findall(r"INC-\d", rendered.text) == ["INC-4", "INC-5", "INC-2", "INC-1", "INC-3"]
    assert rendered.text.startswith("<@U0BEN> · IT Service Desk: 4 tickets need attention\n")
    assert_sendable(rendered)


def test_a_board_links_each_ticket() -> None:
    rendered = board(board_of(about("INC-1", point()), about("INC-2", point())))
    assert spoken(rendered).count("Card") == 2


def choices(rendered: Rendered) -> dict[str, list[str]]:
    """The menus of a board: what each offers, as values."""
    (row,) = [as_object(block) for block in rendered.blocks if block["type"] == "actions"]
    return {
        as_text(as_object(menu["placeholder"])["text"]): [
            as_text(each["value"]) for each in objects(menu["options"])
        ]
        for menu in objects(row["elements"])
    }


def test_a_board_offers_for_each_ticket_what_an_escalation_offers() -> None:
    seen = replace(about("INC-2", point()), acknowledged=(LEA, NOON))
    over = about("INC-3", gone(point()))
    rendered = board(board_of(about("INC-1", point()), seen, over))
    assert choices(rendered) == {
        "Take over…": ["INC-1", "INC-2"],
        "Reassign…": ["INC-1", "INC-2"],
        "Acknowledge…": ["INC-1"],
    }
    assert "acknowledged by Lea Brandt" in rendered.text
    assert_sendable(rendered)


def test_a_long_board_shows_ten_and_says_where_the_others_are() -> None:
    rendered = board(board_of(*(about(f"INC-{n}", point(is_late=True)) for n in range(33))))
    assert rendered.text.count("INC-") == 10
    assert rendered.text.endswith("and 23 more: /ticket queue")
    assert "and 23 more: /ticket queue" in spoken(rendered)
    assert rendered.text.count("told late") == 1
    assert_sendable(rendered)


def test_one_ticket_on_a_board_is_an_escalation() -> None:
    view = about("INC-1", point())
    assert board(board_of(view)) == escalation(view)


def test_a_board_on_which_everything_is_dealt_with_pings_nobody() -> None:
    rendered = board(board_of(about("INC-1", gone(point())), about("INC-2", gone(point(), "cancelled"))))
    assert "none of these needs attention any more" in rendered.text
    assert "<@" not in rendered.text


# --- all of them ---


@pytest.mark.parametrize("reached", ALL_POINTS)
def test_every_point_can_be_sent_everywhere_and_keeps_its_calm(reached: PointView) -> None:
    view = alert_view(reached, about=HELD, nobody=True)
    for rendered in (
        alert(view),
        escalation(view),
        unrouted(view),
        board(board_of(view)),
        board(board_of(view, view)),
    ):
        assert_sendable(rendered)
        assert "INC-12" in rendered.text
        assert ("<@U0BEN>" in rendered.text) is (reached.gone is None)
        assert "!" not in re.sub(r"<!date[^>]*>", "", rendered.text)
        assert ".." not in rendered.text
        assert "  " not in rendered.text


def test_instants_are_told_in_the_reader_s_own_zone() -> None:
    rendered = alert(alert_view(gone(point())))
    for at, shown in ((NOON, AT_NOON), (NOON + timedelta(hours=1), AT_ONE)):
        assert f"<!date^{int(at.timestamp())}^" in rendered.text
        assert shown in spoken(rendered)
