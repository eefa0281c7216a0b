"""Digests and reviews as managers meet them: when they come, with which pictures, what is behind a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from bot.clock import real_now
from bot.models import Outbox, Report, ReportSeries, ReportState, SeriesName
from bot.surfaces.report_words import day_words
from sandbox.jsontypes import JsonObject, as_object, as_text, objects
from sandbox.seen import SeenMessage, SeenView
from tests.conversations.conftest import fresh_database
from tests.conversations.desk import Desk, bot_for, running_desk
from tests.conversations.sla import CRITICAL, MANAGERS, MINUTES, claim, only, raised, say
from tests.conversations.sla import DESK as THE_DESK
from tests.sandbox_fixture import tuesday_morning

BERLIN: Final = ZoneInfo("Europe/Berlin")
PATIENCE: Final = 45.0
"""Seconds: drawing takes a process of its own, and machines are slow at times."""
WITHOUT: Final = MINUTES + THE_DESK + "    slas: {incident: minutes, request: minutes}\n"
DAILY: Final = WITHOUT + '    digest: {at: "09:00", days: daily}\n'
AFTERNOONS: Final = DAILY.replace("09:00", "15:00")
REVIEWED: Final = DAILY.replace("days: daily}", "days: daily, reviews: [weekly, monthly]}")
FLOW: Final = "report.incident.flow"
PNG: Final = b"\x89PNG\r\n"

_minutes = count(1)


@pytest.fixture(params=["http-postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """A new desk with a daily digest, examined when the test is over."""
    way, _, kind = str(request.param).partition("-")
    with (
        fresh_database(kind, tmp_path, request) as url,
        running_desk(
            url, is_http=way == "http", desk_yaml=DAILY, clock_offset=tuesday_morning(tmp_path / "clock")
        ) as running,
    ):
        begun(running)
        yield running
        running.client.lift()
        running.check()


def waited(desk: Desk, look: Callable[[], bool], message: str) -> None:
    desk.client.wait_until(look, timeout=PATIENCE, message=message)


def series(desk: Desk) -> dict[SeriesName, ReportSeries]:
    with desk.bot.store.read() as session:
        return {row.series: row for row in session.scalars(select(ReportSeries))}


def begun(desk: Desk, rule: str = "09:00") -> None:
    """The desk follows its desk.yaml."""
    waited(desk, lambda: any(rule in row.rule for row in series(desk).values()), "the series to begin")


def due(desk: Desk, name: SeriesName = SeriesName.DAILY) -> datetime:
    """When the next one is due."""
    return series(desk)[name].next_at


def skip_to(desk: Desk, at: datetime) -> None:
    """Time passes until then, on a whole second more or less."""
    desk.client.skip((at - desk.bot.clock.now()).total_seconds())


def local_day(at: datetime) -> date:
    return at.astimezone(BERLIN).date()


def posted(desk: Desk, words: str = "Daily digest") -> list[SeenMessage]:
    """The reports in the managers' channel."""
    return [message for message in desk.client.messages(MANAGERS) if message.app_id and words in message.text]


def decided(desk: Desk, at: datetime) -> None:
    """The reports that were due by then are decided and told."""
    waited(desk, lambda: all(row.next_at > at for row in series(desk).values()), "the reports to be decided")
    waited(desk, lambda: not pending(desk), "the reports to be posted")
    desk.settle()


def pending(desk: Desk) -> list[Outbox]:
    with desk.bot.store.read() as session:
        rows = session.scalars(select(Outbox).where(Outbox.kind == "report"))
        return [row for row in rows if row.shown_version < row.wanted_version and row.state != "parked"]


def next_digest(desk: Desk) -> SeenMessage:
    """The one that comes next, once it is there."""
    at = due(desk)
    skip_to(desk, at)
    decided(desk, at)
    headline = day_words(local_day(at))
    return only([message for message in posted(desk) if headline in message.text])


def reports(desk: Desk) -> dict[str, ReportState]:
    with desk.bot.store.read() as session:
        rows = select(Report).where(Report.series == SeriesName.DAILY).order_by(Report.local_date)
        return {row.local_date: row.state for row in session.scalars(rows)}


def images(message: SeenMessage) -> list[JsonObject]:
    return [block for block in message.blocks if block.get("type") == "image"]


def files(message: SeenMessage) -> list[str]:
    return [as_text(as_object(image.get("slack_file")).get("id")) for image in images(message)]


# --- when it comes ---


def test_the_first_one_comes_at_the_first_due_instant_and_not_before(desk: Desk) -> None:
    at = due(desk)
    assert (at.astimezone(BERLIN).hour, at.astimezone(BERLIN).minute) == (9, 0)
    skip_to(desk, at - timedelta(seconds=60))
    desk.decided()
    assert posted(desk) == []
    skip_to(desk, at)
    decided(desk, at)
    digest = only(posted(desk))
    assert f"IT Service Desk: {day_words(local_day(at))}" in digest.text
    assert "late" not in digest.text


