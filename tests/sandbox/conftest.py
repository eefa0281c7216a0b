"""Fixtures of the sandbox's own tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from slack_sdk import WebClient

from sandbox.client import SandboxClient
from sandbox.server import SandboxServer
from tests.sandbox.apps import MANIFEST, web
from tests.sandbox_fixture import running_sandbox


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    """A sandbox for an app that may do everything."""
    with running_sandbox(manifest=MANIFEST) as running:
        yield running


@pytest.fixture
def client(server: SandboxServer) -> SandboxClient:
    return server.client()


@pytest.fixture
def slack(server: SandboxServer) -> WebClient:
    return web(server)
