"""The workshop of the page: the inspector, faults, time, the app's process, the guide."""

from __future__ import annotations

import dataclasses
import http.client
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import get_args
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, ViewportSize, expect

from sandbox.faults import ApiFault, StandingFault
from sandbox.seed import StepSeed, default_seed
from sandbox.server import SandboxServer
from tests.browser.parts import enter, message, opened, tab_to
from tests.sandbox.apps import MANIFEST, error_of, web
from tests.sandbox_fixture import running_sandbox

GUIDE = [
    StepSeed(
        "Say hello.",
        "As Ana, write `hello`.",
        at="ana/it-help",
        when=[{"type": "message", "channel": "#it-help", "message": {"user": "@ana", "text": "~hello"}}],
        keep={"greeting": "message.ts"},
    ),
    StepSeed(
        "Wave back.",
        "Be Ben and wave.",
        at="ben/it-help",
        when=[{"type": "message", "message": {"ts": "$greeting", "reactions": [{"name": "wave"}]}}],
    ),
]


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    """One workspace for all of these tests; each leaves it as it was."""
    seed = dataclasses.replace(default_seed(), guide=GUIDE)
    settings = {"rate_scale": 0, "retry_scale": 1}
    with running_sandbox(manifest=MANIFEST, seed=seed, settings=settings) as running:
        yield running


@pytest.fixture(scope="module")
def viewport() -> ViewportSize:
    """Room for the workshop beside the page."""
    return {"width": 1440, "height": 900}


@pytest.fixture(autouse=True)
def fresh(server: SandboxServer) -> None:
    """Each test begins before anybody wrote."""
    server.client().reset()


@pytest.fixture
def page(page: Page) -> Page:
    return opened(page, "ana/it-help")


def workshop(page: Page, tab: str) -> Locator:
    page.get_by_role("button", name="Workshop", exact=True).click()
    page.get_by_role("tab", name=tab).click()
    return page.get_by_role("tabpanel", name=tab)


def entry(page: Page, words: str) -> Locator:
    return page.get_by_role("option").filter(has_text=words)


def test_an_event_that_nobody_hears_is_red_and_says_when_it_comes_again(
    page: Page, server: SandboxServer
) -> None:
    workshop(page, "Inspector")
    server.client().post("ana", "#it-help", "Is anybody there?")
    heard = entry(page, "Ana in #it-help")
    expect(heard).to_contain_text("nobody there, again in")
    expect(heard).to_have_class("entry bad")
    heard.click()
    detail = page.get_by_role("region", name="The entry")
    expect(detail.get_by_role("list", name="Tries").get_by_role("listitem")).to_have_count(2)
    expect(detail).to_contain_text("To a socket: nobody there")


def test_a_refused_call_says_why_and_the_pointer_opens_the_place(page: Page, server: SandboxServer) -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": ""}}]
    assert (
        error_of(web(server).chat_postMessage, channel="#it-help", text="x", blocks=blocks)
        == "invalid_blocks"
    )
    workshop(page, "Inspector")
    entry(page, "chat.postMessage").filter(has_text="ok").or_(entry(page, "!")).last.click()
    page.get_by_role("button", name="Show the call").click()
    detail = page.get_by_role("region", name="The entry")
    expect(detail).to_contain_text("Slack does not show these blocks.")
    detail.get_by_role("list", name="What Slack says").get_by_role("button").first.click()
    expect(detail.locator(".pointed")).to_be_visible()


def test_inspect_leads_from_a_message_to_the_call_that_made_it(page: Page, server: SandboxServer) -> None:
    web(server).chat_postMessage(channel="#it-help", text="Made by a call")
    web(server).chat_postMessage(channel="#it-help", text="Made by another")
    message = page.locator("#channel .message").filter(has_text="Made by a call")
    message.hover()
    message.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Inspect").click()
    detail = page.get_by_role("region", name="The entry")
    expect(detail.get_by_role("heading")).to_contain_text("chat.postMessage")
    expect(detail).to_contain_text("Made by a call")
    expect(entry(page, "chat.postMessage")).to_have_count(1)


