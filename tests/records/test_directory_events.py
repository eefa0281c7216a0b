"""The directory follows Slack's events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.clock import real_now
from bot.directory import keeping, shapes
from bot.directory.events import apply_event
from bot.models import (
    Channel,
    Membership,
    Outbox,
    OutboxState,
    Person,
    Usergroup,
    UsergroupMember,
    Workspace,
)
from bot.store import Store
from bot.store.dialects import insert_once
from bot.workflows import telling
from bot.workflows.telling import Telling

BOT = "UBOT"
WORKSPACE = {
    "team_id": "T1",
    "name": "Example",
    "url": "https://example.slack.com/",
    "bot_user_id": BOT,
    "bot_id": "B1",
    "app_id": "A1",
    "marker_secret": "s",
}


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url)
    with store.write() as session:
        insert_once(session, Workspace, WORKSPACE, keys=["team_id"])
        for channel_id, name in (("C1", "it-help"), ("C2", "it-triage")):
            keeping.keep_channel(session, shapes.channel({"id": channel_id, "name": name}, now=real_now()))
    yield store
    store.close()


def happens(store: Store, kind: str, **event: Any) -> bool:
    with store.write() as session:
        return apply_event(session, {"type": kind, **event}, real_now())


def user(**changes: Any) -> dict[str, Any]:
    profile = {"display_name": "Ana", "real_name": "Ana Costa", "email": "ana@example.com"}
    return {"id": "U1", "team_id": "T1", "name": "ana", "profile": profile, **changes}


def person(store: Store, person_id: str = "U1") -> Person:
    with store.read() as session:
        found = session.get_one(Person, person_id)
        session.expunge(found)
        return found


def channel(store: Store, channel_id: str = "C1") -> Channel | None:
    with store.read() as session:
        found = session.get(Channel, channel_id)
        if found is not None:
            session.expunge(found)
        return found


def members(store: Store, channel_id: str = "C1") -> set[str]:
    with store.read() as session:
        return set(session.scalars(select(Membership.person_id).where(Membership.channel_id == channel_id)))


def group(store: Store, group_id: str = "S1") -> set[str]:
    with store.read() as session:
        return set(
            session.scalars(select(UsergroupMember.person_id).where(UsergroupMember.usergroup_id == group_id))
        )


# --- people ---


def test_somebody_new_is_known_by_display_name_handle_and_email(store: Store) -> None:
    assert happens(store, "team_join", user=user())
    ana = person(store)
    assert (ana.name, ana.handle, ana.email) == ("Ana", "ana", "ana@example.com")
    marks = (ana.is_guest, ana.is_stranger, ana.is_app, ana.is_deactivated, ana.is_owner)
    assert not any(marks)


def test_only_a_change_of_name_is_news_for_desk_yaml(store: Store) -> None:
    happens(store, "team_join", user=user())
    assert not happens(store, "user_change", user=user(tz="Europe/Paris"))
    assert person(store).timezone == "Europe/Paris"
    assert happens(store, "user_change", user=user(name="ana.costa"))
    assert happens(store, "user_change", user=user(name="ana.costa", deleted=True))


def test_a_status_is_kept_until_it_is_cleared(store: Store) -> None:
    def showing(**status: object) -> tuple[str | None, str | None, datetime | None]:
        happens(store, "user_change", user=user(profile={"display_name": "Ana", **status}))
        ana = person(store)
        return ana.status_emoji, ana.status_text, ana.status_until

    on_holiday = {"status_emoji": ":palm_tree:", "status_text": "Vacationing"}
    assert showing(**on_holiday, status_expiration=1796083200) == (
        "palm_tree",
        "Vacationing",
        datetime(2026, 12, 1, tzinfo=UTC),
    )
    assert showing(**on_holiday, status_expiration=0) == ("palm_tree", "Vacationing", None)
    assert showing(**on_holiday, status_expiration=10**20) == ("palm_tree", "Vacationing", None)
    assert showing(status_emoji="", status_text="", status_expiration=0) == (None, None, None)


ABSURD: tuple[object, ...] = (
    None,
    True,
    -1,
    1.5,
    10**40,
    float("nan"),
    float("inf"),
    "x",
    "0",
    [],
    ["x"],
    {},
    {"id": 1},
)


@pytest.mark.parametrize(
    "field", ["profile", "name", "real_name", "tz", "team_id", "enterprise_user", "deleted"]
)
def test_a_person_whose_fields_are_absurd_is_kept_without_them(store: Store, field: str) -> None:
    for value in ABSURD:
        happens(store, "user_change", user=user(**{field: value}))
        assert person(store).name


def test_a_profile_whose_fields_are_absurd_is_kept_without_them(store: Store) -> None:
    fields = ("display_name", "real_name", "email", "image_72", "status_emoji", "status_text")
    for value in ABSURD:
        absurd = dict.fromkeys((*fields, "status_expiration"), value)
        happens(store, "user_change", user=user(profile=absurd))
        ana = person(store)
        assert ana.name in ("ana", value)
        assert ana.email in (None, value)


@pytest.mark.parametrize(
    "expiration", [-1, 253402300799, 10**40, 1e308, float("nan"), float("inf"), "soon", []]
)
def test_a_status_that_ends_at_no_time_people_could_be_told_does_not_end_by_itself(
    store: Store, expiration: object
) -> None:
    status = {"display_name": "Ana", "status_emoji": ":palm_tree:", "status_expiration": expiration}
    happens(store, "user_change", user=user(profile=status))
    ana = person(store)
    assert (ana.status_emoji, ana.status_until) == ("palm_tree", None)


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({"is_restricted": True}, "is_guest"),
        ({"is_ultra_restricted": True}, "is_guest"),
        ({"team_id": "T2"}, "is_stranger"),
        ({"is_stranger": True}, "is_stranger"),
        ({"is_bot": True}, "is_app"),
        ({"id": "USLACKBOT"}, "is_app"),
        ({"deleted": True}, "is_deactivated"),
        ({"is_primary_owner": True}, "is_owner"),
    ],
)
def test_what_somebody_is_comes_from_slacks_marks(
    store: Store, changes: dict[str, Any], standing: str
) -> None:
    happens(store, "team_join", user=user(**changes))
    assert getattr(person(store, changes.get("id", "U1")), standing)


def test_a_member_of_the_same_organisation_is_no_stranger(store: Store) -> None:
    happens(store, "team_join", user=user(team_id="T2", enterprise_user={"teams": ["T1", "T2"]}))
    assert not person(store).is_stranger


def test_a_change_keeps_the_direct_channel(store: Store) -> None:
    happens(store, "team_join", user=user())
    with store.write() as session:
        session.get_one(Person, "U1").direct_channel = "D1"
    happens(store, "user_change", user=user(name="ana.costa"))
    assert person(store).direct_channel == "D1"


# --- channels ---


def test_people_come_and_go(store: Store) -> None:
    happens(store, "member_joined_channel", channel="C1", user="U1")
    happens(store, "member_joined_channel", channel="C1", user="U1")
    assert members(store) == {"U1"}
    happens(store, "member_left_channel", channel="C1", user="U1")
    assert members(store) == set()


def test_a_channel_that_the_bot_enters_gets_what_was_parked_on_its_way_there(store: Store) -> None:
    with store.write() as session:
        telling.tell(session, "a", Telling.RELAY, channel="C1")
        session.execute(update(Outbox).values(state=OutboxState.PARKED))
    assert happens(store, "member_joined_channel", channel="C1", user=BOT)
    with store.read() as session:
        assert session.scalars(select(Outbox.state)).one() is OutboxState.PENDING
    found = channel(store)
    assert found is not None
    assert found.is_member


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        ("member_left_channel", {"channel": "C1", "user": BOT}),
        ("channel_left", {"channel": "C1"}),
        ("group_left", {"channel": "C1"}),
    ],
)
def test_the_bot_knows_when_it_was_removed(store: Store, kind: str, event: dict[str, Any]) -> None:
    happens(store, "member_joined_channel", channel="C1", user=BOT)
    happens(store, kind, **event)
    found = channel(store)
    assert found is not None
    assert not found.is_member
    assert members(store) == set()


@pytest.mark.parametrize("kind", ["channel_rename", "group_rename"])
def test_a_renamed_channel_has_its_new_name(store: Store, kind: str) -> None:
    assert happens(store, kind, channel={"id": "C1", "name": "help-it"})
    found = channel(store)
    assert found is not None
    assert found.name == "help-it"


@pytest.mark.parametrize("kind", ["channel", "group"])
def test_an_archived_channel_may_come_back(store: Store, kind: str) -> None:
    assert happens(store, f"{kind}_archive", channel="C1", user="U1")
    found = channel(store)
    assert found is not None
    assert found.is_archived
    assert happens(store, f"{kind}_unarchive", channel="C1", user="U1")
    again = channel(store)
    assert again is not None
    assert not again.is_archived


def test_a_new_channel_is_known_once(store: Store) -> None:
    assert happens(store, "channel_created", channel={"id": "C9", "name": "new"})
    assert not happens(store, "channel_created", channel={"id": "C9", "name": "new"})


def test_a_deleted_channel_is_forgotten_with_its_members(store: Store) -> None:
    happens(store, "member_joined_channel", channel="C1", user="U1")
    assert happens(store, "channel_deleted", channel="C1")
    assert channel(store) is None
    assert members(store) == set()


def test_a_channel_shared_with_others_is_marked(store: Store) -> None:
    happens(store, "channel_shared", channel="C1")
    found = channel(store)
    assert found is not None
    assert found.is_shared


def test_everything_follows_a_channel_to_its_new_id(store: Store) -> None:
    happens(store, "member_joined_channel", channel="C1", user="U1")
    with store.write() as session:
        telling.tell(session, "a", Telling.RELAY, channel="C1")
    assert happens(store, "channel_id_changed", old_channel_id="C1", new_channel_id="C9")
    assert channel(store) is None
    found = channel(store, "C9")
    assert found is not None
    assert found.name == "it-help"
    assert members(store, "C9") == {"U1"}
    with store.read() as session:
        assert session.scalars(select(Outbox.channel)).one() == "C9"


# --- user groups ---


def _subteam(**changes: Any) -> dict[str, Any]:
    return {"id": "S1", "handle": "it-agents", "name": "IT agents", "users": ["U1", "U2"], **changes}


def test_a_user_group_comes_with_its_members(store: Store) -> None:
    assert happens(store, "subteam_created", subteam=_subteam())
    assert group(store) == {"U1", "U2"}


def test_an_update_of_a_user_group_replaces_its_members(store: Store) -> None:
    happens(store, "subteam_created", subteam=_subteam())
    happens(store, "subteam_updated", subteam=_subteam(users=["U2", "U3"], date_delete=1712345678))
    assert group(store) == {"U2", "U3"}
    with store.read() as session:
        assert session.get_one(Usergroup, "S1").is_disabled


@pytest.mark.parametrize("count", [600, "600"])
def test_an_update_that_names_some_of_many_members_takes_none_away(store: Store, count: object) -> None:
    happens(store, "subteam_created", subteam=_subteam())
    happens(store, "subteam_updated", subteam=_subteam(users=["U2"], user_count=count))
    assert group(store) == {"U1", "U2"}


def test_changes_of_members_are_followed(store: Store) -> None:
    happens(store, "subteam_created", subteam=_subteam())
    happens(store, "subteam_members_changed", subteam_id="S1", added_users=["U3"], removed_users=["U1"])
    assert group(store) == {"U2", "U3"}


def test_changes_of_an_unknown_user_group_are_left_to_the_next_refresh(store: Store) -> None:
    assert not happens(store, "subteam_members_changed", subteam_id="S9", added_users=["U3"])
    assert group(store, "S9") == set()


# --- what is no event of ours ---


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        ("reaction_added", {}),
        ("user_change", {}),
        ("user_change", {"user": "U1"}),
        ("user_change", {"user": None}),
        ("member_joined_channel", {"channel": "C1"}),
        ("channel_created", {"channel": "C1"}),
        ("channel_rename", {"channel": {"id": "C1"}}),
        ("subteam_updated", {"subteam": []}),
    ],
)
def test_an_event_that_says_too_little_changes_nothing(
    store: Store, kind: str, event: dict[str, Any]
) -> None:
    assert not happens(store, kind, **event)
    found = channel(store)
    assert found is not None
    assert found.name == "it-help"
