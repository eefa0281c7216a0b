"""Who may do what where: the reviewed table `tests/permissions_by_person.csv` against what the desk does.

Each column is somebody as Slack describes them, each row a gesture in a place. What is not done changes
nothing.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from bot.clock import real_now
from bot.directory import keeping, shapes
from bot.handlers.commands import on_command
from bot.handlers.interactions import on_button, on_form
from bot.models import Channel, Comment, Person, Ticket, TimelineEvent
from bot.models.vocabulary import Action
from bot.surfaces.ids import ACTION_OF, ActionId
from bot.workflows.desks import AgentSource
from bot.workflows.facts import Message, MessageFact, PersonFact
from bot.workflows.gestures import AnyGesture, Asked, LookedHome, WentAway
from bot.workflows.outcomes import Deferred, Done, Ignored, Outcome, Refusal, Refused
from tests.records.workflows.views import Views, handling
from tests.records.workflows.world import (
    ANA,
    BEN,
    BOB,
    DESK,
    HELP,
    LEA,
    MARIA,
    RANDOM,
    ROOT,
    TRIAGE,
    World,
    add_desk,
    add_members,
    done,
    root_of,
    second_desk,
)

TABLE = Path(__file__).parents[2] / "permissions_by_person.csv"

SHARED, ARCHIVED, GROUP = "CSHARED", "CARCHIVED", "CGROUPDM"
HR, HR_TRIAGE = "CHR", "CHRTRIAGE"
DAN, NOBODY = "UDAN", "UNOBODY"

OUTSIDE: Mapping[str, dict[str, Any]] = {
    "guest": {"is_restricted": True},
    "single_channel_guest": {"is_restricted": True, "is_ultra_restricted": True},
    "stranger": {"team_id": "T2", "is_stranger": True},
    "app": {"is_bot": True},
    "deactivated": {"deleted": True},
}
"""What Slack's `user` object says of those who are no members."""
PEOPLE = {
    "member": BOB,
    "requester": ANA,
    "agent": BEN,
    "lead": LEA,
    "manager": MARIA,
    "administrator": ROOT,
    "agent_elsewhere": DAN,
    **{who: f"UOUT{who.upper()}" for who in OUTSIDE},
    "unknown": NOBODY,
}


def rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


REVIEWED = rows()


RECORDED = (Ticket, TimelineEvent, Comment)


