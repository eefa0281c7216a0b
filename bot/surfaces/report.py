"""Digests and service reviews: a message that can be passed on, and the tickets behind its lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    HeaderBlock,
    ImageBlock,
    MarkdownTextObject,
    Option,
    OverflowMenuElement,
    PlainTextObject,
    RichTextBlock,
    RichTextElement,
    RichTextListElement,
    SectionBlock,
)
from slack_sdk.models.views import View

from bot.models.vocabulary import Kind
from bot.pictures.charts import parse_charts
from bot.pictures.words import alternative_texts
from bot.surfaces import blocks
from bot.surfaces import report_words as words
from bot.surfaces.ids import ActionId, CallbackId
from bot.surfaces.inline import Part, Words, joined, link_to
from bot.surfaces.lines import headline, number_of, state_line, title_of
from bot.surfaces.rendered import Rendered
from bot.surfaces.text import cut, escape
from bot.workflows.figures import Figures, KindFigures, Line
from bot.workflows.reading import TicketView
from bot.workflows.reports import CATEGORY, BehindView, NamedBreach, ReportView

ViewPayload = dict[str, object]

_MOST_HEADER: Final = 150
_MOST_PART: Final = 2900
_MOST_OPTION: Final = 75
_MOST_OPTIONS: Final = 5


class UnreadableReference(ValueError):
    """The value of a report's button cannot be read; open the list again from the report."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What a menu or button of a report points at. It proves nothing: permission is checked anew."""

    report_id: int
    kind: Kind
    line: str
    page: int = 1

    def to_value(self) -> str:
        """As an option's or button's value."""
        return f"{self.report_id}|{self.kind.value}|{self.line}|{self.page}"

    @classmethod
    def from_value(cls, value: str) -> Reference:
        """Read what `to_value` wrote. Raises UnreadableReference."""
        parts = value.split("|")
        if len(parts) != 4 or not (parts[0].isdecimal() and parts[3].isdecimal()):
            raise UnreadableReference("This list cannot be opened any more; open it again from the report.")
        if parts[1] not in set(Kind) or max(len(part) for part in parts) > 40:
            raise UnreadableReference("This list cannot be opened any more; open it again from the report.")
        return cls(report_id=int(parts[0]), kind=Kind(parts[1]), line=parts[2], page=int(parts[3]))


# --- the message ---


def report(view: ReportView) -> Rendered:
    """A digest or a service review. Nobody is mentioned in it."""
    figures = view.figures
    head, late = words.headline(figures), words.late_words(figures, is_late=view.is_late)
    body: list[Block] = [
        HeaderBlock(block_id="report.head", text=PlainTextObject(text=cut(head, _MOST_HEADER))),
        blocks.context(
            [Words(" · ".join(filter(None, (words.period_words(figures), late))))], "report.period"
        ),
        _first(view),
        *_pictures(view),
    ]
    said = [*_lines([head, words.period_words(figures), late]), *_first_spoken(view)]
    for kind in Kind:
        body += [_section(view, kind, part) for part in _parts(figures, kind)]
        said += _lines(line for part in _parts(figures, kind) for line in part.spoken)
    body.append(blocks.context([Words(words.foot(figures))], "report.foot"))
    return blocks.message(joined(said, by="\n"), body)


# --- what matters first ---


def _first(view: ReportView) -> RichTextBlock:
    """The broken promises by name, what needs somebody, what moved."""
    elements: list[RichTextElement] = []
    missed, figures = words.missed(view.figures), view.figures
    rest = _lines([_unnamed(view) if view.breaches else missed, *words.summary(figures)])
    if view.breaches:
        elements.append(blocks.section([Words(missed, bold=True)]))
        named = [blocks.section(_breach(each)) for each in view.breaches]
        elements.append(RichTextListElement(style="bullet", elements=named))
    for sentence in words.watermelon(figures):
        rest.append([Words("🍉 "), Words(sentence, bold=True)])
    elements.append(blocks.section(joined(rest, by="\n")))
    return RichTextBlock(block_id="report.summary", elements=elements)


def _first_spoken(view: ReportView) -> list[list[Part]]:
    figures = view.figures
    named = [joined([[Words("•")], _breach(each)], by=" ") for each in view.breaches]
    after = [_unnamed(view), *words.summary(figures), *words.watermelon(figures)]
    return [*_lines([words.missed(figures)]), *named, *_lines(after)]


def _lines(lines: Iterable[str]) -> list[list[Part]]:
    return [[Words(line)] for line in lines]


def _unnamed(view: ReportView) -> str:
    """How many more broke a promise than are named."""
    all_of_them = sum(view.figures.kinds[kind].behind[Line.BREACHED] for kind in Kind)
    rest = all_of_them - len(view.breaches)
    return f"and {rest:,} more" if view.breaches and rest > 0 else ""


def _breach(named: NamedBreach) -> list[Part]:
    ticket = named.ticket
    number: Part = link_to(ticket.card, number_of(ticket)) if ticket.card else Words(number_of(ticket))
    return [
        number,
        Words(f" · {named.priority} · {words.clock_words(named.clocks)} · "),
        Words(title_of(ticket)),
    ]


def _pictures(view: ReportView) -> list[Block]:
    if not view.pictures:
        return []
    alternatives = alternative_texts(parse_charts(view.figures.charts))
    return [
        ImageBlock(block_id=f"report.picture.{place}", slack_file={"id": file_id}, alt_text=alt)
        for place, (file_id, alt) in enumerate(zip(view.pictures, alternatives, strict=False))
    ]


# --- its parts ---


