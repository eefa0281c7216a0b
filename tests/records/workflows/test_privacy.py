"""What a private ticket says is read by its requester and the desk's agents, and by nobody else anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from bot.delivery import marker, rendering
from bot.delivery.rendering import Content
from bot.handlers.answers import render
from bot.handlers.commands import on_command
from bot.handlers.interactions import on_button, on_form
from bot.models import Desk, Outbox, Person, Ticket
from bot.models.vocabulary import Action, Level, State
from bot.store import outbox
from bot.store.outbox import Due
from bot.workflows import explaining, records, reports
from bot.workflows.desks import DigestDefinition, load_desks
from bot.workflows.gestures import Asked
from bot.workflows.outcomes import Done, Ignored, Refusal
from bot.workflows.telling import Telling
from tests.records.workflows.views import Views, handling
from tests.records.workflows.world import (
    ANA,
    BEN,
    BOB,
    CORA,
    DIRECT,
    GUEST,
    HELP,
    LEA,
    MARIA,
    ROOT,
    START,
    STRANGER,
    TRIAGE,
    World,
    desk_text,
    done,
    refused,
    root_of,
)

SECRETS = ("Canarytitle", "canarydescription", "Canaryaffected", "Canarycategory", "canaryword", "Canaryname")
SLA = """
    calendar: always
    respond_by: [claim, reply]
    warn_at: [50%]
    targets:
      P1: {respond: 1h, resolve: 2h}
      P2: {respond: 1h, resolve: 2h}
      P3: {respond: 1h, resolve: 2h}
      P4: {respond: 1h, resolve: 2h}
      P5: {respond: 1h, resolve: 2h}
    escalate:
      - {at: "respond breach", to: managers}
      - {at: "resolve breach", to: [assignee, leads]}
      - {at: "resolve breach + 1h", to: managers}
"""


def raised_in_private(world: World, **more: Any) -> Ticket:
    """By the form, everything in it a secret, its messages posted."""
    secrets: dict[str, Any] = {
        "title": "Canarytitle",
        "affected": "Canaryaffected",
        "category": "Canarycategory",
        "is_private": True,
    }
    gesture = world.filed(ANA, "canarydescription", **(secrets | more))
    ticket = world.ticket(done(world.handle(gesture)).number)
    world.posted(f"opening:{ticket.id}")
    world.posted(f"card:{ticket.id}")
    return world.ticket(ticket.number)


@pytest.fixture(autouse=True)
def named(world: World) -> None:
    """The requester's name is a secret, too."""
    with world.store.write() as session:
        session.execute(update(Person).where(Person.id == ANA).values(name="Canaryname"))


def content(world: World, row: Outbox) -> str | None:
    """Everything that Slack is given of a delivery; None when it says nothing."""
    with world.store.write() as session:
        known = session.get_one(Outbox, row.id)
        now = world.store.now(session) + timedelta(seconds=1)
        claim = outbox.take(session, Due(known, "lane"), owner=world.store.owner, now=now)
        made = rendering.render(session, claim)
        session.rollback()
    if not isinstance(made, Content):
        return None
    mark = marker.metadata("secret", key=row.key, channel="C1", thread_ts=None)
    return json.dumps([made.text, made.blocks, dict(made.attribution), mark], ensure_ascii=False)


def secrets_in(text: str) -> list[str]:
    return [secret for secret in (*SECRETS, ANA) if secret in text]


def is_anas(world: World, row: Outbox) -> bool:
    """Whether it goes to the requester's own direct messages."""
    root = world.outbox().get(row.thread_key or "")
    place = row.channel or row.person_id or (root and (root.channel or root.person_id))
    return place in (ANA, DIRECT[ANA])


def said(world: World) -> Iterator[tuple[Outbox, str]]:
    for row in world.outbox().values():
        text = content(world, row)
        if text is not None:
            yield row, text


# --- nothing leaks, wherever it is told ---


