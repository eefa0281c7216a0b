"""The page: the workspace in a browser, without a build step and without anybody else's code."""

from __future__ import annotations

import functools
import gzip
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
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
    return _served(request, _FOLDER / "index.html", "text/html")


async def _file(request: Request) -> Response:
    path = _files().get(request.path_params["name"])
    if path is None:
        return PlainTextResponse("There is no such file.", status_code=404, headers=HEADERS)
    return _served(request, path, _TYPES[path.suffix])


def _served(request: Request, path: Path, media_type: str) -> Response:
    """A file of the page, small on its way."""
    content, headers = path.read_bytes(), HEADERS | {"Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        content, headers = gzip.compress(content), headers | {"Content-Encoding": "gzip"}
    return Response(content, media_type=f"{media_type}; charset=utf-8", headers=headers)


async def _avatar(request: Request) -> Response:
    picture = draw_avatar(request.path_params["name"])
    return Response(picture, media_type="image/svg+xml", headers=HEADERS)


async def _emoji(_request: Request) -> Response:
    return JSONResponse(characters(), headers=HEADERS)


@functools.cache
def _files() -> dict[str, Path]:
    return {path.name: path for path in _FOLDER.iterdir() if path.suffix in _TYPES}