@dataclass(frozen=True)
class _Part:
    """A few lines under a heading, and the lines that open to tickets."""

    name: str
    title: str
    lines: Sequence[str]
    opens: Sequence[tuple[str, str, int]]
    """Line, label and number of tickets."""
    is_plain: bool = False
    """It shows names that are not ours."""

    @property
    def spoken(self) -> list[str]:
        """The same as lines of text."""
        return [f"{self.title}: {self.lines[0]}" if self.title else self.lines[0], *self.lines[1:]]


def _parts(figures: Figures, kind: Kind) -> list[_Part]:
    known, label = figures.kinds[kind], words.kind_label(kind)
    is_review = words.is_review(figures)
    still = f"{label}: {known.behind[Line.OPEN]:,} open{' at its end' if is_review else ''}"
    parts = [
        _Part("flow", label, words.flow_lines(known), _opens(known, *_FLOW)),
        _Part("categories", "", words.category_lines(known), _category_opens(known), is_plain=True),
        _Part(
            "open",
            still,
            words.open_lines(known, in_detail=is_review),
            _opens(known, *(_OPEN_AT_ITS_END if is_review else _OPEN)),
        ),
        _Part("levels", f"{label}: targets met", words.level_lines(known), _opens(known, *_LEVELS)),
    ]
    if is_review:
        parts.append(
            _Part("times", f"{label}: how long it took", words.time_lines(known), _opens(known, *_TIMES))
        )
    return [part for part in parts if part.lines]


_FLOW: Final = (Line.CAME_IN, Line.FINISHED, Line.CANCELLED, Line.REOPENED)
_OPEN_AT_ITS_END: Final = (Line.OPEN, Line.UNASSIGNED, Line.WAITING)
_OPEN: Final = (*_OPEN_AT_ITS_END, Line.AT_RISK)
_LEVELS: Final = (Line.BREACHED, Line.RESPOND, Line.RESOLVE)
_TIMES: Final = (Line.FIRST_REPLY, Line.NEXT_REPLY, Line.ACKNOWLEDGED, Line.OWNED, Line.FINISHED)


def _opens(figures: KindFigures, *lines: Line) -> list[tuple[str, str, int]]:
    return [(line.value, words.LABELS[line], figures.behind[line]) for line in lines if figures.behind[line]]


def _category_opens(figures: KindFigures) -> list[tuple[str, str, int]]:
    return [
        (f"{CATEGORY}.{place}", words.category_words(name), count)
        for place, (name, count) in enumerate(figures.categories)
    ]


def _section(view: ReportView, kind: Kind, part: _Part) -> SectionBlock:
    text: PlainTextObject | MarkdownTextObject
    if part.is_plain:
        text = PlainTextObject(text=cut("\n".join(part.lines), _MOST_PART))
    else:
        said = escape("\n".join(part.lines), _MOST_PART)
        text = MarkdownTextObject(text=f"*{part.title}*\n{said}", verbatim=True)
    return SectionBlock(
        block_id=f"report.{kind.value}.{part.name}", text=text, accessory=_menu(view, kind, part)
    )


def _menu(view: ReportView, kind: Kind, part: _Part) -> OverflowMenuElement | None:
    options = [
        Option(
            value=Reference(report_id=view.id, kind=kind, line=line).to_value(),
            text=PlainTextObject(text=cut(f"{label}: {words.counted(count)}", _MOST_OPTION)),
        )
        for line, label, count in part.opens[:_MOST_OPTIONS]
    ]
    return OverflowMenuElement(action_id=ActionId.REPORT_BEHIND.value, options=options) if options else None


# --- the tickets behind a line ---


def behind(view: BehindView) -> ViewPayload:
    """A modal with a page of the tickets behind a line."""
    page = view.page
    lines = [_ticket_line(ticket) for ticket in page.tickets]
    head = Words(f"{_label(view)}: {words.counted(page.total)}", bold=True)
    body: list[Block] = [
        blocks.paragraph([head], "behind.head"),
        blocks.context([Words(words.period_words(view.report.figures))], "behind.period"),
    ]
    if lines:
        items = RichTextListElement(style="bullet", elements=[blocks.section(line) for line in lines])
        body.append(RichTextBlock(block_id="behind.list", elements=[items]))
    if page.total != view.told:
        note = f"The report says {view.told:,}: what was heard of later counts here."
        body.append(blocks.context([Words(note)], "behind.note"))
    if page.pages > 1:
        body += _turning(view)
    return View(
        type="modal",
        callback_id=CallbackId.BEHIND.value,
        title=blocks.plain(words.kind_label(view.kind)),
        close=blocks.plain("Close"),
        blocks=body,
    ).to_dict()


def _label(view: BehindView) -> str:
    name, _, place = view.line.partition(".")
    if name == CATEGORY:
        return words.category_words(view.report.figures.kinds[view.kind].categories[int(place)][0])
    return words.LABELS[Line(view.line)]


def _ticket_line(ticket: TicketView) -> list[Part]:
    card: list[Part] = [link_to(ticket.card, "Card")] if ticket.card else []
    return joined([headline(ticket), state_line(ticket), card])


def _turning(view: BehindView) -> list[Block]:
    page = view.page
    turns: list[ButtonElement] = []
    if page.page > 1:
        turns.append(_turn(view, "Previous", ActionId.REPORT_PREVIOUS, page.page - 1))
    if page.page < page.pages:
        turns.append(_turn(view, "Next", ActionId.REPORT_NEXT, page.page + 1))
    foot = blocks.context([Words(f"Page {page.page} of {page.pages}")], "behind.page")
    return [foot, ActionsBlock(block_id="behind.turn", elements=list(turns))]


def _turn(view: BehindView, label: str, action_id: ActionId, page: int) -> ButtonElement:
    target = Reference(report_id=view.report.id, kind=view.kind, line=view.line, page=page)
    return blocks.button(
        label, action_id=action_id.value, value=target.to_value(), about=f"{label} page of the list"
    )