def test_the_list_is_filtered_searched_paused_and_cleared(page: Page, server: SandboxServer) -> None:
    panel = workshop(page, "Inspector")
    web(server).auth_test()
    server.client().post("ana", "#it-help", "needle")
    expect(page.get_by_role("option")).to_have_count(2)
    panel.get_by_role("button", name="Calls").click()
    expect(page.get_by_role("option")).to_have_count(1)
    panel.get_by_role("button", name="Calls").click()
    panel.get_by_role("searchbox").fill("NEEDLE")
    expect(page.get_by_role("option")).to_have_count(1)
    panel.get_by_role("searchbox").fill("")
    panel.get_by_role("button", name="Pause").click()
    web(server).auth_test()
    expect(panel).to_contain_text("paused, 1 more")
    panel.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("option")).to_have_count(3)
    panel.get_by_role("button", name="Clear").click()
    expect(panel).to_contain_text("Nothing yet")


def test_ten_thousand_entries_draw_only_what_is_in_sight(page: Page) -> None:
    panel = workshop(page, "Inspector")
    page.evaluate(
        """async () => {
          const { onWorkshopEntry } = await import("/page/workshop.js");
          const call = { type: "call", time: 0, method: "api.test", args: {}, answer: { ok: true },
            status: 200, answered: true, fault: "", duration_ms: 1 };
          for (let number = 1e6; number < 1e6 + 11500; number += 1) onWorkshopEntry({ ...call, number });
        }"""
    )
    expect(panel).to_contain_text("older ones are left out")
    assert page.get_by_role("option").count() < 80


def test_the_inspector_can_be_used_with_the_keyboard_alone(page: Page, server: SandboxServer) -> None:
    web(server).auth_test()
    page.get_by_role("button", name="Workshop", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="Inspector")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Faults")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    traffic = page.get_by_role("listbox")
    traffic.focus()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("option", selected=True)).to_contain_text("auth.test")
    page.keyboard.press("Escape")
    expect(page.get_by_role("region", name="The entry")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Workshop", exact=True)).to_be_focused()


def test_each_fault_has_a_switch_and_one_button_lifts_them_all(page: Page, server: SandboxServer) -> None:
    panel = workshop(page, "Faults")
    switches = panel.get_by_role("switch")
    expect(switches).to_have_count(len({*get_args(ApiFault), *get_args(StandingFault)}))
    panel.get_by_label("Rate limit: How often").select_option("one call in ten")
    panel.get_by_role("switch", name="Rate limit").check()
    panel.get_by_role("switch", name="Events held back").check()
    chip = page.get_by_role("group", name="Faults in force")
    expect(chip).to_contain_text("2 faults")
    rules = server.sandbox.faults.rules
    assert [(rule.kind, rule.probability) for rule in rules] == [
        ("ratelimited", 0.1),
        ("withhold_events", 1.0),
    ]
    chip.get_by_role("button", name="Lift all").click()
    expect(chip).to_be_hidden()
    expect(switches.first).not_to_be_checked()
    assert server.sandbox.faults.rules == []


def test_time_is_skipped_and_taken_back(page: Page, server: SandboxServer) -> None:
    panel = workshop(page, "App & time")
    panel.get_by_role("button", name="+1 day").click()
    expect(panel).to_contain_text("1 d ahead of real time")
    panel.get_by_role("button", name="Back to real time").click()
    expect(panel.get_by_role("button", name="Back to real time")).to_be_disabled()
    assert server.sandbox.clock.offset == 0.0


@contextmanager
def supervisor(server: SandboxServer) -> Iterator[Iterator[str]]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)
    with closing(connection):
        connection.request("GET", "/control/supervision")
        lines = (line for line in connection.getresponse() if line.startswith(b"data: "))
        yield (json.loads(line[6:])["want"] for line in lines)


def test_the_app_is_killed_and_started_by_whoever_looks_after_it(page: Page, server: SandboxServer) -> None:
    panel = workshop(page, "App & time")
    kill, start = (panel.get_by_role("button", name=name, exact=True) for name in ("Kill it", "Start it"))
    expect(kill).to_be_disabled()
    expect(panel).to_contain_text("cannot be ended or started here")
    with supervisor(server) as wishes:
        next(wishes)
        server.client().act("app_state", state="ready")
        expect(page.get_by_role("button", name="Probe: running")).to_be_visible()
        kill.click()
        assert next(wishes) == "killed"
        server.client().act("app_state", state="dead")
        expect(panel).to_contain_text("Killed once so far.")
        start.click()
        assert next(wishes) == "running"
        panel.get_by_role("switch").check()
        client = server.client()
        client.wait_until(lambda: client.read("app")["kill_every"] == 5, message="it to be killed every 5 s")
        panel.get_by_role("switch").uncheck()
    expect(kill).to_be_disabled()


