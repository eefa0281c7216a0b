"""The directory: filled when the bot starts, and kept fresh while it runs."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.clock import real_now
from bot.delivery.client import CallFailed, Refused, SlackClient
from bot.delivery.pacing import Busy, Pacer
from bot.delivery.reads import Reader, objects
from bot.directory import joining, keeping, shapes
from bot.directory.facts import FactReader
from bot.directory.shapes import with_id
from bot.errors import DeskbellError
from bot.failpoints import Commit
from bot.models import Membership, Person, UsergroupMember, Workspace
from bot.store import Store, StoreUnavailable
from bot.store.dialects import upsert
from bot.workflows.desks import load_desks

REFRESH_EVERY: Final = 200.0
"""Seconds: well below the five minutes that a permission may rest on an entry."""
AFTER_A_FAILURE: Final = 20.0
FEW_PEOPLE: Final = 2000
"""A workspace with at most so many people is read as a whole each time: nobody then waits to be looked up."""
_CHANNELS_EVERY: Final = 9  # rounds of refreshing: about half an hour
_PATIENCE: Final = 120.0

log = structlog.get_logger(__name__)


class SlackNotReady(DeskbellError):
    """Slack cannot be read at the moment; it is worth another try."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"Slack cannot be read yet: {reason}")


@dataclass(frozen=True, kw_only=True)
class Needs:
    """The entries that permission rests on."""

    people: frozenset[str]
    channels: frozenset[str]
    usergroups: frozenset[str]


