"""Everything on the page that can be done: with the mouse, and again with nothing but the keyboard."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FilePayload, Locator, Page, expect
from slack_bolt import Ack, App

from sandbox.client import SandboxClient
from sandbox.jsontypes import JsonObject, as_object, as_text, objects
from sandbox.server import SandboxServer
from tests.browser.parts import composer, enter, field, message, option, plain, tab_to
from tests.sandbox.apps import bolt_app, web


def asking(label: str, kind: str, **more: object) -> JsonObject:
    return field(label.lower().replace(" ", "_"), label, {"type": kind, **more})


GIF = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"
COLOURS = [option("red"), option("blue")]
FORM: JsonObject = {
    "type": "modal",
    "callback_id": "all",
    "title": plain("All of it"),
    "submit": plain("Send it"),
    "blocks": [
        asking("Words", "plain_text_input"),
        asking("Story", "rich_text_input"),
        asking("Site", "url_text_input"),
        asking("Mail", "email_text_input"),
        asking("Number", "number_input", is_decimal_allowed=True),
        asking("Colour", "static_select", options=COLOURS),
        asking("Colours", "checkboxes", options=COLOURS),
        asking("One", "radio_buttons", options=COLOURS),
        asking("Person", "users_select"),
        asking("People", "multi_users_select"),
        asking("Channel", "channels_select"),
        asking("Place", "conversations_select"),
        asking("Day", "datepicker"),
        asking("Hour", "timepicker"),
        asking("Moment", "datetimepicker"),
    ],
}
SURE: JsonObject = {
    "title": plain("Really?"),
    "text": plain("It burns."),
    "confirm": plain("Burn it"),
    "deny": plain("Leave it"),
}
BURN: JsonObject = {"type": "button", "action_id": "burn", "text": plain("Burn"), "confirm": SURE}
HELLO: JsonObject = {"type": "button", "action_id": "hello", "text": plain("Say hello")}


def app_of(server: SandboxServer, got: list[JsonObject]) -> App:
    """Whispers, opens a form with every kind of field, and keeps all that it is told."""
    app = bolt_app(server)

    @app.command("/probe")
    def whisper(ack: Ack) -> None:
        ack("Only for your eyes.")

    @app.shortcut("start_it")
    def start(ack: Ack, body: JsonObject) -> None:
        web(server).views_open(trigger_id=str(body["trigger_id"]), view=FORM)
        ack()

    @app.shortcut("raise_it")
    def keep_raise(ack: Ack, body: JsonObject) -> None:
        got.append({"raised": as_object(body["message"])["ts"]})
        ack()

    @app.action(re.compile("burn|hello"))
    def keep_action(ack: Ack, action: JsonObject) -> None:
        got.append(action)
        ack()

    @app.view("all")
    def keep_form(ack: Ack, view: JsonObject) -> None:
        got.append(as_object(as_object(view["state"])["values"]))
        ack()

    @app.event("app_home_opened")
    def greet(event: JsonObject) -> None:
        if event["tab"] == "home":
            blocks = [{"type": "actions", "block_id": "hi", "elements": [HELLO]}]
            web(server).views_publish(user_id=str(event["user"]), view={"type": "home", "blocks": blocks})

    return app


@pytest.fixture
def page(shared_page: Page) -> Page:
    return shared_page


@pytest.fixture
def asked(page: Page, client: SandboxClient, request: pytest.FixtureRequest) -> str:
    """Ana's message in a channel of its own, which she has open; its ts."""
    name = re.sub(r"\W+", "-", request.node.name.lower())[-60:].strip("-")
    client.act("create_channel", user="ana", name=name, members=["ana", "ben", "@app"])
    ts = client.post("ana", f"#{name}", "The scanner hums")
    page.goto(f"/#ana/{name}")
    expect(message(page, "The scanner hums")).to_be_visible()
    return ts


def hears(client: SandboxClient, got: list[JsonObject], wanted: JsonObject) -> None:
    """Waits until the app was told something that has these values, since `got` was emptied."""
    client.wait_until(
        lambda: any(told.items() >= wanted.items() for told in list(got)), message="the app to hear of it"
    )
    got.clear()