def test_starting_over_asks_before_everything_goes(page: Page, server: SandboxServer) -> None:
    server.client().post("ana", "#it-help", "to be forgotten")
    panel = workshop(page, "App & time")
    panel.get_by_role("button", name="Start over…").click()
    page.locator("#confirm").get_by_role("button", name="Keep it").click()
    expect(page.locator("#channel .message")).to_have_count(1)
    panel.get_by_role("button", name="Start over…").click()
    page.locator("#confirm").get_by_role("button", name="Start over").click()
    expect(page.locator("#channel .message")).to_have_count(0)


def test_the_guide_follows_what_happens_and_can_be_put_away_and_called_again(
    page: Page, server: SandboxServer
) -> None:
    client = server.client()
    guide = page.get_by_role("region", name="Guide")
    expect(guide).to_contain_text("Say hello.")
    client.post("ben", "#it-help", "hello from somebody else")
    ts = client.post("ana", "#it-help", "Hello, desk")
    expect(guide).to_contain_text("Wave back.")
    guide.get_by_role("button", name="Put the guide away").click()
    expect(guide).to_be_hidden()
    page.reload()
    page.get_by_role("button", name="Guide", exact=True).click()
    expect(guide).to_contain_text("Wave back.")
    guide.get_by_role("button", name="Be Ben in it-help").click()
    expect(page.get_by_role("button", name="Act as Ben")).to_have_attribute("aria-pressed", "true")
    client.react("ben", "#it-help", ts, "wave")
    expect(guide).to_contain_text("That was the tour.")


