"""A Home reaches Slack once, newest last, and trouble with one ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.clock import real_now
from bot.models import HomeTab, Outbox, OutboxState, Person
from bot.workflows import homes
from bot.workflows.backlog import inbox_backlog
from sandbox.seen import SeenCall
from tests.unit.delivery.workplace import Workplace

PUBLISH = "views.publish"


def look(place: Workplace, who: str = "ana") -> str:
    """Somebody looks at their Home; the key of its delivery."""
    person_id = place.slack.user_id(who)
    with place.store.write() as session:
        homes.opened(session, person_id)
    for sender in place.senders:
        sender.wake()
    return homes.key_of(person_id)


def published(place: Workplace) -> list[SeenCall]:
    return place.slack.calls(PUBLISH)


def test_a_home_is_published_for_its_person_without_a_message_or_a_marker(place: Workplace) -> None:
    place.start()
    row = place.wait_for(look(place))
    assert (row.ts, row.channel) == (None, None)
    (call,) = published(place)
    assert set(call.args) == {"user_id", "view"}
    seen = place.slack.home("ana")
    assert seen is not None
    assert "No desk is configured" in str(seen.raw)
    assert place.slack.calls("conversations.open") == []


def test_what_is_there_already_is_not_published_again(place: Workplace) -> None:
    place.start()
    key = look(place)
    before = place.wait_for(key)
    with place.store.write() as session:
        assert homes.draw_again(session, [place.slack.user_id("ana")], rest=timedelta(0)) == 1
    place.wait(lambda: place.row(key).shown_version > before.shown_version, "the Home to be looked at")
    assert len(published(place)) == 1


def test_somebody_who_looks_again_gets_it_anew_also_when_slack_lost_it(place: Workplace) -> None:
    place.start()
    place.wait_for(look(place))
    assert len(published(place)) == 1
    look(place)
    place.wait(lambda: len(published(place)) == 2, "the Home to be published again")


def test_a_home_that_somebody_else_changed_meanwhile_is_drawn_and_published_anew(place: Workplace) -> None:
    place.start()
    key = look(place)
    place.wait_for(key)
    view = {"type": "home", "blocks": [{"type": "divider"}]}
    place.client().call(PUBLISH, user_id=place.slack.user_id("ana"), view=view)
    look(place)
    place.wait(lambda: "No desk is configured" in str(seen(place)), "the newest Home")
    place.wait_for(key)
    assert [call.error for call in published(place)] == ["", "", "hash_conflict", ""]


def seen(place: Workplace) -> object:
    found = place.slack.home("ana")
    return found.raw if found else None


@pytest.mark.parametrize("kind", ["lost_answer", "drop", "http_error"])
def test_a_publication_that_nobody_knows_the_end_of_is_made_again(place: Workplace, kind: str) -> None:
    place.slack.fault(kind, PUBLISH, times=1)
    place.start()
    place.wait_for(look(place))
    assert "No desk is configured" in str(seen(place))


def test_a_person_whom_slack_does_not_know_is_dropped_and_nobody_is_bothered(place: Workplace) -> None:
    place.start()
    key = look(place, "@app")
    assert "Slack knows nobody to show it to" in str(place.wait_for(key, OutboxState.SUPERSEDED).error)
    assert [row.key for row in place.rows()] == [key]


def test_a_home_tab_that_is_switched_off_is_parked_and_told_with_the_fix(place: Workplace) -> None:
    place.slack.fault("error", PUBLISH, error="not_enabled")
    place.start()
    assert place.wait_for(look(place), OutboxState.PARKED).error
    place.wait(lambda: [row for row in place.rows() if row.kind == "notice"], "an administrator to be told")
    notice = next(row for row in place.rows() if row.kind == "notice")
    assert "The Home tab of" in notice.data["detail"]
    assert "deskbell manifest" in notice.data["fix"]
    place.slack.lift()
    assert place.wait_for(look(place)).error is None


def test_a_home_that_nobody_looked_at_for_hours_is_left_alone(place: Workplace) -> None:
    key = look(place)
    with place.store.write() as session:
        session.execute(update(HomeTab).values(opened_at=real_now() - homes.KEPT_CURRENT))
    place.start()
    place.wait_for(key, OutboxState.SUPERSEDED)
    assert published(place) == []
    with place.store.write() as session:
        assert homes.forget(session, real_now(), at_most=10) == 1
        assert session.scalars(select(Outbox)).all() == []


def test_who_somebody_is_is_looked_up_before_their_home_is_drawn_again(place: Workplace) -> None:
    place.start()
    key = look(place)
    place.wait_for(key)
    with place.store.write() as session:
        session.execute(update(Person).values(refreshed_at=real_now() - timedelta(hours=1)))
        homes.draw_again(session, [place.slack.user_id("ana")], rest=timedelta(0))
    place.wait_for(key)
    place.wait(lambda: _kept(place), "the question who that is")
    assert len(published(place)) == 1


def _kept(place: Workplace) -> bool:
    with place.store.read() as session:
        return inbox_backlog(session).waiting == 1