def card(page: Page, client: SandboxClient, server: SandboxServer) -> Locator:
    """A message with a button, in the channel that is open; the button."""
    channel = client.channel_id(f"#{page.url.split('/')[-1]}")
    blocks = [{"type": "actions", "elements": [BURN]}]
    web(server).chat_postMessage(channel=channel, text="A card", blocks=blocks)
    burn = page.locator("#channel .message").get_by_role("button", name="Burn")
    expect(burn).to_be_attached()
    return burn


def walk_to_message(page: Page) -> None:
    """From the list of messages to the newest one, as somebody does without a mouse."""
    page.get_by_role("log").first.focus()
    page.keyboard.press("ArrowUp")


def menu_of_message(page: Page) -> Locator:
    walk_to_message(page)
    enter(page, page.locator("#channel .message").last.get_by_role("button", name="More"))
    return page.get_by_role("dialog", name="More")


def picture(page: Page, client: SandboxClient) -> None:
    """Ana posts one in the channel that is open."""
    channel = client.channel_id(f"#{page.url.split('/')[-1]}")
    client.act(
        "upload", user="ana", channel=channel, name="smoke.gif", content=base64.b64encode(GIF).decode()
    )
    expect(page.locator("#channel img.picture")).to_be_attached()


@contextmanager
def narrow(page: Page) -> Iterator[None]:
    """As on a phone."""
    before = page.viewport_size or {"width": 1200, "height": 800}
    page.set_viewport_size({"width": 360, "height": 740})
    yield
    page.set_viewport_size(before)


def tool(page: Page, name: str) -> None:
    shown = message(page, "The scanner hums")
    shown.hover()
    shown.get_by_role("button", name=name).click()


# --- with the mouse ---


def test_a_suggestion_is_clicked(page: Page, asked: str) -> None:
    composer(page).press_sequentially("ask @be")
    page.get_by_role("option", name="Ben").click()
    expect(composer(page)).to_have_value("ask @ben ")
    composer(page).fill("")


def test_a_shortcut_of_a_message_is_clicked(
    page: Page, client: SandboxClient, asked: str, got: list[JsonObject]
) -> None:
    tool(page, "More")
    page.get_by_role("dialog", name="More").get_by_role("button", name="Raise").click()
    hears(client, got, {"raised": asked})


def test_a_message_is_edited_and_its_link_copied(page: Page, client: SandboxClient, asked: str) -> None:
    tool(page, "More")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("status").first).to_have_text("The link is copied.")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.endswith(f"/p{asked.replace('.', '')}")
    tool(page, "More")
    page.get_by_role("button", name="Edit message").click()
    page.get_by_role("textbox", name="Edit message").fill("The scanner sings")
    page.get_by_role("button", name="Save").click()
    expect(message(page, "The scanner sings")).to_contain_text("(edited)")


def test_a_thread_is_opened_to_write_in_and_closed(page: Page, asked: str) -> None:
    tool(page, "Reply in thread")
    expect(page.get_by_role("textbox", name="Reply…")).to_be_focused()
    page.get_by_role("button", name="Close thread").click()
    expect(page.locator("#thread")).to_be_hidden()


def test_what_only_one_person_sees_is_put_away(page: Page, asked: str) -> None:
    composer(page).fill("/probe")
    composer(page).press("Enter")
    whisper = message(page, "Only for your eyes.")
    whisper.hover()
    whisper.get_by_role("button", name="Dismiss").click()
    expect(whisper).to_have_count(0)


def test_a_message_is_sent_by_the_button(page: Page, asked: str) -> None:
    composer(page).fill("Louder now")
    page.locator("#channel").get_by_role("button", name="Send").click()
    expect(message(page, "Louder now")).to_be_visible()
    expect(composer(page)).to_have_value("")


def test_a_channel_is_joined(page: Page, client: SandboxClient) -> None:
    client.act("create_channel", user="ben", name="open-door", members=["ben"])
    page.goto("/#ana/open-door")
    expect(page.locator("#channel footer")).to_contain_text("Ana is not in #open-door.")
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("textbox", name="Message #open-door")).to_be_visible()


def test_a_thread_is_opened_by_its_replies_and_answered_in_the_channel_too(
    page: Page, client: SandboxClient, asked: str
) -> None:
    client.post("ben", f"#{page.url.split('/')[-1]}", "I hear it", thread_ts=asked)
    message(page, "The scanner hums").get_by_role("button", name="1 reply").click()
    page.get_by_role("textbox", name="Reply…").fill("It stopped")
    page.locator("#thread").get_by_role("checkbox").check()
    page.locator("#thread").get_by_role("button", name="Send").click()
    expect(message(page, "It stopped")).to_contain_text("replied to a thread")