class Stage:
    """A world with two desks, everybody in it, and tickets of each kind to try things on."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._tickets: dict[str, Ticket] = {}
        self._known: tuple[int, ...] | None = None
        outsiders = [PEOPLE[who] for who in OUTSIDE] + [NOBODY]
        hr = replace(
            second_desk(),
            request_channels=(HR,),
            # Being named makes an outsider as little an agent as being in the channel does.
            agents=AgentSource(kind="people", ids=(DAN, *outsiders)),
            leads=(),
            managers=(),
        )
        world.close_desks()
        with world.store.write() as session:
            for who, says in OUTSIDE.items():
                user = {"id": PEOPLE[who], "team_id": "T1", "name": who} | says
                keeping.keep_person(session, shapes.person(user, home="T1", now=real_now()))
            for id_, more in ((SHARED, {"is_shared": True}), (ARCHIVED, {"is_archived": True}), (GROUP, {})):
                values: dict[str, Any] = {"name": id_.lower(), "is_member": True} | more
                session.add(Channel(id=id_, refreshed_at=real_now(), **values))
            add_members(session, TRIAGE, outsiders)
            add_desk(session, replace(DESK, request_channels=(HELP, SHARED, ARCHIVED)))
            add_desk(session, hr, 1)
        world.meet(DAN)

    def ticket(self, place: str) -> Ticket:
        """A ticket that nothing was done to yet, raised by Ana."""
        if place not in self._tickets:
            self._tickets[place], self._known = self._raised(place), None
        return self._tickets[place]

    def _raised(self, place: str) -> Ticket:
        world = self.world
        if place == "other_card":
            gesture: AnyGesture = world.filed(ANA, "A leave form", HR, desk_key="hr")
        elif place == "private_card":
            gesture = world.filed(ANA, "My salary", is_private=True)
        else:
            channel = SHARED if place == "shared" else HELP
            gesture = world.pointed(ANA, world.message(ANA, "The printer is on fire", channel))
        ticket = world.ticket(done(world.handle(gesture)).number)
        world.posted(f"opening:{ticket.id}")
        world.posted(f"card:{ticket.id}")
        return world.ticket(ticket.number)

    def tried(self, who: str, place: str, gesture: str) -> str:
        """What comes of it: `done`, `refused` or `ignored`; what is not done must leave no trace."""
        message = self.message(place, who)
        if gesture in ON_TICKETS:
            self.ticket(place)
        before = self._known = self._known or self._recorded()
        outcome = self._settled(TRIES[gesture](self, who, place), message)
        word = {Done: "done", Refused: "refused", Ignored: "ignored"}[type(outcome)]
        if isinstance(outcome, Refused) and outcome.refusal not in reasons(who, place):
            word += f" as {outcome.refusal.value}"
        if word == "done":
            self._tickets.pop(place, None)
            self._known = None
        elif self._recorded() != before:
            word += " though something was recorded"
            self._known = None
        return word

    def _recorded(self) -> tuple[int, ...]:
        """How much there is, in one question: it is asked in every cell."""
        counts = [select(func.count()).select_from(each).scalar_subquery() for each in RECORDED]
        with self.world.store.read() as session:
            return tuple(session.execute(select(*counts)).one())

    def message(self, place: str, who: str) -> Message:
        """What somebody finds there to point at."""
        author = PEOPLE[who] if place == "direct" else ANA
        found = self.world.message(author, "Help", self.channel(place, who))
        return replace(found, is_missing=place == "archived")  # Slack gives no message of such a channel

    @staticmethod
    def channel(place: str, who: str) -> str:
        """Where it happens."""
        return f"D{PEOPLE[who][1:]}" if place == "direct" else CHANNELS[place]

    def _settled(self, outcome: Outcome, message: Message) -> Outcome:
        """Let Slack be asked for what is missing. It knows nobody of that id."""
        if not isinstance(outcome, Deferred):
            return outcome
        while isinstance(outcome, Deferred):
            for fact in outcome.facts:
                match fact:
                    case PersonFact(person_id):
                        with self.world.store.write() as session:
                            keeping.keep_person(session, shapes.nobody(person_id, now=real_now()))
                    case MessageFact(channel, ts):
                        self.world.give(replace(message, channel=channel, ts=ts))
            outcome = self.world.decide_waiting()[1]
        with self.world.store.write() as session:
            session.execute(delete(Person).where(Person.id == NOBODY))
        return outcome

    def at(self, place: str) -> tuple[str, str]:
        """The message that the ticket is met at: its card, or the root of its conversation."""
        ticket = self.ticket(place)
        return self.world.card(ticket) if place.endswith("card") else root_of(ticket)


CHANNELS = {
    "public": HELP,
    "card": TRIAGE,
    "no_desk": RANDOM,
    "shared": SHARED,
    "group_direct": GROUP,
    "archived": ARCHIVED,
    "other_card": HR_TRIAGE,
    "private_card": TRIAGE,
    "command": HELP,
}
NO_SIGHT = {Refusal.NO_SUCH_TICKET, Refusal.NOT_YOURS}
NO_ROLE = {Refusal.NOT_AN_AGENT, Refusal.NO_QUEUE, Refusal.NO_REPORT, Refusal.NO_ABSENCE} | NO_SIGHT
OUTSIDE_REASONS = {
    "guest": Refusal.GUEST,
    "single_channel_guest": Refusal.GUEST,
    "stranger": Refusal.STRANGER,
    "app": Refusal.APP,
    "deactivated": Refusal.DEACTIVATED,
    "unknown": Refusal.STRANGER,
}


def reasons(who: str, place: str) -> set[Refusal]:
    """Why somebody is refused: for who they are, or because they may not know that there is a ticket."""
    if who in OUTSIDE_REASONS:
        return {OUTSIDE_REASONS[who], Refusal.NO_SUCH_TICKET}
    return {Refusal.NO_SUCH_MESSAGE} if place == "archived" else NO_ROLE


Try = Callable[[Stage, str, str], Outcome]


def plain_emoji(name: str) -> Try:
    """An emoji on a message that has no ticket."""

    def react(stage: Stage, who: str, place: str) -> Outcome:
        message = stage.message(place, who)
        return stage.world.react(PEOPLE[who], (message.channel, message.ts), name)

    return react


def emoji(name: str) -> Try:
    """An emoji on a card, or on the root of a conversation; on a plain message where no desk is."""

    def react(stage: Stage, who: str, place: str) -> Outcome:
        if place == "no_desk":
            return plain_emoji(name)(stage, who, place)
        return stage.world.react(PEOPLE[who], stage.at(place), name)

    return react


def button(action: Action, **more: Any) -> Try:
    """A button, its form filled in."""
    return lambda stage, who, place: stage.world.act(PEOPLE[who], action, stage.ticket(place).number, **more)


def assign(stage: Stage, who: str, place: str) -> Outcome:
    """Assigning to an agent of the ticket's desk."""
    assignee_id = DAN if place == "other_card" else BEN
    return button(Action.ASSIGN, assignee_id=assignee_id)(stage, who, place)


