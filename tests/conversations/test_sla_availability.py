"""Who is mentioned when somebody, or everybody, is away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conversations.desk import TRIAGE, Desk
from tests.conversations.sla import (
    HOUR,
    MINUTE,
    WITH_MINUTES,
    alerts,
    called,
    claim,
    in_managers_channel,
    only,
    raised,
    say,
)

DESK = WITH_MINUTES
SKIPS_TIME = True
COMBINATIONS = ("http-sqlite",)
AGENTS = ("ben", "lea")
pytestmark = pytest.mark.usefixtures("calm", "everybody_comes_back")


@pytest.fixture
def everybody_comes_back(desk: Desk) -> Iterator[None]:
    yield
    for agent in AGENTS:
        say(desk, agent, "back")
        desk.client.set_status(agent)
    desk.settle()


def test_with_everybody_away_the_managers_hear_once_that_nobody_is_there(desk: Desk) -> None:
    for agent in AGENTS:
        say(desk, agent, "away for 3d")
    ticket = raised(desk)
    desk.skip(31 * MINUTE)
    warning = only(alerts(desk, ticket))
    assert "No agent of IT Service Desk is available right now" in warning.text
    assert called(desk, warning) == set()
    unrouted = only(in_managers_channel(desk, ticket))
    assert "No agent of IT Service Desk is available to take it" in unrouted.text
    assert "Half of the time to respond is used" in unrouted.text
    assert called(desk, unrouted) == set()
    desk.skip(30 * MINUTE)
    assert len(in_managers_channel(desk, ticket)) == 1
    claim(desk, ticket)
    unrouted = only(in_managers_channel(desk, ticket))
    assert "is available to take it" not in unrouted.text
    assert "Claimed by Ben" in unrouted.text


def test_a_slack_status_counts_as_away(desk: Desk) -> None:
    for agent in AGENTS:
        desk.client.set_status(agent, ":palm_tree:", "Vacationing")
    desk.settle()
    ticket = raised(desk)
    desk.skip(31 * MINUTE)
    assert "No agent of IT Service Desk is available" in only(in_managers_channel(desk, ticket)).text
    desk.client.set_status("lea")
    desk.settle()
    desk.skip(18 * MINUTE)
    assert called(desk, alerts(desk, ticket)[-1]) == {"lea"}
    assert len(in_managers_channel(desk, ticket)) == 1


def test_one_who_is_away_is_not_mentioned(desk: Desk) -> None:
    say(desk, "ben", "away for 3d")
    ticket = raised(desk)
    desk.skip(31 * MINUTE)
    assert called(desk, only(alerts(desk, ticket))) == {"lea"}


def test_the_cover_is_mentioned_for_the_assignee(desk: Desk) -> None:
    ticket = raised(desk)
    claim(desk, ticket, "ben")
    say(desk, "ben", "away for 3d cover @lea")
    desk.skip(5 * HOUR + MINUTE)
    warning = only(alerts(desk, ticket))
    assert called(desk, warning) == {"lea"}
    assert "(for Ben, who is away)" in warning.text


def test_with_an_assignee_away_and_no_cover_the_others_are_mentioned(desk: Desk) -> None:
    ticket = raised(desk)
    claim(desk, ticket, "ben")
    say(desk, "ben", "away for 3d")
    desk.skip(5 * HOUR + MINUTE)
    assert called(desk, only(alerts(desk, ticket))) == {"lea"}


def test_more_than_five_agents_are_not_mentioned(desk: Desk) -> None:
    newcomers = [desk.newcomer(name, TRIAGE) for name in ("Nora", "Nils", "Noel")]
    ticket = raised(desk)
    desk.skip(31 * MINUTE)
    assert called(desk, only(alerts(desk, ticket))) == {"ben", "lea", *newcomers}
    newcomers.append(desk.newcomer("Nina", TRIAGE))
    desk.skip(18 * MINUTE)
    warning = alerts(desk, ticket)[-1]
    assert called(desk, warning) == set()
    assert "80% of the time to respond is used" in warning.text
    for person in newcomers:
        desk.client.leave(person, TRIAGE)
    desk.settle()
