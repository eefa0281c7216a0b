"""The README's pictures: the sandbox's page in a real browser, kept as SVG, which is text.

`python -m tools.pictures` starts `deskbell sandbox`, plays a short scene on its page, and writes
`docs/pictures/`. Each frame is the page's own document with its own style sheets, so the pictures follow the
reader's light or dark.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "pictures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTH, HEIGHT = 1200, 720
SECONDS_EACH = 3.5
STILL = 3
"""The frame that says most by itself."""
WORDS = "The printer on floor 3 is on fire"

_READY = re.compile(r"open (http://\S+?)/ ")
_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">'
    "<title>{title}</title><style>{style}</style>{frames}</svg>\n"
)
_FRAME = '<foreignObject class="frame f{number}" width="{width}" height="{height}">{document}</foreignObject>'


@dataclass(frozen=True)
class Frame:
    """One state of the page: its style, and what is visible of its document as XHTML."""

    style: str
    document: str


def main() -> int:
    """Write both pictures; 0 when they were written."""
    FOLDER.mkdir(exist_ok=True)
    with _sandbox() as url, _browser(url) as page:
        frames = list(_scene(page))
    _write("desk.svg", "An agent answers a ticket in the local workspace", frames[STILL : STILL + 1])
    _write("story.svg", "A ticket is raised, taken, answered and resolved", frames)
    return 0


def _scene(page: Page) -> Iterator[Frame]:
    take = (Path(__file__).parent / "frame.js").read_text()

    def frame() -> Frame:
        page.mouse.move(WIDTH - 1, HEIGHT - 1)
        found = page.evaluate(take)
        return Frame(style=found["style"], document=found["document"])

    yield from _raise(page, frame)
    yield from _answer(page, frame)
    yield from _resolve(page, frame)


def _raise(page: Page, frame: Callable[[], Frame]) -> Iterator[Frame]:
    page.goto("/#ana/it-help")
    page.get_by_role("button", name="Guide", exact=True).click()
    words = page.get_by_role("textbox", name="Message #it-help")
    words.press_sequentially("/tick")
    expect(page.get_by_role("option").first).to_be_visible()
    yield frame()
    words.fill("/ticket")
    words.press("Enter")
    form = page.locator("dialog#modal")
    form.get_by_role("textbox").first.fill(WORDS)
    yield frame()
    form.get_by_role("button", name="Raise").click()
    expect(form).to_be_hidden()


def _answer(page: Page, frame: Callable[[], Frame]) -> Iterator[Frame]:
    card = _card(page)
    yield frame()
    card.get_by_role("button", name="Claim").click()
    expect(card.get_by_role("button", name="Claim")).to_be_hidden()
    card.hover()
    card.get_by_role("button", name="Reply in thread").click()
    reply = page.locator("#thread").get_by_role("textbox")
    reply.fill("On my way, with an extinguisher. Please pull the plug if you can reach it.")
    reply.press("Enter")
    _in_thread(page, "extinguisher")
    yield frame()
    _request(page, "extinguisher")
    yield frame()


def _resolve(page: Page, frame: Callable[[], Frame]) -> Iterator[Frame]:
    _card(page).get_by_role("button", name="Resolve").click()
    form = page.locator("dialog#modal")
    form.get_by_role("textbox").first.fill("The fuser had overheated. New one in, test page printed.")
    yield frame()
    form.get_by_role("button", name="Resolve").click()
    expect(form).to_be_hidden()
    _request(page, "fuser")
    yield frame()


def _card(page: Page) -> Locator:
    page.goto("/#ben/it-triage")
    card = page.locator("#channel .message").filter(has_text=WORDS).last
    expect(card).to_be_visible()
    return card


def _request(page: Page, last_words: str) -> None:
    page.goto("/#ana/it-help")
    page.locator("#channel .message").filter(has_text=WORDS).last.locator(".replies").click()
    _in_thread(page, last_words)


def _in_thread(page: Page, words: str) -> None:
    expect(page.locator("#thread .message").last).to_contain_text(words)


def _write(name: str, title: str, frames: list[Frame]) -> None:
    styles = [_turns(len(frames))] if len(frames) > 1 else []
    styles += dict.fromkeys(frame.style for frame in frames)
    drawn = "".join(
        _FRAME.format(number=number, width=WIDTH, height=HEIGHT, document=frame.document)
        for number, frame in enumerate(frames)
    )
    style = "".join(styles).replace("&", "&amp;").replace("<", "&lt;")
    text = _SVG.format(width=WIDTH, height=HEIGHT, title=title, style=style, frames=drawn)
    (FOLDER / name).write_text(text, encoding="utf-8")


def _turns(count: int) -> str:
    """Shows one frame after the other, for ever."""
    whole, share = SECONDS_EACH * count, 100 / count
    rules = [f".frame{{visibility:hidden;animation:turn {whole:g}s step-end infinite}}"]
    rules.append(f"@keyframes turn{{0%{{visibility:visible}}{share:.3f}%{{visibility:hidden}}}}")
    rules += [f".f{number}{{animation-delay:{number * SECONDS_EACH:g}s}}" for number in range(count)]
    still = f".frame{{animation:none}}.f{STILL}{{visibility:visible}}"
    rules.append(f"@media (prefers-reduced-motion:reduce){{{still}}}")
    return "".join(rules)


@contextmanager
def _sandbox() -> Iterator[str]:
    command = [sys.executable, "-m", "bot", "sandbox"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        try:
            for line in running.stdout or ():
                if ready := _READY.search(line):
                    yield ready[1]
                    break
            else:
                raise SystemExit("The sandbox did not start: run `deskbell sandbox` to see why.")
        finally:
            running.send_signal(signal.SIGINT)


@contextmanager
def _browser(url: str) -> Iterator[Page]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise SystemExit("There is no Chromium on this machine: install it (Debian: apt install chromium).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, base_url=url)
        yield context.new_page()
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
