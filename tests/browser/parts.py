"""What the tests of the page share: pieces of Block Kit, and places on the page."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from sandbox.jsontypes import JsonObject

MOST_TABS = 80


def plain(text: str) -> JsonObject:
    return {"type": "plain_text", "text": text}


def option(value: str) -> JsonObject:
    return {"value": value, "text": plain(value.title())}


def field(block_id: str, label: str, element: JsonObject, *, optional: bool = False) -> JsonObject:
    """An input block; its element is called `value`."""
    named = {"type": "input", "block_id": block_id, "label": plain(label), "optional": optional}
    return {**named, "element": {"action_id": "value", **element}}


def opened(page: Page, place: str) -> Page:
    """The page at `person/channel`, when it shows that."""
    page.goto(f"/#{place}")
    expect(page.locator("#channel footer")).not_to_be_empty()
    return page


def message(page: Page, words: str) -> Locator:
    return page.locator("#channel .message").filter(has_text=words)


def composer(page: Page) -> Locator:
    return page.locator("#channel footer textarea")


def tab_to(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Press Tab until it has the focus."""
    expect(wanted).to_be_attached()
    for _ in range(MOST_TABS):
        page.keyboard.press(key)
        if wanted.evaluate("found => found === document.activeElement"):
            return
    raise AssertionError("The Tab key does not lead there.")


def enter(page: Page, wanted: Locator) -> None:
    """Go there by Tab and press Enter, as somebody does without a mouse."""
    tab_to(page, wanted)
    page.keyboard.press("Enter")
