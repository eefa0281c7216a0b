"""Pictures of people, drawn: the same name always gets the same face."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

PICTURES = "https://avatars.example/"
"""Where the workspace says that pictures are. Slack's are https; the page fetches them from `/avatars/`."""


def picture_of(name: str) -> str:
    """The address of a picture, as a profile holds it."""
    return f"{PICTURES}{name}.svg"


@dataclass(frozen=True)
class _Face:
    background: str
    skin: str
    hair: str
    shirt: str
    cut: str


_KNOWN = {
    "ana": _Face("#f6c9a8", "#d99a6c", "#3a2418", "#b3475a", "long"),
    "ben": _Face("#bcd9c8", "#8a5a3c", "#1d1512", "#2f6f5e", "short"),
    "lea": _Face("#c9d4f2", "#f1c9a9", "#c9823b", "#3c4f9a", "bun"),
    "maria": _Face("#e9cfe4", "#e0a984", "#5a5560", "#7a3f78", "bob"),
    "root": _Face("#d8d5c4", "#f0c7a6", "#8d8d8d", "#4a5a48", "bald"),
    "noor": _Face("#f3dfa2", "#c68a5e", "#27507a", "#27507a", "scarf"),
    "tom": _Face("#b9dbe8", "#f2cdb0", "#a04a24", "#35627a", "curly"),
    "kim": _Face("#cfe3d6", "#efc8a4", "#141414", "#5d4a8c", "bob"),
    "gus": _Face("#dcc7b2", "#edc19c", "#6b4a2b", "#8a5a2c", "beard"),
    "sam": _Face("#c8e0b4", "#7b4b31", "#20160f", "#55793c", "curly"),
}
_BACKGROUNDS = ("#f6c9a8", "#bcd9c8", "#c9d4f2", "#e9cfe4", "#f3dfa2", "#b9dbe8", "#dcc7b2")
_SKINS = ("#f2cdb0", "#e0a984", "#c68a5e", "#8a5a3c", "#d99a6c")
_HAIRS = ("#1d1512", "#3a2418", "#6b4a2b", "#a04a24", "#8d8d8d")
_SHIRTS = ("#b3475a", "#2f6f5e", "#3c4f9a", "#7a3f78", "#35627a")
_CUTS = ("long", "short", "bun", "bob", "curly", "beard")

# Behind the head, and over it.
_HAIR = {
    "long": (
        '<path d="M22 42q0-26 26-26t26 26v34H22z"/>',
        '<path d="M29 42q0-20 19-20t19 20q-6-10-19-11t-19 11z"/>',
    ),
    "bob": (
        '<path d="M23 42q0-25 25-25t25 25v20H23z"/>',
        '<path d="M29 44q-1-21 19-21t19 19q-14 0-24-10-4 9-14 12z"/>',
    ),
    "bun": ('<circle cx="48" cy="17" r="9"/>', '<path d="M28 46q-3-24 20-24t20 24q-4-12-20-12t-20 12z"/>'),
    "short": ("", '<path d="M28 42q-3-22 20-22t20 22q-3-9-7-10-13 1-26 0-4 1-7 10z"/>'),
    "curly": (
        "",
        '<g><circle cx="31" cy="34" r="8"/><circle cx="38" cy="25" r="9"/><circle cx="49" cy="22" r="9"/>'
        '<circle cx="59" cy="26" r="9"/><circle cx="65" cy="35" r="8"/></g>',
    ),
    "beard": (
        "",
        '<path d="M28 42q-3-22 20-22t20 22q-3-9-7-10-13 1-26 0-4 1-7 10z"/>'
        '<path d="M29 50q2 21 19 21t19-21q-5 8-10 7-9-3-18 0-5 1-10-7z"/>',
    ),
    "bald": ("", '<path d="M27 46q-1-7 2-12 2 6 1 13zM69 46q1-7-2-12-2 6-1 13z"/>'),
    "scarf": (
        '<path d="M22 44q0-28 26-28t26 28q0 26-8 38H30q-8-12-8-38z"/>',
        '<path d="M28 47q-1-25 20-25t20 25q-4-16-20-16t-20 16z"/>',
    ),
}


def draw_avatar(name: str) -> str:
    """An SVG of 96 × 96 for a handle; apps have a thing in place of a face."""
    if name in _THINGS:
        return _svg(*_THINGS[name])
    face = _KNOWN.get(name) or _face_of(name)
    behind, over = _HAIR[face.cut]
    parts = [
        f'<g fill="{face.hair}">{behind}</g>',
        f'<path d="M12 96q2-26 36-26t36 26z" fill="{face.shirt}"/>',
        f'<path d="M41 58h14v14q-7 7-14 0z" fill="{face.skin}"/>',
        f'<ellipse cx="48" cy="46" rx="19" ry="22" fill="{face.skin}"/>',
        f'<g fill="{face.hair}">{over}</g>',
        '<g fill="#2b211d"><circle cx="41" cy="46" r="2"/><circle cx="55" cy="46" r="2"/></g>',
        '<path d="M42 56q6 5 12 0" fill="none" stroke="#2b211d" stroke-width="2" stroke-linecap="round"/>',
    ]
    return _svg(face.background, "".join(parts))


_THINGS = {
    "deskbell": (
        "#1f4b5c",
        '<g fill="#f2c14e"><circle cx="48" cy="27" r="5"/><path d="M20 66q2-34 28-34t28 34z"/></g>'
        '<rect x="14" y="69" width="68" height="8" rx="4" fill="#f7f3e8"/>',
    ),
    "watchtower": (
        "#2f3b52",
        '<path d="M36 84l4-44h16l4 44z" fill="#e8e3d6"/>'
        '<path d="M33 40h30l-4-12H37zM48 28l-8-8h16z" fill="#c8553d"/>'
        '<path d="M63 34l24-10v20zM33 34L9 24v20z" fill="#f6dd8c"/>',
    ),
    "slackbot": ("#8a8f98", '<circle cx="48" cy="48" r="22" fill="#f4f4f2"/>'),
}


def _face_of(name: str) -> _Face:
    seed = hashlib.sha256(name.encode()).digest()
    return _Face(
        background=_BACKGROUNDS[seed[0] % len(_BACKGROUNDS)],
        skin=_SKINS[seed[1] % len(_SKINS)],
        hair=_HAIRS[seed[2] % len(_HAIRS)],
        shirt=_SHIRTS[seed[3] % len(_SHIRTS)],
        cut=_CUTS[seed[4] % len(_CUTS)],
    )


def _svg(background: str, content: str) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" width="96" height="96">'
        f'<rect width="96" height="96" fill="{background}"/>{content}</svg>'
    )
