"""A message that stands in Slack twice after all is there once an hour later."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete

from bot.clock import real_now
from bot.models import Chore, OutboxState
from tests.unit.delivery.workplace import Workplace


def post_twice(place: Workplace, key: str, **values: object) -> str:
    """The second post is one that a lagging history let happen; the ts of the first."""
    place.tell(key, **values)  # type: ignore[arg-type]
    first = place.wait_for(key).ts
    assert first is not None
    place.change(key, state=OutboxState.PENDING, ts=None, first_try_at=None, shown_version=0)
    place.senders[0].wake()
    place.wait(lambda: place.row(key).ts not in (None, first), "the second copy")
    place.change(key, ts=first, uncertain_at=real_now())
    return first


def next_hour(place: Workplace) -> None:
    with place.store.write() as session:
        session.execute(delete(Chore))


def test_later_copies_are_deleted_once_an_hour_and_nothing_else_is(place: Workplace) -> None:
    sender = place.start()
    root = post_twice(place, "doubled")
    reply = post_twice(place, "doubled reply", thread_ts=root)
    place.tell("single")
    place.wait_for("single")
    assert place.texts().count("doubled v1") == 2
    assert sender.remove_duplicates() == 2
    assert [message.ts for message in place.ours() if message.text == "doubled v1"] == [root]
    replies = [m.ts for m in place.ours(thread_ts=root) if m.text == "doubled reply v1"]
    assert replies == [reply]
    assert "single v1" in place.texts()
    post_twice(place, "in the same hour")
    assert sender.remove_duplicates() == 0
    next_hour(place)
    assert sender.remove_duplicates() == 1


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("uncertain", [None, timedelta(hours=25)], ids=["never", "yesterday"])
def test_what_was_not_uncertain_lately_is_left_alone(place: Workplace, uncertain: timedelta | None) -> None:
    sender = place.start()
    post_twice(place, "doubled")
    place.change("doubled", uncertain_at=uncertain and real_now() - uncertain)
    assert sender.remove_duplicates() == 0
    assert place.texts().count("doubled v1") == 2
