"""What a person who knows Slack expects of the page: by mouse, by keyboard, and with a screen reader."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FilePayload, Page, expect
from slack_bolt import Ack, App

from sandbox.client import SandboxClient
from sandbox.jsontypes import JsonObject, as_object, objects
from sandbox.server import SandboxServer
from tests.browser.parts import composer, field, message, opened, option, plain
from tests.sandbox.apps import bolt_app, web

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)


def optional(label: str, element: JsonObject) -> JsonObject:
    return field(label.lower(), label, element, optional=True)


COLOURS = [option("red"), option("blue")]
FORM: JsonObject = {
    "type": "modal",
    "callback_id": "everything",
    "title": plain("Everything"),
    "submit": plain("Send it"),
    "blocks": [
        optional("Mail", {"type": "email_text_input"}),
        optional("Count", {"type": "number_input", "is_decimal_allowed": False, "max_value": "5"}),
        optional("Words", {"type": "plain_text_input", "min_length": 4}),
        optional("Several", {"type": "multi_static_select", "options": COLOURS}),
        optional("Thing", {"type": "external_select", "min_query_length": 1}),
        optional("Day", {"type": "datepicker"}),
    ],
}


def app_of(server: SandboxServer, got: list[JsonObject]) -> App:
    """Opens a form with many kinds of fields, offers things, and has a Home tab."""
    app = bolt_app(server)

    @app.shortcut("start_it")
    def start(ack: Ack, body: JsonObject) -> None:
        web(server).views_open(trigger_id=str(body["trigger_id"]), view=FORM)
        ack()

    @app.options("value")
    def offer(ack: Ack, payload: JsonObject) -> None:
        known = ("floorlamp", "floormat", "desk")
        ack(options=[option(each) for each in known if each.startswith(str(payload["value"]).lower())])

    @app.view("everything")
    def take(ack: Ack, view: JsonObject) -> None:
        state = view["state"]
        assert isinstance(state, dict)
        got.append(as_object(state["values"]))
        ack()

    @app.event("app_home_opened")
    def greet(event: JsonObject) -> None:
        if event["tab"] == "home":
            blocks = [{"type": "section", "text": plain("Your tickets stand here")}]
            web(server).views_publish(user_id=str(event["user"]), view={"type": "home", "blocks": blocks})

    return app


# --- writing ---


def test_people_channels_emoji_and_commands_complete_themselves_by_keyboard(
    page: Page, client: SandboxClient
) -> None:
    opened(page, "ana/it-help")
    composer(page).press_sequentially("hello @be")
    expect(page.get_by_role("option", name="Ben")).to_have_attribute("aria-selected", "true")
    composer(page).press("Enter")
    composer(page).press_sequentially("see #gene")
    composer(page).press("Tab")
    composer(page).press_sequentially(":tad")
    composer(page).press("Enter")
    expect(composer(page)).to_have_value("hello @ben see #general :tada: ")
    composer(page).press("Enter")
    expect(message(page, "hello @Ben see #general")).to_be_visible()
    composer(page).press_sequentially("/pro")
    expect(page.get_by_role("option").filter(has_text="Probes").first).to_be_visible()
    composer(page).press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    composer(page).fill("")


def test_the_arrow_up_edits_the_last_message_and_escape_leaves_it(page: Page, client: SandboxClient) -> None:
    ts = client.post("ana", "#it-help", "The scanner beeps & does nothing")
    opened(page, "ana/it-help")
    expect(message(page, "The scanner beeps")).to_be_visible()
    composer(page).press("ArrowUp")
    editor = page.get_by_role("textbox", name="Edit message")
    expect(editor).to_have_value("The scanner beeps & does nothing")
    editor.press("Escape")
    expect(editor).to_be_hidden()
    expect(composer(page)).to_be_focused()
    composer(page).press("ArrowUp")
    editor.fill("The scanner works again")
    editor.press("Enter")
    expect(message(page, "The scanner works again")).to_contain_text("(edited)")
    seen = client.message("#it-help", ts)
    assert seen is not None
    assert seen.text == "The scanner works again"


def test_a_picture_is_attached_and_shown(page: Page, client: SandboxClient) -> None:
    opened(page, "ana/general")
    picture = FilePayload(name="smoke.png", mimeType="image/png", buffer=PNG)
    page.locator("#channel input[type=file]").set_input_files(picture)
    shown = page.locator("#channel .message img.picture")
    expect(shown).to_have_attribute("alt", "smoke.png")
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1
    assert client.messages("#general")[-1].raw["subtype"] == "file_share"


# --- reading ---


def test_what_came_while_one_was_away_is_marked_and_stays_unread_over_a_reload(
    page: Page, client: SandboxClient
) -> None:
    opened(page, "ana/general")
    client.post("ben", "#it-help", "Maintenance at noon")
    entry = page.locator("#sidebar").get_by_role("button", name=re.compile("#it-help.*1 new"))
    expect(entry).to_be_visible()
    page.reload()
    expect(entry).to_be_visible()
    entry.click()
    expect(page.locator("#channel .new")).to_have_text("New")
    expect(page.locator("#channel .new + .message")).to_contain_text("Maintenance at noon")


def test_an_authors_next_message_needs_no_second_face(page: Page, client: SandboxClient) -> None:
    opened(page, "ana/general")  # both are news to a page that is there already: the line is not between them
    for words in ("One thing first", "and another thing"):
        client.post("ben", "#it-help", words)
    opened(page, "ana/it-help")
    expect(message(page, "and another thing")).to_have_class(re.compile("continued"))


def test_messages_are_walked_through_and_answered_by_keyboard(page: Page, client: SandboxClient) -> None:
    ts = client.post("ben", "#it-help", "Who has the key to the lab?")
    opened(page, "ana/it-help")
    expect(message(page, "key to the lab")).to_be_visible()
    page.get_by_role("log").first.focus()
    page.keyboard.press("ArrowUp")
    expect(message(page, "key to the lab")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#thread .message")).to_contain_text("key to the lab")
    assert page.url.endswith(ts)


def test_an_emoji_is_found_by_its_name(page: Page, client: SandboxClient) -> None:
    ts = client.post("ben", "#it-help", "It works again")
    opened(page, "ana/it-help")
    message(page, "It works again").hover()
    message(page, "It works again").get_by_role("button", name="Add a reaction").click()
    page.get_by_role("searchbox", name="Search emoji").fill("party pop")
    page.get_by_role("searchbox", name="Search emoji").fill("tada")
    page.keyboard.press("Enter")
    expect(message(page, "It works again").locator(".reaction")).to_have_attribute("aria-pressed", "true")
    seen = client.message("#it-help", ts)
    assert seen is not None
    assert list(seen.reactions) == ["tada"]


def test_five_thousand_messages_are_read_piece_by_piece(page: Page, server: SandboxServer) -> None:
    client = server.client()
    channel = client.act("create_channel", user="ana", name="busy", members=["ana"])
    assert channel
    for number in range(400):
        client.post("ana", "#busy", f"message {number}")
    opened(page, "ana/busy")
    expect(message(page, "message 399")).to_be_visible()
    assert page.locator("#channel .message").count() < 200
    for _ in range(40):  # what was just opened may still be growing: a person scrolls again
        page.locator("#channel .scroller").evaluate("box => { box.scrollTop = 0; }")
        try:
            expect(page.locator("#channel .message").nth(250)).to_be_attached(timeout=500)
        except AssertionError:
            page.locator("#channel .scroller").evaluate("box => { box.scrollTop = 400; }")
        else:
            break
    assert page.locator("#channel .message").count() > 250


# --- the app ---


def test_the_app_has_a_home_and_messages(page: Page) -> None:
    opened(page, "ana/it-help")
    page.locator("#sidebar").get_by_role("button", name="probe").click()
    page.get_by_role("link", name="Home").click()
    expect(page.locator("#channel .home")).to_contain_text("Your tickets stand here")
    page.get_by_role("link", name="Messages").click()
    expect(composer(page)).to_be_visible()


def test_a_form_finds_mistakes_itself_and_asks_the_app_for_choices(page: Page, got: list[JsonObject]) -> None:
    opened(page, "ana/it-help")
    page.locator("#channel").get_by_role("button", name="Shortcuts").click()
    page.get_by_role("button", name="Start").click()
    form = page.get_by_role("dialog", name="Everything")
    form.get_by_label("Mail").fill("ana at home")
    form.get_by_label("Count").fill("7")
    form.get_by_label("Words").fill("abc")
    form.get_by_role("button", name="Send it").click()
    alerts = form.get_by_role("alert")
    expect(alerts.filter(has_text="e-mail")).to_be_visible()
    expect(alerts.filter(has_text="The most is 5.")).to_be_visible()
    expect(alerts.filter(has_text="at least 4 characters")).to_be_visible()
    form.get_by_label("Mail").fill("ana@example.org")
    form.get_by_label("Count").fill("3")
    form.get_by_label("Words").fill("four words of it")
    form.get_by_label("Blue").check()
    form.get_by_label("Thing").press_sequentially("floor")
    expect(form.locator("datalist option").first).to_be_attached()
    form.get_by_label("Thing").fill("Floorlamp")
    form.get_by_label("Day").fill("2026-12-24")
    form.get_by_role("button", name="Send it").click()
    expect(form).to_be_hidden()
    sent = {block_id: as_object(as_object(entry)["value"]) for block_id, entry in got[-1].items()}
    assert sent["mail"]["value"] == "ana@example.org"
    assert [each["value"] for each in objects(sent["several"]["selected_options"])] == ["blue"]
    assert as_object(sent["thing"]["selected_option"])["value"] == "floorlamp"
    assert sent["day"]["selected_date"] == "2026-12-24"


# --- for everybody ---


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing(page: Page, client: SandboxClient, scheme: str, width: int) -> None:
    ts = client.post("ana", "#it-help", "*Bold* words, a `code`, a <https://example.org/|link>", raw=True)
    client.react("ben", "#it-help", ts, "eyes")
    client.post("ben", "#it-help", "I look at it", thread_ts=ts)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"/#ana/it-help/{ts}")
    expect(page.locator("#thread .message").nth(1)).to_be_visible()
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
