"""What people wrote, made safe to show: the one place that cleans, cuts, escapes and reads user text.

Lengths count UTF-16 units, so an emoji counts twice: Slack counts characters and does not say which, and the
larger of the two readings always fits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from slack_sdk.models.blocks import RichTextElement, RichTextElementParts

ELLIPSIS: Final = "…"
MOST_NAME: Final = 60
NO_TITLE: Final = "No title"

_LINE_BREAKS: Final = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_TALL_GAPS: Final = re.compile(r"\n(?:[ \t]*\n){2,}")
_FLAG_TAGS: Final = "[\U000e0020-\U000e007f]+"
_UNSEEN: Final = re.compile(
    f"(?P<tags>{_FLAG_TAGS})|(?P<joiner>[\u200c\u200d])|(?P<selector>[\ufe0e\ufe0f])|"
    # Controls, soft hyphen, fillers, zero width, bidi, invisible operators, surrogates, non-characters, tags.
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_BLACK_FLAG: Final = "\U0001f3f4"
_END_OF_FLAG: Final = "\U000e007f"
_FIRST_JOINED_SCRIPT: Final = "\u0600"
_FIRST_SYMBOL: Final = "\u2000"
_KEYCAPS_AND_MARKS: Final = "0123456789#*©®"


def length(text: str) -> int:
    """How long Slack may find a text, in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def clean(text: str, limit: int | None = None) -> str:
    """Take out what is not seen (controls, bidi, zero width) and cut at `limit` with an ellipsis.

    Joiners stay inside emoji and inside scripts that are written with them; line breaks become `\\n`, and
    more than one empty line becomes one.
    """
    text = _LINE_BREAKS.sub("\n", text)
    text = _UNSEEN.sub(_seen_part, text)
    text = _TALL_GAPS.sub("\n\n", text).strip()
    return text if limit is None else cut(text, limit)


def one_line(text: str, limit: int) -> str:
    """`clean`, with every run of white space as one space."""
    return cut(" ".join(clean(text).split()), limit)


def cut(text: str, limit: int) -> str:
    """Shorten a cleaned text to `limit`, the last character then being an ellipsis."""
    if length(text) <= limit:
        return text
    start = text.encode("utf-16-le")[: 2 * (limit - 1)].decode("utf-16-le", errors="ignore")
    return start.rstrip().rstrip("\u200c\u200d\ufe0f") + ELLIPSIS


def escape(text: str, limit: int | None = None) -> str:
    """Make a cleaned text harmless in mrkdwn; a cut keeps the escapes whole.

    https://docs.slack.dev/messaging/formatting-message-text/#escaping
    """
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if limit is None or length(escaped) <= limit:
        return escaped
    start = cut(escaped, limit).removesuffix(ELLIPSIS)
    return re.sub(r"&[a-z]{0,3}$", "", start) + ELLIPSIS


