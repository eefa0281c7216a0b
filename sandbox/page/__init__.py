"""The page: the workspace in a browser, without a build step and without anybody else's code."""

from __future__ import annotations

import functools
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
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


async def _index(_request: Request) -> Response:
    return FileResponse(_FOLDER / "index.html", media_type="text/html; charset=utf-8", headers=HEADERS)


async def _file(request: Request) -> Response:
    path = _files().get(request.path_params["name"])
    if path is None:
        return PlainTextResponse("There is no such file.", status_code=404, headers=HEADERS)
    return FileResponse(path, media_type=f"{_TYPES[path.suffix]}; charset=utf-8", headers=HEADERS)


async def _avatar(request: Request) -> Response:
    picture = draw_avatar(request.path_params["name"])
    return Response(picture, media_type="image/svg+xml", headers=HEADERS)


async def _emoji(_request: Request) -> Response:
    return JSONResponse(characters(), headers=HEADERS)


@functools.cache
def _files() -> dict[str, Path]:
    return {path.name: path for path in _FOLDER.iterdir() if path.suffix in _TYPES}