def test_a_desk_without_tickets_is_told_about_in_a_sentence_at_once(desk: Desk) -> None:
    digest = next_digest(desk)
    assert "All quiet: nothing came in, and nothing is open." in digest.text
    assert images(digest) == []
    assert [block["type"] for block in digest.blocks] == ["header", "context", "rich_text", "context"]


def test_there_is_one_for_each_date_also_after_a_restart_and_at_another_time_of_the_day(desk: Desk) -> None:
    first = due(desk)
    next_digest(desk)
    desk.restart(DAILY)
    begun(desk)
    skip_to(desk, first + timedelta(hours=2))
    desk.restart(AFTERNOONS)
    begun(desk, "15:00")
    skip_to(desk, first + timedelta(hours=8))
    desk.decided()
    assert len(posted(desk)) == 1
    second = due(desk)
    assert second == first + timedelta(days=1, hours=6)
    next_digest(desk)
    assert len(posted(desk)) == 2
    assert list(reports(desk)) == [local_day(at).isoformat() for at in (first, second)]


def test_after_days_of_downtime_the_newest_is_posted_and_says_which_it_stands_for(desk: Desk) -> None:
    first = due(desk)
    next_digest(desk)
    ticket = raised(desk)
    desk.settle()
    desk.stop()
    desk.client.skip((first + timedelta(days=4, hours=3) - desk.bot.clock.now()).total_seconds())
    desk.bot = bot_for(desk.settings, DAILY)
    desk.start()
    decided(desk, first + timedelta(days=4))
    missed = [local_day(first + timedelta(days=day)) for day in (1, 2, 3)]
    newest = local_day(first + timedelta(days=4))
    digest = only([message for message in posted(desk) if day_words(newest) in message.text])
    assert len(posted(desk)) == 2
    named = [day_words(day).split(" ", 1)[1] for day in missed]
    late = f"This report is late. It covers the missed ones of {named[0]}, {named[1]} and {named[2]} as well."
    assert late in digest.text
    assert "1 ticket came in" in digest.text
    assert ticket.number in digest.text
    states = list(reports(desk).values())
    assert states == [ReportState.TOLD, *[ReportState.SUPERSEDED] * 3, ReportState.TOLD]
    desk.restart(DAILY)
    begun(desk)
    desk.decided()
    assert len(posted(desk)) == 2


def test_the_reviews_of_a_week_and_a_month_come_with_the_digest(desk: Desk) -> None:
    desk.restart(REVIEWED)
    waited(desk, lambda: len(series(desk)) == 3, "all series to begin")
    ticket = raised(desk)
    claim(desk, ticket)
    say(desk, "ben", f"resolve {ticket.number} new cable")
    monday = due(desk, SeriesName.WEEKLY)
    skip_to(desk, monday)
    decided(desk, monday)
    weekly = only(posted(desk, "Weekly service review"))
    sunday = local_day(monday) - timedelta(days=1)
    assert re.search(rf"week of \d+(?: \w+)? to {sunday.day} \w+", weekly.text)
    assert "1 ticket came in, 1 was finished, 0 were open at its end." in weekly.text
    assert "Incidents: how long it took" in weekly.everything
    assert "Resolved: " in weekly.everything
    first = due(desk, SeriesName.MONTHLY)
    skip_to(desk, first)
    decided(desk, first)
    monthly = only(posted(desk, "Monthly service review"))
    assert f"IT Service Desk: {local_day(first) - timedelta(days=1):%B %Y}" in monthly.text
    assert "1 ticket came in, 1 was finished" in monthly.text


# --- pictures ---


def test_it_waits_for_its_pictures_and_shows_them_in_one_message(desk: Desk) -> None:
    ticket = raised(desk, critical=True)
    claim(desk, ticket)
    raised(desk)
    desk.settle()
    desk.client.forget()
    digest = next_digest(desk)
    assert len(images(digest)) == 2
    assert all(desk.client.file(file_id).startswith(PNG) for file_id in files(digest))
    asked = [as_text(call.args.get("alt_txt")) for call in desk.client.calls("files.getUploadURLExternal")]
    assert [image["alt_text"] for image in images(digest)] == asked
    flow, levels = asked
    assert flow.startswith("Open tickets: 2")
    assert "2 tickets came in, 0 were finished, 2 are open." in digest.text
    assert levels.startswith("In time: response 1 of 2, resolution 0 of 2")
    edits = [call for call in desk.client.calls("chat.update") if call.args.get("ts") == digest.ts]
    assert edits == []


def test_where_pictures_are_refused_it_comes_at_once_without_them(desk: Desk) -> None:
    desk.may_log.append("a report stays without pictures")
    desk.client.fault("error", "files.getUploadURLExternal", error="file_uploads_disabled")
    raised(desk)
    digest = next_digest(desk)
    assert images(digest) == []
    assert "Incidents: 1 open" in digest.everything


