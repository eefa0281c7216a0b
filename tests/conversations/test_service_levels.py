"""Clocks as people meet them: badges, warnings, breaches, escalations, and what takes them back."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.models import Outbox, OutboxState
from bot.models.vocabulary import EventKind
from bot.surfaces.ids import ActionId
from sandbox.client import SandboxRefused
from tests.conversations.desk import TRIAGE, Desk
from tests.conversations.sla import (
    HOUR,
    MANAGERS,
    MINUTE,
    WITH_MINUTES,
    alerts,
    called,
    claim,
    clock,
    due_of,
    in_managers_channel,
    milestones,
    numbers_in,
    only,
    raised,
    say,
    when,
)

DESK = WITH_MINUTES
SKIPS_TIME = True
COMBINATIONS = ("socket-sqlite",)
pytestmark = pytest.mark.usefixtures("calm")


# --- badges ---


def test_the_badge_goes_from_running_to_at_risk_to_overdue_to_done_late(desk: Desk) -> None:
    ticket = raised(desk)
    desk.card_says(ticket, "🟢 Respond by")
    desk.skip(31 * MINUTE)
    desk.card_says(ticket, "🟡 Respond by", "at risk")
    assert "🟡 Respond by" in say(desk, "ben", "queue")
    desk.skip(30 * MINUTE)
    desk.card_says(ticket, "🔴 Response overdue since")
    assert "🔴 Response overdue since" in say(desk, "lea", "unassigned")
    claim(desk, ticket)
    desk.card_says(ticket, "⚫ responded 1 min", "late", "🟢 Resolve by")
    assert "🟢 Resolve by" in say(desk, "ben", "queue")


def test_what_is_done_in_time_says_by_how_much(desk: Desk) -> None:
    ticket = raised(desk)
    desk.skip(20 * MINUTE)
    claim(desk, ticket)
    desk.card_says(ticket, "✅ responded 39 min early")
    say(desk, "ben", f"resolve {ticket.number} new cable")
    desk.card_says(ticket, "✅ resolved 9 h 39 min early")
    assert alerts(desk, ticket) == []


def test_between_thresholds_the_card_is_left_alone(desk: Desk) -> None:
    ticket = raised(desk)
    desk.settle()
    desk.client.forget()
    desk.skip(29 * MINUTE)
    assert [call.method for call in desk.client.calls() if call.method.startswith("chat.")] == []
    desk.skip(2 * MINUTE)
    methods = [call.method for call in desk.client.calls() if call.method.startswith("chat.")]
    assert sorted(methods) == ["chat.postMessage", "chat.update"]
    assert "badge" not in desk.card(ticket).text


# --- warnings ---


def test_nobodys_ticket_warns_the_available_agents_at_each_threshold(desk: Desk) -> None:
    ticket = raised(desk)
    desk.skip(31 * MINUTE)
    first = only(alerts(desk, ticket))
    assert "half of the time to respond is used" in first.text
    assert called(desk, first) == {"ben", "lea"}
    desk.skip(18 * MINUTE)
    second = alerts(desk, ticket)[1]
    assert "80% of the time to respond is used" in second.text
    assert called(desk, second) == {"ben", "lea"}
    assert in_managers_channel(desk, ticket) == []


def test_somebodys_ticket_warns_them_alone(desk: Desk) -> None:
    ticket = raised(desk)
    claim(desk, ticket, "ben")
    desk.skip(5 * HOUR + MINUTE)
    warning = only(alerts(desk, ticket))
    assert "half of the time to resolve is used" in warning.text
    assert called(desk, warning) == {"ben"}


def test_a_warning_says_that_it_was_claimed_meanwhile(desk: Desk) -> None:
    ticket = raised(desk)
    desk.skip(31 * MINUTE)
    claim(desk, ticket)
    warning = only(alerts(desk, ticket))
    assert warning.text.startswith("✅")
    assert "half of the time to respond was used. Claimed by Ben" in warning.text
    assert "in time after all" in warning.text
    assert called(desk, warning) == set()


def test_a_warning_says_that_it_was_answered_meanwhile(desk: Desk) -> None:
    ticket = raised(desk)
    desk.skip(31 * MINUTE)
    desk.client.post("ben", TRIAGE, "Have you tried another socket?", ticket.card)
    desk.settle()
    warning = alerts(desk, ticket)[0]
    assert "Answered by Ben" in warning.text
    assert called(desk, warning) == set()


def test_a_warning_says_that_it_was_resolved_meanwhile(desk: Desk) -> None:
    ticket = raised(desk)
    claim(desk, ticket)
    desk.skip(5 * HOUR + MINUTE)
    say(desk, "ben", f"resolve {ticket.number} new cable")
    warning = only(alerts(desk, ticket))
    assert "Resolved by Ben" in warning.text
    assert called(desk, warning) == set()


def test_a_warning_says_that_its_clock_is_paused_and_when_it_goes_on_again(desk: Desk) -> None:
    ticket = raised(desk)
    claim(desk, ticket)
    desk.skip(5 * HOUR + MINUTE)
    say(desk, "ben", f"wait {ticket.number} supplier")
    warning = only(alerts(desk, ticket))
    assert "Its clock has been paused" in warning.text
    assert called(desk, warning) == set()
    say(desk, "ben", f"resume {ticket.number}")
    warning = only(alerts(desk, ticket))
    assert "half of the time to resolve is used" in warning.text


def test_a_warning_that_was_not_sent_yet_is_never_sent_when_its_cause_is_gone(desk: Desk) -> None:
    ticket = raised(desk)
    fault = desk.client.fault("ratelimited", "chat.postMessage", seconds=1)
    desk.client.skip(31 * MINUTE)
    desk.until(lambda: milestones(desk, ticket), "the warning to be decided")
    desk.client.react("ben", TRIAGE, ticket.card, "eyes")
    desk.card_says(ticket, "In progress")
    desk.client.lift(fault)
    desk.settle()
    assert alerts(desk, ticket) == []
    with desk.bot.store.read() as session:
        of_ticket = select(Outbox.state).where(Outbox.key.like("sla:%"), Outbox.ts.is_(None))
        assert set(session.scalars(of_ticket)) == {OutboxState.SUPERSEDED}


# --- waiting ---


def test_waiting_pauses_and_the_requesters_next_message_goes_on_with_the_time_that_is_left(
    desk: Desk,
) -> None:
    ticket = raised(desk)
    claim(desk, ticket)
    due_before = due_of(desk, ticket, "resolve")
    desk.client.react("ben", TRIAGE, ticket.card, "hourglass")
    desk.card_says(ticket, "⏸ paused while waiting for the requester")
    desk.settle()
    assert "⏸ paused while waiting for the requester" in say(desk, "ben", "queue")
    desk.skip(12 * HOUR)
    assert alerts(desk, ticket) == []
    desk.client.post("ana", ticket.channel, "It is the blue one", ticket.root)
    desk.card_says(ticket, "🟢 Resolve by", "In progress")
    desk.settle()
    waited = when(desk, ticket, EventKind.RESUMED) - when(desk, ticket, EventKind.WAITED)
    assert waited.total_seconds() >= 12 * HOUR
    assert due_of(desk, ticket, "resolve") == due_before + waited


def test_somebody_elses_message_does_not_end_the_waiting(desk: Desk) -> None:
    ticket = raised(desk)
    claim(desk, ticket)
    say(desk, "ben", f"wait {ticket.number}")
    desk.client.post("maria", ticket.channel, "I have that too", ticket.root)
    desk.settle()
    assert clock(desk, ticket, "resolve").due_at is None


# --- breach and escalation ---


def test_a_breach_tells_assignee_and_leads_under_the_card_and_later_the_managers_once(desk: Desk) -> None:
    ticket = raised(desk)
    claim(desk, ticket)
    desk.skip(9 * HOUR)
    assert len(alerts(desk, ticket)) == 1
    desk.skip(HOUR + MINUTE)
    breach = alerts(desk, ticket)[-1]
    assert "The time to resolve has been over since" in breach.text
    assert "Ben has had it since" in breach.text
    assert "Ben claimed it" in breach.text
    assert called(desk, breach) == {"ben", "lea"}
    assert in_managers_channel(desk, ticket) == []
    desk.skip(HOUR)
    step = only(in_managers_channel(desk, ticket))
    assert "1 h past the resolve target" in step.text
    assert step.buttons == ["Take over", "Reassign", "Acknowledge"]
    desk.skip(50 * HOUR)
    assert len(alerts(desk, ticket)) == 2
    assert len(in_managers_channel(desk, ticket)) == 1


def test_resolving_after_the_breach_spares_the_managers(desk: Desk) -> None:
    ticket = raised(desk)
    claim(desk, ticket)
    desk.skip(10 * HOUR + MINUTE)
    say(desk, "ben", f"resolve {ticket.number} new cable")
    breach = alerts(desk, ticket)[-1]
    assert "Resolved by Ben" in breach.text
    assert called(desk, breach) == set()
    assert breach.buttons == []
    desk.skip(2 * HOUR)
    assert in_managers_channel(desk, ticket) == []
    desk.card_says(ticket, "⚫ resolved 1 min", "late")


def test_what_is_due_together_for_the_same_people_is_one_post(desk: Desk) -> None:
    ticket = desk.raise_by_command("ana", **{"How much does it hold up?": "Work has stopped"})
    desk.skip(3 * HOUR)
    alert = only(alerts(desk, ticket))
    assert "the time to respond has been over since" in alert.text
    assert "Half of the time to resolve is used" in alert.text
    assert milestones(desk, ticket) == {
        "respond 50%": "superseded",
        "respond 80%": "superseded",
        "respond breach": "told",
        "resolve 50%": "told",
    }


def test_several_tickets_that_are_due_together_are_one_post_to_the_managers(desk: Desk) -> None:
    tickets = [raised(desk) for _ in range(3)]
    claim(desk, tickets[0])
    desk.skip(12 * HOUR)
    board = only(in_managers_channel(desk, tickets[0]))
    assert numbers_in(board) == {ticket.number for ticket in tickets}
    assert "IT Service Desk: 3 tickets need attention" in board.text
    say(desk, "ben", f"resolve {tickets[0].number} new cable")
    board = only(in_managers_channel(desk, tickets[1]))
    assert "2 tickets need attention" in board.text
    assert "Resolved by Ben" in board.text
    for ticket in tickets[1:]:
        say(desk, "ben", f"resolve {ticket.number} new cable")
    board = only(in_managers_channel(desk, tickets[1]))
    assert "none of these needs attention any more" in board.text


# --- the buttons of an escalation ---


def test_taking_over_an_escalation_is_told_there(desk: Desk) -> None:
    ticket = raised(desk)
    claim(desk, ticket, "ben")
    desk.skip(12 * HOUR)
    step = only(in_managers_channel(desk, ticket))
    assert desk.client.click("lea", MANAGERS, step.ts, "Take over").acked
    desk.card_says(ticket, "Lea")
    desk.until(
        lambda: "Lea has had it since" in only(in_managers_channel(desk, ticket)).text or None,
        "the escalation to say who has it now",
        lambda: only(in_managers_channel(desk, ticket)).text,
    )
    desk.settle()
    assert "Lea has had it since" in alerts(desk, ticket)[-1].text


def test_reassigning_from_an_escalation(desk: Desk) -> None:
    ticket = raised(desk)
    desk.skip(12 * HOUR)
    step = only(in_managers_channel(desk, ticket))
    assert "Nobody has it" in step.text
    assert desk.client.click("maria", MANAGERS, step.ts, "Reassign").acked
    assert desk.client.submit("maria", {"Who takes it?": "ben"}).acked
    desk.card_says(ticket, "Ben")
    desk.until(
        lambda: "Ben has had it since" in only(in_managers_channel(desk, ticket)).text or None,
        "the escalation to say who has it now",
        lambda: only(in_managers_channel(desk, ticket)).text,
    )


def test_from_a_post_about_several_tickets_each_can_be_taken_over_reassigned_and_acknowledged(
    desk: Desk,
) -> None:
    mine, bens, seen = (raised(desk) for _ in range(3))
    desk.skip(12 * HOUR)
    board = only(in_managers_channel(desk, mine))
    assert desk.client.click("lea", MANAGERS, board.ts, ActionId.TAKE_OVER, mine.number).acked
    assert desk.client.click("maria", MANAGERS, board.ts, ActionId.REASSIGN, bens.number).acked
    assert desk.client.submit("maria", {"Who takes it?": "ben"}).acked
    assert desk.client.click("maria", MANAGERS, board.ts, ActionId.ACKNOWLEDGE, seen.number).acked
    desk.card_says(mine, "Lea")
    desk.card_says(bens, "Ben")
    desk.settle()
    assert "acknowledged by Maria" in only(in_managers_channel(desk, seen)).text


def test_acknowledging_an_escalation_is_told_in_each_place_and_the_clock_goes_on(desk: Desk) -> None:
    ticket = raised(desk)
    claim(desk, ticket)
    desk.skip(12 * HOUR)
    step = only(in_managers_channel(desk, ticket))
    assert desk.client.click("maria", MANAGERS, step.ts, "Acknowledge").acked
    desk.settle()
    step = only(in_managers_channel(desk, ticket))
    assert "Acknowledged by Maria" in step.text
    assert step.buttons == ["Take over", "Reassign"]
    assert clock(desk, ticket, "resolve").stopped_at is None


def test_a_requester_cannot_use_the_buttons(desk: Desk) -> None:
    ticket = raised(desk)
    claim(desk, ticket)
    desk.skip(12 * HOUR)
    step = only(in_managers_channel(desk, ticket))
    with pytest.raises(SandboxRefused):
        desk.client.click("ana", MANAGERS, step.ts, "Take over")
    desk.client.invite("ana", MANAGERS)
    for button in ("Take over", "Reassign", "Acknowledge"):
        desk.client.click("ana", MANAGERS, step.ts, button)
        desk.told("ana", "Only agents")
    desk.client.leave("ana", MANAGERS)
    desk.settle()
    assert desk.client.view("ana") is None
    assert [kind for kind in desk.timeline(ticket.number) if kind in ("assigned", "acknowledged")] == []


# --- why ---


def test_the_explanation_adds_up(desk: Desk) -> None:
    ticket = raised(desk)
    desk.skip(20 * MINUTE)
    claim(desk, ticket)
    say(desk, "ben", f"wait {ticket.number}")
    desk.skip(2 * HOUR)
    say(desk, "ben", f"resume {ticket.number}")
    desk.skip(40 * MINUTE)
    text = say(desk, "ben", f"sla {ticket.number}")
    assert f"{ticket.number} · service levels" in text
    assert "✅ responded 39 min early" in text
    assert "Sum: 20 min" in text
    assert "waiting for the requester, not counted (2 h" in text
    assert "of 10 h, 8 h 59 min" in text
    assert "always, P3, minutes version 1" in text
    assert f"{ticket.number} · service levels" in say(desk, "ana", f"sla {ticket.number}")


def test_a_stranger_cannot_read_the_explanation(desk: Desk) -> None:
    ticket = raised(desk)
    newcomer = desk.newcomer("Nils", "it-help")
    assert f"I cannot find {ticket.number}" in say(desk, newcomer, f"sla {ticket.number}")