def test_nothing_that_is_posted_where_others_read_says_what_a_private_ticket_says(world: World) -> None:
    world.configure(desk_text(SLA, digest='{at: "09:00", days: daily}', categories='["Canarycategory"]'))
    told: set[str] = set()
    leaks: list[tuple[str, list[str]]] = []
    in_private: dict[str, str] = {}

    def look() -> None:
        for row, text in said(world):
            told.add(row.kind)
            if is_anas(world, row):
                in_private[row.key] = text
            elif found := secrets_in(text):
                leaks.append((row.key, found))

    ticket, other = raised_in_private(world), raised_in_private(world)
    look()
    root = root_of(ticket)
    world.tick()
    world.say(ANA, "canaryword <@UANA>", root[0], thread_ts=root[1])
    world.act(BEN, Action.SPEAK, ticket.number, text="canaryword for you")
    world.act(BEN, Action.NOTE, ticket.number, text="canaryword of a note")
    look()
    world.pass_time(timedelta(hours=2), step=timedelta(minutes=30))
    look()
    world.act(LEA, Action.ASSIGN, ticket.number, assignee_id=BEN)
    look()
    world.pass_time(timedelta(hours=2), step=timedelta(minutes=30))
    look()
    world.act(BEN, Action.WAIT, ticket.number)
    world.act(BEN, Action.RESOLVE, ticket.number, text="canaryword fixed it")
    look()
    world.act(ANA, Action.REOPEN, ticket.number)
    world.act(LEA, Action.CANCEL, other.number)
    look()
    world.say(ANA, "canaryword, another one", DIRECT[ANA])
    world.forward(timedelta(hours=24))
    reports.reports_due(world.store, world.clock.at)
    world.forward(timedelta(hours=24))
    reports.reports_due(world.store, world.clock.at)
    look()
    assert leaks == []
    assert {kind.value for kind in Telling} - told == {
        "emoji",  # no words
        "form_refused",  # to who sent the form alone
        "home",  # one person's own: test_homes.py
        "notice",  # of failures, not of tickets
        "unrouted",  # a test of its own
    }
    assert secrets_in(in_private[f"opening:{ticket.id}"])
    assert any("canaryword for you" in text for text in in_private.values())
    assert any("canaryword fixed it" in text for text in in_private.values())


def test_nobody_being_there_is_told_without_what_it_is_about(world: World) -> None:
    world.configure(
        desk_text(SLA, agents='["@ben"]', shifts='[{hours: "03:00-03:01", people: ["@ben"], days: "sun"}]')
    )
    raised_in_private(world)
    world.pass_time(timedelta(hours=3), step=timedelta(minutes=30))
    rows = [(row, text) for row, text in said(world) if row.kind == Telling.UNROUTED.value]
    assert rows
    assert [secrets_in(text) for _, text in rows] == [[] for _ in rows]


def test_a_digest_counts_private_tickets_and_names_neither_title_nor_category(world: World) -> None:
    digest = DigestDefinition(at=9 * 60, days=tuple(range(7)))
    with world.store.write() as session:
        row = session.get_one(Desk, "it")
        row.definition = replace(
            load_desks(session).all[0], digest=digest, managers_channel="CMANAGERS"
        ).to_json()
    reports.reports_due(world.store, START)
    raised_in_private(world)
    reports.reports_due(world.store, START + timedelta(hours=23))
    texts = [text for row, text in said(world) if row.kind == Telling.REPORT.value]
    assert texts
    assert [secrets_in(text) for text in texts] == [[] for _ in texts]
    with world.store.read() as session:
        page = reports.read_behind(
            session, report_id(world), kind=world.tickets()[0].kind, line="came_in", page=1
        ).page
    assert [(view.number, view.is_veiled, view.title) for view in page.tickets] == [("INC-1", True, "")]


