"""Which conversations are read back when, and from where on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from bot.clock import real_now
from bot.models import Watermark
from bot.models.vocabulary import Action
from bot.workflows import watching
from bot.workflows.watching import EVERY, FAR, LEASE, OVERLAP, SELDOM, Stretch
from tests.records.workflows.world import ANA, BEN, DIRECT, HELP, LEA, MINUTE, START, TRIAGE, World, desk_text

HOUR = timedelta(hours=1)


@pytest.fixture
def watched(world: World) -> World:
    """A desk that is watched from `START` on."""
    with world.store.write() as session:
        watching.follow(session, at=START, now=START)
    return world


def claimed(world: World, now: timedelta) -> list[Stretch]:
    """Everything that is due then, in hand."""
    found: list[Stretch] = []
    while stretch := world.store.run(lambda s: watching.claim(s, at=START + now, now=START + now)):
        found.append(stretch)
    return found


def finish(world: World, stretch: Stretch, at: timedelta) -> None:
    with world.store.write() as session:
        watching.finished(session, stretch, until=START + at, now=START + at)


def gap(world: World, at: timedelta, *, everywhere: bool) -> None:
    with world.store.write() as session:
        watching.gap(session, at=START + at, now=START + at, everywhere=everywhere)


def places(stretches: list[Stretch]) -> set[tuple[str, str]]:
    return {(each.channel, each.thread_ts) for each in stretches}


def channels(stretches: list[Stretch]) -> list[Stretch]:
    return [each for each in stretches if each.is_lasting]


def test_channels_of_desks_are_read_every_quarter_of_an_hour(watched: World) -> None:
    assert claimed(watched, EVERY - MINUTE) == []
    assert places(claimed(watched, EVERY)) == {(HELP, ""), (TRIAGE, "")}


def test_what_is_older_than_the_desk_is_never_read(watched: World) -> None:
    gap(watched, MINUTE, everywhere=False)
    first = claimed(watched, MINUTE)
    assert {each.since for each in first} == {START}
    for each in first:
        finish(watched, each, MINUTE)
    assert {each.since for each in channels(claimed(watched, EVERY + MINUTE))} == {START}


def test_each_reading_goes_on_where_the_last_one_ended_with_an_overlap(watched: World) -> None:
    for each in claimed(watched, HOUR):
        finish(watched, each, HOUR)
    assert {each.since for each in channels(claimed(watched, 2 * HOUR))} == {START + HOUR - OVERLAP}


def test_an_outage_of_seventeen_hours_is_read_back_as_a_whole(watched: World) -> None:
    for each in claimed(watched, HOUR):
        finish(watched, each, HOUR)
    later = channels(claimed(watched, 18 * HOUR))
    assert {each.since for each in later} == {START + HOUR - OVERLAP}


def test_nothing_older_than_a_week_is_read(watched: World) -> None:
    later = channels(claimed(watched, timedelta(days=30)))
    assert {each.since for each in later} == {START + timedelta(days=23)}


def test_older_messages_of_request_channels_are_looked_at_as_far_as_desk_yaml_is_in_force(
    watched: World,
) -> None:
    watched.configure(desk_text())
    for hours, far in ((3, None), (50, START), (90, START + 50 * HOUR - OVERLAP - FAR)):
        reading = channels(claimed(watched, hours * HOUR))
        assert {each.channel: each.far for each in reading} == {HELP: far, TRIAGE: None}
        for each in reading:
            finish(watched, each, hours * HOUR)


def test_the_thread_of_a_ticket_that_was_found_is_read_from_when_its_emoji_may_have_been_put_on(
    watched: World,
) -> None:
    message = watched.message(ANA, "The printer is on fire")
    found = watched.reacted(ANA, (HELP, message.ts), "ticket", event_ts=watched.ts(START + 3 * HOUR))
    watched.clock.at = START + 3 * HOUR
    watched.handle(found.model_copy(update={"not_before": START + 2 * HOUR}))
    watched.supply(message)
    ours = (HELP, message.ts)
    at, now = watched.clock.at, real_now()  # due by the real clock
    while (each := watched.store.run(lambda s: watching.claim(s, at=at, now=now))) is not None:
        if (each.channel, each.thread_ts) == ours:
            break
    assert each is not None
    assert each.since == START + 2 * HOUR


def test_what_one_replica_reads_no_other_does_until_its_lease_ends(watched: World) -> None:
    assert len(claimed(watched, EVERY)) == 2
    assert claimed(watched, EVERY + MINUTE) == []
    assert len(claimed(watched, EVERY + LEASE)) == 2


def test_a_gap_during_a_reading_is_read_after_it(watched: World) -> None:
    (first, _) = claimed(watched, EVERY)
    gap(watched, EVERY + MINUTE, everywhere=False)
    finish(watched, first, EVERY + 2 * MINUTE)
    again = claimed(watched, EVERY + 2 * MINUTE)
    assert first.channel in {each.channel for each in again}
    assert {each.since for each in again} == {START}


def test_threads_of_tickets_going_on_are_read_after_a_gap_and_every_hour(watched: World) -> None:
    ticket = watched.raised()
    thread = (ticket.conversation_channel, ticket.conversation_ts)
    gap(watched, MINUTE, everywhere=True)
    first = claimed(watched, MINUTE)
    assert thread in places(first)
    for each in first:
        finish(watched, each, MINUTE)
    assert thread not in places(claimed(watched, HOUR))
    assert thread in places(claimed(watched, MINUTE + SELDOM))


def test_no_gap_is_needed_to_read_a_thread_now_and_then(watched: World) -> None:
    ticket = watched.raised()
    with watched.store.write() as session:
        watching.follow(session, at=START + MINUTE, now=START + MINUTE)
    assert (ticket.conversation_channel, ticket.conversation_ts) in places(claimed(watched, 2 * HOUR))


def test_the_thread_of_a_ticket_that_ended_is_read_once_more_and_forgotten(watched: World) -> None:
    ticket = watched.raised()
    gap(watched, MINUTE, everywhere=True)
    watched.act(LEA, Action.CANCEL, ticket.number)
    for each in claimed(watched, MINUTE):
        finish(watched, each, MINUTE)
    with watched.store.read() as session:
        threads = select(Watermark.thread_ts).where(Watermark.thread_ts != "")
        assert session.scalars(threads).all() == []


def test_direct_messages_are_read_as_well(watched: World) -> None:
    gap(watched, MINUTE, everywhere=True)
    assert {DIRECT[person] for person in (ANA, BEN, LEA)} <= {
        each.channel for each in claimed(watched, MINUTE)
    }


def test_channels_are_read_before_anything_that_has_waited_longer(watched: World) -> None:
    gap(watched, MINUTE, everywhere=True)
    with watched.store.write() as session:
        session.execute(text("DELETE FROM watermark WHERE channel = 'CTRIAGE'"))
        watching.follow(session, at=START, now=START + MINUTE)
    hour = START + HOUR
    first, second = (watched.store.run(lambda s: watching.claim(s, at=hour, now=hour)) for _ in range(2))
    assert {(each.channel, each.thread_ts) for each in (first, second) if each} == {(HELP, ""), (TRIAGE, "")}


def test_a_channel_that_cannot_be_read_falls_behind_visibly(watched: World) -> None:
    for hours in range(1, 4):
        for each in channels(claimed(watched, hours * HOUR)):
            with watched.store.write() as session:
                watching.failed(session, each, now=START + hours * HOUR)
    with watched.store.read() as session:
        assert watching.behind(session, START + 3 * HOUR) == 3 * HOUR - OVERLAP