def first_line_title(description: str, limit: int = 70) -> str:
    """Derive a title: the first line that says something, cut between words where that is possible."""
    lines = [line.strip(" \t>*•-_`~") for line in clean(description).split("\n")]
    line = next((" ".join(line.split()) for line in lines if any(map(str.isalnum, line))), "")
    if not line:
        return one_line(description, limit) or NO_TITLE
    if length(line) <= limit:
        return line
    start = cut(line, limit).removesuffix(ELLIPSIS)
    whole_words, space, _ = start.rpartition(" ")
    return (whole_words.rstrip(" ,.;:") if space and len(whole_words) > limit // 2 else start) + ELLIPSIS


def plain(incoming: str, names: Mapping[str, str]) -> str:
    """Read Slack's incoming mrkdwn as a person would see it, with nothing left that Slack would act on.

    `names` holds display names of people and channels by id. A link whose label is not its address becomes
    `label (address)`.
    """
    return clean(told(read(incoming, names)))


def elements(text: str, *, style: RichTextElementParts.TextStyle | None = None) -> list[RichTextElement]:
    """A cleaned plain text as elements of rich text; `:fire:` becomes an emoji, as it would in mrkdwn."""
    found: list[RichTextElement] = []
    for words, emoji in _with_emoji(text):
        if words:
            found.append(RichTextElementParts.Text(text=words, style=style))
        if emoji:
            found.append(_emoji(emoji))
    return found


@dataclass(frozen=True)
class Address:
    """A web address in a text, whose label (if it had one) said the same."""

    url: str


def read(incoming: str, names: Mapping[str, str]) -> list[str | Address]:
    """Split Slack's incoming mrkdwn into cleaned words and web addresses."""
    pieces = [piece for piece in map(_cleaned, _joined(_pieces(incoming, names))) if piece]
    if pieces and isinstance(pieces[0], str):
        pieces[0] = pieces[0].lstrip()
    if pieces and isinstance(pieces[-1], str):
        pieces[-1] = pieces[-1].rstrip()
    return [piece for piece in pieces if piece]


def told(pieces: Sequence[str | Address]) -> str:
    """Pieces of `read` as one plain text."""
    return "".join(piece.url if isinstance(piece, Address) else piece for piece in pieces)


def fit(
    pieces: Sequence[str | Address], *, limit: int, lines: int | None = None, addresses: int = 20
) -> tuple[list[str | Address], bool]:
    """Keep as many pieces as fit, and say whether something was left out.

    More `addresses` than a person would write become words: blocks have a limit that Slack does not document.
    """
    kept: list[str | Address] = []
    room, left = limit, lines
    for piece in pieces:
        words = told([piece])
        if left is not None and words.count("\n") >= left:
            first = "\n".join(words.split("\n")[:left])
            return [*kept, cut(first, room) if length(first) > room else f"{first} {ELLIPSIS}"], True
        if length(words) > room:
            return [*kept, *([cut(words, room)] if isinstance(piece, str) and room > 1 else [])], True
        room -= length(words)
        left = None if left is None else left - words.count("\n")
        addresses -= isinstance(piece, Address)
        kept.append(piece if addresses >= 0 else words)
    return kept, False


# --- how clean looks at a character ---


def _seen_part(match: re.Match[str]) -> str:
    before = match.string[match.start() - 1 : match.start()]
    after = match.string[match.end() : match.end() + 1]
    found = match.group()
    if match["tags"]:
        is_flag = before == _BLACK_FLAG and found.endswith(_END_OF_FLAG) and len(found) <= 8
        return found if is_flag else ""
    if match["joiner"]:
        joins_emoji = found == "\u200d" and _ends_emoji(before) and _is_symbol(after)
        return found if joins_emoji or (_is_joined_letter(before) and _is_joined_letter(after)) else ""
    if match["selector"]:
        return found if _is_symbol(before) or (before != "" and before in _KEYCAPS_AND_MARKS) else ""
    return ""


def _is_symbol(char: str) -> bool:
    return char > _FIRST_SYMBOL and unicodedata.category(char).startswith("S")


def _ends_emoji(char: str) -> bool:
    return char == "\ufe0f" or _is_symbol(char)


def _is_joined_letter(char: str) -> bool:
    """Tell whether Persian, Hindi and their like may join or part this character by a joiner."""
    return char > _FIRST_JOINED_SCRIPT and unicodedata.category(char)[0] in "LM"


# --- Slack's incoming mrkdwn ---

_TOKEN: Final = re.compile(r"<([^<>\n]+)>")
_WEB_ADDRESS: Final = re.compile(r"https?://[^\s<>|]{1,2000}", re.IGNORECASE)
_SCHEME: Final = re.compile(r"^(?:https?://|mailto:|tel:)", re.IGNORECASE)
_WRITTEN_ADDRESS: Final = re.compile(r"(?:mailto|tel):[^\s<>|]+", re.IGNORECASE)
_ENTITY: Final = re.compile("&(amp|lt|gt);")
_ENTITIES: Final = {"amp": "&", "lt": "<", "gt": ">"}
_BROADCASTS: Final = frozenset({"channel", "here", "everyone"})


def _pieces(incoming: str, names: Mapping[str, str]) -> Iterator[str | Address]:
    last = 0
    for match in _TOKEN.finditer(incoming):
        yield _unescaped(incoming[last : match.start()])
        body, _, label = match[1].partition("|")
        yield from _token(_unescaped(body), _unescaped(label), names)
        last = match.end()
    yield _unescaped(incoming[last:])


def _token(body: str, label: str, names: Mapping[str, str]) -> Iterator[str | Address]:
    """Say what one `<…>` shows; something that Slack does not write stays as it stood."""
    if body.startswith("@"):
        yield "@" + _name(names.get(body[1:]) or label.removeprefix("@") or "someone")
    elif body.startswith("#"):
        yield "#" + _name(names.get(body[1:]) or label.removeprefix("#") or "private-channel")
    elif body.startswith("!"):
        yield _special(body[1:], label)
    elif _WEB_ADDRESS.fullmatch(body) and clean(body) == body:
        yield from _web(body, label)
    elif _WRITTEN_ADDRESS.fullmatch(body):
        address = _SCHEME.sub("", body)
        yield address if label in ("", address) else f"{label} ({address})"
    else:
        yield f"<{body}|{label}>" if label else f"<{body}>"


def _special(body: str, label: str) -> str:
    if body in _BROADCASTS:
        return f"@{body}"
    if body.startswith("subteam^"):
        return "@" + _name(label.removeprefix("@") or "group")
    return label or body.partition("^")[0]


def _web(url: str, label: str) -> Iterator[str | Address]:
    if not label or _bare(label) == _bare(url):
        yield Address(url)
    else:
        yield f"{label} ({url})"


def _bare(address: str) -> str:
    return _SCHEME.sub("", address.strip()).removesuffix("/").casefold()


def _name(name: str) -> str:
    return one_line(name, MOST_NAME)


def _unescaped(text: str) -> str:
    return _ENTITY.sub(lambda match: _ENTITIES[match[1]], text)


def _joined(pieces: Iterator[str | Address]) -> list[str | Address]:
    """Join neighbouring words, so that cleaning sees each character's neighbours."""
    joined: list[str | Address] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def _cleaned(piece: str | Address) -> str | Address:
    """Clean words and keep the white space around them, which parts them from an address."""
    if isinstance(piece, Address):
        return piece
    words = clean(piece)
    if not words:
        return _edge(piece) if piece.isspace() else ""
    lead = _edge(piece[: len(piece) - len(piece.lstrip())])
    return lead + words + _edge(piece[len(piece.rstrip()) :])


def _edge(space: str) -> str:
    return "\n" if "\n" in space else " " if space else ""


# --- emoji by name ---

_EMOJI: Final = re.compile(
    r"(?<![A-Za-z0-9_]):(?P<name>(?=[^:]*[a-z]|[+-]1:)[a-z0-9_+'-]{1,100})"
    r":(?::skin-tone-(?P<tone>[2-6]):)?(?![A-Za-z0-9_]|:(?![a-z0-9_+'-]+:))"
)
_MOST_EMOJI: Final = 40


def _with_emoji(text: str) -> Iterator[tuple[str, re.Match[str] | None]]:
    """Yield words, each with the emoji that follows; beyond a number no sane text has, emoji stay words."""
    last = 0
    for count, match in enumerate(_EMOJI.finditer(text)):
        if count == _MOST_EMOJI:
            break
        yield text[last : match.start()], match
        last = match.end()
    yield text[last:], None


def _emoji(match: re.Match[str]) -> RichTextElement:
    tone = int(match["tone"]) if match["tone"] else None
    return RichTextElementParts.Emoji(name=match["name"], skin_tone=tone)
