"""The directory read from a workspace, and the facts that are read one by one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from bot.clock import real_now
from bot.delivery.client import SlackClient
from bot.delivery.pacing import Pacer
from bot.delivery.reads import Reader
from bot.directory.facts import FactReader
from bot.directory.fill import Directory, SlackNotReady
from bot.models import Channel, Configuration, Desk, Membership, Person, Usergroup, UsergroupMember, Workspace
from bot.store import Store
from bot.workflows.desks import AgentSource, Definition
from bot.workflows.facts import ChannelFact, MembersFact, MessageFact, PersonFact, UsergroupFact
from sandbox.client import SandboxClient
from sandbox.server import SandboxServer


@pytest.fixture
def slack(server: SandboxServer) -> SandboxClient:
    return server.client()


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url)
    yield store
    store.close()


@pytest.fixture
def client(server: SandboxServer) -> SlackClient:
    return SlackClient(server.bot_token, base_url=server.api_url)


@pytest.fixture
def directory(store: Store, client: SlackClient) -> Iterator[Directory]:
    directory = Directory(store, client, pace=100.0)
    yield directory
    directory.stop(5)


@pytest.fixture
def facts(directory: Directory, store: Store, client: SlackClient) -> FactReader:
    """With the directory filled."""
    directory.start()
    return FactReader(store, Reader(client, Pacer(store, factor=100), threading.Event()))


def _person(store: Store, person_id: str) -> Person:
    with store.read() as session:
        found = session.get_one(Person, person_id)
        session.expunge(found)
        return found


def _channel(store: Store, channel_id: str) -> Channel:
    with store.read() as session:
        found = session.get_one(Channel, channel_id)
        session.expunge(found)
        return found


def _members(store: Store, channel_id: str) -> set[str]:
    with store.read() as session:
        return set(session.scalars(select(Membership.person_id).where(Membership.channel_id == channel_id)))


def _desk(store: Store, slack: SandboxClient, *, requests: str = "#it-help") -> None:
    definition = Definition(
        key="it",
        name="IT",
        timezone="UTC",
        request_channels=(slack.channel_id(requests),),
        triage_channel=slack.channel_id("#it-triage"),
        managers_channel=None,
        agents=AgentSource(kind="channel", ids=(slack.channel_id("#it-triage"),)),
        leads=(),
        managers=(),
        administrators=None,
        close_after=1,
        undo_within=1,
        emoji={},
        categories=(),
        matrix={},
    )
    with store.write() as session:
        session.add(Configuration(id=1, digest="d", text="", applied_at=real_now()))
        session.flush()
        session.add(
            Desk(
                key="it",
                position=0,
                name="IT",
                definition=definition.to_json(),
                is_active=True,
                configuration_id=1,
            )
        )


# --- filling ---


def test_the_start_reads_the_workspace_its_people_channels_and_groups(
    directory: Directory, store: Store, slack: SandboxClient
) -> None:
    directory.start()
    with store.read() as session:
        workspace = session.scalars(select(Workspace)).one()
        assert workspace.bot_user_id == slack.user_id("@app")
        assert workspace.app_id.startswith("A")
        assert workspace.filled_at is not None
        assert session.scalars(select(UsergroupMember.person_id)).all() != []
    assert _person(store, slack.user_id("ana")).name == "Ana"
    assert _person(store, slack.user_id("gus")).is_guest
    assert _person(store, slack.user_id("dora")).is_deactivated
    assert _person(store, slack.user_id("root")).is_owner
    assert _channel(store, slack.channel_id("#it-triage")).is_private
    assert not _channel(store, slack.channel_id("#random")).is_member


def test_names_that_no_database_can_store_are_read_without_what_it_cannot_store(
    directory: Directory, store: Store, slack: SandboxClient
) -> None:
    person_id = slack.add_user("nul", "Nul", display_name="N\x00ul \ud800", email="n\x00ul@example.com")
    directory.start()
    found = _person(store, person_id)
    assert (found.name, found.email) == ("Nul ?", "nul@example.com")


def test_the_start_reads_who_is_out_of_office(
    directory: Directory, store: Store, slack: SandboxClient
) -> None:
    slack.set_status("ben", ":palm_tree:", "Vacationing", until=1796083200)
    directory.start()
    ben = _person(store, slack.user_id("ben"))
    assert (ben.status_emoji, ben.status_text) == ("palm_tree", "Vacationing")
    assert ben.status_until == datetime(2026, 12, 1, tzinfo=UTC)


def test_a_second_start_keeps_the_secret_that_signs_our_marks(directory: Directory, store: Store) -> None:
    directory.start()
    with store.read() as session:
        before = session.scalars(select(Workspace.marker_secret)).one()
    directory.start()
    with store.read() as session:
        assert session.scalars(select(Workspace.marker_secret)).one() == before
    assert len(before) >= 32


def test_small_pages_are_read_to_the_end(directory: Directory, store: Store, slack: SandboxClient) -> None:
    slack.fault("page_cap", count=2)
    directory.start()
    with store.read() as session:
        assert len(session.scalars(select(Person.id)).all()) >= 9
        assert len(session.scalars(select(Channel.id)).all()) >= 6


@pytest.mark.parametrize("error", ["plan_upgrade_required", "users_not_found"])
def test_a_workspace_that_shows_no_user_groups_is_fine(
    directory: Directory, store: Store, slack: SandboxClient, error: str
) -> None:
    slack.fault("error", "usergroups.list", error=error)
    directory.start()
    with store.read() as session:
        assert session.scalars(select(Usergroup)).all() == []


def test_a_limit_is_waited_for(directory: Directory, store: Store, slack: SandboxClient) -> None:
    slack.fault("ratelimited", "users.list", times=1, seconds=1)
    directory.start()
    assert len(slack.calls("users.list")) == 2


def test_a_slack_that_cannot_be_reached_is_not_ready(store: Store) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/api/"
        with pytest.raises(SlackNotReady, match="refused"):
            Directory(store, SlackClient("xoxb-x", base_url=address)).start()


def test_a_wrong_token_is_said_to_be_wrong(store: Store, server: SandboxServer) -> None:
    client = SlackClient("xoxb-wrong", base_url=server.api_url)
    with pytest.raises(SlackNotReady, match="SLACK_BOT_TOKEN"):
        Directory(store, client).start()


def test_a_refresh_reads_who_the_agents_are(directory: Directory, store: Store, slack: SandboxClient) -> None:
    directory.start()
    _desk(store, slack)
    triage = slack.channel_id("#it-triage")
    directory.refresh_members()
    assert slack.user_id("ana") not in _members(store, triage)
    slack.invite("ana", "#it-triage", inviter="lea")
    slack.leave("ben", "#it-triage")
    assert directory.refresh()
    assert slack.user_id("ana") in _members(store, triage)
    assert slack.user_id("ben") not in _members(store, triage)


def test_a_refresh_makes_old_entries_fresh_again(
    directory: Directory, store: Store, slack: SandboxClient
) -> None:
    directory.start()
    begun = real_now()
    assert directory.refresh()
    assert _person(store, slack.user_id("ana")).refreshed_at >= begun


def test_a_failed_refresh_keeps_what_is_known(
    directory: Directory, store: Store, slack: SandboxClient
) -> None:
    directory.start()
    slack.fault("error", "users.list", error="missing_scope")
    assert not directory.refresh()
    assert _person(store, slack.user_id("ana")).name == "Ana"


# --- joining ---


def test_the_bot_joins_the_public_channels_that_its_desks_need(
    directory: Directory, store: Store, slack: SandboxClient
) -> None:
    directory.start()
    _desk(store, slack, requests="#random")
    assert directory.join_channels() == []
    assert slack.user_id("@app") in slack.members("#random")
    assert _channel(store, slack.channel_id("#random")).is_member


def test_a_private_channel_asks_for_an_invitation(
    directory: Directory, store: Store, slack: SandboxClient
) -> None:
    directory.start()
    _desk(store, slack)
    with store.write() as session:
        session.execute(update(Channel).where(Channel.name == "it-triage").values(is_member=False))
    (problem,) = directory.join_channels()
    assert "#it-triage" in problem
    assert "/invite @" in problem


def test_an_archived_channel_is_named(directory: Directory, store: Store, slack: SandboxClient) -> None:
    slack.archive("root", "#random")
    directory.start()
    _desk(store, slack, requests="#random")
    (problem,) = directory.join_channels()
    assert problem.startswith("#random is archived")


# --- facts ---


def test_a_person_is_read(facts: FactReader, store: Store, slack: SandboxClient) -> None:
    slack.change_user("ana", is_restricted=True)
    facts.fetch(PersonFact(slack.user_id("ana")))
    assert _person(store, slack.user_id("ana")).is_guest


def test_somebody_whom_slack_does_not_show_is_a_stranger(facts: FactReader, store: Store) -> None:
    facts.fetch(PersonFact("U404"))
    assert _person(store, "U404").is_stranger


def test_the_members_of_a_channel_are_read(facts: FactReader, store: Store, slack: SandboxClient) -> None:
    help_id = slack.channel_id("#it-help")
    begun = real_now()
    facts.fetch(MembersFact(help_id))
    assert _members(store, help_id) == set(slack.members("#it-help"))
    refreshed_at = _channel(store, help_id).members_refreshed_at
    assert refreshed_at is not None
    assert refreshed_at >= begun


def test_a_channel_that_is_new_is_read_with_its_members(
    facts: FactReader, store: Store, slack: SandboxClient
) -> None:
    slack.create_channel("ana", "brand-new")
    slack.invite("@app", "#brand-new", inviter="ana")
    new_id = slack.channel_id("#brand-new")
    facts.fetch(MembersFact(new_id))
    assert _channel(store, new_id).name == "brand-new"
    assert slack.user_id("ana") in _members(store, new_id)


def test_a_channel_is_read(facts: FactReader, store: Store, slack: SandboxClient) -> None:
    slack.rename("lea", "#it-help", "help-it")
    channel_id = slack.channel_id("#help-it")
    facts.fetch(ChannelFact(channel_id))
    assert _channel(store, channel_id).name == "help-it"


def test_a_new_user_group_is_read_with_its_members(
    facts: FactReader, store: Store, slack: SandboxClient
) -> None:
    group_id = slack.add_usergroup("network", "Network", ["ana"])
    facts.fetch(UsergroupFact(group_id))
    with store.read() as session:
        assert session.get(UsergroupMember, (group_id, slack.user_id("ana"))) is not None
    slack.set_usergroup("network", ["ben"])
    facts.fetch(UsergroupFact(group_id))
    with store.read() as session:
        assert session.get(UsergroupMember, (group_id, slack.user_id("ana"))) is None


def test_a_user_group_that_does_not_exist_has_no_members(facts: FactReader, store: Store) -> None:
    facts.fetch(UsergroupFact("S404"))
    with store.read() as session:
        group = session.get_one(Usergroup, "S404")
        assert group.is_disabled
        assert group.members_refreshed_at is not None


def test_a_message_is_read_with_its_author(facts: FactReader, slack: SandboxClient) -> None:
    ts = slack.post("ana", "#it-help", "My screen is black")
    slack.post("ben", "#it-help", "A later message")
    message = facts.fetch(MessageFact(slack.channel_id("#it-help"), ts))
    assert message is not None
    assert (message.text, message.author_id, message.thread_ts) == (
        "My screen is black",
        slack.user_id("ana"),
        None,
    )
    assert (message.is_app, message.is_missing) == (False, False)


def test_a_reply_is_found_in_a_thread_of_many_pages(facts: FactReader, slack: SandboxClient) -> None:
    root = slack.post("ana", "#it-help", "My screen is black")
    replies = [slack.post("ben", "#it-help", f"reply {number}", root) for number in range(5)]
    slack.fault("page_cap", count=2)
    message = facts.fetch(MessageFact(slack.channel_id("#it-help"), replies[3]))
    assert message is not None
    assert (message.text, message.thread_ts) == ("reply 3", root)


def test_the_root_of_a_thread_knows_that_it_is_one(facts: FactReader, slack: SandboxClient) -> None:
    root = slack.post("ana", "#it-help", "My screen is black")
    slack.post("ben", "#it-help", "a reply", root)
    message = facts.fetch(MessageFact(slack.channel_id("#it-help"), root))
    assert message is not None
    assert message.thread_ts == root


def test_a_message_of_an_app_is_marked(facts: FactReader, slack: SandboxClient) -> None:
    ts = slack.post_webhook("#it-help", "Disk is full")
    message = facts.fetch(MessageFact(slack.channel_id("#it-help"), ts))
    assert message is not None
    assert message.is_app
    assert message.author_id is None
    assert message.text == "Disk is full"


@pytest.mark.parametrize("where", ["#it-help", "#random"])
def test_a_message_that_cannot_be_had_is_missing(facts: FactReader, slack: SandboxClient, where: str) -> None:
    ts = slack.post("ana", where, "My screen is black")
    if where == "#it-help":
        slack.delete("ana", where, ts)
    message = facts.fetch(MessageFact(slack.channel_id(where), ts))
    assert message is not None
    assert message.is_missing