def report_id(world: World) -> int:
    (row,) = [row for row in world.outbox().values() if row.kind == Telling.REPORT.value]
    return int(row.data["report_id"])


# --- who reads it ---


def answered(world: World, person: str, query: str, number: str | None = None) -> str:
    gesture = Asked.model_validate(
        {
            "key": world.ts(),
            "person_id": person,
            "at": world.clock.at,
            "query": query,
            "number": number,
        }
    )
    outcome = world.handle(gesture)
    with world.store.read() as session:
        shown = render(session, gesture, outcome)
    assert shown is not None
    return json.dumps([shown.text, shown.blocks], ensure_ascii=False)


@pytest.mark.parametrize("person", [ANA, BEN, LEA])
def test_the_requester_and_the_desks_agents_read_it_when_they_ask(world: World, person: str) -> None:
    ticket = raised_in_private(world)
    assert "canarydescription" in answered(world, person, "show", ticket.number)
    assert "Canarytitle" in answered(world, person, "mine" if person == ANA else "queue")


@pytest.mark.parametrize("person", [MARIA, ROOT])
def test_managers_and_administrators_see_that_it_is_there_and_not_what_it_says(
    world: World, person: str
) -> None:
    ticket = raised_in_private(world)
    for query in ("queue", "unassigned", "show", "sla"):
        shown = answered(world, person, query, ticket.number)
        assert secrets_in(shown) == []
        if query != "sla":
            assert ticket.number in shown
    assert secrets_in(answered(world, person, "details", ticket.number)) == []


@pytest.mark.parametrize("person", [BOB, GUEST, STRANGER])
@pytest.mark.parametrize("query", ["show", "sla", "details"])
def test_to_others_it_is_a_ticket_that_is_not_there(world: World, person: str, query: str) -> None:
    ticket = raised_in_private(world)
    missing = answered(world, person, query, "INC-999")
    assert answered(world, person, query, ticket.number) == missing.replace("INC-999", ticket.number)


def test_somebody_not_known_yet_waits_for_the_same_facts_whether_there_is_such_a_ticket(
    world: World,
) -> None:
    ticket = raised_in_private(world)
    world.age_directory(timedelta(hours=1))
    waits = answered(world, BOB, "show", "INC-999")
    assert answered(world, BOB, "show", ticket.number) == waits


@pytest.mark.parametrize(
    "action", [Action.CLAIM, Action.NOTE, Action.SPEAK, Action.MAKE_PUBLIC, Action.CANCEL]
)
def test_who_may_not_see_it_cannot_learn_of_it_by_trying(world: World, action: Action) -> None:
    ticket = raised_in_private(world)
    for person in (BOB, GUEST):
        assert refused(world.act(person, action, ticket.number, text="x")).refusal is Refusal.NO_SUCH_TICKET
        would = world.intake.would_refuse(person, action, ticket.number)
        assert would is not None
        assert would.refusal is Refusal.NO_SUCH_TICKET


# --- becoming private, and public again ---


def test_the_emoji_makes_a_ticket_private_and_its_conversation_leaves_the_channel(world: World) -> None:
    ticket = world.raised("Canarytitle", ANA)
    thread = root_of(ticket)
    outcome = done(world.react(ANA, thread, "shushing_face"))
    assert outcome.event == "made_private_here"
    now = world.ticket(ticket.number)
    assert (now.is_private, now.conversation_channel) == (True, None)
    place = world.posted(f"opening:{ticket.id}:direct")
    assert place[0] == DIRECT[ANA]
    assert root_of(world.ticket(ticket.number)) == place
    before = content(world, world.outbox()[f"opening:{ticket.id}"])
    assert before is not None
    assert "direct messages" in before
    assert secrets_in(before) == []
    world.act(BEN, Action.SPEAK, ticket.number, text="canaryword")
    (relay,) = world.outbox("relay:").values()
    assert is_anas(world, relay)
    world.tick()
    assert done(world.say(ANA, "canaryword", thread[0], thread_ts=thread[1])).event == "commented"
    assert [secrets_in(text) for row, text in said(world) if not is_anas(world, row)] == [[], [], []]


