"""Answers to `/ticket away` and `/ticket back`: ephemeral, in the person's own time zone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.surfaces import notices
from bot.surfaces.ids import COMMAND
from bot.surfaces.inline import name_of
from bot.surfaces.rendered import Rendered
from bot.workflows.absences import AbsenceView

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MOST_TICKETS: Final = 5

_HOW: Final = (
    f"To be away, type {COMMAND} away until Monday, until 1 Dec 9:00, until 14:00, for 3d or today. "
    "Add cover and the @name of an agent who is told about your tickets instead. "
)
_HOW_BACK: Final = f"{COMMAND} back ends it."
_CLEAR_STATUS: Final = "Clear it in Slack to be available again."


def when_words(at: datetime, *, now: datetime, timezone: str) -> str:
    """An instant to come, as a person in that zone says it: "Monday, 23 Nov", "14:00 today"."""
    local, today = at.astimezone(ZoneInfo(timezone)), now.astimezone(ZoneInfo(timezone)).date()
    time = f"{local:%H:%M}"
    if local.date() == today:
        return f"{time} today"
    is_tomorrow = local.date() == today + timedelta(days=1)
    day = f"{'tomorrow' if is_tomorrow else _DAYS[local.weekday()]}, {local.day} {_MONTHS[local.month - 1]}"
    if local.year != today.year:
        day = f"{day} {local.year}"
    return day if time == "00:00" else f"{day} at {time}"


def went_away(view: AbsenceView) -> Rendered:
    """Confirm an absence: until when, who covers, and which tickets nobody would be told about."""
    return _told(_standing(view), _cover(view), _left_behind(view))


def standing(view: AbsenceView) -> Rendered:
    """Say how somebody stands, and how to change it."""
    if view.away is None:
        return _told("You are not away.", _HOW + _HOW_BACK)
    way_back = _CLEAR_STATUS if view.away.by_status else _HOW_BACK
    return _told(_standing(view), _cover(view), way_back, _left_behind(view))


def came_back(view: AbsenceView) -> Rendered:
    """Confirm that an absence is over."""
    return _told("Welcome back.", _status(view) or "You are told about your tickets again.")


def was_here(view: AbsenceView) -> Rendered:
    """There was no absence to end."""
    return _told("You had not said that you are away, so nothing has changed.", _status(view))


ANSWERS: Final[Mapping[str, Callable[[AbsenceView], Rendered]]] = {
    "away": went_away,
    "absence": standing,
    "back": came_back,
    "was_here": was_here,
}
"""By what happened."""


def _told(*sentences: str) -> Rendered:
    return notices.told(" ".join(sentence.strip() for sentence in sentences if sentence))


def _standing(view: AbsenceView) -> str:
    if view.away is None:
        return "You are not away."
    if view.away.until is None:
        return "Your Slack status says that you are out of office, so you count as away until you clear it."
    until = when_words(view.away.until, now=view.now, timezone=view.timezone)
    if view.away.by_status:
        return f"Your Slack status says that you are out of office, so you count as away until {until}."
    return f"You are away until {until}."


def _status(view: AbsenceView) -> str:
    """What stays when somebody is back whose status says otherwise."""
    if view.away is None:
        return ""
    return f"Your Slack status still says that you are out of office, so you count as away. {_CLEAR_STATUS}"


def _cover(view: AbsenceView) -> str:
    if view.cover is None:
        return ""
    cover = name_of(view.cover)
    if view.stand_in is None:
        return f"{cover} is not available either at the moment, so nobody covers for you."
    if view.stand_in.id == view.cover.id:
        return f"{cover} is told about your tickets instead."
    return f"{cover} is away too, so {name_of(view.stand_in)} is told about your tickets instead."


def _left_behind(view: AbsenceView) -> str:
    """What to do about open tickets that nobody covers."""
    if view.stand_in is not None or not view.open_tickets or view.away is None:
        return ""
    count, first = len(view.open_tickets), view.open_tickets[0]
    tickets = "1 open ticket" if count == 1 else f"{count} open tickets"
    more = f" and {count - _MOST_TICKETS} more" if count > _MOST_TICKETS else ""
    named = ", ".join(view.open_tickets[:_MOST_TICKETS]) + more
    return (
        f"You have {tickets} that nobody covers: {named}. "
        f"To hand one over, type {COMMAND} assign {first} and the @name of an agent."
    )
