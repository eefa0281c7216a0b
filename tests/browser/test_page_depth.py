"""What shows in use only: links to messages, forms that change while one types, menus that ask."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect
from slack_bolt import Ack, App

from sandbox.client import SandboxClient
from sandbox.jsontypes import JsonObject, as_object, as_text, objects
from sandbox.server import SandboxServer
from tests.browser.parts import enter, field, message, opened, option, plain, tab_to
from tests.sandbox.apps import bolt_app, web


def text_input(block_id: str, label: str) -> JsonObject:
    return field(block_id, label, {"type": "plain_text_input"}, optional=True)


KINDS: JsonObject = {
    "type": "static_select",
    "action_id": "kind",
    "options": [option("printer"), option("vpn")],
}
KIND: JsonObject = {**field("kind", "Kind", KINDS, optional=True), "dispatch_action": True}
SEARCH: JsonObject = {"type": "multi_external_select", "action_id": "who", "min_query_length": 1}
PEOPLE: JsonObject = field("who", "Who", SEARCH, optional=True)
MORE: JsonObject = {
    "type": "actions",
    "block_id": "more",
    "elements": [{"type": "button", "action_id": "deeper", "text": plain("Deeper")}],
}
CONFIRM: JsonObject = {
    "title": plain("Really?"),
    "text": plain("It goes for good."),
    "confirm": plain("Yes"),
    "deny": plain("No"),
}
MENU: JsonObject = {
    "type": "section",
    "block_id": "card",
    "text": plain("A card"),
    "accessory": {
        "type": "overflow",
        "action_id": "menu",
        "options": [option("archive"), option("burn")],
        "confirm": CONFIRM,
    },
}
KNOWN = {"id-1": "Floorlamp", "id-2": "Floormat", "id-3": "Desk"}


def form(title: str, *blocks: JsonObject) -> JsonObject:
    return {
        "type": "modal",
        "callback_id": "changing",
        "notify_on_close": True,
        "title": plain(title),
        "submit": plain("Send it"),
        "blocks": list(blocks),
    }


def app_of(server: SandboxServer, got: list[JsonObject]) -> App:
    """A form that grows with what is chosen in it, choices it names by ids, and a card with a menu."""
    app = bolt_app(server)

    @app.shortcut("start_it")
    def start(ack: Ack, body: JsonObject) -> None:
        view = form("First", text_input("words", "Words"), KIND, PEOPLE, MORE)
        web(server).views_open(trigger_id=str(body["trigger_id"]), view=view)
        ack()

    @app.action("kind")
    def grow(ack: Ack, body: JsonObject) -> None:
        got.append(body)
        view = as_object(body["view"])
        blocks = [text_input("words", "Words"), KIND, text_input("floor", "Floor"), PEOPLE, MORE]
        web(server).views_update(view_id=as_text(view["id"]), view=form("First", *blocks))
        ack()

    @app.action("deeper")
    def deeper(ack: Ack, body: JsonObject) -> None:
        view = form("Second", text_input("detail", "Detail"))
        web(server).views_push(trigger_id=str(body["trigger_id"]), view=view)
        ack()

    @app.options("who")
    def offer(ack: Ack, payload: JsonObject) -> None:
        wanted = str(payload["value"]).lower()
        found = [{"value": key, "text": plain(name)} for key, name in KNOWN.items() if wanted in name.lower()]
        ack(options=found)

    @app.action("menu")
    def menu(ack: Ack, action: JsonObject) -> None:
        got.append(action)
        ack()

    @app.view("changing")
    def take(ack: Ack, view: JsonObject) -> None:
        got.append(as_object(as_object(view["state"])["values"]))
        ack()

    @app.view_closed("changing")
    def closed(ack: Ack, body: JsonObject) -> None:
        got.append({"closed": as_object(as_object(body["view"])["title"])["text"], "all": body["is_cleared"]})
        ack()

    return app


def begin(page: Page) -> Locator:
    opened(page, "ana/it-help")
    page.locator("#channel").get_by_role("button", name="Shortcuts").click()
    page.get_by_role("button", name="Start").click()
    dialog = page.get_by_role("dialog", name="First")
    expect(dialog).to_be_visible()
    return dialog


# --- getting about ---


def test_a_link_to_a_message_far_back_leads_to_it(page: Page, client: SandboxClient) -> None:
    client.act("create_channel", user="ana", name="archive", members=["ana", "ben"])
    first = client.post("ana", "#archive", "The first of all")
    for number in range(320):
        client.post("ana", "#archive", f"later {number}")
    channel = client.channel_id("#archive")
    link = f"https://harbour.slack.com/archives/{channel}/p{first.replace('.', '')}"
    client.post("ben", "#it-help", f"See {link}")
    opened(page, "ana/it-help")
    message(page, "See https").get_by_role("link").last.click()
    expect(message(page, "The first of all")).to_be_focused()
    expect(message(page, "The first of all")).to_be_in_viewport()
    expect(page.locator("#thread")).to_be_hidden()


def to_the_top(page: Page, words: str) -> None:
    """Scroll up as a person does, until a message is there: what was just opened may still be growing."""
    for _ in range(40):
        page.locator("#channel .scroller").evaluate("box => { box.scrollTop = 0; }")
        try:
            expect(message(page, words)).to_be_attached(timeout=500)
        except AssertionError:
            page.locator("#channel .scroller").evaluate("box => { box.scrollTop = 400; }")
        else:
            return
    expect(message(page, words)).to_be_attached()


def test_what_happens_to_a_message_far_back_is_seen(page: Page, client: SandboxClient) -> None:
    client.act("create_channel", user="ana", name="deep", members=["ana", "ben"])
    first, second = (client.post("ana", "#deep", words) for words in ("oldest", "next to it"))
    for number in range(170):
        client.post("ana", "#deep", f"later {number}")
    opened(page, "ana/deep")
    expect(message(page, "later 169")).to_be_visible()
    expect(message(page, "oldest")).to_have_count(0)
    to_the_top(page, "oldest")
    client.post("ben", "#deep", "I remember", thread_ts=first)
    expect(message(page, "oldest").locator(".replies")).to_contain_text("1 reply")
    client.act("delete", user="ana", channel="#deep", ts=second)
    expect(message(page, "next to it")).to_have_count(0)
    client.post("ben", "#deep", "the newest of all")
    expect(message(page, "oldest")).to_be_attached()
    assert page.locator("#channel .message").count() > 170


def test_a_channel_opens_at_its_newest_message_and_stays_there(page: Page, client: SandboxClient) -> None:
    client.act("create_channel", user="ana", name="tall", members=["ana", "ben"])
    for number in range(12):
        client.post("ben", "#tall", f"{number}\n" + "one more line\n" * 12)
    client.post("ben", "#tall", "the end")
    opened(page, "ana/tall")
    expect(message(page, "the end")).to_be_in_viewport()
    client.post("ben", "#tall", "no, this is the end\n" + "with lines\n" * 9 + "to read")
    expect(message(page, "no, this is the end")).to_be_in_viewport(ratio=0.9)


def test_what_is_said_to_somebody_is_counted_and_the_rest_is_bold(page: Page, client: SandboxClient) -> None:
    opened(page, "ana/it-help")
    general = page.locator("#sidebar").get_by_role("button", name="#general")
    client.post("ben", "#general", "News for all who like news")
    expect(general).to_have_class(re.compile("unread"))
    expect(general.locator(".count")).to_have_count(0)
    client.post("ben", "#general", "@ana did you see?")
    expect(general.locator(".count")).to_have_text("1")


def test_somebody_is_written_to_directly(page: Page, client: SandboxClient) -> None:
    opened(page, "ana/it-help")
    page.get_by_role("button", name="Write to somebody").click()
    page.get_by_role("dialog", name="Write to").get_by_role("button", name="Lea").click()
    page.get_by_role("textbox", name="Message Lea").fill("Have you a minute?")
    page.get_by_role("textbox", name="Message Lea").press("Enter")
    expect(message(page, "Have you a minute?")).to_be_visible()
    page.get_by_role("button", name=re.compile("Act as Lea.*1 new")).click()
    expect(page.locator("#sidebar").get_by_role("button", name="Ana", exact=True)).to_have_attribute(
        "aria-current", "page"
    )
    expect(message(page, "Have you a minute?")).to_be_visible()


def test_a_direct_conversation_that_the_app_opens_shows_at_once(page: Page, server: SandboxServer) -> None:
    opened(page, "maria/general")
    entries = page.locator("#sidebar").get_by_role("button")
    server.client().open_dm("lea", "maria")
    expect(entries.filter(has_text=re.compile("^Lea$"))).to_be_visible()
    web(server).conversations_open(users=[server.client().user_id(name) for name in ("maria", "ben")])
    expect(entries.filter(has_text=re.compile("probe, Ben|Ben, probe"))).to_be_visible()


def test_a_reply_sent_to_the_channel_says_whose_thread_it_is_of(page: Page, client: SandboxClient) -> None:
    ts = client.post("ana", "#general", "Who has the badge printer?")
    client.act("post", user="ben", channel="#general", text="I do", thread_ts=ts, broadcast=True)
    opened(page, "ana/general")
    expect(message(page, "badge printer").locator(".replies img")).to_have_count(1)
    message(page, "I do").get_by_role("button", name="a thread").click()
    expect(page.locator("#thread .message").first).to_contain_text("badge printer")


# --- what is written ---


def test_markup_is_drawn_as_slack_draws_it(page: Page, client: SandboxClient) -> None:
    def section(text: str) -> JsonObject:
        return {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}

    lists = [
        {"type": "rich_text_list", "style": "ordered", "elements": [section("one")]},
        {"type": "rich_text_list", "style": "ordered", "indent": 1, "elements": [section("beneath")]},
        {"type": "rich_text_list", "style": "ordered", "offset": 1, "elements": [section("two")]},
    ]
    blocks = [{"type": "rich_text", "elements": lists}]
    client.act("post_webhook", channel="#random", text="lists", blocks=blocks)
    words = "&gt; quoted *bold*\n&gt; and more\n```\nif a &lt; b:\n  c\n```\n<!date^0^{date_num}|then>"
    client.act("post", user="ana", channel="#random", text=words, raw=True)
    opened(page, "ana/random")
    expect(page.locator("#channel ol.level-1 li")).to_have_text("beneath")
    expect(page.locator("#channel ol[start='2'] li")).to_have_text("two")
    quoted = message(page, "quoted")
    expect(quoted.locator("blockquote strong")).to_have_text("bold")
    expect(quoted.locator("blockquote")).to_contain_text("and more")
    assert quoted.locator("pre").inner_text() == "if a < b:\n  c"
    expect(quoted.locator(".text time")).to_have_text("01/01/1970")


def test_what_is_very_long_or_hostile_is_only_text(page: Page, client: SandboxClient) -> None:
    client.post("gus", "#general", "<script>document.title = 'caught'</script> \u202ebackwards")
    client.post("gus", "#general", "word " * 7000)
    opened(page, "ana/general")
    expect(message(page, "document.title")).to_contain_text("<script>")
    expect(message(page, "35000 characters")).to_be_attached()
    assert "caught" not in page.title()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_older_attachments_show_all_that_they_hold(page: Page, server: SandboxServer) -> None:
    old: JsonObject = {
        "color": "danger",
        "pretext": "From the monitor",
        "title": "Disk full",
        "title_link": "https://example.org/disk",
        "text": "97 percent",
        "fields": [{"title": "Host", "value": "fileserver-2"}],
        "footer": "watchtower",
    }
    web(server).chat_postMessage(channel="#general", text="old", attachments=[old])
    opened(page, "ana/general")
    shown = message(page, "From the monitor")
    expect(shown.locator(".attachment")).to_contain_text("Host fileserver-2")
    expect(shown.get_by_role("link", name="Disk full")).to_have_attribute("href", "https://example.org/disk")
    assert shown.locator(".attachment").evaluate("bar => bar.style.borderColor") == "rgb(179, 65, 76)"


def test_each_entry_of_a_messages_menu_can_be_chosen(page: Page, client: SandboxClient) -> None:
    client.post("ana", "#general", "A word too much")
    opened(page, "ana/general")
    message(page, "A word too much").hover()
    message(page, "A word too much").get_by_role("button", name="More").click()
    menu = page.get_by_role("dialog", name="More")
    for name in ("Raise", "Copy link", "Edit message"):
        menu.get_by_role("button", name=name).click(trial=True)
    menu.get_by_role("button", name="Delete message").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(message(page, "A word too much")).to_have_count(0)


# --- forms ---


def test_what_was_typed_stays_when_the_form_changes_and_the_app_knows_it(
    page: Page, got: list[JsonObject]
) -> None:
    dialog = begin(page)
    dialog.get_by_label("Words").fill("It hums")
    dialog.get_by_label("Kind").select_option("Printer")
    expect(dialog.get_by_label("Floor")).to_be_visible()
    expect(dialog.get_by_label("Words")).to_have_value("It hums")
    expect(dialog.get_by_label("Kind")).to_have_value("printer")
    known = as_object(as_object(as_object(got[-1]["view"])["state"])["values"])
    assert as_object(as_object(known["words"])["value"])["value"] == "It hums"
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_several_are_chosen_from_what_the_app_offers(page: Page, got: list[JsonObject]) -> None:
    dialog = begin(page)
    for typed, name in (("lamp", "Floorlamp"), ("desk", "Desk")):
        dialog.get_by_label("Who").press_sequentially(typed)
        expect(dialog.locator(f"datalist option[value={name}]")).to_be_attached()
        dialog.get_by_label("Who").fill(name)
        dialog.get_by_label("Who").press("Tab")
        expect(dialog.get_by_role("checkbox", name=name)).to_be_checked()
    dialog.get_by_role("button", name="Send it").click()
    expect(dialog).to_be_hidden()
    chosen = objects(as_object(as_object(got[-1]["who"])["who"])["selected_options"])
    assert [item["value"] for item in chosen] == ["id-1", "id-3"]


def test_a_form_over_a_form_goes_back_to_it_and_the_cross_closes_both(
    page: Page, server: SandboxServer, got: list[JsonObject]
) -> None:
    dialog = begin(page)
    dialog.get_by_label("Words").fill("kept")
    dialog.get_by_role("button", name="Deeper").click()
    second = page.get_by_role("dialog", name="Second")
    expect(second.get_by_label("Detail")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog.get_by_label("Words")).to_have_value("kept")
    dialog.get_by_role("button", name="Deeper").click()
    expect(second).to_be_visible()
    second.get_by_role("button", name="Close").first.click()
    expect(page.locator("#modal")).to_be_hidden()
    told = {"closed": "First", "all": True}
    server.client().wait_until(lambda: told in got, message="the app to hear that all were closed")


def test_a_form_over_a_form_is_opened_and_left_by_keyboard(page: Page, got: list[JsonObject]) -> None:
    dialog = begin(page)
    page.keyboard.type("kept")
    enter(page, dialog.get_by_role("button", name="Deeper"))
    second = page.get_by_role("dialog", name="Second")
    expect(second.get_by_label("Detail")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog.get_by_label("Words")).to_have_value("kept")
    enter(page, dialog.get_by_role("button", name="Deeper"))
    expect(second.get_by_label("Detail")).to_be_focused()
    enter(page, second.get_by_role("button", name="Close").first)
    expect(page.locator("#modal")).to_be_hidden()


def test_a_menu_asks_first_where_the_app_wants_that(
    page: Page, server: SandboxServer, got: list[JsonObject]
) -> None:
    web(server).chat_postMessage(channel="#it-help", text="A card", blocks=[MENU])
    opened(page, "ben/it-help")
    menu = message(page, "A card").last.get_by_role("button", name="More options")
    choices = page.get_by_role("dialog", name="More options").get_by_role("button")
    menu.click()
    choices.filter(has_text="Burn").click()
    question = page.get_by_role("dialog").filter(has_text="Really?")
    question.get_by_role("button", name="No").click()
    expect(question).to_be_hidden()
    before = len(got)
    tab_to(page, menu)
    for key in ("Enter", "ArrowDown", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    question.get_by_role("button", name="Yes").click()
    server.client().wait_until(lambda: len(got) > before, message="the choice")
    assert as_object(got[before]["selected_option"])["value"] == "archive"


# --- for everybody ---


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_forms_and_menus(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    begin(page)
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    page.keyboard.press("Escape")
    expect(page.locator("#modal")).to_be_hidden()
    page.get_by_role("button", name="Write to somebody").click()
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
