"""The page as it is served."""

from __future__ import annotations

import http.client
import re
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest

from sandbox import page
from sandbox.page.avatars import draw_avatar
from sandbox.server import SandboxServer

FOLDER = Path(page.__file__).parent
SCRIPTS = sorted(path.name for path in FOLDER.glob("*.js"))


def get(server: SandboxServer, path: str) -> tuple[int, dict[str, str], str]:
    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, headers, answer.read().decode()
    finally:
        connection.close()


def test_the_page_runs_nothing_but_files_of_the_sandbox(server: SandboxServer) -> None:
    status, headers, body = get(server, "/")
    assert status == 200
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert headers["x-content-type-options"] == "nosniff"
    assert re.findall(r'(?:src|href)="([^"]+)"', body)
    assert all(address.startswith("/") for address in re.findall(r'(?:src|href)="([^"]+)"', body))


@pytest.mark.parametrize("name", [*SCRIPTS, "style.css"])
def test_every_file_of_the_page_is_served_with_its_type(server: SandboxServer, name: str) -> None:
    status, headers, body = get(server, f"/page/{name}")
    assert (status, body) == (200, (FOLDER / name).read_text(encoding="utf-8"))
    assert headers["content-type"].startswith("text/css" if name.endswith("css") else "text/javascript")


@pytest.mark.parametrize("path", ["/page/__init__.py", "/page/..%2Fseed.py", "/page/nothing.js"])
def test_nothing_else_is_served(server: SandboxServer, path: str) -> None:
    assert get(server, path)[0] == 404


def test_all_of_the_page_is_small_on_its_way(server: SandboxServer) -> None:
    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    files = ["/", *(f"/page/{path.name}" for path in FOLDER.iterdir() if path.suffix in (".js", ".css"))]
    size = 0
    for name in files:
        connection.request("GET", name, headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        assert answer.getheader("content-encoding") == "gzip"
        size += len(answer.read())
    connection.close()
    assert size < 60_000


def test_all_of_the_page_is_small_to_read() -> None:
    files = [path for path in FOLDER.iterdir() if path.suffix in (".html", ".js", ".css")]
    assert sum(path.stat().st_size for path in files) < 150_000


def test_what_the_browser_has_already_is_not_sent_again(server: SandboxServer) -> None:
    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    connection.request("GET", "/page/app.js")
    first = connection.getresponse()
    assert first.read()
    connection.request("GET", "/page/app.js", headers={"If-None-Match": first.headers["ETag"]})
    again = connection.getresponse()
    assert (again.status, again.read()) == (304, b"")
    connection.close()


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_parses_html_or_runs_text(name: str) -> None:
    script = (FOLDER / name).read_text(encoding="utf-8")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", script
    )


def test_emoji_are_known_by_the_names_that_slack_uses(server: SandboxServer) -> None:
    _, _, body = get(server, "/page/emoji.json")
    for name, character in {"eyes": "👀", "ticket": "🎫", "+1": "👍", "hourglass_flowing_sand": "⏳"}.items():
        assert f'"{name}":"{character}"' in body


@pytest.mark.parametrize("name", ["ana", "deskbell", "somebody-else", "<script>"])
def test_a_picture_is_drawn_for_any_name(name: str) -> None:
    assert ElementTree.fromstring(draw_avatar(name)).tag.endswith("svg")
    assert draw_avatar(name) == draw_avatar(name)
