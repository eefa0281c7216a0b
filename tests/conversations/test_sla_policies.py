"""desk.yaml is edited while tickets are open; and what can go wrong with the people and places in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.models import ClockState
from sandbox.seen import SeenMessage
from tests.conversations.desk import Desk
from tests.conversations.sla import DESK as THE_DESK
from tests.conversations.sla import (
    HOUR,
    MANAGERS,
    MINUTE,
    MINUTES,
    WITH_MINUTES,
    alerts,
    called,
    claim,
    clock,
    in_managers_channel,
    milestones,
    only,
    raised,
    say,
)

DESK = WITH_MINUTES
SKIPS_TIME = True
COMBINATIONS = ("http-postgresql",)
pytestmark = pytest.mark.usefixtures("calm", "the_usual_desk_yaml")

SHORTER = WITH_MINUTES.replace("P3: {respond: 1h, resolve: 10h}", "P3: {respond: 20m, resolve: 8h}")
WITHOUT = MINUTES + THE_DESK
TO_SOMEBODY = WITH_MINUTES.replace("to: [assignee, leads]", 'to: [assignee, "@vera"]')


@pytest.fixture
def the_usual_desk_yaml(desk: Desk) -> Iterator[None]:
    yield
    desk.cancel_everything()
    desk.restart(DESK)
    desk.decided()


def notices(desk: Desk, title: str) -> list[SeenMessage]:
    """What the bot told the workspace's owner about this."""
    direct = desk.client.open_dm("root")
    return [message for message in desk.client.messages(direct) if title in message.text]


def test_open_tickets_get_a_new_version_and_ended_ones_keep_theirs(desk: Desk) -> None:
    ended, still_open = raised(desk), raised(desk)
    claim(desk, ended)
    say(desk, "ben", f"resolve {ended.number} new cable")
    claim(desk, still_open)
    before = clock(desk, ended, "resolve"), clock(desk, still_open, "resolve")
    desk.restart(SHORTER)
    desk.decided()
    after = clock(desk, ended, "resolve"), clock(desk, still_open, "resolve")
    assert (after[0].policy_id, after[0].target) == (before[0].policy_id, before[0].target)
    assert after[1].policy_id > before[1].policy_id
    assert after[1].target == timedelta(hours=8).total_seconds()
    assert before[1].due_at is not None
    assert after[1].due_at == before[1].due_at - timedelta(hours=2)
    when = f"<!date^{int(after[1].due_at.timestamp())}^"
    assert f"🟢 Resolve by {when}" in desk.card(still_open).text
    text = say(desk, "ben", f"sla {still_open.number}")
    assert f"version {before[1].policy_id}" in text
    assert f"version {after[1].policy_id}" in text


def test_what_a_shorter_target_finds_used_up_breaks_then_with_one_alert(desk: Desk) -> None:
    ticket = raised(desk)
    desk.skip(25 * MINUTE)
    assert alerts(desk, ticket) == []
    desk.restart(SHORTER)
    desk.decided()
    alert = only(alerts(desk, ticket))
    assert "under the new service levels, the time to respond has been over since" in alert.text
    assert milestones(desk, ticket)["respond breach"] == "told"


def test_a_removed_service_level_ends_silently_and_a_new_one_begins_without_a_storm(desk: Desk) -> None:
    ticket, other = raised(desk), raised(desk)
    desk.skip(31 * MINUTE)
    posted = len(alerts(desk, ticket))
    desk.restart(WITHOUT)
    desk.decided()
    assert clock(desk, ticket, "respond").state is ClockState.CANCELLED
    for text in (desk.card(ticket).everything, say(desk, "ben", "queue")):
        assert "Respond by" not in text
    desk.skip(20 * HOUR)
    assert len(alerts(desk, ticket)) == posted
    unmeasured = raised(desk)
    desk.skip(20 * HOUR)
    desk.restart(DESK)
    desk.decided()
    assert alerts(desk, unmeasured) == []
    assert clock(desk, unmeasured, "respond").state is ClockState.RUNNING
    desk.card_says(unmeasured, "🟢 Respond by")
    assert len(alerts(desk, ticket)) + len(alerts(desk, other)) == 2 * posted
    desk.skip(31 * MINUTE)
    assert "half of the time to respond is used" in only(alerts(desk, unmeasured)).text


def test_with_all_shifts_over_nobody_is_available(desk: Desk) -> None:
    today = desk.bot.clock.now().astimezone(ZoneInfo("Europe/Berlin"))
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    day = names[(today.weekday() + 3) % 7]
    shift = f'    shifts: [{{days: {day}, hours: "00:00-24:00", people: ["@ben"]}}]\n'
    desk.restart(WITH_MINUTES + shift)
    ticket = raised(desk)
    desk.skip(31 * MINUTE)
    assert "No agent of IT Service Desk is available" in only(in_managers_channel(desk, ticket)).text
    say(desk, "lea", f"cancel {ticket.number}")
    midnight = (today + timedelta(days=3)).replace(hour=0, minute=0, second=0, microsecond=0)
    desk.skip((midnight - desk.bot.clock.now()).total_seconds() + HOUR)
    ticket = raised(desk)
    desk.skip(31 * MINUTE)
    assert called(desk, only(alerts(desk, ticket))) == {"ben"}


# --- people and places that are not there any more ---


def test_an_escalation_to_somebody_who_left_is_told_to_an_administrator_once(desk: Desk) -> None:
    desk.client.add_user("vera", "Vera Vance", display_name="Vera")
    desk.restart(TO_SOMEBODY)
    desk.client.change_user("vera", deleted=True)
    desk.settle()
    tickets = [raised(desk), raised(desk)]
    for ticket in tickets:
        claim(desk, ticket)
    desk.skip(10 * HOUR + MINUTE)
    for ticket in tickets:
        breach = alerts(desk, ticket)[-1]
        assert "the time to resolve has been over since" in breach.text.lower()
        assert called(desk, breach) == {"ben"}
    notice = only(notices(desk, "An escalation names somebody who left"))
    assert "Vera" in notice.everything
    assert "desk.yaml" in notice.everything


def test_an_archived_managers_channel_is_told_to_an_administrator_and_the_rest_works(desk: Desk) -> None:
    desk.may_log += ["parked", "a desk needs attention"]
    ticket = raised(desk)
    claim(desk, ticket)
    desk.client.archive("maria", MANAGERS)
    desk.settle()
    desk.skip(11 * HOUR + MINUTE)
    breach = only([alert for alert in alerts(desk, ticket) if "Ben has had it" in alert.text])
    assert "has been over since" in breach.text
    notice = desk.until(
        lambda: next(iter(notices(desk, "not delivered")), None), "the administrator to be told"
    )
    assert "Unarchive the channel" in notice.everything
    desk.client.archive("maria", MANAGERS, archived=False)
    desk.restart(DESK)
    desk.until(lambda: in_managers_channel(desk, ticket), "the escalation to be made up for")
    other = raised(desk)
    claim(desk, other)
    desk.skip(11 * HOUR + MINUTE)
    assert len(in_managers_channel(desk, other)) == 1
