"""A real browser for the page: the system's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from sandbox.client import SandboxClient
from sandbox.jsontypes import JsonObject
from sandbox.server import SandboxServer
from tests.availability import not_run
from tests.sandbox.apps import MANIFEST, connected
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


@pytest.fixture(scope="module")
def got() -> list[JsonObject]:
    """What the app of these tests keeps of what it is told."""
    return []


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, got: list[JsonObject]) -> Iterator[SandboxServer]:
    """One workspace for all tests of a file, with the app that its `app_of` makes, if it has one."""
    app_of = getattr(request.module, "app_of", None)
    with running_sandbox(manifest=MANIFEST) as running, ExitStack() as app:
        if app_of is not None:
            app.enter_context(connected(running, app_of(running, got)))
        yield running


@pytest.fixture(scope="module")
def client(server: SandboxServer) -> SandboxClient:
    return server.client()


@pytest.fixture(scope="module")
def viewport() -> ViewportSize:
    """How large the page is at first."""
    return {"width": 1200, "height": 800}


@contextmanager
def _opened(browser: Browser, server: SandboxServer, viewport: ViewportSize) -> Iterator[Page]:
    """The page, for somebody who never saw it. Whatever the browser complains about fails the test."""
    context = browser.new_context(viewport=viewport, base_url=server.url)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened = context.new_page()
    # Somebody has to listen all the time, or the browser's own window opens now and then.
    opened.on("filechooser", lambda _chooser: None)
    complaints: list[str] = []
    opened.on("console", lambda said: complaints.append(said.text) if said.type != "log" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto("/")
    yield opened
    context.close()
    assert complaints == []


@pytest.fixture(scope="module")
def shared_page(browser: Browser, server: SandboxServer, viewport: ViewportSize) -> Iterator[Page]:
    """One page for all tests of a file."""
    with _opened(browser, server, viewport) as opened:
        yield opened


@pytest.fixture
def page(browser: Browser, server: SandboxServer, viewport: ViewportSize) -> Iterator[Page]:
    """A page of its own for each test."""
    with _opened(browser, server, viewport) as opened:
        yield opened
