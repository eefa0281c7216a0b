"""A real browser for the page: the system's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from sandbox.server import SandboxServer
from tests.availability import not_run
from tests.sandbox.apps import MANIFEST
from tests.sandbox_fixture import running_sandbox

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


expect.set_options(timeout=20_000)  # a machine busy with the rest of the suite is slow, not wrong


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for each file: while it lives, nothing else in this process can run an event loop."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        not_run("browser", "there is no chromium on this machine")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield running
        running.close()


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    """A workspace for an app that may do everything."""
    with running_sandbox(manifest=MANIFEST) as running:
        yield running


@pytest.fixture
def page(browser: Browser, server: SandboxServer) -> Iterator[Page]:
    """The page, opened. Whatever the browser complains about fails the test."""
    context = browser.new_context(viewport={"width": 1200, "height": 800}, base_url=server.url)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda said: complaints.append(said.text) if said.type != "log" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto("/")
    yield opened
    context.close()
    assert complaints == []