def test_files_are_dropped_and_pasted(page: Page, asked: str) -> None:
    for kind, holder, place in (
        ("DragEvent", "dataTransfer", "#channel form"),
        ("ClipboardEvent", "clipboardData", "#channel textarea"),
    ):
        page.locator(place).evaluate(
            """(place, [kind, holder]) => {
              const data = new DataTransfer();
              data.items.add(new File(["hum"], `${kind}.txt`, {type: "text/plain"}));
              const type = kind === "DragEvent" ? "drop" : "paste";
              place.dispatchEvent(new window[kind](type, {bubbles: true, cancelable: true, [holder]: data}));
            }""",
            [kind, holder],
        )
        expect(page.locator("#channel").get_by_role("link", name=f"{kind}.txt")).to_be_visible()


def test_a_picture_opens_in_full(page: Page, client: SandboxClient, asked: str) -> None:
    picture(page, client)
    link = page.locator("#channel").get_by_role("link", name="smoke.gif")
    with page.expect_popup() as popup:
        link.click()
    assert popup.value.url.endswith("/picture")
    popup.value.close()


def test_on_a_phone_the_channels_come_by_a_button(page: Page, asked: str) -> None:
    with narrow(page):
        page.get_by_role("button", name="Channels").click()
        page.locator("#sidebar").get_by_role("button", name="#general").click()
        expect(page.get_by_role("textbox", name="Message #general")).to_be_visible()
        expect(page.locator("#sidebar")).not_to_be_in_viewport()


def test_a_file_is_attached_and_kept(page: Page, asked: str) -> None:
    with page.expect_file_chooser() as chooser:
        page.locator("#channel").get_by_role("button", name="Attach a file").click()
    content = FilePayload(name="notes.html", mimeType="text/html", buffer=b"<script>alert(1)</script>")
    chooser.value.set_files(content)
    link = page.locator("#channel").get_by_role("link", name="notes.html")
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "notes.html"
    assert download.value.path().read_bytes() == b"<script>alert(1)</script>"


def test_a_button_asks_before_it_burns(
    page: Page, client: SandboxClient, server: SandboxServer, asked: str, got: list[JsonObject]
) -> None:
    burn = card(page, client, server)
    question = page.get_by_role("dialog", name="Really?")
    burn.click()
    question.get_by_role("button", name="Leave it").click()
    expect(question).to_be_hidden()
    burn.click()
    question.get_by_role("button", name="Burn it").click()
    hears(client, got, {"action_id": "burn"})


def test_the_home_tab_is_clicked(page: Page, client: SandboxClient, got: list[JsonObject]) -> None:
    page.goto("/#ana/it-help")
    page.locator("#sidebar").get_by_role("button", name="probe").click()
    page.get_by_role("link", name="Home").click()
    page.locator(".home").get_by_role("button", name="Say hello").click()
    hears(client, got, {"action_id": "hello"})


# --- with the keyboard ---


def test_people_and_channels_are_reached_by_keyboard(page: Page, client: SandboxClient) -> None:
    page.goto("/#ana/it-help")
    expect(composer(page)).to_be_visible()
    page.locator("#open-sidebar").evaluate("first => document.activeElement.blur()")
    enter(page, page.get_by_role("button", name=re.compile("^Act as Ben")))
    expect(page.get_by_role("button", name=re.compile("^Act as Ben"))).to_have_attribute(
        "aria-pressed", "true"
    )
    client.post("ana", "#general", "News")
    enter(page, page.locator("#sidebar").get_by_role("button", name=re.compile("#general, . new")))
    expect(message(page, "News").last).to_be_visible()
    enter(page, page.get_by_role("button", name="Write to somebody"))
    for key in ("ArrowDown", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("textbox", name="Message Ana")).to_be_visible()


