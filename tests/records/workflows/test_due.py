"""The tick: each threshold decided once, told where it concerns, also after a standstill."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from bot.clock import real_now
from bot.delivery import rendering
from bot.directory import joining
from bot.directory.events import apply_event
from bot.models import (
    Channel,
    Desk,
    Milestone,
    Outbox,
    OutboxState,
    Person,
    ServiceClock,
    ServicePolicy,
    Ticket,
)
from bot.models.vocabulary import Action, EventKind, Level
from bot.service_levels.calendars import Window
from bot.store import Store
from bot.surfaces.service_levels import alert
from bot.workflows import due
from bot.workflows.alerts import read_alert
from bot.workflows.desks import Definition, ShiftDefinition, load_desks
from bot.workflows.gestures import WentAway
from tests.records.workflows.world import (
    AGENTS,
    ANA,
    BEN,
    CORA,
    FORMER,
    HELP,
    LEA,
    MANAGERS,
    MARIA,
    MINUTE,
    RANDOM,
    ROOT,
    SLA,
    START,
    TRIAGE,
    World,
    add_desk,
    desk_text,
    done,
    second_desk,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def escalating(*steps: str) -> str:
    """The usual promise with these steps instead."""
    return SLA.partition("    escalate:\n")[0] + "    escalate:\n" + "".join(f"      - {s}\n" for s in steps)


@pytest.fixture
def ticket(world: World) -> Ticket:
    """A P3 ticket of a desk with service levels: respond within 4 h, resolve within 24 h."""
    world.configure(desk_text())
    return world.raised()


@pytest.fixture
def bens(world: World, ticket: Ticket) -> Ticket:
    """The same, claimed by Ben."""
    world.act(BEN, Action.CLAIM, ticket.number)
    return world.ticket(ticket.number)


def told(world: World, prefix: str = "") -> dict[str, Outbox]:
    """The alerts, escalations and boards, by key."""
    kinds = ("alert", "escalation", "board", "unrouted")
    return {key: row for key, row in world.outbox(prefix).items() if row.kind in kinds}


def mentioned(row: Outbox) -> list[str]:
    return list(row.data["told"])


def away(world: World, who: str, cover: str | None = None) -> None:
    gesture = WentAway(
        key=f"away:{who}", person_id=who, at=world.clock.at, until="until 2026-03-09", cover_id=cover
    )
    done(world.handle(gesture))


# --- once each, in its place ---


def test_every_threshold_is_decided_and_told_once(world: World, bens: Ticket) -> None:
    world.pass_time(26 * HOUR, step=7 * MINUTE)
    key = f"sla:{bens.id}:resolve:1"
    assert list(told(world)) == [
        f"{key}:50%",
        f"{key}:80%",
        f"{key}:breach",
        f"{key}:breach+3600>1:{MANAGERS}",
    ]
    assert world.dispositions(bens) == {
        "resolve/1 50%": "told",
        "resolve/1 80%": "told",
        "resolve/1 breach": "told",
        "resolve/1 breach>0": "told",
        "resolve/1 breach+3600>1": "told",
    }
    rows = world.milestones(bens)
    assert rows["resolve/1 80%"].due_at == START + 0.8 * 24 * HOUR
    assert rows["resolve/1 breach>0"].told_key == rows["resolve/1 breach"].told_key
    kinds = [kind for kind in world.kinds(bens) if kind in ("warned", "breached", "escalated")]
    assert kinds == ["warned", "warned", "breached", "escalated", "escalated"]


@pytest.mark.parametrize(
    ("clock", "action", "said"),
    [
        ("respond", Action.CLAIM, "Claimed by Ben"),
        ("respond", Action.SPEAK, "Answered by Ben"),
        ("resolve", Action.RESOLVE, "Resolved by Ben"),
    ],
)
def test_a_breach_that_was_taken_back_is_told_as_kept(
    world: World, ticket: Ticket, clock: str, action: Action, said: str
) -> None:
    if clock == "resolve":
        world.act(BEN, Action.CLAIM, ticket.number)
    world.forward(4 * HOUR if clock == "respond" else 24 * HOUR)
    world.look()
    row = told(world)[f"sla:{ticket.id}:{clock}:1:breach"]
    assert "has been over since" in wording(world, row)
    late = world.acted(BEN, action, ticket.number, text="On it").model_copy(
        update={"at": world.clock.at - 2 * MINUTE}
    )
    done(world.handle(late))
    assert world.clocks(ticket)[f"{clock}/1"].state.value == "met"
    words = wording(world, row)
    assert f"the time to {clock} seemed to have run out" in words
    assert re.search(rf"{said} <[^>]+>, which was in time", words), words


def wording(world: World, row: Outbox) -> str:
    """What an alert says now."""
    with world.store.read() as session:
        return alert(read_alert(session, row.data)).text


def test_a_second_look_at_the_same_instant_changes_nothing(world: World, bens: Ticket) -> None:
    world.forward(25 * HOUR)
    assert world.look() == 1
    before = world.snapshot(), world.dispositions(bens)
    assert world.look() == 0
    assert (world.snapshot(), world.dispositions(bens)) == before


def test_a_warning_mentions_the_assignee_alone(world: World, bens: Ticket) -> None:
    world.forward(12 * HOUR)
    world.look()
    (row,) = told(world).values()
    assert mentioned(row) == [BEN]
    assert (row.channel, row.thread_key) == (TRIAGE, f"card:{bens.id}")


def test_a_warning_about_nobodys_ticket_mentions_the_agents(world: World, ticket: Ticket) -> None:
    world.forward(2 * HOUR)
    world.look()
    (row,) = told(world).values()
    assert mentioned(row) == sorted(AGENTS)


def test_a_breach_mentions_the_assignee_and_the_leads_in_one_post(world: World, bens: Ticket) -> None:
    world.forward(24 * HOUR)
    world.look()
    assert mentioned(told(world)[f"sla:{bens.id}:resolve:1:breach"]) == [BEN, LEA]


def test_both_clocks_due_together_are_one_post(world: World) -> None:
    world.configure(
        desk_text(SLA.replace("P3: {respond: 4h, resolve: 24h}", "P3: {respond: 4h, resolve: 4h}"))
    )
    ticket = world.raised()
    world.forward(2 * HOUR)
    world.look()
    (row,) = told(world).values()
    assert [point[0] for point in row.data["points"]] == ["respond", "resolve"]
    assert set(world.dispositions(ticket).values()) == {"told"}


def test_after_a_claim_the_warning_is_not_told(world: World, ticket: Ticket) -> None:
    world.forward(2 * HOUR + MINUTE)
    world.act(BEN, Action.CLAIM, ticket.number)
    world.look()
    assert told(world) == {}
    assert world.dispositions(ticket) == {"respond/1 50%": "superseded"}


def test_a_warning_about_a_ticket_that_waits_by_now_is_not_told(world: World, bens: Ticket) -> None:
    world.forward(12 * HOUR + MINUTE)
    world.act(BEN, Action.WAIT, bens.number)
    world.look()
    assert told(world) == {}
    assert world.dispositions(bens) == {"resolve/1 50%": "superseded"}


def test_a_warning_whose_cause_goes_is_drawn_again(world: World, ticket: Ticket) -> None:
    world.forward(2 * HOUR)
    world.look()
    (key,) = told(world)
    world.posted(key)
    shown = world.outbox()[key].shown_version
    world.act(BEN, Action.CLAIM, ticket.number)
    assert world.outbox()[key].wanted_version > shown


def test_a_desk_follows_its_channels_to_the_ids_they_are_given(world: World) -> None:
    world.configure(desk_text(sla=escalating('{at: "respond breach", to: "#it-managers"}')))
    ticket = world.raised()
    with world.store.write() as session:
        for old, new in ((MANAGERS, "C0NEWER"), (HELP, "C0ELSE"), ("C0NEWER", "C0NEWEST")):
            event = {"type": "channel_id_changed", "old_channel_id": old, "new_channel_id": new}
            apply_event(session, event, real_now())
    world.forward(4 * HOUR + MINUTE)
    world.look()
    assert {row.channel for key, row in told(world).items() if "breach" in key} == {TRIAGE, "C0NEWEST"}
    message = world.message(ANA, "Next one", "C0ELSE")
    assert world.raise_on(message).desk_key == ticket.desk_key


def not_said(world: World, key: str) -> None:
    """Delivery came to it when its cause had gone."""
    with world.store.write() as session:
        row = session.scalars(select(Outbox).where(Outbox.key == key)).one()
        assert row.ts is None
        reason = rendering._still_so(session, row)
        row.state, row.error, row.settled_at = OutboxState.SUPERSEDED, reason, real_now()
        assert reason is not None


def test_a_warning_that_was_not_said_while_the_ticket_waited_is_said_when_it_goes_on(
    world: World, bens: Ticket
) -> None:
    world.forward(12 * HOUR + MINUTE)
    world.look()
    (key,) = told(world)
    world.act(BEN, Action.WAIT, bens.number)
    not_said(world, key)
    world.forward(MINUTE)
    world.act(BEN, Action.RESUME, bens.number)
    assert world.outbox()[key].state is OutboxState.PENDING


def test_a_breach_that_was_not_said_before_the_work_ended_is_said_when_it_is_reopened(
    world: World, bens: Ticket
) -> None:
    world.forward(24 * HOUR + MINUTE)
    world.look()
    (key,) = (key for key in told(world) if "breach" in key)
    world.act(BEN, Action.RESOLVE, bens.number, text="done")
    not_said(world, key)
    world.forward(MINUTE)
    world.act(ANA, Action.REOPEN, bens.number)
    assert world.outbox()[key].state is OutboxState.PENDING


def test_an_escalation_stops_when_the_ticket_is_resolved(world: World, bens: Ticket) -> None:
    world.forward(24 * HOUR + 30 * MINUTE)
    world.look()
    world.act(BEN, Action.RESOLVE, bens.number, text="done")
    world.pass_time(3 * HOUR)
    assert not any("breach+3600" in key for key in told(world))


def test_what_follows_a_breach_stands_still_while_the_ticket_waits(world: World, bens: Ticket) -> None:
    world.forward(24 * HOUR)
    world.look()
    world.act(BEN, Action.WAIT, bens.number)
    world.pass_time(5 * HOUR, step=HOUR)
    assert not any("breach+3600" in key for key in told(world))
    world.act(BEN, Action.RESUME, bens.number)
    world.forward(HOUR)
    world.look()
    assert any("breach+3600" in key for key in told(world))


# --- after a standstill ---


def test_after_three_days_the_last_threshold_of_each_clock_is_told_late(world: World, ticket: Ticket) -> None:
    world.forward(3 * DAY)
    world.look()
    in_thread, in_channel = sorted(told(world).values(), key=lambda row: row.channel == MANAGERS)
    assert in_thread.data["points"] == [
        ["respond", 1, "breach"],
        ["resolve", 1, "breach"],
        ["resolve", 1, "breach>0"],
    ]
    assert (in_channel.channel, in_channel.data["points"]) == (MANAGERS, [["resolve", 1, "breach+3600>1"]])
    found = world.milestones(ticket)
    assert {name for name, row in found.items() if row.disposition.value == "superseded"} == {
        "respond/1 50%",
        "respond/1 80%",
        "resolve/1 50%",
        "resolve/1 80%",
    }
    assert all(row.is_late for row in found.values())
    assert found["resolve/1 breach"].due_at == START + 24 * HOUR
    clocks = world.clocks(ticket)
    assert clocks["respond/1"].breached_at == START + 4 * HOUR
    assert clocks["resolve/1"].breached_at == START + 24 * HOUR
    breaches = [event.at for event in world.events(ticket) if event.kind is EventKind.BREACHED]
    assert breaches == [START + 4 * HOUR, START + 24 * HOUR]


def test_what_is_decided_in_its_minute_is_not_late(world: World, bens: Ticket) -> None:
    world.forward(12 * HOUR + MINUTE)
    world.look()
    assert not world.milestones(bens)["resolve/1 50%"].is_late


def test_a_ticket_raised_from_an_old_message_is_told_of_once(world: World) -> None:
    world.configure(desk_text())
    message = replace(world.message(ANA, "since last week"), ts=world.ts(START - 3 * DAY))
    ticket = world.raise_on(message)
    world.look()
    in_thread = [row for row in told(world).values() if row.channel == TRIAGE]
    assert len(in_thread) == 1
    found = world.milestones(ticket)
    assert not any(row.is_late for row in found.values())
    assert found["respond/1 80%"].disposition.value == "superseded"
    assert world.clocks(ticket)["resolve/1"].history["breach"][2] == "born"


def test_a_clock_that_steps_back_decides_nothing_twice(world: World, bens: Ticket) -> None:
    world.forward(24 * HOUR)
    world.look()
    before = world.dispositions(bens)
    world.forward(-2 * HOUR)
    assert world.look() == 0
    world.act(BEN, Action.PRIORITISE, bens.number, impact=Level.LOW, urgency=Level.LOW, text="why")
    assert world.clocks(bens)["resolve/1"].breached_at == START + 24 * HOUR
    world.forward(2 * HOUR)
    world.look()
    assert world.dispositions(bens) == before


# --- several together ---


def test_several_tickets_due_together_for_a_channel_are_one_post(world: World) -> None:
    world.configure(desk_text(escalating('{at: "resolve breach", to: managers}')))
    tickets = [world.raised() for _ in range(5)]
    world.forward(24 * HOUR)
    world.look()
    (board,) = [row for row in told(world).values() if row.kind == "board"]
    assert (board.channel, len(board.data["alerts"])) == (MANAGERS, 5)
    assert {world.dispositions(ticket)["resolve/1 breach>0"] for ticket in tickets} == {"told"}


def test_one_look_decides_all_however_many_are_due(world: World) -> None:
    world.configure(desk_text())
    for _ in range(due.BATCH + 5):
        world.raised()
    world.forward(25 * HOUR)
    assert world.look() >= due.BATCH + 5
    assert world.look() == 0
    with world.store.read() as session:
        waiting = select(func.count()).where(ServiceClock.next_fire_at <= world.clock.at)
        assert session.scalar(waiting) == 0
        decided = select(func.count(Milestone.id)).where(Milestone.point == "breach")
        assert session.scalar(decided) == 2 * (due.BATCH + 5)


@pytest.fixture
def stores(world: World, database_url: str) -> Iterator[list[Store]]:
    """One for each replica; SQLite has one process with one writer."""
    if world.store.is_sqlite:
        yield [world.store] * 3
        return
    stores = [Store(database_url) for _ in range(3)]
    yield stores
    for store in stores:
        store.close()


def test_replicas_that_look_at_once_decide_each_threshold_once(world: World, stores: list[Store]) -> None:
    world.configure(desk_text(escalating('{at: "resolve breach", to: managers}')))
    tickets = [world.raised() for _ in range(60)]
    world.forward(24 * HOUR)
    with ThreadPoolExecutor(len(stores)) as pool:
        rounds = [pool.submit(due.tick, store, world.clock.at) for store in stores for _ in range(3)]
        for found in rounds:
            found.result(timeout=60)
    world.look()
    for ticket in tickets:
        assert world.dispositions(ticket)["resolve/1 breach>0"] == "told"
        assert world.kinds(ticket).count("breached") == 2
        assert world.kinds(ticket).count("escalated") == 1
    boards = [row for row in told(world).values() if row.channel == MANAGERS]
    named = [alert["ticket"] for row in boards for alert in row.data.get("alerts", [row.data])]
    assert sorted(named) == sorted(ticket.id for ticket in tickets)
    assert not any(key.endswith((":2", ":3")) for key in told(world))


# --- who is told ---


def test_the_cover_of_an_absent_assignee_is_told(world: World, bens: Ticket) -> None:
    away(world, BEN, cover=CORA)
    world.forward(12 * HOUR)
    world.look()
    (row,) = told(world).values()
    assert (mentioned(row), row.data["covers"]) == ([CORA], {CORA: BEN})


def test_without_a_cover_the_other_agents_are_told(world: World, bens: Ticket) -> None:
    away(world, BEN)
    world.forward(12 * HOUR)
    world.look()
    (row,) = told(world).values()
    assert mentioned(row) == [CORA, LEA]


def test_where_nobody_is_there_the_managers_hear_of_it_once(world: World, ticket: Ticket) -> None:
    for agent in AGENTS:
        away(world, agent)
    world.pass_time(4 * HOUR, step=10 * MINUTE)
    (unrouted,) = [row for row in told(world).values() if row.kind == "unrouted"]
    assert unrouted.channel == MANAGERS
    assert unrouted.data["nobody"]
    assert len([row for row in told(world).values() if row.kind == "alert"]) == 3


def test_without_a_managers_channel_managers_are_mentioned_in_the_thread(world: World) -> None:
    world.configure(desk_text(managers_channel=""))
    ticket = world.raised()
    world.act(BEN, Action.CLAIM, ticket.number)
    world.pass_time(25 * HOUR, step=HOUR)
    row = told(world)[f"sla:{ticket.id}:resolve:1:breach+3600>1"]
    assert (row.channel, mentioned(row)) == (TRIAGE, [MARIA])


def test_a_channel_is_told_with_a_post_of_its_own(world: World) -> None:
    world.configure(desk_text(escalating('{at: "resolve 90%", to: "#random"}')))
    ticket = world.raised()
    world.pass_time(22 * HOUR, step=HOUR)
    row = told(world)[f"sla:{ticket.id}:resolve:1:90%>0:{RANDOM}"]
    assert (row.kind, row.channel, row.thread_key) == ("escalation", RANDOM, None)


def test_somebody_who_left_is_told_to_the_administrator_once(world: World) -> None:
    world.configure(
        desk_text(
            escalating('{at: "resolve breach", to: "@cora"}', '{at: "resolve breach + 1h", to: "@cora"}')
        )
    )
    ticket = world.raised()
    world.deactivate(CORA)
    world.pass_time(26 * HOUR, step=HOUR)
    assert CORA not in [who for row in told(world).values() for who in mentioned(row)]
    assert world.dispositions(ticket)["resolve/1 breach>0"] == "told"
    notices = [row for key, row in world.outbox("notice:left:").items()]
    assert [row.person_id for row in notices] == [ROOT]


def test_a_name_that_nobody_bears_stops_no_other_recipient(world: World) -> None:
    world.configure(desk_text(escalating('{at: "resolve breach", to: ["@nobody-here", leads]}')))
    ticket = world.raised()
    world.act(BEN, Action.CLAIM, ticket.number)
    world.forward(24 * HOUR)
    world.look()
    assert LEA in mentioned(told(world)[f"sla:{ticket.id}:resolve:1:breach"])
    assert FORMER not in [who for row in told(world).values() for who in mentioned(row)]
    (notice,) = world.outbox("notice:nobody:").values()
    assert "nobody active bears that name" in notice.data["detail"]


def test_of_a_channel_that_the_bot_cannot_see_an_administrator_hears_how_to_invite_it(world: World) -> None:
    world.configure(desk_text(escalating('{at: "resolve breach", to: "#it-alerts"}')))
    (notice,) = world.outbox("notice:nobody:").values()
    assert notice.data["title"] == "A channel in desk.yaml cannot be found"
    assert "“#it-alerts” at IT Service Desk" in notice.data["detail"]
    assert "invite the bot" in notice.data["fix"]


def test_a_name_that_fits_two_people_is_told_with_their_ids(world: World) -> None:
    with world.store.write() as session:
        session.execute(update(Person).where(Person.id.in_([BEN, CORA])).values(handle="two"))
    world.configure(desk_text(escalating('{at: "resolve breach", to: "@two"}')))
    (notice,) = world.outbox("notice:nobody:").values()
    assert f"{BEN}, {CORA}" in notice.data["detail"]


@pytest.mark.parametrize("restarts", [False, True], ids=["while running", "at a restart"])
def test_a_channel_that_the_bot_is_invited_to_later_is_told_from_then_on(
    world: World, restarts: bool
) -> None:
    text = desk_text(escalating('{at: "resolve breach", to: ["#it-alerts", "@kim", leads]}'))
    world.configure(text)
    ticket = world.raised()
    world.act(BEN, Action.CLAIM, ticket.number)
    world.meet("UKIM")
    world.see_channel("CALERTS", "it-alerts")
    if restarts:
        world.configure(text)
    else:
        world.resolve()
    world.forward(24 * HOUR)
    world.look()
    key = f"sla:{ticket.id}:resolve:1:breach"
    assert set(told(world)) >= {key, f"{key}>0:CALERTS"}
    assert set(mentioned(told(world)[key])) >= {LEA, "UKIM"}
    with world.store.read() as session:
        assert "CALERTS" in joining.needed(session)
        promised = session.scalars(select(ServicePolicy.id).where(ServicePolicy.desk_key == "it"))
        assert list(promised) == [world.clocks(ticket)["resolve/1"].policy_id]


# --- what goes wrong ---


def test_a_desk_that_is_off_tells_when_it_is_on_again(world: World, bens: Ticket) -> None:
    switch(world, is_active=False)
    world.pass_time(25 * HOUR, step=HOUR)
    assert told(world) == {}
    assert world.milestones(bens) == {}
    switch(world, is_active=True)
    world.forward(2 * MINUTE)
    world.look()
    assert world.dispositions(bens)["resolve/1 breach"] == "told"
    assert world.milestones(bens)["resolve/1 breach"].is_late


def switch(world: World, *, is_active: bool) -> None:
    with world.store.write() as session:
        session.execute(update(Desk).values(is_active=is_active))


def test_a_ticket_that_cannot_be_measured_stops_no_other(world: World) -> None:
    world.configure(desk_text())
    broken, sound = world.raised(), world.raised()
    with world.store.write() as session:
        of_broken = update(ServiceClock).where(ServiceClock.ticket_id == broken.id)
        session.execute(of_broken.values(history={"terms": 7}))
    world.pass_time(25 * HOUR, step=12 * HOUR)
    assert world.dispositions(sound)["resolve/1 breach"] == "told"
    assert world.milestones(broken) == {}
    assert [row.person_id for row in world.outbox("notice:clocks:").values()] == [ROOT]


def test_a_desk_whose_shifts_cannot_be_read_stops_no_other(world: World) -> None:
    world.configure(desk_text())
    night = ShiftDefinition(days=(0,), windows=(Window(0, 60),), timezone="Mars/Olympus", people=(BEN,))
    hr = with_hr_desk(world, shifts=(night,))
    of_hr = world.raise_on(world.message(ANA, "My contract is gone", hr.request_channels[0]))
    sound = world.raised()
    world.pass_time(25 * HOUR, step=12 * HOUR)
    assert world.dispositions(sound)["resolve/1 breach"] == "told"
    assert world.milestones(of_hr) == {}
    assert [row.person_id for row in world.outbox("notice:clocks:").values()] == [ROOT]
    assert all(
        clock.next_fire_at > world.clock.at for clock in world.clocks(of_hr).values() if clock.next_fire_at
    )


def test_desks_that_share_a_channel_do_not_speak_for_each_other(world: World) -> None:
    world.configure(desk_text(escalating('{at: "resolve breach", to: managers}')))
    hr = with_hr_desk(world, managers_channel=MANAGERS)
    for _ in range(2):
        world.raised()
        world.raise_on(world.message(ANA, "My contract is gone", hr.request_channels[0]))
    world.forward(25 * HOUR)
    world.look()
    boards = [row for row in told(world).values() if row.kind == "board"]
    assert sorted(row.data["desk"] for row in boards) == ["hr", "it"]
    assert {row.channel for row in boards} == {MANAGERS}
    assert [len(row.data["alerts"]) for row in boards] == [2, 2]


def with_hr_desk(world: World, **changes: Any) -> Definition:
    """A second desk that promises what the first one does."""
    with world.store.write() as session:
        first = load_desks(session).all[0]
        definition = replace(second_desk(), policies=first.policies, **changes)
        add_desk(session, definition, 1)
    return definition


def test_a_target_that_never_falls_due_is_told_to_the_administrator(world: World) -> None:
    world.configure(desk_text(SLA.replace("always", "office")))
    with world.store.write() as session:  # as if all its days had become holidays
        version = session.scalars(select(ServicePolicy).where(ServicePolicy.desk_key == "it")).one()
        shut = version.content["calendars"]["office"] | {"week": [[]] * 7}
        version.content = version.content | {"calendars": {"office": shut}}
    tickets = [world.raised(), world.raised()]
    world.forward(HOUR)
    assert world.look() == 2
    assert world.look() == 0
    assert {row.due_at for ticket in tickets for row in world.clocks(ticket).values()} == {None}
    assert len(world.outbox("notice:never:")) == 1


def test_an_archived_channel_keeps_nobody_else_from_being_told(world: World, bens: Ticket) -> None:
    with world.store.write() as session:
        session.execute(update(Channel).where(Channel.id == MANAGERS).values(is_archived=True))
    world.pass_time(25 * HOUR, step=HOUR)
    assert world.dispositions(bens)["resolve/1 breach"] == "told"


def test_how_long_the_oldest_has_been_waiting_is_known(world: World, bens: Ticket) -> None:
    assert due.overdue(world.store, world.clock.at) == timedelta(0)
    world.forward(13 * HOUR)
    assert due.overdue(world.store, world.clock.at) == HOUR
    world.look()
    assert due.overdue(world.store, world.clock.at) == timedelta(0)