def test_what_was_on_its_way_into_the_thread_goes_to_direct_messages(world: World) -> None:
    ticket = world.raised("Canarytitle", ANA)
    world.act(BEN, Action.SPEAK, ticket.number, text="canaryword")
    world.act(BEN, Action.RESOLVE, ticket.number, text="canaryword")
    world.react(ANA, root_of(ticket), "shushing_face")
    assert [is_anas(world, row) for row in world.outbox("re").values()] == [True, True]


def test_a_root_that_appears_in_the_channel_afterwards_is_not_the_conversation(world: World) -> None:
    ticket = world.ticket(done(world.handle(world.filed(ANA, "canarydescription"))).number)
    world.act(ANA, Action.MAKE_PRIVATE, ticket.number)
    world.put(f"opening:{ticket.id}", HELP, world.ts())
    assert world.ticket(ticket.number).conversation_channel is None
    assert content(world, world.outbox()[f"opening:{ticket.id}:direct"]) is not None


def test_what_was_posted_about_it_before_is_edited(world: World) -> None:
    ticket = world.raised("Canarytitle", ANA)
    world.tick()
    world.say(ANA, "canaryword", HELP, thread_ts=ticket.conversation_ts)
    world.act(LEA, Action.ASSIGN, ticket.number, assignee_id=BEN)
    for prefix in ("relay:", "assigned:"):
        (key,) = world.outbox(prefix)
        world.posted(key)
    world.react(BEN, world.card(ticket), "shushing_face")
    for row in world.outbox().values():
        if row.kind in ("relay", "assigned", "card"):
            assert row.wanted_version > row.shown_version, row.key
            assert secrets_in(content(world, row) or "") == [], row.key
    world.posted(f"card:{ticket.id}")
    world.act(BEN, Action.RELEASE, ticket.number)
    card = world.outbox()[f"card:{ticket.id}"]
    assert card.wanted_version > card.shown_version


def test_the_emoji_on_a_plain_message_raises_a_private_ticket(world: World) -> None:
    message = world.message(ANA, "Canarytitle")
    world.react(BOB, (HELP, message.ts), "shushing_face")
    _, outcome = world.supply(message)
    assert isinstance(outcome, Done)
    assert outcome.event == "raised_privately"
    (ticket,) = world.tickets()
    assert (ticket.is_private, ticket.requester_id) == (True, ANA)
    assert world.outbox()[f"opening:{ticket.id}"].person_id == ANA
    again = world.react(BOB, (HELP, message.ts), "ticket")
    assert isinstance(again, Done)
    assert again.event == "exists"


def test_taking_the_emoji_away_publishes_nothing(world: World) -> None:
    ticket = world.raised("Canarytitle", ANA)
    thread = root_of(ticket)
    world.react(ANA, thread, "shushing_face")
    world.tick()
    assert world.unreact(ANA, thread, "shushing_face") == Ignored()
    assert world.ticket(ticket.number).is_private


def test_only_its_people_make_it_private_and_only_the_desk_makes_it_public(world: World) -> None:
    ticket = world.raised()
    assert refused(world.act(BOB, Action.MAKE_PRIVATE, ticket.number)).refusal is Refusal.NOT_AN_AGENT
    assert done(world.act(ANA, Action.MAKE_PRIVATE, ticket.number)).event == "made_private_here"
    assert done(world.act(BEN, Action.MAKE_PRIVATE, ticket.number)).event == "already_private"
    assert refused(world.act(ANA, Action.MAKE_PUBLIC, ticket.number)).refusal is Refusal.NOT_AN_AGENT
    assert done(world.act(BEN, Action.MAKE_PUBLIC, ticket.number)).event == "made_public"
    assert world.kinds(ticket)[-2:] == ["made_private", "made_public"]
    with world.store.read() as session:
        assert records.verify(session) == []


