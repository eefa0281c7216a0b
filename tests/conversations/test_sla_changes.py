"""What changes a clock's course: who answers, priorities, reopening, taking back, late hearing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.models import ClockState
from bot.models.vocabulary import EventKind
from tests.conversations.desk import HELP, TRIAGE, Desk, Raised, something
from tests.conversations.sla import (
    DESK as THE_DESK,
)
from tests.conversations.sla import (
    HOUR,
    MINUTE,
    MINUTES,
    alerts,
    called,
    claim,
    clock,
    cycles,
    due_of,
    in_managers_channel,
    milestones,
    only,
    raised,
    say,
    when,
)

BY_REPLY = """
  by_reply:
    calendar: always
    respond_by: [reply]
    pause_while: []
    warn_at: [50%]
    targets: &targets
      P1: {respond: 15m, resolve: 4h}
      P2: {respond: 30m, resolve: 5h}
      P3: {respond: 1h, resolve: 10h}
      P4: {respond: 2h, resolve: 20h}
      P5: {respond: 2h, resolve: 40h}
"""
TOLD_EARLY = MINUTES.replace(
    "    escalate:\n", '    escalate:\n      - {at: "respond breach + 5m", to: [leads, managers]}\n'
)
DESK = (
    TOLD_EARLY.replace("&targets", "")
    + BY_REPLY.removeprefix("\n").replace("&targets", "")
    + THE_DESK
    + "    slas: {incident: minutes, request: by_reply}\n"
)
SKIPS_TIME = True
COMBINATIONS = ("http-sqlite",)
pytestmark = pytest.mark.usefixtures("calm")


def prioritised(desk: Desk, ticket: Raised, impact: str, urgency: str) -> None:
    """An agent changes impact and urgency with the form."""
    desk.client.command("ben", HELP, "/ticket", f"priority {ticket.number}")
    values = {
        "How many people does it touch?": impact,
        "How much does it hold up?": urgency,
        "Why does it change?": "It turned out so",
    }
    assert desk.client.submit("ben", values).acked
    desk.settle()


def to_p1(desk: Desk, ticket: Raised) -> None:
    prioritised(desk, ticket, "Many people, or a whole site", "Work has stopped")


def to_p5(desk: Desk, ticket: Raised) -> None:
    prioritised(desk, ticket, "One person", "It can wait")


# --- a critical ticket, minute by minute ---


def test_a_p1_warns_breaks_and_escalates_in_its_first_quarter_of_an_hour(desk: Desk) -> None:
    ticket = raised(desk, critical=True)
    desk.card_says(ticket, "P1", "🟢 Respond by")
    desk.skip(8 * MINUTE)
    assert "half of the time to respond is used" in only(alerts(desk, ticket)).text
    desk.skip(4.5 * MINUTE)
    assert "80% of the time to respond is used" in alerts(desk, ticket)[-1].text
    desk.skip(3 * MINUTE)
    assert "the time to respond has been over since" in alerts(desk, ticket)[-1].text
    assert [called(desk, alert) for alert in alerts(desk, ticket)] == [{"ben", "lea"}] * 3
    desk.skip(5 * MINUTE)
    step = alerts(desk, ticket)[-1]
    assert "5 min past the respond target" in step.text
    assert called(desk, step) == {"lea"}
    managers = only(in_managers_channel(desk, ticket))
    assert "5 min past the respond target" in managers.text
    assert "Nobody has it" in managers.text
    claim(desk, ticket, "lea")
    assert "Claimed by Lea" in only(in_managers_channel(desk, ticket)).text
    assert all(called(desk, alert) == set() for alert in alerts(desk, ticket))


def test_news_of_a_p1_are_owed_again_after_each_answer(desk: Desk) -> None:
    ticket = raised(desk, critical=True)
    claim(desk, ticket)
    desk.skip(31 * MINUTE)
    overdue = only(alerts(desk, ticket))
    assert "the time to the next update has been over since" in overdue.text
    assert called(desk, overdue) == {"ben"}
    desk.card_says(ticket, "🔴 Update overdue since")
    desk.client.post("ben", TRIAGE, "The supplier is on the way", ticket.card)
    desk.card_says(ticket, "🟢 Update by")
    desk.settle()
    assert "Updated by Ben" in alerts(desk, ticket)[0].text
    assert [row.state for row in cycles(desk, ticket, "update")] == [ClockState.MISSED, ClockState.RUNNING]
    desk.skip(20 * MINUTE)
    desk.client.post("ben", TRIAGE, "He is here", ticket.card)
    desk.settle()
    assert len(cycles(desk, ticket, "update")) == 3
    desk.skip(25 * MINUTE)
    told = [alert for alert in alerts(desk, ticket) if "next update" in alert.text]
    assert len(told) == 1


# --- what counts as an answer ---


def test_being_given_a_ticket_is_no_answer_but_taking_it_is(desk: Desk) -> None:
    ticket = raised(desk)
    say(desk, "lea", f"assign {ticket.number} @ben")
    assert clock(desk, ticket, "respond").state is ClockState.RUNNING
    desk.skip(31 * MINUTE)
    warning = alerts(desk, ticket)[-1]
    assert "half of the time to respond is used" in warning.text
    assert called(desk, warning) == {"ben"}
    desk.client.react("ben", TRIAGE, ticket.card, "eyes")
    desk.card_says(ticket, "✅ responded")
    assert clock(desk, ticket, "respond").state is ClockState.MET


def test_where_only_a_reply_counts_claiming_is_not_enough(desk: Desk) -> None:
    ticket = desk.raise_by_command("ana", **{"Which is it?": "I need something"})
    claim(desk, ticket)
    assert clock(desk, ticket, "respond").state is ClockState.RUNNING
    desk.client.post("ben", TRIAGE, "note: ask the supplier first", ticket.card)
    desk.settle()
    assert clock(desk, ticket, "respond").state is ClockState.RUNNING
    desk.client.post("ben", TRIAGE, "Which model do you need?", ticket.card)
    desk.settle()
    assert clock(desk, ticket, "respond").state is ClockState.MET


def test_what_the_requester_writes_is_no_answer_also_when_they_are_an_agent(desk: Desk) -> None:
    ticket = desk.raise_by_command("lea")
    desk.client.post("lea", ticket.channel, "It smells, too", ticket.root)
    desk.client.post("lea", TRIAGE, "And it hums", ticket.card)
    desk.settle()
    assert clock(desk, ticket, "respond").state is ClockState.RUNNING
    desk.client.post("ben", ticket.channel, "I will have a look", ticket.root)
    desk.settle()
    assert clock(desk, ticket, "respond").state is ClockState.MET


# --- priorities ---


def test_a_higher_priority_counts_from_the_start_and_breaks_at_the_change_with_one_alert(desk: Desk) -> None:
    ticket = raised(desk)
    desk.skip(20 * MINUTE)
    assert alerts(desk, ticket) == []
    to_p1(desk, ticket)
    desk.decided()
    respond = clock(desk, ticket, "respond")
    assert respond.breached_at == when(desk, ticket, EventKind.PRIORITISED)
    alert = only(alerts(desk, ticket))
    assert "now that it is P1, the time to respond has been over since" in alert.text
    assert milestones(desk, ticket) == {
        "respond 50%": "silent",
        "respond 80%": "silent",
        "respond breach": "told",
    }
    desk.card_says(ticket, "🔴 Response overdue since")


def test_a_lower_priority_keeps_the_breach(desk: Desk) -> None:
    ticket = raised(desk)
    claim(desk, ticket)
    desk.skip(10 * HOUR + MINUTE)
    breach = clock(desk, ticket, "resolve").breached_at
    to_p5(desk, ticket)
    resolve = clock(desk, ticket, "resolve")
    assert (resolve.breached_at, resolve.priority) == (breach, "P3")
    desk.card_says(ticket, "P5", "target missed")
    said = len(alerts(desk, ticket))
    desk.skip(20 * HOUR)
    assert len(alerts(desk, ticket)) == said


def test_a_warning_under_a_target_that_became_longer_is_taken_back(desk: Desk) -> None:
    ticket = raised(desk)
    desk.skip(35 * MINUTE)
    to_p5(desk, ticket)
    desk.decided()
    warning = only(alerts(desk, ticket))
    assert "The priority was changed by Ben" in warning.text
    assert "no longer due" in warning.text
    assert called(desk, warning) == set()


# --- ending, and not after all ---


def test_a_reopened_ticket_goes_on_with_what_is_left(desk: Desk) -> None:
    ticket = raised(desk)
    claim(desk, ticket)
    desk.skip(4 * HOUR)
    say(desk, "ben", f"resolve {ticket.number} new cable")
    desk.skip(20 * HOUR)
    say(desk, "ana", f"reopen {ticket.number}")
    first, second = cycles(desk, ticket, "resolve")
    assert first.state is ClockState.MET
    assert first.elapsed is not None
    assert second.due_at is not None
    left = timedelta(hours=10) - timedelta(seconds=first.elapsed)
    assert abs((second.due_at - second.started_at) - left) < timedelta(seconds=1)
    assert clock(desk, ticket, "respond").cycle == 1
    assert "carried over from before: 4 h" in say(desk, "ben", f"sla {ticket.number}")
    desk.skip(HOUR + MINUTE)
    assert "half of the time to resolve is used" in only(alerts(desk, ticket)).text


def test_a_resolution_taken_back_leaves_no_trace_in_the_clocks(desk: Desk) -> None:
    ticket = raised(desk)
    claim(desk, ticket)
    due = due_of(desk, ticket, "resolve")
    desk.client.react("ben", TRIAGE, ticket.card, "white_check_mark")
    desk.card_says(ticket, "Resolved", "✅ resolved")
    desk.client.unreact("ben", TRIAGE, ticket.card, "white_check_mark")
    desk.card_says(ticket, "In progress", "🟢 Resolve by")
    desk.settle()
    assert [row.state for row in cycles(desk, ticket, "resolve")] == [ClockState.RUNNING]
    assert due_of(desk, ticket, "resolve") == due


def test_a_reopening_with_nothing_left_says_so_once(desk: Desk) -> None:
    ticket = raised(desk)
    claim(desk, ticket)
    desk.skip(10 * HOUR + MINUTE)
    say(desk, "ben", f"resolve {ticket.number} new cable")
    before = len(alerts(desk, ticket))
    assert any("Resolved by Ben" in alert.text for alert in alerts(desk, ticket))
    say(desk, "ana", f"reopen {ticket.number}")
    desk.decided()
    assert not any("Resolved by" in alert.text for alert in alerts(desk, ticket))
    assert any("The time to resolve has been over since" in alert.text for alert in alerts(desk, ticket))
    desk.card_says(ticket, "🔴 Resolution overdue since")
    assert [row.state for row in cycles(desk, ticket, "resolve")] == [ClockState.MISSED, ClockState.RUNNING]
    assert len(alerts(desk, ticket)) <= before + 1


# --- heard of late ---


def test_a_ticket_from_an_old_message_is_late_from_the_start_and_says_so_once(desk: Desk) -> None:
    text = something()
    ts = desk.client.post("ana", HELP, text)
    desk.client.skip(3 * HOUR)
    desk.client.react("ben", HELP, ts, "ticket")
    ticket = desk.appeared(text, HELP, ts)
    desk.decided()
    alert = only(alerts(desk, ticket))
    assert "5 min past the respond target" in alert.text
    assert called(desk, alert) == {"ben", "lea"}
    assert len(in_managers_channel(desk, ticket)) == 1
    assert "late" not in alert.text
    desk.card_says(ticket, "🔴 Response overdue since")
    desk.skip(HOUR)
    assert len(in_managers_channel(desk, ticket)) == 1


def test_a_ticket_that_was_just_late_when_it_was_raised_says_so_and_escalates_in_its_time(desk: Desk) -> None:
    text = something()
    ts = desk.client.post("ana", HELP, text)
    desk.client.skip(HOUR + MINUTE)
    desk.client.react("ben", HELP, ts, "ticket")
    ticket = desk.appeared(text, HELP, ts)
    desk.decided()
    alert = only(alerts(desk, ticket))
    assert "the time to respond was over when it was raised" in alert.text
    assert in_managers_channel(desk, ticket) == []
    desk.skip(5 * MINUTE)
    assert len(in_managers_channel(desk, ticket)) == 1