def asked(query: str) -> Try:
    """A question about a ticket, or for a list."""

    def ask(stage: Stage, who: str, place: str) -> Outcome:
        world = stage.world
        values = {"query": query, "number": stage.ticket(place).number, "person_id": PEOPLE[who]}
        return world.handle(Asked.model_validate({**values, "key": world.ts(), "at": world.clock.at}))

    return ask


def wrote(text: str = "Help", *, is_mention: bool = False) -> Try:
    """A message that begins a conversation."""

    def write(stage: Stage, who: str, place: str) -> Outcome:
        message = stage.world.message(PEOPLE[who], text, stage.channel(place, who))
        message = replace(message, is_app=who == "app")
        return stage.world.handle(stage.world.wrote(message, is_mention=is_mention))

    return write


def reply(text: str) -> Try:
    """A message in the thread."""

    def write(stage: Stage, who: str, place: str) -> Outcome:
        channel, ts = stage.at(place)
        message = stage.world.message(PEOPLE[who], text, channel, thread_ts=ts)
        return stage.world.handle(stage.world.wrote(replace(message, is_app=who == "app")))

    return write


def form(stage: Stage, who: str, place: str) -> Outcome:
    """The form, as `/ticket` opens it."""
    return stage.world.handle(stage.world.filed(PEOPLE[who], "Help", stage.channel(place, who)))


def form_on(stage: Stage, who: str, place: str) -> Outcome:
    """The form, as the shortcut on a message opens it where several desks might be meant."""
    message = stage.message(place, who)
    filed = stage.world.filed(PEOPLE[who], "Help", message.channel, message_ts=message.ts)
    return stage.world.handle(filed)


def form_on_ticketed(stage: Stage, who: str, place: str) -> Outcome:
    """The same on a message that has a ticket already."""
    channel, ts = stage.at(place)
    return stage.world.handle(stage.world.filed(PEOPLE[who], "Help", channel, message_ts=ts))


def shortcut(stage: Stage, who: str, place: str) -> Outcome:
    """«Raise a ticket» on a message."""
    return stage.world.handle(stage.world.pointed(PEOPLE[who], stage.message(place, who)))


def shortcut_on_ticketed(stage: Stage, who: str, place: str) -> Outcome:
    """The same on a message that has a ticket already."""
    channel, ts = stage.at(place)
    message = replace(stage.world.message(ANA, "The printer is on fire", channel), ts=ts)
    return stage.world.handle(stage.world.pointed(PEOPLE[who], message))


