"""Short words for calendars, instants and promises, so that a test reads like the case it is about."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.service_levels.calendars import Calendar, Window, parse_weekdays, parse_window
from bot.service_levels.clocks import Cycle, Pause, Promise, Term
from bot.service_levels.openings import Hours, hours_of

NEW_YORK, BERLIN = "America/New_York", "Europe/Berlin"


def hours(
    timezone: str,
    *weeks: str,
    holidays: tuple[str, ...] = (),
    special: dict[str, list[str]] | None = None,
    name: str = "office",
) -> Hours:
    """Opening hours of `mon-fri 09:00-12:00 13:00-17:00` and the like."""
    week: list[tuple[Window, ...]] = [()] * 7
    for text in weeks:
        days, *windows = text.split()
        for day in parse_weekdays(days):
            week[day] = tuple(parse_window(window) for window in windows)
    return hours_of(
        Calendar(
            name=name,
            timezone=timezone,
            week=tuple(week),
            holidays=tuple(date.fromisoformat(day) for day in holidays),
            special=tuple(
                (date.fromisoformat(day), tuple(parse_window(window) for window in windows))
                for day, windows in (special or {}).items()
            ),
        )
    )


NY = hours(NEW_YORK, "mon-fri 09:00-17:00")
BER = hours(BERLIN, "mon-fri 09:00-17:00")
ALWAYS = hours("UTC", "daily 00:00-24:00", name="always")


def local(zone: str | Hours, text: str, *, fold: int = 0) -> datetime:
    """The UTC instant of a wall clock time `2026-03-06 16:00`, which must exist."""
    name = zone if isinstance(zone, str) else zone.calendar.timezone
    wall = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(name), fold=fold)
    instant = wall.astimezone(UTC)
    assert instant.astimezone(ZoneInfo(name)).replace(tzinfo=None) == wall.replace(tzinfo=None)
    return instant


def ny(text: str) -> datetime:
    """A New York wall clock time as a UTC instant."""
    return local(NEW_YORK, text)


def utc(text: str) -> datetime:
    """`2026-03-09 14:00` in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def h(amount: float) -> timedelta:
    """Hours."""
    return timedelta(hours=amount)


def m(amount: float) -> timedelta:
    """Minutes."""
    return timedelta(minutes=amount)


def cycle(of: Hours, start: datetime, target: timedelta, *pauses: tuple[datetime, datetime | None]) -> Cycle:
    """A resolve clock of P3 under policy 1."""
    return Cycle(
        clock="resolve",
        number=1,
        started_at=start,
        terms=(Term(start, of, target, "P3", 1),),
        pauses=tuple(Pause(since, until, "waiting_requester") for since, until in pauses),
    )


def promise(
    of: Hours = NY,
    priority: str = "P3",
    *,
    respond: timedelta | None = None,
    resolve: timedelta | None = None,
    update: timedelta | None = None,
    pause_while: tuple[str, ...] = ("waiting_requester",),
    respond_by: tuple[str, ...] = ("claim", "reply"),
    policy: int = 1,
) -> Promise:
    """What is promised; a clock without a target is not."""
    targets = {"respond": respond, "resolve": resolve, "update": update}
    return Promise(
        policy=policy,
        priority=priority,
        hours=of,
        targets={clock: target for clock, target in targets.items() if target is not None},
        respond_by=frozenset(respond_by),
        pause_while=frozenset(pause_while),
    )
