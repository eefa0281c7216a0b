"""The page: the workspace in a browser, without a build step and without anybody else's code."""

from __future__ import annotations

import functools
import gzip
import hashlib
import json
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sandbox.emoji_names import characters
from sandbox.page.avatars import draw_avatar

_FOLDER = Path(__file__).parent
_TYPES = {".css": "text/css", ".js": "text/javascript"}

# Everything comes from this server, and nothing but files of ours is ever run.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def page_routes() -> list[Route]:
    """`/` is the page; its files, the emoji it can show and the pictures of people stand beside it."""
    return [
        Route("/", _index),
        Route("/page/emoji.json", _emoji),
        Route("/page/{name}", _file),
        Route("/avatars/{name}.svg", _avatar),
    ]


async def _index(request: Request) -> Response:
    content = (_FOLDER / "index.html").read_text(encoding="utf-8").replace("<!-- modules -->", _modules())
    return _served(request, content.encode(), "text/html; charset=utf-8")


def _modules() -> str:
    """All modules at once: otherwise each is asked for only when the one before it has been read."""
    names = sorted(path.name for path in _files().values() if path.suffix == ".js")
    return "".join(f'<link rel="modulepreload" href="/page/{name}" />' for name in names)


async def _file(request: Request) -> Response:
    path = _files().get(request.path_params["name"])
    if path is None:
        return PlainTextResponse("There is no such file.", status_code=404, headers=HEADERS)
    return _served(request, path.read_bytes(), f"{_TYPES[path.suffix]}; charset=utf-8")


async def _avatar(request: Request) -> Response:
    return _served(request, draw_avatar(request.path_params["name"]).encode(), "image/svg+xml")


async def _emoji(request: Request) -> Response:
    return _served(request, _emoji_characters(), "application/json")


def _served(request: Request, content: bytes, media_type: str) -> Response:
    """Small on its way, and only if the browser does not have it already."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = HEADERS | {"Vary": "Accept-Encoding", "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        content, headers = _packed(content), headers | {"Content-Encoding": "gzip"}
    return Response(content, media_type=media_type, headers=headers)


@functools.lru_cache(maxsize=256)
def _packed(content: bytes) -> bytes:
    return gzip.compress(content)


@functools.cache
def _emoji_characters() -> bytes:
    return json.dumps(characters(), ensure_ascii=False, separators=(",", ":")).encode()


@functools.cache
def _files() -> dict[str, Path]:
    return {path.name: path for path in _FOLDER.iterdir() if path.suffix in _TYPES}