def away(stage: Stage, who: str, place: str) -> Outcome:
    """«I am away until …»."""
    world = stage.world
    gesture = WentAway(key=world.ts(), person_id=PEOPLE[who], at=world.clock.at, until="for 3d")
    return world.handle(gesture)


def look_home(stage: Stage, who: str, _place: str) -> Outcome:
    """Opening Home: what is seen there depends on who looks."""
    world = stage.world
    return world.handle(LookedHome(key=world.ts(), person_id=PEOPLE[who], at=world.clock.at))


def ask_standing(stage: Stage, who: str, _place: str) -> Outcome:
    """One of the counts on the Home of somebody who leads or manages the desk."""
    world = stage.world
    return world.handle(
        Asked(key=world.ts(), person_id=PEOPLE[who], at=world.clock.at, query="standing", number=DESK.key)
    )


RAISES: Mapping[str, Try] = {
    "emoji raise": plain_emoji("ticket"),
    "emoji raise in private": plain_emoji("shushing_face"),
    "form": form,
    "form on message": form_on,
    "shortcut": shortcut,
    "mention": wrote(is_mention=True),
    "message": wrote(),
    "away": away,
    "home": look_home,
    "standing": ask_standing,
}
ON_TICKETS: Mapping[str, Try] = {
    "form on ticketed message": form_on_ticketed,
    "shortcut on ticketed message": shortcut_on_ticketed,
    "emoji raise on ticket": emoji("ticket"),
    "emoji claim": emoji("eyes"),
    "emoji resolve": emoji("white_check_mark"),
    "emoji wait": emoji("hourglass"),
    "emoji urgent": emoji("rotating_light"),
    "emoji private": emoji("shushing_face"),
    "reply": reply("Any news?"),
    "note": reply("note: the cable"),
    "button claim": button(Action.CLAIM),
    "button assign": assign,
    "button wait": button(Action.WAIT),
    "button resolve": button(Action.RESOLVE, text="Done"),
    "button cancel": button(Action.CANCEL),
    "button acknowledge": button(Action.ACKNOWLEDGE),
    "button speak": button(Action.SPEAK, text="Hello"),
    "button make public": button(Action.MAKE_PUBLIC),
    **{query: asked(query) for query in ("show", "sla", "details", "queue", "mine", "assigned")},
}
TRIES = {**RAISES, **ON_TICKETS}


@pytest.fixture
def stage(world: World) -> Stage:
    return Stage(world)


def test_the_table_names_each_place_with_a_gesture_once_and_everybody() -> None:
    written = [(row["place"], row["gesture"]) for row in REVIEWED]
    assert len(set(written)) == len(written)
    assert {gesture for _, gesture in written} == set(TRIES)
    assert {place for place, _ in written} == {*CHANNELS, "direct"}
    assert set(REVIEWED[0]) == {"place", "gesture", *PEOPLE}


@pytest.mark.parametrize("place", [*CHANNELS, "direct"])
def test_everybody_can_do_there_what_the_table_says_and_nothing_else(stage: Stage, place: str) -> None:
    reviewed = [row for row in REVIEWED if row["place"] == place]
    surprises = [
        (row["gesture"], who, found, f"not {row[who]}")
        for row in reviewed
        for who in PEOPLE
        if (found := stage.tried(who, place, row["gesture"])) != row[who]
    ]
    assert reviewed
    assert surprises == []


# --- values that were made up ---

