"""What somebody can do on the page, seen through a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from slack_bolt import Ack, App

from sandbox.jsontypes import JsonObject
from sandbox.server import SandboxServer
from tests.browser.parts import message
from tests.sandbox.apps import bolt_app, connected, web

TEXT_INPUT: JsonObject = {"type": "plain_text_input", "action_id": "value", "max_length": 50}
FORM: JsonObject = {
    "type": "modal",
    "callback_id": "form",
    "title": {"type": "plain_text", "text": "Say it"},
    "submit": {"type": "plain_text", "text": "Send it"},
    "blocks": [
        {
            "type": "input",
            "block_id": "words",
            "label": {"type": "plain_text", "text": "Your words"},
            "element": TEXT_INPUT,
        },
        {
            "type": "input",
            "block_id": "size",
            "label": {"type": "plain_text", "text": "How big"},
            "element": {
                "type": "radio_buttons",
                "action_id": "value",
                "options": [
                    {"value": "small", "text": {"type": "plain_text", "text": "Small"}},
                    {"value": "big", "text": {"type": "plain_text", "text": "Big"}},
                ],
            },
        },
    ],
}


def card(words: str) -> list[JsonObject]:
    button = {"type": "button", "action_id": "shout", "text": {"type": "plain_text", "text": "Shout"}}
    return [
        {"type": "section", "block_id": "said", "text": {"type": "mrkdwn", "text": words}},
        {"type": "actions", "block_id": "row", "elements": [button]},
    ]


def echo(server: SandboxServer) -> App:
    """Opens a form on /probe, posts what was written there, and shouts it on a click."""
    app = bolt_app(server)

    @app.command("/probe")
    def open_form(ack: Ack, body: JsonObject) -> None:
        if body["text"] == "whisper":
            ack("Only you can read this.")
            return
        web(server).views_open(trigger_id=str(body["trigger_id"]), view=FORM)
        ack()

    @app.view("form")
    def take_form(ack: Ack, view: dict[str, dict[str, dict[str, dict[str, JsonObject]]]]) -> None:
        values = view["state"]["values"]
        words = str(values["words"]["value"]["value"])
        if words == "nothing":
            ack(response_action="errors", errors={"words": "That says nothing."})
            return
        ack()
        size = values["size"]["value"]["selected_option"]
        assert isinstance(size, dict)
        said = f"*{words}* in {size['value']}"
        web(server).chat_postMessage(channel="#it-help", text=said, blocks=card(said))

    @app.action("shout")
    def shout(ack: Ack, body: dict[str, dict[str, str]]) -> None:
        ack()
        message = body["message"]
        text = message["text"].upper()
        channel = body["channel"]["id"]
        web(server).chat_update(channel=channel, ts=message["ts"], text=text, blocks=card(text))

    return app


@pytest.fixture(autouse=True)
def fresh(server: SandboxServer) -> None:
    """Each test begins before anybody wrote."""
    server.client().reset()


@pytest.fixture
def app(server: SandboxServer) -> Iterator[None]:
    with connected(server, echo(server)):
        yield


def act_as(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Act as").get_by_role("button", name=f"Act as {name}").click()


def open_channel(page: Page, name: str) -> None:
    page.locator("#sidebar").get_by_role("button", name=name).click()


def write(page: Page, words: str, field: str = "Message #it-help") -> None:
    page.get_by_role("textbox", name=field).fill(words)
    page.get_by_role("textbox", name=field).press("Enter")


def test_each_person_sees_their_own_channels(page: Page) -> None:
    act_as(page, "Ana")
    expect(page.locator("#sidebar")).to_contain_text("#it-help")
    expect(page.locator("#sidebar")).not_to_contain_text("it-triage")
    act_as(page, "Ben")
    expect(page.locator("#sidebar")).to_contain_text("it-triage")


def test_what_ana_writes_appears_at_once_and_is_news_to_ben(page: Page, server: SandboxServer) -> None:
    act_as(page, "Ana")
    open_channel(page, "#it-help")
    write(page, "My laptop <b>hums</b> & @ben knows why")
    shown = message(page, "My laptop <b>hums</b> & @Ben knows why")
    expect(shown).to_be_visible()
    expect(shown.locator(".byline")).to_contain_text("Ana")
    expect(page.get_by_role("button", name=re.compile(r"Act as Ben.*1 new"))).to_be_visible()
    [posted] = server.client().messages("#it-help")
    assert posted.user == server.client().user_id("ana")
    assert posted.text.startswith("My laptop &lt;b&gt;hums&lt;/b&gt; &amp; <@U")


def test_messages_of_others_appear_without_reloading(page: Page, server: SandboxServer) -> None:
    act_as(page, "Ana")
    open_channel(page, "#it-help")
    expect(page.locator("#channel .empty")).to_be_visible()
    server.client().post("ben", "#it-help", "Maintenance at noon")
    expect(message(page, "Maintenance at noon").locator(".byline")).to_contain_text("Ben")


def test_a_reaction_is_added_from_the_picker_and_taken_back_by_a_click(
    page: Page, server: SandboxServer
) -> None:
    client = server.client()
    ts = client.post("ana", "#it-help", "The door does not open")
    act_as(page, "Ben")
    open_channel(page, "#it-help")
    message(page, "The door").hover()
    message(page, "The door").get_by_role("button", name="Add a reaction").click()
    page.get_by_role("button", name="eyes").click()
    chip = message(page, "The door").locator(".reaction")
    expect(chip).to_have_attribute("aria-pressed", "true")
    seen = client.message("#it-help", ts)
    assert seen is not None
    assert seen.reactions == {"eyes": [client.user_id("ben")]}
    chip.click()
    expect(chip).to_have_count(0)


def test_a_reply_stands_in_its_thread(page: Page, server: SandboxServer) -> None:
    ts = server.client().post("ana", "#it-help", "The door does not open")
    act_as(page, "Ben")
    open_channel(page, "#it-help")
    message(page, "The door").hover()
    message(page, "The door").get_by_role("button", name="Reply in thread").click()
    write(page, "On my way", field="Reply…")
    expect(page.locator("#thread .message")).to_have_count(2)
    expect(message(page, "The door")).to_contain_text("1 reply")
    assert [m.text for m in server.client().messages("#it-help", ts)] == [
        "The door does not open",
        "On my way",
    ]


@pytest.mark.usefixtures("app")
def test_a_form_keeps_its_errors_beside_the_fields_and_then_goes_through(
    page: Page, server: SandboxServer
) -> None:
    act_as(page, "Ana")
    open_channel(page, "#it-help")
    write(page, "/probe")
    form = page.get_by_role("dialog", name="Say it")
    form.get_by_role("button", name="Send it").click()
    expect(form.get_by_role("alert").first).to_have_text("Please fill this in.")
    form.get_by_label("Your words").fill("nothing")
    form.get_by_label("Big").check()
    form.get_by_role("button", name="Send it").click()
    expect(form.get_by_role("alert").first).to_have_text("That says nothing.")
    form.get_by_label("Your words").fill("hello")
    form.get_by_role("button", name="Send it").click()
    expect(form).to_be_hidden()
    expect(message(page, "hello in big").locator("strong").last).to_have_text("hello")
    message(page, "hello in big").get_by_role("button", name="Shout").click()
    expect(message(page, "HELLO IN BIG")).to_be_visible()
    assert server.client().violations() == []


@pytest.mark.usefixtures("app")
def test_an_ephemeral_is_shown_to_one_person_only(page: Page) -> None:
    act_as(page, "Ana")
    open_channel(page, "#it-help")
    write(page, "/probe whisper")
    expect(message(page, "Only you can read this.")).to_contain_text("Only visible to you")
    act_as(page, "Ben")
    open_channel(page, "#it-help")
    expect(page.locator("#channel .empty")).to_be_visible()


def test_an_unknown_block_is_told_in_words(page: Page, server: SandboxServer) -> None:
    server.client().act(
        "post_webhook",
        channel="#it-help",
        text="A film",
        blocks=[{"type": "task_card", "title": {"type": "plain_text", "text": "How to reset a router"}}],
    )
    act_as(page, "Ana")
    open_channel(page, "#it-help")
    expect(message(page, "blocks of type task_card")).to_contain_text("How to reset a router")


def test_a_link_that_is_not_http_is_only_its_words(page: Page, server: SandboxServer) -> None:
    client = server.client()
    client.post("ana", "#it-help", "<javascript:alert(1)|bank> <https://example.com/|site>", raw=True)
    act_as(page, "Ana")
    open_channel(page, "#it-help")
    expect(message(page, "bank").get_by_role("link")).to_have_count(1)
    expect(message(page, "bank").get_by_role("link")).to_have_attribute("rel", "noopener noreferrer")


def test_time_can_be_skipped(page: Page, server: SandboxServer) -> None:
    before = server.client().now()
    page.get_by_role("button", name="Tomorrow 9:00").click()
    expect(page.locator("#clock time")).to_contain_text("09:00")
    assert 0 < server.client().now() - before <= 34 * 3600


@pytest.mark.parametrize("width", [360, 768, 1600])
def test_nothing_sticks_out_at_any_width(page: Page, server: SandboxServer, width: int) -> None:
    server.client().post("ana", "#it-help", "A-word-that-does-not-end-" * 20)
    page.set_viewport_size({"width": width, "height": 700})
    expect(page.locator("#channel textarea")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == width
