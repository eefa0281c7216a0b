"""Slack's limits that are counted: tiers, posts per channel, events per hour."""

from __future__ import annotations

import asyncio

import pytest

from sandbox.event_cap import EventCap
from sandbox.jsontypes import as_object
from sandbox.limits import RateLimits
from sandbox.validation.arguments import CALLS_PER_MINUTE, METHODS
from tests.sandbox.driving import Drive
from tests.sandbox.reference import table


class Hand:
    """A clock that is moved by hand, in seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(("tier", "most"), [(t, n) for t, n in CALLS_PER_MINUTE.items() if n is not None])
def test_a_tier_grants_so_many_calls_and_says_when_the_next_may_come(tier: str, most: int) -> None:
    clock = Hand()
    limits = RateLimits(clock, 1.0)
    assert [limits.take("a", tier, "") for _ in range(most)] == [0] * most
    wait = limits.take("a", tier, "")
    assert 0 < wait <= 60
    assert limits.take("b", tier, "") == 0
    clock.now += wait
    assert limits.take("a", tier, "") == 0


def test_methods_of_the_special_tier_have_limits_of_their_own() -> None:
    limits = RateLimits(Hand(), 1.0)
    special = [name for name, method in METHODS.items() if method.tier == "t5"]
    assert special == ["auth.test", "chat.postMessage", "chat.getPermalink"]
    assert [limits.take("auth.test", "t5", "") for _ in range(200)] == [0] * 200
    assert [limits.take("chat.postMessage", "t5", "C1") for _ in range(5)] == [0, 0, 0, 0, 1]
    assert limits.take("chat.postMessage", "t5", "C2") == 0
    spent = [limits.take("chat.postMessage", "t5", f"C{number}") for number in range(3, 300)]
    assert spent.count(0) == 295
    assert spent[-1] >= 1


def _driven(scale: float) -> Drive:
    drive = Drive()
    drive.sandbox.limits.scale = scale
    return drive


def test_a_limit_of_a_channel_knows_no_names() -> None:
    async def work() -> None:
        drive = _driven(1)
        direct = drive.space.open_im(drive.sandbox.app.bot_user, drive.ana)
        for names in ((drive.room.id, "#it-help", "it-help"), (direct.id, drive.ana)):
            answers = [
                drive.call("chat.postMessage", channel=n, text="x") for n in (*names, *names, names[0])
            ]
            assert [answer.get("error") for answer in answers].count("ratelimited") == len(answers) - 4
        await drive.sandbox.close()

    asyncio.run(work())


def test_events_over_the_cap_are_lost_and_each_such_minute_is_told() -> None:
    cap = EventCap()
    at = 60_000_000.0
    assert [cap.take(at, 2) for _ in range(4)] == ["pass", "pass", "tell", "drop"]
    assert [cap.take(at + 60, 2), cap.take(at + 61, 2)] == ["tell", "drop"]
    assert cap.take(at + 3600, 2) == "pass"
    assert {cap.take(at, 0) for _ in range(9)} == {"pass"}


def test_an_app_over_the_cap_hears_that_it_is_limited() -> None:
    async def work() -> None:
        drive = Drive()
        drive.sandbox.settings.change({"rate_scale": 2, "events_per_hour": 1})
        for number in range(5):
            drive.said(f"message {number}")
        await asyncio.sleep(0)
        # The first message of every workspace was sent before the cap was set.
        names = [name for name, _ in drive.envelopes()]
        assert names == ["message", "message", "message", "app_rate_limited"]
        told = as_object(list(drive.envelopes())[-1][1])
        assert sorted(told) == as_object(table("documented.json")["frames"])["app_rate_limited"]
        await drive.sandbox.close()

    asyncio.run(work())