def test_a_reaction_is_picked_and_taken_back_by_keyboard(page: Page, asked: str) -> None:
    walk_to_message(page)
    button = message(page, "The scanner hums").get_by_role("button", name="Add a reaction")
    enter(page, button)
    page.keyboard.type("ticket")
    page.keyboard.press("Enter")
    pill = message(page, "The scanner hums").locator(".reaction")
    expect(pill).to_have_attribute("title", "Ana: ticket")
    walk_to_message(page)
    enter(page, button)
    for key in ("ArrowDown", "ArrowRight", "Escape"):
        page.keyboard.press(key)
    expect(page.get_by_role("dialog", name="Add a reaction")).to_have_count(0)
    expect(button).to_be_focused()
    walk_to_message(page)
    tab_to(page, pill)
    page.keyboard.press("Space")
    expect(pill).to_have_count(0)


def test_a_thread_is_opened_answered_and_left_by_keyboard(
    page: Page, client: SandboxClient, asked: str
) -> None:
    walk_to_message(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Reply…")).to_be_focused()
    page.keyboard.type("I hear it, too")
    page.keyboard.press("Enter")
    expect(page.locator("#thread .message").last).to_contain_text("I hear it, too")
    page.keyboard.press("Escape")
    expect(page.locator("#thread")).to_be_hidden()
    expect(message(page, "The scanner hums")).to_be_focused()


def test_a_shortcut_is_chosen_by_keyboard(
    page: Page, client: SandboxClient, asked: str, got: list[JsonObject]
) -> None:
    menu = menu_of_message(page)
    expect(menu.get_by_role("button", name="Raise")).to_be_focused()
    page.keyboard.press("Enter")
    hears(client, got, {"raised": asked})


def test_lines_are_written_and_sent_by_keyboard(page: Page, client: SandboxClient, asked: str) -> None:
    composer(page).focus()
    for word, key in (("One", "Shift+Enter"), ("two", "Enter")):
        page.keyboard.type(word)
        page.keyboard.press(key)
    expect(message(page, "two")).to_be_visible()
    assert client.messages(f"#{page.url.split('/')[-1]}")[-1].text == "One\ntwo"


def test_a_link_to_a_message_is_copied_by_keyboard(page: Page, asked: str) -> None:
    enter(page, menu_of_message(page).get_by_role("button", name="Copy link"))
    expect(page.get_by_role("status").first).to_have_text("The link is copied.")
    assert page.evaluate("navigator.clipboard.readText()").endswith(f"/p{asked.replace('.', '')}")


def test_a_channel_is_joined_by_keyboard(page: Page, client: SandboxClient) -> None:
    client.act("create_channel", user="ben", name="other-door", members=["ben"])
    page.goto("/#ana/other-door")
    expect(page.locator("#channel footer")).to_contain_text("Ana is not in #other-door.")
    enter(page, page.get_by_role("button", name="Join"))
    expect(page.get_by_role("textbox", name="Message #other-door")).to_be_visible()


def test_a_thread_is_opened_by_its_replies_and_answered_in_the_channel_too_by_keyboard(
    page: Page, client: SandboxClient, asked: str
) -> None:
    client.post("ben", f"#{page.url.split('/')[-1]}", "I hear it", thread_ts=asked)
    replies = message(page, "The scanner hums").get_by_role("button", name="1 reply")
    expect(replies.get_by_role("img", name="Ben")).to_be_attached()
    walk_to_message(page)
    enter(page, replies)
    expect(page.get_by_role("textbox", name="Reply…")).to_be_focused()
    page.keyboard.type("It stopped")
    tab_to(page, page.locator("#thread").get_by_role("checkbox"))
    page.keyboard.press("Space")
    tab_to(page, page.locator("#thread").get_by_role("button", name="Send"), "Shift+Tab")
    page.keyboard.press("Enter")
    expect(message(page, "It stopped")).to_be_visible()
    enter(page, page.get_by_role("button", name="Close thread"))
    walk_to_message(page)
    enter(page, message(page, "It stopped").get_by_role("button", name="a thread"))
    expect(page.locator("#thread .message")).to_have_count(3)


def test_a_picture_is_opened_in_full_by_keyboard(page: Page, client: SandboxClient, asked: str) -> None:
    picture(page, client)
    walk_to_message(page)
    tab_to(page, page.locator("#channel").get_by_role("link", name="smoke.gif"))
    with page.expect_popup() as popup:
        page.keyboard.press("Enter")
    popup.value.close()


def test_older_messages_are_reached_by_keyboard(page: Page, client: SandboxClient, asked: str) -> None:
    name = page.url.split("/")[-1]
    for number in range(170):
        client.post("ben", f"#{name}", f"later {number}")
    page.reload()
    expect(message(page, "later 169")).to_be_visible()
    expect(message(page, "The scanner hums")).to_have_count(0)
    page.get_by_role("log").first.focus()
    page.keyboard.press("Home")
    expect(message(page, "The scanner hums")).to_be_attached()


def test_on_a_phone_the_channels_are_reached_by_keyboard(page: Page, asked: str) -> None:
    with narrow(page):
        enter(page, page.get_by_role("button", name="Channels"))
        enter(page, page.locator("#sidebar").get_by_role("button", name="#general"))
        expect(page.get_by_role("textbox", name="Message #general")).to_be_visible()
        expect(page.locator("#sidebar")).not_to_be_in_viewport()
        expect(page.get_by_role("button", name="Channels")).to_be_focused()


def test_a_message_is_edited_and_deleted_by_keyboard(page: Page, asked: str) -> None:
    menu = menu_of_message(page)
    enter(page, menu.get_by_role("button", name="Edit message"))
    editor = page.get_by_role("textbox", name="Edit message")
    expect(editor).to_be_focused()
    editor.fill("The scanner sings")
    editor.press("Enter")
    expect(message(page, "The scanner sings")).to_be_visible()
    menu_of_message(page)
    for key in ("ArrowUp", "Enter"):
        page.keyboard.press(key)
    enter(page, page.get_by_role("button", name="Delete", exact=True))
    expect(page.locator("#channel .message").filter(has_text="scanner")).to_have_count(0)


def test_what_only_one_person_sees_is_put_away_by_keyboard(page: Page, asked: str) -> None:
    composer(page).fill("/probe")
    composer(page).press("Enter")
    whisper = message(page, "Only for your eyes.")
    expect(whisper).to_be_visible()
    walk_to_message(page)
    enter(page, whisper.get_by_role("button", name="Dismiss"))
    expect(whisper).to_have_count(0)
    expect(composer(page)).to_be_focused()


def test_a_file_is_attached_by_keyboard(page: Page, asked: str) -> None:
    page.get_by_role("log").first.focus()
    tab_to(page, page.locator("#channel").get_by_role("button", name="Attach a file"))
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(FilePayload(name="log.txt", mimeType="text/plain", buffer=b"hum"))
    link = page.locator("#channel").get_by_role("link", name="log.txt")
    page.get_by_role("log").first.focus()
    tab_to(page, link)
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.path().read_bytes() == b"hum"


def test_a_link_to_a_message_is_followed_by_keyboard(page: Page, client: SandboxClient, asked: str) -> None:
    link = f"https://harbour.slack.com/archives/{client.channel_id('#random')}/p"
    target = client.post("ana", "#random", "There it stands")
    client.post("ana", f"#{page.url.split('/')[-1]}", f"Look at {link}{target.replace('.', '')}")
    expect(message(page, "Look at")).to_be_visible()
    walk_to_message(page)
    enter(page, message(page, "Look at").get_by_role("link"))
    expect(message(page, "There it stands")).to_be_focused()


def test_a_button_asks_and_is_answered_by_keyboard(
    page: Page, client: SandboxClient, server: SandboxServer, asked: str, got: list[JsonObject]
) -> None:
    burn = card(page, client, server)
    question = page.get_by_role("dialog", name="Really?")
    walk_to_message(page)
    enter(page, burn)
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    expect(burn).to_be_focused()
    page.keyboard.press("Enter")
    enter(page, question.get_by_role("button", name="Burn it"))
    hears(client, got, {"action_id": "burn"})


def test_the_home_tab_is_reached_by_keyboard(
    page: Page, client: SandboxClient, got: list[JsonObject]
) -> None:
    page.goto("/#ana/it-help")
    page.locator("#sidebar").get_by_role("button", name="#it-help").focus()
    enter(page, page.locator("#sidebar").get_by_role("button", name="probe"))
    enter(page, page.get_by_role("link", name="Home"))
    enter(page, page.locator(".home").get_by_role("button", name="Say hello"))
    hears(client, got, {"action_id": "hello"})
    enter(page, page.get_by_role("link", name="Messages"))
    expect(page.get_by_role("textbox", name="Message probe")).to_be_visible()


def test_a_tab_of_the_app_keeps_the_focus_when_something_changes_elsewhere(
    page: Page, client: SandboxClient
) -> None:
    page.goto(f"/#ana/{client.open_dm('ana')}")
    home = page.get_by_role("link", name="Home")
    home.focus()
    before = home.element_handle()
    client.act("create_channel", user="ana", name="far-away", members=["ana"])
    expect(page.locator("#sidebar").get_by_role("button", name="#far-away")).to_be_visible()
    page.wait_for_function("before => !before.isConnected", arg=before)
    expect(home).to_be_focused()


def test_every_field_of_a_form_is_filled_in_by_keyboard(
    page: Page, client: SandboxClient, got: list[JsonObject]
) -> None:
    page.goto("/#ana/it-help")
    expect(composer(page)).to_be_visible()
    page.get_by_role("log").first.focus()
    enter(page, page.locator("#channel").get_by_role("button", name="Shortcuts"))
    page.keyboard.press("Enter")
    form = page.get_by_role("dialog", name="All of it")
    expect(form.get_by_label("Words")).to_be_focused()
    keys = page.keyboard
    for words in ("It hums", "Once upon a time", "https://example.org", "ana@example.org", "2.5"):
        keys.type(words)
        keys.press("Tab")
    keys.type("Blue")  # a closed list takes what is typed
    keys.press("Tab")
    keys.press("Space")
    tab_to(page, form.get_by_role("group", name="One").get_by_label("Red"))
    keys.press("ArrowDown")
    keys.press("Tab")
    keys.type("Ben")
    keys.press("Tab")
    keys.press("Space")
    tab_to(page, form.get_by_label("Channel"))
    keys.type("#general")
    keys.press("Tab")
    keys.type("#random")
    keys.press("Tab")
    form.get_by_label("Day").fill("2026-12-24")
    form.get_by_label("Hour").fill("09:30")
    form.get_by_label("Moment").fill("2026-12-24T09:30")
    form.get_by_label("Words").focus()
    keys.press("Enter")
    expect(form).to_be_hidden()
    client.wait_until(lambda: got, message="the form")
    sent = {name: as_object(as_object(value)["value"]) for name, value in got[-1].items()}
    assert sent["words"]["value"] == "It hums"
    assert sent["site"]["value"] == "https://example.org"
    assert sent["number"]["value"] == "2.5"
    assert as_object(sent["colour"]["selected_option"])["value"] == "blue"
    assert [item["value"] for item in objects(sent["colours"]["selected_options"])] == ["red"]
    assert as_object(sent["one"]["selected_option"])["value"] == "blue"
    assert sent["person"]["selected_user"] == client.user_id("ben")
    assert sent["people"]["selected_users"] == [client.user_id("ana")]
    assert sent["channel"]["selected_channel"] == client.channel_id("#general")
    assert sent["place"]["selected_conversation"] == client.channel_id("#random")
    assert (sent["day"]["selected_date"], sent["hour"]["selected_time"]) == ("2026-12-24", "09:30")
    assert "Once upon a time" in as_text(str(sent["story"]["rich_text_value"]))


def test_who_types_is_not_disturbed_by_what_changes_elsewhere(
    page: Page, client: SandboxClient, asked: str
) -> None:
    composer(page).press_sequentially("half a sent")
    client.act("create_channel", user="ana", name="just-made", members=["ana"])
    expect(page.locator("#sidebar").get_by_role("button", name="#just-made")).to_be_visible()
    expect(composer(page)).to_be_focused()
    page.keyboard.type("ence")
    expect(composer(page)).to_have_value("half a sentence")
    composer(page).fill("")


# --- for everybody ---


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing_on_the_home_tab_and_in_the_picker(
    page: Page, client: SandboxClient, scheme: str, width: int
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 700})
    room = client.act("open_dm", user="ana")["channel"]
    client.post("ben", "#general", "Something to react to")
    page.goto(f"/#ana/{room}/home")
    page.reload()
    expect(page.locator(".home").get_by_role("button", name="Say hello")).to_be_visible()
    found = [Axe().run(page)]
    page.goto("/#ana/general")
    shown = page.locator("#channel .message").last
    shown.hover()
    shown.get_by_role("button", name="Add a reaction").click()
    found.append(Axe().run(page))
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.keyboard.press("Escape")
    assert [result.generate_report() for result in found if result.violations_count] == []
