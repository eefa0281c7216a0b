"""The rich_text block: sections, lists, quotes and preformatted text, and the elements in them.

Where Slack's own pages disagree, the stricter reading is taken: a list needs a `style`, a date's `timestamp`
is an integer, an empty `text` is an error. Empty `elements` are accepted, as Slack accepts them.
https://docs.slack.dev/reference/block-kit/blocks/rich-text-block/
"""

from __future__ import annotations

from sandbox.validation.composition import IDENTIFIER, LINK, USER_ID
from sandbox.validation.schema import Choice, Flag, Items, Record, Shape, Text, Variants, Whole, typed

_STYLE = Record(
    {
        name: Flag()
        for name in (
            "bold",
            "italic",
            "strike",
            "underline",
            "code",
            "highlight",
            "client_highlight",
            "unlink",
        )
    }
)


def _leaf(*required: str, **fields: Shape) -> Record:
    return typed(*required, fields={**fields, "style": _STYLE})


ELEMENTS = Variants(
    {
        "text": _leaf("text", text=Text(1)),
        "link": _leaf("url", url=LINK, text=Text(), unsafe=Flag()),
        "emoji": _leaf("name", name=Text(1), unicode=Text(1), skin_tone=Whole(1, 6)),
        "user": _leaf("user_id", user_id=USER_ID),
        "usergroup": _leaf(
            "usergroup_id", usergroup_id=Text(1, None, r"S[A-Z0-9]+", "must be a user group ID")
        ),
        "channel": _leaf("channel_id", channel_id=Text(1, None, r"[CGD][A-Z0-9]+", "must be a channel ID")),
        "team": _leaf("team_id", team_id=Text(1, None, r"[TE][A-Z0-9]+", "must be a workspace ID")),
        "date": _leaf("timestamp", "format", timestamp=Whole(0), format=Text(1), url=LINK, fallback=Text()),
        "broadcast": _leaf("range", range=Choice(("here", "channel", "everyone"))),
        "color": _leaf("value", value=Text(1, None, r"#?[0-9a-fA-F]{6}", "must be a hex color")),
    }
)

_BORDER = Choice((0, 1))
_SECTION = typed("elements", fields={"elements": Items(ELEMENTS)})
_CONTAINER_TYPES = ("rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted")

CONTAINERS = Variants(
    {
        "rich_text_section": _SECTION,
        "rich_text_list": typed(
            "style",
            "elements",
            fields={
                "style": Choice(("bullet", "ordered")),
                "elements": Items(
                    Variants({"rich_text_section": _SECTION}, elsewhere=frozenset(_CONTAINER_TYPES))
                ),
                "indent": Whole(0),
                "offset": Whole(0),
                "border": _BORDER,
            },
        ),
        "rich_text_quote": typed("elements", fields={"elements": Items(ELEMENTS), "border": _BORDER}),
        "rich_text_preformatted": typed(
            "elements", fields={"elements": Items(ELEMENTS), "border": _BORDER, "language": Text(1)}
        ),
    }
)

RICH_TEXT = typed("elements", fields={"elements": Items(CONTAINERS), "block_id": IDENTIFIER})