def test_pictures_that_are_too_late_are_edited_in(desk: Desk) -> None:
    desk.may_log.append("the pictures of a report are tried again")
    fault = desk.client.fault("ratelimited", "files.*", seconds=1)
    raised(desk)
    at = due(desk)
    skip_to(desk, at)
    waited(desk, lambda: bool(desk.client.calls("files.getUploadURLExternal")), "an upload to be tried")
    assert posted(desk) == []
    sixty_seconds_pass(desk)
    waited(desk, lambda: bool(posted(desk)), "the digest")
    digest = only(posted(desk))
    assert images(digest) == []
    desk.client.lift(fault)
    waited(desk, lambda: len(images(only(posted(desk)))) == 2, "the pictures")
    after = only(posted(desk))
    assert after.ts == digest.ts
    assert after.text == digest.text


def sixty_seconds_pass(desk: Desk) -> None:
    """As if the digest had waited for as long as it waits for pictures."""
    with desk.bot.store.write() as session:
        session.execute(update(Outbox).where(Outbox.kind == "report").values(not_before=real_now()))
    desk.bot.sender.wake()


# --- what is behind a line ---


def menus(message: SeenMessage) -> dict[str, list[tuple[str, str]]]:
    """The label and value of each choice, by block."""
    found = {}
    for block in message.blocks:
        options = objects(as_object(block.get("accessory")).get("options"))
        if options:
            words = [
                (as_text(as_object(each.get("text")).get("text")), as_text(each.get("value")))
                for each in options
            ]
            found[as_text(block.get("block_id"))] = words
    return found


def unfold(desk: Desk, message: SeenMessage, part: str, value: str, person: str = "maria") -> None:
    assert desk.client.click(person, MANAGERS, message.ts, part, value).acked


def shown(desk: Desk, person: str = "maria") -> SeenView:
    view = desk.client.view(person)
    assert view is not None
    return view


def listed(view: SeenView) -> list[str]:
    """The tickets in an open list."""
    return re.findall(r"\b(?:INC|REQ)-\d+\b", view.text)


def test_every_line_opens_to_as_many_tickets_as_it_says(desk: Desk) -> None:
    critical, other = raised(desk, critical=True), raised(desk)
    claim(desk, other)
    say(desk, "ben", f"resolve {other.number} new cable")
    say(desk, "lea", f"reopen {other.number}")
    say(desk, "lea", f"cancel {critical.number}")
    desk.raise_by_command("ana", **CRITICAL)
    digest = next_digest(desk)
    lines = [(part, *line) for part, choices in menus(digest).items() for line in choices]
    assert len(lines) >= 8
    for part, label, value in lines:
        unfold(desk, digest, part, value)
        view = shown(desk)
        name, _, number = label.removesuffix("s").removesuffix(" ticket").rpartition(": ")
        assert f"{name}: {number} ticket" in view.text
        assert len(set(listed(view))) == int(number), (label, view.text)
        desk.client.close("maria", everything=True)


def test_a_long_list_turns_its_pages(desk: Desk) -> None:
    numbers = [raised(desk).number for _ in range(11)]
    digest = next_digest(desk)
    value = dict(menus(digest)[FLOW])["Came in: 11 tickets"]
    unfold(desk, digest, FLOW, value)
    first = shown(desk)
    assert len(listed(first)) == 10
    assert "Page 1 of 2" in first.text
    assert first.buttons == ["Next"]
    assert desk.client.click_view("maria", "Next").acked
    waited(desk, lambda: "Page 2 of 2" in shown(desk).text, "the second page")
    second = shown(desk)
    assert set(listed(first)) | set(listed(second)) == set(numbers)
    assert second.buttons == ["Previous"]
    assert desk.client.click_view("maria", "Previous").acked
    waited(desk, lambda: "Page 1 of 2" in shown(desk).text, "the first page again")


def test_who_asks_for_help_may_not_see_the_lists(desk: Desk) -> None:
    raised(desk)
    digest = next_digest(desk)
    curious = desk.newcomer("Curious", MANAGERS)
    value = menus(digest)[FLOW][0][1]
    unfold(desk, digest, FLOW, value, curious)
    desk.until(lambda: desk.client.ephemerals(curious), "a word of refusal")
    assert desk.client.view(curious) is None
    assert "INC-" not in only(desk.client.ephemerals(curious)).everything


def test_a_list_that_cannot_be_opened_says_so(desk: Desk) -> None:
    raised(desk)
    digest = next_digest(desk)
    desk.may_log.append("a form could not be opened")
    desk.client.fault("error", "views.open", error="internal_error")
    unfold(desk, digest, FLOW, menus(digest)[FLOW][0][1])
    desk.told("maria", "did not work just now")


# --- a channel that is archived ---


def test_an_archived_channel_is_told_to_an_administrator_once_and_the_rest_works(desk: Desk) -> None:
    desk.may_log += ["parked", "a desk needs attention"]
    desk.client.archive("maria", MANAGERS)
    desk.settle()
    direct = desk.client.open_dm("root")
    for _ in range(2):
        at = due(desk)
        skip_to(desk, at)
        decided(desk, at)
    told = [message for message in desk.client.messages(direct) if message.app_id]
    assert "Unarchive the channel" in only(told).everything
    ticket = raised(desk)
    claim(desk, ticket)
    desk.client.archive("maria", MANAGERS, archived=False)
    desk.restart(DAILY)
    waited(desk, lambda: len(posted(desk)) == 2, "the digests to be made up for")
