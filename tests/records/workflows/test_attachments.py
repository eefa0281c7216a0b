"""Forwarded messages, alerts and files: a ticket says what they say, and links to the files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from bot.handlers.payloads import message_of
from bot.models import Ticket
from bot.models.vocabulary import Action
from bot.surfaces.card import card
from bot.workflows import reading
from tests.records.workflows.edge import Edge
from tests.records.workflows.world import ANA, BEN, BOT, DIRECT, HELP, World

BACK = "https://t.slack.com/archives/C1/p1"
SHOT = "https://t.slack.com/files/UANA/F1/shot.png"
FORWARDED = {
    "is_share": True,
    "is_msg_unfurl": True,
    "author_name": "Bob",
    "from_url": BACK,
    "fallback": "[March 2nd, 2026 9:00 AM] bob: VPN is down",
    "text": "VPN is down",
}
ALERT = {"color": "danger", "fallback": "Disk full on db1", "title": "Disk full", "text": "on db1"}
IN_BLOCKS = {
    "fallback": "[no preview available]",
    "blocks": [
        {"type": "header", "text": {"type": "plain_text", "text": "Disk full"}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "db1"}, {"type": "mrkdwn", "text": "97%"}]},
        {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Ack"}}]},
    ],
}
FILE = {"id": "F1", "name": "shot.png", "permalink": SHOT}


def written(world: World, channel: str = DIRECT[ANA], **said: object) -> dict[str, object]:
    world.tick()
    return {"type": "message", "channel": channel, "user": ANA, "text": "", "ts": world.ts(), **said}


def raised(world: World, edge: Edge, event: Mapping[str, object]) -> tuple[str, str]:
    """Title and description of the one ticket there is after an event."""
    assert edge.event(event).status == 200
    (ticket,) = world.tickets()
    return ticket.title, ticket.description


def pointed_at(world: World, edge: Edge, message: Mapping[str, object]) -> Ticket:
    payload = {
        "type": "message_action",
        "callback_id": "raise_ticket",
        "trigger_id": "1.2",
        "user": {"id": BEN},
        "channel": {"id": HELP},
        "message": message,
    }
    assert edge.form(payload=json.dumps(payload)).status == 200
    (ticket,) = world.tickets()
    return ticket


def test_a_message_forwarded_to_the_bot_is_the_ticket(world: World, edge: Edge) -> None:
    event = written(world, attachments=[FORWARDED])
    assert raised(world, edge, event) == ("VPN is down", "VPN is down")


def test_what_is_forwarded_with_a_word_stands_under_it(world: World, edge: Edge) -> None:
    event = written(world, text="Me too", attachments=[FORWARDED])
    assert raised(world, edge, event) == ("Me too", "Me too\nVPN is down")


def test_a_mention_that_forwards_a_message_is_that_message(world: World, edge: Edge) -> None:
    event = written(world, HELP, type="app_mention", text=f"<@{BOT}>", attachments=[FORWARDED])
    assert raised(world, edge, event) == ("VPN is down", "VPN is down")


def test_the_preview_of_a_link_is_nothing_that_somebody_said(world: World, edge: Edge) -> None:
    preview = {"is_msg_unfurl": True, "from_url": BACK, "text": "Lunch?", "files": [FILE]}
    event = written(world, text=f"See <{BACK}>", attachments=[preview])
    assert raised(world, edge, event) == (f"See <{BACK}>", f"See <{BACK}>")


@pytest.mark.parametrize(
    ("attached", "description"),
    [(ALERT, "Disk full on db1"), (IN_BLOCKS, "Disk full\ndb1\n97%")],
    ids=["fallback", "blocks"],
)
def test_the_shortcut_on_an_alert_that_is_all_attachments_raises_what_it_says(
    world: World, edge: Edge, attached: object, description: str
) -> None:
    alert = {"type": "message", "subtype": "bot_message", "bot_id": "B9", "text": "", "ts": world.ts()}
    ticket = pointed_at(world, edge, alert | {"attachments": [attached]})
    assert (ticket.title, ticket.description) == (description.split("\n")[0], description)


def test_a_reply_that_forwards_a_message_is_a_comment_with_its_words_and_files(
    world: World, edge: Edge
) -> None:
    ticket = world.raised()
    reply = written(
        world, HELP, thread_ts=ticket.conversation_ts, attachments=[FORWARDED | {"files": [FILE]}]
    )
    assert edge.event(reply).status == 200
    (comment,) = world.comments(ticket)
    assert (comment.text, comment.files) == ("VPN is down", ["shot.png", SHOT])
    edited = {"ts": world.ts(), "message": reply | {"text": "Look"}, "previous_message": reply}
    changed = {"type": "message", "subtype": "message_changed", "channel": HELP, **edited}
    assert edge.event(changed).status == 200
    assert [each.text for each in world.comments(ticket)] == ["Look\nVPN is down"]


def test_a_screenshot_alone_raises_a_ticket_that_is_named_after_it_and_links_to_it(
    world: World, edge: Edge
) -> None:
    event = written(world, subtype="file_share", files=[FILE])
    assert raised(world, edge, event) == ("shot.png", f"Attached: shot.png (<{SHOT}>)")
    (ticket,) = world.tickets()
    with world.store.read() as session:
        shown = card(reading.read_ticket(session, ticket.id))
    assert ticket.is_private
    assert "shot.png" not in str(shown)


def test_the_card_of_a_message_with_files_links_to_them(world: World, edge: Edge) -> None:
    files = [FILE, {"name": "a <@UBEN> & b.log", "file_access": "check_file_info"}]
    ticket = pointed_at(world, edge, written(world, HELP, text="It looks like this", files=files))
    with world.store.read() as session:
        view = reading.read_ticket(session, ticket.id)
    assert ticket.title == "It looks like this"
    assert view.names == {}, "a file's name mentions nobody"
    shown = card(view)
    assert "a <@UBEN> & b.log" in str(shown.blocks)
    assert f"'url': '{SHOT}'" in str(shown.blocks)


def test_a_form_on_a_message_with_files_keeps_them_beside_its_own_words(world: World) -> None:
    message = replace(world.message(ANA, "Look"), files=(("shot.png", SHOT),))
    world.handle(world.filed(ANA, "My screen is blue", message_ts=message.ts))
    world.supply(message)
    (ticket,) = world.tickets()
    assert ticket.description == f"My screen is blue\nAttached: shot.png (<{SHOT}>)"


def test_a_reply_with_a_file_to_a_closed_ticket_brings_the_file_to_the_new_one(
    world: World, edge: Edge
) -> None:
    ticket = world.raised()
    world.act(BEN, Action.RESOLVE, ticket.number, text="Done")
    world.act(BEN, Action.CLOSE, ticket.number)
    edge.event(written(world, HELP, thread_ts=ticket.conversation_ts, subtype="file_share", files=[FILE]))
    assert [each.title for each in world.tickets()] == [ticket.title, "shot.png"]


def test_a_direct_message_of_which_it_was_asked_first_keeps_its_files(world: World, edge: Edge) -> None:
    first = world.raised()
    event = written(world, subtype="file_share", files=[FILE])
    assert edge.event(event).status == 200
    world.handle(world.chose(ANA, message_of(event, DIRECT[ANA]), None))
    assert [each.title for each in world.tickets()] == [first.title, "shot.png"]