def test_made_public_the_card_shows_it_and_what_was_said_in_private_stays_there(world: World) -> None:
    ticket = raised_in_private(world)
    root = root_of(ticket)
    world.tick()
    world.say(ANA, "canaryword", root[0], thread_ts=root[1])
    world.act(CORA, Action.MAKE_PUBLIC, ticket.number)
    (relay,) = world.outbox("relay:").values()
    assert secrets_in(content(world, relay) or "") == []
    assert "Canarytitle" in (content(world, world.outbox()[f"card:{ticket.id}"]) or "")
    assert root_of(world.ticket(ticket.number)) == root


def test_words_that_were_veiled_once_stay_veiled(world: World) -> None:
    ticket = world.raised("Canarytitle", ANA)
    world.tick()
    world.say(ANA, "canaryword", HELP, thread_ts=ticket.conversation_ts)
    world.act(ANA, Action.MAKE_PRIVATE, ticket.number)
    world.act(BEN, Action.MAKE_PUBLIC, ticket.number)
    (relay,) = world.outbox("relay:").values()
    assert secrets_in(content(world, relay) or "") == []


def test_direct_messages_are_private_and_so_is_what_continues_them(world: World) -> None:
    message = world.message(ANA, "canarydescription", DIRECT[ANA])
    ticket = world.ticket(done(world.handle(world.wrote(message))).number)
    assert ticket.is_private
    world.act(BEN, Action.CANCEL, ticket.number)
    world.tick()
    reply = world.message(ANA, "canaryword", DIRECT[ANA], thread_ts=message.ts)
    following = world.ticket(done(world.handle(world.wrote(reply))).number)
    assert following.is_private
    assert root_of(following) == (DIRECT[ANA], message.ts)


def test_what_continues_a_private_ticket_from_its_old_thread_goes_on_in_direct_messages(world: World) -> None:
    ticket = world.raised("Canarytitle", ANA)
    thread = root_of(ticket)
    world.react(ANA, thread, "shushing_face")
    world.act(BEN, Action.CANCEL, ticket.number)
    world.tick()
    following = world.ticket(done(world.say(ANA, "canaryword", thread[0], thread_ts=thread[1])).number)
    assert following.is_private
    assert world.outbox()[f"opening:{following.id}"].person_id == ANA


def test_words_in_the_cards_thread_are_delivered_and_the_writer_learns_who_reads_there(world: World) -> None:
    ticket = raised_in_private(world)
    card = world.card(ticket)
    world.tick()
    assert done(world.say(BEN, "On it", TRIAGE, thread_ts=card[1])).event == "commented_in_the_open"
    assert done(world.say(BEN, "note: hm", TRIAGE, thread_ts=card[1])).event == "noted_in_the_open"
    (relay,) = world.outbox("relay:").values()
    assert is_anas(world, relay)


def test_an_answer_from_the_details_says_what_fixed_it_where_that_was_asked(world: World) -> None:
    ticket = raised_in_private(world)
    world.react(BEN, world.card(ticket), "white_check_mark")
    world.act(BEN, Action.SPEAK, ticket.number, text="canaryword")
    now = world.ticket(ticket.number)
    assert (now.state, now.resolution) == (State.RESOLVED, "canaryword")


# --- modals ---


def press(world: World, person: str, ticket: Ticket, action_id: str = "ticket.details") -> list[str]:
    """What is opened and said after a press on the card."""
    views = Views()
    payload: dict[str, Any] = {
        "user": {"id": person},
        "trigger_id": world.ts(),
        "channel": {"id": TRIAGE},
        "response_url": "https://x.test/1",
        "actions": [{"action_id": action_id, "action_ts": world.ts(), "value": ticket.number}],
    }
    ack = on_button(handling(world, views), payload)
    return [*views.opened, *(reply.text for reply in ack.after)]