FORMS: Mapping[str, dict[str, Any]] = {
    "form.resolve": {"resolve.resolution": {"value": "Done"}},
    "form.assign": {"assign.person": {"selected_user": BEN}},
    "form.note": {"note.text": {"value": "The cable"}},
    "form.priority": {
        "priority.impact": {"selected_option": {"value": "high"}},
        "priority.urgency": {"selected_option": {"value": "high"}},
        "priority.note": {"value": "It spreads"},
    },
    "form.details": {"details.reply": {"value": "Hello"}},
}
BUTTONS = [*ACTION_OF, ActionId.REQUESTER_REOPEN, ActionId.TAKE_OVER, ActionId.REASSIGN, ActionId.ACKNOWLEDGE]
BUTTONS += [ActionId.DETAILS, ActionId.MAKE_PUBLIC]
WORDS = (
    "claim",
    "release",
    "resolve",
    "note",
    "assign",
    "priority",
    "reopen",
    "cancel",
    "sla",
    "private",
    "",
)
SECRETS = ("leave form", "salary")
NAMES_TICKETS_OF_OTHERS = [
    *((who, "other_card") for who in ("member", "agent", "lead", "manager", *OUTSIDE)),
    *((who, "private_card") for who in ("member", "agent_elsewhere", *OUTSIDE)),
]


def pressed(stage: Stage, person: str, action_id: str, number: str) -> str:
    """What somebody is shown who presses a button of their own card with the number of another ticket."""
    views = Views()
    payload: dict[str, Any] = {
        "user": {"id": person},
        "trigger_id": stage.world.ts(),
        "channel": {"id": TRIAGE},
        "response_url": "https://x.test/1",
        "actions": [{"action_id": action_id, "action_ts": stage.world.ts(), "value": number}],
    }
    ack = on_button(handling(stage.world, views), payload)
    return repr([ack, views.opened])


def submitted(stage: Stage, person: str, callback_id: str, number: str) -> str:
    """What comes of a form whose metadata names another ticket."""
    view = {
        "id": stage.world.ts(),
        "callback_id": callback_id,
        "private_metadata": json.dumps({"ticket": number, "channel": TRIAGE}),
        "state": {"values": {block: {"value": value} for block, value in FORMS[callback_id].items()}},
    }
    ack = on_form(handling(stage.world, Views()), {"user": {"id": person}, "view": view})
    assert ack.body is not None  # the form stays open and says why
    return repr(ack)


def typed(stage: Stage, person: str, words: str) -> str:
    """What comes of a command."""
    views = Views()
    payload = {
        "command": "/ticket",
        "text": words,
        "user_id": person,
        "trigger_id": stage.world.ts(),
        "channel_id": HELP,
    }
    ack = on_command(handling(stage.world, views), payload)
    return repr([ack, views.opened])


def test_a_number_put_into_a_button_a_form_or_a_word_gives_nobody_more_than_they_may(stage: Stage) -> None:
    tickets = {place: stage.ticket(place) for place in ("other_card", "private_card")}
    before = stage.world.snapshot()
    for who, place in NAMES_TICKETS_OF_OTHERS:
        person, number = PEOPLE[who], tickets[place].number
        shown = {f"button {id_}": pressed(stage, person, id_, number) for id_ in BUTTONS}
        shown |= {f"form {id_}": submitted(stage, person, id_, number) for id_ in FORMS}
        shown |= {f"word {word}": typed(stage, person, f"{word} {number}") for word in WORDS}
        leaks = [how for how, text in shown.items() if any(secret in text for secret in SECRETS)]
        assert (who, place, leaks) == (who, place, [])
        opened = [how for how, text in shown.items() if "views.open" in text]
        assert (who, place, opened) == (who, place, [])
    assert stage.world.snapshot() == before


@pytest.mark.parametrize("metadata", ['{"ticket": "INC-99"}', '{"ticket": ["INC-1"]}', "{", "[]", "{}", None])
def test_a_form_whose_metadata_names_no_ticket_changes_nothing(stage: Stage, metadata: str | None) -> None:
    stage.ticket("public")
    before = stage.world.snapshot()
    view = {
        "id": "V1",
        "callback_id": "form.resolve",
        "private_metadata": metadata,
        "state": {"values": {"resolve.resolution": {"value": {"value": "Done"}}}},
    }
    ack = on_form(handling(stage.world, Views()), {"user": {"id": BEN}, "view": view})
    assert ack.body is not None
    assert stage.world.snapshot() == before
