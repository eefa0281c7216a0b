"""desk.yaml put in force: names become ids; one that cannot be found switches off its desk alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from bot import config
from bot.clock import real_now
from bot.models import Channel, Configuration, Desk, Outbox, Person, Usergroup
from bot.store import Store
from bot.workflows import configuring
from bot.workflows.desks import AgentSource, Definition, load_desks
from tests.records.workflows.world import (
    BEN,
    CORA,
    HELP,
    LEA,
    MARIA,
    ROOT,
    START,
    TRIAGE,
    fill_directory,
    person,
)

IT = """
desks:
  it:
    name: IT Service Desk
    request_channels: ["#it-help"]
    triage_channel: "#it-triage"
    agents: {members_of: "#it-triage"}
    leads: ["@lea"]
    managers: ["@maria"]
    close_after: 2d
    undo_within: 90s
    emoji: {claim: [eyes, raised_hand]}
"""
HR = """
  hr:
    name: HR
    triage_channel: "#hr-triage"
    agents: ["@ben"]
"""


@pytest.fixture
def directory(store: Store) -> Store:
    """A store that knows the company and has no desk."""
    with store.write() as session:
        fill_directory(session)
    return store


def apply(store: Store, text: str) -> bool:
    with store.write() as session:
        return configuring.apply_config(session, config.load(text), START)


def resolve(store: Store) -> list[str]:
    with store.write() as session:
        return configuring.resolve_desks(session)


def desks(store: Store) -> dict[str, Definition]:
    with store.read() as session:
        return {desk.key: desk for desk in load_desks(session).all}


def row(store: Store, key: str) -> Desk:
    with store.read() as session:
        found = session.get(Desk, key)
        assert found is not None
        return found


def notices(store: Store) -> list[tuple[str | None, str]]:
    with store.read() as session:
        rows = session.query(Outbox).filter_by(kind="notice").order_by(Outbox.id)
        return [(found.person_id, found.data["detail"]) for found in rows]


def add_channel(store: Store, id_: str, name: str) -> None:
    with store.write() as session:
        session.add(Channel(id=id_, name=name, refreshed_at=real_now()))


def deactivate(store: Store, person_id: str, *, is_deactivated: bool = True) -> None:
    with store.write() as session:
        session.execute(update(Person).where(Person.id == person_id).values(is_deactivated=is_deactivated))


def test_names_become_ids_and_durations_seconds(directory: Store) -> None:
    assert apply(directory, IT)
    assert resolve(directory) == []
    desk = desks(directory)["it"]
    assert (desk.request_channels, desk.triage_channel) == ((HELP,), TRIAGE)
    assert desk.agents == AgentSource(kind="channel", ids=(TRIAGE,))
    assert (desk.leads, desk.managers, desk.administrators) == ((LEA,), (MARIA,), None)
    assert desk.close_after == timedelta(days=2).total_seconds()
    assert desk.undo_within == 90
    assert desk.meaning("raised_hand") == "claim"


@pytest.mark.parametrize("said", ["hand", "raised_hand", "hand::skin-tone-3"])
def test_an_emoji_means_the_same_under_each_of_its_names(directory: Store, said: str) -> None:
    """Slack tells of a reaction by one name, and desk.yaml may have another."""
    apply(directory, IT)
    resolve(directory)
    desk = desks(directory)["it"]
    assert desk.meaning(said) == "claim"
    assert desk.meaning("handball_of_ours") is None


def test_without_a_configuration_there_is_no_desk_and_no_problem(directory: Store) -> None:
    assert resolve(directory) == []
    assert desks(directory) == {}


def test_an_empty_file_is_valid_and_has_no_desk(directory: Store) -> None:
    apply(directory, "")
    assert resolve(directory) == []
    assert desks(directory) == {}


def test_the_same_configuration_is_put_in_force_once(directory: Store) -> None:
    assert apply(directory, IT)
    assert not apply(directory, IT + "\n# a remark\n")
    with directory.read() as session:
        assert session.query(Configuration).count() == 1


def test_a_name_that_nobody_has_switches_off_its_desk_alone(directory: Store) -> None:
    apply(directory, IT + HR)
    (problem,) = resolve(directory)
    assert "HR" in problem
    assert "#hr-triage" in problem
    assert set(desks(directory)) == {"it"}
    assert (row(directory, "hr").is_active, row(directory, "hr").problem) == (False, problem)


def test_administrators_are_told_of_a_problem_once(directory: Store) -> None:
    apply(directory, IT + HR)
    for _ in range(3):
        (problem,) = resolve(directory)
    assert notices(directory) == [(ROOT, problem)]


def test_the_same_mistake_made_again_is_told_again(directory: Store) -> None:
    apply(directory, IT + HR)
    (problem,) = resolve(directory)
    apply(directory, IT)
    resolve(directory)
    apply(directory, IT + HR)
    assert resolve(directory) == [problem]
    assert notices(directory) == [(ROOT, problem)] * 2


def test_the_administrators_named_are_told_instead_of_the_owners(directory: Store) -> None:
    apply(directory, 'administrators: ["@ben"]' + IT + HR)
    (problem,) = resolve(directory)
    assert notices(directory) == [(BEN, problem)]


def test_an_administrator_who_cannot_be_found_does_not_leave_a_failure_untold(directory: Store) -> None:
    apply(directory, 'administrators: ["@nobody"]' + IT)
    problems = resolve(directory)
    assert problems
    assert {person for person, _ in notices(directory)} == {ROOT}


@pytest.mark.parametrize(
    ("channel", "use"), [(HELP, "request channel"), (TRIAGE, "triage channel")], ids=["request", "triage"]
)
def test_a_channel_given_by_name_and_by_id_has_one_desk(directory: Store, channel: str, use: str) -> None:
    apply(directory, IT + HR.replace("#hr-triage", channel))
    taken = f"{channel} is already the {use} of desk it. A channel has one use, for one desk."
    assert resolve(directory) == [f"The desk “HR” is off: {taken}"]
    assert set(desks(directory)) == {"it"}


def test_a_desk_has_no_two_uses_for_a_channel_given_by_name_and_by_id(directory: Store) -> None:
    apply(directory, IT.replace('"#it-triage"\n', f"{HELP}\n") + HR.replace("#hr-triage", TRIAGE))
    (problem,) = resolve(directory)
    assert f"{HELP} is already the request channel of desk it" in problem
    assert set(desks(directory)) == {"hr"}


def test_a_desk_that_works_keeps_its_channel_when_an_earlier_one_finds_it_too(directory: Store) -> None:
    apply(directory, "desks:" + HR + IT.removeprefix("\ndesks:").replace("#it-help", "CNEW"))
    add_channel(directory, "CNEW", "new")
    resolve(directory)
    with directory.write() as session:
        session.execute(update(Channel).where(Channel.id == "CNEW").values(name="hr-triage"))
    (problem,) = resolve(directory)
    assert "#hr-triage is already the request channel of desk it" in problem
    assert set(desks(directory)) == {"it"}


def test_once_the_name_is_known_the_desk_works(directory: Store) -> None:
    apply(directory, IT + HR)
    resolve(directory)
    add_channel(directory, "CHRTRIAGE", "hr-triage")
    assert resolve(directory) == []
    assert list(desks(directory)) == ["it", "hr"]
    assert row(directory, "hr").problem is None


def test_a_renamed_channel_keeps_its_desk(directory: Store) -> None:
    apply(directory, IT)
    resolve(directory)
    with directory.write() as session:
        session.execute(update(Channel).where(Channel.id == HELP).values(name="it-support"))
    assert resolve(directory) == []
    assert desks(directory)["it"].request_channels == (HELP,)


def test_a_directory_that_was_lost_takes_no_desk_away(directory: Store) -> None:
    apply(directory, IT)
    resolve(directory)
    with directory.write() as session:
        session.execute(delete(Channel))
    assert resolve(directory) == []
    assert set(desks(directory)) == {"it"}


def test_a_desk_that_is_no_longer_named_is_gone(directory: Store) -> None:
    add_channel(directory, "CHRTRIAGE", "hr-triage")
    apply(directory, IT + HR)
    resolve(directory)
    apply(directory, IT)
    resolve(directory)
    assert set(desks(directory)) == {"it"}


def test_a_name_that_two_have_lists_their_ids(directory: Store) -> None:
    add_channel(directory, "CHRTRIAGE", "hr-triage")
    with directory.write() as session:
        session.execute(update(Person).where(Person.id.in_([BEN, MARIA])).values(handle="ben"))
    apply(directory, IT.replace('managers: ["@maria"]', "managers: []") + HR)
    (problem,) = resolve(directory)
    assert f"{BEN}, {MARIA}" in problem


def test_an_app_is_not_found_by_name(directory: Store) -> None:
    with directory.write() as session:
        session.execute(update(Person).where(Person.id == LEA).values(is_app=True))
    apply(directory, IT)
    assert "@lea" in resolve(directory)[0]


def test_an_administrator_who_left_is_left_out_and_told_and_the_desks_work(directory: Store) -> None:
    deactivate(directory, BEN)
    apply(directory, 'administrators: ["@ben", "@maria"]' + IT)
    assert resolve(directory) == []
    assert desks(directory)["it"].administrators == (MARIA,)
    ((told, detail),) = notices(directory)
    assert told == MARIA
    assert "“@ben” among the administrators" in detail


def test_when_all_administrators_have_left_the_owners_are_administrators(directory: Store) -> None:
    deactivate(directory, BEN)
    apply(directory, 'administrators: ["@ben"]' + IT)
    assert resolve(directory) == []
    assert desks(directory)["it"].administrators is None
    assert [told for told, _ in notices(directory)] == [ROOT]


def test_who_left_is_left_out_and_told_and_the_desk_works(directory: Store) -> None:
    deactivate(directory, LEA)
    apply(directory, IT)
    assert resolve(directory) == []
    assert desks(directory)["it"].leads == ()
    with directory.read() as session:
        notices = list(session.scalars(select(Outbox).where(Outbox.key.startswith("notice:nobody:it:"))))
    assert notices
    assert all("@lea" in row.data["detail"] for row in notices)


ON_SHIFT = '    shifts: [{hours: "08:00-16:00", people: ["@tom", "@ben"]}]\n'


def test_people_who_come_later_or_come_back_have_their_place(directory: Store) -> None:
    text = (
        'administrators: ["@lea"]' + IT.replace('{members_of: "#it-triage"}', '["@ben", "@cora"]') + ON_SHIFT
    )
    for person_id in (LEA, MARIA, CORA):
        deactivate(directory, person_id)
    apply(directory, text)
    assert resolve(directory) == []
    desk = desks(directory)["it"]
    assert (desk.leads, desk.managers, desk.administrators) == ((), (), None)
    assert (desk.agents.ids, desk.shifts[0].people) == ((BEN,), (BEN,))
    for person_id in (LEA, MARIA, CORA):
        deactivate(directory, person_id, is_deactivated=False)
    with directory.write() as session:
        session.add(person("UTOM"))
    assert resolve(directory) == []
    desk = desks(directory)["it"]
    assert (desk.leads, desk.managers, desk.administrators) == ((LEA,), (MARIA,), (LEA,))
    assert (desk.agents.ids, desk.shifts[0].people) == ((BEN, CORA), ("UTOM", BEN))
    assert desk.missing == ()


def test_what_was_found_keeps_its_meaning_when_something_else_is_found_later(directory: Store) -> None:
    apply(directory, IT + ON_SHIFT)
    resolve(directory)
    with directory.write() as session:
        session.execute(update(Channel).where(Channel.id == HELP).values(name="it-support"))
        session.execute(update(Person).where(Person.id == LEA).values(handle="lea.l", is_deactivated=True))
        session.add(person("UTOM"))
    assert resolve(directory) == []
    desk = desks(directory)["it"]
    assert (desk.request_channels, desk.leads) == ((HELP,), (LEA,))
    assert desk.shifts[0].people == ("UTOM", BEN)


def test_looking_for_somebody_in_vain_changes_nothing(directory: Store) -> None:
    apply(directory, IT + ON_SHIFT)
    resolve(directory)
    before = desks(directory)["it"]
    assert before.missing == ("@tom",)
    resolve(directory)
    assert desks(directory)["it"] == before


def test_a_desk_that_was_resolved_before_names_were_kept_finds_who_is_missing_too(directory: Store) -> None:
    apply(directory, IT + ON_SHIFT)
    resolve(directory)
    with directory.write() as session:
        found = session.get_one(Desk, "it")
        found.definition = {k: v for k, v in found.definition.items() if k not in ("ids", "missing")}
        session.add(person("UTOM"))
    resolve(directory)
    assert desks(directory)["it"].shifts[0].people == ("UTOM", BEN)


def test_who_is_missing_is_told_once_for_each_configuration(directory: Store) -> None:
    apply(directory, IT + ON_SHIFT)
    for _ in range(2):
        resolve(directory)
    assert len(notices(directory)) == 1
    apply(directory, IT + ON_SHIFT + "    timezone: Europe/Berlin\n")
    resolve(directory)
    assert len(notices(directory)) == 2


def test_a_desk_whose_agents_have_all_left_is_off(directory: Store) -> None:
    deactivate(directory, BEN)
    apply(directory, IT.replace('{members_of: "#it-triage"}', '["@ben"]'))
    assert "has left" in resolve(directory)[0]


def test_an_archived_channel_is_not_found(directory: Store) -> None:
    with directory.write() as session:
        session.execute(update(Channel).where(Channel.id == HELP).values(is_archived=True))
    apply(directory, IT)
    assert "#it-help" in resolve(directory)[0]


def test_a_usergroup_is_found_by_its_handle(directory: Store) -> None:
    text = IT.replace('{members_of: "#it-triage"}', "{usergroup: IT-Agents}")
    apply(directory, text)
    assert "IT-Agents" in resolve(directory)[0]
    with directory.write() as session:
        session.add(Usergroup(id="S1", handle="it-agents", name="IT agents", members_refreshed_at=real_now()))
    assert resolve(directory) == []
    assert desks(directory)["it"].agents == AgentSource(kind="usergroup", ids=("S1",))


def test_desks_keep_the_order_of_the_file(directory: Store) -> None:
    add_channel(directory, "CHRTRIAGE", "hr-triage")
    apply(directory, "desks:" + HR + IT.removeprefix("\ndesks:"))
    resolve(directory)
    assert list(desks(directory)) == ["hr", "it"]


def test_membership_is_looked_up_by_id_so_a_renamed_triage_channel_keeps_its_agents(directory: Store) -> None:
    apply(directory, IT)
    resolve(directory)
    with directory.write() as session:
        session.execute(update(Channel).where(Channel.id == TRIAGE).values(name="renamed"))
    resolve(directory)
    assert desks(directory)["it"].agents.ids == (TRIAGE,)