def test_the_details_open_for_those_who_may_read_them_each_time_they_are_asked_for(world: World) -> None:
    ticket = raised_in_private(world)
    world.act(BEN, Action.NOTE, ticket.number, text="between us")
    (agents,) = press(world, BEN, ticket)
    assert "canarydescription" in agents
    assert "between us" in agents
    assert "details.reply" in agents
    (hers,) = press(world, ANA, ticket)
    assert "canarydescription" in hers
    assert "between us" not in hers
    for person in (MARIA, ROOT, BOB, STRANGER):
        assert secrets_in("".join(press(world, person, ticket))) == []
    world.leave(TRIAGE, BEN)
    assert secrets_in("".join(press(world, BEN, ticket))) == []


@pytest.mark.parametrize("button", ["ticket.resolve", "ticket.note", "ticket.assign", "ticket.prioritise"])
def test_the_forms_of_a_private_ticket_do_not_say_what_it_is_about(world: World, button: str) -> None:
    ticket = raised_in_private(world)
    assert secrets_in("".join(press(world, BEN, ticket, button))) == []


@pytest.mark.parametrize("word", ["note {}", "resolve {}", "assign {}", "priority {}", "claim {}", "{}"])
def test_typed_words_tell_others_no_more_than_of_a_missing_ticket(world: World, word: str) -> None:
    ticket = raised_in_private(world)

    def typed(number: str) -> str:
        payload = {
            "command": "/ticket",
            "text": word.format(number),
            "user_id": BOB,
            "trigger_id": world.ts(),
            "channel_id": HELP,
        }
        views = Views()
        return json.dumps([on_command(handling(world, views), payload).body, views.opened])

    assert typed(ticket.number) == typed("INC-999").replace("INC-999", ticket.number)


def test_the_answer_of_the_details_reaches_the_requester(world: World) -> None:
    ticket = raised_in_private(world)
    view = {
        "id": "V1",
        "callback_id": "form.details",
        "private_metadata": json.dumps({"ticket": ticket.number}),
        "state": {"values": {"details.reply": {"value": {"value": "canaryword"}}}},
    }
    payload = {"user": {"id": BEN}, "view": view}
    assert on_form(handling(world, Views()), payload).body is None
    (relay,) = world.outbox("relay:").values()
    assert is_anas(world, relay)
    assert "canaryword" in (content(world, relay) or "")


# --- the operator ---


def test_an_export_leaves_out_what_private_tickets_say_unless_it_is_asked_for(
    world: World, tmp_path: Path
) -> None:
    ticket = raised_in_private(world)
    root = root_of(ticket)
    world.tick()
    world.say(ANA, "canaryword", root[0], thread_ts=root[1])
    out = tmp_path / "export.jsonl"
    with world.store.read() as session:
        records.export(session, out)
        without = out.read_text()
        records.export(session, out, include_private=True)
    assert secrets_in(without) == []
    line = json.loads(without)
    assert (line["number"], line["is_private"], "title" in line["withheld"]) == (ticket.number, True, True)
    assert {"Canarytitle", "canarydescription", "canaryword"} <= set(secrets_in(out.read_text()))


def test_the_explanation_of_its_clocks_says_nothing_that_is_private(world: World) -> None:
    world.configure(desk_text(SLA))
    ticket = raised_in_private(world)
    with world.store.read() as session:
        known = explaining.explain_number(session, ticket.number, world.clock.at)
    assert secrets_in(repr(known)) == []


def test_a_priority_that_changes_says_nothing_of_it(world: World) -> None:
    ticket = raised_in_private(world)
    world.act(BEN, Action.PRIORITISE, ticket.number, urgency=Level.HIGH, text="canaryword")
    card = content(world, world.outbox()[f"card:{ticket.id}"]) or ""
    assert secrets_in(card) == []
    assert "Show details" in card
