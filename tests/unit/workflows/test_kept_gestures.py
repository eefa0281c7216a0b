"""Gestures, facts and messages survive the inbox unchanged; desks survive their record."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.models.base import EPOCH, MICROSECOND, canonical
from bot.models.vocabulary import Action, Kind, Level, State
from bot.service_levels.calendars import Window
from bot.workflows.desks import AgentSource, Definition, ShiftDefinition, definition_from
from bot.workflows.factcodec import (
    UnknownFact,
    decode_fact,
    decode_message,
    encode_fact,
    encode_message,
    message_key,
)
from bot.workflows.facts import (
    ChannelFact,
    Fact,
    MembersFact,
    Message,
    MessageFact,
    PersonFact,
    UsergroupFact,
)
from bot.workflows.gestures import (
    GESTURES,
    Acted,
    AnyGesture,
    Asked,
    CameBack,
    Changed,
    Chose,
    Filed,
    LookedHome,
    Pointed,
    Reacted,
    ReplyTo,
    WentAway,
    Wrote,
)

words = st.text(max_size=40)
maybe = st.none() | words
instants = st.integers(0, 4 * 10**15).map(lambda after: EPOCH + after * MICROSECOND)
messages = st.builds(
    Message,
    channel=words,
    ts=words,
    text=words,
    author_id=maybe,
    is_app=st.booleans(),
    thread_ts=maybe,
    files=st.lists(st.tuples(words, words), max_size=2).map(tuple),
    is_missing=st.booleans(),
)
common = {
    "key": words,
    "person_id": words,
    "at": instants,
    "reply_to": st.builds(ReplyTo, channel=maybe, thread_ts=maybe, response_url=maybe, is_home=st.booleans()),
}
waiting = st.sampled_from([State.WAITING_REQUESTER, State.WAITING_SUPPLIER, State.WAITING_APPROVAL])
gestures: st.SearchStrategy[AnyGesture] = st.one_of(
    st.builds(Reacted, channel=words, ts=words, emoji=words, event_ts=words, added=st.booleans(), **common),
    st.builds(
        Wrote,
        message=messages,
        is_direct=st.booleans(),
        is_mention=st.booleans(),
        parent_id=maybe,
        **common,
    ),
    st.builds(Changed, channel=words, ts=words, changed_ts=words, text=maybe, **common),
    st.builds(
        Filed,
        desk_key=words,
        channel=maybe,
        title=words,
        description=words,
        kind=st.sampled_from(Kind),
        affected=maybe,
        category=maybe,
        impact=st.sampled_from(Level),
        urgency=st.sampled_from(Level),
        **common,
    ),
    st.builds(Pointed, message=messages, desk_key=maybe, **common),
    st.builds(
        Acted,
        action=st.sampled_from(Action),
        number=words,
        text=maybe,
        assignee_id=maybe,
        impact=st.none() | st.sampled_from(Level),
        urgency=st.none() | st.sampled_from(Level),
        wait_for=waiting,
        **common,
    ),
    st.builds(Chose, channel=words, ts=words, number=maybe, **common),
    st.builds(
        Asked,
        query=st.sampled_from(["mine", "queue", "unassigned", "assigned", "standing", "show", "absence"]),
        page=st.integers(),
        number=maybe,
        **common,
    ),
    st.builds(WentAway, until=words, cover_id=maybe, **common),
    st.builds(CameBack, **common),
    st.builds(LookedHome, is_opening=st.booleans(), **common),
)
facts: st.SearchStrategy[Fact] = st.one_of(
    st.builds(PersonFact, words),
    st.builds(MembersFact, words),
    st.builds(UsergroupFact, words),
    st.builds(ChannelFact, words),
    st.builds(MessageFact, words, words),
)


@given(gestures)
def test_a_kept_gesture_is_read_back_as_it_was(gesture: AnyGesture) -> None:
    kept = canonical(gesture.model_dump(mode="json"))
    assert GESTURES.validate_python(json.loads(kept)) == gesture


@given(gestures)
def test_a_gesture_of_a_naive_instant_is_refused(gesture: AnyGesture) -> None:
    data = gesture.model_dump() | {"at": gesture.at.replace(tzinfo=None)}
    with pytest.raises(ValidationError):
        GESTURES.validate_python(data)


@given(facts)
def test_a_kept_fact_is_read_back_as_it_was(fact: Fact) -> None:
    assert decode_fact(json.loads(canonical(encode_fact(fact)))) == fact


@pytest.mark.parametrize(
    "data", [{}, {"fact": "moon", "id": "1"}, {"fact": "person"}, {"fact": "message", "ts": "1"}]
)
def test_a_fact_of_another_version_is_said_to_be_unknown(data: dict[str, str]) -> None:
    with pytest.raises(UnknownFact):
        decode_fact(data)


@given(messages)
def test_a_kept_message_is_read_back_as_it_was(message: Message) -> None:
    assert decode_message(json.loads(canonical(encode_message(message)))) == message


def test_messages_of_two_channels_with_one_ts_are_kept_apart() -> None:
    one, other = (Message(channel=channel, ts="1.0", text="", author_id=None) for channel in ("C1", "C2"))
    assert message_key(one) != message_key(other)


def test_putting_on_and_taking_away_have_one_trace_and_two_keys() -> None:
    def reacted(key: str, *, added: bool) -> Reacted:
        return Reacted(
            key=key,
            person_id="U1",
            at=datetime(2026, 1, 1, tzinfo=UTC),
            channel="C1",
            ts="1.0",
            emoji="eyes",
            event_ts="2.0",
            added=added,
        )

    assert reacted("a", added=True).trace == reacted("b", added=False).trace


names = st.lists(words, max_size=2).map(tuple)
windows = st.builds(Window, opens=st.integers(0, 700), closes=st.integers(701, 1440))
shifts = st.builds(
    ShiftDefinition,
    days=st.lists(st.integers(0, 6), max_size=7).map(tuple),
    windows=st.lists(windows, max_size=2).map(tuple),
    timezone=words,
    people=names,
)
definitions = st.builds(
    Definition,
    key=words,
    name=words,
    timezone=words,
    request_channels=names,
    triage_channel=words,
    managers_channel=maybe,
    agents=st.builds(AgentSource, kind=st.sampled_from(["channel", "usergroup", "people"]), ids=names),
    leads=names,
    managers=names,
    administrators=st.none() | names,
    close_after=st.integers(0, 10**7),
    undo_within=st.integers(0, 10**4),
    emoji=st.dictionaries(words, names, max_size=3).map(lambda named: {"private": ("lock",), **named}),
    categories=names,
    matrix=st.dictionaries(words, words, max_size=3),
    shifts=st.lists(shifts, max_size=2).map(tuple),
)


@given(definitions)
def test_a_recorded_desk_is_read_back_as_it_was(definition: Definition) -> None:
    assert definition_from(json.loads(canonical(definition.to_json()))) == definition


@given(definitions)
def test_a_desk_recorded_before_there_were_shifts_has_none(definition: Definition) -> None:
    data = definition.to_json()
    del data["shifts"]
    assert definition_from(data).shifts == ()