@pytest.mark.parametrize("tab", ["Inspector", "Faults", "App & time"])
def test_on_a_phone_the_workshop_is_a_sheet_that_nothing_sticks_out_of(
    page: Page, server: SandboxServer, tab: str
) -> None:
    web(server).auth_test()
    page.set_viewport_size({"width": 360, "height": 740})
    for _ in range(30):
        web(server).auth_test()
    panel = workshop(page, tab)
    expect(panel).to_be_visible()
    if tab == "Inspector":
        expect(page.get_by_role("option").last).to_be_in_viewport()
        expect(page.get_by_role("option").last).to_have_attribute("aria-posinset", "31")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert panel.evaluate("(node) => node.scrollWidth <= node.clientWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_workshop(page: Page, server: SandboxServer, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    server.client().fault("withhold_events")
    web(server).chat_postMessage(channel="#it-help", text="x")
    workshop(page, "Inspector")
    entry(page, "chat.postMessage").click()
    found = [Axe().run(page)]
    for name in ("Faults", "App & time"):
        page.get_by_role("tab", name=name).click()
        found.append(Axe().run(page))
    assert [result.generate_report() for result in found if result.violations_count] == []


def test_opening_the_workshop_keeps_the_newest_message_in_sight(page: Page, server: SandboxServer) -> None:
    for number in range(30):
        server.client().post("ana", "#it-help", f"Message {number} " + "with many words " * 20)
    newest = page.locator("#channel .message").filter(has_text="Message 29 ")
    expect(newest).to_be_in_viewport()
    workshop(page, "Faults")
    expect(newest).to_be_in_viewport()


def test_what_else_there_is_to_click(page: Page, server: SandboxServer) -> None:
    web(server).auth_test()
    panel = workshop(page, "Inspector")
    entry(page, "auth.test").click()
    detail = page.get_by_role("region", name="The entry")
    detail.locator("summary").filter(has_text="Answer").click()
    expect(detail).to_contain_text("bot_id")
    detail.get_by_role("button", name="Copy as JSON").click()
    expect(detail.get_by_role("button", name="Copied")).to_be_visible()
    detail.get_by_role("button", name="Close the entry").click()
    expect(detail).to_be_hidden()
    page.get_by_role("tab", name="Faults").click()
    page.get_by_role("button", name="Cut the sockets").click()
    expect(page.locator("#notice")).to_have_text("No socket is open.")
    page.get_by_role("tab", name="App & time").click()
    page.get_by_role("button", name="Deliver waiting events now").click()
    expect(page.locator("#notice")).to_have_text("What was waiting is on its way.")
    page.get_by_role("button", name="Close the workshop").click()
    expect(panel).to_be_hidden()
    guide = page.get_by_role("region", name="Guide")
    for name in ("Skip", "Back", "Skip", "Skip", "Once more"):
        guide.get_by_role("button", name=name).click()
    expect(guide).to_contain_text("Say hello.")


# --- with the keyboard alone ---


def walk_to_workshop(page: Page, tab: str) -> Locator:
    """Opens the workshop and goes to one of its tabs; the panel."""
    enter(page, page.get_by_role("button", name="Workshop", exact=True))
    for name in ("Inspector", "Faults", "App & time"):
        expect(page.get_by_role("tab", name=name)).to_be_focused()
        if name == tab:
            break
        page.keyboard.press("ArrowRight")
    return page.get_by_role("tabpanel", name=tab)


def test_the_inspector_is_filtered_searched_and_paused_by_keyboard(page: Page, server: SandboxServer) -> None:
    web(server).auth_test()
    server.client().post("ana", "#it-help", "needle")
    panel = walk_to_workshop(page, "Inspector")
    shown = page.get_by_role("option")
    expect(shown).to_have_count(2)
    calls, trouble = (panel.get_by_role("button", name=name) for name in ("Calls", "Only trouble"))
    enter(page, calls)
    expect(shown).to_have_count(1)
    expect(calls).to_be_focused()
    page.keyboard.press("Space")
    expect(shown).to_have_count(2)
    enter(page, trouble)
    expect(shown).to_have_count(1)
    page.keyboard.press("Enter")
    tab_to(page, panel.get_by_role("searchbox"))
    page.keyboard.type("NEEDLE")
    expect(shown).to_have_count(1)
    for key in ("Control+A", "Delete"):
        page.keyboard.press(key)
    enter(page, panel.get_by_role("button", name="Pause"))
    web(server).auth_test()
    expect(panel).to_contain_text("paused, 1 more")
    page.keyboard.press("Enter")
    expect(shown).to_have_count(3)
    enter(page, panel.get_by_role("button", name="Clear"))
    expect(panel).to_contain_text("Nothing yet")


def test_an_entry_is_unfolded_copied_and_closed_by_keyboard(page: Page, server: SandboxServer) -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": ""}}]
    assert (
        error_of(web(server).chat_postMessage, channel="#it-help", text="x", blocks=blocks)
        == "invalid_blocks"
    )
    walk_to_workshop(page, "Inspector")
    traffic = page.get_by_role("listbox", name="Traffic")
    tab_to(page, traffic)
    page.keyboard.press("Home")
    page.keyboard.press("End")
    detail = page.get_by_role("region", name="The entry")
    enter(page, detail.get_by_role("button", name="Show the call").or_(detail.locator(".pointer").first))
    expect(detail.locator(".pointed")).to_be_visible()
    arguments = detail.locator("summary").filter(has_text="Arguments")
    enter(page, arguments)
    expect(detail.locator(".twig").first).to_be_hidden()
    enter(page, detail.get_by_role("button", name="Copy as JSON"))
    expect(detail.get_by_role("button", name="Copied")).to_be_visible()
    assert "invalid_blocks" in page.evaluate("navigator.clipboard.readText()")
    tab_to(page, detail.get_by_role("button", name="Close the entry"), "Shift+Tab")
    page.keyboard.press("Enter")
    expect(traffic).to_be_focused()


def test_a_message_is_inspected_by_keyboard(page: Page, server: SandboxServer) -> None:
    web(server).chat_postMessage(channel="#it-help", text="Made by a call")
    expect(message(page, "Made by a call")).to_be_visible()
    page.get_by_role("log").first.focus()
    page.keyboard.press("ArrowUp")
    enter(page, message(page, "Made by a call").get_by_role("button", name="More"))
    enter(page, page.get_by_role("dialog", name="More").get_by_role("button", name="Inspect"))
    detail = page.get_by_role("region", name="The entry")
    expect(detail.get_by_role("heading")).to_contain_text("chat.postMessage")
    enter(page, page.get_by_role("button", name="About one message"))
    expect(page.get_by_role("button", name="About one message")).to_have_count(0)


def test_faults_are_chosen_and_lifted_by_keyboard(page: Page, server: SandboxServer) -> None:
    panel = walk_to_workshop(page, "Faults")
    switch = panel.get_by_role("switch", name="Rate limit")
    tab_to(page, switch)
    page.keyboard.press("Space")
    tab_to(page, panel.get_by_label("Rate limit: How often"))
    page.keyboard.type("one call in ten")  # a closed list takes what is typed
    wanted = [("ratelimited", 0.1)]
    server.client().wait_until(
        lambda: [(rule.kind, rule.probability) for rule in server.sandbox.faults.rules] == wanted,
        message="one call in ten to be limited",
    )
    enter(page, panel.get_by_role("button", name="Cut the sockets"))
    expect(page.locator("#notice")).to_have_text("No socket is open.")
    page.keyboard.press("Escape")
    lift = page.get_by_role("group", name="Faults in force").get_by_role("button", name="Lift")
    tab_to(page, lift, "Shift+Tab")
    page.keyboard.press("Enter")
    expect(lift).to_be_hidden()
    assert server.sandbox.faults.rules == []


@pytest.mark.parametrize("by_keyboard", [False, True])
def test_a_new_socket_is_asked_for(page: Page, by_keyboard: bool) -> None:
    panel = walk_to_workshop(page, "Faults") if by_keyboard else workshop(page, "Faults")
    ask = panel.get_by_role("button", name="Ask for a new socket")
    if by_keyboard:
        enter(page, ask)
    else:
        ask.click()
    expect(page.locator("#notice")).to_have_text("No socket is open.")


def test_time_is_skipped_and_taken_back_by_keyboard(page: Page, server: SandboxServer) -> None:
    skip = page.locator("#clock").get_by_role("button", name="+1 h")
    enter(page, skip)
    server.client().wait_until(lambda: server.sandbox.clock.offset == 3600, message="an hour to pass")
    expect(skip).to_be_focused()
    panel = walk_to_workshop(page, "App & time")
    enter(page, panel.get_by_role("button", name="+1 day"))
    expect(panel).to_contain_text("1 d 1 h ahead of real time")
    enter(page, panel.get_by_role("button", name="Back to real time"))
    server.client().wait_until(lambda: server.sandbox.clock.offset == 0, message="real time")


def test_the_app_is_killed_and_started_again_by_keyboard(page: Page, server: SandboxServer) -> None:
    with supervisor(server) as wishes:
        next(wishes)
        server.client().act("app_state", state="ready")
        enter(page, page.get_by_role("button", name="Probe: running"))
        panel = page.get_by_role("tabpanel", name="App & time")
        kill, start = (panel.get_by_role("button", name=name, exact=True) for name in ("Kill it", "Start it"))
        enter(page, kill)
        assert next(wishes) == "killed"
        server.client().act("app_state", state="dead")
        expect(start).to_be_focused()
        page.keyboard.press("Enter")
        assert next(wishes) == "running"
        server.client().act("app_state", state="ready")
        expect(kill).to_be_focused()
        tab_to(page, panel.get_by_role("switch"))
        page.keyboard.press("Space")
        server.client().wait_until(
            lambda: server.client().read("app")["kill_every"] == 5, message="it to be killed every 5 s"
        )
        page.keyboard.press("Space")
        enter(page, panel.get_by_role("button", name="Deliver waiting events now"))
        expect(page.locator("#notice")).to_have_text("What was waiting is on its way.")


def test_starting_over_is_asked_and_answered_by_keyboard(page: Page, server: SandboxServer) -> None:
    server.client().post("ana", "#it-help", "to be forgotten")
    panel = walk_to_workshop(page, "App & time")
    begin = panel.get_by_role("button", name="Start over…")
    enter(page, begin)
    expect(page.locator("#confirm").get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(begin).to_be_focused()
    expect(page.locator("#channel .message")).to_have_count(1)
    page.keyboard.press("Enter")
    enter(page, page.locator("#confirm").get_by_role("button", name="Start over"))
    expect(page.locator("#channel .message")).to_have_count(0)


def test_the_guide_is_followed_put_away_and_called_again_by_keyboard(page: Page) -> None:
    guide = page.get_by_role("region", name="Guide")
    enter(page, guide.get_by_role("button", name="Skip"))
    expect(guide).to_contain_text("Wave back.")
    expect(guide.get_by_role("button", name="Be Ben in it-help")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Act as Ben")).to_have_attribute("aria-pressed", "true")
    expect(guide.get_by_role("button", name="Back")).to_be_focused()
    page.keyboard.press("Enter")
    expect(guide).to_contain_text("Say hello.")
    enter(page, guide.get_by_role("button", name="Put the guide away"))
    expect(guide).to_be_hidden()
    expect(page.get_by_role("button", name="Guide", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(guide).to_contain_text("Say hello.")
    for _ in GUIDE:
        enter(page, guide.get_by_role("button", name="Skip"))
    enter(page, guide.get_by_role("button", name="Once more"))
    expect(guide).to_contain_text("Say hello.")
