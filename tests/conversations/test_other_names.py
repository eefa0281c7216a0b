"""Two desks in a workspace of other people and channels, named in every way that desk.yaml knows."""

from __future__ import annotations

import html

from sandbox.seed import APP, ChannelSeed, TeamSeed, UsergroupSeed, UserSeed, WorkspaceSeed
from sandbox.seen import SeenMessage
from tests.conversations.desk import Desk, number_in, something

COMBINATIONS = ("socket-sqlite", "http-postgresql")

SEED = WorkspaceSeed(
    team=TeamSeed("Büro", "buero"),
    users=[
        UserSeed("zoe.b", "Zoë Bräuer 🦊", "Zoë 🦊", "zoe@buero.example"),
        UserSeed("oemer", "Ömer <Öz> & Co", "Ömer <Öz>", "oemer@buero.example", id="UOEMER0001"),
        UserSeed("li", "李 小龙", "李 小龙", "li@buero.example"),
        UserSeed("chief", "Chief", "", "chief@buero.example", is_owner=True, is_primary_owner=True),
    ],
    channels=[
        ChannelSeed("general", members=["zoe.b", "oemer", "li", "chief", APP], is_general=True),
        ChannelSeed("büro-hilfe", members=["zoe.b", "oemer", "li"], creator="chief"),
        ChannelSeed("büro-karten", kind="private", members=["oemer", "chief", APP], creator="chief"),
        ChannelSeed("kantine", members=["zoe.b", "li"], creator="chief"),
        ChannelSeed("people-ask", members=["zoe.b", "oemer", "li"], creator="chief", id="CPEOPLE001"),
        ChannelSeed(
            "people-cards", kind="private", members=["li", "chief", APP], creator="chief", id="CPCARDS001"
        ),
    ],
    usergroups=[UsergroupSeed("personal", "Personal", users=["li"])],
)
DESK = """
administrators: ["chief@buero.example"]
desks:
  office:
    name: Büro
    request_channels: ["#büro-hilfe"]
    triage_channel: "#büro-karten"
    managers_channel: "#general"
    agents: [UOEMER0001]
    leads: ["@Ömer <Öz>"]
    emoji: {raise: fire, claim: [raised_hand, hand]}
  people:
    name: People
    request_channels: [CPEOPLE001]
    triage_channel: CPCARDS001
    managers_channel: "#general"
    agents: {usergroup: personal}
    leads: ["li@buero.example"]
"""


def plain(message: SeenMessage | None) -> str:
    """What a person reads."""
    return html.unescape(message.everything) if message else ""


def test_the_bot_joined_the_public_channels_by_itself(desk: Desk) -> None:
    for channel in ("büro-hilfe", "people-ask"):
        assert desk.client.user_id("@app") in desk.client.members(channel)
    assert desk.bot.status.problems == []


def test_a_desk_has_its_own_channels_emoji_and_agents(desk: Desk) -> None:
    text = something("lamp")
    ts = desk.client.post("zoe.b", "büro-hilfe", text)
    desk.client.react("li", "büro-hilfe", ts, "fire")
    card = desk.until(lambda: desk.card_about(text, "büro-karten"), "the card")
    assert "Zoë 🦊" in card.everything
    desk.client.react("oemer", "büro-karten", card.ts, "hand")
    desk.until(
        lambda: "Ömer <Öz> claimed it" in plain(desk.client.message("büro-karten", card.ts)),
        "the card to name who claimed it",
        lambda: plain(desk.client.message("büro-karten", card.ts)),
    )


def test_the_channel_decides_which_desk_and_where_several_have_their_managers_the_form_asks(
    desk: Desk,
) -> None:
    here, elsewhere = something("contract"), something("chair")
    desk.client.command("zoe.b", "people-ask", "/ticket", here)
    form = desk.client.view("zoe.b")
    assert form is not None
    assert "Who should take care of it?" not in form.labels
    desk.client.submit("zoe.b")
    desk.until(lambda: desk.card_about(here, "CPCARDS001"), "the card at the second desk")
    desk.client.command("zoe.b", "general", "/ticket", elsewhere)
    form = desk.client.view("zoe.b")
    assert form is not None
    assert "Who should take care of it?" in form.labels
    assert desk.client.submit("zoe.b", {"Who should take care of it?": "Büro"}).errors == {}
    desk.until(lambda: desk.card_about(elsewhere, "büro-karten"), "the card at the first desk")


def test_an_agent_of_one_desk_is_none_of_the_other(desk: Desk) -> None:
    text = something("contract")
    ts = desk.client.post("zoe.b", "people-ask", text)
    desk.client.react("zoe.b", "people-ask", ts, "ticket")
    card = desk.until(lambda: desk.card_about(text, "CPCARDS001"), "the card")
    number = number_in(card.text)
    said = desk.client.command("oemer", "general", "/ticket", f"claim {number}").text
    assert "Only agents of People" in said
    assert number not in desk.client.command("oemer", "general", "/ticket", "queue").text
    assert "is yours" in desk.client.command("li", "general", "/ticket", f"claim {number}").text


def test_a_direct_message_asks_for_the_desk(desk: Desk) -> None:
    text = something("lamp")
    channel = desk.client.open_dm("chief")
    ts = desk.client.post("chief", channel, text)
    question = desk.until(lambda: desk.ours(channel, ts), "the question")[0]
    assert question.buttons == ["New for Büro", "New for People"]
    desk.client.click("chief", channel, question.ts, "New for People")
    desk.until(lambda: desk.card_about("Private ticket", "CPCARDS001"), "the card at the chosen desk")


def test_the_shortcut_among_the_managers_of_several_desks_asks_for_the_desk_and_keeps_the_author(
    desk: Desk,
) -> None:
    text = something("lamp")
    ts = desk.client.post("zoe.b", "general", text)
    assert desk.client.shortcut("li", "raise_ticket", "general", ts).acked
    form = desk.client.view("li")
    assert form is not None
    assert desk.client.submit("li", {"Who should take care of it?": "Büro"}).errors == {}
    card = desk.until(lambda: desk.card_about(text, "büro-karten"), "the card")
    view = desk.ticket(number_in(card.text))
    assert view.requester.id == desk.client.user_id("zoe.b")
    assert view.raiser.id == desk.client.user_id("li")


def test_the_shortcut_where_the_bot_is_not_raises_what_the_form_says(desk: Desk) -> None:
    text = something("tray")
    ts = desk.client.post("zoe.b", "kantine", text)
    assert desk.client.shortcut("li", "raise_ticket", "kantine", ts).acked
    assert desk.client.submit("li", {"Who should take care of it?": "Büro"}).errors == {}
    card = desk.until(lambda: desk.card_about(text, "büro-karten"), "the card")
    view = desk.ticket(number_in(card.text))
    assert view.requester.id == desk.client.user_id("li")
    desk.until(lambda: desk.ticket(view.number).conversation, "the conversation in direct messages")


def test_a_form_for_the_shortcut_that_cannot_be_opened_is_told(desk: Desk) -> None:
    ts = desk.client.post("zoe.b", "kantine", something("tray"))
    desk.may_log.append("a form could not be opened")
    desk.client.fault("error", "views.open", error="internal_error")
    desk.client.shortcut("li", "raise_ticket", "kantine", ts)
    desk.told("li", "That did not work just now")
    assert desk.client.view("li") is None