class Directory:
    """Who is who, read from Slack. The instants it writes are real: it has no use for business time."""

    def __init__(
        self,
        store: Store,
        client: SlackClient,
        *,
        pace: float = 1.0,
        refreshed: Callable[[], None] = lambda: None,
    ) -> None:
        """`refreshed` is called after each round in the background, in its thread."""
        self._store = store
        self._refreshed = refreshed
        self._stop = threading.Event()
        self._nudged = threading.Event()
        pacer = Pacer(store, factor=pace)
        self._hasty = Reader(client, pacer, self._stop)
        self._reader = Reader(client, pacer, self._stop, patience=_PATIENCE)
        self._facts = FactReader(store, self._reader)
        self._round = 0
        self._thread = threading.Thread(target=self._refresh_for_ever, name="directory", daemon=True)

    def start(self) -> None:
        """Read the whole directory. Raises SlackNotReady; what was read until then is kept."""
        try:
            self._read_workspace()
            self._read_people()
            self._read_channels()
            has_usergroups = self._read_usergroups()
        except (CallFailed, Busy) as failure:
            raise SlackNotReady(str(failure)) from failure
        log.info("the directory is filled", usergroups=has_usergroups)
        self._store.run(_mark_filled, Commit.DIRECTORY)

    def join_channels(self) -> list[str]:
        """Join the channels that desks need. A sentence for each that the bot cannot use."""
        return joining.join_channels(self._store, self._reader)

    def refresh_members(self) -> None:
        """Read who is in the channels and user groups that agents come from. A failure is logged."""
        with self._store.read() as session:
            needs = needs_of(session)
        for channel_id in sorted(needs.channels):
            self._tried("members", channel_id, lambda channel_id=channel_id: self._facts.members(channel_id))
        for group_id in sorted(needs.usergroups):
            self._tried("usergroup", group_id, lambda group_id=group_id: self._facts.usergroup(group_id))

    def refresh(self) -> bool:
        """One round: everything that permission rests on. False when something could not be read."""
        self._round += 1
        try:
            if self._round % _CHANNELS_EVERY == 0:
                self._read_channels()
            self._refresh_people()
        except (CallFailed, Busy) as failure:
            log.warning("the directory is not refreshed", reason=str(failure))
            return False
        self.refresh_members()
        return True

    def nudge(self) -> None:
        """Look at the channels now: the bot was invited into one that nobody told it about."""
        self._nudged.set()

    def start_refreshing(self) -> None:
        """Refresh in the background from now on."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """End the refreshing."""
        self._stop.set()
        self._nudged.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _refresh_for_ever(self) -> None:
        wait = REFRESH_EVERY
        while not self._stop.is_set():
            if self._nudged.wait(wait):
                self._nudged.clear()
                self._round = -1  # this round reads the channels
            if self._stop.is_set():
                return
            try:
                wait = REFRESH_EVERY if self.refresh() else AFTER_A_FAILURE
                self._refreshed()
            except StoreUnavailable as error:
                log.warning("the directory cannot be written", reason=str(error))
                wait = AFTER_A_FAILURE

    def _tried(self, what: str, name: str, read: Any) -> None:
        try:
            read()
        except (CallFailed, Busy) as failure:
            log.warning("a list of members could not be read", what=what, id=name, reason=str(failure))

    # --- reading ---

    def _read_workspace(self) -> None:
        who = self._hasty.call("auth.test")
        try:
            values = {
                "team_id": str(who["team_id"]),
                "name": str(who.get("team") or ""),
                "url": str(who.get("url") or ""),
                "bot_user_id": str(who["user_id"]),
                "bot_id": str(who["bot_id"]),
            }
        except KeyError as error:
            raise SlackNotReady(f"auth.test lacks {error}; SLACK_BOT_TOKEN must be a bot's") from error
        values["app_id"] = self._app_id(values["bot_id"])
        self._store.run(lambda session: _keep_workspace(session, values), Commit.DIRECTORY)

    def _read_usergroups(self) -> bool:
        """Whether the workspace shows its user groups. Only desks whose agents are one need them."""
        try:
            return self._facts.usergroups()
        except Refused as refusal:
            log.warning("user groups cannot be read; the desk goes on without", reason=str(refusal))
            return False

    def _app_id(self, bot_id: str) -> str:
        """Our messages are known by the bot's id as well, so this one may be missing."""
        try:
            bot = self._hasty.call("bots.info", bot=bot_id).get("bot")
        except (Refused, Busy):
            return ""
        return str(bot.get("app_id") or "") if isinstance(bot, dict) else ""

    def _read_people(self) -> None:
        with self._store.read() as session:
            home = keeping.home(session)
        for page in self._reader.pages("users.list"):
            now = real_now()
            people = [shapes.person(user, home=home, now=now) for user in with_id(objects(page, "members"))]
            self._keep_people(people)

    def _keep_people(self, people: Iterable[dict[str, Any]]) -> None:
        self._store.run(lambda session: keeping.keep_people(session, people), Commit.DIRECTORY)

    def _read_channels(self) -> None:
        kinds = "public_channel,private_channel"
        for page in self._reader.pages("conversations.list", types=kinds, exclude_archived=False):
            now = real_now()
            channels = [shapes.channel(found, now=now) for found in with_id(objects(page, "channels"))]
            self._keep_channels(channels)

    def _keep_channels(self, channels: list[dict[str, Any]]) -> None:
        def work(session: Session) -> None:
            for values in channels:
                keeping.keep_channel(session, values)

        self._store.run(work, Commit.DIRECTORY)

    def _refresh_people(self) -> None:
        with self._store.read() as session:
            is_small = (session.scalar(select(func.count()).select_from(Person)) or 0) <= FEW_PEOPLE
            people = sorted(needs_of(session).people)
        if is_small:
            self._read_people()
            return
        for person_id in people:
            self._facts.person(person_id)


def needs_of(session: Session) -> Needs:
    """What the active desks need to be fresh: people with roles, and everybody in the agents' sources."""
    people: set[str] = set()
    channels: set[str] = set()
    usergroups: set[str] = set()
    for desk in load_desks(session).all:
        people.update(desk.leads, desk.managers, desk.administrators or ())
        into = {"people": people, "channel": channels, "usergroup": usergroups}
        into[desk.agents.kind].update(desk.agents.ids)
    people.update(session.scalars(select(Membership.person_id).where(Membership.channel_id.in_(channels))))
    grouped = select(UsergroupMember.person_id).where(UsergroupMember.usergroup_id.in_(usergroups))
    people.update(session.scalars(grouped))
    people.update(session.scalars(select(Person.id).where(Person.is_owner)))
    return Needs(people=frozenset(people), channels=frozenset(channels), usergroups=frozenset(usergroups))


def _keep_workspace(session: Session, values: dict[str, str]) -> None:
    known = session.get(Workspace, values["team_id"])
    secret = known.marker_secret if known is not None else secrets.token_hex(32)
    upsert(session, Workspace, {**values, "marker_secret": secret}, keys=["team_id"])


def _mark_filled(session: Session) -> None:
    workspace = session.scalars(select(Workspace)).one()
    workspace.filled_at = real_now()
